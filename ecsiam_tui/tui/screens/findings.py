"""The findings: a list in groups, and all about the one that is marked."""

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Label, OptionList, Static
from textual.widgets.option_list import Option

from ecsiam_tui.account.text import visible
from ecsiam_tui.findings.finding import Finding
from ecsiam_tui.findings.grouping import GROUPINGS, Grouping, group, matches
from ecsiam_tui.findings.health import by_severity
from ecsiam_tui.graph.kinds import words
from ecsiam_tui.tui.judged import severity_tone
from ecsiam_tui.tui.pictures import finding_text
from ecsiam_tui.tui.screens.planned import copy, scroll_page
from ecsiam_tui.tui.staging import Staged
from ecsiam_tui.tui.widgets.filter_line import FilterLine
from ecsiam_tui.tui.widgets.key_line import KeyLine
from ecsiam_tui.workspace import Workspace


class FindingList(OptionList):
    """The list; Enter is said in the footer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "to the evidence", id="findings.evidence")
    ]


class FindingsScreen(Screen[None]):
    """What is wrong. Wide: the marked finding beside the list; narrow: below it."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "back", id="findings.back"),
        Binding("n", "node", "to the thing", id="findings.node"),
        Binding("g", "group", "group by", id="findings.group"),
        Binding("slash", "filter", "filter", key_display="/", id="findings.filter"),
        Binding("z", "suppress", "suppress", id="findings.suppress"),
        Binding("Z", "suppressed", "suppressed ones", show=False, id="findings.suppressed"),
        Binding("y", "copy", "copy", id="findings.copy"),
        Binding("j", "move(1)", "down", show=False, id="findings.down"),
        Binding("k", "move(-1)", "up", show=False, id="findings.up"),
        Binding("pagedown,ctrl+f", "scroll(1)", "text down", show=False, id="findings.text-down"),
        Binding("pageup,ctrl+b", "scroll(-1)", "text up", show=False, id="findings.text-up"),
        Binding("q", "app.quit", "quit", show=False, id="findings.quit"),
    ]

    class Chosen(Message):
        """Somebody wants to go where a finding is: to its evidence, or to the thing itself."""

        def __init__(self, finding: Finding, *, evidence: bool) -> None:
            self.finding, self.evidence = finding, evidence
            super().__init__()

    class Suppress(Message):
        """Somebody wants to live with a finding."""

        def __init__(self, finding: Finding) -> None:
            self.finding = finding
            super().__init__()

    def __init__(
        self,
        workspace: Workspace,
        grouping: Grouping = "severity",
        mark: Finding | None = None,
        staged: Staged | None = None,
    ) -> None:
        """`staged` marks what the plan does to findings."""
        super().__init__()
        self.workspace = workspace
        self.staged = staged or Staged()
        self.grouping: Grouping = grouping
        self.shows_suppressed = False
        self._rows: list[Finding | None] = []
        self._mark = mark

    def compose(self) -> ComposeResult:
        """The counts, the list, the marked one, the keys."""
        yield Label("", id="findings-title", classes="screen-title", markup=False)
        with Horizontal(id="findings-panes"):
            with Vertical(id="findings-left"):
                yield FilterLine("rule, severity, name or words", id="filter")
                yield FindingList(markup=False, id="findings-list")
            with VerticalScroll(id="findings-detail", can_focus=False):
                yield Static("", markup=False, id="findings-text")
        yield KeyLine()

    def on_mount(self) -> None:
        """Fill the list."""
        self.show(self.workspace)
        self.query_one("#findings-list").focus()

    @property
    def marked(self) -> Finding | None:
        """The finding under the cursor."""
        at = self.query_one("#findings-list", OptionList).highlighted
        return self._rows[at] if at is not None and at < len(self._rows) else None

    def show_side(self, workspace: Workspace, staged: Staged) -> None:
        """Show the findings now, after the plan, or what it changes about them."""
        self.staged = staged
        self.show(workspace)

    def mark_of(self, finding: Finding) -> str:
        """What the plan does to a finding: `+ ~ -`, empty where it leaves it."""
        changes = self.staged.effect.findings if self.staged.effect is not None else None
        if changes is None:
            return ""
        sides = (
            ("+", {one.key for one in changes.new}),
            ("-", {one.key for one in changes.resolved}),
            ("~", {new.key for _, new in changes.graded}),
        )
        return next((mark for mark, keys in sides if finding.key in keys), "")

    def show(self, workspace: Workspace) -> None:
        """Show the findings of a workspace; the cursor stays on the same finding, or near it. Where they are
        still being worked out, nothing is shown until then."""
        if not workspace.is_judged:
            self._wait(workspace)
            return
        options = self.query_one("#findings-list", OptionList)
        before, at = self._mark or self.marked, options.highlighted or 0
        self._mark = None
        self.workspace = workspace
        found = self._found()
        self._rows = []
        prompts: list[Option] = []
        for title, members in group(found, self.grouping, workspace.facts):
            self._rows.append(None)
            prompts.append(Option(self._heading(title, len(members)), disabled=True))
            self._rows += members
            prompts += [Option(self._row(finding)) for finding in members]
        options.set_options(prompts)
        keys = [finding.key if finding else "" for finding in self._rows]
        if before is not None and before.key in keys:
            options.highlighted = keys.index(before.key)
        elif self._rows:
            near = min(max(at, 1), len(self._rows) - 1)
            options.highlighted = near if self._rows[near] else min(near + 1, len(self._rows) - 1)
        self._title(len(found))
        self._show_marked()

    def _found(self) -> list[Finding]:
        suppressed = [finding for finding, _ in self.workspace.sorted.suppressed]
        every = suppressed if self.shows_suppressed else self._of_side()
        text = self.query_one(FilterLine).text
        return [finding for finding in every if matches(finding, text, self.workspace.facts)]

    def _wait(self, workspace: Workspace) -> None:
        self._mark = self._mark or self.marked
        self.workspace, self._rows = workspace, []
        self.query_one("#findings-list", OptionList).clear_options()
        self.query_one("#findings-title", Label).update(Text("FINDINGS", "bold"))
        self.query_one("#findings-text", Static).update("The account was read again; still working it out…")
        self.refresh_bindings()

    def _of_side(self) -> list[Finding]:
        found = list(self.workspace.findings)
        effect = self.staged.effect
        if self.staged.shown == "difference" and effect is not None:
            marked = [finding for finding in found if self.mark_of(finding)]
            found = sorted((*marked, *effect.findings.resolved), key=lambda one: -one.severity)
        return found

    def _title(self, shown: int) -> None:
        workspace = self.workspace
        counts = ", ".join(f"{count} {severity.word}" for severity, count in by_severity(workspace.findings))
        parts = [counts or "nothing found"]
        if self.shows_suppressed:
            parts = [f"{shown} suppressed"]
        elif self.query_one(FilterLine).text:
            parts.append(f"{shown} shown")
        if workspace.sorted.suppressed and not self.shows_suppressed:
            parts.append(f"{len(workspace.sorted.suppressed)} suppressed (Z)")
        title = Text("FINDINGS  ", "bold")
        title.append("   ".join(parts))
        if self.staged.shown != "now":
            title.append(
                f"   {self.staged.shown} the plan" if self.staged.shown == "after" else "   difference"
            )
        title.append(f"   by {self.grouping}", "dim")
        self.query_one("#findings-title", Label).update(title)

    def _heading(self, title: str, count: int) -> Text:
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append(visible(title), f"bold {self.app.theme_variables['primary']}")
        return text.append(f"  {count}", "dim")

    def _row(self, finding: Finding) -> Text:
        colours = self.app.theme_variables
        tones = {"bad": colours["error"], "warn": colours["warning"], "dim": "dim"}
        text = Text(no_wrap=True, overflow="ellipsis")
        glyph = finding.severity.glyph if finding.is_certain else "?"
        if planned := self.mark_of(finding):
            planned_tone = {"+": colours["error"], "-": colours["success"], "~": colours["warning"]}[planned]
            text.append(f"{planned} ", planned_tone)
        text.append(f"{glyph} ", tones[severity_tone(finding.severity)])
        if self.grouping != "rule":
            text.append(f"{finding.rule.removeprefix('ECS-IAM-')} ", "dim")
        text.append(visible(self.workspace.facts.title(finding.node)), "bold")
        node = self.workspace.estate.get(finding.node)
        said = finding.title if self.grouping != "rule" else words(node.kind).word if node else ""
        return text.append(f"  {visible(said)}", "dim")

    # The marked one

    def on_option_list_option_highlighted(self) -> None:
        """Show the marked finding."""
        self._show_marked()

    def _show_marked(self) -> None:
        if not self.workspace.is_judged:
            return
        finding = self.marked
        static = self.query_one("#findings-text", Static)
        if finding is not None:
            static.update(finding_text(finding, self.workspace, self.app.theme_variables).body)
        elif not self._rows:
            static.update(self._empty())
        self.query_one("#findings-detail").scroll_home(animate=False)
        self.refresh_bindings()

    def _empty(self) -> str:
        if self.query_one(FilterLine).text:
            return "Nothing fits the filter; Esc takes it away."
        if self.shows_suppressed:
            return "Nothing is suppressed. z on a finding accepts it, with a reason, in .ecsiam.toml."
        return (
            "✓ Nothing was found. Mistakes in roles, policies, task definitions, services, hosts and"
            " launchers would be listed here, the worst first. Esc goes back."
        )

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would do nothing here are not offered."""
        if action in ("evidence", "node", "copy"):
            return self.marked is not None
        if action == "suppress":
            return self.marked is not None and not self.shows_suppressed
        return True

    def action_back(self) -> None:
        """One step back: out of the filter, out of the suppressed ones, out of the screen."""
        if self.query_one(FilterLine).text:
            self.query_one(FilterLine).clear_text()
            self.show(self.workspace)
        elif self.shows_suppressed:
            self.action_suppressed()
        else:
            self.app.pop_screen()

    def action_move(self, step: int) -> None:
        """Mark another finding."""
        options = self.query_one("#findings-list", OptionList)
        if step > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()

    def action_scroll(self, direction: int) -> None:
        """Scroll the text of the marked finding."""
        scroll_page(self.query_one("#findings-detail"), direction)

    def on_option_list_option_selected(self) -> None:
        """Enter on a finding."""
        self.action_evidence()

    def action_evidence(self) -> None:
        """Go to where one sees it."""
        if (finding := self.marked) is not None:
            self.post_message(self.Chosen(finding, evidence=True))

    def action_node(self) -> None:
        """Go to the thing it is about."""
        if (finding := self.marked) is not None:
            self.post_message(self.Chosen(finding, evidence=False))

    def action_group(self) -> None:
        """Group by the next thing."""
        at = GROUPINGS.index(self.grouping)
        self.grouping = GROUPINGS[(at + 1) % len(GROUPINGS)]
        self.show(self.workspace)

    def action_suppress(self) -> None:
        """Accept the finding, with a reason."""
        if (finding := self.marked) is not None:
            self.post_message(self.Suppress(finding))

    def action_suppressed(self) -> None:
        """Show what is suppressed, or what is not."""
        self.shows_suppressed = not self.shows_suppressed
        self.show(self.workspace)

    def action_copy(self) -> None:
        """Copy the finding as text."""
        if (finding := self.marked) is not None:
            text = finding_text(finding, self.workspace, self.app.theme_variables).plain
            copy(self, text)

    # Filter

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one(FilterLine).open()

    def on_filter_line_typed(self) -> None:
        """Show what fits."""
        self.show(self.workspace)

    def on_filter_line_done(self) -> None:
        """Go from the filter to the list."""
        self.query_one("#findings-list").focus()

    def on_filter_line_left(self) -> None:
        """Escape in the filter takes it away."""
        self.query_one(FilterLine).clear_text()
        self.show(self.workspace)
        self.query_one("#findings-list").focus()
