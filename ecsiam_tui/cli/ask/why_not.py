"""`why-not`: what stands in the way, and the smallest change that lets exactly this through."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from ecsiam_tui.account.text import visible, visible_json
from ecsiam_tui.cli.ask.common import WORDS, Context, account_of, context_of, principal_of, write_json
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


def why_not(
    principal: Annotated[str, typer.Option("--principal", "-p", help="Role or user: its ARN or name.")],
    action: Annotated[str, typer.Option("--action", "-a", help="Such as s3:GetObject.")],
    resource: Annotated[str, typer.Option("--resource", "-r", help="ARN.")] = "*",
    context: Context = None,
    profile: Profile = None,
    region: Region = None,
    role_arn: RoleArn = None,
    endpoint_url: EndpointUrl = None,
    snapshot: SnapshotFile = None,
    demo: Demo = False,
    as_json: Json = False,
) -> None:
    """Why may a principal not do this, and what is the smallest change that lets exactly this through?"""
    from ecsiam_tui.cli.ask.printing import explained
    from ecsiam_tui.policy.why_not import why_not as solve

    account = account_of(Where.of(profile, region, role_arn, endpoint_url, snapshot, demo))
    arn = principal_of(account, principal)
    name = account.authorized_resource(action, resource)
    layers, request = (
        account.layers(arn, action, name),
        account.request(arn, action, name, context_of(context)),
    )
    answer = solve(layers, request)
    if as_json:
        write_json(answer)
        return
    decision = account.decide(arn, action, resource, context_of(context))
    lines = list(explained(decision))
    if answer.impossible:
        lines += ["", visible(f"no change of policies helps: {answer.impossible}")]
    elif not answer.steps:
        open_keys = ", ".join(decision.missing_context)
        asked = f"no policy needs to change if the request has the right {open_keys}; see above"
        lines += ["", visible(asked) if open_keys else "nothing needs to change"]
    else:
        lines += ["", "the smallest change:"]
    for number, step in enumerate(answer.steps, 1):
        lines.append(visible(f"{number}. {step.layer}: {step.text}"))
        for statement in step.statements:
            text = msgspec.json.format(msgspec.json.encode(statement), indent=2).decode()
            lines += [f"   {line}" for line in visible_json(text).splitlines()]
    if answer.steps:
        lines.append(f"after that: {WORDS.get(answer.outcome_after, answer.outcome_after)}")
    write("\n".join(lines))
