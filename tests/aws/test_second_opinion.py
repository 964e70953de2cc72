"""AWS's simulator as a second opinion, answered by botocore's Stubber."""

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from ecsiam_tui.aws.second_opinion import Opinion, opinions, validation
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


def asked(
    answer: dict[str, Any] | None, decision: Decision, *policies: str, **options: Any
) -> tuple[Opinion, dict[str, Any]]:
    """The opinion on a decision that AWS answers like this, and what AWS was asked."""
    client = client_of("iam")
    sent: dict[str, Any] = {}
    client.meta.events.register("before-parameter-build.iam", lambda params, **_: sent.update(params))
    operation = "simulate_custom_policy" if policies else "simulate_principal_policy"
    with Stubber(client) as stub:
        if answer is not None:
            stub.add_response(operation, answer)
        (opinion,) = opinions(Session(client), [decision], policies, **options)  # type: ignore[arg-type]
        stub.assert_no_pending_responses()
    return opinion, sent


def own(text: str, kind: str = "identity", arn: str = "") -> PolicySet:
    return PolicySet(kind, [Policy("own", parse_document(text), arn)])  # type: ignore[arg-type]


def test_like_is_compared_with_like() -> None:
    """AWS is not told of the bucket's Deny: it agrees about what it was told, and the rest is named."""
    bucket = own(ALLOW.replace('"Allow"', '"Deny","Principal":"*"'), "resource")
    denied = evaluate(Layers(own(ALLOW), resource=bucket), Request(ROLE, "s3:GetObject", OBJECT))
    assert denied.outcome == "ExplicitlyDenied"
    opinion, _ = asked(result("s3:GetObject", "allowed"), denied)
    assert opinion.agrees
    assert opinion.text.endswith("and AWS's simulator does not: ExplicitlyDenied")
    opinion, _ = asked(result("s3:GetObject", "explicitDeny"), denied)
    assert opinion.agrees is False


def test_what_only_the_resource_allows_is_no_disagreement() -> None:
    bucket = own(ALLOW.replace('"Allow"', '"Allow","Principal":"*"'), "resource")
    allowed = evaluate(Layers(resource=bucket), Request(ROLE, "s3:GetObject", OBJECT))
    assert allowed.outcome == "Allowed"
    opinion, _ = asked(result("s3:GetObject", "implicitDeny"), allowed)
    assert opinion.agrees
    assert opinion.text.endswith(": Allowed")


def test_a_key_is_left_to_identities_without_its_policy() -> None:
    key = "arn:aws:kms:eu-west-1:123456789012:key/k"
    layers = Layers(own(ALLOW.replace("s3:GetObject", "kms:Decrypt")))
    opinion, _ = asked(
        result("kms:Decrypt", "allowed"), evaluate(layers, Request(ROLE, "kms:Decrypt", key, mode="possible"))
    )
    assert opinion.agrees


def test_an_open_key_is_absent_to_aws_and_is_named() -> None:
    condition = ',"Condition":{"StringEquals":{"ecs:cluster":"c"}}}}'
    layers = Layers(own(ALLOW.replace("}}", condition)))
    open_one = evaluate(layers, Request(ROLE, "s3:GetObject", OBJECT, mode="possible"))
    assert open_one.outcome == "Depends"
    answer = result("s3:GetObject", "implicitDeny")
    answer["EvaluationResults"][0]["MissingContextValues"] = ["ecs:cluster"]
    opinion, _ = asked(answer, open_one)
    assert opinion.agrees
    assert "no value for ecs:cluster" in opinion.text
    assert opinion.text.endswith(": Depends")


def test_any_resource_is_a_text_to_aws() -> None:
    layers = Layers(own(ALLOW.replace('"Resource":"*"', f'"Resource":"{OBJECT}"')))
    somewhere = evaluate(layers, Request(ROLE, "s3:GetObject", "*"))
    assert somewhere.outcome == "Allowed"
    opinion, sent = asked(result("s3:GetObject", "implicitDeny"), somewhere)
    assert opinion.agrees
    assert "ResourceArns" not in sent


def test_what_was_not_read_is_not_judged() -> None:
    layers = Layers(own(ALLOW), unknown={"identity": "policies that were not read: x"})
    unread = evaluate(layers, Request(ROLE, "s3:PutObject", OBJECT, mode="possible"))
    opinion, _ = asked(result("s3:PutObject", "allowed"), unread)
    assert opinion.agrees is None
    assert "not read: x" in opinion.text


def test_the_specific_answer_on_any_page_counts() -> None:
    client = client_of("iam")
    specific = {"EvalResourceName": OBJECT, "EvalResourceDecision": "allowed", "MatchedStatements": []}
    last = result("S3:getobject", "implicitDeny")
    last["EvaluationResults"][0]["ResourceSpecificResults"] = [specific]
    with Stubber(client) as stub:
        first = {**result("s3:PutObject", "explicitDeny"), "IsTruncated": True, "Marker": "more"}
        stub.add_response("simulate_principal_policy", first, PARAMETERS)
        stub.add_response("simulate_principal_policy", last, {**PARAMETERS, "Marker": "more"})
        (opinion,) = opinions(Session(client), [decision()])  # type: ignore[arg-type]
        stub.assert_no_pending_responses()
    assert opinion.agrees


def test_no_answer_is_no_opinion() -> None:
    opinion, _ = asked({"EvaluationResults": [], "IsTruncated": False}, decision())
    assert opinion.agrees is None


def test_context_is_typed() -> None:
    context = {
        "aws:SecureTransport": True,
        "aws:MultiFactorAuthAge": 30,
        "aws:CurrentTime": "2026-01-01T00:00:00Z",
        "aws:EpochTime": "1767225600",
        "aws:SourceIp": "192.0.2.1",
        "aws:PrincipalTag/team": "pay",
        "aws:TagKeys": "team",
        "s3:max-keys": ["1", "2"],
        "made:up": "x",
    }
    question = evaluate(Layers(own(ALLOW)), Request(ROLE, "s3:GetObject", OBJECT, context))
    _, sent = asked(result("s3:GetObject", "allowed"), question)
    entries = sent["ContextEntries"]
    assert [(entry["ContextKeyName"], entry["ContextKeyType"]) for entry in entries] == [
        ("aws:SecureTransport", "boolean"),
        ("aws:MultiFactorAuthAge", "numeric"),
        ("aws:CurrentTime", "date"),
        ("aws:EpochTime", "numeric"),
        ("aws:SourceIp", "ip"),
        ("aws:PrincipalTag/team", "string"),
        ("aws:TagKeys", "stringList"),
        ("s3:max-keys", "numericList"),
        ("made:up", "string"),
    ]
    assert [entry["ContextKeyValues"] for entry in entries[:2]] == [["true"], ["30"]]


def test_what_if_is_part_of_the_question() -> None:
    limit = ALLOW.replace("s3:GetObject", "s3:*")
    layers = Layers(own(ALLOW), boundary=own(limit, "boundary"))
    question = evaluate(layers, Request(ROLE, "s3:GetObject", OBJECT))
    answer = result("s3:GetObject", "allowed")
    _, sent = asked(answer, question, added=[ALLOW], boundary=limit)
    assert sent["PolicySourceArn"] == ROLE
    assert sent["PolicyInputList"] == [ALLOW]
    assert sent["PermissionsBoundaryPolicyInputList"] == [limit]
    _, sent = asked(answer, question)
    assert "PermissionsBoundaryPolicyInputList" not in sent  # AWS knows the one that is attached
    _, sent = asked(answer, question, ALLOW)
    assert sent["PermissionsBoundaryPolicyInputList"] == [limit]


def test_given_policies_stand_outside_the_organization() -> None:
    scp = own(ALLOW.replace('"Allow"', '"Deny"'), "scp")
    denied = evaluate(Layers(own(ALLOW), scps=[scp]), Request(ROLE, "s3:GetObject", OBJECT))
    assert denied.outcome == "ExplicitlyDenied"
    assert asked(result("s3:GetObject", "explicitDeny"), denied)[0].agrees
    assert asked(result("s3:GetObject", "allowed"), denied, ALLOW)[0].agrees


def test_a_session_is_asked_about_by_its_role() -> None:
    session = "arn:aws:sts::123456789012:assumed-role/web/i-1"
    path = "arn:aws:iam::123456789012:role/team/web"
    known = {"aws:PrincipalArn": path}
    question = evaluate(Layers(own(ALLOW)), Request(session, "s3:GetObject", OBJECT, known))
    _, sent = asked(result("s3:GetObject", "allowed"), question)
    assert sent["PolicySourceArn"] == path


@pytest.mark.parametrize("principal", ["ecs-tasks.amazonaws.com", "*", "arn:aws:iam::123456789012:root"])
def test_others_than_users_and_roles_are_not_asked_about(principal: str) -> None:
    opinion, sent = asked(None, evaluate(Layers(), Request(principal, "s3:GetObject", OBJECT)))
    assert opinion.agrees is None
    assert "AWS simulates users and roles" in opinion.text
    assert not sent


@pytest.mark.parametrize("code", ["Throttling", "NoSuchEntity"])
def test_a_refusal_is_said(code: str) -> None:
    client = client_of("iam")
    with Stubber(client) as stub:
        stub.add_client_error("simulate_principal_policy", code, "no, thanks")
        stub.add_response("simulate_principal_policy", result("s3:PutObject", "implicitDeny"))
        first, second = opinions(Session(client), [decision(), decision("s3:PutObject")])  # type: ignore[arg-type]
    assert first.agrees is None
    assert "no second opinion" in first.text
    assert second.agrees


@pytest.mark.parametrize("code", ["AccessDenied", "NotImplemented", "ExpiredToken"])
def test_what_will_not_be_answered_is_said_once(code: str) -> None:
    client = client_of("iam")
    with Stubber(client) as stub:
        stub.add_client_error("simulate_principal_policy", code, "no, thanks")
        said = list(opinions(Session(client), [decision(), decision("s3:PutObject")]))  # type: ignore[arg-type]
    assert [opinion.text for opinion in said] == ["no second opinion: no, thanks"]


def aws_finding(kind: str, code: str, *, index: int | None = 0, line: int = 1) -> dict[str, Any]:
    path: list[dict[str, Any]] = [{"value": "Statement"}]
    path += [] if index is None else [{"index": index}]
    place = {"line": line, "column": 0, "offset": 0}
    return {
        "findingDetails": f"About {code}.",
        "findingType": kind,
        "issueCode": code,
        "learnMoreLink": "https://docs.aws.amazon.com/",
        "locations": [{"path": path, "span": {"start": place, "end": place}}],
    }


def validated(text: str, kind: str, *findings: dict[str, Any]) -> list[str]:
    client = client_of("accessanalyzer")
    with Stubber(client) as stub:
        stub.add_response("validate_policy", {"findings": list(findings)})
        return list(validation(Session(client), text, kind))  # type: ignore[arg-type]


def test_validation_pages_and_names_the_type() -> None:
    client = client_of("accessanalyzer")
    trust = ALLOW.replace('"Resource":"*"', '"Principal":{"Service":"ecs-tasks.amazonaws.com"}')
    finding = {**aws_finding("ERROR", "INVALID_ACTION"), "locations": []}
    expected = {
        "policyDocument": trust,
        "policyType": "RESOURCE_POLICY",
        "validatePolicyResourceType": "AWS::IAM::AssumeRolePolicyDocument",
    }
    with Stubber(client) as stub:
        stub.add_response("validate_policy", {"findings": [finding], "nextToken": "t"}, expected)
        stub.add_response("validate_policy", {"findings": [finding]}, {**expected, "nextToken": "t"})
        said = list(validation(Session(client), trust, "trust"))  # type: ignore[arg-type]
        stub.assert_no_pending_responses()
    assert said == ["AWS alone: ERROR: INVALID_ACTION: About INVALID_ACTION."] * 2


@pytest.mark.parametrize(
    ("kind", "asked_as"),
    [
        ("identity", "IDENTITY_POLICY"),
        ("boundary", "IDENTITY_POLICY"),
        ("resource", "RESOURCE_POLICY"),
        ("vpce", "RESOURCE_POLICY"),
        ("scp", "SERVICE_CONTROL_POLICY"),
        ("rcp", "RESOURCE_CONTROL_POLICY"),
    ],
)
def test_each_kind_is_asked_about_as_what_it_is(kind: str, asked_as: str) -> None:
    client = client_of("accessanalyzer")
    with Stubber(client) as stub:
        expected = {"policyDocument": ALLOW, "policyType": asked_as}
        stub.add_response("validate_policy", {"findings": []}, expected)
        list(validation(Session(client), ALLOW, kind))  # type: ignore[arg-type]
        stub.assert_no_pending_responses()


def test_both_sides_of_a_validation_are_shown() -> None:
    assert validated(ALLOW, "identity") == ["agrees: nothing is wrong"]
    style = validated(ALLOW, "identity", aws_finding("SUGGESTION", "EMPTY_ARRAY"))
    assert style == ["SUGGESTION: EMPTY_ARRAY (line 1): About EMPTY_ARRAY.", "agrees: nothing is wrong"]
    typo = ALLOW.replace("GetObject", "GetObjekt")
    (both,) = validated(typo, "identity", aws_finding("ERROR", "INVALID_ACTION", index=None))
    assert both.startswith("agrees (here: unknown action 's3:GetObjekt'")
    assert "ERROR: INVALID_ACTION (line 1)" in both
    (here,) = validated(typo, "identity")
    assert here.startswith("this program alone: warning on line 1: unknown action")
    (there,) = validated(ALLOW, "identity", aws_finding("SECURITY_WARNING", "PASS_ROLE", line=3))
    assert there == "AWS alone: SECURITY_WARNING: PASS_ROLE (line 3): About PASS_ROLE."


def test_a_refused_validation_is_said() -> None:
    client = client_of("accessanalyzer")
    with Stubber(client) as stub:
        stub.add_client_error("validate_policy", "AccessDeniedException", "no")
        (said_no,) = validation(Session(client), ALLOW, "identity")  # type: ignore[arg-type]
    assert said_no == "no second opinion: no"
