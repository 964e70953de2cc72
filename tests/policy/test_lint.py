"""Lint: one row a rule."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ecsiam_tui.policy.document import parse_document
from ecsiam_tui.policy.lint import SIZE_LIMITS, lint
from tests.policy.tables import allow, deny, policy


def findings(document: Any, kind: Any = "identity") -> set[tuple[str, str]]:
    text = document if isinstance(document, str) else json.dumps(document)
    return {(finding.code, finding.message) for finding in lint(parse_document(text), kind)}


def codes(document: Any, kind: Any = "identity") -> set[str]:
    return {code for code, _ in findings(document, kind)}


def condition(**block: Any) -> dict[str, Any]:
    return policy(
        allow("ecs:RunTask", Condition={key.replace("_", ":"): value for key, value in block.items()})
    )


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (policy(allow("ecss:RunTask")), "service"),
        (policy(allow("ecs:RunTasks")), "action"),
        (policy(allow("RunTask")), "action"),
        (policy(allow("ecs:Teleport*")), "action-pattern"),
        (policy(allow("ecs:RunTask", "arn:aws:s3:::data")), "resource-type"),
        (policy(allow(["s3:GetObject", "s3:ListBucket"], "arn:aws:s3:::data")), "resource-type"),
        (policy(allow("s3:ListAllMyBuckets", "arn:aws:s3:::data")), "account-level"),
        (policy(allow("s3:*", "arn:aws:s3")), "arn"),
        (policy(allow("iam:GetUser", "arn:aws:iam::123456789012:u*")), "arn"),
        (policy(allow(["ecs:Run*", "ecs:RunTask"])), "redundant-action"),
        (policy(allow("ecs:*"), allow("ecs:RunTask")), "redundant"),
        (policy(allow("ecs:RunTask"), allow("ecs:RunTask")), "redundant"),
        (policy(allow("ecs:RunTask"), deny("ecs:*")), "shadowed"),
        (policy(allow(), version=None), "version"),
        (policy(allow(Principal="*")), "principal"),
        (policy(allow(Sid="a"), deny(Sid="a")), "duplicate-sid"),
        (condition(StringEquals={"ecs:clusters": "x"}), "condition-key"),
        (condition(StringIs={"ecs:cluster": "x"}), "operator"),
        (condition(NumericEquals={"ecs:cluster": "5"}), "operator-type"),
        (condition(StringEquals={"aws:TagKeys": "x"}), "set-operator"),
        (condition(ForAllValues_StringEquals={"aws:TagKeys": "x"}), "for-all-values"),
        (condition(StringEquals={"aws:PrincipalTag/team": "b*"}), "wildcard"),
        (condition(NumericEquals={"aws:MultiFactorAuthAge": "${aws:username}"}), "variable"),
        ({"Statement": [{"Effect": "Allow", "Action": "*"}]}, "resource"),
        ({"Version": "2012-10-17", "Statement": [{"Effect": "Nope"}]}, "grammar"),
        ('{"Version": "2012-10-17", "Version": "2012-10-17", "Statement": []}', "duplicate-key"),
        ("{", "grammar"),
    ],
)
def test_found(document: Any, code: str) -> None:
    assert code in codes(document)


@pytest.mark.parametrize(
    "document",
    [
        policy(allow("ecs:RunTask", "arn:aws:ecs:*:*:task-definition/web:*")),
        policy(allow(["s3:GetObject", "s3:ListBucket"], ["arn:aws:s3:::data", "arn:aws:s3:::data/*"])),
        policy(allow("ecs:*"), deny("ecs:Delete*")),
        policy(allow("ecs:RunTask", Condition={"ArnEquals": {"ecs:cluster": "arn:aws:ecs:r:1:cluster/x"}})),
        policy(allow("ecs:*", Condition={"StringEquals": {"ecs:ResourceTag/env": "dev"}})),
        policy(
            allow(
                "ecs:*",
                Condition={
                    "ForAllValues:StringEquals": {"aws:TagKeys": "x"},
                    "Null": {"aws:TagKeys": "false"},
                },
            )
        ),
        policy(
            allow(
                "sts:AssumeRoleWithWebIdentity", Condition={"StringEquals": {"accounts.google.com:aud": "x"}}
            )
        ),
    ],
)
def test_nothing_found(document: Any) -> None:
    assert findings(document) == set()


def test_kinds() -> None:
    trust = policy({"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"})
    assert codes(trust, "trust") == set()
    assert codes(policy(allow()), "resource") == {"principal"}
    assert codes(policy(allow("ecs:*", Principal="*")), "rcp") == {"effect"}


def test_suggestions() -> None:
    messages = {message for _, message in findings(policy(allow(["ecss:RunTask", "ecs:RunTasks"])))}
    assert "unknown service 'ecss', did you mean ecs" in messages
    assert "unknown action 'ecs:RunTasks', did you mean ecs:RunTask" in messages


def test_size_counts_no_whitespace_except_in_scps() -> None:
    statement = policy(allow("ecs:RunTask", ["arn:aws:ecs:*:*:task-definition/a b:*"] * 100))
    text = json.dumps(statement, indent=20)
    assert len(text) > SIZE_LIMITS["identity"]
    size = len(json.dumps(statement, separators=(",", ":")))
    assert size < SIZE_LIMITS["scp"]
    assert "size" not in codes(text)
    assert "size" in codes(text, "scp")
    assert "size" in codes(json.dumps(statement), "trust")


def test_places() -> None:
    text = json.dumps(policy(allow("ecs:RunTask"), allow("ecss:X")), indent=2)
    (found,) = [finding for finding in lint(parse_document(text)) if finding.code == "service"]
    assert found.statement == 1
    assert text.splitlines()[found.line - 1][found.column - 1 :] == "{"
