"""The rows of the tree, without a screen."""

import pytest

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.graph import build
from ecsiam_tui.graph.outline import Outline
from ecsiam_tui.tui.rows import Rows


@pytest.fixture
def rows(demo: Snapshot) -> Rows:
    """The closed tree of the demo account."""
    return Rows(Outline(build(demo), demo))


def index_of(rows: Rows, title: str) -> int:
    return next(at for at, item in enumerate(rows.items) if item.title == title)


def test_opening_and_closing_are_inverse(rows: Rows) -> None:
    before = list(rows.items)
    place = index_of(rows, "prod")
    assert rows.open(place)
    assert not rows.open(place)
    assert len(rows) > len(before)
    assert rows.close(place)
    assert rows.items == before


def test_what_was_open_below_is_open_again(rows: Rows) -> None:
    place = index_of(rows, "prod")
    rows.open(place)
    rows.open(place + 1)
    shown = list(rows.items)
    rows.close(place)
    rows.open(place)
    assert rows.items == shown


def test_open_keys_rebuild_the_same_rows(rows: Rows) -> None:
    rows.open(index_of(rows, "Roles"))
    rows.open(index_of(rows, "checkout-task"))
    again = Rows(rows.outline, rows.open_keys)
    assert [item.key for item in again.items] == [item.key for item in rows.items]


def test_trail_and_parent(rows: Rows) -> None:
    rows.open(index_of(rows, "Roles"))
    rows.open(index_of(rows, "checkout-task"))
    place = index_of(rows, "app")
    assert [item.title for item in rows.trail(place)] == ["Roles", "checkout-task", "app"]
    assert rows.parent(place) == index_of(rows, "checkout-task")
    assert rows.parent(index_of(rows, "prod")) is None


def test_reveal_opens_the_way(rows: Rows) -> None:
    node = next(node for node in rows.outline.estate.nodes() if node.title == "checkout-task")
    place = rows.reveal(rows.outline.path_to(node.id))
    assert place is not None
    assert rows.items[place].node is node


def test_nearest_falls_back_to_what_is_left(rows: Rows) -> None:
    prod = rows.items[index_of(rows, "prod")]
    assert rows.nearest(f"{prod.key}\x1fgone\x1falso-gone") == index_of(rows, "prod")
    assert rows.nearest("gone", 3) == 3
    assert rows.nearest("", 10_000) == len(rows) - 1
