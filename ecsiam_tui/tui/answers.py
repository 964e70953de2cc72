"""Answers to questions, now and after the plan, in words with colours."""

from typing import NamedTuple

from ecsiam_tui.policy.evaluation import Decision
from ecsiam_tui.policy.telling import OUTCOME_WORDS, reason
from ecsiam_tui.tui.pictures import Painter, Picture, decision_lines
from ecsiam_tui.tui.questions import Answer, Place, Question, ask, deciding_place
from ecsiam_tui.workspace import Workspace

TONES = {"allowed": "success", "denied": "error", "depends": "warning"}


class Asked(NamedTuple):
    """A question answered on both sides; `after` is None while nothing is staged."""

    now: Answer
    after: Answer | None
    place: Place | None = None
    at: int = 0


def answered(question: Question, at: int, now: Workspace, then: Workspace | None) -> Asked:
    """A question asked on both sides. For a thread of its own."""
    answer = ask(now.account, question)
    after = ask(then.account, question) if then is not None else None
    at = at if at < len(answer.decisions) else 0
    place = deciding_place(answer.decisions[at]) if answer.decisions else None
    return Asked(answer, after, place, at)


def answer_text(asked: Asked, colours: dict[str, str]) -> Picture:
    """The answer in words: all of several in a line each, one of them layer by layer, now and after."""
    paint = Painter(colours)
    now, after = asked.now, asked.after
    if now.error:
        paint.line(f"✗ {now.error}", "bad")
    for hint in now.hints:
        paint.line(f"▲ {hint}", "warn")
    if len(now.decisions) > 1:
        for number, decision in enumerate(now.decisions):
            word = OUTCOME_WORDS[decision.outcome]
            request = decision.request
            paint.add(f"{request.action}  ", "bold" if number == asked.at else "plain").add(
                request.resource, "dim"
            )
            paint.add(f"  {reason(decision)}", "dim")
            paint.beside(word, TONES[word], 8, ("▸" if number == asked.at else "", "accent", 1))
        paint.line()
    if now.decisions:
        decision_lines(paint, now.decisions[asked.at], now.unread[asked.at])
    if after is None:
        return paint.picture()
    paint.title("after the plan")
    if after.error:
        paint.line(f"✗ {after.error}", "bad")
    elif now.decisions and _same(now.decisions[asked.at], after.decisions[asked.at]):
        paint.line("the same: the staged changes make no difference to it", "dim")
    else:
        decision_lines(paint, after.decisions[asked.at], after.unread[asked.at])
    return paint.picture()


def _same(first: Decision, second: Decision) -> bool:
    """Whether two decisions are the same for the same reason."""
    return first.outcome == second.outcome and first.explain() == second.explain()
