"""Condition operators, one row a rule.

Sources: IAM User Guide, (O) "IAM JSON policy elements: Condition operators", (M) "Multivalued context keys"
and "Set operators for multivalued context keys", (V) "IAM policy elements: Variables and tags", (V10) "IAM
JSON policy elements: Version"."""

from __future__ import annotations

from typing import Any

import pytest

from ecsiam_tui.policy.conditions import OPERATORS, parse_operator
from tests.policy.tables import allow, ask

Row = tuple[str, dict[str, Any], dict[str, Any], bool]

STRING: list[Row] = [
    ("O: exact, case counts", {"StringEquals": {"aws:username": "Ann"}}, {"aws:username": "Ann"}, True),
    ("O: exact, case counts", {"StringEquals": {"aws:username": "ann"}}, {"aws:username": "Ann"}, False),
    ("O: one of several values", {"StringEquals": {"aws:username": ["a", "b"]}}, {"aws:username": "b"}, True),
    ("O: no wildcards", {"StringEquals": {"aws:username": "a*"}}, {"aws:username": "ab"}, False),
    (
        "O: none of several values",
        {"StringNotEquals": {"aws:username": ["a", "b"]}},
        {"aws:username": "b"},
        False,
    ),
    (
        "O: none of several values",
        {"StringNotEquals": {"aws:username": ["a", "b"]}},
        {"aws:username": "c"},
        True,
    ),
    ("O: case ignored", {"StringEqualsIgnoreCase": {"aws:username": "ANN"}}, {"aws:username": "Ann"}, True),
    (
        "O: case ignored",
        {"StringNotEqualsIgnoreCase": {"aws:username": "ANN"}},
        {"aws:username": "Ann"},
        False,
    ),
    ("O: wildcards anywhere", {"StringLike": {"s3:prefix": "h*me/?nn/*"}}, {"s3:prefix": "home/ann/"}, True),
    ("O: Like counts case", {"StringLike": {"s3:prefix": "Home*"}}, {"s3:prefix": "home"}, False),
    ("O: empty value", {"StringLike": {"s3:prefix": ["", "home/"]}}, {"s3:prefix": ""}, True),
    ("O: negated Like", {"StringNotLike": {"s3:prefix": "home/*"}}, {"s3:prefix": "home/x"}, False),
    ("O: keys ignore case", {"StringEquals": {"AWS:UserName": "ann"}}, {"aws:username": "ann"}, True),
    (
        "O: tag keys ignore case",
        {"StringEquals": {"aws:PrincipalTag/Team": "a"}},
        {"aws:principaltag/team": "a"},
        True,
    ),
    ("O: absent key, plain", {"StringEquals": {"aws:username": "ann"}}, {}, False),
    ("O: absent key, negated", {"StringNotEquals": {"aws:username": "ann"}}, {}, True),
    ("O: absent key, negated", {"StringNotLike": {"aws:username": "a*"}}, {}, True),
    ("O: booleans and numbers are texts", {"StringEquals": {"s3:max-keys": 7}}, {"s3:max-keys": "7"}, True),
]
NUMERIC: list[Row] = [
    ("O: equal", {"NumericEquals": {"s3:max-keys": "10"}}, {"s3:max-keys": "10"}, True),
    ("O: decimal", {"NumericEquals": {"s3:max-keys": "10.0"}}, {"s3:max-keys": 10}, True),
    ("O: not equal", {"NumericNotEquals": {"s3:max-keys": "10"}}, {"s3:max-keys": "11"}, True),
    ("O: absent, negated", {"NumericNotEquals": {"s3:max-keys": "10"}}, {}, True),
    ("O: less", {"NumericLessThan": {"s3:max-keys": "10"}}, {"s3:max-keys": "9"}, True),
    ("O: not as text", {"NumericLessThan": {"s3:max-keys": "10"}}, {"s3:max-keys": "9.5"}, True),
    ("O: less or equal", {"NumericLessThanEquals": {"s3:max-keys": "10"}}, {"s3:max-keys": "10"}, True),
    ("O: greater", {"NumericGreaterThan": {"s3:max-keys": "10"}}, {"s3:max-keys": "10"}, False),
    ("O: greater or equal", {"NumericGreaterThanEquals": {"s3:max-keys": "10"}}, {"s3:max-keys": "10"}, True),
    ("O: no number", {"NumericLessThan": {"s3:max-keys": "10"}}, {"s3:max-keys": "few"}, False),
    ("O: beyond floats", {"NumericLessThan": {"k": "9007199254740993"}}, {"k": "9007199254740992"}, True),
]
_NOW = {"aws:CurrentTime": "2026-03-01T12:00:00Z", "aws:EpochTime": "1772366400"}
DATE: list[Row] = [
    ("O: before", {"DateLessThan": {"aws:CurrentTime": "2026-03-01T12:00:01Z"}}, _NOW, True),
    ("O: at", {"DateLessThanEquals": {"aws:CurrentTime": "2026-03-01T12:00:00Z"}}, _NOW, True),
    ("O: after", {"DateGreaterThan": {"aws:CurrentTime": "2026-03-01T12:00:00Z"}}, _NOW, False),
    ("O: day alone", {"DateGreaterThan": {"aws:CurrentTime": "2026-03-01"}}, _NOW, True),
    ("W3C: year alone", {"DateGreaterThan": {"aws:CurrentTime": "2026"}}, _NOW, True),
    ("W3C: year and month", {"DateLessThan": {"aws:CurrentTime": "2026-04"}}, _NOW, True),
    ("W3C: zone", {"DateEquals": {"aws:CurrentTime": "2026-03-01T13:00:00+01:00"}}, _NOW, True),
    ("W3C: fraction", {"DateLessThan": {"aws:CurrentTime": "2026-03-01T12:00:00.5Z"}}, _NOW, True),
    ("W3C: minutes", {"DateEquals": {"aws:CurrentTime": "2026-03-01T12:00Z"}}, _NOW, True),
    ("O: epoch seconds", {"DateEquals": {"aws:CurrentTime": "1772366400"}}, _NOW, True),
    ("O: epoch seconds, both", {"DateGreaterThan": {"aws:EpochTime": "1772366399"}}, _NOW, True),
    ("O: epoch is not milliseconds", {"DateGreaterThan": {"aws:CurrentTime": "1772366400000"}}, _NOW, False),
    ("O: epoch against ISO", {"DateEquals": {"aws:EpochTime": "2026-03-01T12:00:00Z"}}, _NOW, True),
    ("O: not equal", {"DateNotEquals": {"aws:CurrentTime": "2026-03-01"}}, _NOW, True),
    ("O: no date", {"DateLessThan": {"aws:CurrentTime": "soon"}}, _NOW, False),
]
OTHERS: list[Row] = [
    ("O: Bool", {"Bool": {"aws:SecureTransport": "true"}}, {"aws:SecureTransport": "true"}, True),
    ("O: Bool, JSON boolean", {"Bool": {"aws:SecureTransport": True}}, {"aws:SecureTransport": True}, True),
    ("O: Bool, any case", {"Bool": {"aws:SecureTransport": "True"}}, {"aws:SecureTransport": "TRUE"}, True),
    ("O: Bool, absent", {"Bool": {"aws:MultiFactorAuthPresent": "false"}}, {}, False),
    (
        "O: BinaryEquals",
        {"BinaryEquals": {"k": "QmluYXJ5VmFsdWVJbkJhc2U2NA=="}},
        {"k": "BinaryValueInBase64"},
        True,
    ),
    ("O: BinaryEquals", {"BinaryEquals": {"k": "QQ=="}}, {"k": "B"}, False),
    ("O: in range", {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, {"aws:SourceIp": "203.0.113.9"}, True),
    (
        "O: out of range",
        {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
        {"aws:SourceIp": "203.0.114.9"},
        False,
    ),
    ("O: one address", {"IpAddress": {"aws:SourceIp": "203.0.113.9"}}, {"aws:SourceIp": "203.0.113.9"}, True),
    (
        "O: IPv6",
        {"IpAddress": {"aws:SourceIp": "2001:DB8:1234:5678::/64"}},
        {"aws:SourceIp": "2001:db8:1234:5678::1"},
        True,
    ),
    (
        "O: mixed",
        {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "2001:DB8::/32"]}},
        {"aws:SourceIp": "2001:db8::1"},
        True,
    ),
    (
        "O: negated",
        {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
        {"aws:SourceIp": "203.0.113.9"},
        False,
    ),
    ("O: negated, absent", {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, {}, True),
    ("O: Null true", {"Null": {"aws:TokenIssueTime": "true"}}, {}, True),
    ("O: Null true", {"Null": {"aws:TokenIssueTime": "true"}}, {"aws:TokenIssueTime": "2026-01-01"}, False),
    ("O: Null false", {"Null": {"aws:TokenIssueTime": "false"}}, {"aws:TokenIssueTime": "2026-01-01"}, True),
    ("M: Null, empty values", {"Null": {"aws:TagKeys": "false"}}, {"aws:TagKeys": ""}, False),
    ("O: Null, an empty tag", {"Null": {"aws:PrincipalTag/a": "false"}}, {"aws:PrincipalTag/a": ""}, True),
    ("O: Null takes no IfExists", {"NullIfExists": {"aws:TokenIssueTime": "true"}}, {}, False),
    ("O: unknown operator", {"StringIsh": {"aws:username": "ann"}}, {"aws:username": "ann"}, False),
    ("O: IfExists, absent", {"StringEqualsIfExists": {"ec2:InstanceType": "t2.*"}}, {}, True),
    (
        "O: IfExists, there",
        {"StringLikeIfExists": {"ec2:InstanceType": "t2.*"}},
        {"ec2:InstanceType": "m3.x"},
        False,
    ),
    ("O: IfExists, negated", {"StringNotEqualsIfExists": {"aws:username": "a"}}, {}, True),
    ("O: all keys must hold", {"StringEquals": {"a:b": "1", "c:d": "2"}}, {"a:b": "1"}, False),
    (
        "O: all operators must hold",
        {"StringEquals": {"a:b": "1"}, "Null": {"c:d": "false"}},
        {"a:b": "1"},
        False,
    ),
]
_PATTERN = "arn:aws:someservice:*:111122223333:finance/*"
_TRICKY = "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt"
ARN: list[Row] = [
    (
        "O: ArnLike is Like",
        {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:1*:t"}},
        {"aws:SourceArn": "arn:aws:sns:r:12:t"},
        True,
    ),
    (
        "O: ArnEquals takes wildcards",
        {"ArnEquals": {"aws:SourceArn": "arn:aws:sns:?:1:*"}},
        {"aws:SourceArn": "arn:aws:sns:r:1:t"},
        True,
    ),
    ("O: each part separately", {"ArnLike": {"aws:SourceArn": _PATTERN}}, {"aws:SourceArn": _TRICKY}, False),
    ("O: unlike StringLike", {"StringLike": {"aws:SourceArn": _PATTERN}}, {"aws:SourceArn": _TRICKY}, True),
    (
        "O: case counts",
        {"ArnLike": {"aws:SourceArn": "arn:aws:sns:r:1:T"}},
        {"aws:SourceArn": "arn:aws:sns:r:1:t"},
        False,
    ),
    (
        "O: negated",
        {"ArnNotLike": {"aws:SourceArn": "arn:aws:sns:r:1:*"}},
        {"aws:SourceArn": "arn:aws:sns:r:1:t"},
        False,
    ),
    ("O: negated, absent", {"ArnNotEquals": {"aws:SourceArn": "arn:aws:sns:r:1:*"}}, {}, True),
    ("any ARN", {"ArnLike": {"aws:SourceArn": "*"}}, {"aws:SourceArn": "arn:aws:sns:r:1:t"}, True),
]
_TAGS = {"aws:TagKeys": ["team", "env"]}
SETS: list[Row] = [
    (
        "M: every value in the list",
        {"ForAllValues:StringEquals": {"aws:TagKeys": ["team", "env", "x"]}},
        _TAGS,
        True,
    ),
    ("M: one value outside", {"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}, _TAGS, False),
    ("M: ForAllValues without the key", {"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}, {}, True),
    (
        "M: ForAllValues, empty set",
        {"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}},
        {"aws:TagKeys": []},
        True,
    ),
    (
        "M: ForAllValues, empty text",
        {"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}},
        {"aws:TagKeys": ""},
        True,
    ),
    ("M: any value", {"ForAnyValue:StringEquals": {"aws:TagKeys": ["env"]}}, _TAGS, True),
    ("M: no value", {"ForAnyValue:StringLike": {"aws:TagKeys": ["x*"]}}, _TAGS, False),
    ("M: ForAnyValue without the key", {"ForAnyValue:StringEquals": {"aws:TagKeys": ["env"]}}, {}, False),
    (
        "M: ForAnyValue negated without the key",
        {"ForAnyValue:StringNotEquals": {"aws:TagKeys": ["env"]}},
        {},
        False,
    ),
    (
        "M: ForAnyValue, empty text",
        {"ForAnyValue:StringLike": {"aws:TagKeys": ["*"]}},
        {"aws:TagKeys": ""},
        False,
    ),
    (
        "M: some value is none of these",
        {"ForAnyValue:StringNotEquals": {"aws:TagKeys": ["env"]}},
        _TAGS,
        True,
    ),
    ("M: no value is one of these", {"ForAllValues:StringNotEquals": {"aws:TagKeys": ["env"]}}, _TAGS, False),
    (
        "M: a single value is a set of one",
        {"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}},
        {"aws:TagKeys": "team"},
        True,
    ),
    (
        "M: ForAnyValue with IfExists",
        {"ForAnyValue:StringEqualsIfExists": {"aws:TagKeys": ["env"]}},
        {},
        True,
    ),
]
_ANN = {"aws:username": "ann", "aws:PrincipalTag/team": "blue*"}
VARIABLES: list[Row] = [
    (
        "V: value of a key",
        {"StringLike": {"s3:prefix": "home/${aws:username}/*"}},
        _ANN | {"s3:prefix": "home/ann/x"},
        True,
    ),
    ("V: names ignore case", {"StringEquals": {"k": "${AWS:UserName}"}}, _ANN | {"k": "ann"}, True),
    ("V: beside text", {"StringEquals": {"k": "x-${aws:username}-y"}}, _ANN | {"k": "x-ann-y"}, True),
    ("V: tags", {"StringEquals": {"k": "${aws:PrincipalTag/team}"}}, _ANN | {"k": "blue*"}, True),
    (
        "V: their wildcards are characters",
        {"StringLike": {"k": "${aws:PrincipalTag/team}"}},
        _ANN | {"k": "bluer"},
        False,
    ),
    ("V: unset matches nothing", {"StringEquals": {"k": "x${aws:userid}"}}, _ANN | {"k": "x"}, False),
    ("O: unset, negated", {"StringNotEquals": {"k": "x${aws:userid}"}}, _ANN | {"k": "x"}, True),
    ("V: unset, another value", {"StringEquals": {"k": ["${aws:userid}", "x"]}}, _ANN | {"k": "x"}, True),
    ("V: default", {"StringEquals": {"k": "${aws:userid, 'anonymous'}"}}, _ANN | {"k": "anonymous"}, True),
    (
        "V: default not needed",
        {"StringEquals": {"k": "${aws:username, 'anonymous'}"}},
        _ANN | {"k": "anonymous"},
        False,
    ),
    ("V: ${*}", {"StringLike": {"k": "a${*}"}}, {"k": "a*"}, True),
    ("V: ${*}", {"StringLike": {"k": "a${*}"}}, {"k": "ab"}, False),
    ("V: ${?}", {"StringLike": {"k": "a${?}"}}, {"k": "ab"}, False),
    ("V: ${$}", {"StringEquals": {"k": "${$}5"}}, {"k": "$5"}, True),
    (
        "V: in ARN operators",
        {"ArnLike": {"k": "arn:aws:iam::1:user/${aws:username}"}},
        _ANN | {"k": "arn:aws:iam::1:user/ann"},
        True,
    ),
    ("V: in Bool", {"Bool": {"k": "${x:y}"}}, {"x:y": "true", "k": "true"}, True),
    (
        "V: several values are no variable",
        {"StringEquals": {"k": "${aws:TagKeys}"}},
        _TAGS | {"k": "team"},
        False,
    ),
]


@pytest.mark.parametrize(
    ("rule", "condition", "context", "holds"),
    [*STRING, *NUMERIC, *DATE, *OTHERS, *ARN, *SETS, *VARIABLES],
)
def test_operator(rule: str, condition: dict[str, Any], context: dict[str, Any], holds: bool) -> None:
    assert ask(allow(Condition=condition), context=context).allowed is holds, rule


@pytest.mark.parametrize("version", [None, "2008-10-17"])
def test_variables_are_text_in_older_versions(version: str | None) -> None:
    """V10: "variables such as ${aws:username} aren't recognized as variables and are instead treated as
    literal strings in the policy"."""
    condition = {"StringEquals": {"k": "${aws:username}"}}
    ann = {"aws:username": "ann", "k": "ann"}
    assert not ask(allow(Condition=condition), context=ann, version=version).allowed
    literal = {"aws:username": "ann", "k": "${aws:username}"}
    assert ask(allow(Condition=condition), context=literal, version=version).allowed
    assert (
        ask(allow(resource="arn:aws:s3:::${aws:username}/x"), version=version).outcome == "ImplicitlyDenied"
    )


def test_every_operator_has_a_negation_or_none() -> None:
    """O: the table of operators."""
    assert len(OPERATORS) == 27
    assert {name for name, operator in OPERATORS.items() if operator.negated} == {
        "stringnotequals",
        "stringnotequalsignorecase",
        "stringnotlike",
        "numericnotequals",
        "datenotequals",
        "notipaddress",
        "arnnotequals",
        "arnnotlike",
    }


@pytest.mark.parametrize("text", ["ForSomeValues:StringEquals", "StringEquals:ForAnyValue", "", "IfExists"])
def test_what_is_no_operator(text: str) -> None:
    assert parse_operator(text).operator is None


@pytest.mark.parametrize(
    ("condition", "context", "outcome"),
    [
        ({"StringEquals": {"aws:username": "ann"}}, {}, "Depends"),
        ({"StringEquals": {"aws:username": "ann"}}, {"aws:username": "bob"}, "ImplicitlyDenied"),
        ({"Null": {"aws:username": "true"}}, {}, "Depends"),
        ({"StringEquals": {"k": "${aws:username}"}}, {"k": "x"}, "Depends"),
        ({"StringEquals": {"k": ["x", "${aws:username}"]}}, {"k": "x"}, "Allowed"),
        ({"StringEqualsIfExists": {"aws:username": "ann"}}, {}, "Depends"),
        ({"StringEquals": {"k": "a${aws:username}"}}, {"k": "b"}, "ImplicitlyDenied"),
        ({"StringLike": {"k": "a/${aws:username}/*"}}, {"k": "a/b"}, "ImplicitlyDenied"),
        ({"StringLike": {"k": "a/${aws:username}/*"}}, {"k": "a/b/c"}, "Depends"),
        (
            {"StringEquals": {"aws:username": "ann"}, "Bool": {"k": "true"}},
            {"k": "false"},
            "ImplicitlyDenied",
        ),
    ],
)
def test_open_keys_are_a_third_truth_value(condition: Any, context: Any, outcome: str) -> None:
    decision = ask(allow(Condition=condition), context=context, mode="possible")
    assert decision.outcome == outcome
    assert decision.missing_context == (("aws:username",) if outcome == "Depends" else ())
