"""`diff`: what changed between two snapshots, and what that did to permissions, requirements and findings."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from ecsiam_tui.account.text import visible
from ecsiam_tui.cli.ask.common import write_json
from ecsiam_tui.cli.options import Json

if TYPE_CHECKING:
    from ecsiam_tui.account.difference import Difference
    from ecsiam_tui.account.snapshot import Snapshot
    from ecsiam_tui.findings.effect import FindingChanges, PrincipalChange, RequirementChange
    from ecsiam_tui.workspace import Workspace


class Compared(msgspec.Struct, frozen=True):
    """All that `diff` says of two snapshots."""

    things: Difference
    permissions: tuple[PrincipalChange, ...]
    requirements: tuple[RequirementChange, ...]
    findings: FindingChanges

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        found = self.findings
        return not (
            self.things.changes
            or self.permissions
            or self.requirements
            or found.new
            or found.resolved
            or found.graded
        )


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("diff")(diff)


def diff(
    before: Annotated[Path, typer.Argument(help="The earlier snapshot file.", dir_okay=False)],
    after: Annotated[Path, typer.Argument(help="The later snapshot file.", dir_okay=False)],
    everything: Annotated[
        bool,
        typer.Option("--all", help="Also what changes by itself: counts, events, tasks, when last used."),
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Every action and every value instead of a summary.")
    ] = False,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 1 where they differ.")] = False,
    config: Annotated[
        Path | None,
        typer.Option("--config", help="Settings and suppressions; ./.ecsiam.toml if there.", dir_okay=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """What changed between two snapshots of an account, and what it did: to what roles may do, to what ECS
    asks for, to findings. Exits with 2 where a file cannot be used."""
    from ecsiam_tui.cli.audit import settings_of
    from ecsiam_tui.workspace import Workspace

    settings = settings_of(config)
    sides = [_load(path) for path in (before, after)]
    if sides[0].account_id != sides[1].account_id:
        accounts = f"{before} is of account {sides[0].account_id}, {after} of {sides[1].account_id}"
        raise _unusable(f"{accounts}: give two snapshots of one account")
    if sides[0].taken_at > sides[1].taken_at:
        print(visible(f"ecsiam-tui: {before} is the later one: give it last"), file=sys.stderr)
    workspaces = Workspace(sides[0], settings=settings), Workspace(sides[1], settings=settings)
    found = compare(*workspaces, everything=everything)
    names = str(before), str(after)
    if as_json:
        write_json(as_data(found, *workspaces, names=names, full=full))
    else:
        from ecsiam_tui.cli.diff_output import report, write_report

        write_report(report(found, *workspaces, names=names, full=full))
    if exit_code and not found.is_same:
        raise typer.Exit(1)


def _load(path: Path) -> Snapshot:
    from ecsiam_tui.account.files import SnapshotFileError, load

    try:
        return load(path)
    except SnapshotFileError as error:
        raise _unusable(str(error)) from error


def _unusable(message: str) -> typer.Exit:
    """1 would say that the snapshots differ."""
    print(visible(f"ecsiam-tui: {message}"), file=sys.stderr)
    return typer.Exit(2)


def compare(before: Workspace, after: Workspace, *, everything: bool = False) -> Compared:
    """Everything that differs. Requirements of single tasks, which come and go, only with `everything`."""
    from ecsiam_tui.account.difference import difference
    from ecsiam_tui.findings.effect import finding_changes, permission_changes, requirement_changes

    requirements = requirement_changes(before.requirements, after.requirements)
    return Compared(
        difference(before.snapshot, after.snapshot, everything=everything),
        permission_changes(before.account, after.account),
        tuple(change for change in requirements if everything or ":task/" not in change.subject),
        finding_changes(before.findings, after.findings),
    )


def as_data(
    found: Compared, before: Workspace, after: Workspace, *, names: tuple[str, str], full: bool = False
) -> dict[str, Any]:
    """The same for programs. Actions are counted by service and access level; with `full` also named."""
    sides = zip(("before", "after"), names, (before, after), strict=True)
    heads = {side: {"file": name, "taken_at": one.snapshot.taken_at} for side, name, one in sides}
    findings = found.findings
    return {
        "account": after.snapshot.account_id,
        **heads,
        "same": found.is_same,
        "same_redaction_key": found.things.same_key,
        "changes": found.things.changes,
        "permissions": [_permissions(change, full=full) for change in found.permissions],
        "requirements": [_requirement(change) for change in found.requirements],
        "findings": {
            "new": [_finding(one) for one in findings.new],
            "resolved": [_finding(one) for one in findings.resolved],
            "graded": [{**_finding(now), "was": then.severity.word} for then, now in findings.graded],
            "still": len(findings.still),
        },
    }


def _permissions(change: PrincipalChange, *, full: bool) -> dict[str, Any]:
    from ecsiam_tui.policy.access import count_levels

    found = change.access
    data: dict[str, Any] = {
        "principal": change.principal,
        "what": change.what,
        "gained": {"count": len(found.added), "by_service": count_levels(found.added)},
        "lost": {"count": len(found.removed), "by_service": count_levels(found.removed)},
        "changed": {
            "count": len(found.changed),
            "by_service": count_levels(name for name, _, _ in found.changed),
        },
        "let_in": change.let_in,
        "shut_out": change.shut_out,
        "unread": change.unread,
    }
    if full:
        data["gained"]["actions"] = found.added
        data["lost"]["actions"] = found.removed
        data["changed"]["actions"] = [
            {"action": name, "before": old, "after": new} for name, old, new in found.changed
        ]
    return data


def _requirement(change: RequirementChange) -> dict[str, Any]:
    return {
        "subject": change.subject,
        "role_kind": change.role_kind,
        "principal": change.judged.requirement.principal,
        "action": change.action,
        "resource": change.resource,
        "before": change.before,
        "after": change.after,
        "note": change.judged.note,
    }


def _finding(finding: Any) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity.word,
        "node": finding.node,
        "title": finding.title,
        "summary": finding.summary,
    }
