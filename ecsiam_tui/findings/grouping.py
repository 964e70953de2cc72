"""Findings in the groups that people look for them in."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Finding
from ecsiam_tui.graph.kinds import EdgeKind, NodeKind, words

Grouping = Literal["severity", "service", "role", "rule"]
GROUPINGS: tuple[Grouping, ...] = ("severity", "service", "role", "rule")
NOBODY = "no service"


class Group(NamedTuple):
    """Some findings under a title; the worst first."""

    title: str
    findings: tuple[Finding, ...]


def group(findings: Iterable[Finding], by: Grouping, facts: Facts) -> list[Group]:
    """Findings in groups. By service a finding stands under every service that it touches, and what touches
    none under its own title; by role under the role it sits on or is about."""
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        for title in _titles(finding, by, facts):
            groups.setdefault(title, []).append(finding)
    found = [Group(title, tuple(members)) for title, members in groups.items()]
    if by == "severity":
        return found  # findings come sorted by severity
    found.sort(key=lambda one: (_badness(one.findings), one.title.lower()))
    return found


def _badness(findings: Sequence[Finding]) -> tuple[int, int]:
    worst = max(finding.severity for finding in findings)
    return -worst, -sum(finding.severity == worst for finding in findings)


def _titles(finding: Finding, by: Grouping, facts: Facts) -> Iterable[str]:
    if by == "severity":
        return (finding.severity.word,)
    if by == "rule":
        return (f"{finding.rule}  {finding.title}",)
    if by == "role":
        kinds = (NodeKind.ROLE, NodeKind.USER, NodeKind.GROUP)
        for node_id in finding.nodes:
            node = facts.estate.get(node_id)
            if node is not None and node.kind in kinds:
                return (f"{words(node.kind).word} {node.title}",)
        return ("no role",)
    services = dict.fromkeys(name for node in finding.nodes for name in services_of(node, facts))
    return services or (NOBODY,)


def services_of(node_id: str, facts: Facts) -> Iterable[str]:
    """The names of the services that a node belongs to or touches."""
    node = facts.estate.get(node_id)
    if node is None:
        return ()
    if node.kind == NodeKind.SERVICE:
        return (node.title,)
    if node.kind == NodeKind.ROLE:
        return [facts.title(service) for service in facts.services_of(node_id)]
    users = facts.estate.used_by(node_id, EdgeKind.RUNS, EdgeKind.CONTAINS)
    return [link.node.title for link in users if link.node.kind == NodeKind.SERVICE]


def matches(finding: Finding, text: str, facts: Facts) -> bool:
    """Whether every word of a filter stands somewhere in a finding: rule, severity, words, names."""
    hay = " ".join(
        (
            finding.rule,
            finding.severity.word,
            finding.title,
            finding.summary,
            *finding.nodes,
            *(facts.title(node) for node in finding.nodes),
        )
    ).lower()
    return all(word in hay for word in text.lower().split())
