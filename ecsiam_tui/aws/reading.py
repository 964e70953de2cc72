"""What one reading of an account carries along: who asks, what is known so far, how answers are shaped."""

import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal, NamedTuple, TypeVar
from urllib.parse import unquote

import msgspec

from ecsiam_tui import __version__
from ecsiam_tui.account.arns import Arn
from ecsiam_tui.account.iam import LastAccessed
from ecsiam_tui.account.records import Json
from ecsiam_tui.account.redact import Redactor
from ecsiam_tui.account.references import Home
from ecsiam_tui.account.snapshot import CallerIdentity, Gap, Organization, Snapshot
from ecsiam_tui.aws.calls import Call
from ecsiam_tui.aws.reader import Job, Reader
from ecsiam_tui.aws.session import AwsSession

Item = TypeVar("Item")
Result = TypeVar("Result")

SourceMark = Literal["live", "demo", "synthetic"]


class Stage(NamedTuple):
    """A part of the reading: its name for a person, the calls that it makes, and what it does."""

    name: str
    calls: tuple[Call, ...]
    run: Callable[["Reading"], None]


class LastAccessedWanted(NamedTuple):
    """Whether reports of what roles used last are wanted, and those that are there already."""

    wanted: bool = True
    known: tuple[LastAccessed, ...] = ()


class Reading:
    """One reading of an account in the making. Stages add to it one after the other."""

    def __init__(self, session: AwsSession, reader: Reader, redactor: Redactor, source: SourceMark) -> None:
        self.session = session
        self.reader = reader
        self.redactor = redactor
        self.source: SourceMark = source
        self.regions = session.regions
        self.taken_at = datetime.now(UTC)
        self.caller: CallerIdentity | None = None
        self.account_alias: str | None = None
        self.account_summary: dict[str, int] = {}
        self.account_settings: dict[str, tuple[Any, ...]] = {}
        self.organization: Organization | None = None
        self.last_accessed = LastAccessedWanted()
        self.missing: set[str] = set()
        self.environment: dict[tuple[str, str, str], str] | None = None
        self.reports: dict[str, str] = {}
        """Of the reports on roles that AWS was asked for: the id of the job, by the role's ARN."""
        self._account = ""
        self._records: dict[str, list[Any]] = defaultdict(list)
        self._sorted: dict[str, tuple[Any, ...]] = {}
        # Threads add; one whose call still hangs when the reading is stopped may add even after its end.
        self._lock = threading.Lock()

    # -- what is known ---------------------------------------------------------------------------------

    @property
    def account_id(self) -> str:
        """The account's id: the caller's, or where that is not known the one in another answer."""
        if self.caller is not None:
            return self.caller.account
        if not self._account:
            arns = (record.arn for record in self.get("roles"))
            clusters = (record.cluster_arn for record in self.get("clusters"))
            self._account = next((arn.split(":")[4] for arn in (*arns, *clusters) if arn.count(":") >= 5), "")
        return self._account

    @property
    def home_region(self) -> str:
        """The region through which global services are asked."""
        return self.regions[0]

    def home(self, region: str) -> Home:
        """What a reference without partition, region or account falls back to."""
        return Home(self.session.partition, region, self.account_id)

    def arn(self, service: str, region: str, resource: str) -> str:
        """The ARN of a thing in this account."""
        return str(Arn(self.session.partition, service, region, self.account_id, resource))

    def add(self, field: str, records: Iterable[Any]) -> None:
        """Add records to a field of the snapshot; None, for what could not be decoded, is left out."""
        found = [record for record in records if record is not None]
        with self._lock:
            self._records[field].extend(found)
            self._sorted.pop(field, None)

    def get(self, field: str) -> list[Any]:
        """The records read so far."""
        with self._lock:
            return list(self._records[field])

    def replace(self, field: str, records: Iterable[Any]) -> None:
        """Put other records in the place of a field's."""
        with self._lock:
            self._records[field] = list(records)
            self._sorted.pop(field, None)

    def snapshot(self, extra_gaps: Iterable[Gap] = ()) -> Snapshot:
        """The snapshot of what is known, in an order that does not depend on AWS's."""
        with self._lock:
            for name, records in self._records.items():
                if name not in self._sorted:
                    self._sorted[name] = tuple(sorted(_distinct(records), key=_order))
            fields = dict(self._sorted)
        return Snapshot(
            account_id=self.account_id,
            taken_at=self.taken_at,
            tool_version=__version__,
            source=self.source,
            account_alias=self.account_alias,
            partition=self.session.partition,
            regions=self.regions,
            caller=self.caller,
            account_summary=self.account_summary,
            account_settings=dict(self.account_settings),
            organization=self.organization,
            missing=tuple(sorted(self.missing.copy())),
            gaps=(*self.reader.gaps(), *extra_gaps),
            **fields,
        )

    # -- asking ----------------------------------------------------------------------------------------

    def each(
        self,
        stage: str,
        call: Call,
        items: Iterable[Item],
        function: Callable[[Item], Result],
        region_of: Callable[[Item], str],
    ) -> list[Result]:
        """The results of `function` for all items, several at once; `call` is blamed where it breaks."""
        return self.reader.each(
            stage, [Job(call, region_of(item), partial(function, item)) for item in items]
        )

    def in_regions(self, stage: str, call: Call, function: Callable[[str], Sequence[Result]]) -> list[Result]:
        """What `function` gives for every region, put together."""
        return flat(self.each(stage, call, self.regions, function, str))


def _distinct(records: Iterable[Any]) -> Iterator[Any]:
    """Records without repetitions: a page may be served twice, a thing found on two ways."""
    seen: set[Any] = set()
    for record in records:
        key = _order(record)
        if key not in seen:
            seen.add(key)
            yield record


_IDENTIFIERS = (
    ("service_arn", "task_arn", "container_instance_arn", "task_definition_arn"),
    ("daemon_task_definition_arn", "gateway_arn", "capacity_provider_arn", "state_machine_arn"),
    ("job_definition_arn", "repository_arn", "file_system_arn", "function_arn", "cluster_arn", "arn"),
    ("region", "instance_id", "activation_id", "application_name", "deployment_group_name", "resource_id"),
    ("ecr_repository_prefix",),
)


def _order(record: Any) -> tuple[str, ...]:
    for names in _IDENTIFIERS[:3]:
        for name in names:
            if value := getattr(record, name, None):
                return (str(value),)
    rest = (name for names in _IDENTIFIERS[3:] for name in names)
    return tuple(str(value) for name in rest if (value := getattr(record, name, None)))


def flat(lists: Iterable[Sequence[Item]]) -> list[Item]:
    """One list of all the lists' items."""
    return [item for part in lists for item in part]


def batches(items: Sequence[Item], size: int) -> list[Sequence[Item]]:
    """The items in pieces of at most `size`."""
    return [items[start : start + size] for start in range(0, len(items), size)]


def region_of(arn: str) -> str:
    """The region in an ARN."""
    parts = arn.split(":", 5)
    return parts[3] if len(parts) == 6 else ""


def tag_map(tags: Any) -> dict[str, str]:
    """Tags as a mapping, from AWS's lists of keys and values in either spelling."""
    if isinstance(tags, Mapping):
        return {str(key): str(value) for key, value in tags.items()}
    return {
        str(tag.get("key", tag.get("Key", ""))): str(tag.get("value", tag.get("Value", "")))
        for tag in tags or ()
    }


def tagged(data: Json) -> Json:
    """An answer of ECS (or any that spells `tags`) with its tags as a mapping."""
    return {**data, "tags": tag_map(data.get("tags"))}


def policy_text(document: Any) -> str:
    """A policy document as the text that its author wrote.

    IAM sends it URL-encoded (RFC 3986), in which form it always begins with a percent sign, because no
    JSON object begins with a letter, digit or one of `-_.~`.
    """
    if isinstance(document, str):
        return unquote(document) if document.startswith("%") else document
    return json.dumps(document, indent=2) if document is not None else ""


def camel(data: Any) -> Any:
    """A structure with the first letter of every member's name made small, at all depths.

    EventBridge and Scheduler spell nested shapes of ECS in mixed ways.
    """
    if isinstance(data, Mapping):
        return {str(key)[:1].lower() + str(key)[1:]: camel(value) for key, value in data.items()}
    if isinstance(data, list):
        return [camel(item) for item in data]
    return data


def parse_json(text: Any) -> Json:
    """The object in a JSON text; empty where it is none."""
    try:
        found = msgspec.json.decode(text) if isinstance(text, str | bytes) else None
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}
