"""Fill an empty embedded account with the declared estate, in the order in which things need each other."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from moto.moto_api._internal import mock_random

from ecsiam_tui.demo import ecs, iam, last_accessed, launchers, missing_calls, resources
from ecsiam_tui.demo.estate import Estate, Mistake, References
from ecsiam_tui.demo.ground import ACCOUNT, Clients, Ground
from ecsiam_tui.demo.tuning import without_key_material

_STEPS: tuple[Callable[[Ground], None], ...] = (
    resources.seed_network,
    resources.seed_keys,
    resources.seed_resources,
    iam.seed_iam,
    iam.seed_caller,
    iam.seed_organization,
    resources.seed_key_policies,
    resources.seed_functions,
    ecs.seed_clusters,
    ecs.seed_task_definitions,
    ecs.seed_instances,
    ecs.seed_services,
    ecs.seed_tasks,
    launchers.seed_launchers,
    missing_calls.seed_answers,
    last_accessed.seed_last_accessed,
)


class Seeded(NamedTuple):
    """What the declaration says about itself, in terms of the account that was made."""

    mistakes: tuple[Mistake, ...]
    healthy: tuple[str, ...]
    """ARNs of services without a fault."""


def references(estate: Estate, home: str) -> References:
    """The names that can be told before anything exists.

    They are `${role:x}`, `${policy:x}`, `${cluster:x}`, `${service:cluster/x}` and `${td:family:1}`. The
    others (`secret`, `key`, `efs`, `access-point`, `subnet`, `sg`, `ecr`, `container-instance`, `task`) are
    added as the things are made.
    """
    known = References()
    for kind, table in (("role", "roles"), ("policy", "policies")):
        for entry in estate.list(table):
            name = entry["name"]
            known.add(kind, name, f"arn:aws:iam::{ACCOUNT}:{kind}{entry.get('path', '/')}{name}")
    for linked in estate.list("service_linked_roles"):
        path = f"/aws-service-role/{linked['service']}/"
        known.add("role", linked["name"], f"arn:aws:iam::{ACCOUNT}:role{path}{linked['name']}")
    for entry in estate.list("clusters"):
        name = entry["clusterName"]
        known.add("cluster", name, _ecs(entry.get("region", home), f"cluster/{name}"))
    for entry in estate.list("services"):
        name = f"{entry['cluster']}/{entry['serviceName']}"
        known.add("service", name, _ecs(entry.get("region", home), f"service/{name}"))
    for entry in estate.list("task_definitions"):
        name = f"{entry['family']}:{entry.get('demo', {}).get('revision', 1)}"
        known.add("td", name, _ecs(entry.get("region", home), f"task-definition/{name}"))
    return known


def _ecs(region: str, resource: str) -> str:
    return f"arn:aws:ecs:{region}:{ACCOUNT}:{resource}"


def ground_of(estate: Estate, clients: Clients, now: datetime) -> Ground:
    """What the estate is made on; times count back from `now` (aware, UTC)."""
    home = estate.table("account")["regions"][0]
    return Ground(estate, clients, references(estate, home), now, home)


def seed(ground: Ground) -> Seeded:
    """Make the whole estate through its clients and moto's backends.

    Raises EstateError where the declaration names something that it does not declare.
    """
    estate = ground.estate
    with without_key_material():
        for step in _STEPS:
            step(ground)
    mock_random.seed("after the seed")  # what is made from here on by hand gets the same ids each time, too
    mistakes = tuple(
        Mistake(entry["id"], ground.expand(entry["node"]), entry["about"])
        for entry in estate.list("mistakes")
    )
    healthy = tuple(ground.expand(arn) for arn in estate.table("expectations").get("healthy", []))
    return Seeded(mistakes, healthy)
