"""What runs is not what was registered last: old revisions, revisions that are gone, stuck rollouts."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

from ecsiam_tui.account.ecs import Deployment, Service
from ecsiam_tui.account.references import home_of
from ecsiam_tui.account.tasks import TaskDefinition
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Evidence, Severity
from ecsiam_tui.findings.registry import Draft, rule
from ecsiam_tui.findings.rules.definitions import DEVELOPER_GUIDE, field, several

_ROLLING = timedelta(hours=1)
"""A revision registered less than this ago may be on its way; so may a deployment."""
_STUCK = timedelta(hours=3)
"""A deployment that has failed tasks and is not complete after this long is stuck (the circuit breaker gives
up after at most 200 failed tasks; without one ECS tries for ever)."""

_GONE = frozenset({"INACTIVE", "DELETE_IN_PROGRESS"})


def latest_of(facts: Facts, definition: TaskDefinition) -> TaskDefinition | None:
    """The newest ACTIVE revision of the family, where it is newer and not just registered."""
    newest = facts.around.definitions.get(definition.task_definition_arn.rpartition(":")[0])
    if newest is None or newest.revision <= definition.revision:
        return None
    if newest.registered_at is not None and facts.now - newest.registered_at < _ROLLING:
        return None
    return newest


def differences(old: TaskDefinition, new: TaskDefinition) -> str:
    """What another revision changes of what matters here, as the end of a sentence."""
    changed = []
    if old.task_role_arn != new.task_role_arn:
        changed.append("the task role")
    if old.execution_role_arn != new.execution_role_arn:
        changed.append("the task execution role")
    before = {container.name: container for container in old.container_definitions}
    after = {container.name: container for container in new.container_definitions}
    for name in (*before, *(name for name in after if name not in before)):
        one, other = before.get(name), after.get(name)
        if one is None or other is None:
            changed.append(f"container {name} ({'added' if one is None else 'removed'})")
            continue
        fields = {
            "image": one.image != other.image,
            "secrets": one.secrets != other.secrets,
            "environment": one.environment != other.environment
            or one.environment_files != other.environment_files,
            "log driver": one.log_configuration != other.log_configuration,
        }
        changed += [f"{field_} of {name}" for field_, differs in fields.items() if differs]
    if old.volumes != new.volumes:
        changed.append("the volumes")
    return several(changed, most=6) if changed else "neither roles, images, secrets, logs nor volumes"


def _running(facts: Facts, service: Service) -> TaskDefinition | None:
    """The newest revision that a service means to run: with another deployment controller than ECS its task
    sets say so."""
    names = [found.task_definition for found in service.task_sets if found.status != "DRAINING"]
    if service.task_definition:
        names.append(service.task_definition)
    home = home_of(service.service_arn)
    found = (facts.around.definition(name, home) for name in names)
    return max((item for item in found if item), key=lambda item: item.revision, default=None)


@rule(
    "ECS-IAM-040",
    "Service does not run what was registered last",
    Severity.MEDIUM,
    fires="A service runs an older revision than the newest ACTIVE one of its family; its last rollout failed"
    " or is stuck; or a running task has another revision than its service.",
    why="A fix that is registered is not yet running: what the task definition says and what happens differ.",
    source=f'{DEVELOPER_GUIDE}, "Updating an Amazon ECS service" and "How the Amazon ECS deployment circuit'
    ' breaker detects failures"',
    fix="Roll the newest revision out, or deregister it if it is not to run.",
    fixes=("roll-out-revision",),
)
def drift(facts: Facts) -> Iterator[Draft]:
    for service in facts.snapshot.services:
        if service.status == "INACTIVE":
            continue
        runs = _running(facts, service)
        parts: list[str] = []
        evidence: list[Evidence] = []
        consequence = ""
        nodes = [service.service_arn]
        newest = latest_of(facts, runs) if runs and runs.status not in _GONE else None
        if runs and newest:
            parts.append(f"runs revision {runs.revision}; {newest.revision} is registered")
            evidence.append(field(service.service_arn, "taskDefinition", runs.name))
            nodes.append(newest.task_definition_arn)
            consequence = f"{newest.name} changes {differences(runs, newest)}."
        for words, where in _rollout(facts, service):
            parts.append(words)
            evidence.append(where)
            consequence += f" {service.running_count} of {service.desired_count} tasks run."
        if runs and (strays := _strays(facts, service)):
            names = several(sorted(strays))
            parts.append(f"has running tasks of {names} though it is to run {runs.name}")
            evidence += [field(task, "taskDefinitionArn", name) for name, task in strays.items()]
        if parts:
            yield Draft(
                nodes=tuple(nodes),
                summary=f"{service.service_name} {'; it '.join(parts)}.",
                evidence=tuple(evidence),
                consequence=consequence.strip(),
            )


def _rollout(facts: Facts, service: Service) -> Iterator[tuple[str, Evidence]]:
    for deployment in service.deployments:
        if deployment.status != "PRIMARY":
            continue
        where = "deployments.PRIMARY.rolloutState"
        name = (deployment.task_definition or "").rpartition("/")[2]
        if deployment.rollout_state == "FAILED":
            reason = deployment.rollout_state_reason or "FAILED"
            yield f"could not roll {name} out", field(service.service_arn, where, reason)
        elif _is_stuck(facts, service, deployment):
            text = f"IN_PROGRESS, {deployment.failed_tasks} failed tasks"
            yield f"is stuck rolling {name} out", field(service.service_arn, where, text)


def _is_stuck(facts: Facts, service: Service, deployment: Deployment) -> bool:
    since = deployment.created_at or deployment.updated_at
    return (
        deployment.rollout_state == "IN_PROGRESS"
        and deployment.failed_tasks > 0
        and service.running_count < service.desired_count
        and since is not None
        and facts.now - since > _STUCK
    )


def _strays(facts: Facts, service: Service) -> dict[str, str]:
    """Revisions of running tasks that no deployment accounts for, each with one of its tasks. With another
    deployment controller than ECS several revisions are meant to run."""
    controller = service.deployment_controller
    if controller is not None and controller.type != "ECS":
        return {}
    if not service.task_definition or any(
        found.rollout_state != "COMPLETED" for found in service.deployments
    ):
        return {}
    meant = {service.task_definition, *(found.task_definition for found in service.deployments)}
    return {
        task.task_definition_arn.rpartition("/")[2]: task.task_arn
        for task in facts.around.tasks_of(service.service_arn)
        if task.last_status == "RUNNING"
        and task.desired_status != "STOPPED"
        and task.task_definition_arn
        and task.task_definition_arn not in meant
    }


@rule(
    "ECS-IAM-041",
    "Deregistered revision in use",
    Severity.MEDIUM,
    fires="A service, rule, schedule or state machine uses a revision that is INACTIVE or deleted.",
    why="No new task can be run and no service updated with it; services that have it go on only as long as"
    " AWS keeps the revision.",
    source=f'{DEVELOPER_GUIDE}, "Amazon ECS task definition states" and "Deregistering an Amazon ECS task'
    ' definition revision"',
    fix="Roll an ACTIVE revision out, or register this one again.",
    fixes=("roll-out-revision", "update-schedule"),
)
def deregistered(facts: Facts) -> Iterator[Draft]:
    for service in facts.snapshot.services:
        if service.status == "INACTIVE" or not service.task_definition:
            continue
        definition = facts.around.definition(service.task_definition, home_of(service.service_arn))
        yield from _gone(
            facts,
            service.service_arn,
            service.service_name,
            service.task_definition,
            definition,
            "taskDefinition",
            launches=False,
        )
    by_node: dict[str, list[Draft]] = defaultdict(list)
    for node, title, name, where, enabled in _pins(facts):
        definition = facts.around.definition(name, home_of(node))
        if enabled:
            by_node[node] += _gone(facts, node, title, name, definition, where, launches=True)
    yield from (_together(drafts) for drafts in by_node.values() if drafts)


def _gone(
    facts: Facts,
    node: str,
    title: str,
    name: str,
    definition: TaskDefinition | None,
    where: str,
    *,
    launches: bool,
) -> Iterator[Draft]:
    arn = name if name.startswith("arn:") else home_of(node).arn("ecs", f"task-definition/{name}")
    if definition is None:
        if arn not in facts.around.missing:
            return
        state, short = "does not exist", arn.rpartition("/")[2]
    elif definition.status in _GONE:
        state, short = f"is {definition.status}", definition.name
    else:
        return
    newest = facts.around.definitions.get(arn.rpartition(":")[0])
    instead = (
        f"{newest.name} is the newest ACTIVE revision." if newest else "Its family has no ACTIVE revision."
    )
    fails = definition is None or launches
    then = (
        "What it starts fails." if fails else "Its tasks go on; it cannot be created anew with this revision."
    )
    yield Draft(
        nodes=(node, *([definition.task_definition_arn] if definition else [])),
        summary=f"{title} uses {short}, which {state}.",
        evidence=(field(node, where, f"{short} {state}"),),
        consequence=f"{then} {instead}",
        severity=Severity.HIGH if fails else None,
        fixes=("update-schedule",) if launches else ("roll-out-revision",),
    )


def _pins(facts: Facts) -> Iterator[tuple[str, str, str, str, bool]]:
    """What launchers start, where they name a revision or a family: node, title, name, field, whether it is
    switched on."""
    where = "EcsParameters.TaskDefinitionArn"
    for rule_ in facts.snapshot.rules:
        for target in rule_.targets:
            name = target.ecs_parameters.task_definition_arn
            yield rule_.arn, rule_.name, name, f"Targets.{target.id}.{where}", rule_.state != "DISABLED"
    for schedule in facts.snapshot.schedules:
        name = schedule.target.ecs_parameters.task_definition_arn
        yield schedule.arn, schedule.name, name, f"Target.{where}", schedule.state != "DISABLED"
    for machine in facts.snapshot.state_machines:
        for name in machine.task_definitions:
            yield machine.state_machine_arn, machine.name, name, "definition", machine.status != "DELETING"


@rule(
    "ECS-IAM-053",
    "Schedule starts an old revision",
    Severity.MEDIUM,
    fires="A rule, schedule or state machine names an older revision than the newest ACTIVE one of its"
    " family.",
    why="What was mended in the newer revision never happens here.",
    source="Amazon EventBridge API Reference, EcsParameters: TaskDefinitionArn with a revision means that"
    " one, without one the latest ACTIVE",
    fix="Name the newest revision, or the family without a revision.",
    fixes=("update-schedule",),
)
def old_schedules(facts: Facts) -> Iterator[Draft]:
    by_node: dict[str, list[Draft]] = defaultdict(list)
    for node, title, name, where, enabled in _pins(facts):
        definition = facts.around.definition(name, home_of(node))
        if definition is None or definition.status in _GONE or not name.rpartition(":")[2].isdigit():
            continue
        if newest := latest_of(facts, definition):
            draft = Draft(
                nodes=(node, newest.task_definition_arn),
                summary=f"{title} starts {definition.name}; {newest.revision} is registered.",
                evidence=(field(node, where, definition.name),),
                consequence=f"{newest.name} changes {differences(definition, newest)}.",
                severity=None if enabled else Severity.LOW,
            )
            by_node[node].append(draft)
    yield from map(_together, by_node.values())


def _together(drafts: list[Draft]) -> Draft:
    """Several cases on one node, all as bad as the first."""
    first = drafts[0]
    return Draft(
        nodes=tuple(dict.fromkeys(node for draft in drafts for node in draft.nodes)),
        summary=" ".join(draft.summary for draft in drafts),
        evidence=tuple(item for draft in drafts for item in draft.evidence),
        consequence=" ".join(draft.consequence for draft in drafts),
        severity=first.severity,
        fixes=first.fixes,
    )
