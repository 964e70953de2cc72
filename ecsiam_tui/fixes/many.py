"""Many findings at once: for each the narrowest fix, tried on the account as the fixes before it leave it."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ecsiam_tui.changes.change import AnyChange
from ecsiam_tui.changes.looking import ChangeError
from ecsiam_tui.changes.plan import Plan, make, stage
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Finding
from ecsiam_tui.findings.registry import find
from ecsiam_tui.fixes.fix import Fix
from ecsiam_tui.fixes.proof import after, fixes_for

_WHY_NOT = {
    False: "no fix by API is known that does no harm",
    True: "its fixes take permissions away that the application may use; choose one by hand",
}


class Mended(NamedTuple):
    """What became of a finding: the fix that was taken, or why there is none."""

    finding: Finding
    fix: Fix | None = None
    why_not: str = ""


def takes_away(fix: Fix) -> bool:
    """Whether a fix takes permissions away of which only the application knows whether it uses them."""
    return any(cost.startswith("Loses ") for cost in fix.costs)


def mend(
    findings: Iterable[Finding], facts: Facts, *, losing: bool = False
) -> Iterator[tuple[Mended, tuple[AnyChange, ...]]]:
    """For each finding, the worst first as they come, what becomes of it and the changes so far. A finding
    that an earlier fix took with it needs none. Fixes that take permissions away are taken only where
    `losing` says so."""
    changes: tuple[AnyChange, ...] = ()
    now = facts
    there = {one.key: one for one in find(facts)}
    for wanted in findings:
        current = there.get(wanted.key)
        if current is None:
            yield Mended(wanted, why_not="an earlier fix takes it with it"), changes
            continue
        every = [one for one in fixes_for(current, now) if one.changes]
        fix = next((one for one in every if losing or not takes_away(one)), None)
        if fix is None:
            yield Mended(wanted, why_not=_WHY_NOT[bool(every)]), changes
            continue
        try:
            later = after(fix.changes, now)
        except ChangeError as error:
            yield Mended(wanted, why_not=str(error)), changes
            continue
        changes, now = (*changes, *fix.changes), later
        there = {one.key: one for one in find(now)}
        yield Mended(wanted, fix), changes


def plan_of(changes: Iterable[AnyChange], facts: Facts, title: str) -> Plan:
    """A plan of changes that were tried one after the other. Raises ChangeError."""
    plan = make(facts.snapshot, title=title)
    for change in changes:
        plan = stage(plan, change, facts.snapshot)
    return plan
