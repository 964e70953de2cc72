"""A plan: changes in order, and what they were made from."""

from collections.abc import Iterable
from datetime import datetime
from functools import reduce
from typing import Any

import msgspec

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.applying import apply_to
from ecsiam_tui.changes.looking import ChangeError

FORMAT = 1
"""The version of the plan file's form."""


class PlanError(Exception):
    """A plan file cannot be used, or a plan does not fit. The message is one line."""


class Plan(msgspec.Struct, frozen=True, omit_defaults=True):
    """Changes in the order in which they are made, for one account.

    `made_from` is when the snapshot was taken that the plan was made from (UTC); `before` holds, for every
    target, what it looked like then (the record as AWS spells it, None where there was none): what is read
    again before the first call is compared with it.
    """

    account: str
    made_from: datetime
    changes: tuple[c.AnyChange, ...] = ()
    before: dict[str, Any] = {}
    title: str = ""
    schema: int = FORMAT

    def __len__(self) -> int:
        return len(self.changes)


def make(snapshot: Snapshot, changes: Iterable[c.AnyChange] = (), title: str = "") -> Plan:
    """A plan for an account as a snapshot shows it. Raises ChangeError where a change does not fit."""
    plan = Plan(snapshot.account_id, snapshot.taken_at, title=title)
    return reduce(lambda so_far, change: stage(so_far, change, snapshot), changes, plan)


def stage(plan: Plan, change: c.AnyChange, snapshot: Snapshot) -> Plan:
    """The plan with a further change at its end. A change that says the same again is not added; one that
    writes what an earlier one of its kind wrote takes its place. Raises ChangeError where it does not fit the
    account as the plan leaves it."""
    kept = [known for known in plan.changes if not _supersedes(change, known)]
    after = snapshot
    for known in kept:
        after = apply_to(known, after)
    apply_to(change, after)
    changes = (*kept, change)
    return _with(plan, changes, snapshot)


def unstage(plan: Plan, index: int, snapshot: Snapshot) -> Plan:
    """The plan without one of its changes. Raises ChangeError where a later one needs it."""
    changes = (*plan.changes[:index], *plan.changes[index + 1 :])
    _check(changes, snapshot, "a later change needs it; take that away first")
    return _with(plan, changes, snapshot)


def move(plan: Plan, index: int, step: int, snapshot: Snapshot) -> Plan:
    """The plan with one change moved up (-1) or down (1). Raises ChangeError where the order does not do."""
    changes = list(plan.changes)
    to = index + step
    if not 0 <= to < len(changes):
        return plan
    changes[index], changes[to] = changes[to], changes[index]
    _check(changes, snapshot, "one of the two needs the other")
    return _with(plan, tuple(changes), snapshot)


def after(plan: Plan, snapshot: Snapshot) -> Snapshot:
    """The account as the plan leaves it. Raises ChangeError."""
    for change in plan.changes:
        snapshot = apply_to(change, snapshot)
    return snapshot


def _check(changes: Iterable[c.AnyChange], snapshot: Snapshot, otherwise: str) -> None:
    try:
        for change in changes:
            snapshot = apply_to(change, snapshot)
    except ChangeError as error:
        raise ChangeError(f"{otherwise} ({error})") from error


def _with(plan: Plan, changes: tuple[c.AnyChange, ...], snapshot: Snapshot) -> Plan:
    from ecsiam_tui.changes.targets import state

    targets = dict.fromkeys(change.target for change in changes)
    before = {target: state(target, snapshot) for target in targets}
    return msgspec.structs.replace(plan, changes=changes, before=before)


def _supersedes(new: c.AnyChange, old: c.AnyChange) -> bool:
    """Whether a change makes an earlier one pointless: it writes the same thing whole, or says the same."""
    return new == old or (_slot(new) is not None and _slot(new) == _slot(old))


def _slot(change: c.AnyChange) -> tuple[str, ...] | None:
    """What a change writes whole, so that the last one of a kind is the one that counts."""
    kind = type(change).__name__
    match change:
        case c.UpdateTrust() | c.PutBoundary() | c.UpdateClusterExec() | c.SetResourcePolicy():
            return (kind, change.target)
        case c.CreatePolicyVersion() | c.SetDefaultPolicyVersion() | c.CreateLogGroup():
            return (kind, change.target)
        case c.PutRolePolicy() | c.DeleteRolePolicy():
            return (kind, change.role, change.name)
        case c.AttachRolePolicy() | c.DetachRolePolicy():
            return (kind, change.role, change.policy)
    return None


# Files ------------------------------------------------------------------------------------------------------

_DECODER = msgspec.json.Decoder(Plan)


def to_json(plan: Plan) -> bytes:
    """A plan as a file holds it: the version of the form first."""
    data = {"schema": plan.schema, "changes": (), **msgspec.to_builtins(plan)}
    return msgspec.json.format(msgspec.json.encode(data), indent=2) + b"\n"


def from_json(data: bytes, name: str = "the plan") -> Plan:
    """A plan from a file. Raises PlanError."""
    try:
        plan = _DECODER.decode(data)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise PlanError(f"{name}: not a plan ({error})") from error
    if plan.schema != FORMAT:
        raise PlanError(f"{name}: a plan of form {plan.schema}; this program reads form {FORMAT}")
    return plan
