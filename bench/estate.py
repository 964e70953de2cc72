"""A synthetic account of any size, the same for the same seed: what the other measurements open and read.

It has the shape of a large company's account: clusters of very different size (one holds 60 % of all
services), families with one to three containers, task roles of their own or shared by a team, a common
execution role, policies of three to eight statements, tasks, events, secrets, logs, images, schedules,
people, and some gaps.
"""

import msgspec

from bench import estate_resources as resources
from bench.estate_clusters import CLUSTERS, Plan, make_clusters, make_hosts, plans
from bench.estate_launchers import rule, scalable_target, schedule
from bench.estate_names import ACCOUNT, AWAY, HOME, NOW, Draw, service_names
from bench.estate_policies import Documents, managed_policies
from bench.estate_roles import RoleMaker, assign, instance_profile, make_roles, people
from bench.estate_services import ServiceMaker
from ecsiam_tui.account.ecs import Setting
from ecsiam_tui.account.files import encode
from ecsiam_tui.account.snapshot import CallerIdentity, Gap, Snapshot

MOST_EVENTS = 100
"""ECS keeps this many events of a service."""
USUAL_EVENTS = 6


def make_snapshot(
    services: int, roles: int | None = None, *, seed: int = 1, events: int = USUAL_EVENTS
) -> Snapshot:
    """An account with that many services and (as nearly as the shared ones allow) roles.

    `events` is how many events each service has, at most MOST_EVENTS.
    """
    draw = Draw(f"{seed}/{services}")
    names = service_names(services)
    uses = assign(draw, names, roles or services)
    keys = resources.keys(draw)
    secrets = resources.secrets(draw, names, keys)
    buckets = resources.buckets(max(12, services // 10))
    secret_arns = [secret.arn for secret in secrets] or [
        f"arn:aws:secretsmanager:{HOME}:{ACCOUNT}:secret:none-AAAAAA"
    ]
    documents = Documents(draw, secret_arns, [item.arn for item in buckets], [item.arn for item in keys])
    policies = managed_policies(draw, documents, max(24, (roles or services) // 5))
    systems = resources.file_systems(draw, keys)
    repositories = resources.repositories(draw, names)
    planned = plans(draw, names, uses)
    maker = ServiceMaker(draw, repositories, secrets, systems)
    hosts, machines = make_hosts(draw, max(2, services // 100))
    hosts_of = {
        cluster.name: [
            host.container_instance_arn
            for host in hosts
            if f"/{cluster.name}/" in host.container_instance_arn
        ]
        for cluster in CLUSTERS
    }

    def host(plan: Plan) -> str | None:
        return draw.random.choice(hosts_of[plan.cluster.name]) if plan.cluster.on_instances else None

    users, groups = people(draw)
    return Snapshot(
        account_id=ACCOUNT,
        taken_at=NOW,
        tool_version="0",
        source="synthetic",
        account_alias=f"synthetic-{services}",
        regions=(HOME, AWAY),
        caller=CallerIdentity(arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/Auditor/bench", account=ACCOUNT),
        clusters=make_clusters(planned),
        services=tuple(maker.service(plan, min(events, MOST_EVENTS)) for plan in planned),
        task_definitions=tuple(made for plan in planned for made in maker.definitions(plan)),
        tasks=tuple(task for plan in planned for task in maker.tasks(plan, host(plan))),
        container_instances=hosts,
        account_settings={HOME: (Setting(name="taskLongArnFormat", value="enabled"),)},
        instances=machines,
        rules=tuple(rule(maker, plan, number) for number, plan in enumerate(planned[::40])),
        schedules=tuple(schedule(maker, plan, number) for number, plan in enumerate(planned[7::25])),
        scalable_targets=tuple(scalable_target(plan) for plan in planned[::2]),
        roles=make_roles(RoleMaker(draw, documents, policies, secret_arns), names, uses, roles or services),
        users=users,
        groups=groups,
        policies=policies,
        instance_profiles=(instance_profile(),),
        account_summary={"Roles": roles or services, "RolesQuota": 5000},
        repositories=repositories,
        secrets=secrets,
        parameters=resources.parameters(names),
        log_groups=resources.log_groups(names),
        keys=keys,
        file_systems=systems,
        buckets=buckets,
        gaps=(
            Gap(
                call="organizations:DescribeOrganization",
                reason="denied",
                error_code="AccessDeniedException",
                consequence="Service control policies are not known.",
                permission="organizations:DescribeOrganization",
                unknown=("organization",),
            ),
        ),
    )


def make_json(services: int, roles: int | None = None, *, seed: int = 1, at_least: int = 0) -> bytes:
    """The JSON of such an account: `at_least` bytes, as far as longer histories of events make it so."""
    snapshot = make_snapshot(services, roles, seed=seed)
    data = encode(snapshot)
    if len(data) >= at_least:
        return data
    one = len(msgspec.json.encode(snapshot.services[0].events)) / USUAL_EVENTS
    more = -(-(at_least - len(data)) // int(one * services * 0.9))
    return encode(make_snapshot(services, roles, seed=seed, events=USUAL_EVENTS + more))
