"""The documents that a plan writes, each as it is and as it will be; and what a plan leaves of one account
and makes of another, for the declarative forms."""

import re
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any, TypeVar

import msgspec

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.looking import name_of
from ecsiam_tui.changes.plan import Plan, after
from ecsiam_tui.changes.rendering.quoting import json_text, pretty

T = TypeVar("T")


class Document(msgspec.Struct, frozen=True):
    """A document before and after: None where there is none, or none that was read. `kind` and `name` say
    which (`trust`, `inline policy`, `policy`, `repository policy`, …), `owner` is the ARN that it belongs
    to."""

    kind: str
    owner: str
    name: str
    before: str | None
    after: str | None


def pairs(
    before: Iterable[T], later: Iterable[T], key: Callable[[T], Any]
) -> tuple[tuple[T | None, T | None], ...]:
    """What is different of two sets of records: what was, and what is."""
    old, new = {key(one): one for one in before}, {key(one): one for one in later}
    return tuple(
        (old.get(name), new.get(name))
        for name in dict.fromkeys((*old, *new))
        if old.get(name) is not new.get(name) and old.get(name) != new.get(name)
    )


def documents(before: Snapshot, later: Snapshot) -> tuple[Document, ...]:
    """The documents that differ between two states of an account."""
    found: list[Document] = []
    for was, now in pairs(before.roles, later.roles, lambda one: one.arn):
        some = now or was
        if some is None:
            continue
        trusts = [one.assume_role_policy_document if one else None for one in (was, now)]
        found.append(Document("trust", some.arn, some.role_name, *trusts))
        inline = [
            {p.policy_name: p.policy_document for p in one.role_policy_list} if one else {}
            for one in (was, now)
        ]
        found += [
            Document(
                "inline policy", some.arn, f"{some.role_name} {name}", *(one.get(name) for one in inline)
            )
            for name in dict.fromkeys((*inline[0], *inline[1]))
        ]
    for was_policy, now_policy in pairs(before.policies, later.policies, lambda one: one.arn):
        both = (was_policy, now_policy)
        arn = next(one.arn for one in both if one)
        found.append(Document("policy", arn, name_of(arn), *(one.document if one else None for one in both)))
    for kind, field, key in _WITH_POLICY:
        for old, new in pairs(getattr(before, field), getattr(later, field), attrgetter(key)):
            arn = getattr(new or old, key)
            texts = [getattr(one, "policy", None) for one in (old, new)]
            known = (one if isinstance(one, str) else None for one in texts)
            found.append(Document(kind, arn, arn.split(":", 5)[-1], *known))
    return tuple(one for one in found if one.before != one.after)


_WITH_POLICY = (
    ("repository policy", "repositories", "repository_arn"),
    ("secret policy", "secrets", "arn"),
    ("key policy", "keys", "arn"),
)


def files(plan: Plan, snapshot: Snapshot) -> dict[str, str]:
    """The documents as files, laid out for reading: `role-NAME-trust.before.json` and `.after.json`. A task
    definition has none: its edits stand in one. Raises ChangeError where the plan does not fit."""
    found: dict[str, str] = {}
    for document in documents(snapshot, after(plan, snapshot)):
        name = _file(f"{document.kind} {document.name}", found)
        for when, text in (("before", document.before), ("after", document.after)):
            if text is not None:
                found[f"{name}.{when}.json"] = pretty(text) + "\n"
    for change in plan.changes:
        if isinstance(change, c.RegisterTaskDefinition):
            name = _file(f"task definition {name_of(change.task_definition)}", found)
            edits = {"base": change.base, "edits": msgspec.to_builtins(change.edits)}
            found[f"{name}.edits.json"] = json_text(edits) + "\n"
    return found


def _file(text: str, used: Iterable[str]) -> str:
    """A name that is safe for a file everywhere and not used yet."""
    base = re.sub(r"[^A-Za-z0-9_.+=@-]+", "-", text).strip("-.")[:180]
    found, number = base, 2
    while any(one.rsplit(".", 2)[0].lower() == found.lower() for one in used):
        found, number = f"{base}-{number}", number + 1
    return found


def own_tags(tags: dict[str, str]) -> dict[str, str]:
    """Tags without those that AWS sets itself (`aws:…`), which nobody else may set."""
    return {key: value for key, value in tags.items() if not key.startswith("aws:")}
