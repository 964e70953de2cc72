"""What stands around a workload in its account: looked up by the names that task definitions use."""

from collections import defaultdict
from functools import cached_property

from ecsiam_tui.account.compute import ContainerInstance, Instance
from ecsiam_tui.account.ecs import CapacityProvider, Cluster, Service
from ecsiam_tui.account.iam import InstanceProfile, Role
from ecsiam_tui.account.references import Home
from ecsiam_tui.account.resources import (
    Bucket,
    FileSystem,
    Key,
    LogGroup,
    Parameter,
    PullThroughCacheRule,
    Repository,
    SecretResource,
)
from ecsiam_tui.account.role_names import RoleNames
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.tasks import Task, TaskDefinition


class Surroundings:
    """A snapshot with its records by ARN or name. Each index is made when first needed."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.missing = frozenset(snapshot.missing)

    @cached_property
    def role_names(self) -> RoleNames:
        """Resolves short role names."""
        return RoleNames(self.snapshot)

    def role(self, value: str | None) -> str:
        """The ARN of a role field; empty where the field is."""
        return self.role_names.arn(value) if value else ""

    @cached_property
    def roles(self) -> dict[str, Role]:
        """Roles by ARN."""
        return {role.arn: role for role in self.snapshot.roles}

    @cached_property
    def clusters(self) -> dict[str, Cluster]:
        """Clusters by ARN."""
        return {cluster.cluster_arn: cluster for cluster in self.snapshot.clusters}

    @cached_property
    def services(self) -> dict[str, Service]:
        """Services by ARN."""
        return {service.service_arn: service for service in self.snapshot.services}

    @cached_property
    def definitions(self) -> dict[str, TaskDefinition]:
        """Task definitions by ARN, and the newest ACTIVE one of a family by the ARN without revision."""
        found = {found.task_definition_arn: found for found in self.snapshot.task_definitions}
        for definition in self.snapshot.task_definitions:
            if definition.latest:
                found[definition.task_definition_arn.rpartition(":")[0]] = definition
        return found

    def definition(self, name: str | None, home: Home) -> TaskDefinition | None:
        """A task definition by ARN, `family:revision` or family."""
        if not name:
            return None
        if not name.startswith("arn:"):
            name = home.arn("ecs", f"task-definition/{name}")
        return self.definitions.get(name)

    @cached_property
    def _capacity_providers(self) -> dict[str, CapacityProvider]:
        found = {provider.name: provider for provider in self.snapshot.capacity_providers}
        found.update({provider.capacity_provider_arn: provider for provider in found.values()})
        return found

    def capacity_provider(self, name: str) -> CapacityProvider | None:
        """A capacity provider by name or ARN."""
        return self._capacity_providers.get(name)

    @cached_property
    def _tasks(self) -> dict[str, list[Task]]:
        found: dict[str, list[Task]] = defaultdict(list)
        for task in self.snapshot.tasks:
            cluster = task.cluster_arn.rsplit("/", 1)[-1]
            kind, _, name = (task.group or "").partition(":")
            if kind == "service":
                head = task.cluster_arn.rsplit(":", 1)[0]
                found[f"{head}:service/{cluster}/{name}"].append(task)
        return found

    def tasks_of(self, service_arn: str) -> list[Task]:
        """The tasks of a service, stopped ones included."""
        return self._tasks.get(service_arn, [])

    @cached_property
    def container_instances(self) -> dict[str, list[ContainerInstance]]:
        """The container instances of a cluster's ARN."""
        found: dict[str, list[ContainerInstance]] = defaultdict(list)
        for instance in self.snapshot.container_instances:
            found[instance.cluster_arn].append(instance)
        return found

    @cached_property
    def instances(self) -> dict[str, Instance]:
        """EC2 instances by id."""
        return {instance.instance_id: instance for instance in self.snapshot.instances}

    @cached_property
    def instance_profiles(self) -> dict[str, InstanceProfile]:
        """Instance profiles by ARN."""
        return {profile.arn: profile for profile in self.snapshot.instance_profiles}

    @cached_property
    def _node_roles(self) -> dict[str, str]:
        return {node.instance_id: node.iam_role or "" for node in self.snapshot.managed_nodes}

    def instance_role(self, instance: ContainerInstance) -> str:
        """The ARN of the role of a container instance; empty where it is not known."""
        host = instance.ec2_instance_id or ""
        if host.startswith("mi-"):
            return self.role(self._node_roles.get(host))
        known = self.instances.get(host)
        profile = known.iam_instance_profile if known else None
        found = self.instance_profiles.get(profile.arn) if profile else None
        return found.role_arns[0] if found and found.role_arns else ""

    @cached_property
    def _instance_roles(self) -> dict[str, tuple[str, ...]]:
        found = {}
        for cluster, instances in self.container_instances.items():
            roles = dict.fromkeys(self.instance_role(instance) for instance in instances)
            found[cluster] = tuple(role for role in roles if role)
        return found

    def instance_roles(self, cluster_arn: str) -> tuple[str, ...]:
        """The different roles of a cluster's container instances."""
        return self._instance_roles.get(cluster_arn, ())

    @cached_property
    def secrets(self) -> dict[str, SecretResource]:
        """Secrets by ARN and by the ARN without the six characters that Secrets Manager adds."""
        found = {secret.arn[:-7]: secret for secret in self.snapshot.secrets if secret.arn[-7:-6] == "-"}
        found.update({secret.arn: secret for secret in self.snapshot.secrets})
        return found

    @cached_property
    def parameters(self) -> dict[str, Parameter]:
        """Systems Manager parameters by ARN."""
        return {parameter.arn: parameter for parameter in self.snapshot.parameters}

    @cached_property
    def keys(self) -> dict[str, Key]:
        """KMS keys by ARN and by the ARNs of their aliases."""
        found = {alias: key for key in self.snapshot.keys for alias in key.aliases}
        found.update({key.arn: key for key in self.snapshot.keys})
        return found

    def key(self, reference: str | None, home: Home) -> tuple[str, Key | None]:
        """The ARN that a reference to a key (ARN, id, alias) means, and the key if it was read."""
        if not reference:
            return "", None
        if not reference.startswith("arn:"):
            reference = home.arn("kms", reference if reference.startswith("alias/") else f"key/{reference}")
        found = self.keys.get(reference)
        return (found.arn, found) if found else (reference, None)

    @cached_property
    def repositories(self) -> dict[str, Repository]:
        """Repositories by ARN."""
        return {repository.repository_arn: repository for repository in self.snapshot.repositories}

    @cached_property
    def cache_rules_known(self) -> bool:
        """Whether all pull-through cache rules of the account were read."""
        return self.snapshot.is_known("pull_through_cache_rules")

    def cache_rule(self, region: str, repository: str) -> PullThroughCacheRule | None:
        """The pull-through cache rule that a repository's name falls under."""
        for rule in self.snapshot.pull_through_cache_rules:
            prefix = rule.ecr_repository_prefix
            if rule.region in ("", region) and (prefix == "ROOT" or repository.startswith(f"{prefix}/")):
                return rule
        return None

    @cached_property
    def log_groups(self) -> dict[str, LogGroup]:
        """Log groups by ARN (without `:*`)."""
        return {group.arn.removesuffix(":*"): group for group in self.snapshot.log_groups}

    @cached_property
    def file_systems(self) -> dict[str, FileSystem]:
        """EFS file systems by ARN."""
        return {system.file_system_arn: system for system in self.snapshot.file_systems}

    @cached_property
    def buckets(self) -> dict[str, Bucket]:
        """Buckets by ARN."""
        return {bucket.arn: bucket for bucket in self.snapshot.buckets}

    def setting(self, region: str, name: str) -> str:
        """The value of an account setting in a region; empty where it was not read."""
        settings = self.snapshot.account_settings.get(region, ())
        return next((setting.value or "" for setting in settings if setting.name == name), "")
