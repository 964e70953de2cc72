"""`fix` and `what-if`: what could be done about findings, what a plan would do. Neither changes anything."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ecsiam_tui.cli.ask.checks import wrong_call
from ecsiam_tui.cli.ask.common import write_json
from ecsiam_tui.cli.ask.layout import Line, write_lines
from ecsiam_tui.cli.audit import Level, settings_of
from ecsiam_tui.cli.errors import CommandError
from ecsiam_tui.cli.options import (
    Demo,
    EndpointUrl,
    Json,
    LastAccessed,
    Profile,
    Region,
    RoleArn,
    SnapshotFile,
    Where,
)

if TYPE_CHECKING:
    from ecsiam_tui.changes.plan import Plan
    from ecsiam_tui.findings.finding import Finding
    from ecsiam_tui.fixes.fix import Fix
    from ecsiam_tui.fixes.many import Mended
    from ecsiam_tui.workspace import Workspace


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("fix")(fix)
    app.command("what-if")(what_if)


def fix(
    finding: Annotated[
        list[str] | None, typer.Argument(help="A rule and the name or id of a thing: ECS-IAM-001 crawler:8.")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Every finding at least as bad as --severity.")
    ] = False,
    severity: Annotated[Level, typer.Option("--severity", help="With --all: how bad at least.")] = Level.HIGH,
    losing: Annotated[
        bool,
        typer.Option("--losing", help="With --all: also fixes that take away what ECS does not ask for."),
    ] = False,
    choose: Annotated[
        int, typer.Option("--choose", help="Which of the fixes, from 1: the narrowest is first.")
    ] = 1,
    plan: Annotated[
        Path | None, typer.Option("--plan", help="Write the changes as a plan file.", dir_okay=False)
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", help="Settings and suppressions; ./.ecsiam.toml if there.", dir_okay=False),
    ] = None,
    profile: Profile = None,
    region: Region = None,
    role_arn: RoleArn = None,
    endpoint_url: EndpointUrl = None,
    last_accessed: LastAccessed = True,
    snapshot: SnapshotFile = None,
    demo: Demo = False,
    as_json: Json = False,
) -> None:
    """What could be done about a finding, or about all of them; --plan writes it down. Changes nothing.

    Exits with 1 where there is no fix.
    """
    from ecsiam_tui.workspace import Workspace

    if bool(finding) == every:
        raise wrong_call("name a finding (a rule and a thing, as audit prints them), or give --all")
    options = (profile, region, role_arn, endpoint_url, snapshot, demo)
    where = Where.of(*options, last_accessed=last_accessed)
    workspace = Workspace(where.load().snapshot, settings=settings_of(config))
    if every:
        _fix_all(workspace, severity, plan, losing=losing, as_json=as_json)
    else:
        _fix_one(workspace, finding or [], choose, plan, as_json=as_json)


def _fix_one(workspace: Workspace, words: list[str], choose: int, out: Path | None, *, as_json: bool) -> None:
    from ecsiam_tui.fixes.many import plan_of
    from ecsiam_tui.fixes.proof import fixes_for

    found = _find(workspace, words)
    fixes = fixes_for(found, workspace.facts)
    if as_json:
        write_json({"finding": found.key, "fixes": [_fix_data(one) for one in fixes]})
    else:
        write_lines(_fix_lines(found, fixes, workspace))
    if not any(one.changes for one in fixes):
        raise typer.Exit(1)
    if out is None:
        return
    if not 1 <= choose <= len(fixes) or not fixes[choose - 1].changes:
        raise wrong_call(f"--choose {choose}: there is no such fix with changes; there are {len(fixes)}")
    chosen = fixes[choose - 1]
    _write(out, plan_of(chosen.changes, workspace.facts, f"{found.rule}: {chosen.title}"))


def _find(workspace: Workspace, words: list[str]) -> Finding:
    """The finding that is meant. Raises CommandError where there is none, or several."""
    rule, *rest = " ".join(words).split(" ", 1)
    name = rest[0] if rest else ""
    found = [
        one
        for one in workspace.findings
        if one.rule == rule and (not name or name in (one.node, workspace.facts.title(one.node)))
    ]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(workspace.facts.title(one.node) for one in found)
        raise CommandError(f"{rule} is found at several things, name one: {names}")
    raise CommandError(f"nothing of {' '.join(words)} was found; ecsiam-tui audit lists what was")


def _fix_all(workspace: Workspace, severity: Level, out: Path | None, *, losing: bool, as_json: bool) -> None:
    from ecsiam_tui.findings.finding import parse_severity
    from ecsiam_tui.fixes.many import mend, plan_of

    bar = parse_severity(severity.value) if severity is not Level.NEVER else None
    wanted = [one for one in workspace.findings if bar is not None and one.severity >= bar]
    mended: list[Mended] = []
    changes: tuple[Any, ...] = ()
    for one, so_far in mend(wanted, workspace.facts, losing=losing):
        mended.append(one)
        changes = so_far
    if as_json:
        write_json(
            [
                {
                    "finding": one.finding.key,
                    "fix": _fix_data(one.fix) if one.fix else None,
                    "why_not": one.why_not,
                }
                for one in mended
            ]
        )
    else:
        write_lines(_mended_lines(mended, len(changes), workspace))
    if out is not None and changes:
        _write(out, plan_of(changes, workspace.facts, f"every finding of {severity.value} or worse"))
    if wanted and not changes:
        raise typer.Exit(1)


def _write(path: Path, plan: Plan) -> None:
    """Write a plan file that its owner alone can read. Raises CommandError."""
    from ecsiam_tui.changes.plan import to_json

    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(to_json(plan))
    except OSError as error:
        raise CommandError(f"{path}: cannot be written: {error.strerror}") from error
    print_plan(path, plan)


def print_plan(path: Path, plan: Plan) -> None:
    """Say on standard error what was written."""
    import sys

    from ecsiam_tui.account.text import visible

    count = len(plan.changes)
    print(visible(f"{path}: {count} change{'' if count == 1 else 's'}"), file=sys.stderr)


def _fix_data(one: Fix) -> dict[str, Any]:
    import msgspec

    data: dict[str, Any] = msgspec.to_builtins(one)
    return data


def _fix_lines(found: Finding, fixes: tuple[Fix, ...], workspace: Workspace) -> Iterator[Line]:
    from ecsiam_tui.changes.words import tell

    title = workspace.facts.title(found.node)
    yield f"{found.severity.glyph} {found.severity.word}  {found.rule}  {title}: {found.title}"
    yield f"  {found.summary}", 2
    if not fixes:
        yield "no fix by API is known that does no harm"
        known = workspace.rule(found.rule)
        yield (f"by hand: {known.fix}", 2) if known else ""
    for number, one in enumerate(fixes, 1):
        yield ""
        yield f"{number}  {one.title}  [{one.name}]", 3
        for change in one.changes:
            yield f"   {tell(change).line}", 5
        for text in one.notes:
            yield f"   {text}", 5
        for text in one.costs:
            yield f"   costs: {text}", 5
        for text in one.warnings:
            yield f"   ▲ {text}", 5
        for question in one.questions:
            yield f"   asked: {question.text} (taken: {', '.join(question.default) or 'none'})", 5


def _mended_lines(mended: list[Mended], changes: int, workspace: Workspace) -> Iterator[Line]:
    for one in mended:
        found = one.finding
        head = f"{found.severity.glyph} {found.rule}  {workspace.facts.title(found.node)}"
        if one.fix is not None:
            yield f"{head}  {one.fix.title}", 4
            for text in (*one.fix.costs, *one.fix.warnings):
                yield f"    {text}", 4
        else:
            yield f"{head}  –  {one.why_not}", 4
    fixed = sum(one.fix is not None for one in mended)
    yield ""
    yield f"{fixed} of {len(mended)} findings have a fix: {changes} changes"


def what_if(
    plan: Annotated[Path, typer.Option("--plan", help="The plan file.", dir_okay=False)],
    full: Annotated[
        bool, typer.Option("--full", help="Every action and every value instead of a summary.")
    ] = False,
    config: Annotated[
        Path | None,
        typer.Option("--config", help="Settings and suppressions; ./.ecsiam.toml if there.", dir_okay=False),
    ] = None,
    profile: Profile = None,
    region: Region = None,
    role_arn: RoleArn = None,
    endpoint_url: EndpointUrl = None,
    last_accessed: LastAccessed = True,
    snapshot: SnapshotFile = None,
    demo: Demo = False,
    as_json: Json = False,
) -> None:
    """What a plan would do: to what is there, to what roles may do, to what ECS asks for, to findings.

    Exits with 1 where it would break a requirement that is met, or make a finding that is at least high.
    """
    from ecsiam_tui.changes.looking import ChangeError
    from ecsiam_tui.changes.plan import PlanError, after, from_json
    from ecsiam_tui.cli.diff import as_data, compare
    from ecsiam_tui.cli.diff_output import report, write_report
    from ecsiam_tui.findings.finding import Severity
    from ecsiam_tui.workspace import Workspace

    settings = settings_of(config)
    try:
        wanted = from_json(plan.read_bytes(), str(plan))
    except (OSError, PlanError) as error:
        reason = error.strerror if isinstance(error, OSError) else ""
        raise CommandError(f"{plan}: cannot be read: {reason}" if reason else str(error)) from error
    options = (profile, region, role_arn, endpoint_url, snapshot, demo)
    where = Where.of(*options, last_accessed=last_accessed)
    now = where.load().snapshot
    if now.account_id != wanted.account:
        raise CommandError(f"{plan} is for account {wanted.account}; this is {now.account_id}")
    try:
        sides = Workspace(now, settings=settings), Workspace(after(wanted, now), settings=settings)
    except ChangeError as error:
        raise CommandError(f"{plan}: does not fit the account any more: {error}") from error
    found = compare(*sides)
    names = ("as it is", f"after {plan}")
    if as_json:
        write_json(as_data(found, *sides, names=names, full=full))
    else:
        write_report(report(found, *sides, names=names, full=full))
    broken = any(one.before == "met" and one.after == "missing" for one in found.requirements)
    # What was wrong with a revision is wrong with the next one too: no news.
    moved = {one.lasting_key for one in found.findings.resolved}
    new = [one for one in found.findings.new if one.lasting_key not in moved]
    if broken or any(one.severity >= Severity.HIGH for one in new):
        raise typer.Exit(1)
