"""One role for two purposes, or for many: each gets its own."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from ecsiam_tui.account.iam import Role
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.looking import name_of
from ecsiam_tui.ecs.requirement import Requirement
from ecsiam_tui.ecs.workloads import Workload
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Finding
from ecsiam_tui.findings.lacking import listed
from ecsiam_tui.fixes import documents
from ecsiam_tui.fixes.fix import Answers, Choice, Fix, Question, asking_recipe
from ecsiam_tui.fixes.granting import allow, policy_name, statements
from ecsiam_tui.fixes.making import (
    FIELDS,
    TaskRoleKind,
    make_task_role,
    needs_of,
    own_tags,
    role_arn,
)
from ecsiam_tui.fixes.revisions import by_hand, new_revision
from ecsiam_tui.fixes.trusts import for_tasks
from ecsiam_tui.policy.patterns import action_matchers

_MOVED = frozenset({"rule", "schedule", "task-definition"})
_SECRETS = frozenset({"SEC1", "SEC2", "SEC3", "REG", "GMSA"})


# One role for many ------------------------------------------------------------------------------------------


@asking_recipe("fork-role")
def fork_role(finding: Finding, facts: Facts, answers: Answers) -> Iterator[Fix]:
    """Families get roles of their own: an execution role with what ECS asks for, a task role that is a copy,
    since only the application knows what it needs."""
    role = facts.around.roles.get(finding.node)
    kinds: dict[str, TaskRoleKind] = {"ECS-IAM-027": "task-execution", "ECS-IAM-028": "task"}
    kind = kinds.get(finding.rule)
    if role is None or kind is None:
        return
    families = _families(role.arn, kind, facts)
    moving = (
        _reading(role.arn, families, facts) if kind == "task-execution" else _guests(role, families, facts)
    )
    question = Question(
        "families",
        f"Which families get a role of their own? The others keep {role.role_name}.",
        tuple(Choice(family, family) for family, known in families.items() if _moves(known, facts)),
        tuple(moving),
        many=True,
    )
    moving = [family for family in families if family in question.answer(answers)]
    if not moving:
        return
    changes: tuple[c.AnyChange, ...] = ()
    warnings: dict[str, None] = {}
    copies: dict[str, str] = {}
    names: list[str] = []
    for family in moving:
        workloads = families[family]
        arn = role_arn(family, kind, facts, names)
        names.append(name_of(arn))
        if kind == "task":
            regions = [workload.home.region for workload in workloads]
            changes += _copy(role, arn, family, for_tasks(regions, facts))
            copies[arn] = role.arn
        else:
            changes += make_task_role(arn, kind, workloads, facts, role)
        for earlier, base in enumerate(_definitions(workloads)):
            edits = (c.Edit(path=(FIELDS[kind],), value=arn),)
            rollout = new_revision(base, edits, facts, f"names {name_of(arn)}", earlier)
            changes += rollout.changes
            warnings |= dict.fromkeys(rollout.warnings)
    cost = (
        f"Each copy may all that {role.role_name} may: take from it what its service does not need."
        if kind == "task"
        else f"{len(moving)} roles more to look after."
    )
    yield Fix(
        name="fork-role",
        title=f"Give {listed(moving, 3)} {'a role' if len(moving) == 1 else 'roles'} of"
        f" {'its' if len(moving) == 1 else 'their'} own instead of {role.role_name}",
        finding=finding.key,
        changes=changes,
        costs=(cost,),
        warnings=tuple(warnings),
        questions=(question,),
        copies=copies,
    )


def _families(role: str, kind: TaskRoleKind, facts: Facts) -> dict[str, list[Workload]]:
    """Who has a role by its task definition, by family; an override is another matter."""
    found: dict[str, list[Workload]] = defaultdict(list)
    for workload in facts.needs.workloads:
        definition = workload.definition
        named = definition.task_role_arn if kind == "task" else definition.execution_role_arn
        own = workload.task_role if kind == "task" else workload.execution_role
        if facts.around.role(named) == role == own:
            found[definition.family].append(workload)
    return dict(sorted(found.items()))


def _guests(role: Role, families: dict[str, list[Workload]], facts: Facts) -> list[str]:
    """All but the family that keeps the role: one that cannot be moved by a call, else the one whose role it
    is by its name, else the one that runs most."""
    fixed = [family for family, found in families.items() if not _moves(found, facts)]
    named = [family for family in families if role.role_name.startswith(family)]
    owners = fixed or sorted(named, key=len) or sorted(families, key=lambda one: len(families[one]))
    return [family for family in families if family != owners[-1]]


def _moves(workloads: Iterable[Workload], facts: Facts) -> bool:
    """Whether calls can move all of a family to another revision."""
    return all(
        not by_hand(one.id, facts) if one.kind == "service" else one.kind in _MOVED for one in workloads
    )


def _reading(role: str, families: dict[str, list[Workload]], facts: Facts) -> list[str]:
    """The families for which an execution role reads secrets."""
    return [
        family
        for family, workloads in families.items()
        if _moves(workloads, facts)
        and any(need.id in _SECRETS for need in needs_of(workloads, "task-execution", role, facts))
    ]


def _definitions(workloads: Iterable[Workload]) -> list[str]:
    """The revisions to be registered anew: those that run; else the newest."""
    found = {one.definition.task_definition_arn: one.kind for one in workloads}
    running = [arn for arn, kind in found.items() if kind != "task-definition"]
    return sorted(running or found, key=lambda arn: int(arn.rpartition(":")[2]))


def _copy(role: Role, arn: str, family: str, trust: str) -> tuple[c.AnyChange, ...]:
    """A role with the same policies; whom else the model lets in is no business of the copy."""
    why = f"a copy of {role.role_name}"
    limit = role.permissions_boundary
    return (
        c.CreateRole(
            role=arn,
            trust=trust,
            description=f"Task role of {family}, made after {role.role_name}",
            tags=own_tags(role.tags),
            boundary=limit.permissions_boundary_arn if limit else "",
            max_session_duration=role.max_session_duration or 3600,
            why=why,
        ),
        *(
            c.PutRolePolicy(role=arn, name=one.policy_name, document=one.policy_document, why=why)
            for one in role.role_policy_list
        ),
        *(
            c.AttachRolePolicy(role=arn, policy=one.policy_arn, why=why)
            for one in role.attached_managed_policies
        ),
    )


# One role for two -------------------------------------------------------------------------------------------


@asking_recipe("split-roles")
def split_roles(finding: Finding, facts: Facts, answers: Answers) -> Iterator[Fix]:
    """A task role with what the start of a task does not need; the execution role keeps it, unless a person
    says that nothing else uses it."""
    definition = facts.around.definitions.get(finding.node)
    role = facts.around.roles.get(facts.around.role(definition.execution_role_arn)) if definition else None
    if finding.rule != "ECS-IAM-007" or definition is None or role is None:
        return
    workloads = [one for one in facts.needs.workloads if one.definition.task_definition_arn == finding.node]
    starting = needs_of(workloads, "task-execution", role.arn, facts)
    arn = role_arn(definition.family, "task", facts)
    made = list(make_task_role(arn, "task", workloads, facts, role))
    taken: list[c.AnyChange] = []
    why = "what the application needs"
    for inline in role.role_policy_list:
        app = _application(inline.policy_document, starting)
        if app:
            text = documents.dump(documents.of(*app))
            made.append(c.PutRolePolicy(role=arn, name=inline.policy_name, document=text, why=why))
            taken.append(_rest(role, inline.policy_name, inline.policy_document, starting))
    for attached in role.attached_managed_policies:
        known = facts.account.managed_text(attached.policy_arn)
        if known is None or _application(known.text, starting, whole=True):
            made.append(c.AttachRolePolicy(role=arn, policy=attached.policy_arn, why=why))
            taken.append(
                c.DetachRolePolicy(role=role.arn, policy=attached.policy_arn, why="the application's")
            )
    if any(isinstance(one, c.DetachRolePolicy) for one in taken):
        wanted = [need for need in starting if need.id != "TRUST"]
        name = policy_name("task-execution")
        taken.insert(0, allow(role.arn, name, statements(wanted, facts), facts, "what the start needs"))
    edits = (c.Edit(path=(FIELDS["task"],), value=arn),)
    rollout = new_revision(finding.node, edits, facts, f"names {name_of(arn)}")
    others = sorted({one.title for one in facts.needs.users_of(role.arn)} - {one.title for one in workloads})
    used = f"; {listed(others, 3)} have it, too" if others else ""
    question = Question(
        "drop",
        f"Take the application's permissions from {role.role_name}{used}? Tasks that still run with the old"
        " revision lose them at once.",
        (Choice("no", "leave them for now"), Choice("yes", "take them", "old tasks lose them at once")),
        ("no",),
    )
    drops = question.answer(answers) == ("yes",)
    yield Fix(
        name="split-roles",
        title=f"Create {name_of(arn)} as task role of {definition.family}, with what the start does not need",
        finding=finding.key,
        changes=(*made, *rollout.changes, *(taken if drops else ())),
        costs=() if drops else (f"{role.role_name} keeps what the application needed.",) if taken else (),
        warnings=rollout.warnings,
        questions=(question,) if taken else (),
    )


def _application(
    text: str, starting: Iterable[Requirement], *, whole: bool = False
) -> list[documents.Statement]:
    """The statements that are not for the start of a task alone, without the actions that are (`whole`: as
    they are); every Deny."""
    found = []
    for statement in documents.statements(documents.load(text)):
        actions = documents.as_list(statement.get("Action", []))
        others = [one for one in actions if not _starts(one, starting)]
        if statement.get("Effect") == "Deny" or not actions or (whole and others):
            found.append(statement)
        elif others:
            found.append({**statement, "Action": documents.plain(others)})
    return found if any(one.get("Effect") == "Allow" for one in found) else []


def _starts(pattern: str, starting: Iterable[Requirement]) -> bool:
    """Whether an action (no wildcard) is one that the start of a task needs."""
    if any(char in pattern for char in "*?"):
        return False
    usual = action_matchers(("ecr:*", "logs:CreateLogStream", "logs:PutLogEvents"))
    name = pattern.lower()
    return any(matches(name) for matches in usual) or any(need.action.lower() == name for need in starting)


def _rest(role: Role, name: str, text: str, starting: Iterable[Requirement]) -> c.AnyChange:
    """An inline policy of the execution role with what the start of a task needs alone."""
    kept = []
    for statement in documents.statements(documents.load(text)):
        actions = documents.as_list(statement.get("Action", []))
        mine = [one for one in actions if _starts(one, starting)]
        if statement.get("Effect") == "Deny":
            kept.append(statement)
        elif mine:
            kept.append({**statement, "Action": documents.plain(mine)})
    why = "the application has a role of its own"
    if not any(one.get("Effect") == "Allow" for one in kept):
        return c.DeleteRolePolicy(role=role.arn, name=name, why=why)
    document = documents.with_statements(documents.load(text), kept)
    return c.PutRolePolicy(role=role.arn, name=name, document=documents.dump(document), why=why)
