"""How `needs` writes what it found: for people, as JSON, as policies."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from ecsiam_tui.account.arns import short_name
from ecsiam_tui.account.text import visible
from ecsiam_tui.cli.ask.layout import Line
from ecsiam_tui.cli.errors import CommandError

if TYPE_CHECKING:
    from ecsiam_tui.ecs.definition_file import Placeholder
    from ecsiam_tui.ecs.requirement import Judged


class Asked(NamedTuple):
    """What is asked about, answered. `placeholders` are what a file leaves open; `account` the account id,
    empty where there is none; `verified` whether policies were asked."""

    judged: tuple[Judged, ...]
    placeholders: tuple[Placeholder, ...] = ()
    account: str = ""
    verified: bool = True


def of_kind(judged: tuple[Judged, ...], kind: str) -> tuple[Judged, ...]:
    """Only what is asked of one kind of role. Raises CommandError where there is nothing."""
    found = tuple(one for one in judged if one.requirement.role_kind == kind)
    if not found:
        kinds = dict.fromkeys(one.requirement.role_kind for one in judged)
        raise CommandError(f"nothing is asked of a role of kind {kind!r}; of {', '.join(kinds) or 'none'}")
    return found


def say_placeholders(asked: Asked) -> None:
    """What a file leaves open, on standard error."""
    for placeholder in asked.placeholders:
        print(visible(f"unresolved: {placeholder.path}: {placeholder.text}"), file=sys.stderr)


def policies_of(asked: Asked, role_kind: str | None) -> object:
    """Least-privilege policies by role kind; of one kind the document alone."""
    from ecsiam_tui.ecs.least_privilege import policies

    found = policies((one.requirement for one in asked.judged), asked.account)
    left_out = [one.requirement for one in asked.judged if one.requirement.necessity == "optional"]
    for requirement in left_out:
        what = f"{requirement.action} on {requirement.resource}: {requirement.why}"
        print(visible(f"left out, add it if it is so: {what}"), file=sys.stderr)
    if role_kind:
        return next(iter(found.values()), {"Version": "2012-10-17", "Statement": []})
    return found


def as_data(judged: Judged, placeholders: tuple[Placeholder, ...]) -> dict[str, object]:
    """A requirement as JSON tells it."""
    asked = judged.requirement
    texts = dict.fromkeys(placeholder.text for placeholder in placeholders if placeholder.text)
    if asked.open:
        texts.setdefault(asked.open)
    names = (asked.resource, asked.principal, asked.open)
    return {
        "role_kind": asked.role_kind,
        "action": asked.action,
        "resource": asked.resource,
        "context": asked.context,
        "status": judged.status,
        "why": asked.why,
        "source": asked.source,
        "role": asked.resource if asked.id == "TRUST" else asked.principal,
        "principal": asked.principal,
        "necessity": asked.necessity,
        "note": judged.note,
        "id": asked.id,
        "subject": asked.subject,
        "unresolved": [text for text in texts if any(text in name for name in names)],
    }


_MARKS = {"met": "✓ met", "missing": "✗ missing", "depends": "◐ depends", "unknown": "? unknown"}
_TEXT = 15
"""The column in which texts begin."""


def lines(asked: Asked) -> Iterator[Line]:
    """What a person reads."""
    from ecsiam_tui.ecs.judge import KIND_WORDS
    from ecsiam_tui.ecs.requirement import STATUSES

    if not asked.judged:
        yield "nothing is asked of any role"
        return
    groups: dict[tuple[str, str, str], list[Judged]] = {}
    for one in asked.judged:
        role = one.requirement.resource if one.requirement.id == "TRUST" else one.requirement.principal
        groups.setdefault((one.requirement.subject, one.requirement.role_kind, role), []).append(one)
    subject = ""
    for (about, kind, role), members in groups.items():
        if about != subject:
            yield from ([""] if subject else [])
            yield short_name(about)
            subject = about
        yield f"  {KIND_WORDS[kind]}  {short_name(role) if role else 'none is given'}"
        members.sort(key=lambda one: STATUSES.index(one.status))
        for alike in _alike(members):
            yield from _requirement_lines(alike, verified=asked.verified)
    yield ""
    yield _summary(asked)


def _alike(members: list[Judged]) -> Iterable[list[Judged]]:
    """Requirements that differ in their action alone, together."""
    groups: dict[tuple[str, ...], list[Judged]] = {}
    for one in members:
        needed = one.requirement
        key = (one.status, one.note, needed.resource, needed.why, needed.necessity, needed.source)
        groups.setdefault(key, []).append(one)
    return groups.values()


def _requirement_lines(alike: list[Judged], *, verified: bool) -> Iterator[Line]:
    one, needed = alike[0], alike[0].requirement
    mark = _MARKS[one.status]
    if one.status == "missing" and needed.necessity != "required":
        mark = f"· {needed.necessity}"
    elif one.status == "unknown" and not verified:
        mark = f"· {'needed' if needed.necessity == 'required' else needed.necessity}"
    actions = ", ".join(other.requirement.action for other in alike)
    what = "to be assumable" if needed.id == "TRUST" else f"{actions} on {needed.resource}"
    note = f"  ({one.note})" if one.note else ""
    yield (f"    {mark:<10} {what}", _TEXT)
    yield (f"{'':<{_TEXT}}{needed.why}{note}", _TEXT)
    yield (f"{'':<{_TEXT}}{needed.source}", _TEXT)


def _summary(asked: Asked) -> str:
    if not asked.verified:
        count = len(asked.judged)
        return f"{count} needed; no account was asked: --live, --snapshot FILE or --demo checks the roles"
    counts = {status: sum(one.status == status for one in asked.judged) for status in _MARKS}
    return ", ".join(f"{count} {status}" for status, count in counts.items() if count)
