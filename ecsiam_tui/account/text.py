"""Text from AWS is hostile until it is made visible.

Names, tags, messages and documents can hold control characters that move a terminal's cursor or set its
title, and marks that turn the direction of writing. They are shown as written: escaped, never obeyed.
"""

import json
import re

_HOSTILE = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters, except tab and line feed
    "\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"  # direction marks, zero width, separators
    "\xad\u115f\u1160\u180e\u3164\uffa0\ufff9-\ufffb"  # invisible: soft hyphen, fillers, annotation
    "\ud800-\udfff"  # lone surrogates
    "\U000e0000-\U000e007f"  # tag characters
    "]"
)


def visible(text: str, *, one_line: bool = True) -> str:
    """`text` with every character that a terminal would obey written out (`\\x1b`, `\\u202e`).

    Line feeds and tabs are written out too unless `one_line` is False.
    """
    if one_line and ("\n" in text or "\t" in text):
        text = text.replace("\n", "\\n").replace("\t", "\\t")
    if text.isascii() and text.isprintable():
        return text
    return _HOSTILE.sub(lambda match: written_out(match[0]), text)


def visible_json(text: str) -> str:
    """A JSON text with those characters as JSON's own escapes: it says the same, and no terminal obeys it."""
    return _HOSTILE.sub(lambda match: json.dumps(match[0])[1:-1], text)


def visible_xml(text: str) -> str:
    """An XML text with those characters as character references."""
    return _HOSTILE.sub(lambda match: f"&#{ord(match[0])};", text)


def written_out(character: str) -> str:
    """One character as an escape: `\\x1b`, `\\u202e`, `\\U000e0041`."""
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
