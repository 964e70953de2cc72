"""Loading off the event loop. Every message carries the generation it belongs to; stale ones are dropped."""

import threading
import time
from collections.abc import Callable

from textual.message import Message
from textual.message_pump import MessagePump

from ecsiam_tui.account.collector import collector_paused
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.source import Loaded, Progress, Source, SourceError
from ecsiam_tui.findings.suppressions import Settings
from ecsiam_tui.workspace import Workspace


class LoadProgressed(Message):
    """A stage of loading went on."""

    def __init__(self, generation: int, progress: Progress) -> None:
        self.generation, self.progress = generation, progress
        super().__init__()


class WorkspaceReady(Message):
    """A workspace can be shown; `final` is False while more is being read."""

    def __init__(self, generation: int, workspace: Workspace, *, final: bool) -> None:
        self.generation, self.workspace, self.final = generation, workspace, final
        super().__init__()


class WorkspaceJudged(Message):
    """The findings of a workspace are there."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        super().__init__()


class LoadFailed(Message):
    """Nothing could be read. `text` says what happened, what it means and the way out."""

    def __init__(self, generation: int, text: str) -> None:
        self.generation, self.text = generation, text
        super().__init__()


def judge(target: MessagePump, workspace: Workspace) -> None:
    """Work out what is wrong in a workspace, and say so. Meant to be the body of a thread."""
    with collector_paused(freeze=True):
        workspace.judge()
    target.post_message(WorkspaceJudged(workspace))


class LoadWatcher:
    """Turns what a source reports, from any thread, into messages for the app."""

    def __init__(
        self,
        target: MessagePump,
        generation: int,
        warm: Callable[[Workspace], None] = lambda _: None,
        settings: Settings | None = None,
    ) -> None:
        """`warm` makes beforehand what the screen will ask of a workspace."""
        self._settings = settings
        self._target = target
        self._generation = generation
        self._warm = warm
        self._stopped = threading.Event()
        self._next_partial = 0.0

    def stop(self) -> None:
        """Ask the source to return soon; nothing it says from now on is passed on."""
        self._stopped.set()

    def cancelled(self) -> bool:
        """Whether `stop` was called."""
        return self._stopped.is_set()

    def progress(self, progress: Progress) -> None:
        """Pass progress on."""
        self._send(LoadProgressed(self._generation, progress))

    def partial(self, snapshot: Snapshot) -> None:
        """Show what is known so far; not so often that making graphs slows the reading down."""
        now = time.monotonic()
        if now < self._next_partial or self.cancelled():
            return
        self._send(
            WorkspaceReady(self._generation, self._prepared(self._workspace(Loaded(snapshot))), final=False)
        )
        took = time.monotonic() - now
        self._next_partial = time.monotonic() + max(0.3, 4 * took)

    def run(self, source: Source) -> None:
        """Load a source to its end. Meant to be the body of a thread."""
        try:
            loaded = source.load(self)
            workspace = self._prepared(self._workspace(loaded))
        except SourceError as error:
            self._send(LoadFailed(self._generation, str(error)))
        except Exception as error:  # a fault of this program must not take the screen away
            self._send(LoadFailed(self._generation, f"reading failed: {type(error).__name__}: {error}"))
        else:
            self._send(WorkspaceReady(self._generation, workspace, final=True))

    def _workspace(self, loaded: Loaded) -> Workspace:
        return Workspace(loaded.snapshot, loaded.environment, self._settings)

    def _prepared(self, workspace: Workspace) -> Workspace:
        with collector_paused(freeze=True):
            workspace.prepare()
            self._warm(workspace)
        return workspace

    def _send(self, message: Message) -> None:
        if not self.cancelled():
            self._target.post_message(message)
