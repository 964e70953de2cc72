"""What starts tasks or services besides ECS itself, each with the role that it uses."""

from typing import Literal

from msgspec import field

from ecsiam_tui.account.ecs import CapacityProviderStrategyItem, NetworkConfiguration
from ecsiam_tui.account.records import AwsPascal, Record
from ecsiam_tui.account.tasks import TaskOverride


class EcsParameters(AwsPascal, frozen=True, kw_only=True):
    """What a rule or schedule asks of RunTask. Its own nested shapes are spelled in camelCase by AWS."""

    task_definition_arn: str
    task_count: int | None = None
    launch_type: str | None = None
    capacity_provider_strategy: tuple[CapacityProviderStrategyItem, ...] = ()
    network_configuration: NetworkConfiguration | None = None
    platform_version: str | None = None
    group: str | None = None
    propagate_tags: str | None = None
    enable_execute_command: bool = False
    enable_ecs_managed_tags: bool = field(default=False, name="EnableECSManagedTags")
    tags: dict[str, str] = {}


class RunTaskTarget(AwsPascal, frozen=True, kw_only=True):
    """A target of a rule or schedule that runs a task; `arn` is the cluster.

    `overrides` is what its input changes of the task; values of variables in it are redacted.
    """

    arn: str
    ecs_parameters: EcsParameters
    id: str | None = None
    role_arn: str | None = None
    overrides: TaskOverride | None = None


class Rule(AwsPascal, frozen=True, kw_only=True):
    """An EventBridge rule with targets that run tasks."""

    arn: str
    name: str
    event_bus_name: str | None = None
    state: str | None = None
    schedule_expression: str | None = None
    event_pattern: str | None = None
    description: str | None = None
    managed_by: str | None = None
    role_arn: str | None = None
    targets: tuple[RunTaskTarget, ...] = ()


class Schedule(AwsPascal, frozen=True, kw_only=True):
    """An EventBridge Scheduler schedule that runs a task."""

    arn: str
    name: str
    target: RunTaskTarget
    group_name: str | None = None
    state: str | None = None
    schedule_expression: str | None = None
    description: str | None = None
    kms_key_arn: str | None = None


class StateMachine(Record, frozen=True, kw_only=True):
    """A Step Functions state machine that runs tasks: the task definitions and clusters it names."""

    state_machine_arn: str
    name: str
    role_arn: str | None = None
    status: str | None = None
    integrations: tuple[str, ...] = ()
    task_definitions: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()


class EcsServiceName(Record, frozen=True, kw_only=True):
    """A service that CodeDeploy deploys."""

    service_name: str
    cluster_name: str


class DeploymentGroup(Record, frozen=True, kw_only=True):
    """A CodeDeploy deployment group for ECS services."""

    application_name: str
    deployment_group_name: str
    region: str = ""
    service_role_arn: str | None = None
    ecs_services: tuple[EcsServiceName, ...] = ()


class ScalableTarget(AwsPascal, frozen=True, kw_only=True):
    """A service that Application Auto Scaling scales; `resource_id` is `service/CLUSTER/SERVICE`."""

    resource_id: str
    region: str = ""
    role_arn: str | None = field(default=None, name="RoleARN")
    min_capacity: int | None = None
    max_capacity: int | None = None


class JobDefinition(Record, frozen=True, kw_only=True):
    """An AWS Batch job definition: another user of task and execution roles."""

    job_definition_arn: str
    job_definition_name: str
    status: str | None = None
    role_arns: tuple[str, ...] = ()


LauncherKind = Literal["rule", "schedule", "state-machine", "deployment-group", "job-definition"]
