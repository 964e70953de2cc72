"""Findings for people: a table on a terminal, and Markdown for a ticket or a pull request."""

import textwrap

from ecsiam_tui.account.text import visible
from ecsiam_tui.findings.finding import Evidence, Finding
from ecsiam_tui.findings.reports.report import Report, Row

RULE_WIDTH = 11
INDENT = 4


def table(report: Report, width: int = 100, *, full: bool = False) -> str:
    """The findings, the worst first, at most `width` columns wide; `full` adds evidence and reasons."""
    head = f"{report.alias or 'account'} {report.account}  {', '.join(report.regions)}"
    lines = [visible(head), ""]
    for row in report.rows:
        lines += _rows(row, width, full=full)
    lines += [""] if report.rows else []
    lines.append(visible(report.summary))
    return "\n".join(lines)


def _rows(row: Row, width: int, *, full: bool) -> list[str]:
    finding = row.finding
    mark = " (in the baseline)" if row.known else "" if finding.is_certain else " (possible)"
    severity = f"{finding.severity.glyph} {finding.severity.word}"
    lines = [visible(f"{severity:<10} {finding.rule:<{RULE_WIDTH}} {row.kind} {row.name}{mark}")]
    lines += _wrapped(finding.summary, width)
    if full:
        for text in details(finding):
            lines += _wrapped(text, width, hanging=2)
    return lines


def details(finding: Finding) -> list[str]:
    """What one wants to know besides the summary, a line each."""
    lines = [evidence_line(evidence) for evidence in finding.evidence]
    lines += [f"path: {step.how}" for step in finding.path]
    lines += [f"here: {finding.consequence}"] if finding.consequence else []
    lines += [f"not read: {text}" for text in finding.rests_on]
    return [*lines, f"why: {finding.why}", f"source: {finding.source}"]


def evidence_line(evidence: Evidence) -> str:
    """A piece of evidence in a line: `app ReadAll (lines 3–7): s3:* on *`."""
    where = evidence.where
    if evidence.lines:
        first, last = evidence.lines
        where += f" (line {first})" if first == last else f" (lines {first}–{last})"
    return f"{where}: {evidence.text}" if evidence.text else where


def _wrapped(text: str, width: int, *, hanging: int = 0) -> list[str]:
    start = " " * INDENT
    return textwrap.wrap(
        visible(text),
        width,
        initial_indent=start,
        subsequent_indent=start + " " * hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


def markdown(report: Report) -> str:
    """A document with a table of all findings and a section for each that matters."""
    title = f"# Permissions of Amazon ECS in {report.alias or report.account}"
    taken = report.taken_at.strftime("%Y-%m-%d %H:%M UTC")
    lines = [title, "", f"Account {report.account}, {', '.join(report.regions)}, read {taken}.", ""]
    lines += [f"**{_cell(report.summary)}**", ""]
    if report.rows:
        lines += ["| severity | rule | where | what |", "| --- | --- | --- | --- |"]
        lines += [_markdown_row(row) for row in report.rows]
        lines.append("")
    for row in report.rows:
        finding = row.finding
        lines += [f"## {finding.rule} {_cell(row.name)}: {_cell(finding.title)}", ""]
        lines += [_cell(finding.summary), ""]
        lines += [f"- {_cell(text)}" for text in details(finding)]
        lines += [f"- node: `{_code(finding.node)}`", ""]
    if report.suppressed:
        lines += ["## Suppressed", ""]
        lines += [
            f"- {row.finding.rule} {_cell(row.name)}: {_cell(by.reason)}"
            + (f" (until {by.expires})" if by.expires else "")
            for row, by in report.suppressed
        ]
        lines.append("")
    if report.gaps:
        lines += ["## Not read", "", *(f"- {_cell(gap)}" for gap in report.gaps), ""]
    return "\n".join(lines).rstrip() + "\n"


def _markdown_row(row: Row) -> str:
    finding = row.finding
    known = " (baseline)" if row.known else ""
    where = f"{row.kind} {row.name}"
    return f"| {finding.severity.word}{known} | {finding.rule} | {_cell(where)} | {_cell(finding.summary)} |"


def _cell(text: str) -> str:
    """Text that stays text in Markdown, a table's cell included."""
    for char in "\\`*_[]<>|":
        text = text.replace(char, f"\\{char}")
    return visible(text)


def _code(text: str) -> str:
    return visible(text).replace("`", "'")
