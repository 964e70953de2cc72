"""How a finding can be fixed: the ways from narrow to broad, and what each does."""

from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Label, OptionList, Static
from textual.widgets.option_list import Option

from ecsiam_tui.account.text import visible
from ecsiam_tui.findings.finding import Finding
from ecsiam_tui.fixes.fix import Fix
from ecsiam_tui.fixes.proof import fixes_for
from ecsiam_tui.tui.pictures import Painter, Picture
from ecsiam_tui.tui.previews import paint_changes, paint_headline
from ecsiam_tui.tui.screens.dialogs import Choose
from ecsiam_tui.tui.screens.planned import PlannedScreen
from ecsiam_tui.tui.trying import Trial, Tried
from ecsiam_tui.tui.widgets.key_line import KeyLine
from ecsiam_tui.workspace import Workspace

WAIT = "Looking for fixes, and proving each…"


class FixList(OptionList):
    """The list; Enter is said in the footer."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select", "stage", id="fixes.stage")]


class FixScreen(PlannedScreen):
    """The fixes above, all about the marked one below."""

    PANE = "#fix-detail"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "app.pop_screen", "back", id="fixes.back"),
        Binding("a", "answer", "answer its questions", id="fixes.answer"),
        Binding("y", "copy", "copy text", show=False, id="fixes.copy"),
        Binding("j", "mark(1)", "down", show=False, id="fixes.down"),
        Binding("k", "mark(-1)", "up", show=False, id="fixes.up"),
        Binding("pagedown,ctrl+f", "scroll(1)", "text down", show=False, id="fixes.text-down"),
        Binding("pageup,ctrl+b", "scroll(-1)", "text up", show=False, id="fixes.text-up"),
    ]

    def __init__(self, finding: Finding) -> None:
        super().__init__()
        self.finding = finding
        self.fixes: tuple[Fix, ...] | None = None
        self.answers: dict[str, tuple[str, ...]] = {}
        self.tried: Tried | None = None
        self._error = ""
        self._asked = 0
        self._picture: Picture | None = None
        self._trial = Trial(self, self._show_tried)

    @property
    def text(self) -> str:
        """What is said of the marked fix."""
        return self._picture.plain if self._picture is not None else ""

    def compose(self) -> ComposeResult:
        """The finding, the fixes, the text, the keys."""
        yield Label("", id="fix-title", classes="screen-title", markup=False)
        with Vertical(id="fix-panes"):
            yield FixList(markup=False, id="fix-list")
            with VerticalScroll(id="fix-detail", can_focus=False):
                yield Static(WAIT, markup=False, id="fix-text")
        yield KeyLine()

    def on_mount(self) -> None:
        """Look for fixes."""
        title = Text("FIX  ", "bold", no_wrap=True, overflow="ellipsis")
        title.append(f"{self.finding.rule} ", "dim").append(visible(self.finding.summary))
        self.query_one("#fix-title", Label).update(title)
        self._list.focus()
        self.look()

    @property
    def _list(self) -> FixList:
        return self.query_one(FixList)

    @property
    def marked(self) -> Fix | None:
        """The marked fix."""
        at = self._list.highlighted
        return self.fixes[at] if self.fixes and at is not None and at < len(self.fixes) else None

    def look(self) -> None:
        """Look for the fixes of the finding in the account as the plan leaves it."""
        ground = self.ecsiam.ground
        if ground is not None:
            self._asked += 1
            self._find(self._asked, ground, dict(self.answers))

    @work(thread=True, group="fixes", exit_on_error=False)
    def _find(self, asked: int, ground: Workspace, answers: dict[str, tuple[str, ...]]) -> None:
        found: tuple[Fix, ...] = ()
        error = ""
        same = [one for one in ground.findings if one.key == self.finding.key]
        if not same:
            error = "The staged plan resolves this finding; S shows the plan."
        else:
            try:
                exact = next((one for one in same if one == self.finding), same[0])
                found = fixes_for(exact, ground.facts, answers)
            except Exception as fault:  # a fault of a recipe must not leave the screen waiting
                error = f"fixes could not be worked out: {type(fault).__name__}: {fault}"
        self.app.call_from_thread(self._show_fixes, asked, found, error)

    def _show_fixes(self, asked: int, found: tuple[Fix, ...], error: str) -> None:
        if asked != self._asked or not self.is_mounted:
            return
        self.fixes, self._error = found, error
        options = self._list
        at = options.highlighted or 0
        options.set_options([Option(self._row(fix)) for fix in found])
        options.display = bool(found)
        if found:
            options.highlighted = min(at, len(found) - 1)
        self._mark_changed()

    def _row(self, fix: Fix) -> Text:
        colours = self.app.theme_variables
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append(visible(fix.title), "bold")
        count = len(fix.changes)
        text.append(f"  {count} change{'s' if count != 1 else ''}" if count else "  to export only", "dim")
        if fix.questions:
            text.append("  asks", colours["primary"])
        if fix.costs or fix.warnings:
            text.append("  ▲", colours["warning"])
        return text

    # The marked one

    def on_option_list_option_highlighted(self) -> None:
        """Show what the marked fix does."""
        self._mark_changed()

    def on_resize(self) -> None:
        """Put differences beside each other, or not."""
        self._show_text()

    def _mark_changed(self) -> None:
        self.tried = None
        fix, ground = self.marked, self.ecsiam.ground
        if fix is not None and fix.changes and ground is not None:
            self._trial.ask(ground, fix.changes)
        else:
            self._trial.forget()
        self._show_text()
        self.query_one("#fix-detail").scroll_home(animate=False)
        self.refresh_bindings()

    def _show_tried(self, tried: Tried) -> None:
        self.tried = tried
        self._show_text()

    def _show_text(self) -> None:
        static = self.query_one("#fix-text", Static)
        if self.marked is None:
            self._picture = None
            static.update(self._empty())
            return
        self._picture = self._painted(self.marked)
        static.update(self._picture.body)

    def _empty(self) -> str:
        if self.fixes is None:
            return WAIT
        ground = self.ecsiam.ground
        rule = ground.rule(self.finding.rule) if ground is not None else None
        by_hand = f"\n\nBy hand: {rule.fix}" if rule is not None and rule.fix else ""
        said = self._error or "No fix through the API could be proved for this finding."
        return visible(f"{said}{by_hand}\n\nEsc goes back; w on the thing tries a change.", one_line=False)

    def _painted(self, fix: Fix) -> Picture:
        paint = Painter(self.app.theme_variables)
        paint.line(fix.title, "bold")
        paint_headline(paint, self.tried)
        for text in fix.warnings:
            paint.fact("▲ know this", text, "warn")
        for text in fix.notes:
            paint.fact("last use", text)
        for text in fix.costs:
            paint.fact("costs", text, "warn")
        for question in fix.questions:
            chosen = question.answer(self.answers)
            labels = [choice.label for choice in question.choices if choice.value in chosen]
            paint.add(question.text).add(f"  {', '.join(labels) or 'nothing'}", "accent").beside("question")
        paint_changes(paint, fix.changes, self.tried, self.app.theme_variables, self.size.width)
        return paint.picture()

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would do nothing here are not offered."""
        if action == "answer":
            return self.marked is not None and bool(self.marked.questions)
        if action == "copy":
            return self.marked is not None
        return True

    def action_mark(self, step: int) -> None:
        """Mark another fix."""
        if step > 0:
            self._list.action_cursor_down()
        else:
            self._list.action_cursor_up()

    @work
    async def action_answer(self) -> None:
        """Answer what only a person can tell."""
        fix = self.marked
        for question in fix.questions if fix is not None else ():
            chosen = list(question.answer(self.answers))
            while True:
                choices = [
                    (
                        choice.value,
                        f"{'✓ ' if question.many and choice.value in chosen else ''}{choice.label}"
                        + (f"  {choice.note}" if choice.note else ""),
                    )
                    for choice in question.choices
                ]
                if question.many:
                    choices.insert(0, ("\0", "done with this question"))
                current = chosen[0] if chosen and not question.many else ""
                answer = await self.app.push_screen_wait(Choose(question.text, choices, current))
                if answer is None:
                    return
                if answer == "\0":
                    break
                if not question.many:
                    chosen = [answer]
                    break
                chosen = [one for one in chosen if one != answer] if answer in chosen else [*chosen, answer]
            self.answers[question.name] = tuple(chosen)
        self.look()

    def on_option_list_option_selected(self) -> None:
        """Stage the marked fix, and go back."""
        fix = self.marked
        if fix is None:
            return
        if not fix.changes:
            self.notify("this one changes nothing here; y copies what it says", severity="warning")
            return
        self._stage(fix)

    @work
    async def _stage(self, fix: Fix) -> None:
        if await self.ecsiam.stage(fix.changes, fix.title) and self.app.screen is self:
            self.app.pop_screen()
