"""The commands without a screen, as a person and as a script call them."""

import os
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import msgspec
import networkx as nx
import pytest

from ecsiam_tui import __version__
from ecsiam_tui.account.files import load
from ecsiam_tui.demo.server import DemoServer

ENDLESS = 90


def run(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, without a terminal."""
    return subprocess.run(
        [sys.executable, "-m", "ecsiam_tui", *arguments],
        capture_output=True,
        text=True,
        timeout=ENDLESS,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **(env or {})},
        check=False,
    )


def failed(*arguments: str, env: dict[str, str] | None = None, code: int = 1) -> str:
    """The one line in which a command says why it failed."""
    done = run(*arguments, env=env)
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    if code == 1:
        assert done.stderr.count("\n") == 1, done.stderr
        assert done.stderr.startswith("ecsiam-tui: ")
    return done.stderr


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo account's snapshot, written by the command itself."""
    path = tmp_path_factory.mktemp("cli") / "demo.json.zst"
    done = run("demo", "--snapshot", str(path))
    assert done.returncode == 0, done.stderr
    assert "3 clusters" in done.stderr
    assert done.stdout == ""
    return path


@pytest.fixture(scope="module")
def server() -> Iterator[DemoServer]:
    """The demo account over HTTP."""
    with DemoServer() as server:
        yield server


def graph_of(*arguments: str) -> dict[str, Any]:
    done = run("graph", *arguments)
    assert done.returncode == 0, done.stderr
    data: dict[str, Any] = msgspec.json.decode(done.stdout)
    return data


def test_version_and_help() -> None:
    assert run("--version").stdout == f"ecsiam-tui {__version__}\n"
    for arguments in (["--help"], ["graph", "--help"], ["demo", "-h"]):
        done = run(*arguments)
        assert done.returncode == 0
        assert "Usage:" in done.stdout


def test_files_are_private(file: Path) -> None:
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_server_gives_the_graph_that_its_snapshot_gives(server: DemoServer, tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    done = run("snapshot", str(path), "--endpoint-url", server.url)
    assert done.returncode == 0, done.stderr
    assert load(path).source == "live"
    live = graph_of("--endpoint-url", server.url)
    saved = graph_of("--snapshot", str(path))
    assert {node["id"] for node in live["nodes"]} == {node["id"] for node in saved["nodes"]}
    assert len(live["edges"]) == len(saved["edges"])
    _has_all_that_boto3_lists(saved, server.url)


def _has_all_that_boto3_lists(graph: dict[str, Any], url: str) -> None:
    found = {node["id"] for node in graph["nodes"] if node["state"] == "present"}
    kinds = Counter(node["kind"] for node in graph["nodes"] if node["state"] == "present")
    iam = boto3.client("iam", endpoint_url=url, region_name="eu-west-1")
    roles = {role["Arn"] for page in iam.get_paginator("list_roles").paginate() for role in page["Roles"]}
    policies = {
        policy["Arn"]
        for page in iam.get_paginator("list_policies").paginate(Scope="All", OnlyAttached=True)
        for policy in page["Policies"]
    }
    own = {
        policy["Arn"]
        for page in iam.get_paginator("list_policies").paginate(Scope="Local")
        for policy in page["Policies"]
    }
    clusters: set[str] = set()
    services: set[str] = set()
    for region in ("eu-west-1", "us-east-1"):
        ecs = boto3.client("ecs", endpoint_url=url, region_name=region)
        for cluster in ecs.list_clusters()["clusterArns"]:
            clusters.add(cluster)
            services |= set(ecs.list_services(cluster=cluster)["serviceArns"])
    assert len(roles) > 50
    assert len(services) > 20
    assert clusters | services | roles | policies | own <= found
    assert kinds["cluster"] == len(clusters)
    assert kinds["service"] == len(services)
    assert kinds["role"] == len(roles)


def test_graph_json_is_what_networkx_reads(file: Path) -> None:
    data = graph_of("--snapshot", str(file))
    graph = nx.node_link_graph(data, edges="edges")
    assert len(graph) == len(data["nodes"]) > 300
    for node in data["nodes"]:
        assert node["id"]
        assert node["kind"]
        assert "title" in node


@pytest.mark.parametrize(
    ("form", "start"), [("dot", "digraph"), ("mermaid", "flowchart"), ("graphml", "<?xml")]
)
def test_other_graph_formats(file: Path, form: str, start: str) -> None:
    done = run("graph", "--format", form, "--snapshot", str(file))
    assert done.returncode == 0
    assert done.stdout.startswith(start)
    assert "checkout-task" in done.stdout


def test_show(file: Path) -> None:
    done = run("show", "checkout-task", "--snapshot", str(file))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("checkout-task  (role)\n")
    assert "3 services" in done.stdout
    data = msgspec.json.decode(
        run("show", "kind:role", "checkout-task", "--json", "--snapshot", str(file)).stdout
    )
    assert data["id"] == "arn:aws:iam::123456789012:role/checkout-task"
    assert isinstance(data["record"]["AssumeRolePolicyDocument"], dict)
    assert any(link["relation"] == "uses-task-role" for link in data["used_by"])


def test_show_demo_directly() -> None:
    done = run("show", "kind:cluster", "name:prod", "--demo")
    assert done.returncode == 0
    assert "roles belong to task definitions" in done.stdout


def test_what_is_asked_wrongly(file: Path, tmp_path: Path) -> None:
    assert "nothing is called 'nosuchthing'" in failed("show", "nosuchthing", "--snapshot", str(file))
    assert "may mean several things" in failed("show", "task", "--snapshot", str(file))
    assert "two sources" in failed("graph", "--snapshot", str(file), "--demo")
    assert "--profile is for reading AWS" in failed("graph", "--demo", "--profile", "x")
    assert "two things to do" in failed("demo", "--serve", "--snapshot", str(tmp_path / "x"))
    assert "behind the command" in failed("--profile", "x", "graph")
    assert "does not exist" in failed("demo", "--snapshot", str(tmp_path / "no" / "x.json"))
    assert "needs a terminal" in failed("open", str(file))
    assert "needs a terminal" in failed("demo")
    assert "Usage" in failed("graph", "--format", "png", code=2)
    assert "Usage" in failed("nosuchcommand", code=2)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "No such file"),
        (b"", "not JSON"),
        (b'{"schemaVersion":1,"accountId":"1', "not JSON, or cut off"),
        (b'{"a": 1}', "not a snapshot"),
        (b"[1, 2]", "not a snapshot"),
        (b'{"schemaVersion": 99}', "newer ecsiam-tui"),
        (b"\x28\xb5\x2f\xfd\x00\x01", "damaged or cut off"),
        (b"\x1f\x8b\x08\x00", "damaged or cut off"),
    ],
)
def test_files_that_are_no_snapshot(tmp_path: Path, content: bytes | None, says: str) -> None:
    path = tmp_path / "bad.json"
    if content is not None:
        path.write_bytes(content)
    for arguments in (["open", str(path)], ["graph", "--snapshot", str(path)]):
        message = failed(*arguments)
        assert says in message
        assert "bad.json" in message


def test_a_file_that_cannot_be_written_is_said_and_nothing_is_lost(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "there.json"
    target.mkdir()
    assert "is a directory" in failed("demo", "--snapshot", str(target), code=2)


def test_sources_that_cannot_be_read(tmp_path: Path) -> None:
    out = str(tmp_path / "x.json")
    no_keys = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": ""}
    assert 'no AWS profile "nope"' in failed("snapshot", out, "--profile", "nope")
    assert "region" in failed("snapshot", out, env={"AWS_DEFAULT_REGION": "", "AWS_REGION": ""})
    assert "No AWS credentials" in failed("snapshot", out, "--region", "eu-west-1", env=no_keys)
    message = failed("snapshot", out, "--region", "eu-west-1", "--endpoint-url", "http://127.0.0.1:9")
    assert "127.0.0.1:9" in message
    assert not Path(out).exists()


def test_hostile_text_is_escaped(file: Path, tmp_path: Path) -> None:
    hostile = tmp_path / "hostile.json"
    data = msgspec.json.decode(msgspec.json.encode(load(file)))
    data["roles"][0]["RoleName"] = "a\x1b]0;owned\x07\u202eb"
    hostile.write_bytes(msgspec.json.encode({"schemaVersion": 1, **data}))
    done = run("show", data["roles"][0]["Arn"], "--snapshot", str(hostile))
    assert done.returncode == 0, done.stderr
    assert "a\\x1b]0;owned\\x07\\u202eb" in done.stdout
    assert "\x1b" not in done.stdout
    message = failed("show", "\x1b[31mred", "--snapshot", str(file))
    assert "\x1b" not in message


def test_a_pipe_that_closes_early_is_quiet(file: Path) -> None:
    command = f"{sys.executable} -m ecsiam_tui graph --snapshot {file} | head -c 100"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=ENDLESS, check=False
    )
    assert done.stderr == ""
    assert len(done.stdout) == 100
