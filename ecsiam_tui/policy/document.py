"""Policy documents as records: parse, report what is wrong, render.

Grammar: IAM User Guide, "Grammar of the IAM JSON policy language". Parsing is tolerant: a statement that AWS
would refuse is left out and named in `problems`; what remains is evaluated. Nothing here knows what kind of
policy a document is; `lint` checks what a kind requires."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from . import json_reader

Effect = Literal["Allow", "Deny"]
CURRENT_VERSION = "2012-10-17"
OLD_VERSION = "2008-10-17"
PRINCIPAL_TYPES = ("AWS", "Service", "Federated", "CanonicalUser")

_DOCUMENT_KEYS = frozenset({"Version", "Id", "Statement"})
_STATEMENT_KEYS = frozenset(
    {
        "Sid",
        "Effect",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Principal",
        "NotPrincipal",
        "Condition",
    }
)
Path = tuple[str | int, ...]


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


def parse_document(text: str) -> PolicyDocument:
    """Parse the JSON of a policy. Never raises for bad content: text that is not JSON gives a document
    without statements and one problem; a bad statement is left out with a problem that names the place and
    the way out."""
    source = Source(text)
    try:
        data = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError) as refused:
        return PolicyDocument((), problems=(_not_json(text, str(refused)),), source=source)
    return _build(data, source)


def document_from_data(data: object) -> PolicyDocument:
    """The same for a document that is already decoded (a dict); its text is made when somebody asks for
    it."""
    return _build(data, Source(None, data))


def pretty(text: str) -> str:
    """The text itself if it has several lines, else the same JSON indented by two spaces a level."""
    return text if "\n" in text.strip() else json_reader.reindent(text)


def render(document: PolicyDocument) -> str:
    """The document as canonical JSON, two spaces a level. Statements that were left out are not in it."""
    return msgspec.json.format(msgspec.json.encode(to_data(document)), indent=2).decode()


def to_data(document: PolicyDocument) -> dict[str, Any]:
    """The document as plain data, ready for JSON, members in the order AWS shows them."""
    data: dict[str, Any] = {}
    if document.version is not None:
        data["Version"] = document.version
    if document.id is not None:
        data["Id"] = document.id
    data["Statement"] = [statement_data(statement) for statement in document.statements]
    return data


def statement_data(statement: Statement) -> dict[str, Any]:
    """A statement as plain data; a list of one is written as the string alone."""
    data: dict[str, Any] = {}
    if statement.sid:
        data["Sid"] = statement.sid
    data["Effect"] = statement.effect
    for name, principals in (("Principal", statement.principals), ("NotPrincipal", statement.not_principals)):
        if principals:
            data[name] = _principal_data(principals)
    for name, values in (
        ("Action", statement.actions),
        ("NotAction", statement.not_actions),
        ("Resource", statement.resources),
        ("NotResource", statement.not_resources),
    ):
        if values:
            data[name] = _one_or_list(values)
    if statement.conditions:
        block: dict[str, dict[str, Any]] = {}
        for condition in statement.conditions:
            block.setdefault(condition.operator, {})[condition.key] = (
                list(condition.values) if len(condition.values) != 1 else condition.values[0]
            )
        data["Condition"] = block
    return data


def _one_or_list(values: tuple[str, ...]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)


def _principal_data(principals: tuple[Principal, ...]) -> str | dict[str, Any]:
    if principals[0].type == "*":
        return "*"
    grouped: dict[str, list[str]] = {}
    for principal in principals:
        grouped.setdefault(principal.type, []).append(principal.value)
    return {kind: _one_or_list(tuple(values)) for kind, values in grouped.items()}


def _not_json(text: str, refusal: str) -> Problem:
    try:
        json_reader.read(text)
    except json_reader.JsonError as error:
        line, column = json_reader.line_and_column(text, error.offset)
        return Problem(line, column, "", error.expected, error.mend)
    # The decoder is stricter than the reader in one thing: text that cannot be encoded as UTF-8.
    return Problem(1, 1, "", f"not JSON: {refusal}", "write the document in UTF-8")


class _RefusedError(Exception):
    """A statement that AWS would refuse: path of the offending element, what was expected, how to mend it."""

    def __init__(self, path: Path, expected: str, mend: str) -> None:
        super().__init__(expected)
        self.path, self.expected, self.mend = path, expected, mend


def _build(data: object, source: Source) -> PolicyDocument:
    found: list[tuple[_RefusedError, int | None]] = []
    statements: list[Statement] = []
    if not isinstance(data, Mapping):
        bad = _RefusedError(
            (), f"expected a JSON object, found {_kind(data)}", 'write {"Version": …, "Statement": […]}'
        )
        return PolicyDocument((), problems=_problems(source, [(bad, None)]), source=source)
    found += [(_unknown_key((key,), key, _DOCUMENT_KEYS), None) for key in data if key not in _DOCUMENT_KEYS]
    version = data.get("Version")
    if version is not None and version not in (CURRENT_VERSION, OLD_VERSION):
        found.append(
            (
                _RefusedError(
                    ("Version",),
                    f"expected {CURRENT_VERSION} or {OLD_VERSION}",
                    "the date names the policy language",
                ),
                None,
            )
        )
        version = None
    raw = data.get("Statement")
    if raw is None:
        found.append((_RefusedError((), "expected the element Statement", 'add "Statement": […]'), None))
    entries = raw if isinstance(raw, list) else [] if raw is None else [raw]
    single = not isinstance(raw, list)
    for index, entry in enumerate(entries):
        path: Path = ("Statement",) if single else ("Statement", index)
        try:
            statements.append(_statement(entry, index, path, source, found))
        except _RefusedError as bad:
            found.append((bad, index))
    identifier = data.get("Id")
    return PolicyDocument(
        tuple(statements),
        version=version,
        id=identifier if isinstance(identifier, str) else None,
        problems=_problems(source, found) if found else (),
        source=source,
    )


def _statement(
    entry: object, index: int, path: Path, source: Source, found: list[tuple[_RefusedError, int | None]]
) -> Statement:
    if not isinstance(entry, Mapping):
        raise _RefusedError(
            path, f"expected a statement object, found {_kind(entry)}", 'write {"Effect": …, "Action": …}'
        )
    unknown = [key for key in entry if key not in _STATEMENT_KEYS]
    found += [(_unknown_key((*path, key), key, _STATEMENT_KEYS), None) for key in unknown]
    effect = entry.get("Effect")
    if effect not in ("Allow", "Deny"):
        # "The Effect value is case sensitive": IAM User Guide, "IAM JSON policy elements: Effect".
        given = f", found {effect!r}" if "Effect" in entry else ""
        raise _RefusedError(
            (*path, "Effect"), f'expected "Allow" or "Deny"{given}', "write the effect, case counts"
        )
    for one, other in (("Action", "NotAction"), ("Resource", "NotResource"), ("Principal", "NotPrincipal")):
        if one in entry and other in entry:
            raise _RefusedError(
                (*path, other),
                f"expected {one} or {other}, found both",
                "keep one of them",
            )
    if "Action" not in entry and "NotAction" not in entry:
        raise _RefusedError(path, "expected Action or NotAction", 'add "Action": "service:Name"')
    sid = entry.get("Sid")
    return Statement(
        index=index,
        effect=effect,
        sid=sid if isinstance(sid, str) else "" if sid is None else str(sid),
        actions=_strings(entry, "Action", path),
        not_actions=_strings(entry, "NotAction", path),
        resources=_strings(entry, "Resource", path),
        not_resources=_strings(entry, "NotResource", path),
        principals=_principals(entry, "Principal", path),
        not_principals=_principals(entry, "NotPrincipal", path),
        conditions=_conditions(entry["Condition"], (*path, "Condition")) if "Condition" in entry else (),
        source=source,
    )


def _strings(entry: Mapping[str, Any], name: str, path: Path) -> tuple[str, ...]:
    raw = entry.get(name)
    if isinstance(raw, str):
        return (raw,)
    if raw is None and name not in entry:
        return ()
    if isinstance(raw, list) and raw and all(isinstance(value, str) for value in raw):
        return tuple(raw)
    found = "an empty list" if raw == [] else _kind(raw)
    raise _RefusedError(
        (*path, name), f"expected a string or list of strings, found {found}", f"name a {name}"
    )


def _principals(entry: Mapping[str, Any], name: str, path: Path) -> tuple[Principal, ...]:
    if name not in entry:
        return ()
    raw = entry[name]
    if raw == "*":
        return (Principal("*", "*"),)
    if isinstance(raw, str):
        # Not in the grammar, and refused by AWS; what is meant is beyond doubt, so it is read as {"AWS": …}.
        return (Principal("AWS", raw),)
    if not isinstance(raw, Mapping) or not raw:
        raise _RefusedError(
            (*path, name), f'expected "*" or an object, found {_kind(raw)}', 'write {"AWS": "arn:…"}'
        )
    found: list[Principal] = []
    for kind in raw:
        if kind not in PRINCIPAL_TYPES:
            raise _unknown_key((*path, name, kind), kind, frozenset(PRINCIPAL_TYPES))
        found += [Principal(kind, value) for value in _strings(raw, kind, (*path, name))]
    return tuple(found)


def _conditions(block: object, path: Path) -> tuple[Condition, ...]:
    if not isinstance(block, Mapping):
        raise _RefusedError(
            path, f"expected an object of operators, found {_kind(block)}", 'write {"StringEquals": {…}}'
        )
    found: list[Condition] = []
    for operator, keys in block.items():
        if not isinstance(keys, Mapping):
            raise _RefusedError(
                (*path, operator), f"expected an object of keys, found {_kind(keys)}", "write {key: value}"
            )
        for key, raw in keys.items():
            values = raw if isinstance(raw, list) else [raw]
            if not all(isinstance(value, (str, bool, int, float)) for value in values):
                raise _RefusedError(
                    (*path, operator, key), f"expected strings, found {_kind(raw)}", "list the values"
                )
            found.append(Condition(operator, key, tuple(_text(value) for value in values)))
    return tuple(found)


def _text(value: str | bool | int | float) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _unknown_key(path: Path, key: object, known: frozenset[str]) -> _RefusedError:
    close = [name for name in known if name.lower() == str(key).lower().rstrip("s")]
    mend = f"write {close[0]}" if close else "it is ignored; known are " + ", ".join(sorted(known))
    return _RefusedError(path, f"unknown element {str(key)[:60]!r}", mend)


def _kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "a string"
    if isinstance(value, list):
        return "a list with something else than strings in it" if value else "an empty list"
    return "an object"


def _problems(source: Source, found: list[tuple[_RefusedError, int | None]]) -> tuple[Problem, ...]:
    text = source.text
    try:
        root = json_reader.read(text)
    except json_reader.JsonError as error:  # decoded, yet nested deeper than any policy
        root = json_reader.Node(error.offset, error.offset, "scalar", None, [])
    problems = []
    for bad, statement in found:
        line, column = json_reader.line_and_column(text, root.at(bad.path).start)
        problems.append(Problem(line, column, _where(bad.path), bad.expected, bad.mend, statement))
    return tuple(problems)


def _where(path: Path) -> str:
    out = ""
    for part in path:
        out += f"[{part}]" if isinstance(part, int) else f".{part}" if out else part
    return out


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
