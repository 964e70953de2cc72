"""The tree of the estate. It draws the rows that are on screen and no others, so that size costs nothing."""

from collections.abc import Callable
from typing import ClassVar

from rich.console import Console
from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from ecsiam_tui.account.text import visible
from ecsiam_tui.findings.health import Health
from ecsiam_tui.graph.estate import NodeState
from ecsiam_tui.graph.kinds import NodeKind
from ecsiam_tui.graph.outline import Item
from ecsiam_tui.tui.rows import Rows
from ecsiam_tui.tui.told import MARK_TONES

_MEASURE = Console(width=10_000, legacy_windows=False)


class EstateTree(ScrollView, can_focus=True):
    """Rows of an outline, opened and closed by keyboard or mouse. `mark_of` says what a plan does to one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "open", id="tree.open"),
        Binding("down,j", "move(1)", "down", show=False, id="tree.down"),
        Binding("up,k", "move(-1)", "up", show=False, id="tree.up"),
        Binding("right,l", "open", "open, or go in", show=False, id="tree.in"),
        Binding("left,h", "close", "close, or go out", show=False, id="tree.out"),
        Binding("pagedown,ctrl+f", "page(1)", "page down", show=False, id="tree.page-down"),
        Binding("pageup,ctrl+b", "page(-1)", "page up", show=False, id="tree.page-up"),
        Binding("home,g", "end(-1)", "first row", show=False, id="tree.first"),
        Binding("end,G", "end(1)", "last row", show=False, id="tree.last"),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "tree--plain",
        "tree--glyph",
        "tree--dim",
        "tree--warn",
        "tree--bad",
        "tree--good",
        "tree--cursor",
        "tree--cursor-blurred",
    }

    cursor: reactive[int] = reactive(0, always_update=True)

    class Moved(Message):
        """The cursor stands on another item."""

        def __init__(self, item: Item) -> None:
            self.item = item
            super().__init__()

    class Selected(Message):
        """An item was chosen with Enter or a second click."""

        def __init__(self, item: Item) -> None:
            self.item = item
            super().__init__()

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.rows: Rows | None = None
        self.health_of: Callable[[Item], Health | None] = lambda _: None
        self.mark_of: Callable[[Item], str] = lambda _: ""

    @property
    def item(self) -> Item | None:
        """The item under the cursor."""
        if self.rows is None or not self.rows.items:
            return None
        return self.rows.items[min(self.cursor, len(self.rows) - 1)]

    def show(self, rows: Rows, cursor: int) -> None:
        """Show other rows, with the cursor on one of them."""
        self.rows = rows
        self._rows_changed()
        self.cursor = cursor

    def go_to(self, path: tuple[str, ...]) -> bool:
        """Open the way to an item and put the cursor there; False if it is not in these rows."""
        index = self.rows.reveal(path) if self.rows else None
        self._rows_changed()
        if index is None:
            return False
        self.cursor = index
        return True

    def validate_cursor(self, value: int) -> int:
        """Keep the cursor on a row."""
        last = len(self.rows) - 1 if self.rows else 0
        return max(0, min(value, last))

    def watch_cursor(self) -> None:
        """Show the row under the cursor and say where it stands."""
        self.refresh()
        if self.rows is None or not self.rows.items:
            return
        self.scroll_to_region(
            Region(0, self.cursor, self.scrollable_content_region.width, 1), animate=False, force=True
        )
        if item := self.item:
            self.post_message(self.Moved(item))

    def _rows_changed(self) -> None:
        self.virtual_size = Size(self.scrollable_content_region.width, len(self.rows) if self.rows else 0)
        self.refresh()

    def on_resize(self) -> None:
        """Keep the cursor in view."""
        self._rows_changed()
        self.call_after_refresh(
            self.scroll_to_region, Region(0, self.cursor, 1, 1), animate=False, force=True
        )

    # Keys

    def action_move(self, step: int) -> None:
        """Go some rows down or up."""
        self.cursor += step

    def action_page(self, direction: int) -> None:
        """Go a screenful down or up."""
        self.cursor += direction * max(1, self.scrollable_content_region.height - 1)

    def action_end(self, direction: int) -> None:
        """Go to the first or last row."""
        self.cursor = len(self.rows) - 1 if self.rows and direction > 0 else 0

    def action_open(self) -> None:
        """Open the item; if it is open, go to the first one in it."""
        if self.rows is None or (item := self.item) is None:
            return
        if self.rows.open(self.cursor):
            self._rows_changed()
            self._show_opened()
        elif item.opens and self.rows.end_of(self.cursor) > self.cursor + 1:
            self.cursor += 1

    def _show_opened(self) -> None:
        """Scroll so that what was opened is in view, as far as the item itself stays there."""
        if self.rows is None:
            return
        height = self.scrollable_content_region.height
        rows = min(self.rows.end_of(self.cursor) - self.cursor, height)
        self.scroll_to_region(Region(0, self.cursor, 1, rows), animate=False, force=True)

    def action_close(self) -> None:
        """Close the item; if it is closed, go to the one it is in."""
        if self.rows is None or not self.rows.items:
            return
        if self.rows.close(self.cursor):
            self._rows_changed()
        else:
            self.action_parent()

    def action_parent(self) -> None:
        """Go to the item that this one is in."""
        if (
            self.rows is not None
            and self.rows.items
            and (parent := self.rows.parent(self.cursor)) is not None
        ):
            self.cursor = parent

    def action_select(self) -> None:
        """Choose the item."""
        if item := self.item:
            self.post_message(self.Selected(item))

    def on_click(self, event: Click) -> None:
        """A click moves the cursor; on the triangle, or a second time, it opens or closes."""
        if self.rows is None:
            return
        index = event.y + self.scroll_offset.y - self.gutter.top
        if not 0 <= index < len(self.rows):
            return
        item = self.rows.items[index]
        twice = index == self.cursor and event.chain > 1
        self.cursor = index
        if item.opens and (twice or event.x <= item.depth * 2 + 1):
            if not self.rows.close(index):
                self.rows.open(index)
            self._rows_changed()
            self._show_opened()

    # Drawing

    def render_line(self, y: int) -> Strip:
        """One row: triangle, glyph, title, then in dim what it is and what is odd about it."""
        index = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        base = self.rich_style
        if self.rows is None or index >= len(self.rows):
            return Strip.blank(width, base)
        under_cursor = index == self.cursor
        text = self._row_text(self.rows.items[index], width)
        if under_cursor:
            name = "tree--cursor" if self.has_focus else "tree--cursor-blurred"
            base = base + self.get_component_rich_style(name, partial=True)
        text.style = base
        if under_cursor and self.has_focus:
            text.stylize(base)
        return Strip(text.render(_MEASURE), text.cell_len).adjust_cell_length(width, base)

    def _row_text(self, item: Item, width: int) -> Text:
        opened = self.rows is not None and self.rows.is_open(item)
        triangle = ("▾ " if opened else "▸ ") if item.opens else "  "
        text = Text(no_wrap=True, end="")
        text.append("  " * item.depth + triangle, self._style("dim"))
        if planned := self.mark_of(item):
            text.append(f"{planned} ", self._style(MARK_TONES[planned]))
        state = item.node.state if item.node else NodeState.PRESENT
        mark = {NodeState.MISSING: ("✗ ", "bad"), NodeState.UNKNOWN: ("? ", "warn")}.get(state)
        if mark and item.statement is None:
            text.append(mark[0], self._style(mark[1]))
        if item.glyph:
            text.append(f"{item.glyph} ", self._style("glyph"))
        text.append(visible(item.title), self._style("bad" if state == NodeState.MISSING else "plain"))
        if item.count is not None:
            text.append(f" {item.count}", self._style("dim"))
        if item.part:
            text.append(f"  {item.part}", self._style("warn" if item.part == "Deny" else "dim"))
        if item.note:
            text.append(f"  {visible(item.note)}", self._style(_note_tone(item)))
        health = self._health_text(item)
        if health.cell_len:
            room = max(1, width - health.cell_len - 1)
            text.truncate(room, overflow="ellipsis")
            text.append(" " * max(1, width - text.cell_len - health.cell_len)).append_text(health)
        text.truncate(width, overflow="ellipsis")
        return text

    def _health_text(self, item: Item) -> Text:
        """Counts at the right end of a row; a check mark for what was judged and is well."""
        text = Text(no_wrap=True, end="")
        health = self.health_of(item)
        if health is None:
            return text
        for glyph, count in health.marks:
            if glyph == "·" and text.cell_len:
                continue  # what is worse says enough
            text.append(" " if text.cell_len else "")
            text.append(f"{glyph}{count}", self._style(_HEALTH_TONES[glyph]))
        if not text.cell_len and item.statement is None and item.node and item.node.kind in _JUDGED_KINDS:
            text.append("✓", self._style("good"))
        return text

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"tree--{name}", partial=True)


_HEALTH_TONES = {"✗": "bad", "▲": "warn", "·": "dim", "?": "warn"}
_JUDGED_KINDS = frozenset({NodeKind.CLUSTER, NodeKind.SERVICE, NodeKind.TASK_DEFINITION, NodeKind.ROLE})


def _note_tone(item: Item) -> str:
    if item.node is not None and item.node.state == NodeState.MISSING:
        return "bad"
    attention = ("latest is", "stopped", "pending deletion", "inactive", "line ")
    return "warn" if any(word in item.note for word in attention) else "dim"
