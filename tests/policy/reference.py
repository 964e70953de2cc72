"""A plain evaluator, written for being read: no compiling, no caches, no order of its own.

It knows the parts of the language that `test_properties` makes up: identity, resource, boundary and session
policies and SCP levels for users and roles, wildcards, variables, and a handful of operators. It follows the
IAM User Guide's text step by step and shares no code with the engine."""

from __future__ import annotations

import re
from typing import Any

Policy = dict[str, Any]


def glob(pattern: str, text: str) -> bool:
    """`*` and `?`, by filling a table."""
    row = [True] + [False] * len(text)
    for char in pattern:
        new = [row[0] and char == "*"]
        for at, other in enumerate(text):
            if char == "*":
                new.append(new[at] or row[at + 1])
            else:
                new.append(row[at] and char in ("?", other))
        row = new
    return row[-1]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def fill(text: str, context: dict[str, list[str]]) -> str | None:
    """Variables filled in; None where one is unset. The tests' values hold no wildcards."""
    while "${" in text:
        start = text.index("${")
        end = text.index("}", start)
        values = context.get(text[start + 2 : end].lower(), [])
        if len(values) != 1:
            return None
        text = text[:start] + values[0] + text[end + 1 :]
    return text


def covers_resource(patterns: list[str], resource: str, context: dict[str, list[str]]) -> bool | None:
    """Whether one of the patterns covers the resource; None where one is unset and none of the others
    does."""
    unset = False
    for pattern in patterns:
        filled = fill(pattern, context)
        if filled is None:
            head = re.sub(r"\$\{[^}]*\}", "*", pattern).split(":", 5)[:5]
            unset = unset or resource_matches(":".join([*head, "*"]), resource)
        elif filled == "*" or resource_matches(filled, resource):
            return True
    return None if unset else False


def segments_match(pattern: str, resource: str) -> bool:
    """ARNs of conditions: six parts, each by itself."""
    left, right = pattern.split(":", 5), resource.split(":", 5)
    return len(left) == len(right) == 6 and all(glob(p, r) for p, r in zip(left, right, strict=True))


def resource_matches(pattern: str, resource: str) -> bool:
    """ARNs of Resource: a wildcard of the first five segments stops at a colon, unless it is a `*` before
    one."""
    row = [True] + [False] * len(resource)
    colons = 0
    for at, char in enumerate(pattern):
        free = colons >= 5 or (char == "*" and pattern[at + 1 : at + 2] in (":", ""))
        new = [row[0] and char == "*"]
        for number, other in enumerate(resource):
            passes = free or other != ":"
            if char == "*":
                new.append((new[number] and passes) or row[number + 1])
            elif char == "?":
                new.append(row[number] and passes)
            else:
                new.append(row[number] and char == other)
        row = new
        colons += char == ":"
    return row[-1]


def one_value(operator: str, wanted: list[str], value: str, context: dict[str, list[str]]) -> bool:
    filled = [text for text in (fill(want, context) for want in wanted) if text is not None]
    if operator in ("StringEquals", "StringNotEquals"):
        return value in filled
    if operator in ("StringLike", "StringNotLike"):
        return any(glob(want, value) for want in filled)
    if operator == "Bool":
        return value.lower() in [want.lower() for want in filled]
    if operator == "NumericLessThan":
        return any(float(value) < float(want) for want in wanted)
    raise AssertionError(operator)


def condition_holds(operator: str, key: str, wanted: list[str], context: dict[str, list[str]]) -> bool:
    qualifier, _, name = operator.rpartition(":")
    if_exists = name.endswith("IfExists")
    name = name.removesuffix("IfExists")
    values = context.get(key.lower())
    if name == "Null":
        return ("true" in wanted) if not values else ("false" in wanted)
    negated = "Not" in name
    if not values:
        if if_exists or qualifier == "ForAllValues":
            return True
        return negated and qualifier != "ForAnyValue"
    matches = [one_value(name, wanted, value, context) != negated for value in values]
    if qualifier == "ForAllValues":
        return all(matches)
    if qualifier == "ForAnyValue":
        return any(matches)
    return all(matches) if negated else any(matches)


def names(entry: str, principal: str) -> str:
    """How an AWS principal entry names a user or role: not, account, role, directly."""
    account = principal.split(":")[4]
    if entry == "*":
        return "directly"
    if entry == principal:
        return "role" if ":role/" in principal else "directly"
    return "account" if entry in (account, f"arn:aws:iam::{account}:root") else "not"


def applies(statement: dict[str, Any], action: str, resource: str, context: dict[str, list[str]]) -> bool:
    lowered = action.lower()
    if "Action" in statement:
        if not any(glob(pattern.lower(), lowered) for pattern in as_list(statement["Action"])):
            return False
    elif any(glob(pattern.lower(), lowered) for pattern in as_list(statement["NotAction"])):
        return False
    if "Resource" in statement:
        if covers_resource(as_list(statement["Resource"]), resource, context) is not True:
            return False
    elif covers_resource(as_list(statement["NotResource"]), resource, context) is not False:
        return False
    return all(
        condition_holds(operator, key, [str(value) for value in as_list(wanted)], context)
        for operator, keys in statement.get("Condition", {}).items()
        for key, wanted in keys.items()
    )


def statements(policies: list[Policy], effect: str) -> list[dict[str, Any]]:
    return [s for policy in policies for s in as_list(policy["Statement"]) if s["Effect"] == effect]


def decide(case: dict[str, Any]) -> str:
    """Allowed, ExplicitlyDenied or ImplicitlyDenied for a case in the form of a policy test."""
    request = case["request"]
    principal, action, resource = request["principal"], request["action"], request["resource"]
    context = {key.lower(): as_list(value) for key, value in request["context"].items()}

    def any_applies(policies: list[Policy], effect: str) -> bool:
        return any(applies(s, action, resource, context) for s in statements(policies, effect))

    own = [case["resource_policy"]] if case["resource_policy"] else []
    session = [case["session_policy"]] if case["session_policy"] else []
    levels = [level["policies"] for level in case["scps"]]
    named: set[str] = set()
    for effect in ("Deny", "Allow"):
        for statement in statements(own, effect):
            how = [names(entry, principal) for entry in as_list(statement["Principal"]["AWS"])]
            if set(how) != {"not"} and applies(statement, action, resource, context):
                if effect == "Deny":
                    return "ExplicitlyDenied"
                named |= set(how) - {"not"}
    for policies in (case["identity_policies"], case["boundary"], session, *levels):
        if any_applies(policies, "Deny"):
            return "ExplicitlyDenied"
    if not all(any_applies(policies, "Allow") for policies in levels):
        return "ImplicitlyDenied"
    limited = all(any_applies(policies, "Allow") for policies in (case["boundary"], session) if policies)
    by_identity = any_applies(case["identity_policies"], "Allow") and limited
    if request["resource_account"] != principal.split(":")[4]:
        return "Allowed" if by_identity and named else "ImplicitlyDenied"
    allowed = by_identity or "directly" in named or ("role" in named and limited)
    return "Allowed" if allowed else "ImplicitlyDenied"
