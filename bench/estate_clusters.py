"""Clusters of the synthetic estate, their container instances, and which service runs in which."""

from collections.abc import Sequence
from typing import NamedTuple

from bench.estate_names import AWAY, HOME, Draw, Name, ecs, iam
from bench.estate_roles import INSTANCE_ROLE, RoleUse
from ecsiam_tui.account.compute import ContainerInstance, IamInstanceProfile, Instance, MetadataOptions
from ecsiam_tui.account.ecs import Cluster, Setting
from ecsiam_tui.account.tasks import Attribute


class ClusterPlan(NamedTuple):
    """A cluster and the share of all services that it holds."""

    name: str
    share: float
    region: str = HOME
    on_instances: bool = False


CLUSTERS = (
    ClusterPlan("prod-main", 0.60),
    ClusterPlan("prod-data", 0.18, on_instances=True),
    ClusterPlan("staging", 0.12),
    ClusterPlan("batch", 0.06),
    ClusterPlan("tools", 0.03, on_instances=True),
    ClusterPlan("prod-us", 0.01, region=AWAY),
)


class Plan(NamedTuple):
    """A service before it is made."""

    name: Name
    cluster: ClusterPlan
    roles: RoleUse
    revision: int

    @property
    def region(self) -> str:
        """Where it runs."""
        return self.cluster.region

    @property
    def definition_arn(self) -> str:
        """The revision that it runs."""
        return ecs("task-definition", f"{self.name.service}:{self.revision}", self.region)


def plans(draw: Draw, names: Sequence[Name], uses: Sequence[RoleUse]) -> list[Plan]:
    """Puts each service into a cluster: neighbours by name end up in different ones."""
    weights = [cluster.share for cluster in CLUSTERS]
    places = draw.random.choices(CLUSTERS, weights, k=len(names))
    return [Plan(*parts, draw.some(1, 80)) for parts in zip(names, places, uses, strict=True)]


def make_clusters(plans: Sequence[Plan]) -> tuple[Cluster, ...]:
    """The clusters, empty ones too."""
    counts = {cluster.name: 0 for cluster in CLUSTERS}
    for plan in plans:
        counts[plan.cluster.name] += 1
    return tuple(
        Cluster(
            cluster_arn=ecs("cluster", cluster.name, cluster.region),
            cluster_name=cluster.name,
            status="ACTIVE",
            active_services_count=counts[cluster.name],
            settings=(Setting(name="containerInsights", value="enabled"),),
            capacity_providers=() if cluster.on_instances else ("FARGATE", "FARGATE_SPOT"),
            tags={"team": "platform"},
        )
        for cluster in CLUSTERS
    )


def make_hosts(draw: Draw, count: int) -> tuple[tuple[ContainerInstance, ...], tuple[Instance, ...]]:
    """`count` container instances for each cluster that runs on instances."""
    hosts, machines = [], []
    for cluster in CLUSTERS:
        for _ in range(count if cluster.on_instances else 0):
            machine = f"i-{draw.hex(17)}"
            hosts.append(
                ContainerInstance(
                    container_instance_arn=ecs("container-instance", f"{cluster.name}/{draw.hex(32)}"),
                    cluster_arn=ecs("cluster", cluster.name),
                    ec2_instance_id=machine,
                    status="ACTIVE",
                    agent_connected=True,
                    attributes=tuple(
                        Attribute(name=f"ecs.capability.{name}", value="")
                        for name in (
                            "execution-role-ecr-pull",
                            "execution-role-awslogs",
                            "task-eni",
                            "execute-command",
                        )
                    ),
                    registered_at=draw.before(30),
                )
            )
            machines.append(
                Instance(
                    instance_id=machine,
                    region=HOME,
                    instance_type="m6i.4xlarge",
                    iam_instance_profile=IamInstanceProfile(arn=iam("instance-profile", INSTANCE_ROLE)),
                    metadata_options=MetadataOptions(http_tokens="required", http_put_response_hop_limit=1),
                    launch_time=draw.before(30),
                    tags={"Name": f"{cluster.name}-node"},
                )
            )
    return tuple(hosts), tuple(machines)
