"""`simulate`: may this principal do this, and exactly why."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

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
    from ecsiam_tui.aws.second_opinion import Opinion
    from ecsiam_tui.policy.account import AccountPolicies
    from ecsiam_tui.policy.layers import Layers, Policy
    from ecsiam_tui.policy.simulate import Cell

_WANTED = {
    "allowed": ("Allowed",),
    "denied": ("ExplicitlyDenied", "ImplicitlyDenied"),
    "depends": ("Depends",),
}
Jobs = Annotated[int, typer.Option("--jobs", "-j", help="Processes for --batch; 0 uses all cores.")]


def simulate(
    principal: Annotated[
        list[str] | None,
        typer.Option("--principal", "-p", help="Role or user by ARN or name; root; anonymous."),
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
    if only_policies and not policy:
        raise wrong_call("--only-policies is about the files of --policy; give one")
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
    supposed = Supposed.of(policy, only_policies, boundary)
    keys = context_of(context)
    cells = _cells(account, arns, action, resource or ["*"], keys, supposed)
    besides = [_besides(account, cell, keys, supposed) for cell in cells]
    said = _second_opinion(where, cells, supposed) if check_with_aws else []
    if as_json:
        found = [_data(account, *pair) for pair in zip(cells, besides, strict=True)]
        for number, data in enumerate(found if said else ()):
            # Where asking again cannot help, the last opinion is about all that follow.
            data["aws"] = said[min(number, len(said) - 1)]._asdict()
        write_json(found)
    else:
        _print(account, cells, besides, resource or ["*"])
        for opinion in said:
            print(visible(f"AWS: {opinion.text}"), file=sys.stderr)
    if fail_unless and any(cell.decision.outcome not in _WANTED[fail_unless] for cell in cells):
        raise typer.Exit(1)


class Supposed(NamedTuple):
    """A what-if: policies beside the attached ones, or alone; another boundary."""

    policies: tuple[Policy, ...] = ()
    only: bool = False
    boundary: Policy | None = None

    @classmethod
    def of(cls, policies: list[Path] | None, only: bool, boundary: Path | None) -> Supposed:
        """From files. Raises CommandError for one that cannot be read."""
        from ecsiam_tui.policy.layers import Policy

        return cls(
            tuple(Policy(path.name, policy_file(path)) for path in policies or ()),
            only,
            Policy(boundary.name, policy_file(boundary)) if boundary else None,
        )

    def applied(self, layers: Layers) -> Layers:
        """The layers as they would be."""
        from ecsiam_tui.policy.layers import PolicySet

        kept = () if self.only else layers.identity.policies
        replaced = (["identity"] if self.only else []) + (["boundary"] if self.boundary else [])
        return layers.replace(
            identity=PolicySet("identity", (*kept, *self.policies)),
            boundary=PolicySet("boundary", [self.boundary]) if self.boundary else layers.boundary,
            unknown={key: text for key, text in layers.unknown.items() if key not in replaced},
        )


def _cells(
    account: AccountPolicies,
    principals: list[str],
    actions: list[str],
    resources: list[str],
    context: dict[str, Any],
    supposed: Supposed,
) -> list[Cell]:
    from ecsiam_tui.policy.evaluation import evaluate
    from ecsiam_tui.policy.simulate import Cell, matrix

    if supposed == Supposed():
        return matrix(account, principals, actions, resources, context)
    found = []
    for principal in principals:
        for action in actions:
            for resource in resources:
                name = account.authorized_resource(action, resource)
                layers = supposed.applied(account.layers(principal, action, name))
                decision = evaluate(layers, account.request(principal, action, name, context))
                found.append(Cell(principal, action, resource, decision))
    return found


def _besides(account: AccountPolicies, cell: Cell, context: dict[str, Any], supposed: Supposed) -> list[Cell]:
    """What the action needs besides, answered under the same suppositions."""
    from ecsiam_tui.policy.simulate import dependents

    return [
        answered
        for found in dependents(account, cell.action, cell.resource)
        for answered in _cells(
            account, [cell.principal], [found.action], [found.resource], found.context | context, supposed
        )
    ]


def _data(account: AccountPolicies, cell: Cell, besides: list[Cell]) -> dict[str, Any]:
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
        "unread": account.unread_besides(decision),
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


def _print(
    account: AccountPolicies, cells: list[Cell], besides: list[list[Cell]], resources: list[str]
) -> None:
    from ecsiam_tui.cli.ask.printing import explained, incomplete, needed, table
    from ecsiam_tui.policy.simulate import needs

    unread = dict.fromkeys(what for cell in cells for what in account.unread_besides(cell.decision))
    if len(cells) > 1:
        write_lines([*table(cells), *incomplete(unread)])
        return
    need = needs(cells[0].action, resources)
    write_lines(
        [*explained(cells[0].decision), *needed(need, resources != ["*"], besides[0]), *incomplete(unread)]
    )


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


def _second_opinion(where: Where, cells: list[Cell], supposed: Supposed) -> list[Opinion]:
    from ecsiam_tui.aws.second_opinion import opinions
    from ecsiam_tui.aws.session import Target, make_session

    session = make_session(Target(where.profile, where.region, where.role_arn, where.endpoint_url))
    texts = [policy.document.text for policy in supposed.policies]
    given, added = (texts, []) if supposed.only else ([], texts)
    boundary = supposed.boundary.document.text if supposed.boundary else ""
    decisions = [cell.decision for cell in cells]
    return list(opinions(session, decisions, given, added=added, boundary=boundary))
