"""A plan as a bash script of AWS CLI commands, with the way back.

The script asks for the account and for its targets before the first call, and stops at the first failure.
What a call replaces whole is read when the script runs: values of environment variables are neither in the
script nor in an argument, only for the length of a call in a file that nobody else may read (the AWS CLI 1
reads its input twice, so a pipe does not do). Texts go into commands through variables, since the
AWS CLI itself would open a value that begins with `file://` or `http://` (AWS CLI User Guide, "Loading a
parameter from a file"; version 1 follows addresses).

It needs bash (3.2 or newer), the AWS CLI (1 or 2) and jq.
"""

import json
from collections.abc import Iterable
from typing import Any

import msgspec

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.applying import apply_all
from ecsiam_tui.changes.calling import Call, Read
from ecsiam_tui.changes.calls import plan_calls
from ecsiam_tui.changes.editing import OUTPUT_ONLY
from ecsiam_tui.changes.inverting import inverse_of_all, what_stays
from ecsiam_tui.changes.looking import ChangeError, name_of
from ecsiam_tui.changes.plan import Plan
from ecsiam_tui.changes.preparing import SCHEDULE_OUTPUT_ONLY
from ecsiam_tui.changes.rendering.guards import Absent, guards
from ecsiam_tui.changes.rendering.quoting import (
    bash_word,
    delimiter,
    is_printable,
    json_text,
    one_line,
    separated,
)
from ecsiam_tui.changes.rendering.titles import origin, step, title

_LONG = 60
"""Characters from which a value is set out in a variable of its own."""

_OPENED = ("file://", "fileb://", "http://", "https://")


def _without(keys: Iterable[str]) -> str:
    return f"del({', '.join(f'.{key}' for key in sorted(keys))})"


_PREPARE = {
    "task-definition": (
        f"((.taskDefinition | {_without(OUTPUT_ONLY)})"
        " + (if (.tags // []) == [] then {} else {tags} end)"
        " | reduce $edits[] as $edit (."
        "; if $edit.remove then delpaths([$edit.path]) else setpath($edit.path; $edit.value) end)"
        ") * $over"
    ),
    "rule-target": (
        "([.Targets[] | select(.Id == $over.Targets[0].Id)][0]"
        ' // error("the rule has no such target any more")) as $found'
        " | $over + {Targets: [$found * $over.Targets[0]]}"
    ),
    "schedule": f"{_without(SCHEDULE_OUTPUT_ONLY)} * $over",
}
"""How jq makes input of what was read: `preparing.parameters` in its words."""

_HELPERS = r"""
say() { printf '%s\n' "$*" >&2; }
stop() { say "stopped: $*"; exit 1; }

# text NAME: what is read becomes the variable's value, to the byte.
text() {
  IFS= read -r -d '' "$1" || true
  printf -v "$1" '%s' "${!1%$'\n'}"
}

# same WHAT WANTED COMMAND...: the command's JSON must say what WANTED says.
same() {
  local what=$1 wanted=$2 found normal
  shift 2
  found=$("$@" --output json) || stop "$what could not be read"
  normal='(if type == "string" then (fromjson? // .) else . end)
    | if type == "array" then sort_by(.PolicyArn? // tostring) else . end'
  found=$(jq -S "$normal" <<< "${found:-null}")
  wanted=$(jq -S "$normal" <<< "$wanted")
  [ "$found" = "$wanted" ] ||
    stop "$what is not as it was when this was planned. Now: $found. Plan anew, or run with CHECK=no."
}

# absent WHAT COMMAND...: there must be no such thing.
absent() {
  local what=$1 error
  shift
  if error=$("$@" 2>&1 > /dev/null); then
    stop "$what is there already. Plan anew, or run with CHECK=no."
  fi
  case $error in
    *NoSuchEntity* | *NotFound*) ;;
    *) stop "$what could not be looked up: $error" ;;
  esac
}

# answered GUESS ANSWER: JSON in which what was only guessed is what AWS answered.
answered() {
  jq --arg guess "$1" --arg answer "$2" 'walk(if . == $guess then $answer else . end)'
}

# IAM is eventually consistent: what was written there is seen elsewhere some seconds later.
settle() {
  say "waiting ${PROPAGATION_SECONDS:-15} s for IAM"
  sleep "${PROPAGATION_SECONDS:-15}"
}
"""


def cli(plan: Plan, snapshot: Snapshot) -> str:
    """The script. `bash SCRIPT` makes the plan's changes, `bash SCRIPT undo` takes them back. Raises
    ChangeError where the plan does not fit the account."""
    script = _Script()
    head = [
        "#!/usr/bin/env bash",
        f"# {title(plan)}",
        f"# {origin(plan)}",
        "#",
        "#   bash SCRIPT         makes the changes, after looking whether everything is as it was then",
        "#   bash SCRIPT undo    takes them back",
        "#",
        "#   CHECK=no               leaves out that look",
        "#   WAIT=no                does not wait until services are stable",
        "#   PROPAGATION_SECONDS=N  how long to wait for IAM (15)",
        "#",
        "# An AWS CLI that older than a field of a task definition loses that field: bring yours up to date.",
        "set -euo pipefail",
        "export AWS_PAGER=''",
        _HELPERS,
    ]
    apply = script.function("apply", plan_calls(plan, snapshot), plan.changes, snapshot)
    stays = [f"# {one_line(text)}" for change in plan.changes if (text := what_stays(change, snapshot))]
    tail = [
        "for tool in aws jq; do",
        '  command -v "$tool" > /dev/null || stop "$tool is needed and was not found"',
        "done",
        "# For the input of one call at a time, in memory where there is such a place.",
        'folder=$(mktemp -d "${XDG_RUNTIME_DIR:-${TMPDIR:-/tmp}}/ecsiam-tui.XXXXXX")',
        "trap 'rm -rf \"$folder\"' EXIT",
        "",
        f"planned={bash_word(plan.account)}",
        "account=$(aws sts get-caller-identity --query Account --output text)",
        '[ "$account" = "$planned" ] ||',
        '  stop "these credentials are for the account $account, the plan is for $planned"',
        "",
        'case "${1-apply}" in',
        "  apply) apply ;;",
        "  undo) undo ;;",
        "  *) say 'say undo, or nothing'; exit 2 ;;",
        "esac",
    ]
    return "\n".join([*head, *apply, "", *stays, *_undo(script, plan, snapshot), "", *tail]) + "\n"


def _undo(script: "_Script", plan: Plan, snapshot: Snapshot) -> list[str]:
    try:
        changes = inverse_of_all(plan.changes, snapshot)
        there = apply_all(plan.changes, snapshot)
        back = msgspec.structs.replace(plan, changes=changes)
        return script.function("undo", plan_calls(back, there), changes, there, needs_answers=True)
    except ChangeError as error:
        reason = bash_word(f"there is no way back: {one_line(str(error))}")
        return ["undo() {", f"  stop {reason}", "}"]


class _Script:
    """Writes functions; numbers variables through the whole script, and remembers answers from the first
    function for the second."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._counts: dict[str, int] = {}
        self._answers: dict[str, str] = {}

    def function(
        self,
        name: str,
        steps: tuple[tuple[c.AnyChange, tuple[Call, ...]], ...],
        changes: tuple[c.AnyChange, ...],
        before: Snapshot,
        *,
        needs_answers: bool = False,
    ) -> list[str]:
        """The lines of a function that looks at the targets and then makes the calls."""
        self._lines = []
        self._guards(changes, before)
        wrote_iam = False
        for number, (change, calls) in enumerate(steps, 1):
            why = f": {one_line(change.why)}" if change.why else ""
            self._lines += ["", f"  # {number}. {step(change)}{why}"]
            if not calls:
                self._lines.append("  # It is so already: nothing is called.")
            else:
                self._lines.append(f"  say {bash_word(f'{number}/{len(steps)} {step(change)}')}")
            for call in calls:
                if wrote_iam and call.service != "iam":
                    self._lines.append("  settle")
                    wrote_iam = False
                self._call(call, change)
                wrote_iam = wrote_iam or call.service == "iam"
        body = self._lines
        if needs_answers:
            asked = "the ARN of the revision that was registered"
            body = [
                f'  : "${{{one}:?set {one} to {asked}}}"'
                for one in self._answers.values()
                if any(f"${one}" in line for line in body)
            ] + body
        return [f"{name}() {{", *body, "  say done", "}"]

    def _guards(self, changes: tuple[c.AnyChange, ...], before: Snapshot) -> None:
        found = guards(changes, before)
        if not found:
            self._lines.append("  # Nothing here can be looked at cheaply beforehand.")
            return
        self._lines.append('  if [ "${CHECK:-yes}" != no ]; then')
        for guard in found:
            what = bash_word(one_line(guard.what))
            if isinstance(guard.wanted, Absent):
                self._lines.append(f"    absent {what} {self._command(guard.read, guard.region)}")
                continue
            wanted = self._json(guard.wanted, "WANTED")
            query = bash_word(_query(guard.read.result))
            command = self._command(guard.read, guard.region)
            self._lines.append(f"    same {what} {wanted} {command} --query {query}")
        self._lines.append("  fi")

    def _call(self, call: Call, change: c.AnyChange) -> None:
        if call.base is not None:
            self._replace(call, call.base)
            return
        self._lines.append(f"  {self._command(call, call.region)} > /dev/null")
        match change:
            case c.CreateRole():
                name = bash_word(name_of(change.role))
                self._lines.append(f"  aws iam wait role-exists --role-name={name}")
            case c.CreatePolicy():
                self._lines.append(f"  aws iam wait policy-exists --policy-arn={bash_word(change.policy)}")
            case c.UpdateService():
                cluster, service = (bash_word(call.parameters[one]) for one in ("cluster", "service"))
                self._lines += [
                    '  [ "${WAIT:-yes}" = no ] ||',
                    f"    aws ecs wait services-stable --region {bash_word(call.region)}"
                    f" --cluster={cluster} --services={service}",
                ]

    def _replace(self, call: Call, base: Read) -> None:
        """A call whose input is what another call answers, changed on its way."""
        read = f"{self._command(base, call.region)} --output json"
        over = self._json(call.parameters, "INPUT")
        jq = f"jq --argjson over {over}"
        if call.prepare == "task-definition":
            jq += f" --argjson edits {self._json(msgspec.to_builtins(call.edits), 'EDITS')}"
        write = (
            f"aws {call.service} {separated(call.operation, '-')} --region {bash_word(call.region)}"
            ' --cli-input-json "file://$folder/input.json"'
        )
        program = bash_word(_PREPARE[call.prepare])
        self._lines += [f"  {read} |", f'    {jq} {program} > "$folder/input.json"']
        if call.guess:
            name = self._name("TASK_DEFINITION")
            answer = bash_word(_query(call.answer))
            self._lines.append(f"  {name}=$({write} --query {answer} --output text)")
            self._lines.append(f'  say "{name}=${name}"')
            self._answers[call.guess] = name
        elif call.operation == "PutTargets":
            self._lines.append(f"  FAILED=$({write} --query FailedEntryCount --output text)")
            self._lines.append('  [ "$FAILED" = 0 ] || stop "EventBridge refused the target"')
        else:
            self._lines.append(f"  {write} > /dev/null")
        self._lines.append('  rm "$folder/input.json"')

    def _command(self, call: Call | Read, region: str) -> str:
        words = ["aws", call.service, separated(call.operation, "-")]
        if region:
            words.append(f"--region {bash_word(region)}")
        if any(map(_needs_json, call.parameters.values())):
            return " ".join([*words, f"--cli-input-json {self._json(call.parameters, 'INPUT')}"])
        for key, value in call.parameters.items():
            option = f"--{separated(key, '-')}"
            if value is True:
                words.append(option)
                continue
            joined = "=" if isinstance(value, str) and value.startswith("-") else " "
            words.append(f"{option}{joined}{self._word(value)}")
        return " ".join(words)

    def _word(self, value: Any) -> str:
        """A value as a word of a command."""
        if not isinstance(value, str):
            return self._json(value, "INPUT")
        if value in self._answers:
            return f'"${self._answers[value]}"'
        if "\n" in value or (len(value) > _LONG and value[:1] == "{"):
            return self._variable("DOCUMENT", value)
        return bash_word(value)

    def _json(self, value: Any, name: str) -> str:
        """A value as one word of JSON, in which guesses are what AWS answered."""
        short = json.dumps(value)
        guesses = [guess for guess in self._answers if json.dumps(guess) in short]
        if len(short) <= _LONG and not guesses:
            return bash_word(short)
        word = self._variable(name, json_text(value))
        for guess in guesses:
            made = f'$(answered {bash_word(guess)} "${self._answers[guess]}" <<< {word})'
            self._lines.append(f"  {word[2:-1]}={made}")
        return word

    def _name(self, kind: str) -> str:
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return f"{kind}_{self._counts[kind]}"

    def _variable(self, kind: str, text: str) -> str:
        name = self._name(kind)
        if is_printable(text):
            end = delimiter(text)
            self._lines += [f"  text {name} <<'{end}'", text, end]
        else:
            self._lines.append(f"  {name}={bash_word(text)}")
        return f'"${name}"'


def _needs_json(value: Any) -> bool:
    """Whether a value cannot be an option: one that the AWS CLI would open, or a false, whose option has a
    name of its own in some commands (`--disable-execute-command`)."""
    return value is False or (isinstance(value, str) and value.startswith(_OPENED))


def _query(path: tuple[str | int, ...]) -> str:
    """A path in an answer as JMESPath."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(steps).removeprefix(".")
