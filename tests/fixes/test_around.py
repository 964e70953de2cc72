"""Recipes for rollouts, launchers, versions, unused roles and resources: on small accounts."""

import json
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from ecsiam_tui.account.ecs import (
    ClusterConfiguration,
    Deployment,
    DeploymentController,
    ExecuteCommandConfiguration,
    ExecuteCommandLogConfiguration,
)
from ecsiam_tui.account.iam import PolicyVersion
from ecsiam_tui.account.launchers import EcsParameters, Rule, RunTaskTarget, Schedule
from ecsiam_tui.account.resources import (
    Bucket,
    Repository,
    SecretResource,
)
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.tasks import (
    EnvironmentFile,
)
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.applying import apply_all
from ecsiam_tui.changes.inverting import inverse_of_all
from ecsiam_tui.findings.registry import run_rule
from ecsiam_tui.fixes.fix import Answers
from tests.findings import builders as b
from tests.fixes.accounts import DB, GROUP, KEY, QUEUE, READ, account, fixes, kinds, written

# Rollouts, launchers ----------------------------------------------------------------------------------------


def stuck(**fields: Any) -> Snapshot:
    deployment = Deployment(
        id="1",
        status="PRIMARY",
        rollout_state="FAILED",
        failed_tasks=3,
        task_definition=b.definition_arn("web:1"),
    )
    linked = b.role(
        "AWSServiceRoleForECS",
        path="/aws-service-role/ecs.amazonaws.com/",
        trust=b.trust_policy("ecs.amazonaws.com"),
    )
    return account(
        roles=[b.role("web-exec"), b.role("web-task"), linked],
        services=[b.service(deployments=(deployment,), running_count=0, **fields)],
    )


def test_a_rollout_that_would_fail_again_waits_for_its_cause() -> None:
    there = stuck()
    (fix,) = fixes("ECS-IAM-040", replace(there, roles=there.roles[:2]), "roll-out-revision")
    assert fix.changes == ()
    assert "ECS-IAM-050" in fix.warnings[0]


def test_a_rollout_that_nothing_keeps_from_working_is_tried_again() -> None:
    there = stuck()
    (fix,) = fixes("ECS-IAM-040", there, "roll-out-revision")
    assert fix.changes == (
        c.UpdateService(service=b.service_arn("web"), force_new_deployment=True, why="deploy it anew"),
    )
    (deployment,) = apply_all(fix.changes, there).services[0].deployments
    assert (deployment.rollout_state, deployment.failed_tasks) == ("IN_PROGRESS", 0)


def test_what_codedeploy_deploys_is_left_to_it() -> None:
    (fix,) = fixes(
        "ECS-IAM-040",
        stuck(deployment_controller=DeploymentController(type="CODE_DEPLOY")),
        "roll-out-revision",
    )
    assert (fix.changes, "CodeDeploy" in fix.title) == ((), True)


def test_a_rule_and_a_schedule_start_the_newest_revision() -> None:
    old, new = b.definition("web", latest=False), b.definition("web", revision=2, task_role="web-task")
    launch = b.role(
        "launch",
        trust=b.trust_policy("scheduler.amazonaws.com", "events.amazonaws.com"),
        inline={"run": b.document(b.allow("ecs:RunTask", b.definition_arn("web:*")))},
    )
    target = RunTaskTarget(
        arn=b.cluster_arn(),
        id="t",
        role_arn=launch.arn,
        ecs_parameters=EcsParameters(task_definition_arn=old.task_definition_arn, launch_type="FARGATE"),
    )
    schedule = Schedule(arn=b.arn("scheduler", "schedule/default/s"), name="s", target=target)
    rule = Rule(arn=b.arn("events", "rule/r"), name="r", targets=(target,))
    for field, launcher, kind in (
        ("schedules", schedule, "UpdateSchedule"),
        ("rules", rule, "PutRuleTarget"),
    ):
        there = account(
            roles=[launch, b.role("web-task")],
            services=[],
            task_definitions=[old, new],
            **{field: [launcher]},
        )
        (fix,) = fixes("ECS-IAM-053", there, "update-schedule")
        # The new revision has a role that the launcher may not pass yet.
        assert kinds(fix) == ["PutRolePolicy", kind]
        later = apply_all(fix.changes, there)
        assert apply_all(inverse_of_all(fix.changes, there), later) == there


# Policies' versions, unused roles ---------------------------------------------------------------------------


def versioned() -> Snapshot:
    versions = tuple(
        PolicyVersion(version_id=f"v{number}", is_default_version=number == 1) for number in (2, 1)
    )
    own = b.policy("app", b.document(b.allow("sqs:SendMessage", QUEUE)), policy_version_list=versions)
    return account(roles=[b.role("web-task", attached=(own.arn,)), b.role("web-exec")], policies=[own])


def test_what_is_in_force_is_confirmed_or_what_is_newer_deleted() -> None:
    confirm, delete, told = fixes("ECS-IAM-043", versioned(), "set-default-version")
    assert confirm.changes == (
        c.CreatePolicyVersion(
            policy=b.policy_arn("app"), document=versioned().policies[0].document, why="confirm it"
        ),
    )
    assert kinds(delete) == ["DeletePolicyVersion"]
    assert told.changes == ()


def test_the_newest_is_made_the_default_by_who_has_read_it() -> None:
    found = fixes("ECS-IAM-043", versioned(), "set-default-version", {"read": ("yes",)})
    fix = next(one for one in found if kinds(one) == ["SetDefaultPolicyVersion"])
    assert "not known here" in fix.warnings[0]
    assert fix.breadth == 2


def idle(*inline: tuple[str, Any]) -> Snapshot:
    old = b.role(
        "old",
        create_date=b.NOW - timedelta(days=900),
        inline={name: b.document(statement) for name, statement in inline},
    )
    return b.snapshot(roles=[old])


NOTHING = {"Effect": "Deny", "Action": "*", "Resource": "*"}


def test_a_role_in_quarantine_is_dealt_with() -> None:
    quarantine, delete = fixes("ECS-IAM-047", idle(), "quarantine-role")
    assert kinds(quarantine) == ["PutRolePolicy"]
    assert kinds(delete) == ["DeleteRole"]
    later = apply_all(quarantine.changes, idle())
    assert run_rule("ECS-IAM-047", b.facts(later)) == ()
    assert apply_all(inverse_of_all(quarantine.changes, idle()), later) == idle()


@pytest.mark.parametrize(
    "inline",
    [
        ("other", NOTHING),
        ("quarantine", {**NOTHING, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}),
        ("quarantine", {**NOTHING, "Action": "s3:*"}),
    ],
)
def test_what_only_looks_like_a_quarantine_is_none(inline: tuple[str, Any]) -> None:
    assert run_rule("ECS-IAM-047", b.facts(idle(inline)))


# Around it --------------------------------------------------------------------------------------------------


def test_sessions_are_logged_and_the_rest_of_the_setting_stays() -> None:
    execute = ExecuteCommandConfiguration(
        kms_key_id=KEY,
        logging="NONE",
        log_configuration=ExecuteCommandLogConfiguration(s3_bucket_name="sessions"),
    )
    cluster = b.cluster(configuration=ClusterConfiguration(execute_command_configuration=execute))
    there = account(
        b.container(logs="/ecs/web"),
        clusters=[cluster],
        services=[b.service(enable_execute_command=True)],
    )
    logged, off = fixes("ECS-IAM-054", there, "configure-exec-logging")
    later = apply_all(logged.changes, there)
    made = later.clusters[0].configuration
    assert made is not None
    assert made.execute_command_configuration is not None
    log = made.execute_command_configuration.log_configuration
    assert log is not None
    assert (log.cloud_watch_log_group_name, log.s3_bucket_name) == ("/ecs/exec/prod", "sessions")
    assert (made.execute_command_configuration.logging, made.execute_command_configuration.kms_key_id) == (
        "OVERRIDE",
        KEY,
    )
    assert kinds(logged) == ["PutRolePolicy", "CreateLogGroup", "UpdateClusterExec"]
    assert kinds(off) == ["UpdateService"]
    back = apply_all(inverse_of_all(logged.changes, there), later)
    assert (back.clusters, back.roles) == (there.clusters, there.roles)


@pytest.mark.parametrize(
    ("answer", "days"), [({}, 365), ({"retention": ("30",)}, 30), ({"retention": ("never",)}, None)]
)
def test_a_log_group_is_made_with_a_retention(answer: Answers, days: int | None) -> None:
    there = account(b.container(logs="/ecs/web"), missing=[GROUP])
    (fix,) = fixes("ECS-IAM-035", there, "create-log-group", answer)
    (change,) = fix.changes
    assert isinstance(change, c.CreateLogGroup)
    assert (change.log_group, change.retention_in_days) == (GROUP, days)


def test_a_repository_is_closed_and_the_rest_of_its_policy_stays() -> None:
    image = f"{b.ACCOUNT}.dkr.ecr.{b.REGION}.amazonaws.com/web:1"
    partner = {
        "Sid": "Partner",
        "Effect": "Allow",
        "Principal": {"AWS": b.OTHER},
        "Action": "ecr:BatchGetImage",
    }
    anybody = {
        "Sid": "All",
        "Effect": "Allow",
        "Principal": "*",
        "Action": ["ecr:BatchGetImage", "ecr:PutImage"],
    }
    repository = Repository(
        repository_arn=b.arn("ecr", "repository/web"),
        repository_name="web",
        policy=b.document(partner, anybody),
        images={image: True},
    )
    pull = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:GetAuthorizationToken"]
    own = {"pull": b.document(b.allow([*pull, "ecr:BatchCheckLayerAvailability"]))}
    there = account(b.container(image=image), inline=own, repositories=[repository])
    removed, pullers, account_alone = map(written, fixes("ECS-IAM-062", there, "set-resource-policy"))
    assert removed == [partner]
    assert pullers[0] == partner
    assert pullers[1]["Principal"] == {"AWS": b.role_arn("web-exec")}
    assert account_alone == [partner, {**anybody, "Principal": {"AWS": f"arn:aws:iam::{b.ACCOUNT}:root"}}]


def test_who_pulls_by_the_repository_s_policy_alone_keeps_that() -> None:
    image = f"{b.ACCOUNT}.dkr.ecr.{b.REGION}.amazonaws.com/web:1"
    repository = Repository(
        repository_arn=b.arn("ecr", "repository/web"),
        repository_name="web",
        policy=b.document({"Effect": "Allow", "Principal": "*", "Action": "ecr:*"}),
        images={image: True},
    )
    there = account(b.container(image=image), repositories=[repository])
    found = fixes("ECS-IAM-062", there, "set-resource-policy")
    assert [fix.breadth for fix in found] == [1]


def test_a_bucket_is_tied_to_the_account_and_other_services_are_not() -> None:
    file = "arn:aws:s3:::config/web.env"
    statement = b.allow(["s3:GetObject", "sqs:SendMessage"], "*", Sid="S")
    there = account(
        b.container(environment_files=(EnvironmentFile(value=file, type="s3"),)),
        inline={"read": b.document(statement)},
        buckets=[Bucket(name="config", arn="arn:aws:s3:::config", account_id=b.ACCOUNT)],
    )
    (fix,) = fixes("ECS-IAM-058", there, "add-resource-account-condition")
    (change,) = fix.changes
    assert isinstance(change, c.PutRolePolicy)
    tied, other = json.loads(change.document)["Statement"]
    assert tied["Condition"] == {"StringEquals": {"aws:ResourceAccount": b.ACCOUNT}}
    assert (tied["Action"], other["Action"]) == ("s3:GetObject", "sqs:SendMessage")
    assert "Condition" not in other


@pytest.mark.parametrize(("path", "count"), [("/aws-reserved/sso.amazonaws.com/", 0), ("/team/", 1)])
def test_roles_that_aws_keeps_are_not_touched(path: str, count: int) -> None:
    reader = b.role("web-exec", inline={"read": b.document(b.allow(READ, f"{DB}:password::"))})
    there = account(
        b.container(secrets={"DB": DB}),
        roles=[replace(reader, path=path), b.role("web-task")],
        secrets=[SecretResource(arn=DB, name="db")],
    )
    assert len(fixes("ECS-IAM-038", there, "fix-resource-pattern")) == count
