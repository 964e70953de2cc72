"""Typed values of condition operators: numbers, dates, booleans, addresses, bytes. Each reader gives None for
text that is no such value."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?")
_DATE = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?:[T ](?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d+))?)?"
    r"(?P<zone>Z|z|[+-]\d\d:?\d\d)?)?)?)?"
)
_EPOCH = re.compile(r"[+-]?\d{1,15}(\.\d+)?")
_EPOCH_START = datetime(1970, 1, 1, tzinfo=UTC)


def number(text: str) -> int | float | None:
    """An integer or a decimal."""
    text = text.strip()
    if not _NUMBER.fullmatch(text) or len(text) > 400:
        return None
    try:
        return int(text)
    except ValueError:
        return float(text)


@lru_cache(maxsize=8192)
def date(text: str) -> int | None:
    """Microseconds since 1970 of a W3C form of ISO 8601 (year alone to fractions of a second; without a zone
    it is UTC) or of epoch seconds. IAM User Guide, "Date condition operators". Four digits alone are a
    year."""
    text = text.strip()
    match = _DATE.fullmatch(text)
    if match:
        part = match.groupdict()
        try:
            moment = datetime(
                int(part["year"]),
                int(part["month"] or 1),
                int(part["day"] or 1),
                int(part["hour"] or 0),
                int(part["minute"] or 0),
                int(part["second"] or 0),
                int((part["fraction"] or "0")[:6].ljust(6, "0")),
                tzinfo=UTC,
            )
        except ValueError:
            return None
        zone = part["zone"]
        offset = timedelta(0)
        if zone and zone not in "Zz":
            offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:])) * (1 if zone[0] == "+" else -1)
        return (moment - offset - _EPOCH_START) // timedelta(microseconds=1)
    if _EPOCH.fullmatch(text):
        whole, _, fraction = text.partition(".")
        micros = int(fraction[:6].ljust(6, "0")) if fraction else 0
        return int(whole) * 1_000_000 + (-micros if whole.startswith("-") else micros)
    return None


def boolean(text: str) -> bool | None:
    """`true` or `false` in any case."""
    return {"true": True, "false": False}.get(text.lower())


@lru_cache(maxsize=8192)
def network(text: str) -> Network | None:
    """An IPv4 or IPv6 address or CIDR range; an address alone is the range of itself. Host bits are
    ignored."""
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None


def contains(outer: Network, inner: Network) -> bool:
    """Whether a range holds another one of the same IP version."""
    return outer.version == inner.version and inner.subnet_of(outer)  # type: ignore[arg-type]


def binary(text: str) -> bytes | None:
    """The bytes of a base64 text."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
