"""What roles ask for: to be assumable by the service that uses them, and what ECS itself does with them."""

from collections.abc import Iterator

from ecsiam_tui.account.ecs import Deployment
from ecsiam_tui.ecs.asking import DEVELOPER_GUIDE, EXECUTION_ROLE, Asks
from ecsiam_tui.ecs.requirement import Requirement, RoleKind

TASK_ROLE = f'{DEVELOPER_GUIDE}, "Amazon ECS task IAM role"'
INFRASTRUCTURE = f'{DEVELOPER_GUIDE}, "Amazon ECS infrastructure IAM role"'
HOOKS = f'{DEVELOPER_GUIDE}, "Lifecycle hooks for Amazon ECS service deployments"'
VOLUMES = "AWS managed policy AmazonECSInfrastructureRolePolicyForVolumes"
TLS = "AWS managed policy AmazonECSInfrastructureRolePolicyForServiceConnectTransportLayerSecurity"
LATTICE = "AWS managed policy AmazonECSInfrastructureRolePolicyForVpcLattice"
BALANCERS = "AWS managed policy AmazonECSInfrastructureRolePolicyForLoadBalancers"

ANY = "any"
"""Stands for what ECS writes after the account in aws:SourceArn. "Using the aws:SourceArn condition key to
specify a specific cluster is not currently supported" (Developer Guide, "Amazon ECS task IAM role"): only a
wildcard matches."""


def trust(
    asks: Asks, role_kind: RoleKind, role: str, service: str, why: str, source: str, source_arn: str = ""
) -> Iterator[Requirement]:
    """TRUST: a role must let itself be assumed by the service that acts in it."""
    if not role:
        return
    context = {"aws:SourceAccount": asks.around.snapshot.account_id}
    if source_arn:
        context["aws:SourceArn"] = source_arn
    yield from asks.by(role_kind, service, "TRUST", ("sts:AssumeRole",), role, why, source, context=context)


def task_roles(asks: Asks) -> Iterator[Requirement]:
    """Both roles of a task definition are assumed by ecs-tasks.amazonaws.com."""
    workload = asks.workload
    arn = asks.home.arn("ecs", ANY)
    service = "ecs-tasks.amazonaws.com"
    name = workload.definition.name
    why = f"task execution role of {name}"
    yield from trust(asks, "task-execution", workload.execution_role, service, why, EXECUTION_ROLE, arn)
    yield from trust(asks, "task", workload.task_role, service, f"task role of {name}", TASK_ROLE, arn)


def _infrastructure(
    asks: Asks, role: str | None, why: str, actions: tuple[str, ...], source: str, resource: str = "*"
) -> Iterator[Requirement]:
    """An infrastructure role: assumed by ecs.amazonaws.com. What aws:SourceArn ECS sends there is not
    documented, so it is left open."""
    arn = asks.around.role(role)
    if not arn:
        return
    yield from trust(asks, "infrastructure", arn, "ecs.amazonaws.com", why, INFRASTRUCTURE)
    context = _tags(asks, asks.workload.id)
    yield from asks.by("infrastructure", arn, "INF", actions, resource, why, source, context=context)


def _deployment(asks: Asks) -> Deployment | None:
    """The deployment that carries a service's settings: the primary one."""
    deployments = asks.workload.deployments
    primary = (found for found in deployments if found.status == "PRIMARY")
    return next(primary, deployments[0] if deployments else None)


def _tags(asks: Asks, creator: str) -> dict[str, str]:
    """The tags that ECS puts on what it makes for `creator`: its managed policies ask for them."""
    made = {"AmazonECSManaged": "true", "AmazonECSCreated": creator}
    kinds = ("aws:RequestTag", "aws:ResourceTag", "ec2:ResourceTag")
    known = {f"{kind}/{key}": value for kind in kinds for key, value in made.items()}
    return known | {"aws:ResourceAccount": asks.around.snapshot.account_id}


def ebs_volumes(asks: Asks) -> Iterator[Requirement]:
    """EBS: volumes configured at launch are made and attached with an infrastructure role.

    Which role that is says whoever launches the task; a task definition alone tells that one is needed.
    """
    deployment = _deployment(asks)
    configured = deployment.volume_configurations if deployment else ()
    for volume in configured:
        if volume.managed_ebs_volume is None:
            continue
        why = f"EBS volume {volume.name}"
        role = asks.around.role(volume.managed_ebs_volume.role_arn)
        yield from trust(asks, "infrastructure", role, "ecs.amazonaws.com", why, INFRASTRUCTURE)
        if role:
            yield from _ebs(asks, role, why)
    if asks.workload.kind == "task-definition" and not configured:
        for left_open in asks.workload.definition.volumes:
            if left_open.configured_at_launch:
                yield from _ebs(asks, "", f"volume {left_open.name}, configured at launch")


def _ebs(asks: Asks, role: str, why: str) -> Iterator[Requirement]:
    """What the managed policy allows of volumes."""
    cluster = asks.workload.cluster.cluster_name if asks.workload.cluster else "cluster"
    tags = _tags(asks, asks.home.arn("ecs", f"task/{cluster}/{ANY}"))
    volumes = asks.home.arn("ec2", "volume/*")
    lifecycle = ("ec2:CreateVolume", "ec2:AttachVolume", "ec2:DetachVolume", "ec2:DeleteVolume")
    describe = ("ec2:DescribeVolumes",)
    yield from asks.by("infrastructure", role, "INF", describe, "*", why, VOLUMES, context=tags)
    yield from asks.by("infrastructure", role, "EBS", lifecycle, volumes, why, VOLUMES, context=tags)
    tags["ec2:CreateAction"] = "CreateVolume"
    yield from asks.by(
        "infrastructure", role, "EBS", ("ec2:CreateTags",), volumes, why, VOLUMES, context=tags
    )


def service_connect_tls(asks: Asks) -> Iterator[Requirement]:
    """INF 7: certificates of Service Connect."""
    deployment = _deployment(asks)
    connect = deployment.service_connect_configuration if deployment else None
    for service in connect.services if connect else ():
        if service.tls is None:
            continue
        why = f"TLS of Service Connect service {service.discovery_name or service.port_name or ''}".strip()
        secrets = asks.home.arn("secretsmanager", "secret:ecs-sc!*")
        actions = ("secretsmanager:CreateSecret",)
        yield from _infrastructure(asks, service.tls.role_arn, why, actions, TLS, secrets)


def vpc_lattice(asks: Asks) -> Iterator[Requirement]:
    """INF 8: targets of VPC Lattice."""
    deployment = _deployment(asks)
    for lattice in deployment.vpc_lattice_configurations if deployment else ():
        actions = ("vpc-lattice:RegisterTargets", "vpc-lattice:DeregisterTargets")
        resource = lattice.target_group_arn or "*"
        why = f"VPC Lattice target group of port {lattice.port_name or ''}".strip()
        yield from _infrastructure(asks, lattice.role_arn, why, actions, LATTICE, resource)


def load_balancers(asks: Asks) -> Iterator[Requirement]:
    """INF 9: native blue/green deployments move listeners between target groups."""
    service = asks.workload.service
    for balancer in service.load_balancers if service else ():
        if advanced := balancer.advanced_configuration:
            actions = ("elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets")
            why = "blue/green deployment behind a load balancer"
            resource = balancer.target_group_arn or "*"
            yield from _infrastructure(asks, advanced.role_arn, why, actions, BALANCERS, resource)


def lifecycle_hooks(asks: Asks) -> Iterator[Requirement]:
    """HOOK: a hook's function is invoked with the hook's role."""
    service = asks.workload.service
    configuration = service.deployment_configuration if service else None
    for hook in configuration.lifecycle_hooks if configuration else ():
        role = asks.around.role(hook.role_arn)
        if not role or not hook.hook_target_arn:
            continue
        why = "deployment lifecycle hook"
        yield from trust(asks, "lifecycle-hook", role, "ecs.amazonaws.com", why, HOOKS)
        actions = ("lambda:InvokeFunction",)
        yield from asks.by("lifecycle-hook", role, "HOOK", actions, hook.hook_target_arn, why, HOOKS)
