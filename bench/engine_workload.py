"""The workload of the engine's benchmark: one ECS task role with ten AWS managed policies, 10,000 seeded
requests.

The managed policies come from moto's snapshot of them, so this runs where moto is installed. `python -m
bench.engine_workload FILE` writes the workload as JSON for the peers, which run in environments of their own.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

ACCOUNT = "123456789012"
PRINCIPAL = f"arn:aws:iam::{ACCOUNT}:role/task"
MANAGED = (
    "AmazonECSTaskExecutionRolePolicy",
    "AmazonECS_FullAccess",
    "AmazonEC2ContainerServiceforEC2Role",
    "AmazonS3ReadOnlyAccess",
    "AmazonSSMReadOnlyAccess",
    "CloudWatchLogsFullAccess",
    "AmazonDynamoDBFullAccess",
    "AmazonSQSFullAccess",
    "SecretsManagerReadWrite",
    "AmazonEC2ReadOnlyAccess",
)
_HERE = f"us-east-1:{ACCOUNT}"
RESOURCES: dict[str, tuple[str, ...]] = {
    "s3": ("arn:aws:s3:::app-data/{i}", "arn:aws:s3:::app-data"),
    "ecs": (f"arn:aws:ecs:{_HERE}:service/prod/web-{{i}}", f"arn:aws:ecs:{_HERE}:cluster/prod"),
    "ec2": (f"arn:aws:ec2:{_HERE}:instance/i-{{i}}", "*"),
    "dynamodb": (f"arn:aws:dynamodb:{_HERE}:table/t{{i}}",),
    "logs": (f"arn:aws:logs:{_HERE}:log-group:/ecs/web{{i}}:*",),
    "ssm": (f"arn:aws:ssm:{_HERE}:parameter/app/{{i}}",),
    "secretsmanager": (f"arn:aws:secretsmanager:{_HERE}:secret:app{{i}}-AbCdEf",),
    "sqs": (f"arn:aws:sqs:{_HERE}:jobs{{i}}",),
    "iam": (f"arn:aws:iam::{ACCOUNT}:role/app{{i}}",),
    "kms": (f"arn:aws:kms:{_HERE}:key/{{i}}",),
    "ecr": (f"arn:aws:ecr:{_HERE}:repository/web{{i}}", "*"),
    "elasticloadbalancing": (f"arn:aws:elasticloadbalancing:{_HERE}:targetgroup/web/{{i}}",),
}
ACTIONS: dict[str, tuple[str, ...]] = {
    "s3": ("GetObject", "PutObject", "ListBucket", "DeleteObject", "GetBucketPolicy"),
    "ecs": ("UpdateService", "DescribeServices", "RunTask", "DeleteCluster", "ExecuteCommand"),
    "ec2": ("DescribeInstances", "TerminateInstances", "RunInstances", "CreateSecurityGroup"),
    "dynamodb": ("GetItem", "PutItem", "Query", "DeleteTable"),
    "logs": ("CreateLogStream", "PutLogEvents", "DeleteLogGroup"),
    "ssm": ("GetParameter", "GetParameters", "PutParameter"),
    "secretsmanager": ("GetSecretValue", "DeleteSecret"),
    "sqs": ("SendMessage", "ReceiveMessage", "DeleteQueue"),
    "iam": ("PassRole", "GetRole", "CreateRole", "ListRoles"),
    "kms": ("Decrypt", "Encrypt", "CreateGrant"),
    "ecr": ("GetAuthorizationToken", "BatchGetImage", "PutImage"),
    "elasticloadbalancing": ("RegisterTargets", "DescribeTargetGroups", "DeleteRule"),
}


def generate(count: int = 10_000) -> dict[str, Any]:
    """The workload; the same one every time."""
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    known = json.loads(aws_managed_policies_data)
    chance = random.Random(7)
    requests = []
    for number in range(count):
        service = chance.choice(sorted(ACTIONS))
        context = {
            "aws:CurrentTime": "2026-01-01T00:00:00Z",
            "aws:SecureTransport": "true",
            "aws:RequestedRegion": "us-east-1",
            "aws:PrincipalArn": PRINCIPAL,
        }
        if service == "iam":
            context["iam:PassedToService"] = chance.choice(("ecs-tasks.amazonaws.com", "ec2.amazonaws.com"))
        action = f"{service}:{chance.choice(ACTIONS[service])}"
        resource = chance.choice(RESOURCES[service]).format(i=number % 97)
        requests.append({"action": action, "resource": resource, "context": context})
    return {
        "principal": PRINCIPAL,
        "account": ACCOUNT,
        "policies": {name: known[name]["Document"] for name in MANAGED},
        "requests": requests,
    }


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(generate()))
