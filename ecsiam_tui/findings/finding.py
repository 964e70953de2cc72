"""A finding: what is wrong, where one sees it, why it matters, and what could be done."""

from enum import IntEnum
from typing import Literal

import msgspec


class Severity(IntEnum):
    """How bad it is; a higher number is worse."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        """As one writes it: `critical`."""
        return self.name.lower()

    @property
    def glyph(self) -> str:
        """Critical and high look alike; the word tells them apart."""
        return "✗" if self >= Severity.HIGH else "▲" if self == Severity.MEDIUM else "·"


def parse_severity(word: str) -> Severity:
    """The severity of a word. Raises ValueError naming those there are."""
    try:
        return Severity[word.strip().upper()]
    except KeyError:
        known = ", ".join(severity.word for severity in reversed(Severity))
        raise ValueError(f"{word!r} is no severity; there are {known}") from None


EvidenceKind = Literal["statement", "field", "event", "setting", "decision", "gap"]


class Evidence(msgspec.Struct, frozen=True):
    """Where one sees it. `node` is the id of the node to open, `where` the place in it (a policy's name, a
    field), `text` what stands there, `lines` the lines of a statement in its document (from 1)."""

    kind: EvidenceKind
    node: str
    where: str
    text: str = ""
    lines: tuple[int, int] | None = None


class Step(msgspec.Struct, frozen=True):
    """One step of a path of privilege escalation: `source` gets at `target` by doing `actions`."""

    source: str
    target: str
    actions: tuple[str, ...]
    how: str


class Finding(msgspec.Struct, frozen=True):
    """One thing that is wrong.

    `rule` is the id of its rule (`ECS-IAM-002`); `nodes` the ids of the nodes it concerns, the one where the
    mistake is written down first; `summary` says it in a sentence that names the things; `consequence` what
    it means in this account; `rests_on` what was not read and would have to be true for it: then it is
    *possible*, not certain. `path` is set for privilege escalation. `fixes` are names of fixes.
    """

    rule: str
    title: str
    severity: Severity
    nodes: tuple[str, ...]
    summary: str
    evidence: tuple[Evidence, ...] = ()
    why: str = ""
    consequence: str = ""
    source: str = ""
    fixes: tuple[str, ...] = ()
    rests_on: tuple[str, ...] = ()
    path: tuple[Step, ...] = ()

    @property
    def node(self) -> str:
        """The node where the mistake is written down."""
        return self.nodes[0]

    @property
    def key(self) -> str:
        """What stays the same from one run to the next: rule and node. Baselines and suppressions use it."""
        return f"{self.rule} {self.node}"

    @property
    def lasting_key(self) -> str:
        """The key without a task definition's revision: what is wrong with one is wrong with the next one
        too."""
        head, _, revision = self.node.rpartition(":")
        family = ":task-definition/" in head and revision.isdigit()
        return f"{self.rule} {head}" if family else self.key

    @property
    def is_certain(self) -> bool:
        """Whether all that it rests on was read."""
        return not self.rests_on


class Rule(msgspec.Struct, frozen=True):
    """What a rule looks for. `fires` says it in a sentence, `fix` how it is mended (in words, for people),
    `fixes` by which fixes of the program. `verified` is False where the fact behind it could not be checked
    against AWS's own text."""

    id: str
    title: str
    severity: Severity
    fires: str
    why: str
    source: str
    fix: str
    fixes: tuple[str, ...] = ()
    verified: bool = True
