"""Deployments that move: what moto's UpdateService leaves out.

A service that is updated gets a new PRIMARY deployment. When it is looked at for the second time, its tasks
run or have failed, and so do those of others that were looked at, as the roles of their task definitions have
it: what ECS asks of them is judged by the same rules that the explorer shows. A circuit breaker ends a
deployment that fails, and rolls it back.
"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from moto.ecs.models import EC2ContainerServiceBackend
from moto.ecs.models import Service as MotoService

from ecsiam_tui.account.redact import Redactor
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.source import Progress
from ecsiam_tui.aws.collect import collect
from ecsiam_tui.aws.session import AwsSession
from ecsiam_tui.demo.ecs import hexadecimal, run_task
from ecsiam_tui.demo.estate import Table
from ecsiam_tui.demo.ground import ACCOUNT, Ground
from ecsiam_tui.ecs.requirement import Judged

if TYPE_CHECKING:
    from ecsiam_tui.ecs.needs import Needs

FAILURES = 3
"""Tasks that fail until a circuit breaker acts: ECS Developer Guide, "How the Amazon ECS deployment circuit
breaker detects failures" (half of the wanted tasks, but at least 3)."""

_OURS = "newlyDeployed"
"""A member of deployments that moves them; moto leaves it out of what it answers."""

_LOOKS = 2
"""At which look the tasks of a new deployment start or fail."""

_ASSUME = (
    "(service {name}) failed to launch a task with (error ECS was unable to assume the role '{role}' that was"
    " provided for this task. Please verify that the role being passed has the proper trust relationship and"
    " permissions and that your IAM user has permissions to pass this role.)."
)
_DENIED = (
    "AccessDeniedException: User: arn:aws:sts::{account}:assumed-role/{role}/{task} is not authorized to"
    " perform: {action} on resource: {resource} because no identity-based policy allows the {action} action"
)
_REASONS: tuple[tuple[str, str], ...] = (
    (
        "secretsmanager:",
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval"
        " failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to"
        " fetch secret {resource} from secrets manager: {denied}",
    ),
    (
        "ssm:",
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval"
        " failed: unable to retrieve secrets from ssm: service call has been retried 1 time(s): {denied}",
    ),
    (
        "logs:",
        "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times:"
        " failed to create Cloudwatch log stream: {denied} : exit status 1",
    ),
    (
        "ecr:",
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval"
        " failed: unable to retrieve ecr registry auth: service call has been retried 3 time(s): {denied}",
    ),
    ("", "ResourceInitializationError: unable to pull secrets or registry auth: {denied}"),
)


@contextmanager
def rolling(ground: Ground, session: AwsSession) -> Iterator[None]:
    """Deployments move, for as long as an account is up."""
    update, describe = (
        EC2ContainerServiceBackend.update_service,
        EC2ContainerServiceBackend.describe_services,
    )

    def update_service(self: EC2ContainerServiceBackend, given: dict[str, Any]) -> MotoService:
        given = dict(given)
        anew = bool(given.get("force_new_deployment"))
        known = self._get_service(given.get("cluster", "default"), given["service"].split("/")[-1])
        before, deployments = known.task_definition, copy.deepcopy(known.deployments)
        service: MotoService = update(self, given)
        if deployments and (anew or service.task_definition != before):
            service.task_definition = self.describe_task_definition(service.task_definition).arn
            service.deployments = deployments
            _deploy(service)
        return service

    def describe_services(self: EC2ContainerServiceBackend, cluster: str, names: list[str]) -> Any:
        services, failures = describe(self, cluster, names)
        # What is read meanwhile to judge by is no look of somebody's; nor does a deployment move twice.
        if looking.acquire(blocking=False):
            try:
                if sum(map(_look, services)):
                    needs = _needs(session)
                    for service in list(self.services.values()):
                        if service.deployments and service.deployments[0].get(_OURS):
                            _move(service, self, needs, ground)
            finally:
                looking.release()
        return services, failures

    looking = Lock()
    with (
        patch.object(EC2ContainerServiceBackend, "update_service", update_service),
        patch.object(EC2ContainerServiceBackend, "describe_services", describe_services),
    ):
        yield


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def _deploy(service: MotoService) -> None:
    """A new deployment; those that were there go on until it is done."""
    for deployment in service.deployments:
        deployment["status"] = "ACTIVE"
        deployment.pop(_OURS, None)
    number = int(hexadecimal("deployment", f"{service.cluster_arn}/{service.name}/{_now()}")[:13], 16)
    primary = {
        **copy.deepcopy(service.deployments[0]),
        "id": f"ecs-svc/{number}",
        "status": "PRIMARY",
        "taskDefinition": service.task_definition,
        "desiredCount": service.desired_count,
        "runningCount": 0,
        "pendingCount": service.desired_count,
        "failedTasks": 0,
        "createdAt": _now(),
        "updatedAt": _now(),
        "rolloutState": "IN_PROGRESS",
        "rolloutStateReason": f"ECS deployment ecs-svc/{number} in progress.",
        _OURS: 0,
    }
    service.deployments.insert(0, primary)


def _look(service: MotoService) -> bool:
    """Count a look at a service's new deployment; whether its tasks start or fail at this one."""
    deployment = service.deployments[0] if service.deployments else {}
    if _OURS not in deployment:
        return False
    deployment[_OURS] += 1
    return bool(deployment[_OURS] == _LOOKS)


def _move(service: MotoService, home: EC2ContainerServiceBackend, needs: "Needs", ground: Ground) -> None:
    """Let a service's new deployment get on."""
    deployment = service.deployments[0]
    deployment.pop(_OURS)
    lacking = _lacking(needs, f"{service.cluster_arn.replace(':cluster/', ':service/')}/{service.name}")
    if lacking is None:
        _complete(deployment, service, home, ground)
    else:
        _fail(deployment, service, lacking, ground)


def _needs(session: AwsSession) -> "Needs":
    """What ECS asks for in the account as it is now."""
    from ecsiam_tui.ecs.needs import Needs  # for those who never deploy the demo starts without it
    from ecsiam_tui.ecs.surroundings import Surroundings
    from ecsiam_tui.policy.account import AccountPolicies

    snapshot = collect(session, _Quiet(), Redactor(b"nothing of it is kept"), source="demo").snapshot
    return Needs(AccountPolicies(snapshot), Surroundings(snapshot))


def _lacking(needs: "Needs", service: str) -> Judged | None:
    """What keeps the service's tasks from starting: a role that ECS cannot assume, or something that the task
    execution role may not."""
    missing = [
        one
        for one in needs.of(service)
        if one.status == "missing"
        and one.requirement.necessity == "required"
        and (
            one.requirement.role_kind == "task-execution"
            or (one.requirement.id == "TRUST" and one.requirement.role_kind == "task")
        )
    ]
    return min(missing, key=lambda one: one.requirement.id != "TRUST", default=None)


def _complete(
    deployment: dict[str, Any], service: MotoService, home: EC2ContainerServiceBackend, ground: Ground
) -> None:
    """All tasks are the new ones."""
    tasks = home.tasks.setdefault(service.cluster_name, {})
    mine = f"service:{service.name}"
    for arn in [arn for arn, one in tasks.items() if one.group == mine and one.last_status == "RUNNING"]:
        del tasks[arn]
    for index in range(service.desired_count):
        run_task(ground, _task(service, deployment, index, {"started": "0m"}))
    service.running_count, service.pending_count = service.desired_count, 0
    deployment.update(
        runningCount=service.desired_count,
        pendingCount=0,
        rolloutState="COMPLETED",
        rolloutStateReason=f"ECS deployment {deployment['id']} completed.",
        updatedAt=_now(),
    )
    service.deployments = [deployment]
    _say(service, f"(service {service.name}) has reached a steady state.")


def _fail(deployment: dict[str, Any], service: MotoService, lacking: Judged, ground: Ground) -> None:
    """No task starts: of a role that cannot be assumed only an event tells, else tasks that stopped."""
    asked = lacking.requirement
    deployment["updatedAt"] = _now()
    if asked.id == "TRUST":
        _say(service, _ASSUME.format(name=service.name, role=asked.resource))
    else:
        deployment["failedTasks"] = FAILURES
        for index in range(FAILURES):
            stopped = {"stopped": "0m", "code": "TaskFailedToStart"}
            entry = _task(service, deployment, index, stopped)
            task = hexadecimal("task", entry["name"])
            denied = _DENIED.format(
                account=ACCOUNT,
                role=asked.principal.rsplit("/", 1)[-1] or "none",
                task=task,
                action=asked.action,
                resource=asked.resource,
            )
            text = next(text for start, text in _REASONS if asked.action.startswith(start))
            stopped["reason"] = text.format(resource=asked.resource, denied=denied)
            run_task(ground, entry)
        said = f"(service {service.name}) is unable to consistently start tasks successfully."
        _say(service, f"{said} For more information, see the Troubleshooting section.")
    breaker = service.deployment_configuration.get("deploymentCircuitBreaker", {})
    if breaker.get("enable"):
        deployment.update(
            pendingCount=0,
            rolloutState="FAILED",
            rolloutStateReason="ECS deployment circuit breaker: tasks failed to start.",
        )
        if breaker.get("rollback"):
            service.task_definition = service.deployments[-1]["taskDefinition"]
            _deploy(service)
            back = service.deployments[0]["id"]
            service.deployments[0]["rolloutStateReason"] = f"ECS deployment {back} rolls back."


def _task(service: MotoService, deployment: dict[str, Any], index: int, demo: dict[str, Any]) -> Table:
    return {
        "cluster": service.cluster_name,
        "name": f"{service.name}-{deployment['id']}-{index}",
        "service": service.name,
        "region": service.region_name,
        "taskDefinition": deployment["taskDefinition"],
        "startedBy": deployment["id"],
        "launchType": service.launch_type or deployment.get("launchType") or "FARGATE",
        "demo": demo,
    }


def _say(service: MotoService, message: str) -> None:
    identity = hexadecimal("event", f"{service.name}/{message}/{_now()}")
    service.events.insert(0, {"id": identity, "createdAt": _now() + timedelta(seconds=1), "message": message})


class _Quiet:
    """A watcher that watches nothing."""

    def progress(self, progress: Progress) -> None:
        """Nothing."""

    def partial(self, snapshot: Snapshot) -> None:
        """Nothing."""

    def cancelled(self) -> bool:
        """Never."""
        return False
