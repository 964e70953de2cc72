"""Who can do an action on a resource: every principal of a snapshot, directly and by assuming roles."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

import msgspec

from ecsiam_tui.account.iam import Role

from .account import AccountPolicies, Attachment
from .document import Statement
from .evaluation import ACCOUNT_LEVEL, BY_ARN, comparison, evaluate
from .layers import CompiledStatement, Policy, PolicySet
from .patterns import action_matcher
from .principals import parse_principal
from .request import Request
from .services import requires_resource_policy
from .truth import NO

ASSUME_ROLE = "sts:AssumeRole"


class Reach(msgspec.Struct, frozen=True):
    """A principal that can. `outcome` is Allowed or Depends (then `missing_context` says on which condition
    keys). `via` are the roles that it assumes one after the other to get there; empty where it can by
    itself."""

    principal: str
    outcome: str
    missing_context: tuple[str, ...] = ()
    via: tuple[str, ...] = ()


class WhoCan(msgspec.Struct, frozen=True):
    """Who can: principals of the account, and `others` that the resource's own policy lets in (principals of
    other accounts, services, `*` for everyone), as written there."""

    reaches: tuple[Reach, ...]
    others: tuple[str, ...] = ()


class _Place(NamedTuple):
    document: int
    statement: Statement


class Population:
    """The identity policies of every principal of an account, turned round: from action patterns to
    principals.

    Statements are found by the distinct sets of action patterns in use, then compared with the resource once
    per document however many principals share it. Only principals for which more has a say (a boundary, a
    condition, a policy of the resource) are evaluated one by one."""

    def __init__(self, policies: AccountPolicies) -> None:
        self.policies = policies
        self.principals: tuple[str, ...] = tuple(policies.principals)
        self._documents: list[Policy] = []
        self._holders: list[list[int]] = []
        self._groups: dict[tuple[bool, tuple[str, ...]], list[_Place]] = {}
        self._compiled: dict[int, CompiledStatement] = {}
        self._holder_bits: dict[int, int] = {}
        self._special = 0
        self._load()

    def _load(self) -> None:
        numbers: dict[str, int] = {}
        for number, arn in enumerate(self.principals):
            attachments, unread = self.policies.attachments(arn)
            known = self.policies.principal(arn)
            if unread or (known is not None and known.permissions_boundary is not None):
                self._special |= 1 << number
            for attachment in attachments:
                document = numbers.get(attachment.text)
                if document is None:
                    document = numbers[attachment.text] = self._add(attachment)
                self._holders[document].append(number)

    def _add(self, attachment: Attachment) -> int:
        parsed = self.policies.document(attachment.text)
        self._documents.append(Policy(attachment.name, parsed, attachment.arn, attachment.version_id))
        self._holders.append([])
        document = len(self._documents) - 1
        for statement in parsed.statements:
            negated = not statement.actions
            key = (negated, statement.not_actions if negated else statement.actions)
            self._groups.setdefault(key, []).append(_Place(document, statement))
        return document

    def _bits(self, document: int) -> int:
        known = self._holder_bits.get(document)
        if known is None:
            holders = self._holders[document]
            data = bytearray(max(holders, default=0) // 8 + 1)
            for number in holders:
                data[number >> 3] |= 1 << (number & 7)
            known = self._holder_bits[document] = int.from_bytes(data, "little")
        return known

    def _covering(self, action: str) -> Iterator[tuple[int, CompiledStatement]]:
        for (negated, patterns), places in self._groups.items():
            covered = any(
                matcher(action) for pattern in patterns if (matcher := action_matcher(pattern)) is not None
            )
            if covered == negated:
                continue
            for place in places:
                compiled = self._compiled.get(id(place.statement))
                if compiled is None:
                    compiled = CompiledStatement(place.statement, self._documents[place.document], "identity")
                    self._compiled[id(place.statement)] = compiled
                yield place.document, compiled

    def _sort(self, request: Request) -> tuple[int, int, int]:
        """Who holds an Allow or a Deny that applies to everybody alike, and who one that must be looked
        at."""
        allow = deny = single = 0
        kind = comparison(request)
        for document, statement in self._covering(request.action.lower()):
            if not statement.usable:
                continue
            if statement.conditions or (kind == BY_ARN and statement.fast is None):
                single |= self._bits(document)
                continue
            if kind == BY_ARN:
                applies = bool(statement.fast and statement.fast(request.resource))
            elif kind == ACCOUNT_LEVEL:
                applies = statement.resource.covers_account_level() != NO
            else:
                applies = statement.resource.covers_any(statement.effect) != NO
            if applies and statement.effect == "Allow":
                allow |= self._bits(document)
            elif applies:
                deny |= self._bits(document)
        return allow, deny, single

    def who_can(
        self,
        action: str,
        resource: str = "*",
        context: Mapping[str, Any] | None = None,
        *,
        by_assuming: bool = False,
        depth: int = 3,
    ) -> WhoCan:
        """Every principal that can, in the order of the snapshot. With `by_assuming`, also those that get
        there by assuming at most `depth` roles, and the services that roles on the way trust."""
        direct = list(self._direct(action, resource, context))
        reaches = direct + (self._assuming(direct, depth) if by_assuming else [])
        own, _ = self.policies.resource_policy(action, resource)
        return WhoCan(tuple(reaches), self._others(own, action))

    def _direct(self, action: str, resource: str, context: Mapping[str, Any] | None) -> Iterator[Reach]:
        probe = Request("", action, resource)
        allow, deny, single = self._sort(probe)
        own, unread = self.policies.resource_policy(action, resource)
        everybody = (1 << len(self.principals)) - 1
        alone = bool(own or unread) or requires_resource_policy(action.lower(), resource)
        alone = (
            alone
            or not self._guards_are_simple(action)
            or ":aws:policy/" in resource
            or "aws-reserved" in resource
        )
        owner = resource.split(":", 5)[4:5]
        alone = alone or (bool(owner) and owner[0].isdigit() and owner != [self.policies.snapshot.account_id])
        # The root of the account apart, a principal that no identity policy allows needs the resource's own
        # policy.
        candidates = everybody if own is not None else (allow | single | self._special)
        one_by_one = candidates & ~deny if alone else (single | self._special) & candidates & ~deny
        plain = 0 if alone else allow & ~deny & ~one_by_one
        for number, arn in enumerate(self.principals):
            bit = 1 << number
            if plain & bit:
                yield Reach(arn, "Allowed")
            elif one_by_one & bit:
                decision = evaluate(
                    self.policies.layers(arn, action, resource),
                    self.policies.request(arn, action, resource, context),
                )
                if decision.outcome in ("Allowed", "Depends"):
                    yield Reach(arn, decision.outcome, decision.missing_context)

    def _guards_are_simple(self, action: str) -> bool:
        """Whether SCPs and RCPs let the action through whoever asks for whatever."""
        probe = self.policies.layers("")
        lowered = action.lower()
        for level in (*probe.scps, *probe.rcps):
            plan = level.plan(lowered)
            if plan.denies or not any(statement.is_unconditional for statement in plan.allows):
                return False
        return True

    def _others(self, own: PolicySet | None, action: str) -> tuple[str, ...]:
        if own is None:
            return ()
        account = self.policies.snapshot.account_id
        found: dict[str, None] = {}
        for statement in own.plan(action.lower()).allows:
            for entry in statement.statement.principals:
                if (
                    entry.type in ("*", "Service", "Federated")
                    or parse_principal(entry.value).account != account
                ):
                    found[entry.value] = None
            if statement.statement.not_principals:
                found["*"] = None
        return tuple(found)

    # Assuming roles

    @cached_property
    def _assumers(self) -> tuple[str, ...]:
        """Principals that some identity policy lets assume some role."""
        bits = 0
        for document, statement in self._covering(ASSUME_ROLE.lower()):
            if statement.effect == "Allow":
                bits |= self._bits(document)
        return tuple(arn for number, arn in enumerate(self.principals) if bits >> number & 1)

    def _assuming(self, direct: list[Reach], depth: int) -> list[Reach]:
        found: list[Reach] = []
        seen = {reach.principal for reach in direct}
        queue = deque(direct)
        while queue:
            reach = queue.popleft()
            if len(reach.via) >= depth or not isinstance(self.policies.principal(reach.principal), Role):
                continue
            for arn, outcome, missing in self.who_assumes(reach.principal):
                if arn in seen:
                    continue
                seen.add(arn)
                certain = outcome == "Allowed" and reach.outcome == "Allowed"
                keys = tuple(dict.fromkeys(missing + reach.missing_context))
                step = Reach(arn, "Allowed" if certain else "Depends", keys, (reach.principal, *reach.via))
                found.append(step)
                queue.append(step)
        return found

    def who_assumes(self, role_arn: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        """Who may assume a role: principals of the account that trust policy and identity policies let, and
        the services, providers and other accounts that the trust policy names. Each with outcome and open
        keys."""
        trust, _ = self.policies.resource_policy(ASSUME_ROLE, role_arn)
        if trust is None:
            return
        account = self.policies.snapshot.account_id
        named: dict[str, None] = {}
        for policy in trust.policies:
            for compiled in policy.statements:
                if compiled.effect != "Allow":
                    continue
                statement = compiled.statement
                wide = bool(statement.not_principals)
                for entry in statement.principals:
                    parsed = parse_principal(entry.value)
                    wide = wide or entry.value == "*" or (parsed.kind == "root" and parsed.account == account)
                    if entry.value in self.policies._principals:
                        named[entry.value] = None
                    elif entry.value != "*" and parsed.account != account:
                        keys = tuple(condition.source.key for condition in compiled.conditions)
                        yield entry.value, "Depends" if keys else "Allowed", keys
                if wide:
                    named.update(dict.fromkeys(self._assumers))
        for arn in named:
            decision = self.policies.decide(arn, ASSUME_ROLE, role_arn)
            if decision.outcome in ("Allowed", "Depends") and arn != role_arn:
                yield arn, decision.outcome, decision.missing_context
