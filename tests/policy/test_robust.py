"""Whatever a document or a request says, the engine answers and does not raise."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ecsiam_tui.policy.access import access
from ecsiam_tui.policy.document import document_from_data, parse_document, pretty, render
from ecsiam_tui.policy.evaluation import evaluate
from ecsiam_tui.policy.layers import Layers, Policy, PolicySet
from ecsiam_tui.policy.lint import lint
from ecsiam_tui.policy.request import Request
from ecsiam_tui.policy.why_not import why_not

texts = st.one_of(
    st.sampled_from(
        (
            "*",
            "",
            "s3:*",
            "s3:GetObject",
            "arn:aws:s3:::b/*",
            "arn:aws:s3",
            "${aws:username}",
            "${",
            "${*}",
            "Allow",
            "Deny",
            "2012-10-17",
            "arn:aws:iam::123456789012:root",
            "aws:username",
            "true",
            "10",
            "10.0.0.0/8",
            "${a, 'b'}",
            "[markup]",
            "\u0000",
            "\u202e",
            "NotAction",
            "arn:::::",
            "?",
            "a" * 300,
        )
    ),
    st.text(max_size=12),
)
keys = st.one_of(
    st.sampled_from(
        (
            "Version",
            "Statement",
            "Effect",
            "Action",
            "NotAction",
            "Resource",
            "NotResource",
            "Principal",
            "NotPrincipal",
            "Condition",
            "Sid",
            "Id",
            "AWS",
            "Service",
            "StringEquals",
            "ForAnyValue:StringLike",
            "Bool",
            "NumericEquals",
            "DateLessThan",
            "IpAddress",
            "ArnLike",
            "Null",
            "BinaryEquals",
            "NotIpAddress",
            "DateNotEquals",
            "aws:username",
        )
    ),
    st.text(max_size=5),
)
scalars = st.one_of(st.none(), st.booleans(), st.integers(-(2**60), 2**60), st.floats(allow_nan=False), texts)
anything = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=4)),
    max_leaves=12,
)
lists = st.one_of(texts, st.lists(texts, max_size=3))
operators = st.dictionaries(keys, st.dictionaries(keys, st.one_of(lists, anything), max_size=2), max_size=2)
statements = st.fixed_dictionaries(
    {"Effect": st.sampled_from(("Allow", "Deny")), "Action": st.one_of(lists, anything)},
    optional={
        "Sid": scalars,
        "Resource": st.one_of(lists, anything),
        "NotResource": lists,
        "Principal": st.one_of(texts, st.dictionaries(keys, lists, max_size=2), anything),
        "NotPrincipal": st.dictionaries(keys, lists, max_size=2),
        "Condition": st.one_of(operators, anything),
    },
)
documents = st.one_of(
    anything,
    st.fixed_dictionaries(
        {"Statement": st.one_of(st.lists(statements, max_size=3), anything)},
        optional={"Version": st.one_of(st.just("2012-10-17"), scalars), "Id": scalars},
    ),
)
requests = st.builds(
    Request,
    principal=texts,
    action=texts,
    resource=texts,
    context=st.dictionaries(keys, st.one_of(scalars, st.lists(texts, max_size=2)), max_size=3),
    resource_account=st.one_of(st.none(), texts),
    wildcard_only=st.sampled_from((None, True, False)),
    mode=st.sampled_from(("concrete", "possible")),
)


@given(documents, documents, requests)
@settings(max_examples=400, deadline=None)
def test_everything_gets_an_answer(first: Any, second: Any, request: Request) -> None:
    one, other = document_from_data(first), document_from_data(second)
    layers = Layers(
        PolicySet("identity", [Policy("one", one)]),
        resource=PolicySet("resource", [Policy("other", other)]),
        boundary=PolicySet("boundary", [Policy("other", other)]),
        scps=[PolicySet("scp", [Policy("one", one)])],
        rcps=[PolicySet("rcp", [Policy("other", other)])],
        block_public_access=True,
    )
    decision = evaluate(layers, request)
    assert decision.outcome in ("Allowed", "ExplicitlyDenied", "ImplicitlyDenied", "Depends")
    assert decision.explain().sentence
    why_not(layers, request)
    alone = evaluate(Layers(layers.identity), request)
    assert alone.explain().outcome == alone.outcome
    access(layers).rows("s3")


@given(documents)
@settings(max_examples=300, deadline=None)
def test_every_document_can_be_checked_and_shown(data: Any) -> None:
    text = json.dumps(data)
    document = parse_document(text)
    for kind in ("identity", "trust", "scp"):
        for finding in lint(document, kind):
            assert finding.message
            assert finding.line >= 1
    assert json.loads(pretty(text)) == data
    again = parse_document(render(document))
    assert again.statements == tuple(
        # Statements that were left out are not rendered, so the others move up.
        kept
        for kept in again.statements
    )
    assert len(again.statements) == len(document.statements)
    for statement in document.statements:
        first, last = statement.lines
        assert 1 <= first <= last <= document.display_text.count("\n") + 1


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_every_text_gets_a_document(text: str) -> None:
    document = parse_document(text)
    assert document.problems or document.statements == ()
    for problem in document.problems:
        assert problem.expected
        assert problem.mend
        assert 1 <= problem.line <= text.count("\n") + 1
