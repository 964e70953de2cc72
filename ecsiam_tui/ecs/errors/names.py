"""Names in error texts: roles behind sessions, actions behind operations, ARNs behind images and files."""

import re
from functools import lru_cache

from ecsiam_tui.account.arns import partition_of_region
from ecsiam_tui.policy import catalogue

_PART = r"[^\s:\"'(),;]"
_ARN = re.compile(rf"arn:{_PART}{{1,40}}:([a-z0-9-]{{2,40}}):{_PART}{{0,40}}:{_PART}{{0,64}}:[^\s\"',;()]+")
_ANY_PRINCIPAL = re.compile(
    rf"arn:({_PART}{{1,40}}):(?:sts|iam):{_PART}{{0,40}}:({_PART}{{0,64}}):"
    r"(assumed-role|role|user|federated-user|root)(?:/([^\s\"',;()]+))?"
)
_IMAGE = re.compile(
    r"([\w*<>{}$.-]{1,64})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|on\.aws)/"
    r"((?:v2/)?)([\w./*<>{}-]{1,256})"
)
_S3_URL = re.compile(
    r"https?://([\w.-]{3,63})\.s3[.-]([a-z0-9-]*)\.?amazonaws\.com(?:\.cn)?/([^\s\"'<>?:]*)", re.I
)
_S3_PATH_URL = re.compile(
    r"https?://s3[.-]([a-z0-9-]*)\.?amazonaws\.com(?:\.cn)?/([\w.-]{3,63})/([^\s\"'<>?:]*)", re.I
)
_S3_URI = re.compile(r"\bs3://([\w.-]{3,63})(?:/([^\s\"'<>?]*))?")
_TRAILING = ".,;:)]}>\"'|"


def arns(text: str, *services: str) -> list[str]:
    """The ARNs in a text, those of some services alone if named."""
    return [tidy(match[0]) for match in _ARN.finditer(text) if not services or match[1] in services]


def tidy(name: str) -> str:
    """An ARN or name without what the sentence around it left on it."""
    name = name.strip("\"'([")
    name = re.sub(r"(?:\.{3,}|…)[^:/]*$", "", name)
    if name.endswith(":*"):
        return name
    if ":iam::" in name:  # no name of IAM has a colon
        name = ":".join(name.split(":")[:6])
    stripped = name.rstrip(_TRAILING)
    # A placeholder's own bracket stays: arn:aws:iam::<account>:role/<name>
    for opening, closing in ("<>", "{}", "[]"):
        if name[len(stripped) : len(stripped) + 1] == closing and stripped.count(opening) > stripped.count(
            closing
        ):
            stripped += closing
    return stripped


class Caller:
    """Who makes a request, as a message names them: `arn` as told, `role` the ARN of the role behind it."""

    __slots__ = ("arn", "role", "session")

    def __init__(self, arn: str = "", role: str = "", session: str = "") -> None:
        self.arn = arn
        self.role = role
        self.session = session


def callers(text: str) -> list[Caller]:
    """The roles and users that a text names, in order."""
    return [_caller(match) for match in _ANY_PRINCIPAL.finditer(text)]


def _caller(match: re.Match[str]) -> Caller:
    partition, account, kind, rest = match[1], match[2], match[3], tidy(match[4] or "")
    arn = tidy(match[0])
    if kind == "assumed-role":
        name, _, session = rest.partition("/")
        return Caller(arn, f"arn:{partition}:iam::{account}:role/{name}" if name else "", session)
    return Caller(arn, arn if kind == "role" and rest else "")


def repository(text: str) -> str:
    """The ARN of the Amazon ECR repository of an image that a text names; empty where it names none."""
    match = _IMAGE.search(text)
    if match is None:
        return ""
    account, region, path = match[1], match[2], match[4]
    account = account.rsplit("/", 1)[-1]
    if match[3]:  # a URL of the registry's API: v2/NAME/manifests/TAG
        path = re.split(r"/(?:manifests|blobs|tags)(?:/|$)", path, maxsplit=1)[0]
    name = path.rstrip("./-")
    return f"arn:{partition_of_region(region)}:ecr:{region}:{account}:repository/{name}" if name else ""


def s3_object(text: str) -> str:
    """The ARN of the bucket or object of a URL or URI in a text; empty where there is none."""
    for match in _S3_URL.finditer(text):
        if match[1] not in ("s3", "prod"):
            return _s3(match[2], match[1], match[3])
    for match in _S3_PATH_URL.finditer(text):
        return _s3(match[1], match[2], match[3])
    for match in _S3_URI.finditer(text):
        return _s3("", match[1], match[2] or "")
    return ""


def _s3(region: str, bucket: str, key: str) -> str:
    key = tidy(key)
    return f"arn:{partition_of_region(region)}:s3:::{bucket}" + (f"/{key}" if key else "")


def secret(arn: str) -> str:
    """The ARN of a secret without the JSON key, version stage and version id that a `valueFrom` appends."""
    parts = arn.split(":")
    return ":".join(parts[:7]) if len(parts) > 7 and parts[2] == "secretsmanager" else arn


# Operations

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


_OPERATIONS = (
    re.compile(r"when\s+calling\s+the\s+(?P<op>[A-Za-z0-9]{2,80})\s+operation"),
    re.compile(r"operation\s+error\s+(?P<svc>[A-Za-z0-9 ]{2,40}?):\s*(?P<op>[A-Za-z0-9]{2,80})\b"),
    re.compile(r"Error\s+executing\s+\"?(?P<op>[A-Za-z0-9]{2,80})\"?\s+on\b"),
    re.compile(
        r"(?:not\s+authorized|permissions?|unauthorized)\s+to\s+(?:perform|call|invoke|execute)\s*:?\s+\"?"
        r"(?P<op>[A-Z][A-Za-z0-9]{2,80})\"?(?:\s+on\s+(?P<svc>EC2|ECS|S3|SQS|SNS|KMS|DynamoDB))?"
    ),
)
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
    known = catalogue.load()
    told = (match[1] for match in _TOKEN.finditer(text[:4000]))
    action = next((name for name in told if known.number(name) is not None), "")
    return known.canonical(action), service_prefix(service) if service else ""
