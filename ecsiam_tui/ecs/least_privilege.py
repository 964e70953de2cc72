"""The smallest policy that gives what is required."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from ecsiam_tui.ecs.requirement import Requirement, RoleKind

CONDITIONS = {
    "kms:ViaService": "StringEquals",
    "elasticfilesystem:AccessPointArn": "StringEquals",
    "s3files:AccessPointArn": "StringEquals",
    "ec2:CreateAction": "StringEquals",
    "iam:PassedToService": "StringEquals",
    "ecs:cluster": "ArnEquals",
    "ecs:CreateAction": "StringEquals",
}
"""The keys of a requirement's context that narrow a policy, each with its operator. The rest of the context
is what the call happens to carry."""

_Condition = tuple[tuple[str, str, str], ...]

# "We recommend that you use the aws:ResourceAccount condition key": an Amazon S3 bucket of the same name that
# somebody else made could stand in for one that was deleted. Developer Guide, environment files.
_OWN_ACCOUNT = ("StringEquals", "aws:ResourceAccount")


def policy(requirements: Iterable[Requirement], account: str = "") -> dict[str, Any]:
    """A policy document for one role. Actions with the same resources and conditions share a statement, and
    so do resources with the same actions. Without `account` (12 digits) buckets are not tied to one."""
    actions: dict[tuple[str, _Condition], set[str]] = defaultdict(set)
    for asked in requirements:
        if asked.action != "sts:AssumeRole":
            actions[asked.resource, _condition(asked, account)].add(asked.action)
    resources: dict[tuple[tuple[str, ...], _Condition], list[str]] = defaultdict(list)
    for (resource, condition), names in actions.items():
        resources[tuple(sorted(names)), condition].append(resource)
    statements = [
        _statement(number, names, tuple(sorted(where)), condition)
        for number, ((names, condition), where) in enumerate(resources.items(), 1)
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def policies(requirements: Iterable[Requirement], account: str = "") -> dict[RoleKind, dict[str, Any]]:
    """A policy for every role kind of whom something is required or recommended."""
    by_kind: dict[RoleKind, list[Requirement]] = defaultdict(list)
    for asked in requirements:
        if asked.necessity != "optional" and asked.action != "sts:AssumeRole":
            by_kind[asked.role_kind].append(asked)
    return {kind: policy(found, account) for kind, found in by_kind.items()}


def _condition(asked: Requirement, account: str) -> _Condition:
    found = [
        (CONDITIONS[key], key, value) for key, value in sorted(asked.context.items()) if key in CONDITIONS
    ]
    if asked.action.startswith("s3:") and account.isdigit():
        found.append((*_OWN_ACCOUNT, account))
    return tuple(found)


def _statement(
    number: int, actions: tuple[str, ...], resources: tuple[str, ...], condition: _Condition
) -> dict[str, Any]:
    service = actions[0].partition(":")[0]
    one_service = all(action.startswith(f"{service}:") for action in actions)
    name = "".join(part.capitalize() for part in service.split("-")) if one_service else "Allow"
    statement: dict[str, Any] = {
        "Sid": f"{name}{number}",
        "Effect": "Allow",
        "Action": list(actions) if len(actions) > 1 else actions[0],
        "Resource": list(resources) if len(resources) > 1 else resources[0],
    }
    if condition:
        tests: dict[str, dict[str, str]] = defaultdict(dict)
        for operator, key, value in condition:
            tests[operator][key] = value
        statement["Condition"] = dict(tests)
    return statement
