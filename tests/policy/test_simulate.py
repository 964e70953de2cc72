"""Matrices, and what an action needs besides."""

from __future__ import annotations

from ecsiam_tui.policy.account import AccountPolicies
from ecsiam_tui.policy.simulate import matrix, needs
from tests.policy.snapshots import SECRET, SERVICE, snapshot

TASK_DEFINITION = SERVICE.replace("service/prod/web", "task-definition/web:1")


def test_matrix() -> None:
    account = AccountPolicies(snapshot())
    cells = matrix(
        account, ("reader", "bo"), ("secretsmanager:GetSecretValue", "s3:GetObject"), (SECRET, "*")
    )
    assert [(cell.principal, cell.action, cell.resource) for cell in cells[:3]] == [
        ("reader", "secretsmanager:GetSecretValue", SECRET),
        ("reader", "secretsmanager:GetSecretValue", "*"),
        ("reader", "s3:GetObject", SECRET),
    ]
    assert [cell.decision.allowed for cell in cells] == [True, True, False, False, False, False, False, False]


def test_what_an_action_needs() -> None:
    found = needs("ecs:runtask")
    assert found.action == "ecs:RunTask"
    (template,) = found.missing_types
    assert template.startswith("arn:${Partition}:ecs:${Region}:${Account}:task-definition/${TaskDef")
    assert found.dependent_actions == ("iam:PassRole",)
    assert needs("ecs:RunTask", [TASK_DEFINITION]).missing_types == ()
    assert needs("ecs:RunTask", [SERVICE]).missing_types == found.missing_types
    assert needs("s3:ListAllMyBuckets").account_level
    assert needs("ecs:Teleport").missing_types == ()


def test_types_of_which_one_is_taken() -> None:
    found = needs("ecs:TagResource")
    assert any("cluster/" in template for template in found.one_of)
    assert found.missing_types == ()
