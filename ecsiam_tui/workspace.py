"""The snapshot that a person works on, and the answers that are derived from it."""

from datetime import date
from functools import cached_property
from typing import NamedTuple

from ecsiam_tui.account.collector import collector_paused
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.source import EnvironmentValues
from ecsiam_tui.changes.plan import Plan, after
from ecsiam_tui.ecs.needs import Needs
from ecsiam_tui.ecs.requirement import Judged
from ecsiam_tui.ecs.surroundings import Surroundings
from ecsiam_tui.findings.effect import (
    FindingChanges,
    PrincipalChange,
    RequirementChange,
    finding_changes,
    permission_changes,
    requirement_changes,
)
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Finding, Rule
from ecsiam_tui.findings.health import Health, HealthMap
from ecsiam_tui.findings.registry import find, table
from ecsiam_tui.findings.suppressions import Settings, Sorted, sort
from ecsiam_tui.graph import Estate, build
from ecsiam_tui.graph.groups import GROUPS
from ecsiam_tui.graph.kinds import NodeKind
from ecsiam_tui.graph.outline import TRUST, Item, Outline
from ecsiam_tui.policy.account import AccountPolicies


class Workspace:
    """A snapshot with its graph and its tree, each made once and when first asked for.

    Making them is pure and may take a while for a large account: do it off the event loop.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        environment: EnvironmentValues | None = None,
        settings: Settings | None = None,
        today: date | None = None,
    ) -> None:
        """`settings` are the organization's; suppressions expire by `today`, the day the snapshot was taken
        if not given."""
        self.snapshot = snapshot
        self.environment: EnvironmentValues = environment or {}
        self.settings = settings or Settings()
        self.today = today or snapshot.taken_at.date()

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
        with collector_paused():
            return self.needs.all

    @cached_property
    def facts(self) -> Facts:
        """What the rules look at."""
        return Facts(self.snapshot, self.estate, self.account, self.needs, self.settings.options)

    @cached_property
    def found(self) -> tuple[Finding, ...]:
        """All that is wrong, the worst first, suppressed or not."""
        with collector_paused():
            return find(self.facts)

    @cached_property
    def sorted(self) -> Sorted:
        """What was found, parted by the suppressions."""
        names = {finding.node: self.facts.title(finding.node) for finding in self.found}
        return sort(self.found, self.settings.suppressions, self.today, names)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong and not suppressed, the worst first."""
        return self.sorted.kept

    def rule(self, rule_id: str) -> Rule | None:
        """What a finding's rule looks for."""
        entry = table().get(rule_id)
        return entry[0] if entry else None

    def suppress(self, settings: Settings) -> None:
        """Take other suppressions; what was found stays."""
        self.settings = settings
        for name in ("sorted", "health", "_health_of_items"):
            self.__dict__.pop(name, None)

    @cached_property
    def health(self) -> HealthMap:
        """How well everything is."""
        return HealthMap(self.estate, self.findings)

    @property
    def is_judged(self) -> bool:
        """Whether the findings are there; they take longer than the graph."""
        return "health" in self.__dict__

    def judge(self) -> "Workspace":
        """Work out requirements, findings and health; returns itself. For a thread of its own."""
        self.health  # noqa: B018
        return self

    def health_of(self, item: Item) -> Health | None:
        """The health of a row of the tree; None while nothing is judged."""
        if not self.is_judged:
            return None
        known = self._health_of_items.get(item.key)
        if known is None:
            known = self._health_of_items[item.key] = self._judge_item(item)
        return known

    @cached_property
    def _health_of_items(self) -> dict[str, Health]:
        return {}

    def _judge_item(self, item: Item) -> Health:
        if item.node is not None:
            if item.statement is not None:
                return self.health.of_statement(item.node.id, item.statement.lines)
            if item.key.endswith(TRUST):
                statements = (child.statement for child in self.outline.children(item))
                return self.health.of_statements(
                    item.node.id, [statement.lines for statement in statements if statement]
                )
            return self.health.of(item.node.id)
        what, _, name = item.group.partition(":")
        if what in ("root", "kind"):
            kinds = GROUPS[name][1] if what == "root" else (NodeKind(name),)
            return self.health.of_all(node.id for kind in kinds for node in self.estate.nodes(kind))
        members = self.outline.children(item)
        return self.health.of_all(member.node.id for member in members if member.node)

    def planned(self, plan: Plan) -> "Workspace":
        """The account as a plan leaves it. Raises ChangeError where the plan does not fit."""
        return self.supposing(after(plan, self.snapshot))

    def supposing(self, snapshot: Snapshot) -> "Workspace":
        """Another snapshot of the account under the same settings; what a change leaves as it was is not
        parsed again."""
        found = Workspace(snapshot, self.environment, self.settings, self.today)
        found.account = AccountPolicies(snapshot, reuse=self.account)
        return found

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


class Effect(NamedTuple):
    """What the difference of two workspaces does: to access, to requirements, to findings."""

    access: tuple[PrincipalChange, ...]
    requirements: tuple[RequirementChange, ...]
    findings: FindingChanges

    @property
    def is_nothing(self) -> bool:
        """Whether nothing that is looked at differs."""
        found = self.findings
        return not (self.access or self.requirements or found.new or found.resolved or found.graded)


def effect(before: Workspace, after: Workspace) -> Effect:
    """What came of it. Judges both; for a thread of its own."""
    with collector_paused():
        return Effect(
            permission_changes(before.account, after.account),
            requirement_changes(before.requirements, after.requirements),
            finding_changes(before.findings, after.findings),
        )
