"""Texts from an account, written into other languages so that they stay texts.

A role's description, a tag or a document may hold quotes, line ends, `$(`, `${` or the end of a heredoc;
nothing of that may become code, and nothing of it may be lost.
"""

import hashlib
import json
import re
import shlex
from typing import Any

from ecsiam_tui.changes.looking import ChangeError

_PLAIN = re.compile(r"[A-Z][A-Za-z0-9]*\Z")
_BEFORE_BRACE = re.compile(r"(\$+|%+)\{")
_WORDS = ((re.compile(r"(.)([A-Z][a-z]+)"), r"\1 \2"), (re.compile(r"([a-z0-9])([A-Z])"), r"\1 \2"))


def separated(name: str, separator: str) -> str:
    """`PutRolePolicy` in small letters, its words set apart: `put-role-policy` for the AWS CLI,
    `put_role_policy` for boto3."""
    for pattern, parts in _WORDS:
        name = pattern.sub(parts, name)
    return name.lower().replace(" ", separator)


def one_line(text: str) -> str:
    """A text for a comment: without line ends and without what does not print, which includes characters
    that turn the direction of writing."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def label(text: str, used: set[str], separator: str = "_") -> str:
    """An identifier made of a name, other than those in `used`, to which it is added."""
    base = re.sub(r"[^A-Za-z0-9]+", separator, text).strip(separator) or "thing"
    base = base if base[0].isalpha() else f"x{separator}{base}"
    found, number = base, 2
    while found.lower() in used:
        found, number = f"{base}{separator}{number}", number + 1
    used.add(found.lower())
    return found


# Bash -------------------------------------------------------------------------------------------------------


def is_printable(text: str) -> bool:
    """Whether a text shows as it is, apart from its line ends and tabs."""
    return all(char.isprintable() or char in "\n\t" for char in text)


def bash_word(text: str) -> str:
    """One word of a bash command that is exactly the text. Raises ChangeError for a NUL: none can hold it."""
    if "\0" in text:
        raise ChangeError("a text with a NUL character cannot stand in a shell script")
    if is_printable(text):
        return shlex.quote(text)
    # Octal, not \u: it means the same in every locale and in the bash of macOS.
    return "$'" + "".join(_octal(byte) for byte in text.encode()) + "'"


def _octal(byte: int) -> str:
    char = chr(byte)
    return char if byte < 128 and char.isprintable() and char not in "\\'" else f"\\{byte:03o}"


def delimiter(text: str) -> str:
    """The end of a heredoc that cannot be inside it: it holds the text's own hash."""
    return f"END_{hashlib.sha256(text.encode()).hexdigest()[:24]}"


# HCL --------------------------------------------------------------------------------------------------------

_HCL_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}


def hcl_string(text: str) -> str:
    """A quoted string of HCL that is exactly the text: HCL Native Syntax Specification, "Template
    Expressions"."""
    escaped = "".join(_hcl_char(char) for char in text)
    return '"' + _BEFORE_BRACE.sub(_hcl_template, escaped) + '"'


def _hcl_char(char: str) -> str:
    if char in _HCL_ESCAPES:
        return _HCL_ESCAPES[char]
    if char.isprintable():
        return char
    return f"\\u{ord(char):04x}" if ord(char) <= 0xFFFF else f"\\U{ord(char):08x}"


def _hcl_template(found: re.Match[str]) -> str:
    """`${` and `%{` begin a template unless their first character is doubled. Where several stand before the
    brace all are written by number, so that none is taken for the doubling of another."""
    signs = found[1]
    return f"{signs * 2}{{" if len(signs) == 1 else f"\\u{ord(signs[0]):04x}" * len(signs) + "{"


def hcl_value(value: Any, indent: int = 0) -> str:
    """An expression of HCL for a value of JSON. Raises TypeError for a number that is not whole: its digits
    might change."""
    inner, outer = "  " * (indent + 1), "  " * indent
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str():
            return hcl_string(value)
        case dict():
            members = "".join(
                f"{inner}{key if _PLAIN.match(key) else hcl_string(key)} = {hcl_value(one, indent + 1)}\n"
                for key, one in value.items()
            )
            return "{\n" + members + outer + "}" if members else "{}"
        case list() | tuple():
            items = "".join(f"{inner}{hcl_value(one, indent + 1)},\n" for one in value)
            return "[\n" + items + outer + "]" if items else "[]"
    raise TypeError(f"{type(value).__name__} has no form in HCL that keeps it")


def hcl_document(text: str, indent: int = 0) -> str:
    """A document of JSON as HCL writes it; a text that could lose something by that is a string."""
    value = parsed(text)
    if isinstance(value, dict):
        try:
            return f"jsonencode({hcl_value(value, indent)})"
        except TypeError:
            pass
    return hcl_string(text)


# JSON -------------------------------------------------------------------------------------------------------


def parsed(text: str) -> Any:
    """The value of a JSON text that says everything the text says; None where there is none: it is no JSON,
    or it names a member twice."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a member is there twice")
        return found

    try:
        return json.loads(text, object_pairs_hook=unique)
    except (ValueError, RecursionError):
        return None


def pretty(text: str) -> str:
    """A JSON text laid out for reading; any other text as it is."""
    value = parsed(text)
    return text if value is None else json_text(value)


def json_text(value: Any) -> str:
    """A value as JSON, for reading."""
    return json.dumps(value, indent=2)
