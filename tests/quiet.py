"""A watcher for readings that nobody looks on at."""

from typing import Any


class Quiet:
    """Watches nothing."""

    def progress(self, progress: Any) -> None: ...

    def partial(self, snapshot: Any) -> None: ...

    def cancelled(self) -> bool:
        return False
