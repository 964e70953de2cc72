"""Sources for tests: a fixed snapshot, at once, step by step, or not at all."""

import threading
from datetime import UTC, datetime

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.source import Loaded, Progress, SourceError, SourceKind, Watcher

NOW = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)


class FixedSource:
    """Gives its snapshots in turn, the last one for ever; `gate` holds loading back until it is set."""

    def __init__(
        self, *snapshots: Snapshot, kind: SourceKind = "demo", gate: threading.Event | None = None
    ) -> None:
        self.snapshots = list(snapshots)
        self.loads = 0
        self.gate = gate
        self.switched: list[tuple[str | None, tuple[str, ...]]] = []
        self.partial: Snapshot | None = None
        self.names: tuple[str, ...] = ()
        self._kind = kind

    @property
    def kind(self) -> SourceKind:
        return self._kind

    @property
    def label(self) -> str:
        return "fixed"

    def load(self, watcher: Watcher) -> Loaded:
        self.loads += 1
        watcher.progress(Progress("clusters", 1, 4))
        if self.partial is not None:
            watcher.partial(self.partial)
        if self.gate is not None:
            self.gate.wait(10)
        return Loaded(self.snapshots[min(self.loads, len(self.snapshots)) - 1])

    def profiles(self) -> tuple[str, ...]:
        return self.names

    def regions(self) -> tuple[str, ...]:
        return self.names

    def switch(self, *, profile: str | None = None, regions: tuple[str, ...] = ()) -> "FixedSource":
        self.switched.append((profile, regions))
        return self


class FailingSource(FixedSource):
    """Fails with a message, then works."""

    def __init__(self, message: str, *snapshots: Snapshot, error: type[Exception] = SourceError) -> None:
        super().__init__(*snapshots, kind="live")
        self.message = message
        self.error = error

    def load(self, watcher: Watcher) -> Loaded:
        if self.loads == 0:
            self.loads += 1
            raise self.error(self.message)
        return super().load(watcher)
