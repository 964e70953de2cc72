"""Bringing the account up and down: equal each time, apart from each other, and never near AWS."""

import os
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest

from ecsiam_tui.account import files
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.source import SourceError
from ecsiam_tui.aws.session import Target, make_session
from ecsiam_tui.demo.account import DemoAccount, DemoRunningError
from ecsiam_tui.demo.estate import Estate, EstateError, References, age, load_estate
from ecsiam_tui.demo.server import DemoServer, DemoServerError
from ecsiam_tui.demo.source import DemoSource
from tests.demo.conftest import NOW, Quiet


def load(source: DemoSource) -> Snapshot:
    try:
        return source.load(Quiet()).snapshot
    finally:
        source.close()


def test_two_starts_give_the_same_snapshot() -> None:
    """One of them in a fresh process: ids come from no hash seed or anything else of one process."""
    script = (
        "import sys\n"
        "from tests.demo.conftest import NOW, Quiet\n"
        "from ecsiam_tui.account import files\n"
        "from ecsiam_tui.demo.source import DemoSource\n"
        "sys.stdout.buffer.write(files.encode(DemoSource(now=NOW).load(Quiet()).snapshot))\n"
    )
    other = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONHASHSEED": "1"},
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert other.stderr == b""
    source = DemoSource(now=NOW)
    assert source.load(Quiet()).snapshot == source.load(Quiet()).snapshot  # reading changes nothing
    assert files.encode(load(source)) == other.stdout


def test_another_now_moves_the_times_alone() -> None:
    roles = []
    for now in (NOW, NOW - timedelta(days=100)):
        with DemoAccount(now=now) as account:
            role = account.session.client("iam").get_role(RoleName="ledger-task")["Role"]
        assert role["CreateDate"] == now - timedelta(days=150)
        roles.append((role["RoleId"], role["Arn"]))
    assert roles[0] == roles[1]


def test_accounts_do_not_see_each_others_changes() -> None:
    with DemoAccount(now=NOW) as account:
        account.session.client("ecs").create_cluster(clusterName="left-over")
    with DemoAccount(now=NOW) as account:
        arns = account.session.client("ecs").list_clusters()["clusterArns"]
    assert not [arn for arn in arns if "left-over" in arn]
    assert len(arns) == 3


def test_one_process_holds_one_account() -> None:
    with DemoAccount(now=NOW):
        with pytest.raises(DemoRunningError):
            DemoAccount(now=NOW).start()
        with pytest.raises(SourceError, match="already running"):
            DemoSource(now=NOW).load(Quiet())


def test_a_dropped_account_is_taken_down() -> None:
    DemoAccount(now=NOW).start()
    with DemoAccount(now=NOW) as account:
        assert account.is_running


def test_a_start_that_fails_leaves_nothing_behind() -> None:
    with pytest.raises(EstateError, match="names nothing"):
        DemoAccount(
            now=NOW,
            estate=Estate(
                {
                    "account": {"regions": ["eu-west-1"]},
                    "network": {"cidr": "10.0.0.0/16", "subnets": {}, "security_groups": {}},
                    "secrets": [{"Name": "x", "KmsKeyId": "${key:nobody}"}],
                }
            ),
        ).start()
    with DemoAccount(now=NOW) as account:
        assert account.is_running


def test_the_environment_is_hidden_while_it_is_up_and_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ENDPOINT_URL_ECS", "https://ecs.example.com")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    before = dict(os.environ)
    with DemoAccount(now=NOW) as account:
        assert "AWS_PROFILE" not in os.environ
        credentials = account.session._boto3.get_credentials()
        assert "real" not in (credentials.access_key, credentials.secret_key, credentials.token)
        assert len(account.session.client("ecs").list_clusters()["clusterArns"]) == 3
    assert dict(os.environ) == before


def test_nothing_reaches_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert load(DemoSource(now=NOW)).clusters


def test_it_is_up_soon() -> None:
    """Under three seconds of this process's time; it takes about one on an idle machine."""
    begun = time.process_time()
    with DemoAccount(now=NOW):
        assert time.process_time() - begun < 3


def test_nothing_is_said(capfd: pytest.CaptureFixture[str]) -> None:
    load(DemoSource(now=NOW))
    with DemoServer(now=NOW) as server:
        session = make_session(Target(regions=("eu-west-1",), endpoint_url=server.url))
        session.client("ecs").list_clusters()
    assert capfd.readouterr() == ("", "")


def test_the_server_has_the_same_account() -> None:
    with DemoServer(now=NOW) as server:
        assert server.url.startswith("http://127.0.0.1:")
        session = make_session(Target(regions=server.regions, endpoint_url=server.url))
        iam, ecs = session.client("iam"), session.client("ecs")
        over_http = (
            [role["RoleId"] for role in iam.get_account_authorization_details()["RoleDetailList"]],
            ecs.list_services(cluster="prod")["serviceArns"],
            session.client("sts").get_caller_identity()["Arn"],
            session.client("ssm").describe_activations()["ActivationList"][0]["IamRole"],
        )
    with DemoAccount(now=NOW) as account:
        session = account.session
        iam, ecs = session.client("iam"), session.client("ecs")
        in_process = (
            [role["RoleId"] for role in iam.get_account_authorization_details()["RoleDetailList"]],
            ecs.list_services(cluster="prod")["serviceArns"],
            session.client("sts").get_caller_identity()["Arn"],
            session.client("ssm").describe_activations()["ActivationList"][0]["IamRole"],
        )
    assert over_http == in_process


def test_a_port_that_is_taken_is_said_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(DemoServerError, match=str(port)) as caught, DemoServer(port=port, now=NOW):
            pass
    assert "\n" not in str(caught.value)
    with DemoAccount(now=NOW) as account:  # the failed server left nothing running
        assert account.is_running


@pytest.mark.parametrize(
    ("text", "seconds"), [("7m", 420), ("2h30m", 9000), ("12d", 1036800), ("1d1s", 86401)]
)
def test_ages(text: str, seconds: int) -> None:
    assert age(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "7", "m", "7 m", "-3d", "1w"])
def test_what_is_no_age_is_said(text: str) -> None:
    with pytest.raises(EstateError, match="no span of time"):
        age(text)


def test_references_expand_in_depth_and_leave_iam_variables_alone() -> None:
    known = References()
    known.add("role", "x", "arn:x")
    value = {"a": ["${role:x}", {"b": "${aws:username} ${role:x}"}], "demo": {"c": "${role:nobody}"}}
    assert known.expand(value) == {"a": ["arn:x", {"b": "${aws:username} arn:x"}]}


def test_a_reference_to_nothing_names_itself() -> None:
    with pytest.raises(EstateError, match=r"\$\{role:nobody\}"):
        References().expand("${role:nobody}")


def test_the_declaration_is_one_account() -> None:
    estate = load_estate()
    assert estate.table("account")["alias"] == "acme-prod"
    with pytest.raises(EstateError, match="must be written"):
        estate.list("account")


def test_now_is_now_where_none_is_given() -> None:
    assert abs(DemoAccount().now - datetime.now(UTC)) < timedelta(seconds=5)
