"""Exactly what is missing, as an inline policy of the role that lacks it."""

from collections.abc import Iterable

from ecsiam_tui.changes import change as c
from ecsiam_tui.ecs.least_privilege import policy
from ecsiam_tui.ecs.requirement import Requirement, RoleKind
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.fixes import documents

PURPOSES: dict[RoleKind, str] = {
    "task-execution": "ecsiam-execution",
    "task": "ecsiam-task",
    "container-instance": "ecsiam-instance",
    "infrastructure": "ecsiam-infrastructure",
    "lifecycle-hook": "ecsiam-hook",
    "events": "ecsiam-launch",
    "scheduler": "ecsiam-launch",
    "state-machine": "ecsiam-launch",
    "code-deploy": "ecsiam-deploy",
    "anywhere": "ecsiam-instance",
}
"""Names of the inline policies that fixes write: one a purpose, added to rather than multiplied."""


def policy_name(kind: RoleKind) -> str:
    """The inline policy that holds what fixes give to a role of a kind."""
    return PURPOSES.get(kind, "ecsiam-access")


def statements(requirements: Iterable[Requirement], facts: Facts) -> list[documents.Statement]:
    """The smallest statements that allow some requirements."""
    found: list[documents.Statement] = policy(requirements, facts.snapshot.account_id)["Statement"]
    return found


def allow(role: str, name: str, wanted: list[documents.Statement], facts: Facts, why: str) -> c.PutRolePolicy:
    """The inline policy `name` of a role with some statements more; a new one where there is none."""
    known = facts.around.roles.get(role)
    own = next((one for one in known.role_policy_list if one.policy_name == name), None) if known else None
    document = documents.load(own.policy_document) if own else documents.empty()
    return c.PutRolePolicy(
        role=role, name=name, document=documents.dump(documents.added(document, wanted)), why=why
    )
