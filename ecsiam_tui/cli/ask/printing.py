"""Decisions as text: one line for the question and its answer, one for each layer that matters, then what
nearly allowed it, what AWS would say, and what the action needs besides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ecsiam_tui.cli.ask.common import WORDS, name_of
from ecsiam_tui.cli.ask.layout import HARD, Line

if TYPE_CHECKING:
    from ecsiam_tui.policy.evaluation import Decision
    from ecsiam_tui.policy.explanation import Explanation, Failed, LayerSays, Match, NearMiss, StatementRef
    from ecsiam_tui.policy.simulate import Cell, Needs

_LABELS = {
    "scp": "organization",
    "rcp": "organization",
    "vpce": "VPC endpoint",
    "s3-block-public-access": "S3",
}
_ORDER = ("organization", "VPC endpoint", "boundary", "session", "identity", "resource", "S3", "service")
_GAP = "   "
_TEXT = 2 + len("organization") + len(_GAP) + len("allowed") + len(_GAP)
"""Where the text of a layer begins."""
_MOST_MATCHES = 3
_MOST_MISSES = 3


def cite(statement: StatementRef, *, lines: bool = True) -> str:
    """`§ app ¶ ReadOrders (lines 12–18)`, for lines that are wrapped."""
    first, last = statement.lines
    where = f"line{HARD}{first}" if first == last else f"lines{HARD}{first}–{last}"
    cited = f"§{HARD}{statement.policy} ¶{HARD}{statement.sid or statement.index + 1}"
    return f"{cited} ({where})" if lines else cited


def explained(decision: Decision) -> Iterator[Line]:
    """The lines of one decision."""
    explanation = decision.explain()
    request = decision.request
    question = _GAP.join((name_of(request.principal), request.action, request.resource))
    word = WORDS[decision.outcome].upper()
    yield f"{question}{_GAP}{word}{HARD * 3}{by_what(decision, explanation)}", 2
    for label in _ORDER:
        said = [says for says in explanation.layers if _LABELS.get(says.layer, says.layer) == label]
        if label == "organization":
            yield from _organization(decision, said)
        else:
            for says in said:
                yield from _layer(decision, label, says)
    for miss in _nearest(explanation):
        yield f"near miss: {_miss(miss)}", 2
    if explanation.aws_message:
        yield f"AWS would say: {explanation.aws_message}", 2


def incomplete(unread: Iterable[str]) -> Iterator[Line]:
    """What a Deny may still stand in."""
    for what in unread:
        yield f"INCOMPLETE without {what}: a Deny in them would count", 4


def by_what(decision: Decision, explanation: Explanation) -> str:
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
    from ecsiam_tui.policy.messages import LAYER_NAMES

    own = decision.layers.resource
    if layer == "resource" and own is not None and own.policies:
        return f"the {own.policies[0].policy.name}"
    name = LAYER_NAMES.get(layer)
    if name is None:
        return {"s3-block-public-access": "S3 Block Public Access"}.get(layer, "the service itself")
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _grants(says: LayerSays) -> bool:
    return says.says == "allows" and says.layer in ("identity", "resource")


def _line(label: str, word: str, text: str, indent: int = 0) -> Line:
    return f"  {label:<12}{_GAP}{word:<7}{_GAP}{text}", _TEXT + indent


def _organization(decision: Decision, said: list[LayerSays]) -> Iterator[Line]:
    """SCPs and RCPs: one line where all levels allow, else the levels that do not. RCPs that are not about
    the service are no matter."""
    applying = [says for says in said if says.says != "not applied"]
    linked = decision.request.parsed_principal.is_service_linked
    others = [says for says in applying if says.says != "allows"]
    if linked and said:
        yield _line("organization", "–", said[0].note)
    for says in others:
        yield from _layer(decision, "organization", says)
    if applying and not others:
        names = dict.fromkeys(
            match.statement.policy.partition(" (")[0] for says in applying for match in says.matches
        )
        names = dict.fromkeys(sorted(names, key=lambda name: name.startswith("RCP")))
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        yield _line("organization", "allowed", ", ".join(list(names)[:3]) + more)


def _layer(decision: Decision, label: str, says: LayerSays) -> Iterator[Line]:
    kind = {"scp": "SCP ", "rcp": "RCP "}.get(says.layer, "")
    if says.says == "silent":
        blocks = says.layer in decision.blocked_by
        parts = [f"no {kind}statement allows {decision.request.action}"]
        if says.layer == "resource" and (says.note or not blocks):
            parts = [says.note] if says.note else []
        parts += [says.instead] if says.instead else []
        text = _GAP.join(parts) or "it neither allows nor denies this"
        yield _line(label, "denied" if blocks else "–", text)
        return
    word = {"allows": "allowed", "denies": "denied", "depends": "depends"}.get(says.says, "–")
    if not says.matches:
        yield _line(label, word, says.note)
        return
    shown = 1 if says.says == "allows" else _MOST_MATCHES
    rest = len(says.matches) - shown
    more = f"{_GAP}and {rest} more" if rest > 0 else ""
    for number, match in enumerate(says.matches[:shown]):
        text = kind + _match(match) + (more if number + 1 == min(shown, len(says.matches)) else "")
        yield _line(label if number == 0 else "", word if number == 0 else "", text, 2)
    if says.note:
        yield _line("", "", says.note)


def _match(match: Match) -> str:
    """A statement with its conditions: those that hold, or those that are open."""
    from ecsiam_tui.policy.messages import condition_words

    cited = cite(match.statement)
    if match.depends_on:
        effect = "denies" if match.statement.effect == "Deny" else "allows"
        return f"{cited} {effect} if {' and '.join(open_words(failed) for failed in match.depends_on)}"
    held = "".join(f"{_GAP}condition {condition_words(condition)} ✓" for condition in match.conditions)
    return f"{cited}{held}"


def open_words(failed: Failed) -> str:
    """What has to hold, in a few words."""
    from ecsiam_tui.policy.messages import condition_words
    from ecsiam_tui.policy.statements import Condition

    if failed.element != "Condition":
        return f"it is about {failed.text.removeprefix('what ')}"
    return condition_words(Condition(failed.operator, failed.key, failed.needs))


def _nearest(explanation: Explanation) -> Iterator[NearMiss]:
    """The near misses worth a line: those that fail for anything but other actions, which the layer's own
    line tells."""
    told = [
        miss for miss in explanation.near_misses if all(failed.element != "Action" for failed in miss.failed)
    ]
    fewest = min((len(miss.failed) for miss in told), default=0)
    yield from [miss for miss in told if len(miss.failed) == fewest][:_MOST_MISSES]


def _miss(miss: NearMiss) -> str:
    reasons = " and ".join(_failure(failed) for failed in miss.failed)
    return f"{cite(miss.statement)} would allow it if {reasons}"


def _failure(failed: Failed) -> str:
    if failed.element == "Resource":
        return f"the resource were {_or(failed.needs)}"
    if failed.element == "Principal":
        return f"the principal were {_or(failed.needs)}"
    needed = open_words(failed)
    if failed.actual is None:
        tag = failed.key.lower().startswith("aws:principaltag/")
        return f"{needed} (the principal has no such tag)" if tag else f"{needed} (it is not in the request)"
    return f"{needed} ({failed.key} is {', '.join(failed.actual)})"


def _or(values: tuple[str, ...]) -> str:
    return " or ".join(values[:3]) + (" or …" if len(values) > 3 else "")


def needed(need: Needs, asked_of_resource: bool, cells: Iterable[Cell]) -> Iterator[Line]:
    """What an action asks for besides: further resources, and other actions with their own answers."""
    for cell in cells:
        decision = cell.decision
        what = f"{cell.action} on {'some resource' if cell.resource == '*' else cell.resource}"
        answer = f"{WORDS[decision.outcome].upper()}{HARD * 3}{by_what(decision, decision.explain())}"
        yield f"it also needs {what}{_GAP}{answer}", 4
    if need.missing_types and asked_of_resource:
        yield f"it is also checked on {', '.join(need.missing_types)}, which was not asked about", 4


def table(cells: list[Cell]) -> Iterator[Line]:
    """A line a question, for several, under the resource that they are about (and the action, if it is the
    only one)."""
    actions = dict.fromkeys(cell.action for cell in cells)
    first = max(len(name_of(cell.principal)) for cell in cells)
    second = max(map(len, actions)) if len(actions) > 1 else 0
    hanging = first + second + (2 if second else 0) + len("    ALLOWED  ")
    for resource in dict.fromkeys(cell.resource for cell in cells):
        title = f"on{HARD}{'some resource (*)' if resource == '*' else resource}"
        yield title if second else f"{cells[0].action} {title}"
        for cell in cells:
            if cell.resource == resource:
                action = f"{cell.action:<{second}}  " if second else ""
                row = (
                    f"  {name_of(cell.principal):<{first}}  {action}{WORDS[cell.decision.outcome].upper():<7}"
                )
                yield f"{row}  {reason(cell.decision)}", hanging


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
        parts = [*explanation.unread, *(open_words(failed) for failed in explanation.depends_on)]
        denies = any(
            match.statement.effect == "Deny" and match.depends_on
            for says in explanation.layers
            for match in says.matches
        )
        if not explanation.unread and len(parts) == 1 and denies:
            return f"denied if {parts[0]}"
        return f"on {' and '.join(parts)}"
    return by_what(decision, explanation)
