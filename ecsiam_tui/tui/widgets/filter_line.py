"""The line above the tree in which a filter is typed."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input, Label

TYPING_SECONDS = 0.08


class FilterLine(Horizontal):
    """Hidden while there is no filter and nobody types one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "no filter", id="filter.leave"),
        Binding("down", "done", "to the list", id="filter.down"),
    ]

    class Typed(Message):
        """The filter changed, and typing rested a moment."""

        def __init__(self, text: str) -> None:
            self.text = text
            super().__init__()

    class Done(Message):
        """Typing is over; the filter stays."""

    class Left(Message):
        """The filter is to go."""

    def __init__(self, placeholder: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._placeholder = placeholder
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """A slash and the line."""
        yield Label("/", id="filter-mark")
        yield Input(
            placeholder=self._placeholder,
            id="filter-input",
            compact=True,
            select_on_focus=False,
        )

    def on_mount(self) -> None:
        """No blinking."""
        self._input.cursor_blink = False

    @property
    def _input(self) -> Input:
        return self.query_one(Input)

    @property
    def text(self) -> str:
        """What is typed."""
        return self._input.value.strip()

    def open(self) -> None:
        """Show the line and type in it."""
        self.add_class("-open")
        self._input.focus()

    def clear_text(self) -> None:
        """No filter; hide the line."""
        with self.prevent(Input.Changed):
            self._input.value = ""
        self.remove_class("-open")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Wait until typing rests."""
        event.stop()
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(TYPING_SECONDS, lambda: self.post_message(self.Typed(self.text)))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter keeps the filter."""
        event.stop()
        self.action_done()

    def action_done(self) -> None:
        """Keep the filter and go to the list."""
        if not self.text:
            self.remove_class("-open")
        self.post_message(self.Done())

    def action_leave(self) -> None:
        """Take the filter away."""
        self.post_message(self.Left())
