"""What differs between two snapshots of an account: things that came, went or changed, field by field.

Generic over the records: a thing is the same thing where its ARN or id is, a part of it where its name is.
What changes by itself (counts, events, when something was last used) is left out unless asked for. A thing
that one snapshot could not read is not said to be new or gone for certain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from ecsiam_tui.account.arns import parse_arn, short_name
from ecsiam_tui.account.document_difference import decoded, document_changes
from ecsiam_tui.account.ecs import (
    Deployment,
    ExpressGatewayConfiguration,
    LifecycleHook,
    LoadBalancer,
    Secret,
    Service,
    ServiceConnectService,
    VpcLatticeConfiguration,
)
from ecsiam_tui.account.iam import AttachedPolicy, InlinePolicy
from ecsiam_tui.account.launchers import RunTaskTarget
from ecsiam_tui.account.snapshot import Gap, OrganizationLevel, Snapshot
from ecsiam_tui.account.tasks import EnvironmentVariable, MountPoint, TaskDefinition

What = Literal["added", "removed", "changed"]


class FieldChange(msgspec.Struct, frozen=True, omit_defaults=True):
    """A field that is not what it was. `path` spells it as AWS does, parts of lists by their names
    (`containerDefinitions[app].image`).

    Of a list whose order means nothing, `old` has what left it and `new` what came. UNSET: there is none on
    that side. `hidden` says that the value is secret: it changed, and that is all there is to know. `unread`
    names the side that was not read, so that nothing is known of a change."""

    path: str
    old: Any = UNSET
    new: Any = UNSET
    hidden: bool = False
    unread: Literal["", "old", "new"] = ""


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """A thing that came, went or changed. `kind` is the field of the snapshot that holds it (`roles`).

    `certain` is False where the other snapshot did not read all of its kind, so that it may have been there.
    A new revision of a task definition is `compared_with` the one before it; `fields` say what differs."""

    what: What
    kind: str
    id: str
    name: str
    fields: tuple[FieldChange, ...] = ()
    certain: bool = True
    compared_with: str = ""


class Difference(msgspec.Struct, frozen=True):
    """All changes, in the order of the snapshot's fields. `same_key` is False where the two were redacted
    with different keys: whether a value of a variable changed then shows only in its length and look."""

    changes: tuple[Change, ...]
    same_key: bool = True

    def of(self, kind: str) -> tuple[Change, ...]:
        """The changes of one kind."""
        return tuple(change for change in self.changes if change.kind == kind)

    @property
    def counts(self) -> dict[What, int]:
        """How many things came, went, changed."""
        counted = Counter(change.what for change in self.changes)
        return {what: counted[what] for what in ("added", "removed", "changed")}


VOLATILE = frozenset(
    {
        # Of the reading
        "taken_at",
        "tool_version",
        "source",
        "caller",
        "account_summary",
        # Counts and the course of things
        "desired_count",
        "running_count",
        "pending_count",
        "failed_tasks",
        "computed_desired_count",
        "registered_container_instances_count",
        "running_tasks_count",
        "pending_tasks_count",
        "active_services_count",
        "attachment_count",
        "permissions_boundary_usage_count",
        "events",
        "role_last_used",
        "agent_connected",
        "last_status",
        "health_status",
        "stability_status",
        "rollout_state",
        "rollout_state_reason",
        "updated_at",
        "update_date",
        "images",
        # What follows from other things that are shown
        "latest",
        "policy_version_list",
    }
)
"""Fields that change by themselves, or say again what another one says."""
VOLATILE_KINDS = frozenset({"tasks", "last_accessed"})
"""Things that come and go by themselves."""
_OF_A_DEPLOYMENT = frozenset({"id", "created_at"})
_OF_A_REVISION = frozenset({"task_definition_arn", "revision", "registered_at", "registered_by"})

_DOCUMENTS = frozenset({"assume_role_policy_document", "policy_document", "document", "policy", "content"})
_ORDERED = frozenset({"command", "entry_point", "dns_servers", "dns_search_domains"})
"""Lists of texts whose order means something."""

_IDENTITY: dict[type, tuple[str, ...]] = {
    AttachedPolicy: ("policy_arn",),
    Deployment: ("status",),  # one is PRIMARY; its id is new with every deployment
    ExpressGatewayConfiguration: ("service_revision_arn",),
    Gap: ("call", "region", "target"),
    InlinePolicy: ("policy_name",),
    LifecycleHook: ("hook_target_arn",),
    LoadBalancer: ("target_group_arn",),
    MountPoint: ("source_volume",),
    OrganizationLevel: ("id",),
    RunTaskTarget: ("id",),
    Secret: ("name",),
    ServiceConnectService: ("port_name",),
    VpcLatticeConfiguration: ("target_group_arn",),
}


def difference(before: Snapshot, after: Snapshot, *, everything: bool = False) -> Difference:
    """What differs; `everything` includes what changes by itself."""
    walk = _Walk(everything, _redacted_alike(before, after))
    changes: list[Change] = []
    of_account: list[FieldChange] = []
    for name, encoded in _fields(Snapshot):
        if name in VOLATILE | VOLATILE_KINDS and not everything:
            continue
        old, new = getattr(before, name), getattr(after, name)
        if name == "missing":
            changes += _missing(old, new)
        elif _is_things(old) or _is_things(new):
            changes += _things(name, (before, after), walk)
        else:
            walk.value(name, encoded, old, new, of_account)
    if of_account:
        name = after.account_alias or after.account_id
        changes.insert(0, Change("changed", "account", after.account_id, name, tuple(of_account)))
    return Difference(tuple(changes), walk.same_key)


def _missing(old: Iterable[str], new: Iterable[str]) -> Iterator[Change]:
    left, right = set(old), set(new)
    for found in sorted(left ^ right):
        yield Change("added" if found in right else "removed", "missing", found, short_name(found))


def _is_things(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and isinstance(value[0], msgspec.Struct)


def _things(kind: str, sides: tuple[Snapshot, Snapshot], walk: _Walk) -> Iterator[Change]:
    left, right = (by_identity(getattr(side, kind)) for side in sides)
    for key in [*left, *(key for key in right if key not in left)]:
        old, new = left.get(key), right.get(key)
        if old is None and new is not None:
            yield _added(kind, key, new, sides[0], walk)
        elif new is None and old is not None:
            certain = _was_read(sides[1], kind, key, old)
            yield Change("removed", kind, key, name_of(old), certain=certain)
        elif old is not None and new is not None and old != new:
            fields: list[FieldChange] = []
            walk.record("", old, new, fields)
            if fields:
                yield Change("changed", kind, key, name_of(new), tuple(fields))


def _added(kind: str, key: str, new: msgspec.Struct, before: Snapshot, walk: _Walk) -> Change:
    certain = _was_read(before, kind, key, new)
    fields: list[FieldChange] = []
    base: TaskDefinition | None = None
    if isinstance(new, TaskDefinition):
        region = _region(new)
        base = max(
            (
                one
                for one in before.task_definitions
                if one.family == new.family and one.revision < new.revision and _region(one) == region
            ),
            key=lambda one: one.revision,
            default=None,
        )
        if base is not None:
            walk.record("", base, new, fields, without=_OF_A_REVISION)
    return Change("added", kind, key, name_of(new), tuple(fields), certain, base.name if base else "")


def _was_read(side: Snapshot, kind: str, key: str, record: msgspec.Struct) -> bool:
    """Whether a snapshot that lacks a thing would have had it."""
    if kind == "gaps":
        return True
    region = _region(record)
    if region and side.regions and region not in side.regions:
        return False
    return side.is_known(kind, region=region or None, target=key)


def _region(record: msgspec.Struct) -> str:
    region = getattr(record, "region", None)
    if isinstance(region, str) and region:
        return region
    arns = (
        parse_arn(value) for name in identity(type(record)) if isinstance(value := getattr(record, name), str)
    )
    return next((arn.region for arn in arns if arn is not None), "")


def _redacted_alike(before: Snapshot, after: Snapshot) -> bool:
    """Whether equal values have equal fingerprints. A revision of a task definition never changes: where the
    fingerprints of one do, the keys differ."""
    old = {one.task_definition_arn: one for one in before.task_definitions}
    return not any(
        [var.fingerprint for var in left.environment] != [var.fingerprint for var in right.environment]
        for new in after.task_definitions
        if new.task_definition_arn in old
        for left, right in zip(
            old[new.task_definition_arn].container_definitions, new.container_definitions, strict=False
        )
        if [var.name for var in left.environment] == [var.name for var in right.environment]
    )


# Records


@lru_cache(maxsize=256)
def _fields(kind: type[msgspec.Struct]) -> tuple[tuple[str, str], ...]:
    return tuple((field.name, field.encode_name) for field in msgspec.structs.fields(kind))


@lru_cache(maxsize=256)
def identity(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    """The fields that say which one a record is: its ARN, else what it cannot be without, else its name or
    id. Empty where nothing does."""
    if kind in _IDENTITY:
        return _IDENTITY[kind]
    fields = msgspec.structs.fields(kind)
    names = [field.name for field in fields]
    required = [field.name for field in fields if field.required]
    arn = next((name for name in required if name == "arn" or name.endswith("_arn")), None)
    if arn is not None:
        return (arn,)
    if required:
        return (*required, "region") if "region" in names else tuple(required)
    return next(((name,) for name in ("id", "name") if name in names), ())


def by_identity(records: Iterable[msgspec.Struct]) -> dict[str, msgspec.Struct]:
    """Records by what identifies them; a second one with the same has `#2` behind it."""
    found: dict[str, msgspec.Struct] = {}
    for number, record in enumerate(records, 1):
        values = [getattr(record, name) for name in identity(type(record))]
        key = " ".join(str(value) for value in values if value not in (None, "", UNSET)) or str(number)
        if key in found:
            key = next(f"{key}#{n}" for n in range(2, number + 2) if f"{key}#{n}" not in found)
        found[key] = record
    return found


def name_of(record: msgspec.Struct) -> str:
    """What people call a thing."""
    if isinstance(record, Service):
        return f"{short_name(record.cluster_arn)}/{record.service_name}"
    name = getattr(record, "name", None)
    if isinstance(name, str) and name:
        return name
    required = [field.name for field in msgspec.structs.fields(type(record)) if field.required]
    own = next((field for field in reversed(required) if field.endswith("_name")), None)
    if own is not None:
        return str(getattr(record, own))
    values = (getattr(record, field) for field in identity(type(record)))
    return " ".join(short_name(str(value)) for value in values if value)


class _Walk:
    """Goes through two values of one type side by side."""

    def __init__(self, everything: bool, same_key: bool) -> None:
        self.everything = everything
        self.same_key = same_key

    def record(
        self,
        path: str,
        old: msgspec.Struct,
        new: msgspec.Struct,
        out: list[FieldChange],
        without: frozenset[str] = frozenset(),
    ) -> None:
        """Two records of one type."""
        if not self.everything:
            without |= VOLATILE
            without |= _OF_A_DEPLOYMENT if isinstance(new, Deployment) else frozenset()
        for name, encoded in _fields(type(new)):
            if name not in without:
                here = f"{path}.{encoded}" if path else encoded
                self.value(name, here, getattr(old, name), getattr(new, name), out)

    def value(self, name: str, path: str, old: Any, new: Any, out: list[FieldChange]) -> None:
        """Two values of the field `name`."""
        if old == new:
            return
        if isinstance(old, UnsetType) or isinstance(new, UnsetType):
            side: Literal["old", "new"] = "old" if isinstance(old, UnsetType) else "new"
            out.append(FieldChange(path, _shown(old), _shown(new), unread=side))
        elif isinstance(old, EnvironmentVariable) and isinstance(new, EnvironmentVariable):
            looks = (old.length, old.looks_like_secret) != (new.length, new.looks_like_secret)
            if looks or (self.same_key and old.fingerprint != new.fingerprint):
                out.append(FieldChange(path, hidden=True))
        elif isinstance(old, msgspec.Struct) and type(old) is type(new):
            self.record(path, old, new, out)
        elif name in _DOCUMENTS and isinstance(old, str) and isinstance(new, str):
            out += [FieldChange(path + where, *pair) for where, *pair in document_changes(old, new)]
        elif isinstance(old, tuple) and isinstance(new, tuple):
            self._lists(name, path, old, new, out)
        elif isinstance(old, dict) and isinstance(new, dict):
            self._mappings(path, old, new, out)
        else:
            out.append(FieldChange(path, _shown(old), _shown(new)))

    def _lists(
        self, name: str, path: str, old: tuple[Any, ...], new: tuple[Any, ...], out: list[FieldChange]
    ) -> None:
        if _is_things(old) or _is_things(new):
            self._mappings(path, by_identity(old), by_identity(new), out)
        elif name not in _ORDERED and all(isinstance(item, str) for item in (*old, *new)):
            gone, come = Counter(old) - Counter(new), Counter(new) - Counter(old)
            if gone or come:  # else the order alone is another
                out.append(FieldChange(path, sorted(gone) or UNSET, sorted(come) or UNSET))
        else:
            out.append(FieldChange(path, _shown(old), _shown(new)))

    def _mappings(
        self, path: str, old: Mapping[str, Any], new: Mapping[str, Any], out: list[FieldChange]
    ) -> None:
        for key in [*old, *(key for key in new if key not in old)]:
            here = f"{path}[{key}]"
            if key in old and key in new:
                # Keys are anybody's: one called `policy` is no document.
                self.value(key if key in _ORDERED else "", here, old[key], new[key], out)
            elif not isinstance(new.get(key, old.get(key)), Deployment) or self.everything:
                # A deployment on its way out or in is the course of things.
                out.append(
                    FieldChange(here, _shown(old.get(key, UNSET), True), _shown(new.get(key, UNSET), True))
                )


def _shown(value: Any, named: bool = False) -> Any:
    """A value as plain data, documents decoded; of a record that its place is `named` by, the rest."""
    if value is None or isinstance(value, UnsetType):
        return UNSET
    data = _without_fingerprints(msgspec.to_builtins(value))
    if isinstance(value, msgspec.Struct) and isinstance(data, dict):
        for name, encoded in _fields(type(value)):
            if named and name in identity(type(value)):
                data.pop(encoded, None)
            elif name in _DOCUMENTS and isinstance(data.get(encoded), str):
                data[encoded] = decoded(data[encoded]) or data[encoded]
        return data or name_of(value)
    return data


def _without_fingerprints(data: Any) -> Any:
    if isinstance(data, dict):
        if "fingerprint" in data and "name" in data:
            return {"name": data["name"]}
        return {key: _without_fingerprints(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_without_fingerprints(item) for item in data]
    return data
