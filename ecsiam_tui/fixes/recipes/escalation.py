"""Ways to more rights: the first step is cut, passing roles is scoped, sessions past ECS Exec are denied."""

from collections.abc import Iterator

from ecsiam_tui.account.iam import Role
from ecsiam_tui.changes.change import AnyChange
from ecsiam_tui.findings.facts import Facts, Placed
from ecsiam_tui.findings.finding import Finding, Step
from ecsiam_tui.findings.grants import covers, is_wide
from ecsiam_tui.findings.near_misses import matches
from ecsiam_tui.findings.registry import run_rule
from ecsiam_tui.findings.wording import listed
from ecsiam_tui.fixes.fix import Answers, Choice, Fix, Question, asking_recipe, recipe
from ecsiam_tui.fixes.proof import after
from ecsiam_tui.fixes.statement_edits import Data, data_of, holder, put_inline, rewrite

_PASS = "iam:PassRole"
_TASKS = "ecs-tasks.amazonaws.com"
_LAUNCHING = (
    "ecs:registertaskdefinition",
    "ecs:runtask",
    "ecs:updateservice",
    "ecs:createservice",
    "ecs:starttask",
)
_MOST_ROUNDS = 8
_MOST_NAMED = 100
"""Roles named in one statement: with about 60 characters each they fit into a managed policy."""
_ON_TARGETS = frozenset({"iam:passrole", "sts:assumerole", "iam:updateassumerolepolicy"})
"""Actions that are denied on the target of a step alone; others are denied altogether."""
_CUT_FIRST = (_PASS, "sts:AssumeRole")


@recipe("remove-escalation-edge")
def remove_escalation_edge(finding: Finding, facts: Facts) -> Iterator[Fix]:
    """Take away what allows the first step: a Deny that names what it leads to, else the action itself."""
    if finding.rule != "ECS-IAM-024" or not finding.path:
        return
    role = holder(facts, finding.node)
    if role is None:
        yield _by_hand(finding, facts)
        return
    for breadth, title, changes, cost in _cuts(finding, facts, role):
        yield Fix(
            name="remove-escalation-edge",
            title=title,
            finding=finding.key,
            changes=changes,
            breadth=breadth,
            costs=(cost,),
        )


def _by_hand(finding: Finding, facts: Facts) -> Fix:
    step = finding.path[0]
    return Fix(
        name="remove-escalation-edge",
        title=f"By hand: take {step.actions[0]} on {facts.title(step.target)} from"
        f" {facts.title(step.source)}",
        finding=finding.key,
        changes=(),
        warnings=(
            "Policies of users and groups are not changed by this program: change them where they are kept.",
        ),
    )


def _cuts(
    finding: Finding, facts: Facts, role: Role
) -> Iterator[tuple[int, str, tuple[AnyChange, ...], str]]:
    """Ways to cut the first step, from the smallest: breadth, title, changes, cost."""
    denied = _denied(finding, facts, role)
    if denied is not None:
        actions, targets = denied
        told = listed(actions, 4)
        on = f" on {facts.titles(targets)}" if targets and set(map(str.lower, actions)) <= _ON_TARGETS else ""
        yield (
            0,
            f"Deny {role.role_name} {told}{on}",
            _deny(role, actions, targets),
            f"{role.role_name} can no longer do {told}{on}.",
        )
    action = _weakest(finding.path[0])
    edits = [
        (placed, _without(placed, action))
        for placed in facts.statements(role.arn)
        if placed.statement.effect == "Allow" and _names(placed, action) and ":iam::aws:" not in placed.node
    ]
    if edits:
        changes = rewrite(facts, role, edits, (), f"take {action} away")
        where = listed(placed.label for placed, _ in edits)
        yield (
            2,
            f"Take {action} out of {where}",
            changes,
            f"{role.role_name} can no longer do {action} by {where}.",
        )


def _denied(finding: Finding, facts: Facts, role: Role) -> tuple[list[str], list[str]] | None:
    """What to deny so that no first step is left: actions, and the targets of those that have one. None where
    the ways do not end."""
    actions: list[str] = []
    targets: list[str] = []
    now: Finding | None = finding
    for _ in range(_MOST_ROUNDS):
        if now is None:
            return actions, targets
        if not now.path:
            return None
        step = now.path[0]
        action = _weakest(step)
        if action not in actions:
            actions.append(action)
        if action.lower() in _ON_TARGETS:
            found = [step.target, *(node for node in now.nodes[1:] if node in facts.around.roles)]
            if action == _PASS and not targets:
                found += _leading(facts, role)
            targets += [arn for arn in found if arn not in targets]
        later = after(_deny(role, actions, targets), facts)
        now = next((one for one in run_rule(finding.rule, later) if one.key == finding.key), None)
    return None if now is not None else (actions, targets)


def _leading(facts: Facts, role: Role) -> list[str]:
    """The other roles that are administrators or lead to one: passing any of them is the same way again."""
    admins = facts.escalations.admins()
    return [
        arn
        for arn in facts.ecs_roles
        if arn != role.arn and (arn in admins or facts.escalations.path(arn) is not None)
    ]


def _weakest(step: Step) -> str:
    """The action of a step without which the others do not lead there."""
    for action in _CUT_FIRST:
        if action in step.actions:
            return action
    return step.actions[0]


def _deny(role: Role, actions: list[str], targets: list[str]) -> tuple[AnyChange, ...]:
    on_targets = [action for action in actions if action.lower() in _ON_TARGETS]
    altogether = [action for action in actions if action.lower() not in _ON_TARGETS]
    statements: list[Data] = []
    if on_targets and targets:
        statements.append(_statement("NotTheseRoles", on_targets, sorted(targets)))
    if altogether:
        statements.append(_statement("NotThisWay", altogether, ["*"]))
    return put_inline(role, "no-escalation", statements, "cut the first step of a privilege escalation")


def _statement(sid: str, actions: list[str], resources: list[str]) -> Data:
    return {
        "Sid": sid,
        "Effect": "Deny",
        "Action": actions[0] if len(actions) == 1 else actions,
        "Resource": resources[0] if len(resources) == 1 else resources,
    }


def _names(placed: Placed, action: str) -> bool:
    return any(pattern.lower() == action.lower() for pattern in placed.statement.actions)


def _without(placed: Placed, action: str) -> list[Data]:
    left = [pattern for pattern in placed.statement.actions if pattern.lower() != action.lower()]
    if not left:
        return []
    return [data_of(placed) | {"Action": left[0] if len(left) == 1 else left}]


# Passing roles ----------------------------------------------------------------------------------------------


@asking_recipe("scope-pass-role")
def scope_pass_role(finding: Finding, facts: Facts, answers: Answers) -> Iterator[Fix]:
    """Name the roles that may be passed, and the service that they may be passed to."""
    if finding.rule == "ECS-IAM-065":
        yield Fix(
            name="scope-pass-role",
            title="By hand: start the task anew without another role, and name the roles that may be passed",
            finding=finding.key,
            changes=(),
            warnings=("Who started a task is not among what ECS tells of it.",),
        )
        return
    role = holder(facts, finding.node)
    if role is None or (finding.rule == "ECS-IAM-024" and _PASS not in finding.path[0].actions):
        return
    places = [
        placed
        for placed in facts.statements(role.arn)
        if placed.statement.effect == "Allow" and covers(placed.statement, _PASS.lower())
    ]
    if not places:
        return
    asked = _question(finding, facts, role, places)
    passed = asked.answer(answers)
    edits, instead, deny = [], False, False
    for placed in places:
        if _names(placed, _PASS):
            edits.append((placed, [*_without(placed, _PASS), *(() if instead else _allow(passed))]))
            instead = True
        else:
            deny = True
    changes: tuple[AnyChange, ...]
    if deny:
        guard: Data = {"Sid": "PassOnlyThese", "Effect": "Deny", "Action": _PASS}
        guard |= {"NotResource": sorted(passed)} if passed else {"Resource": "*"}
        changes = put_inline(role, "pass-only-these-roles", [guard], "name the roles that may be passed")
    else:
        changes = rewrite(facts, role, edits, (), "name the roles that may be passed")
    count = f"{len(passed)} role{'s' * (len(passed) != 1)}" if len(passed) > 3 else facts.titles(passed)
    yield Fix(
        name="scope-pass-role",
        title=f"Let {role.role_name} pass {count or 'no role'} to tasks alone",
        finding=finding.key,
        changes=changes,
        breadth=1 if passed else 0,
        costs=(f"{role.role_name} can pass no other role, and none to another service than tasks.",)
        if not deny
        else (f"{role.role_name} can pass no other role.",),
        questions=(asked,),
    )


def _allow(passed: tuple[str, ...]) -> list[Data]:
    if not passed:
        return []
    return [
        {
            "Sid": "PassTheseRoles",
            "Effect": "Allow",
            "Action": _PASS,
            "Resource": passed[0] if len(passed) == 1 else sorted(passed),
            "Condition": {"StringEquals": {_PASS.replace("PassRole", "PassedToService"): _TASKS}},
        }
    ]


def _question(finding: Finding, facts: Facts, role: Role, places: list[Placed]) -> Question:
    """The roles of the task definitions that the principal may start or register; those that lead to an
    administrator, or that may do more than it, are not in the default."""
    known = _passable(facts, role, places)
    strong = facts.escalations.admins()
    required = set(_required(facts, role))
    careful = [
        arn
        for arn in known
        if arn in required or not (arn in strong or arn in finding.nodes or facts.escalations.path(arn))
    ]
    choices = tuple(
        Choice(arn, facts.title(arn), "leads to an administrator" if arn not in careful else "")
        for arn in known[:_MOST_NAMED]
    )
    text = f"Which roles does {role.role_name} hand to tasks?"
    return Question("roles", text, choices, tuple(careful[:_MOST_NAMED]), many=True)


def _required(facts: Facts, role: Role) -> list[str]:
    return sorted(
        {
            judged.requirement.resource
            for judged in facts.needs.of_role(role.arn)
            if judged.requirement.action == _PASS and judged.requirement.principal == role.arn
        }
    )


def _passable(facts: Facts, role: Role, places: list[Placed]) -> list[str]:
    """What launchers start needs their roles; else the roles of every definition that the principal may
    register or run."""
    if asked := _required(facts, role):
        return asked
    families = [
        resource
        for placed in facts.statements(role.arn)
        if placed.statement.effect == "Allow"
        and any(covers(placed.statement, action) for action in _LAUNCHING)
        for resource in placed.statement.resources
        if is_wide(resource) or ":task-definition/" in resource
    ]
    found: dict[str, None] = {}
    for definition in facts.definitions_in_use:
        arn = definition.task_definition_arn
        if any(is_wide(family) or matches(family, arn) for family in families):
            for value in (definition.task_role_arn, definition.execution_role_arn):
                passed = facts.around.role(value)
                if passed in facts.around.roles and _may_pass(places, passed):
                    found[passed] = None
    return sorted(found)


def _may_pass(places: list[Placed], arn: str) -> bool:
    return any(
        placed.statement.not_resources or any(matches(one, arn) for one in placed.statement.resources)
        for placed in places
    )


# Sessions ---------------------------------------------------------------------------------------------------


@recipe("deny-start-session")
def deny_start_session(finding: Finding, facts: Facts) -> Iterator[Fix]:
    """Deny ssm:StartSession on tasks. Amazon ECS Developer Guide, "Monitor Amazon ECS containers with ECS
    Exec" ("Limiting access to the Start Session action")."""
    partition = facts.snapshot.partition
    statement = _statement("NoSessionsPastEcsExec", ["ssm:StartSession"], [f"arn:{partition}:ecs:*:*:task/*"])
    role = holder(facts, finding.node)
    changes = put_inline(role, "deny-start-session", [statement], "sessions through ECS Exec") if role else ()
    yield Fix(
        name="deny-start-session",
        title=f"{'' if role else 'By hand: '}Deny {facts.title(finding.node)} ssm:StartSession on tasks",
        finding=finding.key,
        changes=changes,
        costs=("Shells in tasks are opened by ecs:ExecuteCommand alone.",),
        warnings=()
        if role
        else (
            "Policies of users and groups are not changed by this program: change them where they are kept.",
        ),
    )
