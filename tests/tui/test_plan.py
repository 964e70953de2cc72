"""The staged plan: staging, its screen, the three views, fixes, files, applying."""

import json
import threading
from pathlib import Path

import msgspec
import pytest
from textual.widgets import Input, OptionList

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.applying_plan import ApplyError, Event, Outcome
from ecsiam_tui.changes.calling import Call
from ecsiam_tui.changes.journal import End, Header, Line, Record, Step
from ecsiam_tui.changes.plan import Plan, from_json, make
from ecsiam_tui.tui.app import EcsIamApp
from ecsiam_tui.tui.applying import Stop, Told
from ecsiam_tui.tui.screens.applying import ApplyScreen
from ecsiam_tui.tui.screens.dialogs import Ask, Choose
from ecsiam_tui.tui.screens.findings import FindingsScreen
from ecsiam_tui.tui.screens.fixes import FixScreen
from ecsiam_tui.tui.screens.history import HistoryScreen
from ecsiam_tui.tui.screens.plan import PlanScreen
from ecsiam_tui.tui.widgets.status_bar import StatusBar
from tests.tui.conftest import press, settled, until
from tests.tui.helpers import HOSTILE, text_of, title
from tests.tui.sources import NOW, FixedSource

IAM = "arn:aws:iam::123456789012"
TASK_ROLE = f"{IAM}:role/checkout-task"
DROP = c.DeleteRolePolicy(role=TASK_ROLE, name="app")
DETACH = c.DetachRolePolicy(role=TASK_ROLE, policy="arn:aws:iam::aws:policy/ReadOnlyAccess")
NEW = c.CreateRole(role=f"{IAM}:role/fresh", trust='{"Version":"2012-10-17","Statement":[]}')


async def stage(app: EcsIamApp, pilot: object, *changes: c.AnyChange) -> None:
    """Stage changes and wait until it is known what they do."""
    assert await app.staging.stage(changes) == ""
    await worked(app, pilot)


async def worked(app: EcsIamApp, pilot: object) -> None:
    await until(pilot, lambda: not app.staged.working)  # type: ignore[arg-type]
    await press(pilot)  # type: ignore[arg-type]


def plan_screen(app: EcsIamApp) -> PlanScreen:
    assert isinstance(app.screen, PlanScreen)
    return app.screen


def shows(app: EcsIamApp, kind: type) -> bool:
    return isinstance(app.screen, kind)


def view(app: EcsIamApp) -> str:
    return app.staged.shown


def size(app: EcsIamApp) -> int:
    return app.staged.size


def apply_screen(app: EcsIamApp) -> ApplyScreen:
    assert isinstance(app.screen, ApplyScreen)
    return app.screen


def fix_screen(app: EcsIamApp) -> FixScreen:
    assert isinstance(app.screen, FixScreen)
    return app.screen


def findings_screen(app: EcsIamApp) -> FindingsScreen:
    assert isinstance(app.screen, FindingsScreen)
    return app.screen


def status_of(app: EcsIamApp) -> str:
    return app.explorer.query_one(StatusBar).render().plain


# Staging and the views


async def test_staged_changes_are_counted_and_judged_beside_the_screen(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await stage(app, pilot, DROP, DETACH)
        assert app.staged.plan is not None
        assert app.staged.plan.changes == (DROP, DETACH)
        assert app.staged.effect is not None
        assert [one.principal for one in app.staged.effect.access] == [TASK_ROLE]
        assert "plan +2" in status_of(app)
        assert app.shown is app.workspace


async def test_what_does_not_fit_is_not_staged_and_says_why(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        none = c.DeleteRolePolicy(role=TASK_ROLE, name="none")
        assert "no inline policy none" in await app.staging.stage([DROP, none])
        assert size(app) == 0


async def test_now_after_and_difference(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        assert app.check_action("view", ()) is False
        await stage(app, pilot, DROP, NEW)
        app.explorer.jump(TASK_ROLE)
        await press(pilot, "right")
        tree = app.explorer.tree_view

        def marks() -> dict[str, str]:
            assert tree.rows is not None
            return {item.title: tree.mark_of(item) for item in tree.rows.items}

        assert marks()["checkout-task"] == "~"
        assert marks()["app"] == "-"
        assert marks()["old-crawler-task"] == ""
        assert title(app) == "checkout-task"
        await press(pilot, "t")
        assert view(app) == "after"
        assert " after " in status_of(app)
        assert title(app) == "checkout-task"
        assert "app" not in marks()
        assert marks()["fresh"] == "+"
        assert app.shown is not app.workspace
        await press(pilot, "t")
        assert view(app) == "difference"
        assert marks()["app"] == "-"
        assert marks()["fresh"] == "+"
        assert "old-crawler-task" not in marks()
        assert title(app) == "checkout-task"
        await press(pilot, "down")
        assert title(app) == "app"
        assert app.explorer.detail.json()
        await press(pilot, "t")
        assert view(app) == "now"
        assert title(app) == "app"


async def test_statements_are_marked_by_what_they_say(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        assert app.workspace is not None
        role = next(role for role in app.workspace.snapshot.roles if role.arn == TASK_ROLE)
        document = json.loads(role.role_policy_list[0].policy_document)
        first, *rest = document["Statement"]
        added = {"Sid": "Fresh", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
        changed = dict(rest[0], Effect="Deny")
        document["Statement"] = [changed, *rest[1:], added]
        name = role.role_policy_list[0].policy_name
        await stage(app, pilot, c.PutRolePolicy(role=TASK_ROLE, name=name, document=json.dumps(document)))
        app.staging.toggle()
        app.staging.toggle()
        app.explorer.jump(f"{TASK_ROLE}#{name}")
        await press(pilot, "right")
        tree = app.explorer.tree_view
        assert tree.rows is not None
        found = [(tree.mark_of(item), item.title) for item in tree.rows.items if item.statement]
        assert ("+", "Fresh") in found
        assert ("-", first.get("Sid") or "statement 1") in found
        assert sum(mark == "~" for mark, _ in found) == 1
        assert len(found) == 3


async def test_the_findings_of_each_view_are_marked(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await stage(app, pilot, DROP)
        effect = app.staged.effect
        assert effect is not None
        assert effect.findings.resolved
        await press(pilot, "F")
        screen = findings_screen(app)
        gone = effect.findings.resolved[0]
        shown = {finding.key: screen.mark_of(finding) for finding in screen._rows if finding}
        assert shown[gone.key] == "-"
        await press(pilot, "t")
        assert gone.key not in {finding.key for finding in screen._rows if finding}
        await press(pilot, "t")
        marks = [screen.mark_of(finding) for finding in screen._rows if finding]
        assert marks
        assert all(marks)
        assert gone.key in {finding.key for finding in screen._rows if finding}


async def test_a_new_reading_shows_the_plan_against_what_is_there_now(demo: Snapshot) -> None:
    role = next(role for role in demo.roles if role.arn == TASK_ROLE)
    tagged = msgspec.structs.replace(role, tags={"who": "else"})
    others = tuple(tagged if one is role else one for one in demo.roles)
    without = tuple(one for one in demo.roles if one is not role)
    source = FixedSource(
        demo, msgspec.structs.replace(demo, roles=others), msgspec.structs.replace(demo, roles=without)
    )
    app = EcsIamApp(source, clock=lambda: NOW)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await stage(app, pilot, DROP)
        app.staging.toggle()
        await press(pilot, "r")
        await settled(pilot)
        await worked(app, pilot)
        assert app.staged.plan is not None
        assert app.staged.plan.before[TASK_ROLE]["Tags"] == [{"Key": "who", "Value": "else"}] or (
            "else" in json.dumps(app.staged.plan.before[TASK_ROLE])
        )
        assert any("Somebody changed" in note.message for note in app._notifications)
        assert view(app) == "after"
        await press(pilot, "r")
        await settled(pilot)
        await worked(app, pilot)
        assert "does not fit any more" in app.staged.error
        assert app.staged.size == 1
        assert app.shown is app.workspace


# The screen


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_the_plan_screen_says_what_is_written_and_what_comes_of_it(
    app: EcsIamApp, size: tuple[int, int]
) -> None:
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        await stage(app, pilot, DROP, NEW)
        await press(pilot, "S")
        screen = plan_screen(app)
        await until(pilot, lambda: "effect of the plan" in screen.text)
        assert "delete inline policy app" in screen.text
        assert "-     " in screen.text
        assert "resolves" in screen.text
        assert "loses" in screen.text
        shown = text_of(app)
        assert "PLAN  2 changes" in shown
        assert "checkout-task" in shown
        await press(pilot, "escape")
        assert app.screen is app.explorer


async def test_an_empty_plan_teaches(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "S")
        assert "Nothing is staged" in text_of(app)
        for action in ("unstage", "apply", "export", "save"):
            assert plan_screen(app).check_action(action, ()) is False


async def test_unstage_and_order(app: EcsIamApp) -> None:
    use = c.PutRolePolicy(role=NEW.role, name="p", document=NEW.trust)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await stage(app, pilot, NEW, use, DROP)
        await press(pilot, "S", "j", "J")
        await worked(app, pilot)
        assert app.staged.plan is not None
        assert app.staged.plan.changes == (NEW, DROP, use)
        assert plan_screen(app).marked == 2
        assert plan_screen(app).check_action("shift", (1,)) is False
        await press(pilot, "k", "k", "u")
        assert app.staged.plan.changes == (NEW, DROP, use)
        assert any("a later change needs it" in note.message for note in app._notifications)
        await press(pilot, "j", "j", "u", "u", "u")
        await worked(app, pilot)
        assert size(app) == 0
        assert "Nothing is staged" in text_of(app)


async def test_a_plan_is_saved_opened_and_exported(
    app: EcsIamApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await stage(app, pilot, DROP)
        await press(pilot, "S", "w")
        assert shows(app, Ask)
        await press(pilot, "enter")
        path = tmp_path / "ecsiam-plan.json"
        assert from_json(path.read_bytes()).changes == (DROP,)
        assert path.stat().st_mode & 0o777 == 0o600
        await press(pilot, "x")
        assert shows(app, Choose)
        await press(pilot, *"cli", "enter")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await press(pilot, "enter")
        script = tmp_path / "ecsiam-plan.sh"
        assert "delete-role-policy" in script.read_text()
        assert script.stat().st_mode & 0o777 == 0o600
        await press(pilot, "u")
        await worked(app, pilot)
        assert size(app) == 0
        await press(pilot, "o", "enter")
        await worked(app, pilot)
        assert app.staged.plan is not None
        assert app.staged.plan.changes == (DROP,)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "No such file"),
        (b"{}", "not a plan"),
        (b'{"account":"1","made_from":"2026-01-01T00:00:00Z"}', "account 1"),
    ],
)
async def test_a_file_that_is_no_plan_of_this_account(
    app: EcsIamApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes | None, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if data is not None:
        (tmp_path / "ecsiam-plan.json").write_bytes(data)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "S", "o", "enter")
        await press(pilot)
        assert any(message in note.message for note in app._notifications)
        assert size(app) == 0


async def test_quit_with_a_staged_plan_asks(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await stage(app, pilot, DROP)
        await press(pilot, "q")
        assert shows(app, Choose)
        await press(pilot, "escape")
        assert app.screen is app.explorer
        assert app.is_running
        await press(pilot, "q", *"leave", "down", "enter")
        await pilot.pause(0.1)
    assert app.return_code == 0


async def test_text_from_aws_is_shown_as_written(app: EcsIamApp) -> None:
    role = c.CreateRole(
        role=f"{IAM}:role/{HOSTILE}", trust=json.dumps({"a": HOSTILE}, ensure_ascii=False), why=HOSTILE
    )
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await stage(app, pilot, role)
        await press(pilot, "S")
        await until(pilot, lambda: "effect of the plan" in plan_screen(app).text)
        shown = text_of(app)
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        assert "\\u202e" in shown


# Fixes


async def test_a_fix_is_chosen_seen_and_staged(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        workspace = app.workspace
        assert workspace is not None
        finding = next(one for one in workspace.findings if "allow-missing-actions" in one.fixes)
        await app.push_screen(FixScreen(finding))
        screen = fix_screen(app)
        await until(pilot, lambda: screen.fixes is not None)
        assert screen.fixes, screen.text
        await until(pilot, lambda: screen.tried is not None)
        assert screen.tried is not None
        assert screen.tried.effect is not None
        assert finding.key in {one.key for one in screen.tried.effect.findings.resolved}
        await press(pilot)
        assert "resolves" in screen.text
        await press(pilot, "enter")
        await worked(app, pilot)
        assert app.screen is app.explorer
        assert app.staged.plan is not None
        assert app.staged.plan.changes == screen.fixes[0].changes


async def test_a_finding_that_the_plan_resolves_says_so(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await stage(app, pilot, DROP)
        assert app.staged.effect is not None
        await app.push_screen(FixScreen(app.staged.effect.findings.resolved[0]))
        screen = fix_screen(app)
        await until(pilot, lambda: screen.fixes is not None)
        assert "The staged plan resolves this" in text_of(app)


async def test_f_is_offered_where_there_is_a_finding(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        app.explorer.jump(f"{IAM}:role/checkout-exec")
        await press(pilot)
        workspace = app.workspace
        assert workspace is not None
        well = next(
            role.arn
            for role in workspace.snapshot.roles
            if not workspace.health.at(role.arn) and not workspace.health.below(role.arn)
        )
        app.explorer.jump(well)
        await press(pilot)
        assert app.check_action("fix", ()) is False
        app.explorer.jump(TASK_ROLE)
        await press(pilot)
        assert app.check_action("fix", ()) is True
        await press(pilot, "f")
        assert isinstance(app.screen, Choose | FixScreen)


# Applying


class FakeApplier:
    """Tells what it is told to, and waits at the gate."""

    def __init__(self, *outcomes: Outcome | Exception) -> None:
        self.outcomes = list(outcomes)
        self.asked: list[str] = []
        self.gate = threading.Event()
        self.records: tuple[Record, ...] = ()

    def _go(self, name: str, told: Told, stop: Stop) -> Outcome:
        self.asked.append(name)
        told(Event("call", 0, 2, "iam:DeleteRolePolicy"))
        self.gate.wait(10)
        if stop():
            return Outcome("stopped", "j1", 1, 2, "stopped as asked")
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def start(self, plan: Plan, told: Told, stop: Stop) -> Outcome:
        return self._go("start", told, stop)

    def resume(self, journal: str, told: Told, stop: Stop) -> Outcome:
        return self._go(f"resume {journal}", told, stop)

    def roll_back(self, journal: str, told: Told, stop: Stop) -> Outcome:
        return self._go(f"roll back {journal}", told, stop)

    def leave(self, journal: str) -> None:
        self.asked.append(f"leave {journal}")

    def undo(self, journal: str, snapshot: Snapshot) -> Plan:
        self.asked.append(f"undo {journal}")
        return make(snapshot, [NEW])

    def history(self) -> tuple[Record, ...]:
        return self.records


def record(name: str, *changes: c.AnyChange, end: End | None = None) -> Record:
    """A journal of an apply whose first call was made."""
    plan = Plan("123456789012", NOW, changes)
    call = Call("iam", "DeleteRolePolicy")
    header = Header(
        id=name,
        account=plan.account,
        started=NOW,
        plan=plan,
        steps=(Step(0, call), Step(0, call)),
        undo=((),),
        wanted={},
    )
    lines = [Line(what="intent", at=NOW, step=0), Line(what="done", at=NOW, step=0)]
    ended = [Line(what="end", at=NOW, end=end)] if end is not None else []
    return Record(header, (*lines, *ended), Path(f"/journals/{name}.jsonl"))


def writable(demo: Snapshot, applier: FakeApplier) -> EcsIamApp:
    return EcsIamApp(FixedSource(demo), clock=lambda: NOW, read_only=False, applier=applier)


async def test_read_only_says_how_to_unlock(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await stage(app, pilot, DROP)
        await press(pilot, "S", "A")
        assert shows(app, PlanScreen)
        assert any("--allow-writes" in note.message for note in app._notifications)


async def test_an_apply_is_confirmed_by_typing_told_call_by_call_and_undone(demo: Snapshot) -> None:
    applier = FakeApplier(Outcome("done", "j1", 2, 2))
    app = writable(demo, applier)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await stage(app, pilot, DROP, DETACH)
        await press(pilot, "S", "A")
        screen = apply_screen(app)
        await press(pilot, *"yes", "enter")
        assert not applier.asked
        screen.query_one(Input).value = demo.account_id
        await press(pilot, "enter")
        await until(pilot, lambda: bool(screen.events))
        assert screen.running
        await press(pilot, "escape", "q")
        assert app.screen is screen
        assert "iam:DeleteRolePolicy" in screen.text
        applier.gate.set()
        await until(pilot, lambda: not screen.running)
        await settled(pilot)
        assert "All 2 calls are made" in screen.text
        assert size(app) == 0
        assert app._generation == 2
        await press(pilot, "u")
        await worked(app, pilot)
        assert app.staged.plan is not None
        assert app.staged.plan.changes == (NEW,)
        assert shows(app, PlanScreen)
        assert applier.asked == ["start", "undo j1"]


async def test_a_stopped_apply_offers_the_ways_on(demo: Snapshot) -> None:
    applier = FakeApplier(ApplyError("not now"), Outcome("done", "j2", 2, 2))
    app = writable(demo, applier)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await stage(app, pilot, DROP)
        await press(pilot, "S", "A")
        screen = apply_screen(app)
        screen.query_one(Input).value = demo.account_id
        await press(pilot, "enter")
        await until(pilot, lambda: bool(screen.events))
        await press(pilot, "ctrl+s")
        applier.gate.set()
        await until(pilot, lambda: not screen.running)
        assert "Stopped after 1 of 2 calls" in screen.text
        assert app.staged.size == 1
        await press(pilot, "R")
        await until(pilot, lambda: not screen.running and len(applier.asked) == 2)
        assert "not now" in screen.text
        assert applier.asked == ["start", "resume j1"]


async def test_what_was_interrupted_is_offered_at_the_start(demo: Snapshot) -> None:
    applier = FakeApplier(Outcome("done", "j9", 2, 2))
    applier.records = (record("j9", DROP),)
    applier.gate.set()
    app = writable(demo, applier)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await until(pilot, lambda: shows(app, ApplyScreen))
        screen = apply_screen(app)
        assert "was interrupted after 1 of 2 calls" in screen.text
        assert not applier.asked
        await press(pilot, "B")
        await until(pilot, lambda: screen.outcome is not None)
        await settled(pilot)
        assert applier.asked == ["roll back j9"]
        await press(pilot, "escape")
        assert app.screen is app.explorer


async def test_history_lists_applies_and_plans_their_undo(demo: Snapshot) -> None:
    applier = FakeApplier()
    applier.records = (record("j3", DROP, end="done"), record("j2", DETACH, end="rolled back"))
    app = writable(demo, applier)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await stage(app, pilot, DETACH)
        await press(pilot, "H")
        screen = app.screen
        assert isinstance(screen, HistoryScreen)
        await until(pilot, lambda: screen.records is not None)
        assert "delete inline policy app" in screen.text
        await press(pilot, "j")
        assert screen.check_action("undo", ()) is False
        await press(pilot, "k", "u")
        assert shows(app, Choose)
        await press(pilot, "down", "enter")
        await worked(app, pilot)
        assert shows(app, PlanScreen)
        assert app.staged.plan is not None
        assert app.staged.plan.changes == (NEW,)
        assert applier.asked == ["undo j3"]


async def test_history_is_not_offered_where_nothing_can_be_written(app: EcsIamApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert app.check_action("history", ()) is False


async def test_a_running_apply_is_not_left(demo: Snapshot) -> None:
    applier = FakeApplier(Outcome("done", "j1", 2, 2))
    app = writable(demo, applier)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await stage(app, pilot, DROP)
        await press(pilot, "F", "S", "A")
        screen = apply_screen(app)
        screen.query_one(Input).value = demo.account_id
        await press(pilot, "enter")
        await until(pilot, lambda: bool(screen.events))
        await app.action_quit()
        await press(pilot)
        assert app.screen is screen
        assert any("an apply is running" in (note.title or "") for note in app._notifications)
        applier.gate.set()
        await until(pilot, lambda: screen.outcome is not None)
        await settled(pilot)
        await press(pilot, "escape", "escape")
        findings = findings_screen(app)
        assert findings.workspace is app.workspace
        assert any(findings._rows)


async def test_a_plan_list_keeps_its_cursor_when_something_is_staged(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await stage(app, pilot, DROP, DETACH)
        await press(pilot, "S", "j")
        await stage(app, pilot, NEW)
        assert plan_screen(app).query_one("#plan-list", OptionList).highlighted == 1
