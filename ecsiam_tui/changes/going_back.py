"""The way back of an apply: what its journal says was done, taken back in the account as it is now."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.applying import apply_to
from ecsiam_tui.changes.inverting import inverse, what_stays
from ecsiam_tui.changes.journal import Record
from ecsiam_tui.changes.looking import ChangeError
from ecsiam_tui.changes.plan import Plan
from ecsiam_tui.changes.targets import state, states

_GONE = (
    c.DeleteRole,
    c.DeleteRolePolicy,
    c.DetachRolePolicy,
    c.DeletePolicy,
    c.DeletePolicyVersion,
    c.DeleteLogGroup,
)
"""Changes that are done where what they take away is not there."""

_MADE = (c.CreateRole, c.CreatePolicy, c.CreateLogGroup, c.CreateServiceLinkedRole)
"""Changes that are done where what they make is there."""


def ways_back(
    changes: Iterable[c.AnyChange], before: Snapshot
) -> tuple[tuple[tuple[c.AnyChange, ...], ...], tuple[str, ...]]:
    """For each change the changes that take it back, and what they do not bring back, in sentences. Raises
    ChangeError where a change does not fit."""
    back: list[tuple[c.AnyChange, ...]] = []
    stays: list[str] = []
    for change in changes:
        try:
            back.append(inverse(change, before))
        except ChangeError as error:
            back.append(())
            stays.append(f"{error}.")
        if kept := what_stays(change, before):
            stays.append(kept)
        before = projected(change, before)
    return tuple(back), tuple(dict.fromkeys(stays))


def projected(change: c.AnyChange, snapshot: Snapshot) -> Snapshot:
    """The account after a change. A revision that is in no snapshot, because nothing uses it and it is not
    the newest, can be deregistered all the same."""
    try:
        return apply_to(change, snapshot)
    except ChangeError:
        if isinstance(change, c.DeregisterTaskDefinition):
            return snapshot
        raise


def plan_back(record: Record, snapshot: Snapshot, title: str = "") -> Plan:
    """A plan that takes back what an apply did or may have done, the last first; it leaves out what is as it
    was already. Raises ChangeError where the account has become another meanwhile."""
    changes: list[c.AnyChange] = []
    account = snapshot
    for index in reversed(record.touched):
        for change in _named(record, index):
            if is_done(change, account):
                continue
            account = projected(change, account)
            changes.append(change)
    before = states(dict.fromkeys(change.target for change in changes), snapshot)
    return Plan(
        record.header.account,
        snapshot.taken_at,
        tuple(changes),
        before,
        title or f"undo of {record.header.plan.title or record.id}",
    )


def is_done(change: c.AnyChange, snapshot: Snapshot) -> bool:
    """Whether a change would change nothing, because it is so already."""
    if isinstance(change, _MADE):
        return state(change.target, snapshot) is not None
    if isinstance(change, c.DeleteLogGroup):
        return change.log_group in snapshot.missing  # only groups that something names are read
    if isinstance(change, c.DeregisterTaskDefinition):
        found = state(change.task_definition, snapshot)
        return found is not None and found.get("status") == "INACTIVE"
    try:
        after = apply_to(change, snapshot)
    except ChangeError:
        if isinstance(change, _GONE):
            return True
        raise
    return state(change.target, snapshot) == state(change.target, after)


def _named(record: Record, index: int) -> Iterator[c.AnyChange]:
    """The way back of a change with the names that AWS gave in the place of those that were guessed. What
    was not made is not taken away: by now the name may be somebody else's."""
    names: dict[str, str] = dict(record.answers)
    made = record.header.plan.changes[index]
    if isinstance(made, c.RegisterTaskDefinition) and made.task_definition not in names:
        return
    version = ""
    for step, line in record.done.items():
        one = record.header.steps[step]
        if one.change == index and one.call.operation == "CreatePolicyVersion":
            version = line.answer
    for change in record.header.undo[index]:
        if isinstance(change, c.DeletePolicyVersion) and isinstance(made, c.CreatePolicyVersion):
            if not version:
                continue
            change = msgspec.structs.replace(change, version_id=version)
        yield renamed(change, names)


def renamed(change: c.AnyChange, names: dict[str, str]) -> c.AnyChange:
    """A change with other names in it."""
    if not names:
        return change
    found: c.AnyChange = msgspec.convert(replaced_in(msgspec.to_builtins(change), names), c.AnyChange)
    return found


def replaced_in(value: Any, names: dict[str, str]) -> Any:
    """Plain data in which every text that is a name of `names` is what it stands for."""
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, dict):
        return {names.get(key, key): replaced_in(one, names) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [replaced_in(one, names) for one in value]
    return value
