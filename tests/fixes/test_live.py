"""Fixes in the demo account itself: every rule that can be mended by API is mended by real calls, read again,
and taken back to the byte."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.applying_plan import Applying, Outcome
from ecsiam_tui.changes.journal import Journals
from ecsiam_tui.changes.plan import make
from ecsiam_tui.demo.source import DemoSource
from ecsiam_tui.findings.finding import Finding
from ecsiam_tui.findings.registry import table
from ecsiam_tui.fixes.fix import Fix
from ecsiam_tui.fixes.proof import fixes_for
from ecsiam_tui.workspace import Workspace
from tests.quiet import Quiet

pytestmark = pytest.mark.xdist_group("fixes in the demo account")
NOW = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)
NOT_BY_API = {
    "ECS-IAM-025",  # the values of secrets are known to nobody here
    "ECS-IAM-032",  # the service lacks its execution role too, without which no revision can be registered
    "ECS-IAM-036",  # which image is meant is not in the account
    "ECS-IAM-042",  # what happened stays in the events; its causes are mended under their own rules
    "ECS-IAM-029",  # instance metadata options are no change of a role or task definition
    "ECS-IAM-030",
    "ECS-IAM-031",  # goes with 017
    "ECS-IAM-033",
    "ECS-IAM-034",
    "ECS-IAM-046",
    "ECS-IAM-049",
    "ECS-IAM-058",
    "ECS-IAM-059",
    "ECS-IAM-064",
    "ECS-IAM-065",
    "ECS-IAM-066",
}
"""Rules whose findings in the demo account a person has to mend."""


MOST_ROUNDS = 4
"""Fixes that write the same thing are applied one after the other is undone."""


class Mended(NamedTuple):
    """One round: the account before, after some fixes, and after undo; which fixes were applied."""

    before: Snapshot
    after: Snapshot
    back: Snapshot
    fixes: dict[str, tuple[Finding, Fix]]
    outcome: Outcome
    undone: Outcome


def chosen(workspace: Workspace, done: set[str]) -> dict[str, tuple[Finding, Fix]]:
    """For every rule that is not done the first fix of a finding; no two fixes write the same thing."""
    found: dict[str, tuple[Finding, Fix]] = {}
    taken: set[str] = set()
    for finding in workspace.findings:
        if finding.rule in {*found, *done, *NOT_BY_API}:
            continue
        for fix in _each(finding, workspace):
            targets = {_family(change) for change in fix.changes}
            if not targets & taken:
                found[finding.rule] = finding, fix
                taken |= targets
                break
    return found


def _each(finding: Finding, workspace: Workspace) -> Iterator[Fix]:
    """The fixes with changes, one recipe after the other: proving takes its time."""
    for name in dict.fromkeys(finding.fixes) or ("",):
        alone = msgspec.structs.replace(finding, fixes=(name,))
        yield from (fix for fix in fixes_for(alone, workspace.facts) if fix.changes)


def _family(change: c.AnyChange) -> str:
    """What a change writes; revisions of a family are one thing."""
    target = change.target
    return target.rpartition(":")[0] if ":task-definition/" in target else target


@pytest.fixture(scope="module")
def rounds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Mended]]:
    folder: Path = tmp_path_factory.mktemp("journals")
    source = DemoSource(now=NOW)
    try:
        before = source.load(Quiet()).snapshot
        journals = Journals(folder, before.account_id)
        applying = Applying(source, source.sender(), journals, Quiet(), watch_for=0)
        found: list[Mended] = []
        done: set[str] = set()
        while fixes := chosen(_judged(before), done):
            assert len(found) < MOST_ROUNDS
            plan = make(before, [change for _, fix in fixes.values() for change in fix.changes])
            outcome = applying.start(plan)
            assert outcome.state == "done", (outcome.message, outcome.drift)
            after = source.load(Quiet()).snapshot
            undone = applying.start(applying.plan_undo(outcome.journal, after), "undo", outcome.journal)
            back = source.load(Quiet()).snapshot
            found.append(Mended(before, after, back, fixes, outcome, undone))
            done |= set(fixes)
            before = back
        yield found
    finally:
        source.close()


def test_every_call_is_made_and_the_account_is_as_wanted(rounds: list[Mended]) -> None:
    assert [one.outcome.unlike for one in rounds] == [()] * len(rounds)
    assert sum(len(one.fixes) for one in rounds) >= 45


@pytest.mark.parametrize("rule", sorted(table()))
def test_a_fixed_finding_is_gone(rounds: list[Mended], rule: str) -> None:
    mended = next((one for one in rounds if rule in one.fixes), None)
    if mended is None:
        there = {one.rule for one in _judged(rounds[0].before).findings}
        assert rule in NOT_BY_API or rule not in there
        return
    finding, fix = mended.fixes[rule]
    left = [one for one in _judged(mended.after).findings if one.key == finding.key]
    assert left == [] or left[0].severity < finding.severity, fix.title


_WORKSPACES: dict[int, Workspace] = {}


def _judged(snapshot: Snapshot) -> Workspace:
    """An account with its findings, which are worked out once."""
    if id(snapshot) not in _WORKSPACES:
        _WORKSPACES[id(snapshot)] = Workspace(snapshot)
    return _WORKSPACES[id(snapshot)]


def test_nothing_worse_came_of_it(rounds: list[Mended]) -> None:
    before = {finding.lasting_key for finding in _judged(rounds[0].before).findings}
    for one in rounds:
        worst = max(finding.severity for finding, _ in one.fixes.values())
        new = [found for found in _judged(one.after).findings if found.lasting_key not in before]
        assert [found.key for found in new if found.severity >= worst] == []


def test_undo_restores_every_policy_to_the_byte(rounds: list[Mended]) -> None:
    assert [one.undone.state for one in rounds] == ["done"] * len(rounds)

    def documents(snapshot: Snapshot) -> dict[str, object]:
        found: dict[str, object] = {}
        for role in snapshot.roles:
            found[role.arn] = (
                role.assume_role_policy_document,
                {one.policy_name: one.policy_document for one in role.role_policy_list},
                {one.policy_arn for one in role.attached_managed_policies},
                role.permissions_boundary.permissions_boundary_arn if role.permissions_boundary else "",
                role.tags,
            )
        found |= {policy.arn: policy.document for policy in snapshot.policies if policy.attachment_count}
        found |= {one.repository_arn: one.policy for one in snapshot.repositories}
        found |= {one.arn: one.policy for one in snapshot.keys}
        return found | {one.service_arn: one.task_definition for one in snapshot.services}

    was = documents(rounds[0].before)
    for one in rounds:
        now = documents(one.back)
        changed = {key for key in was | now if was.get(key) != now.get(key)}
        assert {key: (was.get(key), now.get(key)) for key in changed} == {}
