"""The journal, and an apply as it goes: interrupted anywhere, resumed, rolled back, undone."""

import json
import os
import stat
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.applying import apply_all
from ecsiam_tui.changes.applying_plan import ApplyError, Applying, Event, Outcome, UnfinishedError, header
from ecsiam_tui.changes.journal import JournalError, Journals, read
from ecsiam_tui.changes.looking import ChangeError
from ecsiam_tui.changes.plan import make
from ecsiam_tui.changes.sending import SendError
from ecsiam_tui.changes.targets import states
from ecsiam_tui.changes.verifying import three_way, unlike
from tests.changes.applying import (
    ACCOUNT,
    APP,
    NEW,
    POLICY,
    SERVICE,
    WEB,
    Account,
    account,
    changes,
    document,
    plan,
)
from tests.quiet import Quiet

CALLS = 5


@pytest.fixture
def journals(tmp_path: Path) -> Journals:
    return Journals(tmp_path, ACCOUNT)


class Killed(BaseException):
    """The process was killed."""


def applying(where: Account, journals: Journals, told: list[Event] | None = None) -> Applying:
    return Applying(where, where, journals, Quiet(), told=(told if told is not None else []).append)


def is_original(where: Account) -> bool:
    targets = (APP, NEW, SERVICE)
    policy = next(one for one in where.snapshot.policies if one.arn == POLICY)
    return states(targets, where.snapshot) == states(targets, account()) and policy.document == document(
        "sqs:*"
    )


def is_planned(where: Account) -> bool:
    targets = (APP, NEW, POLICY, SERVICE)
    return states(targets, where.snapshot) == states(targets, apply_all(changes(), account()))


def test_an_apply_from_beginning_to_end(journals: Journals) -> None:
    where, told = Account(), []
    outcome = applying(where, journals, told).start(plan())
    assert (outcome.state, outcome.calls, outcome.unlike, outcome.is_proven) == ("done", CALLS, (), True)
    assert is_planned(where)
    assert [event.kind for event in told] == ["reading", *("call", "done") * CALLS, "verifying", "rollout"]
    record = journals.read(outcome.journal)
    assert record.end == "done"
    assert [line.what for line in record.lines] == [*("intent", "done") * CALLS, "end", "verified"]
    assert journals.unfinished() == ()


def test_the_journal_is_the_owners_alone(journals: Journals) -> None:
    path = journals.read(applying(Account(), journals).start(plan()).journal).path
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_plan_and_way_back_are_on_disk_before_the_first_call(
    journals: Journals, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    where = Account()

    def look(number: int, call: Any) -> None:
        (path,) = journals.folder.glob("*.jsonl")
        record = read(path)
        assert record.header.plan == plan()
        assert [len(back) for back in record.header.undo] == [1, 1, 2, 1, 1]
        assert synced[:2] == [str(path), str(path.parent)]
        assert synced[2:].count(str(path)) == number * 2 + 1  # the intent of this call, too
        assert record.lines[-1].what == "intent"

    where.before = look
    assert applying(where, journals).start(plan()).state == "done"


def killed(journals: Journals, at: int, when: str) -> Account:
    where = Account()

    def kill(number: int, call: Any) -> None:
        if number == at:
            raise Killed

    setattr(where, when, kill)
    with pytest.raises(Killed):
        applying(where, journals).start(plan())
    where.before = where.after = lambda number, call: None
    return where


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", range(CALLS))
def test_what_was_interrupted_is_resumed_or_rolled_back(journals: Journals, at: int, when: str) -> None:
    for action in ("resume", "roll_back"):
        where = killed(journals, at, when)
        (record,) = journals.unfinished()
        again = applying(where, journals)
        with pytest.raises(UnfinishedError, match=f"interrupted after {at} of {CALLS} calls"):
            again.start(plan())
        outcome: Outcome = getattr(again, action)(record.id)
        assert (outcome.state, outcome.unlike) == ("done", ())
        assert is_planned(where) if action == "resume" else is_original(where)
        assert journals.unfinished() == ()
        # What must not be sent twice was sent once.
        assert max(where.sent.count(name) for name in ("RegisterTaskDefinition", "CreatePolicyVersion")) < 2
        assert journals.read(record.id).end == ("done" if action == "resume" else "rolled back")


@pytest.mark.parametrize("at", range(3))
def test_a_roll_back_that_is_interrupted_goes_on(journals: Journals, at: int) -> None:
    for action in ("resume", "roll_back"):
        where = killed(journals, 4, "before")
        (record,) = journals.unfinished()
        done = len(where.sent)

        def kill(number: int, call: Any, at: int = done + at) -> None:
            if number == at:
                raise Killed

        where.before = kill
        with pytest.raises(Killed):
            applying(where, journals).roll_back(record.id)
        where.before = lambda number, call: None
        (back,) = journals.unfinished()
        assert back.header.of == record.id
        with pytest.raises(ApplyError, match=f"go on with {back.id}"):
            applying(where, journals).resume(record.id)
        assert getattr(applying(where, journals), action)(back.id).state == "done"
        assert is_original(where)
        assert journals.unfinished() == ()


def test_a_call_that_fails_stops_and_says_what_was_done(journals: Journals) -> None:
    where = Account()

    def refuse(number: int, call: Any) -> None:
        if number == 2:
            raise SendError("AccessDenied: no")

    where.before = refuse
    outcome = applying(where, journals).start(plan())
    assert (outcome.state, outcome.calls, outcome.total) == ("stopped", 2, CALLS)
    assert outcome.message == "iam:CreatePolicyVersion: AccessDenied: no"
    record = journals.read(outcome.journal)
    assert (record.end, record.failure, record.in_flight) == (None, "AccessDenied: no", None)


def test_a_call_that_was_not_answered_stays_open(journals: Journals) -> None:
    where = Account()

    def lose(number: int, call: Any) -> None:
        if call.operation == "RegisterTaskDefinition":
            raise SendError("no answer", unsure=True)

    where.after = lose
    outcome = applying(where, journals).start(plan())
    assert journals.read(outcome.journal).in_flight is not None
    where.after = lambda number, call: None
    assert applying(where, journals).resume(outcome.journal).state == "done"
    assert where.sent.count("RegisterTaskDefinition") == 1
    assert is_planned(where)


def test_what_somebody_else_changed_stops_before_the_first_call(journals: Journals) -> None:
    made = make(account(), [c.PutRolePolicy(role=APP, name="own", document=document("s3:Get*"))])
    where = Account(
        apply_all([c.PutRolePolicy(role=APP, name="own", document=document("s3:Put*"))], account())
    )
    outcome = applying(where, journals).start(made)
    assert (outcome.state, where.sent, journals.all()) == ("drifted", [], ())
    (one,) = outcome.drift
    assert (one.target, one.path) == (APP, "RolePolicyList.own.PolicyDocument")
    assert [one.was, one.now, one.wanted] == [document(f"s3:{word}*") for word in ("", "Put", "Get")]


def test_a_target_that_is_gone_is_told_in_words(journals: Journals) -> None:
    made = make(account(), [c.PutRolePolicy(role=APP, name="own", document=document("s3:Get*"))])
    where = Account(msgspec.structs.replace(account(), roles=()))
    (one,) = applying(where, journals).start(made).drift
    assert (one.now, one.wanted) == (None, "put inline policy own")


def test_a_resume_stops_where_somebody_changed_what_is_still_to_be_changed(journals: Journals) -> None:
    where = killed(journals, 1, "before")
    where.snapshot = apply_all(
        [c.CreatePolicyVersion(policy=POLICY, document=document("sns:*"))], where.snapshot
    )
    (record,) = journals.unfinished()
    outcome = applying(where, journals).resume(record.id)
    assert (outcome.state, [one.path for one in outcome.drift][:1]) == ("drifted", ["DefaultVersionId"])


def test_one_apply_at_a_time(journals: Journals) -> None:
    with journals.lock(), pytest.raises(JournalError, match=f"by process {os.getpid()}"):
        applying(Account(), journals).start(plan())
    assert applying(Account(), journals).start(plan()).state == "done"


def test_without_a_journal_nothing_is_done(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    where = Account()
    with pytest.raises(JournalError, match=r"cannot be written .*nothing is changed without one"):
        applying(where, Journals(tmp_path / "file", ACCOUNT)).start(plan())
    assert where.sent == []


@pytest.mark.parametrize("at", [0, 1, 2, 3])
def test_a_full_disk_stops_before_the_next_call(
    journals: Journals, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """At the header, at an intent, at a result."""
    where, written = Account(), []
    write = os.write

    def full(descriptor: int, data: bytes) -> int:
        written.append(data)
        if len(written) > at:
            raise OSError(28, "No space left on device")
        return write(descriptor, data)

    monkeypatch.setattr(os, "write", full)
    if at == 0:
        with pytest.raises(JournalError, match="No space left"):
            applying(where, journals).start(plan())
        assert list(journals.folder.glob("*.jsonl")) == []
    else:
        outcome = applying(where, journals).start(plan())
        assert outcome.state == "stopped"
        assert "No space left" in outcome.message
    assert len(where.sent) == at // 2
    monkeypatch.undo()
    if at:
        assert applying(where, journals).resume(outcome.journal).state == "done"
        assert is_planned(where)


def test_a_line_that_was_not_written_to_its_end_does_not_count(journals: Journals) -> None:
    where = killed(journals, 2, "before")
    (record,) = journals.unfinished()
    with record.path.open("ab") as file:
        file.write(b'{"what":"done","step":2,"at":"2026-')
    assert journals.read(record.id).lines == record.lines
    assert applying(where, journals).resume(record.id).state == "done"
    assert journals.read(record.id).end == "done"


@pytest.mark.parametrize("data", [b"", b"{}\n", b"\xff\n", b'{"schema":1}\n'])
def test_a_file_that_is_no_journal(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.jsonl").write_bytes(data)
    with pytest.raises(JournalError, match="not a journal"):
        read(tmp_path / "x.jsonl")


def test_undo_is_a_plan(journals: Journals) -> None:
    where = Account()
    outcome = applying(where, journals).start(plan())
    undo = applying(where, journals).plan_undo(outcome.journal, where.snapshot)
    assert [type(one).__name__ for one in undo.changes] == [
        "UpdateService",
        "DeregisterTaskDefinition",
        "SetDefaultPolicyVersion",
        "DeletePolicyVersion",
        "DeleteRolePolicy",
        "DeleteRole",
    ]
    assert undo.title == "undo of an execution role"
    assert applying(where, journals).start(undo, "undo", outcome.journal).state == "done"
    assert is_original(where)
    with pytest.raises(ApplyError, match=r"nothing of .* is left to undo"):
        applying(where, journals).plan_undo(outcome.journal, where.snapshot)


def test_the_way_back_names_what_ecs_made(journals: Journals) -> None:
    where = killed(journals, 4, "before")
    (record,) = journals.unfinished()
    lines = record.path.read_text().replace(f'"answer":"{WEB[:-1]}4"', f'"answer":"{WEB[:-1]}9"')
    record.path.write_text(lines)
    record = journals.read(record.id)
    assert record.answers == {f"{WEB[:-1]}4": f"{WEB[:-1]}9"}
    from ecsiam_tui.changes.going_back import plan_back

    gone = [
        one
        for one in plan_back(record, where.snapshot).changes
        if isinstance(one, c.DeregisterTaskDefinition)
    ]
    assert [one.task_definition for one in gone] == [f"{WEB[:-1]}9"]


def test_what_is_left_can_be_undone(journals: Journals) -> None:
    where = killed(journals, 3, "after")
    (record,) = journals.unfinished()
    applying(where, journals).leave(record.id)
    assert journals.read(record.id).end == "left"
    undo = applying(where, journals).plan_undo(record.id, where.snapshot)
    assert applying(where, journals).start(undo, "undo", record.id).state == "done"
    assert is_original(where)


def test_another_account_is_not_touched(journals: Journals) -> None:
    where = Account(msgspec.structs.replace(account(), account_id="999999999999"))
    with pytest.raises(
        ApplyError, match="the plan is for account 123456789012, and these are credentials of 9"
    ):
        applying(where, journals).start(plan())


def test_an_effect_that_is_not_there_is_said(journals: Journals) -> None:
    where = Account()
    where.make = lambda call: None  # type: ignore[method-assign]
    outcome = applying(where, journals).start(plan())
    assert outcome.state == "done"
    assert not outcome.is_proven
    assert "app-execution: there or not there" in outcome.unlike
    assert journals.read(outcome.journal).lines[-1].what == "unlike"


def test_a_journal_holds_edits_and_not_what_they_edit() -> None:
    text = msgspec.json.encode(header(plan(), account())).decode()
    assert "executionRoleArn" in text
    assert json.loads(text)["steps"][3]["call"]["edits"]
    assert "parameters" not in json.loads(text)["steps"][3]["call"]


@pytest.mark.parametrize(
    ("wanted", "now", "paths"),
    [
        ({"Document": '{"a": ["x"]}'}, {"Document": '{"a":"x"}'}, ()),
        ({"Document": '{"a":"y"}'}, {"Document": '{"a":"x"}'}, ("Document.a",)),
        ({"RoleId": "1", "Tags": {}}, {"RoleId": "2"}, ()),
        (
            {"Document": '{"AWS":"123456789012"}'},
            {"Document": '{"AWS":"arn:aws:iam::123456789012:root"}'},
            (),
        ),
        ({"volumes": [{"e": {"id": 1}}]}, {"volumes": [{"e": {"id": 1, "rootDirectory": "/"}}]}, ()),
        ({"Tags": {"a.b": "1"}}, {"Tags": {"a.b": "2"}}, ("Tags.a.b",)),
        ({"DefaultVersionId": "v3", "Document": "x"}, {"DefaultVersionId": "v4", "Document": "x"}, ()),
        (
            {"DefaultVersionId": "v3", "Document": ""},
            {"DefaultVersionId": "v4", "Document": "x"},
            ("DefaultVersionId",),
        ),
        (None, {"a": 1}, ("",)),
        (None, None, ()),
    ],
)
def test_what_is_as_wanted(wanted: Any, now: Any, paths: tuple[str, ...]) -> None:
    assert unlike(wanted, now) == paths


def test_three_sides() -> None:
    sides = ({"Tags": {"a.b": "1"}}, {"Tags": {"a.b": "2"}}, {"Tags": {"a.b": "3"}})
    (one,) = three_way("t", *sides)
    assert (one.path, one.was, one.now, one.wanted) == ("Tags.a.b", "1", "2", "3")


def test_the_revision_before_is_rolled_out_though_it_is_read_no_more(journals: Journals) -> None:
    """Nothing uses it, and it is not the newest: it is in no snapshot."""
    where = Account()
    outcome = applying(where, journals).start(plan())
    left = tuple(one for one in where.snapshot.task_definitions if one.task_definition_arn != WEB)
    where.snapshot = msgspec.structs.replace(where.snapshot, task_definitions=left)
    undo = applying(where, journals).plan_undo(outcome.journal, where.snapshot)
    assert undo.changes[0] == c.UpdateService(service=SERVICE, task_definition=WEB, why="undo")
    assert applying(where, journals).start(undo, "undo", outcome.journal).state == "done"
    with pytest.raises(ChangeError, match="web:4 was not read"):
        make(account(), [c.UpdateService(service=SERVICE, task_definition=f"{WEB[:-1]}4")])
