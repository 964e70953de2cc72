"""What ECS asks of roles, row by row of the table: the trigger, and the requirement it makes."""

from typing import Any

import pytest

from ecsiam_tui.account.snapshot import Snapshot
from tests.ecs.builders import ACCOUNT, CLUSTER, REGION, arn, asked, definition, role_arn, snapshot

IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/web:1"
REPOSITORY = arn("ecr", "repository/web")
SECRET = arn("secretsmanager", "secret:db-AbCdEf")
KEY = arn("kms", "key/11111111-2222-3333-4444-555555555555")
EXEC = role_arn("exec")
TASK = role_arn("task")


def rows(found: Snapshot, *ids: str) -> set[tuple[str, str, str, str]]:
    """Id, role kind, action and resource of what is asked."""
    return {
        (one.requirement.id, one.requirement.role_kind, one.requirement.action, one.requirement.resource)
        for one in asked(found, *ids)
    }


def of(container: dict[str, Any], *ids: str, extra: dict[str, Any] | None = None, **fields: Any) -> Any:
    """What a definition with one container and both roles asks for."""
    made = definition(container, executionRoleArn=EXEC, taskRoleArn=TASK, **fields)
    return rows(snapshot(task_definitions=[made], **(extra or {})), *ids)


E = "task-execution"
T = "task"
LOGS = arn("logs", "log-group:/app:*")

CASES: list[tuple[str, dict[str, Any], dict[str, Any], set[tuple[str, str, str, str]]]] = [
    (
        "ECR1 and ECR2: a private image",
        {"image": IMAGE},
        {},
        {
            ("ECR1", E, "ecr:GetAuthorizationToken", "*"),
            ("ECR2", E, "ecr:BatchGetImage", REPOSITORY),
            ("ECR2", E, "ecr:GetDownloadUrlForLayer", REPOSITORY),
            ("ECR2", E, "ecr:BatchCheckLayerAvailability", REPOSITORY),
        },
    ),
    ("ECR6: a public image asks for nothing", {"image": "public.ecr.aws/nginx/nginx:1"}, {}, set()),
    (
        "ECR4: a repository filled through the cache",
        {"image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/hub/library/nginx:1"},
        {"extra": {"pull_through_cache_rules": [{"ecrRepositoryPrefix": "hub", "region": REGION}]}},
        {
            ("ECR1", E, "ecr:GetAuthorizationToken", "*"),
            *(
                (row, E, f"ecr:{action}", arn("ecr", "repository/hub/library/nginx"))
                for row, action in (
                    ("ECR2", "BatchGetImage"),
                    ("ECR2", "GetDownloadUrlForLayer"),
                    ("ECR2", "BatchCheckLayerAvailability"),
                    ("ECR4", "BatchImportUpstreamImage"),
                    ("ECR4", "CreateRepository"),
                )
            ),
        },
    ),
    (
        "REG: credentials of a private registry, by name",
        {"image": "registry.example.com/web:1", "repositoryCredentials": {"credentialsParameter": "hub"}},
        {},
        {("REG", E, "secretsmanager:GetSecretValue", arn("secretsmanager", "secret:hub-??????"))},
    ),
    (
        "REG: does not apply to an image of Amazon ECR",
        {"image": "public.ecr.aws/x/y:1", "repositoryCredentials": {"credentialsParameter": ""}},
        {},
        set(),
    ),
    (
        "LOG1: awslogs, in the region of its options",
        {
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {"awslogs-group": "/app", "awslogs-region": "eu-central-1"},
            }
        },
        {},
        {
            ("LOG1", E, f"logs:{action}", arn("logs", "log-group:/app:*", "eu-central-1"))
            for action in ("CreateLogStream", "PutLogEvents")
        },
    ),
    (
        "LOG2: awslogs-create-group",
        {
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {"awslogs-group": "/app", "awslogs-create-group": "true"},
            }
        },
        {},
        {
            ("LOG1", E, "logs:CreateLogStream", LOGS),
            ("LOG1", E, "logs:PutLogEvents", LOGS),
            ("LOG2", E, "logs:CreateLogGroup", LOGS),
        },
    ),
    (
        "SEC1: a secret with a JSON key is asked for by its base ARN",
        {"secrets": [{"name": "DB", "valueFrom": f"{SECRET}:password::"}]},
        {},
        {("SEC1", E, "secretsmanager:GetSecretValue", SECRET)},
    ),
    (
        "SEC1: without the six characters IAM still sees them",
        {"secrets": [{"name": "DB", "valueFrom": arn("secretsmanager", "secret:db")}]},
        {},
        {("SEC1", E, "secretsmanager:GetSecretValue", arn("secretsmanager", "secret:db-??????"))},
    ),
    (
        "SEC1: what the agent refuses asks for nothing",
        {"secrets": [{"name": "DB", "valueFrom": f"{SECRET}:password"}]},
        {},
        set(),
    ),
    (
        "SEC2: a parameter by name, its slash stripped",
        {"secrets": [{"name": "DB", "valueFrom": "/prod/db"}]},
        {},
        {("SEC2", E, "ssm:GetParameters", arn("ssm", "parameter/prod/db"))},
    ),
    (
        "SEC3: a parameter that stands for a secret",
        {"secrets": [{"name": "DB", "valueFrom": "/aws/reference/secretsmanager/db-AbCdEf"}]},
        {},
        {
            ("SEC2", E, "ssm:GetParameters", arn("ssm", "parameter/aws/reference/secretsmanager/db-AbCdEf")),
            ("SEC3", E, "secretsmanager:GetSecretValue", SECRET),
        },
    ),
    (
        "SEC4: a secret under a customer's key",
        {"secrets": [{"name": "DB", "valueFrom": SECRET}]},
        {"extra": {"secrets": [{"ARN": SECRET, "Name": "db", "KmsKeyId": KEY}]}},
        {("SEC1", E, "secretsmanager:GetSecretValue", SECRET), ("SEC4", E, "kms:Decrypt", KEY)},
    ),
    (
        "SEC4: an alias stands for its key",
        {"secrets": [{"name": "DB", "valueFrom": SECRET}]},
        {
            "extra": {
                "secrets": [{"ARN": SECRET, "Name": "db", "KmsKeyId": "alias/db"}],
                "keys": [
                    {"Arn": KEY, "KeyId": "1", "KeyManager": "CUSTOMER", "Aliases": [arn("kms", "alias/db")]}
                ],
            }
        },
        {("SEC1", E, "secretsmanager:GetSecretValue", SECRET), ("SEC4", E, "kms:Decrypt", KEY)},
    ),
    (
        "SEC4: AWS's own key asks for nothing",
        {"secrets": [{"name": "DB", "valueFrom": SECRET}]},
        {"extra": {"secrets": [{"ARN": SECRET, "Name": "db", "KmsKeyId": "alias/aws/secretsmanager"}]}},
        {("SEC1", E, "secretsmanager:GetSecretValue", SECRET)},
    ),
    (
        "SEC: secrets of a log driver",
        {
            "logConfiguration": {
                "logDriver": "splunk",
                "secretOptions": [{"name": "splunk-token", "valueFrom": SECRET}],
            }
        },
        {},
        {("SEC1", E, "secretsmanager:GetSecretValue", SECRET)},
    ),
    (
        "ENV: an environment file",
        {"environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::config/web.env"}]},
        {},
        {
            ("ENV", E, "s3:GetObject", "arn:aws:s3:::config/web.env"),
            ("ENV", E, "s3:GetBucketLocation", "arn:aws:s3:::config"),
        },
    ),
    (
        "FLB1: the router's configuration is read with the execution role",
        {
            "firelensConfiguration": {
                "type": "fluentbit",
                "options": {"config-file-type": "s3", "config-file-value": "arn:aws:s3:::config/fb.conf"},
            }
        },
        {},
        {
            ("FLB1", E, "s3:GetObject", "arn:aws:s3:::config/fb.conf"),
            ("FLB1", E, "s3:GetBucketLocation", "arn:aws:s3:::config"),
        },
    ),
    (
        "FLB2: what the router delivers is delivered with the task role",
        {
            "logConfiguration": {
                "logDriver": "awsfirelens",
                "options": {"Name": "cloudwatch_logs", "log_group_name": "/app", "auto_create_group": "true"},
            }
        },
        {},
        {
            ("FLB2", T, f"logs:{action}", LOGS)
            for action in ("CreateLogStream", "PutLogEvents", "DescribeLogStreams", "CreateLogGroup")
        },
    ),
    (
        "FLB2: Firehose",
        {
            "logConfiguration": {
                "logDriver": "awsfirelens",
                "options": {"Name": "firehose", "delivery_stream": "d"},
            }
        },
        {},
        {("FLB2", T, "firehose:PutRecordBatch", arn("firehose", "deliverystream/d"))},
    ),
    (
        "GMSA: a credential spec in S3",
        {"credentialSpecs": ["credentialspec:arn:aws:s3:::specs/web.json"]},
        {},
        {
            ("GMSA", E, "s3:GetObject", "arn:aws:s3:::specs/web.json"),
            ("GMSA", E, "s3:GetBucketLocation", "arn:aws:s3:::specs"),
        },
    ),
    (
        "GMSA: a credential spec in Systems Manager",
        {"credentialSpecs": [f"credentialspecdomainless:{arn('ssm', 'parameter/spec')}"]},
        {},
        {("GMSA", E, "ssm:GetParameters", arn("ssm", "parameter/spec"))},
    ),
    (
        "EFS1: with IAM, mounted to write, through an access point",
        {"mountPoints": [{"sourceVolume": "data", "containerPath": "/data"}]},
        {
            "volumes": [
                {
                    "name": "data",
                    "efsVolumeConfiguration": {
                        "fileSystemId": "fs-1",
                        "transitEncryption": "ENABLED",
                        "authorizationConfig": {"iam": "ENABLED", "accessPointId": "fsap-1"},
                    },
                }
            ]
        },
        {
            ("EFS1", T, f"elasticfilesystem:Client{what}", arn("elasticfilesystem", "file-system/fs-1"))
            for what in ("Mount", "Write")
        },
    ),
    (
        "EFS1: read-only mounts do not write",
        {"mountPoints": [{"sourceVolume": "data", "containerPath": "/data", "readOnly": True}]},
        {
            "volumes": [
                {
                    "name": "data",
                    "efsVolumeConfiguration": {
                        "fileSystemId": "fs-1",
                        "authorizationConfig": {"iam": "ENABLED"},
                    },
                }
            ]
        },
        {("EFS1", T, "elasticfilesystem:ClientMount", arn("elasticfilesystem", "file-system/fs-1"))},
    ),
    (
        "EFS: without IAM nothing is asked of the role",
        {},
        {"volumes": [{"name": "data", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}]},
        set(),
    ),
    (
        "FSX: the file system and its credentials",
        {},
        {
            "volumes": [
                {
                    "name": "share",
                    "fsxWindowsFileServerVolumeConfiguration": {
                        "fileSystemId": "fs-9",
                        "authorizationConfig": {"credentialsParameter": SECRET, "domain": "corp"},
                    },
                }
            ]
        },
        {
            ("FSX", E, "fsx:DescribeFileSystems", "*"),
            ("FSX", E, "secretsmanager:GetSecretValue", SECRET),
        },
    ),
    (
        "S3F: S3 Files are mounted with the task role",
        {},
        {
            "volumes": [
                {
                    "name": "s3",
                    "s3filesVolumeConfiguration": {"fileSystemArn": arn("s3files", "file-system/f")},
                }
            ]
        },
        {
            ("S3F", T, "s3files:ClientMount", arn("s3files", "file-system/f")),
            ("S3F", T, "s3files:ClientWrite", arn("s3files", "file-system/f")),
        },
    ),
    (
        "MESH: the App Mesh proxy",
        {},
        {"proxyConfiguration": {"type": "APPMESH", "containerName": "envoy"}},
        {("MESH", T, "appmesh:StreamAggregatedResources", "*")},
    ),
]


@pytest.mark.parametrize(
    ("container", "fields", "expected"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_rows_of_a_task_definition(
    container: dict[str, Any], fields: dict[str, Any], expected: set[tuple[str, str, str, str]]
) -> None:
    assert of(container, **fields) == expected


def test_guardduty_pulls_its_agent_on_fargate() -> None:
    settings = {REGION: [{"name": "guardDutyActivate", "value": "on"}]}
    found = of({}, extra={"account_settings": settings})
    agent = arn("ecr", "repository/aws-guardduty-agent-fargate", account="694911143906")
    assert ("GD", E, "ecr:BatchGetImage", agent) in found
    assert not of({}, extra={"account_settings": settings}, requiresCompatibilities=["EC2"])


# What a service adds ----------------------------------------------------------------------------------------


def service(definition_arn: str, **fields: Any) -> dict[str, Any]:
    return {
        "serviceArn": arn("ecs", "service/prod/web"),
        "serviceName": "web",
        "clusterArn": CLUSTER,
        "launchType": "FARGATE",
        "taskDefinition": definition_arn,
        **fields,
    }


def of_service(cluster: dict[str, Any] | None = None, **fields: Any) -> set[tuple[str, str, str, str]]:
    made = definition(executionRoleArn=EXEC, taskRoleArn=TASK)
    home = {"clusterArn": CLUSTER, "clusterName": "prod", **(cluster or {})}
    return rows(
        snapshot(
            task_definitions=[made], clusters=[home], services=[service(made.task_definition_arn, **fields)]
        )
    )


CHANNELS = {
    ("EXEC1", T, f"ssmmessages:{verb}{kind}Channel", "*")
    for verb in ("Create", "Open")
    for kind in ("Control", "Data")
}


def test_exec_asks_for_its_channels() -> None:
    assert of_service(enableExecuteCommand=True) == CHANNELS
    assert of_service() == set()


def test_exec_asks_for_what_the_cluster_says_of_sessions() -> None:
    settings = {
        "kmsKeyId": KEY,
        "logging": "OVERRIDE",
        "logConfiguration": {
            "cloudWatchLogGroupName": "/exec",
            "s3BucketName": "sessions",
            "s3KeyPrefix": "prod",
            "s3EncryptionEnabled": True,
        },
    }
    cluster = {"configuration": {"executeCommandConfiguration": settings}}
    streams = arn("logs", "log-group:/exec:*")
    assert of_service(cluster, enableExecuteCommand=True) - CHANNELS == {
        ("EXEC2", T, "kms:Decrypt", KEY),
        ("EXEC3", T, "logs:DescribeLogGroups", "*"),
        *(
            ("EXEC3", T, f"logs:{x}", streams)
            for x in ("CreateLogStream", "DescribeLogStreams", "PutLogEvents")
        ),
        ("EXEC4", T, "s3:GetBucketLocation", "arn:aws:s3:::sessions"),
        ("EXEC4", T, "s3:PutObject", "arn:aws:s3:::sessions/prod/*"),
        ("EXEC4", T, "s3:GetEncryptionConfiguration", "arn:aws:s3:::sessions"),
    }
    assert of_service(cluster) == set()


INFRA = role_arn("infra")
DEPLOYMENT_CASES = [
    (
        "EBS",
        {"volumeConfigurations": [{"name": "data", "managedEBSVolume": {"roleArn": INFRA}}]},
        {
            ("INF", "infrastructure", "ec2:DescribeVolumes", "*"),
            *(
                ("EBS", "infrastructure", f"ec2:{verb}Volume", arn("ec2", "volume/*"))
                for verb in ("Create", "Attach", "Detach", "Delete")
            ),
            ("EBS", "infrastructure", "ec2:CreateTags", arn("ec2", "volume/*")),
        },
    ),
    (
        "Service Connect TLS",
        {
            "serviceConnectConfiguration": {
                "enabled": True,
                "services": [{"portName": "http", "tls": {"roleArn": INFRA}}],
            }
        },
        {
            (
                "INF",
                "infrastructure",
                "secretsmanager:CreateSecret",
                arn("secretsmanager", "secret:ecs-sc!*"),
            )
        },
    ),
    (
        "VPC Lattice",
        {"vpcLatticeConfigurations": [{"roleArn": INFRA, "targetGroupArn": "arn:tg", "portName": "http"}]},
        {
            ("INF", "infrastructure", f"vpc-lattice:{verb}Targets", "arn:tg")
            for verb in ("Register", "Deregister")
        },
    ),
    (
        "the log driver of Service Connect",
        {
            "serviceConnectConfiguration": {
                "enabled": True,
                "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/sc"}},
            }
        },
        {
            ("SC", E, f"logs:{action}", arn("logs", "log-group:/sc:*"))
            for action in ("CreateLogStream", "PutLogEvents")
        },
    ),
]


@pytest.mark.parametrize(
    ("deployment", "expected"), [c[1:] for c in DEPLOYMENT_CASES], ids=[c[0] for c in DEPLOYMENT_CASES]
)
def test_rows_of_a_deployment(deployment: dict[str, Any], expected: set[tuple[str, str, str, str]]) -> None:
    assert of_service(deployments=[{"status": "PRIMARY", **deployment}]) == expected


def test_hooks_and_load_balancers() -> None:
    hook = {"targetType": "AWS_LAMBDA", "hookTargetArn": arn("lambda", "function:f"), "roleArn": INFRA}
    found = of_service(
        deploymentConfiguration={"lifecycleHooks": [hook, {"targetType": "PAUSE"}]},
        loadBalancers=[{"targetGroupArn": "arn:tg", "advancedConfiguration": {"roleArn": INFRA}}],
    )
    assert found == {
        ("HOOK", "lifecycle-hook", "lambda:InvokeFunction", arn("lambda", "function:f")),
        ("INF", "infrastructure", "elasticloadbalancing:RegisterTargets", "arn:tg"),
        ("INF", "infrastructure", "elasticloadbalancing:DeregisterTargets", "arn:tg"),
    }
