"""A text explained: every error in it, once, and what the account says of it today."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from ecsiam_tui.account.redact import scrub_text
from ecsiam_tui.ecs.errors import names, wording
from ecsiam_tui.ecs.errors.account_view import AccountView
from ecsiam_tui.ecs.errors.denial import MOST
from ecsiam_tui.ecs.errors.explained import Explained, Roles
from ecsiam_tui.ecs.errors.normal import GAP, clean, entries, squeeze
from ecsiam_tui.ecs.errors.reading import RANKS, encoded_messages, statement
from ecsiam_tui.ecs.errors.recogniser import SPECIFIC, VAGUE
from ecsiam_tui.policy.account import AccountPolicies

Decode = Callable[[str], str | None]
"""Decodes an encoded authorization message to the JSON text of AWS; None where that cannot be done."""

_NOTHING: Roles = {}


def explain(
    text: str,
    account: AccountPolicies | None = None,
    decode: Decode | None = None,
    *,
    roles: Roles = _NOTHING,
) -> tuple[Explained, ...]:
    """Every error in a text, each once, in the order of the text; nothing for a text without words.

    With `account` also what the engine decides on the same request today, and the smallest change. `decode`
    decodes encoded authorization messages. `roles` are the roles that can be meant where the text names none
    (those of the task that stopped). Never raises; takes time in proportion to the text.
    """
    return explained(text, AccountView(account) if account is not None else None, decode, roles)


def explained(
    text: str, view: AccountView | None, decode: Decode | None = None, roles: Roles = _NOTHING
) -> tuple[Explained, ...]:
    """As `explain`, with a view of the account that several texts can share."""
    text = clean(text)
    if not text.strip():
        return ()
    whole = squeeze(text)
    each: dict[tuple[str, ...], Explained] = {}
    for entry in entries(text):
        for one in statement(entry, whole, roles):
            told = _decoded(one, entry, decode)
            each.setdefault(told.key, told)
        if len(each) >= MOST:
            break
    found = list(each.values())
    if not found:
        found = list(statement(" ".join(text.split()), whole, roles))
    kept = merged(found) or [_unknown(text)]
    if GAP in text:
        kept = [_spaced(one) for one in kept]
    return tuple(view.judged(one) for one in kept) if view is not None else tuple(kept)


def _spaced(one: Explained) -> Explained:
    """With the spaces of placeholders as they were."""
    return msgspec.structs.replace(
        one,
        role=one.role.replace(GAP, " "),
        principal=one.principal.replace(GAP, " "),
        resource=one.resource.replace(GAP, " "),
        summary=one.summary.replace(GAP, " "),
        fixes=tuple(fix.replace(GAP, " ") for fix in one.fixes),
        text=one.text.replace(GAP, " "),
    )


def _unknown(text: str) -> Explained:
    line = " ".join(text.split())[:300]
    return Explained(
        "unknown",
        summary="No error of Amazon ECS or of IAM is recognised in this text.",
        fixes=("give the whole message: the stopped reason, the service event or the line of the log",),
        rule="unknown",
        text=scrub_text(line),
    )


# Several errors in one text


def merged(found: Iterable[Explained]) -> list[Explained]:
    """Each error once: a view that says less of the same thing gives way to the one that says more, and what
    is vague or a consequence gives way to causes."""
    first: dict[tuple[str, ...], Explained] = {}
    for one in found:
        first.setdefault(one.key, one)
    unique = list(first.values())
    best = max((_rank(one) for one in unique), default=SPECIFIC)
    if best >= SPECIFIC:
        unique = [one for one in unique if _rank(one) > VAGUE]
    else:
        unique = [one for one in unique if _rank(one) == best]
    return [
        one for one in unique if not any(other is not one and _covers(other, one, unique) for other in unique)
    ]


def _rank(one: Explained) -> int:
    return RANKS.get(one.rule, SPECIFIC + 1)


def _covers(more: Explained, less: Explained, order: list[Explained]) -> bool:
    """Whether `more` says all that `less` says; of two that say the same the first stays."""
    if more.category != less.category:
        if less.rule == "efs-network":  # the mount helper asks Amazon EFS where the name does not resolve
            return more.action == "elasticfilesystem:DescribeMountTargets"
        return _is_background(less) and more.category in ("permission", "trust") and bool(more.action)
    if not (_within(less.action, more.action) and _within(less.role, more.role)):
        return False
    if not _within(less.resource, more.resource) or not _within(less.layer, more.layer):
        return False
    if more.category not in ("permission", "trust") and more.rule != less.rule:
        return _rank(more) > _rank(less)
    same = (less.action, less.role, less.resource, less.layer) == (
        more.action,
        more.role,
        more.resource,
        more.layer,
    )
    return not same or order.index(more) < order.index(less)


def _is_background(one: Explained) -> bool:
    """A denied call may be reported again by what wraps it, in general words."""
    return one.rule in ("invalid", "not-found", "exited") or (one.category == "unknown")


def _within(less: str, more: str) -> bool:
    """Whether a detail is missing, the same, or the same cut short."""
    return not less or less == more or (len(less) > 20 and more.startswith(less))


# Encoded messages


def _decoded(one: Explained, entry: str, decode: Decode | None) -> Explained:
    if decode is None or one.category != "permission" or (one.action and one.rule == "not-authorized"):
        return one
    for message in encoded_messages(entry):
        text = decode(message)
        if text:
            return _from_decoded(one, text)
    return one


def _from_decoded(one: Explained, text: str) -> Explained:
    """What a decoded message tells. AWS STS API Reference, "DecodeAuthorizationMessage"."""
    try:
        data: Any = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return one
    context = data.get("context") if isinstance(data, Mapping) else None
    if not isinstance(context, Mapping):
        return one
    principal = context.get("principal")
    arn = str(principal.get("arn", "")) if isinstance(principal, Mapping) else ""
    action, resource = str(context.get("action", "")), str(context.get("resource", ""))
    explicit = data.get("explicitDeny") is True
    known = names.callers(arn)
    role = known[-1].role if known else one.role
    who = wording.actor(role, arn, one.role_kind)
    return msgspec.structs.replace(
        one,
        role=role,
        principal=arn or one.principal,
        action=action or one.action,
        resource=resource or one.resource,
        summary=wording.denied(who, action, resource, one.layer, explicit),
        fixes=wording.fixes(who, action, resource, one.layer, explicit),
    )
