"""Everything a principal may do: actions, resources and conditions, compact and by access level."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from .catalogue import ACCESS_LEVELS, Catalogue, load, members
from .document import Condition, Statement
from .explanation import StatementRef, reference
from .layers import CompiledStatement, Layers, PolicySet
from .messages import condition_words
from .patterns import is_universal


class Grant(msgspec.Struct, frozen=True):
    """Actions (a set of catalogue numbers, and `unlisted` ones that the catalogue lacks) on resources under
    conditions. With `except_resources` the resources are all but those named. `sources` are the statements
    that say so, each with its own set of actions."""

    layer: str
    actions: int
    resources: tuple[str, ...]
    except_resources: bool
    conditions: tuple[Condition, ...]
    sources: tuple[tuple[CompiledStatement, int], ...]
    unlisted: tuple[str, ...] = ()

    @property
    def statements(self) -> tuple[StatementRef, ...]:
        """Where the statements stand."""
        return tuple(reference(statement, self.layer) for statement, _ in self.sources)


class AccessRow(msgspec.Struct, frozen=True):
    """One line to show: actions of one service and access level with the same resources and conditions.
    `whole` says that these are all actions of the service and level."""

    service: str
    access_level: str
    actions: tuple[str, ...]
    whole: bool
    resources: tuple[str, ...]
    except_resources: bool
    conditions: tuple[Condition, ...]
    statements: tuple[StatementRef, ...]


class Access(msgspec.Struct, frozen=True):
    """What the identity-based policies allow, within boundary, session policy and SCPs.

    `exceptions` are Denies that take away a part (some resources, or under conditions); `limits` are
    statements of boundary, session policy and SCPs that let through only a part of actions that nothing else
    in their layer lets through whole. Denies of everything are already taken out. Resource policies are not
    in it: they are the resources'. `unread` says what nobody has read, and so is not in it either."""

    grants: tuple[Grant, ...]
    exceptions: tuple[Grant, ...] = ()
    limits: tuple[Grant, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def actions(self) -> int:
        """The set of all actions that may be done on something."""
        bits = 0
        for grant in self.grants:
            bits |= grant.actions
        return bits

    @property
    def action_names(self) -> tuple[str, ...]:
        """The same by name, with those that the catalogue lacks."""
        catalogue = load()
        unlisted = dict.fromkeys(name for grant in self.grants for name in grant.unlisted)
        return (*(catalogue.names[number] for number in members(self.actions)), *unlisted)

    def by_level(self) -> dict[str, int]:
        """How many actions of each access level."""
        bits = self.actions
        return {level: (bits & known).bit_count() for level, known in load().level_bits.items()}

    def by_service(self) -> dict[str, dict[str, tuple[int, int]]]:
        """For each service and access level how many actions of how many there are."""
        catalogue = load()
        found: dict[str, dict[str, tuple[int, int]]] = {}
        for (prefix, level), numbers in _split(catalogue, self.actions).items():
            everything = catalogue.bits(f"{prefix}:*") & catalogue.level_bits[level]
            found.setdefault(prefix, {})[level] = (len(numbers), everything.bit_count())
        return found

    def rows(self, service: str | None = None) -> list[AccessRow]:
        """Line by line: by service, then by access level; of one service if given."""
        catalogue = load()
        found: list[AccessRow] = []
        for grant in self.grants:
            for (prefix, level), numbers in _split(catalogue, grant.actions).items():
                if service is None or prefix == service.lower():
                    everything = catalogue.bits(f"{prefix}:*") & catalogue.level_bits[level]
                    whole = len(numbers) == everything.bit_count()
                    names = tuple(catalogue.names[number] for number in numbers)
                    found.append(_row(prefix, level, names, whole, grant, everything))
            for name in grant.unlisted:
                prefix = name.partition(":")[0].lower()
                if service is None or prefix == service.lower():
                    found.append(_row(prefix, "unknown", (name,), False, grant, None))
        order = {level: number for number, level in enumerate((*ACCESS_LEVELS, "unknown"))}
        return sorted(found, key=lambda row: (row.service, order[row.access_level], row.resources))


class AccessDiff(msgspec.Struct, frozen=True):
    """What the second may that the first may not, the reverse, and actions on other resources or under other
    conditions (name, before, after)."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]


def count_levels(names: Iterable[str]) -> dict[str, dict[str, int]]:
    """Actions counted by service and access level (`unknown` for those that the catalogue lacks), the service
    with the most first; levels in the order of ACCESS_LEVELS."""
    catalogue = load()
    found: dict[str, dict[str, int]] = {}
    for name in names:
        number = catalogue.number(name)
        level = "unknown" if number is None else catalogue.access_level(number)
        counts = found.setdefault(name.partition(":")[0].lower(), {})
        counts[level] = counts.get(level, 0) + 1
    order = (*ACCESS_LEVELS, "unknown")
    return {
        service: {level: counts[level] for level in order if level in counts}
        for service, counts in sorted(found.items(), key=lambda item: (-sum(item[1].values()), item[0]))
    }


def access(layers: Layers, service: str | None = None) -> Access:
    """Everything that the layers of a principal let it do, of one service if given."""
    catalogue = load()
    scope = catalogue.bits(f"{service}:*") if service else catalogue.all_bits
    allows, denies = _grants(catalogue, layers.identity, "identity", scope)
    limits: list[Grant] = []
    within = scope
    exceptions = list(denies)
    guards = [("boundary", layers.boundary), ("session", layers.session)]
    guards += [("scp", level) for level in layers.scps]
    for name, guard in guards:
        if guard is None or (name in layers.unknown and not guard.policies):
            continue
        guard_allows, guard_denies = _grants(catalogue, guard, name, scope)
        passing = whole = 0
        for grant in guard_allows:
            passing |= grant.actions
            whole |= grant.actions if _is_whole(grant) else 0
        limits += [
            msgspec.structs.replace(grant, actions=grant.actions & ~whole)
            for grant in guard_allows
            if grant.actions & ~whole
        ]
        within &= passing
        exceptions += guard_denies
    for grant in exceptions:
        if _is_whole(grant):
            within &= ~grant.actions
    kept = [
        msgspec.structs.replace(grant, actions=grant.actions & within)
        for grant in allows
        if grant.actions & within or grant.unlisted
    ]
    reachable = 0
    for grant in kept:
        reachable |= grant.actions
    return Access(
        tuple(kept),
        tuple(
            msgspec.structs.replace(grant, actions=grant.actions & reachable)
            for grant in exceptions
            if not _is_whole(grant) and grant.actions & reachable
        ),
        tuple(
            msgspec.structs.replace(grant, actions=grant.actions & reachable)
            for grant in limits
            if grant.actions & reachable
        ),
        tuple(layers.unknown.values()),
    )


def diff(before: Access, after: Access) -> AccessDiff:
    """What changes from one to the other."""
    old, new = set(before.action_names), set(after.action_names)
    # What the catalogue lacks is listed where a statement names it, and covered by patterns all the same.
    known = load()
    old |= {name for name in new - old if known.number(name) is None and _covers(before, name)}
    new |= {name for name in old - new if known.number(name) is None and _covers(after, name)}
    left, right = _scopes(before), _scopes(after)
    changed = [
        (name, tuple(sorted(left[name])), tuple(sorted(right[name])))
        for name in sorted(old & new)
        if left.get(name) != right.get(name) and known.number(name) is not None
    ]
    return AccessDiff(tuple(sorted(new - old)), tuple(sorted(old - new)), tuple(changed))


def _covers(found: Access, action: str) -> bool:
    lowered = action.lower()
    return any(statement.covers_action(lowered) for grant in found.grants for statement, _ in grant.sources)


def _scopes(found: Access) -> dict[str, frozenset[str]]:
    """For each action the resources (with conditions) of its grants and exceptions."""
    catalogue = load()
    scopes: dict[str, set[str]] = {}
    for word, grants in (("", found.grants), ("not ", found.exceptions), ("only ", found.limits)):
        for grant in grants:
            where = ", ".join(grant.resources)
            text = word + ("all but " if grant.except_resources else "") + where
            if grant.conditions:
                text += f" when {' and '.join(map(condition_words, grant.conditions))}"
            for name in (*(catalogue.names[n] for n in members(grant.actions)), *grant.unlisted):
                scopes.setdefault(name, set()).add(text)
    return {name: frozenset(_widest(texts)) for name, texts in scopes.items()}


def _widest(texts: set[str]) -> set[str]:
    """An Allow on everything makes every other Allow of the action pointless."""
    return {text for text in texts if text.startswith(("not ", "only "))} | {"*"} if "*" in texts else texts


def _is_whole(grant: Grant) -> bool:
    """Whether it is about every resource, without condition."""
    return not grant.conditions and not grant.except_resources and any(map(is_universal, grant.resources))


_GroupKey = tuple[str, tuple[str, ...], bool, tuple[Condition, ...]]


def _grants(
    catalogue: Catalogue, policies: PolicySet, layer: str, scope: int
) -> tuple[list[Grant], list[Grant]]:
    """Allows and Denies of a layer, those with the same resources and conditions put together."""
    groups: dict[_GroupKey, tuple[int, list[tuple[CompiledStatement, int]], dict[str, None]]] = {}
    for policy in policies.policies:
        for compiled in policy.statements:
            statement = compiled.statement
            resources = statement.resources or statement.not_resources
            actions = _actions(catalogue, statement) & scope
            unlisted = _unlisted(catalogue, statement)
            actions &= _possible(catalogue, resources, bool(statement.not_resources))
            if not actions and not unlisted:
                continue
            key = (statement.effect, resources, bool(statement.not_resources), statement.conditions)
            known, sources, names = groups.get(key, (0, [], {}))
            sources.append((compiled, actions))
            groups[key] = (known | actions, sources, names | dict.fromkeys(unlisted))
    allows: list[Grant] = []
    denies: list[Grant] = []
    for (effect, resources, negated, conditions), (actions, sources, names) in groups.items():
        grant = Grant(layer, actions, resources, negated, conditions, tuple(sources), tuple(names))
        (allows if effect == "Allow" else denies).append(grant)
    return allows, denies


def _actions(catalogue: Catalogue, statement: Statement) -> int:
    bits = 0
    for pattern in statement.actions or statement.not_actions:
        bits |= catalogue.bits(pattern)
    return bits if statement.actions else catalogue.all_bits & ~bits


def _unlisted(catalogue: Catalogue, statement: Statement) -> tuple[str, ...]:
    """Actions named in full that the catalogue lacks: they are granted all the same."""
    return tuple(
        name
        for name in statement.actions
        if ":" in name and not any(char in name for char in "*?") and catalogue.number(name) is None
    )


def _possible(catalogue: Catalogue, resources: tuple[str, ...], negated: bool) -> int:
    """The actions that the resources can be about."""
    if negated:
        return catalogue.all_bits
    bits = 0
    for pattern in resources:
        bits |= catalogue.actions_on(pattern)
    return bits


def _split(catalogue: Catalogue, actions: int) -> dict[tuple[str, str], list[int]]:
    found: dict[tuple[str, str], list[int]] = {}
    for number in members(actions):
        prefix = catalogue.names[number].partition(":")[0]
        found.setdefault((prefix, catalogue.access_level(number)), []).append(number)
    return found


def _row(
    service: str, level: str, names: Iterable[str], whole: bool, grant: Grant, scope: int | None
) -> AccessRow:
    """A line with the statements that have a share in it; `scope` None for actions that the catalogue
    lacks."""
    actions = tuple(names)
    sources = [
        statement
        for statement, bits in grant.sources
        if (actions[0] in statement.statement.actions if scope is None else bits & scope & grant.actions)
    ]
    return AccessRow(
        service,
        level,
        actions,
        whole,
        grant.resources,
        grant.except_resources,
        grant.conditions,
        tuple(reference(statement, grant.layer) for statement in sources),
    )
