"""Trust policies that let in more than is needed."""

from typing import Any

import pytest

from ecsiam_tui.account.iam import InstanceProfile, User
from ecsiam_tui.account.snapshot import Gap, Organization, OrganizationLevel, OrganizationPolicy, Snapshot
from ecsiam_tui.findings.finding import Finding, Severity
from tests.findings import builders as b

TASKS = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
ROOT = f"arn:aws:iam::{b.OTHER}:root"
DEAD = "AROAQ3EGRGZS5EXAMPLE7"


def lets(principal: Any, **more: Any) -> dict[str, Any]:
    """An Allow for a principal."""
    return {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more}


def under(operator: str, key: str, value: str) -> dict[str, Any]:
    return {"Condition": {operator: {key: value}}}


def account(*statements: dict[str, Any], **fields: Any) -> Snapshot:
    """A service whose task role trusts tasks, and what else is given."""
    role = b.role("web-task", trust=b.document(TASKS, *statements))
    known = {
        "roles": [role],
        "task_definitions": [b.definition(task_role="web-task")],
        "services": [b.service()],
        **fields,
    }
    return b.snapshot(**known)


def severities(found: tuple[Finding, ...]) -> list[Severity]:
    """How bad it is, at the one role there is."""
    assert all(finding.node == b.role_arn("web-task") for finding in found)
    return [finding.severity for finding in found]


CRITICAL, HIGH, MEDIUM, LOW = Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW
DENY_STRANGERS = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "sts:AssumeRole",
    "Condition": {
        "StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1"},
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
    },
}


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([lets("*")], [CRITICAL]),
        ([lets({"AWS": "*"})], [CRITICAL]),
        ([lets({"AWS": ["*", b.ACCOUNT]}, Action="sts:*")], [CRITICAL]),
        ([lets("*", **under("Bool", "aws:SecureTransport", "true"))], [CRITICAL]),
        ([lets("*", **under("StringLike", "aws:PrincipalArn", "*"))], [CRITICAL]),
        ([lets("*", **under("StringEquals", "sts:ExternalId", "s3cret"))], [HIGH]),
        ([lets("*", **under("StringEquals", "aws:PrincipalOrgID", "o-1"))], []),
        ([lets("*", **under("StringEquals", "aws:PrincipalAccount", b.ACCOUNT))], []),
        ([lets("*", Action="sts:TagSession")], []),
        ([lets("*"), DENY_STRANGERS], []),
        ([lets({"AWS": ROOT})], []),
        ([], []),
    ],
)
def test_public(statements: list[dict[str, Any]], expected: list[Severity]) -> None:
    assert severities(b.found("ECS-IAM-013", account(*statements))) == expected


def test_public_but_for_a_resource_control_policy() -> None:
    rcp = OrganizationPolicy(
        id="p-1",
        arn="arn:aws:organizations::999988887777:policy/o-1/resource_control_policy/p-1",
        name="perimeter",
        type="RESOURCE_CONTROL_POLICY",
        content=b.document({**DENY_STRANGERS, "Action": "sts:*", "Resource": "*"}),
    )
    organization = Organization(
        id="o-1",
        management_account_id="999988887777",
        levels=(OrganizationLevel(id="r-1", name="Root", policy_ids=("p-1",)),),
        policies=(rcp,),
    )
    assert b.found("ECS-IAM-013", account(lets("*"), organization=organization)) == ()
    assert severities(b.found("ECS-IAM-013", account(lets("*")))) == [CRITICAL]


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([{"Effect": "Allow", "NotPrincipal": {"AWS": ROOT}, "Action": "sts:AssumeRole"}], [HIGH]),
        (
            [{"Effect": "Allow", "NotPrincipal": {"AWS": ROOT}, "Action": "sts:AssumeRole"}, DENY_STRANGERS],
            [],
        ),
        ([lets({"AWS": ROOT})], []),
        ([], []),
    ],
)
def test_not_principal(statements: list[dict[str, Any]], expected: list[Severity]) -> None:
    assert severities(b.found("ECS-IAM-022", account(*statements))) == expected
    assert b.found("ECS-IAM-013", account(*statements)) == ()


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([lets({"AWS": ROOT})], [HIGH]),
        ([lets({"AWS": b.OTHER})], [HIGH]),
        ([lets({"AWS": b.role_arn("vendor", b.OTHER)})], [HIGH]),
        ([lets({"AWS": ROOT}, **under("StringEquals", "sts:ExternalId", "s3cret"))], [MEDIUM]),
        ([lets({"AWS": ROOT}, **under("StringLike", "sts:ExternalId", "*"))], [HIGH]),
        ([lets({"AWS": f"arn:aws:iam::{b.ACCOUNT}:root"})], []),
        ([lets({"AWS": b.role_arn("web-task")})], []),
        # It does not get in.
        ([lets({"AWS": ROOT}), {**lets({"AWS": ROOT}), "Effect": "Deny"}], []),
        ([lets({"AWS": ROOT}, Action="sts:TagSession")], []),
        ([], []),
    ],
)
def test_foreign(statements: list[dict[str, Any]], expected: list[Severity]) -> None:
    found = b.found("ECS-IAM-014", account(*statements))
    assert severities(found) == expected
    assert all(b.OTHER in finding.summary for finding in found)


PROFILE = InstanceProfile(
    instance_profile_name="web",
    arn=f"arn:aws:iam::{b.ACCOUNT}:instance-profile/web",
    role_arns=(b.role_arn("web-task"),),
)


@pytest.mark.parametrize(
    ("service", "fields", "fires", "certain"),
    [
        ("ec2.amazonaws.com", {}, True, True),
        ("lambda.amazonaws.com", {}, True, False),
        ("ecs.amazonaws.com", {}, True, True),
        ("ec2.amazonaws.com", {"instance_profiles": [PROFILE]}, False, True),
        ("ec2.amazonaws.com", {"gaps": [Gap(call="iam:X", reason="denied", unknown=("instance_profiles",))]},
         True, False),
        ("ecs-tasks.eu-west-1.amazonaws.com", {}, False, True),
        # Nothing of ECS uses the role.
        ("ec2.amazonaws.com", {"task_definitions": [b.definition()]}, False, True),
    ],
)  # fmt: skip
def test_extra_services(service: str, fields: dict[str, Any], fires: bool, certain: bool) -> None:
    found = b.found("ECS-IAM-015", account(lets({"Service": service}), **fields))
    assert severities(found) == [MEDIUM] * fires
    assert [finding.is_certain for finding in found] == [certain] * fires
    assert all(service in finding.summary for finding in found)


def test_extra_services_where_the_own_one_is_not_trusted_is_another_rules() -> None:
    role = b.role("web-task", trust=b.trust_policy("ec2.amazonaws.com"))
    assert b.found("ECS-IAM-015", account(roles=[role])) == ()


ANA = User(user_name="ana", arn=f"arn:aws:iam::{b.ACCOUNT}:user/ana", user_id="AIDAQ3EGRGZS5EXAMPLE1")


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        ([lets({"AWS": DEAD})], f"names {DEAD}, which no longer exists"),
        ([lets({"AWS": f"arn:aws:iam::{b.ACCOUNT}:user/gone"})], "user/gone, which no longer exists"),
        ([TASKS], "says the same twice (trust policy statement 2)"),
    ],
)
def test_stale(statements: list[dict[str, Any]], words: str) -> None:
    found = b.found("ECS-IAM-063", account(*statements))
    assert severities(found) == [LOW]
    assert words in found[0].summary


@pytest.mark.parametrize(
    "snapshot",
    [
        account(),
        account(lets({"AWS": ANA.arn}), users=[ANA]),
        account(lets({"AWS": ANA.user_id}), users=[ANA]),
        account(lets({"AWS": b.role_arn("vendor", b.OTHER)})),
        account(
            lets({"AWS": f"arn:aws:iam::{b.ACCOUNT}:user/gone"}),
            gaps=[Gap(call="iam:X", reason="denied", unknown=("users",))],
        ),
    ],
    ids=["nobody else", "a user", "a user's id", "another account's", "users not listed"],
)
def test_alive(snapshot: Snapshot) -> None:
    assert b.found("ECS-IAM-063", snapshot) == ()
