"""What the records read so far name: the resources that are worth reading, and no others."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from ecsiam_tui.account.arns import parse_arn
from ecsiam_tui.account.ecs import ExecuteCommandLogConfiguration
from ecsiam_tui.account.references import Reference, home_of, log_target, parse_image, references
from ecsiam_tui.account.tasks import TaskDefinition
from ecsiam_tui.aws.reading import Reading, region_of

THROUGH = "parameter/aws/reference/secretsmanager/"
"""Parameters by which Systems Manager hands out secrets: reserved, and listed nowhere."""

PUBLIC = "parameter/aws/service/"
"""Parameters that AWS publishes for everybody: there, and listed nowhere."""

_BUCKET_IN_POLICY = re.compile(r'"arn:aws[a-z-]*:s3:::([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/[^"]*)?"')


def definitions(reading: Reading) -> Iterator[TaskDefinition]:
    """Task definitions, and those of daemons as if they were."""
    yield from reading.get("task_definitions")
    for daemon in reading.get("daemon_task_definitions"):
        yield TaskDefinition(
            task_definition_arn=daemon.daemon_task_definition_arn,
            family=daemon.family,
            container_definitions=daemon.container_definitions,
        )


def named_by_task_definitions(reading: Reading, kind: str) -> set[str]:
    """The ids (ARNs) of everything of a kind that task definitions refer to."""
    found: Iterable[Reference] = (
        reference for definition in definitions(reading) for reference in references(definition)
    )
    return {reference.id for reference in found if reference.kind == kind and parse_arn(reference.id)}


def secrets(reading: Reading) -> set[str]:
    """ARNs of secrets, also of those that are read through a parameter.

    Of a reference that the agent would refuse, what can be read as the secret's ARN.
    """
    named = filter(None, map(parse_arn, named_by_task_definitions(reading, "secret")))
    through = filter(None, map(parse_arn, named_by_task_definitions(reading, "parameter")))
    return {str(arn._replace(resource=":".join(arn.resource.split(":")[:2]))) for arn in named} | {
        str(arn._replace(service="secretsmanager", resource=f"secret:{arn.resource.removeprefix(THROUGH)}"))
        for arn in through
        if arn.resource.startswith(THROUGH)
    }


def images(reading: Reading) -> dict[str, dict[str, str]]:
    """Repository ARN → image as written → its tag or digest, of images in private Amazon ECR."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for definition in definitions(reading):
        home = home_of(definition.task_definition_arn)
        for container in definition.container_definitions:
            image = parse_image(container.image)
            if image.account is None or image.region is None:
                continue
            there = home._replace(region=image.region, account=image.account)
            arn = there.arn("ecr", f"repository/{image.repository}")
            found[arn][container.image] = image.digest or image.tag or "latest"
    return found


def log_groups(reading: Reading) -> set[str]:
    """ARNs of log groups: of containers, of Service Connect, of ECS Exec."""
    found = named_by_task_definitions(reading, "log-group")
    for service in reading.get("services"):
        for deployment in service.deployments:
            connect = deployment.service_connect_configuration
            target = log_target(connect.log_configuration if connect else None, home_of(service.service_arn))
            if target is not None:
                found.add(target.arn)
    for cluster, configuration in _exec_log_configurations(reading):
        if configuration.cloud_watch_log_group_name:
            home = home_of(cluster)
            found.add(home.arn("logs", f"log-group:{configuration.cloud_watch_log_group_name}"))
    return found


def buckets(reading: Reading) -> dict[str, str]:
    """Bucket ARN → a region to ask in first, for all that task definitions, clusters and policies name.

    Of policies only those count that belong to roles of tasks, and only names without a wildcard.
    """
    found: dict[str, str] = {}
    partition = reading.session.partition
    for definition in definitions(reading):
        for reference in references(definition):
            if reference.kind == "bucket":
                found.setdefault(reference.id, region_of(definition.task_definition_arn))
    for cluster, configuration in _exec_log_configurations(reading):
        if configuration.s3_bucket_name:
            found.setdefault(f"arn:{partition}:s3:::{configuration.s3_bucket_name}", region_of(cluster))
    for document in _documents_of_task_roles(reading):
        for name in _BUCKET_IN_POLICY.findall(document):
            found.setdefault(f"arn:{partition}:s3:::{name}", reading.home_region)
    return found


def functions(reading: Reading) -> set[str]:
    """ARNs of the Lambda functions that deployment lifecycle hooks invoke."""
    return {
        hook.hook_target_arn
        for service in reading.get("services")
        if service.deployment_configuration
        for hook in service.deployment_configuration.lifecycle_hooks
        if hook.hook_target_arn and ":lambda:" in hook.hook_target_arn
    }


def keys(reading: Reading) -> set[tuple[str, str]]:
    """(region, key) for every KMS key named so far: an ARN, an id or an alias as it was written."""
    found: set[tuple[str | None, str]] = set()
    for cluster in reading.get("clusters"):
        region, configuration = region_of(cluster.cluster_arn), cluster.configuration
        if configuration and configuration.execute_command_configuration:
            found.add((configuration.execute_command_configuration.kms_key_id, region))
        if configuration and (storage := configuration.managed_storage_configuration):
            found |= {(storage.kms_key_id, region), (storage.fargate_ephemeral_storage_kms_key_id, region)}
    for service in reading.get("services"):
        region = region_of(service.service_arn)
        for deployment in service.deployments:
            connect = deployment.service_connect_configuration
            published = connect.services if connect else ()
            found |= {(item.tls.kms_key, region) for item in published if item.tls}
            found |= {
                (volume.managed_ebs_volume.kms_key_id, region)
                for volume in deployment.volume_configurations
                if volume.managed_ebs_volume
            }
            found.add(((deployment.fargate_ephemeral_storage or {}).get("kmsKeyId"), region))
    found |= {(item.kms_key_id, region_of(item.arn)) for item in reading.get("secrets")}
    found |= {(item.key_id, region_of(item.arn)) for item in reading.get("parameters")}
    found |= {(item.kms_key_id, region_of(item.arn)) for item in reading.get("log_groups")}
    found |= {(item.kms_key_id, region_of(item.file_system_arn)) for item in reading.get("file_systems")}
    for repository in reading.get("repositories"):
        key = (repository.encryption_configuration or {}).get("kmsKey")
        found.add((key, region_of(repository.repository_arn)))
    for bucket in reading.get("buckets"):
        for rule in (bucket.encryption or {}).get("Rules") or ():
            key = (rule.get("ApplyServerSideEncryptionByDefault") or {}).get("KMSMasterKeyID")
            found.add((key, bucket.region or reading.home_region))
    return {(region_of(key) or region, key) for key, region in found if key and isinstance(key, str)}


_USING_ROLES = (
    "services",
    "tasks",
    "express_services",
    "instances",
    "rules",
    "schedules",
    "state_machines",
    "job_definitions",
    "daemon_task_definitions",
    "capacity_providers",
    "deployment_groups",
    "gateways",
    "activations",
    "managed_nodes",
    "task_definitions",
)
"""Fields whose records name roles, those of what runs now first."""


def roles(reading: Reading) -> list[str]:
    """ARNs of the account's roles that ECS, its launchers and its hosts use, those of what runs now first.
    Service-linked roles are AWS's own, and left out."""
    own = [role for role in reading.get("roles") if not role.is_service_linked]
    by_name = {role.role_name: role.arn for role in own}
    known: dict[str, tuple[str, ...]] = {role.arn: (role.arn,) for role in own}
    known |= {profile.arn: profile.role_arns for profile in reading.get("instance_profiles")}
    definitions = {found.task_definition_arn: found for found in reading.get("task_definitions")}
    found: dict[str, None] = {}

    def walk(record: Any) -> None:
        for key, text in _texts(msgspec.to_builtins(record)):
            found.update(dict.fromkeys(known.get(text, ())))
            if key.lower().endswith(("role", "rolearn")) and (arn := by_name.get(text.rsplit("/", 1)[-1])):
                found[arn] = None
            elif text in definitions:
                walk(definitions.pop(text))

    for field in _USING_ROLES:
        for record in reading.get(field):
            walk(record)
    return [arn for arn in found if arn in known]


def _texts(data: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a record's data, with the name of the member that holds it."""
    if isinstance(data, str):
        yield key, data
    elif isinstance(data, dict):
        for name, value in data.items():
            yield from _texts(value, name)
    elif isinstance(data, list | tuple):
        for value in data:
            yield from _texts(value, key)


def _exec_log_configurations(reading: Reading) -> Iterator[tuple[str, ExecuteCommandLogConfiguration]]:
    for cluster in reading.get("clusters"):
        execute = cluster.configuration and cluster.configuration.execute_command_configuration
        if execute and execute.log_configuration:
            yield cluster.cluster_arn, execute.log_configuration


def _documents_of_task_roles(reading: Reading) -> Iterator[str]:
    """Policy documents of the roles that task definitions name, by ARN or by short name."""
    named = {
        role
        for definition in (*reading.get("task_definitions"), *reading.get("daemon_task_definitions"))
        for role in (definition.task_role_arn, definition.execution_role_arn)
        if role
    }
    policies = {policy.arn: policy.document for policy in reading.get("policies")}
    for role in reading.get("roles"):
        if role.arn in named or role.role_name in named:
            yield from (policy.policy_document for policy in role.role_policy_list)
            yield from (policies.get(item.policy_arn, "") for item in role.attached_managed_policies)
