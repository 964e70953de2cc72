"""The service-linked role, and sessions of people."""

from typing import Any

import pytest

from ecsiam_tui.account.ecs import DeploymentController
from ecsiam_tui.account.iam import Role
from ecsiam_tui.account.snapshot import Gap
from ecsiam_tui.findings.finding import Severity
from tests.findings import builders as b

LINKED = Role(
    role_name="AWSServiceRoleForECS",
    arn=b.role_arn("aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"),
    path="/aws-service-role/ecs.amazonaws.com/",
)
NOT_LISTED = Gap(call="iam:GetAccountAuthorizationDetails", reason="denied", unknown=("roles",))
BRIDGE = b.definition(network_mode="bridge")


@pytest.mark.parametrize(
    ("fields", "fires"),
    [
        ({}, True),
        ({"roles": [b.role("AWSServiceRoleForECS")]}, True),  # a name alone does not make it
        ({"roles": [LINKED]}, False),
        ({"gaps": [NOT_LISTED]}, False),
        ({"task_definitions": [BRIDGE]}, False),
        ({"services": []}, False),
        ({"services": [b.service(status="INACTIVE")]}, False),
        (
            {
                "task_definitions": [BRIDGE],
                "services": [b.service(deployment_controller=DeploymentController(type="EXTERNAL"))],
            },
            True,
        ),
        (
            {"task_definitions": [BRIDGE], "services": [b.service(service_registries=({"port": 80},))]},
            True,
        ),
    ],
)
def test_service_linked_role_is_missing(fields: dict[str, Any], fires: bool) -> None:
    account = b.snapshot(**{"task_definitions": [b.definition()], "services": [b.service()], **fields})
    found = b.found("ECS-IAM-050", account)
    assert [finding.nodes for finding in found] == [(b.cluster_arn(), b.service_arn("web"))] * fires


def test_service_linked_role_is_told_of_once() -> None:
    services = [b.service("one"), b.service("two", cluster="stage")]
    clusters = [b.cluster(), b.cluster("stage")]
    account = b.snapshot(task_definitions=[b.definition()], services=services, clusters=clusters)
    (finding,) = b.found("ECS-IAM-050", account)
    assert finding.nodes[:2] == (b.cluster_arn(), b.cluster_arn("stage"))


PEOPLE = b.document(
    {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::{b.ACCOUNT}:saml-provider/sso"},
        "Action": "sts:AssumeRoleWithSAML",
    }
)
SHELLS = {"shells": b.document(b.allow("ecs:ExecuteCommand"))}


@pytest.mark.parametrize(
    ("fields", "fires"),
    [
        ({}, True),
        ({"max_session_duration": 3600}, False),
        ({"max_session_duration": None}, False),
        ({"inline": {"look": b.document(b.allow("ecs:DescribeTasks"))}}, False),
        ({"trust": b.trust_policy()}, False),  # AWS does not limit the sessions of its services by it
        ({"path": "/aws-reserved/sso.amazonaws.com/"}, False),
    ],
)
def test_long_sessions(fields: dict[str, Any], fires: bool) -> None:
    known = {"trust": PEOPLE, "inline": SHELLS, "max_session_duration": 43200, **fields}
    found = b.found("ECS-IAM-066", b.snapshot(roles=[b.role("oncall", **known)]))
    assert [finding.node for finding in found] == [b.role_arn("oncall")] * fires
    assert all("12 hours" in finding.summary for finding in found)
    assert all(finding.severity == Severity.INFO for finding in found)
