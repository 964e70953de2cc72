"""What the containers of a task definition ask for: images, logs, secrets, files.

Each function is a row (or a few that belong together) of the table in `requirements`.
"""

import re
from collections.abc import Iterator

from ecsiam_tui.account.arns import parse_arn, partition_of_region
from ecsiam_tui.account.ecs import LogConfiguration
from ecsiam_tui.account.references import Home, log_target, parse_image
from ecsiam_tui.account.tasks import ContainerDefinition
from ecsiam_tui.ecs.asking import DEVELOPER_GUIDE, Asks
from ecsiam_tui.ecs.open_references import OpenImage, open_image, open_secret, spec_services
from ecsiam_tui.ecs.requirement import Necessity, Requirement

PULL = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
LOGS = f'{DEVELOPER_GUIDE}, "Send Amazon ECS logs to CloudWatch"'
ENV_FILES = f'{DEVELOPER_GUIDE}, "Pass environment variables to an Amazon ECS container"'
FIRELENS = f'{DEVELOPER_GUIDE}, "Send Amazon ECS logs to an AWS service or AWS Partner" (FireLens)'
GMSA = f'{DEVELOPER_GUIDE}, "Using gMSA for Windows and Linux containers"'
REGISTRY = f'{DEVELOPER_GUIDE}, "Using non-AWS container images in Amazon ECS"'
PULL_THROUGH = 'Amazon ECR User Guide, "IAM permissions required to sync an upstream registry"'
GUARDDUTY = 'Amazon GuardDuty User Guide, "How Runtime Monitoring works with Fargate (Amazon ECS only)"'

GUARDDUTY_ACCOUNTS = {
    "us-east-1": "593207742271",
    "us-west-2": "733349766148",
    "eu-west-1": "694911143906",
    "ap-southeast-2": "005257825471",
    "ap-northeast-2": "914738172881",
}
"""The accounts whose repository holds GuardDuty's agent, by region; taken from texts, not from AWS's page."""


_CACHES = ("docker-hub/", "dockerhub/", "ecr-public/", "quay/", "github/", "ghcr/", "kubernetes/", "gitlab/")
"""Prefixes that Amazon ECR proposes for the rules of a pull-through cache, and that people choose."""


def images(asks: Asks) -> Iterator[Requirement]:
    """ECR1, ECR2, ECR4: a private image is pulled with a token for the registry and rights on the repository.

    Another account's repository (ECR3) must allow it too: the engine asks both sides.
    """
    for container in asks.workload.definition.container_definitions:
        why = f"image of container {container.name}"
        if asks.workload.from_file and (found := open_image(container.image)):
            if found.is_ecr or container.repository_credentials is None:
                yield from _open_image(asks, found, why)
            continue
        image = parse_image(container.image)
        if image.account is None or image.region is None:
            continue
        partition = partition_of_region(image.region)
        there = Home(partition if partition != "aws" else asks.home.partition, image.region, image.account)
        repository = there.arn("ecr", f"repository/{image.repository}")
        yield from _pull(asks, repository, why, "required")
        own = image.account == asks.around.snapshot.account_id
        if own and asks.around.cache_rule(image.region, image.repository):
            # Only where the repository is known not to be there has the first pull to make it.
            missing = repository in asks.around.missing
            necessity: Necessity = "required" if missing else "optional"
            actions = ("ecr:BatchImportUpstreamImage", "ecr:CreateRepository")
            why = f"first pull through the cache for container {container.name}"
            yield from asks.host("ECR4", actions, repository, why, PULL_THROUGH, necessity=necessity)
        elif image.repository.startswith(_CACHES) and not (own and asks.around.cache_rules_known):
            actions = ("ecr:BatchImportUpstreamImage", "ecr:CreateRepository")
            why = f"container {container.name}, if its repository is a pull-through cache"
            yield from asks.host("ECR4", actions, repository, why, PULL_THROUGH, necessity="optional")


def _pull(
    asks: Asks, repository: str, why: str, necessity: Necessity, open_text: str = ""
) -> Iterator[Requirement]:
    token, check = ("ecr:GetAuthorizationToken",), ("ecr:BatchCheckLayerAvailability",)
    recommended: Necessity = "recommended" if necessity == "required" else necessity
    guessed = "" if necessity == "required" else open_text  # the token is for any registry
    yield from asks.host("ECR1", token, "*", why, necessity=necessity, open_text=guessed)
    yield from asks.host("ECR2", PULL, repository, why, necessity=necessity, open_text=open_text)
    yield from asks.host("ECR2", check, repository, why, necessity=recommended, open_text=open_text)


def _open_image(asks: Asks, found: OpenImage, why: str) -> Iterator[Requirement]:
    """An image whose registry is still to be filled in: of Amazon ECR if the words say so, else it may be."""
    repository = asks.home.arn("ecr", f"repository/{found.repository}")
    if found.is_ecr:
        yield from _pull(asks, repository, why, "required", found.open)
    else:
        yield from _pull(asks, repository, f"{why}, if it is one of Amazon ECR", "optional", found.open)


def guardduty(asks: Asks) -> Iterator[Requirement]:
    """GD: Runtime Monitoring puts a container of GuardDuty's own beside those of a Fargate task."""
    region = asks.home.region
    if asks.around.setting(region, "guardDutyActivate") != "on" or "FARGATE" not in asks.workload.launches:
        return
    why = "GuardDuty Runtime Monitoring is on"
    yield from asks.execution("GD", ("ecr:GetAuthorizationToken",), "*", why, GUARDDUTY)
    if account := GUARDDUTY_ACCOUNTS.get(region):
        there = Home(asks.home.partition, region, account)
        repository = there.arn("ecr", "repository/aws-guardduty-agent-fargate")
        yield from asks.execution("GD", PULL, repository, why, GUARDDUTY)


def registries(asks: Asks) -> Iterator[Requirement]:
    """REG: the credentials of another registry are a secret. For ECR images they do not apply."""
    for container in asks.workload.definition.container_definitions:
        if container.repository_credentials is None or parse_image(container.image).is_private_ecr:
            continue
        named = container.repository_credentials.credentials_parameter
        if not named:
            continue
        why = f"registry credentials of container {container.name}"
        if asks.workload.from_file and (found := open_secret(named)):
            yield from asks.secrets_manager(found.id, why, "REG")
        elif parse_arn(named) is None:
            arn = asks.home.arn("secretsmanager", f"secret:{named}")
            yield from asks.secrets_manager(arn, why, "REG")
        else:
            yield from asks.secret(named, why, "REG")


def _awslogs(asks: Asks, log: LogConfiguration | None, why: str, row: str = "LOG1") -> Iterator[Requirement]:
    target = log_target(log, asks.home)
    if target is None:
        return
    streams = f"{target.arn}:*"
    yield from asks.host(row, ("logs:CreateLogStream", "logs:PutLogEvents"), streams, why, LOGS)
    if target.creates_group:
        yield from asks.host("LOG2", ("logs:CreateLogGroup",), streams, f"{why}, creating its group", LOGS)


def logs(asks: Asks) -> Iterator[Requirement]:
    """LOG1, LOG2: the awslogs driver writes to a log group, and may have to create it. Neither of AWS's
    managed policies has logs:CreateLogGroup."""
    for container in asks.workload.definition.container_definitions:
        yield from _awslogs(asks, container.log_configuration, f"log driver of container {container.name}")


def secrets(asks: Asks) -> Iterator[Requirement]:
    """SEC1–SEC5: secrets of containers and of their log drivers."""
    for container in asks.workload.definition.container_definitions:
        for secret in container.secrets:
            yield from asks.secret(secret.value_from, f"secret {secret.name} of container {container.name}")
        options = container.log_configuration.secret_options if container.log_configuration else ()
        for secret in options:
            why = f"log option {secret.name} of container {container.name}"
            yield from asks.secret(secret.value_from, why)


def environment_files(asks: Asks) -> Iterator[Requirement]:
    """ENV: files of environment variables are fetched from S3."""
    for container in asks.workload.definition.container_definitions:
        for file in container.environment_files:
            why = f"environment file of container {container.name}"
            yield from asks.s3_file("ENV", file.value, why, ENV_FILES)


def firelens(asks: Asks) -> Iterator[Requirement]:
    """FLB1, FLB2: the log router's configuration is fetched with the execution role, what it delivers is
    delivered with the task role."""
    for container in asks.workload.definition.container_definitions:
        router = container.firelens_configuration
        options = router.options if router else {}
        config = options.get("config-file-value", "") if options.get("config-file-type") == "s3" else ""
        why = f"FireLens configuration of container {container.name}"
        yield from asks.s3_file("FLB1", config, why, FIRELENS)
        yield from _delivery(asks, container)


# What Fluent Bit's plugin fills in: `/aws/ecs/$(ecs_cluster)`.
_TEMPLATE = re.compile(r"\$\([^()]*\)")


def _delivery(asks: Asks, container: ContainerDefinition) -> Iterator[Requirement]:
    log = container.log_configuration
    if log is None or log.log_driver != "awsfirelens":
        return
    options = {key.lower(): value for key, value in log.options.items()}
    plugin = (options.get("name") or options.get("@type", "")).lower()  # Fluent Bit's word, and Fluentd's
    there = asks.home._replace(region=options.get("region") or asks.home.region)
    why = f"FireLens delivers the logs of container {container.name}"

    def deliver(actions: tuple[str, ...], resource: str) -> Iterator[Requirement]:
        return asks.task("FLB2", actions, resource, why, FIRELENS)

    if plugin in ("cloudwatch", "cloudwatch_logs"):
        group = _TEMPLATE.sub("*", options.get("log_group_name", "")) or "*"
        actions: tuple[str, ...] = ("logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams")
        if options.get("auto_create_group", "").lower() in ("true", "on"):
            actions = (*actions, "logs:CreateLogGroup")
        yield from deliver(actions, there.arn("logs", f"log-group:{group}:*"))
    elif plugin in ("firehose", "kinesis_firehose"):
        stream = options.get("delivery_stream") or options.get("delivery_stream_name") or "*"
        yield from deliver(("firehose:PutRecordBatch",), there.arn("firehose", f"deliverystream/{stream}"))
    elif plugin in ("kinesis", "kinesis_streams"):
        stream = options.get("stream") or options.get("stream_name") or "*"
        yield from deliver(("kinesis:PutRecords",), there.arn("kinesis", f"stream/{stream}"))
    elif plugin == "s3" and (bucket := options.get("bucket") or options.get("s3_bucket")):
        yield from deliver(("s3:PutObject",), f"arn:{asks.home.partition}:s3:::{bucket}/*")
    elif plugin in ("es", "opensearch") and options.get("aws_auth", "").lower() in ("true", "on"):
        yield from deliver(("es:ESHttpPost",), there.arn("es", "domain/*"))


def credential_specs(asks: Asks) -> Iterator[Requirement]:
    """GMSA: credential specs come from S3 or Systems Manager.

    For domainless specs the secret of the domain user is fetched too; which one stands in the spec, which is
    not read.
    """
    for container in asks.workload.definition.container_definitions:
        for spec in (*container.credential_specs, *container.docker_security_options):
            kind, _, target = spec.partition(":")
            if kind not in ("credentialspec", "credentialspecdomainless"):
                continue
            why = f"credential spec of container {container.name}"
            arn = parse_arn(target)
            services = spec_services(target) if arn is None else ("s3",) if arn.service == "s3" else ("ssm",)
            if "s3" in services:
                yield from asks.s3_file("GMSA", target, why, GMSA)
            if arn is not None and "ssm" in services:
                yield from asks.secret(target, why, "GMSA")
            elif "ssm" in services:
                yield from asks.execution("GMSA", ("ssm:GetParameters",), target, why)


def service_connect_logs(asks: Asks) -> Iterator[Requirement]:
    """SC: the proxy of Service Connect logs like a container."""
    for deployment in asks.workload.deployments[:1]:
        connect = deployment.service_connect_configuration
        if connect is not None and connect.enabled and connect.log_configuration:
            why = "log driver of the Service Connect proxy"
            yield from _awslogs(asks, connect.log_configuration, why, "SC")
            for secret in connect.log_configuration.secret_options:
                yield from asks.secret(secret.value_from, f"log option {secret.name} of Service Connect")
