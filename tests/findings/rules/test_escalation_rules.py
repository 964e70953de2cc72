"""Passing any role, sessions past ECS Exec, and ways to become an administrator."""

from typing import Any

import pytest

from ecsiam_tui.account.iam import AttachedPolicy, Group, InlinePolicy, User
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.findings.finding import Severity
from tests.findings import builders as b

ALL_ROLES = f"arn:aws:iam::{b.ACCOUNT}:role/*"
TO_TASKS = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
PEOPLE = b.document(
    {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::{b.ACCOUNT}:saml-provider/SSO"},
        "Action": "sts:AssumeRoleWithSAML",
    }
)
C, H, M, L = Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW


def group(name: str, *statements: dict[str, Any], attached: str = "") -> Group:
    inline = (InlinePolicy(policy_name="own", policy_document=b.document(*statements)),) if statements else ()
    return Group(
        group_name=name,
        arn=f"arn:aws:iam::{b.ACCOUNT}:group/{name}",
        group_policy_list=inline,
        attached_managed_policies=(AttachedPolicy(policy_name="x", policy_arn=attached),) if attached else (),
    )


def user(name: str, *groups: str) -> User:
    return User(user_name=name, arn=f"arn:aws:iam::{b.ACCOUNT}:user/{name}", group_list=groups)


def task_role(*statements: dict[str, Any], **fields: Any) -> Snapshot:
    return b.snapshot(
        roles=[b.role("web-task", inline={"app": b.document(*statements)})],
        task_definitions=[b.definition("web", task_role="web-task")],
        services=[b.service("web", "web:1")],
        **fields,
    )


def on(rule: str, snapshot: Snapshot) -> list[tuple[str, Severity]]:
    found = b.found(rule, snapshot)
    assert all(finding.evidence for finding in found)
    return [(finding.node.rsplit("/", 1)[-1], finding.severity) for finding in found]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (b.allow("iam:PassRole"), [C]),
        (b.allow("iam:Pass*", ALL_ROLES), [C]),
        (b.allow("iam:PassRole", Condition=TO_TASKS), [M]),
        (b.allow("iam:PassRole", b.role_arn("web-*")), []),
        (b.allow("iam:PassRole", b.role_arn("web-exec"), Condition=TO_TASKS), []),
        (b.allow("*"), []),  # the rule on administrators tells of it
        (b.allow("iam:GetRole"), []),
    ],
)
def test_passes_any_role(statement: dict[str, Any], expected: list[Severity]) -> None:
    assert on("ECS-IAM-023", task_role(statement)) == [("web-task", severity) for severity in expected]


def test_a_deny_takes_the_passing_away() -> None:
    nothing = {"Effect": "Deny", "Action": "iam:PassRole", "Resource": "*"}
    assert on("ECS-IAM-023", task_role(b.allow("iam:PassRole"), nothing)) == []


@pytest.mark.parametrize(
    ("statements", "members", "expected"),
    [
        ([b.allow(["iam:PassRole", "ecs:RunTask"])], ["ann"], [("ship", C)]),
        ([b.allow("iam:PassRole"), b.allow("ecs:*")], ["ann"], [("ship", C)]),
        # Not of ECS's concern.
        ([b.allow("iam:PassRole")], ["ann"], []),
        # Nobody has it.
        ([b.allow(["iam:PassRole", "ecs:RunTask"])], [], []),
    ],
)
def test_deployers_pass_any_role(
    statements: list[dict[str, Any]], members: list[str], expected: list[tuple[str, Severity]]
) -> None:
    account = b.snapshot(groups=[group("ship", *statements)], users=[user(name, "ship") for name in members])
    assert on("ECS-IAM-023", account) == expected


EXEC_ON: dict[str, Any] = {
    "roles": [b.role("web-task")],
    "task_definitions": [b.definition("web", task_role="web-task")],
    "services": [b.service("web", "web:1", enable_execute_command=True)],
}


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (b.allow("ssm:StartSession"), [M]),
        (b.allow("ssm:*"), [M]),
        (b.allow("ssm:StartSession", b.arn("ecs", "task/*")), [M]),
        (b.allow("ssm:StartSession", b.arn("ec2", "instance/*")), []),
        (b.allow("ecs:ExecuteCommand"), []),
        (b.allow("ssm:StartSession", Condition={"StringLike": {"ssm:resourceTag/env": "dev"}}), []),
        (b.allow("*"), []),
    ],
)
def test_sessions_past_exec(statement: dict[str, Any], expected: list[Severity]) -> None:
    people = b.role("support", trust=PEOPLE, inline={"shell": b.document(statement)})
    account = b.snapshot(**{**EXEC_ON, "roles": [*EXEC_ON["roles"], people]})
    assert on("ECS-IAM-055", account) == [("support", severity) for severity in expected]


def test_sessions_are_low_where_exec_is_off_and_silent_for_machines_and_denies() -> None:
    text = b.document(b.allow("ssm:StartSession"))
    people = b.role("support", trust=PEOPLE, inline={"shell": text})
    assert on("ECS-IAM-055", b.snapshot(roles=[people])) == [("support", L)]
    machine = b.role("fn", trust=b.trust_policy("lambda.amazonaws.com"), inline={"shell": text})
    assert on("ECS-IAM-055", b.snapshot(roles=[machine])) == []
    denied = b.document(
        b.allow("ssm:StartSession"),
        {"Effect": "Deny", "Action": "ssm:StartSession", "Resource": b.arn("ecs", "task/*")},
    )
    kept = b.role("support", trust=PEOPLE, inline={"shell": denied})
    assert on("ECS-IAM-055", b.snapshot(roles=[kept])) == []


ADMIN = b.role("admin-task", inline={"all": b.document(b.allow("*"))})
LAUNCH = ["iam:PassRole", "ecs:RegisterTaskDefinition", "ecs:RunTask"]


def with_admin(**fields: Any) -> Snapshot:
    """An account where the tasks of a service have an administrator's role."""
    roles = [ADMIN, *fields.pop("roles", [])]
    known = {
        "task_definitions": [b.definition("build", task_role="admin-task")],
        "services": [b.service("build", "build:1")],
    }
    return b.snapshot(roles=roles, **{**known, **fields})


def test_group_that_becomes_an_administrator_is_told_of_once() -> None:
    account = with_admin(
        groups=[group("ship", b.allow(LAUNCH))], users=[user("ann", "ship"), user("bob", "ship"), user("cy")]
    )
    (found,) = b.found("ECS-IAM-024", account)
    assert (found.node.rsplit("/", 1)[-1], found.severity) == ("ship", C)
    assert [step.target for step in found.path] == [ADMIN.arn]
    assert "ann and bob are in it." in found.consequence
    assert found.evidence[0].kind == "statement"
    assert found.evidence[0].lines is not None


@pytest.mark.parametrize(
    "statements",
    [
        [b.allow(["ecs:RegisterTaskDefinition", "ecs:RunTask"])],  # passes nothing
        [b.allow(LAUNCH[1:]), b.allow("iam:PassRole", b.role_arn("web-task"), Condition=TO_TASKS)],
        [b.allow(LAUNCH), {"Effect": "Deny", "Action": "iam:PassRole", "Resource": ADMIN.arn}],
    ],
)
def test_no_way_to_the_administrator(statements: list[dict[str, Any]]) -> None:
    account = with_admin(groups=[group("ship", *statements)], users=[user("ann", "ship")])
    assert on("ECS-IAM-024", account) == []


def test_role_that_is_an_administrator_and_has_another_way() -> None:
    named = b.role("admin-task", inline={"all": b.document(b.allow("*")), "run": b.document(b.allow(LAUNCH))})
    account = b.snapshot(
        roles=[named, b.role("web-task", inline={"app": b.document(b.allow("s3:GetObject"))})],
        task_definitions=[b.definition("build", task_role="admin-task")],
        services=[b.service("build", "build:1")],
    )
    assert on("ECS-IAM-024", account) == [("admin-task", C)]
    assert on("ECS-IAM-024", with_admin()) == []


def test_task_role_that_changes_its_own_policies() -> None:
    (found,) = b.found("ECS-IAM-024", task_role(b.allow("iam:PutRolePolicy")))
    assert found.severity == C
    assert "iam:PutRolePolicy" in found.summary
    assert on("ECS-IAM-024", task_role(b.allow("iam:GetRole"))) == []


def test_roles_that_can_do_more_are_high() -> None:
    strong = b.role("data-task", inline={"app": b.document(b.allow(["dynamodb:*", "s3:*"]))})
    account = b.snapshot(
        roles=[strong],
        task_definitions=[b.definition("data", task_role="data-task")],
        services=[b.service("data", "data:1")],
        groups=[group("ship", b.allow(LAUNCH))],
        users=[user("ann", "ship")],
    )
    assert on("ECS-IAM-024", account) == [("ship", H)]
