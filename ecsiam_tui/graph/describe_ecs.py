"""What is said of clusters, services, task definitions, tasks, launchers and machines."""

from collections.abc import Iterator
from typing import Any

from ecsiam_tui.account.compute import ContainerInstance, Instance
from ecsiam_tui.account.ecs import CapacityProvider, Cluster, Service
from ecsiam_tui.account.launchers import Rule, RunTaskTarget, Schedule
from ecsiam_tui.account.tasks import ContainerDefinition, Task, TaskDefinition
from ecsiam_tui.graph.estate import Estate, Node
from ecsiam_tui.graph.facts import Fact, Section, Tone, optional, role_fact, when
from ecsiam_tui.graph.kinds import EdgeKind, NodeKind, relation


def cluster(estate: Estate, node: Node, cluster: Cluster) -> Iterator[Section]:
    yield Section(
        "",
        (
            Fact("status", (cluster.status or "").lower()),
            Fact("services", str(sum(1 for _ in _contained(estate, node, NodeKind.SERVICE)))),
            Fact("tasks", f"{cluster.running_tasks_count} running, {cluster.pending_tasks_count} pending"),
            Fact("capacity", ", ".join(cluster.capacity_providers) or "no capacity providers", "plain"),
        ),
    )
    execute = cluster.configuration.execute_command_configuration if cluster.configuration else None
    facts = [Fact("role", "none: roles belong to task definitions, a cluster has no role of its own", "dim")]
    if execute:
        log = execute.log_configuration
        facts.append(
            Fact(
                "ECS Exec logging",
                execute.logging or "DEFAULT",
                "warn" if execute.logging == "NONE" else "plain",
            )
        )
        facts += optional("ECS Exec key", execute.kms_key_id)
        facts += optional("ECS Exec log group", log.cloud_watch_log_group_name if log else None)
        facts += optional("ECS Exec bucket", log.s3_bucket_name if log else None)
    yield Section("permissions", tuple(facts))


def service(estate: Estate, node: Node, service: Service) -> Iterator[Section]:
    launch = service.launch_type or ", ".join(
        item.capacity_provider for item in service.capacity_provider_strategy
    )
    counts = f"{service.running_count} running of {service.desired_count} desired"
    rollout = [d for d in service.deployments if d.rollout_state == "FAILED" or d.failed_tasks]
    tone: Tone = "plain" if service.running_count >= service.desired_count else "warn"
    facts = [
        Fact("status", (service.status or "").lower()),
        Fact("tasks", counts, tone),
        Fact("launch type", launch or "not set: the cluster's default"),
        Fact("ECS Exec", "on" if service.enable_execute_command else "off"),
        *(Fact("deployment", f"{d.failed_tasks} failed tasks, {d.rollout_state}", "bad") for d in rollout),
    ]
    yield Section("", tuple(facts))
    yield _roles(estate, node)
    yield Section(
        "events", tuple(Fact(when(event.created_at), event.message) for event in service.events[:5])
    )


def _roles(estate: Estate, node: Node) -> Section:
    facts = []
    running = list(estate.uses(node.id, EdgeKind.RUNS))
    wanted = (EdgeKind.USES_TASK_ROLE, EdgeKind.USES_EXECUTION_ROLE)
    for link in running:
        facts.append(Fact("runs", link.node.title, node_id=link.node.id))
        for kind in wanted:
            found = next(estate.uses(link.node.id, kind), None)
            facts.append(role_fact(relation(kind), found.node if found else None))
    own = (link for link in estate.uses(node.id) if link.kind.startswith("uses-"))
    facts += [role_fact(relation(link.kind), link.node) for link in own]
    return Section("roles", tuple(facts))


def task_definition(estate: Estate, node: Node, definition: TaskDefinition) -> Iterator[Section]:
    launch = definition.requires_compatibilities or definition.compatibilities
    status = (definition.status or "").lower()
    yield Section(
        "",
        (
            Fact("status", f"{status}, the latest revision" if definition.latest else status),
            Fact("for", ", ".join(launch) or "EC2"),
            Fact("network mode", definition.network_mode or "default"),
            *(
                role_fact(relation(kind), next((link.node for link in estate.uses(node.id, kind)), None))
                for kind in (EdgeKind.USES_TASK_ROLE, EdgeKind.USES_EXECUTION_ROLE)
            ),
        ),
    )
    for container in definition.container_definitions:
        yield Section(f"container {container.name}", tuple(_container(container)))
    yield Section("volumes", tuple(Fact(volume.name, _volume_text(volume)) for volume in definition.volumes))


def _container(container: ContainerDefinition) -> Iterator[Fact]:
    yield Fact("image", container.image)
    for secret in container.secrets:
        yield Fact("secret", f"{secret.name}  from {secret.value_from}")
    for variable in container.environment:
        if variable.looks_like_secret != "no":
            text = f"{variable.name}  looks like a secret ({variable.looks_like_secret}), in plain text"
            yield Fact("environment", text, "bad")
    plain = [variable.name for variable in container.environment if variable.looks_like_secret == "no"]
    if plain:
        yield Fact("environment", ", ".join(plain))
    for file in container.environment_files:
        yield Fact("environment file", file.value)
    if log := container.log_configuration:
        target = log.options.get("awslogs-group") or log.options.get("Name") or ""
        yield Fact("logs", f"{log.log_driver} {target}".strip())
    if container.privileged:
        yield Fact("privileged", "yes: the container has root's rights on its instance", "warn")


def _volume_text(volume: Any) -> str:
    if volume.efs_volume_configuration:
        auth = volume.efs_volume_configuration.authorization_config
        iam = auth.iam if auth and auth.iam else "off"
        return f"EFS {volume.efs_volume_configuration.file_system_id}, IAM {iam}"
    if volume.s3files_volume_configuration:
        return f"S3 Files {volume.s3files_volume_configuration.file_system_arn}"
    if volume.fsx_windows_file_server_volume_configuration:
        return f"FSx {volume.fsx_windows_file_server_volume_configuration.file_system_id}"
    if volume.configured_at_launch:
        return "EBS, configured at launch"
    return f"host {volume.host.source_path}" if volume.host and volume.host.source_path else "of the task"


def task(_estate: Estate, _node: Node, task: Task) -> Iterator[Section]:
    stopped = task.stopped_reason or task.stop_code
    yield Section(
        "",
        (
            Fact("status", (task.last_status or "").lower(), "bad" if stopped else "plain"),
            *optional("stop code", task.stop_code),
            *optional("stopped", task.stopped_reason, "bad"),
            *optional("group", task.group),
            *optional("started by", task.started_by),
            *optional("launch type", task.launch_type),
            Fact("started", when(task.started_at)),
        ),
    )
    reasons = ((item.name, item.reason, item.exit_code) for item in task.containers)
    yield Section(
        "containers",
        tuple(
            Fact(
                name,
                reason or (f"exit code {code}" if code is not None else "running"),
                "bad" if reason else "plain",
            )
            for name, reason, code in reasons
        ),
    )
    if task.overrides and (task.overrides.task_role_arn or task.overrides.execution_role_arn):
        yield Section(
            "overrides",
            (
                *optional("task role", task.overrides.task_role_arn, "warn"),
                *optional("execution role", task.overrides.execution_role_arn, "warn"),
            ),
        )


def launcher(_estate: Estate, _node: Node, record: Rule | Schedule) -> Iterator[Section]:
    targets: tuple[RunTaskTarget, ...] = record.targets if isinstance(record, Rule) else (record.target,)
    yield Section(
        "",
        (
            Fact("state", (record.state or "").lower()),
            *optional("when", record.schedule_expression),
            *(
                Fact("event pattern", record.event_pattern)
                for _ in (1,)
                if isinstance(record, Rule) and record.event_pattern
            ),
            *optional("description", record.description),
            *(
                Fact(
                    "runs",
                    f"{target.ecs_parameters.task_definition_arn}  with {target.role_arn or 'no role'}",
                )
                for target in targets
            ),
        ),
    )


def host(_estate: Estate, _node: Node, host: ContainerInstance) -> Iterator[Section]:
    yield Section(
        "",
        (
            Fact("status", (host.status or "").lower()),
            Fact("agent", "connected" if host.agent_connected else "not connected"),
            Fact("tasks", f"{host.running_tasks_count} running"),
        ),
    )
    yield Section(
        "capabilities",
        tuple(Fact("", item.name, "dim") for item in host.attributes if "capability" in item.name),
    )


def instance(_estate: Estate, _node: Node, machine: Instance) -> Iterator[Section]:
    options = machine.metadata_options
    yield Section(
        "",
        (
            *optional("type", machine.instance_type),
            *optional(
                "instance profile", machine.iam_instance_profile.arn if machine.iam_instance_profile else None
            ),
            *optional("IMDS tokens", options.http_tokens if options else None),
            *optional("IMDS hop limit", str(options.http_put_response_hop_limit) if options else None),
        ),
    )


def capacity_provider(_estate: Estate, _node: Node, provider: CapacityProvider) -> Iterator[Section]:
    kind = "Fargate"
    if provider.managed_instances_provider:
        kind = "Managed Instances"
    elif provider.auto_scaling_group_provider:
        kind = "Auto Scaling group"
    group = (provider.auto_scaling_group_provider or {}).get("autoScalingGroupArn")
    yield Section("", (Fact("kind", kind), *optional("group", group)))


def _contained(estate: Estate, node: Node, kind: NodeKind) -> Iterator[Node]:
    return (link.node for link in estate.uses(node.id, EdgeKind.CONTAINS) if link.node.kind == kind)
