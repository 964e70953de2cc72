"""The JSON that stands behind a node: its record as AWS spells it, and the policy document it holds."""

from typing import Any

import msgspec

from ecsiam_tui.account.iam import InlinePolicy, ManagedPolicy
from ecsiam_tui.account.snapshot import OrganizationPolicy
from ecsiam_tui.graph.estate import Node
from ecsiam_tui.graph.kinds import NodeKind
from ecsiam_tui.policy.document import parse_document

_DOCUMENT_FIELDS = frozenset(
    {"AssumeRolePolicyDocument", "PolicyDocument", "Document", "Policy", "policy", "content"}
)
_NAMED_BY_PEOPLE = frozenset({"tags", "Tags", "dockerLabels", "options"})
"""Mappings whose keys are anybody's: one may be called `Policy` and be no document."""


def document_text(node: Node) -> str:
    """The policy document of a policy node as AWS stores it; empty for other nodes."""
    match node.record:
        case ManagedPolicy():
            return node.record.document
        case InlinePolicy():
            return node.record.policy_document
        case OrganizationPolicy():
            return node.record.content
    return ""


def record_data(node: Node) -> Any:
    """A node's record as plain data in AWS's own spelling, policy documents decoded where they can be."""
    if node.record is None:
        return {"id": node.id, "kind": node.kind.value, "state": node.state.value}
    return _decode_documents(msgspec.to_builtins(node.record))


def record_json(node: Node) -> str:
    """A policy's document as it was written, any other node's record, two spaces a level."""
    if node.kind in (NodeKind.POLICY, NodeKind.INLINE_POLICY, NodeKind.ORGANIZATION_POLICY):
        text = document_text(node)
        if text:
            return parse_document(text).display_text
    try:
        data = msgspec.json.encode(record_data(node))
    except RecursionError:  # a document within it is nested almost as deep as can be decoded
        data = msgspec.json.encode(node.record)
    return msgspec.json.format(data, indent=2).decode()


def _decode_documents(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _decode_field(key, value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_decode_documents(item) for item in data]
    return data


def _decode_field(name: str, value: Any) -> Any:
    if name in _NAMED_BY_PEOPLE:
        return value
    return (
        _decoded(value) if name in _DOCUMENT_FIELDS and isinstance(value, str) else _decode_documents(value)
    )


def _decoded(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return text
