"""Every finding of the demo account that these recipes are for: mended, told why not, and taken back."""

import pytest

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.applying import apply_all
from ecsiam_tui.changes.inverting import inverse_of_all
from ecsiam_tui.changes.targets import states
from ecsiam_tui.findings.finding import Finding
from ecsiam_tui.fixes.fix import Fix
from ecsiam_tui.fixes.proof import fixes_for
from ecsiam_tui.workspace import Workspace

NUMBERS = (16, 17, 18, 19, 20, 21, 23, 24, 25, 26, 29, 30, 31, 33, 34, 35, 36, 37, 38, 40, 41, 43, 44, 47)
MORE = (51, 53, 54, 55, 56, 57, 58, 59, 62, 65)
RULES = tuple(f"ECS-IAM-{number:03}" for number in (*NUMBERS, *MORE))
GROUPS = "policies of groups are no change of the program"
MADE_ELSEWHERE = "what is meant, or what has to be made, is not in the account"
CAUSE_FIRST = "the rollout fails for another reason, which has fixes of its own"
NOT_IAM = "the instance, or where tasks are placed, is no change of the program"
TOLD = {
    "ECS-IAM-024 group/deployers": GROUPS,
    "ECS-IAM-025 task-definition/notifications:9": "nobody knows the values that a new secret has to hold",
    "ECS-IAM-029 container-instance/platform/f4fe09c97ca50b747749bc68756ea4f9": NOT_IAM,
    "ECS-IAM-029 container-instance/platform/4e7c0479f82fe241d0f070a0a8701315": NOT_IAM,
    "ECS-IAM-030 container-instance/platform/f4fe09c97ca50b747749bc68756ea4f9": NOT_IAM,
    "ECS-IAM-030 container-instance/platform/4e7c0479f82fe241d0f070a0a8701315": NOT_IAM,
    "ECS-IAM-033 task-definition/identity:203": "a secret is restored, or another one chosen",
    "ECS-IAM-034 task-definition/webhooks:7": MADE_ELSEWHERE,
    "ECS-IAM-036 task-definition/crawler:8": MADE_ELSEWHERE,
    "ECS-IAM-036 task-definition/partners-gateway:2": "the repository is another account's",
    "ECS-IAM-040 service/platform/crawler": CAUSE_FIRST,
    "ECS-IAM-040 service/prod/exports": CAUSE_FIRST,
    "ECS-IAM-040 service/prod/media": CAUSE_FIRST,
    "ECS-IAM-040 service/prod/partners-gateway": CAUSE_FIRST,
    "ECS-IAM-040 service/prod/payments-api": CAUSE_FIRST,
    "ECS-IAM-040 service/prod/webhooks": CAUSE_FIRST,
    "ECS-IAM-056 task-definition/edge-proxy:11": "it is INACTIVE: another revision is rolled out first",
    "ECS-IAM-057 daemon-task-definition/log-shipper:1": "no change registers daemon task definitions",
    "ECS-IAM-057 task-definition/crawler:8": "no revision is registered while it has no execution role",
    "ECS-IAM-058 task-definition/inventory:29": MADE_ELSEWHERE,
    "ECS-IAM-059 task-definition/reports:28": "the policy of the file system has to be closed first",
    "ECS-IAM-059 task-definition/exports:4": "there is no access point to go through",
    "ECS-IAM-059 task-definition/ledger:15": "there is no access point to go through",
    "ECS-IAM-065 task/batch/a8e85a0fefa412314a4b926ddc5a22ba": "a task that runs keeps its role",
}
"""Findings that no change mends, and why; each of them has a fix that says what a person does."""
NOT_TO_THE_BYTE = (c.DeleteRole, c.DeletePolicyVersion, c.CreatePolicyVersion, c.RegisterTaskDefinition)
"""Changes that leave a trace in the account for ever: an id, a version, a number."""


def short(finding: Finding) -> str:
    return f"{finding.rule} {finding.node.split(':', 5)[-1]}"


@pytest.fixture(scope="module")
def workspace(demo_snapshot: Snapshot) -> Workspace:
    return Workspace(demo_snapshot).judge()


@pytest.fixture(scope="module")
def found(workspace: Workspace) -> list[tuple[Finding, tuple[Fix, ...]]]:
    """The fixes of every finding of these rules."""
    return [
        (finding, fixes_for(finding, workspace.facts)) for finding in workspace.found if finding.rule in RULES
    ]


Found = list[tuple[Finding, tuple[Fix, ...]]]


@pytest.mark.parametrize("rule", RULES)
def test_every_finding_is_mended_or_says_why_not(found: Found, rule: str) -> None:
    mine = [(finding, fixes) for finding, fixes in found if finding.rule == rule]
    assert mine, "the demo account no longer shows it"
    without = {short(finding) for finding, fixes in mine if not any(fix.changes for fix in fixes)}
    assert without == {key for key in TOLD if key.startswith(rule)}
    for finding, fixes in mine:
        assert fixes, finding.key
        for fix in fixes:
            assert fix.changes or fix.warnings or fix.questions or fix.title.startswith(("By hand", "First"))


@pytest.mark.parametrize("rule", RULES)
def test_the_narrowest_fix_mends_it(workspace: Workspace, found: Found, rule: str) -> None:
    """Of the first finding of a rule, looked at by a workspace that knows nothing of proofs."""
    chosen = next(((one, fixes) for one, fixes in found if one.rule == rule and fixes[0].changes), None)
    if chosen is None:
        assert any(key.startswith(rule) for key in TOLD)
        return
    finding, (fix, *_) = chosen
    later = Workspace(apply_all(fix.changes, workspace.snapshot))
    same = {one.task_definition: one.base for one in fix.changes if isinstance(one, c.RegisterTaskDefinition)}
    rolled = {one.service for one in fix.changes if isinstance(one, c.UpdateService)}
    now = {f"{one.rule} {same.get(one.node, one.node)}": one for one in later.found}
    assert finding.key not in now or now[finding.key].severity < finding.severity
    old = {one.key for one in workspace.found}
    assert not {
        key
        for key, one in now.items()
        if one.severity >= finding.severity
        and key not in old
        and not (one.rule == "ECS-IAM-040" and one.node in rolled)
    }
    missing = {
        (j.requirement.principal, j.requirement.action, j.requirement.resource)
        for j in workspace.requirements
        if j.status == "missing"
    }
    assert {
        (j.requirement.principal, j.requirement.action, j.requirement.resource)
        for j in later.requirements
        if j.status == "missing"
    } <= missing


def test_every_fix_is_taken_back_to_the_byte(workspace: Workspace, found: Found) -> None:
    before = workspace.snapshot
    count = 0
    for _, fixes in found:
        for fix in fixes:
            lasting = [one.target for one in fix.changes if not isinstance(one, NOT_TO_THE_BYTE)]
            there = apply_all(fix.changes, before)
            back = apply_all(inverse_of_all(fix.changes, before), there)
            assert states(lasting, back) == states(lasting, before), fix.title
            documents = {one.arn: one.document for one in before.policies}
            assert {one.arn: one.document for one in back.policies} == documents
            count += bool(fix.changes)
    assert count > 40


def test_what_is_lost_is_told(found: Found) -> None:
    for finding, fixes in found:
        for fix in fixes:
            if fix.name in ("swap-managed-policy", "rewrite-not-action") and fix.breadth == 0:
                assert any(cost.startswith("Loses ") for cost in fix.costs), finding.key


def test_no_fix_knows_the_value_of_a_variable(found: Found) -> None:
    """What is edited is taken out, switched, or names something."""
    for _, fixes in found:
        for change in (change for fix in fixes for change in fix.changes):
            for edit in change.edits if isinstance(change, c.RegisterTaskDefinition) else ():
                assert "environment" not in edit.path or edit.remove
