"""What else there is to say of a plan: limits that it breaks, who shares what it changes, and its forms for
people who apply changes elsewhere."""

from collections.abc import Callable
from typing import NamedTuple

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes.change import AnyChange
from ecsiam_tui.changes.plan import Plan, to_json
from ecsiam_tui.changes.rendering.boto3_code import boto3_code
from ecsiam_tui.changes.rendering.cli_script import cli
from ecsiam_tui.changes.rendering.terraform import terraform
from ecsiam_tui.changes.sharing import keeper_words, shared
from ecsiam_tui.workspace import Workspace


class Form(NamedTuple):
    """A form in which a plan can be written. `write` raises ChangeError where the plan does not fit."""

    name: str
    title: str
    suffix: str
    write: Callable[[Plan, Snapshot], str]


def export_forms() -> tuple[Form, ...]:
    """The forms that there are."""
    return (
        Form("cli", "AWS CLI script, with guards", ".sh", cli),
        Form("terraform", "Terraform", ".tf", terraform),
        Form("boto3", "Python with boto3", ".py", boto3_code),
        Form("json", "plan file", ".json", lambda plan, _: to_json(plan).decode()),
    )


def sharing_notes(change: AnyChange, now: Workspace) -> list[str]:
    """Who else is hit by a change, and who would revert it."""
    found = shared(change, now.estate)
    notes = [found.sentence] if found.is_shared else []
    return [*notes, *filter(None, (keeper_words(change, now.snapshot),))]
