"""A decision in words, for whoever lays them out: the question and by what it is answered, each layer that
matters, what nearly allowed it, what nobody has read, and what AWS would say.

Nothing is wrapped or coloured here, and names that come from AWS are as AWS has them: whoever shows them
makes them visible. Parts of a text that stand side by side have `GAP` between them; words that belong
together, such as a sign and its name, have `HARD`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Literal

import msgspec

from ecsiam_tui.account.arns import short_name

# What takes time to import is imported where it is needed: the command line imports this before it knows
# whether anything is decided.
if TYPE_CHECKING:
    from .evaluation import Decision
    from .explanation import Explanation, Failed, LayerSays, Match, NearMiss, StatementRef
    from .simulate import Cell, Needs

Word = Literal["allowed", "denied", "depends", "–"]
"""What a decision or a layer says; `–` where a layer has no say."""

OUTCOME_WORDS: dict[str, Word] = {
    "Allowed": "allowed",
    "ExplicitlyDenied": "denied",
    "ImplicitlyDenied": "denied",
    "Depends": "depends",
}
"""Outcomes in the words that the whole program uses."""

HARD = "\u00a0"
"""A space at which no line is to be broken; shown as any other."""
GAP = "   "
"""Between parts of a text: the best place to break it."""

_SAYS_WORDS: dict[str, Word] = {"allows": "allowed", "denies": "denied", "depends": "depends"}
_LABELS = {
    "scp": "organization",
    "rcp": "organization",
    "vpce": "VPC endpoint",
    "s3-block-public-access": "S3",
}
_ORDER = ("organization", "VPC endpoint", "boundary", "session", "identity", "resource", "S3", "service")
LABEL_WIDTH = max(map(len, _ORDER))
"""Columns of the longest label of a layer."""
_MOST_MATCHES = 3
_MOST_MISSES = 3
_MOST_NAMES = 3


class ToldLayer(msgspec.Struct, frozen=True):
    """What a layer says: the statements that say it, with conditions, and a note where it needs one. One of
    the two may be empty."""

    label: str
    word: Word
    statements: tuple[str, ...] = ()
    note: str = ""


class Told(msgspec.Struct, frozen=True):
    """A decision in words. `principal` is the name one calls it by; `by` says what decided, or on what it
    depends; `incomplete` says what a Deny may still stand in; `aws_message` is empty where nothing is
    denied."""

    principal: str
    action: str
    resource: str
    word: Word
    by: str
    layers: tuple[ToldLayer, ...]
    near_misses: tuple[str, ...] = ()
    incomplete: tuple[str, ...] = ()
    aws_message: str = ""


def tell(decision: Decision, unread: Iterable[str] = ()) -> Told:
    """A decision in words. `unread` is what nobody has read beside what the decision depends on:
    `AccountPolicies.unread_besides`."""
    explanation = decision.explain()
    request = decision.request
    return Told(
        principal=name_of(request.principal),
        action=request.action,
        resource=request.resource,
        word=OUTCOME_WORDS[decision.outcome],
        by=_by_what(decision, explanation),
        layers=tuple(_layers(decision, explanation)),
        near_misses=tuple(map(_miss, _nearest(explanation))),
        incomplete=tuple(incomplete(unread)),
        aws_message=explanation.aws_message,
    )


def name_of(principal: str) -> str:
    """The principal as one calls it: the name of a role or user, `anonymous` for everyone."""
    return "anonymous" if principal == "*" else short_name(principal)


def cite(statement: StatementRef, *, lines: bool = True) -> str:
    """`§ app ¶ ReadOrders (lines 12–18)`."""
    first, last = statement.lines
    where = f"line{HARD}{first}" if first == last else f"lines{HARD}{first}–{last}"
    cited = f"§{HARD}{statement.policy} ¶{HARD}{statement.sid or statement.index + 1}"
    return f"{cited} ({where})" if lines else cited


def incomplete(unread: Iterable[str]) -> Iterator[str]:
    """Without what an answer is incomplete: what a Deny may still stand in."""
    for what in unread:
        yield f"without {what}: a Deny in them would count"


def also_needed(need: Needs, asked_of_resource: bool, cells: Iterable[Cell]) -> Iterator[str]:
    """What an action asks for besides: other actions with their own answers, and further resources, which
    matter only where the question was about a resource."""
    for cell in cells:
        decision = cell.decision
        what = f"{cell.action} on {'some resource' if cell.resource == '*' else cell.resource}"
        word = OUTCOME_WORDS[decision.outcome].upper()
        yield f"it also needs {what}{GAP}{word}{HARD * 3}{_by_what(decision, decision.explain())}"
    if need.missing_types and asked_of_resource:
        yield f"it is also checked on {', '.join(need.missing_types)}, which was not asked about"


def reason(decision: Decision) -> str:
    """Why, in a few words: the statement that decides, or what is missing."""
    explanation = decision.explain()
    if decision.outcome == "Allowed":
        for says in explanation.layers:
            if _grants(says):
                return cite(says.matches[0].statement, lines=False) if says.matches else says.note
    if decision.outcome == "ExplicitlyDenied":
        for says in explanation.layers:
            if says.says == "denies":
                return (
                    f"{cite(says.matches[0].statement, lines=False)} denies it" if says.matches else says.note
                )
    if decision.outcome == "Depends":
        parts = [*explanation.unread, *(_open_words(failed) for failed in explanation.depends_on)]
        denies = any(
            match.statement.effect == "Deny" and match.depends_on
            for says in explanation.layers
            for match in says.matches
        )
        if not explanation.unread and len(parts) == 1 and denies:
            return f"denied if {parts[0]}"
        return f"on {' and '.join(parts)}"
    return _by_what(decision, explanation)


def _by_what(decision: Decision, explanation: Explanation) -> str:
    """What decided, in a few words: `by a permissions boundary`, `no identity-based policy allows it`."""
    said = explanation.layers
    if decision.outcome == "Allowed":
        by = [_called(decision, says.layer) for says in said if _grants(says) and says.matches]
        root = [says.note for says in said if _grants(says) and not says.matches]
        return f"by {' and '.join(reversed(by))}" if by else "; ".join(root)
    if decision.outcome == "Depends":
        keys = [key for key in decision.missing_context if key not in explanation.unread]
        return f"on {' and '.join([*(['what was not read'] if explanation.unread else []), *keys])}"
    if decision.outcome == "ExplicitlyDenied":
        denying = dict.fromkeys(_called(decision, says.layer) for says in said if says.says == "denies")
        return f"by a Deny in {' and '.join(denying)}"
    limits = [layer for layer in decision.blocked_by if layer not in ("identity", "resource")]
    parts = [f"by {' and '.join(_called(decision, layer) for layer in limits)}"] if limits else []
    resource = _called(decision, "resource") if decision.layers.resource else "no resource-based policy"
    if "identity" in decision.blocked_by:
        nor = f", nor does {resource.replace('no ', 'a ')}" if "resource" in decision.blocked_by else ""
        parts.append(f"no identity-based policy allows it{nor}")
    elif "resource" in decision.blocked_by:
        verb = "allows it" if resource.startswith("no ") else "does not allow it"
        parts.append(f"{resource} {verb}")
    return "; ".join(parts)


def _called(decision: Decision, layer: str) -> str:
    """A layer with its article: `a permissions boundary`, `the bucket policy`."""
    from .layers import LAYER_NAMES

    own = decision.layers.resource
    if layer == "resource" and own is not None and own.policies:
        return f"the {own.policies[0].policy.name}"
    name = LAYER_NAMES.get(layer)
    if name is None:
        return {"s3-block-public-access": "S3 Block Public Access"}.get(layer, "the service itself")
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _grants(says: LayerSays) -> bool:
    return says.says == "allows" and says.layer in ("identity", "resource")


def _layers(decision: Decision, explanation: Explanation) -> Iterator[ToldLayer]:
    for label in _ORDER:
        said = [says for says in explanation.layers if _LABELS.get(says.layer, says.layer) == label]
        if label == "organization":
            yield from _organization(decision, said)
        else:
            yield from (_layer(decision, label, says) for says in said)


def _organization(decision: Decision, said: list[LayerSays]) -> Iterator[ToldLayer]:
    """SCPs and RCPs: one line where all levels allow, else the levels that do not. RCPs that are not about
    the service are no matter."""
    applying = [says for says in said if says.says != "not applied"]
    others = [says for says in applying if says.says != "allows"]
    if said and decision.request.parsed_principal.is_service_linked:
        yield ToldLayer("organization", "–", note=said[0].note)
    yield from (_layer(decision, "organization", says) for says in others)
    if applying and not others:
        names = dict.fromkeys(
            match.statement.policy.partition(" (")[0] for says in applying for match in says.matches
        )
        names = dict.fromkeys(sorted(names, key=lambda name: name.startswith("RCP")))
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        yield ToldLayer("organization", "allowed", note=", ".join(list(names)[:_MOST_NAMES]) + more)


def _layer(decision: Decision, label: str, says: LayerSays) -> ToldLayer:
    kind = {"scp": "SCP ", "rcp": "RCP "}.get(says.layer, "")
    if says.says == "silent":
        blocks = says.layer in decision.blocked_by
        parts = [f"no {kind}statement allows {decision.request.action}"]
        if says.layer == "resource" and (says.note or not blocks):
            parts = [says.note] if says.note else []
        parts += [says.instead] if says.instead else []
        text = GAP.join(parts) or "it neither allows nor denies this"
        return ToldLayer(label, "denied" if blocks else "–", note=text)
    shown = 1 if says.says == "allows" else _MOST_MATCHES
    statements = [kind + _match(match) for match in says.matches[:shown]]
    rest = len(says.matches) - shown
    if rest > 0:
        statements[-1] += f"{GAP}and {rest} more"
    return ToldLayer(label, _SAYS_WORDS.get(says.says, "–"), tuple(statements), says.note)


def _match(match: Match) -> str:
    """A statement with its conditions: those that hold, or those that are open."""
    from .messages import condition_words

    cited = cite(match.statement)
    if match.depends_on:
        effect = "denies" if match.statement.effect == "Deny" else "allows"
        return f"{cited} {effect} if {' and '.join(_open_words(failed) for failed in match.depends_on)}"
    held = "".join(f"{GAP}condition {condition_words(condition)} ✓" for condition in match.conditions)
    return f"{cited}{held}"


def _open_words(failed: Failed) -> str:
    """What has to hold, in a few words."""
    from .messages import condition_words
    from .statements import Condition

    if failed.element != "Condition":
        return f"it is about {failed.text.removeprefix('what ')}"
    return condition_words(Condition(failed.operator, failed.key, failed.needs))


def _nearest(explanation: Explanation) -> list[NearMiss]:
    """The near misses worth a line: those that fail for anything but other actions, which the layer's own
    line tells."""
    told = [
        miss for miss in explanation.near_misses if all(failed.element != "Action" for failed in miss.failed)
    ]
    fewest = min((len(miss.failed) for miss in told), default=0)
    return [miss for miss in told if len(miss.failed) == fewest][:_MOST_MISSES]


def _miss(miss: NearMiss) -> str:
    reasons = " and ".join(_failure(failed) for failed in miss.failed)
    return f"{cite(miss.statement)} would allow it if {reasons}"


def _failure(failed: Failed) -> str:
    if failed.element == "Resource":
        return f"the resource were {_or(failed.needs)}"
    if failed.element == "Principal":
        return f"the principal were {_or(failed.needs)}"
    needed = _open_words(failed)
    if failed.actual is None:
        tag = failed.key.lower().startswith("aws:principaltag/")
        return f"{needed} (the principal has no such tag)" if tag else f"{needed} (it is not in the request)"
    return f"{needed} ({failed.key} is {', '.join(failed.actual)})"


def _or(values: tuple[str, ...]) -> str:
    return " or ".join(values[:3]) + (" or …" if len(values) > 3 else "")
