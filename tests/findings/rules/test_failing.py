"""Failing services, tied to what AWS says of them."""

from datetime import timedelta
from typing import Any

import pytest

from ecsiam_tui.account.ecs import Deployment, ServiceEvent
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.tasks import Task
from ecsiam_tui.findings.finding import Severity
from tests.findings import builders as b

SECRET = b.arn("secretsmanager", "secret:web/db-AbCdEf")
PULL_FAILED = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval"
    " failed: "
)
DENIED = (
    f"{PULL_FAILED}unable to retrieve secret from asm: service call has been retried 1 time(s): failed to"
    f" fetch secret {SECRET} from secrets manager: AccessDeniedException: User:"
    f" arn:aws:sts::{b.ACCOUNT}:assumed-role/web-exec/0123456789abcdef0123456789abcdef is not authorized to"
    f" perform: secretsmanager:GetSecretValue on resource: {SECRET} because no identity-based policy allows"
    " the secretsmanager:GetSecretValue action"
)
UNTRUSTED = (
    "(service web) failed to launch a task with (error ECS was unable to assume the role"
    f" '{b.role_arn('web-task')}' that was provided for this task. Please verify that the role being passed"
    " has the proper trust relationship and permissions and that your IAM user has permissions to pass this"
    " role.)."
)
TIMEOUT = (
    f"{PULL_FAILED}unable to retrieve ecr registry auth: service call has been retried 3 time(s):"
    ' RequestError: send request failed caused by: Post "https://api.ecr.eu-west-1.amazonaws.com/": dial tcp'
    " 10.0.0.1:443: i/o timeout"
)
READS = {"read": b.document(b.allow("secretsmanager:GetSecretValue", SECRET))}


def stopped(reason: str, *, group: str = "service:web", minutes: int = 10) -> Task:
    return Task(
        task_arn=b.arn("ecs", "task/prod/1"),
        cluster_arn=b.cluster_arn(),
        task_definition_arn=b.definition_arn("web:1"),
        group=group,
        last_status="STOPPED",
        stopped_reason=reason,
        stopped_at=b.NOW - timedelta(minutes=minutes),
    )


def event(message: str, minutes: int = 10) -> ServiceEvent:
    return ServiceEvent(id=str(minutes), message=message, created_at=b.NOW - timedelta(minutes=minutes))


def account(
    *, running: int = 0, execution: Any = None, task_role: Any = None, tasks: Any = (), **service: Any
) -> Snapshot:
    container = b.container(secrets={"DB": SECRET})
    definition = b.definition("web", container, task_role="web-task", execution_role="web-exec")
    return b.snapshot(
        roles=[execution or b.role("web-exec"), *([task_role] if task_role else [])],
        task_definitions=[definition],
        services=[b.service("web", "web:1", running_count=running, **service)],
        tasks=list(tasks),
    )


def test_a_denied_secret() -> None:
    made = account(tasks=[stopped(DENIED)])
    (finding,) = b.found("ECS-IAM-042", made)
    assert finding.nodes == (b.service_arn("web"), b.role_arn("web-exec"))
    assert finding.severity == Severity.HIGH
    assert finding.summary.startswith("web fails: web-exec may not secretsmanager:GetSecretValue on ")
    assert "still deny this" in finding.consequence
    assert finding.fixes == ("allow-missing-actions",)
    assert finding.evidence[0].kind == "event"
    assert "is not authorized" in finding.evidence[0].text


def test_what_the_policies_allow_by_now_needs_a_new_start_alone() -> None:
    made = account(tasks=[stopped(DENIED)], execution=b.role("web-exec", inline=READS))
    (finding,) = b.found("ECS-IAM-042", made)
    assert (finding.severity, finding.fixes) == (Severity.MEDIUM, ())
    assert "they were changed since" in finding.consequence


@pytest.mark.parametrize(
    ("task_role", "words", "fixes"),
    [
        (None, "There is no role web-task", ("fix-reference", "create-task-role")),
        (
            b.role("web-task", trust=b.trust_policy("ec2.amazonaws.com")),
            "does not let ecs-tasks.amazonaws.com in",
            ("repair-trust",),
        ),
    ],
    ids=["gone", "does not trust"],
)
def test_a_role_that_cannot_be_assumed(task_role: Any, words: str, fixes: tuple[str, ...]) -> None:
    (finding,) = b.found("ECS-IAM-042", account(task_role=task_role, events=(event(UNTRUSTED),)))
    assert finding.severity == Severity.HIGH
    assert finding.summary == "web fails: ECS cannot assume web-task."
    assert words in finding.consequence
    assert finding.fixes == fixes


def test_a_network_failure_is_not_for_iam_to_mend() -> None:
    (finding,) = b.found("ECS-IAM-042", account(tasks=[stopped(TIMEOUT)]))
    assert (finding.severity, finding.fixes) == (Severity.MEDIUM, ())
    assert finding.nodes == (b.service_arn("web"),)


def test_several_errors_make_one_finding() -> None:
    made = account(tasks=[stopped(TIMEOUT)], events=(event(UNTRUSTED),))
    (finding,) = b.found("ECS-IAM-042", made)
    assert len(finding.evidence) == 2
    assert "cannot assume web-task" in finding.summary
    assert "1 more kind of error" in finding.summary


def test_a_task_that_no_service_started() -> None:
    (finding,) = b.found("ECS-IAM-042", account(running=1, tasks=[stopped(DENIED, group="family:web")]))
    assert (finding.node, finding.severity) == (b.definition_arn("web:1"), Severity.MEDIUM)


def test_tasks_that_failed_without_a_word() -> None:
    failed = Deployment(status="PRIMARY", rollout_state="IN_PROGRESS", failed_tasks=4)
    (finding,) = b.found("ECS-IAM-042", account(deployments=(failed,)))
    assert finding.severity == Severity.MEDIUM
    assert finding.summary == "web fails: 4 tasks failed, and nothing says why."


STEADY = "(service web) has reached a steady state."


@pytest.mark.parametrize(("steady", "running", "fires"), [(5, 1, False), (5, 0, True), (20, 1, True)])
def test_what_a_service_has_got_over_is_past(steady: int, running: int, fires: bool) -> None:
    made = account(running=running, tasks=[stopped(DENIED)], events=(event(STEADY, steady),))
    assert bool(b.found("ECS-IAM-042", made)) == fires


@pytest.mark.parametrize(
    "made",
    [
        account(running=1),
        account(running=1, events=(event(STEADY),)),
        account(running=1, tasks=[stopped("Scaling activity initiated by (deployment ecs-svc/1)")]),
        account(tasks=[stopped("Essential container in task exited", group="family:web")], running=1),
    ],
    ids=["quiet", "steady", "scaled in", "ended by itself"],
)
def test_services_that_do_not_fail(made: Snapshot) -> None:
    assert b.found("ECS-IAM-042", made) == ()
