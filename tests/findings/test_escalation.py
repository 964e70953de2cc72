"""Privilege escalation: groups, certainty, gains, the demo account, time."""

import time

import pytest

from ecsiam_tui.account.ecs import Cluster
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.findings.escalation import Escalations
from tests.findings.escalation_accounts import (
    ADMIN,
    CHANNELS,
    DEFINITION,
    DENY,
    LAUNCH,
    REGISTER,
    RUN,
    Expected,
    account,
    admin,
    check,
    escalations,
    group,
    passes,
    role,
    when,
)
from tests.graph import builders as make
from tests.graph.builders import arn, statement


def test_a_group_is_asked_even_if_nobody_is_in_it() -> None:
    found = escalations(account(admin(), group("start", passes(), LAUNCH))).path(arn("iam", "group/start"))
    check(found, Expected("admin", f"iam:PassRole {REGISTER} {RUN}"))


def test_a_certain_way_comes_before_a_shorter_possible_one() -> None:
    sure = {"AWS": arn("iam", "role/start")}
    middle = role("middle", trusts=sure)
    snapshot = account(
        admin({"AWS": [arn("iam", "role/middle"), arn("iam", "role/start")]}),
        middle,
        role(
            "start",
            statement("sts:AssumeRole", ADMIN, **DENY, **when("Bool", "aws:MultiFactorAuthPresent", "true")),
        ),
    )
    check(escalations(snapshot).path(arn("iam", "role/start")), Expected("middle admin", "sts:AssumeRole"))


def test_gains_name_the_strongest_role_and_count_the_others() -> None:
    shells = [
        make.task(
            f"t{number}",
            enableExecuteCommand=True,
            taskDefinitionArn=DEFINITION,
            overrides={"taskRoleArn": name},
            containers=[{"name": "app"}],
        )
        for number, name in enumerate(("small", "strong"))
    ]
    snapshot = account(
        role("small", statement("s3:GetObject"), CHANNELS),
        role("strong", statement("s3:*"), statement("dynamodb:*"), CHANNELS),
        role("start", statement("ecs:ExecuteCommand")),
        tasks=tuple(shells),
    )
    (gain,) = escalations(snapshot).gains(arn("iam", "role/start"))
    assert gain.target == arn("iam", "role/strong")
    assert "one of 2" in gain.steps[0].how
    assert gain.is_certain


def test_a_pipeline_gains_nothing_by_the_roles_that_it_names() -> None:
    web = role("web", statement("dynamodb:*"))
    named = role("start", passes(web.arn), LAUNCH)
    anything = role("start", passes(arn("iam", "role/*")), LAUNCH)
    assert escalations(account(web, named)).gains(named.arn) == ()
    assert [gain.target for gain in escalations(account(web, anything)).gains(anything.arn)] == [web.arn]


def test_nobody_gains_a_role_that_may_do_no_more() -> None:
    snapshot = account(role("small", statement("ecs:RunTask")), role("start", passes(), LAUNCH))
    assert escalations(snapshot).gains(arn("iam", "role/start")) == ()


def test_edges_put_administrators_first() -> None:
    snapshot = account(role("web", statement("s3:*")), admin(), role("start", passes(), LAUNCH))
    targets = [step.target for step in escalations(snapshot).edges(arn("iam", "role/start"))]
    assert targets == [ADMIN, arn("iam", "role/web")]


def test_circles_end() -> None:
    """Two roles that may become one another, and a third that is not reached."""
    one, two = arn("iam", "role/one"), arn("iam", "role/two")
    snapshot = account(role("one", trusts={"AWS": two}), role("two", trusts={"AWS": one}), admin())
    found = escalations(snapshot)
    assert found.path(one) is None
    assert [step.target for step in found.edges(one)] == [two]


@pytest.fixture(scope="module")
def demo(demo_snapshot: Snapshot) -> Escalations:
    return escalations(demo_snapshot)


def demo_arn(name: str) -> str:
    return f"arn:aws:iam::123456789012:{name}"


BUILDER = demo_arn("role/build-runner-task")


def test_demo_the_build_runner_is_an_administrator(demo: Escalations) -> None:
    assert "AdministratorAccess" in demo.admins()[BUILDER]
    assert demo.path(BUILDER) is None


def test_demo_deployers_run_the_build_runners_role(demo: Escalations) -> None:
    found = demo.path(demo_arn("group/deployers"))
    check(found, Expected("build-runner-task", f"iam:PassRole {REGISTER} {RUN}"))
    assert demo.path(demo_arn("group/developers")) is None


def test_demo_support_gets_into_tasks(demo: Escalations) -> None:
    support = demo_arn("role/support-oncall")
    found = demo.path(support)
    assert found is not None
    assert found.target == BUILDER
    assert found.is_certain
    steps = demo.edges(support)
    shells = {step.target.rsplit("/", 1)[-1] for step in steps if step.actions == ("ecs:ExecuteCommand",)}
    assert "identity-task" in shells
    assert "checkout-task" not in shells  # it lacks the channels of ECS Exec


@pytest.mark.parametrize("service", ["storefront", "search", "catalog", "queue-worker"])
@pytest.mark.parametrize("kind", ["task", "exec"])
def test_demo_healthy_roles_have_none(demo: Escalations, service: str, kind: str) -> None:
    role_arn = demo_arn(f"role/{service}-{kind}")
    assert role_arn in demo.account.principals
    assert demo.path(role_arn) is None
    assert demo.gains(role_arn) == ()
    assert role_arn not in demo.admins()


def test_many_roles_take_little_time() -> None:
    """Two thousand roles that could be passed by two hundred that may pass them; no pair is asked twice, and
    most are not asked at all."""
    several = [role(f"task-{number}", statement("s3:GetObject")) for number in range(2000)]
    several += [role(f"deploy-{number}", passes(arn("iam", "role/task-*")), LAUNCH) for number in range(200)]
    snapshot = account(admin({"Service": "ec2.amazonaws.com"}), *several)
    found = escalations(snapshot)
    start = time.process_time()
    assert not any(found.path(other.arn) for other in several)
    assert time.process_time() - start < 2
    assert [gain.target for gain in found.gains(arn("iam", "role/deploy-7"))] == [arn("iam", "role/task-0")]


def test_clusters_that_are_gone_run_nothing() -> None:
    gone = Cluster(cluster_arn=make.CLUSTER, cluster_name="prod", status="INACTIVE")
    snapshot = account(admin(), role("start", passes(), LAUNCH), clusters=(gone,))
    assert escalations(snapshot).path(arn("iam", "role/start")) is None
