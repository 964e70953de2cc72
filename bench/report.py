"""How measurements are printed: each with what it is compared to, in columns."""

import math
import os
import platform
import resource
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

WIDTH = 110


def machine() -> str:
    """The line that says where the numbers come from."""
    packages = []
    for name in ("ecsiam-tui", "textual", "msgspec", "networkx", "zstandard"):
        try:
            packages.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    system = f"{platform.system()} {platform.machine()}"
    busy = f"load {os.getloadavg()[0]:.1f} at the start"
    python = f"Python {platform.python_version()}"
    return f"{os.cpu_count()} cores ({busy}), {system}, {python}, {', '.join(packages)}"


def heading(text: str) -> None:
    """A title with a rule."""
    print(f"\n{text}\n{'─' * min(WIDTH, len(text))}", flush=True)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Rows in columns: the first and those without a head to the left, the others to the right."""
    lines = [list(head), *(list(row) for row in rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(head))]
    for line in lines:
        cells = []
        for at, (cell, width) in enumerate(zip(line, widths, strict=True)):
            cells.append(cell.ljust(width) if at == 0 or not head[at] else cell.rjust(width))
        print("  " + "  ".join(cells).rstrip())
    sys.stdout.flush()


def note(text: str) -> None:
    """A line below a table."""
    print(f"  {text}", flush=True)


def seconds(value: float) -> str:
    """Seconds, or milliseconds below one."""
    return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.0f} ms"


def megabytes(value: float) -> str:
    """Bytes in units of a million."""
    return f"{value / 1e6:,.1f} MB"


def times(value: float, base: float) -> str:
    """A ratio."""
    return f"{value / base:.2f}×" if base else "–"


def peak_memory(process: int | None = None) -> int:
    """The most memory that a process (this one if none is named) held so far, in bytes.

    Linux alone says so for its programs; elsewhere only this process can be asked, and 0 stands for the rest.
    """
    try:
        status = Path(f"/proc/{process or 'self'}/status").read_text()
    except OSError:
        return 0 if process else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    return 1024 * int(next(found, "0"))


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0 to 1) of all values do not exceed: the nearest rank."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def verdict(met: bool) -> str:
    """Whether a target is met, in words."""
    return "met" if met else "MISSED"
