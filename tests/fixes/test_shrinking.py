"""Wide statements made smaller: what is written in their place, what is kept, and what is left alone."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecsiam_tui.account.iam import AttachedPolicy
from ecsiam_tui.account.resources import SecretResource
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.applying import apply_all
from ecsiam_tui.changes.inverting import inverse_of_all
from ecsiam_tui.findings.registry import run_rule
from ecsiam_tui.fixes.fix import Answers, Fix
from ecsiam_tui.fixes.proof import NO_ANSWERS, fixes_for
from ecsiam_tui.fixes.shrinking import level_bits, patterns
from ecsiam_tui.policy.catalogue import load, members
from tests.findings.builders import (
    ACCOUNT,
    allow,
    arn,
    container,
    definition,
    document,
    facts,
    policy,
    policy_arn,
    role,
    role_arn,
    service,
    snapshot,
    trust_policy,
)

DB = arn("secretsmanager", "secret:db-AbCdEf")
READ = "secretsmanager:GetSecretValue"
AWS = "arn:aws:iam::aws:policy"
QUEUE = arn("sqs", "jobs")


def account(**fields: Any) -> Snapshot:
    """A service with an execution role that reads a secret, and a task role."""
    exec_inline = fields.pop("exec_inline", {"read": document(allow(READ, DB))})
    known: dict[str, Any] = {
        "roles": [
            role("web-exec", inline=exec_inline, attached=fields.pop("exec_attached", ())),
            role("web-task", inline=fields.pop("inline", {}), attached=fields.pop("attached", ())),
            *fields.pop("more_roles", ()),
        ],
        "task_definitions": [
            definition("web", container(secrets={"DB": DB}), execution_role="web-exec", task_role="web-task")
        ],
        "services": [service()],
        "secrets": [SecretResource(arn=DB, name="db")],
    }
    return snapshot(**(known | fields))


def fixes(rule: str, there: Snapshot, name: str, answers: Answers = NO_ANSWERS) -> list[Fix]:
    """The fixes of a recipe for the first finding of a rule."""
    known = facts(there)
    return [fix for fix in fixes_for(run_rule(rule, known)[0], known, answers) if fix.name == name]


def written(change: c.AnyChange) -> Any:
    return json.loads(str(getattr(change, "document", "")))["Statement"]


@given(st.sampled_from(["s3", "ssm", "ecs", "dynamodb", "sqs", "logs", "kms"]), st.randoms())
def test_patterns_match_exactly_what_they_stand_for(service_: str, random: Any) -> None:
    catalogue = load()
    every = list(members(catalogue.bits(f"{service_}:*")))
    chosen = random.sample(every, random.randint(1, len(every) - 1))
    bits = sum(1 << number for number in chosen)
    found = 0
    for pattern in patterns(bits):
        found |= catalogue.bits(pattern)
    assert found == bits


def test_patterns_of_all_reads_are_few() -> None:
    bits = load().bits("s3:*") & level_bits(("List", "Read"))
    assert len(patterns(bits)) < bits.bit_count() / 2
    assert "s3:*" not in patterns(bits)


# Wildcards --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statements", "left"),
    [
        ([allow("s3:*")], None),
        ([allow("s3:*"), allow("sqs:SendMessage", QUEUE)], [allow("sqs:SendMessage", QUEUE)]),
        ([allow(["s3:*", "sqs:SendMessage"], Sid="Both")], [allow("sqs:SendMessage", Sid="Both")]),
        (
            [
                allow(
                    ["s3:*", "sqs:SendMessage", "sns:Publish"],
                    Condition={"Bool": {"aws:SecureTransport": "true"}},
                )
            ],
            [
                allow(
                    ["sqs:SendMessage", "sns:Publish"],
                    Condition={"Bool": {"aws:SecureTransport": "true"}},
                )
            ],
        ),
    ],
)
def test_a_wildcard_goes_and_the_rest_of_its_policy_stays(statements: Any, left: Any) -> None:
    there = account(inline={"app": document(*statements)})
    narrow, *_ = fixes("ECS-IAM-018", there, "narrow-wildcard")
    (change,) = narrow.changes
    if left is None:
        assert change == c.DeleteRolePolicy(role=role_arn("web-task"), name="app", why=change.why)
    else:
        assert written(change) == left
    assert narrow.breadth == 0
    assert any("Write" in cost for cost in narrow.costs)


def test_what_ecs_asks_for_stays() -> None:
    there = account(exec_inline={"all": document(allow("secretsmanager:*"))})
    narrow, broader = fixes("ECS-IAM-018", there, "narrow-wildcard")
    assert written(narrow.changes[0]) == [
        {"Sid": "Secretsmanager1", "Effect": "Allow", "Action": READ, "Resource": DB}
    ]
    kept = written(broader.changes[0])
    assert kept[-1]["Resource"] == DB
    assert READ not in kept[0]["Action"]  # to list secrets, not to read them
    assert (
        "secretsmanager:ListSecrets" in str(kept[0]["Action"]) or "secretsmanager:List*" in kept[0]["Action"]
    )


def test_what_a_person_keeps_stays() -> None:
    there = account(inline={"app": document(allow("sqs:*", "*"))})
    (question,) = fixes("ECS-IAM-018", there, "narrow-wildcard")[0].questions
    assert {choice.value for choice in question.choices} >= {"Permissions management", "Write"}
    assert question.default == ()
    (fix,) = fixes("ECS-IAM-018", there, "narrow-wildcard", {"keep": ("Write",)})
    (statement,) = written(fix.changes[0])
    bits = 0
    for pattern in statement["Action"]:
        bits |= load().bits(pattern)
    assert bits
    assert not bits & ~level_bits(("Write",))
    assert not any("Loses Write" in cost and "SendMessage" in cost for cost in fix.costs)


def test_sensitive_actions_stay_on_what_the_statement_names() -> None:
    named = arn("secretsmanager", "secret:other-*")
    there = account(exec_inline={"read": document(allow([READ, "ssm:DescribeParameters"], ["*", named]))})
    narrow, *_ = fixes("ECS-IAM-019", there, "narrow-wildcard")
    assert written(narrow.changes[0]) == [
        allow("ssm:DescribeParameters", ["*", named]),
        allow(READ, named),
        {"Sid": "Secretsmanager1", "Effect": "Allow", "Action": READ, "Resource": DB},
    ]


def test_everything_but_data_can_stay() -> None:
    there = account(exec_inline={"read": document(allow(READ))})
    deny = fixes("ECS-IAM-019", there, "narrow-wildcard")[-1]
    (statement,) = written(deny.changes[0])
    assert statement["Effect"] == "Deny"
    assert statement["NotResource"] == [DB]
    assert deny.breadth == 2


# Whose policy it is -----------------------------------------------------------------------------------------


def test_a_policy_of_ones_own_gets_a_new_version() -> None:
    shared = policy("app", document(allow("s3:*"), allow("sqs:SendMessage")))
    there = account(attached=(shared.arn,), policies=[shared])
    narrow, *_ = fixes("ECS-IAM-018", there, "narrow-wildcard")
    (change,) = narrow.changes
    assert isinstance(change, c.CreatePolicyVersion)
    assert written(change) == [allow("sqs:SendMessage")]
    assert len(narrow.warnings) == 1


def test_a_shared_policy_is_left_to_the_others() -> None:
    shared = policy("app", document(allow("s3:*"), allow("sqs:SendMessage")))
    other = role("other-task", attached=(shared.arn,))
    there = account(attached=(shared.arn,), policies=[shared], more_roles=[other])
    narrow, *_ = fixes("ECS-IAM-018", there, "narrow-wildcard")
    put, detach = narrow.changes
    assert isinstance(put, c.PutRolePolicy)
    assert detach == c.DetachRolePolicy(role=role_arn("web-task"), policy=policy_arn("app"), why=detach.why)
    assert written(put) == [allow("sqs:SendMessage")]
    assert "no longer follows app" in narrow.warnings[-1]
    later = apply_all(narrow.changes, there)
    assert later.policies == there.policies
    back = apply_all(inverse_of_all(narrow.changes, there), later)
    assert back.roles == there.roles


def test_a_service_linked_role_is_left_alone() -> None:
    own = role(
        "linked",
        trust=trust_policy("ecs-tasks.amazonaws.com"),
        inline={"app": document(allow("s3:*"))},
        path="/aws-service-role/ecs.amazonaws.com/",
    )
    known = facts(account(more_roles=[own]))
    assert all(finding.node != own.arn for finding in run_rule("ECS-IAM-018", known))


# NotAction, managed policies --------------------------------------------------------------------------------


def test_not_action_becomes_what_is_asked_for() -> None:
    statement = {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}
    there = account(exec_inline={"most": document(statement)})
    fix, *_ = fixes("ECS-IAM-020", there, "rewrite-not-action")
    assert written(fix.changes[0]) == [
        {"Sid": "Secretsmanager1", "Effect": "Allow", "Action": READ, "Resource": DB}
    ]
    assert any("services" in cost for cost in fix.costs)


def test_not_resource_becomes_what_policies_of_the_account_name() -> None:
    table = arn("dynamodb", "table/orders")
    secret = arn("dynamodb", "table/payments")
    statement = {"Effect": "Allow", "Action": "dynamodb:Query", "NotResource": secret}
    other = role("orders-task", inline={"app": document(allow("dynamodb:GetItem", [table, secret]))})
    there = account(inline={"most": document(statement)}, more_roles=[other])
    nothing, named = fixes("ECS-IAM-021", there, "rewrite-not-action")
    assert isinstance(nothing.changes[0], c.DeleteRolePolicy)
    assert written(named.changes[0]) == [allow("dynamodb:Query", table)]
    assert "look whether it is complete" in named.warnings[0]


def test_a_broad_managed_policy_goes_after_what_is_needed_came() -> None:
    text = document(allow(["secretsmanager:*", "kms:*"], "*"))
    broad = policy("SecretsManagerReadWrite", text, arn=f"{AWS}/SecretsManagerReadWrite")
    there = account(exec_inline={}, exec_attached=(broad.arn,), policies=[broad])
    fix, *_ = fixes("ECS-IAM-017", there, "swap-managed-policy")
    put, detach = fix.changes
    assert isinstance(put, c.PutRolePolicy)
    assert isinstance(detach, c.DetachRolePolicy)
    assert written(put)[-1]["Resource"] == DB
    assert "Loses Permissions management" in fix.costs[0]


def test_a_broad_policy_that_was_not_read_is_only_detached() -> None:
    known = AttachedPolicy(policy_name="AmazonS3FullAccess", policy_arn=f"{AWS}/AmazonS3FullAccess")
    there = account(attached=(known.policy_arn,))
    (fix,) = fixes("ECS-IAM-017", there, "swap-managed-policy")
    assert [type(one).__name__ for one in fix.changes] == ["DetachRolePolicy"]
    assert "was not read" in fix.costs[0]


def test_what_a_deprecated_policy_allows_can_stay() -> None:
    name = "AmazonEC2ContainerServiceAutoscaleRole"
    old = policy(name, document(allow("ecs:UpdateService")), arn=f"{AWS}/service-role/{name}")
    there = account(attached=(old.arn,), policies=[old])
    (copy,) = fixes("ECS-IAM-051", there, "swap-managed-policy")
    assert written(copy.changes[0]) == [allow("ecs:UpdateService")]
    assert isinstance(copy.changes[1], c.DetachRolePolicy)


# Passing roles, sessions ------------------------------------------------------------------------------------


def test_roles_that_may_be_passed_are_those_that_are_started() -> None:
    statement = allow(["iam:PassRole", "ecs:RunTask", "ecs:RegisterTaskDefinition"], "*", Sid="Run")
    there = account(inline={"run": document(statement)})
    (fix,) = fixes("ECS-IAM-023", there, "scope-pass-role")
    run, passing = written(fix.changes[0])
    assert run == allow(["ecs:RunTask", "ecs:RegisterTaskDefinition"], "*", Sid="Run")
    assert passing["Resource"] == role_arn("web-exec")
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    (question,) = fix.questions
    assert {choice.value for choice in question.choices} == {role_arn("web-exec"), role_arn("web-task")}


def test_people_choose_the_roles_that_may_be_passed() -> None:
    statement = allow(["iam:PassRole", "ecs:RunTask"], "*")
    there = account(inline={"run": document(statement)})
    (fix,) = fixes("ECS-IAM-023", there, "scope-pass-role", {"roles": ()})
    assert written(fix.changes[0]) == [allow("ecs:RunTask")]
    assert fix.breadth == 0


def test_sessions_on_tasks_are_denied() -> None:
    trust = document(
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    )
    people = role("oncall", trust=trust, inline={"shell": document(allow("ssm:StartSession"))})
    there = account(more_roles=[people])
    (fix,) = fixes("ECS-IAM-055", there, "deny-start-session")
    assert written(fix.changes[0]) == [
        {
            "Sid": "NoSessionsPastEcsExec",
            "Effect": "Deny",
            "Action": "ssm:StartSession",
            "Resource": "arn:aws:ecs:*:*:task/*",
        }
    ]
