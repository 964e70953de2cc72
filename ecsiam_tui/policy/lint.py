"""What is wrong or doubtful in a policy document, before AWS says it.

Errors are what AWS refuses to save; warnings are what does not do what it seems to; hints are what can be
shorter."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Literal

import msgspec

from . import json_reader
from .catalogue import Catalogue, load
from .conditions import parse_operator
from .document import CURRENT_VERSION, Condition, PolicyDocument, Statement
from .global_keys import GLOBAL_KEYS
from .patterns import is_universal
from .resources import stands_for_a_type

DocumentKind = Literal["identity", "inline", "trust", "resource", "boundary", "session", "scp", "rcp", "vpce"]
Level = Literal["error", "warning", "hint"]

# Characters allowed. IAM User Guide, "IAM and AWS STS quotas"; AWS Organizations User Guide, "Quotas".
# Whitespace between elements is not counted, except in SCPs and RCPs, where every character is.
SIZE_LIMITS: dict[str, int] = {
    "identity": 6144,
    "boundary": 6144,
    "inline": 10240,
    "trust": 2048,
    "session": 2048,
    "scp": 5120,
    "rcp": 5120,
}
_COUNTS_WHITESPACE = ("scp", "rcp")
_NEEDS_PRINCIPAL = ("trust", "resource", "rcp", "vpce")

# Operator families that suit the type of a condition key.
_SUITABLE: dict[str, frozenset[str]] = {
    "string": frozenset({"string", "like", "null", "arn"}),
    "arn": frozenset({"arn", "string", "like", "null"}),
    "bool": frozenset({"bool", "null", "string", "like"}),
    "numeric": frozenset({"numeric", "null"}),
    "date": frozenset({"date", "null", "numeric"}),
    "ipaddress": frozenset({"ip", "null"}),
    "binary": frozenset({"binary", "null"}),
}


class Finding(msgspec.Struct, frozen=True):
    """`line` and `column` count from 1 in the document's `text`; `code` is a stable name of the rule."""

    level: Level
    code: str
    message: str
    line: int = 1
    column: int = 1
    statement: int | None = None


def lint(document: PolicyDocument, kind: DocumentKind = "identity") -> list[Finding]:
    """Every finding, in the order of the lines."""
    found = [
        Finding(
            "error",
            "grammar",
            f"{problem.where + ': ' if problem.where else ''}{problem.expected}; {problem.mend}",
            problem.line,
            problem.column,
            problem.statement,
        )
        for problem in document.problems
    ]
    places = _Places(document)
    found += _document_findings(document, kind, places)
    catalogue = load()
    for statement in document.statements:
        line, column = places.statement(statement.index)
        for level, code, message in _statement_findings(catalogue, document, statement, kind):
            found.append(Finding(level, code, message, line, column, statement.index))
    for index, code, message in _overlaps(catalogue, document):
        line, column = places.statement(index)
        found.append(Finding("hint", code, message, line, column, index))
    return sorted(found, key=lambda finding: (finding.line, finding.column, finding.code))


class _Places:
    """Lines and columns in the text, read once."""

    def __init__(self, document: PolicyDocument) -> None:
        self._text = document.text
        try:
            self.root: json_reader.Node | None = json_reader.read(self._text)
        except json_reader.JsonError:
            self.root = None

    def at(self, offset: int) -> tuple[int, int]:
        return json_reader.line_and_column(self._text, offset)

    def statement(self, index: int) -> tuple[int, int]:
        node = self.root.child("Statement") if self.root else None
        if node is None:
            return 1, 1
        return self.at(node.at((index,)).start if node.kind == "array" else node.start)


def _document_findings(document: PolicyDocument, kind: DocumentKind, places: _Places) -> Iterator[Finding]:
    if places.root is not None:
        for offset, key in json_reader.duplicate_keys(places.root):
            line, column = places.at(offset)
            yield Finding(
                "error",
                "duplicate-key",
                f"{key!r} stands twice in one object; the last one counts",
                line,
                column,
            )
    if document.version != CURRENT_VERSION and document.statements:
        uses = "${" in document.text
        yield Finding(
            "warning",
            "version",
            f'no "Version": "{CURRENT_VERSION}"'
            + (": its ${…} are plain text, not variables" if uses else ""),
        )
    limit = SIZE_LIMITS.get(kind)
    size = counted_size(document.text, kind)
    if limit is not None and size > limit:
        yield Finding("error", "size", f"{size:,} characters, {limit:,} are allowed for this kind of policy")
    seen: dict[str, int] = {}
    for statement in document.statements:
        if statement.sid and statement.sid in seen:
            line, column = places.statement(statement.index)
            message = f"the Sid {statement.sid!r} stands twice"
            yield Finding("error", "duplicate-sid", message, line, column, statement.index)
        seen[statement.sid] = statement.index


def counted_size(text: str, kind: str) -> int:
    """The size of a document as AWS counts it for a kind of policy (see SIZE_LIMITS)."""
    if kind in _COUNTS_WHITESPACE:
        return len(text)
    # Whitespace inside strings counts.
    return len(re.sub(r'("(?:[^"\\]|\\.)*")|\s+', lambda match: match.group(1) or "", text))


_Found = tuple[Level, str, str]


def _statement_findings(
    catalogue: Catalogue, document: PolicyDocument, statement: Statement, kind: DocumentKind
) -> Iterator[_Found]:
    named = bool(statement.principals or statement.not_principals)
    if kind in _NEEDS_PRINCIPAL and not named and kind != "vpce":
        yield "error", "principal", "a policy of this kind needs a Principal"
    if kind not in _NEEDS_PRINCIPAL and named:
        yield (
            "error",
            "principal",
            "Principal has no place in a policy of this kind",
        )
    if kind not in ("trust", "resource") and not (statement.resources or statement.not_resources):
        yield "error", "resource", "expected Resource or NotResource"
    if kind == "rcp" and statement.effect == "Allow" and statement.actions != ("*",):
        yield "error", "effect", "RCPs take Deny alone"
    if statement.not_principals and statement.effect == "Allow":
        yield (
            "warning",
            "not-principal",
            "NotPrincipal with Allow lets in everybody else, anonymous or not",
        )
    yield from _action_findings(catalogue, statement)
    yield from _resource_findings(catalogue, statement)
    for condition in statement.conditions:
        yield from _condition_findings(catalogue, statement, condition, document.expands_variables)


def _action_findings(catalogue: Catalogue, statement: Statement) -> Iterator[_Found]:
    patterns = statement.actions or statement.not_actions
    for pattern in patterns:
        service, colon, name = pattern.partition(":")
        if pattern == "*" or catalogue.bits(pattern):
            continue
        if not colon:
            yield "error", "action", f"{pattern!r} is no action: write service:Name"
        elif catalogue.service(service) is None and not any(char in service for char in "*?"):
            close = difflib.get_close_matches(service.lower(), catalogue.services, 1)
            hint = f", did you mean {close[0]}" if close else ""
            yield "warning", "service", f"unknown service {service!r}{hint}"
        elif any(char in name for char in "*?"):
            yield "warning", "action-pattern", f"{pattern!r} matches no known action"
        else:
            known = catalogue.service(service)
            names = [action.name for action in known.actions] if known else []
            close = difflib.get_close_matches(pattern, names, 1, 0.7)
            hint = f", did you mean {close[0]}" if close else ""
            yield "warning", "action", f"unknown action {pattern!r}{hint}"
    for at, pattern in enumerate(patterns):
        wider = _covering(catalogue, patterns, at)
        if wider is not None:
            yield "hint", "redundant-action", f"{pattern!r} is covered by {wider!r}"


def _covering(catalogue: Catalogue, patterns: tuple[str, ...], at: int) -> str | None:
    """Another pattern of the list that matches all that this one does. Of two that match the same the later
    one, and a name rather than a pattern, is the one too many."""
    bits = catalogue.bits(patterns[at])
    own = (not _is_pattern(patterns[at]), at)
    for other_at, other in enumerate(patterns):
        wide = catalogue.bits(other)
        if other_at == at or not bits or bits & ~wide:
            continue
        if wide != bits or (not _is_pattern(other), other_at) < own:
            return other
    return None


def _is_pattern(action: str) -> bool:
    return any(char in action for char in "*?")


def _resource_findings(catalogue: Catalogue, statement: Statement) -> Iterator[_Found]:
    if not statement.resources or any(is_universal(pattern) for pattern in statement.resources):
        return
    actions = statement_bits(catalogue, statement)
    if not actions:
        return
    on = {pattern: catalogue.actions_on(pattern) for pattern in statement.resources}
    for pattern, bits in on.items():
        if not actions & bits:
            yield "warning", "resource-type", f"no action of the statement takes a resource like {pattern!r}"
    account_level = actions & catalogue.account_level_bits
    for pattern in statement.actions:
        bits = catalogue.bits(pattern)
        if bits and not bits & ~account_level and all(bits & ~taken for taken in on.values()):
            yield (
                "warning",
                "account-level",
                f'{pattern!r} supports no resource-level permission: only "*" grants it',
            )
        elif bits and not any(bits & taken for taken in on.values()):
            yield "warning", "resource-type", f"{pattern!r} takes none of the resources named"
    for pattern in statement.resources:
        if pattern.count(":") < 5:
            yield "error", "arn", f"{pattern!r} is not a whole ARN"
        elif stands_for_a_type(pattern):
            yield "error", "arn", f"{pattern!r} matches nothing: a wildcard stands for the resource type"


def statement_bits(catalogue: Catalogue, statement: Statement) -> int:
    """The actions that a statement covers, as far as the catalogue knows them."""
    bits = 0
    for pattern in statement.actions or statement.not_actions:
        bits |= catalogue.bits(pattern)
    return bits if statement.actions else catalogue.all_bits & ~bits


def _condition_findings(
    catalogue: Catalogue, statement: Statement, condition: Condition, variables: bool
) -> Iterator[_Found]:
    parsed = parse_operator(condition.operator)
    if parsed.operator is None:
        yield (
            "error",
            "operator",
            f"unknown condition operator {condition.operator!r}: the condition never holds",
        )
        return
    key = condition.key.lower()
    key_type = _key_type(catalogue, statement, key)
    if key_type is None:
        yield "warning", "condition-key", f"unknown condition key {condition.key!r}"
        return
    base = key_type.lower().removeprefix("arrayof")
    if parsed.operator.family not in _SUITABLE.get(base, _SUITABLE["string"]):
        yield (
            "warning",
            "operator-type",
            f"{condition.operator} does not suit {condition.key}, which is of type {key_type}",
        )
    many = key_type.startswith("ArrayOf")
    if many and not parsed.qualifier and parsed.operator.family != "null":
        yield (
            "warning",
            "set-operator",
            f"{condition.key} can have several values: use ForAnyValue: or ForAllValues:",
        )
    if (
        parsed.qualifier == "forallvalues"
        and statement.effect == "Allow"
        and parsed.operator.family != "null"
    ):
        guarded = any(
            other.key.lower() == key
            and parse_operator(other.operator).name == "null"
            and "false" in other.values
            for other in statement.conditions
        )
        if not guarded:
            yield (
                "warning",
                "for-all-values",
                f'it also holds without {condition.key}: add "Null": {{"{condition.key}": "false"}}',
            )
    literal = any("*" in value or "?" in value for value in condition.values)
    if parsed.operator.family == "string" and literal and "${" not in "".join(condition.values):
        yield "warning", "wildcard", f"{condition.operator} takes * and ? as characters: use StringLike"
    no_variables = variables and parsed.operator.family in ("numeric", "date", "ip", "binary", "null")
    if no_variables and any("${" in value for value in condition.values):
        yield "error", "variable", f"{condition.operator} takes no policy variables"


def _key_type(catalogue: Catalogue, statement: Statement, key: str) -> str | None:
    """The type of a condition key, None where no service of the statement has it."""
    prefix = key.partition("/")[0]
    known = GLOBAL_KEYS.get(key) or GLOBAL_KEYS.get(prefix + "/" if "/" in key else key)
    if known:
        return known
    services = {key.partition(":")[0]}
    services |= {pattern.partition(":")[0].lower() for pattern in statement.actions or statement.not_actions}
    for service in services:
        found = catalogue.condition_key(service, key)
        if found is not None:
            return found.type
    # A key of a service that the catalogue lacks, or of an identity provider, cannot be judged.
    return (
        "String" if catalogue.service(key.partition(":")[0]) is None and not key.startswith("aws:") else None
    )


def _overlaps(catalogue: Catalogue, document: PolicyDocument) -> Iterator[tuple[int, str, str]]:
    """Statements that another one makes idle."""
    bits = {id(statement): statement_bits(catalogue, statement) for statement in document.statements}
    for statement in document.statements:
        own = bits[id(statement)]
        if statement.effect != "Allow" or not own:
            continue
        for other in document.statements:
            if other is statement or own & ~bits[id(other)]:
                continue
            if not _covers(other, statement):
                continue
            same = bits[id(other)] == own and _covers(statement, other)
            if other.effect == "Deny":
                yield statement.index, "shadowed", f"everything it allows is denied by {other.label}"
                break
            if not same or other.index < statement.index:
                yield statement.index, "redundant", f"everything it allows is allowed by {other.label} too"
                break


def _covers(wide: Statement, narrow: Statement) -> bool:
    """Whether `wide` applies whenever `narrow` does, its actions left aside."""
    if wide.conditions and wide.conditions != narrow.conditions:
        return False
    if (wide.principals, wide.not_principals) != (narrow.principals, narrow.not_principals):
        return False
    if any(is_universal(pattern) for pattern in wide.resources):
        return True
    return (wide.resources, wide.not_resources) == (narrow.resources, narrow.not_resources) or (
        bool(narrow.resources) and set(narrow.resources) <= set(wide.resources)
    )
