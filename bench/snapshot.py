"""Snapshot files: reading one into records against reading the same bytes into plain objects; sizes."""

import gc
import gzip
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import zstandard

from bench import report
from bench.estate import make_json
from ecsiam_tui.account import files

BYTES = 100_000_000
MOST_TIMES = 3.0
"""Target: records may take this many times as long as plain objects."""


def best(action: Callable[[], object], rounds: int = 3) -> float:
    """Seconds of the fastest of some runs; what they return is dropped outside the measured time."""
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        result = action()
        found.append(time.perf_counter() - start)
        del result
    return min(found)


def peak_of(code: str, path: Path) -> int:
    """The most memory (bytes) that a fresh interpreter holds that runs `code` with the file's path."""
    script = f"{code}\nfrom bench.report import peak_memory\nprint(peak_memory())"
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def main() -> None:
    """Measure and print."""
    report.heading("Snapshot file of 5,000 services and 5,000 roles, with histories up to 100 MB")
    data = make_json(5_000, at_least=BYTES)
    with tempfile.TemporaryDirectory(prefix="ecsiam-bench-") as folder:
        path = Path(folder) / "estate.json"
        path.write_bytes(data)
        _reading(data, path)
        _forms(data, Path(folder))


def _reading(data: bytes, path: Path) -> None:
    plain, typed, bare = [], [], []
    for _ in range(3):  # in turns, so that a slow moment of the machine meets all
        plain.append(best(lambda: msgspec.json.decode(data), 1))
        typed.append(best(lambda: files.decode(data, path), 1))
        gc.disable()
        bare.append(best(lambda: msgspec.json.decode(data), 1))
        gc.enable()
    read = "import sys, msgspec; from pathlib import Path; data = Path(sys.argv[1]).read_bytes(); "
    load = "import sys; from pathlib import Path; from ecsiam_tui.account import files; "
    rows = [
        ("msgspec.json.decode to plain objects", min(plain), read + "x = msgspec.json.decode(data)"),
        ("the same with the garbage collector off", min(bare), ""),
        ("files.decode to records", min(typed), load + "x = files.load(Path(sys.argv[1]))"),
        ("files.encode", best(_encoder(data, path)), ""),
    ]
    report.table(
        (report.megabytes(len(data)), "time", "of plain", "MB/s", "peak memory"),
        (
            (
                name,
                report.seconds(took),
                report.times(took, min(plain)),
                f"{len(data) / 1e6 / took:,.0f}",
                report.megabytes(peak_of(code, path)) if code else "",
            )
            for name, took, code in rows
        ),
    )
    met = min(typed) <= MOST_TIMES * min(plain)
    against_bare = report.times(min(typed), min(bare))
    report.note(
        f"target: records in ≤ {MOST_TIMES:g}× the time of plain objects: {report.verdict(met)}"
        f" (against plain objects without the collector: {against_bare})"
    )
    empty = peak_of(load, path)
    report.note(
        f"peak memory: fresh processes with the bytes; with the imports alone {report.megabytes(empty)}"
    )


def _encoder(data: bytes, path: Path) -> Callable[[], bytes]:
    snapshot = files.decode(data, path)
    return lambda: files.encode(snapshot)


def _forms(data: bytes, folder: Path) -> None:
    snapshot = files.decode(data, folder)
    rows = []
    plain_size, plain_load = 0, 0.0
    for suffix in (".json", ".json.gz", ".json.zst"):
        path = folder / f"saved{suffix}"
        save = best(lambda: files.save(snapshot, path), 1)  # noqa: B023
        load = best(lambda: files.load(path), 2)  # noqa: B023
        size = path.stat().st_size
        plain_size, plain_load = plain_size or size, plain_load or load
        rows.append((suffix, report.megabytes(size), f"{size / plain_size:.1%}", report.seconds(save),
                     report.seconds(load), report.times(load, plain_load)))  # fmt: skip
    raw = _unpacking(data)
    report.table(("saved as", "size", "of plain", "save", "load", "of plain load"), rows)
    report.note(
        f"unpacking alone, without records: gzip {report.seconds(raw[0])}, zstd {report.seconds(raw[1])}"
    )


def _unpacking(data: bytes) -> tuple[float, float]:
    by_gzip = gzip.compress(data, compresslevel=6)
    by_zstd = zstandard.ZstdCompressor(level=6).compress(data)
    return best(lambda: gzip.decompress(by_gzip), 1), best(lambda: zstandard.decompress(by_zstd), 1)
