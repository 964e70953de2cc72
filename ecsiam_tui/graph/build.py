"""Snapshot → Estate. First all records become nodes, then each family makes its edges."""

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.graph import build_ecs, build_iam, build_launchers, build_resources
from ecsiam_tui.graph.builder import Builder
from ecsiam_tui.graph.estate import Estate

FAMILIES = (build_ecs, build_launchers, build_resources, build_iam)
"""`build_iam` comes last: policies may name whatever the others refer to."""


def build(snapshot: Snapshot) -> Estate:
    """The estate of a snapshot: a pure function of it."""
    builder = Builder(snapshot)
    for family in FAMILIES:
        family.add_nodes(builder)
    for family in FAMILIES:
        family.add_edges(builder)
    return builder.estate
