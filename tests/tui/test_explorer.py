"""Walking the demo account by keyboard."""

import threading
from collections import Counter

import msgspec
import pytest
from textual.widgets import Input

from ecsiam_tui.account.ecs import Cluster, Service
from ecsiam_tui.account.iam import InlinePolicy, Role
from ecsiam_tui.account.snapshot import Gap, Snapshot
from ecsiam_tui.account.tasks import TaskDefinition
from ecsiam_tui.graph.kinds import NodeKind
from ecsiam_tui.tui.app import EcsIamApp
from ecsiam_tui.tui.screens.dialogs import Choose
from ecsiam_tui.tui.screens.gaps import GapsScreen
from ecsiam_tui.tui.screens.help import HelpScreen
from ecsiam_tui.tui.widgets.document_view import DocumentView
from ecsiam_tui.tui.widgets.fact_list import FactList
from ecsiam_tui.tui.widgets.filter_line import FilterLine
from ecsiam_tui.tui.widgets.status_bar import StatusBar
from ecsiam_tui.tui.widgets.trail import Trail
from tests.tui.conftest import press, settled
from tests.tui.sources import NOW, FailingSource, FixedSource

HOSTILE = "[/x] \x1b]0;owned\x07 ‮evil [arn:aws:iam::1:role/x] 🐙 \u200b"
ROLE = "arn:aws:iam::123456789012:role/app"


def title(app: EcsIamApp) -> str:
    """The title of the item under the cursor."""
    item = app.explorer.tree_view.item
    assert item is not None
    return item.title


def text_of(app: EcsIamApp) -> str:
    """All that is on the screen."""
    return "\n".join(
        "".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips()
    )


def tiny_account(*, name: str = "app", document: str = '{"Version":"2012-10-17","Statement":[]}') -> Snapshot:
    """One cluster, one service, one role."""
    cluster = "arn:aws:ecs:eu-west-1:123456789012:cluster/c"
    definition = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:1"
    return Snapshot(
        account_id="123456789012",
        taken_at=NOW,
        regions=("eu-west-1",),
        clusters=(Cluster(cluster_arn=cluster, cluster_name=name, tags={"t": name}),),
        services=(
            Service(
                service_arn="arn:aws:ecs:eu-west-1:123456789012:service/c/web",
                service_name=name,
                cluster_arn=cluster,
                task_definition=definition,
            ),
        ),
        task_definitions=(
            TaskDefinition(
                task_definition_arn=definition, family="web", revision=1, task_role_arn=ROLE, latest=True
            ),
        ),
        roles=(
            Role(
                role_name=name,
                arn=ROLE,
                description=name,
                assume_role_policy_document=document,
                role_policy_list=(InlinePolicy(policy_name="own", policy_document=document),),
            ),
        ),
    )


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


async def test_the_screen_is_there_before_reading_ends(demo: Snapshot) -> None:
    gate = threading.Event()
    app = EcsIamApp(FixedSource(demo, gate=gate), clock=lambda: NOW)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause(0.1)
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
        await pilot.pause(0.3)
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
        await press(pilot, "right", "right", "right", "3")
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
            assert {"slash", "y", "x", "r", "ctrl+p", "question_mark", "q"} <= {item.key for item in shown}
        for binding in shown:
            app = EcsIamApp(FixedSource(demo), clock=lambda: NOW)
            async with app.run_test(size=(120, 40)) as pilot:
                await settled(pilot)
                await press(pilot, "down", *(["enter", "down"] if place == "detail" else []))
                called = Counter[str]()
                for name in ("copy_to_clipboard", "exit", "push_screen"):
                    monkeypatch.setattr(app, name, _counting(app, name, called))
                before = (app.focused, title(app), app._generation)
                await press(pilot, binding.key)
                after = (app.focused, title(app), app._generation)
                leads = place == "detail" and binding.key == "enter"  # only some lines lead somewhere
                assert called or before != after or leads, f"{binding.key} does nothing in the {place}"


def _counting(app: EcsIamApp, name: str, called: Counter[str]) -> object:
    original = getattr(app, name)

    def count(*args: object, **kwargs: object) -> object:
        called[name] += 1
        return original(*args, **kwargs)

    return count


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
        await press(pilot, "right", "right", "down", "5")
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
        await pilot.pause(0.3)
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
        await press(pilot, "5", "right", "right")
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


async def test_detail_follows_the_cursor(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "down")
        assert app.explorer.detail.item is app.explorer.tree_view.item
