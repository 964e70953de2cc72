"""What CloudFormation's `Ref` and `Fn::GetAtt` give for the resources of a template.

Of the types that task definitions name: AWS CloudFormation Template Reference, "Return values" of each. A
resource without a name of its own keeps its logical id as a placeholder: `arn:…:secret:${DbSecret}-??????`.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from ecsiam_tui.account.references import Home
from ecsiam_tui.ecs.definition_intrinsics import plain
from ecsiam_tui.ecs.definition_notes import Notes

_REFERENCE = re.compile(r"\$\{([A-Za-z0-9]{1,255}(?:\.[A-Za-z]{1,60})?)\}")
_Returned = Callable[[str, Home], dict[str, str]]


def _secret(name: str, home: Home) -> dict[str, str]:
    arn = home.arn("secretsmanager", f"secret:{name}-??????")
    return {"": arn, ".Id": arn}


def _parameter(name: str, home: Home) -> dict[str, str]:
    return {"": home.arn("ssm", f"parameter/{name.removeprefix('/')}")}


def _log_group(name: str, home: Home) -> dict[str, str]:
    return {"": name, ".Arn": home.arn("logs", f"log-group:{name}:*")}


def _repository(name: str, home: Home) -> dict[str, str]:
    suffix = "amazonaws.com.cn" if home.partition == "aws-cn" else "amazonaws.com"
    uri = f"{home.account}.dkr.ecr.{home.region}.{suffix}/{name}"
    return {"": name, ".Arn": home.arn("ecr", f"repository/{name}"), ".RepositoryUri": uri}


def _bucket(name: str, home: Home) -> dict[str, str]:
    return {"": name, ".Arn": f"arn:{home.partition}:s3:::{name}"}


def _access_point(name: str, home: Home) -> dict[str, str]:
    return {"": name, ".AccessPointId": name, ".Arn": home.arn("elasticfilesystem", f"access-point/{name}")}


def _file_system(name: str, home: Home) -> dict[str, str]:
    return {"": name, ".FileSystemId": name, ".Arn": home.arn("elasticfilesystem", f"file-system/{name}")}


_TYPES: dict[str, tuple[str, _Returned]] = {
    "AWS::SecretsManager::Secret": ("Name", _secret),
    "AWS::SSM::Parameter": ("Name", _parameter),
    "AWS::Logs::LogGroup": ("LogGroupName", _log_group),
    "AWS::ECR::Repository": ("RepositoryName", _repository),
    "AWS::S3::Bucket": ("BucketName", _bucket),
    "AWS::EFS::AccessPoint": ("", _access_point),
    "AWS::EFS::FileSystem": ("", _file_system),
}


def resource_names(values: list[Any], home: Home) -> dict[str, str]:
    """What references to a template's resources stand for, by `LogicalId` and `LogicalId.Attribute`."""
    found: dict[str, str] = {}
    for value in values:
        resources = value.get("Resources") if isinstance(value, Mapping) else None
        for logical, resource in resources.items() if isinstance(resources, Mapping) else ():
            known = _TYPES.get(str(resource.get("Type"))) if isinstance(resource, Mapping) else None
            if known is None or not isinstance(logical, str):
                continue
            member, returned = known
            properties = resource.get("Properties")
            given = properties.get(member) if member and isinstance(properties, Mapping) else None
            name = plain(given, "", Notes())
            text = name if isinstance(name, str) and name else f"${{{logical}}}"
            for attribute, stands_for in returned(text, home).items():
                found[logical + attribute] = stands_for
    return found


def resolved(text: str, names: Mapping[str, str]) -> str:
    """A text whose references are replaced, as far as they are known."""
    return _REFERENCE.sub(lambda match: names.get(match[1], match[0]), text)
