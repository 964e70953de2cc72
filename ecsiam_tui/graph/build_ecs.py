"""Clusters, services, task definitions, tasks, and the machines they run on."""

from ecsiam_tui.account.arns import Arn, parse_arn, short_name
from ecsiam_tui.account.ecs import Deployment, ExpressGatewayService, Service
from ecsiam_tui.account.tasks import Task
from ecsiam_tui.graph.builder import Builder
from ecsiam_tui.graph.kinds import EdgeKind, NodeKind


def add_nodes(builder: Builder) -> None:
    """A node for each record."""
    snapshot = builder.snapshot
    for cluster in snapshot.clusters:
        builder.add(NodeKind.CLUSTER, cluster.cluster_arn, cluster.cluster_name, cluster)
    for provider in snapshot.capacity_providers:
        builder.add(NodeKind.CAPACITY_PROVIDER, provider.capacity_provider_arn, provider.name, provider)
    for service in snapshot.services:
        builder.add(NodeKind.SERVICE, service.service_arn, service.service_name, service)
        for task_set in service.task_sets:
            builder.add(NodeKind.TASK_SET, task_set.task_set_arn, task_set.id or "", task_set)
    for express in snapshot.express_services:
        node_id = express_id(express.service_arn)
        builder.add(NodeKind.EXPRESS_SERVICE, node_id, express.service_name, express, "Express Mode")
    for gateway in snapshot.gateways:
        builder.add(NodeKind.GATEWAY, gateway.gateway_arn, gateway.name, gateway)
    for definition in snapshot.task_definitions:
        note = "" if definition.status in (None, "ACTIVE") else definition.status.lower()
        builder.add(
            NodeKind.TASK_DEFINITION, definition.task_definition_arn, definition.name, definition, note
        )
    for daemon in snapshot.daemon_task_definitions:
        title = f"{daemon.family}:{daemon.revision}"
        builder.add(NodeKind.DAEMON_TASK_DEFINITION, daemon.daemon_task_definition_arn, title, daemon)
    for task in snapshot.tasks:
        note = (task.last_status or "").lower()
        builder.add(NodeKind.TASK, task.task_arn, short_name(task.task_arn)[:12], task, note)
    for host in snapshot.container_instances:
        title = host.ec2_instance_id or short_name(host.container_instance_arn)
        builder.add(NodeKind.CONTAINER_INSTANCE, host.container_instance_arn, title, host)
    for machine in snapshot.instances:
        builder.add(
            NodeKind.INSTANCE,
            instance_arn(builder, machine.region, machine.instance_id),
            machine.instance_id,
            machine,
        )
    for profile in snapshot.instance_profiles:
        builder.add(NodeKind.INSTANCE_PROFILE, profile.arn, profile.instance_profile_name, profile)
    for activation in snapshot.activations:
        title = activation.description or activation.default_instance_name or activation.activation_id
        builder.add(NodeKind.ACTIVATION, f"activation:{activation.activation_id}", title, activation)
    for node in snapshot.managed_nodes:
        title = node.computer_name or node.instance_id
        builder.add(NodeKind.MANAGED_NODE, f"managed-node:{node.instance_id}", title, node)


def add_edges(builder: Builder) -> None:
    """Who contains, runs, starts and hosts whom, and with which roles."""
    snapshot, connect = builder.snapshot, builder.estate.connect
    for provider in snapshot.capacity_providers:
        _capacity_provider_edges(builder, provider.capacity_provider_arn)
    by_name = {provider.name: provider.capacity_provider_arn for provider in snapshot.capacity_providers}
    for cluster in snapshot.clusters:
        for name in cluster.capacity_providers:
            if name in by_name:
                connect(cluster.cluster_arn, by_name[name], EdgeKind.RUNS, "capacityProviders")
    for service in snapshot.services:
        _service_edges(builder, service)
    for express in snapshot.express_services:
        via = "infrastructureRoleArn"
        node = express_id(express.service_arn)
        builder.connect_role(node, express.infrastructure_role_arn, EdgeKind.USES_INFRASTRUCTURE_ROLE, via)
        connect(builder.refer(NodeKind.CLUSTER, _cluster_of(express)), node, EdgeKind.CONTAINS)
        for active in express.active_configurations:
            _definition_edges(builder, node, active.task_role_arn, active.execution_role_arn)
    for gateway in snapshot.gateways:
        via = "infrastructureRoleArn"
        builder.connect_role(
            gateway.gateway_arn, gateway.infrastructure_role_arn, EdgeKind.USES_INFRASTRUCTURE_ROLE, via
        )
    for definition in snapshot.task_definitions:
        arn = definition.task_definition_arn
        _definition_edges(builder, arn, definition.task_role_arn, definition.execution_role_arn)
    for daemon in snapshot.daemon_task_definitions:
        arn = daemon.daemon_task_definition_arn
        _definition_edges(builder, arn, daemon.task_role_arn, daemon.execution_role_arn)
    service_ids = {(s.cluster_arn, s.service_name): s.service_arn for s in snapshot.services}
    for task in snapshot.tasks:
        _task_edges(builder, task, service_ids)
    _machine_edges(builder)


def _definition_edges(builder: Builder, arn: str, task_role: str | None, execution_role: str | None) -> None:
    builder.connect_role(arn, task_role, EdgeKind.USES_TASK_ROLE, "taskRoleArn")
    builder.connect_role(arn, execution_role, EdgeKind.USES_EXECUTION_ROLE, "executionRoleArn")


def express_id(service_arn: str) -> str:
    """Express Mode describes a service a second time: its node stands beside the service's own."""
    return f"express:{service_arn}"


def _cluster_of(express: ExpressGatewayService) -> str:
    """The ARN of its cluster, which `cluster` gives in full or by name; else the service's own ARN tells."""
    own = parse_arn(express.service_arn)
    if own is None or (express.cluster and parse_arn(express.cluster)):
        return express.cluster or "cluster:default"
    name = express.cluster or (own.resource.split("/")[1] if own.resource.count("/") == 2 else "default")
    return str(own._replace(resource=f"cluster/{name}"))


def instance_arn(builder: Builder, region: str, instance_id: str) -> str:
    """The ARN of an EC2 instance, which its API does not give."""
    snapshot = builder.snapshot
    return f"arn:{snapshot.partition}:ec2:{region}:{snapshot.account_id}:instance/{instance_id}"


def task_definition_arn(builder: Builder, value: str, near: str) -> str:
    """The ARN of a revision, for `family:revision` or `family`, alone or in an ARN.

    Where there is no ARN the region is that of the ARN `near`. Without a revision the latest active one is
    meant (Amazon EventBridge API, `EcsParameters.TaskDefinitionArn`).
    """
    given, home = parse_arn(value), parse_arn(near)
    if given is None:
        region = home.region if home else ""
        given = Arn(
            builder.snapshot.partition, "ecs", region, builder.snapshot.account_id, f"task-definition/{value}"
        )
    arn = str(given)
    return arn if ":" in given.resource else builder.latest_revisions.get(arn, arn)


def _capacity_provider_edges(builder: Builder, arn: str) -> None:
    provider = builder.estate.node(arn).record.managed_instances_provider
    if provider is None:
        return
    via = "managedInstancesProvider.infrastructureRoleArn"
    builder.connect_role(arn, provider.infrastructure_role_arn, EdgeKind.USES_INFRASTRUCTURE_ROLE, via)
    template = provider.instance_launch_template
    if template and template.ec2_instance_profile_arn:
        profile = builder.refer(NodeKind.INSTANCE_PROFILE, template.ec2_instance_profile_arn)
        builder.estate.connect(arn, profile, EdgeKind.USES_INSTANCE_PROFILE, "ec2InstanceProfileArn")


def _service_edges(builder: Builder, service: Service) -> None:
    arn, connect = service.service_arn, builder.estate.connect
    cluster = builder.refer(NodeKind.CLUSTER, service.cluster_arn)
    connect(cluster, arn, EdgeKind.CONTAINS)
    if service.task_definition:
        definition = task_definition_arn(builder, service.task_definition, arn)
        connect(arn, builder.refer(NodeKind.TASK_DEFINITION, definition), EdgeKind.RUNS, "taskDefinition")
    builder.connect_role(arn, service.role_arn, EdgeKind.USES_SERVICE_ROLE, "roleArn")
    for balancer in service.load_balancers:
        if balancer.advanced_configuration:
            via = "loadBalancers.advancedConfiguration.roleArn"
            role = balancer.advanced_configuration.role_arn
            builder.connect_role(arn, role, EdgeKind.USES_INFRASTRUCTURE_ROLE, via)
    for hook in service.deployment_configuration.lifecycle_hooks if service.deployment_configuration else ():
        builder.connect_role(arn, hook.role_arn, EdgeKind.USES_HOOK_ROLE, "lifecycleHooks.roleArn")
        if hook.hook_target_arn:
            target = builder.refer(NodeKind.FUNCTION, hook.hook_target_arn)
            connect(arn, target, EdgeKind.INVOKES, "lifecycleHooks.hookTargetArn")
    for deployment in service.deployments:
        _deployment_edges(builder, arn, deployment)
    for task_set in service.task_sets:
        connect(arn, task_set.task_set_arn, EdgeKind.CONTAINS)
        if task_set.task_definition:
            definition = task_definition_arn(builder, task_set.task_definition, arn)
            connect(
                task_set.task_set_arn,
                builder.refer(NodeKind.TASK_DEFINITION, definition),
                EdgeKind.RUNS,
                "taskDefinition",
            )
        for balancer in task_set.load_balancers:
            if balancer.advanced_configuration:
                role = balancer.advanced_configuration.role_arn
                via = "taskSets.loadBalancers.advancedConfiguration.roleArn"
                builder.connect_role(task_set.task_set_arn, role, EdgeKind.USES_INFRASTRUCTURE_ROLE, via)


def _deployment_edges(builder: Builder, service_arn: str, deployment: Deployment) -> None:
    infrastructure = EdgeKind.USES_INFRASTRUCTURE_ROLE
    if deployment.task_definition and deployment.status != "INACTIVE":
        definition = task_definition_arn(builder, deployment.task_definition, service_arn)
        node = builder.refer(NodeKind.TASK_DEFINITION, definition)
        if not builder.estate.nx.has_edge(service_arn, node, EdgeKind.RUNS):
            via = f"deployments ({deployment.rollout_state or deployment.status or 'other'})".lower()
            builder.estate.connect(service_arn, node, EdgeKind.RUNS, via)
    for volume in deployment.volume_configurations:
        if volume.managed_ebs_volume:
            via = f"volumeConfigurations {volume.name}"
            builder.connect_role(service_arn, volume.managed_ebs_volume.role_arn, infrastructure, via)
    for lattice in deployment.vpc_lattice_configurations:
        builder.connect_role(
            service_arn, lattice.role_arn, infrastructure, "vpcLatticeConfigurations.roleArn"
        )
    connect = deployment.service_connect_configuration
    for published in connect.services if connect else ():
        if published.tls:
            via = f"serviceConnectConfiguration {published.port_name or ''} tls.roleArn"
            builder.connect_role(service_arn, published.tls.role_arn, infrastructure, via)


def _task_edges(builder: Builder, task: Task, services: dict[tuple[str, str], str]) -> None:
    connect = builder.estate.connect
    cluster = builder.refer(NodeKind.CLUSTER, task.cluster_arn)
    group = (task.group or "").removeprefix("service:")
    service = services.get((task.cluster_arn, group)) if (task.group or "").startswith("service:") else None
    connect(service or cluster, task.task_arn, EdgeKind.CONTAINS)
    if task.task_definition_arn:
        definition = builder.refer(NodeKind.TASK_DEFINITION, task.task_definition_arn)
        connect(task.task_arn, definition, EdgeKind.STARTED_FROM)
    if task.overrides:
        overrides = task.overrides
        builder.connect_role(
            task.task_arn, overrides.task_role_arn, EdgeKind.USES_TASK_ROLE, "overrides.taskRoleArn"
        )
        via = "overrides.executionRoleArn"
        builder.connect_role(task.task_arn, overrides.execution_role_arn, EdgeKind.USES_EXECUTION_ROLE, via)
    if task.container_instance_arn:
        host = builder.refer(NodeKind.CONTAINER_INSTANCE, task.container_instance_arn)
        connect(task.task_arn, host, EdgeKind.PLACED_ON)


def _machine_edges(builder: Builder) -> None:
    snapshot, estate = builder.snapshot, builder.estate
    for profile in snapshot.instance_profiles:
        for role in profile.role_arns:
            builder.connect_role(profile.arn, role, EdgeKind.USES_INSTANCE_ROLE, "Roles")
    for machine in snapshot.instances:
        if machine.iam_instance_profile:
            arn = builder.refer(NodeKind.INSTANCE_PROFILE, machine.iam_instance_profile.arn)
            here = instance_arn(builder, machine.region, machine.instance_id)
            estate.connect(here, arn, EdgeKind.USES_INSTANCE_PROFILE, "IamInstanceProfile")
    for host in snapshot.container_instances:
        cluster = builder.refer(NodeKind.CLUSTER, host.cluster_arn)
        estate.connect(cluster, host.container_instance_arn, EdgeKind.CONTAINS)
        if not host.ec2_instance_id:
            continue
        if host.ec2_instance_id.startswith("mi-"):
            machine_id = builder.refer(NodeKind.MANAGED_NODE, f"managed-node:{host.ec2_instance_id}")
        else:
            region = estate.node(host.container_instance_arn).region
            machine_id = builder.refer(NodeKind.INSTANCE, instance_arn(builder, region, host.ec2_instance_id))
        estate.connect(host.container_instance_arn, machine_id, EdgeKind.PLACED_ON)
        for profile_link in list(estate.uses(machine_id, EdgeKind.USES_INSTANCE_PROFILE)):
            for role_link in list(estate.uses(profile_link.node.id, EdgeKind.USES_INSTANCE_ROLE)):
                estate.connect(
                    host.container_instance_arn,
                    role_link.node.id,
                    EdgeKind.USES_INSTANCE_ROLE,
                    "instance profile",
                )
    for node in snapshot.managed_nodes:
        via = "IamRole"
        builder.connect_role(
            f"managed-node:{node.instance_id}", node.iam_role, EdgeKind.USES_INSTANCE_ROLE, via
        )
    for activation in snapshot.activations:
        here = f"activation:{activation.activation_id}"
        builder.connect_role(here, activation.iam_role, EdgeKind.USES_INSTANCE_ROLE, "IamRole")
