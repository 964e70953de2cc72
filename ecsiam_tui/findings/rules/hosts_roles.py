"""Roles of container instances that allow more than an instance needs."""

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from ecsiam_tui.findings.facts import Facts, Placed
from ecsiam_tui.findings.finding import Severity
from ecsiam_tui.findings.grants import aws_policy, evidence, is_wide, nodes
from ecsiam_tui.findings.reach import Weight, any_of, together, weigh
from ecsiam_tui.findings.registry import Draft, rule
from ecsiam_tui.findings.wording import listed
from ecsiam_tui.graph.kinds import EdgeKind, NodeKind
from ecsiam_tui.policy.catalogue import load, members
from ecsiam_tui.policy.statements import Statement

# The policies that AWS's documentation gives to instances, by what stands after `policy/` in their ARNs.
_OF_INSTANCES = frozenset(
    {
        "service-role/AmazonEC2ContainerServiceforEC2Role",
        "AmazonECSInstanceRolePolicyForManagedInstances",
        "AmazonSSMManagedInstanceCore",
        "AmazonSSMManagedEC2InstanceDefaultPolicy",
        "AmazonSSMPatchAssociation",
        "CloudWatchAgentServerPolicy",
        "AWSXRayDaemonWriteAccess",
    }
)
# What they allow, and what only looks.
_NEEDED = (
    "ecs:CreateCluster",
    "ecs:DeregisterContainerInstance",
    "ecs:DiscoverPollEndpoint",
    "ecs:Poll",
    "ecs:PutSystemLogEvents",
    "ecs:RegisterContainerInstance",
    "ecs:StartTelemetrySession",
    "ecs:UpdateContainerInstancesState",
    "ecs:Submit*",
    "ecs:TagResource",
    "ecs:ListTagsForResource",
    "ecs:Describe*",
    "ecs:List*",
    "ec2:Describe*",
    "autoscaling:Describe*",
    "autoscaling:CompleteLifecycleAction",
    "ecr:GetAuthorizationToken",
    "ecr:BatchCheckLayerAvailability",
    "ecr:GetDownloadUrlForLayer",
    "ecr:BatchGetImage",
    "logs:*LogStream*",
    "logs:*LogGroup*",
    "logs:PutLogEvents",
    "logs:PutRetentionPolicy",
    "cloudwatch:PutMetricData",
    "xray:Put*",
    "xray:GetSampling*",
    "ssm:DescribeAssociation",
    "ssm:GetDeployablePatchSnapshotForInstance",
    "ssm:GetDocument",
    "ssm:DescribeDocument",
    "ssm:GetManifest",
    "ssm:List*Associations",
    "ssm:PutInventory",
    "ssm:PutComplianceItems",
    "ssm:PutConfigurePackageResult",
    "ssm:UpdateAssociationStatus",
    "ssm:UpdateInstance*",
    "ssmmessages:*",
    "ec2messages:*",
    "sts:GetCallerIdentity",
)
_KINDS_OF_HOSTS = (NodeKind.CONTAINER_INSTANCE, NodeKind.MANAGED_NODE, NodeKind.ACTIVATION)


class _Extra(NamedTuple):
    """A statement that allows more, with names of what it allows."""

    placed: Placed
    actions: tuple[str, ...]
    weight: Weight


@lru_cache(maxsize=1)
def _needed() -> int:
    catalogue = load()
    bits = 0
    for pattern in _NEEDED:
        bits |= catalogue.bits(pattern)
    return bits


def _instance_roles(facts: Facts) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The roles of container instances, external ones and Managed Instances, each with the clusters (ARN) of
    instances that were seen."""
    found: dict[str, dict[str, None]] = {}
    for arn in facts.roles_in_use:
        links = facts.estate.used_by(arn, EdgeKind.USES_INSTANCE_ROLE)
        if any(link.node.kind in _KINDS_OF_HOSTS for link in links):
            found[arn] = {}
    for cluster in facts.around.clusters:
        for role in facts.around.instance_roles(cluster):
            found.setdefault(role, {})[cluster] = None
    for provider in facts.snapshot.capacity_providers:
        managed = provider.managed_instances_provider
        template = managed.instance_launch_template if managed else None
        named = template.ec2_instance_profile_arn if template else None
        profile = facts.around.instance_profiles.get(named or "")
        for role in profile.role_arns if profile else ():
            found.setdefault(role, {})
    yield from ((role, tuple(clusters)) for role, clusters in found.items())


@rule(
    "ECS-IAM-031",
    "Container instance role allows too much",
    Severity.HIGH,
    fires="the role of container instances allows more than AmazonEC2ContainerServiceforEC2Role, Systems "
    "Manager and the CloudWatch agent need",
    why="A container that reaches the instance metadata, or breaks out of its isolation, acts as this role; "
    "so does every task on EC2 that has no task role.",
    source='Amazon ECS Developer Guide, "Amazon ECS container instance IAM role" and "Best practices for IAM '
    'roles in Amazon ECS" (limit the instance role to the minimal list)',
    fix="Give what the applications need to their task roles, and leave the instances "
    "AmazonEC2ContainerServiceforEC2Role.",
    fixes=("swap-managed-policy", "move-permission", "harden-instance-metadata"),
)
def instance_role_too_broad(facts: Facts) -> Iterator[Draft]:
    """On named resources alone it is medium."""
    for arn, clusters in _instance_roles(facts):
        if arn not in facts.around.roles:
            continue
        extras = [extra for placed in facts.statements(arn) if (extra := _extra(facts, arn, placed))]
        if not extras:
            continue
        actions = [action for extra in extras for action in extra.actions]
        weight = together(extra.weight for extra in extras)
        where = f"Tasks of cluster {facts.titles(clusters)} may run on its instances. " if clusters else ""
        without = _without_task_role(facts, clusters)
        if without:
            where += (
                f"{listed(without, 3)} {'has' if len(without) == 1 else 'have'} no task role of their own."
            )
        yield Draft(
            nodes=nodes(arn, (extra.placed for extra in extras)),
            summary=f"{facts.title(arn)} is the role of container instances and allows {listed(actions, 4)} "
            f"({listed((extra.placed.policy for extra in extras), 3)}){weight.note}.",
            evidence=tuple(evidence(arn, extra.placed, listed(extra.actions)) for extra in extras),
            consequence=where.strip(),
            severity=weight.severity,
            rests_on=weight.rests_on,
        )


def _without_task_role(facts: Facts, clusters: tuple[str, ...]) -> list[str]:
    """The services on EC2 in some clusters whose tasks have no task role."""
    return [
        workload.title
        for workload in facts.needs.workloads
        if workload.cluster
        and workload.cluster.cluster_arn in clusters
        and workload.kind == "service"
        and "EC2" in workload.launches
        and not workload.task_role
    ]


def beyond_need(facts: Facts, role: str) -> Iterator[tuple[Placed, tuple[str, ...]]]:
    """The statements by which a role of container instances may do more than an instance needs, each with the
    Action patterns that do so."""
    for placed in facts.statements(role):
        extra = _extra(facts, role, placed)
        if extra:
            yield placed, extra.actions


def _extra(facts: Facts, role: str, placed: Placed) -> _Extra | None:
    statement = placed.statement
    if statement.effect != "Allow" or aws_policy(placed.node) in _OF_INSTANCES:
        return None
    catalogue = load()
    bits = 0
    for pattern in statement.actions or statement.not_actions:
        bits |= catalogue.bits(pattern)
    if statement.not_actions:
        bits = catalogue.all_bits & ~bits
    bits &= ~_needed() & ~catalogue.level_bits["List"]
    if not bits:
        return None
    wide = bool(statement.not_resources) or any(map(is_wide, statement.resources))
    some = [catalogue.names[number] for number in islice(members(bits), 40)]
    found = any_of(facts, role, some[:: max(1, len(some) // 6)])
    weight = weigh(found, Severity.HIGH if wide else Severity.MEDIUM, statement)
    return _Extra(placed, _named(statement, bits), weight) if weight else None


def _named(statement: Statement, bits: int) -> tuple[str, ...]:
    """The Action patterns that allow something more."""
    if statement.not_actions:
        return (f"everything but {listed(statement.not_actions, 3)}",)
    catalogue = load()
    return tuple(pattern for pattern in statement.actions if catalogue.bits(pattern) & bits)
