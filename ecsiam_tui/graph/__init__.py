"""The estate as a networkx graph: what uses what, from clusters down to the policies and resources.

`kinds` names the kinds of nodes and edges; `estate` is the graph and its queries; `build` makes it from a
snapshot; `outline` is the tree that people walk; `search` finds nodes; `describe` says what a node is;
`export` writes it for other tools.
"""

from ecsiam_tui.graph.build import build
from ecsiam_tui.graph.estate import Estate, Node, NodeState
from ecsiam_tui.graph.kinds import EdgeKind, NodeKind

__all__ = ["EdgeKind", "Estate", "Node", "NodeKind", "NodeState", "build"]
