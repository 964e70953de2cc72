"""Making calls: paced, several at once, and never failing — what cannot be read becomes a gap."""

import queue
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec
from botocore import xform_name

from ecsiam_tui.account.records import Json
from ecsiam_tui.account.snapshot import Gap, GapReason
from ecsiam_tui.account.source import Progress, Watcher
from ecsiam_tui.aws.calls import Call
from ecsiam_tui.aws.errors import Failure, classify, error_code
from ecsiam_tui.aws.pacing import Pacer
from ecsiam_tui.aws.session import THREADS, AwsSession

Item = TypeVar("Item")
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
        self._succeeded: set[tuple[str, str]] = set()
        self._unsupported: dict[tuple[str, str], Failure] = {}

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

    def list(self, call: Call, region: str, *, target: str | None = None, **parameters: Any) -> list[Any]:
        """The items of all pages of a listing, as far as they could be read."""
        items: list[Any] = []
        for page in self.pages(call, region, target=target, **parameters):
            found = page.get(call.items, [])
            if isinstance(found, list):
                items.extend(found)
            else:
                self.gap(call, region, Failure("invalid", "", f"{call.items} is no list"), target)
        return items

    def decode(self, kind: type[Rec], data: Json, call: Call, region: str, target: str | None) -> Rec | None:
        """The record in a part of an answer, or None and a gap where the part is not what AWS documents."""
        try:
            return msgspec.convert(msgspec.to_builtins(data), kind)
        except (msgspec.ValidationError, TypeError) as error:
            self.gap(call, region, classify(error)._replace(reason="invalid"), target)
            return None

    # -- several at once -------------------------------------------------------------------------------

    def each(
        self,
        stage: str,
        call: Call,
        function: Callable[[Item], Result],
        items: Sequence[Item],
        region_of: Callable[[Item], str],
    ) -> list[Result]:
        """The results of `function` for all items, in their order, computed in a few threads.

        An answer that breaks `function` becomes a gap of `call`. When the reading is stopped, what is done
        by then is returned at once.
        """
        results: dict[int, Result] = {}
        todo: queue.SimpleQueue[int] = queue.SimpleQueue()
        done: queue.SimpleQueue[int] = queue.SimpleQueue()
        for index in range(len(items)):
            todo.put(index)

        def work() -> None:
            while self.stop is None:
                try:
                    index = todo.get_nowait()
                except queue.Empty:
                    return
                try:
                    results[index] = function(items[index])
                except Exception as error:  # a nonsensical answer; the other items go on
                    self.gap(call, region_of(items[index]), classify(error)._replace(reason="invalid"))
                done.put(index)

        self._watcher.progress(Progress(stage, 0, len(items)))
        for number in range(min(THREADS, len(items))):
            # Daemons: a call that hangs must not keep the program from ending.
            threading.Thread(target=work, name=f"aws-{number}", daemon=True).start()
        finished = 0
        while finished < len(items) and not self.check_stop():
            try:
                done.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                continue
            finished += 1
            self._watcher.progress(Progress(stage, finished, len(items)))
        return [results[index] for index in sorted(results)]

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

    def _once(self, call: Call, region: str, parameters: Json) -> Iterator[Answer]:
        self._before(call, region)
        method = getattr(self.session.client(call.service, region), xform_name(call.operation))
        yield Answer(method(**parameters), known=True)

    def _paged(self, call: Call, region: str, parameters: Json) -> Iterator[Answer]:
        client = self.session.client(call.service, region)
        method = xform_name(call.operation)
        parameters = {**dict(call.paging), **parameters}
        if client.can_paginate(method):
            pages = iter(client.get_paginator(method).paginate(**parameters))
            while True:
                self._before(call, region)
                page = next(pages, None)
                if page is None:
                    return
                yield Answer(page, known=True)
        seen: set[str] = set()
        while True:
            self._before(call, region)
            page = getattr(client, method)(**parameters)
            yield Answer(page, known=True)
            name = "NextToken" if "NextToken" in page else "nextToken"
            token = page.get(name)
            if not token or token in seen:
                return
            seen.add(token)
            parameters[name] = token

    def _before(self, call: Call, region: str) -> None:
        self._pacer.wait(call.rate, region)
        if self.stop is not None:
            raise _Stopped

    def _attempt(
        self, call: Call, region: str, target: str | None, answers: Iterator[Answer]
    ) -> Iterator[Answer]:
        """Pass answers on; turn what is raised into ABSENT, a gap, or the end of the reading."""
        known_failure = self._unsupported.get((call.name, region))
        if known_failure is not None:
            self.gap(call, region, known_failure, target)
            yield UNKNOWN
            return
        while True:
            try:
                answer = next(answers)
                if not isinstance(answer.data, dict):
                    raise TypeError(f"{call.name} answered with {type(answer.data).__name__}")
            except StopIteration:
                return
            except _Stopped:
                yield UNKNOWN
                return
            except Exception as error:  # a call may fail in any way; the rest of the reading goes on
                yield self._failed(call, region, target, error)
                return
            self._succeeded.add((call.name, region))
            yield answer

    def _failed(self, call: Call, region: str, target: str | None, error: Exception) -> Answer:
        if error_code(error) in call.absent:
            self._succeeded.add((call.name, region))
            return ABSENT
        failure = classify(error)
        if failure.reason == "unsupported":
            self._unsupported[call.name, region] = failure
        self.gap(call, region, failure, target)
        if failure.reason == "expired":
            self._end("expired")
        return UNKNOWN


def make_gap(call: Call, region: str | None, failure: Failure, target: str | None = None) -> Gap:
    """The gap that a failure of `call` leaves."""
    return Gap(
        call=call.name,
        reason=failure.reason,
        error_code=failure.code,
        message=failure.message,
        consequence=call.consequence,
        permission=call.action,
        region=region,
        target=target,
        unknown=call.unknown,
    )
