"""`simulate`: may this principal do this, and exactly why."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from ecsiam_tui.account.text import visible
from ecsiam_tui.cli.ask.checks import check_question, wrong_call
from ecsiam_tui.cli.ask.common import (
    Context,
    account_of,
    context_of,
    policy_file,
    principal_of,
    text_of,
    write_json,
)
from ecsiam_tui.cli.ask.layout import write_lines
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
    from ecsiam_tui.policy.account import AccountPolicies
    from ecsiam_tui.policy.layers import Layers
    from ecsiam_tui.policy.simulate import Cell

_WANTED = {
    "allowed": ("Allowed",),
    "denied": ("ExplicitlyDenied", "ImplicitlyDenied"),
    "depends": ("Depends",),
}
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
        typer.Option(
            "--fail-unless", help="Exit with 1 unless every answer is this: allowed, denied, depends."
        ),
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
            raise wrong_call(
                "--batch brings its own principals and actions; leave out --principal and --action"
            )
        _run_batch(batch, jobs)
        return
    if not principal or not action:
        raise wrong_call(
            "--principal and --action are needed: ecsiam-tui simulate -p ROLE -a s3:GetObject -r ARN"
        )
    if fail_unless is not None and fail_unless not in _WANTED:
        raise wrong_call(f"--fail-unless takes {', '.join(_WANTED)}, not {fail_unless!r}")
    where = Where.of(profile, region, role_arn, endpoint_url, snapshot, demo)
    if check_with_aws and (snapshot or demo):
        raise CommandError(
            "--check-with-aws asks AWS about the live account; leave out --snapshot and --demo"
        )
    account = account_of(where)
    check_question(account, action, resource or ["*"])
    arns = [principal_of(account, name) for name in principal]
    cells = _cells(
        account, arns, action, resource or ["*"], context_of(context), policy, only_policies, boundary
    )
    besides = [
        _besides(account, cell, context_of(context), (policy, only_policies, boundary)) for cell in cells
    ]
    if as_json:
        write_json([_data(*found) for found in zip(cells, besides, strict=True)])
    else:
        _print(cells, besides, resource or ["*"])
    if check_with_aws:
        texts = [text_of(path) for path in policy or ()]
        given, added = (texts, []) if only_policies else ([], texts)
        _second_opinion(where, cells, given, added, text_of(boundary) if boundary else "")
    if fail_unless and any(cell.decision.outcome not in _WANTED[fail_unless] for cell in cells):
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


def _besides(
    account: AccountPolicies,
    cell: Cell,
    context: dict[str, Any],
    supposed: tuple[list[Path] | None, bool, Path | None],
) -> list[Cell]:
    """What the action needs besides, answered under the same suppositions."""
    from ecsiam_tui.policy.simulate import dependents

    return [
        answered
        for found in dependents(account, cell.action, cell.resource)
        for answered in _cells(
            account, [cell.principal], [found.action], [found.resource], found.context | context, *supposed
        )
    ]


def _data(cell: Cell, besides: list[Cell]) -> dict[str, Any]:
    from ecsiam_tui.policy.simulate import needs

    decision = cell.decision
    need = msgspec.structs.asdict(needs(cell.action, [cell.resource]))
    return {
        "principal": cell.principal,
        "action": cell.action,
        "resource": cell.resource,
        "result": decision.outcome,
        "blocked_by": decision.blocked_by,
        "missing_context": decision.missing_context,
        "explanation": decision.explain(),
        "needs": need | {"dependents": [_answer(found) for found in besides]},
    }


def _answer(cell: Cell) -> dict[str, Any]:
    decision = cell.decision
    return {
        "action": cell.action,
        "resource": cell.resource,
        "result": decision.outcome,
        "blocked_by": decision.blocked_by,
        "missing_context": decision.missing_context,
    }


def _print(cells: list[Cell], besides: list[list[Cell]], resources: list[str]) -> None:
    from ecsiam_tui.cli.ask.printing import explained, needed, table
    from ecsiam_tui.policy.simulate import needs

    if len(cells) > 1:
        write_lines(table(cells))
        return
    need = needs(cells[0].action, resources)
    write_lines([*explained(cells[0].decision), *needed(need, resources != ["*"], besides[0])])


def _run_batch(path: Path, jobs: int) -> None:
    from ecsiam_tui.policy.batch import run_batch

    cores = os.cpu_count() or 1 if jobs == 0 else jobs
    try:
        stream = sys.stdin.buffer if str(path) == "-" else path.open("rb")
    except OSError as error:
        raise wrong_call(f"{path}: cannot be read: {error.strerror}") from error
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
