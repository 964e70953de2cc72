"""What a change's target looks like: for telling whether somebody else changed it meanwhile."""

from collections.abc import Iterable
from typing import Any

import msgspec

from ecsiam_tui.account.snapshot import Snapshot

_FIELDS: tuple[tuple[str, str], ...] = (
    ("roles", "arn"),
    ("policies", "arn"),
    ("instance_profiles", "arn"),
    ("services", "service_arn"),
    ("task_definitions", "task_definition_arn"),
    ("clusters", "cluster_arn"),
    ("rules", "arn"),
    ("schedules", "arn"),
    ("repositories", "repository_arn"),
    ("secrets", "arn"),
    ("keys", "arn"),
    ("log_groups", "arn"),
)

VOLATILE = frozenset(
    {
        "RoleLastUsed",
        "AttachmentCount",
        "PermissionsBoundaryUsageCount",
        "UpdateDate",
        "events",
        "deployments",
        "runningCount",
        "pendingCount",
        "desiredCount",
        "registeredContainerInstancesCount",
        "runningTasksCount",
        "pendingTasksCount",
        "activeServicesCount",
        "tagsSeen",
        "images",
        "latest",
    }
)
"""What changes by itself and says nothing about an edit."""


def state(target: str, snapshot: Snapshot) -> dict[str, Any] | None:
    """A target's record as AWS spells it, without what changes by itself; None where there is none."""
    for field, key in _FIELDS:
        for record in getattr(snapshot, field):
            if getattr(record, key) == target:
                return _lasting(record)
    return None


_PLACES: tuple[tuple[str, str], ...] = (
    (":role/", "roles"),
    (":policy/", "policies"),
    (":instance-profile/", "instance_profiles"),
    (":service/", "services"),
    (":task-definition/", "task_definitions"),
    (":cluster/", "clusters"),
    (":rule/", "rules"),
    (":schedule/", "schedules"),
    (":repository/", "repositories"),
    (":secret:", "secrets"),
    (":key/", "keys"),
    (":log-group:", "log_groups"),
)


def place(target: str) -> str | None:
    """The snapshot's field that a target (ARN) stands in; None for what is in none."""
    kind = f":{target.split(':', 5)[-1]}"
    return next((field for start, field in _PLACES if kind.startswith(start)), None)


def states(targets: Iterable[str], snapshot: Snapshot) -> dict[str, dict[str, Any] | None]:
    """Several at once."""
    return {target: state(target, snapshot) for target in targets}


def _lasting(record: Any) -> dict[str, Any]:
    data: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(record))
    for name, key in _UNORDERED.items():
        if name in data:
            data[name] = sorted(data[name], key=lambda one: str(one[key]))
    return {key: value for key, value in data.items() if key not in VOLATILE}


_UNORDERED = {
    "RolePolicyList": "PolicyName",
    "AttachedManagedPolicies": "PolicyArn",
    "PolicyVersionList": "VersionId",
}
"""Lists whose order says nothing, with the key that tells their members apart."""


def drift(before: dict[str, Any], now: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The targets that are not as they were: what they were, and what they are."""
    return {target: (was, now.get(target)) for target, was in before.items() if was != now.get(target)}
