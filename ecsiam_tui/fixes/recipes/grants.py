"""Statements that allow too much: wildcards, NotAction, NotResource."""

from collections.abc import Iterator

from ecsiam_tui.account.iam import Role
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Finding
from ecsiam_tui.findings.grants import (
    FULL_ACCESS,
    SENSITIVE,
    Mark,
    aws_policy,
    covers,
    is_as_documented,
    is_everything,
    is_wide,
    marked_roles,
    whole_service,
    with_mark,
)
from ecsiam_tui.fixes.documents import plain
from ecsiam_tui.fixes.fix import Answers, Fix, asking_recipe
from ecsiam_tui.fixes.shrinking import Cut, cut, variants
from ecsiam_tui.fixes.statement_edits import asked_of, data_of, holder, put_inline, rewrite
from ecsiam_tui.policy.patterns import action_matcher

_LAUNCHES = ("ecs:runtask", "iam:passrole")


@asking_recipe("narrow-wildcard")
def narrow_wildcard(finding: Finding, facts: Facts, answers: Answers) -> Iterator[Fix]:
    """Put the required actions and resources in the place of `svc:*`, of `*`, or of what gets at all data."""
    for node in finding.nodes:
        role = holder(facts, node)
        if role is None:
            continue
        cuts = tuple(_cuts(finding, facts, role))
        if finding.rule == "ECS-IAM-016" and any(":policy/" in one.placed.node for one in cuts):
            return  # swapping the managed policy cuts these, too
        title = f"Narrow {role.role_name}"
        yield from variants("narrow-wildcard", finding.key, facts, role, cuts, answers, title)
        if finding.rule == "ECS-IAM-019":
            yield from _keep_all_but_data(finding, facts, role, cuts)
        return


def _cuts(finding: Finding, facts: Facts, role: Role) -> Iterator[Cut]:
    marked = marked_roles(facts).get(role.arn, [])
    if finding.rule == "ECS-IAM-018":
        for placed in with_mark(marked, Mark.SERVICE):
            if not aws_policy(placed.node):
                yield cut(placed, lambda pattern: bool(whole_service(pattern)))
    elif finding.rule == "ECS-IAM-019":
        for placed in with_mark(marked, Mark.SENSITIVE):
            if not (is_as_documented(placed.node) or FULL_ACCESS.search(aws_policy(placed.node))):
                yield cut(placed, _is_sensitive, on_named=True)
    elif finding.rule == "ECS-IAM-016":
        for placed in with_mark(marked, Mark.EVERYTHING):
            yield cut(placed, is_everything)
    elif finding.rule == "ECS-IAM-052":
        for placed in facts.statements(role.arn):
            statement = placed.statement
            wide = statement.not_resources or any(map(is_wide, statement.resources))
            if statement.effect == "Allow" and wide and any(covers(statement, name) for name in _LAUNCHES):
                yield cut(placed, _launches)


def _launches(pattern: str) -> bool:
    matches = action_matcher(pattern)
    return matches is not None and any(matches(name) for name in _LAUNCHES)


def _is_sensitive(pattern: str) -> bool:
    service = pattern.partition(":")[0].lower()
    if service not in SENSITIVE or whole_service(pattern):
        return False
    matches = action_matcher(pattern)
    return matches is not None and any(
        matches(action.lower()) for kind in SENSITIVE[service] for action in kind.actions
    )


def _keep_all_but_data(finding: Finding, facts: Facts, role: Role, cuts: tuple[Cut, ...]) -> Iterator[Fix]:
    """A Deny of what gets at data, on all but what is required: everything else stays as it is."""
    patterns = [pattern for one in cuts for pattern in one.patterns]
    actions: list[str] = []
    for kinds in SENSITIVE.values():
        for kind in kinds:
            for action in kind.actions:
                matching = (action_matcher(pattern) for pattern in patterns)
                if any(matches and matches(action.lower()) for matches in matching):
                    actions.append(action)
    named = {resource for one in cuts for resource in one.statement.resources if not is_wide(resource)}
    if not actions or named:
        return
    lower = {action.lower() for action in actions}
    asked = asked_of(facts, role.arn, lambda one: one.action.lower() in lower)
    own = {resource for found in _others(facts, role, cuts, lower) for resource in found}
    resources = sorted({one.resource for one in asked} | own)
    if any(is_wide(resource) for resource in resources):
        return
    statement = {"Sid": "OnlyNamedData", "Effect": "Deny", "Action": sorted(actions)}
    statement |= {"NotResource": resources} if resources else {"Resource": "*"}
    yield Fix(
        name="narrow-wildcard",
        title=f"Deny {role.role_name} all data but what ECS asks for",
        finding=finding.key,
        changes=put_inline(role, "only-named-data", [statement], "deny data that nothing asks for"),
        breadth=2,
        costs=(
            f"Loses {', '.join(sorted(actions))} on everything else; what the policies allow besides stays.",
        ),
    )


def _others(facts: Facts, role: Role, cuts: tuple[Cut, ...], actions: set[str]) -> Iterator[tuple[str, ...]]:
    """What other statements of the role allow the actions on: a Deny must leave it."""
    cutting = {(one.placed.node, one.statement.index) for one in cuts}
    for placed in facts.statements(role.arn):
        found = placed.statement
        if (
            found.effect == "Allow"
            and (placed.node, found.index) not in cutting
            and any(covers(found, action) for action in actions)
            and not any(map(is_wide, found.resources))
        ):
            yield found.resources


@asking_recipe("rewrite-not-action")
def rewrite_not_action(finding: Finding, facts: Facts, answers: Answers) -> Iterator[Fix]:
    """Write what is required in the place of an Allow with NotAction or NotResource."""
    role = holder(facts, finding.node)
    if role is None:
        return
    mark = Mark.NOT_ACTION if finding.rule == "ECS-IAM-020" else Mark.NOT_RESOURCE
    cuts = tuple(
        Cut(placed, placed.statement.actions)
        for placed in with_mark(marked_roles(facts).get(role.arn, []), mark)
        if not aws_policy(placed.node)
    )
    title = f"Rewrite {'NotAction' if mark is Mark.NOT_ACTION else 'NotResource'} of {role.role_name}"
    yield from variants("rewrite-not-action", finding.key, facts, role, cuts, answers, title)
    if mark is Mark.NOT_RESOURCE:
        yield from _own_resources(finding, facts, role, cuts, title)


def _own_resources(
    finding: Finding, facts: Facts, role: Role, cuts: tuple[Cut, ...], title: str
) -> Iterator[Fix]:
    """Of NotResource: the same actions on what other policies of the account name of that kind."""
    edits = []
    for one in cuts:
        excluded = set(one.statement.not_resources)
        service = one.statement.not_resources[0].split(":")[2] if one.statement.not_resources else ""
        known = sorted(set(_named_resources(facts, service)) - excluded)
        if not known or not one.statement.actions:
            return
        data = {key: value for key, value in data_of(one.placed).items() if key != "NotResource"}
        edits.append((one.placed, [data | {"Resource": plain(known)}]))
    changes = rewrite(facts, role, edits, (), title)
    if changes:
        yield Fix(
            name="rewrite-not-action",
            title=f"{title}: name what policies of the account name",
            finding=finding.key,
            changes=changes,
            breadth=2,
            warnings=("The list is what other policies of the account name: look whether it is complete.",),
        )


def _named_resources(facts: Facts, service: str) -> Iterator[str]:
    for role in facts.ecs_roles:
        for placed in facts.statements(role):
            for resource in placed.statement.resources:
                parts = resource.split(":", 5)
                if len(parts) == 6 and parts[2] == service and "*" not in resource and "?" not in resource:
                    yield resource


def whole_policy(facts: Facts, role: Role, policy: str) -> Iterator[Cut]:
    """Every Allow of an attached policy, all of it."""
    for placed in facts.statements(role.arn):
        if placed.node == policy and placed.statement.effect == "Allow":
            yield Cut(placed, placed.statement.actions)
