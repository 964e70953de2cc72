"""`lint`: what is wrong or odd in policy files."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ecsiam_tui.account.text import visible
from ecsiam_tui.cli.ask.common import text_of, write_json
from ecsiam_tui.cli.options import EndpointUrl, Json, Profile, Region
from ecsiam_tui.cli.output import write


class Kind(StrEnum):
    """What a document is used as."""

    IDENTITY = "identity"
    INLINE = "inline"
    TRUST = "trust"
    RESOURCE = "resource"
    BOUNDARY = "boundary"
    SESSION = "session"
    SCP = "scp"
    RCP = "rcp"
    VPCE = "vpce"


def lint(
    files: Annotated[list[Path], typer.Argument(help="Policy files; - for standard input.")],
    kind: Annotated[Kind, typer.Option("--kind", help="What the policies are used as.")] = Kind.IDENTITY,
    check_with_aws: Annotated[
        bool, typer.Option("--check-with-aws", help="Ask Access Analyzer too (needs credentials).")
    ] = False,
    profile: Profile = None,
    region: Region = None,
    endpoint_url: EndpointUrl = None,
    as_json: Json = False,
) -> None:
    """Check policy files: grammar, unknown names, empty patterns, size. Exits with 1 on errors."""
    from ecsiam_tui.policy.document import parse_document
    from ecsiam_tui.policy.lint import lint as check

    found = [
        (path, finding) for path in files for finding in check(parse_document(text_of(path)), kind.value)
    ]
    if as_json:
        write_json([{"file": str(path), "finding": finding} for path, finding in found])
    else:
        lines = [
            visible(f"{path}:{item.line}:{item.column}: {item.level}: {item.message} [{item.code}]")
            for path, item in found
        ]
        write(
            "\n".join(lines) if lines else f"{len(files)} file{'s' if len(files) > 1 else ''}: nothing found"
        )
    if check_with_aws:
        from ecsiam_tui.aws.second_opinion import validation
        from ecsiam_tui.aws.session import Target, make_session

        session = make_session(Target(profile, tuple(region or ()), None, endpoint_url))
        for path in files:
            for said in validation(session, text_of(path), kind.value):
                print(visible(f"AWS: {path}: {said}"), file=sys.stderr)
    if any(finding.level == "error" for _, finding in found):
        raise typer.Exit(1)
