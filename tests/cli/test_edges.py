"""Calls that contradict themselves, output that cannot be written, hostile text in every kind of output."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from ecsiam_tui import cli
from ecsiam_tui.account.files import save
from ecsiam_tui.account.snapshot import Gap, Snapshot
from ecsiam_tui.account.source import Loaded
from ecsiam_tui.account.text import visible
from ecsiam_tui.cli.options import Where
from ecsiam_tui.graph import build

HOSTILE = 'a\x1b]0;owned\x07\x9b31m\u202e "[/x]"\n\t\\'


@pytest.fixture(scope="module")
def file(demo_snapshot: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo account's snapshot."""
    path = tmp_path_factory.mktemp("edges") / "demo.json"
    save(demo_snapshot, path)
    return path


class Ran:
    """How a command ended, and what it said."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


Run = Callable[..., Ran]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the program in this process, from its arguments to its exit code."""

    def call(*arguments: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["ecsiam-tui", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        code = ended.value.code or 0
        return Ran(code if isinstance(code, int) else int(bool(code)), said.out, said.err)

    return call


def refused(ran: Ran) -> str:
    """The one line of a command that could not do it."""
    assert ran.code == 1
    assert ran.out == ""
    assert ran.err.startswith("ecsiam-tui: ")
    assert ran.err.endswith("\n")
    assert ran.err.count("\n") == 1
    assert visible(ran.err.rstrip("\n")) == ran.err.rstrip("\n")
    return ran.err


@pytest.mark.parametrize("command", [["show", "web"], ["graph"]])
@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--profile", "x"),
        ("--region", "eu-west-1"),
        ("--role-arn", "arn:aws:iam::111122223333:role/r"),
        ("--endpoint-url", "http://127.0.0.1:9"),
    ],
)
def test_options_for_aws_go_with_no_other_source(
    run: Run, file: Path, command: list[str], option: str, value: str
) -> None:
    assert f"{option} is for reading AWS" in refused(run(*command, "--demo", option, value))
    assert "cannot go with --snapshot" in refused(run(*command, "--snapshot", str(file), option, value))
    assert "behind the command" in refused(run(option, value, *command))


def test_two_sources_are_one_too_many(run: Run, file: Path) -> None:
    assert "two sources" in refused(run("graph", "--demo", "--snapshot", str(file)))
    assert "two things to do" in refused(run("demo", "--serve", "--snapshot", str(file)))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--endpoint-url", "nonsense"], '"nonsense" is not an endpoint'),
        (["--endpoint-url", "http://127.0.0.1:99999"], "is not an endpoint"),
        (["--region", "Ireland"], '"Ireland" is not the name of an AWS region'),
        (["--region", "eu-west-1", "--region", "cn-north-1"], "different partitions"),
        (["--region", "eu-west-1", "--role-arn", "admin"], '"admin" is not the ARN of a role'),
        (["--profile", HOSTILE], "There is no AWS profile"),
    ],
)
def test_malformed_options_are_named(run: Run, tmp_path: Path, options: list[str], says: str) -> None:
    out = tmp_path / "x.json"
    assert says in refused(run("snapshot", str(out), *options))
    assert not out.exists()


@pytest.mark.parametrize("arguments", [["--nosuch"], ["nosuch"], ["graph", "--format", "png"], ["show"]])
def test_wrong_calls_end_with_two(run: Run, arguments: list[str]) -> None:
    ran = run(*arguments)
    assert ran.code == 2
    assert "Usage" in ran.err
    assert ran.out == ""


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_ports_that_are_none(run: Run, port: str) -> None:
    ran = run("demo", "--serve", "--port", port)
    assert ran.code == 2
    assert "--port" in ran.err


def test_a_port_that_is_taken_is_said_in_one_line(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"port {port} cannot be opened" in refused(run("demo", "--serve", "--port", str(port)))


def test_what_cannot_be_written_is_said_and_leaves_nothing(
    run: Run,
    tmp_path: Path,
    demo_snapshot: Snapshot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Where, "load", lambda self: Loaded(demo_snapshot))
    too_long = tmp_path / ("x" * 300 + ".json")
    assert "cannot be written" in refused(run("snapshot", str(too_long), "--demo"))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_said_before_anything_is_read(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Where, "load", lambda self: pytest.fail("the account was read first"))
    assert "does not exist" in refused(run("snapshot", str(tmp_path / "no" / "x.json"), "--demo"))


def test_gaps_are_counted_on_standard_error(
    run: Run,
    tmp_path: Path,
    demo_snapshot: Snapshot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gaps = (Gap(call="ecr:DescribeRepositories", reason="denied"),)
    monkeypatch.setattr(Where, "load", lambda self: Loaded(msgspec.structs.replace(demo_snapshot, gaps=gaps)))
    ran = run("snapshot", str(tmp_path / "x.json"), "--demo")
    assert (ran.code, ran.out) == (0, "")
    assert "1 gap:" in ran.err


def test_interrupting_ends_with_130(run: Run, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: Where) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Where, "load", interrupted)
    ran = run("graph", "--snapshot", str(file))
    assert (ran.code, ran.out) == (130, "")
    assert "Traceback" not in ran.err


def test_a_reader_that_has_seen_enough_is_no_failure(file: Path) -> None:
    read, write = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "ecsiam_tui", "graph", "--snapshot", str(file)],
        stdout=write,
        stderr=subprocess.PIPE,
    )
    os.close(write)
    os.close(read)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, b"")


def test_json_is_all_that_json_prints(run: Run, file: Path, demo_snapshot: Snapshot) -> None:
    graph = build(demo_snapshot)
    seen = set()
    for node in graph.nodes():
        if node.kind in seen:
            continue
        seen.add(node.kind)
        ran = run("show", node.id, "--json", "--snapshot", str(file))
        assert (ran.code, ran.err) == (0, "")
        data = json.loads(ran.out)
        assert (data["id"], data["kind"], data["state"]) == (node.id, node.kind, node.state)
        assert len(data["uses"]) == len(list(graph.uses(node.id)))
        assert len(data["used_by"]) == len(list(graph.used_by(node.id)))
        assert (data["record"] is None) == (node.record is None)
    assert len(seen) > 30


@pytest.fixture
def hostile(demo_snapshot: Snapshot, tmp_path: Path) -> tuple[Path, str]:
    """A snapshot with one role whose name and tags are hostile, and that role's ARN."""
    first, *others = demo_snapshot.roles
    first = msgspec.structs.replace(first, role_name=HOSTILE, description=HOSTILE, tags={HOSTILE: HOSTILE})
    path = tmp_path / "hostile.json"
    save(msgspec.structs.replace(demo_snapshot, roles=(first, *others)), path)
    return path, first.arn


@pytest.mark.parametrize("command", ["show", "show --json", "json", "dot", "mermaid", "graphml"])
def test_no_output_holds_what_a_terminal_obeys(run: Run, hostile: tuple[Path, str], command: str) -> None:
    path, arn = hostile
    if command.startswith("show"):
        ran = run(*command.split(), arn, "--snapshot", str(path))
    else:
        ran = run("graph", "--format", command, "--snapshot", str(path))
    assert ran.code == 0
    assert "owned" in ran.out
    assert visible(ran.out, one_line=False) == ran.out
    if "json" in command:
        assert HOSTILE in {
            value
            for node in json.loads(ran.out).get("nodes", [json.loads(ran.out)])
            for value in node.values()
            if isinstance(value, str)
        }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("no\x1b[31msuch", "nothing is called"),
        ("kind:role name:\u202e", "nothing is called"),
        ("kind:role", "may mean several things"),
    ],
)
def test_what_cannot_be_found_is_named_without_being_obeyed(
    run: Run, file: Path, text: str, says: str
) -> None:
    assert says in refused(run("show", text, "--snapshot", str(file)))
