"""Walks the explorer by keyboard and takes the time of every key."""

import time
from collections.abc import Iterator

from bench.terminal import Terminal

READINGS = 3
WHILE_READING = "down while reading again"
TRAIL = 2
"""The row that names the item under the cursor."""


class KeyTimes:
    """Presses keys one after the other; each waits until the screen is at rest."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self._answers: dict[str, list[float]] = {}
        self._settled: dict[str, list[float]] = {}

    def press(self, kind: str, *keys: str) -> None:
        """Press keys, each when the screen rests; the times count for `kind`."""
        for key in keys:
            sent = self.terminal.send(key)
            answer = self.terminal.answer()
            self._answers.setdefault(kind, []).append(answer.at - sent)
            last = self.terminal.rest() or answer
            self._settled.setdefault(kind, []).append(last.at - sent)

    def press_restless(self, kind: str, key: str) -> None:
        """Press a key that moves the cursor while other things are drawn, too: the trail tells its answer."""
        sent = self.terminal.send(key)
        answer = self.terminal.wait_for(lambda frame: TRAIL in frame.changed, 10)
        self._answers.setdefault(kind, []).append(answer.at - sent)

    def quietly(self, *keys: str) -> None:
        """Press keys that are not measured."""
        for key in keys:
            self.terminal.send(key)
            self.terminal.rest(0.25)

    def kinds(self) -> Iterator[tuple[str, list[float], list[float]]]:
        """For each kind of key the seconds to the first frame and to the last."""
        for kind, answers in self._answers.items():
            yield kind, answers, self._settled.get(kind, [])


def walk(times: KeyTimes) -> None:
    """Every kind of key, some hundreds in all. Starts at the first cluster, open."""
    times.quietly("left", "down", "down")
    for _ in range(6):  # prod-main, which holds 60 % of all services
        times.press("right: open the largest cluster", "right")
        times.press("left: close the largest cluster", "left")
    times.quietly("right")
    times.press("down", *["down"] * 60)
    times.press("up", *["up"] * 20)
    for _ in range(6):  # six pages in all, which even a small estate has
        times.press("page down", *["pagedown"] * 4)
        times.press("page up", *["pageup"] * 3)
    for _ in range(12):
        times.press("right: open or go in", *["right"] * 4)
        times.press("down", "down")
        times.press("left: close or go out", *["left"] * 4)
        times.quietly("down")
    times.press("first or last row", *["end", "home"] * 8)
    times.quietly("down", "down", "down")
    for _ in range(10):
        times.press("enter: into the detail", "enter")
        times.press("2–8, 1: another tab", "2", "3", "5", "6", "8", "1")
        times.press("esc: back to the tree", "escape")
        times.quietly("down", "enter")
        times.press("the same esc as CSI 27 u", "escape (kitty)")
        times.quietly("down")
    _jumps(times)
    for query in ("checkout cart", "kind:role ads", "cluster:prod-main pay"):
        times.quietly("/")
        times.press("a letter of a filter", *query)
        times.press("enter: to what was found", "enter")
        times.press("down in what was found", *["down"] * 6)
        times.quietly("/")
        times.press("esc: without the filter", "escape")
    for word in ("loyalty", "invoice"):
        times.press("ctrl+p: palette", "ctrl+p")
        times.press("a letter in the palette", *word)
        times.quietly("escape")


def _jumps(times: KeyTimes) -> None:
    """Jumps along the relations of a service, and back and forth in the history."""
    for number in range(6):
        times.quietly("home", *["down"] * (3 + number), "5", "enter", "down")
        times.press("enter: jump to a relation", "enter")
        times.press("[ and ]: history", "[", "]")
    times.quietly("1")


def press_while_reading(times: KeyTimes) -> None:
    """Down, again and again, while the whole file is read anew and its graph is made."""
    for _ in range(READINGS):
        times.quietly("home", "down", "down", "down")
        times.terminal.send("r")
        begun = time.perf_counter()
        while time.perf_counter() - begun < 0.5 or "reading" in times.terminal.shown.row(1):
            times.press_restless(WHILE_READING, "down")
            time.sleep(0.02)
        times.terminal.rest(0.3)
