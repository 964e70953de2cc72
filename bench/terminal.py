"""A terminal for a program under measurement: a pseudo-terminal that answers and takes times.

It tells Textual that it knows synchronized output (mode 2026), so every frame comes between two marks and the
end of a frame is known to the byte.
"""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from bench import report
from bench.screen import Shown

SYNC_QUERY, SYNC_ANSWER = b"\x1b[?2026$p", b"\x1b[?2026;2$y"
FRAME_START, FRAME_END = b"\x1b[?2026h", b"\x1b[?2026l"
_NOT_INHERITED = ("NO_COLOR", "COLUMNS", "LINES")
KEYS = {
    "down": "\x1b[B",
    "up": "\x1b[A",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "pagedown": "\x1b[6~",
    "pageup": "\x1b[5~",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "enter": "\r",
    "escape": "\x1b",
    "escape (kitty)": "\x1b[27u",
    "backspace": "\x7f",
    "ctrl+p": "\x10",
}


class Frame(NamedTuple):
    """One frame: when its last byte came (by `time.perf_counter`), and the rows (from 1) it changed."""

    at: float
    changed: frozenset[int]

    @property
    def answers(self) -> bool:
        """Whether it changed more than the status line on top, whose clock runs by itself."""
        return any(row > 1 for row in self.changed)


class TerminalError(Exception):
    """The program ended, or did not answer in time. The message holds the end of what it wrote."""


class Terminal:
    """A program running in a terminal of `columns` by `rows`. Use it as a context manager."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 120,
        rows: int = 40,
        environment: Mapping[str, str] = {},
    ) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        kept = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            close_fds=True,
            start_new_session=True,
            env={**kept, "TERM": "xterm-256color", "COLORTERM": "truecolor", **environment},
        )
        os.close(theirs)
        self.shown = Shown(columns, rows)
        self._read_at = self.started
        self._pending = b""
        self._last = b""

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        os.close(self._ours)

    def send(self, key: str) -> float:
        """Press a key (a name in KEYS, or characters as they are); returns when."""
        os.write(self._ours, KEYS.get(key, key).encode())
        return time.perf_counter()

    def frame(self, timeout: float) -> Frame | None:
        """The next whole frame, or None after `timeout` seconds. Raises TerminalError."""
        end = time.perf_counter() + timeout
        while True:
            head, mark, rest = self._pending.partition(FRAME_END)
            if mark:
                self._pending = rest
                return Frame(self._read_at, self.shown.draw(head.rpartition(FRAME_START)[2]))
            left = end - time.perf_counter()
            if left <= 0 or not select.select([self._ours], [], [], left)[0]:
                return None
            self._read()

    def wait_for(self, wanted: Callable[[Frame], bool], timeout: float = 60) -> Frame:
        """The first frame that is `wanted`. Raises TerminalError."""
        end = time.perf_counter() + timeout
        while (left := end - time.perf_counter()) > 0:
            frame = self.frame(left)
            if frame and wanted(frame):
                return frame
        raise TerminalError(f"no such frame within {timeout:g} s; the screen shows:\n{self.shown.text}")

    def answer(self, timeout: float = 10) -> Frame:
        """The next frame that changes what is shown. Raises TerminalError."""
        return self.wait_for(lambda frame: frame.answers, timeout)

    def rest(self, quiet: float = 0.12, timeout: float = 30) -> Frame | None:
        """Wait until nothing changed for `quiet` seconds; the last frame that did, None if there was none."""
        last = None
        since, end = time.perf_counter(), time.perf_counter() + timeout
        while (now := time.perf_counter()) < end:
            if now - since >= quiet:
                return last
            frame = self.frame(quiet - (now - since))
            if frame and frame.answers:
                last, since = frame, frame.at
        raise TerminalError(f"still drawing after {timeout:g} s")

    def peak_memory(self) -> int:
        """The most memory the program held so far, in bytes."""
        return report.peak_memory(self.process.pid)

    def _read(self) -> None:
        try:
            data = os.read(self._ours, 65536)
        except OSError:
            data = b""
        if not data:
            raise TerminalError(
                f"the program ended; its last words: {self._last[-400:].decode(errors='replace')!r}"
            )
        self._read_at = time.perf_counter()
        if SYNC_QUERY in data:
            os.write(self._ours, SYNC_ANSWER)
        self._pending += data
        self._last = (self._last + data)[-4000:]
