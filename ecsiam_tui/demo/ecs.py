"""ECS of the demo account: clusters, capacity, task definitions, services, container instances, tasks.

Tables hold the parameters of the API call that makes the thing; tags are plain mappings. In `demo`:

- `[[task_definitions]]` revision, status (`INACTIVE`), registered; a container's `demo.logs` is short for the
  awslogs driver with that log group;
- `[[services]]` created, updated, running, pending, failed, rollout, reason, older (another deployment that
  still runs: `{taskDefinition, running}`), events (`[[span, text], …]`),
  managed_by (`ECS` for Express Mode);
- `[[container_instances]]` cluster, name, attributes, and how EC2 runs it;
- `[[tasks]]` besides those that a service's `running` makes: name, count, stopped, code, reason, container
  reasons, overrides.
"""

import copy
import hashlib
from datetime import datetime, timedelta
from typing import Any

from moto.ec2.models import ec2_backends
from moto.ecs.models import CapacityProvider as MotoCapacityProvider
from moto.ecs.models import EC2ContainerServiceBackend, ecs_backends
from moto.ecs.models import Service as MotoService
from moto.ecs.models import Task as MotoTask

from ecsiam_tui.demo.estate import Table, ago
from ecsiam_tui.demo.ground import ACCOUNT, Ground, camel_tags, demo_of, identity, pascal_tags

_DROPPED_BY_MOTO = (
    "enableExecuteCommand",
    "enableECSManagedTags",
    "deploymentConfiguration",
    "capacityProviderStrategy",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
    "serviceConnectConfiguration",
    "healthCheckGracePeriodSeconds",
    "availabilityZoneRebalancing",
)
"""Parameters of CreateService that moto 5.2 accepts and forgets."""


def backend(region: str) -> EC2ContainerServiceBackend:
    """moto's ECS of one region."""
    found: EC2ContainerServiceBackend = ecs_backends[ACCOUNT][region]
    return found


def hexadecimal(kind: str, name: str) -> str:
    """An id of 32 digits, as ECS gives tasks and container instances."""
    return hashlib.sha256(f"{kind}:{name}".encode()).hexdigest()[:32]


def _parameters(ground: Ground, entry: Table, *own: str) -> dict[str, Any]:
    """An entry as parameters of its API call."""
    given = {key: value for key, value in entry.items() if key not in {*own, "region", "demo", "tags"}}
    expanded: dict[str, Any] = ground.expand(given)
    if tags := entry.get("tags"):
        expanded["tags"] = camel_tags(tags)
    return expanded


def seed_clusters(ground: Ground) -> None:
    """Clusters and capacity providers."""
    for entry in ground.estate.list("capacity_providers"):
        region = entry.get("region", ground.home)
        with identity("capacity-provider", entry["name"]):
            if "managedInstancesProvider" in entry:
                _managed_instances(ground, entry, region)
            else:
                ground.client("ecs", region).create_capacity_provider(**_parameters(ground, entry))
    for entry in ground.estate.list("clusters"):
        with identity("cluster", entry["clusterName"]):
            ground.client("ecs", entry.get("region")).create_cluster(**_parameters(ground, entry))
    for name, value in ground.estate.table("account").get("ecs_settings", {}).items():
        ground.client("ecs").put_account_setting(name=name, value=value)


def _managed_instances(ground: Ground, entry: Table, region: str) -> None:
    """A capacity provider of ECS Managed Instances, which moto's API does not take but its table holds."""
    provider = MotoCapacityProvider(ACCOUNT, region, entry["name"], {}, camel_tags(entry.get("tags", {})))
    provider.auto_scaling_group_provider = None
    provider.managed_instances_provider = ground.expand(entry["managedInstancesProvider"])
    provider.cluster = entry.get("cluster")
    provider.type = "MANAGED_INSTANCES"
    backend(region).capacity_providers[entry["name"]] = provider


def seed_task_definitions(ground: Ground) -> None:
    """Task definitions, with the revision numbers of families that have lived for a while."""
    for entry in ground.estate.list("task_definitions"):
        region = entry.get("region", ground.home)
        demo = demo_of(entry)
        parameters = _parameters(ground, entry)
        for container, declared in zip(
            parameters["containerDefinitions"], entry["containerDefinitions"], strict=True
        ):
            if group := demo_of(declared).get("logs"):
                container["logConfiguration"] = {
                    "logDriver": "awslogs",
                    "options": {
                        "awslogs-group": group,
                        "awslogs-region": region,
                        "awslogs-stream-prefix": container["name"],
                    },
                }
        made = ground.client("ecs", region).register_task_definition(**parameters)["taskDefinition"]
        revisions = backend(region).task_definitions[entry["family"]]
        definition = revisions.pop(made["revision"])
        definition.revision = int(demo.get("revision", made["revision"]))
        definition.arn = f"{made['taskDefinitionArn'].rsplit(':', 1)[0]}:{definition.revision}"
        definition.network_mode = entry.get("networkMode", definition.network_mode)
        definition.status = demo.get("status", "ACTIVE")
        definition.registered_at = ground.ago(demo, "registered", "30d")
        definition.registered_by = f"arn:aws:sts::{ACCOUNT}:assumed-role/github-deploy/deploy"
        definition.enable_fault_injection = False
        if definition.status == "INACTIVE":
            definition.deregistered_at = ground.ago(demo, "deregistered", "3d")
        revisions[definition.revision] = definition


def seed_services(ground: Ground) -> None:
    """Services with their deployments, events and running tasks; need the network."""
    for entry in ground.estate.list("services"):
        with identity("service", f"{entry['cluster']}/{entry['serviceName']}"):
            _service(ground, entry)


def _network(ground: Ground) -> dict[str, Any]:
    network: dict[str, Any] = ground.expand(ground.estate.table("network")["default"])
    return {"awsvpcConfiguration": network}


def _service(ground: Ground, entry: Table) -> None:
    region = entry.get("region", ground.home)
    name, cluster = entry["serviceName"], entry["cluster"]
    demo = demo_of(entry)
    home = backend(region)
    parameters = _parameters(ground, entry)
    definition = home.describe_task_definition(parameters["taskDefinition"])
    parameters["taskDefinition"] = definition.arn
    if definition.network_mode == "awsvpc":
        parameters.setdefault("networkConfiguration", _network(ground))
    client = ground.client("ecs", region)
    client.create_service(**parameters)
    if parameters.get("deploymentController", {}).get("type", "ECS") != "ECS":
        # What another controller deploys runs in a task set.
        shared = ("cluster", "taskDefinition", "launchType", "networkConfiguration", "loadBalancers")
        client.create_task_set(
            service=name,
            externalId=f"{entry['serviceName']}-deployment",
            **{key: parameters[key] for key in shared if key in parameters},
        )
    service = home.services[f"{cluster}:{name}"]
    forgotten = {key: parameters[key] for key in _DROPPED_BY_MOTO if key in parameters}
    running = int(demo.get("running", parameters.get("desiredCount", 1)))
    service.running_count = running
    service.pending_count = int(demo.get("pending", 0))
    service.created_at = ground.ago(demo, "created", "280d")
    service.created_by = f"arn:aws:iam::{ACCOUNT}:role/github-deploy"
    service.enable_execute_command = forgotten.get("enableExecuteCommand", False)
    service.enable_ecs_managed_tags = forgotten.get("enableECSManagedTags", False)
    service.deployment_configuration = {
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        **forgotten.get("deploymentConfiguration", {}),
    }
    service.resource_management_type = demo.get("managed_by", "CUSTOMER")
    if strategy := forgotten.get("capacityProviderStrategy"):
        service.capacity_provider_strategy = strategy
        service.launch_type = None
    _deployments(ground, service, demo, forgotten)
    # Text of the newest event comes first, as ECS gives it.
    service.events = [
        {
            "id": hexadecimal("event", f"{cluster}/{name}/{span}/{index}"),
            "createdAt": ago(ground.now, span),
            "message": ground.expand(text).replace(
                "${self}", hexadecimal("event-task", f"{cluster}/{name}/{index}")
            ),
        }
        for index, (span, text) in enumerate(demo.get("events", _steady(name)))
    ]
    for index in range(min(running, int(demo.get("tasks", running)))):
        task = {
            "cluster": cluster,
            "name": f"{name}-{index}",
            "service": name,
            "region": region,
            "taskDefinition": definition.arn,
            "demo": {"started": demo.get("updated", "6d")},
        }
        run_task(ground, task)


def _steady(name: str) -> list[list[str]]:
    return [["5h", f"(service {name}) has reached a steady state."]]


def _deployments(ground: Ground, service: MotoService, demo: Table, forgotten: dict[str, Any]) -> None:
    if not service.deployments:
        return
    primary = service.deployments[0]
    updated = ground.ago(demo, "updated", "6d")
    state = demo.get("rollout", "COMPLETED")
    said = {"COMPLETED": "completed", "IN_PROGRESS": "in progress", "FAILED": "failed"}[state]
    primary.update(
        createdAt=updated,
        updatedAt=updated + timedelta(minutes=4),
        runningCount=service.running_count,
        pendingCount=service.pending_count,
        failedTasks=int(demo.get("failed", 0)),
        rolloutState=state,
        rolloutStateReason=demo.get("reason", f"ECS deployment {primary['id']} {said}."),
    )
    if service.launch_type is None:
        primary["launchType"] = None
        primary["capacityProviderStrategy"] = service.capacity_provider_strategy
    for key in ("volumeConfigurations", "vpcLatticeConfigurations", "serviceConnectConfiguration"):
        if key in forgotten:
            primary[key] = forgotten[key]
    if older := demo.get("older"):
        region = service.region_name
        definition = backend(region).describe_task_definition(older["taskDefinition"])
        created = ground.ago(older, "created", "40d")
        service.deployments.append(
            {
                **copy.deepcopy(primary),
                "id": f"ecs-svc/{int(hexadecimal('deployment', service.name)[:14], 16)}",
                "status": "ACTIVE",
                "taskDefinition": definition.arn,
                "runningCount": int(older.get("running", 1)),
                "desiredCount": int(older.get("running", 1)),
                "pendingCount": 0,
                "failedTasks": 0,
                "createdAt": created,
                "updatedAt": created,
                "rolloutState": "COMPLETED",
                "rolloutStateReason": "ECS deployment completed.",
            }
        )


def seed_instances(ground: Ground) -> None:
    """EC2 instances, and their registration with clusters."""
    for entry in ground.estate.list("container_instances"):
        name, region = entry["name"], entry.get("region", ground.home)
        home = backend(region)
        if "instance" in entry:
            client = ground.client("ec2", region)
            with identity("instance", name):
                made = client.run_instances(
                    MinCount=1,
                    MaxCount=1,
                    TagSpecifications=[{"ResourceType": "instance", "Tags": pascal_tags({"Name": name})}],
                    **ground.expand(entry["instance"]),
                )["Instances"][0]["InstanceId"]
            launched = ec2_backends[ACCOUNT][region].get_instance(made)
            launched.launch_time = ground.ago(demo_of(entry), "launched", "21d").strftime(
                "%Y-%m-%dT%H:%M:%S.000Z"
            )
            registered = home.register_container_instance(entry["cluster"], made)
        else:
            # An external machine: ECS knows it, EC2 does not. Any instance serves to register it.
            other = next(iter(ec2_backends[ACCOUNT][region].all_instances()))
            registered = home.register_container_instance(entry["cluster"], other.id)
            registered.ec2_instance_id = entry["external"]
        table = home.container_instances[entry["cluster"]]
        del table[registered.id]
        registered.id = hexadecimal("container-instance", name)
        table[registered.id] = registered
        ground.references.add("container-instance", name, registered.container_instance_arn)
        registered.registered_at = ground.ago(demo_of(entry), "launched", "21d")
        registered.capacity_provider_name = entry.get("capacityProvider")
        registered.attributes.update(entry.get("attributes", {}))
        registered.tags = camel_tags(entry.get("tags", {}))
        registered.version_info = {
            "agentVersion": entry.get("agent", "1.105.1"),
            "agentHash": "8dfceca",
            "dockerVersion": "DockerVersion: 28.3.3",
        }


def seed_tasks(ground: Ground) -> None:
    """Tasks that stand alone, and stopped ones."""
    for entry in ground.estate.list("tasks"):
        run_task(ground, entry)


def run_task(ground: Ground, entry: Table) -> None:
    """Make a task: what it is in the tables, `demo` included."""
    demo = demo_of(entry)
    region = entry.get("region", ground.home)
    home = backend(region)
    cluster = home.clusters[entry["cluster"]]
    definition = home.describe_task_definition(ground.expand(entry["taskDefinition"]))
    host = None
    if on := entry.get("on"):
        host = home.container_instances[cluster.name][hexadecimal("container-instance", on)]
    service = entry.get("service")
    with identity("task", entry["name"]):
        # Without awsvpc moto makes no network interface, which nobody here looks at and which costs time.
        plain = copy.copy(definition)
        plain.network_mode = "bridge"
        task = MotoTask(
            cluster=cluster,
            task_definition=plain,
            container_instance_arn=host.container_instance_arn if host else None,
            resource_requirements={"CPU": 0, "MEMORY": 0, "PORTS": [], "PORTS_UDP": []},
            backend=home,
            group=f"service:{service}" if service else entry.get("group", f"family:{definition.family}"),
            launch_type=entry.get(
                "launchType", "FARGATE" if "FARGATE" in definition.compatibilities else "EC2"
            ),
            overrides=ground.expand(entry.get("overrides", {})),
            started_by=entry.get("startedBy", ""),
            tags=camel_tags(entry.get("tags", {})),
        )
    task._transitions = []  # moto ages a task at every look; these stay as they are
    task.id = hexadecimal("task", entry["name"])
    made_by = home.services.get(f"{cluster.name}:{service}")
    if made_by and made_by.deployments:
        task.started_by = made_by.deployments[0]["id"]
    if made_by:
        task.enable_execute_command = made_by.enable_execute_command
    started = ground.ago(demo, "started", "3h")
    task.created_at = started - timedelta(seconds=40)
    task.started_at = started
    task.platform_version = "1.4.0" if task.launch_type == "FARGATE" else None
    task.cpu, task.memory = definition.cpu, definition.memory
    _containers(task, definition, demo)
    if "stopped" in demo:
        _stop(ground, task, demo)
    else:
        if host:
            host.running_tasks_count += 1
        cluster.running_tasks_count += 0 if made_by else 1
    home.tasks.setdefault(cluster.name, {})[task.task_arn] = task
    ground.references.add("task", entry["name"], task.task_arn)


def _containers(task: MotoTask, definition: Any, demo: Table) -> None:
    stopped = "stopped" in demo
    reasons = demo.get("containers", {})
    exits = demo.get("exit", {})
    task.containers = [
        {
            "containerArn": f"{task.task_arn.replace(':task/', ':container/')}/{container['name']}",
            "taskArn": task.task_arn,
            "name": container["name"],
            "image": container["image"],
            "lastStatus": "STOPPED" if stopped else "RUNNING",
            "healthStatus": "UNKNOWN",
            **({"reason": _said(task, reasons[container["name"]])} if container["name"] in reasons else {}),
            **({"exitCode": exits[container["name"]]} if container["name"] in exits else {}),
        }
        for container in definition.container_definitions
    ]


def _said(task: MotoTask, text: str) -> str:
    return text.strip("\n").replace("${self}", task.id)


def _stop(ground: Ground, task: MotoTask, demo: Table) -> None:
    stopped: datetime = ground.ago(demo, "stopped", "20m")
    task.last_status = task.desired_status = "STOPPED"
    task.stop_code = demo.get("code", "TaskFailedToStart")
    task.stopped_reason = _said(task, ground.references.expand(demo.get("reason", "")))
    task.stopped_at = stopped
    task.stopping_at = stopped - timedelta(seconds=8)
    task.execution_stopped_at = task.stopping_at
    if task.stop_code == "TaskFailedToStart":
        task.created_at = stopped - timedelta(seconds=70)
        task.started_at = None
