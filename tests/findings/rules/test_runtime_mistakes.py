"""The rules about what runs, against the mistakes of the demo account."""

import pytest

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.findings.finding import Finding, Severity
from ecsiam_tui.findings.registry import run_rule, table
from tests.findings import builders as b
from tests.findings import seeded

RULES = [
    f"ECS-IAM-{number:03d}"
    for number in (
        *(25, 26, 29, 30, 32, 33, 34, 35, 36, 37, 40, 41),
        *(42, 49, 53, 54, 56, 57, 58, 59, 62),
    )
]


@pytest.fixture(scope="module")
def told(demo_snapshot: Snapshot) -> list[Finding]:
    facts = b.facts(demo_snapshot)
    return [finding for rule_id in RULES for finding in run_rule(rule_id, facts)]


def test_every_mistake_is_told_of_where_it_is_written_down(
    demo_snapshot: Snapshot, told: list[Finding]
) -> None:
    assert seeded.mistakes(demo_snapshot, RULES)
    assert seeded.unseen(demo_snapshot, told, RULES) == []


def test_healthy_services_stay_silent(demo_snapshot: Snapshot, told: list[Finding]) -> None:
    assert len(seeded.healthy_nodes(demo_snapshot)) > 12
    assert seeded.false_alarms(demo_snapshot, told) == []


def test_one_finding_for_a_rule_and_a_node(told: list[Finding]) -> None:
    assert len({finding.key for finding in told}) == len(told)


def test_what_rests_on_something_unread_is_at_most_medium(told: list[Finding]) -> None:
    assert [item.key for item in told if item.rests_on and item.severity > Severity.MEDIUM] == []


def test_findings_are_sentences_with_evidence(told: list[Finding]) -> None:
    for finding in told:
        assert finding.summary.endswith("."), finding
        assert finding.evidence, finding
        assert finding.why.endswith("."), finding
        assert finding.source, finding
        if finding.consequence:
            assert finding.consequence.endswith("."), finding


def test_no_finding_holds_a_value_of_the_environment(told: list[Finding]) -> None:
    text = repr(told)
    for value in ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI", "n0t-a-real-password", "shop@acme.example"):
        assert value not in text


def test_rules_name_their_fixes_in_kebab_case() -> None:
    for rule_id in RULES:
        known, _ = table()[rule_id]
        assert all(fix == fix.lower() and " " not in fix for fix in known.fixes)


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
