"""Edges of what starts tasks and deploys services."""

from typing import Any

import pytest

from ecsiam_tui.account.launchers import (
    DeploymentGroup,
    JobDefinition,
    Rule,
    ScalableTarget,
    Schedule,
    StateMachine,
)
from ecsiam_tui.graph import NodeKind
from tests.graph.builders import (
    CLUSTER,
    DEFINITION,
    ROLE,
    SERVICE,
    arn,
    cluster,
    convert,
    definition,
    estate,
    role,
    service,
    uses,
)

RULE = arn("events", "rule/nightly")
SCHEDULE = arn("scheduler", "schedule/default/nightly")
EXEC = arn("iam", "role/exec")


def _target(**fields: Any) -> dict[str, Any]:
    return {"Arn": CLUSTER, "EcsParameters": {"TaskDefinitionArn": DEFINITION}, **fields}


def test_a_rule_schedules_tasks_on_a_cluster_with_a_role() -> None:
    rule = convert(
        Rule,
        Arn=RULE,
        Name="nightly",
        State="DISABLED",
        Targets=[_target(RoleArn=ROLE, Overrides={"taskRoleArn": ROLE, "executionRoleArn": "exec"})],
    )
    graph = estate(clusters=(cluster(),), rules=(rule,), roles=(role(), role("exec")))
    assert uses(graph, RULE) == {
        ("uses-launcher-role", ROLE),
        ("schedules", DEFINITION),
        ("placed-on", CLUSTER),
        ("uses-task-role", ROLE),
        ("uses-execution-role", EXEC),
    }
    assert graph.node(RULE).note == "disabled"


@pytest.mark.parametrize(
    "value", [arn("ecs", "task-definition/web"), DEFINITION], ids=["family's ARN", "revision's ARN"]
)
def test_a_schedule_may_leave_the_revision_open(value: str) -> None:
    schedule = convert(
        Schedule, Arn=SCHEDULE, Name="nightly", Target=_target(EcsParameters={"TaskDefinitionArn": value})
    )
    graph = estate(clusters=(cluster(),), schedules=(schedule,), task_definitions=(definition(latest=True),))
    assert uses(graph, SCHEDULE) == {("schedules", DEFINITION), ("placed-on", CLUSTER)}


def test_a_state_machine_runs_the_task_definitions_it_names() -> None:
    machine = StateMachine(
        state_machine_arn=arn("states", "stateMachine:etl"),
        name="etl",
        role_arn=ROLE,
        task_definitions=("web", "other:1"),
    )
    graph = estate(state_machines=(machine,), task_definitions=(definition(latest=True),), roles=(role(),))
    assert uses(graph, machine.state_machine_arn) == {
        ("uses-launcher-role", ROLE),
        ("schedules", DEFINITION),
        ("schedules", arn("ecs", "task-definition/other:1")),
    }


def test_codedeploy_deploys_services_of_its_own_region_alone() -> None:
    def group(region: str, name: str) -> DeploymentGroup:
        record: DeploymentGroup = convert(
            DeploymentGroup,
            applicationName="shop",
            deploymentGroupName=name,
            region=region,
            serviceRoleArn=ROLE,
            ecsServices=[{"clusterName": "prod", "serviceName": "web"}],
        )
        return record

    graph = estate(
        clusters=(cluster(),),
        services=(service(),),
        deployment_groups=(group("eu-west-1", "here"), group("us-east-1", "away")),
        roles=(role(),),
    )
    assert uses(graph, "deployment-group:eu-west-1:shop/here") == {
        ("uses-launcher-role", ROLE),
        ("deploys", SERVICE),
    }
    assert uses(graph, "deployment-group:us-east-1:shop/away") == {("uses-launcher-role", ROLE)}


def test_auto_scaling_scales_a_service() -> None:
    def target(resource: str) -> ScalableTarget:
        return ScalableTarget(resource_id=resource, region="eu-west-1", role_arn=ROLE)

    graph = estate(
        services=(service(),),
        scalable_targets=(target("service/prod/web"), target("service/prod/gone")),
        roles=(role(),),
    )
    assert uses(graph, "scalable-target:eu-west-1:service/prod/web") == {
        ("uses-launcher-role", ROLE),
        ("scales", SERVICE),
    }
    assert uses(graph, "scalable-target:eu-west-1:service/prod/gone") == {("uses-launcher-role", ROLE)}


def test_batch_jobs_use_roles() -> None:
    job = JobDefinition(
        job_definition_arn=arn("batch", "job-definition/etl:1"),
        job_definition_name="etl",
        role_arns=(ROLE, EXEC),
    )
    graph = estate(job_definitions=(job,), roles=(role(), role("exec")))
    assert uses(graph, job.job_definition_arn) == {("uses-task-role", ROLE), ("uses-task-role", EXEC)}
    assert graph.node(job.job_definition_arn).kind is NodeKind.JOB_DEFINITION
