"""The rules about what policies give, against the mistakes of the demo account."""

import pytest

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.findings.finding import Finding, Severity
from ecsiam_tui.findings.registry import run_rule
from tests.findings import builders as b
from tests.findings import seeded

RULES = [
    f"ECS-IAM-{number:03d}"
    for number in (16, 17, 18, 19, 20, 21, 23, 24, 27, 28, 31, 38, 43, 44, 45, 47, 51, 52, 55, 64)
]


@pytest.fixture(scope="module")
def told(demo_snapshot: Snapshot) -> list[Finding]:
    facts = b.facts(demo_snapshot)
    return [finding for rule_id in RULES for finding in run_rule(rule_id, facts)]


def test_every_mistake_is_told_of_where_it_is_written_down(
    demo_snapshot: Snapshot, told: list[Finding]
) -> None:
    assert len(seeded.mistakes(demo_snapshot, RULES)) > 20
    assert seeded.unseen(demo_snapshot, told, RULES) == []


def test_healthy_services_stay_silent(demo_snapshot: Snapshot, told: list[Finding]) -> None:
    assert seeded.false_alarms(demo_snapshot, told) == []


def test_findings_are_certain_sentences_with_evidence(told: list[Finding]) -> None:
    assert len({finding.key for finding in told}) == len(told)
    for finding in told:
        assert finding.summary.endswith("."), finding
        assert finding.evidence, finding
        assert not finding.consequence or finding.consequence.endswith("."), finding
        assert finding.severity <= Severity.MEDIUM or finding.is_certain, finding


def test_escalations_show_their_steps(told: list[Finding]) -> None:
    escalations = [finding for finding in told if finding.rule == "ECS-IAM-024"]
    assert all(finding.path[0].source == finding.node for finding in escalations)


@pytest.mark.parametrize("rule_id", RULES)
def test_an_empty_account_has_nothing_wrong(rule_id: str) -> None:
    assert b.found(rule_id, b.snapshot()) == ()


@pytest.mark.parametrize("rule_id", RULES)
def test_a_plain_service_on_fargate_has_nothing_wrong(rule_id: str) -> None:
    account = b.snapshot(
        roles=[b.role("web-task")],
        task_definitions=[b.definition("web", b.container(logs="/ecs/web"), task_role="web-task")],
        services=[b.service("web", "web:1")],
    )
    assert b.found(rule_id, account) == ()
