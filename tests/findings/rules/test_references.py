"""What task definitions name and what is not there."""

from typing import Any

import pytest

from ecsiam_tui.account.ecs import (
    ClusterConfiguration,
    ExecuteCommandConfiguration,
    ExecuteCommandLogConfiguration,
    LogConfiguration,
    Secret,
)
from ecsiam_tui.account.resources import Parameter, SecretResource
from ecsiam_tui.account.snapshot import Gap, Snapshot
from ecsiam_tui.findings.finding import Severity
from tests.findings import builders as b

SECRET = b.arn("secretsmanager", "secret:web/db-AbCdEf")
PARAMETER = b.arn("ssm", "parameter/prod/token")
GROUP = b.arn("logs", "log-group:/ecs/web")


def account(
    named: dict[str, str] | None = None,
    *,
    logs: str | dict[str, str] | None = None,
    runs: bool = True,
    **fields: Any,
) -> Snapshot:
    """A service whose container takes some secrets and logs somewhere."""
    container = b.container(secrets=named, logs=logs)
    return b.snapshot(
        task_definitions=[b.definition("web", container, execution_role="web-exec")],
        services=[b.service("web", "web:1")] if runs else [],
        **fields,
    )


def secret(**fields: Any) -> SecretResource:
    return SecretResource(arn=SECRET, name="web/db", policy=None, **fields)


WAYS = [
    SECRET,
    f"{SECRET}:password::",
    SECRET[:-7],
    "/aws/reference/secretsmanager/web/db",
    b.arn("ssm", "parameter/aws/reference/secretsmanager/web/db"),
]


@pytest.mark.parametrize("value", WAYS)
def test_a_secret_marked_for_deletion(value: str) -> None:
    (finding,) = b.found("ECS-IAM-033", account({"DB": value}, secrets=[secret(deleted_date=b.NOW)]))
    assert (finding.severity, finding.fixes[0]) == (Severity.HIGH, "restore-secret")
    assert finding.summary == "web:1 takes web/db, which is marked for deletion."
    assert finding.nodes == (b.definition_arn("web:1"), SECRET)


@pytest.mark.parametrize("value", WAYS)
def test_a_secret_that_is_there(value: str) -> None:
    assert b.found("ECS-IAM-033", account({"DB": value}, secrets=[secret()])) == ()


def test_a_secret_that_does_not_exist() -> None:
    (finding,) = b.found("ECS-IAM-033", account({"DB": f"{SECRET}:password::"}, missing=[SECRET]))
    assert (finding.severity, finding.fixes) == (Severity.HIGH, ("fix-reference",))
    assert "does not exist" in finding.summary


def test_a_missing_secret_of_a_definition_that_nothing_runs_is_medium() -> None:
    (finding,) = b.found("ECS-IAM-033", account({"DB": SECRET}, missing=[SECRET], runs=False))
    assert finding.severity == Severity.MEDIUM


def test_a_secret_that_was_not_read_is_not_missing() -> None:
    gap = Gap(call="secretsmanager:DescribeSecret", reason="denied", target=SECRET, unknown=("secrets",))
    assert b.found("ECS-IAM-033", account({"DB": SECRET}, gaps=[gap])) == ()


def test_a_malformed_reference_is_not_a_missing_secret() -> None:
    wrong = f"{SECRET}:password"
    assert b.found("ECS-IAM-033", account({"DB": wrong}, missing=[wrong])) == ()


@pytest.mark.parametrize("value", ["/prod/token", PARAMETER])
def test_a_parameter_that_does_not_exist(value: str) -> None:
    (finding,) = b.found("ECS-IAM-034", account({"TOKEN": value}, missing=[PARAMETER]))
    assert finding.severity == Severity.HIGH
    assert finding.summary == "web:1 takes the parameter /prod/token, which does not exist."


def test_a_parameter_of_another_region() -> None:
    there = Parameter(arn=b.arn("ssm", "parameter/prod/token", region="us-east-1"), name="/prod/token")
    elsewhere = account({"TOKEN": "/prod/token"}, missing=[PARAMETER], parameters=[there])
    (finding,) = b.found("ECS-IAM-034", elsewhere)
    assert "exists in us-east-1: give its ARN" in finding.consequence


@pytest.mark.parametrize(
    "fields",
    [
        {"parameters": [Parameter(arn=PARAMETER, name="/prod/token")]},
        {"gaps": [Gap(call="ssm:DescribeParameters", reason="denied", unknown=("parameters",))]},
    ],
    ids=["there", "not read"],
)
def test_a_parameter_that_is_not_known_to_be_missing(fields: dict[str, Any]) -> None:
    assert b.found("ECS-IAM-034", account({"TOKEN": "/prod/token"}, **fields)) == ()


CREATING = {"awslogs-group": "/ecs/web", "awslogs-region": b.REGION, "awslogs-create-group": "true"}
MAY_CREATE = {"logs": b.document(b.allow("logs:CreateLogGroup"))}


@pytest.mark.parametrize(
    ("logs", "roles", "missing", "fires"),
    [
        ("/ecs/web", [], [GROUP], True),
        (CREATING, [b.role("web-exec")], [GROUP], True),
        (CREATING, [b.role("web-exec", inline=MAY_CREATE)], [GROUP], False),
        ("/ecs/web", [], [], False),
        (CREATING, [b.role("web-exec")], [], False),
    ],
    ids=["missing", "may not create it", "creates it", "not known to be missing", "there"],
)
def test_log_groups(logs: Any, roles: list[Any], missing: list[str], fires: bool) -> None:
    found = b.found("ECS-IAM-035", account(logs=logs, roles=roles, missing=missing))
    assert [item.severity for item in found] == ([Severity.HIGH] if fires else [])


@pytest.mark.parametrize("missing", [True, False])
def test_the_log_group_of_sessions(missing: bool) -> None:
    log = ExecuteCommandLogConfiguration(cloud_watch_log_group_name="/ecs/web")
    execute = ExecuteCommandConfiguration(logging="OVERRIDE", log_configuration=log)
    cluster = b.cluster(configuration=ClusterConfiguration(execute_command_configuration=execute))
    found = b.found("ECS-IAM-035", b.snapshot(clusters=[cluster], missing=[GROUP] if missing else []))
    assert [(item.node, item.severity) for item in found] == (
        [(b.cluster_arn(), Severity.MEDIUM)] if missing else []
    )


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (f"{SECRET}:password", "after the name come no parts, or exactly three"),
        (f"{SECRET}:password:AWSCURRENT", "after the name come no parts, or exactly three"),
        (f"{SECRET}:a:b:c:d", "after the name come no parts, or exactly three"),
        (f"{SECRET}::AWSCURRENT:11111111-2222-3333-4444-555555555555", "only one may be given"),
        ("arn:aws:s3:::bucket/key", "neither a secret nor a parameter"),
        ("", "empty"),
        ("${aws_secret.db}", "neither an ARN nor the name"),
        (SECRET.replace("arn:aws:", "arn:aws-cn:"), "another partition"),
    ],
)
def test_a_value_from_that_ecs_cannot_read(value: str, words: str) -> None:
    (finding,) = b.found("ECS-IAM-037", account({"DB": value}))
    assert finding.severity == Severity.HIGH
    assert words in finding.summary
    assert finding.evidence[0].where == "containerDefinitions.app.secrets.DB"


def test_what_may_be_a_secret_itself_is_not_repeated() -> None:
    (finding,) = b.found("ECS-IAM-037", account({"DB": "correct horse battery staple"}))
    assert "horse" not in repr(finding)


def test_secrets_of_the_log_driver_are_read_too() -> None:
    options = (Secret(name="splunk-token", value_from=f"{SECRET}:key"),)
    log = LogConfiguration(log_driver="splunk", secret_options=options)
    made = b.snapshot(task_definitions=[b.definition("web", b.container(log_configuration=log))])
    (finding,) = b.found("ECS-IAM-037", made)
    assert "splunk-token" in finding.summary


@pytest.mark.parametrize("value", [*WAYS, "TOKEN", "/prod/token", "/prod/token:3", PARAMETER])
def test_a_value_from_that_ecs_reads(value: str) -> None:
    assert b.found("ECS-IAM-037", account({"DB": value})) == ()
