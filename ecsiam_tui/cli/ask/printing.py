"""Decisions as text: the answer, then layer by layer what each says, then what was missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ecsiam_tui.account.arns import short_name
from ecsiam_tui.account.text import visible
from ecsiam_tui.cli.ask.common import WORDS

if TYPE_CHECKING:
    from ecsiam_tui.policy.evaluation import Decision
    from ecsiam_tui.policy.explanation import LayerSays, StatementRef
    from ecsiam_tui.policy.simulate import Cell

_SAYS = {"silent": "says nothing", "not applied": "does not apply"}


def cite(statement: StatementRef) -> str:
    """`§ app ¶ ReadOrders (lines 12–18)`."""
    first, last = statement.lines
    where = f"line {first}" if first == last else f"lines {first}–{last}"
    return f"§ {statement.policy} ¶ {statement.sid or statement.index + 1} ({where})"


def headline(decision: Decision) -> str:
    """`checkout-task  s3:GetObject  arn:…  DENIED by the permissions boundary`."""
    request = decision.request
    by = f" by {', '.join(decision.blocked_by)}" if decision.blocked_by else ""
    on = f" on {', '.join(decision.missing_context)}" if decision.missing_context else ""
    answer = f"{WORDS[decision.outcome]}{by}{on}"
    return visible(f"{short_name(request.principal)}  {request.action}  {request.resource}  {answer}")


def explained(decision: Decision) -> Iterator[str]:
    """The lines of one decision."""
    explanation = decision.explain()
    yield headline(decision)
    for layer in explanation.layers:
        yield from _layer(layer)
    for failed in explanation.depends_on:
        yield visible(f"depends on: {failed.text}")
    for miss in explanation.near_misses:
        yield visible(f"near miss: {miss.text}")
    if explanation.sentence:
        yield visible(explanation.sentence)
    if explanation.aws_message:
        yield visible(f"AWS would say: {explanation.aws_message}")
    if explanation.dependent_actions:
        yield f"the action also needs: {', '.join(explanation.dependent_actions)}"


def _layer(layer: LayerSays) -> Iterator[str]:
    says = _SAYS.get(layer.says, layer.says)
    head = f"  {layer.layer:<10} {says:<14} "
    if not layer.matches:
        yield visible(f"{head}{layer.note or layer.name}".rstrip())
    for number, match in enumerate(layer.matches):
        yield visible(f"{head if number == 0 else ' ' * len(head)}§ {match.statement.label}")
        for failed in match.depends_on:
            yield visible(f"{' ' * len(head)}  when {failed.text}")
    if layer.matches and layer.note:
        yield visible(f"{' ' * len(head)}{layer.note}")


def table(cells: list[Cell]) -> Iterator[str]:
    """A line a question, for several."""
    widths = [
        max(len(visible(text)) for text in column)
        for column in (
            [short_name(cell.principal) for cell in cells],
            [cell.action for cell in cells],
            [cell.resource for cell in cells],
        )
    ]
    for cell in cells:
        decision = cell.decision
        why = ", ".join(decision.blocked_by) or (
            f"on {', '.join(decision.missing_context)}" if decision.missing_context else ""
        )
        parts = (short_name(cell.principal), cell.action, cell.resource)
        row = "  ".join(f"{visible(text):<{width}}" for text, width in zip(parts, widths, strict=True))
        yield f"{row}  {WORDS[decision.outcome]:<8}{f' {visible(why)}' if why else ''}".rstrip()
