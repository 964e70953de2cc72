"""Roles, users, groups and policies: who holds which policy, who may assume and pass whom."""

from collections.abc import Iterable, Iterator

from ecsiam_tui.account.arns import parse_arn
from ecsiam_tui.account.iam import AttachedPolicy, InlinePolicy, PermissionsBoundary
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.graph.builder import Builder
from ecsiam_tui.graph.estate import Node, NodeState
from ecsiam_tui.graph.kinds import EdgeKind, NodeKind
from ecsiam_tui.policy.document import Principal, Statement, parse_document
from ecsiam_tui.policy.patterns import action_matchers, globs_overlap

_RESOURCE_KINDS = frozenset(
    {
        NodeKind.CLUSTER,
        NodeKind.SERVICE,
        NodeKind.ROLE,
        NodeKind.REPOSITORY,
        NodeKind.SECRET,
        NodeKind.PARAMETER,
        NodeKind.LOG_GROUP,
        NodeKind.KEY,
        NodeKind.FILE_SYSTEM,
        NodeKind.BUCKET,
        NodeKind.FUNCTION,
        NodeKind.TASK_DEFINITION,
    }
)
_PASS_ROLE = "iam:passrole"


def inline_id(holder: str, name: str) -> str:
    """The id of an inline policy, which has no ARN."""
    return f"{holder}#{name}"


def principal_id(value: str) -> str:
    """The id of a principal that is no node of its own kind (a service, another account, anybody)."""
    return f"principal:{value}"


def add_nodes(builder: Builder) -> None:
    """A node for each role, user, group, managed and inline policy, and organization policy."""
    snapshot = builder.snapshot
    for policy in snapshot.policies:
        note = "AWS managed" if policy.is_aws_managed else ""
        builder.add(NodeKind.POLICY, policy.arn, policy.policy_name, policy, note)
    for role in snapshot.roles:
        builder.add(
            NodeKind.ROLE, role.arn, role.role_name, role, "service-linked" if role.is_service_linked else ""
        )
        _add_inline(builder, role.arn, role.role_policy_list)
    for user in snapshot.users:
        builder.add(NodeKind.USER, user.arn, user.user_name, user)
        _add_inline(builder, user.arn, user.user_policy_list)
    for group in snapshot.groups:
        builder.add(NodeKind.GROUP, group.arn, group.group_name, group)
        _add_inline(builder, group.arn, group.group_policy_list)
    for scp in snapshot.organization.policies if snapshot.organization else ():
        note = "SCP" if scp.type == "SERVICE_CONTROL_POLICY" else "RCP"
        builder.add(NodeKind.ORGANIZATION_POLICY, scp.arn, scp.name, scp, note)


def add_edges(builder: Builder) -> None:
    """Who holds, is bounded by, may assume and may pass whom."""
    snapshot = builder.snapshot
    for role in snapshot.roles:
        _holder_edges(builder, role.arn, role.attached_managed_policies, role.role_policy_list)
        _boundary_edge(builder, role.arn, role.permissions_boundary)
        _trust_edges(builder, role.arn, role.assume_role_policy_document)
    group_arns = {group.group_name: group.arn for group in snapshot.groups}
    for user in snapshot.users:
        _holder_edges(builder, user.arn, user.attached_managed_policies, user.user_policy_list)
        _boundary_edge(builder, user.arn, user.permissions_boundary)
        for name in user.group_list:
            if name in group_arns:
                builder.estate.connect(user.arn, group_arns[name], EdgeKind.MEMBER_OF)
    for group in snapshot.groups:
        _holder_edges(builder, group.arn, group.attached_managed_policies, group.group_policy_list)
    for arn, own in _inline_policies(snapshot):  # every reference is a node by now
        _document_edges(builder, inline_id(arn, own.policy_name), own.policy_document, arn)
    for policy in snapshot.policies:
        _document_edges(builder, policy.arn, policy.document)


def _inline_policies(snapshot: Snapshot) -> Iterator[tuple[str, InlinePolicy]]:
    """Each inline policy with the ARN of its holder."""
    for role in snapshot.roles:
        yield from ((role.arn, policy) for policy in role.role_policy_list)
    for user in snapshot.users:
        yield from ((user.arn, policy) for policy in user.user_policy_list)
    for group in snapshot.groups:
        yield from ((group.arn, policy) for policy in group.group_policy_list)


def _add_inline(builder: Builder, holder: str, policies: Iterable[InlinePolicy]) -> None:
    for policy in policies:
        builder.add(NodeKind.INLINE_POLICY, inline_id(holder, policy.policy_name), policy.policy_name, policy)


def _holder_edges(
    builder: Builder, holder: str, attached: Iterable[AttachedPolicy], inline: Iterable[InlinePolicy]
) -> None:
    for policy in attached:
        node = builder.refer(NodeKind.POLICY, policy.policy_arn, policy.policy_name)
        builder.estate.connect(holder, node, EdgeKind.ATTACHED)
    for own in inline:
        node = inline_id(holder, own.policy_name)
        builder.estate.connect(holder, node, EdgeKind.INLINE)


def _boundary_edge(builder: Builder, holder: str, boundary: PermissionsBoundary | None) -> None:
    if boundary:
        node = builder.refer(NodeKind.POLICY, boundary.permissions_boundary_arn)
        builder.estate.connect(holder, node, EdgeKind.BOUNDED_BY)


def _document_edges(builder: Builder, policy: str, document: str, holder: str | None = None) -> None:
    """What the Allow statements of a policy name, and the roles that its holders may pass."""
    for statement in parse_document(document).statements:
        if statement.effect != "Allow":
            continue
        via = statement.label
        for pattern in statement.resources:
            for node_id in builder.matching(pattern, _RESOURCE_KINDS):
                builder.estate.connect(policy, node_id, EdgeKind.NAMES, via)
        if _may_pass(statement):
            _pass_edges(builder, policy, holder, statement)


def _may_pass(statement: Statement) -> bool:
    named = any(
        matches(_PASS_ROLE) for matches in action_matchers(statement.actions or statement.not_actions)
    )
    return named != bool(statement.not_actions)


def _pass_edges(builder: Builder, policy: str, holder: str | None, statement: Statement) -> None:
    holders = (
        [holder] if holder else [link.node.id for link in builder.estate.used_by(policy, EdgeKind.ATTACHED)]
    )
    own_roles = f"arn:{builder.snapshot.partition}:iam::{builder.snapshot.account_id}:role/*"
    for pattern in (*statement.resources, *(["*"] if statement.not_resources else [])):
        targets = builder.matching(pattern, (NodeKind.ROLE,))
        if builder.is_broad(pattern) and globs_overlap(pattern, own_roles):
            targets = (_principal(builder, "any role"),)
        for user in holders:
            for role in targets:
                builder.estate.connect(user, role, EdgeKind.PASSES, statement.label)


def _trust_edges(builder: Builder, role: str, document: str) -> None:
    for statement in parse_document(document).statements:
        if statement.effect != "Allow":
            continue
        for principal in statement.principals:
            who = _trusted(builder, principal)
            builder.estate.connect(who, role, EdgeKind.ASSUMES, statement.label)


def _trusted(builder: Builder, principal: Principal) -> str:
    if principal.type == "AWS":
        arn = parse_arn(principal.value)
        if arn and arn.service == "iam" and arn.account == builder.snapshot.account_id:
            if arn.resource.startswith("role/"):
                return builder.refer(NodeKind.ROLE, principal.value)
            if arn.resource.startswith("user/"):
                return builder.refer(NodeKind.USER, principal.value)
    return _principal(builder, principal.value)


def _principal(builder: Builder, value: str) -> str:
    node_id = principal_id(value)
    if node_id not in builder.estate:
        arn = parse_arn(value)
        account = arn.account if arn else (value if value.isdigit() and len(value) == 12 else "")
        own = account == builder.snapshot.account_id
        state = NodeState.PRESENT if own or value == "any role" else NodeState.EXTERNAL
        title = "anybody" if value == "*" else value
        builder.estate.add(Node(node_id, NodeKind.PRINCIPAL, title, state=state, account=account))
    return node_id
