"""What could not be read, what that leaves unknown, and the permission that would change it."""

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import Screen
from textual.widgets import Label, OptionList, Static
from textual.widgets.option_list import Option

from ecsiam_tui.account.snapshot import Gap, Snapshot
from ecsiam_tui.account.text import visible
from ecsiam_tui.tui.widgets.key_line import KeyLine

REASONS = {
    "denied": "AWS refused: the identity that reads lacks the permission",
    "throttled": "AWS answered too many requests with 'slow down', again and again",
    "unsupported": "this endpoint does not know the call",
    "unreachable": "the endpoint did not answer",
    "invalid": "the answer could not be understood",
    "cancelled": "reading was stopped, or has not come this far",
    "expired": "the credentials ran out while reading",
    "failed": "AWS answered with an error",
    "skipped": "it was left out on purpose",
}


class GapsScreen(Screen[None]):
    """A list of gaps above the one that is marked."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,exclamation_mark", "app.pop_screen", "back", id="gaps.back"),
        Binding("j", "move(1)", "down", show=False, id="gaps.down"),
        Binding("k", "move(-1)", "up", show=False, id="gaps.up"),
        Binding("y", "copy", "copy permissions", id="gaps.copy"),
    ]

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self._gaps = sorted(
            snapshot.gaps, key=lambda gap: (gap.reason, gap.call, gap.region or "", gap.target or "")
        )

    def compose(self) -> ComposeResult:
        """The count, the list, the marked one."""
        count = len(self._gaps)
        title = f"{count} gap{'' if count == 1 else 's'}: what is not known" if count else "no gaps"
        yield Label(title, id="gaps-title", markup=False)
        with Vertical(id="gaps-panes"):
            yield OptionList(*[Option(self._row(gap)) for gap in self._gaps], markup=False, id="gaps-list")
            with VerticalScroll(id="gaps-detail", can_focus=False):
                yield Static("", markup=False, id="gaps-text")
        yield KeyLine()

    def on_mount(self) -> None:
        """Mark the first gap, or say that there is none."""
        if not self._gaps:
            self.query_one("#gaps-text", Static).update(
                "Everything that the collector asks for was read. A call that AWS refuses, throttles or does"
                " not know would be listed here, with what it leaves unknown. Esc goes back."
            )
        self.query_one(OptionList).focus()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show the marked gap."""
        self.query_one("#gaps-text", Static).update(self._text(self._gaps[event.option_index]))

    def action_move(self, step: int) -> None:
        """Mark another gap."""
        options = self.query_one(OptionList)
        if step > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()

    def action_copy(self) -> None:
        """Copy the permissions that would close all gaps, as a policy statement's Action list."""
        actions = sorted({gap.permission for gap in self._gaps if gap.permission})
        if actions:
            self.app.copy_to_clipboard("[\n" + ",\n".join(f'  "{action}"' for action in actions) + "\n]")
            self.notify(f"{len(actions)} permissions copied as a JSON list", title="copied")

    def _row(self, gap: Gap) -> Text:
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append("? ", self.app.theme_variables["warning"] if self._parent else "")
        text.append(f"{gap.reason:<12}", "bold")
        text.append(visible(gap.call))
        where = "  ".join(filter(None, (gap.region, gap.target)))
        if where:
            text.append(f"  {visible(where)}", "dim")
        return text

    def _text(self, gap: Gap) -> Text:
        text = Text()
        for label, value in (
            ("unknown now", gap.consequence),
            ("why", f"{REASONS[gap.reason]}{f' ({gap.error_code})' if gap.error_code else ''}"),
            ("permission", gap.permission or "none would help"),
            ("asked about", gap.target or "the whole list"),
            ("region", gap.region or "global"),
            ("AWS said", gap.message or "-"),
        ):
            text.append(f"{label:<13}", "dim")
            text.append(f"{visible(value)}\n")
        return text
