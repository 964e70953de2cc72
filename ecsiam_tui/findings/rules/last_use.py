"""Services that a role may use and does not."""

from collections.abc import Collection, Iterator
from datetime import timedelta
from functools import lru_cache

from ecsiam_tui.account.iam import Role
from ecsiam_tui.ecs.last_use import UNTRACKED, LastUse, few
from ecsiam_tui.findings.facts import Facts, Placed
from ecsiam_tui.findings.finding import Evidence, Severity
from ecsiam_tui.findings.grants import aws_policy, evidence, nodes, own_statements
from ecsiam_tui.findings.registry import Draft, rule
from ecsiam_tui.findings.wording import use_of
from ecsiam_tui.policy.access import Access, access
from ecsiam_tui.policy.catalogue import load, members
from ecsiam_tui.policy.services import service_of

_MOST_STATEMENTS = 3
_MOST_SERVICES = 6


@rule(
    "ECS-IAM-048",
    "Permissions that are not used",
    Severity.LOW,
    fires="a task role may use services that ECS does not ask for and that it did not use for as long as the "
    "option unused_days says (90 days), though it is older and was used for others, or runs all that time",
    why="What nobody uses only helps whoever takes the task over.",
    source='IAM User Guide, "Refine permissions in AWS using last accessed information": attempts of at '
    "least 400 days, by service",
    fix="Ask whoever runs the application whether rare work needs it; take the rest out of the policies.",
    fixes=("drop-unused-services",),
)
def unused_services(facts: Facts) -> Iterator[Draft]:
    """Task roles of which AWS said what they used last; of others nothing is known."""
    for arn, known in facts.last_uses.items():
        role = facts.task_roles.get(arn)
        if role is None or role.is_service_linked or not _tells(facts, role, known):
            continue
        found = access(facts.account.layers(arn))
        names = unused(facts, known, found)
        if not names:
            continue
        places = list(_only_about(facts, arn, names))
        names = _as_written(facts, role, names)
        days = facts.options.unused_days
        count = f"{len(names):,} services" if len(names) > 1 else "1 service"
        yield Draft(
            nodes=nodes(arn, places),
            summary=f"{role.role_name} may use {count} that it did not use in {days} days:"
            f" {few(names, _MOST_SERVICES)}.",
            evidence=(
                Evidence("field", arn, "ServicesLastAccessed", known.told((*known.services,))),
                *dict.fromkeys(evidence(arn, placed) for placed in places[:_MOST_STATEMENTS]),
            ),
            consequence=use_of(facts, arn),
            rests_on=found.unread,
        )


def unused(facts: Facts, known: LastUse, found: Access) -> list[str]:
    """The services that a role may use, that nothing of ECS asks for, and that it did not use for as long as
    the option says. Of a service that was granted since, nothing is known."""
    catalogue = load()
    granted = found.actions & ~catalogue.bits(UNTRACKED)
    services = _services(granted) | {service_of(name) for grant in found.grants for name in grant.unlisted}
    asked = {service_of(judged.requirement.action) for judged in facts.needs.of_role(known.role)}
    days = facts.options.unused_days
    return sorted(name for name in services - asked if known.is_used(name, days) is False)


@lru_cache(maxsize=1024)
def _services(actions: int) -> frozenset[str]:
    """The services of a set of the catalogue."""
    names = load().names
    return frozenset(service_of(names[number]) for number in members(actions))


def _tells(facts: Facts, role: Role, known: LastUse) -> bool:
    """Whether that something was not used says anything: the role is old enough, and either it used something
    else, or a service runs with it all that time."""
    days = facts.options.unused_days
    if role.create_date is None or known.days < days:
        return False
    if any(known.is_used(name, days) for name in known.services):
        return True
    running = (facts.around.services.get(service) for service in facts.services_of(role.arn))
    return any(
        one.running_count > 0
        and one.created_at is not None
        and facts.now - one.created_at >= timedelta(days=days)
        for one in running
        if one is not None
    )


def _as_written(facts: Facts, role: Role, names: list[str]) -> list[str]:
    """The services, those first that somebody wrote into a policy of the account: AWS's broad ones name
    hundreds."""
    written = {
        service_of(action)
        for placed in own_statements(facts, role)
        if not aws_policy(placed.node)
        for action in placed.statement.actions
        if action.lower() != UNTRACKED.lower()
    }
    return sorted(names, key=lambda name: (name not in written, name))


def _only_about(facts: Facts, arn: str, names: list[str]) -> Iterator[Placed]:
    """The statements that allow nothing but what is not used."""
    wanted = set(names)
    for placed in facts.statements(arn):
        actions = placed.statement.actions
        if placed.statement.effect == "Allow" and actions and all(is_about(one, wanted) for one in actions):
            yield placed


def is_about(action: str, services: Collection[str]) -> bool:
    """Whether an Action pattern names nothing but some services, and is not of what AWS does not track."""
    return service_of(action) in services and action.lower() != UNTRACKED.lower()
