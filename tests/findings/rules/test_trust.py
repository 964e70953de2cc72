"""Trust policies that keep a service out, or let it in for whomever."""

from typing import Any

import pytest

from ecsiam_tui.account.ecs import AdvancedConfiguration, DeploymentConfiguration, LifecycleHook, LoadBalancer
from ecsiam_tui.account.launchers import EcsParameters, Rule, RunTaskTarget
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.findings.finding import Severity
from tests.findings import builders as b

CRITICAL, HIGH, MEDIUM, INFO = Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.INFO
SOURCE = f"arn:aws:ecs:{b.REGION}:{b.ACCOUNT}"


def account(trust: str, *, runs: bool = True) -> Snapshot:
    """A service whose task role has a trust policy."""
    return b.snapshot(
        roles=[b.role("web-task", trust=trust), b.role("web-exec")],
        task_definitions=[b.definition(task_role="web-task", execution_role="web-exec")],
        services=[b.service()] if runs else [],
    )


def on(rule: str, snapshot: Snapshot) -> list[tuple[str, Severity]]:
    """Where a rule finds something, by the last part of the node, and how bad."""
    return [(finding.node.rsplit("/", 1)[-1], finding.severity) for finding in b.found(rule, snapshot)]


def guarded(operator: str, key: str, value: str | list[str]) -> str:
    """A trust policy for tasks under one condition."""
    return b.trust_policy(Condition={operator: {key: value}})


TASKS = b.trust_policy()
BARE = b.trust_policy(Condition={})


@pytest.mark.parametrize(
    ("trust", "runs", "expected"),
    [
        (b.trust_policy("ec2.amazonaws.com"), True, [("web-task", CRITICAL)]),
        (b.trust_policy("ecs.amazonaws.com"), True, [("web-task", CRITICAL)]),
        (b.document({"Effect": "Allow", "Principal": {"AWS": b.ACCOUNT}, "Action": "sts:AssumeRole"}), True,
         [("web-task", CRITICAL)]),
        (b.document({"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                     "Action": "sts:TagSession"}), True, [("web-task", CRITICAL)]),
        (b.trust_policy("ec2.amazonaws.com"), False, [("web-task", MEDIUM)]),
        (TASKS, True, []),
        (BARE, True, []),
        (b.trust_policy("ec2.amazonaws.com", "ecs-tasks.amazonaws.com"), True, []),
        # The trust policy was not read.
        ("", True, []),
        # It is named, under a condition that does not hold: that is another rule's.
        (guarded("StringEquals", "aws:SourceAccount", b.OTHER), True, []),
    ],
)  # fmt: skip
def test_service_is_not_trusted(trust: str, runs: bool, expected: list[tuple[str, Severity]]) -> None:
    assert on("ECS-IAM-010", account(trust, runs=runs)) == expected


def test_service_is_not_trusted_says_who_is() -> None:
    (finding,) = b.found("ECS-IAM-010", account(b.trust_policy("ec2.amazonaws.com")))
    assert finding.summary == (
        "web-task is a task role and does not let ecs-tasks.amazonaws.com in; it lets in ec2.amazonaws.com."
    )
    assert finding.nodes == (b.role_arn("web-task"), b.service_arn("web"), b.definition_arn("web:1"))
    assert finding.consequence == "It fails for web."


def test_a_missing_role_is_not_an_untrusting_one() -> None:
    snapshot = b.snapshot(task_definitions=[b.definition(task_role="gone")], services=[b.service()])
    assert on("ECS-IAM-010", snapshot) == on("ECS-IAM-011", snapshot) == []


def test_launchers_roles_are_looked_at() -> None:
    rule = Rule(
        arn=b.arn("events", "rule/nightly"),
        name="nightly",
        targets=(
            RunTaskTarget(
                arn=b.cluster_arn(),
                role_arn=b.role_arn("events"),
                ecs_parameters=EcsParameters(task_definition_arn=b.definition_arn("web:1")),
            ),
        ),
    )
    wrong = b.snapshot(
        roles=[b.role("events", trust=b.trust_policy("scheduler.amazonaws.com"))], rules=[rule]
    )
    right = b.snapshot(roles=[b.role("events", trust=b.trust_policy("events.amazonaws.com"))], rules=[rule])
    assert on("ECS-IAM-010", wrong) == [("events", CRITICAL)]
    assert on("ECS-IAM-010", right) == []


@pytest.mark.parametrize(
    ("trust", "words"),
    [
        (guarded("ArnLike", "aws:SourceArn", f"{SOURCE}:cluster/prod"), f"ECS sends {SOURCE}:…"),
        (guarded("ArnLike", "aws:SourceArn", f"{SOURCE}:service/prod/web"), "service/prod/web"),
        (guarded("ArnLike", "aws:SourceArn", f"arn:aws:ecs:us-east-1:{b.ACCOUNT}:*"), "us-east-1"),
        (guarded("StringEquals", "aws:SourceArn", f"{SOURCE}:*"), "StringEquals takes a wildcard for a"),
        (guarded("StringEquals", "aws:SourceAccount", b.OTHER), f"ECS sends {b.ACCOUNT}"),
        (guarded("StringEquals", "sts:ExternalId", "s3cret"), "ECS sends no sts:ExternalId"),
        (guarded("Bool", "aws:MultiFactorAuthPresent", "true"), "ECS sends no aws:MultiFactorAuthPresent"),
        (guarded("StringEqual", "aws:SourceAccount", b.ACCOUNT), "StringEqual is no condition operator"),
        (
            b.document(
                {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                 "Action": "sts:AssumeRole"},
                {"Effect": "Deny", "Principal": "*", "Action": "sts:*"},
            ),
            "a Deny is for the service, too",
        ),
    ],
)  # fmt: skip
def test_condition_never_matches(trust: str, words: str) -> None:
    (finding,) = b.found("ECS-IAM-011", account(trust))
    assert finding.node == b.role_arn("web-task")
    assert finding.severity == CRITICAL
    assert words in finding.summary
    assert any(one.kind == "statement" and words in one.text for one in finding.evidence)
    assert on("ECS-IAM-010", account(trust)) == []


@pytest.mark.parametrize(
    "trust",
    [
        TASKS,
        BARE,
        guarded("ArnLike", "aws:SourceArn", f"{SOURCE}:*"),
        guarded("ArnLike", "aws:SourceArn", f"arn:aws:ecs:*:{b.ACCOUNT}:*"),
        guarded("StringLike", "aws:SourceArn", f"{SOURCE}:*"),
        guarded("ArnLike", "aws:SourceArn", [f"arn:aws:ecs:us-east-1:{b.ACCOUNT}:*", f"{SOURCE}:*"]),
        guarded("StringEqualsIfExists", "sts:ExternalId", "s3cret"),
        # Whether it holds is not known.
        guarded("StringEquals", "aws:SourceOrgID", "o-1"),
        b.trust_policy("ec2.amazonaws.com"),
    ],
)
def test_condition_that_matches_or_may(trust: str) -> None:
    assert on("ECS-IAM-011", account(trust)) == []


def test_role_that_is_used_in_a_second_region() -> None:
    away = b.definition("edge", task_role="web-task")
    there = away.task_definition_arn.replace(b.REGION, "us-east-1")
    service = b.service("edge", "edge:1")
    snapshot = b.snapshot(
        roles=[b.role("web-task", trust=guarded("ArnLike", "aws:SourceArn", f"{SOURCE}:*"))],
        task_definitions=[
            b.definition(task_role="web-task"),
            type(away)(
                task_definition_arn=there,
                family="edge",
                revision=1,
                latest=True,
                task_role_arn=b.role_arn("web-task"),
            ),
        ],
        services=[
            b.service(),
            type(service)(
                service_arn=service.service_arn.replace(b.REGION, "us-east-1"),
                service_name="edge",
                cluster_arn=service.cluster_arn.replace(b.REGION, "us-east-1"),
                task_definition=there,
            ),
        ],
        regions=(b.REGION, "us-east-1"),
    )
    (finding,) = b.found("ECS-IAM-011", snapshot)
    assert "arn:aws:ecs:us-east-1" in finding.summary
    assert finding.consequence == "It fails for edge. For web it works."


def blue_green(trust: str, **fields: Any) -> Snapshot:
    """A service with an infrastructure role for its load balancer."""
    balancer = LoadBalancer(
        target_group_arn=b.arn("elasticloadbalancing", "targetgroup/blue/1"),
        advanced_configuration=AdvancedConfiguration(role_arn=b.role_arn("infra")),
    )
    return b.snapshot(
        **{
            "roles": [b.role("infra", trust=trust), b.role("web-task")],
            "task_definitions": [b.definition(task_role="web-task")],
            "services": [b.service(load_balancers=(balancer,))],
            **fields,
        }
    )


BOTH = b.trust_policy("ecs.amazonaws.com", "ecs-tasks.amazonaws.com")


@pytest.mark.parametrize(
    ("snapshot", "words"),
    [
        (blue_green(TASKS), "does not let ecs.amazonaws.com in; it lets in ecs-tasks.amazonaws.com"),
        (
            blue_green(BOTH, task_definitions=[b.definition(task_role="infra")]),
            "infra is an infrastructure role and the role of web:1",
        ),
    ],
)
def test_infrastructure_role(snapshot: Snapshot, words: str) -> None:
    (finding,) = b.found("ECS-IAM-060", snapshot)
    assert finding.node == b.role_arn("infra")
    assert finding.severity == HIGH
    assert words in finding.summary
    assert on("ECS-IAM-010", snapshot) == []


def test_infrastructure_role_that_is_one() -> None:
    assert on("ECS-IAM-060", blue_green(b.trust_policy("ecs.amazonaws.com"))) == []
    elsewhere = b.trust_policy(
        "ecs.amazonaws.com", Condition={"StringEquals": {"aws:SourceAccount": b.OTHER}}
    )
    assert on("ECS-IAM-060", blue_green(elsewhere)) == []
    assert on("ECS-IAM-011", blue_green(elsewhere)) == [("infra", CRITICAL)]


def test_hook_role_is_no_infrastructure_role() -> None:
    hook = LifecycleHook(hook_target_arn=b.arn("lambda", "function:smoke"), role_arn=b.role_arn("hook"))
    snapshot = b.snapshot(
        roles=[b.role("hook", trust=b.trust_policy("lambda.amazonaws.com"))],
        task_definitions=[b.definition()],
        services=[b.service(deployment_configuration=DeploymentConfiguration(lifecycle_hooks=(hook,)))],
    )
    assert on("ECS-IAM-010", snapshot) == [("hook", CRITICAL)]
    assert on("ECS-IAM-060", snapshot) == []


@pytest.mark.parametrize(
    ("trust", "expected"),
    [
        (BARE, [("web-task", MEDIUM)]),
        (guarded("StringNotEquals", "aws:SourceAccount", b.OTHER), [("web-task", MEDIUM)]),
        (guarded("StringLike", "aws:SourceAccount", "*"), [("web-task", MEDIUM)]),
        (guarded("StringEquals", "aws:PrincipalOrgID", "o-1"), [("web-task", MEDIUM)]),
        (b.trust_policy("ecs.amazonaws.com", Condition={}), [("web-task", INFO)]),
        (b.trust_policy("ec2.amazonaws.com", Condition={}), []),
        (TASKS, []),
        (guarded("ArnLike", "aws:SourceArn", f"{SOURCE}:*"), []),
        (guarded("StringEquals", "aws:SourceOrgID", "o-1"), []),
        (guarded("ForAnyValue:StringLike", "aws:SourceOrgPaths", "o-1/r-1/*"), []),
        (
            b.document(
                {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                 "Action": "sts:AssumeRole"},
                {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole",
                 "Condition": {"StringNotEquals": {"aws:SourceAccount": b.ACCOUNT}}},
            ),
            [],
        ),
    ],
)  # fmt: skip
def test_confused_deputy(trust: str, expected: list[tuple[str, Severity]]) -> None:
    assert on("ECS-IAM-012", account(trust)) == expected


def test_a_role_that_tasks_could_be_given_is_looked_at() -> None:
    assert on("ECS-IAM-012", b.snapshot(roles=[b.role("idle", trust=BARE)])) == [("idle", MEDIUM)]
    linked = b.role("linked", trust=BARE, path="/aws-service-role/ecs.amazonaws.com/")
    assert on("ECS-IAM-012", b.snapshot(roles=[linked])) == []
