"""The errors that a snapshot itself tells of."""

from datetime import timedelta
from typing import Any

import pytest

from ecsiam_tui.account.ecs import Deployment, Service, ServiceEvent
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.tasks import Container, Task
from ecsiam_tui.ecs.errors import Occurrence, explain_account
from ecsiam_tui.policy.account import AccountPolicies
from tests.ecs.builders import ACCOUNT, CLUSTER, NOW, arn, definition, role, role_arn

WEB = arn("ecs", "service/prod/web")
SECRET = arn("secretsmanager", "secret:prod/db-AbCdEf")
DEFINITION = definition({}, executionRoleArn=role_arn("web-exec"), taskRoleArn=role_arn("web-task"))
STEADY = "(service web) has reached a steady state."
PLACEMENT = (
    "(service web) was unable to place a task because no container instance met all of its requirements."
)


def event(message: str, minutes: int = 0) -> ServiceEvent:
    return ServiceEvent(id="1", created_at=NOW - timedelta(minutes=minutes), message=message)


def service(*events: ServiceEvent, **more: Any) -> Service:
    fields: dict[str, Any] = {
        "service_arn": WEB,
        "service_name": "web",
        "cluster_arn": CLUSTER,
        "task_definition": DEFINITION.task_definition_arn,
    }
    return Service(**(fields | {"events": events} | more))


def task(number: int, reason: str | None = None, group: str = "service:web", **more: Any) -> Task:
    fields: dict[str, Any] = {
        "task_arn": arn("ecs", f"task/prod/{number:032x}"),
        "cluster_arn": CLUSTER,
        "task_definition_arn": DEFINITION.task_definition_arn,
        "group": group,
        "last_status": "STOPPED",
        "stopped_reason": reason,
        "stopped_at": NOW - timedelta(minutes=number),
    }
    return Task(**(fields | more))


def missing_secret(session: str = "0" * 32) -> str:
    return (
        "ResourceInitializationError: unable to pull secrets or registry auth: AccessDeniedException: User:"
        f" arn:aws:sts::{ACCOUNT}:assumed-role/web-exec/{session} is not authorized to perform:"
        f" secretsmanager:GetSecretValue on resource: {SECRET}"
    )


def found(*tasks: Task, services: tuple[Service, ...] = (), judged: bool = False) -> tuple[Occurrence, ...]:
    snapshot = Snapshot(
        account_id=ACCOUNT,
        taken_at=NOW,
        services=services,
        tasks=tasks,
        task_definitions=(DEFINITION,),
        roles=(role("web-exec"), role("web-task")),
    )
    return explain_account(snapshot, AccountPolicies(snapshot) if judged else None)


@pytest.mark.parametrize(
    "message",
    [
        STEADY,
        "(service web) has started 1 tasks: (task 0123).",
        "(service web) registered 1 targets in (target-group arn:aws:elasticloadbalancing:x)",
        "(service web) deregistered 2 targets in (target-group arn:aws:elasticloadbalancing:x)",
        "(service web) has stopped 1 running tasks: (task 0123).",
        "(service web) has begun draining connections on 1 tasks.",
        "(service web, taskSet ecs-svc/1) has begun draining connections on 1 tasks.",
        "(service web) (deployment ecs-svc/1) deployment completed.",
    ],
)
def test_dull_events_are_passed_over(message: str) -> None:
    assert found(services=(service(event(message)),)) == ()


def test_an_event() -> None:
    (one,) = found(services=(service(event(STEADY), event(PLACEMENT, 1), event(PLACEMENT, 9)),))
    assert (one.node, one.subject, one.where, one.count) == (WEB, WEB, "service event", 2)
    assert one.at == NOW - timedelta(minutes=1)
    assert one.explained.category == "configuration"


def test_tasks_of_a_service_are_about_the_service() -> None:
    newest, oldest = task(1, missing_secret("a" * 32)), task(5, missing_secret("b" * 32))
    (one,) = found(oldest, newest, services=(service(),), judged=True)
    assert (one.subject, one.node, one.where, one.count) == (WEB, newest.task_arn, "stopped task", 2)
    assert one.explained.role == role_arn("web-exec")
    assert one.explained.decision is not None


def test_a_task_without_a_service_is_about_its_definition() -> None:
    (one,) = found(task(1, missing_secret(), group="family:web"))
    assert one.subject == DEFINITION.task_definition_arn


def test_the_same_error_in_event_task_and_container_is_one() -> None:
    text = missing_secret()
    stopped = task(1, text, containers=(Container(name="app", reason=text),))
    (one,) = found(
        stopped, services=(service(event(f"(service web) was unable to place a task. Reason: {text}")),)
    )
    assert one.count == 3


def test_a_consequence_gives_way_to_its_cause() -> None:
    failed = Deployment(
        rollout_state="FAILED",
        rollout_state_reason="ECS deployment circuit breaker: tasks failed to start.",
        updated_at=NOW,
    )
    (alone,) = found(services=(service(deployments=(failed,)),))
    assert (alone.where, alone.explained.rule) == ("deployment", "deployment-failed")
    (one,) = found(task(1, missing_secret()), services=(service(deployments=(failed,)),))
    assert one.explained.action == "secretsmanager:GetSecretValue"


def test_a_text_that_names_no_role_means_that_of_the_task() -> None:
    reason = "ResourceInitializationError: failed to download env files: AccessDenied: Access Denied"
    (one,) = found(task(1, reason), services=(service(),))
    assert one.explained.role == role_arn("web-exec")
    reason = "failed to invoke EFS utils commands: mount.nfs4: access denied by server while mounting"
    (one,) = found(task(1, reason), services=(service(),))
    assert one.explained.role == role_arn("web-task")


def test_tasks_that_were_stopped_on_purpose() -> None:
    assert found(task(1, "Scaling activity initiated by (deployment ecs-svc/1)"), task(2, None)) == ()


def test_running_tasks_have_no_reason() -> None:
    assert found(task(1, None, last_status="RUNNING")) == ()


def test_the_demo_account(demo_snapshot: Snapshot) -> None:
    found = explain_account(demo_snapshot, AccountPolicies(demo_snapshot))
    by_service = {one.subject.rsplit("/", 1)[-1]: one.explained for one in found}
    assert by_service["payments-api"].action == "secretsmanager:GetSecretValue"
    assert by_service["payments-api"].decision is not None
    assert by_service["loyalty"].category == "trust"
    assert "no role loyalty-task" in by_service["loyalty"].now
    assert by_service["exports"].action == "elasticfilesystem:ClientMount"


def test_many_dull_events_are_passed_over() -> None:
    events = tuple(event(STEADY, minute) for minute in range(100))
    services = tuple(service(*events) for _ in range(500))
    assert found(services=services) == ()
