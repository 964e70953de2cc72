"""The history: what became of each call, the ways on, and what a session that only reads may do."""

from pathlib import Path

import pytest

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes.applying_plan import ApplyError, Outcome, header
from ecsiam_tui.changes.journal import Journals, Line, Record
from ecsiam_tui.changes.plan import make
from ecsiam_tui.changes.sending import Sender
from ecsiam_tui.tui.app import EcsIamApp
from ecsiam_tui.tui.screens.applying import ApplyScreen
from ecsiam_tui.tui.screens.history import HistoryScreen
from tests.tui.conftest import press, settled, until
from tests.tui.helpers import HOSTILE, text_of
from tests.tui.sources import NOW, FixedSource
from tests.tui.test_plan import DETACH, DROP, FakeApplier, apply_screen, record, shows, stage, writable


class Journalled(FixedSource):
    """A source whose journals are in a folder; nothing may be sent."""

    def __init__(self, folder: Path, snapshot: Snapshot) -> None:
        super().__init__(snapshot, kind="live")
        self.journal_folder = folder

    def sender(self) -> Sender:
        raise AssertionError("something was about to be sent")


def history(app: EcsIamApp) -> HistoryScreen:
    assert isinstance(app.screen, HistoryScreen)
    return app.screen


def messages(app: EcsIamApp) -> list[str]:
    return [note.message for note in app._notifications]


def interrupted(name: str = "j9") -> Record:
    """The second call was sent, and nobody knows what became of it."""
    found = record(name, DROP)
    return Record(found.header, (*found.lines, Line(what="intent", at=NOW, step=1)), found.path)


async def opened(app: EcsIamApp, pilot: object) -> HistoryScreen:
    await press(pilot, "H")  # type: ignore[arg-type]
    screen = history(app)
    await until(pilot, lambda: screen.records is not None)  # type: ignore[arg-type]
    return screen


async def test_each_call_is_shown_with_its_result(demo: Snapshot) -> None:
    failed = record("j1", DROP, DETACH, end="left")
    more = (
        Line(what="intent", at=NOW, step=1),
        Line(what="failed", at=NOW, step=1, message=f"AccessDenied {HOSTILE}"),
    )
    applier = FakeApplier()
    applier.records = (Record(failed.header, (*more, *failed.lines), failed.path), interrupted("j0"))
    app = EcsIamApp(FixedSource(demo), clock=lambda: NOW, applier=applier)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        screen = await opened(app, pilot)
        assert "1 of 2 calls" in screen.text
        assert "✓ iam:DeleteRolePolicy" in screen.text
        assert "✗ iam:DeleteRolePolicy  AccessDenied" in screen.text
        assert "detach" in screen.text
        assert "/journals/j1.jsonl" in screen.text
        assert "\x1b" not in screen.text
        assert "left" in text_of(app)
        await press(pilot, "j")
        assert "? iam:DeleteRolePolicy  sent, perhaps" in screen.text
        await press(pilot, "y")
        assert app.clipboard == screen.text


async def test_an_empty_history_teaches(demo: Snapshot) -> None:
    app = EcsIamApp(FixedSource(demo), clock=lambda: NOW, applier=FakeApplier())
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        screen = await opened(app, pilot)
        assert "Nothing was applied to this account from here" in text_of(app)
        for action in ("undo", "go_on", "copy"):
            assert screen.check_action(action, ()) is False


@pytest.mark.parametrize("key", ["R", "B", "L", "enter", "u"])
async def test_a_session_that_reads_only_shows_the_journals_and_writes_nothing(
    demo: Snapshot, tmp_path: Path, key: str
) -> None:
    journals = Journals(tmp_path, demo.account_id)
    journals.create(header(make(demo, [DROP]), demo)).close()
    if key == "u":
        journals.end(journals.all()[0].id, "done")
    path = journals.all()[0].path
    written = path.read_bytes()
    app = EcsIamApp(Journalled(tmp_path, demo), clock=lambda: NOW)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        screen = await opened(app, pilot)
        assert screen.marked is not None
        await press(pilot, key)
        assert app.screen is screen
        assert any("--allow-writes" in message for message in messages(app))
        assert app.staged.plan is None
    assert path.read_bytes() == written
    assert list(path.parent.iterdir()) == [path]


async def test_an_interrupted_apply_is_gone_on_with_only_when_the_key_is_pressed_again(
    demo: Snapshot,
) -> None:
    applier = FakeApplier(ApplyError("another has the lock"), Outcome("done", "j9", 2, 2))
    applier.gate.set()
    app = writable(demo, applier)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await stage(app, pilot, DETACH)
        applier.records = (interrupted(),)
        screen = await opened(app, pilot)
        assert screen.check_action("undo", ()) is False
        await press(pilot, "R")
        going = apply_screen(app)
        assert "was interrupted after 1 of 2 calls" in going.text
        assert not applier.asked
        await press(pilot, "R")
        await until(pilot, lambda: not going.running)
        assert "another has the lock" in going.text
        assert going.check_action("resume", ()) is True
        await press(pilot, "R")
        await until(pilot, lambda: going.outcome is not None)
        await settled(pilot)
        assert applier.asked == ["resume j9", "resume j9"]
        assert app.staged.plan is not None
        assert app.staged.plan.changes == (DETACH,)
        applier.records = (record("j9", DROP, end="done"),)
        await press(pilot, "escape")
        assert app.screen is screen
        await until(pilot, lambda: screen.marked is not None and screen.marked.end == "done")


async def test_the_offer_at_the_start_is_put_off_and_comes_once(demo: Snapshot) -> None:
    applier = FakeApplier()
    applier.records = (interrupted(),)
    app = writable(demo, applier)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await until(pilot, lambda: shows(app, ApplyScreen))
        assert "H, the history, has it" in apply_screen(app).text
        await press(pilot, "escape", "r")
        await settled(pilot)
        assert app.screen is app.explorer
        screen = await opened(app, pilot)
        assert screen.marked is applier.records[0]
        await press(pilot, "L", "L")
        await until(pilot, lambda: bool(applier.asked))
        assert applier.asked == ["leave j9"]
