"""Edits of a task definition's JSON, on what a snapshot holds of it as on what ECS sends."""

import copy
from collections.abc import Iterable
from typing import Any

from ecsiam_tui.changes.change import Edit
from ecsiam_tui.changes.looking import ChangeError

OUTPUT_ONLY = frozenset(
    {
        "taskDefinitionArn",
        "revision",
        "status",
        "requiresAttributes",
        "compatibilities",
        "registeredAt",
        "registeredBy",
        "deregisteredAt",
        "deleteRequestedAt",
    }
)
"""What DescribeTaskDefinition answers and RegisterTaskDefinition does not take (botocore's model of ECS)."""


def edited(data: dict[str, Any], edits: Iterable[Edit]) -> dict[str, Any]:
    """A copy of a task definition's JSON with some edits. Raises ChangeError for a path that is not there."""
    found: dict[str, Any] = _own(data)
    for edit in edits:
        _edit(found, edit)
    return found


def _own(value: Any) -> Any:
    """A copy that may be edited: what a snapshot holds as a tuple is a list in JSON."""
    if isinstance(value, dict):
        return {key: _own(found) for key, found in value.items()}
    if isinstance(value, (list, tuple)):
        return [_own(found) for found in value]
    return copy.deepcopy(value)


def _edit(data: dict[str, Any], edit: Edit) -> None:
    if not edit.path:
        raise ChangeError("an edit without a path would replace the whole task definition")
    at: Any = data
    for step in edit.path[:-1]:
        if isinstance(at, dict) and step not in at and isinstance(step, str):
            at[step] = {}
        at = _inside(at, step, edit)
    last = edit.path[-1]
    if edit.remove:
        if isinstance(at, dict):
            at.pop(last, None)
        else:
            gone = _inside(at, last, edit)
            if edit.named and (not isinstance(gone, dict) or gone.get("name") != edit.named):
                raise ChangeError(f"{_words(edit)} is not {edit.named}; refresh, and make the change anew")
            del at[last]
    elif isinstance(at, list) and last == len(at):
        at.append(edit.value)
    else:
        if isinstance(at, list):
            _inside(at, last, edit)
        elif not isinstance(at, dict):
            raise ChangeError(f"{_words(edit)} is not in the task definition")
        at[last] = edit.value


def _inside(at: Any, step: str | int, edit: Edit) -> Any:
    if isinstance(at, list) and isinstance(step, int) and 0 <= step < len(at):
        return at[step]
    if isinstance(at, dict) and step in at:
        return at[step]
    raise ChangeError(f"{_words(edit)} is not in the task definition; refresh, or choose another revision")


def _words(edit: Edit) -> str:
    return ".".join(map(str, edit.path))


def registrable(described: dict[str, Any], tags: list[dict[str, str]]) -> dict[str, Any]:
    """The input of RegisterTaskDefinition for what DescribeTaskDefinition answered; an empty list of tags is
    left out."""
    found = {key: value for key, value in described.items() if key not in OUTPUT_ONLY}
    return found | ({"tags": tags} if tags else {})
