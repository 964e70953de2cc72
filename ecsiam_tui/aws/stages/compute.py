"""Stages: the EC2 instances and external machines behind container instances."""

from collections.abc import Sequence
from datetime import UTC, datetime

from ecsiam_tui.account.compute import Activation, Instance, ManagedNode
from ecsiam_tui.account.records import Json
from ecsiam_tui.aws import table
from ecsiam_tui.aws.reading import Reading, Stage, batches, flat, region_of, tag_map


def read_instances(reading: Reading) -> None:
    """The EC2 instances that are container instances: instance profile and metadata options."""
    reader = reading.reader
    ids: dict[str, set[str]] = {}
    for item in reading.get("container_instances"):
        if (item.ec2_instance_id or "").startswith("i-"):
            ids.setdefault(region_of(item.container_instance_arn), set()).add(item.ec2_instance_id)

    def read(work: tuple[str, Sequence[str]]) -> list[Instance | None]:
        region, batch = work
        call = table.DESCRIBE_INSTANCES
        # A filter, because asking by id fails for all where one instance is gone.
        reservations = reader.items(call, region, Filters=[{"Name": "instance-id", "Values": list(batch)}])

        def shape(data: Json) -> Json:
            return {**data, "Region": region, "Tags": tag_map(data.get("Tags"))}

        return [
            reader.decode(Instance, item, call, region, item.get("InstanceId"), shape)
            for reservation in reservations
            for item in reservation.get("Instances") or ()
        ]

    work = [
        (region, batch)
        for region, found in ids.items()
        for batch in batches(sorted(found), table.DESCRIBE_INSTANCES.batch)
    ]
    reading.add(
        "instances",
        flat(reading.each(INSTANCES.name, table.DESCRIBE_INSTANCES, work, read, lambda item: item[0])),
    )


def read_external(reading: Reading) -> None:
    """Systems Manager activations and managed nodes: where external instances get their role from."""
    reader = reading.reader

    def activations(region: str) -> list[Activation | None]:
        call = table.DESCRIBE_ACTIVATIONS
        now = datetime.now(UTC)

        def shape(data: Json) -> Json:
            end = data.get("ExpirationDate")
            expired = data.get("Expired") or (isinstance(end, datetime) and end < now)
            return {**data, "Region": region, "Expired": bool(expired)}

        items = reader.items(call, region)
        return [
            reader.decode(Activation, item, call, region, item.get("ActivationId"), shape) for item in items
        ]

    def nodes(region: str) -> list[ManagedNode | None]:
        call = table.DESCRIBE_INSTANCE_INFORMATION
        items = reader.items(call, region, Filters=[{"Key": "ResourceType", "Values": ["ManagedInstance"]}])
        return [
            reader.decode(
                ManagedNode,
                item,
                call,
                region,
                item.get("InstanceId"),
                lambda data: {**data, "Region": region},
            )
            for item in items
        ]

    reading.add("activations", reading.in_regions(EXTERNAL.name, table.DESCRIBE_ACTIVATIONS, activations))
    reading.add(
        "managed_nodes", reading.in_regions(EXTERNAL.name, table.DESCRIBE_INSTANCE_INFORMATION, nodes)
    )


INSTANCES = Stage("EC2 instances", (table.DESCRIBE_INSTANCES,), read_instances)
EXTERNAL = Stage(
    "External instances",
    (table.DESCRIBE_ACTIVATIONS, table.DESCRIBE_INSTANCE_INFORMATION),
    read_external,
)
