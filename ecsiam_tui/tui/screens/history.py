"""What was applied to the account, and taking it back."""

from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Label, OptionList, Static
from textual.widgets.option_list import Option

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.source import SourceError
from ecsiam_tui.account.text import visible
from ecsiam_tui.changes.applying_plan import ApplyError
from ecsiam_tui.changes.journal import JournalError, Line, Record
from ecsiam_tui.changes.words import tell
from ecsiam_tui.tui.applying import Applier
from ecsiam_tui.tui.pictures import Painter, Picture
from ecsiam_tui.tui.screens.applying import ApplyScreen
from ecsiam_tui.tui.screens.planned import PlannedScreen
from ecsiam_tui.tui.told import paint_told
from ecsiam_tui.tui.widgets.key_line import KeyLine

EMPTY = (
    "Nothing was applied to this account from here. Each apply is written down before its first call, and"
    " would be listed here: what it did, how far it came, and the way back.\n\n"
    "S shows the plan, and A there applies it; esc goes back."
)
LOCKED = (
    "This session reads only: leave, and start again with --allow-writes. On the command line"
    " ecsiam-tui plan undo JOURNAL shows what an undo would do."
)


class HistoryScreen(PlannedScreen):
    """The applies above, the newest first; all about the marked one below."""

    PANE = "#history-detail"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "app.pop_screen", "back", id="history.back"),
        Binding("u", "undo", "plan the undo", id="history.undo"),
        Binding("R", "go_on", "resume", id="history.resume"),
        Binding("B", "go_on", "roll back", id="history.roll-back"),
        Binding("L", "go_on", "leave as it is", id="history.leave"),
        Binding("enter", "go_on", "go on or back", show=False, id="history.go-on", priority=True),
        Binding("y", "copy", "copy text", id="history.copy"),
        Binding("j", "mark(1)", "down", show=False, id="history.down"),
        Binding("k", "mark(-1)", "up", show=False, id="history.up"),
        Binding("pagedown,ctrl+f", "scroll(1)", "text down", show=False, id="history.text-down"),
        Binding("pageup,ctrl+b", "scroll(-1)", "text up", show=False, id="history.text-up"),
    ]

    def __init__(self, applier: Applier, snapshot: Snapshot, *, read_only: bool = False) -> None:
        """With `read_only` the applier is asked for the history alone."""
        super().__init__()
        self.read_only = read_only
        self.applier, self.snapshot = applier, snapshot
        self.records: tuple[Record, ...] | None = None
        self._picture: Picture | None = None

    @property
    def text(self) -> str:
        """What is said of the marked one."""
        return self._picture.plain if self._picture is not None else ""

    def compose(self) -> ComposeResult:
        """The title, the applies, the marked one, the keys."""
        yield Label("HISTORY", classes="screen-title", markup=False)
        with Vertical(id="history-panes"):
            yield OptionList(markup=False, id="history-list")
            with VerticalScroll(id="history-detail", can_focus=False):
                yield Static("reading the journals…", markup=False, id="history-text")
        yield KeyLine()

    def on_mount(self) -> None:
        """Keys go to the list."""
        self.query_one(OptionList).focus()

    def on_screen_resume(self) -> None:
        """Read the journals, at first and when an apply that was gone on with is left."""
        self._read()

    @work(exclusive=True, group="history")
    async def _read(self) -> None:
        try:
            self.records = await self.ecsiam.in_thread(self.applier.history)
        except (ApplyError, JournalError, SourceError) as error:
            self.query_one("#history-text", Static).update(visible(f"✗ {error}"))
            return
        options = self.query_one(OptionList)
        at = options.highlighted or 0
        options.set_options([Option(self._row(record)) for record in self.records])
        options.display = bool(self.records)
        if self.records:
            options.highlighted = min(at, len(self.records) - 1)
        self._show()

    @property
    def marked(self) -> Record | None:
        """The marked apply."""
        at = self.query_one(OptionList).highlighted
        return self.records[at] if self.records and at is not None and at < len(self.records) else None

    def _row(self, record: Record) -> Text:
        colours = self.app.theme_variables
        tone = {None: colours["warning"], "done": colours["success"]}.get(record.end, "dim")
        text = Text(f"{record.header.started:%Y-%m-%d %H:%M}  ", "dim", no_wrap=True, overflow="ellipsis")
        text.append(f"{record.end or 'interrupted':<12}", tone)
        text.append(f"{record.header.kind}  ", "dim").append(visible(self._title(record)), "bold")
        return text.append(f"  {len(record.done)} of {len(record.header.steps)} calls", "dim")

    def _title(self, record: Record) -> str:
        plan = record.header.plan
        return plan.title or "; ".join(f"{tell(one).target} {tell(one).what}" for one in plan.changes[:2])

    def on_option_list_option_highlighted(self) -> None:
        """Show the marked one."""
        self._show()

    def _show(self) -> None:
        record = self.marked
        if record is None:
            self._picture = None
            self.query_one("#history-text", Static).update(EMPTY)
            self.refresh_bindings()
            return
        paint = Painter(self.app.theme_variables)
        paint_record(paint, record)
        self._picture = paint.picture()
        self.query_one("#history-text", Static).update(self._picture.body)
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would do nothing here are not offered."""
        record = self.marked if self.is_mounted else None
        if action == "undo":
            return record is not None and record.end in ("done", "left")
        if action == "go_on":
            return record is not None and record.end is None
        if action == "copy":
            return record is not None
        return True

    def action_mark(self, step: int) -> None:
        """Mark another."""
        options = self.query_one(OptionList)
        if step > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()

    def _locked(self) -> bool:
        if self.read_only:
            self.notify(LOCKED, title="read-only", severity="warning", markup=False, timeout=10)
        return self.read_only

    def action_go_on(self) -> None:
        """Show the ways on from what was interrupted; none is taken before it is chosen there."""
        record = self.marked
        if record is not None and record.end is None and not self._locked():
            self.app.push_screen(ApplyScreen(record.header.plan, self.snapshot, self.applier, record))

    @work(exclusive=True, group="undo")
    async def action_undo(self) -> None:
        """Stage what takes the marked one back, and show it."""
        record = self.marked
        if record is None or self._locked():
            return
        if await self.ecsiam.plan_undo(self.applier, record.id):
            self.app.pop_screen()
            self.ecsiam.show_plan()


def paint_record(paint: Painter, record: Record) -> None:
    """All about one apply: its changes, what became of each call, how it ended, and what stays."""
    head = record.header
    for change in head.plan.changes:
        paint_told(paint, tell(change))
    paint.title(f"{len(record.done)} of {len(head.steps)} calls")
    results = {line.step: line for line in record.lines if line.step is not None}  # the last of each
    for number, step in enumerate(head.steps):
        mark, tone, said = _result(results.get(number))
        paint.add(f"{mark} ", tone).add(step.call.action).line(f"  {said}" if said else "", "dim")
    paint.title(f"{record.end}" if record.end else "interrupted")
    for line in record.lines:
        if line.what == "verified":
            paint.fact("verified", "read again: everything was as wanted", "good")
        elif line.what == "unlike":
            paint.fact("verified", f"not as wanted: {line.message}", "warn")
    paint.fact("failed", record.failure, "bad")
    for text in head.stays:
        paint.fact("stays", text, "warn")
    paint.fact("by", head.caller, "dim")
    paint.fact("takes back", head.of, "dim")
    paint.fact("journal", str(record.path), "dim")


def _result(line: Line | None) -> tuple[str, str, str]:
    """What became of a call: a mark, its tone, and a few words."""
    if line is None:
        return "·", "dim", "not made"
    match line.what:
        case "done":
            return "✓", "good", line.answer
        case "already":
            return "✓", "good", "it was so already"
        case "failed":
            return "✗", "bad", line.message
    return "?", "warn", "sent, perhaps: whether it took effect is looked up before anything else"
