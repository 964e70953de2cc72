"""Sessions and watchers for the tests of the AWS edge."""

from collections.abc import Iterator

import pytest

from ecsiam_tui.account.redact import Redactor
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.source import Progress
from ecsiam_tui.aws.session import AwsSession, Target, make_session
from tests.aws.account import REGION, handlers
from tests.aws.fake import FakeAws


class Watching:
    """A watcher that remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[Progress] = []
        self.partials: list[Snapshot] = []
        self.stop = False

    def progress(self, progress: Progress) -> None:
        self.told.append(progress)

    def partial(self, snapshot: Snapshot) -> None:
        self.partials.append(snapshot)

    def cancelled(self) -> bool:
        return self.stop


@pytest.fixture(scope="session")
def session() -> AwsSession:
    """One session for all tests of a run: making botocore's clients is what takes long."""
    return make_session(Target(regions=(REGION,)), paced=False)


@pytest.fixture
def watcher() -> Watching:
    return Watching()


@pytest.fixture
def redactor() -> Redactor:
    return Redactor(b"a key for tests")


@pytest.fixture
def aws() -> Iterator[FakeAws]:
    """The small account, with everything allowed."""
    with FakeAws(handlers()).installed() as fake:
        yield fake
