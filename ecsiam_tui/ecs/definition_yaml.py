"""The values in a YAML text, with the short tags of CloudFormation.

Values are built from the parser's events, not by its constructors: these run any depth, any number of aliases
and any tag.
"""

import re
from typing import Any

from ecsiam_tui.ecs.definition_notes import MAX_DEPTH, DefinitionError, Members, Notes, too_deep

MAX_TEXT = 1_048_576
"""Characters of YAML read: CloudFormation takes templates of 1 MB at most (its quotas)."""

MAX_NODES = 1_000_000
"""Values that a text may stand for, aliases counted each time."""

_INTEGER = re.compile(r"[-+]?(?:0|[1-9]\d{0,17})")
_FLOAT = re.compile(r"[-+]?\d{1,18}\.\d{1,18}")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("true", "True", "TRUE", "yes", "Yes", "on", "On"), True),
    **dict.fromkeys(("false", "False", "FALSE", "no", "No", "off", "Off"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}
_LONG_NAMES = {"!Ref": "Ref", "!Condition": "Condition"}


class NotYamlError(Exception):
    """A text that is not YAML; the message says where, if the parser knows."""


class _Builder:
    """Values in the making. Sizes count aliases, so that no text stands for more than can be walked."""

    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self.documents: list[Any] = []
        self.open: list[tuple[list[Any] | Members, str | None, str | None, int]] = []
        self.keys: list[Any] = []
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.nodes = 0

    def put(self, value: Any, tag: str | None) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise DefinitionError(
                f"stands for more than {MAX_NODES:,} values; write aliases out where needed"
            )
        value = _tagged(tag, value)
        if not self.open:
            self.documents.append(value)
            return
        top = self.open[-1][0]
        if isinstance(top, list):
            top.append(value)
        elif self.keys[-1] is _NO_KEY:
            self.keys[-1] = value if isinstance(value, str) else _key(value)
        else:
            key, self.keys[-1] = self.keys[-1], _NO_KEY
            self._member(top, key, value)

    def _member(self, top: Members, key: str, value: Any) -> None:
        if key == "<<":
            for merged in value if isinstance(value, list) else [value]:
                if isinstance(merged, dict):
                    for name, inherited in merged.items():
                        top.setdefault(name, inherited)
            return
        if key in top:
            top.doubled = (*top.doubled, key)
        top[key] = value

    def begin(self, value: list[Any] | Members, tag: str | None, anchor: str | None) -> None:
        if len(self.open) >= MAX_DEPTH:
            raise too_deep()
        self.open.append((value, tag, anchor, self.nodes))
        self.keys.append(_NO_KEY)

    def end(self) -> None:
        value, tag, anchor, before = self.open.pop()
        self.keys.pop()
        if anchor:
            self.anchors[anchor] = (value, self.nodes - before)
        self.put(value, tag)

    def alias(self, name: str) -> None:
        value, size = self.anchors.get(name, (None, 0))
        self.nodes += size
        self.put(value, None)


_NO_KEY = object()


def read(text: str, notes: Notes) -> list[Any]:
    """The values of a YAML text's documents.

    Raises NotYamlError where it is none, DefinitionError where it is too large, too deep or an endless alias.
    """
    import yaml  # here, for it takes its time and few files need it

    if len(text) > MAX_TEXT:
        raise DefinitionError("YAML of more than 1 MB: CloudFormation takes no such template; split it")
    builder = _Builder(notes)
    try:
        for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            if isinstance(event, yaml.ScalarEvent):
                plain = event.style is None and event.tag is None
                value = _scalar(event.value) if plain else event.value
                if event.anchor:
                    builder.anchors[event.anchor] = (value, 1)
                builder.put(value, event.tag)
            elif isinstance(event, yaml.SequenceStartEvent):
                builder.begin([], event.tag, event.anchor)
            elif isinstance(event, yaml.MappingStartEvent):
                builder.begin(Members(), event.tag, event.anchor)
            elif isinstance(event, yaml.CollectionEndEvent):
                builder.end()
            elif isinstance(event, yaml.AliasEvent):
                builder.alias(event.anchor)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise NotYamlError(f"{where}{error.problem}") from None
    except yaml.YAMLError:
        raise NotYamlError("it has characters that YAML does not allow") from None
    return builder.documents


def _key(value: Any) -> str:
    return "null" if value is None else str(value) if isinstance(value, bool | int | float) else "?"


def _scalar(text: str) -> Any:
    """A plain scalar as YAML 1.1 reads it, save for dates and for numbers that are not decimal (a port
    mapping `22:22`, an account `012345678901`), which stay text."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _tagged(tag: str | None, value: Any) -> Any:
    """`!Sub x` as `{"Fn::Sub": "x"}`; `!GetAtt A.Arn` likewise. AWS CloudFormation User Guide, "Intrinsic
    function reference"."""
    if tag is None or not tag.startswith("!") or tag == "!":
        return value
    return Members({_LONG_NAMES.get(tag, f"Fn::{tag[1:]}"): value})
