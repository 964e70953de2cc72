"""`who-can`: every principal that may do something, by itself or through roles that it assumes."""

from __future__ import annotations

from typing import Annotated

import typer

from ecsiam_tui.account.arns import short_name
from ecsiam_tui.account.text import visible
from ecsiam_tui.cli.ask.common import Context, account_of, context_of, write_json
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
from ecsiam_tui.cli.output import write


def who_can(
    action: Annotated[str, typer.Argument(help="Such as secretsmanager:GetSecretValue.")],
    resource: Annotated[str, typer.Argument(help="ARN; * asks who can on any resource.")] = "*",
    context: Context = None,
    direct: Annotated[
        bool, typer.Option("--direct", help="Leave out who gets there by assuming roles.")
    ] = False,
    profile: Profile = None,
    region: Region = None,
    role_arn: RoleArn = None,
    endpoint_url: EndpointUrl = None,
    snapshot: SnapshotFile = None,
    demo: Demo = False,
    as_json: Json = False,
) -> None:
    """Who may do something, and on what does it depend?"""
    from ecsiam_tui.policy.who_can import Population

    account = account_of(Where.of(profile, region, role_arn, endpoint_url, snapshot, demo))
    found = Population(account).who_can(action, resource, context_of(context), by_assuming=not direct)
    if as_json:
        write_json(found)
        return
    lines = [visible(f"{action} on {resource}")]
    if not found.reaches and not found.others:
        lines.append("  nobody that was read")
    width = max((len(visible(short_name(reach.principal))) for reach in found.reaches), default=0)
    for outcome, word in (("Allowed", "allowed"), ("Depends", "depends")):
        for reach in found.reaches:
            if reach.outcome != outcome:
                continue
            keys = f"  on {', '.join(reach.missing_context)}" if reach.missing_context else ""
            chain = " → ".join(short_name(role) for role in reach.via)
            through = f"  through {chain}" if chain else ""
            lines.append(visible(f"  {word}  {short_name(reach.principal):<{width}}{keys}{through}".rstrip()))
    if found.others:
        lines.append("the resource's own policy also lets in:")
        lines += [visible(f"  {other}") for other in found.others]
    unread = [name for name in ("roles", "users", "policies") if not account.snapshot.is_known(name)]
    if unread:
        lines.append(f"not all was read ({', '.join(unread)}): there may be more")
    write("\n".join(lines))
