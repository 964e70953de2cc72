"""A role for ECS, from what a person chooses to changes: kind, name, trust, permissions, who gets it."""

import re
from collections.abc import Sequence
from typing import Literal

import msgspec

from ecsiam_tui.account.references import Home, home_of
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.looking import name_of
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.fixes import documents, trusts
from ecsiam_tui.fixes.assigning import Made, finished, roll
from ecsiam_tui.fixes.making import boundary_of, role_arn
from ecsiam_tui.fixes.role_policies import (
    TASK_KINDS,
    Kind,
    Source,
    WizardError,
    permissions,
    sort_of,
    workloads_of,
)

Guard = Literal["narrow", "account", "none"]

_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
"""Names of roles: IAM User Guide, "IAM and AWS STS quotas"."""


class Wanted(msgspec.Struct, frozen=True):
    """A role to make. `users` are those it is for: services, task definitions, rules, schedules (ids).
    `guard` says how narrow the trust is, `give` that the users get the role, too."""

    kind: Kind
    name: str
    guard: Guard = "narrow"
    users: tuple[str, ...] = ()
    source: Source = None
    give: bool = False


def arn_of(name: str, facts: Facts) -> str:
    """The ARN of a role by name. Raises WizardError where it cannot be made."""
    if not _NAME.fullmatch(name):
        raise WizardError("the name of a role has 1 to 64 letters, digits and +=,.@-_")
    for role in facts.snapshot.roles:
        if role.role_name.lower() == name.lower():
            raise WizardError(f"there is a role {role.role_name}; choose another name")
    return f"arn:{facts.snapshot.partition}:iam::{facts.snapshot.account_id}:role/{name}"


def offered_name(kind: Kind, users: Sequence[str], facts: Facts) -> str:
    """A name that is free, after the first of the users."""
    found = workloads_of(users[:1], facts)
    stem = found[0].definition.family if found else facts.title(users[0]) if users else "ecs"
    stem = re.sub(r"[^\w+=,.@-]", "-", stem.partition(":")[0], flags=re.ASCII)
    if kind in TASK_KINDS:
        return name_of(role_arn(stem, TASK_KINDS[kind], facts))
    ending = sort_of(kind).ending
    return documents.unique(
        f"{stem[: 62 - len(ending)]}{ending}", [one.role_name for one in facts.snapshot.roles]
    )


def offered_users(kind: Kind, facts: Facts) -> tuple[tuple[str, str], ...]:
    """What a role of a kind can be for: ids with labels."""
    found: dict[str, str] = {}
    snapshot = facts.snapshot
    if kind == "infrastructure":
        for judged in facts.needs.all:
            if judged.requirement.role_kind == kind:
                found.setdefault(
                    judged.requirement.subject,
                    f"{facts.title(judged.requirement.subject)}  {judged.requirement.why}",
                )
        return tuple(found.items())
    if kind == "events":
        found |= {rule.arn: f"{rule.name}  rule" for rule in snapshot.rules if rule.targets}
    elif kind == "scheduler":
        found |= {one.arn: f"{one.name}  schedule" for one in snapshot.schedules}
    else:
        found |= {one.id: f"{one.title}  service" for one in facts.needs.workloads if one.kind == "service"}
    found |= {
        one.task_definition_arn: f"{one.name}  task definition"
        for one in snapshot.task_definitions
        if one.latest
    }
    return tuple(found.items())


# Trust ------------------------------------------------------------------------------------------------------


def guards(kind: Kind) -> tuple[tuple[Guard, str], ...]:
    """How narrow the trust can be. What ECS sends for infrastructure roles is not documented: there is no
    condition to choose."""
    if kind == "infrastructure":
        return (("none", "no condition: what ECS sends here is not documented"),)
    words = {"events": "its rules", "scheduler": "its schedule groups"}.get(kind, "its tasks")
    return (
        ("narrow", f"for this account and {words} alone: aws:SourceAccount, aws:SourceArn"),
        ("account", "for this account alone: aws:SourceAccount"),
    )


def trust_of(kind: Kind, guard: Guard, users: Sequence[str], facts: Facts) -> str:
    """The trust policy of a new role."""
    service = sort_of(kind).service
    regions = dict.fromkeys(home_of(user).region for user in users)
    found = trusts.statement(service, regions, facts)
    if guard == "account":
        found = documents.without_conditions(found, ("aws:sourcearn",))
    elif guard == "narrow" and kind in ("events", "scheduler"):
        found = documents.with_condition(found, "ArnLike", "aws:SourceArn", _senders(kind, users, facts))
    return documents.dump(documents.of(found))


def _senders(kind: Kind, users: Sequence[str], facts: Facts) -> object:
    """A rule sends its own ARN, a schedule that of its group (EventBridge Scheduler User Guide, "Confused
    deputy prevention")."""
    snapshot = facts.snapshot
    known: dict[str, None] = {}
    if kind == "events":
        known |= dict.fromkeys(rule.arn for rule in snapshot.rules if rule.arn in users)
    for one in snapshot.schedules if kind == "scheduler" else ():
        if one.arn in users:
            known[home_of(one.arn).arn("scheduler", f"schedule-group/{one.group_name or 'default'}")] = None
    if not known:
        regions = sorted({home_of(user).region for user in users} - {""}) or sorted(snapshot.regions)
        what = ("events", "rule/*") if kind == "events" else ("scheduler", "schedule-group/*")
        homes = (Home(snapshot.partition, region, snapshot.account_id) for region in regions)
        known = dict.fromkeys(home.arn(*what) for home in homes)
    return documents.plain(list(known))


# A role for ECS ---------------------------------------------------------------------------------------------


def make_role(wanted: Wanted, facts: Facts) -> Made:
    """A role as chosen, given to its users where that is wanted. Raises WizardError, BlankError or
    ChangeError where a choice does not do."""
    arn = arn_of(wanted.name, facts)
    sort = sort_of(wanted.kind)
    word = sort.title.partition(":")[0]
    purpose = f" of {facts.titles(wanted.users)}" if wanted.users else ""
    create: c.AnyChange = c.CreateRole(
        role=arn,
        trust=trust_of(wanted.kind, wanted.guard, wanted.users, facts),
        description=f"{word[0].upper()}{word[1:]}{purpose}"[:1000],
        boundary=boundary_of(None, facts),
        why=f"a new {word}",
    )
    changes = (create, *permissions(wanted.source, wanted.kind, wanted.users, arn, facts))
    title = f"Create {wanted.name}, {word}{purpose}"
    if not wanted.give:
        return Made(title, changes)
    given = _given(wanted.kind, wanted.users, arn, facts)
    return finished(Made(title, (*changes, *given.changes), given.warnings), facts)


def can_give(kind: Kind, users: Sequence[str], facts: Facts) -> bool:
    """Whether those a role is for can be given it by calls."""
    if kind in TASK_KINDS:
        return bool(workloads_of(users, facts))
    launchers = {rule.arn for rule in facts.snapshot.rules} if kind == "events" else set()
    launchers |= {one.arn for one in facts.snapshot.schedules} if kind == "scheduler" else set()
    return any(user in launchers for user in users)


def _given(kind: Kind, users: Sequence[str], arn: str, facts: Facts) -> Made:
    if kind in TASK_KINDS:
        services = facts.around.services
        bases = {one: services[one].task_definition if one in services else one for one in users}
        rolls = [
            (base, arn, [user for user in users if bases[user] == base])
            for base in dict.fromkeys(filter(None, bases.values()))
        ]
        return roll(rolls, TASK_KINDS[kind], facts)
    changes: list[c.AnyChange] = []
    for rule in facts.snapshot.rules if kind == "events" else ():
        if rule.arn in users:
            changes += [
                c.PutRuleTarget(rule=rule.arn, target_id=one.id, role=arn) for one in rule.targets if one.id
            ]
    for schedule in facts.snapshot.schedules if kind == "scheduler" else ():
        if schedule.arn in users:
            changes.append(c.UpdateSchedule(schedule=schedule.arn, role=arn))
    return Made("", tuple(changes))
