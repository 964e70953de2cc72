"""The deployer's side: what a principal needs to ship a new revision of a service, or to run a task once.

Source: Amazon ECS Developer Guide, "Identity and Access Management for Amazon Elastic Container Service", and
the Service Authorization Reference for Amazon ECS.
"""

from collections.abc import Iterable, Iterator

from ecsiam_tui.ecs.asking import DEVELOPER_GUIDE, Asks
from ecsiam_tui.ecs.requirement import Requirement
from ecsiam_tui.ecs.requirements import of_workload
from ecsiam_tui.ecs.surroundings import Surroundings
from ecsiam_tui.ecs.workloads import Workload

REFERENCE = "Service Authorization Reference, Amazon Elastic Container Service"
PASS_ROLE = f'{DEVELOPER_GUIDE}, "Amazon ECS task IAM role" (passing roles)'
TAGGING = f'{DEVELOPER_GUIDE}, "Grant permission to tag resources on creation"'
TASKS = "ecs-tasks.amazonaws.com"


def to_deploy(workload: Workload, principal: str, around: Surroundings) -> tuple[Requirement, ...]:
    """What `principal` (ARN) needs to register a new revision of the workload's task definition and to roll
    it out; for a workload that is no service, to run it once."""
    rows = (*to_register(workload, principal, around), *to_roll_out(workload, principal, around))
    return tuple({(row.action, row.resource): row for row in rows}.values())


def to_register(workload: Workload, principal: str, around: Surroundings) -> tuple[Requirement, ...]:
    """What `principal` (ARN) needs to register the workload's task definition as a new revision, the roles of
    its tasks passed."""
    asks = Asks(workload, around)
    passed = {workload.execution_role: TASKS, workload.task_role: TASKS}
    return (*_register(asks, principal), *_pass(asks, principal, passed))


def to_roll_out(workload: Workload, principal: str, around: Surroundings) -> tuple[Requirement, ...]:
    """What `principal` (ARN) needs to roll a service out, the roles that ECS itself takes passed; for a
    workload that is no service, to run it once."""
    asks = Asks(workload, around)
    return (*_roll_out(asks, principal), *_pass(asks, principal, _roles_of_ecs(asks)))


def _ask(
    asks: Asks,
    principal: str,
    row: str,
    actions: tuple[str, ...],
    resource: str,
    why: str,
    source: str,
    context: dict[str, str] | None = None,
) -> Iterator[Requirement]:
    return asks.by("deployer", principal, row, actions, resource, why, source, context=context)


def _family(workload: Workload) -> str:
    return workload.definition.task_definition_arn.rpartition(":")[0] + ":*"


def _register(asks: Asks, principal: str) -> Iterator[Requirement]:
    definition = asks.workload.definition
    why = f"registers a revision of {definition.family}"
    context = {"ecs:privileged": str(any(c.privileged for c in definition.container_definitions)).lower()}
    context |= {"ecs:task-cpu": definition.cpu} if definition.cpu else {}
    context |= {"ecs:task-memory": definition.memory} if definition.memory else {}
    register = ("ecs:RegisterTaskDefinition",)
    yield from _ask(asks, principal, "C1", register, _family(asks.workload), why, REFERENCE, context)
    yield from _ask(asks, principal, "C1", ("ecs:DescribeTaskDefinition",), "*", why, REFERENCE)
    if definition.tags:
        tagging = {"ecs:CreateAction": "RegisterTaskDefinition"}
        tagging |= {f"aws:RequestTag/{key}": value for key, value in definition.tags.items()}
        why = f"tags the revision of {definition.family}"
        yield from _ask(
            asks, principal, "C3", ("ecs:TagResource",), _family(asks.workload), why, TAGGING, tagging
        )


def _roll_out(asks: Asks, principal: str) -> Iterator[Requirement]:
    workload = asks.workload
    service = workload.service
    cluster = {"ecs:cluster": workload.cluster.cluster_arn} if workload.cluster else {}
    definition = workload.definition.task_definition_arn
    if service is None:
        why = f"runs {workload.definition.name}"
        yield from _ask(asks, principal, "C1", ("ecs:RunTask",), definition, why, REFERENCE, cluster)
        return
    why = f"rolls out service {service.service_name}"
    context = cluster | {
        "ecs:task-definition": definition,
        "ecs:enable-execute-command": str(service.enable_execute_command).lower(),
    }
    yield from _ask(
        asks, principal, "C1", ("ecs:UpdateService",), service.service_arn, why, REFERENCE, context
    )
    yield from _ask(
        asks, principal, "C1", ("ecs:DescribeServices",), service.service_arn, why, REFERENCE, cluster
    )


def _roles_of_ecs(asks: Asks) -> dict[str, str]:
    """The roles that a workload hands to ECS itself, and to whom they are passed."""
    workload = asks.workload
    passed = {
        asked.resource: "ecs.amazonaws.com"
        for asked in of_workload(workload, asks.around)
        if asked.id == "TRUST" and asked.role_kind in ("infrastructure", "lifecycle-hook")
    }
    service = workload.service
    if service is not None and service.role_arn and "/aws-service-role/" not in service.role_arn:
        passed[asks.around.role(service.role_arn)] = "ecs.amazonaws.com"
    return passed


def _pass(asks: Asks, principal: str, passed: dict[str, str]) -> Iterator[Requirement]:
    """Every role that the workload hands over is passed by whoever deploys."""
    for role, to in passed.items():
        if role:
            why = f"passes {role.rsplit('/', 1)[-1]} to {to}"
            context = {"iam:PassedToService": to}
            yield from _ask(asks, principal, "C1", ("iam:PassRole",), role, why, PASS_ROLE, context)


def to_deploy_all(
    workloads: Iterable[Workload], principal: str, around: Surroundings
) -> tuple[Requirement, ...]:
    """What a principal needs to deploy several workloads; the same need is one."""
    found: dict[tuple[str, str], Requirement] = {}
    for workload in workloads:
        for asked in to_deploy(workload, principal, around):
            found.setdefault((asked.action, asked.resource), asked)
    return tuple(found.values())
