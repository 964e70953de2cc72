"""What `diff` writes for people: things, permissions, requirements and findings, names first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET

from ecsiam_tui.account.arns import short_name
from ecsiam_tui.account.text import visible
from ecsiam_tui.cli.ask.layout import Line, columns, wrapped
from ecsiam_tui.cli.output import write
from ecsiam_tui.ecs.judge import KIND_WORDS
from ecsiam_tui.policy.access import count_levels

if TYPE_CHECKING:
    from ecsiam_tui.account.difference import Change, FieldChange
    from ecsiam_tui.cli.diff import Compared
    from ecsiam_tui.findings.effect import FindingChanges, PrincipalChange, RequirementChange
    from ecsiam_tui.findings.finding import Finding
    from ecsiam_tui.workspace import Workspace

WIDEST = 100
"""Columns of a line at most."""
MOST_FIELDS = 12
MOST_SERVICES = 6
MOST_ACTIONS = 6
MOST_SCOPES = 5
MOST_LINES = 30
LONGEST = 240
"""Characters of a value that are shown."""

SIGNS = {"added": "+", "removed": "-", "changed": "~"}
_KINDS = {
    "account": "account",
    "gaps": "not read",
    "keys": "KMS keys",
    "instances": "EC2 instances",
    "managed_nodes": "external instances",
    "missing": "does not exist",
    "rules": "EventBridge rules",
    "functions": "Lambda functions",
}


def write_report(lines: Iterable[Line]) -> None:
    """Print the lines, none wider than the terminal or WIDEST columns where it can be broken."""
    width = min(columns(), WIDEST)
    found: list[str] = []
    for line in lines:
        text, hanging = line if isinstance(line, tuple) else (line, 6)
        found += wrapped(visible(text), hanging, width)
    write("\n".join(found))


def report(
    found: Compared, before: Workspace, after: Workspace, *, names: tuple[str, str], full: bool = False
) -> Iterator[Line]:
    """The lines of a comparison; `full` leaves nothing out."""
    snapshot = after.snapshot
    account = f"{snapshot.account_alias or 'account'} {snapshot.account_id}"
    for word, name, side in zip(("before", "after"), names, (before, after), strict=True):
        yield f"{word:<7} {side.snapshot.taken_at:%Y-%m-%d %H:%M} UTC  {name}", 8
    if found.is_same:
        yield f"{account}: nothing differs"
        return
    counts = found.things.counts
    yield ""
    yield f"{account}  " + "  ".join(f"{SIGNS[what]}{count} {what}" for what, count in counts.items())
    if not found.things.same_key:
        yield "redacted with two keys: whether values of variables changed is not known"
    yield from _things(found.things.changes, full=full)
    yield from _permissions(found.permissions, full=full)
    yield from _requirements(found.requirements, before, after, full=full)
    yield from _findings(found.findings, before, after)


def _things(changes: tuple[Change, ...], *, full: bool) -> Iterator[Line]:
    kind = ""
    for change in changes:
        if change.kind != kind:
            kind = change.kind
            yield ""
            yield _KINDS.get(kind, kind.replace("_", " ")).upper()
        yield from _thing(change, full=full)


def _thing(change: Change, *, full: bool) -> Iterator[Line]:
    notes = []
    if change.compared_with:
        same = "" if change.fields else ", the same"
        notes.append(f"against {change.compared_with}{same}")
    if not change.certain:
        side = "before" if change.what == "added" else "after"
        notes.append(f"perhaps: not everything was read {side}")
    note = f"  ({'; '.join(notes)})" if notes else ""
    yield f"  {SIGNS[change.what]} {change.name}{note}"
    shown = change.fields if full else change.fields[:MOST_FIELDS]
    for field in shown:
        yield from _field(field, full=full)
    if len(change.fields) > len(shown):
        yield f"      and {len(change.fields) - len(shown)} more fields (--full shows all)"


def _field(field: FieldChange, *, full: bool) -> Iterator[Line]:
    if field.hidden:
        yield f"      {field.path}  the value is another", 8
        return
    if field.unread:
        side = "before" if field.unread == "old" else "after"
        yield f"      {field.path}  not read {side}", 8
        return
    old, new = _value(field.old, full=full), _value(field.new, full=full)
    if len(field.path) + len(old) + len(new) < WIDEST - 16:
        sides = "  ".join(f"{sign} {text}" for sign, text in (("-", old), ("+", new)) if text)
        yield f"      {field.path}  {sides}", 8
        return
    yield f"      {field.path}", 8
    for sign, text in (("-", old), ("+", new)):
        if text:
            yield f"        {sign} {text}", 10


def _value(value: Any, *, full: bool) -> str:
    if value is UNSET:
        return ""
    if isinstance(value, str):
        text = value or '""'
    elif isinstance(value, list) and all(isinstance(item, str) for item in value):
        text = ", ".join(value)
    else:
        text = msgspec.json.encode(value).decode().replace('","', '", "').replace(',"', ', "')
    return text if full or len(text) <= LONGEST else text[:LONGEST] + " …"


def _permissions(changes: tuple[PrincipalChange, ...], *, full: bool) -> Iterator[Line]:
    if not changes:
        return
    yield ""
    yield "PERMISSIONS"
    for change in changes:
        found = change.access
        counts = [
            f"{sign}{len(names):,}"
            for sign, names in (("+", found.added), ("-", found.removed), ("~", found.changed))
            if names
        ]
        title = f"{SIGNS[change.what]} {short_name(change.principal)}"
        yield f"  {title}  {' '.join(counts) + ' actions' if counts else 'trust policy alone'}"
        yield from (f"      incomplete without {text}" for text in change.unread)
        yield from _actions("+", found.added, full=full)
        yield from _actions("-", found.removed, full=full)
        shown = found.changed if full else found.changed[:MOST_SCOPES]
        for name, old, new in shown:
            yield f"      ~ {name}", 10
            for sign, scopes, others in (("-", old, new), ("+", new, old)):
                yield from ((f"          {sign} {text}", 12) for text in scopes if text not in others)
        if len(found.changed) > len(shown):
            yield f"      ~ and {len(found.changed) - len(shown):,} more on other resources or conditions"
        yield from ((f"      may be assumed by  + {text}", 10) for text in change.let_in)
        yield from ((f"      may be assumed by  - {text}", 10) for text in change.shut_out)


def _actions(sign: str, names: tuple[str, ...], *, full: bool) -> Iterator[Line]:
    if not names:
        return
    if full or len(names) <= MOST_ACTIONS:
        yield f"      {sign} {', '.join(names)}", 8
        return
    services = count_levels(names)
    for service, levels in list(services.items())[:MOST_SERVICES]:
        yield (
            f"      {sign} {service}  {'  '.join(f'{level} {count:,}' for level, count in levels.items())}",
            8,
        )
    rest = [sum(levels.values()) for levels in services.values()][MOST_SERVICES:]
    if rest:
        yield f"      {sign} and {len(rest)} more services: {sum(rest):,} actions"


_GLYPHS = {"missing": "✗", "unknown": "?", "depends": "▲", "met": "✓"}


def _requirements(
    changes: tuple[RequirementChange, ...], before: Workspace, after: Workspace, *, full: bool
) -> Iterator[Line]:
    if not changes:
        return
    worse = [change for change in changes if change.is_worse]
    better = [change for change in changes if change.is_better]
    met = sum(change.before is None and change.after == "met" for change in changes)
    gone = sum(change.before == "met" and change.after is None for change in changes)
    yield ""
    yield (
        f"REQUIREMENTS  {len(worse)} worse  {len(better)} better"
        f"  {met} new and met  {gone} met and no longer asked for"
    )
    for title, part in (("worse", worse), ("better", better)):
        shown = part if full else part[:MOST_LINES]
        for change in shown:
            yield from _requirement(change, before, after)
        if len(part) > len(shown):
            yield f"  and {len(part) - len(shown)} more {title} (--full shows all)"


def _requirement(change: RequirementChange, before: Workspace, after: Workspace) -> Iterator[Line]:
    asked = change.judged.requirement
    role = f" {short_name(asked.principal)}" if asked.principal else ""
    glyph = _GLYPHS[change.after] if change.after else "-"
    now = change.after or "no longer asked for"
    was = f"was {change.before}" if change.before else "new"
    subject = _title(change.subject, after, before)
    yield f"  {glyph} {now}  {subject}  {KIND_WORDS[change.role_kind]}{role}  ({was})", 4
    yield f"      {change.action} on {change.resource}", 8
    if change.judged.note and change.after not in (None, "met"):
        yield f"      {change.judged.note}", 8


def _findings(found: FindingChanges, before: Workspace, after: Workspace) -> Iterator[Line]:
    if not (found.new or found.resolved or found.graded):
        return
    yield ""
    yield f"FINDINGS  +{len(found.new)} new  -{len(found.resolved)} resolved  {len(found.still)} still"
    for sign, findings, side in (("+", found.new, after), ("-", found.resolved, before)):
        for finding in findings:
            yield from _finding(sign, finding, side)
    for then, now in found.graded:
        yield from _finding("~", now, after, f"  (was {then.severity.word})")


def _finding(sign: str, finding: Finding, side: Workspace, note: str = "") -> Iterator[Line]:
    severity = f"{finding.severity.glyph} {finding.severity.word}"
    yield f"  {sign} {severity}  {finding.rule}  {_title(finding.node, side)}{note}", 4
    if sign != "-":
        yield f"      {finding.summary}", 8


def _title(node: str, *sides: Workspace) -> str:
    """A node's name in the first snapshot that has it."""
    for side in sides:
        known = side.estate.get(node)
        if known is not None:
            return known.title
    return short_name(node)
