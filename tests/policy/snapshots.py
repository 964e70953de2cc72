"""A small account for tests."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from ecsiam_tui.account import Organization, Snapshot
from ecsiam_tui.account.iam import (
    AttachedPolicy,
    Group,
    InlinePolicy,
    ManagedPolicy,
    PermissionsBoundary,
    Role,
    User,
)
from ecsiam_tui.account.resources import Bucket, Key, SecretResource
from ecsiam_tui.account.snapshot import OrganizationLevel, OrganizationPolicy
from tests.policy.tables import ACCOUNT, OTHER, allow, deny, policy

REGION = f"eu-west-1:{ACCOUNT}"
SERVICE = f"arn:aws:ecs:{REGION}:service/prod/web"
SECRET = f"arn:aws:secretsmanager:{REGION}:secret:db-AbCdEf"
KEY = f"arn:aws:kms:{REGION}:key/1"
SHARED = f"arn:aws:iam::{ACCOUNT}:policy/shared"
EDGE = f"arn:aws:iam::{ACCOUNT}:policy/edge"


def arn(name: str, kind: str = "role") -> str:
    return f"arn:aws:iam::{ACCOUNT}:{kind}/{name}"


def inline(name: str, *statements: dict[str, Any]) -> InlinePolicy:
    return InlinePolicy(policy_name=name, policy_document=json.dumps(policy(*statements)))


def trust(*principals: dict[str, Any], **more: Any) -> str:
    return json.dumps(
        policy(*({"Effect": "Allow", "Principal": p, "Action": "sts:AssumeRole"} | more for p in principals))
    )


def role(name: str, *statements: dict[str, Any], **more: Any) -> Role:
    settings: dict[str, Any] = {"assume_role_policy_document": trust({"Service": "ecs-tasks.amazonaws.com"})}
    settings |= {"role_policy_list": (inline("app", *statements),) if statements else ()}
    return Role(role_name=name, arn=arn(name), role_id=f"AROA{name.upper():0<16}", **(settings | more))


def attached(*arns: str) -> tuple[AttachedPolicy, ...]:
    return tuple(AttachedPolicy(policy_name=a.rsplit("/", 1)[-1], policy_arn=a) for a in arns)


def snapshot(**more: Any) -> Snapshot:
    """Roles reader, tagged, bounded, admin, operator and deployer; users ann and bo; a secret, two buckets, a
    key."""
    get = allow("secretsmanager:GetSecretValue", SECRET)
    settings: dict[str, Any] = {
        "account_id": ACCOUNT,
        "taken_at": datetime(2026, 1, 1, tzinfo=UTC),
        "roles": (
            role("reader", get, tags={"team": "blue"}),
            role("tagged", get | {"Condition": {"StringEquals": {"aws:PrincipalTag/team": "blue"}}}),
            role(
                "bounded",
                attached_managed_policies=attached(SHARED),
                permissions_boundary=PermissionsBoundary(permissions_boundary_arn=EDGE),
            ),
            role("admin", allow(), assume_role_policy_document=trust({"AWS": ACCOUNT})),
            role("operator", allow("sts:AssumeRole", arn("admin"))),
            role("denied", allow(), deny("secretsmanager:*")),
            role("lost", attached_managed_policies=attached(f"arn:aws:iam::{ACCOUNT}:policy/gone")),
        ),
        "users": (
            User(
                user_name="ann", arn=arn("ann", "user"), user_id="AIDAANN0000000000000", group_list=("devs",)
            ),
            User(user_name="bo", arn=arn("bo", "user")),
        ),
        "groups": (
            Group(group_name="devs", arn=arn("devs", "group"), attached_managed_policies=attached(SHARED)),
        ),
        "policies": (
            ManagedPolicy(
                policy_name="shared", arn=SHARED, default_version_id="v3", document=json.dumps(policy(get))
            ),
            ManagedPolicy(policy_name="edge", arn=EDGE, document=json.dumps(policy(allow("s3:*")))),
        ),
        "secrets": (SecretResource(arn=SECRET, name="db", tags={"env": "prod"}, policy=None),),
        "buckets": (
            Bucket(
                name="data",
                arn="arn:aws:s3:::data",
                policy=json.dumps(
                    policy(
                        allow("s3:GetObject", "arn:aws:s3:::data/*", Principal={"AWS": arn("reader")}),
                        allow(
                            "s3:GetObject",
                            "arn:aws:s3:::data/*",
                            Principal={"AWS": f"arn:aws:iam::{OTHER}:root"},
                        ),
                    )
                ),
            ),
        ),
        "keys": (Key(arn=KEY, key_id="1"),),
    }
    return Snapshot(**(settings | more))


def organization(
    *levels: tuple[dict[str, Any], ...], management: str = OTHER, kind: str = "SERVICE"
) -> Organization:
    """One level for each tuple of documents."""
    policies, places = [], []
    for number, documents in enumerate(levels):
        names = [f"p-{number}-{n}" for n in range(len(documents))]
        places.append(OrganizationLevel(id=f"ou-{number}", name=f"unit {number}", policy_ids=tuple(names)))
        policies += [
            OrganizationPolicy(id=n, arn=n, name=n, type=f"{kind}_CONTROL_POLICY", content=json.dumps(d))  # type: ignore[arg-type]
            for n, d in zip(names, documents, strict=True)
        ]
    return Organization(
        id="o-1", management_account_id=management, levels=tuple(places), policies=tuple(policies)
    )
