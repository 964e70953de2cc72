"""Edits of single statements, as changes of the policies that they stand in."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ecsiam_tui.account.iam import Group, Role, User
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.looking import name_of
from ecsiam_tui.ecs.requirement import Judged, Requirement
from ecsiam_tui.findings.facts import Facts, Placed
from ecsiam_tui.fixes.documents import dump, load, of, statements, unique, with_statements
from ecsiam_tui.fixes.granting import allow, policy_name
from ecsiam_tui.fixes.granting import statements as needed
from ecsiam_tui.fixes.proof import after
from ecsiam_tui.graph.build_iam import inline_id
from ecsiam_tui.policy.rendering import statement_data

Data = dict[str, Any]
Edits = Iterable[tuple[Placed, list[Data]]]
"""Statements, each with those that take its place."""


def replaced(text: str, instead: Mapping[int, list[Data]], more: Iterable[Data] = ()) -> str | None:
    """A document with other statements at some places and `more` at its end; None where none is left."""
    document = load(text)
    kept: list[Data] = []
    for index, statement in enumerate(statements(document)):
        kept += instead.get(index, [statement])
    kept = with_own_sids([*kept, *more])
    return dump(with_statements(document, kept)) if kept else None


def with_own_sids(found: Iterable[Data]) -> list[Data]:
    """Statements of which none has the Sid of an earlier one: within a policy a Sid is unique (IAM User
    Guide, "IAM JSON policy elements: Sid")."""
    seen: set[str] = set()
    own = []
    for statement in found:
        if "Sid" in statement:
            sid = unique(str(statement["Sid"]), seen)
            seen.add(sid)
            statement = {**statement, "Sid": sid}
        own.append(statement)
    return own


def free_name(role: Role, wanted: str) -> str:
    """A name for an inline policy that the role does not have yet."""
    return unique(wanted[:124], (policy.policy_name for policy in role.role_policy_list))


def put_inline(role: Role, wanted: str, found: Iterable[Data], why: str = "") -> tuple[c.PutRolePolicy, ...]:
    """A new inline policy; nothing for no statements."""
    own = with_own_sids(found)
    if not own:
        return ()
    document = dump(of(*own))
    return (c.PutRolePolicy(role=role.arn, name=free_name(role, wanted), document=document, why=why),)


def rewrite(
    facts: Facts, role: Role, edits: Edits, more: Iterable[Data] = (), why: str = ""
) -> tuple[c.AnyChange, ...]:
    """The changes that put other statements in the place of some of a role's, and add `more`.

    An inline policy is written anew, and so is a customer managed policy that is attached to this role alone.
    Of any other managed policy the role gets a copy of its own, edited, and then loses the policy: others
    keep it as it is. What is added comes before what is taken away.
    """
    by_node: dict[str, dict[int, list[Data]]] = {}
    for placed, instead in edits:
        by_node.setdefault(placed.node, {})[placed.statement.index] = instead
    added = list(more)
    taken: list[c.AnyChange] = []
    changes: list[c.AnyChange] = []
    inline = {inline_id(role.arn, policy.policy_name): policy for policy in role.role_policy_list}
    owned = [node for node in by_node if node in inline or is_own(facts, role, node)]
    for node, others in by_node.items():
        text = inline[node].policy_document if node in inline else _managed(facts, node)
        if node not in owned:
            added += statements(load(replaced(text, others) or ""))
            taken.append(c.DetachRolePolicy(role=role.arn, policy=node, why=why))
            continue
        document = replaced(text, others, added if node == owned[0] else ())
        if node == owned[0]:
            added = []
        if node in inline:
            name = inline[node].policy_name
            if document is None:
                taken.append(c.DeleteRolePolicy(role=role.arn, name=name, why=why))
            else:
                changes.append(c.PutRolePolicy(role=role.arn, name=name, document=document, why=why))
        elif document is None:
            taken.append(c.DetachRolePolicy(role=role.arn, policy=node, why=why))
        else:
            changes.append(c.CreatePolicyVersion(policy=node, document=document, why=why))
    new = put_inline(role, f"{role.role_name}-needs", added, why)
    return (*new, *changes, *taken)


def is_own(facts: Facts, role: Role, policy: str) -> bool:
    """Whether a managed policy is the account's and this role alone has it."""
    if ":iam::aws:" in policy:
        return False
    snapshot = facts.snapshot
    everybody: tuple[Role | User | Group, ...] = (*snapshot.roles, *snapshot.users, *snapshot.groups)
    limited: tuple[Role | User, ...] = (*snapshot.roles, *snapshot.users)
    holders = [
        one.arn
        for one in everybody
        if any(attached.policy_arn == policy for attached in one.attached_managed_policies)
    ]
    bounds = any(
        one.permissions_boundary and one.permissions_boundary.permissions_boundary_arn == policy
        for one in limited
    )
    return holders == [role.arn] and not bounds


def _managed(facts: Facts, policy: str) -> str:
    known = facts.account.managed_text(policy)
    return known.text if known else ""


def data_of(placed: Placed) -> Data:
    """A statement as plain data."""
    return statement_data(placed.statement)


def asked_of(facts: Facts, role: str, about: Callable[[Requirement], bool]) -> list[Requirement]:
    """What ECS asks of a role and gets, as far as it is about something; to be assumable is left out."""
    found: dict[tuple[str, str], Requirement] = {}
    for judged in facts.needs.of_role(role):
        asked = judged.requirement
        if judged.status != "missing" and asked.action != "sts:AssumeRole" and about(asked):
            found.setdefault((asked.action, asked.resource), asked)
    return list(found.values())


def newly_missing(before: Facts, now: Facts) -> dict[str, list[Requirement]]:
    """What roles lack now and were not asked for, or did not lack, before: by role."""

    def key(judged: Judged) -> tuple[str, str, str]:
        asked = judged.requirement
        return asked.principal, asked.action, asked.resource

    old = {key(judged) for judged in before.needs.all if judged.status == "missing"}
    found: dict[str, dict[tuple[str, str, str], Requirement]] = {}
    for judged in now.needs.all:
        asked = judged.requirement
        if (
            judged.status == "missing"
            and asked.necessity != "optional"
            and asked.action != "sts:AssumeRole"
            and asked.principal in now.around.roles
            and key(judged) not in old
        ):
            found.setdefault(asked.principal, {}).setdefault(key(judged), asked)
    return {role: list(requirements.values()) for role, requirements in found.items()}


def completed(facts: Facts, changes: Iterable[c.AnyChange]) -> tuple[c.AnyChange, ...]:
    """Changes, and before them the inline policies that give roles what the changes newly ask of them. A role
    that the changes make gets its policy after them. Raises ChangeError where they do not fit."""
    found = tuple(changes)
    later = after(found, facts)
    parted: dict[tuple[str, str], list[Requirement]] = {}
    for role, requirements in newly_missing(facts, later).items():
        for asked in requirements:
            parted.setdefault((role, policy_name(asked.role_kind)), []).append(asked)
    first: list[c.AnyChange] = []
    last: list[c.AnyChange] = []
    for (role, name), requirements in parted.items():
        put = allow(role, name, needed(requirements, facts), later, "what the changes newly ask for")
        (first if role in facts.around.roles else last).append(put)
    return (*first, *found, *last)


def holder(facts: Facts, finding_node: str) -> Role | None:
    """The role of a finding that may be changed: none that is service-linked or reserved."""
    role = facts.around.roles.get(finding_node)
    if role is None or role.path.startswith(("/aws-service-role/", "/aws-reserved/")):
        return None
    return role


def shared_warning(changes: Iterable[c.AnyChange], role: Role) -> tuple[str, ...]:
    """Says where a role loses a managed policy and gets a copy of its own."""
    changes = tuple(changes)
    if not any(isinstance(change, c.PutRolePolicy) for change in changes):
        return ()
    gone = [name_of(change.policy) for change in changes if isinstance(change, c.DetachRolePolicy)]
    if not gone:
        return ()
    return (f"{role.role_name} no longer follows {', '.join(gone)}: what is added there does not reach it.",)
