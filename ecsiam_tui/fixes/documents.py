"""Policy documents that are edited: what a recipe does not touch stays as it is written, in its order."""

import copy
import json
from collections.abc import Callable, Iterable
from typing import Any

VERSION = "2012-10-17"
Statement = dict[str, Any]


def load(text: str) -> dict[str, Any]:
    """A stored document as JSON; an unreadable one is as good as none."""
    try:
        found = json.loads(text)
    except ValueError:
        return empty()
    return found if isinstance(found, dict) else empty()


def dump(document: dict[str, Any]) -> str:
    """A document as it is written: two spaces, in the order it has."""
    return json.dumps(document, indent=2, ensure_ascii=False)


def empty() -> dict[str, Any]:
    """A document without statements."""
    return {"Version": VERSION, "Statement": []}


def of(*statements: Statement) -> dict[str, Any]:
    """A document of some statements."""
    return {"Version": VERSION, "Statement": list(statements)}


def statements(document: dict[str, Any]) -> list[Statement]:
    """The statements of a document; IAM takes a single one without a list, too."""
    found = document.get("Statement", [])
    return [found] if isinstance(found, dict) else list(found)


def with_statements(document: dict[str, Any], found: Iterable[Statement]) -> dict[str, Any]:
    """The document with other statements."""
    return {**document, "Statement": list(found)} if document else of(*found)


def replace(
    document: dict[str, Any], index: int, make: Callable[[Statement], Iterable[Statement]]
) -> dict[str, Any]:
    """The document with what is made of its statement at `index` (from 0) in its place; nothing takes it
    out."""
    found: list[Statement] = []
    for number, statement in enumerate(statements(document)):
        found += make(copy.deepcopy(statement)) if number == index else [statement]
    return with_statements(document, found)


def added(document: dict[str, Any], new: Iterable[Statement]) -> dict[str, Any]:
    """The document with statements at its end, those that are there already left out; Sids stay unique."""
    found = statements(document)
    taken = {str(one["Sid"]) for one in found if "Sid" in one}
    for statement in new:
        bare = {key: value for key, value in statement.items() if key != "Sid"}
        if any({key: value for key, value in one.items() if key != "Sid"} == bare for one in found):
            continue
        if "Sid" in statement:
            sid = unique(str(statement["Sid"]), taken)
            taken.add(sid)
            statement = {**statement, "Sid": sid}
        found.append(statement)
    return with_statements(document, found)


def unique(name: str, taken: Iterable[str]) -> str:
    """A name that is not taken, letters' case aside: with a number at its end where need be."""
    known = {one.lower() for one in taken}
    stem, number = name.rstrip("0123456789") or name, 2
    found = name
    while found.lower() in known:
        found, number = f"{stem}{number}", number + 1
    return found


def as_list(value: Any) -> list[Any]:
    """A value that IAM takes alone or in a list, as a list."""
    return list(value) if isinstance(value, list) else [value]


def plain(values: list[Any]) -> Any:
    """The reverse: one value alone."""
    return values[0] if len(values) == 1 else values


def without_principals(statement: Statement, kind: str, gone: Iterable[str]) -> list[Statement]:
    """The statement without some principals of a kind (`Service`, `AWS`); none where nobody is left."""
    lost = set(gone)
    named = statement.get("Principal")
    if named == "*":
        return [] if "*" in lost else [statement]
    if not isinstance(named, dict) or kind not in named:
        return [statement]
    left = [value for value in as_list(named[kind]) if value not in lost]
    if len(left) == len(as_list(named[kind])):
        return [statement]
    kept = {key: value for key, value in named.items() if key != kind}
    if left:
        value = left if isinstance(named[kind], list) and len(left) > 1 else plain(left)
        kept = {key: value if key == kind else named[key] for key in named}
    return [{**statement, "Principal": kept}] if kept else []


def with_condition(statement: Statement, operator: str, key: str, value: Any) -> Statement:
    """The statement with a further condition; one with the same operator and key is replaced."""
    condition: dict[str, Any] = copy.deepcopy(statement.get("Condition", {}))
    tests = {
        name: found for name, found in condition.get(operator, {}).items() if name.lower() != key.lower()
    }
    condition[operator] = {**tests, key: value}
    return {**statement, "Condition": condition}


def without_conditions(statement: Statement, keys: Iterable[str]) -> Statement:
    """The statement without conditions on some keys (lower case)."""
    lost = set(keys)
    left = {
        operator: {key: value for key, value in tests.items() if key.lower() not in lost}
        for operator, tests in statement.get("Condition", {}).items()
    }
    left = {operator: tests for operator, tests in left.items() if tests}
    bare = {key: value for key, value in statement.items() if key != "Condition"}
    return {**bare, "Condition": left} if left else bare
