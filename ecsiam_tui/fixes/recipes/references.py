"""What task definitions name and what is not there, or written so that nothing reads it."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ecsiam_tui.account.arns import parse_arn, short_name
from ecsiam_tui.account.references import home_of, parse_image, parse_s3_arn, parse_value_from
from ecsiam_tui.account.tasks import TaskDefinition
from ecsiam_tui.changes import change as c
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Finding
from ecsiam_tui.findings.wording import listed
from ecsiam_tui.fixes.fix import Answers, Choice, Fix, Question, asking_recipe, recipe
from ecsiam_tui.fixes.revisions import new_revision
from ecsiam_tui.fixes.statement_edits import completed

_MOST_CHOICES = 50


class Place(NamedTuple):
    """A text in a task definition that names something: where it is, what it is for, and what it says."""

    path: c.Path
    label: str
    text: str


def named_values(definition: TaskDefinition) -> Iterator[Place]:
    """Every valueFrom of a task definition."""
    for number, container in enumerate(definition.container_definitions):
        head: c.Path = ("containerDefinitions", number)
        for index, secret in enumerate(container.secrets):
            yield Place((*head, "secrets", index, "valueFrom"), secret.name, secret.value_from)
        log = container.log_configuration
        for index, secret in enumerate(log.secret_options if log else ()):
            path = (*head, "logConfiguration", "secretOptions", index, "valueFrom")
            yield Place(path, secret.name, secret.value_from)


def _images(definition: TaskDefinition) -> Iterator[Place]:
    for number, container in enumerate(definition.container_definitions):
        yield Place(("containerDefinitions", number, "image"), container.name, container.image)


def _files(definition: TaskDefinition) -> Iterator[Place]:
    for number, container in enumerate(definition.container_definitions):
        for index, file in enumerate(container.environment_files):
            path: c.Path = ("containerDefinitions", number, "environmentFiles", index, "value")
            yield Place(path, container.name, file.value)
        options = container.firelens_configuration.options if container.firelens_configuration else {}
        if options.get("config-file-type") == "s3":
            path = ("containerDefinitions", number, "firelensConfiguration", "options", "config-file-value")
            yield Place(path, container.name, options.get("config-file-value", ""))


def _fixed(
    name: str,
    finding: Finding,
    facts: Facts,
    definition: TaskDefinition,
    edits: Iterable[c.Edit],
    title: str,
    questions: tuple[Question, ...] = (),
    costs: tuple[str, ...] = (),
) -> Fix:
    made = new_revision(definition.task_definition_arn, tuple(edits), facts, title)
    return Fix(
        name=name,
        title=f"{title}, in a new revision of {definition.family}",
        finding=finding.key,
        changes=completed(facts, made.changes),
        costs=costs,
        warnings=made.warnings,
        questions=questions,
    )


# valueFrom --------------------------------------------------------------------------------------------------


@recipe("fix-value-from")
def fix_value_from(finding: Finding, facts: Facts) -> Iterator[Fix]:
    """Write what was meant, where that is beyond doubt: the colons that are missing, spaces around it."""
    definition = facts.around.definitions.get(finding.node)
    if definition is None:
        return
    home = home_of(definition.task_definition_arn)
    edits, left = [], []
    for place in named_values(definition):
        if parse_value_from(place.text, home).problem is None:
            continue
        meant = corrected_value(place.text)
        if meant and parse_value_from(meant, home).problem is None:
            edits.append(c.Edit(path=place.path, value=meant))
        else:
            left.append(place.label)
    if left or not edits:
        yield Fix(
            name="fix-value-from",
            title=f"By hand: write the valueFrom of {listed(left) or definition.name} as the ARN of a secret"
            " or parameter",
            finding=finding.key,
            changes=(),
            warnings=("What was meant cannot be told from what is written.",),
        )
        return
    names = [place.label for place in named_values(definition) if any(e.path == place.path for e in edits)]
    yield _fixed(
        "fix-value-from", finding, facts, definition, edits, f"Complete the valueFrom of {listed(names)}"
    )


def corrected_value(text: str) -> str:
    """A valueFrom of a secret as it was meant; empty where that cannot be told. After the name come exactly
    three parts, each of which may be empty: `…:secret:NAME:json-key:stage:version`."""
    bare = text.strip().strip("\"'")
    arn = parse_arn(bare)
    if arn is None or arn.service != "secretsmanager":
        return bare if bare != text else ""
    parts = arn.resource.split(":")
    if parts[0] != "secret" or len(parts) < 2 or not parts[1]:
        return ""
    extra = parts[2:]
    while len(extra) > 3 and not extra[-1]:
        extra.pop()
    if len(extra) > 3:
        return ""
    extra += [""] * (3 - len(extra)) if any(extra) else []
    return str(arn._replace(resource=":".join(["secret", parts[1], *(extra if any(extra) else [])])))


# What is not there ------------------------------------------------------------------------------------------


@asking_recipe("fix-reference")
def fix_reference(finding: Finding, facts: Facts, answers: Answers) -> Iterator[Fix]:
    """Name something that is there instead: what is beyond doubt, else what a person chooses."""
    definition = facts.around.definitions.get(finding.node)
    broken = list(_broken(finding, facts, definition)) if definition else []
    if definition is None or not broken:
        return
    edits: list[c.Edit] = []
    questions: list[Question] = []
    told: list[str] = []
    for place, choices, sure in broken:
        question = Question(
            f"instead of {place.label}",
            f"What does {place.label} name instead of {_short(place.text)}?",
            tuple(Choice(value, _short(value)) for value in choices[:_MOST_CHOICES]),
            (sure,) if sure else (),
        )
        questions.append(question)
        for value in question.answer(answers)[:1]:
            edits.append(c.Edit(path=place.path, value=value))
            told.append(f"{place.label} name {_short(value)}")
    if len(edits) == len(broken):
        title = f"Let {listed(told, 3)}"
        yield _fixed("fix-reference", finding, facts, definition, edits, title, tuple(questions))
    else:
        names = listed((_short(place.text) for place, _, _ in broken), 3)
        can = (
            "choose what takes its place"
            if all(q.choices for q in questions)
            else "create it, or name another"
        )
        yield Fix(
            name="fix-reference",
            title=f"{names} of {definition.name}: {can}",
            finding=finding.key,
            changes=(),
            warnings=("What is meant cannot be told from the account.",),
            questions=tuple(question for question in questions if question.choices),
        )


def _short(text: str) -> str:
    if arn := parse_arn(text):
        return short_name(text) if arn.service != "s3" else arn.resource
    return text.rsplit("amazonaws.com/", 1)[-1]


_Broken = tuple[Place, list[str], str]


def _broken(finding: Finding, facts: Facts, definition: TaskDefinition) -> Iterator[_Broken]:
    """The places that name what is not there, with what could be named instead, and what must be meant."""
    if finding.rule == "ECS-IAM-033":
        yield from _secrets(facts, definition)
    elif finding.rule == "ECS-IAM-034":
        yield from _parameters(facts, definition)
    elif finding.rule == "ECS-IAM-036":
        yield from _pulled(facts, definition)
    elif finding.rule == "ECS-IAM-058":
        yield from _fetched(facts, definition)


def _secrets(facts: Facts, definition: TaskDefinition) -> Iterator[_Broken]:
    home = home_of(definition.task_definition_arn)
    there = [one for one in facts.snapshot.secrets if one.deleted_date is None]
    for place in named_values(definition):
        parsed = parse_value_from(place.text, home)
        if parsed.problem or parsed.service != "secretsmanager":
            continue
        known = facts.around.secrets.get(parsed.id)
        gone = parsed.id in facts.around.missing if known is None else known.deleted_date is not None
        if gone:
            tail = place.text[len(parsed.id) :]
            region = f":{home.region}:"
            choices = [one.arn + tail for one in there if region in one.arn]
            wanted = known.name if known else re.sub(r"-\w{6}$", "", short_name(parsed.id))
            same = [one.arn + tail for one in there if one.name == wanted]
            yield place, choices, same[0] if len(same) == 1 else ""


def _parameters(facts: Facts, definition: TaskDefinition) -> Iterator[_Broken]:
    home = home_of(definition.task_definition_arn)
    for place in named_values(definition):
        parsed = parse_value_from(place.text, home)
        if parsed.problem or parsed.service != "ssm" or parsed.id not in facts.around.missing:
            continue
        name = short_name(parsed.id).strip("/").lower()
        same = [one.arn for one in facts.snapshot.parameters if one.name.strip("/").lower() == name]
        choices = [one.arn for one in facts.snapshot.parameters]
        yield place, choices, same[0] if len(same) == 1 else ""


def _pulled(facts: Facts, definition: TaskDefinition) -> Iterator[_Broken]:
    home = home_of(definition.task_definition_arn)
    for place in _images(definition):
        image = parse_image(place.text)
        if image.account != facts.snapshot.account_id or image.region is None:
            continue
        there = home._replace(region=image.region, account=image.account)
        arn = there.arn("ecr", f"repository/{image.repository}")
        repository = facts.around.repositories.get(arn)
        gone = repository is None and arn in facts.around.missing
        if not gone and (repository is None or repository.images.get(place.text) is not False):
            continue
        namesakes = [one for one in facts.snapshot.repositories if one.repository_name == image.repository]
        choices = [text for one in namesakes for text, exists in one.images.items() if exists]
        same = [text for text in choices if parse_image(text)[1:3] == image[1:3]]
        yield place, choices, same[0] if len(same) == 1 else ""


def _fetched(facts: Facts, definition: TaskDefinition) -> Iterator[_Broken]:
    for place in _files(definition):
        found = parse_s3_arn(place.text)
        if found is None or found.bucket_arn not in facts.around.missing:
            continue
        choices = [f"{one.arn}/{found.key}" for one in facts.snapshot.buckets if one.arn != found.bucket_arn]
        yield place, choices, ""


@recipe("restore-secret")
def restore_secret(finding: Finding, facts: Facts) -> Iterator[Fix]:
    """A secret that is marked for deletion is restored by whoever keeps it: no change of permissions."""
    definition = facts.around.definitions.get(finding.node)
    if definition is None:
        return
    home = home_of(definition.task_definition_arn)
    for place in named_values(definition):
        secret = facts.around.secrets.get(parse_value_from(place.text, home).id)
        if secret is not None and secret.deleted_date is not None:
            yield Fix(
                name="restore-secret",
                title=f"By hand: aws secretsmanager restore-secret --secret-id {secret.arn}",
                finding=finding.key,
                changes=(),
                warnings=(f"It is deleted for good on {secret.deleted_date:%Y-%m-%d}.",),
            )
