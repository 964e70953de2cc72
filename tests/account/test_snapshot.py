"""What a snapshot knows and what it does not."""

from datetime import UTC, datetime

import pytest

from ecsiam_tui.account.snapshot import Gap, Snapshot

SNAPSHOT = Snapshot(
    account_id="1",
    taken_at=datetime(2026, 1, 1, tzinfo=UTC),
    gaps=(
        Gap(call="ecs:ListServices", reason="denied", region="eu-west-1", unknown=("services",)),
        Gap(
            call="kms:GetKeyPolicy", reason="denied", region="eu-west-1", target="k", unknown=("keys.policy",)
        ),
        Gap(call="iam:GetAccountAuthorizationDetails", reason="throttled", unknown=("roles", "users")),
    ),
)


@pytest.mark.parametrize(
    ("name", "region", "target", "known"),
    [
        ("services", None, None, False),
        ("services", "eu-west-1", None, False),
        ("services", "us-east-1", None, True),
        ("services", "eu-west-1", "any", False),
        ("keys", None, None, True),
        ("keys.policy", None, "k", False),
        ("keys.policy", None, "other", True),
        ("keys.policy", None, None, False),
        ("roles", "us-east-1", None, False),
        ("users", None, "x", False),
        ("clusters", None, None, True),
    ],
)
def test_absence_means_something_only_where_it_is_known(
    name: str, region: str | None, target: str | None, known: bool
) -> None:
    assert SNAPSHOT.is_known(name, region=region, target=target) is known
