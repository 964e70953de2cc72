"""Amazon EFS volumes."""

from typing import Any

import pytest
from msgspec import UNSET

from ecsiam_tui.account.resources import FileSystem
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.tasks import FileSystemVolume, Volume, VolumeAuthorization
from ecsiam_tui.findings.finding import Severity
from tests.findings import builders as b

SYSTEM = b.arn("elasticfilesystem", "file-system/fs-1")
ONE_ROLE = b.document(
    {
        "Effect": "Allow",
        "Principal": {"AWS": b.role_arn("web-task")},
        "Action": "elasticfilesystem:ClientMount",
        "Resource": "*",
    }
)
ANYBODY = b.document(
    {
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": "elasticfilesystem:ClientMount",
        "Resource": "*",
        "Condition": {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}},
    }
)


def volume(*, tls: bool = True, iam: bool = True, point: str | None = "fsap-1") -> FileSystemVolume:
    return FileSystemVolume(
        file_system_id="fs-1",
        transit_encryption="ENABLED" if tls else None,
        authorization_config=VolumeAuthorization(access_point_id=point, iam="ENABLED" if iam else "DISABLED"),
    )


def account(efs: FileSystemVolume, policy: Any = ONE_ROLE) -> Snapshot:
    made = Volume(name="data", efs_volume_configuration=efs)
    system = FileSystem(file_system_id="fs-1", file_system_arn=SYSTEM, name="data", policy=policy)
    return b.snapshot(
        roles=[b.role("web-task")],
        task_definitions=[b.definition("web", volumes=(made,), task_role="web-task")],
        services=[b.service("web", "web:1")],
        file_systems=[system],
    )


@pytest.mark.parametrize(
    ("efs", "policy", "severity", "words"),
    [
        (volume(tls=False), ONE_ROLE, Severity.MEDIUM, "no TLS"),
        (volume(iam=False), ANYBODY, Severity.MEDIUM, "lets in anybody"),
        (volume(iam=False), None, Severity.MEDIUM, "lets in anybody"),
        (volume(iam=False), ONE_ROLE, Severity.HIGH, "lets nobody mount it"),
        (volume(iam=False), UNSET, Severity.LOW, "no IAM"),
        (volume(point=None), ONE_ROLE, Severity.INFO, "no access point"),
        (volume(iam=False, point=None), UNSET, Severity.LOW, "no IAM, no access point"),
    ],
)
def test_volumes(efs: FileSystemVolume, policy: Any, severity: Severity, words: str) -> None:
    (finding,) = b.found("ECS-IAM-059", account(efs, policy))
    assert (finding.node, finding.severity) == (b.definition_arn("web:1"), severity)
    assert words in finding.summary


@pytest.mark.parametrize(("policy", "severity"), [(ANYBODY, Severity.MEDIUM), (None, Severity.LOW)])
def test_a_file_system_that_lets_in_more_than_those_with_iam(policy: Any, severity: Severity) -> None:
    (finding,) = b.found("ECS-IAM-059", account(volume(), policy))
    assert (finding.node, finding.severity) == (SYSTEM, severity)


@pytest.mark.parametrize("policy", [ONE_ROLE, UNSET], ids=["one role", "not read"])
def test_a_volume_as_it_should_be(policy: Any) -> None:
    assert b.found("ECS-IAM-059", account(volume(), policy)) == ()


def test_a_policy_that_denies_those_without_an_access_point_is_honoured() -> None:
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "*",
        "Resource": "*",
        "Condition": {"Null": {"elasticfilesystem:AccessPointArn": "true"}},
    }
    allow = {"Effect": "Allow", "Principal": "*", "Action": "elasticfilesystem:*", "Resource": "*"}
    found = b.found("ECS-IAM-059", account(volume(), b.document(allow, deny)))
    assert [item.severity for item in found if item.severity > Severity.MEDIUM] == []
