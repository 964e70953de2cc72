"""Action, Resource and Principal elements, one row a rule.

Sources: IAM User Guide, (A) "IAM JSON policy elements: Action", (R) "…: Resource", (NR) "…: NotResource", (P)
"AWS JSON policy elements: Principal", (NP) "…: NotPrincipal", (ID) "IAM identifiers", (V) "Variables and
tags"."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ecsiam_tui.policy.principals import parse_principal
from tests.policy.tables import ACCOUNT, OBJECT, OTHER, ROLE, SESSION, USER, allow, ask, deny, policy

QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs"


@pytest.mark.parametrize(
    ("rule", "pattern", "action", "matches"),
    [
        ("A: exact", "s3:GetObject", "s3:GetObject", True),
        ("A: prefix and name ignore case", "S3:getOBJECT", "s3:GetObject", True),
        ("A: the request's case does not count", "s3:GetObject", "S3:getobject", True),
        ("A: wildcard", "s3:Get*", "s3:GetObject", True),
        ("A: wildcard in the middle", "s3:*Object", "s3:GetObject", True),
        ("A: one character", "s3:?etObject", "s3:GetObject", True),
        ("A: all of a service", "s3:*", "s3:GetObject", True),
        ("A: everything", "*", "newservice:NewAction", True),
        ("A: everything", "**", "newservice:NewAction", True),
        ("A: another service", "sqs:*", "s3:GetObject", False),
        ("A: a service is named", "GetObject", "s3:GetObject", False),
        ("A: a service is named", "s3*", "s3:GetObject", False),
        ("A: nothing is trimmed", "s3:GetObject ", "s3:GetObject", False),
        ("A: no lists in one string", "s3:GetObject,s3:PutObject", "s3:GetObject", False),
        ("A: an action that no catalogue knows", "ecs:Teleport*", "ecs:TeleportTask", True),
    ],
)
def test_action(rule: str, pattern: str, action: str, matches: bool) -> None:
    assert ask(allow(pattern), action=action).allowed is matches, rule
    negated = {"Effect": "Allow", "NotAction": pattern, "Resource": "*"}
    assert ask(negated, action=action).allowed is not matches, rule


@pytest.mark.parametrize(
    ("rule", "pattern", "resource", "matches"),
    [
        ("R: exact", OBJECT, OBJECT, True),
        ("R: everything", "*", OBJECT, True),
        ("R: case counts", "arn:aws:s3:::Data/a.txt", OBJECT, False),
        ("R: wildcard", "arn:aws:s3:::data/*", OBJECT, True),
        ("R: over slashes", "arn:aws:s3:::data/*/test/*", "arn:aws:s3:::data/1/2/test/o.jpg", True),
        ("R: one character", "arn:aws:s3:::data/?.txt", OBJECT, True),
        ("R: not none", "arn:aws:s3:::data/a?.txt", OBJECT, False),
        ("R: partition", "arn:aws-cn:s3:::data/*", OBJECT, False),
        ("R: any partition", "arn:*:s3:::data/*", OBJECT, True),
        ("R: in a segment", f"arn:aws:sqs:us-*-1:{ACCOUNT}:jobs", QUEUE, True),
        ("R: stays in its segment", "arn:aws:sqs:us*1:jobs", QUEUE, False),
        ("R: stays in its segment", "arn:aws:s*s:jobs", QUEUE, False),
        ("R: * ending a segment reaches over colons", "arn:aws:sqs:*:jobs", QUEUE, True),
        ("R: * ending the ARN reaches over colons", "arn:aws:sqs:*", QUEUE, True),
        ("R: ? does not reach", "arn:aws:sqs:us-east-1?123456789012:jobs", QUEUE, False),
        (
            "R: colons in the resource",
            "arn:aws:logs:r:1:log-group:*",
            "arn:aws:logs:r:1:log-group:a:log-stream:b",
            True,
        ),
        (
            "ID: no wildcard for a type",
            f"arn:aws:rds:r:{ACCOUNT}:*:db-1",
            f"arn:aws:rds:r:{ACCOUNT}:db:db-1",
            False,
        ),
        (
            "AWSGlueServiceRole",
            "arn:aws:logs:*:*:*:/aws-glue/*",
            "arn:aws:logs:r:1:log-group:/aws-glue/jobs",
            True,
        ),
        (
            "AWSServiceRoleForAmazonEKSNodegroup",
            "arn:aws:autoscaling:*:*:*:autoScalingGroupName/eks-*",
            "arn:aws:autoscaling:r:1:autoScalingGroup:7:autoScalingGroupName/eks-a",
            True,
        ),
        ("ID: no wildcard in IAM's types", "arn:aws:iam::*:u*", USER, False),
        ("ID: no wildcard in IAM's types", f"arn:aws:iam::{ACCOUNT}:u*", USER, False),
        ("ID: no wildcard in IAM's types", "arn:aws:iam::*:*/ann", USER, False),
        ("ID: everything of IAM", f"arn:aws:iam::{ACCOUNT}:*", USER, True),
        ("ID: everything of IAM", "arn:aws:iam::*:*", USER, True),
        ("ID: all users", "arn:aws:iam::*:user/*", USER, True),
    ],
)
def test_resource(rule: str, pattern: str, resource: str, matches: bool) -> None:
    assert ask(allow(resource=pattern), resource=resource, owner=ACCOUNT).allowed is matches, rule


@pytest.mark.parametrize(
    ("rule", "patterns", "matches"),
    [
        ("NR: all but", ["arn:aws:s3:::data/*"], False),
        ("NR: all but", ["arn:aws:s3:::other/*", QUEUE], True),
        ("NR: nothing", ["*"], False),
    ],
)
def test_not_resource(rule: str, patterns: list[str], matches: bool) -> None:
    statement = {"Effect": "Allow", "Action": "*", "NotResource": patterns}
    assert ask(statement).allowed is matches, rule
    both = ask(allow(), statement | {"Effect": "Deny"})
    assert both.outcome == ("ExplicitlyDenied" if matches else "Allowed"), rule


@pytest.mark.parametrize(
    ("rule", "pattern", "context", "matches"),
    [
        ("V: a variable", "arn:aws:s3:::data/${aws:username}.txt", {"aws:username": "a"}, True),
        (
            "V: its wildcards are characters",
            "arn:aws:s3:::data/${aws:username}",
            {"aws:username": "*"},
            False,
        ),
        ("V: unset", "arn:aws:s3:::data/${aws:username}*", {}, False),
        ("V: default", "arn:aws:s3:::data/${aws:username, 'a'}.txt", {}, True),
        ("V: ${*}", "arn:aws:s3:::data/${*}", {}, False),
        (
            "V: a tag with a space",
            "arn:aws:s3:::data/${aws:PrincipalTag/x y}.txt",
            {"aws:PrincipalTag/x y": "a"},
            True,
        ),
    ],
)
def test_resource_variables(rule: str, pattern: str, context: dict[str, str], matches: bool) -> None:
    assert ask(allow(resource=pattern), context=context).allowed is matches, rule


def test_an_unset_variable_in_not_resource_matches_nothing() -> None:
    """V: "any attempt to match it fails and causes the statement to be invalid"."""
    statement = {"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::${aws:username}/*"}
    assert ask(statement, resource="arn:aws:s3:::ann/x").outcome == "ImplicitlyDenied"
    assert ask(statement, context={"aws:username": "ann"}).allowed
    elsewhere = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:jobs"
    assert ask(statement, resource=elsewhere).allowed, "whatever the user name is, a queue is no object"


def test_a_resource_that_no_variable_can_reach_is_not_open() -> None:
    home = allow(resource="arn:aws:s3:::home/${aws:username}/*")
    assert ask(home, resource="arn:aws:s3:::home/ann/x", mode="possible").outcome == "Depends"
    assert ask(home, resource="arn:aws:s3:::data/ann/x", mode="possible").outcome == "ImplicitlyDenied"


@pytest.mark.parametrize(
    ("statement", "outcome"),
    [
        (allow("s3:ListAllMyBuckets"), "Allowed"),
        (allow("s3:ListAllMyBuckets", "arn:aws:s3:::data"), "ImplicitlyDenied"),
        (allow("s3:ListAllMyBuckets", ["arn:aws:s3:::data", "*"]), "Allowed"),
        (allow("s3:ListAllMyBuckets", "arn:aws:s3:::*"), "Allowed"),
        (allow("*", "arn:aws:s3:::*"), "Allowed"),
        (allow("*", "arn:aws:sqs:::*"), "ImplicitlyDenied"),
        ({"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::data"}, "Allowed"),
    ],
)
@pytest.mark.parametrize("flag", [True, None])
def test_actions_without_resource_level_permission(statement: Any, outcome: str, flag: bool | None) -> None:
    """R: "you use the wildcard character (*) in the Resource element"; with None the catalogue knows it."""
    for resource in ("*", "arn:aws:s3:::data"):
        decision = ask(statement, action="s3:ListAllMyBuckets", resource=resource, wildcard_only=flag)
        assert decision.outcome == outcome, resource


def test_what_grants_the_buckets_of_an_account_grants_no_other_service() -> None:
    assert not ask(allow("*", "arn:aws:s3:::*"), action="ec2:DescribeInstances", wildcard_only=None).allowed


@pytest.mark.parametrize(
    ("action", "pattern", "allowed"),
    [
        ("sqs:SendMessage", "arn:aws:sqs:*:*:jobs", True),
        ("sqs:SendMessage", "arn:aws:s3:::data", False),
        ("s3:GetObject", "arn:aws:s3:::data", False),
        ("s3:GetObject", "arn:aws:s3:::${aws:username}/*", True),
        ("ecs:Teleport", "arn:aws:ecs:*:*:pad/1", True),
    ],
)
def test_any_resource_is_one_that_the_action_takes(action: str, pattern: str, allowed: bool) -> None:
    assert ask(allow("*", pattern), action=action, resource="*").allowed is allowed


def test_any_resource() -> None:
    """`*` asks whether there is a resource; a Deny must be about every one of them."""
    some = allow(resource="arn:aws:s3:::data/*")
    assert ask(some, resource="*").allowed
    assert ask(allow(), deny(resource="arn:aws:s3:::data/*"), resource="*").allowed
    assert ask(some, deny(), resource="*").outcome == "ExplicitlyDenied"


@pytest.mark.parametrize(
    "pattern",
    [
        "arn:aws:s3:::" + "*a" * 60 + "b",
        "*a" * 60 + "b",
        "arn:aws:s3:::" + "*?a" * 40 + "b",
        "a*" * 500 + "!",
    ],
)
def test_hostile_patterns_take_no_time(pattern: str) -> None:
    resource = "arn:aws:s3:::" + "a" * 20_000
    start = time.perf_counter()
    assert not ask(allow(resource=pattern), resource=resource).allowed
    condition = {"StringLike": {"k": pattern}}
    assert not ask(allow(Condition=condition), context={"k": "a" * 20_000}).allowed
    assert not ask(allow("s3:" + pattern), action="s3:" + "a" * 20_000).allowed
    assert time.perf_counter() - start < 20  # what is not linear takes minutes


PRINCIPALS: list[tuple[str, Any, str, str]] = [
    ("P: everyone", "*", USER, "Allowed"),
    ("P: everyone", {"AWS": "*"}, "*", "Allowed"),
    ("P: the user", {"AWS": USER}, USER, "Allowed"),
    ("P: another user", {"AWS": USER + "x"}, USER, "ImplicitlyDenied"),
    ("P: user names count case", {"AWS": USER.replace("ann", "Ann")}, USER, "ImplicitlyDenied"),
    ("P: no wildcards in names", {"AWS": f"arn:aws:iam::{ACCOUNT}:user/*"}, USER, "ImplicitlyDenied"),
    ("P: the account delegates", {"AWS": ACCOUNT}, USER, "ImplicitlyDenied"),
    ("P: the account delegates", {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, USER, "ImplicitlyDenied"),
    ("P: the role for its session", {"AWS": ROLE}, SESSION, "Allowed"),
    ("P: the role with its path", {"AWS": f"arn:aws:iam::{ACCOUNT}:role/app/web"}, SESSION, "Allowed"),
    ("P: another account's role", {"AWS": f"arn:aws:iam::{OTHER}:role/web"}, SESSION, "ImplicitlyDenied"),
    ("P: the session", {"AWS": SESSION}, SESSION, "Allowed"),
    ("P: another session", {"AWS": SESSION + "0"}, SESSION, "ImplicitlyDenied"),
    ("P: no session wildcards", {"AWS": SESSION[:-3] + "*"}, SESSION, "ImplicitlyDenied"),
    ("P: one of several", {"AWS": [ROLE, USER]}, USER, "Allowed"),
    ("P: a service", {"Service": "ecs-tasks.amazonaws.com"}, "ecs-tasks.amazonaws.com", "Allowed"),
    ("P: another service", {"Service": "ec2.amazonaws.com"}, "ecs-tasks.amazonaws.com", "ImplicitlyDenied"),
    (
        "P: a service is no AWS principal",
        {"AWS": "ecs-tasks.amazonaws.com"},
        "ecs-tasks.amazonaws.com",
        "ImplicitlyDenied",
    ),
    ("P: a provider", {"Federated": "accounts.google.com"}, "accounts.google.com", "Allowed"),
    ("P: a provider", {"Federated": "accounts.google.com"}, "www.amazon.com", "ImplicitlyDenied"),
    ("P: anonymous is not a user", {"AWS": USER}, "*", "ImplicitlyDenied"),
    (
        "P: a federated user session",
        {"AWS": f"arn:aws:sts::{ACCOUNT}:federated-user/bo"},
        f"arn:aws:sts::{ACCOUNT}:federated-user/bo",
        "Allowed",
    ),
    (
        "P: the user of a federated session",
        {"AWS": USER},
        f"arn:aws:sts::{ACCOUNT}:federated-user/ann",
        "Allowed",
    ),
]


@pytest.mark.parametrize(("rule", "element", "principal", "outcome"), PRINCIPALS)
def test_principal(rule: str, element: Any, principal: str, outcome: str) -> None:
    decision = ask(own=policy(allow(Principal=element)), principal=principal, owner=ACCOUNT)
    assert decision.outcome == outcome, rule


def test_unique_ids() -> None:
    """P: a deleted principal's unique id no longer matches; a living one's does."""
    own = policy(allow(Principal={"AWS": "AROAEXAMPLE123456789"}))
    assert ask(own=own, principal=SESSION, context={"aws:userid": "AROAEXAMPLE123456789:i-1"}).allowed
    assert not ask(own=own, principal=SESSION, context={"aws:userid": "AROAOTHER12345678901:i-1"}).allowed
    assert not ask(own=own, principal=SESSION).allowed


BOB = f"arn:aws:iam::{ACCOUNT}:user/Bob"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"


@pytest.mark.parametrize(
    ("rule", "listed", "principal", "boundary", "outcome"),
    [
        ("NP: Bob and his account", [BOB, ROOT], BOB, None, "Allowed"),
        ("NP: others of the account", [BOB, ROOT], USER, None, "ExplicitlyDenied"),
        ("NP: session, role, account", [SESSION, ROLE, ROOT], SESSION, None, "Allowed"),
        ("NP: another session", [SESSION, ROOT], SESSION + "0", None, "ExplicitlyDenied"),
        ("NP: the account alone", [ROOT], USER, None, "Allowed"),
        ("NP: with a boundary always", [BOB, ROOT], BOB, policy(allow()), "ExplicitlyDenied"),
    ],
)
def test_not_principal_with_deny(
    rule: str, listed: list[str], principal: str, boundary: Any, outcome: str
) -> None:
    own = policy({"Effect": "Deny", "NotPrincipal": {"AWS": listed}, "Action": "*", "Resource": "*"})
    assert ask(allow(), own=own, principal=principal, boundary=boundary).outcome == outcome, rule


def test_not_principal_with_allow_lets_everybody_else_in() -> None:
    """NP: "allows all principals except the one named", anonymous ones included."""
    own = policy({"Effect": "Allow", "NotPrincipal": {"AWS": BOB}, "Action": "*", "Resource": "*"})
    assert ask(own=own, principal=USER).allowed
    assert ask(own=own, principal="*", owner=ACCOUNT).allowed
    assert ask(own=own, principal=BOB).outcome == "ImplicitlyDenied"


def test_a_resource_policy_statement_without_principal_applies_to_nobody() -> None:
    assert ask(own=policy(allow())).outcome == "ImplicitlyDenied"
    assert ask(allow(), own=policy(deny())).allowed


@pytest.mark.parametrize(
    ("text", "kind", "account", "name"),
    [
        (USER, "user", ACCOUNT, "ann"),
        (f"arn:aws:iam::{ACCOUNT}:user/a/b/ann", "user", ACCOUNT, "ann"),
        (ROLE, "role", ACCOUNT, "web"),
        (SESSION, "session", ACCOUNT, "web"),
        (ROOT, "root", ACCOUNT, "root"),
        (ACCOUNT, "root", ACCOUNT, "root"),
        ("ecs.amazonaws.com", "service", "", ""),
        ("arn:aws:iam::1:saml-provider/x", "federated", "", "x"),
        ("", "anonymous", "", ""),
    ],
)
def test_request_principals(text: str, kind: str, account: str, name: str) -> None:
    parsed = parse_principal(text)
    assert (parsed.kind, parsed.account, parsed.name) == (kind, account, name)
