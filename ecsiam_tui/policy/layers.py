"""Policies made ready for requests: compiled once, asked many times.

A `PolicySet` holds the policies of one layer; `Layers` all layers that have a say for one principal and
resource."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from .conditions import CompiledCondition
from .document import PolicyDocument, Statement
from .patterns import action_matchers
from .principals import PrincipalMatcher
from .resources import PolicyKind, ResourceMatcher
from .truth import MAYBE, NO, YES, Truth

LAYER_NAMES: dict[str, str] = {
    "scp": "service control policy",
    "rcp": "resource control policy",
    "vpce": "VPC endpoint policy",
    "resource": "resource-based policy",
    "identity": "identity-based policy",
    "boundary": "permissions boundary",
    "session": "session policy",
}
"""The layers in the words of AWS's error messages."""


class Policy(msgspec.Struct, frozen=True, gc=False):
    """A policy document with the name people know it by. `arn` and `version_id` are empty for inline
    policies."""

    name: str
    document: PolicyDocument
    arn: str = ""
    version_id: str = ""


class CompiledStatement:
    """One statement, ready to be matched.

    `fast` is a test of the resource's ARN alone, set where neither principal, nor conditions, nor variables
    have a say; None otherwise."""

    __slots__ = (
        "_actions",
        "_negated_actions",
        "conditions",
        "effect",
        "fast",
        "policy",
        "principal",
        "resource",
        "statement",
        "usable",
    )

    def __init__(self, statement: Statement, policy: Policy, kind: PolicyKind) -> None:
        variables = policy.document.expands_variables
        self.statement = statement
        self.policy = policy
        self.effect = statement.effect
        self._negated_actions = not statement.actions
        patterns = statement.not_actions if self._negated_actions else statement.actions
        self._actions = action_matchers(patterns)
        self.conditions: tuple[CompiledCondition, ...] = ()
        if statement.conditions:
            self.conditions = tuple(CompiledCondition(found, variables) for found in statement.conditions)
        negated = bool(statement.not_resources)
        resources = statement.not_resources if negated else statement.resources
        has_principal = bool(statement.principals or statement.not_principals)
        takes_principal = kind in ("resource", "rcp", "vpce")
        # A statement of a resource policy without Principal applies to nobody; RCPs and endpoint policies
        # without one apply to everybody. In the policies of an identity a Principal has no place and is not
        # looked at.
        self.principal = PrincipalMatcher(statement) if takes_principal and has_principal else None
        self.usable = (bool(resources) or kind == "resource") and (has_principal or kind != "resource")
        if not resources:  # a trust policy names no resource: it is the policy of its role
            resources = ("*",)
        self.resource = ResourceMatcher(resources, negated, kind, variables)
        self.fast: Callable[[str], object] | None = None
        if not self.conditions and self.principal is None and self.usable:
            self.fast = self.resource.fast

    def covers_action(self, action: str) -> bool:
        """Whether Action or NotAction covers an action (lower case)."""
        return any(matcher(action) for matcher in self._actions) != self._negated_actions

    def spelling(self, key: str) -> str:
        """A condition key (lower case) as the statement writes it, as a key or as a variable."""
        source = self.statement
        texts = (*source.resources, *source.not_resources, *(v for c in source.conditions for v in c.values))
        for condition in self.conditions:
            if condition.key == key:
                return condition.source.key
        for text in texts:
            at = text.lower().find("${" + key)
            if at >= 0:
                return text[at + 2 : at + 2 + len(key)]
        return key

    @property
    def is_unconditional(self) -> bool:
        """Whether it applies to every resource without a condition."""
        return self.resource.everything and self.fast is not None


class Plan:
    """The statements of a layer that cover one action, the cheapest first."""

    __slots__ = ("allows", "denies")

    def __init__(self, statements: Iterable[CompiledStatement]) -> None:
        ordered = sorted(statements, key=_cost)
        self.allows = tuple(found for found in ordered if found.effect == "Allow")
        self.denies = tuple(found for found in ordered if found.effect == "Deny")


def _cost(statement: CompiledStatement) -> int:
    return 0 if statement.is_unconditional else 1 if statement.fast is not None else 2


class CompiledPolicy:
    """A policy compiled for one kind of use; share it between the principals that have it attached."""

    __slots__ = ("kind", "policy", "statements")

    def __init__(self, policy: Policy, kind: PolicyKind) -> None:
        self.policy = policy
        self.kind = kind
        self.statements = tuple(
            compiled
            for statement in policy.document.statements
            if (compiled := CompiledStatement(statement, policy, kind)).usable
        )


class PolicySet:
    """The policies of one layer. An empty set allows nothing."""

    __slots__ = ("_plans", "kind", "policies")

    def __init__(self, kind: PolicyKind, policies: Iterable[CompiledPolicy | Policy]) -> None:
        self.kind = kind
        self.policies = tuple(
            policy if isinstance(policy, CompiledPolicy) else CompiledPolicy(policy, kind)
            for policy in policies
        )
        self._plans: dict[str, Plan] = {}

    @property
    def has_allows(self) -> bool:
        """Whether any statement is an Allow."""
        return any(found.effect == "Allow" for policy in self.policies for found in policy.statements)

    def plan(self, action: str) -> Plan:
        """The statements that cover an action (lower case)."""
        plan = self._plans.get(action)
        if plan is None:
            covering = [
                statement
                for policy in self.policies
                for statement in policy.statements
                if statement.covers_action(action)
            ]
            plan = self._plans[action] = Plan(covering)
        return plan


EMPTY_IDENTITY = PolicySet("identity", ())


class Layers:
    """Every layer that decides for one principal and one resource.

    `identity` is there for every principal of an account. `None` says that a layer has no policy (no boundary
    set, no session policy passed, no policy on the resource); an empty PolicySet is a policy that allows
    nothing. `scps` and `rcps` are the levels of the organization, root first, each of which must allow; empty
    where they do not apply. `block_public_access` is S3's setting RestrictPublicBuckets for the bucket."""

    __slots__ = (
        "block_public_access",
        "boundary",
        "endpoint",
        "identity",
        "only_identity",
        "quick",
        "rcps",
        "resource",
        "scps",
        "session",
        "unknown",
    )

    def __init__(
        self,
        identity: PolicySet | None = None,
        *,
        resource: PolicySet | None = None,
        boundary: PolicySet | None = None,
        session: PolicySet | None = None,
        scps: Iterable[PolicySet] = (),
        rcps: Iterable[PolicySet] = (),
        endpoint: PolicySet | None = None,
        block_public_access: bool = False,
        unknown: Mapping[str, str] | None = None,
    ) -> None:
        self.identity = identity if identity is not None else EMPTY_IDENTITY
        self.resource = resource
        self.boundary = boundary
        self.session = session
        self.scps = tuple(scps)
        self.rcps = tuple(rcps)
        self.endpoint = endpoint
        self.block_public_access = block_public_access
        self.unknown = dict(unknown or {})
        others = (resource, boundary, session, endpoint)
        self.only_identity = all(other is None for other in others) and not self.scps and not self.rcps
        self.only_identity = self.only_identity and not self.unknown
        # Plans of actions that `evaluation` may decide from the identity policies alone.
        self.quick: dict[str, Plan | bool] = {}

    def replace(self, **changes: object) -> Layers:
        """The same layers with some of them exchanged."""
        fields: dict[str, object] = {
            "identity": self.identity,
            "resource": self.resource,
            "boundary": self.boundary,
            "session": self.session,
            "scps": self.scps,
            "rcps": self.rcps,
            "endpoint": self.endpoint,
            "block_public_access": self.block_public_access,
            "unknown": self.unknown,
        }
        return Layers(**(fields | changes))  # type: ignore[arg-type]

    def all_sets(self) -> list[tuple[str, PolicySet]]:
        """Every policy set with the name of its layer, in the order in which AWS evaluates."""
        found: list[tuple[str, PolicySet]] = [("rcp", level) for level in self.rcps]
        found += [("scp", level) for level in self.scps]
        for name, layer in (
            ("vpce", self.endpoint),
            ("resource", self.resource),
            ("identity", self.identity),
            ("boundary", self.boundary),
            ("session", self.session),
        ):
            if layer is not None:
                found.append((name, layer))
        return found


__all__ = [
    "LAYER_NAMES",
    "MAYBE",
    "NO",
    "YES",
    "CompiledPolicy",
    "CompiledStatement",
    "Layers",
    "Plan",
    "Policy",
    "PolicySet",
    "Truth",
]
