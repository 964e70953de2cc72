"""Paste an error text, and read what it means."""

from functools import partial
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Label, Static, TextArea

from ecsiam_tui.ecs.errors import explain
from ecsiam_tui.tui.pictures import Picture, explained_text
from ecsiam_tui.tui.screens.planned import copy
from ecsiam_tui.tui.widgets.key_line import KeyLine
from ecsiam_tui.workspace import Workspace

REST_SECONDS = 0.3
"""The text is explained when typing or pasting has rested this long."""

EMPTY = (
    "Paste a stopped reason, a service event, an AccessDenied line of an application or its log above.\n"
    "What it means, whose permission is missing, and what the account says of it now, is told here."
)


class ExplainScreen(Screen[str]):
    """A place for a text above what it means. Gives the text back, so that nothing typed is lost."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "back", id="explain.back"),
        Binding("ctrl+l", "clear", "clear", id="explain.clear"),
        Binding("tab", "app.focus_next", "to the answer", id="explain.next"),
        Binding("ctrl+y", "copy", "copy the answer", id="explain.copy"),
    ]

    def __init__(self, workspace: Workspace | None, text: str = "") -> None:
        super().__init__()
        self.workspace = workspace
        self._text = text
        self._timer: Timer | None = None
        self._picture: Picture | None = None

    def compose(self) -> ComposeResult:
        """The text, its meaning, the keys."""
        yield Label("EXPLAIN  an error text", classes="screen-title", markup=False)
        area = TextArea(self._text, id="explain-text", soft_wrap=True, show_line_numbers=False)
        area.cursor_blink = False
        yield area
        with VerticalScroll(id="explain-answer"):
            yield Static(EMPTY, id="explain-said", markup=False)
        yield KeyLine()

    def on_mount(self) -> None:
        """Type at once."""
        self.query_one(TextArea).focus()
        self._explain(self._text)

    def on_text_area_changed(self) -> None:
        """Wait until typing rests."""
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(REST_SECONDS, lambda: self._explain(self.query_one(TextArea).text))

    @work(thread=True, exclusive=True, group="explain", exit_on_error=False)
    def _explain(self, text: str) -> None:
        account = self.workspace.account if self.workspace is not None else None
        found = explain(text, account) if text.strip() else ()
        picture = explained_text(found, self.app.theme_variables) if found else None
        self.app.call_from_thread(partial(self._show, text, picture))

    def _show(self, text: str, picture: Picture | None) -> None:
        if text != self.query_one(TextArea).text:
            return
        self._picture = picture
        self.query_one("#explain-said", Static).update(picture.body if picture else EMPTY)

    def action_back(self) -> None:
        """Leave; the text is kept."""
        self.dismiss(self.query_one(TextArea).text)

    def action_clear(self) -> None:
        """Begin again."""
        self.query_one(TextArea).text = ""

    def action_copy(self) -> None:
        """Copy what was said."""
        if self._picture is not None:
            copy(self, self._picture.plain)
