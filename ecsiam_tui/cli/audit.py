"""`audit`: what is wrong in an account, for people and for pipelines."""

from __future__ import annotations

import shutil
import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ecsiam_tui.account.source import SourceError
from ecsiam_tui.account.text import visible, visible_json
from ecsiam_tui.cli.errors import CommandError
from ecsiam_tui.cli.options import (
    Demo,
    EndpointUrl,
    LastAccessed,
    Profile,
    Region,
    RoleArn,
    SnapshotFile,
    Where,
)
from ecsiam_tui.cli.output import write

if TYPE_CHECKING:
    from ecsiam_tui.findings.finding import Finding, Severity
    from ecsiam_tui.findings.reports import Report, Row
    from ecsiam_tui.findings.suppressions import Settings, Sorted
    from ecsiam_tui.workspace import Workspace


class Format(StrEnum):
    """What `audit` writes."""

    TABLE = "table"
    JSON = "json"
    SARIF = "sarif"
    MARKDOWN = "markdown"
    JUNIT = "junit"


class Level(StrEnum):
    """Severities as the command line spells them."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"
    NEVER = "never"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("audit")(audit)


def audit(
    form: Annotated[Format, typer.Option("--format", "-f", help="What to write.")] = Format.TABLE,
    fail_on: Annotated[
        Level, typer.Option("--fail-on", help="Exit with 1 on a finding at least this bad.")
    ] = Level.NEVER,
    least: Annotated[
        Level, typer.Option("--severity", help="Leave out what is less bad than this.")
    ] = Level.INFO,
    rule: Annotated[
        list[str] | None, typer.Option("--rule", help="Only this rule; may be given several times.")
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option("--baseline", help="Findings in this file are known: they do not fail.", dir_okay=False),
    ] = None,
    write_baseline: Annotated[
        Path | None,
        typer.Option("--write-baseline", help="Write what was found as a baseline.", dir_okay=False),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", help="Settings and suppressions; ./.ecsiam.toml if there.", dir_okay=False),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Table: with evidence, reasons and sources.")] = False,
    profile: Profile = None,
    region: Region = None,
    role_arn: RoleArn = None,
    endpoint_url: EndpointUrl = None,
    last_accessed: LastAccessed = True,
    snapshot: SnapshotFile = None,
    demo: Demo = False,
) -> None:
    """Look for what is wrong.

    Exits with 1 on a finding at least as bad as --fail-on says, with 2 where nothing could be looked at.
    """
    from ecsiam_tui.findings.finding import parse_severity
    from ecsiam_tui.findings.registry import table
    from ecsiam_tui.findings.suppressions import Sorted
    from ecsiam_tui.workspace import Workspace

    settings = settings_of(config)
    unknown = [name for name in rule or () if name not in table()]
    if unknown:
        raise typer.BadParameter(f"there is no rule {unknown[0]!r}; docs/rules.md lists them")
    known = _baseline(baseline)
    try:
        options = (profile, region, role_arn, endpoint_url, snapshot, demo)
        where = Where.of(*options, last_accessed=last_accessed)
        today = datetime.now(UTC).date()
        workspace = Workspace(where.load().snapshot, settings=settings, today=today)
    except (SourceError, CommandError) as error:  # 1 would say that something was found
        print(f"ecsiam-tui: {visible(str(error))}", file=sys.stderr)
        raise typer.Exit(2) from error
    bar = None if least is Level.NEVER else parse_severity(least.value)
    parted = Sorted(
        tuple(found for found in workspace.sorted.kept if _wanted(found, rule, bar)),
        tuple(pair for pair in workspace.sorted.suppressed if _wanted(pair[0], rule, bar)),
        workspace.sorted.expired,
        workspace.sorted.unused,
    )
    if write_baseline is not None:
        _write_baseline(write_baseline, parted.kept)
    _say_stale(parted, config)
    report = report_of(workspace, parted, known)
    write(_written(report, form, full=full))
    bar = None if fail_on is Level.NEVER else parse_severity(fail_on.value)
    if bar is not None and any(row.finding.severity >= bar and not row.known for row in report.rows):
        raise typer.Exit(1)


def settings_of(path: Path | None) -> Settings:
    """The settings file: the one named, else `.ecsiam.toml` of the working directory if there is one.
    Raises BadParameter where it cannot be used."""
    from ecsiam_tui.findings.suppressions import FILE_NAME, Settings, SettingsError, load

    chosen = path or Path(FILE_NAME)
    if path is None and not chosen.is_file():
        return Settings()
    try:
        return load(chosen)
    except SettingsError as error:
        raise typer.BadParameter(visible(str(error))) from error


def _wanted(finding: Finding, rules: list[str] | None, least: Severity | None) -> bool:
    return (not rules or finding.rule in rules) and (least is None or finding.severity >= least)


def _baseline(path: Path | None) -> frozenset[str]:
    from ecsiam_tui.findings.baseline import BaselineError, read

    if path is None:
        return frozenset()
    try:
        return frozenset(read(path).findings)
    except BaselineError as error:
        raise typer.BadParameter(visible(str(error))) from error


def _write_baseline(path: Path, found: tuple[Finding, ...]) -> None:
    from ecsiam_tui.findings.baseline import make

    try:
        path.write_bytes(make(found))
    except OSError as error:
        raise CommandError(f"{path}: cannot be written: {error.strerror}") from error
    print(visible(f"{path}: baseline of {len({finding.key for finding in found})} findings"), file=sys.stderr)


def _say_stale(parted: Sorted, config: Path | None) -> None:
    """Suppressions that hold no longer or cover nothing are said on standard error."""
    name = config or ".ecsiam.toml"
    for stale, what in ((parted.expired, "expired"), (parted.unused, "covers nothing any more")):
        for found in stale:
            about = f"{found.rule} on {found.node}"
            print(visible(f"{name}: suppress entry {found.index} ({about}) {what}"), file=sys.stderr)


def report_of(workspace: Workspace, parted: Sorted, known: frozenset[str] = frozenset()) -> Report:
    """What every format writes."""
    from ecsiam_tui import __version__
    from ecsiam_tui.findings.registry import table
    from ecsiam_tui.findings.reports import Report

    snapshot = workspace.snapshot
    gaps = tuple(dict.fromkeys(gap.consequence or f"{gap.call}: {gap.reason}" for gap in snapshot.gaps))
    return Report(
        account=snapshot.account_id,
        alias=snapshot.account_alias or "",
        regions=snapshot.regions,
        taken_at=snapshot.taken_at,
        version=__version__,
        rows=tuple(_row(workspace, finding, finding.key in known) for finding in parted.kept),
        rules=tuple(entry for entry, _ in table().values()),
        suppressed=tuple((_row(workspace, finding), by) for finding, by in parted.suppressed),
        gaps=gaps,
    )


def _row(workspace: Workspace, finding: Finding, known: bool = False) -> Row:
    from ecsiam_tui.findings.reports import Row
    from ecsiam_tui.graph.kinds import words

    node = workspace.estate.get(finding.node)
    if node is None:
        return Row(finding, finding.node, "", known)
    return Row(finding, node.title, words(node.kind).word, known)


def _written(report: Report, form: Format, *, full: bool) -> str:
    from ecsiam_tui.findings.reports import junit, sarif, words

    match form:
        case Format.TABLE:
            width = min(shutil.get_terminal_size((100, 24)).columns, 120)
            return words.table(report, width, full=full)
        case Format.MARKDOWN:
            return words.markdown(report).rstrip("\n")
        case Format.JUNIT:
            return junit.junit(report).rstrip("\n")
        case Format.SARIF:
            return as_json(sarif.sarif(report))
        case Format.JSON:
            return as_json(_plain(report))


def as_json(data: object) -> str:
    """A value as JSON, two spaces a level, with nothing in it that a terminal would obey."""
    import msgspec

    return visible_json(msgspec.json.format(msgspec.json.encode(data), indent=2).decode())


def _plain(report: Report) -> dict[str, object]:
    return {
        "account": report.account,
        "alias": report.alias,
        "regions": report.regions,
        "taken_at": report.taken_at,
        "summary": {severity.word: count for severity, count in report.counts.items()},
        "findings": [_finding(row) for row in report.rows],
        "suppressed": [
            _finding(row) | {"reason": by.reason, "expires": by.expires} for row, by in report.suppressed
        ],
        "gaps": report.gaps,
    }


def _finding(row: Row) -> dict[str, object]:
    import msgspec

    data: dict[str, object] = msgspec.structs.asdict(row.finding)
    return data | {
        "severity": row.finding.severity.word,
        "name": row.name,
        "kind": row.kind,
        "certain": row.finding.is_certain,
        "baseline": row.known,
    }
