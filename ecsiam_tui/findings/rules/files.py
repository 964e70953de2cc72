"""Files in Amazon S3 that a task fetches before it starts: environment files and FireLens configurations."""

from collections.abc import Iterator
from typing import NamedTuple

from ecsiam_tui.account.references import S3Object, parse_s3_arn
from ecsiam_tui.account.tasks import TaskDefinition
from ecsiam_tui.ecs.workloads import Workload
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Evidence, Severity
from ecsiam_tui.findings.registry import Draft, rule
from ecsiam_tui.findings.rules.definitions import DEVELOPER_GUIDE, container_field, in_use, users

_STRANGER = "000000000000"
"""An account that nobody has."""


class _Fetched(NamedTuple):
    """A file that a container takes from S3; `found` is None where its ARN cannot be read."""

    what: str
    value: str
    found: S3Object | None
    evidence: Evidence


class _Wrong(NamedTuple):
    words: str
    evidence: Evidence
    severity: Severity
    bucket: str = ""


@rule(
    "ECS-IAM-058",
    "File in a bucket that is missing or not surely one's own",
    Severity.MEDIUM,
    fires="An environment file or FireLens configuration is in a bucket that does not exist or belongs to"
    " another account, or the execution role may read it whoever owns the bucket (no aws:ResourceAccount).",
    why="Names of buckets are given to whoever asks first: who takes a missing one gives the task its"
    " environment.",
    source=f'{DEVELOPER_GUIDE}, "Amazon ECS task execution IAM role" (Amazon S3 file storage permissions: the'
    " aws:ResourceAccount condition); FireLens on Fargate takes the file type alone",
    fix="Create the bucket or correct its name, and limit the execution role's statement with"
    " aws:ResourceAccount.",
    fixes=("fix-reference", "add-resource-account-condition"),
)
def fetched_files(facts: Facts) -> Iterator[Draft]:
    by_definition: dict[str, Workload] = {}
    for workload in facts.needs.workloads:
        by_definition.setdefault(workload.definition.task_definition_arn, workload)
    for definition in facts.definitions_in_use:
        workload = by_definition[definition.task_definition_arn]
        wrong = [one for fetched in _fetched(definition) for one in _wrong(facts, workload, fetched)]
        if not wrong:
            continue
        missing = any(one.severity == Severity.HIGH for one in wrong)
        yield Draft(
            nodes=(
                definition.task_definition_arn,
                *dict.fromkeys(one.bucket for one in wrong if one.bucket in facts.estate),
            ),
            summary=f"{definition.name}: {'; '.join(dict.fromkeys(one.words for one in wrong))}.",
            evidence=tuple(one.evidence for one in wrong),
            consequence=users(facts, definition)
            + (" Its next task fails to start, until somebody creates that bucket." if missing else ""),
            severity=in_use(facts, definition, max(one.severity for one in wrong)),
            fixes=None if missing else ("add-resource-account-condition", "fix-reference"),
        )


def _fetched(definition: TaskDefinition) -> Iterator[_Fetched]:
    for container in definition.container_definitions:
        for file in container.environment_files:
            where = container_field(definition, container.name, "environmentFiles", file.value)
            yield _Fetched("the environment file", file.value, parse_s3_arn(file.value), where)
        options = container.firelens_configuration.options if container.firelens_configuration else {}
        if options.get("config-file-type") == "s3":
            value = options.get("config-file-value", "")
            where = container_field(
                definition, container.name, "firelensConfiguration.options.config-file-value", value
            )
            yield _Fetched("the FireLens configuration", value, parse_s3_arn(value), where)


def _wrong(facts: Facts, workload: Workload, fetched: _Fetched) -> Iterator[_Wrong]:
    where, found, what = fetched.evidence, fetched.found, fetched.what
    if "FireLens" in what and workload.launches == frozenset({"FARGATE"}):
        words = "FireLens on Fargate takes its configuration from a file of the image, not from S3"
        yield _Wrong(words, where, Severity.MEDIUM)
    if found is None or not found.key:
        yield _Wrong(f"{what} is not given by the ARN of an object in S3", where, Severity.HIGH)
        return
    arn = found.bucket_arn
    bucket = facts.around.buckets.get(arn)
    if bucket is None:
        if arn in facts.around.missing:
            yield _Wrong(
                f"{what} is in {found.bucket}, a bucket that does not exist", where, Severity.HIGH, arn
            )
        return
    listed = facts.snapshot.is_known("buckets.account_id")
    if bucket.account_id is None and listed:
        yield _Wrong(f"{what} is in {found.bucket}, a bucket of another account", where, Severity.MEDIUM, arn)
    elif bucket.account_id and _reads_strangers(facts, workload.execution_role, f"{arn}/{found.key}"):
        role = facts.title(workload.execution_role)
        words = f"{role} may read {found.bucket} whoever owns it"
        yield _Wrong(words, where, Severity.LOW)


def _reads_strangers(facts: Facts, role: str, file: str) -> bool:
    """Whether the role would read the same file in a bucket of that name that somebody else owns."""
    if role not in facts.around.roles:
        return False
    answer = facts.needs.judge.ask(role, "s3:GetObject", file, {"aws:ResourceAccount": _STRANGER})
    return answer.status == "met"
