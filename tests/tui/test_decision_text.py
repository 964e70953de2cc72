"""A decision as the app shows it: in the words of the command line, each layer beside its label."""

from io import StringIO

import pytest
from rich.console import Console

from ecsiam_tui.tui.pictures import decision_text
from tests.policy.tables import OBJECT, allow, ask, deny, policy

COLOURS = {"foreground": "white", "error": "red", "warning": "yellow", "success": "green", "primary": "blue"}
LIST = policy(allow("s3:ListBucket"))


def test_layers_stand_beside_their_labels() -> None:
    plain = decision_text(ask(allow(Sid="Mine"), boundary=LIST, scps=[policy(allow())]), COLOURS).plain
    lines = plain.splitlines()
    assert lines[:3] == ["ann  s3:GetObject  DENIED  by a permissions boundary", OBJECT, ""]
    assert lines[3:6] == [
        "organization  allowed  scp-0",
        "boundary      denied   no statement allows s3:GetObject   boundary-0 has s3:ListBucket only",
        "identity      allowed  § identity-0 ¶ Mine (lines 4–9)",
    ]
    assert lines[6].startswith("AWS says      User: arn:")
    assert len(lines) == 7


def test_further_statements_and_notes_have_no_label_of_their_own() -> None:
    lines = decision_text(ask(allow(), deny(), deny()), COLOURS).plain.splitlines()
    assert lines[3:5] == [
        "identity      denied   § identity-0 ¶ 2 (lines 9–13)",
        "                       § identity-0 ¶ 3 (lines 14–18)",
    ]


def test_what_was_not_read_is_said() -> None:
    plain = decision_text(ask(allow()), COLOURS, ["SCPs, which were not read"]).plain
    assert plain.endswith("incomplete    without SCPs, which were not read: a Deny in them would count")
    assert "incomplete" not in decision_text(ask(allow()), COLOURS).plain


@pytest.mark.parametrize("width", [60, 78])
def test_what_is_long_hangs_beside_the_word(width: int) -> None:
    drawn = StringIO()
    Console(file=drawn, width=width).print(decision_text(ask(allow(), boundary=LIST), COLOURS).body)
    lines = drawn.getvalue().splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("boundary"))
    below = lines[at + 1]
    assert below.startswith(" " * 23)
    assert below[23] != " "


def test_hostile_text_is_written_out() -> None:
    picture = decision_text(ask(allow(Sid="a\x1b[2Jb"), resource="arn:aws:s3:::x/\u202e"), COLOURS)
    drawn = StringIO()
    Console(file=drawn, width=80).print(picture.body)
    for text in (picture.plain, drawn.getvalue()):
        assert not set("\x1b\u202e") & set(text)
        assert "\\u202e" in text
