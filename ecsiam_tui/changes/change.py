"""The changes that there are. Fields are spelled as the AWS call that makes the change spells them.

Documents are texts, exactly as they will be written. Roles are named by ARN, so that one with a path is not
mistaken for another; what a change creates has the ARN that AWS will give it, which for IAM is known
beforehand. A task definition's next revision is not: there the ARN is a guess that whoever executes replaces
by what ECS answers.
"""

from typing import Any, ClassVar, Literal

import msgspec


class Change(msgspec.Struct, frozen=True, kw_only=True, tag_field="change", omit_defaults=True):
    """One change. `why` says in a few words what it is for; it is shown, and in no call."""

    target_field: ClassVar[str] = "role"
    why: str = ""

    @property
    def target(self) -> str:
        """The id of what the change writes, makes or deletes."""
        found: str = getattr(self, self.target_field)
        return found


# Roles ------------------------------------------------------------------------------------------------------


class CreateRole(Change, frozen=True, kw_only=True, tag="create-role"):
    """Make a role. `role` is the ARN it will have."""

    role: str
    trust: str
    description: str = ""
    tags: dict[str, str] = {}
    boundary: str = ""
    max_session_duration: int = 3600


class DeleteRole(Change, frozen=True, kw_only=True, tag="delete-role"):
    """Delete a role that nothing uses, with its inline policies, attachments and instance profile
    memberships."""

    role: str


class PutRolePolicy(Change, frozen=True, kw_only=True, tag="put-role-policy"):
    """Write an inline policy of a role, replacing the one of that name."""

    role: str
    name: str
    document: str


class DeleteRolePolicy(Change, frozen=True, kw_only=True, tag="delete-role-policy"):
    """Delete an inline policy of a role."""

    role: str
    name: str


class AttachRolePolicy(Change, frozen=True, kw_only=True, tag="attach-role-policy"):
    """Attach a managed policy to a role."""

    role: str
    policy: str


class DetachRolePolicy(Change, frozen=True, kw_only=True, tag="detach-role-policy"):
    """Detach a managed policy from a role."""

    role: str
    policy: str


class UpdateTrust(Change, frozen=True, kw_only=True, tag="update-trust"):
    """Replace the trust policy of a role."""

    role: str
    trust: str


class PutBoundary(Change, frozen=True, kw_only=True, tag="put-boundary"):
    """Set the permissions boundary of a role; an empty one takes it away."""

    role: str
    boundary: str = ""


class TagRole(Change, frozen=True, kw_only=True, tag="tag-role"):
    """Set tags of a role, and take some away."""

    role: str
    tags: dict[str, str] = {}
    remove: tuple[str, ...] = ()


class SetInstanceProfileRole(Change, frozen=True, kw_only=True, tag="set-instance-profile-role"):
    """Put another role into an instance profile; an empty one leaves it without."""

    target_field: ClassVar[str] = "profile"
    profile: str
    role: str = ""


class CreateServiceLinkedRole(Change, frozen=True, kw_only=True, tag="create-service-linked-role"):
    """Make the service-linked role of a service (`ecs.amazonaws.com`)."""

    target_field: ClassVar[str] = "service"
    service: str


# Managed policies -------------------------------------------------------------------------------------------


class CreatePolicy(Change, frozen=True, kw_only=True, tag="create-policy"):
    """Make a customer managed policy. `policy` is the ARN it will have."""

    target_field: ClassVar[str] = "policy"
    policy: str
    document: str
    description: str = ""
    tags: dict[str, str] = {}


class DeletePolicy(Change, frozen=True, kw_only=True, tag="delete-policy"):
    """Delete a customer managed policy that is attached to nothing, with all its versions."""

    target_field: ClassVar[str] = "policy"
    policy: str


class CreatePolicyVersion(Change, frozen=True, kw_only=True, tag="create-policy-version"):
    """Write a new default version of a managed policy. Where five exist, the oldest that is not the default
    goes (IAM User Guide, "Versioning IAM policies")."""

    target_field: ClassVar[str] = "policy"
    policy: str
    document: str


class SetDefaultPolicyVersion(Change, frozen=True, kw_only=True, tag="set-default-policy-version"):
    """Make another version of a managed policy the default. `document` is that version's, where it is known:
    a snapshot holds the default version's alone."""

    target_field: ClassVar[str] = "policy"
    policy: str
    version_id: str
    document: str = ""


class DeletePolicyVersion(Change, frozen=True, kw_only=True, tag="delete-policy-version"):
    """Delete a version of a managed policy that is not the default."""

    target_field: ClassVar[str] = "policy"
    policy: str
    version_id: str


# Amazon ECS -------------------------------------------------------------------------------------------------

Path = tuple[str | int, ...]


class Edit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One edit of a task definition's JSON: the member at `path` (`("containerDefinitions", 0, "secrets")`)
    is set to `value`, or taken away where `remove` is set. Environment variables' values are never in it.
    `named` is the name that a member of a list has to have that is taken away: where another stands there
    when the base is read anew, the edit does not fit."""

    path: Path
    value: Any = None
    remove: bool = False
    named: str = ""


class RegisterTaskDefinition(Change, frozen=True, kw_only=True, tag="register-task-definition"):
    """Register a new revision that is `base` (ARN) with some edits. `task_definition` is the ARN it is
    guessed to get. The base is read anew when the change is executed: values of its environment variables are
    in no snapshot and in no plan."""

    target_field: ClassVar[str] = "task_definition"
    base: str
    task_definition: str
    edits: tuple[Edit, ...] = ()


class DeregisterTaskDefinition(Change, frozen=True, kw_only=True, tag="deregister-task-definition"):
    """Make a revision INACTIVE: what runs it goes on, nothing new can be started from it."""

    target_field: ClassVar[str] = "task_definition"
    task_definition: str


class UpdateService(Change, frozen=True, kw_only=True, tag="update-service"):
    """Roll out a service: another task definition (ARN), ECS Exec on or off, or only a new deployment. None
    leaves a thing as it is."""

    target_field: ClassVar[str] = "service"
    service: str
    task_definition: str | None = None
    enable_execute_command: bool | None = None
    force_new_deployment: bool = False


class UpdateClusterExec(Change, frozen=True, kw_only=True, tag="update-cluster-exec"):
    """Set how a cluster logs and encrypts ECS Exec sessions: `executeCommandConfiguration` as ECS spells it;
    None takes it away."""

    target_field: ClassVar[str] = "cluster"
    cluster: str
    configuration: dict[str, Any] | None = None


# Launchers --------------------------------------------------------------------------------------------------


class PutRuleTarget(Change, frozen=True, kw_only=True, tag="put-rule-target"):
    """Change the role or the task definition (ARN) of a rule's target. None leaves a thing as it is."""

    target_field: ClassVar[str] = "rule"
    rule: str
    target_id: str
    role: str | None = None
    task_definition: str | None = None


class UpdateSchedule(Change, frozen=True, kw_only=True, tag="update-schedule"):
    """Change the role or the task definition (ARN) of a schedule. None leaves a thing as it is."""

    target_field: ClassVar[str] = "schedule"
    schedule: str
    role: str | None = None
    task_definition: str | None = None


# Resources --------------------------------------------------------------------------------------------------

ResourceKind = Literal["repository", "secret", "key"]


class SetResourcePolicy(Change, frozen=True, kw_only=True, tag="set-resource-policy"):
    """Replace the policy of a repository, secret or key (ARN); None takes it away (a key always has one)."""

    target_field: ClassVar[str] = "resource"
    kind: ResourceKind
    resource: str
    document: str | None = None


class CreateLogGroup(Change, frozen=True, kw_only=True, tag="create-log-group"):
    """Make a log group (ARN without `:*`)."""

    target_field: ClassVar[str] = "log_group"
    log_group: str
    retention_in_days: int | None = None


class DeleteLogGroup(Change, frozen=True, kw_only=True, tag="delete-log-group"):
    """Delete a log group: only ever as the inverse of making it."""

    target_field: ClassVar[str] = "log_group"
    log_group: str


AnyChange = (
    CreateRole
    | DeleteRole
    | PutRolePolicy
    | DeleteRolePolicy
    | AttachRolePolicy
    | DetachRolePolicy
    | UpdateTrust
    | PutBoundary
    | TagRole
    | SetInstanceProfileRole
    | CreateServiceLinkedRole
    | CreatePolicy
    | DeletePolicy
    | CreatePolicyVersion
    | SetDefaultPolicyVersion
    | DeletePolicyVersion
    | RegisterTaskDefinition
    | DeregisterTaskDefinition
    | UpdateService
    | UpdateClusterExec
    | PutRuleTarget
    | UpdateSchedule
    | SetResourcePolicy
    | CreateLogGroup
    | DeleteLogGroup
)
"""Every change that there is."""
