"""Who else is hit by a change, and who would revert it."""

from collections.abc import Iterable, Iterator

import msgspec

from ecsiam_tui.account.kept_as_code import keeper
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.looking import name_of
from ecsiam_tui.graph import Estate
from ecsiam_tui.graph.estate import Node, is_stopped
from ecsiam_tui.graph.kinds import PERMISSIONS, EdgeKind, NodeKind, words

_SERVICES = (NodeKind.SERVICE, NodeKind.EXPRESS_SERVICE)
_PASSED_THROUGH = (
    NodeKind.TASK_DEFINITION,
    NodeKind.DAEMON_TASK_DEFINITION,
    NodeKind.TASK_SET,
    NodeKind.IMAGE,
    NodeKind.ROLE,
    NodeKind.INSTANCE_PROFILE,
    NodeKind.SECRET,
    NodeKind.PARAMETER,
    NodeKind.REPOSITORY,
    NodeKind.LOG_GROUP,
    NodeKind.FILE_SYSTEM,
    NodeKind.BUCKET,
)
"""What is used for the sake of what uses it in turn."""
_HOSTS = (NodeKind.CONTAINER_INSTANCE, NodeKind.INSTANCE, NodeKind.MANAGED_NODE, NodeKind.ACTIVATION)

MANY = 2
"""From how many users on a thing is shared."""


class Sharing(msgspec.Struct, frozen=True):
    """Who uses what a change is about. `services` and `clusters` are ids, `others` the ids of everything else
    that does: launchers, tasks by themselves, hosts, and for a policy the roles, users and groups that have
    it and that ECS does not use. `sentence` says it to a person; empty where nobody uses it."""

    services: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    sentence: str = ""

    @property
    def users(self) -> int:
        """How many services and other things use it."""
        return len(self.services) + len(self.others)

    @property
    def is_shared(self) -> bool:
        """Whether more than one uses it, so that a change for one hits another."""
        return self.users >= MANY


def shared(change: c.AnyChange, estate: Estate) -> Sharing:
    """Who uses what a change changes for all its users: the role, policy, resource, cluster or task
    definition. What makes something new, or changes one service or launcher alone, is shared with nobody."""
    found: dict[str, Node] = {}
    for start in _starts(change, estate):
        found |= {node.id: node for node in _users(start, estate)}
    services = [node for node in found.values() if node.kind in _SERVICES]
    others = [node for node in found.values() if node.kind not in _SERVICES]
    clusters = tuple(dict.fromkeys(cluster for node in services for cluster in _clusters(node, estate)))
    return Sharing(
        services=tuple(node.id for node in services),
        clusters=clusters,
        others=tuple(node.id for node in others),
        sentence=_sentence(change, services, len(clusters), others),
    )


def users_of(node: str, estate: Estate) -> tuple[Node, ...]:
    """The services, launchers, tasks and hosts that use a node and are there to run."""
    return tuple({found.id: found for found in _users(node, estate)}.values()) if node in estate else ()


def _starts(change: c.AnyChange, estate: Estate) -> list[str]:
    match change:
        case (
            c.CreateRole()
            | c.CreatePolicy()
            | c.CreateLogGroup()
            | c.CreateServiceLinkedRole()
            | c.RegisterTaskDefinition()
            | c.UpdateService()
            | c.PutRuleTarget()
            | c.UpdateSchedule()
        ):
            return []
        case c.UpdateClusterExec():
            contained = estate.uses(change.cluster, EdgeKind.CONTAINS) if change.cluster in estate else ()
            return [link.node.id for link in contained if link.node.kind in _SERVICES]
    return [change.target] if change.target in estate else []


def _users(start: str, estate: Estate) -> Iterator[Node]:
    """What stands at the upper ends of what uses a node; the node itself where it is a service."""
    if estate.node(start).kind in _SERVICES:
        yield estate.node(start)
        return
    seen, waiting = {start}, [start]
    while waiting:
        at = waiting.pop()
        above = [node for node in _above(at, estate) if not is_stopped(node)]
        is_holder = at != start and estate.node(at).kind is NodeKind.ROLE
        if is_holder and not above:
            yield estate.node(at)
        for node in above:
            if node.id in seen:
                continue
            seen.add(node.id)
            owner = _service_of(node, estate)
            if owner is not None:
                seen.add(owner.id)
                yield owner
            elif node.kind in _PASSED_THROUGH or _is_registered(node, estate):
                waiting.append(node.id)
            else:
                yield node


def _above(node: str, estate: Estate) -> Iterator[Node]:
    for link in estate.used_by(node):
        if link.kind not in PERMISSIONS and link.kind is not EdgeKind.CONTAINS:
            yield link.node
    if estate.node(node).kind is NodeKind.REPOSITORY:  # its images are what is pulled
        for link in estate.uses(node, EdgeKind.CONTAINS):
            yield link.node


def _service_of(node: Node, estate: Estate) -> Node | None:
    """The service that a node is, or that a task or task set belongs to."""
    if node.kind in _SERVICES:
        return node
    if node.kind in (NodeKind.TASK, NodeKind.TASK_SET):
        owners = (link.node for link in estate.used_by(node.id, EdgeKind.CONTAINS))
        return next((owner for owner in owners if owner.kind in _SERVICES), None)
    return None


def _is_registered(node: Node, estate: Estate) -> bool:
    """Whether a node is an EC2 instance that is a container instance: the two are one host."""
    if node.kind is not NodeKind.INSTANCE:
        return False
    above = (link.node.kind for link in estate.used_by(node.id, EdgeKind.PLACED_ON))
    return NodeKind.CONTAINER_INSTANCE in above


def _clusters(service: Node, estate: Estate) -> Iterator[str]:
    for link in estate.used_by(service.id, EdgeKind.CONTAINS):
        if link.node.kind is NodeKind.CLUSTER:
            yield link.node.id


def _counted(number: int, kind: NodeKind) -> str:
    said = words(kind)
    return f"{number} {said.word if number == 1 else said.plural}"


def _sentence(change: c.AnyChange, services: list[Node], clusters: int, others: list[Node]) -> str:
    parts = []
    if services:
        where = f" in {_counted(clusters, NodeKind.CLUSTER)}" if clusters > 1 else ""
        parts.append(f"{_counted(len(services), NodeKind.SERVICE)}{where}")
    kinds = dict.fromkeys(node.kind for node in others)
    parts += [_counted(sum(node.kind is kind for node in others), kind) for kind in kinds]
    if not parts:
        return ""
    count = len(services) + len(others)
    told = " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
    if count == 1:
        (only,) = (*services, *others)
        return f"used by {words(only.kind).word} {only.title} alone"
    fork = {"role": ": fork the role instead?", "policy": ": write a policy of its own instead?"}
    hosts_alone = all(node.kind in _HOSTS for node in (*services, *others))
    return f"shared by {told}{'' if hosts_alone else fork.get(change.target_field, '')}"


# Infrastructure as code

_TAGGED = (
    ("roles", "arn"),
    ("policies", "arn"),
    ("services", "service_arn"),
    ("clusters", "cluster_arn"),
    ("secrets", "arn"),
    ("task_definitions", "task_definition_arn"),
)


def keepers(changes: Iterable[c.AnyChange], snapshot: Snapshot) -> dict[str, str]:
    """The things that changes touch and that a tool of infrastructure as code keeps, by id, with the tool's
    name: what is changed behind its back is reverted when it runs next. A new revision counts as its base."""
    found: dict[str, str] = {}
    touched = dict.fromkeys(
        change.base if isinstance(change, c.RegisterTaskDefinition) else change.target for change in changes
    )
    for field, key in _TAGGED:
        for record in getattr(snapshot, field):
            kept = keeper(record.tags) if getattr(record, key) in touched else None
            if kept is not None:
                found[getattr(record, key)] = kept[0]
    return found


def keeper_words(change: c.AnyChange, snapshot: Snapshot) -> str:
    """Who would revert a change, in a sentence; empty where nobody is known to."""
    for target, tool in keepers((change,), snapshot).items():
        return f"{name_of(target)} belongs to {tool}, which reverts what is changed here: export the patch"
    return ""
