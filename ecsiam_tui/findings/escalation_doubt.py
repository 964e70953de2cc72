"""What an answer of the policy engine hangs on, in a search for privilege escalation."""

from collections.abc import Iterator
from typing import NamedTuple

from ecsiam_tui.policy.evaluation import Decision


class Doubt(NamedTuple):
    """What an Allow hangs on: condition keys that the account leaves open, and what was not read. Empty for
    what is certain; a denial is None in its place."""

    keys: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def certain(self) -> bool:
        """Whether it hangs on nothing."""
        return not self.keys and not self.unread

    def also(self, other: "Doubt") -> "Doubt":
        """What both hang on."""
        if other.certain:
            return self
        keys, unread = (*self.keys, *other.keys), (*self.unread, *other.unread)
        return Doubt(tuple(dict.fromkeys(keys)), tuple(dict.fromkeys(unread)))


CERTAIN = Doubt()


def both(left: Doubt | None, right: Doubt | None) -> Doubt | None:
    """Both have to be allowed."""
    return None if left is None or right is None else left.also(right)


def best(found: Iterator[Doubt | None]) -> Doubt | None:
    """The first that is certain, else the first that is possible."""
    possible: Doubt | None = None
    for doubt in found:
        if doubt is not None and doubt.certain:
            return doubt
        possible = possible or doubt
    return possible


def doubt_of(decision: Decision) -> Doubt | None:
    """A decision in short."""
    if decision.allowed:
        return CERTAIN
    if decision.outcome != "Depends":
        return None
    unread = frozenset(decision.layers.unknown.values())
    missing = decision.missing_context
    return Doubt(
        tuple(key for key in missing if key not in unread), tuple(key for key in missing if key in unread)
    )
