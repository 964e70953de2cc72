"""Parsing, positions, rendering. Source: IAM User Guide, "Grammar of the IAM JSON policy language"."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from ecsiam_tui.policy import json_reader
from ecsiam_tui.policy.document import Condition, Principal, parse_document, pretty, render, to_data

GOOD = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}


def test_everything_of_a_document() -> None:
    document = parse_document(
        json.dumps(
            {
                "Version": "2012-10-17",
                "Id": "x",
                "Statement": [
                    {
                        "Sid": "One",
                        "Effect": "Deny",
                        "Principal": {"AWS": ["1", "2"], "Service": "ecs.amazonaws.com"},
                        "NotAction": ["s3:Get*"],
                        "NotResource": "arn:aws:s3:::b/*",
                        "Condition": {
                            "Bool": {"aws:SecureTransport": False},
                            "NumericEquals": {"a:b": [1, 2.5]},
                        },
                    }
                ],
            }
        )
    )
    assert document.problems == ()
    assert (document.version, document.id) == ("2012-10-17", "x")
    (statement,) = document.statements
    assert (statement.sid, statement.effect, statement.label) == ("One", "Deny", "One")
    assert (statement.actions, statement.not_actions) == ((), ("s3:Get*",))
    assert (statement.resources, statement.not_resources) == ((), ("arn:aws:s3:::b/*",))
    assert statement.principals == (
        Principal("AWS", "1"),
        Principal("AWS", "2"),
        Principal("Service", "ecs.amazonaws.com"),
    )
    assert statement.conditions == (
        Condition("Bool", "aws:SecureTransport", ("false",)),
        Condition("NumericEquals", "a:b", ("1", "2.5")),
    )
    assert to_data(parse_document(render(document))) == to_data(document)


def test_one_statement_needs_no_list() -> None:
    assert parse_document(json.dumps({"Statement": GOOD})).statements[0].actions == ("s3:*",)


@pytest.mark.parametrize(
    ("text", "line", "column", "expected"),
    [
        ("", 1, 1, "found nothing"),
        ("{", 1, 2, "a name in double quotes"),
        ('{"a" 1}', 1, 6, "':' after"),
        ('{"a": 1,}', 1, 9, "another entry"),
        ('{"a": 1 "b": 2}', 1, 9, "',' or '}'"),
        ("{'a': 1}", 1, 2, "a name in double quotes"),
        ('{"a":\n NaN}', 2, 2, "NaN is not JSON"),
        ('{"a": -Infinity}', 1, 7, "-Infinity is not JSON"),
        ('{"a": tru}', 1, 7, "found tru"),
        ('{"a": "b', 1, 7, "no closing quote"),
        ('{"a": "b\nc"}', 1, 9, "line break"),
        ('{"a": "\\x"}', 1, 8, "escape"),
        ("{} {}", 1, 4, "the end of the document"),
        ("[" * 10_000, 1, 65, "nested deeper than 64 levels"),
        ('{"a":' * 10_000, 1, 321, "nested deeper than 64 levels"),
    ],
)
def test_text_that_is_not_json(text: str, line: int, column: int, expected: str) -> None:
    document = parse_document(text)
    assert document.statements == ()
    (problem,) = document.problems
    assert (problem.line, problem.column) == (line, column)
    assert expected in problem.expected
    assert problem.mend


@pytest.mark.parametrize(
    ("statement", "where", "expected"),
    [
        (5, "Statement[1]", "expected a statement object, found a number"),
        ({"Action": "x"}, "Statement[1].Effect", 'expected "Allow" or "Deny"'),
        (GOOD | {"Effect": "allow"}, "Statement[1].Effect", "found 'allow'"),
        ({"Effect": "Allow", "Resource": "*"}, "Statement[1]", "expected Action or NotAction"),
        (GOOD | {"NotAction": "x"}, "Statement[1].NotAction", "expected Action or NotAction, found both"),
        (GOOD | {"Action": []}, "Statement[1].Action", "an empty list"),
        (GOOD | {"Action": [1]}, "Statement[1].Action", "something else than strings"),
        (GOOD | {"Resource": {}}, "Statement[1].Resource", "found an object"),
        (GOOD | {"Principal": {"Aws": "x"}}, "Statement[1].Principal.Aws", "unknown element 'Aws'"),
        (GOOD | {"Principal": []}, "Statement[1].Principal", 'expected "*" or an object'),
        (GOOD | {"Condition": {"Bool": "x"}}, "Statement[1].Condition.Bool", "expected an object of keys"),
        (GOOD | {"Condition": {"Bool": {"k": [None]}}}, "Statement[1].Condition.Bool.k", "expected strings"),
    ],
)
def test_a_bad_statement_is_left_out_and_named(statement: Any, where: str, expected: str) -> None:
    text = json.dumps({"Version": "2012-10-17", "Statement": [GOOD, statement, GOOD]}, indent=1)
    document = parse_document(text)
    assert [kept.index for kept in document.statements] == [0, 2]
    (problem,) = document.problems
    assert (problem.statement, problem.where) == (1, where)
    assert expected in problem.expected
    line = text.splitlines()[problem.line - 1]
    assert line[problem.column - 1 :].strip()
    assert str(problem).startswith(f"line {problem.line}, column {problem.column}: {where}: ")


@pytest.mark.parametrize(
    ("data", "where"),
    [
        ({"Statement": [GOOD], "Version": "2020-01-01"}, "Version"),
        ({"Statement": [GOOD], "version": "2012-10-17"}, "version"),
        ({"Statement": [GOOD | {"Resources": "*"}]}, "Statement[0].Resources"),
    ],
)
def test_what_costs_no_statement(data: Any, where: str) -> None:
    document = parse_document(json.dumps(data))
    assert len(document.statements) == 1
    (problem,) = document.problems
    assert (problem.where, problem.statement) == (where, None)


@pytest.mark.parametrize("text", ["5", "[]", "null", '"x"', "{}", '{"Statement": null}'])
def test_json_that_is_no_policy(text: str) -> None:
    document = parse_document(text)
    assert document.statements == ()
    assert document.problems


def test_lines_of_statements_as_written() -> None:
    text = "\n".join(
        (
            '{"Version": "2012-10-17",',
            ' "Statement": [',
            '  {"Effect": "Allow", "Action": "a:b", "Resource": "*"},',
            "  {",
            '   "Effect": "Deny",',
            '   "Action": "a:c", "Resource": "*"',
            "  }",
            "]}",
        )
    )
    first, second = parse_document(text).statements
    assert (first.lines, second.lines) == ((3, 3), (4, 7))


def test_lines_of_a_single_line_are_those_of_its_display() -> None:
    document = parse_document(json.dumps({"Version": "2012-10-17", "Statement": [GOOD, GOOD]}))
    shown = document.display_text.splitlines()
    first, last = document.statements[1].lines
    assert json.loads("\n".join(shown[first - 1 : last])) == GOOD
    assert json.loads(document.display_text) == json.loads(document.text)


def test_pretty_keeps_what_was_written() -> None:
    assert pretty('{"a": 1.50, "a": [], "b": {}}') == '{\n  "a": 1.50,\n  "a": [],\n  "b": {}\n}'
    assert pretty("{\n}") == "{\n}"
    assert pretty("no json") == "no json"


def test_duplicates_are_found() -> None:
    root = json_reader.read('{"a": {"b": 1, "b": 2}, "c": 1, "a": 3}')
    assert [key for _, key in json_reader.duplicate_keys(root)] == ["b", "a"]


def test_the_reader_agrees_with_the_decoder() -> None:
    text = '{"a": [1, -2.5e3, "\\u00e9\\n", true, null], "b": {"c": []}}'

    def plain(node: json_reader.Node) -> Any:
        if node.kind == "object":
            return {key: plain(child) for key, _, child in node.items}
        return [plain(child) for _, _, child in node.items] if node.kind == "array" else node.value

    root = json_reader.read(text)
    assert plain(root) == json.loads(text)
    assert json.loads(text[root.at(("b", "c")).start : root.at(("b", "c")).end]) == []


def test_equal_statements_are_equal_wherever_they_stand() -> None:
    one = parse_document(json.dumps({"Statement": [GOOD]})).statements[0]
    other = parse_document(json.dumps({"Statement": [GOOD]}, indent=3)).statements[0]
    assert one == other
    assert hash(one) == hash(other)


def test_five_megabytes() -> None:
    statement = json.dumps(GOOD | {"Resource": ["arn:aws:s3:::bucket/key*"] * 20})
    text = '{"Version":"2012-10-17","Statement":[' + ",".join([statement] * 8500) + "]}"
    assert len(text) > 5_000_000
    start = time.perf_counter()
    document = parse_document(text)
    assert len(document.statements) == 8500
    assert time.perf_counter() - start < 3
    start = time.perf_counter()
    first, last = document.statements[-1].lines
    assert last > first > 100_000
    assert time.perf_counter() - start < 20
