"""Rules and schedules that start an old revision."""

from collections.abc import Iterator

from ecsiam_tui.account.launchers import RunTaskTarget
from ecsiam_tui.account.references import home_of
from ecsiam_tui.account.tasks import TaskDefinition
from ecsiam_tui.changes import change as c
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Finding
from ecsiam_tui.findings.wording import listed
from ecsiam_tui.fixes.fix import Answers, Choice, Fix, Question, asking_recipe
from ecsiam_tui.fixes.statement_edits import completed

_WHY = "start the newest revision"


@asking_recipe("update-schedule")
def update_schedule(finding: Finding, facts: Facts, answers: Answers) -> Iterator[Fix]:
    """Point rules and schedules at the newest ACTIVE revision; one without a role gets one that is there."""
    if finding.rule == "ECS-IAM-052":
        yield from _give_role(finding, facts, answers)
        return
    changes: list[c.AnyChange] = []
    names: list[str] = []
    for target, change in _targets(finding.node, facts):
        newest = _newest(target, finding.node, facts)
        if newest is not None:
            names.append(newest.name)
            changes.append(change(newest.task_definition_arn))
    title = facts.title(finding.node)
    if changes:
        yield Fix(
            name="update-schedule",
            title=f"Let {title} start {listed(names)}",
            finding=finding.key,
            changes=completed(facts, changes),
        )
    elif finding.node in {one.state_machine_arn for one in facts.snapshot.state_machines}:
        yield Fix(
            name="update-schedule",
            title=f"By hand: name the newest revision in the definition of the state machine {title}",
            finding=finding.key,
            changes=(),
        )


class _Retarget:
    """Makes the change that points one target at a revision, or gives it a role."""

    def __init__(self, node: str, target: RunTaskTarget, *, is_schedule: bool) -> None:
        self.node, self.target, self.is_schedule = node, target, is_schedule

    def __call__(self, revision: str | None = None, role: str | None = None) -> c.AnyChange:
        if self.is_schedule:
            return c.UpdateSchedule(schedule=self.node, task_definition=revision, role=role, why=_WHY)
        name = self.target.id or ""
        return c.PutRuleTarget(rule=self.node, target_id=name, task_definition=revision, role=role, why=_WHY)


def _targets(node: str, facts: Facts) -> Iterator[tuple[RunTaskTarget, _Retarget]]:
    for schedule in facts.snapshot.schedules:
        if schedule.arn == node:
            yield schedule.target, _Retarget(node, schedule.target, is_schedule=True)
    for rule in facts.snapshot.rules:
        for target in rule.targets:
            if rule.arn == node and target.id:
                yield target, _Retarget(node, target, is_schedule=False)


def _newest(target: RunTaskTarget, node: str, facts: Facts) -> TaskDefinition | None:
    """The newest revision of what a target starts, where it names an older one."""
    name = target.ecs_parameters.task_definition_arn
    if not name.rpartition(":")[2].isdigit():
        return None
    arn = name if name.startswith("arn:") else home_of(node).arn("ecs", f"task-definition/{name}")
    newest = facts.around.definitions.get(arn.rpartition(":")[0])
    return newest if newest is not None and newest.task_definition_arn != arn else None


def _give_role(finding: Finding, facts: Facts, answers: Answers) -> Iterator[Fix]:
    """A role that others of the kind have."""
    targets = list(_targets(finding.node, facts))
    if not targets:
        return
    is_schedule = targets[0][1].is_schedule
    others = (
        [one.target.role_arn for one in facts.snapshot.schedules]
        if is_schedule
        else [target.role_arn for rule in facts.snapshot.rules for target in rule.targets]
    )
    known = sorted({arn for arn in others if arn and arn in facts.around.roles})
    title = facts.title(finding.node)
    question = Question(
        "role",
        f"With which role does {title} start tasks?",
        tuple(Choice(arn, facts.title(arn)) for arn in known),
        tuple(known[:1]),
    )
    for role in question.answer(answers) if known else ():
        yield Fix(
            name="update-schedule",
            title=f"Let {title} start tasks with {facts.title(role)}",
            finding=finding.key,
            changes=completed(
                facts, [change(None, role) for target, change in targets if not target.role_arn]
            ),
            questions=(question,),
        )
