"""Two workspaces side by side: which rows a plan makes, changes and takes away."""

from collections.abc import Iterable, Iterator

from ecsiam_tui.changes.targets import state
from ecsiam_tui.graph.documents import document_text
from ecsiam_tui.graph.estate import Node, NodeState
from ecsiam_tui.graph.kinds import PERMISSIONS, NodeKind
from ecsiam_tui.graph.outline import SEPARATOR, TRUST, Item, Outline
from ecsiam_tui.policy.document import Statement, parse_document, statement_data
from ecsiam_tui.workspace import Workspace

GONE = "#gone"
"""Begins the last step of the key of a statement that is there no more."""


class Compared:
    """The account now and after a plan. Making it walks both graphs: off the event loop."""

    def __init__(self, now: Workspace, then: Workspace) -> None:
        self.now, self.then = now, then
        self.nodes = dict(_changed_nodes(now, then))
        self._around = self._touched_or_above()
        self._marks: dict[str, str] = {}
        self.sides = (Below(now.outline), Below(then.outline))
        self.outline = DifferenceOutline(self)

    def prepare(self) -> "Compared":
        """Find the marks that the first look at the difference asks for; returns itself."""
        for root in self.outline.roots():
            self.touches(root)
        return self

    def of(self, item: Item) -> str:
        """The mark of a row of the tree: `+ ~ -`, empty where the plan leaves it as it is."""
        known = self._marks.get(item.key)
        if known is None:
            known = self._marks[item.key] = self._mark(item)
        return known

    def touches(self, item: Item) -> bool:
        """Whether the plan touches a row or something below it."""
        if self.of(item):
            return True
        if item.key.endswith(TRUST) or item.statement is not None:
            return False
        if item.node is not None:
            return item.node.id in self._around
        return any(map(self.touches, self.outline.children(item)))

    def workspace_of(self, item: Item) -> Workspace:
        """Where to look a row of the difference up: what is gone is told as it is now."""
        gone = item.node is not None and item.node.id not in self.then.estate
        return self.now if gone or item.key.rpartition(SEPARATOR)[2].startswith(GONE) else self.then

    # How marks are found

    def _mark(self, item: Item) -> str:
        node = item.node
        if node is None:
            return ""
        if item.statement is not None:
            return self._statement_mark(item, node)
        if item.key.endswith(TRUST):
            return "~" if _trust(self.now, node.id) != _trust(self.then, node.id) else ""
        mark = self.nodes.get(node.id, "")
        return mark if mark in ("+", "-") else self._link_mark(item) or mark

    def _link_mark(self, item: Item) -> str:
        """`+` or `-` for a row that came or went below one that stays: an attachment, a role of a service."""
        if not item.parent_key:
            return ""
        before, after = (side.of(item.parent_key) for side in self.sides)
        if before is None or after is None or (item.key in before) == (item.key in after):
            return ""
        return "+" if item.key in after else "-"

    def _statement_mark(self, item: Item, node: Node) -> str:
        trust = TRUST in item.parent_key.rpartition(SEPARATOR)[2]
        texts = [_trust(side, node.id) if trust else _text(side, node.id) for side in (self.now, self.then)]
        if texts[0] == texts[1] or item.statement is None:
            return ""
        if item.key.rpartition(SEPARATOR)[2].startswith(GONE):
            return "-"
        for old, new in paired(*(parse_document(text).statements for text in texts)):
            if new is not None and statement_data(new) == statement_data(item.statement):
                return "+" if old is None else "" if statement_data(old) == statement_data(new) else "~"
        return "~"

    def gone_statements(self, item: Item) -> list[Statement]:
        """Statements that stood below a row and do so no more."""
        node = item.node
        if node is None:
            return []
        read = _trust if item.key.endswith(TRUST) else _text
        old, new = (read(side, node.id) for side in (self.now, self.then))
        if not old or not new or old == new:
            return []
        pairs = paired(parse_document(old).statements, parse_document(new).statements)
        return [left for left, right in pairs if left is not None and right is None]

    def _touched_or_above(self) -> set[str]:
        found: set[str] = set()
        for side in (self.now, self.then):
            waiting = [node_id for node_id in self.nodes if node_id in side.estate]
            seen = set(waiting)
            while waiting:
                for link in side.estate.used_by(waiting.pop()):
                    if link.kind not in PERMISSIONS and link.node.id not in seen:
                        seen.add(link.node.id)
                        waiting.append(link.node.id)
            found |= seen
        return found


class DifferenceOutline(Outline):
    """The tree after the plan, with what the plan takes away still in it."""

    def __init__(self, compared: Compared) -> None:
        super().__init__(compared.then.estate, compared.then.snapshot)
        self._compared = compared
        self._then, self._now = compared.then.outline, compared.now.outline

    def roots(self) -> tuple[Item, ...]:
        """Roots of both."""
        return _merged(self._then.roots(), self._now.roots())

    def _make_children(self, item: Item) -> tuple[Item, ...]:
        then = self._then.children(item) if item.node is None or item.node.id in self.estate else ()
        if item.statement is not None:
            return ()
        if then and then[0].statement is not None:
            return (*then, *self._gone(item))
        before = self._compared.sides[0].of(item.key)
        return _merged(then, before.values() if before is not None else ())

    def _gone(self, item: Item) -> Iterator[Item]:
        for statement in self._compared.gone_statements(item):
            key = f"{item.key}{SEPARATOR}{GONE}{statement.index}"
            part = "" if statement.effect == "Allow" else "Deny"
            yield Item(key, statement.label, "¶", item.node, part=part, statement=statement)

    def path_to(self, node_id: str) -> tuple[str, ...]:
        """The way to a node, or to where it was."""
        return self._then.path_to(node_id) or self._now.path_to(node_id)


class Below:
    """The rows below each row of an outline, by their keys; kept."""

    def __init__(self, outline: Outline) -> None:
        self._outline = outline
        self._known: dict[str, dict[str, Item] | None] = {}

    def of(self, key: str) -> dict[str, Item] | None:
        """The rows below the one with a key, the roots for an empty one; None where there is no such row."""
        if key not in self._known:
            self._known[key] = self._find(key)
        return self._known[key]

    def _find(self, key: str) -> dict[str, Item] | None:
        if not key:
            return {item.key: item for item in self._outline.roots()}
        beside = self.of(key.rpartition(SEPARATOR)[0])
        at = beside.get(key) if beside is not None else None
        return {item.key: item for item in self._outline.children(at)} if at is not None else None


def paired(
    old: Iterable[Statement], new: Iterable[Statement]
) -> list[tuple[Statement | None, Statement | None]]:
    """Statements of two documents side by side: equal ones, those of one Sid, then in order where no Sids
    tell them apart; None for what came or went."""
    left, right = list(old), list(new)
    pairs: list[tuple[Statement | None, Statement | None]] = []

    def take(same: str) -> None:
        for one in list(left):
            key = _keys(one)[same]
            other = next((two for two in right if key and _keys(two)[same] == key), None)
            if other is not None:
                pairs.append((one, other))
                left.remove(one)
                right.remove(other)

    take("data")
    take("sid")
    if len(left) == len(right) and not any(one.sid and two.sid for one, two in zip(left, right, strict=True)):
        return [*pairs, *zip(left, right, strict=True)]
    return [*pairs, *((one, None) for one in left), *((None, two) for two in right)]


def _keys(statement: Statement) -> dict[str, object]:
    return {"data": statement_data(statement), "sid": statement.sid}


def _merged(first: Iterable[Item], second: Iterable[Item]) -> tuple[Item, ...]:
    """The first ones, with each of the second that is not there put behind the one it stood behind."""
    kept = list(first)
    keys = {item.key for item in kept}
    behind: dict[str, list[Item]] = {}
    previous = ""
    for item in second:
        if item.key in keys:
            previous = item.key
        else:
            behind.setdefault(previous, []).append(item)
    following = (one for item in kept for one in (item, *behind.get(item.key, ())))
    return (*behind.get("", ()), *following)


def _changed_nodes(now: Workspace, then: Workspace) -> Iterator[tuple[str, str]]:
    for node in then.estate.nodes():
        before = now.estate.get(node.id)
        if before is None or (NodeState.MISSING == before.state != node.state):
            if node.kind != NodeKind.PRINCIPAL:
                yield node.id, "+"
        elif before.record is not node.record and _differs(before, node, now, then):
            yield node.id, "~"
    for node in now.estate.nodes():
        after = then.estate.get(node.id)
        missing = after is not None and NodeState.MISSING == after.state != node.state
        if (after is None or missing) and node.kind != NodeKind.PRINCIPAL:
            yield node.id, "-"


def _differs(before: Node, after: Node, now: Workspace, then: Workspace) -> bool:
    """Whether a node's record says something else, beside what changes by itself."""
    if before.record == after.record:
        return False
    states = state(before.id, now.snapshot), state(after.id, then.snapshot)
    return states == (None, None) or states[0] != states[1]


def _text(side: Workspace, node_id: str) -> str:
    node = side.estate.get(node_id)
    return document_text(node) if node is not None else ""


def _trust(side: Workspace, node_id: str) -> str:
    node = side.estate.get(node_id)
    text: str = getattr(node.record, "assume_role_policy_document", "") if node is not None else ""
    return text
