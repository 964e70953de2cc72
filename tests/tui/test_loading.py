"""Reading: progress, partial data, refresh, failure, other sources."""

import threading

import msgspec
import pytest

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.tui.app import EcsIamApp
from ecsiam_tui.tui.screens.dialogs import Choose
from tests.tui.conftest import press, settled, until
from tests.tui.helpers import text_of, tiny_account, title
from tests.tui.sources import NOW, FailingSource, FixedSource


async def test_the_screen_is_there_before_reading_ends(demo: Snapshot) -> None:
    gate = threading.Event()
    app = EcsIamApp(FixedSource(demo, gate=gate), clock=lambda: NOW)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.status.progress is not None)
        assert app.workspace is None
        shown = text_of(app)
        assert "ecsiam" in shown
        assert "Reading fixed" in shown
        assert "clusters 1/4" in shown
        gate.set()
        await settled(pilot)
        assert "Reading" not in text_of(app)
        assert title(app) == "batch"


async def test_what_is_read_so_far_can_be_walked_while_the_rest_comes(demo: Snapshot) -> None:
    gate = threading.Event()
    source = FixedSource(demo, gate=gate)
    iam = ("account_id", "taken_at", "regions", "roles", "users", "groups", "policies", "instance_profiles")
    source.partial = Snapshot(**{name: getattr(demo, name) for name in iam})
    app = EcsIamApp(source, clock=lambda: NOW)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.workspace is not None)
        assert app.status.progress is not None
        assert title(app) == "Roles"
        await press(pilot, "right", "right", "down")
        role = title(app)
        gate.set()
        await settled(pilot)
        assert title(app) == role
        assert app.explorer.tree_view.rows is not None
        assert any(item.title == "prod" for item in app.explorer.tree_view.rows.items)


async def test_refresh_keeps_cursor_open_items_filter_and_tab(demo: Snapshot) -> None:
    shrunk = msgspec.structs.replace(demo, users=())
    source = FixedSource(demo, shrunk)
    app = EcsIamApp(source, clock=lambda: NOW)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "right", "right", "right", "6")
        assert app.explorer.tree_view.rows is not None
        before = [item.key for item in app.explorer.tree_view.rows.items]
        key = app.explorer.tree_view.item.key  # type: ignore[union-attr]
        await press(pilot, "r")
        await settled(pilot)
        assert source.loads == 2
        assert app.workspace is not None
        assert app.workspace.snapshot is shrunk
        assert [item.key for item in app.explorer.tree_view.rows.items] == before
        assert app.explorer.tree_view.item.key == key  # type: ignore[union-attr]
        assert app.explorer.detail.active == "used-by"
        await press(pilot, "slash", *"checkout", "down")
        found = title(app)
        await press(pilot, "r")
        await settled(pilot)
        assert app.explorer.filter_text == "checkout"
        assert title(app) == found


async def test_an_answer_that_comes_too_late_is_dropped(demo: Snapshot) -> None:
    gate = threading.Event()
    old = msgspec.structs.replace(demo, account_alias="old")
    source = FixedSource(old, demo, gate=gate)
    app = EcsIamApp(source, clock=lambda: NOW)
    async with app.run_test() as pilot:
        await pilot.pause(0.1)
        first = app._watcher
        app.action_reload()
        assert first is not None
        assert first.cancelled()
        gate.set()
        await settled(pilot)
        assert app.workspace is not None
        assert app.workspace.snapshot.account_alias == demo.account_alias


async def test_profile_and_region_ask_the_source_to_switch(demo: Snapshot) -> None:
    source = FixedSource(demo)
    source.names = ("alpha", "beta")
    app = EcsIamApp(source, clock=lambda: NOW)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "P")
        assert isinstance(app.screen, Choose)
        await press(pilot, *"bet", "enter")
        await settled(pilot)
        await press(pilot, "R", "down", "enter")
        await settled(pilot)
        assert source.switched[0] == ("beta", ())
        assert source.switched[1][0] is None
        assert source.switched[1][1]
        assert source.loads == 3


async def test_nothing_to_switch_is_not_offered(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "P", "R")
        assert app.screen is app.explorer


@pytest.mark.parametrize("error", [None, RuntimeError])
async def test_a_source_that_fails_says_why_and_what_next(
    demo: Snapshot, error: type[Exception] | None
) -> None:
    message = "the security token is expired; run aws sso login"
    source = FailingSource(message, demo, **({"error": error} if error else {}))
    source.names = ("alpha",)
    app = EcsIamApp(source, clock=lambda: NOW)
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: app.status.failed)
        shown = text_of(app)
        assert "token is expired" in shown
        assert "r tries again" in shown
        assert "P chooses another profile" in shown
        assert "✗ not read" in shown
        await press(pilot, "r")
        await settled(pilot)
        assert title(app) == "batch"


async def test_an_empty_region_says_so_and_offers_others() -> None:
    empty = msgspec.structs.replace(tiny_account(), clusters=(), services=(), task_definitions=())
    app = EcsIamApp(FixedSource(empty), clock=lambda: NOW)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settled(pilot)
        assert any("no ECS cluster in eu-west-1" in note.message for note in app._notifications)
        assert title(app) == "Roles"
