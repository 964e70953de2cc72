"""What services do beside the policy language."""

from __future__ import annotations

import re

# "RCPs apply to resources for a subset of AWS services": AWS Organizations User Guide, "Resource control
# policies (RCPs)", list of services that support RCPs.
RCP_SERVICES = frozenset(
    {
        "s3",
        "sts",
        "kms",
        "sqs",
        "secretsmanager",
        "ecr",
        "aoss",
        "cognito-idp",
        "cognito-identity",
        "dynamodb",
        "logs",
    }
)

# Services whose resources have no policies of their own, so that no other account gets at them. IAM User
# Guide, "AWS services that work with IAM", column "Resource-based policies" (a role's trust policy aside).
_WITHOUT_RESOURCE_POLICIES = frozenset(
    {
        "ecs",
        "ec2",
        "iam",
        "rds",
        "autoscaling",
        "application-autoscaling",
        "elasticloadbalancing",
        "cloudformation",
        "codedeploy",
        "batch",
    }
)

# Actions that a role's trust policy decides. IAM User Guide, "Role trust policies" and "Session tags".
TRUST_ACTIONS = frozenset(
    {
        "sts:assumerole",
        "sts:assumerolewithsaml",
        "sts:assumerolewithwebidentity",
        "sts:tagsession",
        "sts:setsourceidentity",
        "sts:setcontext",
    }
)

_IAM_READS = re.compile(r"iam:(get|list|generate|simulate)")
_IAM_ATTACHES = re.compile(r"iam:(attach|detach|put)")
ALIAS_ACTIONS = frozenset({"kms:createalias", "kms:deletealias", "kms:updatealias"})


def service_of(action: str) -> str:
    """The service prefix of an action, in lower case."""
    return action.partition(":")[0].lower()


def requires_resource_policy(action: str, resource: str) -> bool:
    """Whether the resource's own policy must allow, even within one account: a role's trust policy, a KMS
    key's policy. `action` in lower case.

    "IAM role trust policies and KMS key policies are exceptions to this logic, because they must explicitly
    allow access for principals": IAM User Guide, "How AWS enforcement code logic evaluates requests"."""
    if action in TRUST_ACTIONS:
        return ":role/" in resource
    return action.startswith("kms:") and ":kms:" in resource and ":key/" in resource


def has_resource_policies(action: str) -> bool:
    """Whether the resources of the action's service can have policies of their own; said of every service
    that is not known to lack them."""
    return service_of(action) not in _WITHOUT_RESOURCE_POLICIES


def rcps_apply(action: str) -> bool:
    """Whether RCPs limit the action. "kms:RetireGrant … is not effective in an RCP": AWS KMS Developer
    Guide."""
    return service_of(action) in RCP_SERVICES and action.lower() != "kms:retiregrant"


def refusal(action: str, resource: str) -> str | None:
    """Why the service refuses whatever the policies say, None where it does not. `action` in lower case.

    AWS managed policies and the roles that AWS keeps under `aws-reserved` can be read, not changed; aliases
    under `alias/aws/` belong to AWS."""
    if action.startswith("iam:") and not _IAM_READS.match(action):
        if ":iam::aws:policy/" in resource and not _IAM_ATTACHES.match(action):
            return "AWS managed policies cannot be changed"
        if ":role/aws-reserved/" in resource and action != "iam:passrole":
            return "roles under aws-reserved are managed by AWS and cannot be changed"
    if action in ALIAS_ACTIONS and ":alias/aws/" in resource:
        return "aliases under alias/aws/ belong to AWS"
    return None
