"""Services that a task role may use and does not: only where AWS said so, and where that says something."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from ecsiam_tui.account.iam import ActionLastAccessed, LastAccessed, ServiceLastAccessed
from ecsiam_tui.account.snapshot import Gap, Snapshot
from ecsiam_tui.ecs.last_use import last_uses
from ecsiam_tui.findings.facts import Options
from ecsiam_tui.findings.finding import Severity
from ecsiam_tui.policy.catalogue import load
from tests.findings import builders as b

RULE = "ECS-IAM-048"
LONG_AGO = b.NOW - timedelta(days=500)
QUEUE, TABLE = b.arn("sqs", "jobs"), b.arn("dynamodb", "table/orders")
APP = b.document(
    b.allow("sqs:SendMessage", QUEUE, Sid="Queue"), b.allow("dynamodb:GetItem", TABLE, Sid="Table")
)


def before(days: int | None) -> datetime | None:
    return None if days is None else b.NOW - timedelta(days=days)


def service(name: str, days: int | None, **actions: int | None) -> ServiceLastAccessed:
    """A service that was used so many days ago (None: never), and its tracked actions."""
    return ServiceLastAccessed(
        service_namespace=name,
        last_authenticated=before(days),
        tracked_actions_last_accessed=tuple(
            ActionLastAccessed(action_name=action, last_accessed_time=before(ago))
            for action, ago in actions.items()
        ),
    )


def account(*used: ServiceLastAccessed, app: str = APP, **fields: Any) -> Snapshot:
    """A service whose task role has the policy `app` and used those services last."""
    of_role = {"create_date": LONG_AGO, **fields.pop("of_role", {})}
    return b.snapshot(
        **{
            "roles": [b.role("web-task", inline={"app": app}, **of_role)],
            "task_definitions": [
                b.definition("web", task_role="web-task", **fields.pop("of_definition", {}))
            ],
            "services": [b.service(**fields.pop("of_service", {}))],
            "last_accessed": [LastAccessed(arn=b.role_arn("web-task"), services_last_accessed=used)],
            **fields,
        }
    )


USED = service("sqs", 0)


def test_a_service_that_was_never_used() -> None:
    (found,) = b.found(RULE, account(USED, service("dynamodb", None)))
    assert (found.node, found.severity, found.is_certain) == (b.role_arn("web-task"), Severity.LOW, True)
    assert found.summary == "web-task may use 1 service that it did not use in 90 days: dynamodb."
    assert [one.where for one in found.evidence] == ["ServicesLastAccessed", "app Table"]
    assert found.evidence[0].text == "used: sqs (today) · never in 400 days: dynamodb"


@pytest.mark.parametrize(
    ("snapshot", "fires"),
    [
        (account(USED, service("dynamodb", 91)), True),
        (account(USED, service("dynamodb", 89)), False),
        (account(USED, service("dynamodb", 0)), False),
        # Nothing is known: of the role, of the service.
        (account(last_accessed=()), False),
        (account(USED), False),
        # Nothing can be said yet: the role is young, or its age is not known.
        (
            account(USED, service("dynamodb", None), of_role={"create_date": b.NOW - timedelta(days=60)}),
            False,
        ),
        (account(USED, service("dynamodb", None), of_role={"create_date": None}), False),
        # A role that does nothing at all does not tell what it is for, unless tasks run with it all the time.
        (account(service("sqs", None), service("dynamodb", None)), False),
        (account(service("sqs", None), of_service={"created_at": LONG_AGO}), True),
        (account(service("sqs", None), of_service={"created_at": LONG_AGO, "running_count": 0}), False),
        # What the role may not use any more, or what ECS asks for.
        (account(USED, service("ec2", None)), False),
        (account(USED, app=b.document(b.allow("sqs:*"), b.allow("iam:PassRole"))), False),
    ],
)
def test_only_where_aws_says_so(snapshot: Snapshot, fires: bool) -> None:
    assert bool(b.found(RULE, snapshot)) == fires


def test_passing_roles_is_not_tracked_and_so_not_unused() -> None:
    app = b.document(b.allow("iam:PassRole", b.role_arn("x")), b.allow("sqs:SendMessage", QUEUE))
    assert not b.found(RULE, account(USED, service("iam", None), app=app))
    more = b.document(b.allow(["iam:PassRole", "iam:GetRole"], b.role_arn("x")), b.allow("sqs:SendMessage"))
    assert b.found(RULE, account(USED, service("iam", None), app=more))


def test_what_ecs_asks_for_is_not_unused() -> None:
    exec_on = b.document(b.allow(["ssmmessages:*"]), b.allow("sqs:SendMessage", QUEUE))
    used = (USED, service("ssmmessages", None))
    assert not b.found(RULE, account(*used, app=exec_on, of_service={"enable_execute_command": True}))
    assert b.found(RULE, account(*used, app=exec_on))


def test_the_role_of_no_task_is_left_out() -> None:
    assert not b.found(RULE, account(USED, service("dynamodb", None), task_definitions=(), services=()))


def test_for_how_long_is_an_option() -> None:
    snapshot = account(USED, service("dynamodb", 91))
    assert not b.found(RULE, snapshot, Options(unused_days=100))
    assert b.found(RULE, snapshot, Options(unused_days=30))


def test_what_was_not_read_makes_it_possible_only() -> None:
    gap = Gap(call="iam:GetPolicy", reason="denied", unknown=("policies",))
    lost = {"of_role": {"create_date": LONG_AGO, "boundary": b.policy_arn("limit")}}
    (found,) = b.found(RULE, account(USED, service("dynamodb", None), gaps=(gap,), **lost))
    assert not found.is_certain


def test_own_services_are_named_before_those_of_broad_policies() -> None:
    app = b.document(b.allow("*"), b.allow("sqs:SendMessage", QUEUE))
    names = [
        service(name, None) for name in ("a4b", "acm", "batch", "cloudfront", "config", "dms", "ec2", "sqs")
    ]
    (found,) = b.found(RULE, account(service("s3", 3), *names, app=app))
    assert (
        "8 services that it did not use in 90 days: sqs, a4b, acm, batch, cloudfront, config and 2 more"
        in (found.summary)
    )


# The words and sets --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("used", "text"),
    [
        (service("s3", 0), "today"),
        (service("s3", 1, ListAllMyBuckets=1, CreateBucket=None), "yesterday: ListAllMyBuckets"),
        (service("s3", 0, ListAllMyBuckets=212), "today; ListAllMyBuckets 212 days ago"),
        (service("s3", None), "never in 400 days"),
        (service("sqs", 0), ""),
    ],
)
def test_words(used: ServiceLastAccessed, text: str) -> None:
    (known,) = last_uses(account(used)).values()
    assert known.of("s3") == text


def test_a_young_role_is_known_for_as_long_as_it_exists() -> None:
    young = {"create_date": b.NOW - timedelta(days=24)}
    (known,) = last_uses(account(service("s3", None), of_role=young)).values()
    assert known.of("s3") == "never in 24 days"


def test_what_may_be_in_use() -> None:
    used = (
        service("s3", 10, ListAllMyBuckets=212, CreateBucket=None),
        service("sqs", None),
        service("iam", 3),
    )
    (known,) = last_uses(account(*used)).values()
    bits = known.bits()

    def has(action: str) -> bool:
        return bool(bits & load().bits(action))

    assert [has(f"s3:{name}") for name in ("GetObject", "ListAllMyBuckets", "CreateBucket")] == [
        True,
        True,
        False,
    ]
    assert not has("sqs:SendMessage")
    assert (has("iam:GetRole"), has("iam:PassRole")) == (True, False)
    assert not known.bits(within=5) & load().bits("s3:*")
