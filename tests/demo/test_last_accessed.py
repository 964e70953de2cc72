"""What the demo's roles used last: as declared, and of the policies that they have now."""

from collections.abc import Iterator

import pytest

from ecsiam_tui.account.iam import ServiceLastAccessed
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.demo.source import DemoSource
from tests.demo.conftest import NOW, Quiet

ROLE = "arn:aws:iam::123456789012:role/"


def services(snapshot: Snapshot, role: str) -> dict[str, ServiceLastAccessed]:
    (report,) = (one for one in snapshot.last_accessed if one.arn == ROLE + role)
    return {one.service_namespace: one for one in report.services_last_accessed}


def test_every_role_of_a_task_definition_has_a_report(snapshot: Snapshot) -> None:
    own = {role.arn for role in snapshot.roles}
    used = {
        role
        for one in snapshot.task_definitions
        for role in (one.task_role_arn, one.execution_role_arn)
        if role in own
    }
    assert used <= {report.arn for report in snapshot.last_accessed}
    assert all(report.job_completion_date == NOW for report in snapshot.last_accessed)


def test_a_declared_role_used_what_is_declared(snapshot: Snapshot) -> None:
    found = services(snapshot, "checkout-task")
    used = {name for name, one in found.items() if one.last_authenticated}
    assert used == {"dynamodb", "cloudwatch", "xray", "s3", "ssmmessages", "logs", "kms"}
    assert {"sqs", "ec2"} <= set(found)
    tracked = {one.action_name: one.last_accessed_time for one in found["s3"].tracked_actions_last_accessed}
    assert tracked["GetBucketLocation"] == found["s3"].last_authenticated
    assert tracked["DeleteBucket"] is None


def test_any_other_role_used_what_it_is_for(snapshot: Snapshot) -> None:
    found = services(snapshot, "storefront-task")
    assert set(found) == {"dynamodb", "sns"}
    assert all(one.last_authenticated for one in found.values())
    assert services(snapshot, "pricing-task")["s3"].last_authenticated is None  # a role that was never used


@pytest.fixture
def changed(source: DemoSource, snapshot: Snapshot) -> Iterator[None]:
    client = source.session.client("iam")
    (policy,) = next(role for role in snapshot.roles if role.role_name == "webhooks-task").role_policy_list
    which = {"RoleName": "webhooks-task", "PolicyName": policy.policy_name}
    client.delete_role_policy(**which)
    yield
    client.put_role_policy(**which, PolicyDocument=policy.policy_document)


@pytest.mark.usefixtures("changed")
def test_a_report_is_of_the_policies_as_they_are(source: DemoSource) -> None:
    assert services(source.load(Quiet()).snapshot, "webhooks-task") == {}
