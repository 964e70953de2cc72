"""Statements that look right and never match."""

from typing import Any

import pytest

from ecsiam_tui.account.resources import Key, SecretResource
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.findings.finding import Severity
from ecsiam_tui.findings.near_misses import why_not
from tests.findings import builders as b

KEY = b.arn("kms", "key/11111111-2222-3333-4444-555555555555")
ALIAS = b.arn("kms", "alias/data")
SECRET = b.arn("secretsmanager", "secret:web/db-AbCdEf")
LOG = b.arn("logs", "log-group:/ecs/web")
PARAMETER = b.arn("ssm", "parameter/prod/web/flags")


@pytest.mark.parametrize(
    ("action", "needed", "pattern", "words"),
    [
        ("secretsmanager:GetSecretValue", SECRET, f"{SECRET}:password::", "JSON key :password::"),
        ("secretsmanager:GetSecretValue", SECRET, SECRET[:-7], "six characters"),
        (
            "secretsmanager:GetSecretValue",
            SECRET,
            SECRET.replace("eu-west-1", "eu-west-2"),
            "region eu-west-2",
        ),
        ("secretsmanager:GetSecretValue", SECRET, SECRET.replace(b.ACCOUNT, b.OTHER), "account 210987654321"),
        ("secretsmanager:GetSecretValue", SECRET, SECRET.replace("web", "Web"), "capitals"),
        ("secretsmanager:GetSecretValue", SECRET, b.arn("secretsmanager", "secret:other-AbCdEf"), ""),
        ("secretsmanager:GetSecretValue", SECRET, SECRET, ""),
        ("secretsmanager:GetSecretValue", SECRET, b.arn("secretsmanager", "secret:web/*"), ""),
        ("logs:PutLogEvents", f"{LOG}:*", LOG, "lacks :*"),
        ("logs:PutLogEvents", f"{LOG}:*", b.arn("logs", "log-group:/ecs/api"), ""),
        ("logs:PutLogEvents", f"{LOG}:*", b.arn("logs", "log-group:/ecs/*"), ""),
        ("kms:Decrypt", KEY, ALIAS, "alias"),
        ("kms:Decrypt", KEY, KEY.replace("1111", "9999", 1), ""),
        ("ssm:GetParameters", PARAMETER, PARAMETER.replace("parameter/", "parameter//"), "two slashes"),
        ("s3:GetObject", "arn:aws:s3:::conf/web.env", "arn:aws:s3:::conf", "add /*"),
        ("s3:GetBucketLocation", "arn:aws:s3:::conf", "arn:aws:s3:::conf/*", "is about the bucket"),
        ("s3:GetObject", "arn:aws:s3:::conf/web.env", "arn:aws:s3:::other", ""),
        ("ecs:RunTask", b.definition_arn("job:4"), b.cluster_arn(), "names the cluster"),
        ("ecs:RunTask", b.definition_arn("job:4"), b.definition_arn("job"), "add :*"),
        ("ecs:RunTask", b.definition_arn("job:4"), b.definition_arn("job:3"), "names revision 3"),
        ("ecs:DescribeServices", b.service_arn("web"), b.cluster_arn(), "compared with the service"),
        ("ecs:UpdateService", b.service_arn("web"), b.arn("ecs", "service/web"), "lacks the cluster"),
        ("ecr:BatchGetImage", b.arn("ecr", "repository/web"), b.arn("ecr", "repository/web:1"), "tag 1"),
        ("ecr:GetAuthorizationToken", "*", b.arn("ecr", "repository/web"), "only * grants it"),
        ("iam:PassRole", b.role_arn("service-role/x"), b.role_arn("x"), "path differs"),
        ("iam:PassRole", b.role_arn("y"), b.role_arn("x"), ""),
        (
            "elasticfilesystem:ClientMount",
            b.arn("elasticfilesystem", "file-system/fs-1"),
            b.arn("elasticfilesystem", "access-point/fsap-1"),
            "access point",
        ),
        ("ssm:GetParameters", PARAMETER, SECRET, ""),
        ("ssm:GetParameters", PARAMETER, "*", ""),
    ],
)
def test_near_misses(action: str, needed: str, pattern: str, words: str) -> None:
    found = why_not(action, needed, pattern)
    assert bool(found) == bool(words)
    assert words in found


def account(*statements: dict[str, Any], **fields: Any) -> Snapshot:
    """A service whose execution role has to read a secret under a key of ours and a parameter, and to log."""
    role = b.role("web-exec", inline={"start": b.document(*statements)}, **fields)
    root = f"arn:aws:iam::{b.ACCOUNT}:root"
    by_account = {"Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"}
    container = b.container(secrets={"DB": SECRET, "FLAGS": PARAMETER}, logs="/ecs/web")
    return b.snapshot(
        roles=[role],
        policies=[b.policy("limit", b.document(b.allow("sqs:*")))],
        task_definitions=[b.definition("web", container, execution_role="web-exec")],
        services=[b.service("web", "web:1")],
        secrets=[SecretResource(arn=SECRET, name="web/db", kms_key_id=ALIAS, policy=None)],
        keys=[Key(arn=KEY, key_id=KEY[-36:], aliases=(ALIAS,), policy=b.document(by_account))],
    )


def log(resource: str) -> dict[str, Any]:
    return b.allow(["logs:CreateLogStream", "logs:PutLogEvents"], resource)


RIGHT = [
    b.allow("secretsmanager:GetSecretValue", SECRET),
    b.allow("ssm:GetParameters", PARAMETER),
    b.allow("kms:Decrypt", KEY),
    log(f"{LOG}:*"),
]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({0: b.allow("secretsmanager:GetSecretValue", f"{SECRET}:password::")}, "JSON key"),
        ({1: b.allow("ssm:GetParameter", PARAMETER)}, "ECS calls ssm:GetParameters"),
        ({1: {"Effect": "Allow", "NotAction": "ssm:GetParameters", "Resource": PARAMETER}}, "NotAction"),
        ({2: b.allow("kms:Decrypt", ALIAS)}, "alias"),
        ({3: log(LOG)}, "lacks :*"),
        ({}, ""),
        ({3: log(b.arn("logs", "log-group:/ecs/other:*"))}, ""),  # missing, but not nearly given
    ],
)
def test_statement_that_does_not_match(wrong: dict[int, dict[str, Any]], words: str) -> None:
    statements = [wrong.get(number, statement) for number, statement in enumerate(RIGHT)]
    found = b.found("ECS-IAM-038", account(*statements))
    assert [(item.node, item.severity) for item in found] == (
        [(b.role_arn("web-exec"), Severity.HIGH)] if words else []
    )
    for item in found:
        assert words in item.summary
        assert item.consequence == "web needs it."
        (evidence,) = item.evidence
        assert evidence.kind == "statement"
        assert evidence.lines is not None


def test_a_boundary_that_blocks_is_another_matter() -> None:
    snapshot = account(*RIGHT[:3], log(f"{LOG}:*"), boundary=b.policy_arn("limit"))
    assert b.found("ECS-IAM-038", snapshot) == ()


@pytest.mark.parametrize(
    ("statement", "fires"),
    [
        (b.allow("secretsmanager:GetSecretValue", f"{SECRET}:password::"), True),
        (b.allow("ssm:GetParameters", b.arn("ssm", "parameter//prod/x")), True),
        (b.allow(["kms:Decrypt", "kms:GenerateDataKey"], ALIAS), True),
        (b.allow(["kms:UpdateAlias", "kms:Decrypt"], ALIAS), False),
        (b.allow("secretsmanager:GetSecretValue", SECRET), False),
        (b.allow("secretsmanager:GetSecretValue", f"{SECRET}:*"), False),
        ({**b.allow("kms:Decrypt", ALIAS), "Effect": "Deny"}, False),
    ],
)
def test_pattern_that_can_never_match(statement: dict[str, Any], fires: bool) -> None:
    role = b.role("web-task", inline={"app": b.document(statement)})
    found = b.found("ECS-IAM-038", b.snapshot(roles=[role]))
    assert [item.severity for item in found] == ([Severity.LOW] if fires else [])
