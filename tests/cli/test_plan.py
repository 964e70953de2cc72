"""`plan` and `history`, as a person and a pipeline call them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner, Result

from ecsiam_tui.account.files import save
from ecsiam_tui.account.redact import Redactor
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.aws.collect import collect
from ecsiam_tui.aws.session import Target, make_session
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.applying import apply_all
from ecsiam_tui.changes.applying_ecs import next_revision
from ecsiam_tui.changes.plan import Plan, make, to_json
from ecsiam_tui.cli import app
from ecsiam_tui.demo.server import DemoServer
from tests.quiet import Quiet

ACCOUNT = "123456789012"
IAM = f"arn:aws:iam::{ACCOUNT}"
ROLE = f"{IAM}:role/checkout-task"


def document(action: str) -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def plan_for(snapshot: Snapshot, *more: c.AnyChange) -> Plan:
    """catalog gets a further revision; a policy is made narrower."""
    service = next(one for one in snapshot.services if one.service_name == "catalog")
    base = service.task_definition or ""
    revision = next_revision(base, snapshot)
    changes = (
        c.PutRolePolicy(role=ROLE, name="app", document=document("s3:GetObject"), why="s3:* is too much"),
        c.RegisterTaskDefinition(
            base=base, task_definition=revision, edits=(c.Edit(path=("taskRoleArn",), value=ROLE),)
        ),
        c.UpdateService(service=service.service_arn, task_definition=revision),
        *more,
    )
    return make(snapshot, changes, "catalog and checkout")


def written(plan: Plan, folder: Path) -> str:
    path = folder / "plan.json"
    path.write_bytes(to_json(plan))
    return str(path)


@pytest.fixture
def plan(demo_snapshot: Snapshot, tmp_path: Path) -> str:
    return written(plan_for(demo_snapshot), tmp_path)


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["plan", *arguments])


def test_a_plan_is_shown_from_its_file_alone(plan: str) -> None:
    said = call("show", plan).output
    assert said.startswith("catalog and checkout  3 changes  account 123456789012")
    assert "1 ~ checkout-task  put inline policy app" in said
    assert "why: s3:* is too much" in said
    assert "call iam:PutRolePolicy  RoleName=checkout-task" in said
    assert '-      "Action": "s3:*",' in said
    assert '+      "Action": "s3:GetObject",' in said
    assert "does not fit" not in said


def test_a_plan_is_shown_with_an_account(plan: str, file: str) -> None:
    data = json.loads(call("show", plan, "--snapshot", file, "--json").output)
    assert [one["change"] for one in data["changes"]] == [
        "put-role-policy",
        "register-task-definition",
        "update-service",
    ]
    assert data["changes"][0]["risk"] == "high"  # three services share the role
    assert data["changes"][1]["calls"][0]["operation"] == "RegisterTaskDefinition"
    assert {one["action"] for one in data["permissions"]} >= {"iam:PutRolePolicy", "iam:PassRole"}
    assert data["documents"][0]["kind"] == "inline policy"
    assert data["fits"]


def test_check_says_whether_it_fits(plan: str, file: str) -> None:
    done = call("check", plan, "--snapshot", file)
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "it can be applied")
    assert "✓ met      iam:PutRolePolicy on arn:aws:iam::123456789012:role/checkout-task" in done.output


def test_check_says_what_somebody_changed(plan: str, demo_snapshot: Snapshot, tmp_path: Path) -> None:
    changed = apply_all([c.PutRolePolicy(role=ROLE, name="app", document=document("sqs:*"))], demo_snapshot)
    save(changed, tmp_path / "now.json")
    done = call("check", plan, "--snapshot", str(tmp_path / "now.json"))
    assert done.exit_code == 1
    said = done.output.splitlines()
    at = said.index("  checkout-task  RolePolicyList.app.PolicyDocument")
    assert [line.split()[0] for line in said[at + 1 : at + 4]] == ["was", "is", "wanted"]
    data = json.loads(call("check", plan, "--snapshot", str(tmp_path / "now.json"), "--json").output)
    assert (data["fits"], data["drift"][0]["now"]) == (False, document("sqs:*"))


def test_check_says_what_aws_would_refuse(demo_snapshot: Snapshot, file: str, tmp_path: Path) -> None:
    big = c.PutRolePolicy(role=ROLE, name="big", document=document("s3:" + "x" * 11_000))
    done = call("check", written(plan_for(demo_snapshot, big), tmp_path), "--snapshot", file)
    assert done.exit_code == 1
    assert "✗ change 4: " in done.output


def test_check_says_what_you_may_not(plan: str, demo_snapshot: Snapshot, tmp_path: Path) -> None:
    caller = demo_snapshot.caller
    assert caller is not None
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/checkout-task/someone"
    small = msgspec.structs.replace(demo_snapshot, caller=msgspec.structs.replace(caller, arn=arn))
    save(small, tmp_path / "small.json")
    done = call("check", plan, "--snapshot", str(tmp_path / "small.json"))
    assert done.exit_code == 1
    assert "✗ missing  iam:PutRolePolicy on arn:aws:iam::123456789012:role/checkout-task" in done.output


@pytest.mark.parametrize("content", ["", "{}", None])
def test_what_is_no_plan(tmp_path: Path, file: str, content: str | None) -> None:
    path = tmp_path / "no.json"
    if content is not None:
        path.write_text(content)
    assert call("check", str(path), "--snapshot", file).exit_code == 2
    assert str(call("show", str(path)).exception).startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ([], 1, "nothing is changed without --allow-writes"),
        (["--allow-writes", "--yes"], 2, "--yes needs --account with the id of the account that is meant: "),
        (["--allow-writes", "--yes", "--account", "999999999999"], 2, "is not the account of the plan"),
        (["--allow-writes"], 1, f"there is no terminal to ask at: give --yes --account {ACCOUNT}"),
    ],
)
def test_nothing_is_changed_by_mistake(plan: str, options: list[str], code: int, said: str) -> None:
    done = call("apply", plan, "--demo", *options)
    assert done.exit_code == code
    assert said in (str(done.exception) if code == 1 else " ".join(done.output.split()))


@pytest.mark.parametrize("command", [[], ["demo"]])
def test_options_that_contradict(command: list[str]) -> None:
    done = CliRunner().invoke(app, [*command, "--read-only", "--allow-writes"])
    assert "contradict each other" in str(done.exception)


# Against a server


@pytest.fixture(scope="module")
def server() -> Iterator[DemoServer]:
    with DemoServer() as running:
        yield running


class Shell:
    """The command in processes of its own, with state of its own."""

    def __init__(self, server: DemoServer, folder: Path) -> None:
        self.where = ["--region", "eu-west-1", "--endpoint-url", server.url]
        self.folder = folder

    def run(self, *arguments: str, live: bool = True) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "ecsiam_tui", *arguments, *(self.where if live else self.where[2:])],
            capture_output=True,
            text=True,
            timeout=90,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "XDG_STATE_HOME": str(self.folder / "state")},
            check=False,
        )

    def collected(self) -> Snapshot:
        session = make_session(Target(regions=("eu-west-1",), endpoint_url=self.where[-1]))
        return collect(session, Quiet(), Redactor(b"a key")).snapshot


def test_apply_history_and_undo(server: DemoServer, tmp_path: Path) -> None:
    shell = Shell(server, tmp_path)
    before = shell.collected()
    plan = written(plan_for(before), tmp_path)
    sure = ("--allow-writes", "--yes", "--account", ACCOUNT)
    done = shell.run("plan", "apply", plan, *sure)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "read again: everything is as wanted" in done.stdout
    assert "proven: catalog: completed" in done.stdout
    assert "  2/3 ✓ ecs:RegisterTaskDefinition" in done.stderr
    (one,) = json.loads(shell.run("history", "--json", live=False).stdout)
    assert (one["state"], one["done"], one["title"]) == ("done", 3, "catalog and checkout")
    text = Path(one["file"]).read_text()
    assert "PolicyDocument" in text
    assert '"environment"' not in text.partition("\n")[2]
    preview = shell.run("plan", "undo", plan)
    assert "deregister" in preview.stdout
    assert preview.stdout.endswith("nothing is changed without --allow-writes\n")
    undone = shell.run("plan", "undo", one["id"], *sure)
    assert undone.returncode == 0, undone.stderr + undone.stdout
    after = shell.collected()
    assert role_of(after) == role_of(before)
    assert running(after) == running(before)


def role_of(snapshot: Snapshot) -> Any:
    return next(one for one in snapshot.roles if one.arn == ROLE).role_policy_list


def running(snapshot: Snapshot) -> str | None:
    return next(one for one in snapshot.services if one.service_name == "catalog").task_definition
