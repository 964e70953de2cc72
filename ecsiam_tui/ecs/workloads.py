"""What runs, or is there to be run: a task definition together with who starts it, where, and as whom."""

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from ecsiam_tui.account.ecs import CapacityProviderStrategyItem, Cluster, Deployment, Service
from ecsiam_tui.account.launchers import RunTaskTarget
from ecsiam_tui.account.references import Home, home_of
from ecsiam_tui.account.tasks import TaskDefinition, TaskOverride
from ecsiam_tui.ecs.surroundings import Surroundings

LaunchType = Literal["FARGATE", "EC2", "MANAGED_INSTANCES", "EXTERNAL"]
WorkloadKind = Literal[
    "service", "express-service", "task", "rule", "schedule", "state-machine", "daemon", "task-definition"
]

LAUNCH_TYPES: tuple[LaunchType, ...] = ("FARGATE", "EC2", "MANAGED_INSTANCES", "EXTERNAL")
FARGATE_PROVIDERS = frozenset({"FARGATE", "FARGATE_SPOT"})
_ANYWHERE: frozenset[LaunchType] = frozenset({"FARGATE", "EC2"})


class Workload(msgspec.Struct, frozen=True):
    """A task definition in use. `id` is the node that uses it: the service, the task, the schedule, or the
    definition itself where nothing does.

    `launches` are the launch types it may have; several where nothing says which. `task_role` and
    `execution_role` are ARNs, overrides applied; empty where there is none. `instance_roles` are the roles of
    the container instances it may be placed on. `from_file` says that it is not registered yet, so that its
    references may still be open.
    """

    id: str
    kind: WorkloadKind
    title: str
    definition: TaskDefinition
    home: Home
    launches: frozenset[LaunchType]
    task_role: str = ""
    execution_role: str = ""
    cluster: Cluster | None = None
    exec_enabled: bool = False
    service: Service | None = None
    deployments: tuple[Deployment, ...] = ()
    instance_roles: tuple[str, ...] = ()
    from_file: bool = False

    @property
    def on_ec2(self) -> bool:
        """Whether it runs on EC2 container instances alone: only there the instance's role can stand in."""
        return self.launches == frozenset({"EC2"})


def launch_types(
    launch_type: str | None,
    strategy: Iterable[CapacityProviderStrategyItem],
    cluster: Cluster | None,
    around: Surroundings,
) -> frozenset[LaunchType]:
    """Where a service or task runs: its launch type, else its capacity providers, else its cluster's, else
    EC2. Amazon ECS Developer Guide, "Amazon ECS launch types and capacity providers"."""
    if launch_type in LAUNCH_TYPES:
        return frozenset(kind for kind in LAUNCH_TYPES if kind == launch_type)
    items = tuple(strategy) or (cluster.default_capacity_provider_strategy if cluster else ())
    found: set[LaunchType] = {_of_provider(item.capacity_provider, around) for item in items}
    return frozenset(found or {"EC2"})


def _of_provider(name: str, around: Surroundings) -> LaunchType:
    if name in FARGATE_PROVIDERS:
        return "FARGATE"
    provider = around.capacity_provider(name)
    return "MANAGED_INSTANCES" if provider and provider.managed_instances_provider else "EC2"


def possible_launches(definition: TaskDefinition) -> frozenset[LaunchType]:
    """Where a task definition may run that nothing runs yet."""
    wanted = definition.requires_compatibilities or definition.compatibilities
    return frozenset(kind for kind in LAUNCH_TYPES if kind in wanted) or _ANYWHERE


def workloads(around: Surroundings) -> list[Workload]:
    """Every service, standalone task, launcher's target, daemon, and every latest task definition that none
    of these runs."""
    found = [
        *_services(around),
        *_express(around),
        *_tasks(around),
        *_targets(around),
        *_state_machines(around),
        *_daemons(around),
    ]
    used = {workload.definition.task_definition_arn for workload in found}
    unused = (
        definition
        for definition in around.snapshot.task_definitions
        if definition.latest and definition.task_definition_arn not in used
    )
    return [*found, *(of_definition(definition, around) for definition in unused)]


def of_definition(definition: TaskDefinition, around: Surroundings) -> Workload:
    """A task definition by itself."""
    return _workload(
        definition.task_definition_arn,
        "task-definition",
        definition.name,
        definition,
        around,
        possible_launches(definition),
    )


def _workload(
    node: str,
    kind: WorkloadKind,
    title: str,
    definition: TaskDefinition,
    around: Surroundings,
    launches: frozenset[LaunchType],
    *,
    overrides: TaskOverride | None = None,
    cluster: Cluster | None = None,
    exec_enabled: bool = False,
    service: Service | None = None,
    deployments: tuple[Deployment, ...] = (),
    instance_roles: tuple[str, ...] | None = None,
) -> Workload:
    own = overrides or TaskOverride()
    if instance_roles is None:
        runs_on_hosts = cluster is not None and "EC2" in launches
        instance_roles = around.instance_roles(cluster.cluster_arn) if cluster and runs_on_hosts else ()
    return Workload(
        id=node,
        kind=kind,
        title=title,
        definition=definition,
        home=home_of(definition.task_definition_arn),
        launches=launches,
        task_role=around.role(own.task_role_arn or definition.task_role_arn),
        execution_role=around.role(own.execution_role_arn or definition.execution_role_arn),
        cluster=cluster,
        exec_enabled=exec_enabled,
        service=service,
        deployments=deployments,
        instance_roles=instance_roles,
    )


def of_service(service: Service, definition: TaskDefinition, around: Surroundings) -> Workload:
    """A service with one of the task definitions it runs."""
    cluster = around.clusters.get(service.cluster_arn)
    return _workload(
        service.service_arn,
        "service",
        service.service_name,
        definition,
        around,
        launch_types(service.launch_type, service.capacity_provider_strategy, cluster, around),
        cluster=cluster,
        exec_enabled=service.enable_execute_command,
        service=service,
        deployments=service.deployments,
    )


def _services(around: Surroundings) -> Iterator[Workload]:
    for service in around.snapshot.services:
        home = home_of(service.service_arn)
        names = [service.task_definition] if service.task_definition else []
        names += [found.task_definition for found in service.task_sets if found.task_definition]
        for name in dict.fromkeys(names):
            if definition := around.definition(name, home):
                yield of_service(service, definition, around)


def _express(around: Surroundings) -> Iterator[Workload]:
    for express in around.snapshot.express_services:
        home = home_of(express.service_arn)
        for active in express.active_configurations:
            if definition := around.definition(active.task_definition_arn, home):
                overrides = TaskOverride(
                    task_role_arn=active.task_role_arn, execution_role_arn=active.execution_role_arn
                )
                yield _workload(
                    f"express:{express.service_arn}",
                    "express-service",
                    express.service_name,
                    definition,
                    around,
                    frozenset({"FARGATE"}),
                    overrides=overrides,
                    cluster=around.clusters.get(express.cluster or ""),
                )


def _tasks(around: Surroundings) -> Iterator[Workload]:
    """Running tasks that no service started; those alike in all that matters here count once."""
    seen = set()
    for task in around.snapshot.tasks:
        if task.last_status == "STOPPED" or (task.group or "").startswith("service:"):
            continue
        definition = around.definitions.get(task.task_definition_arn or "")
        if definition is None:
            continue
        overrides = task.overrides or TaskOverride()
        roles = (overrides.task_role_arn, overrides.execution_role_arn)
        alike = (task.cluster_arn, task.task_definition_arn, roles, task.enable_execute_command)
        if alike in seen:
            continue
        seen.add(alike)
        cluster = around.clusters.get(task.cluster_arn)
        provider = task.capacity_provider_name
        strategy = (CapacityProviderStrategyItem(capacity_provider=provider),) if provider else ()
        yield _workload(
            task.task_arn,
            "task",
            task.task_arn.rsplit("/", 1)[-1],
            definition,
            around,
            launch_types(task.launch_type, strategy, cluster, around),
            overrides=overrides,
            cluster=cluster,
            exec_enabled=task.enable_execute_command,
        )


def _targets(around: Surroundings) -> Iterator[Workload]:
    for rule in around.snapshot.rules:
        for target in rule.targets:
            yield from _of_target(rule.arn, "rule", rule.name, target, around)
    for schedule in around.snapshot.schedules:
        yield from _of_target(schedule.arn, "schedule", schedule.name, schedule.target, around)


def _of_target(
    node: str, kind: WorkloadKind, title: str, target: RunTaskTarget, around: Surroundings
) -> Iterator[Workload]:
    asked = target.ecs_parameters
    definition = around.definition(asked.task_definition_arn, home_of(target.arn))
    if definition is None:
        return
    cluster = around.clusters.get(target.arn)
    yield _workload(
        node,
        kind,
        title,
        definition,
        around,
        launch_types(asked.launch_type, asked.capacity_provider_strategy, cluster, around),
        overrides=target.overrides,
        cluster=cluster,
        exec_enabled=asked.enable_execute_command,
    )


def _state_machines(around: Surroundings) -> Iterator[Workload]:
    for machine in around.snapshot.state_machines:
        home = home_of(machine.state_machine_arn)
        clusters = [around.clusters[name] for name in machine.clusters if name in around.clusters]
        cluster = clusters[0] if len(clusters) == 1 else None
        for name in dict.fromkeys(machine.task_definitions):
            if definition := around.definition(name, home):
                yield _workload(
                    machine.state_machine_arn,
                    "state-machine",
                    machine.name,
                    definition,
                    around,
                    possible_launches(definition),
                    cluster=cluster,
                )


def _daemons(around: Surroundings) -> Iterator[Workload]:
    """Daemons run on ECS Managed Instances."""
    for daemon in around.snapshot.daemon_task_definitions:
        definition = TaskDefinition(
            task_definition_arn=daemon.daemon_task_definition_arn,
            family=daemon.family,
            revision=daemon.revision,
            status=daemon.status,
            task_role_arn=daemon.task_role_arn,
            execution_role_arn=daemon.execution_role_arn,
            container_definitions=daemon.container_definitions,
        )
        launches: frozenset[LaunchType] = frozenset({"MANAGED_INSTANCES"})
        yield _workload(
            daemon.daemon_task_definition_arn, "daemon", definition.name, definition, around, launches
        )
