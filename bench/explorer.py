"""The explorer as a person meets it: the real program in a terminal of 120×40, from start to last key."""

import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import networkx as nx

from bench import report
from bench.estate import make_json
from bench.keys import WHILE_READING, KeyTimes, press_while_reading, walk
from bench.peer_apps import MARK
from bench.terminal import Terminal
from ecsiam_tui.account import files
from ecsiam_tui.graph import Estate
from ecsiam_tui.workspace import Workspace

SIZES = (500, 5_000)
STARTS = 3
MOST_SECONDS = 0.1
"""Target: no kind of key takes longer than this at the 95th percentile."""
FEW = 20


class Start(NamedTuple):
    """Seconds from the start of the process to what the screen shows; the most memory held until then."""

    painted: float
    tree: float
    memory: int


def main(sizes: tuple[int, ...] = SIZES) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="ecsiam-bench-") as folder:
        paths = {}
        for size in sizes:
            paths[size] = Path(folder) / f"estate-{size}.json"
            paths[size].write_bytes(make_json(size))
        _starts(paths)
        _parts(paths)
        for size, path in paths.items():
            _keys(size, path)


def open_command(path: Path) -> list[str]:
    """The command line that explores a file, by this interpreter."""
    return [sys.executable, "-c", "from ecsiam_tui.cli import main; main()", "open", str(path)]


def _starts(paths: dict[int, Path]) -> None:
    report.heading("Explorer: from the start of the process to what is on the screen (median of 3 starts)")
    empty = [sys.executable, "-m", "bench.peer_apps", "empty"]
    starts = {size: [start(open_command(path)) for _ in range(STARTS)] for size, path in paths.items()}
    peer = median(start(empty).painted for _ in range(STARTS))
    rows = [("an empty Textual app", "", report.seconds(peer), "1.00×", "", "")]
    for size, path in paths.items():
        painted = median(one.painted for one in starts[size])
        tree = median(one.tree for one in starts[size])
        rows.append(
            (
                f"{size:,} services and roles",
                report.megabytes(path.stat().st_size),
                report.seconds(painted),
                report.times(painted, peer),
                report.seconds(tree),
                report.megabytes(max(one.memory for one in starts[size])),
            )
        )
    report.table(("", "file", "first paint", "of empty app", "tree with the full graph", "peak memory"), rows)


def start(command: list[str]) -> Start:
    """Start a program, wait for its first frame and for its tree, and end it."""
    with Terminal(command) as terminal:
        painted = terminal.answer(60).at - terminal.started
        tree = painted
        if MARK not in terminal.shown.text:
            tree = terminal.wait_for(lambda _: MARK in terminal.shown.text, 300).at - terminal.started
        terminal.rest()
        return Start(painted, tree, terminal.peak_memory())


def _parts(paths: dict[int, Path]) -> None:
    report.heading("The same work without a screen, in one thread")
    rows, base = [], 0.0
    for size, path in paths.items():
        times = [time.perf_counter()]
        snapshot = files.load(path)
        times.append(time.perf_counter())
        workspace = Workspace(snapshot)
        estate = workspace.estate
        times.append(time.perf_counter())
        workspace.outline.roots()
        times.append(time.perf_counter())
        read, build, outline = (after - before for before, after in pairwise(times))
        bare = _bare_graph(estate)
        base = base or build
        rows.append(
            (
                f"{size:,}",
                report.seconds(read),
                report.seconds(build),
                report.times(build, bare),
                report.times(build, base),
                report.seconds(outline),
                f"{len(estate):,}",
                f"{estate.nx.number_of_edges():,}",
            )
        )
        del snapshot, workspace, estate
    report.table(
        ("services", "read", "graph", "of networkx alone", "of the first row", "roots", "nodes", "edges"),
        rows,
    )
    report.note("networkx alone: the same nodes and edges added to an empty MultiDiGraph")


def _bare_graph(estate: Estate) -> float:
    nodes = [(node.id, node) for node in estate.nodes()]
    every: Any = estate.nx.edges(keys=True, data=True)
    edges = [(user, used, kind, data["via"]) for user, used, kind, data in every]
    begun = time.perf_counter()
    bare: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    for name, node in nodes:
        bare.add_node(name, node=node, health=None)
    for user, used, kind, via in edges:
        bare.add_edge(user, used, key=kind, via=via)
    return time.perf_counter() - begun


def _keys(size: int, path: Path) -> None:
    report.heading(f"Keys at {size:,} services: from the key to the end of the frame that answers it")
    peer: list[float] = []
    with Terminal([sys.executable, "-m", "bench.peer_apps", "tree", str(size)]) as terminal:
        terminal.wait_for(lambda _: MARK in terminal.shown.text)
        terminal.rest()
        for _ in range(60):
            sent = terminal.send("down")
            peer.append(terminal.answer().at - sent)
            terminal.rest(0.05)
    with Terminal(open_command(path)) as terminal:
        terminal.wait_for(lambda _: MARK in terminal.shown.text, 300)
        terminal.rest(0.5)
        times = KeyTimes(terminal)
        walk(times)
        press_while_reading(times)
        memory = terminal.peak_memory()
    rows = [_key_row(kind, answers, settled, median(peer)) for kind, answers, settled in times.kinds()]
    every = [answer for kind, answers, _ in times.kinds() if kind != WHILE_READING for answer in answers]
    rows.append(_key_row("all keys but while reading", every, [], median(peer)))
    report.table(
        (
            "milliseconds",
            "keys",
            "median",
            "95 %",
            "99 %",
            "most",
            "of peer",
            "all drawn",
            "",
        ),
        rows,
    )
    report.note(f"peer: Down in Textual's own Tree of {size:,} leaves, median {1000 * median(peer):.0f} ms,"
                f" 95 % {1000 * report.percentile(peer, 0.95):.0f} ms")  # fmt: skip
    report.note(
        "CSI 27 u: Escape as terminals with kitty's keyboard protocol send it; the plain one may begin"
    )
    report.note("          another key, so it waits a moment for the rest of it")
    report.note(
        f"target: ≤ {MOST_SECONDS * 1000:g} at 95 %; of fewer than {FEW} keys that is the slowest one"
    )
    report.note("all drawn: median time until the detail and what follows by timers are drawn too")
    report.note(f"peak memory after all keys and readings: {report.megabytes(memory)}")


def _key_row(kind: str, answers: list[float], settled: list[float], peer: float) -> tuple[str, ...]:
    slow = report.percentile(answers, 0.95)
    few = "" if len(answers) >= FEW else " (few keys)"
    figures = (median(answers), slow, report.percentile(answers, 0.99), max(answers))
    return (
        kind,
        f"{len(answers)}",
        *(f"{1000 * value:.0f}" for value in figures),
        report.times(median(answers), peer),
        f"{1000 * median(settled):.0f}" if settled else "",
        f"{report.verdict(slow <= MOST_SECONDS)}{few}",
    )
