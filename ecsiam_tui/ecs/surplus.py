"""What a role may do beyond what Amazon ECS asks of it: what the application alone must justify.

Access granted (identity-based policies within boundary and SCPs) minus access required, in lines by service,
access level, risk and resources. Resource policies are not looked at: they are the resources'."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

import msgspec

from ecsiam_tui.ecs.requirement import Judged
from ecsiam_tui.ecs.risk import Risk, risk_bits, risk_of
from ecsiam_tui.policy.access import Access, Grant, access
from ecsiam_tui.policy.account import AccountPolicies
from ecsiam_tui.policy.catalogue import load, members
from ecsiam_tui.policy.document import Statement
from ecsiam_tui.policy.explanation import StatementRef, reference
from ecsiam_tui.policy.patterns import is_universal, resource_glob, tokenize

LEVELS = ("Permissions management", "Write", "Tagging", "Read", "List", "unknown")
"""Access levels, the worst first; `unknown` for actions that the catalogue lacks."""
_MOST_ASKED = 2
"""Resources that a line names of those asked for."""


class SurplusRow(msgspec.Struct, frozen=True):
    """Actions of one service, access level and risk that a role has on the same resources.

    `actions` are as the statements write them (`s3:*`, or `NotAction iam:*`), `count` how many actions that
    is. Where `asked` is empty, nothing asks for these actions; else ECS asks for them on the resources
    `asked`, and `resources` are wider. `except_resources`: on all but the resources. `conditional`: under
    conditions, or narrowed by a Deny or permissions boundary of the role; SCPs, which narrow a whole account
    alike, are not counted here."""

    service: str
    level: str
    risk: Risk | None
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    statements: tuple[StatementRef, ...]
    conditional: bool
    count: int = 1
    asked: tuple[str, ...] = ()
    except_resources: bool = False

    @property
    def text(self) -> str:
        """The line in words: `s3:* on *`, `wider: s3:GetObject on * where arn:… is asked for`."""
        where = ("all but " if self.except_resources else "") + ", ".join(self.resources)
        what = f"{', '.join(self.actions)} on {where}"
        if not self.asked:
            return what
        more = len(self.asked) - _MOST_ASKED
        named = ", ".join(self.asked[:_MOST_ASKED]) + (f" and {more} more" if more > 0 else "")
        return f"wider: {what} where {named} {'is' if len(self.asked) == 1 else 'are'} asked for"


class RoleAccess(msgspec.Struct, frozen=True):
    """A role's access beside what is asked of it.

    `granted` and `required` count actions. `by_level` counts for each access level the actions required and
    those in surplus, `by_risk` those in surplus; an action that is asked for, but granted more widely, is in
    both. `unread` says what could not be read: then there may be more, or less."""

    role: str
    needed: tuple[Judged, ...]
    granted: int
    required: int
    surplus: tuple[SurplusRow, ...]
    by_level: Mapping[str, tuple[int, int]]
    by_risk: Mapping[Risk, int]
    unread: tuple[str, ...]


class _Asked(NamedTuple):
    """What is required: resources by action (lower case), and the set of the actions."""

    resources: dict[str, tuple[str, ...]]
    bits: int


class _Cell(NamedTuple):
    """Some actions of one service, access level and risk; all of them in the bytes `first` to `last` of a
    set."""

    service: str
    level: str
    risk: Risk | None
    bits: int
    first: int = 0
    last: int = 0


def role_access(account: AccountPolicies, role_arn: str, needed: Iterable[Judged]) -> RoleAccess:
    """What a role (by ARN) has and what is asked of it. Requirements of other roles, and to be assumable, are
    left out of `needed`; every necessity counts as asked for."""
    mine = tuple(
        judged for judged in needed if role_arn in (judged.requirement.principal, *judged.requirement.others)
    )
    found = access(account.layers(role_arn))
    asked = _asked(account, mine)
    narrowed = _narrowed(found)
    rows: list[SurplusRow] = []
    surplus, unlisted = found.actions & ~asked.bits, set()
    for grant in found.grants:
        for row, bits in _rows(grant, asked, narrowed):
            rows.append(row)
            surplus |= bits if row.asked else 0
            if not bits:
                unlisted.add(row.actions[0].lower())
    order, levels = list(Risk), {level: number for number, level in enumerate(LEVELS)}
    rows.sort(
        key=lambda row: (
            order.index(row.risk) if row.risk else len(order),
            levels[row.level],
            row.service,
            row.resources,
        )
    )
    granted_unlisted = {name.lower() for grant in found.grants for name in grant.unlisted}
    return RoleAccess(
        role_arn,
        mine,
        found.actions.bit_count() + len(granted_unlisted),
        len(asked.resources),
        tuple(rows),
        _by_level(asked, surplus, len(unlisted)),
        _by_risk(surplus, unlisted),
        found.unread,
    )


def _asked(account: AccountPolicies, needed: Iterable[Judged]) -> _Asked:
    catalogue = load()
    resources: dict[str, dict[str, None]] = {}
    bits = 0
    for judged in needed:
        action, resource = judged.requirement.action, judged.requirement.resource
        number = catalogue.number(action)
        bits |= 0 if number is None else 1 << number
        resource = account.authorized_resource(action, resource)
        resources.setdefault(action.lower(), {})[resource] = None
    return _Asked({action: tuple(found) for action, found in resources.items()}, bits)


def _by_level(asked: _Asked, surplus: int, unlisted: int) -> dict[str, tuple[int, int]]:
    known = load().level_bits
    counts = {
        level: ((asked.bits & known[level]).bit_count(), (surplus & known[level]).bit_count())
        for level in LEVELS[:-1]
    }
    counts["unknown"] = (len(asked.resources) - asked.bits.bit_count(), unlisted)
    return {level: pair for level, pair in counts.items() if any(pair)}


def _by_risk(surplus: int, unlisted: Iterable[str]) -> dict[Risk, int]:
    counts = {risk: (surplus & bits).bit_count() for risk, bits in risk_bits().items()}
    for name in unlisted:
        risk = risk_of(name)
        if risk is not None:
            counts[risk] += 1
    return {risk: count for risk, count in counts.items() if count}


def _narrowed(found: Access) -> int:
    """The actions of which a Deny or permissions boundary takes away a part."""
    bits = 0
    for grant in (*found.exceptions, *found.limits):
        bits |= grant.actions if grant.layer != "scp" else 0
    return bits


def _rows(grant: Grant, asked: _Asked, narrowed: int) -> Iterator[tuple[SurplusRow, int]]:
    """The lines of a grant with the actions that each is about; no bits for one that the catalogue lacks."""
    writing = _Writing(grant)
    for cell in _cells(grant.actions & ~asked.bits):
        resources = _about(grant, cell.bits)
        yield _row(grant, cell, writing.of(cell), resources, narrowed), cell.bits
    wider: dict[tuple[str, str, Risk | None, tuple[str, ...], tuple[str, ...]], int] = {}
    names = load().names
    for cell in _cells(grant.actions & asked.bits):
        for number in members(cell.bits):
            wanted = asked.resources[names[number].lower()]
            beyond = _beyond(grant, _about(grant, 1 << number), wanted)
            if beyond:
                key = (cell.service, cell.level, cell.risk, wanted, beyond)
                wider[key] = wider.get(key, 0) | 1 << number
    for (service, level, risk, wanted, beyond), bits in wider.items():
        actions = tuple(names[number] for number in members(bits))
        cell = _Cell(service, level, risk, bits)
        row = _row(grant, cell, (actions, writing.sources(bits)), beyond, narrowed)
        yield msgspec.structs.replace(row, asked=wanted), bits
    for name in grant.unlisted:
        wanted = asked.resources.get(name.lower(), ())
        beyond = _beyond(grant, grant.resources, wanted) if wanted else grant.resources
        if beyond:
            cell = _Cell(name.partition(":")[0].lower(), "unknown", risk_of(name), 0)
            row = _row(grant, cell, ((name,), writing.naming(name)), beyond, narrowed)
            yield msgspec.structs.replace(row, asked=wanted), 0


def _row(
    grant: Grant,
    cell: _Cell,
    written: tuple[tuple[str, ...], list[StatementRef]],
    resources: tuple[str, ...],
    narrowed: int,
) -> SurplusRow:
    actions, sources = written
    return SurplusRow(
        cell.service,
        cell.level,
        cell.risk,
        actions,
        resources,
        tuple(sources),
        bool(grant.conditions or cell.bits & narrowed),
        cell.bits.bit_count() or len(actions),
        except_resources=grant.except_resources,
    )


# The catalogue cut into services, and these into access levels and risks


class _Slice(NamedTuple):
    """A service's actions: the bytes of a set that hold them, and in these its cells."""

    service: str
    first: int
    last: int
    cells: tuple[tuple[str, Risk | None, int], ...]


class _Slices(NamedTuple):
    """All services in the order of the catalogue. A byte may hold actions of several: `at` tells the first of
    them."""

    all: tuple[_Slice, ...]
    at: tuple[int, ...]


@lru_cache(maxsize=1)
def _slices() -> _Slices:
    catalogue = load()
    risk_by_number = {number: risk for risk, bits in risk_bits().items() for number in members(bits)}
    numbers: dict[str, list[int]] = {}
    for number, name in enumerate(catalogue.names):
        numbers.setdefault(name.partition(":")[0], []).append(number)
    found: list[_Slice] = []
    at: list[int] = []
    for service, own in numbers.items():
        first, last = own[0] >> 3, (own[-1] >> 3) + 1
        at += [len(found)] * (last - len(at))
        cells: dict[tuple[str, Risk | None], int] = {}
        for number in own:
            key = (catalogue.access_level(number), risk_by_number.get(number))
            cells[key] = cells.get(key, 0) | 1 << (number - first * 8)
        found.append(_Slice(service, first, last, tuple((*key, bits) for key, bits in cells.items())))
    return _Slices(tuple(found), tuple(at))


_SOMETHING = re.compile(rb"[^\0]")


def _cells(actions: int) -> Iterator[_Cell]:
    """A set of actions by service, access level and risk."""
    slices, at = _slices()
    data = actions.to_bytes(len(at), "little")
    place = 0
    while place < len(slices):
        match = _SOMETHING.search(data, slices[place].first)
        if match is None:
            return
        place = max(place, at[match.start()])
        service, first, last, cells = slices[place]
        part = int.from_bytes(data[first:last], "little")
        for level, risk, bits in cells if part else ():
            if part & bits:
                yield _Cell(service, level, risk, (part & bits) << first * 8, first, last)
        place += 1


# As the statements write it

_Patterns = Mapping[str, tuple[tuple[str, int], ...]]


@lru_cache(maxsize=2048)
def _patterns(actions: tuple[str, ...]) -> _Patterns:
    """The patterns of an Action element with the actions that they match, by service: a policy may have a
    thousand. Under `*` those of more than one service. Names are spelled as AWS does."""
    catalogue = load()
    found: dict[str, dict[str, int]] = {}
    for pattern in actions:
        service = pattern.partition(":")[0].lower()
        several = "*" in service or "?" in service
        text = catalogue.canonical(pattern)
        found.setdefault("*" if several else service, {})[text] = catalogue.bits(pattern)
    return {service: tuple(texts.items()) for service, texts in found.items()}


class _Source(NamedTuple):
    """A statement of a grant with its actions, as the bytes of a set."""

    statement: Statement
    actions: bytes
    patterns: _Patterns
    reference: StatementRef


class _Writing:
    """How the statements of a grant write actions."""

    def __init__(self, grant: Grant) -> None:
        self._sources = [
            _Source(
                source.statement,
                bits.to_bytes(len(_slices().at), "little"),
                _patterns(source.statement.actions),
                reference(source, grant.layer),
            )
            for source, bits in grant.sources
        ]
        self._everything = any("*" in source.statement.actions for source, _ in grant.sources)

    def sources(self, bits: int) -> list[StatementRef]:
        """The statements that have a share in some actions."""
        return [found for _, own, _, found in self._sources if int.from_bytes(own, "little") & bits]

    def naming(self, action: str) -> list[StatementRef]:
        """The statements that name an action in full."""
        return [found for statement, _, _, found in self._sources if action in statement.actions]

    def of(self, cell: _Cell) -> tuple[tuple[str, ...], list[StatementRef]]:
        """Patterns that cover some of the actions of a cell, and the statements they stand in. One that
        covers all of them stands alone."""
        texts: dict[str, int] = {}
        sources: list[StatementRef] = []
        first, last, shift = cell.first, cell.last, cell.first * 8
        part = cell.bits >> shift
        for statement, own, patterns, found in self._sources:
            # The few bytes of the service alone: sets of all actions are long.
            share = int.from_bytes(own[first:last], "little") & part
            if not share:
                continue
            sources.append(found)
            if self._everything:
                continue
            if statement.not_actions:
                texts["NotAction " + ", ".join(statement.not_actions)] = 0
            near = (*patterns.get(cell.service, ()), *patterns.get("*", ()))
            texts.update((text, covered) for text, covered in near if covered >> shift & share)
        if self._everything:
            return ("*",), sources
        if len(texts) > 1:
            whole = [text for text, covered in texts.items() if not cell.bits & ~covered]
            if whole:
                return (max(whole, key=lambda text: texts[text].bit_count()),), sources
        return tuple(texts), sources


# Resources


def _about(grant: Grant, bits: int) -> tuple[str, ...]:
    """The resources of a grant that some of the actions can be about."""
    if grant.except_resources or len(grant.resources) == 1:
        return grant.resources
    catalogue = load()
    return tuple(text for text in grant.resources if catalogue.actions_on(text) & bits)


def _beyond(grant: Grant, resources: tuple[str, ...], asked: tuple[str, ...]) -> tuple[str, ...]:
    """The resources that reach beyond those asked for."""
    if any(map(is_universal, asked)):
        return ()
    if grant.except_resources:
        return resources
    return tuple(text for text in resources if not any(_within(text, wanted) for wanted in asked))


@lru_cache(maxsize=8192)
def _within(pattern: str, asked: str) -> bool:
    """Whether a Resource pattern stays within a resource asked for.

    Secrets Manager adds a hyphen and six characters to a name, so that `-??????` at the end says no more than
    the name: AWS Secrets Manager User Guide, "Secrets Manager secret ARN". A log group's ARN with `:*` behind
    it stands for the same group."""
    if asked in (pattern, f"{pattern}:*"):
        return True
    if pattern.endswith("-??????") and pattern[:-7] == asked[:-7] and ":secret:" in asked:
        return True
    # What its wildcards and variables stand for is covered where those of `asked` cover their text.
    return resource_glob(tokenize(asked, variables=False))(pattern) is not None
