"""A plan as a Python script of boto3 calls."""

import pprint
from collections.abc import Callable
from typing import Any

import msgspec

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.calling import Call, Read
from ecsiam_tui.changes.calls import plan_calls
from ecsiam_tui.changes.editing import OUTPUT_ONLY
from ecsiam_tui.changes.looking import name_of
from ecsiam_tui.changes.plan import Plan
from ecsiam_tui.changes.preparing import SCHEDULE_OUTPUT_ONLY
from ecsiam_tui.changes.rendering.guards import Absent, guards
from ecsiam_tui.changes.rendering.quoting import one_line, separated
from ecsiam_tui.changes.rendering.titles import origin, step, title

_HELPERS = '''
def settle():
    """IAM is eventually consistent: what was written there is seen elsewhere some seconds later."""
    time.sleep(float(os.environ.get("PROPAGATION_SECONDS", "15")))


def client(service, region=None):
    return boto3.client(service, region_name=region)


def value(document):
    """What a document says."""
    if isinstance(document, str):
        try:
            return json.loads(document)
        except ValueError:
            return document
    if isinstance(document, list):
        return sorted(document, key=lambda one: json.dumps(one, sort_keys=True))
    return document


def same(what, wanted, read, path):
    """Stops unless the part of an answer at a path is what it was when this was planned."""
    found = read()
    for step in path:
        if isinstance(found, dict):
            found = found.get(step)
        elif isinstance(found, list):
            found = found[step] if step < len(found) else None
    if value(found) != value(wanted):
        sys.exit(f"stopped: {what} is not as it was when this was planned; plan anew")


def absent(what, read):
    """Stops if there is such a thing."""
    try:
        read()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if "NoSuchEntity" in code or "NotFound" in code:
            return
        raise
    sys.exit(f"stopped: {what} is there already; plan anew")


def laid_over(base, over):
    """A copy of base with the members of over in their places; objects in both are merged."""
    found = dict(base)
    for key, one in over.items():
        both = isinstance(found.get(key), dict) and isinstance(one, dict)
        found[key] = laid_over(found[key], one) if both else one
    return found


def edited(data, edits):
    """A copy of data in which the members at some paths are set, or taken away."""
    data = copy.deepcopy(data)
    for edit in edits:
        *path, last = edit["path"]
        at = data
        for step in path:
            at = at.setdefault(step, {}) if isinstance(at, dict) else at[step]
        if edit.get("remove"):
            if not isinstance(at, dict):
                del at[last]
            else:
                at.pop(last, None)
        elif isinstance(at, list) and last == len(at):
            at.append(edit.get("value"))
        else:
            at[last] = edit.get("value")
    return data
'''


def boto3_code(plan: Plan, snapshot: Snapshot) -> str:
    """The script. Raises ChangeError where the plan does not fit the account."""
    answers: dict[str, str] = {}
    lines = [
        f'"""{_docstring(plan)}"""',
        "",
        "import copy",
        "import json",
        "import os",
        "import sys",
        "import time",
        "",
        "import boto3",
        "from botocore.exceptions import ClientError",
        "",
        f"ACCOUNT = {plan.account!r}",
        _HELPERS,
        "",
        'account = boto3.client("sts").get_caller_identity()["Account"]',
        "if account != ACCOUNT:",
        '    sys.exit(f"stopped: these credentials are for the account {account}, not for {ACCOUNT}")',
        "",
        "# Is everything as it was when this was planned?",
    ]
    for guard in guards(plan.changes, snapshot):
        read = f"lambda: {_call(guard.read, guard.region, repr)}"
        if isinstance(guard.wanted, Absent):
            lines.append(f"absent({guard.what!r}, {read})")
        else:
            lines.append(f"wanted = {_literal(guard.wanted)}")
            lines.append(f"same({guard.what!r}, wanted, {read}, {guard.read.result!r})")
    wrote_iam = False
    steps = plan_calls(plan, snapshot)
    for index, (change, calls) in enumerate(steps, 1):
        why = f": {one_line(change.why)}" if change.why else ""
        lines += ["", f"# {index}. {step(change)}{why}", f"print({f'{index}/{len(steps)} {step(change)}'!r})"]
        for call in calls:
            if wrote_iam and call.service != "iam":
                lines.append("settle()")
            wrote_iam = call.service == "iam"
            first, made = _written(call, answers)
            lines += first
            if call.guess:
                name = f"task_definition_{len(answers) + 1}"
                answers[call.guess] = name
                path = "".join(f"[{step!r}]" for step in call.answer)
                lines += [f"{name} = {made}{path}", f"print({name})"]
            elif call.operation == "PutTargets":
                lines += [f"answer = {made}", 'if answer["FailedEntryCount"]:']
                lines.append("    sys.exit(f\"stopped: {answer['FailedEntries']}\")")
            else:
                lines.append(made)
        if isinstance(change, c.CreateRole):
            lines.append(f'client("iam").get_waiter("role_exists").wait(RoleName={name_of(change.target)!r})')
    return "\n".join(lines) + "\n"


def _docstring(plan: Plan) -> str:
    return f"{title(plan)}. {origin(plan)}".replace("\\", "/").replace('"', "'")


def _written(call: Call, answers: dict[str, str]) -> tuple[list[str], str]:
    """The lines that make ready for a call, and the call."""

    def literal(value: Any) -> str:
        return _literal(value, answers)

    if call.base is None:
        return [], _call(call, call.region, literal)
    read = _call(call.base, call.region, literal)
    over = literal(call.parameters)
    match call.prepare:
        case "task-definition":
            edits = literal(msgspec.to_builtins(call.edits))
            lines = [
                f"read = {read}",
                f"base = {{key: one for key, one in read['taskDefinition'].items() if key not in"
                f" {sorted(OUTPUT_ONLY)!r}}}",
                'base |= {"tags": read["tags"]} if read.get("tags") else {}',
            ]
            ready = f"laid_over(edited(base, {edits}), {over})"
        case "rule-target":
            lines = [
                f"over = {over}",
                f"targets = {read}['Targets']",
                "wanted = over['Targets'][0]",
                "target = next(one for one in targets if one['Id'] == wanted['Id'])",
            ]
            ready = "over | {'Targets': [laid_over(target, wanted)]}"
        case _:
            left_out = sorted({*SCHEDULE_OUTPUT_ONLY, "ResponseMetadata"})
            lines = [f"base = {{key: one for key, one in {read}.items() if key not in {left_out!r}}}"]
            ready = f"laid_over(base, {over})"
    return [*lines, f"ready = {ready}"], f"{_method(call, call.region)}(**ready)"


def _method(call: Call | Read, region: str) -> str:
    where = f"{call.service!r}, {region!r}" if region else repr(call.service)
    return f"client({where}).{separated(call.operation, '_')}"


def _call(call: Call | Read, region: str, literal: Callable[[Any], str]) -> str:
    inside = ", ".join(f"{key}={literal(value)}" for key, value in call.parameters.items())
    return f"{_method(call, region)}({inside})"


def _literal(value: Any, answers: dict[str, str] | None = None) -> str:
    """A value as Python writes it, each line of a text on its own; what was guessed is the variable that
    holds the answer."""
    if isinstance(value, str):
        if answers and value in answers:
            return answers[value]
        lines = value.splitlines(keepends=True)
        if len(lines) < 2:
            return repr(value)
        return "(\n" + "".join(f"    {line!r}\n" for line in lines) + ")"
    if isinstance(value, dict) and answers:
        return "{" + ", ".join(f"{key!r}: {_literal(one, answers)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple) and answers:
        return "[" + ", ".join(_literal(one, answers) for one in value) + "]"
    return pprint.pformat(value, width=100, sort_dicts=False)
