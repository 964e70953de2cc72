"""Finding nodes by a few words."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.graph import Estate, Node, NodeKind, build
from ecsiam_tui.graph.search import Query, parse_query, search
from tests.graph.builders import (
    DEFINITION,
    ROLE,
    arn,
    cluster,
    definition,
    estate,
    role,
    service,
    statement,
)


def named(*titles: str) -> Estate:
    graph = Estate()
    for number, title in enumerate(titles):
        graph.add(Node(f"id{number}", NodeKind.ROLE, title))
    return graph


def found(graph: Estate, text: str) -> list[str]:
    return [hit.node.title for hit in search(graph, text)]


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("", Query((), ())),
        ("  ", Query((), ())),
        ("Web API", Query(("web", "api"), ())),
        ("kind:Role chk", Query(("chk",), (("kind", "role"),))),
        ("tag:Team=Pay", Query((), (("tag", "team=pay"),))),
        ("kind:", Query((), ())),
        (ROLE, Query((ROLE,), ())),
        ("note:x", Query(("note:x",), ())),
        ("state:missing region:eu", Query((), (("state", "missing"), ("region", "eu")))),
    ],
)
def test_queries(text: str, query: Query) -> None:
    assert parse_query(text) == query
    assert query.is_empty == (not text.strip() or text == "kind:")


def test_the_better_a_title_fits_the_earlier_it_stands() -> None:
    graph = named("wxexb", "a-web", "cobweb", "web", "webs", "w-e-b", "bew")
    assert found(graph, "web") == ["web", "webs", "a-web", "cobweb", "w-e-b", "wxexb"]
    assert [hit.score for hit in search(graph, "web")] == [0, 1, 2, 3, 10, 10]


def test_a_shorter_title_wins_a_draw() -> None:
    assert found(named("web-service-b", "web-a", "web-service-a"), "web") == [
        "web-a",
        "web-service-a",
        "web-service-b",
    ]


def test_all_words_must_fit_in_any_order() -> None:
    graph = named("checkout-api", "checkout-worker", "api")
    assert found(graph, "api checkout") == ["checkout-api"]
    assert found(graph, "api nothing") == []


def test_letters_in_order_are_enough_and_one_letter_is_not_fuzzy() -> None:
    assert found(named("checkout-task"), "chtsk") == ["checkout-task"]
    assert found(named("checkout-task"), "kshc") == []
    assert found(named("abc"), "z") == []


def test_an_arn_finds_its_node_alone() -> None:
    graph = estate(roles=(role(), role("web-task-2")))
    assert found(graph, f"{ROLE}")[0] == "web-task"
    assert found(graph, f"{ROLE}-2") == ["web-task-2"]


def test_at_most_so_many() -> None:
    assert len(search(named(*("web" for _ in range(20))), "web", most=7)) == 7


def test_letters_are_looked_for_in_linear_time() -> None:
    graph = named(*("a" * 2000 for _ in range(200)))
    began = time.perf_counter()
    assert search(graph, "a" * 40 + "b") == []
    assert time.perf_counter() - began < 20  # what is not linear takes minutes


@given(st.text(alphabet="abc-", min_size=2, max_size=6), st.text(alphabet="abc-", max_size=12))
def test_fuzzy_is_a_subsequence(word: str, title: str) -> None:
    letters = iter(title)
    assert bool(search(named(title), word)) == all(letter in letters for letter in word)


@given(st.text())
def test_any_text_can_be_searched_for(text: str) -> None:
    search(named("web", ""), text)


def web() -> Estate:
    return estate(
        clusters=(cluster("prod", tags={"Team": "Payments"}), cluster("dev")),
        services=(
            service(taskDefinition=DEFINITION, tags={"team": "web"}),
            service("api", in_cluster="dev", taskDefinition="gone:1"),
        ),
        task_definitions=(definition(taskRoleArn="web-task", executionRoleArn="exec"),),
        roles=(role("web-task", statement("ecs:*", arn("ecs", "cluster/dev"))),),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kind:service", {"web", "api"}),
        ("kind:services", {"web", "api"}),
        ("kind:task-definition", {"web:3", "gone:1"}),
        ("kind:task-d", {"web:3", "gone:1"}),
        ("kind:nosuch", set()),
        ("kind:role state:missing", {"exec"}),
        ("kind:task-definition state:unknown", {"gone:1"}),
        ("name:WEB kind:service", {"web"}),
        ("region:eu kind:cluster", {"prod", "dev"}),
        ("region:us", set()),
        # Its role's policy names the other cluster, which is no reason to be in this one.
        ("cluster:prod", {"prod", "web", "web:3", "web-task", "exec", "own"}),
        ("cluster:prod kind:service", {"web"}),
        ("cluster:nosuch", set()),
        ("tag:team", {"prod", "web"}),
        ("tag:TEAM=pay", {"prod"}),
        ("tag:team=ay", set()),
        ("tag:other", set()),
    ],
)
def test_fields(text: str, expected: set[str]) -> None:
    assert {title for title in found(web(), text) if title != "nginx"} == expected


def test_every_node_of_the_demo_account_is_found_by_its_id(demo_snapshot: Snapshot) -> None:
    graph = build(demo_snapshot)
    for node in graph.nodes():
        if not any(char.isspace() for char in node.id):
            assert node in [hit.node for hit in search(graph, node.id)], node.id
