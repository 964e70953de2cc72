"""What IAM refuses: names, sizes, quotas, what may not be touched."""

import re
from collections.abc import Iterator
from functools import partial

import msgspec

from ecsiam_tui.account.arns import parse_arn
from ecsiam_tui.account.iam import Group, Role, User
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.applying import oldest_other
from ecsiam_tui.changes.calls_iam import PolicyChange, RoleChange
from ecsiam_tui.changes.limits_documents import (
    QUOTAS,
    Found,
    error,
    identity_size,
    of_document,
    too_large,
    warning,
)
from ecsiam_tui.changes.looking import name_of, path_of
from ecsiam_tui.changes.sharing import users_of
from ecsiam_tui.graph import build
from ecsiam_tui.policy.lint import SIZE_LIMITS

NAMES = 'IAM API Reference, "CreateRole" and "CreatePolicy" (patterns of names and paths)'
TAGS = 'IAM User Guide, "Tags for AWS Identity and Access Management resources"'
SERVICE_LINKED = 'IAM User Guide, "Create a service-linked role"'
VERSIONS = 'IAM User Guide, "Versioning IAM policies"'
AWS_MANAGED = 'IAM User Guide, "Managed policies and inline policies"'
DELETE_POLICY = 'IAM API Reference, "DeletePolicy" (DeleteConflict)'
DELETE_ROLE = 'IAM User Guide, "Delete roles or instance profiles"'
ATTACH = 'IAM API Reference, "AttachRolePolicy" (NoSuchEntity, PolicyNotAttachable)'

_NAME = re.compile(r"[A-Za-z0-9_+=,.@-]+")
_PATH = re.compile(r"/|/[!-~]+/")
_TAG = re.compile(r"[\w .:/=+\-@]*")
_DESCRIPTION = re.compile("[\t\n\r\u0020-\u007e\u00a1-\u00ff]*")
_LONGEST = {"role": 64, "policy": 128}
_PROTECTED = ("/aws-service-role/", "/aws-reserved/")


def of_role(change: RoleChange, before: Snapshot, after: Snapshot) -> Iterator[Found]:
    """A change of a role or instance profile. `before` is the account without it, `after` with it."""
    if isinstance(change, c.CreateServiceLinkedRole):
        return
    if isinstance(change, c.SetInstanceProfileRole):
        if change.role and not any(found.arn == change.role for found in before.roles):
            yield from _absent(change.role, "roles", before)
        return
    yield from _protected(change)
    yield from _foreign(change.role, before)
    found = next((one for one in after.roles if one.arn == change.role), None)
    name = name_of(change.role)
    document = partial(of_document, after=after)
    match change:
        case c.CreateRole():
            yield from _name(change.role, "role")
            yield from _quota("Roles", "RolesQuota", len(after.roles), "roles", before)
            yield from _description(change.description)
            if not 3600 <= change.max_session_duration <= 43200:
                yield error("MaxSessionDuration is from 3,600 to 43,200 seconds", QUOTAS)
            yield from _tags(change.tags, len(change.tags))
            yield from _trust_size(change.trust, name, after)
            yield from document(change.trust, "trust", f"the trust policy of {name}")
            yield from _boundary(change.boundary, before)
        case c.UpdateTrust():
            yield from _trust_size(change.trust, name, after)
            yield from document(change.trust, "trust", f"the trust policy of {name}")
        case c.PutRolePolicy():
            yield from _policy_name(change.name)
            yield from _inline_size(found, name, after)
            yield from document(change.document, "inline", f"the inline policy {change.name}")
        case c.AttachRolePolicy():
            yield from _attachable(change.policy, before)
            limit = after.account_summary.get("AttachedPoliciesPerRoleQuota", 10)
            count = len(found.attached_managed_policies) if found else 0
            if count > limit:
                yield error(f"{name} would have {count} managed policies; {limit} are allowed", QUOTAS)
        case c.PutBoundary():
            yield from _boundary(change.boundary, before)
        case c.TagRole():
            yield from _tags(change.tags, len(found.tags) if found else 0)
        case c.DeleteRole():
            yield from _in_use(change.role, before)


def _protected(change: c.AnyChange) -> Iterator[Found]:
    path = path_of(change.target)
    if path.startswith(_PROTECTED) and not isinstance(change, c.TagRole):
        whose = "a service-linked role" if path.startswith(_PROTECTED[0]) else "kept by AWS"
        yield error(f"{name_of(change.target)} is {whose}: AWS alone may change it", SERVICE_LINKED)


def _foreign(arn: str, snapshot: Snapshot) -> Iterator[Found]:
    parsed = parse_arn(arn)
    if parsed is None:
        yield error(f"{arn or 'an empty text'} is no ARN", NAMES)
    elif parsed.account not in (snapshot.account_id, "aws"):
        message = f"{name_of(arn)} belongs to account {parsed.account}, not to {snapshot.account_id}"
        yield error(f"{message}: change it there", QUOTAS)


def _absent(arn: str, field: str, snapshot: Snapshot) -> Iterator[Found]:
    if snapshot.is_known(field):
        yield error(f"{name_of(arn)} does not exist; make it in an earlier change", ATTACH)


def _name(arn: str, kind: str) -> Iterator[Found]:
    name, path = name_of(arn), path_of(arn)
    longest = _LONGEST[kind]
    if not _NAME.fullmatch(name) or len(name) > longest:
        message = f"{name!r} is no name of a {kind}: 1 to {longest} of letters, digits and _+=,.@-"
        yield error(message, NAMES)
    if not _PATH.fullmatch(path) or len(path) > 512 or "//" in path:
        yield error(f"{path!r} is no path: it begins and ends with /, of at most 512 characters", NAMES)


def _policy_name(name: str) -> Iterator[Found]:
    if not _NAME.fullmatch(name) or len(name) > 128:
        message = f"{name!r} is no name of an inline policy: 1 to 128 of letters, digits and _+=,.@-"
        yield error(message, NAMES)


def _description(text: str) -> Iterator[Found]:
    if len(text) > 1000 or not _DESCRIPTION.fullmatch(text):
        yield error("a description has at most 1,000 characters, none beyond U+00FF", NAMES)


def _tags(tags: dict[str, str], count: int) -> Iterator[Found]:
    if count > 50:
        yield error(f"there would be {count} tags; 50 are allowed", TAGS)
    lowered = [key.lower() for key in tags]
    for key, value in tags.items():
        if lowered.count(key.lower()) > 1:
            yield error(f"the tag {key} stands twice: keys that differ by case alone are one", TAGS)
        if not 1 <= len(key) <= 128 or len(value) > 256 or not _TAG.fullmatch(key + value):
            message = f"the tag {key!r}: 1 to 128 letters, digits, spaces or _.:/=+-@, 256 for its value"
            yield error(message, TAGS)
        if key.lower().startswith("aws:"):
            yield error(f"the tag {key}: keys that begin with aws: are AWS's own", TAGS)


def _quota(used: str, quota: str, count: int, what: str, before: Snapshot) -> Iterator[Found]:
    """`count` are those that there are in the snapshot afterwards; IAM's own count is of when it was taken,
    and larger where not all were read."""
    limit = before.account_summary.get(quota)
    count = max(count, before.account_summary.get(used, 0) + 1)
    if limit is not None and count > limit:
        yield error(f"the account would have {count:,} {what}; {limit:,} are allowed", QUOTAS)


def _trust_size(text: str, name: str, after: Snapshot) -> Iterator[Found]:
    limit = after.account_summary.get("AssumeRolePolicySizeQuota", SIZE_LIMITS["trust"])
    yield from too_large(identity_size(text), limit, f"the trust policy of {name}")


def _inline_size(found: Role | None, name: str, after: Snapshot) -> Iterator[Found]:
    limit = after.account_summary.get("RolePolicySizeQuota", SIZE_LIMITS["inline"])
    size = sum(identity_size(one.policy_document) for one in found.role_policy_list) if found else 0
    yield from too_large(size, limit, f"the inline policies of {name} together")


def _boundary(arn: str, before: Snapshot) -> Iterator[Found]:
    if arn:
        yield from _attachable(arn, before)


def _attachable(arn: str, before: Snapshot) -> Iterator[Found]:
    parsed = parse_arn(arn)
    if parsed is None:
        yield error(f"{arn or 'an empty text'} is no ARN of a policy", ATTACH)
        return
    found = next((one for one in before.policies if one.arn == arn), None)
    if parsed.resource.startswith("policy/aws-service-role/") or (found and not found.is_attachable):
        yield error(f"{name_of(arn)} can be attached to service-linked roles alone", ATTACH)
    elif parsed.account not in ("aws", before.account_id):
        yield error(f"{name_of(arn)} belongs to account {parsed.account}; copy it here first", ATTACH)
    elif found is None and parsed.account != "aws":
        yield from _absent(arn, "policies", before)


def _in_use(role: str, before: Snapshot) -> Iterator[Found]:
    """Tasks that a service replaces, because it is rolled out with another revision, use a role no longer
    than that takes."""
    wanted = {
        (one.cluster_arn, f"service:{one.service_name}"): one.task_definition for one in before.services
    }
    staying = tuple(
        task
        for task in before.tasks
        if wanted.get((task.cluster_arn, task.group or ""), task.task_definition_arn)
        == task.task_definition_arn
    )
    estate = build(before)
    users = users_of(role, estate)
    names = ", ".join(node.title for node in users[:3]) + (" and more" if len(users) > 3 else "")
    if len(staying) < len(before.tasks):
        estate = build(msgspec.structs.replace(before, tasks=staying))
        if users and not users_of(role, estate):
            told = f"tasks of {names} have {name_of(role)} until they are replaced"
            yield warning(f"{told}: what they do meanwhile is denied", DELETE_ROLE)
            return
    if users:
        yield error(f"{name_of(role)} is in use by {names}; give them another role first", DELETE_ROLE)
        return
    named = estate.role_users(role) if role in estate else ()
    if named:
        message = f"{named[0].node.title} names {name_of(role)}, though nothing runs it"
        yield warning(f"{message}: it could not be started any more", DELETE_ROLE)


def of_policy(change: PolicyChange, before: Snapshot, after: Snapshot) -> Iterator[Found]:
    """A change of a managed policy. `before` is the account without it, `after` with it."""
    arn, name = change.policy, name_of(change.policy)
    yield from _foreign(arn, before)
    found = next((one for one in before.policies if one.arn == arn), None)
    if arn.split(":", 5)[4:5] == ["aws"]:
        message = f"{name} is AWS's own: it cannot be changed"
        yield error(f"{message}; copy it into a policy of the account, or attach another", AWS_MANAGED)
        return
    match change:
        case c.CreatePolicy():
            yield from _name(arn, "policy")
            taken = [one for one in before.policies if one.policy_name.lower() == name.lower()]
            if any(not one.is_aws_managed for one in taken):
                yield error(f"there is a policy {name} already, whatever its path and case", NAMES)
            own = sum(not one.is_aws_managed for one in after.policies)
            yield from _quota("Policies", "PoliciesQuota", own, "policies", before)
            yield from _description(change.description)
            yield from _tags(change.tags, len(change.tags))
        case c.CreatePolicyVersion():
            oldest = oldest_other(found) if found else None
            if oldest is not None:
                message = f"{name} has five versions: {oldest.version_id} is deleted to make room"
                yield warning(f"{message}, and cannot be brought back", VERSIONS)
        case c.DeletePolicy():
            holders = list(_holders(arn, before))
            if holders:
                names = ", ".join(map(name_of, holders[:3])) + (" and more" if len(holders) > 3 else "")
                yield error(f"{name} is attached to {names}; detach it first", DELETE_POLICY)
    if isinstance(change, c.CreatePolicy | c.CreatePolicyVersion):
        what = f"the policy {name}"
        limit = after.account_summary.get("PolicySizeQuota", SIZE_LIMITS["identity"])
        yield from too_large(identity_size(change.document), limit, what)
        yield from of_document(change.document, "identity", what, after)


def _holders(policy: str, before: Snapshot) -> Iterator[str]:
    """Who has a managed policy attached, or as its boundary."""
    records: tuple[Role | User | Group, ...] = (*before.roles, *before.users, *before.groups)
    for record in records:
        boundary = None if isinstance(record, Group) else record.permissions_boundary
        bounds = boundary is not None and boundary.permissions_boundary_arn == policy
        if bounds or any(one.policy_arn == policy for one in record.attached_managed_policies):
            yield record.arn
