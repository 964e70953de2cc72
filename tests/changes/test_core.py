"""Every change: applied, taken back, staged, written to a file and read again."""

import json
from typing import Any

import pytest

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.applying import apply_all, apply_to
from ecsiam_tui.changes.applying_ecs import next_revision
from ecsiam_tui.changes.inverting import inverse, inverse_of_all
from ecsiam_tui.changes.looking import ChangeError
from ecsiam_tui.changes.plan import PlanError, after, from_json, make, move, stage, to_json, unstage
from ecsiam_tui.changes.targets import drift, states

ACCOUNT = "123456789012"
IAM = f"arn:aws:iam::{ACCOUNT}"
ECS = f"arn:aws:ecs:eu-west-1:{ACCOUNT}"
DOCUMENT = json.dumps({"Version": "2012-10-17", "Statement": []})
NEW = f"{IAM}:role/team/new-role"


def first(snapshot: Snapshot, name: str) -> Any:
    return getattr(snapshot, name)[0]


def cases(snapshot: Snapshot) -> dict[str, c.AnyChange]:
    """A change of every kind that fits the demo account."""
    role = f"{IAM}:role/checkout-task"
    policy = next(one for one in snapshot.policies if one.policy_name == "orders-data-access")
    full = next(one for one in snapshot.policies if one.policy_name == "shared-observability")
    service = next(one for one in snapshot.services if one.service_name == "checkout")
    rule = next(one for one in snapshot.rules if one.targets)
    base = service.task_definition or ""
    return {
        "create role": c.CreateRole(role=NEW, trust=DOCUMENT, tags={"a": "b"}, description="x"),
        "delete role": c.DeleteRole(role=f"{IAM}:role/old-crawler-task"),
        "put inline": c.PutRolePolicy(role=role, name="extra", document=DOCUMENT),
        "replace inline": c.PutRolePolicy(role=role, name="app", document=DOCUMENT),
        "delete inline": c.DeleteRolePolicy(role=role, name="app"),
        "attach": c.AttachRolePolicy(role=role, policy="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"),
        "detach": c.DetachRolePolicy(role=role, policy="arn:aws:iam::aws:policy/ReadOnlyAccess"),
        "trust": c.UpdateTrust(role=role, trust=DOCUMENT),
        "boundary": c.PutBoundary(role=role, boundary=policy.arn),
        "tags": c.TagRole(role=role, tags={"team": "other", "new": "x"}, remove=("service",)),
        "create policy": c.CreatePolicy(policy=f"{IAM}:policy/fresh", document=DOCUMENT),
        "version": c.CreatePolicyVersion(policy=policy.arn, document=DOCUMENT),
        "sixth version": c.CreatePolicyVersion(policy=full.arn, document=DOCUMENT),
        "default": c.SetDefaultPolicyVersion(policy=policy.arn, version_id="v1", document=DOCUMENT),
        "profile": c.SetInstanceProfileRole(profile=first(snapshot, "instance_profiles").arn, role=role),
        "register": c.RegisterTaskDefinition(
            base=base,
            task_definition=next_revision(base, snapshot),
            edits=(c.Edit(path=("executionRoleArn",), value=role),),
        ),
        "service": c.UpdateService(service=service.service_arn, enable_execute_command=False),
        "cluster": c.UpdateClusterExec(
            cluster=first(snapshot, "clusters").cluster_arn, configuration={"logging": "NONE"}
        ),
        "rule": c.PutRuleTarget(rule=rule.arn, target_id=rule.targets[0].id or "", role=role),
        "schedule": c.UpdateSchedule(schedule=first(snapshot, "schedules").arn, task_definition=base),
        "repository": c.SetResourcePolicy(
            kind="repository", resource=first(snapshot, "repositories").repository_arn, document=DOCUMENT
        ),
        "log group": c.CreateLogGroup(log_group=f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/new"),
    }


KINDS = (
    "create role",
    "delete role",
    "put inline",
    "replace inline",
    "delete inline",
    "attach",
    "detach",
    "trust",
    "boundary",
    "tags",
    "create policy",
    "version",
    "sixth version",
    "default",
    "profile",
    "register",
    "service",
    "cluster",
    "rule",
    "schedule",
    "repository",
    "log group",
)
CHANGES_NOTHING = {"register", "delete role", "sixth version", "delete inline", "detach"}
"""What undoing leaves different in the snapshot: an order, an unknown id, a number that is used up."""


@pytest.mark.parametrize("kind", KINDS)
def test_a_change_changes_its_target_and_its_inverse_changes_it_back(
    demo_snapshot: Snapshot, kind: str
) -> None:
    change = cases(demo_snapshot)[kind]
    there = apply_to(change, demo_snapshot)
    before, now = states([change.target], demo_snapshot), states([change.target], there)
    assert drift(before, now)
    back = apply_all(inverse(change, demo_snapshot), there)
    if kind not in CHANGES_NOTHING:
        assert drift(before, states([change.target], back)) == {}


@pytest.mark.parametrize("kind", KINDS)
def test_a_change_leaves_everything_else(demo_snapshot: Snapshot, kind: str) -> None:
    change = cases(demo_snapshot)[kind]
    there = apply_to(change, demo_snapshot)
    others = [role.arn for role in demo_snapshot.roles if role.arn != change.target]
    assert drift(states(others, demo_snapshot), states(others, there)) == {}


@pytest.mark.parametrize("kind", KINDS)
def test_a_plan_is_the_same_after_a_file(demo_snapshot: Snapshot, kind: str) -> None:
    plan = make(demo_snapshot, [cases(demo_snapshot)[kind]], "a title")
    assert from_json(to_json(plan)) == plan


def test_undo_of_several_goes_backwards(demo_snapshot: Snapshot) -> None:
    changes = (
        c.CreateRole(role=NEW, trust=DOCUMENT),
        c.PutRolePolicy(role=NEW, name="p", document=DOCUMENT),
        c.AttachRolePolicy(role=NEW, policy="arn:aws:iam::aws:policy/ReadOnlyAccess"),
    )
    undo = inverse_of_all(changes, demo_snapshot)
    assert [type(one).__name__ for one in undo] == ["DetachRolePolicy", "DeleteRolePolicy", "DeleteRole"]
    there = apply_all(changes, demo_snapshot)
    assert apply_all(undo, there).roles == demo_snapshot.roles


def test_the_sixth_version_takes_the_place_of_the_oldest(demo_snapshot: Snapshot) -> None:
    change = cases(demo_snapshot)["sixth version"]
    before = next(one for one in demo_snapshot.policies if one.arn == change.target)
    found = next(one for one in apply_to(change, demo_snapshot).policies if one.arn == change.target)
    assert len(before.policy_version_list) == len(found.policy_version_list) == 5
    assert found.default_version_id == "v6"


def test_a_registered_revision_is_the_newest_and_has_its_edits(demo_snapshot: Snapshot) -> None:
    change = cases(demo_snapshot)["register"]
    there = apply_to(change, demo_snapshot)
    made = next(one for one in there.task_definitions if one.task_definition_arn == change.target)
    family = [one for one in there.task_definitions if one.family == made.family]
    assert [one.task_definition_arn for one in family if one.latest] == [change.target]
    assert made.execution_role_arn == f"{IAM}:role/checkout-task"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (c.PutRolePolicy(role=f"{IAM}:role/none", name="p", document=DOCUMENT), "there is no role none"),
        (c.CreateRole(role=f"{IAM}:role/CHECKOUT-task", trust=DOCUMENT), "there is a role CHECKOUT-task"),
        (c.DeleteRolePolicy(role=f"{IAM}:role/checkout-task", name="none"), "has no inline policy none"),
        (c.DetachRolePolicy(role=f"{IAM}:role/checkout-task", policy="x/y"), "y is not attached"),
        (c.CreatePolicyVersion(policy=f"{IAM}:policy/none", document=DOCUMENT), "none was not read"),
        (c.UpdateService(service=f"{ECS}:service/x/y"), "there is no service y"),
        (
            c.RegisterTaskDefinition(base=f"{ECS}:task-definition/x:1", task_definition="x"),
            "x:1 was not read",
        ),
    ],
)
def test_what_does_not_fit_says_so(demo_snapshot: Snapshot, change: c.AnyChange, message: str) -> None:
    with pytest.raises(ChangeError, match=message):
        apply_to(change, demo_snapshot)


# Staging


def put(document: str, name: str = "p") -> c.PutRolePolicy:
    return c.PutRolePolicy(role=f"{IAM}:role/checkout-task", name=name, document=document)


def test_the_same_thing_written_again_counts_once(demo_snapshot: Snapshot) -> None:
    plan = make(demo_snapshot, [put("1"), put("2"), put("3", "q")])
    assert plan.changes == (put("2"), put("3", "q"))
    assert stage(plan, put("3", "q"), demo_snapshot).changes == plan.changes


def test_what_needs_another_is_neither_moved_before_it_nor_left_alone(demo_snapshot: Snapshot) -> None:
    create = c.CreateRole(role=NEW, trust=DOCUMENT)
    use = c.PutRolePolicy(role=NEW, name="p", document=DOCUMENT)
    plan = make(demo_snapshot, [create, use])
    with pytest.raises(ChangeError, match="a later change needs it"):
        unstage(plan, 0, demo_snapshot)
    with pytest.raises(ChangeError, match="one of the two needs the other"):
        move(plan, 1, -1, demo_snapshot)
    assert unstage(plan, 1, demo_snapshot).changes == (create,)
    assert move(plan, 0, -1, demo_snapshot) is plan


def test_a_plan_knows_what_it_was_made_from(demo_snapshot: Snapshot) -> None:
    plan = make(demo_snapshot, [put(DOCUMENT)])
    assert plan.account == ACCOUNT
    assert drift(plan.before, states(plan.before, demo_snapshot)) == {}
    assert drift(plan.before, states(plan.before, after(plan, demo_snapshot)))


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"account":"1","madeFrom":1}', b"\xff"])
def test_a_file_that_is_no_plan(data: bytes) -> None:
    with pytest.raises(PlanError, match="not a plan"):
        from_json(data, "plan.json")


def test_a_plan_of_another_form(demo_snapshot: Snapshot) -> None:
    data = json.loads(to_json(make(demo_snapshot, [put(DOCUMENT)])))
    data["schema"] = 99
    with pytest.raises(PlanError, match="form 99"):
        from_json(json.dumps(data).encode(), "plan.json")
