"""The errors that a snapshot itself tells of: stopped tasks, service events, failed deployments.

An account can have hundreds of thousands of events, nearly all of them dull. What is dull is passed over by
one look; what is not is explained once for each wording, ids left aside.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from ecsiam_tui.account import Snapshot
from ecsiam_tui.account.ecs import Service
from ecsiam_tui.account.role_names import RoleNames
from ecsiam_tui.account.tasks import Task, TaskDefinition
from ecsiam_tui.ecs.errors.account_view import AccountView
from ecsiam_tui.ecs.errors.explained import Explained, Occurrence, Roles, Where
from ecsiam_tui.ecs.errors.explaining import explained
from ecsiam_tui.ecs.errors.reading import RANKS
from ecsiam_tui.ecs.errors.recogniser import VAGUE
from ecsiam_tui.policy.account import AccountPolicies

_DULL = re.compile(
    r"\(service [^)]*\)(?: \([^)]*\))? (?:has reached a steady state|has started |has begun draining "
    r"|registered |deregistered |has stopped |stopped |updated computedDesiredCount"
    r"|\(deployment [^)]*\) deployment completed"
    r"|deployment completed)"
)
_NOT_DULL = re.compile(r"unhealthy|fail|error|unable")
_DULL_STOP = re.compile(r"Scaling activity initiated by|Task stopped by|Service Scaling|Deployment: ")
_IDS = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{32}\b|\bi-[0-9a-f]{8,17}\b"
    r"|\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?::\d+)?\b|RequestID: [\w-]+|request id: [\w-]+|ecs-svc/\d+"
    r"|\(?service [^\s()]+\)?|\bport \d+"
)


class _Seen:
    """What has been found so far, by what it is about and which error it is."""

    def __init__(self, snapshot: Snapshot, account: AccountPolicies | None) -> None:
        self._view = AccountView(account) if account is not None else None
        self._names = RoleNames(snapshot)
        self._definitions = {
            definition.task_definition_arn: definition for definition in snapshot.task_definitions
        }
        self._texts: dict[tuple[str, str, str], tuple[Explained, ...]] = {}
        self._found: dict[str, dict[tuple[str, ...], list[Any]]] = {}

    def occurrences(self) -> Iterator[Occurrence]:
        """All that was found, consequences of other errors of the same subject left out."""
        for errors in self._found.values():
            yield from _causes(
                [msgspec.structs.replace(last, count=count) for count, last in errors.values()]
            )

    def roles(self, definition: str | None, task: Task | None = None) -> tuple[str, str]:
        """The ARNs of the execution role and the task role, empty where there is none."""
        known: TaskDefinition | None = self._definitions.get(definition or "")
        execution = (known.execution_role_arn if known else None) or ""
        own = (known.task_role_arn if known else None) or ""
        if task is not None and task.overrides is not None:
            execution = task.overrides.execution_role_arn or execution
            own = task.overrides.task_role_arn or own
        return (
            self._names.arn(execution) if execution else "",
            self._names.arn(own) if own else "",
        )

    def add(
        self,
        text: str,
        roles: tuple[str, str],
        subject: str,
        node: str,
        where: Where,
        at: datetime | None,
        container: str = "",
    ) -> None:
        """The errors of one text."""
        for one in self._explained(text, roles):
            if one.category == "unknown":
                continue
            errors = self._found.setdefault(subject, {})
            key = one.key
            known = errors.get(key)
            if known is None:
                errors[key] = [1, Occurrence(node, subject, where, one, at, container)]
                continue
            known[0] += 1
            last = known[1].at
            if last is None or (at is not None and at > last):
                known[1] = Occurrence(node, subject, where, known[1].explained, at, container)

    def _explained(self, text: str, roles: tuple[str, str]) -> tuple[Explained, ...]:
        _, unhealthy, reason = text.partition(" is unhealthy in ")  # the most frequent by far
        key = (reason.rpartition(" due to ")[2] if unhealthy else _IDS.sub("#", text), *roles)
        known = self._texts.get(key)
        if known is None:
            execution, own = roles
            meant: Roles = {"task-execution": execution, "task": own}
            known = self._texts[key] = explained(text, self._view, None, meant)
        return known


def explain_account(snapshot: Snapshot, account: AccountPolicies | None = None) -> tuple[Occurrence, ...]:
    """The errors in the snapshot's stopped tasks, service events and failed deployments, each once for the
    service (or the task definition of a task that no service started).

    With `account`, the policies of the same snapshot, also what the engine decides today. What is but the
    consequence of another error of the same subject (a deployment failed, a container exited) is left out."""
    seen = _Seen(snapshot, account)
    by_name: dict[tuple[str, str], str] = {}
    for service in snapshot.services:
        by_name[service.cluster_arn, service.service_name] = service.service_arn
        _service(seen, service)
    for task in snapshot.tasks:
        if task.stopped_reason or task.last_status == "STOPPED":
            _task(seen, task, by_name)
    return tuple(seen.occurrences())


def _service(seen: _Seen, service: Service) -> None:
    roles: tuple[str, str] | None = None
    for event in service.events:
        message = event.message
        if _DULL.match(message) and not _NOT_DULL.search(message):
            continue
        roles = roles or seen.roles(service.task_definition)
        seen.add(message, roles, service.service_arn, service.service_arn, "service event", event.created_at)
    for deployment in service.deployments:
        if deployment.rollout_state == "FAILED" and deployment.rollout_state_reason:
            seen.add(
                deployment.rollout_state_reason,
                seen.roles(deployment.task_definition or service.task_definition),
                service.service_arn,
                service.service_arn,
                "deployment",
                deployment.updated_at,
            )


def _task(seen: _Seen, task: Task, services: dict[tuple[str, str], str]) -> None:
    group = task.group or ""
    service = services.get((task.cluster_arn, group.removeprefix("service:")), "")
    subject = service or task.task_definition_arn or task.task_arn
    roles = seen.roles(task.task_definition_arn, task)
    if task.stopped_reason and not _DULL_STOP.match(task.stopped_reason):
        seen.add(task.stopped_reason, roles, subject, task.task_arn, "stopped task", task.stopped_at)
    for container in task.containers:
        if container.reason:
            seen.add(
                container.reason,
                roles,
                subject,
                task.task_arn,
                "container",
                task.stopped_at,
                container.name,
            )


def _causes(found: list[Occurrence]) -> list[Occurrence]:
    causes = [one for one in found if RANKS.get(one.explained.rule, VAGUE + 1) > VAGUE]
    return causes or found
