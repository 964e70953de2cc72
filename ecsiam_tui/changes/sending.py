"""Who sends calls, as an apply sees it. The edge (`aws`) sends; nothing else does.

A `Sender` sends one call at a time and knows what AWS's errors mean: it waits where AWS says to wait, and
finds out whether a call took effect where nobody was told.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, NamedTuple, Protocol, runtime_checkable

from ecsiam_tui.changes.calling import Call

Tell = Callable[[str], None]
"""Told in a few words what is waited for."""


class Sent(NamedTuple):
    """A call that took effect. `answer` is what AWS named what was made; with `already` it was so before."""

    answer: str = ""
    already: bool = False


class SendError(Exception):
    """A call was not made. The message is one line. With `unsure` it may have taken effect all the same;
    with `expired` the credentials are at their end."""

    def __init__(self, message: str, *, code: str = "", unsure: bool = False, expired: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.unsure = unsure
        self.expired = expired


RolloutState = Literal["completed", "in progress", "failing", "failed", "rolled back", "replaced", "unknown"]
OVER: frozenset[RolloutState] = frozenset({"completed", "failed", "rolled back", "replaced", "unknown"})
"""States that do not change any more by themselves."""


class Rollout(NamedTuple):
    """How far a deployment of a service (ARN) is. `reason` is what ECS says, of the deployment or of a task
    of it that stopped; `proves_nothing` why even a completed one proves nothing."""

    service: str
    state: RolloutState
    deployment: str = ""
    running: int = 0
    desired: int = 0
    failed: int = 0
    reason: str = ""
    proves_nothing: str = ""

    @property
    def is_proven(self) -> bool:
        """Whether tasks of the new deployment run, all of them."""
        return self.state == "completed" and not self.proves_nothing


class Sender(Protocol):
    """Sends calls. Its methods block."""

    def note(self, call: Call, names: Mapping[str, str]) -> str:
        """What has to be remembered before a call is sent, so that `took_effect` can tell; often nothing.
        Raises SendError."""

    def send(self, call: Call, names: Mapping[str, str], note: str, tell: Tell) -> Sent:
        """Send a call; `names` stand for what was guessed. Raises SendError."""

    def took_effect(self, call: Call, names: Mapping[str, str], note: str) -> Sent | None:
        """Whether a call that was sent, but not answered, took effect. None where it did not, or where
        sending it again does no harm. Raises SendError."""

    def rollout(self, service: str, deployment: str, wanted: str) -> Rollout:
        """How far a service's deployment is (id, empty for the newest) that rolls out the task definition
        `wanted` (ARN, empty for any)."""

    def wait(self, seconds: float) -> None:
        """Wait before asking again."""


@runtime_checkable
class Writable(Protocol):
    """A source whose account can be changed."""

    def sender(self) -> Sender:
        """Who makes the calls. Raises SourceError."""

    @property
    def journal_folder(self) -> Path:
        """Where the journals of its accounts are kept."""
