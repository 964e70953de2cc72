"""Recipes on small accounts: what they write, what they leave, and when they keep quiet."""

import json
from typing import Any

import msgspec
import pytest

from ecsiam_tui.account.ecs import DeploymentController
from ecsiam_tui.account.launchers import EcsParameters, RunTaskTarget, Schedule
from ecsiam_tui.account.resources import Key, SecretResource
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.applying import apply_all
from ecsiam_tui.changes.inverting import inverse_of_all
from ecsiam_tui.findings.registry import run_rule
from ecsiam_tui.fixes.fix import Answers, Fix
from ecsiam_tui.fixes.proof import NO_ANSWERS, fixes_for
from ecsiam_tui.fixes.revisions import new_revision
from tests.findings.builders import (
    ACCOUNT,
    OTHER,
    REGION,
    allow,
    arn,
    cluster_arn,
    container,
    definition,
    definition_arn,
    document,
    facts,
    policy,
    policy_arn,
    role,
    role_arn,
    service,
    service_arn,
    snapshot,
    trust_policy,
)

TASKS = "ecs-tasks.amazonaws.com"
DB = arn("secretsmanager", "secret:db-AbCdEf")
CACHE = arn("secretsmanager", "secret:cache-GhIjKl")
READ = "secretsmanager:GetSecretValue"
SOURCE = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
ECS_ARN = f"arn:aws:ecs:{REGION}:{ACCOUNT}:*"


def account(exec_trust: str | None = None, **fields: Any) -> Snapshot:
    """A service whose execution role reads no secret yet, and a task role."""
    inline = fields.pop("inline", {})
    known: dict[str, Any] = {
        "roles": [
            role("web-exec", trust=exec_trust, inline=inline, boundary=fields.pop("boundary", None)),
            role("web-task", inline=fields.pop("task_inline", {})),
        ],
        "task_definitions": [
            definition("web", container(secrets={"DB": DB}), execution_role="web-exec", task_role="web-task")
        ],
        "services": [service()],
        "secrets": [SecretResource(arn=DB, name="db"), SecretResource(arn=CACHE, name="cache")],
    }
    return snapshot(**(known | fields))


def fixes(rule: str, there: Snapshot, answers: Answers = NO_ANSWERS) -> tuple[Fix, ...]:
    """The fixes of the first finding of a rule."""
    known = facts(there)
    return fixes_for(run_rule(rule, known)[0], known, answers)


def written(change: c.AnyChange) -> Any:
    """The statements that a change writes."""
    text = (
        change.trust if isinstance(change, c.UpdateTrust | c.CreateRole) else getattr(change, "document", "")
    )
    return json.loads(text)["Statement"]


# What is missing --------------------------------------------------------------------------------------------


def test_a_missing_action_is_allowed_on_its_resource_alone() -> None:
    (fix,) = fixes("ECS-IAM-002", account())
    (change,) = fix.changes
    assert isinstance(change, c.PutRolePolicy)
    assert (change.role, change.name) == (role_arn("web-exec"), "ecsiam-execution")
    assert written(change) == [{"Sid": "Secretsmanager1", "Effect": "Allow", "Action": READ, "Resource": DB}]
    assert change.document.startswith('{\n  "Version"')


def test_a_policy_of_the_same_purpose_is_added_to() -> None:
    own = document(allow(READ, CACHE, Sid="Secretsmanager1"))
    (fix,) = fixes("ECS-IAM-002", account(inline={"ecsiam-execution": own, "other": own}))
    (change,) = fix.changes
    statements = written(change)
    assert statements[0] == json.loads(own)["Statement"][0]
    assert [one["Sid"] for one in statements] == ["Secretsmanager1", "Secretsmanager2"]
    there = account(inline={"ecsiam-execution": own})
    back = apply_all(inverse_of_all(fix.changes, there), apply_all(fix.changes, there))
    assert {one.policy_document for one in back.roles[0].role_policy_list} == {own}


def test_nothing_is_offered_that_a_boundary_or_a_deny_keeps_from_working() -> None:
    limit = policy("limit", document(allow("logs:*")))
    blocked = account(boundary=policy_arn("limit"), policies=[limit])
    assert fixes("ECS-IAM-002", blocked) == ()
    deny = document({**allow(READ, "*"), "Effect": "Deny"})
    assert fixes("ECS-IAM-002", account(inline={"deny": deny})) == ()


def key_account(key_policy: Any, *, allowed: bool) -> Snapshot:
    key = Key(arn=arn("kms", "key/1"), key_id="1", key_manager="CUSTOMER", policy=key_policy)
    secret = SecretResource(arn=DB, name="db", kms_key_id=key.arn)
    actions = [READ, "kms:Decrypt"] if allowed else READ
    return account(inline={"read": document(allow(actions, "*"))}, keys=[key], secrets=[secret])


def of_key(who: str) -> str:
    return document({"Effect": "Allow", "Principal": {"AWS": who}, "Action": "kms:*", "Resource": "*"})


@pytest.mark.parametrize(
    ("key_policy", "allowed", "kinds"),
    [
        (of_key(f"arn:aws:iam::{ACCOUNT}:root"), False, ["PutRolePolicy"]),
        (of_key(role_arn("web-task")), True, ["SetResourcePolicy"]),
        (of_key(role_arn("web-task")), False, ["PutRolePolicy", "SetResourcePolicy"]),
    ],
)
def test_a_key_is_allowed_where_it_has_to_be(key_policy: str, allowed: bool, kinds: list[str]) -> None:
    (fix,) = fixes("ECS-IAM-039", key_account(key_policy, allowed=allowed))
    assert [type(one).__name__ for one in fix.changes] == kinds
    via = {"StringEquals": {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"}}
    assert all(written(change)[-1]["Condition"] == via for change in fix.changes)
    for change in fix.changes:
        if isinstance(change, c.SetResourcePolicy):
            assert written(change)[0] == json.loads(key_policy)["Statement"][0]
            assert "Who administers the key must agree" in fix.warnings[0]


# The wrong role ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "left"),
    [
        (allow(READ, DB), None),
        (allow([READ, "s3:GetObject"], DB), [allow("s3:GetObject", DB)]),
        (allow(READ, [DB, CACHE]), [allow(READ, CACHE)]),
        (
            allow([READ, "secretsmanager:DescribeSecret"], [DB, CACHE], Sid="S"),
            [
                allow([READ, "secretsmanager:DescribeSecret"], CACHE, Sid="S"),
                allow("secretsmanager:DescribeSecret", DB),
            ],
        ),
        (allow(READ, arn("secretsmanager", "secret:db-*")), None),
    ],
)
def test_exactly_what_is_moved_is_taken_away(statement: dict[str, Any], left: Any) -> None:
    move, copy = fixes("ECS-IAM-006", account(task_inline={"app": document(statement)}))
    assert [type(one).__name__ for one in copy.changes] == ["PutRolePolicy"]
    given, taken = move.changes
    assert (given.target, taken.target) == (role_arn("web-exec"), role_arn("web-task"))
    if left is None:
        assert isinstance(taken, c.DeleteRolePolicy)
    else:
        assert written(taken) == left


def test_a_wildcard_is_not_taken_apart() -> None:
    wide = allow(READ, arn("secretsmanager", "secret:*"))
    found = fixes("ECS-IAM-006", account(task_inline={"app": document(wide)}))
    assert [[type(one).__name__ for one in fix.changes] for fix in found] == [["PutRolePolicy"]]


# Trust ------------------------------------------------------------------------------------------------------

GOOD = {"read": document(allow(READ, DB))}


def test_the_service_is_let_in_beside_those_who_are() -> None:
    old = trust_policy("lambda.amazonaws.com")
    (fix,) = fixes("ECS-IAM-010", account(old, inline=GOOD))
    (change,) = fix.changes
    first, new = written(change)
    assert first == json.loads(old)["Statement"][0]
    assert new["Principal"] == {"Service": TASKS}
    assert new["Condition"] == {**SOURCE, "ArnLike": {"aws:SourceArn": ECS_ARN}}


def test_a_condition_that_never_matches_is_replaced_and_others_keep_theirs() -> None:
    wrong = {"ArnEquals": {"aws:SourceArn": cluster_arn()}}
    old = trust_policy(TASKS, "lambda.amazonaws.com", Condition=wrong)
    (fix,) = fixes("ECS-IAM-011", account(old, inline=GOOD))
    (change,) = fix.changes
    others, new = written(change)
    assert (others["Principal"], others["Condition"]) == ({"Service": "lambda.amazonaws.com"}, wrong)
    assert new["Condition"]["ArnLike"] == {"aws:SourceArn": ECS_ARN}
    assert "cluster" in fix.costs[0]


@pytest.mark.parametrize(
    ("principal", "kept"),
    [
        ({"Service": TASKS}, None),
        ({"Service": [TASKS, "ec2.amazonaws.com"]}, {"Service": "ec2.amazonaws.com"}),
        ({"Service": TASKS, "AWS": role_arn("web-exec")}, {"AWS": role_arn("web-exec")}),
    ],
)
def test_the_condition_is_for_the_service_alone(principal: Any, kept: Any) -> None:
    old = document({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})
    narrow, with_arn = fixes("ECS-IAM-012", account(old, inline=GOOD))
    statements = written(narrow.changes[0])
    assert statements[-1]["Condition"] == SOURCE
    assert [one["Principal"] for one in statements[:-1]] == ([] if kept is None else [kept])
    assert all("Condition" not in one for one in statements[:-1])
    assert written(with_arn.changes[0])[-1]["Condition"]["ArnLike"] == {"aws:SourceArn": ECS_ARN}


@pytest.mark.parametrize("rule", ["ECS-IAM-013", "ECS-IAM-022"])
def test_when_everybody_goes_tasks_are_let_in_still(rule: str) -> None:
    who = {"Principal": "*"} if rule.endswith("013") else {"NotPrincipal": {"AWS": role_arn("x")}}
    old = document({"Effect": "Allow", "Action": "sts:AssumeRole", **who})
    fix = fixes(rule, account(old, inline=GOOD))[0]
    (only,) = written(fix.changes[0])
    assert only["Principal"] == {"Service": TASKS}


def test_other_accounts_stay_as_far_as_they_are_needed() -> None:
    foreign = [f"arn:aws:iam::{OTHER}:role/a", f"arn:aws:iam::{OTHER}:role/b"]
    mine = json.loads(trust_policy())["Statement"]
    theirs = {"Effect": "Allow", "Principal": {"AWS": foreign}, "Action": "sts:AssumeRole"}
    there = account(document(*mine, theirs), inline=GOOD)
    (all_of_them,) = fixes("ECS-IAM-014", there)
    assert written(all_of_them.changes[0]) == mine
    assert [choice.value for choice in all_of_them.questions[0].choices] == foreign
    # One that stays leaves the finding, so that nothing is offered as a fix of it.
    assert fixes("ECS-IAM-014", there, {"keep": (foreign[0],)}) == ()


def test_services_that_do_not_use_the_role_go() -> None:
    old = trust_policy(TASKS, "lambda.amazonaws.com", "ec2.amazonaws.com")
    (fix,) = fixes("ECS-IAM-015", account(old, inline=GOOD))
    (only,) = written(fix.changes[0])
    assert only["Principal"] == {"Service": TASKS}
    assert fix.questions[0].name == "keep"


def test_what_is_said_twice_is_said_once() -> None:
    one = json.loads(trust_policy())["Statement"][0]
    (fix,) = fixes("ECS-IAM-063", account(document(one, {**one, "Sid": "Again"}), inline=GOOD))
    assert written(fix.changes[0]) == [one]


# Roles ------------------------------------------------------------------------------------------------------


def without_role(**fields: Any) -> Snapshot:
    there = account(inline=GOOD)
    bare = msgspec.structs.replace(there.task_definitions[0], execution_role_arn=None)
    return msgspec.structs.replace(there, task_definitions=(bare,), **fields)


def test_a_role_is_made_and_everybody_moves_to_the_revision() -> None:
    target = RunTaskTarget(
        arn=cluster_arn(), ecs_parameters=EcsParameters(task_definition_arn=definition_arn("web:1"))
    )
    family = EcsParameters(task_definition_arn=definition_arn("web:1").rpartition(":")[0])
    schedules = (
        Schedule(arn=arn("scheduler", "schedule/default/a"), name="a", target=target),
        Schedule(
            arn=arn("scheduler", "schedule/default/b"),
            name="b",
            target=msgspec.structs.replace(target, ecs_parameters=family),
        ),
    )
    create, reuse = fixes("ECS-IAM-001", without_role(schedules=schedules))
    made, gives, registers, *moved = create.changes
    assert made.target == role_arn("web-exec2")
    assert written(gives) == [{"Sid": "Secretsmanager1", "Effect": "Allow", "Action": READ, "Resource": DB}]
    assert registers.target == definition_arn("web:2")
    assert {one.target for one in moved} == {service_arn("web"), schedules[0].arn}
    assert [type(one).__name__ for one in reuse.changes][:1] == ["RegisterTaskDefinition"]
    assert (reuse.name, reuse.breadth) == ("reuse-execution-role", 1)


def test_a_launcher_that_may_pass_by_name_alone_is_allowed_the_new_role() -> None:
    narrow = document(
        allow("ecs:RunTask", definition_arn("web:1")),
        allow("iam:PassRole", role_arn("web-task")),
    )
    starter = role("starter", trust=trust_policy("scheduler.amazonaws.com"), inline={"run": narrow})
    target = RunTaskTarget(
        arn=cluster_arn(),
        ecs_parameters=EcsParameters(task_definition_arn=definition_arn("web:1")),
        role_arn=starter.arn,
    )
    schedule = Schedule(arn=arn("scheduler", "schedule/default/a"), name="a", target=target)
    there = without_role(schedules=(schedule,))
    there = msgspec.structs.replace(there, roles=(*there.roles, starter))
    create = fixes("ECS-IAM-001", there)[0]
    kinds = [type(one).__name__ for one in create.changes]
    at = kinds.index("RegisterTaskDefinition")
    launch = create.changes[at + 1]
    assert isinstance(launch, c.PutRolePolicy)
    assert (launch.role, launch.name) == (starter.arn, "ecsiam-launch")
    given = {(one["Action"], one["Resource"]) for one in written(launch)}
    assert given == {("ecs:RunTask", definition_arn("web:2")), ("iam:PassRole", role_arn("web-exec2"))}
    assert any("starter may start the new revision" in cost for cost in create.costs)


def test_who_cannot_be_moved_by_a_call_is_named() -> None:
    by_code_deploy = service(deployment_controller=DeploymentController(type="CODE_DEPLOY"))
    both = (by_code_deploy, service("api"))
    known = facts(without_role(services=both))
    rollout = new_revision(definition_arn("web:1"), (), known, "")
    assert [one.target for one in rollout.changes] == [definition_arn("web:2"), service_arn("api")]
    assert rollout.warnings == ("web is deployed by CodeDeploy: create a deployment there.",)
    # The finding would stay for the one that is not moved.
    assert fixes("ECS-IAM-001", without_role(services=both)) == ()


def test_a_slip_of_the_name_is_mended_by_the_right_one() -> None:
    there = account(inline=GOOD)
    wrong = msgspec.structs.replace(there.task_definitions[0], task_role_arn=role_arn("web-tasks"))
    create, reuse = fixes("ECS-IAM-008", msgspec.structs.replace(there, task_definitions=(wrong,)))
    assert [type(one).__name__ for one in create.changes] == ["CreateRole"]
    assert create.changes[0].target == role_arn("web-tasks")
    register = reuse.changes[0]
    assert isinstance(register, c.RegisterTaskDefinition)
    assert register.edits == (c.Edit(path=("taskRoleArn",), value=role_arn("web-task")),)


def test_the_service_linked_role_is_made() -> None:
    fix = fixes("ECS-IAM-050", account(inline=GOOD))[0]
    assert fix.changes == (
        c.CreateServiceLinkedRole(service="ecs.amazonaws.com", why="ECS cannot do without it"),
    )


@pytest.mark.parametrize("drop", [False, True])
def test_two_roles_for_two_purposes(drop: bool) -> None:
    app = allow(["s3:GetObject", READ], [DB, "arn:aws:s3:::x/*"])
    there = account(inline={"all": document(app)})
    one = msgspec.structs.replace(there.task_definitions[0], task_role_arn=role_arn("web-exec"))
    there = msgspec.structs.replace(there, task_definitions=(one,))
    fix = fixes("ECS-IAM-007", there, {"drop": ("yes",)} if drop else {})[0]
    puts = {change.role: written(change) for change in fix.changes if isinstance(change, c.PutRolePolicy)}
    assert puts[role_arn("web-task2")][0]["Action"] == "s3:GetObject"
    assert (role_arn("web-exec") in puts) == drop
    if drop:
        assert puts[role_arn("web-exec")][0]["Action"] == READ
