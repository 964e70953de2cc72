"""What is in the demo account: compared with the declaration and with AWS's own listing calls."""

import json
import re
from collections import Counter
from typing import Any

import pytest

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.demo.estate import load_estate
from ecsiam_tui.demo.source import DemoSource

ESTATE = load_estate()
ROLE = "arn:aws:iam::123456789012:role/"


def pages(source: DemoSource, service: str, call: str, field: str, **parameters: Any) -> list[Any]:
    """Everything that a listing call gives, in both regions where the service has regions."""
    found: list[Any] = []
    for region in ("us-east-1",) if service in ("iam", "organizations") else source.regions():
        client = source.session.client(service, region)
        if client.can_paginate(call):
            for page in client.get_paginator(call).paginate(**parameters):
                found += page[field]
        else:
            found += getattr(client, call)(**parameters)[field]
    return found


def test_clusters_and_services_are_those_that_ecs_lists(source: DemoSource, snapshot: Snapshot) -> None:
    clusters = pages(source, "ecs", "list_clusters", "clusterArns")
    services = [
        arn
        for cluster in clusters
        for arn in source.session.client("ecs").list_services(cluster=cluster, maxResults=100)["serviceArns"]
    ]
    assert {item.cluster_arn for item in snapshot.clusters} == set(clusters)
    assert {item.service_arn for item in snapshot.services} == set(services)
    assert len(clusters) == len(ESTATE.list("clusters")) == 3
    assert len(services) == len(ESTATE.list("services")) >= 25


def test_iam_is_what_iam_lists(source: DemoSource, snapshot: Snapshot) -> None:
    roles = pages(source, "iam", "list_roles", "Roles")
    assert {role.arn for role in snapshot.roles} == {role["Arn"] for role in roles}
    assert len(roles) == len(ESTATE.list("roles")) + len(ESTATE.list("service_linked_roles"))
    policies = pages(source, "iam", "list_policies", "Policies")
    assert {policy.arn for policy in snapshot.policies} == {policy["Arn"] for policy in policies}
    for call, field, kept in (
        ("list_users", "Users", snapshot.users),
        ("list_groups", "Groups", snapshot.groups),
        ("list_instance_profiles", "InstanceProfiles", snapshot.instance_profiles),
    ):
        assert len(kept) == len(pages(source, "iam", call, field)) > 0


def test_task_definitions_in_use_are_read(source: DemoSource, snapshot: Snapshot) -> None:
    active = set(pages(source, "ecs", "list_task_definitions", "taskDefinitionArns"))
    read = {item.task_definition_arn for item in snapshot.task_definitions}
    assert {arn for arn in read if "edge-proxy:11" not in arn} <= active
    assert {service.task_definition for service in snapshot.services} <= read
    assert len(ESTATE.list("task_definitions")) == len(active) + 1  # edge-proxy:11 is INACTIVE


@pytest.mark.parametrize(
    ("service", "call", "field", "table"),
    [
        ("ecr", "describe_repositories", "repositories", "repositories"),
        ("secretsmanager", "list_secrets", "SecretList", "secrets"),
        ("ssm", "describe_parameters", "Parameters", "parameters"),
        ("logs", "describe_log_groups", "logGroups", "log_groups"),
        ("efs", "describe_file_systems", "FileSystems", "file_systems"),
        ("stepfunctions", "list_state_machines", "stateMachines", "state_machines"),
        ("events", "list_rules", "Rules", "rules"),
        ("scheduler", "list_schedules", "Schedules", "schedules"),
        ("batch", "describe_job_definitions", "jobDefinitions", "job_definitions"),
        ("codedeploy", "list_applications", "applications", "deployment_groups"),
        ("lambda", "list_functions", "Functions", "functions"),
    ],
)
def test_aws_lists_what_is_declared(
    source: DemoSource, service: str, call: str, field: str, table: str
) -> None:
    listed = len(pages(source, service, call, field))
    if table == "secrets":
        listed += 1  # the one that is marked for deletion is not listed
    assert listed == len(ESTATE.list(table)) > 0


def roles_in_use(snapshot: Snapshot) -> dict[str, set[str | None]]:
    """Every kind of role that the fact sheet names, with the roles found in that field."""
    deployments = [item for service in snapshot.services for item in service.deployments]
    connect = [item.service_connect_configuration for item in deployments]
    managed = [item.managed_instances_provider for item in snapshot.capacity_providers]
    balancers = [item for service in snapshot.services for item in service.load_balancers]
    hooks = [
        hook
        for service in snapshot.services
        if service.deployment_configuration
        for hook in service.deployment_configuration.lifecycle_hooks
    ]
    return {
        "task execution": {item.execution_role_arn for item in snapshot.task_definitions},
        "task": {item.task_role_arn for item in snapshot.task_definitions},
        "container instance": {
            item.iam_instance_profile.arn for item in snapshot.instances if item.iam_instance_profile
        },
        "managed instances": {item.infrastructure_role_arn for item in managed if item},
        "managed instances profile": {
            item.instance_launch_template.ec2_instance_profile_arn
            for item in managed
            if item and item.instance_launch_template
        },
        "EBS volumes": {
            volume.managed_ebs_volume.role_arn
            for item in deployments
            for volume in item.volume_configurations
            if volume.managed_ebs_volume
        },
        "Service Connect": {item.tls.role_arn for one in connect if one for item in one.services if item.tls},
        "VPC Lattice": {item.role_arn for one in deployments for item in one.vpc_lattice_configurations},
        "load balancers": {
            item.advanced_configuration.role_arn for item in balancers if item.advanced_configuration
        },
        "lifecycle hook": {hook.role_arn for hook in hooks},
        "Express Mode": {item.infrastructure_role_arn for item in snapshot.express_services},
        "gateway": {item.infrastructure_role_arn for item in snapshot.gateways},
        "daemon": {item.task_role_arn for item in snapshot.daemon_task_definitions},
        "legacy service": {item.role_arn for item in snapshot.services},
        "EventBridge rule": {target.role_arn for rule in snapshot.rules for target in rule.targets},
        "EventBridge Scheduler": {item.target.role_arn for item in snapshot.schedules},
        "ECS Anywhere": {item.iam_role for item in snapshot.activations},
        "CodeDeploy": {item.service_role_arn for item in snapshot.deployment_groups},
        "Step Functions": {item.role_arn for item in snapshot.state_machines},
        "Batch": {arn for item in snapshot.job_definitions for arn in item.role_arns},
        "run-time override": {item.overrides.task_role_arn for item in snapshot.tasks if item.overrides},
        "service-linked": {role.arn for role in snapshot.roles if role.is_service_linked},
        "boundary": {role.arn for role in snapshot.roles if role.permissions_boundary},
    }


def test_every_kind_of_role_is_in_use(snapshot: Snapshot) -> None:
    empty = [kind for kind, roles in roles_in_use(snapshot).items() if not roles - {None}]
    assert empty == []


def test_roles_that_are_named_exist_but_for_the_declared_mistakes(snapshot: Snapshot) -> None:
    names = {role.role_name for role in snapshot.roles}
    used = {
        role.rsplit("/", 1)[-1]
        for kind, roles in roles_in_use(snapshot).items()
        for role in roles
        if role and "profile" not in kind and kind != "container instance"
    }
    assert used - names == {"loyalty-task", "partners-gateway"}


def test_the_account_knows_its_caller_and_its_organization(snapshot: Snapshot) -> None:
    assert snapshot.account_alias == "acme-prod"
    assert snapshot.source == "demo"
    assert snapshot.caller is not None
    assert snapshot.caller.arn.endswith(":assumed-role/PlatformAdmin/ana.petrov")
    organization = snapshot.organization
    assert organization is not None
    assert organization.management_account_id != snapshot.account_id
    kinds = Counter(policy.type for policy in organization.policies if not policy.aws_managed)
    assert kinds == {"SERVICE_CONTROL_POLICY": 2, "RESOURCE_CONTROL_POLICY": 1}
    assert [level.name for level in organization.levels] == ["Root", "Production", "acme-prod"]


def test_only_other_accounts_are_unknown(snapshot: Snapshot) -> None:
    assert {(gap.call, gap.reason) for gap in snapshot.gaps} == {
        ("ecr:DescribeRepositories", "denied"),
        ("secretsmanager:DescribeSecret", "denied"),
    }
    assert all(gap.target and snapshot.account_id not in gap.target for gap in snapshot.gaps)


def test_what_is_missing_is_what_is_meant_to_be(snapshot: Snapshot) -> None:
    missing = {re.sub(r"-\w{6}(:|$)", r"\1", arn.split(":", 5)[5]) for arn in snapshot.missing}
    assert missing == {
        "log-group:/ecs/prod/recommendations",
        "acme-config-inventory",
        "secret:checkout/db:password",
        "parameter/prod/webhooks/relay-token",
    }


def test_documents_are_as_their_authors_wrote_them(snapshot: Snapshot) -> None:
    role = next(role for role in snapshot.roles if role.role_name == "checkout-task")
    written = next(item for item in ESTATE.list("roles") if item["name"] == "checkout-task")
    (inline,) = role.role_policy_list
    assert inline.policy_document.splitlines()[:4] == written["inline"]["app"].strip("\n").splitlines()[:4]
    for item in snapshot.roles:
        for policy in item.role_policy_list:
            assert json.loads(policy.policy_document)["Version"] in ("2012-10-17", "2008-10-17")


def test_aws_managed_policies_are_aws_own_text(source: DemoSource, snapshot: Snapshot) -> None:
    policies = {policy.policy_name: policy for policy in snapshot.policies}
    assert policies["AmazonECS_FullAccess"].is_aws_managed
    assert len(policies) < 50  # not the 1,582 that moto has
    iam = source.session.client("iam")
    arn = "arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy"
    assert iam.get_policy(PolicyArn=arn)["Policy"]["Arn"] == arn
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_policy(PolicyArn="arn:aws:iam::aws:policy/NoSuchPolicyOfAws")


def test_an_aws_managed_policy_that_nobody_uses_can_be_attached(source: DemoSource) -> None:
    iam = source.session.client("iam")
    arn = "arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess"
    iam.attach_role_policy(RoleName="orders-task", PolicyArn=arn)
    attached = iam.list_attached_role_policies(RoleName="orders-task")["AttachedPolicies"]
    assert arn in {policy["PolicyArn"] for policy in attached}
    iam.detach_role_policy(RoleName="orders-task", PolicyArn=arn)


def test_services_keep_what_moto_drops(snapshot: Snapshot) -> None:
    services = {service.service_name: service for service in snapshot.services}
    assert services["checkout"].enable_execute_command
    assert services["search"].launch_type is None
    assert [item.capacity_provider for item in services["search"].capacity_provider_strategy] == [
        "FARGATE",
        "FARGATE_SPOT",
    ]
    assert services["accounts"].task_sets
    payments = services["payments-api"]
    assert [item.rollout_state for item in payments.deployments] == ["FAILED", "COMPLETED"]
    assert "unable to consistently start tasks" in payments.events[0].message


def test_errors_name_what_is_there(snapshot: Snapshot) -> None:
    """A message that names a role, account or task names those of the task that it belongs to."""
    stopped = [task for task in snapshot.tasks if task.last_status == "STOPPED"]
    assert len(stopped) >= 8
    definitions = {item.task_definition_arn: item for item in snapshot.task_definitions}
    sessions = 0
    for task in stopped:
        assert task.stopped_at is not None
        for role, session in re.findall(r"assumed-role/([\w-]+)/(\w+)", task.stopped_reason or ""):
            sessions += 1
            definition = definitions[task.task_definition_arn or ""]
            assert definition.execution_role_arn == ROLE + role
            assert task.task_arn.endswith("/" + session)
    assert sessions >= 2


def test_looking_does_not_age_tasks(source: DemoSource, snapshot: Snapshot) -> None:
    ecs = source.session.client("ecs")
    arns = ecs.list_tasks(cluster="prod", desiredStatus="RUNNING")["taskArns"]
    for _ in range(4):
        states = {task["lastStatus"] for task in ecs.describe_tasks(cluster="prod", tasks=arns)["tasks"]}
        assert states == {"RUNNING"}


def test_times_count_back_from_now(snapshot: Snapshot) -> None:
    payments = next(item for item in snapshot.services if item.service_name == "payments-api")
    assert (snapshot.taken_at - payments.events[0].created_at).total_seconds() == 8 * 60  # type: ignore[operator]
    ledger = next(role for role in snapshot.roles if role.role_name == "ledger-task")
    assert (snapshot.taken_at - ledger.create_date).days == 150  # type: ignore[operator]


def test_switching_the_region_reads_the_same_account(source: DemoSource) -> None:
    from tests.demo.conftest import Quiet

    other = source.switch(regions=("us-east-1",)).load(Quiet()).snapshot
    assert other.regions == ("us-east-1",)
    assert other.clusters == ()
    assert [item.family for item in other.task_definitions] == ["geo-edge"]
    assert other.account_alias == "acme-prod"
