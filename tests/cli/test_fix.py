"""`fix` and `what-if`: fixes as text, as JSON, as plan files, and what a plan would do."""

import json
from pathlib import Path
from typing import Any

import pytest

from ecsiam_tui.cli.errors import CommandError
from tests.cli.asking import answer, ask, flat


def plan_of(file: str, out: Path, *words: str) -> dict[str, Any]:
    """The plan that a fix writes."""
    ask("fix", *words, "--snapshot", file, "--plan", str(out))
    found: dict[str, Any] = json.loads(out.read_bytes())
    return found


def test_fixes_of_a_finding_from_narrow_to_broad(file: str) -> None:
    text = flat(ask("fix", "ECS-IAM-001", "crawler:8", "--snapshot", file))
    assert "1 Create crawler-exec with the" in text
    assert "2 Take ecs-exec as task execution role of crawler" in text
    assert "~ crawler roll out crawler:9" in text
    assert "costs: ecs-exec is the role of" in text


def test_a_plan_file_is_a_list_of_changes(file: str, tmp_path: Path) -> None:
    out = tmp_path / "plan.json"
    plan = plan_of(file, out, "ECS-IAM-001", "crawler:8")
    assert plan["schema"] == 1
    assert [one["change"] for one in plan["changes"]] == [
        "create-role",
        "put-role-policy",
        "register-task-definition",
        "update-service",
    ]
    assert out.stat().st_mode & 0o777 == 0o600


def test_another_fix_can_be_chosen(file: str, tmp_path: Path) -> None:
    plan = plan_of(file, tmp_path / "plan.json", "ECS-IAM-001", "crawler:8", "--choose", "2")
    assert plan["changes"][0]["change"] == "register-task-definition"
    words = ("fix", "ECS-IAM-001", "crawler:8", "--snapshot", file)
    wrong = answer(*words, "--choose", "9", "--plan", str(tmp_path / "none"), code=2)
    assert "there is no such fix" in flat(wrong.err)


def test_what_a_plan_would_do(file: str, tmp_path: Path) -> None:
    out = tmp_path / "plan.json"
    plan_of(file, out, "ECS-IAM-002", "payments-exec")
    text = flat(ask("what-if", "--plan", str(out), "--snapshot", file))
    assert "✓ met payments-api" in text
    assert "- ✗ high ECS-IAM-002 payments-exec" in text
    data = json.loads(ask("what-if", "--plan", str(out), "--snapshot", file, "--json"))
    assert [one["rule"] for one in data["findings"]["resolved"]].count("ECS-IAM-002") == 1


def test_a_plan_that_breaks_something_ends_with_1(file: str, tmp_path: Path) -> None:
    out = tmp_path / "plan.json"
    plan = plan_of(file, out, "ECS-IAM-002", "payments-exec")
    role = "arn:aws:iam::123456789012:role/storefront-exec"
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    plan["changes"] = [{"change": "update-trust", "role": role, "trust": trust}]
    out.write_text(json.dumps(plan))
    text = flat(ask("what-if", "--plan", str(out), "--snapshot", file, code=1))
    assert "✗ missing storefront" in text


def test_findings_that_are_none_or_several(file: str) -> None:
    with pytest.raises(CommandError, match="nothing of ECS-IAM-001 nothing was found"):
        ask("fix", "ECS-IAM-001", "nothing", "--snapshot", file)
    with pytest.raises(CommandError, match="is found at several things"):
        ask("fix", "ECS-IAM-002", "--snapshot", file)
    assert "name a finding" in flat(answer("fix", "--snapshot", file, code=2).err)


def test_a_finding_without_a_fix_says_what_a_person_can_do(file: str) -> None:
    text = flat(ask("fix", "ECS-IAM-033", "--snapshot", file, code=1))
    assert "by hand:" in text or "restore" in text


def test_files_that_are_no_plans(file: str, tmp_path: Path) -> None:
    out = tmp_path / "plan.json"
    out.write_text("{}")
    with pytest.raises(CommandError, match="not a plan"):
        ask("what-if", "--plan", str(out), "--snapshot", file)
    with pytest.raises(CommandError, match="cannot be read"):
        ask("what-if", "--plan", str(tmp_path / "none"), "--snapshot", file)
