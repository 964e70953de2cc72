"""The right pane: what the item under the cursor is, in tabs. A tab is filled when it is looked at."""

from collections.abc import Iterator
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Label, TabbedContent, TabPane, Tabs

from ecsiam_tui.account.text import visible
from ecsiam_tui.graph.describe import kind_words
from ecsiam_tui.graph.documents import record_json
from ecsiam_tui.graph.outline import Item
from ecsiam_tui.tui.facts import Line, overview, relations, tags, used_by
from ecsiam_tui.tui.judged import judged_lines
from ecsiam_tui.tui.widgets.document_view import DocumentView
from ecsiam_tui.tui.widgets.fact_list import FactList
from ecsiam_tui.workspace import Workspace

TABS = (
    ("overview", "Overview"),
    ("findings", "Findings"),
    ("needs", "Needs"),
    ("access", "Access"),
    ("relations", "Relations"),
    ("used-by", "Used by"),
    ("tags", "Tags"),
    ("json", "JSON"),
)
_JUDGED = ("findings", "needs", "access")
"""Tabs that wait until the account is judged."""
_NOT_YET = "still working it out…"
_EMPTY = {
    "overview": "nothing is known of this",
    "findings": "✓ nothing was found here",
    "needs": "ECS asks nothing of this: services, tasks, task definitions, launchers and roles have needs",
    "access": "nothing here has permissions of its own: roles, users and groups have",
    "relations": "it uses nothing: no role, policy or resource is named by it",
    "used-by": "nothing that was read uses it",
    "tags": "no tags",
}


class Detail(Vertical):
    """Tabs on one item."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "screen.back", "back", id="detail.back"),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.item: Item | None = None
        self.workspace: Workspace | None = None
        self._filled: set[str] = set()

    def compose(self) -> ComposeResult:
        """A title above the tabs."""
        yield Label("", id="detail-title", markup=False)
        with TabbedContent(id="detail-tabs"):
            for name, title in TABS:
                with TabPane(title, id=f"tab-{name}"):
                    yield DocumentView(id="json") if name == "json" else FactList(id=name)

    @property
    def active(self) -> str:
        """The name of the tab that is shown."""
        return self.query_one("#detail-tabs", TabbedContent).active.removeprefix("tab-")

    def show(self, item: Item, workspace: Workspace) -> None:
        """Show another item, in the same tab."""
        if item is self.item and workspace is self.workspace:
            return
        self.item, self.workspace = item, workspace
        self._filled.clear()
        self.query_one("#detail-title", Label).update(self._title(item, workspace))
        self._fill(self.active)

    def lines(self, name: str) -> list[Line]:
        """The lines of a tab for the item that is shown."""
        if self.item is None or self.workspace is None:
            return []
        estate, node = self.workspace.estate, self.item.node
        if name == "overview":
            return overview(estate, self.item)
        if node is None:
            return []
        if name in _JUDGED:
            return judged_lines(name, self.workspace, self.item) if self.workspace.is_judged else []
        if name == "relations":
            return relations(estate, node)
        if name == "used-by":
            return used_by(estate, node)
        return tags(node)

    def json(self) -> str:
        """The JSON of the item that is shown."""
        return record_json(self.item.node) if self.item and self.item.node else ""

    def sections(self) -> Iterator[tuple[str, list[Line]]]:
        """All tabs but JSON, with their titles."""
        return ((title, self.lines(name)) for name, title in TABS if name != "json")

    def focus_tab(self) -> None:
        """Put the focus on what the active tab shows."""
        self.query_one(f"#{self.active}").focus()

    def show_tab(self, name: str) -> None:
        """Show a tab; the focus stays in the detail if it was there."""
        had_focus = self.has_focus_within
        self.query_one("#detail-tabs", TabbedContent).active = f"tab-{name}"
        if had_focus and not isinstance(self.app.focused, Tabs):
            self.call_after_refresh(self.focus_tab)

    def on_tabbed_content_tab_activated(self, event: TabbedContent.TabActivated) -> None:
        """Fill a tab when it is first looked at."""
        event.stop()
        self._fill(self.active)

    def _fill(self, name: str) -> None:
        if self.item is None or name in self._filled:
            return
        self._filled.add(name)
        if name == "json":
            statement = self.item.statement
            self.query_one("#json", DocumentView).show(self.json(), statement.lines if statement else None)
        else:
            waits = name in _JUDGED and self.workspace is not None and not self.workspace.is_judged
            empty = _NOT_YET if waits else _EMPTY[name]
            self.query_one(f"#{name}", FactList).show(self.lines(name), empty)

    def judged(self) -> None:
        """The account is judged now: fill the tabs that waited for it."""
        self._filled -= set(_JUDGED)
        self._fill(self.active)

    def _title(self, item: Item, workspace: Workspace) -> Text:
        colours = self.app.theme_variables
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append(f"{item.glyph} " if item.glyph else "", colours["primary"])
        text.append(visible(item.title), "bold")
        if item.statement is not None and item.node is not None:
            text.append(f"  statement of {visible(item.node.title)}", "dim")
        elif item.node is not None:
            text.append(f"  {visible(kind_words(item.node))}", "dim")
            services = len(workspace.estate.services_of(item.node.id)) if item.node.kind == "role" else 0
            if services > 1:
                text.append(f"  used by {services} services", "dim")
        return text
