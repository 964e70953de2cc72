"""Fixes that know what a role used last: they keep that, drop the rest, and say which is which."""

import json
from typing import Any

import pytest

from ecsiam_tui.account.iam import ServiceLastAccessed
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.applying import apply_all
from ecsiam_tui.changes.inverting import inverse_of_all
from ecsiam_tui.findings.registry import run_rule
from ecsiam_tui.fixes.fix import Answers, Fix
from ecsiam_tui.fixes.proof import NO_ANSWERS, fixes_for
from ecsiam_tui.policy.catalogue import load
from tests.findings import builders as b
from tests.findings.rules.test_last_use import QUEUE, TABLE, account, service

S3 = service("s3", 3, GetBucketLocation=3, CreateBucket=None)
OTHERS = (service("dynamodb", None), service("sqs", None))


def fixes(rule: str, there: Snapshot, answers: Answers = NO_ANSWERS) -> list[Fix]:
    known = b.facts(there)
    return list(fixes_for(run_rule(rule, known)[0], known, answers))


def written(change: c.AnyChange) -> Any:
    return json.loads(str(getattr(change, "document", "")))["Statement"]


def allowed(fix: Fix) -> int:
    """The set of actions that the documents of a fix name."""
    bits = 0
    for change in fix.changes:
        for statement in written(change) if getattr(change, "document", "") else ():
            actions = statement["Action"]
            for pattern in [actions] if isinstance(actions, str) else actions:
                bits |= load().bits(pattern)
    return bits


def has(fix: Fix, action: str) -> bool:
    return bool(allowed(fix) & load().bits(action))


def wide(
    *used: ServiceLastAccessed, actions: Any = ("s3:*", "dynamodb:*", "sqs:*"), **fields: Any
) -> Snapshot:
    return account(*used, app=b.document(b.allow(list(actions))), **fields)


def test_what_was_used_stays_and_the_rest_goes() -> None:
    narrow, safe, *_ = fixes("ECS-IAM-018", wide(S3, *OTHERS))
    assert isinstance(narrow.changes[0], c.DeleteRolePolicy)
    assert "what was used, risky actions on named resources alone" in safe.title
    assert has(safe, "s3:GetBucketLocation")
    assert not has(safe, "s3:CreateBucket")  # AWS tracks it, and it was not used
    assert not has(safe, "s3:GetObject")  # on everything: as bad as the finding
    assert not has(safe, "sqs:*")
    assert narrow.notes == safe.notes
    assert narrow.notes == (
        "used by the application: s3 (3 days ago: GetBucketLocation) · never in 400 days: dynamodb, sqs",
    )
    assert any(cost.startswith("Loses what was not used in 400 days:") for cost in safe.costs)
    assert not any("sqs" in cost for cost in safe.costs if not cost.startswith("Loses what was not"))


def test_what_is_risky_stays_on_everything_where_that_is_no_worse() -> None:
    """The role has a broad right to objects anyway: that is another finding."""
    app = b.document(
        b.allow("s3:*"), b.allow("s3:GetObject"), b.allow("s3:PutObject"), b.allow("s3:DeleteObject")
    )
    found = fixes("ECS-IAM-018", account(S3, app=app))
    whole = next(one for one in found if one.title.endswith("what was used"))
    assert has(whole, "s3:GetObjectTagging")
    assert not has(whole, "s3:CreateBucket")
    assert all(cost.startswith("Loses what was not used") for cost in whole.costs)
    assert whole.warnings == ("Rare work may need what was not used for long: ask who runs it.",)


def test_a_role_that_used_nothing_of_it_has_nothing_to_keep() -> None:
    narrow, *_ = found = fixes("ECS-IAM-018", wide(service("s3", None), *OTHERS))
    assert not any("what was used" in one.title for one in found)
    assert narrow.notes == ("never in 400 days: s3, dynamodb, sqs",)
    (question,) = narrow.questions
    assert "used" not in {choice.value for choice in question.choices}


@pytest.mark.parametrize(
    ("there", "note"),
    [
        (wide(last_accessed=()), "What web-task used last was not read: nothing is known of it."),
        (wide(service("ec2", 1)), "AWS does not say what web-task used of it."),
    ],
)
def test_what_is_not_known_is_said(there: Snapshot, note: str) -> None:
    found = fixes("ECS-IAM-018", there)
    assert {one.notes for one in found} == {(note,)}
    assert not any("used" in one.title for one in found)
    assert not any("not used" in cost for one in found for cost in one.costs)


def test_a_person_can_keep_it_with_more() -> None:
    (fix,) = fixes("ECS-IAM-018", wide(S3, *OTHERS), {"keep": ("used-but-risks", "List")})
    assert has(fix, "s3:GetBucketLocation")
    assert has(fix, "dynamodb:ListTables")
    assert not has(fix, "dynamodb:GetItem")


# Services that are not used --------------------------------------------------------------------------------


def test_unused_services_leave_their_statements() -> None:
    app = b.document(
        b.allow(["sqs:SendMessage", "s3:GetObject"], [QUEUE, "arn:aws:s3:::x/*"], Sid="Both"),
        b.allow("dynamodb:GetItem", TABLE),
    )
    there = account(service("s3", 0), *OTHERS, app=app)
    (fix,) = fixes("ECS-IAM-048", there)
    (change,) = fix.changes
    assert written(change) == [b.allow("s3:GetObject", [QUEUE, "arn:aws:s3:::x/*"], Sid="Both")]
    assert fix.notes == ("never in 400 days: sqs, dynamodb",)
    assert fix.costs == ("Loses what was not used: 2 actions of dynamodb and sqs.",)
    later = apply_all(fix.changes, there)
    assert not run_rule("ECS-IAM-048", b.facts(later))
    assert apply_all(inverse_of_all(fix.changes, there), later).roles == there.roles


def test_what_aws_does_not_track_is_not_taken() -> None:
    app = b.document(b.allow(["iam:PassRole", "iam:GetRole", "s3:GetObject"], b.role_arn("x")))
    (fix,) = fixes("ECS-IAM-048", account(service("s3", 0), service("iam", None), app=app))
    assert written(fix.changes[0]) == [b.allow(["iam:PassRole", "s3:GetObject"], b.role_arn("x"))]


def test_what_gives_every_service_is_another_finding() -> None:
    (fix,) = fixes("ECS-IAM-048", account(service("s3", 0), *OTHERS, app=b.document(b.allow("*"))))
    assert fix.changes == ()
    assert "ECS-IAM-016" in fix.title
