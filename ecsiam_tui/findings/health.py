"""Health: how many findings there are at a thing and, rolled up, at what it contains and runs with.

A finding is counted once at a node, however many ways lead to it. What a policy merely names, lets pass or
lets assume is not rolled up; a role is, to every service that runs with it.
"""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from ecsiam_tui.findings.finding import Finding, Severity
from ecsiam_tui.graph.estate import Estate
from ecsiam_tui.graph.kinds import PERMISSIONS


class Health(NamedTuple):
    """Counts of findings. `high` counts critical ones too; `unknown` those that rest on what was not read,
    whatever their severity."""

    high: int = 0
    medium: int = 0
    low: int = 0
    unknown: int = 0

    @property
    def has_faults(self) -> bool:
        """Whether something is at least medium, or might be."""
        return bool(self.high or self.medium or self.unknown)

    @property
    def marks(self) -> tuple[tuple[str, int], ...]:
        """Glyphs with counts, the worst first."""
        counted = (("✗", self.high), ("▲", self.medium), ("·", self.low), ("?", self.unknown))
        return tuple((glyph, count) for glyph, count in counted if count)


HEALTHY = Health()


class HealthMap:
    """The health of every node, from a list of findings: kept as sets of findings (ints), so that a union is
    one operation and nothing is counted twice."""

    def __init__(self, estate: Estate, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        self._own: dict[str, int] = {}
        self._rolled: dict[str, int] = {}
        self._statements: dict[tuple[str, tuple[int, int]], int] = {}
        self._masks = self._sort()
        for number, finding in enumerate(self.findings):
            for evidence in finding.evidence:
                if evidence.kind == "statement" and evidence.lines:
                    place = (evidence.node, evidence.lines)
                    self._statements[place] = self._statements.get(place, 0) | 1 << number
                    # The policy that holds the statement is marked as well as the role.
                    self._own[evidence.node] = self._own.get(evidence.node, 0) | 1 << number
            self._own[finding.node] = self._own.get(finding.node, 0) | 1 << number
        for node_id, bits in self._own.items():
            self._roll_up(estate, node_id, bits)

    def _sort(self) -> dict[str, int]:
        masks = {"high": 0, "medium": 0, "low": 0, "unknown": 0}
        for number, finding in enumerate(self.findings):
            if not finding.is_certain:
                name = "unknown"
            elif finding.severity >= Severity.HIGH:
                name = "high"
            else:
                name = "medium" if finding.severity == Severity.MEDIUM else "low"
            masks[name] |= 1 << number
        return masks

    def _roll_up(self, estate: Estate, node_id: str, bits: int) -> None:
        waiting = [node_id]
        rolled = self._rolled
        while waiting:
            at = waiting.pop()
            known = rolled.get(at, 0)
            if known | bits == known:
                continue
            rolled[at] = known | bits
            if at in estate:
                waiting += [link.node.id for link in estate.used_by(at) if link.kind not in PERMISSIONS]

    def _health(self, bits: int) -> Health:
        if not bits:
            return HEALTHY
        return Health(**{name: (bits & mask).bit_count() for name, mask in self._masks.items()})

    @property
    def everything(self) -> Health:
        """Of the whole account."""
        return self._health((1 << len(self.findings)) - 1)

    def of(self, node_id: str) -> Health:
        """Of a node and all that it contains and runs with."""
        return self._health(self._rolled.get(node_id, 0))

    def of_all(self, node_ids: Iterable[str]) -> Health:
        """Of several nodes together."""
        bits = 0
        for node_id in node_ids:
            bits |= self._rolled.get(node_id, 0)
        return self._health(bits)

    def of_statement(self, node_id: str, lines: tuple[int, int]) -> Health:
        """Of one statement of a policy, or of a role's trust policy."""
        return self._health(self._statements.get((node_id, lines), 0))

    def of_statements(self, node_id: str, places: Iterable[tuple[int, int]]) -> Health:
        """Of several statements of one policy together."""
        bits = 0
        for lines in places:
            bits |= self._statements.get((node_id, lines), 0)
        return self._health(bits)

    def at(self, node_id: str) -> tuple[Finding, ...]:
        """The findings at a node itself, the worst first."""
        return self._of_bits(self._own.get(node_id, 0))

    def below(self, node_id: str) -> tuple[Finding, ...]:
        """The findings at what a node contains and runs with, but not at the node itself."""
        return self._of_bits(self._rolled.get(node_id, 0) & ~self._own.get(node_id, 0))

    def at_statement(self, node_id: str, lines: tuple[int, int]) -> tuple[Finding, ...]:
        """The findings that a statement is evidence of."""
        return self._of_bits(self._statements.get((node_id, lines), 0))

    def _of_bits(self, bits: int) -> tuple[Finding, ...]:
        found = []
        while bits:
            lowest = bits & -bits
            found.append(self.findings[lowest.bit_length() - 1])
            bits ^= lowest
        return tuple(found)


def by_severity(findings: Iterable[Finding]) -> list[tuple[Severity, int]]:
    """How many findings of each severity that occurs, the worst first."""
    counted = Counter(finding.severity for finding in findings)
    return [(severity, counted[severity]) for severity in reversed(Severity) if counted[severity]]
