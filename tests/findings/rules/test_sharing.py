"""One role for many."""

from typing import Any

import pytest

from ecsiam_tui.account.resources import SecretResource
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.findings.facts import Options
from ecsiam_tui.findings.finding import Severity
from tests.findings import builders as b

SECRETS = [
    SecretResource(arn=b.arn("secretsmanager", f"secret:{n}-AbCdEf"), name=n, policy=None) for n in "abcd"
]
READS = b.document(b.allow("secretsmanager:GetSecretValue", b.arn("secretsmanager", "secret:*")))


def sharing(families: int, *, own_secrets: bool = True, inline: str = READS) -> Snapshot:
    """Families that share an execution role; each takes a secret of its own, or all the same one."""
    definitions = [
        b.definition(
            f"app{number}",
            b.container(secrets={"DB": SECRETS[number if own_secrets else 0].arn}),
            execution_role="shared",
        )
        for number in range(families)
    ]
    return b.snapshot(
        roles=[b.role("shared", inline={"secrets": inline})], task_definitions=definitions, secrets=SECRETS
    )


@pytest.mark.parametrize(
    ("account", "options", "fires"),
    [
        (sharing(4), None, True),
        (sharing(3), None, False),
        (sharing(3), Options(shared_families=2), True),
        (sharing(4, own_secrets=False), None, False),
        # It cannot read any.
        (sharing(4, inline=b.document(b.allow("logs:PutLogEvents"))), None, False),
    ],
)
def test_execution_role_with_secrets_of_many(account: Snapshot, options: Options | None, fires: bool) -> None:
    found = b.found("ECS-IAM-027", account, options)
    assert [(item.node, item.severity) for item in found] == (
        [(b.role_arn("shared"), Severity.MEDIUM)] if fires else []
    )
    assert all(evidence.where == "executionRoleArn" for item in found for evidence in item.evidence)


SOMETHING = {"app": b.document(b.allow("sqs:SendMessage", b.arn("sqs", "work")))}


@pytest.mark.parametrize(
    ("families", "inline", "expected"),
    [
        (["orders", "refunds"], SOMETHING, [Severity.MEDIUM]),
        (["orders", "orders-migrate"], SOMETHING, [Severity.LOW]),
        (["orders"], SOMETHING, []),
        (["orders", "refunds"], {}, []),
    ],
)
def test_task_role_of_many(families: list[str], inline: dict[str, Any], expected: list[Severity]) -> None:
    account = b.snapshot(
        roles=[b.role("shared", inline=inline)],
        task_definitions=[b.definition(family, task_role="shared") for family in families],
        # Two services of one family are one application.
        services=[b.service("orders-a", "orders:1"), b.service("orders-b", "orders:1")],
    )
    found = b.found("ECS-IAM-028", account)
    assert [item.severity for item in found] == expected
    assert all(item.node == b.role_arn("shared") for item in found)
