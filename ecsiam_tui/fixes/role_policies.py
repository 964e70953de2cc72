"""The permissions of a role that is made: what kinds there are, and where the permissions come from."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

import msgspec

from ecsiam_tui.account.references import Home, home_of
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.looking import name_of
from ecsiam_tui.ecs.requirement import Requirement
from ecsiam_tui.ecs.rows_launchers import EVENTS, SCHEDULER, Launcher
from ecsiam_tui.ecs.workloads import Workload, of_definition
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.trusting import ECS, TASKS
from ecsiam_tui.fixes import documents
from ecsiam_tui.fixes.granting import allow, policy_name, statements
from ecsiam_tui.fixes.making import TaskRoleKind, needs_of
from ecsiam_tui.fixes.templates import filled, template
from ecsiam_tui.policy.aws_managed import aws_managed_arns
from ecsiam_tui.policy.catalogue import as_pattern, is_account_level, load

Kind = Literal["task", "task-execution", "infrastructure", "events", "scheduler"]

TASK_KINDS: dict[str, TaskRoleKind] = {"task": "task", "task-execution": "task-execution"}


class WizardError(ValueError):
    """A choice cannot be what it is. The message is one line."""


class Sort(NamedTuple):
    """A kind of role: what it is called, who assumes it, and how its name ends."""

    kind: Kind
    title: str
    service: str
    ending: str


SORTS: tuple[Sort, ...] = (
    Sort("task", "task role: what the application may do", TASKS, "-task"),
    Sort("task-execution", "task execution role: images, logs, secrets", TASKS, "-exec"),
    Sort(
        "infrastructure",
        "infrastructure role: volumes, TLS, load balancers, instances",
        ECS,
        "-infrastructure",
    ),
    Sort("events", "EventBridge role: rules that run tasks", "events.amazonaws.com", "-events"),
    Sort(
        "scheduler",
        "EventBridge Scheduler role: schedules that run tasks",
        "scheduler.amazonaws.com",
        "-scheduler",
    ),
)
"""Every kind of role that is made here, in the order in which they are offered."""

INFRASTRUCTURE: tuple[tuple[str, str], ...] = (
    ("AmazonECSInfrastructureRolePolicyForVolumes", "EBS volumes configured at launch"),
    (
        "AmazonECSInfrastructureRolePolicyForServiceConnectTransportLayerSecurity",
        "TLS of Service Connect",
    ),
    ("AmazonECSInfrastructureRolePolicyForVpcLattice", "VPC Lattice target groups"),
    ("AmazonECSInfrastructureRolePolicyForLoadBalancers", "blue/green deployments behind load balancers"),
    ("AmazonECSInfrastructureRolePolicyForManagedInstances", "Managed Instances"),
    ("AmazonECSInfrastructureRoleforExpressGatewayServices", "Express Mode services"),
)
"""AWS's policies for infrastructure roles, and what each is for: Amazon ECS Developer Guide, "Amazon ECS
infrastructure IAM role"."""


def sort_of(kind: Kind) -> Sort:
    """A kind of role."""
    return next(one for one in SORTS if one.kind == kind)


# What a role may do -----------------------------------------------------------------------------------------


class OfNeeds(msgspec.Struct, frozen=True):
    """Exactly what is asked for by those the role is for."""


class OfActions(msgspec.Struct, frozen=True):
    """Some actions on some resources. Actions that have no resources are allowed on all."""

    actions: tuple[str, ...]
    resources: tuple[str, ...] = ("*",)


class OfTemplate(msgspec.Struct, frozen=True):
    """A template by name, with its blanks."""

    name: str
    blanks: dict[str, str] = {}


class Attached(msgspec.Struct, frozen=True):
    """A managed policy (ARN)."""

    policy: str


Source = OfNeeds | OfActions | OfTemplate | Attached | None
"""Where the permissions come from; None gives none."""


# Permissions ------------------------------------------------------------------------------------------------


def workloads_of(users: Iterable[str], facts: Facts) -> list[Workload]:
    """The workloads that some ids name: services and the like, or task definitions with all their users."""
    wanted = set(users)
    found = [
        one
        for one in facts.needs.workloads
        if one.id in wanted or one.definition.task_definition_arn in wanted
    ]
    seen = {one.id for one in found} | {one.definition.task_definition_arn for one in found}
    others = (
        facts.around.definitions[user]
        for user in users
        if user not in seen and user in facts.around.definitions
    )
    return [*found, *(of_definition(one, facts.around) for one in others)]


def needs_for(kind: Kind, users: Sequence[str], arn: str, facts: Facts) -> tuple[Requirement, ...]:
    """What a role (ARN, there or not) would have to give to those it is for."""
    if kind in TASK_KINDS:
        found: Iterable[Requirement] = needs_of(workloads_of(users, facts), TASK_KINDS[kind], arn, facts)
    else:
        found = _launcher_needs(kind, users, arn, facts)
    unique = {
        (one.action, one.resource): one for one in found if one.id != "TRUST" and one.necessity != "optional"
    }
    return tuple(unique.values())


def _launcher_needs(kind: Kind, users: Sequence[str], arn: str, facts: Facts) -> Iterator[Requirement]:
    for user in users:
        definition = facts.around.definitions.get(user)
        if definition is not None and kind in ("events", "scheduler"):
            source = EVENTS if kind == "events" else SCHEDULER
            launcher = Launcher(user, kind, arn, sort_of(kind).title.partition(":")[0], source, facts.around)
            yield from launcher.runs(user.rpartition(":")[0], "", home_of(user), None, "SCHED")
            continue
        for judged in facts.needs.of(user):
            if judged.requirement.role_kind == kind and judged.requirement.id != "TRUST":
                yield msgspec.structs.replace(judged.requirement, principal=arn)


def permissions(
    source: Source, kind: Kind, users: Sequence[str], arn: str, facts: Facts
) -> Iterator[c.AnyChange]:
    """What gives a new role (ARN) its permissions. Raises WizardError or BlankError."""
    match source:
        case OfNeeds():
            asked = needs_for(kind, users, arn, facts)
            if asked:
                yield allow(
                    arn, policy_name(kind), statements(asked, facts), facts, "exactly what is asked for"
                )
        case OfActions():
            found = _of_actions(source)
            yield allow(arn, "ecsiam-access", found, facts, "the chosen actions")
        case OfTemplate():
            chosen = template(source.name)
            regions = [home_of(user).region for user in users] + sorted(facts.snapshot.regions)
            home = Home(facts.snapshot.partition, next(filter(None, regions), ""), facts.snapshot.account_id)
            found = list(filled(chosen, home, source.blanks))
            yield allow(arn, f"ecsiam-{source.name}", found, facts, chosen.title)
        case Attached():
            yield c.AttachRolePolicy(role=arn, policy=source.policy, why="AWS's policy for it")


def _of_actions(source: OfActions) -> list[documents.Statement]:
    if not source.actions:
        raise WizardError("choose an action")
    everywhere = sorted(one for one in source.actions if is_account_level(one))
    others = sorted(set(source.actions) - set(everywhere))
    found: list[documents.Statement] = []
    if others:
        if not source.resources:
            raise WizardError(f"say on which resource {others[0]} is allowed")
        for one in source.resources:
            if one != "*" and not (one.startswith("arn:") and one.count(":") >= 5):
                raise WizardError(f"{one[:60]!r} is no ARN; an ARN is arn:aws:service:region:account:name")
        resources = documents.plain(list(source.resources))
        found.append(
            {"Sid": "Chosen", "Effect": "Allow", "Action": documents.plain(others), "Resource": resources}
        )
    if everywhere:
        found.append(
            {
                "Sid": "WithoutResource",
                "Effect": "Allow",
                "Action": documents.plain(everywhere),
                "Resource": "*",
            }
        )
    return found


def offered_resources(actions: Sequence[str], facts: Facts) -> tuple[str, ...]:
    """Resources that some actions can be about: what the account has, then all of a kind, then everything."""
    catalogue = load()
    snapshot = facts.snapshot
    wanted = sum(1 << number for number in {catalogue.number(one) for one in actions} if number is not None)
    known_parts = {"Partition": snapshot.partition, "Account": snapshot.account_id}
    if len(snapshot.regions) == 1:
        known_parts["Region"] = snapshot.regions[0]
    patterns: dict[str, None] = {}
    for name in actions:
        action, service = catalogue.action(name), catalogue.service(name.partition(":")[0])
        uses = {use.name for use in action.uses} if action else set()
        for kind in service.resource_types if service else ():
            if kind.name in uses:
                parts = re.sub(r"\$\{(\w+)\}", lambda part: known_parts.get(part[1], part[0]), kind.arn)
                patterns[as_pattern(parts)] = None
    services = {name.partition(":")[0] for name in actions}
    known = (node.id for node in facts.estate.nodes() if _is_resource(node.id, services))
    there = sorted(one for one in known if wanted & catalogue.actions_on(one))
    return tuple(dict.fromkeys((*there, *patterns, "*")))


def _is_resource(node: str, services: set[str]) -> bool:
    parts = node.split(":")
    # A reference to a key of a secret has more parts than a secret's ARN.
    is_whole = parts[0] == "arn" and len(parts) > 5 and (parts[2] != "secretsmanager" or len(parts) == 7)
    return is_whole and parts[2] in services and "#" not in node


def offered_policies(kind: Kind, facts: Facts) -> tuple[tuple[str, str], ...]:
    """AWS's policies that are made for a kind of role: ARNs with what each is for."""
    if kind == "task-execution":
        named: tuple[tuple[str, str], ...] = (
            ("AmazonECSTaskExecutionRolePolicy", "images and logs, of everything"),
        )
    else:
        named = INFRASTRUCTURE if kind == "infrastructure" else ()
    arns = {name_of(arn): arn for arn in aws_managed_arns(facts.snapshot.partition)}
    return tuple((arns[name], text) for name, text in named if name in arns)
