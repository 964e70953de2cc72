"""`needs`: of a service, of a file that is not registered, and of whoever deploys."""

import json
from pathlib import Path
from typing import Any

import pytest

from ecsiam_tui.cli.errors import CommandError
from tests.cli.asking import answer, ask, data, flat

FILE: dict[str, Any] = {
    "family": "shop",
    "executionRoleArn": "arn:aws:iam::123456789012:role/payments-exec",
    "taskRoleArn": "arn:aws:iam::123456789012:role/checkout-task",
    "requiresCompatibilities": ["FARGATE"],
    "containerDefinitions": [
        {
            "name": "app",
            "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:${TAG}",
            "secrets": [{"name": "TOKEN", "valueFrom": "/prod/token"}],
            "mountPoints": [{"sourceVolume": "data", "containerPath": "/data"}],
            "logConfiguration": {
                "logDriver": "awsfirelens",
                "options": {"Name": "cloudwatch_logs", "log_group_name": "/shop", "region": "eu-west-1"},
            },
        },
        {"name": "router", "image": "fluent-bit", "firelensConfiguration": {"type": "fluentbit"}},
    ],
    "volumes": [
        {
            "name": "data",
            "efsVolumeConfiguration": {
                "fileSystemId": "fs-0a1b2c3d",
                "transitEncryption": "ENABLED",
                "authorizationConfig": {"iam": "ENABLED"},
            },
        }
    ],
}


@pytest.fixture
def definition(tmp_path: Path) -> str:
    """A task definition with secrets, EFS and FireLens."""
    path = tmp_path / "task-definition.json"
    path.write_text(json.dumps(FILE))
    return str(path)


# Of the account


def test_a_service_that_has_all_it_needs(file: str) -> None:
    text = ask("needs", "storefront", "--snapshot", file)
    assert "✗" not in text
    assert "task execution role" in text


def test_a_service_that_lacks_something_fails(file: str) -> None:
    text = flat(ask("needs", "payments-api", "--snapshot", file, code=1))
    assert "✗ missing secretsmanager:GetSecretValue on" in text
    assert "secret STRIPE_KEY of container api (no policy of the role allows it)" in text


def test_json_names_kind_action_resource_context_status_why_and_source(file: str) -> None:
    rows = data("needs", "payments-api", "--snapshot", file, code=1)
    fields = {"role_kind", "action", "resource", "context", "status", "why", "source"}
    assert all(fields <= row.keys() for row in rows)
    missing = [row for row in rows if row["status"] == "missing" and row["role_kind"] == "task-execution"]
    assert [row["action"] for row in missing] == ["secretsmanager:GetSecretValue"]
    assert missing[0]["role"].endswith("role/payments-exec")


def test_a_name_that_nothing_has(file: str) -> None:
    with pytest.raises(CommandError, match="did you mean storefront"):
        ask("needs", "storefrnt", "--snapshot", file)


def test_a_schedule(file: str) -> None:
    rows = data("needs", "nightly-reindex", "--snapshot", file, "--role-kind", "scheduler", code=1)
    assert {row["action"] for row in rows if row["status"] == "missing"} == {"iam:PassRole"}


def test_what_a_deployer_needs(file: str) -> None:
    rows = data("needs", "payments-api", "--snapshot", file, "--deployer", "github-deploy")
    assert {row["action"] for row in rows} == {
        "ecs:RegisterTaskDefinition",
        "ecs:DescribeTaskDefinition",
        "ecs:TagResource",
        "ecs:UpdateService",
        "ecs:DescribeServices",
        "iam:PassRole",
    }
    assert {row["status"] for row in rows} == {"met"}


def test_what_a_deployer_needs_for_a_cluster_and_for_a_tag(file: str) -> None:
    everything = data("needs", "--cluster", "prod", "--deployer", "checkout-task", "--snapshot", file, code=1)
    assert {row["status"] for row in everything if row["action"] == "ecs:UpdateService"} == {"missing"}
    assert len({row["resource"] for row in everything if row["action"] == "ecs:UpdateService"}) > 5
    with pytest.raises(CommandError, match="no service fits"):
        ask("needs", "--tag", "team=nobody", "--snapshot", file)


def test_nothing_is_named(file: str) -> None:
    assert "name a file, a service" in flat(answer("needs", "--snapshot", file, code=2).err)


# Of a file


def test_a_file_without_an_account_is_listed(definition: str) -> None:
    found = answer("needs", definition, "--exec")
    text = flat(found.out)
    for part in (
        "task execution role payments-exec",
        "ssm:GetParameters on arn:aws:ssm:eu-west-1:123456789012:parameter/prod/token",
        "elasticfilesystem:ClientMount, elasticfilesystem:ClientWrite on",
        "ssmmessages:OpenDataChannel",
        "logs:CreateLogStream, logs:PutLogEvents, logs:DescribeLogStreams on",
        '"Use Amazon EFS volumes with Amazon ECS"',
        "no account was asked",
    ):
        assert part in text
    assert "unresolved: containerDefinitions[0].image: ${TAG}" in found.err


def test_a_file_is_checked_against_an_account(definition: str, file: str) -> None:
    rows = data("needs", definition, "--snapshot", file, code=1)
    lacks = {(row["role_kind"], row["action"]) for row in rows if row["status"] == "missing"}
    assert ("task-execution", "ssm:GetParameters") in lacks
    assert ("task", "elasticfilesystem:ClientMount") in lacks
    assert {row["status"] for row in rows if row["action"] == "sts:AssumeRole"} == {"met"}


def test_exec_is_heard_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "td.json"
    path.write_text(json.dumps(FILE | {"enableExecuteCommand": True}))
    assert any(row["id"] == "EXEC1" and row["necessity"] == "required" for row in data("needs", str(path)))
    init = {"name": "app", "image": "x", "linuxParameters": {"initProcessEnabled": True}}
    path.write_text(json.dumps(FILE | {"containerDefinitions": [init]}))
    assert any(row["id"] == "EXEC1" and row["necessity"] == "optional" for row in data("needs", str(path)))


def test_a_file_that_forgets_the_execution_role(tmp_path: Path) -> None:
    path = tmp_path / "td.json"
    path.write_text(json.dumps({k: v for k, v in FILE.items() if k != "executionRoleArn"}))
    text = flat(ask("needs", str(path)))
    assert "✗ missing ssm:GetParameters" in text
    assert "the file names no task execution role" in text


def test_what_rests_on_a_placeholder_is_unknown(tmp_path: Path, file: str) -> None:
    path = tmp_path / "td.json"
    path.write_text(json.dumps(FILE | {"taskRoleArn": "arn:aws:iam::<ACCOUNT_ID>:role/app"}))
    rows = data("needs", str(path), "--snapshot", file, code=1)
    of_task = [row for row in rows if row["role_kind"] == "task"]
    assert of_task
    assert {row["status"] for row in of_task} == {"unknown"}
    assert {tuple(row["unresolved"]) for row in of_task} == {("<ACCOUNT_ID>",)}


def test_least_privilege_policies(definition: str, file: str) -> None:
    found = json.loads(answer("needs", definition, "--exec", "--emit-policy").out)
    assert set(found) == {"task-execution", "task"}
    (parameters,) = [
        statement
        for statement in found["task-execution"]["Statement"]
        if statement["Action"] == "ssm:GetParameters"
    ]
    assert parameters["Resource"] == "arn:aws:ssm:eu-west-1:123456789012:parameter/prod/token"
    one = json.loads(answer("needs", definition, "--emit-policy", "--role-kind", "task").out)
    assert one["Version"] == "2012-10-17"
    assert "ssmmessages" not in json.dumps(one)


def test_the_emitted_policy_gives_all_that_is_needed(definition: str, file: str, tmp_path: Path) -> None:
    """The policy goes through the engine: everything it was made for is allowed, and nothing else is."""
    rows = data("needs", definition, "--exec", "--role-kind", "task")
    policy = tmp_path / "policy.json"
    policy.write_text(answer("needs", definition, "--exec", "--emit-policy", "--role-kind", "task").out)
    simulate = ("simulate", "--principal", "notifications-task", "--snapshot", file, "--policy", str(policy))
    for row in rows:
        if row["action"] == "sts:AssumeRole":
            continue
        context = [f"--context={key}={value}" for key, value in row["context"].items()]
        asked = ("--action", row["action"], "--resource", row["resource"])
        (said,) = data(*simulate, *asked, *context)
        assert said["result"] == "Allowed", row


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    path = tmp_path / "td.json"
    path.write_text("[]")
    with pytest.raises(CommandError, match="no task definition in it"):
        ask("needs", str(path))
    with pytest.raises(CommandError, match="cannot be read"):
        ask("needs", str(tmp_path / "none.json"))
