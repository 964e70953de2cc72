"""AWS's own policy simulator as a second opinion on decisions.

`iam:SimulatePrincipalPolicy` knows the identity policies, the boundary and, for a member account, the SCPs of
a principal. It does not know resource policies (they would have to be passed), RCPs, session or endpoint
policies, so a difference in those is named, not judged.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from ecsiam_tui.aws.errors import classify
from ecsiam_tui.aws.session import AwsSession
from ecsiam_tui.policy.evaluation import Decision

_OUTCOMES = {"allowed": "Allowed", "explicitDeny": "ExplicitlyDenied", "implicitDeny": "ImplicitlyDenied"}
_UNKNOWN_TO_AWS = ("resource", "rcp", "session", "vpce")


class Opinion(NamedTuple):
    """What AWS says of one question. `agrees` is None where it could not be asked or cannot know."""

    text: str
    agrees: bool | None


def opinions(
    session: AwsSession, decisions: Iterable[Decision], policies: Sequence[str] = ()
) -> Iterator[Opinion]:
    """Ask AWS each question again, of `policies` alone where some are given (SimulateCustomPolicy).

    A failure to ask is an opinion that says so; it never raises.
    """
    client = session.client("iam")
    for decision in decisions:
        request = decision.request
        try:
            result = _ask(client, decision, policies)
        except Exception as error:  # the second opinion is a courtesy: whatever goes wrong is said
            yield Opinion(f"no second opinion: {classify(error).message or error}", None)
            continue
        theirs = _OUTCOMES.get(str(result.get("EvalDecision")), "unknown")
        missing = ", ".join(result.get("MissingContextValues", ()))
        question = f"{request.action} on {request.resource}"
        if theirs == decision.outcome:
            yield Opinion(f"agrees on {question}: {theirs}", True)
        elif decision.outcome == "Depends" or set(decision.blocked_by) & set(_UNKNOWN_TO_AWS):
            why = f" (it misses {missing})" if missing else ""
            text = f"says {theirs} on {question}{why}; this program says {decision.outcome}"
            yield Opinion(f"{text}, from what the simulator is not told", None)
        else:
            yield Opinion(f"DISAGREES on {question}: {theirs}, this program says {decision.outcome}", False)


_POLICY_TYPES = {
    "scp": ("SERVICE_CONTROL_POLICY", None),
    "rcp": ("RESOURCE_CONTROL_POLICY", None),
    "trust": ("RESOURCE_POLICY", "AWS::IAM::AssumeRolePolicyDocument"),
    "resource": ("RESOURCE_POLICY", None),
}


def validation(session: AwsSession, text: str, kind: str) -> Iterator[str]:
    """What Access Analyzer's ValidatePolicy says of a policy, a line a finding. It never raises."""
    policy_type, resource_type = _POLICY_TYPES.get(kind, ("IDENTITY_POLICY", None))
    parameters = {"policyDocument": text, "policyType": policy_type}
    if resource_type:
        parameters["validatePolicyResourceType"] = resource_type
    try:
        client = session.client("accessanalyzer")
        for page in client.get_paginator("validate_policy").paginate(**parameters):
            for finding in page.get("findings", ()):
                yield f"{finding['findingType']}: {finding['issueCode']}: {finding['findingDetails']}"
    except Exception as error:  # as above
        yield f"no second opinion: {classify(error).message or error}"


def _ask(client: Any, decision: Decision, policies: Sequence[str]) -> dict[str, Any]:
    request = decision.request
    entries = [
        {"ContextKeyName": key, "ContextKeyValues": values, "ContextKeyType": kind}
        for key, values, kind in _entries(request.context)
    ]
    parameters: dict[str, Any] = {"ActionNames": [request.action], "ContextEntries": entries}
    if policies:
        parameters["PolicyInputList"] = list(policies)
    else:
        parameters["PolicySourceArn"] = request.principal
    if request.resource != "*":
        parameters["ResourceArns"] = [request.resource]
    operation = "simulate_custom_policy" if policies else "simulate_principal_policy"
    for page in client.get_paginator(operation).paginate(**parameters):
        for result in page.get("EvaluationResults", ()):
            found: dict[str, Any] = result
            return found
    return {}


def _entries(context: Any) -> Iterator[tuple[str, list[str], str]]:
    for key, value in dict(context).items():
        if isinstance(value, list | tuple):
            yield str(key), [str(item) for item in value], "stringList"
        else:
            yield str(key), [str(value)], "string"
