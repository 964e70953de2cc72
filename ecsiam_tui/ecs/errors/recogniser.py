"""How errors are told apart: phrases that a text has, and what they mean."""

import re
from typing import Literal, NamedTuple

from ecsiam_tui.ecs.errors.explained import Category
from ecsiam_tui.ecs.errors.normal import squeeze
from ecsiam_tui.ecs.requirement import RoleKind

Names = Literal[
    "", "secret", "parameter", "image", "log-group", "file-system", "key", "object", "role", "any"
]
"""What kind of thing the text names, for the resource."""

GUIDE = "Amazon ECS Developer Guide"
STOPPED = f'{GUIDE}, "Amazon ECS stopped tasks error messages"'
PULL = f'{GUIDE}, "CannotPullContainer task errors in Amazon ECS"'
RESOURCES = f'{GUIDE}, "Troubleshooting Amazon ECS ResourceInitializationError errors"'
EVENTS = f'{GUIDE}, "Amazon ECS service event messages"'
EXEC = f'{GUIDE}, "Troubleshoot Amazon ECS Exec issues"'
EXECUTION_ROLE = f'{GUIDE}, "Amazon ECS task execution IAM role"'
TASK_ROLE = f'{GUIDE}, "Amazon ECS task IAM role"'
AGENT = "amazon-ecs-agent, agent/taskresource"
DENIED = 'IAM User Guide, "Troubleshoot access denied error messages"'

PRECISE, SPECIFIC, VAGUE, CONSEQUENCE = 3, 2, 1, 0
"""How much a recogniser tells. What is vague gives way to anything that is not, and a consequence (a task
stopped, a deployment failed) to every cause."""


class Recogniser(NamedTuple):
    """One kind of error.

    `phrases`: one of them must be there; ` * ` in one stands for anything between, and one that begins with
    `~` is a regular expression, for words that are parts of others. `unless`: none of these may be.
    `summary` and `fixes` are sentences in which {resource}, {role} and {what} may stand. `action` is what was
    tried, where the text does not say it better; `names` the kind of the resource it names.
    """

    id: str
    category: Category
    rank: int
    phrases: tuple[str, ...]
    summary: str
    fixes: tuple[str, ...] = ()
    kind: RoleKind | Literal[""] = ""
    action: str = ""
    names: Names = ""
    source: str = ""
    unless: tuple[str, ...] = ()


class _Phrases(NamedTuple):
    parts: tuple[tuple[str, ...], ...]
    pattern: re.Pattern[str] | None

    def found(self, text: str, squeezed: str) -> bool:
        """Whether one of them is in a text."""
        if any(_has(squeezed, parts) for parts in self.parts):
            return True
        return self.pattern is not None and self.pattern.search(text) is not None


class Compiled(NamedTuple):
    """A recogniser whose phrases are squeezed and split at their gaps."""

    recogniser: Recogniser
    phrases: _Phrases
    unless: _Phrases


def compiled(recogniser: Recogniser) -> Compiled:
    """Ready to be compared with texts."""
    return Compiled(recogniser, _prepared(recogniser.phrases), _prepared(recogniser.unless))


def _prepared(phrases: tuple[str, ...]) -> _Phrases:
    patterns = [phrase[1:] for phrase in phrases if phrase.startswith("~")]
    parts = tuple(
        tuple(squeeze(part) for part in phrase.split(" * "))
        for phrase in phrases
        if not phrase.startswith("~")
    )
    return _Phrases(parts, re.compile("|".join(patterns)) if patterns else None)


def _has(squeezed: str, parts: tuple[str, ...]) -> bool:
    at = 0
    for part in parts:
        at = squeezed.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return True


def best(ranked: tuple[Compiled, ...], text: str, squeezed: str) -> Recogniser | None:
    """The first recogniser of a table, sorted by rank, that fits a text; `squeezed` is the same text."""
    for candidate in ranked:
        if candidate.phrases.found(text, squeezed) and not candidate.unless.found(text, squeezed):
            return candidate.recogniser
    return None
