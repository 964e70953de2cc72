"""`simulate`: may this principal do this, and exactly why."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ecsiam_tui.account.text import visible
from ecsiam_tui.cli.ask.common import (
    Context,
    account_of,
    context_of,
    policy_file,
    principal_of,
    text_of,
    write_json,
)
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
from ecsiam_tui.cli.output import write

if TYPE_CHECKING:
    from ecsiam_tui.policy.account import AccountPolicies
    from ecsiam_tui.policy.layers import Layers
    from ecsiam_tui.policy.simulate import Cell

Jobs = Annotated[int, typer.Option("--jobs", "-j", help="Processes for --batch; 0 uses all cores.")]


def simulate(
    principal: Annotated[
        list[str] | None, typer.Option("--principal", "-p", help="Role or user: its ARN or name.")
    ] = None,
    action: Annotated[list[str] | None, typer.Option("--action", "-a", help="Such as s3:GetObject.")] = None,
    resource: Annotated[
        list[str] | None, typer.Option("--resource", "-r", help="ARN; * where none is given.")
    ] = None,
    context: Context = None,
    policy: Annotated[
        list[Path] | None, typer.Option("--policy", help="File with an identity policy to add, as a what-if.")
    ] = None,
    only_policies: Annotated[
        bool, typer.Option("--only-policies", help="Take the --policy files instead of the attached ones.")
    ] = False,
    boundary: Annotated[
        Path | None, typer.Option("--boundary", help="File with a permissions boundary to suppose.")
    ] = None,
    batch: Annotated[
        Path | None, typer.Option("--batch", help="Answer the JSON Lines in this file, - for standard input.")
    ] = None,
    jobs: Jobs = 1,
    check_with_aws: Annotated[
        bool, typer.Option("--check-with-aws", help="Ask AWS's own simulator too (live accounts).")
    ] = False,
    fail_unless: Annotated[
        str | None,
        typer.Option("--fail-unless", help="Exit with 1 unless every answer is this: allowed, denied."),
    ] = None,
    profile: Profile = None,
    region: Region = None,
    role_arn: RoleArn = None,
    endpoint_url: EndpointUrl = None,
    snapshot: SnapshotFile = None,
    demo: Demo = False,
    as_json: Json = False,
) -> None:
    """May a principal do something? Says which statement of which policy decides, layer by layer.

    Several principals, actions or resources give a table. --batch answers policy tests
    (docs/policy-tests.md).
    """
    if batch is not None:
        if principal or action:
            raise CommandError(
                "--batch brings its own principals and actions; leave out --principal and --action"
            )
        _run_batch(batch, jobs)
        return
    if not principal or not action:
        raise CommandError(
            "--principal and --action are needed: ecsiam-tui simulate -p ROLE -a s3:GetObject -r ARN"
        )
    if fail_unless not in (None, "allowed", "denied"):
        raise CommandError(f"--fail-unless takes allowed or denied, not {fail_unless!r}")
    for name in action:
        if ":" not in name:
            raise CommandError(f"{name!r} is no action: write service:Action, such as ecs:UpdateService")
    where = Where.of(profile, region, role_arn, endpoint_url, snapshot, demo)
    if check_with_aws and (snapshot or demo):
        raise CommandError(
            "--check-with-aws asks AWS about the live account; leave out --snapshot and --demo"
        )
    account = account_of(where)
    arns = [principal_of(account, name) for name in principal]
    cells = _cells(
        account, arns, action, resource or ["*"], context_of(context), policy, only_policies, boundary
    )
    if as_json:
        write_json([_data(cell) for cell in cells])
    else:
        _print(cells, resource or ["*"])
    if check_with_aws:
        texts = [text_of(path) for path in policy or ()]
        given, added = (texts, []) if only_policies else ([], texts)
        _second_opinion(where, cells, given, added, text_of(boundary) if boundary else "")
    wanted = {"allowed": ("Allowed",), "denied": ("ExplicitlyDenied", "ImplicitlyDenied")}
    if fail_unless and any(cell.decision.outcome not in wanted[fail_unless] for cell in cells):
        raise typer.Exit(1)


def _cells(
    account: AccountPolicies,
    principals: list[str],
    actions: list[str],
    resources: list[str],
    context: dict[str, Any],
    policies: list[Path] | None,
    only: bool,
    boundary: Path | None,
) -> list[Cell]:
    from ecsiam_tui.policy.evaluation import evaluate
    from ecsiam_tui.policy.simulate import Cell, matrix

    if not policies and boundary is None:
        return matrix(account, principals, actions, resources, context)
    found = []
    for principal in principals:
        for action in actions:
            for resource in resources:
                name = account.authorized_resource(action, resource)
                layers = _supposed(account.layers(principal, action, name), policies or [], only, boundary)
                decision = evaluate(layers, account.request(principal, action, name, context))
                found.append(Cell(principal, action, resource, decision))
    return found


def _supposed(layers: Layers, policies: list[Path], only: bool, boundary: Path | None) -> Layers:
    from ecsiam_tui.policy.layers import Layers, Policy, PolicySet

    added = [Policy(path.name, policy_file(path)) for path in policies]
    kept = () if only else layers.identity.policies
    unknown = {key: text for key, text in layers.unknown.items() if not (only and key == "identity")}
    return Layers(
        PolicySet("identity", (*kept, *added)),
        resource=layers.resource,
        boundary=PolicySet("boundary", [Policy(boundary.name, policy_file(boundary))])
        if boundary
        else layers.boundary,
        session=layers.session,
        scps=layers.scps,
        rcps=layers.rcps,
        unknown=unknown,
    )


def _data(cell: Cell) -> dict[str, Any]:
    decision = cell.decision
    return {
        "principal": cell.principal,
        "action": cell.action,
        "resource": cell.resource,
        "result": decision.outcome,
        "blocked_by": decision.blocked_by,
        "missing_context": decision.missing_context,
        "explanation": decision.explain(),
    }


def _print(cells: list[Cell], resources: list[str]) -> None:
    from ecsiam_tui.cli.ask.printing import explained, table
    from ecsiam_tui.policy.simulate import needs

    if len(cells) > 1:
        write("\n".join(table(cells)))
        return
    lines = list(explained(cells[0].decision))
    need = needs(cells[0].action, resources)
    if need.missing_types and resources != ["*"]:
        lines.append(f"the action is also checked on: {', '.join(need.missing_types)}")
    write("\n".join(lines))


def _run_batch(path: Path, jobs: int) -> None:
    from ecsiam_tui.policy.batch import run_batch

    cores = os.cpu_count() or 1 if jobs == 0 else jobs
    try:
        stream = sys.stdin.buffer if str(path) == "-" else path.open("rb")
    except OSError as error:
        raise CommandError(f"{path}: cannot be read: {error.strerror}") from error
    with stream:
        for line in run_batch(stream, cores):
            sys.stdout.write(f"{line.decode()}\n")
            if str(path) == "-":  # whoever feeds a pipe line by line waits for each answer
                sys.stdout.flush()


def _second_opinion(
    where: Where, cells: list[Cell], policies: list[str], added: list[str], boundary: str
) -> None:
    from ecsiam_tui.aws.second_opinion import opinions
    from ecsiam_tui.aws.session import Target, make_session

    session = make_session(Target(where.profile, where.region, where.role_arn, where.endpoint_url))
    for opinion in opinions(
        session, [cell.decision for cell in cells], policies, added=added, boundary=boundary
    ):
        print(visible(f"AWS: {opinion.text}"), file=sys.stderr)
