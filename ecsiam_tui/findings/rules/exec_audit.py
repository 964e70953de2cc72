"""ECS Exec without a record of what was done."""

from collections.abc import Iterator

from ecsiam_tui.account.ecs import Cluster
from ecsiam_tui.ecs.workloads import Workload
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Severity
from ecsiam_tui.findings.registry import Draft, rule
from ecsiam_tui.findings.rules.definitions import DEVELOPER_GUIDE, container_field, field, several


@rule(
    "ECS-IAM-054",
    "ECS Exec without a log of sessions",
    Severity.MEDIUM,
    fires="ECS Exec is on, and the cluster's logging is NONE, or DEFAULT while containers have no awslogs"
    " driver, or OVERRIDE without a log group and bucket.",
    why="ECS Exec is a shell as root in a production container; without a log nobody can tell what was done"
    " there.",
    source=f'{DEVELOPER_GUIDE}, "Monitor Amazon ECS containers with ECS Exec": logging and'
    " executeCommandConfiguration",
    fix="Set the cluster's executeCommandConfiguration to logging OVERRIDE with a log group or bucket, or"
    " switch ECS Exec off where it is not needed.",
    fixes=("configure-exec-logging",),
)
def unlogged_sessions(facts: Facts) -> Iterator[Draft]:
    seen = set()
    for workload in facts.needs.workloads:
        cluster = workload.cluster
        if not workload.exec_enabled or cluster is None or workload.id in seen:
            continue
        seen.add(workload.id)
        yield from _unlogged(workload, cluster)


def _unlogged(workload: Workload, cluster: Cluster) -> Iterator[Draft]:
    execute = cluster.configuration and cluster.configuration.execute_command_configuration
    logging = (execute.logging if execute else None) or "DEFAULT"
    log = execute.log_configuration if execute else None
    containers = workload.definition.container_definitions
    mute = [
        container.name
        for container in containers
        if container.log_configuration is None or container.log_configuration.log_driver != "awslogs"
    ]
    on = field(workload.id, "enableExecuteCommand", "true")
    where = field(cluster.cluster_arn, "configuration.executeCommandConfiguration.logging", logging)
    head = f"ECS Exec is on for {workload.title}, and"
    if logging == "NONE":
        yield Draft(
            nodes=(workload.id,),
            summary=f"{head} the cluster {cluster.cluster_name} logs no session.",
            evidence=(on, where),
            consequence=_who(workload),
        )
    elif logging == "OVERRIDE" and not (log and (log.cloud_watch_log_group_name or log.s3_bucket_name)):
        yield Draft(
            nodes=(workload.id,),
            summary=f"{head} the cluster {cluster.cluster_name} names neither log group nor bucket for its"
            " sessions.",
            evidence=(on, where),
            consequence=_who(workload),
        )
    elif logging == "DEFAULT" and mute:
        fields = (
            container_field(workload.definition, name, "logConfiguration", "no awslogs") for name in mute
        )
        yield Draft(
            nodes=(workload.id,),
            summary=f"{head} sessions go to the awslogs driver, which {several(mute)} does not have.",
            evidence=(on, where, *fields),
            consequence=_who(workload),
            severity=None if len(mute) == len(containers) else Severity.LOW,
        )


def _who(workload: Workload) -> str:
    if not workload.task_role:
        return ""
    return f"A shell there acts as {workload.task_role.rpartition('/')[2]}."
