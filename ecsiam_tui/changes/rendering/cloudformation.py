"""A plan as CloudFormation templates, a set for every region.

What is there already has to be imported, and an import neither makes nor changes anything (AWS CloudFormation
User Guide, "Import AWS resources into a CloudFormation stack manually"): so the first template declares it
as it is, and the second everything as it will be.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from ecsiam_tui.account.iam import ManagedPolicy, Role
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes.calls_ecs import region_of
from ecsiam_tui.changes.looking import ChangeError, name_of
from ecsiam_tui.changes.plan import Plan, after
from ecsiam_tui.changes.rendering.documents import own_tags, pairs
from ecsiam_tui.changes.rendering.instructions import instructions, shown
from ecsiam_tui.changes.rendering.quoting import json_text, label, one_line, parsed
from ecsiam_tui.changes.rendering.titles import origin, title


class Declared(msgspec.Struct, frozen=True):
    """A resource: its type, its properties as they are (None where it is new) and as they will be (None where
    it goes), and what an import finds it by."""

    logical_id: str
    type: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    identifier: dict[str, str]
    region: str = ""


def cloudformation(plan: Plan, snapshot: Snapshot) -> dict[str, str]:
    """The files by name. Raises ChangeError where the plan does not fit the account, or where a document is
    no JSON and so no part of a template."""
    later = after(plan, snapshot)
    found = _Declarations(snapshot, later)
    regions = sorted({one.region for one in found.resources if one.region})
    home = regions[0] if regions else next(iter(snapshot.regions), "us-east-1")
    named = title(plan)
    notes = [f"{named}. {origin(plan)}"]
    made: dict[str, str] = {}
    for region in regions or [home]:
        here = [one for one in found.resources if (one.region or home) == region]
        there = [one for one in here if one.before is not None]
        if there:
            made[f"{region}-1-import.json"] = _template(named, [(one, one.before) for one in there])
            made[f"{region}-resources-to-import.json"] = json_text([_to_import(one) for one in there]) + "\n"
            notes.append(
                f"{region}: create a change set of the type IMPORT with {region}-1-import.json and"
                f" {region}-resources-to-import.json, and execute it. A stack that has one of these already"
                " is to be changed instead."
            )
        if here:
            last = [(one, one.after) for one in here if one.after is not None]
            made[f"{region}-2-change.json"] = _template(named, last)
            notes.append(
                f"{region}: then deploy {region}-2-change.json to the same stack, with the capability"
                " CAPABILITY_NAMED_IAM."
            )
    notes += [*found.notes, *instructions(plan.changes, snapshot, _instruction)]
    made["notes.txt"] = "".join(f"- {one_line(note)}\n" for note in notes)
    return made


def _template(named: str, resources: Sequence[tuple[Declared, dict[str, Any] | None]]) -> str:
    declared = {
        one.logical_id: {
            "Type": one.type,
            # Nothing of this is to go because a stack goes; an import asks for the first of the two.
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": properties,
        }
        for one, properties in resources
    }
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": named[:1000],
        "Resources": declared,
    }
    return json_text(template) + "\n"


def _to_import(one: Declared) -> dict[str, Any]:
    return {
        "ResourceType": one.type,
        "LogicalResourceId": one.logical_id,
        "ResourceIdentifier": one.identifier,
    }


def _instruction(kind: str, name: str, path: tuple[str | int, ...], value: Any) -> str:
    names = ".".join(one[:1].upper() + one[1:] if isinstance(one, str) else str(one) for one in path)
    if path[:1] == ("containerDefinitions",):
        inner = ".".join(one[:1].upper() + one[1:] if isinstance(one, str) else str(one) for one in path[2:])
        names = f"ContainerDefinitions, container {path[1]}: {inner}"
    return f"{kind} {name}: {names} = {shown(value)}" if path else f"{kind} {name}: {shown(value)}"


class _Declarations:
    def __init__(self, before: Snapshot, later: Snapshot) -> None:
        self.resources: list[Declared] = []
        self.notes: list[str] = []
        self._used: set[str] = set()
        policies = pairs(before.policies, later.policies, lambda one: one.arn)
        # A document that was not read cannot be declared.
        known = [pair for pair in policies if all(one is None or one.document for one in pair)]
        self.notes += [
            f"the policy {one.policy_name}: declare the document of its version {one.default_version_id},"
            " which was not read"
            for pair in policies
            if pair not in known and (one := pair[1] or pair[0])
        ]
        self._policy_ids = {
            one.arn: label(one.policy_name, self._used, "")
            for was, one in known
            if one is not None and (was is None or was.document != one.document)
        }
        for was, now in known:
            self._policy(was, now)
        for was_role, now_role in pairs(before.roles, later.roles, lambda one: one.arn):
            self._role(was_role, now_role)
        self._profiles(before, later)
        self._groups(before, later)
        self._with_policy(before, later)

    def _add(
        self,
        type_: str,
        name: str,
        both: tuple[dict[str, Any] | None, dict[str, Any] | None],
        identifier: dict[str, str],
        region: str = "",
    ) -> None:
        if both[1] is None:
            self.notes.append(
                f"{type_} {name}: take it out of the template of its stack; with DeletionPolicy Retain it"
                " stays, and is deleted by hand"
            )
        else:
            made = Declared(label(name, self._used, ""), type_, *both, identifier, region)
            self.resources.append(made)

    def _policy(self, was: ManagedPolicy | None, now: ManagedPolicy | None) -> None:
        some = now or was
        if some is None:
            return
        if now is not None and some.arn not in self._policy_ids:
            self.notes.append(f"versions of the policy {now.policy_name}: CloudFormation keeps them itself")
            return
        both = tuple(_policy_properties(one) if one else None for one in (was, now))
        if now is None:
            self._add("AWS::IAM::ManagedPolicy", some.policy_name, (both[0], both[1]), {})
            return
        identifier = {"PolicyArn": some.arn}
        self.resources.append(
            Declared(self._policy_ids[some.arn], "AWS::IAM::ManagedPolicy", both[0], both[1], identifier)
        )

    def _role(self, was: Role | None, now: Role | None) -> None:
        some = now or was
        if some is None:
            return
        if some.is_service_linked:
            service = {"AWSServiceName": some.path.split("/")[2]}
            self._add("AWS::IAM::ServiceLinkedRole", some.role_name, (None, service), {})
            return
        old = self._role_properties(was, refer=False) if was else None
        new = self._role_properties(now, refer=True) if now else None
        self._add("AWS::IAM::Role", some.role_name, (old, new), {"RoleName": some.role_name})

    def _role_properties(self, role: Role, *, refer: bool) -> dict[str, Any]:
        def policy(arn: str) -> Any:
            # A reference makes CloudFormation write the policy first.
            return {"Ref": self._policy_ids[arn]} if refer and arn in self._policy_ids else arn

        found: dict[str, Any] = {
            "RoleName": role.role_name,
            "Path": role.path,
            "AssumeRolePolicyDocument": _document(role.assume_role_policy_document, role.role_name),
        }
        if role.description:
            found["Description"] = role.description
        if role.max_session_duration is not None:
            found["MaxSessionDuration"] = role.max_session_duration
        if role.permissions_boundary:
            found["PermissionsBoundary"] = policy(role.permissions_boundary.permissions_boundary_arn)
        if role.role_policy_list:
            found["Policies"] = [
                {
                    "PolicyName": one.policy_name,
                    "PolicyDocument": _document(one.policy_document, one.policy_name),
                }
                for one in role.role_policy_list
            ]
        if role.attached_managed_policies:
            found["ManagedPolicyArns"] = [policy(one.policy_arn) for one in role.attached_managed_policies]
        return found | _tags(role.tags)

    def _profiles(self, before: Snapshot, later: Snapshot) -> None:
        for was, now in pairs(before.instance_profiles, later.instance_profiles, lambda one: one.arn):
            both = [
                {
                    "InstanceProfileName": one.instance_profile_name,
                    "Path": one.path,
                    "Roles": [name_of(arn) for arn in one.role_arns],
                }
                if one
                else None
                for one in (was, now)
            ]
            name = name_of((now or was).arn)  # type: ignore[union-attr]  # one of a pair is there
            self._add("AWS::IAM::InstanceProfile", name, (both[0], both[1]), {"InstanceProfileName": name})

    def _groups(self, before: Snapshot, later: Snapshot) -> None:
        for was, now in pairs(before.log_groups, later.log_groups, lambda one: one.arn):
            group = now or was
            if group is None:
                continue
            properties: dict[str, Any] = {"LogGroupName": group.log_group_name}
            if group.retention_in_days is not None:
                properties["RetentionInDays"] = group.retention_in_days
            both = (properties, None) if now is None else (None, properties)
            self._add("AWS::Logs::LogGroup", group.log_group_name, both, {}, region_of(group.arn))

    def _with_policy(self, before: Snapshot, later: Snapshot) -> None:
        for was, now in pairs(before.repositories, later.repositories, lambda one: one.repository_arn):
            if was and now:
                name = now.repository_name
                both = [
                    {"RepositoryName": name} | _optional("RepositoryPolicyText", one.policy, name)
                    for one in (was, now)
                ]
                region = region_of(now.repository_arn)
                self._add("AWS::ECR::Repository", name, (both[0], both[1]), {"RepositoryName": name}, region)
                self.notes.append(f"the repository {name}: declare its other settings too")
        for was_key, key in pairs(before.keys, later.keys, lambda one: one.arn):
            if was_key and key:
                both = [_optional("KeyPolicy", one.policy, key.key_id) for one in (was_key, key)]
                region = region_of(key.arn)
                self._add(
                    "AWS::KMS::Key", f"key {key.key_id}", (both[0], both[1]), {"KeyId": key.key_id}, region
                )
                self.notes.append(f"the key {key.key_id}: declare its other settings too")
        for was_secret, secret in pairs(before.secrets, later.secrets, lambda one: one.arn):
            if was_secret and secret:
                policy = _optional("ResourcePolicy", secret.policy, secret.name)
                properties = {"SecretId": secret.arn} | policy if policy else None
                region = region_of(secret.arn)
                name = f"{secret.name} policy"
                self._add("AWS::SecretsManager::ResourcePolicy", name, (None, properties), {}, region)


def _policy_properties(policy: ManagedPolicy) -> dict[str, Any]:
    found: dict[str, Any] = {"ManagedPolicyName": policy.policy_name, "Path": policy.path}
    if policy.description:
        found["Description"] = policy.description
    return found | {"PolicyDocument": _document(policy.document, policy.policy_name)}


def _document(text: str, name: str) -> dict[str, Any]:
    value = parsed(text)
    if not isinstance(value, dict):
        raise ChangeError(f"the document of {name} is no JSON object, so no template can hold it")
    return value


def _optional(key: str, text: Any, name: str) -> dict[str, Any]:
    return {key: _document(text, name)} if isinstance(text, str) else {}


def _tags(tags: dict[str, str]) -> dict[str, Any]:
    own = own_tags(tags)
    return {"Tags": [{"Key": key, "Value": value} for key, value in own.items()]} if own else {}
