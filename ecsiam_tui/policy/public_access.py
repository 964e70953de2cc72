"""S3 Block Public Access.

Amazon S3 User Guide, "Blocking public access to your Amazon S3 storage": RestrictPublicBuckets limits access
to a bucket with a public policy to AWS services and to authorized users of the bucket owner's account; and
"The meaning of public": a policy is public unless it grants only to fixed values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .document import Condition, Statement
from .principals import PrincipalMatcher, RequestPrincipal

if TYPE_CHECKING:
    from .layers import Layers
    from .request import Request

# Condition keys whose fixed values make a grant to everyone not public ("The meaning of public").
FIXING_KEYS = frozenset(
    {
        "aws:sourcearn",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:sourceowner",
        "aws:sourceaccount",
        "aws:sourceorgid",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:principalaccount",
        "aws:principalarn",
        "aws:userid",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
        "aws:sourceip",
        "s3:dataaccesspointarn",
        "s3:dataaccesspointaccount",
    }
)
_POSITIVE = ("stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike", "ipaddress")


def blocks(layers: Layers, request: Request, principal: RequestPrincipal, owner: str) -> bool:
    """Whether RestrictPublicBuckets refuses the request."""
    if (
        not layers.block_public_access
        or layers.resource is None
        or not request.action.lower().startswith("s3:")
    ):
        return False
    if principal.kind == "service" or (principal.is_iam and principal.account == owner):
        return False
    return any(
        is_public(compiled.statement) for policy in layers.resource.policies for compiled in policy.statements
    )


def is_public(statement: Statement) -> bool:
    """Whether a statement of a bucket policy grants something to the public."""
    if statement.effect != "Allow" or not PrincipalMatcher(statement).names_everyone:
        return False
    return not any(_fixes(condition) for condition in statement.conditions)


def _fixes(condition: Condition) -> bool:
    """Whether a condition limits a grant to fixed values: no wildcard, no variable, no wide range of
    addresses."""
    if condition.key.lower() not in FIXING_KEYS:
        return False
    operator = condition.operator.lower().removeprefix("foranyvalue:")
    if operator not in _POSITIVE or not condition.values:
        return False
    if operator == "ipaddress":
        return all(_narrow(value) for value in condition.values)
    if operator.startswith("arn"):
        return all(_fixed_account(value) for value in condition.values)
    return all("*" not in value and "?" not in value and "${" not in value for value in condition.values)


def _narrow(cidr: str) -> bool:
    """Ranges wider than /8 (IPv4) and /32 (IPv6) are the public."""
    from . import values

    network = values.network(cidr)
    return network is not None and network.prefixlen >= (8 if network.version == 4 else 32)


def _fixed_account(arn: str) -> bool:
    """An ARN counts as fixed where its account (or, for a bucket, its name) is."""
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return False
    named = parts[4] or parts[5]
    return not any(char in named for char in "*?$")
