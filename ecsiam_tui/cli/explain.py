"""`explain`: what an error text means, and whether IAM has a part in it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ecsiam_tui.account.text import visible
from ecsiam_tui.cli.ask.common import account_of, write_json
from ecsiam_tui.cli.ask.layout import Line, write_lines
from ecsiam_tui.cli.errors import CommandError
from ecsiam_tui.cli.options import (
    Demo,
    EndpointUrl,
    Json,
    Profile,
    Region,
    RoleArn,
    SnapshotFile,
    Where,
)

if TYPE_CHECKING:
    from ecsiam_tui.ecs.errors import Decode, Explained

MOST_BYTES = 4_000_000
"""What is read of a text. A log is longer at times; what stands behind this is not looked at."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("explain")(explain)


def explain(
    file: Annotated[Path, typer.Argument(help="File with the text; - for standard input.")] = Path("-"),
    live: Annotated[
        bool, typer.Option("--live", help="Read the live account too, with the ambient credentials.")
    ] = False,
    profile: Profile = None,
    region: Region = None,
    role_arn: RoleArn = None,
    endpoint_url: EndpointUrl = None,
    snapshot: SnapshotFile = None,
    demo: Demo = False,
    as_json: Json = False,
) -> None:
    """Explain error texts: stopped reasons, service events, AccessDenied lines of applications.

    Says which role, action and resource, which layer denied it, whether it is IAM at all, and the smallest
    fix. With an account (--snapshot, --demo, --live, --profile, …) also what its policies say of it today.
    """
    from ecsiam_tui.ecs.errors import explain as explained

    where = Where.of(profile, region, role_arn, endpoint_url, snapshot, demo)
    if live and (snapshot or demo):
        raise CommandError(
            f"--live is for reading AWS and cannot go with {'--demo' if demo else '--snapshot'}"
        )
    text = _read(file)
    if not text.strip():
        raise CommandError(f"{_called(file)}: there is no text in it")
    is_live = live or where._replace(snapshot=None, demo=False) != Where()
    account = account_of(where) if is_live or snapshot or demo else None
    found = explained(text, account, _decode(where) if is_live else None)
    if as_json:
        write_json([one.data() for one in found])
        return
    write_lines(_lines(found))


def _called(file: Path) -> str:
    return "standard input" if str(file) == "-" else str(file)


def _read(file: Path) -> str:
    """The text, whatever its encoding: what cannot be read of it does not matter. Raises CommandError."""
    try:
        if str(file) == "-":
            if sys.stdin.isatty():
                print("paste the text, then Ctrl-D", file=sys.stderr)
            data = sys.stdin.buffer.read(MOST_BYTES)
        else:
            with file.open("rb") as stream:
                data = stream.read(MOST_BYTES)
    except OSError as error:
        raise CommandError(f"{_called(file)}: cannot be read: {error.strerror}") from error
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):  # what PowerShell writes
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "replace")


def _decode(where: Where) -> Decode:
    from ecsiam_tui.aws.authorization_message import decoder
    from ecsiam_tui.aws.session import Target, make_session

    session = make_session(Target(where.profile, where.region, where.role_arn, where.endpoint_url))
    return decoder(session, lambda text: print(f"ecsiam-tui: {visible(text)}", file=sys.stderr))


_WORDS = {
    "permission": "a permission is missing",
    "trust": "a role cannot be assumed",
    "network": "the network, not IAM",
    "missing-resource": "something does not exist; not IAM",
    "configuration": "configuration, not permissions",
    "throttling": "a limit, not IAM",
    "unknown": "not recognised",
}


def _lines(found: tuple[Explained, ...]) -> Iterator[Line]:
    for number, one in enumerate(found):
        if number:
            yield ""
        yield f"{one.category}  {_WORDS[one.category]}"
        yield f"  {one.summary}", 2
        for label, value in (
            ("role" if one.role else "who", one.role or one.principal),
            ("action", one.action),
            ("resource", one.resource),
            ("layer", one.layer),
        ):
            if value:
                yield f"  {label:<9} {value}", 12
        if one.now:
            yield f"  {'now':<9} {one.now}", 12
        for place, fix in enumerate(one.fixes, 1):
            yield f"  {'fix' if place == 1 else '':<9} {place}. {fix}", 15
        if one.source:
            yield f"  {'source':<9} {one.source}", 12
