"""`plan` and `history`: look at a plan, check it, apply it, take it back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ecsiam_tui.account.text import visible
from ecsiam_tui.cli.ask.common import write_json
from ecsiam_tui.cli.errors import CommandError
from ecsiam_tui.cli.options import (
    Account,
    AllowWrites,
    Demo,
    EndpointUrl,
    Json,
    Profile,
    Region,
    RoleArn,
    SnapshotFile,
    Where,
    Yes,
)
from ecsiam_tui.cli.output import write
from ecsiam_tui.cli.plan_export import export
from ecsiam_tui.cli.plan_running import (
    all_journals,
    applier,
    check_account,
    confirm,
    find_journal,
    interrupted_one,
    may_write,
    or_say,
    preview,
    print_plan,
    read_plan,
    run,
)

File = Annotated[Path, typer.Argument(help="A plan file.", dir_okay=False)]
JournalId = Annotated[
    str, typer.Argument(help="A journal, as `history` names it; the one interrupted apply if left out.")
]
Wait = Annotated[
    int, typer.Option("--wait", help="Seconds to watch deployments for; 0 does not watch.", min=0)
]
app = typer.Typer(help="Look at a plan of changes, check it, apply it, take it back.", no_args_is_help=True)


def register(parent: typer.Typer) -> None:
    """Add the commands."""
    app.command("show")(show)
    app.command("check")(check)
    app.command("apply")(apply)
    app.command("resume")(resume)
    app.command("roll-back")(roll_back)
    app.command("leave")(leave)
    app.command("undo")(undo)
    app.command("export")(export)
    parent.add_typer(app, name="plan")
    parent.command("history")(history)


def show(
    file: File,
    profile: Profile = None,
    region: Region = None,
    role_arn: RoleArn = None,
    endpoint_url: EndpointUrl = None,
    snapshot: SnapshotFile = None,
    demo: Demo = False,
    as_json: Json = False,
) -> None:
    """Show a plan: changes, differences, calls, risk, and with an account or a snapshot of it also the
    permissions that applying needs."""
    from ecsiam_tui.changes.ready import look, look_alone

    plan = read_plan(file)
    where = Where.of(profile, region, role_arn, endpoint_url, snapshot, demo)
    alone = where == Where()
    ready = or_say(lambda: look_alone(plan)) if alone else look(plan, where.load().snapshot)
    print_plan(plan, ready, file.name, as_json=as_json)


def check(
    file: File,
    profile: Profile = None,
    region: Region = None,
    role_arn: RoleArn = None,
    endpoint_url: EndpointUrl = None,
    snapshot: SnapshotFile = None,
    demo: Demo = False,
    as_json: Json = False,
) -> None:
    """Whether a plan can be applied: is the account as it was, is it within AWS's limits, may you do it?
    Exits with 0 where it can, 1 where it cannot, 2 where the plan or the account cannot be read."""
    from ecsiam_tui.account.source import SourceError
    from ecsiam_tui.changes.ready import look
    from ecsiam_tui.cli.plan_output import drift_lines, permission_lines, problem_lines, ready_data

    try:
        plan = read_plan(file)
        account = Where.of(profile, region, role_arn, endpoint_url, snapshot, demo).load().snapshot
        check_account(plan, account.account_id)
    except (SourceError, CommandError) as error:
        print(visible(f"ecsiam-tui: {error}"), file=sys.stderr)
        raise typer.Exit(2) from error
    ready = look(plan, account)
    if as_json:
        write_json(ready_data(ready))
    else:
        lines = list(problem_lines(ready))
        if ready.drift:
            lines.append("✗ not as it was when the plan was made:")
            lines += [f"  {line}" for line in drift_lines(ready.drift)]
        lines += permission_lines(ready)
        lines.append("it can be applied" if ready.fits else "it cannot be applied")
        write("\n".join(visible(line) for line in lines))
    raise typer.Exit(0 if ready.fits else 1)


def apply(
    file: File,
    allow_writes: AllowWrites = False,
    yes: Yes = False,
    account: Account = None,
    wait: Wait = 600,
    profile: Profile = None,
    region: Region = None,
    role_arn: RoleArn = None,
    endpoint_url: EndpointUrl = None,
    demo: Demo = False,
) -> None:
    """Apply a plan. Exits with 0 where all is as wanted and every deployment runs, 1 where not, 3 where a
    deployment was not proven in time."""
    plan = read_plan(file)
    may_write(plan.account, allow_writes, yes, account)
    where = Where.of(profile, region, role_arn, endpoint_url, None, demo)
    applying, found = applier(where, plan.account, wait)
    preview(plan, found, file.name)
    confirm(plan.account, found, yes)
    run(lambda: applying.start(plan))


def resume(
    journal: JournalId = "",
    allow_writes: AllowWrites = False,
    yes: Yes = False,
    account: Account = None,
    wait: Wait = 600,
    profile: Profile = None,
    region: Region = None,
    role_arn: RoleArn = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Go on with an interrupted apply: make the calls that were not made."""
    where = Where.of(profile, region, role_arn, endpoint_url)
    record, applying = interrupted_one(where, journal, allow_writes, yes, account, wait)
    run(lambda: applying.resume(record))


def roll_back(
    journal: JournalId = "",
    allow_writes: AllowWrites = False,
    yes: Yes = False,
    account: Account = None,
    wait: Wait = 600,
    profile: Profile = None,
    region: Region = None,
    role_arn: RoleArn = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Take back what an interrupted apply did."""
    where = Where.of(profile, region, role_arn, endpoint_url)
    record, applying = interrupted_one(where, journal, allow_writes, yes, account, wait)
    run(lambda: applying.roll_back(record))


def leave(journal: JournalId = "", endpoint_url: EndpointUrl = None) -> None:
    """Leave an interrupted apply as it is. Nothing is changed in AWS; `undo` still takes it back."""
    journals, record = find_journal(Where(endpoint_url=endpoint_url), journal)
    or_say(lambda: journals.leave(record))
    write(f"{record} is left as it is")


def undo(
    what: Annotated[
        str, typer.Argument(metavar="FILE|JOURNAL", help="An applied plan's file, or a journal.")
    ],
    allow_writes: AllowWrites = False,
    yes: Yes = False,
    account: Account = None,
    wait: Wait = 600,
    out: Annotated[
        Path | None, typer.Option("--plan", help="Write the undo as a plan file instead.", dir_okay=False)
    ] = None,
    profile: Profile = None,
    region: Region = None,
    role_arn: RoleArn = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Take an apply back: shows what that changes, and with --allow-writes does it."""
    from ecsiam_tui.changes.plan import to_json

    where = Where.of(profile, region, role_arn, endpoint_url)
    journals, record = find_journal(where, what, interrupted=False)
    of = journals.read(record).header.account
    if allow_writes:
        may_write(of, allow_writes, yes, account)
    applying, found = applier(where, of, wait)
    plan = or_say(lambda: applying.plan_undo(record, found))
    if out is not None:
        try:
            out.write_bytes(to_json(plan))
        except OSError as error:
            raise CommandError(f"{out}: cannot be written: {error.strerror}") from error
        write(f"{out}: {len(plan)} changes; ecsiam-tui plan apply {out}")
        return
    preview(plan, found, what)
    if not allow_writes:
        write("\nnothing is changed without --allow-writes")
        return
    confirm(of, found, yes)
    run(lambda: applying.start(plan, "undo", record))


def history(
    journal: Annotated[str, typer.Argument(help="One journal, in full.")] = "",
    account: Account = None,
    endpoint_url: EndpointUrl = None,
    as_json: Json = False,
) -> None:
    """What was applied from this machine, the newest first. Asks AWS nothing."""
    from ecsiam_tui.changes.words import tell
    from ecsiam_tui.cli.plan_output import history_line, record_data

    records = [
        record
        for journals in all_journals(endpoint_url)
        if account in (None, journals.folder.name)
        for record in journals.all()
        if record.id.startswith(journal)
    ]
    records.sort(key=lambda record: record.header.started, reverse=True)
    if journal and not records:
        raise CommandError(f'no journal begins with "{journal}"; ecsiam-tui history lists them')
    if as_json:
        write_json([record_data(record) for record in records])
        return
    lines = [history_line(record) for record in records] or ["nothing was applied from here yet"]
    if journal and len(records) == 1:
        lines += [f"  {tell(change).line}" for change in records[0].header.plan.changes]
        for line in records[0].lines:
            call = f" {records[0].header.steps[line.step].call.action}" if line.step is not None else ""
            said = f"  {line.end or line.answer or line.message}".rstrip()
            lines.append(f"  {line.at:%H:%M:%S} {line.what}{call}{said}")
        lines.append(f"  {records[0].path}")
    write("\n".join(visible(line) for line in lines))
