"""For all tests: no test reaches AWS, the network, or the files of the person who runs it."""

import gc
import ipaddress
import os
import socket
import tempfile
from collections import Counter
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

# Set when this file is read, before any test module imports something that looks at it.
_FOLDER = tempfile.TemporaryDirectory(prefix="ecsiam-tests-", ignore_cleanup_errors=True)
_STATE = Path(_FOLDER.name)
for _name in list(os.environ):
    if _name.startswith("AWS_"):
        del os.environ[_name]
os.environ.update(
    {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_SESSION_TOKEN": "testing",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(_STATE / "no-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(_STATE / "no-credentials"),
        "HOME": str(_STATE),
        "XDG_STATE_HOME": str(_STATE / "state"),
        "XDG_CONFIG_HOME": str(_STATE / "config"),
        "XDG_CACHE_HOME": str(_STATE / "cache"),
        "XDG_DATA_HOME": str(_STATE / "data"),
    }
)

gc.set_threshold(50_000, 20, 50)  # accounts are many small records that stay: looking for garbage finds none


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """One more than there are cores: a good part of the time tests wait, for timers and other processes."""
    return (yield) + 1


class NetworkUseError(AssertionError):
    """A test tried to leave this machine."""


def _is_local(address: Any) -> bool:
    if not isinstance(address, tuple):
        return True  # a socket of this machine (AF_UNIX, AF_NETLINK)
    host = address[0]
    if host in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    """Every connection and every look-up of a name beyond this machine fails, and says so."""
    patch = pytest.MonkeyPatch()

    def refuse(what: Any) -> NetworkUseError:
        return NetworkUseError(f"a test tried to reach {what}: tests use moto or fakes, never the network")

    for name in ("connect", "connect_ex"):
        original = getattr(socket.socket, name)

        def guarded(self: socket.socket, address: Any, *, _original: Any = original) -> Any:
            if not _is_local(address):
                raise refuse(address)
            return _original(self, address)

        patch.setattr(socket.socket, name, guarded)

    look_up = socket.getaddrinfo

    def guarded_look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host is not None and not _is_local((host if isinstance(host, str) else host.decode(), 0)):
            raise refuse(host)
        return look_up(host, *args, **kwargs)

    patch.setattr(socket, "getaddrinfo", guarded_look_up)
    yield
    patch.undo()


@pytest.fixture(scope="session")
def demo_snapshot() -> Any:
    """The demo account's snapshot, read once; the account itself is gone again."""
    from ecsiam_tui.demo.source import DemoSource
    from tests.quiet import Quiet

    source = DemoSource(now=datetime(2026, 11, 1, 9, 30, tzinfo=UTC))
    try:
        return source.load(Quiet()).snapshot
    finally:
        source.close()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--every-kill-point`: see tests/faults/test_recipes.py."""
    parser.addoption("--every-kill-point", action="store_true", help="kill at every call in every way")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How much was survived, below the results: also where the tests ran in other processes."""
    sums: Counter[str] = Counter()
    for report in terminalreporter.stats.get("passed", ()):
        for name, value in report.user_properties:
            if name == "survived":
                sums[value[0]] += value[1]
    if sums:
        counts = ", ".join(f"{number} {what}" for what, number in sorted(sums.items(), reverse=True))
        lost = "" if terminalreporter.stats.get("failed") else ": nothing was lost"
        terminalreporter.write_line(f"applying changes survived {counts}{lost}")
