"""Secrets and keys in environment variables. Values are never known here: names go out, ARNs come in."""

from collections.abc import Iterator

from ecsiam_tui.account.references import home_of
from ecsiam_tui.account.tasks import ContainerDefinition, TaskDefinition
from ecsiam_tui.changes import change as c
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Finding
from ecsiam_tui.findings.rules.environment import STATIC_KEYS
from ecsiam_tui.findings.wording import listed
from ecsiam_tui.fixes.fix import Answers, Choice, Fix, Question, asking_recipe, recipe
from ecsiam_tui.fixes.revisions import new_revision
from ecsiam_tui.fixes.statement_edits import completed

_KEYS = STATIC_KEYS | {"AWS_SESSION_TOKEN"}
_OLD = "Old revisions keep the value: change it where it counts, then delete them."


def _without(
    definition: TaskDefinition, gone: dict[tuple[int, str], str | None], names: frozenset[str] = frozenset()
) -> list[c.Edit]:
    """The edits that take variables (container number, name) out of environments, from the last of each to
    the first, and hand those with an ARN over as secrets; and take secrets of some names out."""
    edits: list[c.Edit] = []
    for number, container in enumerate(definition.container_definitions):
        head: c.Path = ("containerDefinitions", number)
        edits += [
            c.Edit(path=(*head, "environment", index), remove=True, named=variable.name)
            for index, variable in reversed(list(enumerate(container.environment)))
            if (number, variable.name) in gone
        ]
        edits += [
            c.Edit(path=(*head, "secrets", index), remove=True, named=secret.name)
            for index, secret in reversed(list(enumerate(container.secrets)))
            if secret.name in names
        ]
        added = [(name, arn) for (where, name), arn in gone.items() if where == number and arn]
        if added:
            edits.append(c.Edit(path=(*head, "secrets"), value=_secrets(container, added, names)))
    return edits


def _secrets(
    container: ContainerDefinition, added: list[tuple[str, str]], names: frozenset[str]
) -> list[dict[str, str]]:
    kept = [
        {"name": one.name, "valueFrom": one.value_from}
        for one in container.secrets
        if one.name not in names and one.name not in dict(added)
    ]
    return [*kept, *({"name": name, "valueFrom": arn} for name, arn in added)]


@asking_recipe("move-secret-to-secrets-manager")
def move_secret(finding: Finding, facts: Facts, answers: Answers) -> Iterator[Fix]:
    """Take the variables out of the environment and hand the same names over from secrets that are there:
    nobody here knows the values, so that somebody has to put them into Secrets Manager first."""
    definition = facts.around.definitions.get(finding.node)
    if definition is None:
        return
    suspects = [
        (number, variable.name)
        for number, container in enumerate(definition.container_definitions)
        for variable in container.environment
        if variable.looks_like_secret != "no" and variable.name not in STATIC_KEYS
    ]
    region = home_of(definition.task_definition_arn).region
    there = [one for one in facts.snapshot.secrets if one.deleted_date is None and f":{region}:" in one.arn]
    questions: list[Question] = []
    gone: dict[tuple[int, str], str | None] = {}
    for number, name in suspects:
        container = definition.container_definitions[number].name
        question = Question(
            f"{container}.{name}",
            f"Which secret holds the value of {name}? Create it first; its value is not known here.",
            tuple(Choice(one.arn, one.name) for one in there),
        )
        questions.append(question)
        for arn in question.answer(answers)[:1]:
            gone[number, name] = arn
    names = listed(name for _, name in suspects)
    if not suspects or len(gone) < len(suspects):
        yield Fix(
            name="move-secret-to-secrets-manager",
            title=f"Put {names} into Secrets Manager, then choose the secrets",
            finding=finding.key,
            changes=(),
            warnings=("aws secretsmanager create-secret; the values are not in the snapshot.", _OLD),
            questions=tuple(questions),
        )
        return
    made = new_revision(definition.task_definition_arn, tuple(_without(definition, gone)), facts, "secrets")
    yield Fix(
        name="move-secret-to-secrets-manager",
        title=f"Hand {names} to {definition.family} from Secrets Manager",
        finding=finding.key,
        changes=completed(facts, made.changes),
        warnings=(*made.warnings, _OLD, "Each secret has to hold the bare value, not JSON."),
        questions=tuple(questions),
    )


@recipe("remove-static-keys")
def remove_static_keys(finding: Finding, facts: Facts) -> Iterator[Fix]:
    """A revision without the keys: the SDKs then take the credentials of the task role."""
    definition = facts.around.definitions.get(finding.node)
    if definition is None:
        return
    role = facts.around.role(definition.task_role_arn)
    if role not in facts.around.roles:
        return  # without a task role nothing would take their place
    gone: dict[tuple[int, str], str | None] = {
        (number, variable.name): None
        for number, container in enumerate(definition.container_definitions)
        for variable in container.environment
        if variable.name in _KEYS
    }
    edits = _without(definition, gone, frozenset(_KEYS))
    if not edits:
        return
    made = new_revision(
        definition.task_definition_arn, tuple(edits), facts, "the task role takes their place"
    )
    yield Fix(
        name="remove-static-keys",
        title=f"Take the static keys out of {definition.family}: {facts.title(role)} takes their place",
        finding=finding.key,
        changes=completed(facts, made.changes),
        costs=(f"The containers may do what {facts.title(role)} may, no longer what the keys may.",),
        warnings=(*made.warnings, "Deactivate the keys, and delete them: old revisions still show them."),
    )
