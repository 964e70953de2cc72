"""Decisions as lines: one for the question and its answer, one for each layer that matters, then what nearly
allowed it, what AWS would say, and what the action needs besides. The words are those of `policy.telling`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ecsiam_tui.cli.ask.layout import Line
from ecsiam_tui.policy import telling
from ecsiam_tui.policy.telling import GAP, HARD, LABEL_WIDTH, OUTCOME_WORDS, cite, name_of, reason, tell

if TYPE_CHECKING:
    from ecsiam_tui.policy.evaluation import Decision
    from ecsiam_tui.policy.simulate import Cell, Needs
    from ecsiam_tui.policy.telling import ToldLayer

_WORD = max(map(len, OUTCOME_WORDS.values()))
_TEXT = 2 + LABEL_WIDTH + len(GAP) + _WORD + len(GAP)
"""Where the text of a layer begins."""


def explained(decision: Decision) -> Iterator[Line]:
    """The lines of one decision."""
    told = tell(decision)
    question = GAP.join((told.principal, told.action, told.resource))
    yield f"{question}{GAP}{told.word.upper()}{HARD * 3}{told.by}", 2
    for layer in told.layers:
        yield from _layer(layer)
    for miss in told.near_misses:
        yield f"near miss: {miss}", 2
    if told.aws_message:
        yield f"AWS would say: {told.aws_message}", 2


def _layer(layer: ToldLayer) -> Iterator[Line]:
    """The statements, each hanging below its beginning, and the note; the label stands before the first."""
    texts = [(text, _TEXT + 2) for text in layer.statements]
    if layer.note or not texts:
        texts.append((layer.note, _TEXT))
    label, word = layer.label, str(layer.word)
    for text, hanging in texts:
        yield f"  {label:<{LABEL_WIDTH}}{GAP}{word:<{_WORD}}{GAP}{text}", hanging
        label = word = ""


def incomplete(unread: Iterable[str]) -> Iterator[Line]:
    """What a Deny may still stand in."""
    for text in telling.incomplete(unread):
        yield f"INCOMPLETE {text}", 4


def needed(need: Needs, asked_of_resource: bool, cells: Iterable[Cell]) -> Iterator[Line]:
    """What an action asks for besides: further resources, and other actions with their own answers."""
    for text in telling.also_needed(need, asked_of_resource, cells):
        yield text, 4


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
                word = OUTCOME_WORDS[cell.decision.outcome].upper()
                row = f"  {name_of(cell.principal):<{first}}  {action}{word:<{_WORD}}"
                yield f"{row}  {reason(cell.decision)}", hanging


__all__ = ["cite", "explained", "incomplete", "needed", "table"]
