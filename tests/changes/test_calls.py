"""The calls of changes: which, in what order, with what in them."""

import json
from typing import Any

import msgspec
import pytest

from ecsiam_tui.account.ecs import ClusterConfiguration, ManagedStorageConfiguration
from ecsiam_tui.account.iam import InstanceProfile
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.applying_ecs import next_revision
from ecsiam_tui.changes.calling import Call, Read
from ecsiam_tui.changes.calls import calls, plan_calls
from ecsiam_tui.changes.looking import ChangeError, replaced, with_fields
from ecsiam_tui.changes.plan import make
from ecsiam_tui.changes.preparing import laid_over, parameters, refusal
from tests.changes.every import ANSWERS, MORE, every
from tests.changes.test_core import ACCOUNT, DOCUMENT, ECS, IAM, KINDS, NEW

OPERATIONS: dict[str, tuple[str, ...]] = {
    "create role": ("CreateRole",),
    "put inline": ("PutRolePolicy",),
    "replace inline": ("PutRolePolicy",),
    "delete inline": ("DeleteRolePolicy",),
    "attach": ("AttachRolePolicy",),
    "detach": ("DetachRolePolicy",),
    "trust": ("UpdateAssumeRolePolicy",),
    "boundary": ("PutRolePermissionsBoundary",),
    "no boundary": ("DeleteRolePermissionsBoundary",),
    "tags": ("UntagRole", "TagRole"),
    "create policy": ("CreatePolicy",),
    "version": ("CreatePolicyVersion",),
    "sixth version": ("DeletePolicyVersion", "CreatePolicyVersion"),
    "default": ("SetDefaultPolicyVersion",),
    "delete version": ("DeletePolicyVersion",),
    "delete policy": (*("DeletePolicyVersion",) * 4, "DeletePolicy"),
    "profile": ("RemoveRoleFromInstanceProfile", "AddRoleToInstanceProfile"),
    "empty profile": ("RemoveRoleFromInstanceProfile",),
    "service linked": ("CreateServiceLinkedRole",),
    "register": ("RegisterTaskDefinition",),
    "deregister": ("DeregisterTaskDefinition",),
    "service": ("UpdateService",),
    "deploy again": ("UpdateService",),
    "cluster": ("UpdateCluster",),
    "no cluster settings": ("UpdateCluster",),
    "rule": ("PutTargets",),
    "schedule": ("UpdateSchedule",),
    "repository": ("SetRepositoryPolicy",),
    "no repository": ("DeleteRepositoryPolicy",),
    "secret": ("PutResourcePolicy",),
    "no secret": ("DeleteResourcePolicy",),
    "key": ("PutKeyPolicy",),
    "log group": ("CreateLogGroup",),
    "log group kept": ("CreateLogGroup", "PutRetentionPolicy"),
    "delete log group": ("DeleteLogGroup",),
}
ONCE = {"register", "version", "sixth version", "deploy again"}
"""What must not be sent twice."""


@pytest.mark.parametrize("kind", sorted({*KINDS, *MORE} - {"delete role"}))
def test_the_operations_and_where_they_go(demo_snapshot: Snapshot, kind: str) -> None:
    made = calls(every(demo_snapshot)[kind], demo_snapshot)
    assert tuple(call.operation for call in made) == OPERATIONS[kind]
    assert {call.region for call in made} == {"" if made[0].service == "iam" else "eu-west-1"}
    assert all(call.harmless_twice for call in made) == (kind not in ONCE)


def one(change: c.AnyChange, snapshot: Snapshot) -> Call:
    (call,) = calls(change, snapshot)
    return call


def test_a_role_is_made_with_all_that_it_has(demo_snapshot: Snapshot) -> None:
    change = c.CreateRole(
        role=NEW,
        trust=DOCUMENT,
        description="what",
        tags={"a": "b"},
        boundary=f"{IAM}:policy/edge",
        max_session_duration=7200,
    )
    assert one(change, demo_snapshot).parameters == {
        "Path": "/team/",
        "RoleName": "new-role",
        "AssumeRolePolicyDocument": DOCUMENT,
        "MaxSessionDuration": 7200,
        "Description": "what",
        "PermissionsBoundary": f"{IAM}:policy/edge",
        "Tags": [{"Key": "a", "Value": "b"}],
    }
    bare = one(c.CreateRole(role=NEW, trust=DOCUMENT), demo_snapshot).parameters
    assert set(bare) == {"Path", "RoleName", "AssumeRolePolicyDocument", "MaxSessionDuration"}


def test_a_role_is_deleted_after_all_that_holds_it(demo_snapshot: Snapshot) -> None:
    role = f"{IAM}:role/checkout-task"
    profile = InstanceProfile(
        instance_profile_name="box", arn=f"{IAM}:instance-profile/box", role_arns=(role,)
    )
    snapshot = with_fields(demo_snapshot, instance_profiles=(*demo_snapshot.instance_profiles, profile))
    made = calls(c.DeleteRole(role=role), snapshot)
    names = [call.operation for call in made]
    assert names == sorted(
        names,
        key=["RemoveRoleFromInstanceProfile", "DeleteRolePolicy", "DetachRolePolicy", "DeleteRole"].index,
    )
    found = next(found for found in snapshot.roles if found.arn == role)
    assert len(made) == 2 + len(found.role_policy_list) + len(found.attached_managed_policies)
    assert made[0].parameters == {"InstanceProfileName": "box", "RoleName": "checkout-task"}
    assert found.role_policy_list
    assert found.attached_managed_policies


def test_the_version_that_goes_is_the_oldest_and_not_the_default(demo_snapshot: Snapshot) -> None:
    full = next(one for one in demo_snapshot.policies if one.policy_name == "shared-observability")
    gone, made = calls(c.CreatePolicyVersion(policy=full.arn, document=DOCUMENT), demo_snapshot)
    assert gone.parameters == {"PolicyArn": full.arn, "VersionId": "v1"}
    assert made.parameters == {"PolicyArn": full.arn, "PolicyDocument": DOCUMENT, "SetAsDefault": True}
    others = [
        call.parameters.get("VersionId") for call in calls(c.DeletePolicy(policy=full.arn), demo_snapshot)
    ]
    assert full.default_version_id not in others


def test_an_instance_profile_that_has_the_role_needs_no_call(demo_snapshot: Snapshot) -> None:
    profile = next(one for one in demo_snapshot.instance_profiles if one.role_arns)
    change = c.SetInstanceProfileRole(profile=profile.arn, role=profile.role_arns[0])
    assert calls(change, demo_snapshot) == ()


def test_a_revision_is_its_base_read_anew_and_edited(demo_snapshot: Snapshot) -> None:
    base = f"{ECS}:task-definition/web:3"
    edits = (
        c.Edit(path=("executionRoleArn",), value="new"),
        c.Edit(path=("containerDefinitions", 0, "image"), value="y"),
    )
    change = c.RegisterTaskDefinition(base=base, task_definition=f"{ECS}:task-definition/web:4", edits=edits)
    call = one(change, demo_snapshot)
    assert call.base == Read("ecs", "DescribeTaskDefinition", {"taskDefinition": base, "include": ["TAGS"]})
    assert (call.guess, call.answer) == (change.task_definition, ("taskDefinition", "taskDefinitionArn"))
    assert parameters(call, ANSWERS["task-definition"]) == {
        "family": "web",
        "containerDefinitions": [
            {"name": "app", "image": "y", "environment": [{"name": "A", "value": "kept"}]}
        ],
        "executionRoleArn": "new",
        "tags": [{"key": "team", "value": "web"}],
    }
    assert ANSWERS["task-definition"]["taskDefinition"]["containerDefinitions"][0]["image"] == "x"
    assert "kept" not in repr(call)


def test_no_tags_are_not_an_empty_list_of_tags(demo_snapshot: Snapshot) -> None:
    call = one(every(demo_snapshot)["register"], demo_snapshot)
    given = parameters(call, ANSWERS["task-definition"] | {"tags": []})
    assert "tags" not in given


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"task_definition": "TD"}, {"taskDefinition": "TD"}),
        ({"enable_execute_command": False}, {"enableExecuteCommand": False}),
        (
            {"enable_execute_command": True, "force_new_deployment": True},
            {"enableExecuteCommand": True, "forceNewDeployment": True},
        ),
    ],
)
def test_a_service_is_told_what_changes_alone(
    demo_snapshot: Snapshot, fields: dict[str, Any], said: dict[str, Any]
) -> None:
    service = next(one for one in demo_snapshot.services if one.service_name == "checkout")
    call = one(c.UpdateService(service=service.service_arn, **fields), demo_snapshot)
    cluster = service.cluster_arn.rsplit("/", 1)[-1]
    assert call.parameters == {"cluster": cluster, "service": "checkout"} | said


def test_a_cluster_keeps_what_it_says_of_storage(demo_snapshot: Snapshot) -> None:
    arn = demo_snapshot.clusters[0].cluster_arn
    storage = ManagedStorageConfiguration(kms_key_id="k", fargate_ephemeral_storage_kms_key_id="f")

    def with_storage(cluster: Any) -> Any:
        own = ClusterConfiguration(managed_storage_configuration=storage)
        return msgspec.structs.replace(cluster, configuration=own)

    clusters = replaced(demo_snapshot.clusters, lambda one: one.cluster_arn == arn, with_storage)
    snapshot = with_fields(demo_snapshot, clusters=clusters)
    kept = {"managedStorageConfiguration": {"kmsKeyId": "k", "fargateEphemeralStorageKmsKeyId": "f"}}
    change = c.UpdateClusterExec(cluster=arn, configuration={"logging": "NONE"})
    assert (
        one(change, snapshot).parameters["configuration"]
        == {"executeCommandConfiguration": {"logging": "NONE"}} | kept
    )
    assert one(c.UpdateClusterExec(cluster=arn), snapshot).parameters["configuration"] == kept


@pytest.mark.parametrize(
    ("resource", "said"),
    [
        ("rule/nightly", {"Rule": "nightly", "EventBusName": "default"}),
        ("rule/orders/nightly", {"Rule": "nightly", "EventBusName": "orders"}),
        ("rule/aws.partner/x.com/y/nightly", {"Rule": "nightly", "EventBusName": "aws.partner/x.com/y"}),
    ],
)
def test_a_rule_is_named_with_its_bus(demo_snapshot: Snapshot, resource: str, said: dict[str, str]) -> None:
    rule = f"arn:aws:events:eu-west-1:{ACCOUNT}:{resource}"
    call = one(c.PutRuleTarget(rule=rule, target_id="TARGET", role="R"), demo_snapshot)
    assert call.parameters == said | {"Targets": [{"Id": "TARGET", "RoleArn": "R"}]}
    assert call.base == Read("events", "ListTargetsByRule", said | {"Limit": 100})


def test_a_target_keeps_all_that_does_not_change(demo_snapshot: Snapshot) -> None:
    rule = f"arn:aws:events:eu-west-1:{ACCOUNT}:rule/nightly"
    change = c.PutRuleTarget(rule=rule, target_id="TARGET", role="R", task_definition="TD")
    (target,) = parameters(one(change, demo_snapshot), ANSWERS["rule-target"])["Targets"]
    before = ANSWERS["rule-target"]["Targets"][1]
    assert target == before | {
        "RoleArn": "R",
        "EcsParameters": {"TaskDefinitionArn": "TD", "TaskCount": 2},
    }


def test_a_schedule_keeps_all_that_does_not_change(demo_snapshot: Snapshot) -> None:
    schedule = f"arn:aws:scheduler:eu-west-1:{ACCOUNT}:schedule/nights/nightly"
    call = one(c.UpdateSchedule(schedule=schedule, task_definition="TD"), demo_snapshot)
    assert call.base == Read("scheduler", "GetSchedule", {"Name": "nightly", "GroupName": "nights"})
    given = parameters(call, ANSWERS["schedule"])
    assert given == {
        "Name": "nightly",
        "GroupName": "nights",
        "ScheduleExpression": "rate(1 day)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": ANSWERS["schedule"]["Target"]
        | {"EcsParameters": {"TaskDefinitionArn": "TD", "LaunchType": "FARGATE"}},
    }


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            c.SetResourcePolicy(
                kind="repository", resource=f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/a/b", document="D"
            ),
            {"registryId": ACCOUNT, "repositoryName": "a/b", "policyText": "D"},
        ),
        (
            c.SetResourcePolicy(kind="key", resource=f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/k", document="D"),
            {"KeyId": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/k", "PolicyName": "default", "Policy": "D"},
        ),
        (
            c.DeleteLogGroup(log_group=f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/ecs/a:*"),
            {"logGroupName": "/ecs/a"},
        ),
    ],
)
def test_resources_are_named_as_their_services_name_them(
    demo_snapshot: Snapshot, change: c.AnyChange, said: dict[str, Any]
) -> None:
    assert one(change, demo_snapshot).parameters == said


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            c.SetResourcePolicy(kind="key", resource=f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/k"),
            "always has a policy",
        ),
        (c.CreateLogGroup(log_group="/ecs/a"), "no ARN with a region"),
        (c.UpdateService(service=f"{ECS}:service/x/y"), "there is no service y"),
        (c.UpdateClusterExec(cluster=f"{ECS}:cluster/none"), "there is no cluster none"),
        (c.SetInstanceProfileRole(profile=f"{IAM}:instance-profile/none"), "none was not read"),
        (c.DeleteRole(role=f"{IAM}:role/none"), "there is no role none"),
    ],
)
def test_what_cannot_be_called_says_so(demo_snapshot: Snapshot, change: c.AnyChange, message: str) -> None:
    with pytest.raises(ChangeError, match=message):
        calls(change, demo_snapshot)


def test_the_calls_of_a_plan_are_those_of_the_account_at_their_turn(demo_snapshot: Snapshot) -> None:
    service = next(one for one in demo_snapshot.services if one.service_name == "checkout")
    base = service.task_definition or ""
    made = next_revision(base, demo_snapshot)
    changes = (
        c.CreateRole(role=NEW, trust=DOCUMENT),
        c.PutRolePolicy(role=NEW, name="p", document=DOCUMENT),
        c.RegisterTaskDefinition(
            base=base, task_definition=made, edits=(c.Edit(path=("taskRoleArn",), value=NEW),)
        ),
        c.UpdateService(service=service.service_arn, task_definition=made),
        c.DeleteRole(role=NEW),
    )
    planned = plan_calls(make(demo_snapshot, changes), demo_snapshot)
    assert tuple(change for change, _ in planned) == changes
    assert [[call.operation for call in made] for _, made in planned] == [
        ["CreateRole"],
        ["PutRolePolicy"],
        ["RegisterTaskDefinition"],
        ["UpdateService"],
        ["DeleteRolePolicy", "DeleteRole"],
    ]
    assert planned[3][1][0].parameters["taskDefinition"] == planned[2][1][0].guess


def test_laying_over_merges_objects_and_leaves_both_as_they_were() -> None:
    base, over = {"a": {"b": 1, "c": [1]}, "d": 1}, {"a": {"c": [2]}, "d": {"e": 1}}
    kept = json.dumps([base, over])
    assert laid_over(base, over) == {"a": {"b": 1, "c": [2]}, "d": {"e": 1}}
    assert json.dumps([base, over]) == kept


def test_an_answer_that_refuses_without_being_an_error_is_told() -> None:
    call = Call("events", "PutTargets")
    failed = {"FailedEntryCount": 1, "FailedEntries": [{"ErrorCode": "X", "ErrorMessage": "not this"}]}
    assert refusal(call, failed) == "X: not this"
    assert refusal(call, {"FailedEntryCount": 0, "FailedEntries": []}) == ""
    assert refusal(Call("iam", "PutRolePolicy"), failed) == ""
