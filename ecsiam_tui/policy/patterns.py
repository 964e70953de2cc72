"""Wildcards and policy variables.

`*` stands for any run of characters, `?` for one. A pattern becomes a regular expression of atomic groups:
each literal run takes its leftmost place and is never moved again, which is enough for wildcards and keeps
the time linear in the text, whatever the pattern (`*a*a*a*…` included).

Variables: IAM User Guide, "IAM policy elements: Variables and tags". `${key}` is the value of a condition
key, `${key, 'default'}` has a default, `${*}`, `${?}` and `${$}` are those characters themselves. Characters
that come from a variable are always literal."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

from .truth import MAYBE, NO, YES, Truth

# Patterns kept ready. Bounded: a batch may bring any number of them.
_CACHED = 8192

ANY = "*"
ONE = "?"


class Variable(NamedTuple):
    """A policy variable: the condition key in lower case, and its default."""

    key: str
    default: str | None


class Literal(NamedTuple):
    """Text that stands for itself."""

    text: str


class Wildcard(NamedTuple):
    """`*` or `?`. The second field keeps it apart from a Literal of the same text: both are tuples."""

    char: str
    kind: str = "wildcard"


Token = Literal | Wildcard | Variable
Tokens = tuple[Token, ...]
Lookup = Callable[[str], "tuple[str, ...] | bool | None"]
"""Values of a condition key (lower case): a tuple; None where the request has no such key; True where it is
open."""

_VARIABLE = re.compile(r"\$\{(?:([*?$])|([^{},']+?)(?:\s*,\s*'([^']*)')?)\}")


@lru_cache(maxsize=_CACHED)
def tokenize(text: str, variables: bool, wildcards: bool = True) -> Tokens:
    """Literals, wildcards and variables of a pattern. Without `variables` a `${…}` is text like any other."""
    tokens: list[Token] = []
    position = 0
    for match in _VARIABLE.finditer(text) if variables else ():
        _split(text[position : match.start()], wildcards, tokens)
        special, key, default = match.groups()
        tokens.append(Literal(special) if special else Variable(key.strip().lower(), default))
        position = match.end()
    _split(text[position:], wildcards, tokens)
    return tuple(tokens)


def _split(text: str, wildcards: bool, tokens: list[Token]) -> None:
    if not wildcards:
        if text:
            tokens.append(Literal(text))
        return
    tokens += [
        Wildcard(part) if part in (ANY, ONE) else Literal(part) for part in re.split(r"([*?])", text) if part
    ]


def has_variables(tokens: Tokens) -> bool:
    """Whether a pattern needs the request before it can be matched."""
    return any(isinstance(token, Variable) for token in tokens)


def resolve(tokens: Tokens, lookup: Lookup) -> Tokens | Truth:
    """The pattern with its variables filled in; NO where one has no value in the request, MAYBE where the
    request leaves it open. A key with several values has no value as a variable: only single-valued keys can
    be used."""
    out: list[Token] = []
    maybe = False
    for token in tokens:
        if not isinstance(token, Variable):
            out.append(token)
            continue
        values = lookup(token.key)
        if values is True:
            maybe = True
        elif isinstance(values, tuple) and len(values) == 1:
            out.append(Literal(values[0]))
        elif not values and token.default is not None:
            out.append(Literal(token.default))
        else:
            return NO
    return MAYBE if maybe else tuple(out)


@lru_cache(maxsize=_CACHED)
def widest(tokens: Tokens) -> Callable[[str], re.Match[str] | None]:
    """A matcher of every text that a pattern could match whatever its variables stand for (and some more):
    what it refuses needs no variables to be refused."""
    opened = tuple(Wildcard(ANY) if isinstance(token, Variable) else token for token in tokens)
    return glob(opened, ignore_case=True)


def same_head(tokens: Tokens, arn: str) -> bool:
    """Whether an ARN pattern and an ARN agree up to the fifth colon, variables standing for anything."""
    head: list[Token] = []
    for segment in split_segments(tokens)[:5]:
        head += [Wildcard(ANY) if isinstance(token, Variable) else token for token in segment]
        head.append(Literal(":"))
    return resource_glob((*head, Wildcard(ANY)))(arn) is not None


def plain_text(tokens: Tokens) -> str:
    """The text of a pattern without wildcards (where they are characters like any other)."""
    return "".join(token.text if isinstance(token, Literal) else token.char for token in tokens)  # type: ignore[union-attr]


@lru_cache(maxsize=_CACHED)
def glob(tokens: Tokens, ignore_case: bool = False) -> Callable[[str], re.Match[str] | None]:
    """A matcher of whole texts for a pattern without variables."""
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
    return re.compile(_regex(tokens, "."), flags).fullmatch


def split_segments(tokens: Tokens, limit: int = 6) -> list[list[Token]]:
    """A pattern cut at its first `limit - 1` literal colons. A variable is never cut."""
    segments: list[list[Token]] = [[]]
    for token in tokens:
        if not isinstance(token, Literal):
            segments[-1].append(token)
            continue
        parts = token.text.split(":", limit - len(segments))
        for number, part in enumerate(parts):
            if number:
                segments.append([])
            if part:
                segments[-1].append(Literal(part))
    return segments


@lru_cache(maxsize=_CACHED)
def arn_glob(tokens: Tokens) -> Callable[[str], re.Match[str] | None] | None:
    """A matcher of ARNs in which a wildcard of the first five segments stays inside its segment; None for a
    pattern that is not an ARN. IAM User Guide, "IAM JSON policy elements: Resource" and "ARN condition
    operators"."""
    segments = split_segments(tokens)
    if len(segments) < 6:
        return None
    head = ":".join(_regex(tuple(segment), "[^:]") for segment in segments[:5])
    return re.compile(f"{head}:{_regex(tuple(segments[5]), '.')}", re.DOTALL).fullmatch


@lru_cache(maxsize=_CACHED)
def resource_glob(tokens: Tokens) -> Callable[[str], re.Match[str] | None]:
    """A matcher of the ARNs that a Resource pattern covers. A wildcard stays inside its segment, but "if the
    `*` wildcard is the last character of a resource ARN segment, it can expand to match beyond the colon
    boundaries" (IAM User Guide, "IAM JSON policy elements: Resource"). After the fifth colon there are no
    segments."""
    # Runs between wildcards that reach over colons; within a run those that stay in their segment.
    runs: list[str] = [""]
    segments = split_segments(tokens)
    for number, segment in enumerate(segments[:5]):
        reaches = segment[-1:] == [Wildcard(ANY)]
        parts = _runs(segment[:-1] if reaches else segment, "[^:]")
        if reaches:
            runs[-1] += parts[0] + "".join(f"(?>[^:]*?{part})" for part in parts[1:] if part)
            runs.append("")
        else:
            runs[-1] += _join(parts, "[^:]")
        if number < len(segments) - 1:
            runs[-1] += ":"
    if len(segments) == 6:
        first, *rest = _runs(segments[5], ".")
        runs[-1] += first
        runs += rest
    return re.compile(_join(runs, "."), re.DOTALL).fullmatch


def _regex(tokens: Sequence[Token], char: str) -> str:
    return _join(_runs(tokens, char), char)


def _runs(tokens: Sequence[Token], char: str) -> list[str]:
    """The regular expressions of the runs between wildcards `*`."""
    runs: list[str] = [""]
    for token in tokens:
        if token == Wildcard(ANY):
            runs.append("")
        elif token == Wildcard(ONE):
            runs[-1] += char
        else:
            runs[-1] += re.escape(token.text)  # type: ignore[union-attr]
    return runs


def _join(runs: list[str], char: str) -> str:
    """Runs with a `*` between each two: each is an atomic group that takes its leftmost place, the last
    stands at the end."""
    if len(runs) == 1:
        return runs[0]
    middle = "".join(f"(?>{char}*?{run})" for run in runs[1:-1] if run)
    return f"{runs[0]}{middle}{char}*{runs[-1]}"


@lru_cache(maxsize=_CACHED)
def action_matcher(pattern: str) -> Callable[[str], object] | None:
    """A matcher of actions in lower case; None for a pattern that no action can match. The part before the
    colon and the one after it both ignore case. IAM User Guide, "IAM JSON policy elements: Action"."""
    if is_universal(pattern):
        return lambda _: True
    if ":" not in pattern:
        return None
    return glob(tokenize(pattern.lower(), variables=False))


@lru_cache(maxsize=_CACHED)
def action_matchers(patterns: tuple[str, ...]) -> tuple[Callable[[str], object], ...]:
    """The matchers of an Action or NotAction element."""
    return tuple(matcher for pattern in patterns if (matcher := action_matcher(pattern)) is not None)


def is_universal(pattern: str) -> bool:
    """Whether the pattern is nothing but `*`."""
    return bool(pattern) and not pattern.strip(ANY)


_S3_ACCOUNT = re.compile(r"arn:(aws[a-z-]*|\*):s3:::\*")


def covers_account(pattern: str, service: str) -> bool:
    """Whether a Resource pattern covers an action of a service (lower case) that supports no resource-level
    permission: `*` does, nothing else, but for S3 `arn:aws:s3:::*`: the IAM User Guide grants
    s3:ListAllMyBuckets with it ("Policy evaluation for requests within a single account")."""
    return is_universal(pattern) or (service == "s3" and _S3_ACCOUNT.fullmatch(pattern) is not None)


def globs_overlap(left: str, right: str) -> bool:
    """Whether some text matches both patterns (`*` and `?`; linear in the product of their lengths)."""
    fixed = [re.split(r"[*?]", text, maxsplit=1)[0] for text in (left, right)]
    shorter, longer = sorted(fixed, key=len)
    if not longer.startswith(shorter):
        return False
    # reached[j]: the first i characters of `left` and the first j of `right` can stand for the same text.
    reached = [True] + [False] * len(right)
    for j, other in enumerate(right):
        reached[j + 1] = reached[j] and other == ANY
    for char in left:
        row = [reached[0] and char == ANY] + [False] * len(right)
        for j, other in enumerate(right):
            if char == ANY or other == ANY:
                row[j + 1] = (
                    (char == ANY and (reached[j + 1] or row[j]))
                    or (other == ANY and (row[j] or reached[j + 1]))
                    or reached[j]
                )
            else:
                row[j + 1] = reached[j] and (char == other or ONE in (char, other))
        reached = row
    return reached[-1]


__all__ = [
    "NO",
    "YES",
    "Literal",
    "Lookup",
    "Token",
    "Tokens",
    "Variable",
    "Wildcard",
    "action_matcher",
    "action_matchers",
    "arn_glob",
    "covers_account",
    "glob",
    "globs_overlap",
    "has_variables",
    "is_universal",
    "plain_text",
    "resolve",
    "resource_glob",
    "same_head",
    "split_segments",
    "tokenize",
    "widest",
]
