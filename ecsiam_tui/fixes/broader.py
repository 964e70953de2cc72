"""Access that a change gives and that nothing required asks for."""

from collections import defaultdict
from collections.abc import Iterator

from ecsiam_tui.account.iam import Role, User
from ecsiam_tui.changes.looking import name_of
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.near_misses import matches
from ecsiam_tui.policy.access import access
from ecsiam_tui.policy.catalogue import load, members

_MOST_ACTIONS = 4


def broader(before: Facts, now: Facts) -> tuple[str, ...]:
    """What principals may do after and not before, beyond what is asked of them: a line for each principal
    and set of resources; and who may newly assume a role without being asked to."""
    found: list[str] = []
    for arn in _touched(before, now):
        found += _gains(arn, before, now)
        found += _lets_in(arn, before, now)
    return tuple(found)


def _touched(before: Facts, now: Facts) -> Iterator[str]:
    """The principals whose record, or one of whose managed policies, is another than before."""
    policies = {policy.arn: policy for policy in before.snapshot.policies}
    changed = {one.arn for one in now.snapshot.policies if policies.get(one.arn) is not one}
    for arn in now.account.principals:
        record = now.account.principal(arn)
        assert record is not None
        if before.account.principal(arn) is not record or changed & _managed(record):
            yield arn


def _managed(record: Role | User) -> set[str]:
    found = {one.policy_arn for one in record.attached_managed_policies}
    limit = record.permissions_boundary
    return found | ({limit.permissions_boundary_arn} if limit else set())


def _gains(arn: str, before: Facts, now: Facts) -> Iterator[str]:
    old: dict[str, set[tuple[tuple[str, ...], tuple[object, ...]]]] = defaultdict(set)
    for action, resources, scope in _grants(arn, before):
        old[action].add((resources, scope))
    asked: dict[str, set[str]] = defaultdict(set)
    for judged in now.needs.of_role(arn):
        need = judged.requirement
        asked[need.action].update(
            (need.resource, now.account.authorized_resource(need.action, need.resource))
        )
    gained: dict[tuple[str, ...], dict[str, None]] = defaultdict(dict)
    for action, resources, scope in _grants(arn, now):
        if any(_covers(where, how, resources, scope) for where, how in old.get(action, ())):
            continue
        if not set(resources) <= asked[action]:
            gained[resources][action] = None
    for resources, actions in gained.items():
        names = list(actions)
        what = ", ".join(names) if len(names) <= _MOST_ACTIONS else f"{len(names)} actions"
        yield f"{name_of(arn)} may do {what} on {', '.join(resources[:3])}"


def _covers(
    where: tuple[str, ...], how: tuple[object, ...], resources: tuple[str, ...], scope: tuple[object, ...]
) -> bool:
    """Whether a grant that was there gives all that another does: on the same resources or wider ones, under
    the same conditions or none."""
    if how[1] and how != scope:
        return False
    if where == resources and how[0] == scope[0]:
        return True
    if how[0] or scope[0]:  # all but some resources
        return False
    return all(any(matches(pattern, resource) for pattern in where) for resource in resources)


def _grants(arn: str, facts: Facts) -> Iterator[tuple[str, tuple[str, ...], tuple[object, ...]]]:
    """Every action that a principal has, with the resources and what else limits it."""
    catalogue = load()
    for grant in access(facts.account.layers(arn)).grants:
        scope = (grant.except_resources, grant.conditions)
        for number in members(grant.actions):
            yield catalogue.names[number], grant.resources, scope
        for name in grant.unlisted:
            yield name, grant.resources, scope


def _lets_in(arn: str, before: Facts, now: Facts) -> Iterator[str]:
    asked = {one.requirement.principal for one in now.needs.of_role(arn) if one.requirement.id == "TRUST"}
    known = set(_trusted(arn, before))
    for principal in dict.fromkeys(_trusted(arn, now)):
        if principal not in known and principal not in asked:
            yield f"{principal} may assume {name_of(arn)}"


def _trusted(arn: str, facts: Facts) -> Iterator[str]:
    role = facts.account.principal(arn)
    if isinstance(role, Role):
        for placed in facts.trust(role):
            if placed.statement.effect == "Allow":
                yield from (one.value for one in placed.statement.principals)
