"""Several questions at once: principals × actions × resources, and what an action asks for besides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from . import catalogue
from .account import AccountPolicies
from .evaluation import Decision
from .patterns import globs_overlap


class Cell(msgspec.Struct, frozen=True):
    """One question of a matrix and its answer."""

    principal: str
    action: str
    resource: str
    decision: Decision


class Needs(msgspec.Struct, frozen=True):
    """What the catalogue says an action needs. `missing_types` are the resource types that it requires and of
    which none was asked about, as ARN templates; AWS evaluates the action against every required resource,
    and all of them must be allowed. `one_of` are types of which it takes one. `dependent_actions` must be
    allowed to the caller too."""

    action: str
    missing_types: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    dependent_actions: tuple[str, ...] = ()
    account_level: bool = False


def matrix(
    account: AccountPolicies,
    principals: Iterable[str],
    actions: Iterable[str],
    resources: Iterable[str] = ("*",),
    context: Mapping[str, Any] | None = None,
) -> list[Cell]:
    """Every combination, principals outermost. Principals by ARN or name."""
    actions, resources = tuple(actions), tuple(resources)
    return [
        Cell(principal, action, resource, account.decide(principal, action, resource, context))
        for principal in principals
        for action in actions
        for resource in resources
    ]


class Dependent(msgspec.Struct, frozen=True):
    """A question that comes with another one: an action that its caller needs besides, on which resource (`*`
    where that is not known), and the condition keys that the service sets."""

    action: str
    resource: str
    context: dict[str, str]


def dependents(account: AccountPolicies, action: str, resource: str = "*") -> list[Dependent]:
    """The actions that the caller of an action needs besides, with the resources that the snapshot tells:
    `iam:PassRole` for ECS is about the roles of the task definition, one without roles passes none."""
    found: list[Dependent] = []
    for name in catalogue.load().dependent_actions(action):
        if name != "iam:PassRole":
            found.append(Dependent(name, "*", {}))
            continue
        in_ecs = action.lower().startswith("ecs:")
        context = {"iam:PassedToService": "ecs-tasks.amazonaws.com"} if in_ecs else {}
        roles = _task_roles(account, resource)
        found += [Dependent(name, role, context) for role in (("*",) if roles is None else roles)]
    return found


def _task_roles(account: AccountPolicies, resource: str) -> tuple[str, ...] | None:
    """The roles of a task definition; None where the snapshot lacks it."""
    for definition in account.snapshot.task_definitions:
        if definition.task_definition_arn == resource:
            roles = (definition.task_role_arn, definition.execution_role_arn)
            return tuple(dict.fromkeys(role for role in roles if role))
    return None


def needs(action: str, resources: Iterable[str] = ()) -> Needs:
    """What an action asks for besides an Allow on the resources given. Nothing for one that the catalogue
    lacks."""
    known = catalogue.load()
    found = known.action(action)
    if found is None:
        return Needs(action)
    service = known.service(action.partition(":")[0])
    named = tuple(resources)
    missing, optional = [], []
    for use in found.resource_types:
        kind = service.resource_type(use.name.rstrip("*")) if service else None
        template = kind.arn if kind else use.name
        if use.required and not any(globs_overlap(catalogue.as_pattern(template), name) for name in named):
            missing.append(template)
        elif not use.required:
            optional.append(template)
    return Needs(
        found.name,
        tuple(missing),
        tuple(optional),
        known.dependent_actions(action),
        known.is_account_level(action),
    )
