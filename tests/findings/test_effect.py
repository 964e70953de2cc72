"""What a difference did to permissions, requirements and findings."""

from __future__ import annotations

from typing import Any

import pytest

from ecsiam_tui.account.iam import User
from ecsiam_tui.account.snapshot import Gap, Organization, OrganizationLevel, OrganizationPolicy, Snapshot
from ecsiam_tui.ecs.requirement import Judged, Requirement, Status
from ecsiam_tui.findings.effect import (
    PrincipalChange,
    finding_changes,
    permission_changes,
    requirement_changes,
)
from ecsiam_tui.findings.finding import Finding, Severity
from ecsiam_tui.policy.account import AccountPolicies
from tests.findings.builders import (
    ACCOUNT,
    OTHER,
    allow,
    document,
    policy,
    policy_arn,
    role,
    role_arn,
    snapshot,
    trust_policy,
)


def compare(before: dict[str, Any], after: dict[str, Any]) -> tuple[PrincipalChange, ...]:
    return permission_changes(AccountPolicies(snapshot(**before)), AccountPolicies(snapshot(**after)))


def web(*statements: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"roles": [role("web", inline={"app": document(*statements)}, **fields)]}


def only(before: dict[str, Any], after: dict[str, Any]) -> PrincipalChange:
    found = compare(before, after)
    assert len(found) == 1, found
    return found[0]


class TestPermissions:
    def test_nothing(self, demo_snapshot: Snapshot) -> None:
        account = AccountPolicies(demo_snapshot)
        assert permission_changes(account, AccountPolicies(demo_snapshot)) == ()

    def test_gained_and_lost(self) -> None:
        found = only(
            web(allow(["s3:GetObject", "s3:PutObject"])), web(allow(["s3:GetObject", "kms:Decrypt"]))
        )
        assert (found.principal, found.what) == (role_arn("web"), "changed")
        assert (found.access.added, found.access.removed) == (("kms:Decrypt",), ("s3:PutObject",))
        assert (found.let_in, found.shut_out) == ((), ())

    def test_on_other_resources(self) -> None:
        found = only(web(allow("s3:GetObject", "arn:aws:s3:::a/*")), web(allow("s3:GetObject")))
        assert found.access.changed == (("s3:GetObject", ("arn:aws:s3:::a/*",), ("*",)),)

    def test_said_otherwise_is_no_change(self) -> None:
        assert compare(web(allow("s3:GetObject")), web(allow(["s3:getobject"], ["*"], Sid="Same"))) == ()

    def test_new_and_gone(self) -> None:
        came = only({}, web(allow("s3:GetObject")))
        assert (came.what, came.access.added) == ("added", ("s3:GetObject",))
        assert came.let_in == ("ecs-tasks.amazonaws.com when aws:SourceAccount = 123456789012",)
        gone = only(web(allow("s3:GetObject")), {})
        assert (gone.what, gone.access.removed, gone.shut_out) == ("removed", ("s3:GetObject",), came.let_in)

    def test_a_policy_that_many_have(self) -> None:
        sides = [
            {
                "roles": [role(name, attached=(policy_arn("shared"),)) for name in "ab"],
                "policies": [policy("shared", document(allow(action)))],
            }
            for action in ("s3:GetObject", "s3:PutObject")
        ]
        found = compare(*sides)
        assert [one.principal for one in found] == [role_arn("a"), role_arn("b")]
        assert {one.access.added for one in found} == {("s3:PutObject",)}

    def test_a_boundary(self) -> None:
        edge = policy("edge", document(allow("s3:Get*")))
        after = web(allow(["s3:GetObject", "s3:PutObject"]), boundary=edge.arn)
        found = only(web(allow(["s3:GetObject", "s3:PutObject"])), {**after, "policies": [edge]})
        assert found.access.removed == ("s3:PutObject",)

    def test_an_scp(self) -> None:
        def organization(*actions: str) -> Organization:
            content = document(allow(list(actions)))
            limit = OrganizationPolicy(
                id="p-1", arn="p-1", name="limit", type="SERVICE_CONTROL_POLICY", content=content
            )
            level = OrganizationLevel(id="ou-1", name="prod", policy_ids=("p-1",))
            return Organization(id="o-1", management_account_id=OTHER, levels=(level,), policies=(limit,))

        mine = web(allow(["s3:GetObject", "kms:Decrypt"]))
        before = {**mine, "organization": organization("*")}
        found = only(before, {**mine, "organization": organization("s3:*")})
        assert found.access.removed == ("kms:Decrypt",)

    def test_trust(self) -> None:
        old, new = (
            trust_policy(),
            trust_policy("ecs-tasks.amazonaws.com", "events.amazonaws.com", Condition={}),
        )
        found = only(web(allow("a:B"), trust=old), web(allow("a:B"), trust=new))
        assert not found.access.added
        assert found.let_in == ("ecs-tasks.amazonaws.com", "events.amazonaws.com")
        assert found.shut_out == ("ecs-tasks.amazonaws.com when aws:SourceAccount = 123456789012",)

    @pytest.mark.parametrize(
        ("element", "line"),
        [
            ({"Effect": "Allow", "Principal": "*"}, "*"),
            ({"Effect": "Deny", "Principal": {"AWS": ACCOUNT}}, f"denied: {ACCOUNT}"),
            ({"Effect": "Allow", "NotPrincipal": {"AWS": ["1", "2"]}}, "all but 1, 2"),
        ],
    )
    def test_lines_of_trust(self, element: dict[str, Any], line: str) -> None:
        statement = {**element, "Action": "sts:AssumeRole"}
        found = only(
            {"roles": [role("web", trust=document())]}, {"roles": [role("web", trust=document(statement))]}
        )
        assert found.let_in == (line,)

    def test_layout_of_trust_is_no_change(self) -> None:
        old = trust_policy()
        assert compare(web(allow("a:B"), trust=old), web(allow("a:B"), trust=old.replace("\n", ""))) == ()

    def test_users(self) -> None:
        arn = f"arn:aws:iam::{ACCOUNT}:user/ann"
        admin = policy("admin", document(allow("*")))
        users = [
            User(user_name="ann", arn=arn, attached_managed_policies=attached)
            for attached in ((), role("x", attached=(admin.arn,)).attached_managed_policies)
        ]
        found = only({"users": [users[0]]}, {"users": [users[1]], "policies": [admin]})
        assert found.principal == arn
        assert len(found.access.added) > 20_000

    def test_roles_that_could_not_be_read_lost_nothing(self) -> None:
        gap = Gap(call="iam:GetAccountAuthorizationDetails", reason="denied", unknown=("roles",))
        assert compare(web(allow("s3:*")), {"gaps": [gap]}) == ()
        assert compare({"gaps": [gap]}, web(allow("s3:*"))) == ()

    def test_policies_that_could_not_be_read_are_said(self) -> None:
        roles = {"roles": [role("web", attached=(policy_arn("shared"),))]}
        found = only({**roles, "policies": [policy("shared", document(allow("s3:GetObject")))]}, roles)
        assert found.access.removed == ("s3:GetObject",)
        assert policy_arn("shared") in found.unread[0]


def need(status: Status, action: str = "s3:GetObject", **more: Any) -> Judged:
    asked = {"subject": "web", "role_kind": "task", "resource": "*", **more}
    return Judged(Requirement(id="X", principal="r", action=action, why="", source="", **asked), status)


class TestRequirements:
    @pytest.mark.parametrize(
        ("before", "after", "is_worse", "is_better"),
        [
            ("met", "missing", True, False),
            ("met", "depends", True, False),
            ("depends", "missing", True, False),
            (None, "missing", True, False),
            (None, "met", False, False),
            ("missing", "met", False, True),
            ("missing", "depends", False, True),
            ("missing", None, False, True),
            ("met", None, False, False),
        ],
    )
    def test_statuses(
        self, before: Status | None, after: Status | None, is_worse: bool, is_better: bool
    ) -> None:
        (found,) = requirement_changes(*([need(one)] if one else [] for one in (before, after)))
        assert (found.before, found.after) == (before, after)
        assert (found.is_worse, found.is_better) == (is_worse, is_better)

    def test_another_role_of_the_same_status_is_no_change(self) -> None:
        old = need("met")
        assert requirement_changes([old], [need("met")]) == ()

    def test_what_makes_one(self) -> None:
        olds = [need("met"), need("met", subject="api"), need("met", role_kind="task-execution")]
        news = [need("missing"), *olds[1:], need("met", resource="x")]
        found = requirement_changes(olds, news)
        assert [(one.subject, one.resource, one.after) for one in found] == [
            ("web", "*", "missing"),
            ("web", "x", "met"),
        ]

    def test_the_worst_of_several_counts(self) -> None:
        (found,) = requirement_changes([need("met"), need("depends")], [need("missing"), need("met")])
        assert (found.before, found.after) == ("depends", "missing")

    def test_the_worse_first(self) -> None:
        olds = [need("met", "a:A"), need("missing", "a:B"), need("met", "a:C")]
        news = [need("met", "a:B"), need("missing", "a:C")]
        assert [one.action for one in requirement_changes(olds, news)] == ["a:C", "a:B", "a:A"]


def finding(rule: str, node: str, severity: Severity = Severity.HIGH) -> Finding:
    return Finding(rule, "title", severity, (node,), "summary")


class TestFindings:
    def test_new_resolved_still(self) -> None:
        a, b, c = finding("R1", "a"), finding("R1", "b"), finding("R2", "a")
        found = finding_changes([a, b], [b, c])
        assert (found.new, found.resolved, found.still, found.graded) == ((c,), (a,), (b,), ())

    def test_another_severity(self) -> None:
        old, new = finding("R1", "a", Severity.LOW), finding("R1", "a", Severity.CRITICAL)
        found = finding_changes([old], [new])
        assert found.graded == ((old, new),)
        assert found.still == (new,)

    def test_of_several_the_worst(self) -> None:
        low, high = finding("R1", "a", Severity.LOW), finding("R1", "a", Severity.HIGH)
        assert finding_changes([low, high], [high]).graded == ()
        assert finding_changes([], [low, high]).new == (high,)
