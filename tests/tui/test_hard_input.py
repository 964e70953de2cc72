"""Hostile text, huge documents, small and changing terminals, no colour."""

import pytest

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.tui.app import EcsIamApp
from ecsiam_tui.tui.widgets.document_view import DocumentView
from tests.tui.conftest import press, settled
from tests.tui.helpers import HOSTILE, ROLE, text_of, tiny_account, title
from tests.tui.sources import NOW, FixedSource


@pytest.mark.parametrize("size", [(40, 10), (80, 24), (120, 40)])
async def test_hostile_names_are_shown_as_written(size: tuple[int, int]) -> None:
    app = EcsIamApp(FixedSource(tiny_account(name=HOSTILE)), clock=lambda: NOW)
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        for key in (
            "right",
            "right",
            "right",
            "right",
            "enter",
            "2",
            "3",
            "4",
            "5",
            "6",
            "7",
            "8",
            "y",
            "escape",
            "question_mark",
            "escape",
        ):
            await press(pilot, key)
            shown = text_of(app)
            assert "\x1b" not in shown
            assert "\x07" not in shown
            assert "\u202e" not in shown
        await press(pilot, "home")
        assert "[/x] \\x1b]0;owned" in text_of(app)


async def test_a_policy_of_a_megabyte_is_shown() -> None:
    statement = '{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket-%d/*"}'
    document = '{"Version":"2012-10-17","Statement":[' + ",".join(statement % n for n in range(12_000)) + "]}"
    assert len(document) > 900_000
    app = EcsIamApp(FixedSource(tiny_account(document=document)), clock=lambda: NOW)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        app.explorer.jump(f"{ROLE}#own")
        await press(pilot, "8", "right", "right")
        assert title(app) == "statement 1"
        assert "bucket-11999" in app.explorer.query_one(DocumentView).text


async def test_narrow_screens_show_one_pane_at_a_time(app: EcsIamApp) -> None:
    async with app.run_test(size=(50, 14)) as pilot:
        await settled(pilot)
        assert app.explorer.tree_view.display
        assert not app.explorer.detail.region
        await press(pilot, "enter")
        assert app.explorer.detail.region.width == 50
        await press(pilot, "escape")
        assert app.explorer.tree_view.region.width == 50


async def test_resizing_keeps_the_place(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "end", "up", "up", "right", "down")
        before = title(app)
        for size in ((40, 10), (80, 24), (200, 60)):
            await pilot.resize_terminal(*size)
            await pilot.pause(0.1)
            assert title(app) == before
            tree = app.explorer.tree_view
            assert tree.scroll_offset.y <= tree.cursor < tree.scroll_offset.y + max(1, tree.size.height)


async def test_without_colour_the_marks_still_tell(demo: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = EcsIamApp(FixedSource(demo), clock=lambda: NOW)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        app.explorer.jump("arn:aws:iam::123456789012:role/loyalty-task")
        await press(pilot)
        shown = text_of(app)
        assert "✗ ◉ loyalty-task" in shown
        assert "does not exist" in shown


async def test_themes_change_and_come_back(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "ctrl+t")
        assert app.theme == "ecsiam-light"
        await press(pilot, "ctrl+t")
        assert app.theme == "ecsiam-dark"
