"""Stages: what starts tasks or deploys services besides ECS itself."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from ecsiam_tui.account.launchers import (
    DeploymentGroup,
    JobDefinition,
    Rule,
    ScalableTarget,
    Schedule,
    StateMachine,
)
from ecsiam_tui.account.records import Json
from ecsiam_tui.account.redact import scrub_text
from ecsiam_tui.aws import table_launchers as table
from ecsiam_tui.aws.reading import Reading, Stage, batches, camel, flat, parse_json, region_of, tag_map

_RUN_TASK = re.compile(r":states:::(?:ecs:runTask|aws-sdk:ecs:(?:runTask|startTask))")
_UNIVERSAL_RUN_TASK = ":scheduler:::aws-sdk:ecs:runTask"


def read_rules(reading: Reading) -> None:
    """EventBridge rules, on all buses, with targets that run tasks."""
    reader = reading.reader
    call = table.LIST_RULES

    def buses(region: str) -> list[tuple[str, str]]:
        names = [item["Name"] for item in reader.items(table.LIST_EVENT_BUSES, region)]
        return [(region, name) for name in names or ["default"]]

    def rules(bus: tuple[str, str]) -> list[tuple[str, Json]]:
        region, name = bus
        return [(region, item) for item in reader.items(call, region, target=name, EventBusName=name)]

    def with_targets(work: tuple[str, Json]) -> Rule | None:
        region, rule = work
        where = {"EventBusName": rule["EventBusName"]} if rule.get("EventBusName") else {}
        targets = reader.items(
            table.LIST_TARGETS_BY_RULE, region, target=rule["Arn"], Rule=rule["Name"], **where
        )
        run_tasks = [_target(reading, item) for item in targets if item.get("EcsParameters")]
        if not run_tasks:
            return None
        data = {**rule, "Targets": run_tasks}
        return reader.decode(Rule, data, call, region, rule["Arn"], _described)

    found_buses = reading.in_regions(RULES.name, table.LIST_EVENT_BUSES, buses)
    found = flat(reading.each(RULES.name, call, found_buses, rules, lambda bus: bus[0]))
    reading.add(
        "rules",
        reading.each(RULES.name, table.LIST_TARGETS_BY_RULE, found, with_targets, lambda work: work[0]),
    )


def read_schedules(reading: Reading) -> None:
    """Schedules of EventBridge Scheduler that run tasks, also through the universal target."""
    reader = reading.reader

    def listed(region: str) -> list[tuple[str, Json]]:
        return [(region, item) for item in reader.items(table.LIST_SCHEDULES, region)]

    def read(work: tuple[str, Json]) -> Schedule | None:
        region, item = work
        group = {"GroupName": item["GroupName"]} if item.get("GroupName") else {}
        answer = reader.ask(table.GET_SCHEDULE, region, target=item["Arn"], Name=item["Name"], **group)
        target = (answer.data or {}).get("Target") or {}
        if _UNIVERSAL_RUN_TASK in str(target.get("Arn")):
            target = _universal_target(target)
        if answer.data is None or not target.get("EcsParameters"):
            return None
        data = {**answer.data, "Target": _target(reading, target)}
        return reader.decode(Schedule, data, table.GET_SCHEDULE, region, item["Arn"], _described)

    found = [
        (region, item)
        for region, item in reading.in_regions(SCHEDULES.name, table.LIST_SCHEDULES, listed)
        if _may_run_tasks(item)
    ]
    reading.add(
        "schedules", reading.each(SCHEDULES.name, table.GET_SCHEDULE, found, read, lambda work: work[0])
    )


def _may_run_tasks(schedule: Json) -> bool:
    """The target of a schedule that runs tasks is a cluster, or the universal target of RunTask."""
    arn = str((schedule.get("Target") or {}).get("Arn", ""))
    return not arn or ":ecs:" in arn


def _universal_target(target: Json) -> Json:
    """A target that calls ecs:RunTask by its input, in the shape of one with ECS parameters."""
    request = camel(parse_json(target.get("Input")))
    parameters = {
        "TaskDefinitionArn": request.get("taskDefinition", ""),
        "TaskCount": request.get("count"),
        "LaunchType": request.get("launchType"),
        "EnableExecuteCommand": bool(request.get("enableExecuteCommand")),
    }
    return {
        "Arn": request.get("cluster") or "default",
        "RoleArn": target.get("RoleArn"),
        "EcsParameters": {key: value for key, value in parameters.items() if value is not None},
        "Input": msgspec.json.encode(request.get("overrides") or {}),
    }


def _target(reading: Reading, target: Json) -> Json:
    """A target without its input, of which only what it overrides of the task is kept, redacted."""
    parameters = dict(target["EcsParameters"])
    for name in ("NetworkConfiguration", "CapacityProviderStrategy"):
        if name in parameters:
            parameters[name] = camel(parameters[name])
    parameters["Tags"] = _target_tags(parameters.get("Tags"))
    known = ("containerOverrides", "taskRoleArn", "executionRoleArn", "cpu", "memory")
    wanted = parse_json(target.get("Input"))
    overrides = {name: wanted[name] for name in known if name in wanted}
    return {
        "Id": target.get("Id"),
        "Arn": target.get("Arn", ""),
        "RoleArn": target.get("RoleArn"),
        "EcsParameters": parameters,
        "Overrides": reading.redactor.overrides(overrides) if overrides else None,
    }


def _target_tags(tags: Any) -> dict[str, str]:
    if tags and isinstance(tags[0], dict) and not {"Key", "key"} & tags[0].keys():
        return {key: value for tag in tags for key, value in tag.items()}  # Scheduler: a list of maps
    return tag_map(tags)


def _described(data: Json) -> Json:
    return {**data, "Description": scrub_text(data["Description"])} if data.get("Description") else data


def read_state_machines(reading: Reading) -> None:
    """State machines of Step Functions whose definition runs tasks."""
    reader = reading.reader

    def listed(region: str) -> list[str]:
        return [item["stateMachineArn"] for item in reader.items(table.LIST_STATE_MACHINES, region)]

    def read(arn: str) -> StateMachine | None:
        call, region = table.DESCRIBE_STATE_MACHINE, region_of(arn)
        answer = reader.ask(call, region, target=arn, stateMachineArn=arn)
        if answer.data is None:
            return None
        states = list(_run_task_states(parse_json(answer.data.get("definition"))))
        if not states:
            return None

        def shape(data: Json) -> Json:
            return {
                **data,
                "integrations": sorted({str(state["Resource"]) for state in states}),
                "taskDefinitions": _arguments(states, "TaskDefinition"),
                "clusters": _arguments(states, "Cluster"),
            }

        return reader.decode(StateMachine, answer.data, call, region, arn, shape)

    arns = reading.in_regions(STATE_MACHINES.name, table.LIST_STATE_MACHINES, listed)
    reading.add(
        "state_machines",
        reading.each(STATE_MACHINES.name, table.DESCRIBE_STATE_MACHINE, arns, read, region_of),
    )


def _run_task_states(part: Any) -> Iterator[Json]:
    """The states that run tasks, at every depth (Parallel, Map) of a definition."""
    if isinstance(part, dict):
        if isinstance(part.get("Resource"), str) and _RUN_TASK.search(part["Resource"]):
            yield part
        part = list(part.values())
    if isinstance(part, list):
        for item in part:
            yield from _run_task_states(item)


def _arguments(states: list[Json], name: str) -> list[str]:
    """What the states give for a parameter of RunTask, where it is not computed when they run."""
    given = (state.get(member) for state in states for member in ("Parameters", "Arguments"))
    values = {item[name] for item in given if isinstance(item, dict) and isinstance(item.get(name), str)}
    return sorted(value for value in values if not value.startswith(("$", "{%")))


def read_deployment_groups(reading: Reading) -> None:
    """CodeDeploy's deployment groups for ECS services."""
    reader = reading.reader

    def applications(region: str) -> list[tuple[str, str]]:
        names = reader.items(table.LIST_APPLICATIONS, region)
        others: set[str] = set()
        for batch in batches(names, table.BATCH_GET_APPLICATIONS.batch):
            call = table.BATCH_GET_APPLICATIONS
            answer = reader.ask(call, region, applicationNames=list(batch))
            # Where the platform is not known the application may be one for ECS.
            others |= {
                item.get("applicationName", "")
                for item in reader.members(answer.data or {}, call.items, call, region)
                if item.get("computePlatform") in ("Server", "Lambda", "Kubernetes")
            }
        return [(region, name) for name in names if name not in others]

    def groups(work: tuple[str, str]) -> list[DeploymentGroup | None]:
        region, application = work
        call = table.BATCH_GET_DEPLOYMENT_GROUPS
        names = reader.items(
            table.LIST_DEPLOYMENT_GROUPS, region, target=application, applicationName=application
        )
        found: list[DeploymentGroup | None] = []
        for batch in batches(names, call.batch):
            answer = reader.ask(
                call,
                region,
                target=application,
                applicationName=application,
                deploymentGroupNames=list(batch),
            )
            found += [
                reader.decode(
                    DeploymentGroup, item, call, region, application, lambda data: {**data, "region": region}
                )
                for item in reader.members(answer.data or {}, call.items, call, region)
                if item.get("ecsServices")
            ]
        return found

    work = reading.in_regions(DEPLOYMENT_GROUPS.name, table.LIST_APPLICATIONS, applications)
    found = reading.each(
        DEPLOYMENT_GROUPS.name, table.LIST_DEPLOYMENT_GROUPS, work, groups, lambda item: item[0]
    )
    reading.add("deployment_groups", flat(found))


def read_scalable_targets(reading: Reading) -> None:
    """Services that Application Auto Scaling scales."""

    def read(region: str) -> list[ScalableTarget | None]:
        call = table.DESCRIBE_SCALABLE_TARGETS
        return [
            reading.reader.decode(
                ScalableTarget,
                item,
                call,
                region,
                item.get("ResourceId"),
                lambda data: {**data, "Region": region},
            )
            for item in reading.reader.items(call, region, ServiceNamespace="ecs")
        ]

    reading.add(
        "scalable_targets",
        reading.in_regions(SCALABLE_TARGETS.name, table.DESCRIBE_SCALABLE_TARGETS, read),
    )


def read_job_definitions(reading: Reading) -> None:
    """Job definitions of AWS Batch that name roles; of each only the roles are kept."""

    def read(region: str) -> list[JobDefinition | None]:
        call = table.DESCRIBE_JOB_DEFINITIONS
        found = []
        for item in reading.reader.items(call, region, status="ACTIVE"):
            roles = sorted(set(_role_arns(item)))
            if roles:
                wanted = ("jobDefinitionArn", "jobDefinitionName", "status")
                data = {**{name: item.get(name) for name in wanted}, "roleArns": roles}
                found.append(
                    reading.reader.decode(JobDefinition, data, call, region, item.get("jobDefinitionArn"))
                )
        return found

    reading.add(
        "job_definitions", reading.in_regions(JOB_DEFINITIONS.name, table.DESCRIBE_JOB_DEFINITIONS, read)
    )


def _role_arns(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for name, value in part.items():
            if name in ("jobRoleArn", "executionRoleArn", "taskRoleArn") and isinstance(value, str):
                yield value
            else:
                yield from _role_arns(value)
    elif isinstance(part, list):
        for item in part:
            yield from _role_arns(item)


RULES = Stage(
    "EventBridge rules", (table.LIST_EVENT_BUSES, table.LIST_RULES, table.LIST_TARGETS_BY_RULE), read_rules
)
SCHEDULES = Stage("Schedules", (table.LIST_SCHEDULES, table.GET_SCHEDULE), read_schedules)
STATE_MACHINES = Stage(
    "State machines", (table.LIST_STATE_MACHINES, table.DESCRIBE_STATE_MACHINE), read_state_machines
)
DEPLOYMENT_GROUPS = Stage(
    "CodeDeploy",
    (
        table.LIST_APPLICATIONS,
        table.BATCH_GET_APPLICATIONS,
        table.LIST_DEPLOYMENT_GROUPS,
        table.BATCH_GET_DEPLOYMENT_GROUPS,
    ),
    read_deployment_groups,
)
SCALABLE_TARGETS = Stage("Auto scaling", (table.DESCRIBE_SCALABLE_TARGETS,), read_scalable_targets)
JOB_DEFINITIONS = Stage("Batch", (table.DESCRIBE_JOB_DEFINITIONS,), read_job_definitions)
