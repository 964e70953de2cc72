"""What the tabs on findings and requirements show, as data."""

from collections.abc import Iterable

from ecsiam_tui.account.arns import short_name
from ecsiam_tui.ecs.judge import KIND_WORDS
from ecsiam_tui.ecs.requirement import STATUSES, Judged
from ecsiam_tui.findings.finding import Finding, Severity
from ecsiam_tui.graph.facts import Tone
from ecsiam_tui.graph.kinds import NodeKind
from ecsiam_tui.graph.outline import Item
from ecsiam_tui.tui.facts import Line
from ecsiam_tui.workspace import Workspace

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
    return []
