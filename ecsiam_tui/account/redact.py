"""Keep secret values out of records, files, logs and pictures.

An environment variable's value becomes a keyed fingerprint, its length and a verdict; free text keeps its
words but loses what looks like a credential. Everything here works on AWS's response shapes (plain dicts),
before a record is made of them.
"""

import hashlib
import hmac
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ecsiam_tui.account.records import Json
from ecsiam_tui.account.tasks import SecretVerdict

MASK = "•••"

_SECRET_NAME = re.compile(
    r"(?i)(pass(word|wd|phrase)?|secret|token|api[._-]?key|private[._-]?key|credential|auth[._-]?data"
    r"|connection[._-]?string)"
)
_NOT_A_SECRET_NAME = re.compile(r"(?i)[._-](arn|name|id|url|uri|file|path|header|ttl|type)$")
_AWS_KEY = re.compile(r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b")
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:.*?-----END [A-Z ]*PRIVATE KEY-----|.*)", re.S
)
_TOKEN = re.compile(
    r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abposr]-[\w-]{10,}"
    r"|sk_live_\w{10,}|sk-[A-Za-z0-9_-]{20,}|npm_[A-Za-z0-9]{20,}|AIza[\w-]{30,}|SG\.[\w-]{16,}\.[\w-]{16,}"
    r"|eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*)"
)
_URL_PASSWORD = re.compile(
    r"(?P<head>\b[a-z][a-z0-9+.-]{0,20}://[^\s:/@]{0,200}:)(?P<secret>\S{1,500})(?=@)", re.I
)
_NAMED = r"[\w-]{0,40}(?:password|passwd|secret|token|api[_-]?key|private[_-]?key)[\w-]{0,40}"
# Repetitions are bounded, so that no text takes long. A value is what follows `=` or `:` (or, after a flag, a
# space), in quotes to their end. Words after a mere space stay: "unable to pull secrets or registry auth" has
# to stay readable.
_OPTION_SECRET = re.compile(
    rf"(?i)(?<![\w:/-])(?!secretsmanager:)(?P<head>--?{_NAMED}\s+|-{{0,2}}{_NAMED}[\"']?\s*[:=]\s*)(?!arn:)"
    r"(?P<secret>\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^\s,;&\"']+)"
)
_AUTHORIZATION = re.compile(
    r"(?i)(?P<head>authorization[\"']?\s*[:=]\s*[\"']?(?:bearer\s+|basic\s+)?)(?P<secret>[^\s\"']+)"
)
_AWS_SECRET_SHAPE = re.compile(r"^[A-Za-z0-9/+]{40}$")
_NAMING_OPTIONS = frozenset({
    "awslogs-group", "awslogs-region", "awslogs-stream-prefix", "awslogs-stream", "config-file-value",
    "name", "@type", "region", "log_group_name", "log_stream_prefix", "log_stream_name",
    "bucket", "s3_bucket", "delivery_stream", "delivery_stream_name", "stream", "stream_name",
})  # fmt: skip
"""Options that name things in AWS: requirements are read from them, and names that AWS makes up
(`Stack-LogGroup34A663C5-noLmisWECGA6`) look as random as secrets do."""
_WORDLIKE = re.compile(r"^[a-z0-9]+([./:_-][a-z0-9]+)*/?$")


def _entropy_bits(text: str) -> float:
    """Shannon entropy in bits a character."""
    total = len(text)
    return -sum(n / total * math.log2(n / total) for n in Counter(text).values())


def verdict(name: str, value: str) -> SecretVerdict:
    """What a value looks like, judged by its own shape first and its name second."""
    if not value:
        return "no"
    if _AWS_KEY.search(value) or (name.upper().endswith("SECRET_ACCESS_KEY") and len(value) >= 16):
        return "AWS key"
    if _PRIVATE_KEY.search(value):
        return "private key"
    if _TOKEN.search(value):
        return "token"
    if _URL_PASSWORD.search(value):
        return "password"
    if value.startswith("arn:"):
        return "no"
    if _SECRET_NAME.search(name) and not _NOT_A_SECRET_NAME.search(name) and len(value) >= 4:
        return "no" if value.lower() in ("true", "false", "none", "null") else "password"
    if _AWS_SECRET_SHAPE.match(value) and _entropy_bits(value) > 4.0:
        return "AWS key"
    if len(value) >= 20 and " " not in value and not _WORDLIKE.match(value) and _entropy_bits(value) > 4.2:
        return "high entropy" if "://" not in value else "no"
    return "no"


def scrub_text(text: str) -> str:
    """Free text (a message, a command line) with everything that looks like a credential masked."""
    if len(text) < 8:
        return text
    for pattern in (_PRIVATE_KEY, _AWS_KEY, _TOKEN):
        text = pattern.sub(MASK, text)
    for pattern in (_URL_PASSWORD, _AUTHORIZATION, _OPTION_SECRET):
        text = pattern.sub(lambda match: match["head"] + MASK, text)
    return text


class Redactor:
    """Redacts AWS responses with one key: equal values have equal fingerprints under the same key.

    The key stays on this machine, so that a snapshot file does not let a reader test guesses.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def fingerprint(self, value: str) -> str:
        """A keyed fingerprint of 12 hexadecimal digits."""
        return hmac.new(self._key, value.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:12]

    def environment(self, pairs: Sequence[Mapping[str, Any]]) -> list[Json]:
        """`[{name, value}]` of ECS as the fields of `EnvironmentVariable`."""
        redacted = []
        for pair in pairs:
            name, value = str(pair.get("name", "")), str(pair.get("value", ""))
            redacted.append(
                {
                    "name": name,
                    "fingerprint": self.fingerprint(value),
                    "length": len(value),
                    "looksLikeSecret": verdict(name, value),
                }
            )
        return redacted

    def options(self, options: Mapping[str, Any]) -> dict[str, str]:
        """Options of a log driver or labels: values that look like a secret are masked."""
        return {
            key: MASK if self._is_secret(key, str(value)) else scrub_text(str(value))
            for key, value in options.items()
        }

    @staticmethod
    def _is_secret(option: str, value: str) -> bool:
        if option.lower() in _NAMING_OPTIONS:
            return bool(_AWS_KEY.search(value) or _TOKEN.search(value) or _PRIVATE_KEY.search(value))
        return verdict(option, value) != "no"

    def command(self, words: Sequence[Any]) -> list[str]:
        """A command line, word by word: `--password X`, `--password=X` and `PASSWORD=X` lose X."""
        result: list[str] = []
        masked_next = False
        for word in map(str, words):
            name, equals, _ = word.partition("=")
            if masked_next:
                result.append(MASK)
            elif equals and " " not in name and _SECRET_NAME.search(name):
                result.append(f"{name}={MASK}")
            else:
                result.append(scrub_text(word))
            masked_next = word.startswith("-") and "=" not in word and bool(_SECRET_NAME.search(word))
        return result

    def container(self, container: Json) -> Json:
        """A container definition or container override without values."""
        result = dict(container)
        if "environment" in result:
            result["environment"] = self.environment(result["environment"] or ())
        for field in ("command", "entryPoint"):
            if field in result:
                result[field] = self.command(result[field] or ())
        if "dockerLabels" in result:
            result["dockerLabels"] = self.options(result["dockerLabels"] or {})
        if isinstance(result.get("healthCheck"), dict):
            check = dict(result["healthCheck"])
            check["command"] = self.command(check.get("command") or ())
            result["healthCheck"] = check
        for field in ("logConfiguration", "firelensConfiguration"):
            if isinstance(result.get(field), dict):
                result[field] = {**result[field], "options": self.options(result[field].get("options") or {})}
        return result

    def task_definition(self, definition: Json) -> Json:
        """A task definition without values."""
        result = dict(definition)
        result["containerDefinitions"] = [
            self.container(item) for item in definition.get("containerDefinitions") or ()
        ]
        if "volumes" in result:
            result["volumes"] = [self._volume(item) for item in result["volumes"] or ()]
        return result

    def _volume(self, volume: Json) -> Json:
        """A volume without the passwords that drivers of Docker volumes take as options."""
        docker = volume.get("dockerVolumeConfiguration")
        if not isinstance(docker, dict):
            return volume
        docker = dict(docker)
        for field in ("driverOpts", "labels"):
            if isinstance(docker.get(field), dict):
                docker[field] = self.options(docker[field])
        return {**volume, "dockerVolumeConfiguration": docker}

    def overrides(self, overrides: Json) -> Json:
        """The overrides of a task or a scheduled task without values."""
        containers = [self.container(item) for item in overrides.get("containerOverrides") or ()]
        return {**overrides, "containerOverrides": containers}

    def task(self, task: Json) -> Json:
        """A task without values; messages keep their words and lose credentials."""
        result = dict(task)
        if isinstance(result.get("overrides"), dict):
            result["overrides"] = self.overrides(result["overrides"])
        if result.get("stoppedReason"):
            result["stoppedReason"] = scrub_text(result["stoppedReason"])
        result["containers"] = [
            {**item, "reason": scrub_text(item["reason"])} if item.get("reason") else item
            for item in result.get("containers") or ()
        ]
        return result

    def service(self, service: Json) -> Json:
        """A service whose events keep their words and lose credentials, and whose log options are masked."""
        events = [
            {**item, "message": scrub_text(item.get("message") or "")} for item in service.get("events") or ()
        ]
        deployments = []
        for deployment in service.get("deployments") or ():
            connect = deployment.get("serviceConnectConfiguration")
            if isinstance(connect, dict):
                deployment = {**deployment, "serviceConnectConfiguration": self.container(connect)}
            deployments.append(deployment)
        return {**service, "events": events, "deployments": deployments}
