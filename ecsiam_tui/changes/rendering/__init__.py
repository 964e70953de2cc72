"""A plan for people who apply changes elsewhere: AWS CLI, Terraform, CloudFormation, boto3, or the documents
alone."""

from typing import Literal, get_args

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes.plan import Plan
from ecsiam_tui.changes.rendering.boto3_code import boto3_code
from ecsiam_tui.changes.rendering.cli_script import cli
from ecsiam_tui.changes.rendering.cloudformation import cloudformation
from ecsiam_tui.changes.rendering.documents import files
from ecsiam_tui.changes.rendering.terraform import terraform

Form = Literal["cli", "terraform", "cloudformation", "boto3", "json"]
FORMS: tuple[Form, ...] = get_args(Form)
"""Every form that there is."""


def render(plan: Plan, snapshot: Snapshot, form: Form) -> str | dict[str, str]:
    """A plan in a form: one text, or texts by file name where it takes several (`cloudformation`, `json`).

    `snapshot` is what the plan was made from. Raises ChangeError where the plan does not fit it, or where the
    form cannot say it.
    """
    match form:
        case "cli":
            return cli(plan, snapshot)
        case "terraform":
            return terraform(plan, snapshot)
        case "cloudformation":
            return cloudformation(plan, snapshot)
        case "boto3":
            return boto3_code(plan, snapshot)
        case "json":
            return files(plan, snapshot)
