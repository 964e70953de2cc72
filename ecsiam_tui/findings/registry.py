"""The table of rules. A rule is a generator over Facts with a decorator that says what it is:

@rule("ECS-IAM-007", "Task role and execution role are the same", Severity.HIGH, fires=…, why=…, …)
def same_role(facts: Facts) -> Iterator[Draft]:
    yield Draft(nodes=(…,), summary="…")
"""

from collections.abc import Callable, Iterator

import msgspec

from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Evidence, Finding, Rule, Severity, Step


class Draft(msgspec.Struct, frozen=True):
    """What a rule says about one case; the rest of the finding is the rule's. `severity` where it differs
    from the rule's, `fixes` likewise."""

    nodes: tuple[str, ...]
    summary: str
    evidence: tuple[Evidence, ...] = ()
    consequence: str = ""
    severity: Severity | None = None
    rests_on: tuple[str, ...] = ()
    path: tuple[Step, ...] = ()
    fixes: tuple[str, ...] | None = None


Check = Callable[[Facts], Iterator[Draft]]

_TABLE: dict[str, tuple[Rule, Check]] = {}


def rule(
    rule_id: str,
    title: str,
    severity: Severity,
    *,
    fires: str,
    why: str,
    source: str,
    fix: str,
    fixes: tuple[str, ...] = (),
    verified: bool = True,
) -> Callable[[Check], Check]:
    """Enter a check in the table. An id is given once."""

    def enter(check: Check) -> Check:
        if rule_id in _TABLE:
            raise ValueError(f"rule {rule_id} is defined twice")
        known = Rule(
            id=rule_id,
            title=title,
            severity=severity,
            fires=fires,
            why=why,
            source=source,
            fix=fix,
            fixes=fixes,
            verified=verified,
        )
        _TABLE[rule_id] = (known, check)
        return check

    return enter


def table() -> dict[str, tuple[Rule, Check]]:
    """All rules by id, in order."""
    from ecsiam_tui.findings import rules  # noqa: F401  (its modules enter themselves)

    return dict(sorted(_TABLE.items()))


def run_rule(rule_id: str, facts: Facts) -> tuple[Finding, ...]:
    """The findings of one rule."""
    known, check = table()[rule_id]
    return tuple(_finding(known, draft) for draft in check(facts))


def find(facts: Facts) -> tuple[Finding, ...]:
    """All findings, the worst first, then by rule and node. One rule says one thing about a node."""
    found: dict[str, Finding] = {}
    for known, check in table().values():
        for draft in check(facts):
            finding = _finding(known, draft)
            found.setdefault(finding.key, finding)
    return tuple(sorted(found.values(), key=lambda finding: (-finding.severity, finding.rule, finding.node)))


def _finding(known: Rule, draft: Draft) -> Finding:
    return Finding(
        rule=known.id,
        title=known.title,
        severity=known.severity if draft.severity is None else draft.severity,
        nodes=draft.nodes,
        summary=draft.summary,
        evidence=draft.evidence,
        why=known.why,
        consequence=draft.consequence,
        source=known.source,
        fixes=known.fixes if draft.fixes is None else draft.fixes,
        rests_on=draft.rests_on,
        path=draft.path,
    )
