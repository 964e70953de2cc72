"""Small dialogs: choose one of a list, or type one line."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label, OptionList
from textual.widgets.option_list import Option

from ecsiam_tui.account.text import visible


class Choose(ModalScreen[str | None]):
    """Choose one of some texts, by moving or by typing a part of it. Gives None when left with Escape."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "back", id="dialog.back"),
        Binding("down", "move(1)", "down", show=False, id="dialog.down"),
        Binding("up", "move(-1)", "up", show=False, id="dialog.up"),
    ]

    def __init__(self, title: str, choices: Sequence[tuple[str, str]], current: str = "") -> None:
        super().__init__()
        self._title = title
        self._choices = list(choices)
        self._current = current
        self._shown: list[str] = []

    def compose(self) -> ComposeResult:
        """A title, a line to type in, and the list."""
        with Vertical(classes="dialog"):
            yield Label(self._title, classes="dialog-title", markup=False)
            yield Input(placeholder="type to narrow", classes="dialog-input", select_on_focus=False)
            yield OptionList(markup=False, classes="dialog-list")

    def on_mount(self) -> None:
        """Show all choices."""
        self.query_one(OptionList).can_focus = False
        self._show("")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Narrow the list."""
        self._show(event.value.lower())

    def on_input_submitted(self) -> None:
        """Take the marked choice."""
        at = self.query_one(OptionList).highlighted
        if at is not None and self._shown:
            self.dismiss(self._shown[at])

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take the choice that was clicked."""
        self.dismiss(self._shown[event.option_index])

    def action_move(self, step: int) -> None:
        """Mark another choice."""
        options = self.query_one(OptionList)
        if self._shown:
            options.highlighted = ((options.highlighted or 0) + step) % len(self._shown)

    def _show(self, part: str) -> None:
        shown = [(value, text) for value, text in self._choices if part in f"{value} {text}".lower()]
        self._shown = [value for value, _ in shown]
        options = self.query_one(OptionList)
        options.set_options(
            [Option(visible(f"{'● ' if value == self._current else '  '}{text}")) for value, text in shown]
            or [Option("nothing fits; delete some letters", disabled=True)]
        )
        if shown:
            options.highlighted = self._shown.index(self._current) if self._current in self._shown else 0


class Ask(ModalScreen[str | None]):
    """Ask for one line of text. Gives None when left with Escape."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "back", id="ask.back")]

    def __init__(self, title: str, value: str, hint: str = "") -> None:
        super().__init__()
        self._title, self._value, self._hint = title, value, hint

    def compose(self) -> ComposeResult:
        """A title, the line, and a hint."""
        with Vertical(classes="dialog"):
            yield Label(self._title, classes="dialog-title", markup=False)
            yield Input(self._value, classes="dialog-input")
            yield Label(self._hint, classes="dialog-hint", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the text."""
        self.dismiss(event.value.strip() or None)
