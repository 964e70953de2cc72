"""Changes as they are marked everywhere: `+` what is made, `~` what is changed, `-` what goes."""

from ecsiam_tui.changes.words import Told
from ecsiam_tui.graph.facts import Tone
from ecsiam_tui.tui.pictures import Painter

MARK_TONES: dict[str, Tone] = {"+": "good", "~": "warn", "-": "bad"}


def paint_told(paint: Painter, told: Told, tone: Tone = "plain") -> None:
    """A change in one line: its mark, what it changes, and in a tone what it does to it."""
    paint.add(f"{told.mark} ", MARK_TONES[told.mark]).add(told.target, "bold").line(f"  {told.what}", tone)
