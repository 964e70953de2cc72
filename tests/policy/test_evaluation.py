"""Which policies decide together, one row a rule.

Sources: IAM User Guide, (E) "How AWS enforcement code logic evaluates requests to allow or deny access", (X)
"Cross-account policy evaluation logic", (B) "Permissions boundaries for IAM entities", (S) "Session
policies", (T) "Role trust policies"; AWS Organizations User Guide, (SCP) "SCP evaluation", (RCP) "Resource
control policies"; AWS KMS Developer Guide, (K) "Key policies"; Amazon S3 User Guide, (BPA) "Blocking public
access"."""

from __future__ import annotations

from typing import Any

import pytest

from ecsiam_tui.policy.layers import Layers
from tests.policy.tables import (
    ACCOUNT,
    OBJECT,
    OTHER,
    ROLE,
    SESSION,
    USER,
    allow,
    ask,
    deny,
    policies,
    policy,
)

ALL = policy(allow())
EC2 = policy(allow("ec2:*"))
FEDERATED = f"arn:aws:sts::{ACCOUNT}:federated-user/ann"


def own(principal: Any, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return policy({"Effect": effect, "Principal": principal, "Action": "*", "Resource": "*"} | more)


SAME_ACCOUNT: list[tuple[str, dict[str, Any], str, tuple[str, ...]]] = [
    ("E: denied by default", {}, "ImplicitlyDenied", ("identity",)),
    ("E: an Allow of an identity", {"identity": [allow()]}, "Allowed", ()),
    ("E: an explicit deny wins", {"identity": [allow(), deny()]}, "ExplicitlyDenied", ("identity",)),
    ("E: an Allow of the resource", {"own": own({"AWS": USER})}, "Allowed", ()),
    (
        "E: a deny of the resource",
        {"identity": [allow()], "own": own("*", "Deny")},
        "ExplicitlyDenied",
        ("resource",),
    ),
    (
        "E: naming the account is not enough",
        {"own": own({"AWS": ACCOUNT})},
        "ImplicitlyDenied",
        ("identity",),
    ),
    ("B: both must allow", {"identity": [allow()], "boundary": EC2}, "ImplicitlyDenied", ("boundary",)),
    ("B: a boundary grants nothing", {"boundary": ALL}, "ImplicitlyDenied", ("identity",)),
    (
        "B: a deny in the boundary",
        {"identity": [allow()], "boundary": policy(deny())},
        "ExplicitlyDenied",
        ("boundary",),
    ),
    (
        "E: a user named by the resource passes the boundary",
        {"own": own({"AWS": USER}), "boundary": EC2},
        "Allowed",
        (),
    ),
    (
        "E: a role named by the resource does not pass the boundary",
        {"principal": ROLE, "own": own({"AWS": ROLE}), "boundary": EC2},
        "ImplicitlyDenied",
        ("boundary",),
    ),
    (
        "E: nor does its session, named by the role",
        {"principal": SESSION, "own": own({"AWS": ROLE}), "boundary": EC2},
        "ImplicitlyDenied",
        ("boundary",),
    ),
    (
        "E: a role named by the resource needs no identity policy",
        {"principal": ROLE, "own": own({"AWS": ROLE})},
        "Allowed",
        (),
    ),
    (
        "E: a session named passes",
        {"principal": SESSION, "own": own({"AWS": SESSION}), "boundary": EC2},
        "Allowed",
        (),
    ),
    (
        "E: a session named passes its session policy",
        {"principal": SESSION, "own": own({"AWS": SESSION}), "session": EC2},
        "Allowed",
        (),
    ),
    (
        "P: everyone with aws:PrincipalArn passes",
        {
            "principal": SESSION,
            "own": own("*", Condition={"ArnEquals": {"aws:PrincipalArn": ROLE}}),
            "boundary": EC2,
            "context": {"aws:PrincipalArn": ROLE},
        },
        "Allowed",
        (),
    ),
    (
        "S: the session policy limits",
        {"principal": SESSION, "identity": [allow()], "session": EC2},
        "ImplicitlyDenied",
        ("session",),
    ),
    ("S: it grants nothing", {"principal": SESSION, "session": ALL}, "ImplicitlyDenied", ("identity",)),
    (
        "S: a deny in it",
        {"principal": SESSION, "own": own({"AWS": SESSION}), "session": policy(deny())},
        "ExplicitlyDenied",
        ("session",),
    ),
    ("E: root has full access", {"principal": f"arn:aws:iam::{ACCOUNT}:root"}, "Allowed", ()),
    (
        "E: a deny holds for root",
        {"principal": f"arn:aws:iam::{ACCOUNT}:root", "own": own("*", "Deny")},
        "ExplicitlyDenied",
        ("resource",),
    ),
    (
        "E: GetFederationToken without a session policy",
        {"principal": FEDERATED, "identity": [allow()]},
        "ImplicitlyDenied",
        ("identity",),
    ),
    (
        "E: GetFederationToken within it",
        {"principal": FEDERATED, "identity": [allow()], "session": ALL},
        "Allowed",
        (),
    ),
    (
        "E: its user named is limited by it",
        {"principal": FEDERATED, "own": own({"AWS": USER}), "session": EC2},
        "ImplicitlyDenied",
        ("session",),
    ),
    ("E: anonymous, public", {"principal": "*", "own": own("*"), "owner": ACCOUNT}, "Allowed", ()),
    (
        "E: anonymous, not public",
        {"principal": "*", "identity": [allow()], "owner": ACCOUNT},
        "ImplicitlyDenied",
        ("resource",),
    ),
    (
        "E: a service",
        {"principal": "ecs.amazonaws.com", "own": own({"Service": "ecs.amazonaws.com"})},
        "Allowed",
        (),
    ),
]


@pytest.mark.parametrize(
    ("rule", "given", "outcome", "blocked"), SAME_ACCOUNT, ids=lambda v: v if isinstance(v, str) else ""
)
def test_same_account(rule: str, given: dict[str, Any], outcome: str, blocked: tuple[str, ...]) -> None:
    identity = given.get("identity", [])
    decision = ask(*identity, **{key: value for key, value in given.items() if key != "identity"})
    assert (decision.outcome, decision.blocked_by) == (outcome, blocked), rule


@pytest.mark.parametrize(
    ("rule", "identity", "resource", "boundary", "outcome", "blocked"),
    [
        ("X: both must allow", [allow()], own({"AWS": USER}), None, "Allowed", ()),
        ("X: the account may be named", [allow()], own({"AWS": ACCOUNT}), None, "Allowed", ()),
        ("X: everyone may be named", [allow()], own("*"), None, "Allowed", ()),
        ("X: identity alone", [allow()], None, None, "ImplicitlyDenied", ("resource",)),
        ("X: resource alone", [], own({"AWS": USER}), None, "ImplicitlyDenied", ("identity",)),
        ("X: neither", [], own({"AWS": OTHER}), None, "ImplicitlyDenied", ("resource", "identity")),
        ("X: the boundary limits", [allow()], own({"AWS": USER}), EC2, "ImplicitlyDenied", ("boundary",)),
        ("X: a deny of the resource", [allow()], own("*", "Deny"), None, "ExplicitlyDenied", ("resource",)),
    ],
)
def test_cross_account(
    rule: str, identity: list[Any], resource: Any, boundary: Any, outcome: str, blocked: tuple[str, ...]
) -> None:
    decision = ask(*identity, own=resource, boundary=boundary, owner=OTHER)
    assert (decision.outcome, decision.blocked_by) == (outcome, blocked), rule


LINKED = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"


@pytest.mark.parametrize(
    ("rule", "given", "outcome"),
    [
        ("SCP: every level must allow", {"scps": [ALL, ALL]}, "Allowed"),
        ("SCP: a level that does not", {"scps": [ALL, EC2, ALL]}, "ImplicitlyDenied"),
        ("SCP: a level without policies", {"scps": [ALL, policy()]}, "ImplicitlyDenied"),
        ("SCP: a deny of any level", {"scps": [ALL, policy(allow(), deny("s3:*"))]}, "ExplicitlyDenied"),
        (
            "SCP: limits root",
            {"scps": [EC2], "principal": f"arn:aws:iam::{ACCOUNT}:root"},
            "ImplicitlyDenied",
        ),
        (
            "SCP: limits what the resource grants",
            {"scps": [EC2], "own": own({"AWS": USER})},
            "ImplicitlyDenied",
        ),
        ("SCP: not service-linked roles", {"scps": [policy(deny())], "principal": LINKED}, "Allowed"),
        (
            "SCP: not services",
            {"scps": [policy(deny())], "principal": "ecs.amazonaws.com", "own": own("*")},
            "Allowed",
        ),
        (
            "SCP: not anonymous requests",
            {"scps": [policy(deny())], "principal": "*", "own": own("*"), "owner": ACCOUNT},
            "Allowed",
        ),
        ("RCP: a deny", {"rcps": [own("*"), own("*", "Deny")]}, "ExplicitlyDenied"),
        ("RCP: every level must allow", {"rcps": [own("*"), policy(allow("ec2:*"))]}, "ImplicitlyDenied"),
        ("RCP: RCPFullAWSAccess is beside denies", {"rcps": [own("*", "Deny", Action="ec2:*")]}, "Allowed"),
        (
            "RCP: anonymous requests too",
            {"rcps": [own("*", "Deny")], "principal": "*", "own": own("*")},
            "ExplicitlyDenied",
        ),
        (
            "RCP: services too",
            {"rcps": [own("*", "Deny")], "principal": "ecs.amazonaws.com", "own": own("*")},
            "ExplicitlyDenied",
        ),
        ("RCP: not service-linked roles", {"rcps": [own("*", "Deny")], "principal": LINKED}, "Allowed"),
        (
            "RCP: only some services",
            {"rcps": [own("*", "Deny")], "action": "ecs:RunTask", "resource": "*"},
            "Allowed",
        ),
        ("VPCE: must allow", {"endpoint": own("*", Action="ec2:*")}, "ImplicitlyDenied"),
        ("VPCE: allows", {"endpoint": own("*")}, "Allowed"),
        ("VPCE: denies", {"endpoint": own("*", "Deny")}, "ExplicitlyDenied"),
    ],
)
def test_guards(rule: str, given: dict[str, Any], outcome: str) -> None:
    assert ask(allow(), **given).outcome == outcome, rule


KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"
TARGET = f"arn:aws:iam::{ACCOUNT}:role/target"


def trust(principal: Any, action: str = "sts:AssumeRole", **more: Any) -> dict[str, Any]:
    return policy({"Effect": "Allow", "Principal": principal, "Action": action} | more)


@pytest.mark.parametrize(
    ("rule", "given", "outcome"),
    [
        ("K: the key policy must allow", {"identity": [allow()]}, "ImplicitlyDenied"),
        ("K: even for root", {"principal": f"arn:aws:iam::{ACCOUNT}:root"}, "ImplicitlyDenied"),
        (
            "K: naming the account lets identities decide",
            {"identity": [allow()], "own": own({"AWS": ACCOUNT})},
            "Allowed",
        ),
        ("K: and only them", {"own": own({"AWS": ACCOUNT})}, "ImplicitlyDenied"),
        (
            "K: an account of another partition",
            {"identity": [allow()], "own": own({"AWS": f"arn:aws-cn:iam::{ACCOUNT}:root"})},
            "ImplicitlyDenied",
        ),
        ("K: naming the user is enough", {"own": own({"AWS": USER})}, "Allowed"),
        (
            "K: other actions have no key",
            {"identity": [allow()], "action": "kms:ListKeys", "resource": "*"},
            "Allowed",
        ),
    ],
)
def test_key_policies(rule: str, given: dict[str, Any], outcome: str) -> None:
    settings = {"action": "kms:Decrypt", "resource": KEY} | given
    identity = settings.pop("identity", [])
    assert ask(*identity, wildcard_only=None, **settings).outcome == outcome, rule


@pytest.mark.parametrize(
    ("rule", "given", "outcome"),
    [
        (
            "T: the trust policy must allow",
            {"identity": [allow()], "own": trust({"AWS": ROLE})},
            "ImplicitlyDenied",
        ),
        ("T: a trust policy that is not given is not held against it", {"identity": [allow()]}, "Allowed"),
        (
            "T: from another account it must be given",
            {"identity": [allow()], "owner": OTHER},
            "ImplicitlyDenied",
        ),
        ("T: naming the account", {"identity": [allow()], "own": trust({"AWS": ACCOUNT})}, "Allowed"),
        ("T: naming the account alone", {"own": trust({"AWS": ACCOUNT})}, "ImplicitlyDenied"),
        ("T: naming the principal", {"own": trust({"AWS": USER})}, "Allowed"),
        (
            "T: another action",
            {"identity": [allow()], "own": trust({"AWS": USER}, "sts:TagSession")},
            "ImplicitlyDenied",
        ),
        ("T: tags", {"action": "sts:TagSession", "own": trust({"AWS": USER}, "sts:TagSession")}, "Allowed"),
        (
            "T: source identity",
            {"action": "sts:SetSourceIdentity", "own": trust({"AWS": USER}, "sts:*")},
            "Allowed",
        ),
        (
            "T: external id",
            {
                "identity": [allow()],
                "own": trust({"AWS": USER}, Condition={"StringEquals": {"sts:ExternalId": "x"}}),
                "context": {"sts:ExternalId": "y"},
            },
            "ImplicitlyDenied",
        ),
        (
            "T: a service",
            {"principal": "ecs-tasks.amazonaws.com", "own": trust({"Service": "ecs-tasks.amazonaws.com"})},
            "Allowed",
        ),
        (
            "T: a web identity",
            {
                "principal": "accounts.google.com",
                "action": "sts:AssumeRoleWithWebIdentity",
                "own": trust({"Federated": "accounts.google.com"}, "sts:AssumeRoleWithWebIdentity"),
            },
            "Allowed",
        ),
        (
            "PassRole needs no trust policy",
            {"identity": [allow("iam:PassRole")], "action": "iam:PassRole"},
            "Allowed",
        ),
        (
            "PassRole with iam:PassedToService",
            {
                "identity": [
                    allow(
                        "iam:PassRole",
                        Condition={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
                    )
                ],
                "action": "iam:PassRole",
                "context": {"iam:PassedToService": "ec2.amazonaws.com"},
            },
            "ImplicitlyDenied",
        ),
    ],
)
def test_roles(rule: str, given: dict[str, Any], outcome: str) -> None:
    settings = {"action": "sts:AssumeRole", "resource": TARGET} | given
    identity = settings.pop("identity", [])
    assert ask(*identity, **settings).outcome == outcome, rule


@pytest.mark.parametrize(
    ("action", "resource", "outcome"),
    [
        ("iam:GetPolicy", "arn:aws:iam::aws:policy/ReadOnlyAccess", "Allowed"),
        ("iam:DeletePolicy", "arn:aws:iam::aws:policy/ReadOnlyAccess", "ImplicitlyDenied"),
        ("iam:AttachRolePolicy", "arn:aws:iam::aws:policy/ReadOnlyAccess", "Allowed"),
        (
            "iam:DeleteRole",
            f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/x",
            "ImplicitlyDenied",
        ),
        ("iam:GetRole", f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/x", "Allowed"),
        ("kms:DeleteAlias", f"arn:aws:kms:r:{ACCOUNT}:alias/aws/s3", "ImplicitlyDenied"),
    ],
)
def test_what_aws_keeps_for_itself(action: str, resource: str, outcome: str) -> None:
    decision = ask(allow(), action=action, resource=resource, owner=ACCOUNT)
    assert decision.outcome == outcome
    assert decision.blocked_by == (() if outcome == "Allowed" else ("service",))


STRANGER = f"arn:aws:iam::{OTHER}:role/x"


@pytest.mark.parametrize(
    ("rule", "statement", "principal", "outcome"),
    [
        ("BPA: anonymous", {"Principal": "*"}, "*", "ExplicitlyDenied"),
        ("BPA: another account", {"Principal": {"AWS": "*"}}, STRANGER, "ExplicitlyDenied"),
        ("BPA: the owner's account", {"Principal": "*"}, USER, "Allowed"),
        ("BPA: services", {"Principal": "*"}, "cloudfront.amazonaws.com", "Allowed"),
        ("BPA: a named principal is not public", {"Principal": {"AWS": STRANGER}}, STRANGER, "Allowed"),
        (
            "BPA: a fixed organization",
            {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}},
            STRANGER,
            "Allowed",
        ),
        (
            "BPA: a wildcard is not fixed",
            {"Condition": {"StringLike": {"aws:PrincipalOrgID": "o-*"}}},
            STRANGER,
            "ExplicitlyDenied",
        ),
        (
            "BPA: a wide range is public",
            {"Condition": {"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}}},
            STRANGER,
            "ExplicitlyDenied",
        ),
    ],
)
def test_block_public_access(rule: str, statement: dict[str, Any], principal: str, outcome: str) -> None:
    document = policy(allow(**({"Principal": "*"} | statement)))
    context = {"aws:PrincipalOrgID": "o-1", "aws:SourceIp": "10.0.0.1"}
    decision = ask(
        allow(), principal=principal, own=document, owner=ACCOUNT, block_public_access=True, context=context
    )
    assert decision.outcome == outcome, rule
    assert ("s3-block-public-access" in decision.blocked_by) is (outcome == "ExplicitlyDenied")


def test_the_example_of_the_user_guide() -> None:
    """E, "Example identity-based and resource-based policy evaluation": Carlos and his log bucket."""
    carlos = f"arn:aws:iam::{ACCOUNT}:user/carlossalazar"
    identity = [
        allow(["s3:GetBucketLocation", "s3:ListAllMyBuckets"], "arn:aws:s3:::*"),
        allow("s3:*", ["arn:aws:s3:::carlossalazar/*", "arn:aws:s3:::carlossalazar"]),
        deny("s3:*", "arn:aws:s3:::*log*"),
    ]
    bucket = own({"AWS": carlos}, Resource=["arn:aws:s3:::carlossalazar/*", "arn:aws:s3:::carlossalazar"])

    def put(resource: str, document: Any = None) -> str:
        return ask(
            *identity, principal=carlos, action="s3:PutObject", resource=resource, own=document
        ).outcome

    assert put("arn:aws:s3:::carlossalazar-logs/x") == "ExplicitlyDenied"
    assert put("arn:aws:s3:::carlossalazar/x", bucket) == "Allowed"
    listing = ask(*identity, principal=carlos, action="s3:ListAllMyBuckets", resource="*", wildcard_only=None)
    assert listing.allowed


def test_policies_that_could_not_be_read_leave_it_open() -> None:
    from ecsiam_tui.policy.evaluation import evaluate
    from ecsiam_tui.policy.request import Request

    identity = policies("identity", ALL)
    unread = Layers(identity, unknown={"resource": "the key policy"})
    decision = evaluate(unread, Request(USER, "kms:Decrypt", KEY))
    assert (decision.outcome, decision.missing_context) == ("Depends", ("the key policy",))
    assert evaluate(unread, Request(USER, "s3:GetObject", OBJECT)).allowed
    nothing = Layers(policies("identity"), unknown={"identity": "policy x"})
    assert evaluate(nothing, Request(USER, "s3:GetObject", OBJECT)).outcome == "Depends"
    denied = Layers(policies("identity", policy(deny())), unknown={"identity": "policy x"})
    assert evaluate(denied, Request(USER, "s3:GetObject", OBJECT)).outcome == "ExplicitlyDenied"
