"""Privilege escalation: from a principal, step by step, to an administrator.

Principals that could do nothing of the kind fall out by what their Allows cover (a set of actions for each
document). For the others the ways are found backwards: first whoever becomes an administrator in one step,
then whoever becomes one of these, and so on, so that each path is a shortest one. Every step is asked of the
policy engine with its action, resource and context: Denies, boundaries, SCPs and conditions have their say.

`escalation_asking` asks, `escalation_admins` says who has all power, `escalation_ways`, `escalation_ecs` and
`escalation_edges` know the ways.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import count
from typing import NamedTuple

import msgspec

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.findings import escalation_admins, escalation_ecs, escalation_edges
from ecsiam_tui.findings.escalation_admins import Admins, Power
from ecsiam_tui.findings.escalation_asking import Asking
from ecsiam_tui.findings.escalation_doubt import CERTAIN, Doubt
from ecsiam_tui.findings.escalation_edges import Ways
from ecsiam_tui.findings.escalation_ways import ASSUME, Way
from ecsiam_tui.findings.finding import Step
from ecsiam_tui.graph.estate import Estate
from ecsiam_tui.policy.account import AccountPolicies

MOST_EDGES = 10
"""Steps shown of one way; the targets that matter most come first."""
_MOST_TRIED = 200


class Escalation(msgspec.Struct, frozen=True):
    """A way from `start` to what it becomes, `target`, both ARNs of principals. They are the same where a
    principal would make itself an administrator.

    `depends_on` are the condition keys that the account leaves open and that decide (and, in words, what of
    AWS is not certain); `rests_on` what was not read. Where both are empty, the way is certain.
    """

    start: str
    target: str
    steps: tuple[Step, ...]
    depends_on: tuple[str, ...] = ()
    rests_on: tuple[str, ...] = ()

    @property
    def is_certain(self) -> bool:
        """Whether all that decides is known."""
        return not self.depends_on and not self.rests_on


class _Edge(NamedTuple):
    """A step with what it hangs on. `ends` says that whoever takes it is an administrator."""

    step: Step
    doubt: Doubt
    ends: bool = False


class Escalations:
    """Who can become whom in one snapshot. Worked out when first asked for."""

    def __init__(self, snapshot: Snapshot, account: AccountPolicies, estate: Estate) -> None:
        self.snapshot, self.account, self.estate = snapshot, account, estate
        actions = dict.fromkeys((*escalation_edges.ACTIONS, *escalation_admins.ACTIONS))
        self._asking = Asking(snapshot, account, tuple(actions), escalation_ecs.CHANNELS)
        self._ways = Ways(self._asking)

    def admins(self) -> Mapping[str, str]:
        """Every administrator (ARN of a role, user or group), and why it is one: it may do everything, or
        give that to itself. What SCPs forbid to the whole account is left aside."""
        return {arn: power.how for arn, power in self._admins.certain.items()}

    def edges(self, principal: str) -> tuple[Step, ...]:
        """What a principal can become in one step: of each way the administrators first, then what leads to
        them, then the roles with most access; at most MOST_EDGES of each way."""
        if principal not in self._starts:
            return ()
        found: dict[tuple[str, tuple[str, ...]], Step] = {}
        for way in self._ways.of(principal):
            for edge in self._edges_of(principal, way, self._by_importance(way), MOST_EDGES):
                found[edge.step.target, edge.step.actions] = edge.step
        return tuple(found.values())

    def path(self, principal: str) -> Escalation | None:
        """The shortest way to an administrator, a certain one before a possible one; None where there is
        none, or it is one itself."""
        for edges in (self._certain, self._possible):
            if principal in edges:
                return self._walk(principal, edges)
        return None

    def gains(self, principal: str) -> tuple[Escalation, ...]:
        """Where no administrator can be reached: for each way the role with most access that a principal can
        become in one step and that may do what it may not itself.

        Roles that a policy names in full for iam:PassRole, and those that may be assumed, are meant to be
        used so and are left out."""
        if principal not in self._starts or principal in self._admins.certain or self.path(principal):
            return ()
        found: dict[str, Escalation] = {}
        more, rank = self._more(principal), self._strongest
        for way in self._ways.of(principal):
            if way.actions == (ASSUME,):
                continue
            targets = [
                arn
                for arn in way.targets
                if arn in rank and arn != principal and arn not in way.named and way.could(arn) and more(arn)
            ]
            how = way.how
            if len(targets) > 1:
                how += f" (one of {len(targets)} that it may do more with)"
            for edge in self._edges_of(principal, way, sorted(targets, key=rank.__getitem__), 1):
                target = edge.step.target
                if target not in found or (edge.doubt.certain and not found[target].is_certain):
                    step = msgspec.structs.replace(edge.step, how=how)
                    found[target] = _escalation([_Edge(step, edge.doubt)])
        return tuple(found.values())

    # Who

    @cached_property
    def _admins(self) -> Admins:
        return Admins(self._asking)

    @cached_property
    def _starts(self) -> dict[str, None]:
        return dict.fromkeys(found.arn for found in self._asking.principals())

    @cached_property
    def _strongest(self) -> dict[str, int]:
        """Roles, users and groups with their rank by how many actions their policies name, from the most."""
        numbers = {arn: self._asking.reach(arn) for arn in self._starts}
        sizes = [reach.bit_count() for reach in self._asking.reaches]
        ordered = sorted(self._starts, key=lambda arn: -sizes[numbers[arn]])
        return {arn: number for number, arn in enumerate(ordered)}

    def _by_importance(self, way: Way) -> Iterator[str]:
        seen: set[str] = set()
        for arns in (self._admins.certain, self._certain, self._possible, self._strongest):
            for arn in arns:
                if arn in way.targets and arn not in seen:
                    seen.add(arn)
                    yield arn

    def _more(self, principal: str) -> Callable[[str], bool]:
        """A test for others that may do something that a principal may not."""
        reaches, reach = self._asking.reaches, self._asking.reach
        mine = ~reaches[reach(principal)]
        known: dict[int, bool] = {}

        def test(other: str) -> bool:
            number = reach(other)
            answer = known.get(number)
            if answer is None:
                answer = known[number] = reaches[number] & mine != 0
            return answer

        return test

    # Steps

    def _edges_of(self, principal: str, way: Way, targets: Iterable[str], most: int) -> Iterator[_Edge]:
        """The steps of a way to some of its targets."""
        found = tried = 0
        for target in targets:
            if target == principal or target not in way.targets or not way.could(target):
                continue
            tried += 1
            doubt = way.check(target)
            if doubt is not None:
                found += 1
                step = Step(principal, target, way.actions, way.how)
                yield _Edge(step, doubt, target in self._admins.certain)
            if found == most or tried == _MOST_TRIED:
                return

    def _edge_to(self, principal: str, goals: Mapping[str, object], certain: bool) -> _Edge | None:
        """A step to any of some principals; a certain one if there is one."""
        possible: _Edge | None = None
        for way in self._ways.of(principal):
            # Whichever is shorter is walked.
            targets: Iterable[str] = goals
            if len(way.targets) < len(goals):
                targets = [arn for arn in way.targets if arn in goals]
            for edge in self._edges_of(principal, way, targets, _MOST_TRIED):
                if edge.doubt.certain:
                    return edge
                possible = possible or edge
        return None if certain else possible

    def _edit_of(self, principal: str, certain: bool) -> _Edge | None:
        """A step to a principal whose policies one may change, so that it comes to be an administrator."""
        editable = self._admins.editable(principal)
        if editable is None:
            return None
        possible: _Edge | None = None
        for way in self._ways.of(principal):
            targets = (arn for arn in way.targets if arn in self._admins.principals and editable(arn))
            for edge in self._edges_of(principal, way, targets, _MOST_TRIED):
                edit = self._admins.edits(principal, edge.step.target)
                if edit is None:
                    continue
                step = Step(
                    principal,
                    edge.step.target,
                    tuple(dict.fromkeys((*edit.actions, *way.actions))),
                    f"gives it any permission, and {way.how}",
                )
                found = _Edge(step, edge.doubt.also(edit.doubt), ends=True)
                if found.doubt.certain:
                    return found
                possible = possible or found
        return None if certain else possible

    # Paths

    @cached_property
    def _certain_levels(self) -> list[dict[str, _Edge]]:
        return list(self._levels(None))

    @cached_property
    def _certain(self) -> dict[str, _Edge]:
        """The first step of everybody who can reach an administrator for certain."""
        return {arn: edge for level in self._certain_levels for arn, edge in level.items()}

    @cached_property
    def _possible(self) -> dict[str, _Edge]:
        """The same where some step is only possible; and the certain ones, on which it may go on."""
        levels = self._levels(self._certain_levels)
        return self._certain | {arn: edge for level in levels for arn, edge in level.items()}

    def _levels(self, sure: Sequence[dict[str, _Edge]] | None) -> Iterator[dict[str, _Edge]]:
        """The first steps of those who are one step away from an administrator, then of those two steps away,
        and so on, all certain; or, where those are given (`sure`), of all others by possible steps."""
        exact, certain = sure is None, sure or ()
        known = {arn for level in certain for arn in level}
        waiting = [
            arn
            for arn in self._starts
            if arn not in self._admins.certain and arn not in known and self._ways.of(arn)
        ]
        goals: Mapping[str, object] = self._admins.certain
        for number in count():
            level: dict[str, _Edge] = {}
            if number == 0 and not exact:
                level = {arn: _alone(arn, power) for arn, power in self._admins.possible.items()}
            for arn in waiting:
                edge = self._edge_to(arn, goals, exact) if goals and arn not in level else None
                if edge is None and number == 0 and arn not in level:
                    edge = self._edit_of(arn, exact)
                if edge is not None:
                    level[arn] = edge
            yield level
            waiting = [arn for arn in waiting if arn not in level]
            goals = level | (certain[number] if number < len(certain) else {})
            if not waiting or (not level and number >= len(certain)):
                return

    def _walk(self, principal: str, edges: Mapping[str, _Edge]) -> Escalation:
        walked = [edges[principal]]
        while not walked[-1].ends:
            walked.append(edges[walked[-1].step.target])
        return _escalation(walked)


def _alone(principal: str, power: Power) -> _Edge:
    """A principal that is an administrator itself, if what that hangs on holds."""
    return _Edge(Step(principal, principal, power.actions, power.how), power.doubt, ends=True)


def _escalation(walked: Sequence[_Edge]) -> Escalation:
    doubt = CERTAIN
    for edge in walked:
        doubt = doubt.also(edge.doubt)
    steps = tuple(edge.step for edge in walked)
    return Escalation(steps[0].source, steps[-1].target, steps, doubt.keys, doubt.unread)
