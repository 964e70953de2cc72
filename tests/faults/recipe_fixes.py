"""One fix of every recipe, in the demo account: of those that the engine proves that with the most changes,
within reason."""

from collections.abc import Iterator
from datetime import UTC, datetime

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Finding
from ecsiam_tui.fixes.fix import Fix, table
from ecsiam_tui.fixes.proof import NO_ANSWERS, prove
from ecsiam_tui.workspace import Workspace

NOW = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)
"""The moment of the demo account."""

MOST_CHANGES = 4


def of_every_recipe(snapshot: Snapshot) -> dict[str, Fix]:
    """By the name of the recipe; none for those that find nothing to mend in the account."""
    workspace = Workspace(snapshot)
    by_recipe: dict[str, list[tuple[Finding, Fix]]] = {}
    for finding, fix in _offered(workspace):
        by_recipe.setdefault(fix.name, []).append((finding, fix))
    found: dict[str, Fix] = {}
    for name, ways in sorted(by_recipe.items()):
        for finding, fix in sorted(ways, key=lambda way: -len(way[1].changes)):
            if prove(fix, finding, workspace.facts).ok:
                found[name] = fix
                break
    return found


def _offered(workspace: Workspace) -> Iterator[tuple[Finding, Fix]]:
    facts: Facts = workspace.facts
    recipes = table()
    for finding in workspace.findings:
        for name in dict.fromkeys(finding.fixes):
            for fix in recipes[name](finding, facts, NO_ANSWERS) if name in recipes else ():
                if 0 < len(fix.changes) <= MOST_CHANGES:
                    yield finding, fix
