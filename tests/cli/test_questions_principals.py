"""Whom one may ask about: root, everyone, services, other accounts, and what happens to unknown names."""

from pathlib import Path

import msgspec
import pytest

from ecsiam_tui.account.files import save
from ecsiam_tui.account.snapshot import Gap, Snapshot
from ecsiam_tui.cli.errors import CommandError
from tests.cli.asking import ask, data

CONFIG = "arn:aws:s3:::acme-config/app.yml"


@pytest.mark.parametrize(
    ("principal", "result"),
    [
        ("arn:aws:iam::999988887777:role/partner", "ImplicitlyDenied"),  # the bucket's policy lets nobody in
        ("arn:aws:iam::123456789012:root", "Allowed"),
        ("root", "Allowed"),
        ("anonymous", "ExplicitlyDenied"),  # by the organization's data perimeter
        ("*", "ExplicitlyDenied"),
        ("ecs-tasks.amazonaws.com", "ImplicitlyDenied"),
        ("arn:aws:iam::123456789012:saml-provider/AcmeSSO", "ImplicitlyDenied"),
    ],
)
def test_every_kind_of_principal_can_be_asked_about(file: str, principal: str, result: str) -> None:
    question = ("-p", principal, "-a", "s3:GetObject", "-r", CONFIG, "--snapshot", file)
    (cell,) = data("simulate", *question)
    assert cell["result"] == result
    assert ask("why-not", *question)


@pytest.mark.parametrize("command", ["simulate", "why-not"])
def test_other_accounts_depend_on_what_was_not_read(file: str, command: str) -> None:
    partner = "arn:aws:iam::999988887777:role/partner"
    shown = ask(command, "-p", partner, "-a", "s3:GetObject", "--snapshot", file)
    assert "DENIED" not in shown
    assert "the policies of role partner" in " ".join(shown.split())


def test_a_role_that_a_complete_listing_lacks_is_an_error(file: str) -> None:
    with pytest.raises(CommandError, match="no role or user is called"):
        ask("simulate", "-p", "arn:aws:iam::123456789012:role/nope", "-a", "s3:GetObject", "--snapshot", file)


def test_a_role_that_a_listing_with_gaps_lacks_depends(demo_snapshot: Snapshot, tmp_path: Path) -> None:
    gap = Gap(call="iam:GetAccountAuthorizationDetails", reason="denied", unknown=("roles",))
    path = tmp_path / "gaps.json"
    save(msgspec.structs.replace(demo_snapshot, gaps=(gap,)), path)
    on = ("-a", "s3:GetObject", "--snapshot", str(path))
    (cell,) = data("simulate", "-p", "arn:aws:iam::123456789012:role/nope", *on)
    assert cell["result"] == "Depends"
    assert cell["explanation"]["unread"] == ["the policies of role nope, which were not read"]
    with pytest.raises(CommandError, match="roles could not all be read: give the ARN"):
        ask("simulate", "-p", "nope", *on)
