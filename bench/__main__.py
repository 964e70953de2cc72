"""`python -m bench [snapshot] [explorer] [findings] [engine]`: all parts without an argument."""

import sys
import time
from collections.abc import Callable

from bench import engine, explorer, findings, report, snapshot

PARTS: dict[str, Callable[[], None]] = {
    "snapshot": snapshot.main,
    "explorer": explorer.main,
    "findings": findings.main,
    "engine": lambda: _engine(),
}


def _engine() -> None:
    report.heading("Policy engine")
    engine.main([])


def main(names: list[str]) -> int:
    """Run parts; the exit code is 2 for a part that there is not."""
    if unknown := [name for name in names if name not in PARTS]:
        print(f"no part {', '.join(unknown)}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    print(report.machine())
    begun = time.perf_counter()
    for name in names or PARTS:
        PARTS[name]()
    print(f"\nmeasured in {report.seconds(time.perf_counter() - begun)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
