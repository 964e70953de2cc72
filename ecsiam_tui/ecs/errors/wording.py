"""Sentences about a denied call: what was denied to whom by what, and the smallest fix in words."""

from typing import Literal

from ecsiam_tui.account.arns import parse_arn, short_name
from ecsiam_tui.ecs.errors.explained import Layer
from ecsiam_tui.ecs.judge import KIND_WORDS
from ecsiam_tui.ecs.requirement import RoleKind
from ecsiam_tui.policy.messages import LAYER_NAMES

_POLICY_OF = {
    "ecr": "repository policy",
    "secretsmanager": "secret's policy",
    "kms": "key policy",
    "s3": "bucket policy",
    "elasticfilesystem": "file system policy",
    "lambda": "function's policy",
    "sqs": "queue policy",
    "sns": "topic policy",
    "sts": "trust policy",
    "iam": "trust policy",
}


def actor(role: str, principal: str, kind: RoleKind | Literal[""]) -> str:
    """`role payments-exec (task execution role)`, or the best that is known."""
    words = KIND_WORDS[kind] if kind else ""
    if role:
        inner = f" ({words})" if words and kind != "deployer" else ""
        return f"role {short_name(role)}{inner}"
    if principal:
        parsed = parse_arn(principal)
        if parsed is not None and parsed.resource.startswith("user/"):
            return f"user {short_name(principal)}"
        return principal
    return f"the {words}" if words else "whoever makes the call"


def denied(who: str, action: str, resource: str, layer: Layer, explicit: bool) -> str:
    """What happened."""
    on = f" on {resource}" if resource else ""
    head = f"{who} may not {action or 'do this'}{on}"
    if not layer:
        return f"{head}: a statement denies it." if explicit else f"{head}."
    name = LAYER_NAMES[layer]
    article = "an" if name[0] in "aeiou" else "a"
    if explicit:
        return f"{head}: {article} {name} denies it."
    return f"{head}: no {name} allows it."


def fixes(
    who: str, action: str, resource: str, layer: Layer, explicit: bool, policy: str = ""
) -> tuple[str, ...]:
    """What to do, the smallest first."""
    on = f" on {resource}" if resource else ""
    what = f"{action or 'the action'}{on}"
    named = f" ({policy})" if policy else ""
    if explicit:
        return (_taken_out(what, who, layer, named),)
    if layer == "resource":
        own = _POLICY_OF.get(action.partition(":")[0], "resource-based policy")
        return (f"let the {own} of {resource or 'the resource'} allow {action} to {who}",)
    if layer == "boundary":
        return (f"let the permissions boundary of {who} allow {what}; its policies alone cannot",)
    if layer == "session":
        return (f"let the session policy, given when {who} was assumed, allow {what}",)
    if layer in ("scp", "rcp"):
        return (f"have the organization's {layer.upper()}s allow {what}: no policy of this account can",)
    if layer == "vpce":
        return (f"let the policy of the VPC endpoint allow {what} to {who}",)
    condition = ""
    if action == "iam:PassRole":
        condition = ", with iam:PassedToService ecs-tasks.amazonaws.com"
    return (f"allow {what} to {who}{condition}",)


def _taken_out(what: str, who: str, layer: Layer, named: str) -> str:
    if layer in ("scp", "rcp"):
        name = LAYER_NAMES[layer]
        return (
            f"have {what} by {who} taken out of what the organization's {name}{named} denies: no policy"
            f" of this"
            " account can allow it"
        )
    name = LAYER_NAMES.get(layer, "policy")
    statement = f"the statement of the {name}{named} that denies it"
    return f"take {what} by {who} out of {statement}: no Allow outweighs it"
