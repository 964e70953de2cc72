"""What changes would do, before they are staged: each with what it writes, then the effect of all."""

from collections.abc import Iterable, Mapping

from ecsiam_tui.changes.change import AnyChange
from ecsiam_tui.changes.words import tell
from ecsiam_tui.tui.differences import drawn
from ecsiam_tui.tui.effects import headline, paint_effect
from ecsiam_tui.tui.pictures import Painter
from ecsiam_tui.tui.told import paint_told
from ecsiam_tui.tui.trying import Tried


def paint_headline(paint: Painter, tried: Tried | None) -> None:
    """The effect in one line, where it is known."""
    if tried is not None and tried.effect is not None:
        for piece in headline(tried.effect):
            paint.add(f"{piece.text}   ", piece.tone)
        paint.beside("effect")


def paint_changes(
    paint: Painter,
    changes: Iterable[AnyChange],
    tried: Tried | None,
    colours: Mapping[str, str],
    width: int,
) -> None:
    """Changes with their differences in so many columns, and what they do together."""
    changes = tuple(changes)
    pairs = tried.pairs if tried is not None else ()
    for number, change in enumerate(changes):
        paint_told(paint.line(), tell(change))
        paint.fact("why", change.why, "dim")
        if number < len(pairs):
            paint.put(*drawn(pairs[number], colours, width))
    if not changes:
        return
    paint.title("effect, in full")
    if tried is None:
        paint.line("still working it out…", "dim")
    elif tried.effect is None:
        paint.line(f"✗ {tried.error}", "bad")
    else:
        paint_effect(paint, tried.effect, tried.ground)
