"""Roles that belong to infrastructure as code."""

from collections.abc import Iterator

from ecsiam_tui.account.kept_as_code import keeper
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Evidence, Severity
from ecsiam_tui.findings.registry import Draft, rule


@rule(
    "ECS-IAM-064",
    "Role kept by infrastructure as code",
    Severity.INFO,
    fires="the tags of an ECS role say that CloudFormation, Terraform, the CDK, Copilot or the like keeps it",
    why="A change made in AWS itself is reverted when the tool runs next.",
    source='AWS CloudFormation User Guide, "Resource tag" (aws:cloudformation:stack-name); the tags of other '
    "tools are conventions",
    fix="Make the change where the role is written down; this program writes it as a patch.",
    fixes=("export-patch",),
    verified=False,
)
def kept_as_code(facts: Facts) -> Iterator[Draft]:
    """Nothing is wrong with it: the fix goes elsewhere."""
    for arn, role in facts.ecs_roles.items():
        found = None if role.is_service_linked else keeper(role.tags)
        if found is not None:
            name, key = found
            yield Draft(
                nodes=(arn,),
                summary=f"{role.role_name} belongs to {name}.",
                evidence=(Evidence("field", arn, f"Tags.{key}", role.tags[key]),),
                consequence="Changes to it belong there, not into AWS directly.",
            )
