"""Trust policies that keep the service out that uses the role, or do not say for whom it may act."""

from collections.abc import Iterator

from ecsiam_tui.changes import change as c
from ecsiam_tui.ecs.requirement import Requirement
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Finding
from ecsiam_tui.findings.lacking import listed
from ecsiam_tui.findings.trusting import TASKS, allows_assuming, limits, obstacles, plain_service, services
from ecsiam_tui.fixes import documents
from ecsiam_tui.fixes.fix import Fix, recipe
from ecsiam_tui.fixes.trusts import SENDS_ACCOUNT, regions_of, source_arns, statement

_SOURCES = frozenset({"aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths"})
_ONLY_OF_AWS = frozenset({"ec2.amazonaws.com", "lambda.amazonaws.com"})
"""Services that assume a role for themselves, so that there is no deputy to confuse."""


def _refused(role: str, facts: Facts) -> dict[str, Requirement]:
    """The services that should be able to assume a role and are not, each with a request of its own."""
    return {
        judged.requirement.principal: judged.requirement
        for judged in facts.needs.of_role(role)
        if judged.requirement.id == "TRUST" and judged.status == "missing" and judged.decision is not None
    }


@recipe("repair-trust")
def repair_trust(finding: Finding, facts: Facts) -> Iterator[Fix]:
    """The service is let in as AWS's documentation shows it; whoever else is let in stays."""
    role = facts.around.roles.get(finding.node)
    refused = _refused(finding.node, facts)
    if role is None or not refused:
        return
    document = documents.load(role.assume_role_policy_document)
    lost: dict[str, None] = {}
    for service in refused:
        regions = regions_of(role.arn, service, facts)
        in_the_way = _in_the_way(role.arn, service, facts)
        # From the last one on: the places of those before stay.
        for index in sorted(in_the_way, reverse=True):
            lost |= dict.fromkeys(in_the_way[index])
            document = documents.replace(document, index, lambda one, s=service: _others(one, s))  # type: ignore[misc]
        document = documents.added(document, [statement(service, regions, facts)])
    yield Fix(
        name="repair-trust",
        title=f"Let {listed(list(refused))} assume {role.role_name}",
        finding=finding.key,
        changes=(
            c.UpdateTrust(
                role=role.arn, trust=documents.dump(document), why="let the service in that uses the role"
            ),
        ),
        costs=tuple(f"The condition goes that never matches: it {text}." for text in lost),
    )


def _in_the_way(role: str, service: str, facts: Facts) -> dict[int, tuple[str, ...]]:
    """The Allow statements that name a service under conditions that it does not fulfil, by their place."""
    found: dict[int, tuple[str, ...]] = {}
    for judged in facts.needs.of_role(role):
        need, decision = judged.requirement, judged.decision
        if need.id == "TRUST" and need.principal == service and judged.status == "missing" and decision:
            for obstacle in obstacles(decision):
                if obstacle.statement.effect == "Allow":
                    found[obstacle.statement.index] = obstacle.texts
    return found


def _others(found: documents.Statement, service: str) -> list[documents.Statement]:
    """A statement for those that it names besides a service."""
    named = found.get("Principal")
    values = documents.as_list(named.get("Service", [])) if isinstance(named, dict) else []
    gone = [value for value in values if plain_service(str(value)) == service]
    return documents.without_principals(found, "Service", gone)


# The confused deputy ----------------------------------------------------------------------------------------


@recipe("add-confused-deputy-condition")
def add_confused_deputy_condition(finding: Finding, facts: Facts) -> Iterator[Fix]:
    """aws:SourceAccount alone is the one that is sure to work; aws:SourceArn only for tasks, and never with
    a cluster."""
    role = facts.around.roles.get(finding.node)
    if role is None:
        return
    found = list(_open(role.arn, facts))
    if not found:
        return
    named = list(dict.fromkeys(service for _, several in found for service in several))
    unsure = [service for service in named if service not in SENDS_ACCOUNT]
    warnings = (
        (
            f"What {listed(unsure)} sends when it assumes a role is not documented: try it on one role, and"
            " look at its next deployment.",
        )
        if unsure
        else ()
    )
    account = facts.snapshot.account_id
    for breadth, with_arn in enumerate((False, True)):
        if with_arn and TASKS not in named:
            continue
        document = documents.load(role.assume_role_policy_document)
        for index, several in reversed(found):
            regions = regions_of(role.arn, TASKS, facts)
            document = documents.replace(
                document,
                index,
                lambda one, several=several, regions=regions, with_arn=with_arn: _with_source(  # type: ignore[misc]
                    one, several, regions if with_arn else None, facts
                ),
            )
        also = " and aws:SourceArn of ECS" if with_arn else ""
        yield Fix(
            name="add-confused-deputy-condition",
            title=f"Let {listed(named)} act for account {account} alone (aws:SourceAccount{also})",
            finding=finding.key,
            changes=(
                c.UpdateTrust(role=role.arn, trust=documents.dump(document), why="for this account alone"),
            ),
            breadth=breadth,
            costs=("Regions that come to use the role later have to be added.",) if with_arn else (),
            warnings=warnings,
        )


def _open(role: str, facts: Facts) -> Iterator[tuple[int, list[str]]]:
    """The places of statements that let services in without saying for whom, with those services."""
    for placed in facts.trust(facts.around.roles[role]):
        one = placed.statement
        if not allows_assuming(one) or any(limits(condition, _SOURCES) for condition in one.conditions):
            continue
        several = [service for service in services(one) if service not in _ONLY_OF_AWS]
        if several:
            yield one.index, several


def _with_source(
    found: documents.Statement, guarded_: list[str], regions: tuple[str, ...] | None, facts: Facts
) -> list[documents.Statement]:
    """A statement with the condition; whom it names besides, to whom it cannot apply, keeps a statement of
    their own."""
    others = found
    kept: list[documents.Statement] = [found]
    for service in guarded_:
        kept = [other for one in kept for other in _others(one, service)]
    if kept:
        others = kept[0]
        values = documents.as_list(found["Principal"]["Service"])
        mine = [value for value in values if plain_service(str(value)) in guarded_]
        found = {**found, "Principal": {"Service": documents.plain(mine)}}
        found.pop("Sid", None)
    found = documents.with_condition(found, "StringEquals", "aws:SourceAccount", facts.snapshot.account_id)
    if regions is not None:
        found = documents.with_condition(found, "ArnLike", "aws:SourceArn", source_arns(regions, facts))
    return [others, found] if kept else [found]
