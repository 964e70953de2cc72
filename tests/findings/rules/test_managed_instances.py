"""ECS Managed Instances."""

import pytest

from ecsiam_tui.account.ecs import CapacityProvider, InstanceLaunchTemplate, ManagedInstancesProvider
from ecsiam_tui.account.iam import InstanceProfile
from ecsiam_tui.account.snapshot import Snapshot
from tests.findings import builders as b

POLICY = b.policy(
    "AmazonECSInfrastructureRolePolicyForManagedInstances",
    b.document(
        b.allow("ec2:CreateFleet"),
        b.allow(
            "iam:PassRole",
            "arn:aws:iam::*:role/ecsInstanceRole*",
            Condition={"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
        ),
    ),
    arn="arn:aws:iam::aws:policy/AmazonECSInfrastructureRolePolicyForManagedInstances",
)
PROVIDER = b.arn("ecs", "capacity-provider/managed")


def account(profile: str, *, passes: str = "", is_read: bool = True) -> Snapshot:
    """A capacity provider whose instances have the profile and role `profile`."""
    arn = f"arn:aws:iam::{b.ACCOUNT}:instance-profile/{profile}"
    own = {"pass": b.document(b.allow("iam:PassRole", b.role_arn(passes)))} if passes else None
    infrastructure = b.role(
        "infra", trust=b.trust_policy("ecs.amazonaws.com"), attached=(POLICY.arn,), inline=own
    )
    provider = CapacityProvider(
        capacity_provider_arn=PROVIDER,
        name="managed",
        managed_instances_provider=ManagedInstancesProvider(
            infrastructure_role_arn=infrastructure.arn,
            instance_launch_template=InstanceLaunchTemplate(ec2_instance_profile_arn=arn),
        ),
    )
    known = InstanceProfile(instance_profile_name=profile, arn=arn, role_arns=(b.role_arn(profile),))
    return b.snapshot(
        roles=[infrastructure, b.role(profile, trust=b.trust_policy("ec2.amazonaws.com"))],
        policies=[POLICY],
        capacity_providers=[provider],
        instance_profiles=[known] if is_read else [],
    )


def test_profile_of_another_name() -> None:
    (finding,) = b.found("ECS-IAM-061", account("acme-instance"))
    assert finding.nodes[:2] == (PROVIDER, b.role_arn("infra"))
    assert b.role_arn("acme-instance") in finding.nodes
    assert "ecsInstanceRole… alone" in finding.summary
    assert b.found("ECS-IAM-068", account("acme-instance")) == ()


@pytest.mark.parametrize(
    "snapshot",
    [
        account("ecsInstanceRole"),
        account("ecsInstanceRole-managed"),
        account("acme-instance", passes="acme-instance"),
        account("acme-instance", is_read=False),
    ],
    ids=["the name", "begins with it", "passed by a policy of one's own", "profile not read"],
)
def test_profile_that_is_passed(snapshot: Snapshot) -> None:
    assert b.found("ECS-IAM-061", snapshot) == ()
