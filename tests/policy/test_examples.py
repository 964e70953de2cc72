"""Examples of the IAM User Guide ("Example IAM identity-based policies") and what they are said to do."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policy.tables import ACCOUNT, OTHER, USER, allow, ask, deny, policy

SELF = f"arn:aws:iam::{ACCOUNT}:user/ann"
MFA = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
SUB = "cognito-identity.amazonaws.com:sub"

EXAMPLES: list[tuple[str, list[dict[str, Any]], list[tuple[str, str, dict[str, Any], str]]]] = [
    (
        "AWS: Allows access based on date and time",
        [
            allow(
                "service-prefix:action-name",
                Condition={
                    "DateGreaterThan": {"aws:CurrentTime": "2020-04-01T00:00:00Z"},
                    "DateLessThan": {"aws:CurrentTime": "2020-06-30T23:59:59Z"},
                },
            )
        ],
        [
            ("service-prefix:action-name", "*", {"aws:CurrentTime": "2020-05-01T00:00:00Z"}, "Allowed"),
            (
                "service-prefix:action-name",
                "*",
                {"aws:CurrentTime": "2020-07-01T00:00:00Z"},
                "ImplicitlyDenied",
            ),
        ],
    ),
    (
        "AWS: Denies access to AWS based on the source IP",
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
            ("s3:GetObject", "*", {"aws:SourceIp": "192.0.2.7", "aws:ViaAWSService": "false"}, "Allowed"),
            (
                "s3:GetObject",
                "*",
                {"aws:SourceIp": "8.8.8.8", "aws:ViaAWSService": "false"},
                "ExplicitlyDenied",
            ),
            ("s3:GetObject", "*", {"aws:SourceIp": "8.8.8.8", "aws:ViaAWSService": "true"}, "Allowed"),
        ],
    ),
    (
        "AWS: Denies access to AWS based on the requested Region",
        [
            allow(),
            {
                "Effect": "Deny",
                "NotAction": ["cloudfront:*", "iam:*", "route53:*", "support:*"],
                "Resource": "*",
                "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-central-1", "eu-west-1"]}},
            },
        ],
        [
            ("ec2:RunInstances", "*", {"aws:RequestedRegion": "eu-west-1"}, "Allowed"),
            ("ec2:RunInstances", "*", {"aws:RequestedRegion": "us-east-1"}, "ExplicitlyDenied"),
            ("iam:ListRoles", "*", {"aws:RequestedRegion": "us-east-1"}, "Allowed"),
        ],
    ),
    (
        "AWS: Allows MFA-authenticated IAM users to manage their own credentials",
        [
            allow("iam:*AccessKey*", "arn:aws:iam::*:user/${aws:username}"),
            {
                "Effect": "Deny",
                "NotAction": ["iam:EnableMFADevice", "iam:GetUser", "sts:GetSessionToken"],
                "Resource": "*",
                "Condition": MFA,
            },
        ],
        [
            (
                "iam:CreateAccessKey",
                SELF,
                {"aws:username": "ann", "aws:MultiFactorAuthPresent": "true"},
                "Allowed",
            ),
            ("iam:CreateAccessKey", SELF, {"aws:username": "ann"}, "ExplicitlyDenied"),
            (
                "iam:CreateAccessKey",
                SELF + "a",
                {"aws:username": "ann", "aws:MultiFactorAuthPresent": "true"},
                "ImplicitlyDenied",
            ),
        ],
    ),
    (
        "Amazon EC2: Allows starting or stopping EC2 instances a user has tagged",
        [
            allow(
                ["ec2:StartInstances", "ec2:StopInstances"],
                "arn:aws:ec2:*:*:instance/*",
                Condition={"StringEquals": {"aws:ResourceTag/Owner": "${aws:username}"}},
            )
        ],
        [
            (
                "ec2:StopInstances",
                f"arn:aws:ec2:r:{ACCOUNT}:instance/i-1",
                {"aws:username": "ann", "aws:ResourceTag/Owner": "ann"},
                "Allowed",
            ),
            (
                "ec2:StopInstances",
                f"arn:aws:ec2:r:{ACCOUNT}:instance/i-1",
                {"aws:username": "ann", "aws:ResourceTag/Owner": "bo"},
                "ImplicitlyDenied",
            ),
            (
                "ec2:StopInstances",
                f"arn:aws:ec2:r:{ACCOUNT}:instance/i-1",
                {"aws:username": "ann"},
                "ImplicitlyDenied",
            ),
        ],
    ),
    (
        "IAM: Pass an IAM role to a specific AWS service",
        [
            allow(
                "iam:PassRole",
                Condition={"StringEquals": {"iam:PassedToService": "cloudwatch.amazonaws.com"}},
            )
        ],
        [
            ("iam:PassRole", SELF, {"iam:PassedToService": "cloudwatch.amazonaws.com"}, "Allowed"),
            ("iam:PassRole", SELF, {"iam:PassedToService": "ec2.amazonaws.com"}, "ImplicitlyDenied"),
        ],
    ),
    (
        "Amazon S3: Restricts management to a specific S3 bucket",
        [
            allow("s3:*", ["arn:aws:s3:::bucket-name", "arn:aws:s3:::bucket-name/*"]),
            {
                "Effect": "Deny",
                "NotAction": "s3:*",
                "NotResource": ["arn:aws:s3:::bucket-name", "arn:aws:s3:::bucket-name/*"],
            },
        ],
        [
            ("s3:PutObject", "arn:aws:s3:::bucket-name/x", {}, "Allowed"),
            ("s3:PutObject", "arn:aws:s3:::another/x", {}, "ImplicitlyDenied"),
            ("sqs:SendMessage", f"arn:aws:sqs:r:{ACCOUNT}:q", {}, "ExplicitlyDenied"),
        ],
    ),
    (
        "Amazon S3: Allows Amazon Cognito users to access objects in their bucket",
        [
            allow(
                "s3:ListBucket",
                "arn:aws:s3:::bucket-name",
                Condition={"StringLike": {"s3:prefix": "cognito/application-name/${" + SUB + "}/*"}},
            ),
            allow(
                ["s3:GetObject", "s3:PutObject"],
                "arn:aws:s3:::bucket-name/cognito/application-name/${" + SUB + "}/*",
            ),
        ],
        [
            (
                "s3:GetObject",
                "arn:aws:s3:::bucket-name/cognito/application-name/u:1/x",
                {SUB: "u:1"},
                "Allowed",
            ),
            (
                "s3:GetObject",
                "arn:aws:s3:::bucket-name/cognito/application-name/u:2/x",
                {SUB: "u:1"},
                "ImplicitlyDenied",
            ),
            (
                "s3:ListBucket",
                "arn:aws:s3:::bucket-name",
                {SUB: "u:1", "s3:prefix": "cognito/application-name/u:1/"},
                "Allowed",
            ),
        ],
    ),
    (
        "Amazon DynamoDB: Allows row-level access based on an Amazon Cognito ID",
        [
            allow(
                "dynamodb:GetItem",
                "arn:aws:dynamodb:*:*:table/MyTable",
                Condition={"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "${" + SUB + "}"}},
            )
        ],
        [
            (
                "dynamodb:GetItem",
                f"arn:aws:dynamodb:r:{ACCOUNT}:table/MyTable",
                {SUB: "a", "dynamodb:LeadingKeys": ["a"]},
                "Allowed",
            ),
            (
                "dynamodb:GetItem",
                f"arn:aws:dynamodb:r:{ACCOUNT}:table/MyTable",
                {SUB: "a", "dynamodb:LeadingKeys": ["a", "b"]},
                "ImplicitlyDenied",
            ),
        ],
    ),
    (
        "Controlling access during AWS requests: tag keys",
        [
            allow(
                "ec2:CreateTags",
                "arn:aws:ec2:*:*:instance/*",
                Condition={
                    "StringEquals": {"aws:RequestTag/environment": ["preprod", "production"]},
                    "ForAllValues:StringEquals": {"aws:TagKeys": "environment"},
                },
            )
        ],
        [
            (
                "ec2:CreateTags",
                f"arn:aws:ec2:r:{ACCOUNT}:instance/i",
                {"aws:RequestTag/environment": "preprod", "aws:TagKeys": ["environment"]},
                "Allowed",
            ),
            (
                "ec2:CreateTags",
                f"arn:aws:ec2:r:{ACCOUNT}:instance/i",
                {"aws:RequestTag/environment": "preprod", "aws:TagKeys": ["environment", "x"]},
                "ImplicitlyDenied",
            ),
        ],
    ),
]


@pytest.mark.parametrize(
    ("example", "statements", "question"),
    [(name, statements, question) for name, statements, questions in EXAMPLES for question in questions],
)
def test_example(example: str, statements: list[dict[str, Any]], question: Any) -> None:
    action, resource, context, outcome = question
    assert ask(*statements, action=action, resource=resource, context=context).outcome == outcome, example


def test_the_example_of_permissions_boundaries() -> None:
    """ "Permissions boundaries for IAM entities": Shirley may manage S3, CloudWatch and EC2, and nothing
    else."""
    edge = policy(allow(["s3:*", "cloudwatch:*", "ec2:*"]))
    decision = ask(allow("iam:CreateUser"), boundary=edge, action="iam:CreateUser", resource=USER)
    assert (decision.outcome, decision.blocked_by) == ("ImplicitlyDenied", ("boundary",))


def test_the_example_of_cross_account_access() -> None:
    """ "Cross-account policy evaluation logic", "Example cross-account policy evaluation": Carlos and the
    Production bucket of another account."""
    carlos = f"arn:aws:iam::{ACCOUNT}:user/carlossalazar"
    identity = [
        allow("s3:ListAllMyBuckets"),
        allow("s3:*Object*", "arn:aws:s3:::Production/*"),
        deny("s3:*", ["arn:aws:s3:::*log*", "arn:aws:s3:::*log*/*"]),
    ]
    bucket = policy(
        allow(
            ["s3:GetObject*", "s3:PutObject*", "s3:ReplicateObject"],
            "arn:aws:s3:::Production/*",
            Principal={"AWS": carlos},
        )
    )

    def ask_for(action: str, resource: str, own: Any = bucket) -> str:
        return ask(
            *identity, principal=carlos, action=action, resource=resource, owner=OTHER, own=own
        ).outcome

    assert ask_for("s3:PutObject", "arn:aws:s3:::Production/x") == "Allowed"
    assert ask_for("s3:DeleteObject", "arn:aws:s3:::Production/x") == "ImplicitlyDenied"
    assert ask_for("s3:PutObject", "arn:aws:s3:::Production/x", None) == "ImplicitlyDenied"
    assert ask_for("s3:GetObject", "arn:aws:s3:::Production-logs/x") == "ExplicitlyDenied"


def test_the_example_of_a_role_trust_policy_with_external_id() -> None:
    """ "Access to AWS accounts owned by third parties"."""
    trust = policy(
        {
            "Effect": "Allow",
            "Principal": {"AWS": OTHER},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": "12345"}},
        }
    )
    caller, role = f"arn:aws:iam::{OTHER}:role/vendor", f"arn:aws:iam::{ACCOUNT}:role/for-vendor"
    for context, outcome in (({"sts:ExternalId": "12345"}, "Allowed"), ({}, "ImplicitlyDenied")):
        decision = ask(
            allow("sts:AssumeRole"),
            principal=caller,
            action="sts:AssumeRole",
            resource=role,
            own=trust,
            context=context,
        )
        assert decision.outcome == outcome
