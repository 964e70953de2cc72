"""A change of every kind that fits the demo account, several of some kinds."""

from typing import Any

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes import change as c
from tests.changes.test_core import ACCOUNT, DOCUMENT, IAM, cases

LOGS = f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group"
ANSWERS: dict[str, dict[str, Any]] = {
    "task-definition": {
        "taskDefinition": {
            "taskDefinitionArn": f"arn:aws:ecs:eu-west-1:{ACCOUNT}:task-definition/web:3",
            "family": "web",
            "revision": 3,
            "status": "ACTIVE",
            "containerDefinitions": [
                {"name": "app", "image": "x", "environment": [{"name": "A", "value": "kept"}]}
            ],
            "requiresAttributes": [{"name": "x"}],
            "compatibilities": ["FARGATE"],
            "registeredBy": "somebody",
        },
        "tags": [{"key": "team", "value": "web"}],
        "ResponseMetadata": {"RequestId": "1"},
    },
    "rule-target": {
        "Targets": [
            {"Id": "another", "Arn": "arn:aws:sqs:eu-west-1:1:q"},
            {
                "Id": "TARGET",
                "Arn": f"arn:aws:ecs:eu-west-1:{ACCOUNT}:cluster/prod",
                "RoleArn": f"{IAM}:role/old",
                "Input": '{"containerOverrides":[]}',
                "EcsParameters": {"TaskDefinitionArn": "old", "TaskCount": 2},
            },
        ],
        "ResponseMetadata": {"RequestId": "1"},
    },
    "schedule": {
        "Arn": f"arn:aws:scheduler:eu-west-1:{ACCOUNT}:schedule/default/nightly",
        "Name": "nightly",
        "GroupName": "default",
        "CreationDate": "2026-01-01",
        "LastModificationDate": "2026-01-01",
        "ScheduleExpression": "rate(1 day)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {
            "Arn": f"arn:aws:ecs:eu-west-1:{ACCOUNT}:cluster/prod",
            "RoleArn": f"{IAM}:role/old",
            "Input": "{}",
            "EcsParameters": {"TaskDefinitionArn": "old", "LaunchType": "FARGATE"},
        },
        "ResponseMetadata": {"RequestId": "1"},
    },
}
"""What the bases of calls answer, by `prepare`."""

MORE = (
    "service linked",
    "delete policy",
    "delete version",
    "deregister",
    "empty profile",
    "no boundary",
    "no cluster settings",
    "secret",
    "no secret",
    "key",
    "no repository",
    "log group kept",
    "delete log group",
    "deploy again",
)


def every(snapshot: Snapshot) -> dict[str, c.AnyChange]:
    """The cases of the core's tests, and those that they lack."""
    role = f"{IAM}:role/checkout-task"
    full = next(one for one in snapshot.policies if one.policy_name == "shared-observability")
    service = next(one for one in snapshot.services if one.service_name == "checkout")
    secret = snapshot.secrets[0].arn
    repository = snapshot.repositories[0].repository_arn
    return cases(snapshot) | {
        "service linked": c.CreateServiceLinkedRole(service="ecs.amazonaws.com"),
        "delete policy": c.DeletePolicy(policy=full.arn),
        "delete version": c.DeletePolicyVersion(policy=full.arn, version_id="v1"),
        "deregister": c.DeregisterTaskDefinition(task_definition=service.task_definition or ""),
        "empty profile": c.SetInstanceProfileRole(profile=snapshot.instance_profiles[0].arn),
        "no boundary": c.PutBoundary(role=role),
        "no cluster settings": c.UpdateClusterExec(cluster=snapshot.clusters[0].cluster_arn),
        "secret": c.SetResourcePolicy(kind="secret", resource=secret, document=DOCUMENT),
        "no secret": c.SetResourcePolicy(kind="secret", resource=secret),
        "key": c.SetResourcePolicy(kind="key", resource=snapshot.keys[0].arn, document=DOCUMENT),
        "no repository": c.SetResourcePolicy(kind="repository", resource=repository),
        "log group kept": c.CreateLogGroup(log_group=f"{LOGS}:/new", retention_in_days=30),
        "delete log group": c.DeleteLogGroup(log_group=f"{LOGS}:/new"),
        "deploy again": c.UpdateService(service=service.service_arn, force_new_deployment=True),
    }
