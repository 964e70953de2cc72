"""What AWS refuses in a policy document, before it is sent."""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.policy.conditions import parse_operator
from ecsiam_tui.policy.document import parse_document
from ecsiam_tui.policy.lint import DocumentKind, counted_size, lint
from ecsiam_tui.policy.patterns import action_matchers
from ecsiam_tui.policy.principals import parse_principal
from ecsiam_tui.policy.statements import PolicyDocument, Statement

Severity = Literal["error", "warning"]

QUOTAS = 'IAM User Guide, "IAM and AWS STS quotas"'
GRAMMAR = 'IAM User Guide, "Grammar of the IAM JSON policy language"'
SID = 'IAM User Guide, "IAM JSON policy elements: Sid"'
PRINCIPAL = 'IAM User Guide, "AWS JSON policy elements: Principal"'
SOURCE_ARN = (
    'Amazon ECS Developer Guide, "Amazon ECS task IAM role": "Using the aws:SourceArn condition key to '
    'specify a specific cluster is not currently supported"'
)
_CHARACTERS = 'IAM API Reference, "PutRolePolicy" (pattern of PolicyDocument)'

_ALLOWED = re.compile("[\t\n\r\u0020-\u00ff]*")
_UNIQUE_ID = re.compile(r"A[A-Z]{3}[A-Z0-9]{12,}")
_TASKS = "ecs-tasks.amazonaws.com"


class Found(NamedTuple):
    """Something that AWS refuses (`error`) or that does not do what it seems to (`warning`)."""

    severity: Severity
    message: str
    source: str


def error(message: str, source: str) -> Found:
    """What AWS refuses, or what cannot work."""
    return Found("error", message, source)


def warning(message: str, source: str) -> Found:
    """What AWS takes, and somebody should know."""
    return Found("warning", message, source)


def too_large(size: int, limit: int, what: str, source: str = QUOTAS) -> Iterator[Found]:
    """An error where a size is beyond its limit."""
    if size > limit:
        yield error(f"{what} would have {size:,} characters; {limit:,} are allowed, whitespace aside", source)


def of_document(text: str, kind: DocumentKind, what: str, after: Snapshot) -> Iterator[Found]:
    """Grammar, characters, Sids and principals of a document. Its size is its owner's matter. `after` is the
    account with the change made: its principals are those that may be named."""
    refused = next((char for char in text if not _ALLOWED.fullmatch(char)), None)
    if refused is not None:
        message = (
            f"{what}: {refused!r} (U+{ord(refused):04X}) is no character of a policy; use U+0020 to U+00FF"
        )
        yield error(message, _CHARACTERS)
    document = parse_document(text)
    for found in lint(document, kind):
        if found.level == "error" and found.code != "size":
            yield error(f"{what}, line {found.line}: {found.message}", GRAMMAR)
    if not document.statements and not document.problems:
        yield warning(f"{what} has no statement: it says nothing, and AWS may refuse it", GRAMMAR)
    if kind != "resource":
        for statement in document.statements:
            if not re.fullmatch("[A-Za-z0-9]*", statement.sid):
                yield error(f"{what}: the Sid {statement.sid!r} may have letters and digits alone", SID)
    yield from _principals(document, what, after)
    if kind == "trust":
        yield from _cluster_as_source(document, what)


def _principals(document: PolicyDocument, what: str, after: Snapshot) -> Iterator[Found]:
    """Principals that do not exist: AWS turns them into unique ids when it saves, and refuses when it cannot
    find them."""
    names = dict.fromkeys(
        named.value
        for statement in document.statements
        for named in (*statement.principals, *statement.not_principals)
        if named.type == "AWS"
    )
    known = {role.arn for role in after.roles} | {user.arn for user in after.users}
    fields = {"role": "roles", "user": "users"}
    for name in names:
        if _UNIQUE_ID.fullmatch(name):
            yield error(f"{what} names {name}, which stands for a role or user that was deleted", PRINCIPAL)
            continue
        parsed = parse_principal(name)
        field = fields.get(parsed.kind)
        own = parsed.account == after.account_id
        if field and own and name not in known and after.is_known(field):
            yield error(f"{what} names the {parsed.kind} {parsed.name}, which does not exist", PRINCIPAL)


def _cluster_as_source(document: PolicyDocument, what: str) -> Iterator[Found]:
    for statement in document.statements:
        if statement.effect != "Allow" or not any(one.value == _TASKS for one in statement.principals):
            continue
        for condition in statement.conditions:
            operator = parse_operator(condition.operator).operator
            asks = condition.key.lower() == "aws:sourcearn" and operator is not None
            if asks and not _negated(condition.operator) and all(map(_is_cluster, condition.values)):
                message = f"{what}: ECS sends no cluster in aws:SourceArn, so {_TASKS} would be kept out"
                yield error(f"{message}; use arn:aws:ecs:REGION:ACCOUNT:*", SOURCE_ARN)


def _negated(operator: str) -> bool:
    return "Not" in operator or operator.lower().startswith("null")


def _is_cluster(value: str) -> bool:
    return value.split(":", 5)[-1].startswith(("cluster/", "service/"))


def allows(statement: Statement, action: str) -> bool:
    """Whether a statement is an Allow whose actions cover one."""
    patterns = statement.actions or statement.not_actions
    named = any(matches(action.lower()) for matches in action_matchers(patterns))
    return statement.effect == "Allow" and named != bool(statement.not_actions)


# Policies of resources

_RESOURCE_SIZES = {
    "repository": (10_240, 'Amazon ECR API Reference, "SetRepositoryPolicy" (policyText)'),
    "secret": (20_480, 'AWS Secrets Manager API Reference, "PutResourcePolicy" (ResourcePolicy)'),
    "key": (32_768, 'AWS KMS API Reference, "PutKeyPolicy" (Policy)'),
}
_LOCKOUT = 'AWS KMS API Reference, "PutKeyPolicy" (BypassPolicyLockoutSafetyCheck)'


def of_resource_policy(kind: str, text: str, after: Snapshot) -> Iterator[Found]:
    """A repository's, secret's or key's policy."""
    what = f"the policy of the {kind}"
    limit, source = _RESOURCE_SIZES[kind]
    if len(text) > limit:
        yield error(f"{what} would have {len(text):,} characters; {limit:,} are allowed", source)
    yield from of_document(text, "resource", what, after)
    if kind == "key":
        statements = parse_document(text).statements
        if not any(allows(statement, "kms:PutKeyPolicy") for statement in statements):
            message = "nobody could change the key's policy any more, and KMS refuses that"
            yield error(f"{message}: keep a statement that allows kms:PutKeyPolicy", _LOCKOUT)


def identity_size(text: str) -> int:
    """The characters of an identity-based or trust policy that count."""
    return counted_size(text, "identity")
