"""Privilege escalation: from a principal, step by step, to an administrator."""

from collections.abc import Mapping

import msgspec

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.findings.finding import Step
from ecsiam_tui.graph.estate import Estate
from ecsiam_tui.policy.account import AccountPolicies


class Escalation(msgspec.Struct, frozen=True):
    """A way from `start` to what it becomes, `target`, both ARNs of principals.

    `depends_on` are the condition keys that the account leaves open and that decide; `rests_on` what was not
    read. Where both are empty, the way is certain.
    """

    start: str
    target: str
    steps: tuple[Step, ...]
    depends_on: tuple[str, ...] = ()
    rests_on: tuple[str, ...] = ()


class Escalations:
    """Who can become whom in one snapshot. Worked out when first asked for."""

    def __init__(self, snapshot: Snapshot, account: AccountPolicies, estate: Estate) -> None:
        self.snapshot, self.account, self.estate = snapshot, account, estate

    def admins(self) -> Mapping[str, str]:
        """Every administrator (ARN of a role, user or group), and why it is one."""
        raise NotImplementedError

    def edges(self, principal: str) -> tuple[Step, ...]:
        """What a principal can become in one step."""
        raise NotImplementedError

    def path(self, principal: str) -> Escalation | None:
        """The shortest way to an administrator; None where there is none, or it is one itself."""
        raise NotImplementedError

    def gains(self, principal: str) -> tuple[Escalation, ...]:
        """Where no administrator can be reached: roles with more access that it can become in one step."""
        raise NotImplementedError
