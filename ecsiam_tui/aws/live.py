"""The live account as a source."""

from pathlib import Path

from ecsiam_tui.account.redact import Redactor
from ecsiam_tui.account.source import Loaded, SourceKind, Watcher
from ecsiam_tui.aws.collect import collect
from ecsiam_tui.aws.execute import Executor
from ecsiam_tui.aws.reading import LastAccessedWanted
from ecsiam_tui.aws.session import AwsSession, Target, make_session, profiles
from ecsiam_tui.changes.journal import state_folder


class LiveSource:
    """An AWS account, read anew at each load. Implements `account.source.Source` and
    `changes.sending.Writable`."""

    def __init__(
        self,
        target: Target,
        redactor: Redactor,
        *,
        keep_environment: bool = False,
        last_accessed: bool = True,
    ) -> None:
        self.target = target
        self._redactor = redactor
        self._keep_environment = keep_environment
        self._reports = LastAccessedWanted(last_accessed)
        self._session: AwsSession | None = None

    @property
    def kind(self) -> SourceKind:
        """Live."""
        return "live"

    @property
    def label(self) -> str:
        """The endpoint if it is not AWS's own, else the profile, else that it is the environment's."""
        return self.target.endpoint_url or self.target.profile or "default credentials"

    def load(self, watcher: Watcher) -> Loaded:
        """Read the account. Credentials are looked up anew, so that signing in again helps."""
        self._session = make_session(self.target)
        loaded = collect(
            self._session,
            watcher,
            self._redactor,
            keep_environment=self._keep_environment,
            reports=self._reports,
        )
        self._reports = self._reports._replace(known=loaded.snapshot.last_accessed)
        return loaded

    def profiles(self) -> tuple[str, ...]:
        """All profiles in the AWS configuration."""
        return profiles()

    def regions(self) -> tuple[str, ...]:
        """All regions of the partition."""
        session = self._session or make_session(self.target)
        return session.available_regions()

    def switch(self, *, profile: str | None = None, regions: tuple[str, ...] = ()) -> "LiveSource":
        """The same for another profile or other regions. A role to assume belongs to the profile."""
        target = self.target
        if profile is not None:
            target = Target(profile, regions, None, target.endpoint_url)
        elif regions:
            target = target._replace(regions=regions)
        return LiveSource(
            target,
            self._redactor,
            keep_environment=self._keep_environment,
            last_accessed=self._reports.wanted,
        )

    def sender(self) -> Executor:
        """Who changes the account, with credentials looked up anew."""
        return Executor(make_session(self.target))

    @property
    def journal_folder(self) -> Path:
        """Under the user's state directory."""
        return state_folder(self.target.endpoint_url)
