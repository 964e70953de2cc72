"""Amazon Resource Names: taking them apart and building them in the right partition."""

from typing import NamedTuple

GLOBAL_SERVICES = frozenset({"iam", "s3", "sts", "organizations"})


class Arn(NamedTuple):
    """The six parts of an ARN; `resource` is all that stands after the fifth colon."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"


def parse_arn(text: str) -> Arn | None:
    """The parts of `text`, or None where it is not an ARN (a short role name, say)."""
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or not parts[1] or not parts[2]:
        return None
    return Arn(*parts[1:])


def short_name(arn: str) -> str:
    """The part that people call a thing by: `web` of `…:service/prod/web`, `db-x` of `…:secret:db-x`.

    A task definition keeps its revision (`web:4`). Text that is not an ARN comes back as it is.
    """
    parsed = parse_arn(arn)
    if parsed is None:
        return arn
    resource = parsed.resource
    if parsed.service == "logs":
        return resource.removeprefix("log-group:").removesuffix(":*")
    if parsed.service in ("ssm", "ecr") and "/" in resource:
        return resource.split("/", 1)[1]
    if "/" in resource:
        return resource.rsplit("/", 1)[1]
    return resource.rsplit(":", 1)[-1]


def partition_of_region(region: str) -> str:
    """The partition that a region belongs to: `aws`, `aws-cn` or `aws-us-gov`."""
    if region.startswith("cn-"):
        return "aws-cn"
    if region.startswith("us-gov-"):
        return "aws-us-gov"
    return "aws"
