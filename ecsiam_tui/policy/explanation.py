"""Why a decision is what it is: rebuilt from the same statements when somebody looks."""

from __future__ import annotations

from typing import Literal

import msgspec

from . import catalogue, messages, services
from .evaluation import BY_ARN, Decision, State, resource_account
from .layers import CompiledStatement, PolicySet
from .principals import BY_ACCOUNT, NOT_NAMED
from .statements import Condition
from .truth import MAYBE, NO, YES, Truth

Says = Literal["allows", "denies", "silent", "depends", "not applied"]
MAX_NEAR_MISSES = 5
_MOST_ACTIONS = 4


class StatementRef(msgspec.Struct, frozen=True):
    """Where a statement stands. `lines` count from 1 in the document's display text; `index` counts from
    0."""

    layer: str
    policy: str
    policy_arn: str
    version_id: str
    sid: str
    index: int
    lines: tuple[int, int]
    effect: str

    @property
    def label(self) -> str:
        """Policy, statement and lines as one shows them: `app ReadOrders (lines 12–18)`."""
        first, last = self.lines
        where = f"line {first}" if first == last else f"lines {first}–{last}"
        return f"{self.policy} {self.sid or f'statement {self.index + 1}'} ({where})"


class Failed(msgspec.Struct, frozen=True):
    """A part of a statement that the request does not fulfil or (`open`) leaves open. `element`: Action,
    Resource, Principal or Condition; `key` and `operator` for a condition; `needs` what the statement wants,
    `actual` what the request has (None where it has no such key)."""

    element: str
    needs: tuple[str, ...]
    actual: tuple[str, ...] | None
    key: str = ""
    operator: str = ""
    open: bool = False

    @property
    def text(self) -> str:
        """In words: ``aws:ResourceTag/env is `dev`, needs `prod` ``."""
        wanted = " or ".join(f"`{value}`" for value in self.needs[:4]) + (
            " or …" if len(self.needs) > 4 else ""
        )
        if self.element == "Resource" and self.open:
            return f"what the variables of its Resource ({wanted}) stand for"
        if self.element != "Condition":
            got = " and ".join(f"`{value}`" for value in self.actual or ())
            verb = "is not for" if self.element == "Principal" else "does not cover"
            return f"its {self.element} ({wanted}) {verb} {got}"
        return messages.condition_failure(self.key, self.operator, wanted, self.actual, self.open)


class Match(msgspec.Struct, frozen=True):
    """A statement that decided, or that depends on open keys (then `depends_on` says on what). `conditions`
    are all that it has."""

    statement: StatementRef
    depends_on: tuple[Failed, ...] = ()
    conditions: tuple[Condition, ...] = ()


class NearMiss(msgspec.Struct, frozen=True):
    """A statement that would allow if one or a few things were different."""

    statement: StatementRef
    failed: tuple[Failed, ...]

    @property
    def text(self) -> str:
        """In one sentence."""
        return f"{self.statement.label} would allow, but " + "; ".join(failed.text for failed in self.failed)


class LayerSays(msgspec.Struct, frozen=True):
    """What one layer says, by which statements. `note` where it needs a word; `instead` what a silent layer
    has for the service in place of what was asked."""

    layer: str
    name: str
    says: Says
    matches: tuple[Match, ...] = ()
    note: str = ""
    instead: str = ""


class Explanation(msgspec.Struct, frozen=True):
    """A decision, explained. `sentence` is the missing piece in one sentence; `aws_message` the error that
    AWS would show, empty for what is not denied; `unread` what nobody has read and would decide."""

    outcome: str
    sentence: str
    aws_message: str
    layers: tuple[LayerSays, ...]
    near_misses: tuple[NearMiss, ...] = ()
    depends_on: tuple[Failed, ...] = ()
    dependent_actions: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


def explain(decision: Decision) -> Explanation:
    """Explain a decision."""
    request = decision.request
    state = State(request, decision.layers)
    said = _guard_layers(decision, state)
    near: list[NearMiss] = []
    if decision.outcome in ("ImplicitlyDenied", "Depends"):
        blocked = set(decision.blocked_by)
        for layer, policies in decision.layers.all_sets():
            # Where identities may not, a resource policy could have allowed too.
            if layer in blocked or (layer == "resource" and "identity" in blocked):
                near += _near_misses(state, layer, policies)
        near.sort(key=lambda miss: (len(miss.failed), miss.failed[0].element == "Action"))
    depends = tuple(
        dict.fromkeys(failed for says in said for match in says.matches for failed in match.depends_on)
    )
    near = near[:MAX_NEAR_MISSES]
    unread = tuple(what for what in decision.layers.unknown.values() if what in decision.missing_context)
    return Explanation(
        outcome=decision.outcome,
        sentence=_sentence(decision, said, near, depends, unread),
        aws_message=messages.access_denied(decision),
        layers=tuple(said),
        near_misses=tuple(near),
        depends_on=depends if decision.outcome == "Depends" else (),
        dependent_actions=catalogue.load().dependent_actions(request.action),
        unread=unread,
    )


def reference(statement: CompiledStatement, layer: str) -> StatementRef:
    """Where a compiled statement stands."""
    policy, source = statement.policy, statement.statement
    return StatementRef(
        layer,
        policy.name,
        policy.arn,
        policy.version_id,
        source.sid,
        source.index,
        source.lines,
        source.effect,
    )


def _guard_layers(decision: Decision, state: State) -> list[LayerSays]:
    layers, request, principal = decision.layers, decision.request, state.principal
    said: list[LayerSays] = []
    for layer, policies in layers.all_sets():
        name = messages.LAYER_NAMES[layer]
        skipped = ""
        if layer == "scp" and not principal.is_iam:
            skipped = "SCPs limit the principals of the organization's accounts alone"
        elif layer in ("scp", "rcp") and principal.is_service_linked:
            skipped = "service-linked roles stand outside SCPs and RCPs"
        elif layer == "rcp" and not services.rcps_apply(state.action):
            skipped = f"RCPs do not apply to {services.service_of(state.action)}"
        elif layer == "identity" and not principal.is_iam:
            skipped = f"{messages.principal_kind(principal)} has no identity-based policies"
        if skipped:
            said.append(LayerSays(layer, name, "not applied", note=skipped))
            continue
        says = _layer_says(state, layer, policies)
        if layer == "identity" and principal.kind == "root" and says.says == "silent":
            says = LayerSays(layer, name, "allows", note="the account's root user has full access")
        elif says.says == "silent" and _unread_matters(decision, layer):
            says = LayerSays(layer, name, "depends", note=f"on {layers.unknown[layer]}")
        said.append(says)
    told = {says.layer for says in said}
    for layer, what in layers.unknown.items():
        if layer not in told and _unread_matters(decision, layer):
            said.append(LayerSays(layer, messages.LAYER_NAMES[layer], "depends", note=f"on {what}"))
    if layers.resource is None and "resource" in decision.blocked_by:
        said.append(
            LayerSays(
                "resource", messages.LAYER_NAMES["resource"], "silent", note=_no_policy(state, decision)
            )
        )
    if "s3-block-public-access" in decision.blocked_by:
        note = "the bucket's policy is public and RestrictPublicBuckets is on"
        said.append(LayerSays("s3-block-public-access", "S3 Block Public Access", "denies", note=note))
    refusal = services.refusal(state.action, request.resource)
    if refusal and "service" in decision.blocked_by:
        said.append(LayerSays("service", "service itself", "denies", note=refusal))
    return said


def _unread_matters(decision: Decision, layer: str) -> bool:
    """Whether what was not read of a layer has a say. A resource's policy need not allow everywhere."""
    what = decision.layers.unknown.get(layer)
    return what is not None and (layer != "resource" or what in decision.missing_context)


def _no_policy(state: State, decision: Decision) -> str:
    if services.requires_resource_policy(state.action, decision.request.resource):
        kind = "trust policy" if state.action.startswith("sts:") else "key policy"
        return f"the {kind} must allow, and there is none"
    owner = resource_account(decision.request, state.principal)
    return f"the resource is in account {owner}: its own policy must allow, and there is none"


def _layer_says(state: State, layer: str, policies: PolicySet) -> LayerSays:
    plan = policies.plan(state.action)
    name = messages.LAYER_NAMES[layer]
    found: dict[tuple[str, Truth], list[Match]] = {}
    delegates = False
    for effect, statements in (("Deny", plan.denies), ("Allow", plan.allows)):
        for statement in statements:
            named = state.named(statement)
            if named == NOT_NAMED:
                continue
            truth = state.applies(statement)
            if truth == NO:
                continue
            delegates = delegates or (effect == "Allow" and named == BY_ACCOUNT)
            depends = tuple(_failures(state, statement, MAYBE)) if truth == MAYBE else ()
            found.setdefault((effect, truth), []).append(
                Match(reference(statement, layer), depends, statement.statement.conditions)
            )
    for key, says in (
        (("Deny", YES), "denies"),
        (("Deny", MAYBE), "depends"),
        (("Allow", YES), "allows"),
        (("Allow", MAYBE), "depends"),
    ):
        if key in found:
            note = "names the account, which leaves it to identity-based policies" if delegates else ""
            matches = found[key] + (found.get(("Allow", MAYBE), []) if key == ("Deny", MAYBE) else [])
            return LayerSays(layer, name, says, tuple(matches), note)  # type: ignore[arg-type]
    return LayerSays(layer, name, "silent", instead=_instead(state, layer, policies))


def _instead(state: State, layer: str, policies: PolicySet) -> str:
    """What a layer that neither allows nor denies has: the actions of the same service that it allows, or
    that there are none."""
    if not policies.policies:
        return "there are no policies" if layer == "identity" else ""
    service = services.service_of(state.action)
    names = list(dict.fromkeys(found.policy.name for found in policies.policies))
    who = ", ".join(names[:2]) if len(names) < 3 else f"{names[0]} and {len(names) - 1} more"
    have = "has" if len(names) == 1 else "have"
    statements = [statement for found in policies.policies for statement in found.statements]
    if layer == "resource":
        statements = [statement for statement in statements if state.named(statement)]
        if not statements:
            kind = "principal" if state.principal.kind == "anonymous" else state.principal.kind
            return f"{who} {'says' if have == 'has' else 'say'} nothing about this {kind}"
    covering = [statement for statement in policies.plan(state.action).allows if state.named(statement)]
    only = "" if covering else " only"
    prefix = f"{service}:"
    actions = dict.fromkeys(
        action
        for statement in statements
        if statement.effect == "Allow" and statement not in covering
        for action in statement.statement.actions
        if action.lower().startswith(prefix)
    )
    if actions:
        more = f" and {len(actions) - _MOST_ACTIONS} more" if len(actions) > _MOST_ACTIONS else only
        return f"{who} {have} {', '.join(list(actions)[:_MOST_ACTIONS])}{more}"
    return f"{who} {'allows' if have == 'has' else 'allow'} nothing of {service}" if only else ""


def _failures(state: State, statement: CompiledStatement, level: Truth) -> list[Failed]:
    """The parts of a statement whose truth is `level`."""
    failed: list[Failed] = []
    source = statement.statement
    if state.covers_resource(statement) == level:
        needs = source.resources or tuple(f"not {pattern}" for pattern in source.not_resources)
        failed.append(Failed("Resource", needs, (state.resource,), open=level == MAYBE))
    if level == NO and state.named(statement) == NOT_NAMED:
        entries = source.principals or source.not_principals
        needs = tuple(("not " if source.not_principals else "") + entry.value for entry in entries)
        failed.append(Failed("Principal", needs, (state.principal.text,)))
    for condition in statement.conditions:
        if condition.evaluate(state.context.lookup) != level:
            continue
        values = state.context.lookup(condition.key)
        actual = values if isinstance(values, tuple) else None
        written = condition.source
        failed.append(
            Failed("Condition", written.values, actual, written.key, written.operator, open=level == MAYBE)
        )
    return failed


def _near_misses(state: State, layer: str, policies: PolicySet) -> list[NearMiss]:
    """The Allows of a layer that cover the action and fail elsewhere; where there is none, those that would
    cover everything else and name other actions of the service."""
    found = []
    for statement in policies.plan(state.action).allows:
        failed = _failures(state, statement, NO)
        if failed:
            found.append(NearMiss(reference(statement, layer), tuple(failed)))
    if found:
        return found
    prefix = services.service_of(state.action) + ":"
    for policy in policies.policies:
        for statement in policy.statements:
            actions = tuple(a for a in statement.statement.actions if a.lower().startswith(prefix))
            if statement.effect != "Allow" or not actions or state.named(statement) == NOT_NAMED:
                continue
            if state.comparison == BY_ARN and state.covers_resource(statement) == NO:
                continue
            failed = [Failed("Action", actions, (state.asked,)), *_failures(state, statement, NO)]
            found.append(NearMiss(reference(statement, layer), tuple(failed)))
    return found


def _sentence(
    decision: Decision,
    said: list[LayerSays],
    near: list[NearMiss],
    depends: tuple[Failed, ...],
    unread: tuple[str, ...],
) -> str:
    request = decision.request
    what = f"{request.action} on {request.resource}"
    if decision.outcome == "Allowed":
        by = [match.statement.label for says in said if says.says == "allows" for match in says.matches[:1]]
        return f"{what} is allowed" + (f" by {by[-1]}" if by else "") + "."
    if decision.outcome == "Depends":
        on = dict.fromkeys((*unread, *(failed.text for failed in depends)))
        return f"{what} depends on " + "; on ".join(on) + "."
    for says in said:
        if says.says == "denies":
            by_what = says.matches[0].statement.label if says.matches else says.note
            return f"{what} is denied by the {says.name}: {by_what}."
    first = decision.blocked_by[0] if decision.blocked_by else "identity"
    name = messages.LAYER_NAMES.get(first, first)
    note = next((says.note for says in said if says.layer == first and says.note), "")
    text = f"No {name} allows {what}" + (f" ({note})" if note else "") + "."
    return f"{text} {near[0].text}." if near else text
