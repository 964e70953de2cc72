"""AWS Identity and Access Management: roles, users, groups, policies, instance profiles.

Shapes are those of `GetAccountAuthorizationDetails`. A policy document is kept as the text that AWS
stores, so that line numbers are the author's and an undo gives back the same bytes.
"""

from datetime import datetime

from ecsiam_tui.account.records import AwsPascal


class InlinePolicy(AwsPascal, frozen=True, kw_only=True):
    """A policy that lives in one role, user or group."""

    policy_name: str
    policy_document: str


class AttachedPolicy(AwsPascal, frozen=True, kw_only=True):
    """A managed policy attached to a role, user or group."""

    policy_name: str = ""
    policy_arn: str = ""


class PermissionsBoundary(AwsPascal, frozen=True, kw_only=True):
    """The managed policy that bounds what a role or user can be given."""

    permissions_boundary_arn: str
    permissions_boundary_type: str | None = None


class RoleLastUsed(AwsPascal, frozen=True, kw_only=True):
    """When a role was last used; AWS tracks 400 days."""

    last_used_date: datetime | None = None
    region: str | None = None


class Role(AwsPascal, frozen=True, kw_only=True):
    """A role. `assume_role_policy_document` is its trust policy."""

    role_name: str
    arn: str
    path: str = "/"
    role_id: str = ""
    create_date: datetime | None = None
    description: str | None = None
    max_session_duration: int | None = None
    assume_role_policy_document: str = ""
    role_policy_list: tuple[InlinePolicy, ...] = ()
    attached_managed_policies: tuple[AttachedPolicy, ...] = ()
    permissions_boundary: PermissionsBoundary | None = None
    role_last_used: RoleLastUsed | None = None
    tags: dict[str, str] = {}

    @property
    def is_service_linked(self) -> bool:
        """Whether AWS alone may change it (path `/aws-service-role/`)."""
        return self.path.startswith("/aws-service-role/")


class User(AwsPascal, frozen=True, kw_only=True):
    """A user."""

    user_name: str
    arn: str
    path: str = "/"
    user_id: str = ""
    create_date: datetime | None = None
    user_policy_list: tuple[InlinePolicy, ...] = ()
    group_list: tuple[str, ...] = ()
    attached_managed_policies: tuple[AttachedPolicy, ...] = ()
    permissions_boundary: PermissionsBoundary | None = None
    tags: dict[str, str] = {}


class Group(AwsPascal, frozen=True, kw_only=True):
    """A group of users."""

    group_name: str
    arn: str
    path: str = "/"
    group_id: str = ""
    group_policy_list: tuple[InlinePolicy, ...] = ()
    attached_managed_policies: tuple[AttachedPolicy, ...] = ()


class PolicyVersion(AwsPascal, frozen=True, kw_only=True):
    """A version of a managed policy; only the default one's document is kept."""

    version_id: str
    is_default_version: bool = False
    create_date: datetime | None = None


class ManagedPolicy(AwsPascal, frozen=True, kw_only=True):
    """A managed policy with the document of its default version."""

    policy_name: str
    arn: str
    path: str = "/"
    policy_id: str = ""
    default_version_id: str = ""
    document: str = ""
    policy_version_list: tuple[PolicyVersion, ...] = ()
    attachment_count: int = 0
    permissions_boundary_usage_count: int = 0
    is_attachable: bool = True
    description: str | None = None
    create_date: datetime | None = None
    update_date: datetime | None = None
    tags: dict[str, str] = {}

    @property
    def is_aws_managed(self) -> bool:
        """Whether AWS owns it: its ARN has `aws` where an account id would stand."""
        return self.arn.split(":", 5)[4:5] == ["aws"]


class ActionLastAccessed(AwsPascal, frozen=True, kw_only=True):
    """When a role last tried an action that AWS tracks; no time: not in the tracking period."""

    action_name: str = ""
    last_accessed_time: datetime | None = None
    last_accessed_region: str | None = None


class ServiceLastAccessed(AwsPascal, frozen=True, kw_only=True):
    """When a role last tried to use a service (by its prefix); no time: not in the tracking period.

    AWS tracks management actions alone. An action that is not listed is not tracked, or the role does not
    have it: whether it was used is unknown. Of a service that was not used the actions are left out.
    """

    service_namespace: str
    last_authenticated: datetime | None = None
    last_authenticated_region: str | None = None
    tracked_actions_last_accessed: tuple[ActionLastAccessed, ...] = ()


class LastAccessed(AwsPascal, frozen=True, kw_only=True):
    """AWS's report of what a role (`arn`) did last with each service that its policies allowed it then.

    It counts attempts, also those that were denied; what happened within four hours may not be in it. A
    service that is not listed is unknown.
    """

    arn: str
    job_completion_date: datetime | None = None
    services_last_accessed: tuple[ServiceLastAccessed, ...] = ()


class InstanceProfile(AwsPascal, frozen=True, kw_only=True):
    """An instance profile and the ARN of the one role that it may hold."""

    instance_profile_name: str
    arn: str
    path: str = "/"
    role_arns: tuple[str, ...] = ()
