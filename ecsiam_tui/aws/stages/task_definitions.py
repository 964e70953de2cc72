"""Stages: task definitions — the newest of each family, and every revision that something refers to."""

import re
from collections.abc import Iterator

from ecsiam_tui.account.arns import parse_arn
from ecsiam_tui.account.records import Json
from ecsiam_tui.account.tasks import DaemonTaskDefinition, TaskDefinition
from ecsiam_tui.aws import table
from ecsiam_tui.aws.reading import Reading, Stage, region_of, tag_map


def read_task_definitions(reading: Reading) -> None:
    """The latest ACTIVE revision of each family, then the other revisions that are referred to."""
    call = table.LIST_TASK_DEFINITION_FAMILIES

    def families(region: str) -> list[tuple[str, str]]:
        return [(region, family) for family in reading.reader.items(call, region, status="ACTIVE")]

    def latest(work: tuple[str, str]) -> TaskDefinition | None:
        return _describe(reading, *work)

    def referred(arn: str) -> TaskDefinition | None:
        return _describe(reading, region_of(arn), arn)

    stage, describe = TASK_DEFINITIONS.name, table.DESCRIBE_TASK_DEFINITION
    found = reading.in_regions(stage, call, families)
    reading.add("task_definitions", reading.each(stage, describe, found, latest, lambda work: work[0]))
    known = {definition.task_definition_arn for definition in reading.get("task_definitions")}
    known |= {arn.rpartition(":")[0] for arn in known}  # without a revision the latest is meant
    wanted = sorted({arn for arn in _referred(reading) if arn not in known})
    reading.add("task_definitions", reading.each(stage, describe, wanted, referred, region_of))


def _describe(reading: Reading, region: str, name: str) -> TaskDefinition | None:
    """A task definition by family or ARN; without a revision in it, AWS takes the latest ACTIVE one."""
    latest = re.search(r":\d+$", name) is None
    call, reader = table.DESCRIBE_TASK_DEFINITION, reading.reader
    answer = reader.ask(call, region, target=name, taskDefinition=name, include=["TAGS"])
    if answer.is_absent:
        missing = name if parse_arn(name) else reading.arn("ecs", region, f"task-definition/{name}")
        reading.missing.add(missing)
    if answer.data is None:
        return None
    tags = answer.data.get("tags")

    def shape(data: Json) -> Json:
        return {
            **reading.redactor.task_definition(data),
            "tags": tag_map(tags),
            "latest": latest and data.get("status") == "ACTIVE",
        }

    data = answer.data.get("taskDefinition")
    definition = reader.decode(TaskDefinition, data, call, region, name, shape)
    if definition is not None:
        _keep_environment(reading, definition.task_definition_arn, data or {})
    return definition


def _keep_environment(reading: Reading, arn: str, data: Json) -> None:
    """Keep values in memory where they were asked for; they are in no record."""
    if reading.environment is None:
        return
    for container in data.get("containerDefinitions") or ():
        for pair in container.get("environment") or ():
            key = (arn, container.get("name", ""), pair.get("name", ""))
            reading.environment[key] = pair.get("value", "")


def _referred(reading: Reading) -> Iterator[str]:
    """The ARNs of all task definitions that something read so far refers to."""
    for service in reading.get("services"):
        region = region_of(service.service_arn)
        yield from _arn(reading, service.task_definition, region)
        for part in (*service.deployments, *service.task_sets):
            yield from _arn(reading, part.task_definition, region)
    for task in reading.get("tasks"):
        yield from _arn(reading, task.task_definition_arn, region_of(task.task_arn))
    for express in reading.get("express_services"):
        for configuration in express.active_configurations:
            yield from _arn(reading, configuration.task_definition_arn, region_of(express.service_arn))
    for rule in reading.get("rules"):
        for target in rule.targets:
            yield from _arn(reading, target.ecs_parameters.task_definition_arn, region_of(rule.arn))
    for schedule in reading.get("schedules"):
        parameters = schedule.target.ecs_parameters
        yield from _arn(reading, parameters.task_definition_arn, region_of(schedule.arn))
    for machine in reading.get("state_machines"):
        for name in machine.task_definitions:
            yield from _arn(reading, name, region_of(machine.state_machine_arn))


def _arn(reading: Reading, name: str | None, region: str) -> Iterator[str]:
    """The ARN of a task definition named by ARN, `family:revision` or family."""
    if not name:
        return
    if parse_arn(name) is None:
        yield reading.arn("ecs", region, f"task-definition/{name}")
    elif region_of(name):
        yield name


def read_daemon_task_definitions(reading: Reading) -> None:
    """Every ACTIVE revision of every daemon task definition."""
    reader = reading.reader

    def read(region: str) -> list[DaemonTaskDefinition | None]:
        call = table.DESCRIBE_DAEMON_TASK_DEFINITION
        found: list[DaemonTaskDefinition | None] = []
        for item in reader.items(table.LIST_DAEMON_TASK_DEFINITIONS, region):
            arn = item["arn"]
            answer = reader.ask(call, region, target=arn, daemonTaskDefinition=arn)
            if answer.data is not None:
                data = answer.data.get("daemonTaskDefinition")
                found.append(
                    reader.decode(
                        DaemonTaskDefinition, data, call, region, arn, reading.redactor.task_definition
                    )
                )
        return found

    reading.add(
        "daemon_task_definitions",
        reading.in_regions(DAEMONS.name, table.LIST_DAEMON_TASK_DEFINITIONS, read),
    )


TASK_DEFINITIONS = Stage(
    "Task definitions",
    (table.LIST_TASK_DEFINITION_FAMILIES, table.DESCRIBE_TASK_DEFINITION),
    read_task_definitions,
)
DAEMONS = Stage(
    "Daemon task definitions",
    (table.LIST_DAEMON_TASK_DEFINITIONS, table.DESCRIBE_DAEMON_TASK_DEFINITION),
    read_daemon_task_definitions,
)
