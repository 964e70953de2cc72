"""`--check-with-aws` in text and JSON, and `lint` of a principal's policies."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from ecsiam_tui.account.files import save
from ecsiam_tui.account.iam import PermissionsBoundary
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.aws import second_opinion, session
from ecsiam_tui.aws.second_opinion import Opinion
from ecsiam_tui.cli.errors import CommandError
from ecsiam_tui.cli.options import Where
from tests.cli.asking import answer, ask, data
from tests.policy.snapshots import EDGE, SHARED, attached, role, snapshot
from tests.policy.tables import ACCOUNT, allow, policy

QUESTION = (
    "simulate",
    "-p",
    "checkout-task",
    "-a",
    "s3:GetObject",
    "-a",
    "s3:PutObject",
    "-r",
    "arn:aws:s3:::o/a",
)


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch, demo_snapshot: Snapshot) -> list[Opinion]:
    """A live account that is the demo one, and an AWS that says what is put in the list."""
    said: list[Opinion] = []

    def opinions(_: Any, decisions: list[Any], *__: Any, **___: Any) -> Iterator[Opinion]:
        assert len(decisions) == 2
        yield from said

    monkeypatch.setattr(Where, "load", lambda self: SimpleNamespace(snapshot=demo_snapshot))
    monkeypatch.setattr(session, "make_session", lambda target: None)
    monkeypatch.setattr(second_opinion, "opinions", opinions)
    monkeypatch.setattr(second_opinion, "validation", lambda _, text, kind: iter([f"agrees: {kind}"]))
    return said


@pytest.mark.parametrize(
    ("said", "agrees"),
    [
        ([Opinion("agrees on a", True), Opinion("DISAGREES on b", False)], [True, False]),
        ([Opinion("no second opinion: denied", None)], [None, None]),  # asking again could not help
    ],
)
def test_simulations_of_aws_are_in_the_json(
    live: list[Opinion], said: list[Opinion], agrees: list[bool | None]
) -> None:
    live += said
    cells = data(*QUESTION, "--check-with-aws")
    assert [cell["aws"]["agrees"] for cell in cells] == agrees
    assert cells[0]["aws"]["text"] == said[0].text
    assert answer(*QUESTION, "--check-with-aws", "--json").err == ""
    assert "aws" not in data(*QUESTION)[0]
    assert f"AWS: {said[0].text}\n" in answer(*QUESTION, "--check-with-aws").err


def test_validations_of_aws_are_in_the_json(live: list[Opinion], tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_bytes(msgspec.json.encode(policy(allow("s3:GetObject"))))
    assert data("lint", str(path), "--check-with-aws") == [{"file": str(path), "aws": "agrees: identity"}]
    assert f"AWS: {path}: agrees: identity" in answer("lint", str(path), "--check-with-aws").err


def saved(tmp_path: Path, **more: Any) -> str:
    path = tmp_path / "account.json"
    save(snapshot(roles=(role("asked", allow("s3:GetObjekt"), **more),)), path)
    return str(path)


def test_policies_of_a_principal_are_checked(tmp_path: Path) -> None:
    path = saved(
        tmp_path,
        attached_managed_policies=attached(SHARED, "arn:aws:iam::aws:policy/ReadOnlyAccess"),
        permissions_boundary=PermissionsBoundary(permissions_boundary_arn=EDGE),
        assume_role_policy_document='{"Version":"2012-10-17","Statement":[{"Effect":"Permit"}]}',
    )
    shown = ask("lint", "--principal", "asked", "--snapshot", path, code=1)
    assert "asked/app:" in shown
    assert "did you mean s3:GetObject" in shown
    assert "asked/trust policy:" in shown
    assert 'expected "Allow" or "Deny"' in shown
    assert "INCOMPLETE without asked: policies that were not read: arn:aws:iam::aws:policy/ReadOnly" in shown
    rows = data("lint", "--principal", "asked", "--snapshot", path, code=1)
    assert {row["file"] for row in rows if "finding" in row} == {"asked/app", "asked/trust policy"}
    assert any("unread" in row for row in rows)


def test_sound_policies_of_a_principal(file: str) -> None:
    assert ask("lint", "-p", "github-deploy", "--snapshot", file) == "2 policies: nothing found\n"
    with pytest.raises(CommandError, match="did you mean"):
        ask("lint", "-p", "github-deplyo", "--snapshot", file)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("lint",), "policy files, or --principal"),
        (("lint", "x.json", "--demo"), "are for --principal"),
        (("simulate", "-p", "x", "-a", "s3:GetObject", "--only-policies", "--demo"), "give one"),
    ],
)
def test_wrong_calls(arguments: tuple[str, ...], says: str) -> None:
    assert says in answer(*arguments, code=2).err


def test_a_policy_from_standard_input_counts_for_every_question(file: str) -> None:
    grant = msgspec.json.encode(policy(allow("sqs:*"))).decode()
    question = ("simulate", "-p", "ledger-exec", "-a", "sqs:SendMessage", "-a", "sqs:ReceiveMessage")
    queue = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:work"
    shown = ask(*question, "-r", queue, "--policy", "-", "--snapshot", file, text=grant)
    assert shown.count("ALLOWED") == 2
