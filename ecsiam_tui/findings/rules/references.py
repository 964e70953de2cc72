"""What task definitions name and what is not there: secrets, parameters, log groups."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from ecsiam_tui.account.arns import parse_arn, short_name
from ecsiam_tui.account.references import (
    Home,
    Reference,
    ValueFrom,
    home_of,
    log_target,
    parse_value_from,
    references,
)
from ecsiam_tui.account.tasks import TaskDefinition
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Evidence, Severity
from ecsiam_tui.findings.registry import Draft, rule
from ecsiam_tui.findings.rules.definitions import DEVELOPER_GUIDE, field, in_use, several, users
from ecsiam_tui.graph.kinds import EdgeKind

_SENSITIVE_DATA = f'{DEVELOPER_GUIDE}, "Pass sensitive data to an Amazon ECS container"'
_THROUGH = "parameter/aws/reference/secretsmanager/"
_PARAMETER_NAME = re.compile(r"[\w./-]+(:[\w.-]+)?")
"""Names of parameters (AWS Systems Manager API, PutParameter), with the version or label one may ask for."""


def _naming(
    facts: Facts, ids: Iterable[str], *kinds: EdgeKind
) -> Iterator[tuple[TaskDefinition, list[Reference]]]:
    """The definitions in use that name one of some nodes, with all that they name: the graph knows which
    they are, so that the others need not be read again."""
    estate = facts.estate
    users = {link.node.id for node in ids if node in estate for link in estate.used_by(node, *kinds)}
    for definition in facts.definitions_in_use if users else ():
        if definition.task_definition_arn in users:
            yield definition, list(references(definition))


def _at(definition: TaskDefinition, via: str, text: str) -> Evidence:
    return field(definition.task_definition_arn, via, text)


def _launch(facts: Facts, definition: TaskDefinition) -> str:
    """What a missing thing means for those who run the definition."""
    found = facts.users_of(definition)
    if not found:
        return "Nothing runs it now; whatever starts it will fail."
    return f"{users(facts, definition)} Running tasks go on; the next one fails to start."


def _secret_arn(reference: Reference) -> str:
    """The ARN of the secret that a reference means; empty for other references, and for those that the agent
    would refuse."""
    arn = parse_arn(reference.id)
    if arn is None:
        return ""
    if arn.service == "secretsmanager" and arn.resource.count(":") == 1:
        return reference.id
    if arn.service == "ssm" and arn.resource.startswith(_THROUGH):
        name = arn.resource.removeprefix(_THROUGH)
        return str(arn._replace(service="secretsmanager", resource=f"secret:{name}"))
    return ""


@rule(
    "ECS-IAM-033",
    "Secret is missing or marked for deletion",
    Severity.HIGH,
    fires="A task definition takes a secret that does not exist in that Region, or is pending deletion.",
    why="The agent fetches all secrets before a task starts; one that is gone keeps every new task from"
    " starting.",
    source='AWS Secrets Manager User Guide, "Delete an AWS Secrets Manager secret"; ' + _SENSITIVE_DATA,
    fix="Restore the secret, or name the one that took its place and roll the revision out.",
    fixes=("fix-reference", "restore-secret"),
)
def missing_secrets(facts: Facts) -> Iterator[Draft]:
    around = facts.around
    broken = {arn for arn in around.missing if ":secretsmanager:" in arn}
    broken |= {secret.arn for secret in facts.snapshot.secrets if secret.deleted_date is not None}
    broken |= {name for arn in broken for name in _as_parameters(arn)}
    for definition, named in _naming(facts, broken, EdgeKind.READS_SECRET):
        gone: list[tuple[str, str]] = []
        deleted: list[tuple[str, str]] = []
        for reference in named:
            arn = _secret_arn(reference) if reference.kind in ("secret", "parameter") else ""
            secret = around.secrets.get(arn) if arn else None
            if secret is not None and secret.deleted_date is not None:
                deleted.append((reference.via, secret.arn))
            elif arn and secret is None and arn in around.missing:
                gone.append((reference.via, arn))
        if not gone and not deleted:
            continue
        parts = []
        if gone:
            names = several([_secret_name(facts, arn) for _, arn in gone])
            parts.append(f"{names}, which {_do(gone)} not exist")
        if deleted:
            names = several([_secret_name(facts, arn) for _, arn in deleted])
            parts.append(f"{names}, which {'are' if _count(deleted) > 1 else 'is'} marked for deletion")
        yield Draft(
            nodes=(
                definition.task_definition_arn,
                *dict.fromkeys(arn for _, arn in (*gone, *deleted) if arn in facts.estate),
            ),
            summary=f"{definition.name} takes {'; and '.join(parts)}.",
            evidence=(
                *(_at(definition, via, f"{arn} does not exist") for via, arn in gone),
                *(_at(definition, via, f"{arn} is pending deletion") for via, arn in deleted),
            ),
            consequence=_launch(facts, definition),
            severity=in_use(facts, definition, Severity.HIGH),
            fixes=("restore-secret", "fix-reference") if deleted and not gone else ("fix-reference",),
        )


def _as_parameters(secret: str) -> Iterator[str]:
    """The parameters by which Systems Manager hands out a secret, with and without its six characters."""
    arn = parse_arn(secret)
    name = arn.resource.removeprefix("secret:") if arn else ""
    if arn is not None:
        for end in (name, name[:-7] if name[-7:-6] == "-" else name):
            yield str(arn._replace(service="ssm", resource=f"{_THROUGH}{end}"))


def _count(found: list[tuple[str, str]]) -> int:
    return len({arn for _, arn in found})


def _do(found: list[tuple[str, str]]) -> str:
    return "do" if _count(found) > 1 else "does"


def _secret_name(facts: Facts, arn: str) -> str:
    secret = facts.around.secrets.get(arn)
    return secret.name if secret else short_name(arn)


@rule(
    "ECS-IAM-034",
    "Parameter is missing",
    Severity.HIGH,
    fires="A task definition takes a Systems Manager parameter that does not exist. A bare name means the"
    " task's own Region.",
    why="The agent asks for the parameters of a task together; one that is missing fails them all, and the"
    " task does not start.",
    source=f"{_SENSITIVE_DATA}; amazon-ecs-agent (GetParameters in batches, which invalid names fail)",
    fix="Create the parameter, or correct its name; a parameter of another Region needs its full ARN.",
    fixes=("fix-reference",),
)
def missing_parameters(facts: Facts) -> Iterator[Draft]:
    elsewhere = _parameter_regions(facts)
    for definition, named in _naming(facts, facts.around.missing, EdgeKind.READS_SECRET):
        gone = [
            reference
            for reference in named
            if reference.kind == "parameter"
            and reference.id in facts.around.missing
            and not _secret_arn(reference)
        ]
        if not gone:
            continue
        names = list(dict.fromkeys(_parameter_name(reference.id) for reference in gone))
        hints = [
            f"{name} exists in {', '.join(sorted(regions))}: give its ARN."
            for name in names
            if (regions := elsewhere.get(name.strip("/")))
        ]
        yield Draft(
            nodes=(definition.task_definition_arn, *dict.fromkeys(reference.id for reference in gone)),
            summary=f"{definition.name} takes the parameter{'s' * (len(names) > 1)} {several(names)}, which"
            f" {'do' if len(names) > 1 else 'does'} not exist.",
            evidence=tuple(
                _at(definition, reference.via, f"{reference.id} does not exist") for reference in gone
            ),
            consequence=" ".join((_launch(facts, definition), *hints)),
            severity=in_use(facts, definition, Severity.HIGH),
        )


def _parameter_name(arn: str) -> str:
    """A name as people write it: with a slash at the front where it has one inside."""
    name = short_name(arn)
    return f"/{name}" if "/" in name else name


def _parameter_regions(facts: Facts) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for parameter in facts.snapshot.parameters:
        if arn := parse_arn(parameter.arn):
            found[parameter.name.strip("/")].add(arn.region)
    return found


@rule(
    "ECS-IAM-035",
    "Log group is missing",
    Severity.HIGH,
    fires="The awslogs driver writes to a log group that does not exist, and may not or is not told to create"
    " it.",
    why="Without its log group a container does not start.",
    source=f'{DEVELOPER_GUIDE}, "Send Amazon ECS logs to CloudWatch": awslogs-create-group, and that the'
    " managed execution policy lacks logs:CreateLogGroup",
    fix="Create the log group with a retention; or set awslogs-create-group and allow logs:CreateLogGroup.",
    fixes=("create-log-group", "allow-missing-actions"),
)
def missing_log_groups(facts: Facts) -> Iterator[Draft]:
    missing = facts.around.missing
    for definition, named in _naming(facts, missing, EdgeKind.LOGS_TO):
        gone = [ref for ref in named if ref.kind == "log-group" and ref.id in missing]
        if not gone:
            continue
        creating = _creating(definition)
        denied = {
            judged.requirement.resource.removesuffix(":*")
            for judged in facts.needs.of(definition.task_definition_arn)
            if judged.requirement.id == "LOG2" and judged.status == "missing"
        }
        wrong = [ref for ref in gone if ref.id not in creating or ref.id in denied]
        if not wrong:
            continue
        names = several([short_name(ref.id) for ref in wrong])
        told = [ref for ref in wrong if ref.id in creating]
        may_not = "; its role may not create it" if told else ""
        yield Draft(
            nodes=(definition.task_definition_arn, *dict.fromkeys(ref.id for ref in wrong)),
            summary=f"{definition.name} logs to {names}, which does not exist{may_not}.",
            evidence=tuple(_at(definition, ref.via, f"{short_name(ref.id)} does not exist") for ref in wrong),
            consequence=_launch(facts, definition),
            severity=in_use(facts, definition, Severity.HIGH),
        )
    yield from _session_logs(facts)


def _creating(definition: TaskDefinition) -> set[str]:
    """The log groups that the driver is told to create."""
    home = home_of(definition.task_definition_arn)
    targets = (log_target(item.log_configuration, home) for item in definition.container_definitions)
    return {target.arn for target in targets if target and target.creates_group}


def _session_logs(facts: Facts) -> Iterator[Draft]:
    """The log group of ECS Exec: sessions fail to log, tasks start all the same."""
    for cluster in facts.snapshot.clusters:
        execute = cluster.configuration and cluster.configuration.execute_command_configuration
        log = execute.log_configuration if execute else None
        if log is None or not log.cloud_watch_log_group_name:
            continue
        arn = home_of(cluster.cluster_arn).arn("logs", f"log-group:{log.cloud_watch_log_group_name}")
        if arn in facts.around.missing:
            where = "configuration.executeCommandConfiguration.logConfiguration.cloudWatchLogGroupName"
            yield Draft(
                nodes=(cluster.cluster_arn, arn),
                summary=f"The cluster {cluster.cluster_name} logs the sessions of ECS Exec to"
                f" {log.cloud_watch_log_group_name}, which does not exist.",
                evidence=(field(cluster.cluster_arn, where, log.cloud_watch_log_group_name),),
                consequence="Sessions are not logged.",
                severity=Severity.MEDIUM,
                fixes=("create-log-group",),
            )


@rule(
    "ECS-IAM-037",
    "valueFrom that ECS cannot read",
    Severity.HIGH,
    fires="A valueFrom is no ARN of a secret (after its name come no parts, or exactly three), no ARN of a"
    " parameter, and no name that a parameter can have.",
    why="The agent refuses it, so no task starts, whatever the role may read.",
    source=f"amazon-ecs-agent, agent/taskresource/asmsecret/asmsecret.go; {_SENSITIVE_DATA}",
    fix="Write SECRET-ARN:json-key:version-stage:version-id with all three colons (SECRET-ARN:password::), or"
    " the bare ARN.",
    fixes=("fix-value-from",),
)
def malformed_value_from(facts: Facts) -> Iterator[Draft]:
    for definition in facts.definitions_in_use:
        home = home_of(definition.task_definition_arn)
        wrong = [
            (where, name, text, problem)
            for where, name, text in _values(definition)
            if (problem := _problem(text, parse_value_from(text, home), home))
        ]
        if not wrong:
            continue
        _, name, _, problem = wrong[0]
        more = f"; {len(wrong) - 1} more cannot be read" if len(wrong) > 1 else ""
        yield Draft(
            nodes=(definition.task_definition_arn,),
            summary=f"{definition.name}: the valueFrom of {name} is {problem}{more}.",
            evidence=tuple(
                # Somebody may have written the secret itself where its name belongs.
                _at(definition, where, text if text.startswith("arn:") else problem)
                for where, _, text, problem in wrong
            ),
            consequence=_launch(facts, definition),
            severity=in_use(facts, definition, Severity.HIGH),
        )


def _values(definition: TaskDefinition) -> Iterator[tuple[str, str, str]]:
    """Every valueFrom with its place and the name it is for."""
    for container in definition.container_definitions:
        where = f"containerDefinitions.{container.name}"
        for secret in container.secrets:
            yield f"{where}.secrets.{secret.name}", secret.name, secret.value_from
        for secret in container.log_configuration.secret_options if container.log_configuration else ():
            yield f"{where}.logConfiguration.secretOptions.{secret.name}", secret.name, secret.value_from


def _problem(text: str, parsed: ValueFrom, home: Home) -> str:
    """What is wrong with a valueFrom, as the end of a sentence; empty where nothing is."""
    if parsed.problem:
        return parsed.problem
    if parsed.version_stage and parsed.version_id:
        return "naming a version stage and a version id, of which only one may be given"
    if parse_arn(text) is None and not _PARAMETER_NAME.fullmatch(text):
        return "neither an ARN nor the name that a parameter can have"
    arn = parse_arn(parsed.id)
    if arn is not None and arn.partition != home.partition:
        return f"in another partition ({arn.partition})"
    return ""
