"""Policy documents of the synthetic estate: three to eight statements in the way people write them."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from bench.estate_names import ACCOUNT, HOME, NOW, OBJECTS, TEAMS, Draw, iam, regional
from ecsiam_tui.account.iam import ManagedPolicy, PolicyVersion

Statement = dict[str, Any]

_AWS_MANAGED = """
service-role/AmazonECSTaskExecutionRolePolicy ecr:GetAuthorizationToken ecr:BatchCheckLayerAvailability
  ecr:GetDownloadUrlForLayer ecr:BatchGetImage logs:CreateLogStream logs:PutLogEvents
service-role/AmazonEC2ContainerServiceforEC2Role ec2:DescribeTags ecs:CreateCluster ecs:Poll ecs:Submit*
  ecs:DeregisterContainerInstance ecs:DiscoverPollEndpoint ecs:RegisterContainerInstance
  ecs:StartTelemetrySession ecs:UpdateContainerInstancesState logs:PutLogEvents
service-role/AmazonEC2ContainerServiceEventsRole ecs:RunTask iam:PassRole ecs:TagResource
AmazonSSMManagedInstanceCore ssm:UpdateInstanceInformation ssmmessages:* ec2messages:*
ReadOnlyAccess ecs:Describe* ecs:List* iam:Get* iam:List* s3:Get* s3:List* kms:List* dynamodb:Describe*
  dynamodb:Get* dynamodb:Query dynamodb:Scan sqs:Get* sns:List* rds:Describe* logs:Describe* logs:Get*
  cloudwatch:Describe* cloudwatch:Get* ecr:Describe* ecr:Get* ec2:Describe*
AdministratorAccess *
AmazonS3ReadOnlyAccess s3:Get* s3:List* s3:Describe* s3-object-lambda:Get*
AmazonS3FullAccess s3:* s3-object-lambda:*
AmazonSQSFullAccess sqs:*
AmazonDynamoDBFullAccess dynamodb:* dax:* cloudwatch:GetMetricData kms:DescribeKey
AWSXRayDaemonWriteAccess xray:PutTraceSegments xray:PutTelemetryRecords xray:GetSampling*
CloudWatchAgentServerPolicy cloudwatch:PutMetricData logs:PutLogEvents logs:CreateLogGroup
"""
AWS_MANAGED = tuple(
    (words[0], tuple(words[1:]))
    for words in (entry.split() for entry in _AWS_MANAGED.strip().replace("\n  ", " ").splitlines())
)
"""Policies of AWS's, in short: path and name, and the actions that they allow."""


def aws_policy_arn(path: str) -> str:
    """The ARN of a policy of AWS's."""
    return f"arn:aws:iam::aws:policy/{path}"


def text(statements: Sequence[Statement], *, spread: bool) -> str:
    """A document as AWS stores it: as it was written, on many lines or on one."""
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    return json.dumps(document, indent=2) if spread else json.dumps(document, separators=(",", ":"))


def trust(*services: str, arns: Sequence[str] = (), confused_deputy: bool = True) -> str:
    """A trust policy for AWS services, or for the ARNs of principals."""
    principal: Statement = {"Service": services[0] if len(services) == 1 else list(services)}
    if arns:
        principal = {"AWS": list(arns)}
    statement: Statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    if confused_deputy and not arns:
        statement["Condition"] = {
            "ArnLike": {"aws:SourceArn": f"arn:aws:ecs:{HOME}:{ACCOUNT}:*"},
            "StringEquals": {"aws:SourceAccount": ACCOUNT},
        }
    return text([statement], spread=True)


class Documents:
    """Writes policy documents about the things that an estate has."""

    def __init__(
        self, draw: Draw, secrets: Sequence[str], buckets: Sequence[str], keys: Sequence[str]
    ) -> None:
        self._draw, self._secrets, self._buckets, self._keys = draw, secrets, buckets, keys
        self._makers: tuple[Callable[[str], Statement], ...] = (
            self._bucket,
            self._bucket,
            self._table,
            self._table,
            self._queue,
            self._queue,
            self._secret,
            self._secret,
            self._key,
            self._topic,
            self._logs,
            self._parameters,
            self._metrics,
            self._tracing,
            self._exec,
            self._stream,
            self._deny,
        )

    def application(self, team: str, extra: Sequence[Statement] = ()) -> str:
        """What an application of a team is allowed: three to eight statements with `extra`."""
        count = max(1, self._draw.some(3, 8) - len(extra))
        makers = self._draw.random.choices(self._makers, k=count)
        return text([*extra, *(make(team) for make in makers)], spread=self._draw.chance(0.7))

    def pass_roles(self, roles: Sequence[str]) -> Statement:
        """May run tasks with these roles."""
        condition = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
        return {
            "Sid": "PassRoles",
            "Effect": "Allow",
            "Action": "iam:PassRole",
            "Resource": list(roles),
            "Condition": condition,
        }

    def read_secrets(self, secrets: Sequence[str]) -> Statement:
        """May read these secrets, named as people name them: with a star for the random end."""
        names = [secret[:-6] + "*" for secret in secrets]
        return {
            "Sid": "Secrets",
            "Effect": "Allow",
            "Action": "secretsmanager:GetSecretValue",
            "Resource": names,
        }

    def _thing(self) -> str:
        return self._draw.random.choice(OBJECTS)

    def _bucket(self, _: str) -> Statement:
        bucket = self._draw.random.choice(self._buckets)
        actions = [
            "s3:GetObject",
            "s3:PutObject",
            "s3:ListBucket",
            "s3:DeleteObject",
            "s3:AbortMultipartUpload",
        ]
        return {
            "Sid": f"Bucket{self._draw.some(1, 99)}",
            "Effect": "Allow",
            "Action": actions[: self._draw.some(2, 5)],
            "Resource": [bucket, f"{bucket}/{self._thing()}/*"],
        }

    def _table(self, team: str) -> Statement:
        table = regional("dynamodb", f"table/{team}-{self._thing()}")
        actions = [
            "dynamodb:GetItem",
            "dynamodb:Query",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            "dynamodb:BatchGetItem",
            "dynamodb:BatchWriteItem",
            "dynamodb:DeleteItem",
        ]
        return {
            "Effect": "Allow",
            "Action": actions[: self._draw.some(2, 7)],
            "Resource": [table, f"{table}/index/*"],
        }

    def _queue(self, team: str) -> Statement:
        queue = regional("sqs", f"{team}-{self._thing()}")
        actions = [
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ChangeMessageVisibility",
        ]
        return {"Sid": "Consume", "Effect": "Allow", "Action": actions, "Resource": [queue, f"{queue}-dlq"]}

    def _secret(self, _: str) -> Statement:
        return self.read_secrets(
            self._draw.random.sample(self._secrets, min(len(self._secrets), self._draw.some(1, 4)))
        )

    def _key(self, _: str) -> Statement:
        return {
            "Effect": "Allow",
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": self._draw.random.choice(self._keys),
            "Condition": {"StringEquals": {"kms:ViaService": f"s3.{HOME}.amazonaws.com"}},
        }

    def _topic(self, team: str) -> Statement:
        return {"Effect": "Allow", "Action": "sns:Publish", "Resource": regional("sns", f"{team}-*")}

    def _logs(self, team: str) -> Statement:
        group = regional("logs", f"log-group:/ecs/{team}-{self._thing()}-*:*")
        return {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": group}

    def _parameters(self, team: str) -> Statement:
        return {
            "Sid": "Configuration",
            "Effect": "Allow",
            "Action": ["ssm:GetParameter", "ssm:GetParametersByPath"],
            "Resource": regional("ssm", f"parameter/{team}/*"),
        }

    def _metrics(self, team: str) -> Statement:
        return {
            "Effect": "Allow",
            "Action": "cloudwatch:PutMetricData",
            "Resource": "*",
            "Condition": {"StringEquals": {"cloudwatch:namespace": f"shop/{team}"}},
        }

    def _tracing(self, _: str) -> Statement:
        return {
            "Effect": "Allow",
            "Action": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
            "Resource": "*",
        }

    def _exec(self, _: str) -> Statement:
        channels = [
            f"ssmmessages:{verb}{kind}Channel" for verb in ("Create", "Open") for kind in ("Control", "Data")
        ]
        return {"Sid": "EcsExec", "Effect": "Allow", "Action": channels, "Resource": "*"}

    def _stream(self, team: str) -> Statement:
        stream = regional("kinesis", f"stream/{team}-events")
        return {
            "Effect": "Allow",
            "Action": ["kinesis:PutRecord", "kinesis:PutRecords", "kinesis:Describe*"],
            "Resource": stream,
        }

    def _deny(self, _: str) -> Statement:
        return {
            "Sid": "NotInTheClear",
            "Effect": "Deny",
            "Action": "s3:*",
            "Resource": "*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }


def managed_policies(draw: Draw, documents: Documents, count: int) -> tuple[ManagedPolicy, ...]:
    """AWS's own that the estate attaches, and `count` of the account's, team by team."""
    found = []
    for path, actions in AWS_MANAGED:
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        found.append(_policy(draw, path, aws_policy_arn(path), text([statement], spread=True), 12))
    found.append(
        _policy(draw, "boundaries/team-boundary", iam("policy", "boundaries/team-boundary"), _boundary(), 4)
    )
    for number in range(count):
        team = TEAMS[number % len(TEAMS)]
        path = f"{team}/{team}-{OBJECTS[number // len(TEAMS) % len(OBJECTS)]}-{number:05}"
        found.append(_policy(draw, path, iam("policy", path), documents.application(team), draw.some(1, 5)))
    return tuple(found)


def _boundary() -> str:
    actions = [
        "s3:*",
        "dynamodb:*",
        "sqs:*",
        "sns:*",
        "kms:*",
        "logs:*",
        "ssm:*",
        "ssmmessages:*",
        "kinesis:*",
        "secretsmanager:*",
        "xray:*",
        "cloudwatch:*",
        "ecr:*",
    ]
    return text([{"Effect": "Allow", "Action": actions, "Resource": "*"}], spread=True)


def _policy(draw: Draw, path: str, arn: str, document: str, versions: int) -> ManagedPolicy:
    folder, slash, name = path.rpartition("/")
    numbers = range(versions, max(0, versions - 5), -1)  # IAM keeps five versions
    return ManagedPolicy(
        policy_name=name,
        arn=arn,
        path=f"/{folder}/" if slash else "/",
        policy_id=draw.unique("ANPA"),
        default_version_id=f"v{versions}",
        document=document,
        policy_version_list=tuple(
            PolicyVersion(version_id=f"v{n}", is_default_version=n == versions, create_date=draw.before(900))
            for n in numbers
        ),
        create_date=draw.before(1500),
        update_date=NOW,
        attachment_count=1,
    )
