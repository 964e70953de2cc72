"""The graph for other tools: DOT, Mermaid, GraphML, and networkx's node-link JSON."""

import io
import re
from collections.abc import Callable

import msgspec
import networkx as nx

from ecsiam_tui.account.text import visible, visible_json, visible_xml, written_out
from ecsiam_tui.graph.estate import Estate, Node, NodeState
from ecsiam_tui.graph.kinds import EdgeKind, relation, words

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 cannot hold, not even as a reference (section 2.2, "Characters")."""


def plain(estate: Estate) -> "nx.MultiDiGraph[str]":
    """The graph with plain attributes: texts alone, and no records."""
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    for node in estate.nodes():
        graph.add_node(
            node.id,
            kind=node.kind.value,
            title=node.title,
            state=node.state.value,
            region=node.region,
            account=node.account,
        )
    for user, used, kind, data in estate.nx.edges(keys=True, data=True):
        graph.add_edge(user, used, key=str(kind), kind=str(kind), via=data["via"])
    return graph


def to_json(estate: Estate) -> str:
    """Node-link data as `networkx.node_link_graph(data, edges="edges")` reads it."""
    data = nx.node_link_data(plain(estate), edges="edges")
    return visible_json(msgspec.json.format(msgspec.json.encode(data), indent=1).decode())


def to_graphml(estate: Estate) -> str:
    """GraphML, for Gephi, yEd or Cytoscape. Characters that XML cannot hold are written out (`\\x1b`)."""
    graph = plain(estate)
    safe: nx.MultiDiGraph[str] = nx.relabel_nodes(graph, {node_id: _xml(node_id) for node_id in graph})
    for attributes in [
        *(data for _, data in safe.nodes(data=True)),
        *(data for _, _, data in safe.edges(data=True)),
    ]:
        attributes.update({key: _xml(str(value)) for key, value in attributes.items()})
    buffer = io.BytesIO()
    nx.write_graphml(safe, buffer)
    return visible_xml(buffer.getvalue().decode())


def to_dot(estate: Estate) -> str:
    """DOT, for Graphviz. What is missing or elsewhere is dashed."""
    lines = ["digraph estate {", "  rankdir=LR;", '  node [shape=box, fontname="Helvetica"];']
    for node in estate.nodes():
        style = "" if node.state == NodeState.PRESENT else ", style=dashed"
        lines.append(f"  {_quoted(node.id)} [label={_quoted(_label(node))}{style}];")
    lines += [
        f"  {_quoted(user)} -> {_quoted(used)} [label={_quoted(relation(EdgeKind(kind)))}];"
        for user, used, kind in estate.nx.edges(keys=True)
    ]
    return "\n".join([*lines, "}"]) + "\n"


def to_mermaid(estate: Estate) -> str:
    """Mermaid, for Markdown. Nodes are numbered in the order of the graph."""
    names = {node.id: f"n{number}" for number, node in enumerate(estate.nodes())}
    lines = ["flowchart LR"]
    lines += [f'  {names[node.id]}["{_mermaid(_label(node))}"]' for node in estate.nodes()]
    lines += [
        f"  {names[user]} -->|{relation(EdgeKind(kind))}| {names[used]}"
        for user, used, kind in estate.nx.edges(keys=True)
    ]
    return "\n".join(lines) + "\n"


FORMATS: dict[str, Callable[[Estate], str]] = {
    "json": to_json,
    "dot": to_dot,
    "mermaid": to_mermaid,
    "graphml": to_graphml,
}


def _label(node: Node) -> str:
    note = "" if node.state == NodeState.PRESENT else f" ({node.state})"
    return f"{words(node.kind).word} {node.title}{note}"


def _quoted(text: str) -> str:
    escaped = visible(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _mermaid(text: str) -> str:
    return "".join(char if char.isalnum() or char in " -_./:@" else f"#{ord(char)};" for char in text)


def _xml(text: str) -> str:
    return _NOT_XML.sub(lambda match: written_out(match[0]), text)
