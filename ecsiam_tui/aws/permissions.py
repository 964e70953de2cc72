"""The permissions that collecting needs, made from the table of calls.

`python -m ecsiam_tui.aws.permissions` prints docs/permissions.md.
"""

import json
import sys
from typing import Any

from ecsiam_tui.aws.collect import CALLS

_INTRODUCTION = """\
# Permissions

Made from the program's own table of calls by `make docs`; a test compares the two. Do not edit it by hand.

## To explore

This policy is all that `ecsiam-tui` needs to read an account. It reads how things are set up, never what
they hold: there is no `secretsmanager:GetSecretValue`, no `ssm:GetParameters`, no `s3:GetObject`, no
`logs:GetLogEvents`. Values of environment variables in task definitions, which
`ecs:DescribeTaskDefinition` shows to everyone who may call it, are replaced by fingerprints before anything
is kept; of what `lambda:GetFunctionConfiguration` shows, only the function's name and role are kept.

Every permission is optional. Without one the explorer starts all the same, lists what it could not read on
its gaps screen, and treats that as unknown.

What roles used last (`iam:GenerateServiceLastAccessedDetails`, `iam:GetServiceLastAccessedDetails`) is asked
by the explorer, `snapshot`, `audit`, `fix` and `what-if`: two calls for each role that ECS uses, for 200
roles at most, and again only after an hour. `--no-last-accessed` leaves it out.

To read through another role (`--role-arn`) the caller needs `sts:AssumeRole` on it, and the role this policy.

In the partitions of China and GovCloud write `arn:aws-cn:` or `arn:aws-us-gov:` for `arn:aws:`. The part
`organizations:*` works in the management account and for delegated administrators only; leave it out
elsewhere.
"""


def read_policy() -> dict[str, Any]:
    """The identity policy that lets `collect` make every call of its table."""
    by_resource: dict[str, set[str]] = {}
    for call in CALLS:
        by_resource.setdefault(call.resource, set()).add(call.action)
    statements = [
        {
            "Sid": "Read" + ("" if resource == "*" else _service(resource)),
            "Effect": "Allow",
            "Action": sorted(actions),
            "Resource": resource,
        }
        for resource, actions in sorted(by_resource.items())
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _service(resource: str) -> str:
    names = {"elasticfilesystem": "Efs", "secretsmanager": "SecretsManager"}
    service = resource.split(":")[2]
    return names.get(service, service.capitalize())


def render() -> str:
    """The text of docs/permissions.md."""
    rows = [
        f"| `{call.action}` | `{call.name}` | {call.consequence} |"
        for call in sorted(CALLS, key=lambda call: (call.action, call.name))
    ]
    policy = json.dumps(read_policy(), indent=2)
    table = "\n".join(rows)
    return (
        f"{_INTRODUCTION}\n```json\n{policy}\n```\n\n## What is unknown without it\n\n"
        f"| permission | call | without it |\n| --- | --- | --- |\n{table}\n"
    )


if __name__ == "__main__":
    sys.stdout.write(render())
