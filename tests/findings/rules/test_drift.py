"""Old revisions, revisions that are gone, stuck rollouts."""

from datetime import timedelta
from typing import Any

import pytest

from ecsiam_tui.account.ecs import Deployment, DeploymentController, Service
from ecsiam_tui.account.launchers import EcsParameters, Rule, RunTaskTarget, Schedule, StateMachine
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.tasks import Task, TaskDefinition
from ecsiam_tui.findings.finding import Severity
from tests.findings import builders as b

SERVICE = b.service_arn("web")


def revisions(*, status: str = "ACTIVE", **newest: Any) -> list[TaskDefinition]:
    """web:1, and web:2 with another image."""
    old = b.definition("web", latest=False, status=status)
    return [old, b.definition("web", b.container(image="web:2"), revision=2, **newest)]


def deployment(state: str, *, hours: float = 5, failed: int = 0, **fields: Any) -> Deployment:
    known = {"status": "PRIMARY", "task_definition": b.definition_arn("web:2"), **fields}
    created = b.NOW - timedelta(hours=hours)
    return Deployment(rollout_state=state, created_at=created, failed_tasks=failed, **known)


def account(service: Service, definitions: list[TaskDefinition], **fields: Any) -> Snapshot:
    return b.snapshot(services=[service], task_definitions=definitions, **fields)


def test_an_older_revision_than_the_newest() -> None:
    (finding,) = b.found("ECS-IAM-040", account(b.service(runs="web:1"), revisions()))
    assert (finding.node, finding.severity) == (SERVICE, Severity.MEDIUM)
    assert finding.summary == "web runs revision 1; 2 is registered."
    assert finding.consequence == "web:2 changes image of app."


def test_another_role_is_named() -> None:
    (finding,) = b.found("ECS-IAM-040", account(b.service(), revisions(task_role="other")))
    assert "the task role" in finding.consequence


@pytest.mark.parametrize(
    ("service", "definitions"),
    [
        (b.service(runs="web:2"), revisions()),
        (b.service(runs="web:1"), revisions(registered_at=b.NOW - timedelta(minutes=10))),
        (b.service(runs="web:1"), revisions(status="INACTIVE")),
        (b.service(runs="web:1", status="INACTIVE"), revisions()),
        (b.service(runs="web:2", deployments=(deployment("COMPLETED"),)), revisions()),
    ],
    ids=["newest", "just registered", "told of by another rule", "deleted", "rolled out"],
)
def test_no_drift(service: Service, definitions: list[TaskDefinition]) -> None:
    assert b.found("ECS-IAM-040", account(service, definitions)) == ()


@pytest.mark.parametrize(
    ("found", "running", "words"),
    [
        (deployment("FAILED"), 1, "could not roll web:2 out"),
        (deployment("IN_PROGRESS", failed=3), 0, "is stuck rolling web:2 out"),
        (deployment("IN_PROGRESS", failed=3, hours=1), 0, ""),
        (deployment("IN_PROGRESS", failed=0), 0, ""),
        (deployment("IN_PROGRESS", failed=3), 1, ""),
        (deployment("FAILED", status="ACTIVE"), 1, ""),
    ],
)
def test_rollouts(found: Deployment, running: int, words: str) -> None:
    service = b.service(runs="web:2", running_count=running, deployments=(found,))
    told = b.found("ECS-IAM-040", account(service, revisions()))
    assert bool(told) == bool(words)
    if told:
        assert words in told[0].summary


def task(revision: int, status: str = "RUNNING") -> Task:
    return Task(
        task_arn=b.arn("ecs", f"task/prod/{revision}"),
        cluster_arn=b.cluster_arn(),
        task_definition_arn=b.definition_arn(f"web:{revision}"),
        group="service:web",
        last_status=status,
    )


@pytest.mark.parametrize(
    ("tasks", "fields", "fires"),
    [
        ([task(1)], {"deployments": (deployment("COMPLETED"),)}, True),
        ([task(2)], {"deployments": (deployment("COMPLETED"),)}, False),
        ([task(1, "STOPPED")], {"deployments": (deployment("COMPLETED"),)}, False),
        ([task(1)], {"deployments": (deployment("IN_PROGRESS"),)}, False),
        ([task(1)], {"deployment_controller": DeploymentController(type="CODE_DEPLOY")}, False),
    ],
)
def test_tasks_of_another_revision(tasks: list[Task], fields: dict[str, Any], fires: bool) -> None:
    made = account(b.service(runs="web:2", **fields), revisions(), tasks=tasks)
    assert [item.node for item in b.found("ECS-IAM-040", made)] == ([SERVICE] if fires else [])


def schedule(name: str = "web:1", *, state: str = "ENABLED") -> Schedule:
    return Schedule(arn=b.arn("scheduler", "schedule/default/s"), name="s", state=state, target=target(name))


def target(name: str) -> RunTaskTarget:
    value = name if name.startswith("arn:") else b.definition_arn(name)
    return RunTaskTarget(id="t", arn=b.cluster_arn(), ecs_parameters=EcsParameters(task_definition_arn=value))


def launchers(name: str) -> dict[str, dict[str, Any]]:
    rule = Rule(arn=b.arn("events", "rule/r"), name="r", state="ENABLED", targets=(target(name),))
    machine = StateMachine(
        state_machine_arn=b.arn("states", "stateMachine:m"), name="m", task_definitions=(name,)
    )
    return {
        "schedule": {"schedules": [schedule(name)]},
        "rule": {"rules": [rule]},
        "state machine": {"state_machines": [machine]},
    }


@pytest.mark.parametrize("status", ["INACTIVE", "DELETE_IN_PROGRESS"])
def test_a_service_with_a_deregistered_revision(status: str) -> None:
    (finding,) = b.found("ECS-IAM-041", account(b.service(), revisions(status=status)))
    assert (finding.node, finding.severity) == (SERVICE, Severity.MEDIUM)
    assert finding.summary == f"web uses web:1, which is {status}."
    assert "web:2 is the newest ACTIVE revision." in finding.consequence


def test_a_service_whose_revision_does_not_exist() -> None:
    (finding,) = b.found("ECS-IAM-041", account(b.service(), [], missing=[b.definition_arn("web:1")]))
    assert finding.severity == Severity.HIGH


@pytest.mark.parametrize("kind", ["schedule", "rule", "state machine"])
def test_a_launcher_with_a_deregistered_revision_fails(kind: str) -> None:
    made = b.snapshot(task_definitions=revisions(status="INACTIVE"), **launchers("web:1")[kind])
    (finding,) = b.found("ECS-IAM-041", made)
    assert (finding.severity, finding.fixes) == (Severity.HIGH, ("update-schedule",))
    assert b.found("ECS-IAM-053", made) == ()


@pytest.mark.parametrize(
    "made",
    [
        account(b.service(), revisions()),
        account(b.service(), []),
        b.snapshot(task_definitions=revisions(status="INACTIVE"), schedules=[schedule(state="DISABLED")]),
    ],
    ids=["ACTIVE", "not read", "switched off"],
)
def test_revisions_that_are_there_or_not_known_to_be_gone(made: Snapshot) -> None:
    assert b.found("ECS-IAM-041", made) == ()


@pytest.mark.parametrize("kind", ["schedule", "rule", "state machine"])
def test_a_launcher_with_an_old_revision(kind: str) -> None:
    (finding,) = b.found("ECS-IAM-053", b.snapshot(task_definitions=revisions(), **launchers("web:1")[kind]))
    assert finding.severity == Severity.MEDIUM
    assert "starts web:1; 2 is registered." in finding.summary


def test_a_schedule_that_is_off_matters_less() -> None:
    off = b.snapshot(task_definitions=revisions(), schedules=[schedule(state="DISABLED")])
    assert [item.severity for item in b.found("ECS-IAM-053", off)] == [Severity.LOW]


def test_targets_of_one_rule_make_one_finding() -> None:
    rule = Rule(arn=b.arn("events", "rule/r"), name="r", targets=(target("web:1"), target("web:1")))
    (finding,) = b.found("ECS-IAM-053", b.snapshot(task_definitions=revisions(), rules=[rule]))
    assert len(finding.evidence) == 2


@pytest.mark.parametrize("name", ["web:2", b.definition_arn("web:2").removesuffix(":2")])
@pytest.mark.parametrize("kind", ["schedule", "rule"])
def test_the_newest_revision_or_the_family_is_right(kind: str, name: str) -> None:
    made = b.snapshot(task_definitions=revisions(), **launchers(name)[kind])
    assert b.found("ECS-IAM-053", made) == ()
