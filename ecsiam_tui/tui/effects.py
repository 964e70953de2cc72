"""What a plan or a change does, in words with colours."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from ecsiam_tui.account.arns import short_name
from ecsiam_tui.ecs.judge import KIND_WORDS
from ecsiam_tui.findings.effect import PrincipalChange, RequirementChange
from ecsiam_tui.findings.finding import Finding, Severity
from ecsiam_tui.policy.access import count_levels
from ecsiam_tui.tui.judged import STATUS_WORDS, severity_tone
from ecsiam_tui.tui.pictures import Painter
from ecsiam_tui.workspace import Effect, Workspace

MOST = 12
"""Lines of each kind that are shown; more are counted."""

Title = Callable[[str], str]


class Piece(NamedTuple):
    """A part of a line with its tone."""

    text: str
    tone: str = "plain"


def headline(effect: Effect) -> list[Piece]:
    """The effect in a few pieces: `✗ −3 ▲ +1`, `2 requirements met`, `checkout-task −1,204 +4`."""
    pieces: list[Piece] = []
    for glyph, severities in (
        ("✗", (Severity.CRITICAL, Severity.HIGH)),
        ("▲", (Severity.MEDIUM,)),
        ("·", (Severity.LOW, Severity.INFO)),
    ):
        gone = sum(found.severity in severities for found in effect.findings.resolved)
        come = sum(found.severity in severities for found in effect.findings.new)
        if gone:
            pieces.append(Piece(f"{glyph} −{gone}", "good"))
        if come:
            pieces.append(Piece(f"{glyph} +{come}", severity_tone(severities[0])))
    worse = sum(one.is_worse for one in effect.requirements)
    better = sum(one.is_better for one in effect.requirements)
    if worse:
        pieces.append(Piece(f"{worse} requirement{'s' if worse > 1 else ''} broken", "bad"))
    if better:
        pieces.append(Piece(f"{better} requirement{'s' if better > 1 else ''} met", "good"))
    pieces += [_access_piece(one) for one in effect.access[:2]]
    if len(effect.access) > 2:
        pieces.append(Piece(f"and {len(effect.access) - 2} more principals", "dim"))
    return pieces or [Piece("no effect on permissions, requirements or findings", "dim")]


def _access_piece(change: PrincipalChange) -> Piece:
    found = change.access
    counts = [f"−{len(found.removed):,}"] if found.removed else []
    counts += [f"+{len(found.added):,}"] if found.added else []
    words = [f"{' '.join(counts)} actions"] if counts else []
    if found.changed:
        what = "" if counts else "action " if len(found.changed) == 1 else "actions "
        words.append(f"{len(found.changed):,} {what}on other resources")
    if not words:
        words.append("trusts others")
    return Piece(f"{short_name(change.principal)} {', '.join(words)}", "plain")


def paint_effect(paint: Painter, effect: Effect, before: Workspace) -> None:
    """All of it: requirements, findings, access, who else is touched."""
    title = before.facts.title
    if effect.is_nothing:
        paint.line("no effect on permissions, requirements or findings", "dim")
        return
    _requirements(paint, "breaks", [one for one in effect.requirements if one.is_worse], title)
    _requirements(paint, "mends", [one for one in effect.requirements if one.is_better], title)
    findings = effect.findings
    _findings(paint, "makes", findings.new, title)
    _findings(paint, "resolves", findings.resolved, title)
    for old, new in findings.graded[:MOST]:
        paint.add(f"{old.severity.word} → {new.severity.word}", severity_tone(new.severity))
        paint.line(f"  {new.rule} {title(new.node)}")
    for change in effect.access[:MOST]:
        _access(paint, change, before)
    _more(paint, len(effect.access))


def _requirements(paint: Painter, verb: str, changes: list[RequirementChange], title: Title) -> None:
    for number, change in enumerate(changes[:MOST]):
        was = STATUS_WORDS[change.before][0] if change.before else "not asked for"
        now, tone = STATUS_WORDS[change.after] if change.after else ("no longer needed", "good")
        asked = change.judged.requirement
        what = "be assumable" if asked.id == "TRUST" else f"{change.action} on {change.resource}"
        paint.add(now, tone).add(f"  {what}")
        paint.add(f"  {title(change.subject)}, {KIND_WORDS[change.role_kind]}; was {was}", "dim")
        paint.beside(verb if number == 0 else "", "bad" if verb == "breaks" else "good")
    _more(paint, len(changes))


def _findings(paint: Painter, verb: str, findings: Iterable[Finding], title: Title) -> None:
    found = list(findings)
    for number, finding in enumerate(found[:MOST]):
        paint.add(f"{finding.severity.glyph} {finding.severity.word}", severity_tone(finding.severity))
        paint.add(f"  {finding.rule} ", "dim").add(title(finding.node), "bold").add(
            f"  {finding.summary}", "dim"
        )
        paint.beside(verb if number == 0 else "", "bad" if verb == "makes" else "good")
    _more(paint, len(found))


def _access(paint: Painter, change: PrincipalChange, before: Workspace) -> None:
    paint.line()
    paint.add("◉ ", "accent").add(short_name(change.principal), "bold")
    paint.line({"added": "  new", "removed": "  gone", "changed": ""}[change.what], "dim")
    for verb, names, tone in (
        ("gains", change.access.added, "warn"),
        ("loses", change.access.removed, "good"),
    ):
        if names:
            paint.add(f"{len(names):,} action{'s' if len(names) > 1 else ''}: ").add(_levels(names), "dim")
            paint.beside(verb, tone)
            if len(names) <= MOST:
                paint.add(", ".join(names)).beside("")
    for name, old, new in change.access.changed[:MOST]:
        paint.add(name).add(f"  {', '.join(old[:3])} → {', '.join(new[:3])}", "dim").beside(
            "elsewhere", "warn"
        )
    if change.let_in:
        paint.fact("lets in", ", ".join(change.let_in), "warn")
    if change.shut_out:
        paint.fact("shuts out", ", ".join(change.shut_out), "good")
    paint.fact("not read", ", ".join(change.unread), "warn")
    services = before.facts.services_of(change.principal)
    if services:
        paint.fact("used by", f"{len(services)}: {before.facts.titles(services)}", "dim")


def _levels(names: Iterable[str]) -> str:
    """`s3 3 Read 2 List; logs 1 Write`, the services with the most first."""
    counted = count_levels(names)
    parts = [
        f"{service} {', '.join(f'{count} {level}' for level, count in levels.items())}"
        for service, levels in list(counted.items())[:MOST]
    ]
    more = f"; and {len(counted) - MOST} more services" if len(counted) > MOST else ""
    return "; ".join(parts) + more


def _more(paint: Painter, count: int) -> None:
    if count > MOST:
        paint.add(f"and {count - MOST} more", "dim").beside("")
