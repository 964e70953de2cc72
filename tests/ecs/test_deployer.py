"""The deployer's side, and the policies that give what is required."""

import json
from typing import Any

import pytest

from ecsiam_tui.ecs.deployer import to_deploy
from ecsiam_tui.ecs.from_file import UNKNOWN, guess_home
from ecsiam_tui.ecs.least_privilege import policies, policy
from ecsiam_tui.ecs.requirement import Necessity, Requirement
from ecsiam_tui.ecs.surroundings import Surroundings
from ecsiam_tui.ecs.workloads import workloads
from tests.ecs.builders import ACCOUNT, CLUSTER, REGION, TASKS, arn, definition, role_arn, snapshot

CI = role_arn("ci")


def deployed(tags: dict[str, str] | None = None, **service: Any) -> dict[tuple[str, str], Requirement]:
    """What it takes to deploy a service (without one: to run its definition)."""
    made = definition(executionRoleArn=role_arn("exec"), taskRoleArn=role_arn("task"), tags=tags or {})
    data = {
        "serviceArn": arn("ecs", "service/prod/web"),
        "serviceName": "web",
        "clusterArn": CLUSTER,
        "launchType": "FARGATE",
        "taskDefinition": made.task_definition_arn,
    }
    found = snapshot(
        task_definitions=[made],
        clusters=[{"clusterArn": CLUSTER, "clusterName": "prod"}],
        services=[data | service] if service.pop("deploy", True) else [],
    )
    around = Surroundings(found)
    (workload,) = workloads(around)
    return {(one.action, one.resource): one for one in to_deploy(workload, CI, around)}


def test_a_service_is_registered_rolled_out_and_its_roles_are_passed() -> None:
    found = deployed()
    assert set(found) == {
        ("ecs:RegisterTaskDefinition", arn("ecs", "task-definition/web:*")),
        ("ecs:DescribeTaskDefinition", "*"),
        ("ecs:UpdateService", arn("ecs", "service/prod/web")),
        ("ecs:DescribeServices", arn("ecs", "service/prod/web")),
        ("iam:PassRole", role_arn("exec")),
        ("iam:PassRole", role_arn("task")),
    }
    assert found["iam:PassRole", role_arn("task")].context["iam:PassedToService"] == TASKS
    update = found["ecs:UpdateService", arn("ecs", "service/prod/web")]
    assert update.context["ecs:cluster"] == CLUSTER
    assert {one.principal for one in found.values()} == {CI}


def test_tags_ask_for_tagging() -> None:
    tagging = deployed({"team": "shop"})["ecs:TagResource", arn("ecs", "task-definition/web:*")]
    assert tagging.context["ecs:CreateAction"] == "RegisterTaskDefinition"
    assert tagging.context["aws:RequestTag/team"] == "shop"


def test_what_is_no_service_is_run() -> None:
    found = deployed(deploy=False)
    assert ("ecs:RunTask", arn("ecs", "task-definition/web:1")) in found
    assert not any(action == "ecs:UpdateService" for action, _ in found)


def test_infrastructure_and_hook_roles_are_passed_to_ecs() -> None:
    volume = {"name": "data", "managedEBSVolume": {"roleArn": role_arn("infra")}}
    hook = {
        "targetType": "AWS_LAMBDA",
        "hookTargetArn": arn("lambda", "function:f"),
        "roleArn": role_arn("hook"),
    }
    found = deployed(
        deployments=[{"status": "PRIMARY", "volumeConfigurations": [volume]}],
        deploymentConfiguration={"lifecycleHooks": [hook]},
    )
    for name in ("infra", "hook"):
        assert found["iam:PassRole", role_arn(name)].context["iam:PassedToService"] == "ecs.amazonaws.com"


# Policies ---------------------------------------------------------------------------------------------------


def requirement(
    action: str, resource: str = "*", necessity: Necessity = "required", **context: str
) -> Requirement:
    return Requirement("X", "s", "task", "r", action, resource, "why", "source", context, necessity)


def test_actions_with_the_same_resources_share_a_statement() -> None:
    made = policy(
        [requirement("ecr:B", "repo"), requirement("ecr:A", "repo"), requirement("logs:C", "group")]
    )
    assert [(one["Action"], one["Resource"]) for one in made["Statement"]] == [
        (["ecr:A", "ecr:B"], "repo"),
        ("logs:C", "group"),
    ]


def test_resources_with_the_same_actions_share_a_statement() -> None:
    made = policy([requirement("ssm:GetParameters", "b"), requirement("ssm:GetParameters", "a")])
    assert [one["Resource"] for one in made["Statement"]] == [["a", "b"]]


def test_what_narrows_becomes_a_condition_and_the_rest_does_not() -> None:
    context = {"kms:ViaService": "ssm.eu-west-1.amazonaws.com", "aws:RequestedRegion": REGION}
    (statement,) = policy([requirement("kms:Decrypt", "key", **context)])["Statement"]
    assert statement["Condition"] == {"StringEquals": {"kms:ViaService": "ssm.eu-west-1.amazonaws.com"}}


@pytest.mark.parametrize(("account", "expected"), [(ACCOUNT, ACCOUNT), ("*", None), ("", None)])
def test_buckets_are_tied_to_their_account(account: str, expected: str | None) -> None:
    (statement,) = policy([requirement("s3:GetObject", "arn:aws:s3:::b/k")], account)["Statement"]
    owner = statement.get("Condition", {}).get("StringEquals", {}).get("aws:ResourceAccount")
    assert owner == expected


def test_guesses_are_left_out_and_trust_is_no_policy() -> None:
    assert policies([requirement("xray:Put", necessity="optional"), requirement("sts:AssumeRole")]) == {}


# Where a file belongs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "account", "region"),
    [
        (json.dumps({"image": f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/x"}), ACCOUNT, "eu-west-1"),
        ('{"awslogs-region": "us-east-2"}', "*", "us-east-2"),
        ('{"executionRoleArn": "arn:aws:iam::123456789012:role/x"}', ACCOUNT, "*"),
        ('{"secret": "arn:aws:ssm:ap-south-1:123456789012:parameter/x"}', ACCOUNT, "ap-south-1"),
        ("{}", "*", "*"),
    ],
)
def test_account_and_region_are_guessed(text: str, account: str, region: str) -> None:
    assert guess_home(text) == UNKNOWN._replace(account=account, region=region)
