"""Findings as documents: every format from the same report, hostile text and all."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.cli.audit import report_of
from ecsiam_tui.findings.baseline import BaselineError, make, new_ones, read
from ecsiam_tui.findings.finding import Evidence, Finding, Rule, Severity, Step, parse_severity
from ecsiam_tui.findings.reports import Report, Row, junit, rules_page, sarif, words
from ecsiam_tui.findings.suppressions import Suppression
from ecsiam_tui.workspace import Workspace

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((Path(__file__).parent / "data" / "sarif-2.1.0.schema.json").read_text())
ROLE = "arn:aws:iam::123456789012:role/app"
HOSTILE = "a\x1b[31m|`<b>]]>&\x00 \u202e b"


def finding(
    rule: str = "ECS-IAM-018", severity: Severity = Severity.HIGH, node: str = ROLE, text: str = "allows s3:*"
) -> Finding:
    return Finding(
        rule,
        "Service wildcard",
        severity,
        (node,),
        text,
        (Evidence("statement", f"{ROLE}#app", "app Read", "s3:* on *", (3, 7)),),
        "why it matters",
        "1 service uses it",
        "the source",
        ("narrow-wildcard",),
        path=(Step("a", "b", ("iam:PassRole",), "passes b"),),
    )


RULES = tuple(
    Rule(
        name, "Service wildcard", Severity.HIGH, "An Allow of s3:*.", "why it matters", "the source", "narrow"
    )
    for name in ("ECS-IAM-018", "ECS-IAM-019")
)


def report(*findings: Finding, known: bool = False, suppressed: tuple[Finding, ...] = ()) -> Report:
    by = Suppression("ECS-IAM-018", "*", "agreed", date(2027, 1, 1), 1)
    return Report(
        "123456789012",
        "acme",
        ("eu-west-1",),
        datetime(2026, 11, 1, 9, 30, tzinfo=UTC),
        "1.0.0",
        tuple(Row(one, "app", "role", known) for one in findings),
        RULES,
        tuple((Row(one, "app", "role"), by) for one in suppressed),
        ("no secrets were read",),
    )


def validate(data: Any) -> None:
    jsonschema.Draft7Validator(SCHEMA).validate(json.loads(json.dumps(data)))


# SARIF


@pytest.mark.parametrize(
    "made",
    [
        report(),
        report(finding()),
        report(finding(), known=True),
        report(finding(), finding("ECS-IAM-019", Severity.LOW), suppressed=(finding(),)),
        report(finding(text=HOSTILE, node=f"arn:{HOSTILE}")),
    ],
)
def test_sarif_fits_the_schema(made: Report) -> None:
    validate(sarif.sarif(made))


def test_the_schema_refuses_what_is_wrong() -> None:
    data = sarif.sarif(report(finding()))
    data["runs"][0]["results"][0]["level"] = "terrible"
    with pytest.raises(jsonschema.ValidationError):
        validate(data)


def test_sarif_of_the_demo_account_fits_the_schema(demo_snapshot: Snapshot) -> None:
    workspace = Workspace(demo_snapshot)
    made = report_of(workspace, workspace.sorted)
    data = sarif.sarif(made)
    validate(data)
    assert len(data["runs"][0]["results"]) == len(workspace.findings)
    ids = [rule["id"] for rule in data["runs"][0]["tool"]["driver"]["rules"]]
    assert all(ids[one["ruleIndex"]] == one["ruleId"] for one in data["runs"][0]["results"])


def test_sarif_says_what_is_suppressed_and_what_is_old() -> None:
    (run,) = sarif.sarif(report(finding(), known=True, suppressed=(finding("ECS-IAM-019"),)))["runs"]
    old, accepted = run["results"]
    assert old["baselineState"] == "unchanged"
    assert accepted["suppressions"][0]["justification"] == "agreed"
    assert old["locations"][0]["physicalLocation"]["region"] == {"startLine": 3, "endLine": 7}


# JUnit


def test_junit_has_a_suite_a_rule_and_a_failure_a_finding() -> None:
    made = junit.junit(report(finding(text=HOSTILE), suppressed=(finding(),)))
    root = ElementTree.fromstring(made.encode())
    first, second = root
    assert (first.get("failures"), first.get("skipped"), second.get("failures")) == ("1", "1", "0")
    assert [case.get("name") for case in second] == ["nothing found"]
    assert "app Read (lines 3–7): s3:* on *" in (first[0][0].text or "")


def test_what_the_baseline_knows_is_skipped() -> None:
    root = ElementTree.fromstring(junit.junit(report(finding(), known=True)).encode())
    assert (root[0].get("failures"), root[0].get("skipped")) == ("0", "1")


# For people


def test_the_table_is_as_wide_as_it_may_be() -> None:
    text = words.table(report(finding(text="a long story " * 30)), 60, full=True)
    assert max(map(len, text.splitlines())) <= 60
    for part in ("✗ high", "ECS-IAM-018", "app Read (lines 3–7)", "path: passes b", "source: the source"):
        assert part in text


def test_hostile_text_is_shown_as_written() -> None:
    made = report(finding(text=HOSTILE), suppressed=(finding(text=HOSTILE),))
    for text in (words.table(made, 80, full=True), words.markdown(made)):
        assert not set(text) & {"\x1b", "\x00", "\u202e"}
    assert "\\|\\`\\<b\\>" in words.markdown(made)


def test_markdown_names_everything() -> None:
    text = words.markdown(report(finding(), suppressed=(finding("ECS-IAM-019"),)))
    for part in ("| high | ECS-IAM-018 |", "## Suppressed", "agreed (until 2027-01-01)", "## Not read"):
        assert part in text


def test_the_summary_counts_new_findings_alone() -> None:
    assert report(finding()).summary == "1 high; 1 gap"
    assert report(finding(), known=True).summary == "nothing found; 1 in the baseline; 1 gap"


# Severities


def test_severities_by_word() -> None:
    assert parse_severity(" High ") is Severity.HIGH
    with pytest.raises(ValueError, match="critical, high, medium, low, info"):
        parse_severity("bad")


# Baseline


def test_a_baseline_knows_its_findings(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    old, new = finding(), finding("ECS-IAM-019")
    path.write_bytes(make([old, old]))
    assert read(path).findings == (old.key,)
    assert new_ones([old, new], read(path)) == (new,)


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b'{"version": 9, "findings": []}', b"\xff"])
def test_a_file_that_is_no_baseline(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "baseline.json"
    path.write_bytes(content)
    with pytest.raises(BaselineError, match=r"baseline\.json"):
        read(path)


def test_no_baseline_file(tmp_path: Path) -> None:
    with pytest.raises(BaselineError, match="cannot be read"):
        read(tmp_path / "none.json")


# The page of rules


def test_the_page_of_rules_is_made_from_the_table() -> None:
    from ecsiam_tui.findings.registry import table

    assert (ROOT / "docs" / "rules.md").read_text() == rules_page.render(rule for rule, _ in table().values())


def test_every_rule_says_what_it_is() -> None:
    from ecsiam_tui.findings.registry import table

    rules = [rule for rule, _ in table().values()]
    assert len(rules) >= 50
    for rule in rules:
        for text in (rule.title, rule.fires, rule.why, rule.source, rule.fix):
            assert text.strip(), rule.id
            assert not text[0].isspace()
