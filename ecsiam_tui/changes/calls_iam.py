"""The calls of changes of roles, instance profiles and managed policies. IAM is global: no call has a region.

Orders are those that IAM asks for: IAM API Reference, "DeleteRole" (no policies, no instance profile),
"DeletePolicy" (no version but the default), "AddRoleToInstanceProfile" (one role a profile).
"""

from typing import Any

from ecsiam_tui.account.iam import InstanceProfile
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.applying import oldest_other
from ecsiam_tui.changes.calling import Call
from ecsiam_tui.changes.looking import ChangeError, name_of, path_of, policy, role

RoleChange = (
    c.CreateRole
    | c.DeleteRole
    | c.PutRolePolicy
    | c.DeleteRolePolicy
    | c.AttachRolePolicy
    | c.DetachRolePolicy
    | c.UpdateTrust
    | c.PutBoundary
    | c.TagRole
    | c.SetInstanceProfileRole
    | c.CreateServiceLinkedRole
)
PolicyChange = (
    c.CreatePolicy
    | c.DeletePolicy
    | c.CreatePolicyVersion
    | c.SetDefaultPolicyVersion
    | c.DeletePolicyVersion
)


def _iam(operation: str, *, harmless_twice: bool = True, **parameters: Any) -> Call:
    return Call("iam", operation, parameters, harmless_twice=harmless_twice)


def tag_list(tags: dict[str, str]) -> list[dict[str, str]]:
    """Tags as IAM takes them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def of_roles(change: RoleChange, before: Snapshot) -> tuple[Call, ...]:
    """The calls of a change of a role or an instance profile. Raises ChangeError."""
    match change:
        case c.CreateRole():
            return (_create_role(change),)
        case c.DeleteRole():
            return _delete_role(change, before)
        case c.SetInstanceProfileRole():
            return _profile(change, before)
        case c.CreateServiceLinkedRole():
            return (_iam("CreateServiceLinkedRole", AWSServiceName=change.service),)
    name = name_of(change.role)
    match change:
        case c.PutRolePolicy():
            return (
                _iam(
                    "PutRolePolicy",
                    RoleName=name,
                    PolicyName=change.name,
                    PolicyDocument=change.document,
                ),
            )
        case c.DeleteRolePolicy():
            return (_iam("DeleteRolePolicy", RoleName=name, PolicyName=change.name),)
        case c.AttachRolePolicy():
            return (_iam("AttachRolePolicy", RoleName=name, PolicyArn=change.policy),)
        case c.DetachRolePolicy():
            return (_iam("DetachRolePolicy", RoleName=name, PolicyArn=change.policy),)
        case c.UpdateTrust():
            return (_iam("UpdateAssumeRolePolicy", RoleName=name, PolicyDocument=change.trust),)
        case c.PutBoundary():
            if change.boundary:
                return (
                    _iam("PutRolePermissionsBoundary", RoleName=name, PermissionsBoundary=change.boundary),
                )
            return (_iam("DeleteRolePermissionsBoundary", RoleName=name),)
        case c.TagRole():
            # What goes goes first: a role may have 50 tags, and keys that differ by case alone are one.
            untag = (_iam("UntagRole", RoleName=name, TagKeys=list(change.remove)),) if change.remove else ()
            tag = (_iam("TagRole", RoleName=name, Tags=tag_list(change.tags)),) if change.tags else ()
            return untag + tag


def _create_role(change: c.CreateRole) -> Call:
    optional: dict[str, Any] = {
        "Description": change.description,
        "PermissionsBoundary": change.boundary,
        "Tags": tag_list(change.tags),
    }
    return _iam(
        "CreateRole",
        Path=path_of(change.role),
        RoleName=name_of(change.role),
        AssumeRolePolicyDocument=change.trust,
        MaxSessionDuration=change.max_session_duration,
        **{name: value for name, value in optional.items() if value},
    )


def _delete_role(change: c.DeleteRole, before: Snapshot) -> tuple[Call, ...]:
    found = role(before, change.role)
    name = found.role_name
    return (
        *(
            _iam(
                "RemoveRoleFromInstanceProfile", InstanceProfileName=one.instance_profile_name, RoleName=name
            )
            for one in before.instance_profiles
            if change.role in one.role_arns
        ),
        *(
            _iam("DeleteRolePolicy", RoleName=name, PolicyName=one.policy_name)
            for one in found.role_policy_list
        ),
        *(
            _iam("DetachRolePolicy", RoleName=name, PolicyArn=one.policy_arn)
            for one in found.attached_managed_policies
        ),
        _iam("DeleteRole", RoleName=name),
    )


def instance_profile(before: Snapshot, arn: str) -> InstanceProfile:
    """An instance profile by ARN. Raises ChangeError."""
    for found in before.instance_profiles:
        if found.arn == arn:
            return found
    raise ChangeError(f"the instance profile {name_of(arn)} was not read; refresh, or choose another")


def _profile(change: c.SetInstanceProfileRole, before: Snapshot) -> tuple[Call, ...]:
    profile = instance_profile(before, change.profile)
    name = profile.instance_profile_name
    remove = tuple(
        _iam("RemoveRoleFromInstanceProfile", InstanceProfileName=name, RoleName=name_of(old))
        for old in profile.role_arns
        if old != change.role
    )
    if not change.role or change.role in profile.role_arns:
        return remove
    add = _iam("AddRoleToInstanceProfile", InstanceProfileName=name, RoleName=name_of(change.role))
    return (*remove, add)


def of_policies(change: PolicyChange, before: Snapshot) -> tuple[Call, ...]:
    """The calls of a change of a managed policy. Raises ChangeError."""
    arn = change.policy
    match change:
        case c.CreatePolicy():
            optional: dict[str, Any] = {"Description": change.description, "Tags": tag_list(change.tags)}
            return (
                _iam(
                    "CreatePolicy",
                    PolicyName=name_of(arn),
                    Path=path_of(arn),
                    PolicyDocument=change.document,
                    **{name: value for name, value in optional.items() if value},
                ),
            )
        case c.SetDefaultPolicyVersion():
            return (_iam("SetDefaultPolicyVersion", PolicyArn=arn, VersionId=change.version_id),)
        case c.DeletePolicyVersion():
            return (_delete_version(arn, change.version_id),)
        case c.DeletePolicy():
            versions = policy(before, arn).policy_version_list
            others = (one.version_id for one in versions if not one.is_default_version)
            return (
                *(_delete_version(arn, version) for version in others),
                _iam("DeletePolicy", PolicyArn=arn),
            )
        case c.CreatePolicyVersion():
            oldest = oldest_other(policy(before, arn))
            make = _iam(
                "CreatePolicyVersion",
                harmless_twice=False,
                PolicyArn=arn,
                PolicyDocument=change.document,
                SetAsDefault=True,
            )
            return (_delete_version(arn, oldest.version_id), make) if oldest is not None else (make,)


def _delete_version(arn: str, version: str) -> Call:
    return _iam("DeletePolicyVersion", PolicyArn=arn, VersionId=version)
