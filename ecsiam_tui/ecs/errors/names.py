"""Names in error texts: roles behind sessions, ARNs behind images, files and queues."""

import re

from ecsiam_tui.account.arns import partition_of_region

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
_ARTIFACT = re.compile(
    r"object\s*key\W{0,3}([^\s'\"]{1,500})\W{0,3}located\s*in\b.{0,60}?\bbucket\W{0,3}([\w.-]{3,63})"
)
_REQUESTED = re.compile(r"\bbucketName\W{1,6}([\w.-]{3,63})\b(?:\W{1,6}key\W{1,6}([^\s\"']{1,1024}))?")
_QUEUE_URL = re.compile(
    r"https?://(?:sqs\.([a-z0-9-]+)|([a-z0-9-]+)\.queue)\.amazonaws\.com(?:\.cn)?/(\w+)/([\w.-]{1,80})"
)
_TRAILING = ".,;:)]}>\"'|"


def arns(text: str, *services: str) -> list[str]:
    """The ARNs in a text, those of some services alone if named."""
    return [tidy(match[0]) for match in _ARN.finditer(text) if not services or match[1] in services]


def tidy(name: str) -> str:
    """An ARN or name without what the sentence around it left on it."""
    name = name.strip("\"'([")
    name = re.sub(r"(?:\.{3,}|…)[^:/]*$", "", name)
    if name.endswith((":*", ":log-stream:")):  # CloudWatch Logs writes an empty stream so
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
    for match in _REQUESTED.finditer(text):
        return _s3("", match[1], match[2] or "")
    for match in _ARTIFACT.finditer(text):
        return _s3("", match[2], match[1])
    for match in _S3_URI.finditer(text):
        return _s3("", match[1], match[2] or "")
    return ""


def _s3(region: str, bucket: str, key: str) -> str:
    key = tidy(key)
    return f"arn:{partition_of_region(region)}:s3:::{bucket}" + (f"/{key}" if key else "")


def queue(text: str) -> str:
    """The ARN of the Amazon SQS queue of a URL in a text; empty where there is none."""
    match = _QUEUE_URL.search(text)
    if match is None:
        return ""
    region = match[1] or match[2]
    return f"arn:{partition_of_region(region)}:sqs:{region}:{match[3]}:{tidy(match[4])}"


def secret(arn: str) -> str:
    """The ARN of a secret without the JSON key, version stage and version id that a `valueFrom` appends."""
    parts = arn.split(":")
    return ":".join(parts[:7]) if len(parts) > 7 and parts[2] == "secretsmanager" else arn
