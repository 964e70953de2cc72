"""Applying a plan: what is going to be done, a typed confirmation, and each call as it is made."""

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import Input, Label, Static

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.source import SourceError
from ecsiam_tui.account.text import visible
from ecsiam_tui.changes.applying_plan import ApplyError, Event, Outcome, UnfinishedError
from ecsiam_tui.changes.journal import JournalError, Record
from ecsiam_tui.changes.looking import ChangeError
from ecsiam_tui.changes.plan import Plan
from ecsiam_tui.changes.words import tell
from ecsiam_tui.tui.applying import Applier, Stop, Told, event_line, outcome_lines
from ecsiam_tui.tui.pictures import Painter
from ecsiam_tui.tui.screens.planned import PlannedScreen
from ecsiam_tui.tui.told import paint_told
from ecsiam_tui.tui.widgets.key_line import KeyLine


class ApplyScreen(PlannedScreen):
    """One apply. It can be left before it begins and after it ended, not in between."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "back", id="apply.back"),
        Binding("ctrl+s", "stop", "stop after this call", id="apply.stop"),
        Binding("R", "resume", "resume", id="apply.resume"),
        Binding("B", "roll_back", "roll back", id="apply.roll-back"),
        Binding("L", "leave", "leave as it is", id="apply.leave"),
        Binding("u", "undo", "plan the undo", id="apply.undo"),
        Binding("q", "ignore", show=False, id="apply.no-quit"),
    ]

    class Happened(Message):
        """An event of the apply."""

        def __init__(self, event: Event) -> None:
            self.event = event
            super().__init__()

    class Ended(Message):
        """It is over: with an outcome, or with an error before anything was changed."""

        def __init__(self, outcome: Outcome | None, error: str = "", journal: str = "") -> None:
            self.outcome, self.error, self.journal = outcome, error, journal
            super().__init__()

    def __init__(
        self, plan: Plan, snapshot: Snapshot, applier: Applier, interrupted: Record | None = None
    ) -> None:
        """With `interrupted`, the journal of an apply of the plan that came to no end: nothing begins by
        itself, and the ways on are offered."""
        super().__init__()
        self.plan, self.snapshot, self.applier = plan, snapshot, applier
        self.running = False
        self.outcome: Outcome | None = None
        self.error = ""
        self.events: list[Event] = []
        self._unfinished = interrupted.id if interrupted is not None else ""
        self._stopping = self._going_back = False
        if interrupted is not None:
            self.error = str(UnfinishedError(interrupted))

    @property
    def words(self) -> tuple[str, ...]:
        """What may be typed to confirm: the account's alias or its id."""
        return tuple(filter(None, (self.snapshot.account_alias, self.snapshot.account_id)))

    def compose(self) -> ComposeResult:
        """The plan, the line to confirm in, what happens, the keys."""
        count = len(self.plan)
        title = f"APPLY  {count} change{'s' if count != 1 else ''} to {self.words[0]}"
        yield Label(visible(title), classes="screen-title", markup=False)
        with VerticalScroll(id="apply-text", can_focus=False):
            yield Static("", id="apply-said", markup=False)
        if self._unfinished:
            yield KeyLine()
            return
        yield Input(placeholder=f"type {visible(self.words[0])} and Enter to apply", id="apply-confirm")
        yield KeyLine()

    def on_mount(self) -> None:
        """Show what is going to be done."""
        self._show()
        for line in self.query(Input):
            line.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Begin, if the right word was typed."""
        event.stop()
        typed = event.value.strip()
        if typed not in self.words:
            hint = " or ".join(self.words)
            self.notify(f"type {hint} to apply; Esc goes back", severity="warning", markup=False)
            return
        self._begin(partial(self.applier.start, self.plan))

    def _begin(self, run: Callable[[Told, Stop], Outcome]) -> None:
        self._unfinished = self._journal
        self.running, self._stopping, self.outcome, self.error = True, False, None, ""
        for line in self.query(Input):
            line.display = False
        self.set_focus(None)
        self._show()
        self._run(run)

    @work(thread=True, group="apply", exit_on_error=False)
    def _run(self, run: Callable[[Told, Stop], Outcome]) -> None:
        """Never cancelled: a call that was begun is brought to its end."""
        try:
            outcome = run(lambda event: self._tell(self.Happened(event)), lambda: self._stopping)
        except UnfinishedError as error:
            self._tell(self.Ended(None, str(error), error.record.id))
        except (ApplyError, JournalError, ChangeError, SourceError) as error:
            self._tell(self.Ended(None, str(error)))
        except Exception as error:  # a fault of this program: the journal knows how far it came
            self._tell(self.Ended(None, f"{type(error).__name__}: {error}; H shows what was done"))
        else:
            self._tell(self.Ended(outcome))

    def _tell(self, message: Message) -> None:
        self.post_message(message)

    def on_apply_screen_happened(self, message: Happened) -> None:
        """Show it."""
        event = message.event
        if self.events and event.kind in ("rollout", "waiting") and self.events[-1].kind == event.kind:
            self.events[-1] = event
        else:
            self.events.append(event)
        self._show()

    def on_apply_screen_ended(self, message: Ended) -> None:
        """Say how it ended; what is staged is done with where all of it is made. What was interrupted still
        is where nothing could be done."""
        self.running = False
        self.outcome, self.error = message.outcome, message.error
        idle = self.outcome is None or self.outcome.state == "drifted"
        self._unfinished = message.journal or (self._unfinished if idle else "")
        self._show()
        self.refresh_bindings()
        if self.outcome is not None and self.outcome.state != "drifted":
            staged = self.ecsiam.staged.plan
            made = self.outcome.state == "done" and not self._going_back
            self.ecsiam.applied(done=made and staged is not None and staged.changes == self.plan.changes)

    @property
    def text(self) -> str:
        """All that is said."""
        return self._painted().picture().plain

    def _painted(self) -> Painter:
        paint = Painter(self.app.theme_variables)
        for change in self.plan.changes:
            paint_told(paint, tell(change), "dim")
        paint.line()
        for event in self.events:
            event_line(paint, event)
        if self.error:
            paint.line().line(f"✗ {self.error}", "bad")
            if self._unfinished:
                paint.line("R goes on with it, B takes back what it did, L leaves it as it is.")
                paint.line("Esc decides later: H, the history, has it.", "dim")
        if self.outcome is not None:
            outcome_lines(paint, self.outcome)
        if not self.running and self.outcome is None and not self.error:
            account = self.snapshot.account_id
            paint.line(f"Everything is read again first; if anything in {account} differs from what the plan")
            paint.line("was made from, nothing is changed. A journal makes it possible to go on or back.")
        return paint

    def _show(self) -> None:
        self.query_one("#apply-said", Static).update(self._painted().picture().body)
        self.query_one("#apply-text").scroll_end(animate=False)
        self.refresh_bindings()

    # Keys

    @property
    def _journal(self) -> str:
        """The journal of what was interrupted."""
        stopped = self.outcome is not None and self.outcome.state == "stopped"
        return self.outcome.journal if stopped and self.outcome is not None else self._unfinished

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would do nothing now are not offered."""
        if action == "stop":
            return self.running and not self._stopping
        if action in ("resume", "roll_back", "leave"):
            return bool(self._journal) and not self.running
        if action == "undo":
            return self.outcome is not None and self.outcome.state == "done" and not self.running
        if action == "back":
            return not self.running
        return True

    def action_ignore(self) -> None:
        """A running apply is not left."""
        if not self.running:
            self.app.pop_screen()

    def action_back(self) -> None:
        """Back to the plan."""
        self.app.pop_screen()

    def action_stop(self) -> None:
        """Stop when the call that is being made is answered."""
        self._stopping = True
        self.refresh_bindings()

    def action_resume(self) -> None:
        """Go on with what was interrupted."""
        self._going_back = False
        self._begin(partial(self.applier.resume, self._journal))

    def action_roll_back(self) -> None:
        """Take back what was done."""
        self._going_back = True
        self._begin(partial(self.applier.roll_back, self._journal))

    @work
    async def action_leave(self) -> None:
        """Leave what was interrupted as it is."""
        try:
            await self.ecsiam.in_thread(partial(self.applier.leave, self._journal))
        except (ApplyError, JournalError, SourceError) as error:
            self.notify(str(error), severity="error", markup=False)
            return
        self._unfinished, self.outcome, self.error = "", None, "left as it is"
        self._show()

    @work
    async def action_undo(self) -> None:
        """Stage what takes it back."""
        if self.outcome is not None and await self.ecsiam.plan_undo(self.applier, self.outcome.journal):
            self.app.pop_screen()
            self.ecsiam.show_plan()
