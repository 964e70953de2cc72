"""`diff` on the command line."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ecsiam_tui.account.files import save
from ecsiam_tui.account.snapshot import Gap, Snapshot
from ecsiam_tui.account.tasks import EnvironmentVariable
from ecsiam_tui.cli import diff_output
from ecsiam_tui.cli.diff_output import SIGNS, write_report
from tests.cli.asking import answer, ask, data, flat
from tests.findings.builders import (
    NOW,
    allow,
    container,
    definition,
    document,
    role,
    service,
    snapshot,
    trust_policy,
)

change = msgspec.structs.replace
LATER = NOW + timedelta(days=2)


@pytest.fixture
def files(tmp_path: Path) -> Any:
    """Writes two snapshots and gives their names."""

    def make(before: Snapshot, after: Snapshot) -> tuple[str, str]:
        names = tmp_path / "before.json", tmp_path / "after.json.zst"
        for name, one in zip(names, (before, after), strict=True):
            save(one, name)
        return str(names[0]), str(names[1])

    return make


def account(*statements: dict[str, Any], image: str = "web:1", **fields: Any) -> Snapshot:
    """One service with a task role `web` and an execution role that reads a secret."""
    secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf"
    known: dict[str, Any] = {
        "roles": [
            role("web", inline={"app": document(*statements)}),
            role("exec", inline={"secrets": document(allow("secretsmanager:GetSecretValue", secret))}),
        ],
        "task_definitions": [
            definition(
                "web",
                container(image=image, secrets={"DB": secret}),
                task_role="web",
                execution_role="exec",
            )
        ],
        "services": [service()],
        **fields,
    }
    return snapshot(**known)


def lose(one: Snapshot, name: str) -> Snapshot:
    """Without the inline policies of a role."""
    roles = [change(each, role_policy_list=()) if each.role_name == name else each for each in one.roles]
    return change(one, roles=tuple(roles), taken_at=LATER)


class TestExitCodes:
    def test_the_same(self, files: Any) -> None:
        names = files(account(), change(account(), taken_at=LATER))
        assert "nothing differs" in ask("diff", *names, "--exit-code")
        assert data("diff", *names, "--exit-code")["same"] is True

    def test_different(self, files: Any) -> None:
        names = files(account(allow("s3:GetObject")), account(allow("s3:PutObject")))
        ask("diff", *names)
        ask("diff", *names, "--exit-code", code=1)
        assert data("diff", *names, "--exit-code", code=1)["same"] is False

    def test_no_file(self, files: Any, tmp_path: Path) -> None:
        before, _ = files(account(), account())
        said = answer("diff", before, str(tmp_path / "gone.json"), "--exit-code", code=2)
        assert said.out == ""
        assert said.err.startswith("ecsiam-tui: ")
        assert said.err.count("\n") == 1
        assert "gone.json: cannot be read" in said.err

    @pytest.mark.parametrize("text", ["", "{", "[]", '{"schemaVersion": 99}', '{"schemaVersion": 1}'])
    def test_no_snapshot(self, files: Any, tmp_path: Path, text: str) -> None:
        before, _ = files(account(), account())
        other = tmp_path / "other.json"
        other.write_text(text)
        assert "other.json" in answer("diff", str(other), before, code=2).err

    def test_two_accounts(self, files: Any) -> None:
        names = files(account(), change(account(), account_id="210987654321"))
        assert "give two snapshots of one account" in answer("diff", *names, code=2).err

    def test_the_wrong_way_round(self, files: Any) -> None:
        names = files(change(account(), taken_at=LATER), account())
        assert "is the later one" in answer("diff", *names).err

    def test_one_file(self) -> None:
        answer("diff", "a.json", code=2)


class TestReport:
    def test_all_parts(self, files: Any) -> None:
        before = account(allow(["s3:GetObject", "s3:PutObject"]))
        names = files(before, lose(account(allow(["s3:GetObject", "kms:Decrypt"])), "exec"))
        text = ask("diff", *names)
        assert "account 123456789012  +0 added  -0 removed  ~2 changed" in text
        assert "~ web\n      RolePolicyList[app].PolicyDocument.Statement[1].Action" in text
        assert "- s3:PutObject" in text
        assert "~ web  +1 -1 actions" in text
        said = flat(text)
        assert "REQUIREMENTS 1 worse 0 better" in said
        assert "✗ missing web task execution role exec (was met)" in said
        assert "secretsmanager:GetSecretValue on arn:aws:secretsmanager:" in said
        assert "FINDINGS +" in said

    def test_json(self, files: Any) -> None:
        names = files(account(allow("s3:PutObject")), lose(account(allow("kms:Decrypt")), "exec"))
        found = data("diff", *names)
        assert found["account"] == "123456789012"
        assert found["after"]["taken_at"] == "2026-11-03T09:30:00Z"
        assert [(one["what"], one["kind"], one["name"]) for one in found["changes"]] == [
            ("changed", "roles", "web"),
            ("changed", "roles", "exec"),
        ]
        (web,) = (one for one in found["permissions"] if one["principal"].endswith("/web"))
        assert web["gained"] == {"count": 1, "by_service": {"kms": {"Write": 1}}}
        assert web["lost"]["by_service"] == {"s3": {"Write": 1}}
        (worse,) = found["requirements"]
        assert (worse["before"], worse["after"], worse["action"]) == (
            "met",
            "missing",
            "secretsmanager:GetSecretValue",
        )
        assert {one["node"] for one in found["findings"]["new"]}
        full = data("diff", *names, "--full")
        (web,) = (one for one in full["permissions"] if one["principal"].endswith("/web"))
        assert web["gained"]["actions"] == ["kms:Decrypt"]

    def test_mended(self, files: Any) -> None:
        names = files(lose(account(), "exec"), change(account(), taken_at=LATER + timedelta(days=1)))
        said = flat(ask("diff", *names))
        assert "REQUIREMENTS 0 worse 1 better" in said
        assert "✓ met web task execution role exec (was missing)" in said
        assert data("diff", *names)["findings"]["resolved"]

    def test_a_new_revision(self, files: Any) -> None:
        before = account()
        new = definition("web", container(image="web:2"), revision=2)
        after = change(before, task_definitions=(*before.task_definitions, new), taken_at=LATER)
        text = ask("diff", *files(before, after))
        assert "+ web:2  (against web:1)" in text
        assert "containerDefinitions[app].image  - web:1  + web:2" in text

    def test_trust_alone(self, files: Any) -> None:
        sides = [
            snapshot(roles=[role("web", trust=trust_policy(name))]) for name in ("ecs-tasks.a", "events.a")
        ]
        text = ask("diff", *files(*sides))
        assert "~ web  trust policy alone" in text
        assert "+ events.a when aws:SourceAccount" in flat(text)
        assert "- ecs-tasks.a when aws:SourceAccount" in flat(text)

    def test_an_administrator_is_summed_up(self, files: Any) -> None:
        names = files(account(allow("s3:GetObject", "arn:aws:s3:::b/*")), account(allow("*")))
        text = ask("diff", *names)
        assert "more services:" in text
        assert len(text.splitlines()) < 80
        assert len(ask("diff", *names, "--full")) > 10 * len(text)

    def test_what_was_not_read(self, files: Any) -> None:
        gap = Gap(call="iam:GetAccountAuthorizationDetails", reason="denied", unknown=("roles",))
        text = ask("diff", *files(account(), account(roles=(), gaps=[gap])))
        assert "- web  (perhaps: not everything was read after)" in text
        assert "NOT READ\n  + iam:GetAccountAuthorizationDetails" in text
        assert "PERMISSIONS" not in text

    def test_counts_only_with_all(self, files: Any) -> None:
        names = files(account(), account(services=[service(running_count=7)]))
        assert "runningCount" not in ask("diff", *names)
        assert "runningCount  - 1  + 7" in ask("diff", *names, "--all")

    def test_no_secret_and_no_control_character(self, files: Any) -> None:
        secret = EnvironmentVariable(name="A\x1b[31m", fingerprint="f1ngerpr1nt", length=9)
        after = account(
            task_definitions=[definition("web", container(image="x\x1b]0;y\x07", environment=(secret,)))]
        )
        names = files(account(task_definitions=[definition("web")]), after)
        for text in (ask("diff", *names), ask("diff", *names, "--json"), ask("diff", *names, "--full")):
            assert "f1ngerpr1nt" not in text
            assert "\x1b" not in text
            assert "\x07" not in text

    def test_a_suppressed_finding_is_not_new(self, files: Any, tmp_path: Path) -> None:
        names = files(account(), lose(account(), "exec"))
        new = data("diff", *names)["findings"]["new"]
        assert new
        config = tmp_path / "settings.toml"
        config.write_text(
            "".join(
                f'[[suppress]]\nrule = "{one["rule"]}"\nnode = {json.dumps(one["node"])}\nreason = "known"\n'
                for one in new
            )
        )
        assert data("diff", *names, "--config", str(config))["findings"]["new"] == []

    @pytest.mark.parametrize("width", [60, 80, 100, 300])
    def test_lines_fit(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: int
    ) -> None:
        monkeypatch.setattr(diff_output, "columns", lambda: width)
        write_report(["word " * 60, ("      a  " + "b " * 90, 8)])
        lines = capsys.readouterr().out.splitlines()
        assert max(map(len, lines)) <= min(width, 100)
        assert max(map(len, lines)) > min(width, 100) - 12


def test_of_the_demo(files: Any, demo_snapshot: Snapshot) -> None:
    """Everything of a whole account, gone and come back: words for every kind, and no line too wide."""
    empty = snapshot(clusters=(), account_alias=demo_snapshot.account_alias, regions=demo_snapshot.regions)
    before, after = files(empty, change(demo_snapshot, taken_at=LATER))
    for names, sign in (((before, after), SIGNS["added"]), ((after, before), SIGNS["removed"])):
        lines = ask("diff", *names).splitlines()
        assert f"  {sign} checkout-task" in lines
        # A word that is longer than the line, such as an ARN, stays whole.
        assert [line for line in lines if len(line) > 80 and len(line.split()) > 2] == []
