"""The policy questions on the command line, asked of the demo account."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from ecsiam_tui.cli.errors import CommandError
from tests.cli.asking import ask, data, flat

HERE = ("-c", "aws:RequestedRegion=eu-west-1")
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:ledger/db-AbCdEf"


def written(tmp_path: Path, name: str, data: Any) -> str:
    path = tmp_path / name
    path.write_bytes(msgspec.json.encode(data))
    return str(path)


def policy(*actions: str, effect: str = "Allow") -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": effect, "Action": list(actions), "Resource": "*"}],
    }


def test_an_answer_names_the_statement_and_its_lines(file: str) -> None:
    shown = ask(
        "simulate",
        "-p",
        "checkout-task",
        "-a",
        "s3:GetObject",
        "-r",
        "arn:aws:s3:::orders/a",
        *HERE,
        "--snapshot",
        file,
    )
    assert "ALLOWED by an identity-based policy" in flat(shown)
    assert "§ app ¶ Buckets (lines 10–15)" in shown


def test_a_denial_says_by_what_and_what_aws_would_say(file: str) -> None:
    shown = ask(
        "simulate",
        "-p",
        "checkout-task",
        "-a",
        "secretsmanager:GetSecretValue",
        "-r",
        SECRET,
        "--snapshot",
        file,
    )
    assert "DENIED no identity-based policy allows it" in flat(shown)
    assert "because no identity-based policy allows the secretsmanager:GetSecretValue action" in flat(shown)


def test_several_questions_make_a_table_and_json_agrees(file: str) -> None:
    question = (
        "simulate",
        "-p",
        "ecs-exec",
        "-p",
        "checkout-task",
        "-a",
        "kms:Decrypt",
        "-a",
        "s3:GetObject",
    )
    title, *rows = ask(*question, "--snapshot", file).splitlines()
    assert title == "on some resource (*)"
    rows = [row for row in rows if not row.startswith("   ")]  # what hangs below its row is not counted
    assert len(rows) == 4
    cells = data(*question, "--snapshot", file)
    words = {
        "Allowed": "ALLOWED",
        "Depends": "DEPENDS",
        "ImplicitlyDenied": "DENIED",
        "ExplicitlyDenied": "DENIED",
    }
    for row, cell in zip(rows, cells, strict=True):
        assert f" {words[cell['result']]} " in row
        assert cell["action"] in row
        assert cell["explanation"]["layers"]


def test_context_decides(file: str) -> None:
    passing = ("simulate", "-p", "github-deploy", "-a", "iam:PassRole", "--json", "--snapshot", file)
    role = ("-r", "arn:aws:iam::123456789012:role/checkout-task")
    outcomes = {
        service: msgspec.json.decode(ask(*passing, *role, "-c", f"iam:PassedToService={service}"))[0][
            "result"
        ]
        for service in ("ecs-tasks.amazonaws.com", "ec2.amazonaws.com")
    }
    assert outcomes["ecs-tasks.amazonaws.com"] == "Allowed"
    assert outcomes["ec2.amazonaws.com"] != "Allowed"


def test_what_if_policies_and_boundaries(file: str, tmp_path: Path) -> None:
    grant = written(tmp_path, "grant.json", policy("secretsmanager:GetSecretValue"))
    nothing = written(tmp_path, "nothing.json", policy("sqs:*"))
    question = ("simulate", "-p", "checkout-task", "-a", "secretsmanager:GetSecretValue", "-r", SECRET)
    on = ("--snapshot", file)
    assert "ALLOWED by" in flat(ask(*question, "--policy", grant, *on))
    assert "§ grant.json" in ask(*question, "--policy", grant, *on)
    bounded = flat(ask(*question, "--policy", grant, "--boundary", nothing, *on))
    assert "DENIED by a permissions boundary" in bounded
    assert "nothing.json has sqs:* only" not in bounded  # that is no action of the service
    assert "nothing.json allows nothing of secretsmanager" in bounded
    s3 = ("simulate", "-p", "checkout-task", "-a", "s3:GetObject", "-r", "arn:aws:s3:::orders/a")
    assert "DENIED" in ask(*s3, "--policy", grant, "--only-policies", *on)


def test_fail_unless_is_for_scripts(file: str) -> None:
    question = (
        "simulate",
        "-p",
        "checkout-task",
        "-a",
        "s3:GetObject",
        *HERE,
        "--snapshot",
        file,
        "--fail-unless",
    )
    ask(*question, "allowed")
    ask(*question, "denied", code=1)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("simulate", "-p", "chekout-task", "-a", "s3:GetObject"), "did you mean checkout-task"),
        (
            ("simulate", "-p", "checkout-task", "-a", "s3:GetObject", "--policy", "/nope.json"),
            "cannot be read",
        ),
        (("simulate", "-p", "checkout-task", "-a", "s3:GetObject", "--check-with-aws"), "live account"),
    ],
)
def test_wrong_questions_get_one_clear_line(file: str, arguments: tuple[str, ...], says: str) -> None:
    with pytest.raises(CommandError, match=says) as caught:
        ask(*arguments, "--snapshot", file)
    assert "\n" not in str(caught.value)


def test_why_not_gives_a_change_that_works(file: str, tmp_path: Path) -> None:
    question = (
        "-p",
        "checkout-task",
        "-a",
        "secretsmanager:GetSecretValue",
        "-r",
        SECRET,
        "--snapshot",
        file,
    )
    assert "after that: allowed" in ask("why-not", *question)
    answer = msgspec.json.decode(ask("why-not", *question, "--json"))
    (step,) = answer["steps"]
    added = {"Version": "2012-10-17", "Statement": step["statements"]}
    path = written(tmp_path, "added.json", added)
    assert "ALLOWED" in ask("simulate", *question, "--policy", path)
    other = (*question[:5], SECRET.replace("ledger", "payments"), *question[6:])
    assert "DENIED" in ask("simulate", *other, "--policy", path)


def test_why_not_of_what_is_allowed(file: str) -> None:
    question = (
        "why-not",
        "-p",
        "checkout-task",
        "-a",
        "s3:GetObject",
        "-r",
        "arn:aws:s3:::o/a",
        "--snapshot",
        file,
    )
    assert "nothing needs to change" in ask(*question, *HERE)
    assert "if the request has the right aws:RequestedRegion" in ask(*question)


def test_who_can_agrees_with_simulate(file: str) -> None:
    found = msgspec.json.decode(ask("who-can", "kms:Decrypt", "--direct", "--json", "--snapshot", file))
    able = {reach["principal"] for reach in found["reaches"]}
    assert able
    for arn in (*sorted(able)[:4], "arn:aws:iam::123456789012:role/queue-worker-task"):
        (cell,) = msgspec.json.decode(
            ask("simulate", "-p", arn, "-a", "kms:Decrypt", "--json", "--snapshot", file)
        )
        assert (cell["result"] in ("Allowed", "Depends")) == (arn in able)
    shown = ask("who-can", "kms:Decrypt", "--snapshot", file)
    assert "through" in shown


def test_access_and_differences(file: str, tmp_path: Path) -> None:
    shown = ask("access", "queue-worker-task", "--snapshot", file)
    assert "3 actions" in shown
    assert "arn:aws:sqs:eu-west-1:123456789012:work" in shown
    assert "add --service NAME" in ask("access", "checkout-task", "--snapshot", file)
    data = msgspec.json.decode(ask("access", "queue-worker-task", "--json", "--snapshot", file))
    assert {name for row in data["rows"] for name in row["actions"]} == {
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:ChangeMessageVisibility",
    }
    diff = ask("access", "--diff", "queue-worker-task", "queue-worker-exec", "--snapshot", file)
    assert "  + logs:PutLogEvents" in diff
    assert "  - sqs:DeleteMessage" in diff
    same = ask("access", "queue-worker-task", "--diff-snapshot", file, "--snapshot", file)
    assert "+0 -0 ~0" in same
    old, new = (
        written(tmp_path, f"{n}.json", policy(*a)) for n, a in (("old", ["s3:GetObject"]), ("new", ["sqs:*"]))
    )
    versions = ask("access", "--diff-policy", old, new)
    assert "  - s3:GetObject" in versions
    assert "  + sqs:SendMessage" in versions


def test_lint_exits_with_one_on_errors(tmp_path: Path) -> None:
    good = written(tmp_path, "good.json", policy("s3:GetObject"))
    typo = written(tmp_path, "typo.json", policy("s3:GetObjekt"))
    bad = written(tmp_path, "bad.json", policy("s3:GetObject", effect="Permit"))
    ask("lint", good)
    assert "did you mean s3:GetObject" in ask("lint", typo)
    assert 'expected "Allow" or "Deny"' in ask("lint", good, bad, code=1)
    findings = msgspec.json.decode(ask("lint", bad, "--json", code=1))
    assert findings[0]["file"] == bad
    assert findings[0]["finding"]["level"] == "error"
    assert "error" in ask("lint", "-", text="{", code=1)


CASE = {
    "id": "one",
    "name": "the web role reads",
    "request": {"principal": "arn:aws:iam::123456789012:role/web", "action": "s3:GetObject", "resource": "*"},
    "identity_policies": [policy("s3:*")],
    "expected": "Allowed",
}


def lines(tmp_path: Path, *cases: Any) -> str:
    path = tmp_path / "cases.jsonl"
    texts = [case if isinstance(case, str) else msgspec.json.encode(case).decode() for case in cases]
    path.write_text("\n".join(texts) + "\n")
    return str(path)


def test_policy_tests_pass_fail_and_break(tmp_path: Path) -> None:
    assert ask("test", lines(tmp_path, CASE)) == "1 passed, 0 failed\n"
    wrong = {**CASE, "id": "two", "expected": "ExplicitlyDenied"}
    report = ask("test", lines(tmp_path, CASE, wrong), code=1)
    assert "FAILED two the web role reads" in report
    assert "expected ExplicitlyDenied, got Allowed" in report
    assert "1 passed, 1 failed" in report
    assert "1 could not be read" in ask("test", lines(tmp_path, CASE, "{bad"), code=2)
    open_case = {key: value for key, value in CASE.items() if key != "expected"}
    assert "1 expect nothing" in ask("test", lines(tmp_path, open_case))


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_batches_stream_results_in_order(tmp_path: Path, jobs: str) -> None:
    cases = [{**CASE, "id": number} for number in range(600)]
    path = lines(tmp_path, *cases)
    results = [
        msgspec.json.decode(line) for line in ask("simulate", "--batch", path, "-j", jobs).splitlines()
    ]
    assert [result["id"] for result in results] == list(range(600))
    assert {result["result"] for result in results} == {"Allowed"}


def test_a_batch_reads_standard_input() -> None:
    text = msgspec.json.encode(CASE).decode()
    assert '"result":"Allowed"' in ask("simulate", "--batch", "-", text=text)
