"""Pasted text made readable: unescaped, without decoration, its wrapped lines joined, one error an entry.

Texts come from consoles, logs, JSON, issue trackers and chats: quoted, escaped, cut, wrapped in the middle of
words and ARNs. Nothing here knows what an error means. Everything is linear in the length of the text.
"""

import html
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from ecsiam_tui.ecs.errors.words import VOCABULARY
from ecsiam_tui.policy import catalogue

# The escape itself may be lost in copying, or be spelt out.
_ANSI = re.compile(
    r"(?:\x1b|␛|\\{1,4}(?:x1b|u001[bB]|033|e)|\^\[)\[[0-9;?]{0,16}[A-Za-z]|\x1b\][^\x07\x1b]{0,200}(?:\x07|\x1b\\)"
    r"|\[\d{1,3}(?:;\d{1,3}){0,4}m(?!\])"
)
_BREAK = re.compile(r"<br ?/?>", re.I)
_ZERO_WIDTH = re.compile("[\u200b-\u200f\u2060\ufeff\xad]")
_ESCAPED = re.compile(r"\\{1,8}(?:u([0-9a-fA-F]{4})|(n|r|t)(?![a-z]{2,}\\)|([\"'/`]))")
GAP = "\ue000"
"""Stands for a space in a placeholder (`<my account>`), so that the placeholder is one word."""
_PLACEHOLDER = re.compile(
    r"[<{][A-Za-z][\w -]{0,40}[>}]|(?<=[:/])\*[A-Za-z][\w -]{0,40}\*(?=[:/])"
    r"|(?<=[:/])\[[A-Za-z][\w -]{0,40}\]"
)
_DECORATION = " >│┃|╷╵╎"
_BEHIND = " │┃|╷╵╎"
_COMMENT = re.compile(r"^#{1,6} [ >│|]*")
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
    r"^(?:\W{0,3}(?:[\w.$]{0,120}(?:Exception|Error|Fault|Failure)\b(?=:| ?[(\[]|$))"
    r"|(?!StatusCode|RequestI|HostI|ErrorCode)[A-Z][a-z]+(?:[A-Z][A-Za-z]+)+: "
    r"|\W?\(service [^\s()]{1,255}\)?[ ,:]|\W?service [^\s()]{1,255}:? (?:was|failed|has|is|task|\()"
    r"|\(task [^\s()]{1,255}\) "
    r"|An error occurred \(|Error: |Caused by: |\[ERROR\]|ERROR\b|Task (?:failed|stopped) |Status reason\b"
    r"|Unable to (?:run|place|launch|assume|locate|load) |AWS Code[A-Z]|The (?:IAM role|rule|provided role) "
    r"|\{ ?[\"']\w"
    r"|Container message|Access to the resource |Timeout waiting |failed to invoke EFS "
    r"|(?:creating|reading|updating|deleting|listing) [A-Z]|[-*•] (?=\S)|\d{1,2}[.)] (?=\S)|User: )"
)
# A sentence of its own after one that ended, unless it speaks of the same thing.
_ENDS = re.compile(
    r"(?:[.)}\"'!]|\b(?:action|policy|Forbidden|Unauthorized|timeout|[Dd]enied|found|exited|usage|refused"
    r"|[Ee]xceeded|exist|host|expired|invalid))$"
)
_SENTENCE = re.compile(
    r"(?!There is|Check|Please|For more|Wait|Make sure|Verify|See |Reason|Contact|If you|Ensure|Specify"
    r"|The error|Status|Request|You |To |Try |Learn|It |This |That |Note|Server message|Access Denied|User )"
    r"[A-Z][\w'’]+[ :]"
)
# Where an error begins in the middle of a line. Each of these words starts a statement of its own.
_INNER = re.compile(
    r"(?=\b(?:ResourceInitializationError|CannotPull(?:ECR)?ContainerError|CannotPullImageManifestError"
    r"|CannotStartContainerError|CannotCreateContainerError|CannotCreateVolumeError|DockerTimeoutError"
    r"|OutOfMemoryError|ContainerRuntimeError|ContainerRuntimeTimeoutError|CannotInspectContainerError"
    r"|CannotStopContainerError)\b)|(?=\(service [^\s()]{1,255}\) )"
)
_BOTOCORE = re.compile(r"(?=\bAn error occurred \()")
_ONLY_NAME = re.compile(
    r"^\W{0,4}(?:\[ERROR\] |ERROR:? |Error: )?[\w.$]{0,120}(?:Exception|Error|Failure)?: ?$"
)
_CONNECTING = """
    a action after allows an and as at because by can cannot caused code does due error failed for from
    has have in is it lacks message no not of on operation or please provided reason request requestid
    status that the to via was when which while with you your
"""
_AFTER_ARN = frozenset(_CONNECTING.split())
_LONG_NAMES = ("arn:", "://", ".amazonaws.com/", ".dkr.", "dkr.ecr")
_PAIRS = (("<", ">"), ("'", "'"), ('"', '"'))
_SERVICE_PREFIX = re.compile(r"^[a-z0-9-]{2,40}:$")
_ACTION = re.compile(r"^[a-z0-9-]{2,40}:[A-Za-z]+$")


def clean(text: str) -> str:
    """Without escapes, entities, colours and typographic quotes; lines stay lines."""
    if "&" in text:
        text = html.unescape(text)
    if "\\" in text:
        text = _ANSI.sub("", text)
        text = _ESCAPED.sub(_unescape, text)
    text = _ANSI.sub("", text)
    text = _ZERO_WIDTH.sub("", text)
    text = _BREAK.sub("\n", text)
    for old, new in _TYPOGRAPHY:
        if old in text:
            text = text.replace(old, new)
    text = _SPACES.sub(" ", text)
    return _PLACEHOLDER.sub(lambda match: match[0].replace(" ", GAP), text)


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
        code = int(match[1], 16)
        return "" if 0xD800 <= code < 0xE000 else chr(code)  # halves of what stands beyond are no text
    if match[2]:
        return " " if match[2] == "t" else "\n"
    return match[3]


class _Line(NamedTuple):
    """A line without what surrounds it; whether a space stood before or after it."""

    text: str
    led: bool
    trailed: bool


def entries(text: str) -> Iterator[str]:
    """The statements of a cleaned text, each on one line."""
    for block in _blocks(text.split("\n")):
        yield from _pieces(_joined(block))


def _pieces(joined: str) -> Iterator[str]:
    """A line cut where another error begins. The name of an exception belongs to what it says."""
    held = ""
    for part in _INNER.split(joined):
        piece = held + part
        held = piece if _ONLY_NAME.match(piece) else ""
        if not held:
            yield from _calls(piece)
    yield from _calls(held)


def _calls(piece: str) -> Iterator[str]:
    """The calls that botocore says failed, one by one; what stands before the first belongs to it."""
    first, *rest = _BOTOCORE.split(piece)
    if rest and not first.startswith("An error occurred ("):
        first, rest = first + rest[0], rest[1:]
    yield from (part.strip() for part in (first, *rest) if part.strip())


def _blocks(lines: list[str]) -> Iterator[list[_Line]]:
    """Lines that belong together: what a person or a log wrote as one."""
    block: list[_Line] = []
    blank = False
    for raw in lines:
        text = _COMMENT.sub("", raw.lstrip(_DECORATION).rstrip(_BEHIND))
        if not text or _FRAME.match(text[:400]):
            blank = blank or not text
            continue
        stamped = bool(_STAMP.match(text))
        starts = stamped or bool(_STARTS.match(text[:400]))
        open_end = bool(block) and (block[-1].text[-1] in ":,(-/" or _torn(block[-1].text, text))
        ended = bool(block) and bool(_ENDS.search(block[-1].text[-20:])) and bool(_SENTENCE.match(text))
        if block and not (open_end and not stamped) and (starts or blank or ended):
            yield block
            block = []
        block.append(_Line(text, raw.startswith(" "), raw.endswith(" ")))
        blank = False
    if block:
        yield block


def _torn(before: str, after: str) -> bool:
    """Whether a break of the line fell into a word of AWS's: `Resource` and `NotFoundException`."""
    right = re.match(r"[A-Za-z]+", after)
    left = re.search(r"[A-Za-z]+$", before[-40:])
    if left is None or right is None:
        return False
    return (left[0] + right[0]).lower() in VOCABULARY and left[0].lower() not in ("a", "an")


def _joined(lines: list[_Line]) -> str:
    if len(lines) == 1:
        return lines[0].text
    lengths = [len(line.text) for line in lines[:-1]]
    width, times = Counter(lengths).most_common(1)[0]
    cut = times > 1 and sum(width - 1 <= length <= width for length in lengths) >= 0.7 * len(lengths)
    if times == 1:
        width = max(lengths)
    indented = all(line.led for line in lines)
    parts = [lines[0].text]
    tail = lines[0].text[-400:]
    for before, line in pairwise(lines):
        length = len(before.text)
        if before.trailed or (line.led and not indented and cut):
            glued = False
        elif cut and length == width:
            glued = not _both_words(tail, line.text)
        else:
            glued = _continues(tail, line.text, natural=length < 0.55 * width)
        parts.append(line.text if glued else f" {line.text}")
        tail = (tail + parts[-1])[-400:]
    return "".join(parts)


def _both_words(before: str, after: str) -> bool:
    """Whether a word ends before a break of the line and another thing begins after it, the space between
    them being lost."""
    last = before.rsplit(" ", 1)[-1]
    first = after.split(" ", 1)[0]
    if _inside(last, first):
        return False
    right = first.strip(".,;:()").lower()
    if any(sign in last for sign in _LONG_NAMES):
        return right in _AFTER_ARN
    if _ACTION.match(last):
        return is_action(last) and right in VOCABULARY
    left = last.rstrip(".,;:").lower()
    return left in VOCABULARY and (right in VOCABULARY or (len(left) > 2 and first[0] in "0123456789<{[(\"'"))


def _inside(last: str, first: str) -> bool:
    """Whether a break of the line fell between the two halves of `arn:aws`, of a quotation or of a
    placeholder."""
    head = last[-6:]
    at = (head + first[:6]).find("arn:aws")
    if 0 <= at < len(head) < at + 7:
        return True
    for opening, closing in _PAIRS:
        if last.count(opening) % 2 == 1 and closing in first and (opening != closing or last[0] == opening):
            return closing not in last.rpartition(opening)[2]
    return False


def _continues(before: str, after: str, *, natural: bool) -> bool:
    """Whether a line break fell in the middle of a word or an ARN. `natural`: the line is so short that its
    writer ended it."""
    last = before.rsplit(" ", 1)[-1]
    first = after.split(" ", 1)[0]
    if not last or not first:
        return False
    return (
        _inside(last, first) or _continues_arn(last, first, natural=natural) or _continues_word(last, first)
    )


def _continues_arn(last: str, first: str, *, natural: bool) -> bool:
    if not any(sign in last for sign in _LONG_NAMES):
        return False
    if last[-1] in "/-_:" and first[0] not in "([\"'":
        return first.strip(".,:;").lower() not in _AFTER_ARN and not first.startswith("arn:")
    if natural or last[-1] in ".,;\"')]}>" or first[0] in "([\"'<{" or first.startswith("arn:"):
        return last[-1] == "." and first.startswith("ecr.")
    return re.sub(r"\W+$", "", first).lower() not in _AFTER_ARN and not re.match(
        r"[A-Z]\w+(?:Exception|Error)\b", first
    )


def _continues_word(last: str, first: str) -> bool:
    left = last.strip("\"'(.,;")
    right = re.match(r"[A-Za-z-]+", first)
    if not left or right is None:
        return False
    word = right[0]
    if _SERVICE_PREFIX.match(left):
        return is_action(left + word)
    if _ACTION.match(left):
        return is_action(left + word) and (word.lower() not in VOCABULARY or not is_action(left))
    if left[0].isupper() and is_operation(left + word) and not is_operation(left):
        return True
    named = re.match(r"([a-z0-9-]{1,40}):([A-Z]\w+)", first)
    if named and is_action(f"{left}{named[0]}") and not is_action(named[0]):
        return True
    part = left.rsplit("/", 1)[-1].rsplit(":", 1)[-1]
    if not part or (part + word).lower() not in VOCABULARY:
        return False
    return left.lower() not in VOCABULARY or word.lower() not in VOCABULARY


@lru_cache(maxsize=4096)
def is_action(name: str) -> bool:
    """Whether AWS has the action."""
    return catalogue.load().number(name) is not None


@lru_cache(maxsize=1)
def _operations() -> frozenset[str]:
    return frozenset(name.partition(":")[2] for name in catalogue.load().names)


def is_operation(name: str) -> bool:
    """Whether a service of AWS has an action of the name."""
    return name in _operations()


_SQUEEZED = re.compile(r"[\s\"'\\]+")


def squeeze(text: str) -> str:
    """Lower case, without white space and quotes: so phrases are found wherever lines were broken."""
    return _SQUEEZED.sub("", text).lower()
