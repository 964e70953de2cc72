"""The collector against moto: answers go through botocore's own parsers, as they do with AWS."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from ecsiam_tui.account.redact import Redactor
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.aws.collect import collect
from ecsiam_tui.aws.session import Target, make_session
from tests.aws.conftest import Watching

REGION = "eu-west-1"
ACCOUNT = "123456789012"
DOCUMENT = (
    '{"Version":"2012-10-17",\n "Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}'
)
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
MANIFEST = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": {
            "mediaType": "application/vnd.docker.container.image.v1+json",
            "size": 1,
            "digest": "sha256:1",
        },
        "layers": [],
    }
)
EXECUTION_POLICY = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"


def seed() -> None:
    """One of most things; twelve services, more than one description takes."""

    def client(service: str) -> Any:
        return boto3.client(service, region_name=REGION)

    iam, ecs, kms = client("iam"), client("ecs"), client("kms")
    for number in range(130):  # more than a page of ListRoles
        iam.create_role(RoleName=f"r{number}", AssumeRolePolicyDocument=TRUST, MaxSessionDuration=7200)
    role = iam.get_role(RoleName="r0")["Role"]["Arn"]
    iam.attach_role_policy(RoleName="r0", PolicyArn=EXECUTION_POLICY)
    iam.put_role_permissions_boundary(
        RoleName="r1", PermissionsBoundary="arn:aws:iam::aws:policy/ReadOnlyAccess"
    )
    iam.create_account_alias(AccountAlias="shop")

    key = kms.create_key(Policy=DOCUMENT)["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName="alias/shop", TargetKeyId=key)
    secrets = client("secretsmanager")
    secret = secrets.create_secret(Name="db", SecretString="hunter2hunter2", KmsKeyId="alias/shop")["ARN"]
    secrets.put_resource_policy(SecretId=secret, ResourcePolicy=DOCUMENT)
    client("ssm").put_parameter(Name="/web/token", Value="hunter2hunter2", Type="SecureString")
    client("ssm").put_parameter(Name="flat", Value="x", Type="String")
    client("logs").create_log_group(logGroupName="/ecs/web")
    client("logs").create_log_group(logGroupName="/ecs/web-2")
    ecr = client("ecr")
    ecr.create_repository(repositoryName="web")
    ecr.set_repository_policy(repositoryName="web", policyText=DOCUMENT)
    ecr.put_image(repositoryName="web", imageManifest=MANIFEST, imageTag="1")
    efs = client("efs")
    file_system = efs.create_file_system(CreationToken="t")["FileSystemId"]
    efs.put_file_system_policy(FileSystemId=file_system, Policy=DOCUMENT)
    efs.create_access_point(ClientToken="a", FileSystemId=file_system)
    s3 = client("s3")
    s3.create_bucket(Bucket="env", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_policy(Bucket="env", Policy=DOCUMENT)

    ecs.create_cluster(clusterName="prod", capacityProviders=["FARGATE"])
    ecs.register_task_definition(
        family="web",
        executionRoleArn="r0",
        taskRoleArn=role,
        containerDefinitions=[
            {
                "name": "app",
                "image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/web:{tag}",
                "memory": 128,
                "environment": [{"name": "DB_PASSWORD", "value": "hunter2hunter2"}],
                "secrets": [
                    {"name": "A", "valueFrom": f"{secret}:k::"},
                    {"name": "B", "valueFrom": "/web/token"},
                    {"name": "C", "valueFrom": "flat"},
                    {"name": "D", "valueFrom": "/web/gone"},
                    {"name": "E", "valueFrom": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:gone"},
                ],
                "environmentFiles": [
                    {"type": "s3", "value": "arn:aws:s3:::env/a.env"},
                    {"type": "s3", "value": "arn:aws:s3:::env-gone/a.env"},
                ],
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {"awslogs-group": "/ecs/web", "awslogs-region": REGION},
                },
            }
            for tag in ("1", "gone")
        ],
        volumes=[{"name": "v", "efsVolumeConfiguration": {"fileSystemId": file_system}}],
    )
    ecs.register_task_definition(
        family="web", containerDefinitions=[{"name": "app", "image": "nginx", "memory": 9}]
    )
    for number in range(12):
        ecs.create_service(
            cluster="prod",
            serviceName=f"s{number}",
            taskDefinition="web:1",
            desiredCount=1,
            tags=[{"key": "team", "value": "shop"}],
        )
    cluster = f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/prod"
    definition = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/web"
    events = client("events")
    events.put_rule(Name="nightly", ScheduleExpression="rate(1 day)")
    parameters: dict[str, Any] = {
        "TaskDefinitionArn": definition,
        "NetworkConfiguration": {"awsvpcConfiguration": {"Subnets": ["subnet-1"]}},
    }
    events.put_targets(
        Rule="nightly", Targets=[{"Id": "1", "Arn": cluster, "RoleArn": role, "EcsParameters": parameters}]
    )
    client("scheduler").create_schedule(
        Name="hourly",
        ScheduleExpression="rate(1 hour)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": cluster, "RoleArn": role, "EcsParameters": parameters},
    )
    organizations = client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    root = organizations.list_roots()["Roots"][0]["Id"]
    organizations.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    policy = organizations.create_policy(
        Content=DOCUMENT, Description="", Name="guard", Type="SERVICE_CONTROL_POLICY"
    )
    organizations.attach_policy(PolicyId=policy["Policy"]["PolicySummary"]["Id"], TargetId=root)


@pytest.fixture(scope="module")
def snapshot() -> Iterator[Snapshot]:
    with mock_aws(config={"iam": {"load_aws_managed_policies": True}}):
        seed()
        yield collect(
            make_session(Target(regions=(REGION,)), paced=False), Watching(), Redactor(b"k")
        ).snapshot


def test_only_what_moto_lacks_is_a_gap(snapshot: Snapshot) -> None:
    assert {gap.call for gap in snapshot.gaps} == {
        "ecr:DescribePullThroughCacheRules",
        "ecs:ListDaemonTaskDefinitions",
        "ecs:ListGateways",
        "iam:GenerateServiceLastAccessedDetails",
        "ssm:DescribeActivations",
        "ssm:DescribeInstanceInformation",
    }
    assert {gap.reason for gap in snapshot.gaps} == {"unsupported"}


def test_services_in_several_descriptions(snapshot: Snapshot) -> None:
    assert len(snapshot.services) == 12
    assert {service.tags["team"] for service in snapshot.services} == {"shop"}
    assert {definition.name for definition in snapshot.task_definitions} == {"web:1", "web:2"}


def test_roles_of_several_pages_and_only_policies_in_use(snapshot: Snapshot) -> None:
    assert len(snapshot.roles) == 130
    assert {role.max_session_duration for role in snapshot.roles} == {7200}
    assert {policy.arn for policy in snapshot.policies} == {
        EXECUTION_POLICY,
        "arn:aws:iam::aws:policy/ReadOnlyAccess",
    }
    assert all(policy.policy_name and policy.document for policy in snapshot.policies)
    assert snapshot.account_alias == "shop"


def test_resources_with_their_policies(snapshot: Snapshot) -> None:
    (repository,) = snapshot.repositories
    assert repository.images == {
        f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/web:1": True,
        f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/web:gone": False,
    }
    assert (repository.policy, snapshot.secrets[0].policy) == (DOCUMENT, DOCUMENT)
    assert {parameter.name for parameter in snapshot.parameters} == {"/web/token", "flat"}
    assert [group.log_group_name for group in snapshot.log_groups] == ["/ecs/web"]
    shop = next(
        key for key in snapshot.keys if key.aliases == (f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/shop",)
    )
    assert shop.policy == DOCUMENT
    (file_system,) = snapshot.file_systems
    assert len(file_system.access_points) == 1
    assert json.loads(str(file_system.policy)) == json.loads(DOCUMENT)
    (bucket,) = snapshot.buckets
    assert (bucket.region, bucket.account_id, bucket.policy) == (REGION, ACCOUNT, DOCUMENT)


def test_what_is_not_there(snapshot: Snapshot) -> None:
    assert set(snapshot.missing) == {
        f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/web/gone",
        f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:gone",
        "arn:aws:s3:::env-gone",
    }


def test_launchers(snapshot: Snapshot) -> None:
    target = snapshot.rules[0].targets[0]
    network = target.ecs_parameters.network_configuration
    assert network is not None
    assert network.awsvpc_configuration is not None
    assert network.awsvpc_configuration.subnets == ("subnet-1",)
    assert snapshot.schedules[0].target.role_arn == f"arn:aws:iam::{ACCOUNT}:role/r0"


def test_the_organization(snapshot: Snapshot) -> None:
    assert snapshot.organization is not None
    root, account = snapshot.organization.levels
    assert (root.name, account.id) == ("Root", ACCOUNT)
    guard = next(policy for policy in snapshot.organization.policies if policy.name == "guard")
    assert guard.id in root.policy_ids
    assert guard.content == DOCUMENT
