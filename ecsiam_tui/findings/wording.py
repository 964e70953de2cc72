"""Words of findings."""

from collections.abc import Iterable


def listed(names: Iterable[str], most: int = 5) -> str:
    """Some names in a sentence, each once: `a, b and 3 more`."""
    found = list(dict.fromkeys(names))
    if len(found) > most:
        return f"{', '.join(found[:most])} and {len(found) - most} more"
    return " and ".join(filter(None, (", ".join(found[:-1]), *found[-1:])))
