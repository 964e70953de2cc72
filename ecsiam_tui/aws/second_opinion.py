"""AWS's own policy simulator and Access Analyzer as a second opinion.

`iam:SimulatePrincipalPolicy` knows the identity policies, the boundary and the SCPs of a user or role;
`iam:SimulateCustomPolicy` knows what it is given. Neither is told of resource policies, RCPs, session or
endpoint policies, and both take a condition key without a value as absent. So the engine decides each
question once more from what AWS has, and like is compared with like; what only the whole answer knows is
named.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from ecsiam_tui.aws.errors import classify
from ecsiam_tui.aws.session import AwsSession
from ecsiam_tui.policy import catalogue
from ecsiam_tui.policy.document import parse_document
from ecsiam_tui.policy.evaluation import Decision, evaluate
from ecsiam_tui.policy.global_keys import GLOBAL_KEYS
from ecsiam_tui.policy.layers import Policy, PolicySet
from ecsiam_tui.policy.lint import DocumentKind, Finding, lint
from ecsiam_tui.policy.messages import principal_kind
from ecsiam_tui.policy.principals import RequestPrincipal
from ecsiam_tui.policy.services import requires_resource_policy

_OUTCOMES = {"allowed": "Allowed", "explicitDeny": "ExplicitlyDenied", "implicitDeny": "ImplicitlyDenied"}
_NO_USE_ASKING_AGAIN = ("denied", "unsupported", "expired", "unreachable")

# ContextKeyType of the types that the service authorization reference gives condition keys.
_TYPES = {
    "bool": "boolean",
    "numeric": "numeric",
    "date": "date",
    "ipaddress": "ip",
    "binary": "binary",
}


class Opinion(NamedTuple):
    """What AWS says of one question. `agrees` is None where it could not be asked or cannot know."""

    text: str
    agrees: bool | None


def opinions(
    session: AwsSession,
    decisions: Iterable[Decision],
    policies: Sequence[str] = (),
    *,
    added: Sequence[str] = (),
    boundary: str = "",
) -> Iterator[Opinion]:
    """Ask AWS each question again.

    With `policies` of those alone (SimulateCustomPolicy, within the boundary of the decision); else of the
    principal's own with those `added` and, if given, with another `boundary` (SimulatePrincipalPolicy).
    A failure to ask is an opinion that says so, and the last one where asking again cannot help; it never
    raises."""
    for decision in decisions:
        request = decision.request
        source = _source(decision, request.parsed_principal)
        if not policies and source is None:
            kind = principal_kind(request.parsed_principal)
            yield Opinion(f"no second opinion: AWS simulates users and roles, not {kind}", None)
            continue
        parameters = _question(decision)
        if policies:
            operation = "simulate_custom_policy"
            parameters["PolicyInputList"] = list(policies)
            limits = _texts(decision.layers.boundary)
        else:
            operation = "simulate_principal_policy"
            parameters["PolicySourceArn"] = source
            if added:
                parameters["PolicyInputList"] = list(added)
            limits = [boundary] if boundary else []
        if limits:
            parameters["PermissionsBoundaryPolicyInputList"] = limits
        try:
            answer = _ask(session.client("iam"), operation, parameters)
        except Exception as error:  # the second opinion is a courtesy: whatever goes wrong is said
            failure = classify(error)
            yield Opinion(f"no second opinion: {failure.message or error}", None)
            if failure.reason in _NO_USE_ASKING_AGAIN:
                return
            continue
        yield _compare(decision, answer, custom=bool(policies))


def _source(decision: Decision, principal: RequestPrincipal) -> str | None:
    """The user or role whose policies count; None where AWS cannot simulate the principal."""
    if principal.kind in ("user", "role"):
        return principal.text
    if principal.kind == "session":  # its role, path included
        role = decision.request.context.get("aws:PrincipalArn")
        return role if isinstance(role, str) and ":role/" in role else None
    return None


def _texts(policies: PolicySet | None) -> list[str]:
    return [compiled.policy.document.text for compiled in policies.policies] if policies else []


def _question(decision: Decision) -> dict[str, Any]:
    request = decision.request
    service = request.action.partition(":")[0].lower()
    parameters: dict[str, Any] = {
        "ActionNames": [request.action],
        "ContextEntries": list(_entries(request.context, service)),
    }
    if request.resource != "*":
        parameters["ResourceArns"] = [request.resource]
    return parameters


def _entries(context: Mapping[str, Any], service: str) -> Iterator[dict[str, Any]]:
    for key, value in context.items():
        kind = _key_type(key.lower(), service)
        base = _TYPES.get(kind.removeprefix("arrayof"), "string")
        many = isinstance(value, list | tuple)
        if many or kind.startswith("arrayof"):
            base += "List"
        values = [_text(item) for item in value] if many else [_text(value)]
        yield {"ContextKeyName": key, "ContextKeyValues": values, "ContextKeyType": base}


def _key_type(key: str, service: str) -> str:
    """The type of a condition key (lower case), in lower case; a string where nobody knows it."""
    if key == "aws:epochtime":  # a date to policies, a number of seconds to the simulator
        return "numeric"
    known = GLOBAL_KEYS.get(key) or GLOBAL_KEYS.get(key.partition("/")[0] + "/")
    if known is None:
        found = catalogue.load().condition_key(service, key)
        known = found.type if found is not None else "String"
    return known.lower()


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class _Answer(NamedTuple):
    """What AWS answered: an outcome in the engine's words, and the keys it had no value for."""

    outcome: str
    missing: tuple[str, ...]


def _ask(client: Any, operation: str, parameters: dict[str, Any]) -> _Answer:
    """The answer for the one action and resource of `parameters`."""
    (action,) = parameters["ActionNames"]
    resource = parameters.get("ResourceArns", ["*"])[0]
    for page in client.get_paginator(operation).paginate(**parameters):
        for result in page.get("EvaluationResults", ()):
            if str(result.get("EvalActionName", "")).lower() != action.lower():
                continue
            # "To find the decision for a specific resource, use ResourceSpecificResults": IAM API Reference,
            # EvaluationResult. Without it the one answer is about all resources asked for, which is one.
            for specific in result.get("ResourceSpecificResults", ()):
                if specific.get("EvalResourceName") == resource:
                    return _answer(specific.get("EvalResourceDecision"), specific)
            return _answer(result.get("EvalDecision"), result)
    return _Answer("", ())


def _answer(decision: object, result: Mapping[str, Any]) -> _Answer:
    return _Answer(_OUTCOMES.get(str(decision), str(decision)), tuple(result.get("MissingContextValues", ())))


def _compare(decision: Decision, answer: _Answer, *, custom: bool) -> Opinion:
    question = f"{decision.request.action} on {decision.request.resource}"
    if not answer.outcome:
        return Opinion(f"no second opinion: AWS gave no answer for {question}", None)
    unread = decision.layers.unknown.get("identity") or decision.layers.unknown.get("boundary")
    if unread and not custom:
        return Opinion(f"says {answer.outcome} on {question}; here not known: {unread}", None)
    ours = _from_what_aws_has(decision, custom=custom).outcome
    missing = f"; no value for {', '.join(answer.missing)}" if answer.missing else ""
    if answer.outcome != ours:
        return Opinion(f"DISAGREES on {question}: {answer.outcome}, this program says {ours}{missing}", False)
    text = f"agrees on {question}: {ours}{missing}"
    if decision.outcome != ours:
        text += f"; with all that this program knows and AWS's simulator does not: {decision.outcome}"
    return Opinion(text, True)


def _from_what_aws_has(decision: Decision, *, custom: bool) -> Decision:
    """The same question from identity policies, boundary and SCPs alone, keys without a value absent."""
    layers, request = decision.layers, decision.request
    account = request.parsed_principal.account
    own = None
    if requires_resource_policy(request.action.lower(), request.resource):
        # Without the policy of key or role nothing would be allowed; AWS's simulator leaves it to identities.
        own = PolicySet("resource", [Policy("", parse_document(_DELEGATES % account))])
    layers = layers.replace(
        resource=own,
        rcps=(),
        session=None,
        endpoint=None,
        block_public_access=False,
        unknown={},
        **({"scps": ()} if custom else {}),
    )
    # The resource `*` is a text to AWS's simulator, which only `*` in a policy covers.
    whole = True if request.resource == "*" else request.wildcard_only
    asked = msgspec.structs.replace(
        request, mode="concrete", absent=frozenset(), resource_account=account, wildcard_only=whole
    )
    return evaluate(layers, asked)


_DELEGATES = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"%s"},"Action":"*",'
    '"Resource":"*"}]}'
)


# Access Analyzer

_POLICY_TYPES = {
    "scp": ("SERVICE_CONTROL_POLICY", None),
    "rcp": ("RESOURCE_CONTROL_POLICY", None),
    "trust": ("RESOURCE_POLICY", "AWS::IAM::AssumeRolePolicyDocument"),
    "resource": ("RESOURCE_POLICY", None),
    "vpce": ("RESOURCE_POLICY", None),
}


class _AwsFinding(NamedTuple):
    """A finding of ValidatePolicy; `statement` is None where it is about the document."""

    text: str
    kind: str
    statement: int | None


def validation(session: AwsSession, text: str, kind: DocumentKind) -> Iterator[str]:
    """What Access Analyzer's ValidatePolicy says of a policy beside what `lint` says: each finding with
    whether the other side has something on that statement too. Suggestions and hints are matters of style and
    count for neither. It never raises."""
    policy_type, resource_type = _POLICY_TYPES.get(kind, ("IDENTITY_POLICY", None))
    parameters = {"policyDocument": text, "policyType": policy_type}
    if resource_type:
        parameters["validatePolicyResourceType"] = resource_type
    try:
        client = session.client("accessanalyzer")
        theirs = [
            _aws_finding(finding)
            for page in client.get_paginator("validate_policy").paginate(**parameters)
            for finding in page.get("findings", ())
        ]
    except Exception as error:  # as above
        yield f"no second opinion: {classify(error).message or error}"
        return
    ours = [found for found in lint(parse_document(text), kind) if found.level != "hint"]
    serious = [found for found in theirs if found.kind != "SUGGESTION"]
    for found in theirs:
        yield f"{_side(found, ours)}{found.text}"
    known = {found.statement for found in serious}
    alone = [found for found in ours if found.statement not in known]
    for mine in alone:
        yield f"this program alone: {mine.level} on line {mine.line}: {mine.message}"
    if not serious and not alone:
        yield "agrees: nothing is wrong"


def _side(found: _AwsFinding, ours: list[Finding]) -> str:
    if found.kind == "SUGGESTION":
        return ""
    mine = [mine for mine in ours if mine.statement == found.statement]
    return f"agrees (here: {mine[0].message}): " if mine else "AWS alone: "


def _aws_finding(finding: Mapping[str, Any]) -> _AwsFinding:
    location: Mapping[str, Any] = next(iter(finding.get("locations", ())), {})
    line = location.get("span", {}).get("start", {}).get("line")
    place = f" (line {line})" if line else ""
    path = location.get("path", [])
    index = next((part["index"] for part in path if "index" in part), None)
    if index is None and any(part.get("value") == "Statement" for part in path):
        index = 0  # a single statement without a list
    text = f"{finding['findingType']}: {finding['issueCode']}{place}: {finding['findingDetails']}"
    return _AwsFinding(text, str(finding["findingType"]), index)
