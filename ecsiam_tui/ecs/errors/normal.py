"""Pasted text made readable: unescaped, without decoration, its wrapped lines joined, one error an entry.

Texts come from consoles, logs, JSON, issue trackers and chats: quoted, escaped, cut, wrapped in the middle of
words and ARNs. Nothing here knows what an error means. Everything is linear in the length of the text.
"""

import html
import re
from collections.abc import Iterator
from functools import lru_cache

from ecsiam_tui.ecs.errors.words import VOCABULARY
from ecsiam_tui.policy import catalogue

_ANSI = re.compile(r"\x1b\[[0-9;?]{0,16}[A-Za-z]|\x1b\][^\x07\x1b]{0,200}(?:\x07|\x1b\\)")
_ZERO_WIDTH = re.compile("[\u200b-\u200f\u2060\ufeff\xad]")
_ESCAPED = re.compile(r"\\{1,8}(?:u00([0-9a-fA-F]{2})|(n|r|t)(?![a-z]{2,}\\)|([\"'/`]))")
_PLACEHOLDER = re.compile(r"[<{\[][A-Za-z][\w -]{0,40}[>}\]]|(?<=[:/])\*[A-Za-z][\w -]{0,40}\*(?=[:/])")
_DECORATION = " >│┃|╷╵╎"
_SPACES = re.compile(r"[ \t\f\v]+")
_STAMP = re.compile(
    r"^[\[(\"']?(?:\d{4}[-/]\d\d[-/]\d\d[T ,]{1,2}\d\d:\d\d(?::\d\d)?|\d\d:\d\d:\d\d"
    r"|\d{1,2}/[A-Z][a-z]{2}/\d{4}|[A-Z][a-z]{2} \d{1,2},? (?:\d{4},? )?(?:at )?\d\d?:\d\d)"
)
_FRAME = re.compile(
    r"^(?:at [\w.$<>/ \[\]-]{1,200}\(.*|at (?:async )?\S{0,40}[/\\]\S+:\d+:\d+\)?|File \".*\", line \d+.*"
    r"|\.\.\. \d+ (?:more|common frames omitted)|Traceback \(most recent call last\):?|goroutine \d+.*)$"
)
_STARTS = re.compile(
    r"^(?:\W{0,3}(?:[\w.$]{0,120}(?:Exception|Error|Fault|Failure)\b(?=:| ?\(|$))"
    r"|\(?service [^\s()]{1,255}\)?[ ,:]|An error occurred \(|Error: |Caused by: |\[ERROR\]|ERROR\b"
    r"|[-*•] (?=\S)|\d{1,2}[.)] (?=\S)|User: )"
)
# Where an error begins in the middle of a line. Each of these words starts a statement of its own.
_INNER = re.compile(
    r"(?=\b(?:ResourceInitializationError|CannotPull(?:ECR)?ContainerError|CannotPullImageManifestError"
    r"|CannotStartContainerError|CannotCreateContainerError|CannotCreateVolumeError|DockerTimeoutError"
    r"|OutOfMemoryError|ContainerRuntimeError|ContainerRuntimeTimeoutError|CannotInspectContainerError"
    r"|CannotStopContainerError)\b)|(?=\(service [^\s()]{1,255}\) )|(?=\bAn error occurred \()"
)
_ONLY_NAME = re.compile(
    r"^\W{0,4}(?:\[ERROR\] |ERROR:? |Error: )?[\w.$]{0,120}(?:Exception|Error|Failure)?: ?$"
)
_CONNECTING = """
    a action after allows an and as at because by can cannot caused code does due error failed for from
    has have in is it lacks message no not of on operation or please provided reason request requestid
    status that the to via was when which while with you your
"""
_AFTER_ARN = frozenset(_CONNECTING.split())
_SERVICE_PREFIX = re.compile(r"^[a-z0-9-]{2,40}:$")
_ACTION = re.compile(r"^[a-z0-9-]{2,40}:[A-Za-z]+$")
_LOOSE_ARN_START = re.compile(r"^(?:a?rn|n)?:aws[\w-]*:")


def clean(text: str) -> str:
    """Without escapes, entities, colours and typographic quotes; lines stay lines."""
    text = _ANSI.sub("", text)
    text = _ZERO_WIDTH.sub("", text)
    if "&" in text:
        text = html.unescape(text)
    if "\\" in text:
        text = _ESCAPED.sub(_unescape, text)
    for old, new in _TYPOGRAPHY:
        if old in text:
            text = text.replace(old, new)
    text = _SPACES.sub(" ", text)
    return _PLACEHOLDER.sub(lambda match: match[0].replace(" ", "_"), text)


_TYPOGRAPHY = (
    ("\r\n", "\n"),
    ("\r", "\n"),
    ("‘", "'"),
    ("’", "'"),
    ("“", '"'),
    ("”", '"'),
    ("\xa0", " "),
    ("…", "..."),
    ("`", ""),
)


def _unescape(match: re.Match[str]) -> str:
    if match[1]:
        return chr(int(match[1], 16))
    if match[2]:
        return " " if match[2] == "t" else "\n"
    return match[3]


def entries(text: str) -> Iterator[str]:
    """The statements of a cleaned text, each on one line."""
    for block in _blocks(text.split("\n")):
        joined = _joined(block)
        yield from _pieces(joined)


def _pieces(joined: str) -> Iterator[str]:
    """A line cut where another error begins. The name of an exception belongs to what it says."""
    held = ""
    for part in _INNER.split(joined):
        piece = held + part
        held = piece if _ONLY_NAME.match(piece) else ""
        if not held and piece.strip():
            yield piece.strip()
    if held.strip():
        yield held.strip()


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    """Lines that belong together: what a person or a log wrote as one."""
    block: list[str] = []
    blank = False
    for raw in lines:
        line = raw.strip(_DECORATION)
        if not line or _FRAME.match(line[:400]):
            blank = blank or not line
            continue
        stamped = bool(_STAMP.match(line))
        starts = stamped or bool(_STARTS.match(line[:400]))
        open_end = bool(block) and block[-1][-1] in ":,(-/"
        if block and not (open_end and not stamped) and (starts or blank):
            yield block
            block = []
        block.append(line)
        blank = False
    if block:
        yield block


def _joined(lines: list[str]) -> str:
    if len(lines) == 1:
        return lines[0]
    widest = max(map(len, lines))
    parts = [lines[0]]
    tail = lines[0][-400:]
    for line in lines[1:]:
        glued = _continues(tail, line, natural=len(parts[-1]) < 0.55 * widest)
        parts.append(line if glued else f" {line}")
        tail = (tail + parts[-1])[-400:]
    return "".join(parts)


def _continues(before: str, after: str, *, natural: bool) -> bool:
    """Whether a line break fell in the middle of a word or an ARN. `natural`: the line is so short that its
    writer ended it."""
    last = before.rsplit(" ", 1)[-1]
    first = after.split(" ", 1)[0]
    if not last or not first:
        return False
    if last.endswith(("a", "ar", "arn")) and _LOOSE_ARN_START.match(first) and not first.startswith("arn:"):
        return True
    if _continues_arn(last, first, natural=natural):
        return True
    return _continues_word(last, first)


def _continues_arn(last: str, first: str, *, natural: bool) -> bool:
    if "arn:" not in last and "://" not in last and ".amazonaws.com/" not in last:
        return False
    if last[-1] in "/-_:" and first[0] not in "([\"'":
        return first.strip(".,:;").lower() not in _AFTER_ARN and not first.startswith("arn:")
    if natural or last[-1] in ".,;\"')]}>" or first[0] in "([\"'<{" or first.startswith("arn:"):
        return False
    return re.sub(r"\W+$", "", first).lower() not in _AFTER_ARN and not re.match(
        r"[A-Z]\w+(?:Exception|Error)\b", first
    )


def _continues_word(last: str, first: str) -> bool:
    left = last.strip("\"'(.,;")
    right = re.match(r"[A-Za-z-]*", first)
    word = right[0] if right else ""
    if _SERVICE_PREFIX.match(left) and word:
        return is_action(left + word)
    if _ACTION.match(left) and word:
        return is_action(left + word) and not is_action(left)
    whole = (left.rsplit("/", 1)[-1].rsplit(":", 1)[-1] + word).lower()
    if whole not in VOCABULARY:
        return False
    return left.lower() not in VOCABULARY or word.lower() not in VOCABULARY


@lru_cache(maxsize=4096)
def is_action(name: str) -> bool:
    """Whether AWS has the action."""
    return catalogue.load().number(name) is not None


_SQUEEZED = re.compile(r"[\s\"'\\]+")


def squeeze(text: str) -> str:
    """Lower case, without white space and quotes: so phrases are found wherever lines were broken."""
    return _SQUEEZED.sub("", text).lower()
