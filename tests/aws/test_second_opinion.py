"""AWS's simulator as a second opinion, answered by botocore's Stubber."""

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from ecsiam_tui.aws.second_opinion import opinions, validation
from ecsiam_tui.policy.document import parse_document
from ecsiam_tui.policy.evaluation import Decision, evaluate
from ecsiam_tui.policy.layers import Layers, Policy, PolicySet
from ecsiam_tui.policy.request import Request

ROLE = "arn:aws:iam::123456789012:role/web"
OBJECT = "arn:aws:s3:::bucket/key"
ALLOW = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}}'


class Session:
    """An AwsSession as far as it is asked here."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def client(self, service: str, region: str | None = None) -> Any:
        return self._client


def client_of(service: str) -> Any:
    return boto3.client(service, region_name="eu-west-1")


def decision(action: str = "s3:GetObject") -> Decision:
    layers = Layers(PolicySet("identity", [Policy("own", parse_document(ALLOW))]))
    context = {"aws:RequestedRegion": "eu-west-1", "aws:TagKeys": ["a", "b"]}
    return evaluate(layers, Request(ROLE, action, OBJECT, context))


def result(action: str, answer: str) -> dict[str, Any]:
    return {"EvaluationResults": [{"EvalActionName": action, "EvalDecision": answer}], "IsTruncated": False}


PARAMETERS = {
    "PolicySourceArn": ROLE,
    "ActionNames": ["s3:GetObject"],
    "ResourceArns": [OBJECT],
    "ContextEntries": [
        {
            "ContextKeyName": "aws:RequestedRegion",
            "ContextKeyValues": ["eu-west-1"],
            "ContextKeyType": "string",
        },
        {"ContextKeyName": "aws:TagKeys", "ContextKeyValues": ["a", "b"], "ContextKeyType": "stringList"},
    ],
}


@pytest.mark.parametrize(
    ("answer", "agrees", "words"),
    [("allowed", True, "agrees"), ("implicitDeny", False, "DISAGREES"), ("explicitDeny", False, "DISAGREES")],
)
def test_the_same_question_is_asked_and_the_answers_compared(answer: str, agrees: bool, words: str) -> None:
    client = client_of("iam")
    with Stubber(client) as stub:
        stub.add_response("simulate_principal_policy", result("s3:GetObject", answer), PARAMETERS)
        (opinion,) = opinions(Session(client), [decision()])  # type: ignore[arg-type]
        stub.assert_no_pending_responses()
    assert opinion.agrees is agrees
    assert opinion.text.startswith(words)


def test_given_policies_are_asked_of_alone() -> None:
    client = client_of("iam")
    expected: dict[str, Any] = {**PARAMETERS, "PolicyInputList": [ALLOW]}
    del expected["PolicySourceArn"]
    with Stubber(client) as stub:
        stub.add_response("simulate_custom_policy", result("s3:GetObject", "allowed"), expected)
        (opinion,) = opinions(Session(client), [decision()], [ALLOW])  # type: ignore[arg-type]
    assert opinion.agrees


def test_what_the_simulator_cannot_know_is_not_judged() -> None:
    client = client_of("iam")
    resource = PolicySet(
        "resource", [Policy("bucket", parse_document(ALLOW.replace('"Allow"', '"Deny","Principal":"*"')))]
    )
    layers = Layers(PolicySet("identity", [Policy("own", parse_document(ALLOW))]), resource=resource)
    denied = evaluate(layers, Request(ROLE, "s3:GetObject", OBJECT))
    assert denied.outcome == "ExplicitlyDenied"
    with Stubber(client) as stub:
        stub.add_response("simulate_principal_policy", result("s3:GetObject", "allowed"))
        (opinion,) = opinions(Session(client), [denied])  # type: ignore[arg-type]
    assert opinion.agrees is None
    assert "not told" in opinion.text


@pytest.mark.parametrize("code", ["AccessDenied", "Throttling", "NoSuchEntity"])
def test_a_refusal_is_said(code: str) -> None:
    client = client_of("iam")
    with Stubber(client) as stub:
        stub.add_client_error("simulate_principal_policy", code, "no, thanks")
        stub.add_response("simulate_principal_policy", result("s3:PutObject", "implicitDeny"))
        first, second = opinions(Session(client), [decision(), decision("s3:PutObject")])  # type: ignore[arg-type]
    assert first.agrees is None
    assert "no second opinion" in first.text
    assert second.agrees


def test_validation_pages_and_names_the_type() -> None:
    client = client_of("accessanalyzer")
    finding = {
        "findingDetails": "The action does not exist.",
        "findingType": "ERROR",
        "issueCode": "INVALID_ACTION",
        "learnMoreLink": "https://docs.aws.amazon.com/",
        "locations": [],
    }
    expected = {
        "policyDocument": ALLOW,
        "policyType": "RESOURCE_POLICY",
        "validatePolicyResourceType": "AWS::IAM::AssumeRolePolicyDocument",
    }
    with Stubber(client) as stub:
        stub.add_response("validate_policy", {"findings": [finding], "nextToken": "t"}, expected)
        stub.add_response("validate_policy", {"findings": [finding]}, {**expected, "nextToken": "t"})
        said = list(validation(Session(client), ALLOW, "trust"))  # type: ignore[arg-type]
    assert said == ["ERROR: INVALID_ACTION: The action does not exist."] * 2
    with Stubber(client) as stub:
        stub.add_client_error("validate_policy", "AccessDeniedException", "no")
        (said_no,) = validation(Session(client), ALLOW, "identity")  # type: ignore[arg-type]
    assert "no second opinion" in said_no
