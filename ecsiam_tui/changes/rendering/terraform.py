"""A plan as Terraform: resources as they will be, and `import` blocks for those that are there already.

Attributes and ids of imports are those of the AWS provider's documentation. The provider itself refuses
another account (`allowed_account_ids`).
"""

from typing import Any

import msgspec

from ecsiam_tui.account.iam import InstanceProfile, ManagedPolicy, Role
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes.calls_ecs import region_of
from ecsiam_tui.changes.looking import name_of
from ecsiam_tui.changes.plan import Plan, after
from ecsiam_tui.changes.rendering.documents import documents, own_tags, pairs
from ecsiam_tui.changes.rendering.instructions import instructions, shown
from ecsiam_tui.changes.rendering.quoting import (
    hcl_document,
    hcl_string,
    hcl_value,
    label,
    one_line,
    separated,
)
from ecsiam_tui.changes.rendering.titles import origin, title


class Resource(msgspec.Struct, frozen=True):
    """A resource: its attributes as expressions of HCL. `imported` is the id by which Terraform finds it,
    empty where it is new; `region` empty for IAM."""

    kind: str
    label: str
    attributes: dict[str, str]
    imported: str = ""
    region: str = ""

    @property
    def address(self) -> str:
        """What other resources call it."""
        return f"{self.kind}.{self.label}"


def terraform(plan: Plan, snapshot: Snapshot) -> str:
    """The configuration: one file. Raises ChangeError where the plan does not fit the account."""
    found = _Declared(snapshot, after(plan, snapshot))
    home, *others = list(dict.fromkeys(one.region for one in found.resources if one.region)) or [
        next(iter(snapshot.regions), "us-east-1")
    ]
    notes = [*found.notes, *instructions(plan.changes, snapshot, _instruction)]
    head = [
        f"# {title(plan)}",
        f"# {origin(plan)}",
        *(["#", "# To be done by hand:", *(f"# - {one_line(note)}" for note in notes)] if notes else []),
    ]
    parts = [
        "\n".join(head),
        'terraform {\n  required_version = ">= 1.5.0"\n  required_providers {\n    aws = {\n'
        '      source = "hashicorp/aws"\n    }\n  }\n}',
        _provider(plan.account, home, ""),
        *(_provider(plan.account, region, _alias(region)) for region in others),
    ]
    for resource in found.resources:
        provider = {} if resource.region in ("", home) else {"provider": f"aws.{_alias(resource.region)}"}
        if resource.imported:
            where = {"to": resource.address, "id": hcl_string(resource.imported)} | provider
            parts.append("import " + _block(where))
        parts.append(
            f'resource "{resource.kind}" "{resource.label}" {_block(provider | resource.attributes)}'
        )
    return "\n\n".join(parts) + "\n"


def _provider(account: str, region: str, alias: str) -> str:
    attributes = {"region": hcl_string(region), "allowed_account_ids": f"[{hcl_string(account)}]"}
    return 'provider "aws" ' + _block(({"alias": hcl_string(alias)} if alias else {}) | attributes)


def _alias(region: str) -> str:
    return label(region, set())


def _block(attributes: dict[str, str]) -> str:
    return "{\n" + "".join(f"  {name} = {value}\n" for name, value in attributes.items()) + "}"


def _instruction(kind: str, name: str, path: tuple[str | int, ...], value: Any) -> str:
    if not path:
        return f"{kind} {name}: {shown(value)}"
    if path[0] == "containerDefinitions":  # JSON inside HCL: names stay as ECS spells them
        inner = ".".join(map(str, path[2:]))
        return f"{kind} {name}: in container_definitions, container {path[1]}: {inner} = {shown(value)}"
    if kind == "rule":  # the resource is the target
        path = path[1:]
    names = ".".join(separated(one, "_") if isinstance(one, str) else str(one) for one in path)
    if kind == "rule":
        names = names.replace("ecs_parameters", "ecs_target")
    return f"{kind} {name} ({_INSTRUCTED[kind]}): {names} = {shown(value)}"


_INSTRUCTED = {
    "task definition": "aws_ecs_task_definition",
    "service": "aws_ecs_service",
    "cluster": "aws_ecs_cluster",
    "rule": "aws_cloudwatch_event_target",
    "schedule": "aws_scheduler_schedule",
}


class _Declared:
    """The resources that are different after a plan, and notes about what no resource can say."""

    def __init__(self, before: Snapshot, later: Snapshot) -> None:
        self.resources: list[Resource] = []
        self.notes: list[str] = []
        self._labels: dict[str, set[str]] = {}
        self._addresses: dict[str, str] = {}
        for was, now in pairs(before.policies, later.policies, lambda one: one.arn):
            self._policy(was, now)
        role_pairs = pairs(before.roles, later.roles, lambda one: one.arn)
        for was_role, now_role in role_pairs:
            self._role(was_role, now_role)
        for was_role, now_role in role_pairs:
            self._of_role(was_role, now_role)
        for was_profile, profile in pairs(
            before.instance_profiles, later.instance_profiles, lambda one: one.arn
        ):
            self._profile(was_profile, profile)
        for group, made in pairs(before.log_groups, later.log_groups, lambda one: one.arn):
            if made is None:
                self.notes.append(f"delete the log group {group.log_group_name if group else ''}")
                continue
            attributes = {"name": hcl_string(made.log_group_name)}
            if made.retention_in_days is not None:
                attributes["retention_in_days"] = str(made.retention_in_days)
            self._add("aws_cloudwatch_log_group", made.arn, made.log_group_name, attributes, "")
        self._resource_policies(before, later)

    def _add(self, kind: str, key: str, name: str, attributes: dict[str, str], imported: str) -> None:
        text = label(name, self._labels.setdefault(kind, set()))
        region = "" if kind.startswith("aws_iam_") else region_of(key)
        made = Resource(kind, text, attributes, imported, region)
        self.resources.append(made)
        self._addresses.setdefault(key, made.address)

    def _arn(self, arn: str) -> str:
        """An ARN, as a reference where the resource is declared here: that orders the two."""
        return f"{self._addresses[arn]}.arn" if arn in self._addresses else hcl_string(arn)

    def _name(self, arn: str) -> str:
        return f"{self._addresses[arn]}.name" if arn in self._addresses else hcl_string(name_of(arn))

    def _policy(self, was: ManagedPolicy | None, now: ManagedPolicy | None) -> None:
        if now is None:
            self.notes.append(f"delete the policy {was.arn if was else ''}: take its resource away")
            return
        if was is not None and was.document == now.document:
            self.notes.append(f"versions of the policy {now.policy_name}: Terraform keeps them itself")
            return
        if not now.document:
            self.notes.append(
                f"the policy {now.policy_name}: declare the document of its version"
                f" {now.default_version_id}, which was not read"
            )
            return
        attributes = {"name": hcl_string(now.policy_name), "path": hcl_string(now.path)}
        if now.description:
            attributes["description"] = hcl_string(now.description)
        attributes["policy"] = hcl_document(now.document, 1)
        self._add(
            "aws_iam_policy", now.arn, now.policy_name, attributes | _tags(now.tags), now.arn if was else ""
        )

    def _role(self, was: Role | None, now: Role | None) -> None:
        if now is None:
            self.notes.append(f"delete the role {was.arn if was else ''}: take its resources away")
        elif now.is_service_linked:
            service = hcl_string(now.path.split("/")[2])
            self._add(
                "aws_iam_service_linked_role", now.arn, now.role_name, {"aws_service_name": service}, ""
            )
        elif was is None or _itself(was) != _itself(now):
            attributes = {
                "name": hcl_string(now.role_name),
                "path": hcl_string(now.path),
                "assume_role_policy": hcl_document(now.assume_role_policy_document, 1),
            }
            if now.description:
                attributes["description"] = hcl_string(now.description)
            if now.max_session_duration is not None:
                attributes["max_session_duration"] = str(now.max_session_duration)
            if now.permissions_boundary:
                arn = now.permissions_boundary.permissions_boundary_arn
                attributes["permissions_boundary"] = self._arn(arn)
            attributes |= _tags(now.tags)
            self._add("aws_iam_role", now.arn, now.role_name, attributes, now.role_name if was else "")

    def _of_role(self, was: Role | None, now: Role | None) -> None:
        """Its inline policies and attachments, each a resource of its own."""
        if now is None:
            return
        name = now.role_name
        old = {one.policy_name: one.policy_document for one in was.role_policy_list} if was else {}
        new = {one.policy_name: one.policy_document for one in now.role_policy_list}
        for policy, document in new.items():
            if old.get(policy) != document:
                attributes = {
                    "name": hcl_string(policy),
                    "role": self._name(now.arn),
                    "policy": hcl_document(document, 1),
                }
                known = f"{name}:{policy}" if policy in old else ""
                self._add("aws_iam_role_policy", f"{now.arn} {policy}", f"{name}_{policy}", attributes, known)
        self.notes += [
            f"delete the inline policy {policy} of {name}: take its aws_iam_role_policy away"
            for policy in old
            if policy not in new
        ]
        had = {one.policy_arn for one in was.attached_managed_policies} if was else set()
        has = {one.policy_arn for one in now.attached_managed_policies}
        for arn in sorted(has - had):
            attributes = {"role": self._name(now.arn), "policy_arn": self._arn(arn)}
            text = f"{name}_{name_of(arn)}"
            self._add("aws_iam_role_policy_attachment", f"{now.arn} {arn}", text, attributes, "")
        self.notes += [
            f"detach {arn} from {name}: take its aws_iam_role_policy_attachment away"
            for arn in sorted(had - has)
        ]

    def _profile(self, was: InstanceProfile | None, now: InstanceProfile | None) -> None:
        if now is None:
            return
        name = now.instance_profile_name
        attributes = {"name": hcl_string(name), "path": hcl_string(now.path)}
        if now.role_arns:
            attributes["role"] = self._name(now.role_arns[0])
        self._add("aws_iam_instance_profile", now.arn, name, attributes, name if was else "")

    def _resource_policies(self, before: Snapshot, later: Snapshot) -> None:
        for found in documents(before, later):
            if found.kind not in _POLICIES:
                continue
            kind, attribute = _POLICIES[found.kind]
            name = found.owner.split(":repository/", 1)[-1]
            if found.after is None:
                self.notes.append(f"delete the {found.kind} of {name}: take its {kind} away")
                continue
            attributes = {attribute: hcl_string(name), "policy": hcl_document(found.after, 1)}
            known = "" if found.before is None else _key_id(name)
            self._add(kind, found.owner, name_of(name).rsplit(":", 1)[-1], attributes, known)


_POLICIES = {
    "repository policy": ("aws_ecr_repository_policy", "repository"),
    "secret policy": ("aws_secretsmanager_secret_policy", "secret_arn"),
    "key policy": ("aws_kms_key_policy", "key_id"),
}


def _key_id(name: str) -> str:
    """A KMS key's id of its ARN; every other name as it is."""
    return name.rpartition(":key/")[2] if ":kms:" in name else name


def _itself(role: Role) -> Role:
    """A role without what Terraform has resources of their own for."""
    return msgspec.structs.replace(
        role, role_policy_list=(), attached_managed_policies=(), role_last_used=None
    )


def _tags(tags: dict[str, str]) -> dict[str, str]:
    own = own_tags(tags)
    return {"tags": hcl_value(own, 1)} if own else {}
