"""`access`: everything a principal may do, by service and access level; or what differs between two."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ecsiam_tui.account.arns import short_name
from ecsiam_tui.account.text import visible
from ecsiam_tui.cli.ask.common import account_of, policy_file, principal_of, write_json
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
    from ecsiam_tui.policy.access import Access, AccessDiff, AccessRow, Grant

MOST_SERVICES = 12
"""A principal that may use more services than this is shown by service first."""


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

    if diff_policy is not None:
        sides = [
            access_of(Layers(PolicySet("identity", [Policy(path.name, policy_file(path))])), service)
            for path in diff_policy
        ]
        _write_diff(difference(*sides), str(diff_policy[0]), str(diff_policy[1]), as_json)
        return
    names = principal or []
    if len(names) != (2 if diff else 1):
        raise CommandError("access takes one PRINCIPAL, or two with --diff")
    account = account_of(Where.of(profile, region, role_arn, endpoint_url, snapshot, demo))
    arns = [principal_of(account, name) for name in names]
    found = [access_of(account.layers(arn), service) for arn in arns]
    if diff_snapshot is not None:
        later = account_of(Where(snapshot=diff_snapshot))
        changed = access_of(later.layers(principal_of(later, names[0])), service)
        _write_diff(difference(found[0], changed), f"{names[0]} before", f"in {diff_snapshot}", as_json)
    elif diff:
        _write_diff(difference(*found), names[0], names[1], as_json)
    elif as_json:
        write_json(_data(arns[0], found[0], service))
    else:
        write("\n".join(_lines(arns[0], found[0], service)))


def _data(arn: str, found: Access, service: str | None) -> dict[str, Any]:
    return {
        "principal": arn,
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


def _lines(arn: str, found: Access, service: str | None) -> Iterator[str]:
    levels = "  ".join(f"{level} {count}" for level, count in found.by_level().items() if count)
    yield visible(f"{short_name(arn)} may do {found.actions.bit_count():,} actions: {levels or 'nothing'}")
    services = found.by_service()
    if len(services) > MOST_SERVICES and service is None:
        width = max(map(len, services))
        for name, counts in sorted(services.items()):
            parts = "  ".join(
                f"{level} {'all' if some == every else f'{some}/{every}'}"
                for level, (some, every) in counts.items()
            )
            yield visible(f"  {name:<{width}}  {parts}")
        yield "add --service NAME for actions, resources and conditions"
    else:
        for row in found.rows(service):
            yield from _row(row)
    for title, grants in (("except (Deny)", found.exceptions), ("only within", found.limits)):
        for grant in grants[:20]:
            where = ", ".join(statement.label for statement in grant.statements[:2])
            yield visible(f"{title}: {grant.actions.bit_count():,} actions on {_resources(grant)}  § {where}")
        if len(grants) > 20:
            yield f"{title}: and {len(grants) - 20} more (--json lists all)"


def _row(row: AccessRow) -> Iterator[str]:
    what = (
        f"all {len(row.actions)}"
        if row.whole and len(row.actions) > 1
        else ", ".join(name.partition(":")[2] for name in row.actions[:6])
        + (f" and {len(row.actions) - 6} more" if len(row.actions) > 6 else "")
    )
    yield visible(f"  {row.service:<16} {row.access_level:<24} {what}")
    yield visible(f"  {'':<16} on {_resources(row)}")
    for condition in row.conditions:
        yield visible(f"  {'':<16} when {condition.key} {condition.operator} {', '.join(condition.values)}")
    yield visible(f"  {'':<16} § {', '.join(statement.label for statement in row.statements[:3])}")


def _resources(scope: Grant | AccessRow) -> str:
    more = f" and {len(scope.resources) - 3} more" if len(scope.resources) > 3 else ""
    return f"{'all but ' if scope.except_resources else ''}{', '.join(scope.resources[:3])}{more}"


def _write_diff(found: AccessDiff, before: str, after: str, as_json: bool) -> None:
    if as_json:
        write_json(found)
        return
    lines = [visible(f"{before} → {after}: +{len(found.added)} -{len(found.removed)} ~{len(found.changed)}")]
    lines += [visible(f"  + {name}") for name in found.added]
    lines += [visible(f"  - {name}") for name in found.removed]
    for name, old, new in found.changed:
        lines.append(visible(f"  ~ {name}"))
        lines += [visible(f"      - {scope}") for scope in old if scope not in new]
        lines += [visible(f"      + {scope}") for scope in new if scope not in old]
    write("\n".join(lines))
