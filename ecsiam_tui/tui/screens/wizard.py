"""A wizard: one question after the other, then what comes of the answers, to be staged."""

from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from ecsiam_tui.account.text import visible
from ecsiam_tui.changes.looking import ChangeError
from ecsiam_tui.fixes.assigning import Made
from ecsiam_tui.fixes.role_policies import WizardError
from ecsiam_tui.fixes.templates import BlankError
from ecsiam_tui.tui.pictures import Painter, Picture
from ecsiam_tui.tui.previews import paint_changes, paint_headline
from ecsiam_tui.tui.screens.planned import PlannedScreen
from ecsiam_tui.tui.trying import Trial, Tried
from ecsiam_tui.tui.widgets.key_line import KeyLine
from ecsiam_tui.tui.wizard_steps import FIRST, NOBODY, Choices, Step, narrowed, next_step, outcome


class Outcome(VerticalScroll):
    """What comes of the answers."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "screen.stage", "stage", id="wizard.stage")]


class WizardScreen(PlannedScreen):
    """The answers so far above; below them the question, or what comes of it all."""

    PANE = "#wizard-detail"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "back", id="wizard.back", priority=True),
        Binding("enter", "next", "next", id="wizard.next", priority=True),
        Binding("tab", "mark", "mark", id="wizard.mark", priority=True),
        Binding("down", "move(1)", "down", show=False, id="wizard.down", priority=True),
        Binding("up", "move(-1)", "up", show=False, id="wizard.up", priority=True),
        Binding("pagedown", "scroll(1)", "text down", show=False, id="wizard.text-down", priority=True),
        Binding("pageup", "scroll(-1)", "text up", show=False, id="wizard.text-up", priority=True),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.answered: list[tuple[Step, tuple[str, ...]]] = []
        self.step: Step | None = FIRST
        self.made: Made | None = None
        self.tried: Tried | None = None
        self.marked: dict[str, None] = {}
        self.shown: Choices = ()
        self._before: dict[str, tuple[str, ...]] = {}
        self._busy = False
        self._error = ""
        self._picture: Picture | None = None
        self._trial = Trial(self, self._show_tried)

    @property
    def answers(self) -> dict[str, tuple[str, ...]]:
        """The answers so far, by the names of their steps."""
        return {step.name: values for step, values in self.answered}

    @property
    def text(self) -> str:
        """What is said of what comes of it."""
        return self._picture.plain if self._picture is not None else ""

    def compose(self) -> ComposeResult:
        """The title, the answers, the question with its choices, what comes of it, the keys."""
        yield Label(Text("SET UP", "bold"), classes="screen-title", markup=False)
        yield Static("", id="wizard-steps", markup=False)
        with Vertical(id="wizard-question"):
            yield Input(id="wizard-input", compact=True, select_on_focus=False)
            yield OptionList(markup=False, id="wizard-list")
        with Outcome(id="wizard-detail"):
            yield Static("", id="wizard-text", markup=False)
        yield KeyLine()

    def on_mount(self) -> None:
        """Ask the first question."""
        self._list.can_focus = False
        self._line.cursor_blink = False
        self._show()

    @property
    def _list(self) -> OptionList:
        return self.query_one("#wizard-list", OptionList)

    @property
    def _line(self) -> Input:
        return self.query_one("#wizard-input", Input)

    # Showing

    def _show(self) -> None:
        """Show the question, or what comes of the answers."""
        step = self.step
        self.query_one("#wizard-question").display = step is not None
        detail = self.query_one("#wizard-detail")
        detail.display = step is None
        if step is None:
            detail.focus()
            detail.scroll_home(animate=False)
            self._show_text()
        else:
            values = self._before.get(step.name, step.default)
            self.marked = dict.fromkeys(values) if step.how == "many" else {}
            self._list.display = step.how != "text"
            self._line.placeholder = "type to narrow" if step.how != "text" else ""
            with self.prevent(Input.Changed):
                self._line.value = values[0] if step.how == "text" and values else ""
            self._line.cursor_position = len(self._line.value)
            self._line.focus()
            self._narrow(values[0] if values and step.how == "one" else "")
        self._show_steps()
        self.refresh_bindings()

    def _show_steps(self) -> None:
        colours = self.app.theme_variables
        text = Text(no_wrap=True, overflow="ellipsis")
        for step, values in self.answered:
            text.append("✓ ", colours["success"]).append(visible(step.title), "dim")
            text.append(f"  {visible(step.said(values))}\n")
        if self._busy:
            text.append("… working it out", "dim")
        elif self.step is not None:
            text.append("▸ ", colours["primary"]).append(visible(self.step.title), "bold")
            said = self._said()
            text.append(f"  {visible(said)}" if said else "", colours["warning"] if self._error else "dim")
        elif self.made is not None:
            text.append("▸ ", colours["primary"]).append(visible(self.made.title), "bold")
        self.query_one("#wizard-steps", Static).update(text)

    def _said(self) -> str:
        if self._error or self.step is None:
            return self._error
        count = f"{len(self.marked)} marked" if self.step.how == "many" and self.marked else ""
        return "; ".join(filter(None, (count, self.step.hint)))

    def on_input_changed(self) -> None:
        """Narrow the choices, or look at the text."""
        step = self.step
        if step is None or self._busy:
            return
        typed = self._line.value.strip()
        self._error = step.refuse(typed) if step.how == "text" and typed else ""
        self._narrow("")
        self._show_steps()

    def _narrow(self, current: str) -> None:
        step = self.step
        if step is None or step.how == "text":
            self.shown = ()
            return
        typed = self._line.value.strip()
        self.shown = narrowed(step, typed)
        if step.how == "many" and not typed:  # what is marked is seen, wherever it was found
            listed = {value for value, _ in self.shown}
            rest = tuple((value, step.label(value)) for value in self.marked if value not in listed)
            self.shown = (*rest, *self.shown)
        self._list.set_options(
            [Option(self._row(value, label)) for value, label in self.shown]
            or [Option("type something" if not typed else "nothing fits; delete some letters", disabled=True)]
        )
        values = [value for value, _ in self.shown]
        if values:
            self._list.highlighted = values.index(current) if current in values else 0

    def _row(self, value: str, label: str) -> Text:
        name, gap, note = label.partition("  ")
        mark = "  " if self.step is None or self.step.how == "one" else "✓ " if value in self.marked else "· "
        text = Text(mark, no_wrap=True, overflow="ellipsis")
        return text.append(visible(name)).append(gap + visible(note), "dim")

    def _show_tried(self, tried: Tried) -> None:
        self.tried = tried
        self._show_text()

    def on_resize(self) -> None:
        """Put differences beside each other, or not."""
        if self.step is None:
            self._show_text()

    def _show_text(self) -> None:
        paint = Painter(self.app.theme_variables)
        made = self.made
        if made is None:
            paint.line(f"✗ {self._error}" if self._error else "", "bad")
        elif not made.changes:
            paint.line("Nothing has to change: it is so already.", "dim")
        else:
            paint_headline(paint, self.tried)
            for text in made.warnings:
                paint.fact("▲ know this", text, "warn")
            paint_changes(paint, made.changes, self.tried, self.app.theme_variables, self.size.width)
        self._picture = paint.picture()
        self.query_one("#wizard-text", Static).update(self._picture.body)

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would do nothing here are not offered."""
        step = self.step
        if action == "next":
            return step is not None
        if action == "stage":
            return step is None and self.made is not None and bool(self.made.changes)
        if action == "mark":
            return step is not None and step.how == "many"
        if action == "move":
            return step is not None and step.how != "text"
        return True

    @property
    def _at(self) -> str | None:
        """The value under the cursor."""
        at = self._list.highlighted
        return self.shown[at][0] if at is not None and at < len(self.shown) else None

    def action_move(self, step: int) -> None:
        """Mark another choice."""
        if self.shown:
            self._list.highlighted = ((self._list.highlighted or 0) + step) % len(self.shown)

    def action_scroll(self, direction: int) -> None:
        """Scroll what comes of it, or the choices."""
        if self.step is None:
            super().action_scroll(direction)
        elif self.shown:
            far = (self._list.highlighted or 0) + direction * max(1, self._list.size.height - 1)
            self._list.highlighted = min(max(far, 0), len(self.shown) - 1)

    def action_mark(self) -> None:
        """Mark the choice under the cursor, or not any more."""
        value, at = self._at, self._list.highlighted
        if value is None or at is None:
            return
        if value in self.marked:
            del self.marked[value]
        else:
            if value == NOBODY:
                self.marked.clear()
            self.marked.pop(NOBODY, None)
            self.marked[value] = None
        self._narrow(value)
        self._show_steps()

    def _given(self) -> tuple[str, ...]:
        """The answer as it stands; empty where there is none."""
        step = self.step
        if step is None:
            return ()
        if step.how == "text":
            typed = self._line.value.strip()
            self._error = step.refuse(typed)
            return () if self._error else (typed,)
        if step.how == "many" and self.marked:
            return tuple(self.marked)
        return () if self._at is None else (self._at,)

    def action_next(self) -> None:
        """Take the answer, and ask on."""
        step, values = self.step, self._given()
        if step is None or self._busy:
            return
        if not values:
            self._show_steps()
            return
        self.answered.append((step, values))
        self._before[step.name] = values
        self._go_on()

    def on_option_list_option_selected(self) -> None:
        """A click marks; Enter goes on."""

    @work(exclusive=True, group="wizard")
    async def _go_on(self) -> None:
        ground = self.ecsiam.ground
        if ground is None:
            return
        self._busy, self._error, self.made, self.tried = True, "", None, None
        self._show_steps()
        answers = self.answers
        try:
            step = await self.ecsiam.in_thread(lambda: next_step(answers, ground.facts))
            made = (
                await self.ecsiam.in_thread(lambda: outcome(answers, ground.facts)) if step is None else None
            )
        except (WizardError, BlankError, ChangeError) as error:
            step, made, self._error = self.answered.pop()[0], None, str(error)
        except Exception as fault:  # a fault of this program must not leave the screen waiting
            step, made, self._error = self.answered.pop()[0], None, f"{type(fault).__name__}: {fault}"
        finally:
            self._busy = False
        self.step, self.made = step, made
        if made is not None and made.changes:
            self._trial.ask(ground, made.changes)
        self._show()

    def action_back(self) -> None:
        """One step back: out of what was typed, then to the question before, then out."""
        step = self.step
        if step is not None and step.how != "text" and self._line.value:
            self._line.value = ""
            return
        self.workers.cancel_group(self, "wizard")
        self._trial.forget()
        self._busy, self._error, self.made, self.tried = False, "", None, None
        if not self.answered:
            self.app.pop_screen()
            return
        if step is not None and step.how == "many":
            self._before[step.name] = tuple(self.marked)
        self.step = self.answered.pop()[0]
        self._show()

    @work(exclusive=True, group="stage")
    async def action_stage(self) -> None:
        """Stage what comes of it, and go back."""
        made = self.made
        if made is None:
            return
        if await self.ecsiam.stage(made.changes, made.title) and self.is_current:
            self.app.pop_screen()
