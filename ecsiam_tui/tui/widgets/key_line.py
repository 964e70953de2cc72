"""The bottom line: the keys that do something here, as many as fit."""

from collections.abc import Iterable

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.events import Resize
from textual.widget import Widget
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

HELP = "help"
"""The action that is always offered: it shows the keys that had no room."""


class KeyLine(Footer):
    """Textual's footer, made from the bindings, in one compact line; no key is cut off."""

    def __init__(self) -> None:
        super().__init__(compact=True, show_command_palette=False)
        self._width = 0

    def compose(self) -> ComposeResult:
        """Forget the keys of the line before, which Textual would keep for ever, at each change of focus."""
        getattr(self, "__watchers", {}).pop("compact", None)
        self._width = self.app.size.width
        yield from fitting(super().compose(), self._width)

    def on_resize(self, _: Resize) -> None:
        """Fit the keys anew."""
        if self.app.size.width != self._width:
            self.refresh(recompose=True)


def fitting(keys: Iterable[Widget], width: int) -> list[Widget]:
    """The first keys that fit into so many cells, and in any case the one for help, last."""
    known = [key for key in keys if isinstance(key, FooterKey)]
    if sum(map(_cells, known)) <= width:
        return list(known)
    kept = [key for key in known if key.action.rpartition(".")[2] == HELP]
    room = width - sum(map(_cells, kept))
    found: list[Widget] = []
    for key in known:
        if key not in kept and (room := room - _cells(key)) < 0:
            break
        if key not in kept:
            found.append(key)
    return [*found, *kept]


def _cells(key: FooterKey) -> int:
    return cell_len(f"{key.key_display} {key.description} ")
