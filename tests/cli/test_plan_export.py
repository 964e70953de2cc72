"""`plan export`: every form, to standard output or to private files, and what is refused."""

import json
from pathlib import Path
from typing import get_args

import pytest
from typer.testing import CliRunner, Result

from ecsiam_tui.account.files import save
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.applying import apply_all
from ecsiam_tui.changes.plan import make, to_json
from ecsiam_tui.changes.rendering import Form, render
from ecsiam_tui.cli import app
from ecsiam_tui.cli.plan_export import ExportFormat

ROLE = "arn:aws:iam::123456789012:role/checkout-task"
STATEMENT = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
CHANGE = c.PutRolePolicy(
    role=ROLE, name="app", document=json.dumps({"Version": "2012-10-17", "Statement": [STATEMENT]})
)


@pytest.fixture
def plan(demo_snapshot: Snapshot, tmp_path: Path) -> str:
    path = tmp_path / "plan.json"
    path.write_bytes(to_json(make(demo_snapshot, [CHANGE])))
    return str(path)


def export(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["plan", "export", *arguments])


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_the_forms_are_those_that_there_are() -> None:
    assert tuple(form.value for form in ExportFormat) == get_args(Form)


@pytest.mark.parametrize("form", ["cli", "terraform", "boto3"])
def test_one_document_is_printed_or_written(
    plan: str, file: str, tmp_path: Path, demo_snapshot: Snapshot, form: Form
) -> None:
    wanted = render(make(demo_snapshot, [CHANGE]), demo_snapshot, form)
    assert isinstance(wanted, str)
    printed = export(plan, "--format", form, "--snapshot", file)
    assert (printed.exit_code, printed.stdout) == (0, wanted.rstrip("\n") + "\n")
    out = tmp_path / "out"
    assert export(plan, "--format", form, "--snapshot", file, "--out", str(out)).exit_code == 0
    assert (out.read_text(), mode(out)) == (wanted, 0o600)


@pytest.mark.parametrize("form", ["cloudformation", "json"])
def test_several_files_are_written_to_a_folder(
    plan: str, file: str, tmp_path: Path, demo_snapshot: Snapshot, form: Form
) -> None:
    wanted = render(make(demo_snapshot, [CHANGE]), demo_snapshot, form)
    assert isinstance(wanted, dict)
    refused = export(plan, "--format", form, "--snapshot", file)
    assert refused.exit_code == 2
    assert "--out" in refused.output
    out = tmp_path / "out"
    assert export(plan, "--format", form, "--snapshot", file, "--out", str(out)).exit_code == 0
    assert {path.name: path.read_text() for path in out.iterdir()} == wanted
    assert (mode(out), {mode(path) for path in out.iterdir()}) == (0o700, {0o600})


def test_nothing_is_replaced(plan: str, file: str, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_text("mine")
    refused = export(plan, "--format", "cli", "--snapshot", file, "--out", str(there))
    assert "there exists" in str(refused.exception)
    assert there.read_text() == "mine"


def test_a_folder_that_is_not_there_is_named(plan: str, file: str, tmp_path: Path) -> None:
    out = tmp_path / "none" / "out"
    refused = export(plan, "--format", "cli", "--snapshot", file, "--out", str(out))
    assert f"{out}: cannot be written: No such file" in str(refused.exception)


def test_what_somebody_changed_since_is_told(plan: str, demo_snapshot: Snapshot, tmp_path: Path) -> None:
    now = tmp_path / "now.json"
    save(apply_all([c.DeleteRolePolicy(role=ROLE, name="app")], demo_snapshot), now)
    done = export(plan, "--format", "cli", "--snapshot", str(now))
    assert done.exit_code == 0
    assert "somebody changed its targets" in done.stderr


def test_a_plan_for_another_account_is_refused(demo_snapshot: Snapshot, file: str, tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_bytes(to_json(make(demo_snapshot, [CHANGE])).replace(b'"123456789012"', b'"210987654321"'))
    refused = export(str(path), "--format", "cli", "--snapshot", file)
    assert "the plan is for account 210987654321" in str(refused.exception)
