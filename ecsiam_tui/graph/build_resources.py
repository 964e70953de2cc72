"""What task definitions and clusters name: images, secrets, logs, keys, file systems, buckets."""

from collections.abc import Iterable

from ecsiam_tui.account.arns import parse_arn
from ecsiam_tui.account.references import Reference, container_references, home_of, references
from ecsiam_tui.graph.builder import Builder
from ecsiam_tui.graph.kinds import EdgeKind, NodeKind

_SUFFIX_LENGTH = 7
"""Secrets Manager ends each ARN of a secret in a hyphen and six characters; references may leave them out."""


def add_nodes(builder: Builder) -> None:
    """A node for each resource that was read."""
    snapshot = builder.snapshot
    for repository in snapshot.repositories:
        builder.add(NodeKind.REPOSITORY, repository.repository_arn, repository.repository_name, repository)
    for secret in snapshot.secrets:
        builder.add(
            NodeKind.SECRET,
            secret.arn,
            secret.name,
            secret,
            "pending deletion" if secret.deleted_date else "",
        )
    for parameter in snapshot.parameters:
        builder.add(NodeKind.PARAMETER, parameter.arn, parameter.name, parameter, parameter.type or "")
    for group in snapshot.log_groups:
        builder.add(NodeKind.LOG_GROUP, group.arn.removesuffix(":*"), group.log_group_name, group)
    for key in snapshot.keys:
        title = key.aliases[0].rsplit(":", 1)[-1] if key.aliases else key.key_id
        builder.add(NodeKind.KEY, key.arn, title, key, "AWS managed" if key.key_manager == "AWS" else "")
    for system in snapshot.file_systems:
        builder.add(
            NodeKind.FILE_SYSTEM, system.file_system_arn, system.name or system.file_system_id, system
        )
    for bucket in snapshot.buckets:
        builder.add(NodeKind.BUCKET, bucket.arn, bucket.name, bucket)
    for function in snapshot.functions:
        builder.add(NodeKind.FUNCTION, function.function_arn, function.function_name, function)


def add_edges(builder: Builder) -> None:
    """What reads, pulls, mounts, logs to and encrypts with what."""
    resolver = _Resolver(builder)
    for definition in builder.snapshot.task_definitions:
        resolver.connect(definition.task_definition_arn, references(definition))
    for daemon in builder.snapshot.daemon_task_definitions:
        arn = daemon.daemon_task_definition_arn
        resolver.connect(arn, container_references(daemon.container_definitions, home_of(arn)))
    for cluster in builder.snapshot.clusters:
        configuration = cluster.configuration
        execute = configuration.execute_command_configuration if configuration else None
        storage = configuration.managed_storage_configuration if configuration else None
        for key in (
            execute.kms_key_id if execute else None,
            storage.kms_key_id if storage else None,
            storage.fargate_ephemeral_storage_kms_key_id if storage else None,
        ):
            resolver.encrypts(cluster.cluster_arn, key)
        log = execute.log_configuration if execute else None
        if log and log.s3_bucket_name:
            arn = f"arn:{builder.snapshot.partition}:s3:::{log.s3_bucket_name}"
            builder.estate.connect(
                cluster.cluster_arn, builder.refer(NodeKind.BUCKET, arn), EdgeKind.LOGS_TO, "ECS Exec"
            )
        if log and log.cloud_watch_log_group_name:
            home = parse_arn(cluster.cluster_arn)
            if home:
                name = f"log-group:{log.cloud_watch_log_group_name}"
                group = str(home._replace(service="logs", resource=name))
                node = builder.refer(NodeKind.LOG_GROUP, group)
                builder.estate.connect(cluster.cluster_arn, node, EdgeKind.LOGS_TO, "ECS Exec")
    for secret in builder.snapshot.secrets:
        resolver.encrypts(secret.arn, secret.kms_key_id)
    for parameter in builder.snapshot.parameters:
        resolver.encrypts(parameter.arn, parameter.key_id)
    for log_group in builder.snapshot.log_groups:
        resolver.encrypts(log_group.arn.removesuffix(":*"), log_group.kms_key_id)
    for system in builder.snapshot.file_systems:
        resolver.encrypts(system.file_system_arn, system.kms_key_id)
    for repository in builder.snapshot.repositories:
        key = (repository.encryption_configuration or {}).get("kmsKey")
        resolver.encrypts(repository.repository_arn, key)
    for function in builder.snapshot.functions:
        builder.connect_role(function.function_arn, function.role, EdgeKind.USES_FUNCTION_ROLE, "Role")


class _Resolver:
    """Finds the node that a reference means, whichever of its names is used."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._secrets: dict[str, str] = {}
        for secret in builder.snapshot.secrets:
            self._secrets[secret.arn] = secret.arn
            self._secrets[secret.arn[:-_SUFFIX_LENGTH]] = secret.arn
        self._keys: dict[str, str] = {}
        for key in builder.snapshot.keys:
            for name in (key.arn, *key.aliases):
                self._keys[name] = key.arn

    def connect(self, user: str, found: Iterable[Reference]) -> None:
        """An edge for each reference."""
        for reference in found:
            relation = EdgeKind(reference.relation)
            self._builder.estate.connect(user, self.node(reference), relation, reference.via)

    def node(self, reference: Reference) -> str:
        node_id = reference.id
        if reference.kind == "secret":
            node_id = self._secrets.get(node_id, node_id)
        title = node_id.removeprefix("image:") if reference.kind == "image" else ""
        return self._builder.refer(NodeKind(reference.kind), node_id, title)

    def encrypts(self, user: str, key: str | None) -> None:
        """An edge to a key given by ARN, id, alias or alias ARN; ids and aliases are of the user's region."""
        if not key:
            return
        if parse_arn(key) is None:
            key = home_of(user).arn("kms", key if key.startswith("alias/") else f"key/{key}")
        node = self._builder.refer(NodeKind.KEY, self._keys.get(key, key))
        self._builder.estate.connect(user, node, EdgeKind.ENCRYPTS_WITH, "KMS key")
