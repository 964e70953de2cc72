"""What the tabs of the detail show, as data: lines of text with a tone, some of them leading somewhere."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from ecsiam_tui.account.text import visible
from ecsiam_tui.graph.describe import describe
from ecsiam_tui.graph.estate import Estate, Link, Node, NodeState
from ecsiam_tui.graph.facts import Fact, Section, Tone
from ecsiam_tui.graph.kinds import relation, words
from ecsiam_tui.graph.outline import Item
from ecsiam_tui.policy.document import Statement

MOST_LINES = 100
"""Lists longer than this end in a line that says how many more there are."""


class Line(NamedTuple):
    """A line of a list. `node_id` is where Enter leads; `opens` what it opens instead: a finding, an answered
    requirement. A title has no label and is not chosen."""

    label: str
    text: str
    tone: Tone = "plain"
    node_id: str | None = None
    title: bool = False
    glyph: str = ""
    opens: object = None


def overview(estate: Estate, item: Item) -> list[Line]:
    """The overview of an item: of its statement, its node, or the group that it is."""
    if item.statement is not None and item.node is not None:
        return _statement_lines(item.statement, item.node)
    if item.node is None:
        count = f"{item.count} " if item.count is not None else ""
        return [Line("", f"{count}{item.title.lower()}"), Line("", "→ opens the list", "dim")]
    return _section_lines(describe(estate, item.node))


def relations(estate: Estate, node: Node) -> list[Line]:
    """All that a node uses, grouped by what it is to it."""
    return _link_lines(estate.uses(node.id), backwards=False)


def used_by(estate: Estate, node: Node) -> list[Line]:
    """All that uses a node directly, then what uses it through others."""
    direct = list(estate.used_by(node.id))
    lines = _link_lines(direct, backwards=True)
    near = {link.node.id for link in direct}
    further = [other for other in estate.upstream(node.id) if other.id not in near]
    if further:
        lines.append(Line("", "through these", title=True))
        lines += _capped([_node_line(other, words(other.kind).word) for other in further])
    return lines


def tags(node: Node) -> list[Line]:
    """The tags of a node, by key."""
    found: dict[str, str] = getattr(node.record, "tags", None) or {}
    return [Line(key, value) for key, value in sorted(found.items())]


def _statement_lines(statement: Statement, node: Node) -> list[Line]:
    first, last = statement.lines
    lines = [
        Line("statement", statement.label),
        Line("effect", statement.effect, "plain" if statement.effect == "Allow" else "warn"),
        Line("in", node.title, node_id=node.id),
        Line("lines", f"{first}–{last} of the document (see JSON)", "dim"),
    ]
    for title, values in (
        ("actions", statement.actions),
        ("all actions but", statement.not_actions),
        ("resources", statement.resources),
        ("all resources but", statement.not_resources),
        ("principals", tuple(f"{item.type}  {item.value}" for item in statement.principals)),
        ("all principals but", tuple(f"{item.type}  {item.value}" for item in statement.not_principals)),
        (
            "when",
            tuple(f"{item.key}  {item.operator}  {', '.join(item.values)}" for item in statement.conditions),
        ),
    ):
        if values:
            lines.append(Line("", title, title=True))
            lines += _capped([Line("", value, "warn" if value == "*" else "plain") for value in values])
    return lines


def _section_lines(sections: Iterable[Section]) -> list[Line]:
    lines: list[Line] = []
    for section in sections:
        if section.title:
            lines.append(Line("", section.title, title=True))
        lines += _capped([_fact_line(fact) for fact in section.facts])
    return lines


def _fact_line(fact: Fact) -> Line:
    return Line(fact.label, fact.text, fact.tone, fact.node_id)


def _link_lines(links: Iterable[Link], *, backwards: bool) -> list[Line]:
    groups: dict[str, list[Link]] = defaultdict(list)
    for link in links:
        groups[relation(link.kind, backwards=backwards)].append(link)
    lines: list[Line] = []
    for title, members in groups.items():
        lines.append(Line("", f"{title}  {len(members)}" if len(members) > 1 else title, title=True))
        members.sort(key=lambda link: link.node.title.lower())
        lines += _capped([_node_line(link.node, link.via) for link in members])
    return lines


def _node_line(node: Node, note: str) -> Line:
    tone: Tone = "bad" if node.state == NodeState.MISSING else "plain"
    state = "" if node.state == NodeState.PRESENT else f"  ({node.state.value})"
    return Line(f"{node.title}{state}", note, tone, node.id, glyph=words(node.kind).glyph)


def _capped(lines: list[Line]) -> list[Line]:
    if len(lines) <= MOST_LINES:
        return lines
    more = len(lines) - MOST_LINES
    return [*lines[:MOST_LINES], Line("", f"and {more:,} more: press / and filter", "dim")]


def as_markdown(item: Item, sections: Iterable[tuple[str, list[Line]]]) -> str:
    """The tabs of an item as a Markdown text."""
    out = [f"# {visible(item.title)}", ""]
    for heading, lines in sections:
        if not lines:
            continue
        out += [f"## {heading}", ""]
        for line in lines:
            text = " ".join(filter(None, (visible(line.label), visible(line.text))))
            out.append(f"### {text}" if line.title else f"- {_escaped(text)}")
        out.append("")
    return "\n".join(out)


def _escaped(text: str) -> str:
    return "".join(f"\\{char}" if char in "\\`*_[]<>#|" else char for char in text)
