"""Properties that hold for all policies and requests, and agreement with the plain reference evaluator."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecsiam_tui.policy import catalogue
from ecsiam_tui.policy.batch import BatchCase, build, decide
from ecsiam_tui.policy.document import document_from_data, parse_document, render, to_data
from ecsiam_tui.policy.evaluation import _evaluate, evaluate
from ecsiam_tui.policy.patterns import arn_glob, glob, globs_overlap, resource_glob, tokenize
from ecsiam_tui.policy.why_not import solve
from tests.policy import reference, strategies

ORDER = {"ExplicitlyDenied": 0, "ImplicitlyDenied": 0, "Allowed": 1}


def outcome(case: dict[str, Any]) -> str:
    return decide(msgspec.convert(case, BatchCase)).outcome


@given(strategies.cases())
@settings(max_examples=300, deadline=None)
def test_agrees_with_the_reference(case: dict[str, Any]) -> None:
    assert outcome(case) == reference.decide(case)


@given(strategies.cases())
@settings(max_examples=150, deadline=None)
def test_the_quick_way_is_the_long_way(case: dict[str, Any]) -> None:
    case |= {"resource_policy": None, "boundary": [], "session_policy": None, "scps": []}
    layers, request = build(msgspec.convert(case, BatchCase))
    assert layers.only_identity
    quick, long = evaluate(layers, request), _evaluate(layers, request)
    assert quick.outcome == long.outcome
    if quick.outcome == "ExplicitlyDenied":
        assert quick.blocked_by == long.blocked_by == ("identity",)


@given(strategies.cases(), strategies.statements(effects=("Deny",)))
@settings(max_examples=150, deadline=None)
def test_a_deny_more_never_allows_more(case: dict[str, Any], deny: dict[str, Any]) -> None:
    before = outcome(case)
    case["identity_policies"].append({"Version": "2012-10-17", "Statement": deny})
    assert ORDER[outcome(case)] <= ORDER[before]


@given(strategies.cases(), strategies.statements(effects=("Allow",)))
@settings(max_examples=150, deadline=None)
def test_an_allow_more_never_denies_more(case: dict[str, Any], allow: dict[str, Any]) -> None:
    before = outcome(case)
    case["identity_policies"].append({"Version": "2012-10-17", "Statement": allow})
    assert ORDER[outcome(case)] >= ORDER[before]


@given(strategies.cases(), st.data())
@settings(max_examples=150, deadline=None)
def test_wider_patterns_never_match_less(case: dict[str, Any], data: st.DataObject) -> None:
    """Replacing a run of a Resource of the only Allow by `*` keeps what it allowed."""
    case |= {"resource_policy": None, "boundary": [], "session_policy": None, "scps": []}
    resource = case["request"]["resource"]
    start = data.draw(st.integers(13, len(resource) - 1))
    end = data.draw(st.integers(start, len(resource)))
    wider = resource[:start] + "*" + resource[end:]
    statement = {"Effect": "Allow", "Action": "*", "Resource": resource}
    case["identity_policies"] = [{"Statement": statement}]
    case["request"]["resource_account"] = strategies.ACCOUNT
    assert outcome(case) == "Allowed"
    # AWS refuses a wildcard instead of a resource type that a colon ends, and so does the engine.
    type_is_wild = wider.split(":", 5)[-1].startswith("*:")
    # A wildcard stays inside its segment, unless it ends one or stands in the last.
    reaches = (
        ":" not in resource[start:end] or resource[end:][:1] in ("", ":") or wider[:start].count(":") >= 5
    )
    if reaches and not type_is_wild:
        statement["Resource"] = wider
        assert outcome(case) == "Allowed", wider


@given(strategies.cases())
@settings(max_examples=150, deadline=None)
def test_an_open_answer_covers_every_closed_one(case: dict[str, Any]) -> None:
    """What is certain while keys are open stays so whatever the keys turn out to be."""
    open_case = copy.deepcopy(case) | {"mode": "possible"}
    open_case["request"]["context"] = {}
    possible = outcome(open_case)
    if possible != "Depends":
        assert ORDER[outcome(case)] == ORDER[possible]


@given(strategies.policies(principal=True))
@settings(max_examples=150, deadline=None)
def test_parse_render_parse_is_identity(policy: dict[str, Any]) -> None:
    first = document_from_data(policy)
    assert first.problems == ()
    second = parse_document(render(first))
    assert (second.statements, second.version, second.id) == (first.statements, first.version, first.id)
    assert to_data(second) == to_data(first)


segments = st.lists(st.text(alphabet="ab*?", max_size=3), min_size=4, max_size=7)


@given(segments, st.lists(st.text(alphabet="ab", max_size=3), min_size=6, max_size=7))
@settings(max_examples=600, deadline=None)
def test_resources_match_like_the_reference(pattern: list[str], arn: list[str]) -> None:
    left, right = ":".join(pattern), ":".join(arn)
    assert bool(resource_glob(tokenize(left, False))(right)) == reference.resource_matches(left, right)


@given(strategies.cases())
@settings(max_examples=120, deadline=None)
def test_why_not_gives_what_was_asked_and_nothing_else(case: dict[str, Any]) -> None:
    layers, request = build(msgspec.convert(case, BatchCase))
    known = catalogue.load()
    answer, after = solve(layers, request)
    assert answer.outcome_after == ("" if answer.impossible else "Allowed")
    assert evaluate(after, request).allowed is (answer.outcome_after == "Allowed")
    for action in strategies.ACTIONS:
        for resource in strategies.RESOURCES:
            # AWS asks nothing about actions on resources that they do not take.
            possible = known.bits(action) & known.actions_on(resource)
            if not possible or (action, resource) == (request.action, request.resource):
                continue
            other = msgspec.structs.replace(request, action=action, resource=resource)
            if not evaluate(layers, other).allowed:
                assert not evaluate(after, other).allowed, (answer.steps, action, resource)


small = st.text(alphabet="ab*?:", max_size=8)


@given(small, st.text(alphabet="ab:", max_size=10))
@settings(max_examples=400, deadline=None)
def test_globs_match_like_the_reference(pattern: str, text: str) -> None:
    assert bool(glob(tokenize(pattern, False))(text)) == reference.glob(pattern, text)


@given(
    st.lists(st.text(alphabet="ab*?", max_size=4), min_size=6, max_size=7),
    st.lists(st.text(alphabet="ab", max_size=4), min_size=6, max_size=7),
)
@settings(max_examples=500, deadline=None)
def test_arns_match_segment_by_segment(pattern: list[str], arn: list[str]) -> None:
    left, right = ":".join(pattern), ":".join(arn)
    matcher = arn_glob(tokenize(left, False))
    assert matcher is not None
    assert bool(matcher(right)) == reference.segments_match(left, right)


@given(small, small, st.text(alphabet="ab:", max_size=6))
@settings(max_examples=400, deadline=None)
def test_a_text_of_both_patterns_means_that_they_overlap(left: str, right: str, text: str) -> None:
    if reference.glob(left, text) and reference.glob(right, text):
        assert globs_overlap(left, right)
    assert globs_overlap(left, right) == globs_overlap(right, left)


@pytest.mark.parametrize(("left", "right"), [("a*", "b*"), ("a", "aa"), ("*a", "*b"), ("a?", "a")])
def test_patterns_without_a_common_text_do_not_overlap(left: str, right: str) -> None:
    assert not globs_overlap(left, right)
