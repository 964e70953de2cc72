"""A new revision of a task definition, and everything that runs the old one moved to it."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ecsiam_tui.account.ecs import Service
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.tasks import TaskDefinition
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.applying_ecs import next_revision
from ecsiam_tui.findings.facts import Facts


class Rolled(NamedTuple):
    """Changes that register a revision and roll it out. `stay` are sentences about what cannot be moved by
    the program."""

    revision: str
    changes: tuple[c.AnyChange, ...]
    stay: tuple[str, ...]


def new_revision(
    facts: Facts,
    definition: TaskDefinition,
    edits: Iterable[c.Edit],
    why: str,
    snapshot: Snapshot | None = None,
) -> Rolled:
    """The next revision of a family, made from `definition`, and everything that runs this definition moved
    to it. `snapshot` is the account as earlier changes leave it: it tells the next number."""
    base = definition.task_definition_arn
    arn = next_revision(base, snapshot or facts.snapshot)
    register = c.RegisterTaskDefinition(base=base, task_definition=arn, edits=tuple(edits), why=why)
    moved, stay = moves(facts, base, arn, why)
    newest = facts.around.definitions.get(base.rpartition(":")[0])
    if newest is not None and newest.revision > definition.revision:
        stay = (
            f"The new revision is made from {definition.name}, which runs; what {newest.name} changes is not "
            "in it.",
            *stay,
        )
    return Rolled(arn, (register, *moved), stay)


def moves(facts: Facts, old: str, new: str, why: str) -> tuple[tuple[c.AnyChange, ...], tuple[str, ...]]:
    """The changes that move what runs one revision (ARN) to another, and what they leave."""
    changes: list[c.AnyChange] = []
    stay: list[str] = []
    for workload in facts.needs.workloads:
        if workload.definition.task_definition_arn != old:
            continue
        title = workload.title
        if workload.kind == "service" and workload.service is not None:
            if is_ours(workload.service):
                changes.append(c.UpdateService(service=workload.id, task_definition=new, why=why))
            else:
                stay.append(f"{title} is deployed by another controller than ECS: deploy the revision there.")
        elif workload.kind == "schedule":
            changes += _schedule(facts, workload.id, old, new, why)
        elif workload.kind == "rule":
            changes += _rule(facts, workload.id, old, new, why)
        elif workload.kind == "task":
            stay.append(f"The task {title[:12]} goes on with the old revision until it is started anew.")
        elif workload.kind != "task-definition":
            stay.append(f"{title} has to be moved to the new revision by hand.")
    return tuple(dict.fromkeys(changes)), tuple(stay)


def is_ours(service: Service) -> bool:
    """Whether UpdateService rolls a service out: with CodeDeploy or an external controller it does not (API
    reference, UpdateService)."""
    controller = service.deployment_controller
    return controller is None or controller.type in (None, "ECS")


def _is_pinned(name: str) -> bool:
    """Whether a launcher names a revision; a bare family follows the newest by itself."""
    return name.rpartition(":")[2].isdigit()


def _schedule(facts: Facts, arn: str, old: str, new: str, why: str) -> Iterator[c.AnyChange]:
    for schedule in facts.snapshot.schedules:
        name = schedule.target.ecs_parameters.task_definition_arn
        if schedule.arn == arn and _is_pinned(name) and _means(name, old):
            yield c.UpdateSchedule(schedule=arn, task_definition=new, why=why)


def _rule(facts: Facts, arn: str, old: str, new: str, why: str) -> Iterator[c.AnyChange]:
    for rule in facts.snapshot.rules:
        for target in rule.targets if rule.arn == arn else ():
            name = target.ecs_parameters.task_definition_arn
            if _is_pinned(name) and _means(name, old) and target.id:
                yield c.PutRuleTarget(rule=arn, target_id=target.id, task_definition=new, why=why)


def _means(name: str, arn: str) -> bool:
    return name == arn or (not name.startswith("arn:") and arn.endswith(f"/{name}"))
