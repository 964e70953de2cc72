"""What roles used last: whom AWS is asked about, how reports are waited for, and what fails alone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from ecsiam_tui.account.iam import LastAccessed
from ecsiam_tui.account.redact import Redactor
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.aws.collect import collect
from ecsiam_tui.aws.reading import LastAccessedWanted
from ecsiam_tui.aws.session import AwsSession
from ecsiam_tui.aws.stages import last_accessed
from tests.aws import account
from tests.aws.conftest import Watching
from tests.aws.fake import FakeAws, client_error, denied

GENERATE = "iam:GenerateServiceLastAccessedDetails"
GET = "iam:GetServiceLastAccessedDetails"


@pytest.fixture
def read(aws: FakeAws, session: AwsSession, redactor: Redactor) -> Any:
    """Read the account, with what is given to `collect`."""
    return lambda **given: collect(session, Watching(), redactor, **given).snapshot


def roles(names: list[str], path: str = "/svc/") -> Any:
    """An answer of the bulk reading that has these roles."""
    known = account.handlers()["iam:GetAccountAuthorizationDetails"]

    def answer(parameters: dict[str, Any]) -> dict[str, Any]:
        found = known(parameters)
        if parameters["Filter"] == ["Role"]:
            (model,) = found["RoleDetailList"]
            found["RoleDetailList"] = [
                {
                    **model,
                    "RoleName": name,
                    "Path": path,
                    "Arn": f"arn:aws:iam::{account.ACCOUNT}:role{path}{name}",
                }
                for name in names
            ]
        return found

    return answer


def test_the_report_is_read_to_its_last_page(read: Any) -> None:
    (report,) = read().last_accessed
    assert report.arn == account.ROLE
    s3, sqs = report.services_last_accessed
    assert (s3.service_namespace, s3.last_authenticated) == ("s3", account.NOW)
    assert [(one.action_name, one.last_accessed_time) for one in s3.tracked_actions_last_accessed] == [
        ("ListAllMyBuckets", account.NOW),
        ("CreateBucket", None),
    ]
    assert sqs.last_authenticated is None
    assert sqs.tracked_actions_last_accessed == ()  # it was not used, and neither was any action of it


def test_only_roles_in_use_are_asked_about(aws: FakeAws, read: Any) -> None:
    aws.handlers["iam:GetAccountAuthorizationDetails"] = roles(["web", "other", "of-people"])
    assert [one.arn for one in read().last_accessed] == [account.ROLE]
    assert aws.asked[GENERATE] == 1
    (asked,) = [parameters for name, parameters in aws.requests if name == GENERATE]
    assert asked == {"Arn": account.ROLE, "Granularity": "ACTION_LEVEL"}


def test_service_linked_roles_are_not_asked_about(aws: FakeAws, read: Any) -> None:
    aws.handlers["iam:GetAccountAuthorizationDetails"] = roles(
        ["web"], "/aws-service-role/ecs.amazonaws.com/"
    )
    assert read().last_accessed == ()
    assert aws.asked[GENERATE] == 0


def test_no_more_than_so_many_are_asked_about(
    aws: FakeAws, read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(last_accessed, "MOST_ROLES", 0)
    snapshot: Snapshot = read()
    (gap,) = snapshot.gaps
    assert (gap.call, gap.reason, gap.target) == (GENERATE, "skipped", None)
    assert "1 more" in gap.message
    assert aws.asked[GENERATE] == 0


def test_reports_that_are_not_ready_are_asked_for_again(aws: FakeAws, read: Any) -> None:
    answers = ["IN_PROGRESS", "IN_PROGRESS"]
    aws.handlers[GET] = lambda given: account.report(given, answers.pop() if answers else "COMPLETED")
    snapshot: Snapshot = read()
    assert len(snapshot.last_accessed) == 1
    assert snapshot.gaps == ()
    assert aws.asked[GET] == 4  # two in vain, two pages


@pytest.mark.parametrize(
    ("answer", "code", "message"),
    [
        (lambda given: account.report(given, "IN_PROGRESS"), "", "not ready after 32 seconds"),
        (
            lambda given: {**account.report(given, "FAILED"), "Error": {"Code": "X", "Message": "too busy"}},
            "X",
            "too busy",
        ),
        (lambda given: account.report(given, "FAILED"), "", "ended as FAILED"),
    ],
)
def test_a_report_that_never_comes_is_a_gap(
    aws: FakeAws, read: Any, answer: Any, code: str, message: str
) -> None:
    aws.handlers[GET] = answer
    snapshot: Snapshot = read()
    (gap,) = snapshot.gaps
    assert (gap.call, gap.reason, gap.error_code, gap.target) == (GET, "failed", code, account.ROLE)
    assert message in gap.message
    assert snapshot.last_accessed == ()
    assert not snapshot.is_known("last_accessed")


def test_a_role_that_is_gone_meanwhile_is_no_gap(aws: FakeAws, read: Any) -> None:
    aws.failures[GENERATE] = client_error("NoSuchEntity", status=404)
    snapshot: Snapshot = read()
    assert (snapshot.gaps, snapshot.last_accessed) == ((), ())


def test_denied_says_which_permission_closes_it(aws: FakeAws, read: Any) -> None:
    aws.failures[GENERATE] = denied()
    (gap,) = read().gaps
    assert (gap.permission, gap.unknown) == (GENERATE, ("last_accessed",))
    assert aws.asked[GET] == 0


def test_it_can_be_left_out(aws: FakeAws, read: Any) -> None:
    snapshot: Snapshot = read(reports=LastAccessedWanted(wanted=False))
    assert [gap.reason for gap in snapshot.gaps] == ["skipped"]
    assert aws.asked[GENERATE] == 0


@pytest.mark.parametrize(("minutes", "asked"), [(59, 0), (61, 1)])
def test_a_report_of_less_than_an_hour_is_not_asked_for_again(
    aws: FakeAws, read: Any, minutes: int, asked: int
) -> None:
    made = datetime.now(UTC) - timedelta(minutes=minutes)
    known = LastAccessed(arn=account.ROLE, job_completion_date=made)
    snapshot: Snapshot = read(reports=LastAccessedWanted(known=(known,)))
    assert aws.asked[GENERATE] == asked
    assert (snapshot.last_accessed == (known,)) == (not asked)


def test_a_file_without_reports_is_read(read: Any) -> None:
    data = msgspec.to_builtins(read())
    del data["lastAccessed"]
    assert msgspec.convert(data, Snapshot).last_accessed == ()
