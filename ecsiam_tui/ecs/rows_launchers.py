"""What starts tasks and what hosts them: the roles of rules, schedules, state machines, CodeDeploy, container
instances and Managed Instances. Rows of the account, not of one workload."""

from collections.abc import Iterator, Mapping

from ecsiam_tui.account.launchers import RunTaskTarget
from ecsiam_tui.account.references import Home, home_of
from ecsiam_tui.account.tasks import TaskOverride
from ecsiam_tui.ecs.asking import DEVELOPER_GUIDE
from ecsiam_tui.ecs.requirement import Necessity, Requirement, RoleKind
from ecsiam_tui.ecs.surroundings import Surroundings

EVENTS = f'{DEVELOPER_GUIDE}, "Amazon ECS EventBridge IAM role"'
SCHEDULER = 'EventBridge Scheduler User Guide, "Set up the execution role"'
STATES = 'AWS Step Functions Developer Guide, "Run Amazon ECS or Fargate tasks with Step Functions"'
INSTANCE = f'{DEVELOPER_GUIDE}, "Amazon ECS container instance IAM role"'
MANAGED = f'{DEVELOPER_GUIDE}, "Amazon ECS infrastructure IAM role" (Managed Instances)'
CODE_DEPLOY = f'{DEVELOPER_GUIDE}, "Amazon ECS CodeDeploy IAM role"'
ANYWHERE = f'{DEVELOPER_GUIDE}, "Amazon ECS Anywhere IAM role"'

AGENT_ACCOUNT = ("ecs:DiscoverPollEndpoint",)
AGENT_CLUSTER = (
    "ecs:RegisterContainerInstance",
    "ecs:SubmitContainerStateChange",
    "ecs:SubmitTaskStateChange",
)
AGENT_INSTANCE = ("ecs:Poll", "ecs:StartTelemetrySession")
"""What the agent of a container instance cannot do without, by the resource that AWS compares."""

TASKS = "ecs-tasks.amazonaws.com"


class Launcher:
    """One thing that acts with a role of its own."""

    def __init__(self, node: str, kind: RoleKind, role: str, why: str, source: str, around: Surroundings):
        self.node, self.kind, self.role, self.why, self.source = node, kind, role, why, source
        self.around = around

    def asks(
        self,
        row: str,
        actions: tuple[str, ...],
        resource: str,
        *,
        why: str = "",
        context: Mapping[str, str] | None = None,
        necessity: Necessity = "required",
        principal: str = "",
        region: str = "",
    ) -> Iterator[Requirement]:
        """One requirement an action."""
        known = dict(context or {})
        region = region or home_of(resource).region
        if region:
            known.setdefault("aws:RequestedRegion", region)
        for action in actions:
            yield Requirement(
                id=row,
                subject=self.node,
                role_kind=self.kind,
                principal=principal or self.role,
                action=action,
                resource=resource,
                why=why or self.why,
                source=self.source,
                context=known,
                necessity=necessity,
            )

    def trust(self, service: str, source_arn: str = "") -> Iterator[Requirement]:
        """That the service may act in the role."""
        context = {"aws:SourceAccount": self.around.snapshot.account_id}
        if source_arn:
            context["aws:SourceArn"] = source_arn
        if self.role:
            yield from self.asks("TRUST", ("sts:AssumeRole",), self.role, context=context, principal=service)

    def runs(
        self, definition_name: str, cluster: str, home: Home, overrides: TaskOverride | None, row: str
    ) -> Iterator[Requirement]:
        """To run a task definition in a cluster, and to pass on its roles."""
        name = (
            definition_name
            if definition_name.startswith("arn:")
            else home.arn("ecs", f"task-definition/{definition_name}")
        )
        definition = self.around.definition(name, home)
        # A bare family runs its newest revision, whichever that is then.
        resource = name if name.rpartition(":")[2].isdigit() else f"{name}:*"
        context = {"ecs:cluster": cluster} if cluster else {}
        title = definition.name if definition else name.rsplit("/", 1)[-1]
        why = f"{self.why} runs {title}"
        yield from self.asks(row, ("ecs:RunTask",), resource, context=context, why=why)
        own, given = overrides or TaskOverride(), definition or TaskOverride()
        roles = {
            "task execution role": own.execution_role_arn or given.execution_role_arn,
            "task role": own.task_role_arn or given.task_role_arn,
        }
        for word, role in roles.items():
            if role:
                why = f"{self.why} passes the {word} of {title}"
                passed = {"iam:PassedToService": TASKS}
                yield from self.asks(row, ("iam:PassRole",), self.around.role(role), why=why, context=passed)


def rules_and_schedules(around: Surroundings) -> Iterator[Requirement]:
    """SCHED: rules and schedules run tasks with a role of their own."""
    for rule in around.snapshot.rules:
        for target in rule.targets:
            role = around.role(target.role_arn)
            launcher = Launcher(rule.arn, "events", role, f"rule {rule.name}", EVENTS, around)
            yield from launcher.trust("events.amazonaws.com", rule.arn)
            yield from _target(launcher, target)
    for schedule in around.snapshot.schedules:
        target = schedule.target
        role = around.role(target.role_arn)
        launcher = Launcher(schedule.arn, "scheduler", role, f"schedule {schedule.name}", SCHEDULER, around)
        home = home_of(schedule.arn)
        # The ARN of the group, never that of the schedule.
        group = home.arn("scheduler", f"schedule-group/{schedule.group_name or 'default'}")
        yield from launcher.trust("scheduler.amazonaws.com", group)
        yield from _target(launcher, target)


def _target(launcher: Launcher, target: RunTaskTarget) -> Iterator[Requirement]:
    asked = target.ecs_parameters
    home = home_of(target.arn)
    yield from launcher.runs(asked.task_definition_arn, target.arn, home, target.overrides, "SCHED")
    if asked.tags or asked.propagate_tags or asked.enable_ecs_managed_tags:
        tasks = home.arn("ecs", f"task/{target.arn.rsplit('/', 1)[-1]}/*")
        context = {"ecs:CreateAction": "RunTask"}
        why = f"{launcher.why} tags the tasks it starts"
        yield from launcher.asks("SCHED", ("ecs:TagResource",), tasks, why=why, context=context)


def state_machines(around: Surroundings) -> Iterator[Requirement]:
    """SFN: a state machine runs tasks; to wait for them it watches events with a rule of its own."""
    for machine in around.snapshot.state_machines:
        role = around.role(machine.role_arn)
        home = home_of(machine.state_machine_arn)
        why = f"state machine {machine.name}"
        launcher = Launcher(machine.state_machine_arn, "state-machine", role, why, STATES, around)
        yield from launcher.trust("states.amazonaws.com", machine.state_machine_arn)
        cluster = machine.clusters[0] if len(machine.clusters) == 1 else ""
        for name in dict.fromkeys(machine.task_definitions):
            yield from launcher.runs(name, cluster, home, None, "SFN")
        if any(integration.endswith(".sync") for integration in machine.integrations):
            waiting = f"{why} waits for its tasks"
            stop = ("ecs:StopTask", "ecs:DescribeTasks")
            tasks = home.arn("ecs", f"task/{cluster.rsplit('/', 1)[-1] or '*'}/*")
            yield from launcher.asks("SFN", stop, tasks, why=waiting)
            rule = home.arn("events", "rule/StepFunctionsGetEventsForECSTaskRule")
            watch = ("events:PutTargets", "events:PutRule", "events:DescribeRule")
            yield from launcher.asks("SFN", watch, rule, why=waiting)


def code_deploy(around: Surroundings) -> Iterator[Requirement]:
    """CodeDeploy makes task sets of its services and passes their roles."""
    by_name = {
        (service.cluster_arn.rsplit("/", 1)[-1], service.service_name): service
        for service in around.snapshot.services
    }
    for group in around.snapshot.deployment_groups:
        role = around.role(group.service_role_arn)
        name = f"{group.application_name}/{group.deployment_group_name}"
        node = f"deployment-group:{group.region}:{name}"
        why = f"deployment group {group.deployment_group_name}"
        launcher = Launcher(node, "code-deploy", role, why, CODE_DEPLOY, around)
        yield from launcher.trust("codedeploy.amazonaws.com")
        for named in group.ecs_services:
            service = by_name.get((named.cluster_name, named.service_name))
            if service is None:
                continue
            yield from launcher.asks("CD", ("ecs:DescribeServices", "ecs:CreateTaskSet"), service.service_arn)
            definition = around.definition(service.task_definition, home_of(service.service_arn))
            roles = (definition.execution_role_arn, definition.task_role_arn) if definition else ()
            for passed in filter(None, roles):
                context = {"iam:PassedToService": TASKS}
                yield from launcher.asks("CD", ("iam:PassRole",), around.role(passed), context=context)


def container_instances(around: Surroundings) -> Iterator[Requirement]:
    """INST: the agent of every container instance reports to ECS with the instance's role."""
    for cluster, instances in around.container_instances.items():
        home = home_of(cluster)
        by_role: dict[str, str] = {}
        for instance in instances:
            role = around.instance_role(instance)
            if role:
                by_role.setdefault(role, instance.ec2_instance_id or "")
        for role, host in by_role.items():
            external = host.startswith("mi-")
            kind: RoleKind = "anywhere" if external else "container-instance"
            service, source = ("ssm.amazonaws.com", ANYWHERE) if external else ("ec2.amazonaws.com", INSTANCE)
            why = f"container instances of cluster {cluster.rsplit('/', 1)[-1]}"
            launcher = Launcher(cluster, kind, role, why, source, around)
            yield from launcher.trust(service)
            context = {"ecs:cluster": cluster}
            hosts = home.arn("ecs", f"container-instance/{cluster.rsplit('/', 1)[-1]}/*")
            for resource, actions in (
                ("*", AGENT_ACCOUNT),
                (cluster, AGENT_CLUSTER),
                (hosts, AGENT_INSTANCE),
            ):
                yield from launcher.asks("INST", actions, resource, context=context, region=home.region)


def managed_instances(around: Surroundings) -> Iterator[Requirement]:
    """INF 5 and 4: Managed Instances are launched by the infrastructure role, which passes the instance
    profile's role."""
    for provider in around.snapshot.capacity_providers:
        managed = provider.managed_instances_provider
        if managed is None:
            continue
        role = around.role(managed.infrastructure_role_arn)
        why = f"capacity provider {provider.name}"
        node = provider.capacity_provider_arn
        launcher = Launcher(node, "infrastructure", role, why, MANAGED, around)
        yield from launcher.trust("ecs.amazonaws.com")
        template = managed.instance_launch_template
        profile = around.instance_profiles.get((template and template.ec2_instance_profile_arn) or "")
        region = home_of(node).region
        for passed in profile.role_arns if profile else ():
            context = {"iam:PassedToService": "ec2.amazonaws.com"}
            text = f"{why} passes the role of its instances"
            yield from launcher.asks("INF", ("iam:PassRole",), passed, why=text, context=context)
            hosts = Launcher(node, "container-instance", passed, f"instances of {why}", INSTANCE, around)
            yield from hosts.trust("ec2.amazonaws.com")
        tagged = {"aws:RequestTag/AmazonECSManaged": "true"}
        fleet = home_of(node).arn("ec2", "fleet/*")
        yield from launcher.asks("INF", ("ec2:CreateFleet",), fleet, context=tagged, region=region)


def gateways(around: Surroundings) -> Iterator[Requirement]:
    """INF 11 and 12: Express Mode and gateways have an infrastructure role."""
    for express in around.snapshot.express_services:
        role = around.role(express.infrastructure_role_arn)
        why = f"Express service {express.service_name}"
        source = f'{DEVELOPER_GUIDE}, "Amazon ECS infrastructure IAM role" (Express Mode)'
        launcher = Launcher(f"express:{express.service_arn}", "infrastructure", role, why, source, around)
        yield from launcher.trust("ecs.amazonaws.com")
    for gateway in around.snapshot.gateways:
        role = around.role(gateway.infrastructure_role_arn)
        why = f"gateway {gateway.name}"
        source = f'{DEVELOPER_GUIDE}, "Amazon ECS infrastructure IAM role"'
        launcher = Launcher(gateway.gateway_arn, "infrastructure", role, why, source, around)
        yield from launcher.trust("ecs.amazonaws.com")


def anywhere(around: Surroundings) -> Iterator[Requirement]:
    """External instances are activated with a role that Systems Manager assumes."""
    for activation in around.snapshot.activations:
        role = around.role(activation.iam_role)
        why = f"activation {activation.default_instance_name or activation.activation_id}"
        node = f"activation:{activation.activation_id}"
        yield from Launcher(node, "anywhere", role, why, ANYWHERE, around).trust("ssm.amazonaws.com")
