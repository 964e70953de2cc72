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
from ecsiam_tui.findings.grants import SENSITIVE, aws_policy, covers, is_wide
from ecsiam_tui.findings.wording import listed
from ecsiam_tui.fixes.fix import Answers, Choice, Fix, Question
from ecsiam_tui.fixes.granting import statements as needed
from ecsiam_tui.fixes.statement_edits import Data, asked_of, data_of, rewrite, shared_warning
from ecsiam_tui.policy.catalogue import load, members
from ecsiam_tui.policy.patterns import action_matchers
from ecsiam_tui.policy.services import service_of
from ecsiam_tui.policy.statements import Statement

USED = "used"
USED_BUT_RISKS = "used-but-risks"
"""Answers that keep what the role used, as far as AWS says: all of it, or what is risky on named resources
alone."""
LEVELS = ("List", "Read", "Tagging", "Write", "Permissions management")
CAREFUL = ("List", "Read")
"""The access levels that the broader of two fixes keeps."""
_MOST_CHARACTERS = 8000
"""A longer document is not offered: all inline policies of a role together have 10,240 characters (IAM User
Guide, "IAM and AWS STS quotas")."""
_MOST_SERVICES = 30
_NOT_USED = "Loses what was not used"
RARE_WORK = "Rare work may need what was not used for long: ask who runs it."

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


class Kept(NamedTuple):
    """The actions of a cut that stay on the resources that the statement names, and on everything."""

    named: int
    everywhere: int


def kept(facts: Facts, role: str, keep: Iterable[str]) -> Kept:
    """What some answers keep of a role's (ARN) permissions: access levels, but what gets at data on named
    resources alone; and what the role used."""
    chosen = set(keep)
    levels, data = level_bits(chosen & set(LEVELS)), _data_bits()
    known = facts.last_uses.get(role)
    used = known.bits() if known is not None and chosen & {USED, USED_BUT_RISKS} else 0
    return Kept(levels | used, levels & ~data | (used if USED in chosen else used & ~data))


def _instead(found: Cut, keep: Kept) -> list[Data]:
    """The statements that take the place of one: what is not offending, and what is kept."""
    data = data_of(found.placed)
    bare = {key: value for key, value in data.items() if key not in ("Action", "NotAction")}
    out: list[Data] = []
    rest = [pattern for pattern in found.statement.actions if pattern not in found.patterns]
    if rest:
        out.append(_with(bare, rest, None))
    wide = [pattern for pattern in found.statement.resources if is_wide(pattern)]
    named = [pattern for pattern in found.statement.resources if not is_wide(pattern)]
    bits = bits_of(found)
    if named and found.on_named:
        out.append(_with(bare, list(found.patterns), named))
    elif named and bits & keep.named:
        out.append(_with(bare, patterns(bits & keep.named), named))
    if wide and bits & keep.everywhere:
        out.append(_with(bare, patterns(bits & keep.everywhere), wide))
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
    """The changes that leave of some statements what ECS asks of the role and what the answers `keep`.
    Nothing where it would not fit."""
    stays = kept(facts, role.arn, keep)
    edits = [(one.placed, _instead(one, stays)) for one in cuts]
    size = sum(len(str(statement)) for _, found in edits for statement in found)
    if size > _MOST_CHARACTERS:
        return ()
    more = needed(_asked(facts, role.arn, cuts), facts)
    return rewrite(facts, role, edits, more, why)


def lost(facts: Facts, role: Role, cuts: tuple[Cut, ...], keep: Iterable[str]) -> Iterator[str]:
    """What goes, a sentence for each access level, from the worst; what AWS says was not used comes last."""
    gone = _gone(facts, role, cuts) & ~kept(facts, role.arn, keep).everywhere
    known = facts.last_uses.get(role.arn)
    unused = gone & known.unused_bits if known is not None else 0
    for level in reversed(LEVELS):
        bits = gone & level_bits((level,)) & ~unused
        if bits:
            yield f"Loses {level}: {services_words(bits)}."
    if unused and known is not None:
        yield f"{_NOT_USED} {known.period}: {services_words(unused)}."


def _gone(facts: Facts, role: Role, cuts: tuple[Cut, ...]) -> int:
    gone = 0
    for one in cuts:
        gone |= bits_of(one)
    for asked in _asked(facts, role.arn, cuts):
        gone &= ~load().bits(asked.action)
    return gone


def services_words(bits: int) -> str:
    """Some actions of the catalogue, counted, with their services: `12 actions of s3 and sqs`."""
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
    known = facts.last_uses.get(role.arn)
    used = gone & known.bits() if known is not None else 0
    choices = []
    if used:
        choices.append(
            Choice(
                USED,
                f"What was used: {services_words(used)}",
                "AWS tracks neither resources nor what gets at data: all of it stays",
            )
        )
    if used & _data_bits() and used & ~_data_bits():
        choices.append(Choice(USED_BUT_RISKS, "What was used, risky actions on named resources alone"))
    for level in LEVELS:
        bits = gone & level_bits((level,))
        if bits:
            note = (
                "without what gets at data or credentials, but on named resources"
                if (bits & _data_bits())
                else ""
            )
            choices.append(Choice(level, f"{level}: {services_words(bits)}", note))
    return Question(
        "keep",
        f"ECS asks for none of this. Which of it does the application of {role.role_name} use?",
        tuple(choices),
        many=True,
    )


def last_use_notes(facts: Facts, role: Role, cuts: Iterable[Cut], bits: int) -> tuple[str, ...]:
    """What is known of the last use of some actions' services, in a sentence; or that nothing is known. Those
    come first that somebody wrote into a policy of the account."""
    if not bits:
        return ()
    known = facts.last_uses.get(role.arn)
    if known is None:
        return (f"What {role.role_name} used last was not read: nothing is known of it.",)
    written = (one.patterns for one in cuts if not aws_policy(one.placed.node))
    gone = dict.fromkeys(service_of(load().names[number]) for number in members(bits))
    first = [name for found in written for name in map(service_of, found) if name in gone]
    told = known.told((*first, *gone), by="the application" if role.arn in facts.task_roles else "")
    return (told,) if told else (f"AWS does not say what {role.role_name} used of it.",)


_WORDS_OF = {
    USED: "what was used",
    USED_BUT_RISKS: "what was used, risky actions on named resources alone",
}


def _tries(facts: Facts, role: Role, cuts: tuple[Cut, ...]) -> Iterator[tuple[str, ...]]:
    """What is tried where nobody answers, from the narrowest."""
    yield ()
    known = facts.last_uses.get(role.arn)
    used = known.bits() & _gone(facts, role, cuts) if known is not None else 0
    if used & _data_bits():
        yield (USED_BUT_RISKS,)
    if used:
        yield (USED,)
    yield CAREFUL


def _ask(costs: tuple[str, ...]) -> tuple[str, ...]:
    if not costs:
        return ()
    if all(cost.startswith(_NOT_USED) for cost in costs):
        return (RARE_WORK,)
    return ("What ECS does not ask for the application may use all the same: ask who runs it.",)


def variants(
    name: str,
    finding: str,
    facts: Facts,
    role: Role,
    cuts: tuple[Cut, ...],
    answers: Answers,
    title: str,
) -> Iterator[Fix]:
    """The fixes that shrink some statements: what was answered; else what is required alone, what keeps what
    the role used besides, and what keeps List and Read."""
    if not cuts:
        return
    asks = question(facts, role, cuts)
    chosen = asks.answer(answers)
    notes = last_use_notes(facts, role, cuts, _gone(facts, role, cuts))
    seen = set()
    for breadth, keep in enumerate((chosen,) if chosen else _tries(facts, role, cuts)):
        changes = shrink(facts, role, cuts, keep, title)
        if not changes or changes in seen:
            continue
        seen.add(changes)
        costs = tuple(lost(facts, role, cuts, keep))
        words = listed(_WORDS_OF.get(one, one) for one in keep)
        what = f"keep what ECS asks for and {words}" if keep else "keep only what ECS asks for"
        yield Fix(
            name=name,
            title=f"{title}: {what}",
            finding=finding,
            changes=changes,
            breadth=breadth if not chosen else 1,
            costs=costs,
            warnings=(*_ask(costs), *shared_warning(changes, role)),
            notes=notes,
            questions=(asks,) if asks.choices else (),
        )
