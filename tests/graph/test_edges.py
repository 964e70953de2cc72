"""Each kind of edge: there when the field that makes it is filled, not there when it is not."""

from collections.abc import Callable
from typing import Any

import pytest

from ecsiam_tui.account.compute import Instance
from ecsiam_tui.account.iam import Group, InstanceProfile, PermissionsBoundary, User
from ecsiam_tui.account.launchers import DeploymentGroup, ScalableTarget, Schedule
from ecsiam_tui.account.resources import LambdaFunction, LogGroup
from ecsiam_tui.graph import EdgeKind
from tests.graph.builders import (
    CLUSTER,
    DEFINITION,
    REGION,
    ROLE,
    arn,
    attached,
    cluster,
    container,
    convert,
    definition,
    document,
    estate,
    inline,
    policy,
    role,
    service,
    statement,
    task,
    trust,
)

Fields = dict[str, Any]
HOST = arn("ecs", "container-instance/prod/c1")
PROFILE = arn("iam", "instance-profile/ecs")
FUNCTION = arn("lambda", "function:hook")
BOUNDARY = PermissionsBoundary(permissions_boundary_arn=arn("iam", "policy/edge"))


def of_service(**fields: Any) -> Fields:
    return {"services": (service(**fields),), "clusters": (cluster(),)}


def of_definition(**fields: Any) -> Fields:
    return {"task_definitions": (definition(**fields),)}


def of_container(**fields: Any) -> Fields:
    return of_definition(containerDefinitions=container(**fields))


def of_task(**fields: Any) -> Fields:
    return {"tasks": (task(**fields),)}


def of_role(**fields: Any) -> Fields:
    return {"roles": (role(**fields),), "policies": (policy("p"),)}


def of_policy(*statements: dict[str, Any]) -> Fields:
    held = role("holder", attached_managed_policies=attached("p"))
    return {"roles": (role(), held), "policies": (policy("p", *statements),)}


def of_profile(**fields: Any) -> Fields:
    profile = InstanceProfile(instance_profile_name="ecs", arn=PROFILE, **fields)
    return {"instance_profiles": (profile,)}


def of_instance(**fields: Any) -> Fields:
    return {"instances": (convert(Instance, InstanceId="i-1", region=REGION, **fields),)}


def of_user(**fields: Any) -> Fields:
    group = Group(group_name="devs", arn=arn("iam", "group/devs"))
    return {"users": (User(user_name="ana", arn=arn("iam", "user/ana"), **fields),), "groups": (group,)}


def of_launcher(**fields: Any) -> Fields:
    target = {"Arn": CLUSTER, "EcsParameters": {"TaskDefinitionArn": DEFINITION}, **fields}
    made = convert(Schedule, Arn=arn("scheduler", "schedule/default/s"), Name="s", Target=target)
    return {"schedules": (made,)}


def of_codedeploy(**fields: Any) -> Fields:
    made = convert(DeploymentGroup, applicationName="a", deploymentGroupName="g", region=REGION, **fields)
    return {**of_service(), "deployment_groups": (made,)}


def of_scaling(resource: str) -> Fields:
    return {**of_service(), "scalable_targets": (ScalableTarget(resource_id=resource, region=REGION),)}


def of_function(**fields: Any) -> Fields:
    return {"functions": (LambdaFunction(function_arn=FUNCTION, function_name="hook", **fields),)}


def of_log_group(**fields: Any) -> Fields:
    return {"log_groups": (LogGroup(arn=arn("logs", "log-group:/g"), log_group_name="/g", **fields),)}


HOOK = {"lifecycleHooks": [{"hookTargetArn": FUNCTION, "roleArn": ROLE}]}
EBS = {"deployments": [{"volumeConfigurations": [{"name": "v", "managedEBSVolume": {"roleArn": ROLE}}]}]}
NO_EBS: Fields = {"deployments": [{"volumeConfigurations": [{"name": "v", "managedEBSVolume": {}}]}]}
LOGS = {"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/g"}}}
NO_LOGS = {"logConfiguration": {"logDriver": "json-file", "options": {"awslogs-group": "/g"}}}
ENV_FILE = {"environmentFiles": [{"value": "arn:aws:s3:::b/f.env"}]}
EFS = {"name": "v", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}
PASS_ROLE = statement("iam:PassRole", ROLE)

CASES: dict[EdgeKind, tuple[Callable[[], Fields], Callable[[], Fields]]] = {
    EdgeKind.CONTAINS: (of_service, lambda: {"clusters": (cluster(),)}),
    EdgeKind.RUNS: (lambda: of_service(taskDefinition=DEFINITION), of_service),
    EdgeKind.STARTED_FROM: (lambda: of_task(taskDefinitionArn=DEFINITION), of_task),
    EdgeKind.PLACED_ON: (lambda: of_task(containerInstanceArn=HOST), of_task),
    EdgeKind.USES_TASK_ROLE: (lambda: of_definition(taskRoleArn=ROLE), of_definition),
    EdgeKind.USES_EXECUTION_ROLE: (lambda: of_definition(executionRoleArn=ROLE), of_definition),
    EdgeKind.USES_INSTANCE_PROFILE: (
        lambda: of_instance(IamInstanceProfile={"Arn": PROFILE}),
        of_instance,
    ),
    EdgeKind.USES_INSTANCE_ROLE: (lambda: of_profile(role_arns=(ROLE,)), of_profile),
    EdgeKind.USES_INFRASTRUCTURE_ROLE: (lambda: of_service(**EBS), lambda: of_service(**NO_EBS)),
    EdgeKind.USES_HOOK_ROLE: (
        lambda: of_service(deploymentConfiguration=HOOK),
        lambda: of_service(deploymentConfiguration={"lifecycleHooks": [{"targetType": "PAUSE"}]}),
    ),
    EdgeKind.USES_SERVICE_ROLE: (lambda: of_service(roleArn=ROLE), of_service),
    EdgeKind.USES_LAUNCHER_ROLE: (lambda: of_launcher(RoleArn=ROLE), of_launcher),
    EdgeKind.USES_FUNCTION_ROLE: (lambda: of_function(role=ROLE), of_function),
    EdgeKind.PASSES: (lambda: of_policy(PASS_ROLE), lambda: of_policy(statement("iam:GetRole", ROLE))),
    EdgeKind.ASSUMES: (
        lambda: of_role(assume_role_policy_document=trust({"Service": "ecs-tasks.amazonaws.com"})),
        lambda: of_role(assume_role_policy_document=document()),
    ),
    EdgeKind.ATTACHED: (lambda: of_role(attached_managed_policies=attached("p")), of_role),
    EdgeKind.INLINE: (lambda: of_role(role_policy_list=(inline("own"),)), of_role),
    EdgeKind.MEMBER_OF: (lambda: of_user(group_list=("devs",)), of_user),
    EdgeKind.BOUNDED_BY: (lambda: of_role(permissions_boundary=BOUNDARY), of_role),
    EdgeKind.NAMES: (
        lambda: of_policy(statement("iam:GetRole", ROLE)),
        lambda: of_policy(statement("iam:GetRole", "*")),
    ),
    EdgeKind.PULLS_IMAGE: (of_container, lambda: of_container(image="")),
    EdgeKind.READS_SECRET: (
        lambda: of_container(secrets=[{"name": "P", "valueFrom": "p"}]),
        of_container,
    ),
    EdgeKind.READS_FILE: (lambda: of_container(**ENV_FILE), of_container),
    EdgeKind.LOGS_TO: (lambda: of_container(**LOGS), lambda: of_container(**NO_LOGS)),
    EdgeKind.ENCRYPTS_WITH: (lambda: of_log_group(kms_key_id="k-1"), of_log_group),
    EdgeKind.MOUNTS: (lambda: of_definition(volumes=[EFS]), lambda: of_definition(volumes=[{"name": "v"}])),
    EdgeKind.INVOKES: (
        lambda: of_service(deploymentConfiguration=HOOK),
        lambda: of_service(deploymentConfiguration={}),
    ),
    EdgeKind.SCHEDULES: (of_launcher, of_definition),
    EdgeKind.DEPLOYS: (
        lambda: of_codedeploy(ecsServices=[{"serviceName": "web", "clusterName": "prod"}]),
        of_codedeploy,
    ),
    EdgeKind.SCALES: (lambda: of_scaling("service/prod/web"), lambda: of_scaling("service/prod/other")),
}


BESIDE: dict[EdgeKind, set[EdgeKind]] = {
    EdgeKind.USES_HOOK_ROLE: {EdgeKind.INVOKES},
    EdgeKind.INVOKES: {EdgeKind.USES_HOOK_ROLE},
    EdgeKind.SCHEDULES: {EdgeKind.PLACED_ON},
}
"""What the same field makes besides."""


def kinds(fields: Fields) -> list[str]:
    return [kind for *_, kind in estate(**fields).nx.edges(keys=True)]


def test_every_kind_of_edge_is_in_the_table() -> None:
    assert set(CASES) == set(EdgeKind)


@pytest.mark.parametrize("kind", EdgeKind)
def test_an_edge_is_made_once_and_only_by_its_field(kind: EdgeKind) -> None:
    filled, empty = CASES[kind]
    assert kinds(filled()).count(kind) == 1
    assert kind not in kinds(empty())


@pytest.mark.parametrize("kind", EdgeKind)
def test_one_field_makes_no_edge_of_an_unrelated_kind(kind: EdgeKind) -> None:
    filled, empty = CASES[kind]
    more = set(kinds(filled())) - set(kinds(empty())) - {kind}
    assert more <= BESIDE.get(kind, set())
