"""Making a plan real, as the app sees it: a narrow door, and what comes through it in words."""

from collections.abc import Callable
from typing import Protocol, cast

from ecsiam_tui.account.arns import short_name
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.source import Progress, Source
from ecsiam_tui.changes.applying_plan import Applying, Event, Outcome
from ecsiam_tui.changes.journal import Journals, Record
from ecsiam_tui.changes.plan import Plan
from ecsiam_tui.changes.sending import Writable
from ecsiam_tui.tui.pictures import Painter

Told = Callable[[Event], None]
Stop = Callable[[], bool]


class Applier(Protocol):
    """Applies plans. Its methods block, tell of each event in the thread they are called in, and raise what
    `changes.applying_plan.Applying` raises, before anything is changed."""

    def start(self, plan: Plan, told: Told, stop: Stop) -> Outcome:
        """Apply a plan."""

    def resume(self, journal: str, told: Told, stop: Stop) -> Outcome:
        """Make the calls of an interrupted apply that were not made."""

    def roll_back(self, journal: str, told: Told, stop: Stop) -> Outcome:
        """Take back what an interrupted apply did."""

    def leave(self, journal: str) -> None:
        """Leave an interrupted apply as it is."""

    def undo(self, journal: str, snapshot: Snapshot) -> Plan:
        """The plan that takes back an apply that ended."""

    def history(self) -> tuple[Record, ...]:
        """All applies to the account, the newest first."""


class WritableSource(Source, Writable, Protocol):
    """A source whose account can be changed."""


class SourceApplier:
    """Applies to the account of a source that can be written to."""

    def __init__(self, source: WritableSource, account: str) -> None:
        self._source = source
        self._account = account

    def _applying(self, told: Told = lambda _: None, stop: Stop = lambda: False) -> Applying:
        return Applying(
            self._source, self._source.sender(), self._journals(), _Watcher(), told=told, stop=stop
        )

    def _journals(self) -> Journals:
        return Journals(self._source.journal_folder, self._account)

    def start(self, plan: Plan, told: Told, stop: Stop) -> Outcome:
        """Apply a plan."""
        return self._applying(told, stop).start(plan)

    def resume(self, journal: str, told: Told, stop: Stop) -> Outcome:
        """Go on."""
        return self._applying(told, stop).resume(journal)

    def roll_back(self, journal: str, told: Told, stop: Stop) -> Outcome:
        """Go back."""
        return self._applying(told, stop).roll_back(journal)

    def leave(self, journal: str) -> None:
        """Leave it."""
        self._applying().leave(journal)

    def undo(self, journal: str, snapshot: Snapshot) -> Plan:
        """The plan that takes it back."""
        return self._applying().plan_undo(journal, snapshot)

    def history(self) -> tuple[Record, ...]:
        """All applies."""
        return self._journals().all()


class _Watcher:
    """Reading beside an apply is not shown."""

    def progress(self, progress: Progress) -> None:
        """Not shown."""

    def partial(self, snapshot: Snapshot) -> None:
        """Not shown."""

    def cancelled(self) -> bool:
        """Never: what was begun is read to its end."""
        return False


def applier_of(source: Source, account: str) -> Applier | None:
    """The applier of a source; None where its account cannot be changed from here."""
    return SourceApplier(cast("WritableSource", source), account) if isinstance(source, Writable) else None


EVENT_MARKS = {
    "reading": ("…", "dim"),
    "call": ("▸", "accent"),
    "done": ("✓", "good"),
    "already": ("✓", "good"),
    "waiting": ("…", "warn"),
    "failed": ("✗", "bad"),
    "verifying": ("…", "dim"),
    "rollout": ("◆", "accent"),
}


def event_line(paint: Painter, event: Event) -> None:
    """One event in one line."""
    mark, tone = EVENT_MARKS[event.kind]
    paint.add(f"{mark} ", tone)
    if event.kind in ("call", "done", "already", "failed"):
        paint.add(f"{event.step + 1}/{event.total}  ", "dim")
    paint.add(event.text or event.kind)
    if event.kind == "already":
        paint.add("  it was so already", "dim")
    if event.rollout is not None:
        found = event.rollout
        tone = {"completed": "good", "failed": "bad", "failing": "bad", "rolled back": "bad"}.get(
            found.state, "plain"
        )
        paint.add(f"  {found.state}", tone).add(f"  {found.running} of {found.desired} tasks run", "dim")
        paint.add(f"  {found.failed} failed" if found.failed else "", "bad")
        paint.add(f"  {found.reason}" if found.reason else "", "dim")
    paint.line()


def outcome_lines(paint: Painter, outcome: Outcome) -> None:
    """How it ended, and what that means."""
    paint.line()
    if outcome.state == "drifted":
        paint.line("✗ Nothing was changed: the account is not as it was when the plan was made.", "bad")
        for one in outcome.drift:
            paint.line(f"  {short_name(one.target)} {one.path}", "bold")
            paint.fact("  was", str(one.was), "dim")
            paint.fact("  is", str(one.now), "warn")
            paint.fact("  plan", str(one.wanted), "accent")
        paint.line("r reads the account again; then look at the plan again.")
    elif outcome.state == "stopped":
        paint.line(f"✗ Stopped after {outcome.calls} of {outcome.total} calls: {outcome.message}", "bad")
        paint.line("R goes on, B takes back what was done, L leaves it as it is.")
    elif outcome.is_proven:
        paint.line(f"✓ All {outcome.total} calls are made, and the account is as wanted.", "good")
    else:
        paint.line(f"▲ All {outcome.total} calls are made.", "warn")
        for text in outcome.unlike:
            paint.line(f"  not as wanted: {text}", "warn")
        for found in outcome.rollouts:
            if not found.is_proven:
                why = found.reason or found.proves_nothing
                paint.line(f"  {short_name(found.service)} is not proven: {found.state}  {why}", "warn")
    for text in outcome.stays:
        paint.line(f"  cannot be taken back: {text}", "dim")
    paint.fact("journal", outcome.journal, "dim")
