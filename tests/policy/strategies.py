"""Random policies and requests, dense enough that most statements have something to do with most requests."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

ACCOUNT = "111111111111"
OTHER = "222222222222"
ACTIONS = ("s3:GetObject", "s3:PutObject", "s3:ListBucket", "sqs:SendMessage", "ecs:RunTask")
RESOURCES = (
    "arn:aws:s3:::alpha",
    "arn:aws:s3:::alpha/a.txt",
    "arn:aws:s3:::beta/team/a.txt",
    f"arn:aws:sqs:eu-west-1:{ACCOUNT}:jobs",
    f"arn:aws:ecs:eu-west-1:{ACCOUNT}:task-definition/web:7",
)
PRINCIPALS = (f"arn:aws:iam::{ACCOUNT}:user/ann", f"arn:aws:iam::{ACCOUNT}:role/web")
KEYS = ("aws:username", "aws:PrincipalTag/team", "aws:TagKeys", "aws:SecureTransport", "s3:max-keys")

action_patterns = st.sampled_from(
    (*ACTIONS, "*", "s3:*", "s3:get*", "S3:?utObject", "sqs:Send*", "ecs:Run????", "ec2:*")
)
resource_patterns = st.sampled_from(
    (
        *RESOURCES,
        "*",
        "arn:aws:s3:::alpha/*",
        "arn:aws:s3:::*",
        "arn:aws:s3:::*/team/?.txt",
        "arn:*:s*s:*:*:jobs",
        "arn:aws:sqs:eu-west-?:*:j*b*",
        "arn:aws:s3:::beta/${aws:PrincipalTag/team}/*",
        "arn:aws:s3:::${aws:username}/a.txt",
        "arn:aws:ecs:*:*:task-definition/web:*",
    )
)
words = st.sampled_from(("team", "alpha", "t", "ann", "true", "false", "7"))
patterns = st.sampled_from(
    ("team", "t*", "?nn", "*", "${aws:username}", "x${aws:PrincipalTag/team}", "alpha")
)


def some(values: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """One value, or a list of a few."""
    return st.one_of(values, st.lists(values, min_size=1, max_size=3))


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, Any]:
    block: dict[str, Any] = {}
    for _ in range(draw(st.integers(0, 2))):
        key = draw(st.sampled_from(KEYS))
        kind = draw(st.sampled_from(("String", "Bool", "Numeric", "Null")))
        if kind == "Null":
            operator, value = "Null", draw(st.sampled_from(("true", "false")))
        elif kind == "Bool":
            key, operator, value = "aws:SecureTransport", "Bool", draw(st.sampled_from(("true", "false")))
        elif kind == "Numeric":
            key, operator, value = "s3:max-keys", "NumericLessThan", draw(st.sampled_from(("5", "7", "10.5")))
        else:
            operator = draw(
                st.sampled_from(("StringEquals", "StringNotEquals", "StringLike", "StringNotLike"))
            )
            value = draw(some(patterns if "Like" in operator else words))
            operator = draw(st.sampled_from(("", "", "ForAllValues:", "ForAnyValue:"))) + operator
        if kind != "Null":
            operator += draw(st.sampled_from(("", "", "IfExists")))
        block.setdefault(operator, {})[key] = value
    return block


@st.composite
def statements(
    draw: st.DrawFn, principal: bool = False, effects: tuple[str, ...] = ("Allow", "Allow", "Deny")
) -> Any:
    statement: dict[str, Any] = {"Effect": draw(st.sampled_from(effects))}
    statement[draw(st.sampled_from(("Action", "Action", "Action", "NotAction")))] = draw(
        some(action_patterns)
    )
    element = draw(st.sampled_from(("Resource", "Resource", "Resource", "NotResource")))
    statement[element] = draw(some(resource_patterns))
    condition = draw(conditions())
    if condition:
        statement["Condition"] = condition
    if principal:
        entries = st.sampled_from((*PRINCIPALS, ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", OTHER, "*"))
        statement["Principal"] = {"AWS": draw(some(entries))}
    return statement


@st.composite
def policies(draw: st.DrawFn, principal: bool = False) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": draw(st.lists(statements(principal), min_size=1, max_size=3)),
    }


@st.composite
def contexts(draw: st.DrawFn) -> dict[str, Any]:
    context: dict[str, Any] = {}
    for key in draw(st.sets(st.sampled_from(KEYS))):
        if key == "s3:max-keys":
            context[key] = draw(st.sampled_from(("4", "7", "10")))
        elif key == "aws:SecureTransport":
            context[key] = draw(st.sampled_from(("true", "false")))
        elif key == "aws:TagKeys":
            context[key] = draw(st.lists(words, min_size=1, max_size=3))
        else:
            context[key] = draw(words)
    return context


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    maybe = st.one_of(st.none(), policies())
    return {
        "request": {
            "principal": draw(st.sampled_from(PRINCIPALS)),
            "action": draw(st.sampled_from(ACTIONS)),
            "resource": draw(st.sampled_from(RESOURCES)),
            "resource_account": draw(st.sampled_from((ACCOUNT, ACCOUNT, OTHER))),
            "context": draw(contexts()),
            "wildcard_only_action": False,
        },
        "identity_policies": draw(st.lists(policies(), max_size=3)),
        "resource_policy": draw(st.one_of(st.none(), policies(principal=True))),
        "boundary": draw(st.lists(policies(), max_size=1)),
        "session_policy": draw(maybe),
        "scps": draw(
            st.lists(
                st.fixed_dictionaries({"policies": st.lists(policies(), min_size=1, max_size=2)}), max_size=2
            )
        ),
    }
