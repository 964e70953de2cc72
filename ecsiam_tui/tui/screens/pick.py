"""Picking one of many, with what it would do beside it: a policy to attach, a role to give."""

from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.timer import Timer
from textual.widgets import Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from ecsiam_tui.account.text import visible
from ecsiam_tui.changes.words import tell
from ecsiam_tui.graph.search import score
from ecsiam_tui.tui.effects import headline, paint_effect
from ecsiam_tui.tui.pictures import Painter, Picture
from ecsiam_tui.tui.plan_notes import sharing_notes
from ecsiam_tui.tui.screens.planned import PlannedScreen
from ecsiam_tui.tui.trying import Trial, Tried
from ecsiam_tui.tui.what_if import Pick
from ecsiam_tui.tui.widgets.key_line import KeyLine

REST_SECONDS = 0.2
"""What a choice would do is worked out when the cursor has rested this long."""
MOST_SHOWN = 200
"""So many fit at most; who finds more types on."""


def narrowed(pick: Pick, typed: str) -> list[tuple[str, str]]:
    """The choices that fit what was typed, the best first."""
    words = tuple(typed.lower().split())
    if not words:
        return list(pick.choices[:MOST_SHOWN])
    scored = []
    for place, (value, label) in enumerate(pick.choices):
        found = score(label.lower(), value.lower(), words)
        if found is not None:
            scored.append((found, place, (value, label)))
    scored.sort()
    found_ones = [choice for _, _, choice in scored[:MOST_SHOWN]]
    if pick.own and typed.startswith("arn:") and all(value != typed for value, _ in found_ones):
        found_ones.insert(0, (typed, f"{typed}  as typed"))
    return found_ones


class PickScreen(PlannedScreen):
    """The choices left, the effect of the marked one right; narrow: below."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]
    PANE = "#pick-right"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "back", id="pick.back"),
        Binding("enter", "stage", "stage", id="pick.stage", priority=True),
        Binding("down", "mark(1)", "down", show=False, id="pick.down", priority=True),
        Binding("up", "mark(-1)", "up", show=False, id="pick.up", priority=True),
        Binding("pagedown", "scroll(1)", "effect down", show=False, id="pick.text-down", priority=True),
        Binding("pageup", "scroll(-1)", "effect up", show=False, id="pick.text-up", priority=True),
    ]

    def __init__(self, pick: Pick) -> None:
        super().__init__()
        self.pick = pick
        self.shown: list[tuple[str, str]] = []
        self.tried: Tried | None = None
        self._timer: Timer | None = None
        self._picture: Picture | None = None
        self._trial = Trial(self, self._show_tried)

    @property
    def text(self) -> str:
        """What is said of the marked choice."""
        return self._picture.plain if self._picture is not None else ""

    def compose(self) -> ComposeResult:
        """The title, a line to type in, choices and effect, the keys."""
        yield Label("", id="pick-title", classes="screen-title", markup=False)
        yield Input(placeholder="type to narrow", id="pick-input", compact=True, select_on_focus=False)
        with Horizontal(id="pick-panes"):
            with Vertical(id="pick-left"):
                yield OptionList(markup=False, id="pick-list")
            with VerticalScroll(id="pick-right", can_focus=False):
                yield Static("", id="pick-effect", markup=False)
        yield KeyLine()

    def on_mount(self) -> None:
        """Show all choices."""
        self._list.can_focus = False
        self.query_one(Input).cursor_blink = False
        self.query_one(Input).focus()
        self._narrow("")

    @property
    def _list(self) -> OptionList:
        return self.query_one("#pick-list", OptionList)

    @property
    def marked(self) -> str | None:
        """The marked value."""
        at = self._list.highlighted
        return self.shown[at][0] if at is not None and at < len(self.shown) else None

    def on_input_changed(self, event: Input.Changed) -> None:
        """Narrow the choices."""
        self._narrow(event.value.strip())

    def _narrow(self, typed: str) -> None:
        self.shown = narrowed(self.pick, typed)
        self._list.set_options(
            [Option(self._row(value, label)) for value, label in self.shown]
            or [Option("nothing fits; delete some letters", disabled=True)]
        )
        values = [value for value, _ in self.shown]
        if self.shown:
            self._list.highlighted = (
                0 if typed or self.pick.current not in values else values.index(self.pick.current)
            )
        self._mark_changed()
        title = Text("WHAT IF  ", "bold").append(visible(self.pick.title))
        more = "+" if len(self.shown) == MOST_SHOWN else ""
        title.append(f"   {len(self.shown)}{more} of {len(self.pick.choices)}", "dim")
        self.query_one("#pick-title", Label).update(title)

    def _row(self, value: str, label: str) -> Text:
        name, gap, note = label.partition("  ")
        text = Text("● " if value == self.pick.current else "  ", no_wrap=True, overflow="ellipsis")
        return text.append(visible(name)).append(gap + visible(note), "dim")

    # The marked one

    def on_option_list_option_highlighted(self) -> None:
        """Show what the marked one would do."""
        self._mark_changed()

    def on_option_list_option_selected(self) -> None:
        """A click stages nothing; it marks."""

    def _mark_changed(self) -> None:
        self.tried = None
        self._trial.forget()
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(REST_SECONDS, self._try)
        self._show_effect()
        self.refresh_bindings()

    def _try(self) -> None:
        ground, value = self.ecsiam.ground, self.marked
        if ground is not None and value is not None and value != self.pick.current:
            self._trial.ask(ground, self.pick.changes(value))

    def _show_tried(self, tried: Tried) -> None:
        self.tried = tried
        self._show_effect()

    def _show_effect(self) -> None:
        paint = Painter(self.app.theme_variables)
        value, ground = self.marked, self.ecsiam.ground
        if value is None:
            paint.line("Nothing is marked.", "dim")
        elif value == self.pick.current:
            paint.line("This is how it is now.", "dim")
        else:
            changes = self.pick.changes(value)
            for change in changes:
                told = tell(change)
                paint.add(f"{told.mark} ", "accent").add(told.target, "bold").line(f"  {told.what}")
            for text in sharing_notes(changes[0], ground) if ground is not None else ():
                paint.line(f"▲ {text}", "warn")
            paint.line()
            self._effect(paint)
        self._picture = paint.picture()
        self.query_one("#pick-effect", Static).update(self._picture.body)

    def _effect(self, paint: Painter) -> None:
        if self.tried is None:
            paint.line("working out what it would do…", "dim")
        elif self.tried.effect is None:
            paint.line(f"✗ {self.tried.error}", "bad")
        else:
            for piece in headline(self.tried.effect):
                paint.add(f"{piece.text}   ", piece.tone)
            paint.line().line()
            paint_effect(paint, self.tried.effect, self.tried.ground)

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would do nothing here are not offered."""
        if action == "stage":
            return self.is_mounted and self.marked is not None and self.marked != self.pick.current
        return True

    def action_mark(self, step: int) -> None:
        """Mark another choice."""
        if self.shown:
            self._list.highlighted = ((self._list.highlighted or 0) + step) % len(self.shown)

    @work(exclusive=True, group="stage")
    async def action_stage(self) -> None:
        """Stage the marked choice, and go back."""
        value = self.marked
        if value is None or value == self.pick.current:
            return
        if await self.ecsiam.stage(self.pick.changes(value), self.pick.title) and self.is_current:
            self.app.pop_screen()

    def action_back(self) -> None:
        """One step back: out of what was typed, then out of the screen."""
        line = self.query_one(Input)
        if line.value:
            line.value = ""
        else:
            self.app.pop_screen()
