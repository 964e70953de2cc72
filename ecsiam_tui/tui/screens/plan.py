"""The plan: its changes in order, what each writes, and what comes of it all."""

from functools import partial
from pathlib import Path
from typing import ClassVar, cast

from rich.text import Text
from textual import work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Label, OptionList, Static
from textual.widgets.option_list import Option

from ecsiam_tui.account.text import visible
from ecsiam_tui.changes.applying import apply_all
from ecsiam_tui.changes.change import AnyChange, UpdateService
from ecsiam_tui.changes.looking import ChangeError
from ecsiam_tui.changes.plan import Plan, PlanError, from_json, to_json
from ecsiam_tui.changes.rendering import FORMS, render
from ecsiam_tui.changes.words import tell
from ecsiam_tui.tui import exporting
from ecsiam_tui.tui.differences import drawn, pair_of
from ecsiam_tui.tui.effects import headline, paint_effect
from ecsiam_tui.tui.pictures import Painter, Picture
from ecsiam_tui.tui.plan_notes import (
    form_choices,
    in_the_way,
    offered_path,
    paint_ready,
    paint_risk,
    sharing_notes,
)
from ecsiam_tui.tui.screens.applying import ApplyScreen
from ecsiam_tui.tui.screens.dialogs import Ask, Choose
from ecsiam_tui.tui.screens.planned import PlannedScreen
from ecsiam_tui.tui.staging import Staged
from ecsiam_tui.tui.told import paint_told
from ecsiam_tui.tui.widgets.key_line import KeyLine
from ecsiam_tui.workspace import Workspace

EMPTY = (
    "Nothing is staged. A change is staged before it is made: f on a finding offers fixes, w on a role,"
    " policy, service or task definition tries a change. Here one sees what the changes do together, puts"
    " them in order, writes them out for those who apply them elsewhere, and applies them.\n\n"
    "o opens a plan file, esc goes back."
)
MARK_TONES = {"+": "success", "~": "warning", "-": "error"}


async def plan_file(app: App[None], plan: Plan, folder: Path) -> Path | None:
    """Ask where to write a plan, and write it; None where it was not."""
    offered = exporting.free_path(folder / "ecsiam-plan.json")
    name = await app.push_screen_wait(Ask("Write the plan to", str(offered), "Enter writes, Esc goes back"))
    return written(app, Path(name).expanduser(), to_json(plan).decode()) if name else None


def written(app: App[None], path: Path, text: str) -> Path | None:
    """Write a new private file, and say so; None where that failed."""
    try:
        exporting.write_private(path, text)
    except FileExistsError:
        app.notify(f"{path} exists; choose another name", severity="error", markup=False)
    except OSError as error:
        app.notify(f"{path}: {error.strerror}", severity="error", markup=False)
    else:
        app.notify(str(path), title="written", markup=False)
        return path
    return None


def written_folder(app: App[None], folder: Path, files: dict[str, str]) -> None:
    """Write private files into a new folder, and say so."""
    try:
        folder.mkdir(mode=0o700)
        for name, text in files.items():
            exporting.write_private(folder / name, text)
    except OSError as error:
        app.notify(f"{folder}: {error.strerror}", severity="error", markup=False)
    else:
        app.notify(f"{len(files)} files in {folder}", title="written", markup=False)


class PlanScreen(PlannedScreen):
    """The changes above, the marked one's difference and the effect of the plan below."""

    PANE = "#plan-detail"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.pop_screen", "back", id="plan.back"),
        Binding("A", "apply", "apply", id="plan.apply"),
        Binding("u", "unstage", "unstage", id="plan.unstage"),
        Binding("K", "shift(-1)", "move up", id="plan.up"),
        Binding("J", "shift(1)", "move down", id="plan.down"),
        Binding("x", "export", "export", id="plan.export"),
        Binding("w", "save", "save", id="plan.save"),
        Binding("o", "open", "open", id="plan.open"),
        Binding("y", "copy", "copy text", show=False, id="plan.copy"),
        Binding("j", "mark(1)", "down", show=False, id="plan.mark-down"),
        Binding("k", "mark(-1)", "up", show=False, id="plan.mark-up"),
        Binding("pagedown,ctrl+f", "scroll(1)", "text down", show=False, id="plan.text-down"),
        Binding("pageup,ctrl+b", "scroll(-1)", "text up", show=False, id="plan.text-up"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._picture: Picture | None = None
        self._asked = 0

    @property
    def plan(self) -> Plan | None:
        """What is staged."""
        return self.ecsiam.staged.plan

    @property
    def text(self) -> str:
        """What is said of the marked change and of the plan."""
        return self._picture.plain if self._picture is not None else ""

    def compose(self) -> ComposeResult:
        """The summary, the changes, the text, the keys."""
        yield Label("", id="plan-title", classes="screen-title", markup=False)
        with Vertical(id="plan-panes"):
            yield OptionList(markup=False, id="plan-list")
            with VerticalScroll(id="plan-detail", can_focus=False):
                yield Static("", markup=False, id="plan-text")
        yield KeyLine()

    def on_mount(self) -> None:
        """Follow the plan."""
        self.watch(self.app, "staged", self.show)
        self._list.focus()

    @property
    def _list(self) -> OptionList:
        return self.query_one("#plan-list", OptionList)

    @property
    def marked(self) -> int | None:
        """The place of the marked change."""
        at, plan = self._list.highlighted, self.plan
        return at if plan is not None and at is not None and at < len(plan) else None

    def show(self, staged: Staged) -> None:
        """Show the plan as it is; the cursor stays in its place."""
        at = self._list.highlighted or 0
        changes = staged.plan.changes if staged.plan is not None else ()
        self._list.set_options([Option(self._row(change)) for change in changes])
        self._list.display = bool(changes)
        if changes:
            self._list.highlighted = min(at, len(changes) - 1)
        self.query_one("#plan-title", Label).update(self._title(staged))
        self._show_text()
        self.refresh_bindings()

    def _title(self, staged: Staged) -> Text:
        colours = self.app.theme_variables
        tones = {
            "bad": colours["error"],
            "warn": colours["warning"],
            "good": colours["success"],
            "dim": "dim",
        }
        title = Text("PLAN  ", "bold", no_wrap=True, overflow="ellipsis")
        title.append(f"{staged.size} change{'s' if staged.size != 1 else ''}")
        if staged.error:
            return title.append(f"   ✗ {visible(staged.error)}", colours["error"])
        if staged.working:
            return title.append("   working out what it does…", "dim")
        if staged.effect is not None:
            for piece in headline(staged.effect):
                title.append("   ").append(visible(piece.text), tones.get(piece.tone, ""))
            rolled = {change.service for change in self._changes if isinstance(change, UpdateService)}
            if rolled:
                title.append(f"   {len(rolled)} service{'s roll' if len(rolled) > 1 else ' rolls'} out")
        return title

    @property
    def _changes(self) -> tuple[AnyChange, ...]:
        return self.plan.changes if self.plan is not None else ()

    def _row(self, change: AnyChange) -> Text:
        told, colours = tell(change), self.app.theme_variables
        text = Text(f"{told.mark} ", colours[MARK_TONES[told.mark]], no_wrap=True, overflow="ellipsis")
        text.append(visible(told.target), "bold")
        text.append("" if told.kind in told.what else f"  {told.kind}", "dim")
        text.append(f"  {visible(told.what)}", "")
        return text.append(f"  {visible(change.why)}" if change.why else "", "dim")

    # The text below

    def on_option_list_option_highlighted(self) -> None:
        """Show what the marked change writes."""
        self._show_text()

    def on_resize(self) -> None:
        """Put the two sides of a difference beside each other, or not."""
        self._show_text()

    def _show_text(self) -> None:
        at, staged, now = self.marked, self.ecsiam.staged, self.ecsiam.workspace
        if at is None or staged.plan is None or now is None:
            self._picture = None
            self.query_one("#plan-text", Static).update(EMPTY)
            return
        self._asked += 1
        run = partial(self._paint, self._asked, at, staged, now, self.size.width)
        self.run_worker(run, thread=True, group="plan-text", exit_on_error=False)

    def _paint(self, asked: int, at: int, staged: Staged, now: Workspace, width: int) -> None:
        if asked != self._asked:
            return
        picture = plan_text(at, staged, now, self.app.theme_variables, width)
        self.app.call_from_thread(self._painted, asked, picture)

    def _painted(self, asked: int, picture: Picture) -> None:
        if asked == self._asked:
            self._picture = picture
            self.query_one("#plan-text", Static).update(picture.body)

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would do nothing here are not offered."""
        if action == "shift":
            to = (self.marked or 0) + cast("int", parameters[0])
            return self.marked is not None and 0 <= to < len(self._changes)
        if action in ("unstage", "export", "save", "copy", "apply"):
            return bool(self._changes)
        return True

    def action_mark(self, step: int) -> None:
        """Mark another change."""
        if step > 0:
            self._list.action_cursor_down()
        else:
            self._list.action_cursor_up()
        self.refresh_bindings()

    @work
    async def action_unstage(self) -> None:
        """Take the marked change out of the plan."""
        if self.marked is not None:
            self._said(await self.ecsiam.staging.unstage(self.marked))

    @work
    async def action_shift(self, step: int) -> None:
        """Move the marked change."""
        at = self.marked
        if at is None:
            return
        error = await self.ecsiam.staging.move(at, step)
        self._said(error)
        if not error:
            self._list.highlighted = at + step

    def _said(self, error: str) -> None:
        if error:
            self.notify(error, title="plan", severity="error", markup=False)

    @work
    async def action_save(self) -> None:
        """Write the plan to a file."""
        if self.plan is not None:
            await plan_file(self.app, self.plan, Path.cwd())

    @work
    async def action_open(self) -> None:
        """Take the plan in a file."""
        offered = str(Path.cwd() / "ecsiam-plan.json")
        hint = "Enter reads it in the place of this plan, Esc goes back"
        name = await self.app.push_screen_wait(Ask("Read a plan from", offered, hint))
        if name is None:
            return
        path = Path(name).expanduser()
        try:
            plan = from_json(path.read_bytes(), path.name)
        except OSError as error:
            self._said(f"{path}: {error.strerror}")
        except PlanError as error:
            self._said(str(error))
        else:
            self._said(await self.ecsiam.staging.replace(plan))

    @work
    async def action_export(self) -> None:
        """Write the plan in a form for those who apply changes elsewhere."""
        plan, now = self.plan, self.ecsiam.workspace
        if plan is None or now is None:
            return
        chosen = await self.app.push_screen_wait(Choose("Export as", form_choices()))
        form = next((form for form in FORMS if form == chosen), None)
        if form is None:
            return
        try:
            found = await self.ecsiam.in_thread(partial(render, plan, now.snapshot, form))
        except ChangeError as error:
            self._said(str(error))
            return
        offered = exporting.free_path(offered_path(Path.cwd(), form))
        hint = "Enter writes, Esc goes back"
        name = await self.app.push_screen_wait(Ask("Write to", str(offered), hint))
        if name is None:
            return
        path = Path(name).expanduser()
        if isinstance(found, str):
            written(self.app, path, found)
        else:
            written_folder(self.app, path, found)

    def action_apply(self) -> None:
        """Make it real."""
        app, plan = self.ecsiam, self.plan
        if plan is None or app.workspace is None:
            return
        if app.applier is None:
            self.notify(app.locked, title="read-only", severity="warning", markup=False, timeout=10)
        elif app.staged.error:
            self._said(app.staged.error)
        elif reason := in_the_way(plan, app.staged.ready):
            self._said(reason)
        else:
            app.push_screen(ApplyScreen(plan, app.workspace.snapshot, app.applier))


def plan_text(at: int, staged: Staged, now: Workspace, colours: dict[str, str], width: int) -> Picture:
    """What the marked change writes, and what the plan does."""
    paint = Painter(colours)
    plan = staged.plan
    if plan is None:
        return paint.picture()
    change = plan.changes[at]
    paint_told(paint, tell(change), "dim")
    paint.line(change.target, "dim")
    paint.fact("why", change.why)
    paint_risk(paint, staged.ready, at)
    for text in sharing_notes(change, now):
        paint.fact("shared", text, "warn")
    try:
        before = apply_all(plan.changes[:at], now.snapshot)
        pair = pair_of(change, before, apply_all((change,), before))
    except ChangeError as error:
        paint.line().line(f"✗ {error}", "bad")
    else:
        paint.title(pair.title)
        paint.put(*drawn(pair, colours, width))
    if staged.ready is not None:
        paint_ready(paint, plan, staged.ready)
    paint.title("effect of the plan")
    if staged.error:
        paint.line(staged.error, "bad")
    elif staged.effect is None or staged.working:
        paint.line("still working it out…", "dim")
    else:
        paint_effect(paint, staged.effect, now)
    return paint.picture()
