"""A list of facts: one can move along it, and Enter follows a line that leads somewhere."""

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from ecsiam_tui.account.text import visible
from ecsiam_tui.tui.facts import Line

_LABEL_WIDTH = 16


class FactList(OptionList):
    """Lines of a tab of the detail."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "go there", id="facts.follow"),
        Binding("j", "cursor_down", "down", show=False, id="facts.down"),
        Binding("k", "cursor_up", "up", show=False, id="facts.up"),
        Binding("g", "first", "first", show=False, id="facts.first"),
        Binding("G", "last", "last", show=False, id="facts.last"),
    ]

    class Followed(Message):
        """Somebody wants to go to the node that a line speaks of."""

        def __init__(self, node_id: str) -> None:
            self.node_id = node_id
            super().__init__()

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self.lines: list[Line] = []

    def show(self, lines: Sequence[Line], empty: str) -> None:
        """Show other lines; `empty` says why there are none, and what would be here."""
        self.lines = list(lines) or [Line("", empty, "dim")]
        grid = any(line.label and not line.glyph for line in self.lines)
        self.set_options([Option(self._text(line, grid=grid), disabled=line.title) for line in self.lines])
        self.highlighted = next((at for at, line in enumerate(self.lines) if not line.title), None)
        self.scroll_home(animate=False)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Follow a line that leads somewhere."""
        event.stop()
        line = self.lines[event.option_index]
        if line.node_id:
            self.post_message(self.Followed(line.node_id))

    def _text(self, line: Line, *, grid: bool) -> Text:
        variables = self.app.theme_variables
        colours = {
            "plain": variables["foreground"],
            "dim": variables["text-muted"]
            if variables["text-muted"].startswith("#")
            else variables["foreground"],
            "warn": variables["warning"],
            "bad": variables["error"],
            "good": variables["success"],
        }
        dim = f"{variables['foreground']} dim"
        if line.title:
            return Text(visible(line.text), style=f"bold {variables['primary']}")
        tone = dim if line.tone == "dim" else colours[line.tone]
        mark = {"bad": "✗ ", "warn": "▲ "}.get(line.tone, "")
        text = Text()
        if line.glyph:
            text.append(f"{line.glyph} ", variables["primary"])
            text.append(visible(line.label), tone)
            if line.text:
                text.append(f"  {visible(line.text)}", dim)
            return text
        if grid:
            text.append(f"{visible(line.label):<{_LABEL_WIDTH}} ", dim)
        text.append(mark + visible(line.text), tone)
        if line.node_id:
            text.append("  →", variables["primary"])
        return text
