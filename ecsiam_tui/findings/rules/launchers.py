"""Roles of what starts tasks: EventBridge rules and schedules, state machines, CodeDeploy."""

from collections import defaultdict
from collections.abc import Iterator

from ecsiam_tui.ecs.judge import KIND_WORDS
from ecsiam_tui.ecs.requirement import Judged
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Evidence, Severity
from ecsiam_tui.findings.grants import covers, evidence, is_wide, nodes
from ecsiam_tui.findings.reach import NOBODY, home, stands
from ecsiam_tui.findings.registry import Draft, rule
from ecsiam_tui.findings.wording import listed
from ecsiam_tui.graph.kinds import EdgeKind

_ROWS = frozenset({"SCHED", "SFN", "CD"})
_TASKS = {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
_BROAD = ("ecs:runtask", "iam:passrole")


@rule(
    "ECS-IAM-052",
    "Launcher role too broad or too narrow",
    Severity.MEDIUM,
    fires="the role of a rule, schedule, state machine or deployment group lacks what it needs to start its "
    "tasks, or may run any task definition with any role",
    why="A launcher that lacks something fails silently, night after night; one that may run anything with "
    "any role is a way to every role of the account.",
    source='Amazon ECS Developer Guide, "Amazon ECS EventBridge IAM role" and "Amazon ECS CodeDeploy IAM '
    'role"; EventBridge Scheduler User Guide, "Set up the execution role"; AWS Step Functions Developer '
    'Guide, "Run Amazon ECS or Fargate tasks with Step Functions"',
    fix="Allow ecs:RunTask on the task definitions it runs, and iam:PassRole on exactly their roles, with "
    "iam:PassedToService.",
    fixes=("allow-missing-actions", "scope-pass-role"),
)
def launcher_roles(facts: Facts) -> Iterator[Draft]:
    """Too narrow is high: something does not run. Without any role, the launcher itself is at fault."""
    lacking: dict[str, list[Judged]] = defaultdict(list)
    for judged in facts.needs.of_launchers:
        asked = judged.requirement
        if asked.id in _ROWS and asked.necessity == "required" and judged.status == "missing":
            if not asked.principal:
                lacking[asked.subject].append(judged)
            elif asked.principal in facts.around.roles:
                lacking[asked.principal].append(judged)
    for node, missing in lacking.items():
        yield _too_narrow(facts, node, missing)
    for arn in facts.roles_in_use:
        if arn not in lacking:
            yield from _too_broad(facts, arn)


def _too_narrow(facts: Facts, node: str, missing: list[Judged]) -> Draft:
    asked = [judged.requirement for judged in missing]
    subjects = tuple(dict.fromkeys(requirement.subject for requirement in asked))
    given = bool(asked[0].principal)
    what = [f"{one.action} on {facts.title(one.resource)}" for one in asked]
    if given:
        summary = f"{facts.title(node)} lacks {listed(what, 3)}, which {facts.titles(subjects)} needs."
    else:
        summary = f"{facts.title(node)} has no {KIND_WORDS[asked[0].role_kind]}, and so starts nothing."
    idle = all(_state(facts, one) == "DISABLED" for one in subjects)
    seen = tuple(
        Evidence("decision", one.principal or node, one.action, f"{one.resource}: {judged.note}; {one.why}")
        for one, judged in zip(asked, missing, strict=True)
    )
    return Draft(
        nodes=tuple(dict.fromkeys((node, *subjects))),
        summary=summary,
        evidence=seen,
        consequence=f"{facts.titles(subjects)} {'is' if len(subjects) == 1 else 'are'} disabled."
        if idle
        else f"What {facts.titles(subjects)} starts fails.",
        severity=Severity.LOW if idle else Severity.HIGH,
        fixes=("allow-missing-actions",) if given else ("update-schedule",),
    )


def _state(facts: Facts, launcher: str) -> str:
    node = facts.estate.get(launcher)
    return getattr(node.record, "state", None) or "" if node else ""


def _too_broad(facts: Facts, arn: str) -> Iterator[Draft]:
    users = [link.node.id for link in facts.estate.used_by(arn, EdgeKind.USES_LAUNCHER_ROLE)]
    if not users or arn not in facts.around.roles or facts.around.roles[arn].is_service_linked:
        return
    here = home(facts)
    any_definition = here.arn("ecs", f"task-definition/{NOBODY}:1")
    any_cluster = {"ecs:cluster": here.arn("ecs", f"cluster/{NOBODY}")}
    runs = stands(facts, arn, "ecs:RunTask", any_definition, any_cluster)
    passes = stands(facts, arn, "iam:PassRole", "", _TASKS)
    if not (runs.allowed and passes.allowed):
        return
    places = [
        placed
        for placed in facts.statements(arn)
        if placed.statement.effect == "Allow"
        and any(covers(placed.statement, action) for action in _BROAD)
        and (placed.statement.not_resources or any(map(is_wide, placed.statement.resources)))
    ]
    yield Draft(
        nodes=nodes(arn, places),
        summary=f"{facts.title(arn)} may run any task definition and pass any role to tasks "
        f"({listed(placed.policy for placed in places)}).",
        evidence=tuple(evidence(arn, placed, placed.label) for placed in places),
        consequence=f"{facts.titles(users)} {'starts' if len(users) == 1 else 'start'} tasks with it; "
        "whoever changes what is started gets at every role that trusts tasks.",
        fixes=("scope-pass-role", "narrow-wildcard"),
    )
