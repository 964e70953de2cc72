"""Task definitions that are not registered yet, read from a file as people write them.

`parse` takes what AWS's tools take and what they give (input of RegisterTaskDefinition, the answer of
DescribeTaskDefinition, CloudFormation, container definitions alone), with the placeholders, comments and
slips that files in repositories have. What it cannot use it names, and it keeps the rest.
"""

import json
import re
import secrets
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

import msgspec

from ecsiam_tui.account.arns import parse_arn
from ecsiam_tui.account.ecs import Service
from ecsiam_tui.account.redact import Redactor
from ecsiam_tui.account.references import Home
from ecsiam_tui.account.tasks import TaskDefinition
from ecsiam_tui.ecs import definition_text, definition_yaml
from ecsiam_tui.ecs.definition_find import Found, definitions_in, what_it_is
from ecsiam_tui.ecs.definition_names import resource_names
from ecsiam_tui.ecs.definition_notes import DefinitionError, Notes, Placeholder, Problem
from ecsiam_tui.ecs.definition_scalars import clean
from ecsiam_tui.ecs.definition_service import service
from ecsiam_tui.ecs.definition_shape import Shaper, fields

__all__ = ["DefinitionError", "DefinitionFile", "Placeholder", "Problem", "parse"]

MAX_TEXT = 10_000_000
"""Characters read: Amazon ECS takes a task definition of 64 KB (its quotas), CloudFormation a template of
1 MB."""

_REGISTERED = re.compile(r"task-definition/[A-Za-z0-9_-]{1,255}:(?P<revision>\d{1,9})")
# A line that is nothing but a template's control statement, which no reader of YAML would take.
_CONTROL_LINE = re.compile(rf"(?m)^[ \t]*(?:{definition_text.CONTROL})[ \t]*$")
_BEFORE = re.compile(r"(?:\s++|//[^\n]*+|\#(?!\{)[^\n]*+|/\*(?:[^*]++|\*(?!/))*+\*/)*+")


class DefinitionFile(msgspec.Struct, frozen=True):
    """What a file holds. A definition that was never registered has revision 0 in an ARN made up for it.

    A service that is not there yet has one deployment, which holds what only deployments hold. `fragments`
    are the ARNs of definitions of which the file has the containers alone: their roles stand elsewhere.
    """

    definitions: tuple[TaskDefinition, ...]
    placeholders: tuple[Placeholder, ...] = ()
    problems: tuple[Problem, ...] = ()
    services: tuple[Service, ...] = ()
    fragments: tuple[str, ...] = ()


def parse(
    text: str | bytes, name: str = "", *, home: Home, redactor: Redactor | None = None
) -> DefinitionFile:
    """The task definitions in a text; `name` is the file's name, for messages and for a family not given.

    `home` is where they would be registered. Fingerprints of environment variables can be compared with those
    of a snapshot where `redactor` has the same key; without one they are good for this text alone.
    Paths are those of RegisterTaskDefinition's input; where a file holds several definitions, the place of
    the definition stands before. Raises DefinitionError where there is nothing that can be used.
    """
    try:
        notes, found, names = _found(text, home)
        redactor = redactor or Redactor(secrets.token_bytes(32))
        return _file(found, Shaper(notes, home, names), name, home, redactor)
    except DefinitionError as error:
        raise DefinitionError(f"{name or 'the text'}: {error}") from None


def _found(text: str | bytes, home: Home) -> tuple[Notes, list[Found], dict[str, str]]:
    """What the first way of reading finds that finds something, and the names of a template's resources."""
    start = Notes()
    text = definition_text.decoded(text, start) if isinstance(text, bytes) else text
    text = clean(text.removeprefix("\ufeff"))
    if not text.strip():
        raise DefinitionError("it is empty; write a task definition, as for aws ecs register-task-definition")
    if len(text) > MAX_TEXT:
        raise DefinitionError("it has more than 10 MB; a task definition has 64 KB at most")
    seen: list[Any] = []
    reasons: list[str] = []
    for notes, values in _readings(text, start, reasons):
        found = list(definitions_in(values, notes))
        if found:
            return notes, found, resource_names(values, home)
        seen.extend(values)
    reason = f" ({reasons[0]})" if reasons and not any(isinstance(value, dict) for value in seen) else ""
    raise DefinitionError(f"no task definition in it{reason}: {what_it_is(seen)}")


def _readings(text: str, start: Notes, reasons: list[str]) -> Iterator[tuple[Notes, list[Any]]]:
    """What the text says as JSON, as something like JSON, as YAML; `reasons` says why it is none of them."""

    def notes() -> Notes:
        fresh = Notes()
        for problem in start.problems():
            fresh.add(*problem)
        return fresh

    try:
        value = definition_text.strict(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        refusal = Problem(where, f"not JSON as the AWS CLI reads it: {error.msg}")
    else:
        yield notes(), [value]
        return
    stripped = _CONTROL_LINE.sub("", text)
    before = _BEFORE.match(stripped)
    like_json = stripped[before.end() if before else 0 :][:1] in ("{", "[")
    if like_json:
        yield _loosely(text, notes(), refusal)
        reasons.append(f"{refusal.path}: {refusal.message}")
        if len(text) > definition_yaml.MAX_TEXT:
            return
    fresh = notes()
    if stripped != text:
        fresh.add("", "a template's control statements were ignored: all their branches are read")
    try:
        values = definition_yaml.read(stripped, fresh)
    except definition_yaml.NotYamlError as error:
        reasons.append(f"no YAML: {error}")
    else:
        yield fresh, values
        if any(isinstance(value, list | dict) for value in values):
            return
    if not like_json:  # a script or a text with JSON in it, Terraform
        yield _loosely(text, notes(), refusal)


def _loosely(text: str, notes: Notes, refusal: Problem) -> tuple[Notes, list[Any]]:
    notes.add(*refusal)
    return notes, definition_text.loose(text, notes)


class _Arns:
    """The ARNs of a file's definitions: several of one family need different ones."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._latest: dict[str, int] = {}

    def has(self, arn: str) -> bool:
        return arn in self._taken

    def next(self, arn: str) -> tuple[str, int]:
        """An ARN of the same family that nothing has, and its revision."""
        family = arn.rpartition(":")[0]
        revision = self._latest[family] + 1
        return f"{family}:{revision}", revision

    def add(self, arn: str, revision: int) -> None:
        family = arn.rpartition(":")[0]
        self._taken.add(arn)
        self._latest[family] = max(revision, self._latest.get(family, 0))


def _file(found: list[Found], shaper: Shaper, name: str, home: Home, redactor: Redactor) -> DefinitionFile:
    stem = PurePath(name.replace("\\", "/")).name.split(".")[0] or "task"
    taken = _Arns()
    definitions: list[TaskDefinition] = []
    by_logical_id: dict[str, str] = {}
    fragments: list[str] = []
    for one in found:
        if one.service:
            continue
        place = one.place if len(found) > 1 else ""
        family = one.family or (f"{stem}-{len(definitions) + 1}" if definitions else stem)
        definition = _definition(one, place, family, shaper, home, redactor, taken)
        by_logical_id[one.family] = definition.task_definition_arn
        definitions.append(definition)
        if one.fragment:
            fragments.append(definition.task_definition_arn)
    services = [service(one, shaper, home, redactor, stem, by_logical_id) for one in found if one.service]
    problems = shaper.notes.problems()
    return DefinitionFile(
        tuple(definitions), shaper.placeholders, problems, tuple(services), tuple(fragments)
    )


def _definition(
    one: Found, place: str, family: str, shaper: Shaper, home: Home, redactor: Redactor, taken: _Arns
) -> TaskDefinition:
    shape = (
        shaper.record(TaskDefinition, one.raw, place, extra=frozenset({"taskDefinitionArn", "family"})) or {}
    )
    if one.tags is not None and "tags" not in shape:
        tags = shaper.value(_TAGS, one.tags, f"{place}.tags" if place else "tags", "tags")
        shape |= {"tags": tags} if isinstance(tags, dict) else {}
    if not shape.get("family"):
        shape["family"] = clean(family)
    arn, revision = _arn(shape, home)
    if taken.has(arn):
        where = f"{place}.family" if place else "family"
        shaper.notes.add(where, "another definition of this family in this file")
        arn, revision = taken.next(arn)
    taken.add(arn, revision)
    shape |= {"taskDefinitionArn": arn, "revision": revision, "latest": False}
    return msgspec.convert(redactor.task_definition(shape), TaskDefinition)


_TAGS = next(field.type for field in fields(TaskDefinition).values() if field.name == "tags")


def _arn(shape: dict[str, Any], home: Home) -> tuple[str, int]:
    """The ARN and the revision: those that were registered at home, else made up with revision 0."""
    given = parse_arn(shape.get("taskDefinitionArn", ""))
    registered = _REGISTERED.fullmatch(given.resource) if given else None
    if given and registered and (not home.account or home == (given.partition, given.region, given.account)):
        return str(given), int(registered["revision"])
    family = re.sub(r"[^A-Za-z0-9_-]+", "-", shape["family"]).strip("-")[:255] or "task"
    return home.arn("ecs", f"task-definition/{family}:0"), 0
