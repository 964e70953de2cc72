"""Fixtures of the explorer's tests."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.findings.suppressions import Settings
from ecsiam_tui.tui.app import EcsIamApp
from ecsiam_tui.workspace import Workspace
from tests.tui.sources import NOW, FixedSource

Settle = Callable[[Pilot[None]], Awaitable[None]]


@pytest.fixture(scope="session")
def demo(demo_snapshot: Snapshot) -> Snapshot:
    """The demo account's snapshot, read once."""
    return demo_snapshot


@pytest.fixture
def app(demo: Snapshot) -> EcsIamApp:
    """The explorer on the demo account."""
    return EcsIamApp(FixedSource(demo), clock=lambda: NOW)


_SHARED = ("account", "needs", "found")
"""What is worked out of a snapshot without its graph, which a workspace lets go of when it is released."""


@pytest.fixture(autouse=True)
def _judged_once(demo: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong in the demo account is worked out by the first test that asks, for all of them."""
    make, judge = Workspace.__init__, Workspace.judge

    def knowing(self: Workspace, *args: Any, **kwargs: Any) -> None:
        make(self, *args, **kwargs)
        if self.snapshot is demo and self.settings == Settings():
            self.__dict__.update(_KNOWN)

    def keeping(self: Workspace) -> Workspace:
        judge(self)
        if self.snapshot is demo and self.settings == Settings():
            _KNOWN.update({name: self.__dict__[name] for name in _SHARED if name in self.__dict__})
        return self

    monkeypatch.setattr(Workspace, "__init__", knowing)
    monkeypatch.setattr(Workspace, "judge", keeping)


_KNOWN: dict[str, Any] = {}


async def until(pilot: Pilot[None], fulfilled: Callable[[], bool]) -> None:
    """Wait until something holds, and still does when all is quiet; a minute at most, for machines that have
    more to do."""
    for _ in range(6000):
        if fulfilled():
            await pilot.pause()
            if fulfilled():
                return
        await pilot.pause(0.01)
    assert fulfilled()


async def settled(pilot: Pilot[None]) -> None:
    """Wait until reading is over and the detail has followed the cursor."""
    app = pilot.app
    assert isinstance(app, EcsIamApp)
    await until(pilot, lambda: app.workspace is not None and app.status.progress is None)
    await until(pilot, lambda: app.workspace is not None and app.workspace.is_judged)
    await press(pilot)


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Press keys and wait until the detail has followed."""
    await pilot.press(*keys)
    await pilot.pause(0.12)
    searches = [worker for worker in pilot.app.workers if worker.group == "search"]
    if searches:  # an empty list would mean all, dialogs that wait for keys included
        await pilot.app.workers.wait_for_complete(searches)
    await pilot.pause()
