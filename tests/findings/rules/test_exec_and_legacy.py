"""ECS Exec without a log of sessions, and services with the legacy role."""

from typing import Any

import pytest

from ecsiam_tui.account.ecs import (
    ClusterConfiguration,
    ExecuteCommandConfiguration,
    ExecuteCommandLogConfiguration,
)
from ecsiam_tui.account.iam import Role
from ecsiam_tui.account.snapshot import Gap, Snapshot
from ecsiam_tui.account.tasks import ContainerDefinition
from ecsiam_tui.findings.finding import Severity
from tests.findings import builders as b

GROUP = ExecuteCommandLogConfiguration(cloud_watch_log_group_name="/ecs/exec")
BUCKET = ExecuteCommandLogConfiguration(s3_bucket_name="sessions")
LOGS = b.container("app", logs="/ecs/web")
MUTE = b.container("proxy")


def shells(
    logging: str | None,
    *containers: ContainerDefinition,
    log: ExecuteCommandLogConfiguration | None = None,
    on: bool = True,
) -> Snapshot:
    execute = ExecuteCommandConfiguration(logging=logging, log_configuration=log) if logging else None
    cluster = b.cluster(configuration=ClusterConfiguration(execute_command_configuration=execute))
    return b.snapshot(
        clusters=[cluster],
        roles=[b.role("web-task")],
        task_definitions=[b.definition("web", *containers, task_role="web-task")],
        services=[b.service("web", enable_execute_command=on)],
    )


@pytest.mark.parametrize(
    ("made", "severity"),
    [
        (shells("NONE", LOGS), Severity.MEDIUM),
        (shells("DEFAULT", MUTE), Severity.MEDIUM),
        (shells(None, MUTE), Severity.MEDIUM),
        (shells("DEFAULT", LOGS, MUTE), Severity.LOW),
        (shells("OVERRIDE", LOGS), Severity.MEDIUM),
        (shells("DEFAULT", LOGS), None),
        (shells(None, LOGS), None),
        (shells("OVERRIDE", MUTE, log=GROUP), None),
        (shells("OVERRIDE", MUTE, log=BUCKET), None),
        (shells("NONE", MUTE, on=False), None),
    ],
)
def test_logs_of_sessions(made: Snapshot, severity: Severity | None) -> None:
    found = b.found("ECS-IAM-054", made)
    assert [item.severity for item in found] == ([] if severity is None else [severity])
    if found:
        assert found[0].node == b.service_arn("web")
        assert found[0].consequence == "A shell there acts as web-task."


LINKED = Role(
    role_name="AWSServiceRoleForECS",
    arn=f"arn:aws:iam::{b.ACCOUNT}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
    path="/aws-service-role/ecs.amazonaws.com/",
)


def balanced(role: str | None, *roles: Role, **fields: Any) -> Snapshot:
    return b.snapshot(
        roles=list(roles),
        task_definitions=[b.definition("web")],
        services=[b.service("web", role_arn=role)],
        **fields,
    )


@pytest.mark.parametrize("name", ["ecsServiceRole", b.role_arn("ecsServiceRole")])
def test_a_legacy_role(name: str) -> None:
    (finding,) = b.found("ECS-IAM-049", balanced(name, b.role("ecsServiceRole")))
    assert (finding.node, finding.severity) == (b.service_arn("web"), Severity.LOW)
    assert "still has the load balancer role ecsServiceRole" in finding.summary


def test_a_legacy_role_that_is_gone_is_high_only_where_roles_were_read() -> None:
    gap = Gap(call="iam:GetAccountAuthorizationDetails", reason="denied", unknown=("roles",))
    arn = b.role_arn("ecsServiceRole")
    assert [item.severity for item in b.found("ECS-IAM-049", balanced(arn))] == [Severity.HIGH]
    assert [item.severity for item in b.found("ECS-IAM-049", balanced(arn, gaps=[gap]))] == [Severity.LOW]


@pytest.mark.parametrize("role", [None, LINKED.arn, "AWSServiceRoleForECS"])
def test_the_service_linked_role_or_none(role: str | None) -> None:
    assert b.found("ECS-IAM-049", balanced(role, LINKED)) == ()
