"""Small accounts for tests of requirements: written as AWS would show them, one call each."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from ecsiam_tui.account.iam import InlinePolicy, PermissionsBoundary, Role
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.tasks import TaskDefinition
from ecsiam_tui.ecs.judge import Judge
from ecsiam_tui.ecs.needs import Needs
from ecsiam_tui.ecs.requirement import Judged
from ecsiam_tui.ecs.surroundings import Surroundings
from ecsiam_tui.policy.account import AccountPolicies

ACCOUNT = "123456789012"
REGION = "eu-west-1"
CLUSTER = f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/prod"
NOW = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)
TASKS = "ecs-tasks.amazonaws.com"


def arn(service: str, resource: str, region: str = REGION, account: str = ACCOUNT) -> str:
    """An ARN of the test account."""
    return f"arn:aws:{service}:{region}:{account}:{resource}"


def role_arn(name: str) -> str:
    """The ARN of a role."""
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def allow(*actions: str, on: str | Sequence[str] = "*", **condition: Any) -> str:
    """A policy with one Allow."""
    statement: dict[str, Any] = {"Effect": "Allow", "Action": list(actions), "Resource": on}
    if condition:
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def trust(*services: str, condition: Mapping[str, Any] | None = None) -> str:
    """A trust policy for some services."""
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"Service": list(services)},
        "Action": "sts:AssumeRole",
    }
    if condition:
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def role(name: str, *policies: str, trusts: str = "", boundary: str = "") -> Role:
    """A role with inline policies `p0`, `p1`, …; ECS tasks may assume it if nothing else is said."""
    return Role(
        role_name=name,
        arn=role_arn(name),
        assume_role_policy_document=trusts or trust(TASKS),
        role_policy_list=tuple(
            InlinePolicy(policy_name=f"p{number}", policy_document=text)
            for number, text in enumerate(policies)
        ),
        permissions_boundary=PermissionsBoundary(permissions_boundary_arn=boundary) if boundary else None,
    )


def definition(
    *containers: dict[str, Any], family: str = "web", revision: int = 1, **fields: Any
) -> TaskDefinition:
    """A task definition as DescribeTaskDefinition shows it; containers get a name where they have none."""
    named = [{"name": "app", "image": "public.ecr.aws/nginx/nginx:1"} | container for container in containers]
    data = {
        "taskDefinitionArn": arn("ecs", f"task-definition/{family}:{revision}"),
        "family": family,
        "revision": revision,
        "status": "ACTIVE",
        "latest": True,
        "containerDefinitions": named or [{"name": "app", "image": "public.ecr.aws/nginx/nginx:1"}],
        "requiresCompatibilities": ["FARGATE"],
    }
    return msgspec.convert(data | fields, TaskDefinition)


def snapshot(**fields: Any) -> Snapshot:
    """A snapshot of the test account; plain data becomes records."""
    data: dict[str, Any] = {"accountId": ACCOUNT, "takenAt": NOW, "regions": [REGION]}
    plain = {key: msgspec.to_builtins(value) for key, value in fields.items()}
    return msgspec.convert(
        data | {_camel(key): value for key, value in plain.items()}, Snapshot, strict=False
    )


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def needs(found: Snapshot) -> Needs:
    """The requirements of a snapshot."""
    return Needs(AccountPolicies(found), Surroundings(found))


def judge(found: Snapshot) -> Judge:
    """The judge of a snapshot."""
    return needs(found).judge


def asked(found: Snapshot, *ids: str) -> list[Judged]:
    """The answered requirements with these ids (all but trust if none is given)."""
    return [
        one
        for one in needs(found).all
        if (one.requirement.id in ids if ids else one.requirement.id != "TRUST")
    ]


def shown(judged: list[Judged]) -> list[str]:
    """Requirements in a line each: `ECR2 task-execution ecr:BatchGetImage on … : missing`."""
    return [
        f"{one.requirement.id} {one.requirement.role_kind} {one.requirement.action}"
        f" on {one.requirement.resource}: {one.status}"
        for one in judged
    ]
