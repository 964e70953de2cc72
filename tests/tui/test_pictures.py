"""The few screens whose picture matters. `make test` compares; `pytest --snapshot-update` takes new ones."""

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.tui.app import EcsIamApp
from tests.tui.conftest import press, settled
from tests.tui.sources import NOW, FixedSource

SnapCompare = Callable[..., bool]


def pressing(*keys: str) -> Callable[[Pilot[None]], Any]:
    """Press keys once reading is over."""

    async def run(pilot: Pilot[None]) -> None:
        await settled(pilot)
        await press(pilot, *keys)

    return run


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_explorer(snap_compare: SnapCompare, demo: Snapshot, size: tuple[int, int]) -> None:
    app = EcsIamApp(FixedSource(demo), clock=lambda: NOW)
    assert snap_compare(app, terminal_size=size, run_before=pressing("right", "right", "right", "right"))


def test_explorer_light(snap_compare: SnapCompare, demo: Snapshot) -> None:
    app = EcsIamApp(FixedSource(demo), clock=lambda: NOW, light=True)
    assert snap_compare(app, terminal_size=(120, 30), run_before=pressing("right", "right", "right"))


def test_gaps(snap_compare: SnapCompare, demo: Snapshot) -> None:
    app = EcsIamApp(FixedSource(demo), clock=lambda: NOW)
    assert snap_compare(app, terminal_size=(100, 24), run_before=pressing("exclamation_mark"))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_findings(snap_compare: SnapCompare, demo: Snapshot, size: tuple[int, int]) -> None:
    app = EcsIamApp(FixedSource(demo), clock=lambda: NOW)
    keys = ("F", "down", "down", "down", "down", "down")
    assert snap_compare(app, terminal_size=size, run_before=pressing(*keys))


def test_requirement(snap_compare: SnapCompare, demo: Snapshot) -> None:
    app = EcsIamApp(FixedSource(demo), clock=lambda: NOW)
    to_service = ("slash", *"payments-api", "enter", "3", "enter", "enter")
    assert snap_compare(app, terminal_size=(120, 30), run_before=pressing(*to_service))
