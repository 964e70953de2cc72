"""Secrets in environment variables: readable for everybody who may describe the task definition.

Values are never seen here: a variable has a verdict, made where it was read, and a length.
"""

from collections.abc import Iterator
from typing import NamedTuple

from ecsiam_tui.account.launchers import RunTaskTarget
from ecsiam_tui.account.tasks import ContainerDefinition, EnvironmentVariable, TaskDefinition, TaskOverride
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Evidence, Severity
from ecsiam_tui.findings.registry import Draft, rule
from ecsiam_tui.findings.rules.definitions import field, several, users

STATIC_KEYS = frozenset({"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"})
"""The variables from which every AWS SDK takes credentials before it asks for those of the task role."""

_SURE = frozenset({"AWS key", "private key", "token"})
_SHORT = 8
"""A shorter value with a telling name may be a setting (`MAX_TOKENS`) rather than a secret."""


class _Place(NamedTuple):
    """Where variables are written down: a node, and the path to each container's variables there."""

    node: str
    title: str
    variables: tuple[tuple[str, EnvironmentVariable], ...]
    definition: TaskDefinition | None = None

    def evidence(self, where: str, name: str, text: str) -> Evidence:
        return field(self.node, f"{where}.{name}", text)


def _places(facts: Facts) -> Iterator[_Place]:
    """Every revision that is the newest or in use, and what tasks, rules and schedules override."""
    snapshot = facts.snapshot
    daemons = {daemon.daemon_task_definition_arn for daemon in snapshot.daemon_task_definitions}
    for definition in facts.definitions_in_use:
        if definition.task_definition_arn in daemons:
            continue
        arn, containers = definition.task_definition_arn, definition.container_definitions
        yield _Place(arn, definition.name, tuple(_of_containers(containers)), definition)
    for daemon in snapshot.daemon_task_definitions:
        arn, title = daemon.daemon_task_definition_arn, f"{daemon.family}:{daemon.revision}"
        yield _Place(arn, title, tuple(_of_containers(daemon.container_definitions)))
    for task in snapshot.tasks:
        if task.overrides:
            title = f"task {task.task_arn.rsplit('/', 1)[-1][:12]}"
            yield _Place(task.task_arn, title, tuple(_of_overrides(task.overrides, "overrides")))
    for rule_ in snapshot.rules:
        found = (item for target in rule_.targets for item in _of_target(target))
        yield _Place(rule_.arn, f"rule {rule_.name}", tuple(found))
    for schedule in snapshot.schedules:
        yield _Place(schedule.arn, f"schedule {schedule.name}", tuple(_of_target(schedule.target)))


def _of_containers(
    containers: tuple[ContainerDefinition, ...],
) -> Iterator[tuple[str, EnvironmentVariable]]:
    for container in containers:
        where = f"containerDefinitions.{container.name}.environment"
        yield from ((where, variable) for variable in container.environment)


def _of_overrides(overrides: TaskOverride, head: str) -> Iterator[tuple[str, EnvironmentVariable]]:
    for container in overrides.container_overrides:
        where = f"{head}.containerOverrides.{container.name or ''}.environment"
        yield from ((where, variable) for variable in container.environment)


def _of_target(target: RunTaskTarget) -> Iterator[tuple[str, EnvironmentVariable]]:
    if target.overrides:
        yield from _of_overrides(target.overrides, "Input")


def _is_sure(variable: EnvironmentVariable) -> bool:
    verdict = variable.looks_like_secret
    return verdict in _SURE or (verdict == "password" and variable.length >= _SHORT)


@rule(
    "ECS-IAM-025",
    "Secret in a plain environment variable",
    Severity.CRITICAL,
    fires="An environment variable looks like a password, token or key, by its value's shape or its name.",
    why="Whoever may describe the task definition reads it, and every old revision keeps it.",
    source="AWS Security Hub control ECS.8 (secrets should not be passed as container environment variables)",
    fix="Move the value to Secrets Manager or Parameter Store, name it under secrets, let the task execution"
    " role read it, and change the value: the old revisions still show it.",
    fixes=("move-secret-to-secrets-manager",),
)
def plain_secrets(facts: Facts) -> Iterator[Draft]:
    for place in _places(facts):
        suspects = [
            (where, variable)
            for where, variable in place.variables
            if variable.looks_like_secret != "no" and variable.name not in STATIC_KEYS
        ]
        if not suspects:
            continue
        sure = any(_is_sure(variable) for _, variable in suspects)
        names = several([variable.name for _, variable in suspects])
        verb = "hold secrets" if len(suspects) > 1 else "holds a secret"
        if not sure:
            verb = "look like secrets" if len(suspects) > 1 else "looks like a secret"
        yield Draft(
            nodes=(place.node,),
            summary=f"{place.title}: the environment variable{'s' * (len(suspects) > 1)} {names} {verb} in"
            " plain text.",
            evidence=tuple(
                place.evidence(
                    where, variable.name, f"{variable.looks_like_secret}, {variable.length} characters"
                )
                for where, variable in suspects
            ),
            consequence=_readers(facts, place),
            severity=None if sure else Severity.MEDIUM,
            rests_on=() if sure else ("whether the value is a secret: only its name or shape is known",),
        )


def _readers(facts: Facts, place: _Place) -> str:
    call = "ecs:DescribeTaskDefinition" if place.definition else "the right to describe it"
    text = f"Everybody with {call} can read it."
    return f"{text} {users(facts, place.definition)}" if place.definition else text


@rule(
    "ECS-IAM-026",
    "Static AWS keys in a container",
    Severity.CRITICAL,
    fires="A container gets AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY as environment variable or secret.",
    why="SDKs take credentials from these variables first: the task role is ignored, and the keys do not"
    " expire.",
    source="AWS Security Hub control ECS.8; that the variables come first: AWS SDKs and Tools Reference"
    ' Guide, "Standardized credential providers"',
    fix="Give what the keys may do to the task role, take the variables out, deactivate and delete the keys.",
    fixes=("remove-static-keys", "create-task-role"),
)
def static_keys(facts: Facts) -> Iterator[Draft]:
    for place in _places(facts):
        plain = [item for item in place.variables if item[1].name in STATIC_KEYS and item[1].length]
        handed = list(_handed(place.definition)) if place.definition else []
        if not plain and not handed:
            continue
        real = any(variable.looks_like_secret == "AWS key" for _, variable in plain)
        role = facts.around.role(place.definition.task_role_arn) if place.definition else ""
        loser = f"its task role {facts.title(role)} is not used" if role else "it has no task role"
        yield Draft(
            nodes=(place.node,),
            summary=f"{place.title} has static AWS keys"
            f" ({several([item[1].name for item in plain] + [name for _, name in handed])});"
            f" {loser if place.definition else 'they win over the task role'}.",
            evidence=(
                *(place.evidence(where, variable.name, "plain text") for where, variable in plain),
                *(field(place.node, where, "from secrets") for where, _ in handed),
            ),
            consequence=_readers(facts, place) if plain else "The keys stay valid until somebody ends them.",
            severity=None if real else Severity.MEDIUM,
        )


def _handed(definition: TaskDefinition) -> Iterator[tuple[str, str]]:
    """The keys that come from a secret: they are not to be read, but win over the task role all the same."""
    for container in definition.container_definitions:
        for secret in container.secrets:
            if secret.name in STATIC_KEYS:
                yield f"containerDefinitions.{container.name}.secrets.{secret.name}", secret.name
