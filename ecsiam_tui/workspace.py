"""The snapshot that a person works on, and the answers that are derived from it."""

from functools import cached_property

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.source import EnvironmentValues
from ecsiam_tui.graph import Estate, build
from ecsiam_tui.graph.outline import Outline


class Workspace:
    """A snapshot with its graph and its tree, each made once and when first asked for.

    Making them is pure and may take a while for a large account: do it off the event loop.
    """

    def __init__(self, snapshot: Snapshot, environment: EnvironmentValues | None = None) -> None:
        self.snapshot = snapshot
        self.environment: EnvironmentValues = environment or {}

    @cached_property
    def estate(self) -> Estate:
        """The graph."""
        return build(self.snapshot)

    @cached_property
    def outline(self) -> Outline:
        """The tree."""
        return Outline(self.estate, self.snapshot)

    def prepare(self) -> "Workspace":
        """Make what the first screen needs, and what takes long when somebody jumps; returns itself."""
        for root in self.outline.roots():
            for group in self.outline.children(root):
                if group.group:
                    self.outline.children(group)
        self.estate.names  # noqa: B018
        return self

    def release(self) -> None:
        """Let go of the graph; nothing may be asked of this workspace afterwards."""
        if "estate" in self.__dict__:
            self.estate.release()
        self.__dict__.clear()
