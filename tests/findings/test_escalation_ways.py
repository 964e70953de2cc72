"""Privilege escalation past Amazon ECS, and who is an administrator."""

import pytest

from ecsiam_tui.account.iam import InstanceProfile, PolicyVersion
from ecsiam_tui.account.resources import LambdaFunction
from ecsiam_tui.account.snapshot import Snapshot
from tests.findings.escalation_accounts import (
    ADMIN,
    DENY,
    LAUNCH,
    REGISTER,
    RUN,
    Expected,
    account,
    admin,
    bounded,
    check,
    escalations,
    group,
    passes,
    role,
    scp,
    start_of,
    user,
    when,
)
from tests.graph import builders as make
from tests.graph.builders import ACCOUNT, arn, attached, policy, statement

OTHER_PATHS: dict[str, tuple[Snapshot, Expected | None]] = {
    "assume, both sides": (
        account(
            admin({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}), role("start", statement("sts:AssumeRole", ADMIN))
        ),
        Expected("admin", "sts:AssumeRole"),
    ),
    "assume, the trust leaves it to the account, which does not": (
        account(admin({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}), role("start", statement("s3:*"))),
        None,
    ),
    "assume, the trust names it": (
        account(admin({"AWS": arn("iam", "role/start")}), role("start")),
        Expected("admin", "sts:AssumeRole"),
    ),
    "assume, the trust names another": (
        account(admin({"AWS": arn("iam", "role/other")}), role("start", statement("sts:AssumeRole"))),
        None,
    ),
    "assume, the trust asks for an external id": (
        account(
            admin(
                assume_role_policy_document=make.trust(
                    {"AWS": ACCOUNT}, **when("StringEquals", "sts:ExternalId", "x")
                )
            ),
            role("start", statement("sts:AssumeRole")),
        ),
        Expected("admin", "sts:AssumeRole", ("sts:ExternalId",)),
    ),
    "a Lambda function": (
        account(
            admin({"Service": "lambda.amazonaws.com"}),
            role(
                "start",
                passes(to="lambda.amazonaws.com"),
                statement(
                    ["lambda:CreateFunction", "lambda:InvokeFunction"], arn("lambda", "function:tool-*")
                ),
            ),
        ),
        Expected("admin", "iam:PassRole lambda:CreateFunction lambda:InvokeFunction"),
    ),
    "a Lambda function, and a trust that asks where it is": (
        account(
            admin(
                assume_role_policy_document=make.trust(
                    {"Service": "lambda.amazonaws.com"},
                    **when("ArnLike", "aws:SourceArn", arn("lambda", "function:tool-*")),
                )
            ),
            role("start", passes(to=None), statement("lambda:*")),
        ),
        Expected("admin", "iam:PassRole lambda:CreateFunction lambda:InvokeFunction", ("aws:SourceArn",)),
    ),
    "a Lambda function that cannot be called": (
        account(
            admin({"Service": "lambda.amazonaws.com"}),
            role("start", passes(to=None), statement("lambda:CreateFunction")),
        ),
        None,
    ),
    "one function may be made, another called": (
        account(
            admin({"Service": "lambda.amazonaws.com"}),
            role(
                "start",
                passes(to=None),
                statement("lambda:CreateFunction", arn("lambda", "function:a")),
                statement("lambda:InvokeFunction", arn("lambda", "function:b")),
            ),
        ),
        None,
    ),
    "an EC2 instance": (
        account(
            admin({"Service": "ec2.amazonaws.com"}),
            role("start", passes(to="ec2.amazonaws.com"), statement("ec2:RunInstances")),
            instance_profiles=(InstanceProfile(instance_profile_name="a", arn="a", role_arns=(ADMIN,)),),
        ),
        Expected("admin", "iam:PassRole ec2:RunInstances"),
    ),
    "an EC2 instance takes no role without a profile": (
        account(
            admin({"Service": "ec2.amazonaws.com"}),
            role("start", passes(to=None), statement("ec2:RunInstances")),
        ),
        None,
    ),
    "a stack": (
        account(
            admin({"Service": "cloudformation.amazonaws.com"}),
            role("start", passes(to=None), statement("cloudformation:*")),
        ),
        Expected("admin", "iam:PassRole cloudformation:CreateStack"),
    ),
    "a schedule": (
        account(
            admin({"Service": "scheduler.amazonaws.com"}),
            role("start", passes(to=None), statement("scheduler:CreateSchedule")),
        ),
        Expected("admin", "iam:PassRole scheduler:CreateSchedule"),
    ),
    "the code of a function": (
        account(
            admin({"Service": "lambda.amazonaws.com"}),
            role("start", statement("lambda:UpdateFunctionCode", arn("lambda", "function:hook"))),
            functions=(
                LambdaFunction(
                    function_arn=arn("lambda", "function:hook"), function_name="hook", role=ADMIN, policy=None
                ),
            ),
        ),
        Expected("admin", "lambda:UpdateFunctionCode"),
    ),
    "an access key of an administrator": (
        account(
            user("boss", statement("*")),
            role("start", statement("iam:CreateAccessKey", arn("iam", "user/*"))),
        ),
        Expected("boss", "iam:CreateAccessKey"),
    ),
    "access keys of oneself alone": (
        account(
            user("boss", statement("*")),
            user("start", statement("iam:CreateAccessKey", f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}")),
        ),
        None,
    ),
    "joining a group": (
        account(group("admins", statement("*")), user("start", statement("iam:AddUserToGroup"))),
        Expected("admins", "iam:AddUserToGroup"),
    ),
    "changing the trust of an administrator": (
        account(
            admin({"Service": "ec2.amazonaws.com"}),
            role("start", statement("iam:UpdateAssumeRolePolicy", ADMIN)),
        ),
        Expected("admin", "iam:UpdateAssumeRolePolicy sts:AssumeRole"),
    ),
    "changing the trust without being able to assume": (
        account(
            admin({"Service": "ec2.amazonaws.com"}),
            role("start", statement("iam:UpdateAssumeRolePolicy", ADMIN), statement("sts:*", **DENY)),
        ),
        None,
    ),
    "changing what another role may and assuming it": (
        account(
            role("tool", trusts={"AWS": arn("iam", "role/start")}),
            role("start", statement("iam:PutRolePolicy", arn("iam", "role/tool"))),
        ),
        Expected("tool", "iam:PutRolePolicy sts:AssumeRole"),
    ),
    "changing what another role may that cannot be become": (
        account(role("tool"), role("start", statement("iam:PutRolePolicy", arn("iam", "role/tool")))),
        None,
    ),
    "changing what a bounded role may": (
        account(
            role("tool", trusts={"AWS": arn("iam", "role/start")}, **bounded()),
            role("start", statement("iam:PutRolePolicy", arn("iam", "role/tool"))),
            policies=(policy("edge", statement("s3:*")),),
        ),
        None,
    ),
    "attaching only a policy that is named": (
        account(
            role("tool", trusts={"AWS": arn("iam", "role/start")}),
            role(
                "start",
                statement(
                    "iam:AttachRolePolicy",
                    arn("iam", "role/tool"),
                    **when("ArnEquals", "iam:PolicyARN", arn("iam", "policy/small")),
                ),
            ),
        ),
        None,
    ),
    "an older version of its policy": (
        account(
            role(
                "start",
                statement("iam:SetDefaultPolicyVersion"),
                attached_managed_policies=attached("own"),
            ),
            policies=(
                policy(
                    "own",
                    statement("s3:*"),
                    policy_version_list=(PolicyVersion(version_id="v1"), PolicyVersion(version_id="v2")),
                ),
            ),
        ),
        Expected("start", "iam:SetDefaultPolicyVersion", ("whether another version of own allows more",)),
    ),
    "no older version of its policy": (
        account(
            role(
                "start", statement("iam:SetDefaultPolicyVersion"), attached_managed_policies=attached("own")
            ),
            policies=(policy("own", policy_version_list=(PolicyVersion(version_id="v1"),)),),
        ),
        None,
    ),
    "everything, with a second factor": (
        account(role("start", statement("*", **when("Bool", "aws:MultiFactorAuthPresent", "true")))),
        Expected("start", "*", ("aws:MultiFactorAuthPresent",)),
    ),
    "a policy that was not read": (
        account(admin(), role("start", LAUNCH, attached_managed_policies=attached("lost"))),
        Expected("admin", f"iam:PassRole {REGISTER} {RUN}", (), "policies that were not read"),
    ),
    "nothing but a policy that was not read": (
        account(admin(), role("start", attached_managed_policies=attached("lost"))),
        None,
    ),
    "a role of AWS is no start": (
        account(admin(), role("start", passes(), LAUNCH, path="/aws-service-role/ecs.amazonaws.com/")),
        None,
    ),
    "a reserved role is no start": (
        account(admin(), role("start", passes(), LAUNCH, path="/aws-reserved/sso.amazonaws.com/")),
        None,
    ),
}


@pytest.mark.parametrize("name", OTHER_PATHS)
def test_other_ways(name: str) -> None:
    snapshot, expected = OTHER_PATHS[name]
    check(escalations(snapshot).path(start_of(snapshot)), expected)


EDGE = (policy("edge", statement("s3:*")),)
ADMINS: dict[str, tuple[Snapshot, str]] = {
    "everything": (account(role("start", statement("*"))), "allows every action"),
    "everything but a trail": (
        account(role("start", statement("*"), statement("cloudtrail:StopLogging", **DENY))),
        "allows every action",
    ),
    "everything but IAM": (account(role("start", statement("*"), statement("iam:*", **DENY))), ""),
    "everything that NotAction does not name": (
        account(role("start", {"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"})),
        "",
    ),
    "everything within a boundary": (account(role("start", statement("*"), **bounded()), policies=EDGE), ""),
    "everything within a boundary of everything": (
        account(role("start", statement("*"), **bounded()), policies=(policy("edge", statement("*")),)),
        "allows every action",
    ),
    "every action on one bucket": (account(role("start", statement("*", "arn:aws:s3:::data/*"))), ""),
    "all of IAM": (account(role("start", statement("iam:*"))), "iam:PutRolePolicy"),
    "its own inline policies": (
        account(role("start", statement("iam:PutRolePolicy", arn("iam", "role/start")))),
        "iam:PutRolePolicy",
    ),
    "its own inline policies, which a boundary bounds": (
        account(
            role("start", statement("iam:PutRolePolicy", arn("iam", "role/start")), **bounded()),
            policies=EDGE,
        ),
        "",
    ),
    "its own inline policies and its boundary": (
        account(
            role("start", statement(["iam:PutRolePolicy", "iam:DeleteRolePermissionsBoundary"]), **bounded()),
            policies=(policy("edge", statement("iam:*")),),
        ),
        "iam:PutRolePolicy, iam:DeleteRolePermissionsBoundary",
    ),
    "its own policies, which an SCP forbids": (
        account(
            role("start", statement("iam:PutRolePolicy")), organization=scp(statement("iam:Put*", **DENY))
        ),
        "",
    ),
    "the policy that it has": (
        account(
            role(
                "start",
                statement("iam:CreatePolicyVersion", arn("iam", "policy/own")),
                attached_managed_policies=attached("own"),
            ),
            policies=(policy("own", statement("s3:*")),),
        ),
        "iam:CreatePolicyVersion",
    ),
    "a policy that another has": (
        account(
            role("start", statement("iam:CreatePolicyVersion", arn("iam", "policy/own"))),
            policies=(policy("own", statement("s3:*")),),
        ),
        "",
    ),
    "a user's group": (
        account(group("team"), user("start", statement("iam:AttachGroupPolicy", "*"), group_list=("team",))),
        "iam:AttachGroupPolicy",
    ),
    "a group whose members may change themselves": (
        account(
            group("start", statement("iam:PutUserPolicy", f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}"))
        ),
        "iam:PutUserPolicy",
    ),
    "a member of a group of administrators": (
        account(group("team", statement("*")), user("start", group_list=("team",))),
        "allows every action",
    ),
    "roles that it makes": (
        account(
            role("start", statement(["iam:CreateRole", "iam:AttachRolePolicy"], arn("iam", "role/ci-*")))
        ),
        "iam:CreateRole, iam:AttachRolePolicy",
    ),
    "roles that it makes within a boundary": (
        account(
            role(
                "start",
                statement(
                    ["iam:CreateRole", "iam:PutRolePolicy"],
                    arn("iam", "role/ci-*"),
                    **when("StringEquals", "iam:PermissionsBoundary", arn("iam", "policy/edge")),
                ),
            )
        ),
        "",
    ),
}


@pytest.mark.parametrize("name", ADMINS)
def test_who_is_an_administrator(name: str) -> None:
    snapshot, why = ADMINS[name]
    found, start = escalations(snapshot), start_of(snapshot)
    assert found.path(start) is None
    if not why:
        assert start not in found.admins()
    else:
        assert why in found.admins()[start]
        assert found.gains(start) == ()
