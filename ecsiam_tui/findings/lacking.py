"""Permissions that roles lack: the requirements that are not met, sorted by the rule that tells of them."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Literal, NamedTuple
from weakref import WeakKeyDictionary

from ecsiam_tui.account.arns import parse_arn, short_name
from ecsiam_tui.ecs.requirement import Judged, Requirement
from ecsiam_tui.ecs.workloads import Workload
from ecsiam_tui.findings.facts import Facts, Placed
from ecsiam_tui.findings.finding import Evidence
from ecsiam_tui.graph.build_iam import inline_id
from ecsiam_tui.policy.evaluation import Decision, evaluate
from ecsiam_tui.policy.explanation import StatementRef
from ecsiam_tui.policy.patterns import is_universal

Kind = Literal["execution", "task", "exec", "session", "key", "limit", "elsewhere", "passes", "other"]
"""What is lacking: by the execution role; by the task role; for ECS Exec's channels; for its sessions; the
use of a key; because of a boundary or an organization's policy; because the other role of the task definition
has it; the right to pass the role of Managed Instances; by another role."""

MOST_EVIDENCE = 25
"""Of a role that lacks more, the rest is counted."""

_LIMITS = frozenset({"boundary", "scp", "rcp"})
_LAUNCHERS = frozenset({"events", "scheduler", "state-machine", "code-deploy", "deployer", "service"})
_SESSION = frozenset({"EXEC2", "EXEC3", "EXEC4"})


class Lack(NamedTuple):
    """One permission that one role lacks. `requirement` is the first that asks for it, `asking` all of them,
    `workloads` those that ask. `holder` is the other role of the same task definition that has it, `stand_in`
    the container instance role that may act in its stead."""

    kind: Kind
    requirement: Requirement
    decision: Decision
    note: str
    asking: tuple[Requirement, ...]
    workloads: tuple[Workload, ...] = ()
    holder: str = ""
    stand_in: str = ""

    @property
    def role(self) -> str:
        """The ARN of the role that lacks it."""
        return self.requirement.principal

    @property
    def is_required(self) -> bool:
        """Whether something fails without it."""
        return self.requirement.necessity == "required"


_KNOWN: WeakKeyDictionary[Facts, dict[Kind, list[Lack]]] = WeakKeyDictionary()


def lacks(facts: Facts, kind: Kind) -> list[Lack]:
    """What is lacking of one kind, in the order of the workloads. Worked out once for all rules."""
    known = _KNOWN.get(facts)
    if known is None:
        known = defaultdict(list)
        for lack in _all(facts):
            known[lack.kind].append(lack)
        _KNOWN[facts] = known
    return known.get(kind, [])


def by_role(found: list[Lack]) -> dict[str, list[Lack]]:
    """Lacks by the role that lacks."""
    groups: dict[str, list[Lack]] = defaultdict(list)
    for lack in found:
        groups[lack.role].append(lack)
    return groups


def _all(facts: Facts) -> Iterator[Lack]:
    asked: dict[tuple[str, str, str, str], list[tuple[Judged, Workload | None]]] = defaultdict(list)
    unmet = (
        (judged, workload)
        for workload, found in facts.needs.by_workload
        for judged in found
        if judged.status in ("missing", "depends")
    )
    launchers = ((judged, None) for judged in facts.needs.of_launchers if judged.status == "missing")
    for judged, workload in (*unmet, *launchers):
        need = judged.requirement
        # Without a decision there is no such role, which is a finding of its own.
        if judged.decision is None or need.id == "TRUST" or need.necessity == "optional":
            continue
        if need.role_kind in _LAUNCHERS or (judged.status == "depends" and not _stands_in(judged)):
            continue
        asked[need.role_kind, need.principal, need.action, need.resource].append((judged, workload))
    for found in asked.values():
        yield _lack(facts, found)


def _stands_in(judged: Judged) -> bool:
    """Whether it is missing, and only another role that may act instead has it."""
    decision = judged.decision
    return bool(judged.requirement.others) and decision is not None and decision.outcome != "Depends"


def _lack(facts: Facts, found: list[tuple[Judged, Workload | None]]) -> Lack:
    judged, _ = min(
        found, key=lambda pair: (pair[0].requirement.necessity != "required", pair[0].status != "missing")
    )
    workloads = {workload.id: workload for _, workload in found if workload is not None}
    assert judged.decision is not None
    stood_in = all(one.status == "depends" for one, _ in found)
    lack = Lack(
        "other",
        judged.requirement,
        judged.decision,
        judged.note,
        tuple(one.requirement for one, _ in found),
        tuple(workloads.values()),
        stand_in=judged.requirement.others[0] if stood_in else "",
    )
    holder = _holder(facts, lack)
    return lack._replace(kind=_kind(lack, holder), holder=holder)


def _kind(lack: Lack, holder: str) -> Kind:
    need = lack.requirement
    if lack.is_required and _is_limited(lack.decision):
        return "limit"
    if need.id == "SEC4":
        return "key"
    if holder:
        return "elsewhere"
    if need.role_kind == "task-execution":
        return "execution"
    if need.role_kind == "task":
        return "exec" if need.id == "EXEC1" else "session" if need.id in _SESSION else "task"
    return "passes" if need.action == "iam:PassRole" else "other"


def _is_limited(decision: Decision) -> bool:
    """Whether nothing but a permissions boundary or a policy of the organization stands in the way."""
    if not _LIMITS.intersection(decision.blocked_by):
        return False
    free = decision.layers.replace(boundary=None, scps=(), rcps=())
    return evaluate(free, decision.request).allowed


def _holder(facts: Facts, lack: Lack) -> str:
    """The other role of a task definition that has what this one lacks, by a statement that is meant for
    it."""
    need = lack.requirement
    if not lack.is_required or lack.stand_in or "identity" not in lack.decision.blocked_by:
        return ""
    for workload in lack.workloads:
        other = workload.task_role if need.role_kind == "task-execution" else workload.execution_role
        if need.role_kind not in ("task", "task-execution") or other in ("", need.principal):
            continue
        # Most roles have no statement on the action at all: that is seen without asking the engine.
        if not facts.account.identity(other)[0].plan(need.action.lower()).allows:
            continue
        answer = facts.needs.judge.ask(other, need.action, need.resource, need.context)
        if answer.status == "met" and next(granting(facts, other, answer.decision), None):
            return other
    return ""


def granting(facts: Facts, principal: str, decision: Decision | None) -> Iterator[Placed]:
    """The statements of a principal's own policies that allow what was decided and were written for it.

    AWS's managed policies, what allows every action, and what allows on every resource an action that the
    principal needs itself say nothing about where a permission belongs.
    """
    if decision is None:
        return
    own = {judged.requirement.action for judged in facts.needs.of_role(principal)}
    needs_it = decision.request.action in own
    for says in decision.explain().layers:
        if says.layer != "identity":
            continue
        wanted = {(match.statement.policy, match.statement.index) for match in says.matches}
        for placed in facts.statements(principal):
            statement = placed.statement
            if (placed.policy, statement.index) not in wanted or statement.effect != "Allow":
                continue
            everything = not statement.actions or any(map(is_universal, statement.actions))
            everywhere = not statement.resources or any(map(is_universal, statement.resources))
            if not everything and not (everywhere and needs_it) and ":iam::aws:policy/" not in placed.node:
                yield placed


# Words


def resource_name(facts: Facts, resource: str) -> str:
    """What people call a resource of a requirement: `payments/stripe`, `/ecs/prod/web`, `acme-data`."""
    key = facts.around.keys.get(resource)
    if key is not None and key.aliases:
        return key.aliases[0].rpartition(":alias/")[2]
    if key is not None:
        return f"key {short_name(resource)[:8]}…"
    node = facts.estate.get(resource.removesuffix(":*"))
    if node is not None:
        return node.title
    parsed = parse_arn(resource)
    if parsed is None:
        return resource
    if parsed.service in ("logs", "ssm", "ecr"):
        return short_name(resource)
    return parsed.resource.removeprefix("secret:")


def permissions(facts: Facts, found: list[Lack], most: int = 3) -> str:
    """Actions with their resources: `logs:CreateLogStream and logs:PutLogEvents on /ecs/prod/web; …`."""
    grouped: dict[str, dict[str, None]] = defaultdict(dict)
    for lack in found:
        grouped[lack.requirement.resource][lack.requirement.action] = None
    texts = [
        listed(actions) + ("" if resource == "*" else f" on {resource_name(facts, resource)}")
        for resource, actions in grouped.items()
    ]
    return "; ".join(texts[:most]) + (f"; and {len(texts) - most} more" if len(texts) > most else "")


def listed(names: dict[str, None] | list[str], most: int = 5) -> str:
    """`a, b and c`."""
    unique = list(dict.fromkeys(names))
    if len(unique) > most:
        return f"{', '.join(unique[:most])} and {len(unique) - most} more"
    return " and ".join(filter(None, (", ".join(unique[:-1]), *unique[-1:])))


def askers(facts: Facts, found: list[Lack]) -> str:
    """Who asks for it, in a sentence: task definitions where there are some, else launchers and hosts."""
    names = [workload.definition.name for lack in found for workload in lack.workloads]
    return listed(names, 3) or facts.titles((need.subject for lack in found for need in lack.asking), 3)


def who(facts: Facts, found: list[Lack]) -> str:
    """The services, tasks and launchers that it fails for."""
    return facts.titles(dict.fromkeys(need.subject for lack in found for need in lack.asking))


def nodes(found: list[Lack]) -> tuple[str, ...]:
    """The nodes that a lack concerns beside the role: who asks, and with which task definition."""
    ids: dict[str, None] = {}
    for lack in found:
        for workload in lack.workloads:
            ids |= {workload.id: None, workload.definition.task_definition_arn: None}
        ids |= {need.subject: None for need in lack.asking}
    return tuple(ids)


def evidence(found: list[Lack]) -> tuple[Evidence, ...]:
    """Who asks for each permission, what the engine says, and the statement that denies it or would nearly
    allow it."""
    seen: list[Evidence] = []
    for lack in found[:MOST_EVIDENCE]:
        need = lack.requirement
        where = lack.workloads[0].definition.task_definition_arn if lack.workloads else need.subject
        seen.append(Evidence("field", where, need.why, f"needs {need.action} on {need.resource}"))
        seen.append(Evidence("decision", need.principal, need.action, f"on {need.resource}: {lack.note}"))
    if found:
        seen += _statement(found[0])
    if len(found) > MOST_EVIDENCE:
        text = f"{len(found) - MOST_EVIDENCE} more permissions are lacking"
        seen.append(Evidence("decision", found[0].role, "and more", text))
    return tuple(dict.fromkeys(seen))


def _statement(lack: Lack) -> Iterator[Evidence]:
    explained = lack.decision.explain()
    for says in explained.layers:
        if says.says == "denies" and says.matches:
            yield _reference(lack.role, says.matches[0].statement, f"denies it ({says.name})")
            return
    for miss in explained.near_misses[:1]:
        if miss.failed[0].element != "Action":
            text = "would allow it, but " + "; ".join(failed.text for failed in miss.failed)
            yield _reference(lack.role, miss.statement, text)


def _reference(role: str, found: StatementRef, text: str) -> Evidence:
    """A statement that the engine names; that of a resource's own policy stands at no policy's node."""
    node = found.policy_arn or inline_id(role, found.policy)
    if found.layer == "resource":
        return Evidence("decision", role, found.label, text)
    return Evidence("statement", node, found.label, text, found.lines)
