"""Fixes that are proved: each is tried on the account as it was read, and the engine says what came of it."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import msgspec

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.applying import apply_all
from ecsiam_tui.changes.limits import errors
from ecsiam_tui.changes.looking import ChangeError
from ecsiam_tui.changes.plan import Plan
from ecsiam_tui.ecs.needs import Needs
from ecsiam_tui.ecs.requirement import STATUSES, Judged, Requirement, Status
from ecsiam_tui.ecs.surroundings import Surroundings
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Finding
from ecsiam_tui.findings.reach import once
from ecsiam_tui.findings.registry import find
from ecsiam_tui.fixes.broader import broader
from ecsiam_tui.fixes.fix import Answers, Fix, Proof, table
from ecsiam_tui.fixes.granting import allow, policy_name, statements
from ecsiam_tui.fixes.keepers import keeper_warnings
from ecsiam_tui.graph import build
from ecsiam_tui.policy.account import AccountPolicies

NO_ANSWERS: Answers = MappingProxyType({})
_MOST_COSTS = 4
_EVENTS = "ECS-IAM-042"
_CAUSES = frozenset(
    f"ECS-IAM-{number:03}"
    for number in (1, 2, 3, 6, 8, 9, 10, 11, 33, 34, 35, 36, 37, 38, 39, 50, 58, 60, 67, 68)
)
"""Findings that keep tasks from starting."""
_DRIFT = "ECS-IAM-040"
_LAUNCHERS = frozenset({"events", "scheduler", "state-machine", "code-deploy"})


def fixes_for(finding: Finding, facts: Facts, answers: Answers = NO_ANSWERS) -> tuple[Fix, ...]:
    """The fixes of a finding that do what they say, from narrow to broad. One that leaves the finding, breaks
    something that was met, or makes something as bad is not among them; what else a fix brings is among its
    costs. Those that change nothing here (a patch to export) come last."""
    if finding.rule == _EVENTS:
        return _of_causes(finding, facts, answers)
    found: list[Fix] = []
    recipes = table()
    for name in dict.fromkeys(finding.fixes):
        for fix in recipes[name](finding, facts, answers) if name in recipes else ():
            if not fix.changes:
                found.append(fix)
                continue
            proof = prove(fix, finding, facts)
            if proof.broken and all(_is_for_launcher(one, facts) for one in proof.broken):
                fix = _with_launchers(fix, proof.broken, facts)
                proof = prove(fix, finding, facts)
            if proof.ok:
                found.append(_sendable(_told(fix, proof, facts.snapshot), facts.snapshot))
    return tuple(sorted(found, key=lambda fix: (not fix.changes, fix.breadth)))


def _of_causes(finding: Finding, facts: Facts, answers: Answers) -> tuple[Fix, ...]:
    """What happened stays in the events of a service; it is mended by mending what keeps its tasks from
    starting."""
    found: list[Fix] = []
    for cause in _found(facts):
        if cause.rule not in _CAUSES or finding.node not in cause.nodes:
            continue
        for fix in fixes_for(cause, facts, answers):
            if fix.changes and all(fix.changes != one.changes for one in found):
                found.append(msgspec.structs.replace(fix, finding=finding.key))
    return tuple(found)


def _is_for_launcher(judged: Judged, facts: Facts) -> bool:
    """Whether it is only a policy of a launcher's role that lacks something: who starts a task definition may
    have been allowed the old revision and the old roles by name."""
    need, decision = judged.requirement, judged.decision
    is_there = need.role_kind in _LAUNCHERS and need.principal in facts.around.roles
    return is_there and decision is not None and decision.blocked_by == ("identity",)


def _with_launchers(fix: Fix, lacking: Iterable[Judged], facts: Facts) -> Fix:
    """The fix with what launchers lack after it."""
    by_role: dict[tuple[str, str], list[Requirement]] = {}
    for judged in lacking:
        need = judged.requirement
        by_role.setdefault((need.principal, policy_name(need.role_kind)), []).append(need)
    given = tuple(
        allow(role, name, statements(needs, facts), facts, "start it with the new role and revision")
        for (role, name), needs in by_role.items()
    )
    registers = [n for n, one in enumerate(fix.changes, 1) if isinstance(one, c.RegisterTaskDefinition)]
    at = max(registers, default=0)
    roles = facts.titles(role for role, _ in by_role)
    return msgspec.structs.replace(
        fix,
        changes=(*fix.changes[:at], *given, *fix.changes[at:]),
        costs=(*fix.costs, f"{roles} may start the new revision and pass its roles, too."),
    )


def completed(fix: Fix, facts: Facts) -> Fix:
    """The fix with what launchers lack after it, whatever else comes of it. Raises ChangeError where the
    changes do not fit."""
    broken = _broken(facts.needs.all, after(fix.changes, facts).needs.all, _same(fix))
    lacking = [one for one in broken if _is_for_launcher(one, facts)]
    return _with_launchers(fix, lacking, facts) if lacking else fix


def _told(fix: Fix, proof: Proof, snapshot: Snapshot) -> Fix:
    """The fix with all that the proof brought to light, and with who keeps what it changes."""
    costs = list(fix.costs)
    gained = proof.broader
    if gained:
        more = f"; and {len(gained) - _MOST_COSTS} more" if len(gained) > _MOST_COSTS else ""
        costs.append(f"Gives more than is asked for: {'; '.join(gained[:_MOST_COSTS])}{more}.")
    if proof.eased is not None:
        costs.append(f"It is not all: {proof.eased.summary} ({proof.eased.severity.word})")
    costs += [f"Afterwards: {one.summary} ({one.rule}, {one.severity.word})" for one in proof.new_findings]
    warnings = dict.fromkeys((*keeper_warnings(fix.changes, snapshot), *fix.warnings))
    return msgspec.structs.replace(fix, costs=tuple(dict.fromkeys(costs)), warnings=tuple(warnings))


def _sendable(fix: Fix, snapshot: Snapshot) -> Fix:
    """The fix; where AWS would refuse a call of it, only what stands in the way is told."""
    plan = Plan(snapshot.account_id, snapshot.taken_at, fix.changes)
    refused = dict.fromkeys(problem.message for problem in errors(plan, snapshot))
    if not refused:
        return fix
    warnings = (*(f"AWS would refuse it: {message}." for message in refused), *fix.warnings)
    return msgspec.structs.replace(
        fix, title=f"First mend what stands in the way, then: {fix.title}", changes=(), warnings=warnings
    )


def after(changes: Iterable[c.AnyChange], facts: Facts) -> Facts:
    """The facts of the account as some changes leave it; documents that stay are not parsed again. Raises
    ChangeError where the changes do not fit."""
    return again(apply_all(changes, facts.snapshot), facts)


def again(snapshot: Snapshot, facts: Facts) -> Facts:
    """The facts of another snapshot of the same account."""
    account = AccountPolicies(snapshot, reuse=facts.account)
    needs = Needs(account, Surroundings(snapshot))
    return Facts(snapshot, build(snapshot), account, needs, facts.options)


@once
def _found(facts: Facts) -> tuple[Finding, ...]:
    return find(facts)


def prove(fix: Fix, finding: Finding, facts: Facts) -> Proof:
    """What the engine says of the account with the fix applied, compared with the account as it is."""
    try:
        later = after(fix.changes, facts)
    except ChangeError as error:
        return Proof(gone=False, error=str(error))
    same = _same(fix)
    # The tasks that run are those of before: until they are replaced, the service drifts.
    rolling = {change.service for change in fix.changes if isinstance(change, c.UpdateService)}
    old = {one.key: one for one in _found(facts)}
    new: dict[str, Finding] = {}
    for one in find(later):  # the worst first
        new.setdefault(_key(one, same), one)
    left = new.get(finding.key)
    return Proof(
        gone=left is None,
        eased=left if left is not None and left.severity < finding.severity else None,
        broken=_broken(facts.needs.all, later.needs.all, same),
        new_findings=tuple(
            one
            for key, one in new.items()
            if _is_worse(one, old.get(key)) and not (one.rule == _DRIFT and one.node in rolling)
        ),
        broader=broader(facts, later),
        resolved=tuple(one for key, one in old.items() if key not in new and key != finding.key),
        worst_allowed=finding.severity,
    )


def _same(fix: Fix) -> dict[str, str]:
    """What stands for what: a new revision is the old one under another number, a copy is its model."""
    revisions = {
        change.task_definition: change.base
        for change in fix.changes
        if isinstance(change, c.RegisterTaskDefinition)
    }
    return revisions | fix.copies


def _key(finding: Finding, same: Mapping[str, str]) -> str:
    return f"{finding.rule} {same.get(finding.node, finding.node)}"


def _is_worse(new: Finding, old: Finding | None) -> bool:
    return old is None or new.severity > old.severity


_Key = tuple[str, str, str, str]


def _worst(judged: Iterable[Judged], same: Mapping[str, str]) -> dict[_Key, Judged]:
    found: dict[_Key, Judged] = {}
    for one in judged:
        asked = one.requirement
        if asked.necessity == "optional":
            continue
        subject, resource = (same.get(one, one) for one in (asked.subject, asked.resource))
        key = (subject, asked.role_kind, asked.action, resource)
        known = found.get(key)
        if known is None or _badness(one.status) > _badness(known.status):
            found[key] = one
    return found


def _badness(status: Status) -> int:
    return len(STATUSES) - STATUSES.index(status)


def _broken(before: Iterable[Judged], now: Iterable[Judged], same: Mapping[str, str]) -> tuple[Judged, ...]:
    """What was met and is not, and what is newly asked for and is missing."""
    old = _worst(before, same)
    lacked = {key[:3] for key, one in old.items() if one.status == "missing"}

    def is_broken(key: _Key, one: Judged) -> bool:
        if key in old:
            return _badness(one.status) > _badness(old[key].status)
        # The same thing lacking on another role or revision is no news.
        return one.status == "missing" and key[:3] not in lacked

    return tuple(one for key, one in _worst(now, same).items() if is_broken(key, one))
