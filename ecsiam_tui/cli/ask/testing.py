"""`test`: policy tests as regression tests of one's own policies."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from ecsiam_tui.cli.ask.checks import wrong_call
from ecsiam_tui.cli.ask.common import text_of, write_json
from ecsiam_tui.cli.ask.layout import write_lines
from ecsiam_tui.cli.ask.simulate import Jobs
from ecsiam_tui.cli.errors import CommandError
from ecsiam_tui.cli.options import Json
from ecsiam_tui.policy.telling import OUTCOME_WORDS


def run_tests(
    files: Annotated[list[Path], typer.Argument(help="JSON Lines of policy tests; - for standard input.")],
    jobs: Jobs = 1,
    as_json: Json = False,
) -> None:
    """Run policy tests (docs/policy-tests.md). Exits with 1 if one fails, with 2 if a line cannot be read."""
    from ecsiam_tui.policy.batch import BatchResult, run_batch

    try:
        lines = [(path, line) for path in files for line in text_of(path).splitlines() if line.strip()]
    except CommandError as error:
        raise wrong_call(str(error)) from error
    if not lines:
        raise wrong_call(f"{files[0]}: no test in it; a test is a JSON object on a line of its own")
    cores = os.cpu_count() or 1 if jobs == 0 else jobs
    answers = run_batch((line for _, line in lines), cores)
    results = [msgspec.json.decode(answer, type=BatchResult) for answer in answers]
    failed = sum(result.ok is False for result in results)
    broken = sum(result.result == "ERROR" for result in results)
    open_ones = sum(result.ok is None and result.result != "ERROR" for result in results)
    if as_json:
        write_json(results)
    else:
        report = [
            text
            for (path, line), result in zip(lines, results, strict=True)
            if result.ok is False or result.result == "ERROR"
            for text in _failure(path, line, result.id, result.error)
        ]
        passed = len(results) - failed - broken - open_ones
        summary = f"{passed} passed, {failed} failed"
        summary += f", {broken} could not be read" if broken else ""
        summary += f", {open_ones} expect nothing" if open_ones else ""
        write_lines([*report, summary])
    if broken:
        raise typer.Exit(2)
    if failed:
        raise typer.Exit(1)


def _failure(path: Path, line: str, identifier: str | int | None, error: str) -> Iterator[str]:
    """What a failed test says: what was expected, what came, and why."""
    from ecsiam_tui.policy.batch import BatchCase, decide

    if error:
        yield f"ERROR {path} {identifier or ''}: {error}"
        return
    case = msgspec.json.decode(line, type=BatchCase)
    decision = decide(case)
    expected = case.expected or case.expected_effect or ""
    request = decision.request
    yield f"FAILED {identifier or ''} {case.name}".rstrip()
    yield f"  {request.action} on {request.resource} by {request.principal}"
    got = f"{decision.outcome} ({OUTCOME_WORDS[decision.outcome]})"
    yield f"  expected {expected}, got {got}: {decision.explain().sentence}"
