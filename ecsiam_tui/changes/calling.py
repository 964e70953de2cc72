"""The calls that make a change: service, operation and exact parameters, as boto3 takes them.

Some calls replace a thing whole and so need what is there (a task definition's environment, a schedule's
input): they have a `base`, which whoever executes reads first, and `edits` on it. Nothing that is read so is
ever written down.
"""

from typing import Any

import msgspec

from ecsiam_tui.changes.change import Edit


class Read(msgspec.Struct, frozen=True, omit_defaults=True):
    """A call that reads what another call needs. `result` is the path of the wanted part of its answer."""

    service: str
    operation: str
    parameters: dict[str, Any] = {}
    result: tuple[str | int, ...] = ()


class Call(msgspec.Struct, frozen=True, omit_defaults=True):
    """One call. `service` is boto3's name of the service, `operation` the API's (`PutRolePolicy`), `region`
    empty for IAM. With `base` the parameters are those of the base (see `prepare`), edited, with `parameters`
    laid over. `prepare` names the way in which the answer becomes input: `task-definition`, `rule-target`,
    `schedule`. Where the answer tells what was only guessed, `guess` is the guess and `answer` the path of
    the truth. `harmless_twice` says that sending it again does no harm."""

    service: str
    operation: str
    parameters: dict[str, Any] = {}
    region: str = ""
    base: Read | None = None
    prepare: str = ""
    edits: tuple[Edit, ...] = ()
    guess: str = ""
    answer: tuple[str | int, ...] = ()
    harmless_twice: bool = True

    @property
    def action(self) -> str:
        """The IAM action that it needs: `iam:PutRolePolicy`."""
        prefix = {"events": "events", "stepfunctions": "states"}.get(self.service, self.service)
        return f"{prefix}:{self.operation}"
