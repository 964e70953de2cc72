"""What screens that look at the plan, or put something into it, have in common."""

from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.screen import Screen
from textual.widget import Widget

if TYPE_CHECKING:
    from ecsiam_tui.tui.planning import PlanningApp


class PlannedScreen(Screen[None]):
    """A screen of the app that holds the plan, with a text that can be paged through and copied."""

    PANE: ClassVar[str] = ""
    """Selector of what holds the text."""

    @property
    def ecsiam(self) -> "PlanningApp":
        """The app."""
        return cast("PlanningApp", self.app)

    @property
    def text(self) -> str:
        """All that the text says."""
        return ""

    def action_scroll(self, direction: int) -> None:
        """Scroll the text by a page."""
        scroll_page(self.query_one(self.PANE), direction)

    def action_copy(self) -> None:
        """Copy the text."""
        copy(self, self.text)


def scroll_page(pane: Widget, direction: int) -> None:
    """Scroll a page down (1) or up (-1); one line stays in sight."""
    pane.scroll_relative(y=direction * max(1, pane.size.height - 1), animate=False)


def copy(screen: Screen[Any], text: str) -> None:
    """Copy a text, and say so."""
    screen.app.copy_to_clipboard(text)
    screen.notify(f"{len(text):,} characters", title="copied")
