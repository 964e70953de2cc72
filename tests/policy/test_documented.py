"""Documented policies, each asked what its text promises and a near miss.

Sources: IAM User Guide, (X) "Example IAM identity-based policies", (C) "Condition policy examples", (K) "AWS
global condition context keys", (B) "Permissions boundaries for IAM entities"; Amazon S3 User Guide, (S3)
"Examples of bucket policies"; AWS Organizations User Guide, (RCP) "Resource control policy examples"."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policy.tables import ACCOUNT, OBJECT, OTHER, USER, allow, ask, deny, policy

INSTANCE = f"arn:aws:ec2:eu-west-1:{ACCOUNT}:instance/i-1"
TABLE = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/MyTable"
BUCKET = ["arn:aws:s3:::data", "arn:aws:s3:::data/*"]
ANN = {"aws:username": "ann"}
Y, N, D = "Allowed", "ImplicitlyDenied", "ExplicitlyDenied"
Question = tuple[str, str, dict[str, Any], str]


def bucket(effect: str = "Allow", action: Any = "s3:*", **condition: Any) -> dict[str, Any]:
    """A statement of a bucket policy about everybody."""
    made = allow if effect == "Allow" else deny
    return made(action, BUCKET, Principal="*", Condition=condition)


IDENTITY: list[tuple[str, list[dict[str, Any]], list[Question]]] = [
    (
        "X: all but some actions without MFA",
        [
            allow(["iam:GetUser", "iam:ChangePassword"], "arn:aws:iam::*:user/${aws:username}"),
            {
                "Effect": "Deny",
                "NotAction": ["iam:GetUser", "sts:GetSessionToken"],
                "Resource": "*",
                "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
            },
        ],
        [
            ("iam:ChangePassword", USER, ANN | {"aws:MultiFactorAuthPresent": "true"}, Y),
            ("iam:ChangePassword", USER, ANN | {"aws:MultiFactorAuthPresent": "false"}, D),
            ("iam:ChangePassword", USER, ANN, D),
            ("iam:GetUser", USER, ANN, Y),
            ("iam:GetUser", USER + "2", ANN, N),
        ],
    ),
    (
        "X: regions, but for global services",
        [
            allow(),
            {
                "Effect": "Deny",
                "NotAction": ["iam:*", "route53:*"],
                "Resource": "*",
                "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-central-1", "eu-west-1"]}},
            },
        ],
        [
            ("ec2:RunInstances", INSTANCE, {"aws:RequestedRegion": "eu-west-1"}, Y),
            ("ec2:RunInstances", INSTANCE, {"aws:RequestedRegion": "us-east-1"}, D),
            ("ec2:RunInstances", INSTANCE, {}, D),
            ("iam:CreateUser", USER, {"aws:RequestedRegion": "us-east-1"}, Y),
        ],
    ),
    (
        "X: addresses, but for calls of services",
        [
            allow(),
            deny(
                Condition={
                    "NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24", "203.0.113.0/24"]},
                    "Bool": {"aws:ViaAWSService": "false"},
                }
            ),
        ],
        [
            ("s3:GetObject", OBJECT, {"aws:SourceIp": "203.0.113.9", "aws:ViaAWSService": "false"}, Y),
            ("s3:GetObject", OBJECT, {"aws:SourceIp": "8.8.8.8", "aws:ViaAWSService": "false"}, D),
            ("s3:GetObject", OBJECT, {"aws:SourceIp": "8.8.8.8", "aws:ViaAWSService": "true"}, Y),
        ],
    ),
    (
        "X: resources of other accounts by way of a service",
        [
            allow(),
            deny(
                "s3:*",
                Condition={
                    "StringNotEquals": {"aws:ResourceAccount": [ACCOUNT]},
                    "ForAllValues:StringNotEquals": {"aws:CalledVia": ["dataexchange.amazonaws.com"]},
                },
            ),
        ],
        [
            ("s3:GetObject", OBJECT, {"aws:ResourceAccount": ACCOUNT}, Y),
            ("s3:GetObject", OBJECT, {"aws:ResourceAccount": OTHER}, D),
            (
                "s3:GetObject",
                OBJECT,
                {"aws:ResourceAccount": OTHER, "aws:CalledVia": ["dataexchange.amazonaws.com"]},
                Y,
            ),
        ],
    ),
    (
        "X: columns of a table",
        [
            allow(
                ["dynamodb:GetItem", "dynamodb:Query"],
                "arn:aws:dynamodb:*:*:table/MyTable",
                Condition={
                    "ForAllValues:StringEquals": {"dynamodb:Attributes": ["c1", "c2"]},
                    "StringEqualsIfExists": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"},
                },
            )
        ],
        [
            ("dynamodb:GetItem", TABLE, {"dynamodb:Attributes": ["c1", "c2"]}, Y),
            ("dynamodb:GetItem", TABLE, {"dynamodb:Attributes": ["c1", "c3"]}, N),
            ("dynamodb:Query", TABLE, {"dynamodb:Attributes": ["c1"], "dynamodb:Select": "COUNT"}, N),
            ("dynamodb:Query", TABLE + "2", {"dynamodb:Attributes": ["c1"]}, N),
        ],
    ),
    (
        "X: new users with these tags only",
        [
            allow(
                "iam:CreateUser",
                Condition={
                    "StringEquals": {"aws:RequestTag/Department": ["Development", "QA"]},
                    "ForAllValues:StringEquals": {"aws:TagKeys": ["Department", "JobFunction"]},
                },
            )
        ],
        [
            ("iam:CreateUser", USER, {"aws:RequestTag/Department": "QA", "aws:TagKeys": ["Department"]}, Y),
            (
                "iam:CreateUser",
                USER,
                {"aws:RequestTag/Department": "QA", "aws:TagKeys": ["Department", "x"]},
                N,
            ),
            ("iam:CreateUser", USER, {"aws:TagKeys": ["JobFunction"]}, N),
        ],
    ),
    (
        "X: home directories",
        [
            allow(
                "s3:ListBucket",
                "arn:aws:s3:::data",
                Condition={"StringLike": {"s3:prefix": ["", "home/", "home/${aws:username}/*"]}},
            ),
            allow(
                "s3:*", ["arn:aws:s3:::data/home/${aws:username}", "arn:aws:s3:::data/home/${aws:username}/*"]
            ),
        ],
        [
            ("s3:ListBucket", "arn:aws:s3:::data", ANN | {"s3:prefix": ""}, Y),
            ("s3:ListBucket", "arn:aws:s3:::data", ANN | {"s3:prefix": "home/ann/x"}, Y),
            ("s3:ListBucket", "arn:aws:s3:::data", ANN | {"s3:prefix": "home/bo/"}, N),
            ("s3:ListBucket", "arn:aws:s3:::data", ANN, N),
            ("s3:PutObject", "arn:aws:s3:::data/home/ann/f", ANN, Y),
            ("s3:PutObject", "arn:aws:s3:::data/home/anna/f", ANN, N),
        ],
    ),
    (
        "C: ForAllValues in a Deny, and a request without the key",
        [allow(), deny("iam:TagUser", Condition={"ForAllValues:StringLike": {"aws:TagKeys": "key1*"}})],
        [
            ("iam:TagUser", USER, {"aws:TagKeys": ["key1:hr", "key1:legal"]}, D),
            ("iam:TagUser", USER, {"aws:TagKeys": ["key1:hr", "key2:audit"]}, Y),
            ("iam:TagUser", USER, {}, D),
        ],
    ),
    (
        "C: the same with Null",
        [
            allow(),
            deny(
                "iam:TagUser",
                Condition={
                    "ForAllValues:StringLike": {"aws:TagKeys": "key1*"},
                    "Null": {"aws:TagKeys": "false"},
                },
            ),
        ],
        [
            ("iam:TagUser", USER, {"aws:TagKeys": ["key1:hr"]}, D),
            ("iam:TagUser", USER, {"aws:TagKeys": []}, Y),
            ("iam:TagUser", USER, {}, Y),
        ],
    ),
    (
        "C: ForAnyValue in a Deny",
        [allow(), deny("ec2:*", Condition={"ForAnyValue:StringEquals": {"aws:TagKeys": "webserver"}})],
        [
            ("ec2:RunInstances", INSTANCE, {"aws:TagKeys": ["env", "webserver"]}, D),
            ("ec2:RunInstances", INSTANCE, {"aws:TagKeys": ["env"]}, Y),
            ("ec2:RunInstances", INSTANCE, {}, Y),
        ],
    ),
    (
        "Revoking sessions",
        [allow(), deny(Condition={"DateLessThan": {"aws:TokenIssueTime": "2014-05-07T23:47:00Z"}})],
        [
            ("s3:GetObject", OBJECT, {"aws:TokenIssueTime": "2014-05-07T23:46:59Z"}, D),
            ("s3:GetObject", OBJECT, {"aws:TokenIssueTime": "2014-05-07T23:47:00Z"}, Y),
            ("s3:GetObject", OBJECT, {}, Y),
        ],
    ),
    (
        "K: instances that call from another network than their own",
        [
            allow(),
            deny(
                Condition={
                    "StringNotEquals": {"aws:Ec2InstanceSourceVpc": "${aws:SourceVpc}"},
                    "Null": {"ec2:SourceInstanceARN": "false"},
                }
            ),
        ],
        [
            (
                "s3:GetObject",
                OBJECT,
                {"aws:Ec2InstanceSourceVpc": "v1", "aws:SourceVpc": "v1", "ec2:SourceInstanceARN": INSTANCE},
                Y,
            ),
            (
                "s3:GetObject",
                OBJECT,
                {"aws:Ec2InstanceSourceVpc": "v1", "ec2:SourceInstanceARN": INSTANCE},
                D,
            ),
            ("s3:GetObject", OBJECT, {}, Y),
        ],
    ),
]
ORG = {"aws:PrincipalOrgID": "o-1"}
BUCKETS: list[tuple[str, list[dict[str, Any]], list[tuple[dict[str, Any], str]]]] = [
    (
        "S3: an organization",
        [bucket(StringEquals=ORG)],
        [(ORG, Y), ({"aws:PrincipalOrgID": "o-2"}, N), ({}, N)],
    ),
    (
        "K: a part of an organization",
        [bucket(**{"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": ["o-1/r-ab12/ou-ab12-1/*"]}})],
        [
            ({"aws:PrincipalOrgPaths": ["o-1/r-ab12/ou-ab12-1/ou-ab12-2/"]}, Y),
            ({"aws:PrincipalOrgPaths": ["o-1/r-ab12/ou-ab12-3/"]}, N),
            ({}, N),
        ],
    ),
    (
        "S3: one VPC endpoint",
        [bucket(), bucket("Deny", StringNotEquals={"aws:SourceVpce": "vpce-1"})],
        [({"aws:SourceVpce": "vpce-1"}, Y), ({"aws:SourceVpce": "vpce-2"}, D), ({}, D)],
    ),
    (
        "S3: encryption, a header that is not there",
        [bucket(), bucket("Deny", Null={"s3:x-amz-server-side-encryption": "true"})],
        [({"s3:x-amz-server-side-encryption": "AES256"}, Y), ({}, D)],
    ),
    (
        "S3: MFA within the hour",
        [
            bucket(),
            bucket("Deny", Null={"aws:MultiFactorAuthAge": True}),
            bucket("Deny", NumericGreaterThan={"aws:MultiFactorAuthAge": 3600}),
        ],
        [({"aws:MultiFactorAuthAge": "3600"}, Y), ({"aws:MultiFactorAuthAge": 3601}, D), ({}, D)],
    ),
    (
        "S3: tag keys, all and at least one",
        [
            bucket(
                **{
                    "ForAllValues:StringLike": {"s3:RequestObjectTagKeys": ["Owner", "CreationDate"]},
                    "ForAnyValue:StringEquals": {"s3:RequestObjectTagKeys": ["Owner", "CreationDate"]},
                }
            )
        ],
        [
            ({"s3:RequestObjectTagKeys": ["Owner"]}, Y),
            ({"s3:RequestObjectTagKeys": ["Owner", "x"]}, N),
            ({}, N),
        ],
    ),
    (
        "A network perimeter",
        [
            bucket(),
            bucket(
                "Deny",
                StringNotEqualsIfExists={"aws:SourceVpc": "vpc-1"},
                NotIpAddressIfExists={"aws:SourceIp": "192.0.2.0/24"},
                BoolIfExists={"aws:ViaAWSService": "false"},
            ),
        ],
        [
            ({"aws:SourceIp": "8.8.8.8", "aws:ViaAWSService": "false"}, D),
            ({"aws:SourceIp": "192.0.2.5", "aws:ViaAWSService": "false"}, Y),
            ({"aws:SourceVpc": "vpc-1", "aws:ViaAWSService": "false"}, Y),
            ({"aws:SourceIp": "8.8.8.8", "aws:ViaAWSService": "true"}, Y),
            ({}, D),
        ],
    ),
]


@pytest.mark.parametrize(("example", "statements", "questions"), IDENTITY)
def test_identity_policy(example: str, statements: list[Any], questions: list[Question]) -> None:
    for action, resource, context, outcome in questions:
        found = ask(*statements, action=action, resource=resource, context=context).outcome
        assert found == outcome, (example, action, resource, context)


@pytest.mark.parametrize(("example", "statements", "questions"), BUCKETS)
def test_bucket_policy(example: str, statements: list[Any], questions: Any) -> None:
    for context, outcome in questions:
        assert ask(own=policy(*statements), context=context).outcome == outcome, (example, context)


def test_the_boundary_of_a_delegated_administrator() -> None:
    """B, "Delegating responsibility to others using permissions boundaries": Zhang creates users with the
    boundary that he was given, and cannot change it."""
    edge = f"arn:aws:iam::{ACCOUNT}:policy/XCompanyBoundaries"
    boundary = policy(
        allow("iam:CreateUser", Condition={"StringEquals": {"iam:PermissionsBoundary": edge}}),
        allow(["cloudwatch:*", "iam:GetUser", "iam:DeletePolicy"]),
        deny(["iam:CreatePolicyVersion", "iam:DeletePolicy"], edge),
    )
    own = [allow("iam:*"), allow("cloudwatch:GetDashboard"), allow("s3:ListBucket", "arn:aws:s3:::zhang")]
    for action, resource, context, outcome in (
        ("iam:CreateUser", USER, {"iam:PermissionsBoundary": edge}, Y),
        ("iam:CreateUser", USER, {"iam:PermissionsBoundary": edge + "2"}, N),
        ("iam:CreateUser", USER, {}, N),
        ("iam:DeletePolicy", edge, {}, D),
        ("iam:DeletePolicy", edge + "2", {}, Y),
        ("s3:ListBucket", "arn:aws:s3:::zhang", {}, N),
        ("cloudwatch:PutDashboard", "*", {}, N),
    ):
        found = ask(*own, action=action, resource=resource, context=context, boundary=boundary).outcome
        assert found == outcome, (action, resource, context)


OUTSIDERS = {
    "StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1"},
    "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
}
DEPUTIES = {
    "StringNotEqualsIfExists": {"aws:SourceOrgID": "o-1"},
    "Null": {"aws:SourceAccount": "false"},
    "Bool": {"aws:PrincipalIsAWSService": "true"},
}
LOGGING = "logging.s3.amazonaws.com"


@pytest.mark.parametrize(
    ("condition", "principal", "context", "outcome"),
    [
        (OUTSIDERS, USER, ORG | {"aws:PrincipalIsAWSService": "false"}, Y),
        (OUTSIDERS, USER, {"aws:PrincipalOrgID": "o-2", "aws:PrincipalIsAWSService": "false"}, D),
        (OUTSIDERS, "*", {"aws:PrincipalIsAWSService": "false"}, D),
        (OUTSIDERS, LOGGING, {"aws:PrincipalIsAWSService": "true"}, Y),
        (DEPUTIES, LOGGING, {"aws:PrincipalIsAWSService": "true", "aws:SourceAccount": OTHER}, D),
        (
            DEPUTIES,
            LOGGING,
            {"aws:PrincipalIsAWSService": "true", "aws:SourceAccount": ACCOUNT, "aws:SourceOrgID": "o-1"},
            Y,
        ),
        (DEPUTIES, LOGGING, {"aws:PrincipalIsAWSService": "true"}, Y),
        (DEPUTIES, USER, {"aws:PrincipalIsAWSService": "false"}, Y),
    ],
)
def test_data_perimeter(condition: Any, principal: str, context: Any, outcome: str) -> None:
    """RCP: "Restrict access to only identities within your organization", "Cross-service confused deputy
    protection"."""
    rcp = policy(deny("s3:*", Principal="*", Condition=condition))
    own = policy(allow(Principal="*"))
    assert ask(principal=principal, own=own, rcps=[rcp], context=context, owner=ACCOUNT).outcome == outcome
