"""A snapshot as the engine sees it: whose policies limit whom, and what is known of a request beforehand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from msgspec import UnsetType

from ecsiam_tui.account import Snapshot
from ecsiam_tui.account.arns import parse_arn
from ecsiam_tui.account.iam import (
    AttachedPolicy,
    Group,
    InlinePolicy,
    ManagedPolicy,
    PermissionsBoundary,
    Role,
    User,
)

from .document import PolicyDocument, parse_document
from .evaluation import Decision, evaluate
from .known_context import KnownContext
from .layers import CompiledPolicy, Layers, Policy, PolicySet
from .principals import parse_principal
from .read_policies import organization_policies, resource_policies
from .request import Request
from .resources import PolicyKind
from .services import ALIAS_ACTIONS, has_resource_policies, requires_resource_policy

ManagedDocuments = Callable[[str], str | None]
"""The document of a managed policy by its ARN, for policies that the snapshot does not hold."""

_LISTED_IN = {"role": "roles", "session": "roles", "user": "users", "federated-user": "users"}


class Attachment(NamedTuple):
    """A policy of a principal as text: inline (no ARN) or managed."""

    name: str
    text: str
    arn: str = ""
    version_id: str = ""


class AccountPolicies:
    """The policies of one snapshot. Documents are parsed and compiled when first needed, and once."""

    def __init__(
        self,
        snapshot: Snapshot,
        managed: ManagedDocuments | None = None,
        reuse: AccountPolicies | None = None,
    ) -> None:
        """`reuse` the parsed and compiled documents of another snapshot of the account: what a change leaves
        as it was is not read again."""
        self.snapshot = snapshot
        self._managed = managed
        self._documents: dict[str, PolicyDocument] = reuse._documents if reuse else {}
        self._compiled: dict[tuple[str, str, PolicyKind, str], CompiledPolicy] = (
            reuse._compiled if reuse else {}
        )
        self._identity: dict[str, tuple[PolicySet, tuple[str, ...]]] = {}

    # Principals

    @cached_property
    def _principals(self) -> dict[str, Role | User]:
        found: dict[str, Role | User] = {role.arn: role for role in self.snapshot.roles}
        found.update({user.arn: user for user in self.snapshot.users})
        return found

    @cached_property
    def _roles_by_name(self) -> dict[str, Role]:
        return {role.role_name.lower(): role for role in self.snapshot.roles}

    @property
    def principals(self) -> Iterable[str]:
        """The ARNs of every role and user."""
        return self._principals

    def principal(self, arn: str) -> Role | User | None:
        """The role or user of an ARN, or the role of a session's ARN; None where the snapshot has none."""
        known = self._principals.get(arn)
        if known is None:
            parsed = parse_principal(arn)
            if parsed.kind == "session" and parsed.account == self.snapshot.account_id:
                known = self._roles_by_name.get(parsed.name.lower())
        return known

    def unread_principal(self, arn: str) -> str:
        """What of a principal's policies nobody has read: those of another account, and those of a role or
        user where the listing has gaps. Empty where they are known, where the listing is complete (then there
        is no such principal), and for what has no identity-based policies: services, providers, everyone."""
        parsed = parse_principal(arn)
        if not parsed.is_iam:
            return ""
        if parsed.account != self.snapshot.account_id:
            whose = "" if parsed.kind == "root" else f"policies of {parsed.kind} {parsed.name} and the "
            return f"the {whose}SCPs of account {parsed.account}, which were not read"
        field = _LISTED_IN.get(parsed.kind)
        if field is None or self.principal(arn) is not None or self.snapshot.is_known(field):
            return ""
        return f"the policies of {parsed.kind} {parsed.name}, which were not read"

    @cached_property
    def unread_organization(self) -> str:
        """What of the organization's policies nobody has read, empty where they are known. Decisions take it
        to allow: only management accounts and delegated administrators may read it."""
        fields = ("organization", "organization.levels", "organization.policies")
        if all(map(self.snapshot.is_known, fields)):
            return ""
        return "SCPs and RCPs of the organization, which were not read"

    def unread_besides(self, decision: Decision) -> tuple[str, ...]:
        """What nobody has read and a Deny of which would change a decision that does not depend on it
        otherwise; nothing for what is denied already."""
        if decision.outcome in ("ImplicitlyDenied", "ExplicitlyDenied"):
            return ()
        found = [what for what in decision.layers.unknown.values() if what not in decision.missing_context]
        return (*found, *filter(None, (self.unread_organization,)))

    def resolve(self, name: str) -> str:
        """The ARN of a principal given by its ARN or by its name alone; the text itself where there is
        none."""
        if name in self._principals:
            return name
        role = self._roles_by_name.get(name.lower())
        if role is not None:
            return role.arn
        return next((user.arn for user in self.snapshot.users if user.user_name == name), name)

    # Policies

    def document(self, text: str) -> PolicyDocument:
        """A parsed document; the same text gives the same object."""
        known = self._documents.get(text)
        if known is None:
            known = self._documents[text] = parse_document(text)
        return known

    @cached_property
    def _groups(self) -> dict[str, Group]:
        return {group.group_name: group for group in self.snapshot.groups}

    @cached_property
    def _managed_by_arn(self) -> dict[str, ManagedPolicy]:
        return {policy.arn: policy for policy in self.snapshot.policies}

    def _compile(
        self, name: str, text: str, kind: PolicyKind, arn: str = "", version: str = ""
    ) -> CompiledPolicy:
        key = (name, arn, kind, text)
        known = self._compiled.get(key)
        if known is None:
            policy = Policy(name, self.document(text), arn, version)
            known = self._compiled[key] = CompiledPolicy(policy, kind)
        return known

    def managed(self, arn: str, kind: PolicyKind = "identity") -> CompiledPolicy | None:
        """A managed policy by its ARN; None where its document is not known."""
        found = self.managed_text(arn)
        if found is None:
            return None
        return self._compile(found.name, found.text, kind, found.arn, found.version_id)

    def identity(self, arn: str) -> tuple[PolicySet, tuple[str, ...]]:
        """The identity-based policies of a principal, those of a user's groups included, and what is not
        known of them (as `attachments`)."""
        known = self._identity.get(arn)
        if known is None:
            known = self._identity[arn] = self._load_identity(arn)
        return known

    def _load_identity(self, arn: str) -> tuple[PolicySet, tuple[str, ...]]:
        attachments, unread = self.attachments(arn)
        policies = [
            self._compile(found.name, found.text, "identity", found.arn, found.version_id)
            for found in attachments
        ]
        return PolicySet("identity", policies), unread

    def attachments(self, arn: str) -> tuple[list[Attachment], tuple[str, ...]]:
        """The texts of a principal's identity-based policies, those of a user's groups included, and what is
        not known of them: ARNs of attached policies whose documents were not read, and groups. Nothing for a
        principal that the snapshot lacks; `unread_principal` says whether that means something."""
        principal = self.principal(arn)
        if principal is None:
            return [], ()
        unread: list[str] = []
        inline: list[InlinePolicy] = []
        attached: list[AttachedPolicy] = list(principal.attached_managed_policies)
        if isinstance(principal, Role):
            inline += principal.role_policy_list
        else:
            inline += principal.user_policy_list
            for name in principal.group_list:
                group = self._groups.get(name)
                if group is None:
                    unread.append(f"those of the group {name}")
                else:
                    inline += group.group_policy_list
                    attached += group.attached_managed_policies
        found = [Attachment(policy.policy_name, policy.policy_document) for policy in inline]
        for policy in attached:
            managed = self.managed_text(policy.policy_arn)
            if managed is None:
                unread.append(policy.policy_arn)
            else:
                found.append(managed)
        return found, tuple(unread)

    def managed_text(self, arn: str) -> Attachment | None:
        """A managed policy by its ARN, as text; None where its document is not known."""
        policy = self._managed_by_arn.get(arn)
        if policy is not None and policy.document:
            return Attachment(policy.policy_name, policy.document, arn, policy.default_version_id)
        text = self._managed(arn) if self._managed else None
        return Attachment(arn.rsplit("/", 1)[-1], text, arn) if text else None

    def _boundary(self, boundary: PermissionsBoundary | None) -> tuple[PolicySet | None, str]:
        if boundary is None:
            return None, ""
        compiled = self.managed(boundary.permissions_boundary_arn, "boundary")
        if compiled is None:
            return PolicySet("boundary", ()), boundary.permissions_boundary_arn
        return PolicySet("boundary", (compiled,)), ""

    @cached_property
    def _levels(self) -> dict[PolicyKind, tuple[PolicySet, ...]]:
        """SCPs and RCPs, level by level."""
        return {
            kind: tuple(
                PolicySet(kind, [self._compile(name, text, kind, arn) for name, text, arn in level])
                for level in levels
            )
            for kind, levels in organization_policies(self.snapshot).items()
        }

    @cached_property
    def _resource_policies(self) -> dict[str, tuple[str, str | UnsetType | None]]:
        return resource_policies(self.snapshot)

    def resource_policy(self, action: str, resource: str) -> tuple[PolicySet | None, str]:
        """The policy of a resource (None where it has none), and what could not be read of it. A role's trust
        policy counts for the actions of STS alone."""
        if action.lower().startswith("sts:"):
            role = self._principals.get(resource)
            if not isinstance(role, Role):
                return None, f"the trust policy of {resource}" if ":role/" in resource else ""
            return PolicySet(
                "resource", [self._compile("trust policy", role.assume_role_policy_document, "resource")]
            ), ""
        name, text = self._resource_policies.get(resource, ("", None))
        if not name and ":s3:::" in resource:
            name, text = self._resource_policies.get(resource.split("/", 1)[0], ("", None))
        if not name and self._must_have_policy(action, resource):
            return None, f"the policy of {resource}"
        if isinstance(text, UnsetType):
            return None, f"the {name} of {resource}"
        if not text:
            return None, ""
        return PolicySet("resource", [self._compile(name, text, "resource")]), ""

    def _must_have_policy(self, action: str, resource: str) -> bool:
        """Whether a resource that the snapshot lacks has a policy that decides: a KMS key has one always, a
        resource of another account where its service knows such policies."""
        if requires_resource_policy(action.lower(), resource):
            return True
        owner = self.owner(resource)
        return owner not in ("", self.snapshot.account_id) and has_resource_policies(action)

    def owner(self, resource: str) -> str:
        """The account of a resource by its ARN, a bucket's by the snapshot; empty where neither tells."""
        parsed = parse_arn(resource)
        if parsed is not None and parsed.account.isdigit():
            return parsed.account
        return self._bucket_owners.get(resource.partition("/")[0], "")

    # Requests

    @cached_property
    def _other_names(self) -> dict[str, str]:
        """Names under which a resource is called, but not authorized: a key's aliases, a secret's ARN without
        the six characters that Secrets Manager adds."""
        found = {alias: key.arn for key in self.snapshot.keys for alias in key.aliases}
        found.update(
            {secret.arn[:-7]: secret.arn for secret in self.snapshot.secrets if secret.arn[-7:-6] == "-"}
        )
        return found

    def authorized_resource(self, action: str, resource: str) -> str:
        """The ARN that AWS authorizes an action against when it is called with `resource`. An alias stands
        for its key, except for what is done to the alias itself."""
        if action.lower() in ALIAS_ACTIONS:
            return resource
        return self._other_names.get(resource, resource)

    def layers(self, principal: str, action: str = "", resource: str = "*") -> Layers:
        """Every layer that decides for a principal and a resource."""
        identity, unread = self.identity(principal)
        known = self.principal(principal)
        boundary, unread_boundary = self._boundary(known.permissions_boundary if known else None)
        own, unread_own = self.resource_policy(action, resource)
        parsed = parse_principal(principal)
        foreign = parsed.account not in ("", self.snapshot.account_id)
        # SCPs limit the principals of this account, RCPs its resources.
        owner = self.owner(resource) or parsed.account or self.snapshot.account_id
        unknown: dict[str, str] = {}
        stranger = self.unread_principal(principal)
        if stranger:
            unknown["scp" if parsed.kind == "root" else "identity"] = stranger
        elif unread:
            unknown["identity"] = "policies that were not read: " + ", ".join(unread)
        if unread_boundary:
            unknown["boundary"] = f"the boundary {unread_boundary}, which was not read"
        if unread_own:
            unknown["resource"] = f"{unread_own}, which was not read"
        return Layers(
            identity,
            resource=own,
            boundary=boundary,
            scps=() if foreign or parsed.is_service_linked else self._levels["scp"],
            rcps=self._levels["rcp"] if owner == self.snapshot.account_id else (),
            unknown=unknown,
        )

    def request(
        self,
        principal: str,
        action: str,
        resource: str = "*",
        context: Mapping[str, Any] | None = None,
        now: datetime | None = None,
    ) -> Request:
        """A request of a person who asks "could it", with what the account already tells filled in.

        What `context` says wins. Assumed: the call is made over TLS and directly, not by a service on behalf
        of the principal."""
        known, absent = self.known_context(principal, resource, action, now)
        return Request(
            principal=principal,
            action=action,
            resource=resource,
            context=known | dict(context or {}),
            resource_account=self._bucket_owners.get(resource.partition("/")[0]),
            mode="possible",
            absent=frozenset(absent),
        )

    @cached_property
    def _bucket_owners(self) -> dict[str, str]:
        """The owners of buckets, whose ARNs name no account."""
        return {bucket.arn: bucket.account_id or self.snapshot.account_id for bucket in self.snapshot.buckets}

    def decide(
        self, principal: str, action: str, resource: str = "*", context: Mapping[str, Any] | None = None
    ) -> Decision:
        """May the principal (ARN or name) do it, as far as the account tells?"""
        arn = self.resolve(principal)
        resource = self.authorized_resource(action, resource)
        return evaluate(self.layers(arn, action, resource), self.request(arn, action, resource, context))

    @cached_property
    def _known(self) -> KnownContext:
        return KnownContext(self.snapshot, self.principal)

    def known_context(
        self, principal: str, resource: str = "*", action: str = "", now: datetime | None = None
    ) -> tuple[dict[str, Any], set[str]]:
        """The condition keys that the account tells, and those (lower case) that it tells are not there."""
        return self._known.of(principal, resource, action, now)
