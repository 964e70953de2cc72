"""A text to read over the whole screen: a finding, a requirement with the engine's answer."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Label, Static

from ecsiam_tui.tui.pictures import Picture
from ecsiam_tui.tui.screens.planned import copy
from ecsiam_tui.tui.widgets.key_line import KeyLine


class ReadingScreen(Screen[None]):
    """A title above a text that scrolls."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "app.pop_screen", "back", id="reading.back"),
        Binding("y", "copy", "copy text", id="reading.copy"),
        Binding("j,down", "scroll(1)", "down", show=False, id="reading.down"),
        Binding("k,up", "scroll(-1)", "up", show=False, id="reading.up"),
    ]

    def __init__(self, title: str, picture: Picture) -> None:
        super().__init__()
        self._title, self._picture = title, picture

    def compose(self) -> ComposeResult:
        """The title, the text, the keys."""
        yield Label(self._title, classes="screen-title", markup=False)
        with VerticalScroll(id="reading"):
            yield Static(self._picture.body, markup=False)
        yield KeyLine()

    def on_mount(self) -> None:
        """Scroll with the arrows at once."""
        self.query_one("#reading").focus()

    def action_copy(self) -> None:
        """Copy the text."""
        copy(self, self._picture.plain)

    def action_scroll(self, step: int) -> None:
        """Scroll some lines."""
        self.query_one("#reading").scroll_relative(y=step, animate=False)
