"""Making calls: paced, several at once, and never failing — what cannot be read becomes a gap."""

import queue
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
from botocore import xform_name

from ecsiam_tui.account.records import Json
from ecsiam_tui.account.snapshot import Gap, GapReason
from ecsiam_tui.account.source import Progress, Watcher
from ecsiam_tui.aws.calls import Call
from ecsiam_tui.aws.errors import Failure, classify, error_code
from ecsiam_tui.aws.pacing import Pacer
from ecsiam_tui.aws.session import THREADS, AwsSession

Result = TypeVar("Result")
Rec = TypeVar("Rec", bound=msgspec.Struct)

_POLL_SECONDS = 0.1


class Answer(NamedTuple):
    """What a call about one thing told: `data` is None where the thing does not exist.

    Where `known` is false the call failed, nothing is known, and a gap says so.
    """

    data: Json | None
    known: bool

    @property
    def is_absent(self) -> bool:
        """Whether AWS said that the thing does not exist."""
        return self.known and self.data is None


class Listing(NamedTuple):
    """The items of a listing; only where it is complete does absence from it mean anything."""

    items: list[Any]
    complete: bool


UNKNOWN = Answer(None, known=False)
ABSENT = Answer(None, known=True)


class _Stopped(Exception):  # noqa: N818 - not an error: the reading was stopped
    """Nothing is to be asked any more."""


class Reader:
    """Makes calls for one reading of an account and remembers what could not be read."""

    def __init__(self, session: AwsSession, watcher: Watcher) -> None:
        self.session = session
        self.stop: GapReason | None = None
        self._watcher = watcher
        self._wake = threading.Event()
        self._pacer = Pacer(self._wake.wait, enabled=session.paced)
        self._lock = threading.Lock()
        self._gaps: list[Gap] = []
        self._succeeded: set[tuple[str, str | None]] = set()
        self._unsupported: dict[tuple[str, str | None], Failure] = {}

    # -- what is asked ---------------------------------------------------------------------------------

    def ask(self, call: Call, region: str, *, target: str | None = None, **parameters: Any) -> Answer:
        """Make one call. Error codes in `call.absent` answer that the thing does not exist."""
        for answer in self._attempt(call, region, target, self._once(call, region, parameters)):
            return answer
        return UNKNOWN

    def pages(
        self, call: Call, region: str, *, target: str | None = None, **parameters: Any
    ) -> Iterator[Json]:
        """The pages of a listing, as far as they could be read."""
        for answer in self._attempt(call, region, target, self._paged(call, region, parameters)):
            if answer.data is not None:
                yield answer.data

    def listing(self, call: Call, region: str, *, target: str | None = None, **parameters: Any) -> "Listing":
        """The items of all pages of a listing, as far as they could be read."""
        items: list[Any] = []
        complete = True
        for answer in self._attempt(call, region, target, self._paged(call, region, parameters)):
            if answer.data is None:
                complete = False
            else:
                items.extend(self.members(answer.data, call.items, call, region, target))
        return Listing(items, complete)

    def items(self, call: Call, region: str, *, target: str | None = None, **parameters: Any) -> list[Any]:
        """The items of a listing, whether or not it is complete."""
        return self.listing(call, region, target=target, **parameters).items

    def members(
        self,
        page: Json,
        name: str,
        call: Call,
        region: str,
        target: str | None = None,
    ) -> list[Any]:
        """The list `name` of an answer; a gap for what in it is not of the call's kind."""
        found = page.get(name) or []
        if not isinstance(found, list):
            self.gap(call, region, Failure("invalid", "", f"{name} is no list"), target)
            return []
        kept = [item for item in found if isinstance(item, call.of)]
        if len(kept) < len(found):
            self.gap(call, region, Failure("invalid", "", f"{name} holds what does not belong there"), target)
        return kept

    def decode(
        self,
        kind: type[Rec],
        data: Any,
        call: Call,
        region: str,
        target: str | None = None,
        shape: Callable[[Any], Any] | None = None,
    ) -> Rec | None:
        """The record in a part of an answer, brought into its shape first.

        None, and a gap, where the part is not what AWS documents.
        """
        try:
            return msgspec.convert(msgspec.to_builtins(shape(data) if shape else data), kind)
        except (ValueError, TypeError, KeyError, AttributeError) as error:  # msgspec's are ValueErrors
            self.gap(call, region, classify(error)._replace(reason="invalid"), target)
            return None

    # -- several at once -------------------------------------------------------------------------------

    def each(self, stage: str, jobs: Sequence["Job[Result]"]) -> list[Result]:
        """The results of all jobs, in their order, done in a few threads.

        An answer that breaks a job becomes a gap. When the reading is stopped, what is done by then is
        returned at once.
        """
        results: dict[int, Result] = {}
        todo: queue.SimpleQueue[int] = queue.SimpleQueue()
        done: queue.SimpleQueue[int] = queue.SimpleQueue()
        for index in range(len(jobs)):
            todo.put(index)

        def work() -> None:
            while self.stop is None:
                try:
                    index = todo.get_nowait()
                except queue.Empty:
                    return
                job = jobs[index]
                try:
                    results[index] = job.run()
                except Exception as error:  # a nonsensical answer; the other jobs go on
                    self.gap(job.call, job.region, classify(error)._replace(reason="invalid"), job.target)
                finally:
                    done.put(index)

        self._watcher.progress(Progress(stage, 0, len(jobs)))
        for number in range(min(THREADS, len(jobs))):
            # Daemons: a call that hangs must not keep the program from ending.
            threading.Thread(target=work, name=f"aws-{number}", daemon=True).start()
        finished = 0
        while finished < len(jobs) and not self.check_stop():
            try:
                done.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                continue
            finished += 1
            self._watcher.progress(Progress(stage, finished, len(jobs)))
        return [results[index] for index in sorted(results.copy())]

    def wait(self, seconds: float) -> None:
        """Let time pass, where calls are paced; less where the reading is stopped meanwhile."""
        end = time.monotonic() + (seconds if self.session.paced else 0)
        while not self.check_stop() and (left := end - time.monotonic()) > 0:
            self._wake.wait(min(left, _POLL_SECONDS))

    def check_stop(self) -> bool:
        """Whether to ask nothing any more; asks the watcher."""
        if self.stop is None and self._watcher.cancelled():
            self._end("cancelled")
        return self.stop is not None

    def _end(self, reason: GapReason) -> None:
        self.stop = self.stop or reason
        self._wake.set()

    # -- what could not be read ------------------------------------------------------------------------

    def gap(self, call: Call, region: str | None, failure: Failure, target: str | None = None) -> None:
        """Remember that a call failed."""
        with self._lock:
            self._gaps.append(make_gap(call, region, failure, target))

    def gaps(self) -> tuple[Gap, ...]:
        """What could not be read. A call that failed alike for every target is one gap without a target."""
        with self._lock:
            gaps = list(self._gaps)
            succeeded = set(self._succeeded)
        alike: dict[tuple[str, str | None, str, str], list[Gap]] = defaultdict(list)
        for gap in gaps:
            alike[gap.call, gap.region, gap.reason, gap.error_code].append(gap)
        merged: list[Gap] = []
        for (name, region, _, _), same in alike.items():
            if len(same) > 1 and (name, region) not in succeeded:
                merged.append(msgspec.structs.replace(same[0], target=None))
            else:
                merged.extend(dict.fromkeys(same))
        return tuple(merged)

    # -- calling ---------------------------------------------------------------------------------------

    def _once(self, call: Call, region: str, parameters: Json) -> Iterator[Json]:
        yield self._make(call, region, parameters)

    def _paged(self, call: Call, region: str, parameters: Json) -> Iterator[Json]:
        member, parameter = call.page_token
        parameters = {**dict(call.paging), **parameters}
        seen: set[str] = set()
        while True:
            page = self._make(call, region, parameters)
            yield page
            token = page.get(member)
            if not token or page.get("IsTruncated") is False:
                return
            if token in seen:
                raise ValueError("the same page was offered twice")
            seen.add(token)
            parameters[parameter] = token

    def _make(self, call: Call, region: str, parameters: Json) -> Json:
        self._pacer.wait(call.rate, "" if call.is_global else region)
        if self.stop is not None:
            raise _Stopped
        method = getattr(self.session.client(call.service, region), xform_name(call.operation))
        answer = method(**parameters)
        if not isinstance(answer, dict):
            raise TypeError(f"the answer is no structure but {type(answer).__name__}")
        return answer

    def _attempt(
        self, call: Call, region: str, target: str | None, answers: Iterator[Json]
    ) -> Iterator[Answer]:
        """Pass answers on; turn what is raised into ABSENT, a gap, or the end of the reading."""
        place = (call.name, None if call.is_global else region)
        known_failure = self._unsupported.get(place)
        if known_failure is not None:
            self.gap(call, region, known_failure, target)
            yield UNKNOWN
            return
        while True:
            try:
                answer = next(answers)
            except StopIteration:
                return
            except _Stopped:
                yield UNKNOWN
                return
            except Exception as error:  # a call may fail in any way; the rest of the reading goes on
                yield self._failed(call, region, target, error)
                return
            self._succeeded.add(place)
            yield Answer(answer, known=True)

    def _failed(self, call: Call, region: str, target: str | None, error: Exception) -> Answer:
        place = (call.name, None if call.is_global else region)
        if error_code(error) in call.absent:
            self._succeeded.add(place)
            return ABSENT
        failure = classify(error)
        if failure.reason == "unsupported":
            self._unsupported[place] = failure
        self.gap(call, region, failure, target)
        if failure.reason == "expired":
            self._end("expired")
        return UNKNOWN


class Job(NamedTuple, Generic[Result]):
    """A piece of work that asks about one thing: `call` is blamed where it breaks on an answer."""

    call: Call
    region: str
    run: Callable[[], Result]
    target: str | None = None


def make_gap(call: Call, region: str | None, failure: Failure, target: str | None = None) -> Gap:
    """The gap that a failure of `call` leaves."""
    return Gap(
        call=call.name,
        reason=failure.reason,
        error_code=failure.code,
        message=failure.message,
        consequence=call.consequence,
        permission=call.action,
        region=None if call.is_global else region,
        target=target,
        unknown=call.unknown,
    )
