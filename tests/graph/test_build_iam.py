"""Edges of roles, users, groups and policies."""

from typing import Any

import pytest

from ecsiam_tui.account.iam import Group, PermissionsBoundary, User
from ecsiam_tui.account.resources import Bucket, LogGroup, SecretResource
from ecsiam_tui.account.snapshot import Organization, OrganizationPolicy
from ecsiam_tui.graph import EdgeKind, NodeKind, NodeState
from ecsiam_tui.graph.builder import MOST_MATCHES
from tests.graph.builders import (
    CLUSTER,
    DEFINITION,
    OTHER,
    ROLE,
    SERVICE,
    arn,
    attached,
    cluster,
    container,
    definition,
    document,
    estate,
    gap,
    inline,
    policy,
    role,
    service,
    statement,
    trust,
    uses,
    via,
)

USER = arn("iam", "user/ana")
GROUP = arn("iam", "group/devs")
ANY_ROLE = "principal:any role"
PASS = "iam:PassRole"


def _secret(name: str) -> SecretResource:
    return SecretResource(arn=arn("secretsmanager", f"secret:{name}"), name=name[:-7])


def test_holders_of_policies() -> None:
    boundary = PermissionsBoundary(permissions_boundary_arn=arn("iam", "policy/edge"))
    own = (inline("own", statement()),)
    graph = estate(
        roles=(role(role_policy_list=own, attached_managed_policies=attached("shared")), role("bare")),
        users=(
            User(
                user_name="ana",
                arn=USER,
                user_policy_list=own,
                attached_managed_policies=attached("shared"),
                group_list=("devs", "unread"),
                permissions_boundary=boundary,
            ),
        ),
        groups=(
            Group(
                group_name="devs",
                arn=GROUP,
                group_policy_list=own,
                attached_managed_policies=attached("shared"),
            ),
        ),
        policies=(policy("shared"), policy("edge")),
    )
    shared = arn("iam", "policy/shared")
    assert uses(graph, ROLE) == {("inline", f"{ROLE}#own"), ("attached", shared)}
    assert uses(graph, USER) == {
        ("inline", f"{USER}#own"),
        ("attached", shared),
        ("bounded-by", boundary.permissions_boundary_arn),
        ("member-of", GROUP),
    }
    assert uses(graph, GROUP) == {("inline", f"{GROUP}#own"), ("attached", shared)}
    assert uses(graph, arn("iam", "role/bare")) == set()


def test_policies_that_were_not_read_are_still_held() -> None:
    graph = estate(roles=(role(attached_managed_policies=attached("unread")),))
    node = graph.node(arn("iam", "policy/unread"))
    assert (node.title, node.kind, node.state) == ("unread", NodeKind.POLICY, NodeState.UNKNOWN)


def test_awss_own_policies_are_not_this_accounts() -> None:
    managed = role(
        attached_managed_policies=(
            type(attached("x")[0])(policy_name="Full", policy_arn="arn:aws:iam::aws:policy/Full"),
        )
    )
    assert estate(roles=(managed,)).node("arn:aws:iam::aws:policy/Full").state is NodeState.EXTERNAL


def test_inline_policies_called_trust_are_no_trust_policies() -> None:
    graph = estate(roles=(role(role_policy_list=(inline("trust", statement()), inline("trust policy"))),))
    assert uses(graph, ROLE) == {("inline", f"{ROLE}#trust"), ("inline", f"{ROLE}#trust policy")}
    assert not list(graph.used_by(ROLE, EdgeKind.ASSUMES))


def test_organization_policies_are_nodes() -> None:
    scp = OrganizationPolicy(
        id="p-1", arn="arn:aws:organizations::1:policy/p-1", name="deny", type="SERVICE_CONTROL_POLICY"
    )
    rcp = OrganizationPolicy(
        id="p-2", arn="arn:aws:organizations::1:policy/p-2", name="deny", type="RESOURCE_CONTROL_POLICY"
    )
    graph = estate(organization=Organization(id="o", management_account_id=OTHER, policies=(scp, rcp)))
    assert [node.note for node in graph.nodes(NodeKind.ORGANIZATION_POLICY)] == ["SCP", "RCP"]


@pytest.mark.parametrize(
    ("principal", "who", "state"),
    [
        ({"Service": "ecs-tasks.amazonaws.com"}, "principal:ecs-tasks.amazonaws.com", NodeState.EXTERNAL),
        ({"AWS": arn("iam", "role/ci")}, arn("iam", "role/ci"), NodeState.PRESENT),
        ({"AWS": arn("iam", "role/gone")}, arn("iam", "role/gone"), NodeState.MISSING),
        ({"AWS": USER}, USER, NodeState.PRESENT),
        ({"AWS": arn("iam", "root")}, f"principal:{arn('iam', 'root')}", NodeState.PRESENT),
        ({"AWS": "111122223333"}, "principal:111122223333", NodeState.PRESENT),
        ({"AWS": OTHER}, f"principal:{OTHER}", NodeState.EXTERNAL),
        (
            {"AWS": arn("iam", "role/ci", account=OTHER)},
            f"principal:{arn('iam', 'role/ci', account=OTHER)}",
            NodeState.EXTERNAL,
        ),
        ("*", "principal:*", NodeState.EXTERNAL),
        (
            {"Federated": "token.actions.githubusercontent.com"},
            "principal:token.actions.githubusercontent.com",
            NodeState.EXTERNAL,
        ),
    ],
)
def test_who_may_assume_a_role(principal: Any, who: str, state: NodeState) -> None:
    graph = estate(
        roles=(role(assume_role_policy_document=trust(principal, Sid="In")), role("ci")),
        users=(User(user_name="ana", arn=USER),),
    )
    assert uses(graph, who, EdgeKind.ASSUMES) == {("assumes", ROLE)}
    assert via(graph, who, ROLE, EdgeKind.ASSUMES) == "In"
    assert graph.node(who).state is state


def test_whom_a_trust_policy_denies_may_not_assume() -> None:
    text = document({"Effect": "Deny", "Principal": {"AWS": OTHER}, "Action": "sts:AssumeRole"})
    graph = estate(roles=(role(assume_role_policy_document=text),))
    assert not list(graph.used_by(ROLE, EdgeKind.ASSUMES))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"Statement": 7}', "not json"])
def test_trust_policies_that_are_none(text: str) -> None:
    assert len(estate(roles=(role(assume_role_policy_document=text),))) == 1


SECRET_A, SECRET_B = _secret("prod/a-AbCdEf"), _secret("prod/b-AbCdEf")
LOGS = LogGroup(arn=arn("logs", "log-group:/ecs/web"), log_group_name="/ecs/web")
BUCKET = Bucket(name="env", arn=arn("s3", "env"))


@pytest.mark.parametrize(
    ("pattern", "named"),
    [
        (SECRET_A.arn, {SECRET_A.arn}),
        (arn("secretsmanager", "secret:prod/*"), {SECRET_A.arn, SECRET_B.arn}),
        (arn("secretsmanager", "secret:prod/a-??????"), {SECRET_A.arn}),
        (arn("secretsmanager", "secret:prod/a-?????"), set()),
        ("arn:aws:secretsmanager:*:111122223333:secret:prod/*", {SECRET_A.arn, SECRET_B.arn}),
        ("arn:aws:secretsmanager:us-*:111122223333:secret:prod/*", set()),
        # A wildcard within a segment stays there; one that ends a segment may reach over colons.
        ("arn:aws:secretsmanager:eu*st-1:111122223333:secret:prod/a-*", {SECRET_A.arn}),
        ("arn:aws:secretsmanager:e*:secret:prod/a-*", {SECRET_A.arn}),
        (arn("secretsmanager", "secret:PROD/*"), set()),
        (arn("secretsmanager", "secret:prod/[ab]*"), set()),
        (arn("secretsmanager", "secret:prod/a-AbCde."), set()),
        ("arn:aws:s3:::env/app/*", {BUCKET.arn}),
        ("arn:aws:s3:::env", {BUCKET.arn}),
        ("arn:aws:s3:::en?/*", {BUCKET.arn}),
        ("arn:aws:s3:::environment/*", set()),
        (f"{LOGS.arn}:*", {LOGS.arn}),
        (f"{LOGS.arn}:log-stream:app/*", {LOGS.arn}),
        (arn("logs", "log-group:/ecs/*:*"), {LOGS.arn}),
        (CLUSTER, {CLUSTER}),
        (arn("ecs", "service/prod/*"), {SERVICE}),
        (arn("ecs", "task-definition/web:*"), {DEFINITION}),
        # Nothing in particular is named:
        ("*", set()),
        ("arn:aws:secretsmanager:*", set()),
        ("arn:aws:secretsmanager:eu-west-1:*", set()),
        ("arn:aws:*", set()),
    ],
)
def test_what_a_policy_names(pattern: str, named: set[str]) -> None:
    graph = estate(
        clusters=(cluster(),),
        services=(service(),),
        task_definitions=(definition(),),
        secrets=(SECRET_A, SECRET_B),
        log_groups=(LOGS,),
        buckets=(BUCKET,),
        policies=(policy("p", statement("x:Y", pattern, Sid="Read")),),
    )
    node = arn("iam", "policy/p")
    assert uses(graph, node) == {("names", each) for each in named}
    assert all(via(graph, node, each, EdgeKind.NAMES) == "Read" for each in named)


def test_deny_and_notresource_name_nothing() -> None:
    denied = {"Effect": "Deny", "Action": "*", "Resource": SECRET_A.arn}
    other = {"Effect": "Allow", "Action": "x:Y", "NotResource": SECRET_A.arn}
    graph = estate(secrets=(SECRET_A,), policies=(policy("p", denied, other),))
    assert uses(graph, arn("iam", "policy/p")) == set()


def test_what_is_only_referred_to_can_be_named_too() -> None:
    secret = arn("secretsmanager", "secret:shared-AbCdEf", account=OTHER)
    reader = definition(containerDefinitions=container(secrets=[{"name": "S", "valueFrom": secret}]))
    exact = role("exact", statement("secretsmanager:GetSecretValue", secret))
    wild = role("wild", statement("secretsmanager:GetSecretValue", secret[:-6] + "*"))
    graph = estate(task_definitions=(reader,), roles=(exact, wild))
    for each in (exact, wild):
        assert uses(graph, f"{each.arn}#own") == {("names", secret)}


@pytest.mark.parametrize(("count", "edges"), [(MOST_MATCHES, MOST_MATCHES), (MOST_MATCHES + 1, 0)])
def test_a_pattern_for_very_many_names_none_in_particular(count: int, edges: int) -> None:
    graph = estate(
        secrets=tuple(_secret(f"s/{number:03}-AbCdEf") for number in range(count)),
        policies=(policy("p", statement("x:Y", arn("secretsmanager", "secret:s/*"))),),
    )
    assert len(uses(graph, arn("iam", "policy/p"))) == edges


def test_hostile_patterns_take_no_long_time() -> None:
    names = tuple(_secret("a" * 400 + f"{number}-AbCdEf") for number in range(40))
    pattern = arn("secretsmanager", "secret:" + "*a" * 200 + "b")
    graph = estate(secrets=names, policies=(policy("p", statement("x:Y", pattern)),))
    assert uses(graph, arn("iam", "policy/p")) == set()


@pytest.mark.parametrize(
    ("given", "passed"),
    [
        (statement(PASS, ROLE), {ROLE}),
        (statement("iam:passrole", ROLE), {ROLE}),
        (statement("IAM:Pass*", ROLE), {ROLE}),
        (statement("iam:P?ssRole", ROLE), {ROLE}),
        (statement(["s3:*", "iam:*"], ROLE), {ROLE}),
        (statement("*", ROLE), {ROLE}),
        ({"Effect": "Allow", "NotAction": "s3:*", "Resource": ROLE}, {ROLE}),
        (statement(PASS, arn("iam", "role/web-*")), {ROLE, arn("iam", "role/web-exec")}),
        (statement(PASS, "arn:aws:iam::*:role/web-task"), {ROLE}),
        (statement(PASS), {ANY_ROLE}),
        (statement(PASS, "arn:aws:iam*"), {ANY_ROLE}),
        ({"Effect": "Allow", "Action": PASS, "NotResource": arn("iam", "role/admin")}, {ANY_ROLE}),
        # Not passed:
        ({"Effect": "Allow", "NotAction": "iam:*", "Resource": ROLE}, set()),
        (statement("iam:GetRole", ROLE), set()),
        (statement("iam:PassRoles", ROLE), set()),
        (statement(PASS, arn("iam", "role/other")), set()),
        (statement(PASS, "arn:aws:s3*"), set()),
        ({"Effect": "Deny", "Action": PASS, "Resource": ROLE}, set()),
    ],
)
def test_who_may_pass_a_role(given: dict[str, Any], passed: set[str]) -> None:
    for ci in (
        role("ci", given),
        role("ci", attached_managed_policies=attached("p")),
    ):
        graph = estate(roles=(role(), role("web-exec"), ci), policies=(policy("p", given),))
        assert uses(graph, ci.arn, EdgeKind.PASSES) == {("passes", each) for each in passed}


def test_a_pattern_for_very_many_roles_passes_any_role() -> None:
    roles = tuple(role(f"r{number}") for number in range(MOST_MATCHES + 1))
    ci = role("ci", statement(PASS, arn("iam", "role/*")))
    graph = estate(roles=(*roles, ci))
    assert uses(graph, ci.arn, EdgeKind.PASSES) == {("passes", ANY_ROLE)}


def test_a_boundary_lets_nobody_pass() -> None:
    bounded = role(permissions_boundary=PermissionsBoundary(permissions_boundary_arn=arn("iam", "policy/p")))
    graph = estate(roles=(bounded,), policies=(policy("p", statement(PASS)),))
    assert uses(graph, ROLE, EdgeKind.PASSES) == set()


@pytest.mark.parametrize(
    ("gaps", "state"),
    [
        ((), NodeState.MISSING),
        ((gap("roles"),), NodeState.UNKNOWN),
        ((gap("roles", region="eu-west-1"),), NodeState.UNKNOWN),
        ((gap("policies"),), NodeState.MISSING),
    ],
)
def test_an_absent_role_is_missing_only_where_all_roles_were_read(gaps: Any, state: NodeState) -> None:
    graph = estate(task_definitions=(definition(taskRoleArn="gone"),), gaps=gaps)
    assert graph.node(arn("iam", "role/gone")).state is state


@pytest.mark.parametrize(
    ("region", "gaps", "state"),
    [
        ("eu-west-1", (), NodeState.MISSING),
        ("eu-west-1", (gap("clusters", region="eu-west-1"),), NodeState.UNKNOWN),
        ("eu-west-1", (gap("clusters", region="us-east-1"),), NodeState.MISSING),
        ("us-east-1", (), NodeState.UNKNOWN),  # a region that was not read
    ],
)
def test_an_absent_cluster_is_missing_only_where_its_region_was_read(
    region: str, gaps: Any, state: NodeState
) -> None:
    away = arn("ecs", "cluster/away", region=region)
    there = service(in_cluster="x")
    moved = type(there)(service_arn=there.service_arn, service_name="web", cluster_arn=away)
    assert estate(services=(moved,), gaps=gaps).node(away).state is state


def test_what_was_looked_up_and_not_found_is_missing() -> None:
    graph = estate(services=(service(taskDefinition=DEFINITION),), missing=(DEFINITION,))
    assert graph.node(DEFINITION).state is NodeState.MISSING
    assert estate(services=(service(taskDefinition=DEFINITION),)).node(DEFINITION).state is NodeState.UNKNOWN
