"""What containers may do to their host, and as which user they run."""

from collections.abc import Iterator
from typing import NamedTuple

from ecsiam_tui.account.tasks import ContainerDefinition, TaskDefinition
from ecsiam_tui.ecs.workloads import LaunchType, Workload
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Evidence, Severity
from ecsiam_tui.findings.registry import Draft, rule
from ecsiam_tui.findings.rules.definitions import DEVELOPER_GUIDE, container_field, field, in_use, users
from ecsiam_tui.findings.rules.machines import instance_roles
from ecsiam_tui.findings.rules.strength import powers

CAPABILITIES = frozenset({"ALL", "SYS_ADMIN", "SYS_MODULE", "SYS_RAWIO", "DAC_READ_SEARCH"})
"""Linux capabilities with which a process leaves its container."""

HOST_PATHS = frozenset(
    {
        "/",
        "/etc",
        "/root",
        "/run",
        "/run/containerd",
        "/run/containerd/containerd.sock",
        "/run/docker.sock",
        "/var",
        "/var/lib",
        "/var/lib/docker",
        "/var/lib/ecs",
        "/var/lib/ecs/data",
        "/var/run",
        "/var/run/docker.sock",
    }
)
"""Directories and sockets of the host with which one has the host, or all its containers."""

ROOT = frozenset({"root", "0"})
_INSTANCES: frozenset[LaunchType] = frozenset({"EC2", "EXTERNAL", "MANAGED_INSTANCES"})


class Escape(NamedTuple):
    """A way out of a container. `leaves` is False for what merely weakens the wall (host network)."""

    words: str
    evidence: Evidence
    leaves: bool = True


def escapes(definition: TaskDefinition) -> tuple[Escape, ...]:
    """The ways out of the containers of a task definition."""
    return tuple(_escapes(definition))


def _escapes(definition: TaskDefinition) -> Iterator[Escape]:
    arn = definition.task_definition_arn
    paths = {
        volume.name: volume.host.source_path.rstrip("/") or "/"
        for volume in definition.volumes
        if volume.host and volume.host.source_path
    }
    for container in definition.container_definitions:
        if container.privileged:
            text = f"container {container.name} is privileged"
            yield Escape(text, container_field(definition, container.name, "privileged", "true"))
        wanted = [name for name in _added(container) if name in CAPABILITIES]
        if wanted:
            where = container_field(
                definition, container.name, "linuxParameters.capabilities.add", ", ".join(wanted)
            )
            yield Escape(f"container {container.name} has {', '.join(wanted)}", where)
        for mount in container.mount_points:
            path = paths.get(mount.source_volume or "", "")
            if path in HOST_PATHS:
                words = "the Docker socket" if path.endswith("docker.sock") else f"{path} of the host"
                where = container_field(
                    definition, container.name, f"mountPoints.{mount.source_volume}", path
                )
                yield Escape(f"container {container.name} has {words}", where)
    if definition.pid_mode == "host":
        yield Escape("sees the host's processes", field(arn, "pidMode", "host"))
    if definition.ipc_mode == "host":
        yield Escape("shares the host's memory segments", field(arn, "ipcMode", "host"), leaves=False)
    if definition.network_mode == "host":
        yield Escape("shares the host's network", field(arn, "networkMode", "host"), leaves=False)


def _added(container: ContainerDefinition) -> list[str]:
    capabilities = (container.linux_parameters or {}).get("capabilities")
    added = capabilities.get("add") if isinstance(capabilities, dict) else None
    return [str(name).upper().removeprefix("CAP_") for name in added or ()]


def _launches(facts: Facts) -> dict[str, list[Workload]]:
    found: dict[str, list[Workload]] = {}
    for workload in facts.needs.workloads:
        found.setdefault(workload.definition.task_definition_arn, []).append(workload)
    return found


@rule(
    "ECS-IAM-056",
    "Container that gets at its host",
    Severity.HIGH,
    fires="A container is privileged, has a capability such as SYS_ADMIN, the host's processes or network, or"
    " the Docker socket or another directory of the host that gives it away.",
    why="Who breaks into such a container has the host: the role of the instance, and the credentials of"
    " every task that runs there.",
    source="AWS Security Hub controls ECS.3 (host's process namespace), ECS.4 (privileged containers),"
    f' ECS.17 (host network mode); {DEVELOPER_GUIDE}, "Task and container security best practices"',
    fix="Take the flag, capability or mount out; where an agent really needs it, run it on instances of its"
    " own with a task role that may do next to nothing.",
    fixes=("harden-containers",),
)
def host_access(facts: Facts) -> Iterator[Draft]:
    by_definition, hosts = _launches(facts), instance_roles(facts)
    for definition in facts.definitions_in_use:
        found = escapes(definition)
        if not found:
            continue
        used = by_definition[definition.task_definition_arn]
        task_role = next((workload.task_role for workload in used if workload.task_role), "")
        strong = powers(facts, task_role) if task_role else ""
        leaves = any(escape.leaves for escape in found)
        severity = Severity.HIGH if leaves or strong else Severity.MEDIUM
        parts = list(dict.fromkeys(escape.words for escape in found))
        listed = ", ".join(parts[:-1]) + f" and {parts[-1]}" if len(parts) > 1 else parts[0]
        yield Draft(
            nodes=(definition.task_definition_arn,),
            summary=f"{definition.name}: {listed}.",
            evidence=tuple(escape.evidence for escape in found),
            consequence=_reach(facts, definition, _hosts_of(used, hosts), task_role, strong),
            severity=in_use(facts, definition, severity),
        )


def _hosts_of(used: list[Workload], hosts: dict[str, frozenset[str]]) -> list[str]:
    clusters = {workload.cluster.cluster_arn for workload in used if workload.cluster}
    return sorted({role for cluster in clusters for role in hosts.get(cluster, ())})


def _reach(facts: Facts, definition: TaskDefinition, hosts: list[str], task_role: str, strong: str) -> str:
    parts = [users(facts, definition)]
    if hosts:
        parts.append(f"From the host one gets the role {facts.titles(hosts)}.")
    if strong:
        parts.append(f"Its task role {facts.title(task_role)} {strong}.")
    return " ".join(parts)


@rule(
    "ECS-IAM-057",
    "Container runs as root or may change its own files",
    Severity.MEDIUM,
    fires="A container's user is root or not set, or its root file system is writable.",
    why="As root with writable files a break-in can install what it likes, and is closer to the host.",
    source="AWS Security Hub controls ECS.20 (non-root users in Linux containers) and ECS.5 (read-only root"
    " file systems)",
    fix="Set user to a number other than 0 and readonlyRootFilesystem to true; give what must be written a"
    " volume.",
    fixes=("harden-containers",),
)
def root_containers(facts: Facts) -> Iterator[Draft]:
    by_definition = _launches(facts)
    for definition in facts.definitions_in_use:
        family = (definition.runtime_platform or {}).get("operatingSystemFamily") or ""
        if str(family).upper().startswith("WINDOWS"):
            continue  # Security Hub has a control of its own for them, and neither field works there
        writable, root, unset = _soft(definition.container_definitions)
        if not (writable or root or unset):
            continue
        on_instances = any(
            workload.launches & _INSTANCES and "FARGATE" not in workload.launches
            for workload in by_definition[definition.task_definition_arn]
        )
        both = writable & (root | unset)
        severity = Severity.INFO
        if both or root:
            severity = Severity.MEDIUM if both and on_instances else Severity.LOW
        evidence = [
            container_field(definition, name, "user", "root" if name in root else "not set")
            for name in (*sorted(root), *sorted(unset))
        ]
        evidence += [
            container_field(definition, name, "readonlyRootFilesystem", "false") for name in sorted(writable)
        ]
        yield Draft(
            nodes=(definition.task_definition_arn,),
            summary=f"{definition.name}: {_say(facts, root, unset, writable)}.",
            evidence=tuple(evidence),
            consequence=users(facts, definition),
            severity=min(severity, in_use(facts, definition, severity)),
            rests_on=()
            if root or not unset
            else ("the user that the image itself names, which was not read: without one it is root",),
        )


def _soft(containers: tuple[ContainerDefinition, ...]) -> tuple[set[str], set[str], set[str]]:
    """Names of containers with a writable root file system, with the user root, and without a user."""
    writable = {item.name for item in containers if not item.readonly_root_filesystem}
    root = {item.name for item in containers if item.user and item.user.split(":")[0] in ROOT}
    unset = {item.name for item in containers if not item.user}
    return writable, root, unset


def _say(facts: Facts, root: set[str], unset: set[str], writable: set[str]) -> str:
    parts = []
    for names, words in (
        (root, "as root"),
        (unset, "as root unless its image names another user"),
    ):
        if names:
            parts.append(f"{_names(facts, names)} runs {words}")
    if writable:
        parts.append(f"the root file system of {_names(facts, writable)} is writable")
    return "; ".join(parts)


def _names(facts: Facts, names: set[str]) -> str:
    return facts.titles(sorted(names))
