"""Roles that a fix makes: named as the account names its roles, trusted and allowed as little as does."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from ecsiam_tui.account.iam import Role
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.looking import name_of
from ecsiam_tui.ecs.requirement import Requirement
from ecsiam_tui.ecs.requirements import of_workload
from ecsiam_tui.ecs.workloads import Workload
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.fixes import documents, trusts
from ecsiam_tui.fixes.granting import allow, policy_name, statements

TaskRoleKind = Literal["task", "task-execution"]

FIELDS: dict[TaskRoleKind, str] = {"task": "taskRoleArn", "task-execution": "executionRoleArn"}
"""Where a task definition names its roles."""

WORDS: dict[TaskRoleKind, str] = {"task": "task role", "task-execution": "task execution role"}
_USUAL: dict[TaskRoleKind, str] = {"task": "-task", "task-execution": "-exec"}
_LONGEST = 64
"""Characters that a role's name may have: IAM User Guide, "IAM and AWS STS quotas"."""


def role_arn(family: str, kind: TaskRoleKind, facts: Facts, taken: Iterable[str] = ()) -> str:
    """The ARN of a new role for a family, named as the account's other roles of the kind are (`web-exec`,
    `web-execution-role`); `taken` are names that the same fix gives already."""
    ending = _ending(kind, facts)
    names = [role.role_name for role in facts.snapshot.roles]
    name = documents.unique(f"{family[: _LONGEST - len(ending) - 2]}{ending}", (*names, *taken))
    return f"arn:{facts.snapshot.partition}:iam::{facts.snapshot.account_id}:role/{name}"


def _ending(kind: TaskRoleKind, facts: Facts) -> str:
    found: Counter[str] = Counter()
    for workload in facts.needs.workloads:
        if workload.task_role == workload.execution_role:
            continue
        role = workload.task_role if kind == "task" else workload.execution_role
        family, name = workload.definition.family, name_of(role)
        if name.startswith(family) and re.fullmatch(r"[-_.]\D*", name[len(family) :]):
            found[name[len(family) :]] += 1
    return found.most_common(1)[0][0] if found else _USUAL[kind]


def needs_of(
    workloads: Iterable[Workload], kind: TaskRoleKind, arn: str, facts: Facts
) -> tuple[Requirement, ...]:
    """What a role (ARN, there or not) would have to give, were it the role of some workloads."""
    found: dict[tuple[str, str], Requirement] = {}
    for workload in workloads:
        field = "task_role" if kind == "task" else "execution_role"
        given = msgspec.structs.replace(workload, **{field: arn})
        for need in of_workload(given, facts.around):
            if need.principal == arn and need.role_kind == kind and need.necessity != "optional":
                found.setdefault((need.action, need.resource), need)
    return tuple(found.values())


def make_task_role(
    arn: str,
    kind: TaskRoleKind,
    workloads: Iterable[Workload],
    facts: Facts,
    model: Role | None = None,
) -> tuple[c.AnyChange, ...]:
    """A new role for tasks with what ECS asks of it. The boundary is that of the `model`."""
    workloads = tuple(workloads)
    regions = dict.fromkeys(workload.home.region for workload in workloads)
    families = dict.fromkeys(workload.definition.family for workload in workloads)
    word = WORDS[kind].capitalize()
    made: c.AnyChange = c.CreateRole(
        role=arn,
        trust=trusts.for_tasks(regions, facts),
        description=f"{word} of {', '.join(families)}"[:1000],
        boundary=boundary_of(model, facts),
        why=f"a {WORDS[kind]} of its own",
    )
    return (made, *granted(arn, needs_of(workloads, kind, arn, facts), facts))


def granted(arn: str, needs: Iterable[Requirement], facts: Facts) -> tuple[c.AnyChange, ...]:
    """Inline policies of a new role with some requirements; none where nothing is required."""
    by_name: dict[str, list[Requirement]] = defaultdict(list)
    for need in needs:
        if need.action != "sts:AssumeRole":
            by_name[policy_name(need.role_kind)].append(need)
    return tuple(
        allow(arn, name, statements(found, facts), facts, "exactly what ECS asks for")
        for name, found in by_name.items()
    )


def boundary_of(model: Role | None, facts: Facts) -> str:
    """The permissions boundary of a role; where there is no such role and the organization wants one, that of
    most roles that ECS uses."""
    limit = model.permissions_boundary if model else None
    if limit is not None:
        return limit.permissions_boundary_arn
    if not facts.options.boundary_required:
        return ""
    found = Counter(
        role.permissions_boundary.permissions_boundary_arn
        for role in facts.roles_in_use.values()
        if role.permissions_boundary
    )
    return found.most_common(1)[0][0] if found else ""


def own_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags of a role that a copy of it may have: those that AWS sets cannot be given."""
    return {key: value for key, value in tags.items() if not key.lower().startswith("aws:")}
