"""Files whose references are not written out: what they need can be told all the same."""

import json
from typing import Any

import pytest

from ecsiam_tui.ecs.from_file import UNKNOWN, guess_home, workloads
from ecsiam_tui.ecs.open_references import object_arns, open_image, open_secret, spec_services
from ecsiam_tui.ecs.requirement import Requirement
from ecsiam_tui.ecs.requirements import of_workload
from ecsiam_tui.ecs.surroundings import Surroundings
from tests.ecs.builders import snapshot
from tests.ecs.definition_files import HOME, read

BOTH = ("secretsmanager", "ssm")
SM, SSM = ("secretsmanager",), ("ssm",)
AT_HOME = "eu-west-1:123456789012"
SECRETS = f"arn:aws:secretsmanager:{AT_HOME}:secret"


@pytest.mark.parametrize(
    ("text", "found", "services"),
    [
        ("${DB_SECRET_ARN}", "${DB_SECRET_ARN}", SM),
        ("${DB_SECRET_ARN}:password::", "${DB_SECRET_ARN}", SM),
        ("<SECRET-ARN>::", "<SECRET-ARN>", SM),
        ("${db_arn}:password::", "${db_arn}", SM),
        ("{{ secret_arn }}:{{ key }}::", "{{ secret_arn }}", SM),
        ("${aws_secretsmanager_secret.db.arn}", "${aws_secretsmanager_secret.db.arn}", SM),
        ("aws_ssm_parameter.key.arn", "aws_ssm_parameter.key.arn", SSM),
        ("${DatabaseUrlSecret}", "${DatabaseUrlSecret}", SM),
        ("${ssm:/x/y}", "${ssm:/x/y}", SSM),
        ("${db_password_arn}", "${db_password_arn}", BOTH),
        ("YOUR_SECRET_ARN", "YOUR_SECRET_ARN", SM),
        ("REPLACE_DB_PASSWORD_SSM", "REPLACE_DB_PASSWORD_SSM", SSM),
        ("arn:aws:secretsmanager:...", "arn:aws:secretsmanager:...", SM),
        ("arn:arn-1234", "arn:arn-1234", BOTH),
        (f"{SECRETS}:db-a1B2c3:pw", f"{SECRETS}:db-a1B2c3", SM),
        (f"{SECRETS}:db::", f"{SECRETS}:db", SM),
        (f"arn:aws:ssm:{AT_HOME}:/app/key", f"arn:aws:ssm:{AT_HOME}:/app/key", SSM),
    ],
)  # fmt: skip
def test_secrets_that_are_no_whole_arn(text: str, found: str, services: tuple[str, ...]) -> None:
    assert open_secret(text) == (found, services)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/prod/db",
        "prod.DATABASE_URL",
        "DB_PASSWORD",
        "${stage}/db/password",
        "${prefix}-otel-config",
        "/${env}/KEY",
        f"{SECRETS}:db-a1B2c3",
        f"{SECRETS}:db-a1B2c3:password::",
        "arn:aws:ssm:${region}:<ACCOUNT>:parameter/prod/db",
        "arn:aws:s3:::bucket/key",
    ],
)
def test_secrets_that_are_named(text: str) -> None:
    assert open_secret(text) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "${aws_ecr_repository.app.repository_url}:latest",
            ("${aws_ecr_repository.app.repository_url}", True),
        ),
        ("$ECR_REGISTRY/$ECR_REPO:$TAG", ("$ECR_REPO", True)),
        ("<ecr-repo>/mongodb:latest", ("mongodb", True)),
        ("${EcrRepositoryUri}@sha256:abc", ("${EcrRepositoryUri}", True)),
        ("your-ecr-repo/job-app:latest", ("job-app", True)),
        ("<IMAGE1_NAME>", ("<IMAGE1_NAME>", False)),
        ("${REGISTRY}/team/app:1", ("team/app", False)),
        ("{{ image }}", ("{{ image }}", False)),
        ("REPLACE_IMAGE_URI", ("REPLACE_IMAGE_URI", False)),
        ("${secret_image}", ("${secret_image}", False)),
    ],
)
def test_images_that_are_open(text: str, found: tuple[str, bool]) -> None:
    image = open_image(text)
    assert image is not None
    assert (image.repository, image.is_ecr) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nginx",
        "nginx:${TAG}",
        "ghcr.io/${OWNER}/app:1",
        "${DOCKERHUB_USERNAME}/app:latest",
        "<DOCKER_IMAGE>",
        "my-${env}-app",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/${repo}:1",
        "${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com/app",
    ],
)
def test_images_that_are_told(text: str) -> None:
    assert open_image(text) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("arn:aws:s3:::conf/a.env", ("arn:aws:s3:::conf/a.env", "arn:aws:s3:::conf")),
        ("s3://conf/a.env", ("arn:aws:s3:::conf/a.env", "arn:aws:s3:::conf")),
        ("${var.s3_arn}/${var.key}", ("${var.s3_arn}/${var.key}", "${var.s3_arn}")),
        ("${Bucket.Arn}/a.env", ("${Bucket.Arn}/a.env", "${Bucket.Arn}")),
        ("${BUCKET}/a.env", ("arn:aws:s3:::${BUCKET}/a.env", "arn:aws:s3:::${BUCKET}")),
        ("${env_file}", ("${env_file}", "arn:aws:s3:::*")),
        ("arn:aws:s3:::conf", None),
        ("conf/a.env", None),
        ("", None),
    ],
)
def test_objects(text: str, found: tuple[str, str] | None) -> None:
    assert object_arns(text, "aws") == found


@pytest.mark.parametrize(
    ("text", "services"),
    [
        ("${CRED_SPEC_SSM_ARN}", ("ssm",)),
        ("<s3-arn>", ("s3",)),
        ("${SPEC}", ("s3", "ssm")),
        ("file://gmsa.json", ()),
    ],
)
def test_credential_specs(text: str, services: tuple[str, ...]) -> None:
    assert spec_services(text) == services


# Requirements of whole files


def needs(text: str, name: str = "shop.json") -> list[Requirement]:
    around = Surroundings(snapshot())
    found = read(text, name, HOME)
    return [one for made in workloads(found, around) for one in of_workload(made, around)]


def asked(text: str, name: str = "shop.json") -> set[tuple[str, str, str]]:
    return {
        (one.role_kind, one.action, one.resource)
        for one in needs(text, name)
        if one.necessity == "required" and one.id != "TRUST"
    }


def of(**fields: Any) -> str:
    return json.dumps({"family": "shop", **fields})


SECRET = "secretsmanager:GetSecretValue"
APP = {"name": "app", "image": "nginx"}


@pytest.mark.parametrize(
    ("suffix", "resource"),
    [
        ("db-a1B2c3", "db-a1B2c3"),
        ("db-abcdef", "db-abcdef"),
        ("db-XXXXXX", "db-XXXXXX"),
        ("db-??????", "db-??????"),
        ("db-*", "db-*"),
        ("jwt-secret", "jwt-secret-??????"),
        ("app-config", "app-config-??????"),
        ("db", "db-??????"),
    ],
)
def test_six_small_letters_are_a_name(suffix: str, resource: str) -> None:
    arn = f"arn:aws:secretsmanager:{AT_HOME}:secret:"
    text = of(containerDefinitions=[APP | {"secrets": [{"name": "A", "valueFrom": arn + suffix}]}])
    assert (("task-execution", SECRET, arn + resource)) in asked(text)


def test_what_rests_on_a_placeholder_says_so() -> None:
    found = needs(of(containerDefinitions=[{"name": "a", "image": "${ECR_REGISTRY}/app"}]))
    pulls = [one for one in found if one.action == "ecr:BatchGetImage"]
    assert [(one.resource, one.open) for one in pulls] == [
        (f"arn:aws:ecr:{AT_HOME}:repository/app", "${ECR_REGISTRY}")
    ]
    token = next(one for one in found if one.action == "ecr:GetAuthorizationToken")
    assert (token.resource, token.open) == ("*", "")


def test_an_image_that_may_be_of_ecr_is_optional_unless_it_has_credentials() -> None:
    open_one = {"name": "a", "image": "<IMAGE1_NAME>"}
    assert {one.necessity for one in needs(of(containerDefinitions=[open_one]))} == {"optional"}
    named = open_one | {"repositoryCredentials": {"credentialsParameter": "${registry_arn}"}}
    assert {one.action for one in needs(of(containerDefinitions=[named]))} == {SECRET}
    assert asked(of(containerDefinitions=[named])) == {("task-execution", SECRET, "${registry_arn}")}


LOGS = {"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "g"}}}


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({}, "container-instance"),
        ({"networkMode": "bridge"}, "container-instance"),
        ({"requiresCompatibilities": ["EC2"]}, "container-instance"),
        ({"compatibilities": ["EXTERNAL", "EC2"]}, "container-instance"),
        ({"compatibilities": ["EC2", "FARGATE"]}, "task-execution"),
        ({"networkMode": "awsvpc"}, "task-execution"),
        ({"networkMode": "${mode}"}, "task-execution"),
        ({"requiresCompatibilities": "${kinds}"}, "task-execution"),
        ({"requiresCompatibilities": ["EXTERNAL"]}, "task-execution"),
        ({"networkMode": "bridge", "executionRoleArn": "exec"}, "task-execution"),
    ],
)
def test_who_acts_where_no_execution_role_is_named(fields: dict[str, Any], kind: str) -> None:
    found = needs(of(containerDefinitions=[APP | LOGS], **fields))
    assert {one.role_kind for one in found if one.id == "LOG1"} == {kind}


def test_containers_alone_are_a_fragment() -> None:
    text = json.dumps([APP | LOGS])
    (arn,) = read(text).fragments
    assert arn == read(text).definitions[0].task_definition_arn
    assert {one.role_kind for one in needs(text)} == {"task-execution"}
    assert read(of(containerDefinitions=[APP])).fragments == ()


def test_a_volume_configured_at_launch_needs_an_infrastructure_role() -> None:
    text = of(containerDefinitions=[APP], volumes=[{"name": "data", "configuredAtLaunch": True}])
    found = [one for one in needs(text) if one.role_kind == "infrastructure"]
    assert {one.action for one in found} == {
        "ec2:DescribeVolumes", "ec2:CreateVolume", "ec2:AttachVolume", "ec2:DetachVolume", "ec2:DeleteVolume",
        "ec2:CreateTags",
    }  # fmt: skip
    assert {one.principal for one in found} == {""}


def test_log_groups_and_destinations_keep_their_names() -> None:
    """Names that CloudFormation makes up look random: they are no secrets."""
    group = "Stack-AppTaskDefAppContainerLogGroup34A663C5-noLmisWECGA6"
    log = {"logDriver": "awslogs", "options": {"awslogs-group": group, "awslogs-region": "eu-west-1"}}
    delivery = {
        "logDriver": "awsfirelens",
        "options": {"@type": "kinesis_firehose", "delivery_stream_name": group},
    }
    text = of(containerDefinitions=[APP | {"logConfiguration": log}, APP | {"logConfiguration": delivery}])
    resources = {resource for _, _, resource in asked(text)}
    assert f"arn:aws:logs:{AT_HOME}:log-group:{group}:*" in resources
    assert f"arn:aws:firehose:{AT_HOME}:deliverystream/{group}" in resources


@pytest.mark.parametrize(
    ("text", "home"),
    [
        ("", UNKNOWN),
        ("840364872350.dkr.ecr.us-west-2.amazonaws.com/aws-appmesh-envoy", ("aws", "us-west-2", "*")),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/a", ("aws-cn", "cn-north-1", "123456789012")),
        (
            "'awslogs-region': 'eu-west-1' arn:aws:iam::123456789012:role/a",
            ("aws", "eu-west-1", "123456789012"),
        ),
    ],
)
def test_where_a_text_is_at_home(text: str, home: tuple[str, str, str]) -> None:
    assert guess_home(text) == home


TEMPLATE = """
Resources:
  Db: {Type: AWS::SecretsManager::Secret, Properties: {Name: !Sub '${Stage}/db'}}
  Bare: {Type: AWS::SecretsManager::Secret}
  Key: {Type: AWS::SSM::Parameter, Properties: {Name: /app/key}}
  Logs: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: !Sub '/ecs/${Stage}'}}
  Repo: {Type: AWS::ECR::Repository, Properties: {RepositoryName: shop}}
  Conf: {Type: AWS::S3::Bucket, Properties: {BucketName: conf}}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      RequiresCompatibilities: [FARGATE]
      ContainerDefinitions:
      - Name: app
        Image: !Sub '${Repo.RepositoryUri}:latest'
        Secrets:
        - {Name: A, ValueFrom: !Ref Db}
        - {Name: B, ValueFrom: !Sub '${Bare}:password::'}
        - {Name: C, ValueFrom: !Ref Key}
        - {Name: D, ValueFrom: !Ref GivenSecretArn}
        EnvironmentFiles: [{Type: s3, Value: !Sub '${Conf.Arn}/app.env'}]
        LogConfiguration: {LogDriver: awslogs, Options: {awslogs-group: !Ref Logs}}
      - Name: side
        Image: !Join ['', [!Select [4, !Split [':', !GetAtt Repo.Arn]], .dkr.ecr.,
          !Select [3, !Split [':', !GetAtt Repo.Arn]], .amazonaws.com/, !Ref Repo]]
"""


def test_references_to_a_templates_own_resources() -> None:
    found = {(action, resource) for _, action, resource in asked(TEMPLATE, "stack.yaml")}
    repository = f"arn:aws:ecr:{AT_HOME}:repository/shop"
    assert found == {
        ("ecr:GetAuthorizationToken", "*"),
        ("ecr:BatchGetImage", repository),
        ("ecr:GetDownloadUrlForLayer", repository),
        (SECRET, f"arn:aws:secretsmanager:{AT_HOME}:secret:${{Stage}}/db-??????"),
        (SECRET, f"arn:aws:secretsmanager:{AT_HOME}:secret:${{Bare}}-??????"),
        (SECRET, "${GivenSecretArn}"),
        ("ssm:GetParameters", f"arn:aws:ssm:{AT_HOME}:parameter/app/key"),
        ("s3:GetObject", "arn:aws:s3:::conf/app.env"),
        ("s3:GetBucketLocation", "arn:aws:s3:::conf"),
        ("logs:CreateLogStream", f"arn:aws:logs:{AT_HOME}:log-group:/ecs/${{Stage}}:*"),
        ("logs:PutLogEvents", f"arn:aws:logs:{AT_HOME}:log-group:/ecs/${{Stage}}:*"),
    }


TERRAFORM = """
resource "aws_ecs_task_definition" "this" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  container_definitions = jsonencode([{
    name    = "app"
    image   = var.own != "" ? var.own : "${aws_ecr_repository.app.repository_url}:${var.tag}"
    secrets = [{ name = "A", valueFrom = "${aws_secretsmanager_secret.db.arn}:pw::" }]
  }])
  volume {
    name = "a"
    efs_volume_configuration {
      file_system_id = "fs-0a1b2c3d"
      authorization_config { iam = "ENABLED" }
    }
  }
  volume {
    name = "b"
    efs_volume_configuration {
      file_system_id = "fs-1a1b2c3d"
      authorization_config { iam = "ENABLED" }
    }
  }
}
"""


def test_terraform_expressions_and_blocks() -> None:
    found = needs(TERRAFORM, "main.tf")
    assert next(one.necessity for one in found if one.action == "ecr:BatchGetImage") == "required"
    resources = {one.resource for one in found}
    assert "${aws_secretsmanager_secret.db.arn}" in resources
    mounts = {one.resource.rpartition("/")[2] for one in found if one.id == "EFS1"}
    assert mounts == {"fs-0a1b2c3d", "fs-1a1b2c3d"}


SHELL = """
aws ecs register-task-definition --cli-input-json '{
  "family": "shop", "requiresCompatibilities": ["FARGATE"],
  "executionRoleArn": "arn:aws:iam::'$ACCOUNT':role/exec",
  "containerDefinitions": [{"name": "a", "image": "'"$ECR_URI"'",
    "secrets": [{"name": "A", "valueFrom": "arn:aws:ssm:'$REGION':'${ACCOUNT}':parameter/a"}]}]
}'
"""


@pytest.mark.parametrize(
    ("text", "resource"),
    [
        (SHELL, "arn:aws:ssm:$REGION:${ACCOUNT}:parameter/a"),
        ("""--container-definitions '[{"image": "b", "secrets": [{"name": "A", "valueFrom": "a"}]}]'""",
         f"arn:aws:ssm:{AT_HOME}:parameter/a"),
        ("""d = {"family": f"{x}", "containerDefinitions": [{"image": "b", "secrets": [
            {"name": "A", "valueFrom": f"/{stage}/a"}]}]}""", f"arn:aws:ssm:{AT_HOME}:parameter/{{stage}}/a"),
        (r"""d: {family: "x", containerDefinitions: [{image: "b", secrets: [
            {name: "A", valueFrom: "/\(env.X)/a"}]}]}""", f"arn:aws:ssm:{AT_HOME}:parameter/$(env.X)/a"),
    ],
    ids=["shell", "argument", "python", "cue"],
)  # fmt: skip
def test_definitions_in_other_languages(text: str, resource: str) -> None:
    assert ("task-execution", "ssm:GetParameters", resource) in asked(text, "deploy.txt")
