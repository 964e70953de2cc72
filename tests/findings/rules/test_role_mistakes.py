"""The rules about roles, against the mistakes of the demo account."""

import pytest

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.findings.finding import Finding, Severity
from ecsiam_tui.findings.registry import run_rule
from tests.findings import builders as b
from tests.findings import seeded

RULES = [f"ECS-IAM-{number:03d}" for number in (*range(1, 16), 22, 39, 46, 50, 60, 61, 63, 65, 66, 67, 68)]

ALSO = {
    # What ECS-IAM-038 tells of in detail is lacking, too.
    ("ECS-IAM-002", "invoices-exec"),
    # The monitoring agent allows ssm:*, which is not ssmmessages.
    ("ECS-IAM-004", "node-agent-task"),
    # More trust policies that were copied without conditions.
    ("ECS-IAM-012", "build-runner-task"),
    ("ECS-IAM-012", "ecsEventsRole"),
    ("ECS-IAM-012", "ecsInfrastructureVolumes"),
    ("ECS-IAM-012", "ecsServiceRole"),
    ("ECS-IAM-012", "node-agent-task"),
    ("ECS-IAM-012", "old-crawler-task"),
    ("ECS-IAM-012", "partner-upload-task"),
}
"""What is found beside the mistakes that the estate lists: true, and of no consequence of its own there."""


@pytest.fixture(scope="module")
def told(demo_snapshot: Snapshot) -> list[Finding]:
    facts = b.facts(demo_snapshot)
    return [finding for rule_id in RULES for finding in run_rule(rule_id, facts)]


def test_every_mistake_is_told_of_where_it_is_written_down(
    demo_snapshot: Snapshot, told: list[Finding]
) -> None:
    assert len(seeded.mistakes(demo_snapshot, RULES)) > 20
    assert seeded.unseen(demo_snapshot, told, RULES) == []


def test_nothing_else_is_told(demo_snapshot: Snapshot, told: list[Finding]) -> None:
    listed = {(mistake.id, mistake.node) for mistake in seeded.mistakes(demo_snapshot, RULES)}
    more = {(finding.rule, finding.node.rsplit("/", 1)[-1]) for finding in told} - {
        (rule, node.rsplit("/", 1)[-1]) for rule, node in listed
    }
    assert more == ALSO


def test_healthy_services_stay_silent(demo_snapshot: Snapshot, told: list[Finding]) -> None:
    assert seeded.false_alarms(demo_snapshot, told) == []


def test_one_finding_for_a_rule_and_a_node(told: list[Finding]) -> None:
    assert len({finding.key for finding in told}) == len(told)


def test_what_rests_on_something_unread_is_at_most_medium(told: list[Finding]) -> None:
    assert [item.key for item in told if item.rests_on and item.severity > Severity.MEDIUM] == []


def test_findings_are_sentences_with_evidence(demo_snapshot: Snapshot, told: list[Finding]) -> None:
    estate = b.facts(demo_snapshot).estate
    for finding in told:
        assert finding.summary.endswith("."), finding
        assert finding.evidence, finding
        assert not finding.consequence or finding.consequence.endswith("."), finding
        assert [node for node in finding.nodes if node not in estate] == [], finding
        assert [one.node for one in finding.evidence if one.node not in estate] == [], finding
