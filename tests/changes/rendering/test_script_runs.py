"""The scripts, run against a moto server: the account is then as the plan said, and after `undo` as it was.
Bash runs its one with the real AWS CLI."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ecsiam_tui.account.redact import Redactor
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.aws.collect import collect
from ecsiam_tui.aws.session import Target, make_session
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.plan import Plan, after, make
from ecsiam_tui.changes.rendering import render
from ecsiam_tui.changes.targets import states
from ecsiam_tui.demo.server import DemoServer
from tests.changes.test_core import IAM, NEW, cases
from tests.quiet import Quiet

GIVEN_BY_AWS = {"RoleId", "CreateDate", "registeredAt", "registeredBy", "PolicyVersionList"}


def document(principal: str = "", sid: str = "One") -> str:
    """A document that is valid, over several lines and with a line end at its end."""
    statement: dict[str, Any] = {"Sid": sid, "Effect": "Allow", "Action": "s3:GetObject"}
    if principal:
        statement |= {"Principal": {"Service": principal}, "Action": "sts:AssumeRole"}
    else:
        statement |= {"Resource": "arn:aws:s3:::it's-$(HOME)-`x`/*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=1) + "\n"


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with DemoServer(now=datetime(2026, 11, 1, 9, 30, tzinfo=UTC)) as server:
        yield server


@pytest.fixture
def read(server: DemoServer) -> Callable[[], Snapshot]:
    session = make_session(Target(endpoint_url=server.url, regions=server.regions))
    return lambda: collect(session, Quiet(), Redactor(b"x" * 32)).snapshot


def plan_of(snapshot: Snapshot) -> Plan:
    """A change for every way in which the script makes a call: each command takes most of a second, and the
    table of forms has the others."""
    known = cases(snapshot)
    trust = document("ecs-tasks.amazonaws.com")
    register, rule = known["register"], known["rule"]
    assert isinstance(register, c.RegisterTaskDefinition)
    assert isinstance(rule, c.PutRuleTarget)
    revision = register.task_definition
    role = f"{IAM}:role/checkout-task"
    tags = {"team/x y": "a=b @ c"}
    own = f"{IAM}:policy/team/fresh"
    edits = (c.Edit(path=("executionRoleArn",), value=NEW),)
    return make(
        snapshot,
        [
            c.CreateRole(role=NEW, trust=trust, description="file:///etc/passwd", tags=tags),
            c.PutRolePolicy(role=NEW, name="own", document=document()),
            c.CreatePolicy(policy=own, document=document(), description="-x"),
            c.AttachRolePolicy(role=NEW, policy=own),
            c.UpdateTrust(role=role, trust=trust),
            c.RegisterTaskDefinition(base=register.base, task_definition=revision, edits=edits),
            c.UpdateService(
                service=known["service"].target, task_definition=revision, enable_execute_command=False
            ),
            c.PutRuleTarget(rule=rule.rule, target_id=rule.target_id, role=NEW, task_definition=revision),
            c.UpdateSchedule(schedule=known["schedule"].target, task_definition=revision),
            c.SetResourcePolicy(
                kind="repository",
                resource=known["repository"].target,
                document=document("ecs-tasks.amazonaws.com"),
            ),
        ],
        "everything",
    )


def comparable(plan: Plan, snapshot: Snapshot) -> dict[str, Any]:
    """The plan's targets without what AWS gives them itself."""
    found = states(plan.before, snapshot)
    return {
        target: one and {key: value for key, value in one.items() if key not in GIVEN_BY_AWS}
        for target, one in found.items()
    }


def environment(server: DemoServer) -> dict[str, str]:
    return os.environ | {
        "AWS_ENDPOINT_URL": server.url,
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "PROPAGATION_SECONDS": "0",
        "WAIT": "no",  # no service of a moto server becomes stable
    }


def test_the_boto3_script_makes_what_was_planned(
    server: DemoServer, read: Callable[[], Snapshot], tmp_path: Path
) -> None:
    before = read()
    plan = plan_of(before)
    script = tmp_path / "plan.py"
    script.write_text(str(render(plan, before, "boto3")))
    done, again = (
        subprocess.run(
            [sys.executable, str(script)],
            env=environment(server),
            capture_output=True,
            text=True,
            timeout=120,
        )
        for _ in range(2)
    )
    assert done.returncode == 0, done.stderr
    assert comparable(plan, read()) == comparable(plan, after(plan, before))
    assert again.returncode == 1
    assert again.stderr == "stopped: the role new-role is there already; plan anew\n"


@pytest.mark.skipif(
    not all(map(shutil.which, ("bash", "aws", "jq"))), reason="bash, the AWS CLI or jq is not here"
)
def test_the_script_makes_what_was_planned_and_takes_it_back(
    server: DemoServer, read: Callable[[], Snapshot], tmp_path: Path
) -> None:
    before = read()
    plan = plan_of(before)
    script = tmp_path / "plan.sh"
    script.write_text(str(render(plan, before, "cli")))

    def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", str(script), *arguments],
            env=environment(server) | more,
            capture_output=True,
            text=True,
            timeout=240,
        )

    done = run()
    assert done.returncode == 0, done.stderr
    assert comparable(plan, read()) == comparable(plan, after(plan, before))

    again = run()
    assert again.returncode == 1
    assert "the role new-role is there already. Plan anew" in again.stderr
    assert "1/10" not in again.stderr

    registered = re.search(r"TASK_DEFINITION_1=(\S+)", done.stderr)
    assert registered
    unsaid = run("undo")
    assert "set TASK_DEFINITION_1 to the ARN of the revision that was registered" in unsaid.stderr
    undone = run("undo", TASK_DEFINITION_1=registered[1])
    assert undone.returncode == 0, undone.stderr
    there = comparable(plan, read())
    revision = there.pop(registered[1])
    assert revision is None or revision["status"] == "INACTIVE"
    was = comparable(plan, before)
    was.pop(registered[1])
    assert there == was
