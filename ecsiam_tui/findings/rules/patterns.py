"""Statements that look right and never match."""

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from ecsiam_tui.ecs.requirement import Requirement
from ecsiam_tui.findings.facts import Facts, Placed
from ecsiam_tui.findings.finding import Severity
from ecsiam_tui.findings.grants import aws_policy, covers, nodes
from ecsiam_tui.findings.near_misses import matches, never, why_not
from ecsiam_tui.findings.reach import home, once
from ecsiam_tui.findings.registry import Draft, rule
from ecsiam_tui.findings.wording import listed
from ecsiam_tui.graph.build_iam import inline_id
from ecsiam_tui.policy.statements import Statement

TAKEN_FOR = {
    "ssm:getparameters": ("ssm:getparameter", "ssm:getparametersbypath", "ssm:getparameterhistory"),
    "secretsmanager:getsecretvalue": ("secretsmanager:describesecret", "secretsmanager:batchgetsecretvalue"),
    "ecr:batchgetimage": ("ecr:describeimages",),
}
"""Actions that ECS calls, each with those that one takes for it."""
# What a document must hold somewhere before its patterns are looked at.
_SIGNS = (":secretsmanager:", "parameter//", ":alias/")


class _Miss(NamedTuple):
    """A statement's pattern that does not match, and what asked for it (None where nothing did)."""

    placed: Placed
    text: str
    asked: Requirement | None = None


@once
def _missing(facts: Facts) -> dict[str, list[Requirement]]:
    """What roles lack for want of a statement, by role, each action and resource once."""
    found: dict[str, dict[tuple[str, str], Requirement]] = defaultdict(dict)
    for judged in facts.needs.all:
        asked = judged.requirement
        if (
            judged.status == "missing"
            and asked.principal in facts.around.roles
            and judged.decision is not None
            and judged.decision.outcome == "ImplicitlyDenied"
            and "identity" in judged.decision.blocked_by
        ):
            found[asked.principal].setdefault((asked.action, asked.resource), asked)
    return {role: list(requirements.values()) for role, requirements in found.items()}


@rule(
    "ECS-IAM-038",
    "Statement that never matches",
    Severity.HIGH,
    fires="a role lacks a permission that one of its statements nearly gives: the Resource is written so "
    "that it does not match (JSON key after the ARN of a secret, alias of a key, log group without :*, two "
    "slashes, bucket for objects, wrong region), or the action is a similar one",
    why="The policy looks as if the permission were there, so one looks for the fault elsewhere.",
    source='Service Authorization Reference, "Resource types" of the service; Amazon ECS Developer Guide, '
    '"Pass sensitive data to an Amazon ECS container"; the ways of missing are this program\'s list',
    fix="Write the ARN that AWS compares, and the action that ECS calls.",
    fixes=("fix-resource-pattern",),
    verified=False,
)
def never_matches(facts: Facts) -> Iterator[Draft]:
    """Patterns that can never match anything are told of where nothing lacks them, too: that is low."""
    missing = _missing(facts)
    for arn in dict.fromkeys((*missing, *facts.ecs_roles)):
        role = facts.around.roles.get(arn)
        if role is None or role.is_service_linked:
            continue
        misses = list(_near(facts, arn, missing[arn])) if arn in missing else []
        seen = {(miss.placed.node, miss.placed.statement.index) for miss in misses}
        misses += [
            miss for miss in _never(facts, arn) if (miss.placed.node, miss.placed.statement.index) not in seen
        ]
        if misses:
            yield _draft(facts, arn, misses)


def _draft(facts: Facts, arn: str, misses: list[_Miss]) -> Draft:
    asked = [miss.asked for miss in misses if miss.asked]
    lacking = listed((_words(facts, one) for one in asked), 3)
    subjects = dict.fromkeys(one.subject for one in asked)
    by_place: dict[tuple[str, int], tuple[Placed, list[str]]] = {}
    for miss in misses:
        by_place.setdefault((miss.placed.node, miss.placed.statement.index), (miss.placed, []))[1].append(
            miss.text
        )
    if asked:
        summary = f"{facts.title(arn)} lacks {lacking}; a statement looks as if it gave it: {misses[0].text}."
    else:
        summary = f"A statement of {facts.title(arn)} never matches: {misses[0].text}."
    return Draft(
        nodes=nodes(arn, (miss.placed for miss in misses)),
        summary=summary,
        evidence=tuple(placed.evidence(_some(texts)) for placed, texts in by_place.values()),
        consequence=f"{facts.titles(subjects)} {'needs' if len(subjects) == 1 else 'need'} it."
        if asked
        else "",
        severity=Severity.HIGH if any(one.necessity == "required" for one in asked) else Severity.LOW,
    )


def _some(texts: list[str], most: int = 3) -> str:
    found = list(dict.fromkeys(texts))
    more = (f"and {len(found) - most} more",) if len(found) > most else ()
    return "; ".join((*found[:most], *more))


def _words(facts: Facts, asked: Requirement) -> str:
    return f"{asked.action} on {facts.title(asked.resource.removesuffix(':*'))}"


def _near(facts: Facts, role: str, requirements: list[Requirement]) -> Iterator[_Miss]:
    allows = [placed for placed in facts.statements(role) if placed.statement.effect == "Allow"]
    by_action: dict[str, tuple[list[Placed], list[Placed]]] = {}
    for asked in requirements:
        action = asked.action.lower()
        if action not in by_action:
            by_action[action] = _about(allows, action)
        covering, similar = by_action[action]
        resource = facts.account.authorized_resource(asked.action, asked.resource)
        for placed in covering:
            for pattern in placed.statement.resources:
                reason = why_not(asked.action, resource, pattern)
                if reason and _is_meant(facts, resource, pattern):
                    yield _Miss(placed, f"{pattern} – {reason}", asked)
                    break
        for placed in similar:
            if any(matches(pattern, resource) for pattern in placed.statement.resources):
                given = listed(one for one in placed.statement.actions if _is_of_service(one, action))
                text = f"{given or 'NotAction'} – ECS calls {asked.action}, which is another action"
                yield _Miss(placed, text, asked)


def _about(allows: list[Placed], action: str) -> tuple[list[Placed], list[Placed]]:
    """The statements that cover an action, and those that cover one that is taken for it."""
    covering = [placed for placed in allows if covers(placed.statement, action)]
    others = TAKEN_FOR.get(action, ())
    similar = [
        placed
        for placed in allows
        if placed not in covering and any(covers(placed.statement, other) for other in others)
    ]
    return covering, similar


def _is_of_service(pattern: str, action: str) -> bool:
    """Whether an Action pattern is of the service of an action."""
    return pattern.partition(":")[0].lower() == action.partition(":")[0]


def _is_meant(facts: Facts, resource: str, pattern: str) -> bool:
    """An alias may be that of another key."""
    if ":kms:" not in pattern or ":alias/" not in pattern:
        return True
    key, known = facts.around.key(pattern, home(facts))
    return known is None or key == resource


class _Documents:
    """The patterns of documents that can never match, by text."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[tuple[Statement, str], ...]] = {}

    def of(self, facts: Facts, text: str) -> tuple[tuple[Statement, str], ...]:
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = tuple(self._look(facts, text))
        return known

    @staticmethod
    def _look(facts: Facts, text: str) -> Iterator[tuple[Statement, str]]:
        if not any(sign in text for sign in _SIGNS):
            return
        for statement in facts.account.document(text).statements:
            for pattern in statement.resources if statement.effect == "Allow" else ():
                if reason := never(statement, pattern):
                    yield statement, f"{pattern} – {reason}"


@once
def _documents(_: Facts) -> _Documents:
    return _Documents()


def _never(facts: Facts, role: str) -> Iterator[_Miss]:
    documents = _documents(facts)
    for attached in facts.account.attachments(role)[0]:
        for statement, text in () if aws_policy(attached.arn) else documents.of(facts, attached.text):
            node = attached.arn or inline_id(role, attached.name)
            yield _Miss(Placed(statement, attached.name, node), text)
