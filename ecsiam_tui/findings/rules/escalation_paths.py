"""Who can become an administrator, and who can get at more than it was given."""

from collections.abc import Iterator

from ecsiam_tui.account.iam import Group, Role, User
from ecsiam_tui.findings.escalation import Escalation
from ecsiam_tui.findings.escalation_admins import ACTIONS as IAM_ACTIONS
from ecsiam_tui.findings.facts import Facts, Placed
from ecsiam_tui.findings.finding import Evidence, Severity, Step
from ecsiam_tui.findings.grants import (
    covers,
    evidence,
    is_as_documented,
    is_everything,
    members_of,
    names_action,
    own_statements,
)
from ecsiam_tui.findings.near_misses import matches
from ecsiam_tui.findings.reach import once
from ecsiam_tui.findings.registry import Draft, rule
from ecsiam_tui.findings.wording import listed, use_of
from ecsiam_tui.graph.kinds import ROLE_USES, EdgeKind

Principal = Role | User | Group
_ON_ROLES = frozenset({"iam:passrole", "sts:assumerole"})
_EVERYTHING = "allows every action on every resource"
_WAYS_IN = ("iam:passrole", "ecs:executecommand", "ssm:startsession", "ssm:sendcommand")
# Uses of a role in which nobody's own code runs with it.
_MACHINERY = frozenset(
    {EdgeKind.USES_LAUNCHER_ROLE, EdgeKind.USES_INFRASTRUCTURE_ROLE, EdgeKind.USES_SERVICE_ROLE}
)
_MOST_EVIDENCE = 6


@once
def _principals(facts: Facts) -> dict[str, Principal]:
    """Everybody but service-linked roles, groups before their members."""
    snapshot = facts.snapshot
    everybody: tuple[Principal, ...] = (*snapshot.roles, *snapshot.groups, *snapshot.users)
    return {
        found.arn: found
        for found in everybody
        if not (isinstance(found, Role) and found.path.startswith("/aws-service-role/"))
    }


@rule(
    "ECS-IAM-024",
    "Privilege escalation",
    Severity.CRITICAL,
    fires="a role of ECS, or a user, group or role beside it, can become an administrator step by step: by "
    "passing a role to a task, opening a shell in one, changing policies; or can act as roles that may do "
    "more than it may",
    why="What a policy says is not all that its holder has: with these actions together it has all that the "
    "others have.",
    source="pathfinding.cloud (DataDog), paths ecs-001 to ecs-009; Prowler, check "
    'iam_policy_allows_privilege_escalation; IAM User Guide, "Grant a user permissions to pass a role to an '
    'AWS service"',
    fix="Cut the first step: name the roles that may be passed, the clusters and tasks that may be entered, "
    "and take away changes of policies.",
    fixes=("remove-escalation-edge", "scope-pass-role"),
)
def escalation(facts: Facts) -> Iterator[Draft]:
    """A certain way to an administrator is critical; one that hangs on a condition, or that only leads to
    other roles, is high; one that rests on what was not read, medium. Members of a group that has it are told
    of at the group."""
    admins = facts.escalations.admins()
    for arn, principal in _principals(facts).items():
        if arn in admins:
            if arn in facts.ecs_roles:
                yield from _administrator(facts, principal, admins[arn])
            continue
        found = facts.escalations.path(arn)
        if found is not None:
            if not _is_of_group(facts, principal, found) and not _is_machinery(facts, principal, found):
                yield _to_administrator(facts, principal, found, admins.get(found.target, ""))
        elif arn not in facts.ecs_roles and _has_way(facts, principal):
            yield from _to_others(facts, principal)


def _to_administrator(facts: Facts, principal: Principal, found: Escalation, why: str) -> Draft:
    severity = Severity.CRITICAL
    if found.depends_on or _is_only_machinery(facts, principal):
        severity = Severity.HIGH
    if found.rests_on:
        severity = Severity.MEDIUM
    name, target = facts.title(principal.arn), facts.title(found.target)
    whom = f"{target}, an administrator" if found.target != principal.arn else "an administrator"
    reason = f"{target}: {why}. " if why and found.target != principal.arn else ""
    return Draft(
        nodes=tuple(dict.fromkeys((principal.arn, *(step.target for step in found.steps)))),
        summary=f"{name} can become {whom}: it {_how(facts, found.steps)}.{_depends(found)}",
        evidence=_evidence(facts, found.steps),
        consequence=(reason + _who(facts, principal)).strip(),
        severity=severity,
        rests_on=tuple(f"It rests on {what}." for what in found.rests_on),
        path=found.steps,
    )


def _administrator(facts: Facts, principal: Principal, why: str) -> Iterator[Draft]:
    """A role of ECS that is an administrator: by changing policies, or (told of besides its all-embracing
    policy) by a statement that is enough by itself."""
    arn = principal.arn
    if not why.endswith(_EVERYTHING):
        places = [
            placed
            for placed in own_statements(facts, principal)
            if placed.statement.effect == "Allow"
            and any(covers(placed.statement, action.lower()) for action in IAM_ACTIONS)
        ]
        named = tuple(action for action in IAM_ACTIONS if action in why)
        yield Draft(
            nodes=(arn,),
            summary=f"{facts.title(arn)} can make itself an administrator: it {why}.",
            evidence=tuple(evidence(arn, placed) for placed in places[:_MOST_EVIDENCE]),
            consequence=_who(facts, principal),
            path=(Step(arn, arn, named, why),),
        )
        return
    named_ways = [
        placed.statement
        for placed in own_statements(facts, principal)
        if placed.statement.effect == "Allow" and not any(map(is_everything, placed.statement.actions))
    ]
    if not any(names_action(found, action) for found in named_ways for action in _WAYS_IN):
        return
    for step in facts.escalations.edges(arn):
        actions = [action.lower() for action in step.actions]
        if all(any(names_action(found, action) for found in named_ways) for action in actions):
            yield Draft(
                nodes=tuple(dict.fromkeys((arn, step.target))),
                summary=f"{facts.title(arn)} can become {facts.title(step.target)}: it {step.how}. That it "
                "is an administrator besides changes nothing: taking that away leaves this way.",
                evidence=_evidence(facts, (step,)),
                consequence=_who(facts, principal),
                path=(step,),
            )
            return


def _to_others(facts: Facts, principal: Principal) -> Iterator[Draft]:
    """Roles with more access, where no administrator can be reached."""
    if isinstance(principal, User) and any(
        group.arn in _principals(facts) and _has_way(facts, group) for group in _groups_of(facts, principal)
    ):
        return
    gains = [
        found
        for found in facts.escalations.gains(principal.arn)
        if not _is_as_documented(facts, found.steps[:1])
    ]
    if not gains:
        return
    certain = [found for found in gains if found.is_certain]
    chosen = (certain or gains)[0]
    severity = Severity.HIGH if certain else Severity.MEDIUM
    targets = (found.target for found in gains)
    yield Draft(
        nodes=tuple(dict.fromkeys((principal.arn, *(found.target for found in gains)))),
        summary=f"{facts.title(principal.arn)} can act as {facts.titles(targets)}, which may do more than "
        f"it: it {_how(facts, chosen.steps)}.{_depends(chosen)}",
        evidence=_evidence(facts, tuple(found.steps[0] for found in gains)),
        consequence=_who(facts, principal),
        severity=severity,
        rests_on=tuple(f"It rests on {what}." for what in chosen.rests_on),
        path=chosen.steps,
    )


def _how(facts: Facts, steps: tuple[Step, ...]) -> str:
    """`registers a task definition with the role and runs it (iam:PassRole, …); as settlement-task it …`."""
    parts = []
    for number, step in enumerate(steps):
        as_whom = f"as {facts.title(step.source)} it " if number else ""
        parts.append(f"{as_whom}{step.how} ({', '.join(step.actions)})")
    return "; ".join(parts)


def _depends(found: Escalation) -> str:
    return f" It depends on {listed(found.depends_on, 3)}." if found.depends_on else ""


def _who(facts: Facts, principal: Principal) -> str:
    if isinstance(principal, Group):
        users = [user.user_name for user in members_of(facts, principal)]
        return (
            f"{listed(users, 4)} {'is' if len(users) == 1 else 'are'} in it." if users else "Nobody is in it."
        )
    return use_of(facts, principal.arn)


def _evidence(facts: Facts, steps: tuple[Step, ...]) -> tuple[Evidence, ...]:
    """The statements that allow the steps, each once."""
    found: dict[tuple[str, str, int], Evidence] = {}
    for step in steps:
        for placed, actions in _statements_of(facts, step):
            key = (step.source, placed.node, placed.statement.index)
            found.setdefault(key, evidence(step.source, placed, f"{placed.policy}: {', '.join(actions)}"))
    return tuple(found.values())[:_MOST_EVIDENCE]


def _statements_of(facts: Facts, step: Step) -> Iterator[tuple[Placed, tuple[str, ...]]]:
    source = _principals(facts).get(step.source)
    holders = () if source is None else (source, *_groups_of(facts, source))
    for holder in holders:
        for placed in own_statements(facts, holder):
            statement = placed.statement
            if statement.effect != "Allow":
                continue
            actions = tuple(
                action
                for action in step.actions
                if covers(statement, action.lower())
                and (
                    action.lower() not in _ON_ROLES
                    or not statement.resources
                    or any(matches(pattern, step.target) for pattern in statement.resources)
                )
            )
            if actions:
                yield placed, actions


def _groups_of(facts: Facts, principal: Principal) -> list[Group]:
    if not isinstance(principal, User):
        return []
    return [group for group in facts.snapshot.groups if group.group_name in principal.group_list]


def _is_of_group(facts: Facts, principal: Principal, found: Escalation) -> bool:
    """Whether a user has a way only because a group has it."""
    for group in _groups_of(facts, principal):
        other = facts.escalations.path(group.arn)
        if other is not None and other.steps[0].actions == found.steps[0].actions:
            return True
    return False


def _is_only_machinery(facts: Facts, principal: Principal) -> bool:
    """Whether a role serves launchers and ECS itself alone: no code of anybody's runs with it."""
    if not isinstance(principal, Role):
        return False
    uses = {link.kind for link in facts.estate.used_by(principal.arn, *ROLE_USES)}
    return bool(uses) and uses <= _MACHINERY


def _is_machinery(facts: Facts, principal: Principal, found: Escalation) -> bool:
    """A launcher has to pass roles. That AWS's own policy for it does so widely is what the rule on launchers
    tells; that a role it passes leads on is told at that role."""
    if not _is_only_machinery(facts, principal):
        return False
    return len(found.steps) > 1 or _is_as_documented(facts, found.steps)


def _is_as_documented(facts: Facts, steps: tuple[Step, ...]) -> bool:
    """Whether the first step comes from policies that AWS's documentation gives to such roles."""
    places = [placed for placed, _ in _statements_of(facts, steps[0])]
    return bool(places) and all(is_as_documented(placed.node) for placed in places)


def _has_way(facts: Facts, principal: Principal) -> bool:
    """A quick look: whether any statement allows a first step."""
    return any(
        placed.statement.effect == "Allow" and any(covers(placed.statement, action) for action in _WAYS_IN)
        for placed in own_statements(facts, principal)
    )
