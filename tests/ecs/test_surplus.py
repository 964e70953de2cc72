"""What a role may do beyond what ECS asks of it."""

from __future__ import annotations

from typing import Any

import pytest

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.ecs.requirement import Judged, Requirement
from ecsiam_tui.ecs.risk import TABLE, Risk, risk_bits, risk_of
from ecsiam_tui.ecs.surplus import RoleAccess, SurplusRow, role_access
from ecsiam_tui.policy.account import AccountPolicies
from ecsiam_tui.policy.catalogue import load
from tests.findings.builders import (
    ACCOUNT,
    allow,
    arn,
    document,
    policy,
    policy_arn,
    role,
    role_arn,
    snapshot,
)

SECRET = arn("secretsmanager", "secret:db-AbCdEf")
OTHER_SECRET = arn("secretsmanager", "secret:api-AbCdEf")
GROUP = arn("logs", "log-group:/ecs/web:*")
WEB = role_arn("web")


def need(action: str, resource: str, principal: str = WEB, **more: Any) -> Judged:
    asked = Requirement(
        "X", arn("ecs", "service/prod/web"), "task", principal, action, resource, "", "", **more
    )
    return Judged(asked, "met")


def ask(*statements: dict[str, Any], needed: tuple[Judged, ...] = (), **fields: Any) -> RoleAccess:
    web = role("web", inline={"app": document(*statements)}, **fields.pop("role", {}))
    account = snapshot(roles=[web], **fields)
    return role_access(AccountPolicies(account), WEB, needed)


def only(found: RoleAccess) -> SurplusRow:
    assert len(found.surplus) == 1, found.surplus
    return found.surplus[0]


def deny(actions: str | list[str], resources: str = "*", **more: Any) -> dict[str, Any]:
    return {**allow(actions, resources), "Effect": "Deny", **more}


class TestRisk:
    @pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.risk} {row.actions[0]}")
    def test_every_pattern_names_an_action_that_exists(self, row: Any) -> None:
        gone = [text for text in (*row.actions, *row.but) if not load().bits(text)]
        assert not gone
        assert row.why
        assert row.source

    def test_an_action_has_one_risk(self) -> None:
        sets = list(risk_bits().values())
        together = 0
        for bits in sets:
            assert bits
            assert not together & bits
            together |= bits

    @pytest.mark.parametrize(
        ("action", "risk"),
        [
            ("iam:PassRole", Risk.ESCALATION),
            ("IAM:putrolepolicy", Risk.ESCALATION),
            ("ecs:ExecuteCommand", Risk.ESCALATION),
            ("secretsmanager:GetSecretValue", Risk.CREDENTIALS),
            ("ssm:GetParametersByPath", Risk.CREDENTIALS),
            ("sts:AssumeRole", Risk.CREDENTIALS),
            ("ecr:GetAuthorizationToken", Risk.CREDENTIALS),
            ("s3:PutBucketPolicy", Risk.EXPOSURE),
            ("ecr:SetRepositoryPolicy", Risk.EXPOSURE),
            ("s3:GetObject", Risk.EXFILTRATION),
            ("dynamodb:Scan", Risk.EXFILTRATION),
            ("kms:Decrypt", Risk.EXFILTRATION),
            ("rds:CreateDBSnapshot", Risk.EXFILTRATION),
            ("ecs:UpdateService", Risk.INFRASTRUCTURE),
            ("ec2:CreateTags", Risk.INFRASTRUCTURE),
            ("iam:CreateRole", Risk.INFRASTRUCTURE),
            ("s3:PutObject", None),
            ("ecs:DescribeServices", None),
            ("ecs:SubmitTaskStateChange", None),
            ("lambda:InvokeFunction", None),
            ("logs:PutLogEvents", None),
            ("glue:GetStage", None),
            ("glue:PutResourcePolicy", Risk.EXPOSURE),
            ("acme:Invent", None),
            ("ec2:InventedYesterday", None),
            ("glue:GetTableInvented", Risk.EXFILTRATION),
        ],
    )
    def test_risk_of(self, action: str, risk: Risk | None) -> None:
        assert risk_of(action) == risk


class TestSurplus:
    def test_what_nobody_asks_for(self) -> None:
        found = ask(allow("s3:PutObject", "arn:aws:s3:::out/*"), needed=(need("logs:PutLogEvents", GROUP),))
        row = only(found)
        assert (row.service, row.level, row.risk, row.actions) == ("s3", "Write", None, ("s3:PutObject",))
        assert row.resources == ("arn:aws:s3:::out/*",)
        assert row.text == "s3:PutObject on arn:aws:s3:::out/*"
        assert [(one.policy, one.index) for one in row.statements] == [("app", 0)]
        assert (found.granted, found.required) == (1, 1)
        assert found.by_level == {"Write": (1, 1)}
        assert found.by_risk == {}

    def test_what_is_asked_for_is_no_surplus(self) -> None:
        needed = (need("secretsmanager:GetSecretValue", SECRET), need("ecr:GetAuthorizationToken", "*"))
        found = ask(
            allow("secretsmanager:GetSecretValue", SECRET), allow("ecr:GetAuthorizationToken"), needed=needed
        )
        assert found.surplus == ()
        assert found.by_level == {"Read": (2, 0)}
        assert found.needed == needed

    def test_wider_than_asked_for(self) -> None:
        found = ask(
            allow("secretsmanager:GetSecretValue"), needed=(need("secretsmanager:GetSecretValue", SECRET),)
        )
        row = only(found)
        assert row.asked == (SECRET,)
        assert row.text == f"wider: secretsmanager:GetSecretValue on * where {SECRET} is asked for"
        assert found.by_level == {"Read": (1, 1)}
        assert found.by_risk == {Risk.CREDENTIALS: 1}

    @pytest.mark.parametrize(
        ("action", "granted", "asked", "beyond"),
        [
            ("secretsmanager:GetSecretValue", [SECRET], SECRET, ()),
            ("secretsmanager:GetSecretValue", [SECRET[:-6] + "??????"], SECRET, ()),
            ("secretsmanager:GetSecretValue", [SECRET[:-6] + "*"], SECRET, (SECRET[:-6] + "*",)),
            ("secretsmanager:GetSecretValue", [SECRET, OTHER_SECRET], SECRET, (OTHER_SECRET,)),
            # Of a name without its six characters the ARN is looked up.
            ("secretsmanager:GetSecretValue", [SECRET], SECRET[:-7], ()),
            ("logs:PutLogEvents", [GROUP], GROUP, ()),
            ("logs:CreateLogStream", [GROUP.removesuffix(":*")], GROUP, ()),
            ("logs:PutLogEvents", [GROUP.replace(":*", ":log-stream:web/*")], GROUP, ()),
            ("logs:PutLogEvents", [GROUP.replace("/web:", "/*:")], GROUP, (GROUP.replace("/web:", "/*:"),)),
            ("logs:DescribeLogGroups", ["*"], "*", ()),
            ("s3:GetObject", ["arn:aws:s3:::b/prod.env"], "arn:aws:s3:::b/prod.env", ()),
            ("s3:GetObject", ["arn:aws:s3:::b/*"], "arn:aws:s3:::b/prod.env", ("arn:aws:s3:::b/*",)),
            ("s3:PutObject", ["arn:aws:s3:::b/x/${aws:userid}/*"], "arn:aws:s3:::b/x/*", ()),
            # A bucket is no object: s3:GetObject on it means nothing.
            ("s3:GetObject", ["arn:aws:s3:::b", "arn:aws:s3:::b/a"], "arn:aws:s3:::b/a", ()),
        ],
    )
    def test_how_wide(self, action: str, granted: list[str], asked: str, beyond: tuple[str, ...]) -> None:
        from ecsiam_tui.account.resources import SecretResource

        secrets = [SecretResource(arn=SECRET, name="db")]
        found = ask(allow(action, granted), needed=(need(action, asked),), secrets=secrets)
        assert tuple(text for row in found.surplus for text in row.resources) == beyond

    def test_all_but_some_resources_is_wider(self) -> None:
        statement = {"Effect": "Allow", "Action": "kms:Decrypt", "NotResource": arn("kms", "key/1")}
        row = only(ask(statement, needed=(need("kms:Decrypt", arn("kms", "key/2")),)))
        assert row.except_resources
        assert row.text.startswith(f"wider: kms:Decrypt on all but {arn('kms', 'key/1')} where ")

    def test_many_asked_for_are_not_all_named(self) -> None:
        needed = tuple(need("kms:Decrypt", arn("kms", f"key/{number}")) for number in range(5))
        assert only(ask(allow("kms:Decrypt"), needed=needed)).text.endswith(" and 3 more are asked for")

    def test_requirements_of_others_do_not_count(self) -> None:
        needed = (
            need("kms:Decrypt", "*", principal=role_arn("exec")),
            need("sts:AssumeRole", WEB, principal="ecs-tasks.amazonaws.com"),
        )
        found = ask(allow("kms:Decrypt"), needed=needed)
        assert found.needed == ()
        assert found.required == 0
        assert only(found).asked == ()

    def test_a_stand_in_is_asked_too(self) -> None:
        needed = (need("kms:Decrypt", "*", principal=role_arn("exec"), others=(WEB,)),)
        assert ask(allow("kms:Decrypt"), needed=needed).surplus == ()

    def test_rows_are_as_the_statement_writes(self) -> None:
        found = ask(allow("s3:*"), needed=(need("s3:GetObject", "arn:aws:s3:::b/a"),))
        assert {row.actions for row in found.surplus if not row.asked} == {("s3:*",)}
        assert {row.level for row in found.surplus} == set(load().level_bits)
        counted = sum(row.count for row in found.surplus)
        assert counted == load().bits("s3:*").bit_count() == found.granted
        assert [row.actions for row in found.surplus if row.asked] == [("s3:GetObject",)]

    def test_a_wider_pattern_stands_for_a_narrower(self) -> None:
        found = ask(allow(["s3:GetObject", "S3:getObj*", "s3:get*"]))
        assert {row.actions for row in found.surplus} == {("s3:get*",)}

    def test_names_are_spelled_as_aws_does(self) -> None:
        assert only(ask(allow("S3:PUTOBJECT"))).actions == ("s3:PutObject",)

    def test_not_action(self) -> None:
        found = ask({"Effect": "Allow", "NotAction": ["iam:*", "sts:*"], "Resource": "*"})
        assert {row.actions for row in found.surplus} == {("NotAction iam:*, sts:*",)}
        assert not {"iam", "sts"} & {row.service for row in found.surplus}

    def test_actions_that_the_catalogue_lacks(self) -> None:
        found = ask(allow("acme:Invent"), allow("acme:Ask"), needed=(need("acme:Ask", "*"),))
        row = only(found)
        assert (row.service, row.level, row.risk, row.actions) == ("acme", "unknown", None, ("acme:Invent",))
        assert (found.granted, found.required) == (2, 1)
        assert found.by_level == {"unknown": (1, 1)}

    def test_denied_is_not_granted(self) -> None:
        assert ask(allow("s3:PutObject"), deny("s3:Put*")).surplus == ()

    @pytest.mark.parametrize(
        ("statements", "conditional"),
        [
            ([allow("s3:PutObject")], False),
            ([allow("s3:PutObject", Condition={"Bool": {"aws:SecureTransport": "true"}})], True),
            ([allow("s3:PutObject"), deny("s3:*", "arn:aws:s3:::keep/*")], True),
            ([allow("s3:PutObject"), deny("kms:*", arn("kms", "key/1"))], False),
        ],
    )
    def test_conditional(self, statements: list[dict[str, Any]], conditional: bool) -> None:
        assert only(ask(*statements)).conditional == conditional

    def test_a_boundary_limits(self) -> None:
        edge = policy("edge", document(allow("s3:PutObject", "arn:aws:s3:::b/*")))
        found = ask(allow("s3:*"), role={"boundary": edge.arn}, policies=[edge])
        row = only(found)
        assert (row.count, row.conditional) == (1, True)

    def test_the_worst_first(self) -> None:
        found = ask(
            allow(["s3:ListBucket", "s3:PutObject", "s3:GetObject", "iam:PassRole", "ecs:UpdateService"]),
            allow(["kms:Decrypt", "sts:AssumeRole", "s3:PutBucketPolicy", "s3:PutObjectTagging"]),
        )
        assert [(row.risk, row.level) for row in found.surplus] == [
            (Risk.ESCALATION, "Permissions management"),
            (Risk.CREDENTIALS, "Write"),
            (Risk.EXPOSURE, "Permissions management"),
            (Risk.EXFILTRATION, "Write"),
            (Risk.EXFILTRATION, "Read"),
            (Risk.INFRASTRUCTURE, "Write"),
            (None, "Write"),
            (None, "Tagging"),
            (None, "List"),
        ]
        assert found.by_risk == {risk: 2 if risk == Risk.EXFILTRATION else 1 for risk in Risk}

    def test_what_was_not_read_is_said(self) -> None:
        found = ask(allow("s3:PutObject"), role={"attached": (policy_arn("gone"),)})
        assert found.unread
        assert policy_arn("gone") in found.unread[0]

    def test_a_role_that_is_not_there(self) -> None:
        found = role_access(AccountPolicies(snapshot()), role_arn("nobody"), ())
        assert (found.granted, found.surplus, found.by_level) == (0, (), {})


def test_of_the_demo(demo_snapshot: Snapshot) -> None:
    """`s3:*` of the checkout task is seen for what it is."""
    from ecsiam_tui.workspace import Workspace

    workspace = Workspace(demo_snapshot)
    found = role_access(
        workspace.account,
        role_arn("checkout-task", ACCOUNT),
        workspace.needs.of_role(role_arn("checkout-task")),
    )
    assert found.required
    everything = [row for row in found.surplus if row.actions == ("s3:*",)]
    assert {row.risk for row in everything} >= {Risk.EXPOSURE, Risk.EXFILTRATION, Risk.INFRASTRUCTURE, None}


def test_an_administrator_has_few_rows(demo_snapshot: Snapshot) -> None:
    """One with nine more managed policies: wildcards stay as they are written."""
    policies = sorted(demo_snapshot.policies, key=lambda one: -len(one.document))[:9]
    policies.append(policy("AdministratorAccess", document(allow("*"))))
    web = role("web", attached=tuple(one.arn for one in policies))
    account = AccountPolicies(snapshot(roles=[web], policies=policies))
    needed = (need("s3:GetObject", "arn:aws:s3:::b/a"), need("secretsmanager:GetSecretValue", SECRET))
    found = role_access(account, WEB, needed)
    assert found.granted > 20_000
    assert len(found.surplus) < 5_000
