"""Whether a requirement is met: identity policies, boundary, resource and key policies, trust, and gaps."""

import json
from typing import Any

import msgspec
import pytest

from ecsiam_tui.account.iam import Role
from ecsiam_tui.account.snapshot import Snapshot
from tests.ecs.builders import (
    ACCOUNT,
    CLUSTER,
    REGION,
    TASKS,
    allow,
    arn,
    asked,
    definition,
    needs,
    role,
    role_arn,
    shown,
    snapshot,
    trust,
)

SECRET = arn("secretsmanager", "secret:db-AbCdEf")
KEY = arn("kms", "key/1")
READS = allow("secretsmanager:GetSecretValue", on=SECRET)
WITH_SECRET = {"secrets": [{"name": "DB", "valueFrom": f"{SECRET}:password::"}]}


def account(*roles: Role, container: dict[str, Any] | None = None, **fields: Any) -> Snapshot:
    made = definition(
        WITH_SECRET if container is None else container,
        executionRoleArn=role_arn("exec"),
        **fields.pop("made", {}),
    )
    return snapshot(task_definitions=[made], roles=list(roles), **fields)


def status(found: Snapshot, *ids: str) -> list[tuple[str, str]]:
    """Status and note of what is asked."""
    return [(one.status, one.note) for one in asked(found, *(ids or ("SEC1",)))]


def test_met_and_missing() -> None:
    assert status(account(role("exec", READS))) == [("met", "")]
    assert status(account(role("exec"))) == [("missing", "no policy of the role allows it")]


def test_the_arn_with_its_json_key_never_matches() -> None:
    wrong = allow("secretsmanager:GetSecretValue", on=f"{SECRET}:password::")
    assert status(account(role("exec", wrong)))[0][0] == "missing"


def test_the_singular_action_does_not_help() -> None:
    container = {"secrets": [{"name": "DB", "valueFrom": "/db"}]}
    singular = account(role("exec", allow("ssm:GetParameter")), container=container)
    assert status(singular, "SEC2")[0][0] == "missing"
    assert (
        status(account(role("exec", allow("ssm:GetParameters")), container=container), "SEC2")[0][0] == "met"
    )


def test_a_boundary_blocks() -> None:
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/limit"
    policy = {"PolicyName": "limit", "Arn": boundary, "Document": allow("logs:*"), "DefaultVersionId": "v1"}
    found = account(role("exec", READS, boundary=boundary), policies=[policy])
    assert status(found) == [("missing", "the permissions boundary does not allow it")]


def test_a_boundary_that_was_not_read_is_unknown() -> None:
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/limit"
    ((found, note),) = status(account(role("exec", READS, boundary=boundary)))
    assert found == "unknown"
    assert "which was not read" in note


def test_an_explicit_deny() -> None:
    deny = json.dumps({"Statement": [{"Effect": "Deny", "Action": "secretsmanager:*", "Resource": "*"}]})
    assert status(account(role("exec", READS, deny))) == [("missing", "denied by a policy")]


def test_a_condition_that_nobody_knows_beforehand() -> None:
    conditional = allow("secretsmanager:GetSecretValue", on=SECRET, StringEquals={"aws:SourceVpce": "vpce-1"})
    assert status(account(role("exec", conditional))) == [("depends", "depends on aws:SourceVpce")]


def test_the_region_is_known() -> None:
    here = allow("ecr:GetAuthorizationToken", StringEquals={"aws:RequestedRegion": REGION})
    image = {"image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/web:1"}
    assert status(account(role("exec", here), container=image), "ECR1") == [("met", "")]


@pytest.mark.parametrize(
    ("key_policy", "expected"),
    [
        ("root", "met"),
        (None, "missing"),
        ("unread", "unknown"),
    ],
)
def test_a_key_needs_its_own_policy(key_policy: str | None, expected: str) -> None:
    to_root = json.dumps(
        {
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                    "Action": "kms:*",
                    "Resource": "*",
                }
            ]
        }
    )
    other = json.dumps(
        {
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/other"},
                    "Action": "kms:*",
                    "Resource": "*",
                }
            ]
        }
    )
    key = {"Arn": KEY, "KeyId": "1", "KeyManager": "CUSTOMER", "Policy": to_root if key_policy else other}
    keys = [] if key_policy == "unread" else [key]
    secret = {"ARN": SECRET, "Name": "db", "KmsKeyId": KEY}
    found = account(role("exec", READS, allow("kms:Decrypt", on=KEY)), keys=keys, secrets=[secret])
    assert status(found, "SEC4")[0][0] == expected


def test_another_accounts_repository_is_not_verified() -> None:
    image = {"image": f"210987654321.dkr.ecr.{REGION}.amazonaws.com/web:1"}
    found = account(role("exec", allow("ecr:*")), container=image)
    assert {one[0] for one in status(found, "ECR2")} == {"unknown"}
    assert status(found, "ECR1") == [("met", "")]


# Roles that are not there -----------------------------------------------------------------------------------


def test_no_role_at_all() -> None:
    found = snapshot(task_definitions=[definition(WITH_SECRET)])
    assert status(found) == [("missing", "no task execution role is given")]


def test_a_role_that_does_not_exist() -> None:
    assert status(account()) == [("missing", "role exec does not exist")]


def test_roles_that_were_not_read() -> None:
    gap = {"call": "iam:GetAccountAuthorizationDetails", "reason": "denied", "unknown": ["roles"]}
    assert status(account(gaps=[gap])) == [("unknown", "role exec was not read")]


def test_a_short_name_is_resolved_with_its_path() -> None:
    pathed = msgspec.structs.replace(
        role("exec", READS), arn=f"arn:aws:iam::{ACCOUNT}:role/team/exec", path="/team/"
    )
    found = snapshot(
        task_definitions=[definition(WITH_SECRET, executionRoleArn="exec")],
        roles=[pathed],
    )
    assert status(found) == [("met", "")]


# Trust ------------------------------------------------------------------------------------------------------

SOURCE_ACCOUNT = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
TRUSTS: list[tuple[str, str, str]] = [
    ("tasks", trust(TASKS), "met"),
    ("another service", trust("ec2.amazonaws.com"), "missing"),
    ("the account", trust(TASKS, condition=SOURCE_ACCOUNT), "met"),
    ("another account", trust(TASKS, condition={"StringEquals": {"aws:SourceAccount": "2" * 12}}), "missing"),
    (
        "every cluster",
        trust(TASKS, condition={"ArnLike": {"aws:SourceArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:*"}}),
        "met",
    ),
    ("one cluster", trust(TASKS, condition={"ArnLike": {"aws:SourceArn": CLUSTER}}), "missing"),
    (
        "another region",
        trust(TASKS, condition={"ArnLike": {"aws:SourceArn": f"arn:aws:ecs:us-east-1:{ACCOUNT}:*"}}),
        "missing",
    ),
    (
        "a wildcard that StringEquals takes literally",
        trust(TASKS, condition={"StringEquals": {"aws:SourceArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:*"}}),
        "missing",
    ),
    ("an external id", trust(TASKS, condition={"StringEquals": {"sts:ExternalId": "x"}}), "missing"),
]


@pytest.mark.parametrize(
    ("trusts", "expected"), [case[1:] for case in TRUSTS], ids=[case[0] for case in TRUSTS]
)
def test_trust_is_a_requirement(trusts: str, expected: str) -> None:
    found = account(role("exec", READS, trusts=trusts))
    assert [one.status for one in asked(found, "TRUST")] == [expected]


# EC2 --------------------------------------------------------------------------------------------------------


def on_ec2(*roles: Role, execution_role: str = "") -> Snapshot:
    """A service on EC2 with a private image, on one container instance with the role `host`."""
    image = {"image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/web:1"}
    fields = {"executionRoleArn": execution_role} if execution_role else {}
    made = definition(image, requiresCompatibilities=["EC2"], **fields)
    profile = f"arn:aws:iam::{ACCOUNT}:instance-profile/host"
    return snapshot(
        task_definitions=[made],
        roles=list(roles),
        clusters=[{"clusterArn": CLUSTER, "clusterName": "prod"}],
        services=[
            {
                "serviceArn": arn("ecs", "service/prod/web"),
                "serviceName": "web",
                "clusterArn": CLUSTER,
                "launchType": "EC2",
                "taskDefinition": made.task_definition_arn,
            }
        ],
        container_instances=[
            {
                "containerInstanceArn": arn("ecs", "container-instance/prod/1"),
                "clusterArn": CLUSTER,
                "ec2InstanceId": "i-1",
            }
        ],
        instances=[{"InstanceId": "i-1", "IamInstanceProfile": {"Arn": profile}}],
        instance_profiles=[{"InstanceProfileName": "host", "Arn": profile, "RoleArns": [role_arn("host")]}],
    )


PULLS = allow("ecr:*")


@pytest.mark.parametrize(
    ("found", "kind", "expected"),
    [
        (on_ec2(role("host", PULLS)), "container-instance", "met"),
        (on_ec2(role("host")), "container-instance", "missing"),
        (on_ec2(role("exec", PULLS), execution_role=role_arn("exec")), "task-execution", "met"),
        # AWS's pages disagree on who pulls: said, and not failed.
        (
            on_ec2(role("exec"), role("host", PULLS), execution_role=role_arn("exec")),
            "task-execution",
            "depends",
        ),
        (on_ec2(role("exec"), role("host"), execution_role=role_arn("exec")), "task-execution", "missing"),
    ],
)
def test_who_pulls_on_ec2(found: Snapshot, kind: str, expected: str) -> None:
    (token,) = asked(found, "ECR1")
    assert (token.requirement.role_kind, token.status) == (kind, expected)


def test_no_instance_was_seen() -> None:
    found = msgspec.structs.replace(on_ec2(), container_instances=())
    (token,) = asked(found, "ECR1")
    assert (token.status, token.note) == ("unknown", "no container instance of the cluster was seen")


def test_the_agent_of_an_instance() -> None:
    found = on_ec2(role("host", PULLS, trusts=trust("ec2.amazonaws.com")))
    assert {one.requirement.action for one in asked(found, "INST") if one.status == "missing"} == {
        "ecs:DiscoverPollEndpoint",
        "ecs:Poll",
        "ecs:RegisterContainerInstance",
        "ecs:StartTelemetrySession",
        "ecs:SubmitContainerStateChange",
        "ecs:SubmitTaskStateChange",
    }
    agent = on_ec2(role("host", PULLS, allow("ecs:*"), trusts=trust("ec2.amazonaws.com")))
    assert {one.status for one in asked(agent, "INST")} == {"met"}


# Launchers --------------------------------------------------------------------------------------------------


def scheduled(*roles: Role, **target: Any) -> Snapshot:
    made = definition(executionRoleArn=role_arn("exec"), taskRoleArn=role_arn("task"))
    return snapshot(
        task_definitions=[made],
        roles=[role("exec"), role("task"), *roles],
        schedules=[
            {
                "Arn": arn("scheduler", "schedule/nightly/clean"),
                "Name": "clean",
                "GroupName": "nightly",
                "Target": {
                    "Arn": CLUSTER,
                    "RoleArn": role_arn("scheduler"),
                    "EcsParameters": {"TaskDefinitionArn": made.task_definition_arn},
                    **target,
                },
            }
        ],
    )


GROUP = arn("scheduler", "schedule-group/nightly")
SCHEDULER = trust("scheduler.amazonaws.com", condition={"StringEquals": {"aws:SourceArn": GROUP}})
RUNS = allow("ecs:RunTask", on=arn("ecs", "task-definition/web:*"), ArnEquals={"ecs:cluster": CLUSTER})
PASSES = allow("iam:PassRole", on=role_arn("exec"), StringEquals={"iam:PassedToService": TASKS})


def test_a_schedule_runs_and_passes_both_roles() -> None:
    found = scheduled(role("scheduler", RUNS, PASSES, trusts=SCHEDULER))
    by_resource = {one.requirement.resource: one.status for one in asked(found, "SCHED")}
    assert by_resource == {
        arn("ecs", "task-definition/web:1"): "met",
        role_arn("exec"): "met",
        role_arn("task"): "missing",
    }
    trusted = [one for one in asked(found, "TRUST") if one.requirement.role_kind == "scheduler"]
    assert [one.status for one in trusted] == ["met"]


def test_overrides_of_a_schedule_are_passed_instead() -> None:
    overrides = {"taskRoleArn": role_arn("exec")}
    found = scheduled(role("scheduler", RUNS, PASSES, trusts=SCHEDULER), Overrides=overrides)
    assert {one.status for one in asked(found, "SCHED")} == {"met"}


def test_a_bare_family_is_its_newest_revision() -> None:
    family = arn("ecs", "task-definition/web")
    found = scheduled(
        role("scheduler", RUNS, PASSES, trusts=SCHEDULER), EcsParameters={"TaskDefinitionArn": family}
    )
    runs = next(one for one in asked(found, "SCHED") if one.requirement.action == "ecs:RunTask")
    assert (runs.requirement.resource, runs.status) == (f"{family}:*", "met")


# By node and by role ----------------------------------------------------------------------------------------


def test_needs_are_found_by_node_and_by_role() -> None:
    found = needs(account(role("exec", READS)))
    made = found.around.snapshot.task_definitions[0]
    assert shown(list(found.of(made.task_definition_arn))) == shown(list(found.of_role(role_arn("exec"))))
    assert [workload.title for workload in found.users_of(role_arn("exec"))] == ["web:1"]
    assert found.of("nothing") == ()


def test_the_same_question_is_asked_once() -> None:
    found = needs(account(role("exec", READS)))
    first = found.judge.all([one.requirement for one in found.all])
    again = found.judge.all([one.requirement for one in found.all])
    assert [one.decision for one in first] == [one.decision for one in again]
    assert all(a.decision is b.decision for a, b in zip(first, again, strict=True))
