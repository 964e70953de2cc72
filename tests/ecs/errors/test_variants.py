"""The same messages as they come out of consoles, logs and chats: wrapped, quoted, escaped, prefixed."""

import html
import json
import textwrap
from collections.abc import Callable
from typing import Any

import pytest

from ecsiam_tui.ecs.errors import explain
from tests.ecs.errors.test_messages import CASES

Variant = Callable[[str], str]


def each_line(change: Variant) -> Variant:
    return lambda text: "\n".join(change(line) for line in text.strip("\n").split("\n"))


def cut(width: int, *, stripped: bool = False) -> Variant:
    """A line broken at a column, wherever that falls; perhaps with the spaces at the edges lost. What is
    broken already is left as it is."""

    def variant(text: str) -> str:
        line = text.strip("\n")
        if "\n" in line:
            return text
        parts = [line[at : at + width] for at in range(0, len(line), width)]
        return "\n".join(part.strip() if stripped else part for part in parts)

    return variant


def filled(text: str) -> str:
    return textwrap.fill(text, 60, break_long_words=False, break_on_hyphens=False)


VARIANTS: dict[str, Variant] = {
    "cut at 57": cut(57),
    "cut at 80": cut(80),
    "cut at 80, spaces lost": cut(80, stripped=True),
    "cut at 100, spaces lost": cut(100, stripped=True),
    "filled": each_line(filled),
    "quoted": each_line(lambda line: f"> {line}"),
    "in Terraform's box": each_line(lambda line: f"│ {line}"),
    "indented": each_line(lambda line: f"        {line}"),
    "as JSON": lambda text: '{"stoppedReason": ' + json.dumps(text.strip("\n")) + "}",
    "as JSON in JSON": lambda text: json.dumps(json.dumps({"message": text.strip("\n")})),
    "as HTML": html.escape,
    "in colours": each_line(lambda line: f"\x1b[31m{line[:9]}\x1b[0m{line[9:]}"),
    "in colours that lost their escapes": each_line(lambda line: f"[31m{line}[0m"),
    "in colours, as JSON": lambda text: json.dumps(f"\x1b[1;31m{text.strip()}\x1b[0m"),
    "in a cell of a table": lambda text: text.strip("\n").replace("\n", "<br>"),
    "with a time stamp": lambda text: f"2024-05-01T10:11:12.345Z {text.strip()}",
    "with Windows's line ends": lambda text: text.replace("\n", "\r\n"),
    "with typographic quotes": lambda text: text.replace("'", "’"),
    "in a question": lambda text: f"Hi, my tasks keep failing:\n\n```\n{text.strip()}\n```\n\nAny help?",
}

TOLD = [case.values for case in CASES if case.values[1][0]["category"] != "unknown"]  # type: ignore[index]


@pytest.mark.parametrize("name", VARIANTS)
def test_variant(name: str) -> None:
    different = []
    for text, want in TOLD:
        found = [one.data() for one in explain(VARIANTS[name](str(text)))]
        got: list[Any] = [
            {key: one[key] for key in expected} for one, expected in zip(found, want, strict=False)
        ]
        if got != want or len(found) != len(want):
            different.append((text, [one["summary"] for one in found]))
    assert not different


PULL = (
    "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref"
    " 111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:7: not found"
)
DENIED = (
    "User: arn:aws:sts::111122223333:assumed-role/web/0123456789abcdef0123456789abcdef is not authorized to"
    " perform: {action} on resource: {resource} because no identity-based policy allows the {action} action"
)
GET = DENIED.format(action="s3:GetObject", resource="arn:aws:s3:::data/a")
PUT = DENIED.format(action="s3:PutObject", resource="arn:aws:s3:::data/a")


@pytest.mark.parametrize(
    ("text", "want"),
    [
        pytest.param(f"{GET}\n{GET}", ["s3:GetObject"], id="repeated"),
        pytest.param(f"{GET}\n{PUT}", ["s3:GetObject", "s3:PutObject"], id="two actions"),
        pytest.param(f"{GET} {PUT}", ["s3:GetObject", "s3:PutObject"], id="two in a line"),
        pytest.param(f"AccessDenied: Access Denied\n{GET}", ["s3:GetObject"], id="a bare one beside"),
        pytest.param(f"{PULL}\n{GET}", ["", "s3:GetObject"], id="two kinds"),
        pytest.param(f"TaskFailedToStart: {PULL}", [""], id="a stop code before"),
        pytest.param(
            f"(service web) was unable to place a task. Reason: {PULL}\n{PULL}", [""], id="event and reason"
        ),
        pytest.param(f"Essential container in task exited\n{GET}", ["s3:GetObject"], id="consequence"),
        pytest.param(
            f"(service web) (deployment ecs-svc/1) deployment failed: tasks failed to start.\n{GET}",
            ["s3:GetObject"],
            id="deployment failed",
        ),
        pytest.param(
            GET.replace("0123456789abcdef0123456789abcdef", "f" * 32) + "\n" + GET,
            ["s3:GetObject"],
            id="another task",
        ),
        pytest.param(
            f"{GET}\n" + DENIED.format(action="s3:GetObject", resource="arn:aws:s3:::data/b"),
            ["s3:GetObject", "s3:GetObject"],
            id="two resources",
        ),
    ],
)
def test_each_error_once(text: str, want: list[str]) -> None:
    assert [one.action for one in explain(text)] == want


def test_a_cut_resource_is_the_whole_one() -> None:
    whole = GET.replace("data/a", "data/reports/2024/january.csv")
    at = whole.index("january")
    found = explain(f"{whole[:at]}...\n{whole}")
    assert [one.resource for one in found] == ["arn:aws:s3:::data/reports/2024/january.csv"]


def test_secrets_are_not_shown() -> None:
    text = f"{GET} password=hunter2secret AKIAABCDEFGHIJKLMNOP"
    (found,) = explain(text)
    assert "hunter2secret" not in found.text
    assert "AKIA" not in found.text
    assert "s3:GetObject" in found.text


def test_encoded_messages_are_not_shown() -> None:
    cipher = "4GIOHlTkIaWHQD0Q0m6XSnuUMCm-abcdefghijklmnopqrstuvwxyz"
    (found,) = explain(f"You are not authorized. Encoded authorization failure message: {cipher}")
    assert cipher not in found.text


def test_nothing_is_nothing() -> None:
    assert explain("") == ()
    assert explain(" \n\t ") == ()
