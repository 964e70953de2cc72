"""Applying a plan: lock, read again, compare, journal, call after call, read again, watch what is rolled out.

Whatever happens in between, and be it the end of the process, the journal says what was done; `resume` goes
on from there, `roll_back` takes back what was done, and both leave the account as the plan wants it or as it
was.
"""

import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from ecsiam_tui import __version__
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.source import Source, SourceError, Watcher
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.calls import calls
from ecsiam_tui.changes.going_back import plan_back, projected, replaced_in, ways_back
from ecsiam_tui.changes.journal import (
    Header,
    Journal,
    JournalError,
    Journals,
    Kind,
    Record,
    Step,
    new_id,
)
from ecsiam_tui.changes.looking import ChangeError, name_of
from ecsiam_tui.changes.plan import Plan, after
from ecsiam_tui.changes.sending import OVER, Rollout, Sender, SendError
from ecsiam_tui.changes.targets import states
from ecsiam_tui.changes.verifying import Difference, three_way, unlike
from ecsiam_tui.changes.words import tell

LOOKS = 3
"""How often the account is read until it is as wanted: IAM shows a change a few seconds late (IAM User Guide,
"Changes that I make are not always immediately visible")."""


LOOKS_AT_FAILING = 6
"""How often a deployment is looked at whose tasks fail: without a circuit breaker it goes on failing for
ever."""


class ApplyError(Exception):
    """An apply cannot begin; nothing was changed. The message is one line."""


class UnfinishedError(ApplyError):
    """An earlier apply was interrupted and has to be resumed, rolled back or left first."""

    def __init__(self, record: Record) -> None:
        done, of = len(record.done), len(record.header.steps)
        super().__init__(
            f"an apply of {record.header.started:%Y-%m-%d %H:%M} UTC ({record.id}) was interrupted after"
            f" {done} of {of} calls: resume it, roll it back, or leave it as it is"
        )
        self.record = record


EventKind = Literal["reading", "call", "done", "already", "waiting", "failed", "verifying", "rollout"]


class Event(NamedTuple):
    """Something that happens while a plan is applied. `step` counts the calls from 0 to `total`."""

    kind: EventKind
    step: int
    total: int
    text: str = ""
    rollout: Rollout | None = None


class Outcome(NamedTuple):
    """How an apply went.

    `drifted`: nothing was done, because the account is not as it was when the plan was made (`drift`).
    `stopped`: some calls were made, then something failed (`message`); the journal offers the rest. `done`:
    all calls were made; `unlike` names what is not as wanted all the same, `rollouts` what became of
    deployments.
    """

    state: Literal["done", "drifted", "stopped"]
    journal: str = ""
    calls: int = 0
    total: int = 0
    message: str = ""
    drift: tuple[Difference, ...] = ()
    unlike: tuple[str, ...] = ()
    rollouts: tuple[Rollout, ...] = ()
    stays: tuple[str, ...] = ()

    @property
    def is_proven(self) -> bool:
        """Whether all is as wanted, and every deployment runs."""
        return self.state == "done" and not self.unlike and all(one.is_proven for one in self.rollouts)


class Applying:
    """Applies plans to the account of a source. Blocks: off the event loop.

    `told` is called with every event; `stop` is asked between calls and while a deployment is watched, and
    true leaves an apply to be resumed. `watch_for` (seconds) is how long deployments are watched.
    """

    def __init__(
        self,
        source: Source,
        sender: Sender,
        journals: Journals,
        watcher: Watcher,
        *,
        told: Callable[[Event], None] = lambda _: None,
        stop: Callable[[], bool] = lambda: False,
        watch_for: float = 600.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._sender = sender
        self.journals = journals
        self._watcher = watcher
        self._told = told
        self._stop = stop
        self._watch_for = watch_for
        self._clock = clock

    # -- what can be asked for -------------------------------------------------------------------------

    def start(self, plan: Plan, kind: Kind = "apply", of: str = "") -> Outcome:
        """Apply a plan. Raises ApplyError, JournalError, ChangeError and SourceError; then nothing was
        changed."""
        with self.journals.lock():
            for record in self.journals.unfinished():
                raise UnfinishedError(record)
            if not plan.changes:
                raise ApplyError("the plan has no changes; there is nothing to do")
            return self._start(plan, self._read(plan.account), kind, of)

    def resume(self, journal_id: str) -> Outcome:
        """Make the calls of an interrupted apply that were not made. Raises like `start`; targets of changes
        that were not begun must be as they were."""
        with self.journals.lock():
            record = self._unfinished(journal_id)
            fresh = self._read(record.header.account)
            plan = record.header.plan
            touched = {plan.changes[index].target for index in record.touched}
            before = {target: was for target, was in plan.before.items() if target not in touched}
            if drift := drifted(before, fresh, record.header.wanted):
                return Outcome("drifted", record.id, len(record.done), len(record.header.steps), drift=drift)
            return self._run(self.journals.open(record.id))

    def roll_back(self, journal_id: str) -> Outcome:
        """Take back what an interrupted apply did. Raises like `start`."""
        with self.journals.lock():
            record = self._unfinished(journal_id)
            if record.header.kind == "roll-back":
                # A roll back that was interrupted: what it goes back from is looked at anew.
                self.journals.end(record.id, "superseded")
                record = self.journals.read(record.header.of)
            journal = self.journals.open(record.id)
            try:
                self._settle(journal)
                fresh = self._read(record.header.account)
                title = f"roll back of {record.header.plan.title or record.id}"
                plan = plan_back(journal.record, fresh, title)
                if not plan.changes:
                    journal.write("end", end="rolled back")
                    return Outcome("done", record.id)
            finally:
                journal.close()
            return self._start(plan, fresh, "roll-back", record.id)

    def leave(self, journal_id: str) -> None:
        """Leave an interrupted apply as it is. Raises ApplyError and JournalError."""
        self.journals.leave(self._unfinished(journal_id).id)

    def plan_undo(self, journal_id: str, snapshot: Snapshot) -> Plan:
        """The plan that takes back an apply that ended, in the account as it is now. Raises ApplyError,
        JournalError and ChangeError."""
        record = self.journals.read(journal_id)
        if record.end is None:
            raise UnfinishedError(record)
        if record.in_flight is not None:
            journal = self.journals.open(record.id)
            try:
                self._settle(journal)
            finally:
                journal.close()
            record = journal.record
        plan = plan_back(record, snapshot)
        if not plan.changes:
            raise ApplyError(f"nothing of {record.id} is left to undo: the account is as it was before")
        return plan

    # -- how it goes -----------------------------------------------------------------------------------

    def _unfinished(self, journal_id: str) -> Record:
        record = self.journals.read(journal_id)
        if record.end is not None:
            raise ApplyError(f"{record.id} is not interrupted: it is {record.end}")
        for other in self.journals.unfinished():
            if other.header.of == record.id:
                raise ApplyError(f"the roll back of {record.id} was interrupted: go on with {other.id}")
        return record

    def _read(self, account: str, *, quietly: bool = False) -> Snapshot:
        if not quietly:
            self._told(Event("reading", 0, 0, "reading the account"))
        fresh = self._source.load(self._watcher).snapshot
        if fresh.account_id != account:
            raise ApplyError(
                f"the plan is for account {account}, and these are credentials of"
                f" {fresh.account_id or 'none'}; choose another profile"
            )
        for gap in fresh.gaps:
            if gap.reason in ("expired", "cancelled"):
                raise ApplyError(f"the account was not read to its end ({gap.call}: {gap.reason}); try again")
        return fresh

    def _start(self, plan: Plan, fresh: Snapshot, kind: Kind, of: str) -> Outcome:
        # What others changed is said first: it is why a change may not fit any more.
        if drift := drifted(plan.before, fresh, wanted_by(plan, fresh)):
            return Outcome("drifted", drift=drift)
        return self._run(self.journals.create(header(plan, fresh, kind, of)))

    def _settle(self, journal: Journal) -> None:
        """Find out whether the call took effect that was under way when the apply was interrupted."""
        record = journal.record
        if (line := record.in_flight) is not None and line.step is not None:
            call = record.header.steps[line.step].call
            try:
                sent = self._sender.took_effect(call, record.answers, line.note)
            except SendError as error:
                raise ApplyError(f"whether {call.action} took effect cannot be told: {error}") from error
            if sent is not None:
                journal.write("done", step=line.step, answer=sent.answer)

    def _run(self, journal: Journal) -> Outcome:
        try:
            return self._calls(journal) or self._finish(journal)
        except JournalError as error:
            return self._stopped(journal, str(error))
        finally:
            journal.close()

    def _calls(self, journal: Journal) -> Outcome | None:
        steps = journal.record.header.steps
        total = len(steps)
        try:
            self._settle(journal)
        except ApplyError as error:
            return self._stopped(journal, str(error))
        for number, step in enumerate(steps):
            if number in journal.record.done:
                continue
            if self._stop():
                return self._stopped(journal, "stopped as asked")
            call, names = step.call, journal.record.answers
            self._told(Event("call", number, total, call.action))
            try:
                note = self._sender.note(call, names)
                journal.write("intent", step=number, note=note)
                sent = self._sender.send(call, names, note, self._waiting(number, total))
            except SendError as error:
                # Where it may have taken effect, the intent stays open, and the next start finds out.
                if not error.unsure:
                    journal.write("failed", step=number, message=str(error))
                self._told(Event("failed", number, total, str(error)))
                return self._stopped(journal, f"{call.action}: {error}")
            journal.write("already" if sent.already else "done", step=number, answer=sent.answer)
            self._told(Event("already" if sent.already else "done", number, total, call.action))
        return None

    def _waiting(self, number: int, total: int) -> Callable[[str], None]:
        return lambda text: self._told(Event("waiting", number, total, text))

    def _stopped(self, journal: Journal, message: str) -> Outcome:
        record = journal.record
        return Outcome("stopped", record.id, len(record.done), len(record.header.steps), message)

    def _finish(self, journal: Journal) -> Outcome:
        """All calls are made: say so, look whether all is as wanted, and watch what is rolled out."""
        record = journal.record
        total = len(record.header.steps)
        journal.write("end", end="done")
        if record.header.kind == "roll-back":
            self.journals.end(record.header.of, "rolled back")
        left = self._verify(record, total)
        journal.write("unlike" if left else "verified", message="; ".join(left))
        return Outcome(
            "done",
            record.id,
            total,
            total,
            unlike=left,
            rollouts=self._watch(record, total),
            stays=record.header.stays,
        )

    def _verify(self, record: Record, total: int) -> tuple[str, ...]:
        wanted = replaced_in(record.header.wanted, record.answers)
        left: tuple[str, ...] = ()
        for look in range(LOOKS):
            self._told(Event("verifying", total, total, "reading the account again"))
            try:
                fresh = self._read(record.header.account, quietly=True)
            except (ApplyError, SourceError) as error:
                return (f"not verified: {error}",)
            left = tuple(
                f"{name_of(target)}: {path or 'there or not there'}"
                for target, now in states(wanted, fresh).items()
                if now is not None or not _may_be_unread(target, fresh)
                for path in unlike(wanted[target], now)
            )
            if not left:
                break
            if look + 1 < LOOKS:
                self._sender.wait(5.0)
        return left

    def _watch(self, record: Record, total: int) -> tuple[Rollout, ...]:
        deployments: dict[str, tuple[str, str]] = {}
        for step, line in record.done.items():
            change = record.header.plan.changes[record.header.steps[step].change]
            if isinstance(change, c.UpdateService):
                wanted = change.task_definition or ""
                deployments[change.service] = (line.answer, record.answers.get(wanted, wanted))
        found: dict[str, Rollout] = {}
        seen: dict[str, Rollout] = {}
        failing: Counter[str] = Counter()
        until = self._clock() + self._watch_for
        while len(found) < len(deployments):
            for service, (deployment, wanted) in deployments.items():
                if service in found:
                    continue
                rollout = self._sender.rollout(service, deployment, wanted)
                if rollout != seen.get(service):
                    self._told(Event("rollout", total, total, name_of(service), rollout))
                seen[service] = rollout
                failing[service] += rollout.state == "failing"
                ended = rollout.state in OVER or failing[service] >= LOOKS_AT_FAILING
                if ended or self._clock() >= until or self._stop():
                    found[service] = rollout
            if len(found) < len(deployments):
                self._sender.wait(5.0)
        return tuple(found.values())


def drifted(before: dict[str, Any], fresh: Snapshot, wanted: dict[str, Any]) -> tuple[Difference, ...]:
    """What of some targets is not as it was: was, is, wanted. A target of which a plan does not say what it
    was, because somebody wrote the plan by hand, is not looked at."""
    now = states(before, fresh)
    return tuple(
        one
        for target, was in before.items()
        for one in three_way(target, was, now[target], wanted.get(target))
    )


def _may_be_unread(target: str, fresh: Snapshot) -> bool:
    """Whether a thing may be there though it is in no snapshot: log groups that nothing names, and revisions
    that nothing uses and that are not the newest, are not read."""
    return (":log-group:" in target or ":task-definition/" in target) and target not in fresh.missing


def wanted_by(plan: Plan, fresh: Snapshot) -> dict[str, Any]:
    """What a plan makes of its targets; in words where it does not fit the account any more."""
    try:
        return states(plan.before, after(plan, fresh))
    except ChangeError:
        words: dict[str, str] = {}
        for change in plan.changes:
            known = words.get(change.target)
            words[change.target] = f"{known}; {tell(change).what}" if known else tell(change).what
        return dict(words)


def header(plan: Plan, fresh: Snapshot, kind: Kind = "apply", of: str = "") -> Header:
    """All that is written before the first call. Raises ChangeError where a change does not fit."""
    steps: list[Step] = []
    account = fresh
    for index, change in enumerate(plan.changes):
        steps += [Step(index, call) for call in calls(change, account)]
        account = projected(change, account)
    undo, stays = ways_back(plan.changes, fresh)
    return Header(
        id=new_id(),
        account=plan.account,
        started=datetime.now(UTC),
        plan=plan,
        steps=tuple(steps),
        undo=undo,
        wanted=states(dict.fromkeys(change.target for change in plan.changes), account),
        stays=stays,
        kind=kind,
        of=of,
        caller=fresh.caller.arn if fresh.caller else "",
        version=__version__,
    )
