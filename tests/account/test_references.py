"""What a task definition refers to, read as ECS reads it."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecsiam_tui.account.ecs import LogConfiguration
from ecsiam_tui.account.references import (
    Home,
    Image,
    LogTarget,
    S3Object,
    ValueFrom,
    home_of,
    log_target,
    parse_image,
    parse_s3_arn,
    parse_value_from,
    references,
)
from ecsiam_tui.account.tasks import TaskDefinition

HOME = Home("aws", "eu-west-1", "111122223333")
SECRET = "arn:aws:secretsmanager:us-east-1:444455556666:secret:db-AbCdEf"
S3_FILES = "arn:aws:s3files:eu-west-1:111122223333:file-system/fs-3"
DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop/web:1.2",
            Image("shop/web", "1.2", None, "111122223333", "eu-west-1"),
        ),
        (
            f"111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn/web@{DIGEST}",
            Image("web", None, DIGEST, "111122223333", "cn-north-1"),
        ),
        (
            f"111122223333.dkr-ecr-fips.us-east-1.on.aws/web:1@{DIGEST}",
            Image("web", "1", DIGEST, "111122223333", "us-east-1"),
        ),
        ("nginx", Image("nginx", None, None)),
        ("nginx:1.27", Image("nginx", "1.27", None)),
        ("registry.example.com:5000/team/app", Image("registry.example.com:5000/team/app", None, None)),
        ("registry.example.com:5000/team/app:2", Image("registry.example.com:5000/team/app", "2", None)),
        ("public.ecr.aws/nginx/nginx:latest", Image("public.ecr.aws/nginx/nginx", "latest", None)),
        ("", Image("", None, None)),
    ],
)
def test_images(text: str, expected: Image) -> None:
    assert parse_image(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SECRET, ValueFrom("secretsmanager", SECRET)),
        (f"{SECRET}:key::", ValueFrom("secretsmanager", SECRET, "key")),
        (f"{SECRET}::AWSPREVIOUS:", ValueFrom("secretsmanager", SECRET, None, "AWSPREVIOUS")),
        (f"{SECRET}:key::id", ValueFrom("secretsmanager", SECRET, "key", None, "id")),
        (
            "arn:aws:ssm:us-east-1:444455556666:parameter/a/b",
            ValueFrom("ssm", "arn:aws:ssm:us-east-1:444455556666:parameter/a/b"),
        ),
        ("/a/b", ValueFrom("ssm", "arn:aws:ssm:eu-west-1:111122223333:parameter/a/b")),
        ("flat", ValueFrom("ssm", "arn:aws:ssm:eu-west-1:111122223333:parameter/flat")),
    ],
)
def test_value_from(text: str, expected: ValueFrom) -> None:
    assert parse_value_from(text, HOME) == expected


@pytest.mark.parametrize(
    "text",
    [
        f"{SECRET}:key",
        f"{SECRET}:key:",
        f"{SECRET}:a:b:c:d",
        "arn:aws:secretsmanager:us-east-1:1:secret:",
        "arn:aws:secretsmanager:us-east-1:1:db",
        "arn:aws:s3:::bucket",
        "arn:aws:ssm:us-east-1:1:document/x",
        "",
    ],
)
def test_value_from_that_the_agent_refuses(text: str) -> None:
    parsed = parse_value_from(text, HOME)
    assert parsed.problem
    assert parsed.id == text


@given(st.text())
def test_any_text_is_taken(text: str) -> None:
    assert parse_value_from(text, HOME).service in ("secretsmanager", "ssm")
    assert isinstance(parse_image(text), Image)
    found = parse_s3_arn(text)
    assert found is None or found.bucket


def refer(container: dict[str, Any], **more: Any) -> set[tuple[str, str]]:
    data = {
        "taskDefinitionArn": "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:1",
        "family": "web",
        "containerDefinitions": [container],
        **more,
    }
    found = references(msgspec.convert(data, TaskDefinition))
    return {(reference.kind, reference.id) for reference in found}


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        ({"image": "nginx:1"}, {("image", "image:nginx")}),
        (
            {"image": "1" * 12 + ".dkr.ecr.us-east-1.amazonaws.com/web:1"},
            {("repository", f"arn:aws:ecr:us-east-1:{'1' * 12}:repository/web")},
        ),
        (
            {"repositoryCredentials": {"credentialsParameter": "hub"}},
            {("secret", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:hub")},
        ),
        ({"repositoryCredentials": {"credentialsParameter": SECRET}}, {("secret", SECRET)}),
        ({"secrets": [{"name": "A", "valueFrom": f"{SECRET}:k::"}]}, {("secret", SECRET)}),
        (
            {"environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::env/a.env"}]},
            {("bucket", "arn:aws:s3:::env")},
        ),
        (
            {
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {"awslogs-group": "/g", "awslogs-region": "us-east-1"},
                    "secretOptions": [{"name": "x", "valueFrom": "p"}],
                }
            },
            {
                ("log-group", "arn:aws:logs:us-east-1:111122223333:log-group:/g"),
                ("parameter", "arn:aws:ssm:eu-west-1:111122223333:parameter/p"),
            },
        ),
        (
            {
                "firelensConfiguration": {
                    "type": "fluentbit",
                    "options": {"config-file-type": "s3", "config-file-value": "arn:aws:s3:::conf/f.conf"},
                }
            },
            {("bucket", "arn:aws:s3:::conf")},
        ),
        ({"credentialSpecs": ["credentialspec:arn:aws:s3:::gmsa/x.json"]}, {("bucket", "arn:aws:s3:::gmsa")}),
    ],
)
def test_references_of_a_container(container: dict[str, Any], expected: set[tuple[str, str]]) -> None:
    assert refer(container) == expected


@pytest.mark.parametrize(
    "container",
    [
        {"logConfiguration": {"logDriver": "json-file", "options": {"awslogs-group": "/g"}}},
        {"logConfiguration": {"logDriver": "awslogs"}},
        {
            "firelensConfiguration": {
                "type": "fluentbit",
                "options": {"config-file-value": "arn:aws:s3:::c/f"},
            }
        },
        {"environmentFiles": [{"type": "s3", "value": "not an ARN"}]},
        {"credentialSpecs": ["credentialspec:file://x.json", "nothing"]},
        {},
    ],
)
def test_what_refers_to_nothing(container: dict[str, Any]) -> None:
    assert refer(container) == set()


def test_a_reference_says_which_field_makes_it() -> None:
    data = {
        "taskDefinitionArn": "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:1",
        "family": "web",
        "containerDefinitions": [
            {
                "name": "app",
                "image": "nginx",
                "secrets": [{"name": "A", "valueFrom": "p"}],
                "environmentFiles": [{"value": "arn:aws:s3:::env/a.env"}],
            },
            {"name": "side", "image": "nginx"},
        ],
        "volumes": [{"name": "data", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}],
    }
    found = [(item.relation, item.via) for item in references(msgspec.convert(data, TaskDefinition))]
    assert found == [
        ("pulls-image", "container app image"),
        ("reads-secret", "container app secret A"),
        ("reads-file", "container app environment file a.env"),
        ("pulls-image", "container side image"),
        ("mounts", "volume data"),
    ]


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        (None, None),
        ({"logDriver": "awsfirelens", "options": {"awslogs-group": "/g"}}, None),
        ({"logDriver": "awslogs", "options": {"awslogs-group": ""}}, None),
        (
            {"logDriver": "awslogs", "options": {"awslogs-group": "/g"}},
            LogTarget("arn:aws:logs:eu-west-1:111122223333:log-group:/g", "/g", "eu-west-1", False),
        ),
        (
            {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": "/g",
                    "awslogs-region": "us-east-1",
                    "awslogs-create-group": "True",
                },
            },
            LogTarget("arn:aws:logs:us-east-1:111122223333:log-group:/g", "/g", "us-east-1", True),
        ),
    ],
)
def test_where_a_log_driver_writes(log: dict[str, Any] | None, expected: LogTarget | None) -> None:
    assert log_target(log and msgspec.convert(log, LogConfiguration), HOME) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("arn:aws:s3:::env/a/b.env", S3Object("env", "a/b.env", "arn:aws:s3:::env")),
        ("arn:aws-cn:s3:::env", S3Object("env", None, "arn:aws-cn:s3:::env")),
        ("arn:aws:s3:::", None),
        ("s3://env/a", None),
        ("arn:aws:sqs:eu-west-1:1:q", None),
    ],
)
def test_objects_in_s3(text: str, expected: S3Object | None) -> None:
    assert parse_s3_arn(text) == expected


def test_references_of_volumes() -> None:
    volumes = [
        {"name": "a", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}},
        {
            "name": "b",
            "fsxWindowsFileServerVolumeConfiguration": {
                "fileSystemId": "fs-2",
                "authorizationConfig": {"credentialsParameter": SECRET},
            },
        },
        {"name": "c", "host": {"sourcePath": "/"}},
        {"name": "d", "s3filesVolumeConfiguration": {"fileSystemArn": S3_FILES}},
    ]
    assert refer({}, volumes=volumes) == {
        ("file-system", "arn:aws:elasticfilesystem:eu-west-1:111122223333:file-system/fs-1"),
        ("file-system", "arn:aws:fsx:eu-west-1:111122223333:file-system/fs-2"),
        ("secret", SECRET),
        ("file-system", S3_FILES),
    }


def test_home() -> None:
    assert home_of("arn:aws:ecs:eu-west-1:111122223333:task-definition/web:1") == HOME
    assert home_of("web:1") == Home("aws", "", "")
