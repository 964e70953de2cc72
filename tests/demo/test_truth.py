"""The mistakes are mistakes and the rest is right: asked of the policy engine, document by document."""

from collections.abc import Iterator

import pytest

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.demo.source import DemoSource
from ecsiam_tui.policy.account import AccountPolicies
from ecsiam_tui.policy.lint import DocumentKind, lint

REGION = {"aws:RequestedRegion": "eu-west-1"}
GET = "secretsmanager:GetSecretValue"
MOUNT = "elasticfilesystem:ClientMount"
LOGS = "arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/prod/"
ECR = "arn:aws:ecr:eu-west-1:123456789012:repository/"
ROLE = "arn:aws:iam::123456789012:role/"


@pytest.fixture(scope="module")
def policies(snapshot: Snapshot) -> AccountPolicies:
    return AccountPolicies(snapshot)


def resource_of(snapshot: Snapshot, text: str) -> str:
    """`secret:x`, `key:description` and `efs:x` as ARNs; anything else as it is."""
    kind, _, name = text.partition(":")
    if kind == "secret":
        return next(item.arn for item in snapshot.secrets if item.name == name)
    if kind == "key":
        return next(item.arn for item in snapshot.keys if (item.description or "").startswith(name))
    if kind == "efs":
        return next(item.file_system_arn for item in snapshot.file_systems if item.name == name)
    return text


@pytest.mark.parametrize(
    ("role", "action", "resource", "outcome", "blocked_by"),
    [
        ("storefront-exec", GET, "secret:storefront/session-key", "Allowed", ()),
        ("storefront-exec", "ecr:GetAuthorizationToken", "*", "Allowed", ()),
        ("storefront-exec", "ecr:BatchGetImage", ECR + "storefront", "Allowed", ()),
        ("storefront-exec", "logs:CreateLogStream", LOGS + "storefront:*", "Allowed", ()),
        ("search-exec", GET, "secret:search/opensearch", "Allowed", ()),
        ("catalog-exec", GET, "secret:catalog/db", "Allowed", ()),
        ("queue-worker-exec", GET, "secret:queue-worker/db", "Allowed", ()),
        ("settlement-exec", GET, "secret:settlement/sftp", "Allowed", ()),
        ("payments-exec", GET, "secret:payments/db", "Allowed", ()),
        ("payments-exec", GET, "secret:payments/stripe", "ImplicitlyDenied", ("identity",)),
        ("ecs-exec", GET, "secret:payments/stripe", "ExplicitlyDenied", ("resource",)),
        ("orders-task", GET, "secret:orders/db", "Allowed", ()),
        ("orders-exec", GET, "secret:orders/db", "ImplicitlyDenied", ("identity",)),
        ("invoices-exec", GET, "secret:invoices/db", "ImplicitlyDenied", ("identity",)),
        ("invoices-exec", "logs:CreateLogStream", LOGS + "invoices:*", "ImplicitlyDenied", ("identity",)),
        ("ledger-exec", GET, "secret:ledger/db", "Allowed", ()),
        ("ledger-exec", "kms:Decrypt", "key:The ledger", "ImplicitlyDenied", ("identity", "resource")),
        ("ledger-task", MOUNT, "efs:scratch", "ImplicitlyDenied", ("boundary",)),
        ("identity-task", "ssmmessages:OpenDataChannel", "*", "Allowed", ()),
        ("checkout-task", "ssmmessages:CreateDataChannel", "*", "Allowed", ()),
        ("checkout-task", "ssmmessages:OpenDataChannel", "*", "ImplicitlyDenied", ("identity",)),
        ("payments-task", "kms:Decrypt", "key:Sessions", "ImplicitlyDenied", ("identity",)),
        ("build-runner-task", "iam:PassRole", ROLE + "PlatformAdmin", "Allowed", ()),
        ("scheduler-reindex", "iam:PassRole", ROLE + "ecs-exec", "ImplicitlyDenied", ("identity",)),
        ("settlement-task", "dynamodb:Scan", "*", "Allowed", ()),
        ("settlement-task", "iam:CreateUser", "*", "ImplicitlyDenied", ("identity",)),
    ],
)
def test_decisions(
    snapshot: Snapshot,
    policies: AccountPolicies,
    role: str,
    action: str,
    resource: str,
    outcome: str,
    blocked_by: tuple[str, ...],
) -> None:
    decision = policies.decide(ROLE + role, action, resource_of(snapshot, resource), REGION)
    assert decision.outcome == outcome
    assert set(decision.blocked_by) <= set(blocked_by)
    assert bool(decision.blocked_by) == bool(blocked_by)


def documents(snapshot: Snapshot) -> Iterator[tuple[DocumentKind, str, str]]:
    """Every document that somebody in the company wrote."""
    for role in snapshot.roles:
        yield "trust", role.role_name, role.assume_role_policy_document
        for inline in role.role_policy_list:
            yield "inline", f"{role.role_name}/{inline.policy_name}", inline.policy_document
    for policy in snapshot.policies:
        if not policy.is_aws_managed:
            yield "identity", policy.policy_name, policy.document
    assert snapshot.organization is not None
    for rule in snapshot.organization.policies:
        yield "scp" if rule.type == "SERVICE_CONTROL_POLICY" else "rcp", rule.name, rule.content
    for item in (*snapshot.secrets, *snapshot.keys, *snapshot.file_systems, *snapshot.buckets):
        if isinstance(item.policy, str):
            yield "resource", item.arn if hasattr(item, "arn") else item.file_system_id, item.policy


def test_aws_would_take_every_document(snapshot: Snapshot, policies: AccountPolicies) -> None:
    errors = [
        (name, finding.message)
        for kind, name, text in documents(snapshot)
        for finding in lint(policies.document(text), kind)
        if finding.level == "error"
    ]
    assert errors == []
    assert sum(1 for _ in documents(snapshot)) > 100


def test_names_hold_markup_without_harm(source: DemoSource, snapshot: Snapshot) -> None:
    """One description looks like markup, as descriptions do."""
    role = next(role for role in snapshot.roles if role.role_name == "webhooks-task")
    assert "[/beta]" in (role.description or "")
