"""Policy tests as JSON Lines, and the conformance cases where they are at hand."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ecsiam_tui.policy.batch import BatchCase, BatchResult, run_batch, run_line
from tests.policy.tables import ACCOUNT, OBJECT, USER, allow, deny, policy


def line(**more: Any) -> bytes:
    request = {"principal": USER, "action": "s3:GetObject", "resource": OBJECT, "resource_account": ACCOUNT}
    return json.dumps({"id": "t", "request": request, "identity_policies": [policy(allow())]} | more).encode()


def test_a_line() -> None:
    assert json.loads(next(run_batch([line()]))) == {"id": "t", "result": "Allowed"}


def test_names_of_layers_in_results() -> None:
    result = run_line(
        line(boundary=[policy(allow("ec2:*"))], scps=[{"id": "r", "policies": [policy(deny())]}])
    )
    assert (result.result, result.blocked_by) == ("ExplicitlyDenied", ("scp", "pb"))
    public = line(
        request={
            "principal": {"type": "Anonymous"},
            "action": "s3:GetObject",
            "resource": OBJECT,
            "resource_account": ACCOUNT,
        },
        resource_policy=policy(allow(Principal="*")),
        settings={"s3": {"blockPublicAccess": True}},
    )
    assert run_line(public).blocked_by == ("s3-bpa",)


def test_open_keys_are_reported() -> None:
    document = policy(allow(Condition={"StringEquals": {"aws:username": "ann"}}))
    assert run_line(line(identity_policies=[document])).result == "ImplicitlyDenied"
    result = run_line(line(identity_policies=[document], mode="possible"))
    assert (result.result, result.missing_context) == ("Depends", ("aws:username",))


def test_policies_may_be_texts() -> None:
    assert run_line(line(identity_policies=[json.dumps(policy(allow()))])).result == "Allowed"


@pytest.mark.parametrize(
    ("expected", "ok"),
    [
        ({"expected": "Allowed"}, True),
        ({"expected": "ImplicitlyDenied"}, False),
        ({"expected": "Denied", "expected_effect": "deny"}, False),
        ({"expected_effect": "allow"}, True),
        ({}, None),
    ],
)
def test_expectations(expected: dict[str, Any], ok: bool | None) -> None:
    assert run_line(line(**expected)).ok is ok


@pytest.mark.parametrize(
    ("text", "identifier", "message"),
    [
        (b"{", None, "truncated"),
        (b"[]", None, "Expected `object`"),
        (b'{"id": "x"}', "x", "request"),
        (b'{"id": 7, "request": {"principal": "p"}}', 7, "action"),
        (b"[" * 10_000, None, ""),
        (b'{"id": NaN}', None, "malformed"),
    ],
)
def test_a_bad_line_is_an_error_and_the_batch_goes_on(text: bytes, identifier: Any, message: str) -> None:
    results = [msgspec.json.decode(found, type=BatchResult) for found in run_batch([text, line(), b"  \n"])]
    assert [found.result for found in results] == ["ERROR", "Allowed"]
    assert results[0].id == identifier
    assert message in results[0].error


def test_bad_policies_in_a_line_count_as_far_as_they_are_good() -> None:
    document = {"Statement": [allow(), {"Effect": "Nope"}]}
    assert run_line(line(identity_policies=[document, 5, None])).result == "Allowed"


def test_jobs_give_the_same_answers_in_the_same_order() -> None:
    lines = [
        line(id=number, identity_policies=[policy(allow() if number % 3 else deny())])
        for number in range(700)
    ]
    assert list(run_batch(lines, jobs=2)) == list(run_batch(lines))


CASES = (
    Path(os.environ.get("ECSIAM_CONFORMANCE", Path(__file__).resolve().parents[3] / "shared" / "conformance"))
    / "cases.jsonl"
)


@pytest.mark.skipif(not CASES.exists(), reason="the conformance cases are not part of the product")
def test_conformance() -> None:
    disagreements = []
    cases = CASES.read_bytes().splitlines()
    for text in cases:
        case = msgspec.json.decode(text, type=BatchCase)
        if "invalid-input" not in json.loads(text)["tags"]:
            result = run_line(text)
            if not result.ok:
                disagreements.append(f"{case.name}: {result.result}, expected {case.expected}")
    assert len(cases) > 500
    assert disagreements == []
