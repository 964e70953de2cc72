"""What statements grant too widely, told once for every document however many roles share it."""

import re
from collections.abc import Iterable, Iterator
from enum import Flag, auto
from functools import lru_cache
from typing import NamedTuple

from ecsiam_tui.account.iam import AttachedPolicy, Group, InlinePolicy, Role, User
from ecsiam_tui.findings.facts import Facts, Placed
from ecsiam_tui.findings.finding import Evidence
from ecsiam_tui.findings.reach import once
from ecsiam_tui.graph.build_iam import inline_id
from ecsiam_tui.policy.document import PolicyDocument
from ecsiam_tui.policy.patterns import action_matcher, action_matchers, is_universal
from ecsiam_tui.policy.statements import Statement

# A pattern that names no thing in particular, only (perhaps) what kind of thing it is.
_EVERYTHING_OF_A_KIND = re.compile(
    r"(?:(?:secret|parameter|key|table|role|task-definition|task|service|cluster|function|instance)[/:]?)?"
    r"[*?/:-]+"
)
_AWS_POLICY = re.compile(r"arn:aws[a-z-]*:iam::aws:policy/(.*)")
# What AWS's own documentation gives to the roles of ECS, of its hosts and of its launchers.
_AS_DOCUMENTED = re.compile(
    r"service-role/|aws-service-role/|AmazonECSInfrastructureRole|AmazonECSInstanceRolePolicy|AWSCodeDeployRoleFor"
    r"|AmazonSSMManaged(?:EC2)?Instance|CloudWatchAgentServerPolicy$|AWSXRayDaemonWriteAccess$"
)
FULL_ACCESS = re.compile(r"FullAccess(?:V\d+)?$|^PowerUser|^IAMFull|^SecretsManagerReadWrite$")
"""Names of AWS managed policies that give all of a service, or of most services."""


class Mark(Flag):
    """What a statement grants too widely."""

    EVERYTHING = auto()
    SERVICE = auto()
    SENSITIVE = auto()
    NOT_ACTION = auto()
    NOT_RESOURCE = auto()
    PASS_ROLE = auto()
    SESSION = auto()


_NONE = Mark(0)
_WIDE = Mark.EVERYTHING | Mark.SENSITIVE | Mark.PASS_ROLE
"""What depends on whether the resources are everything of a kind."""


class Sensitive(NamedTuple):
    """Actions that get at data, and what one does with them to everything."""

    actions: tuple[str, ...]
    words: str


SENSITIVE: dict[str, tuple[Sensitive, ...]] = {
    "secretsmanager": (
        Sensitive(
            ("secretsmanager:GetSecretValue", "secretsmanager:BatchGetSecretValue"), "read every secret"
        ),
    ),
    "ssm": (
        Sensitive(
            (
                "ssm:GetParameters",
                "ssm:GetParameter",
                "ssm:GetParametersByPath",
                "ssm:GetParameterHistory",
            ),
            "read every parameter",
        ),
    ),
    "kms": (Sensitive(("kms:Decrypt",), "decrypt with every key"),),
    "s3": (
        Sensitive(("s3:GetObject",), "read every object"),
        Sensitive(("s3:PutObject",), "write every object"),
        Sensitive(("s3:DeleteObject",), "delete every object"),
    ),
    "dynamodb": (
        Sensitive(
            ("dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:BatchGetItem"),
            "read every table",
        ),
        Sensitive(
            ("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"),
            "write every table",
        ),
    ),
    "sts": (Sensitive(("sts:AssumeRole",), "assume every role that lets it"),),
}


def is_everything(action: str) -> bool:
    """Whether an Action pattern is about every action of every service."""
    service, colon, name = action.partition(":")
    return is_universal(service) and (not colon or is_universal(name))


def whole_service(action: str) -> str:
    """The service of a pattern that is all of one service (`s3:*`); else empty."""
    service, colon, name = action.partition(":")
    named = colon and "*" not in service and "?" not in service
    return service.lower() if named and is_universal(name) else ""


def is_wide(pattern: str) -> bool:
    """Whether a Resource pattern is about everything, or everything of a kind."""
    if is_universal(pattern):
        return True
    if "*" not in pattern:
        return False
    parts = pattern.split(":", 5)
    return len(parts) < 6 or _EVERYTHING_OF_A_KIND.fullmatch(parts[5]) is not None


def sensitive(statement: Statement) -> Iterator[tuple[Sensitive, tuple[str, ...]]]:
    """The sensitive things that a statement names, with those of its actions that do so. What is all of a
    service is not counted here."""
    for pattern in statement.actions:
        service = pattern.partition(":")[0].lower()
        if service not in SENSITIVE or whole_service(pattern):
            continue
        matches = action_matcher(pattern)
        for kind in SENSITIVE[service]:
            actions = tuple(action for action in kind.actions if matches and matches(action.lower()))
            if actions:
                yield kind, actions


def names_action(statement: Statement, action: str) -> bool:
    """Whether a statement names an action of a service (lower case): with the service, not by `*` alone."""
    service = action.partition(":")[0] + ":"
    return any(
        (matches := action_matcher(pattern)) and matches(action)
        for pattern in statement.actions
        if pattern[: len(service)].lower() == service
    )


def covers(statement: Statement, action: str) -> bool:
    """Whether Action or NotAction covers an action (lower case)."""
    patterns = statement.actions or statement.not_actions
    return any(matches(action) for matches in action_matchers(patterns)) != bool(statement.not_actions)


@lru_cache(maxsize=4096)
def _of_pattern(pattern: str) -> Mark:
    """What an Action pattern means on everything."""
    if is_everything(pattern):
        return Mark.EVERYTHING
    found = Mark(0)
    service = pattern.partition(":")[0].lower()
    if whole_service(pattern):
        found |= Mark.SERVICE
    matches = action_matcher(pattern)
    if matches is None:
        return found
    kinds = SENSITIVE.get(service, ())
    if not found and any(matches(action.lower()) for kind in kinds for action in kind.actions):
        found |= Mark.SENSITIVE
    if service == "iam" and matches("iam:passrole"):
        found |= Mark.PASS_ROLE
    if service == "ssm" and matches("ssm:startsession"):
        found |= Mark.SESSION
    return found


@lru_cache(maxsize=4096)
def _of_actions(patterns: tuple[str, ...]) -> Mark:
    found = _NONE
    for pattern in patterns:
        found |= _of_pattern(pattern)
    return found


def _marks(statement: Statement) -> Mark:
    if statement.effect != "Allow":
        return _NONE
    found = _NONE
    if statement.not_resources:
        found |= Mark.NOT_RESOURCE
    if statement.not_actions:
        found |= Mark.NOT_ACTION
        if any(is_universal(pattern) for pattern in statement.resources) and covers(
            statement, "iam:attachrolepolicy"
        ):
            found |= Mark.EVERYTHING
        return found
    actions = _of_actions(statement.actions)
    if not actions:
        return found
    found |= actions & Mark.SERVICE
    if actions & Mark.SESSION and any(_can_be_a_task(pattern) for pattern in statement.resources):
        found |= Mark.SESSION
    if actions & _WIDE and any(map(is_wide, statement.resources)):
        found |= actions & (Mark.SENSITIVE | Mark.PASS_ROLE)
        if any(map(is_universal, statement.resources)):
            found |= actions & Mark.EVERYTHING
    return found


def _can_be_a_task(pattern: str) -> bool:
    parts = pattern.split(":", 5)
    if len(parts) < 6:
        return "*" in pattern
    return parts[2] in ("ecs", "*") and parts[5].startswith(("task/", "*"))


class Marked(NamedTuple):
    """A statement that grants something too widely."""

    placed: Placed
    mark: Mark


class _Documents:
    """The marked statements of documents, by their text."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[tuple[Statement, Mark], ...]] = {}

    def of(self, text: str, document: PolicyDocument) -> tuple[tuple[Statement, Mark], ...]:
        known = self._known.get(text)
        if known is None:
            marked = ((statement, _marks(statement)) for statement in document.statements)
            known = self._known[text] = tuple(pair for pair in marked if pair[1])
        return known


@once
def _documents(_: Facts) -> _Documents:
    return _Documents()


def marked(facts: Facts, principal: Role | User | Group) -> list[Marked]:
    """The statements of a principal's own policies (those of a user's groups are the groups') that grant
    something too widely."""
    documents, account = _documents(facts), facts.account
    found = []
    inline, attached = own_policies(principal)
    for policy in inline:
        text = policy.policy_document
        for statement, mark in documents.of(text, account.document(text)):
            node = inline_id(principal.arn, policy.policy_name)
            found.append(Marked(Placed(statement, policy.policy_name, node), mark))
    for other in attached:
        known = account.managed_text(other.policy_arn)
        if known is not None:
            for statement, mark in documents.of(known.text, account.document(known.text)):
                found.append(Marked(Placed(statement, known.name, other.policy_arn), mark))
    return found


def own_statements(facts: Facts, principal: Role | User | Group) -> Iterator[Placed]:
    """Every statement of a principal's own policies; those of a user's groups are the groups'."""
    account = facts.account
    inline, attached = own_policies(principal)
    for policy in inline:
        node = inline_id(principal.arn, policy.policy_name)
        for statement in account.document(policy.policy_document).statements:
            yield Placed(statement, policy.policy_name, node)
    for other in attached:
        known = account.managed_text(other.policy_arn)
        for statement in account.document(known.text).statements if known else ():
            yield Placed(
                statement, other.policy_name or other.policy_arn.rsplit("/", 1)[-1], other.policy_arn
            )


@once
def _members(facts: Facts) -> dict[str, list[User]]:
    found: dict[str, list[User]] = {}
    for user in facts.snapshot.users:
        for name in user.group_list:
            found.setdefault(name, []).append(user)
    return found


def members_of(facts: Facts, group: Group) -> list[User]:
    """The users in a group."""
    return _members(facts).get(group.group_name, [])


def own_policies(
    principal: Role | User | Group,
) -> tuple[tuple[InlinePolicy, ...], tuple[AttachedPolicy, ...]]:
    """The inline and attached policies of a principal itself."""
    if isinstance(principal, Role):
        return principal.role_policy_list, principal.attached_managed_policies
    if isinstance(principal, User):
        return principal.user_policy_list, principal.attached_managed_policies
    return principal.group_policy_list, principal.attached_managed_policies


@once
def marked_roles(facts: Facts) -> dict[str, list[Marked]]:
    """The ECS roles that have such statements, by ARN; service-linked ones are AWS's."""
    found = {arn: marked(facts, role) for arn, role in facts.ecs_roles.items() if not role.is_service_linked}
    return {arn: statements for arn, statements in found.items() if statements}


def with_mark(statements: Iterable[Marked], mark: Mark) -> list[Placed]:
    """Those of some statements that have a mark."""
    return [found.placed for found in statements if found.mark & mark]


def aws_policy(node: str) -> str:
    """The path and name of an AWS managed policy; empty for any other node."""
    match = _AWS_POLICY.fullmatch(node)
    return match[1] if match else ""


def is_as_documented(node: str) -> bool:
    """Whether a policy is one that AWS's documentation gives to the roles around ECS."""
    return _AS_DOCUMENTED.match(aws_policy(node)) is not None


def evidence(holder: str, placed: Placed, text: str = "") -> Evidence:
    """The statement; for a policy of AWS that it is attached: nobody here wrote it."""
    if aws_policy(placed.node):
        return Evidence("field", holder, "AttachedManagedPolicies", text or placed.policy)
    return placed.evidence(text)


def nodes(holder: str, places: Iterable[Placed]) -> tuple[str, ...]:
    """The holder of some statements and the customer managed policies that they stand in."""
    policies = (placed.node for placed in places if ":policy/" in placed.node and not aws_policy(placed.node))
    return tuple(dict.fromkeys((holder, *policies)))
