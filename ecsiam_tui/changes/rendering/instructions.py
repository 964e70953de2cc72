"""What a declaration cannot say by itself, since it would have to say all of a thing: instructions for the
declaration that there is already, naming what to set and to what.

A task definition's environment is not known here, a service's settings are more than permissions: these are
declared by whoever declared them first.
"""

import json
from collections.abc import Iterable
from typing import Any, Protocol

import msgspec

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.looking import name_of
from ecsiam_tui.changes.rendering.quoting import one_line


class Instruction(Protocol):
    """How a form writes an instruction."""

    def __call__(self, kind: str, name: str, path: tuple[str | int, ...], value: Any) -> str: ...


class Remove(msgspec.Struct, frozen=True):
    """The value of what is to be taken away."""


class Revision(msgspec.Struct, frozen=True):
    """The value that is the ARN of the revision that the plan registers; nobody knows it yet."""

    family: str


def shown(value: Any) -> str:
    """A value on one line."""
    match value:
        case Remove():
            return "(take it away)"
        case Revision():
            return f"(the ARN of the new revision of {value.family})"
    return one_line(json.dumps(value))


def instructions(changes: Iterable[c.AnyChange], snapshot: Snapshot, write: Instruction) -> tuple[str, ...]:
    """A line or more for every change that needs one. `write` is given the kind of the resource, its name,
    the path of the attribute as ECS spells it and its value."""
    found: list[str] = []
    registered: dict[Any, Revision] = {}
    for change in changes:
        if isinstance(change, c.RegisterTaskDefinition):
            family = name_of(change.base).rpartition(":")[0]
            registered[change.task_definition] = Revision(family)
        for kind, name, path, value in _parts(change, snapshot):
            known = registered.get(value, value) if isinstance(value, str) else value
            found.append(one_line(write(kind, name, path, known)))
    return tuple(found)


def _parts(change: c.AnyChange, snapshot: Snapshot) -> list[tuple[str, str, tuple[str | int, ...], Any]]:
    match change:
        case c.RegisterTaskDefinition():
            family = name_of(change.base).rpartition(":")[0]
            return [
                ("task definition", family, _named(edit.path, change.base, snapshot), _value(edit))
                for edit in change.edits
            ]
        case c.DeregisterTaskDefinition():
            return [("task definition", name_of(change.task_definition), (), Remove())]
        case c.UpdateService():
            wanted = (
                ("taskDefinition", change.task_definition),
                ("enableExecuteCommand", change.enable_execute_command),
                ("forceNewDeployment", change.force_new_deployment or None),
            )
            name = name_of(change.service)
            return [("service", name, (key,), value) for key, value in wanted if value is not None]
        case c.UpdateClusterExec():
            path = ("configuration", "executeCommandConfiguration")
            value = Remove() if change.configuration is None else change.configuration
            return [("cluster", name_of(change.cluster), path, value)]
        case c.PutRuleTarget() | c.UpdateSchedule():
            kind = "rule" if isinstance(change, c.PutRuleTarget) else "schedule"
            target = f" target {change.target_id}" if isinstance(change, c.PutRuleTarget) else ""
            wanted_target = (
                (("target", "roleArn"), change.role),
                (("target", "ecsParameters", "taskDefinitionArn"), change.task_definition),
            )
            name = f"{name_of(change.target)}{target}"
            return [(kind, name, path, value) for path, value in wanted_target if value is not None]
    return []


def _value(edit: c.Edit) -> Any:
    return Remove() if edit.remove else edit.value


def _named(path: c.Path, base: str, snapshot: Snapshot) -> tuple[str | int, ...]:
    """A path with the container's name in the place of its number."""
    if len(path) > 1 and path[0] == "containerDefinitions" and isinstance(path[1], int):
        for found in snapshot.task_definitions:
            if found.task_definition_arn == base and path[1] < len(found.container_definitions):
                return (path[0], found.container_definitions[path[1]].name or path[1], *path[2:])
    return path
