"""The app: it loads a source, holds the workspace, and wires the screens."""

import os
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePath
from typing import ClassVar

from textual import work
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.reactive import var
from textual.screen import Screen

from ecsiam_tui.account.source import Progress, Source, SourceError
from ecsiam_tui.findings.health import Health
from ecsiam_tui.findings.suppressions import FILE_NAME, Settings, SettingsError, append
from ecsiam_tui.tui.applying import Applier, applier_of
from ecsiam_tui.tui.commands import NodeCommands
from ecsiam_tui.tui.loader import (
    LoadFailed,
    LoadProgressed,
    LoadWatcher,
    WorkspaceJudged,
    WorkspaceReady,
    judge,
)
from ecsiam_tui.tui.planning import LOCKED, NOT_LIVE, PlanningApp
from ecsiam_tui.tui.screens.applying import ApplyScreen
from ecsiam_tui.tui.screens.dialogs import Ask, Choose
from ecsiam_tui.tui.screens.edit import EditScreen
from ecsiam_tui.tui.screens.explain import ExplainScreen
from ecsiam_tui.tui.screens.explorer import ExplorerScreen
from ecsiam_tui.tui.screens.findings import FindingList, FindingsScreen
from ecsiam_tui.tui.screens.fixes import FixList, FixScreen
from ecsiam_tui.tui.screens.gaps import GapsScreen
from ecsiam_tui.tui.screens.help import HelpScreen
from ecsiam_tui.tui.screens.history import HistoryScreen
from ecsiam_tui.tui.screens.plan import PlanScreen
from ecsiam_tui.tui.screens.simulate import SimulateScreen
from ecsiam_tui.tui.screens.wizard import WizardScreen
from ecsiam_tui.tui.styles import stylesheets
from ecsiam_tui.tui.themes import DARK, LIGHT
from ecsiam_tui.tui.widgets.detail import Detail
from ecsiam_tui.tui.widgets.fact_list import FactList
from ecsiam_tui.tui.widgets.status_bar import Status
from ecsiam_tui.tui.widgets.tree import EstateTree
from ecsiam_tui.workspace import Workspace

SWITCH_SECONDS = 0.001
"""How long a thread that reads or searches may hold back one that draws."""

RELEASE_SECONDS = 5
"""What was shown before is let go of when nothing that began on it can still be going on."""

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


class EcsIamApp(PlanningApp):
    """Explore one source."""

    TITLE = "ecsiam-tui"
    CSS_PATH: ClassVar[list[str | PurePath]] = stylesheets()
    COMMANDS = PlanningApp.COMMANDS | {NodeCommands}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "reload", "refresh", show=False, id="app.refresh"),
        Binding("F", "findings", "findings", id="app.findings"),
        Binding("E", "explain", "explain", id="app.explain"),
        Binding("exclamation_mark", "gaps", "gaps", key_display="!", id="app.gaps"),
        Binding("P", "profile", "profile", show=False, id="app.profile"),
        Binding("R", "region", "region", show=False, id="app.region"),
        Binding("ctrl+t", "theme", "dark or light", show=False, id="app.theme"),
        Binding("ctrl+p", "command_palette", "commands", id="app.palette"),
        Binding("question_mark", "help", "help", key_display="?", id="app.help"),
        Binding("q", "quit", "quit", id="app.quit"),
    ]

    status: var[Status] = var(Status())

    def __init__(
        self,
        source: Source,
        *,
        read_only: bool = True,
        clock: Clock = utc_now,
        light: bool = False,
        settings: Settings | None = None,
        settings_path: Path | None = None,
        applier: Applier | None = None,
    ) -> None:
        """`settings` came from `settings_path`, where suppressions are added. `applier` applies plans; the
        source's own does if none is given, unless the session is `read_only`."""
        super().__init__()
        self.source = source
        self.workspace: Workspace | None = None
        self.explorer = ExplorerScreen()
        self.clock = clock
        self.settings = settings or Settings()
        self._settings_path = settings_path or Path(FILE_NAME)
        self._read_only = read_only
        self._applier = applier
        self._generation = 0
        self._watcher: LoadWatcher | None = None
        self._loading: Progress | None = None
        self._failed = False
        self._error_text = ""
        self.animation_level = "none"  # a moving line says nothing and costs frames
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = LIGHT.name if light else DARK.name

    def get_default_screen(self) -> Screen[None]:
        """The explorer."""
        return self.explorer

    def on_mount(self) -> None:
        """Paint first, then load."""
        if "NO_COLOR" in os.environ:
            self.add_class("-no-colour")
        sys.setswitchinterval(SWITCH_SECONDS)
        self.set_interval(1, self._tick)
        self.call_after_refresh(self.action_reload)

    # Loading

    def action_reload(self) -> None:
        """Read the source again; what is shown stays until there is something newer."""
        if self._watcher is not None:
            self._watcher.stop()
        self._generation += 1
        self._watcher = LoadWatcher(self, self._generation, self.explorer.warm, self.settings)
        self._loading, self._failed = Progress("reading", 0), False
        if self.workspace is None:
            self.explorer.say(f"Reading {self.source.label}…")
        self._tick()
        self.run_worker(
            partial(self._watcher.run, self.source), thread=True, group="load", exit_on_error=False
        )

    def on_load_progressed(self, event: LoadProgressed) -> None:
        """Show how far reading is."""
        if event.generation == self._generation:
            self._loading = event.progress
            self._tick()

    def on_workspace_ready(self, event: WorkspaceReady) -> None:
        """Show what was read."""
        if event.generation != self._generation:
            return
        before, self.workspace = self.workspace, event.workspace
        self.staging.ground_moved()
        self.ask_pinned()
        if event.final:
            self._loading = None
        self._tick()
        self.explorer.show_workspace(event.workspace)
        self.show_findings()
        if before is not None:
            self.set_timer(RELEASE_SECONDS, partial(self._release, before))
        if event.final:
            self._judge(event.workspace)
        snapshot = event.workspace.snapshot
        if event.final and not snapshot.clusters and snapshot.is_known("clusters"):
            regions = ", ".join(snapshot.regions)
            self.notify(
                f"There is no ECS cluster in {regions}. Press R to choose another region.",
                title="nothing here",
            )

    @work(thread=True, group="judge", exit_on_error=False)
    def _judge(self, workspace: Workspace) -> None:
        judge(self, workspace)

    def on_workspace_judged(self, event: WorkspaceJudged) -> None:
        """Show what is wrong."""
        if event.workspace is self.workspace:
            self._tick()
            self.explorer.show_health()
            self.show_findings()
            self.staging.follow()
            self.offer_interrupted()

    @work(thread=True, group="release", exit_on_error=False)
    def _release(self, workspace: Workspace) -> None:
        workspace.release()

    def on_load_failed(self, event: LoadFailed) -> None:
        """Say why nothing could be read, and what can be done."""
        if event.generation != self._generation:
            return
        self._loading, self._failed = None, True
        self._tick()
        ways = ["r tries again"]
        ways += ["P chooses another profile"] if self.source.profiles() else []
        ways += ["R chooses another region"] if self.source.regions() else []
        if self.workspace is None:
            self.explorer.say(f"✗ {event.text}\n\n{', '.join(ways)}, q quits.")
        else:
            self.notify(event.text, title="not refreshed", severity="error", markup=False)

    def _tick(self) -> None:
        self.status = Status(
            self.workspace.snapshot if self.workspace else None,
            self.source.kind,
            self.source.label,
            self.clock(),
            self._loading,
            self._read_only,
            self._failed,
            self._health,
            self.staged.size,
            self.staged.shown,
        )

    @property
    def _health(self) -> Health | None:
        """The health of the whole account as it is looked at, None while it is not judged."""
        workspace = self.shown
        return workspace.health.everything if workspace is not None and workspace.is_judged else None

    # Other sources

    @work
    async def action_profile(self) -> None:
        """Explore with another profile."""
        await self._switch("Profile", self.source.profiles(), "profile")

    @work
    async def action_region(self) -> None:
        """Explore another region."""
        await self._switch("Region", self.source.regions(), "region")

    async def _switch(self, title: str, names: tuple[str, ...], what: str) -> None:
        snapshot = self.workspace.snapshot if self.workspace else None
        regions = ", ".join(snapshot.regions) if snapshot else ""
        current = self.source.label if what == "profile" else regions
        choices = [(name, name) for name in names]
        if what == "region" and snapshot and len(snapshot.regions) > 1:
            choices.insert(0, (regions, regions))
        chosen = await self.push_screen_wait(Choose(title, choices, current))
        if chosen is None:
            return
        try:
            if what == "profile":
                self.source = self.source.switch(profile=chosen)
            else:
                self.source = self.source.switch(regions=tuple(chosen.split(", ")))
        except SourceError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        self.workspace = None
        self.explorer.workspace = self.explorer.compared = None
        self.staging.ground_moved()
        self.action_reload()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would do nothing here are not offered."""
        if action == "profile":
            return bool(self.source.profiles())
        if action == "region":
            return bool(self.source.regions())
        alone = ("gaps", "findings", "explain", "reload", "help", "profile", "region")
        if action in alone and len(self.screen_stack) > 1:
            return False
        if action == "gaps":
            return self.workspace is not None
        if action == "findings":
            return self.workspace is not None and self.workspace.is_judged
        return super().check_action(action, parameters)

    # Changes

    @property
    def applier(self) -> Applier | None:
        """Who applies plans; None where nothing may be, or can be written."""
        return None if self._read_only else self.historian

    @property
    def historian(self) -> Applier | None:
        """Who knows what was applied, though nothing may be applied now; None where that is nowhere."""
        if self.workspace is None:
            return None
        return self._applier or applier_of(self.source, self.workspace.snapshot.account_id)

    @property
    def locked(self) -> str:
        """Why nothing can be applied, and the way out."""
        return LOCKED if self._read_only and self.source.kind != "snapshot" else NOT_LIVE.format("A snapshot")

    def plan_changed(self) -> None:
        """Tell of the plan in the status line."""
        self._tick()

    def read_again(self) -> None:
        """Read the source again."""
        self.action_reload()

    # Everything else

    def action_gaps(self) -> None:
        """Show what could not be read."""
        if self.workspace is not None:
            self.push_screen(GapsScreen(self.workspace.snapshot))

    def action_findings(self) -> None:
        """Show what is wrong."""
        workspace = self.shown
        if workspace is not None and workspace.is_judged:
            self.push_screen(FindingsScreen(workspace, staged=self.staged))

    @work
    async def action_explain(self) -> None:
        """Paste an error text and read what it means."""
        self._error_text = await self.push_screen_wait(ExplainScreen(self.workspace, self._error_text))

    def on_findings_screen_chosen(self, event: FindingsScreen.Chosen) -> None:
        """Go where a finding is."""
        self.pop_screen()
        if event.evidence:
            self.explorer.open_evidence(event.finding)
        else:
            self.explorer.jump(event.finding.node)

    @work
    async def on_findings_screen_suppress(self, event: FindingsScreen.Suppress) -> None:
        """Accept a finding: ask for the reason, and write it down."""
        workspace, screen = self.workspace, self.screen
        hint = f"Written to {self._settings_path}; Enter writes, Esc goes back"
        reason = await self.push_screen_wait(Ask(f"Why accept {event.finding.rule}?", "", hint))
        if reason is None or workspace is None:
            return
        try:
            self.settings = append(self._settings_path, event.finding, reason)
        except SettingsError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        workspace.suppress(self.settings)
        workspace.judge()
        self._tick()
        self.explorer.show_health()
        if isinstance(screen, FindingsScreen):
            screen.show_side(self.shown or workspace, self.staged)

    def action_help(self) -> None:
        """Show the keys."""
        groups = (
            ("Tree", EstateTree.BINDINGS),
            ("Detail", [*Detail.BINDINGS, *FactList.BINDINGS[:1]]),
            ("Explorer", ExplorerScreen.BINDINGS),
            ("Findings", [*FindingList.BINDINGS, *FindingsScreen.BINDINGS]),
            ("Explain", ExplainScreen.BINDINGS),
            ("Plan", PlanScreen.BINDINGS),
            ("Apply", ApplyScreen.BINDINGS),
            ("History", HistoryScreen.BINDINGS),
            ("What if", EditScreen.BINDINGS),
            ("Simulate", SimulateScreen.BINDINGS),
            ("New role", WizardScreen.BINDINGS),
            ("Fixes", [*FixList.BINDINGS, *FixScreen.BINDINGS]),
            ("Everywhere", [*PlanningApp.BINDINGS, *self.BINDINGS]),
        )
        self.push_screen(HelpScreen(groups))

    def action_theme(self) -> None:
        """Change between dark and light."""
        self.theme = DARK.name if self.theme == LIGHT.name else LIGHT.name

    async def action_quit(self) -> None:
        """Stop reading, and leave; a staged plan is not lost without asking."""
        self._leave()

    @work(exclusive=True, group="leave")
    async def _leave(self) -> None:
        if not await self.may_leave():
            return
        if self._watcher is not None:
            self._watcher.stop()
        self.exit()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What the palette offers besides nodes."""
        yield SystemCommand("Refresh", "read everything again", self.action_reload)
        yield SystemCommand("Findings", "what is wrong", self.action_findings)
        yield SystemCommand("Plan", "the staged changes, and what they do", self.action_plan)
        if self.historian is not None:
            yield SystemCommand("History", "what was applied, and undo", self.action_history)
        yield SystemCommand("New role…", "roles for ECS and its services, step by step", self.action_wizard)
        yield SystemCommand("Simulate", "may a principal do something, and why", self.action_simulate)
        yield SystemCommand("Explain", "what an error text means", self.action_explain)
        yield SystemCommand("Gaps", "what could not be read", self.action_gaps)
        if self.source.profiles():
            yield SystemCommand("Profile", "explore with another profile", self.action_profile)
        if self.source.regions():
            yield SystemCommand("Region", "explore another region", self.action_region)
        yield SystemCommand("Export", "write the view to a file", self.explorer.action_export)
        yield SystemCommand("Theme", "dark or light", self.action_theme)
        yield SystemCommand("Keys", "all keys", self.action_help)
        yield SystemCommand("Quit", "leave ecsiam-tui", self.action_quit)
