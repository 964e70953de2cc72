"""Where in a file task definitions are: at its top, in an answer of AWS, in a template, in a list."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ecsiam_tui.ecs import definition_text
from ecsiam_tui.ecs.definition_notes import MAX_DEPTH, Notes, too_deep
from ecsiam_tui.ecs.definition_shape import fold

# Members that only a task definition has; two of them make one, even without containers.
_OF_DEFINITIONS = frozenset({
    "family", "executionrolearn", "taskrolearn", "networkmode", "requirescompatibilities",
    "runtimeplatform", "ephemeralstorage", "proxyconfiguration", "inferenceaccelerators",
    "placementconstraints", "pidmode", "ipcmode"
})  # fmt: skip
_OF_SERVICES = frozenset({
    "cluster", "desiredcount", "servicename", "loadbalancers", "deploymentconfiguration"
})  # fmt: skip
# Members that only a container definition has; a name and one of them make one, or an image and one of them.
_OF_CONTAINERS = frozenset({
    "portmappings", "essential", "logconfiguration", "memoryreservation", "mountpoints", "entrypoint",
    "environmentfiles", "secrets", "dockerlabels", "ulimits", "repositorycredentials", "linuxparameters",
    "firelensconfiguration", "readonlyrootfilesystem", "volumesfrom", "credentialspecs", "cpu", "memory"
})  # fmt: skip
_WRITE = "write the input of aws ecs register-task-definition, or give the answer of describe-task-definition"


class Found(NamedTuple):
    """A task definition (or, if `service`, a service) as it is written, its place in the file, a name for it
    and tags from beside it; `fragment` if it is containers alone."""

    raw: Mapping[str, Any]
    place: str
    family: str = ""
    tags: Any = None
    service: bool = False
    fragment: bool = False


def definitions_in(values: list[Any], notes: Notes) -> Iterator[Found]:
    """All task definitions and services in the values of a file; where there is none, its container
    definitions.

    Raises DefinitionError where they are nested too deep.
    """
    found = False
    for index, value in enumerate(values):
        for one in _below(value, f"[{index}]" if len(values) > 1 else "", notes, 0):
            found = True
            yield one
    if not found:
        containers = list(_containers(values))
        if containers:
            yield Found({"containerDefinitions": containers}, "", fragment=True)


def _below(value: Any, place: str, notes: Notes, depth: int, tags: Any = None) -> Iterator[Found]:
    if depth > MAX_DEPTH:
        raise too_deep()
    if isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, Mapping | list):
                yield from _below(item, f"{place}[{index}]", notes, depth + 1)
        return
    if not isinstance(value, Mapping):
        return
    folded = {fold(key): key for key in value}
    if value.get("Type") in ("AWS::ECS::TaskDefinition", "AWS::ECS::Service"):
        properties = value.get("Properties")
        logical = place.rpartition(".")[2]
        if isinstance(properties, Mapping):
            where = f"{place}.Properties" if place else "Properties"
            yield Found(properties, where, logical, service=value["Type"] == "AWS::ECS::Service")
        return
    if "servicename" in folded and isinstance(value.get(folded.get("taskdefinition", "")), str):
        yield Found(value, place, service=True)
        return
    if "containerdefinitions" in folded or (
        len(_OF_DEFINITIONS & folded.keys()) >= 2 and not _OF_SERVICES & folded.keys()
    ):
        fragment = not folded.keys() - {"containerdefinitions"}
        yield Found(_with_containers(value, folded, notes), place, tags=tags, fragment=fragment)
        return
    for key, item in value.items():
        if isinstance(item, Mapping | list):
            beside = value.get(folded.get("tags", "")) if fold(key) == "taskdefinition" else None
            yield from _below(item, f"{place}.{key}" if place else key, notes, depth + 1, beside)


def _with_containers(value: Mapping[str, Any], folded: dict[str, str], notes: Notes) -> Mapping[str, Any]:
    """The definition; container definitions that are JSON in a text (Terraform's) are read."""
    key = folded.get("containerdefinitions", "")
    text = value.get(key)
    if not isinstance(text, str) or not text.lstrip().startswith(("[", "{")):
        return value
    try:
        containers = definition_text.strict(text)
    except json.JSONDecodeError:
        inner = definition_text.loose(text, notes)
        containers = inner[0] if len(inner) == 1 else inner
    return {**value, key: containers}


def _containers(values: list[Any]) -> Iterator[Any]:
    """Container definitions that stand alone: one, or a list of them."""
    for value in values:
        items = value if isinstance(value, list) else [value]
        if any(_is_container(item) for item in items):
            yield from items


def _is_container(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    names = {fold(key) for key in value}
    return bool(names & {"name", "image"}) and bool(names & _OF_CONTAINERS or names >= {"name", "image"})


def what_it_is(values: list[Any]) -> str:
    """What a file without task definitions seems to be, and the way out."""
    first = values[0] if values else None
    items = first if isinstance(first, list) else [first]
    item = items[0] if items else None
    if isinstance(item, Mapping):
        names = {fold(key) for key in item}
        if {"name", "imageuri"} <= names:
            return f"it is an image definitions file of CodePipeline; {_WRITE}"
        if {"apiversion", "kind"} <= names:
            return f"it is a manifest of Kubernetes; {_WRITE}"
        if "services" in names:
            return f"it is a Compose file; {_WRITE}"
        if "task_definition" in item:
            return f"it is a parameters file of the ECS CLI; {_WRITE}"
        if "taskdefinition" in names:
            return "it runs a task definition and is none itself; give the file of that one"
        if "statement" in names:
            return f"it is an IAM policy; {_WRITE}"
    return f"expected an object with containerDefinitions; {_WRITE}"
