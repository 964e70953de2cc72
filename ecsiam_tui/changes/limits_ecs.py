"""What Amazon ECS, EventBridge, CloudWatch Logs and the resources of tasks refuse."""

import re
from collections.abc import Iterator

from ecsiam_tui.account.arns import parse_arn
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.tasks import TaskDefinition
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.calls_ecs import EcsChange, ResourceChange
from ecsiam_tui.changes.limits_documents import Found, error, of_resource_policy, warning
from ecsiam_tui.changes.looking import name_of
from ecsiam_tui.ecs.requirements import of_workload
from ecsiam_tui.ecs.surroundings import Surroundings
from ecsiam_tui.ecs.workloads import of_definition

ROLES = 'IAM User Guide, "Grant a user permissions to pass a role to an AWS service"'
EXECUTION_ROLE = 'Amazon ECS Developer Guide, "Amazon ECS task execution IAM role"'
REGISTER = 'Amazon ECS API Reference, "RegisterTaskDefinition"'
UPDATE = 'Amazon ECS API Reference, "UpdateService"'
EXEC = 'Amazon ECS Developer Guide, "Monitor Amazon ECS containers with ECS Exec"'
CLUSTER_EXEC = 'Amazon ECS API Reference, "ExecuteCommandConfiguration"'
DEFINITION_QUOTAS = 'Amazon ECS Developer Guide, "Amazon ECS service quotas"'
LOGS = 'Amazon CloudWatch Logs API Reference, "CreateLogGroup" and "PutRetentionPolicy"'
LAUNCHERS = (
    'Amazon EventBridge API Reference, "PutTargets"; EventBridge Scheduler API Reference, "UpdateSchedule"'
)

RETENTIONS = frozenset(
    {1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731}
    | {1096, 1827, 2192, 2557, 2922, 3288, 3653}
)
"""Days that a log group may keep events: CloudWatch Logs API Reference, "PutRetentionPolicy"."""


def of_ecs(change: EcsChange, before: Snapshot, after: Snapshot) -> Iterator[Found]:
    """A change of Amazon ECS. `before` is the account without it, `after` with it."""
    match change:
        case c.RegisterTaskDefinition():
            made = _definition(change.task_definition, after)
            if made is not None:
                yield from _definition_problems(made, _definition(change.base, before), after)
        case c.DeregisterTaskDefinition():
            yield from _deregister(change.task_definition, before)
        case c.UpdateService():
            yield from _service(change, before, after)
        case c.UpdateClusterExec():
            yield from _cluster(change, before)


def _definition(arn: str | None, snapshot: Snapshot) -> TaskDefinition | None:
    return next((one for one in snapshot.task_definitions if one.task_definition_arn == arn), None)


def _role(
    value: str | None, field: str, service: str, snapshot: Snapshot, *, kept: bool = False
) -> Iterator[Found]:
    """A role that is passed: of this account, and there. One that was named before is `kept`."""
    if not value:
        return
    around = Surroundings(snapshot)
    arn = around.role(value)
    parsed = parse_arn(arn)
    if parsed is not None and parsed.account != snapshot.account_id:
        message = f"{field} {name_of(arn)} is of account {parsed.account}"
        yield error(f"{message}: {service} takes roles of its own account alone", ROLES)
    elif arn not in around.roles and snapshot.is_known("roles"):
        says = warning if kept else error
        yield says(f"{field} {name_of(arn)} does not exist; make it in an earlier change", ROLES)


def _definition_problems(
    made: TaskDefinition, base: TaskDefinition | None, after: Snapshot
) -> Iterator[Found]:
    was = {base.execution_role_arn, base.task_role_arn} if base is not None else set()
    for field, value in (("executionRoleArn", made.execution_role_arn), ("taskRoleArn", made.task_role_arn)):
        yield from _role(value, field, "ECS", after, kept=value in was)
    count = len(made.container_definitions)
    if not 1 <= count <= 10:
        yield error(
            f"{made.family} would have {count} containers; from 1 to 10 are allowed", DEFINITION_QUOTAS
        )
    if not made.execution_role_arn:
        yield from _no_execution_role(made, after)


def _no_execution_role(made: TaskDefinition, after: Snapshot) -> Iterator[Found]:
    """ECS refuses secrets without an execution role everywhere ("When you are specifying container secrets,
    you must also specify a value for 'executionRoleArn'"), images of Amazon ECR and awslogs on Fargate
    ("Fargate requires task definition to have execution role ARN to support …")."""
    around = Surroundings(after)
    needs = of_workload(of_definition(made, around), around)
    for asked in needs:
        if asked.role_kind != "task-execution" or asked.necessity != "required" or asked.principal:
            continue
        if asked.id.startswith("SEC") or "FARGATE" in made.requires_compatibilities:
            message = f"{made.family} needs a task execution role ({asked.why})"
            yield error(f"{message}, and ECS refuses it without", EXECUTION_ROLE)
            return


def _deregister(arn: str, before: Snapshot) -> Iterator[Found]:
    users = [one.service_name for one in before.services if one.task_definition == arn]
    if users:
        message = f"{', '.join(users[:3])} still uses {name_of(arn)}: what runs goes on"
        yield warning(f"{message}, but the service cannot be updated with it again", REGISTER)


def _service(change: c.UpdateService, before: Snapshot, after: Snapshot) -> Iterator[Found]:
    found = next((one for one in after.services if one.service_arn == change.service), None)
    if found is None:
        return
    name = found.service_name
    if found.status not in (None, "ACTIVE"):
        yield error(f"{name} is {found.status}: only an ACTIVE service can be updated", UPDATE)
    controller = found.deployment_controller.type if found.deployment_controller else "ECS"
    deploys = change.task_definition is not None or change.force_new_deployment
    if controller != "ECS" and deploys:
        way = {"CODE_DEPLOY": "make a CodeDeploy deployment", "EXTERNAL": "make a task set"}
        message = f"{name} has the deployment controller {controller}: UpdateService refuses to deploy it"
        yield error(f"{message}; {way.get(controller, 'use what deploys it')}", UPDATE)
    definition = _definition(change.task_definition, after)
    if definition is not None and definition.status == "INACTIVE":
        yield error(f"{definition.name} is INACTIVE; choose a revision that is ACTIVE", UPDATE)
    if change.enable_execute_command:
        runs = _definition(found.task_definition, after)
        if runs is not None and not runs.task_role_arn:
            message = f"{name}: ECS Exec needs a task role, and {runs.name} has none"
            yield error(f"{message}; register a revision with one first", EXEC)
    was = next((one for one in before.services if one.service_arn == change.service), found)
    switched = change.enable_execute_command not in (None, was.enable_execute_command)
    moved = change.task_definition not in (None, was.task_definition)
    if switched and not (moved or change.force_new_deployment):
        message = f"{name}: ECS Exec changes for new tasks alone"
        yield warning(f"{message}; force a new deployment to change it for those that run", UPDATE)
    if deploys and not found.desired_count and found.scheduling_strategy != "DAEMON":
        yield warning(f"{name} wants no task: nothing will show whether it works", UPDATE)


def _cluster(change: c.UpdateClusterExec, before: Snapshot) -> Iterator[Found]:
    if not any(one.cluster_arn == change.cluster for one in before.clusters):
        yield error(
            f"there is no cluster {name_of(change.cluster)}; refresh, or choose another", CLUSTER_EXEC
        )
    asked = change.configuration or {}
    logging, target = asked.get("logging"), asked.get("logConfiguration") or {}
    if logging not in (None, "NONE", "DEFAULT", "OVERRIDE"):
        yield error(f"logging is NONE, DEFAULT or OVERRIDE, not {logging}", CLUSTER_EXEC)
    named = target.get("cloudWatchLogGroupName") or target.get("s3BucketName")
    if logging == "OVERRIDE" and not named:
        yield error("logging OVERRIDE needs a logConfiguration with a log group or a bucket", CLUSTER_EXEC)
    if logging != "OVERRIDE" and target:
        yield error("a logConfiguration needs the logging OVERRIDE", CLUSTER_EXEC)


# Launchers and resources


def of_launcher(change: c.PutRuleTarget | c.UpdateSchedule, before: Snapshot) -> Iterator[Found]:
    """A change of a rule's target or of a schedule."""
    if isinstance(change, c.UpdateSchedule):
        there = any(one.arn == change.schedule for one in before.schedules)
        word, service = "schedule", "EventBridge Scheduler"
    else:
        rule = next((one for one in before.rules if one.arn == change.rule), None)
        there = rule is not None and any(one.id == change.target_id for one in rule.targets)
        word, service = "target of the rule", "EventBridge"
        if rule is not None and rule.managed_by:
            yield error(f"{rule.name} belongs to {rule.managed_by}: it alone may change it", LAUNCHERS)
    if not there:
        yield error(f"there is no such {word} {name_of(change.target)}; refresh", LAUNCHERS)
    if change.role == "":
        yield error(
            f"{name_of(change.target)} cannot be left without a role: it runs tasks with it", LAUNCHERS
        )
    yield from _role(change.role, "RoleArn", service, before)
    definition = _definition(change.task_definition, before)
    if definition is not None and definition.status == "INACTIVE":
        yield error(f"{definition.name} is INACTIVE; choose a revision that is ACTIVE", LAUNCHERS)


def of_resource(change: ResourceChange, before: Snapshot, after: Snapshot) -> Iterator[Found]:
    """A change of a repository's, secret's or key's policy, or of a log group."""
    match change:
        case c.SetResourcePolicy():
            parsed = parse_arn(change.resource)
            if parsed is None or parsed.account != before.account_id:
                whose = f"belongs to account {parsed.account}" if parsed else "is no ARN"
                yield error(f"{name_of(change.resource)} {whose}: change it there", REGISTER)
            if change.document is not None:
                yield from of_resource_policy(change.kind, change.document, after)
            elif change.kind == "key":
                yield error(
                    "a key always has a policy: write another instead",
                    'AWS KMS API Reference, "PutKeyPolicy"',
                )
        case c.CreateLogGroup():
            name = change.log_group.split(":", 6)[-1]
            if not re.fullmatch(r"[.\-_/#A-Za-z0-9]{1,512}", name) or name.startswith("aws/"):
                message = f"{name!r} is no name of a log group: 1 to 512 of letters, digits and .-_/#"
                yield error(f"{message}, not beginning with aws/", LOGS)
            if any(one.arn == change.log_group for one in before.log_groups):
                yield error(f"there is a log group {name} already", LOGS)
            if change.retention_in_days not in (None, *RETENTIONS):
                days = ", ".join(map(str, sorted(RETENTIONS)))
                yield error(f"events are kept for one of {days} days, not {change.retention_in_days}", LOGS)
