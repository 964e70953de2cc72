"""`access`: conditions of Denies and limits, what was not read, differences that are too long."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from ecsiam_tui.account.files import save
from ecsiam_tui.account.iam import PermissionsBoundary
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.cli.errors import CommandError
from tests.cli.asking import ask, data, flat
from tests.policy.snapshots import EDGE, attached, role, snapshot
from tests.policy.tables import ACCOUNT, allow, deny

GONE = f"arn:aws:iam::{ACCOUNT}:policy/gone"


def saved(tmp_path: Path, *statements: dict[str, Any], **more: Any) -> str:
    """A snapshot with one role `asked`."""
    path = tmp_path / "one.json"
    save(snapshot(roles=(role("asked", *statements, **more),)), path)
    return str(path)


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        (
            deny("ecs:DeleteCluster", Condition={"StringEquals": {"aws:ResourceTag/env": "prod"}}),
            "except ecs:DeleteCluster when aws:ResourceTag/env = prod identity-based policy: § app ¶ 2",
        ),
        (
            deny(
                "ecs:DeleteCluster",
                Condition={
                    "StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-central-1"]},
                    "Bool": {"aws:MultiFactorAuthPresent": "false"},
                },
            ),
            "except ecs:DeleteCluster when aws:RequestedRegion not in (eu-west-1, eu-central-1) and"
            " aws:MultiFactorAuthPresent = false",
        ),
        (
            deny("ecs:DeleteCluster", "arn:aws:ecs:*:*:cluster/prod"),
            "except ecs:DeleteCluster on arn:aws:ecs:*:*:cluster/prod",
        ),
        (
            deny("ecs:*", Condition={"Null": {"aws:ResourceTag/team": "true"}}),
            "when aws:ResourceTag/team is not set",
        ),
    ],
)
def test_conditions_of_denies_are_printed(tmp_path: Path, statement: dict[str, Any], says: str) -> None:
    shown = ask("access", "asked", "--snapshot", saved(tmp_path, allow("ecs:*"), statement))
    assert says in flat(shown)


def test_what_a_boundary_lets_through_is_printed(file: str) -> None:
    shown = flat(ask("access", "ledger-task", "--snapshot", file))
    assert "only within s3:GetObject when aws:PrincipalTag/team = ${aws:ResourceTag/team}" in shown
    assert "permissions boundary: § team-boundary ¶ TaggedTeamsReadTheirObjects" in shown
    assert "when aws:RequestedRegion not in (eu-west-1, us-east-1)" in shown


@pytest.mark.parametrize(
    ("more", "unread"),
    [
        ({"attached_managed_policies": attached(GONE)}, f"policies that were not read: {GONE}"),
        (
            {"permissions_boundary": PermissionsBoundary(permissions_boundary_arn=GONE)},
            f"the boundary {GONE}, which was not read",
        ),
        ({}, ""),
        ({"permissions_boundary": PermissionsBoundary(permissions_boundary_arn=EDGE)}, ""),
    ],
)
def test_what_was_not_read_is_said(tmp_path: Path, more: dict[str, Any], unread: str) -> None:
    path = saved(tmp_path, allow("s3:GetObject"), **more)
    shown = flat(ask("access", "asked", "--snapshot", path))
    assert (f"INCOMPLETE without {unread}: it may be able to do more, or less" in shown) == bool(unread)
    assert ("INCOMPLETE" in shown) == bool(unread)
    found = data("access", "asked", "--snapshot", path)
    assert found["unread"] == ([unread] if unread else [])
    assert found["by_level"]["Read"] == 1  # an unread boundary is no empty one
    changed = ask("access", "asked", "--diff-snapshot", path, "--snapshot", path)
    assert ("INCOMPLETE" in changed) == bool(unread)


def test_a_principal_of_which_nothing_was_read(file: str) -> None:
    shown = ask("access", "arn:aws:iam::999988887777:role/partner", "--snapshot", file)
    assert shown.startswith("partner: what it may do is not known\n")
    assert "INCOMPLETE without the policies of role partner" in shown


def test_long_differences_are_summed_up(file: str, demo_snapshot: Snapshot) -> None:
    sides = ("checkout-task", "PlatformAdmin")
    shown = ask("access", "--diff", *sides, "--snapshot", file)
    assert len(shown.splitlines()) < 60
    assert "  + 1" in shown
    assert "Permissions management" in shown
    assert "more services" in shown
    assert "add --full" in shown
    everything = ask("access", "--diff", *sides, "--full", "--snapshot", file).splitlines()
    found = data("access", "--diff", *sides, "--snapshot", file)
    assert sum(line.startswith("  + ") for line in everything) == len(found["added"])
    assert "add --full" not in everything[-1]


def test_an_administrator_lacks_nothing_that_another_may(file: str) -> None:
    """Also where the catalogue lacks the action, which a policy names and `*` covers."""
    found = data("access", "--diff", "checkout-task", "PlatformAdmin", "--snapshot", file)
    assert found["removed"] == []
    back = data("access", "--diff", "PlatformAdmin", "checkout-task", "--snapshot", file)
    assert back["added"] == []


def test_no_line_is_too_long(file: str) -> None:
    for name in ("ledger-task", "github-deploy", "checkout-task"):
        for line in ask("access", name, "--snapshot", file).splitlines():
            assert len(line) <= 100 or "arn:" in line
    assert msgspec.json.decode(ask("access", "ledger-task", "--json", "--snapshot", file))["limits"]


def test_the_root_may_do_everything_within_the_organization(file: str) -> None:
    shown = flat(ask("access", "root", "--snapshot", file))
    assert shown.startswith("root may do 20,")
    assert "except " in shown
    assert "when aws:RequestedRegion not in (eu-west-1, us-east-1)" in shown
    for other in ("anonymous", "ecs-tasks.amazonaws.com"):
        with pytest.raises(CommandError, match=r"an? (anonymous|service) principal has no identity-based"):
            ask("access", other, "--snapshot", file)
