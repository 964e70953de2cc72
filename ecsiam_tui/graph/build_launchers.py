"""What starts tasks and deploys services: rules, schedules, state machines, CodeDeploy, scaling, Batch."""

from ecsiam_tui.account.arns import parse_arn, short_name
from ecsiam_tui.account.launchers import RunTaskTarget
from ecsiam_tui.graph.build_ecs import task_definition_arn
from ecsiam_tui.graph.builder import Builder
from ecsiam_tui.graph.kinds import EdgeKind, NodeKind


def add_nodes(builder: Builder) -> None:
    """A node for each launcher."""
    snapshot = builder.snapshot
    for rule in snapshot.rules:
        builder.add(NodeKind.RULE, rule.arn, rule.name, rule, (rule.state or "").lower())
    for schedule in snapshot.schedules:
        builder.add(NodeKind.SCHEDULE, schedule.arn, schedule.name, schedule, (schedule.state or "").lower())
    for machine in snapshot.state_machines:
        builder.add(NodeKind.STATE_MACHINE, machine.state_machine_arn, machine.name, machine)
    for group in snapshot.deployment_groups:
        title = f"{group.application_name}/{group.deployment_group_name}"
        builder.add(NodeKind.DEPLOYMENT_GROUP, _group_id(group.region, title), title, group)
    for target in snapshot.scalable_targets:
        node = _target_id(target.region, target.resource_id)
        builder.add(NodeKind.SCALABLE_TARGET, node, target.resource_id.removeprefix("service/"), target)
    for job in snapshot.job_definitions:
        title = short_name(job.job_definition_arn)
        builder.add(NodeKind.JOB_DEFINITION, job.job_definition_arn, title, job)


def add_edges(builder: Builder) -> None:
    """What they start or deploy, and the role that each uses."""
    snapshot, connect = builder.snapshot, builder.estate.connect
    launcher = EdgeKind.USES_LAUNCHER_ROLE
    for rule in snapshot.rules:
        for target in rule.targets:
            _target_edges(builder, rule.arn, target)
    for schedule in snapshot.schedules:
        _target_edges(builder, schedule.arn, schedule.target)
    for machine in snapshot.state_machines:
        builder.connect_role(machine.state_machine_arn, machine.role_arn, launcher, "roleArn")
        for value in machine.task_definitions:
            definition = task_definition_arn(builder, value, machine.state_machine_arn)
            node = builder.refer(NodeKind.TASK_DEFINITION, definition)
            connect(machine.state_machine_arn, node, EdgeKind.SCHEDULES, "definition")
    names = _service_names(builder)
    for group in snapshot.deployment_groups:
        node = _group_id(group.region, f"{group.application_name}/{group.deployment_group_name}")
        builder.connect_role(node, group.service_role_arn, launcher, "serviceRoleArn")
        for service in group.ecs_services:
            key = (group.region, service.cluster_name, service.service_name)
            if key in names:
                connect(node, names[key], EdgeKind.DEPLOYS, "ecsServices")
    for scaled in snapshot.scalable_targets:
        node = _target_id(scaled.region, scaled.resource_id)
        builder.connect_role(node, scaled.role_arn, launcher, "RoleARN")
        parts = scaled.resource_id.split("/")
        if len(parts) == 3 and (scaled.region, parts[1], parts[2]) in names:
            connect(node, names[scaled.region, parts[1], parts[2]], EdgeKind.SCALES, "ResourceId")
    for job in snapshot.job_definitions:
        for role in job.role_arns:
            builder.connect_role(job.job_definition_arn, role, EdgeKind.USES_TASK_ROLE, "job definition")


def _target_edges(builder: Builder, node: str, target: RunTaskTarget) -> None:
    builder.connect_role(node, target.role_arn, EdgeKind.USES_LAUNCHER_ROLE, "RoleArn")
    definition = task_definition_arn(builder, target.ecs_parameters.task_definition_arn, target.arn)
    builder.estate.connect(
        node, builder.refer(NodeKind.TASK_DEFINITION, definition), EdgeKind.SCHEDULES, "EcsParameters"
    )
    builder.estate.connect(node, builder.refer(NodeKind.CLUSTER, target.arn), EdgeKind.PLACED_ON, "Arn")
    if target.overrides:
        overrides = target.overrides
        builder.connect_role(node, overrides.task_role_arn, EdgeKind.USES_TASK_ROLE, "Input taskRoleArn")
        via = "Input executionRoleArn"
        builder.connect_role(node, overrides.execution_role_arn, EdgeKind.USES_EXECUTION_ROLE, via)


def _service_names(builder: Builder) -> dict[tuple[str, str, str], str]:
    """(region, cluster name, service name) → ARN."""
    found = {}
    for service in builder.snapshot.services:
        arn = parse_arn(service.service_arn)
        key = (arn.region if arn else "", short_name(service.cluster_arn), service.service_name)
        found[key] = service.service_arn
    return found


def _group_id(region: str, title: str) -> str:
    return f"deployment-group:{region}:{title}"


def _target_id(region: str, resource_id: str) -> str:
    return f"scalable-target:{region}:{resource_id}"
