"""The line below the top one: the way from the root to the item under the cursor."""

from rich.text import Text
from textual.reactive import reactive
from textual.widget import Widget

from ecsiam_tui.account.text import visible
from ecsiam_tui.graph.outline import Item


class Trail(Widget):
    """`prod › checkout › task role › checkout-task`; the left part gives way first."""

    items: reactive[tuple[Item, ...]] = reactive(())
    found: reactive[str] = reactive("")

    def render(self) -> Text:
        """The line for the width that there is."""
        parts = []
        for item in self.items:
            if item.part and item.statement is None:
                parts.append(Text(item.part, "dim"))
            parts.append(Text(visible(item.title), "dim"))
        if parts:
            parts[-1].style = "bold"
        start = Text(self.found or "estate", "dim")
        room = self.size.width - 2
        separator = Text(" › ", "dim")
        line = separator.join([start, *parts])
        dropped = 0
        while line.cell_len > room and dropped < len(parts) - 1:
            dropped += 1
            line = separator.join([Text("…", "dim"), *parts[dropped:]])
        line.truncate(max(1, room), overflow="ellipsis")
        line.no_wrap = True
        return line
