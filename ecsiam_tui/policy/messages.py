"""Sentences: AWS's own error text, and conditions in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .conditions import parse_operator
from .layers import LAYER_NAMES
from .principals import RequestPrincipal, parse_principal
from .statements import Condition

if TYPE_CHECKING:
    from .evaluation import Decision

_OPERATOR_WORDS = {
    "equals": "",
    "like": "a match of ",
    "lessthan": "less than ",
    "lessthanequals": "at most ",
    "greaterthan": "more than ",
    "greaterthanequals": "at least ",
}


def access_denied(decision: Decision) -> str:
    """The message of AWS's AccessDenied error for a denied request, empty for any other.

    Formats: IAM User Guide, "Troubleshoot access denied error messages".
    """
    if decision.outcome not in ("ExplicitlyDenied", "ImplicitlyDenied"):
        return ""
    request = decision.request
    start = f"User: {_caller(request.principal)} is not authorized to perform: {request.action}"
    start += f" on resource: {request.resource}"
    layer = _telling_layer(decision)
    name = LAYER_NAMES.get(layer)
    if name is None:
        return start
    if decision.outcome == "ExplicitlyDenied":
        article = "an" if name[0] in "aeiou" else "a"
        return f"{start} with an explicit deny in {article} {name}"
    return f"{start} because no {name} allows the {request.action} action"


def _telling_layer(decision: Decision) -> str:
    """The layer that AWS names: among several the first in the order of evaluation that really denies."""
    if decision.outcome == "ImplicitlyDenied" or len(decision.blocked_by) == 1:
        return decision.layer
    from .evaluation import State

    state = State(decision.request, decision.layers)
    denying = [name for name, policies in decision.layers.all_sets() if state.verdict(policies).deny]
    return next((name for name in decision.blocked_by if name in denying), decision.layer)


def _caller(principal: str) -> str:
    """A role acts as a session of its own, and that is how AWS names it."""
    parsed = parse_principal(principal)
    if parsed.kind == "role":
        return f"arn:{parsed.partition}:sts::{parsed.account}:assumed-role/{parsed.name}/<session>"
    return "anonymous" if parsed.kind == "anonymous" else parsed.text


def principal_kind(principal: RequestPrincipal) -> str:
    """A kind of principal with its article: `an anonymous principal`, `a service principal`."""
    article = "an" if principal.kind[0] in "aeiou" else "a"
    return f"{article} {principal.kind} principal"


def condition_failure(
    key: str, operator: str, wanted: str, actual: tuple[str, ...] | None, is_open: bool
) -> str:
    """A condition that does not hold (or is open), in words."""
    lowered = operator.lower().rpartition(":")[2].removesuffix("ifexists")
    negated = "not" in lowered
    if lowered == "null":
        return (
            f"{key} {'being' if is_open else 'must be'} {'absent' if 'true' in wanted.lower() else 'present'}"
        )
    base = lowered.replace("not", "")
    for family in ("string", "numeric", "date", "arn", "binary"):
        base = base.removeprefix(family)
    word = _OPERATOR_WORDS.get(base.removesuffix("ignorecase"), "")
    needs = f"{'anything but ' if negated else ''}{word}{wanted}"
    if is_open and actual is None:
        return f"{key} being {needs}"
    if is_open:
        return f"what {wanted} stands for, with which {key} is compared"
    if actual is None:
        return f"{key} is not in the request, needs {needs}"
    return f"{key} is " + ", ".join(f"`{value}`" for value in actual) + f", needs {needs}"


_SIGNS = {"<": "<", "<=": "≤", ">": ">", ">=": "≥"}
_QUALIFIERS = {"forallvalues": "every ", "foranyvalue": "any "}
_MOST_VALUES = 4


def condition_words(condition: Condition) -> str:
    """A condition in a few words: `aws:ResourceTag/env = prod`, `aws:RequestedRegion not in (eu-west-1,
    us-east-1)`, `aws:PrincipalTag/team is set`. An operator that AWS does not have stays as written."""
    parsed = parse_operator(condition.operator)
    operator, values = parsed.operator, condition.values
    key = _QUALIFIERS.get(parsed.qualifier, "") + condition.key
    more = f", … {len(values) - _MOST_VALUES} more" if len(values) > _MOST_VALUES else ""
    listed = ", ".join(values[:_MOST_VALUES]) + more
    several = len(values) != 1
    if operator is None:
        return f"{key} {condition.operator} {listed}"
    if operator.family == "null":
        return f"{key} is {'not set' if 'true' in listed.lower() else 'set'}"
    if operator.comparison != "==":
        sign = _SIGNS[operator.comparison]
    elif operator.family == "ip":
        sign = "not in" if operator.negated else "in"
    elif operator.family in ("like", "arn") and any(char in listed for char in "*?"):
        sign = "not like" if operator.negated else "like"
    elif several:
        sign = "not in" if operator.negated else "in"
    else:
        sign = "≠" if operator.negated else "="
    text = f"{key} {sign} {f'({listed})' if several else listed}"
    return f"{text} (or not set)" if parsed.if_exists else text


__all__ = ["LAYER_NAMES", "access_denied", "condition_failure", "condition_words", "principal_kind"]
