"""Findings and decisions as text with colours: what a reading pane shows."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from rich.console import Group
from rich.table import Table
from rich.text import Text

from ecsiam_tui.account.arns import short_name
from ecsiam_tui.account.text import visible
from ecsiam_tui.ecs.errors import Explained
from ecsiam_tui.ecs.judge import KIND_WORDS
from ecsiam_tui.ecs.requirement import Judged
from ecsiam_tui.findings.finding import Evidence, Finding, Step
from ecsiam_tui.graph.kinds import words
from ecsiam_tui.policy.evaluation import Decision
from ecsiam_tui.policy.telling import HARD, ToldLayer, Word, tell
from ecsiam_tui.tui.judged import STATUS_WORDS, severity_tone
from ecsiam_tui.workspace import Workspace

LABEL = 13
_WORD_TONES: dict[Word, str] = {"allowed": "success", "denied": "error", "depends": "warning", "–": "dim"}
_WORD = max(map(len, _WORD_TONES)) + 1


class Picture(NamedTuple):
    """Something to read: as it is drawn, and as plain text to copy."""

    body: Group
    plain: str


class Painter:
    """Writes lines in the theme's colours, labelled ones with what hangs beside the label. Everything that
    comes from AWS is made visible here."""

    def __init__(self, colours: Mapping[str, str]) -> None:
        self._parts: list[Text | Table | Group] = []
        self._plain: list[str] = []
        self._line = Text()
        self._tones = {
            "plain": colours["foreground"],
            "dim": f"{colours['foreground']} dim",
            "bad": colours["error"],
            "error": colours["error"],
            "warn": colours["warning"],
            "warning": colours["warning"],
            "good": colours["success"],
            "success": colours["success"],
            "accent": colours["primary"],
            "bold": f"bold {colours['foreground']}",
        }

    def add(self, text: str, tone: str = "plain") -> "Painter":
        """Append a piece to the line."""
        self._line.append(visible(text), self._tones[tone])
        return self

    def line(self, text: str = "", tone: str = "plain") -> "Painter":
        """Append a piece and end the line."""
        self.add(text, tone)
        self._parts.append(self._line)
        self._plain.append(self._line.plain)
        self._line = Text()
        return self

    def beside(
        self, label: str, tone: str = "dim", width: int = LABEL, *more: tuple[str, str, int]
    ) -> "Painter":
        """End the line as one that hangs beside a label, or beside several: `more` are text, tone, width."""
        labels = [(label, tone, width), *more]
        table = Table.grid(padding=(0, 1), expand=True)
        for _, _, columns in labels:
            table.add_column(width=columns, no_wrap=True)
        table.add_column(ratio=1, overflow="fold")
        cells = [Text(visible(text), self._tones[of], overflow="ellipsis") for text, of, _ in labels]
        table.add_row(*cells, self._line)
        self._parts.append(table)
        plain = "".join(f"{visible(text):<{columns}} " for text, _, columns in labels)
        self._plain.append(f"{plain}{self._line.plain}".rstrip())
        self._line = Text()
        return self

    def fact(self, label: str, text: str, tone: str = "plain") -> "Painter":
        """A labelled line; nothing for an empty text."""
        return self.add(text, tone).beside(label) if text else self

    def title(self, text: str) -> "Painter":
        """A heading after an empty line."""
        return self.line().line(text, "accent")

    def put(self, body: Group, plain: str) -> "Painter":
        """Something that is drawn already."""
        self._parts.append(body)
        self._plain.append(plain)
        return self

    def picture(self) -> Picture:
        """What was painted."""
        return Picture(Group(*self._parts), "\n".join(self._plain))


def finding_text(finding: Finding, workspace: Workspace, colours: Mapping[str, str]) -> Picture:
    """All about one finding: what, where one sees it, what it means here, why, and what could be done."""
    paint = Painter(colours)
    paint.add(f"{finding.severity.glyph} {finding.severity.word}", severity_tone(finding.severity))
    paint.line(f"  {finding.rule}  {finding.title}", "bold")
    node = workspace.estate.get(finding.node)
    if node is not None:
        kind = words(node.kind)
        paint.add(f"{kind.glyph} ", "accent").add(node.title, "bold").line(f"  {kind.word}", "dim")
    paint.line().line(finding.summary)
    for text in finding.rests_on:
        paint.fact("? not read", text, "warn")
    if finding.evidence:
        paint.title("evidence")
        for evidence in finding.evidence:
            _evidence(paint, evidence, workspace)
    if finding.path:
        paint.title("path")
        _path(paint, finding.path, workspace)
    paint.line()
    paint.fact("here", finding.consequence)
    others = [workspace.facts.title(other) for other in finding.nodes[1:]]
    paint.fact("concerns", ", ".join(others))
    paint.fact("why", finding.why)
    known = workspace.rule(finding.rule)
    paint.fact("fix", known.fix if known else "")
    paint.fact("source", finding.source, "dim")
    return paint.picture()


def _evidence(paint: Painter, evidence: Evidence, workspace: Workspace) -> None:
    glyph = "¶" if evidence.kind == "statement" else "·"
    paint.add(f"{glyph} ", "accent").add(evidence.where, "bold")
    if evidence.lines:
        first, last = evidence.lines
        paint.add(f"  line {first}" if first == last else f"  lines {first}–{last}", "dim")
    title = workspace.facts.title(evidence.node)
    if evidence.kind != "statement" or title not in evidence.where:
        paint.add(f"  {title}", "dim")
    paint.line()
    if evidence.text:
        paint.add(evidence.text).beside("", width=1)


def _path(paint: Painter, path: Iterable[Step], workspace: Workspace) -> None:
    """Who becomes whom, one below the other."""
    steps = tuple(path)
    for step in steps:
        _station(paint, step.source, workspace)
        paint.add(step.how).beside("│", "accent", width=1)
        paint.add(", ".join(step.actions), "dim").beside("│", "accent", width=1)
        paint.line("▼", "accent")
    if steps:
        _station(paint, steps[-1].target, workspace)


def _station(paint: Painter, node_id: str, workspace: Workspace) -> None:
    node = workspace.estate.get(node_id)
    glyph = words(node.kind).glyph if node else "·"
    paint.add(f"{glyph} ", "accent").line(workspace.facts.title(node_id), "bold")


def requirement_text(judged: Judged, colours: Mapping[str, str], unread: Iterable[str] = ()) -> Picture:
    """A requirement, who asks for it, and the engine's answer layer by layer. `unread` is what nobody has
    read and a Deny may stand in."""
    asked = judged.requirement
    paint = Painter(colours)
    word, tone = STATUS_WORDS[judged.status]
    paint.add(word, tone).line(f"  {asked.action}", "bold")
    paint.line(asked.resource, "dim").line()
    paint.fact("role", f"{short_name(asked.principal) or 'none'}  ({KIND_WORDS[asked.role_kind]})")
    paint.fact("asked by", asked.why)
    paint.fact("needed", asked.necessity)
    paint.fact("answer", judged.note, tone)
    paint.fact("source", asked.source, "dim")
    if judged.decision is not None:
        paint.line()
        decision_lines(paint, judged.decision, unread)
    return paint.picture()


CATEGORY_WORDS = {
    "permission": ("a permission is missing", "error"),
    "trust": ("a role cannot be assumed", "error"),
    "network": ("the network, not IAM", "warning"),
    "missing-resource": ("something does not exist; not IAM", "warning"),
    "configuration": ("configuration, not permissions", "warning"),
    "throttling": ("a limit, not IAM", "warning"),
    "unknown": ("not recognised", "dim"),
}


def explained_text(found: Iterable[Explained], colours: Mapping[str, str]) -> Picture:
    """What errors mean, one below the other."""
    paint = Painter(colours)
    for number, one in enumerate(found):
        if number:
            paint.line().line()
        words_, tone = CATEGORY_WORDS[one.category]
        paint.add(one.category, tone).line(f"  {words_}", "dim")
        paint.line(one.summary, "bold")
        paint.fact("role", one.role)
        paint.fact("action", one.action)
        paint.fact("resource", one.resource)
        paint.fact("denied by", one.layer)
        paint.fact("now", one.now)
        for at, fix in enumerate(one.fixes):
            paint.add(fix).beside("do" if at == 0 else "")
        paint.fact("source", one.source, "dim")
    return paint.picture()


def decision_text(decision: Decision, colours: Mapping[str, str], unread: Iterable[str] = ()) -> Picture:
    """A decision: its word, each layer that matters, near misses, and what AWS would say. `unread` is what
    nobody has read and a Deny may stand in."""
    paint = Painter(colours)
    decision_lines(paint, decision, unread)
    return paint.picture()


def decision_lines(paint: Painter, decision: Decision, unread: Iterable[str] = ()) -> None:
    """A decision, painted behind what is there already."""
    told = tell(decision, unread)
    paint.add(told.principal, "bold").add(f"  {told.action}  ")
    paint.add(told.word.upper(), _WORD_TONES[told.word]).line(f"  {_soft(told.by)}")
    paint.line(told.resource, "dim").line()
    for layer in told.layers:
        _layer(paint, layer)
    for miss in told.near_misses:
        paint.fact("near miss", _soft(miss))
    for text in told.incomplete:
        paint.fact("incomplete", text, "warn")
    paint.fact("AWS says", told.aws_message, "dim")


def _layer(paint: Painter, layer: ToldLayer) -> None:
    """What a layer says, one statement below the other, then its note."""
    texts = [*layer.statements, *([layer.note] if layer.note or not layer.statements else [])]
    for number, text in enumerate(texts):
        label, word = (layer.label, layer.word) if number == 0 else ("", "")
        paint.add(_soft(text)).beside(label, "dim", LABEL, (word, _WORD_TONES[layer.word], _WORD))


def _soft(text: str) -> str:
    """The text with common spaces: lines are not broken by hand here, and may be copied."""
    return text.replace(HARD, " ")
