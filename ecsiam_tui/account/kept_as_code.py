"""Which tool of infrastructure as code keeps a thing, by its tags."""

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
