"""What task definitions and policies name: network, keys, secrets, parameters, logs, files, images.

Tables, with AWS's own parameter names where one call makes the thing, and `region` where it is not home:

- `[network]` cidr, `subnets` and `security_groups` (names);
- `[[keys]]` name (its alias), description, policy, tags;
- `[[secrets]]` Name, KmsKeyId, Description, Tags as a mapping, policy; `demo.deleted` = pending deletion;
- `[[parameters]]` Name, Type, KeyId; `[[log_groups]]` logGroupName, kmsKeyId, retention;
- `[[file_systems]]` name, Encrypted, KmsKeyId, policy, access_points (`{name = {PosixUser, RootDirectory}}`);
- `[[buckets]]` name, policy, key; `[[repositories]]` repositoryName, images (tags), policy, encryption;
- `[[functions]]` name, role, policy_for (a service principal that may invoke it).
"""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

from moto.kms.models import kms_backends

from ecsiam_tui.demo.estate import Table
from ecsiam_tui.demo.ground import ACCOUNT, Ground, demo_of, identity, pascal_tags

_AWS_KEYS = ("alias/aws/secretsmanager", "alias/aws/ssm", "alias/aws/s3", "alias/aws/ebs")


def seed_network(ground: Ground) -> None:
    """A VPC with the declared subnets and security groups."""
    network = ground.estate.table("network")
    client = ground.client("ec2")
    with identity("vpc", "main"):
        vpc = client.create_vpc(CidrBlock=network["cidr"])["Vpc"]["VpcId"]
    for name, place in network["subnets"].items():
        with identity("subnet", name):
            subnet = client.create_subnet(VpcId=vpc, CidrBlock=place["cidr"], AvailabilityZone=place["zone"])
        ground.references.add("subnet", name, subnet["Subnet"]["SubnetId"])
    for name, about in network["security_groups"].items():
        with identity("sg", name):
            group = client.create_security_group(VpcId=vpc, GroupName=name, Description=about)
        ground.references.add("sg", name, group["GroupId"])


def seed_keys(ground: Ground) -> None:
    """Customer keys, and AWS's own ones, which moto would otherwise make when they are first asked for."""
    for region in ground.estate.table("account")["regions"]:
        client = ground.client("kms", region)
        for alias in _AWS_KEYS:
            with identity("key", f"{region}/{alias}"):
                key = client.describe_key(KeyId=alias)["KeyMetadata"]
            kms_backends[ACCOUNT][region].keys[key["KeyId"]].key_manager = "AWS"
    for entry in ground.estate.list("keys"):
        client = ground.client("kms", entry.get("region"))
        with identity("key", entry["name"]):
            made = client.create_key(
                Description=entry.get("description", ""),
                Tags=[
                    {"TagKey": tag["Key"], "TagValue": tag["Value"]}
                    for tag in pascal_tags(entry.get("tags", {}))
                ],
            )["KeyMetadata"]
        client.create_alias(AliasName=f"alias/{entry['name']}", TargetKeyId=made["KeyId"])
        ground.references.add("key", entry["name"], made["Arn"])


def seed_key_policies(ground: Ground) -> None:
    """Key policies, which may name secrets and roles and so come last."""
    for entry in ground.estate.list("keys"):
        if "policy" in entry:
            ground.client("kms", entry.get("region")).put_key_policy(
                KeyId=ground.references.get("key", entry["name"]),
                PolicyName="default",
                Policy=_document(ground, entry["policy"]),
            )


def _document(ground: Ground, text: str) -> str:
    document: str = ground.expand(text)
    return document.strip("\n")


def seed_resources(ground: Ground) -> None:
    """Everything else that is named and not run; needs the keys."""
    makers: dict[str, Callable[[Ground, Table], None]] = {
        "secrets": _secret,
        "parameters": _parameter,
        "log_groups": _log_group,
        "file_systems": _file_system,
        "buckets": _bucket,
        "repositories": _repository,
    }
    for table, make in makers.items():
        for entry in ground.estate.list(table):
            make(ground, entry)


def _given(ground: Ground, entry: Table, *own: str) -> dict[str, Any]:
    """The parameters of an entry that go to the API as they are."""
    return {key: ground.expand(value) for key, value in entry.items() if key not in {*own, "region", "demo"}}


def _secret(ground: Ground, entry: Table) -> None:
    client = ground.client("secretsmanager", entry.get("region"))
    given = _given(ground, entry, "Tags", "policy")
    with identity("secret", entry["Name"]):
        made = client.create_secret(**given, SecretString="demo", Tags=pascal_tags(entry.get("Tags", {})))
    ground.references.add("secret", entry["Name"], made["ARN"])
    if "policy" in entry:
        client.put_resource_policy(SecretId=made["ARN"], ResourcePolicy=_document(ground, entry["policy"]))
    if demo_of(entry).get("deleted"):
        client.delete_secret(SecretId=made["ARN"], RecoveryWindowInDays=7)
        from moto.secretsmanager.models import secretsmanager_backends

        backend = secretsmanager_backends[ACCOUNT][entry.get("region", ground.home)]
        backend.secrets[entry["Name"]].deleted_date = (
            ground.ago(demo_of(entry), "deleted", "2d").timestamp() + 7 * 86400
        )


def _parameter(ground: Ground, entry: Table) -> None:
    with identity("parameter", entry["Name"]):
        ground.client("ssm", entry.get("region")).put_parameter(**_given(ground, entry), Value="demo")


def _log_group(ground: Ground, entry: Table) -> None:
    client = ground.client("logs", entry.get("region"))
    client.create_log_group(**_given(ground, entry, "retention"))
    if days := entry.get("retention"):
        client.put_retention_policy(logGroupName=entry["logGroupName"], retentionInDays=days)


def _file_system(ground: Ground, entry: Table) -> None:
    client = ground.client("efs", entry.get("region"))
    name = entry["name"]
    with identity("efs", name):
        made = client.create_file_system(
            CreationToken=name,
            Tags=pascal_tags({"Name": name, **entry.get("Tags", {})}),
            **_given(ground, entry, "name", "Tags", "policy", "access_points"),
        )
    ground.references.add("efs", name, made["FileSystemId"])
    for point, settings in entry.get("access_points", {}).items():
        with identity("access-point", point):
            access = client.create_access_point(
                ClientToken=point,
                FileSystemId=made["FileSystemId"],
                Tags=pascal_tags({"Name": point}),
                **settings,
            )
        ground.references.add("access-point", point, access["AccessPointId"])
    if "policy" in entry:
        client.put_file_system_policy(
            FileSystemId=made["FileSystemId"], Policy=_document(ground, entry["policy"])
        )


def _bucket(ground: Ground, entry: Table) -> None:
    region = entry.get("region", ground.home)
    client = ground.client("s3", region)
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    with identity("bucket", entry["name"]):
        client.create_bucket(Bucket=entry["name"], **place)
    if "policy" in entry:
        client.put_bucket_policy(Bucket=entry["name"], Policy=_document(ground, entry["policy"]))
    if key := entry.get("key"):
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": ground.expand(key)}
        rule = {"ApplyServerSideEncryptionByDefault": default}
        client.put_bucket_encryption(
            Bucket=entry["name"], ServerSideEncryptionConfiguration={"Rules": [rule]}
        )


def _repository(ground: Ground, entry: Table) -> None:
    client = ground.client("ecr", entry.get("region"))
    name = entry["repositoryName"]
    with identity("repository", name):
        made = client.create_repository(**_given(ground, entry, "images", "policy"))["repository"]
    ground.references.add("ecr", name, made["repositoryUri"])
    for tag in entry.get("images", []):
        manifest = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
            "config": {"size": len(name), "digest": f"{name}:{tag}"},
            "layers": [],
        }
        with identity("image", f"{name}:{tag}"):
            client.put_image(repositoryName=name, imageManifest=json.dumps(manifest), imageTag=tag)
    if "policy" in entry:
        client.set_repository_policy(repositoryName=name, policyText=_document(ground, entry["policy"]))


def seed_functions(ground: Ground) -> None:
    """Functions that deployment lifecycle hooks invoke; need their roles."""
    for entry in ground.estate.list("functions"):
        client = ground.client("lambda", entry.get("region"))
        with identity("function", entry["name"]):
            client.create_function(
                FunctionName=entry["name"],
                Runtime="python3.13",
                Handler="hook.handler",
                Role=ground.expand(entry["role"]),
                Code={"ZipFile": _empty_archive()},
            )
            if principal := entry.get("policy_for"):
                client.add_permission(
                    FunctionName=entry["name"],
                    StatementId="AllowDeploymentHook",
                    Action="lambda:InvokeFunction",
                    Principal=principal,
                    SourceAccount=ACCOUNT,
                )


def _empty_archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("hook.py"), "def handler(event, context):\n    return event\n")
    return buffer.getvalue()
