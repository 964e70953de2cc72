"""May this principal do that, and why: typed, answered layer by layer, now and after the plan, and pinned."""

from pathlib import Path
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
from ecsiam_tui.policy.evaluation import Decision
from ecsiam_tui.policy.telling import OUTCOME_WORDS
from ecsiam_tui.tui import exporting
from ecsiam_tui.tui.answers import TONES, Asked, answer_text, answered
from ecsiam_tui.tui.pictures import Picture
from ecsiam_tui.tui.questions import (
    Question,
    as_tests,
    complete,
    completed,
)
from ecsiam_tui.tui.screens.dialogs import Ask
from ecsiam_tui.tui.screens.plan import written
from ecsiam_tui.tui.screens.planned import PlannedScreen
from ecsiam_tui.tui.widgets.document_view import DocumentView
from ecsiam_tui.tui.widgets.key_line import KeyLine
from ecsiam_tui.workspace import Workspace

REST_SECONDS = 0.15
FIELDS = (
    ("principal", "principal", "a role or user by name or ARN; root; anonymous"),
    ("actions", "action", "s3:GetObject; several with spaces between"),
    ("resources", "resource", "an ARN; empty asks whether there is any"),
    ("context", "context", "key=value, such as aws:PrincipalTag/team=pay"),
)
EMPTY = (
    "Type who, what and on what: the answer comes with the layer and the statement that decide.\n\n"
    "p pins a question: pinned ones are asked again after each staged change, and f2 writes them as a policy"
    " test file for ecsiam-tui test."
)


class SimulateScreen(PlannedScreen):
    """The question above; the answer left, the statement that decides right; pinned questions below."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "back", id="simulate.back"),
        Binding("p", "pin", "pin", id="simulate.pin"),
        Binding("n", "step(1)", "next answer", id="simulate.next"),
        Binding("delete,d", "unpin", "unpin", id="simulate.unpin"),
        Binding("f2", "save", "save as tests", id="simulate.save"),
        Binding("y", "copy", "copy", show=False, id="simulate.copy"),
        Binding("down", "match(1)", "down", show=False, id="simulate.down"),
        Binding("up", "match(-1)", "up", show=False, id="simulate.up"),
        Binding("j", "scroll(1)", "down", show=False, id="simulate.text-down"),
        Binding("k", "scroll(-1)", "up", show=False, id="simulate.text-up"),
        Binding("tab", "app.focus_next", "next pane", show=False, id="simulate.next-pane"),
    ]

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question
        self.asked: Asked | None = None
        self.matches: list[str] = []
        self._at = 0
        self._generation = 0
        self._timer: Timer | None = None
        self._picture: Picture | None = None

    @property
    def text(self) -> str:
        """What is answered."""
        return self._picture.plain if self._picture is not None else ""

    def compose(self) -> ComposeResult:
        """The fields, what fits, the answer, the pinned questions, the keys."""
        yield Label("", id="simulate-title", classes="screen-title", markup=False)
        with Vertical(id="simulate-form"):
            for name, label, hint in FIELDS:
                with Horizontal(classes="simulate-field"):
                    yield Label(label, classes="simulate-label")
                    yield Input(
                        getattr(self.question, name),
                        placeholder=hint,
                        id=f"simulate-{name}",
                        compact=True,
                        select_on_focus=False,
                    )
            yield OptionList(markup=False, id="simulate-matches")
        with Horizontal(id="simulate-panes"):
            with VerticalScroll(id="simulate-answer"):
                yield Static(EMPTY, id="simulate-said", markup=False)
            with Vertical(id="simulate-right"):
                yield Label("", id="simulate-policy", markup=False)
                yield DocumentView(id="simulate-json")
        yield OptionList(markup=False, id="simulate-pins")
        yield KeyLine()

    def on_mount(self) -> None:
        """Type in the first field that is empty."""
        self._matches.can_focus = False
        for line in self.query(Input):
            line.cursor_blink = False
            line.cursor_position = len(line.value)
        empty = [name for name, _, _ in FIELDS if not getattr(self.question, name)]
        self._input(empty[0] if empty and empty[0] != "context" else "actions").focus()
        self._show_matches([])
        self.watch(self.app, "staged", self._plan_changed, init=False)
        self.watch(self.app, "pinned", self._show_pins)
        self._ask()

    def _input(self, name: str) -> Input:
        return self.query_one(f"#simulate-{name}", Input)

    @property
    def _matches(self) -> OptionList:
        return self.query_one("#simulate-matches", OptionList)

    @property
    def _pins(self) -> OptionList:
        return self.query_one("#simulate-pins", OptionList)

    @property
    def field(self) -> str:
        """The field in which one types; empty where one does not."""
        focused = self.focused
        return (focused.id or "").removeprefix("simulate-") if isinstance(focused, Input) else ""

    # Asking

    def on_input_changed(self, event: Input.Changed) -> None:
        """Another question: offer what fits, and ask when typing rests."""
        event.stop()
        values = {name: self._input(name).value for name, _, _ in FIELDS}
        if Question(**values) == self.question:
            return
        self.question = Question(**values)
        self._at = 0
        self._offer()
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(REST_SECONDS, self._ask)

    def _plan_changed(self) -> None:
        self._ask()

    def _ask(self) -> None:
        self.ecsiam.question = self.question
        self._generation += 1
        now, compared = self.ecsiam.workspace, self.ecsiam.staged.compared
        if now is None or not self.question.is_whole:
            self.asked = None
            self._show_answer()
            return
        self._work(self._generation, self.question, self._at, now, compared.then if compared else None)

    @work(thread=True, group="simulate", exit_on_error=False)
    def _work(
        self, generation: int, question: Question, at: int, now: Workspace, then: Workspace | None
    ) -> None:
        if generation != self._generation:
            return
        asked = answered(question, at, now, then)
        self.app.call_from_thread(self._answered, generation, asked)

    def _answered(self, generation: int, asked: Asked) -> None:
        if generation == self._generation and self.is_mounted:
            self.asked = asked
            self._show_answer()

    # What is shown

    def _show_answer(self) -> None:
        asked = self.asked
        title = Text("SIMULATE  ", "bold", no_wrap=True, overflow="ellipsis")
        if asked is None:
            self._picture = None
            self.query_one("#simulate-said", Static).update(EMPTY)
        else:
            self._picture = answer_text(asked, self.app.theme_variables)
            self.query_one("#simulate-said", Static).update(self._picture.body)
            title.append_text(self._words(asked))
        self.query_one("#simulate-title", Label).update(title)
        place = asked.place if asked is not None else None
        self.set_class(place is not None, "-placed")
        self.query_one("#simulate-policy", Label).update(visible(place.title) if place else "")
        self.query_one(DocumentView).show(place.text if place else "", place.lines if place else None)
        self.refresh_bindings()

    def _words(self, asked: Asked) -> Text:
        text = Text()
        if asked.now.decisions:
            text.append_text(self._word(asked.now.decisions[asked.at].outcome))
            if asked.after is not None and asked.after.decisions:
                text.append("  after the plan ", "dim")
                text.append_text(self._word(asked.after.decisions[asked.at].outcome))
            if len(asked.now.decisions) > 1:
                text.append(f"   {asked.at + 1} of {len(asked.now.decisions)}", "dim")
        return text

    def _word(self, outcome: str) -> Text:
        word = OUTCOME_WORDS[outcome]
        return Text(word.upper(), f"bold {self.app.theme_variables[TONES[word]]}")

    def _show_pins(self) -> None:
        pinned = self.ecsiam.pinned
        at = self._pins.highlighted or 0
        self._pins.set_options([Option(self._pin_row(asked)) for asked in pinned])
        self._pins.display = bool(pinned)
        if pinned:
            self._pins.highlighted = min(at, len(pinned) - 1)
        self.refresh_bindings()

    def _pin_row(self, asked: Asked) -> Text:
        text = Text(no_wrap=True, overflow="ellipsis")
        if asked.now.error:
            text.append("? ", self.app.theme_variables["warning"])
        for number, outcome in enumerate(asked.now.outcomes[:3]):
            text.append(" " if number else "").append_text(self._word(outcome))
            after = asked.after.outcomes if asked.after is not None else ()
            if number < len(after) and after[number] != outcome:
                text.append(" → ").append_text(self._word(after[number]))
        return text.append(f"  {visible(asked.now.question.label)}")

    # Completing

    def _offer(self) -> None:
        field, workspace = self.field, self.ecsiam.workspace
        if not field or workspace is None:
            self._show_matches([])
            return
        missing = [key for decision in self._decisions for key in decision.missing_context]
        typed = self._input(field).value
        self._show_matches(complete(field, typed, self.question, workspace, missing))

    @property
    def _decisions(self) -> tuple[Decision, ...]:
        return self.asked.now.decisions if self.asked is not None else ()

    def _show_matches(self, matches: list[str]) -> None:
        self.matches = matches
        self._matches.set_options([Option(visible(match)) for match in matches])
        self._matches.highlighted = None
        self._matches.display = bool(matches)

    def on_descendant_focus(self) -> None:
        """Another field: offer what fits there."""
        if self.field == "context" and not self.question.context:
            self._offer()
        else:
            self._show_matches([])
        self.refresh_bindings()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter takes the marked match; without one it goes to the next field, at last to the answer."""
        event.stop()
        at, field = self._matches.highlighted, self.field
        if at is not None and at < len(self.matches):
            line = self._input(field)
            line.value = completed(field, line.value, self.matches[at])
            line.cursor_position = len(line.value)
            self._show_matches([])
            return
        names = [name for name, _, _ in FIELDS]
        place = names.index(field) if field in names else len(names)
        if place + 1 < len(names):
            self._input(names[place + 1]).focus()
        else:
            self.query_one("#simulate-answer").focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """A pinned question is shown; a match that is clicked is taken."""
        event.stop()
        if event.option_list is self._pins:
            self._take(self.ecsiam.pinned[event.option_index].now.question)
        elif self.field:
            line = self._input(self.field)
            line.value = completed(self.field, line.value, self.matches[event.option_index])

    def _take(self, question: Question) -> None:
        for name, _, _ in FIELDS:
            self._input(name).value = getattr(question, name)

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would do nothing here are not offered."""
        types = bool(self.field)
        if action == "pin":
            return not types and bool(self._decisions) and self.question not in self._pinned_questions
        if action == "unpin":
            return self.focused is self._pins if self.is_mounted else False
        if action == "save":
            return bool(self.ecsiam.pinned)
        if action == "step":
            return not types and len(self._decisions) > 1
        if action == "copy":
            return not types and self._picture is not None
        return True

    @property
    def _pinned_questions(self) -> list[Question]:
        return [asked.now.question for asked in self.ecsiam.pinned]

    def action_match(self, step: int) -> None:
        """Mark another match, or go to another field."""
        if self.matches and self.field:
            at = self._matches.highlighted
            top = at == 0 and step < 0
            self._matches.highlighted = None if top else 0 if at is None else (at + step) % len(self.matches)
        elif self.field and step > 0:
            self.focus_next()
        elif self.field:
            self.focus_previous()

    def action_scroll(self, step: int) -> None:
        """Scroll the answer."""
        self.query_one("#simulate-answer").scroll_relative(y=step, animate=False)

    def action_step(self, step: int) -> None:
        """Explain the next of several answers."""
        if self._decisions:
            self._at = (self._at + step) % len(self._decisions)
            self._ask()

    def action_pin(self) -> None:
        """Keep the question."""
        if self.asked is not None:
            self.ecsiam.pin(self.asked)

    def action_unpin(self) -> None:
        """Forget the marked question."""
        at = self._pins.highlighted
        if at is not None:
            self.ecsiam.unpin(at)

    @work
    async def action_save(self) -> None:
        """Write the pinned questions as policy tests that expect what is decided now."""
        pinned = self.ecsiam.pinned
        offered = exporting.free_path(Path.cwd() / "ecsiam-tests.jsonl")
        hint = "Enter writes, Esc goes back; ecsiam-tui test FILE runs it"
        name = await self.app.push_screen_wait(Ask("Write policy tests to", str(offered), hint))
        if name is None:
            return
        lines = await self.ecsiam.in_thread(lambda: [line for one in pinned for line in as_tests(one.now)])
        written(self.app, Path(name).expanduser(), "".join(f"{line.decode()}\n" for line in lines))

    def action_back(self) -> None:
        """One step back: out of what is offered, then out of the screen; the question is kept."""
        if self.matches:
            self._show_matches([])
        else:
            self.app.pop_screen()
