"""Two policy documents compared as what they say, however they are laid out.

A text and a list of it are the same, order and repetition mean nothing in lists of actions, resources,
principals and condition values: IAM User Guide, "Grammar of the IAM JSON policy language"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import UNSET

Step = tuple[str, Any, Any]
"""Where (`.Statement[ReadOrders].Action`), what was there, what is; UNSET for nothing. Of lists what left
and what came."""


def document_changes(old: str, new: str) -> Iterator[Step]:
    """What differs between two documents. Texts that are no JSON object are compared as texts, whole."""
    left, right = decoded(old), decoded(new)
    if left is None or right is None:
        if old != new:
            yield "", old or UNSET, new or UNSET
        return
    for key in [*left, *(key for key in right if key not in left)]:
        if key == "Statement":
            yield from _statements(_list(left.get(key, [])), _list(right.get(key, [])))
        elif left.get(key, UNSET) != right.get(key, UNSET):
            yield f".{key}", left.get(key, UNSET), right.get(key, UNSET)


def decoded(text: str) -> dict[str, Any] | None:
    """The document in a text; None for what is no JSON object."""
    try:
        data = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return None
    return data if isinstance(data, dict) else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _statements(old: list[Any], new: list[Any]) -> Iterator[Step]:
    left = {number: flat(statement) for number, statement in enumerate(old)}
    right = {number: flat(statement) for number, statement in enumerate(new)}
    for before, after in list(_pairs(old, new, left, right)):
        label = _label(new[after], after)
        mine, yours = left.pop(before), right.pop(after)
        for path in [*mine, *(path for path in yours if path not in mine)]:
            gone = mine.get(path, frozenset()) - yours.get(path, frozenset())
            come = yours.get(path, frozenset()) - mine.get(path, frozenset())
            if gone or come:
                yield f".Statement[{label}].{path}", _one(gone), _one(come)
    for number in left:
        yield f".Statement[{_label(old[number], number)}]", old[number], UNSET
    for number in right:
        yield f".Statement[{_label(new[number], number)}]", UNSET, new[number]


def _pairs(
    old: list[Any],
    new: list[Any],
    left: Mapping[int, Mapping[str, frozenset[str]]],
    right: Mapping[int, Mapping[str, frozenset[str]]],
) -> Iterator[tuple[int, int]]:
    """Statements that are one: equal, of one Sid, or else those with the most in common."""
    free_old, free_new = list(left), list(right)

    def take(test: Any) -> Iterator[tuple[int, int]]:
        for before in list(free_old):
            after = next((number for number in free_new if test(before, number)), None)
            if after is not None:
                free_old.remove(before)
                free_new.remove(after)
                yield before, after

    yield from take(lambda before, after: left[before] == right[after])
    yield from take(lambda before, after: _sid(old[before]) and _sid(old[before]) == _sid(new[after]))
    common = sorted(
        (
            (-_in_common(left[before], right[after]), before, after)
            for before in free_old
            for after in free_new
            if not (_sid(old[before]) and _sid(new[after]))
        ),
    )
    for score, before, after in common:
        if score and before in free_old and after in free_new:
            free_old.remove(before)
            free_new.remove(after)
            yield before, after


def _in_common(left: Mapping[str, frozenset[str]], right: Mapping[str, frozenset[str]]) -> int:
    """How much two statements share, beside the effect, which all of one kind share."""
    if left.get("Effect") != right.get("Effect"):
        return 0
    return sum(len(left[path] & right[path]) for path in left if path != "Effect" and path in right)


def _sid(statement: Any) -> str:
    return str(statement.get("Sid") or "") if isinstance(statement, dict) else ""


def _label(statement: Any, number: int) -> str:
    return _sid(statement) or str(number + 1)


def _one(values: frozenset[str]) -> Any:
    found = sorted(values)
    return UNSET if not found else found[0] if len(found) == 1 else found


def flat(statement: Any) -> dict[str, frozenset[str]]:
    """A statement as paths (`Condition.StringEquals.aws:SourceAccount`) with the texts that stand there."""
    found: dict[str, frozenset[str]] = {}

    def enter(path: str, value: Any) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                enter(f"{path}.{key}" if path else key, inner)
        else:
            found[path] = frozenset(
                item if isinstance(item, str) else msgspec.json.encode(item).decode() for item in _list(value)
            )

    enter("", statement)
    return found
