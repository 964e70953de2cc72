"""Layers and known context from a snapshot; who can; access; why not."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from ecsiam_tui.account import Organization
from ecsiam_tui.account.ecs import Cluster
from ecsiam_tui.account.resources import Bucket, FileSystem, Key, SecretResource
from ecsiam_tui.policy.access import access, diff
from ecsiam_tui.policy.account import AccountPolicies
from ecsiam_tui.policy.evaluation import evaluate
from ecsiam_tui.policy.layers import Layers
from ecsiam_tui.policy.request import Request
from ecsiam_tui.policy.who_can import Population
from ecsiam_tui.policy.why_not import solve, why_not
from tests.policy.snapshots import (
    KEY,
    SECRET,
    SERVICE,
    arn,
    attached,
    organization,
    role,
    snapshot,
    trust,
)
from tests.policy.tables import ACCOUNT, OTHER, allow, deny, policies, policy

GET = "secretsmanager:GetSecretValue"


@pytest.mark.parametrize(
    ("principal", "action", "resource", "outcome"),
    [
        ("reader", GET, SECRET, "Allowed"),
        ("reader", "s3:GetObject", "arn:aws:s3:::data/x", "Allowed"),
        ("tagged", GET, SECRET, "ImplicitlyDenied"),
        ("bounded", GET, SECRET, "ImplicitlyDenied"),
        ("denied", GET, SECRET, "ExplicitlyDenied"),
        ("ann", GET, SECRET, "Allowed"),
        ("bo", GET, SECRET, "ImplicitlyDenied"),
        ("admin", "kms:Decrypt", KEY, "Depends"),
        ("lost", GET, SECRET, "Depends"),
        ("operator", "sts:AssumeRole", arn("admin"), "Allowed"),
        ("reader", "sts:AssumeRole", arn("admin"), "ImplicitlyDenied"),
        ("admin", "sts:AssumeRole", arn("unheard-of"), "Depends"),
        ("nobody", GET, SECRET, "ImplicitlyDenied"),
    ],
)
def test_decisions(principal: str, action: str, resource: str, outcome: str) -> None:
    assert AccountPolicies(snapshot()).decide(principal, action, resource).outcome == outcome


def test_sessions_are_their_roles() -> None:
    account = AccountPolicies(snapshot())
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/task-1"
    assert account.decide(session, GET, SECRET).allowed
    assert account.request(session, GET, SECRET).context["aws:PrincipalArn"] == arn("reader")


def test_known_context() -> None:
    account = AccountPolicies(snapshot(organization=organization((policy(allow()),))))
    known, absent = account.known_context(arn("reader"), SECRET)
    assert known["aws:PrincipalTag/team"] == "blue"
    assert known["aws:ResourceTag/env"] == known["secretsmanager:ResourceTag/env"] == "prod"
    assert known["aws:RequestedRegion"] == "eu-west-1"
    assert known["aws:PrincipalAccount"] == known["aws:ResourceAccount"] == ACCOUNT
    assert known["aws:PrincipalOrgID"] == "o-1"
    assert known["aws:PrincipalType"] == "AssumedRole"
    assert {"aws:principaltag/", "aws:resourcetag/", "aws:username"} <= absent
    user, _ = account.known_context(arn("ann", "user"))
    assert (user["aws:username"], user["aws:PrincipalType"]) == ("ann", "User")


@pytest.mark.parametrize(
    ("resource", "cluster", "service"),
    [
        (SERVICE, "prod", "web"),
        (SERVICE.replace("service/prod/web", "task/prod/1"), "prod", None),
        (SERVICE.replace("service/prod/web", "cluster/prod"), "prod", None),
        (SERVICE.replace("service/prod/web", "task-definition/web:1"), None, None),
    ],
)
def test_ecs_context(resource: str, cluster: str | None, service: str | None) -> None:
    known, _ = AccountPolicies(snapshot()).known_context(arn("reader"), resource)
    assert known.get("ecs:cluster", "/None").endswith(f"/{cluster}")
    assert known.get("ecs:service", "/None").endswith(f"/{service}")


def test_ecs_cluster_decides() -> None:
    statement = allow(
        "ecs:UpdateService",
        Condition={"ArnEquals": {"ecs:cluster": SERVICE.replace("service/prod/web", "cluster/prod")}},
    )
    account = AccountPolicies(snapshot(roles=(role("deployer", statement),)))
    assert account.decide("deployer", "ecs:UpdateService", SERVICE).allowed
    assert not account.decide("deployer", "ecs:UpdateService", SERVICE.replace("/prod/", "/dev/")).allowed


def test_tags_of_ecs_resources_count_only_when_read() -> None:
    cluster = SERVICE.replace("service/prod/web", "cluster/prod")
    statement = allow("ecs:DeleteCluster", Condition={"StringEquals": {"aws:ResourceTag/env": "dev"}})
    for tags, outcome in (
        ({}, "Depends"),
        ({"env": "prod"}, "ImplicitlyDenied"),
        ({"env": "dev"}, "Allowed"),
    ):
        known = Cluster(cluster_arn=cluster, cluster_name="prod", tags=tags)
        account = AccountPolicies(snapshot(roles=(role("deployer", statement),), clusters=(known,)))
        assert account.decide("deployer", "ecs:DeleteCluster", cluster).outcome == outcome


def test_scps_and_rcps() -> None:
    levels = ((policy(allow()),), (policy(allow(), deny("secretsmanager:*")),))
    assert (
        AccountPolicies(snapshot(organization=organization(*levels))).decide("reader", GET, SECRET).layer
        == "scp"
    )
    management = organization(*levels, management=ACCOUNT)
    assert AccountPolicies(snapshot(organization=management)).decide("reader", GET, SECRET).allowed
    rcp = organization((policy(deny("secretsmanager:*", Principal="*")),), kind="RESOURCE")
    assert AccountPolicies(snapshot(organization=rcp)).decide("reader", GET, SECRET).layer == "rcp"


def test_managed_documents_for_what_if() -> None:
    read_only = "arn:aws:iam::aws:policy/ReadOnly"
    data = snapshot(roles=(role("reader", attached_managed_policies=attached(read_only)),))
    assert AccountPolicies(data).decide("reader", GET, SECRET).outcome == "Depends"
    documents = {read_only: json.dumps(policy(allow("secretsmanager:Get*")))}
    assert AccountPolicies(data, documents.get).decide("reader", GET, SECRET).allowed


# Who can


def test_who_can_directly() -> None:
    found = Population(AccountPolicies(snapshot())).who_can(GET, SECRET)
    outcomes = {reach.principal: reach.outcome for reach in found.reaches}
    assert outcomes == {
        arn("reader"): "Allowed",
        arn("admin"): "Allowed",
        arn("lost"): "Depends",
        arn("ann", "user"): "Allowed",
    }


def test_who_can_by_the_resource_and_from_outside() -> None:
    found = Population(AccountPolicies(snapshot())).who_can("s3:GetObject", "arn:aws:s3:::data/x")
    assert {arn("reader"), arn("admin"), arn("denied")} <= {reach.principal for reach in found.reaches}
    assert found.others == (f"arn:aws:iam::{OTHER}:root",)


def test_who_can_by_assuming_roles() -> None:
    found = Population(AccountPolicies(snapshot())).who_can(GET, SECRET, by_assuming=True)
    by_name = {reach.principal: reach for reach in found.reaches}
    assert by_name[arn("operator")].via == (arn("admin"),)
    assert by_name["ecs-tasks.amazonaws.com"].via in ((arn("reader"),), (arn("operator"), arn("admin")))
    assert "tagged" not in str(by_name)


def guarded(*statements: dict[str, Any], kind: str = "SERVICE") -> Organization:
    return organization((policy(allow(Principal="*"), *statements),), kind=kind)


GUARDS: dict[str, Organization | None] = {
    "": None,
    "everything": guarded(),
    "blocked": guarded(deny(["s3:*", "secretsmanager:*"])),
    "one resource": guarded(deny(resource="arn:aws:s3:::data/*")),
    "personal": guarded(deny("s3:*", Condition={"StringEquals": {"aws:PrincipalTag/team": "blue"}})),
    "personal variable": guarded(deny("s3:*", resource="arn:aws:s3:::*/${aws:PrincipalTag/team}")),
    "region": guarded(deny(Condition={"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}})),
    "organization": guarded(
        deny(Principal="*", Condition={"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}),
        kind="RESOURCE",
    ),
    "one principal": guarded(deny("*", Principal={"AWS": arn("admin")}), kind="RESOURCE"),
    "silent level": organization((policy(allow("ecs:*")),)),
}


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        (GET, SECRET),
        ("s3:GetObject", "arn:aws:s3:::data/x"),
        ("s3:GetObject", "arn:aws:s3:::other/x"),
        ("s3:ListAllMyBuckets", "*"),
        ("kms:Decrypt", KEY),
        ("sts:AssumeRole", arn("admin")),
        ("iam:DeletePolicy", "arn:aws:iam::aws:policy/x"),
        ("ecs:UpdateService", SERVICE),
    ],
)
@pytest.mark.parametrize("guard", GUARDS, ids=str)
def test_who_can_agrees_with_asking_each(action: str, resource: str, guard: str) -> None:
    linked = role("AWSServiceRoleForX", allow(), path="/aws-service-role/x.amazonaws.com/")
    linked = msgspec.structs.replace(linked, arn=arn("aws-service-role/x.amazonaws.com/AWSServiceRoleForX"))
    data = snapshot(roles=(*snapshot().roles, linked), regions=("eu-west-1", "us-east-1"))
    if guard:
        data = msgspec.structs.replace(data, organization=GUARDS[guard])
    account = AccountPolicies(data)
    expected = {}
    for name in account.principals:
        decision = account.decide(name, action, resource)
        if decision.outcome in ("Allowed", "Depends"):
            expected[name] = (decision.outcome, set(decision.missing_context))
    found = Population(account).who_can(action, resource)
    assert {r.principal: (r.outcome, set(r.missing_context)) for r in found.reaches} == expected


def test_who_can_with_open_conditions() -> None:
    passed = allow(
        "iam:PassRole", Condition={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    )
    account = AccountPolicies(snapshot(roles=(role("a", passed), role("b", passed, deny("iam:*")))))
    population = Population(account)
    (reach,) = population.who_can("iam:PassRole", arn("x")).reaches
    assert (reach.principal, reach.outcome, reach.missing_context) == (
        arn("a"),
        "Depends",
        ("iam:PassedToService",),
    )
    (sure,) = population.who_can(
        "iam:PassRole", arn("x"), {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
    ).reaches
    assert sure.outcome == "Allowed"


# Access


def layers(*statements: dict[str, Any], **more: Any) -> Layers:
    return Layers(policies("identity", policy(*statements)), **more)


def test_access_by_service_and_level() -> None:
    found = access(layers(allow("s3:Get*"), allow("ecs:RunTask", "*"), allow("ecs:TeleportTask", "*")))
    assert {"s3:GetObject", "ecs:RunTask", "ecs:TeleportTask"} <= set(found.action_names)
    assert "s3:PutObject" not in found.action_names
    rows = found.rows("ecs")
    assert [(row.access_level, row.actions, row.whole) for row in rows] == [
        ("Write", ("ecs:RunTask",), False),
        ("unknown", ("ecs:TeleportTask",), False),
    ]
    assert [row.statements[0].index for row in rows] == [1, 2]
    assert found.by_level()["Write"] == 1
    assert access(layers(allow("sqs:*"))).rows()[0].whole


def test_access_takes_out_what_cannot_be() -> None:
    """Denies of everything, boundaries, SCPs, and actions that the resources named are not for."""
    found = access(layers(allow("s3:*", "arn:aws:s3:::data/*")))
    names = found.action_names
    assert "s3:GetObject" in names
    assert {"s3:ListBucket", "s3:ListAllMyBuckets"}.isdisjoint(names)
    guarded = access(
        layers(
            allow("s3:*"),
            deny("s3:Put*"),
            deny("s3:Get*", "arn:aws:s3:::secret/*"),
            boundary=policies("boundary", policy(allow(["s3:Get*", "s3:Put*", "ec2:*"]))),
            scps=[policies("scp", policy(allow(), deny("s3:GetBucketPolicy")))],
        )
    )
    names = guarded.action_names
    assert "s3:GetObject" in names
    assert {"s3:PutObject", "s3:ListBucket", "s3:GetBucketPolicy", "ec2:RunInstances"}.isdisjoint(names)
    (exception,) = guarded.exceptions
    assert exception.resources == ("arn:aws:s3:::secret/*",)


def test_access_to_the_buckets_of_the_account() -> None:
    assert access(layers(allow("*", "arn:aws:s3:::*"))).action_names.count("s3:ListAllMyBuckets") == 1


def test_access_of_a_service_linked_role_is_outside_scps() -> None:
    name = "AWSServiceRoleForECS"
    linked = role(name, allow("ec2:RunInstances"), path="/aws-service-role/ecs.amazonaws.com/")
    linked = msgspec.structs.replace(linked, arn=arn(f"aws-service-role/ecs.amazonaws.com/{name}"))
    account = AccountPolicies(snapshot(roles=(linked,), organization=organization((policy(allow("s3:*")),))))
    assert access(account.layers(linked.arn)).action_names == ("ec2:RunInstances",)


def test_access_of_not_action() -> None:
    found = access(layers({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}))
    assert not any(name.startswith("iam:") for name in found.action_names)
    assert len(found.action_names) > 15_000


def test_diff() -> None:
    before = access(layers(allow(["s3:GetObject", "sqs:SendMessage"])))
    after = access(layers(allow("s3:GetObject", "arn:aws:s3:::data/*"), allow("ecs:RunTask")))
    found = diff(before, after)
    assert (found.added, found.removed) == (("ecs:RunTask",), ("sqs:SendMessage",))
    assert found.changed == (("s3:GetObject", ("*",), ("arn:aws:s3:::data/*",)),)
    assert diff(before, before).changed == ()


# Why not


def test_why_not_adds_exactly_what_was_asked() -> None:
    account = AccountPolicies(snapshot())
    answer = why_not(
        account.layers(arn("bo", "user"), GET, SECRET), account.request(arn("bo", "user"), GET, SECRET)
    )
    (step,) = answer.steps
    assert (step.layer, step.kind) == ("identity", "add statement")
    assert step.statements == ({"Effect": "Allow", "Action": GET, "Resource": SECRET},)
    assert answer.outcome_after == "Allowed"


def test_why_not_names_every_layer_in_the_way() -> None:
    account = AccountPolicies(snapshot(organization=organization((policy(allow(["s3:*", "kms:*"])),))))
    answer = why_not(
        account.layers(arn("bounded"), GET, SECRET), account.request(arn("bounded"), GET, SECRET)
    )
    assert [step.layer for step in answer.steps] == ["scp", "boundary"]
    assert answer.outcome_after == "Allowed"


X = "arn:aws:s3:::data/x"
OTHERS = {"Effect": "Deny", "Action": "s3:*", "NotResource": [X]}


@pytest.mark.parametrize(
    ("statement", "replacement"),
    [
        (
            deny(),
            [OTHERS | {"Action": "*"}, {"Effect": "Deny", "NotAction": ["s3:GetObject"], "Resource": X}],
        ),
        (
            {"Effect": "Deny", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::z"},
            [
                {"Effect": "Deny", "NotAction": "iam:*", "NotResource": ["arn:aws:s3:::z", X]},
                {"Effect": "Deny", "NotAction": ["iam:*", "s3:GetObject"], "Resource": X},
            ],
        ),
        (
            deny("s3:GetObject", [X, "arn:aws:s3:::z"]),
            [{"Effect": "Deny", "Action": "s3:GetObject", "Resource": ["arn:aws:s3:::z"]}],
        ),
        (
            deny(["s3:GetObject", "s3:Put*"], X),
            [{"Effect": "Deny", "Action": ["s3:Put*"], "Resource": X}],
        ),
        (deny("s3:GetObject", X), []),
    ],
)
def test_why_not_softens_a_deny_no_more_than_needed(statement: Any, replacement: Any) -> None:
    answer = why_not(layers(allow(), statement), Request(arn("x"), "s3:GetObject", X))
    (step,) = answer.steps
    assert step.kind == ("replace statement" if replacement else "remove statement")
    assert (step.index, list(step.statements)) == (1, replacement)
    assert answer.outcome_after == "Allowed"


def test_why_not_spells_out_the_other_actions_of_a_pattern() -> None:
    request = Request(arn("x"), "s3:GetObject", X)
    answer = why_not(layers(allow(), deny("s3:Get*", X)), request)
    (replaced,) = answer.steps[0].statements
    assert "s3:GetObjectAcl" in replaced["Action"]
    assert not {"s3:GetObject", "s3:GetBucketPolicy", "s3:PutObject"} & set(replaced["Action"])


def test_why_not_says_what_cannot_be_had() -> None:
    wide = why_not(
        layers(allow(), deny("s3:*", "arn:aws:s3:::d*")),
        Request(arn("x"), "s3:GetObject", "arn:aws:s3:::data/x"),
    )
    assert wide.steps == ()
    assert "no change of that statement takes out only this request" in wide.impossible
    aws = why_not(layers(allow()), Request(arn("x"), "iam:DeletePolicy", "arn:aws:iam::aws:policy/p"))
    assert "cannot be changed" in aws.impossible


def test_why_not_offers_conditions_as_alternatives() -> None:
    account = AccountPolicies(snapshot())
    answer = why_not(account.layers(arn("tagged"), GET, SECRET), account.request(arn("tagged"), GET, SECRET))
    assert [miss.text for miss in answer.alternatives] == [
        "app statement 1 (lines 4–13) would allow, "
        "but aws:PrincipalTag/team is not in the request, needs `blue`"
    ]


def test_why_not_for_a_role_that_may_not_be_assumed() -> None:
    account = AccountPolicies(snapshot())
    request = account.request(arn("reader"), "sts:AssumeRole", arn("admin"))
    answer = why_not(account.layers(arn("reader"), "sts:AssumeRole", arn("admin")), request)
    assert [step.layer for step in answer.steps] == ["identity"]
    strict = snapshot(
        roles=(role("reader"), role("admin", assume_role_policy_document=trust({"AWS": OTHER})))
    )
    account = AccountPolicies(strict)
    answer = why_not(account.layers(arn("reader"), "sts:AssumeRole", arn("admin")), request)
    assert answer.steps[0].statements == (
        {"Effect": "Allow", "Principal": {"AWS": arn("reader")}, "Action": "sts:AssumeRole"},
    )
    assert answer.outcome_after == "Allowed"


def test_regions_that_a_resource_does_not_name() -> None:
    account = AccountPolicies(snapshot(regions=("eu-west-1",)))
    assert account.request(arn("reader"), "ecs:ListClusters").context["aws:RequestedRegion"] == "eu-west-1"
    assert account.request(arn("reader"), "iam:ListRoles").context["aws:RequestedRegion"] == "us-east-1"
    two = AccountPolicies(snapshot(regions=("eu-west-1", "us-east-1")))
    assert "aws:RequestedRegion" not in two.request(arn("reader"), "ecs:ListClusters").context
    bucket = account.request(arn("reader"), "s3:GetObject", "arn:aws:s3:::data/x").context
    assert bucket["aws:ResourceAccount"] == ACCOUNT


@pytest.mark.parametrize(
    ("policy_text", "outcome"),
    [
        (None, "Allowed"),
        (json.dumps(policy(deny("elasticfilesystem:*", Principal="*"))), "ExplicitlyDenied"),
        (json.dumps(policy()), "ImplicitlyDenied"),
    ],
)
def test_a_file_system_without_policy_lets_clients_in(policy_text: str | None, outcome: str) -> None:
    system = f"arn:aws:elasticfilesystem:eu-west-1:{ACCOUNT}:file-system/fs-1"
    known = FileSystem(file_system_id="fs-1", file_system_arn=system, policy=policy_text)
    account = AccountPolicies(snapshot(file_systems=(known,)))
    assert account.decide("reader", "elasticfilesystem:ClientMount", system).outcome == outcome
    assert not account.decide("reader", "elasticfilesystem:DeleteFileSystem", system).allowed


def test_names_that_stand_for_another_arn() -> None:
    alias = KEY.replace("key/1", "alias/app")
    document = policy(allow(Principal={"AWS": ACCOUNT}))
    key = Key(arn=KEY, key_id="1", aliases=(alias,), policy=json.dumps(document))
    account = AccountPolicies(snapshot(keys=(key,), roles=(role("a", allow("kms:*", KEY)),)))
    assert account.decide("a", "kms:Decrypt", alias).allowed
    assert not account.decide("a", "kms:DeleteAlias", alias).allowed
    assert Population(account).who_can("kms:Decrypt", alias).reaches[0].principal == arn("a")
    assert AccountPolicies(snapshot()).decide("reader", GET, SECRET[:-7]).allowed


def test_open_keys_keep_their_spelling() -> None:
    condition = {"StringEquals": {"aws:RequestTag/Team": "${aws:ResourceTag/Team}"}}
    account = AccountPolicies(snapshot(roles=(role("a", allow(Condition=condition)),)))
    queue = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q"
    decision = account.decide("a", "sqs:SendMessage", queue, {"aws:RequestTag/Team": "x"})
    assert decision.missing_context == ("aws:ResourceTag/Team",)
    assert account.decide("a", "sqs:SendMessage", "*").missing_context == ("aws:RequestTag/Team",)


def excepting(who: str, **more: Any) -> dict[str, Any]:
    return {"ArnNotEquals": {"aws:PrincipalArn": who}} | more


@pytest.mark.parametrize(
    ("statement", "replacement"),
    [
        (
            deny(GET, Principal="*", Sid="No"),
            [deny(GET, Principal="*", Sid="No", Condition=excepting(arn("reader")))],
        ),
        (
            deny(
                [GET, "secretsmanager:PutSecretValue"],
                Principal="*",
                Condition={"ArnNotLike": {"aws:PrincipalArn": arn("admin")}},
            ),
            [
                deny(
                    ["secretsmanager:PutSecretValue"],
                    SECRET,
                    Principal="*",
                    Condition={"ArnNotLike": {"aws:PrincipalArn": arn("admin")}},
                ),
                deny(
                    GET,
                    SECRET,
                    Principal="*",
                    Condition={"ArnNotLike": {"aws:PrincipalArn": [arn("admin"), arn("reader")]}},
                ),
            ],
        ),
    ],
)
def test_why_not_softens_a_deny_of_many_for_one(statement: Any, replacement: Any) -> None:
    """A policy of a resource is about everybody: nobody else may gain by the change."""
    secret = SecretResource(arn=SECRET, name="db", policy=json.dumps(policy(statement)))
    account = AccountPolicies(snapshot(secrets=(secret,)))
    request = account.request(arn("reader"), GET, SECRET)
    answer, after = solve(account.layers(arn("reader"), GET, SECRET), request)
    plain = [{k: v for k, v in found.items() if k != "Resource"} for found in answer.steps[0].statements]
    assert plain == [{k: v for k, v in found.items() if k != "Resource"} for found in replacement]
    assert answer.outcome_after == "Allowed"
    another = account.request(arn("denied"), GET, SECRET)
    assert evaluate(after.replace(identity=account.identity(arn("admin"))[0]), another).outcome == (
        "ExplicitlyDenied"
    )


@pytest.mark.parametrize(
    ("principal", "outcome"),
    [("*", "ExplicitlyDenied"), ("ecs-tasks.amazonaws.com", "Allowed"), (arn("reader"), "Allowed")],
)
def test_keys_that_a_principal_cannot_have(principal: str, outcome: str) -> None:
    """A data perimeter of the organization keeps anonymous requests out, and lets services in."""
    perimeter = deny(
        "s3:*",
        Principal="*",
        Condition={
            "StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1"},
            "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
        },
    )
    own = policy(allow(Principal="*"), allow(Principal={"Service": "ecs-tasks.amazonaws.com"}))
    bucket = Bucket(name="open", arn="arn:aws:s3:::open", policy=json.dumps(own))
    limits = organization((policy(perimeter),), kind="RESOURCE")
    account = AccountPolicies(snapshot(buckets=(bucket,), organization=limits))
    assert account.decide(principal, "s3:GetObject", "arn:aws:s3:::open/x").outcome == outcome
