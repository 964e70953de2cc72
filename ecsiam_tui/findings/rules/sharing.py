"""One role for many: task execution roles and task roles that unrelated things share."""

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from ecsiam_tui.ecs.workloads import Workload
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Evidence, Severity
from ecsiam_tui.findings.reach import once
from ecsiam_tui.findings.registry import Draft, rule
from ecsiam_tui.findings.wording import listed, use_of

_SECRETS = frozenset({"SEC1", "SEC2", "SEC3", "REG", "GMSA"})
_READS = ("secretsmanager:GetSecretValue", "ssm:GetParameters")


class _Shared(NamedTuple):
    """Who uses a role: one workload a family, and the secrets (ARN) it reads for them by family."""

    families: dict[str, Workload]
    secrets: dict[str, set[str]]


@once
def _by_execution_role(facts: Facts) -> dict[str, _Shared]:
    found: dict[str, _Shared] = defaultdict(lambda: _Shared({}, defaultdict(set)))
    for workload, needs in facts.needs.by_workload:
        role = workload.execution_role
        if not role:
            continue
        family = workload.definition.family
        shared = found[role]
        shared.families.setdefault(family, workload)
        for judged in needs:
            asked = judged.requirement
            if (
                asked.id in _SECRETS
                and asked.action in _READS
                and asked.principal == role
                and judged.status == "met"
            ):
                shared.secrets[asked.resource].add(family)
    return dict(found)


def _fields(facts: Facts, field: str, families: dict[str, Workload], role: str) -> tuple[Evidence, ...]:
    """The field of some of the task definitions that name a role."""
    arns = [workload.definition.task_definition_arn for workload in families.values()]
    return tuple(Evidence("field", arn, field, facts.title(role)) for arn in arns[:5])


@rule(
    "ECS-IAM-027",
    "Execution role with secrets of many",
    Severity.MEDIUM,
    fires="more task definition families than the option shared_families says (3) share a task execution "
    "role that may read secrets which not all of them use",
    why="Whoever writes one of these task definitions chooses its valueFrom, and so reads the secrets of "
    "all.",
    source='Amazon ECS Developer Guide, "Best practices for IAM roles in Amazon ECS" ("creating a role for '
    'each specific task definition or service")',
    fix="Give each service an execution role of its own that reads its own secrets.",
    fixes=("fork-role", "split-roles"),
)
def shared_execution_role(facts: Facts) -> Iterator[Draft]:
    """Counted are families, not services: revisions of one family belong together."""
    for arn, shared in _by_execution_role(facts).items():
        count = len(shared.families)
        if count <= facts.options.shared_families or arn not in facts.around.roles:
            continue
        foreign = {secret for secret, users in shared.secrets.items() if len(users) < count}
        if not foreign:
            continue
        secrets = "1 secret" if len(foreign) == 1 else f"{len(foreign)} secrets or parameters"
        yield Draft(
            nodes=(arn,),
            summary=f"{count} families share {facts.title(arn)}, which reads {secrets} for some of them: "
            f"{listed(map(facts.title, sorted(foreign)), 3)}.",
            evidence=_fields(facts, "executionRoleArn", shared.families, arn),
            consequence=f"Each of {listed(sorted(shared.families), 4)} can be made to read them.",
        )


@rule(
    "ECS-IAM-028",
    "Task role of unrelated services",
    Severity.MEDIUM,
    fires="tasks of different task definition families share a task role that has permissions",
    why="Each of them can do what any of them needs, and nobody can tell in a log which of them it was.",
    source='Amazon ECS Developer Guide, "Best practices for IAM roles in Amazon ECS" ("creating a role for '
    'each specific task definition or service")',
    fix="Give each service a task role of its own.",
    fixes=("fork-role",),
)
def shared_task_role(facts: Facts) -> Iterator[Draft]:
    """Families whose names begin alike (`orders`, `orders-migrate`) are taken for one application: low."""
    found: dict[str, dict[str, Workload]] = defaultdict(dict)
    for workload in facts.needs.workloads:
        if workload.task_role and _own(facts, workload):
            found[workload.task_role].setdefault(workload.definition.family, workload)
    for arn, families in found.items():
        if len(families) < 2 or arn not in facts.around.roles:
            continue
        if next(facts.statements(arn), None) is None:
            continue
        related = len({family.replace("_", "-").partition("-")[0] for family in families}) == 1
        yield Draft(
            nodes=(arn,),
            summary=f"{listed(families, 4)} share the task role {facts.title(arn)}.",
            evidence=_fields(facts, "taskRoleArn", families, arn),
            consequence=use_of(facts, arn),
            severity=Severity.LOW if related else None,
        )


def _own(facts: Facts, workload: Workload) -> bool:
    """Whether the role is that of the task definition: one given for a single run is another matter."""
    return facts.around.role(workload.definition.task_role_arn) == workload.task_role
