"""Resource patterns that look right and do not match: what is compared, and what was written."""

from collections.abc import Iterator
from itertools import chain

from ecsiam_tui.account.arns import Arn, parse_arn
from ecsiam_tui.policy.catalogue import is_account_level
from ecsiam_tui.policy.patterns import is_universal, resource_glob, tokenize
from ecsiam_tui.policy.resources import is_plain
from ecsiam_tui.policy.services import ALIAS_ACTIONS
from ecsiam_tui.policy.statements import Statement

_WILD = frozenset("*?")
_ONLY_ALL = "{} supports no resource-level permission: only * grants it"


def matches(pattern: str, resource: str) -> bool:
    """Whether a Resource pattern covers an ARN; variables are taken as they are written."""
    if is_universal(pattern) or pattern == resource:
        return True
    if is_plain(pattern):
        return pattern.endswith("*") and resource.startswith(pattern[:-1])
    return resource_glob(tokenize(pattern, variables=False))(resource) is not None


def why_not(action: str, needed: str, pattern: str) -> str:
    """Why a pattern that nearly names a resource does not match it; empty where it matches, or is about
    something else. `action` is what is asked, `needed` the ARN that AWS compares."""
    if is_universal(pattern):
        return ""
    if needed == "*":
        return _ONLY_ALL.format(action) if is_account_level(action) else ""
    if matches(pattern, needed):
        return ""
    wanted, found = parse_arn(needed), parse_arn(pattern)
    if wanted is None or found is None or found.service != wanted.service:
        return ""
    reasons = chain(_of_service(action, wanted, found, needed, pattern), _of_place(wanted, found, needed))
    return next(reasons, "")


def _of_service(action: str, wanted: Arn, found: Arn, needed: str, pattern: str) -> Iterator[str]:
    service = wanted.service
    if service == "secretsmanager":
        yield from _secret(needed, pattern)
    elif service == "logs" and wanted.resource.endswith(":*") and matches(f"{pattern}:*", needed):
        yield "it lacks :* at its end, and log streams are compared"
    elif service == "kms" and found.resource.startswith("alias/"):
        yield "it names an alias, and the ARN of the key is compared"
    elif service == "ssm" and "parameter//" in pattern:
        if matches(pattern.replace("parameter//", "parameter/"), needed):
            yield "it has two slashes after parameter, where the name's own slash is the only one"
    elif service == "s3":
        yield from _s3(action, wanted, found, needed, pattern)
    elif service == "ecs":
        yield from _ecs(action, wanted, found, needed, pattern)
    elif service == "ecr":
        base, colon, tag = found.resource.partition(":")
        if colon and matches(str(found._replace(resource=base)), needed):
            yield f"it ends in the tag {tag}, and repositories are compared without tags"
    elif service == "elasticfilesystem" and found.resource.startswith("access-point/"):
        yield "it names an access point, and the file system is compared"
    elif service == "iam" and wanted.resource.rsplit("/", 1)[-1] == found.resource.rsplit("/", 1)[-1]:
        yield f"the path differs: the role is {wanted.resource}"


def _s3(action: str, wanted: Arn, found: Arn, needed: str, pattern: str) -> Iterator[str]:
    if "/" in wanted.resource and "/" not in found.resource and matches(f"{pattern}/*", needed):
        yield "it names the bucket, and objects are compared: add /*"
    elif "/" in found.resource and "/" not in wanted.resource and matches(pattern.split("/")[0], needed):
        yield f"it names objects, and {action} is about the bucket"


def _secret(needed: str, pattern: str) -> Iterator[str]:
    base, suffix = split_secret(pattern)
    if suffix and matches(base, needed):
        yield f"it ends in the JSON key {suffix}, and the ARN of the secret alone is compared"
    elif needed[-7:-6] == "-" and pattern == needed[:-7]:
        yield "it lacks the six characters that end the ARN of a secret"


def split_secret(pattern: str) -> tuple[str, str]:
    """The ARN of a secret, and what a task definition's valueFrom has after it (`:password::`)."""
    parts = pattern.split(":")
    return ":".join(parts[:7]), "".join(f":{part}" for part in parts[7:])


def _ecs(action: str, wanted: Arn, found: Arn, needed: str, pattern: str) -> Iterator[str]:
    kind, other = wanted.resource.partition("/")[0], found.resource.partition("/")[0]
    if other == "cluster" != kind:
        yield f"it names the cluster, and {action} is compared with the {kind.replace('-', ' ')}"
    elif kind == other == "task-definition":
        family, _, revision = found.resource.partition(":")
        if not revision and matches(f"{pattern}:*", needed):
            yield "it lacks the revision: add :*"
        elif revision and family == wanted.resource.partition(":")[0]:
            yield f"it names revision {revision}, and {wanted.resource.partition('/')[2]} is asked for"
    elif kind == other == "service" and found.resource == f"service/{wanted.resource.split('/')[-1]}":
        yield "it lacks the cluster: services are service/CLUSTER/NAME"


def _of_place(wanted: Arn, found: Arn, needed: str) -> Iterator[str]:
    """The same thing in another region or account, or written in another case."""
    if found[:4] == wanted[:4]:
        if len(found.resource) == len(wanted.resource) and str(found).lower() == needed.lower():
            yield f"capitals count: it is {needed}"
        return
    moved = found._replace(partition=wanted.partition, region=wanted.region, account=wanted.account)
    if not (_WILD & set(found.region + found.account)) and _names(found) and matches(str(moved), needed):
        for word, asked, given in (
            ("partition", wanted.partition, found.partition),
            ("region", wanted.region, found.region),
            ("account", wanted.account, found.account),
        ):
            if asked != given:
                yield f"it names the {word} {given or '(none)'}, and {needed} is in {asked}"
                return


def _names(found: Arn) -> bool:
    """Whether it names something: `secret:*` of another region is about that region."""
    return bool(found.resource.strip("*?:/")) and not found.resource.partition("/")[2].startswith("*")


def never(statement: Statement, pattern: str) -> str:
    """Why a pattern of a statement can never match anything that its actions are about; else empty."""
    if ":secretsmanager:" in pattern and split_secret(pattern)[1].strip("*?:"):
        return (
            f"it ends in the JSON key {split_secret(pattern)[1]}, and the ARN of a secret alone is compared"
        )
    if ":ssm:" in pattern and ":parameter//" in pattern:
        return "it has two slashes after parameter, and no parameter's ARN has"
    if ":kms:" in pattern and ":alias/" in pattern:
        actions = [action.lower() for action in statement.actions]
        only_keys = all(action.startswith("kms:") and not _WILD & set(action) for action in actions)
        if actions and only_keys and not any(action in ALIAS_ACTIONS for action in actions):
            return "it names an alias, and the ARN of the key is compared"
    return ""
