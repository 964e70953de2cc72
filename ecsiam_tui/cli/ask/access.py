"""`access`: everything a principal may do, by service and access level; or what differs between two."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from ecsiam_tui.cli.ask.checks import wrong_call
from ecsiam_tui.cli.ask.common import account_of, policy_file, principal_of, write_json
from ecsiam_tui.cli.ask.layout import Line, write_lines
from ecsiam_tui.cli.ask.printing import cite
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
from ecsiam_tui.policy.telling import name_of

if TYPE_CHECKING:
    from ecsiam_tui.policy.access import Access, AccessDiff, AccessRow, Grant
    from ecsiam_tui.policy.account import AccountPolicies
    from ecsiam_tui.policy.layers import Layers

MOST_SERVICES = 12
"""A principal that may use more services than this is shown by service first; a summary names as many."""
MOST_ACTIONS = 40
"""A difference of more actions than this is summed up."""
MOST_CHANGES = 10
MOST_SCOPES = 20
MOST_NAMES = 4


def access(
    principal: Annotated[
        list[str] | None, typer.Argument(help="Role or user; two of them with --diff.")
    ] = None,
    service: Annotated[str | None, typer.Option("--service", help="One service alone, such as s3.")] = None,
    diff: Annotated[bool, typer.Option("--diff", help="Compare two principals.")] = False,
    diff_snapshot: Annotated[
        Path | None,
        typer.Option("--diff-snapshot", help="Compare with the same principal in this later snapshot."),
    ] = None,
    diff_policy: Annotated[
        tuple[Path, Path] | None, typer.Option("--diff-policy", help="Compare two policy files.")
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Of a difference, every action instead of a summary.")
    ] = False,
    profile: Profile = None,
    region: Region = None,
    role_arn: RoleArn = None,
    endpoint_url: EndpointUrl = None,
    snapshot: SnapshotFile = None,
    demo: Demo = False,
    as_json: Json = False,
) -> None:
    """Everything a principal may do: actions, resources and conditions, by access level."""
    from ecsiam_tui.policy.access import access as access_of
    from ecsiam_tui.policy.access import diff as difference
    from ecsiam_tui.policy.layers import Layers, Policy, PolicySet

    how = (as_json, full)
    if diff_policy is not None:
        sides = [
            access_of(Layers(PolicySet("identity", [Policy(path.name, policy_file(path))])), service)
            for path in diff_policy
        ]
        _write_diff(difference(*sides), str(diff_policy[0]), str(diff_policy[1]), [], how)
        return
    names = principal or []
    if len(names) != (2 if diff else 1):
        raise wrong_call("access takes one PRINCIPAL, or two with --diff")
    account = account_of(Where.of(profile, region, role_arn, endpoint_url, snapshot, demo))
    arns = [principal_of(account, name) for name in names]
    found = [_access_of(account, arn, service) for arn in arns]
    if diff_snapshot is not None:
        later = account_of(Where(snapshot=diff_snapshot))
        changed = _access_of(later, principal_of(later, names[0]), service)
        titles, sides = (f"{names[0]} before", f"in {diff_snapshot}"), [found[0], changed]
    else:
        titles, sides = (names[0], names[-1]), found
    if diff or diff_snapshot is not None:
        unread = [
            f"{title} without {what}"
            for title, side in zip(titles, sides, strict=True)
            for what in side.unread
        ]
        _write_diff(difference(*sides), *titles, unread, how)
    elif as_json:
        write_json(_data(arns[0], found[0], service))
    else:
        write_lines(_lines(arns[0], found[0], service))


def _access_of(account: AccountPolicies, arn: str, service: str | None) -> Access:
    """What a principal may do, and all that was not read of what decides it."""
    from ecsiam_tui.policy.access import access as access_of

    found = access_of(_layers_of(account, arn), service)
    unread = (*found.unread, *filter(None, (account.unread_organization,)))
    return msgspec.structs.replace(found, unread=unread)


def _layers_of(account: AccountPolicies, arn: str) -> Layers:
    """The layers of a principal; the account's root has full access without any policy. Raises CommandError
    for what has no identity-based policies."""
    from ecsiam_tui.policy.document import document_from_data
    from ecsiam_tui.policy.layers import Policy, PolicySet
    from ecsiam_tui.policy.messages import principal_kind
    from ecsiam_tui.policy.principals import parse_principal

    parsed = parse_principal(arn)
    if not parsed.is_iam:
        raise CommandError(
            f"{principal_kind(parsed)} has no identity-based policies: what it may do stands in the policies"
            " of resources; ask with simulate"
        )
    layers = account.layers(arn)
    if parsed.kind != "root" or parsed.account != account.snapshot.account_id:
        return layers
    everything = {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "FullAccess", "Effect": "Allow", "Action": "*", "Resource": "*"}],
    }
    return layers.replace(
        identity=PolicySet("identity", [Policy("account root", document_from_data(everything))])
    )


def _data(arn: str, found: Access, service: str | None) -> dict[str, Any]:
    return {
        "principal": arn,
        "unread": found.unread,
        "by_level": found.by_level(),
        "by_service": found.by_service(),
        "rows": found.rows(service),
        "exceptions": [_scope(grant) for grant in found.exceptions],
        "limits": [_scope(grant) for grant in found.limits],
    }


def _scope(grant: Grant) -> dict[str, Any]:
    return {
        "layer": grant.layer,
        "actions": grant.actions.bit_count(),
        "resources": grant.resources,
        "except_resources": grant.except_resources,
        "conditions": grant.conditions,
        "statements": grant.statements,
    }


def _lines(arn: str, found: Access, service: str | None) -> Iterator[Line]:
    from ecsiam_tui.policy.messages import LAYER_NAMES

    levels = _counted({level: count for level, count in found.by_level().items() if count})
    count = found.actions.bit_count()
    if not count and found.unread:
        yield f"{name_of(arn)}: what it may do is not known"
    else:
        actions = f"{count:,} action{'' if count == 1 else 's'}"
        yield f"{name_of(arn)} may do {actions}: {levels or 'nothing'}"
    for what in found.unread:
        yield f"INCOMPLETE without {what}: it may be able to do more, or less"
    services = found.by_service()
    if len(services) > MOST_SERVICES and service is None:
        width = max(map(len, services))
        for name, counts in sorted(services.items()):
            parts = "  ".join(
                f"{level} {'all' if some == every else f'{some}/{every}'}"
                for level, (some, every) in counts.items()
            )
            yield f"  {name:<{width}}  {parts}", width + 4
        yield "add --service NAME for actions, resources and conditions"
    else:
        rows = found.rows(service)
        widths = (
            max((len(row.service) for row in rows), default=0),
            max((len(row.access_level) for row in rows), default=0),
        )
        for row in rows:
            yield from _row(row, *widths)
    for title, grants in (("except", found.exceptions), ("only within", found.limits)):
        for grant in grants[:MOST_SCOPES]:
            yield f"{title} {_part(grant, found.actions)}"
            where = ", ".join(cite(statement) for statement in grant.statements[:2])
            yield f"    {LAYER_NAMES[grant.layer]}: {where}", 6
        if len(grants) > MOST_SCOPES:
            yield f"{title}: {len(grants) - MOST_SCOPES} more (--json lists all)"


def _row(row: AccessRow, first: int, second: int) -> Iterator[Line]:
    from ecsiam_tui.policy.messages import condition_words

    what = (
        f"all {len(row.actions)}"
        if row.whole and len(row.actions) > 1
        else ", ".join(name.partition(":")[2] for name in row.actions[:6])
        + (f" and {len(row.actions) - 6} more" if len(row.actions) > 6 else "")
    )
    yield f"  {row.service:<{first}}  {row.access_level:<{second}}  {what}", first + second + 6
    gap = " " * (first + 4)
    yield f"{gap}on {_resources(row)}", len(gap) + 2
    for condition in row.conditions:
        yield f"{gap}when {condition_words(condition)}", len(gap) + 2
    more = len(row.statements) - 3
    cited = ", ".join(cite(statement) for statement in row.statements[:3])
    yield f"{gap}{cited}{f' and {more} more' if more > 0 else ''}", len(gap) + 2


def _part(grant: Grant, everything: int) -> str:
    """What a Deny or a limit is about: `ecs:DeleteCluster when aws:ResourceTag/env = prod`."""
    from ecsiam_tui.policy.catalogue import load, members
    from ecsiam_tui.policy.messages import condition_words

    count = grant.actions.bit_count()
    if grant.actions == everything and count > MOST_NAMES:
        text = f"all {count:,} actions"
    elif count > MOST_NAMES:
        text = f"{count:,} actions"
    else:
        names = load().names
        text = ", ".join([*(names[number] for number in members(grant.actions)), *grant.unlisted])
    if grant.except_resources or "*" not in grant.resources:
        text += f" on {_resources(grant)}"
    if grant.conditions:
        text += f" when {' and '.join(condition_words(condition) for condition in grant.conditions)}"
    return text


def _resources(scope: Grant | AccessRow) -> str:
    more = f" and {len(scope.resources) - 3} more" if len(scope.resources) > 3 else ""
    return f"{'all but ' if scope.except_resources else ''}{', '.join(scope.resources[:3])}{more}"


def _write_diff(
    found: AccessDiff, before: str, after: str, unread: list[str], how: tuple[bool, bool]
) -> None:
    as_json, full = how
    if as_json:
        write_json({**msgspec.structs.asdict(found), "unread": unread})
        return
    lines: list[Line] = [
        f"{before} → {after}: +{len(found.added):,} -{len(found.removed):,} ~{len(found.changed):,}"
    ]
    lines += [f"INCOMPLETE: {what}" for what in unread]
    for sign, names in (("+", found.added), ("-", found.removed)):
        if full or len(names) <= MOST_ACTIONS:
            lines += [f"  {sign} {name}" for name in names]
        else:
            lines += _summary(sign, names)
    shown = len(found.changed) if full else MOST_CHANGES
    for name, old, new in found.changed[:shown]:
        lines.append(f"  ~ {name}")
        lines += [f"      - {scope}" for scope in old if scope not in new]
        lines += [f"      + {scope}" for scope in new if scope not in old]
    if len(found.changed) > shown:
        lines.append(f"  ~ and {len(found.changed) - shown:,} more on other resources or conditions")
    if not full and (max(len(found.added), len(found.removed)) > MOST_ACTIONS or len(found.changed) > shown):
        lines.append("add --full for every action, or --service NAME for one service")
    write_lines(lines, hanging=8)


def _summary(sign: str, names: tuple[str, ...]) -> Iterator[Line]:
    """Many actions by service and access level, the services with the most first."""
    from ecsiam_tui.policy.access import count_levels
    from ecsiam_tui.policy.catalogue import ACCESS_LEVELS

    services = count_levels(names)
    levels = {
        level: sum(counts.get(level, 0) for counts in services.values())
        for level in (*ACCESS_LEVELS, "unknown")
        if any(level in counts for counts in services.values())
    }
    yield f"  {sign} {len(names):,} actions of {len(services)} services: {_counted(levels)}"
    top = dict(list(services.items())[:MOST_SERVICES])
    width = max(map(len, top))
    for name, counts in top.items():
        yield f"  {sign}   {name:<{width}}  {_counted(counts)}", width + 8
    rest = [sum(counts.values()) for counts in services.values()][MOST_SERVICES:]
    if rest:
        yield f"  {sign}   and {len(rest)} more services: {sum(rest):,} actions"


def _counted(levels: dict[str, int]) -> str:
    return "  ".join(f"{level} {count:,}" for level, count in levels.items())
