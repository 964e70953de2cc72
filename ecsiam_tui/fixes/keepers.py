"""Who else keeps what a fix changes: infrastructure as code reverts what is changed behind its back."""

from collections.abc import Iterable

from ecsiam_tui.account.kept_as_code import keeper
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.looking import name_of

_TAGGED = (("roles", "arn"), ("policies", "arn"), ("services", "service_arn"))


def keeper_warnings(changes: Iterable[c.AnyChange], snapshot: Snapshot) -> tuple[str, ...]:
    """A sentence for everything that a tool keeps and the changes touch."""
    targets = dict.fromkeys(change.target for change in changes)
    targets |= dict.fromkeys(one.base for one in changes if isinstance(one, c.RegisterTaskDefinition))
    tags = {
        getattr(record, key): record.tags
        for field, key in (*_TAGGED, ("task_definitions", "task_definition_arn"))
        for record in getattr(snapshot, field)
        if getattr(record, key) in targets
    }
    kept = ((target, keeper(tags[target])) for target in targets if target in tags)
    return tuple(
        f"{name_of(target)} is managed by {found[0]}: a change made here will be reverted; export the patch."
        for target, found in kept
        if found is not None
    )
