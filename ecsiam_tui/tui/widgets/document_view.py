"""JSON with syntax colours, to read and to copy from."""

from typing import ClassVar

from rich.style import Style
from textual.binding import Binding, BindingType
from textual.widgets import TextArea
from textual.widgets.text_area import Selection, TextAreaTheme

from ecsiam_tui.account.text import visible

MOST_PREPARED = 200_000
"""Characters; a longer text is shown without colours and without folding, which take time."""


class DocumentView(TextArea):
    """A read-only JSON text."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", "down", show=False, id="json.down"),
        Binding("k", "cursor_up", "up", show=False, id="json.up"),
        Binding("g", "cursor_document_start", "top", show=False, id="json.top"),
        Binding("G", "cursor_document_end", "end", show=False, id="json.end"),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(
            id=id,
            read_only=True,
            show_line_numbers=True,
            soft_wrap=True,
            tab_behavior="focus",
            language=None,
        )
        self.cursor_blink = False
        self.match_cursor_bracket = False  # it looks through the whole text at every move

    def on_mount(self) -> None:
        """Take the colours of the app's theme, now and when it changes."""
        use_theme(self)
        self.app.theme_changed_signal.subscribe(self, lambda _: use_theme(self))

    def show(self, text: str, lines: tuple[int, int] | None = None) -> None:
        """Show a text, with some lines of it (from 1, inclusive) selected and in view."""
        small = len(text) <= MOST_PREPARED
        self.language = "json" if small else None
        self.soft_wrap = small
        self.load_text(visible(text, one_line=False))
        if lines:
            first, last = lines[0] - 1, lines[1] - 1
            end = len(self.document.get_line(min(last, self.document.line_count - 1)))
            self.selection = Selection((min(last, self.document.line_count - 1), end), (first, 0))
            top = self.wrapped_document.location_to_offset((first, 0)).y
            self.scroll_to(0, max(0, top - 2), animate=False, force=True)
        else:
            self.scroll_home(animate=False)

    def action_cursor_document_start(self) -> None:
        """Go to the first line."""
        self.move_cursor((0, 0))

    def action_cursor_document_end(self) -> None:
        """Go to the last line."""
        self.move_cursor(self.document.end)


def use_theme(area: TextArea) -> None:
    """Give a text area the colours of the app's theme."""
    colours = area.app.theme_variables
    area.register_theme(
        TextAreaTheme(
            name="ecsiam",
            syntax_styles={
                "json.label": Style(color=colours["primary"]),
                "json.key": Style(color=colours["primary"]),
                "string": Style(color=colours["success"]),
                "number": Style(color=colours["warning"]),
                "boolean": Style(color=colours["warning"]),
                "json.null": Style(color=colours["warning"]),
                "json.error": Style(color=colours["error"]),
                "punctuation.bracket": Style(dim=True),
                "punctuation.delimiter": Style(dim=True),
            },
        )
    )
    area.theme = "ecsiam"
