"""The top line: which account, which regions, who, from where, how old, and what is not known."""

from datetime import UTC, datetime
from typing import NamedTuple

from rich.text import Text
from textual.reactive import reactive
from textual.widget import Widget

from ecsiam_tui.account.arns import short_name
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.source import Progress
from ecsiam_tui.account.text import visible
from ecsiam_tui.findings.health import Health


class Status(NamedTuple):
    """All that the line shows."""

    snapshot: Snapshot | None = None
    kind: str = ""
    label: str = ""
    now: datetime | None = None
    progress: Progress | None = None
    read_only: bool = True
    failed: bool = False
    health: Health | None = None
    plan: int = 0
    view: str = "now"


class StatusBar(Widget):
    """One line. What matters less gives way first where the terminal is narrow."""

    status: reactive[Status] = reactive(Status())

    def render(self) -> Text:
        """The line for the width that there is."""
        width = max(1, self.size.width - 2)
        parts = self._parts(self.app.theme_variables)
        while len(parts) > 1 and sum(part.text.cell_len + len(_GAP) for part in parts) > width + len(_GAP):
            parts.remove(min(parts, key=lambda part: part.weight))
        left = Text(_GAP).join(part.text for part in parts if not part.right)
        right = Text(_GAP).join(part.text for part in parts if part.right)
        line = Text(no_wrap=True, end="").append_text(left)
        line.append(" " * max(1 if left else 0, width - left.cell_len - right.cell_len)).append_text(right)
        line.truncate(width, overflow="ellipsis")
        return line

    def _parts(self, colours: dict[str, str]) -> list["_Part"]:
        status, snapshot = self.status, self.status.snapshot
        parts = [_Part(1, Text("ecsiam", f"bold {colours['primary']}"))]
        if snapshot is None:
            parts += [_Part(8, Text(visible(status.label), "dim"))] if status.label else []
        else:
            number = snapshot.account_id
            account = f"{number[:4]}-{number[4:8]}-{number[8:]}"
            if snapshot.account_alias:
                parts.append(_Part(9, Text(visible(snapshot.account_alias), "bold")))
            parts.append(_Part(3 if snapshot.account_alias else 9, Text(account, "dim")))
            parts.append(_Part(4, Text(", ".join(snapshot.regions))))
            if snapshot.caller:
                parts.append(_Part(2, Text(visible(_who(snapshot.caller.arn)), "dim")))
        if status.progress is not None:
            parts.append(_Part(10, Text(_progress_text(status.progress), colours["primary"]), right=True))
        elif status.failed:
            parts.append(_Part(10, Text("✗ not read", f"bold {colours['error']}"), right=True))
        if status.kind:
            chip = f"bold {colours['background']} on {colours['warning']}"
            demo = status.kind == "demo"
            parts.append(_Part(8, Text(" demo ", chip) if demo else Text(status.kind), right=True))
        if snapshot and status.now:
            parts.append(_Part(5, Text(age_text(snapshot.taken_at, status.now), "dim"), right=True))
        if status.health is not None and status.progress is None:
            parts.append(_Part(9, _health_text(status.health, colours), right=True))
        if snapshot and snapshot.gaps and status.progress is None:
            count = len(snapshot.gaps)
            text = Text(f"? {count} gap{'s' if count > 1 else ''}", colours["warning"])
            parts.append(_Part(7, text, right=True))
        if status.plan:
            parts.append(_Part(9, Text(f"plan +{status.plan}", f"bold {colours['primary']}"), right=True))
        if status.view != "now":
            chip = f"bold {colours['background']} on {colours['primary']}"
            parts.append(_Part(10, Text(f" {status.view} ", chip), right=True))
        if status.read_only:
            parts.append(_Part(6, Text("read-only", "dim"), right=True))
        return parts


def _health_text(health: Health, colours: dict[str, str]) -> Text:
    """`✗ 4 ▲ 9`: what is at least medium; a check mark where nothing is."""
    tones = {"✗": colours["error"], "▲": colours["warning"]}
    marks = [Text(f"{glyph} {count}", tones[glyph]) for glyph, count in health.marks if glyph in tones]
    return Text(" ").join(marks) if marks else Text("✓", colours["success"])


_GAP = "   "


class _Part(NamedTuple):
    """A piece of the line; the one with the least weight gives way first."""

    weight: int
    text: Text
    right: bool = False


def age_text(taken: datetime, now: datetime) -> str:
    """How old something is, in its two largest units at most."""
    if taken.tzinfo is None:
        taken = taken.replace(tzinfo=UTC)
    seconds = max(0, int((now - taken).total_seconds()))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _progress_text(progress: Progress) -> str:
    if progress.total:
        done = round(8 * progress.done / progress.total)
        return f"{'▰' * done}{'▱' * (8 - done)} {progress.stage} {progress.done}/{progress.total}"
    return f"▱▱▱▱▱▱▱▱ {progress.stage}"


def _who(arn: str) -> str:
    """The role of a session (`…:assumed-role/Admin/jane`), else the last name in an ARN."""
    head, _, rest = arn.partition(":assumed-role/")
    return rest.split("/")[0] if head and rest else short_name(arn)
