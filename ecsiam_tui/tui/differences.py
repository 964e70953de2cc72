"""What a change does to documents and records, line by line: side by side, or one below the other.

Texts are compared as pretty-printed JSON, so that spacing and commas at the ends of lines say nothing.
"""

import contextlib
import difflib
from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

import msgspec
from rich.console import Group
from rich.table import Table
from rich.text import Text

from ecsiam_tui.account.document_difference import decoded
from ecsiam_tui.account.iam import Role
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.text import visible
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.targets import VOLATILE, state
from ecsiam_tui.changes.verifying import ASSIGNED

CONTEXT = 3
"""Lines shown around a difference."""
MOST_LINES = 400
"""Lines of one difference that are shown; a text as long is read elsewhere."""
SIDE_BY_SIDE = 110
"""Columns from which the two texts stand side by side."""

_DOCUMENTS = frozenset({"AssumeRolePolicyDocument", "PolicyDocument", "Document", "policy", "Policy"})


class Pair(NamedTuple):
    """A text before and after a change; empty where there is none."""

    title: str
    before: str
    after: str


class Row(NamedTuple):
    """A line of a difference: the same on both sides, or what left and what came. `skipped` stands for lines
    that are left out."""

    kind: Literal["same", "changed", "skipped"]
    left: str | None = None
    right: str | None = None
    left_number: int = 0
    right_number: int = 0


def pair_of(change: c.AnyChange, before: Snapshot, after: Snapshot) -> Pair:
    """What a change writes, beside what stood there: the document if it writes one, else the record."""
    match change:
        case c.PutRolePolicy() | c.DeleteRolePolicy():
            texts = [_inline(side, change.role, change.name) for side in (before, after)]
            return Pair(f"inline policy {change.name}", *texts)
        case c.CreatePolicyVersion() | c.SetDefaultPolicyVersion() | c.CreatePolicy():
            texts = [_managed(side, change.policy) for side in (before, after)]
            return Pair("policy document", *texts)
        case c.UpdateTrust():
            texts = [_trust(side, change.role) for side in (before, after)]
            return Pair("trust policy", *texts)
        case c.RegisterTaskDefinition():
            old, new = _record(change.base, before), _record(change.task_definition, after)
            return Pair("task definition", old, new)
    return Pair("record", _record(change.target, before), _record(change.target, after))


def _role(side: Snapshot, arn: str) -> Role | None:
    return next((role for role in side.roles if role.arn == arn), None)


def _inline(side: Snapshot, arn: str, name: str) -> str:
    role = _role(side, arn)
    found = (one.policy_document for one in role.role_policy_list if one.policy_name == name) if role else ()
    return next(iter(found), "")


def _trust(side: Snapshot, arn: str) -> str:
    role = _role(side, arn)
    return role.assume_role_policy_document if role is not None else ""


def _managed(side: Snapshot, arn: str) -> str:
    return next((policy.document for policy in side.policies if policy.arn == arn), "")


_LEFT_OUT = VOLATILE | ASSIGNED | {"taskDefinitionArn"}


def _record(target: str, side: Snapshot) -> str:
    data = state(target, side)
    if data is None:
        return ""
    kept = {key: _opened(key, value) for key, value in data.items() if key not in _LEFT_OUT}
    return msgspec.json.encode(kept).decode()


def _opened(key: str, value: Any) -> Any:
    """A record's value with the documents in it decoded."""
    if isinstance(value, str) and key in _DOCUMENTS:
        document = decoded(value)
        return value if document is None else document
    if isinstance(value, list):
        return [_opened("", one) for one in value]
    if isinstance(value, dict) and key.lower() != "tags":
        return {name: _opened(name, one) for name, one in value.items()}
    return value


# Comparing


def pretty_lines(text: str) -> list[str]:
    """A JSON text in lines, two spaces a level; any other text in its own lines."""
    if not text:
        return []
    with contextlib.suppress(msgspec.MsgspecError, RecursionError, UnicodeEncodeError):
        text = msgspec.json.format(text, indent=2)
    return [visible(line) for line in text.split("\n")]


def rows_of(before: str, after: str) -> list[Row]:
    """The differing lines of two texts with some around them."""
    left, right = pretty_lines(before), pretty_lines(after)
    matcher = difflib.SequenceMatcher(None, [*map(_said, left)], [*map(_said, right)], autojunk=False)
    found: list[Row] = []
    end = (0, 0)
    for group in matcher.get_grouped_opcodes(CONTEXT):
        if (group[0][1], group[0][3]) != end:
            found.append(Row("skipped"))
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                found += [
                    Row("same", left[i], right[j], i + 1, j + 1)
                    for i, j in zip(range(i1, i2), range(j1, j2), strict=True)
                ]
            else:
                found += _changed(left, right, (i1, i2), (j1, j2))
        end = (group[-1][2], group[-1][4])
    if found and end != (len(left), len(right)):
        found.append(Row("skipped"))
    return found


def _changed(left: list[str], right: list[str], old: tuple[int, int], new: tuple[int, int]) -> Iterable[Row]:
    for step in range(max(old[1] - old[0], new[1] - new[0])):
        i, j = old[0] + step, new[0] + step
        gone = left[i] if i < old[1] else None
        come = right[j] if j < new[1] else None
        yield Row("changed", gone, come, i + 1 if gone is not None else 0, j + 1 if come is not None else 0)


def _said(line: str) -> str:
    return line.removesuffix(",")


# Drawing


def drawn(pair: Pair, colours: Mapping[str, str], width: int) -> tuple[Group, str]:
    """A difference as it is drawn in so many columns, and as plain text."""
    rows = rows_of(pair.before, pair.after)
    plain = "\n".join(_unified_lines(rows))
    if not rows:
        said = "nothing that is written differs"
        return Group(Text(said, "dim")), said
    more = len(rows) - MOST_LINES
    rows = rows[:MOST_LINES]
    two_sides = pair.before and pair.after and width >= SIDE_BY_SIDE
    body: list[Table | Text] = [_beside(rows, colours) if two_sides else _unified(rows, colours)]
    if more > 0:
        body.append(Text(f"and {more:,} more lines", "dim"))
    return Group(*body), plain


def _unified_lines(rows: Iterable[Row]) -> Iterable[str]:
    waiting: list[str] = []
    for row in rows:
        if row.kind == "changed":
            if row.left is not None:
                yield f"- {row.left}"
            if row.right is not None:
                waiting.append(f"+ {row.right}")
            continue
        yield from waiting
        waiting = []
        yield "  …" if row.kind == "skipped" else f"  {row.right}"
    yield from waiting


def _unified(rows: Iterable[Row], colours: Mapping[str, str]) -> Text:
    tones = {"-": colours["error"], "+": colours["success"]}
    text = Text()
    for line in _unified_lines(rows):
        text.append(f"{line}\n", tones.get(line[0], "dim"))
    text.rstrip()
    return text


def _beside(rows: Iterable[Row], colours: Mapping[str, str]) -> Table:
    table = Table.grid(padding=(0, 1), expand=True)
    for _ in range(2):
        table.add_column(width=4, justify="right", no_wrap=True)
        table.add_column(ratio=1, overflow="fold")
    for row in rows:
        if row.kind == "skipped":
            table.add_row("", Text("…", "dim"), "", Text("…", "dim"))
            continue
        same = row.kind == "same"
        table.add_row(
            *_half("-", row.left, row.left_number, "dim" if same else colours["error"], same=same),
            *_half("+", row.right, row.right_number, "dim" if same else colours["success"], same=same),
        )
    return table


def _half(mark: str, line: str | None, number: int, tone: str, *, same: bool) -> tuple[Text, Text]:
    if line is None:
        return Text(""), Text("")
    return Text(str(number), "dim"), Text(f"{' ' if same else mark} {line}", tone)
