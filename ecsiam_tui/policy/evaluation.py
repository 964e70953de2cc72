"""The decision.

IAM User Guide, "How AWS enforcement code logic evaluates requests to allow or deny access" and "Cross-account
policy evaluation logic"; AWS Organizations User Guide, "SCP evaluation" and "RCP evaluation".

An explicit deny anywhere denies. Else every level of SCPs and RCPs and the VPC endpoint policy must allow,
and:

- same account: the identity policies within boundary and session policy, *or* the resource policy, which
counts alone where it names user, session or everyone, and within boundary and session policy where it names
the role; - another account: the identity policies within boundary and session policy, *and* the resource
policy; - role trust policies and KMS key policies must allow in any case; naming the account leaves it to its
identities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from . import catalogue, public_access, services
from .layers import CompiledStatement, Layers, Plan, PolicySet
from .principals import BY_ACCOUNT, BY_ROLE, DIRECTLY, RequestPrincipal, parse_principal
from .request import Context, Request
from .truth import MAYBE, NO, YES, Truth

if TYPE_CHECKING:
    from .explanation import Explanation

Outcome = Literal["Allowed", "ExplicitlyDenied", "ImplicitlyDenied", "Depends"]

# How the resource of a request is compared: by its ARN; as the account level that only `*` covers; as any
# resource.
BY_ARN = 0
ACCOUNT_LEVEL = 1
ANY_RESOURCE = 2


class Decision(msgspec.Struct, frozen=True, gc=False):
    """What was decided, by which layers, and what it depends on.

    `blocked_by` names the layers that deny, or that fail to allow: identity, resource, boundary, session,
    scp, rcp, vpce, s3-block-public-access, service. `missing_context` names the condition keys that the
    request leaves open and that decide (only for Depends)."""

    outcome: Outcome
    layers: Layers
    request: Request
    blocked_by: tuple[str, ...] = ()
    missing_context: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether the request is allowed as it stands."""
        return self.outcome == "Allowed"

    @property
    def layer(self) -> str:
        """The first layer that blocks; empty where none does."""
        return self.blocked_by[0] if self.blocked_by else ""

    def explain(self) -> Explanation:
        """Layer by layer, which statement decided and what is missing. Worked out when asked for."""
        from .explanation import explain

        return explain(self)


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """What one layer says: whether an Allow applies, whether a Deny does."""

    allow: Truth
    deny: Truth


class State:
    """A request being decided."""

    __slots__ = (
        "action",
        "asked",
        "bounded",
        "comparison",
        "context",
        "missing",
        "principal",
        "resource",
        "user_id",
    )

    def __init__(self, request: Request, layers: Layers) -> None:
        self.asked = request.action
        self.action = request.action.lower()
        self.principal = parse_principal(request.principal)
        self.context = Context(request)
        self.bounded = layers.boundary is not None
        self.resource = request.resource
        self.comparison = comparison(request)
        self.missing: dict[str, str] = {}
        user_id = self.context.lookup("aws:userid")
        self.user_id = user_id[0] if isinstance(user_id, tuple) and user_id else ""

    def applies(self, statement: CompiledStatement) -> Truth:
        """Whether a statement that covers the action applies, its principal left aside."""
        context = self.context
        context.missing = {}
        result = self.covers_resource(statement)
        if result == NO:
            return NO
        lookup = context.lookup
        for condition in statement.conditions:
            truth = condition.evaluate(lookup)
            if truth == NO:
                return NO
            result = min(result, truth)
        if result == MAYBE:
            for key in context.missing:
                self.missing.setdefault(key, statement.spelling(key))
        return result

    def covers_resource(self, statement: CompiledStatement) -> Truth:
        """Whether Resource or NotResource covers the request's resource."""
        if self.comparison == BY_ARN:
            return statement.resource.matches(self.resource, self.context.lookup)
        if self.comparison == ACCOUNT_LEVEL:
            return statement.resource.covers_account_level(self.action)
        return statement.resource.covers_any(self.action, statement.effect)

    def named(self, statement: CompiledStatement) -> int:
        """How the statement names the principal."""
        if statement.principal is None:
            return DIRECTLY
        return statement.principal.matches(self.principal, self.user_id, statement.effect, self.bounded)

    def verdict(self, layer: PolicySet) -> Verdict:
        """What a layer says."""
        plan = layer.plan(self.action)
        return Verdict(self._any(plan.allows), self._any(plan.denies))

    def _any(self, statements: tuple[CompiledStatement, ...]) -> Truth:
        best = NO
        for statement in statements:
            if statement.principal is not None and not self.named(statement):
                continue
            best = max(best, self.applies(statement))
            if best == YES:
                break
        return best

    def named_allows(self, layer: PolicySet) -> list[Truth]:
        """The Allows of a resource policy by how they name the principal: index BY_ACCOUNT, BY_ROLE or
        DIRECTLY."""
        found: list[Truth] = [NO, NO, NO, NO]
        for statement in layer.plan(self.action).allows:
            named = self.named(statement)
            if named and found[named] != YES:
                found[named] = max(found[named], self.applies(statement))
        return found


def comparison(request: Request) -> int:
    """How the request's resource is compared with Resource elements."""
    account_level = request.wildcard_only
    if account_level is None:
        account_level = catalogue.is_account_level(request.action)
    if account_level:
        return ACCOUNT_LEVEL
    return ANY_RESOURCE if request.resource == "*" else BY_ARN


def resource_account(request: Request, principal: RequestPrincipal) -> str:
    """The account that owns the resource. An ARN that does not say it (S3) leaves the principal's own."""
    if request.resource_account:
        return request.resource_account
    parts = request.resource.split(":", 5)
    if len(parts) == 6 and parts[4].isdigit():
        return parts[4]
    return principal.account


def evaluate(layers: Layers, request: Request) -> Decision:
    """Decide a request. Never raises for what policies or request say."""
    if layers.only_identity:
        plan = layers.quick.get(request.action)
        if plan is None:
            plan = layers.quick[request.action] = _quick_plan(layers, request.action)
        if plan and request.resource != "*" and not request.wildcard_only:
            decision = _evaluate_quick(plan, layers, request)  # type: ignore[arg-type]
            if decision is not None:
                return decision
    return _evaluate(layers, request)


def _quick_plan(layers: Layers, action: str) -> Plan | bool:
    """The plan of an action that nothing but identity policies and the resource's ARN decides; else False."""
    lowered = action.lower()
    if lowered.startswith(("kms:", "sts:", "iam:")) or catalogue.is_account_level(action):
        return False
    return layers.identity.plan(lowered)


def _evaluate_quick(plan: Plan, layers: Layers, request: Request) -> Decision | None:
    """The same decision as `_evaluate` for the commonest request: an identity acts in its own account and
    nothing but its own policies has a say. None where a condition is left open."""
    principal = parse_principal(request.principal)
    account = principal.account
    if principal.kind not in ("role", "session", "user"):
        return None
    resource = request.resource
    if request.resource_account != account and resource_account(request, principal) != account:
        return None
    state: State | None = None
    for statement in plan.denies:
        fast = statement.fast
        if fast is not None:
            if fast(resource):
                return Decision("ExplicitlyDenied", layers, request, ("identity",))
            continue
        if state is None:
            state = State(request, layers)
        truth = state.applies(statement)
        if truth == YES:
            return Decision("ExplicitlyDenied", layers, request, ("identity",))
        if truth == MAYBE:
            return None
    for statement in plan.allows:
        fast = statement.fast
        if fast is not None:
            if fast(resource):
                return Decision("Allowed", layers, request)
            continue
        if state is None:
            state = State(request, layers)
        truth = state.applies(statement)
        if truth == YES:
            return Decision("Allowed", layers, request)
        if truth == MAYBE:
            return None
    return Decision("ImplicitlyDenied", layers, request, ("identity",))


def _evaluate(layers: Layers, request: Request) -> Decision:
    state = State(request, layers)
    principal = state.principal
    verdicts: dict[str, Verdict] = {}
    if layers.scps and principal.is_iam and not principal.is_service_linked:
        verdicts["scp"] = _levels(state, layers.scps)
    if layers.rcps and services.rcps_apply(state.action) and not principal.is_service_linked:
        verdicts["rcp"] = _levels(state, layers.rcps)
    if layers.endpoint is not None:
        verdicts["vpce"] = state.verdict(layers.endpoint)
    verdicts["resource"] = state.verdict(layers.resource) if layers.resource is not None else Verdict(NO, NO)
    verdicts["identity"] = _identity_verdict(state, layers)
    if layers.boundary is not None and principal.is_iam:
        verdicts["boundary"] = state.verdict(layers.boundary)
    if layers.session is not None and principal.is_iam:
        verdicts["session"] = state.verdict(layers.session)
    for name, what in layers.unknown.items():
        known = verdicts.get(name, Verdict(NO, NO))
        if known.allow == NO and (name != "resource" or _resource_must_allow(state, request)):
            verdicts[name] = Verdict(MAYBE, known.deny)
            state.missing[what] = what
    guards = {name: verdicts[name] for name in ("scp", "rcp", "vpce") if name in verdicts}
    if public_access.blocks(layers, request, principal, resource_account(request, principal)):
        verdicts["s3-block-public-access"] = Verdict(YES, YES)

    if any(verdict.deny == YES for verdict in verdicts.values()):
        blocking = tuple(name for name, verdict in verdicts.items() if _blocks(name, verdict))
        return Decision("ExplicitlyDenied", layers, request, blocking)
    allowed, failing = _core(state, layers, request, verdicts)
    guard = min((verdict.allow for verdict in guards.values()), default=YES)
    if min(allowed, guard) == NO:
        blocked = [name for name, verdict in guards.items() if verdict.allow == NO]
        return Decision("ImplicitlyDenied", layers, request, tuple(blocked + failing))
    if services.refusal(state.action, request.resource):
        return Decision("ImplicitlyDenied", layers, request, ("service",))
    maybe = any(verdict.deny == MAYBE for verdict in verdicts.values()) or min(allowed, guard) == MAYBE
    if maybe:
        return Decision("Depends", layers, request, (), tuple(state.missing.values()))
    return Decision("Allowed", layers, request)


def _blocks(name: str, verdict: Verdict) -> bool:
    """Whether a layer denies, or is one that must allow and does not."""
    return verdict.deny == YES or (verdict.allow == NO and name not in ("identity", "resource"))


def _levels(state: State, levels: tuple[PolicySet, ...]) -> Verdict:
    """Every level must allow; a deny of any of them denies."""
    found = [_level(state, level) for level in levels]
    return Verdict(min(verdict.allow for verdict in found), max(verdict.deny for verdict in found))


def _level(state: State, level: PolicySet) -> Verdict:
    """RCPFullAWSAccess "can't be detached, so there will always be an Allow statement": RCPs that only deny,
    which is all that AWS lets one write, have it beside them whether it is listed or not."""
    found = state.verdict(level)
    if level.kind == "rcp" and level.policies and not level.has_allows:
        return Verdict(YES, found.deny)
    return found


def _identity_verdict(state: State, layers: Layers) -> Verdict:
    if not state.principal.is_iam:
        return Verdict(NO, NO)
    found = state.verdict(layers.identity)
    if state.principal.kind == "root":
        # "… with the exception of the AWS account root user, which has full access."
        return Verdict(YES, found.deny)
    if state.principal.kind == "federated-user" and layers.session is None:
        # A GetFederationToken session without a session policy has only what resource policies grant to it.
        return Verdict(NO, found.deny)
    return found


def _resource_must_allow(state: State, request: Request) -> bool:
    """Whether the resource's own policy must allow: it decides for its principals, or belongs to another
    account."""
    if services.requires_resource_policy(state.action, request.resource):
        return True
    return resource_account(request, state.principal) != state.principal.account


def _core(
    state: State, layers: Layers, request: Request, verdicts: dict[str, Verdict]
) -> tuple[Truth, list[str]]:
    """Whether identity and resource policies allow together, and the layers that fail where they do not."""
    limits = [name for name in ("boundary", "session") if name in verdicts]
    limit = min((verdicts[name].allow for name in limits), default=YES)
    identity = verdicts["identity"].allow
    named = state.named_allows(layers.resource) if layers.resource is not None else [NO, NO, NO, NO]
    principal = state.principal
    limiting = [name for name in limits if verdicts[name].allow == NO]
    if "resource" in layers.unknown:
        # It may name the account; that it names the principal itself is not supposed.
        named[BY_ACCOUNT] = max(named[BY_ACCOUNT], verdicts["resource"].allow)
    trusted = services.requires_resource_policy(state.action, request.resource)
    if layers.resource is None and not layers.unknown.get("resource") and state.action.startswith("sts:"):
        # Every role has a trust policy. Where none is given, the question is what identity policies say.
        trusted = False
    if not principal.is_iam:
        allowed = max(named)
        failing = ["resource"]
    elif resource_account(request, principal) != principal.account:
        allowed = min(identity, limit, max(named))
        failing = [] if max(named) else ["resource"]
        failing += [*([] if identity else ["identity"]), *limiting]
    else:
        by_identity = min(identity, limit, max(named)) if trusted else min(identity, limit)
        allowed = max(by_identity, named[DIRECTLY], min(named[BY_ROLE], limit))
        failing = ["resource"] if trusted and not max(named) else []
        failing += [] if identity or named[BY_ROLE] else ["identity"]
        failing += limiting
    return allowed, [] if allowed else failing
