"""The values in a text that is JSON, or nearly so.

Files in repositories are templates: values stand without quotes (`"cpu": ${cpu}`), lines control a template
engine, comments explain. Strict JSON is decoded by the standard library; the rest by a reader that takes
commas for spaces and what it does not know for text. So it reads Terraform's own language too, as far as that
is values. Both are linear in the text.
"""

import json
import re
from collections.abc import Iterable
from json import decoder
from typing import Any

from ecsiam_tui.ecs.definition_notes import MAX_DEPTH, Members, Notes, too_deep

MAX_DIGITS = 18
"""Longer numbers are kept as text: no member of a task definition is a number that long."""

# What template engines put around a name: shell, Terraform and CloudFormation; Jinja, Go, Handlebars and
# Mustache; Octopus; ERB; what people write by hand.
_TEMPLATE = (
    r"\$\{(?:[^{}]++|\{[^{}]*+\})*+\}|\{\{\{[^{}]*+\}\}\}|\{\{[^{}]*+\}\}|\#\{[^{}\n]*+\}|\$\([^()\n]*+\)|\$[A-Za-z_]\w*+"
    r"|<%=[^%\n]*+%>|<[^<>\n]*+>|%[A-Za-z_]\w*+%|@@?[A-Za-z_]\w*+@@?"
)
# With the quotes that an expression may have: `"${lookup(tags, "web")}"`.
_QUOTING = r"\$\{[^{}\n]*+\}|\{\{[^{}\n]*+\}\}|<%[^%\n]*+%>"
_WORDS = r"[^\s,;:={}\[\]\"'<>$]"
_ENDS = r"(?=[ \t]*(?:[,:;=)\]}\r\n]|//|/\*|\#|\{%|\{\{|<%|%\{|\Z)|[ \t]+(?:[\"{]|<-))"
CONTROL = (
    r"\{%[^%\n]*+(?:%(?!\})[^%\n]*+)*+%\}|<%(?!=)[^%\n]*+%>|%\{[^{}\n]*+\}"
    r"|\{\{[-~]?\s*(?:[#/^!>]|(?:else|end|if|range|with|define|block|template|include)\b)[^{}\n]*+\}\}"
)
_TOKEN = re.compile(
    rf"""
    [\s,;]*+
    (?:
    (?P<string>"(?:[^"\\]++|\\.)*+"{_ENDS}|"(?:[^"\\$\{{<]++|\\.|{_QUOTING}|[$\{{<])*+"{_ENDS})
  | (?P<colon>[:=])
  | (?P<open>\[|\{{(?![{{%]))
  | (?P<close>[\]}}])
  | (?P<end>\Z)
  | (?P<control>{CONTROL})
  | (?P<comment>//[^\n]*+|/\*(?:[^*]++|\*(?!/))*+(?:\*/|\Z)|\#(?!\{{)[^\n]*+)
  | (?P<single>'(?:[^'\\\n]++|\\.)*+'{_ENDS})
  | (?P<ticked>`[^`\n]*+`)
  | (?P<glue>'(?=[\[{{])|[fFrRbBuU]{{1,2}}(?=["'])
      |<<[-~]?[A-Z]\w*+(?=[ \t]*\r?\n)|[A-Za-z_]\w*+\(+(?=\s*[\[{{])|\)++)
  | (?P<template>(?:{_TEMPLATE})(?:{_TEMPLATE}|{_WORDS}|:(?![\s,\]}}]))*+)
  | (?P<bare>{_WORDS}(?:{_WORDS}|{_TEMPLATE})*+)
  | (?P<unclosed>["'][^\n]*+)
  | (?P<other>.)
    )
    """,
    re.VERBOSE | re.DOTALL,
)
# `name = var.own ? a : b`, `name = format("%s", a)`: an expression of Terraform's, to the end of its line.
_OPERATOR = re.compile(r"[ \t]*(?:\?[ \t]|&&|\|\||[=!<>]=|[<>+*][ \t])")
_LINE = re.compile(r"[^\n]{0,500}+(?=\n|\Z)")
# What a shell puts into a text between single quotes: `'$REGION'`, `'"$REGION"'`.
_SHELL = re.compile(r"""'(["']?)(\$(?:\w{1,200}|\{\w{1,200}\}))\1'""")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?P<fraction>\.\d+)?(?P<power>[eE][+-]?\d{1,3})?")
_CONSTANTS: dict[str, bool | None] = {
    "true": True, "false": False, "null": None, "True": True, "False": False, "None": None,
    "undefined": None, "nil": None,
}  # fmt: skip
_scan: Any = decoder.scanstring  # type: ignore[attr-defined]


def decoded(data: bytes, notes: Notes) -> str:
    """The text of a file: by its byte order mark, else UTF-8, else (where it is none) Latin-1."""
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8"),
        (b"\xff\xfe\0\0", "utf-32-le"),
        (b"\0\0\xfe\xff", "utf-32-be"),
        (b"\xff\xfe", "utf-16-le"),
        (b"\xfe\xff", "utf-16-be"),
    ):
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    if data[:2].count(0) == 1:  # UTF-16 without its mark: every other byte of ASCII is nil
        return data.decode("utf-16-be" if data[0] == 0 else "utf-16-le", "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        notes.add(f"line {line}", "not UTF-8; read as Latin-1")
        return data.decode("latin-1")


def strict(text: str) -> Any:
    """The value of a JSON text. Raises json.JSONDecodeError where it is none, DefinitionError where it is too
    deep."""
    try:
        return json.loads(text, object_pairs_hook=members, parse_int=_integer)
    except RecursionError:
        raise too_deep() from None


def members(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """An object of its members in the order written."""
    pairs = list(pairs)
    plain = dict(pairs)
    if len(plain) == len(pairs):
        return plain
    found, seen = Members(plain), set()
    doubled: dict[str, None] = {}
    for key, _ in pairs:
        if key in seen:
            doubled[key] = None
        seen.add(key)
    found.doubled = tuple(doubled)
    return found


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= MAX_DIGITS else digits


class _Loose:
    """A reading in the making: the values so far, and the lists and objects that are open."""

    def __init__(self, text: str, notes: Notes) -> None:
        self.text = text
        self.notes = notes
        self.values: list[Any] = []
        self.open: list[list[Any] | Members] = []
        self.keys: list[tuple[str, bool] | None] = []  # of each open object: its member, whether a colon came
        self.position = 0
        self._line, self._counted = 1, 0
        self._outside = False
        self._assigned = False

    @property
    def here(self) -> str:
        """The line that is reached. Counted on demand, and never twice."""
        self._line += self.text.count("\n", self._counted, self.position)
        self._counted = self.position
        return f"line {self._line}"

    def put(self, value: Any) -> None:
        """A value at the place that is reached."""
        if not self.open:
            if isinstance(value, list | dict):
                self.values.append(value)
            elif not self._outside:
                self._outside = True
                self.notes.add(self.here, "text outside of objects and lists was ignored")
            return
        top = self.open[-1]
        if isinstance(top, list):
            top.append(value)
            return
        key = self.keys[-1]
        if key is not None and (key[1] or isinstance(value, dict)):  # `name { … }` is a block of Terraform's
            if not key[1] and key[0] in top:  # … and may be there several times
                blocks = top[key[0]]
                top[key[0]] = [*blocks, value] if isinstance(blocks, list) else [blocks, value]
                self.keys[-1] = None
                return
            if key[0] in top:
                top.doubled = (*top.doubled, key[0])
            top[key[0]] = value
            self.keys[-1] = None
            return
        if key is not None:
            self.notes.add(self.here, "text without a value in an object was ignored")
        self.keys[-1] = (value, False) if isinstance(value, str) else None

    def begin(self, value: list[Any] | Members) -> None:
        """A list or an object opens."""
        if len(self.open) >= MAX_DEPTH:
            raise too_deep()
        self.put(value)
        self.open.append(value)
        self.keys.append(None)

    def end(self, kind: type) -> None:
        """A bracket closes: what is open inside of its partner ends with it."""
        if self.open and isinstance(self.open[-1], kind):
            self.pop()
            return
        if not any(isinstance(value, kind) for value in self.open):
            self.notes.add(self.here, "a closing bracket without its opening one")
            return
        while not isinstance(self.open[-1], kind):
            self.notes.add(self.here, "brackets that do not match")
            self.pop()
        self.pop()

    def pop(self) -> None:
        if self.keys.pop() is not None:
            self.notes.add(self.here, "a member without a value was ignored")
        self.open.pop()

    def colon(self, token: str) -> None:
        if self.keys and (key := self.keys[-1]) is not None:
            self.keys[-1] = (key[0], True)
            self._assigned = token == "="

    def expression(self, token: str, start: int) -> str | None:
        """The rest of the line where a member's value is an expression of Terraform's that begins there."""
        awaited = bool(self.keys) and self._assigned and self.keys[-1] is not None and self.keys[-1][1]
        if not awaited or not (_OPERATOR.match(self.text, self.position) or token.endswith("(")):
            return None
        line = _LINE.match(self.text, start)
        found = line[0].rstrip(", \t\r") if line else ""
        whole = all(found.count(a) == found.count(b) for a, b in ("{}", "[]", "()"))
        return found if whole else None


def loose(text: str, notes: Notes) -> list[Any]:
    """The objects and lists that stand in a text one after the other, whatever is between them.

    Raises DefinitionError where they are nested too deep.
    """
    text = _SHELL.sub(r"\2", text)
    reading = _Loose(text, notes)
    read = 0
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        assert kind is not None  # each way of the pattern has a name
        if match.start(kind) < read:
            continue
        token = match[kind]
        reading.position = match.end()
        if kind in ("string", "bare", "template") and (
            expression := reading.expression(token, match.start(kind))
        ):
            reading.put(f"${{{expression}}}")
            read = match.start(kind) + len(expression)
        elif kind == "string":
            reading.put(_string(token))
        elif kind == "colon":
            reading.colon(token)
        elif kind == "open":
            reading.begin([] if token == "[" else Members())
        elif kind == "close":
            reading.end(list if token == "]" else dict)
        elif kind == "template":
            reading.put(token)
        elif kind == "bare":
            reading.put(_bare(token))
        elif kind == "single" and not reading.open and token[1:2] in ("{", "["):  # an argument of a command
            reading.values += loose(token[1:-1], notes)
        elif kind == "single":
            reading.put(_string('"' + token[1:-1].replace("\\'", "'").replace('"', '\\"') + '"'))
        elif kind == "ticked":
            reading.put(token[1:-1])
        elif kind == "unclosed":
            notes.add(reading.here, "a text without its closing quote")
            reading.put(token[1:].rstrip(", \r"))
        elif kind == "control":
            notes.add(reading.here, "a template's control statement was ignored: all its branches are read")
    if reading.open:
        notes.add(reading.here, "the text ends before everything is closed")
    return reading.values


def _string(token: str) -> str:
    if "\\" not in token:
        return token[1:-1]
    try:
        text: str = _scan(token, 1, False)[0]
    except ValueError:  # an escape that JSON does not know, or quotes of a template's expression
        inner = token[1:-1].replace("\\(", "$(")  # CUE's `\(name)`
        return re.sub(r"\\(.)", r"\1", inner, flags=re.DOTALL)
    return text


def _bare(token: str) -> Any:
    if token in _CONSTANTS:
        return _CONSTANTS[token]
    number = _NUMBER.fullmatch(token)
    if number is None:
        return token
    return float(token) if number["fraction"] or number["power"] else _integer(token)
