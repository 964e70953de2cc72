"""Operations in error texts, as SDKs and tools name them, and the actions that authorize them."""

import re
from functools import lru_cache

from ecsiam_tui.policy import catalogue

_SERVICES = {
    "amazons3": "s3",
    "simplestorageservice": "s3",
    "secretsmanager": "secretsmanager",
    "awssecretsmanager": "secretsmanager",
    "ssm": "ssm",
    "awssimplesystemsmanagement": "ssm",
    "simplesystemsmanagement": "ssm",
    "dynamodb": "dynamodb",
    "dynamodbv2": "dynamodb",
    "amazondynamodb": "dynamodb",
    "dynamodbv2amazondynamodb": "dynamodb",
    "cloudwatchlogs": "logs",
    "awslogs": "logs",
    "eventbridge": "events",
    "cloudwatchevents": "events",
    "sfn": "states",
    "stepfunctions": "states",
    "elasticloadbalancingv2": "elasticloadbalancing",
    "applicationautoscaling": "application-autoscaling",
    "securitytokenservice": "sts",
    "awssecuritytokenservice": "sts",
    "identitymanagement": "iam",
    "amazonidentitymanagement": "iam",
    "elasticcontainerservice": "ecs",
    "amazonecs": "ecs",
    "amazonecr": "ecr",
    "elasticcontainerregistry": "ecr",
    "awskms": "kms",
    "keymanagementservice": "kms",
    "amazonsqs": "sqs",
    "amazonsns": "sns",
    "amazonec2": "ec2",
    "awslambda": "lambda",
    "amazonkinesis": "kinesis",
    "amazonkinesisfirehose": "firehose",
    "amazonsimpleemailservice": "ses",
    "sesv2": "ses",
    "bedrockruntime": "bedrock",
    "awsservicediscovery": "servicediscovery",
    "cloudmap": "servicediscovery",
    "cloudwatch": "cloudwatch",
    "amazoncloudwatch": "cloudwatch",
}

# Operations that another action authorizes: ListObjectsV2 is s3:ListBucket, and so on. Service Authorization
# Reference, "Actions, resources, and condition keys for Amazon S3" (and those of the other services).
_AUTHORIZED_AS = {
    "headobject": "s3:GetObject",
    "getobject": "s3:GetObject",
    "headbucket": "s3:ListBucket",
    "listobjects": "s3:ListBucket",
    "listobjectsv2": "s3:ListBucket",
    "listobjectversions": "s3:ListBucketVersions",
    "listbuckets": "s3:ListAllMyBuckets",
    "createmultipartupload": "s3:PutObject",
    "uploadpart": "s3:PutObject",
    "completemultipartupload": "s3:PutObject",
    "copyobject": "s3:PutObject",
    "uploadpartcopy": "s3:PutObject",
    "putobject": "s3:PutObject",
    "deleteobjects": "s3:DeleteObject",
    "deleteobject": "s3:DeleteObject",
    "getbucketencryption": "s3:GetEncryptionConfiguration",
    "getbuckettagging": "s3:GetBucketTagging",
    "getsharditerator": "kinesis:GetShardIterator",
    "getrecords": "kinesis:GetRecords",
    "describestream": "kinesis:DescribeStream",
    "invoke": "lambda:InvokeFunction",
    "invokeasync": "lambda:InvokeFunction",
    "sendmessagebatch": "sqs:SendMessage",
    "deletemessagebatch": "sqs:DeleteMessage",
    "publishbatch": "sns:Publish",
    "batchexecutestatement": "dynamodb:PartiQLSelect",
    "converse": "bedrock:InvokeModel",
    "conversestream": "bedrock:InvokeModelWithResponseStream",
}
# Where several services have an action of the name, the one that the applications of ECS mean.
_LIKELY = (
    "ecs",
    "s3",
    "secretsmanager",
    "ssm",
    "kms",
    "sqs",
    "sns",
    "dynamodb",
    "logs",
    "ecr",
    "sts",
    "iam",
    "ec2",
    "elasticloadbalancing",
    "lambda",
    "kinesis",
    "firehose",
    "events",
    "states",
    "ses",
    "cloudwatch",
    "servicediscovery",
    "application-autoscaling",
    "autoscaling",
    "cloudformation",
    "codedeploy",
    "elasticfilesystem",
    "ssmmessages",
    "bedrock",
    "rds",
)


@lru_cache(maxsize=1)
def _by_operation() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in catalogue.load().names:
        found.setdefault(name.partition(":")[2].lower(), []).append(name)
    return found


def service_prefix(name: str) -> str:
    """The IAM prefix of a service as an SDK calls it (`AmazonS3`, `Secrets Manager`); empty where unknown."""
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    if plain in _SERVICES:
        return _SERVICES[plain]
    known = catalogue.load().services
    for candidate in (plain, plain.removeprefix("amazon"), plain.removeprefix("aws")):
        if candidate in known:
            return candidate
    return ""


def action_of(operation: str, service: str = "") -> str:
    """The action that authorizes an operation; empty where several could and none is likely."""
    lowered = operation.lower()
    renamed = _AUTHORIZED_AS.get(lowered, "")
    prefix = service_prefix(service) if service else ""
    if renamed and prefix in ("", renamed.partition(":")[0]):
        return renamed
    candidates = _by_operation().get(lowered, [])
    if prefix:
        wanted = f"{prefix}:{lowered}"
        return next((name for name in candidates if name.lower() == wanted), f"{prefix}:{operation}")
    if len(candidates) == 1:
        return candidates[0]
    by_prefix = {name.partition(":")[0]: name for name in candidates}
    return next((by_prefix[likely] for likely in _LIKELY if likely in by_prefix), "")


def completed(name: str) -> str:
    """An action that was cut short, whole where one alone begins so."""
    lowered = name.lower()
    found = [known for known in catalogue.load().names if known.lower().startswith(lowered)]
    return found[0] if len(found) == 1 else name


_OPERATIONS = (
    re.compile(r"when\s+calling\s+the\s+(?P<op>[A-Za-z0-9]{2,80})\s+operation"),
    re.compile(r"operation\s+error\s+(?P<svc>[A-Za-z0-9 ]{2,40}?):\s*(?P<op>[A-Za-z0-9]{2,80})\b"),
    re.compile(r"\b(?P<op>[A-Z][a-z]+[A-Z][A-Za-z]{2,60})\s+(?:API\s+)?(?:responded|failed)\s+with\b"),
    # CloudTrail's events
    re.compile(
        r"eventSource\W{1,6}(?P<svc>[a-z0-9-]{2,40})\.amazonaws\.com\b.{0,300}?"
        r"eventName\W{1,6}(?P<op>[A-Za-z0-9]{2,80})"
    ),
    re.compile(r"Error\s+executing\s+\"?(?P<op>[A-Za-z0-9]{2,80})\"?\s+on\b"),
    re.compile(
        r"(?:not\s+authorized|permissions?|unauthorized)\s+to\s+(?:perform|call|invoke|execute)\s*:?\s+\"?"
        r"(?P<op>[A-Z][A-Za-z0-9]{2,80})\"?(?:\s+on\s+(?P<svc>EC2|ECS|S3|SQS|SNS|KMS|DynamoDB))?"
    ),
)
# Terraform: "Error: creating ECS Service (web): …", before version 4 "Error creating VPC: …".
_HEADING = re.compile(
    r"[Ee]rror:?\s+(creating|updating|modifying|deleting|reading|registering|putting)\s+"
    r"([A-Z][A-Za-z0-9]{1,30}(?:\s[A-Z][A-Za-z0-9]{1,30}){0,5})(?=\s?[:(])"
)
_VERBS = {
    "creating": ("create", "put", "register"),
    "updating": ("update", "modify", "put"),
    "modifying": ("modify", "update"),
    "deleting": ("delete", "deregister"),
    "reading": ("describe", "get"),
    "registering": ("register",),
    "putting": ("put",),
}
_HEADED_AS = {"ec2:createinstance": "ec2:RunInstances", "ec2:createeip": "ec2:AllocateAddress"}
_ALLOWS = re.compile(r"\ballows?\s+the\s+([a-z0-9-]{2,40}:[A-Za-z*]+)\s+action", re.I)
_TOKEN = re.compile(r"(?<![\w:/-])([a-z0-9-]{2,40}:[A-Z][A-Za-z]{2,60})\b")
_SERVICE_FIELD = re.compile(r"\(Service:\s*(?P<svc>[A-Za-z0-9 ]{2,60})[;,]")


def operation(text: str) -> tuple[str, str]:
    """The action behind the operation that a text says failed, and the service's prefix; either may be
    empty."""
    allows = _ALLOWS.search(text)
    if allows:
        return catalogue.load().canonical(allows[1]), ""
    field = _SERVICE_FIELD.search(text)
    service = field["svc"] if field else ""
    for pattern in _OPERATIONS:
        match = pattern.search(text)
        if match:
            named = match.groupdict().get("svc") or service
            return action_of(match["op"], named), service_prefix(named) if named else ""
    headed = _headed(text)
    if headed:
        return headed, headed.partition(":")[0]
    known = catalogue.load()
    told = (match[1] for match in _TOKEN.finditer(text[:4000]))
    action = next((name for name in told if known.number(name) is not None), "")
    return known.canonical(action), service_prefix(service) if service else ""


def _headed(text: str) -> str:
    """The action behind a heading of Terraform's; empty where there is none, or none that is known."""
    match = _HEADING.search(text)
    if match is None:
        return ""
    words = match[2].split()
    for verb in _VERBS[match[1]]:
        for count in (2, 1):
            service = service_prefix("".join(words[:count])) if len(words) > count else ""
            noun = "".join(words[count:]).lower()
            named = _HEADED_AS.get(f"{service}:{verb}{noun}", "")
            for operation_name in (f"{verb}{noun}", f"{verb}{noun}s"):
                candidates = _by_operation().get(operation_name, []) if service else []
                named = named or next((name for name in candidates if name.startswith(f"{service}:")), "")
            if named:
                return named
        alone = _by_operation().get(verb + "".join(words).lower(), [])
        if len(alone) == 1:
            return alone[0]
    return ""
