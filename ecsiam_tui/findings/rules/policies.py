"""Managed policies and their versions, limits, boundaries, and policies that AWS has replaced."""

from collections.abc import Iterable, Iterator

import msgspec

from ecsiam_tui.account.iam import Group, ManagedPolicy, Role, User
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Evidence, Severity
from ecsiam_tui.findings.grants import aws_policy, own_policies
from ecsiam_tui.findings.reach import once
from ecsiam_tui.findings.registry import Draft, rule
from ecsiam_tui.findings.wording import listed, use_of
from ecsiam_tui.graph.kinds import EdgeKind

_RESERVED = ("/aws-service-role/", "/aws-reserved/")
_NEAR = 0.9
"""From what part of a quota on a document counts as at its limit."""
_QUOTAS = {
    "VersionsPerPolicyQuota": 5,
    "PolicySizeQuota": 6144,
    "RolePolicySizeQuota": 10240,
    "AssumeRolePolicySizeQuota": 2048,
    "AttachedPoliciesPerRoleQuota": 10,
}
"""What GetAccountSummary says where it was not read. IAM User Guide, "IAM and AWS STS quotas"."""
DEPRECATED = {
    "AmazonEC2ContainerServiceFullAccess": (
        Severity.HIGH,
        "retired in 2021 because it passes roles; AmazonECS_FullAccess took its place",
    ),
    "service-role/AmazonEC2ContainerServiceRole": (
        Severity.MEDIUM,
        "replaced by the service-linked role AWSServiceRoleForECS",
    ),
    "service-role/AmazonEC2ContainerServiceAutoscaleRole": (
        Severity.MEDIUM,
        "replaced by the service-linked role AWSServiceRoleForApplicationAutoScaling_ECSService",
    ),
}
"""AWS managed policies from before the service-linked roles: how bad each is, and what replaced it."""


def _number(version_id: str) -> int:
    digits = version_id.removeprefix("v")
    return int(digits) if digits.isdigit() else 0


def size(text: str) -> int:
    """The characters of a document that count: whitespace between elements does not. IAM User Guide, "IAM and
    AWS STS quotas"."""
    try:
        return len(msgspec.json.format(text, indent=-1))
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return len(text)


def _quota(facts: Facts, name: str) -> int:
    return facts.snapshot.account_summary.get(name) or _QUOTAS[name]


@once
def _policies_in_use(facts: Facts) -> list[tuple[ManagedPolicy, tuple[str, ...]]]:
    """The customer managed policies that are attached to, or bound, somebody, with those (ids)."""
    found = []
    for policy in facts.snapshot.policies:
        if not policy.is_aws_managed and policy.arn in facts.estate:
            links = facts.estate.used_by(policy.arn, EdgeKind.ATTACHED, EdgeKind.BOUNDED_BY)
            holders = tuple(dict.fromkeys(link.node.id for link in links))
            if holders:
                found.append((policy, holders))
    return found


@rule(
    "ECS-IAM-043",
    "The newest version of a policy is not the default",
    Severity.MEDIUM,
    fires="a customer managed policy in use has a version that is newer than its default version",
    why="Only the default version counts: either an edit never took effect, or somebody went back without "
    "saying so.",
    source='IAM User Guide, "Versioning IAM policies" (the default version is the one that is in force); '
    "that "
    "a newer one points to a mistake is this program's judgement",
    fix="Compare the two versions; make the newest the default, or delete it.",
    fixes=("set-default-version",),
    verified=False,
)
def not_default(facts: Facts) -> Iterator[Draft]:
    """Versions are numbered upwards and never renumbered."""
    for policy, holders in _policies_in_use(facts):
        newest = max(policy.policy_version_list, key=lambda it: _number(it.version_id), default=None)
        if newest is None or _number(newest.version_id) <= _number(policy.default_version_id):
            continue
        made = f", made on {newest.create_date:%Y-%m-%d}" if newest.create_date else ""
        text = f"newest {newest.version_id}{made}; default {policy.default_version_id}"
        concerns_ecs = any(holder in facts.ecs_roles for holder in holders)
        yield Draft(
            nodes=(policy.arn,),
            summary=f"The newest version of {policy.policy_name} is {newest.version_id}, but "
            f"{policy.default_version_id} is the default and in force.",
            evidence=(Evidence("setting", policy.arn, "DefaultVersionId", text),),
            consequence=f"{facts.titles(holders)} {'has' if len(holders) == 1 else 'have'} it.",
            severity=None if concerns_ecs else Severity.LOW,
        )


@rule(
    "ECS-IAM-044",
    "Policy at its limits",
    Severity.LOW,
    fires="a customer managed policy in use has all the versions it may have, or a policy, the inline "
    "policies of a role, a trust policy or the attachments of a role have reached 90 % of their quota",
    why="The next change is refused, often in the middle of a repair.",
    source='IAM User Guide, "IAM and AWS STS quotas"; GetAccountSummary',
    fix="Delete versions that nobody goes back to; merge statements, or move some into another policy.",
    fixes=("prune-versions", "split-roles"),
)
def at_limits(facts: Facts) -> Iterator[Draft]:
    """Counts against what the account's summary says."""
    for policy, _ in _policies_in_use(facts):
        yield from _limits(policy.arn, policy.policy_name, _of_policy(facts, policy))
    for arn, role in facts.ecs_roles.items():
        if not role.path.startswith(_RESERVED):
            yield from _limits(arn, role.role_name, _of_role(facts, role))


def _limits(node: str, name: str, evidence: Iterable[Evidence]) -> Iterator[Draft]:
    found = tuple(evidence)
    if found:
        yield Draft(
            nodes=(node,),
            summary=f"{name} is at its limits: {listed(item.text for item in found)}.",
            evidence=found,
            consequence="The next change may be refused.",
        )


def _of_policy(facts: Facts, policy: ManagedPolicy) -> Iterator[Evidence]:
    versions, most = len(policy.policy_version_list), _quota(facts, "VersionsPerPolicyQuota")
    if versions >= most:
        yield Evidence("setting", policy.arn, "versions", f"{versions} of {most} versions")
    yield from _near(facts, "PolicySizeQuota", policy.arn, "document", "characters", policy.document)


def _of_role(facts: Facts, role: Role) -> Iterator[Evidence]:
    attached, most = len(role.attached_managed_policies), _quota(facts, "AttachedPoliciesPerRoleQuota")
    if attached >= most:
        yield Evidence(
            "setting", role.arn, "AttachedManagedPolicies", f"{attached} of {most} policies attached"
        )
    texts = [policy.policy_document for policy in role.role_policy_list]
    what = "characters in inline policies"
    yield from _near(facts, "RolePolicySizeQuota", role.arn, "RolePolicyList", what, *texts)
    text = role.assume_role_policy_document
    what = "characters in the trust policy"
    yield from _near(facts, "AssumeRolePolicySizeQuota", role.arn, "AssumeRolePolicyDocument", what, text)


def _near(facts: Facts, quota: str, node: str, where: str, what: str, *texts: str) -> Iterator[Evidence]:
    most = _quota(facts, quota)
    if sum(map(len, texts)) <= most * _NEAR:  # whitespace or not
        return
    used = sum(map(size, texts))
    if used > most * _NEAR:
        yield Evidence("setting", node, where, f"{used:,} of {most:,} {what}")


@rule(
    "ECS-IAM-045",
    "No permissions boundary",
    Severity.LOW,
    fires="your organization requires permissions boundaries (option boundary_required), and a role of ECS "
    "has none",
    why="Without a boundary nothing holds a role's policies back but the policies themselves.",
    source='IAM User Guide, "Permissions boundaries for IAM entities"; the requirement is your own setting',
    fix="Set the boundary of your organization on the role; see first that it lets through all that the role "
    "needs.",
    fixes=("export-patch",),
    verified=False,
)
def no_boundary(facts: Facts) -> Iterator[Draft]:
    """Only where the settings ask for it."""
    if not facts.options.boundary_required:
        return
    for arn, role in facts.ecs_roles.items():
        if role.permissions_boundary is None and not role.path.startswith(_RESERVED):
            yield Draft(
                nodes=(arn,),
                summary=f"{role.role_name} has no permissions boundary.",
                evidence=(Evidence("field", arn, "PermissionsBoundary", "none"),),
                consequence=use_of(facts, arn),
            )


@rule(
    "ECS-IAM-051",
    "Deprecated policy attached",
    Severity.MEDIUM,
    fires="AmazonEC2ContainerServiceFullAccess, AmazonEC2ContainerServiceRole or "
    "AmazonEC2ContainerServiceAutoscaleRole is attached to somebody",
    why="These policies are from before the service-linked roles. They allow more than is needed, and AWS "
    "does not keep them up.",
    source='Amazon ECS Developer Guide, "AWS managed policies for Amazon Elastic Container Service"',
    fix="Move what uses it to the service-linked role or to the policy that took its place, then detach it.",
    fixes=("swap-managed-policy", "create-service-linked-role"),
)
def deprecated(facts: Facts) -> Iterator[Draft]:
    """Roles, users and groups alike."""
    snapshot = facts.snapshot
    holders: tuple[Role | User | Group, ...] = (*snapshot.roles, *snapshot.users, *snapshot.groups)
    for holder in holders:
        found = {}
        for attached in own_policies(holder)[1]:
            name = aws_policy(attached.policy_arn)
            if name in DEPRECATED:
                found[name.rsplit("/", 1)[-1]] = DEPRECATED[name]
        if found:
            said = (f"{name}, {text}" for name, (_, text) in found.items())
            yield Draft(
                nodes=(holder.arn,),
                summary=f"{facts.title(holder.arn)} has {'; and '.join(said)}.",
                evidence=tuple(
                    Evidence("field", holder.arn, "AttachedManagedPolicies", name) for name in found
                ),
                consequence=use_of(facts, holder.arn) if isinstance(holder, Role) else "",
                severity=max(severity for severity, _ in found.values()),
            )
