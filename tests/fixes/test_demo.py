"""Every finding of the demo account that these recipes are for: its fixes do what they say, and go back."""

import re
import time
from collections.abc import Iterator

import pytest

from ecsiam_tui.account.iam import Role
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.applying import apply_all
from ecsiam_tui.changes.inverting import inverse_of_all
from ecsiam_tui.findings.finding import Finding
from ecsiam_tui.fixes.fix import Fix
from ecsiam_tui.fixes.proof import fixes_for, prove
from ecsiam_tui.workspace import Workspace

NUMBERS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 22, 27, 28, 32, 39, 52, 60, 61, 63)
RULES = tuple(f"ECS-IAM-{number:03}" for number in NUMBERS)
NOTHING_TO_DO: dict[str, str] = {
    "ECS-IAM-012 arn:aws:iam::123456789012:role/old-crawler-task": "its trust names a user that is gone",
    "ECS-IAM-032 arn:aws:ecs:eu-west-1:123456789012:task-definition/crawler:8": "it has no execution role",
}
"""Findings that no call mends, and why."""
TOLD = ("ECS-IAM-046", "ECS-IAM-049", "ECS-IAM-064")
"""Rules whose findings are mended elsewhere."""


@pytest.fixture(scope="module")
def workspace(demo_snapshot: Snapshot) -> Workspace:
    return Workspace(demo_snapshot).judge()


@pytest.fixture(scope="module")
def found(workspace: Workspace) -> dict[str, tuple[Fix, ...]]:
    """The fixes of every finding of these rules, by its key."""
    return {
        finding.key: fixes_for(finding, workspace.facts)
        for finding in workspace.found
        if finding.rule in RULES
    }


def of_rule(workspace: Workspace, rule: str) -> Iterator[Finding]:
    return (finding for finding in workspace.found if finding.rule == rule)


def documents_of(role: Role) -> tuple[str, dict[str, str], set[str]]:
    return (
        role.assume_role_policy_document,
        {one.policy_name: one.policy_document for one in role.role_policy_list},
        {one.policy_arn for one in role.attached_managed_policies},
    )


@pytest.mark.parametrize("rule", RULES)
def test_every_finding_has_a_fix(workspace: Workspace, found: dict[str, tuple[Fix, ...]], rule: str) -> None:
    findings = list(of_rule(workspace, rule))
    assert findings, "the demo account no longer shows it"
    without = {one.key for one in findings if not any(fix.changes for fix in found[one.key])}
    assert without == {key for key in NOTHING_TO_DO if key.startswith(rule)}


@pytest.mark.parametrize("rule", RULES)
def test_a_fix_mends_it_and_goes_back(
    workspace: Workspace, found: dict[str, tuple[Fix, ...]], rule: str
) -> None:
    """The narrowest fix of the first finding, looked at by a workspace that knows nothing of proofs."""
    before = workspace.snapshot
    mended = [(one, found[one.key][0]) for one in of_rule(workspace, rule) if one.key not in NOTHING_TO_DO]
    if not mended:
        assert all("First" in fix.title for one in of_rule(workspace, rule) for fix in found[one.key][:1])
        return
    finding, fix = mended[0]
    there = apply_all(fix.changes, before)
    later = Workspace(there)
    same = {one.task_definition: one.base for one in fix.changes if isinstance(one, c.RegisterTaskDefinition)}
    same |= fix.copies
    rolled = {one.service for one in fix.changes if isinstance(one, c.UpdateService)}
    old = {one.key for one in workspace.found}
    new = {
        f"{one.rule} {same.get(one.node, one.node)}"
        for one in later.found
        if one.severity >= finding.severity and not (one.rule == "ECS-IAM-040" and one.node in rolled)
    }
    assert finding.key not in {f"{one.rule} {same.get(one.node, one.node)}" for one in later.found}
    assert new <= old
    back = apply_all(inverse_of_all(fix.changes, before), there)
    assert {role.arn: documents_of(role) for role in back.roles} == {
        role.arn: documents_of(role) for role in before.roles
    }
    assert {one.service_arn: one.task_definition for one in back.services} == {
        one.service_arn: one.task_definition for one in before.services
    }
    assert back.keys == before.keys


def test_a_role_that_does_it_already_is_offered_after_one_of_its_own(
    workspace: Workspace, found: dict[str, tuple[Fix, ...]]
) -> None:
    finding = next(of_rule(workspace, "ECS-IAM-001"))
    create, reuse = found[finding.key]
    assert (create.name, reuse.name) == ("create-execution-role", "reuse-execution-role")
    assert "ecs-exec" in reuse.title
    assert reuse.costs


def test_narrow_fixes_give_nothing_that_is_not_asked_for(
    workspace: Workspace, found: dict[str, tuple[Fix, ...]]
) -> None:
    narrow = {"allow-missing-actions", "add-exec-permissions", "create-execution-role", "repair-trust"}
    seen = set()
    for finding in workspace.found:
        for fix in found.get(finding.key, ()):
            if fix.name in narrow and fix.name not in seen:
                seen.add(fix.name)
                assert prove(fix, finding, workspace.facts).broader == ()
    assert seen == narrow


def test_no_trust_names_a_cluster_and_documents_are_readable(found: dict[str, tuple[Fix, ...]]) -> None:
    texts = [
        getattr(change, field)
        for fixes in found.values()
        for fix in fixes
        for change in fix.changes
        for field in ("trust", "document")
        if getattr(change, field, None)
    ]
    trusts = [text for text in texts if "sts:AssumeRole" in text and "aws:SourceArn" in text]
    assert trusts
    for text in trusts:
        assert not re.search(r'"aws:SourceArn": "[^"]*:(cluster|service|task)/', text)
    assert all("\n  " in text for text in texts)


@pytest.mark.parametrize("rule", TOLD)
def test_what_is_mended_elsewhere_is_told(workspace: Workspace, rule: str) -> None:
    for finding in of_rule(workspace, rule):
        (fix,) = fixes_for(finding, workspace.facts)
        assert (fix.name, fix.changes) == ("export-patch", ())


def test_what_a_tool_keeps_is_warned_of_first(workspace: Workspace) -> None:
    """accounts-task belongs to a CloudFormation stack."""
    role = next(one for one in workspace.snapshot.roles if one.role_name == "accounts-task")
    finding = next(one for one in workspace.found if one.rule == "ECS-IAM-012")
    other = next(one for one in workspace.snapshot.roles if one.arn == finding.node)
    snapshot = workspace.snapshot
    import msgspec

    tagged = msgspec.structs.replace(other, tags=role.tags)
    roles = tuple(tagged if one is other else one for one in snapshot.roles)
    facts = Workspace(msgspec.structs.replace(snapshot, roles=roles)).facts
    fix = fixes_for(finding, facts)[0]
    assert "will be reverted" in fix.warnings[0]
    assert "accounts-prod" in fix.warnings[0]


@pytest.mark.parametrize(
    ("service", "names"),
    [
        ("payments-api", {"allow-missing-actions"}),
        ("exports", {"create-task-role"}),
        ("ledger", {"allow-key"}),
        ("media", {"repair-trust"}),
        ("pricing", {"repair-trust"}),
        ("loyalty", {"create-task-role"}),
    ],
)
def test_what_failed_is_mended_by_its_cause(workspace: Workspace, service: str, names: set[str]) -> None:
    finding = next(one for one in of_rule(workspace, "ECS-IAM-042") if one.node.endswith(f"/{service}"))
    fixes = fixes_for(finding, workspace.facts)
    assert names <= {fix.name for fix in fixes}
    assert {fix.finding for fix in fixes} == {finding.key}


def test_proving_is_quick(workspace: Workspace, found: dict[str, tuple[Fix, ...]]) -> None:
    finding = next(of_rule(workspace, "ECS-IAM-002"))
    fix = found[finding.key][0]
    times = []
    for _ in range(3):
        start = time.perf_counter()
        prove(fix, finding, workspace.facts)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.9  # 0.1 s on an idle machine
