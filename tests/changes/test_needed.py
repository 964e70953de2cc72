"""What whoever applies a plan needs, and whether they have it."""

import json
from typing import Any

import pytest

from ecsiam_tui.account.iam import InlinePolicy, Role
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.applying_ecs import next_revision
from ecsiam_tui.changes.looking import with_fields
from ecsiam_tui.changes.needed import check_applier, of_plan
from ecsiam_tui.changes.plan import Plan, make
from ecsiam_tui.ecs.needs import Needs
from ecsiam_tui.ecs.requirement import Requirement
from ecsiam_tui.ecs.surroundings import Surroundings
from ecsiam_tui.policy.account import AccountPolicies
from ecsiam_tui.policy.catalogue import load
from tests.changes.every import LOGS, every
from tests.changes.test_core import ACCOUNT, DOCUMENT, ECS, IAM, NEW

ADMIN = f"{IAM}:role/PlatformAdmin"
DEPLOYER = f"{IAM}:role/github-deploy"


def asked(change: c.AnyChange, snapshot: Snapshot) -> dict[str, Requirement]:
    found = of_plan(make(snapshot, [change]), snapshot, ADMIN)
    return {one.action: one for one in found}


def test_a_role_with_tags_and_boundary_needs_the_tagging_too(demo_snapshot: Snapshot) -> None:
    boundary = f"{IAM}:policy/boundaries/team-boundary"
    change = c.CreateRole(role=NEW, trust=DOCUMENT, tags={"team": "web"}, boundary=boundary)
    found = asked(change, demo_snapshot)
    assert list(found) == ["iam:CreateRole", "iam:TagRole"]
    assert {one.resource for one in found.values()} == {NEW}
    tags = {"aws:RequestTag/team": "web"}
    assert found["iam:CreateRole"].context == tags | {"iam:PermissionsBoundary": boundary}
    assert tags.items() <= found["iam:TagRole"].context.items()
    assert list(asked(c.CreateRole(role=NEW, trust=DOCUMENT), demo_snapshot)) == ["iam:CreateRole"]


def test_what_is_done_to_a_role_carries_its_policy_and_boundary(demo_snapshot: Snapshot) -> None:
    ledger = next(one for one in demo_snapshot.roles if one.role_name == "ledger-task")
    policy = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    found = asked(c.AttachRolePolicy(role=ledger.arn, policy=policy), demo_snapshot)
    assert found["iam:AttachRolePolicy"].context == {
        "iam:PermissionsBoundary": f"{IAM}:policy/boundaries/team-boundary",
        "iam:PolicyARN": policy,
    }


def test_a_revision_needs_its_roles_passed_and_its_tags_set(demo_snapshot: Snapshot) -> None:
    service = next(one for one in demo_snapshot.services if one.service_name == "orders")
    base = service.task_definition or ""
    edits = (c.Edit(path=("executionRoleArn",), value=NEW),)
    changes = (
        c.CreateRole(role=NEW, trust=DOCUMENT),
        c.RegisterTaskDefinition(base=base, task_definition=next_revision(base, demo_snapshot), edits=edits),
        c.UpdateService(service=service.service_arn, task_definition=next_revision(base, demo_snapshot)),
    )
    found = of_plan(make(demo_snapshot, changes), demo_snapshot, ADMIN)
    needs = {(one.action, one.resource): one for one in found}
    passed = needs["iam:PassRole", NEW]
    assert passed.context["iam:PassedToService"] == "ecs-tasks.amazonaws.com"
    assert ("iam:PassRole", f"{IAM}:role/orders-task") in needs
    assert ("iam:PassRole", f"{IAM}:role/orders-exec") not in needs
    register = needs["ecs:RegisterTaskDefinition", f"{ECS}:task-definition/orders:*"]
    assert register.context["ecs:privileged"] == "false"
    definition = next(one for one in demo_snapshot.task_definitions if one.task_definition_arn == base)
    assert bool(definition.tags) == (("ecs:TagResource", register.resource) in needs)
    update = needs["ecs:UpdateService", service.service_arn]
    assert update.context["ecs:task-definition"] == next_revision(base, demo_snapshot)
    assert {one.role_kind for one in found} == {"deployer"}


def test_roles_that_ecs_has_already_are_only_recommended_to_be_passed(demo_snapshot: Snapshot) -> None:
    service = next(one for one in demo_snapshot.services if one.service_name == "media")
    change = c.UpdateService(service=service.service_arn, force_new_deployment=True)
    found = of_plan(make(demo_snapshot, [change]), demo_snapshot, ADMIN)
    passed = [one for one in found if one.action == "iam:PassRole"]
    assert [(one.resource, one.necessity) for one in passed] == [
        (f"{IAM}:role/ecsInfrastructureVolumes", "recommended")
    ]
    assert passed[0].context["iam:PassedToService"] == "ecs.amazonaws.com"


@pytest.mark.parametrize(
    ("kind", "actions", "to"),
    [
        ("rule", ("events:ListTargetsByRule", "events:PutTargets"), "events.amazonaws.com"),
        ("schedule", ("scheduler:GetSchedule", "scheduler:UpdateSchedule"), "scheduler.amazonaws.com"),
    ],
)
def test_a_launcher_is_read_and_its_role_is_passed(
    demo_snapshot: Snapshot, kind: str, actions: tuple[str, ...], to: str
) -> None:
    change = every(demo_snapshot)[kind]
    found = asked(change, demo_snapshot)
    assert tuple(found) == (*actions, "iam:PassRole")
    assert {found[action].resource for action in actions} == {change.target}
    assert found["iam:PassRole"].context["iam:PassedToService"] == to


def test_a_role_of_hosts_is_passed_to_ec2(demo_snapshot: Snapshot) -> None:
    change = every(demo_snapshot)["profile"]
    found = asked(change, demo_snapshot)
    assert list(found) == [
        "iam:RemoveRoleFromInstanceProfile",
        "iam:AddRoleToInstanceProfile",
        "iam:PassRole",
    ]
    assert found["iam:AddRoleToInstanceProfile"].resource == change.target
    assert found["iam:PassRole"].context["iam:PassedToService"] == "ec2.amazonaws.com"


def test_other_resources_are_named_as_their_service_authorizes_them(demo_snapshot: Snapshot) -> None:
    group = asked(c.CreateLogGroup(log_group=f"{LOGS}:a", retention_in_days=7), demo_snapshot)
    assert {one.resource for one in group.values()} == {f"{LOGS}:a:*"}
    assert list(group) == ["logs:CreateLogGroup", "logs:PutRetentionPolicy"]
    gone = asked(every(demo_snapshot)["deregister"], demo_snapshot)
    assert gone["ecs:DeregisterTaskDefinition"].resource == "*"
    linked = asked(c.CreateServiceLinkedRole(service="ecs.amazonaws.com"), demo_snapshot)
    assert linked["iam:CreateServiceLinkedRole"].context["iam:AWSServiceName"] == "ecs.amazonaws.com"


def test_every_need_is_an_action_that_there_is(demo_snapshot: Snapshot) -> None:
    catalogue = load()
    for kind, change in every(demo_snapshot).items():
        found = asked(change, demo_snapshot)
        assert found, kind
        assert [action for action in found if catalogue.number(action) is None] == [], kind


# Whether the applier has it


def judged(snapshot: Snapshot, principal: str, *changes: c.AnyChange) -> dict[str, str]:
    needs = Needs(AccountPolicies(snapshot), Surroundings(snapshot))
    plan = Plan(ACCOUNT, snapshot.taken_at, changes)
    return {one.requirement.action: one.status for one in check_applier(plan, snapshot, needs, principal)}


def test_an_administrator_may_and_a_pipeline_may_not(demo_snapshot: Snapshot) -> None:
    change = c.CreateRole(role=NEW, trust=DOCUMENT)
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/PlatformAdmin/ana"
    for may in (ADMIN, session, f"{IAM}:root"):
        assert judged(demo_snapshot, may, change) == {"iam:CreateRole": "met"}
    assert judged(demo_snapshot, DEPLOYER, change) == {"iam:CreateRole": "missing"}
    deploy = every(demo_snapshot)["register"]
    assert set(judged(demo_snapshot, DEPLOYER, deploy).values()) == {"met"}
    assert judged(demo_snapshot, "", change) == {}


def applier(*statements: dict[str, Any]) -> Role:
    document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    own = InlinePolicy(policy_name="own", policy_document=document)
    return Role(role_name="applier", arn=f"{IAM}:role/applier", role_policy_list=(own,))


@pytest.mark.parametrize(
    ("tags", "status"), [({"team": "web"}, "met"), ({"team": "ops"}, "missing"), ({}, "depends")]
)
def test_tags_of_a_role_that_the_plan_makes_are_known(
    demo_snapshot: Snapshot, tags: dict[str, str], status: str
) -> None:
    role = applier(
        {"Effect": "Allow", "Action": ["iam:CreateRole", "iam:TagRole"], "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": "iam:PutRolePolicy",
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:ResourceTag/team": "web"}},
        },
    )
    snapshot = with_fields(demo_snapshot, roles=(*demo_snapshot.roles, role))
    changes = (
        c.CreateRole(role=NEW, trust=DOCUMENT, tags=tags),
        c.PutRolePolicy(role=NEW, name="p", document=DOCUMENT),
    )
    assert judged(snapshot, role.arn, *changes)["iam:PutRolePolicy"] == status


def test_a_boundary_that_must_be_set_is_seen(demo_snapshot: Snapshot) -> None:
    boundary = f"{IAM}:policy/boundaries/team-boundary"
    condition = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    role = applier({"Effect": "Allow", "Action": "iam:CreateRole", "Resource": "*", "Condition": condition})
    snapshot = with_fields(demo_snapshot, roles=(*demo_snapshot.roles, role))
    bounded = c.CreateRole(role=NEW, trust=DOCUMENT, boundary=boundary)
    assert judged(snapshot, role.arn, bounded) == {"iam:CreateRole": "met"}
    other = c.CreateRole(role=NEW, trust=DOCUMENT, boundary=f"{IAM}:policy/orders-data-access")
    assert judged(snapshot, role.arn, other) == {"iam:CreateRole": "missing"}
