"""The account as it would be after a change of Amazon ECS or of what launches tasks."""

from typing import Any

import msgspec

from ecsiam_tui.account.ecs import Cluster, ClusterConfiguration, ExecuteCommandConfiguration
from ecsiam_tui.account.launchers import Rule, RunTaskTarget
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.tasks import TaskDefinition
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.editing import edited
from ecsiam_tui.changes.looking import ChangeError, definition, replaced, service, with_fields


def next_revision(base: str, snapshot: Snapshot) -> str:
    """The ARN that the next revision of a task definition's family is guessed to get."""
    family = base.rpartition(":")[0]
    numbers = [
        found.revision
        for found in snapshot.task_definitions
        if found.task_definition_arn.rpartition(":")[0] == family
    ]
    return f"{family}:{max(numbers, default=0) + 1}"


def register(change: c.RegisterTaskDefinition, snapshot: Snapshot) -> Snapshot:
    """A new revision, the newest of its family."""
    base = definition(snapshot, change.base)
    data: dict[str, Any] = msgspec.to_builtins(base)
    revision = int(change.task_definition.rpartition(":")[2])
    data = edited(data, change.edits) | {
        "taskDefinitionArn": change.task_definition,
        "revision": revision,
        "status": "ACTIVE",
        "latest": True,
        "registeredAt": snapshot.taken_at.isoformat(),
    }
    try:
        made = msgspec.convert(data, TaskDefinition, strict=False)
    except msgspec.ValidationError as error:
        raise ChangeError(f"the edits do not make a task definition: {error}") from error
    family = change.base.rpartition(":")[0]
    others = replaced(
        snapshot.task_definitions,
        lambda found: found.latest and found.task_definition_arn.rpartition(":")[0] == family,
        lambda found: msgspec.structs.replace(found, latest=False),
    )
    return with_fields(snapshot, task_definitions=(*others, made))


def deregister(change: c.DeregisterTaskDefinition, snapshot: Snapshot) -> Snapshot:
    """A revision that is INACTIVE."""
    gone = definition(snapshot, change.task_definition)
    family = change.task_definition.rpartition(":")[0]
    left = [
        found
        for found in snapshot.task_definitions
        if found.task_definition_arn.rpartition(":")[0] == family
        and found is not gone
        and found.status == "ACTIVE"
    ]
    newest = max(left, key=lambda found: found.revision, default=None)

    def anew(found: TaskDefinition) -> TaskDefinition:
        if found is gone:
            return msgspec.structs.replace(found, status="INACTIVE", latest=False)
        return msgspec.structs.replace(found, latest=True) if found is newest else found

    definitions = tuple(anew(found) for found in snapshot.task_definitions)
    return with_fields(snapshot, task_definitions=definitions)


def _is_registered(snapshot: Snapshot, arn: str) -> None:
    """Raises ChangeError where there is no such revision. One that is older than the newest and that nothing
    uses any more is in no snapshot, and can be rolled out all the same."""
    newest = int(next_revision(arn, snapshot).rpartition(":")[2]) - 1
    number = arn.rpartition(":")[2]
    if arn in snapshot.missing or not number.isdigit() or int(number) >= newest:
        definition(snapshot, arn)


def update_service(change: c.UpdateService, snapshot: Snapshot) -> Snapshot:
    """A service with another revision or setting."""
    found = service(snapshot, change.service)
    fields: dict[str, Any] = {}
    if change.task_definition is not None:
        _is_registered(snapshot, change.task_definition)
        fields["task_definition"] = change.task_definition
    if change.task_definition is not None or change.force_new_deployment:
        # A new deployment: nothing of it has failed yet.
        fields["deployments"] = replaced(
            found.deployments,
            lambda one: one.status == "PRIMARY",
            lambda one: msgspec.structs.replace(
                one,
                task_definition=change.task_definition or one.task_definition,
                rollout_state="IN_PROGRESS",
                rollout_state_reason=None,
                failed_tasks=0,
                created_at=snapshot.taken_at,
                updated_at=snapshot.taken_at,
            ),
        )
    if change.enable_execute_command is not None:
        fields["enable_execute_command"] = change.enable_execute_command
    services = replaced(
        snapshot.services, lambda one: one is found, lambda one: msgspec.structs.replace(one, **fields)
    )
    return with_fields(snapshot, services=services)


def update_cluster(change: c.UpdateClusterExec, snapshot: Snapshot) -> Snapshot:
    """A cluster with other settings of ECS Exec."""
    try:
        wanted = (
            msgspec.convert(change.configuration, ExecuteCommandConfiguration)
            if change.configuration is not None
            else None
        )
    except msgspec.ValidationError as error:
        raise ChangeError(f"not an executeCommandConfiguration: {error}") from error

    def anew(found: Cluster) -> Cluster:
        own = found.configuration or ClusterConfiguration()
        own = msgspec.structs.replace(own, execute_command_configuration=wanted)
        empty = own == ClusterConfiguration()
        return msgspec.structs.replace(found, configuration=None if empty else own)

    clusters = replaced(snapshot.clusters, lambda found: found.cluster_arn == change.cluster, anew)
    return with_fields(snapshot, clusters=clusters)


def launchers(change: c.PutRuleTarget | c.UpdateSchedule, snapshot: Snapshot) -> Snapshot:
    """A rule's target or a schedule with another role or revision."""

    def aimed(found: RunTaskTarget) -> RunTaskTarget:
        if change.role is not None:
            found = msgspec.structs.replace(found, role_arn=change.role)
        if change.task_definition is not None:
            asked = msgspec.structs.replace(found.ecs_parameters, task_definition_arn=change.task_definition)
            found = msgspec.structs.replace(found, ecs_parameters=asked)
        return found

    if isinstance(change, c.UpdateSchedule):
        schedules = replaced(
            snapshot.schedules,
            lambda found: found.arn == change.schedule,
            lambda found: msgspec.structs.replace(found, target=aimed(found.target)),
        )
        return with_fields(snapshot, schedules=schedules)
    wanted = change.target_id

    def anew(found: Rule) -> Rule:
        targets = replaced(found.targets, lambda one: one.id == wanted, aimed)
        return msgspec.structs.replace(found, targets=targets)

    return with_fields(snapshot, rules=replaced(snapshot.rules, lambda found: found.arn == change.rule, anew))
