"""SARIF 2.1.0, for code scanning: rules, results, and what is suppressed.

Source: OASIS Standard "Static Analysis Results Interchange Format (SARIF) Version 2.1.0". An account has no
files, so every result has a logical location (the node) and, for tools that insist on one, an artifact named
after it.
"""

import hashlib
from typing import Any
from urllib.parse import quote

from ecsiam_tui.findings.finding import Evidence, Finding, Rule, Severity
from ecsiam_tui.findings.reports.report import Report, Row
from ecsiam_tui.findings.suppressions import Suppression

LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
SCORES = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "3.0",
    Severity.INFO: "0.0",
}
"""`security-severity` as code scanning sorts it: above 9.0 critical, 7.0 high, 4.0 medium, 0.1 low."""

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(report: Report) -> dict[str, Any]:
    """The log of one run."""
    numbers = {rule.id: number for number, rule in enumerate(report.rules)}
    results = [_result(row, numbers) for row in report.rows]
    results += [_result(row, numbers, by) for row, by in report.suppressed]
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "ecsiam-tui",
                "semanticVersion": report.version,
                "rules": [_rule(rule) for rule in report.rules],
            }
        },
        "automationDetails": {"id": f"ecsiam-tui/{report.account}/"},
        "columnKind": "unicodeCodePoints",
        "results": results,
        "properties": {"account": report.account, "regions": list(report.regions)},
    }
    if report.gaps:
        notes = [{"level": "warning", "message": {"text": f"not read: {gap}"}} for gap in report.gaps]
        invocation = {"executionSuccessful": True, "toolExecutionNotifications": notes}
        run["invocations"] = [invocation]
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": rule.title,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": f"{rule.fires} {rule.why}"},
        "help": {"text": f"{rule.why}\n\nFix: {rule.fix}\n\nSource: {rule.source}"},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": {"security-severity": SCORES[rule.severity], "tags": ["security", "aws", "ecs", "iam"]},
    }


def _result(row: Row, numbers: dict[str, int], by: Suppression | None = None) -> dict[str, Any]:
    finding = row.finding
    text = " ".join(filter(None, (finding.summary, finding.consequence)))
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": numbers[finding.rule],
        "level": LEVELS[finding.severity],
        "message": {"text": text},
        "locations": [_location(finding, row)],
        "partialFingerprints": {"key/v1": hashlib.sha256(finding.key.encode()).hexdigest()},
        "properties": {
            "severity": finding.severity.word,
            "security-severity": SCORES[finding.severity],
            "nodes": list(finding.nodes),
            "evidence": [_evidence(evidence) for evidence in finding.evidence],
            "restsOn": list(finding.rests_on),
            "fixes": list(finding.fixes),
            "path": [f"{step.source} → {step.target}: {step.how}" for step in finding.path],
        },
    }
    if row.known:
        result["baselineState"] = "unchanged"
    if by is not None:
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": by.reason}]
    return result


def _location(finding: Finding, row: Row) -> dict[str, Any]:
    lines = next((evidence.lines for evidence in finding.evidence if evidence.lines), None)
    physical: dict[str, Any] = {"artifactLocation": {"uri": quote(finding.node, safe="/")}}
    if lines:
        physical["region"] = {"startLine": lines[0], "endLine": lines[1]}
    return {
        "physicalLocation": physical,
        "logicalLocations": [{"name": row.name, "fullyQualifiedName": finding.node, "kind": "resource"}],
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": evidence.kind, "node": evidence.node, "where": evidence.where}
    found |= {"text": evidence.text} if evidence.text else {}
    return found | ({"lines": list(evidence.lines)} if evidence.lines else {})
