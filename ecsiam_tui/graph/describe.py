"""What a node is, as sections of facts: the overview of the explorer and of `ecsiam-tui show`."""

from collections.abc import Callable, Iterator
from typing import Any

from msgspec import UNSET

from ecsiam_tui.account.compute import ContainerInstance, Instance
from ecsiam_tui.account.ecs import CapacityProvider, Cluster, Service
from ecsiam_tui.account.iam import InlinePolicy, ManagedPolicy, Role
from ecsiam_tui.account.launchers import Rule, Schedule
from ecsiam_tui.account.resources import (
    Bucket,
    FileSystem,
    Key,
    LambdaFunction,
    LogGroup,
    Parameter,
    Repository,
    SecretResource,
)
from ecsiam_tui.account.snapshot import OrganizationPolicy
from ecsiam_tui.account.tasks import Task, TaskDefinition
from ecsiam_tui.graph import describe_ecs, describe_iam
from ecsiam_tui.graph.estate import Estate, Node, NodeState
from ecsiam_tui.graph.facts import Fact, Section, when
from ecsiam_tui.graph.kinds import NodeKind, relation, words


def describe(estate: Estate, node: Node) -> tuple[Section, ...]:
    """The sections for one node; never empty."""
    sections = [Section("", tuple(_identity(estate, node)))]
    if node.record is not None:
        for kind, describer in _DESCRIBERS:
            if isinstance(node.record, kind):
                sections += [section for section in describer(estate, node, node.record) if section.facts]
    return tuple(sections)


def _identity(estate: Estate, node: Node) -> Iterator[Fact]:
    if node.kind == NodeKind.IMAGE:
        yield Fact("image", node.title)
        yield Fact("registry", "not private Amazon ECR: pulling it needs no IAM permission", "dim")
    else:
        yield Fact("arn" if node.id.startswith("arn:") else "id", node.id, "dim")
    state = {
        NodeState.MISSING: ("does not exist: it was looked up and is not there", "bad"),
        NodeState.EXTERNAL: (
            f"outside this account{f' (in {node.account})' if node.account.isdigit() else ''}",
            "dim",
        ),
        NodeState.UNKNOWN: ("not known: it could not be read (see the gaps)", "warn"),
    }
    if node.state in state and node.kind != NodeKind.IMAGE:
        text, tone = state[node.state]
        yield Fact("state", text, tone)  # type: ignore[arg-type]
    if node.kind == NodeKind.ROLE:
        yield from _role_use(estate, node)


def _role_use(estate: Estate, node: Node) -> Iterator[Fact]:
    kinds = sorted({relation(link.kind) for link in estate.role_users(node.id)})
    services = estate.services_of(node.id)
    yield Fact("used as", ", ".join(kinds) or "nothing that was read uses it", "plain" if kinds else "dim")
    if len(services) == 1:
        yield Fact("service", services[0].title, node_id=services[0].id)
    elif services:
        names = ", ".join(service.title for service in services[:6])
        more = f" and {len(services) - 6} more" if len(services) > 6 else ""
        yield Fact("shared by", f"{len(services)} services: {names}{more}", "warn")


def _resource(_estate: Estate, _node: Node, record: Any) -> Iterator[Section]:
    facts: list[Fact] = []
    if isinstance(record, SecretResource):
        deleted = (
            f"pending deletion since {when(record.deleted_date)}" if record.deleted_date else "available"
        )
        facts.append(Fact("state", deleted, "bad" if record.deleted_date else "plain"))
        facts.append(Fact("value", "never read", "dim"))
    if isinstance(record, Parameter):
        facts.append(Fact("type", record.type or ""))
        facts.append(Fact("value", "never read", "dim"))
    if isinstance(record, Key):
        facts += [Fact("managed by", record.key_manager or ""), Fact("state", record.key_state or "")]
        facts += [Fact("alias", alias) for alias in record.aliases]
    if isinstance(record, LogGroup):
        kept = f"{record.retention_in_days} days" if record.retention_in_days else "for ever"
        facts.append(Fact("kept", kept))
    if isinstance(record, Repository):
        facts += [
            Fact("image", f"{tag}{'' if found else '  does not exist'}", "plain" if found else "bad")
            for tag, found in record.images.items()
        ]
    if isinstance(record, FileSystem):
        facts += [Fact("access point", point.access_point_id) for point in record.access_points]
    policy = getattr(record, "policy", None)
    if hasattr(record, "policy"):
        text = "not read" if policy is UNSET else "none" if policy is None else "set (see JSON)"
        facts.append(Fact("resource policy", text, "warn" if policy is UNSET else "plain"))
    yield Section("", tuple(facts))


_DESCRIBERS: tuple[tuple[type | tuple[type, ...], Callable[[Estate, Node, Any], Iterator[Section]]], ...] = (
    (Cluster, describe_ecs.cluster),
    (Service, describe_ecs.service),
    (TaskDefinition, describe_ecs.task_definition),
    (Task, describe_ecs.task),
    (Role, describe_iam.role),
    ((ManagedPolicy, InlinePolicy, OrganizationPolicy), describe_iam.policy),
    ((Rule, Schedule), describe_ecs.launcher),
    (ContainerInstance, describe_ecs.host),
    (Instance, describe_ecs.instance),
    (CapacityProvider, describe_ecs.capacity_provider),
    (
        (SecretResource, Parameter, Key, LogGroup, Repository, FileSystem, Bucket, LambdaFunction),
        _resource,
    ),
)


def kind_words(node: Node) -> str:
    """The kind of a node in words, with its note: `policy, AWS managed`."""
    return ", ".join(filter(None, (words(node.kind).word, node.note)))
