"""What starts tasks besides ECS: rules, schedules, state machines, CodeDeploy, scaling, Batch.

Tables hold the parameters of the API call, except that `[[rules]]` has the `targets` of PutTargets with it.
"""

from typing import Any

from ecsiam_tui.demo.estate import Table
from ecsiam_tui.demo.ground import Ground, identity


def _split(ground: Ground, entry: Table, *own: str) -> dict[str, Any]:
    return {key: ground.expand(value) for key, value in entry.items() if key not in {*own, "region", "demo"}}


def seed_launchers(ground: Ground) -> None:
    """Everything that starts or scales tasks; needs roles and task definitions."""
    for entry in ground.estate.list("rules"):
        client = ground.client("events", entry.get("region"))
        with identity("rule", entry["Name"]):
            client.put_rule(**_split(ground, entry, "targets"))
            client.put_targets(Rule=entry["Name"], Targets=ground.expand(entry["targets"]))
    groups = {entry.get("GroupName", "default") for entry in ground.estate.list("schedules")} - {"default"}
    for group in sorted(groups):
        ground.client("scheduler").create_schedule_group(Name=group)
    for entry in ground.estate.list("schedules"):
        with identity("schedule", entry["Name"]):
            ground.client("scheduler", entry.get("region")).create_schedule(
                FlexibleTimeWindow={"Mode": "OFF"}, **_split(ground, entry)
            )
    for entry in ground.estate.list("state_machines"):
        with identity("state-machine", entry["name"]):
            ground.client("stepfunctions", entry.get("region")).create_state_machine(**_split(ground, entry))
    for entry in ground.estate.list("deployment_groups"):
        client = ground.client("codedeploy", entry.get("region"))
        with identity("deployment-group", entry["deploymentGroupName"]):
            client.create_application(applicationName=entry["applicationName"], computePlatform="ECS")
            client.create_deployment_group(**_split(ground, entry))
    for entry in ground.estate.list("scalable_targets"):
        with identity("scalable-target", entry["ResourceId"]):
            ground.client("application-autoscaling", entry.get("region")).register_scalable_target(
                ServiceNamespace="ecs", ScalableDimension="ecs:service:DesiredCount", **_split(ground, entry)
            )
    for entry in ground.estate.list("job_definitions"):
        with identity("job-definition", entry["jobDefinitionName"]):
            ground.client("batch", entry.get("region")).register_job_definition(**_split(ground, entry))
