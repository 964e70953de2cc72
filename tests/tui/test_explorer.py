"""Walking the demo account by keyboard and mouse."""

from collections import Counter

import msgspec
import pytest
from textual.widgets import Input

from ecsiam_tui.account.snapshot import Gap, Snapshot
from ecsiam_tui.graph.kinds import NodeKind
from ecsiam_tui.tui.app import EcsIamApp
from ecsiam_tui.tui.screens.gaps import GapsScreen
from ecsiam_tui.tui.screens.help import HelpScreen
from ecsiam_tui.tui.widgets.document_view import DocumentView
from ecsiam_tui.tui.widgets.fact_list import FactList
from ecsiam_tui.tui.widgets.filter_line import FilterLine
from ecsiam_tui.tui.widgets.status_bar import StatusBar
from ecsiam_tui.tui.widgets.trail import Trail
from tests.tui.conftest import press, settled
from tests.tui.helpers import text_of, tiny_account, title
from tests.tui.sources import NOW, FixedSource


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_a_statement_of_a_task_role_is_at_most_eight_keys_away(
    app: EcsIamApp, size: tuple[int, int]
) -> None:
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        presses = 0
        while presses < 8:
            presses += 1
            await press(pilot, "right")
            item = app.explorer.tree_view.item
            if item is not None and item.statement is not None:
                break
        assert item is not None
        assert item.statement is not None
        assert presses <= 8
        trail = app.explorer.tree_view.rows.trail(app.explorer.tree_view.cursor)  # type: ignore[union-attr]
        kinds = [step.node.kind for step in trail if step.node]
        assert kinds[:3] == [NodeKind.CLUSTER, NodeKind.SERVICE, NodeKind.ROLE]
        assert trail[2].part == "task role"


async def test_the_detail_leads_on_and_history_leads_back(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        assert app.explorer.check_action("history", (-1,)) is False
        await press(pilot, "right", "right", "right", "enter")
        assert isinstance(app.focused, FactList)
        lines = app.focused.lines
        target = next(line.node_id for line in lines if line.node_id)
        start = app.explorer.tree_view.item.key  # type: ignore[union-attr]
        while not lines[app.focused.highlighted or 0].node_id:
            await pilot.press("down")
        await press(pilot, "enter")
        item = app.explorer.tree_view.item
        assert item is not None
        assert item.node is not None
        assert item.node.id == target
        assert app.focused is app.explorer.tree_view
        await press(pilot, "left_square_bracket")
        assert app.explorer.tree_view.item.key == start  # type: ignore[union-attr]
        await press(pilot, "right_square_bracket")
        assert app.explorer.tree_view.item.key == item.key  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("query", "kind", "wanted"),
    [
        ("checkout kind:service", NodeKind.SERVICE, "checkout"),
        ("kind:role name:ecsInstance", NodeKind.ROLE, "ecsInstanceRole"),
        ("chkttsk kind:role", NodeKind.ROLE, "checkout-task"),
        ("kind:cluster state:present prod", NodeKind.CLUSTER, "prod"),
    ],
)
async def test_filter(app: EcsIamApp, query: str, kind: NodeKind, wanted: str) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "slash")
        app.explorer.query_one(Input).value = query
        await press(pilot)
        assert title(app) == wanted
        assert app.explorer.tree_view.item.node.kind == kind  # type: ignore[union-attr]
        assert "found" in app.explorer.query_one(Trail).found
        await press(pilot, "enter", "escape")
        assert app.explorer.filter_text == ""
        assert title(app) == wanted
        assert len(app.explorer.tree_view.rows or ()) > 10


async def test_a_filter_that_finds_nothing_keeps_the_screen_and_escape_restores_the_place(
    app: EcsIamApp,
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "down", "down")
        before = title(app)
        await press(pilot, "slash", *"zzzz")
        assert app.explorer.query_one(Trail).found == "0 found"
        assert app.explorer.tree_view.item is None
        await press(pilot, "escape")
        assert title(app) == before
        assert not app.explorer.query_one(FilterLine).has_class("-open")


async def test_every_key_in_the_footer_does_something(
    demo: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo = tiny_account()
    pressed: set[str] = set()
    for place in ("tree", "detail"):
        app = EcsIamApp(FixedSource(demo), clock=lambda: NOW)
        async with app.run_test(size=(120, 40)) as pilot:
            await settled(pilot)
            await press(pilot, "down", *(["enter"] if place == "detail" else []))
            shown = [
                active.binding
                for active in app.screen.active_bindings.values()
                if active.binding.show and active.enabled
            ]
            assert {"slash", "v", "F", "E", "ctrl+p", "question_mark", "q"} <= {item.key for item in shown}
        for binding in shown:
            if binding.id in pressed:  # the same binding as in the tree
                continue
            pressed.add(binding.id or "")
            app = EcsIamApp(FixedSource(demo), clock=lambda: NOW)
            async with app.run_test(size=(120, 40)) as pilot:
                await settled(pilot)
                await press(pilot, "down", *(["enter", "down"] if place == "detail" else []))
                called = Counter[str]()
                for name in ("copy_to_clipboard", "exit", "push_screen"):
                    monkeypatch.setattr(app, name, _counting(app, name, called))
                before = (app.focused, title(app), app._generation, app.explorer.faults_only)
                await press(pilot, binding.key)
                after = (app.focused, title(app), app._generation, app.explorer.faults_only)
                leads = place == "detail" and binding.key == "enter"  # only some lines lead somewhere
                assert called or before != after or leads, f"{binding.key} does nothing in the {place}"


def _counting(app: EcsIamApp, name: str, called: Counter[str]) -> object:
    original = getattr(app, name)

    def count(*args: object, **kwargs: object) -> object:
        called[name] += 1
        return original(*args, **kwargs)

    return count


async def test_escape_leads_back_to_the_root_step_by_step(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, *["right"] * 5, "enter")
        trail = [item.title for item in app.explorer.query_one(Trail).items]
        await press(pilot, "escape")
        assert app.focused is app.explorer.tree_view
        for expected in reversed(trail):
            assert title(app) == expected
            await press(pilot, "escape")
        assert title(app) == trail[0]


async def test_copies_go_to_the_clipboard(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "y")
        assert app.clipboard == "arn:aws:ecs:eu-west-1:123456789012:cluster/batch"
        await press(pilot, "Y")
        assert msgspec.json.decode(app.clipboard)["clusterName"] == "batch"


async def test_a_statement_is_marked_in_its_document(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        app.explorer.jump("arn:aws:iam::123456789012:role/checkout-task#app")
        await press(pilot, "right", "right", "down", "8")
        item = app.explorer.tree_view.item
        assert item is not None
        assert item.statement is not None
        view = app.explorer.query_one(DocumentView)
        assert f'"{item.title}"' in view.selected_text
        first, last = item.statement.lines
        assert view.selected_text.count("\n") == last - first


async def test_help_lists_every_binding_of_the_explorer(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 60)) as pilot:
        await settled(pilot)
        await press(pilot, "question_mark")
        assert isinstance(app.screen, HelpScreen)
        text = app.screen._text().plain
        for words in (
            "open, or go in",
            "filter",
            "copy JSON",
            "profile",
            "region",
            "dark or light",
            "quit",
            "kind:role",
        ):
            assert words in text
        await press(pilot, "escape")
        assert app.screen is app.explorer


async def test_gaps_name_consequence_and_permission(demo: Snapshot) -> None:
    gap = Gap(
        call="ecr:GetRepositoryPolicy",
        reason="denied",
        error_code="AccessDeniedException",
        consequence="it is not known who may pull [/x]",
        permission="ecr:GetRepositoryPolicy",
        region="eu-west-1",
    )
    app = EcsIamApp(FixedSource(msgspec.structs.replace(demo, gaps=(gap,))), clock=lambda: NOW)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        assert "? 1 gap" in app.explorer.query_one(StatusBar).render().plain
        await press(pilot, "exclamation_mark")
        assert isinstance(app.screen, GapsScreen)
        shown = text_of(app)
        assert "it is not known who may pull [/x]" in shown
        assert "AWS refused" in shown
        await press(pilot, "y")
        assert msgspec.json.decode(app.clipboard) == ["ecr:GetRepositoryPolicy"]
        await press(pilot, "escape")
        assert app.screen is app.explorer


async def test_mouse(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        rows = app.explorer.tree_view.rows
        assert rows is not None
        place = next(at for at, item in enumerate(rows.items) if item.title == "prod")
        count = len(rows)
        await pilot.click("#tree", offset=(0, place))
        await pilot.pause(0.1)
        assert title(app) == "prod"
        assert len(rows) > count


async def test_the_palette_jumps_to_any_node(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("ctrl+p")
        await pilot.pause(0.2)
        await pilot.press(*"ecsInstanceRole")
        await pilot.pause(0.5)
        await pilot.press("enter")
        await pilot.pause(0.3)
        if app.screen is not app.explorer:
            await pilot.press("enter")
            await pilot.pause(0.3)
        assert title(app) == "ecsInstanceRole"


async def test_detail_follows_the_cursor(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "down")
        assert app.explorer.detail.item is app.explorer.tree_view.item
