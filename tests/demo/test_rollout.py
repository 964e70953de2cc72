"""Deployments of the demo account move as ECS moves them, by what the roles of the task definition may do."""

from collections.abc import Iterator
from typing import Any

import pytest

from ecsiam_tui.aws.execute import Executor
from ecsiam_tui.changes.sending import Rollout
from ecsiam_tui.demo.ground import ACCOUNT
from ecsiam_tui.demo.source import DemoSource
from tests.demo.conftest import Quiet

SERVICE = f"arn:aws:ecs:eu-west-1:{ACCOUNT}:service/prod/catalog"
TASK_TRUST = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",'
    '"Principal":{"Service":"%s.amazonaws.com"}}]}'
)


@pytest.fixture(scope="module")
def demo() -> Iterator[DemoSource]:
    source = DemoSource()

    class Loading(Quiet):
        def partial(self, snapshot: Any) -> None: ...

    source.load(Loading())
    yield source
    source.close()


def roll_out(demo: DemoSource, **given: Any) -> list[Rollout]:
    """Every new look at a deployment until nothing changes any more."""
    ecs = demo.session.client("ecs")
    made = ecs.update_service(cluster="prod", service="catalog", **given)["service"]
    primary = next(one for one in made["deployments"] if one["status"] == "PRIMARY")
    assert (primary["rolloutState"], primary["runningCount"]) == ("IN_PROGRESS", 0)
    looks: list[Rollout] = []
    for _ in range(4):
        look = Executor(demo.session).rollout(SERVICE, primary["id"], "")
        if look not in looks:
            looks.append(look)
    return looks


def circuit_breaker(*, rollback: bool) -> dict[str, Any]:
    return {
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "deploymentCircuitBreaker": {"enable": True, "rollback": rollback},
    }


def tasks(ecs: Any) -> set[str]:
    """Those of catalog; moto lists the cluster's whatever service is asked for."""
    arns = ecs.list_tasks(cluster="prod", serviceName="catalog")["taskArns"]
    found = ecs.describe_tasks(cluster="prod", tasks=arns)["tasks"]
    return {one["taskArn"] for one in found if one["group"] == "service:catalog"}


def test_tasks_of_a_deployment_run(demo: DemoSource) -> None:
    ecs = demo.session.client("ecs")
    before = tasks(ecs)
    looks = roll_out(demo, forceNewDeployment=True)
    assert [one.state for one in looks] == ["in progress", "completed"]
    assert looks[-1].is_proven
    service = ecs.describe_services(cluster="prod", services=["catalog"])["services"][0]
    after = tasks(ecs)
    assert len(after) == service["desiredCount"] == service["runningCount"]
    assert not before & after
    assert [one["status"] for one in service["deployments"]] == ["PRIMARY"]


@pytest.fixture
def broken(demo: DemoSource) -> Iterator[str]:
    """A revision of catalog whose execution role may nothing."""
    ecs, iam = demo.session.client("ecs"), demo.session.client("iam")
    old = ecs.describe_services(cluster="prod", services=["catalog"])["services"][0]["taskDefinition"]
    described = ecs.describe_task_definition(taskDefinition=old)["taskDefinition"]
    role = iam.create_role(RoleName="may-nothing", AssumeRolePolicyDocument=TASK_TRUST % "ecs-tasks")["Role"]
    wanted = ("family", "taskRoleArn", "networkMode", "containerDefinitions", "requiresCompatibilities")
    given = {key: described[key] for key in (*wanted, "cpu", "memory") if key in described}
    made = ecs.register_task_definition(**given, executionRoleArn=role["Arn"])["taskDefinition"]
    yield made["taskDefinitionArn"]
    ecs.update_service(cluster="prod", service="catalog", taskDefinition=old)
    iam.delete_role(RoleName="may-nothing")


def test_tasks_that_may_not_fail_and_say_what(demo: DemoSource, broken: str) -> None:
    plain = {"maximumPercent": 200, "minimumHealthyPercent": 100}
    last = roll_out(demo, taskDefinition=broken, deploymentConfiguration=plain)[-1]
    assert (last.state, last.failed, last.running) == ("failing", 3, 0)
    assert "assumed-role/may-nothing/" in last.reason
    assert "is not authorized to perform: " in last.reason


def test_a_role_that_cannot_be_assumed_makes_an_event(demo: DemoSource, broken: str) -> None:
    iam = demo.session.client("iam")
    iam.update_assume_role_policy(RoleName="may-nothing", PolicyDocument=TASK_TRUST % "lambda")
    last = roll_out(demo, taskDefinition=broken)[-1]
    assert (last.state, last.failed) == ("failing", 0)
    assert "ECS was unable to assume the role 'arn:aws:iam::123456789012:role/may-nothing'" in last.reason


@pytest.mark.parametrize(("rollback", "state"), [(False, "failed"), (True, "rolled back")])
def test_a_circuit_breaker_ends_it(demo: DemoSource, broken: str, rollback: bool, state: str) -> None:
    breaker = circuit_breaker(rollback=rollback)
    looks = roll_out(demo, taskDefinition=broken, deploymentConfiguration=breaker)
    assert state in [one.state for one in looks]
    ecs = demo.session.client("ecs")
    now = ecs.describe_services(cluster="prod", services=["catalog"])["services"][0]["taskDefinition"]
    assert (now == broken) != rollback
