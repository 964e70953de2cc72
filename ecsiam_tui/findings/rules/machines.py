"""EC2 container instances as rules see them: their role, and the tasks that run there."""

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from ecsiam_tui.account.compute import ContainerInstance, Instance
from ecsiam_tui.account.tasks import Task, TaskDefinition
from ecsiam_tui.findings.facts import Facts


class Placed(NamedTuple):
    """A task on an instance, with its definition and the ARNs of its roles, overrides applied."""

    task: Task
    definition: TaskDefinition
    task_role: str
    execution_role: str

    @property
    def owner(self) -> str:
        """What people call it: its service, else its family."""
        kind, _, name = (self.task.group or "").partition(":")
        return name if kind == "service" else self.definition.family


class Machine(NamedTuple):
    """An EC2 container instance. `instance` is None where EC2 was not read; `role` is empty where the
    instance has none or it is not known."""

    host: ContainerInstance
    instance: Instance | None
    role: str
    tasks: tuple[Placed, ...]

    @property
    def roles(self) -> list[str]:
        """The roles whose credentials are on the instance: its own, and those of its tasks. What
        `Estate.blast` calls neighbours, without the walk through the graph."""
        found = {role for placed in self.tasks for role in (placed.task_role, placed.execution_role)}
        return sorted(filter(None, found | {self.role}))


def is_ec2(facts: Facts, host: ContainerInstance) -> bool:
    """Whether a container instance is an EC2 instance of the account's own: neither a machine outside AWS nor
    one that ECS manages."""
    if not host.ec2_instance_id or host.ec2_instance_id.startswith("mi-"):
        return False
    provider = facts.around.capacity_provider(host.capacity_provider_name or "")
    return provider is None or provider.managed_instances_provider is None


def machines(facts: Facts) -> Iterator[Machine]:
    """Every EC2 container instance with the tasks that run there now."""
    around = facts.around
    placed: dict[str, list[Placed]] = defaultdict(list)
    for task in facts.snapshot.tasks:
        definition = around.definitions.get(task.task_definition_arn or "")
        if task.container_instance_arn and task.last_status != "STOPPED" and definition is not None:
            own = task.overrides
            task_role = (own and own.task_role_arn) or definition.task_role_arn
            execution_role = (own and own.execution_role_arn) or definition.execution_role_arn
            found = Placed(task, definition, around.role(task_role), around.role(execution_role))
            placed[task.container_instance_arn].append(found)
    for host in facts.snapshot.container_instances:
        if is_ec2(facts, host):
            instance = around.instances.get(host.ec2_instance_id or "")
            tasks = tuple(placed.get(host.container_instance_arn, ()))
            yield Machine(host, instance, around.instance_role(host), tasks)


def instance_roles(facts: Facts) -> dict[str, frozenset[str]]:
    """Cluster ARN → the roles of its EC2 container instances."""
    found: dict[str, set[str]] = defaultdict(set)
    for host in facts.snapshot.container_instances:
        if is_ec2(facts, host) and (role := facts.around.instance_role(host)):
            found[host.cluster_arn].add(role)
    return {cluster: frozenset(roles) for cluster, roles in found.items()}
