"""What a role used last and what it never did, as far as AWS remembers: IAM's reports, read with care.

A report counts attempts, also those that were denied, of at least 400 days; the last four hours may be
missing. It names the services that the role's policies allowed when it was made. Of actions it tracks
management actions alone, and never iam:PassRole: what it does not name may be in use. IAM User Guide, "Refine
permissions in AWS using last accessed information", "Things to know".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import msgspec

from ecsiam_tui.account.iam import LastAccessed, ServiceLastAccessed
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.policy.catalogue import load

TRACKED_DAYS = 400
UNTRACKED = "iam:PassRole"
"""The action of which AWS never says when it was used."""
_MOST_SERVICES = 6
_MOST_ACTIONS = 3


class ServiceUse(msgspec.Struct, frozen=True):
    """When a service (by its prefix) was used last; None: not in the period. Of the tracked actions `used`
    with their times, the latest first, and `unused`."""

    service: str
    at: datetime | None
    used: tuple[tuple[str, datetime], ...] = ()
    unused: tuple[str, ...] = ()


class LastUse(msgspec.Struct, frozen=True):
    """What is known of a role (ARN). `days` is how far back that goes: as far as AWS remembers, or as long as
    there is the role. Services that are in no report are unknown."""

    role: str
    now: datetime
    days: int
    services: Mapping[str, ServiceUse]

    def is_used(self, service: str, within: int = TRACKED_DAYS) -> bool | None:
        """Whether a service was used in so many days; None where that is not known."""
        found = self.services.get(service)
        if found is None:
            return None
        return found.at is not None and self.now - found.at < timedelta(days=within)

    def bits(self, within: int = TRACKED_DAYS) -> int:
        """What may be in use: all actions of the services that were used in so many days, without those that
        AWS tracks and that were not. A set of the catalogue."""
        catalogue = load()
        bits = 0
        for found in self.services.values():
            if self.is_used(found.service, within):
                bits |= catalogue.bits(f"{found.service}:*")
                for action in found.unused:
                    bits &= ~catalogue.bits(f"{found.service}:{action}")
        return bits & ~catalogue.bits(UNTRACKED)

    @property
    def unused_bits(self) -> int:
        """What AWS says was not used in all the period: the actions of services that were not, and the
        tracked ones of others. A set of the catalogue."""
        catalogue = load()
        bits = 0
        for found in self.services.values():
            if found.at is None:
                bits |= catalogue.bits(f"{found.service}:*")
            for action in found.unused:
                bits |= catalogue.bits(f"{found.service}:{action}")
        return bits & ~catalogue.bits(UNTRACKED)

    def ago(self, at: datetime) -> str:
        """`today`, `yesterday`, `3 days ago`."""
        days = max(0, (self.now - at).days)
        return ("today", "yesterday")[days] if days < 2 else f"{days} days ago"

    @property
    def period(self) -> str:
        """How far back it goes, as in `never in 400 days`."""
        return "in 1 day" if self.days == 1 else f"in {self.days} days"

    def of(self, service: str) -> str:
        """`3 days ago: GetBucketPolicy`, `never in 400 days`; empty where it is not known."""
        found = self.services.get(service)
        return self._when(found) if found is not None else ""

    def told(self, services: Iterable[str], by: str = "") -> str:
        """Of some services what was used (`by` whom), the latest first, and what never was:
        `used: s3 (3 days ago: GetBucketPolicy), kms (today) · never in 400 days: sqs`."""
        known = [self.services[name] for name in dict.fromkeys(services) if name in self.services]
        used = [(one.at, one) for one in known if one.at is not None]
        used.sort(key=lambda pair: pair[0], reverse=True)
        never = [one.service for one in known if one.at is None]
        parts = []
        if used:
            names = (f"{one.service} ({self._when(one)})" for _, one in used)
            parts.append(f"used{f' by {by}' if by else ''}: {few(names, _MOST_SERVICES)}")
        if never:
            parts.append(f"never {self.period}: {few(never, _MOST_SERVICES)}")
        return " · ".join(parts)

    def _when(self, found: ServiceUse) -> str:
        """When a service was used, and through which actions, as far as those are tracked."""
        if found.at is None:
            return f"never {self.period}"
        last = self.ago(found.at)
        then = [name for name, at in found.used if self.ago(at) == last]
        before = [f"{name} {self.ago(at)}" for name, at in found.used if self.ago(at) != last]
        text = f"{last}: {few(then, _MOST_ACTIONS)}" if then else last
        return f"{text}; {few(before, _MOST_ACTIONS)}" if before else text


def few(names: Iterable[str], most: int) -> str:
    """Some names: `a, b and 3 more`."""
    found = list(names)
    more = len(found) - most
    return ", ".join(found[:most]) + (f" and {more:,} more" if more > 0 else "")


def last_uses(snapshot: Snapshot) -> dict[str, LastUse]:
    """What is known of roles, by ARN. A role that is not in it was not asked about, or AWS did not say."""
    made = {role.arn: role.create_date for role in snapshot.roles}
    return {
        report.arn: _of(report, made[report.arn], snapshot.taken_at)
        for report in snapshot.last_accessed
        if report.arn in made
    }


def _of(report: LastAccessed, made: datetime | None, now: datetime) -> LastUse:
    age = (now - made).days if made is not None else TRACKED_DAYS
    services = {one.service_namespace: _service(one) for one in report.services_last_accessed}
    return LastUse(report.arn, now, max(0, min(TRACKED_DAYS, age)), services)


def _service(found: ServiceLastAccessed) -> ServiceUse:
    tracked = found.tracked_actions_last_accessed
    used = sorted(
        ((one.last_accessed_time, one.action_name) for one in tracked if one.last_accessed_time is not None),
        reverse=True,
    )
    unused = tuple(one.action_name for one in tracked if one.last_accessed_time is None)
    by_time = tuple((name, at) for at, name in used)
    return ServiceUse(found.service_namespace, found.last_authenticated, by_time, unused)
