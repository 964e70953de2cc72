"""Roles that nothing uses."""

from collections.abc import Iterator
from datetime import timedelta

from ecsiam_tui.account.iam import Role
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Evidence, Severity
from ecsiam_tui.findings.registry import Draft, rule

_RESERVED = ("/aws-service-role/", "/aws-reserved/")
_PRINCIPALS = frozenset({"ecs-tasks.amazonaws.com", "ecs.amazonaws.com"})
_USERS = {
    "services": "services",
    "express_services": "Express services",
    "gateways": "gateways",
    "task_definitions": "task definitions",
    "daemon_task_definitions": "daemon task definitions",
    "tasks": "running tasks",
    "capacity_providers": "capacity providers",
    "rules": "EventBridge rules",
    "schedules": "EventBridge schedules",
    "state_machines": "Step Functions state machines",
    "deployment_groups": "CodeDeploy deployment groups",
    "job_definitions": "AWS Batch job definitions",
}
"""The fields of a snapshot whose records use roles of ECS."""
QUARANTINE = "quarantine"
"""The inline policy that denies a role everything before it is deleted: the role is dealt with."""


@rule(
    "ECS-IAM-047",
    "Unused role",
    Severity.LOW,
    fires="a role that trusts ECS or its tasks is the role of nothing that was found, and was not used for "
    "as long as the option unused_days says (90 days)",
    why="Whoever may pass it can run a task with it: a role that nobody needs is only a way in.",
    source='IAM User Guide, "Refine permissions in AWS using last accessed information" (RoleLastUsed covers '
    "400 days)",
    fix="Take away what it may do with a Deny for a while, then delete it.",
    fixes=("quarantine-role",),
)
def unused(facts: Facts) -> Iterator[Draft]:
    """Roles without a user in the graph, AWS Batch, Step Functions and schedules included."""
    days = facts.options.unused_days
    rests_on = _unread(facts)
    for arn, role in facts.around.roles.items():
        if role.path.startswith(_RESERVED) or arn in facts.roles_in_use or not _is_of_ecs(facts, role):
            continue
        if _is_quarantined(facts, role):
            continue
        last = role.role_last_used.last_used_date if role.role_last_used else None
        at = last or role.create_date
        if at is not None and facts.now - at < timedelta(days=days):
            continue
        more = rests_on if role.role_last_used else (*rests_on, "When it was last used was not read.")
        if last is not None:
            text = f"last used on {last:%Y-%m-%d}"
        elif role.role_last_used is None:
            text = "its last use is not known"
        else:
            text = "not used in the 400 days that AWS remembers"
        yield Draft(
            nodes=(arn,),
            summary=f"Nothing uses {role.role_name}: it is the role of nothing, {text}.",
            evidence=(Evidence("field", arn, "RoleLastUsed", text),),
            consequence="A task can still be started with it by whoever may pass it.",
            rests_on=more,
        )


def _is_quarantined(facts: Facts, role: Role) -> bool:
    """Whether the quarantine policy denies everything on everything, whatever the conditions."""
    return any(
        statement.effect == "Deny"
        and not statement.conditions
        and "*" in statement.actions
        and "*" in statement.resources
        for policy in role.role_policy_list
        if policy.policy_name == QUARANTINE
        for statement in facts.account.document(policy.policy_document).statements
    )


def _is_of_ecs(facts: Facts, role: Role) -> bool:
    text = role.assume_role_policy_document
    return any(principal in text for principal in _PRINCIPALS) and any(
        principal.type == "Service" and principal.value in _PRINCIPALS
        for placed in facts.trust(role)
        if placed.statement.effect == "Allow"
        for principal in placed.statement.principals
    )


def _unread(facts: Facts) -> tuple[str, ...]:
    found = [words for field, words in _USERS.items() if not facts.snapshot.is_known(field)]
    return tuple(f"Not all {words} were read: one of them may use it." for words in found)
