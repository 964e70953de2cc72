"""Progress of loading on standard error, where that is a terminal; silence elsewhere."""

import sys
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TaskID, TextColumn
from rich.progress import Progress as Bars

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.source import Progress


class TerminalWatcher:
    """A bar for the stage that is going on. Implements `Watcher`."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._bars = Bars(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            console=console,
            transient=True,
            disable=not sys.stderr.isatty(),
        )
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def progress(self, progress: Progress) -> None:
        """Show how far a stage is."""
        if self._task is None:
            self._task = self._bars.add_task(progress.stage, total=progress.total)
        self._bars.update(
            self._task, description=progress.stage, completed=progress.done, total=progress.total
        )

    def partial(self, snapshot: Snapshot) -> None:
        """Nothing: a command waits for the whole."""

    def cancelled(self) -> bool:
        """Never: Ctrl-C ends the process."""
        return False


class Silent:
    """Shows nothing. Implements `Watcher`."""

    def progress(self, progress: Progress) -> None:
        """Not shown."""

    def partial(self, snapshot: Snapshot) -> None:
        """Not shown."""

    def cancelled(self) -> bool:
        """Never."""
        return False
