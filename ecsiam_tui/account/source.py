"""Where a snapshot comes from, as the screens and commands see it: live, a file, or the demo account.

The edges (`aws`, `demo`, `cli`) make sources; everything else only asks them.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple, Protocol

from ecsiam_tui.account.snapshot import Snapshot

SourceKind = Literal["live", "snapshot", "demo"]

EnvironmentValues = Mapping[tuple[str, str, str], str]
"""(task definition ARN, container, variable) → value. Lives in memory alone."""


class Progress(NamedTuple):
    """How far a stage of loading is; `total` is None while it is not known."""

    stage: str
    done: int
    total: int | None = None


class Loaded(NamedTuple):
    """A snapshot, with the values of environment variables if they were asked for."""

    snapshot: Snapshot
    environment: EnvironmentValues = {}


class Watcher(Protocol):
    """Who is told how loading goes. Its methods are called from any thread."""

    def progress(self, progress: Progress) -> None:
        """A stage began, went on or ended."""

    def partial(self, snapshot: Snapshot) -> None:
        """More is known; what is not read yet is named in the snapshot's gaps with reason `cancelled`."""

    def cancelled(self) -> bool:
        """Whether to stop soon and return what there is."""


class SourceError(Exception):
    """A source cannot be read at all. The message is one line: what happened, what it means, the way out."""


class Source(Protocol):
    """Something that a snapshot can be loaded from, again and again."""

    @property
    def kind(self) -> SourceKind:
        """Shown in the header."""

    @property
    def label(self) -> str:
        """The profile, file name or endpoint, for a person."""

    def load(self, watcher: Watcher) -> Loaded:
        """Read it all. Blocks; raises SourceError."""

    def profiles(self) -> tuple[str, ...]:
        """Profiles that `switch` takes; empty where there is nothing to choose."""

    def regions(self) -> tuple[str, ...]:
        """Regions that `switch` takes; empty where there is nothing to choose."""

    def switch(self, *, profile: str | None = None, regions: tuple[str, ...] = ()) -> "Source":
        """The same kind of source for another profile or other regions."""
