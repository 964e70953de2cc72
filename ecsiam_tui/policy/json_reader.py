"""A JSON reader that knows where everything stands.

`msgspec` decodes policy documents; it says neither where a value stands nor, in words, what it expected. This
reader does both. It is linear in the text and keeps its own stack, so that no input can exhaust Python's. It
runs only when somebody asks for a place (the lines of a statement) or when the decoder has refused a text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from json import decoder

import msgspec

MAX_DEPTH = 64
"""Deepest nesting read. A policy needs seven levels: document, Statement, statement, Condition, operator,
key, list."""

# The standard library's own string decoder, written in C where there is a C compiler.
_scan: Callable[[str, int, bool], tuple[str, int]] = decoder.scanstring  # type: ignore[attr-defined]

_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


class JsonError(ValueError):
    """Text that is not JSON: `offset` (characters from the start), what was `expected` there and how to
    `mend` it."""

    def __init__(self, offset: int, expected: str, mend: str) -> None:
        super().__init__(expected)
        self.offset = offset
        self.expected = expected
        self.mend = mend


class Node(msgspec.Struct, gc=False):
    """A JSON value and its half-open range of characters. An object's `items` are its members in the order
    written, duplicates included; an array's have the key None."""

    start: int
    end: int
    kind: str
    value: str | int | float | bool | None
    items: list[tuple[str | None, int, Node]]

    def child(self, key: str | int) -> Node | None:
        """The member of that name (the last one, as every decoder takes it) or the element at that index."""
        if isinstance(key, int):
            return self.items[key][2] if self.kind == "array" and key < len(self.items) else None
        found = None
        for name, _, node in self.items:
            if name == key:
                found = node
        return found

    def at(self, path: Sequence[str | int]) -> Node:
        """The deepest value that exists along the path: where to point for an error about it."""
        node = self
        for key in path:
            child = node.child(key)
            if child is None:
                return node
            node = child
        return node


def read(text: str) -> Node:
    """Read one JSON value and say where each of its parts stands.

    Raises JsonError with the first place that is not JSON, or that is nested deeper than MAX_DEPTH.
    """
    position = _skip(text, 0)
    if position == len(text):
        raise JsonError(position, "expected a JSON object, found nothing", "the document is empty: write {…}")
    root, position = _open_value(text, position)
    stack = [root] if root.kind in ("object", "array") else []
    while stack:
        top = stack[-1]
        position = _skip(text, position)
        closer = "}" if top.kind == "object" else "]"
        if text.startswith(closer, position):
            position += 1
            top.end = position
            stack.pop()
            continue
        if top.items:
            if not text.startswith(",", position):
                raise _unexpected(text, position, f"',' or '{closer}'", "separate the entries with a comma")
            position = _skip(text, position + 1)
            if text.startswith(closer, position):
                raise _unexpected(text, position, "another entry after ','", "remove the comma before it")
        key, key_start = None, position
        if top.kind == "object":
            key, position = _key(text, position)
        node, position = _open_value(text, position)
        top.items.append((key, key_start, node))
        if node.kind in ("object", "array"):
            if len(stack) >= MAX_DEPTH:
                raise JsonError(
                    node.start,
                    f"nested deeper than {MAX_DEPTH} levels",
                    "a policy needs 7 levels",
                )
            stack.append(node)
    position = _skip(text, position)
    if position != len(text):
        raise _unexpected(text, position, "the end of the document", "remove what follows the closing brace")
    return root


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Line and column, both counted from 1, of a character offset."""
    line = text.count("\n", 0, offset) + 1
    return line, offset - text.rfind("\n", 0, offset)


def duplicate_keys(root: Node) -> list[tuple[int, str]]:
    """Offset and name of each member that an earlier one of the same object already named."""
    found: list[tuple[int, str]] = []
    stack = [root]
    while stack:
        node = stack.pop()
        seen: set[str | None] = set()
        for key, start, child in node.items:
            if key is not None and key in seen:
                found.append((start, key))
            seen.add(key)
            stack.append(child)
    return sorted(found)


def _skip(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _key(text: str, position: int) -> tuple[str, int]:
    if not text.startswith('"', position):
        mend = (
            "write the name in double quotes"
            if text[position : position + 1]
            else "close the object with '}'"
        )
        raise _unexpected(text, position, "a name in double quotes or '}'", mend)
    key, position = _string(text, position)
    position = _skip(text, position)
    if not text.startswith(":", position):
        raise _unexpected(text, position, f"':' after \"{key[:40]}\"", "put a colon between name and value")
    return key, _skip(text, position + 1)


def _string(text: str, position: int) -> tuple[str, int]:
    try:
        return _scan(text, position + 1, True)
    except ValueError as error:
        offset = getattr(error, "pos", position)
        if "Unterminated" in str(error):
            raise JsonError(position, "this string has no closing quote", 'end it with "') from None
        if "control character" in str(error):
            raise JsonError(
                offset, "a line break or control character inside a string", "write it as \\n or \\u00XX"
            ) from None
        raise JsonError(offset, "an escape that JSON does not know", "write \\\\ for a backslash") from None


def _open_value(text: str, position: int) -> tuple[Node, int]:
    """A scalar with its end, or an object or array of which only the opening has been read."""
    first = text[position : position + 1]
    if first == '"':
        value, end = _string(text, position)
        return Node(position, end, "scalar", value, []), end
    if first in ("{", "["):
        return Node(position, position + 1, "object" if first == "{" else "array", None, []), position + 1
    word = _WORD.match(text, position)
    if word:
        if word.group() in _CONSTANTS:
            return Node(position, word.end(), "scalar", _CONSTANTS[word.group()], []), word.end()
        shown = word.group()[:40]
        if shown in ("NaN", "Infinity"):
            raise JsonError(position, f"{shown} is not JSON", "write the number, or a string")
        raise JsonError(position, f"expected a value, found {shown}", "write text in double quotes")
    if text.startswith("-Infinity", position):
        raise JsonError(position, "-Infinity is not JSON", "JSON has no such number")
    number = _NUMBER.match(text, position)
    if number and number.end() > position:
        written = number.group()
        # A number of thousands of digits is refused by int(); a float is close enough for a place in a text.
        value_ = int(written) if written.lstrip("-").isdigit() and len(written) < 4000 else float(written)
        return Node(position, number.end(), "scalar", value_, []), number.end()
    raise _unexpected(text, position, "a value", "write a string, number, true, false, null, {…} or […]")


def _unexpected(text: str, position: int, expected: str, mend: str) -> JsonError:
    found = repr(text[position]) if position < len(text) else "the end of the text"
    return JsonError(position, f"expected {expected}, found {found}", mend)
