"""What a task definition refers to: images, secrets, logs, files, volumes.

Parsing follows the ECS agent where it parses (`agent/taskresource/asmsecret`, `…/envFiles`), the ECS API
reference elsewhere. Regions and accounts come from the reference; where it names none, from the task
definition's own ARN.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from ecsiam_tui.account.arns import Arn, parse_arn
from ecsiam_tui.account.ecs import LogConfiguration
from ecsiam_tui.account.tasks import ContainerDefinition, TaskDefinition

_ECR_IMAGE = re.compile(
    r"^(?P<account>[^/@]{1,128}?)\.dkr[.-]ecr(?:-fips)?\.(?P<region>[^/@]{1,64}?)"
    r"\.(?:amazonaws\.com(?:\.cn)?|on\.aws)/"
    r"(?P<repository>[^:@]+?)(?::(?P<tag>[^/@]+))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?$"
)
_OTHER_IMAGE = re.compile(
    r"^(?P<repository>[^@]+?)(?::(?P<tag>[^/:@]+))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?$"
)
_S3_ARN = re.compile(r"^arn:(?P<partition>[^:]+):s3:::(?P<bucket>[^/]+)(?:/(?P<key>.+))?$")

ReferenceKind = Literal[
    "image", "repository", "secret", "parameter", "log-group", "bucket", "file-system", "key"
]
Relation = Literal["pulls-image", "reads-secret", "logs-to", "reads-file", "mounts", "encrypts-with"]


class Home(NamedTuple):
    """The partition, region and account that a reference without its own falls back to."""

    partition: str
    region: str
    account: str

    def arn(self, service: str, resource: str) -> str:
        """An ARN at home."""
        return str(Arn(self.partition, service, self.region, self.account, resource))


class Image(NamedTuple):
    """A container image. `account` and `region` are set for private Amazon ECR alone; in a file that is not
    registered yet they may be placeholders."""

    repository: str
    tag: str | None
    digest: str | None
    account: str | None = None
    region: str | None = None

    @property
    def is_private_ecr(self) -> bool:
        """Whether pulling it needs IAM."""
        return self.account is not None


class ValueFrom(NamedTuple):
    """A parsed `valueFrom`. `id` is what IAM evaluates: the base ARN of a secret, the ARN of a parameter.

    `problem` says why the agent would refuse it; then `id` is the text as written.
    """

    service: Literal["secretsmanager", "ssm"]
    id: str
    json_key: str | None = None
    version_stage: str | None = None
    version_id: str | None = None
    problem: str | None = None


class S3Object(NamedTuple):
    """An object (or with `key` None a bucket) named by ARN."""

    bucket: str
    key: str | None
    bucket_arn: str


class LogTarget(NamedTuple):
    """Where an `awslogs` driver writes; `arn` ends without `:*`."""

    arn: str
    group: str
    region: str
    creates_group: bool


class Reference(NamedTuple):
    """Something that a task definition needs: `id` is an ARN where AWS has one, `via` says which field."""

    relation: Relation
    kind: ReferenceKind
    id: str
    via: str


def home_of(arn: str) -> Home:
    """Where the thing with this ARN lives."""
    parsed = parse_arn(arn)
    return Home(parsed.partition, parsed.region, parsed.account) if parsed else Home("aws", "", "")


def parse_image(text: str) -> Image:
    """An image reference; the tag is None where none is written (Docker then pulls `latest`)."""
    if match := _ECR_IMAGE.match(text):
        return Image(match["repository"], match["tag"], match["digest"], match["account"], match["region"])
    if match := _OTHER_IMAGE.match(text):
        return Image(match["repository"], match["tag"], match["digest"])
    return Image(text, None, None)


def parse_value_from(text: str, home: Home) -> ValueFrom:
    """A `valueFrom` of a secret, read as the ECS agent reads it (agent/taskresource/asmsecret/asmsecret.go).

    Secrets Manager ARNs have two parts in their resource (`secret:NAME`) or five
    (`secret:NAME:jsonKey:versionStage:versionId`), anything else is refused. What is no Secrets Manager ARN
    is a Systems Manager parameter: an ARN, or a name in the task's own region.
    """
    arn = parse_arn(text)
    if arn is not None and arn.service == "secretsmanager":
        parts = arn.resource.split(":")
        if parts[0] != "secret" or len(parts) not in (2, 5) or not parts[1]:
            return ValueFrom(
                "secretsmanager",
                text,
                problem="not a valid ARN of a secret: after the name come no parts, or exactly three"
                " (json-key:version-stage:version-id, each may be empty)",
            )
        base = str(arn._replace(resource=f"secret:{parts[1]}"))
        key, stage, version = (part or None for part in parts[2:]) if len(parts) == 5 else (None, None, None)
        return ValueFrom("secretsmanager", base, key, stage, version)
    if arn is not None:
        if arn.service != "ssm" or not arn.resource.startswith("parameter/"):
            return ValueFrom("ssm", text, problem="neither a secret nor a parameter")
        return ValueFrom("ssm", text)
    if not text:
        return ValueFrom("ssm", text, problem="empty")
    return ValueFrom("ssm", home.arn("ssm", f"parameter/{text.removeprefix('/')}"))


def parse_s3_arn(text: str) -> S3Object | None:
    """The bucket and key of an S3 ARN, or None."""
    match = _S3_ARN.match(text)
    if match is None:
        return None
    return S3Object(match["bucket"], match["key"], f"arn:{match['partition']}:s3:::{match['bucket']}")


def log_target(log: LogConfiguration | None, home: Home) -> LogTarget | None:
    """The log group of an `awslogs` driver, or None for another driver or a group that is not named."""
    if log is None or log.log_driver != "awslogs" or not log.options.get("awslogs-group"):
        return None
    group = log.options["awslogs-group"]
    there = home._replace(region=log.options.get("awslogs-region") or home.region)
    creates = log.options.get("awslogs-create-group", "").lower() == "true"
    return LogTarget(there.arn("logs", f"log-group:{group}"), group, there.region, creates)


def references(definition: TaskDefinition) -> Iterator[Reference]:
    """All that a task definition refers to, container by container, then its volumes; doubles are kept."""
    home = home_of(definition.task_definition_arn)
    yield from container_references(definition.container_definitions, home)
    for volume in definition.volumes:
        via = f"volume {volume.name}"
        if efs := volume.efs_volume_configuration:
            arn = home.arn("elasticfilesystem", f"file-system/{efs.file_system_id}")
            yield Reference("mounts", "file-system", arn, via)
        if s3files := volume.s3files_volume_configuration:
            yield Reference("mounts", "file-system", s3files.file_system_arn, via)
        if fsx := volume.fsx_windows_file_server_volume_configuration:
            yield Reference(
                "mounts", "file-system", home.arn("fsx", f"file-system/{fsx.file_system_id}"), via
            )
            if fsx.authorization_config and fsx.authorization_config.credentials_parameter:
                yield _secret(fsx.authorization_config.credentials_parameter, home, f"{via} credentials")


def container_references(containers: Iterable[ContainerDefinition], home: Home) -> Iterator[Reference]:
    """All that some containers refer to; `home` is where their definition lives."""
    for container in containers:
        yield from _of_container(container, home)


def _of_container(container: ContainerDefinition, home: Home) -> Iterator[Reference]:
    where = f"container {container.name}"
    if container.image:
        yield _image(container.image, home, f"{where} image")
    if container.repository_credentials:
        parameter = container.repository_credentials.credentials_parameter
        if parse_arn(parameter) is None:  # a name, which the agent takes in the same region alone
            yield Reference(
                "reads-secret",
                "secret",
                home.arn("secretsmanager", f"secret:{parameter}"),
                f"{where} registry",
            )
        else:
            yield _secret(parameter, home, f"{where} registry credentials")
    for secret in container.secrets:
        yield _secret(secret.value_from, home, f"{where} secret {secret.name}")
    for file in container.environment_files:
        if found := parse_s3_arn(file.value):
            yield Reference("reads-file", "bucket", found.bucket_arn, f"{where} environment file {found.key}")
    if log := container.log_configuration:
        for secret in log.secret_options:
            yield _secret(secret.value_from, home, f"{where} log option {secret.name}")
        if target := log_target(log, home):
            yield Reference("logs-to", "log-group", target.arn, f"{where} log driver")
    options = container.firelens_configuration.options if container.firelens_configuration else {}
    config = options.get("config-file-value", "") if options.get("config-file-type") == "s3" else ""
    if found := parse_s3_arn(config):
        yield Reference("reads-file", "bucket", found.bucket_arn, f"{where} FireLens configuration")
    for spec in container.credential_specs:
        _, _, target_arn = spec.partition(":")
        if found := parse_s3_arn(target_arn):
            yield Reference("reads-file", "bucket", found.bucket_arn, f"{where} credential spec")
        elif parse_arn(target_arn):
            yield _secret(target_arn, home, f"{where} credential spec")


def _image(text: str, home: Home, via: str) -> Reference:
    image = parse_image(text)
    if image.account is None or image.region is None:
        return Reference("pulls-image", "image", f"image:{image.repository}", via)
    there = Home(home.partition, image.region, image.account)
    return Reference("pulls-image", "repository", there.arn("ecr", f"repository/{image.repository}"), via)


def _secret(value_from: str, home: Home, via: str) -> Reference:
    parsed = parse_value_from(value_from, home)
    kind: ReferenceKind = "secret" if parsed.service == "secretsmanager" else "parameter"
    return Reference("reads-secret", kind, parsed.id, via)
