"""The explorer: the tree on the left, what the marked item is on the right."""

from typing import TYPE_CHECKING, ClassVar, cast

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widgets import Input, Static

from ecsiam_tui.ecs.requirement import Judged
from ecsiam_tui.findings.finding import Finding
from ecsiam_tui.graph.outline import Item, Outline
from ecsiam_tui.graph.search import search
from ecsiam_tui.graph.statement_path import statement_path
from ecsiam_tui.tui.marks import Compared
from ecsiam_tui.tui.pictures import requirement_text
from ecsiam_tui.tui.rows import Rows
from ecsiam_tui.tui.screens.carrying import Carrying
from ecsiam_tui.tui.screens.findings import FindingsScreen
from ecsiam_tui.tui.screens.reading import ReadingScreen
from ecsiam_tui.tui.widgets.detail import TABS, Detail
from ecsiam_tui.tui.widgets.fact_list import FactList
from ecsiam_tui.tui.widgets.filter_line import FilterLine
from ecsiam_tui.tui.widgets.key_line import KeyLine
from ecsiam_tui.tui.widgets.status_bar import Status, StatusBar
from ecsiam_tui.tui.widgets.trail import Trail
from ecsiam_tui.tui.widgets.tree import EstateTree
from ecsiam_tui.workspace import Workspace

if TYPE_CHECKING:
    from ecsiam_tui.tui.app import EcsIamApp

SETTLE_SECONDS = 0.05
"""The detail follows the cursor when it has rested this long, so that holding a key down stays quick."""

MOST_FOUND = 200
"""A filter shows so many at most; who finds more types on."""


class ExplorerScreen(Carrying):
    """The main screen."""

    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (60, "-narrow"), (100, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (16, "-tall")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "filter", key_display="/", id="explorer.filter"),
        Binding("left_square_bracket", "history(-1)", "back", key_display="[", id="explorer.history-back"),
        Binding(
            "right_square_bracket", "history(1)", "forward", key_display="]", id="explorer.history-forward"
        ),
        Binding("y", "copy_arn", "copy ARN", show=False, id="explorer.copy-arn"),
        Binding("Y", "copy_json", "copy JSON", show=False, id="explorer.copy-json"),
        Binding("e", "edit", "open JSON in $EDITOR (read-only)", show=False, id="explorer.editor"),
        Binding("x", "export", "export", show=False, id="explorer.export"),
        Binding("v", "faults", "faults only", id="explorer.faults"),
        Binding("tab", "app.focus_next", "next pane", show=False, id="explorer.next-pane"),
        Binding("shift+tab", "app.focus_previous", "previous pane", show=False, id="explorer.previous-pane"),
        Binding("escape", "back", "back", show=False, id="explorer.back"),
        *(
            Binding(str(number), f"tab('{name}')", title, show=False, id=f"explorer.tab-{name}")
            for number, (name, title) in enumerate(TABS, 1)
        ),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.workspace: Workspace | None = None
        self.compared: Compared | None = None
        self.difference_only = False
        self._open_keys: set[str] = set()
        self._visits: list[str] = []
        self._visit = -1
        self._settle: Timer | None = None
        self._before_filter = ""
        self._untouched = True
        self.faults_only = False

    @property
    def ecsiam(self) -> "EcsIamApp":
        """The app."""
        return cast("EcsIamApp", self.app)

    def compose(self) -> ComposeResult:
        """Two lines on top, two panes, the keys below."""
        yield StatusBar(id="status")
        yield Trail(id="trail")
        with Horizontal(id="panes"):
            with Vertical(id="estate"):
                yield FilterLine("name  kind:role  cluster:x  tag:k=v", id="filter")
                yield EstateTree(id="tree")
                yield Static("", id="message", markup=False)
            yield Detail(id="detail")
        yield KeyLine()

    def on_mount(self) -> None:
        """Follow the app's status."""
        self.watch(self.app, "status", self._status_changed)
        self.tree_view.focus()

    # What is shown

    def _status_changed(self, status: Status) -> None:
        self.query_one(StatusBar).status = status

    def say(self, text: str) -> None:
        """Show a text in the place of the tree; an empty one shows the tree again."""
        self.query_one("#message", Static).update(text)
        self.set_class(bool(text), "-message")

    def warm(self, workspace: Workspace) -> None:
        """Make the rows that will be shown of a workspace; the outline keeps them. Runs beside the screen."""
        Rows(workspace.outline, tuple(self._open_keys))

    def show_workspace(
        self, workspace: Workspace, compared: Compared | None = None, *, difference_only: bool = False
    ) -> None:
        """Show another snapshot; cursor, open items, filter and tab stay where they are. `compared` marks
        what the plan touches; `difference_only` shows nothing else."""
        self.workspace = workspace
        self.compared, self.difference_only = compared, difference_only
        self.tree_view.health_of = workspace.health_of
        self.tree_view.mark_of = compared.of if compared is not None else lambda _: ""
        self.say("")
        first = next(iter(workspace.outline.roots()), None)
        if self._untouched and first is not None and first.node is not None:
            self._untouched = False
            self._open_keys.add(first.key)
        if self.filter_text:
            self._search(self.filter_text)
        else:
            self._show_tree(self.tree_view.item.key if self.tree_view.item else "")
        if self.focused is None:
            self.tree_view.focus()
        self.refresh_bindings()

    @property
    def outline(self) -> Outline | None:
        """The tree that is shown."""
        if self.compared is not None and self.difference_only:
            return self.compared.outline
        return self.workspace.outline if self.workspace is not None else None

    def show_health(self) -> None:
        """The findings are there: mark the rows and fill the tabs that tell of them."""
        if self.faults_only and not self.filter_text:
            self._show_tree(self.tree_view.item.key if self.tree_view.item else "")
        self.tree_view.refresh()
        self.detail.judged()
        self.refresh_bindings()

    def _has_faults(self, item: Item) -> bool:
        health = self.workspace.health_of(item) if self.workspace else None
        return health is None or health.has_faults

    def action_faults(self) -> None:
        """Show only what has a fault, or everything again."""
        self.faults_only = not self.faults_only
        if self.filter_text:
            self._leave_filter()
        else:
            self._show_tree(self.tree_view.item.key if self.tree_view.item else "")
        if self.faults_only and self.tree_view.rows is not None and not len(self.tree_view.rows):
            self.faults_only = False
            self._show_tree("")
            self.notify("nothing here is worse than low", title="no faults")

    def _show_tree(self, key: str) -> None:
        outline = self.outline
        if outline is None:
            return
        difference = self.compared if self.difference_only else None
        keep = difference.touches if difference else self._has_faults if self.faults_only else None
        rows = Rows(outline, self._open_keys, keep=keep)
        self._open_keys = rows.open_keys
        only = "difference" if difference else "faults only" if self.faults_only else ""
        self.query_one(Trail).found = only
        self.tree_view.show(rows, rows.nearest(key, self.tree_view.cursor))

    def on_estate_tree_moved(self, event: EstateTree.Moved) -> None:
        """Name the way to the item at once, and show what it is a moment later."""
        tree = self.tree_view
        if tree.rows is not None and tree.item is event.item:
            self.query_one(Trail).items = tree.rows.trail(tree.cursor)
        if self._settle is not None:
            self._settle.stop()
        self._settle = self.set_timer(SETTLE_SECONDS, self.show_detail)

    def show_detail(self) -> None:
        """Show in the detail what is under the cursor."""
        item = self.tree_view.item
        if item is not None and self.workspace is not None:
            side = self.compared.workspace_of(item) if self.compared and self.difference_only else None
            self.detail.show(item, side or self.workspace)

    def on_estate_tree_selected(self, event: EstateTree.Selected) -> None:
        """Enter goes into the detail, or into a group."""
        if event.item.node is None:
            self.tree_view.action_open()
            return
        self.show_detail()
        self.add_class("-detail")
        self.detail.focus_tab()

    def action_tab(self, name: str) -> None:
        """Show a tab of the detail."""
        self.show_detail()
        self.detail.show_tab(name)

    def on_fact_list_followed(self, event: FactList.Followed) -> None:
        """Jump to what a line speaks of."""
        self.jump(event.node_id)

    def on_fact_list_opened(self, event: FactList.Opened) -> None:
        """Show the finding or the requirement that a line stands for."""
        colours = self.app.theme_variables
        if isinstance(event.what, Finding) and self.workspace is not None:
            self.app.push_screen(FindingsScreen(self.workspace, mark=event.what, staged=self.ecsiam.staged))
        elif isinstance(event.what, Judged):
            decision, account = event.what.decision, self.workspace.account if self.workspace else None
            unread = account.unread_besides(decision) if account and decision else ()
            picture = requirement_text(event.what, colours, unread)
            self.app.push_screen(ReadingScreen("REQUIREMENT", picture))

    # Moving about

    def jump(self, node_id: str) -> None:
        """Put the cursor on a node, wherever it is listed, and remember where it was."""
        if self.workspace is None:
            return
        path = self.outline.path_to(node_id) if self.outline else ()
        if not path:
            self.notify("it is not listed in the tree", severity="warning")
            return
        self._remember()
        self._go(path)
        self._remember()

    def open_evidence(self, finding: Finding) -> None:
        """Go to the statement that a finding rests on, with its lines marked; else to the node itself."""
        placed = (found for found in finding.evidence if found.kind == "statement" and found.lines)
        evidence = next(placed, None)
        if evidence is None or self.workspace is None or evidence.lines is None:
            self.jump(finding.evidence[0].node if finding.evidence else finding.node)
            return
        path = statement_path(self.workspace.outline, finding.node, evidence.node, evidence.lines)
        if not path:
            self.jump(evidence.node)
            return
        self._remember()
        self._go(path)
        self._remember()
        self.action_tab("json")

    def _go(self, path: tuple[str, ...]) -> None:
        if self.faults_only:
            self.faults_only = False
            self._show_tree(path[-1])
        if self.filter_text:
            self.query_one(FilterLine).clear_text()
            self._show_tree(path[-1])
        if not self.tree_view.go_to(path) and self.difference_only:
            self.notify("the plan does not touch it; t shows everything", severity="warning")
        self.show_detail()
        self.remove_class("-detail")
        self.tree_view.focus()

    def _remember(self) -> None:
        item = self.tree_view.item
        if item is None or (self._visits and self._visits[self._visit] == item.key):
            return
        self._visits = [*self._visits[: self._visit + 1], item.key][-100:]
        self._visit = len(self._visits) - 1
        self.refresh_bindings()

    def action_history(self, step: int) -> None:
        """Go to the place before or after in the history of jumps."""
        if not 0 <= self._visit + step < len(self._visits):
            return
        self._visit += step
        parts = self._visits[self._visit].split("\x1f")
        self._go(tuple("\x1f".join(parts[: end + 1]) for end in range(len(parts))))
        self.refresh_bindings()

    def action_back(self) -> None:
        """One step back: out of the detail, out of the filter, then towards the root of the tree."""
        if self.detail.has_focus_within or self.has_class("-detail"):
            self.remove_class("-detail")
            self.tree_view.focus()
        elif self.filter_text:
            self._leave_filter()
        else:
            self.tree_view.action_parent()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would do nothing here are not offered."""
        if action == "history" and isinstance(parameters[0], int):
            return 0 <= self._visit + parameters[0] < len(self._visits)
        if action == "faults":
            judged = self.workspace is not None and self.workspace.is_judged
            return judged and not isinstance(self.focused, Input)
        if action in ("copy_arn", "copy_json", "edit", "export", "filter"):
            return self.workspace is not None and not isinstance(self.focused, Input)
        return True

    # Filter

    @property
    def filter_text(self) -> str:
        """The filter, empty where none is set."""
        return self.query_one(FilterLine).text

    def action_filter(self) -> None:
        """Type a filter."""
        if not self.filter_text and (item := self.tree_view.item):
            self._before_filter = item.key
        self.remove_class("-detail")
        self.query_one(FilterLine).open()

    def on_filter_line_typed(self, event: FilterLine.Typed) -> None:
        """Search for what was typed."""
        if event.text:
            self._search(event.text)
        else:
            self._show_tree(self._before_filter)

    def on_filter_line_done(self) -> None:
        """Go from the filter to what it found."""
        if not self.filter_text:
            self._leave_filter()
        self.tree_view.focus()

    def on_filter_line_left(self) -> None:
        """Escape in the filter takes it away."""
        self._leave_filter()

    def _leave_filter(self) -> None:
        item = self.tree_view.item if self.filter_text else None
        self.query_one(FilterLine).clear_text()
        self._show_tree(self._before_filter)
        if item is not None and item.node is not None and self.workspace is not None:
            self.tree_view.go_to(self.workspace.outline.path_to(item.node.id))
        self.tree_view.focus()

    @work(thread=True, exclusive=True, group="search", exit_on_error=False)
    def _search(self, text: str) -> None:
        workspace = self.workspace
        if workspace is None:
            return
        hits = search(workspace.estate, text, MOST_FOUND)
        roots = tuple(workspace.outline.entry(hit.node) for hit in hits)
        self.app.call_from_thread(self._found, text, workspace, roots)

    def _found(self, text: str, workspace: Workspace, roots: tuple[Item, ...]) -> None:
        if text != self.filter_text or workspace is not self.workspace:
            return
        tree = self.tree_view
        before = tree.item.key if tree.item else ""
        rows = Rows(workspace.outline, (), roots)
        self.query_one(Trail).found = f"{len(roots)}{'+' if len(roots) >= MOST_FOUND else ''} found"
        if not roots:
            self.query_one(Trail).items = ()
        tree.show(rows, rows.nearest(before) if before in rows.open_keys else 0)
