"""What a script looks at before its first call: whether the things it changes are as the plan was made from.

Only what one cheap read tells is looked at; the executor of the program itself compares whole records.
"""

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import UNSET

from ecsiam_tui.account.iam import Role
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.calling import Read
from ecsiam_tui.changes.calls_ecs import region_of
from ecsiam_tui.changes.looking import ChangeError, name_of
from ecsiam_tui.changes.rendering.quoting import parsed


class Absent(msgspec.Struct, frozen=True):
    """What a thing is that must not be there."""


class Guard(msgspec.Struct, frozen=True):
    """A read whose answer must be `wanted` (see `Read.result`), or fail because there is no such thing.
    A document is compared by what it says, a list without regard to its order."""

    what: str
    read: Read
    wanted: Any
    region: str = ""


def guards(changes: Iterable[c.AnyChange], snapshot: Snapshot) -> tuple[Guard, ...]:
    """The guards of changes that were planned for an account. What the changes themselves make first is
    looked for when it is made, not again."""
    roles = {one.arn: one for one in snapshot.roles}
    found: dict[tuple[str, str], Guard] = {}
    for change in changes:
        try:
            guard = _guard(change, snapshot, roles)
        except ChangeError:
            continue
        if guard is not None:
            key = (guard.read.operation, msgspec.json.encode([guard.read, guard.region]).decode())
            found.setdefault(key, guard)
    return tuple(found.values())


def _guard(change: c.AnyChange, snapshot: Snapshot, roles: dict[str, Role]) -> Guard | None:
    match change:
        case c.CreateRole():
            read = Read("iam", "GetRole", {"RoleName": name_of(change.role)})
            return Guard(f"the role {name_of(change.role)}", read, Absent())
        case c.CreatePolicy():
            read = Read("iam", "GetPolicy", {"PolicyArn": change.policy})
            return Guard(f"the policy {name_of(change.policy)}", read, Absent())
        case c.CreatePolicyVersion() | c.SetDefaultPolicyVersion():
            return _version(change.policy, snapshot)
        case c.UpdateService():
            return _service(change, snapshot)
        case c.SetResourcePolicy():
            return _resource(change, snapshot)
        case (
            c.PutRolePolicy()
            | c.DeleteRolePolicy()
            | c.UpdateTrust()
            | c.PutBoundary()
            | c.AttachRolePolicy()
            | c.DetachRolePolicy()
        ):
            return _role(change, roles[change.role]) if change.role in roles else None
    return None


def _role(
    change: c.PutRolePolicy
    | c.DeleteRolePolicy
    | c.UpdateTrust
    | c.PutBoundary
    | c.AttachRolePolicy
    | c.DetachRolePolicy,
    found: Role,
) -> Guard:
    name = found.role_name
    get, of_role = {"RoleName": name}, f"of {name}"
    match change:
        case c.PutRolePolicy() | c.DeleteRolePolicy():
            get = get | {"PolicyName": change.name}
            texts = {one.policy_name: one.policy_document for one in found.role_policy_list}
            read = Read("iam", "GetRolePolicy", get, ("PolicyDocument",))
            wanted = _value(texts[change.name]) if change.name in texts else Absent()
            return Guard(f"the inline policy {change.name} {of_role}", read, wanted)
        case c.UpdateTrust():
            read = Read("iam", "GetRole", get, ("Role", "AssumeRolePolicyDocument"))
            return Guard(f"the trust policy {of_role}", read, _value(found.assume_role_policy_document))
        case c.PutBoundary():
            boundary = found.permissions_boundary
            read = Read("iam", "GetRole", get, ("Role", "PermissionsBoundary", "PermissionsBoundaryArn"))
            arn = boundary.permissions_boundary_arn if boundary else None
            return Guard(f"the permissions boundary {of_role}", read, arn)
        case c.AttachRolePolicy() | c.DetachRolePolicy():
            read = Read("iam", "ListAttachedRolePolicies", get, ("AttachedPolicies",))
            attached = [
                {"PolicyName": one.policy_name, "PolicyArn": one.policy_arn}
                for one in sorted(found.attached_managed_policies, key=lambda one: one.policy_arn)
            ]
            return Guard(f"the managed policies {of_role}", read, attached)


def _version(arn: str, snapshot: Snapshot) -> Guard | None:
    for found in snapshot.policies:
        if found.arn == arn:
            read = Read("iam", "GetPolicy", {"PolicyArn": arn}, ("Policy", "DefaultVersionId"))
            return Guard(f"the default version of {found.policy_name}", read, found.default_version_id)
    return None


def _service(change: c.UpdateService, snapshot: Snapshot) -> Guard | None:
    for found in snapshot.services:
        if found.service_arn == change.service:
            where = {"cluster": name_of(found.cluster_arn), "services": [found.service_name]}
            read = Read("ecs", "DescribeServices", where, ("services", 0, "taskDefinition"))
            what = f"the task definition of {found.service_name}"
            return Guard(what, read, found.task_definition, region_of(change.service))
    return None


def _resource(change: c.SetResourcePolicy, snapshot: Snapshot) -> Guard | None:
    arn = change.resource
    match change.kind:
        case "repository":
            records = [(one.repository_arn, one.policy) for one in snapshot.repositories]
            where = {
                "registryId": arn.split(":")[4],
                "repositoryName": arn.split(":repository/", 1)[-1],
            }
            read = Read("ecr", "GetRepositoryPolicy", where, ("policyText",))
        case "secret":
            records = [(one.arn, one.policy) for one in snapshot.secrets]
            read = Read("secretsmanager", "GetResourcePolicy", {"SecretId": arn}, ("ResourcePolicy",))
        case "key":
            records = [(one.arn, one.policy) for one in snapshot.keys]
            read = Read("kms", "GetKeyPolicy", {"KeyId": arn, "PolicyName": "default"}, ("Policy",))
    was = dict(records).get(arn, UNSET)
    if was is UNSET:
        return None
    wanted: Any = _value(was) if isinstance(was, str) else None
    if wanted is None and change.kind == "repository":
        wanted = Absent()
    return Guard(f"the policy of {name_of(arn)}", read, wanted, region_of(arn))


def _value(text: str) -> Any:
    value = parsed(text)
    return text if value is None else value
