"""What every format writes: findings with the names of their nodes, and what was left out."""

from datetime import datetime
from typing import NamedTuple

import msgspec

from ecsiam_tui.findings.finding import Finding, Rule, Severity
from ecsiam_tui.findings.health import by_severity
from ecsiam_tui.findings.suppressions import Suppression


class Row(NamedTuple):
    """A finding, the name and kind of its node in words, and whether the baseline knows it already."""

    finding: Finding
    name: str
    kind: str
    known: bool = False


class Report(msgspec.Struct, frozen=True):
    """An audit of one account. `rules` are all rules that were asked, whether they fired or not; `gaps` what
    could not be read, a sentence each."""

    account: str
    alias: str
    regions: tuple[str, ...]
    taken_at: datetime
    version: str
    rows: tuple[Row, ...]
    rules: tuple[Rule, ...]
    suppressed: tuple[tuple[Row, Suppression], ...] = ()
    gaps: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[Severity, int]:
        """How many findings of each severity, the worst first; those of the baseline are not counted."""
        return dict(by_severity(row.finding for row in self.rows if not row.known))

    @property
    def summary(self) -> str:
        """`2 critical, 5 high` or `nothing found`."""
        counts = ", ".join(f"{count} {severity.word}" for severity, count in self.counts.items())
        parts = [counts or "nothing found"]
        known = sum(row.known for row in self.rows)
        parts += [f"{known} in the baseline"] if known else []
        parts += [f"{len(self.suppressed)} suppressed"] if self.suppressed else []
        parts += [f"{len(self.gaps)} gap{'s' if len(self.gaps) > 1 else ''}"] if self.gaps else []
        return "; ".join(parts)
