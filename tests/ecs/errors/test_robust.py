"""Hostile input: never an exception, never long."""

import random
import string
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecsiam_tui.ecs.errors import explain

BITS = [
    "User: ",
    "arn:aws:sts::111122223333:assumed-role/",
    "is not authorized to perform: ",
    "s3:GetObject",
    " on resource: ",
    " because no ",
    "identity-based policy allows",
    "with an explicit deny in a ",
    "ResourceInitializationError: ",
    "CannotPullContainerError: ",
    "\n",
    "\\n",
    '\\"',
    "(service web) ",
    "Encoded authorization failure message: ",
    "123456789012.dkr.ecr.eu-west-1.amazonaws.com/",
    "invalid parameters: ",
    "…",
    "<",
    "'",
    "role ",
    "arn:",
    ":",
    "/",
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(BITS), st.text(max_size=12)), max_size=40))
def test_it_never_raises(bits: list[str]) -> None:
    found = explain("".join(bits))
    keys = [one.key for one in found]
    assert len(set(keys)) == len(keys), "each error once"
    for one in found:
        assert one.summary
        assert one.data()["category"]


def garbage() -> str:
    chosen = random.Random(7)
    return "".join(chosen.choice(string.printable) for _ in range(100_000))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a\n" * 50_000, id="short lines"),
        pytest.param("is not authorized to perform: s3:GetObject on resource: " * 1_800, id="sentences"),
        pytest.param("arn:aws:sts::1:assumed-role/" * 3_500, id="ARNs"),
        pytest.param("User: " + "i " * 50_000, id="spaced letters"),
        pytest.param("i" + " " * 99_000 + "s", id="white space"),
        pytest.param("\\" * 100_000, id="backslashes"),
        pytest.param("<a " * 33_000, id="open placeholders"),
        pytest.param("(service " * 11_000, id="open parentheses"),
        pytest.param("encoded authorization message: " + "A" * 100_000, id="a long cipher"),
        pytest.param(("x" * 119 + "Exception ") * 770, id="exceptions"),
        pytest.param("closest matching container-instance x has " * 2_400, id="placement"),
        pytest.param(garbage(), id="garbage"),
    ],
)
def test_it_is_linear(text: str) -> None:
    explain("warm up")
    start = time.process_time()
    explain(text)
    assert time.process_time() - start < 20  # what is not linear takes minutes
