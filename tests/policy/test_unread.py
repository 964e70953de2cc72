"""What nobody has read is neither empty nor denied: principals of other accounts, listings with gaps, and
policies of things that a snapshot does not hold."""

from __future__ import annotations

from typing import Any

import pytest

from ecsiam_tui.account.iam import User
from ecsiam_tui.account.resources import Bucket
from ecsiam_tui.account.snapshot import Gap
from ecsiam_tui.policy.account import AccountPolicies
from tests.policy.snapshots import SECRET, arn, organization, snapshot
from tests.policy.tables import ACCOUNT, OTHER, deny, policy

GET = "secretsmanager:GetSecretValue"
STRANGER = f"arn:aws:iam::{OTHER}:role/stranger"
SESSION = f"arn:aws:sts::{OTHER}:assumed-role/stranger/x"
ROOT = f"arn:aws:iam::{OTHER}:root"
ROLES_GAP = Gap(call="iam:GetAccountAuthorizationDetails", reason="denied", unknown=("roles", "users"))
GIVEN = "arn:aws:s3:::data/x"  # its bucket's policy lets OTHER in
KEPT = "arn:aws:s3:::kept/x"  # this one's lets nobody in
BUCKETS = (*snapshot().buckets, Bucket(name="kept", arn="arn:aws:s3:::kept", policy=None))


def account(**more: Any) -> AccountPolicies:
    return AccountPolicies(snapshot(buckets=BUCKETS, **more))


@pytest.mark.parametrize(
    ("principal", "resource", "outcome", "names"),
    [
        (STRANGER, GIVEN, "Depends", "policies of role stranger and the SCPs of account"),
        (SESSION, GIVEN, "Depends", "policies of session stranger"),
        (STRANGER.replace("role", "user"), GIVEN, "Depends", "policies of user stranger"),
        (STRANGER, "*", "Depends", "policies of role stranger"),
        (ROOT, GIVEN, "Depends", f"the SCPs of account {OTHER}, which were not read"),
        (STRANGER, KEPT, "ImplicitlyDenied", "No resource-based policy allows"),
        (ROOT, KEPT, "ImplicitlyDenied", "No resource-based policy allows"),
    ],
)
def test_principals_of_other_accounts(principal: str, resource: str, outcome: str, names: str) -> None:
    decision = account().decide(principal, "s3:GetObject", resource)
    assert decision.outcome == outcome
    assert names in decision.explain().sentence
    assert "identity" not in decision.blocked_by
    said = {says.layer: says for says in decision.explain().layers}
    if principal != ROOT:
        assert said["identity"].says == "depends"  # also where the resource denies: it was not read


@pytest.mark.parametrize(
    ("principal", "gaps", "outcome"),
    [
        (arn("unheard-of"), (ROLES_GAP,), "Depends"),
        (arn("unheard-of", "user"), (ROLES_GAP,), "Depends"),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/unheard-of/x", (ROLES_GAP,), "Depends"),
        (arn("unheard-of"), (), "ImplicitlyDenied"),
        (arn("bo", "user"), (ROLES_GAP,), "ImplicitlyDenied"),
        (arn("reader"), (ROLES_GAP,), "Allowed"),
    ],
)
def test_listings_with_gaps(principal: str, gaps: tuple[Gap, ...], outcome: str) -> None:
    decision = account(gaps=gaps).decide(principal, GET, SECRET)
    assert decision.outcome == outcome
    assert bool(decision.explain().unread) == (outcome == "Depends")


def test_a_deny_that_was_read_counts_all_the_same() -> None:
    own = policy(deny("s3:*", Principal="*"))
    bucket = Bucket(name="shut", arn="arn:aws:s3:::shut", policy=str(own).replace("'", '"'))
    shut = AccountPolicies(snapshot(buckets=(bucket,)))
    assert shut.decide(STRANGER, "s3:GetObject", "arn:aws:s3:::shut/x").outcome == "ExplicitlyDenied"


def test_groups_that_were_not_read() -> None:
    ann = User(user_name="ann", arn=arn("ann", "user"), group_list=("devs",))
    decision = account(users=(ann,), groups=()).decide("ann", GET, SECRET)
    assert decision.outcome == "Depends"
    assert "those of the group devs" in decision.explain().unread[0]


@pytest.mark.parametrize(
    ("action", "resource", "outcome"),
    [
        (GET, SECRET.replace(ACCOUNT, OTHER), "Depends"),
        ("kms:Decrypt", f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/unread", "Depends"),
        ("kms:Decrypt", f"arn:aws:kms:eu-west-1:{OTHER}:key/unread", "Depends"),
        ("ecs:RunTask", f"arn:aws:ecs:eu-west-1:{OTHER}:task-definition/x:1", "ImplicitlyDenied"),
        (GET, SECRET.replace("db-", "other-"), "Allowed"),
    ],
)
def test_policies_of_resources_that_were_not_read(action: str, resource: str, outcome: str) -> None:
    decision = account().decide("admin", action, resource)
    assert decision.outcome == outcome
    if outcome == "Depends":
        assert f"the policy of {resource}, which was not read" in decision.explain().sentence


@pytest.mark.parametrize("kind", ["SERVICE", "RESOURCE"])
def test_the_organization_limits_its_own_side_alone(kind: str) -> None:
    """SCPs limit the account's principals, RCPs its resources."""
    limits = organization(
        (policy(deny("s3:*", Principal="*") if kind == "RESOURCE" else deny("s3:*")),), kind=kind
    )
    bound = account(organization=limits)
    ours = bound.decide("admin", "s3:GetObject", KEPT).outcome
    theirs = bound.decide(STRANGER, "s3:GetObject", GIVEN).outcome
    assert ours == "ExplicitlyDenied"
    assert theirs == ("Depends" if kind == "SERVICE" else "ExplicitlyDenied")


def test_rcps_leave_resources_of_other_accounts_alone() -> None:
    limits = organization((policy(deny("secretsmanager:*", Principal="*")),), kind="RESOURCE")
    bound = account(organization=limits)
    assert bound.decide("admin", GET, SECRET).outcome == "ExplicitlyDenied"
    assert bound.decide("admin", GET, SECRET.replace(ACCOUNT, OTHER)).outcome == "Depends"


def test_what_was_read_needs_no_word() -> None:
    assert account().decide("admin", "s3:GetObject", KEPT).explain().unread == ()
    assert account(roles=(), users=()).unread_principal("ecs-tasks.amazonaws.com") == ""
