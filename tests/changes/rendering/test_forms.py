"""Every kind of change in every form; what an account says never becomes code in any of them."""

import ast
import json
import shutil
import subprocess
from typing import Any

import hcl2
import msgspec
import pytest

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.applying_ecs import next_revision
from ecsiam_tui.changes.calls import plan_calls
from ecsiam_tui.changes.looking import ChangeError
from ecsiam_tui.changes.plan import Plan, make
from ecsiam_tui.changes.rendering import FORMS, render
from ecsiam_tui.changes.rendering.cli_script import _HELPERS
from ecsiam_tui.changes.rendering.guards import Absent, guards
from ecsiam_tui.changes.rendering.quoting import parsed, separated
from tests.changes.test_core import DOCUMENT, IAM, KINDS, NEW, cases

HOSTILE = "'\"`$(touch /tmp/broken)`${a} %{b}\nEOF\n\\\n*/ # \x1b[2J\u202e"
SECRETS = [{"name": HOSTILE, "valueFrom": HOSTILE}]


def all_of(snapshot: Snapshot) -> Plan:
    """A plan with a change of nearly every kind."""
    left_out = {"replace inline", "delete inline", "version", "default"}
    found = cases(snapshot)
    service = found["service"].target
    rolled = c.UpdateService(service=service, task_definition=found["register"].target)
    return make(snapshot, [*(found[kind] for kind in KINDS if kind not in left_out), rolled], "all")


def hostile(snapshot: Snapshot) -> Plan:
    """A plan whose every free text tries to break out."""
    document = json.dumps({"Version": "2012-10-17", "Statement": [], "Id": HOSTILE}, indent=1)
    tags = {HOSTILE: HOSTILE}
    why = HOSTILE
    group = f"arn:aws:logs:eu-west-1:123456789012:log-group:{HOSTILE}"
    base = cases(snapshot)["register"].base  # type: ignore[union-attr]
    edits = (
        c.Edit(path=("containerDefinitions", 0, "secrets"), value=[{"name": HOSTILE, "valueFrom": HOSTILE}]),
    )
    return make(
        snapshot,
        [
            c.CreateRole(role=NEW, trust=document, description=HOSTILE, tags=tags, why=why),
            c.PutRolePolicy(role=NEW, name=HOSTILE, document=document, why=why),
            c.CreatePolicy(policy=f"{IAM}:policy/{HOSTILE}", document=document, description="file:///x"),
            c.AttachRolePolicy(role=NEW, policy=f"{IAM}:policy/{HOSTILE}"),
            c.CreateLogGroup(log_group=group),
            c.RegisterTaskDefinition(
                base=base, task_definition=next_revision(base, snapshot), edits=edits, why=why
            ),
        ],
        HOSTILE,
    )


def texts(plan: Plan, snapshot: Snapshot) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for form in FORMS:
        made = render(plan, snapshot, form)
        found[form] = made if isinstance(made, dict) else {"": made}
    return found


def check_syntax(made: dict[str, dict[str, str]]) -> None:
    done = subprocess.run(["bash", "-n"], input=made["cli"][""].encode(), capture_output=True, timeout=30)
    assert done.stderr == b""
    ast.parse(made["boto3"][""])
    hcl2.loads(made["terraform"][""])
    for name, text in (made["json"] | made["cloudformation"]).items():
        assert not set(name) & set("/\\\n$`'\" ")
        if name.endswith(".json"):
            json.loads(text)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_in_every_form(demo_snapshot: Snapshot, kind: str) -> None:
    plan = make(demo_snapshot, [cases(demo_snapshot)[kind]], "a title")
    made = texts(plan, demo_snapshot)
    check_syntax(made)
    for _, calls in plan_calls(plan, demo_snapshot):
        for call in calls:
            assert f"aws {call.service} {separated(call.operation, '-')} " in made["cli"][""]
            assert f".{separated(call.operation, '_')}(" in made["boto3"][""]
    declared = len(hcl2.loads(made["terraform"][""]).get("resource", []))
    assert declared or "# To be done by hand:" in made["terraform"][""]


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not here")
def test_nothing_breaks_out(demo_snapshot: Snapshot) -> None:
    plan = hostile(demo_snapshot)
    made = texts(plan, demo_snapshot)
    check_syntax(made)
    # In no form does a text from the account have a line of its own, or reach a terminal as it is.
    for form in ("cli", "boto3", "terraform"):
        assert "\x1b" not in made[form][""]
        assert "\u202e" not in made[form][""]
    ran = [
        word.value
        for word in ast.walk(ast.parse(made["boto3"][""]))
        if isinstance(word, ast.Constant) and word.value == HOSTILE
    ]
    assert len(ran) >= 4
    template = json.loads(made["cloudformation"]["eu-west-1-2-change.json"])["Resources"]
    role = next(one["Properties"] for one in template.values() if one["Type"] == "AWS::IAM::Role")
    assert role["Description"] == role["Tags"][0]["Key"] == role["Policies"][0]["PolicyName"] == HOSTILE
    assert role["AssumeRolePolicyDocument"]["Id"] == HOSTILE


def test_the_commands_get_exactly_these_texts(demo_snapshot: Snapshot, tmp_path: Any) -> None:
    """The script is run with an `aws` that writes down its arguments."""
    plan = hostile(demo_snapshot)
    log = tmp_path / "log"
    fake = tmp_path / "aws"
    fake.write_text(
        '#!/bin/bash\nfor one in "$@"; do printf "%s\\0" "$one" >> "$LOG"; done; printf "\\n\\0" >> "$LOG"\n'
        'case "$1 $2" in "sts "*) echo 123456789012;; '
        '"ecs describe"*) echo \'{"taskDefinition":{"containerDefinitions":[{"name":"a"}],"revision":1}}\';; '
        '"ecs register"*) cat "${6#file://}" >> "$LOG"; printf "\\n\\0" >> "$LOG"; echo arn:new;; esac\n'
    )
    fake.chmod(0o755)
    script = render(plan, demo_snapshot, "cli")
    assert isinstance(script, str)
    done = subprocess.run(
        ["bash"],
        input=script.encode(),
        cwd=tmp_path,
        env={
            "PATH": f"{tmp_path}:/usr/local/bin:/usr/bin:/bin",
            "LOG": str(log),
            "CHECK": "no",
            "PROPAGATION_SECONDS": "0",
        },
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    words = log.read_text().split("\0")
    role, policy, managed = plan.changes[:3]
    assert isinstance(role, c.CreateRole)
    assert isinstance(policy, c.PutRolePolicy)
    assert isinstance(managed, c.CreatePolicy)
    for option, value in (
        ("--assume-role-policy-document", role.trust),
        ("--description", HOSTILE),
        ("--policy-name", HOSTILE),
        ("--policy-document", policy.document),
    ):
        assert words[words.index(option) + 1] == value
    assert json.loads(words[words.index("--tags") + 1]) == [{"Key": HOSTILE, "Value": HOSTILE}]
    # A value that the AWS CLI would open as a file is inside JSON.
    whole = json.loads(words[words.index("--cli-input-json") + 1])
    assert whole["Description"] == "file:///x"
    assert whole["PolicyDocument"] == managed.document
    registered = next(json.loads(word) for word in words if word.startswith('{\n  "containerDefinitions"'))
    assert registered == {"containerDefinitions": [{"name": "a", "secrets": SECRETS}]}


def test_no_environment_value_is_in_any_form(demo_snapshot: Snapshot) -> None:
    """Fingerprints are all that a snapshot has; not even they are rendered."""
    found = msgspec.json.encode(demo_snapshot.task_definitions).decode()
    assert '"fingerprint"' in found
    for files in texts(all_of(demo_snapshot), demo_snapshot).values():
        assert not any("fingerprint" in text for text in files.values())


# What a form says beyond syntax


def test_what_is_there_is_imported_and_what_is_new_is_not(demo_snapshot: Snapshot) -> None:
    made = texts(all_of(demo_snapshot), demo_snapshot)
    blocks = hcl2.loads(made["terraform"][""])
    imported = {json.loads(one["id"]): one["to"].strip("${}") for one in blocks["import"]}
    assert imported["checkout-task"] == "aws_iam_role.checkout_task"
    assert imported[f"{IAM}:policy/shared-observability"] == "aws_iam_policy.shared_observability"
    assert imported["batch-jobs"] == "aws_ecr_repository_policy.batch_jobs"
    assert not any("new" in one or "fresh" in one for one in imported)
    first = json.loads(made["cloudformation"]["eu-west-1-1-import.json"])["Resources"]
    last = json.loads(made["cloudformation"]["eu-west-1-2-change.json"])["Resources"]
    listed = json.loads(made["cloudformation"]["eu-west-1-resources-to-import.json"])
    assert {one["LogicalResourceId"] for one in listed} == set(first)
    assert set(first) < set(last)
    assert {one["DeletionPolicy"] for one in first.values()} == {"Retain"}
    # An import changes nothing: its template says what is there.
    role = next(one for one in demo_snapshot.roles if one.role_name == "checkout-task")
    trusts = [one["checkouttask"]["Properties"]["AssumeRolePolicyDocument"] for one in (first, last)]
    assert trusts == [parsed(role.assume_role_policy_document), parsed(DOCUMENT)]


def test_what_cannot_be_declared_is_said(demo_snapshot: Snapshot) -> None:
    made = texts(all_of(demo_snapshot), demo_snapshot)
    assert (
        '# - task definition checkout (aws_ecs_task_definition): execution_role_arn = "arn:aws:iam::'
        in made["terraform"][""]
    )
    new = "(the ARN of the new revision of checkout)"
    assert f"# - service checkout (aws_ecs_service): task_definition = {new}" in made["terraform"][""]
    assert f"- service checkout: TaskDefinition = {new}" in made["cloudformation"]["notes.txt"]
    assert "take its aws_iam_role_policy_attachment away" in made["terraform"][""]


def test_a_new_role_and_its_policy_refer_to_each_other(demo_snapshot: Snapshot) -> None:
    policy = f"{IAM}:policy/fresh"
    plan = make(
        demo_snapshot,
        [
            c.CreatePolicy(policy=policy, document=DOCUMENT),
            c.CreateRole(role=NEW, trust=DOCUMENT, boundary=policy),
            c.AttachRolePolicy(role=NEW, policy=policy),
        ],
    )
    made = texts(plan, demo_snapshot)
    assert "policy_arn = aws_iam_policy.fresh.arn" in made["terraform"][""]
    assert "role = aws_iam_role.new_role.name" in made["terraform"][""]
    template = json.loads(made["cloudformation"]["eu-west-1-2-change.json"])["Resources"]
    assert template["newrole"]["Properties"]["ManagedPolicyArns"] == [{"Ref": "fresh"}]
    assert template["newrole"]["Properties"]["PermissionsBoundary"] == {"Ref": "fresh"}


def test_regions_have_providers_and_templates_of_their_own(demo_snapshot: Snapshot) -> None:
    groups = [f"arn:aws:logs:{region}:123456789012:log-group:x" for region in ("eu-west-1", "us-east-1")]
    plan = make(demo_snapshot, [c.CreateLogGroup(log_group=one) for one in groups])
    made = texts(plan, demo_snapshot)
    assert len(hcl2.loads(made["terraform"][""])["provider"]) == 2
    assert made["terraform"][""].count("provider = aws.us_east_1") == 1
    assert {"eu-west-1-2-change.json", "us-east-1-2-change.json"} < set(made["cloudformation"])


def test_documents_before_and_after(demo_snapshot: Snapshot) -> None:
    found = texts(all_of(demo_snapshot), demo_snapshot)["json"]
    assert "trust-new-role.before.json" not in found
    assert json.loads(found["trust-new-role.after.json"]) == json.loads(DOCUMENT)
    assert "inline-policy-old-crawler-task-proxy.before.json" in found
    assert "inline-policy-old-crawler-task-proxy.after.json" not in found


def test_a_plan_without_a_way_back_has_a_script_that_says_so(demo_snapshot: Snapshot) -> None:
    definition = cases(demo_snapshot)["register"].base  # type: ignore[union-attr]
    plan = make(demo_snapshot, [c.DeregisterTaskDefinition(task_definition=definition)])
    assert "there is no way back: a revision that was deregistered" in str(render(plan, demo_snapshot, "cli"))


def test_a_template_holds_no_document_that_is_no_json(demo_snapshot: Snapshot) -> None:
    plan = make(demo_snapshot, [c.CreateRole(role=NEW, trust="no JSON")])
    with pytest.raises(ChangeError, match="no JSON object"):
        render(plan, demo_snapshot, "cloudformation")


def test_what_is_looked_at_is_what_was_there_first(demo_snapshot: Snapshot) -> None:
    put = c.PutRolePolicy(role=f"{IAM}:role/checkout-task", name="app", document=DOCUMENT)
    new = c.PutRolePolicy(role=NEW, name="app", document=DOCUMENT)
    found = guards([c.CreateRole(role=NEW, trust=DOCUMENT), new, put], demo_snapshot)
    assert [type(one.wanted) is Absent for one in found] == [True, False]
    role = next(one for one in demo_snapshot.roles if one.arn == put.role)
    assert found[1].wanted == parsed(role.role_policy_list[0].policy_document)


@pytest.mark.skipif(not all(map(shutil.which, ("bash", "jq"))), reason="bash or jq is not here")
@pytest.mark.parametrize(
    ("check", "says"),
    [
        ("""same it '{"a": [1], "b": 2}' answer '{"b":2,"a":[1]}'""", ""),
        ("""same it '{"a": 1}' answer '"{\\"a\\": 1}"'""", ""),
        (
            """same it '[{"PolicyArn": 1}, {"PolicyArn": 2}]' answer '[{"PolicyArn":2},{"PolicyArn":1}]'""",
            "",
        ),
        ("same it null answer ''", ""),
        ("""same it '{"a": 1}' answer '{"a": 2}'""", "it is not as it was when this was planned"),
        ("same it null answer '{}'", "it is not as it was"),
        ("same it null false", "it could not be read"),
        ("absent it answer x", "it is there already"),
        ("absent it refuse 'An error occurred (NoSuchEntity)'", ""),
        ("absent it refuse 'RepositoryPolicyNotFoundException'", ""),
        ("absent it refuse AccessDenied", "it could not be looked up: AccessDenied"),
    ],
)
def test_what_the_script_takes_for_the_same(check: str, says: str) -> None:
    answers = 'answer() { printf \'%s\' "$1"; }\nrefuse() { echo "$1" >&2; return 254; }\n'
    script = f"set -euo pipefail\n{_HELPERS}\n{answers}{check}\n"
    done = subprocess.run(["bash"], input=script, capture_output=True, text=True, timeout=30)
    assert done.returncode == (1 if says else 0), done.stderr
    assert done.stderr.startswith(f"stopped: {says}" if says else "")
    assert bool(done.stderr) == bool(says)
