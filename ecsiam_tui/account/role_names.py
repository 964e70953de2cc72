"""Roles by what they are called: ECS takes an ARN or, in the account itself, a short name."""

from ecsiam_tui.account.arns import parse_arn
from ecsiam_tui.account.snapshot import Snapshot


class RoleNames:
    """Finds the ARN that a field means. "The short name or full Amazon Resource Name (ARN) of the IAM role":
    Amazon ECS API Reference, RegisterTaskDefinition."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._prefix = f"arn:{snapshot.partition}:iam::{snapshot.account_id}:role"
        self._by_name = {role.role_name: role.arn for role in snapshot.roles}

    def arn(self, value: str) -> str:
        """The role's ARN; one is made up for a name that no role has."""
        if parse_arn(value) is not None:
            return value
        known = self._by_name.get(value.rsplit("/", 1)[-1])
        return known or f"{self._prefix}/{value.removeprefix('/')}"
