"""Texts, numbers, truth values and times, made of what people write in their place."""

import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import inspect

from ecsiam_tui.ecs.definition_intrinsics import ABSENT

_TRUE, _FALSE = frozenset({"true", "yes", "on", "1"}), frozenset({"false", "no", "off", "0"})
_SURROGATE = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    """Text that can be written to a file: lone surrogates replaced."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def text_of(value: Any) -> str | None:
    """A scalar as the text that AWS's tools make of it."""
    if value is None or value is ABSENT:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return clean(value) if isinstance(value, str) else str(value)


def made(kind: inspect.Type, raw: Any) -> Any:
    """A scalar as its type wants it, or ABSENT."""
    if isinstance(kind, inspect.StrType):
        return text_of(raw)
    if isinstance(kind, inspect.BoolType):
        if isinstance(raw, bool):
            return raw
        word = str(raw).strip().lower()
        return True if word in _TRUE else False if word in _FALSE else ABSENT
    if isinstance(kind, inspect.IntType):
        return _integer(raw)
    try:
        return msgspec.convert(raw, datetime, strict=False)
    except (msgspec.ValidationError, OverflowError, ValueError):
        return ABSENT


def _integer(raw: Any) -> Any:
    if isinstance(raw, bool):
        return ABSENT
    if isinstance(raw, int):
        return raw
    if isinstance(raw, str):
        word = raw.strip()
        if not re.fullmatch(r"[-+]?\d{1,18}(?:\.\d{0,9})?", word, re.ASCII):
            return ABSENT
        raw = float(word) if "." in word else int(word)
    if isinstance(raw, float):
        return int(raw) if math.isfinite(raw) and raw == int(raw) else ABSENT
    return raw


def named(raw: Any) -> str:
    """What kind of value it is, in words."""
    if isinstance(raw, Mapping):
        return "an object"
    if isinstance(raw, list):
        return "a list"
    if isinstance(raw, bool):
        return "true or false"
    return "a text" if isinstance(raw, str) else "a number"


def wanted(kind: inspect.Type) -> str:
    return {
        inspect.StrType: "a text",
        inspect.IntType: "a whole number",
        inspect.BoolType: "true or false",
    }.get(type(kind), "a time")
