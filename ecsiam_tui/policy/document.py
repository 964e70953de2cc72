"""Policy documents: parse, report what is wrong, render.

Grammar: IAM User Guide, "Grammar of the IAM JSON policy language". Parsing is tolerant: a statement that AWS
would refuse is left out and named in `problems`; what remains is evaluated. Nothing here knows what kind of
policy a document is; `lint` checks what a kind requires."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from . import json_reader
from .rendering import render, statement_data, to_data
from .statements import (
    CURRENT_VERSION,
    OLD_VERSION,
    Condition,
    Effect,
    PolicyDocument,
    Principal,
    Problem,
    Source,
    Statement,
    pretty,
)

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


__all__ = [
    "CURRENT_VERSION",
    "OLD_VERSION",
    "Condition",
    "Effect",
    "PolicyDocument",
    "Principal",
    "Problem",
    "Source",
    "Statement",
    "document_from_data",
    "parse_document",
    "pretty",
    "render",
    "statement_data",
    "to_data",
]
