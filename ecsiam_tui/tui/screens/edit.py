"""The what-if editor: a policy document, what is wrong with it, and what it would do, while it is typed."""

from typing import ClassVar, NamedTuple

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.timer import Timer
from textual.widgets import Label, Static, TextArea

from ecsiam_tui.account.text import visible
from ecsiam_tui.policy.document import parse_document
from ecsiam_tui.policy.lint import Finding as Problem
from ecsiam_tui.policy.lint import lint
from ecsiam_tui.tui import exporting
from ecsiam_tui.tui.effects import headline, paint_effect
from ecsiam_tui.tui.pictures import Painter, Picture
from ecsiam_tui.tui.plan_notes import sharing_notes
from ecsiam_tui.tui.screens.dialogs import Choose
from ecsiam_tui.tui.screens.planned import PlannedScreen
from ecsiam_tui.tui.trying import Trial, Tried
from ecsiam_tui.tui.what_if import Subject
from ecsiam_tui.tui.widgets.document_view import use_theme
from ecsiam_tui.tui.widgets.key_line import KeyLine

REST_SECONDS = 0.3
"""What a text would do is worked out when typing has rested this long."""
MOST_PROBLEMS = 60
LEVELS = {"error": ("✗", "bad"), "warning": ("▲", "warn"), "hint": ("·", "dim")}


class Checked(NamedTuple):
    """A text with what is wrong with it."""

    text: str
    problems: tuple[Problem, ...]

    @property
    def refused(self) -> Problem | None:
        """The first thing for which AWS would refuse it."""
        return next((one for one in self.problems if one.level == "error"), None)


class Editor(TextArea):
    """A JSON text to edit."""

    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, text: str) -> None:
        super().__init__(
            text,
            language="json",
            id="edit-area",
            show_line_numbers=True,
            soft_wrap=True,
            tab_behavior="focus",
        )
        self.cursor_blink = False

    def on_mount(self) -> None:
        """Take the colours of the app's theme, now and when it changes."""
        use_theme(self)
        self.app.theme_changed_signal.subscribe(self, lambda _: use_theme(self))


class EditScreen(PlannedScreen):
    """Wide: the effect beside the text; narrow: below it."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "back", id="edit.back", priority=True),
        Binding("ctrl+s", "stage", "stage", id="edit.stage", priority=True),
        Binding("ctrl+e", "editor", "$EDITOR", id="edit.editor", priority=True),
        Binding("ctrl+r", "revert", "as it was", id="edit.revert", priority=True),
        Binding("ctrl+g", "next_problem", "next problem", id="edit.next-problem", priority=True),
        Binding("tab", "app.focus_next", "to the effect", show=False, id="edit.next"),
    ]

    def __init__(self, subject: Subject) -> None:
        super().__init__()
        self.subject = subject
        self.checked = Checked(subject.text, ())
        self.tried: Tried | None = None
        self._timer: Timer | None = None
        self._picture: Picture | None = None
        self._trial = Trial(self, self._show_tried)

    @property
    def area(self) -> Editor:
        """Where one types."""
        return self.query_one(Editor)

    @property
    def is_edited(self) -> bool:
        """Whether the text is another than at the beginning."""
        return self.area.text != self.subject.text

    @property
    def text(self) -> str:
        """What is said of the effect."""
        return self._picture.plain if self._picture is not None else ""

    def compose(self) -> ComposeResult:
        """The title, text and problems, the effect, the keys."""
        yield Label("", id="edit-title", classes="screen-title", markup=False)
        with Horizontal(id="edit-panes"):
            with Vertical(id="edit-left"):
                yield Editor(self.subject.text)
                with VerticalScroll(id="edit-below", can_focus=False):
                    yield Static("", id="edit-problems", markup=False)
            with VerticalScroll(id="edit-right"):
                yield Static("", id="edit-effect", markup=False)
        yield KeyLine()

    def on_mount(self) -> None:
        """Begin at the line that was asked for."""
        self.area.focus()
        last = self.area.document.line_count - 1
        self.area.move_cursor((min(self.subject.line - 1, last), 0), center=True)
        self._show_title()
        self._show_effect()
        self._check(self.area.text)

    # While one types

    def on_text_area_changed(self) -> None:
        """Look for problems at once, and for the effect when typing rests."""
        self._check(self.area.text)
        if self._timer is not None:
            self._timer.stop()
        self._trial.forget()
        self._timer = self.set_timer(REST_SECONDS, self._try)
        self._show_title()
        self.refresh_bindings()

    def on_text_area_selection_changed(self) -> None:
        """Say what is wrong where the cursor is."""
        self._show_problems()

    @work(thread=True, exclusive=True, group="lint", exit_on_error=False)
    def _check(self, text: str) -> None:
        checked = Checked(text, tuple(lint(parse_document(text), self.subject.kind)))
        self.app.call_from_thread(self._show_checked, checked)

    def _show_checked(self, checked: Checked) -> None:
        if self.is_mounted and checked.text == self.area.text:
            self.checked = checked
            self._show_problems()
            self.refresh_bindings()

    def _try(self) -> None:
        ground = self.ecsiam.ground
        if ground is None:
            return
        self.tried = None
        if self.is_edited:
            self._trial.ask(ground, self.subject.changes(self.area.text))
        self._show_effect()

    def _show_tried(self, tried: Tried) -> None:
        self.tried = tried
        self._show_title()
        self._show_effect()

    # What is shown

    def _show_title(self) -> None:
        colours = self.app.theme_variables
        tones = {
            "bad": colours["error"],
            "warn": colours["warning"],
            "good": colours["success"],
            "dim": "dim",
        }
        title = Text("WHAT IF  ", "bold", no_wrap=True, overflow="ellipsis")
        title.append(visible(self.subject.title))
        if self.is_edited:
            title.append("  edited", colours["primary"])
        if self.is_edited and self.tried is not None and self.tried.effect is not None:
            for piece in headline(self.tried.effect):
                title.append("   ").append(visible(piece.text), tones.get(piece.tone, ""))
        self.query_one("#edit-title", Label).update(title)

    def _show_problems(self) -> None:
        paint = Painter(self.app.theme_variables)
        here = self.area.cursor_location[0] + 1
        problems = self.checked.problems
        if not problems:
            paint.line("✓ nothing is wrong with the document", "good")
        for one in sorted(problems[:MOST_PROBLEMS], key=lambda one: (one.line != here, one.line)):
            mark, tone = LEVELS[one.level]
            paint.add(f"{mark} ", tone).add(one.message, "bold" if one.line == here else "plain")
            paint.beside(f"line {one.line}", "accent" if one.line == here else "dim", 9)
        if len(problems) > MOST_PROBLEMS:
            paint.line(f"and {len(problems) - MOST_PROBLEMS} more", "dim")
        self.query_one("#edit-problems", Static).update(paint.picture().body)
        self.query_one("#edit-below").scroll_home(animate=False)

    def _show_effect(self) -> None:
        paint = Painter(self.app.theme_variables)
        ground = self.ecsiam.ground
        changes = self.subject.changes(self.area.text)
        for text in sharing_notes(changes[0], ground) if ground is not None else ():
            paint.line(f"▲ {text}", "warn").line()
        if not self.is_edited:
            paint.line("Edit the document: what it would do is said here.", "dim")
        elif self.tried is None:
            paint.line("working out what it would do…", "dim")
        elif self.tried.effect is None:
            paint.line(f"✗ {self.tried.error}", "bad")
        else:
            if self.checked.refused is not None and self.checked.text == self.area.text:
                paint.line("AWS would refuse this document; of what can be read of it:", "warn").line()
            paint_effect(paint, self.tried.effect, self.tried.ground)
        self._picture = paint.picture()
        self.query_one("#edit-effect", Static).update(self._picture.body)

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would do nothing here are not offered."""
        if action in ("stage", "revert"):
            return self.is_mounted and self.is_edited
        if action == "next_problem":
            return bool(self.checked.problems)
        return True

    def action_next_problem(self) -> None:
        """Go to the next line with a problem."""
        lines = sorted({one.line for one in self.checked.problems})
        here = self.area.cursor_location[0] + 1
        after = next((line for line in lines if line > here), lines[0] if lines else here)
        self.area.move_cursor((min(after, self.area.document.line_count) - 1, 0), center=True)

    def action_revert(self) -> None:
        """Take all edits back; ctrl+z brings them again."""
        area = self.area
        area.replace(self.subject.text, (0, 0), area.document.end)

    def action_editor(self) -> None:
        """Go on in the editor."""
        area = self.area
        try:
            with self.app.suspend():
                text = exporting.edit_in_editor(self.subject.title, area.text)
        except (OSError, UnicodeError) as error:
            said = f"{error}; set $EDITOR to an editor that is installed"
            self.notify(said, title="the text is as it was", severity="error", markup=False)
        else:
            text = text.removesuffix("\n")
            if text != area.text:
                area.replace(text, (0, 0), area.document.end)
        self.refresh(layout=True)

    @work(exclusive=True, group="stage")
    async def action_stage(self) -> None:
        """Stage the change, and go back."""
        text = self.area.text
        checked = Checked(text, tuple(lint(parse_document(text), self.subject.kind)))
        refused = checked.refused
        if refused is not None:
            said = f"line {refused.line}: {refused.message}"
            self.notify(said, title="AWS would refuse it", severity="error", markup=False)
            return
        if await self.ecsiam.stage(self.subject.changes(text), self.subject.title) and self.is_current:
            self.app.pop_screen()

    @work(exclusive=True, group="back")
    async def action_back(self) -> None:
        """Go back; what was typed is not lost without asking."""
        if self.is_edited:
            answer = await self.app.push_screen_wait(
                Choose(
                    "The edited document is not staged",
                    (("stay", "go on editing"), ("stage", "stage it"), ("drop", "forget the edits")),
                )
            )
            if answer == "stage":
                self.action_stage()
            if answer != "drop":
                return
        self.app.pop_screen()
