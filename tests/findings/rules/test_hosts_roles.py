"""Roles of container instances."""

from typing import Any

import pytest

from ecsiam_tui.account.compute import ContainerInstance, IamInstanceProfile, Instance
from ecsiam_tui.account.iam import InstanceProfile
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.findings.finding import Severity
from tests.findings import builders as b

AWS = "arn:aws:iam::aws:policy"
AGENT = b.policy(
    "AmazonEC2ContainerServiceforEC2Role",
    b.document(b.allow(["ecs:Poll", "ecr:BatchGetImage"])),
    arn=f"{AWS}/service-role/AmazonEC2ContainerServiceforEC2Role",
)
CORE = b.policy(
    "AmazonSSMManagedInstanceCore",
    b.document(b.allow(["ssm:GetParameters"])),
    arn=f"{AWS}/AmazonSSMManagedInstanceCore",
)
S3 = b.policy("AmazonS3FullAccess", b.document(b.allow("s3:*")), arn=f"{AWS}/AmazonS3FullAccess")
PROFILE = f"arn:aws:iam::{b.ACCOUNT}:instance-profile/hosts"


def hosts(*statements: dict[str, Any], attached: tuple[str, ...] = (), **fields: Any) -> Snapshot:
    """A cluster with one EC2 instance whose role has AWS's policies and one more."""
    inline = {"more": b.document(*statements)} if statements else {}
    role = b.role(
        "hosts",
        trust=b.trust_policy("ec2.amazonaws.com"),
        attached=(AGENT.arn, CORE.arn, *attached),
        inline=inline,
        **fields,
    )
    return b.snapshot(
        roles=[role],
        policies=[AGENT, CORE, S3, b.policy("limit", b.document(b.allow(["ecs:*", "logs:*"])))],
        instance_profiles=[
            InstanceProfile(instance_profile_name="hosts", arn=PROFILE, role_arns=(role.arn,))
        ],
        instances=[
            Instance(instance_id="i-1", region=b.REGION, iam_instance_profile=IamInstanceProfile(arn=PROFILE))
        ],
        container_instances=[
            ContainerInstance(
                container_instance_arn=b.arn("ecs", "container-instance/prod/1"),
                cluster_arn=b.cluster_arn(),
                ec2_instance_id="i-1",
            )
        ],
        task_definitions=[b.definition("crawler", requires_compatibilities=("EC2",))],
        services=[b.service("crawler", "crawler:1", launch_type="EC2")],
    )


@pytest.mark.parametrize(
    ("account", "expected"),
    [
        (hosts(), []),
        (hosts(attached=(S3.arn,)), [Severity.HIGH]),
        (hosts(attached=(S3.arn,), boundary=b.policy_arn("limit")), []),
        (hosts(b.allow("dynamodb:GetItem")), [Severity.HIGH]),
        (hosts(b.allow("s3:GetObject", "arn:aws:s3:::ecs-config/*")), [Severity.MEDIUM]),
        (hosts(b.allow(["ecs:Poll", "logs:CreateLogGroup", "ec2:DescribeInstances"])), []),
        (hosts({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}), [Severity.HIGH]),
        (hosts({"Effect": "Deny", "Action": "s3:*", "Resource": "*"}), []),
    ],
)
def test_instance_role(account: Snapshot, expected: list[Severity]) -> None:
    found = b.found("ECS-IAM-031", account)
    assert [item.severity for item in found] == expected
    assert all(item.node == b.role_arn("hosts") for item in found)
    assert all("crawler has no task role" in item.consequence for item in found)


def test_other_roles_are_not_looked_at() -> None:
    account = hosts(attached=(S3.arn,))
    assert b.found("ECS-IAM-031", b.snapshot(roles=account.roles, policies=account.policies)) == ()
