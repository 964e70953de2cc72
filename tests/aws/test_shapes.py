"""Records against botocore's shapes: every member of AWS's is in the record, or left out for a reason.

When botocore learns a new member, this test asks whether it matters to permissions.
"""

from typing import Any, NamedTuple

import botocore.session
import msgspec
import pytest

from ecsiam_tui.account import compute, ecs, iam, launchers, resources, tasks

PLACEMENT = "where and how fast tasks are placed, not what they may do"
STATE = "a state or time that changes by itself and decides nothing"
SIZE = "resources in numbers"
NETWORK = "addresses and ports"
ELSEWHERE = "in another member or record"
FOREIGN = "for another kind of thing than the ones kept here"
HOLDS = "may hold contents or secrets"
TEXT = "a name or a text for people"
SETTING = "a setting without a role, a key or a resource of its own"


class Row(NamedTuple):
    """A record and the shape it is read from; `own` are the record's fields that come from elsewhere."""

    record: type[msgspec.Struct]
    service: str
    shape: str
    ignored: dict[str, str] = {}
    own: str = ""


ROWS = (
    Row(
        ecs.Cluster,
        "ecs",
        "Cluster",
        {SETTING: "attachments attachmentsStatus", STATE: "statistics"},
    ),
    Row(ecs.ClusterConfiguration, "ecs", "ClusterConfiguration"),
    Row(ecs.ExecuteCommandConfiguration, "ecs", "ExecuteCommandConfiguration"),
    Row(ecs.ExecuteCommandLogConfiguration, "ecs", "ExecuteCommandLogConfiguration"),
    Row(ecs.ManagedStorageConfiguration, "ecs", "ManagedStorageConfiguration"),
    Row(ecs.CapacityProviderStrategyItem, "ecs", "CapacityProviderStrategyItem"),
    Row(ecs.CapacityProvider, "ecs", "CapacityProvider", {STATE: "updateStatus updateStatusReason"}),
    Row(
        ecs.ManagedInstancesProvider,
        "ecs",
        "ManagedInstancesProvider",
        {SETTING: "autoRepairConfiguration infrastructureOptimization"},
    ),
    Row(
        ecs.InstanceLaunchTemplate,
        "ecs",
        "InstanceLaunchTemplate",
        {
            PLACEMENT: "capacityReservations instanceRequirements localStorageConfiguration",
            SETTING: "fipsEnabled instanceMetadataTagsPropagation nitroEnclavesEnabled",
        },
    ),
    Row(ecs.AdvancedConfiguration, "ecs", "AdvancedConfiguration"),
    Row(ecs.LoadBalancer, "ecs", "LoadBalancer"),
    Row(ecs.AwsVpcConfiguration, "ecs", "AwsVpcConfiguration"),
    Row(ecs.NetworkConfiguration, "ecs", "NetworkConfiguration"),
    Row(
        ecs.ManagedEbsVolume,
        "ecs",
        "ServiceManagedEBSVolumeConfiguration",
        {SIZE: "iops throughput volumeInitializationRate", SETTING: "tagSpecifications"},
    ),
    Row(ecs.VolumeConfiguration, "ecs", "ServiceVolumeConfiguration"),
    Row(ecs.Secret, "ecs", "Secret"),
    Row(ecs.LogConfiguration, "ecs", "LogConfiguration"),
    Row(ecs.ServiceConnectTls, "ecs", "ServiceConnectTlsConfiguration"),
    Row(ecs.ServiceConnectService, "ecs", "ServiceConnectService", {NETWORK: "ingressPortOverride timeout"}),
    Row(
        ecs.ServiceConnectConfiguration,
        "ecs",
        "ServiceConnectConfiguration",
        {SETTING: "accessLogConfiguration containerConfigurations"},
    ),
    Row(ecs.VpcLatticeConfiguration, "ecs", "VpcLatticeConfiguration", {NETWORK: "advancedConfiguration"}),
    Row(
        ecs.LifecycleHook,
        "ecs",
        "DeploymentLifecycleHook",
        {HOLDS: "hookDetails", SETTING: "timeoutConfiguration"},
    ),
    Row(
        ecs.DeploymentConfiguration,
        "ecs",
        "DeploymentConfiguration",
        {SETTING: "alarms bakeTimeInMinutes canaryConfiguration earlySuccessCriteria linearConfiguration"},
    ),
    Row(
        ecs.Deployment, "ecs", "Deployment", {PLACEMENT: "platformFamily", NETWORK: "serviceConnectResources"}
    ),
    Row(
        ecs.TaskSet,
        "ecs",
        "TaskSet",
        {
            STATE: "createdAt updatedAt stabilityStatusAt startedBy",
            PLACEMENT: "platformFamily platformVersion scale",
            NETWORK: "serviceRegistries",
        },
    ),
    Row(ecs.ServiceEvent, "ecs", "ServiceEvent"),
    Row(ecs.DeploymentController, "ecs", "DeploymentController"),
    Row(
        ecs.Service,
        "ecs",
        "Service",
        {
            PLACEMENT: "availabilityZoneRebalancing placementConstraints placementStrategy",
            SETTING: "healthCheckGracePeriodSeconds",
            ELSEWHERE: "currentServiceDeployment currentServiceRevisions",
        },
    ),
    Row(
        ecs.ExpressGatewayService,
        "ecs",
        "ECSExpressGatewayService",
        {STATE: "createdAt currentDeployment status updatedAt"},
    ),
    Row(
        ecs.ExpressGatewayConfiguration,
        "ecs",
        "ExpressGatewayServiceConfiguration",
        {
            SIZE: "cpu cpuArchitecture memory scalingTarget",
            STATE: "createdAt",
            NETWORK: "healthCheckPath ingressPaths networkConfiguration",
            ELSEWHERE: "primaryContainer",
        },
    ),
    Row(
        ecs.Gateway,
        "ecs",
        "Gateway",
        {
            STATE: "createdAt updatedAt failures statusReason",
            SETTING: "accessType configuration deletionProtection propagateTags",
        },
    ),
    Row(
        tasks.EnvironmentVariable,
        "ecs",
        "KeyValuePair",
        {HOLDS: "value"},
        own="fingerprint length looksLikeSecret",
    ),
    Row(tasks.EnvironmentFile, "ecs", "EnvironmentFile"),
    Row(tasks.RepositoryCredentials, "ecs", "RepositoryCredentials"),
    Row(tasks.FirelensConfiguration, "ecs", "FirelensConfiguration"),
    Row(tasks.MountPoint, "ecs", "MountPoint"),
    Row(tasks.ContainerDefinition, "ecs", "ContainerDefinition"),
    Row(tasks.HostVolume, "ecs", "HostVolumeProperties"),
    Row(tasks.Volume, "ecs", "Volume"),
    Row(tasks.FileSystemVolume, "ecs", "EFSVolumeConfiguration"),
    Row(
        tasks.FileSystemVolume,
        "ecs",
        "FSxWindowsFileServerVolumeConfiguration",
        own="transitEncryption transitEncryptionPort",
    ),
    Row(tasks.VolumeAuthorization, "ecs", "EFSAuthorizationConfig", own="credentialsParameter domain"),
    Row(tasks.VolumeAuthorization, "ecs", "FSxWindowsFileServerAuthorizationConfig", own="accessPointId iam"),
    Row(tasks.S3FilesVolume, "ecs", "S3FilesVolumeConfiguration"),
    Row(tasks.ProxyConfiguration, "ecs", "ProxyConfiguration"),
    Row(tasks.Attribute, "ecs", "Attribute", {ELSEWHERE: "targetId targetType"}),
    Row(tasks.TaskDefinition, "ecs", "TaskDefinition", own="latest tags"),
    Row(tasks.DaemonTaskDefinition, "ecs", "DaemonTaskDefinition"),
    Row(
        tasks.Container,
        "ecs",
        "Container",
        {
            SIZE: "cpu memory memoryReservation gpuIds gpuSharingStrategy neuronDeviceIds",
            NETWORK: "networkBindings networkInterfaces",
            ELSEWHERE: "containerArn taskArn runtimeId",
        },
    ),
    Row(
        tasks.ContainerOverride,
        "ecs",
        "ContainerOverride",
        {SIZE: "cpu memory memoryReservation resourceRequirements"},
    ),
    Row(tasks.TaskOverride, "ecs", "TaskOverride", {SIZE: "ephemeralStorage inferenceAcceleratorOverrides"}),
    Row(
        tasks.Task,
        "ecs",
        "Task",
        {
            PLACEMENT: "attributes availabilityZone platformFamily",
            STATE: "connectivity connectivityAt executionStoppedAt pullStartedAt pullStoppedAt stoppingAt"
            " version",
            SIZE: "cpu memory ephemeralStorage inferenceAccelerators",
            SETTING: "trustedExecutionSummary",
        },
    ),
    Row(
        compute.ContainerInstance,
        "ecs",
        "ContainerInstance",
        {
            STATE: "agentUpdateStatus healthStatus statusReason version versionInfo",
            SIZE: "registeredResources remainingResources gpuDevices",
            NETWORK: "attachments",
        },
        own="clusterArn",
    ),
    Row(
        iam.Role,
        "iam",
        "RoleDetail",
        {ELSEWHERE: "InstanceProfileList"},
        own="Description MaxSessionDuration",
    ),
    Row(iam.User, "iam", "UserDetail"),
    Row(iam.Group, "iam", "GroupDetail", {STATE: "CreateDate"}),
    Row(iam.ManagedPolicy, "iam", "ManagedPolicyDetail", own="Document Tags"),
    Row(iam.PolicyVersion, "iam", "PolicyVersion", {ELSEWHERE: "Document"}),
    Row(iam.InlinePolicy, "iam", "PolicyDetail"),
    Row(iam.AttachedPolicy, "iam", "AttachedPolicy"),
    Row(iam.PermissionsBoundary, "iam", "AttachedPermissionsBoundary"),
    Row(iam.RoleLastUsed, "iam", "RoleLastUsed"),
    Row(
        iam.LastAccessed,
        "iam",
        "GetServiceLastAccessedDetailsResponse",
        {STATE: "Error IsTruncated JobCreationDate JobStatus JobType Marker"},
        own="Arn",
    ),
    Row(
        iam.ServiceLastAccessed,
        "iam",
        "ServiceLastAccessed",
        {ELSEWHERE: "LastAuthenticatedEntity TotalAuthenticatedEntities", TEXT: "ServiceName"},
    ),
    Row(iam.ActionLastAccessed, "iam", "TrackedActionLastAccessed", {ELSEWHERE: "LastAccessedEntity"}),
    Row(
        iam.InstanceProfile,
        "iam",
        "InstanceProfile",
        {STATE: "CreateDate", ELSEWHERE: "InstanceProfileId Roles", TEXT: "Tags"},
        own="RoleArns",
    ),
    Row(compute.IamInstanceProfile, "ec2", "IamInstanceProfile"),
    Row(
        compute.MetadataOptions,
        "ec2",
        "InstanceMetadataOptionsResponse",
        {NETWORK: "HttpProtocolIpv6", SETTING: "InstanceMetadataTags"},
    ),
    Row(
        compute.Activation,
        "ssm",
        "Activation",
        {STATE: "CreatedDate ExpirationDate RegistrationLimit RegistrationsCount", TEXT: "Tags"},
        own="Region",
    ),
    Row(
        launchers.EcsParameters,
        "events",
        "EcsParameters",
        {PLACEMENT: "PlacementConstraints PlacementStrategy", TEXT: "ReferenceId"},
    ),
    Row(
        launchers.EcsParameters,
        "scheduler",
        "EcsParameters",
        {PLACEMENT: "PlacementConstraints PlacementStrategy", TEXT: "ReferenceId"},
    ),
    Row(launchers.Rule, "events", "Rule", own="Targets"),
    Row(
        launchers.RunTaskTarget,
        "events",
        "Target",
        {
            FOREIGN: "AppSyncParameters BatchParameters HttpParameters KinesisParameters"
            " RedshiftDataParameters RunCommandParameters SageMakerPipelineParameters SqsParameters",
            HOLDS: "Input InputPath InputTransformer",
            SETTING: "DeadLetterConfig RetryPolicy",
        },
        own="Overrides",
    ),
    Row(
        launchers.Schedule,
        "scheduler",
        "GetScheduleOutput",
        {
            STATE: "CreationDate LastModificationDate",
            SETTING: "ActionAfterCompletion EndDate FlexibleTimeWindow ScheduleExpressionTimezone StartDate",
        },
    ),
    Row(
        launchers.StateMachine,
        "stepfunctions",
        "DescribeStateMachineOutput",
        {
            STATE: "creationDate revisionId",
            HOLDS: "definition variableReferences",
            TEXT: "description label type",
            SETTING: "encryptionConfiguration loggingConfiguration tracingConfiguration",
        },
        own="clusters integrations taskDefinitions",
    ),
    Row(launchers.EcsServiceName, "codedeploy", "ECSService"),
    Row(
        launchers.ScalableTarget,
        "application-autoscaling",
        "ScalableTarget",
        {
            STATE: "CreationTime PredictedCapacity SuspendedState",
            ELSEWHERE: "ScalableDimension ScalableTargetARN ServiceNamespace",
        },
        own="Region",
    ),
    Row(
        resources.Repository,
        "ecr",
        "Repository",
        {
            STATE: "createdAt",
            SETTING: "imageScanningConfiguration imageTagMutability imageTagMutabilityExclusionFilters",
        },
        own="images policy",
    ),
    Row(
        resources.PullThroughCacheRule,
        "ecr",
        "PullThroughCacheRule",
        {STATE: "createdAt updatedAt", ELSEWHERE: "registryId upstreamRegistry upstreamRepositoryPrefix"},
        own="region",
    ),
    Row(
        resources.SecretResource,
        "secretsmanager",
        "DescribeSecretResponse",
        {
            STATE: "CreatedDate LastAccessedDate LastChangedDate LastRotatedDate NextRotationDate",
            TEXT: "Description Type",
            SETTING: "CrossAccountPrimary CrossAccountReplicas ReplicationStatus RotationRules"
            " ExternalSecretRotationMetadata",
            FOREIGN: "ExternalSecretRotationRoleArn RotationLambdaARN",
            ELSEWHERE: "VersionIdsToStages",
        },
        own="Policy",
    ),
    Row(
        resources.Parameter,
        "ssm",
        "ParameterMetadata",
        {
            STATE: "LastModifiedDate LastModifiedUser Version",
            TEXT: "Description",
            SETTING: "AllowedPattern DataType Policies Tier",
        },
    ),
    Row(
        resources.AccessPoint,
        "efs",
        "AccessPointDescription",
        {STATE: "LifeCycleState", TEXT: "Name Tags", ELSEWHERE: "ClientToken OwnerId"},
    ),
)

PARTIAL = (
    (compute.Instance, "ec2", "Instance", "Region"),
    (compute.ManagedNode, "ssm", "InstanceInformation", "Region"),
    (launchers.DeploymentGroup, "codedeploy", "DeploymentGroupInfo", "region"),
    (resources.LogGroup, "logs", "LogGroup", ""),
    (resources.Key, "kms", "KeyMetadata", "Aliases Policy"),
    (resources.FileSystem, "efs", "FileSystemDescription", "AccessPoints Policy"),
    (resources.LambdaFunction, "lambda", "FunctionConfiguration", "Policy"),
)
"""Records that deliberately take a few members of a shape that is about much else."""


@pytest.fixture(scope="module")
def models() -> Any:
    return botocore.session.get_session()


def members(models: Any, service: str, shape: str) -> set[str]:
    return set(models.get_service_model(service).shape_for(shape).members)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.service}-{row.shape}")
def test_every_member_is_kept_or_left_out_for_a_reason(row: Row, models: Any) -> None:
    fields = set(row.record.__struct_encode_fields__)
    own = set(row.own.split())
    left_out = {name for names in row.ignored.values() for name in names.split()}
    known = members(models, row.service, row.shape)
    assert own <= fields
    assert not left_out & fields, "both kept and left out"
    assert left_out <= known, "left out, but not there any more"
    assert fields - own <= known, "not spelled as AWS spells it"
    assert known - fields - left_out == set(), "new: keep it, or say why not"


@pytest.mark.parametrize(
    ("record", "service", "shape", "own"), PARTIAL, ids=lambda value: str(getattr(value, "__name__", value))
)
def test_partial_records_are_spelled_as_aws_spells_them(
    record: type[msgspec.Struct], service: str, shape: str, own: str, models: Any
) -> None:
    fields = set(record.__struct_encode_fields__) - set(own.split())
    assert fields <= members(models, service, shape)


def test_every_role_and_key_of_ecs_is_in_a_record(models: Any) -> None:
    """A walk of everything that ECS can answer: members that hold a role or a key, by shape."""
    model = models.get_service_model("ecs")
    kept = {(row.shape, field) for row in ROWS for field in row.record.__struct_encode_fields__}
    # Kept whole as JSON in the record around them.
    as_they_are = {"DeploymentEphemeralStorage", "TaskEphemeralStorage"}
    seen: set[str] = set()
    found: set[tuple[str, str]] = set()

    def walk(shape: Any) -> None:
        if shape.type_name == "list":
            walk(shape.member)
        elif shape.type_name == "structure" and shape.name not in seen:
            seen.add(shape.name)
            for name, member in shape.members.items():
                lowered = name.lower()
                if member.type_name == "string" and ("rolearn" in lowered or "kmskey" in lowered):
                    found.add((shape.name, name))
                walk(member)

    for name in model.operation_names:
        if name.startswith("Describe") and model.operation_model(name).output_shape is not None:
            walk(model.operation_model(name).output_shape)
    assert {item for item in found if item[0] not in as_they_are} <= kept
    assert as_they_are <= {shape for shape, _ in found}
