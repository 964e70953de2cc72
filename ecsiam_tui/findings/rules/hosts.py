"""EC2 container instances: what their tasks get at besides their own role."""

from collections.abc import Iterator
from typing import NamedTuple

from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Evidence, Severity
from ecsiam_tui.findings.registry import Draft, rule
from ecsiam_tui.findings.rules.containers import escapes
from ecsiam_tui.findings.rules.definitions import DEVELOPER_GUIDE, field, several, users
from ecsiam_tui.findings.rules.machines import Machine, Placed, instance_roles, machines
from ecsiam_tui.findings.rules.strength import powers

BLOCKS_METADATA = "ecs.capability.task-eni-block-instance-metadata"
"""The agent's attribute that proves ECS_AWSVPC_BLOCK_IMDS=true (amazon-ecs-agent, agent_capability.go)."""

_NOT_READ = "the EC2 instance, whose metadata options were not read"


class _Door(NamedTuple):
    """A way to the instance metadata: which tasks have it and why."""

    owners: list[str]
    words: str
    evidence: tuple[Evidence, ...]
    settings: bool


def _blocks(machine: Machine) -> bool:
    return any(attribute.name == BLOCKS_METADATA for attribute in machine.host.attributes)


def _doors(machine: Machine) -> Iterator[_Door]:
    arn = machine.host.container_instance_arn
    by_mode: dict[str, list[str]] = {}
    for placed in machine.tasks:
        by_mode.setdefault(placed.definition.network_mode or "bridge", []).append(placed.owner)
    options = machine.instance.metadata_options if machine.instance else None
    if options is not None:
        open_ = []
        if options.http_tokens == "optional":
            open_.append(("MetadataOptions.HttpTokens", "optional", "tokens are optional"))
        if (hops := options.http_put_response_hop_limit or 1) > 1:
            open_.append(("MetadataOptions.HttpPutResponseHopLimit", str(hops), f"the hop limit is {hops}"))
        if open_ and (by_mode.get("bridge") or not machine.tasks):
            evidence = tuple(field(arn, where, text) for where, text, _ in open_)
            words = " and ".join(words for _, _, words in open_)
            yield _Door(by_mode.get("bridge", []), words, evidence, settings=True)
    if by_mode.get("awsvpc") and not _blocks(machine):
        text = f"{BLOCKS_METADATA} is missing"
        words = "the agent does not block it for tasks with a network interface of their own"
        yield _Door(by_mode["awsvpc"], words, (field(arn, "attributes", text),), settings=True)
    if by_mode.get("host"):
        evidence = tuple(
            field(placed.definition.task_definition_arn, "networkMode", "host")
            for placed in {item.definition.name: item for item in machine.tasks}.values()
            if placed.definition.network_mode == "host"
        )
        yield _Door(by_mode["host"], "tasks in the host's network reach it always", evidence, settings=False)


@rule(
    "ECS-IAM-029",
    "Tasks reach the instance metadata",
    Severity.HIGH,
    fires="Tasks on an EC2 container instance can reach its metadata service: in awsvpc mode without"
    " ECS_AWSVPC_BLOCK_IMDS, in bridge mode with optional tokens or a hop limit above 1, or in host mode.",
    why="The metadata service hands out the credentials of the instance's role to every process that reaches"
    " it, so each container has that role besides its own.",
    source=f'{DEVELOPER_GUIDE}, "Amazon ECS container instance IAM role" and "Security considerations for the'
    ' EC2 launch type"; AWS Security Hub control EC2.8 (IMDSv2); the attribute: amazon-ecs-agent',
    fix="Set HttpTokens to required and HttpPutResponseHopLimit to 1 (modify-instance-metadata-options, and"
    " the launch template); that stops bridge mode alone: set ECS_AWSVPC_BLOCK_IMDS=true for awsvpc, and take"
    " tasks out of host mode. A firewall rule on the instance would do too; nothing here can see one.",
    fixes=("harden-instance-metadata",),
)
def metadata_reachable(facts: Facts) -> Iterator[Draft]:
    for machine in machines(facts):
        options = machine.instance.metadata_options if machine.instance else None
        if options is not None and options.http_endpoint == "disabled":
            continue
        if machine.instance is not None and machine.instance.iam_instance_profile is None:
            continue  # there are no credentials to be had
        doors = list(_doors(machine))
        if not doors:
            continue
        arn = machine.host.container_instance_arn
        tasks = list(dict.fromkeys(owner for door in doors for owner in door.owners))
        severity = Severity.HIGH if any(door.settings and door.owners for door in doors) else Severity.MEDIUM
        rests_on: tuple[str, ...] = ()
        if not tasks:
            severity = Severity.LOW
            if not facts.snapshot.is_known("tasks"):
                rests_on = ("the tasks that run there, which were not read",)
        if options is None:
            severity, rests_on = min(severity, Severity.MEDIUM), (*rests_on, _NOT_READ)
        role = facts.title(machine.role) if machine.role else "the instance's role"
        who = f"{several(tasks)} on" if tasks else "Tasks in bridge mode on"
        yield Draft(
            nodes=(arn,),
            summary=f"{who} {_name(facts, machine)} can reach the instance metadata:"
            f" {'; '.join(door.words for door in doors)}.",
            evidence=tuple(item for door in doors for item in door.evidence),
            consequence=f"They can act as {role}{_strength(facts, machine.role)}.",
            severity=severity,
            rests_on=rests_on,
        )


def _strength(facts: Facts, role: str) -> str:
    strong = powers(facts, role) if role else ""
    return f", which {strong}" if strong else ""


def _name(facts: Facts, machine: Machine) -> str:
    """The instance's Name tag where it has one, with its id."""
    name = (machine.instance.tags if machine.instance else {}).get("Name")
    title = facts.title(machine.host.container_instance_arn)
    return f"{name} ({title})" if name else title


def _few(words: list[str], most: int = 4) -> str:
    more = f"; and {len(words) - most} more" if len(words) > most else ""
    return "; ".join(words[:most]) + more


class _Danger(NamedTuple):
    placed: Placed
    words: str
    evidence: tuple[Evidence, ...]


def _dangers(facts: Facts, machine: Machine) -> list[_Danger]:
    """The tasks that make it dangerous to be their neighbour, or to be broken into for: each definition
    once."""
    found = []
    seen = set()
    for placed in machine.tasks:
        key = (placed.definition.name, placed.task_role)
        if key in seen:
            continue
        seen.add(key)
        ways = [escape for escape in escapes(placed.definition) if escape.leaves]
        if ways:
            words = f"{placed.owner} gets at the host ({ways[0].words})"
            found.append(_Danger(placed, words, (ways[0].evidence,)))
        if strong := powers(facts, placed.task_role) if placed.task_role else "":
            arn = placed.definition.task_definition_arn
            role = facts.title(placed.task_role)
            evidence = (field(arn, "taskRoleArn", role),)
            found.append(_Danger(placed, f"the task role of {placed.owner}, {role}, {strong}", evidence))
    return found


@rule(
    "ECS-IAM-030",
    "Tasks of different trust share an EC2 instance",
    Severity.HIGH,
    fires="An EC2 container instance runs tasks of two or more services with different task roles; high where"
    " one gets at the host or has a strong role, low where one is behind a load balancer that may face the"
    " internet, info otherwise.",
    why="On EC2 nothing isolates tasks from each other: who breaks out of one container has the credentials"
    " of all tasks on the instance.",
    source=f'{DEVELOPER_GUIDE}, "Amazon ECS task IAM role" (no task isolation on EC2 and external instances:'
    " containers can potentially access credentials for other tasks on the same instance)",
    fix="Give tasks of different trust capacity of their own (a capacity provider each, or placement"
    " constraints) or run them on Fargate; take away what lets one at the host.",
    fixes=("harden-containers", "narrow-wildcard", "harden-instance-metadata"),
)
def shared_instances(facts: Facts) -> Iterator[Draft]:
    balanced = {
        (service.cluster_arn, service.service_name)
        for service in facts.snapshot.services
        if service.load_balancers
    }
    for machine in machines(facts):
        by_owner = {placed.owner: placed.task_role for placed in machine.tasks}
        if len(by_owner) < 2 or len(set(by_owner.values())) < 2:
            continue
        dangers = _dangers(facts, machine)
        roles = machine.roles
        facing = [owner for owner in by_owner if (machine.host.cluster_arn, owner) in balanced]
        doubt = f"whether the load balancer of {several(facing)} faces the internet, which was not read"
        calm = Severity.LOW if facing else Severity.INFO
        tail = f": {_few([danger.words for danger in dangers])}" if dangers else ""
        yield Draft(
            nodes=(machine.host.container_instance_arn,),
            summary=f"{several(list(by_owner))} share {_name(facts, machine)}{tail}.",
            evidence=tuple(item for danger in dangers for item in danger.evidence),
            consequence=f"Who gets at the host has {len(roles)} roles: {facts.titles(roles, most=6)}.",
            severity=None if dangers else calm,
            rests_on=(doubt,) if facing and not dangers else (),
        )


@rule(
    "ECS-IAM-032",
    "EC2 task without a task role",
    Severity.MEDIUM,
    fires="A task definition without task role runs on EC2 container instances.",
    why="SDKs in the containers find no task credentials and fall back to the instance's role: rights that"
    " nobody gave to the application.",
    source=f'{DEVELOPER_GUIDE}, "Amazon ECS container instance IAM role"; AWS re:Post (a task that finds no'
    " task role uses the role of the EC2 instance)",
    fix="Give it a task role, even one without policies: then the SDKs stop there.",
    fixes=("create-task-role", "harden-instance-metadata"),
)
def no_task_role(facts: Facts) -> Iterator[Draft]:
    shut, roles = _shut_clusters(facts), instance_roles(facts)
    seen = set()
    for workload in facts.needs.workloads:
        definition = workload.definition
        arn = definition.task_definition_arn
        if not workload.on_ec2 or workload.task_role or definition.network_mode == "none" or arn in seen:
            continue
        seen.add(arn)
        closed = (
            definition.network_mode == "awsvpc"
            and workload.cluster is not None
            and workload.cluster.cluster_arn in shut
        )
        own = sorted(roles.get(workload.cluster.cluster_arn, ())) if workload.cluster else []
        severity = Severity.MEDIUM if facts.users_of(definition) and not closed else Severity.LOW
        then = "so falls back to the role of its instance"
        if closed:
            then = "only ECS_AWSVPC_BLOCK_IMDS keeps it from the role of its instance"
        gains = f" It has what {facts.titles(own)} may do." if own and not closed else ""
        yield Draft(
            nodes=(arn,),
            summary=f"{definition.name} runs on EC2 without a task role and {then}.",
            evidence=(field(arn, "taskRoleArn", "not set"),),
            consequence=users(facts, definition) + gains,
            severity=severity,
        )


def _shut_clusters(facts: Facts) -> frozenset[str]:
    """Clusters whose EC2 container instances all keep tasks in awsvpc mode from the metadata."""
    states: dict[str, bool] = {}
    for machine in machines(facts):
        cluster = machine.host.cluster_arn
        states[cluster] = states.get(cluster, True) and _blocks(machine)
    return frozenset(cluster for cluster, shut in states.items() if shut)
