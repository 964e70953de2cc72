"""The whole way by keyboard, in the demo account: a finding, its fix, the plan, the apply, and back again."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.aws.execute import Executor
from ecsiam_tui.changes.targets import drift, states
from ecsiam_tui.demo.source import DemoSource
from ecsiam_tui.tui.app import EcsIamApp
from ecsiam_tui.tui.screens.applying import ApplyScreen
from ecsiam_tui.tui.screens.findings import FindingsScreen
from ecsiam_tui.tui.screens.fixes import FixScreen
from ecsiam_tui.tui.screens.plan import PlanScreen
from tests.tui.conftest import press, settled, until

RULE = "ECS-IAM-001"


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Iterator[DemoSource]:
    """A demo account of its own, whose deployments are asked after at once."""
    monkeypatch.setattr(Executor, "wait", lambda *_: time.sleep(0.2))
    made = DemoSource(now=datetime(2026, 11, 1, 9, 30, tzinfo=UTC))
    yield made
    made.close()


async def applied(app: EcsIamApp, pilot: Pilot[None]) -> ApplyScreen:
    """Apply what is staged, from the plan."""
    await until(pilot, lambda: not app.staged.working and app.staged.ready is not None)
    await press(pilot, "A")
    assert app.workspace is not None
    screen = app.screen
    assert isinstance(screen, ApplyScreen), [note.message for note in app._notifications]
    screen.query_one(Input).value = app.workspace.snapshot.account_id
    await press(pilot, "enter")
    for _ in range(3000):
        if screen.outcome is not None or screen.error:
            break
        await pilot.pause(0.02)
    await settled(pilot)
    return screen


def shown_snapshot(app: EcsIamApp) -> Snapshot:
    assert app.workspace is not None
    return app.workspace.snapshot


async def test_a_finding_is_fixed_verified_and_undone_by_keyboard(source: DemoSource) -> None:
    app = EcsIamApp(source, read_only=False)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        before = shown_snapshot(app)
        await press(pilot, "F")
        findings = app.screen
        assert isinstance(findings, FindingsScreen)
        at = next(at for at, one in enumerate(findings._rows) if one is not None and one.rule == RULE)
        findings.query_one("#findings-list", OptionList).highlighted = at
        await press(pilot, "f")
        fixes = app.screen
        assert isinstance(fixes, FixScreen)
        await until(pilot, lambda: fixes.fixes is not None)
        assert fixes.fixes
        await until(pilot, lambda: fixes.tried is not None)
        finding = fixes.finding
        await press(pilot, "enter")
        await until(pilot, lambda: app.screen is findings)
        await press(pilot, "S")
        assert isinstance(app.screen, PlanScreen)

        screen = await applied(app, pilot)
        assert screen.outcome is not None, screen.error
        assert screen.outcome.state == "done", screen.text
        assert not screen.outcome.unlike
        assert app.workspace is not None
        assert finding.key not in {one.key for one in app.workspace.findings}
        assert app.staged.size == 0

        await press(pilot, "u")
        await until(pilot, lambda: app.staged.size > 0)
        assert isinstance(app.screen, PlanScreen)
        back = await applied(app, pilot)
        assert back.outcome is not None, back.error
        assert back.outcome.state == "done", back.text
        now = shown_snapshot(app)
        roles = [role.arn for role in before.roles]
        assert drift(states(roles, before), states(roles, now)) == {}
        assert [role.arn for role in now.roles] == roles
        assert {policy.arn: policy.document for policy in now.policies} == {
            policy.arn: policy.document for policy in before.policies
        }
        assert finding.key in {one.key for one in app.workspace.findings}
