"""What differs between two snapshots."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, get_args, get_type_hints

import msgspec
import pytest
from msgspec import UNSET

from ecsiam_tui.account.difference import (
    VOLATILE,
    VOLATILE_KINDS,
    Change,
    FieldChange,
    by_identity,
    difference,
    identity,
    name_of,
)
from ecsiam_tui.account.document_difference import document_changes
from ecsiam_tui.account.ecs import Deployment, ServiceEvent
from ecsiam_tui.account.iam import LastAccessed, RoleLastUsed
from ecsiam_tui.account.resources import SecretResource
from ecsiam_tui.account.snapshot import Gap, Snapshot
from ecsiam_tui.account.tasks import ContainerOverride, EnvironmentVariable, Task, TaskOverride
from tests.findings.builders import (
    ACCOUNT,
    allow,
    arn,
    container,
    definition,
    document,
    policy_arn,
    role,
    role_arn,
    service,
    snapshot,
)

change = msgspec.structs.replace


def changes(before: dict[str, Any], after: dict[str, Any], **more: Any) -> tuple[Change, ...]:
    return difference(snapshot(**before), snapshot(**after), **more).changes


def only(before: dict[str, Any], after: dict[str, Any], **more: Any) -> Change:
    found = changes(before, after, **more)
    assert len(found) == 1, found
    return found[0]


def field(before: dict[str, Any], after: dict[str, Any], **more: Any) -> FieldChange:
    found = only(before, after, **more)
    assert found.what == "changed"
    assert len(found.fields) == 1, found.fields
    return found.fields[0]


class TestThings:
    def test_the_same_is_the_same(self, demo_snapshot: Snapshot) -> None:
        later = change(demo_snapshot, taken_at=demo_snapshot.taken_at + timedelta(days=1), tool_version="9")
        assert difference(demo_snapshot, later).changes == ()

    def test_order_means_nothing(self, demo_snapshot: Snapshot) -> None:
        turned = change(
            demo_snapshot,
            roles=demo_snapshot.roles[::-1],
            services=tuple(change(one, deployments=one.deployments[::-1]) for one in demo_snapshot.services),
        )
        assert difference(demo_snapshot, turned).changes == ()

    def test_added_and_removed(self) -> None:
        came = only({}, {"roles": [role("web")]})
        assert (came.what, came.kind, came.id, came.name) == ("added", "roles", role_arn("web"), "web")
        assert came.certain
        gone = only({"roles": [role("web")]}, {})
        assert (gone.what, gone.kind, gone.id) == ("removed", "roles", role_arn("web"))

    def test_counts(self) -> None:
        old = {"roles": [role("a"), role("b")], "services": [service()]}
        new = {"roles": [role("b", description="x"), role("c")], "services": [service()]}
        found = difference(snapshot(**old), snapshot(**new))
        assert found.counts == {"added": 1, "removed": 1, "changed": 1}
        assert [one.name for one in found.of("roles")] == ["a", "b", "c"]
        assert found.of("services") == ()

    def test_a_field(self) -> None:
        got = field({"services": [service(runs="web:1")]}, {"services": [service(runs="web:2")]})
        assert got == FieldChange(
            "taskDefinition", arn("ecs", "task-definition/web:1"), arn("ecs", "task-definition/web:2")
        )

    def test_none_is_nothing(self) -> None:
        got = field({"roles": [role("web")]}, {"roles": [role("web", boundary=policy_arn("edge"))]})
        assert got.path == "PermissionsBoundary"
        assert got.old is UNSET
        assert got.new == {"PermissionsBoundaryArn": policy_arn("edge")}

    def test_parts_have_names(self) -> None:
        old = definition("web", container("app"), container("log", image="fluent:1"))
        new = definition("web", container("log", image="fluent:2"), container("app"))
        got = field({"task_definitions": [old]}, {"task_definitions": [new]})
        assert got == FieldChange("containerDefinitions[log].image", "fluent:1", "fluent:2")

    def test_parts_come_and_go(self) -> None:
        old, new = role("web", attached=(policy_arn("a"),)), role("web", attached=(policy_arn("b"),))
        found = only({"roles": [old]}, {"roles": [new]})
        assert found.fields == (
            FieldChange(f"AttachedManagedPolicies[{policy_arn('a')}]", {"PolicyName": "a"}),
            FieldChange(f"AttachedManagedPolicies[{policy_arn('b')}]", UNSET, {"PolicyName": "b"}),
        )

    def test_lists_without_order_say_what_left_and_what_came(self) -> None:
        old = definition(requires_compatibilities=("EC2", "FARGATE"))
        turned = definition(requires_compatibilities=("FARGATE", "EC2"))
        assert changes({"task_definitions": [old]}, {"task_definitions": [turned]}) == ()
        new = definition(requires_compatibilities=("FARGATE", "EXTERNAL"))
        got = field({"task_definitions": [old]}, {"task_definitions": [new]})
        assert (got.old, got.new) == (["EC2"], ["EXTERNAL"])

    def test_commands_have_an_order(self) -> None:
        old, new = (definition("web", container(command=words)) for words in (("a", "b"), ("b", "a")))
        got = field({"task_definitions": [old]}, {"task_definitions": [new]})
        assert (got.old, got.new) == (["a", "b"], ["b", "a"])

    def test_tags_are_anybodys(self) -> None:
        old, new = role("web", tags={"Policy": "{}", "a": "1"}), role("web", tags={"Policy": "{ }", "b": "1"})
        found = only({"roles": [old]}, {"roles": [new]})
        assert [one.path for one in found.fields] == ["Tags[Policy]", "Tags[a]", "Tags[b]"]
        assert (found.fields[0].old, found.fields[0].new) == ("{}", "{ }")

    def test_the_account(self) -> None:
        found = only(
            {"account_alias": "old"}, {"account_alias": "new", "regions": ("eu-west-1", "us-east-1")}
        )
        assert (found.kind, found.id, found.name) == ("account", ACCOUNT, "new")
        assert found.fields == (
            FieldChange("accountAlias", "old", "new"),
            FieldChange("regions", UNSET, ["us-east-1"]),
        )

    def test_what_does_not_exist_any_more(self) -> None:
        found = only({"missing": ("a",)}, {"missing": ("a", role_arn("gone"))})
        assert (found.what, found.kind, found.name) == ("added", "missing", "gone")


class TestRevisions:
    def test_a_new_revision_is_compared_with_the_one_before(self) -> None:
        olds = [definition("web", container(image=f"web:{n}"), revision=n) for n in (1, 2)]
        new = definition("web", container(image="web:3"), revision=3, task_role="web")
        found = only({"task_definitions": olds}, {"task_definitions": [*olds, new]})
        assert (found.what, found.name, found.compared_with) == ("added", "web:3", "web:2")
        assert found.fields == (
            FieldChange("taskRoleArn", UNSET, role_arn("web")),
            FieldChange("containerDefinitions[app].image", "web:2", "web:3"),
        )

    def test_the_first_of_a_family_has_none(self) -> None:
        found = only(
            {"task_definitions": [definition("api")]},
            {"task_definitions": [definition("api"), definition("web")]},
        )
        assert (found.name, found.compared_with, found.fields) == ("web:1", "", ())


class TestVolatile:
    VOLATILE_PAIRS = [
        ("services", service(running_count=1), service(running_count=2)),
        ("services", service(desired_count=1), service(desired_count=2)),
        ("services", service(), service(events=(ServiceEvent(id="1", message="steady"),))),
        ("roles", role("web"), role("web", role_last_used=RoleLastUsed(region="eu-west-1"))),
        (
            "services",
            service(deployments=(Deployment(id="1", status="PRIMARY", rollout_state="IN_PROGRESS"),)),
            service(
                deployments=(
                    Deployment(id="2", status="PRIMARY", rollout_state="COMPLETED"),
                    Deployment(id="1", status="ACTIVE"),
                )
            ),
        ),
        ("task_definitions", definition(latest=True), definition(latest=False)),
    ]

    @pytest.mark.parametrize(("kind", "old", "new"), VOLATILE_PAIRS)
    def test_what_changes_by_itself(self, kind: str, old: Any, new: Any) -> None:
        assert changes({kind: [old]}, {kind: [new]}) == ()
        assert only({kind: [old]}, {kind: [new]}, everything=True).fields

    def test_tasks_come_and_go(self) -> None:
        task = Task(task_arn=arn("ecs", "task/prod/1"), cluster_arn=arn("ecs", "cluster/prod"))
        assert changes({}, {"tasks": [task]}) == ()
        assert only({}, {"tasks": [task]}, everything=True).name == "1"

    def test_what_was_used_last_is_no_change(self) -> None:
        report = LastAccessed(arn=role_arn("web"))
        assert changes({}, {"last_accessed": [report]}) == ()
        assert only({}, {"last_accessed": [report]}, everything=True).name == "web"

    def test_a_deployment_is_compared_by_its_status(self) -> None:
        old, new = (
            service(deployments=(Deployment(id=id_, status="PRIMARY", platform_version=version),))
            for id_, version in (("1", "1.3.0"), ("2", "1.4.0"))
        )
        got = field({"services": [old]}, {"services": [new]})
        assert got == FieldChange("deployments[PRIMARY].platformVersion", "1.3.0", "1.4.0")

    def test_names_are_those_of_fields(self) -> None:
        names = {one.name for kind in _records() for one in msgspec.structs.fields(kind)}
        assert names >= VOLATILE
        assert {one.name for one in msgspec.structs.fields(Snapshot)} >= VOLATILE_KINDS


class TestUnread:
    GAP = Gap(call="iam:GetAccountAuthorizationDetails", reason="denied", unknown=("roles",))

    def test_what_could_not_be_read_is_not_gone_for_certain(self) -> None:
        gone, gap = changes({"roles": [role("web")]}, {"gaps": [self.GAP]})
        assert (gone.what, gone.certain) == ("removed", False)
        assert (gap.what, gap.kind, gap.certain) == ("added", "gaps", True)
        assert gap.id == "iam:GetAccountAuthorizationDetails"

    def test_nor_new_for_certain(self) -> None:
        came, _ = changes({"gaps": [self.GAP]}, {"roles": [role("web")]})
        assert (came.what, came.certain) == ("added", False)

    def test_a_gap_of_another_region_or_target_does_not_matter(self) -> None:
        gaps = [
            Gap(call="ecs:ListServices", reason="denied", unknown=("services",), region="us-east-1"),
            Gap(call="ecs:DescribeServices", reason="denied", unknown=("services",), target="other"),
        ]
        assert only({"services": [service()], "gaps": gaps}, {"gaps": gaps}).certain

    def test_a_region_that_was_not_read(self) -> None:
        far = SecretResource(arn=arn("secretsmanager", "secret:x-AbCdEf", region="us-east-1"), name="x")
        found = changes({}, {"secrets": [far], "regions": ("eu-west-1", "us-east-1")})
        assert [(one.kind, one.certain) for one in found] == [("account", True), ("secrets", False)]

    def test_a_part_that_was_not_read(self) -> None:
        old, new = (
            SecretResource(arn=arn("secretsmanager", "secret:x-AbCdEf"), name="x", policy=text)
            for text in (UNSET, document(allow("*")))
        )
        got = field({"secrets": [old]}, {"secrets": [new]})
        assert (got.path, got.unread, got.old) == ("Policy", "old", UNSET)
        assert field({"secrets": [new]}, {"secrets": [old]}).unread == "new"
        none = change(new, policy=None)
        assert field({"secrets": [new]}, {"secrets": [none]}).unread == ""


class TestSecrets:
    def tasks(self, **variables: Any) -> dict[str, Any]:
        """A task with overrides, so that it is not a revision, which never changes."""
        environment = (EnvironmentVariable(name="KEY", **variables),)
        overrides = TaskOverride(
            container_overrides=(ContainerOverride(name="app", environment=environment),)
        )
        task = Task(
            task_arn=arn("ecs", "task/prod/1"), cluster_arn=arn("ecs", "cluster/prod"), overrides=overrides
        )
        return {"tasks": [task]}

    def test_a_value_is_never_shown(self) -> None:
        before, after = self.tasks(fingerprint="aaaa", length=3), self.tasks(fingerprint="bbbb", length=3)
        got = field(before, after, everything=True)
        assert got == FieldChange("overrides.containerOverrides[app].environment[KEY]", hidden=True)

    def test_no_fingerprint_is_in_it(self) -> None:
        secret = EnvironmentVariable(name="KEY", fingerprint="f1ngerpr1nt", length=3)
        new = definition("web", container(environment=(secret,)), container("log", environment=(secret,)))
        found = changes({"task_definitions": [definition("web", container())]}, {"task_definitions": [new]})
        text = msgspec.json.encode(found).decode()
        assert "f1ngerpr1nt" not in text
        assert "environment[KEY]" in text
        assert found[0].fields[0].new == "KEY"

    def test_two_keys_of_redaction(self) -> None:
        """A revision never changes: where its fingerprints do, they say nothing."""
        sides = []
        for fingerprint in ("aaaa", "bbbb"):
            variable = EnvironmentVariable(name="KEY", fingerprint=fingerprint, length=3)
            revision = definition("web", container(environment=(variable,)))
            sides.append(
                snapshot(task_definitions=[revision], **self.tasks(fingerprint=fingerprint, length=3))
            )
        found = difference(*sides, everything=True)
        assert not found.same_key
        assert found.changes == ()
        longer = change(sides[1], tasks=tuple(self.tasks(fingerprint="bbbb", length=4)["tasks"]))
        assert [one.kind for one in difference(sides[0], longer, everything=True).changes] == ["tasks"]


def steps(*sides: Any) -> list[tuple[str, Any, Any]]:
    return list(document_changes(*(side if isinstance(side, str) else json.dumps(side) for side in sides)))


class TestDocuments:
    READ = {"Sid": "Read", "Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"}

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (document(READ), json.dumps(json.loads(document(READ)), indent=7)),
            (document(READ), document({**READ, "Action": ["s3:ListBucket", "s3:GetObject", "s3:GetObject"]})),
            (document(READ), document({**READ, "Resource": ["*"]})),
            (document(READ), json.dumps({"Version": "2012-10-17", "Statement": READ})),
            (document(READ, allow("a:B")), document(allow("a:B"), READ)),
        ],
    )
    def test_the_same_said_otherwise(self, old: str, new: str) -> None:
        assert steps(old, new) == []

    def test_what_left_and_what_came(self) -> None:
        new = {**self.READ, "Action": ["s3:GetObject", "s3:PutObject", "s3:PutObjectTagging"]}
        assert steps(document(self.READ), document(new)) == [
            (".Statement[Read].Action", "s3:ListBucket", ["s3:PutObject", "s3:PutObjectTagging"])
        ]

    def test_conditions_and_principals(self) -> None:
        old = {
            "Effect": "Allow",
            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
        }
        new = {**old, "Principal": {"AWS": "*"}, "Condition": {"Bool": {"aws:SecureTransport": True}}}
        assert steps(document(old), document(new)) == [
            (".Statement[1].Principal.Service", "ecs-tasks.amazonaws.com", UNSET),
            (".Statement[1].Condition.StringEquals.aws:SourceAccount", ACCOUNT, UNSET),
            (".Statement[1].Principal.AWS", UNSET, "*"),
            (".Statement[1].Condition.Bool.aws:SecureTransport", UNSET, "true"),
        ]

    def test_statements_come_and_go(self) -> None:
        extra = {"Sid": "More", **allow("kms:Decrypt", "k")}
        assert steps(document(self.READ), document(self.READ, extra)) == [(".Statement[More]", UNSET, extra)]
        assert steps(document(self.READ, extra), document(extra)) == [(".Statement[Read]", self.READ, UNSET)]

    def test_without_a_sid_the_most_alike_are_one(self) -> None:
        old = document(allow(["s3:Get*", "s3:List*"], "b"), allow("kms:Decrypt", "k"))
        new = document(allow("kms:Decrypt", "k2"), allow(["s3:Get*"], "b"))
        assert steps(old, new) == [
            (".Statement[2].Action", "s3:List*", UNSET),
            (".Statement[1].Resource", "k", "k2"),
        ]

    def test_an_allow_is_no_deny(self) -> None:
        found = steps(document(allow("s3:*")), document({**allow("s3:*"), "Effect": "Deny"}))
        assert [where for where, _, _ in found] == [".Statement[1]", ".Statement[1]"]

    def test_the_version(self) -> None:
        found = steps(document(self.READ), document(self.READ, version="2008-10-17"))
        assert found == [(".Version", "2012-10-17", "2008-10-17")]

    @pytest.mark.parametrize("text", ["", "{", "[]", "1", '{"Statement": [1, "x", null]}', "[" * 5000, "{}"])
    def test_no_document_breaks_it(self, text: str) -> None:
        assert steps(text, text) == []
        assert steps(text, document(self.READ))
        assert steps(document(self.READ), text)

    def test_in_a_record(self) -> None:
        old, new = (
            role("web", inline={"app": document(allow(action, "b"))}) for action in ("s3:*", "s3:Get*")
        )
        got = field({"roles": [old]}, {"roles": [new]})
        assert got == FieldChange("RolePolicyList[app].PolicyDocument.Statement[1].Action", "s3:*", "s3:Get*")

    def test_a_new_one_is_shown_decoded(self) -> None:
        got = field(
            {"roles": [role("web")]}, {"roles": [role("web", inline={"app": document(allow("s3:*"))})]}
        )
        assert got.path == "RolePolicyList[app]"
        assert got.new["PolicyDocument"]["Statement"][0]["Action"] == "s3:*"


def _records() -> Iterator[type[msgspec.Struct]]:
    """Every type of record that a snapshot can hold."""
    seen: set[type] = set()
    todo: list[Any] = [Snapshot]
    while todo:
        kind = todo.pop()
        todo += get_args(kind)
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind not in seen:
            seen.add(kind)
            todo += get_type_hints(kind).values()
            yield kind


class TestIdentity:
    @pytest.mark.parametrize("kind", list(_records()), ids=lambda kind: kind.__name__)
    def test_it_names_fields(self, kind: type[msgspec.Struct]) -> None:
        assert set(identity(kind)) <= {one.name for one in msgspec.structs.fields(kind)}

    def test_everything_at_the_top_has_one(self) -> None:
        for one in msgspec.structs.fields(Snapshot):
            for kind in get_args(one.type):
                if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
                    assert identity(kind), kind

    def test_of_the_demo_all_are_told_apart(self, demo_snapshot: Snapshot) -> None:
        for one in msgspec.structs.fields(Snapshot):
            things = getattr(demo_snapshot, one.name)
            if isinstance(things, tuple) and things and isinstance(things[0], msgspec.Struct):
                found = by_identity(things)
                assert len(found) == len(things)
                assert not [key for key in found if "#" in key], one.name
                assert all(map(name_of, things))

    def test_two_of_one_identity(self) -> None:
        assert list(by_identity([role("a"), role("a"), role("a")])) == [
            role_arn("a"),
            f"{role_arn('a')}#2",
            f"{role_arn('a')}#3",
        ]


def test_everything_that_changed_is_found(demo_snapshot: Snapshot) -> None:
    """Each thing of the demo taken away alone is one removal, and nothing else."""
    for one in msgspec.structs.fields(Snapshot):
        things = getattr(demo_snapshot, one.name)
        if one.name in VOLATILE_KINDS or not isinstance(things, tuple) or not things:
            continue
        if not isinstance(things[0], msgspec.Struct):
            continue
        less = change(demo_snapshot, **{one.name: things[1:]})
        found = difference(demo_snapshot, less).changes
        assert [(got.what, got.kind) for got in found] == [("removed", one.name)], one.name
        back = difference(less, demo_snapshot).changes
        assert [(got.what, got.kind, got.id) for got in back] == [("added", one.name, found[0].id)]
