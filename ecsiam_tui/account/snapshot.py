"""A snapshot: all that was read from one account at one time, and all that could not be."""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

import msgspec

from ecsiam_tui.account.compute import Activation, ContainerInstance, Instance, ManagedNode
from ecsiam_tui.account.ecs import (
    CapacityProvider,
    Cluster,
    ExpressGatewayService,
    Gateway,
    Service,
    Setting,
)
from ecsiam_tui.account.iam import Group, InstanceProfile, LastAccessed, ManagedPolicy, Role, User
from ecsiam_tui.account.launchers import (
    DeploymentGroup,
    JobDefinition,
    Rule,
    ScalableTarget,
    Schedule,
    StateMachine,
)
from ecsiam_tui.account.records import Record
from ecsiam_tui.account.resources import (
    Bucket,
    FileSystem,
    Key,
    LambdaFunction,
    LogGroup,
    Parameter,
    PullThroughCacheRule,
    Repository,
    SecretResource,
)
from ecsiam_tui.account.tasks import DaemonTaskDefinition, Task, TaskDefinition

GapReason = Literal[
    "denied",
    "throttled",
    "unsupported",
    "unreachable",
    "invalid",
    "cancelled",
    "expired",
    "failed",
    "skipped",
]


class Gap(Record, frozen=True, kw_only=True):
    """Something that could not be read, and so is not known.

    `call` is the API call (`ecr:GetRepositoryPolicy`), `permission` the IAM action that it needs, `target`
    the one thing asked about (None for a list, and where it failed for all of them), `unknown` the names of
    the snapshot's fields that are incomplete for it (`secrets`; `secrets.policy` where the records are there
    but that part of them is not), `consequence` one sentence for a person.
    """

    call: str
    reason: GapReason
    error_code: str = ""
    message: str = ""
    consequence: str = ""
    permission: str = ""
    region: str | None = None
    target: str | None = None
    unknown: tuple[str, ...] = ()


class CallerIdentity(Record, frozen=True, kw_only=True):
    """Who read the account."""

    arn: str
    account: str
    user_id: str = ""


class OrganizationPolicy(Record, frozen=True, kw_only=True):
    """A service control policy or resource control policy."""

    id: str
    arn: str
    name: str
    type: Literal["SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"]
    content: str = ""
    aws_managed: bool = False


class OrganizationLevel(Record, frozen=True, kw_only=True):
    """The root, an organizational unit, or the account itself, with the policies attached there."""

    id: str
    name: str
    policy_ids: tuple[str, ...] = ()


class Organization(Record, frozen=True, kw_only=True):
    """The account's place in its organization: `levels` go from the root down to the account.

    Service control policies do not bind the management account.
    """

    id: str
    management_account_id: str
    levels: tuple[OrganizationLevel, ...] = ()
    policies: tuple[OrganizationPolicy, ...] = ()


class Snapshot(Record, frozen=True, kw_only=True):
    """One account as it was read at `taken_at` (UTC).

    `missing` holds the ARNs or names of things that were looked up and do not exist. A thing that is in no
    field, not in `missing` and covered by a gap is *unknown*.
    """

    account_id: str
    taken_at: datetime
    tool_version: str = ""
    source: Literal["live", "demo", "synthetic"] = "live"
    account_alias: str | None = None
    partition: str = "aws"
    regions: tuple[str, ...] = ()
    caller: CallerIdentity | None = None

    clusters: tuple[Cluster, ...] = ()
    capacity_providers: tuple[CapacityProvider, ...] = ()
    services: tuple[Service, ...] = ()
    express_services: tuple[ExpressGatewayService, ...] = ()
    gateways: tuple[Gateway, ...] = ()
    task_definitions: tuple[TaskDefinition, ...] = ()
    daemon_task_definitions: tuple[DaemonTaskDefinition, ...] = ()
    tasks: tuple[Task, ...] = ()
    container_instances: tuple[ContainerInstance, ...] = ()
    account_settings: dict[str, tuple[Setting, ...]] = {}

    instances: tuple[Instance, ...] = ()
    activations: tuple[Activation, ...] = ()
    managed_nodes: tuple[ManagedNode, ...] = ()

    rules: tuple[Rule, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    state_machines: tuple[StateMachine, ...] = ()
    deployment_groups: tuple[DeploymentGroup, ...] = ()
    scalable_targets: tuple[ScalableTarget, ...] = ()
    job_definitions: tuple[JobDefinition, ...] = ()

    roles: tuple[Role, ...] = ()
    users: tuple[User, ...] = ()
    groups: tuple[Group, ...] = ()
    policies: tuple[ManagedPolicy, ...] = ()
    instance_profiles: tuple[InstanceProfile, ...] = ()
    last_accessed: tuple[LastAccessed, ...] = ()
    account_summary: dict[str, int] = {}
    organization: Organization | None = None

    repositories: tuple[Repository, ...] = ()
    pull_through_cache_rules: tuple[PullThroughCacheRule, ...] = ()
    secrets: tuple[SecretResource, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    log_groups: tuple[LogGroup, ...] = ()
    keys: tuple[Key, ...] = ()
    file_systems: tuple[FileSystem, ...] = ()
    buckets: tuple[Bucket, ...] = ()
    functions: tuple[LambdaFunction, ...] = ()

    missing: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()

    def gaps_for(
        self, unknown: str, *, region: str | None = None, target: str | None = None
    ) -> Iterator[Gap]:
        """The gaps that leave the field `unknown` incomplete, for one region or one target if given.

        A gap without a region or target covers all of them.
        """
        for gap in self.gaps:
            if unknown not in gap.unknown:
                continue
            if region is not None and gap.region not in (None, region):
                continue
            if target is not None and gap.target not in (None, target):
                continue
            yield gap

    def is_known(self, name: str, *, region: str | None = None, target: str | None = None) -> bool:
        """Whether the field `name` is complete: only then does absence mean there is none."""
        return next(self.gaps_for(name, region=region, target=target), None) is None


DECODER = msgspec.json.Decoder(Snapshot)
"""Reads a snapshot's JSON.

Made when the module is imported, on purpose: msgspec (0.22) builds what it knows of a record on first use,
and two threads that do so at once crash the interpreter. Making this builds it for every record.
"""
