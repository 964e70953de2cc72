"""The demo account as a source: read with the collector, like any account."""

import tempfile
from datetime import datetime
from pathlib import Path

import msgspec

from ecsiam_tui.account.redact import Redactor
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.source import Loaded, Progress, SourceError, SourceKind, Watcher
from ecsiam_tui.aws.collect import collect
from ecsiam_tui.aws.execute import Executor
from ecsiam_tui.aws.session import AwsSession, Target, make_session
from ecsiam_tui.demo.account import DemoAccount, DemoRunningError
from ecsiam_tui.demo.estate import EstateError, load_estate
from ecsiam_tui.demo.seed import Seeded

_REDACTOR = Redactor(b"there is nothing secret in the demo account")


class DemoSource:
    """The demo account, brought up by the first load, kept for the next. Implements `account.source.Source`
    and `changes.sending.Writable`.

    What is changed in the account stays changed until `close`, or until nobody has the source any more.
    With `now` given, the account and its snapshots are of that moment, and equal from one start to the next.
    """

    def __init__(
        self,
        *,
        now: datetime | None = None,
        keep_environment: bool = False,
        account: DemoAccount | None = None,
        regions: tuple[str, ...] = (),
        journals: tempfile.TemporaryDirectory[str] | None = None,
    ) -> None:
        self._now = now
        self._keep_environment = keep_environment
        self._account = account or DemoAccount(now=now)
        self._regions = regions
        self._journals = journals

    @property
    def kind(self) -> SourceKind:
        """Demo."""
        return "demo"

    @property
    def label(self) -> str:
        """What the account is."""
        return "demo account"

    def load(self, watcher: Watcher) -> Loaded:
        """Bring the account up if it is not, and read it. Raises SourceError."""
        if not self._account.is_running:
            watcher.progress(Progress("demo account", 0))
            try:
                self._account.start()
            except (DemoRunningError, EstateError) as error:
                raise SourceError(f"The demo account cannot be started: {error}.") from error
        loaded = collect(
            self.session,
            _Dated(watcher, self._now),
            _REDACTOR,
            keep_environment=self._keep_environment,
            source="demo",
        )
        return loaded._replace(snapshot=_dated(loaded.snapshot, self._now))

    @property
    def session(self) -> AwsSession:
        """A session of the account for the chosen regions, for calls besides the reading."""
        session = self._account.session
        if not self._regions or self._regions == session.regions:
            return session
        return make_session(Target(regions=self._regions), paced=False)

    def sender(self) -> Executor:
        """Who changes the account."""
        return Executor(self.session)

    @property
    def journal_folder(self) -> Path:
        """Gone with the source: the account that its journals are of is gone then, too."""
        return Path(self._journals_kept().name)

    def _journals_kept(self) -> tempfile.TemporaryDirectory[str]:
        if self._journals is None:
            self._journals = tempfile.TemporaryDirectory(prefix="ecsiam-demo-")
        return self._journals

    @property
    def seeded(self) -> Seeded:
        """The mistakes that were made on purpose, and the services that have none."""
        return self._account.seeded

    def profiles(self) -> tuple[str, ...]:
        """There is nothing to choose."""
        return ()

    def regions(self) -> tuple[str, ...]:
        """The regions in which the account has something."""
        return tuple(load_estate().table("account")["regions"])

    def switch(self, *, profile: str | None = None, regions: tuple[str, ...] = ()) -> "DemoSource":  # noqa: ARG002
        """The same account, read in other regions."""
        return DemoSource(
            now=self._now,
            keep_environment=self._keep_environment,
            account=self._account,
            regions=regions,
            journals=self._journals_kept(),
        )

    def close(self) -> None:
        """Take the account down, with what was changed in it."""
        self._account.stop()
        if self._journals is not None:
            self._journals.cleanup()


def _dated(snapshot: Snapshot, now: datetime | None) -> Snapshot:
    return snapshot if now is None else msgspec.structs.replace(snapshot, taken_at=now)


class _Dated:
    """A watcher whose partial snapshots are of the moment `now`."""

    def __init__(self, watcher: Watcher, now: datetime | None) -> None:
        self._watcher = watcher
        self._now = now

    def progress(self, progress: Progress) -> None:
        """Handed on."""
        self._watcher.progress(progress)

    def partial(self, snapshot: Snapshot) -> None:
        """Handed on with its date."""
        self._watcher.partial(_dated(snapshot, self._now))

    def cancelled(self) -> bool:
        """Handed on."""
        return self._watcher.cancelled()
