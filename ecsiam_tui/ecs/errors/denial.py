"""AWS's sentence "User: … is not authorized to perform: … on resource: … because …", wherever it stands.

Formats: IAM User Guide, "Troubleshoot access denied error messages". The sentence is found in the text
without its white space, so that line breaks in words do not hide it, and read in the text as it stands.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from ecsiam_tui.ecs.errors import operations
from ecsiam_tui.ecs.errors.explained import Layer
from ecsiam_tui.ecs.errors.names import Caller, callers, tidy
from ecsiam_tui.ecs.errors.normal import is_action
from ecsiam_tui.policy import catalogue


def _torn(phrase: str) -> str:
    """A pattern for a phrase with white space anywhere, or nowhere."""
    return r"\s*".join(map(re.escape, phrase))


_SENTENCE = re.compile(
    rf"(?:{_torn('is')}|{_torn('are')}|{_torn('was')})?\s*{_torn('notauthori')}\s*[sz]\s*{_torn('edto')}\s*"
    rf"(?:{_torn('perform')}|{_torn('invoke')}|{_torn('call')})(?:\s*the\s*action)?\s*:?\s*"
    r"(?=[\"'(\[]?\s*[a-z0-9-]{2,40}\s*:\s*[A-Za-z*]|<[^>\s]{1,60}>"
    r"|(?-i:[A-Z][a-z]+(?:[A-Z][A-Za-z]+)\s+on\b))",
    re.I,
)
_ACTION = re.compile(r"[\"'(\[]?\s*([A-Za-z0-9-]{2,40})\s*:\s*([A-Za-z*]+)(?:\s+([A-Za-z]{1,40}))?")
_NAMELESS = re.compile(r"<[^>\s]{1,60}>|([A-Z][A-Za-z]{2,80})")
_ON_RESOURCE = re.compile(
    r"\bon\s*(?:the\s*)?(?:following\s*)?resources?\s*[:=]?\s*"
    r"|\bon\s+(?:[a-z]{2,20}\s+){0,2}:?\s*(?=[\"']?arn:)",
    re.I,
)
_END = re.compile(
    r"\s+(?=because\b|with\s+an?\s+explicit|status\s*code\b|\(service:|\(requesttoken|request\s*id\b)", re.I
)
_LAYERS: dict[str, Layer] = {
    "identity-based": "identity",
    "identitybased": "identity",
    "resource-based": "resource",
    "resourcebased": "resource",
    "permissionsboundary": "boundary",
    "permissionboundary": "boundary",
    "roletrust": "resource",
    "session": "session",
    "servicecontrol": "scp",
    "scp": "scp",
    "resourcecontrol": "rcp",
    "vpcendpoint": "vpce",
}
_LAYER = re.compile(
    r"(becauseno|explicitdenyin(?:an?|the)?(?:associated)?)("
    + "|".join(_LAYERS)
    + r")(?:polic|allow|:|$|\W)?"
)
_AFTER = 1500
MOST = 200
"""Sentences that are read of one text."""
_BEFORE = 700


class Denial(NamedTuple):
    """One sentence taken apart. Parts that it does not tell are empty."""

    caller: Caller
    action: str
    resource: str
    layer: Layer
    explicit: bool
    policy: str
    start: int
    end: int


def denials(text: str) -> Iterator[Denial]:
    """Every such sentence of a text on one line."""
    found = list(islice(_SENTENCE.finditer(text), MOST))
    for number, match in enumerate(found):
        following = found[number + 1].start() if number + 1 < len(found) else len(text)
        end = min(following, match.end() + _AFTER)
        yield _denial(text, match, found[number - 1].end() if number else 0, end)


def _denial(text: str, match: re.Match[str], previous: int, end: int) -> Denial:
    before = text[max(previous, match.start() - _BEFORE) : match.start()]
    after = text[match.end() : end]
    action, length = _action(after)
    rest = after[length:]
    resource = _resource(rest)
    explicit, layer = layer_of(rest)
    if not action:  # it is blacked out: perhaps the SDK named the call
        action = operations.operation(before)[0]
    return Denial(
        _who(before), action, resource, layer, explicit, _policy(rest), match.start(), match.end() + length
    )


def _who(before: str) -> Caller:
    """The principal that stands last before the verb."""
    known = callers(before)
    if known:
        return known[-1]
    told = re.search(r"(?:User|Principal|Role)\s*:\s*([^\s,]{1,300})\s*$", before.rstrip(), re.I)
    if told is None:
        return Caller()
    name = tidy(told[1])
    session = re.search(r"assumed-role/([^/\s]+)", name)
    return Caller(name, session[1] if session else "")


def _action(after: str) -> tuple[str, int]:
    """The action, and how much of the text it took: perhaps a second half that a line break tore off."""
    match = _ACTION.match(after)
    if match is None:
        named = _NAMELESS.match(after)
        operation = named[1] if named else None
        return operations.action_of(operation) if operation else "", named.end() if named else 0
    name = f"{match[1].lower()}:{match[2]}"
    if match[3] and not is_action(name) and is_action(name + match[3]):
        return catalogue.load().canonical(name + match[3]), match.end(3)
    if not is_action(name):
        # The sentence often says it again: "because no identity-based policy allows the X action".
        again = re.search(r"allows?\s+the\s+([a-z0-9-]{2,40}:[A-Za-z]+)\s+action", after[:1000])
        if again and is_action(again[1]) and again[1].lower().startswith(name.lower()):
            name = again[1]
        else:
            return _completed(after, match, name)
    return catalogue.load().canonical(name), match.end(2)


def _completed(after: str, match: re.Match[str], name: str) -> tuple[str, int]:
    """An action that no catalogue has: whole again where the text ends in the middle of it."""
    for more, end in ((match[3] or "", match.end(3)), ("", match.end(2))):
        whole = operations.completed(name + more)
        if is_action(whole) and not after[max(end, match.end(2)) :].strip(" .\"'\\)}]"):
            return whole, max(end, match.end(2))
    return catalogue.load().canonical(name), match.end(2)


def _resource(rest: str) -> str:
    on = _ON_RESOURCE.search(rest[:200])
    if on is None:
        return ""
    told = rest[on.end() : on.end() + 1200]
    stop = _END.search(f" {told}")
    if stop:
        told = told[: max(stop.start() - 1, 0)]
    told = told.strip()
    if not told:
        return ""
    if told[0] == "*" and not told.startswith("**"):
        return "*"
    # In JSON and XML the sentence ends where its quotation or element does.
    told = re.split(r"[\"']|</", told.lstrip("\"'(["), maxsplit=1)[0]
    first = told.split(" ", 1)[0]
    # "resource: user NAME", "resource: role NAME": IAM names its own things so at times.
    if stop and first in ("user", "role", "policy", "group") and len(told) < 200:
        return tidy(told)
    return tidy(first)


def layer_of(text: str) -> tuple[bool, Layer]:
    """Whether a text speaks of an explicit deny, and which policies it names."""
    squeezed = re.sub(r"[\s\"'`]+", "", text[:_AFTER]).lower()
    match = _LAYER.search(squeezed)
    if match is None:
        return "explicitdeny" in squeezed, ""
    return match[1] != "becauseno", _LAYERS[match[2]]


def _policy(rest: str) -> str:
    """The ARN of the policy that denies, which newer messages name."""
    match = re.search(r"polic(?:y|ies)\s*:\s*(arn:[^\s\"',;()]+:policy/[^\s\"',;()]+)", rest)
    return tidy(match[1]) if match else ""
