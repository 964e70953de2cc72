"""Small builders for table tests: policies and requests as the engine takes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ecsiam_tui.policy.document import CURRENT_VERSION, document_from_data
from ecsiam_tui.policy.evaluation import Decision, evaluate
from ecsiam_tui.policy.layers import Layers, Policy, PolicySet
from ecsiam_tui.policy.request import Request
from ecsiam_tui.policy.resources import PolicyKind

ACCOUNT = "123456789012"
OTHER = "210987654321"
USER = f"arn:aws:iam::{ACCOUNT}:user/ann"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/web"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/web/i-1"
OBJECT = "arn:aws:s3:::data/a.txt"


def allow(action: Any = "*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    """An Allow; other elements by name."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any = "*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    """A Deny."""
    return allow(action, resource, **more) | {"Effect": "Deny"}


def policy(*statements: dict[str, Any], version: str | None = CURRENT_VERSION) -> dict[str, Any]:
    """A document."""
    head = {"Version": version} if version else {}
    return head | {"Statement": list(statements)}


def policies(kind: PolicyKind, *documents: dict[str, Any]) -> PolicySet:
    """A layer of documents."""
    named = (Policy(f"{kind}-{n}", document_from_data(document)) for n, document in enumerate(documents))
    return PolicySet(kind, named)


def ask(
    *identity: dict[str, Any],
    principal: str = USER,
    action: str = "s3:GetObject",
    resource: str = OBJECT,
    context: Mapping[str, Any] | None = None,
    owner: str | None = None,
    wildcard_only: bool | None = False,
    mode: Any = "concrete",
    version: str | None = CURRENT_VERSION,
    own: dict[str, Any] | None = None,
    boundary: dict[str, Any] | None = None,
    session: dict[str, Any] | None = None,
    scps: list[dict[str, Any]] | None = None,
    rcps: list[dict[str, Any]] | None = None,
    endpoint: dict[str, Any] | None = None,
    block_public_access: bool = False,
) -> Decision:
    """A decision: `identity` are statements of one identity policy, the other policies are documents."""
    layers = Layers(
        policies("identity", policy(*identity, version=version)) if identity else None,
        resource=None if own is None else policies("resource", own),
        boundary=None if boundary is None else policies("boundary", boundary),
        session=None if session is None else policies("session", session),
        scps=[policies("scp", level) for level in scps or ()],
        rcps=[policies("rcp", level) for level in rcps or ()],
        endpoint=None if endpoint is None else policies("vpce", endpoint),
        block_public_access=block_public_access,
    )
    request = Request(
        principal=principal,
        action=action,
        resource=resource,
        context=context or {},
        resource_account=owner,
        wildcard_only=wildcard_only,
        mode=mode,
    )
    return evaluate(layers, request)
