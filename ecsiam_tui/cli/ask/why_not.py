"""`why-not`: what stands in the way, and the smallest change that lets exactly this through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from ecsiam_tui.account.text import visible_json
from ecsiam_tui.cli.ask.checks import check_question
from ecsiam_tui.cli.ask.common import Context, account_of, context_of, principal_of, write_json
from ecsiam_tui.cli.ask.layout import fitted
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
from ecsiam_tui.policy.telling import OUTCOME_WORDS

if TYPE_CHECKING:
    from ecsiam_tui.policy.evaluation import Decision


def why_not(
    principal: Annotated[
        str, typer.Option("--principal", "-p", help="Role or user by ARN or name; root; anonymous.")
    ],
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
    from ecsiam_tui.cli.ask.printing import explained, incomplete
    from ecsiam_tui.policy.why_not import why_not as solve

    account = account_of(Where.of(profile, region, role_arn, endpoint_url, snapshot, demo))
    check_question(account, [action], [resource])
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
    lines = list(fitted([*explained(decision), *incomplete(account.unread_besides(decision)), ""]))
    if answer.impossible:
        lines += fitted([f"no change of policies helps: {answer.impossible}"])
    elif not answer.steps:
        lines += fitted([_nothing_to_change(decision)])
    else:
        lines.append("the smallest change:")
    for number, step in enumerate(answer.steps, 1):
        lines += fitted([f"{number}. {step.layer}: {step.text}"], 3)
        for statement in step.statements:
            text = msgspec.json.format(msgspec.json.encode(statement), indent=2).decode()
            lines += [f"   {line}" for line in visible_json(text).splitlines()]
    if answer.steps:
        after = OUTCOME_WORDS.get(answer.outcome_after, answer.outcome_after)
        still = f" on {' and on '.join(answer.missing_after)}" if answer.missing_after else ""
        lines += fitted([f"after that: {after}{still}"])
    write("\n".join(lines))


def _nothing_to_change(decision: Decision) -> str:
    if decision.outcome == "Allowed":
        return "nothing needs to change"
    unread = decision.explain().unread
    keys = [key for key in decision.missing_context if key not in unread]
    if not unread:
        return f"no policy needs to change if the request has the right {', '.join(keys)}; see above"
    also = f", and on {', '.join(keys)}" if keys else ""
    return f"whether anything must change is not known: it depends on {'; '.join(unread)}{also}"
