"""Messages as people meet them: each explained by itself, without an account."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from ecsiam_tui.ecs.errors import explain
from ecsiam_tui.ecs.errors.reading import RANKS

CASES = [
    pytest.param(case["text"], case["want"], id=f"{path.stem.removeprefix('messages_')}-{number}")
    for path in sorted(Path(__file__).parent.glob("messages_*.toml"))
    for number, case in enumerate(tomllib.loads(path.read_text(encoding="utf-8"))["case"], 1)
]


def test_there_are_many() -> None:
    assert len(CASES) >= 190


@pytest.mark.parametrize(("text", "want"), CASES)
def test_message(text: str, want: list[dict[str, Any]]) -> None:
    found = [one.data() for one in explain(text)]
    got = [{key: one[key] for key in expected} for one, expected in zip(found, want, strict=False)]
    assert got == want
    assert len(found) == len(want), [one["summary"] for one in found]
    for one in found:
        assert one["summary"]
        assert one["fixes"], "advice in words, whatever it is"


def test_the_documentation_lists_every_recogniser() -> None:
    text = (Path(__file__).parents[3] / "docs" / "errors.md").read_text(encoding="utf-8")
    assert [name for name in RANKS if f"| `{name}` |" not in text] == []


def test_every_recogniser_is_met() -> None:
    """A recogniser that no message needs is a guess."""
    met = {one.rule for case in CASES for one in explain(str(case.values[0]))}
    assert set(RANKS) - met == set()
