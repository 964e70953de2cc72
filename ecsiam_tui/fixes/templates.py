"""Statements for Amazon ECS that hang on tags, clusters and other keys, to be filled in by a person.

Actions, resources and keys: Service Authorization Reference, "Actions, resources, and condition keys for
Amazon Elastic Container Service"; examples: Amazon ECS Developer Guide, "Identity-based policy examples for
Amazon ECS" and "Grant permission to tag resources on creation". `ecs:enable-execute-command` and
`ecs:privileged` are strings there ("true", "false"), no booleans.
"""

import re
from collections.abc import Callable, Mapping

import msgspec

from ecsiam_tui.account.references import Home
from ecsiam_tui.fixes.documents import Statement

_TAG_KEY = re.compile(r"[\w .:/=+@-]{1,128}")
"""Keys of tags: Amazon ECS Developer Guide, "Tag restrictions"."""


class Blank(msgspec.Struct, frozen=True):
    """What a person fills in: `name` of the value, what it is in words, and an example."""

    name: str
    text: str
    example: str


class Template(msgspec.Struct, frozen=True):
    """A statement with blanks. `name` is unique, `title` says what it lets, or keeps from."""

    name: str
    title: str
    blanks: tuple[Blank, ...]
    make: Callable[[Home, Mapping[str, str]], tuple[Statement, ...]]


class BlankError(ValueError):
    """A blank is empty or cannot be what is written in it. The message is one line."""


_KEY = Blank("key", "the key of the tag", "team")
_VALUE = Blank("value", "the value of the tag", "orders")
_CLUSTER = Blank("cluster", "the name of the cluster", "prod")
_FAMILY = Blank("family", "the family of the task definition", "orders")
_CONTAINER = Blank("container", "the name of the container", "app")
_CPU = Blank("cpu", "the most CPU units of a task", "1024")
_MEMORY = Blank("memory", "the most memory of a task, in MiB", "2048")


def _tag(key: str) -> str:
    return f"aws:ResourceTag/{key}"


def _cluster(home: Home, name: str) -> str:
    return home.arn("ecs", f"cluster/{name}")


def _tagged_services(home: Home, blank: Mapping[str, str]) -> tuple[Statement, ...]:
    return (
        {
            "Sid": "DeployTaggedServices",
            "Effect": "Allow",
            "Action": ["ecs:DescribeServices", "ecs:UpdateService"],
            "Resource": home.arn("ecs", "service/*"),
            "Condition": {"StringEquals": {_tag(blank["key"]): blank["value"]}},
        },
    )


def _own_services(home: Home, blank: Mapping[str, str]) -> tuple[Statement, ...]:
    key = blank["key"]
    return (
        {
            "Sid": "DeployServicesOfOnesOwn",
            "Effect": "Allow",
            "Action": ["ecs:DescribeServices", "ecs:UpdateService"],
            "Resource": home.arn("ecs", "service/*"),
            "Condition": {"StringEquals": {_tag(key): f"${{aws:PrincipalTag/{key}}}"}},
        },
    )


def _services_of_cluster(home: Home, blank: Mapping[str, str]) -> tuple[Statement, ...]:
    name = blank["cluster"]
    return (
        {
            "Sid": "DeployInCluster",
            "Effect": "Allow",
            "Action": ["ecs:DescribeServices", "ecs:UpdateService"],
            "Resource": home.arn("ecs", f"service/{name}/*"),
            "Condition": {"ArnEquals": {"ecs:cluster": _cluster(home, name)}},
        },
    )


def _run_in_cluster(home: Home, blank: Mapping[str, str]) -> tuple[Statement, ...]:
    return (
        {
            "Sid": "RunInCluster",
            "Effect": "Allow",
            "Action": "ecs:RunTask",
            "Resource": home.arn("ecs", f"task-definition/{blank['family']}:*"),
            "Condition": {"ArnEquals": {"ecs:cluster": _cluster(home, blank["cluster"])}},
        },
    )


def _shell_in_tagged(home: Home, blank: Mapping[str, str]) -> tuple[Statement, ...]:
    # ExecuteCommand is compared with the cluster and the task; the tags of both count (Developer Guide,
    # "Monitor Amazon ECS containers with ECS Exec").
    name = blank["cluster"]
    return (
        {
            "Sid": "ShellInTaggedTasks",
            "Effect": "Allow",
            "Action": "ecs:ExecuteCommand",
            "Resource": [_cluster(home, name), home.arn("ecs", f"task/{name}/*")],
            "Condition": {"StringEquals": {_tag(blank["key"]): blank["value"]}},
        },
    )


def _shell_in_container(home: Home, blank: Mapping[str, str]) -> tuple[Statement, ...]:
    name = blank["cluster"]
    return (
        {
            "Sid": "ShellInContainer",
            "Effect": "Allow",
            "Action": "ecs:ExecuteCommand",
            "Resource": [_cluster(home, name), home.arn("ecs", f"task/{name}/*")],
            "Condition": {"StringEquals": {"ecs:container-name": blank["container"]}},
        },
    )


def _no_shell_in_tagged(_: Home, blank: Mapping[str, str]) -> tuple[Statement, ...]:
    return (
        {
            "Sid": "NoShellInTaggedTasks",
            "Effect": "Deny",
            "Action": "ecs:ExecuteCommand",
            "Resource": "*",
            "Condition": {"StringEquals": {_tag(blank["key"]): blank["value"]}},
        },
    )


def _no_exec(_: Home, __: Mapping[str, str]) -> tuple[Statement, ...]:
    return (
        {
            "Sid": "NoEcsExec",
            "Effect": "Deny",
            "Action": ["ecs:CreateService", "ecs:RunTask", "ecs:StartTask", "ecs:UpdateService"],
            "Resource": "*",
            "Condition": {"StringEquals": {"ecs:enable-execute-command": "true"}},
        },
    )


def _no_privileged(_: Home, __: Mapping[str, str]) -> tuple[Statement, ...]:
    return (
        {
            "Sid": "NoPrivilegedContainers",
            "Effect": "Deny",
            "Action": "ecs:RegisterTaskDefinition",
            "Resource": "*",
            "Condition": {"StringEquals": {"ecs:privileged": "true"}},
        },
    )


def _small_tasks(home: Home, blank: Mapping[str, str]) -> tuple[Statement, ...]:
    return (
        {
            "Sid": "RegisterSmallTasks",
            "Effect": "Allow",
            "Action": "ecs:RegisterTaskDefinition",
            "Resource": home.arn("ecs", f"task-definition/{blank['family']}:*"),
            "Condition": {
                "NumericLessThanEquals": {"ecs:task-cpu": blank["cpu"], "ecs:task-memory": blank["memory"]}
            },
        },
    )


def _tag_on_creation(_: Home, blank: Mapping[str, str]) -> tuple[Statement, ...]:
    key, value = blank["key"], blank["value"]
    return (
        {
            "Sid": "CreateTagged",
            "Effect": "Allow",
            "Action": ["ecs:CreateCluster", "ecs:CreateService", "ecs:RegisterTaskDefinition", "ecs:RunTask"],
            "Resource": "*",
            "Condition": {"StringEquals": {f"aws:RequestTag/{key}": value}},
        },
        {
            "Sid": "TagWhatIsCreated",
            "Effect": "Allow",
            "Action": "ecs:TagResource",
            "Resource": "*",
            "Condition": {
                "StringEquals": {
                    "ecs:CreateAction": [
                        "CreateCluster",
                        "CreateService",
                        "RegisterTaskDefinition",
                        "RunTask",
                    ],
                    f"aws:RequestTag/{key}": value,
                }
            },
        },
    )


TEMPLATES: tuple[Template, ...] = (
    Template("deploy-tagged", "Deploy services with a tag", (_KEY, _VALUE), _tagged_services),
    Template("deploy-own", "Deploy services that have one's own value of a tag", (_KEY,), _own_services),
    Template("deploy-in-cluster", "Deploy services of a cluster", (_CLUSTER,), _services_of_cluster),
    Template("run-in-cluster", "Run tasks of a family in a cluster", (_FAMILY, _CLUSTER), _run_in_cluster),
    Template(
        "shell-in-tagged", "Open shells in tasks with a tag", (_CLUSTER, _KEY, _VALUE), _shell_in_tagged
    ),
    Template(
        "shell-in-container", "Open shells in one container", (_CLUSTER, _CONTAINER), _shell_in_container
    ),
    Template(
        "no-shell-in-tagged", "Keep shells out of tasks with a tag", (_KEY, _VALUE), _no_shell_in_tagged
    ),
    Template("no-exec", "Keep anybody from switching ECS Exec on", (), _no_exec),
    Template("no-privileged", "Keep privileged containers out", (), _no_privileged),
    Template("small-tasks", "Register tasks up to a size", (_FAMILY, _CPU, _MEMORY), _small_tasks),
    Template("tag-on-creation", "Create only what has a tag", (_KEY, _VALUE), _tag_on_creation),
)
"""Every template, in the order in which they are offered."""


def template(name: str) -> Template:
    """A template by name. Raises KeyError naming those there are."""
    for found in TEMPLATES:
        if found.name == name:
            return found
    raise KeyError(f"there is no template {name}; there are {', '.join(one.name for one in TEMPLATES)}")


def filled(found: Template, home: Home, blanks: Mapping[str, str]) -> tuple[Statement, ...]:
    """The statements of a template with its blanks filled in, for an account and region. Raises
    BlankError."""
    for blank in found.blanks:
        value = blanks.get(blank.name, "").strip()
        if not value:
            raise BlankError(f"{found.title}: give {blank.text}, for example {blank.example}")
        if blank.name == "key" and not _TAG_KEY.fullmatch(value):
            raise BlankError(f"{found.title}: {value[:40]!r} cannot be the key of a tag")
        if blank.name in ("cpu", "memory") and not value.isdigit():
            raise BlankError(f"{found.title}: {blank.text} is a number, for example {blank.example}")
        if blank.name in ("cluster", "family", "container") and not re.fullmatch(r"[\w-]{1,255}", value):
            raise BlankError(f"{found.title}: {value[:40]!r} cannot be {blank.text}")
    return found.make(home, {name: value.strip() for name, value in blanks.items()})
