"""A small account for the fake: it has one of everything, so that every call of the table is made."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from tests.aws.fake import Handler, client_error, paged

ACCOUNT = "111122223333"
REGION = "eu-west-1"
SECRET_VALUE = "hunter2-Tr0ub4dor&3"
AWS_KEY = "AKIAIOSFODNN7EXAMPLE"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

TRUST = (
    '{ "Version" : "2012-10-17",\n\t"Statement":[ {"Effect":"Allow",'
    '"Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"} ] }'
)
INLINE = (
    '{"Statement": {"Resource": ["arn:aws:s3:::app-data/*", "arn:aws:s3:::*-wild/*", "arn:aws:s3:::a%2Fb+c"],'
    ' "Action": "s3:GetObject",\n  "Effect": "Allow"}, "Version": "2012-10-17"}'
)
MANAGED = '{"Version":"2012-10-17", "Statement":[]}'


def arn(service: str, resource: str, region: str = REGION) -> str:
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{resource}"


CLUSTER = arn("ecs", "cluster/prod")
SERVICE = arn("ecs", "service/prod/web")
DEFINITION = arn("ecs", "task-definition/web:2")
TASK = arn("ecs", "task/prod/0123456789abcdef0123456789abcdef")
INSTANCE = arn("ecs", "container-instance/prod/abc")
KEY = arn("kms", "key/11111111-2222-3333-4444-555555555555")
SECRET = arn("secretsmanager", "secret:db-AbCdEf")
FILE_SYSTEM = arn("elasticfilesystem", "file-system/fs-12345678")
HOOK = arn("lambda", "function:hook")
GATEWAY = arn("ecs", "gateway/front")
DAEMON = arn("ecs", "daemon-task-definition/agent:1")
RULE = arn("events", "rule/nightly")
SCHEDULE = arn("scheduler", "schedule/default/hourly")
UNIVERSAL = arn("scheduler", "schedule/default/universal")
MACHINE = arn("states", "stateMachine:etl")
BOUNDARY = "arn:aws:iam::aws:policy/Boundary"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/svc/web"
POLICY = f"arn:aws:iam::{ACCOUNT}:policy/app"
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/web:1"
REPOSITORY = arn("ecr", "repository/web")


def task_definition(revision: int, family: str = "web") -> dict[str, Any]:
    return {
        "taskDefinitionArn": arn("ecs", f"task-definition/{family}:{revision}"),
        "family": family,
        "revision": revision,
        "status": "ACTIVE",
        "taskRoleArn": ROLE,
        "executionRoleArn": "web",
        "registeredAt": NOW,
        "containerDefinitions": [
            {
                "name": "app",
                "image": IMAGE,
                "environment": [
                    {"name": "DB_PASSWORD", "value": SECRET_VALUE},
                    {"name": "AWS_ACCESS_KEY_ID", "value": AWS_KEY},
                    {"name": "MODE", "value": "fast"},
                ],
                "command": ["run", "--password", SECRET_VALUE],
                "secrets": [
                    {"name": "DB", "valueFrom": f"{SECRET}:password::"},
                    {"name": "P", "valueFrom": "/web/token"},
                ],
                "environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::app-env/web.env"}],
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {"awslogs-group": "/ecs/web", "awslogs-region": REGION},
                },
            }
        ],
        "volumes": [{"name": "data", "efsVolumeConfiguration": {"fileSystemId": "fs-12345678"}}],
    }


def _service(name: str) -> dict[str, Any]:
    return {
        "serviceArn": arn("ecs", f"service/prod/{name}"),
        "serviceName": name,
        "clusterArn": CLUSTER,
        "status": "ACTIVE",
        "taskDefinition": arn("ecs", "task-definition/web:1"),
        "deploymentController": {"type": "EXTERNAL"},
        "resourceManagementType": "ECS",
        "deploymentConfiguration": {
            "lifecycleHooks": [{"hookTargetArn": HOOK, "roleArn": ROLE, "lifecycleStages": ["PRE_SCALE_UP"]}]
        },
        "deployments": [{"id": "d", "taskDefinition": arn("ecs", "task-definition/web:1")}],
        "events": [{"id": "e", "createdAt": NOW, "message": f"failed with password={SECRET_VALUE}"}],
        "tags": [{"key": "team", "value": "shop"}],
    }


def _role() -> dict[str, Any]:
    return {
        "RoleName": "web",
        "RoleId": "AROAXXXXXXXXXXXXXXXXX",
        "Arn": ROLE,
        "Path": "/svc/",
        "CreateDate": NOW,
        "AssumeRolePolicyDocument": quote(TRUST, safe=""),
        "RolePolicyList": [{"PolicyName": "inline", "PolicyDocument": quote(INLINE, safe="")}],
        "AttachedManagedPolicies": [{"PolicyName": "app", "PolicyArn": POLICY}],
        "PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": BOUNDARY},
        "InstanceProfileList": [],
        "RoleLastUsed": {"LastUsedDate": NOW, "Region": REGION},
        "Tags": [{"Key": "team", "Value": "shop"}],
    }


def _authorization_details(parameters: dict[str, Any]) -> dict[str, Any]:
    kind = parameters["Filter"][0]
    answer: dict[str, Any] = {"IsTruncated": False}
    if kind == "Role":
        answer["RoleDetailList"] = [_role()]
    elif kind == "User":
        answer["UserDetailList"] = [
            {
                "UserName": "ann",
                "UserId": "AIDAXXXXXXXXXXXXXXXXX",
                "Arn": f"arn:aws:iam::{ACCOUNT}:user/ann",
                "Path": "/",
            }
        ]
    elif kind == "Group":
        answer["GroupDetailList"] = [
            {
                "GroupName": "dev",
                "GroupId": "AGPAXXXXXXXXXXXXXXXXX",
                "Arn": f"arn:aws:iam::{ACCOUNT}:group/dev",
                "Path": "/",
            }
        ]
    elif kind == "LocalManagedPolicy":
        answer["Policies"] = [
            {
                "PolicyName": "app",
                "PolicyId": "ANPAXXXXXXXXXXXXXXXXX",
                "Arn": POLICY,
                "Path": "/",
                "DefaultVersionId": "v2",
                "AttachmentCount": 1,
                "PolicyVersionList": [
                    {"VersionId": "v2", "IsDefaultVersion": True, "Document": quote(MANAGED, safe="")},
                    {"VersionId": "v1", "IsDefaultVersion": False, "Document": quote("{}", safe="")},
                ],
            }
        ]
    else:
        answer["Policies"] = [
            {
                "PolicyName": "Unused",
                "Arn": "arn:aws:iam::aws:policy/Unused",
                "DefaultVersionId": "v1",
                "PolicyVersionList": [
                    {"VersionId": "v1", "IsDefaultVersion": True, "Document": quote(MANAGED, safe="")}
                ],
            }
        ]
    return answer


def _describe_task_definition(parameters: dict[str, Any]) -> dict[str, Any]:
    name = parameters["taskDefinition"].rsplit("/", 1)[-1]
    family, _, revision = name.partition(":")
    if family not in ("web", "job") or revision not in ("", "1", "2"):
        raise client_error("ClientException", "Unable to describe task definition.")
    return {
        "taskDefinition": task_definition(int(revision or 2), family),
        "tags": [{"key": "a", "value": "b"}],
    }


_NETWORK = {"awsvpcConfiguration": {"Subnets": ["subnet-1"], "AssignPublicIp": "ENABLED"}}
_INPUT = json.dumps(
    {
        "containerOverrides": [
            {"name": "app", "environment": [{"name": "DB_PASSWORD", "value": SECRET_VALUE}]}
        ],
        "taskRoleArn": ROLE,
    }
)
_OVERRIDES = {
    "ContainerOverrides": [{"Name": "app", "Environment": [{"Name": "TOKEN", "Value": SECRET_VALUE}]}]
}
_UNIVERSAL_INPUT = json.dumps(
    {"Cluster": CLUSTER, "TaskDefinition": "job:1", "Overrides": {"TaskRoleArn": ROLE, **_OVERRIDES}}
)
_RUN_TASK = {
    "Type": "Task",
    "Resource": "arn:aws:states:::ecs:runTask.sync",
    "Parameters": {"Cluster": CLUSTER, "TaskDefinition": "job", "Overrides": _OVERRIDES},
}
_STATE_MACHINE = json.dumps(
    {"States": {"A": {"Type": "Parallel", "Branches": [{"States": {"B": _RUN_TASK}}]}}}
)


def _schedule(parameters: dict[str, Any]) -> dict[str, Any]:
    universal = parameters["Name"] == "universal"
    target: dict[str, Any] = {"RoleArn": ROLE}
    if universal:
        target |= {"Arn": "arn:aws:scheduler:::aws-sdk:ecs:runTask", "Input": _UNIVERSAL_INPUT}
    else:
        target |= {
            "Arn": CLUSTER,
            "Input": _INPUT,
            "EcsParameters": {
                "TaskDefinitionArn": arn("ecs", "task-definition/job"),
                "NetworkConfiguration": _NETWORK,
                "Tags": [{"team": "shop"}],
            },
        }
    return {
        "Arn": UNIVERSAL if universal else SCHEDULE,
        "Name": parameters["Name"],
        "GroupName": "default",
        "Target": target,
    }


def _organization_policies(parameters: dict[str, Any]) -> dict[str, Any]:
    service = parameters["Filter"] == "SERVICE_CONTROL_POLICY"
    return {"Policies": [{"Id": "p-scp" if service else "p-rcp", "Name": "x", "Type": parameters["Filter"]}]}


def _organization_policy(parameters: dict[str, Any]) -> dict[str, Any]:
    identifier = parameters["PolicyId"]
    kind = "SERVICE_CONTROL_POLICY" if identifier == "p-scp" else "RESOURCE_CONTROL_POLICY"
    summary = {
        "Id": identifier,
        "Arn": f"arn:aws:organizations::1:policy/{identifier}",
        "Name": "x",
        "Type": kind,
    }
    return {"Policy": {"PolicySummary": {**summary, "AwsManaged": False}, "Content": MANAGED}}


def job_of(role: str) -> str:
    """The id of the job that makes the report on a role: 36 characters, as the model wants."""
    return role.rsplit("/", 1)[-1].ljust(36, "0")[:36]


SERVICES: list[dict[str, Any]] = [
    {
        "ServiceName": "Amazon S3",
        "ServiceNamespace": "s3",
        "LastAuthenticated": NOW,
        "LastAuthenticatedEntity": ROLE,
        "LastAuthenticatedRegion": REGION,
        "TotalAuthenticatedEntities": 1,
        "TrackedActionsLastAccessed": [
            {"ActionName": "ListAllMyBuckets", "LastAccessedTime": NOW, "LastAccessedRegion": REGION},
            {"ActionName": "CreateBucket"},
        ],
    },
    {
        "ServiceName": "Amazon SQS",
        "ServiceNamespace": "sqs",
        "TotalAuthenticatedEntities": 0,
        "TrackedActionsLastAccessed": [{"ActionName": "CreateQueue"}],
    },
]


def report(parameters: dict[str, Any], status: str = "COMPLETED") -> dict[str, Any]:
    """A report of what a role used last, on two pages; without services where it is not ready."""
    answer = {
        "JobStatus": status,
        "JobType": "ACTION_LEVEL",
        "JobCreationDate": NOW,
        "JobCompletionDate": NOW,
    }
    if status != "COMPLETED":
        return {**answer, "ServicesLastAccessed": []}
    first = "Marker" not in parameters
    more = {"IsTruncated": True, "Marker": "2"} if first else {"IsTruncated": False}
    return {**answer, "ServicesLastAccessed": SERVICES[:1] if first else SERVICES[1:], **more}


def _parents(parameters: dict[str, Any]) -> dict[str, Any]:
    return {"Parents": [{"Id": "ou-abcd-11111111"} if parameters["ChildId"] == ACCOUNT else {"Id": "r-abcd"}]}


def handlers() -> dict[str, Handler]:
    """Handlers for every call of the table."""

    def fixed(answer: dict[str, Any]) -> Handler:
        return lambda _: answer

    return {
        "sts:GetCallerIdentity": fixed({"Arn": ROLE, "Account": ACCOUNT, "UserId": "AROA:me"}),
        "iam:GetAccountAuthorizationDetails": _authorization_details,
        "iam:ListRoles": fixed(
            {
                "Roles": [
                    {
                        "RoleName": "web",
                        "RoleId": "AROAXXXXXXXXXXXXXXXXX",
                        "Arn": ROLE,
                        "Path": "/svc/",
                        "CreateDate": NOW,
                        "Description": "Runs the shop",
                        "MaxSessionDuration": 7200,
                    }
                ]
            }
        ),
        "iam:GenerateServiceLastAccessedDetails": lambda parameters: {"JobId": job_of(parameters["Arn"])},
        "iam:GetServiceLastAccessedDetails": report,
        "iam:ListInstanceProfiles": fixed(
            {
                "InstanceProfiles": [
                    {
                        "InstanceProfileName": "nodes",
                        "InstanceProfileId": "AIPAXXXXXXXXXXXXXXXXX",
                        "Arn": f"arn:aws:iam::{ACCOUNT}:instance-profile/nodes",
                        "Path": "/",
                        "CreateDate": NOW,
                        "Roles": [],
                    }
                ]
            }
        ),
        "iam:GetPolicy": fixed(
            {
                "Policy": {
                    "PolicyName": "Boundary",
                    "Arn": BOUNDARY,
                    "DefaultVersionId": "v1",
                    "AttachmentCount": 0,
                }
            }
        ),
        "iam:GetPolicyVersion": fixed(
            {
                "PolicyVersion": {
                    "VersionId": "v1",
                    "IsDefaultVersion": True,
                    "Document": quote(MANAGED, safe=""),
                }
            }
        ),
        "iam:GetAccountSummary": fixed({"SummaryMap": {"RolePolicySizeQuota": 10240}}),
        "iam:ListAccountAliases": fixed({"AccountAliases": ["shop"], "IsTruncated": False}),
        "ecs:ListClusters": paged([CLUSTER], "clusterArns", size=100),
        "ecs:DescribeClusters": fixed(
            {
                "clusters": [
                    {
                        "clusterArn": CLUSTER,
                        "clusterName": "prod",
                        "capacityProviders": ["FARGATE", "nodes"],
                        "configuration": {
                            "executeCommandConfiguration": {
                                "kmsKeyId": "alias/exec",
                                "logging": "OVERRIDE",
                                "logConfiguration": {
                                    "s3BucketName": "exec-logs",
                                    "cloudWatchLogGroupName": "/ecs/exec",
                                },
                            }
                        },
                        "tags": [{"key": "team", "value": "shop"}],
                    }
                ]
            }
        ),
        "ecs:DescribeCapacityProviders": fixed(
            {
                "capacityProviders": [
                    {
                        "capacityProviderArn": arn("ecs", "capacity-provider/nodes"),
                        "name": "nodes",
                        "managedInstancesProvider": {
                            "infrastructureRoleArn": ROLE,
                            "instanceLaunchTemplate": {
                                "ec2InstanceProfileArn": f"arn:aws:iam::{ACCOUNT}:instance-profile/nodes",
                                "networkConfiguration": {"subnets": ["subnet-1"]},
                            },
                        },
                    }
                ]
            }
        ),
        "ecs:ListServices": paged([SERVICE], "serviceArns", size=100),
        "ecs:DescribeServices": lambda parameters: {
            "services": [_service(item.rsplit("/", 1)[1]) for item in parameters["services"]]
        },
        "ecs:DescribeTaskSets": fixed(
            {
                "taskSets": [
                    {
                        "taskSetArn": arn("ecs", "task-set/prod/web/ecs-svc-1"),
                        "taskDefinition": arn("ecs", "task-definition/web:1"),
                        "status": "PRIMARY",
                    }
                ]
            }
        ),
        "ecs:DescribeExpressGatewayService": fixed(
            {
                "service": {
                    "serviceArn": SERVICE,
                    "serviceName": "web",
                    "infrastructureRoleArn": ROLE,
                    "activeConfigurations": [{"executionRoleArn": ROLE, "createdAt": NOW}],
                }
            }
        ),
        "ecs:ListGateways": fixed(
            {"gateways": [{"gatewayArn": GATEWAY, "name": "front", "status": "ACTIVE"}]}
        ),
        "ecs:DescribeGateway": fixed(
            {
                "gateway": {
                    "gatewayArn": GATEWAY,
                    "name": "front",
                    "status": "ACTIVE",
                    "infrastructureRoleArn": ROLE,
                }
            }
        ),
        "ecs:ListTasks": lambda parameters: {
            "taskArns": [TASK] if parameters["desiredStatus"] == "STOPPED" else []
        },
        "ecs:DescribeTasks": fixed(
            {
                "tasks": [
                    {
                        "taskArn": TASK,
                        "clusterArn": CLUSTER,
                        "taskDefinitionArn": DEFINITION,
                        "lastStatus": "STOPPED",
                        "stoppedReason": f"Error: token={SECRET_VALUE} refused",
                        "stoppedAt": NOW,
                        "overrides": {
                            "taskRoleArn": ROLE,
                            "containerOverrides": [
                                {
                                    "name": "app",
                                    "environment": [{"name": "DB_PASSWORD", "value": SECRET_VALUE}],
                                }
                            ],
                        },
                    }
                ]
            }
        ),
        "ecs:ListContainerInstances": fixed({"containerInstanceArns": [INSTANCE]}),
        "ecs:DescribeContainerInstances": fixed(
            {
                "containerInstances": [
                    {
                        "containerInstanceArn": INSTANCE,
                        "ec2InstanceId": "i-0123456789abcdef0",
                        "attributes": [{"name": "ecs.capability.execution-role-awslogs"}],
                    }
                ]
            }
        ),
        "ecs:ListTaskDefinitionFamilies": fixed({"families": ["web", "job"]}),
        "ecs:DescribeTaskDefinition": _describe_task_definition,
        "ecs:ListDaemonTaskDefinitions": fixed({"daemonTaskDefinitions": [{"arn": DAEMON}]}),
        "ecs:DescribeDaemonTaskDefinition": fixed(
            {
                "daemonTaskDefinition": {
                    "daemonTaskDefinitionArn": DAEMON,
                    "family": "agent",
                    "revision": 1,
                    "taskRoleArn": ROLE,
                    "containerDefinitions": [
                        {
                            "image": IMAGE,
                            "name": "agent",
                            "environment": [{"name": "DB_PASSWORD", "value": SECRET_VALUE}],
                        }
                    ],
                }
            }
        ),
        "ecs:ListAccountSettings": fixed({"settings": [{"name": "guardDutyActivate", "value": "on"}]}),
        "ec2:DescribeInstances": fixed(
            {
                "Reservations": [
                    {
                        "Instances": [
                            {
                                "InstanceId": "i-0123456789abcdef0",
                                "IamInstanceProfile": {
                                    "Arn": f"arn:aws:iam::{ACCOUNT}:instance-profile/nodes"
                                },
                                "MetadataOptions": {"HttpTokens": "optional", "HttpPutResponseHopLimit": 2},
                            }
                        ]
                    }
                ]
            }
        ),
        "ssm:DescribeActivations": fixed(
            {"ActivationList": [{"ActivationId": "a" * 36, "IamRole": "anywhere", "ExpirationDate": NOW}]}
        ),
        "ssm:DescribeInstanceInformation": fixed(
            {"InstanceInformationList": [{"InstanceId": "mi-0123456789abcdef0", "IamRole": "anywhere"}]}
        ),
        "ssm:DescribeParameters": fixed(
            {"Parameters": [{"Name": "/web/token", "Type": "SecureString", "KeyId": "alias/aws/ssm"}]}
        ),
        "events:ListEventBuses": fixed({"EventBuses": [{"Name": "default"}]}),
        "events:ListRules": fixed(
            {"Rules": [{"Name": "nightly", "Arn": RULE, "EventBusName": "default", "State": "ENABLED"}]}
        ),
        "events:ListTargetsByRule": fixed(
            {
                "Targets": [
                    {
                        "Id": "1",
                        "Arn": CLUSTER,
                        "RoleArn": ROLE,
                        "Input": _INPUT,
                        "EcsParameters": {
                            "TaskDefinitionArn": arn("ecs", "task-definition/job:1"),
                            "NetworkConfiguration": _NETWORK,
                            "Tags": [{"Key": "team", "Value": "shop"}],
                        },
                    },
                    {"Id": "2", "Arn": HOOK, "Input": SECRET_VALUE},
                ]
            }
        ),
        "scheduler:ListSchedules": fixed(
            {
                "Schedules": [
                    {"Arn": SCHEDULE, "Name": "hourly", "GroupName": "default", "Target": {"Arn": CLUSTER}},
                    {
                        "Arn": UNIVERSAL,
                        "Name": "universal",
                        "GroupName": "default",
                        "Target": {"Arn": "arn:aws:scheduler:::aws-sdk:ecs:runTask"},
                    },
                    {
                        "Arn": arn("scheduler", "schedule/default/other"),
                        "Name": "other",
                        "GroupName": "default",
                        "Target": {"Arn": HOOK},
                    },
                ]
            }
        ),
        "scheduler:GetSchedule": _schedule,
        "stepfunctions:ListStateMachines": fixed(
            {
                "stateMachines": [
                    {"stateMachineArn": MACHINE, "name": "etl", "type": "STANDARD", "creationDate": NOW}
                ]
            }
        ),
        "stepfunctions:DescribeStateMachine": fixed(
            {
                "stateMachineArn": MACHINE,
                "name": "etl",
                "type": "STANDARD",
                "creationDate": NOW,
                "roleArn": ROLE,
                "definition": _STATE_MACHINE,
            }
        ),
        "codedeploy:ListApplications": fixed({"applications": ["shop"]}),
        "codedeploy:BatchGetApplications": fixed(
            {"applicationsInfo": [{"applicationName": "shop", "computePlatform": "ECS"}]}
        ),
        "codedeploy:ListDeploymentGroups": fixed({"deploymentGroups": ["blue"]}),
        "codedeploy:BatchGetDeploymentGroups": fixed(
            {
                "deploymentGroupsInfo": [
                    {
                        "applicationName": "shop",
                        "deploymentGroupName": "blue",
                        "serviceRoleArn": ROLE,
                        "ecsServices": [{"serviceName": "web", "clusterName": "prod"}],
                    }
                ]
            }
        ),
        "application-autoscaling:DescribeScalableTargets": fixed(
            {
                "ScalableTargets": [
                    {
                        "ServiceNamespace": "ecs",
                        "ResourceId": "service/prod/web",
                        "ScalableDimension": "ecs:service:DesiredCount",
                        "MinCapacity": 1,
                        "MaxCapacity": 4,
                        "RoleARN": ROLE,
                        "CreationTime": NOW,
                    }
                ]
            }
        ),
        "batch:DescribeJobDefinitions": fixed(
            {
                "jobDefinitions": [
                    {
                        "jobDefinitionName": "j",
                        "jobDefinitionArn": arn("batch", "job-definition/j:1"),
                        "revision": 1,
                        "type": "container",
                        "containerProperties": {
                            "jobRoleArn": ROLE,
                            "environment": [{"name": "TOKEN", "value": SECRET_VALUE}],
                        },
                    }
                ]
            }
        ),
        "ecr:DescribeRepositories": fixed(
            {
                "repositories": [
                    {
                        "repositoryArn": REPOSITORY,
                        "repositoryName": "web",
                        "registryId": ACCOUNT,
                        "createdAt": NOW,
                        "encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": KEY},
                    }
                ]
            }
        ),
        "ecr:GetRepositoryPolicy": fixed({"policyText": MANAGED}),
        "ecr:DescribeImages": fixed({"imageDetails": [{"repositoryName": "web"}]}),
        "ecr:DescribePullThroughCacheRules": fixed(
            {"pullThroughCacheRules": [{"ecrRepositoryPrefix": "docker-hub"}]}
        ),
        "secretsmanager:DescribeSecret": fixed({"ARN": SECRET, "Name": "db", "KmsKeyId": KEY}),
        "secretsmanager:GetResourcePolicy": fixed({"ARN": SECRET, "Name": "db"}),
        "logs:DescribeLogGroups": lambda parameters: {
            "logGroups": [
                {"logGroupName": "/ecs/web", "arn": arn("logs", "log-group:/ecs/web:*")},
                {"logGroupName": "/ecs/web-other", "arn": arn("logs", "log-group:/ecs/web-other:*")},
            ]
        },
        "kms:DescribeKey": fixed(
            {
                "KeyMetadata": {
                    "KeyId": KEY.rsplit("/", 1)[1],
                    "Arn": KEY,
                    "KeyManager": "CUSTOMER",
                    "CreationDate": NOW,
                }
            }
        ),
        "kms:GetKeyPolicy": fixed({"Policy": MANAGED}),
        "efs:DescribeFileSystems": fixed(
            {
                "FileSystems": [
                    {
                        "OwnerId": ACCOUNT,
                        "CreationToken": "t",
                        "FileSystemId": "fs-12345678",
                        "FileSystemArn": FILE_SYSTEM,
                        "CreationTime": NOW,
                        "LifeCycleState": "available",
                        "NumberOfMountTargets": 1,
                        "SizeInBytes": {"Value": 1},
                        "PerformanceMode": "generalPurpose",
                        "Tags": [],
                    }
                ]
            }
        ),
        "efs:DescribeAccessPoints": fixed({"AccessPoints": [{"AccessPointId": "fsap-1"}]}),
        "efs:DescribeFileSystemPolicy": fixed({"FileSystemId": "fs-12345678", "Policy": MANAGED}),
        "s3:ListBuckets": fixed(
            {"Buckets": [{"Name": "app-env"}, {"Name": "app-data"}, {"Name": "exec-logs"}]}
        ),
        "s3:GetBucketLocation": fixed({"LocationConstraint": "eu-west-1"}),
        "s3:GetBucketPolicy": fixed({"Policy": MANAGED}),
        "s3:GetBucketEncryption": fixed(
            {
                "ServerSideEncryptionConfiguration": {
                    "Rules": [
                        {
                            "ApplyServerSideEncryptionByDefault": {
                                "SSEAlgorithm": "aws:kms",
                                "KMSMasterKeyID": KEY,
                            }
                        }
                    ]
                }
            }
        ),
        "lambda:GetFunctionConfiguration": fixed(
            {
                "FunctionName": "hook",
                "FunctionArn": HOOK,
                "Role": ROLE,
                "Environment": {"Variables": {"TOKEN": SECRET_VALUE}},
            }
        ),
        "lambda:GetPolicy": fixed({"Policy": MANAGED}),
        "organizations:DescribeOrganization": fixed(
            {"Organization": {"Id": "o-abcdefghij", "MasterAccountId": "999988887777"}}
        ),
        "organizations:ListParents": _parents,
        "organizations:DescribeOrganizationalUnit": fixed(
            {"OrganizationalUnit": {"Id": "ou-abcd-11111111", "Name": "Workloads"}}
        ),
        "organizations:ListPoliciesForTarget": _organization_policies,
        "organizations:DescribePolicy": _organization_policy,
    }
