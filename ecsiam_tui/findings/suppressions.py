"""What an organization has decided to live with: `.ecsiam.toml`.

[[suppress]]
rule = "ECS-IAM-012"
node = "arn:aws:iam::*:role/legacy-*"
reason = "retired with the old cluster"
expires = 2027-03-31

[options]
boundary_required = true
"""

import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from ecsiam_tui.findings.facts import Options
from ecsiam_tui.findings.finding import Finding

FILE_NAME = ".ecsiam.toml"


class SettingsError(Exception):
    """The file cannot be used. The message is one line: the file, the place, the way out."""


class Suppression(msgspec.Struct, frozen=True):
    """A finding that is accepted: by the id of its rule and a pattern (`*`, `?`) of its node's id or name.

    `expires` is the last day it holds; None for no end. `index` is its number in the file, from 1.
    """

    rule: str
    node: str
    reason: str
    expires: date | None = None
    index: int = 0

    def covers(self, finding: Finding, name: str = "") -> bool:
        """Whether it is about a finding, given the name of the finding's node."""
        if self.rule not in (finding.rule, "*"):
            return False
        return fnmatchcase(finding.node, self.node) or (bool(name) and fnmatchcase(name, self.node))

    def is_expired(self, today: date) -> bool:
        """Whether its last day is over."""
        return self.expires is not None and today > self.expires


class Settings(msgspec.Struct, frozen=True):
    """What the file says."""

    suppressions: tuple[Suppression, ...] = ()
    options: Options = Options()


class Sorted(NamedTuple):
    """Findings after suppression. `expired` suppressions hold no longer, `unused` ones cover nothing."""

    kept: tuple[Finding, ...]
    suppressed: tuple[tuple[Finding, Suppression], ...]
    expired: tuple[Suppression, ...]
    unused: tuple[Suppression, ...]


def load(path: Path) -> Settings:
    """Read a file. Raises SettingsError."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not valid TOML: {error}") from error
    return parse(data, str(path))


def parse(data: Mapping[str, Any], name: str = FILE_NAME) -> Settings:
    """From the file's tables. Raises SettingsError."""
    known = {"suppress", "options"}
    for table in data:
        if table not in known:
            raise SettingsError(f"{name}: there is no table {table!r}; there are suppress and options")
    entries = data.get("suppress", [])
    if not isinstance(entries, list):
        raise SettingsError(f"{name}: suppress is a list of tables: write [[suppress]]")
    found = tuple(_suppression(entry, number, name) for number, entry in enumerate(entries, 1))
    return Settings(found, _options(data.get("options", {}), name))


def _options(data: Any, name: str) -> Options:
    fields = Options.__struct_fields__
    for key in data if isinstance(data, dict) else ():
        if key not in fields:
            raise SettingsError(f"{name}: there is no option {key!r}; there are {', '.join(fields)}")
    try:
        return msgspec.convert(data, Options)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{name}: options: {error}") from error


def _suppression(entry: Any, number: int, name: str) -> Suppression:
    place = f"{name}: suppress entry {number}"
    if not isinstance(entry, dict):
        raise SettingsError(f"{place}: write it as a table: [[suppress]]")
    for key in entry:
        if key not in ("rule", "node", "reason", "expires"):
            raise SettingsError(f"{place}: there is no field {key!r}; there are rule, node, reason, expires")
    for key in ("rule", "node", "reason"):
        value = entry.get(key)
        if not isinstance(value, str) or not value.strip():
            raise SettingsError(f"{place}: {key} is missing; every suppression says its {key}")
    expires = entry.get("expires")
    if isinstance(expires, datetime):
        expires = expires.date()
    if expires is not None and not isinstance(expires, date):
        raise SettingsError(f"{place}: expires is a date, such as 2027-03-31, without quotes")
    return Suppression(entry["rule"].strip(), entry["node"].strip(), entry["reason"], expires, number)


def sort(
    findings: Iterable[Finding],
    suppressions: Iterable[Suppression],
    today: date,
    names: Mapping[str, str] | None = None,
) -> Sorted:
    """Part findings into those that stand and those that are accepted. `names` gives nodes their names."""
    every = tuple(suppressions)
    expired = tuple(found for found in every if found.is_expired(today))
    valid = [found for found in every if not found.is_expired(today)]
    kept: list[Finding] = []
    accepted: list[tuple[Finding, Suppression]] = []
    used: set[int] = set()
    for finding in findings:
        name = (names or {}).get(finding.node, "")
        by = next((found for found in valid if found.covers(finding, name)), None)
        if by is None:
            kept.append(finding)
        else:
            accepted.append((finding, by))
            used.add(by.index)
    unused = tuple(found for found in valid if found.index not in used)
    return Sorted(tuple(kept), tuple(accepted), expired, unused)


def append(path: Path, finding: Finding, reason: str, expires: date | None = None) -> Settings:
    """Add a suppression of one finding to a file, making the file if there is none, and read it again.
    Raises SettingsError; a file that could not be used before is not touched."""
    if path.exists():
        load(path)
    try:
        known = path.read_text(encoding="utf-8") if path.exists() else ""
        gap = "" if not known else "\n" if known.endswith("\n") else "\n\n"
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{gap}{entry(finding, reason, expires)}")
    except OSError as error:
        raise SettingsError(f"{path}: cannot be written: {error.strerror}") from error
    return load(path)


def entry(finding: Finding, reason: str, expires: date | None = None) -> str:
    """A suppression of one finding as it stands in the file."""
    lines = [
        "[[suppress]]",
        f"rule = {_quoted(finding.rule)}",
        f"node = {_quoted(_literal(finding.node))}",
        f"reason = {_quoted(reason)}",
    ]
    lines += [f"expires = {expires.isoformat()}"] if expires else []
    return "\n".join(lines) + "\n"


def _literal(text: str) -> str:
    """A pattern that matches one text alone."""
    return "".join(f"[{char}]" if char in "*?[" else char for char in text)


def _quoted(text: str) -> str:
    """A TOML basic string."""
    escaped = msgspec.json.encode(text).decode()
    return escaped.replace("\x7f", "\\u007F")
