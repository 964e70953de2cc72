"""The graph of one account, and the questions that are asked of it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import cached_property
from itertools import islice
from typing import Any, NamedTuple

import msgspec
import networkx as nx

from ecsiam_tui.account.tasks import Task
from ecsiam_tui.graph.kinds import PERMISSIONS, ROLE_USES, EdgeKind, NodeKind


class NodeState(StrEnum):
    """Whether what a node stands for is there."""

    PRESENT = "present"
    MISSING = "missing"
    """Looked up, and it does not exist."""
    EXTERNAL = "external"
    """In another account, or AWS's own."""
    UNKNOWN = "unknown"
    """Referred to, but not read."""


class Node(msgspec.Struct, frozen=True, gc=False):
    """A thing of the estate.

    `id` is its ARN where it has one; else its kind and name. `record` is what the snapshot holds of it, None
    where the node is only referred to.
    """

    id: str
    kind: NodeKind
    title: str
    state: NodeState = NodeState.PRESENT
    region: str = ""
    account: str = ""
    record: Any = None
    note: str = ""


class Link(NamedTuple):
    """An edge as seen from one of its ends: what stands at the other, and why."""

    kind: EdgeKind
    node: Node
    via: str


class Blast(NamedTuple):
    """What a change of a node, or a break-in there, touches.

    `users` need the node, directly or not; `reached` can be got at from it; `neighbours` are the roles whose
    credentials other tasks on the same EC2 instances hold (there is no isolation between tasks there).
    """

    users: tuple[Node, ...]
    reached: tuple[Node, ...]
    neighbours: tuple[Node, ...]


def is_stopped(node: Node) -> bool:
    """Whether a node is a task that has stopped: it holds no credentials any more."""
    return isinstance(node.record, Task) and node.record.last_status == "STOPPED"


class Estate:
    """Typed access to the networkx graph in `nx`.

    A node's attribute there is `node` (Node). Edges are keyed by EdgeKind; their attribute `via` says which
    field or statement makes them.
    """

    def __init__(self) -> None:
        self.nx: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        self._by_kind: dict[NodeKind, list[str]] = defaultdict(list)
        self._inside: dict[str, frozenset[str]] = {}

    def add(self, node: Node) -> None:
        """Add a node, or put a better known one in the place of a mere reference."""
        if node.id not in self.nx:
            self._by_kind[node.kind].append(node.id)
        self.nx.add_node(node.id, node=node)

    def connect(self, user: str, used: str, kind: EdgeKind, via: str = "") -> None:
        """Add an edge between two nodes that are there; the same edge twice is one."""
        self.nx.add_edge(user, used, key=kind, via=via)

    def __contains__(self, node_id: str) -> bool:
        return node_id in self.nx

    def __len__(self) -> int:
        return len(self.nx)

    def node(self, node_id: str) -> Node:
        """The node with this id. Raises KeyError."""
        node: Node = self.nx.nodes[node_id]["node"]
        return node

    def get(self, node_id: str) -> Node | None:
        """The node with this id, or None."""
        return self.node(node_id) if node_id in self.nx else None

    def nodes(self, kind: NodeKind | None = None) -> Iterator[Node]:
        """All nodes, or those of one kind, in the order they were added."""
        ids: Iterable[str] = self.nx if kind is None else self._by_kind.get(kind, ())
        return (self.node(node_id) for node_id in ids)

    @cached_property
    def names(self) -> list[tuple[str, str, Node]]:
        """Title and id of every node in small letters, for searching. Made once, when the graph is whole."""
        return [(node.title.lower(), node.id.lower(), node) for node in self.nodes()]

    def release(self) -> None:
        """Let go of everything: the graph refers to itself in circles, so that nothing else would free it.

        Step by step, for a thread beside one that draws: freeing it all at once would hold that one up.
        """
        self._by_kind.clear()
        self._inside.clear()
        self.__dict__.pop("names", None)
        for node_id in list(self.nx):
            self.nx.remove_node(node_id)

    def count(self, kind: NodeKind) -> int:
        """How many nodes there are of a kind."""
        return len(self._by_kind.get(kind, ()))

    def uses(self, node_id: str, *kinds: EdgeKind) -> Iterator[Link]:
        """What a node uses, along its edges (all, or of some kinds)."""
        for _, other, kind, data in self.nx.out_edges(node_id, keys=True, data=True):
            if not kinds or kind in kinds:
                yield Link(EdgeKind(kind), self.node(other), data["via"])

    def used_by(self, node_id: str, *kinds: EdgeKind) -> Iterator[Link]:
        """What uses a node, against its edges (all, or of some kinds)."""
        for other, _, kind, data in self.nx.in_edges(node_id, keys=True, data=True):
            if not kinds or kind in kinds:
                yield Link(EdgeKind(kind), self.node(other), data["via"])

    def neighbours(self, node_id: str) -> dict[NodeKind, tuple[Node, ...]]:
        """All nodes one edge away, by kind."""
        found: dict[str, Node] = {}
        for link in (*self.uses(node_id), *self.used_by(node_id)):
            found[link.node.id] = link.node
        by_kind: dict[NodeKind, list[Node]] = defaultdict(list)
        for node in found.values():
            by_kind[node.kind].append(node)
        return {kind: tuple(nodes) for kind, nodes in by_kind.items()}

    def upstream(self, node_id: str) -> tuple[Node, ...]:
        """Everything that uses a node, directly or not."""
        return self._nodes(nx.ancestors(self.nx, node_id))

    def downstream(self, node_id: str) -> tuple[Node, ...]:
        """Everything that can be reached from a node."""
        return self._nodes(self.reached_from(node_id))

    def reached_from(self, node_id: str) -> set[str]:
        """The ids of everything that can be reached from a node."""
        reached: set[str] = nx.descendants(self.nx, node_id)
        return reached

    def inside(self, node_id: str) -> frozenset[str]:
        """The ids of a node, of all that it contains and runs, and of the roles and resources that these use.

        What a policy there merely names, lets pass or lets assume is not inside. Kept: a filter asks for it
        again at every letter.
        """
        if node_id not in self._inside:
            found, waiting = {node_id}, [node_id]
            while waiting:
                for link in self.uses(waiting.pop()):
                    if link.kind not in PERMISSIONS and link.node.id not in found:
                        found.add(link.node.id)
                        waiting.append(link.node.id)
            self._inside[node_id] = frozenset(found)
        return self._inside[node_id]

    def paths(
        self, start: str, end: str, *, most: int = 100, longest: int = 8
    ) -> tuple[tuple[Link, ...], ...]:
        """The simple paths between two nodes, shortest first: at most `most`, of at most `longest` edges.

        A path is the links that are walked; where several edges join two nodes, one path a kind of edge.
        """
        if start not in self.nx or end not in self.nx or start == end:
            return ()
        towards = self.nx.reverse(copy=False)
        to_go = dict(nx.single_source_shortest_path_length(towards, end, cutoff=longest))
        lengths = range(to_go[start], longest + 1) if start in to_go else ()
        found = (path for length in lengths for path in self._walk((), {start}, start, end, length, to_go))
        return tuple(islice(found, most))

    def _walk(
        self, walked: tuple[Link, ...], seen: set[str], at: str, end: str, left: int, to_go: dict[str, int]
    ) -> Iterator[tuple[Link, ...]]:
        """The simple paths of exactly `left` further edges; steps that cannot reach the end are not taken."""
        for link in self.uses(at):
            step = link.node.id
            if step in seen or to_go.get(step, left) >= left:
                continue
            if step != end:
                yield from self._walk((*walked, link), {*seen, step}, step, end, left - 1, to_go)
            elif left == 1:
                yield (*walked, link)

    def role_users(self, role_id: str) -> tuple[Link, ...]:
        """Whose role a role is: task definitions, capacity providers, launchers, instances, …"""
        return tuple(self.used_by(role_id, *ROLE_USES))

    def services_of(self, role_id: str) -> tuple[Node, ...]:
        """The services that run with a role: through a task definition, through a task set, or directly."""
        found: dict[str, Node] = {}
        for link in self.role_users(role_id):
            users = [link.node, *(user.node for user in self.used_by(link.node.id, EdgeKind.RUNS))]
            for node in users:
                if node.kind == NodeKind.TASK_SET:  # external deployments: the service names no definition
                    node = next((owner.node for owner in self.used_by(node.id, EdgeKind.CONTAINS)), node)
                if node.kind == NodeKind.SERVICE:
                    found[node.id] = node
        return tuple(found.values())

    def blast(self, node_id: str) -> Blast:
        """What a change of a node touches, and what a break-in there reaches."""
        neighbours: dict[str, Node] = {}
        for host in self._hosts(node_id):
            for task in self.used_by(host, EdgeKind.PLACED_ON):
                if not is_stopped(task.node):
                    neighbours.update({role.id: role for role in self._roles_of_task(task.node.id)})
            for link in self.uses(host, EdgeKind.USES_INSTANCE_ROLE):
                neighbours[link.node.id] = link.node
        own = self.downstream(node_id)
        for node in own:
            neighbours.pop(node.id, None)
        neighbours.pop(node_id, None)
        return Blast(self.upstream(node_id), own, tuple(neighbours.values()))

    def _hosts(self, node_id: str) -> set[str]:
        """The container instances where a task, or those of a service or task definition, run; or itself."""
        node = self.node(node_id)
        if node.kind == NodeKind.CONTAINER_INSTANCE:
            return {node_id}
        tasks = [link.node for link in self.uses(node_id, EdgeKind.CONTAINS)]
        tasks += [link.node for link in self.used_by(node_id, EdgeKind.STARTED_FROM)]
        return {
            link.node.id
            for task in (node, *tasks)
            if task.kind == NodeKind.TASK and not is_stopped(task)
            for link in self.uses(task.id, EdgeKind.PLACED_ON)
        }

    def _roles_of_task(self, task_id: str) -> Iterator[Node]:
        """Its task role and its execution role: what it overrides, else what its definition says."""
        definition = next(self.uses(task_id, EdgeKind.STARTED_FROM), None)
        for kind in (EdgeKind.USES_TASK_ROLE, EdgeKind.USES_EXECUTION_ROLE):
            own = next(self.uses(task_id, kind), None)
            if own is None and definition is not None:
                own = next(self.uses(definition.node.id, kind), None)
            if own is not None:
                yield own.node

    def _nodes(self, ids: Iterable[str]) -> tuple[Node, ...]:
        return tuple(
            sorted((self.node(node_id) for node_id in ids), key=lambda node: (node.kind, node.title))
        )
