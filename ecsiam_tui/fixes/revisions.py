"""A new revision of a task definition, and everybody who uses the old one moved to it."""

from collections.abc import Iterator
from typing import NamedTuple

from ecsiam_tui.account.launchers import RunTaskTarget
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.applying_ecs import next_revision
from ecsiam_tui.findings.facts import Facts

_OTHERWISE = {
    "task": "The task {title} goes on as it is; start it anew.",
    "state-machine": "The state machine {title} names the old revision in its definition; change it there.",
    "express-service": "The Express service {title} is updated in its own way: UpdateExpressGatewayService.",
    "daemon": "The daemon {title} has to be updated in its own way.",
}


class Rollout(NamedTuple):
    """A new revision with the changes that make it and bring it to those who use the old one. `warnings` name
    those who have to be moved by hand."""

    arn: str
    changes: tuple[c.AnyChange, ...]
    warnings: tuple[str, ...]


def new_revision(base: str, edits: tuple[c.Edit, ...], facts: Facts, why: str, earlier: int = 0) -> Rollout:
    """Register `base` (ARN) with edits, and update every service, schedule and rule that names it. `earlier`
    is how many revisions of the family the same fix registers before."""
    arn = next_revision(base, facts.snapshot)
    if earlier:
        family, _, number = arn.rpartition(":")
        arn = f"{family}:{int(number) + earlier}"
    register = c.RegisterTaskDefinition(base=base, task_definition=arn, edits=edits, why=why)
    users: dict[c.AnyChange, None] = {}
    warnings: dict[str, None] = {}
    for found in _users(base, arn, facts, why):
        if isinstance(found, str):
            warnings[found] = None
        else:
            users[found] = None
    return Rollout(arn, (register, *users), tuple(warnings))


def by_hand(service_arn: str, facts: Facts) -> str:
    """Why a service cannot be rolled out with UpdateService, in a sentence; empty where it can."""
    service = facts.around.services[service_arn]
    controller = service.deployment_controller.type if service.deployment_controller else "ECS"
    if controller == "CODE_DEPLOY":
        return f"{service.service_name} is deployed by CodeDeploy: create a deployment there."
    if controller == "EXTERNAL":
        return f"{service.service_name} has an external deployment controller: create a task set there."
    return ""


def _users(base: str, arn: str, facts: Facts, why: str) -> Iterator[c.AnyChange | str]:
    for workload in facts.needs.workloads:
        if workload.definition.task_definition_arn != base:
            continue
        if workload.kind == "service":
            otherwise = by_hand(workload.id, facts)
            yield otherwise or c.UpdateService(service=workload.id, task_definition=arn, why=why)
        elif workload.kind in _OTHERWISE:
            yield _OTHERWISE[workload.kind].format(title=workload.title)
    for rule in facts.snapshot.rules:
        for target in rule.targets:
            if _pins(target, base) and target.id:
                yield c.PutRuleTarget(rule=rule.arn, target_id=target.id, task_definition=arn, why=why)
    for schedule in facts.snapshot.schedules:
        if _pins(schedule.target, base):
            yield c.UpdateSchedule(schedule=schedule.arn, task_definition=arn, why=why)


def _pins(target: RunTaskTarget, base: str) -> bool:
    """Whether a target names this very revision; one that names the family takes the newest by itself."""
    return target.ecs_parameters.task_definition_arn == base
