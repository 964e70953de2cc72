"""What in a text of a task definition is still to be filled in.

Marks of template engines are found everywhere. Words that say so themselves (`REPLACE_ME`, `YOUR_…`), and
parts that cannot be what AWS takes in their place (an account that has no twelve digits), are looked for only
where a text names something: in a value they may be meant.
"""

import re
from collections.abc import Iterator
from typing import Literal

from ecsiam_tui.account.arns import parse_arn
from ecsiam_tui.account.redact import MASK, verdict

Use = Literal["image", "role", "volume", "region", "name", "label", "value"]
"""What a text is there for. `name` is any text that names something in AWS, `label` one that people choose
freely, `value` one that may be secret."""

_MARK = re.compile(
    r"\$\{(?:[^{}]++|\{[^{}]*+\})*+\}"  # shell, Terraform, Fn::Sub
    r"|\{\{\{[^{}]*+\}\}\}|\{\{[^{}]*+\}\}"  # Jinja, Go, Handlebars, dynamic references of CloudFormation
    r"|\#\{[^{}\n]{1,200}+\}"  # Octopus, tokenizers of Azure and GitHub
    r"|\$\([^()\n]{1,200}+\)"
    r"|<%=?[^%\n]{1,200}+%>"
    r"|<<?[A-Za-z][^<>\n]{0,200}+>>?"
    r"|\$[A-Za-z_][A-Za-z0-9_]{0,200}+"
    r"|%%?[A-Za-z_][A-Za-z0-9_.-]{1,200}+%%?"
    r"|@@?[A-Za-z_][A-Za-z0-9_]{0,200}+@@?"
    r"|(?<![A-Za-z0-9_])__[A-Za-z][A-Za-z0-9_]{0,200}+(?<=__)(?![A-Za-z0-9])"
)
_LEFT, _RIGHT = r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])"
_WORD = re.compile(
    rf"{_LEFT}(?:"
    r"(?:[A-Za-z0-9]{1,40}[_-]){0,8}place[_-]?holder(?:[_-][A-Za-z0-9]{1,40}){0,8}"
    r"|(?:replace|change|fill|insert|update|edit)[_-]?(?:me|with|this|in|here)(?:[_-][A-Za-z0-9]{1,40}){0,8}"
    r"|(?-i:FIXME|TODO|TBD|REPLACE(?:_[A-Z0-9]{1,40}){1,8})"
    r"|(?:your|my)(?:[_-]?(?:aws[_-]?)?account(?:[_-]?(?:id|number))?)"
    r"|your(?:[_-][A-Za-z0-9]{1,40}){1,8}"
    r"|x{4,}"
    rf"){_RIGHT}",
    re.IGNORECASE,
)
# Words that name what belongs there; a secret or a parameter may well be called so.
_NAMED = re.compile(
    rf"{_LEFT}(?:(?:aws[_-]?)?account[_-]?(?:id|number)|aws[_-](?:account|region)){_RIGHT}", re.IGNORECASE
)
_CALLED = re.compile(r":(?:secret:|parameter/)|^/")
_BRACKETS = re.compile(
    r"\.\.\.+|…|\[[A-Za-z][\w .-]{1,60}\]|(?<![\w$%#{])\{[A-Za-z_][\w.]{0,60}\}(?!\})|%\(\w{1,60}\)s|%s"
)
_SHOUTED = re.compile(rf"{_LEFT}[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+{_RIGHT}")
_CAPITALS = re.compile(r"[A-Z][A-Z0-9_]{2,}")
# Terraform's expressions, without the `${…}`.
_EXPRESSION = re.compile(r"(?:var|local|module|each|data|aws_[a-z0-9_]+)\.[A-Za-z_][\w.\[\]\"*-]*")
_ARN_WORD = re.compile(r"(?:[A-Z0-9]+[_-])*ARN(?:[_-][A-Z0-9]+)*")  # no parameter is called SECRET_ARN
_ROLE_NAME = re.compile(r"(?:role/)?[\w+=,.@/-]{1,128}")
_REGION = re.compile(r"[a-z]{2,4}(?:-[a-z]{2,10}){1,3}-\d{1,2}")
_FILE_SYSTEM = re.compile(r"fs-[0-9a-f]{8,40}")
_ECR_HOST = re.compile(
    r"(?<![^/\s])(?P<account>[^/.\s]{0,200}+)\.dkr[.-]ecr(?:-fips)?\.(?P<region>[^/.\s]{0,200}+)\.(?:amazonaws\.com|on\.aws)"
)
_WHOLE = re.compile(
    r"\$[A-Z_][A-Z0-9_]+|<[A-Za-z][A-Za-z0-9_ .-]+>|%[A-Z_][A-Z0-9_]+%|@@?[A-Z_][A-Z0-9_]+@@?"
    r"|__[A-Z][A-Z0-9_]+__"
)
# What every placeholder has one of: most texts have none, and are done with quickly.
_HINT = re.compile(
    r"[$<{%@]|__|holder|me|with|this|in|here|FIXME|TODO|TBD|your|my|account|aws|xxxx", re.IGNORECASE
)
_BRACED = re.compile(r"(?P<open>\$\{|\{\{\{?|\#\{)\s*(?P<name>[A-Za-z_.@][\w.-]*(?:::\w+)?)")


def find(text: str, use: Use) -> tuple[str, ...]:
    """The placeholders in a text, each once, in the order in which they stand there."""
    if use in ("value", "label") and not _HINT.search(text):
        return ()
    if use == "value":
        return tuple(dict.fromkeys(_in_value(text)))
    if use == "label":
        return tuple(dict.fromkeys(match[0] for match in _MARK.finditer(text)))
    return tuple(dict.fromkeys(text[start:end] for start, end in spans(text, use)))


def spans(text: str, use: Use) -> list[tuple[int, int]]:
    """Where the placeholders of a text that names something stand, in its order."""
    if _EXPRESSION.fullmatch(text) or _ARN_WORD.fullmatch(text):
        return [(0, len(text))]
    found = [match.span() for match in _MARK.finditer(text)]
    for pattern in (_BRACKETS, _WORD, *((_SHOUTED,) if use in ("image", "role") else ())):
        _add(found, [match.span() for match in pattern.finditer(text)])
    called = _CALLED.search(text)
    _add(found, [match.span() for match in _NAMED.finditer(text, 0, called.start() if called else len(text))])
    _add(found, list(_misfits(text, use)))
    return sorted(found)


def _add(spans: list[tuple[int, int]], more: list[tuple[int, int]]) -> None:
    """Add what does not touch what was found before. Both are in the order of the text."""
    if not spans or not more:
        spans.extend(more)
        return
    known, index, fresh = sorted(spans), 0, []
    for start, end in sorted(more):
        while index < len(known) and known[index][1] <= start:
            index += 1
        if index == len(known) or known[index][0] >= end:
            fresh.append((start, end))
    spans.extend(fresh)


def _misfits(text: str, use: Use) -> Iterator[tuple[int, int]]:
    """Parts that AWS does not take there: accounts, regions, identifiers, capitals in an image's name."""
    for host in _ECR_HOST.finditer(text):
        if host["account"] != "*" and not _is_account(host["account"]):
            yield host.span("account")
        if host["region"] != "*" and not _REGION.fullmatch(host["region"]):
            yield host.span("region")
    arn = parse_arn(text)
    if arn is not None:
        region_at = len(f"arn:{arn.partition}:{arn.service}:")
        account_at = region_at + len(arn.region) + 1
        if arn.region not in ("", "*") and not _REGION.fullmatch(arn.region):
            yield region_at, region_at + len(arn.region)
        if arn.account not in ("", "*", "aws") and not _is_account(arn.account):
            yield account_at, account_at + len(arn.account)
    if not text.strip():
        return
    if use == "image":
        # Docker's names of repositories have no capitals (distribution/reference); what has is no name yet.
        tag = text.partition("@")[0].find(":", text.rfind("/") + 1)
        for match in _CAPITALS.finditer(text, 0, tag if tag > 0 else len(text)):
            yield match.span()
    elif (
        (use == "region" and text != "*" and not _REGION.fullmatch(text))
        or (use == "volume" and not text.startswith("arn:") and not _FILE_SYSTEM.fullmatch(text))
        or (use == "role" and arn is None and not _is_role(text))
    ):
        yield 0, len(text)


def _is_role(text: str) -> bool:
    """Whether a text that is no ARN can be a role's name; marks inside of it are reported as such."""
    if _MARK.search(text):
        return True
    return bool(_ROLE_NAME.fullmatch(text)) and not _CAPITALS.fullmatch(text) and not _EXPRESSION.match(text)


def _is_account(text: str) -> bool:
    return len(text) == 12 and text.isascii() and text.isdigit()


def _in_value(text: str) -> Iterator[str]:
    """Placeholders in a text that may be secret: marks with nothing in them but a name, or the whole text.

    An expression is cut to its first name: `${PASSWORD:-hunter2}` holds a value of its own.
    """
    if _WHOLE.fullmatch(text):
        yield _checked(text)
        return
    for mark in _MARK.finditer(text):
        braced = _BRACED.match(mark[0])
        if braced is None:
            if mark[0].startswith("<") and _WHOLE.fullmatch(mark[0]) and mark[0].upper() == mark[0]:
                yield _checked(mark[0])
            continue
        opening, name = braced["open"], braced["name"]
        closing = "}" * opening.count("{")
        rest = mark[0][braced.end() : -len(closing)].strip()
        if not rest:
            yield _checked(mark[0])
        else:
            yield _checked(f"{opening}{name}…{closing}")
    if (_WORD.fullmatch(text) or _NAMED.fullmatch(text)) and not any(map(str.isdigit, text)):
        yield _checked(text)


def _checked(text: str) -> str:
    return text if verdict("", text) == "no" else MASK
