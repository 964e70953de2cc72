"""Roles that nothing uses: quarantined, or deleted."""

from collections.abc import Iterator

from ecsiam_tui.changes import change as c
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Finding
from ecsiam_tui.findings.rules.unused import QUARANTINE
from ecsiam_tui.fixes.documents import dump, of
from ecsiam_tui.fixes.fix import Fix, recipe
from ecsiam_tui.fixes.statement_edits import holder


@recipe("quarantine-role")
def quarantine_role(finding: Finding, facts: Facts) -> Iterator[Fix]:
    """A Deny of everything, which is taken back in a moment; or the role deleted."""
    role = holder(facts, finding.node)
    if role is None:
        return
    nothing = {"Sid": "Quarantine", "Effect": "Deny", "Action": "*", "Resource": "*"}
    why = "nothing uses it"
    yield Fix(
        name="quarantine-role",
        title=f"Quarantine {role.role_name}: deny it everything",
        finding=finding.key,
        changes=(c.PutRolePolicy(role=role.arn, name=QUARANTINE, document=dump(of(nothing)), why=why),),
        costs=("Whatever uses it after all fails; take the inline policy away and it works again.",),
    )
    yield Fix(
        name="quarantine-role",
        title=f"Delete {role.role_name}",
        finding=finding.key,
        changes=(c.DeleteRole(role=role.arn, why=why),),
        breadth=1,
        costs=("A role that is made again has a new unique id: policies that name the old one stay broken.",),
    )
