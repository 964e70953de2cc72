"""Adding nodes and edges so that every reference ends at a node, whatever became of the thing referred to."""

from bisect import bisect_left
from collections.abc import Iterable
from functools import cached_property

from ecsiam_tui.account.arns import parse_arn, short_name
from ecsiam_tui.account.role_names import RoleNames
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.graph.estate import Estate, Node, NodeState
from ecsiam_tui.graph.kinds import EdgeKind, NodeKind
from ecsiam_tui.policy.patterns import resource_glob, tokenize

FIELDS = {
    NodeKind.CLUSTER: "clusters",
    NodeKind.CAPACITY_PROVIDER: "capacity_providers",
    NodeKind.SERVICE: "services",
    NodeKind.TASK_DEFINITION: "task_definitions",
    NodeKind.CONTAINER_INSTANCE: "container_instances",
    NodeKind.INSTANCE: "instances",
    NodeKind.INSTANCE_PROFILE: "instance_profiles",
    NodeKind.ROLE: "roles",
    NodeKind.USER: "users",
    NodeKind.GROUP: "groups",
    NodeKind.POLICY: "policies",
    NodeKind.REPOSITORY: "repositories",
    NodeKind.SECRET: "secrets",
    NodeKind.PARAMETER: "parameters",
    NodeKind.LOG_GROUP: "log_groups",
    NodeKind.KEY: "keys",
    NodeKind.FILE_SYSTEM: "file_systems",
    NodeKind.BUCKET: "buckets",
    NodeKind.FUNCTION: "functions",
}
"""The snapshot's field that a kind comes from."""

_LISTED = frozenset(
    {
        NodeKind.CLUSTER,
        NodeKind.SERVICE,
        NodeKind.CONTAINER_INSTANCE,
        NodeKind.INSTANCE_PROFILE,
        NodeKind.ROLE,
        NodeKind.USER,
        NodeKind.GROUP,
    }
)
"""Kinds that are listed whole: what is not in a complete list does not exist."""

MOST_MATCHES = 50
"""A pattern in a policy that names more things than this names none in particular: no edges are made."""


class Builder:
    """Fills an Estate from a Snapshot. All records become nodes before the first edge is made."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.estate = Estate()
        self._missing = frozenset(snapshot.missing)
        self._role_names = RoleNames(snapshot)
        self.latest_revisions = {
            definition.task_definition_arn.rpartition(":")[0]: definition.task_definition_arn
            for definition in snapshot.task_definitions
            if definition.latest
        }
        # Not a cache around a method: that would hold the builder, and so the snapshot, in a circle.
        self._matches: dict[str, tuple[str, ...] | None] = {}
        self._complete: dict[tuple[NodeKind, str | None], bool] = {}

    def add(self, kind: NodeKind, node_id: str, title: str, record: object, note: str = "") -> str:
        """A node for a record. Its region and account are those of its ARN, else what the record says."""
        arn = parse_arn(node_id.removeprefix("express:"))
        self.estate.add(
            Node(
                node_id,
                kind,
                title or short_name(node_id),
                region=(arn.region if arn else "") or getattr(record, "region", None) or "",
                account=(arn.account if arn else "") or self.snapshot.account_id,
                record=record,
                note=note,
            )
        )
        return node_id

    def refer(self, kind: NodeKind, node_id: str, title: str = "") -> str:
        """The id of a node for something that is referred to, which may not be there."""
        if node_id not in self.estate:
            arn = parse_arn(node_id)
            self.estate.add(
                Node(
                    node_id,
                    kind,
                    title or short_name(node_id),
                    state=self._state(kind, node_id),
                    region=arn.region if arn else "",
                    account=arn.account if arn else "",
                )
            )
        return node_id

    def role(self, value: str) -> str:
        """The node of a role given by ARN or, as ECS allows, by its short name."""
        return self.refer(NodeKind.ROLE, self._role_names.arn(value))

    def connect_role(self, user: str, value: str | None, kind: EdgeKind, via: str) -> None:
        """An edge to a role, if the field that names it is filled."""
        if value:
            self.estate.connect(user, self.role(value), kind, via)

    def matching(self, pattern: str, kinds: Iterable[NodeKind] | None = None) -> tuple[str, ...]:
        """The ids of the nodes that a Resource pattern of a policy names; ask when all references are nodes.

        Empty for a broad pattern (see `is_broad`). An object's ARN names its bucket, a log stream's its log
        group.
        """
        ids = self._matching(_without_inner_part(pattern)) or ()
        if kinds is None:
            return ids
        return tuple(node_id for node_id in ids if self.estate.node(node_id).kind in kinds)

    def is_broad(self, pattern: str) -> bool:
        """Whether a pattern names a whole service, everything, or more than MOST_MATCHES things."""
        return self._matching(_without_inner_part(pattern)) is None

    @cached_property
    def _sorted_ids(self) -> list[str]:
        return sorted(node_id for node_id in self.estate.nx if node_id.startswith("arn:"))

    def _matching(self, pattern: str) -> tuple[str, ...] | None:
        if pattern not in self._matches:
            self._matches[pattern] = self._match_pattern(pattern)
        return self._matches[pattern]

    def _match_pattern(self, pattern: str) -> tuple[str, ...] | None:
        if "*" not in pattern and "?" not in pattern:
            return (pattern,) if pattern in self.estate else ()
        prefix = pattern[: min(pattern.find(char) % (len(pattern) + 1) for char in "*?")]
        if prefix.count(":") < 3 or pattern.count(":") < 5:  # names a whole service, or everything
            return None
        # What ends in its only wildcard names all that begins alike, and to make a matcher takes longer.
        open_ended = pattern == f"{prefix}*"
        matches = None if open_ended else resource_glob(tokenize(pattern, variables=False))
        found: list[str] = []
        ids = self._sorted_ids
        for index in range(bisect_left(ids, prefix), len(ids)):
            node_id = ids[index]
            if not node_id.startswith(prefix):
                break
            if matches is None or matches(node_id):
                found.append(node_id)
                if len(found) > MOST_MATCHES:
                    return None
        return tuple(found)

    def _state(self, kind: NodeKind, node_id: str) -> NodeState:
        arn = parse_arn(node_id)
        account = arn.account if arn else self.snapshot.account_id
        if account == "aws" or kind == NodeKind.IMAGE:
            return NodeState.EXTERNAL
        if account and account != self.snapshot.account_id:
            return NodeState.EXTERNAL
        if node_id in self._missing:
            return NodeState.MISSING
        region = arn.region if arn else None
        if kind in _LISTED and self._known(kind, region or None):
            if region and region not in self.snapshot.regions:
                return NodeState.UNKNOWN
            return NodeState.MISSING
        return NodeState.UNKNOWN

    def _known(self, kind: NodeKind, region: str | None) -> bool:
        if (kind, region) not in self._complete:
            self._complete[kind, region] = self.snapshot.is_known(FIELDS[kind], region=region)
        return self._complete[kind, region]


def _without_inner_part(pattern: str) -> str:
    """The pattern for the thing that holds what `pattern` names."""
    if ":s3:::" in pattern:
        head, _, _ = pattern.partition("/")
        return head
    if ":logs:" in pattern:
        parts = pattern.split(":")
        return ":".join(parts[:7])
    return pattern
