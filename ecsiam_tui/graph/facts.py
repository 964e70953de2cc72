"""What is said of a node: facts, by section; overviews are made of them."""

from datetime import datetime
from typing import Literal, NamedTuple

from ecsiam_tui.graph.estate import Node, NodeState

Tone = Literal["plain", "dim", "warn", "bad", "good"]


class Fact(NamedTuple):
    """One line: a label, its text, and perhaps the node it speaks of."""

    label: str
    text: str
    tone: Tone = "plain"
    node_id: str | None = None


class Section(NamedTuple):
    """Facts that belong together; the first section of a description has no title."""

    title: str
    facts: tuple[Fact, ...]


def role_fact(label: str, role: Node | None) -> Fact:
    if role is None:
        return Fact(label, "none", "dim")
    if role.state == NodeState.MISSING:
        return Fact(label, f"{role.title}  does not exist", "bad", role.id)
    return Fact(label, role.title, node_id=role.id)


def optional(label: str, text: str | None, tone: Tone = "plain") -> tuple[Fact, ...]:
    return (Fact(label, text, tone),) if text else ()


def when(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%d %H:%M") if moment else "-"
