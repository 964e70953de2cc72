"""The demo account says itself what is wrong in it: all of that is found, and nothing at what is well."""

from collections import Counter

import pytest

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.findings.finding import Finding, Severity
from ecsiam_tui.findings.registry import table
from ecsiam_tui.workspace import Workspace
from tests.findings import seeded


@pytest.fixture(scope="module")
def workspace(demo_snapshot: Snapshot) -> Workspace:
    return Workspace(demo_snapshot)


@pytest.fixture(scope="module")
def found(workspace: Workspace) -> tuple[Finding, ...]:
    return workspace.findings


def test_every_mistake_is_found_where_it_is_written_down(
    demo_snapshot: Snapshot, found: tuple[Finding, ...]
) -> None:
    listed = seeded.mistakes(demo_snapshot)
    assert len(listed) >= 63
    assert seeded.unseen(demo_snapshot, found) == []


def test_the_healthy_services_have_nothing_above_info(
    demo_snapshot: Snapshot, found: tuple[Finding, ...]
) -> None:
    assert len(seeded.healthy_nodes(demo_snapshot)) > 4
    assert seeded.false_alarms(demo_snapshot, found) == []


def test_findings_are_in_order_and_each_is_said_once(found: tuple[Finding, ...]) -> None:
    assert [one.severity for one in found] == sorted((one.severity for one in found), reverse=True)
    assert max(Counter(one.key for one in found).values()) == 1


def test_every_finding_can_be_acted_on(workspace: Workspace, found: tuple[Finding, ...]) -> None:
    rules = set(table())
    for one in found:
        assert one.rule in rules
        assert one.summary.strip().endswith((".", ")", "…")), one.key
        assert one.evidence, one.key
        assert one.node in workspace.estate, one.key
        assert all(evidence.node in workspace.estate for evidence in one.evidence), one.key


def test_what_rests_on_something_unread_is_at_most_medium(found: tuple[Finding, ...]) -> None:
    assert [one.key for one in found if one.rests_on and one.severity > Severity.MEDIUM] == []
