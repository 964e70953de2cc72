"""How far a deployment of a service is: what ECS says of it, and of tasks of it that stopped."""

from typing import Any

from ecsiam_tui.aws.effects import primary
from ecsiam_tui.aws.errors import one_line
from ecsiam_tui.aws.session import AwsSession
from ecsiam_tui.changes.sending import Rollout, RolloutState


def look_at(session: AwsSession, service: str, deployment: str, wanted: str) -> Rollout:
    """A service's deployment (ARN; id, empty for the newest) of a task definition (ARN, empty for any). May
    raise whatever a call raises."""
    parts = service.split(":", 5)
    cluster, name = parts[5].split("/")[-2:]
    ecs = session.client("ecs", parts[3])
    services = ecs.describe_services(cluster=cluster, services=[name])["services"]
    if not services:
        return Rollout(service, "unknown", deployment, reason="the service is not there any more")
    found = services[0]
    controller = found.get("deploymentController", {}).get("type", "ECS")
    if controller != "ECS":
        why = f"deployments are made by {controller}: start one there"
        return Rollout(service, "unknown", deployment, reason=why)
    newest = primary(found)
    deployment = deployment or newest
    own = next((one for one in found["deployments"] if one.get("id") == deployment), None)
    current = found.get("taskDefinition", "")
    if own is None:
        state: RolloutState = "rolled back" if wanted and current != wanted else "replaced"
        return Rollout(service, state, deployment, reason=f"the newest deployment is {newest} of {current}")
    counts = {
        "running": own.get("runningCount", 0),
        "desired": own.get("desiredCount", 0),
        "failed": own.get("failedTasks", 0),
    }
    reason = own.get("rolloutStateReason", "")
    if own.get("rolloutState") == "FAILED":
        back: RolloutState = "rolled back" if deployment != newest else "failed"
        said = _stopped(ecs, cluster, name, deployment) or reason
        return Rollout(service, back, deployment, **counts, reason=said)
    if deployment != newest:
        return Rollout(service, "replaced", deployment, **counts, reason=f"{newest} took its place")
    if own.get("rolloutState") == "COMPLETED":
        none = "" if counts["desired"] else "no task is wanted (desiredCount is 0)"
        return Rollout(service, "completed", deployment, **counts, reason=reason, proves_nothing=none)
    event = next((one["message"] for one in _since(own, found) if "unable to" in one["message"]), "")
    if counts["failed"] or event:
        said = _stopped(ecs, cluster, name, deployment) or one_line(event) or reason
        return Rollout(service, "failing", deployment, **counts, reason=said)
    return Rollout(service, "in progress", deployment, **counts, reason=reason)


def _since(deployment: dict[str, Any], service: dict[str, Any]) -> list[dict[str, Any]]:
    """The service's events since a deployment began, the newest first: a role that cannot be assumed makes no
    task that fails, only an event."""
    began = deployment.get("createdAt")
    events = service.get("events", ())
    return [one for one in events if began is None or one.get("createdAt", began) >= began]


def _stopped(ecs: Any, cluster: str, name: str, deployment: str) -> str:
    """Why a task of the deployment stopped, the latest one."""
    arns = ecs.list_tasks(cluster=cluster, serviceName=name, desiredStatus="STOPPED")["taskArns"]
    if not arns:
        return ""
    tasks = ecs.describe_tasks(cluster=cluster, tasks=arns[:100])["tasks"]
    own = [one for one in tasks if one.get("startedBy") == deployment and one.get("stoppedReason")]
    return one_line(own[-1]["stoppedReason"], 600) if own else ""
