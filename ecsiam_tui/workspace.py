"""The snapshot that a person works on, and the answers that are derived from it."""

from functools import cached_property

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.source import EnvironmentValues
from ecsiam_tui.ecs.needs import Needs
from ecsiam_tui.ecs.requirement import Judged
from ecsiam_tui.ecs.surroundings import Surroundings
from ecsiam_tui.findings.facts import Facts, Options
from ecsiam_tui.findings.finding import Finding
from ecsiam_tui.findings.registry import find
from ecsiam_tui.graph import Estate, build
from ecsiam_tui.graph.outline import Outline
from ecsiam_tui.policy.account import AccountPolicies


class Workspace:
    """A snapshot with its graph and its tree, each made once and when first asked for.

    Making them is pure and may take a while for a large account: do it off the event loop.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        environment: EnvironmentValues | None = None,
        options: Options | None = None,
    ) -> None:
        self.snapshot = snapshot
        self.environment: EnvironmentValues = environment or {}
        self.options = options or Options()

    @cached_property
    def estate(self) -> Estate:
        """The graph."""
        return build(self.snapshot)

    @cached_property
    def outline(self) -> Outline:
        """The tree."""
        return Outline(self.estate, self.snapshot)

    @cached_property
    def account(self) -> AccountPolicies:
        """The policies, for the engine."""
        return AccountPolicies(self.snapshot)

    @cached_property
    def needs(self) -> Needs:
        """What ECS asks of IAM here, and whether it gets it."""
        return Needs(self.account, Surroundings(self.snapshot))

    @property
    def requirements(self) -> tuple[Judged, ...]:
        """Every requirement, answered."""
        return self.needs.all

    @cached_property
    def facts(self) -> Facts:
        """What the rules look at."""
        return Facts(self.snapshot, self.estate, self.account, self.needs, self.options)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong, the worst first."""
        return find(self.facts)

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
