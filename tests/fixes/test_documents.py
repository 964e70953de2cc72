"""Edits of policy documents: what is not touched stays as it is."""

import json
from typing import Any

import pytest

from ecsiam_tui.fixes import documents

ONE = {"Sid": "A", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
TWO = {"Effect": "Deny", "Action": "*", "Resource": "*"}


def test_order_version_and_sids_stay() -> None:
    text = json.dumps({"Id": "x", "Version": "2008-10-17", "Statement": [TWO, ONE]})
    there = documents.added(documents.load(text), [{**ONE, "Action": "s3:PutObject"}])
    assert list(there) == ["Id", "Version", "Statement"]
    assert there["Version"] == "2008-10-17"
    assert there["Statement"][:2] == [TWO, ONE]
    assert there["Statement"][2]["Sid"] == "A2"


def test_what_is_there_is_not_added_again() -> None:
    document = documents.of(ONE)
    assert documents.added(document, [{**ONE, "Sid": "Other"}]) == document


def test_a_single_statement_becomes_a_list() -> None:
    document = documents.load(json.dumps({"Version": "2012-10-17", "Statement": ONE}))
    assert documents.added(document, [TWO])["Statement"] == [ONE, TWO]
    assert documents.replace(document, 0, lambda one: [])["Statement"] == []


@pytest.mark.parametrize(
    ("principal", "kind", "gone", "left"),
    [
        ("*", "AWS", ["*"], None),
        ("*", "AWS", ["x"], "*"),
        ({"AWS": "x"}, "AWS", ["x"], None),
        ({"AWS": ["x", "y"]}, "AWS", ["x"], {"AWS": "y"}),
        ({"AWS": ["x", "y", "z"]}, "AWS", ["x"], {"AWS": ["y", "z"]}),
        ({"AWS": "x", "Service": "s"}, "AWS", ["x"], {"Service": "s"}),
        ({"Service": ["s"]}, "AWS", ["x"], {"Service": ["s"]}),
    ],
)
def test_principals_are_taken_out(principal: Any, kind: str, gone: list[str], left: Any) -> None:
    found = documents.without_principals({"Effect": "Allow", "Principal": principal}, kind, gone)
    assert [one["Principal"] for one in found] == ([] if left is None else [left])


def test_a_condition_is_added_beside_others_and_replaces_its_own() -> None:
    tests = {"StringEquals": {"AWS:SourceAccount": "1", "aws:x": "2"}, "Bool": {"y": "true"}}
    found = documents.with_condition({"Condition": tests}, "StringEquals", "aws:SourceAccount", "3")
    assert found["Condition"] == {
        "StringEquals": {"aws:x": "2", "aws:SourceAccount": "3"},
        "Bool": {"y": "true"},
    }
    assert tests["StringEquals"]["AWS:SourceAccount"] == "1"


@pytest.mark.parametrize(
    ("name", "taken", "found"),
    [
        ("a", [], "a"),
        ("a", ["A"], "a2"),
        ("web-exec", ["web-exec", "web-exec2"], "web-exec3"),
        ("Logs3", ["Logs3"], "Logs2"),
    ],
)
def test_unique_names(name: str, taken: list[str], found: str) -> None:
    assert documents.unique(name, taken) == found
