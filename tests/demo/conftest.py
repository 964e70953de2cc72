"""The demo account for the tests of this package: one a module, because one process holds one at a time."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.source import Progress
from ecsiam_tui.demo.source import DemoSource

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


class Quiet:
    """A watcher that is told everything and remembers the stages."""

    def __init__(self) -> None:
        self.stages: list[str] = []

    def progress(self, progress: Progress) -> None:
        self.stages.append(progress.stage)

    def partial(self, snapshot: Snapshot) -> None:
        assert snapshot.taken_at == NOW

    def cancelled(self) -> bool:
        return False


@pytest.fixture(scope="module")
def source() -> Iterator[DemoSource]:
    """The demo source, loaded once."""
    source = DemoSource(now=NOW)
    source.load(Quiet())
    yield source
    source.close()


@pytest.fixture(scope="module")
def snapshot(source: DemoSource) -> Snapshot:
    """What the collector reads of the demo account."""
    return source.load(Quiet()).snapshot
