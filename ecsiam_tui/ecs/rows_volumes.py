"""What volumes, ECS Exec and the usual companions of an application ask for."""

from collections.abc import Iterator

from ecsiam_tui.account.arns import parse_arn
from ecsiam_tui.ecs.asking import DEVELOPER_GUIDE, Asks
from ecsiam_tui.ecs.requirement import Requirement

EFS = f'{DEVELOPER_GUIDE}, "Use Amazon EFS volumes with Amazon ECS"'
S3_FILES = f'{DEVELOPER_GUIDE}, "Use S3 Files with Amazon ECS"'
FSX = f'{DEVELOPER_GUIDE}, "Use FSx for Windows File Server volumes with Amazon ECS"'
EXEC = f'{DEVELOPER_GUIDE}, "Monitor Amazon ECS containers with ECS Exec"'
TASK_ROLE = f'{DEVELOPER_GUIDE}, "Amazon ECS task IAM role"'
XRAY = "AWS managed policy AWSXRayDaemonWriteAccess"
MESH = "AWS managed policy AWSAppMeshEnvoyAccess"

CHANNELS = (
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
)
TRACES = (
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:GetSamplingStatisticSummaries",
)
METRICS = (
    "cloudwatch:PutMetricData",
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:DescribeLogGroups",
    "logs:DescribeLogStreams",
    "logs:PutLogEvents",
)


def _writes(asks: Asks, volume: str) -> bool:
    """Whether a volume is mounted to be written to; one that nothing mounts is taken to be."""
    containers = asks.workload.definition.container_definitions
    mounts = [
        mount for container in containers for mount in container.mount_points if mount.source_volume == volume
    ]
    return not mounts or any(not mount.read_only for mount in mounts)


def efs(asks: Asks) -> Iterator[Requirement]:
    """EFS1: an EFS volume that authorizes with IAM is mounted with the task role."""
    definition = asks.workload.definition
    for volume in definition.volumes:
        found = volume.efs_volume_configuration
        if found is None or found.authorization_config is None or not found.file_system_id:
            continue
        authorization = found.authorization_config
        if authorization.iam != "ENABLED":
            continue
        actions: tuple[str, ...] = ("elasticfilesystem:ClientMount",)
        if _writes(asks, volume.name):
            actions = (*actions, "elasticfilesystem:ClientWrite")
        context = {
            "aws:SecureTransport": "true" if found.transit_encryption == "ENABLED" else "false",
            "elasticfilesystem:AccessedViaMountTarget": "true",
        }
        if point := authorization.access_point_id:
            arn = (
                point
                if point.startswith("arn:")
                else asks.home.arn("elasticfilesystem", f"access-point/{point}")
            )
            context["elasticfilesystem:AccessPointArn"] = arn
        system = asks.home.arn("elasticfilesystem", f"file-system/{found.file_system_id}")
        yield from asks.task("EFS1", actions, system, f"EFS volume {volume.name}", EFS, context=context)


def s3_files(asks: Asks) -> Iterator[Requirement]:
    """S3F: S3 Files are always mounted with the task role."""
    for volume in asks.workload.definition.volumes:
        if found := volume.s3files_volume_configuration:
            actions: tuple[str, ...] = ("s3files:ClientMount",)
            if _writes(asks, volume.name):
                actions = (*actions, "s3files:ClientWrite")
            context = {"s3files:AccessPointArn": found.access_point_arn} if found.access_point_arn else {}
            why = f"S3 Files volume {volume.name}"
            yield from asks.task("S3F", actions, found.file_system_arn, why, S3_FILES, context=context)


def fsx(asks: Asks) -> Iterator[Requirement]:
    """FSX: the agent describes the file system and reads the credentials with the execution role."""
    for volume in asks.workload.definition.volumes:
        found = volume.fsx_windows_file_server_volume_configuration
        if found is None:
            continue
        why = f"FSx volume {volume.name}"
        yield from asks.execution("FSX", ("fsx:DescribeFileSystems",), "*", why, FSX)
        if found.authorization_config and found.authorization_config.credentials_parameter:
            parameter = found.authorization_config.credentials_parameter
            yield from asks.secret(parameter, f"credentials of {why}", "FSX")


def exec_channels(asks: Asks) -> Iterator[Requirement]:
    """EXEC1: ECS Exec opens channels to Session Manager with the task role."""
    if asks.workload.exec_enabled:
        yield from asks.task("EXEC1", CHANNELS, "*", "ECS Exec is on", EXEC)


def exec_session(asks: Asks) -> Iterator[Requirement]:
    """EXEC2–EXEC4: the cluster's settings say which key a session uses and where it is logged."""
    cluster = asks.workload.cluster
    settings = (
        cluster.configuration.execute_command_configuration if cluster and cluster.configuration else None
    )
    if not asks.workload.exec_enabled or settings is None or cluster is None:
        return
    name = cluster.cluster_name
    if settings.kms_key_id:
        key, _ = asks.around.key(settings.kms_key_id, asks.home)
        why = f"ECS Exec sessions of cluster {name} are encrypted"
        yield from asks.task("EXEC2", ("kms:Decrypt",), key, why, EXEC)
    target = settings.log_configuration
    if settings.logging != "OVERRIDE" or target is None:
        return
    why = f"ECS Exec sessions of cluster {name} are logged"
    if target.cloud_watch_log_group_name:
        streams = asks.home.arn("logs", f"log-group:{target.cloud_watch_log_group_name}:*")
        actions = ("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")
        yield from asks.task("EXEC3", ("logs:DescribeLogGroups",), "*", why, EXEC)
        yield from asks.task("EXEC3", actions, streams, why, EXEC)
    if target.s3_bucket_name:
        bucket = f"arn:{asks.home.partition}:s3:::{target.s3_bucket_name}"
        prefix = f"{target.s3_key_prefix.rstrip('/')}/" if target.s3_key_prefix else ""
        yield from asks.task("EXEC4", ("s3:GetBucketLocation",), bucket, why, EXEC)
        yield from asks.task("EXEC4", ("s3:PutObject",), f"{bucket}/{prefix}*", why, EXEC)
        if target.s3_encryption_enabled:
            yield from asks.task("EXEC4", ("s3:GetEncryptionConfiguration",), bucket, why, EXEC)


_COLLECTORS = ("xray-daemon", "x-ray-daemon", "aws-otel-collector", "adot-collector")
_COLLECTOR_NAMES = (*_COLLECTORS, "xray", "x-ray", "adot")


def companions(asks: Asks) -> Iterator[Requirement]:
    """XRAY: a container that looks like the X-Ray daemon or an OpenTelemetry collector. A guess, and said to
    be one."""
    for container in asks.workload.definition.container_definitions:
        image, name = container.image.lower(), container.name.lower()
        if any(word in image for word in _COLLECTORS) or name in _COLLECTOR_NAMES:
            why = f"container {container.name} looks like a collector of traces"
            yield from asks.task("XRAY", TRACES, "*", why, XRAY, necessity="optional")
        if "cloudwatch-agent" in image or name in ("cloudwatch-agent", "cwagent"):
            why = f"container {container.name} looks like the CloudWatch agent"
            source = "AWS managed policy CloudWatchAgentServerPolicy"
            yield from asks.task("XRAY", (*METRICS, *TRACES), "*", why, source, necessity="optional")


def app_mesh(asks: Asks) -> Iterator[Requirement]:
    """MESH: the Envoy proxy fetches its configuration with the task role."""
    proxy = asks.workload.definition.proxy_configuration
    if proxy is None or proxy.type != "APPMESH":
        return
    resource = "*"
    for container in asks.workload.definition.container_definitions:
        for variable in container.docker_labels.values():
            if (parsed := parse_arn(variable)) and parsed.service == "appmesh":
                resource = variable
    yield from asks.task("MESH", ("appmesh:StreamAggregatedResources",), resource, "App Mesh proxy", MESH)
