"""Lines that fit: wrapped at the terminal's width, with what hangs below its beginning."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator

from ecsiam_tui.account.text import visible
from ecsiam_tui.cli.output import write
from ecsiam_tui.policy.telling import HARD

DEFAULT_WIDTH = 80
"""Columns where standard output is no terminal."""
NARROWEST = 40


def columns() -> int:
    """Columns to write in."""
    if not sys.stdout.isatty():
        return DEFAULT_WIDTH
    return max(NARROWEST, shutil.get_terminal_size((DEFAULT_WIDTH, 24)).columns)


def wrapped(text: str, hanging: int = 0, width: int | None = None) -> Iterator[str]:
    """The text in lines of at most `width` columns, broken between columns (two spaces or more) or else at
    spaces; a word that is longer, such as an ARN, stays whole. All lines but the first are indented by
    `hanging`."""
    width = width or columns()
    hanging = min(hanging, width // 2)
    while len(text) > width:
        start = len(text) - len(text.lstrip()) + 3  # no sign stands alone
        at = text.rfind("  ", max(start, hanging + 1), width + 1)
        if at < 0 or not text[at:].strip():
            at = text.rfind(" ", start, width + 1)
        if at < 0:
            at = text.find(" ", max(width, start))
        if at < 0 or not text[at:].strip():
            break
        yield text[:at].rstrip()
        text = " " * hanging + text[at:].strip()
    yield text.rstrip()


Line = str | tuple[str, int]
"""A line, and how far its continuation is indented where that is not what the others have."""


def write_lines(lines: Iterable[Line], hanging: int = 4) -> None:
    """Print lines, hostile characters written out, each wrapped below its beginning."""
    write("\n".join(fitted(lines, hanging)))


def fitted(lines: Iterable[Line], hanging: int = 4) -> Iterator[str]:
    """The lines as they are printed."""
    width = columns()
    for line in lines:
        text, indent = line if isinstance(line, tuple) else (line, hanging)
        for part in wrapped(visible(text), indent, width):
            yield part.replace(HARD, " ")
