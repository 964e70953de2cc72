"""Giving roles to services: a new revision that names the role, and the roll-out, for one or for many."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.looking import name_of
from ecsiam_tui.ecs.requirement import Requirement
from ecsiam_tui.ecs.workloads import Workload
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.trusting import TASKS
from ecsiam_tui.fixes.fix import Fix
from ecsiam_tui.fixes.granting import allow, policy_name, statements
from ecsiam_tui.fixes.keepers import keeper_warnings
from ecsiam_tui.fixes.making import FIELDS, WORDS, TaskRoleKind, make_task_role, needs_of, role_arn
from ecsiam_tui.fixes.proof import after, completed
from ecsiam_tui.fixes.revisions import by_hand, new_revision

OWN = ""
"""Stands for a new role of the service's own where a role is chosen."""


class Made(NamedTuple):
    """What comes of the choices. `warnings` are sentences to know before, `title` says what it is."""

    title: str
    changes: tuple[c.AnyChange, ...]
    warnings: tuple[str, ...] = ()


class Candidate(NamedTuple):
    """A service that could be given a role: `why` says how it is now, `lacks` that it has none that is there.
    `definition` is its task definition, `role` its role (ARNs)."""

    service: str
    title: str
    definition: str
    role: str
    why: str
    lacks: bool


class Fitting(NamedTuple):
    """A role that a service could be given. `lacking` is what it would have to be given besides, `users` how
    many workloads have it already."""

    role: str
    lacking: tuple[Requirement, ...]
    users: int


def role_of(workload: Workload, kind: TaskRoleKind) -> str:
    """The role (ARN) that a workload has, empty where it has none."""
    return workload.task_role if kind == "task" else workload.execution_role


def candidates(kind: TaskRoleKind, facts: Facts) -> tuple[Candidate, ...]:
    """Every service, those first that lack a role of a kind."""
    found = [_candidate(one, kind, facts) for one in facts.needs.workloads if one.kind == "service"]
    return tuple(sorted(found, key=lambda one: (not one.lacks, one.title)))


def _candidate(workload: Workload, kind: TaskRoleKind, facts: Facts) -> Candidate:
    role = role_of(workload, kind)
    gone = bool(role) and role not in facts.around.roles and f":{facts.snapshot.account_id}:" in role
    gone = gone and facts.snapshot.is_known("roles")
    missing = [
        one.requirement.why
        for one in facts.needs.of(workload.id)
        if one.status == "missing" and one.requirement.role_kind == kind
    ]
    if not role:
        why = f"has none, and needs one: {missing[0]}" if missing else "has none, and goes without"
    elif gone:
        why = f"names {name_of(role)}, which does not exist"
    else:
        count = len(missing)
        others = len({one.definition.family for one in facts.needs.users_of(role)}) - 1
        why = name_of(role) + (f", which lacks {count} action{'s' if count > 1 else ''}" if count else "")
        why += f", shared with {others} more" if others > 0 else ""
    definition = workload.definition.task_definition_arn
    return Candidate(workload.id, workload.title, definition, role, why, gone or not role)


def _asked(workloads: Iterable[Workload], kind: TaskRoleKind, role: str, facts: Facts) -> list[Requirement]:
    return [one for one in needs_of(workloads, kind, role, facts) if one.id != "TRUST"]


def _lacking(
    role: str, workloads: Iterable[Workload], kind: TaskRoleKind, facts: Facts
) -> tuple[Requirement, ...]:
    ask = facts.needs.judge.ask
    return tuple(
        one
        for one in _asked(workloads, kind, role, facts)
        if ask(role, one.action, one.resource, one.context).status == "missing"
    )


def _would_help(need: Requirement, role: str, facts: Facts) -> bool:
    """Whether it is a policy of the role that is missing, and not the resource's own policy or a boundary."""
    decision = facts.needs.judge.ask(role, need.action, need.resource, need.context).decision
    return decision is None or "identity" in decision.blocked_by


def fitting(services: Iterable[str], kind: TaskRoleKind, facts: Facts) -> tuple[Fitting, ...]:
    """The roles that trust tasks, those first that lack least of what some services ask for, then those that
    are used as roles of the kind most."""
    workloads = _services(services, facts)
    found = []
    for arn in facts.ecs_roles:
        if arn in facts.around.roles and all(_is_trusted(arn, one, facts) for one in workloads):
            users = sum(role_of(one, kind) == arn for one in facts.needs.users_of(arn))
            found.append(Fitting(arn, _lacking(arn, workloads, kind, facts), users))
    return tuple(sorted(found, key=lambda one: (len(one.lacking), -one.users, one.role)))


def _is_trusted(arn: str, workload: Workload, facts: Facts) -> bool:
    context = {
        "aws:SourceAccount": facts.snapshot.account_id,
        "aws:SourceArn": workload.home.arn("ecs", "any"),
    }
    return facts.needs.judge.ask(TASKS, "sts:AssumeRole", arn, context).status == "met"


def _services(services: Iterable[str], facts: Facts) -> list[Workload]:
    wanted = set(services)
    return [one for one in facts.needs.workloads if one.kind == "service" and one.id in wanted]


# Giving -----------------------------------------------------------------------------------------------------


def give_roles(
    kind: TaskRoleKind, choices: Mapping[str, str], facts: Facts, *, complete: bool = True
) -> Made:
    """Give services (ARNs) roles: existing ones (ARNs), or `OWN` for a new one with exactly what is asked
    for, one a family. With `complete` existing roles get what they lack. Raises ChangeError where that does
    not fit the account."""
    workloads = {one.id: one for one in _services(choices, facts)}
    own: dict[str, list[Workload]] = defaultdict(list)
    for service, role in choices.items():
        if role == OWN:
            own[workloads[service].definition.family].append(workloads[service])
    names: dict[str, str] = {}
    changes: list[c.AnyChange] = []
    for family, members in own.items():
        names[family] = role_arn(family, kind, facts, [name_of(one) for one in names.values()])
        model = facts.around.roles.get(role_of(members[0], kind))
        changes += make_task_role(names[family], kind, members, facts, model)
    taken = {
        service: role or names[workloads[service].definition.family] for service, role in choices.items()
    }
    by_role: dict[str, list[Workload]] = defaultdict(list)
    for service, role in taken.items():
        if choices[service] != OWN:
            by_role[role].append(workloads[service])
    for role, members in by_role.items() if complete else ():
        lacking = [one for one in _lacking(role, members, kind, facts) if _would_help(one, role, facts)]
        if lacking:
            wanted = statements(lacking, facts)
            changes.append(allow(role, policy_name(kind), wanted, facts, "what is asked for and it lacks"))
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for service, role in taken.items():
        if role != role_of(workloads[service], kind):
            groups[workloads[service].definition.task_definition_arn, role].append(service)
    rolled = roll([(base, role, users) for (base, role), users in groups.items()], kind, facts)
    count = len(choices)
    whom = facts.title(next(iter(choices))) if count == 1 else f"{count} services"
    several = "s" if len(set(taken.values())) > 1 else ""
    title = f"Give {whom} {'its' if count == 1 else 'their'} {WORDS[kind]}{several}"
    return finished(Made(title, (*changes, *rolled.changes), rolled.warnings), facts)


def roll(wanted: Iterable[tuple[str, str, list[str]]], kind: TaskRoleKind, facts: Facts) -> Made:
    """New revisions: of each base (ARN) one that names a role (ARN), brought to those of its users that are
    given; the others stay, which is said."""
    changes: list[c.AnyChange] = []
    warnings: dict[str, None] = {}
    before: Counter[str] = Counter()
    wanted = list(wanted)
    moving = {user for _, _, users in wanted for user in users}
    for base, role, users in wanted:
        family = base.rpartition(":")[0]
        edits = (c.Edit(path=(FIELDS[kind],), value=role),)
        rollout = new_revision(base, edits, facts, f"names {name_of(role)}", before[family])
        before[family] += 1
        everybody = base in users
        changes += [
            one
            for one in rollout.changes
            if everybody or isinstance(one, c.RegisterTaskDefinition) or one.target in users
        ]
        if everybody:
            warnings |= dict.fromkeys(rollout.warnings)
        else:
            warnings |= dict.fromkeys(_left(base, users, moving, facts))
    return Made("", tuple(changes), tuple(warnings))


def _left(base: str, users: Iterable[str], moving: set[str], facts: Facts) -> Iterator[str]:
    """What the chosen services have to be moved with by hand, and who else stays with the old revision."""
    for user in users:
        otherwise = by_hand(user, facts)
        if otherwise:
            yield otherwise
    others = [
        one.title
        for one in facts.needs.workloads
        if one.definition.task_definition_arn == base
        and one.id not in moving
        and one.kind not in ("task-definition", "task")
    ]
    if others:
        yield f"{', '.join(dict.fromkeys(others))} also runs {name_of(base)}, and goes on with it."


def finished(made: Made, facts: Facts) -> Made:
    """With what launchers lack afterwards, who keeps what is changed, and what the roles lack even then.
    Raises ChangeError."""
    whole = completed(Fix(name="", title="", finding="", changes=made.changes), facts)
    later = after(whole.changes, facts)
    roles = {one.target: None for one in whole.changes if isinstance(one, c.CreateRole | c.PutRolePolicy)}
    roles |= {
        str(edit.value): None
        for one in whole.changes
        if isinstance(one, c.RegisterTaskDefinition)
        for edit in one.edits
    }
    left = (
        f"{name_of(role)} still lacks {one.requirement.action} on {one.requirement.resource}: {one.note}."
        for role in roles
        for one in later.needs.of_role(role)
        if one.status == "missing" and one.requirement.necessity == "required"
    )
    warnings = (*keeper_warnings(whole.changes, facts.snapshot), *made.warnings, *whole.costs, *left)
    return Made(made.title, whole.changes, tuple(dict.fromkeys(warnings)))
