"""The tree that people walk: clusters at the top, then everything else by kind, opened step by step.

An item's key is the path to it, so that open items, cursor and history survive a new snapshot. Children are
made when they are asked for; nothing here grows with the size of the account until it is opened.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

import msgspec

from ecsiam_tui.account.iam import Role
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.tasks import Task
from ecsiam_tui.graph.documents import document_text
from ecsiam_tui.graph.estate import Estate, Link, Node, NodeState
from ecsiam_tui.graph.groups import GROUP_OF, GROUPS, MIXED_LIMIT, USER_FIELDS
from ecsiam_tui.graph.kinds import EdgeKind, NodeKind, relation, words
from ecsiam_tui.policy.document import Statement, parse_document

SEPARATOR = "\x1f"
TRUST = "#trust policy"  # holds a space, which no policy name does
MISSING_TITLE = "referred to but missing"


class Item(msgspec.Struct, frozen=True, gc=False):
    """A row of the tree. `node` is None for groups; `statement` is set for statements alone.

    `part` is the word that says what the item is to its parent ("task role"); `note` what is odd about it.
    """

    key: str
    title: str
    glyph: str = ""
    node: Node | None = None
    part: str = ""
    note: str = ""
    count: int | None = None
    opens: bool = False
    statement: Statement | None = None
    group: str = ""

    @property
    def depth(self) -> int:
        """0 for a root."""
        return self.key.count(SEPARATOR)

    @property
    def parent_key(self) -> str:
        """The key of the item above; empty for a root."""
        return self.key.rpartition(SEPARATOR)[0]


class Outline:
    """The tree of one estate."""

    def __init__(self, estate: Estate, snapshot: Snapshot) -> None:
        self.estate = estate
        self.snapshot = snapshot
        self._children: dict[str, tuple[Item, ...]] = {}

    def roots(self) -> tuple[Item, ...]:
        """Clusters by name, then the groups that have members."""
        return self._roots

    @cached_property
    def _roots(self) -> tuple[Item, ...]:
        return (*self._cluster_items(), *self._group_items())

    def children(self, item: Item) -> tuple[Item, ...]:
        """What opens below an item; kept, for whoever leaves a filter opens all that was open again."""
        found = self._children.get(item.key)
        if found is None:
            found = self._children[item.key] = self._make_children(item)
        return found

    def _make_children(self, item: Item) -> tuple[Item, ...]:
        if item.statement is not None:
            return ()
        if item.group:
            return tuple(self._members(item))
        if item.key.rpartition(SEPARATOR)[2] == TRUST and item.node is not None:
            return tuple(self._statements(item, item.node.record.assume_role_policy_document))
        if item.node is None:
            return ()
        if item.node.kind in _SPECIAL:
            return tuple(_SPECIAL[item.node.kind](self, item, item.node))
        return tuple(self._links(item, self.estate.uses(item.node.id)))

    def entry(self, node: Node) -> Item:
        """A node as a root of its own, as search results show it: with its kind and its cluster."""
        owner = next(self.estate.used_by(node.id, EdgeKind.CONTAINS), None)
        where = f"in {owner.node.title}" if owner else ""
        return self._node_item("", node, " ".join(filter(None, (words(node.kind).word, where))))

    def path_to(self, node_id: str) -> tuple[str, ...]:
        """The keys from a root down to the place where a node is listed; empty if it is nowhere."""
        node = self.estate.get(node_id)
        if node is None:
            return ()
        if node.kind == NodeKind.CLUSTER and self._is_root(node):
            return (step(node.id),)
        if node.kind == NodeKind.INLINE_POLICY:
            holder = next(self.estate.used_by(node.id, EdgeKind.INLINE), None)
            above = self.path_to(holder.node.id) if holder else ()
        elif node.kind in GROUP_OF:
            group = GROUP_OF[node.kind]
            above = (f"group:{group}",)
            if self._shows_kinds(group):
                above = (*above, SEPARATOR.join((*above, f"kind:{node.kind}")))
        else:
            owner = next(self.estate.used_by(node.id, EdgeKind.CONTAINS), None)
            above = self.path_to(owner.node.id) if owner else ()
            if not above and node.state == NodeState.MISSING:
                above = ("group:orphans", f"group:orphans{SEPARATOR}orphans:{MISSING_TITLE}")
            elif above and node.kind == NodeKind.TASK:
                above = (*above, f"{above[-1]}{SEPARATOR}group:tasks")
        return (*above, f"{above[-1]}{SEPARATOR}{step(node.id)}") if above else ()

    # Roots and groups

    def _cluster_items(self) -> Iterator[Item]:
        regions = {node.region for node in self.estate.nodes(NodeKind.CLUSTER)}
        for node in _by_title(filter(self._is_root, self.estate.nodes(NodeKind.CLUSTER))):
            yield self._node_item("", node, note=node.region if len(regions) > 1 else "")

    def _is_root(self, cluster: Node) -> bool:
        """Missing clusters are orphans, unless something that was read says to be in them."""
        contained = self.estate.uses(cluster.id, EdgeKind.CONTAINS)
        return cluster.state != NodeState.MISSING or any(contained)

    def _group_items(self) -> Iterator[Item]:
        for name, (title, kinds) in GROUPS.items():
            count = sum(self.estate.count(kind) for kind in kinds)
            if count:
                yield Item(
                    f"group:{name}",
                    title,
                    words(kinds[0]).glyph,
                    count=count,
                    opens=True,
                    group=f"root:{name}",
                )
        orphans = sum(len(nodes) for _, nodes in self.orphans())
        if orphans:
            yield Item("group:orphans", "Orphans", "◌", count=orphans, opens=True, group="orphans")

    def _members(self, item: Item) -> Iterator[Item]:
        what, _, name = item.group.partition(":")
        if what == "root":
            if self._shows_kinds(name):
                for kind in GROUPS[name][1]:
                    if count := self.estate.count(kind):
                        yield self._group(item, f"kind:{kind}", words(kind).plural, words(kind).glyph, count)
            else:
                for kind in GROUPS[name][1]:
                    yield from self._nodes(item, self.estate.nodes(kind))
        elif what == "kind":
            yield from self._nodes(item, self.estate.nodes(NodeKind(name)))
        elif what == "orphans":
            for title, nodes in self.orphans():
                if nodes and not name:
                    yield self._group(item, f"orphans:{title}", title, "", len(nodes))
                elif title == name:
                    yield from self._nodes(item, nodes)
        elif what == "tasks":
            yield from self._nodes(item, _tasks(self.estate, self._owner(item)))
        elif what == "hosts":
            links = self.estate.uses(self._owner(item).id, EdgeKind.CONTAINS)
            yield from self._nodes(item, (link.node for link in links if _is_host(link.node)))

    def _owner(self, group: Item) -> Node:
        """The node that a group of tasks or hosts stands below."""
        last = group.parent_key.rpartition(SEPARATOR)[2]
        return self.estate.get(last) or next(node for node in self.estate.nodes() if step(node.id) == last)

    def orphans(self) -> tuple[tuple[str, tuple[Node, ...]], ...]:
        """What is referred to but missing, and what nothing known refers to."""
        return self._orphans

    @cached_property
    def _orphans(self) -> tuple[tuple[str, tuple[Node, ...]], ...]:
        estate = self.estate
        missing = (node for node in estate.nodes() if node.state == NodeState.MISSING)
        unused = "used by nothing" if self._all_users_known() else "used by nothing that was read"
        roles = (
            node
            for node in estate.nodes(NodeKind.ROLE)
            if isinstance(node.record, Role)
            and not node.record.is_service_linked
            and not estate.role_users(node.id)
        )
        policies = (
            node
            for node in estate.nodes(NodeKind.POLICY)
            if node.record is not None
            and not node.record.is_aws_managed
            and not any(estate.used_by(node.id, EdgeKind.ATTACHED, EdgeKind.BOUNDED_BY))
        )
        definitions = (
            node
            for node in estate.nodes(NodeKind.TASK_DEFINITION)
            if node.record is not None
            and not any(estate.used_by(node.id, EdgeKind.RUNS, EdgeKind.SCHEDULES, EdgeKind.STARTED_FROM))
        )
        return (
            (MISSING_TITLE, _by_title(missing)),
            (f"roles {unused}", _by_title(roles)),
            ("policies attached to nothing", _by_title(policies)),
            (f"task definitions {unused}", _by_title(definitions)),
        )

    def _all_users_known(self) -> bool:
        return all(self.snapshot.is_known(name) for name in USER_FIELDS)

    def _shows_kinds(self, group: str) -> bool:
        counts = [self.estate.count(kind) for kind in GROUPS[group][1]]
        return sum(map(bool, counts)) > 1 and sum(counts) > MIXED_LIMIT

    # Items

    def _group(self, parent: Item, group: str, title: str, glyph: str, count: int, note: str = "") -> Item:
        name = group if ":" in group else f"group:{group}"
        return Item(
            f"{parent.key}{SEPARATOR}{name}", title, glyph, count=count, opens=True, group=group, note=note
        )

    def _node_item(self, parent_key: str, node: Node, part: str = "", note: str = "") -> Item:
        key = f"{parent_key}{SEPARATOR}{step(node.id)}" if parent_key else step(node.id)
        return Item(
            key,
            node.title,
            words(node.kind).glyph,
            node,
            part=part,
            note=" ".join(filter(None, (note, _state_note(node)))),
            opens=self._opens(node),
        )

    def _nodes(self, parent: Item, nodes: Iterable[Node]) -> Iterator[Item]:
        for node in _by_title(nodes):
            yield self._node_item(parent.key, node)

    def _opens(self, node: Node) -> bool:
        if node.record is None and node.kind in (NodeKind.ROLE, NodeKind.POLICY):
            return False
        if node.kind in _DOCUMENT_KINDS or node.kind in (NodeKind.ROLE, NodeKind.CLUSTER):
            return True
        return self.estate.nx.out_degree(node.id) > 0

    def _links(self, parent: Item, links: Iterable[Link]) -> Iterator[Item]:
        """A row for each node; what a node is to the parent in several ways is said in one row."""
        parts: dict[str, list[str]] = {}
        for link in links:
            parts.setdefault(link.node.id, []).append(relation(link.kind))
        for node_id, words_of in parts.items():
            yield self._node_item(parent.key, self.estate.node(node_id), ", ".join(dict.fromkeys(words_of)))

    # What opens below each kind

    def _cluster(self, item: Item, node: Node) -> Iterator[Item]:
        links = list(self.estate.uses(node.id, EdgeKind.CONTAINS))
        yield from self._nodes(
            item, (link.node for link in links if link.node.kind != NodeKind.TASK and not _is_host(link.node))
        )
        if tasks := _tasks(self.estate, node):
            yield self._task_group(item, tasks, "tasks of no service")
        if hosts := [link.node for link in links if _is_host(link.node)]:
            yield self._group(item, "hosts", "container instances", "▦", len(hosts))
        yield from self._links(
            item, self.estate.uses(node.id, EdgeKind.RUNS, EdgeKind.LOGS_TO, EdgeKind.ENCRYPTS_WITH)
        )
        placed = self.estate.used_by(node.id, EdgeKind.PLACED_ON)
        yield from self._nodes(item, (link.node for link in placed))

    def _service(self, item: Item, node: Node) -> Iterator[Item]:
        running = list(self.estate.uses(node.id, EdgeKind.RUNS))
        roles = (EdgeKind.USES_TASK_ROLE, EdgeKind.USES_EXECUTION_ROLE)
        of_definitions = [link for run in running for link in self.estate.uses(run.node.id, *roles)]
        own = [
            link for link in self.estate.uses(node.id) if link.kind not in (EdgeKind.RUNS, EdgeKind.CONTAINS)
        ]
        of_definitions.sort(key=lambda link: roles.index(link.kind))
        yield from self._links(item, (*of_definitions, *own))
        for link in running:
            yield self._node_item(item.key, link.node, note=self._newer(link.node))
        if tasks := _tasks(self.estate, node):
            yield self._task_group(item, tasks, "tasks")
        sets = (
            link.node
            for link in self.estate.uses(node.id, EdgeKind.CONTAINS)
            if link.node.kind != NodeKind.TASK
        )
        yield from self._nodes(item, sets)
        for link in self.estate.used_by(node.id, EdgeKind.DEPLOYS, EdgeKind.SCALES):
            yield self._node_item(item.key, link.node, relation(link.kind, backwards=True))

    def _newer(self, definition: Node) -> str:
        """Says so where a service runs another revision than the latest active one."""
        record = definition.record
        if record is None or record.latest:
            return ""
        prefix = definition.id.rpartition(":")[0] + ":"
        for node in self.estate.nodes(NodeKind.TASK_DEFINITION):
            if node.record is not None and node.record.latest and node.id.startswith(prefix):
                return f"latest is :{node.record.revision}"
        return ""

    def _task_group(self, parent: Item, tasks: list[Node], title: str) -> Item:
        records = [node.record for node in tasks if isinstance(node.record, Task)]
        stopped = sum(task.last_status == "STOPPED" for task in records)
        running = sum(task.last_status == "RUNNING" for task in records)
        states = {"running": running, "stopped": stopped, "starting": len(records) - running - stopped}
        note = "  ".join(f"{count} {state}" for state, count in states.items() if count)
        return self._group(parent, "tasks", title, "•", len(tasks), note)

    def _role(self, item: Item, node: Node) -> Iterator[Item]:
        order = (EdgeKind.INLINE, EdgeKind.ATTACHED, EdgeKind.BOUNDED_BY)
        for each in self._links(item, self._in_order(node, order)):
            part = each.part.replace("inline policy", "inline").removeprefix("attached policy")
            yield msgspec.structs.replace(each, part=part.removeprefix(", "))
        if node.record is not None:
            yield Item(f"{item.key}{SEPARATOR}{TRUST}", "trust policy", "§", node, opens=True)

    def _holder(self, item: Item, node: Node) -> Iterator[Item]:
        order = (EdgeKind.MEMBER_OF, EdgeKind.INLINE, EdgeKind.ATTACHED, EdgeKind.BOUNDED_BY)
        yield from self._links(item, self._in_order(node, order))

    def _in_order(self, node: Node, order: tuple[EdgeKind, ...]) -> list[Link]:
        """What a node uses in these ways: way by way, and then by title."""
        links = self.estate.uses(node.id, *order)
        return sorted(links, key=lambda link: (order.index(link.kind), link.node.title))

    def _policy(self, item: Item, node: Node) -> Iterator[Item]:
        yield from self._statements(item, document_text(node))

    def _statements(self, item: Item, text: str) -> Iterator[Item]:
        document = parse_document(text)
        for statement in document.statements:
            effect = "" if statement.effect == "Allow" else "Deny"
            yield Item(
                f"{item.key}{SEPARATOR}#{statement.index}",
                statement.label,
                "¶",
                item.node,
                part=effect,
                note=statement_summary(statement),
                statement=statement,
            )
        for number, problem in enumerate(document.problems):  # all on line 1, as AWS stores documents
            yield Item(
                f"{item.key}{SEPARATOR}#problem{number}", "not valid", "¶", item.node, note=str(problem)
            )


def step(node_id: str) -> str:
    """What a node's id adds to a key: ids may hold any character, keys hold SEPARATOR between steps alone."""
    return node_id.replace(SEPARATOR, "\N{SYMBOL FOR UNIT SEPARATOR}")


def statement_summary(statement: Statement) -> str:
    """What a statement is about in a few words: its first action or principal, and how many more."""
    for values, word in ((statement.actions, ""), (statement.not_actions, "not ")):
        if values:
            more = f" +{len(values) - 1}" if len(values) > 1 else ""
            return f"{word}{values[0]}{more}"
    return ""


def _is_host(node: Node) -> bool:
    return node.kind == NodeKind.CONTAINER_INSTANCE


def _tasks(estate: Estate, owner: Node) -> list[Node]:
    links = estate.uses(owner.id, EdgeKind.CONTAINS)
    return [link.node for link in links if link.node.kind == NodeKind.TASK]


def _by_title(nodes: Iterable[Node]) -> tuple[Node, ...]:
    return tuple(sorted(nodes, key=lambda node: (node.title.lower(), node.id)))


def _state_note(node: Node) -> str:
    if node.state == NodeState.MISSING:
        return "does not exist"
    if node.state == NodeState.UNKNOWN:
        return "not read"
    if node.state == NodeState.EXTERNAL and node.kind != NodeKind.IMAGE:
        return "" if node.account in ("", "aws") else f"account {node.account}"
    return node.note


_DOCUMENT_KINDS = frozenset({NodeKind.POLICY, NodeKind.INLINE_POLICY, NodeKind.ORGANIZATION_POLICY})

_SPECIAL: dict[NodeKind, Callable[[Outline, Item, Node], Iterator[Item]]] = {
    NodeKind.CLUSTER: Outline._cluster,
    NodeKind.SERVICE: Outline._service,
    NodeKind.ROLE: Outline._role,
    NodeKind.USER: Outline._holder,
    NodeKind.GROUP: Outline._holder,
    NodeKind.POLICY: Outline._policy,
    NodeKind.INLINE_POLICY: Outline._policy,
    NodeKind.ORGANIZATION_POLICY: Outline._policy,
}
