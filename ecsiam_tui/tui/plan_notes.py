"""What else there is to say of a plan: who shares what it changes, what it needs, what stands in its way, and
its forms for people who apply changes elsewhere."""

from pathlib import Path

from ecsiam_tui.changes.change import AnyChange
from ecsiam_tui.changes.effects import Level
from ecsiam_tui.changes.plan import Plan
from ecsiam_tui.changes.ready import Ready
from ecsiam_tui.changes.rendering import FORMS, Form
from ecsiam_tui.changes.sharing import keeper_words, shared
from ecsiam_tui.changes.words import tell
from ecsiam_tui.graph.facts import Tone
from ecsiam_tui.tui.judged import STATUS_WORDS
from ecsiam_tui.tui.pictures import Painter
from ecsiam_tui.workspace import Workspace

FORM_WORDS: dict[Form, tuple[str, str]] = {
    "cli": ("a script for the AWS CLI, with guards", ".sh"),
    "terraform": ("Terraform", ".tf"),
    "cloudformation": ("CloudFormation, a folder of files", ""),
    "boto3": ("Python with boto3", ".py"),
    "json": ("the documents before and after, a folder of files", ""),
}
RISK_TONES: dict[Level, Tone] = {Level.LOW: "dim", Level.MEDIUM: "warn", Level.HIGH: "bad"}


def form_choices() -> list[tuple[str, str]]:
    """The forms in which a plan can be written."""
    return [(form, f"{form:<15} {FORM_WORDS[form][0]}") for form in FORMS]


def offered_path(folder: Path, form: Form) -> Path:
    """Where a form is written if nobody says otherwise; a folder for those that take several files."""
    return folder / f"ecsiam-plan{FORM_WORDS[form][1]}"


def sharing_notes(change: AnyChange, now: Workspace) -> list[str]:
    """Who else is hit by a change, and who would revert it."""
    found = shared(change, now.estate)
    notes = [found.sentence] if found.is_shared else []
    return [*notes, *filter(None, (keeper_words(change, now.snapshot),))]


def paint_risk(paint: Painter, ready: Ready | None, at: int) -> None:
    """How risky a change is, and why."""
    if ready is None or at >= len(ready.looked):
        return
    risk = ready.looked[at].risk
    paint.add(risk.level.word, RISK_TONES[risk.level])
    paint.add(f"  {'; '.join(risk.reasons)}" if risk.reasons else "", "dim").beside("risk")
    calls = ", ".join(call.action for call in ready.looked[at].calls)
    paint.fact("calls", calls, "dim")


def paint_ready(paint: Painter, plan: Plan, ready: Ready) -> None:
    """What AWS would refuse, and what whoever is signed in needs for the plan."""
    if ready.problems:
        paint.title("problems")
    for problem in ready.problems:
        mark, tone = ("✗", "bad") if problem.severity == "error" else ("▲", "warn")
        paint.add(f"{mark} ", tone).add(f"{tell(plan.changes[problem.index]).target}: ", "bold")
        paint.line(problem.message)
    if ready.needs:
        paint.title("you need")
    for one in ready.needs:
        word, tone = STATUS_WORDS[one.status]
        note = f"  {one.note}" if one.note and one.status != "met" else ""
        paint.add(one.requirement.action).add(f"  on {one.requirement.resource}{note}", "dim")
        paint.beside(word, tone)


def in_the_way(plan: Plan, ready: Ready | None) -> str:
    """Why a plan is not applied; empty where nothing is known to stand in its way."""
    if ready is None:
        return "it is still being worked out what the plan does; wait a moment"
    if ready.errors:
        first = ready.errors[0]
        return f"AWS would refuse it: {tell(plan.changes[first.index]).target}: {first.message}"
    if ready.lacking:
        lacking = ", ".join(dict.fromkeys(one.requirement.action for one in ready.lacking))
        return f"you are not allowed {lacking}; w keeps the plan in a file for somebody who is"
    return ""
