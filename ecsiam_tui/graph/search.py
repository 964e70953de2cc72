"""Finding nodes by a few typed words: `chk kind:role cluster:prod tag:team=pay`."""

from collections.abc import Callable, Iterable
from heapq import nsmallest
from typing import NamedTuple

from ecsiam_tui.graph.estate import Estate, Node
from ecsiam_tui.graph.kinds import NodeKind, words

FIELDS = ("kind", "name", "cluster", "tag", "region", "state")

Test = Callable[[Node], bool]


class Query(NamedTuple):
    """A parsed query: `words` are matched fuzzily, in any order; `fields` exactly, all of them."""

    words: tuple[str, ...]
    fields: tuple[tuple[str, str], ...]

    @property
    def is_empty(self) -> bool:
        """Whether it asks for nothing."""
        return not self.words and not self.fields


class Hit(NamedTuple):
    """A found node; a lower score is a better one."""

    score: int
    node: Node


def parse_query(text: str) -> Query:
    """Words and `field:value` pairs; a colon after anything but a known field belongs to the word (ARNs)."""
    free, fields = [], []
    for token in text.lower().split():
        field, colon, value = token.partition(":")
        if colon and field in FIELDS:
            if value:
                fields.append((field, value))
        else:
            free.append(token)
    return Query(tuple(free), tuple(fields))


def search(estate: Estate, text: str, most: int = 500) -> list[Hit]:
    """The nodes that a query finds, best first. An empty query finds nothing."""
    query = parse_query(text)
    if query.is_empty:
        return []
    tests = [_field_test(estate, field, value) for field, value in query.fields]
    hits = []
    for title, node_id, node in estate.names:
        if all(test(node) for test in tests):
            found = score(title, node_id, query.words)
            if found is not None:
                hits.append(Hit(found, node))
    return nsmallest(
        most, hits, key=lambda hit: (hit.score, len(hit.node.title), hit.node.title, hit.node.id)
    )


def score(title: str, node_id: str, free: Iterable[str]) -> int | None:
    """How well words fit a title and an id, all in small letters: 0 for an exact title, more for looser
    matches, down to letters in order; None for no match."""
    total = 0
    for word in free:
        at = title.find(word)
        if at == 0:
            total += 0 if len(word) == len(title) else 1
        elif at > 0:
            total += 2 if not title[at - 1].isalnum() else 3
        elif word in node_id:
            total += 6
        elif len(word) > 1 and (span := _span_in_order(word, title)):
            total += 8 + (span - len(word))
        else:
            return None
    return total


def _span_in_order(word: str, title: str) -> int:
    """How many characters of the title the letters of a word take, in order; 0 where they are not there."""
    first = at = title.find(word[0])
    for letter in word[1:]:
        if at < 0:
            return 0
        at = title.find(letter, at + 1)
    return at + 1 - first if at >= 0 else 0


def _field_test(estate: Estate, field: str, value: str) -> Test:
    if field == "kind":
        kinds = {kind for kind in NodeKind if value in (kind.value, words(kind).word, words(kind).plural)}
        kinds = kinds or {kind for kind in NodeKind if kind.value.startswith(value)}
        return lambda node: node.kind in kinds
    if field == "name":
        return lambda node: value in node.title.lower()
    if field == "region":
        return lambda node: node.region.startswith(value)
    if field == "state":
        return lambda node: node.state.value.startswith(value)
    if field == "cluster":
        inside: set[str] = set()
        for cluster in estate.nodes(NodeKind.CLUSTER):
            if value in cluster.title.lower():
                inside |= estate.inside(cluster.id)
        return lambda node: node.id in inside
    key, equals, wanted = value.partition("=")
    return lambda node: _has_tag(node, key, wanted if equals else None)


def _has_tag(node: Node, key: str, wanted: str | None) -> bool:
    tags: dict[str, str] = getattr(node.record, "tags", None) or {}
    return any(
        name.lower() == key and (wanted is None or text.lower().startswith(wanted))
        for name, text in tags.items()
    )
