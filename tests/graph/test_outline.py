"""The tree that people walk."""

from collections.abc import Iterator
from typing import Any

import pytest

from ecsiam_tui.account.compute import ContainerInstance
from ecsiam_tui.account.iam import Group, PermissionsBoundary, User
from ecsiam_tui.account.launchers import Schedule
from ecsiam_tui.account.resources import SecretResource
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.graph import EdgeKind, NodeKind, build
from ecsiam_tui.graph.groups import GROUPS, MIXED_LIMIT
from ecsiam_tui.graph.outline import SEPARATOR, Item, Outline, statement_summary
from ecsiam_tui.policy.document import parse_document
from tests.graph.builders import (
    CLUSTER,
    DEFINITION,
    ROLE,
    SERVICE,
    arn,
    attached,
    cluster,
    container,
    convert,
    definition,
    document,
    gap,
    inline,
    policy,
    role,
    service,
    snapshot,
    statement,
    task,
    trust,
)

DEEPEST = 7
"""Steps below a root that are walked; a cluster's schedule leads to the cluster again, without end."""


def outline(**fields: Any) -> Outline:
    taken = snapshot(**fields)
    return Outline(build(taken), taken)


def rows(tree: Outline, *path: str) -> list[tuple[str, str, str]]:
    """(title, part, note) of what opens below the item that is reached by titles."""
    return [(item.title, item.part, item.note) for item in items(tree, *path)]


def items(tree: Outline, *path: str) -> tuple[Item, ...]:
    found = tree.roots()
    for title in path:
        found = tree.children(next(item for item in found if item.title == title))
    return found


def titles(tree: Outline, *path: str) -> list[str]:
    return [item.title for item in items(tree, *path)]


def walk(tree: Outline, at: Item) -> Iterator[Item]:
    """An item and all that opens below it, but no node twice on one way."""
    yield at
    if at.depth < DEEPEST:
        above = set(at.key.split(SEPARATOR)[:-1])
        for child in tree.children(at) if at.node is None or at.node.id not in above else ():
            yield from walk(tree, child)


@pytest.fixture(scope="module")
def demo(demo_snapshot: Snapshot) -> Outline:
    return Outline(build(demo_snapshot), demo_snapshot)


@pytest.fixture(scope="module")
def everything(demo: Outline) -> list[Item]:
    return [item for root in demo.roots() for item in walk(demo, root)]


def test_roots() -> None:
    tree = outline(clusters=(cluster("prod"), cluster("Dev")), roles=(role(),), policies=(policy("p"),))
    assert titles(tree) == ["Dev", "prod", "Roles", "Policies", "Orphans"]
    assert [item.count for item in tree.roots()] == [None, None, 1, 1, 2]


def test_an_empty_account_has_no_roots() -> None:
    assert outline().roots() == ()


def test_clusters_of_several_regions_say_where_they_are() -> None:
    away = convert(
        type(cluster()), clusterArn=arn("ecs", "cluster/prod", region="us-east-1"), clusterName="prod"
    )
    tree = outline(clusters=(cluster(), away), regions=("eu-west-1", "us-east-1"))
    assert [item.note for item in tree.roots()] == ["eu-west-1", "us-east-1"]


def test_a_cluster_that_was_not_read_still_shows_what_is_in_it() -> None:
    tree = outline(services=(service(),), gaps=(gap("clusters"),))
    assert titles(tree) == ["prod"]
    assert rows(tree, "prod") == [("web", "", "")]
    assert tree.roots()[0].note == "not read"


def test_a_missing_cluster_is_an_orphan() -> None:
    schedule = convert(
        Schedule,
        Arn=arn("scheduler", "schedule/default/s"),
        Name="s",
        Target={"Arn": arn("ecs", "cluster/gone"), "EcsParameters": {"TaskDefinitionArn": DEFINITION}},
    )
    tree = outline(schedules=(schedule,))
    assert "gone" not in titles(tree)
    assert ("gone", "", "does not exist") in rows(tree, "Orphans", "referred to but missing")
    assert _reach(tree, arn("ecs", "cluster/gone")) is not None


def test_a_cluster_opens_to_services_tasks_hosts_and_providers() -> None:
    host = ContainerInstance(
        container_instance_arn=arn("ecs", "container-instance/prod/c1"), cluster_arn=CLUSTER
    )
    tree = outline(
        clusters=(cluster(),),
        services=(service("web"), service("API")),
        tasks=(task("a"), task("b", lastStatus="STOPPED"), task("c", lastStatus="PENDING")),
        container_instances=(host,),
    )
    assert rows(tree, "prod") == [
        ("API", "", ""),
        ("web", "", ""),
        ("tasks of no service", "", "1 running  1 stopped  1 starting"),
        ("container instances", "", ""),
    ]
    assert titles(tree, "prod", "tasks of no service") == ["a", "b", "c"]
    assert titles(tree, "prod", "container instances") == ["c1"]


def test_a_service_opens_to_its_roles_first() -> None:
    tree = outline(
        clusters=(cluster(),),
        services=(service(taskDefinition=DEFINITION, roleArn="legacy"),),
        task_definitions=(
            definition(taskRoleArn="web-task", executionRoleArn="exec"),
            definition("web:4", latest=True),
        ),
        roles=(role(), role("exec"), role("legacy")),
        tasks=(task(group="service:web"),),
    )
    assert rows(tree, "prod", "web") == [
        ("web-task", "task role", ""),
        ("exec", "execution role", ""),
        ("legacy", "service role", ""),
        ("web:3", "", "latest is :4"),
        ("tasks", "", "1 running"),
    ]


def test_a_role_that_is_two_things_to_a_service_is_one_row() -> None:
    tree = outline(
        clusters=(cluster(),),
        services=(service(taskDefinition=DEFINITION, roleArn=ROLE),),
        task_definitions=(definition(taskRoleArn="web-task", executionRoleArn="web-task"),),
        roles=(role(),),
    )
    assert rows(tree, "prod", "web")[0] == ("web-task", "task role, execution role, service role", "")
    assert rows(tree, "prod", "web", "web:3")[0] == ("web-task", "task role, execution role", "")


def test_a_role_opens_to_its_policies_and_its_trust() -> None:
    boundary = PermissionsBoundary(permissions_boundary_arn=arn("iam", "policy/shared"))
    tree = outline(
        roles=(
            role(
                role_policy_list=(inline("trust", statement()), inline("app", statement())),
                attached_managed_policies=attached("shared", "another"),
                permissions_boundary=boundary,
                assume_role_policy_document=trust({"Service": "ecs-tasks.amazonaws.com"}, Sid="Tasks"),
            ),
        ),
        policies=(policy("shared", statement()), policy("another")),
    )
    assert rows(tree, "Roles", "web-task") == [
        ("app", "inline", ""),
        ("trust", "inline", ""),
        ("another", "", ""),
        ("shared", "permissions boundary", ""),
        ("trust policy", "", ""),
    ]
    assert rows(tree, "Roles", "web-task", "trust policy") == [("Tasks", "", "sts:AssumeRole")]
    assert titles(tree, "Roles", "web-task", "trust") == ["statement 1"]


def test_a_role_that_is_not_there_does_not_open() -> None:
    tree = outline(task_definitions=(definition(taskRoleArn="gone"),))
    (gone,) = items(tree, "Roles")
    assert (gone.opens, gone.note) == (False, "does not exist")
    assert tree.children(gone) == ()


def test_users_and_groups_open_to_what_they_hold() -> None:
    user = User(
        user_name="ana",
        arn=arn("iam", "user/ana"),
        group_list=("devs",),
        user_policy_list=(inline("own", statement()),),
    )
    group = Group(
        group_name="devs", arn=arn("iam", "group/devs"), attached_managed_policies=attached("shared")
    )
    tree = outline(users=(user,), groups=(group,), policies=(policy("shared"),))
    assert titles(tree, "Principals") == ["ana", "devs"]
    assert rows(tree, "Principals", "ana") == [("devs", "member of", ""), ("own", "inline policy", "")]
    assert rows(tree, "Principals", "devs") == [("shared", "attached policy", "")]


def test_statements_and_what_is_wrong_with_a_document() -> None:
    text = document(
        statement("s3:GetObject", Sid="Read"),
        {"Effect": "Deny", "NotAction": ["iam:*", "sts:*"], "Resource": "*"},
        {"Effect": "Maybe"},
        {"Effect": "Perhaps"},
    )
    tree = outline(policies=(policy("p", document=text),))
    found = rows(tree, "Policies", "p")
    assert found[:2] == [("Read", "", "s3:GetObject"), ("statement 2", "Deny", "not iam:* +1")]
    assert [title for title, _, _ in found[2:]] == ["not valid", "not valid"]
    keys = [item.key for item in items(tree, "Policies", "p")]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("given", "summary"),
    [
        (statement("a:B"), "a:B"),
        (statement(["a:B", "a:C", "a:D"]), "a:B +2"),
        ({"Effect": "Allow", "NotAction": "a:B", "Resource": "*"}, "not a:B"),
    ],
)
def test_statement_summaries(given: dict[str, Any], summary: str) -> None:
    assert statement_summary(parse_document(document(given)).statements[0]) == summary


def test_orphans() -> None:
    linked = role("linked", path="/aws-service-role/x/")
    tree = outline(
        roles=(role(), role("idle"), linked),
        policies=(
            policy("free"),
            policy("held"),
            policy("aws", arn="arn:aws:iam::aws:policy/aws"),
        ),
        task_definitions=(definition(taskRoleArn="web-task", executionRoleArn="gone"),),
        groups=(
            Group(group_name="g", arn=arn("iam", "group/g"), attached_managed_policies=attached("held")),
        ),
    )
    assert titles(tree, "Orphans") == [
        "referred to but missing",
        "roles used by nothing",
        "policies attached to nothing",
        "task definitions used by nothing",
    ]
    assert titles(tree, "Orphans", "referred to but missing") == ["gone"]
    assert titles(tree, "Orphans", "roles used by nothing") == ["idle"]
    assert titles(tree, "Orphans", "policies attached to nothing") == ["free"]
    assert titles(tree, "Orphans", "task definitions used by nothing") == ["web:3"]


@pytest.mark.parametrize("unread", ["services", "schedules", "tasks", "state_machines"])
def test_what_was_not_read_may_use_a_role(unread: str) -> None:
    tree = outline(roles=(role(),), gaps=(gap(unread),))
    assert titles(tree, "Orphans") == ["roles used by nothing that was read"]


@pytest.mark.parametrize("count", [MIXED_LIMIT, MIXED_LIMIT + 1])
def test_a_long_group_of_several_kinds_shows_the_kinds_first(count: int) -> None:
    secrets = tuple(
        SecretResource(arn=arn("secretsmanager", f"secret:s{number}-AbCdEf"), name=f"s{number}")
        for number in range(count - 1)
    )
    tree = outline(
        secrets=secrets,
        task_definitions=(
            definition(containerDefinitions=container(secrets=[{"name": "P", "valueFrom": "p"}])),
        ),
    )
    found = [(item.title, item.count) for item in items(tree, "Secrets")]
    if count > MIXED_LIMIT:
        assert found == [("secrets", count - 1), ("parameters", 1)]
    else:
        assert len(found) == count
    assert _reach(tree, arn("ssm", "parameter/p")) is not None


def test_every_kind_has_its_place() -> None:
    """Each kind is in a group, or stands below a cluster, a service or a holder."""
    below = {
        NodeKind.CLUSTER,
        NodeKind.SERVICE,
        NodeKind.EXPRESS_SERVICE,
        NodeKind.TASK_SET,
        NodeKind.TASK,
        NodeKind.INLINE_POLICY,
    }
    grouped = [kind for _, kinds in GROUPS.values() for kind in kinds]
    assert len(grouped) == len(set(grouped))
    assert set(grouped) == set(NodeKind) - below


def _reach(tree: Outline, node_id: str) -> Item | None:
    """Follow `path_to` through `children`, as the screen does when it goes to a node."""
    found: Item | None = None
    below = tree.roots()
    for key in tree.path_to(node_id):
        found = next((item for item in below if item.key == key), None)
        if found is None:
            return None
        assert found.node is not None or found.opens
        below = tree.children(found)
    return found


def test_every_node_of_the_demo_account_can_be_gone_to(demo: Outline) -> None:
    lost = []
    for node in demo.estate.nodes():
        item = _reach(demo, node.id)
        if item is None or item.node is None or item.node.id != node.id:
            lost.append((node.kind.value, node.id))
    assert lost == []


def test_keys_are_unique_among_siblings(everything: list[Item]) -> None:
    keys = [item.key for item in everything]
    assert len(set(keys)) == len(keys) > 1000


def test_a_key_leads_from_parent_to_child(demo: Outline, everything: list[Item]) -> None:
    known = {item.key for item in everything}
    roots = {item.key for item in demo.roots()}
    for item in everything:
        assert (item.key in roots) == (item.depth == 0)
        assert item.depth == 0 or item.parent_key in known


def test_what_says_that_it_opens_opens_and_nothing_else_does(demo: Outline, everything: list[Item]) -> None:
    for item in everything:
        if item.depth < DEEPEST:
            assert bool(demo.children(item)) == item.opens, (item.key, item.title)


def test_counts_are_those_of_the_children(demo: Outline, everything: list[Item]) -> None:
    for item in everything:
        if item.count is not None and item.group.split(":")[0] in ("kind", "orphans", "tasks", "hosts"):
            children = demo.children(item)
            total = sum(child.count or 0 for child in children) if item.group == "orphans" else len(children)
            assert total == item.count, item.key


def test_keys_outlive_the_snapshot(demo_snapshot: Snapshot, everything: list[Item]) -> None:
    again = Outline(build(demo_snapshot), demo_snapshot)
    assert [item.key for root in again.roots() for item in walk(again, root)] == [
        item.key for item in everything
    ]


def test_a_search_result_says_its_kind_and_cluster(demo: Outline) -> None:
    node = next(demo.estate.nodes(NodeKind.SERVICE))
    owner = next(demo.estate.used_by(node.id, EdgeKind.CONTAINS)).node
    entry = demo.entry(node)
    assert entry.part == f"service in {owner.title}"
    assert entry.depth == 0
    assert demo.children(entry)


def test_ids_with_the_separator_in_them_cannot_break_a_key() -> None:
    group = f"/ecs{SEPARATOR}web"
    logging = {"logDriver": "awslogs", "options": {"awslogs-group": group}}
    odd = f"{SERVICE}{SEPARATOR}x"
    tree = outline(
        clusters=(cluster(),),
        services=(
            convert(
                type(service()),
                serviceArn=odd,
                serviceName="web",
                clusterArn=CLUSTER,
                taskDefinition=DEFINITION,
            ),
        ),
        task_definitions=(definition(containerDefinitions=container(logConfiguration=logging)),),
        tasks=(task(group="service:web"),),
    )
    for node in tree.estate.nodes():
        item = _reach(tree, node.id)
        assert item is not None
        assert item.node == node
