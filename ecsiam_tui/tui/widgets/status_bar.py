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


class Status(NamedTuple):
    """All that the line shows."""

    snapshot: Snapshot | None = None
    kind: str = ""
    label: str = ""
    now: datetime | None = None
    progress: Progress | None = None
    read_only: bool = True
    failed: bool = False


class StatusBar(Widget):
    """One line. What matters less gives way first where the terminal is narrow."""

    status: reactive[Status] = reactive(Status())

    def render(self) -> Text:
        """The line for the width that there is."""
        colours = self.app.theme_variables
        width = self.size.width - 2
        left, right = self._left(colours), self._right(colours)
        while left and sum(part.cell_len + 3 for part in (*left, *right)) > width:
            left.pop(_least(left))
        line = Text(no_wrap=True, end="")
        for number, part in enumerate(left):
            line.append("   " if number else "")
            line.append_text(part)
        tail = Text("   ").join(right)
        line.append(" " * max(1, width - line.cell_len - tail.cell_len))
        line.append_text(tail)
        line.truncate(max(1, width), overflow="ellipsis")
        return line

    def _left(self, colours: dict[str, str]) -> list[Text]:
        parts = [Text("ecsiam", f"bold {colours['primary']}")]
        snapshot = self.status.snapshot
        if snapshot is None:
            return [*parts, Text(visible(self.status.label), "dim")] if self.status.label else parts
        account = f"{snapshot.account_id[:4]}-{snapshot.account_id[4:8]}-{snapshot.account_id[8:]}"
        name = Text(visible(snapshot.account_alias or ""), "bold")
        parts.append(name.append(f" {account}" if name else account, "dim" if name else "bold"))
        parts.append(Text(", ".join(snapshot.regions)))
        if snapshot.caller:
            parts.append(Text(visible(_who(snapshot.caller.arn)), "dim"))
        return parts

    def _right(self, colours: dict[str, str]) -> list[Text]:
        status, parts = self.status, []
        if status.progress is not None:
            parts.append(Text(_progress_text(status.progress), colours["primary"]))
        elif status.failed:
            parts.append(Text("✗ not read", f"bold {colours['error']}"))
        if status.kind == "demo":
            parts.append(Text(" demo ", f"bold {colours['background']} on {colours['warning']}"))
        elif status.kind:
            parts.append(Text(status.kind))
        if status.snapshot and status.now:
            parts.append(Text(age_text(status.snapshot.taken_at, status.now), "dim"))
        gaps = len(status.snapshot.gaps) if status.snapshot and status.progress is None else 0
        if gaps:
            parts.append(Text(f"? {gaps} gap{'s' if gaps > 1 else ''}", colours["warning"]))
        if status.read_only:
            parts.append(Text("read-only", "dim"))
        return parts


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


def _least(parts: list[Text]) -> int:
    """Which part gives way: the identity, then the region, then the product's name; the account stays."""
    if len(parts) == 4:
        return 3
    return 2 if len(parts) == 3 else 0
