"""Amazon ECS: clusters, services, task definitions, tasks and where they run.

Field names and meanings are those of the ECS API (botocore's model `ecs`, 2014-11-13).
"""

from datetime import datetime

from msgspec import field

from ecsiam_tui.account.records import Json, Record


class ExecuteCommandLogConfiguration(Record, frozen=True, kw_only=True):
    """Where the sessions of ECS Exec are logged."""

    cloud_watch_log_group_name: str | None = None
    cloud_watch_encryption_enabled: bool = False
    s3_bucket_name: str | None = None
    s3_encryption_enabled: bool = False
    s3_key_prefix: str | None = None


class ExecuteCommandConfiguration(Record, frozen=True, kw_only=True):
    """A cluster's settings for ECS Exec: settings, not a role."""

    kms_key_id: str | None = None
    logging: str | None = None
    log_configuration: ExecuteCommandLogConfiguration | None = None


class ManagedStorageConfiguration(Record, frozen=True, kw_only=True):
    """The keys that encrypt the storage ECS manages."""

    kms_key_id: str | None = None
    fargate_ephemeral_storage_kms_key_id: str | None = None


class ClusterConfiguration(Record, frozen=True, kw_only=True):
    """The part of a cluster that has to do with permissions."""

    execute_command_configuration: ExecuteCommandConfiguration | None = None
    managed_storage_configuration: ManagedStorageConfiguration | None = None


class Setting(Record, frozen=True, kw_only=True):
    """A named setting of a cluster (`containerInsights`) or an account (`taskLongArnFormat`)."""

    name: str
    value: str | None = None


class CapacityProviderStrategyItem(Record, frozen=True, kw_only=True):
    """One share of a capacity provider strategy."""

    capacity_provider: str
    weight: int = 0
    base: int = 0


class Cluster(Record, frozen=True, kw_only=True):
    """A cluster. It has no role of its own: roles belong to task definitions."""

    cluster_arn: str
    cluster_name: str
    status: str | None = None
    configuration: ClusterConfiguration | None = None
    registered_container_instances_count: int = 0
    running_tasks_count: int = 0
    pending_tasks_count: int = 0
    active_services_count: int = 0
    settings: tuple[Setting, ...] = ()
    capacity_providers: tuple[str, ...] = ()
    default_capacity_provider_strategy: tuple[CapacityProviderStrategyItem, ...] = ()
    service_connect_defaults: Json | None = None
    tags: dict[str, str] = {}


class InstanceLaunchTemplate(Record, frozen=True, kw_only=True):
    """How ECS Managed Instances are launched: their instance profile, and the rest as AWS sends it."""

    ec2_instance_profile_arn: str | None = None
    network_configuration: Json | None = None
    storage_configuration: Json | None = None
    monitoring: str | None = None
    capacity_option_type: str | None = None


class ManagedInstancesProvider(Record, frozen=True, kw_only=True):
    """A capacity provider of ECS Managed Instances, with its infrastructure role."""

    infrastructure_role_arn: str | None = None
    instance_launch_template: InstanceLaunchTemplate | None = None
    propagate_tags: str | None = None


class CapacityProvider(Record, frozen=True, kw_only=True):
    """A capacity provider: Fargate, an Auto Scaling group, or ECS Managed Instances."""

    capacity_provider_arn: str
    name: str
    cluster: str | None = None
    status: str | None = None
    type: str | None = None
    auto_scaling_group_provider: Json | None = None
    managed_instances_provider: ManagedInstancesProvider | None = None
    tags: dict[str, str] = {}


class AdvancedConfiguration(Record, frozen=True, kw_only=True):
    """What native blue/green deployments need of a load balancer, with the role that ECS uses for it."""

    alternate_target_group_arn: str | None = None
    production_listener_rule: str | None = None
    test_listener_rule: str | None = None
    role_arn: str | None = None


class LoadBalancer(Record, frozen=True, kw_only=True):
    """A load balancer of a service or task set."""

    target_group_arn: str | None = None
    load_balancer_name: str | None = None
    container_name: str | None = None
    container_port: int | None = None
    advanced_configuration: AdvancedConfiguration | None = None


class AwsVpcConfiguration(Record, frozen=True, kw_only=True):
    """Subnets and security groups of tasks in the `awsvpc` network mode."""

    subnets: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    assign_public_ip: str | None = None


class NetworkConfiguration(Record, frozen=True, kw_only=True):
    """Network configuration of a service, task set or scheduled task."""

    awsvpc_configuration: AwsVpcConfiguration | None = None


class ManagedEbsVolume(Record, frozen=True, kw_only=True):
    """An EBS volume that ECS makes at launch, with the infrastructure role it uses."""

    role_arn: str | None = None
    encrypted: bool | None = None
    kms_key_id: str | None = None
    volume_type: str | None = None
    size_in_gib: int | None = field(default=None, name="sizeInGiB")
    snapshot_id: str | None = None
    filesystem_type: str | None = None


class VolumeConfiguration(Record, frozen=True, kw_only=True):
    """The configuration at launch of a volume that the task definition leaves open."""

    name: str
    managed_ebs_volume: ManagedEbsVolume | None = field(default=None, name="managedEBSVolume")


class Secret(Record, frozen=True, kw_only=True):
    """A secret handed to a container or log driver: where it comes from, never its value."""

    name: str
    value_from: str


class LogConfiguration(Record, frozen=True, kw_only=True):
    """A log driver and its options; options that look like secrets are redacted."""

    log_driver: str | None = None
    options: dict[str, str] = {}
    secret_options: tuple[Secret, ...] = ()


class ServiceConnectTls(Record, frozen=True, kw_only=True):
    """TLS of a Service Connect service, with the infrastructure role that ECS uses for it."""

    issuer_certificate_authority: Json | None = None
    kms_key: str | None = None
    role_arn: str | None = None


class ServiceConnectService(Record, frozen=True, kw_only=True):
    """One service that Service Connect publishes."""

    port_name: str | None = None
    discovery_name: str | None = None
    client_aliases: tuple[Json, ...] = ()
    tls: ServiceConnectTls | None = None


class ServiceConnectConfiguration(Record, frozen=True, kw_only=True):
    """Service Connect settings of a deployment."""

    enabled: bool = False
    namespace: str | None = None
    services: tuple[ServiceConnectService, ...] = ()
    log_configuration: LogConfiguration | None = None


class VpcLatticeConfiguration(Record, frozen=True, kw_only=True):
    """A VPC Lattice target group, with the infrastructure role that ECS uses for it."""

    role_arn: str | None = None
    target_group_arn: str | None = None
    port_name: str | None = None


class LifecycleHook(Record, frozen=True, kw_only=True):
    """A deployment lifecycle hook; one of type `PAUSE` has no role."""

    target_type: str | None = None
    hook_target_arn: str | None = None
    role_arn: str | None = None
    lifecycle_stages: tuple[str, ...] = ()


class DeploymentConfiguration(Record, frozen=True, kw_only=True):
    """How a service rolls out."""

    strategy: str | None = None
    maximum_percent: int | None = None
    minimum_healthy_percent: int | None = None
    deployment_circuit_breaker: Json | None = None
    lifecycle_hooks: tuple[LifecycleHook, ...] = ()


class Deployment(Record, frozen=True, kw_only=True):
    """A deployment of a service. Volume, Service Connect and VPC Lattice roles are found here alone."""

    id: str | None = None
    status: str | None = None
    task_definition: str | None = None
    desired_count: int = 0
    pending_count: int = 0
    running_count: int = 0
    failed_tasks: int = 0
    created_at: datetime | None = None
    updated_at: datetime | None = None
    launch_type: str | None = None
    capacity_provider_strategy: tuple[CapacityProviderStrategyItem, ...] = ()
    platform_version: str | None = None
    network_configuration: NetworkConfiguration | None = None
    rollout_state: str | None = None
    rollout_state_reason: str | None = None
    service_connect_configuration: ServiceConnectConfiguration | None = None
    volume_configurations: tuple[VolumeConfiguration, ...] = ()
    vpc_lattice_configurations: tuple[VpcLatticeConfiguration, ...] = ()
    fargate_ephemeral_storage: Json | None = None


class TaskSet(Record, frozen=True, kw_only=True):
    """A task set of a service whose deployment controller is EXTERNAL or CODE_DEPLOY."""

    task_set_arn: str
    id: str | None = None
    service_arn: str | None = None
    cluster_arn: str | None = None
    status: str | None = None
    task_definition: str | None = None
    external_id: str | None = None
    computed_desired_count: int = 0
    running_count: int = 0
    pending_count: int = 0
    launch_type: str | None = None
    capacity_provider_strategy: tuple[CapacityProviderStrategyItem, ...] = ()
    network_configuration: NetworkConfiguration | None = None
    load_balancers: tuple[LoadBalancer, ...] = ()
    stability_status: str | None = None
    fargate_ephemeral_storage: Json | None = None
    tags: dict[str, str] = {}


class ServiceEvent(Record, frozen=True, kw_only=True):
    """One of the last hundred events of a service."""

    id: str | None = None
    created_at: datetime | None = None
    message: str = ""


class DeploymentController(Record, frozen=True, kw_only=True):
    """Who deploys: `ECS`, `CODE_DEPLOY` or `EXTERNAL`."""

    type: str = "ECS"


class Service(Record, frozen=True, kw_only=True):
    """A service. `role_arn` is the legacy load-balancer role, which gives the application nothing."""

    service_arn: str
    service_name: str
    cluster_arn: str
    status: str | None = None
    desired_count: int = 0
    running_count: int = 0
    pending_count: int = 0
    launch_type: str | None = None
    capacity_provider_strategy: tuple[CapacityProviderStrategyItem, ...] = ()
    platform_version: str | None = None
    platform_family: str | None = None
    task_definition: str | None = None
    deployment_configuration: DeploymentConfiguration | None = None
    deployment_controller: DeploymentController | None = None
    deployments: tuple[Deployment, ...] = ()
    task_sets: tuple[TaskSet, ...] = ()
    load_balancers: tuple[LoadBalancer, ...] = ()
    service_registries: tuple[Json, ...] = ()
    network_configuration: NetworkConfiguration | None = None
    role_arn: str | None = None
    events: tuple[ServiceEvent, ...] = ()
    scheduling_strategy: str | None = None
    resource_management_type: str | None = None
    enable_execute_command: bool = False
    enable_ecs_managed_tags: bool = field(default=False, name="enableECSManagedTags")
    propagate_tags: str | None = None
    created_at: datetime | None = None
    created_by: str | None = None
    tags: dict[str, str] = {}


class ExpressGatewayConfiguration(Record, frozen=True, kw_only=True):
    """An active configuration of an Express Mode service."""

    service_revision_arn: str | None = None
    execution_role_arn: str | None = None
    task_role_arn: str | None = None
    task_definition_arn: str | None = None


class ExpressGatewayService(Record, frozen=True, kw_only=True):
    """An Express Mode service and the infrastructure role that builds its gateway."""

    service_arn: str
    service_name: str
    cluster: str | None = None
    infrastructure_role_arn: str | None = None
    active_configurations: tuple[ExpressGatewayConfiguration, ...] = ()
    tags: dict[str, str] = {}


class Gateway(Record, frozen=True, kw_only=True):
    """An ECS gateway and its infrastructure role."""

    gateway_arn: str
    name: str
    status: str | None = None
    infrastructure_role_arn: str | None = None
    tags: dict[str, str] = {}
