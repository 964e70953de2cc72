"""What a way from one principal to others is, and which roles stand open to whom."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from functools import cached_property, partial
from typing import NamedTuple

from ecsiam_tui.account.iam import Role
from ecsiam_tui.findings.escalation_asking import Asking, anything
from ecsiam_tui.findings.escalation_doubt import Doubt, both
from ecsiam_tui.policy.principals import parse_principal

PASS, ASSUME = "iam:PassRole", "sts:AssumeRole"


class Way(NamedTuple):
    """One way of a principal: by doing `actions` it becomes any of `targets` for which `check` finds no
    denial. `how` says it, its subject left out. `could` is a quick test; `named` are the targets that a
    policy names in full: they are meant to be reached."""

    actions: tuple[str, ...]
    how: str
    targets: Collection[str]
    check: Callable[[str], Doubt | None]
    could: Callable[[str], object] = anything
    named: frozenset[str] = frozenset()


class Trusting(NamedTuple):
    """Roles by what their trust policies say: principals of the account that they name, services; those that
    leave it to the identity policies of the account, and those that let everybody in."""

    named: dict[str, frozenset[str]]
    services: dict[str, frozenset[str]]
    account: frozenset[str]
    everybody: frozenset[str]


class Roles:
    """The roles of an account that can be got at: those that belong to AWS are left out."""

    def __init__(self, asking: Asking) -> None:
        self.asking = asking
        self.by_arn: dict[str, Role] = {
            found.arn: found for found in asking.principals() if isinstance(found, Role)
        }

    @cached_property
    def trusting(self) -> Trusting:
        """What the trust policies say, conditions left aside."""
        named: dict[str, set[str]] = defaultdict(set)
        services: dict[str, set[str]] = defaultdict(set)
        account: set[str] = set()
        everybody: set[str] = set()
        own = self.asking.snapshot.account_id
        for arn, role in self.by_arn.items():
            document = self.asking.account.document(role.assume_role_policy_document)
            for statement in document.statements:
                if statement.effect != "Allow":
                    continue
                if statement.not_principals:
                    everybody.add(arn)
                for entry in statement.principals:
                    if entry.value == "*":
                        everybody.add(arn)
                    elif entry.type == "Service":
                        services[entry.value].add(arn)
                    elif parse_principal(entry.value).kind == "root":
                        account |= {arn} if parse_principal(entry.value).account == own else set()
                    elif entry.type == "AWS":
                        named[self._ids.get(entry.value, entry.value)].add(arn)
        return Trusting(
            {who: frozenset(roles) for who, roles in named.items()},
            {service: frozenset(roles) for service, roles in services.items()},
            frozenset(account),
            frozenset(everybody),
        )

    @cached_property
    def _ids(self) -> dict[str, str]:
        snapshot = self.asking.snapshot
        found = {role.role_id: role.arn for role in snapshot.roles}
        return found | {user.user_id: user.arn for user in snapshot.users}

    def assuming(self, principal: str, mask: int) -> Iterator[Way]:
        """sts:AssumeRole: roles whose trust and, where it does not name the principal itself, whose own
        policies agree."""
        trusting, check = self.trusting, partial(self.asking.may, principal, ASSUME)
        if principal in trusting.named:
            yield Way((ASSUME,), "assumes the role, which names it", trusting.named[principal], check)
        if trusting.everybody:
            yield Way((ASSUME,), "assumes the role, which lets everybody in", trusting.everybody, check)
        if trusting.account and self.asking.has(mask, ASSUME):
            could = self.asking.could(principal, ASSUME)
            how = "assumes the role, which trusts the account"
            yield Way((ASSUME,), how, trusting.account, check, could)

    def passing(
        self,
        principal: str,
        service: str,
        actions: tuple[str, ...],
        how: str,
        base: Doubt,
        among: Collection[str],
    ) -> Way:
        """iam:PassRole of any role `among` those given that lets the service in; `base` is what the actions
        hang on."""
        asking, context = self.asking, {"iam:PassedToService": service}

        def check(role: str) -> Doubt | None:
            trusts = asking.trusts(self.by_arn[role], service)
            passes = asking.may(principal, PASS, role, context) if trusts is not None else None
            found = both(trusts, passes)
            return found.also(base) if found is not None else None

        could, named = asking.could(principal, PASS), asking.names(principal, PASS)
        return Way((PASS, *actions), how, among, check, could, named)
