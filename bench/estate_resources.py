"""What the task definitions and policies of the synthetic estate name."""

from collections.abc import Sequence

from bench.estate_names import ACCOUNT, HOME, OBJECTS, TEAMS, Draw, Name, regional
from ecsiam_tui.account.resources import (
    Bucket,
    FileSystem,
    Key,
    LogGroup,
    Parameter,
    Repository,
    SecretResource,
)

REGISTRY = f"{ACCOUNT}.dkr.ecr.{HOME}.amazonaws.com"


def keys(draw: Draw) -> tuple[Key, ...]:
    """Two customer managed keys a team."""
    found = []
    for team in TEAMS:
        for use in ("data", "secrets"):
            key_id = draw.uuid()
            root = f'{{"AWS":"arn:aws:iam::{ACCOUNT}:root"}}'
            statement = f'{{"Effect":"Allow","Principal":{root},"Action":"kms:*","Resource":"*"}}'
            found.append(
                Key(
                    arn=regional("kms", f"key/{key_id}"),
                    key_id=key_id,
                    key_manager="CUSTOMER",
                    key_state="Enabled",
                    description=f"{use} of {team}",
                    aliases=(regional("kms", f"alias/{team}-{use}"),),
                    policy=f'{{"Version":"2012-10-17","Statement":[{statement}]}}',
                )
            )
    return tuple(found)


def secrets(draw: Draw, names: Sequence[Name], keys: Sequence[Key]) -> tuple[SecretResource, ...]:
    """Secrets of two services in three, some encrypted with their team's key."""
    found = []
    for name in names:
        for what in ("db", "api-key")[: draw.some(0, 2)]:
            key = keys[2 * TEAMS.index(name.team) + 1].arn if draw.chance(0.6) else None
            title = f"{name.team}/{name.service}/{what}"
            found.append(
                SecretResource(
                    arn=regional("secretsmanager", f"secret:{title}-{draw.unique('')[:6]}"),
                    name=title,
                    kms_key_id=key,
                    rotation_enabled=draw.chance(0.2),
                    tags={"team": name.team},
                    policy=None,
                )
            )
    return tuple(found)


def parameters(names: Sequence[Name]) -> tuple[Parameter, ...]:
    """A parameter of every third service."""
    return tuple(
        Parameter(
            arn=regional("ssm", f"parameter/{name.team}/{name.service}/config"),
            name=f"/{name.team}/{name.service}/config",
            type="SecureString" if number % 2 else "String",
            key_id="alias/aws/ssm" if number % 2 else None,
        )
        for number, name in enumerate(names[::3])
    )


def log_groups(names: Sequence[Name]) -> tuple[LogGroup, ...]:
    """A log group a service."""
    return tuple(
        LogGroup(
            arn=regional("logs", f"log-group:/ecs/{name.service}"),
            log_group_name=f"/ecs/{name.service}",
            retention_in_days=30,
        )
        for name in names
    )


def repositories(draw: Draw, names: Sequence[Name]) -> tuple[Repository, ...]:
    """A repository a service."""
    return tuple(
        Repository(
            repository_arn=regional("ecr", f"repository/{name.service}"),
            repository_name=name.service,
            registry_id=ACCOUNT,
            repository_uri=f"{REGISTRY}/{name.service}",
            encryption_configuration={"encryptionType": "AES256"},
            policy=None,
            images={f"{REGISTRY}/{name.service}:1.{draw.some(0, 90)}.{draw.some(0, 9)}": True},
        )
        for name in names
    )


def buckets(count: int) -> tuple[Bucket, ...]:
    """Buckets, most without a policy."""
    found = []
    for number in range(count):
        name = f"shop-{TEAMS[number % len(TEAMS)]}-{OBJECTS[number // len(TEAMS) % len(OBJECTS)]}-{number:04}"
        found.append(
            Bucket(name=name, arn=f"arn:aws:s3:::{name}", region=HOME, account_id=ACCOUNT, policy=None)
        )
    return tuple(found)


def file_systems(draw: Draw, keys: Sequence[Key]) -> tuple[FileSystem, ...]:
    """A file system a team."""
    found = []
    for number, team in enumerate(TEAMS):
        system = f"fs-{draw.hex(17)}"
        found.append(
            FileSystem(
                file_system_id=system,
                file_system_arn=regional("elasticfilesystem", f"file-system/{system}"),
                name=f"{team}-shared",
                encrypted=True,
                kms_key_id=keys[2 * number].arn,
                tags={"team": team},
                policy=None,
            )
        )
    return tuple(found)
