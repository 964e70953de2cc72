"""Requirements and findings of a whole account: how long they take, how that grows, and what they hold.

Each size runs in a process of its own, so that memory is that of one account.
"""

import gc
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import report
from bench.estate import make_json

SIZES = (500, 5_000)
MOST_SECONDS = 10.0
"""Target for requirements and findings of 5,000 services on two cores."""
SLOWEST = 6
"""Rules named with their time."""


def measure(path: Path) -> dict[str, object]:
    """Seconds of each step, counts, and the peak of memory, of one snapshot file in this process."""
    from ecsiam_tui.account import files
    from ecsiam_tui.account.collector import collector_paused
    from ecsiam_tui.ecs.errors import explain_account
    from ecsiam_tui.ecs.surplus import role_access
    from ecsiam_tui.findings.registry import table
    from ecsiam_tui.workspace import Workspace

    begun = time.perf_counter()
    snapshot = files.load(path)
    read = time.perf_counter()
    workspace = Workspace(snapshot)
    workspace.estate  # noqa: B018
    gc.freeze()
    made = time.perf_counter()
    before = report.peak_memory()
    requirements = workspace.requirements
    needs = time.perf_counter()
    rules: list[tuple[float, str]] = []
    found = 0
    with collector_paused():  # as the workspace does
        for rule, check in table().values():
            start = time.perf_counter()
            found += sum(1 for _ in check(workspace.facts))
            rules.append((time.perf_counter() - start, rule.id))
    judged = time.perf_counter()
    role = max(snapshot.roles, key=lambda one: len(one.attached_managed_policies)).arn
    role_access(workspace.account, role, workspace.needs.of_role(role))
    start = time.perf_counter()
    role_access(workspace.account, role, workspace.needs.of_role(role))
    surplus = time.perf_counter() - start
    start = time.perf_counter()
    explain_account(snapshot, workspace.account)
    explained = time.perf_counter() - start
    return {
        "surplus": surplus,
        "explained": explained,
        "read": read - begun,
        "graph": made - read,
        "requirements": needs - made,
        "findings": judged - needs,
        "asked": len(requirements),
        "questions": len(workspace.needs.judge.answers),
        "found": found,
        "rules": len(rules),
        "slowest": sorted(rules, reverse=True)[:SLOWEST],
        "before": before,
        "memory": report.peak_memory(),
    }


def main() -> None:
    """Measure and print."""
    report.heading("Requirements and findings, a fresh process each")
    rows, results = [], {}
    with tempfile.TemporaryDirectory(prefix="ecsiam-bench-") as folder:
        for size in SIZES:
            path = Path(folder) / f"{size}.json"
            path.write_bytes(make_json(size))
            command = [sys.executable, "-m", "bench.findings", str(path)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            results[size] = json.loads(done.stdout)
    for size, one in results.items():
        both = one["requirements"] + one["findings"]
        rows.append(
            [
                f"{size:,} services",
                f"{one['asked']:,}",
                f"{one['questions']:,}",
                report.seconds(one["requirements"]),
                f"{one['found']:,}",
                report.seconds(one["findings"]),
                report.seconds(both),
                report.times(both, one["graph"]),
                report.megabytes(one["memory"]),
            ]
        )
    head = [
        "",
        "requirements",
        "questions",
        "time",
        "findings",
        "time",
        "both",
        "of the graph",
        "peak memory",
    ]
    report.table(head, rows)
    small, large = (results[size] for size in SIZES)
    growth = (large["requirements"] + large["findings"]) / (small["requirements"] + small["findings"])
    both = large["requirements"] + large["findings"]
    report.note(f"growth for {SIZES[1] // SIZES[0]} times the services: {growth:.1f}×")
    report.note(
        f"memory that they add at {SIZES[1]:,}: {report.megabytes(large['memory'] - large['before'])}"
    )
    surplus, explained = (report.seconds(large[name]) for name in ("surplus", "explained"))
    report.note(f"the surplus of one role: {surplus}; all events and stopped tasks explained: {explained}")
    slow = ", ".join(f"{name} {report.seconds(took)}" for took, name in large["slowest"])
    report.note(f"slowest of {large['rules']} rules: {slow}")
    report.note(
        f"target: both at {SIZES[1]:,} in under {MOST_SECONDS:.0f} s: {report.verdict(both < MOST_SECONDS)}"
    )


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]))))
