"""Stages: what roles used last. AWS makes a report on request, in a job that takes seconds: all are asked for
before the resources are read and fetched at the end, so that its time passes meanwhile.

Two calls for each role, more where a report is not ready. Only roles that ECS uses are asked about.
"""

from datetime import timedelta

from ecsiam_tui.account.iam import LastAccessed
from ecsiam_tui.account.records import Json
from ecsiam_tui.aws import named, table
from ecsiam_tui.aws.errors import Failure
from ecsiam_tui.aws.reading import Reading, Stage

MOST_ROLES = 200
"""So many reports are asked for at most: 400 calls, or about 80 seconds of calls."""
LASTS = timedelta(hours=1)
"""A report that is younger is not asked for again: AWS's records of what was used are hours old themselves
(IAM User Guide, "Things to know about last accessed information")."""
_PAUSES = (0, 0.5, 1, 2, 4, 8, 8, 8)
"""Seconds between looks at reports that are not ready."""

_GENERATE = table.GENERATE_SERVICE_LAST_ACCESSED_DETAILS
_GET = table.GET_SERVICE_LAST_ACCESSED_DETAILS


def ask_for_reports(reading: Reading) -> None:
    """Have AWS make a report on every role in use that none is at hand of."""
    reader, home = reading.reader, reading.home_region
    if not reading.last_accessed.wanted:
        reader.gap(_GENERATE, home, Failure("skipped", "", "It was not asked for."))
        return
    roles = named.roles(reading)
    known = {report.arn: report for report in reading.last_accessed.known if _is_recent(report, reading)}
    reading.add("last_accessed", [known[arn] for arn in roles if arn in known])
    wanted = [arn for arn in roles if arn not in known]
    if len(wanted) > MOST_ROLES:
        why = f"{MOST_ROLES} roles are asked about at most; {len(wanted) - MOST_ROLES} more are in use."
        reader.gap(_GENERATE, home, Failure("skipped", "", why))

    def ask(arn: str) -> tuple[str, str] | None:
        answer = reader.ask(_GENERATE, home, target=arn, Arn=arn, Granularity="ACTION_LEVEL")
        return (arn, answer.data["JobId"]) if answer.data is not None else None

    jobs = reading.each(START.name, _GENERATE, wanted[:MOST_ROLES], ask, lambda _: home)
    reading.reports = dict(job for job in jobs if job is not None)


def fetch_reports(reading: Reading) -> None:
    """Fetch the reports, those that are ready first. One that does not get ready is a gap."""
    reader, home = reading.reader, reading.home_region
    waiting = dict(reading.reports)

    def look(item: tuple[str, str]) -> str | None:
        return item[0] if _fetch(reading, *item) else None

    for pause in _PAUSES:
        if waiting:
            reader.wait(pause)
        for arn in reading.each(FETCH.name, _GET, waiting.items(), look, lambda _: home):
            waiting.pop(arn or "", None)
    if not reader.check_stop():
        late = f"The report was not ready after {sum(_PAUSES):.0f} seconds."
        for arn in waiting:
            reader.gap(_GET, home, Failure("failed", "", late), arn)


def _fetch(reading: Reading, arn: str, job: str) -> bool:
    """Read a report if it is ready. Whether nothing more is to be had: it was read, or it failed."""
    reader, home = reading.reader, reading.home_region
    services: list[Json] = []
    done: Json = {}
    for page in reader.pages(_GET, home, target=arn, JobId=job):
        status = page["JobStatus"]
        if status == "IN_PROGRESS":
            return False
        if status != "COMPLETED":
            error = page.get("Error") or {}
            message = error.get("Message") or f"The report ended as {status}."
            reader.gap(_GET, home, Failure("failed", error.get("Code", ""), message), arn)
            return True
        done = page
        services += reader.members(page, _GET.items, _GET, home, arn)
    if done:
        data = {"Arn": arn, "JobCompletionDate": done.get("JobCompletionDate"), _GET.items: services}
        reading.add("last_accessed", [reader.decode(LastAccessed, data, _GET, home, arn, _shape)])
    return True


def _shape(data: Json) -> Json:
    """Without the actions of services that were not used: an administrator has thousands."""

    def actions(item: Json) -> list[Json]:
        return (item.get("LastAuthenticated") and item.get("TrackedActionsLastAccessed")) or []

    kept = [{**item, "TrackedActionsLastAccessed": actions(item)} for item in data[_GET.items]]
    return {**data, _GET.items: kept}


def _is_recent(report: LastAccessed, reading: Reading) -> bool:
    at = report.job_completion_date
    return at is not None and reading.taken_at - at < LASTS


START = Stage("Reports of last use", (_GENERATE,), ask_for_reports)
FETCH = Stage("What was used last", (_GET,), fetch_reports)
