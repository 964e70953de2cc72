"""Questions that cannot be meant: mistyped actions, resources that are none or of another kind."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING

import typer

from ecsiam_tui.account.arns import parse_arn
from ecsiam_tui.account.text import visible

if TYPE_CHECKING:
    from ecsiam_tui.policy.account import AccountPolicies

_VARIABLE = re.compile(r"\$\{([^}]*)\}")


class WrongCall(typer.BadParameter):
    """An error of whoever calls: it ends with 2."""

    def format_message(self) -> str:
        return self.message


def wrong_call(message: str) -> WrongCall:
    """What to raise for a call that is wrong."""
    return WrongCall(visible(message))


def warn(message: str) -> None:
    """Say on standard error what is odd; the command goes on."""
    print(f"ecsiam-tui: warning: {visible(message)}", file=sys.stderr)


def check_question(account: AccountPolicies, actions: Iterable[str], resources: Iterable[str]) -> None:
    """Warn of actions that nobody knows and of resources that an action does not take; both are evaluated as
    written, for AWS may be newer than the catalogue. Raises WrongCall for what is no action or resource at
    all."""
    actions, resources = tuple(actions), tuple(resources)
    for action in actions:
        _check_action(action)
    for resource in resources:
        if resource != "*" and parse_arn(resource) is None:
            raise wrong_call(
                f"{resource!r} is no resource: give its ARN, such as arn:aws:s3:::BUCKET/KEY, or * for any"
            )
    for action in actions:
        for resource in resources:
            if resource != "*":
                _check_kind(action, account.authorized_resource(action, resource))


def _check_action(action: str) -> None:
    from ecsiam_tui.policy.catalogue import load

    service, colon, name = action.partition(":")
    if not (colon and service and name):
        raise wrong_call(f"{action!r} is no action: write service:Action, such as ecs:UpdateService")
    if any(char in name or char in service for char in "*?"):
        raise wrong_call(f"{action!r} is a pattern: ask about one action, such as s3:GetObject")
    catalogue = load()
    if not catalogue.names or catalogue.number(action) is not None:
        return
    near = near_actions(action)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    warn(f"{action} is not an action that is known; {hint}It is evaluated as written.")


def near_actions(action: str) -> list[str]:
    """Actions that may have been meant, the nearest first."""
    from ecsiam_tui.policy.catalogue import load

    catalogue = load()
    service, _, name = action.lower().partition(":")
    services = [service] if service in catalogue.services else []
    services += get_close_matches(service, catalogue.services, 3, 0.6)
    same_name = [known for known in catalogue.names if known.lower().partition(":")[2] == name]
    known = {
        found.lower(): found
        for prefix in dict.fromkeys(services)
        for found in (listed.name for listed in catalogue.service(prefix).actions)  # type: ignore[union-attr]
    }
    near = get_close_matches(action.lower(), known, 2, 0.75)
    if near:
        return [known[found] for found in near]
    return same_name[:2]


def _check_kind(action: str, resource: str) -> None:
    from ecsiam_tui.policy.catalogue import load

    catalogue = load()
    number = catalogue.number(action)
    found = catalogue.action(action)
    if number is None or found is None:
        return
    if catalogue.is_account_level(action):
        warn(f"{found.name} is about no single resource: only a statement for * covers it, whatever is asked")
        return
    if catalogue.actions_on(resource) >> number & 1:
        return
    service = catalogue.service(action.partition(":")[0])
    kinds = [service.resource_type(use.name.rstrip("*")) for use in found.resource_types] if service else []
    taken = dict.fromkeys(
        _VARIABLE.sub(r"\1", kind.arn).replace("Partition", "aws") for kind in kinds if kind
    )
    takes = f"; it takes {' or '.join(list(taken)[:3])}" if taken else ""
    warn(f"{found.name} is not for {resource}{takes}")
