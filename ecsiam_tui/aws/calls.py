"""What a call is: one row of the table that pacing, gaps, the permission policy and tests derive from."""

from typing import Any, NamedTuple


class Rate(NamedTuple):
    """A token bucket: `burst` calls at once, then `per_second`; one for each account and region."""

    burst: int
    per_second: float


RATES: dict[str, Rate] = {
    # Published: Amazon ECS developer guide, "Request throttling for the Amazon ECS API".
    "ecs cluster read": Rate(50, 20),
    "ecs task definition read": Rate(50, 20),
    "ecs capacity provider read": Rate(50, 20),
    "ecs setting read": Rate(50, 20),
    "ecs cluster resource read": Rate(100, 20),
    "ecs service read": Rate(100, 20),
    # Published: AWS Step Functions developer guide, "Quotas related to API action throttling".
    "states list": Rate(100, 5),
    "states describe": Rate(200, 20),
    # Published: CloudWatch Logs (DescribeLogGroups 10/s), Lambda (control plane and GetPolicy 15/s),
    # Secrets Manager (resource policies 50/s), EC2 (unfiltered describes: bucket 50, refill 10/s).
    "logs read": Rate(10, 8),
    "lambda read": Rate(15, 12),
    "secretsmanager read": Rate(50, 40),
    "ec2 read": Rate(50, 10),
    # No figure is published, or it is far above what a reading needs: modest on purpose, because other
    # programs share the account's allowance.
    "sts read": Rate(10, 5),
    "iam read": Rate(15, 5),
    "iam last accessed": Rate(10, 5),
    "ssm read": Rate(10, 5),
    "events read": Rate(20, 10),
    "scheduler read": Rate(50, 20),
    "codedeploy read": Rate(10, 5),
    "application-autoscaling read": Rate(10, 5),
    "batch read": Rate(10, 5),
    "ecr read": Rate(20, 10),
    "kms read": Rate(50, 40),
    "efs read": Rate(20, 10),
    "s3 read": Rate(50, 40),
    "organizations read": Rate(10, 2),
}


GLOBAL_SERVICES = frozenset({"iam", "sts", "s3", "organizations"})
"""Services asked once for all regions: their gaps name no region."""

PAGE_TOKENS: dict[str, tuple[str, str]] = {
    "iam": ("Marker", "Marker"),
    "s3": ("ContinuationToken", "ContinuationToken"),
    "efs:DescribeFileSystems": ("NextMarker", "Marker"),
    **dict.fromkeys(
        ("ecs", "ecr", "logs", "stepfunctions", "codedeploy", "batch"), ("nextToken", "nextToken")
    ),
}
"""By call or service: the member of an answer that holds the next page's token, and the parameter that
takes it. All others say NextToken."""


class Call(NamedTuple):
    """One API operation that is used.

    `unknown` names the fields of a snapshot that are incomplete when it fails, also those that could only
    be read with its answer; `consequence` says in a sentence what that means to a person. `items` is the
    list in the answer and `of` what it holds, `paging` the parameters that ask for the largest page,
    `absent` the error codes that say that the one thing asked about does not exist. `resource` is what the
    permission has to be given on.
    """

    service: str
    operation: str
    action: str
    rate: str
    unknown: tuple[str, ...]
    consequence: str
    items: str = ""
    of: type[dict[str, Any]] | type[str] = dict
    batch: int = 1
    paging: tuple[tuple[str, int], ...] = ()
    absent: tuple[str, ...] = ()
    resource: str = "*"

    @property
    def name(self) -> str:
        """How gaps name it: `ecs:DescribeServices`."""
        return f"{self.service}:{self.operation}"

    @property
    def is_global(self) -> bool:
        """Whether the answer is the same in every region."""
        return self.service in GLOBAL_SERVICES

    @property
    def page_token(self) -> tuple[str, str]:
        """The member of an answer that holds the next page's token, and the parameter that takes it."""
        return PAGE_TOKENS.get(self.name) or PAGE_TOKENS.get(self.service) or ("NextToken", "NextToken")
