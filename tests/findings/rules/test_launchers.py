"""Roles of what starts tasks."""

from typing import Any

import pytest

from ecsiam_tui.account.launchers import EcsParameters, Rule, RunTaskTarget, Schedule, StateMachine
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.findings.finding import Severity
from tests.findings import builders as b

TO_TASKS = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
RUN = b.allow("ecs:RunTask", b.definition_arn("job:*"))
PASS = b.allow("iam:PassRole", [b.role_arn("job-task"), b.role_arn("job-exec")], Condition=TO_TASKS)
PASS_ONE = b.allow("iam:PassRole", b.role_arn("job-task"), Condition=TO_TASKS)
PASS_ALL = b.allow("iam:PassRole", Condition=TO_TASKS)
RUN_ALL = b.allow("ecs:RunTask")
TRUSTS = {
    "rule": "events.amazonaws.com",
    "schedule": "scheduler.amazonaws.com",
    "state": "states.amazonaws.com",
}


def launching(kind: str, *statements: dict[str, Any], state: str = "ENABLED", role: bool = True) -> Snapshot:
    """A rule, schedule or state machine `nightly` that runs `job:1` with the role `launcher`."""
    arn = b.role_arn("launcher") if role else None
    target = RunTaskTarget(
        arn=b.cluster_arn(),
        role_arn=arn,
        ecs_parameters=EcsParameters(task_definition_arn=b.definition_arn("job:1"), launch_type="FARGATE"),
    )
    fields: dict[str, Any] = {}
    if kind == "rule":
        rule = Rule(arn=b.arn("events", "rule/nightly"), name="nightly", state=state, targets=(target,))
        fields["rules"] = [rule]
    elif kind == "schedule":
        schedule = b.arn("scheduler", "schedule/default/nightly")
        fields["schedules"] = [Schedule(arn=schedule, name="nightly", state=state, target=target)]
    else:
        fields["state_machines"] = [
            StateMachine(
                state_machine_arn=b.arn("states", "stateMachine:nightly"),
                name="nightly",
                role_arn=arn,
                task_definitions=(b.definition_arn("job:1"),),
                clusters=(b.cluster_arn(),),
            )
        ]
    launcher = b.role(
        "launcher", trust=b.trust_policy(TRUSTS[kind]), inline={"run": b.document(*statements or (RUN,))}
    )
    return b.snapshot(
        roles=[launcher, b.role("job-task"), b.role("job-exec")],
        task_definitions=[b.definition("job", task_role="job-task", execution_role="job-exec")],
        **fields,
    )


def on(account: Snapshot) -> list[tuple[str, Severity]]:
    found = b.found("ECS-IAM-052", account)
    assert all(item.evidence for item in found)
    return [(item.node.rsplit("/", 1)[-1], item.severity) for item in found]


@pytest.mark.parametrize("kind", ["rule", "schedule", "state"])
@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([RUN, PASS], []),
        ([RUN, PASS_ONE], [("launcher", Severity.HIGH)]),
        ([PASS], [("launcher", Severity.HIGH)]),
        ([RUN, PASS_ALL], []),
        ([RUN_ALL, PASS], []),
        ([RUN_ALL, PASS_ALL], [("launcher", Severity.MEDIUM)]),
        ([b.allow("*")], [("launcher", Severity.MEDIUM)]),
    ],
)
def test_launcher_role(kind: str, statements: list[dict[str, Any]], expected: list[Any]) -> None:
    assert on(launching(kind, *statements)) == expected


def test_what_is_lacking_is_named_once_with_who_needs_it() -> None:
    (found,) = b.found("ECS-IAM-052", launching("schedule", RUN, PASS_ONE))
    assert found.summary == "launcher lacks iam:PassRole on job-exec, which nightly needs."
    assert found.nodes[1:] == (b.arn("scheduler", "schedule/default/nightly"),)
    assert found.consequence == "What nightly starts fails."


def test_disabled_launchers_are_low() -> None:
    assert on(launching("rule", RUN, PASS_ONE, state="DISABLED")) == [("launcher", Severity.LOW)]


def test_launcher_without_a_role_is_at_fault_itself() -> None:
    assert on(launching("rule", role=False)) == [("nightly", Severity.HIGH)]
