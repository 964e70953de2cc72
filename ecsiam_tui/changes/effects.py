"""How risky a change is, and why: what decides how much a person must confirm.

`low` adds something that nothing uses yet, or changes words; `medium` touches what runs and can be taken
back; `high` deletes, opens, locks out, or touches many at once.
"""

from collections.abc import Iterator
from enum import IntEnum

import msgspec

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.applying import apply_to
from ecsiam_tui.changes.limits_documents import allows
from ecsiam_tui.changes.looking import name_of
from ecsiam_tui.changes.plan import Plan
from ecsiam_tui.changes.sharing import Sharing, shared
from ecsiam_tui.graph import Estate, build
from ecsiam_tui.policy.document import parse_document
from ecsiam_tui.policy.patterns import is_universal
from ecsiam_tui.policy.principals import parse_principal
from ecsiam_tui.policy.statements import Condition, PolicyDocument, Statement

MANY_USERS = 3
"""From how many services and other users on a change of something shared is of high risk."""

_TAKE_POWER = ("iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:CreatePolicyVersion", "iam:PassRole")


class Level(IntEnum):
    """A class of risk; a worse one is larger."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3

    @property
    def word(self) -> str:
        """`low`, `medium` or `high`."""
        return self.name.lower()


class Risk(msgspec.Struct, frozen=True):
    """How risky a change is, and the reasons, the worst first."""

    level: Level
    reasons: tuple[str, ...] = ()


_Reason = tuple[Level, str]


def risk(change: c.AnyChange, before: Snapshot, estate: Estate | None = None) -> Risk:
    """The risk of a change in the account as it is before it. `estate` is that account's graph, where it is
    made already."""
    sharing = shared(change, estate if estate is not None else build(before))
    reasons = sorted(dict.fromkeys(_reasons(change, before, sharing)), key=lambda one: -one[0])
    level = max((level for level, _ in reasons), default=Level.LOW)
    return Risk(level, tuple(text for _, text in reasons))


def risks(plan: Plan, snapshot: Snapshot, estate: Estate | None = None) -> tuple[Risk, ...]:
    """The risk of every change of a plan, each in the account as those before it leave it. Who uses a thing
    is asked of `estate`, the graph of the account as it is now. Raises ChangeError."""
    estate = estate if estate is not None else build(snapshot)
    found: list[Risk] = []
    for change in plan.changes:
        found.append(risk(change, snapshot, estate))
        snapshot = apply_to(change, snapshot)
    return tuple(found)


def is_risky(plan: Plan, snapshot: Snapshot, estate: Estate | None = None) -> bool:
    """Whether a plan has to be confirmed by typing the account's alias or id."""
    return any(one.level is Level.HIGH for one in risks(plan, snapshot, estate))


def _reasons(change: c.AnyChange, before: Snapshot, sharing: Sharing) -> Iterator[_Reason]:
    yield from _of_change(change, before, sharing)
    yield from _widening(change, before)
    if _touches_users(change, before) and sharing.users:
        level = Level.HIGH if sharing.users >= MANY_USERS else Level.MEDIUM
        yield level, f"{name_of(change.target)} is {sharing.sentence.partition(': ')[0]}"


def _touches_users(change: c.AnyChange, before: Snapshot) -> bool:
    """Whether a change can take something away from those who use its target."""
    match change:
        case c.TagRole() | c.AttachRolePolicy() | c.DeletePolicyVersion() | c.UpdateClusterExec():
            return False
        case c.PutRolePolicy():
            return _inline(change, before) is not None
    return True


def _inline(change: c.PutRolePolicy, before: Snapshot) -> str | None:
    """The document that an inline policy has now."""
    for role in before.roles:
        if role.arn == change.role:
            own = (one.policy_document for one in role.role_policy_list if one.policy_name == change.name)
            return next(own, None)
    return None


def _of_change(change: c.AnyChange, before: Snapshot, sharing: Sharing) -> Iterator[_Reason]:
    name = name_of(change.target)
    match change:
        case c.DeleteRole():
            yield Level.HIGH, f"{name} is deleted: one made again with its name has another identity"
        case c.DeletePolicy():
            yield Level.HIGH, f"{name} is deleted, with all its versions"
        case c.DeleteLogGroup():
            yield Level.HIGH, f"{name} is deleted, with all that was logged"
        case c.DeletePolicyVersion():
            yield Level.MEDIUM, f"{change.version_id} of {name} is deleted and cannot be brought back"
        case c.DeregisterTaskDefinition():
            yield Level.MEDIUM, f"{name} becomes INACTIVE for ever"
        case c.PutBoundary() if not change.boundary:
            yield Level.HIGH, f"the permissions boundary of {name} is taken away"
        case c.SetInstanceProfileRole():
            hosts = bool(sharing.users)
            text = f"the hosts of {name} act in another role" if hosts else f"{name} gets another role"
            yield Level.HIGH if hosts else Level.MEDIUM, text
        case c.UpdateService():
            yield from _service(change, before)
        case c.PutRuleTarget() | c.UpdateSchedule():
            yield Level.MEDIUM, f"{name} starts its next task in another way"
        case c.RegisterTaskDefinition():
            yield from _followers(change, before)
        case c.UpdateClusterExec():
            if (change.configuration or {}).get("logging") == "NONE":
                yield Level.MEDIUM, f"sessions of ECS Exec in {name} are not logged any more"
        case c.SetResourcePolicy():
            if change.kind == "key":
                yield Level.HIGH, "a wrong key policy locks everybody out, and AWS alone can open it again"
            elif change.document is None:
                yield Level.MEDIUM, f"the policy of {name} is taken away"


def _service(change: c.UpdateService, before: Snapshot) -> Iterator[_Reason]:
    found = next((one for one in before.services if one.service_arn == change.service), None)
    deploys = change.task_definition is not None or change.force_new_deployment
    if found is not None and deploys:
        count = found.running_count
        tasks = f"{count} running task{'' if count == 1 else 's'}"
        level = Level.MEDIUM if count or found.desired_count else Level.LOW
        yield level, f"{found.service_name} is deployed anew: {tasks} to replace"
    if change.enable_execute_command:
        yield Level.MEDIUM, f"who may call ecs:ExecuteCommand gets a shell in {name_of(change.service)}"


def _followers(change: c.RegisterTaskDefinition, before: Snapshot) -> Iterator[_Reason]:
    """What names the family alone takes the new revision by itself."""
    family = change.base.rpartition(":")[0]
    names = {family, family.rsplit("/", 1)[-1]}
    targets = [(rule.name, target) for rule in before.rules for target in rule.targets]
    targets += [(schedule.name, schedule.target) for schedule in before.schedules]
    for name, target in targets:
        if target.ecs_parameters.task_definition_arn in names:
            yield Level.MEDIUM, f"{name} names the family alone and takes the new revision at once"


# Documents


def _widening(change: c.AnyChange, before: Snapshot) -> Iterator[_Reason]:
    """What lets somebody in, or gives every permission, that did not before."""
    match change:
        case c.CreateRole():
            yield from _opened("", change.trust, before, "the trust policy")
        case c.UpdateTrust():
            trusts = (one.assume_role_policy_document for one in before.roles if one.arn == change.role)
            yield from _opened(next(trusts, ""), change.trust, before, "the trust policy")
        case c.SetResourcePolicy() if change.document is not None:
            yield from _opened(_resource_policy(change, before), change.document, before, "the policy")
        case c.PutRolePolicy():
            yield from _power(_inline(change, before) or "", change.document, name_of(change.role))
        case c.CreatePolicy():
            yield from _power("", change.document, name_of(change.policy))
        case c.CreatePolicyVersion() | c.SetDefaultPolicyVersion():
            yield from _power(_managed(change.policy, before), change.document, name_of(change.policy))
        case c.AttachRolePolicy():
            yield from _power("", _managed(change.policy, before), name_of(change.role))


def _managed(arn: str, before: Snapshot) -> str:
    return next((one.document for one in before.policies if one.arn == arn), "")


def _resource_policy(change: c.SetResourcePolicy, before: Snapshot) -> str:
    records = (
        *((one.repository_arn, one.policy) for one in before.repositories),
        *((one.arn, one.policy) for one in before.secrets),
        *((one.arn, one.policy) for one in before.keys),
    )
    found = dict(records).get(change.resource)
    return found if isinstance(found, str) else ""


def _parsed(text: str) -> PolicyDocument:
    return parse_document(text) if text else PolicyDocument(())


def _opened(old: str, new: str, before: Snapshot, what: str) -> Iterator[_Reason]:
    """Principals that a document lets in and did not, or not without more conditions; a Deny that is gone."""
    was, now = _parsed(old), _parsed(new)
    entries = _entries(was)
    for principal, conditions in _entries(now):
        if any(name == principal and asked <= conditions for name, asked in entries):
            continue
        again = any(name == principal for name, _ in entries)
        how = "under fewer or other conditions" if again else "in"
        parsed = parse_principal(principal)
        if parsed.kind == "anonymous":
            yield Level.HIGH, f"{what} lets everybody {how}"
        elif parsed.account and parsed.account != before.account_id:
            yield Level.HIGH, f"{what} lets {principal} of another account {how}"
        elif parsed.kind == "federated":
            yield Level.HIGH, f"{what} lets users of {principal} {how}"
        elif parsed.kind != "service" or old:  # a new role lets its service in: that is what it is for
            yield Level.MEDIUM, f"{what} lets {principal} {how}"
    denies = [statement for statement in now.statements if statement.effect == "Deny"]
    for statement in was.statements:
        if statement.effect == "Deny" and not any(_same(statement, one) for one in denies):
            yield Level.HIGH, f"{what} loses the Deny {statement.label}"


def _same(one: Statement, other: Statement) -> bool:
    left, right = (msgspec.structs.replace(found, index=0, sid="") for found in (one, other))
    return left == right


def _entries(document: PolicyDocument) -> list[tuple[str, frozenset[Condition]]]:
    """Whom Allow statements let in, each with the conditions."""
    return [
        (principal.value, frozenset(statement.conditions))
        for statement in document.statements
        if statement.effect == "Allow"
        for principal in statement.principals
    ]


def _power(old: str, new: str, name: str) -> Iterator[_Reason]:
    """What gives itself or others any permission."""
    had, has = _powers(_parsed(old)), _powers(_parsed(new))
    gained = sorted(has - had)
    if gained:
        yield Level.HIGH, f"{name} can take any permission: {', '.join(gained)} on every resource"


def _powers(document: PolicyDocument) -> set[str]:
    return {
        action
        for statement in document.statements
        if not statement.conditions
        and (any(map(is_universal, statement.resources)) or statement.not_resources)
        for action in _TAKE_POWER
        if allows(statement, action)
    }
