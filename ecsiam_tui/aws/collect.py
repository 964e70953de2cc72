"""Collecting: one account, stage by stage, into a snapshot that also says what could not be read."""

from collections.abc import Iterable, Iterator

from ecsiam_tui.account.redact import Redactor
from ecsiam_tui.account.snapshot import Gap, GapReason
from ecsiam_tui.account.source import Loaded, Progress, SourceError, Watcher
from ecsiam_tui.aws.calls import Call
from ecsiam_tui.aws.errors import Failure, classify
from ecsiam_tui.aws.reader import Reader, make_gap
from ecsiam_tui.aws.reading import LastAccessedWanted, Reading, SourceMark, Stage
from ecsiam_tui.aws.session import AwsSession
from ecsiam_tui.aws.stages import (
    compute,
    ecs,
    iam,
    last_accessed,
    launchers,
    organization,
    resources,
    task_definitions,
)

STAGES: tuple[Stage, ...] = (
    iam.IDENTITY,
    ecs.CLUSTERS,
    iam.IAM,
    iam.POLICIES,
    ecs.SERVICES,
    ecs.TASKS,
    ecs.CAPACITY_PROVIDERS,
    ecs.CONTAINER_INSTANCES,
    compute.INSTANCES,
    compute.EXTERNAL,
    ecs.EXPRESS_SERVICES,
    ecs.GATEWAYS,
    ecs.SETTINGS,
    launchers.RULES,
    launchers.SCHEDULES,
    launchers.STATE_MACHINES,
    launchers.DEPLOYMENT_GROUPS,
    launchers.SCALABLE_TARGETS,
    launchers.JOB_DEFINITIONS,
    task_definitions.TASK_DEFINITIONS,
    task_definitions.DAEMONS,
    last_accessed.START,
    resources.REPOSITORIES,
    resources.SECRETS,
    resources.PARAMETERS,
    resources.LOG_GROUPS,
    resources.FILE_SYSTEMS,
    resources.BUCKETS,
    resources.FUNCTIONS,
    resources.KEYS,
    organization.ORGANIZATION,
    last_accessed.FETCH,
)
"""In this order, because later stages read what earlier ones name."""

CALLS: tuple[Call, ...] = tuple(dict.fromkeys(call for stage in STAGES for call in stage.calls))
"""Every call that collecting can make."""


def collect(
    session: AwsSession,
    watcher: Watcher,
    redactor: Redactor,
    *,
    keep_environment: bool = False,
    source: SourceMark = "live",
    reports: LastAccessedWanted | None = None,
) -> Loaded:
    """Read the account that the session is for.

    Whatever single calls do, a snapshot comes back, with a gap for each that failed. When the watcher says
    stop, or the session expires in the middle, it holds what was read by then. `keep_environment` also
    gives values of environment variables, in memory alone. `reports` says whether AWS is asked what roles
    used last, and which of its answers are at hand.

    Raises SourceError where nothing can be read: no valid credentials, or AWS cannot be reached.
    """
    reader = Reader(session, watcher)
    reading = Reading(session, reader, redactor, source)
    if keep_environment:
        reading.environment = {}
    if reports is not None:
        reading.last_accessed = reports
    stopped_in: int | None = None
    for number, stage in enumerate(STAGES):
        if not reader.check_stop():
            _run(stage, reading)
        if reader.check_stop():
            stopped_in = number
            break
        watcher.progress(Progress(stage.name, 1, 1))
        if number + 1 < len(STAGES):
            watcher.partial(reading.snapshot(_unread(STAGES[number + 1 :], "cancelled", "Not read yet.")))
    unread: Iterable[Gap] = ()
    if stopped_in is not None and reader.stop is not None:
        why = "The session expired." if reader.stop == "expired" else "The reading was stopped."
        unread = _unread(STAGES[stopped_in:], reader.stop, why)
    if not reading.account_id and reader.stop is None:
        raise _nothing_read(reading)
    return Loaded(reading.snapshot(unread), dict(reading.environment or {}))


def _run(stage: Stage, reading: Reading) -> None:
    """Run a stage. What breaks it beyond its single calls leaves all of its calls unknown, nothing else."""
    try:
        stage.run(reading)
    except SourceError:
        raise
    except Exception as error:
        for call in stage.calls:
            reading.reader.gap(call, None, classify(error)._replace(reason="failed"))


def _nothing_read(reading: Reading) -> SourceError:
    """Not even whose account it is was told, by whatever answers."""
    gaps = reading.reader.gaps()
    first = f" ({gaps[0].call}: {gaps[0].error_code} {gaps[0].message})" if gaps else ""
    where = reading.session.target.endpoint_url or "AWS"
    return SourceError(
        f"{where} told nothing about an account{first}. Check --endpoint-url and the permissions of the"
        " credentials (docs/permissions.md)."
    )


def _unread(stages: Iterable[Stage], reason: GapReason, why: str) -> Iterator[Gap]:
    for call in dict.fromkeys(call for stage in stages for call in stage.calls):
        gap = make_gap(call, None, Failure(reason, "", why))
        yield gap
