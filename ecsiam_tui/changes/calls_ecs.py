"""The calls of changes of Amazon ECS, of what launches tasks, and of resources that tasks use."""

from typing import Any

import msgspec

from ecsiam_tui.account.arns import parse_arn
from ecsiam_tui.account.ecs import Cluster
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.calling import Call, Read
from ecsiam_tui.changes.looking import ChangeError, name_of, service

EcsChange = c.RegisterTaskDefinition | c.DeregisterTaskDefinition | c.UpdateService | c.UpdateClusterExec
ResourceChange = c.SetResourcePolicy | c.CreateLogGroup | c.DeleteLogGroup


def region_of(arn: str) -> str:
    """The region in an ARN. Raises ChangeError where it has none."""
    parsed = parse_arn(arn)
    if parsed is None or not parsed.region:
        raise ChangeError(f"{arn or 'an empty text'} is no ARN with a region, so there is nowhere to call")
    return parsed.region


def of_ecs(change: EcsChange, before: Snapshot) -> tuple[Call, ...]:
    """The calls of a change of Amazon ECS. Raises ChangeError."""
    region = region_of(change.target)
    match change:
        case c.RegisterTaskDefinition():
            describe = {"taskDefinition": change.base, "include": ["TAGS"]}
            return (
                Call(
                    "ecs",
                    "RegisterTaskDefinition",
                    region=region,
                    base=Read("ecs", "DescribeTaskDefinition", describe),
                    prepare="task-definition",
                    edits=change.edits,
                    guess=change.task_definition,
                    answer=("taskDefinition", "taskDefinitionArn"),
                    harmless_twice=False,
                ),
            )
        case c.DeregisterTaskDefinition():
            gone = {"taskDefinition": change.task_definition}
            return (Call("ecs", "DeregisterTaskDefinition", gone, region),)
        case c.UpdateService():
            return (_update_service(change, before, region),)
        case c.UpdateClusterExec():
            return (_update_cluster(change, before, region),)


def _update_service(change: c.UpdateService, before: Snapshot, region: str) -> Call:
    found = service(before, change.service)
    parameters: dict[str, Any] = {
        "cluster": name_of(found.cluster_arn),
        "service": found.service_name,
    }
    if change.task_definition is not None:
        parameters["taskDefinition"] = change.task_definition
    if change.enable_execute_command is not None:
        parameters["enableExecuteCommand"] = change.enable_execute_command
    if change.force_new_deployment:
        parameters["forceNewDeployment"] = True
    # Forced twice it would replace every task twice.
    return Call("ecs", "UpdateService", parameters, region, harmless_twice=not change.force_new_deployment)


def _cluster(before: Snapshot, arn: str) -> Cluster:
    for found in before.clusters:
        if found.cluster_arn == arn:
            return found
    raise ChangeError(f"there is no cluster {name_of(arn)}; refresh, or choose another")


def _update_cluster(change: c.UpdateClusterExec, before: Snapshot, region: str) -> Call:
    """`configuration` is replaced whole: what it says of managed storage is said again."""
    own = _cluster(before, change.cluster).configuration
    configuration: dict[str, Any] = {}
    if change.configuration is not None:
        configuration["executeCommandConfiguration"] = change.configuration
    if own is not None and own.managed_storage_configuration is not None:
        configuration["managedStorageConfiguration"] = msgspec.to_builtins(own.managed_storage_configuration)
    parameters = {"cluster": name_of(change.cluster), "configuration": configuration}
    return Call("ecs", "UpdateCluster", parameters, region)


# Launchers


def of_launchers(change: c.PutRuleTarget | c.UpdateSchedule) -> tuple[Call, ...]:
    """The call that gives a rule's target or a schedule another role or task definition. Both replace the
    thing whole, so both have a base. Raises ChangeError."""
    target: dict[str, Any] = {}
    if change.role is not None:
        target["RoleArn"] = change.role
    if change.task_definition is not None:
        target["EcsParameters"] = {"TaskDefinitionArn": change.task_definition}
    region = region_of(change.target)
    if isinstance(change, c.UpdateSchedule):
        where = _schedule(change.schedule)
        base = Read("scheduler", "GetSchedule", where)
        lay = {**where, "Target": target}
        return (Call("scheduler", "UpdateSchedule", lay, region, base, "schedule"),)
    where = _rule(change.rule)
    base = Read("events", "ListTargetsByRule", {**where, "Limit": 100})
    parameters: dict[str, Any] = {**where, "Targets": [{"Id": change.target_id, **target}]}
    return (Call("events", "PutTargets", parameters, region, base, "rule-target"),)


def _rule(arn: str) -> dict[str, str]:
    """`Rule` and `EventBusName` of `…:rule/NAME` or `…:rule/BUS/NAME`; a partner's bus has slashes in its
    name."""
    bus, _, name = arn.split(":", 5)[-1].removeprefix("rule/").rpartition("/")
    return {"Rule": name, "EventBusName": bus or "default"}


def _schedule(arn: str) -> dict[str, str]:
    """`Name` and `GroupName` of `…:schedule/GROUP/NAME`."""
    group, _, name = arn.split(":", 5)[-1].removeprefix("schedule/").rpartition("/")
    return {"Name": name, "GroupName": group or "default"}


# Resources


def of_resources(change: ResourceChange) -> tuple[Call, ...]:
    """The calls of a change of a repository, secret, key or log group. Raises ChangeError."""
    region = region_of(change.target)
    match change:
        case c.SetResourcePolicy():
            return (_resource_policy(change, region),)
        case c.CreateLogGroup():
            name = {"logGroupName": _log_group(change.log_group)}
            make = Call("logs", "CreateLogGroup", name, region)
            if change.retention_in_days is None:
                return (make,)
            kept = name | {"retentionInDays": change.retention_in_days}
            return (make, Call("logs", "PutRetentionPolicy", kept, region))
        case c.DeleteLogGroup():
            return (Call("logs", "DeleteLogGroup", {"logGroupName": _log_group(change.log_group)}, region),)


def _log_group(arn: str) -> str:
    return arn.split(":", 5)[-1].removeprefix("log-group:").removesuffix(":*")


def _resource_policy(change: c.SetResourcePolicy, region: str) -> Call:
    arn, document = change.resource, change.document
    match change.kind:
        case "repository":
            parsed = parse_arn(arn)
            where = {
                "registryId": parsed.account if parsed else "",
                "repositoryName": arn.split(":repository/", 1)[-1],
            }
            if document is None:
                return Call("ecr", "DeleteRepositoryPolicy", where, region)
            return Call("ecr", "SetRepositoryPolicy", where | {"policyText": document}, region)
        case "secret":
            if document is None:
                return Call("secretsmanager", "DeleteResourcePolicy", {"SecretId": arn}, region)
            put = {"SecretId": arn, "ResourcePolicy": document}
            return Call("secretsmanager", "PutResourcePolicy", put, region)
        case "key":
            if document is None:
                raise ChangeError(f"the key {name_of(arn)} always has a policy: write another instead")
            # A key has one policy, named `default`: AWS KMS API Reference, "PutKeyPolicy".
            put = {"KeyId": arn, "PolicyName": "default", "Policy": document}
            return Call("kms", "PutKeyPolicy", put, region)
