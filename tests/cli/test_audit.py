"""`audit`: formats, exit codes, baselines, suppressions."""

import json
from pathlib import Path

import pytest

from tests.cli.asking import Answer, answer, flat


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of anybody's are read."""
    monkeypatch.chdir(tmp_path)


def audit(file: str, *arguments: str, code: int = 0) -> Answer:
    return answer("audit", "--snapshot", file, *arguments, code=code)


def test_the_table_fails_on_high_findings(file: str) -> None:
    text = audit(file, "--fail-on", "high", code=1).out
    assert "acme-prod 123456789012" in text
    assert "✗ high     ECS-IAM-002 role payments-exec" in text
    assert max(map(len, text.splitlines())) <= 120


@pytest.mark.parametrize(
    ("bar", "code"), [("critical", 1), ("high", 1), ("medium", 1), ("info", 1), ("never", 0), ("", 0)]
)
def test_exit_codes(file: str, bar: str, code: int) -> None:
    audit(file, *(["--fail-on", bar] if bar else []), code=code)


def test_one_rule_alone_and_a_rule_that_is_none(file: str) -> None:
    text = audit(file, "--rule", "ECS-IAM-040", "--fail-on", "high").out
    assert "ECS-IAM-040" in text
    assert "ECS-IAM-002" not in text
    assert "there is no rule 'X'" in flat(audit(file, "--rule", "X", code=2).err)


def test_json_has_everything(file: str) -> None:
    data = json.loads(audit(file, "--format", "json", "--fail-on", "never").out)
    assert data["account"] == "123456789012"
    assert data["summary"]["critical"] > 0
    one = next(found for found in data["findings"] if found["rule"] == "ECS-IAM-002")
    assert one["severity"] == "high"
    assert one["certain"] is True
    assert {"nodes", "summary", "evidence", "why", "source", "fixes", "consequence", "name"} <= one.keys()


@pytest.mark.parametrize(("form", "start"), [("sarif", "{"), ("markdown", "# "), ("junit", "<?xml")])
def test_other_formats(file: str, form: str, start: str) -> None:
    assert audit(file, "--format", form, "--fail-on", "never").out.startswith(start)


def test_full_adds_evidence_and_reasons(file: str) -> None:
    text = audit(file, "--rule", "ECS-IAM-018", "--full", "--fail-on", "never").out
    assert "why: " in text
    assert "source: " in text


def test_a_baseline_makes_old_findings_pass(file: str, tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    audit(file, "--write-baseline", str(path), "--fail-on", "never")
    text = audit(file, "--baseline", str(path), "--fail-on", "low").out
    assert "nothing found" in text
    assert "in the baseline" in text
    known = json.loads(path.read_text())
    known["findings"] = [key for key in known["findings"] if not key.startswith("ECS-IAM-016")]
    path.write_text(json.dumps(known))
    audit(file, "--baseline", str(path), "--fail-on", "high", code=1)


def test_suppressions_are_read_from_the_folder(file: str, tmp_path: Path) -> None:
    settings = tmp_path / ".ecsiam.toml"
    settings.write_text(
        '[[suppress]]\nrule = "*"\nnode = "*"\nreason = "all of it"\n'
        '[[suppress]]\nrule = "ECS-IAM-001"\nnode = "nothing"\nreason = "gone"\n'
        '[[suppress]]\nrule = "ECS-IAM-001"\nnode = "*"\nreason = "old"\nexpires = 2020-01-01\n'
    )
    found = audit(file, "--fail-on", "low")
    assert "nothing found" in found.out
    assert "suppressed" in found.out
    assert "suppress entry 2 (ECS-IAM-001 on nothing) covers nothing any more" in found.err
    assert "suppress entry 3 (ECS-IAM-001 on *) expired" in found.err


def test_files_that_cannot_be_used_end_with_2(file: str, tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    bad.write_text("{")
    assert "not a baseline" in flat(audit(file, "--baseline", str(bad), code=2).err)
    assert "not valid TOML" in flat(audit(file, "--config", str(bad), code=2).err)
    assert "none.json" in flat(audit(str(tmp_path / "none.json"), code=2).err)
    assert "two sources" in flat(audit(file, "--demo", code=2).err)
