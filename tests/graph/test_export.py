"""The graph as other tools read it."""

import html
import io
import json
import re
from itertools import pairwise

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.text import visible
from ecsiam_tui.graph import EdgeKind, Estate, Node, NodeKind, NodeState, build
from ecsiam_tui.graph.export import FORMATS, plain, to_dot, to_graphml, to_json, to_mermaid
from ecsiam_tui.graph.kinds import relation, words
from tests.graph.builders import DEFINITION, ROLE, SERVICE, cluster, definition, estate, role, service

HOSTILE = (
    'say "hi"',
    "back\\slash",
    'both \\" of them',
    "ends in \\",
    "[/x] [red]x[/red]",
    "two\nlines\r\n\tand a tab",
    "\x1b]0;owned\x07\x00",
    "\u202eevil\u200b",
    "a --> b; subgraph end",
    '"]; click n0 "javascript:alert(1)"',
    "#quot; &amp; <b>|x|</b> ]]> <!--",
    "%%{init: {}}%%",
    "Zoë 東京 🐙",
    "\ufffe\uffff",
    "",
)


@pytest.fixture(scope="module")
def graph(demo_snapshot: Snapshot) -> Estate:
    """The demo account's graph."""
    return build(demo_snapshot)


def hostile(*titles: str) -> Estate:
    """A chain of nodes with these titles, also in their ids and as what makes their edges."""
    made = Estate()
    titles = titles or HOSTILE
    names = [f"{number}:{title}" for number, title in enumerate(titles)]
    for name, title in zip(names, titles, strict=True):
        made.add(Node(name, NodeKind.ROLE, title, NodeState.MISSING, region=title, account=title))
    for user, used in pairwise(names):
        made.connect(user, used, EdgeKind.PASSES, user)
    return made


def edges_of(graph: "nx.MultiDiGraph[str]") -> set[tuple[str, str, str, str]]:
    return {(user, used, data["kind"], data["via"]) for user, used, data in graph.edges(data=True)}


# JSON


def test_networkx_reads_the_json_back(graph: Estate) -> None:
    read = nx.node_link_graph(json.loads(to_json(graph)), edges="edges")
    assert isinstance(read, nx.MultiDiGraph)
    assert dict(read.nodes(data=True)) == dict(plain(graph).nodes(data=True))
    assert edges_of(read) == edges_of(plain(graph))
    assert set(read.edges(keys=True)) == {(user, used, str(kind)) for user, used, kind in graph.nx.edges}


def test_the_json_tells_what_each_node_and_edge_is() -> None:
    made = estate(
        clusters=(cluster(),),
        services=(service(taskDefinition=DEFINITION),),
        task_definitions=(definition(taskRoleArn=ROLE),),
        roles=(role(),),
    )
    data = json.loads(to_json(made))
    assert (data["directed"], data["multigraph"]) == (True, True)
    assert {"id", "kind", "title", "state", "region", "account"} == set(data["nodes"][0])
    nodes = {node["id"]: node for node in data["nodes"]}
    assert nodes[SERVICE] == {
        "id": SERVICE,
        "kind": "service",
        "title": "web",
        "state": "present",
        "region": "eu-west-1",
        "account": "111122223333",
    }
    (runs,) = (edge for edge in data["edges"] if edge["source"] == SERVICE)
    assert runs == {
        "source": SERVICE,
        "target": DEFINITION,
        "key": "runs",
        "kind": "runs",
        "via": "taskDefinition",
    }


def test_hostile_titles_come_back_from_json() -> None:
    read = nx.node_link_graph(json.loads(to_json(hostile())), edges="edges")
    assert [data["title"] for _, data in read.nodes(data=True)] == list(HOSTILE)
    assert edges_of(read) == edges_of(plain(hostile()))


# GraphML


def test_networkx_reads_the_graphml_back(graph: Estate) -> None:
    read = nx.read_graphml(io.BytesIO(to_graphml(graph).encode()), force_multigraph=True)
    assert read.is_directed()
    assert dict(read.nodes(data=True)) == dict(plain(graph).nodes(data=True))
    assert edges_of(read) == edges_of(plain(graph))


def test_hostile_titles_are_no_trouble_in_graphml() -> None:
    read = nx.read_graphml(io.BytesIO(to_graphml(hostile()).encode()), force_multigraph=True)
    titles = [data["title"] for _, data in read.nodes(data=True)]
    assert len(titles) == len(HOSTILE)
    assert read.number_of_edges() == len(HOSTILE) - 1
    for title, came in zip(HOSTILE, titles, strict=True):
        assert came == re.sub(
            r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]",
            lambda found: f"\\x{ord(found[0]):02x}" if found[0] < " " else f"\\u{ord(found[0]):04x}",
            title,
        )


def test_nodes_that_differ_in_what_xml_cannot_hold_stay_apart() -> None:
    made = Estate()
    for name in ("a", "a\x1b", "a\x00", "a\ufffe", "\x07a"):
        made.add(Node(name, NodeKind.ROLE, name))
    made.connect("a", "a\x1b", EdgeKind.ASSUMES)
    read = nx.read_graphml(io.BytesIO(to_graphml(made).encode()), force_multigraph=True)
    assert len(read) == 5
    assert nx.number_of_selfloops(read) == 0


# DOT

QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


def unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])


def test_dot_has_a_line_a_node_and_a_line_an_edge(graph: Estate) -> None:
    lines = to_dot(graph).splitlines()
    assert lines[0] == "digraph estate {"
    assert lines[-1] == "}"
    assert sum("->" in QUOTED.sub("", line) for line in lines) == graph.nx.number_of_edges()
    assert sum(line.startswith('  "') for line in lines) == len(graph) + graph.nx.number_of_edges()


def test_dot_dashes_what_is_not_there() -> None:
    made = estate(task_definitions=(definition(taskRoleArn="gone"),))
    (missing,) = (line for line in to_dot(made).splitlines() if "[label" in line and "role gone" in line)
    assert 'label="role gone (missing)", style=dashed' in missing
    (present,) = (line for line in to_dot(made).splitlines() if 'label="task definition web:3"' in line)
    assert "dashed" not in present


def test_dot_quotes_hostile_titles() -> None:
    nodes = [line for line in to_dot(hostile()).splitlines() if "style=dashed" in line]
    assert len(nodes) == len(HOSTILE)
    for number, (title, line) in enumerate(zip(HOSTILE, nodes, strict=True)):
        name, label = QUOTED.findall(line)
        assert unquoted(name) == visible(f"{number}:{title}")
        assert unquoted(label) == visible(f"role {title} (missing)")
        assert QUOTED.sub("_", line) == "  _ [label=_, style=dashed];"


# Mermaid

MERMAID_NODE = re.compile(r'  n\d+\["[\w\s./:@#;-]*"\]')
MERMAID_EDGE = re.compile(r"  n\d+ -->\|[A-Za-z ]+\| n\d+")


def test_mermaid_has_a_line_a_node_and_a_line_an_edge(graph: Estate) -> None:
    head, *lines = to_mermaid(graph).splitlines()
    assert head == "flowchart LR"
    assert sum(bool(MERMAID_NODE.fullmatch(line)) for line in lines) == len(graph)
    assert sum(bool(MERMAID_EDGE.fullmatch(line)) for line in lines) == graph.nx.number_of_edges()
    assert len(lines) == len(graph) + graph.nx.number_of_edges()


def test_mermaid_says_what_the_graph_says() -> None:
    made = estate(task_definitions=(definition(taskRoleArn=ROLE),), roles=(role(),))
    lines = to_mermaid(made).splitlines()
    number = {name: re.search(rf'(n\d+)\["{name}"\]', "\n".join(lines)) for name in ("role web-task",)}
    to = number["role web-task"]
    assert to is not None
    (edge,) = (line for line in lines if "task role" in line)
    assert edge.endswith(f"-->|task role| {to[1]}")


def test_mermaid_spells_hostile_titles_as_entities() -> None:
    text = to_mermaid(hostile())
    nodes = [line for line in text.splitlines() if "[" in line]
    assert len(nodes) == len(HOSTILE)
    for title, line in zip(HOSTILE, nodes, strict=True):
        assert MERMAID_NODE.fullmatch(line), line
        label = re.sub(
            r"#(\d+);", lambda found: chr(int(found[1])), line.partition('"')[2].removesuffix('"]')
        )
        assert label == f"role {title} (missing)"
    assert len(text.splitlines()) == 2 * len(HOSTILE)


# All of them


@pytest.mark.parametrize("name", FORMATS)
def test_no_format_writes_what_a_terminal_would_obey(name: str) -> None:
    written = FORMATS[name](hostile())
    assert visible(written, one_line=False) == written
    assert "東京" in html.unescape(re.sub(r"#(\d+);", r"&#\1;", written))


@pytest.mark.parametrize("name", FORMATS)
def test_an_empty_graph_is_written(name: str) -> None:
    assert FORMATS[name](Estate())


@pytest.mark.parametrize("name", FORMATS)
def test_a_graph_is_written_the_same_each_time(name: str, graph: Estate) -> None:
    assert FORMATS[name](graph) == FORMATS[name](graph)


def test_relations_and_words_need_no_quoting() -> None:
    for kind in EdgeKind:
        assert re.fullmatch(r"[a-z ]+", relation(kind))
    for node_kind in NodeKind:
        assert re.fullmatch(r"[A-Za-z0-9 ]+", words(node_kind).word)


# Any title

TITLES = st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"])), min_size=1, max_size=4)
DOT_LINE = re.compile(r"  _(?: -> _)? \[label=_(?:, style=dashed)?\];")


@given(TITLES)
def test_any_title_comes_back_from_json_and_is_well_formed_elsewhere(titles: list[str]) -> None:
    made = hostile(*titles)
    read = nx.node_link_graph(json.loads(to_json(made)), edges="edges")
    assert [data["title"] for _, data in read.nodes(data=True)] == titles
    assert len(nx.read_graphml(io.BytesIO(to_graphml(made).encode()))) == len(titles)
    for line in to_dot(made).removesuffix("}\n").split("\n")[3:-1]:
        assert DOT_LINE.fullmatch(QUOTED.sub("_", line)), line
    for line in to_mermaid(made).removesuffix("\n").split("\n")[1:]:
        assert MERMAID_NODE.fullmatch(line) or MERMAID_EDGE.fullmatch(line), line
