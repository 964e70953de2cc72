"""The command palette: every node of the estate can be jumped to by name."""

import asyncio
from typing import TYPE_CHECKING, cast

from rich.text import Text
from textual.command import Hit, Hits, Provider

from ecsiam_tui.account.text import visible
from ecsiam_tui.graph.kinds import words
from ecsiam_tui.graph.search import search

if TYPE_CHECKING:
    from ecsiam_tui.tui.app import EcsIamApp

MOST_HITS = 40


class NodeCommands(Provider):
    """Jump to a node."""

    async def search(self, query: str) -> Hits:
        """Nodes that fit what was typed, best first."""
        app = cast("EcsIamApp", self.app)
        workspace = app.workspace
        if workspace is None:
            return
        hits = await asyncio.to_thread(search, workspace.estate, query, MOST_HITS)
        for place, hit in enumerate(hits):
            node = hit.node
            text = Text(f"{words(node.kind).glyph} {visible(node.title)}")
            text.append(f"  {words(node.kind).word}", "dim")
            yield Hit(
                1 / (1 + hit.score + place / 1000),
                text,
                lambda node_id=node.id: app.explorer.jump(node_id),
                text=f"{node.title} {node.kind}",
                help=visible(node.id),
            )
