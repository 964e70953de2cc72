"""The part of the app that has to do with changes: the staged plan, what it does, and the screens for it."""

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual import work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.reactive import var
from textual.widgets import Input

from ecsiam_tui.account.source import SourceError
from ecsiam_tui.changes.applying_plan import ApplyError
from ecsiam_tui.changes.change import AnyChange
from ecsiam_tui.changes.journal import JournalError
from ecsiam_tui.changes.looking import ChangeError
from ecsiam_tui.findings.finding import Finding
from ecsiam_tui.graph.outline import Item
from ecsiam_tui.tui.answers import Asked, answered
from ecsiam_tui.tui.applying import Applier
from ecsiam_tui.tui.marks import Compared
from ecsiam_tui.tui.questions import Question, question_of
from ecsiam_tui.tui.screens.applying import ApplyScreen
from ecsiam_tui.tui.screens.dialogs import Ask, Choose
from ecsiam_tui.tui.screens.edit import EditScreen
from ecsiam_tui.tui.screens.findings import FindingsScreen
from ecsiam_tui.tui.screens.fixes import FixScreen
from ecsiam_tui.tui.screens.history import HistoryScreen
from ecsiam_tui.tui.screens.pick import PickScreen
from ecsiam_tui.tui.screens.plan import PlanScreen, plan_file
from ecsiam_tui.tui.screens.simulate import SimulateScreen
from ecsiam_tui.tui.screens.wizard import WizardScreen
from ecsiam_tui.tui.staging import PlanWorked, Staged, Staging
from ecsiam_tui.tui.what_if import Choosing, Naming, Start, Subject, ways, why_not
from ecsiam_tui.workspace import Workspace

if TYPE_CHECKING:
    from ecsiam_tui.tui.screens.explorer import ExplorerScreen

RELEASE_SECONDS = 30
"""What a plan came to before is let go of when nothing that began on it can still be going on."""

LOCKED = "This session reads only: leave, and start again with --allow-writes. w keeps the plan in a file."
NOT_LIVE = (
    "{} cannot be written to; w keeps the plan in a file, x writes it for those who apply it elsewhere."
)
T = TypeVar("T")


class PlanningApp(App[None]):
    """What the app of the explorer is made from."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "fix", "fix", id="app.fix"),
        Binding("w", "what_if", "what if", id="app.what-if"),
        Binding("s", "simulate", "simulate", id="app.simulate"),
        Binding("S", "plan", "plan", id="app.plan"),
        Binding("t", "view", "now/after/difference", id="app.view"),
        Binding("H", "history", "history", show=False, id="app.history"),
        Binding("W", "wizard", "new role…", show=False, id="app.wizard"),
    ]

    staged: var[Staged] = var(Staged(), init=False)
    pinned: var[tuple[Asked, ...]] = var(())
    question: Question = Question()
    workspace: Workspace | None
    explorer: "ExplorerScreen"

    def __init__(self) -> None:
        super().__init__()
        self.staging = Staging(self)
        self._offered = False

    # What is shown

    @property
    def shown(self) -> Workspace | None:
        """The account as it is looked at: now, or as the plan leaves it."""
        staged = self.staged
        if staged.compared is not None and staged.shown != "now":
            return staged.compared.then
        return self.workspace

    @property
    def ground(self) -> Workspace | None:
        """What a further change is tried on: the account as the plan leaves it, where that is known."""
        compared = self.staged.compared
        return compared.then if compared is not None and not self.staged.working else self.workspace

    def watch_staged(self, before: Staged, after: Staged) -> None:
        """Show the other side, or another plan."""
        self.plan_changed()
        if (before.compared, before.shown) == (after.compared, after.shown):
            return
        if before.compared is not after.compared:
            self.ask_pinned()
        self.show_side()
        old = before.compared
        if old is not None and (after.compared is None or old.then is not after.compared.then):
            self.set_timer(RELEASE_SECONDS, partial(self._let_go, old))

    def plan_changed(self) -> None:
        """Tell of the plan in the status line."""

    def show_side(self) -> None:
        """Show the side that is looked at in every screen that shows the account."""
        workspace, staged = self.shown, self.staged
        if workspace is None:
            return
        only = staged.shown == "difference"
        self.explorer.show_workspace(workspace, staged.compared, difference_only=only)
        self.show_findings()

    def show_findings(self) -> None:
        """Show the findings of the side that is looked at, where a screen of them is open."""
        workspace = self.shown
        for screen in self.screen_stack:
            if workspace is not None and isinstance(screen, FindingsScreen) and screen.is_mounted:
                screen.show_side(workspace, self.staged)

    @work(thread=True, group="release", exit_on_error=False)
    def _let_go(self, compared: Compared) -> None:
        compared.then.release()

    def on_plan_worked(self, event: PlanWorked) -> None:
        """What comes of the plan is known."""
        if self.staging.arrived(event) and event.staged.error:
            self.notify(event.staged.error, title="plan", severity="error", markup=False)

    # Staging

    async def stage(self, changes: Iterable[AnyChange], title: str = "") -> bool:
        """Stage changes and say so; False where they do not fit."""
        error = await self.staging.stage(changes)
        if error:
            self.notify(error, title="not staged", severity="error", markup=False)
            return False
        count = self.staged.size
        said = f"{title}\nS shows the plan: {count} change{'s' if count != 1 else ''}".strip()
        self.notify(said, title="staged", markup=False)
        return True

    @property
    def applier(self) -> Applier | None:
        """Who applies plans; None where nothing may be, or can be written."""
        return None

    @property
    def historian(self) -> Applier | None:
        """Who knows what was applied, though nothing may be applied now; None where that is nowhere."""
        return self.applier

    @property
    def locked(self) -> str:
        """Why nothing can be applied, and the way out."""
        return LOCKED

    async def in_thread(self, make: Callable[[], T]) -> T:
        """What takes a while, beside the screen."""
        return await asyncio.to_thread(make)

    @work
    async def applied(self, *, done: bool) -> None:
        """A plan was made, or a part of it: what is shown is read again."""
        if done:
            await self.staging.clear()
        self.read_again()

    def read_again(self) -> None:
        """Read the source again."""

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would do nothing here are not offered."""
        if action not in ("fix", "plan", "view", "what_if", "simulate", "history", "wizard"):
            return True
        if self.workspace is None or isinstance(self.screen, Choose) or isinstance(self.focused, Input):
            return False
        screen = self.screen
        here = screen is self.explorer
        if action == "view":
            shows = here or isinstance(screen, (FindingsScreen, PlanScreen))
            return shows and self.staged.compared is not None
        if action == "plan":
            return here or isinstance(screen, FindingsScreen)
        if action == "history":
            return (here or isinstance(screen, PlanScreen)) and self.historian is not None
        if action == "wizard":
            return here and self.ground is not None and self.ground.is_judged
        if action == "fix":
            return bool(self._findings_here())
        if action == "what_if":
            return here and self.item is not None and self.item.node is not None
        return here

    @property
    def item(self) -> Item | None:
        """The row of the explorer that is marked."""
        return self.explorer.tree_view.item

    def _findings_here(self) -> tuple[Finding, ...]:
        screen, workspace = self.screen, self.shown
        if workspace is None or not workspace.is_judged:
            return ()
        if isinstance(screen, FindingsScreen):
            marked = screen.marked
            return (marked,) if marked is not None and screen.mark_of(marked) != "-" else ()
        item = self.item if screen is self.explorer else None
        if item is None or item.node is None:
            return ()
        if item.statement is not None:
            return workspace.health.at_statement(item.node.id, item.statement.lines)
        return workspace.health.at(item.node.id) or workspace.health.below(item.node.id)

    def action_plan(self) -> None:
        """Show the plan."""
        self.push_screen(PlanScreen())

    def action_history(self) -> None:
        """Show what was applied."""
        found, now = self.historian, self.workspace
        if found is not None and now is not None:
            self.push_screen(HistoryScreen(found, now.snapshot, read_only=self.applier is None))

    def action_wizard(self) -> None:
        """Set up a role, step by step."""
        if self.ground is not None and self.ground.is_judged:
            self.push_screen(WizardScreen())

    def show_plan(self) -> None:
        """Show the plan, unless it is shown already."""
        if not isinstance(self.screen, PlanScreen):
            self.push_screen(PlanScreen())

    async def plan_undo(self, applier: Applier, journal: str) -> bool:
        """Stage what takes an apply back, in the place of what is staged; False where that is not so."""
        now, staged = self.workspace, self.staged.size
        if now is None:
            return False
        if staged:
            question = (
                f"The undo takes the place of the staged plan ({staged} change{'s' if staged > 1 else ''})"
            )
            choices = (("stay", "keep the plan"), ("go", "plan the undo instead"))
            if await self.push_screen_wait(Choose(question, choices)) != "go":
                return False
        try:
            plan = await self.in_thread(partial(applier.undo, journal, now.snapshot))
        except (ApplyError, JournalError, ChangeError, SourceError) as error:
            self.notify(str(error), title="no undo", severity="error", markup=False)
            return False
        error_text = await self.staging.replace(plan)
        if error_text:
            self.notify(error_text, title="no undo", severity="error", markup=False)
        return not error_text

    @work(exclusive=True, group="interrupted")
    async def offer_interrupted(self) -> None:
        """An apply that was interrupted can go on or back: offered once, when the account is read."""
        applier, now = self.applier, self.workspace
        if applier is None or now is None or self._offered:
            return
        self._offered = True
        try:
            records = await self.in_thread(applier.history)
        except (ApplyError, JournalError, SourceError) as error:
            self.notify(str(error), title="no history", severity="warning", markup=False)
            return
        open_ones = [record for record in records if record.end is None]
        if not open_ones:
            return
        if self.screen is self.explorer:
            self.push_screen(ApplyScreen(open_ones[0].header.plan, now.snapshot, applier, open_ones[0]))
        else:
            self.notify("H in the explorer goes on with it, or back", title="an apply was interrupted")

    def action_view(self) -> None:
        """Show now, after, or the difference."""
        self.staging.toggle()

    @work
    async def action_fix(self) -> None:
        """Show how a finding can be fixed."""
        findings, workspace = self._findings_here(), self.shown
        if not findings or workspace is None:
            return
        finding = findings[0]
        if len(findings) > 1:
            title = workspace.facts.title
            choices = [
                (str(at), f"{one.severity.glyph} {title(one.node)}: {one.title}  {one.rule}")
                for at, one in enumerate(findings)
            ]
            chosen = await self.push_screen_wait(Choose("Fix which finding?", choices))
            if chosen is None:
                return
            finding = findings[int(chosen)]
        self.push_screen(FixScreen(finding))

    @work
    async def action_what_if(self) -> None:
        """Try a change of the marked row."""
        item, ground = self.item, self.ground
        if item is None or ground is None:
            return
        found = ways(item, ground)
        if not found:
            self.notify(why_not(item, ground), title="nothing to change", severity="warning", markup=False)
            return
        chosen: str | None = "0"
        if len(found) > 1:
            choices = [(str(at), way.label) for at, way in enumerate(found)]
            chosen = await self.push_screen_wait(Choose(f"What if… {item.title}", choices))
        if chosen is not None:
            await self._start(found[int(chosen)].start())

    async def _start(self, start: Start) -> None:
        """Open what a way of changing leads to, after what has to be asked first."""
        if isinstance(start, Naming):
            hint = "Letters, digits and +=,.@-_; Enter goes on, Esc goes back"
            name = await self.push_screen_wait(Ask("Name of the inline policy", start.title, hint))
            if name is None:
                return
            start = start.subject(name)
        if isinstance(start, Choosing):
            chosen = await self.push_screen_wait(Choose(start.title, start.choices))
            if chosen is None:
                return
            start = start.pick(chosen)
        self.push_screen(EditScreen(start) if isinstance(start, Subject) else PickScreen(start))

    # Questions

    def action_simulate(self) -> None:
        """Ask what the marked row may do."""
        if self.workspace is not None:
            self.question = question_of(self.item, self.workspace, self.question)
            self.push_screen(SimulateScreen(self.question))

    def pin(self, asked: Asked) -> None:
        """Keep a question: it is asked again after each staged change."""
        self.pinned = (*self.pinned, asked)

    def unpin(self, at: int) -> None:
        """Forget a question."""
        self.pinned = (*self.pinned[:at], *self.pinned[at + 1 :])

    def ask_pinned(self) -> None:
        """Ask the pinned questions again."""
        now, compared = self.workspace, self.staged.compared
        if self.pinned and now is not None:
            self._ask_pinned(self.pinned, now, compared.then if compared is not None else None)

    @work(thread=True, group="pinned", exit_on_error=False)
    def _ask_pinned(self, pinned: tuple[Asked, ...], now: Workspace, then: Workspace | None) -> None:
        found = tuple(answered(asked.now.question, asked.at, now, then) for asked in pinned)
        self.call_from_thread(self._pinned_answered, pinned, found, then)

    def _pinned_answered(
        self, asked: tuple[Asked, ...], found: tuple[Asked, ...], then: Workspace | None
    ) -> None:
        compared = self.staged.compared
        if self.pinned is not asked or then is not (compared.then if compared is not None else None):
            return
        self.pinned = found
        other = [one for one in found if one.after is not None and one.after.outcomes != one.now.outcomes]
        if other:
            names = "\n".join(one.now.question.label for one in other[:5])
            self.notify(names, title="pinned, and another answer after the plan", markup=False)

    # Leaving

    async def may_leave(self) -> bool:
        """Ask before a staged plan is lost. A running apply is not left."""
        if any(isinstance(screen, ApplyScreen) and screen.running for screen in self.screen_stack):
            self.notify("ctrl+s stops the apply after this call", title="an apply is running")
            return False
        plan = self.staged.plan
        if plan is None:
            return True
        count = len(plan)
        answer = await self.push_screen_wait(
            Choose(
                f"{count} staged change{'s' if count > 1 else ''} would be lost",
                (("stay", "stay"), ("save", "write the plan to a file, and leave"), ("leave", "leave")),
            )
        )
        if answer != "save":
            return answer == "leave"
        path = await plan_file(self, plan, Path.cwd())
        return path is not None
