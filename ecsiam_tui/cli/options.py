"""Options that several commands share, and the source that they choose."""

from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from ecsiam_tui.account.source import Loaded, Source
from ecsiam_tui.cli.errors import CommandError
from ecsiam_tui.cli.progress import TerminalWatcher

Profile = Annotated[str | None, typer.Option("--profile", help="AWS profile to read with.")]
Region = Annotated[
    list[str] | None, typer.Option("--region", help="Region to read; may be given several times.")
]
RoleArn = Annotated[str | None, typer.Option("--role-arn", help="Role to assume before reading.")]
EndpointUrl = Annotated[
    str | None, typer.Option("--endpoint-url", help="Another endpoint than AWS's own, such as a moto server.")
]
SnapshotFile = Annotated[
    Path | None, typer.Option("--snapshot", help="Read this snapshot file instead of AWS.", dir_okay=False)
]
Demo = Annotated[bool, typer.Option("--demo", help="Read the demo account instead of AWS.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ReadOnly = Annotated[
    bool, typer.Option("--read-only", help="Refuse every change. It is the default; this says so aloud.")
]
AllowWrites = Annotated[
    bool, typer.Option("--allow-writes", help="Allow changes. Without it nothing is ever changed.")
]
Yes = Annotated[
    bool, typer.Option("--yes", help="Ask nothing; only together with --account of the plan's account.")
]
Account = Annotated[str | None, typer.Option("--account", help="Id of the account that is meant.")]
LastAccessed = Annotated[
    bool,
    typer.Option(
        "--last-accessed/--no-last-accessed",
        help="Ask AWS which services the roles of ECS used last: two calls a role, for 200 roles at most.",
    ),
]
Light = Annotated[bool, typer.Option("--light", help="Light colours.")]


class Where(NamedTuple):
    """Which source the options name. `last_accessed`: AWS is asked what roles used last, which only some
    commands have a use for."""

    profile: str | None = None
    region: tuple[str, ...] = ()
    role_arn: str | None = None
    endpoint_url: str | None = None
    snapshot: Path | None = None
    demo: bool = False
    last_accessed: bool = False

    @classmethod
    def of(
        cls,
        profile: str | None,
        region: list[str] | None,
        role_arn: str | None,
        endpoint_url: str | None,
        snapshot: Path | None = None,
        demo: bool = False,
        *,
        last_accessed: bool = False,
    ) -> "Where":
        """From the options as the command line gives them. Raises CommandError where they contradict."""
        where = cls(profile, tuple(region or ()), role_arn, endpoint_url, snapshot, demo, last_accessed)
        live = [
            f"--{name.replace('_', '-')}"
            for name in ("profile", "region", "role_arn", "endpoint_url")
            if getattr(where, name)
        ]
        if snapshot and demo:
            raise CommandError("--snapshot and --demo name two sources; give one")
        if live and (snapshot or demo):
            other = "--snapshot" if snapshot else "--demo"
            raise CommandError(f"{live[0]} is for reading AWS and cannot go with {other}")
        return where

    def source(self) -> Source:
        """The source. Only here are the edges of the program imported."""
        if self.snapshot is not None:
            from ecsiam_tui.account.file_source import FileSource

            return FileSource(self.snapshot)
        if self.demo:
            from ecsiam_tui.demo.source import DemoSource

            return DemoSource()
        from ecsiam_tui.account.redact import Redactor
        from ecsiam_tui.account.redaction_key import load_redaction_key
        from ecsiam_tui.aws.live import LiveSource
        from ecsiam_tui.aws.session import Target

        target = Target(self.profile, self.region, self.role_arn, self.endpoint_url)
        return LiveSource(target, Redactor(load_redaction_key()), last_accessed=self.last_accessed)

    def load(self) -> Loaded:
        """Read the source to its end, with progress on standard error if that is a terminal."""
        with TerminalWatcher() as watcher:
            return self.source().load(watcher)
