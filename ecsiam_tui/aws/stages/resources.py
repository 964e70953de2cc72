"""Stages: the resources that task definitions, clusters and services name. Their contents are never read."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from ecsiam_tui.account.arns import parse_arn, short_name
from ecsiam_tui.account.records import UNSET, Json, Known
from ecsiam_tui.account.resources import (
    AccessPoint,
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
from ecsiam_tui.aws import named
from ecsiam_tui.aws import table_resources as table
from ecsiam_tui.aws.calls import Call
from ecsiam_tui.aws.errors import Failure
from ecsiam_tui.aws.reading import Reading, Stage, batches, flat, policy_text, region_of, tag_map

_FEW_LOG_GROUPS = 100


def read_repositories(reading: Reading) -> None:
    """Repositories of images in use, and whether those images are there."""
    images = named.images(reading)
    reader = reading.reader

    def read(arn: str) -> Repository | None:
        parsed = parse_arn(arn)
        assert parsed is not None
        region, call = parsed.region, table.DESCRIBE_REPOSITORIES
        name = parsed.resource.removeprefix("repository/")
        where: Json = {"registryId": parsed.account} if parsed.account != reading.account_id else {}
        answer = reader.ask(call, region, target=arn, repositoryNames=[name], **where)
        if answer.is_absent:
            reading.missing.add(arn)
        found = reader.members(answer.data or {}, call.items, call, region, arn)
        if not found:
            return None
        repository = reader.decode(Repository, found[0], call, region, arn)
        if repository is None:
            return None
        there: dict[str, bool] = {}
        for image, version in images[arn].items():
            kind = "imageDigest" if version.startswith("sha256:") else "imageTag"
            seen = reader.ask(
                table.DESCRIBE_IMAGES,
                region,
                target=image,
                repositoryName=name,
                imageIds=[{kind: version}],
                **where,
            )
            if seen.known:
                there[image] = seen.data is not None
        policy = _policy(
            reading, table.GET_REPOSITORY_POLICY, region, arn, "policyText", repositoryName=name, **where
        )
        return msgspec.structs.replace(repository, images=there, policy=policy)

    _read(reading, "repositories", REPOSITORIES, sorted(images), read)

    def rules(region: str) -> list[PullThroughCacheRule | None]:
        call = table.DESCRIBE_PULL_THROUGH_CACHE_RULES
        return [
            reader.decode(
                PullThroughCacheRule,
                item,
                call,
                region,
                item.get("ecrRepositoryPrefix"),
                lambda data: {**data, "region": region},
            )
            for item in reader.items(call, region)
        ]

    own = sorted({region_of(arn) for arn in images if f":{reading.account_id}:" in arn})
    call = table.DESCRIBE_PULL_THROUGH_CACHE_RULES
    reading.add("pull_through_cache_rules", flat(reading.each(REPOSITORIES.name, call, own, rules, str)))


def read_secrets(reading: Reading) -> None:
    """Secrets in use: their key and policy. There is no call here that could read a value."""

    def read(arn: str) -> SecretResource | None:
        region = region_of(arn)
        answer = _look_up(reading, table.DESCRIBE_SECRET, region, arn, SecretId=arn)
        if answer is None:
            return None
        policy = _policy(reading, table.GET_SECRET_POLICY, region, arn, "ResourcePolicy", SecretId=arn)

        def shape(data: Json) -> Json:
            return {**data, "Tags": tag_map(data.get("Tags"))}

        record = reading.reader.decode(SecretResource, answer, table.DESCRIBE_SECRET, region, arn, shape)
        return record and msgspec.structs.replace(record, policy=policy)

    arns = sorted(named.secrets(reading))
    # What is written so that no secret can have it for its ARN need not be looked up to be missing.
    reading.missing |= named.named_by_task_definitions(reading, "secret") - set(arns)
    _read(reading, "secrets", SECRETS, arns, read)


def read_parameters(reading: Reading) -> None:
    """Parameters in use: their type and key. There is no call here that could read a value."""
    call, reader = table.DESCRIBE_PARAMETERS, reading.reader
    by_region: dict[str, dict[str, str]] = defaultdict(dict)
    for arn in sorted(named.named_by_task_definitions(reading, "parameter")):
        parsed = parse_arn(arn)
        assert parsed is not None
        if parsed.resource.startswith((named.THROUGH, named.PUBLIC)):
            kind = "SecureString" if parsed.resource.startswith(named.THROUGH) else "String"
            name = parsed.resource.removeprefix("parameter")
            reading.add("parameters", [Parameter(arn=arn, name=name, type=kind)])
        elif parsed.account == reading.account_id:
            by_region[parsed.region][arn] = parsed.resource.removeprefix("parameter/")
        else:
            elsewhere = Failure("unsupported", "", f"the parameter belongs to account {parsed.account}")
            reader.gap(call, parsed.region, elsewhere, arn)

    def read(work: tuple[str, dict[str, str]]) -> list[Parameter | None]:
        region, wanted = work
        # An ARN does not tell whether the name begins with a slash; only names with one have further ones.
        names = [name if "/" not in name else f"/{name}" for name in wanted.values()]
        filters = [{"Key": "Name", "Option": "Equals", "Values": names}]
        found, complete = reader.listing(call, region, ParameterFilters=filters)
        if complete:
            there = {str(item.get("Name", "")).removeprefix("/") for item in found}
            reading.missing.update(arn for arn, name in wanted.items() if name not in there)

        def shape(data: Json) -> Json:
            name = str(data["Name"]).removeprefix("/")
            return {"ARN": reading.arn("ssm", region, f"parameter/{name}"), **data}

        return [reader.decode(Parameter, item, call, region, item.get("Name"), shape) for item in found]

    work = [
        (region, dict(batch))
        for region, wanted in by_region.items()
        for batch in batches(list(wanted.items()), call.batch)
    ]
    reading.add("parameters", flat(reading.each(PARAMETERS.name, call, work, read, lambda item: item[0])))


def read_log_groups(reading: Reading) -> None:
    """Log groups in use: few one by one, many by listing all, for these calls are slow."""
    call, reader = table.DESCRIBE_LOG_GROUPS, reading.reader
    by_region: dict[str, list[str]] = defaultdict(list)
    for arn in sorted(named.log_groups(reading)):
        parsed = parse_arn(arn)
        if parsed is not None and parsed.account == reading.account_id:
            by_region[parsed.region].append(arn)

    def read(work: tuple[str, list[str], Json]) -> list[LogGroup | None]:
        region, wanted, parameters = work
        names = {short_name(arn): arn for arn in wanted}
        target = wanted[0] if len(wanted) == 1 else None
        items, complete = reader.listing(call, region, target=target, **parameters)
        found = {item["logGroupName"]: item for item in items if item.get("logGroupName") in names}
        if complete:
            reading.missing.update(arn for name, arn in names.items() if name not in found)
        return [
            reader.decode(
                LogGroup,
                item,
                call,
                region,
                names[name],
                lambda data: {**data, "arn": names[data["logGroupName"]]},
            )
            for name, item in found.items()
        ]

    work: list[tuple[str, list[str], Json]] = []
    for region, wanted in by_region.items():
        if len(wanted) > _FEW_LOG_GROUPS:
            work.append((region, wanted, {}))
        else:
            work += [(region, [arn], {"logGroupNamePrefix": short_name(arn)}) for arn in wanted]
    reading.add("log_groups", flat(reading.each(LOG_GROUPS.name, call, work, read, lambda item: item[0])))


def read_file_systems(reading: Reading) -> None:
    """EFS file systems in use, with their access points and policy."""
    reader = reading.reader

    def read(arn: str) -> FileSystem | None:
        region, identifier = region_of(arn), short_name(arn)
        call = table.DESCRIBE_FILE_SYSTEMS
        data = _look_up(reading, call, region, arn, FileSystemId=identifier)
        found = reader.members(data or {}, call.items, call, region, arn)
        if not found:
            return None
        points = [
            reader.decode(AccessPoint, item, table.DESCRIBE_ACCESS_POINTS, region, item.get("AccessPointId"))
            for item in reader.items(
                table.DESCRIBE_ACCESS_POINTS, region, target=arn, FileSystemId=identifier
            )
        ]
        policy = _policy(
            reading, table.DESCRIBE_FILE_SYSTEM_POLICY, region, arn, "Policy", FileSystemId=identifier
        )

        def shape(data: Json) -> Json:
            return {"FileSystemArn": arn, **data, "Tags": tag_map(data.get("Tags"))}

        record = reader.decode(FileSystem, found[0], call, region, arn, shape)
        kept = tuple(point for point in points if point is not None)
        return record and msgspec.structs.replace(record, access_points=kept, policy=policy)

    arns = named.named_by_task_definitions(reading, "file-system")
    efs = sorted(arn for arn in arns if ":elasticfilesystem:" in arn)
    _read(reading, "file_systems", FILE_SYSTEMS, efs, read)


def read_buckets(reading: Reading) -> None:
    """Buckets in use: where they are, whose, how encrypted, and their policy."""
    reader = reading.reader
    wanted = named.buckets(reading)
    own: set[str] = set()
    if wanted:
        home = reading.home_region
        for items in reading.each(
            BUCKETS.name, table.LIST_BUCKETS, [home], lambda r: reader.items(table.LIST_BUCKETS, r), str
        ):
            own = {str(item.get("Name")) for item in items}

    def read(arn: str) -> Bucket | None:
        region, name = wanted[arn], short_name(arn)
        answer = reader.ask(table.GET_BUCKET_LOCATION, region, target=arn, Bucket=name)
        if answer.is_absent:
            reading.missing.add(arn)
        if answer.is_absent or (answer.data is None and name not in own):
            return None
        place = str((answer.data or {}).get("LocationConstraint") or "us-east-1") if answer.known else None
        place = "eu-west-1" if place == "EU" else place
        region = place or region
        encryption = reader.ask(table.GET_BUCKET_ENCRYPTION, region, target=arn, Bucket=name)
        return reader.decode(
            Bucket,
            {
                "Name": name,
                "Arn": arn,
                "Region": place,
                "AccountId": reading.account_id if name in own else None,
                "Encryption": (encryption.data or {}).get("ServerSideEncryptionConfiguration"),
                **_member(_policy(reading, table.GET_BUCKET_POLICY, region, arn, "Policy", Bucket=name)),
            },
            table.GET_BUCKET_LOCATION,
            region,
            arn,
        )

    _read(reading, "buckets", BUCKETS, sorted(wanted), read, lambda arn: wanted[arn])


def read_functions(reading: Reading) -> None:
    """Lambda functions of deployment lifecycle hooks; nothing of their environment is kept."""

    def read(arn: str) -> LambdaFunction | None:
        region = region_of(arn)
        data = _look_up(reading, table.GET_FUNCTION_CONFIGURATION, region, arn, FunctionName=arn)
        if data is None:
            return None
        policy = _policy(reading, table.GET_FUNCTION_POLICY, region, arn, "Policy", FunctionName=arn)
        wanted = {name: data.get(name) for name in ("FunctionArn", "FunctionName", "Role")}
        return reading.reader.decode(
            LambdaFunction, {**wanted, **_member(policy)}, table.GET_FUNCTION_CONFIGURATION, region, arn
        )

    _read(reading, "functions", FUNCTIONS, sorted(named.functions(reading)), read)


def read_keys(reading: Reading) -> None:
    """KMS keys that anything read so far is encrypted with, each under all the names it was given."""
    reader, call = reading.reader, table.DESCRIBE_KEY

    def describe(work: tuple[str, str]) -> tuple[str, str, Json] | None:
        region, name = work
        written = name if parse_arn(name) or name.startswith("alias/") else f"key/{name}"
        arn = name if parse_arn(name) else reading.arn("kms", region, written)
        data = _look_up(reading, call, region, arn, KeyId=name)
        return None if data is None else (region, name, data["KeyMetadata"])

    described: dict[str, tuple[str, Json]] = {}
    aliases: dict[str, set[str]] = defaultdict(set)
    wanted = sorted(named.keys(reading))
    for found in reading.each(KEYS.name, call, wanted, describe, lambda item: item[0]):
        if found is not None:
            region, name, data = found
            described[data["Arn"]] = (region, data)
            if name.startswith("alias/"):
                aliases[data["Arn"]].add(reading.arn("kms", region, name))
            elif ":alias/" in name:
                aliases[data["Arn"]].add(name)

    def read(arn: str) -> Key | None:
        region, data = described[arn]
        policy = _policy(
            reading, table.GET_KEY_POLICY, region, arn, "Policy", KeyId=arn, PolicyName="default"
        )
        shaped = {**data, "Aliases": sorted(aliases[arn]), **_member(policy)}
        return reader.decode(Key, shaped, call, region, arn)

    reading.add(
        "keys",
        reading.each(KEYS.name, table.GET_KEY_POLICY, sorted(described), read, lambda arn: described[arn][0]),
    )


def _read(
    reading: Reading,
    field: str,
    stage: Stage,
    arns: Iterable[str],
    read: Callable[[str], Any],
    region: Callable[[str], str] = region_of,
) -> None:
    reading.add(field, reading.each(stage.name, stage.calls[0], arns, read, region))


def _look_up(reading: Reading, call: Call, region: str, target: str, **parameters: Any) -> Json | None:
    """The answer about one thing; where it does not exist, it is noted as missing."""
    answer = reading.reader.ask(call, region, target=target, **parameters)
    if answer.is_absent:
        reading.missing.add(target)
    return answer.data


def _policy(reading: Reading, call: Call, region: str, target: str, member: str, **parameters: Any) -> Known:
    """A resource's own policy as text; None where it has none, UNSET where that is not known."""
    answer = reading.reader.ask(call, region, target=target, **parameters)
    if not answer.known:
        return UNSET
    text = (answer.data or {}).get(member)
    return policy_text(text) if text else None


def _member(policy: Known) -> Json:
    """`Policy` as a member of a structure that is decoded: left out where it is not known."""
    return {} if policy is UNSET else {"Policy": policy}


REPOSITORIES = Stage(
    "Repositories",
    (
        table.DESCRIBE_REPOSITORIES,
        table.GET_REPOSITORY_POLICY,
        table.DESCRIBE_IMAGES,
        table.DESCRIBE_PULL_THROUGH_CACHE_RULES,
    ),
    read_repositories,
)
SECRETS = Stage("Secrets", (table.DESCRIBE_SECRET, table.GET_SECRET_POLICY), read_secrets)
PARAMETERS = Stage("Parameters", (table.DESCRIBE_PARAMETERS,), read_parameters)
LOG_GROUPS = Stage("Log groups", (table.DESCRIBE_LOG_GROUPS,), read_log_groups)
FILE_SYSTEMS = Stage(
    "File systems",
    (table.DESCRIBE_FILE_SYSTEMS, table.DESCRIBE_ACCESS_POINTS, table.DESCRIBE_FILE_SYSTEM_POLICY),
    read_file_systems,
)
BUCKETS = Stage(
    "Buckets",
    (table.GET_BUCKET_LOCATION, table.LIST_BUCKETS, table.GET_BUCKET_POLICY, table.GET_BUCKET_ENCRYPTION),
    read_buckets,
)
FUNCTIONS = Stage("Functions", (table.GET_FUNCTION_CONFIGURATION, table.GET_FUNCTION_POLICY), read_functions)
KEYS = Stage("Keys", (table.DESCRIBE_KEY, table.GET_KEY_POLICY), read_keys)
