"""Services that a role may use and does not: taken out of its policies."""

from collections.abc import Iterator

from ecsiam_tui.account.iam import Role
from ecsiam_tui.ecs.last_use import LastUse
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Finding
from ecsiam_tui.findings.grants import is_everything
from ecsiam_tui.findings.rules.last_use import is_about, unused
from ecsiam_tui.findings.wording import listed
from ecsiam_tui.fixes.fix import Fix, recipe
from ecsiam_tui.fixes.shrinking import RARE_WORK, Cut, bits_of, cut, last_use_notes, services_words, shrink
from ecsiam_tui.fixes.statement_edits import holder, shared_warning
from ecsiam_tui.policy.access import access


@recipe("drop-unused-services")
def drop_unused_services(finding: Finding, facts: Facts) -> Iterator[Fix]:
    """What names the unused services leaves the statements; everything else stays as it is written."""
    role = holder(facts, finding.node)
    known = facts.last_uses.get(finding.node)
    if role is None or known is None:
        return
    if _has_everything(facts, role):
        yield Fix(
            name="drop-unused-services",
            title=f"First narrow what gives {role.role_name} every service (ECS-IAM-016, ECS-IAM-020)",
            finding=finding.key,
            changes=(),
            notes=(known.told(known.services),),
            warnings=("The fixes of those findings can keep what was used and drop the rest.",),
        )
        return
    cuts = tuple(_cuts(facts, role, known))
    patterns = [pattern for one in cuts for pattern in one.patterns]
    bits = 0
    for one in cuts:
        bits |= bits_of(one)
    title = f"Take from {role.role_name} the services that it does not use"
    changes = shrink(facts, role, cuts, (), title) if cuts else ()
    if changes:
        yield Fix(
            name="drop-unused-services",
            title=title,
            finding=finding.key,
            changes=changes,
            costs=(f"Loses what was not used: {services_words(bits) if bits else listed(patterns)}.",),
            warnings=(RARE_WORK, *shared_warning(changes, role)),
            notes=last_use_notes(facts, role, cuts, bits),
        )


def _has_everything(facts: Facts, role: Role) -> bool:
    """Whether a statement allows all services in one pattern, or all but some."""
    return any(
        placed.statement.effect == "Allow"
        and (placed.statement.not_actions or any(map(is_everything, placed.statement.actions)))
        for placed in facts.statements(role.arn)
    )


def _cuts(facts: Facts, role: Role, known: LastUse) -> Iterator[Cut]:
    names = frozenset(unused(facts, known, access(facts.account.layers(role.arn))))
    for placed in facts.statements(role.arn):
        if placed.statement.effect == "Allow":
            found = cut(placed, lambda action: is_about(action, names))
            if found.patterns:
                yield found
