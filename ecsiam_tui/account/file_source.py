"""A snapshot file as a source: read again when somebody refreshes, for it may have been written again."""

from pathlib import Path

from ecsiam_tui.account.files import SnapshotFileError, load
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.source import Loaded, Progress, SourceError, SourceKind, Watcher


class FileSource:
    """One snapshot file. Implements `Source`."""

    def __init__(self, path: Path, read: Snapshot | None = None) -> None:
        """`read` is what the first load gives, for who has read the file already."""
        self._path = path
        self._read = read

    @property
    def kind(self) -> SourceKind:
        """Always `snapshot`."""
        return "snapshot"

    @property
    def label(self) -> str:
        """The file's name."""
        return self._path.name

    def load(self, watcher: Watcher) -> Loaded:
        """Read the file. Raises SourceError."""
        watcher.progress(Progress(f"reading {self._path.name}", 0))
        read, self._read = self._read, None
        try:
            return Loaded(read or load(self._path))
        except SnapshotFileError as error:
            raise SourceError(str(error)) from error

    def profiles(self) -> tuple[str, ...]:
        """None: a file has no profiles."""
        return ()

    def regions(self) -> tuple[str, ...]:
        """None: a file holds the regions that were read."""
        return ()

    def switch(self, *, profile: str | None = None, regions: tuple[str, ...] = ()) -> "FileSource":
        """A file cannot be switched. Raises SourceError."""
        raise SourceError(f"{self._path.name} is a snapshot: it holds one account as it was read")
