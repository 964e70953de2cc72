"""Environment files and FireLens configurations in Amazon S3."""

from typing import Any

import pytest

from ecsiam_tui.account.resources import Bucket
from ecsiam_tui.account.snapshot import Gap, Snapshot
from ecsiam_tui.account.tasks import ContainerDefinition, EnvironmentFile, FirelensConfiguration
from ecsiam_tui.findings.finding import Severity
from tests.findings import builders as b

BUCKET = "arn:aws:s3:::web-config"
FILE = f"{BUCKET}/prod.env"
OWN = {"StringEquals": {"aws:ResourceAccount": b.ACCOUNT}}


def env(value: str = FILE) -> ContainerDefinition:
    return b.container(environment_files=(EnvironmentFile(value=value, type="s3"),))


def router(value: str = FILE) -> ContainerDefinition:
    options = {"config-file-type": "s3", "config-file-value": value}
    return b.container(firelens_configuration=FirelensConfiguration(type="fluentbit", options=options))


def bucket(owner: str | None = b.ACCOUNT) -> Bucket:
    return Bucket(name="web-config", arn=BUCKET, region=b.REGION, account_id=owner, policy=None)


def account(
    container: ContainerDefinition, *, condition: Any = OWN, launch: str = "EC2", **fields: Any
) -> Snapshot:
    more = {"Condition": condition} if condition else {}
    read = {"read": b.document(b.allow("s3:GetObject", FILE, **more))}
    return b.snapshot(
        roles=[b.role("web-exec", inline=read)],
        task_definitions=[b.definition("web", container, execution_role="web-exec")],
        services=[b.service("web", "web:1", launch_type=launch)],
        **fields,
    )


@pytest.mark.parametrize("container", [env(), router()], ids=["environment file", "FireLens"])
def test_a_bucket_that_does_not_exist(container: ContainerDefinition) -> None:
    (finding,) = b.found("ECS-IAM-058", account(container, missing=[BUCKET]))
    assert (finding.severity, finding.nodes) == (Severity.HIGH, (b.definition_arn("web:1"), BUCKET))
    assert "web-config, a bucket that does not exist" in finding.summary


@pytest.mark.parametrize("value", ["s3://web-config/prod.env", BUCKET])
def test_what_is_no_object(value: str) -> None:
    (finding,) = b.found("ECS-IAM-058", account(env(value)))
    assert finding.severity == Severity.HIGH


def test_a_bucket_of_another_account() -> None:
    (finding,) = b.found("ECS-IAM-058", account(env(), buckets=[bucket(None)]))
    assert finding.severity == Severity.MEDIUM
    gap = Gap(call="s3:ListBuckets", reason="denied", unknown=("buckets.account_id",))
    assert b.found("ECS-IAM-058", account(env(), buckets=[bucket(None)], gaps=[gap])) == ()


def test_a_role_that_reads_the_bucket_whoever_owns_it() -> None:
    (finding,) = b.found("ECS-IAM-058", account(env(), condition=None, buckets=[bucket()]))
    assert (finding.severity, finding.fixes[0]) == (Severity.LOW, "add-resource-account-condition")
    assert finding.summary == "web:1: web-exec may read web-config whoever owns it."


@pytest.mark.parametrize("fields", [{"buckets": [bucket()]}, {}], ids=["one's own", "not read"])
def test_a_file_that_is_safe_or_not_known_not_to_be(fields: dict[str, Any]) -> None:
    assert b.found("ECS-IAM-058", account(env(), **fields)) == ()


def test_firelens_on_fargate_takes_no_file_from_s3() -> None:
    (finding,) = b.found("ECS-IAM-058", account(router(), launch="FARGATE", buckets=[bucket()]))
    assert finding.severity == Severity.MEDIUM
    assert b.found("ECS-IAM-058", account(router(), buckets=[bucket()])) == ()
