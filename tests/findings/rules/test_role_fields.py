"""Fields that name roles."""

from typing import Any

import pytest

from ecsiam_tui.account.ecs import LogConfiguration
from ecsiam_tui.account.launchers import EcsParameters, JobDefinition, RunTaskTarget, Schedule
from ecsiam_tui.account.snapshot import Gap, Snapshot
from ecsiam_tui.account.tasks import Task, TaskDefinition, TaskOverride
from ecsiam_tui.findings.finding import Severity
from tests.findings import builders as b

SECRET = b.arn("secretsmanager", "secret:web/db-AbCdEf")
IMAGE = f"{b.ACCOUNT}.dkr.ecr.{b.REGION}.amazonaws.com/web:1"
FIREHOSE = LogConfiguration(log_driver="awsfirelens", options={"Name": "firehose", "delivery_stream": "logs"})
ON_EC2 = {"requires_compatibilities": ("EC2",), "network_mode": "bridge"}


def account(definition: TaskDefinition, *, service: dict[str, Any] | None = None, **fields: Any) -> Snapshot:
    """One service `web` that runs one task definition, unless `service` is empty."""
    services = () if service == {} else (b.service(**(service or {})),)
    known = {"roles": (b.role("web-task"), b.role("web-exec")), **fields}
    return b.snapshot(task_definitions=(definition,), services=services, **known)


def on(rule: str, snapshot: Snapshot) -> list[tuple[str, Severity]]:
    """Where a rule finds something, by the last part of the node, and how bad."""
    return [(finding.node.rsplit("/", 1)[-1], finding.severity) for finding in b.found(rule, snapshot)]


HERE = [("web:1", Severity.HIGH)]


@pytest.mark.parametrize(
    ("container", "definition", "service", "expected"),
    [
        ({"secrets": {"DB": SECRET}}, {}, {}, [("web:1", Severity.MEDIUM)]),  # nothing runs it
        ({"secrets": {"DB": SECRET}}, {}, None, HERE),
        ({"secrets": {"DB": SECRET}}, ON_EC2, {"launch_type": "EC2"}, HERE),
        ({"image": IMAGE}, {}, None, HERE),
        ({"logs": "/ecs/web"}, {}, None, HERE),
        # The container instance's role pulls and logs where there is no execution role.
        ({"image": IMAGE, "logs": "/ecs/web"}, ON_EC2, {"launch_type": "EC2"}, []),
        # Where it will run is open: perhaps there, too.
        ({"logs": "/ecs/web"}, {"requires_compatibilities": ()}, {}, []),
        ({}, {}, None, []),
        ({"secrets": {"DB": SECRET}}, {"execution_role": "web-exec"}, None, []),
    ],
)
def test_execution_role_is_missing(
    container: dict[str, Any], definition: dict[str, Any], service: Any, expected: list[tuple[str, Severity]]
) -> None:
    found = b.definition("web", b.container(**container), **definition)
    assert on("ECS-IAM-001", account(found, service=service)) == expected


def test_execution_role_of_a_task_may_come_from_its_overrides() -> None:
    definition = b.definition("web", b.container(secrets={"DB": SECRET}))
    task = Task(
        task_arn=b.arn("ecs", "task/prod/0001"),
        cluster_arn=b.cluster_arn(),
        task_definition_arn=definition.task_definition_arn,
        last_status="RUNNING",
        launch_type="FARGATE",
        overrides=TaskOverride(execution_role_arn=b.role_arn("web-exec")),
    )
    assert on("ECS-IAM-001", account(definition, service={}, tasks=(task,))) == []


@pytest.mark.parametrize(
    ("container", "definition", "service", "expected"),
    [
        ({}, {}, {"enable_execute_command": True}, HERE),
        ({"log_configuration": FIREHOSE}, {}, None, HERE),
        ({"log_configuration": FIREHOSE}, ON_EC2, {"launch_type": "EC2"}, [("web:1", Severity.MEDIUM)]),
        ({}, {}, None, []),
        ({}, {"task_role": "web-task"}, {"enable_execute_command": True}, []),
    ],
)
def test_task_role_is_missing(
    container: dict[str, Any], definition: dict[str, Any], service: Any, expected: list[tuple[str, Severity]]
) -> None:
    found = b.definition("web", b.container(**container), **definition)
    snapshot = account(found, service=service)
    assert on("ECS-IAM-003", snapshot) == expected
    certain = [not finding.rests_on for finding in b.found("ECS-IAM-003", snapshot)]
    assert certain == [severity == Severity.HIGH for _, severity in expected]


def test_same_role_twice() -> None:
    definition = b.definition(task_role="web-task", execution_role="web-task")
    (finding,) = b.found("ECS-IAM-007", account(definition))
    assert finding.nodes == (b.definition_arn("web:1"), b.role_arn("web-task"), b.service_arn("web"))
    assert finding.summary == "web:1 has web-task as task role and as task execution role."


@pytest.mark.parametrize(
    ("task", "execution", "fires"),
    [
        ("web-task", b.role_arn("web-task"), True),  # a short name is the same role
        ("web-task", b.role_arn("web-exec"), False),
        ("web-task", None, False),
        (None, None, False),
    ],
)
def test_same_role_by_whatever_name(task: str | None, execution: str | None, fires: bool) -> None:
    definition = TaskDefinition(
        task_definition_arn=b.definition_arn("web:1"),
        family="web",
        revision=1,
        latest=True,
        task_role_arn=task,
        execution_role_arn=execution,
    )
    assert bool(on("ECS-IAM-007", account(definition))) is fires


def test_role_that_does_not_exist() -> None:
    (finding,) = b.found("ECS-IAM-008", account(b.definition(task_role="gone", execution_role="web-exec")))
    assert finding.nodes == (b.definition_arn("web:1"), b.role_arn("gone"), b.service_arn("web"))
    assert finding.severity == Severity.CRITICAL
    assert finding.evidence[0].where == "taskRoleArn"
    assert finding.summary == (
        "The task definition web:1 names the role gone, which the account does not have."
    )


def test_missing_roles_of_one_definition_are_one_finding() -> None:
    (finding,) = b.found("ECS-IAM-008", account(b.definition(task_role="gone", execution_role="lost")))
    assert finding.summary.count("gone") == finding.summary.count("lost") == 1
    assert len(finding.evidence) == 2


GONE = b.definition(task_role="gone")
NOT_LISTED = Gap(call="iam:GetAccountAuthorizationDetails", reason="denied", unknown=("roles",))


@pytest.mark.parametrize(
    ("snapshot", "expected"),
    [
        (account(GONE, service={}), [("web:1", Severity.MEDIUM)]),
        (account(b.definition(task_role="web-task")), []),
        (account(GONE, gaps=(NOT_LISTED,)), []),
        # An old revision that nothing runs.
        (
            b.snapshot(
                task_definitions=(b.definition(task_role="gone", latest=False), b.definition(revision=2)),
                services=(b.service(runs="web:2"),),
            ),
            [],
        ),
        (
            b.snapshot(
                job_definitions=(
                    JobDefinition(
                        job_definition_arn=b.arn("batch", "job-definition/train:1"),
                        job_definition_name="train",
                        status="INACTIVE",
                        role_arns=(b.role_arn("gone"),),
                    ),
                )
            ),
            [],
        ),
        (
            b.snapshot(
                job_definitions=(
                    JobDefinition(
                        job_definition_arn=b.arn("batch", "job-definition/train:1"),
                        job_definition_name="train",
                        status="ACTIVE",
                        role_arns=(b.role_arn("gone"),),
                    ),
                )
            ),
            [("train:1", Severity.CRITICAL)],
        ),
    ],
    ids=["nothing runs it", "exists", "not listed", "old revision", "withdrawn job", "job"],
)
def test_role_that_does_not_exist_matters(snapshot: Snapshot, expected: list[tuple[str, Severity]]) -> None:
    assert on("ECS-IAM-008", snapshot) == expected


@pytest.mark.parametrize(("owner", "fires"), [(b.OTHER, True), (b.ACCOUNT, False)])
def test_role_of_another_account(owner: str, fires: bool) -> None:
    definition = TaskDefinition(
        task_definition_arn=b.definition_arn("web:1"),
        family="web",
        revision=1,
        latest=True,
        task_role_arn=b.role_arn("web-task", owner),
    )
    found = b.found("ECS-IAM-009", account(definition))
    assert [finding.node for finding in found] == [b.definition_arn("web:1")] * fires
    assert all(b.OTHER in finding.summary for finding in found)
    assert on("ECS-IAM-008", account(definition)) == []


def by_hand(role: str | None, status: str = "RUNNING") -> Snapshot:
    task = Task(
        task_arn=b.arn("ecs", "task/prod/0001"),
        cluster_arn=b.cluster_arn(),
        task_definition_arn=b.definition_arn("web:1"),
        last_status=status,
        overrides=TaskOverride(task_role_arn=role and b.role_arn(role)),
    )
    return account(b.definition(task_role="web-task"), service={}, tasks=(task,))


@pytest.mark.parametrize(
    ("snapshot", "fires"),
    [
        (by_hand("web-exec"), True),
        (by_hand("web-task"), False),
        (by_hand(None), False),
        (by_hand("web-exec", "STOPPED"), False),
    ],
)
def test_roles_of_overrides(snapshot: Snapshot, fires: bool) -> None:
    found = b.found("ECS-IAM-065", snapshot)
    assert [finding.node for finding in found] == [b.arn("ecs", "task/prod/0001")] * fires
    assert all("web-exec as task role instead of web-task" in finding.summary for finding in found)


def test_roles_of_a_schedules_overrides() -> None:
    schedule = Schedule(
        arn=b.arn("scheduler", "schedule/default/nightly"),
        name="nightly",
        target=RunTaskTarget(
            arn=b.cluster_arn(),
            ecs_parameters=EcsParameters(task_definition_arn=b.definition_arn("web:1")),
            overrides=TaskOverride(execution_role_arn=b.role_arn("web-task")),
        ),
    )
    snapshot = account(b.definition(execution_role="web-exec"), service={}, schedules=(schedule,))
    (finding,) = b.found("ECS-IAM-065", snapshot)
    assert finding.nodes == (schedule.arn, b.role_arn("web-task"), b.definition_arn("web:1"))
    assert "the schedule nightly" in finding.summary.lower()
