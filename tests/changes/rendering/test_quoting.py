"""Texts in other languages stay texts: bash, HCL, JSON and Python give back exactly what was written."""

import ast
import io
import json
import re
import shutil
import subprocess
from pathlib import Path

import hcl2
import pytest
from botocore import xform_name
from hypothesis import given, settings
from hypothesis import strategies as st

from ecsiam_tui.changes.looking import ChangeError
from ecsiam_tui.changes.rendering.boto3_code import _literal
from ecsiam_tui.changes.rendering.cli_script import _HELPERS
from ecsiam_tui.changes.rendering.quoting import (
    bash_word,
    delimiter,
    hcl_document,
    hcl_string,
    hcl_value,
    label,
    one_line,
    parsed,
    separated,
)

HOSTILE = [
    "",
    "'; touch /tmp/x; '",
    "$(id) `id` ${HOME} $HOME \\",
    '"quoted" \\" and \\\\n',
    "EOF\nEND\n$(id)\nEOF",
    "two\nlines\n\n",
    "\n",
    "carriage\rreturn\r\n",
    "\x1b[31mred \u202e turned",
    "${a} $${b} $$${c} %{if} %%{x} $ { %",
    "$${$${%%%{",
    "-rf",
    "file:///etc/passwd",
    "*/ <<'END' | <!-- {{ }} #",
    "ünïcode 漢字 🙂",
]
TEXTS = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.sampled_from("${}%'\"\\\n\r\t `()#!-E\x1b\x85\u2028a漢🙂"), max_size=30),
    st.text(max_size=30),
)
BASH = shutil.which("bash")


def bash(script: str) -> bytes:
    done = subprocess.run(["bash"], input=script.encode(), capture_output=True, timeout=30, check=True)
    assert done.stderr == b""
    return done.stdout


@pytest.mark.skipif(BASH is None, reason="bash is not here")
@settings(max_examples=25, deadline=None)
@given(st.lists(TEXTS, min_size=20, max_size=20))
def test_bash_words(texts: list[str]) -> None:
    texts = [text.replace("\0", "") for text in texts]
    words = " ".join(map(bash_word, texts))
    assert bash(f"printf '%s\\0' {words}") == b"".join(text.encode() + b"\0" for text in texts)


def test_a_text_that_no_word_can_hold() -> None:
    with pytest.raises(ChangeError, match="NUL"):
        bash_word("a\0b")


@pytest.mark.skipif(BASH is None, reason="bash is not here")
@settings(max_examples=25, deadline=None)
@given(st.lists(TEXTS, min_size=20, max_size=20))
def test_heredocs(texts: list[str]) -> None:
    texts = [text.replace("\0", "") for text in texts]
    parts = [
        f"text X <<'{delimiter(text)}'\n{text}\n{delimiter(text)}\nprintf '%s\\0' \"$X\"" for text in texts
    ]
    assert bash("\n".join([_HELPERS, *parts])) == b"".join(text.encode() + b"\0" for text in texts)


def unquoted(written: str) -> str:
    """The text of a quoted string of HCL, by the rules of its specification: escapes, and what begins no
    template. Raises ValueError where it begins one."""
    assert written[:1] == written[-1:] == '"'
    found, at, inside = [], 0, written[1:-1]
    names = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
    while at < len(inside):
        char = inside[at]
        if inside[at : at + 3] in ("$${", "%%{"):
            found.append(inside[at] + "{")
            at += 3
        elif inside[at : at + 2] in ("${", "%{") or char in '"\n\r':
            raise ValueError(f"something begins at {at}")
        elif char == "\\":
            width = {"u": 4, "U": 8}.get(inside[at + 1], 0)
            digits = inside[at + 2 : at + 2 + width]
            found.append(chr(int(digits, 16)) if width else names[inside[at + 1]])
            at += 2 + width
        else:
            found.append(char)
            at += 1
    return "".join(found)


@given(TEXTS)
def test_hcl_strings(text: str) -> None:
    assert unquoted(hcl_string(text)) == text


@pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not here")
def test_hcl_strings_as_terraform_reads_them(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(f"locals {{\n  texts = {hcl_value(HOSTILE, 1)}\n}}\n")
    done = subprocess.run(
        ["terraform", "console", "-no-color"],
        input="jsonencode(local.texts)\n",
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert json.loads(json.loads(done.stdout)) == HOSTILE


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 10**15) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def tree(text: str) -> object:
    """The value that an expression of HCL has, as far as a document needs it."""
    pattern = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[A-Za-z]\w*|-?\d+|[{}\[\],=()])\s*')
    tokens = [found[1] for found in pattern.finditer(text)]
    assert "".join(pattern.sub(lambda found: found[1], text)) == "".join(tokens)

    def value() -> object:
        token = tokens.pop(0)
        if token == "jsonencode":
            assert tokens.pop(0) == "("
            inner = value()
            assert tokens.pop(0) == ")"
            return inner
        if token == "{":
            members = {}
            while tokens[0] != "}":
                key = tokens.pop(0)
                assert tokens.pop(0) == "="
                members[unquoted(key) if key[0] == '"' else key] = value()
            tokens.pop(0)
            return members
        if token == "[":
            items = []
            while tokens[0] != "]":
                items.append(value())
                assert tokens.pop(0) == ","
            tokens.pop(0)
            return items
        return unquoted(token) if token[0] == '"' else json.loads(token)

    found = value()
    assert tokens == []
    return found


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(TEXTS, VALUES, max_size=4))
def test_hcl_documents(value: dict[str, object]) -> None:
    text = hcl_document(json.dumps(value))
    assert text.startswith("jsonencode(")
    assert tree(text) == value


@settings(max_examples=30, deadline=None)
@given(TEXTS, TEXTS)
def test_hcl_that_a_parser_of_its_own_reads(key: str, text: str) -> None:
    # That parser, unlike Terraform, wants a brace that is written out (`$${`) to be closed.
    key, text = (part + "}" * part.count("{") for part in (key, text))
    written = f"locals {{\n  document = {hcl_document(json.dumps({'Sid': text, key: [text]}))}\n}}\n"
    assert hcl2.load(io.StringIO(written))["locals"]


@pytest.mark.parametrize("text", ["no JSON ${a}", '{"a": 1, "a": 2}', '{"a": 1.50}', "[1]", '{"a": NaN}'])
def test_a_document_that_would_lose_something_stays_a_text(text: str) -> None:
    assert unquoted(hcl_document(text)) == text


@given(TEXTS)
def test_python_literals(text: str) -> None:
    assert ast.literal_eval(_literal(text)) == text
    assert ast.literal_eval(_literal({"a": [text]}, {"guess": "x"})) == {"a": [text]}


@given(TEXTS)
def test_a_comment_is_one_line_that_prints(text: str) -> None:
    assert one_line(text).isprintable()
    assert len(one_line(text).splitlines()) <= 1


@pytest.mark.parametrize(
    "name",
    ["PutRolePolicy", "AWSServiceName", "taskDefinition", "KeyId", "enableExecuteCommand", "policyText"],
)
def test_names_are_those_of_botocore(name: str) -> None:
    assert separated(name, "-") == xform_name(name, "-")
    assert separated(name, "_") == xform_name(name, "_")


def test_labels_are_identifiers_and_differ() -> None:
    used: set[str] = set()
    made = [label(text, used) for text in ("a-b", "a_b", "A.B", "1x", "", "漢")]
    assert made == ["a_b", "a_b_2", "A_B_3", "x_1x", "thing", "thing_2"]


def test_what_is_no_json_has_no_value() -> None:
    assert parsed("{") is None
    assert parsed('{"a": 1, "a": 1}') is None
    assert parsed("{}") == {}
