"""Whatever stands for a task definition, in the shape of AWS's own answers.

The shape comes from the records: a member is known by its name in any spelling, a value is made what its
field holds, and what cannot be is left out with a word about it. Values pass through to be redacted; no
message repeats one.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from msgspec import inspect

from ecsiam_tui.account.ecs import Secret
from ecsiam_tui.account.references import Home
from ecsiam_tui.account.tasks import Attribute, ContainerDefinition, EnvironmentVariable, TaskDefinition
from ecsiam_tui.ecs.definition_intrinsics import ABSENT, plain, pseudo_parameters
from ecsiam_tui.ecs.definition_names import resolved
from ecsiam_tui.ecs.definition_notes import MAX_DEPTH, Notes, Placeholder, too_deep
from ecsiam_tui.ecs.definition_placeholders import Use, find
from ecsiam_tui.ecs.definition_scalars import clean, made, named, text_of, wanted

Json = dict[str, Any]

# Other names that a member goes by: CloudFormation's, and Terraform's of its blocks.
_OTHER_NAMES = {
    "proxyconfigurationproperties": "properties",
    "volume": "volumes",
    "containers": "containerdefinitions",
    "arn": "taskdefinitionarn",
    "envfiles": "environmentfiles",
}
# Members that AWS knows below the records' fields, with the ones that are numbers marked.
_BELOW = """
    containerPort:int hostPort:int protocol name appProtocol containerPortRange enabled:bool
    ignoredExitCodes:int restartAttemptPeriod:int sourceContainer readOnly:bool capabilities add drop
    devices hostPath containerPath permissions initProcessEnabled:bool sharedMemorySize:int tmpfs
    size:int mountOptions maxSwap:int swappiness:int containerName condition hostname ipAddress
    softLimit:int hardLimit:int command interval:int timeout:int retries:int startPeriod:int namespace
    value type scope autoprovision:bool driver driverOpts labels expression cpuArchitecture
    operatingSystemFamily deviceName deviceType sizeInGiB:int
    port:int dnsName registryArn enable:bool rollback:bool awsPcaAuthorityArn
    sharingStrategy nvidiaMps memory:int maxComputePercent:int isolationMode attestationPolicy
"""


def fold(name: str) -> str:
    """A member's name in whichever spelling: `EFSVolumeConfiguration`, `efs_volume_configuration`."""
    return name.translate(_DROPPED).lower()


_DROPPED = str.maketrans("", "", "_- ")
_KNOWN_BELOW = {
    fold(name): (name, kind) for name, _, kind in (entry.partition(":") for entry in _BELOW.split())
}
_FREE = frozenset({"driverOpts", "labels"})
_VALUES = frozenset(
    {"environment", "command", "entryPoint", "dockerLabels", "options", "driverOpts", "labels"}
)
"""Members whose texts may be secret."""
_NAMING_OPTION = re.compile(r"awslogs-(group|region|stream-prefix)|config-file-(type|value)", re.IGNORECASE)
_USES: dict[str, Use] = {
    "name": "label",
    "image": "image",
    "taskRoleArn": "role",
    "executionRoleArn": "role",
    "roleArn": "role",
    "infrastructureRoleArn": "role",
    "fileSystemId": "volume",
    "awslogs-region": "region",
}
# Members of answers that the records have no use for.
_SILENT = frozenset({"targetid", "targettype", "awsebdockerrunversion"})
_UNNAMED: dict[type, Json] = {Secret: {"name": ""}, Attribute: {"name": ""}}


class Field(NamedTuple):
    """A field of a record."""

    name: str
    type: inspect.Type
    required: bool


@cache
def fields(record: type) -> dict[str, Field]:
    """The fields of a record, by their folded names."""
    info = inspect.type_info(record)
    assert isinstance(info, inspect.StructType)
    return {
        fold(field.encode_name): Field(field.encode_name, _one(field.type), field.required)
        for field in info.fields
    }


def _one(kind: inspect.Type) -> inspect.Type:
    """A type without its `| None`."""
    if isinstance(kind, inspect.UnionType):
        return next(part for part in kind.types if not isinstance(part, inspect.NoneType))
    return kind


class Shaper:
    """Shapes the values of one file; notes problems and placeholders on the way."""

    def __init__(self, notes: Notes, home: Home, names: Mapping[str, str] | None = None) -> None:
        """`names` are what `Ref` and `Fn::GetAtt` of a template's own resources give (`definition_names`)."""
        self.notes = notes
        self._pseudo = pseudo_parameters(home)
        self._names = names or {}
        self._placeholders: dict[Placeholder, None] = {}

    @property
    def placeholders(self) -> tuple[Placeholder, ...]:
        """All that were met."""
        return tuple(self._placeholders)

    def record(
        self, record: type, raw: Mapping[str, Any], path: str, *, extra: frozenset[str] = frozenset()
    ) -> Json | None:
        """The members of a record; None (and a problem) where one is missing that the record cannot be
        without. `extra` are folded names of members that are somebody else's."""
        known = fields(record)
        result: Json = {}
        for name in getattr(raw, "doubled", ()):
            self.notes.add(_join(path, name), "given more than once: the last one counts")
        for key, value in raw.items():
            folded = fold(key)
            field = known.get(folded) or known.get(_OTHER_NAMES.get(folded, ""))
            if field is None:
                if folded not in extra and folded not in _SILENT and value is not None:
                    self.notes.add(_join(path, key), _stranger(record, folded))
                continue
            here = _join(path, field.name)
            shaped = self.value(field.type, value, here, field.name)
            if shaped is ABSENT:
                continue
            if field.name in result:
                self.notes.add(here, "given in two spellings: the last one counts")
            result[field.name] = shaped
        for field in known.values():
            if field.required and field.name not in result and field.name not in extra:
                if field.name in _UNNAMED.get(record, {}):
                    result[field.name] = _UNNAMED[record][field.name]
                    continue
                self.notes.add(path, f"ignored: it has no {field.name}")
                return None
        return result

    def value(self, kind: inspect.Type, raw: Any, path: str, name: str, use: Use = "name") -> Any:
        """A value as its type wants it, or ABSENT."""
        if path.count(".") + path.count("[") > MAX_DEPTH:
            raise too_deep()
        raw = self._plain(raw, path)
        if raw is None or raw is ABSENT:
            return ABSENT
        if use != "value":
            use = "value" if name in _VALUES else _USES.get(name, "name")
        if isinstance(kind, inspect.VarTupleType):
            return self._list(kind.item_type, raw, path, name, use)
        if isinstance(kind, inspect.StructType):
            return self._struct(kind.cls, raw, path)
        if isinstance(kind, inspect.DictType):
            if isinstance(kind.value_type, inspect.StrType):
                return self._texts(raw, path, name)
            return self._below(raw, path)
        return self.scalar(kind, raw, path, use)

    def _plain(self, raw: Any, path: str) -> Any:
        """A value without functions of CloudFormation, and without lone surrogates."""
        raw = plain(raw, path, self.notes)
        if not isinstance(raw, str):
            return raw
        if self._names and "${" in raw:
            raw = resolved(raw, self._names)
        if "${AWS::" in raw:
            for name, value in self._pseudo.items():
                if value == "*" and name in raw:  # home is not known: any will do, and it stays open
                    self._placeholders[Placeholder(path, name)] = None
                raw = raw.replace(name, value)
        return clean(raw)

    def scalar(self, kind: inspect.Type, raw: Any, path: str, use: Use) -> Any:
        """A text, a number, a truth value or a time."""
        if isinstance(raw, Mapping | list):
            self.notes.add(path, f"ignored: {named(raw)} where {wanted(kind)} belongs")
            return ABSENT
        found = self.look(raw, path, use) if isinstance(raw, str) else ()
        shaped = made(kind, raw)
        if shaped is ABSENT:
            if (
                not found
                and isinstance(raw, str)
                and re.fullmatch(r"[A-Z][A-Z0-9_]+", raw)
                and use != "value"
            ):
                found = (raw,)
                self._placeholders[Placeholder(path, raw)] = None
            if not found:
                self.notes.add(path, f"ignored: {named(raw)} where {wanted(kind)} belongs")
        return shaped

    def look(self, text: str, path: str, use: Use) -> tuple[str, ...]:
        """Note the placeholders of a text."""
        found = find(text, use)
        for placeholder in found:
            self._placeholders[Placeholder(path, placeholder)] = None
        return found

    def _struct(self, record: type, raw: Any, path: str) -> Any:
        if isinstance(raw, list) and len(raw) == 1:  # a block in Terraform's JSON
            raw = self._plain(raw[0], path)
        if not isinstance(raw, Mapping):
            if isinstance(raw, str) and self.look(raw, path, "name"):
                return ABSENT
            self.notes.add(path, f"ignored: {named(raw)} where an object belongs")
            return ABSENT
        made = self.record(record, raw, path)
        return ABSENT if made is None else made

    def _list(self, kind: inspect.Type, raw: Any, path: str, name: str, use: Use) -> Any:
        record = kind.cls if isinstance(kind, inspect.StructType) else None
        if record is EnvironmentVariable:
            return [self._pair(key, value, here) for key, value, here in self._pairs(raw, path, "value")]
        if record is Secret and (isinstance(raw, Mapping) or _is_list_of_pairs(raw)):
            raw = [{"name": key, "valueFrom": value} for key, value, _ in self._pairs(raw, path, "valueFrom")]
        if not isinstance(raw, list):
            if (
                isinstance(raw, str)
                and not isinstance(kind, inspect.StrType)
                and self.look(raw, path, "name")
            ):
                return ABSENT
            if isinstance(raw, str) and raw == "":
                return ABSENT
            self.notes.add(path, f"{named(raw)} where a list belongs: read as a list of one")
            raw = [raw]
        result = []
        for index, item in enumerate(raw):
            for part in self._spread(item, f"{path}[{index}]"):
                shaped = self.value(kind, part, f"{path}[{index}]", name, use)
                if shaped is not ABSENT:
                    result.append(shaped)
        return result

    def _spread(self, item: Any, path: str) -> Iterator[Any]:
        """An item, or the items of a list that a function of CloudFormation puts in one's place."""
        if isinstance(item, Mapping) and len(item) == 1:
            item = self._plain(item, path)
            if isinstance(item, list):
                yield from item
                return
        yield item

    def _pairs(self, raw: Any, path: str, member: str) -> Iterator[tuple[str, Any, str]]:
        """Names and values, with their places, of a list of pairs or a mapping, however they are written."""
        if isinstance(raw, Mapping):
            for name in getattr(raw, "doubled", ()):
                self.notes.add(_join(path, name), "given more than once: the last one counts")
            self.notes.add(path, "an object where a list belongs: its members are read as names and values")
            for key, value in raw.items():
                yield key, self._plain(value, _join(path, key)), _join(path, key)
            return
        if not isinstance(raw, list):
            if not (isinstance(raw, str) and self.look(raw, path, "value")):
                self.notes.add(path, f"ignored: {named(raw)} where a list belongs")
            return
        for index, listed in enumerate(raw):
            for item in self._spread(listed, f"{path}[{index}]"):
                yield from self._listed_pair(item, f"{path}[{index}]", member)

    def _listed_pair(self, raw: Any, path: str, member: str) -> Iterator[tuple[str, Any, str]]:
        item = self._plain(raw, path)
        if item is None or item is ABSENT:
            return
        if isinstance(item, str):
            name, equals, text = item.partition("=")
            if equals and re.fullmatch(r"[\w.-]+", name):
                self.notes.add(path, "a text where an object with name and value belongs: split at '='")
                yield name, text, path
            elif not self.look(item, path, "value"):
                self.notes.add(path, "ignored: a text where an object with name and value belongs")
            return
        if not isinstance(item, Mapping):
            self.notes.add(path, f"ignored: {named(item)} where an object belongs")
            return
        folded = {fold(key): key for key in item}
        if "name" not in folded and "key" not in folded:
            if fold(member) in folded:
                self.notes.add(path, "ignored: it has no name")
                return
            self.notes.add(path, "no name: its members are read as names and values")
            for key, value in item.items():
                yield key, self._plain(value, _join(path, key)), _join(path, key)
            return
        for double in getattr(item, "doubled", ()):
            self.notes.add(_join(path, double), "given more than once: the last one counts")
        called = text_of(self._plain(item[folded.get("name") or folded["key"]], _join(path, "name")))
        here = _join(path, member)
        value = self._plain(item[folded[fold(member)]], here) if fold(member) in folded else None
        for other in folded.keys() - {"name", "key", fold(member)}:
            self.notes.add(_join(path, folded[other]), "ignored: not a member that Amazon ECS knows here")
        yield called or "", value, here

    def _pair(self, name: str, value: Any, path: str) -> Json:
        """An environment variable on its way to be redacted."""
        if isinstance(value, Mapping | list):
            self.notes.add(path, f"{named(value)} where a text belongs: it counts as empty")
            value = ""
        text = text_of(value) or ""
        self.look(text, path, "value")
        name, equals, _ = clean(name).partition("=")
        if equals:
            self.notes.add(path, "the name has a '=': what follows is no part of it")
        self.look(name, path, "label")
        return {"name": name, "value": text}

    def _texts(self, raw: Any, path: str, name: str) -> Any:
        """A mapping of texts: options, labels, tags (which may be a list of keys and values)."""
        if isinstance(raw, str | bool | int | float):
            if not (isinstance(raw, str) and self.look(raw, path, "value")):
                self.notes.add(path, f"ignored: {named(raw)} where an object belongs")
            return ABSENT
        pairs = (
            ((key, self._plain(value, _join(path, key)), _join(path, key)) for key, value in raw.items())
            if isinstance(raw, Mapping)
            else self._pairs(raw, path, "value")
        )
        result = {}
        for key, value, here in pairs:
            if isinstance(value, Mapping | list):
                self.notes.add(here, f"ignored: {named(value)} where a text belongs")
                continue
            text = text_of(value)
            if text is None:
                continue
            naming = name == "tags" or (name == "options" and _NAMING_OPTION.fullmatch(key))
            self.look(text, here, _USES.get(key, "name") if naming else "value")
            result[clean(key)] = text
        return result

    def _below(self, raw: Any, path: str) -> Any:
        """What the records keep as it is, its members spelled as AWS does."""
        if isinstance(raw, list) and len(raw) == 1:
            raw = raw[0]
        if not isinstance(raw, Mapping):
            if not (isinstance(raw, str) and self.look(raw, path, "name")):
                self.notes.add(path, f"ignored: {named(raw)} where an object belongs")
            return ABSENT
        result: Json = {}
        for key, value in raw.items():
            known = _KNOWN_BELOW.get(fold(key))
            if known is None:
                self.notes.add(_join(path, key), "ignored: not a member that Amazon ECS knows")
                continue
            member, kind = known
            shaped = self._inner(value, _join(path, member), member, kind)
            if shaped is not ABSENT:
                result[member] = shaped
        return result

    def _inner(self, raw: Any, path: str, name: str, kind: str) -> Any:
        if path.count(".") + path.count("[") > MAX_DEPTH:
            raise too_deep()
        raw = self._plain(raw, path)
        if raw is None or raw is ABSENT:
            return ABSENT
        if name in _FREE:
            return self._texts(raw, path, name)
        if isinstance(raw, list):
            items = (self._inner(item, f"{path}[{index}]", name, kind) for index, item in enumerate(raw))
            return [item for item in items if item is not ABSENT]
        if name == "command":
            return self._command(raw, path)
        if isinstance(raw, Mapping) and not kind:
            return self._below(raw, path)
        types: dict[str, inspect.Type] = {"int": inspect.IntType(), "bool": inspect.BoolType()}
        return self.scalar(types.get(kind, inspect.StrType()), raw, path, "name")

    def _command(self, raw: Any, path: str) -> Any:
        """A word of a command; a command that is no list is one word."""
        word = self.scalar(inspect.StrType(), raw, path, "value")
        return word if word is ABSENT or path.endswith("]") else [word]


def _is_list_of_pairs(raw: Any) -> bool:
    """Whether a list of secrets has items that are no objects with a name."""
    return isinstance(raw, list) and any(isinstance(item, str) for item in raw)


def _stranger(record: type, folded: str) -> str:
    """What is said of a member that a record does not have."""
    for other, where in ((TaskDefinition, "the task definition"), (ContainerDefinition, "a container")):
        if record in (TaskDefinition, ContainerDefinition) and folded in fields(other):
            return f"ignored: it belongs to {where}, not here"
    return "ignored: not a member that Amazon ECS knows"


def _join(path: str, key: str) -> str:
    key = clean(key.partition("=")[0][:80])  # NAME=VALUE in a name's place: the value stays out
    return f"{path}.{key}" if path else key
