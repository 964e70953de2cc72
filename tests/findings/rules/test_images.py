"""Images that cannot be pulled, and repositories that are open to everybody."""

from typing import Any

import pytest
from msgspec import UNSET

from ecsiam_tui.account.ecs import Deployment
from ecsiam_tui.account.resources import PullThroughCacheRule, Repository
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.findings.finding import Severity
from tests.findings import builders as b

PULL = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]


def image(name: str = "web:1.2", account: str = b.ACCOUNT) -> str:
    return f"{account}.dkr.ecr.{b.REGION}.amazonaws.com/{name}"


def repository(name: str = "web", account: str = b.ACCOUNT, **fields: Any) -> Repository:
    arn = b.arn("ecr", f"repository/{name}", account=account)
    known = {"policy": None, **fields}
    return Repository(repository_arn=arn, repository_name=name, registry_id=account, **known)


def account(text: str, *, running: int = 0, **fields: Any) -> Snapshot:
    """A service on an image, with an execution role that may pull anything."""
    pull = {"pull": b.document(b.allow([*PULL, "ecr:GetAuthorizationToken"]))}
    return b.snapshot(
        roles=[b.role("web-exec", inline=pull)],
        task_definitions=[b.definition("web", b.container(image=text), execution_role="web-exec")],
        services=[b.service("web", "web:1", running_count=running)],
        **fields,
    )


def test_a_missing_repository() -> None:
    arn = b.arn("ecr", "repository/web")
    (finding,) = b.found("ECS-IAM-036", account(image(), missing=[arn]))
    assert (finding.severity, finding.nodes) == (Severity.HIGH, (b.definition_arn("web:1"), arn))
    assert finding.summary == f"web:1: there is no repository web in {b.REGION}."


@pytest.mark.parametrize(("text", "name"), [("web:1.2", "web:1.2"), ("web", "web:latest")])
def test_a_missing_image(text: str, name: str) -> None:
    there = repository(images={image(text): False})
    (finding,) = b.found("ECS-IAM-036", account(image(text), repositories=[there]))
    assert finding.severity == Severity.HIGH
    assert f"there is no image {name} in" in finding.summary


def test_what_the_cache_pulls_through_need_not_be_there() -> None:
    rules = [PullThroughCacheRule(ecr_repository_prefix="hub", region=b.REGION)]
    arn = b.arn("ecr", "repository/hub/nginx")
    made = account(image("hub/nginx:1"), missing=[arn], pull_through_cache_rules=rules)
    assert b.found("ECS-IAM-036", made) == ()


@pytest.mark.parametrize("images", [{image(): True}, {}], ids=["there", "not looked up"])
def test_an_image_that_is_not_known_to_be_missing(images: dict[str, bool]) -> None:
    assert b.found("ECS-IAM-036", account(image(), repositories=[repository(images=images)])) == ()


def test_another_account_that_was_not_read() -> None:
    (finding,) = b.found("ECS-IAM-036", account(image(account=b.OTHER)))
    assert (finding.severity, finding.is_certain) == (Severity.MEDIUM, False)
    assert finding.fixes == ("set-resource-policy",)


def test_a_task_that_runs_proves_that_the_other_account_lets_it_pull() -> None:
    assert b.found("ECS-IAM-036", account(image(account=b.OTHER), running=1)) == ()


def test_while_it_rolls_out_what_runs_proves_nothing() -> None:
    made = account(image(account=b.OTHER), running=1)
    rolling = b.service(
        "web", "web:1", running_count=1, deployments=(Deployment(status="PRIMARY"), Deployment())
    )
    changed = b.snapshot(roles=made.roles, task_definitions=made.task_definitions, services=[rolling])
    assert len(b.found("ECS-IAM-036", changed)) == 1


@pytest.mark.parametrize(
    ("principal", "fires"), [(b.role_arn("web-exec"), False), (b.role_arn("else"), True)]
)
def test_another_account_whose_policy_was_read(principal: str, fires: bool) -> None:
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": PULL}
    there = repository(account=b.OTHER, policy=b.document(statement))
    found = b.found("ECS-IAM-036", account(image(account=b.OTHER), repositories=[there]))
    assert [(item.severity, item.is_certain) for item in found] == ([(Severity.HIGH, True)] if fires else [])


def test_images_of_aws_itself_may_be_pulled() -> None:
    assert b.found("ECS-IAM-036", account(image("aws-for-fluent-bit:stable", "906394416424"))) == ()


def public(*actions: str, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": "*", "Action": list(actions), **more}


DENY = {"Effect": "Deny", "Principal": "*", "Action": "ecr:*"}
ORGANIZATION = {"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}}


@pytest.mark.parametrize(
    ("statements", "severity"),
    [
        ([public(*PULL)], Severity.HIGH),
        ([public(*PULL, "ecr:PutImage")], Severity.CRITICAL),
        ([public("ecr:*")], Severity.CRITICAL),
        ([public(*PULL), DENY], None),
        ([public(*PULL, Condition=ORGANIZATION)], None),
        ([public("ecr:DescribeImages")], None),
        ([{**public(*PULL), "Principal": {"AWS": f"arn:aws:iam::{b.OTHER}:root"}}], None),
    ],
)
def test_repositories_open_to_everybody(statements: list[dict[str, Any]], severity: Severity | None) -> None:
    there = repository(policy=b.document(*statements))
    found = b.found("ECS-IAM-062", account(image(), repositories=[there]))
    assert [item.severity for item in found] == ([] if severity is None else [severity])
    if found:
        assert found[0].node == there.repository_arn
        assert found[0].evidence[0].lines is not None
        assert found[0].consequence == "web:1 pulls from it."


@pytest.mark.parametrize("policy", [UNSET, None])
def test_a_repository_without_known_policy(policy: Any) -> None:
    assert b.found("ECS-IAM-062", account(image(), repositories=[repository(policy=policy)])) == ()
