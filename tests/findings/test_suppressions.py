"""`.ecsiam.toml`: what it may say, what it covers, and when it ends."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecsiam_tui.findings.finding import Finding, Severity
from ecsiam_tui.findings.suppressions import (
    SettingsError,
    Suppression,
    append,
    entry,
    load,
    parse,
    sort,
)

TODAY = date(2026, 11, 1)
ROLE = "arn:aws:iam::123456789012:role/app"


def finding(node: str = ROLE, rule: str = "ECS-IAM-012") -> Finding:
    return Finding(rule, "title", Severity.MEDIUM, (node,), "summary")


def suppression(node: str, rule: str = "ECS-IAM-012", expires: date | None = None) -> Suppression:
    return Suppression(rule, node, "reason", expires, 1)


@pytest.mark.parametrize(
    ("by", "covered"),
    [
        (suppression(ROLE), True),
        (suppression("arn:aws:iam::*:role/a*"), True),
        (suppression("app"), True),  # by name
        (suppression("ap?"), True),
        (suppression("other"), False),
        (suppression(ROLE, "ECS-IAM-013"), False),
        (suppression(ROLE, "*"), True),
        (suppression(ROLE, expires=TODAY), True),
        (suppression(ROLE, expires=date(2026, 10, 31)), False),
    ],
)
def test_what_a_suppression_covers(by: Suppression, covered: bool) -> None:
    found = sort([finding()], [by], TODAY, {ROLE: "app"})
    assert bool(found.suppressed) is covered
    assert bool(found.kept) is not covered
    assert bool(found.expired) is by.is_expired(TODAY)


def test_a_suppression_that_covers_nothing_is_said() -> None:
    found = sort([finding()], [suppression("other")], TODAY)
    assert [by.node for by in found.unused] == ["other"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[suppress]]\nnode = 'x'\nreason = 'y'", "suppress entry 1: rule is missing"),
        ("[[suppress]]\nrule = 'x'\nnode = 'y'\nreason = ' '", "suppress entry 1: reason is missing"),
        ("[[suppress]]\nrule='a'\nnode='b'\nreason='c'\nexpires='2027-01-01'", "expires is a date"),
        ("[[suppress]]\nrule='a'\nnode='b'\nreason='c'\nuntil=1", "there is no field 'until'"),
        ("suppress = 1", "write \\[\\[suppress\\]\\]"),
        ("suppress = [1]", "suppress entry 1: write it as a table"),
        ("[other]", "there is no table 'other'"),
        ("[options]\nfoo = 1", "there is no option 'foo'"),
        ("[options]\nunused_days = 'many'", "options: "),
        ("options = 1", "options: "),
    ],
)
def test_a_file_that_is_wrong_says_where(text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        parse(tomllib.loads(text))


def test_options() -> None:
    found = parse(tomllib.loads("[options]\nboundary_required = true\nunused_days = 30")).options
    assert (found.boundary_required, found.unused_days) == (True, 30)


def test_a_file_that_is_not_there_or_no_toml(tmp_path: Path) -> None:
    path = tmp_path / ".ecsiam.toml"
    with pytest.raises(SettingsError, match="cannot be read"):
        load(path)
    path.write_text("[")
    with pytest.raises(SettingsError, match="not valid TOML"):
        load(path)


def test_appending_keeps_what_stands_there(tmp_path: Path) -> None:
    path = tmp_path / ".ecsiam.toml"
    path.write_text("# ours\n[options]\nunused_days = 30")
    append(path, finding(), "first", date(2027, 1, 1))
    found = append(path, finding(rule="ECS-IAM-013"), "second")
    assert path.read_text().startswith("# ours\n[options]\nunused_days = 30\n\n[[suppress]]\n")
    assert [(one.rule, one.reason, one.expires) for one in found.suppressions] == [
        ("ECS-IAM-012", "first", date(2027, 1, 1)),
        ("ECS-IAM-013", "second", None),
    ]
    assert found.options.unused_days == 30


def test_a_file_that_cannot_be_used_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / ".ecsiam.toml"
    path.write_text("[")
    with pytest.raises(SettingsError):
        append(path, finding(), "reason")
    assert path.read_text() == "["


TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(TEXT, TEXT.filter(lambda text: bool(text.strip())))
def test_an_entry_covers_its_finding_and_no_other(node: str, reason: str) -> None:
    data: Any = tomllib.loads(entry(finding(node or "x"), reason))
    if not node.strip():
        return  # no node has such an id
    (by,) = parse(data).suppressions
    assert by.reason == reason
    if node == node.strip():
        assert by.covers(finding(node))
        assert not by.covers(finding(node + "x"))
