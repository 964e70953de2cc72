"""A list of facts: one can move along it, and Enter follows a line that leads somewhere."""

from collections.abc import Sequence
from typing import ClassVar

from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.visual import VisualType
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from ecsiam_tui.account.text import visible
from ecsiam_tui.tui.facts import Line

_LABEL_WIDTH = 16
_MARKS = {"bad": "✗ ", "warn": "▲ ", "good": "✓ "}


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

    class Opened(Message):
        """Somebody wants to see what a line stands for."""

        def __init__(self, what: object) -> None:
            self.what = what
            super().__init__()

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self.lines: list[Line] = []

    def show(self, lines: Sequence[Line], empty: str) -> None:
        """Show other lines; `empty` says why there are none, and what would be here."""
        self.lines = list(lines) or [Line("", empty, "dim")]
        grid = any(line.label and not line.glyph for line in self.lines)
        self.set_options([Option(self._prompt(line, grid=grid), disabled=line.title) for line in self.lines])
        self.highlighted = next((at for at, line in enumerate(self.lines) if not line.title), None)
        self.scroll_home(animate=False)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Follow a line that leads somewhere."""
        event.stop()
        line = self.lines[event.option_index]
        if line.opens is not None:
            self.post_message(self.Opened(line.opens))
        elif line.node_id:
            self.post_message(self.Followed(line.node_id))

    def _prompt(self, line: Line, *, grid: bool) -> VisualType:
        """A title, a thing with its glyph, or a label with its text hanging beside it."""
        colours = self.app.theme_variables
        plain, accent = colours["foreground"], colours["primary"]
        dim = f"{plain} dim"
        tone = {"dim": dim, "warn": colours["warning"], "bad": colours["error"], "good": colours["success"]}
        style = tone.get(line.tone, plain)
        if line.title:
            return Text(visible(line.text), style=f"bold {accent}")
        if line.glyph:
            text = Text(f"{line.glyph} ", accent)
            text.append(visible(line.label), style)
            return text.append(f"  {visible(line.text)}" if line.text else "", dim)
        mark = "" if line.opens is not None else _MARKS.get(line.tone, "")  # its label has one
        text = Text(mark + visible(line.text), plain if line.opens is not None else style)
        if line.node_id:
            text.append("  →", accent)
        if not grid:
            return text
        if not line.label:
            return Padding(text, (0, 0, 0, 2))
        table = Table.grid(padding=(0, 1), expand=True)
        table.add_column(width=_LABEL_WIDTH)
        table.add_column(ratio=1, overflow="fold")
        label = Text(visible(line.label), dim if line.opens is None else style, overflow="fold")
        table.add_row(label, text)
        return table
