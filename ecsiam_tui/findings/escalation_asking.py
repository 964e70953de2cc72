"""The questions that a search for privilege escalation asks: of roles, users, and of groups as if somebody
were in them."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial
from typing import Any

import msgspec

from ecsiam_tui.account.iam import Group, Role, User
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.ecs.judge import NEVER_SENT
from ecsiam_tui.findings.escalation_doubt import CERTAIN, Doubt, best, both, doubt_of
from ecsiam_tui.policy.account import AccountPolicies, Attachment
from ecsiam_tui.policy.catalogue import load
from ecsiam_tui.policy.document import document_from_data
from ecsiam_tui.policy.evaluation import Decision, evaluate
from ecsiam_tui.policy.layers import Layers, Policy, PolicySet
from ecsiam_tui.policy.patterns import action_matchers, is_universal
from ecsiam_tui.policy.resources import ResourceMatcher
from ecsiam_tui.policy.statements import PolicyDocument, Statement
from ecsiam_tui.policy.truth import NO

MADE_UP = "ecsiam-any"
"""The name of things that are not there: what is allowed on them is allowed on what one makes."""
EVERY_ACTION = f"{MADE_UP}:Anything"
"""An action of no service: only what covers every action covers it."""

_UNBOUNDED = frozenset({"iam:permissionsboundary"})
_VARIABLE = re.compile(r"\$\{[^}]*\}")
_MOST_EXAMPLES = 40


@lru_cache(maxsize=8)
def _covering(actions: tuple[str, ...]) -> Callable[[str], int]:
    """Which of some actions an Action pattern covers, a bit for each; every pattern is matched once, for
    however many accounts and proofs."""
    names = [action.lower() for action in actions]

    @lru_cache(maxsize=16_384)
    def covered(pattern: str) -> int:
        matchers = action_matchers((pattern,))
        return sum(1 << number for number, name in enumerate(names) if any(one(name) for one in matchers))

    return covered


class Asking:
    """Exact questions of one account, and quick looks at who could be allowed anything at all.

    `actions` are those that may be looked for; each has a bit. `harmless` ones lead nowhere by themselves.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        account: AccountPolicies,
        actions: tuple[str, ...],
        harmless: tuple[str, ...] = (),
    ) -> None:
        self.snapshot, self.account = snapshot, account
        self.regions = snapshot.regions or ("us-east-1",)
        self.head = f"arn:{snapshot.partition}"
        self.groups = {group.arn: group for group in snapshot.groups}
        self.groups_by_name = {group.group_name: group for group in snapshot.groups}
        wanted = tuple(dict.fromkeys((*actions, *harmless, EVERY_ACTION)))
        self._bits = {action: 1 << number for number, action in enumerate(wanted)}
        self._asked = {action: self._bits[action] for action in actions}
        self._unread = 1 << len(self._bits)
        self._covered = _covering(wanted)
        self._masks: dict[str, int] = {}
        self._able: dict[str, int] = {}
        self._reach: dict[str, int] = {}
        self._reach_of: dict[str, int] = {}
        self._numbers: dict[int, int] = {}
        self.reaches: list[int] = []
        self._group_sets: dict[str, tuple[PolicySet, tuple[str, ...]]] = {}
        self._answers: dict[tuple[str, str, str, tuple[tuple[str, Any], ...], bool], Doubt | None] = {}
        self._trusts: dict[tuple[str, str], Doubt | None] = {}
        self._matchers: dict[tuple[str, str], tuple[ResourceMatcher, ...]] = {}

    # Who

    def member(self, principal: str) -> str:
        """The principal that makes the request: for a group, a user that is in it and in no other."""
        return (
            f"{self.head}:iam::{self.snapshot.account_id}:user/{MADE_UP}"
            if self._is(principal)
            else principal
        )

    def _is(self, principal: str) -> bool:
        return principal in self.groups

    def principals(self) -> Iterator[Role | User | Group]:
        """Everybody who may be asked about; roles that belong to AWS are not."""
        for role in self.snapshot.roles:
            if not role.path.startswith(("/aws-service-role/", "/aws-reserved/")):
                yield role
        yield from self.snapshot.users
        yield from self.snapshot.groups

    # Quick looks

    def attachments(self, principal: str) -> tuple[list[Attachment], tuple[str, ...]]:
        """The policies of a role or user (with those of its groups) or of a group, and what is not known of
        them."""
        group = self.groups.get(principal)
        if group is None:
            return self.account.attachments(principal)
        found = [Attachment(own.policy_name, own.policy_document) for own in group.group_policy_list]
        unread = []
        for policy in group.attached_managed_policies:
            managed = self.account.managed_text(policy.policy_arn)
            if managed is None:
                unread.append(policy.policy_arn)
            else:
                found.append(managed)
        return found, tuple(unread)

    def mask(self, principal: str) -> int:
        """The bits of the actions that some Allow of a principal covers, on whatever resource, and a bit that
        says that there are policies that were not read."""
        attachments, unread = self.attachments(principal)
        bits = self._unread if unread else 0
        for attachment in attachments:
            known = self._masks.get(attachment.text)
            if known is None:
                known = 0
                for statement in self.account.document(attachment.text).statements:
                    if statement.effect == "Allow":
                        known |= self._mask_of(statement.actions, statement.not_actions)
                self._masks[attachment.text] = known
            bits |= known
        return bits

    def _mask_of(self, actions: tuple[str, ...], not_actions: tuple[str, ...]) -> int:
        bits = 0
        for pattern in actions or not_actions:
            bits |= self._covered(pattern)
        return bits if actions else (self._unread - 1) & ~bits

    def has(self, mask: int, *actions: str) -> bool:
        """Whether all the actions are in a mask; one of them is enough where not all policies were read: the
        others may be there."""
        wanted = 0
        for action in actions:
            wanted |= self._bits[action]
        return bool(mask & wanted) if mask & self._unread else mask & wanted == wanted

    def able(self, principal: str) -> int:
        """The mask of a principal without the actions that something denies on every resource."""
        known = self._able.get(principal)
        if known is None:
            known = mask = self.mask(principal)
            for action, bit in self._asked.items():
                if mask & bit and self.may(principal, action, "*") is None:
                    known &= ~bit
            self._able[principal] = known
        return known

    def reach(self, principal: str) -> int:
        """Roughly what a principal may do, the set of catalogue actions that its Allows cover on whatever
        resource: a number in `reaches`."""
        known = self._reach_of.get(principal)
        if known is None:
            bits = 0
            for attachment in self.attachments(principal)[0]:
                covered = self._reach.get(attachment.text)
                if covered is None:
                    covered = self._reach[attachment.text] = _reach(self.account.document(attachment.text))
                bits |= covered
            known = self._reach_of[principal] = self._numbers.setdefault(bits, len(self.reaches))
            if known == len(self.reaches):
                self.reaches.append(bits)
        return known

    def allows(self, principal: str, action: str) -> Iterator[tuple[Statement, bool]]:
        """The Allows of a principal that cover an action, and whether they expand variables."""
        lowered = action.lower()
        for attachment in self.attachments(principal)[0]:
            document = self.account.document(attachment.text)
            for statement in document.statements:
                matchers = action_matchers(statement.actions or statement.not_actions)
                covers = any(matcher(lowered) for matcher in matchers) == bool(statement.actions)
                if statement.effect == "Allow" and covers:
                    yield statement, document.expands_variables

    def could(self, principal: str, action: str) -> Callable[[str], object]:
        """A quick test of resources: False where no Allow of the principal covers the action there."""
        matchers = self._matchers.get((principal, action))
        if matchers is None:
            matchers = self._matchers[principal, action] = tuple(
                ResourceMatcher(
                    found.resources or found.not_resources, not found.resources, "identity", expands
                )
                for found, expands in self.allows(principal, action)
                if found.resources or found.not_resources
            )
        if self.attachments(principal)[1] or any(matcher.everything for matcher in matchers):
            return anything
        tests = [matcher.fast or partial(_may_match, matcher) for matcher in matchers]
        if len(tests) == 1:
            return tests[0]
        return lambda resource: any(test(resource) for test in tests)

    def names(self, principal: str, action: str) -> frozenset[str]:
        """The resources that the Allows of an action name in full."""
        return frozenset(
            resource
            for statement, _ in self.allows(principal, action)
            for resource in statement.resources
            if not any(char in resource for char in "*?$")
        )

    def examples(self, principal: str, actions: tuple[str, ...], kind: str) -> tuple[str, ...]:
        """Resources to ask about, made from what the policies of a principal say: `kind` is the ARN of one
        without `arn:partition:`, with `{region}`, `{account}` and `{name}` in it."""
        found: dict[str, None] = {}
        samples = [
            f"{self.head}:" + kind.format(region=region, account=self.snapshot.account_id, name=MADE_UP)
            for region in self.regions
        ]
        for action in actions:
            for statement, expands in self.allows(principal, action):
                matcher = ResourceMatcher(
                    statement.resources or statement.not_resources,
                    not statement.resources,
                    "identity",
                    expands,
                )
                fitting = [sample for sample in samples if matcher.matches(sample, anything) != NO]
                made = [] if fitting else [_concrete(text, samples[0]) for text in statement.resources]
                found.update(dict.fromkeys(fitting))
                found.update((text, None) for text in made if text)
        if self.attachments(principal)[1]:
            found.update(dict.fromkeys(samples))
        return tuple(found)[:_MOST_EXAMPLES]

    # Exact questions

    def may(
        self,
        principal: str,
        action: str,
        resource: str,
        context: Mapping[str, Any] | None = None,
        *,
        unbounded: bool = False,
    ) -> Doubt | None:
        """Whether a principal may do it; None where it may not. `unbounded` says that the role or user that
        it is done to has no permissions boundary (iam:PermissionsBoundary is not in the request)."""
        question = (principal, action, resource, tuple((context or {}).items()), unbounded)
        if question not in self._answers:
            self._answers[question] = doubt_of(
                self.decide(
                    self.layers(principal, action, resource), principal, action, resource, context, unbounded
                )
            )
        return self._answers[question]

    def all(self, principal: str, actions: tuple[str, ...], resource: str) -> Doubt | None:
        """Whether a principal may do all the actions on one resource."""
        found: Doubt | None = CERTAIN
        for action in actions:
            found = both(found, self.may(principal, action, resource) if found is not None else None)
        return found

    def layers(self, principal: str, action: str = "", resource: str = "*") -> Layers:
        """Every layer that decides for a principal."""
        layers = self.account.layers(self.member(principal), action, resource)
        group = self.groups.get(principal)
        if group is None:
            return layers
        identity, unread = self._group_set(group)
        unknown = {name: what for name, what in layers.unknown.items() if name != "identity"}
        if unread:
            unknown["identity"] = "policies that were not read: " + ", ".join(unread)
        return layers.replace(identity=identity, unknown=unknown)

    def _group_set(self, group: Group) -> tuple[PolicySet, tuple[str, ...]]:
        known = self._group_sets.get(group.arn)
        if known is None:
            found, unread = self.attachments(group.arn)
            policies = [Policy(own.name, self.account.document(own.text), own.arn) for own in found]
            known = self._group_sets[group.arn] = (PolicySet("identity", policies), unread)
        return known

    def decide(
        self,
        layers: Layers,
        principal: str,
        action: str,
        resource: str,
        context: Mapping[str, Any] | None = None,
        unbounded: bool = False,
    ) -> Decision:
        """A decision by given layers, at the time of the snapshot."""
        known: dict[str, Any] = {"aws:username": MADE_UP} if self._is(principal) else {}
        known |= context or {}
        request = self.account.request(
            self.member(principal), action, resource, known, now=self.snapshot.taken_at
        )
        if unbounded:
            request = msgspec.structs.replace(request, absent=request.absent | _UNBOUNDED)
        return evaluate(layers, request)

    def trusts(self, role: Role, service: str) -> Doubt | None:
        """Whether a role lets a service in that acts for this account.

        What ECS sends in aws:SourceArn names no cluster ("… to specify a specific cluster is not currently
        supported", Amazon ECS Developer Guide, "Amazon ECS task IAM role"); what others send is left open.
        """
        text = role.assume_role_policy_document
        key = (text if "resourcetag" not in text.lower() else role.arn, service)
        if key not in self._trusts:
            self._trusts[key] = best(self._trusted(role, service))
        return self._trusts[key]

    def _trusted(self, role: Role, service: str) -> Iterator[Doubt | None]:
        account = self.snapshot.account_id
        layers = self.account.layers(service, "sts:AssumeRole", role.arn)
        for region in self.regions if service.startswith("ecs-tasks.") else self.regions[:1]:
            context = {"aws:SourceAccount": account}
            if service.startswith("ecs-tasks."):
                context["aws:SourceArn"] = f"{self.head}:ecs:{region}:{account}:any"
            request = self.account.request(
                service, "sts:AssumeRole", role.arn, context, now=self.snapshot.taken_at
            )
            request = msgspec.structs.replace(request, absent=request.absent | NEVER_SENT)
            yield doubt_of(evaluate(layers, request))

    def if_trusted(self, principal: str, role: str) -> Doubt | None:
        """Whether a principal may assume a role whose trust policy comes to name it."""
        trust = {
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Allow",
                "Principal": {"AWS": self.member(principal)},
                "Action": "sts:AssumeRole",
            },
        }
        own = PolicySet("resource", [Policy("trust policy", document_from_data(trust))])
        layers = self.layers(principal, "sts:AssumeRole", role).replace(resource=own)
        return doubt_of(self.decide(layers, principal, "sts:AssumeRole", role))


def _may_match(matcher: ResourceMatcher, resource: str) -> bool:
    return matcher.matches(resource, anything) != NO


def anything(_: str) -> bool:
    """A test that lets everything pass."""
    return True


def _reach(document: PolicyDocument) -> int:
    catalogue, bits = load(), 0
    for statement in document.statements:
        if statement.effect == "Allow":
            named = 0
            for pattern in statement.actions or statement.not_actions:
                named |= catalogue.bits(pattern)
            bits |= named if statement.actions else catalogue.all_bits & ~named
    return bits


def _concrete(pattern: str, sample: str) -> str:
    """A resource of the kind of `sample` that a Resource pattern covers; empty where it is about others."""
    parts, like = pattern.split(":", 5), sample.split(":", 5)
    if len(parts) < 6 or is_universal(pattern):
        return ""
    filled = [
        mine if any(char in part for char in "*?$") else part for part, mine in zip(parts, like, strict=True)
    ]
    if is_universal(parts[5]):
        parts[5] = like[5]
    rest = _VARIABLE.sub(MADE_UP, parts[5]).replace("*", "1").replace("?", "1")
    kinds = [re.split("[:/]", text, maxsplit=1)[0] for text in (rest, like[5])]
    if filled[2] != like[2] or filled[4] != like[4] or kinds[0] != kinds[1]:
        return ""
    return ":".join((*filled[:5], rest))
