"""Task definitions that are not registered yet, read from a file as people write them.

`parse` takes what AWS's tools take and what they give (input of RegisterTaskDefinition, the answer of
DescribeTaskDefinition, CloudFormation, container definitions alone), with the placeholders, comments and
slips that files in repositories have. What it cannot use it names, and it keeps the rest.
"""

import secrets
from pathlib import PurePath
from typing import NamedTuple

import msgspec

from ecsiam_tui.account.ecs import Service
from ecsiam_tui.account.redact import Redactor
from ecsiam_tui.account.references import Home
from ecsiam_tui.account.tasks import TaskDefinition


class DefinitionError(Exception):
    """Nothing in a file can be used. The message is one line for a person: the file, the place, the way
    out."""


class Placeholder(NamedTuple):
    """Something that a file leaves open: `text` is `<ACCOUNT_ID>`, `${VAR}`, `PLACEHOLDER`; `path` says where
    (`containerDefinitions[0].image`). Of an environment variable's value it is the placeholder alone."""

    path: str
    text: str


class Problem(NamedTuple):
    """Something that was ignored or is odd, never fatal. A message never repeats a value."""

    path: str
    message: str


class DefinitionFile(msgspec.Struct, frozen=True):
    """What a file holds. A definition that was never registered has revision 0 in an ARN made up for it."""

    definitions: tuple[TaskDefinition, ...]
    placeholders: tuple[Placeholder, ...] = ()
    problems: tuple[Problem, ...] = ()
    services: tuple[Service, ...] = ()


def parse(
    text: str | bytes, name: str = "", *, home: Home, redactor: Redactor | None = None
) -> DefinitionFile:
    """The task definitions in a text; `name` is the file's name, for messages and for a family not given.

    `home` is where they would be registered. Fingerprints of environment variables can be compared with those
    of a snapshot where `redactor` has the same key; without one they are good for this text alone.
    Raises DefinitionError where there is nothing that can be used.
    """
    redact = redactor or Redactor(secrets.token_bytes(32))
    family = PurePath(name).stem or "task"
    try:
        raw = msgspec.json.decode(text, type=dict)
        raw = {"family": family, **raw}
        raw.setdefault("taskDefinitionArn", home.arn("ecs", f"task-definition/{raw['family']}:0"))
        definition = msgspec.convert(redact.task_definition(raw), TaskDefinition, strict=False)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise DefinitionError(f"{name or 'the text'}: no task definition can be read ({error})") from error
    return DefinitionFile((definition,))
