"""Trust policies that keep the service out that is to use the role."""

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple
from weakref import WeakKeyDictionary

from ecsiam_tui.ecs.judge import KIND_WORDS
from ecsiam_tui.ecs.requirement import Judged
from ecsiam_tui.ecs.workloads import Workload
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Evidence, Severity
from ecsiam_tui.findings.lacking import listed
from ecsiam_tui.findings.registry import Draft, rule
from ecsiam_tui.findings.rules.definitions import DEVELOPER_GUIDE
from ecsiam_tui.findings.trusting import (
    ECS,
    TASKS,
    Obstacle,
    limits,
    obstacles,
    services,
    trusts,
)
from ecsiam_tui.graph.kinds import EdgeKind
from ecsiam_tui.policy.conditions import parse_operator
from ecsiam_tui.policy.statements import Condition

_INFRASTRUCTURE = "infrastructure"
_RUNNING = (EdgeKind.USES_TASK_ROLE, EdgeKind.USES_EXECUTION_ROLE)


class Refused(NamedTuple):
    """A service that cannot assume a role it is to act in. `workload` is None for launchers and hosts."""

    judged: Judged
    workload: Workload | None

    @property
    def service(self) -> str:
        """The service principal."""
        return self.judged.requirement.principal

    @property
    def kind(self) -> str:
        """The role's part in words."""
        return KIND_WORDS[self.judged.requirement.role_kind]


_Refusals = dict[str, list[tuple[Refused, list[Obstacle]]]]
_KNOWN: WeakKeyDictionary[Facts, _Refusals] = WeakKeyDictionary()


def _refused(facts: Facts) -> _Refusals:
    """Roles that the service they are for cannot assume, each with what stands in the way; no obstacle means
    that no statement names the service. Worked out once for all rules."""
    found = _KNOWN.get(facts)
    if found is None:
        found = _KNOWN[facts] = _find_refused(facts)
    return found


def _find_refused(facts: Facts) -> _Refusals:
    of_workloads = (
        Refused(judged, workload) for workload, found in facts.needs.by_workload for judged in found
    )
    of_launchers = (Refused(judged, None) for judged in facts.needs.of_launchers)
    found: _Refusals = defaultdict(list)
    known: dict[int, list[Obstacle]] = {}
    for refused in (*of_workloads, *of_launchers):
        judged = refused.judged
        decision = judged.decision
        # Without a decision there is no such role; without a trust policy none was read.
        if judged.requirement.id != "TRUST" or judged.status != "missing" or decision is None:
            continue
        role = judged.requirement.resource
        if not facts.around.roles[role].assume_role_policy_document:
            continue
        if id(decision) not in known:  # decisions are kept by the judge, and shared
            known[id(decision)] = obstacles(decision)
        found[role].append((refused, known[id(decision)]))
    return found


def _idle(found: list[Refused], severity: Severity) -> Severity:
    """At most medium where nothing runs what has the role."""
    idle = all(one.workload is not None and one.workload.kind == "task-definition" for one in found)
    return min(severity, Severity.MEDIUM) if idle else severity


def _users(found: list[Refused]) -> tuple[str, ...]:
    ids: dict[str, None] = {}
    for one in found:
        ids[one.judged.requirement.subject] = None
        if one.workload is not None:
            ids[one.workload.definition.task_definition_arn] = None
    return tuple(ids)


def _fails(facts: Facts, found: list[Refused]) -> str:
    subjects = dict.fromkeys(one.judged.requirement.subject for one in found)
    return f"It fails for {facts.titles(subjects)}."


def _lets_in(facts: Facts, role: str) -> str:
    """Whom a trust policy lets in, in words."""
    named = (
        found.value
        for placed in facts.trust(facts.around.roles[role])
        if placed.statement.effect == "Allow"
        for found in placed.statement.principals
    )
    return listed(list(named), 3) or "nobody"


def _reasons(found: list[Refused]) -> Iterator[Evidence]:
    for one in found:
        need = one.judged.requirement
        where = one.workload.definition.task_definition_arn if one.workload else need.subject
        yield Evidence("field", where, need.why, f"needs {need.principal} to assume the role")


def _absent(facts: Facts, infrastructure: bool) -> Iterator[tuple[str, list[Refused]]]:
    for role, pairs in _refused(facts).items():
        found = [
            one
            for one, obstacle in pairs
            if not obstacle and (one.judged.requirement.role_kind == _INFRASTRUCTURE) == infrastructure
        ]
        if found:
            yield role, found


@rule(
    "ECS-IAM-010",
    "Trust policy lacks the service that uses the role",
    Severity.CRITICAL,
    fires="no statement of the trust policy lets in the service that is to act in the role, such as"
    " ecs-tasks.amazonaws.com for the roles of a task definition.",
    why="What a role may do is worth nothing while the service cannot become the role: ECS was unable to"
    " assume the role.",
    source=f'{DEVELOPER_GUIDE}, "Amazon ECS task IAM role", "Amazon ECS task execution IAM role" and the'
    " pages on the other roles: the trust policy of each",
    fix="Let the service in, with aws:SourceAccount and aws:SourceArn as AWS shows it.",
    fixes=("repair-trust",),
)
def service_not_trusted(facts: Facts) -> Iterator[Draft]:
    """Infrastructure roles have a rule of their own."""
    for role, found in _absent(facts, infrastructure=False):
        needed = dict.fromkeys(one.service for one in found)
        parts = dict.fromkeys(one.kind for one in found)
        yield Draft(
            nodes=tuple(dict.fromkeys((role, *_users(found)))),
            summary=f"{facts.title(role)} is a {listed(list(parts))} and does not let {listed(list(needed))}"
            f" in; it lets in {_lets_in(facts, role)}.",
            evidence=(
                *(placed.evidence() for placed in facts.trust(facts.around.roles[role])),
                *dict.fromkeys(_reasons(found)),
            ),
            consequence=_fails(facts, found),
            severity=_idle(found, Severity.CRITICAL),
        )


@rule(
    "ECS-IAM-011",
    "Condition of the trust policy never matches",
    Severity.CRITICAL,
    fires="the trust policy names the service, but under a condition that the service never fulfils, or with"
    " a Deny.",
    why="ECS sends the account in aws:SourceAccount and an ARN of its own in aws:SourceArn, no cluster and no"
    " service; it sends no external id and no MFA. A condition on anything else keeps it out.",
    source=f'{DEVELOPER_GUIDE}, "Amazon ECS task IAM role": "Using the aws:SourceArn condition key to specify'
    ' a specific cluster is not currently supported"',
    fix="Ask for aws:SourceAccount, and for aws:SourceArn like arn:aws:ecs:REGION:ACCOUNT:* with every region"
    " where the role is used.",
    fixes=("repair-trust",),
)
def condition_never_matches(facts: Facts) -> Iterator[Draft]:
    """Says which condition, what it asks for and what the service sends."""
    for role, pairs in _refused(facts).items():
        found = [one for one, obstacle in pairs if obstacle]
        if not found:
            continue
        placed = {one.statement.index: one for one in facts.trust(facts.around.roles[role])}
        texts: dict[tuple[int, str], None] = {}
        for _, obstacle in pairs:
            for one in obstacle:
                texts |= {(one.statement.index, text): None for text in one.texts}
        told = listed([text for _, text in texts], 2)
        yield Draft(
            nodes=tuple(dict.fromkeys((role, *_users(found)))),
            summary=f"The trust policy of {facts.title(role)} keeps"
            f" {listed([one.service for one in found])} out: {told}.",
            evidence=(
                *(placed[index].evidence(text) for index, text in texts if index in placed),
                *dict.fromkeys(_reasons(found)),
            ),
            consequence=f"{_fails(facts, found)}{_elsewhere(facts, role, found)}",
            severity=_idle(found, Severity.CRITICAL),
        )


def _elsewhere(facts: Facts, role: str, found: list[Refused]) -> str:
    """For whom the same trust policy works: it is then a region that is missing."""
    refused = {one.judged.requirement.subject for one in found}
    fine = [service for service in facts.services_of(role) if service not in refused]
    return f" For {facts.titles(fine)} it works." if fine else ""


@rule(
    "ECS-IAM-060",
    "Infrastructure role that ECS cannot use, or that tasks use, too",
    Severity.HIGH,
    fires="an infrastructure role does not let ecs.amazonaws.com in, or the same role is a task or execution"
    " role as well.",
    why="ECS itself acts in an infrastructure role. Where it cannot, volumes and tasks get stuck in"
    " DEPROVISIONING; where a task has the role, its containers may do what only ECS should.",
    source=f'{DEVELOPER_GUIDE}, "Amazon ECS infrastructure IAM role"',
    fix="Let ecs.amazonaws.com in, and use a role of its own for each of the two.",
    fixes=("repair-trust", "split-roles"),
)
def infrastructure_role(facts: Facts) -> Iterator[Draft]:
    """Conditions that never match have a rule of their own."""
    absent = dict(_absent(facts, infrastructure=True))
    mixed = {
        role: tuple(link.node.id for link in facts.estate.used_by(role, *_RUNNING))
        for role in facts.roles_in_use
        if next(facts.estate.used_by(role, EdgeKind.USES_INFRASTRUCTURE_ROLE), None) is not None
    }
    for role in dict.fromkeys((*absent, *(role for role, users in mixed.items() if users))):
        found, running = absent.get(role, []), mixed.get(role, ())
        name = facts.title(role)
        told = []
        if found:
            told.append(
                f"{name} is an infrastructure role and does not let {ECS} in; it lets in"
                f" {_lets_in(facts, role)}."
            )
        if running:
            told.append(f"{name} is an infrastructure role and the role of {facts.titles(running)}.")
        trust = (placed.evidence() for placed in facts.trust(facts.around.roles[role]))
        yield Draft(
            nodes=tuple(dict.fromkeys((role, *_users(found), *running))),
            summary=" ".join(told),
            evidence=(*trust, *dict.fromkeys(_reasons(found))),
            consequence=_fails(facts, found) if found else "",
        )


_DEPUTIES = {
    TASKS: Severity.MEDIUM,
    "events.amazonaws.com": Severity.MEDIUM,
    "scheduler.amazonaws.com": Severity.MEDIUM,
    "states.amazonaws.com": Severity.MEDIUM,
    "codedeploy.amazonaws.com": Severity.MEDIUM,
    "ssm.amazonaws.com": Severity.MEDIUM,
    # What aws:SourceArn ECS sends for its infrastructure roles is not documented.
    ECS: Severity.INFO,
}
"""Services that send aws:SourceAccount or aws:SourceArn. EC2 assumes the role of an instance for itself."""
_SOURCES = frozenset({"aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths"})


@rule(
    "ECS-IAM-012",
    "Trust policy does not say for whom the service may act",
    Severity.MEDIUM,
    fires="a statement lets a service in without aws:SourceAccount, aws:SourceArn, aws:SourceOrgID or"
    " aws:SourceOrgPaths.",
    why="The service acts for many accounts. Without the condition another account could have it use this"
    " role on its behalf: the confused deputy.",
    source=f'{DEVELOPER_GUIDE}, "Amazon ECS task IAM role"; IAM User Guide, "The confused deputy problem";'
    " prowler iam_role_cross_service_confused_deputy_prevention",
    fix="Add aws:SourceAccount with this account, or aws:SourceArn with a wildcard for the cluster.",
    fixes=("add-confused-deputy-condition",),
)
def confused_deputy(facts: Facts) -> Iterator[Draft]:
    """Not for EC2, which assumes the role of an instance for itself, nor for service-linked roles."""
    for role, statements in trusts(facts, facts.ecs_roles):
        denied = [placed.statement for placed in statements if placed.statement.effect == "Deny"]
        if any(_keeps_strangers_out(condition) for one in denied for condition in one.conditions):
            continue
        open_ = [
            (placed, service)
            for placed in statements
            if placed.statement.effect == "Allow"
            and not any(limits(condition, _SOURCES) for condition in placed.statement.conditions)
            for service in services(placed.statement)
            if service in _DEPUTIES
        ]
        if not open_:
            continue
        named = listed([service for _, service in open_])
        yield Draft(
            nodes=(role.arn,),
            summary=f"The trust policy of {role.role_name} lets {named} in without aws:SourceAccount or"
            " aws:SourceArn.",
            evidence=tuple(dict.fromkeys(placed.evidence() for placed, _ in open_)),
            consequence=facts.shared_by(role.arn),
            severity=max(_DEPUTIES[service] for _, service in open_),
        )


def _keeps_strangers_out(condition: Condition) -> bool:
    """Of a Deny: whether it denies whatever does not come from the named account or ARN."""
    operator = parse_operator(condition.operator).operator
    return operator is not None and operator.negated and condition.key.lower() in _SOURCES
