"""Statements that look right and never match: written as AWS compares."""

from collections.abc import Iterator

from ecsiam_tui.account.arns import parse_arn
from ecsiam_tui.account.iam import Role
from ecsiam_tui.ecs.requirement import Requirement
from ecsiam_tui.findings.facts import Facts, Placed
from ecsiam_tui.findings.finding import Finding
from ecsiam_tui.findings.grants import covers
from ecsiam_tui.findings.near_misses import matches, never, split_secret, why_not
from ecsiam_tui.findings.reach import home
from ecsiam_tui.findings.rules.patterns import TAKEN_FOR
from ecsiam_tui.findings.wording import listed
from ecsiam_tui.fixes.fix import Fix, recipe
from ecsiam_tui.fixes.statement_edits import Data, data_of, holder, rewrite

_WILD = frozenset("*?")


@recipe("fix-resource-pattern")
def fix_resource_pattern(finding: Finding, facts: Facts) -> Iterator[Fix]:
    """The base ARN of the secret, the log group with `:*`, the key's ARN, one slash, the action that ECS
    calls."""
    role = holder(facts, finding.node)
    if role is None:
        return
    lacking = _lacking(facts, role)
    edits = []
    told: list[str] = []
    for placed in facts.statements(role.arn):
        if placed.statement.effect != "Allow" or ":iam::aws:" in placed.node:
            continue
        data = _corrected(facts, placed, lacking)
        if data is not None:
            edits.append((placed, [data]))
            told.append(placed.label)
    changes = rewrite(facts, role, edits, (), "written as AWS compares")
    if changes:
        yield Fix(
            name="fix-resource-pattern",
            title=f"Correct {listed(told, 3)} of {role.role_name}",
            finding=finding.key,
            changes=changes,
        )


def _lacking(facts: Facts, role: Role) -> list[Requirement]:
    return [
        judged.requirement
        for judged in facts.needs.of_role(role.arn)
        if judged.status == "missing" and judged.requirement.principal == role.arn
    ]


def _corrected(facts: Facts, placed: Placed, lacking: list[Requirement]) -> Data | None:
    """The statement with its patterns and actions mended; None where there is nothing to mend."""
    statement = placed.statement
    resources: list[str] = []
    for pattern in statement.resources:
        meant = [
            facts.account.authorized_resource(asked.action, asked.resource)
            for asked in lacking
            if covers(statement, asked.action.lower())
        ]
        resources += _meant(facts, placed, pattern, lacking, meant)
    actions = list(statement.actions)
    for asked in lacking:
        action = asked.action.lower()
        taken = any(pattern.lower() in TAKEN_FOR.get(action, ()) for pattern in statement.actions)
        here = any(matches(pattern, asked.resource) for pattern in resources)
        if taken and here and not covers(statement, action) and asked.action not in actions:
            actions.append(asked.action)
    resources = list(dict.fromkeys(resources))
    if resources == list(statement.resources) and actions == list(statement.actions):
        return None
    data = data_of(placed)
    if actions != list(statement.actions):
        data["Action"] = actions
    data["Resource"] = resources[0] if len(resources) == 1 else resources
    return data


def _meant(
    facts: Facts, placed: Placed, pattern: str, lacking: list[Requirement], needed: list[str]
) -> list[str]:
    """What takes the place of a pattern: the pattern itself where nothing is wrong with it."""
    asked = [one for one in lacking if covers(placed.statement, one.action.lower())]
    for one, resource in zip(asked, needed, strict=True):
        if why_not(one.action, resource, pattern):
            if mended := _mended(facts, pattern, resource):
                return [mended]
            found = [
                where
                for other, where in zip(asked, needed, strict=True)
                if why_not(other.action, where, pattern)
            ]
            if not _WILD & set(pattern):
                return list(dict.fromkeys(found))
            return [pattern, *dict.fromkeys(found)]
    if never(placed.statement, pattern):
        return [_mended(facts, pattern, "") or pattern]
    return [pattern]


def _mended(facts: Facts, pattern: str, needed: str) -> str:
    """The pattern with the one thing mended that keeps it from matching; empty where that does not do."""
    tries = []
    arn = parse_arn(pattern)
    if arn is None:
        return ""
    if arn.service == "secretsmanager":
        tries.append(split_secret(pattern)[0])
    elif arn.service == "logs":
        tries.append(f"{pattern}:*")
    elif arn.service == "ssm":
        tries.append(pattern.replace("parameter//", "parameter/"))
    elif arn.service == "kms" and arn.resource.startswith("alias/"):
        key, known = facts.around.key(pattern, home(facts))
        tries += [key] if known is not None else []
    elif arn.service == "s3" and "/" not in arn.resource:
        tries.append(f"{pattern}/*")
    good = (one for one in tries if one != pattern and (not needed or matches(one, needed)))
    return next(good, "")
