"""Roles that lack what ECS needs of them."""

from collections import defaultdict
from collections.abc import Iterator

from ecsiam_tui.ecs.judge import KIND_WORDS
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Evidence, Severity
from ecsiam_tui.findings.lacking import (
    Kind,
    Lack,
    askers,
    by_role,
    evidence,
    granting,
    lacks,
    listed,
    nodes,
    permissions,
    resource_name,
    who,
)
from ecsiam_tui.findings.registry import Draft, rule

GUIDE = "Amazon ECS Developer Guide"
_WHO_PULLS = (
    "Which role the agent takes where an EC2 task has an execution role: the container instance role"
    " has the permission, and AWS's own pages disagree."
)


def _severity(found: list[Lack], severity: Severity) -> Severity:
    """Low where nothing fails without it; at most medium where nothing runs the task definition, or another
    role may have it."""
    required = [lack for lack in found if lack.is_required]
    if not required:
        return Severity.LOW
    idle = all(
        workload.kind == "task-definition" for lack in required for workload in lack.workloads
    ) and all(lack.workloads for lack in required)
    if idle or all(lack.stand_in for lack in required):
        return min(severity, Severity.MEDIUM)
    return severity


def _drafts(
    facts: Facts,
    kind: Kind,
    severity: Severity,
    sentence: str,
    consequence: str,
    fixes: tuple[str, ...] | None = None,
) -> Iterator[Draft]:
    """One draft a role. `sentence` may name `{role}`, `{permissions}`, `{askers}` (task definitions)
    and `{who}` (what runs them), `consequence` `{who}`."""
    for role, found in by_role(lacks(facts, kind)).items():
        found.sort(key=lambda lack: (not lack.is_required, bool(lack.stand_in)))
        certain = [lack for lack in found if lack.is_required and not lack.stand_in] or found
        words = {
            "role": facts.title(role),
            "permissions": permissions(facts, certain),
            "askers": askers(facts, certain),
            "who": who(facts, certain),
        }
        only_stood_in = all(lack.stand_in for lack in certain)
        yield Draft(
            nodes=tuple(dict.fromkeys((role, *nodes(found)))),
            summary=sentence.format(**words),
            evidence=evidence(found),
            consequence=f"{consequence.format(**words)} {facts.shared_by(role)}".strip(),
            severity=_severity(found, severity),
            rests_on=(_WHO_PULLS,) if only_stood_in else (),
            fixes=("set-resource-policy",) if _only_resource(certain) else fixes,
        )


def _only_resource(found: list[Lack]) -> bool:
    """Whether the role has it all, and the resources' own policies do not let it."""
    return all(lack.decision.blocked_by == ("resource",) for lack in found)


@rule(
    "ECS-IAM-002",
    "Task execution role lacks a permission",
    Severity.HIGH,
    fires="a task definition asks for an image, a log, a secret or a file that its task execution role may"
    " not get.",
    why="The next task will not start. Those that run now look well, because they got it when they started.",
    source=f'{GUIDE}, "Amazon ECS task execution IAM role"',
    fix="Allow the missing actions on exactly the resources that are asked for.",
    fixes=("allow-missing-actions", "set-resource-policy"),
)
def execution_role_lacks(facts: Facts) -> Iterator[Draft]:
    """Rows of the task execution role, but for keys and for what the task role has."""
    yield from _drafts(
        facts,
        "execution",
        Severity.HIGH,
        "{role} lacks {permissions}, asked for by {askers}.",
        "New tasks of {who} cannot start.",
        ("allow-missing-actions",),
    )


@rule(
    "ECS-IAM-004",
    "Task role lacks the channels of ECS Exec",
    Severity.MEDIUM,
    fires="ECS Exec is on, and the task role lacks one of the four ssmmessages actions.",
    why="ECS Exec opens its channels with the task role; without all four, execute-command fails.",
    source=f'{GUIDE}, "Monitor Amazon ECS containers with ECS Exec"',
    fix="Allow the four ssmmessages actions on the task role, then start new tasks: the agent inside starts"
    " with the task.",
    fixes=("add-exec-permissions",),
)
def exec_channels(facts: Facts) -> Iterator[Draft]:
    """EXEC1."""
    yield from _drafts(
        facts,
        "exec",
        Severity.MEDIUM,
        "ECS Exec is on for {who}, and {role} lacks {permissions}.",
        "execute-command fails in tasks of {who}.",
    )


@rule(
    "ECS-IAM-005",
    "Task role cannot log or encrypt sessions of ECS Exec",
    Severity.MEDIUM,
    fires="a cluster encrypts or logs the sessions of ECS Exec, and the task role may not use the key, the"
    " log group or the bucket.",
    why="The task role, not the caller, writes the session's log and decrypts its data key: sessions fail, or"
    " go by unlogged.",
    source=f'{GUIDE}, "Monitor Amazon ECS containers with ECS Exec"',
    fix="Allow the task role what the cluster's settings for ECS Exec ask for.",
    fixes=("add-exec-permissions",),
)
def exec_sessions(facts: Facts) -> Iterator[Draft]:
    """EXEC2 to EXEC4."""
    yield from _drafts(
        facts,
        "session",
        Severity.MEDIUM,
        "{role} lacks {permissions}, which sessions of ECS Exec in tasks of {who} need.",
        "Sessions in tasks of {who} fail or leave no log.",
    )


@rule(
    "ECS-IAM-067",
    "Task role lacks a permission that ECS needs",
    Severity.HIGH,
    fires="a volume is mounted, or FireLens delivers logs, with a task role that may not do so.",
    why="Volumes are mounted and FireLens delivers with the task role, not with the execution role.",
    source=f'{GUIDE}, "Amazon ECS task IAM role"; "Use Amazon EFS volumes with Amazon ECS"; "Send Amazon ECS'
    ' logs to an AWS service or AWS Partner"',
    fix="Allow the missing actions on exactly the resources that are asked for.",
    fixes=("allow-missing-actions", "set-resource-policy"),
)
def task_role_lacks(facts: Facts) -> Iterator[Draft]:
    """Rows of the task role but for ECS Exec."""
    yield from _drafts(
        facts,
        "task",
        Severity.HIGH,
        "{role} lacks {permissions}, asked for by {askers}.",
        "Tasks of {who} do not start, or lose their logs.",
        ("allow-missing-actions",),
    )


@rule(
    "ECS-IAM-068",
    "Infrastructure, hook or instance role lacks a permission",
    Severity.HIGH,
    fires="an infrastructure role, a lifecycle hook's role or the role of container instances lacks what ECS"
    " does with it.",
    why="ECS acts with this role to make volumes, register targets, call hooks and run agents; what it may"
    " not do, fails with the deployment or the instance.",
    source=f'{GUIDE}, "Amazon ECS infrastructure IAM role"; "Amazon ECS container instance IAM role"; AWS'
    " managed policies AmazonECSInfrastructureRolePolicyFor… and AmazonEC2ContainerServiceforEC2Role",
    fix="Attach AWS's managed policy for this use, or allow the missing actions.",
    fixes=("allow-missing-actions",),
)
def other_role_lacks(facts: Facts) -> Iterator[Draft]:
    """Rows of the roles that are in no task definition."""
    yield from _drafts(
        facts,
        "other",
        Severity.HIGH,
        "{role} lacks {permissions}, needed by {askers}.",
        "ECS cannot do its part for {who}.",
    )


@rule(
    "ECS-IAM-006",
    "Permission is on the wrong one of the two roles",
    Severity.HIGH,
    fires="the role that acts lacks a required permission, and the other role of the same task definition"
    " has it.",
    why="The task execution role starts the task: image, secrets, log driver. The task role is the"
    " application's: volumes, ECS Exec, what FireLens delivers. To mix them up is the commonest mistake.",
    source=f'{GUIDE}, "Amazon ECS task execution IAM role" and "Amazon ECS task IAM role"',
    fix="Allow it on the role that acts, check that tasks start, then take it from the other role.",
    fixes=("move-permission",),
)
def wrong_role(facts: Facts) -> Iterator[Draft]:
    """Told at the task execution role, whichever of the two has too much."""
    groups: dict[str, list[Lack]] = defaultdict(list)
    for lack in lacks(facts, "elsewhere"):
        execution = lack.role if lack.requirement.role_kind == "task-execution" else lack.holder
        groups[execution].append(lack)
    for execution, found in groups.items():
        parted: dict[tuple[str, str], list[Lack]] = defaultdict(list)
        for lack in found:
            parted[lack.holder, lack.role].append(lack)
        told = [
            f"{permissions(facts, part)} is on {facts.title(holder)}; {facts.title(role)}, the"
            f" {KIND_WORDS[part[0].requirement.role_kind]} that needs it, lacks it."
            for (holder, role), part in parted.items()
        ]
        seen = [placed for lack in found for placed in _held(facts, lack)]
        yield Draft(
            nodes=tuple(dict.fromkeys((execution, *(r for pair in parted for r in pair), *nodes(found)))),
            summary=" ".join(told[:3]) + (f" And {len(told) - 3} more." if len(told) > 3 else ""),
            evidence=(*dict.fromkeys(seen), *evidence(found)),
            consequence=f"Tasks of {who(facts, found)} do not get it. {facts.shared_by(execution)}".rstrip(),
            severity=_severity(found, Severity.HIGH),
        )


def _held(facts: Facts, lack: Lack) -> Iterator[Evidence]:
    need = lack.requirement
    answer = facts.needs.judge.ask(lack.holder, need.action, need.resource, need.context)
    for placed in granting(facts, lack.holder, answer.decision):
        yield placed.evidence(f"allows {need.action} to {facts.title(lack.holder)}, which does not need it")


@rule(
    "ECS-IAM-039",
    "Task execution role may not use the key of a secret",
    Severity.HIGH,
    fires="a secret or parameter is encrypted with a customer managed key, and the execution role may not"
    " decrypt with it.",
    why="Reading such a secret is two permissions: the secret's and the key's. The key's own policy must"
    " agree, too.",
    source=f'{GUIDE}, "Amazon ECS task execution IAM role": kms:Decrypt where the secret uses a customer'
    " managed key",
    fix="Allow kms:Decrypt on the key, limited by kms:ViaService, and check that the key's policy delegates"
    " to the account or names the role.",
    fixes=("allow-key",),
)
def key_of_secret(facts: Facts) -> Iterator[Draft]:
    """SEC4."""
    for role, found in by_role(lacks(facts, "key")).items():
        keys = list(dict.fromkeys(lack.requirement.resource for lack in found))
        names = listed([resource_name(facts, key) for key in keys], 3)
        told = [need.why for lack in found for need in lack.asking]
        sides = dict.fromkeys(_side(facts, lack) for lack in found)
        yield Draft(
            nodes=tuple(dict.fromkeys((role, *keys, *nodes(found)))),
            summary=f"{facts.title(role)} may not decrypt with {names}, which encrypts the {listed(told, 2)}"
            f" ({askers(facts, found)}): {'; '.join(sides)}.",
            evidence=evidence(found),
            consequence=f"New tasks of {who(facts, found)} cannot start. {facts.shared_by(role)}".rstrip(),
            severity=_severity(found, Severity.HIGH),
        )


def _side(facts: Facts, lack: Lack) -> str:
    blocked = lack.decision.blocked_by
    if "identity" in blocked and "resource" in blocked:
        return "neither a policy of the role nor the key's own policy allows it"
    if "identity" in blocked:
        return "no policy of the role allows it, and the key's policy leaves it to them"
    return f"the policy of {resource_name(facts, lack.requirement.resource)} does not let it"


@rule(
    "ECS-IAM-046",
    "A boundary or an organization's policy blocks what is needed",
    Severity.HIGH,
    fires="the role's own policies allow a required action, and its permissions boundary, an SCP or an RCP"
    " does not.",
    why="What is written on the role is right, so that one mends it there in vain: a boundary allows nothing,"
    " it only limits.",
    source='IAM User Guide, "Permissions boundaries for IAM entities" and "How AWS enforcement code logic'
    ' evaluates requests to allow or deny access"',
    fix="Ask those who keep the boundary or the organization's policies; nothing on the role will help.",
    fixes=("export-patch",),
)
def limits(facts: Facts) -> Iterator[Draft]:
    """Any role of ECS's but those of launchers."""
    for role, found in by_role(lacks(facts, "limit")).items():
        record = facts.around.roles[role]
        boundary = record.permissions_boundary
        names = {"boundary": "its permissions boundary", "scp": "an SCP", "rcp": "an RCP"}
        if boundary is not None:
            arn = boundary.permissions_boundary_arn
            names["boundary"] = f"its permissions boundary {facts.title(arn)}"
        blocked = dict.fromkeys(layer for lack in found for layer in lack.decision.blocked_by)
        by = listed([names[layer] for layer in blocked if layer in names])
        limiting = (arn,) if boundary is not None and "boundary" in blocked else ()
        yield Draft(
            nodes=tuple(dict.fromkeys((role, *limiting, *nodes(found)))),
            summary=f"{facts.title(role)} is allowed {permissions(facts, found)}, asked for by"
            f" {askers(facts, found)}, but {by} does not let it through.",
            evidence=evidence(found),
            consequence=f"It fails for {who(facts, found)}. {facts.shared_by(role)}".rstrip(),
            severity=_severity(found, Severity.HIGH),
        )
