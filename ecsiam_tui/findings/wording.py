"""Words of findings."""

from collections.abc import Iterable

from ecsiam_tui.findings.facts import Facts


def listed(names: Iterable[str], most: int = 5) -> str:
    """Some names in a sentence, each once: `a, b and 3 more`."""
    found = list(dict.fromkeys(names))
    if len(found) > most:
        return f"{', '.join(found[:most])} and {len(found) - most} more"
    return " and ".join(filter(None, (", ".join(found[:-1]), *found[-1:])))


def use_of(facts: Facts, role: str) -> str:
    """What a mistake in a role (ARN) touches, in a sentence: the services whose tasks have it, else whatever
    it is the role of; empty where nothing uses it."""
    services = facts.shared_by(role)
    if services or role not in facts.estate:
        return services
    users = [link.node.id for link in facts.estate.role_users(role)]
    return f"It is the role of {facts.titles(users)}." if users else ""
