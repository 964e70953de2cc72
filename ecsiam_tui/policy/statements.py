"""The records of policy documents, and where in a text their statements stand."""

from __future__ import annotations

from typing import Literal

import msgspec

from . import json_reader

Effect = Literal["Allow", "Deny"]
CURRENT_VERSION = "2012-10-17"
OLD_VERSION = "2008-10-17"


class Problem(msgspec.Struct, frozen=True, gc=False):
    """Something in a document that AWS would refuse.

    `line` and `column` count from 1 in the document's `text`. `statement` is the index of the statement that
    was left out because of it, None where the problem cost no statement (or all of them)."""

    line: int
    column: int
    where: str
    expected: str
    mend: str
    statement: int | None = None

    def __str__(self) -> str:
        place = f"line {self.line}, column {self.column}"
        return f"{place}: {self.where + ': ' if self.where else ''}{self.expected}; {self.mend}"


class Principal(msgspec.Struct, frozen=True, gc=False):
    """One principal of a Principal or NotPrincipal element. `type` is AWS, Service, Federated, CanonicalUser,
    or `*` for the bare string `"*"`; `value` is as written."""

    type: str
    value: str


class Condition(msgspec.Struct, frozen=True, gc=False):
    """One key of a Condition block. `operator` is as written, qualifier and IfExists included; numbers and
    booleans among the values are written as JSON writes them."""

    operator: str
    key: str
    values: tuple[str, ...]


class Source:
    """Where a document came from. It gives text, display text and line ranges when asked, and takes no part
    in comparisons: two statements that say the same are equal wherever they stand."""

    __slots__ = ("_data", "_display", "_lines", "_text")

    def __init__(self, text: str | None, data: object = None) -> None:
        self._text = text
        self._data = data
        self._display: str | None = None
        self._lines: list[tuple[int, int]] | None = None

    @property
    def text(self) -> str:
        if self._text is None:
            self._text = msgspec.json.encode(self._data).decode()
        return self._text

    @property
    def display_text(self) -> str:
        if self._display is None:
            self._display = pretty(self.text)
        return self._display

    def lines(self, index: int) -> tuple[int, int]:
        """First and last line, from 1, of a statement in the display text; (1, 1) where it cannot be
        found."""
        if self._lines is None:
            self._lines = _statement_lines(self.display_text)
        return self._lines[index] if index < len(self._lines) else (1, 1)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Source)

    def __hash__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return "Source(…)"


class Statement(msgspec.Struct, frozen=True, gc=False):
    """One statement. Of actions/not_actions, resources/not_resources and principals/not_principals the one
    that the document does not use is empty; both are empty for resources and principals where the statement
    names none. `index` is its place in the document, from 0, counting the ones left out."""

    index: int
    effect: Effect
    sid: str = ""
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()
    principals: tuple[Principal, ...] = ()
    not_principals: tuple[Principal, ...] = ()
    conditions: tuple[Condition, ...] = ()
    source: Source = msgspec.field(default_factory=lambda: Source("{}"))

    @property
    def lines(self) -> tuple[int, int]:
        """First and last line of the statement, from 1, in the document's `display_text`."""
        return self.source.lines(self.index)

    @property
    def label(self) -> str:
        """The Sid, or `statement N` counted from 1."""
        return self.sid or f"statement {self.index + 1}"


class PolicyDocument(msgspec.Struct, frozen=True, gc=False):
    """A parsed document. `version` is None where the document names none (it then follows the 2008-10-17
    rules)."""

    statements: tuple[Statement, ...]
    version: str | None = None
    id: str | None = None
    problems: tuple[Problem, ...] = ()
    source: Source = msgspec.field(default_factory=lambda: Source("{}"))

    @property
    def text(self) -> str:
        """The JSON as it was given."""
        return self.source.text

    @property
    def display_text(self) -> str:
        """The JSON as it is shown: `text` if it has several lines, else indented by two spaces a level."""
        return self.source.display_text

    @property
    def expands_variables(self) -> bool:
        """Policy variables are expanded in version 2012-10-17 alone; elsewhere `${…}` is literal text.
        IAM User Guide, "IAM JSON policy elements: Version"."""
        return self.version == CURRENT_VERSION


def pretty(text: str) -> str:
    """The text itself if it has several lines or is not JSON, else the same JSON indented by two spaces a
    level; numbers and duplicates stay as they were written."""
    if "\n" in text.strip():
        return text
    try:
        return msgspec.json.format(text, indent=2)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return text


def _statement_lines(text: str) -> list[tuple[int, int]]:
    try:
        node = json_reader.read(text).child("Statement")
    except json_reader.JsonError:
        return []
    if node is None:
        return []
    spans = [child for _, _, child in node.items] if node.kind == "array" else [node]
    lines, line, position = [], 1, 0
    # One pass over the text however many statements there are.
    for span in spans:
        line += text.count("\n", position, span.start)
        last = line + text.count("\n", span.start, span.end)
        lines.append((line, last))
        line, position = last, span.end
    return lines
