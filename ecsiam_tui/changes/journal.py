"""The journal of an apply: written before anything is done, so that nothing that was done is ever lost.

One file for each apply, readable by its owner alone (0600), in one folder for each account. Its first line is
the plan, the calls that make it, and the changes that take each of its changes back; then one line before
and one after each call, each on disk before the program goes on. It holds no credentials, and no values of
environment variables: what a call reads just before it is sent is not in it.

A journal without an `end` is an apply that was interrupted; it can be resumed, rolled back, or left as it is.
"""

import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import msgspec
import platformdirs

from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.calling import Call
from ecsiam_tui.changes.plan import Plan

FORMAT = 1
"""The version of the journal's form."""

Kind = Literal["apply", "roll-back", "undo"]
End = Literal["done", "rolled back", "left", "superseded"]
What = Literal["intent", "done", "already", "failed", "verified", "unlike", "end"]


class JournalError(Exception):
    """A journal cannot be written or read, or another apply is under way. The message is one line."""


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """A call, and which of the plan's changes it belongs to."""

    change: int
    call: Call


class Header(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What is written before the first call.

    `undo` has, for each change, the changes that take it back, in order; `stays` what they do not bring back.
    `wanted` is what every target is expected to look like in the end. `of` is the journal that a roll back or
    undo takes back.
    """

    id: str
    account: str
    started: datetime
    plan: Plan
    steps: tuple[Step, ...]
    undo: tuple[tuple[c.AnyChange, ...], ...]
    wanted: dict[str, Any]
    stays: tuple[str, ...] = ()
    kind: Kind = "apply"
    of: str = ""
    caller: str = ""
    version: str = ""
    schema: int = FORMAT


class Line(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Something that happened. `note` is what was so just before the call, where telling whether the call
    took effect needs it; `answer` what AWS named what was made; `end` how it ended."""

    what: What
    at: datetime
    step: int | None = None
    note: str = ""
    answer: str = ""
    message: str = ""
    end: End | None = None


class Record:
    """A journal as it was read."""

    def __init__(self, header: Header, lines: tuple[Line, ...], path: Path) -> None:
        self.header = header
        self.lines = lines
        self.path = path

    @property
    def id(self) -> str:
        """The journal's name."""
        return self.header.id

    @cached_property
    def end(self) -> End | None:
        """How it ended; None where it was interrupted."""
        return next((line.end for line in reversed(self.lines) if line.end), None)

    @cached_property
    def done(self) -> dict[int, Line]:
        """The calls that took effect, with what AWS answered."""
        return {
            line.step: line
            for line in self.lines
            if line.step is not None and line.what in ("done", "already")
        }

    @cached_property
    def in_flight(self) -> Line | None:
        """The intent of the call of which it is not known whether it took effect."""
        intent: Line | None = None
        for line in self.lines:
            if line.what == "intent":
                intent = line
            elif line.step is not None:
                intent = None
        return intent

    @cached_property
    def touched(self) -> tuple[int, ...]:
        """The changes of which something was done, or may have been."""
        steps = {line.step for line in self.lines if line.step is not None and line.what != "failed"}
        return tuple(sorted({self.header.steps[step].change for step in steps}))

    @property
    def answers(self) -> dict[str, str]:
        """What was guessed → what AWS answered."""
        found: dict[str, str] = {}
        for step, line in self.done.items():
            call = self.header.steps[step].call
            if call.guess and line.answer:
                found[call.guess] = line.answer
        return found

    @property
    def failure(self) -> str:
        """Why the last call that failed did."""
        return next((line.message for line in reversed(self.lines) if line.what == "failed"), "")


class Journal:
    """A journal that is being written."""

    def __init__(self, record: Record, descriptor: int) -> None:
        self._record = record
        self._descriptor = descriptor

    @property
    def record(self) -> Record:
        """All that was written so far."""
        return self._record

    def write(self, what: What, **fields: Any) -> None:
        """Write a line; it is on disk when this returns. Raises JournalError."""
        line = Line(what=what, at=datetime.now(UTC), **fields)
        _append(self._descriptor, msgspec.json.encode(line), self._record.path)
        self._record = Record(self._record.header, (*self._record.lines, line), self._record.path)

    def close(self) -> None:
        """Nothing more is written."""
        with suppress(OSError):
            os.close(self._descriptor)


def state_folder(endpoint: str | None = None) -> Path:
    """Where journals are kept: under the user's state directory, for each endpoint but AWS's own apart."""
    root = Path(platformdirs.user_state_dir("ecsiam-tui")) / "applies"
    return root / "endpoints" / re.sub(r"[^\w.-]+", "-", endpoint) if endpoint else root / "aws"


class Journals:
    """The journals of one account: in `folder`, each account in a folder of its own."""

    def __init__(self, folder: Path, account: str) -> None:
        if not re.fullmatch(r"\d{12}", account):
            raise JournalError(
                f'"{account}" is not the id of an account, so there is nowhere to keep a journal'
            )
        self.folder = folder / account

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Held by one process at a time; let go when the process ends, however it ends. Raises
        JournalError where another has it, or nothing can be written."""
        path = self.folder / "lock"
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise _unwritable(path, error) from error
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                holder = os.pread(descriptor, 100, 0).decode("ascii", "replace").strip() or "another program"
                raise JournalError(
                    f"changes are being made to this account by {holder}; wait until it is done"
                ) from error
            try:
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, f"process {os.getpid()}\n".encode(), 0)
            except OSError as error:
                raise _unwritable(path, error) from error
            yield
        finally:
            os.close(descriptor)

    def create(self, header: Header) -> Journal:
        """Begin a journal; its header is on disk when this returns. Raises JournalError."""
        path = self._path(header.id)
        data = msgspec.json.encode(header)
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        except OSError as error:
            raise _unwritable(path, error) from error
        try:
            _append(descriptor, data, path)
            _sync_folder(self.folder)
        except JournalError:
            os.close(descriptor)
            with suppress(OSError):
                path.unlink()
            raise
        return Journal(Record(header, (), path), descriptor)

    def open(self, journal_id: str) -> Journal:
        """Go on writing a journal. Raises JournalError."""
        record = self.read(journal_id)
        try:
            descriptor = os.open(record.path, os.O_WRONLY | os.O_APPEND)
            _mend(record.path)
        except OSError as error:
            raise _unwritable(record.path, error) from error
        return Journal(record, descriptor)

    def read(self, journal_id: str) -> Record:
        """A journal by its name, or the beginning of it. Raises JournalError."""
        found = [path for path in self._paths() if path.stem.startswith(journal_id)] if journal_id else []
        if len(found) != 1:
            what = "several journals begin" if found else "no journal begins"
            raise JournalError(f'{what} with "{journal_id}"; ecsiam-tui history lists them')
        return read(found[0])

    def all(self) -> tuple[Record, ...]:
        """All journals that can be read, the newest first."""
        found = []
        for path in sorted(self._paths(), reverse=True):
            with suppress(JournalError):
                found.append(read(path))
        return tuple(found)

    def unfinished(self) -> tuple[Record, ...]:
        """Applies that were interrupted, the newest first. One whose roll back was itself interrupted is
        represented by that."""
        open_ones = [record for record in self.all() if record.end is None]
        going_back = {record.header.of for record in open_ones}
        return tuple(record for record in open_ones if record.id not in going_back)

    def end(self, journal_id: str, end: End, message: str = "") -> None:
        """Write how a journal ended. Raises JournalError."""
        journal = self.open(journal_id)
        try:
            journal.write("end", end=end, message=message)
        finally:
            journal.close()

    def leave(self, journal_id: str) -> None:
        """Write that an interrupted apply is left as it is, and what it was to roll back. Raises
        JournalError."""
        with self.lock():
            self.end(journal_id, "left")
            if (header := self.read(journal_id).header).kind == "roll-back":
                self.end(header.of, "left")

    def _path(self, journal_id: str) -> Path:
        return self.folder / f"{journal_id}.jsonl"

    def _paths(self) -> list[Path]:
        return list(self.folder.glob("*.jsonl"))


def new_id() -> str:
    """A name for a journal: when, and something by chance."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


_HEADER = msgspec.json.Decoder(Header)
_LINE = msgspec.json.Decoder(Line)


def read(path: Path) -> Record:
    """A journal's file. What was being written when the program was killed is not counted. Raises
    JournalError."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise JournalError(f"{path}: the journal cannot be read ({error.strerror})") from error
    whole = lines[:-1]  # what follows the last end of line was not written to its end
    try:
        header = _HEADER.decode(whole[0] if whole else b"")
        told = tuple(_LINE.decode(line) for line in whole[1:])
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise JournalError(f"{path}: not a journal ({error})") from error
    if header.schema != FORMAT:
        raise JournalError(f"{path}: a journal of form {header.schema}; this program reads form {FORMAT}")
    return Record(header, told, path)


def _mend(path: Path) -> None:
    """Take away a line that was not written to its end."""
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        os.truncate(path, whole)


def _append(descriptor: int, data: bytes, path: Path) -> None:
    left = data + b"\n"
    try:
        while left:
            left = left[os.write(descriptor, left) :]
        os.fsync(descriptor)
    except OSError as error:
        raise _unwritable(path, error) from error


def _sync_folder(folder: Path) -> None:
    try:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(path: Path, error: OSError) -> JournalError:
    return JournalError(
        f"{path}: the journal cannot be written ({error.strerror}), and nothing is changed without one; make"
        " room, or set XDG_STATE_HOME to a folder that can be written"
    )
