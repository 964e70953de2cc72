"""The demo account inside this process: moto, seeded, behind a session like any other.

Nothing of it can reach AWS: moto answers before a request leaves botocore, and the credentials, profiles,
configuration files and endpoints of the environment are out of sight while the account is up.
"""

import os
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from moto import mock_aws

from ecsiam_tui.account.collector import collector_paused
from ecsiam_tui.aws.session import AwsSession, Target, make_session
from ecsiam_tui.demo.estate import Estate, load_estate
from ecsiam_tui.demo.missing_calls import answered
from ecsiam_tui.demo.rollout import rolling
from ecsiam_tui.demo.seed import Seeded, ground_of, seed
from ecsiam_tui.demo.tuning import tuned

_HIDDEN_PREFIXES = ("AWS_", "MOTO_")
_SETTINGS = {
    "AWS_ACCESS_KEY_ID": "demo",
    "AWS_SECRET_ACCESS_KEY": "demo",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "AWS_MAX_ATTEMPTS": "1",
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",  # two thousand images that nobody looks at
}
_running = threading.Lock()


class DemoRunningError(RuntimeError):
    """There is a demo account in this process already; moto's state belongs to the whole process."""


class DemoAccount:
    """The demo account, from `with` to its end.

    `now` (aware; the present where it is None) is the moment that all ages in the account count back from.
    One process holds one demo account at a time.
    """

    def __init__(self, *, now: datetime | None = None, estate: Estate | None = None) -> None:
        self.now = now or datetime.now(UTC)
        self._estate = estate
        self._close: Callable[[], object] | None = None
        self._session: AwsSession | None = None
        self._seeded = Seeded((), ())

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Bring the account up. Raises EstateError and DemoRunningError."""
        if not _running.acquire(blocking=False):
            raise DemoRunningError("a demo account is already running in this process")
        with ExitStack() as stack:
            stack.callback(_running.release)
            estate = self._estate or load_estate()
            regions = tuple(estate.table("account")["regions"])
            stack.enter_context(_environment())
            stack.enter_context(mock_aws())
            stack.enter_context(tuned())
            stack.enter_context(answered())
            self._session = make_session(Target(regions=regions), paced=False)
            with collector_paused():
                ground = ground_of(estate, self._session, self.now)
                self._seeded = seed(ground)
            stack.enter_context(rolling(ground, self._session))
            # Whoever drops the account without a word must not leave the process to moto.
            self._close = weakref.finalize(self, stack.pop_all().close)

    def stop(self) -> None:
        """Take the account down, with everything that was done to it."""
        if self._close is not None:
            self._close()
        self._close = self._session = None

    @property
    def is_running(self) -> bool:
        """Whether the account is up."""
        return self._session is not None

    @property
    def session(self) -> AwsSession:
        """A session of the account's caller. Raises RuntimeError where the account is not up."""
        if self._session is None:
            raise RuntimeError("the demo account is not running")
        return self._session

    @property
    def seeded(self) -> Seeded:
        """The mistakes that were made on purpose, and the services that have none."""
        return self._seeded


@contextmanager
def _environment() -> Iterator[None]:
    """Hide what the environment says about AWS, and say what the demo needs."""
    hidden = {key: value for key, value in os.environ.items() if key.startswith(_HIDDEN_PREFIXES)}
    for key in hidden:
        del os.environ[key]
    os.environ.update(_SETTINGS)
    try:
        yield
    finally:
        for key in [key for key in os.environ if key.startswith(_HIDDEN_PREFIXES)]:
            del os.environ[key]
        os.environ.update(hidden)
