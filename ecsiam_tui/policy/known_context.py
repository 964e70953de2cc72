"""What a snapshot tells of a request before it is made: the condition keys of principal, resource, place and
time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from ecsiam_tui.account import Snapshot
from ecsiam_tui.account.arns import parse_arn
from ecsiam_tui.account.iam import Role, User
from ecsiam_tui.account.resources import Bucket

from .principals import parse_principal


class KnownContext:
    """The known condition keys of requests in one account. `find` gives the role or user of a principal's
    ARN."""

    def __init__(self, snapshot: Snapshot, find: Callable[[str], Role | User | None]) -> None:
        self.snapshot = snapshot
        self._find = find

    def of(
        self, principal: str, resource: str = "*", action: str = "", now: datetime | None = None
    ) -> tuple[dict[str, Any], set[str]]:
        """The condition keys that the account tells, and those (lower case) that it tells are not there."""
        moment = now or datetime.now(UTC)
        known: dict[str, Any] = {
            "aws:CurrentTime": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "aws:EpochTime": str(int(moment.timestamp())),
            "aws:SecureTransport": "true",
            "aws:ViaAWSService": "false",
        }
        absent = {"aws:calledvia", "aws:calledviafirst", "aws:calledvialast"}
        self._principal_context(principal, known, absent)
        self._resource_context(resource, known, absent)
        if "aws:RequestedRegion" not in known:
            region = self._region(action)
            known |= {"aws:RequestedRegion": region} if region else {}
        return known, absent

    def _region(self, action: str) -> str:
        """The region of a request whose resource names none: that of IAM's one endpoint, or the only region
        of the account; empty where it is open. IAM User Guide, "AWS global condition context keys",
        aws:RequestedRegion."""
        if action.lower().startswith("iam:") and self.snapshot.partition == "aws":
            return "us-east-1"
        return self.snapshot.regions[0] if len(self.snapshot.regions) == 1 else ""

    def _principal_context(self, arn: str, known: dict[str, Any], absent: set[str]) -> None:
        parsed = parse_principal(arn)
        found = self._find(arn)
        known["aws:PrincipalIsAWSService"] = "true" if parsed.kind == "service" else "false"
        if parsed.kind in ("anonymous", "service"):
            # Neither is a member of an organization or has tags; nobody signs an anonymous request. IAM User
            # Guide, "AWS global condition context keys", availability of the aws:Principal… keys.
            absent |= {"aws:principalorgid", "aws:principalorgpaths", "aws:principaltag/", "aws:username"}
        if parsed.kind == "anonymous":
            absent.add("aws:principalarn")
        if not parsed.is_iam:
            return
        known["aws:PrincipalAccount"] = parsed.account
        known["aws:PrincipalArn"] = found.arn if found is not None else parsed.text
        types = {"user": "User", "role": "AssumedRole", "session": "AssumedRole", "root": "Account"}
        known["aws:PrincipalType"] = types.get(parsed.kind, "FederatedUser")
        organization = self.snapshot.organization
        if organization is not None and parsed.account == self.snapshot.account_id:
            known["aws:PrincipalOrgID"] = organization.id
            path = "/".join(
                [organization.id, *(level.id for level in organization.levels if "-" in level.id)]
            )
            known["aws:PrincipalOrgPaths"] = [path + "/"]
        if found is not None:
            known.update({f"aws:PrincipalTag/{key}": value for key, value in found.tags.items()})
            absent.add("aws:principaltag/")
        if isinstance(found, User):
            known["aws:username"] = found.user_name
            if found.user_id:
                known["aws:userid"] = found.user_id
        elif parsed.kind in ("role", "session"):
            absent.add("aws:username")

    def _resource_context(self, resource: str, known: dict[str, Any], absent: set[str]) -> None:
        parsed = parse_arn(resource)
        if parsed is None:
            return
        if parsed.region:
            known["aws:RequestedRegion"] = parsed.region
        bucket = self._buckets.get(resource.split("/", 1)[0])
        if bucket is not None and bucket.region:
            known["aws:RequestedRegion"] = bucket.region
        own = parsed.account == self.snapshot.account_id
        if own or (bucket is not None and bucket.account_id in (None, self.snapshot.account_id)):
            known["aws:ResourceAccount"] = self.snapshot.account_id
            if self.snapshot.organization is not None:
                known["aws:ResourceOrgID"] = self.snapshot.organization.id
        tags = self._tags.get(resource)
        if tags is not None:
            known.update({f"aws:ResourceTag/{key}": value for key, value in tags.items()})
            known.update({f"{parsed.service}:ResourceTag/{key}": value for key, value in tags.items()})
            absent |= {"aws:resourcetag/", f"{parsed.service}:resourcetag/"}
        if parsed.service == "ecs":
            known.update(_ecs_context(resource))

    @cached_property
    def _buckets(self) -> dict[str, Bucket]:
        return {bucket.arn: bucket for bucket in self.snapshot.buckets}

    @cached_property
    def _tags(self) -> dict[str, dict[str, str]]:
        """Tags of every resource of which the snapshot knows them."""
        snapshot = self.snapshot
        found: dict[str, dict[str, str]] = {}
        for secret in snapshot.secrets:
            found[secret.arn] = secret.tags
        for system in snapshot.file_systems:
            found[system.file_system_arn] = system.tags
        found.update({role.arn: role.tags for role in snapshot.roles})
        found.update({user.arn: user.tags for user in snapshot.users})
        # ECS gives tags only when asked for them: an empty set may mean that nobody asked.
        found.update({cluster.cluster_arn: cluster.tags for cluster in snapshot.clusters if cluster.tags})
        found.update({service.service_arn: service.tags for service in snapshot.services if service.tags})
        found.update({task.task_arn: task.tags for task in snapshot.tasks if task.tags})
        for definition in snapshot.task_definitions:
            if definition.tags:
                found[definition.task_definition_arn] = definition.tags
        return found


def _ecs_context(resource: str) -> dict[str, str]:
    """ecs:cluster and ecs:service of a resource whose ARN names them. Service Authorization Reference,
    "Condition keys for Amazon Elastic Container Service"."""
    head, _, rest = resource.rpartition(":")
    parts = rest.split("/")
    known: dict[str, str] = {}
    kinds = ("service", "task", "task-set", "container-instance", "service-deployment", "service-revision")
    if parts[0] in kinds and len(parts) >= 3:
        known["ecs:cluster"] = f"{head}:cluster/{parts[1]}"
        if parts[0] in ("service", "task-set", "service-deployment", "service-revision"):
            known["ecs:service"] = f"{head}:service/{parts[1]}/{parts[2]}"
    elif parts[0] == "cluster":
        known["ecs:cluster"] = resource
    return known
