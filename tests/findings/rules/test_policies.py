"""Versions, limits, boundaries and deprecated policies."""

from typing import Any

import pytest

from ecsiam_tui.account.iam import AttachedPolicy, Group, PolicyVersion
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.findings.facts import Options
from ecsiam_tui.findings.finding import Severity
from ecsiam_tui.findings.rules.policies import size
from tests.findings import builders as b

AWS = "arn:aws:iam::aws:policy"
SMALL = b.document(b.allow("sqs:SendMessage", b.arn("sqs", "work")))


def long(characters: int) -> str:
    """A document of about so many characters that count."""
    return b.document(b.allow("sqs:SendMessage", b.arn("sqs", "x" * characters)))


def versions(*names: str, default: str, text: str = SMALL, attached: bool = True) -> Snapshot:
    """A role of ECS with a customer managed policy in some versions."""
    policy = b.policy(
        "data",
        text,
        default_version_id=default,
        policy_version_list=tuple(
            PolicyVersion(version_id=name, is_default_version=name == default) for name in names
        ),
    )
    role = b.role("web-task", attached=(policy.arn,) if attached else ())
    return b.snapshot(roles=[role], policies=[policy])


def on(rule: str, account: Snapshot, options: Options | None = None) -> list[tuple[str, Severity]]:
    found = b.found(rule, account, options)
    assert all(item.evidence for item in found)
    return [(item.node.rsplit("/", 1)[-1], item.severity) for item in found]


@pytest.mark.parametrize(
    ("account", "fires"),
    [
        (versions("v1", "v2", "v3", default="v2"), True),
        (versions("v9", "v10", default="v9"), True),
        (versions("v9", "v10", default="v10"), False),
        (versions("v1", default="v1"), False),
        (versions("v1", "v2", default="v1", attached=False), False),
    ],
)
def test_newest_version_is_not_the_default(account: Snapshot, fires: bool) -> None:
    assert on("ECS-IAM-043", account) == ([("data", Severity.MEDIUM)] if fires else [])


def test_policies_of_others_are_low() -> None:
    account = versions("v1", "v2", default="v1")
    attached = (AttachedPolicy(policy_name="data", policy_arn=account.policies[0].arn),)
    group = Group(group_name="g", arn="arn:aws:iam::123456789012:group/g", attached_managed_policies=attached)
    assert on("ECS-IAM-043", b.snapshot(groups=[group], policies=account.policies)) == [
        ("data", Severity.LOW)
    ]


def role_account(summary: dict[str, int] | None = None, **fields: Any) -> Snapshot:
    return b.snapshot(roles=[b.role("web-task", **fields)], account_summary=summary or {})


@pytest.mark.parametrize(
    ("account", "node"),
    [
        (versions("v1", "v2", "v3", "v4", "v5", default="v5"), "data"),
        (versions("v1", "v2", "v3", "v4", default="v4"), ""),
        (versions("v1", default="v1", text=long(5600)), "data"),
        (versions("v1", default="v1", text=long(5000)), ""),
        (role_account(inline={"a": long(5000), "b": long(5000)}), "web-task"),
        (role_account(inline={"a": long(5000)}), ""),
        # Whitespace does not count.
        (role_account(inline={"a": SMALL + " " * 20_000}), ""),
        (role_account(attached=tuple(b.policy_arn(f"p{n}") for n in range(10))), "web-task"),
        (role_account({"AttachedPoliciesPerRoleQuota": 20}, attached=(b.policy_arn("p"),) * 10), ""),
        (
            role_account(
                trust=b.trust_policy(*(f"s{n}.amazonaws.com" for n in range(110)), "ecs-tasks.amazonaws.com")
            ),
            "web-task",
        ),
        (
            role_account(
                {"AssumeRolePolicySizeQuota": 4096},
                trust=b.trust_policy(*(f"s{n}.amazonaws.com" for n in range(110)), "ecs-tasks.amazonaws.com"),
            ),
            "",
        ),
    ],
)
def test_limits(account: Snapshot, node: str) -> None:
    assert on("ECS-IAM-044", account) == ([(node, Severity.LOW)] if node else [])


def test_size_counts_what_aws_counts() -> None:
    assert size('{ "A" : [ "b c" ,\n 1 ] }') == len('{"A":["b c",1]}')
    assert size("not json") == 8


@pytest.mark.parametrize(
    ("boundary", "required", "fires"), [(None, True, True), (None, False, False), ("limit", True, False)]
)
def test_boundary_is_required(boundary: str | None, required: bool, fires: bool) -> None:
    account = role_account(boundary=boundary and b.policy_arn(boundary))
    found = on("ECS-IAM-045", account, Options(boundary_required=required))
    assert found == ([("web-task", Severity.LOW)] if fires else [])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("AmazonEC2ContainerServiceFullAccess", [Severity.HIGH]),
        ("service-role/AmazonEC2ContainerServiceRole", [Severity.MEDIUM]),
        ("service-role/AmazonEC2ContainerServiceAutoscaleRole", [Severity.MEDIUM]),
        ("service-role/AmazonEC2ContainerServiceforEC2Role", []),
        ("AmazonECS_FullAccess", []),
    ],
)
def test_deprecated(name: str, expected: list[Severity]) -> None:
    account = role_account(attached=(f"{AWS}/{name}",))
    assert on("ECS-IAM-051", account) == [("web-task", severity) for severity in expected]


def test_a_policy_of_ours_may_have_an_old_name() -> None:
    account = role_account(attached=(b.policy_arn("AmazonEC2ContainerServiceFullAccess"),))
    assert on("ECS-IAM-051", account) == []
