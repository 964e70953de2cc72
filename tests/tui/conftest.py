"""Fixtures of the explorer's tests."""

from collections.abc import Awaitable, Callable

import pytest
from textual.pilot import Pilot

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.tui.app import EcsIamApp
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


async def until(pilot: Pilot[None], fulfilled: Callable[[], bool]) -> None:
    """Wait until something holds; ten seconds at most."""
    for _ in range(1000):
        if fulfilled():
            break
        await pilot.pause(0.01)
    await pilot.pause()
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
