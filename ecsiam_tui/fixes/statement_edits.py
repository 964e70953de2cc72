"""Edits of single statements, as changes of the policies that they stand in."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from ecsiam_tui.account.iam import Role
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.looking import name_of
from ecsiam_tui.ecs.least_privilege import policy as least_privilege
from ecsiam_tui.ecs.requirement import Judged, Requirement
from ecsiam_tui.findings.facts import Facts, Placed
from ecsiam_tui.graph.build_iam import inline_id
from ecsiam_tui.policy.document import CURRENT_VERSION, parse_document
from ecsiam_tui.policy.rendering import statement_data

Data = dict[str, Any]
Edits = Iterable[tuple[Placed, list[Data]]]
"""Statements, each with those that take its place."""


def as_text(statements: Iterable[Data], version: str = CURRENT_VERSION) -> str:
    """A policy document, two spaces a level."""
    data = {"Version": version, "Statement": list(statements)}
    return msgspec.json.format(msgspec.json.encode(data), indent=2).decode()


def one_or_list(values: Iterable[str]) -> str | list[str]:
    """A list of one is written as the string alone."""
    found = list(values)
    return found[0] if len(found) == 1 else found


def statements_of(text: str) -> list[Data]:
    """The statements of a document as they are written, those that AWS would refuse included."""
    found = msgspec.json.decode(text).get("Statement", [])
    return list(found) if isinstance(found, list) else [found]


def replaced(text: str, instead: Mapping[int, list[Data]], more: Iterable[Data] = ()) -> str | None:
    """A document with other statements at some places and `more` at its end; None where none is left. The
    order of its members and its Version stay."""
    data = msgspec.json.decode(text)
    kept: list[Data] = []
    for index, statement in enumerate(statements_of(text)):
        kept += instead.get(index, [statement])
    kept = with_own_sids([*kept, *more])
    if not kept:
        return None
    return msgspec.json.format(msgspec.json.encode(data | {"Statement": kept}), indent=2).decode()


def with_own_sids(statements: Iterable[Data]) -> list[Data]:
    """Statements of which none has the Sid of an earlier one: within a policy a Sid is unique (IAM User
    Guide, "IAM JSON policy elements: Sid")."""
    seen: set[str] = set()
    found = []
    for statement in statements:
        sid = str(statement.get("Sid", ""))
        number = 2
        own = sid
        while own and own in seen:
            own, number = f"{sid}{number}", number + 1
        seen.add(own)
        found.append(statement | {"Sid": own} if own != sid else statement)
    return found


def free_name(role: Role, wanted: str) -> str:
    """A name for an inline policy that the role does not have yet."""
    taken = {policy.policy_name for policy in role.role_policy_list}
    name, number = wanted[:124], 2
    while name in taken:
        name, number = f"{wanted[:124]}-{number}", number + 1
    return name


def put_inline(
    role: Role, wanted: str, statements: Iterable[Data], why: str = ""
) -> tuple[c.PutRolePolicy, ...]:
    """A new inline policy; nothing for no statements."""
    found = with_own_sids(statements)
    if not found:
        return ()
    return (
        c.PutRolePolicy(role=role.arn, name=free_name(role, wanted), document=as_text(found), why=why),
    )


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
    added, taken = list(more), []
    changes: list[c.AnyChange] = []
    inline = {inline_id(role.arn, policy.policy_name): policy for policy in role.role_policy_list}
    owned = [node for node in by_node if node in inline or is_own(facts, role, node)]
    for node, instead in by_node.items():
        text = inline[node].policy_document if node in inline else _managed(facts, node)
        if node not in owned:
            added += statements_of(replaced(text, instead) or '{"Statement":[]}')
            taken.append(c.DetachRolePolicy(role=role.arn, policy=node, why=why))
            continue
        document = replaced(text, instead, added if node == owned[0] else ())
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
    holders = [
        one.arn
        for one in (*snapshot.roles, *snapshot.users, *snapshot.groups)
        if any(attached.policy_arn == policy for attached in one.attached_managed_policies)
    ]
    bounds = any(
        one.permissions_boundary and one.permissions_boundary.permissions_boundary_arn == policy
        for one in (*snapshot.roles, *snapshot.users)
    )
    return holders == [role.arn] and not bounds


def _managed(facts: Facts, policy: str) -> str:
    known = facts.account.managed_text(policy)
    return known.text if known else '{"Statement": []}'


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


def needed(facts: Facts, requirements: Iterable[Requirement]) -> list[Data]:
    """The statements of the smallest policy that gives what is required."""
    found: list[Data] = least_privilege(requirements, facts.snapshot.account_id)["Statement"]
    return found


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


def completed(facts: Facts, changes: Iterable[c.AnyChange], name: str) -> tuple[c.AnyChange, ...]:
    """Changes, and before them the inline policies (`name`) that give roles what the changes newly ask of
    them. A role that the changes make gets its policy right after all of them. Raises ChangeError where they
    do not fit."""
    from ecsiam_tui.fixes.proof import after

    found = tuple(changes)
    lacking = newly_missing(facts, after(found, facts))
    first: list[c.AnyChange] = []
    last: list[c.AnyChange] = []
    for arn, requirements in lacking.items():
        statements = needed(facts, requirements)
        known = facts.around.roles.get(arn)
        if known is not None:
            first += put_inline(known, name, statements, "what the new revision needs")
        else:
            last.append(c.PutRolePolicy(role=arn, name=name, document=as_text(statements)))
    return (*first, *found, *last)


def has_problems(text: str) -> bool:
    """Whether AWS would refuse a document."""
    return bool(parse_document(text).problems)


def holder(facts: Facts, finding_node: str) -> Role | None:
    """The role of a finding that may be changed: none that is service-linked or reserved."""
    role = facts.around.roles.get(finding_node)
    if role is None or role.path.startswith(("/aws-service-role/", "/aws-reserved/")):
        return None
    return role


def shared_warning(facts: Facts, changes: Iterable[c.AnyChange], role: Role) -> tuple[str, ...]:
    """Says where a role loses a managed policy and gets a copy of its own."""
    gone = [name_of(change.policy) for change in changes if isinstance(change, c.DetachRolePolicy)]
    if not gone:
        return ()
    return (f"{role.role_name} no longer follows {', '.join(gone)}: what is added there does not reach it.",)
