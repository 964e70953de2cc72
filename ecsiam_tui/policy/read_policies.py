"""The texts of the policies that a snapshot holds beside those of principals: of resources, of the
organization."""

from __future__ import annotations

from msgspec import UnsetType

from ecsiam_tui.account import Snapshot

from .resources import PolicyKind

_ALLOW_ALL = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}'
)
# "The default EFS file system policy … grants full access to any anonymous client that can connect to the
# file system using a mount target": Amazon EFS User Guide, "Using IAM to control access to file systems".
_EFS_DEFAULT = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},'
    '"Action":["elasticfilesystem:ClientMount","elasticfilesystem:ClientWrite",'
    '"elasticfilesystem:ClientRootAccess"],"Resource":"*"}]}'
)
_RCP_FULL_ACCESS = "RCPFullAWSAccess"
_KINDS: tuple[tuple[PolicyKind, str], ...] = (
    ("scp", "SERVICE_CONTROL_POLICY"),
    ("rcp", "RESOURCE_CONTROL_POLICY"),
)

Named = tuple[str, str, str]
"""Name, text and ARN of a policy."""


def organization_policies(snapshot: Snapshot) -> dict[PolicyKind, list[list[Named]]]:
    """SCPs and RCPs, level by level, each named with its level. Neither limits the management account. A
    policy whose text was not read is taken to allow everything."""
    found: dict[PolicyKind, list[list[Named]]] = {"scp": [], "rcp": []}
    organization = snapshot.organization
    if organization is None or organization.management_account_id == snapshot.account_id:
        return found
    by_id = {policy.id: policy for policy in organization.policies}
    for kind, type_name in _KINDS:
        if not any(policy.type == type_name for policy in organization.policies):
            continue
        for level in organization.levels:
            attached = [
                by_id[name] for name in level.policy_ids if name in by_id and by_id[name].type == type_name
            ]
            texts = [(policy.name, policy.content or _ALLOW_ALL, policy.arn) for policy in attached]
            if kind == "rcp" and not any(name == _RCP_FULL_ACCESS for name, _, _ in texts):
                # It is attached everywhere and cannot be detached.
                texts.append((_RCP_FULL_ACCESS, _ALLOW_ALL, ""))
            where = level.name or level.id
            found[kind].append([(f"{name} ({where})", text, arn) for name, text, arn in texts])
    return found


def resource_policies(snapshot: Snapshot) -> dict[str, tuple[str, str | UnsetType | None]]:
    """Resource ARN → what its own policy is called, and its text: None where it has none, UNSET where it was
    not read."""
    found: dict[str, tuple[str, str | UnsetType | None]] = {}
    for repository in snapshot.repositories:
        found[repository.repository_arn] = ("repository policy", repository.policy)
    for secret in snapshot.secrets:
        found[secret.arn] = ("secret policy", secret.policy)
    for key in snapshot.keys:
        found[key.arn] = ("key policy", key.policy)
    for bucket in snapshot.buckets:
        found[bucket.arn] = ("bucket policy", bucket.policy)
    for system in snapshot.file_systems:
        found[system.file_system_arn] = (
            ("default file system policy", _EFS_DEFAULT)
            if system.policy is None
            else ("file system policy", system.policy)
        )
    for function in snapshot.functions:
        found[function.function_arn] = ("function policy", function.policy)
    return found
