"""Policies of ECS roles that allow too much: everything, whole services, everything of a kind."""

from collections.abc import Iterable, Iterator

from ecsiam_tui.findings.facts import Facts, Placed
from ecsiam_tui.findings.finding import Evidence, Severity
from ecsiam_tui.findings.grants import (
    FULL_ACCESS,
    Mark,
    aws_policy,
    evidence,
    is_as_documented,
    is_wide,
    marked_roles,
    nodes,
    sensitive,
    whole_service,
    with_mark,
)
from ecsiam_tui.findings.reach import CUT_OFF, DATA, Weight, any_stands, samples, stands, together, weigh
from ecsiam_tui.findings.registry import Draft, rule
from ecsiam_tui.findings.wording import listed, use_of
from ecsiam_tui.policy.patterns import is_universal
from ecsiam_tui.policy.statements import Statement

_ADMINISTRATOR = "AdministratorAccess"
# With this an administrator gives itself any right.
_IAM = "iam:AttachRolePolicy"
_HIGH_SERVICES = frozenset(
    {"iam", "sts", "kms", "secretsmanager", "s3", "ssm", "ecs", "lambda", "ec2", "dynamodb", "organizations"}
)
# All four actions of it are what ECS Exec needs of a task role.
_HARMLESS_SERVICES = frozenset({"ssmmessages", "ec2messages", "xray"})


def _scope(statement: Statement) -> str:
    return "*" if any(map(is_universal, statement.resources)) else listed(statement.resources, 2)


def _policies(places: Iterable[Placed]) -> str:
    names = list(dict.fromkeys(placed.policy for placed in places))
    return f"{'policy' if len(names) == 1 else 'policies'} {listed(names, 3)}"


@rule(
    "ECS-IAM-016",
    "Administrator",
    Severity.CRITICAL,
    fires="a role of ECS is allowed every action on every resource, and no boundary, Deny or organization "
    "policy takes IAM away from it",
    why="Whoever gets into one container with this role owns the account: every key, every secret, every "
    "machine.",
    source='AWS Security Hub, control IAM.1 "IAM policies should not allow full "*" administrative '
    'privileges"',
    fix="Replace it with a policy of the actions that the workload uses; until they are known, set a "
    "permissions boundary that takes IAM away.",
    fixes=("swap-managed-policy", "narrow-wildcard", "remove-escalation-edge"),
)
def administrator(facts: Facts) -> Iterator[Draft]:
    """Allow everything on everything, also by a NotAction that leaves IAM in."""
    for arn, role in facts.ecs_roles.items():
        places = with_mark(marked_roles(facts).get(arn, ()), Mark.EVERYTHING)
        unread = [
            attached
            for attached in role.attached_managed_policies
            if aws_policy(attached.policy_arn) == _ADMINISTRATOR
            and facts.account.managed_text(attached.policy_arn) is None
        ]
        if not places and not unread:
            continue
        statements = [placed.statement for placed in places]
        weight = weigh(stands(facts, arn, _IAM), Severity.CRITICAL, *statements)
        words = "everything on everything"
        if weight is None:
            left = [stands(facts, arn, action) for action in DATA]
            if not all(left):
                continue
            weight = weigh(min(left, key=lambda found: found.allowed), Severity.HIGH, *statements)
            words = "everything but IAM"
        if weight is None:
            continue
        given = _policies(places) if places else f"policy {_ADMINISTRATOR}"
        seen = [evidence(arn, placed) for placed in places]
        seen += [Evidence("field", arn, "AttachedManagedPolicies", _ADMINISTRATOR) for _ in unread]
        yield Draft(
            nodes=nodes(arn, places),
            summary=f"{role.role_name} may do {words} ({given}){weight.note}.",
            evidence=tuple(seen),
            consequence=use_of(facts, arn),
            severity=weight.severity,
            rests_on=weight.rests_on,
        )


@rule(
    "ECS-IAM-017",
    "Full access by an AWS managed policy",
    Severity.HIGH,
    fires="a role of ECS has an AWS managed policy attached that gives all of a service (…FullAccess), "
    "PowerUserAccess, IAMFullAccess or SecretsManagerReadWrite",
    why="These policies are made for people who administer a service. A workload needs a few actions on a "
    "few resources of it.",
    source='IAM User Guide, "AWS managed policies" and "Security best practices in IAM" (least privilege); '
    "which names count is this program's choice",
    fix="Write a policy with the actions and resources that the workload uses, attach it, then detach the "
    "AWS managed one.",
    fixes=("swap-managed-policy",),
    verified=False,
)
def full_access(facts: Facts) -> Iterator[Draft]:
    """Names of AWS managed policies that end in FullAccess, and a few others."""
    for arn, role in facts.ecs_roles.items():
        named = [
            attached.policy_arn
            for attached in role.attached_managed_policies
            if FULL_ACCESS.search(aws_policy(attached.policy_arn))
        ]
        weights = {}
        for policy in named:
            given = _of_attached(facts, arn, policy, bounded=role.permissions_boundary is not None)
            if given is not None:
                weights[policy] = given
        if not weights:
            continue
        names = [policy.rsplit("/", 1)[-1] for policy in weights]
        weight = together(weights.values())
        yield Draft(
            nodes=(arn, *weights),
            summary=f"{role.role_name} has {listed(names)}.",
            evidence=tuple(Evidence("field", arn, "AttachedManagedPolicies", name) for name in names),
            consequence=use_of(facts, arn),
            severity=weight.severity,
            rests_on=weight.rests_on,
        )


def _of_attached(facts: Facts, role: str, policy: str, *, bounded: bool) -> Weight | None:
    """Whether what an attached policy gives stands: asked of a few of its actions."""
    known = facts.account.managed_text(policy)
    if known is None:
        unread = f"It rests on the document of {policy.rsplit('/', 1)[-1]}, which was not read."
        return Weight(Severity.MEDIUM, (unread,)) if bounded else Weight(Severity.HIGH)
    found = CUT_OFF
    for statement in facts.account.document(known.text).statements:
        if statement.effect == "Allow":
            standing = any_stands(facts, role, statement, 4)
            if standing.allowed:
                return weigh(standing, Severity.HIGH)
            found = found or standing
    return weigh(found, Severity.HIGH)


@rule(
    "ECS-IAM-018",
    "All actions of a service",
    Severity.HIGH,
    fires="a customer policy of an ECS role allows all actions of a service (s3:*)",
    why="It includes deleting things, changing their policies, and whatever AWS adds later; a workload uses "
    "a few of them.",
    source='AWS Security Hub, control IAM.21 "IAM customer managed policies that you create should not allow '
    'wildcard actions for services"',
    fix="List the actions that the workload uses, and the resources it uses them on.",
    fixes=("narrow-wildcard",),
)
def service_wildcards(facts: Facts) -> Iterator[Draft]:
    """`svc:*`. On named resources alone it is low; not all services are alike."""
    for arn, marked in marked_roles(facts).items():
        seen: list[tuple[Placed, str, Weight]] = []
        for placed in with_mark(marked, Mark.SERVICE):
            if aws_policy(placed.node):
                continue
            services = {whole_service(pattern): pattern for pattern in placed.statement.actions}
            for service, pattern in services.items():
                if service and service not in _HARMLESS_SERVICES:
                    weight = _whole(facts, arn, placed.statement, service)
                    if weight is not None:
                        seen.append((placed, f"{pattern} on {_scope(placed.statement)}", weight))
        if not seen:
            continue
        worst = together(weight for _, _, weight in seen)
        yield Draft(
            nodes=nodes(arn, (placed for placed, _, _ in seen)),
            summary=f"{facts.title(arn)} allows {listed(text for _, text, _ in seen)}{worst.note}.",
            evidence=tuple(dict.fromkeys(placed.evidence(text) for placed, text, _ in seen)),
            consequence=use_of(facts, arn),
            severity=worst.severity,
            rests_on=worst.rests_on,
        )


def _whole(facts: Facts, role: str, statement: Statement, service: str) -> Weight | None:
    wide = not statement.resources or any(map(is_wide, statement.resources))
    severity = Severity.HIGH if service in _HIGH_SERVICES else Severity.MEDIUM
    if not wide:
        severity = Severity.LOW
    asked = [stands(facts, role, action, "*") for action in samples(f"{service}:*", not wide)]
    if not asked:  # a service that the catalogue lacks
        return None if statement.conditions else Weight(severity)
    allowed = [found for found in asked if found.allowed]
    if allowed and len(allowed) * 2 < len(asked):
        severity = max(Severity.LOW, Severity(severity - 1))
    return weigh(allowed[0] if allowed else next(filter(None, asked), CUT_OFF), severity, statement)


@rule(
    "ECS-IAM-019",
    "Sensitive action on everything",
    Severity.HIGH,
    fires="a role of ECS may read every secret, parameter, object or table, decrypt with every key, or "
    "assume every role",
    why="One workload that is broken into gives away the data of all others.",
    source='IAM User Guide, "Security best practices in IAM" (least privilege); Amazon ECS Developer Guide, '
    '"Amazon ECS task execution IAM role" (name the secrets that the task definition uses)',
    fix="Name the secrets, parameters, keys, buckets, tables or roles that the workload uses.",
    fixes=("narrow-wildcard",),
)
def sensitive_on_everything(facts: Facts) -> Iterator[Draft]:
    """What gets at data, on `*`. All of a service, and everything, are other rules'."""
    for arn, marked in marked_roles(facts).items():
        seen: dict[str, tuple[Placed, tuple[str, ...], Weight]] = {}
        for placed in with_mark(marked, Mark.SENSITIVE):
            if is_as_documented(placed.node) or FULL_ACCESS.search(aws_policy(placed.node)):
                continue
            for kind, actions in sensitive(placed.statement):
                weight = weigh(stands(facts, arn, actions[0]), Severity.HIGH, placed.statement)
                known = seen.get(kind.words)
                if weight is not None and (known is None or known[2].severity < weight.severity):
                    seen[kind.words] = (placed, actions, weight)
        if not seen:
            continue
        by_place: dict[tuple[str, int], tuple[Placed, list[str]]] = {}
        for placed, actions, _ in seen.values():
            key = (placed.node, placed.statement.index)
            by_place.setdefault(key, (placed, []))[1].extend(actions)
        worst = together(weight for _, _, weight in seen.values())
        yield Draft(
            nodes=nodes(arn, (placed for placed, _, _ in seen.values())),
            summary=f"{facts.title(arn)} may {listed(seen)} of the account{worst.note}.",
            evidence=tuple(
                evidence(arn, placed, f"{placed.policy}: {listed(actions)} on {_scope(placed.statement)}")
                for placed, actions in by_place.values()
            ),
            consequence=use_of(facts, arn),
            severity=worst.severity,
            rests_on=worst.rests_on,
        )


@rule(
    "ECS-IAM-020",
    "Allow with NotAction",
    Severity.HIGH,
    fires="a customer policy of an ECS role allows all actions but those that NotAction names",
    why="It allows every service that is not named, and every action that AWS will ever add to any of them.",
    source='IAM User Guide, "IAM JSON policy elements: NotAction" ("Be careful using NotAction and '
    '"Effect": "Allow"")',
    fix="Write the actions that the workload uses in Action.",
    fixes=("rewrite-not-action",),
)
def not_action(facts: Facts) -> Iterator[Draft]:
    """NotAction with Allow. On named resources it is medium."""
    yield from _negated(facts, Mark.NOT_ACTION, "NotAction")


@rule(
    "ECS-IAM-021",
    "Allow with NotResource",
    Severity.HIGH,
    fires="a customer policy of an ECS role allows actions on all resources but those that NotResource names",
    why="It allows them on every other resource, of other accounts too where these let it, and on all that "
    "will ever be made.",
    source='IAM User Guide, "IAM JSON policy elements: NotResource" ("Be careful using the NotResource '
    'element and "Effect": "Allow"")',
    fix="Write the resources that the workload uses in Resource.",
    fixes=("rewrite-not-action",),
)
def not_resource(facts: Facts) -> Iterator[Draft]:
    """NotResource with Allow."""
    yield from _negated(facts, Mark.NOT_RESOURCE, "NotResource")


def _negated(facts: Facts, mark: Mark, element: str) -> Iterator[Draft]:
    for arn, marked in marked_roles(facts).items():
        seen: list[tuple[Placed, Weight]] = []
        for placed in with_mark(marked, mark):
            if not aws_policy(placed.node):
                weight = _negation(facts, arn, placed.statement)
                if weight is not None:
                    seen.append((placed, weight))
        if not seen:
            continue
        places = [placed for placed, _ in seen]
        worst = together(weight for _, weight in seen)
        said = [_said(placed.statement, element) for placed in places]
        yield Draft(
            nodes=nodes(arn, places),
            summary=f"{facts.title(arn)} allows {listed(said, 2)} ({_policies(places)}){worst.note}.",
            evidence=tuple(placed.evidence(element) for placed in places),
            consequence=use_of(facts, arn),
            severity=worst.severity,
            rests_on=worst.rests_on,
        )


def _said(statement: Statement, element: str) -> str:
    if element == "NotAction":
        return f"every action but {listed(statement.not_actions, 4)}"
    actions = listed(statement.actions, 4) or f"every action but {listed(statement.not_actions, 4)}"
    return f"{actions} on everything but {listed(statement.not_resources, 3)}"


def _negation(facts: Facts, role: str, statement: Statement) -> Weight | None:
    """Whether anything of what it allows stands."""
    severity = Severity.HIGH
    if statement.not_actions and statement.resources and not any(map(is_wide, statement.resources)):
        severity = Severity.MEDIUM
    return weigh(any_stands(facts, role, statement), severity, statement)
