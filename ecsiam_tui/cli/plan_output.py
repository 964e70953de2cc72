"""Plans, applies and journals in lines for a person, and as data for programs."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from ecsiam_tui.account.arns import short_name
from ecsiam_tui.changes.rendering.quoting import pretty
from ecsiam_tui.changes.words import tell

if TYPE_CHECKING:
    from ecsiam_tui.changes.applying_plan import Event, Outcome
    from ecsiam_tui.changes.calling import Call
    from ecsiam_tui.changes.journal import Record
    from ecsiam_tui.changes.plan import Plan
    from ecsiam_tui.changes.ready import Ready
    from ecsiam_tui.changes.sending import Rollout
    from ecsiam_tui.changes.verifying import Difference

MARKS = {"met": "✓", "missing": "✗", "depends": "?", "unknown": "?"}


def shown(plan: Plan, ready: Ready, name: str) -> Iterator[str]:
    """A whole plan: what it changes, the calls, the documents, what it takes and what is wrong."""
    count = "1 change" if len(plan) == 1 else f"{len(plan)} changes"
    read = f"made from what was read {plan.made_from:%Y-%m-%d %H:%M} UTC"
    yield f"{plan.title or name}  {count}  account {plan.account}  {read}"
    for number, one in enumerate(ready.looked, 1):
        yield ""
        grade = "" if one.misfit else f"  {one.risk.level.word} risk"
        yield f"{number:>3} {tell(one.change).line}{grade}"
        if one.change.why:
            yield f"      why: {one.change.why}"
        if one.misfit:
            yield f"      ✗ does not fit: {one.misfit}"
        yield from (f"      ▲ {reason}" for reason in one.risk.reasons)
        yield from (f"      call {call_words(call)}" for call in one.calls)
    for document in ready.documents:
        yield ""
        yield f"{document.kind} {document.name}"
        yield from _diff(document.before, document.after)
    yield from _section("permissions that applying needs", list(permission_lines(ready)))
    yield from _section("what is wrong", list(problem_lines(ready)))


def _section(title: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield ""
        yield title
        yield from (f"  {line}" for line in lines)


def _diff(before: str | None, after: str | None) -> Iterator[str]:
    old, new = (pretty(text).splitlines() if text is not None else [] for text in (before, after))
    for line in list(difflib.unified_diff(old, new, lineterm="", n=3))[2:]:
        yield f"  {line}"


def call_words(call: Call) -> str:
    """A call in one line. Documents stand below in the differences."""
    given = {
        key: "(see below)" if isinstance(value, str) and value.lstrip().startswith("{") else value
        for key, value in call.parameters.items()
    }
    words = [f"{key}={value if isinstance(value, str) else _json(value)}" for key, value in given.items()]
    if call.base is not None:
        base = call.base.parameters.get("taskDefinition", call.base.operation)
        words.insert(0, f"as {short_name(str(base))} is then")
    words += [f"{'.'.join(map(str, edit.path))}={_json(edit.value)}" for edit in call.edits]
    return "  ".join([f"{call.service}:{call.operation}", *words])


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def permission_lines(ready: Ready) -> Iterator[str]:
    """What whoever is signed in needs."""
    for one in ready.needs:
        asked = one.requirement
        note = f"  {one.note}" if one.note and one.status != "met" else ""
        yield f"{MARKS[one.status]} {one.status:<8} {asked.action} on {asked.resource}{note}"


def problem_lines(ready: Ready) -> Iterator[str]:
    """What stands in the way of a plan."""
    for problem in ready.problems:
        mark = "✗" if problem.severity == "error" else "▲"
        yield f"{mark} change {problem.index + 1}: {problem.message}"


def drift_lines(drift: tuple[Difference, ...]) -> Iterator[str]:
    """The three-way difference."""
    for one in drift:
        yield f"{short_name(one.target)}  {one.path or 'as a whole'}"
        for word, value in (("was", one.was), ("is", one.now), ("wanted", one.wanted)):
            yield f"  {word:<7} {_shortly(value)}"


def _shortly(value: Any) -> str:
    if value is None:
        return "not there"
    text = value if isinstance(value, str) else _json(value)
    return text if len(text) <= 2000 else text[:2000] + "…"


def event_line(event: Event) -> str:
    """What just happened, in a line; empty where it is not worth one."""
    place = f"{event.step + 1:>3}/{event.total}"
    match event.kind:
        case "done":
            return f"{place} ✓ {event.text}"
        case "already":
            return f"{place} ✓ {event.text}  it was so already"
        case "failed":
            return f"{place} ✗ {event.text}"
        case "waiting":
            return f"        … {event.text}"
        case "rollout":
            return f"        ◆ {rollout_words(event.rollout)}" if event.rollout else ""
        case "call":
            return ""
    return f"        … {event.text}"


def rollout_words(one: Rollout) -> str:
    """How far a deployment is."""
    failed = f", {one.failed} failed" if one.failed else ""
    reason = one.proves_nothing or one.reason
    said = f"  {reason}" if reason else ""
    return f"{short_name(one.service)}: {one.state}, {one.running} of {one.desired} tasks run{failed}{said}"


def outcome_lines(outcome: Outcome) -> Iterator[str]:
    """How an apply ended, and what to do next."""
    if outcome.state == "drifted":
        yield "nothing was changed: the account is not as it was when the plan was made"
        yield from (f"  {line}" for line in drift_lines(outcome.drift))
        yield "make the plan anew from the account as it is"
        return
    if outcome.state == "stopped":
        yield f"stopped after {outcome.calls} of {outcome.total} calls: {outcome.message}"
        for word, what in (
            ("resume", "goes on"),
            ("roll-back", "takes back what was done"),
            ("leave", "leaves it as it is"),
        ):
            yield f"  ecsiam-tui plan {word} {outcome.journal}   {what}"
        return
    yield f"done: {outcome.total} calls  (journal {outcome.journal})"
    if outcome.unlike:
        yield "not as wanted:"
        yield from (f"  {one}" for one in outcome.unlike)
    else:
        yield "read again: everything is as wanted"
    for one in outcome.rollouts:
        yield f"{'proven' if one.is_proven else 'not proven'}: {rollout_words(one)}"
    yield from (f"cannot be taken back: {one}" for one in outcome.stays)
    yield f"ecsiam-tui plan undo {outcome.journal}   takes it back"


def history_line(record: Record) -> str:
    """A journal in a line."""
    head = record.header
    state = record.end or "interrupted"
    title = head.plan.title or f"{len(head.plan)} changes"
    kind = "" if head.kind == "apply" else f"{head.kind} of {head.of}  "
    count = f"{len(record.done)}/{len(head.steps)} calls"
    return (
        f"{record.id}  {head.started:%Y-%m-%d %H:%M}  {state:<12} {count:>12}  {head.account}  {kind}{title}"
    )


# For programs ---------------------------------------------------------------------------------------------


def plan_data(plan: Plan, ready: Ready) -> dict[str, Any]:
    """All of `shown`."""
    return {
        "account": plan.account,
        "title": plan.title,
        "made_from": plan.made_from,
        "changes": [
            {
                "line": tell(one.change).line,
                **msgspec.to_builtins(one.change),
                "risk": one.risk.level.word,
                "reasons": one.risk.reasons,
                "misfit": one.misfit,
                "calls": [
                    {
                        **msgspec.to_builtins(call),
                        "region": call.region,
                    }
                    for call in one.calls
                ],
            }
            for one in ready.looked
        ],
        "documents": ready.documents,
        **ready_data(ready),
    }


def ready_data(ready: Ready) -> dict[str, Any]:
    """What stands in the way."""
    return {
        "fits": ready.fits,
        "risky": ready.is_risky,
        "drift": [one._asdict() for one in ready.drift],
        "problems": ready.problems,
        "permissions": [
            {
                "action": one.requirement.action,
                "resource": one.requirement.resource,
                "status": one.status,
                "why": one.requirement.why,
                "note": one.note,
            }
            for one in ready.needs
        ],
    }


def record_data(record: Record) -> dict[str, Any]:
    """A journal."""
    head = record.header
    return {
        "id": record.id,
        "account": head.account,
        "started": head.started,
        "kind": head.kind,
        "of": head.of,
        "caller": head.caller,
        "title": head.plan.title,
        "changes": [tell(change).line for change in head.plan.changes],
        "calls": len(head.steps),
        "done": len(record.done),
        "state": record.end or "interrupted",
        "failure": record.failure,
        "file": str(record.path),
    }
