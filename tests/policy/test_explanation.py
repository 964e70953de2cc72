"""Explanations: deciding statements, near misses, the missing piece, AWS's own words."""

from __future__ import annotations

from typing import Any

import pytest

from ecsiam_tui.policy.document import Condition
from ecsiam_tui.policy.messages import condition_words
from tests.policy.tables import ACCOUNT, OBJECT, OTHER, ROLE, USER, allow, ask, deny, policy

EC2 = policy(allow("ec2:*"))
HEAD = f"User: {USER} is not authorized to perform: s3:GetObject on resource: {OBJECT}"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "because no identity-based policy allows the s3:GetObject action"),
        ({"boundary": EC2}, "because no permissions boundary allows the s3:GetObject action"),
        ({"session": EC2}, "because no session policy allows the s3:GetObject action"),
        ({"scps": [EC2]}, "because no service control policy allows the s3:GetObject action"),
        ({"owner": OTHER}, "because no resource-based policy allows the s3:GetObject action"),
        ({"endpoint": EC2}, "because no VPC endpoint policy allows the s3:GetObject action"),
        ({"deny": 1}, "with an explicit deny in an identity-based policy"),
        ({"boundary": policy(deny())}, "with an explicit deny in a permissions boundary"),
        ({"scps": [policy(deny())]}, "with an explicit deny in a service control policy"),
        ({"rcps": [policy(deny(Principal="*"))]}, "with an explicit deny in a resource control policy"),
        ({"own": policy(deny(Principal="*"))}, "with an explicit deny in a resource-based policy"),
        ({"scps": [EC2], "boundary": policy(deny())}, "with an explicit deny in a permissions boundary"),
    ],
)
def test_the_error_that_aws_shows(given: dict[str, Any], message: str) -> None:
    """IAM User Guide, "Troubleshoot access denied error messages"."""
    identity = [] if not given else [allow()]
    if given.pop("deny", None):
        identity.append(deny())
    assert ask(*identity, **given).explain().aws_message == f"{HEAD} {message}"


def test_a_role_is_named_by_its_session() -> None:
    message = ask(principal=ROLE).explain().aws_message
    assert message.startswith(f"User: arn:aws:sts::{ACCOUNT}:assumed-role/web/<session> is not authorized")


def test_no_error_for_what_is_allowed() -> None:
    explained = ask(allow(Sid="Everything")).explain()
    assert explained.aws_message == ""
    assert explained.sentence == f"s3:GetObject on {OBJECT} is allowed by identity-0 Everything (lines 4–9)."
    (layer,) = explained.layers
    assert (layer.layer, layer.says) == ("identity", "allows")
    (match,) = layer.matches
    assert (match.statement.index, match.statement.lines, match.statement.effect) == (0, (4, 9), "Allow")


@pytest.mark.parametrize(
    ("statement", "context", "text"),
    [
        (
            allow(Condition={"StringEquals": {"aws:ResourceTag/env": "prod"}}),
            {"aws:ResourceTag/env": "dev"},
            "aws:ResourceTag/env is `dev`, needs `prod`",
        ),
        (
            allow(Condition={"StringEquals": {"aws:PrincipalTag/team": ["a", "b"]}}),
            {},
            "aws:PrincipalTag/team is not in the request, needs `a` or `b`",
        ),
        (
            allow(Condition={"StringNotLike": {"aws:username": "a*"}}),
            {"aws:username": "ann"},
            "aws:username is `ann`, needs anything but a match of `a*`",
        ),
        (
            allow(Condition={"NumericLessThanEquals": {"s3:max-keys": "10"}}),
            {"s3:max-keys": "11"},
            "s3:max-keys is `11`, needs at most `10`",
        ),
        (allow(Condition={"Null": {"aws:username": "false"}}), {}, "aws:username must be present"),
        (
            allow(resource="arn:aws:s3:::other/*"),
            {},
            f"its Resource (`arn:aws:s3:::other/*`) does not cover `{OBJECT}`",
        ),
        (allow("s3:ListBucket"), {}, "its Action (`s3:ListBucket`) does not cover `s3:GetObject`"),
    ],
)
def test_near_misses(statement: dict[str, Any], context: dict[str, Any], text: str) -> None:
    explained = ask(statement, context=context).explain()
    (miss,) = explained.near_misses
    assert miss.text.endswith(f" would allow, but {text}")
    assert explained.sentence.endswith(f"{miss.text}.")


def test_the_nearest_miss_comes_first() -> None:
    far = allow(resource="arn:aws:s3:::other", Condition={"Bool": {"aws:SecureTransport": "true"}})
    near = allow(Condition={"Bool": {"aws:SecureTransport": "true"}})
    misses = ask(far, near).explain().near_misses
    assert [len(miss.failed) for miss in misses] == [1, 2]


def test_a_near_miss_of_the_principal() -> None:
    own = policy(allow(Principal={"AWS": ROLE}))
    (miss,) = ask(own=own).explain().near_misses
    assert miss.failed[0].text == f"its Principal (`{ROLE}`) is not for `{USER}`"


def test_a_deny_is_named() -> None:
    explained = ask(allow(), deny("s3:*", Sid="NoS3")).explain()
    assert explained.sentence == (
        f"s3:GetObject on {OBJECT} is denied by the identity-based policy: identity-0 NoS3 (lines 9–14)."
    )


def test_what_it_depends_on() -> None:
    statement = allow(Condition={"StringEquals": {"aws:RequestTag/env": "prod", "aws:username": "ann"}})
    explained = ask(statement, context={"aws:username": "ann"}, mode="possible").explain()
    assert explained.sentence == f"s3:GetObject on {OBJECT} depends on aws:RequestTag/env being `prod`."
    (needed,) = explained.depends_on
    assert (needed.key, needed.needs, needed.operator) == ("aws:RequestTag/env", ("prod",), "StringEquals")


def test_what_a_variable_stands_for() -> None:
    statement = allow(resource="arn:aws:s3:::data/${aws:username}.txt")
    explained = ask(statement, mode="possible").explain()
    assert "what the variables of its Resource" in explained.sentence


def test_layers_that_do_not_apply_say_why() -> None:
    own = policy(allow(Principal="*"))
    explained = ask(principal="*", own=own, scps=[policy(deny())], owner=ACCOUNT).explain()
    notes = {layer.layer: (layer.says, layer.note) for layer in explained.layers}
    assert notes["scp"][0] == notes["identity"][0] == "not applied"
    assert "SCPs limit" in notes["scp"][1]
    assert notes["resource"][0] == "allows"


def test_dependent_actions() -> None:
    assert ask(allow(), action="ecs:RunTask", resource="*").explain().dependent_actions == ("iam:PassRole",)


def test_the_missing_resource_policy_is_named() -> None:
    explained = ask(allow(), owner=OTHER).explain()
    assert f"the resource is in account {OTHER}" in explained.sentence
    key = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"
    assert "the key policy must allow" in ask(allow(), action="kms:Decrypt", resource=key).explain().sentence


@pytest.mark.parametrize(
    ("operator", "values", "words"),
    [
        ("StringEquals", ("prod",), "k = prod"),
        ("StringEquals", ("a", "b"), "k in (a, b)"),
        ("StringNotEquals", ("a", "b"), "k not in (a, b)"),
        ("StringNotEqualsIfExists", ("a",), "k ≠ a (or not set)"),
        ("StringLike", ("a*",), "k like a*"),
        ("ArnNotLike", ("arn:*",), "k not like arn:*"),
        ("ForAnyValue:StringEquals", ("a",), "any k = a"),
        ("ForAllValues:StringLike", ("a*", "b*"), "every k like (a*, b*)"),
        ("Null", ("true",), "k is not set"),
        ("Null", ("false",), "k is set"),
        ("NumericLessThanEquals", ("10",), "k ≤ 10"),
        ("DateGreaterThan", ("2030-01-01",), "k > 2030-01-01"),
        ("NotIpAddress", ("10.0.0.0/8",), "k not in 10.0.0.0/8"),
        ("Bool", ("true",), "k = true"),
        ("StringEquals", ("a", "b", "c", "d", "e", "f"), "k in (a, b, c, d, … 2 more)"),
        ("Resembles", ("a",), "k Resembles a"),
    ],
)
def test_conditions_in_few_words(operator: str, values: tuple[str, ...], words: str) -> None:
    assert condition_words(Condition(operator, "k", values)) == words
