"""What the demo account has wrong on purpose, with the node ids of its snapshot."""

from collections.abc import Iterable

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.demo.estate import Mistake, References, load_estate
from ecsiam_tui.findings.finding import Finding, Severity


def _references(snapshot: Snapshot) -> References:
    known = References()
    for role in snapshot.roles:
        known.add("role", role.role_name, role.arn)
    for policy in snapshot.policies:
        known.add("policy", policy.policy_name, policy.arn)
    for service in snapshot.services:
        cluster = service.cluster_arn.rsplit("/", 1)[-1]
        known.add("service", f"{cluster}/{service.service_name}", service.service_arn)
    for definition in snapshot.task_definitions:
        known.add("td", definition.name, definition.task_definition_arn)
    names = {machine.instance_id: machine.tags.get("Name", "") for machine in snapshot.instances}
    for host in snapshot.container_instances:
        name = names.get(host.ec2_instance_id or "", "")
        known.add("container-instance", name, host.container_instance_arn)
    by_hand = {task.started_by: task.task_arn for task in snapshot.tasks if task.started_by}
    for entry in load_estate().list("tasks"):
        if entry.get("startedBy") in by_hand:
            known.add("task", entry["name"], by_hand[entry["startedBy"]])
    return known


def mistakes(snapshot: Snapshot, rules: Iterable[str] = ()) -> tuple[Mistake, ...]:
    """The mistakes that the findings of some rules (all, if none is named) have to tell of."""
    wanted, known = set(rules), _references(snapshot)
    return tuple(
        Mistake(entry["id"], known.expand(entry["node"]), entry["about"])
        for entry in load_estate().list("mistakes")
        if not wanted or entry["id"] in wanted
    )


def unseen(snapshot: Snapshot, found: Iterable[Finding], rules: Iterable[str] = ()) -> list[str]:
    """The mistakes that no finding tells of on the very node."""
    told = {(finding.rule, finding.node) for finding in found}
    return [
        f"{mistake.id}: {mistake.about}"
        for mistake in mistakes(snapshot, rules)
        if (mistake.id, mistake.node) not in told
    ]


def healthy_nodes(snapshot: Snapshot) -> set[str]:
    """All that belongs to the services that are as they should be, and to nothing else."""
    known = _references(snapshot)
    healthy = {known.expand(arn) for arn in load_estate().table("expectations")["healthy"]}
    definitions = {item.task_definition_arn: item for item in snapshot.task_definitions}
    nodes = set(healthy)
    for service in snapshot.services:
        if service.service_arn in healthy:
            definition = definitions[service.task_definition or ""]
            family = [item for item in definitions.values() if item.family == definition.family]
            nodes |= {item.task_definition_arn for item in family}
            nodes |= {definition.task_role_arn or "", definition.execution_role_arn or ""}
            for secret in snapshot.secrets:
                if secret.name.startswith(f"{definition.family}/"):
                    nodes.add(secret.arn)
            for repository in snapshot.repositories:
                if repository.repository_name == definition.family:
                    nodes.add(repository.repository_arn)
    return nodes - {""}


def false_alarms(snapshot: Snapshot, found: Iterable[Finding]) -> list[str]:
    """Findings above info on what is as it should be."""
    healthy = healthy_nodes(snapshot)
    return [
        f"{finding.key}: {finding.summary}"
        for finding in found
        if finding.severity > Severity.INFO and healthy & set(finding.nodes)
    ]
