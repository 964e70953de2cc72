"""Health in the tree, the findings screen, the tabs on findings, needs and access, and explaining errors."""

from pathlib import Path

import pytest

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.ecs.requirement import Judged
from ecsiam_tui.findings.finding import Finding
from ecsiam_tui.findings.suppressions import load
from ecsiam_tui.tui.app import EcsIamApp
from ecsiam_tui.tui.screens.explain import ExplainScreen
from ecsiam_tui.tui.screens.findings import FindingsScreen
from ecsiam_tui.tui.screens.reading import ReadingScreen
from ecsiam_tui.tui.widgets.document_view import DocumentView
from ecsiam_tui.tui.widgets.fact_list import FactList
from tests.tui.conftest import press, settled, until
from tests.tui.helpers import HOSTILE, text_of, tiny_account, title
from tests.tui.sources import NOW, FixedSource

DENIED = (
    "AccessDeniedException: User: arn:aws:sts::123456789012:assumed-role/payments-exec/abc is not authorized"
    " to perform: secretsmanager:GetSecretValue on resource:"
    " arn:aws:secretsmanager:eu-west-1:123456789012:secret:payments/stripe-YDKKvO because no identity-based"
    " policy allows the secretsmanager:GetSecretValue action"
)


def lines(app: EcsIamApp, tab: str) -> FactList:
    return app.explorer.query_one(f"#{tab}", FactList)


def findings(app: EcsIamApp) -> FindingsScreen:
    assert isinstance(app.screen, FindingsScreen)
    return app.screen


async def mark(app: EcsIamApp, pilot: object, rule: str) -> Finding:
    """Put the cursor of the findings screen on the first finding of a rule."""
    screen = findings(app)
    rules = [finding.rule if finding else "" for finding in screen._rows]
    screen.query_one("#findings-list").highlighted = rules.index(rule)  # type: ignore[attr-defined]
    await press(pilot)  # type: ignore[arg-type]
    marked = screen.marked
    assert marked is not None
    return marked


# The tree


async def test_every_row_has_its_health_and_counts_roll_up(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        workspace = app.workspace
        assert workspace is not None
        rows = app.explorer.tree_view.rows
        assert rows is not None
        by_title = {item.title: workspace.health_of(item) for item in rows.items}
        prod, batch = by_title["prod"], by_title["batch"]
        assert prod is not None
        assert batch is not None
        assert prod.high > 5
        assert by_title["Roles"] is not None
        everything = workspace.health.everything
        assert everything.high >= prod.high
        assert f"✗{prod.high}" in text_of(app)
        assert f"✗ {everything.high}" in text_of(app)


async def test_a_statement_is_marked_with_its_finding(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "F")
        marked = await mark(app, pilot, "ECS-IAM-018")
        await press(pilot, "enter")
        item = app.explorer.tree_view.item
        assert item is not None
        assert item.statement is not None
        assert app.workspace is not None
        assert marked in app.workspace.health.at_statement(item.node.id, item.statement.lines)  # type: ignore[union-attr]


async def test_faults_only_shows_what_has_a_fault(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        everything = len(app.explorer.tree_view.rows or ())
        await press(pilot, "v")
        rows = app.explorer.tree_view.rows
        assert rows is not None
        assert 0 < len(rows) < everything
        assert app.workspace is not None
        assert all(app.workspace.health_of(item).has_faults for item in rows.items)  # type: ignore[union-attr]
        assert "faults only" in text_of(app)
        await press(pilot, "v")
        assert len(app.explorer.tree_view.rows or ()) == everything


async def test_faults_only_of_a_healthy_account_says_so() -> None:
    app = EcsIamApp(FixedSource(Snapshot(account_id="1" * 12, taken_at=NOW)), clock=lambda: NOW)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "v")
        assert not app.explorer.faults_only


# The screen


async def test_the_findings_are_grouped_and_regrouped(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "F")
        screen = findings(app)
        assert "critical" in text_of(app)
        first = screen.marked
        for grouping in ("service", "role", "rule", "severity"):
            await press(pilot, "g")
            assert screen.grouping == grouping
            assert screen.marked is not None
            assert screen.marked.key == first.key  # type: ignore[union-attr]


async def test_a_filter_narrows_the_findings(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "F", "slash", *"payments-exec")
        screen = findings(app)
        await until(pilot, lambda: 0 < len([row for row in screen._rows if row]) < 6)
        assert all("payments-exec" in f"{row.summary} {row.nodes}" for row in screen._rows if row)
        await press(pilot, "escape")
        assert len([row for row in screen._rows if row]) > 50


async def test_enter_goes_to_the_evidence_and_n_to_the_thing(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "F")
        await mark(app, pilot, "ECS-IAM-018")
        await press(pilot, "enter")
        assert app.screen is app.explorer
        assert app.explorer.detail.active == "json"
        assert app.explorer.query_one(DocumentView).selected_text
        await press(pilot, "F")
        marked = await mark(app, pilot, "ECS-IAM-040")
        await press(pilot, "n")
        assert app.workspace is not None
        assert title(app) == app.workspace.facts.title(marked.node)


async def test_the_path_of_an_escalation_is_drawn(app: EcsIamApp) -> None:
    async with app.run_test(size=(140, 50)) as pilot:
        await settled(pilot)
        await press(pilot, "F")
        screen = findings(app)
        with_path = next(row for row in screen._rows if row is not None and row.path)
        screen.query_one("#findings-list").highlighted = screen._rows.index(with_path)  # type: ignore[attr-defined]
        await press(pilot)
        text = text_of(app)
        assert "path" in text
        assert "▼" in text
        assert with_path.path[0].how[:20] in text


async def test_suppressing_asks_for_a_reason_and_writes_it(demo: Snapshot, tmp_path: Path) -> None:
    path = tmp_path / ".ecsiam.toml"
    app = EcsIamApp(FixedSource(demo), clock=lambda: NOW, settings_path=path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        assert app.workspace is not None
        before = app.workspace.health.everything
        await press(pilot, "F")
        marked = await mark(app, pilot, "ECS-IAM-018")
        await press(pilot, "z", "escape")
        assert not path.exists()
        await press(pilot, "z", *"agreed", "enter")
        screen = findings(app)
        assert [by.reason for by in load(path).suppressions] == ["agreed"]
        assert marked.key not in [row.key for row in screen._rows if row]
        assert app.workspace.health.everything.high == before.high - 1
        await press(pilot, "Z")
        assert [row.key for row in screen._rows if row] == [marked.key]
        await press(pilot, "escape")
        assert not screen.shows_suppressed


async def test_an_account_without_findings_teaches() -> None:
    app = EcsIamApp(FixedSource(Snapshot(account_id="1" * 12, taken_at=NOW)), clock=lambda: NOW)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "F")
        assert "Nothing was found" in text_of(app)
        await press(pilot, "enter", "z", "n", "g", "escape")
        assert app.screen is app.explorer


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (200, 60)])
async def test_every_size_has_room_for_both(app: EcsIamApp, size: tuple[int, int]) -> None:
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        await press(pilot, "F")
        screen = findings(app)
        for part in ("#findings-list", "#findings-detail"):
            assert screen.query_one(part).size.height >= 3
            assert screen.query_one(part).size.width >= 40


# Tabs


async def test_a_requirement_opens_the_engines_answer(app: EcsIamApp) -> None:
    async with app.run_test(size=(140, 50)) as pilot:
        await settled(pilot)
        assert app.workspace is not None
        app.explorer.jump(
            next(s.service_arn for s in app.workspace.snapshot.services if s.service_name == "payments-api")
        )
        await press(pilot, "3", "enter")
        needs = lines(app, "needs")
        missing = next(line for line in needs.lines if isinstance(line.opens, Judged))
        assert missing.label == "✗ missing"
        await press(pilot, "enter")
        assert isinstance(app.screen, ReadingScreen)
        text = text_of(app)
        assert "secret STRIPE_KEY of container api" in text
        assert "DENIED" in text
        await press(pilot, "escape")
        assert app.screen is app.explorer


async def test_a_finding_of_a_tab_opens_the_screen_on_it(app: EcsIamApp) -> None:
    async with app.run_test(size=(140, 50)) as pilot:
        await settled(pilot)
        app.explorer.jump("arn:aws:iam::123456789012:role/checkout-task")
        await press(pilot, "2", "enter")
        opened = lines(app, "findings").lines[0].opens
        await press(pilot, "enter")
        assert findings(app).marked == opened


async def test_access_tells_of_needs_and_surplus(app: EcsIamApp) -> None:
    async with app.run_test(size=(140, 50)) as pilot:
        await settled(pilot)
        app.explorer.jump("arn:aws:iam::123456789012:role/checkout-task")
        await press(pilot, "4")
        text = text_of(app)
        for part in ("asked by ECS", "by access level", "application alone", "beyond"):
            assert part in text


async def test_tabs_say_what_would_be_there(app: EcsIamApp) -> None:
    async with app.run_test(size=(140, 50)) as pilot:
        await settled(pilot)
        app.explorer.jump("arn:aws:ecr:eu-west-1:123456789012:repository/storefront")
        for key, part in (
            ("2", "nothing was found here"),
            ("3", "ECS asks nothing"),
            ("4", "nothing here has"),
        ):
            await press(pilot, key)
            assert part in text_of(app)


async def test_hostile_names_are_written_out() -> None:
    app = EcsIamApp(FixedSource(tiny_account(name=HOSTILE)), clock=lambda: NOW)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "F")
        assert not set("\x07\x1b\u202e") & set(text_of(app))
        await press(pilot, "g", "g", "escape", "2", "3", "4")
        assert not set("\x07\x1b\u202e") & set(text_of(app))


# Errors


async def test_a_pasted_error_is_explained_and_kept(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "E")
        screen = app.screen
        assert isinstance(screen, ExplainScreen)
        assert "Paste a stopped reason" in text_of(app)
        screen.query_one("#explain-text").text = DENIED  # type: ignore[attr-defined]
        await until(pilot, lambda: "a permission is missing" in text_of(app))
        assert "secretsmanager:GetSecretValue" in text_of(app)
        await press(pilot, "escape")
        assert app.screen is app.explorer
        await press(pilot, "E")
        await until(pilot, lambda: "a permission is missing" in text_of(app))
