"""Fields that name roles: empty where one is needed, naming what is not there, or the same role twice."""

from collections import defaultdict
from collections.abc import Iterator

from ecsiam_tui.account.references import home_of
from ecsiam_tui.account.tasks import TaskOverride
from ecsiam_tui.ecs.requirement import Judged
from ecsiam_tui.ecs.workloads import Workload
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Evidence, Severity
from ecsiam_tui.findings.lacking import listed
from ecsiam_tui.findings.registry import Draft, rule
from ecsiam_tui.findings.rules.definitions import DEVELOPER_GUIDE, field, in_use, users
from ecsiam_tui.graph.estate import Link, Node, NodeState, is_stopped
from ecsiam_tui.graph.kinds import NodeKind, words

_INSTANCE_CAN = frozenset({"ECR1", "ECR2", "ECR4", "LOG1", "LOG2", "SC"})
"""What a container instance's role can do where there is no task execution role."""
_DEFINITIONS = frozenset({NodeKind.TASK_DEFINITION, NodeKind.DAEMON_TASK_DEFINITION})


def _without_role(facts: Facts, role_kind: str) -> dict[str, list[tuple[Workload, Judged]]]:
    """What asks for a role that is not given, by task definition."""
    found: dict[str, list[tuple[Workload, Judged]]] = defaultdict(list)
    for workload, needs in facts.needs.by_workload:
        given = workload.execution_role if role_kind == "task-execution" else workload.task_role
        if given:
            continue
        for judged in needs:
            need = judged.requirement
            if need.role_kind == role_kind and judged.status == "missing" and need.necessity == "required":
                found[workload.definition.task_definition_arn].append((workload, judged))
    return found


def _reasons(definition: str, found: list[tuple[Workload, Judged]]) -> tuple[Evidence, ...]:
    seen = (
        Evidence("field", definition, judged.requirement.why, f"needs {judged.requirement.action}")
        for _, judged in found
    )
    return tuple(dict.fromkeys(seen))


def _whys(found: list[tuple[Workload, Judged]]) -> str:
    return listed([judged.requirement.why for _, judged in found], 3)


@rule(
    "ECS-IAM-001",
    "Task execution role is missing",
    Severity.HIGH,
    fires="a task definition has secrets, registry credentials, environment files or the like, or a private"
    " image or awslogs away from EC2, and no executionRoleArn.",
    why="Somebody has to fetch image, secrets and log stream before the application runs; without a task"
    " execution role nobody may, and the task does not start.",
    source=f'{DEVELOPER_GUIDE}, "Amazon ECS task execution IAM role"',
    fix="Make a role that ecs-tasks.amazonaws.com may assume and that allows exactly what is asked for;"
    " register a revision that names it.",
    fixes=("create-execution-role", "reuse-execution-role"),
)
def no_execution_role(facts: Facts) -> Iterator[Draft]:
    """Where the container instance's role could do all of it, and where it will run is open, nothing is
    said."""
    for arn, found in _without_role(facts, "task-execution").items():
        sure = [pair for pair in found if not _may_be_on_hosts(*pair)]
        if not sure:
            continue
        definition = sure[0][0].definition
        yield Draft(
            nodes=tuple(dict.fromkeys((arn, *(workload.id for workload, _ in sure)))),
            summary=f"{definition.name} has no task execution role, and needs one: {_whys(sure)}.",
            evidence=(field(arn, "executionRoleArn", "is empty"), *_reasons(arn, sure)),
            consequence=f"Its tasks cannot start. {users(facts, definition)}",
            severity=in_use(facts, definition, Severity.HIGH),
        )


def _may_be_on_hosts(workload: Workload, judged: Judged) -> bool:
    """Whether it may run on EC2, where the instance's role can do this one thing."""
    return judged.requirement.id in _INSTANCE_CAN and "EC2" in workload.launches


@rule(
    "ECS-IAM-003",
    "Task role is missing",
    Severity.HIGH,
    fires="ECS Exec is on, a volume is mounted with IAM, or FireLens delivers to AWS, and there is no"
    " taskRoleArn.",
    why="These act with the task role; the task execution role does not help.",
    source=f'{DEVELOPER_GUIDE}, "Amazon ECS task IAM role"; Amazon ECS API Reference, RunTask,'
    " enableExecuteCommand",
    fix="Make a role that ecs-tasks.amazonaws.com may assume, with exactly what is asked for; register a"
    " revision that names it.",
    fixes=("create-task-role",),
)
def no_task_role(facts: Facts) -> Iterator[Draft]:
    """On EC2 what FireLens delivers may go out with the instance's role."""
    for arn, found in _without_role(facts, "task").items():
        definition = found[0][0].definition
        by_host = all(pair[0].on_ec2 and pair[1].requirement.id == "FLB2" for pair in found)
        open_ = ("Whether the log router reaches the container instance's role, and that role may deliver.",)
        severity = in_use(facts, definition, Severity.HIGH)
        yield Draft(
            nodes=tuple(dict.fromkeys((arn, *(workload.id for workload, _ in found)))),
            summary=f"{definition.name} has no task role, and needs one: {_whys(found)}.",
            evidence=(field(arn, "taskRoleArn", "is empty"), *_reasons(arn, found)),
            consequence=users(facts, definition),
            severity=min(severity, Severity.MEDIUM) if by_host else severity,
            rests_on=open_ if by_host else (),
        )


@rule(
    "ECS-IAM-007",
    "Task role and task execution role are the same",
    Severity.HIGH,
    fires="taskRoleArn and executionRoleArn of a task definition name the same role.",
    why="The application then holds what only the start of the task needs: every secret, registry and log"
    " that the execution role may get at.",
    source=f'{DEVELOPER_GUIDE}, "IAM roles for Amazon ECS": a task execution role and a task role have'
    " different jobs",
    fix="Make a task role with what the application needs, register a revision that names it, and take those"
    " permissions from the execution role.",
    fixes=("split-roles",),
)
def same_role(facts: Facts) -> Iterator[Draft]:
    """Short names and ARNs are the same role."""
    for definition in facts.definitions_in_use:
        task = facts.around.role(definition.task_role_arn)
        if not task or task != facts.around.role(definition.execution_role_arn):
            continue
        arn = definition.task_definition_arn
        name = facts.title(task)
        yield Draft(
            nodes=(arn, task, *facts.users_of(definition)),
            summary=f"{definition.name} has {name} as task role and as task execution role.",
            evidence=(field(arn, "taskRoleArn", name), field(arn, "executionRoleArn", name)),
            consequence=f"The containers hold all that {name} may. {users(facts, definition)}",
            severity=in_use(facts, definition, Severity.HIGH),
        )


def _named_roles(facts: Facts, state: NodeState) -> Iterator[tuple[Node, list[tuple[Link, Node]]]]:
    """Who names roles that are in a state (with links and roles), as far as it matters: not revisions that
    nothing runs any more, stopped tasks and withdrawn job definitions."""
    used = {definition.task_definition_arn for definition in facts.definitions_in_use}
    found: dict[str, tuple[Node, list[tuple[Link, Node]]]] = {}
    for role in facts.estate.nodes(NodeKind.ROLE):
        if role.state != state:
            continue
        for link in facts.estate.role_users(role.id):
            user = link.node
            if user.kind in _DEFINITIONS:
                if user.id not in used:
                    continue
            elif is_stopped(user) or getattr(user.record, "status", None) == "INACTIVE":
                continue
            found.setdefault(user.id, (user, []))[1].append((link, role))
    yield from found.values()


def _wrong_role(
    facts: Facts, state: NodeState, sentence: str, consequence: str, severity: Severity
) -> Iterator[Draft]:
    for user, named in _named_roles(facts, state):
        roles = {role.id: role for _, role in named}
        titles = listed([role.title for role in roles.values()])
        kind = words(user.kind).word
        accounts = listed([role.account for role in roles.values()])
        runners: tuple[str, ...] = ()
        at_most = severity
        if user.kind in _DEFINITIONS:
            definition = facts.around.definitions.get(user.id)
            runners = facts.users_of(definition) if definition is not None else ()
            if definition is not None:
                at_most = in_use(facts, definition, severity)
        yield Draft(
            nodes=tuple(dict.fromkeys((user.id, *roles, *runners))),
            summary=sentence.format(user=f"{kind} {user.title}", roles=titles, accounts=accounts),
            evidence=tuple(Evidence("field", user.id, link.via, role.id) for link, role in named),
            consequence=consequence + (f" It fails for {facts.titles(runners)}." if runners else ""),
            severity=at_most,
        )


@rule(
    "ECS-IAM-008",
    "Role does not exist",
    Severity.CRITICAL,
    fires="a field of a task definition, service, task, capacity provider or launcher names a role that the"
    " account does not have.",
    why="ECS takes the name when it is registered and finds out when a task starts: ECS was unable to assume"
    " the role.",
    source="Error text of ECS: ECS was unable to assume the role that was provided for this task; Amazon ECS"
    " Developer Guide, troubleshooting",
    fix="Make the role, or register a revision that names one that exists.",
    fixes=(
        "create-execution-role",
        "create-task-role",
        "reuse-execution-role",
        "reuse-task-role",
        "fix-reference",
    ),
)
def role_does_not_exist(facts: Facts) -> Iterator[Draft]:
    """Only where the account's roles were listed whole."""
    yield from _wrong_role(
        facts,
        NodeState.MISSING,
        "The {user} names the role {roles}, which the account does not have.",
        "What needs the role cannot start.",
        Severity.CRITICAL,
    )


@rule(
    "ECS-IAM-009",
    "Role is in another account",
    Severity.CRITICAL,
    fires="the ARN in a field that takes a role names another account.",
    why="A role is passed to a service within its own account. A task that is to act in another account"
    " assumes a role there with its own task role.",
    source='IAM User Guide, "Grant a user permissions to pass a role to an AWS service": from experience, not'
    " checked against AWS's text for every field",
    fix="Make a task role in this account, allow it sts:AssumeRole on the other account's role, and let that"
    " role's trust policy name it.",
    fixes=(
        "create-task-role",
        "create-execution-role",
        "reuse-task-role",
        "reuse-execution-role",
        "fix-reference",
    ),
    verified=False,
)
def role_of_another_account(facts: Facts) -> Iterator[Draft]:
    """Whatever the other account's role is like."""
    yield from _wrong_role(
        facts,
        NodeState.EXTERNAL,
        "The {user} names the role {roles} of account {accounts}.",
        "ECS cannot assume it.",
        Severity.CRITICAL,
    )


@rule(
    "ECS-IAM-065",
    "Task runs with other roles than its task definition says",
    Severity.MEDIUM,
    fires="a running task, rule or schedule overrides the task role or the task execution role.",
    why="Who looks at the task definition does not see it: a role is used where nobody expects it, with all"
    " that it may.",
    source="Amazon ECS API Reference, TaskOverride (taskRoleArn, executionRoleArn)",
    fix="Give the override's purpose a task definition of its own, and limit who may pass which roles.",
    fixes=("scope-pass-role",),
)
def override_roles(facts: Facts) -> Iterator[Draft]:
    """Stopped tasks hold no credentials any more."""
    for node, via, overrides, definition_name in _overrides(facts):
        definition = facts.around.definition(definition_name, home_of(node))
        if definition is None:
            continue
        fields = (
            ("taskRoleArn", "task role", overrides.task_role_arn, definition.task_role_arn),
            (
                "executionRoleArn",
                "task execution role",
                overrides.execution_role_arn,
                definition.execution_role_arn,
            ),
        )
        told, seen, roles = [], [], []
        for key, word, given, usual in fields:
            role, own = facts.around.role(given), facts.around.role(usual)
            if not role or role == own:
                continue
            usually = f"instead of {facts.title(own)}" if own else f"where {definition.name} has none"
            told.append(f"{facts.title(role)} as {word} {usually}")
            seen.append(field(node, f"{via}.{key}", facts.title(role)))
            roles.append(role)
        if roles:
            kind = words(facts.estate.node(node).kind).word if node in facts.estate else "task"
            yield Draft(
                nodes=tuple(dict.fromkeys((node, *roles, definition.task_definition_arn))),
                summary=f"The {kind} {facts.title(node)} of {definition.name} has {listed(told)}.",
                evidence=tuple(seen),
                consequence=f"Its containers act with {facts.titles(roles)}.",
            )


def _overrides(facts: Facts) -> Iterator[tuple[str, str, TaskOverride, str | None]]:
    """Who overrides what of which task definition: the node, the field, the overrides, the definition."""
    for task in facts.snapshot.tasks:
        if task.overrides is not None and task.last_status != "STOPPED":
            yield task.task_arn, "overrides", task.overrides, task.task_definition_arn
    for launcher in facts.snapshot.rules:
        for target in launcher.targets:
            if target.overrides is not None:
                yield launcher.arn, "Input", target.overrides, target.ecs_parameters.task_definition_arn
    for schedule in facts.snapshot.schedules:
        target = schedule.target
        if target.overrides is not None:
            yield schedule.arn, "Input", target.overrides, target.ecs_parameters.task_definition_arn
