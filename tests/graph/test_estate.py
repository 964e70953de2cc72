"""The questions that are asked of the graph."""

import time
from itertools import pairwise

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecsiam_tui.account.compute import Activation, ContainerInstance, Instance, ManagedNode
from ecsiam_tui.account.ecs import ExpressGatewayService
from ecsiam_tui.account.launchers import DeploymentGroup, ScalableTarget
from ecsiam_tui.account.resources import Bucket
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.graph import EdgeKind, Estate, Node, NodeKind, build
from tests.graph.builders import (
    CLUSTER,
    DEFINITION,
    REGION,
    ROLE,
    SERVICE,
    arn,
    cluster,
    definition,
    estate,
    ids,
    role,
    service,
    statement,
    task,
    trust,
)

POLICY = f"{ROLE}#own"
HOST = arn("ecs", "container-instance/prod/c1")


def web() -> Estate:
    """A cluster with a service, its task definition, role and policy; and a role beside them."""
    return estate(
        clusters=(cluster(),),
        services=(service(taskDefinition=DEFINITION),),
        task_definitions=(definition(taskRoleArn="web-task"),),
        roles=(role("web-task", statement("ecs:*", CLUSTER)), role("idle")),
    )


def bare(*edges: tuple[str, str]) -> Estate:
    """A graph of roles, joined as given."""
    graph = Estate()
    for node_id in dict.fromkeys(end for edge in edges for end in edge):
        graph.add(Node(node_id, NodeKind.ROLE, node_id))
    for user, used in edges:
        graph.connect(user, used, EdgeKind.ASSUMES)
    return graph


def test_neighbours_by_kind() -> None:
    graph = web()
    assert {kind: ids(nodes) for kind, nodes in graph.neighbours(DEFINITION).items()} == {
        NodeKind.SERVICE: {SERVICE},
        NodeKind.ROLE: {ROLE},
    }
    assert graph.neighbours(arn("iam", "role/idle")) == {}


def test_upstream_and_downstream() -> None:
    graph = web()
    assert ids(graph.upstream(ROLE)) == {DEFINITION, SERVICE, CLUSTER, POLICY}  # its policy names its cluster
    assert ids(graph.downstream(SERVICE)) == {DEFINITION, ROLE, POLICY, CLUSTER}
    assert graph.upstream(arn("iam", "role/idle")) == ()


def test_inside_a_cluster_is_not_what_its_roles_may_reach() -> None:
    other = cluster("dev")
    graph = estate(
        clusters=(cluster(), other),
        services=(service(taskDefinition=DEFINITION), service("api", in_cluster="dev")),
        task_definitions=(definition(taskRoleArn="web-task"),),
        roles=(
            role(
                "web-task",
                statement("ecs:*", other.cluster_arn),
                statement("iam:PassRole", arn("iam", "role/passed")),
            ),
            role("passed"),
            role("assumed", assume_role_policy_document=trust({"AWS": ROLE})),
        ),
    )
    assert graph.inside(CLUSTER) == {CLUSTER, SERVICE, DEFINITION, ROLE, POLICY}
    assert other.cluster_arn in ids(graph.downstream(CLUSTER))


def test_a_path_tells_its_links() -> None:
    (path,) = web().paths(SERVICE, POLICY)
    assert [(link.kind.value, link.node.id, link.via) for link in path] == [
        ("runs", DEFINITION, "taskDefinition"),
        ("uses-task-role", ROLE, "taskRoleArn"),
        ("inline", POLICY, ""),
    ]


def test_no_paths() -> None:
    graph = web()
    assert graph.paths(SERVICE, SERVICE) == ()
    assert graph.paths(SERVICE, "nowhere") == ()
    assert graph.paths("nowhere", SERVICE) == ()
    assert graph.paths(SERVICE, arn("iam", "role/idle")) == ()
    assert graph.paths(SERVICE, POLICY, longest=2) == ()


def test_the_shortest_paths_come_first_however_many_there_are() -> None:
    detours = [edge for number in range(1200) for edge in (("a", f"x{number}"), (f"x{number}", "z"))]
    graph = bare(*detours, ("a", "z"))
    paths = graph.paths("a", "z", most=5)
    assert [len(path) for path in paths] == [1, 2, 2, 2, 2]


def test_one_path_a_kind_of_edge() -> None:
    graph = bare(("a", "b"))
    graph.connect("a", "b", EdgeKind.PASSES)
    assert {path[0].kind for path in graph.paths("a", "b")} == {EdgeKind.ASSUMES, EdgeKind.PASSES}


def test_looking_for_a_path_that_is_not_there_is_quick() -> None:
    """Every node of eight layers leads to every node of the next: ten million ways to nowhere."""
    layers = [[f"{layer}.{number}" for number in range(10)] for layer in range(8)]
    edges = [(user, used) for one, two in pairwise(layers) for user in one for used in two]
    graph = bare(*edges, ("end", "alone"))
    began = time.perf_counter()
    assert graph.paths("0.0", "alone") == ()
    assert len(graph.paths("0.0", "7.9", most=3)) == 3
    assert time.perf_counter() - began < 20  # ten million ways take minutes


edges_of_small_graphs = st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=22)


@given(edges_of_small_graphs, st.integers(1, 8))
def test_paths_are_all_simple_paths(pairs: set[tuple[int, int]], longest: int) -> None:
    graph = bare(*((str(user), str(used)) for user, used in sorted(pairs)))
    start, end = (str(node) for node in min(pairs))
    if start == end:
        return
    found = [
        tuple(link.node.id for link in path) for path in graph.paths(start, end, most=10**6, longest=longest)
    ]
    expected = {tuple(path[1:]) for path in nx.all_simple_paths(graph.nx, start, end, cutoff=longest)}
    assert set(found) == expected
    assert len(found) == len(expected)
    assert [len(path) for path in found] == sorted(len(path) for path in found)


def test_whose_role_a_role_is() -> None:
    graph = web()
    assert [(link.kind.value, link.node.id) for link in graph.role_users(ROLE)] == [
        ("uses-task-role", DEFINITION)
    ]
    assert graph.role_users(arn("iam", "role/idle")) == ()


def test_trust_and_passing_are_no_use_of_a_role() -> None:
    graph = estate(
        roles=(
            role(assume_role_policy_document=trust({"AWS": arn("iam", "role/ci")})),
            role("ci", statement("iam:PassRole", ROLE)),
        )
    )
    assert len(list(graph.used_by(ROLE))) == 3  # assumed, passed, named
    assert graph.role_users(ROLE) == ()


def test_services_of_a_role() -> None:
    graph = estate(
        services=(
            service(taskDefinition=DEFINITION),
            service("api", taskDefinition=DEFINITION, roleArn=ROLE),
            service("direct", roleArn=ROLE),
            service("other", taskDefinition="other:1"),
        ),
        task_definitions=(definition(taskRoleArn=ROLE, executionRoleArn=ROLE), definition("other:1")),
        roles=(role(),),
    )
    assert sorted(node.title for node in graph.services_of(ROLE)) == ["api", "direct", "web"]


def test_services_of_a_role_through_their_task_sets() -> None:
    """Where CodeDeploy or something else deploys, the task sets name the task definitions."""
    sets = [{"taskSetArn": arn("ecs", "task-set/prod/web/ecs-svc-1"), "taskDefinition": DEFINITION}]
    graph = estate(
        services=(service(taskSets=sets), service("other")),
        task_definitions=(definition(taskRoleArn=ROLE),),
        roles=(role(),),
    )
    assert ids(graph.services_of(ROLE)) == {SERVICE}


@pytest.mark.parametrize(
    ("field", "record"),
    [
        ("express_services", ExpressGatewayService(service_arn=SERVICE, service_name="web")),
        (
            "deployment_groups",
            DeploymentGroup(application_name="a", deployment_group_name="g", region=REGION),
        ),
        ("scalable_targets", ScalableTarget(resource_id="service/prod/web", region=REGION)),
        ("activations", Activation(activation_id="a1", region=REGION)),
        ("managed_nodes", ManagedNode(instance_id="mi-1", region=REGION)),
        ("instances", Instance(instance_id="i-1", region=REGION)),
        ("buckets", Bucket(name="b", arn="arn:aws:s3:::b", region=REGION)),
    ],
)
def test_what_has_no_region_in_its_id_has_that_of_its_record(field: str, record: object) -> None:
    (node,) = (node for node in estate(**{field: (record,)}).nodes() if node.record is record)
    assert node.region == REGION


def _two_on_one_host(**second: object) -> Estate:
    """web and batch on one container instance, cron on another."""
    hosts = tuple(
        ContainerInstance(
            container_instance_arn=arn("ecs", f"container-instance/prod/{name}"), cluster_arn=CLUSTER
        )
        for name in ("c1", "c2")
    )
    names = ("web", "batch", "cron")
    graph = estate(
        clusters=(cluster(),),
        services=(service(taskDefinition="web:1"),),
        task_definitions=tuple(
            definition(f"{name}:1", taskRoleArn=f"{name}-task", executionRoleArn="exec") for name in names
        ),
        container_instances=hosts,
        tasks=tuple(
            task(
                name,
                group="service:web" if name == "web" else None,
                taskDefinitionArn=arn("ecs", f"task-definition/{name}:1"),
                containerInstanceArn=hosts[name == "cron"].container_instance_arn,
                **(second if name == "batch" else {}),
            )
            for name in names
        ),
        roles=(*(role(f"{name}-task") for name in names), role("exec"), role("special"), role("instance")),
    )
    graph.connect(HOST, arn("iam", "role/instance"), EdgeKind.USES_INSTANCE_ROLE)
    return graph


def _neighbours(graph: Estate, node_id: str) -> set[str]:
    return {node.title for node in graph.blast(node_id).neighbours}


def test_tasks_on_one_instance_can_have_each_others_credentials() -> None:
    graph = _two_on_one_host()
    for node_id in (arn("ecs", "task/prod/web"), SERVICE):
        assert _neighbours(graph, node_id) == {"batch-task"}
        assert arn("iam", "role/instance") in ids(graph.blast(node_id).reached)
    assert _neighbours(graph, arn("ecs", "task-definition/web:1")) == {"batch-task", "instance"}
    assert _neighbours(graph, arn("ecs", "task/prod/cron")) == set()


def test_the_host_itself_has_them_all() -> None:
    assert _neighbours(_two_on_one_host(), HOST) == {"web-task", "batch-task", "exec"}


def test_a_task_that_overrides_its_role_holds_the_other_one() -> None:
    graph = _two_on_one_host(overrides={"taskRoleArn": "special"})
    assert _neighbours(graph, SERVICE) >= {"special"}
    assert "batch-task" not in _neighbours(graph, SERVICE)


def test_a_stopped_task_holds_nothing_any_more() -> None:
    assert "batch-task" not in _neighbours(_two_on_one_host(lastStatus="STOPPED"), SERVICE)


def test_blast_of_a_role() -> None:
    blast = web().blast(ROLE)
    assert ids(blast.users) >= {DEFINITION, SERVICE}
    assert ids(blast.reached) >= {POLICY, CLUSTER}
    assert blast.neighbours == ()


def test_counts_and_membership() -> None:
    graph = web()
    assert len(graph) == sum(graph.count(kind) for kind in NodeKind) == 6
    assert ROLE in graph
    assert "nowhere" not in graph
    assert graph.get("nowhere") is None
    assert graph.count(NodeKind.BUCKET) == 0


def test_the_same_edge_twice_is_one() -> None:
    graph = bare(("a", "b"), ("a", "b"))
    assert graph.nx.number_of_edges() == 1


def test_building_is_a_pure_function(demo_snapshot: Snapshot) -> None:
    one, two = build(demo_snapshot), build(demo_snapshot)
    assert list(one.nodes()) == list(two.nodes())
    assert list(one.nx.edges(keys=True, data=True)) == list(two.nx.edges(keys=True, data=True))


def test_every_edge_of_the_demo_account_is_found_from_both_ends(demo_snapshot: Snapshot) -> None:
    graph = build(demo_snapshot)
    forwards = {(node.id, link.kind, link.node.id) for node in graph.nodes() for link in graph.uses(node.id)}
    back = {(link.node.id, link.kind, node.id) for node in graph.nodes() for link in graph.used_by(node.id)}
    assert forwards == back
    assert {kind for _, kind, _ in forwards} >= set(EdgeKind) - {EdgeKind.USES_FUNCTION_ROLE}
