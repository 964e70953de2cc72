"""A baseline: the findings that were there when one began to look, so that only new ones count."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from ecsiam_tui.findings.finding import Finding

FORMAT = 1


class BaselineError(Exception):
    """The file cannot be used. The message is one line."""


class Baseline(msgspec.Struct, frozen=True):
    """The keys of known findings (`rule node`), sorted. A key stands for its finding whatever its words."""

    version: int
    findings: tuple[str, ...]


def make(findings: Iterable[Finding]) -> bytes:
    """The content of a baseline file for some findings."""
    known = Baseline(FORMAT, tuple(sorted({finding.key for finding in findings})))
    return msgspec.json.format(msgspec.json.encode(known), indent=2) + b"\n"


def read(path: Path) -> Baseline:
    """Read a baseline file. Raises BaselineError."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Baseline)
    except OSError as error:
        raise BaselineError(f"{path}: cannot be read: {error.strerror}") from error
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        message = f"{path}: not a baseline ({error}); audit --write-baseline {path} makes one"
        raise BaselineError(message) from error
    if found.version != FORMAT:
        raise BaselineError(f"{path}: a baseline of version {found.version}; this program reads {FORMAT}")
    return found


def new_ones(findings: Iterable[Finding], baseline: Baseline) -> tuple[Finding, ...]:
    """The findings that are not in a baseline."""
    known = frozenset(baseline.findings)
    return tuple(finding for finding in findings if finding.key not in known)
