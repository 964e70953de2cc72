"""The account as it would be: what-if. Pure; a snapshot goes in and another comes out."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from ecsiam_tui.account.iam import (
    AttachedPolicy,
    InlinePolicy,
    ManagedPolicy,
    PermissionsBoundary,
    PolicyVersion,
    Role,
)
from ecsiam_tui.account.resources import LogGroup
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes import applying_ecs as ecs
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.looking import (
    ChangeError,
    name_of,
    path_of,
    policy,
    replaced,
    role,
    with_fields,
)

MOST_VERSIONS = 5
"""Versions that a managed policy may have: IAM User Guide, "IAM and AWS STS quotas"."""

_RESOURCE_FIELDS = {
    "repository": ("repositories", "repository_arn"),
    "secret": ("secrets", "arn"),
    "key": ("keys", "arn"),
}


def apply_all(changes: Iterable[c.AnyChange], snapshot: Snapshot) -> Snapshot:
    """The account after several changes, one after the other. Raises ChangeError."""
    for change in changes:
        snapshot = apply_to(change, snapshot)
    return snapshot


def apply_to(change: c.AnyChange, snapshot: Snapshot) -> Snapshot:
    """The account after a change. Raises ChangeError where the change does not fit it."""
    match change:
        case c.CreateRole():
            return _create_role(change, snapshot)
        case c.DeleteRole():
            role(snapshot, change.role)
            profiles = replaced(
                snapshot.instance_profiles,
                lambda found: change.role in found.role_arns,
                lambda found: msgspec.structs.replace(found, role_arns=()),
            )
            left = tuple(found for found in snapshot.roles if found.arn != change.role)
            return with_fields(snapshot, roles=left, instance_profiles=profiles)
        case c.CreateServiceLinkedRole():
            return _create_service_linked_role(change, snapshot)
        case c.SetInstanceProfileRole():
            roles = (change.role,) if change.role else ()
            profiles = replaced(
                snapshot.instance_profiles,
                lambda found: found.arn == change.profile,
                lambda found: msgspec.structs.replace(found, role_arns=roles),
            )
            return with_fields(snapshot, instance_profiles=profiles)
        case (
            c.CreatePolicy()
            | c.DeletePolicy()
            | c.CreatePolicyVersion()
            | c.SetDefaultPolicyVersion()
            | c.DeletePolicyVersion()
        ):
            return _policies(change, snapshot)
        case c.RegisterTaskDefinition():
            return ecs.register(change, snapshot)
        case c.DeregisterTaskDefinition():
            return ecs.deregister(change, snapshot)
        case c.UpdateService():
            return ecs.update_service(change, snapshot)
        case c.UpdateClusterExec():
            return ecs.update_cluster(change, snapshot)
        case c.PutRuleTarget() | c.UpdateSchedule():
            return ecs.launchers(change, snapshot)
        case c.SetResourcePolicy():
            field, key = _RESOURCE_FIELDS[change.kind]
            records = replaced(
                getattr(snapshot, field),
                lambda found: getattr(found, key) == change.resource,
                lambda found: msgspec.structs.replace(found, policy=change.document),
            )
            return with_fields(snapshot, **{field: records})
        case c.CreateLogGroup():
            group = LogGroup(
                arn=change.log_group,
                log_group_name=change.log_group.split(":", 6)[-1],
                retention_in_days=change.retention_in_days,
            )
            left_missing = tuple(arn for arn in snapshot.missing if arn != change.log_group)
            return with_fields(snapshot, log_groups=(*snapshot.log_groups, group), missing=left_missing)
        case c.DeleteLogGroup():
            groups = tuple(found for found in snapshot.log_groups if found.arn != change.log_group)
            missing = (*snapshot.missing, change.log_group)
            return with_fields(snapshot, log_groups=groups, missing=missing)
        case _:
            role(snapshot, change.role)
            roles_ = replaced(
                snapshot.roles,
                lambda found: found.arn == change.role,
                lambda found: _on_role(change, found),
            )
            return with_fields(snapshot, roles=roles_)


# Roles


def _create_role(change: c.CreateRole, snapshot: Snapshot) -> Snapshot:
    name = name_of(change.role)
    if any(found.role_name.lower() == name.lower() for found in snapshot.roles):
        raise ChangeError(
            f"there is a role {name} already (names differ by more than case); choose another name"
        )
    made = Role(
        role_name=name,
        arn=change.role,
        path=path_of(change.role),
        create_date=snapshot.taken_at,
        description=change.description or None,
        max_session_duration=change.max_session_duration,
        assume_role_policy_document=change.trust,
        permissions_boundary=_boundary(change.boundary),
        tags=change.tags,
    )
    missing = tuple(arn for arn in snapshot.missing if arn != change.role)
    return with_fields(snapshot, roles=(*snapshot.roles, made), missing=missing)


def _create_service_linked_role(change: c.CreateServiceLinkedRole, snapshot: Snapshot) -> Snapshot:
    names = {"ecs.amazonaws.com": "AWSServiceRoleForECS"}
    name = names.get(change.service)
    if name is None:
        raise ChangeError(f"the name of the service-linked role of {change.service} is not known here")
    path = f"/aws-service-role/{change.service}/"
    arn = f"arn:{snapshot.partition}:iam::{snapshot.account_id}:role{path}{name}"
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": change.service},
        "Action": "sts:AssumeRole",
    }
    trust = msgspec.json.encode({"Version": "2012-10-17", "Statement": [statement]}).decode()
    made = Role(role_name=name, arn=arn, path=path, assume_role_policy_document=trust)
    return with_fields(snapshot, roles=(*snapshot.roles, made))


def _boundary(arn: str) -> PermissionsBoundary | None:
    return (
        PermissionsBoundary(permissions_boundary_arn=arn, permissions_boundary_type="Policy") if arn else None
    )


def _on_role(change: c.AnyChange, found: Role) -> Role:
    match change:
        case c.PutRolePolicy():
            policies = tuple(one for one in found.role_policy_list if one.policy_name != change.name)
            own = InlinePolicy(policy_name=change.name, policy_document=change.document)
            return msgspec.structs.replace(found, role_policy_list=(*policies, own))
        case c.DeleteRolePolicy():
            policies = tuple(one for one in found.role_policy_list if one.policy_name != change.name)
            if len(policies) == len(found.role_policy_list):
                raise ChangeError(f"{found.role_name} has no inline policy {change.name}")
            return msgspec.structs.replace(found, role_policy_list=policies)
        case c.AttachRolePolicy():
            if any(one.policy_arn == change.policy for one in found.attached_managed_policies):
                return found
            attached = AttachedPolicy(policy_name=name_of(change.policy), policy_arn=change.policy)
            return msgspec.structs.replace(
                found, attached_managed_policies=(*found.attached_managed_policies, attached)
            )
        case c.DetachRolePolicy():
            left = tuple(one for one in found.attached_managed_policies if one.policy_arn != change.policy)
            if len(left) == len(found.attached_managed_policies):
                raise ChangeError(f"{name_of(change.policy)} is not attached to {found.role_name}")
            return msgspec.structs.replace(found, attached_managed_policies=left)
        case c.UpdateTrust():
            return msgspec.structs.replace(found, assume_role_policy_document=change.trust)
        case c.PutBoundary():
            return msgspec.structs.replace(found, permissions_boundary=_boundary(change.boundary))
        case c.TagRole():
            tags = {key: value for key, value in found.tags.items() if key not in change.remove}
            return msgspec.structs.replace(found, tags=tags | change.tags)
    raise ChangeError(f"{type(change).__name__} is not about a role")


# Managed policies


def _policies(
    change: c.CreatePolicy
    | c.DeletePolicy
    | c.CreatePolicyVersion
    | c.SetDefaultPolicyVersion
    | c.DeletePolicyVersion,
    snapshot: Snapshot,
) -> Snapshot:
    if isinstance(change, c.CreatePolicy):
        if any(found.arn == change.policy for found in snapshot.policies):
            raise ChangeError(f"there is a policy {name_of(change.policy)} already; choose another name")
        made = ManagedPolicy(
            policy_name=name_of(change.policy),
            arn=change.policy,
            path=path_of(change.policy),
            default_version_id="v1",
            document=change.document,
            policy_version_list=(_version("v1", snapshot.taken_at, default=True),),
            description=change.description or None,
            tags=change.tags,
        )
        return with_fields(snapshot, policies=(*snapshot.policies, made))
    policy(snapshot, change.policy)
    if isinstance(change, c.DeletePolicy):
        left = tuple(found for found in snapshot.policies if found.arn != change.policy)
        return with_fields(snapshot, policies=left)
    policies = replaced(
        snapshot.policies,
        lambda found: found.arn == change.policy,
        lambda found: _on_policy(change, found, snapshot.taken_at),
    )
    return with_fields(snapshot, policies=policies)


def _version(name: str, when: datetime, *, default: bool) -> PolicyVersion:
    return PolicyVersion(version_id=name, is_default_version=default, create_date=when)


def version_number(version: PolicyVersion) -> int:
    """`3` of `v3`."""
    digits = version.version_id.removeprefix("v").split(".")[0]
    return int(digits) if digits.isdigit() else 0


def oldest_other(found: ManagedPolicy) -> PolicyVersion | None:
    """The oldest version that is not the default, where no further one may be made without deleting it."""
    if len(found.policy_version_list) < MOST_VERSIONS:
        return None
    others = [one for one in found.policy_version_list if not one.is_default_version]
    return min(others, key=version_number, default=None)


def _on_policy(
    change: c.CreatePolicyVersion | c.SetDefaultPolicyVersion | c.DeletePolicyVersion,
    found: ManagedPolicy,
    when: datetime,
) -> ManagedPolicy:
    versions = found.policy_version_list
    if isinstance(change, c.DeletePolicyVersion):
        if change.version_id == found.default_version_id:
            raise ChangeError(f"{change.version_id} is the default version; make another the default first")
        left = tuple(one for one in versions if one.version_id != change.version_id)
        return msgspec.structs.replace(found, policy_version_list=left)
    if isinstance(change, c.SetDefaultPolicyVersion):
        if not any(one.version_id == change.version_id for one in versions):
            raise ChangeError(f"{found.policy_name} has no version {change.version_id}")
        marked = tuple(
            msgspec.structs.replace(one, is_default_version=one.version_id == change.version_id)
            for one in versions
        )
        return msgspec.structs.replace(
            found,
            default_version_id=change.version_id,
            document=change.document,
            policy_version_list=marked,
        )
    oldest = oldest_other(found)
    name = f"v{max(map(version_number, versions), default=0) + 1}"
    others = tuple(
        msgspec.structs.replace(one, is_default_version=False) for one in versions if one is not oldest
    )
    return msgspec.structs.replace(
        found,
        default_version_id=name,
        document=change.document,
        policy_version_list=(_version(name, when, default=True), *others),
        update_date=when,
    )
