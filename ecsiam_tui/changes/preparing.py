"""What is read just before a call, made its input. Pure; what goes through here is never written down."""

import copy
from typing import Any

from ecsiam_tui.changes.calling import Call
from ecsiam_tui.changes.editing import edited, registrable
from ecsiam_tui.changes.looking import ChangeError

SCHEDULE_OUTPUT_ONLY = frozenset({"Arn", "CreationDate", "LastModificationDate"})
"""What GetSchedule answers and UpdateSchedule does not take (botocore's model of EventBridge Scheduler)."""


def parameters(call: Call, answer: dict[str, Any] | None = None) -> dict[str, Any]:
    """The exact parameters of a call. `answer` is what its base answered, whole. Raises ChangeError where
    the base has not what the call is about."""
    if call.base is None:
        return copy.deepcopy(call.parameters)
    read = {key: value for key, value in (answer or {}).items() if key != "ResponseMetadata"}
    match call.prepare:
        case "task-definition":
            described = registrable(read.get("taskDefinition", {}), read.get("tags", []))
            return laid_over(edited(described, call.edits), call.parameters)
        case "rule-target":
            (wanted,) = call.parameters["Targets"]
            for target in read.get("Targets", ()):
                if target["Id"] == wanted["Id"]:
                    return call.parameters | {"Targets": [laid_over(target, wanted)]}
            raise ChangeError(f"the rule {call.parameters['Rule']} has no target {wanted['Id']} any more")
        case "schedule":
            kept = {key: value for key, value in read.items() if key not in SCHEDULE_OUTPUT_ONLY}
            return laid_over(kept, call.parameters)
    raise ChangeError(f"{call.operation}: nothing is known of preparing {call.prepare!r}")


def laid_over(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """A copy of `base` with the members of `over` in their places; objects in both are merged."""
    found: dict[str, Any] = copy.deepcopy(base)
    for key, value in over.items():
        known = found.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            found[key] = laid_over(known, value)
        else:
            found[key] = copy.deepcopy(value)
    return found


def refusal(call: Call, answer: dict[str, Any]) -> str:
    """What an answer that is no error refuses all the same, in AWS's words: PutTargets answers 200 and names
    the entries that failed. Empty where nothing was refused."""
    if call.operation != "PutTargets" or not answer.get("FailedEntryCount"):
        return ""
    failed = answer.get("FailedEntries", [])
    return (
        "; ".join(f"{one.get('ErrorCode', '')}: {one.get('ErrorMessage', '')}" for one in failed) or "failed"
    )
