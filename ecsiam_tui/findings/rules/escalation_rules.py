"""Ways to more rights than one was given: passing any role, sessions past ECS Exec."""

from collections.abc import Iterator

from ecsiam_tui.account.iam import Group, Role, User
from ecsiam_tui.findings.facts import Facts, Placed
from ecsiam_tui.findings.finding import Severity
from ecsiam_tui.findings.grants import (
    Mark,
    Marked,
    evidence,
    is_as_documented,
    marked,
    marked_roles,
    members_of,
    names_action,
    nodes,
    own_policies,
    with_mark,
)
from ecsiam_tui.findings.reach import CUT_OFF, Standing, once, stands, unnamed, weigh
from ecsiam_tui.findings.registry import Draft, rule
from ecsiam_tui.findings.wording import listed, use_of
from ecsiam_tui.graph.kinds import EdgeKind

_PASS = "iam:PassRole"
_PASSED_TO = "iam:passedtoservice"
_LAUNCHES = ("ecs:registertaskdefinition", "ecs:runtask", "ecs:createservice", "ecs:updateservice")
_SESSION = "ssm:StartSession"
Principal = Role | User | Group


def _standing(facts: Facts, principal: Principal, action: str, resource: str = "") -> Standing:
    """Whether a principal may; of a group, whether any of its members may."""
    if not isinstance(principal, Group):
        return stands(facts, principal.arn, action, resource)
    found = CUT_OFF
    for user in members_of(facts, principal):
        standing = stands(facts, user.arn, action, resource)
        if standing.allowed:
            return standing
        found = found or standing
    return found


def _who(facts: Facts, principal: Principal) -> str:
    if isinstance(principal, Group):
        users = [user.user_name for user in members_of(facts, principal)]
        return f"{listed(users, 4)} {'is' if len(users) == 1 else 'are'} in it."
    return use_of(facts, principal.arn)


@rule(
    "ECS-IAM-023",
    "May pass any role",
    Severity.CRITICAL,
    fires="a role of ECS, or somebody who starts or deploys tasks, may pass every role of the account; "
    "without iam:PassedToService to any service",
    why="Who passes a role to something it controls has all that the role has: with any role that is all of "
    "the account.",
    source='IAM User Guide, "Grant a user permissions to pass a role to an AWS service"; pathfinding.cloud '
    "(DataDog), paths ecs-001 to ecs-005",
    fix="Name the task roles and execution roles that it hands over, with iam:PassedToService "
    "ecs-tasks.amazonaws.com.",
    fixes=("scope-pass-role",),
)
def passes_any_role(facts: Facts) -> Iterator[Draft]:
    """With iam:PassedToService, and of customer policies alone, it is medium: roles of launchers are another
    rule's. What everything includes is another rule's too."""
    for principal in _passing(facts):
        launcher = next(facts.estate.used_by(principal.arn, EdgeKind.USES_LAUNCHER_ROLE), None) is not None
        places: list[Placed] = []
        guarded = True
        for placed in with_mark(_marks(facts, principal), Mark.PASS_ROLE):
            if is_as_documented(placed.node):
                continue
            narrow = any(found.key.lower() == _PASSED_TO for found in placed.statement.conditions)
            if narrow and (launcher or ":iam::aws:" in placed.node):
                continue
            places.append(placed)
            guarded = guarded and narrow
        if not places:
            continue
        standing = _standing(facts, principal, _PASS)
        if guarded:  # to the services that it names it may
            keys = tuple(key for key in standing.keys if key.lower() != _PASSED_TO)
            standing = Standing(standing.allowed or len(keys) < len(standing.keys), keys)
            standing = standing._replace(allowed=standing.allowed and not keys)
        statements = [placed.statement for placed in places]
        weight = weigh(standing, Severity.MEDIUM if guarded else Severity.CRITICAL, *statements)
        if weight is None:
            continue
        to = listed(_passed_to(places), 3) if guarded else "any service"
        yield Draft(
            nodes=nodes(principal.arn, places),
            summary=f"{facts.title(principal.arn)} may pass any role to {to} "
            f"({listed(placed.policy for placed in places)}){weight.note}.",
            evidence=tuple(evidence(principal.arn, placed) for placed in places),
            consequence=_who(facts, principal),
            severity=weight.severity,
            rests_on=weight.rests_on,
        )


def _passed_to(places: list[Placed]) -> Iterator[str]:
    for placed in places:
        for condition in placed.statement.conditions:
            if condition.key.lower() == _PASSED_TO:
                yield from condition.values


def _marks(facts: Facts, principal: Principal) -> list[Marked]:
    if principal.arn in facts.ecs_roles:
        return marked_roles(facts).get(principal.arn, [])
    return _others(facts)[principal.arn][1]


@once
def _others(facts: Facts) -> dict[str, tuple[Principal, list[Marked]]]:
    """The principals that are no roles of ECS and have marked statements."""
    snapshot = facts.snapshot
    found: dict[str, tuple[Principal, list[Marked]]] = {}
    everybody: tuple[Principal, ...] = (*snapshot.roles, *snapshot.users, *snapshot.groups)
    for principal in everybody:
        if principal.arn in facts.ecs_roles or (isinstance(principal, Role) and principal.is_service_linked):
            continue
        statements = marked(facts, principal)
        if statements:
            found[principal.arn] = (principal, statements)
    return found


def _passing(facts: Facts) -> Iterator[Principal]:
    """Those with a statement that passes roles: roles of ECS, and whoever works with ECS."""
    for arn, statements in marked_roles(facts).items():
        if with_mark(statements, Mark.PASS_ROLE):
            yield facts.around.roles[arn]
    for principal, statements in _others(facts).values():
        if with_mark(statements, Mark.PASS_ROLE) and _launches(facts, principal):
            yield principal


def _launches(facts: Facts, principal: Principal) -> bool:
    inline, attached = own_policies(principal)
    texts = [policy.policy_document for policy in inline]
    managed = (facts.account.managed_text(policy.policy_arn) for policy in attached)
    texts += [known.text for known in managed if known is not None]
    return any(
        statement.effect == "Allow" and names_action(statement, action)
        for text in texts
        for statement in facts.account.document(text).statements
        for action in _LAUNCHES
    )


@rule(
    "ECS-IAM-055",
    "Sessions past ECS Exec",
    Severity.MEDIUM,
    fires="people may start Session Manager sessions on ECS tasks",
    why="ssm:StartSession opens the same shell as ECS Exec, but neither the condition keys of "
    "ecs:ExecuteCommand nor the cluster's logging of sessions apply.",
    source='Amazon ECS Developer Guide, "Monitor Amazon ECS containers with ECS Exec" ("Limiting access to '
    'the Start Session action")',
    fix="Deny ssm:StartSession on tasks to everybody who is to use ecs:ExecuteCommand.",
    fixes=("deny-start-session",),
)
def sessions(facts: Facts) -> Iterator[Draft]:
    """Users, groups, and roles that people or other accounts assume; administrators are not named. Where ECS
    Exec is on nowhere it is low."""
    exec_in_use = any(workload.exec_enabled for workload in facts.needs.workloads)
    for principal, statements in _others(facts).values():
        places = with_mark(statements, Mark.SESSION)
        if not places or (isinstance(principal, Role) and not _is_for_people(facts, principal)):
            continue
        standing = _standing(facts, principal, _SESSION, unnamed(facts, "ecs:"))
        severity = Severity.MEDIUM if exec_in_use else Severity.LOW
        weight = weigh(standing, severity, *(placed.statement for placed in places))
        if weight is None:
            continue
        yield Draft(
            nodes=nodes(principal.arn, places),
            summary=f"{facts.title(principal.arn)} may start Session Manager sessions on every task, past "
            f"the controls of ECS Exec ({listed(placed.policy for placed in places)}){weight.note}.",
            evidence=tuple(evidence(principal.arn, placed) for placed in places),
            consequence=_who(facts, principal) if isinstance(principal, Group) else "",
            severity=weight.severity,
            rests_on=weight.rests_on,
        )


def _is_for_people(facts: Facts, role: Role) -> bool:
    return any(
        principal.type in ("AWS", "Federated", "*")
        for placed in facts.trust(role)
        if placed.statement.effect == "Allow"
        for principal in placed.statement.principals
    )
