"""Roles that are missing: made with exactly what ECS asks of them, or one that does it already is taken."""

from collections.abc import Iterator
from difflib import SequenceMatcher

from ecsiam_tui.account.iam import Role
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.looking import name_of
from ecsiam_tui.ecs.workloads import Workload
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Finding
from ecsiam_tui.findings.trusting import TASKS
from ecsiam_tui.fixes import documents, trusts
from ecsiam_tui.fixes.fix import Answers, Choice, Fix, Question, asking_recipe, recipe
from ecsiam_tui.fixes.making import (
    FIELDS,
    WORDS,
    TaskRoleKind,
    boundary_of,
    granted,
    make_task_role,
    needs_of,
    role_arn,
)
from ecsiam_tui.fixes.revisions import new_revision
from ecsiam_tui.policy.access import access

_APPLICATION = "What the application itself calls is not known to ECS, and not allowed: add it."
_LIKE = 0.75
"""How alike names have to be for one to be taken for a slip of the other."""
_MOST_OFFERED = 2


def _runs(definition: str, facts: Facts) -> list[Workload]:
    return [one for one in facts.needs.workloads if one.definition.task_definition_arn == definition]


def _given(definition: str, kind: TaskRoleKind, facts: Facts) -> str:
    """The ARN of the role that a task definition names; empty where it names none."""
    found = facts.around.definitions[definition]
    return facts.around.role(found.task_role_arn if kind == "task" else found.execution_role_arn)


def _is_elsewhere(arn: str, facts: Facts) -> bool:
    return bool(arn) and f":{facts.snapshot.account_id}:" not in arn


# Made -------------------------------------------------------------------------------------------------------


@recipe("create-execution-role")
def create_execution_role(finding: Finding, facts: Facts) -> Iterator[Fix]:
    """One that may fetch what the task definition asks for, and nothing else."""
    yield from _missing_as_named(finding, facts, "create-execution-role", of_execution=True)
    yield from _new(finding, facts, "task-execution", "create-execution-role", (), (), ())


_FOREIGN = Question(
    "assume",
    "May the new role assume the role of the other account?",
    (
        Choice("no", "no"),
        Choice("yes", "yes", "the other role's trust policy has to name it, too"),
    ),
    ("no",),
)


@asking_recipe("create-task-role")
def create_task_role(finding: Finding, facts: Facts, answers: Answers) -> Iterator[Fix]:
    """One with what ECS asks for: an empty one where that is nothing."""
    yield from _missing_as_named(finding, facts, "create-task-role", of_execution=False)
    definition = facts.around.definitions.get(finding.node)
    foreign = _given(finding.node, "task", facts) if definition else ""
    if finding.rule != "ECS-IAM-009" or not _is_elsewhere(foreign, facts):
        yield from _new(finding, facts, "task", "create-task-role", (_APPLICATION,), (), ())
        return
    wanted: tuple[documents.Statement, ...] = ()
    if _FOREIGN.answer(answers) == ("yes",):
        wanted = ({"Sid": "Assume", "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": foreign},)
    account = foreign.split(":")[4]
    warning = f"To act in account {account}, the application assumes {name_of(foreign)} there by itself."
    yield from _new(
        finding, facts, "task", "create-task-role", (_APPLICATION,), (warning,), (_FOREIGN,), wanted
    )


def _new(
    finding: Finding,
    facts: Facts,
    kind: TaskRoleKind,
    name: str,
    costs: tuple[str, ...],
    warnings: tuple[str, ...],
    questions: tuple[Question, ...],
    wanted: tuple[documents.Statement, ...] = (),
) -> Iterator[Fix]:
    """A role of a new name, and a revision that names it, for a task definition without one."""
    definition = facts.around.definitions.get(finding.node)
    if definition is None:
        return
    given = _given(finding.node, kind, facts)
    if given and not _is_elsewhere(given, facts):
        return
    workloads = _runs(finding.node, facts)
    arn = role_arn(definition.family, kind, facts)
    changes = make_task_role(arn, kind, workloads, facts)
    if wanted:
        text = documents.dump(documents.of(*wanted))
        changes += (c.PutRolePolicy(role=arn, name="ecsiam-assume", document=text, why="the other account"),)
    edits = (c.Edit(path=(FIELDS[kind],), value=arn),)
    rollout = new_revision(finding.node, edits, facts, f"names {name_of(arn)}")
    asked = len(needs_of(workloads, kind, arn, facts))
    what = f"the {asked} actions that are asked for" if asked > 1 else "exactly what is asked for"
    yield Fix(
        name=name,
        title=f"Create {name_of(arn)} with {what if asked else 'no permissions'}, as {WORDS[kind]} of"
        f" {definition.family}",
        finding=finding.key,
        changes=(*changes, *rollout.changes),
        costs=costs,
        warnings=(*warnings, *rollout.warnings),
        questions=questions,
    )


def _missing_as_named(finding: Finding, facts: Facts, name: str, *, of_execution: bool) -> Iterator[Fix]:
    """Roles that something names and that do not exist, under the very name: nothing else has to change."""
    if finding.rule != "ECS-IAM-008":
        return
    for arn in finding.nodes[1:]:
        asked = [judged.requirement for judged in facts.needs.of_role(arn)]
        kinds = {need.role_kind for need in asked}
        is_role = ":role/" in arn and "/aws-" not in arn and arn not in facts.around.roles
        if not is_role or not asked or _is_elsewhere(arn, facts):
            continue
        if (kinds == {"task-execution"}) != of_execution:
            continue
        trusted = dict.fromkeys(need.principal for need in asked if need.id == "TRUST")
        if not trusted:
            continue
        document = documents.of(
            *(trusts.statement(one, trusts.regions_of(arn, one, facts), facts) for one in trusted)
        )
        needs = [need for need in asked if need.principal == arn and need.necessity != "optional"]
        unique = {(need.role_kind, need.action, need.resource): need for need in needs}
        create = c.CreateRole(
            role=arn,
            trust=documents.dump(document),
            description=f"Role of {facts.titles(dict.fromkeys(need.subject for need in asked))}"[:1000],
            boundary=boundary_of(None, facts),
            why="it is named and does not exist",
        )
        yield Fix(
            name=name,
            title=f"Create {name_of(arn)}, with exactly what ECS asks of it",
            finding=finding.key,
            changes=(create, *granted(arn, unique.values(), facts)),
            costs=(_APPLICATION,) if "task" in kinds else (),
        )


# Taken ------------------------------------------------------------------------------------------------------


@recipe("reuse-execution-role")
def reuse_execution_role(finding: Finding, facts: Facts) -> Iterator[Fix]:
    """A role that gives all that is asked for already, and is not an application's alone: the one with the
    least beyond that."""
    others = {arn: role for arn, role in facts.ecs_roles.items() if arn not in facts.task_roles}
    roles = facts.execution_roles | others
    yield from _reused(finding, facts, "task-execution", "reuse-execution-role", roles)


@recipe("reuse-task-role")
def reuse_task_role(finding: Finding, facts: Facts) -> Iterator[Fix]:
    """A role whose name is nearly the one that does not exist."""
    known = facts.ecs_roles.items()
    roles = {arn: role for arn, role in known if TASKS in role.assume_role_policy_document}
    yield from _reused(finding, facts, "task", "reuse-task-role", roles)


def _reused(
    finding: Finding, facts: Facts, kind: TaskRoleKind, name: str, roles: dict[str, Role]
) -> Iterator[Fix]:
    definition = facts.around.definitions.get(finding.node)
    if definition is None:
        return
    given = _given(finding.node, kind, facts)
    if given in facts.around.roles or (not given and finding.rule != "ECS-IAM-001"):
        return
    workloads = _runs(finding.node, facts)
    fitting = [role for role in roles.values() if _does(role.arn, kind, workloads, facts)]
    if given:
        wanted = name_of(given)
        fitting = [role for role in fitting if _alike(role.role_name, wanted) >= _LIKE]
        fitting.sort(key=lambda role: -_alike(role.role_name, wanted))
    else:
        fitting.sort(key=lambda role: (access(facts.account.layers(role.arn)).actions.bit_count(), role.arn))
    for breadth, role in enumerate(fitting[:_MOST_OFFERED], 1):
        edits = (c.Edit(path=(FIELDS[kind],), value=role.arn),)
        rollout = new_revision(finding.node, edits, facts, f"names {role.role_name}")
        users = len(list(facts.needs.users_of(role.arn)))
        shared = f"{role.role_name} is the role of {users} more: what it may, {definition.family} may, too."
        yield Fix(
            name=name,
            title=f"Take {role.role_name} as {WORDS[kind]} of {definition.family}",
            finding=finding.key,
            changes=rollout.changes,
            breadth=breadth,
            costs=(shared,) if users else (),
            warnings=rollout.warnings,
        )


def _alike(left: str, right: str) -> float:
    return SequenceMatcher(None, left.lower(), right.lower()).ratio()


def _does(arn: str, kind: TaskRoleKind, workloads: list[Workload], facts: Facts) -> bool:
    """Whether a role gives all that would be asked of it, and may be assumed for it."""
    judge = facts.needs.judge
    for workload in workloads:
        context = {
            "aws:SourceAccount": facts.snapshot.account_id,
            "aws:SourceArn": workload.home.arn("ecs", "any"),
        }
        if judge.ask(TASKS, "sts:AssumeRole", arn, context).status != "met":
            return False
    needs = needs_of(workloads, kind, arn, facts)
    asked = (one for one in needs if one.necessity == "required" and one.id != "TRUST")
    return all(judge.ask(arn, one.action, one.resource, one.context).status == "met" for one in asked)
