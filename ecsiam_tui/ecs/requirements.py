"""The table of what ECS asks of IAM. To add a row, write a function beside its kin and name it here."""

from collections.abc import Callable, Iterator

from ecsiam_tui.ecs import rows_launchers, rows_roles, rows_task, rows_volumes
from ecsiam_tui.ecs.asking import Asks
from ecsiam_tui.ecs.requirement import Requirement
from ecsiam_tui.ecs.surroundings import Surroundings
from ecsiam_tui.ecs.workloads import Workload

WORKLOAD_ROWS: tuple[Callable[[Asks], Iterator[Requirement]], ...] = (
    rows_roles.task_roles,
    rows_task.images,
    rows_task.registries,
    rows_task.logs,
    rows_task.secrets,
    rows_task.environment_files,
    rows_task.firelens,
    rows_task.credential_specs,
    rows_task.service_connect_logs,
    rows_task.guardduty,
    rows_volumes.efs,
    rows_volumes.s3_files,
    rows_volumes.fsx,
    rows_volumes.exec_channels,
    rows_volumes.exec_session,
    rows_volumes.companions,
    rows_volumes.app_mesh,
    rows_roles.ebs_volumes,
    rows_roles.service_connect_tls,
    rows_roles.vpc_lattice,
    rows_roles.load_balancers,
    rows_roles.lifecycle_hooks,
)
"""What one workload asks for."""

ACCOUNT_ROWS: tuple[Callable[[Surroundings], Iterator[Requirement]], ...] = (
    rows_launchers.rules_and_schedules,
    rows_launchers.state_machines,
    rows_launchers.code_deploy,
    rows_launchers.container_instances,
    rows_launchers.managed_instances,
    rows_launchers.gateways,
    rows_launchers.anywhere,
)
"""What the things around the workloads ask for."""


def of_workload(workload: Workload, around: Surroundings) -> tuple[Requirement, ...]:
    """What a workload needs, role by role; a need with several reasons is one, with the first."""
    asks = Asks(workload, around)
    found: dict[tuple[str, str, str, str], Requirement] = {}
    for row in WORKLOAD_ROWS:
        for requirement in row(asks):
            what = (requirement.role_kind, requirement.principal, requirement.action, requirement.resource)
            known = found.get(what)
            if known is None or (known.necessity != "required" and requirement.necessity == "required"):
                found[what] = requirement
    return tuple(found.values())


def of_account(around: Surroundings) -> Iterator[Requirement]:
    """What launchers and hosts need."""
    for row in ACCOUNT_ROWS:
        yield from row(around)
