"""Broad managed policies: a derived inline policy takes their place."""

from collections.abc import Iterator

from ecsiam_tui.account.iam import Role
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.looking import name_of
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Finding
from ecsiam_tui.findings.grants import FULL_ACCESS, Mark, aws_policy, marked_roles, with_mark
from ecsiam_tui.findings.rules.hosts_roles import beyond_need
from ecsiam_tui.findings.rules.policies import DEPRECATED
from ecsiam_tui.findings.wording import listed
from ecsiam_tui.fixes.documents import load, statements
from ecsiam_tui.fixes.fix import Answers, Fix, asking_recipe
from ecsiam_tui.fixes.recipes.grants import whole_policy
from ecsiam_tui.fixes.shrinking import Cut, variants
from ecsiam_tui.fixes.statement_edits import holder, put_inline


@asking_recipe("swap-managed-policy")
def swap_managed_policy(finding: Finding, facts: Facts, answers: Answers) -> Iterator[Fix]:
    """Put what is required inline, then detach the broad policy."""
    role = holder(facts, finding.node)
    if role is None:
        return
    cuts = tuple(_cuts(finding, facts, role))
    names = list(dict.fromkeys(one.placed.policy for one in cuts))
    title = f"Take {listed(names, 3)} from {role.role_name}"
    if finding.rule == "ECS-IAM-016" and not any(":policy/" in one.placed.node for one in cuts):
        return
    if finding.rule == "ECS-IAM-051":
        yield from _copies(finding, facts, role, title)
    if cuts and not (finding.rule == "ECS-IAM-051" and _serves(facts, role)):
        yield from variants("swap-managed-policy", finding.key, facts, role, cuts, answers, title)
    elif unread := _unread(finding, facts, role):
        yield Fix(
            name="swap-managed-policy",
            title=f"Take {listed(map(name_of, unread), 3)} from {role.role_name}",
            finding=finding.key,
            changes=tuple(c.DetachRolePolicy(role=role.arn, policy=policy) for policy in unread),
            costs=("What these policies allow was not read: all of it is lost.",),
        )


def _serves(facts: Facts, role: Role) -> bool:
    """Whether ECS still works with a role of the old kind: what it asks of it is not among the
    requirements."""
    return role.arn in facts.estate and any(facts.estate.role_users(role.arn))


def _copies(finding: Finding, facts: Facts, role: Role, title: str) -> Iterator[Fix]:
    """What the deprecated policies allow, inline: nothing is lost, and AWS's policy is not needed."""
    broad = list(_broad(finding, role))
    texts = [facts.account.managed_text(policy) for policy in broad]
    found = [one for text in texts if text is not None for one in statements(load(text.text))]
    if not broad or None in texts:
        return
    why = "keep what the deprecated policy allows"
    yield Fix(
        name="swap-managed-policy",
        title=f"{title}: keep what it allows in a policy of the role's own",
        finding=finding.key,
        changes=(
            *put_inline(role, f"{role.role_name}-legacy", found, why),
            *(c.DetachRolePolicy(role=role.arn, policy=policy, why=why) for policy in broad),
        ),
        breadth=2,
        warnings=("Nothing is narrower by it: move what uses the role to the service-linked role.",),
    )


def _cuts(finding: Finding, facts: Facts, role: Role) -> Iterator[Cut]:
    if finding.rule == "ECS-IAM-016":
        for placed in with_mark(marked_roles(facts).get(role.arn, []), Mark.EVERYTHING):
            yield Cut(placed, placed.statement.actions)
    elif finding.rule == "ECS-IAM-031":
        whole: set[str] = set()
        for placed, actions in beyond_need(facts, role.arn):
            if ":iam::aws:" in placed.node:
                whole.add(placed.node)
            else:
                yield Cut(placed, placed.statement.actions and actions)
        for policy in sorted(whole):
            yield from whole_policy(facts, role, policy)
    else:
        for policy in _broad(finding, role):
            yield from whole_policy(facts, role, policy)


def _broad(finding: Finding, role: Role) -> Iterator[str]:
    for attached in role.attached_managed_policies:
        name = aws_policy(attached.policy_arn)
        if name in DEPRECATED if finding.rule == "ECS-IAM-051" else FULL_ACCESS.search(name):
            yield attached.policy_arn


def _unread(finding: Finding, facts: Facts, role: Role) -> list[str]:
    """The broad policies whose documents were not read."""
    return [policy for policy in _broad(finding, role) if facts.account.managed_text(policy) is None]
