"""Unused roles, and roles that infrastructure as code keeps."""

from datetime import timedelta
from typing import Any

import pytest

from ecsiam_tui.account.iam import RoleLastUsed
from ecsiam_tui.account.launchers import JobDefinition
from ecsiam_tui.account.snapshot import Gap, Snapshot
from ecsiam_tui.findings.facts import Options
from ecsiam_tui.findings.finding import Severity
from tests.findings import builders as b

LONG_AGO = b.NOW - timedelta(days=500)


def used(days: int | None) -> RoleLastUsed:
    return RoleLastUsed(last_used_date=None if days is None else b.NOW - timedelta(days=days))


def account(*, trust: str | None = None, path: str = "/", **fields: Any) -> Snapshot:
    known = {"role_last_used": used(200), "create_date": LONG_AGO, **fields}
    return b.snapshot(roles=[b.role("old-task", trust=trust, path=path, **known)])


@pytest.mark.parametrize(
    ("snapshot", "fires"),
    [
        (account(), True),
        (account(role_last_used=used(None)), True),
        (account(role_last_used=used(30)), False),
        (account(role_last_used=used(None), create_date=b.NOW - timedelta(days=5)), False),
        (account(trust=b.trust_policy("ecs.amazonaws.com")), True),
        (account(trust=b.trust_policy("lambda.amazonaws.com")), False),
        (account(path="/aws-service-role/ecs.amazonaws.com/"), False),
        (account(path="/aws-reserved/sso.amazonaws.com/"), False),
    ],
)
def test_unused(snapshot: Snapshot, fires: bool) -> None:
    found = b.found("ECS-IAM-047", snapshot)
    assert [(item.node, item.severity, item.rests_on) for item in found] == (
        [(b.role_arn("old-task"), Severity.LOW, ())] if fires else []
    )


def test_idle_for_how_long_is_an_option() -> None:
    snapshot = account(role_last_used=used(30))
    assert b.found("ECS-IAM-047", snapshot, Options(unused_days=20))
    assert not b.found("ECS-IAM-047", account(), Options(unused_days=365))


def test_whatever_uses_it_counts() -> None:
    roles = account().roles
    job = JobDefinition(
        job_definition_arn=b.arn("batch", "job-definition/train:1"),
        job_definition_name="train",
        role_arns=(b.role_arn("old-task"),),
    )
    assert b.found("ECS-IAM-047", b.snapshot(roles=roles, job_definitions=[job])) == ()
    definition = b.definition("web", task_role="old-task")
    assert b.found("ECS-IAM-047", b.snapshot(roles=roles, task_definitions=[definition])) == ()


def test_what_was_not_read_may_use_it() -> None:
    gap = Gap(call="scheduler:ListSchedules", reason="denied", unknown=("schedules",))
    snapshot = b.snapshot(roles=account().roles, gaps=[gap])
    (found,) = b.found("ECS-IAM-047", snapshot)
    assert not found.is_certain
    assert "EventBridge schedules" in found.rests_on[0]
    (unknown,) = b.found("ECS-IAM-047", account(role_last_used=None))
    assert unknown.rests_on == ("When it was last used was not read.",)


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ({"aws:cloudformation:stack-name": "web"}, "the CloudFormation stack web"),
        (
            {"copilot-application": "shop", "aws:cloudformation:stack-name": "x"},
            "AWS Copilot (application shop)",
        ),
        ({"ManagedBy": "Terraform"}, "Terraform"),
        ({"managed-by": "terraform-aws-ecs"}, "Terraform"),
        ({"Terraform": "true"}, "Terraform"),
        ({"pulumi:project": "shop"}, "Pulumi"),
        ({"created_by": "cdk"}, "the AWS CDK"),
        ({"Terraform": "false"}, ""),
        ({"team": "terraformers"}, ""),
        ({"ManagedBy": "the platform team"}, ""),
        ({}, ""),
    ],
)
def test_kept_as_code(tags: dict[str, str], words: str) -> None:
    found = b.found("ECS-IAM-064", b.snapshot(roles=[b.role("web-task", tags=tags)]))
    assert [item.severity for item in found] == ([Severity.INFO] if words else [])
    assert [item.summary for item in found] == ([f"web-task belongs to {words}."] if words else [])
