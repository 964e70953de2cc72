"""Trust policies that let in more than is needed."""

import re
from collections import defaultdict
from collections.abc import Iterator

from ecsiam_tui.account.iam import Role
from ecsiam_tui.findings.facts import Facts, Placed
from ecsiam_tui.findings.finding import Evidence, Severity
from ecsiam_tui.findings.lacking import listed
from ecsiam_tui.findings.reach import once
from ecsiam_tui.findings.registry import Draft, rule
from ecsiam_tui.findings.trusting import (
    EC2,
    ECS,
    TASKS,
    account_of,
    allows_assuming,
    covers_assuming,
    limits,
    outcome,
    services,
    trusts,
)
from ecsiam_tui.graph.estate import NodeState
from ecsiam_tui.graph.kinds import EdgeKind, NodeKind
from ecsiam_tui.policy.public_access import is_public
from ecsiam_tui.policy.statements import Statement

PRINCIPAL = 'IAM User Guide, "AWS JSON policy elements: Principal"'
_STRANGER = "arn:aws:iam::000000000000:role/anybody"
_STRANGE_ORGANIZATION = {"aws:PrincipalOrgID": "o-0000000000"}
_LETS_IN = ("Allowed", "Depends")
_UNIQUE_ID = re.compile(r"A[A-Z]{3}[A-Z0-9]{12,}")


@rule(
    "ECS-IAM-013",
    "Anybody may assume the role",
    Severity.CRITICAL,
    fires="a statement of the trust policy lets everybody in, under no condition that limits it to known"
    " accounts, organizations or principals.",
    why="Every person with an AWS account of their own can act with this role.",
    source=f"{PRINCIPAL}: all principals; cloudsplaining, AssumableByAnyPrincipal",
    fix="Name the principals that need the role; for tasks that is ecs-tasks.amazonaws.com alone.",
    fixes=("remove-public-trust",),
)
def public_trust(facts: Facts) -> Iterator[Draft]:
    """A Deny that keeps strangers out is honoured. An external id is no secret, but it has to be known."""
    for role, statements in trusts(facts, facts.ecs_roles):
        public = [
            placed
            for placed in statements
            if allows_assuming(placed.statement)
            and not placed.statement.not_principals
            and is_public(placed.statement)
        ]
        if not public or not _strangers_get_in(facts, role):
            continue
        by_id = all(_asks_external_id(placed.statement) for placed in public)
        yield Draft(
            nodes=(role.arn,),
            summary=f"Anybody in any AWS account {'who knows an external id ' if by_id else ''}may assume"
            f" {role.role_name}.",
            evidence=tuple(placed.evidence("lets everybody in") for placed in public),
            consequence=_means(facts, role, f"Whoever does so may do all that {role.role_name} may."),
            severity=Severity.HIGH if by_id else Severity.CRITICAL,
        )


def _means(facts: Facts, role: Role, text: str) -> str:
    return f"{text} {facts.shared_by(role.arn)}".strip()


def _strangers_get_in(facts: Facts, role: Role) -> bool:
    return outcome(facts, _STRANGER, role.arn, _STRANGE_ORGANIZATION) in _LETS_IN


def _asks_external_id(statement: Statement) -> bool:
    return any(limits(condition, frozenset({"sts:externalid"})) for condition in statement.conditions)


@rule(
    "ECS-IAM-022",
    "Trust policy allows everybody but some",
    Severity.HIGH,
    fires="an Allow of the trust policy has NotPrincipal.",
    why="NotPrincipal with Allow lets in everybody that it does not name, anonymous callers and other"
    " accounts among them.",
    source='IAM User Guide, "AWS JSON policy elements: NotPrincipal"',
    fix="Name the principals that need the role, instead of those that must not have it.",
    fixes=("remove-public-trust", "trim-trust"),
)
def allow_not_principal(facts: Facts) -> Iterator[Draft]:
    """A Deny of everybody else is honoured."""
    for role, statements in trusts(facts, facts.ecs_roles):
        found = [
            placed
            for placed in statements
            if allows_assuming(placed.statement) and placed.statement.not_principals
        ]
        if not found or not _strangers_get_in(facts, role):
            continue
        names = listed([one.value for placed in found for one in placed.statement.not_principals], 3)
        yield Draft(
            nodes=(role.arn,),
            summary=f"The trust policy of {role.role_name} lets in everybody but {names}.",
            evidence=tuple(placed.evidence("Allow with NotPrincipal") for placed in found),
            consequence=_means(facts, role, "Other accounts may assume it."),
        )


_NARROWING = frozenset(
    {
        "sts:externalid",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:principalarn",
        "aws:principaltag/",
        "aws:sourceip",
        "aws:multifactorauthpresent",
        "aws:userid",
    }
)


@rule(
    "ECS-IAM-014",
    "Another account may assume the role",
    Severity.HIGH,
    fires="the trust policy of a role that ECS uses, or could give to a task, names a principal of another"
    " account.",
    why="A role of ECS's is for tasks and for AWS. People and programs of another account should have a role"
    " of their own, with an external id.",
    source='IAM User Guide, "Access to AWS accounts owned by third parties" (external ids); cloudsplaining',
    fix="Take the statement out, or give the other account a role of its own and ask for an external id or an"
    " organization.",
    fixes=("remove-foreign-trust", "trim-trust"),
)
def foreign_trust(facts: Facts) -> Iterator[Draft]:
    """Medium where a condition narrows it; a Deny that keeps the account out is honoured."""
    own = facts.snapshot.account_id
    for role, statements in trusts(facts, facts.ecs_roles):
        found: dict[str, list[Placed]] = defaultdict(list)
        for placed in statements:
            for one in placed.statement.principals if allows_assuming(placed.statement) else ():
                account = account_of(one.value) if one.type == "AWS" else ""
                if account and account not in (own, "aws"):
                    found[one.value].append(placed)
        found = {who: placed for who, placed in found.items() if _gets_in(facts, who, role)}
        if not found:
            continue
        placed_all = list(dict.fromkeys(placed for several in found.values() for placed in several))
        narrow = all(
            any(limits(condition, _NARROWING) for condition in placed.statement.conditions)
            for placed in placed_all
        )
        whom = listed([_principal_words(who) for who in found], 3)
        yield Draft(
            nodes=(role.arn,),
            summary=f"{whom} may assume {role.role_name}"
            + (", under a condition." if narrow else ", without an external id or another condition."),
            evidence=tuple(placed.evidence("lets another account in") for placed in placed_all),
            consequence=_means(facts, role, f"What {role.role_name} may do, that account may do."),
            severity=Severity.MEDIUM if narrow else Severity.HIGH,
        )


def _gets_in(facts: Facts, who: str, role: Role) -> bool:
    arn = f"arn:{facts.snapshot.partition}:iam::{who}:root" if who.isdigit() else who
    return outcome(facts, arn, role.arn) in _LETS_IN


def _principal_words(value: str) -> str:
    account = account_of(value)
    whole = value == account or value.endswith(":root")
    return f"All of account {account}" if whole else f"{value.rpartition(':')[2]} of account {account}"


_USES = {
    EdgeKind.USES_TASK_ROLE: TASKS,
    EdgeKind.USES_EXECUTION_ROLE: TASKS,
    EdgeKind.USES_INFRASTRUCTURE_ROLE: ECS,
    EdgeKind.USES_HOOK_ROLE: ECS,
    EdgeKind.USES_SERVICE_ROLE: ECS,
    EdgeKind.USES_FUNCTION_ROLE: "lambda.amazonaws.com",
}
_LAUNCHERS = {
    NodeKind.RULE: "events.amazonaws.com",
    NodeKind.SCHEDULE: "scheduler.amazonaws.com",
    NodeKind.STATE_MACHINE: "states.amazonaws.com",
    NodeKind.DEPLOYMENT_GROUP: "codedeploy.amazonaws.com",
    NodeKind.SCALABLE_TARGET: "application-autoscaling.amazonaws.com",
}
_OF_ECS = frozenset({TASKS, ECS})
_READ = {
    TASKS: ("services", "task_definitions", "tasks", "job_definitions"),
    ECS: ("services", "capacity_providers", "express_services", "gateways"),
    EC2: ("instance_profiles",),
}
"""Where one would see that a service uses a role. Of other services not all users are read."""


@rule(
    "ECS-IAM-015",
    "Trust policy lets in services that do not use the role",
    Severity.MEDIUM,
    fires="the trust policy of a task, execution, infrastructure or hook role lets in services that do not"
    " use it.",
    why="Every service that is let in is one more way to run something with these permissions.",
    source="From experience: least privilege for trust policies",
    fix="Take out the services that do not use the role, once it is sure that nothing else does.",
    fixes=("trim-trust",),
    verified=False,
)
def extra_services(facts: Facts) -> Iterator[Draft]:
    """Roles that their own service cannot assume have rules of their own."""
    for role, _ in trusts(facts, facts.roles_in_use):
        used, named = _used_by(facts, role), _services_named(facts, role)
        extra = {service: placed for service, placed in named.items() if service not in used}
        if not extra or not used & _OF_ECS or not used & named.keys():
            continue
        open_ = tuple(_not_read(facts, service) for service in extra if _not_read(facts, service))
        # One service that surely does not use the role is enough to be sure that the trust is too wide.
        unsure = open_ if len(open_) == len(extra) else ()
        users = ", ".join(sorted(used))
        nodes = (link.node.id for link in facts.estate.role_users(role.arn))
        yield Draft(
            nodes=tuple(dict.fromkeys((role.arn, *nodes))),
            summary=f"{role.role_name} is used by {users} and lets {listed(list(extra))} in as well.",
            evidence=tuple(
                placed.evidence(f"lets {service} in")
                for service, several in extra.items()
                for placed in several
            ),
            consequence=_means(facts, role, "" if unsure == open_ else " ".join(open_)),
            rests_on=unsure,
        )


def _services_named(facts: Facts, role: Role) -> dict[str, list[Placed]]:
    named: dict[str, list[Placed]] = defaultdict(list)
    for placed in facts.trust(role):
        for service in services(placed.statement) if allows_assuming(placed.statement) else ():
            named[service].append(placed)
    return named


def unused_services(facts: Facts, role: Role) -> dict[str, str]:
    """The services that a trust policy lets in and that are not seen to use the role, each with what would
    have to be read to be sure."""
    used = _used_by(facts, role)
    return {
        service: _not_read(facts, service) for service in _services_named(facts, role) if service not in used
    }


def _used_by(facts: Facts, role: Role) -> set[str]:
    """The services that are seen to use a role."""
    found = set()
    for link in facts.estate.role_users(role.arn):
        if link.kind == EdgeKind.USES_INSTANCE_ROLE:
            external = link.node.kind in (NodeKind.ACTIVATION, NodeKind.MANAGED_NODE)
            found.add("ssm.amazonaws.com" if external else EC2)
        elif link.kind == EdgeKind.USES_LAUNCHER_ROLE:
            found.add(_LAUNCHERS.get(link.node.kind, ""))
        elif link.kind in _USES:
            found.add(_USES[link.kind])
    return found - {""}


def _not_read(facts: Facts, service: str) -> str:
    """What would have to be read to be sure that a service does not use a role; empty where all was."""
    if service not in _READ:
        return f"Whether anything of {service} uses it was not read."
    gaps = [name.replace("_", " ") for name in _READ[service] if not facts.snapshot.is_known(name)]
    return f"Whether {service} uses it: {listed(gaps)} were not read whole." if gaps else ""


@rule(
    "ECS-IAM-063",
    "Trust policy names what no longer exists",
    Severity.LOW,
    fires="the trust policy names a principal by its unique id, which is what IAM shows for one that was"
    " deleted, or by an ARN that the account does not have; or it says the same twice.",
    why="The entry is dead, and hides who may really assume the role. One that is made anew under the old"
    " name is not let in.",
    source=f"{PRINCIPAL}: an ARN turns into the unique id (AROA…, AIDA…) when the principal is deleted",
    fix="Take the dead entry out.",
    fixes=("remove-stale-principal", "trim-trust"),
)
def stale_trust(facts: Facts) -> Iterator[Draft]:
    """Unique ids of roles and users that exist are not dead."""
    for role, statements in trusts(facts, facts.ecs_roles):
        gone = dead_principals(facts, role)
        dead = [
            (placed, one.value)
            for placed in statements
            for one in placed.statement.principals
            if one.type == "AWS" and one.value in gone
        ]
        twice = list(_twice(statements))
        if not dead and not twice:
            continue
        seen: list[Evidence] = [placed.evidence(f"names {value}") for placed, value in dead]
        seen += [placed.evidence("says the same as another statement") for placed in twice]
        told = []
        if dead:
            told.append(f"names {listed([value for _, value in dead], 3)}, which no longer exists")
        if twice:
            told.append(f"says the same twice ({listed([placed.label for placed in twice], 2)})")
        yield Draft(
            nodes=(role.arn,),
            summary=f"The trust policy of {role.role_name} {' and '.join(told)}.",
            evidence=tuple(seen),
        )


def dead_principals(facts: Facts, role: Role) -> list[str]:
    """The principals that a trust policy names and that no longer exist."""
    named = (one for placed in facts.trust(role) for one in placed.statement.principals if one.type == "AWS")
    values = dict.fromkeys(one.value for one in named)
    alive = _alive(facts)
    return [value for value in values if _is_dead(facts, value, alive)]


def repeated(facts: Facts, role: Role) -> list[Placed]:
    """The statements of a trust policy that repeat an earlier one."""
    return list(_twice([placed for placed in facts.trust(role) if covers_assuming(placed.statement)]))


@once
def _alive(facts: Facts) -> set[str | None]:
    snapshot = facts.snapshot
    ids: set[str | None] = {role.role_id for role in snapshot.roles}
    return ids | {user.user_id for user in snapshot.users}


def _is_dead(facts: Facts, value: str, alive: set[str | None]) -> bool:
    if _UNIQUE_ID.fullmatch(value):
        return value not in alive
    node = facts.estate.get(value) if value.startswith("arn:") else None
    return node is not None and node.state == NodeState.MISSING


def _twice(statements: list[Placed]) -> Iterator[Placed]:
    """Statements that repeat an earlier one, order and names left aside."""
    seen = set()
    for placed in statements:
        one = placed.statement
        what = (
            one.effect,
            frozenset(action.lower() for action in (*one.actions, *one.not_actions)),
            bool(one.not_actions),
            frozenset((found.type, found.value) for found in (*one.principals, *one.not_principals)),
            bool(one.not_principals),
            frozenset((found.operator, found.key.lower(), found.values) for found in one.conditions),
        )
        if what in seen:
            yield placed
        seen.add(what)
