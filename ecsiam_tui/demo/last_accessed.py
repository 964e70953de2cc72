"""What the roles of the demo account used last: IAM's reports, which moto lacks.

A report lists the services that a role's policies allow, as they are when it is asked for. In a role's entry
`demo.accessed` says what it used, as ages (`{ s3 = "3d", "s3:CreateBucket" = "90d" }`); everything else it
never did. A role without it used, when it was last used, every service that its narrow policies name.
`[tracked_actions]` names the management actions of a service that AWS keeps track of.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from moto.core.responses import ActionResult, BaseResponse
from moto.iam.models import IAMBackend, Role

from ecsiam_tui.demo.estate import Table
from ecsiam_tui.demo.ground import Ground, demo_of

_NARROW = 12
"""A policy that names more services is a broad one: it does not say what a role is for."""

_jobs: dict[str, str] = {}
_used: dict[str, dict[str, datetime]] = {}
_tracked: dict[str, list[str]] = {}
_now: list[datetime] = []


def seed_last_accessed(ground: Ground) -> None:
    """What the reports say from now on."""
    forget()
    _now.append(ground.now)
    _tracked.update(ground.estate.table("tracked_actions"))
    for role in ground.estate.list("roles"):
        demo = demo_of(role)
        if "accessed" in demo:
            spans: Table = demo["accessed"]
            _used[role["name"]] = {name: ground.ago(spans, name, "0d") for name in spans}


def forget() -> None:
    """Without an account there are no reports."""
    for known in (_jobs, _used, _tracked, _now):
        known.clear()


def generate_service_last_accessed_details(self: BaseResponse) -> ActionResult:
    """iam:GenerateServiceLastAccessedDetails."""
    arn = self._get_param("Arn")
    _backend(self).get_role_by_arn(arn)
    job = f"{len(_jobs):08x}-0000-4000-8000-000000000000"
    _jobs[job] = arn
    return ActionResult({"JobId": job})


def get_service_last_accessed_details(self: BaseResponse) -> ActionResult:
    """iam:GetServiceLastAccessedDetails."""
    role = _backend(self).get_role_by_arn(_jobs[self._get_param("JobId")])
    return ActionResult(
        {
            "JobStatus": "COMPLETED",
            "JobType": "ACTION_LEVEL",
            "JobCreationDate": _now[0],
            "JobCompletionDate": _now[0],
            "ServicesLastAccessed": list(_report(role)),
            "IsTruncated": False,
        }
    )


def _backend(response: BaseResponse) -> IAMBackend:
    backend: IAMBackend = response.backend
    return backend


def _policies(role: Role) -> list[list[Table]]:
    """The Allow statements of each of a role's policies."""
    attached = (
        next(
            version.document for version in policy.versions if version.version_id == policy.default_version_id
        )
        for policy in role.managed_policies.values()
    )
    found = (json.loads(text) for text in (*role.policies.values(), *attached))
    return [
        [one for one in _many(document.get("Statement", [])) if one["Effect"] == "Allow"]
        for document in found
    ]


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _patterns(policy: list[Table]) -> list[str]:
    """What follows Action in a policy, in lower case."""
    return [str(text).lower() for one in policy for text in _many(one.get("Action", []))]


def _services(policy: list[Table]) -> set[str]:
    """The services of which a policy allows something."""
    # Whoever does not ask for a report starts without the catalogue.
    from ecsiam_tui.policy.catalogue import load

    found = {text.partition(":")[0] for text in _patterns(policy)}
    every = load().services if "*" in found or any("NotAction" in one for one in policy) else ()
    without: set[str] = set()
    for statement in policy:
        but = _many(statement.get("NotAction", []))
        without |= {str(text).partition(":")[0].lower() for text in but}
    return (found - {"*"}) | set(every) - without


def _used_by(role: Role) -> dict[str, datetime]:
    """When a role used what, by service or action."""
    if (declared := _used.get(role.name)) is not None:
        return declared
    if role.last_used is None:
        return {}
    policies = [[one for one in policy if one.get("Action") != "iam:PassRole"] for policy in _policies(role)]
    narrow = (services for services in map(_services, policies) if len(services) <= _NARROW)
    return dict.fromkeys((name for services in narrow for name in services), role.last_used)


def _report(role: Role) -> Iterator[Table]:
    """What a role did last with each service that it may use."""
    policies = _policies(role)
    used = _used_by(role)
    patterns = [text for policy in policies for text in _patterns(policy)]
    for name in sorted(set().union(*map(_services, policies))):
        entry: Table = {"ServiceName": name, "ServiceNamespace": name, "TotalAuthenticatedEntities": 0}
        if (at := used.get(name)) is not None:
            where = {"Entity": role.arn, "Region": role.last_used_region}
            entry |= {"LastAuthenticated": at, "TotalAuthenticatedEntities": 1}
            entry |= {f"LastAuthenticated{key}": value for key, value in where.items()}
            actions = [
                action
                for action in _tracked.get(name, ())
                if any(fnmatchcase(f"{name}:{action}".lower(), text) for text in patterns)
            ]
            entry["TrackedActionsLastAccessed"] = [
                {"ActionName": action}
                | (
                    {"LastAccessedTime": used[f"{name}:{action}"]}
                    | {f"LastAccessed{key}": value for key, value in where.items()}
                    if f"{name}:{action}" in used
                    else {}
                )
                for action in actions
            ]
        yield entry
