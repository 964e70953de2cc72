"""What a file that is not registered yet refers to without saying it whole.

`${DB_SECRET_ARN}:password::`, `<ECR_REGISTRY>/shop:latest`, `var.env_file_arn`: the thing is not named, but
what is needed of it can be told, from the place where it stands and from the words that people put there.
"""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from ecsiam_tui.account.arns import parse_arn
from ecsiam_tui.account.references import parse_image, parse_s3_arn
from ecsiam_tui.ecs.definition_placeholders import spans

SecretService = Literal["secretsmanager", "ssm"]
SECRETS: tuple[SecretService, ...] = ("secretsmanager", "ssm")

# `:json-key:version-stage:version-id`, or what people write for it.
_PART = r"(?:[\w.-]|\$\{[\w.]+\}|<[\w-]+>|\{\{[\w .-]+\}\})*+"
_SUFFIX = re.compile(rf"(?::{_PART}){{1,3}}$")
# A name that can be no placeholder, for it has neither marks nor capitals nor a word that says so.
_WORDS = r"your|holder|replace|change|todo|arn|var\.|local\.|module\.|each\.|data\.|aws_|xxxx|account"
_PLAIN = re.compile(rf"(?!.*(?:{_WORDS}))[a-z0-9/.:_-]+")
_PARAMETER = re.compile(r"ssm|param", re.IGNORECASE)
_SECRET = re.compile(r"secret|(?<![a-z])(?:asm|sm)(?![a-z])", re.IGNORECASE)
_BUCKET = re.compile(r"(?<![a-z])s3(?![a-z])|bucket", re.IGNORECASE)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_ECR = re.compile(r"(?<![a-z])(?:ecr|dkr)(?![a-z])")
_ELSEWHERE = re.compile(
    r"docker|(?<![a-z])(?:gh?cr|acr)(?![a-z])|gitlab|github|quay|artifactory|jfrog|nexus|harbor"
)


class OpenSecret(NamedTuple):
    """A `valueFrom` that is no whole ARN: `id` as it is written, without a JSON key and the like; in which
    service it may be."""

    id: str
    services: tuple[SecretService, ...]


class OpenImage(NamedTuple):
    """An image whose registry is open: the repository as far as it is written, what is open, and whether the
    words say that it is one of Amazon ECR."""

    repository: str
    open: str
    is_ecr: bool


def open_secret(text: str) -> OpenSecret | None:
    """What a `valueFrom` (or another reference to a secret) means that is neither an ARN nor the name of a
    parameter; None where it is one of these."""
    arn = parse_arn(text)
    if arn is not None:
        if arn.service == "secretsmanager" and arn.resource.startswith("secret:"):
            parts = arn.resource.split(":")
            if len(parts) in (2, 5) or not parts[1]:
                return None
            # A JSON key without all of its colons: the agent refuses it, what it names is clear.
            return OpenSecret(str(arn._replace(resource=f"secret:{parts[1]}")), ("secretsmanager",))
        return OpenSecret(text, (arn.service,)) if arn.service in SECRETS and _amiss(arn.resource) else None
    if text.startswith("arn:") or ":secret:" in text or ":parameter/" in text:
        return OpenSecret(text, _services(text))
    if not _may_be_open(text):
        return None
    suffix = _SUFFIX.search(text)
    core = text[: suffix.start()] if suffix else text
    if not _is_open(core):
        return None
    has_key = suffix is not None and not _PARAMETER.search(core)
    return OpenSecret(core, ("secretsmanager",) if has_key else _services(core))


def _amiss(resource: str) -> bool:
    return not resource.startswith("parameter/")


def _services(text: str) -> tuple[SecretService, ...]:
    """Where something may be kept that is called so; in both where the words do not say."""
    if ":parameter/" in text or ":ssm:" in text or _PARAMETER.search(text):
        return ("ssm",)
    return ("secretsmanager",) if _SECRET.search(_snake(text)) else SECRETS


def object_arns(text: str, partition: str) -> tuple[str, str] | None:
    """The ARNs of an object in Amazon S3 and of its bucket, as far as a file says them; None where it names
    no such thing. Of an object that is open as a whole the bucket is any."""
    if text.startswith("s3://"):  # not what ECS takes, but clear
        text = f"arn:{partition}:s3:::{text.removeprefix('s3://')}"
    if found := parse_s3_arn(text):
        return (f"{found.bucket_arn}/{found.key}", found.bucket_arn) if found.key else None
    if not _may_be_open(text) or text.startswith("arn:"):
        return None
    start, end = next(iter(spans(text, "name")), (1, 1))
    if start != 0:
        return None
    if end == len(text):
        return text, f"arn:{partition}:s3:::*"
    bucket, key = text[:end], text[end:]
    if not key.startswith("/") or key == "/":
        return None
    if "arn" not in bucket.lower():
        bucket = f"arn:{partition}:s3:::{bucket}"
    return bucket + key, bucket


def spec_services(text: str) -> tuple[Literal["s3", "ssm"], ...]:
    """Where a credential spec of gMSA may be whose ARN is open; nowhere if it is not open."""
    if not _may_be_open(text) or not _is_open(text):
        return ()
    if _BUCKET.search(_snake(text)):
        return ("s3",)
    return ("ssm",) if _PARAMETER.search(text) else ("s3", "ssm")


def open_image(text: str) -> OpenImage | None:
    """An image whose registry or whole name is open, so that it may be one of Amazon ECR; None where it is
    not: where a tag alone is open, or another registry is named."""
    if not _may_be_open(text) or parse_image(text).account is not None:
        return None
    marks = spans(text, "image")
    if not marks or marks[0][0] != 0:
        return None
    path = text[: _tag_at(text, marks)]
    slash = next(_outside(path, "/", marks), len(path))
    head, rest = path[:slash], path[slash + 1 :]
    words = _snake(head).lower()
    if _ELSEWHERE.search(words):
        return None
    return OpenImage(rest or head, head, bool(_ECR.search(words)))


def _tag_at(text: str, marks: list[tuple[int, int]]) -> int:
    """Where the tag or the digest of an image begins, or its end."""
    last = max(_outside(text, "/", marks), default=0)
    digest = next(_outside(text, "@", marks), len(text))
    return min((at for at in _outside(text, ":", marks) if last <= at < digest), default=digest)


def _outside(text: str, what: str, marks: list[tuple[int, int]]) -> Iterator[int]:
    """Where a character stands that is in no placeholder."""
    for match in re.finditer(re.escape(what), text):
        if not any(start <= match.start() < end for start, end in marks):
            yield match.start()


def _may_be_open(text: str) -> bool:
    """Whether a text can be open at all: most are not, and are done with quickly."""
    return bool(text) and not _PLAIN.fullmatch(text)


def _is_open(text: str) -> bool:
    """Whether a text is one placeholder from its beginning to its end."""
    found = spans(text, "name")
    return bool(found) and found[0] == (0, len(text))


def _snake(text: str) -> str:
    return _HUMP.sub("_", text)
