"""Trust policies as AWS's documentation shows them, and what the services really send."""

from collections.abc import Iterable
from typing import Any

from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.trusting import TASKS
from ecsiam_tui.fixes import documents

SENDS_ACCOUNT = frozenset(
    {TASKS, "events.amazonaws.com", "scheduler.amazonaws.com", "states.amazonaws.com", "ssm.amazonaws.com"}
)
"""Services that are documented to send aws:SourceAccount when they assume a role."""


def source_arns(regions: Iterable[str], facts: Facts) -> Any:
    """What aws:SourceArn is compared with for tasks: any ECS resource of the account in some regions. Never
    a cluster: "Using the aws:SourceArn condition key to specify a specific cluster is not currently
    supported" (Amazon ECS Developer Guide, "Amazon ECS task IAM role")."""
    snapshot = facts.snapshot
    known = sorted(set(filter(None, regions))) or sorted(snapshot.regions)
    return documents.plain(
        [f"arn:{snapshot.partition}:ecs:{region}:{snapshot.account_id}:*" for region in known] or ["*"]
    )


def statement(service: str, regions: Iterable[str], facts: Facts) -> dict[str, Any]:
    """A statement that lets a service in, on behalf of this account alone where it says for whom it acts."""
    found: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    return guarded(found, service, regions, facts)


def guarded(found: dict[str, Any], service: str, regions: Iterable[str], facts: Facts) -> dict[str, Any]:
    """A statement with the conditions that AWS shows for a service. ECS itself gets none: what it sends for
    infrastructure roles is not documented."""
    if service not in SENDS_ACCOUNT:
        return found
    found = documents.with_condition(found, "StringEquals", "aws:SourceAccount", facts.snapshot.account_id)
    if service == TASKS:
        found = documents.with_condition(found, "ArnLike", "aws:SourceArn", source_arns(regions, facts))
    return found


def for_tasks(regions: Iterable[str], facts: Facts) -> str:
    """The trust policy of a role for tasks."""
    return documents.dump(documents.of(statement(TASKS, regions, facts)))


def regions_of(role: str, service: str, facts: Facts) -> tuple[str, ...]:
    """The regions in which a service assumes a role, by what uses it."""
    found: dict[str, None] = {}
    for judged in facts.needs.of_role(role):
        need = judged.requirement
        if need.id == "TRUST" and need.principal == service:
            arn = need.context.get("aws:SourceArn") or need.subject
            parts = arn.split(":")
            if len(parts) > 3 and parts[0] == "arn" and parts[3]:
                found[parts[3]] = None
    return tuple(found)
