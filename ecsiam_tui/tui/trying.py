"""Trying changes: what they would do, worked out in a thread; only the last question is answered."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from textual.screen import Screen

from ecsiam_tui.account.collector import collector_paused
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes.applying import apply_all
from ecsiam_tui.changes.change import AnyChange
from ecsiam_tui.changes.looking import ChangeError
from ecsiam_tui.tui.differences import Pair, pair_of
from ecsiam_tui.workspace import Effect, Workspace, effect


class Tried(NamedTuple):
    """What changes would do: their effect and what each writes, or why they do not fit. `ground` is what they
    were tried on."""

    ground: Workspace
    changes: tuple[AnyChange, ...]
    effect: Effect | None = None
    pairs: tuple[Pair, ...] = ()
    error: str = ""


def attempt(ground: Workspace, changes: tuple[AnyChange, ...]) -> Tried:
    """Try changes. Takes as long as judging an account does."""
    try:
        pairs, snapshot = _pairs(changes, ground.snapshot)
    except ChangeError as error:
        return Tried(ground, changes, error=str(error))
    with collector_paused():
        then = ground.supposing(snapshot)
        found = effect(ground, then)
        then.release()
    return Tried(ground, changes, found, pairs)


def _pairs(changes: Iterable[AnyChange], snapshot: Snapshot) -> tuple[tuple[Pair, ...], Snapshot]:
    pairs = []
    for change in changes:
        after = apply_all((change,), snapshot)
        pairs.append(pair_of(change, snapshot, after))
        snapshot = after
    return tuple(pairs), snapshot


class Trial:
    """Tries changes for a screen, one after the other; what nobody asks for any more is not begun, and what
    comes late is dropped."""

    def __init__(self, screen: Screen[Any], show: Callable[[Tried], None]) -> None:
        """`show` is called in the screen's own thread."""
        self._screen = screen
        self._show = show
        self._wanted: tuple[int, Workspace, tuple[AnyChange, ...]] | None = None
        self._asked = 0
        self._running = False

    @property
    def is_busy(self) -> bool:
        """Whether an answer is to come."""
        return self._running

    def ask(self, ground: Workspace, changes: Iterable[AnyChange]) -> None:
        """What would these do?"""
        self._asked += 1
        self._wanted = (self._asked, ground, tuple(changes))
        if not self._running:
            self._begin()

    def forget(self) -> None:
        """Nothing is asked any more."""
        self._asked += 1
        self._wanted = None

    def _begin(self) -> None:
        self._running = True
        self._screen.run_worker(self._work, thread=True, group="trial", exit_on_error=False)

    def _work(self) -> None:
        wanted = self._wanted
        self._wanted = None
        tried = None
        if wanted is not None:
            asked, ground, changes = wanted
            try:
                tried = asked, attempt(ground, changes)
            except Exception as error:  # a fault of this program must not leave the screen waiting
                tried = asked, Tried(ground, changes, error=f"{type(error).__name__}: {error}")
        self._screen.app.call_from_thread(self._done, tried)

    def _done(self, tried: tuple[int, Tried] | None) -> None:
        self._running = False
        if self._wanted is not None:
            self._begin()
        elif tried is not None and tried[0] == self._asked and self._screen.is_mounted:
            self._show(tried[1])
