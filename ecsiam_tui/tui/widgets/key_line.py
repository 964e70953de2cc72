"""The bottom line: the keys that do something here."""

from textual.app import ComposeResult
from textual.widgets import Footer


class KeyLine(Footer):
    """Textual's footer, made from the bindings, in one compact line."""

    def __init__(self) -> None:
        super().__init__(compact=True, show_command_palette=False)

    def compose(self) -> ComposeResult:
        """Forget the keys of the line before, which Textual would keep for ever, at each change of focus."""
        getattr(self, "__watchers", {}).pop("compact", None)
        yield from super().compose()
