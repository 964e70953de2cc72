"""`plan export`: a plan in a form for people who apply changes elsewhere. Changes nothing."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ecsiam_tui.account.text import visible
from ecsiam_tui.cli.ask.checks import wrong_call
from ecsiam_tui.cli.errors import CommandError
from ecsiam_tui.cli.options import Demo, EndpointUrl, Profile, Region, RoleArn, SnapshotFile, Where
from ecsiam_tui.cli.output import write
from ecsiam_tui.cli.plan_running import check_account, or_say, read_plan


class ExportFormat(StrEnum):
    """What `plan export` writes: `changes.rendering.FORMS`."""

    CLI = "cli"
    TERRAFORM = "terraform"
    CLOUDFORMATION = "cloudformation"
    BOTO3 = "boto3"
    JSON = "json"


def export(
    file: Annotated[Path, typer.Argument(help="A plan file.", dir_okay=False)],
    form: Annotated[
        ExportFormat,
        typer.Option("--format", help="cloudformation and json are several files: --out names their folder."),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", help="A new file, or for several files a new folder; else standard output."),
    ] = None,
    profile: Profile = None,
    region: Region = None,
    role_arn: RoleArn = None,
    endpoint_url: EndpointUrl = None,
    snapshot: SnapshotFile = None,
    demo: Demo = False,
) -> None:
    """Write a plan as a script for the AWS CLI, as Terraform, CloudFormation, boto3 code, or as the documents
    before and after. Changes nothing; the files can be read by you alone."""
    from ecsiam_tui.changes.rendering import render
    from ecsiam_tui.changes.targets import drift, states

    plan = read_plan(file)
    where = Where.of(profile, region, role_arn, endpoint_url, snapshot, demo)
    if out is not None and out.exists():
        raise CommandError(f"{out} exists, and an export replaces nothing; choose another name")
    found = where.load().snapshot
    check_account(plan, found.account_id)
    if drift(plan.before, states(plan.before, found)):
        _say(f"{file}: somebody changed its targets since it was made; plan check tells what")
    rendered = or_say(lambda: render(plan, found, form.value))
    if isinstance(rendered, dict) and out is None:
        raise wrong_call(f"{form.value} is {len(rendered)} files: give --out with a new folder for them")
    if out is None:
        write(str(rendered).rstrip("\n"))
        return
    count = _written(out, rendered)
    _say(f"{out}: {count}")


def _written(out: Path, rendered: str | dict[str, str]) -> str:
    """Write new private files; how many, in words. Raises CommandError."""
    from ecsiam_tui.tui.exporting import write_private

    try:
        if isinstance(rendered, str):
            write_private(out, rendered)
            return "written"
        out.mkdir(mode=0o700)
        for name, text in rendered.items():
            write_private(out / name, text)
    except OSError as error:
        raise CommandError(f"{out}: cannot be written: {error.strerror}") from error
    return f"{len(rendered)} files"


def _say(text: str) -> None:
    print(visible(text), file=sys.stderr)
