"""ECS Managed Instances: the role that launches them must be able to pass the role that they run with."""

from collections.abc import Iterator

from ecsiam_tui.account.ecs import CapacityProvider
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Severity
from ecsiam_tui.findings.lacking import Lack, evidence, lacks
from ecsiam_tui.findings.registry import Draft, rule
from ecsiam_tui.findings.rules.definitions import DEVELOPER_GUIDE, field

POLICY = "AmazonECSInfrastructureRolePolicyForManagedInstances"
PASSED = "ecsInstanceRole"
_PROVIDER = "managedInstancesProvider"


@rule(
    "ECS-IAM-061",
    "Infrastructure role may not pass the role of Managed Instances",
    Severity.HIGH,
    fires="a capacity provider launches instances with a profile whose role its infrastructure role may not"
    f" pass; {POLICY} passes {PASSED}… alone.",
    why="ECS launches Managed Instances with the infrastructure role, which hands the instances theirs. Where"
    " it may not, no instance starts and tasks stay in PROVISIONING.",
    source=f'{DEVELOPER_GUIDE}, "Amazon ECS infrastructure IAM role": "If you are using the AWS-managed'
    f' Infrastructure policy, the instance profile must be named {PASSED}"',
    fix=f"Name role and profile {PASSED}…, or allow iam:PassRole on this role to ec2.amazonaws.com.",
    fixes=("fix-reference", "allow-missing-actions"),
)
def instances_role_not_passed(facts: Facts) -> Iterator[Draft]:
    """A policy of one's own that passes the role is as good as the name."""
    providers = {found.capacity_provider_arn: found for found in facts.snapshot.capacity_providers}
    for lack in lacks(facts, "passes"):
        for subject in dict.fromkeys(need.subject for need in lack.asking):
            if subject in providers:
                yield _draft(facts, providers[subject], lack)


def _draft(facts: Facts, provider: CapacityProvider, lack: Lack) -> Draft:
    managed = provider.managed_instances_provider
    template = managed.instance_launch_template if managed else None
    profile = (template and template.ec2_instance_profile_arn) or ""
    record = facts.around.roles[lack.role]
    by_aws = any(found.policy_arn.endswith(f"/{POLICY}") for found in record.attached_managed_policies)
    because = f": AWS's policy for it passes {PASSED}… alone" if by_aws else ""
    passed = facts.title(lack.requirement.resource)
    return Draft(
        nodes=(provider.capacity_provider_arn, lack.role, profile, lack.requirement.resource),
        summary=f"{provider.name} launches instances with the profile {facts.title(profile)}, whose role"
        f" {passed} {record.role_name} may not pass{because}.",
        evidence=(
            field(
                provider.capacity_provider_arn,
                f"{_PROVIDER}.instanceLaunchTemplate.ec2InstanceProfileArn",
                facts.title(profile),
            ),
            field(provider.capacity_provider_arn, f"{_PROVIDER}.infrastructureRoleArn", record.role_name),
            *evidence([lack]),
        ),
        consequence=f"{provider.name} can launch no instance.",
    )
