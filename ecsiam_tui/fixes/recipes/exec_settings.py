"""ECS Exec with a record of what is done."""

from collections.abc import Iterator
from typing import Any

import msgspec

from ecsiam_tui.account.ecs import Cluster
from ecsiam_tui.account.references import home_of
from ecsiam_tui.changes import change as c
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Finding
from ecsiam_tui.fixes.fix import Fix, recipe
from ecsiam_tui.fixes.revisions import by_hand
from ecsiam_tui.fixes.statement_edits import completed

_RETENTION = 365


@recipe("configure-exec-logging")
def configure_exec_logging(finding: Finding, facts: Facts) -> Iterator[Fix]:
    """Log the sessions of the cluster to a log group, and let the task roles write there; or switch ECS Exec
    off for the service. Amazon ECS Developer Guide, "Monitor Amazon ECS containers with ECS Exec"."""
    workload = next((one for one in facts.needs.workloads if one.id == finding.node), None)
    if workload is None or workload.cluster is None:
        return
    yield _logged(finding, facts, workload.cluster)
    service = workload.service
    if service is not None and not by_hand(service.service_arn, facts):
        off = c.UpdateService(
            service=service.service_arn,
            enable_execute_command=False,
            force_new_deployment=True,
            why="no shells without a record",
        )
        yield Fix(
            name="configure-exec-logging",
            title=f"Switch ECS Exec off for {service.service_name}",
            finding=finding.key,
            changes=(off,),
            breadth=1,
            costs=(f"Nobody opens a shell in tasks of {service.service_name}; its tasks are replaced.",),
        )


def _logged(finding: Finding, facts: Facts, cluster: Cluster) -> Fix:
    home = home_of(cluster.cluster_arn)
    known = cluster.configuration.execute_command_configuration if cluster.configuration else None
    configuration: dict[str, Any] = msgspec.to_builtins(known) if known is not None else {}
    group = f"/ecs/exec/{cluster.cluster_name}"
    arn = home.arn("logs", f"log-group:{group}")
    log = dict(configuration.get("logConfiguration") or {})
    log |= {"cloudWatchLogGroupName": group}
    configuration |= {"logging": "OVERRIDE", "logConfiguration": log}
    changes: list[c.AnyChange] = []
    if arn not in facts.around.log_groups:
        changes.append(
            c.CreateLogGroup(log_group=arn, retention_in_days=_RETENTION, why="sessions of ECS Exec")
        )
    changes.append(
        c.UpdateClusterExec(
            cluster=cluster.cluster_arn, configuration=configuration, why="log sessions of ECS Exec"
        )
    )
    return Fix(
        name="configure-exec-logging",
        title=f"Log sessions of {cluster.cluster_name} to {group}",
        finding=finding.key,
        changes=completed(facts, changes),
        warnings=("The tasks that run have to be replaced: the agent reads the setting when a task starts.",),
    )
