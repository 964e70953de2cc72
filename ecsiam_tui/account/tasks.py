"""Amazon ECS: task definitions, and the tasks that run or ran from them."""

from datetime import datetime
from typing import Literal

from ecsiam_tui.account.ecs import LogConfiguration, Secret
from ecsiam_tui.account.records import Json, Record

SecretVerdict = Literal["AWS key", "private key", "token", "password", "high entropy", "no"]


class EnvironmentVariable(Record, frozen=True, kw_only=True):
    """An environment variable without its value: fingerprints are equal where values are."""

    name: str
    fingerprint: str = ""
    length: int = 0
    looks_like_secret: SecretVerdict = "no"


class EnvironmentFile(Record, frozen=True, kw_only=True):
    """A file of environment variables in Amazon S3."""

    value: str
    type: str | None = None


class RepositoryCredentials(Record, frozen=True, kw_only=True):
    """The secret that holds the credentials of a private registry."""

    credentials_parameter: str


class FirelensConfiguration(Record, frozen=True, kw_only=True):
    """A FireLens log router."""

    type: str | None = None
    options: dict[str, str] = {}


class MountPoint(Record, frozen=True, kw_only=True):
    """Where a volume is mounted."""

    source_volume: str | None = None
    container_path: str | None = None
    read_only: bool = False


class ContainerDefinition(Record, frozen=True, kw_only=True):
    """A container of a task definition."""

    name: str = ""
    image: str = ""
    repository_credentials: RepositoryCredentials | None = None
    cpu: int = 0
    memory: int | None = None
    memory_reservation: int | None = None
    links: tuple[str, ...] = ()
    port_mappings: tuple[Json, ...] = ()
    essential: bool = True
    restart_policy: Json | None = None
    entry_point: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    environment: tuple[EnvironmentVariable, ...] = ()
    environment_files: tuple[EnvironmentFile, ...] = ()
    mount_points: tuple[MountPoint, ...] = ()
    volumes_from: tuple[Json, ...] = ()
    linux_parameters: Json | None = None
    secrets: tuple[Secret, ...] = ()
    depends_on: tuple[Json, ...] = ()
    start_timeout: int | None = None
    stop_timeout: int | None = None
    version_consistency: str | None = None
    hostname: str | None = None
    user: str | None = None
    working_directory: str | None = None
    disable_networking: bool = False
    privileged: bool = False
    readonly_root_filesystem: bool = False
    dns_servers: tuple[str, ...] = ()
    dns_search_domains: tuple[str, ...] = ()
    extra_hosts: tuple[Json, ...] = ()
    docker_security_options: tuple[str, ...] = ()
    interactive: bool = False
    pseudo_terminal: bool = False
    docker_labels: dict[str, str] = {}
    ulimits: tuple[Json, ...] = ()
    log_configuration: LogConfiguration | None = None
    health_check: Json | None = None
    system_controls: tuple[Json, ...] = ()
    resource_requirements: tuple[Json, ...] = ()
    firelens_configuration: FirelensConfiguration | None = None
    credential_specs: tuple[str, ...] = ()


class HostVolume(Record, frozen=True, kw_only=True):
    """A directory of the container instance."""

    source_path: str | None = None


class VolumeAuthorization(Record, frozen=True, kw_only=True):
    """How a file system lets a task in (EFS: access point and IAM; FSx: the secret and the domain)."""

    access_point_id: str | None = None
    iam: str | None = None
    credentials_parameter: str | None = None
    domain: str | None = None


class FileSystemVolume(Record, frozen=True, kw_only=True):
    """An EFS or FSx for Windows volume."""

    file_system_id: str
    root_directory: str | None = None
    transit_encryption: str | None = None
    transit_encryption_port: int | None = None
    authorization_config: VolumeAuthorization | None = None


class S3FilesVolume(Record, frozen=True, kw_only=True):
    """An S3 Files volume: always TLS and IAM, so always a task role."""

    file_system_arn: str
    root_directory: str | None = None
    transit_encryption_port: int | None = None
    access_point_arn: str | None = None


class Volume(Record, frozen=True, kw_only=True):
    """A volume of a task definition."""

    name: str = ""
    host: HostVolume | None = None
    docker_volume_configuration: Json | None = None
    efs_volume_configuration: FileSystemVolume | None = None
    s3files_volume_configuration: S3FilesVolume | None = None
    fsx_windows_file_server_volume_configuration: FileSystemVolume | None = None
    configured_at_launch: bool = False


class ProxyConfiguration(Record, frozen=True, kw_only=True):
    """The App Mesh proxy of a task."""

    type: str | None = None
    container_name: str | None = None
    properties: tuple[Json, ...] = ()


class Attribute(Record, frozen=True, kw_only=True):
    """An attribute of a container instance, or one that a task definition asks for."""

    name: str
    value: str | None = None


class TaskDefinition(Record, frozen=True, kw_only=True):
    """A revision of a task definition: the place where the execution role and the task role are given.

    Both role fields hold what was registered: an ARN or a short role name. `latest` says that this is the
    newest ACTIVE revision of its family.
    """

    task_definition_arn: str
    family: str
    revision: int = 0
    status: str | None = None
    task_role_arn: str | None = None
    execution_role_arn: str | None = None
    network_mode: str | None = None
    container_definitions: tuple[ContainerDefinition, ...] = ()
    volumes: tuple[Volume, ...] = ()
    requires_attributes: tuple[Attribute, ...] = ()
    placement_constraints: tuple[Json, ...] = ()
    compatibilities: tuple[str, ...] = ()
    requires_compatibilities: tuple[str, ...] = ()
    runtime_platform: Json | None = None
    cpu: str | None = None
    memory: str | None = None
    inference_accelerators: tuple[Json, ...] = ()
    pid_mode: str | None = None
    ipc_mode: str | None = None
    proxy_configuration: ProxyConfiguration | None = None
    ephemeral_storage: Json | None = None
    enable_fault_injection: bool = False
    trusted_execution_configuration: Json | None = None
    registered_at: datetime | None = None
    registered_by: str | None = None
    deregistered_at: datetime | None = None
    delete_requested_at: datetime | None = None
    tags: dict[str, str] = {}
    latest: bool = False

    @property
    def name(self) -> str:
        """What people call it: `family:revision`."""
        return f"{self.family}:{self.revision}"


class DaemonTaskDefinition(Record, frozen=True, kw_only=True):
    """A revision of a daemon task definition."""

    daemon_task_definition_arn: str
    family: str
    revision: int = 0
    status: str | None = None
    task_role_arn: str | None = None
    execution_role_arn: str | None = None
    container_definitions: tuple[ContainerDefinition, ...] = ()
    volumes: tuple[Json, ...] = ()
    cpu: str | None = None
    memory: str | None = None
    pid_mode: str | None = None
    ipc_mode: str | None = None
    registered_at: datetime | None = None
    registered_by: str | None = None
    delete_requested_at: datetime | None = None


class Container(Record, frozen=True, kw_only=True):
    """A container of a task, with the reason it stopped for."""

    name: str = ""
    image: str | None = None
    image_digest: str | None = None
    last_status: str | None = None
    exit_code: int | None = None
    reason: str | None = None
    health_status: str | None = None
    managed_agents: tuple[Json, ...] = ()


class ContainerOverride(Record, frozen=True, kw_only=True):
    """What a task changes of a container."""

    name: str | None = None
    command: tuple[str, ...] = ()
    environment: tuple[EnvironmentVariable, ...] = ()
    environment_files: tuple[EnvironmentFile, ...] = ()


class TaskOverride(Record, frozen=True, kw_only=True):
    """What a task changes of its task definition: perhaps its roles."""

    container_overrides: tuple[ContainerOverride, ...] = ()
    cpu: str | None = None
    memory: str | None = None
    execution_role_arn: str | None = None
    task_role_arn: str | None = None


class Task(Record, frozen=True, kw_only=True):
    """A task, running or stopped. ECS shows stopped tasks for at least one hour."""

    task_arn: str
    cluster_arn: str
    task_definition_arn: str | None = None
    group: str | None = None
    started_by: str | None = None
    last_status: str | None = None
    desired_status: str | None = None
    health_status: str | None = None
    launch_type: str | None = None
    capacity_provider_name: str | None = None
    container_instance_arn: str | None = None
    platform_version: str | None = None
    enable_execute_command: bool = False
    stop_code: str | None = None
    stopped_reason: str | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    containers: tuple[Container, ...] = ()
    overrides: TaskOverride | None = None
    attachments: tuple[Json, ...] = ()
    fargate_ephemeral_storage: Json | None = None
    tags: dict[str, str] = {}
