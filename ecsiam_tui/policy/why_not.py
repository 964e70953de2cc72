"""Why a request is not allowed, and the smallest change that would allow it.

Every proposal is worked out for exactly the action, resource and principal that were asked for, applied to a
copy of the policies and evaluated again. What cannot be had without giving more away is said, not proposed.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from . import catalogue
from .document import PolicyDocument, Statement, document_from_data, statement_data, to_data
from .evaluation import ACCOUNT_LEVEL, Decision, State, evaluate
from .explanation import Explanation, NearMiss
from .layers import LAYER_NAMES, CompiledStatement, Layers, Policy, PolicySet
from .messages import principal_kind
from .patterns import action_matcher
from .principals import parse_principal
from .request import Request
from .services import TRUST_ACTIONS, refusal
from .truth import YES

StepKind = Literal["add statement", "replace statement", "remove statement", "setting"]
_ROUNDS = 8
_PRINCIPAL_ARN = "aws:principalarn"
_OF_MANY = ("resource", "scp", "rcp", "vpce")
_ABOUT = ("Action", "NotAction", "Resource", "NotResource")


class Step(msgspec.Struct, frozen=True):
    """One change. `statements` are to be added, or replace the statement `index` (from 0) of `policy` (none:
    it goes); they are empty for a change that is not one of policies. `policy` is empty where any policy of
    the layer will do."""

    layer: str
    kind: StepKind
    text: str
    statements: tuple[dict[str, Any], ...] = ()
    policy: str = ""
    policy_arn: str = ""
    index: int | None = None


class WhyNot(msgspec.Struct, frozen=True):
    """The answer. `outcome_after` is what the request gets once all `steps` are done, `missing_after` what it
    then depends on; empty where nothing helps, and `impossible` says why. `alternatives` are statements that
    would allow if the request or its context were different."""

    explanation: Explanation
    steps: tuple[Step, ...]
    outcome_after: str
    impossible: str = ""
    alternatives: tuple[NearMiss, ...] = ()
    missing_after: tuple[str, ...] = ()


def why_not(layers: Layers, request: Request) -> WhyNot:
    """What stands in the way of a request and the smallest change that lets it through."""
    return solve(layers, request)[0]


def solve(layers: Layers, request: Request) -> tuple[WhyNot, Layers]:
    """The same, with the layers as they are once the steps are done (unchanged where nothing helps)."""
    before = layers
    decision = evaluate(layers, request)
    explanation = decision.explain()
    steps: list[Step] = []
    impossible = ""
    for _ in range(_ROUNDS):
        if decision.outcome in ("Allowed", "Depends"):
            break
        found = _step(decision)
        if isinstance(found, str):
            impossible = found
            break
        step, layers = found
        steps.append(step)
        decision = evaluate(layers, request)
    outcome = decision.outcome if decision.outcome in ("Allowed", "Depends") else ""
    near = tuple(
        miss
        for miss in explanation.near_misses
        if all(failed.element == "Condition" for failed in miss.failed)
    )
    if impossible:
        return WhyNot(explanation, (), "", impossible, near), before
    return WhyNot(explanation, tuple(steps), outcome, "", near, decision.missing_context), layers


def minimal_statement(request: Request, layer: str) -> dict[str, Any]:
    """An Allow for exactly what was asked, in the form that the layer's policies take."""
    action = catalogue.load().canonical(request.action)
    data: dict[str, Any] = {"Effect": "Allow"}
    if layer in ("resource", "vpce"):
        principal = parse_principal(request.principal)
        if principal.kind == "anonymous":
            data["Principal"] = "*"
        elif principal.is_iam:
            data["Principal"] = {"AWS": principal.text}
        else:
            data["Principal"] = {principal.kind.title(): principal.text}
    data["Action"] = action
    if layer != "resource" or not _names_no_resource(request):
        account_level = State(request, Layers()).comparison == ACCOUNT_LEVEL
        in_key_policy = layer == "resource" and action.startswith("kms:")
        data["Resource"] = "*" if account_level or in_key_policy else request.resource
    return data


def _names_no_resource(request: Request) -> bool:
    """Trust policies and ECR repository policies have no Resource element."""
    action = request.action.lower()
    return action in TRUST_ACTIONS or action.startswith("ecr:")


def _step(decision: Decision) -> tuple[Step, Layers] | str:
    """The next change and the layers after it, or why there is none."""
    layers, request = decision.layers, decision.request
    state = State(request, layers)
    if decision.outcome == "ExplicitlyDenied":
        for layer, policies in layers.all_sets():
            for statement in policies.plan(state.action).denies:
                if state.named(statement) and state.applies(statement) == YES:
                    return _soften(decision, layer, policies, statement)
        if "s3-block-public-access" in decision.blocked_by:
            text = "turn RestrictPublicBuckets off, or make the bucket policy name its principals"
            return Step("s3-block-public-access", "setting", text), layers.replace(block_public_access=False)
        return "the statement that denies could not be found"
    layer = decision.layer
    if layer == "service":
        return refusal(state.action, request.resource) or "the service refuses"
    if layer == "identity" and not state.principal.is_iam:
        return f"{principal_kind(state.principal)} has no identity-based policies"
    if layer in ("scp", "rcp"):
        return _allow_in_level(state, layers, request, layer)
    proposed = minimal_statement(request, layer)
    current: PolicySet | None = {
        "identity": layers.identity,
        "boundary": layers.boundary,
        "session": layers.session,
        "resource": layers.resource,
        "vpce": layers.endpoint,
    }[layer]
    name = "endpoint" if layer == "vpce" else layer
    changed = layers.replace(**{name: _with(current, layer, proposed)})
    return Step(layer, "add statement", f"add to the {LAYER_NAMES[layer]}", (proposed,)), changed


def _allow_in_level(state: State, layers: Layers, request: Request, layer: str) -> tuple[Step, Layers] | str:
    levels = list(layers.scps if layer == "scp" else layers.rcps)
    statement = minimal_statement(request, layer)
    if layer == "rcp":
        statement = {"Effect": "Allow", "Principal": "*"} | {
            k: v for k, v in statement.items() if k != "Effect"
        }
    for number, level in enumerate(levels):
        if state.verdict(level).allow == 0:
            names = ", ".join(policy.policy.name for policy in level.policies) or "a level without policies"
            levels[number] = _with(level, layer, statement)
            changed = layers.replace(**{f"{layer}s": tuple(levels)})
            text = f"in the organization, add to a {LAYER_NAMES[layer]} beside {names}"
            return Step(layer, "add statement", text, (statement,)), changed
    return f"no level of the organization's {layer.upper()}s could be found that lacks it"


def _with(current: PolicySet | None, kind: str, statement: dict[str, Any]) -> PolicySet:
    document = document_from_data({"Version": "2012-10-17", "Statement": [statement]})
    added = Policy("proposed statement", document)
    return PolicySet(kind, (*(current.policies if current else ()), added))  # type: ignore[arg-type]


def _soften(
    decision: Decision, layer: str, policies: PolicySet, deny: CompiledStatement
) -> tuple[Step, Layers] | str:
    """Take exactly this request out of a Deny: its resource, or its action where it is listed by name."""
    request, source = decision.request, deny.statement
    where = f"{deny.policy.name} {source.label}"
    replacement = _without(source, request)
    if replacement is None:
        return (
            f"{where} denies it, and no change of that statement takes out only this request; "
            f"narrow it by hand (lines {source.lines[0]}–{source.lines[1]})"
        )
    if (layer in _OF_MANY or deny.policy.arn) and (who := _principal_arn(request)):
        replacement = _for_one(layer, source, request, replacement, who)
    replaced = _replace_statement(deny.policy.document, source.index, replacement)
    new_policies = [
        Policy(found.policy.name, replaced, found.policy.arn, found.policy.version_id)
        if found.policy is deny.policy
        else found
        for found in policies.policies
    ]
    step = Step(
        layer,
        "replace statement" if replacement else "remove statement",
        f"{where}: except this request" if replacement else f"{where}: remove it, it denies nothing else",
        tuple(replacement),
        deny.policy.name,
        deny.policy.arn,
        source.index,
    )
    changed = PolicySet(policies.kind, new_policies)
    return step, _exchange(decision.layers, layer, policies, changed)


def _principal_arn(request: Request) -> str:
    """The value of aws:PrincipalArn, where the request says it."""
    found = next((value for key, value in request.context.items() if key.lower() == _PRINCIPAL_ARN), "")
    return found if isinstance(found, str) and request.parsed_principal.is_iam else ""


def _for_one(
    layer: str, source: Statement, request: Request, others: list[dict[str, Any]], who: str
) -> list[dict[str, Any]]:
    """What replaces a Deny that is not about one principal alone: `others`, and a statement that goes on to
    deny this request to everybody but `who`."""
    whole = source.resources == ("*",)
    if layer == "resource" and whole and not request.action.lower().startswith("s3:"):
        # The policy's `*` is the one resource that has it: there are no others.
        others = [data for data in others if "NotResource" not in data]
    data = statement_data(source)
    kept = {key: value for key, value in data.items() if key not in _ABOUT}
    kept["Action"] = catalogue.load().canonical(request.action)
    if source.resources or source.not_resources:
        kept["Resource"] = request.resource
    if others:
        kept.pop("Sid", None)  # Sids are unique within a policy
    kept["Condition"] = _condition_without(data.get("Condition", {}), who)
    return [*others, kept]


def _condition_without(block: dict[str, dict[str, Any]], who: str) -> dict[str, dict[str, Any]]:
    """The condition, and that the principal is another one: beside those that are excepted already."""
    found = {operator: dict(keys) for operator, keys in block.items()}
    for operator, keys in found.items():
        for key, values in keys.items():
            if operator.lower() in ("arnnotequals", "arnnotlike") and key.lower() == _PRINCIPAL_ARN:
                keys[key] = [*([values] if isinstance(values, str) else values), who]
                return found
    found.setdefault("ArnNotEquals", {})["aws:PrincipalArn"] = who
    return found


def _without(source: Statement, request: Request) -> list[dict[str, Any]] | None:
    """The statement without this one request: what remains for other resources, and for other actions on this
    one. None where patterns cannot say that."""
    data = statement_data(source)
    everywhere = source.resources in (("*",), ()) and not source.not_resources
    others: dict[str, Any] | None = None
    if request.resource != "*" and source.resources != ():
        if source.not_resources:
            others = data | {"NotResource": [*source.not_resources, request.resource]}
        elif everywhere:
            others = {("NotResource" if key == "Resource" else key): value for key, value in data.items()}
            others["NotResource"] = [request.resource]
        elif request.resource in source.resources:
            kept = [resource for resource in source.resources if resource != request.resource]
            others = data | {"Resource": kept} if kept else None
        else:
            return None
    elif source.not_resources and request.resource != "*":
        others = data | {"NotResource": [*source.not_resources, request.resource]}
    elif not everywhere:
        return None
    remaining = _other_actions(source, request)
    if remaining is None:
        return None
    here = {
        key: value for key, value in data.items() if key not in ("Action", "NotAction", "NotResource", "Sid")
    }
    if source.resources or source.not_resources:
        here["Resource"] = "*" if request.resource == "*" else request.resource
    found = [others] if others is not None else []
    return found + ([here | remaining] if remaining else [])


def _other_actions(source: Statement, request: Request) -> dict[str, Any] | None:
    """The element of all its actions but the one asked for; empty where none is left. Patterns that match it
    are spelled out as the actions that the catalogue knows on the resource."""
    asked = request.action.lower()
    known = catalogue.load()
    name = known.canonical(request.action)
    if source.not_actions:
        return {"NotAction": [*source.not_actions, name]}
    service = asked.partition(":")[0]
    if any(pattern.lower() in ("*", f"{service}:*") for pattern in source.actions):
        # The actions of other services are not for this resource.
        return {"NotAction": [name]}
    kept: list[str] = []
    for pattern in source.actions:
        matcher = action_matcher(pattern)
        if matcher is None or not matcher(asked):
            kept.append(pattern)
        elif pattern.lower() != asked:
            number = known.number(asked)
            if number is None:
                return None
            bits = known.bits(pattern) & known.actions_on(request.resource) & ~(1 << number)
            kept += [known.names[found] for found in catalogue.members(bits)]
    return {"Action": list(dict.fromkeys(kept))} if kept else {}


def _replace_statement(
    document: PolicyDocument, index: int, replacement: list[dict[str, Any]]
) -> PolicyDocument:
    whole = to_data(document)
    whole["Statement"] = [
        data
        for statement in document.statements
        for data in (replacement if statement.index == index else [statement_data(statement)])
    ]
    return document_from_data(whole)


def _exchange(layers: Layers, layer: str, old: PolicySet, new: PolicySet) -> Layers:
    if layer in ("scp", "rcp"):
        levels = layers.scps if layer == "scp" else layers.rcps
        return layers.replace(**{f"{layer}s": tuple(new if level is old else level for level in levels)})
    return layers.replace(**{("endpoint" if layer == "vpce" else layer): new})
