"""Stages: clusters, capacity providers, services, tasks, gateways and settings of Amazon ECS."""

from collections.abc import Sequence
from typing import Any

import msgspec

from ecsiam_tui.account.arns import short_name
from ecsiam_tui.account.compute import ContainerInstance
from ecsiam_tui.account.ecs import (
    CapacityProvider,
    Cluster,
    ExpressGatewayService,
    Gateway,
    Service,
    Setting,
    TaskSet,
)
from ecsiam_tui.account.records import Json
from ecsiam_tui.account.tasks import Task
from ecsiam_tui.aws import table
from ecsiam_tui.aws.calls import Call
from ecsiam_tui.aws.reading import Reading, Stage, batches, flat, region_of, tagged

_FARGATE = frozenset({"FARGATE", "FARGATE_SPOT"})


def read_clusters(reading: Reading) -> None:
    """Clusters. Where they cannot be described, they are still known by ARN and name."""
    reader = reading.reader
    arns = reading.in_regions(
        CLUSTERS.name, table.LIST_CLUSTERS, lambda region: reader.items(table.LIST_CLUSTERS, region)
    )

    def describe(batch: Sequence[str]) -> list[Cluster]:
        call, region = table.DESCRIBE_CLUSTERS, region_of(batch[0])
        answer = reader.ask(
            call, region, clusters=list(batch), include=["CONFIGURATIONS", "SETTINGS", "TAGS"]
        )
        items = reader.members(answer.data or {}, call.items, call, region)
        records = [
            reader.decode(Cluster, item, call, region, item.get("clusterArn"), tagged) for item in items
        ]
        known = {record.cluster_arn: record for record in records if record is not None}
        return [known.get(arn) or Cluster(cluster_arn=arn, cluster_name=short_name(arn)) for arn in batch]

    work = _by_region(arns, table.DESCRIBE_CLUSTERS.batch)
    found = reading.each(
        CLUSTERS.name, table.DESCRIBE_CLUSTERS, work, describe, lambda batch: region_of(batch[0])
    )
    reading.add("clusters", flat(found))


def read_capacity_providers(reading: Reading) -> None:
    """Capacity providers that clusters name. Those of Fargate have no settings and no role."""

    def describe(work: tuple[str, Sequence[str]]) -> list[CapacityProvider | None]:
        cluster, names = work
        call, region, reader = table.DESCRIBE_CAPACITY_PROVIDERS, region_of(cluster), reading.reader
        answer = reader.ask(
            call, region, target=cluster, cluster=cluster, capacityProviders=list(names), include=["TAGS"]
        )
        items = reader.members(answer.data or {}, call.items, call, region)
        for failure in reader.members(answer.data or {}, "failures", call, region):
            if failure.get("reason") == "MISSING":
                name = short_name(str(failure.get("arn")))
                reading.missing.add(reading.arn("ecs", region, f"capacity-provider/{name}"))
        return [
            reader.decode(CapacityProvider, item, call, region, item.get("name"), tagged) for item in items
        ]

    work = [
        (cluster.cluster_arn, batch)
        for cluster in reading.get("clusters")
        for batch in batches(
            [name for name in cluster.capacity_providers if name not in _FARGATE],
            table.DESCRIBE_CAPACITY_PROVIDERS.batch,
        )
    ]
    found = reading.each(
        CAPACITY_PROVIDERS.name,
        table.DESCRIBE_CAPACITY_PROVIDERS,
        work,
        describe,
        lambda item: region_of(item[0]),
    )
    reading.add("capacity_providers", flat(found))


def read_services(reading: Reading) -> None:
    """Services, with their deployments, events and task sets."""
    reader = reading.reader
    work = _list_in_clusters(reading, SERVICES, table.LIST_SERVICES, table.DESCRIBE_SERVICES.batch)

    def describe(item: tuple[str, Sequence[str]]) -> list[Service | None]:
        cluster, arns = item
        call, region = table.DESCRIBE_SERVICES, region_of(cluster)
        answer = reader.ask(
            call, region, target=cluster, cluster=cluster, services=list(arns), include=["TAGS"]
        )
        items = reader.members(answer.data or {}, call.items, call, region)
        return [
            reader.decode(
                Service, item, call, region, item.get("serviceArn"), lambda data: _service(reading, data)
            )
            for item in items
        ]

    found = reading.each(
        SERVICES.name, table.DESCRIBE_SERVICES, work, describe, lambda item: region_of(item[0])
    )
    reading.add("services", flat(found))


def _service(reading: Reading, data: Json) -> Json:
    data = reading.redactor.service(tagged(data))
    arn, cluster = data["serviceArn"], data["clusterArn"]
    call, region = table.DESCRIBE_TASK_SETS, region_of(cluster)
    task_sets = data.get("taskSets") or ()
    if (data.get("deploymentController") or {}).get("type") == "EXTERNAL" and not task_sets:
        task_sets = reading.reader.items(
            call, region, target=arn, cluster=cluster, service=arn, include=["TAGS"]
        )
    # Each by itself, so that one that makes no sense does not lose the service.
    decoded = [reading.reader.decode(TaskSet, item, call, region, arn, tagged) for item in task_sets]
    return {**data, "taskSets": [msgspec.to_builtins(item) for item in decoded if item is not None]}


def read_express_services(reading: Reading) -> None:
    """Express Mode services: those that ECS manages the resources of."""

    def describe(service: Service) -> ExpressGatewayService | None:
        call, region, reader = (
            table.DESCRIBE_EXPRESS_GATEWAY_SERVICE,
            region_of(service.service_arn),
            reading.reader,
        )
        answer = reader.ask(
            call, region, target=service.service_arn, serviceArn=service.service_arn, include=["TAGS"]
        )
        if answer.data is None:
            return None
        data = answer.data.get("service")
        return reader.decode(ExpressGatewayService, data, call, region, service.service_arn, tagged)

    work = [item for item in reading.get("services") if item.resource_management_type == "ECS"]
    found = reading.each(
        EXPRESS_SERVICES.name,
        table.DESCRIBE_EXPRESS_GATEWAY_SERVICE,
        work,
        describe,
        lambda item: region_of(item.service_arn),
    )
    reading.add("express_services", found)


def read_tasks(reading: Reading) -> None:
    """Tasks: running ones, and stopped ones for as long as ECS shows them."""
    reader = reading.reader
    work = [
        item
        for status in ("RUNNING", "STOPPED")
        for item in _list_in_clusters(
            reading, TASKS, table.LIST_TASKS, table.DESCRIBE_TASKS.batch, desiredStatus=status
        )
    ]

    def describe(item: tuple[str, Sequence[str]]) -> list[Task | None]:
        cluster, arns = item
        call, region = table.DESCRIBE_TASKS, region_of(cluster)
        answer = reader.ask(call, region, target=cluster, cluster=cluster, tasks=list(arns), include=["TAGS"])
        items = reader.members(answer.data or {}, call.items, call, region)
        return [
            reader.decode(
                Task,
                item,
                call,
                region,
                item.get("taskArn"),
                lambda data: reading.redactor.task(tagged(data)),
            )
            for item in items
        ]

    found = reading.each(TASKS.name, table.DESCRIBE_TASKS, work, describe, lambda item: region_of(item[0]))
    reading.add("tasks", flat(found))


def read_container_instances(reading: Reading) -> None:
    """Container instances with the attributes that their agents registered."""
    reader = reading.reader
    work = _list_in_clusters(
        reading, CONTAINER_INSTANCES, table.LIST_CONTAINER_INSTANCES, table.DESCRIBE_CONTAINER_INSTANCES.batch
    )

    def describe(item: tuple[str, Sequence[str]]) -> list[ContainerInstance | None]:
        cluster, arns = item
        call, region = table.DESCRIBE_CONTAINER_INSTANCES, region_of(cluster)
        answer = reader.ask(
            call, region, target=cluster, cluster=cluster, containerInstances=list(arns), include=["TAGS"]
        )
        items = reader.members(answer.data or {}, call.items, call, region)
        return [
            reader.decode(
                ContainerInstance,
                item,
                call,
                region,
                item.get("containerInstanceArn"),
                lambda data: {**tagged(data), "clusterArn": cluster},
            )
            for item in items
        ]

    found = reading.each(
        CONTAINER_INSTANCES.name,
        table.DESCRIBE_CONTAINER_INSTANCES,
        work,
        describe,
        lambda item: region_of(item[0]),
    )
    reading.add("container_instances", flat(found))


def read_gateways(reading: Reading) -> None:
    """ECS gateways and their infrastructure roles."""
    reader = reading.reader

    def read(region: str) -> list[Gateway | None]:
        call = table.DESCRIBE_GATEWAY
        found: list[Gateway | None] = []
        for item in reader.items(table.LIST_GATEWAYS, region):
            arn = item["gatewayArn"]
            answer = reader.ask(call, region, target=arn, gateway=arn)
            if answer.data is not None:
                found.append(reader.decode(Gateway, answer.data.get("gateway"), call, region, arn, tagged))
        return found

    reading.add("gateways", reading.in_regions(GATEWAYS.name, table.LIST_GATEWAYS, read))


def read_account_settings(reading: Reading) -> None:
    """The settings that hold for the caller, with AWS's defaults."""
    reader = reading.reader

    def read(region: str) -> list[tuple[str, list[Setting | None]]]:
        call = table.LIST_ACCOUNT_SETTINGS
        items = reader.items(call, region, effectiveSettings=True)
        return [(region, [reader.decode(Setting, item, call, region) for item in items])]

    for region, settings in reading.in_regions(SETTINGS.name, table.LIST_ACCOUNT_SETTINGS, read):
        kept = sorted((item for item in settings if item is not None), key=lambda item: item.name)
        if kept:
            reading.account_settings[region] = tuple(kept)


def _by_region(arns: Sequence[str], size: int) -> list[Sequence[str]]:
    regions = dict.fromkeys(map(region_of, arns))
    return [
        batch
        for region in regions
        for batch in batches([arn for arn in arns if region_of(arn) == region], size)
    ]


def _list_in_clusters(
    reading: Reading, stage: Stage, call: Call, size: int, **parameters: Any
) -> list[tuple[str, Sequence[str]]]:
    """(cluster, at most `size` ARNs) for everything that `call` lists in the clusters."""

    def listed(cluster: Cluster) -> list[tuple[str, Sequence[str]]]:
        arn = cluster.cluster_arn
        found = reading.reader.items(call, region_of(arn), target=arn, cluster=arn, **parameters)
        return [(arn, batch) for batch in batches(found, size)]

    return flat(
        reading.each(
            stage.name, call, reading.get("clusters"), listed, lambda cluster: region_of(cluster.cluster_arn)
        )
    )


CLUSTERS = Stage("Clusters", (table.LIST_CLUSTERS, table.DESCRIBE_CLUSTERS), read_clusters)
CAPACITY_PROVIDERS = Stage(
    "Capacity providers", (table.DESCRIBE_CAPACITY_PROVIDERS,), read_capacity_providers
)
SERVICES = Stage(
    "Services", (table.LIST_SERVICES, table.DESCRIBE_SERVICES, table.DESCRIBE_TASK_SETS), read_services
)
EXPRESS_SERVICES = Stage("Express services", (table.DESCRIBE_EXPRESS_GATEWAY_SERVICE,), read_express_services)
TASKS = Stage("Tasks", (table.LIST_TASKS, table.DESCRIBE_TASKS), read_tasks)
CONTAINER_INSTANCES = Stage(
    "Container instances",
    (table.LIST_CONTAINER_INSTANCES, table.DESCRIBE_CONTAINER_INSTANCES),
    read_container_instances,
)
GATEWAYS = Stage("Gateways", (table.LIST_GATEWAYS, table.DESCRIBE_GATEWAY), read_gateways)
SETTINGS = Stage("Account settings", (table.LIST_ACCOUNT_SETTINGS,), read_account_settings)
