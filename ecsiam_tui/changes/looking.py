"""Finding in a snapshot what a change is about, and putting another in its place."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import msgspec

from ecsiam_tui.account.ecs import Service
from ecsiam_tui.account.iam import ManagedPolicy, Role
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.tasks import TaskDefinition

T = TypeVar("T")


class ChangeError(Exception):
    """A change does not fit the account. The message is one line: what, why, and the way out."""


def name_of(arn: str) -> str:
    """The last name in an ARN: a role's or policy's without its path."""
    return arn.rsplit("/", 1)[-1]


def path_of(arn: str) -> str:
    """The IAM path in an ARN: `/team/` of `…:role/team/app`."""
    parts = arn.split(":", 5)[-1].split("/")[1:-1]
    return f"/{'/'.join(parts)}/" if parts else "/"


def replaced(records: Iterable[T], matches: Callable[[T], bool], make: Callable[[T], T]) -> tuple[T, ...]:
    """Records with those that match made anew."""
    return tuple(make(record) if matches(record) else record for record in records)


def with_fields(snapshot: Snapshot, **fields: Any) -> Snapshot:
    """A snapshot with other fields."""
    return msgspec.structs.replace(snapshot, **fields)


def role(snapshot: Snapshot, arn: str) -> Role:
    """A role by ARN. Raises ChangeError."""
    for found in snapshot.roles:
        if found.arn == arn:
            return found
    raise ChangeError(f"there is no role {name_of(arn)}; refresh, or choose another")


def policy(snapshot: Snapshot, arn: str) -> ManagedPolicy:
    """A managed policy by ARN. Raises ChangeError."""
    for found in snapshot.policies:
        if found.arn == arn:
            return found
    raise ChangeError(f"the managed policy {name_of(arn)} was not read; refresh, or choose another")


def definition(snapshot: Snapshot, arn: str) -> TaskDefinition:
    """A task definition by ARN. Raises ChangeError."""
    for found in snapshot.task_definitions:
        if found.task_definition_arn == arn:
            return found
    raise ChangeError(f"the task definition {name_of(arn)} was not read; refresh, or choose another")


def service(snapshot: Snapshot, arn: str) -> Service:
    """A service by ARN. Raises ChangeError."""
    for found in snapshot.services:
        if found.service_arn == arn:
            return found
    raise ChangeError(f"there is no service {name_of(arn)}; refresh, or choose another")
