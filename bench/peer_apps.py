"""Textual's own widgets as peers of the explorer: `python -m bench.peer_apps empty`, or `tree NUMBER`."""

import sys

from textual.app import App, ComposeResult
from textual.widgets import Static, Tree

MARK = "▣"


class Empty(App[None]):
    """As little as an app can show."""

    def compose(self) -> ComposeResult:
        """One line."""
        yield Static(MARK)


class PlainTree(App[None]):
    """Textual's own tree with many leaves, open."""

    def __init__(self, leaves: int) -> None:
        super().__init__()
        self._leaves = leaves

    def compose(self) -> ComposeResult:
        """The tree alone."""
        tree: Tree[int] = Tree(f"{MARK} cluster")
        for number in range(self._leaves):
            tree.root.add_leaf(f"service-{number:05}", number)
        tree.root.expand()
        yield tree


if __name__ == "__main__":
    (Empty() if sys.argv[1] == "empty" else PlainTree(int(sys.argv[2]))).run()
