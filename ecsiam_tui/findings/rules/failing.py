"""Services that fail, with what AWS itself says of it, tied to the role and permission that it is about."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

import msgspec

from ecsiam_tui.account.ecs import Service
from ecsiam_tui.ecs.errors import Explained, Occurrence, explain_account
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Evidence, Severity
from ecsiam_tui.findings.registry import Draft, rule
from ecsiam_tui.findings.rules.definitions import DEVELOPER_GUIDE, field

_FOR_IAM = frozenset({"permission", "trust"})
_TO_BE_MENDED = _FOR_IAM | {"missing-resource", "configuration"}
_PROGRAM_ENDED = "exited"
_STEADY = "has reached a steady state"
_EVIDENCE_LENGTH = 600


@rule(
    "ECS-IAM-042",
    "Failing service",
    Severity.HIGH,
    fires="A stopped task, event or deployment of a service tells of an error, and the service does not run"
    " as many tasks as it should, or has not been steady since.",
    why="The error says which role lacks what, or that IAM is not the reason: then no policy has to change.",
    source=f'{DEVELOPER_GUIDE}, "Amazon ECS stopped tasks error messages" and "Viewing Amazon ECS service'
    ' event messages"',
    fix="Mend what the error names, then start the tasks again (update-service --force-new-deployment).",
    fixes=("allow-missing-actions", "repair-trust", "fix-reference"),
)
def failing(facts: Facts) -> Iterator[Draft]:
    by_subject: dict[str, list[Occurrence]] = defaultdict(list)
    for found in explain_account(facts.snapshot, facts.account):
        occurrence = msgspec.structs.replace(found, explained=_as_required(facts, found.explained))
        by_subject[occurrence.subject].append(occurrence)
    for subject, occurrences in by_subject.items():
        service = facts.around.services.get(subject)
        if service is None:
            mended = [one for one in occurrences if one.explained.rule != _PROGRAM_ENDED]
            if mended:
                yield _draft(facts, subject, mended, Severity.MEDIUM, "A task of")
        else:
            last = _steady_since(service)
            current = [one for one in occurrences if not _is_over(service, one, last)]
            if current:
                severity = Severity.HIGH if _is_short(service) else Severity.MEDIUM
                yield _draft(facts, subject, current, severity, "")
    for service in facts.snapshot.services:
        if service.service_arn not in by_subject and _is_short(service):
            yield from _unexplained(service)


def _as_required(facts: Facts, one: Explained) -> Explained:
    """An error about trust, with what the requirements say of the role: they know which service has to assume
    it and what it sends, the text does not."""
    if one.category != "trust" or not one.role:
        return one
    for judged in facts.needs.of_role(one.role):
        asked = judged.requirement
        if asked.id == "TRUST" and judged.status == "missing" and asked.resource in facts.around.roles:
            fix = f"let {asked.principal} assume role {facts.title(one.role)} in its trust policy"
            return msgspec.structs.replace(
                one,
                now=f"The role {facts.title(one.role)}: {judged.note}",
                decision=judged.decision,
                fixes=(fix,),
            )
    return one


def _is_short(service: Service) -> bool:
    return service.status != "INACTIVE" and service.running_count < service.desired_count


def _steady_since(service: Service) -> datetime | None:
    times = (event.created_at for event in service.events if _STEADY in event.message)
    return max((time for time in times if time), default=None)


def _is_over(service: Service, occurrence: Occurrence, steady: datetime | None) -> bool:
    """Whether a service has got over an error: it runs all its tasks and has been steady since."""
    if _is_short(service) or any(found.rollout_state == "FAILED" for found in service.deployments):
        return False
    at = occurrence.at
    return at is None or (steady is not None and steady > at)


def _draft(facts: Facts, subject: str, occurrences: list[Occurrence], worst: Severity, head: str) -> Draft:
    """One finding for all errors of a service; those that IAM can mend come first."""
    found = sorted(occurrences, key=lambda one: one.explained.category not in _FOR_IAM)
    first = found[0].explained
    service = facts.around.services.get(subject)
    severity = max(min(_severity(one.explained), worst) for one in found)
    title = " ".join(filter(None, (head, facts.title(subject))))
    fixes = tuple(dict.fromkeys(fix for one in found for fix in _fixes(facts, one.explained)))
    roles = dict.fromkeys(
        one.explained.role
        for one in found
        if one.explained.category in _FOR_IAM and one.explained.role in facts.estate
    )
    more = f" {len(found) - 1} more kind{'s' * (len(found) > 2)} of error." if len(found) > 1 else ""
    return Draft(
        nodes=(subject, *roles),
        summary=f"{title} fails: {_sentence(facts, first)}{more}",
        evidence=tuple(_evidence(one) for one in found),
        consequence=" ".join(
            filter(None, (_count(service), *(_consequence(one.explained) for one in found)))
        ),
        severity=severity,
        fixes=fixes,
    )


def _severity(one: Explained) -> Severity:
    """Network and throttling are not for IAM to mend; what policies allow by now needs but a new start."""
    if one.category not in _TO_BE_MENDED or one.rule == _PROGRAM_ENDED:
        return Severity.MEDIUM
    if one.decision is not None and one.decision.allowed:
        return Severity.MEDIUM
    return Severity.HIGH


def _sentence(facts: Facts, one: Explained) -> str:
    """What is wrong in short names; in the words of the explanation where it is not about a permission."""
    role = facts.title(one.role) if one.role else "a role"
    if one.category == "permission" and one.role and one.action:
        on = f" on {facts.title(one.resource)}" if one.resource.startswith("arn:") else ""
        return f"{role} may not {one.action}{on}."
    if one.category == "trust" and one.role:
        return f"ECS cannot assume {role}."
    return one.summary if one.summary.endswith(".") else f"{one.summary}."


def _consequence(one: Explained) -> str:
    """What the account says of it now, and the first thing to do."""
    parts = [one.now, one.fixes[0] if one.fixes else ""]
    sentences = (part[0].upper() + part[1:] for part in parts if part)
    return " ".join(part if part.endswith(".") else f"{part}." for part in sentences)


def _count(service: Service | None) -> str:
    return f"{service.running_count} of {service.desired_count} tasks run." if service else ""


def _fixes(facts: Facts, one: Explained) -> Iterator[str]:
    if one.decision is not None and one.decision.allowed:
        return
    if one.category == "trust":
        if one.role in facts.around.roles:
            yield "repair-trust"
        else:
            yield from ("fix-reference", "create-task-role")
    elif one.category == "permission":
        if one.action.startswith("kms:"):
            yield "allow-key"
        else:
            yield "set-resource-policy" if one.layer == "resource" else "allow-missing-actions"
    elif one.category == "missing-resource":
        by_rule = {"secret-deleted": "restore-secret", "log-group-missing": "create-log-group"}
        yield by_rule.get(one.rule, "fix-reference")


def _evidence(one: Occurrence) -> Evidence:
    where = one.where if not one.container else f"{one.where} {one.container}"
    at = f"{one.at:%Y-%m-%d %H:%M} UTC" if one.at else ""
    often = f"{one.count} times" if one.count > 1 else ""
    when = ", ".join(filter(None, (at, often)))
    text = one.explained.text[:_EVIDENCE_LENGTH]
    return Evidence("event", one.node, f"{where} {when}".strip(), text)


def _unexplained(service: Service) -> Iterator[Draft]:
    """A deployment with failed tasks of which nothing tells why: stopped tasks are shown for an hour."""
    for deployment in service.deployments:
        if deployment.status == "PRIMARY" and deployment.failed_tasks:
            failed = deployment.failed_tasks
            yield Draft(
                nodes=(service.service_arn,),
                summary=f"{service.service_name} fails: {failed} task{'s' * (failed > 1)} failed, and nothing"
                " says why.",
                evidence=(field(service.service_arn, "deployments.PRIMARY.failedTasks", str(failed)),),
                consequence=f"{_count(service)} Stopped tasks are shown for about an hour: read the account"
                " again when one has just stopped.",
                severity=Severity.MEDIUM,
                fixes=(),
            )
