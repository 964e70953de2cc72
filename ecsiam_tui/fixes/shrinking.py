"""Statements that grant too widely, made smaller: what ECS asks of the role stays, and what people keep."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from ecsiam_tui.account.iam import Role
from ecsiam_tui.changes.change import AnyChange
from ecsiam_tui.ecs.requirement import Requirement
from ecsiam_tui.ecs.risk import risk_bits
from ecsiam_tui.findings.facts import Facts, Placed
from ecsiam_tui.findings.grants import SENSITIVE, covers, is_wide
from ecsiam_tui.findings.wording import listed
from ecsiam_tui.fixes.fix import Answers, Choice, Fix, Question
from ecsiam_tui.fixes.granting import statements as needed
from ecsiam_tui.fixes.statement_edits import Data, asked_of, data_of, rewrite, shared_warning
from ecsiam_tui.policy.catalogue import load, members
from ecsiam_tui.policy.patterns import action_matchers
from ecsiam_tui.policy.statements import Statement

LEVELS = ("List", "Read", "Tagging", "Write", "Permissions management")
CAREFUL = ("List", "Read")
"""The access levels that the broader of two fixes keeps."""
_MOST_CHARACTERS = 8000
"""A longer document is not offered: all inline policies of a role together have 10,240 characters (IAM User
Guide, "IAM and AWS STS quotas")."""
_MOST_SERVICES = 30

Offending = Callable[[str], bool]
"""Whether an Action pattern of a statement is what the finding is about."""


class Cut(NamedTuple):
    """A statement and the Action patterns of it that go; `everything` for NotAction, where all goes.
    `on_named` says that what goes from everything stays on the resources that the statement names."""

    placed: Placed
    patterns: tuple[str, ...]
    on_named: bool = False

    @property
    def statement(self) -> Statement:
        """The statement."""
        return self.placed.statement


def cut(placed: Placed, offending: Offending, *, on_named: bool = False) -> Cut:
    """A statement with the patterns that go."""
    return Cut(placed, tuple(filter(offending, placed.statement.actions)), on_named)


def bits_of(found: Cut) -> int:
    """The actions that a cut takes away, as a set of the catalogue."""
    catalogue = load()
    if found.statement.not_actions:
        without = 0
        for pattern in found.statement.not_actions:
            without |= catalogue.bits(pattern)
        return catalogue.all_bits & ~without
    bits = 0
    for pattern in found.patterns:
        bits |= catalogue.bits(pattern)
    return bits


@lru_cache(maxsize=1)
def _data_bits() -> int:
    """Actions that are kept on named resources alone: those that get at data or credentials."""
    catalogue = load()
    bits = 0
    for risky in risk_bits().values():
        bits |= risky
    for kinds in SENSITIVE.values():
        for action in (action for kind in kinds for action in kind.actions):
            bits |= catalogue.bits(action)
    return bits


_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z0-9]*|[a-z0-9]+")


def patterns(bits: int) -> list[str]:
    """Action patterns that match exactly some actions of the catalogue, the shortest heads of words first:
    `s3:GetBucket*`. No pattern is all of a service."""
    catalogue = load()
    found: list[tuple[str, int]] = []
    for number in members(bits):
        if not bits >> number & 1 or any(matched >> number & 1 for _, matched in found[-1:]):
            continue
        found.append(_pattern(catalogue.names[number], number, bits))
    return list(dict.fromkeys(text for text, _ in found))


def _pattern(name: str, number: int, bits: int) -> tuple[str, int]:
    service, _, action = name.partition(":")
    words = _WORDS.findall(action)
    for count in range(1, len(words)):
        text = f"{service}:{''.join(words[:count])}*"
        matched = load().bits(text)
        if not matched & ~bits and matched.bit_count() > 1:
            return text, matched
    return name, 1 << number


def level_bits(levels: Iterable[str]) -> int:
    """All actions of some access levels."""
    known = load().level_bits
    bits = 0
    for level in levels:
        bits |= known.get(level, 0)
    return bits


def _instead(found: Cut, keep: int) -> list[Data]:
    """The statements that take the place of one: what is not offending, and what is kept."""
    data = data_of(found.placed)
    bare = {key: value for key, value in data.items() if key not in ("Action", "NotAction")}
    out: list[Data] = []
    rest = [pattern for pattern in found.statement.actions if pattern not in found.patterns]
    if rest:
        out.append(_with(bare, rest, None))
    wide = [pattern for pattern in found.statement.resources if is_wide(pattern)]
    named = [pattern for pattern in found.statement.resources if not is_wide(pattern)]
    kept = bits_of(found) & keep
    if named and found.on_named:
        out.append(_with(bare, list(found.patterns), named))
    elif named and kept:
        out.append(_with(bare, patterns(kept), named))
    kept &= ~_data_bits()
    if wide and kept:
        out.append(_with(bare, patterns(kept), wide))
    return out


def _with(bare: Data, actions: list[str], resources: list[str] | None) -> Data:
    changed: Data = {}
    for key, value in bare.items():
        if key in ("Resource", "NotResource", "Condition") and "Action" not in changed:
            changed["Action"] = actions[0] if len(actions) == 1 else actions
        if key == "Resource" and resources is not None:
            value = resources[0] if len(resources) == 1 else resources
        changed[key] = value
    if "Action" not in changed:
        changed["Action"] = actions[0] if len(actions) == 1 else actions
    return changed


def _asked(facts: Facts, role: str, cuts: Iterable[Cut]) -> list[Requirement]:
    found = tuple(cuts)

    def about(asked: Requirement) -> bool:
        action = asked.action.lower()
        return any(
            any(matches(action) for matches in action_matchers(one.patterns))
            if not one.statement.not_actions
            else covers(one.statement, action)
            for one in found
        )

    return asked_of(facts, role, about)


def shrink(
    facts: Facts, role: Role, cuts: tuple[Cut, ...], keep: Iterable[str], why: str
) -> tuple[AnyChange, ...]:
    """The changes that leave of some statements what ECS asks of the role and the actions of some access
    levels; those that get at data on named resources alone. Nothing where it would not fit."""
    bits = level_bits(keep)
    edits = [(one.placed, _instead(one, bits)) for one in cuts]
    size = sum(len(str(statement)) for _, found in edits for statement in found)
    if size > _MOST_CHARACTERS:
        return ()
    more = needed(_asked(facts, role.arn, cuts), facts)
    return rewrite(facts, role, edits, more, why)


def lost(facts: Facts, role: Role, cuts: tuple[Cut, ...], keep: Iterable[str]) -> Iterator[str]:
    """What goes, a sentence for each access level, from the worst."""
    gone = _gone(facts, role, cuts)
    kept = level_bits(keep) & ~_data_bits()
    for level in reversed(LEVELS):
        bits = gone & level_bits((level,)) & ~kept
        if bits:
            yield f"Loses {level}: {_services(bits)}."


def _gone(facts: Facts, role: Role, cuts: tuple[Cut, ...]) -> int:
    gone = 0
    for one in cuts:
        gone |= bits_of(one)
    for asked in _asked(facts, role.arn, cuts):
        gone &= ~load().bits(asked.action)
    return gone


def _services(bits: int) -> str:
    names = load().names
    counted: dict[str, int] = {}
    for number in members(bits):
        service = names[number].partition(":")[0]
        counted[service] = counted.get(service, 0) + 1
    total = sum(counted.values())
    told = "1 action" if total == 1 else f"{total:,} actions"
    if len(counted) > _MOST_SERVICES:
        return f"{told} of {len(counted)} services"
    return f"{told} of {listed(counted, 6)}"


def question(facts: Facts, role: Role, cuts: tuple[Cut, ...]) -> Question:
    """Which of what nothing asks for stays, by access level; by default none."""
    gone = _gone(facts, role, cuts)
    choices = []
    for level in LEVELS:
        bits = gone & level_bits((level,))
        if bits:
            note = (
                "without what gets at data or credentials, but on named resources"
                if (bits & _data_bits())
                else ""
            )
            choices.append(Choice(level, f"{level}: {_services(bits)}", note))
    return Question(
        "keep",
        f"ECS asks for none of this. Which of it does the application of {role.role_name} use?",
        tuple(choices),
        many=True,
    )


def _ask(costs: tuple[str, ...]) -> tuple[str, ...]:
    return (
        ("What ECS does not ask for the application may use all the same: ask who runs it.",) if costs else ()
    )


def variants(
    name: str,
    finding: str,
    facts: Facts,
    role: Role,
    cuts: tuple[Cut, ...],
    answers: Answers,
    title: str,
) -> Iterator[Fix]:
    """The fixes that shrink some statements: what was answered; else what is required alone, and what keeps
    List and Read besides."""
    if not cuts:
        return
    asks = question(facts, role, cuts)
    chosen = asks.answer(answers)
    tries: list[tuple[str, ...]] = [chosen] if chosen else [(), CAREFUL]
    seen = set()
    for breadth, keep in enumerate(tries):
        changes = shrink(facts, role, cuts, keep, title)
        if not changes or changes in seen:
            continue
        seen.add(changes)
        costs = tuple(lost(facts, role, cuts, keep))
        what = f"keep what ECS asks for and {listed(keep)}" if keep else "keep only what ECS asks for"
        yield Fix(
            name=name,
            title=f"{title}: {what}",
            finding=finding,
            changes=changes,
            breadth=breadth if not chosen else 1,
            costs=costs,
            warnings=(*_ask(costs), *shared_warning(changes, role)),
            questions=(asks,) if asks.choices else (),
        )
