"""Policies of ECS roles that allow too much, and what cuts them down again."""

from typing import Any

import pytest

from ecsiam_tui.account.iam import ManagedPolicy, Role
from ecsiam_tui.account.snapshot import Organization, OrganizationLevel, OrganizationPolicy, Snapshot
from ecsiam_tui.findings.finding import Severity
from tests.findings import builders as b

AWS = "arn:aws:iam::aws:policy"
BOUNDARY = b.policy_arn("limit")
OURS = {"StringEquals": {"aws:ResourceTag/team": "web"}}


def aws(name: str, *statements: dict[str, Any]) -> ManagedPolicy:
    """A policy of AWS; `name` with its path."""
    return b.policy(name.rsplit("/", 1)[-1], b.document(*statements), arn=f"{AWS}/{name}")


ADMINISTRATOR = aws("AdministratorAccess", b.allow("*"))
S3_FULL = aws("AmazonS3FullAccess", b.allow(["s3:*", "s3-object-lambda:*"]))


def account(role: Role, *policies: ManagedPolicy, **fields: Any) -> Snapshot:
    """A service `web` whose tasks have a role."""
    return b.snapshot(
        roles=[role],
        policies=policies,
        task_definitions=[b.definition("web", task_role=role.role_name)],
        services=[b.service("web", "web:1")],
        **fields,
    )


def app(*statements: dict[str, Any], **fields: Any) -> Role:
    """The role `web-task` with one inline policy."""
    return b.role("web-task", inline={"app": b.document(*statements)}, **fields)


def severities(rule: str, snapshot: Snapshot) -> list[Severity]:
    found = b.found(rule, snapshot)
    assert all(finding.node == b.role_arn("web-task") and finding.evidence for finding in found)
    return [finding.severity for finding in found]


def limit(*statements: dict[str, Any]) -> ManagedPolicy:
    return b.policy("limit", b.document(*statements))


def organization(*statements: dict[str, Any]) -> Organization:
    """A member account of an organization with one SCP beside FullAWSAccess."""
    texts = {"p-FullAWSAccess": b.document(b.allow("*")), "p-ours": b.document(*statements)}
    return Organization(
        id="o-1",
        management_account_id=b.OTHER,
        levels=(OrganizationLevel(id="r-1", name="Root", policy_ids=tuple(texts)),),
        policies=tuple(
            OrganizationPolicy(id=key, arn=key, name=key, type="SERVICE_CONTROL_POLICY", content=text)
            for key, text in texts.items()
        ),
    )


def deny(actions: str | list[str], **more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": actions, "Resource": "*", **more}


C, H, M, L = Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([b.allow("*")], [C]),
        ([b.allow("*:*")], [C]),
        ([{"Effect": "Allow", "NotAction": "s3:DeleteBucket", "Resource": "*"}], [C]),
        ([{"Effect": "Allow", "NotAction": ["iam:*", "account:*"], "Resource": "*"}], []),
        ([b.allow("*"), deny("iam:*")], [H]),
        ([b.allow("*"), deny("*")], []),
        # Who calls from where is not known: the Deny may hold.
        ([b.allow("*"), deny("*", Condition={"StringNotEquals": {"aws:SourceVpce": "vpce-1"}})], [M]),
        ([b.allow("*", Condition=OURS)], []),
        ([b.allow("*", "arn:aws:s3:::web/*")], []),
        ([b.allow("s3:*")], []),
    ],
)
def test_administrator(statements: list[dict[str, Any]], expected: list[Severity]) -> None:
    assert severities("ECS-IAM-016", account(app(*statements))) == expected


@pytest.mark.parametrize(
    ("boundary", "expected"),
    [
        ([b.allow("*")], [C]),
        ([b.allow("*"), deny("iam:*")], [H]),
        ([b.allow(["s3:GetObject", "logs:*"])], []),
    ],
)
def test_boundary_of_an_administrator(boundary: list[dict[str, Any]], expected: list[Severity]) -> None:
    role = b.role("web-task", attached=(ADMINISTRATOR.arn,), boundary=BOUNDARY)
    assert severities("ECS-IAM-016", account(role, ADMINISTRATOR, limit(*boundary))) == expected


def test_boundary_that_was_not_read_makes_it_possible() -> None:
    role = b.role("web-task", attached=(ADMINISTRATOR.arn,), boundary=BOUNDARY)
    (found,) = b.found("ECS-IAM-016", account(role, ADMINISTRATOR))
    assert found.severity == M
    assert "limit" in found.rests_on[0]


@pytest.mark.parametrize(
    ("statements", "expected"), [([deny("iam:*")], [H]), ([deny("cloudtrail:StopLogging")], [C])]
)
def test_organization_and_administrator(statements: list[dict[str, Any]], expected: list[Severity]) -> None:
    role = b.role("web-task", attached=(ADMINISTRATOR.arn,))
    snapshot = account(role, ADMINISTRATOR, organization=organization(*statements))
    assert severities("ECS-IAM-016", snapshot) == expected


def test_administrator_that_ecs_has_nothing_to_do_with() -> None:
    text = b.document({"Effect": "Allow", "Principal": {"AWS": b.ACCOUNT}, "Action": "sts:AssumeRole"})
    role = b.role("people", trust=text, attached=(ADMINISTRATOR.arn,))
    assert b.found("ECS-IAM-016", b.snapshot(roles=[role], policies=[ADMINISTRATOR])) == ()


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (S3_FULL, [H]),
        (aws("SecretsManagerReadWrite", b.allow("secretsmanager:*")), [H]),
        (
            aws("PowerUserAccess", {"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}),
            [H],
        ),
        (aws("CloudWatchFullAccessV2", b.allow("cloudwatch:*")), [H]),
        (aws("AmazonS3ReadOnlyAccess", b.allow(["s3:Get*", "s3:List*"])), []),
        (aws("service-role/AmazonECSTaskExecutionRolePolicy", b.allow("ecr:BatchGetImage")), []),
        (b.policy("OurFullAccess", b.document(b.allow("s3:*"))), []),
    ],
)
def test_full_access(policy: ManagedPolicy, expected: list[Severity]) -> None:
    assert severities("ECS-IAM-017", account(b.role("web-task", attached=(policy.arn,)), policy)) == expected


def test_full_access_cut_off_by_a_boundary() -> None:
    role = b.role("web-task", attached=(S3_FULL.arn,), boundary=BOUNDARY)
    assert severities("ECS-IAM-017", account(role, S3_FULL, limit(b.allow("logs:*")))) == []


def test_full_access_whose_document_was_not_read() -> None:
    plain, bounded = (
        b.role("web-task", attached=(S3_FULL.arn,), boundary=boundary) for boundary in (None, BOUNDARY)
    )
    assert severities("ECS-IAM-017", account(plain)) == [H]
    (found,) = b.found("ECS-IAM-017", account(bounded, limit(b.allow("*"))))
    assert (found.severity, len(found.rests_on)) == (M, 1)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (b.allow("s3:*"), [H]),
        (b.allow("sqs:*"), [M]),
        (b.allow("S3:*", "arn:aws:s3:::web/*"), [L]),
        (b.allow("ssmmessages:*"), []),
        (b.allow("s3:Get*"), []),
        (b.allow("s3:*", Condition=OURS), []),
        (deny("s3:*"), []),
    ],
)
def test_service_wildcard(statement: dict[str, Any], expected: list[Severity]) -> None:
    assert severities("ECS-IAM-018", account(app(statement))) == expected


def test_service_wildcard_cut_off_or_down_by_a_boundary() -> None:
    role = app(b.allow("s3:*"), boundary=BOUNDARY)
    assert severities("ECS-IAM-018", account(role, limit(b.allow("logs:*")))) == []
    assert severities("ECS-IAM-018", account(role, limit(b.allow("*")))) == [H]


def test_service_wildcard_of_aws_is_not_ours() -> None:
    role = b.role("web-task", attached=(S3_FULL.arn,))
    assert severities("ECS-IAM-018", account(role, S3_FULL)) == []


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (b.allow("secretsmanager:GetSecretValue"), "read every secret"),
        (b.allow("secretsmanager:Get*", "arn:aws:secretsmanager:*:*:secret:*"), "read every secret"),
        (
            b.allow("secretsmanager:GetSecretValue", b.arn("secretsmanager", "secret:*-??????")),
            "every secret",
        ),
        (b.allow(["ssm:GetParameters"]), "read every parameter"),
        (b.allow("kms:Decrypt"), "decrypt with every key"),
        (b.allow("s3:GetObject", "arn:aws:s3:::*/*"), "read every object"),
        (b.allow("dynamodb:Query", b.arn("dynamodb", "table/*")), "read every table"),
        (b.allow("sts:AssumeRole", f"arn:aws:iam::{b.ACCOUNT}:role/*"), "assume every role"),
        (b.allow("secretsmanager:GetSecretValue", b.arn("secretsmanager", "secret:web/*")), ""),
        (b.allow("secretsmanager:DescribeSecret"), ""),
        (b.allow("ecr:GetAuthorizationToken"), ""),
        (b.allow("sts:AssumeRole", f"arn:aws:iam::{b.OTHER}:role/*"), ""),
        (b.allow("secretsmanager:GetSecretValue", Condition=OURS), ""),
        (
            b.allow("kms:Decrypt", Condition={"StringLike": {"kms:ViaService": "secretsmanager.*"}}),
            "",
        ),
        # A condition that always holds narrows nothing.
        (b.allow("s3:GetObject", Condition={"Bool": {"aws:SecureTransport": "true"}}), "read every object"),
    ],
)
def test_sensitive_on_everything(statement: dict[str, Any], words: str) -> None:
    found = b.found("ECS-IAM-019", account(app(statement)))
    assert [finding.severity for finding in found] == ([H] if words else [])
    assert all(words in finding.summary for finding in found)


@pytest.mark.parametrize(
    ("boundary", "expected"),
    [
        (b.allow("secretsmanager:GetSecretValue", b.arn("secretsmanager", "secret:web/*")), []),
        (b.allow("*"), [H]),
    ],
)
def test_boundary_narrows_what_is_sensitive(boundary: dict[str, Any], expected: list[Severity]) -> None:
    role = app(b.allow("secretsmanager:GetSecretValue"), boundary=BOUNDARY)
    assert severities("ECS-IAM-019", account(role, limit(boundary))) == expected


def test_what_aws_gives_to_hosts_is_no_mistake_of_ours() -> None:
    core = aws("AmazonSSMManagedInstanceCore", b.allow(["ssm:GetParameter", "ssm:GetParameters"]))
    reading = aws("ReadOnlyAccess", b.allow("s3:Get*"))
    for policy, expected in ((core, []), (reading, [H])):
        role = b.role("web-task", attached=(policy.arn,))
        assert severities("ECS-IAM-019", account(role, policy)) == expected


def test_one_finding_tells_of_all_that_is_sensitive_in_a_role() -> None:
    role = app(b.allow(["secretsmanager:GetSecretValue", "ssm:GetParameters"]), b.allow("kms:Decrypt"))
    (found,) = b.found("ECS-IAM-019", account(role))
    assert [evidence.lines is not None for evidence in found.evidence] == [True, True]
    assert "read every secret, read every parameter and decrypt with every key" in found.summary
    assert found.consequence == "1 service uses it: web."


NOT_ACTION = {"Effect": "Allow", "NotAction": ["iam:*", "organizations:*"], "Resource": "*"}
NOT_RESOURCE = {"Effect": "Allow", "Action": "dynamodb:Scan", "NotResource": b.arn("dynamodb", "table/pay")}


@pytest.mark.parametrize(
    ("rule", "statement", "expected"),
    [
        ("ECS-IAM-020", NOT_ACTION, [H]),
        ("ECS-IAM-020", {**NOT_ACTION, "Resource": "arn:aws:s3:::web/*"}, [M]),
        ("ECS-IAM-020", {**NOT_ACTION, "Effect": "Deny"}, []),
        ("ECS-IAM-020", {**NOT_ACTION, "Condition": OURS}, []),
        ("ECS-IAM-020", b.allow("s3:GetObject"), []),
        ("ECS-IAM-021", NOT_RESOURCE, [H]),
        ("ECS-IAM-021", {**NOT_RESOURCE, "Action": "dynamodb:*"}, [H]),
        ("ECS-IAM-021", {**NOT_RESOURCE, "Effect": "Deny"}, []),
        ("ECS-IAM-021", b.allow("dynamodb:Scan"), []),
    ],
)
def test_negated_elements(rule: str, statement: dict[str, Any], expected: list[Severity]) -> None:
    assert severities(rule, account(app(statement))) == expected


@pytest.mark.parametrize(("rule", "statement"), [("ECS-IAM-020", NOT_ACTION), ("ECS-IAM-021", NOT_RESOURCE)])
def test_negated_elements_cut_off(rule: str, statement: dict[str, Any]) -> None:
    role = app(statement, boundary=BOUNDARY)
    assert severities(rule, account(role, limit(b.allow("logs:PutLogEvents")))) == []
    assert severities(rule, account(app(statement, deny("*")))) == []
