"""Hostile text is shown as written, never obeyed."""

import json
import unicodedata
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecsiam_tui.account.text import visible, visible_json, visible_xml

HOSTILE = (
    [chr(code) for code in range(0x20) if chr(code) not in "\n\t"]
    + [chr(code) for code in range(0x7F, 0xA0)]
    + list(
        "\u061c\u200b\u200d\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2069\ufeff"
    )
    + list("\xad\u115f\u1160\u180e\u206a\u206f\u3164\uffa0\ufff9\ufffb")
    + ["\ud800", "\udfff", "\U000e0001", "\U000e0041"]
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("checkout-task", "checkout-task"),
        ("a\x1b]0;owned\x07b", "a\\x1b]0;owned\\x07b"),
        ("\x9b31m", "\\x9b31m"),
        ("two\nlines\tand a tab\r", "two\\nlines\\tand a tab\\x0d"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("\U000e0041", "\\U000e0041"),
        ("Zoë ☰ 東京 🐙", "Zoë ☰ 東京 🐙"),
        ("[/x] [red]{}", "[/x] [red]{}"),
    ],
)
def test_what_a_terminal_would_obey_is_written_out(text: str, expected: str) -> None:
    assert visible(text) == expected


def test_lines_can_stay_lines() -> None:
    assert visible("a\n\tb\x1b\r", one_line=False) == "a\n\tb\\x1b\\x0d"


@pytest.mark.parametrize("character", HOSTILE, ids=lambda character: f"{ord(character):04x}")
@pytest.mark.parametrize("one_line", [True, False])
def test_no_hostile_character_comes_through(character: str, one_line: bool) -> None:
    shown = visible(f"a{character}b", one_line=one_line)
    assert character not in shown
    assert f"{ord(character):x}" in shown
    assert visible(shown, one_line=one_line) == shown


@given(st.text(alphabet=st.characters()))
def test_nothing_that_is_shown_turns_the_writing_or_moves_the_cursor(text: str) -> None:
    shown = visible(text)
    assert not {unicodedata.category(char) for char in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert not {unicodedata.bidirectional(char) for char in shown} & {
        *("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"),
    }
    shown.encode()  # raises for lone surrogates


@given(st.text(alphabet=st.sampled_from("aé東 ")))
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


@given(
    st.text(
        alphabet=st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("\x1b\u202e\U000e0041"))
    )
)
def test_json_says_the_same(text: str) -> None:
    written = json.dumps({"text": text}, ensure_ascii=False)
    shown = visible_json(written)
    assert json.loads(shown) == {"text": text}
    assert visible(shown) == shown


@given(st.text(alphabet=st.sampled_from('a<&"é\x7f\x9b\u200b\u202e\ufeff\U000e0041')))
def test_xml_says_the_same(text: str) -> None:
    element = ET.Element("t")
    element.text = text
    shown = visible_xml(ET.tostring(element, encoding="unicode"))
    assert (ET.fromstring(shown).text or "") == text
    assert visible(shown) == shown
