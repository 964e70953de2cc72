"""`who-can`: every principal that may do something, by itself or through roles that it assumes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from ecsiam_tui.account.arns import short_name
from ecsiam_tui.cli.ask.checks import check_question
from ecsiam_tui.cli.ask.common import Context, account_of, context_of, write_json
from ecsiam_tui.cli.ask.layout import Line, write_lines
from ecsiam_tui.cli.ask.printing import incomplete
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
from ecsiam_tui.policy.telling import OUTCOME_WORDS

if TYPE_CHECKING:
    from ecsiam_tui.policy.account import AccountPolicies
    from ecsiam_tui.policy.who_can import WhoCan


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
    check_question(account, [action], [resource])
    found = Population(account).who_can(action, resource, context_of(context), by_assuming=not direct)
    if as_json:
        write_json(found)
        return
    write_lines(_lines(found, action, resource, account))


def _lines(found: WhoCan, action: str, resource: str, account: AccountPolicies) -> Iterator[Line]:
    yield f"{action}   {'some resource (*)' if resource == '*' else resource}"
    if not found.reaches and not found.others:
        yield "  nobody that was read"
    width = max((len(short_name(reach.principal)) for reach in found.reaches), default=0)
    for outcome in ("Allowed", "Depends"):
        for reach in found.reaches:
            if reach.outcome != outcome:
                continue
            keys = f"on {' and '.join(reach.missing_context)}" if reach.missing_context else ""
            chain = " → ".join(short_name(role) for role in reach.via)
            through = f"through {chain}" if chain else ""
            parts = [part for part in (f"{short_name(reach.principal):<{width}}", through, keys) if part]
            yield f"  {OUTCOME_WORDS[outcome].upper()}  {'  '.join(parts)}", width + 13
    if found.others:
        yield "the resource's own policy also lets in:"
        yield from (f"  {'everyone (*)' if other == '*' else other}" for other in found.others)
    if found.reaches and account.unread_organization:
        yield from incomplete([account.unread_organization])
    unread = [name for name in ("roles", "users", "policies") if not account.snapshot.is_known(name)]
    if unread:
        yield f"INCOMPLETE: not all was read ({', '.join(unread)}); there may be more"
