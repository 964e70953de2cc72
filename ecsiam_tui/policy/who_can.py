"""Who can do an action on a resource: every principal of a snapshot, directly and by assuming roles."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

import msgspec

from ecsiam_tui.account.collector import collector_paused
from ecsiam_tui.account.iam import Role

from .account import AccountPolicies, Attachment
from .catalogue import members as numbers
from .document import Statement
from .evaluation import BY_ARN, State, evaluate
from .layers import CompiledStatement, Layers, Policy, PolicySet
from .patterns import action_matchers
from .principals import parse_principal
from .request import Request
from .resources import is_plain
from .services import rcps_apply, refusal, requires_resource_policy
from .truth import MAYBE, NO, YES, Truth

ASSUME_ROLE = "sts:AssumeRole"

# Condition keys that say something of the principal.
_PERSONAL = ("aws:principal", "aws:userid", "aws:username", "aws:sourceidentity")
_OF_THE_ACCOUNT = frozenset(
    {"aws:principalaccount", "aws:principalorgid", "aws:principalorgpaths", "aws:principalisawsservice"}
)
_VARIABLE = re.compile(r"\$\{\s*([^{},']+)")
_NO_LAYERS = Layers()


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
    """A statement and its document. `prefix` is set where the statement applies to all ARNs that begin with
    it, and to no other: one Resource that ends in `*`, no condition."""

    document: int
    statement: Statement
    prefix: str | None


class _Sorted:
    """Sets of principals (a bit each) by what their identity policies say. `single` must be looked at one by
    one; `open` are sets with the open condition keys on which they depend."""

    def __init__(self) -> None:
        self.allow = self.open_allow = self.deny = self.open_deny = self.single = 0
        self.open: list[tuple[int, tuple[str, ...]]] = []

    @property
    def may_allow(self) -> int:
        return self.allow | self.open_allow

    def add(self, effect: str, truth: Truth, bits: int) -> None:
        """Note a statement that applies (YES) or may apply (MAYBE) to some principals."""
        if effect == "Allow":
            self.allow |= bits if truth == YES else 0
            self.open_allow |= bits if truth == MAYBE else 0
        else:
            self.deny |= bits if truth == YES else 0
            self.open_deny |= bits if truth == MAYBE else 0

    def keys(self, bit: int) -> tuple[str, ...]:
        """The open keys of one principal's statements."""
        return tuple(dict.fromkeys(key for bits, names in self.open if bits & bit for key in names))


def _prefix(statement: Statement) -> str | None:
    if statement.conditions or len(statement.resources) != 1:
        return None
    pattern = statement.resources[0]
    return pattern[:-1] if pattern.endswith("*") and len(pattern) > 1 and is_plain(pattern) else None


class _Guard(NamedTuple):
    """Whether the organization lets a request through, the open keys on which that depends, and whether it
    must be asked for each principal."""

    truth: Truth
    keys: tuple[str, ...]
    personal: bool


def _is_personal(statement: CompiledStatement) -> bool:
    """Whether it asks for something that differs from principal to principal."""
    source = statement.statement
    if statement.principal is not None and not statement.principal.names_everyone:
        return True
    if any(_names_person(condition.key) for condition in statement.conditions):
        return True
    texts = (*source.resources, *source.not_resources, *(v for c in source.conditions for v in c.values))
    variables = (match.lower() for text in texts if "${" in text for match in _VARIABLE.findall(text))
    return any(_names_person(variable) for variable in variables)


def _names_person(key: str) -> bool:
    return key.startswith(_PERSONAL) and key not in _OF_THE_ACCOUNT


class Population:
    """The identity policies of every principal of an account, turned round: from action patterns to
    principals.

    Statements are found by the distinct sets of action patterns in use, then compared with the resource once
    per document however many principals share it. Only principals for which more has a say (a boundary, a
    condition, a policy of the resource) are evaluated one by one."""

    def __init__(self, policies: AccountPolicies) -> None:
        self.policies = policies
        self.principals: tuple[str, ...] = tuple(policies.principals)
        self._known = frozenset(self.principals)
        self._documents: list[Policy] = []
        self._holders: list[list[int]] = []
        self._groups: dict[tuple[bool, tuple[str, ...]], list[_Place]] = {}
        self._compiled: dict[int, tuple[CompiledStatement, bool]] = {}
        self._holder_bits: dict[int, int] = {}
        self._special = self._linked = 0
        with collector_paused():
            self._load()

    def _load(self) -> None:
        numbers: dict[str, int] = {}
        for number, arn in enumerate(self.principals):
            attachments, unread = self.policies.attachments(arn)
            known = self.policies.principal(arn)
            if isinstance(known, Role) and known.is_service_linked:
                self._linked |= 1 << number
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
            self._groups.setdefault(key, []).append(_Place(document, statement, _prefix(statement)))
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

    def _covering(self, action: str) -> Iterator[_Place]:
        """The statements that cover an action (lower case)."""
        for (negated, patterns), places in self._groups.items():
            if any(matcher(action) for matcher in action_matchers(patterns)) != negated:
                yield from places

    def _compile(self, place: _Place) -> tuple[CompiledStatement, bool]:
        """A statement made ready, and whether it is personal."""
        known = self._compiled.get(id(place.statement))
        if known is None:
            compiled = CompiledStatement(place.statement, self._documents[place.document], "identity")
            known = self._compiled[id(place.statement)] = (compiled, _is_personal(compiled))
        return known

    def _sort(self, request: Request) -> _Sorted:
        """Who holds a statement that applies, compared once for all its holders where it is the same for
        all."""
        found = _Sorted()
        state = State(request, _NO_LAYERS)
        by_arn = state.comparison == BY_ARN
        for place in self._covering(state.action):
            if by_arn and place.prefix is not None:
                if request.resource.startswith(place.prefix):
                    found.add(place.statement.effect, YES, self._bits(place.document))
                continue
            statement, personal = self._compile(place)
            if not statement.usable:
                continue
            if personal:
                found.single |= self._bits(place.document)
                continue
            if by_arn and statement.fast is not None:
                truth = YES if statement.fast(request.resource) else NO
            else:
                state.missing = {}
                truth = state.applies(statement)
            if truth == MAYBE:
                found.open.append((self._bits(place.document), tuple(state.missing.values())))
            if truth != NO:
                found.add(statement.effect, truth, self._bits(place.document))
        return found

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
        resource = self.policies.authorized_resource(action, resource)
        direct = list(self._direct(action, resource, context))
        reaches = direct + (self._assuming(direct, depth) if by_assuming else [])
        own, _ = self.policies.resource_policy(action, resource)
        return WhoCan(tuple(reaches), self._others(own, action))

    def _direct(self, action: str, resource: str, context: Mapping[str, Any] | None) -> Iterator[Reach]:
        # The account's root stands for everybody: what is known of it is known of all, but for what is
        # personal.
        account = self.policies.snapshot.account_id
        probe = self.policies.request(f"arn:aws:iam::{account}:root", action, resource, context)
        with collector_paused():
            found = self._sort(probe)
        guard = self._guard(probe)
        own, unread = self.policies.resource_policy(action, resource)
        owner = resource.split(":", 5)[4:5]
        foreign = bool(owner) and owner[0].isdigit() and owner[0] != account
        special = bool(own or unread) or foreign or guard.personal
        special = special or requires_resource_policy(action.lower(), resource)
        special = special or refusal(action.lower(), resource) is not None
        # Where the resource has a policy of its own, it may let anybody in.
        everybody = (1 << len(self.principals)) - 1
        candidates = everybody if own is not None else found.may_allow | found.single | self._special
        candidates &= ~found.deny
        if guard.truth == NO:
            candidates &= self._linked
        alone = candidates if special else candidates & (found.single | self._special | self._linked)
        singly = set(numbers(alone))
        depending = set(numbers(candidates & (found.open_deny | ~found.allow)))
        for number in numbers(candidates):
            arn = self.principals[number]
            if number not in singly:
                if number in depending or guard.truth == MAYBE:
                    yield Reach(arn, "Depends", tuple(dict.fromkeys(guard.keys + found.keys(1 << number))))
                else:
                    yield Reach(arn, "Allowed")
                continue
            decision = evaluate(
                self.policies.layers(arn, action, resource),
                self.policies.request(arn, action, resource, context),
            )
            if decision.outcome in ("Allowed", "Depends"):
                yield Reach(arn, decision.outcome, decision.missing_context)

    def _guard(self, request: Request) -> _Guard:
        """What SCPs and RCPs say of a request, the same for every principal that is not service-linked."""
        layers = self.policies.layers(request.principal, request.action, request.resource)
        state = State(request, _NO_LAYERS)
        levels = (*layers.scps, *(layers.rcps if rcps_apply(state.action) else ()))
        for level in levels:
            plan = level.plan(state.action)
            if any(_is_personal(statement) for statement in (*plan.allows, *plan.denies)):
                return _Guard(MAYBE, (), personal=True)
        verdicts = [state.verdict(level) for level in levels]
        truth = min((min(verdict.allow, YES - verdict.deny) for verdict in verdicts), default=YES)
        return _Guard(truth, tuple(state.missing.values()), personal=False)

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
        for place in self._covering(ASSUME_ROLE.lower()):
            if place.statement.effect == "Allow":
                bits |= self._bits(place.document)
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
                    if entry.value in self._known:
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
