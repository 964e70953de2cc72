"""Commands that open the explorer."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from ecsiam_tui import __version__
from ecsiam_tui.account.source import Source
from ecsiam_tui.cli.audit import settings_of
from ecsiam_tui.cli.errors import CommandError
from ecsiam_tui.cli.options import (
    AllowWrites,
    EndpointUrl,
    LastAccessed,
    Light,
    Profile,
    ReadOnly,
    Region,
    RoleArn,
    Where,
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.callback(invoke_without_command=True)(explore)
    app.command("demo")(demo)
    app.command("open")(open_file)


def run_explorer(source: Source, *, read_only: bool, light: bool) -> None:
    """Open the explorer on a source. Raises CommandError where there is no terminal."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise CommandError(
            "the explorer needs a terminal; without one use snapshot, show or graph (ecsiam-tui --help)"
        )
    from ecsiam_tui.tui.app import EcsIamApp
    from ecsiam_tui.tui.terminal import answer_escape_at_once

    settings = settings_of(None)
    answer_escape_at_once()
    EcsIamApp(source, read_only=read_only, light=light, settings=settings).run()


def is_read_only(read_only: bool, allow_writes: bool) -> bool:
    """Whether nothing may be changed, which is so unless somebody allows it. Raises CommandError."""
    if read_only and allow_writes:
        raise CommandError("--read-only and --allow-writes contradict each other; give one")
    return not allow_writes


def _version(wanted: bool) -> None:
    if wanted:
        print(f"ecsiam-tui {__version__}")
        raise typer.Exit


def explore(
    context: typer.Context,
    profile: Profile = None,
    region: Region = None,
    role_arn: RoleArn = None,
    endpoint_url: EndpointUrl = None,
    last_accessed: LastAccessed = True,
    read_only: ReadOnly = False,
    allow_writes: AllowWrites = False,
    light: Light = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Explore the permissions of Amazon ECS: who may do what, and why.

    Without a command, opens the explorer on the AWS account of the environment's credentials.
    """
    if context.invoked_subcommand is None:
        where = Where.of(profile, region, role_arn, endpoint_url, last_accessed=last_accessed)
        run_explorer(where.source(), read_only=is_read_only(read_only, allow_writes), light=light)
    elif profile or region or role_arn or endpoint_url or allow_writes or not last_accessed:
        raise CommandError(f"put the options behind the command: ecsiam-tui {context.invoked_subcommand} --…")


def demo(
    snapshot: Annotated[
        Path | None,
        typer.Option(
            "--snapshot", help="Write the demo account's snapshot to this file; no screen.", dir_okay=False
        ),
    ] = None,
    serve: Annotated[
        bool, typer.Option("--serve", help="Serve the demo account over HTTP, for --endpoint-url.")
    ] = False,
    port: Annotated[
        int, typer.Option("--port", help="Port to serve on; 0 takes a free one.", min=0, max=65535)
    ] = 5000,
    read_only: ReadOnly = False,
    allow_writes: AllowWrites = False,
    light: Light = False,
) -> None:
    """Explore a made-up account with realistic mistakes. Needs no AWS, no credentials and no network."""
    if serve and snapshot:
        raise CommandError("--serve and --snapshot are two things to do; give one")
    if serve:
        _serve(port)
    elif snapshot:
        from ecsiam_tui.cli.headless import write_snapshot

        write_snapshot(Where(demo=True), snapshot)
    else:
        run_explorer(Where(demo=True).source(), read_only=is_read_only(read_only, allow_writes), light=light)


def open_file(
    file: Annotated[Path, typer.Argument(help="A snapshot file.", dir_okay=False)],
    light: Light = False,
) -> None:
    """Explore a snapshot file."""
    from ecsiam_tui.account.file_source import FileSource
    from ecsiam_tui.account.files import SnapshotFileError, load

    try:
        read = load(file)  # a file that cannot be read is said on the terminal, not on a screen
    except SnapshotFileError as error:
        raise CommandError(str(error)) from error
    run_explorer(FileSource(file, read), read_only=True, light=light)


def _serve(port: int) -> None:
    import threading

    from ecsiam_tui.demo.server import DemoServer, DemoServerError

    try:
        with DemoServer(port=port) as server:
            print(f"the demo account answers at {server.url}; Ctrl-C ends it\n")
            print("in another terminal:\n")
            print("  export AWS_ACCESS_KEY_ID=demo AWS_SECRET_ACCESS_KEY=demo")
            print(f"  ecsiam-tui --region eu-west-1 --endpoint-url {server.url}", flush=True)
            threading.Event().wait()
    except DemoServerError as error:
        raise CommandError(str(error)) from error
