"""What task definitions and policies name: images, secrets, keys, file systems, logs, buckets.

Values of secrets and parameters are never read. `policy` is the resource's own policy as AWS stores it:
None where there is none, UNSET where it could not be read.
"""

from datetime import datetime

from msgspec import UNSET, field

from ecsiam_tui.account.records import AwsPascal, Json, Known, Record


class Repository(Record, frozen=True, kw_only=True):
    """An Amazon ECR repository. `tags_seen` maps image references in use to whether they exist."""

    repository_arn: str
    repository_name: str
    registry_id: str | None = None
    repository_uri: str | None = None
    encryption_configuration: Json | None = None
    policy: Known = UNSET
    images: dict[str, bool] = {}


class PullThroughCacheRule(Record, frozen=True, kw_only=True):
    """A prefix of repositories that ECR fills from another registry."""

    ecr_repository_prefix: str
    region: str = ""
    upstream_registry_url: str | None = None
    credential_arn: str | None = None
    custom_role_arn: str | None = None


class SecretResource(AwsPascal, frozen=True, kw_only=True):
    """A secret in AWS Secrets Manager, without its value."""

    arn: str = field(name="ARN")
    name: str
    kms_key_id: str | None = None
    deleted_date: datetime | None = None
    owning_service: str | None = None
    primary_region: str | None = None
    rotation_enabled: bool = False
    tags: dict[str, str] = {}
    policy: Known = UNSET


class Parameter(AwsPascal, frozen=True, kw_only=True):
    """A Systems Manager parameter, without its value."""

    arn: str = field(name="ARN")
    name: str
    type: str | None = None
    key_id: str | None = None


class LogGroup(Record, frozen=True, kw_only=True):
    """A CloudWatch Logs group; `arn` ends without `:*`."""

    arn: str
    log_group_name: str
    kms_key_id: str | None = None
    retention_in_days: int | None = None


class Key(AwsPascal, frozen=True, kw_only=True):
    """A KMS key; `aliases` are the alias ARNs under which it was referred to."""

    arn: str
    key_id: str
    key_manager: str | None = None
    key_state: str | None = None
    description: str | None = None
    multi_region: bool = False
    aliases: tuple[str, ...] = ()
    policy: Known = UNSET


class AccessPoint(AwsPascal, frozen=True, kw_only=True):
    """An access point of an EFS file system."""

    access_point_id: str
    access_point_arn: str | None = None
    file_system_id: str | None = None
    posix_user: Json | None = None
    root_directory: Json | None = None


class FileSystem(AwsPascal, frozen=True, kw_only=True):
    """An EFS file system. Without a policy EFS lets every client of the network in."""

    file_system_id: str
    file_system_arn: str
    name: str | None = None
    encrypted: bool = False
    kms_key_id: str | None = None
    tags: dict[str, str] = {}
    access_points: tuple[AccessPoint, ...] = ()
    policy: Known = UNSET


class Bucket(AwsPascal, frozen=True, kw_only=True):
    """An S3 bucket that a task definition, cluster or policy names."""

    name: str
    arn: str
    region: str | None = None
    account_id: str | None = None
    encryption: Json | None = None
    policy: Known = UNSET


class LambdaFunction(AwsPascal, frozen=True, kw_only=True):
    """A function that a deployment lifecycle hook invokes."""

    function_arn: str
    function_name: str
    role: str | None = None
    policy: Known = UNSET
