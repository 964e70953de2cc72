"""The keys, made from the bindings themselves."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Label, Static

_NAMES = {
    "escape": "esc",
    "question_mark": "?",
    "exclamation_mark": "!",
    "slash": "/",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "down": "↓",
    "up": "↑",
    "left": "←",
    "right": "→",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "shift+tab": "⇧tab",
}


def key_names(keys: str) -> str:
    """Keys as a person writes them: `down,j` is `↓ j`."""
    return " ".join(_NAMES.get(key.strip(), key.strip().replace("ctrl+", "^")) for key in keys.split(","))


class HelpScreen(ModalScreen[None]):
    """All keys, by where they work."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q", "dismiss(None)", "back", id="help.back"),
        Binding("j,down", "scroll(1)", "down", show=False, id="help.down"),
        Binding("k,up", "scroll(-1)", "up", show=False, id="help.up"),
    ]

    def __init__(self, groups: Sequence[tuple[str, Iterable[BindingType]]]) -> None:
        super().__init__()
        self._groups = groups

    def compose(self) -> ComposeResult:
        """A title above the keys."""
        with Vertical(classes="dialog help"):
            yield Label("Keys", classes="dialog-title")
            with VerticalScroll(can_focus=False, id="help-scroll"):
                yield Static(self._text(), markup=False)
            yield Label("esc back   j k scroll", classes="dialog-hint")

    def action_scroll(self, step: int) -> None:
        """Scroll the keys."""
        self.query_one("#help-scroll").scroll_relative(y=step, animate=False)

    def _text(self) -> Text:
        text = Text()
        for title, bindings in self._groups:
            text.append(f"{title}\n", "bold")
            for binding in bindings:
                if isinstance(binding, Binding) and binding.description:
                    text.append(f"  {key_names(binding.key):<21} ")
                    text.append(f"{binding.description}\n", "dim")
        text.append("Filter\n", "bold")
        for example, meaning in (
            ("chk", "letters in order, in names and ARNs"),
            ("kind:role", "one kind"),
            ("cluster:prod", "what a cluster contains or reaches"),
            ("tag:team=pay", "by tag"),
            ("name: region: state:", "by a part of the name, the region, missing/external/unknown"),
        ):
            text.append(f"  {example:<21} ")
            text.append(f"{meaning}\n", "dim")
        return text
