"""Edges of clusters, services, task definitions, tasks and machines."""

from typing import Any

import pytest

from ecsiam_tui.account.compute import (
    Activation,
    ContainerInstance,
    IamInstanceProfile,
    Instance,
    ManagedNode,
)
from ecsiam_tui.account.ecs import CapacityProvider, ExpressGatewayService, Gateway
from ecsiam_tui.account.iam import InstanceProfile
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.tasks import DaemonTaskDefinition
from ecsiam_tui.graph import EdgeKind, NodeKind, NodeState
from tests.graph.builders import (
    CLUSTER,
    DEFINITION,
    ROLE,
    SERVICE,
    arn,
    cluster,
    convert,
    definition,
    estate,
    role,
    service,
    task,
    uses,
    via,
)

TASK = arn("ecs", "task/prod/t1")
HOST = arn("ecs", "container-instance/prod/c1")
MACHINE = arn("ec2", "instance/i-1")
PROFILE = arn("iam", "instance-profile/ecs")


def test_a_cluster_contains_its_services_and_no_others() -> None:
    graph = estate(
        clusters=(cluster(), cluster("dev")), services=(service(), service("api", in_cluster="dev"))
    )
    assert uses(graph, CLUSTER) == {("contains", SERVICE)}
    assert uses(graph, SERVICE) == set()


def test_a_cluster_runs_on_its_capacity_providers() -> None:
    own = CapacityProvider(capacity_provider_arn=arn("ecs", "capacity-provider/mi"), name="mi")
    graph = estate(clusters=(cluster(capacityProviders=["mi", "FARGATE"]),), capacity_providers=(own,))
    assert uses(graph, CLUSTER) == {("runs", own.capacity_provider_arn)}


def test_managed_instances_use_an_infrastructure_role_and_an_instance_profile() -> None:
    provider = convert(
        CapacityProvider,
        capacityProviderArn=arn("ecs", "capacity-provider/mi"),
        name="mi",
        managedInstancesProvider={
            "infrastructureRoleArn": ROLE,
            "instanceLaunchTemplate": {"ec2InstanceProfileArn": PROFILE},
        },
    )
    plain = CapacityProvider(capacity_provider_arn=arn("ecs", "capacity-provider/asg"), name="asg")
    graph = estate(capacity_providers=(provider, plain), roles=(role(),))
    assert uses(graph, provider.capacity_provider_arn) == {
        ("uses-infrastructure-role", ROLE),
        ("uses-instance-profile", PROFILE),
    }
    assert graph.node(PROFILE).state is NodeState.MISSING
    assert uses(graph, plain.capacity_provider_arn) == set()


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (DEFINITION, DEFINITION),
        ("web:3", DEFINITION),
        ("web", arn("ecs", "task-definition/web:4")),
        (arn("ecs", "task-definition/web"), arn("ecs", "task-definition/web:4")),
        ("nosuch", arn("ecs", "task-definition/nosuch")),
        ("web:99", arn("ecs", "task-definition/web:99")),
    ],
)
def test_a_service_runs_the_revision_that_is_meant(value: str, found: str) -> None:
    elsewhere = convert(
        type(definition()),
        taskDefinitionArn=arn("ecs", "task-definition/web:9", region="us-east-1"),
        family="web",
        revision=9,
        latest=True,
    )
    graph = estate(
        services=(service(taskDefinition=value),),
        task_definitions=(definition(), definition("web:4", latest=True), elsewhere),
    )
    assert uses(graph, SERVICE, EdgeKind.RUNS) == {("runs", found)}


@pytest.mark.parametrize(
    ("field", "kind"), [("taskRoleArn", "uses-task-role"), ("executionRoleArn", "uses-execution-role")]
)
@pytest.mark.parametrize(
    ("value", "found", "state"),
    [
        (ROLE, ROLE, NodeState.PRESENT),
        ("web-task", ROLE, NodeState.PRESENT),
        ("in-path", arn("iam", "role/app/in-path"), NodeState.PRESENT),
        ("/app/in-path", arn("iam", "role/app/in-path"), NodeState.PRESENT),
        # An ARN without the path is the ARN of another role, which is not there.
        (arn("iam", "role/in-path"), arn("iam", "role/in-path"), NodeState.MISSING),
        ("gone", arn("iam", "role/gone"), NodeState.MISSING),
        ("/app/gone", arn("iam", "role/app/gone"), NodeState.MISSING),
        (
            "arn:aws:iam::444455556666:role/web-task",
            "arn:aws:iam::444455556666:role/web-task",
            NodeState.EXTERNAL,
        ),
    ],
)
def test_roles_of_a_task_definition(field: str, kind: str, value: str, found: str, state: NodeState) -> None:
    graph = estate(
        task_definitions=(definition(**{field: value}),), roles=(role(), role("in-path", path="/app/"))
    )
    assert {(kind, found)} == {edge for edge in uses(graph, DEFINITION) if edge[0].startswith("uses-")}
    assert graph.node(found).state is state
    assert via(graph, DEFINITION, found, EdgeKind(kind)) == field


def test_a_task_definition_without_roles_uses_none() -> None:
    graph = estate(task_definitions=(definition(taskRoleArn=""),), roles=(role(),))
    assert uses(graph, DEFINITION) == set()


LEGACY = arn("iam", "role/legacy")


@pytest.mark.parametrize(
    ("fields", "edge", "where"),
    [
        ({"roleArn": LEGACY}, "uses-service-role", "roleArn"),
        (
            {"loadBalancers": [{"advancedConfiguration": {"roleArn": LEGACY}}]},
            "uses-infrastructure-role",
            "loadBalancers.advancedConfiguration.roleArn",
        ),
        (
            {"deploymentConfiguration": {"lifecycleHooks": [{"roleArn": LEGACY}]}},
            "uses-hook-role",
            "lifecycleHooks.roleArn",
        ),
        (
            {
                "deployments": [
                    {"volumeConfigurations": [{"name": "data", "managedEBSVolume": {"roleArn": LEGACY}}]}
                ]
            },
            "uses-infrastructure-role",
            "volumeConfigurations data",
        ),
        (
            {"deployments": [{"vpcLatticeConfigurations": [{"roleArn": LEGACY}]}]},
            "uses-infrastructure-role",
            "vpcLatticeConfigurations.roleArn",
        ),
        (
            {
                "deployments": [
                    {
                        "serviceConnectConfiguration": {
                            "enabled": True,
                            "services": [{"portName": "http", "tls": {"roleArn": LEGACY}}],
                        }
                    }
                ]
            },
            "uses-infrastructure-role",
            "serviceConnectConfiguration http tls.roleArn",
        ),
    ],
)
def test_roles_of_a_service(fields: dict[str, Any], edge: str, where: str) -> None:
    graph = estate(services=(service(**fields),), roles=(role("legacy"), role()))
    assert uses(graph, SERVICE) == {(edge, LEGACY)}
    assert via(graph, SERVICE, LEGACY, EdgeKind(edge)) == where


@pytest.mark.parametrize(
    "fields",
    [
        {"loadBalancers": [{"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/x"}]},
        {"deploymentConfiguration": {"lifecycleHooks": [{"targetType": "PAUSE"}]}},
        {"deployments": [{"volumeConfigurations": [{"name": "data"}]}]},
        {"deployments": [{"serviceConnectConfiguration": {"enabled": True, "services": [{}]}}]},
    ],
)
def test_a_service_without_roles_uses_none(fields: dict[str, Any]) -> None:
    assert uses(estate(services=(service(**fields),)), SERVICE) == set()


def test_a_hook_invokes_its_function() -> None:
    function = arn("lambda", "function:check")
    graph = estate(
        services=(service(deploymentConfiguration={"lifecycleHooks": [{"hookTargetArn": function}]}),)
    )
    assert uses(graph, SERVICE) == {("invokes", function)}
    assert graph.node(function).kind is NodeKind.FUNCTION


def test_a_rollout_runs_two_revisions_and_a_finished_one_no_more() -> None:
    old, gone = arn("ecs", "task-definition/web:2"), arn("ecs", "task-definition/web:1")
    deployments = [
        {"status": "PRIMARY", "taskDefinition": DEFINITION},
        {"status": "ACTIVE", "taskDefinition": old, "rolloutState": "IN_PROGRESS"},
        {"status": "INACTIVE", "taskDefinition": gone},
    ]
    graph = estate(services=(service(taskDefinition=DEFINITION, deployments=deployments),))
    assert uses(graph, SERVICE) == {("runs", DEFINITION), ("runs", old)}
    assert via(graph, SERVICE, DEFINITION, EdgeKind.RUNS) == "taskDefinition"
    assert via(graph, SERVICE, old, EdgeKind.RUNS) == "deployments (in_progress)"


def test_task_sets() -> None:
    blue = arn("ecs", "task-set/prod/web/ecs-svc/1")
    graph = estate(
        services=(
            service(
                taskSets=[
                    {
                        "taskSetArn": blue,
                        "taskDefinition": "web:3",
                        "loadBalancers": [{"advancedConfiguration": {"roleArn": ROLE}}, {}],
                    }
                ]
            ),
        ),
        task_definitions=(definition(),),
        roles=(role(),),
    )
    assert uses(graph, SERVICE) == {("contains", blue)}
    assert uses(graph, blue) == {("runs", DEFINITION), ("uses-infrastructure-role", ROLE)}


def _express(**fields: Any) -> ExpressGatewayService:
    record: ExpressGatewayService = convert(
        ExpressGatewayService, serviceArn=SERVICE, serviceName="web", **fields
    )
    return record


@pytest.mark.parametrize("in_cluster", [None, "prod", CLUSTER])
def test_express_services_stand_in_their_cluster_beside_the_service(in_cluster: str | None) -> None:
    express = _express(
        cluster=in_cluster,
        infrastructureRoleArn="infra",
        activeConfigurations=[{"taskRoleArn": "web-task", "executionRoleArn": "exec"}, {}],
    )
    graph = estate(
        clusters=(cluster(),),
        services=(service(),),
        express_services=(express,),
        roles=(role("infra"), role(), role("exec")),
    )
    node = f"express:{SERVICE}"
    assert uses(graph, CLUSTER) == {("contains", SERVICE), ("contains", node)}
    assert uses(graph, node) == {
        ("uses-infrastructure-role", arn("iam", "role/infra")),
        ("uses-task-role", ROLE),
        ("uses-execution-role", arn("iam", "role/exec")),
    }


def test_an_express_service_of_a_short_arn_stands_in_the_default_cluster() -> None:
    express = ExpressGatewayService(service_arn=arn("ecs", "service/web"), service_name="web")
    graph = estate(express_services=(express,))
    assert [link.node.id for link in graph.used_by("express:" + express.service_arn)] == [
        arn("ecs", "cluster/default")
    ]


def test_gateways_and_daemons() -> None:
    gateway = Gateway(gateway_arn=arn("ecs", "gateway/g"), name="g", infrastructure_role_arn=ROLE)
    bare = Gateway(gateway_arn=arn("ecs", "gateway/bare"), name="bare")
    daemon = convert(
        DaemonTaskDefinition,
        daemonTaskDefinitionArn=arn("ecs", "daemon-task-definition/agent:1"),
        family="agent",
        taskRoleArn="web-task",
        executionRoleArn="exec",
        containerDefinitions=[
            {"name": "a", "image": "nginx", "secrets": [{"name": "K", "valueFrom": "key"}]}
        ],
    )
    graph = estate(gateways=(gateway, bare), daemon_task_definitions=(daemon,), roles=(role(), role("exec")))
    assert uses(graph, gateway.gateway_arn) == {("uses-infrastructure-role", ROLE)}
    assert uses(graph, bare.gateway_arn) == set()
    assert uses(graph, daemon.daemon_task_definition_arn) == {
        ("uses-task-role", ROLE),
        ("uses-execution-role", arn("iam", "role/exec")),
        ("pulls-image", "image:nginx"),
        ("reads-secret", arn("ssm", "parameter/key")),
    }


def test_tasks_stand_in_their_service_or_else_in_their_cluster() -> None:
    graph = estate(
        clusters=(cluster(), cluster("dev")),
        services=(service(),),
        tasks=(
            task("of-service", group="service:web", taskDefinitionArn=DEFINITION),
            task("by-hand", group="family:web"),
            task("of-a-deleted-service", group="service:gone"),
            task("same-name", in_cluster="dev", group="service:web"),
            task("group-called-web", group="web"),
        ),
    )
    of_service = arn("ecs", "task/prod/of-service")
    assert uses(graph, SERVICE) == {("contains", of_service)}
    assert uses(graph, CLUSTER) == {
        ("contains", SERVICE),
        ("contains", arn("ecs", "task/prod/by-hand")),
        ("contains", arn("ecs", "task/prod/of-a-deleted-service")),
        ("contains", arn("ecs", "task/prod/group-called-web")),
    }
    assert uses(graph, of_service) == {("started-from", DEFINITION)}
    assert uses(graph, arn("ecs", "cluster/dev")) == {("contains", arn("ecs", "task/dev/same-name"))}


def test_a_task_uses_roles_only_where_it_overrides_them() -> None:
    graph = estate(
        tasks=(
            task(overrides={"taskRoleArn": ROLE, "executionRoleArn": "exec"}, containerInstanceArn=HOST),
            task("t2", overrides={"cpu": "256"}),
        ),
        roles=(role(), role("exec")),
    )
    assert uses(graph, TASK) == {
        ("uses-task-role", ROLE),
        ("uses-execution-role", arn("iam", "role/exec")),
        ("placed-on", HOST),
    }
    assert uses(graph, arn("ecs", "task/prod/t2")) == set()


def _host(ec2_instance_id: str | None) -> ContainerInstance:
    return ContainerInstance(
        container_instance_arn=HOST, cluster_arn=CLUSTER, ec2_instance_id=ec2_instance_id
    )


def test_a_container_instance_uses_the_role_of_its_machines_profile() -> None:
    machine = Instance(
        instance_id="i-1", region="eu-west-1", iam_instance_profile=IamInstanceProfile(arn=PROFILE)
    )
    profile = InstanceProfile(instance_profile_name="ecs", arn=PROFILE, role_arns=(ROLE,))
    graph = estate(
        clusters=(cluster(),),
        container_instances=(_host("i-1"),),
        instances=(machine,),
        instance_profiles=(profile,),
        roles=(role(),),
    )
    assert uses(graph, CLUSTER) == {("contains", HOST)}
    assert uses(graph, HOST) == {("placed-on", MACHINE), ("uses-instance-role", ROLE)}
    assert uses(graph, MACHINE) == {("uses-instance-profile", PROFILE)}
    assert uses(graph, PROFILE) == {("uses-instance-role", ROLE)}


def test_a_machine_that_was_not_read_gives_no_role() -> None:
    graph = estate(clusters=(cluster(),), container_instances=(_host("i-1"),))
    assert uses(graph, HOST) == {("placed-on", MACHINE)}
    assert graph.node(MACHINE).state is NodeState.UNKNOWN


def test_a_container_instance_without_a_machine_stands_alone() -> None:
    assert uses(estate(container_instances=(_host(None),)), HOST) == set()


def test_external_instances_get_their_role_from_systems_manager() -> None:
    node = ManagedNode(instance_id="mi-1", region="eu-west-1", iam_role="web-task")
    activation = Activation(activation_id="a1", region="eu-west-1", iam_role="service-role/ssm")
    graph = estate(
        container_instances=(_host("mi-1"),),
        managed_nodes=(node, ManagedNode(instance_id="mi-2")),
        activations=(activation, Activation(activation_id="a2")),
        roles=(role(), role("ssm", path="/service-role/")),
    )
    assert uses(graph, HOST) == {("placed-on", "managed-node:mi-1")}
    assert uses(graph, "managed-node:mi-1") == {("uses-instance-role", ROLE)}
    assert uses(graph, "managed-node:mi-2") == set()
    assert uses(graph, "activation:a1") == {("uses-instance-role", arn("iam", "role/service-role/ssm"))}
    assert uses(graph, "activation:a2") == set()


def test_every_record_of_the_demo_account_is_a_node(demo_snapshot: Snapshot) -> None:
    graph = estate(**{name: getattr(demo_snapshot, name) for name in demo_snapshot.__struct_fields__})
    for kind, records in (
        (NodeKind.CLUSTER, demo_snapshot.clusters),
        (NodeKind.SERVICE, demo_snapshot.services),
        (NodeKind.TASK_DEFINITION, demo_snapshot.task_definitions),
        (NodeKind.TASK, demo_snapshot.tasks),
        (NodeKind.ROLE, demo_snapshot.roles),
        (NodeKind.POLICY, demo_snapshot.policies),
        (NodeKind.SECRET, demo_snapshot.secrets),
        (NodeKind.EXPRESS_SERVICE, demo_snapshot.express_services),
    ):
        assert records
        assert [node.record for node in graph.nodes(kind) if node.record is not None] == list(records)
