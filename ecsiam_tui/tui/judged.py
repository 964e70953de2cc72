"""What the tabs on findings and requirements show, as data."""

from collections.abc import Iterable

from ecsiam_tui.account.arns import short_name
from ecsiam_tui.ecs.judge import KIND_WORDS
from ecsiam_tui.ecs.requirement import STATUSES, Judged
from ecsiam_tui.ecs.surplus import RoleAccess, SurplusRow, role_access
from ecsiam_tui.findings.finding import Finding, Severity
from ecsiam_tui.graph.facts import Tone
from ecsiam_tui.graph.kinds import NodeKind
from ecsiam_tui.graph.outline import Item
from ecsiam_tui.tui.facts import MOST_LINES, Line
from ecsiam_tui.workspace import Workspace

_BAR = 12
STATUS_WORDS: dict[str, tuple[str, Tone]] = {
    "missing": ("✗ missing", "bad"),
    "unknown": ("? unknown", "warn"),
    "depends": ("◐ depends", "warn"),
    "met": ("✓ met", "good"),
}


def severity_tone(severity: Severity) -> Tone:
    """The tone of a severity's glyph and word."""
    return "bad" if severity >= Severity.HIGH else "warn" if severity == Severity.MEDIUM else "dim"


def finding_lines(workspace: Workspace, item: Item) -> list[Line]:
    """The findings at an item, then those at what it contains and runs with."""
    node = item.node
    if node is None:
        return []
    health = workspace.health
    if item.statement is not None:
        return [_finding_line(found) for found in health.at_statement(node.id, item.statement.lines)]
    lines = [_finding_line(found) for found in health.at(node.id)]
    if below := health.below(node.id):
        lines.append(Line("", "in what it contains and runs with", title=True))
        lines += [_finding_line(found, workspace) for found in below]
    return lines


def _finding_line(finding: Finding, workspace: Workspace | None = None) -> Line:
    """One finding; with a workspace the line names the node it sits on."""
    where = ""
    if workspace is not None:
        where = f"{workspace.facts.title(finding.node)}: "
    glyph = finding.severity.glyph if finding.is_certain else "?"
    label = f"{glyph} {finding.severity.word}"
    return Line(label, f"{where}{finding.summary}", severity_tone(finding.severity), opens=finding)


def requirement_lines(judged: Iterable[Judged], *, by_role: bool = True) -> list[Line]:
    """Requirements role by role, what is missing first."""
    groups: dict[tuple[str, str], list[Judged]] = {}
    for one in judged:
        asked = one.requirement
        role = asked.resource if asked.id == "TRUST" else asked.principal
        groups.setdefault((asked.role_kind, role) if by_role else ("", ""), []).append(one)
    lines: list[Line] = []
    for (kind, role), members in groups.items():
        if by_role:
            name = short_name(role) if role else "none is given"
            met = sum(one.status == "met" for one in members)
            title = f"{KIND_WORDS[kind]}  {name}  {met} of {len(members)} met"
            lines.append(Line("", title, title=True))
        members.sort(key=lambda one: STATUSES.index(one.status))
        lines += [_requirement_line(one) for one in members]
    return lines


def _requirement_line(judged: Judged) -> Line:
    asked = judged.requirement
    word, tone = STATUS_WORDS[judged.status]
    if judged.status == "missing" and asked.necessity != "required":
        word, tone = f"· {asked.necessity}", "dim"
    what = "to be assumable" if asked.id == "TRUST" else f"{asked.action} on {_resource(asked.resource)}"
    note = f"  ({judged.note})" if judged.note else ""
    return Line(word, f"{what}{note}  {asked.why}", "plain" if judged.status == "met" else tone, opens=judged)


def _resource(arn: str) -> str:
    """A resource as one reads it: without partition, region and account."""
    if not arn.startswith("arn:"):
        return arn
    return arn.split(":", 5)[5]


def access_lines(found: RoleAccess) -> list[Line]:
    """What a principal may do beside what is asked of it: counts by access level and risk, then the rest,
    the riskiest first."""
    lines = [
        Line("granted", f"{found.granted:,} actions"),
        Line("asked by ECS", f"{found.required:,} of them"),
    ]
    lines += [Line("not read", text, "warn") for text in found.unread]
    if found.by_level:
        lines.append(Line("", "by access level: asked for, and beyond that", title=True))
        most = max(sum(counts) for counts in found.by_level.values()) or 1
        lines += [
            Line(level, _heat(asked, beyond, most))
            for level, (asked, beyond) in found.by_level.items()
            if asked or beyond
        ]
    if found.by_risk:
        lines.append(Line("", "what the application alone must justify", title=True))
        lines += [Line(risk.value, f"{count:,} actions", "warn") for risk, count in found.by_risk.items()]
    groups: dict[str, list[SurplusRow]] = {}
    for row in found.surplus:
        groups.setdefault(row.risk.value if row.risk else "no particular risk", []).append(row)
    for title, rows in groups.items():
        lines.append(Line("", title, title=True))
        lines += [_surplus_line(row) for row in rows[:MOST_LINES]]
        if len(rows) > MOST_LINES:
            lines.append(Line("", f"and {len(rows) - MOST_LINES:,} more", "dim"))
    return lines


def _heat(asked: int, beyond: int, most: int) -> str:
    """A bar as long as the share of the level that has most."""
    filled = max(1, round(_BAR * (asked + beyond) / most))
    own = round(filled * asked / (asked + beyond)) if asked + beyond else 0
    bar = "█" * own + "▒" * (filled - own) + "·" * (_BAR - filled)
    return f"{bar}  {asked:,} asked  {beyond:,} beyond"


def _surplus_line(row: SurplusRow) -> Line:
    where = ", ".join(dict.fromkeys(statement.label for statement in row.statements))
    conditional = "  under conditions" if row.conditional else ""
    statement = row.statements[0] if row.statements else None
    return Line(
        f"{row.service} {row.level.lower()}",
        f"{row.text}{conditional}  ({where})",
        "warn" if row.risk else "plain",
        statement.policy_arn or None if statement else None,
    )


def judged_lines(tab: str, workspace: Workspace, item: Item) -> list[Line]:
    """The lines of one of the tabs that wait until the account is judged."""
    if item.node is None:
        return []
    if tab == "findings":
        return finding_lines(workspace, item)
    if item.statement is not None:
        return []
    if tab == "needs":
        is_role = item.node.kind == NodeKind.ROLE
        needs = workspace.needs
        return requirement_lines(needs.of_role(item.node.id) if is_role else needs.of(item.node.id))
    has_access = item.node.kind in (NodeKind.ROLE, NodeKind.USER) and item.node.record is not None
    if not has_access:
        return []
    needed = workspace.needs.of_role(item.node.id)
    return access_lines(role_access(workspace.account, item.node.id, needed))
