"""Roles that belong to infrastructure as code."""

from collections.abc import Iterator

from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Evidence, Severity
from ecsiam_tui.findings.registry import Draft, rule

_STACK = "aws:cloudformation:stack-name"
_COPILOT = "copilot-application"
_TOOLS = {
    "terraform": "Terraform",
    "opentofu": "OpenTofu",
    "terragrunt": "Terragrunt",
    "pulumi": "Pulumi",
    "cloudformation": "CloudFormation",
    "cdk": "the AWS CDK",
    "copilot": "AWS Copilot",
    "ansible": "Ansible",
    "crossplane": "Crossplane",
}
_KEEPER_KEYS = frozenset({"managedby", "createdby", "provisioner", "provisionedby", "iac", "tool", "source"})
_NO = frozenset({"", "false", "no", "0", "none"})


def keeper(tags: dict[str, str]) -> tuple[str, str] | None:
    """What tool keeps a thing by its tags, and the tag that says so; None where none does. CloudFormation
    tags what it makes itself, the others are tagged by convention."""
    if _COPILOT in tags:
        return f"AWS Copilot (application {tags[_COPILOT]})", _COPILOT
    if _STACK in tags:
        return f"the CloudFormation stack {tags[_STACK]}", _STACK
    for key, value in tags.items():
        plain = "".join(filter(str.isalnum, key.lower()))
        for word, name in _TOOLS.items():
            if plain in _KEEPER_KEYS and word in value.lower():
                return name, key
            # `terraform = true`, `pulumi:stack = prod`
            if (plain == word or key.lower().startswith(f"{word}:")) and value.lower() not in _NO:
                return name, key
    return None


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
