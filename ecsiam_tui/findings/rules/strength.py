"""Roles whose credentials are worth a break-in, as the policy engine sees them."""

from ecsiam_tui.account.references import Home, home_of
from ecsiam_tui.findings.facts import Facts

_ANY = "nobody-has-this-name"


def powers(facts: Facts, role: str) -> str:
    """What makes a role (ARN) strong, as the end of a sentence that begins with its name; empty where it is
    not. Asked about resources that no policy names, so that only a right to all of them counts; conditions,
    boundaries and SCPs are honoured. The judge keeps its answers: a role is asked about once."""
    if not any(
        placed.statement.effect == "Allow"
        and (placed.statement.not_resources or any(map(_is_broad, placed.statement.resources)))
        for placed in facts.statements(role)
    ):
        return ""
    home = home_of(role)
    region = facts.snapshot.regions[0] if facts.snapshot.regions else "us-east-1"
    here = Home(home.partition, region, facts.snapshot.account_id)
    any_role = f"arn:{home.partition}:iam::{facts.snapshot.account_id}:role/{_ANY}"
    if _may(facts, role, "iam:AttachRolePolicy", any_role):
        return "may give any role any policy: it is an administrator"
    if _may(facts, role, "iam:PassRole", any_role, {"iam:PassedToService": "ecs-tasks.amazonaws.com"}):
        return "may pass any role to tasks"
    if _may(
        facts, role, "secretsmanager:GetSecretValue", here.arn("secretsmanager", f"secret:{_ANY}-000000")
    ):
        return "may read every secret"
    if _may(facts, role, "s3:GetObject", f"arn:{home.partition}:s3:::{_ANY}/object"):
        return "may read every bucket"
    if _may(facts, role, "ssm:SendCommand", f"arn:{home.partition}:ec2:{region}:{here.account}:instance/i-0"):
        return "may run commands on every instance"
    return ""


def _is_broad(resource: str) -> bool:
    """Whether a pattern can match things that it does not know by name; spares most roles the engine."""
    parts = resource.split(":", 5)
    if len(parts) < 6:
        return "*" in resource
    name = parts[5]
    for kind in ("role/", "secret:", "instance/"):
        name = name.removeprefix(kind)
    return name[:1] in ("*", "?", "$")


def _may(facts: Facts, role: str, action: str, resource: str, context: dict[str, str] | None = None) -> bool:
    if role not in facts.around.roles:
        return False
    return facts.needs.judge.ask(role, action, resource, context or {}).status == "met"
