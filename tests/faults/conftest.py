"""A stand-in for AWS in a process of its own, a proxy before it, and the program in processes of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

import ecsiam_tui.aws.collect as collecting
from ecsiam_tui.account.redact import Redactor
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.aws.session import Target, make_session
from ecsiam_tui.changes.plan import Plan, after, to_json
from ecsiam_tui.changes.targets import VOLATILE, states
from ecsiam_tui.changes.verifying import ASSIGNED, unlike
from tests.faults.proxy import Proxy
from tests.faults.small import KEY, PLANS, REGION, SECRET_VALUE, STAGES, WHOLE, collected
from tests.quiet import Quiet

Counted = Callable[[str, int], None]
"""Counts what was survived; `make test` prints the sums."""


class Driver:
    """The program, which forks for every job."""

    def __init__(self, upstream: str, proxy: str) -> None:
        self.process = _process("driver", upstream, proxy)
        self.pid = 0

    def do(self, job: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        self.pid = json.loads(self.process.stdout.readline())["pid"]
        told = json.loads(self.process.stdout.readline())
        assert not told["failed"], "the program ended with a traceback, see above"
        return {"killed": told["killed"], **json.loads(told["result"] or "{}")}

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=10)


class Second:
    """Another one of the program."""

    def __init__(self, world: "World", driver: Driver) -> None:
        self._world, self._driver = world, driver

    def do(self, what: str) -> dict[str, Any]:
        return self._world._do(self._driver, what)


class World:
    """An account, the program, and what stands between them."""

    account = "small"
    secrets: tuple[str, ...] = (SECRET_VALUE, "AWS_")
    """What no journal may hold: values of environment variables, and what credentials come with."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.upstream = f"http://127.0.0.1:{port}"
        self.proxy = Proxy(self.upstream)
        self.proxy.kill = self.kill
        self.root = folder
        self.runs = 0
        self.server_pid = 0
        self.server = _process("server", self.account, str(port))
        self.driver = Driver(self.upstream, self.proxy.url)
        self.session = make_session(Target(regions=(REGION,), endpoint_url=self.upstream))
        self.snapshots: dict[str, Snapshot] = {}

    def close(self) -> None:
        self._end_server()
        assert self.server.stdin is not None
        self.server.stdin.close()
        self.server.wait(timeout=10)
        self.driver.close()
        self.proxy.close()

    def _end_server(self) -> None:
        assert self.server.stdout is not None
        if self.server_pid:
            os.kill(self.server_pid, signal.SIGKILL)
            assert self.server.stdout.readline() == "over\n"
        self.server_pid = 0

    def client(self, service: str) -> Any:
        return self.session.client(service)

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    # -- an account from its beginning -----------------------------------------------------------------

    def begin(self, kind: str) -> None:
        """The account as it was made, and a plan for it."""
        self.begin_with(PLANS[kind])

    def begin_with(self, planned: Callable[[Snapshot], Plan]) -> None:
        """The account as it was made, and what is planned for it."""
        self._end_server()
        assert self.server.stdin is not None
        assert self.server.stdout is not None
        self.server.stdin.write("begin\n")
        self.server.stdin.flush()
        self.server_pid = int(self.server.stdout.readline())
        self.proxy.quiet()
        self.runs += 1
        self.folder = self.root / str(self.runs)
        self.folder.mkdir()
        if "before" not in self.snapshots:
            self.snapshots["before"] = self.read()
        self.before = self.snapshots["before"]
        self.plan = planned(self.before)
        (self.folder / "plan.json").write_bytes(to_json(self.plan))

    def do(self, what: str, **more: Any) -> dict[str, Any]:
        """Have the program do something; `killed` in the answer says that it was killed."""
        return self._do(self.driver, what, **more)

    def _do(self, driver: "Driver", what: str, **more: Any) -> dict[str, Any]:
        return driver.do(
            {
                "do": what,
                "account": self.account,
                "folder": str(self.folder),
                "plan": str(self.folder / "plan.json"),
                **more,
            }
        )

    @contextmanager
    def another(self) -> Iterator["Second"]:
        """A second one of the program, on the same account."""
        driver = Driver(self.upstream, self.proxy.url)
        try:
            yield Second(self, driver)
        finally:
            driver.close()

    @property
    def pid(self) -> int:
        """The process that does, or did last, what was asked."""
        return self.driver.pid

    @property
    def older(self) -> str:
        """The revision before the service's."""
        now = self.before.services[0].task_definition or ""
        family, _, number = now.rpartition(":")
        return f"{family}:{int(number) - 1}"

    def read(self) -> Snapshot:
        """The account as a fresh collect has it."""
        with patch.object(collecting, "STAGES", STAGES):
            return collecting.collect(self.session, Quiet(), Redactor(KEY)).snapshot

    # -- what it has become ----------------------------------------------------------------------------

    def not_as_planned(self) -> dict[str, Any]:
        """What of the account is not what the plan makes of it."""
        now, wanted = self.read(), after(self.plan, self.before)
        names = dict.fromkeys((*everything(wanted), *everything(now)))
        one, other = states(names, wanted), states(names, now)
        # A revision, or a policy of AWS, that nothing uses any more is not read.
        wrong = {
            name: unlike(one[name], other[name])
            for name in names
            if not (other[name] is None and (":task-definition/" in name or ":iam::aws:policy/" in name))
        }
        return {name: paths for name, paths in wrong.items() if paths}

    def not_as_before(self) -> dict[str, Any]:
        """What is not as it was, documents to the byte. What AWS gives anew does not count, nor which
        versions of a policy there are besides the default one."""
        was, now = kept(self.before), kept(self.read())
        return {name: (was.get(name), now.get(name)) for name in was | now if was.get(name) != now.get(name)}

    def secrets_written(self) -> bool:
        """Whether a journal holds the value of an environment variable, or credentials."""
        texts = [path.read_text() for path in self.folder.glob("*/*.jsonl")]
        assert texts
        return any(secret in text for secret in self.secrets for text in texts)


class DemoWorld(World):
    """The same with the demo account."""

    account = "demo"
    secrets = ("EXAMPLEKEY",)

    def read(self) -> Snapshot:
        return collected(self.upstream)

    def whole(self) -> Snapshot:
        """All of the account, not only what can be changed."""
        return collected(self.upstream, WHOLE)


def everything(snapshot: Snapshot) -> list[str]:
    return [
        *(one.arn for one in snapshot.roles),
        *(one.arn for one in snapshot.policies),
        *(one.arn for one in snapshot.instance_profiles),
        *(one.service_arn for one in snapshot.services),
        *(one.task_definition_arn for one in snapshot.task_definitions if one.status == "ACTIVE"),
        *(one.cluster_arn for one in snapshot.clusters),
        *(one.repository_arn for one in snapshot.repositories),
        *(one.arn for one in snapshot.schedules),
        *(one.arn for one in snapshot.rules),
        *(one.arn for one in snapshot.keys),
        *(one.arn for one in snapshot.secrets),
        *(one.arn for one in snapshot.log_groups),
    ]


def kept(snapshot: Snapshot) -> dict[str, Any]:
    found = states(everything(snapshot), snapshot)
    idle = (ASSIGNED | VOLATILE | {"DefaultVersionId"}) - {"PolicyDocument", "Document"}
    return {
        name: {key: value for key, value in (record or {}).items() if key not in idle}
        for name, record in found.items()
    }


def check(world: World, action: str, counted: Counted, what: str) -> None:
    """Go on or go back, and look at the account."""
    outcome = world.do(action)
    assert (outcome["state"], outcome["unlike"]) == ("done", []), outcome
    assert (world.not_as_planned() if action == "resume" else world.not_as_before()) == {}
    assert not world.secrets_written()
    counted(what, 1)


def _process(module: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", f"tests.faults.{module}", *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One for all tests: every run begins with the account anew."""
    found = World(tmp_path_factory.mktemp("faults"))
    yield found
    found.close()


@pytest.fixture(scope="module")
def demo_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoWorld]:
    """The demo account: one for all tests of a module."""
    found = DemoWorld(tmp_path_factory.mktemp("faults-in-the-demo"))
    yield found
    found.close()


@pytest.fixture
def counted(request: pytest.FixtureRequest) -> Counted:
    """Counts what was survived."""

    def count(what: str, number: int) -> None:
        request.node.user_properties.append(("survived", [what, number]))

    return count
