"""Services that do not run what was registered last."""

from collections.abc import Iterator

from ecsiam_tui.account.ecs import Service
from ecsiam_tui.account.references import home_of
from ecsiam_tui.account.tasks import TaskDefinition
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.looking import name_of
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Finding, Severity
from ecsiam_tui.findings.reach import once
from ecsiam_tui.findings.registry import find
from ecsiam_tui.findings.wording import listed
from ecsiam_tui.fixes.fix import Fix, recipe
from ecsiam_tui.fixes.revisions import by_hand
from ecsiam_tui.fixes.statement_edits import completed

_ABOUT_ROLLOUTS = frozenset({"ECS-IAM-040", "ECS-IAM-042"})
"""What tells of a rollout itself, not of why it fails."""


@recipe("roll-out-revision")
def roll_out_revision(finding: Finding, facts: Facts) -> Iterator[Fix]:
    """Update the service to the newest ACTIVE revision; where it runs that already, deploy it anew once
    nothing keeps its tasks from starting."""
    service = facts.around.services.get(finding.node)
    if service is None:
        return
    if otherwise := by_hand(service.service_arn, facts):
        yield Fix("roll-out-revision", f"By hand: {otherwise}", finding.key, ())
        return
    newest = _newest(facts, service)
    if newest is not None and newest.task_definition_arn != service.task_definition:
        arn = newest.task_definition_arn
        update = c.UpdateService(service=service.service_arn, task_definition=arn, why="roll it out")
        yield Fix(
            name="roll-out-revision",
            title=f"Roll {newest.name} out to {service.service_name}",
            finding=finding.key,
            changes=completed(facts, (update,)),
            costs=(f"Tasks of {service.service_name} are replaced.",),
        )
    elif finding.rule == "ECS-IAM-040":
        yield _again(finding, facts, service)


def _newest(facts: Facts, service: Service) -> TaskDefinition | None:
    found = facts.around.definition(service.task_definition, home_of(service.service_arn))
    arn = found.task_definition_arn if found else service.task_definition or ""
    return facts.around.definitions.get(arn.rpartition(":")[0])


def _again(finding: Finding, facts: Facts, service: Service) -> Fix:
    name = name_of(service.task_definition or "")
    causes = list(_causes(facts, service))
    if causes:
        return Fix(
            name="roll-out-revision",
            title=f"First mend what keeps tasks of {service.service_name} from starting, then deploy it anew",
            finding=finding.key,
            changes=(),
            warnings=(f"It would fail again: {listed((f'{one.title} ({one.rule})' for one in causes), 3)}.",),
        )
    update = c.UpdateService(service=service.service_arn, force_new_deployment=True, why="deploy it anew")
    return Fix(
        name="roll-out-revision",
        title=f"Deploy {name} of {service.service_name} anew: nothing that was found keeps it from starting",
        finding=finding.key,
        changes=(update,),
        costs=(f"Tasks of {service.service_name} are replaced.",),
    )


@once
def _bad(facts: Facts) -> tuple[Finding, ...]:
    return tuple(one for one in find(facts) if one.severity >= Severity.HIGH)


def _causes(facts: Facts, service: Service) -> Iterator[Finding]:
    """What is wrong with the service and its task definition and keeps a task from starting."""
    about = {service.service_arn, service.task_definition}
    lacking = [one for one in facts.needs.of(service.service_arn) if one.status == "missing"]
    roles = {one.requirement.principal for one in lacking} | {one.requirement.resource for one in lacking}
    for one in _bad(facts):
        if one.rule in _ABOUT_ROLLOUTS:
            continue
        if about & set(one.nodes) or (lacking and one.node in roles):
            yield one
