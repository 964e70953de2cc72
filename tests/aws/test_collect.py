"""Collecting the small account: everything is read, shaped and redacted; paging is complete."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from ecsiam_tui.account.files import load, save
from ecsiam_tui.account.redact import Redactor
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.aws.collect import CALLS, STAGES, collect
from ecsiam_tui.aws.session import AwsSession, Target, make_session
from tests.aws import account
from tests.aws.conftest import Watching
from tests.aws.fake import FakeAws, paged


@pytest.fixture
def snapshot(aws: FakeAws, session: AwsSession, watcher: Watching, redactor: Redactor) -> Snapshot:
    return collect(session, watcher, redactor).snapshot


def test_everything_is_read_without_a_gap(snapshot: Snapshot, aws: FakeAws) -> None:
    assert snapshot.gaps == ()
    assert {call.name for call in CALLS} == set(aws.asked)


def test_the_account_is_known(snapshot: Snapshot) -> None:
    assert snapshot.account_id == account.ACCOUNT
    assert snapshot.account_alias == "shop"
    assert snapshot.caller is not None
    assert snapshot.account_summary == {"RolePolicySizeQuota": 10240}
    assert snapshot.account_settings[account.REGION][0].name == "guardDutyActivate"


def test_every_list_of_the_snapshot_is_filled(snapshot: Snapshot) -> None:
    empty = {
        name
        for name, value in msgspec.structs.asdict(snapshot).items()
        if isinstance(value, tuple) and not value
    }
    assert empty == {"gaps"}


def test_documents_keep_the_bytes_of_their_authors(snapshot: Snapshot) -> None:
    (role,) = snapshot.roles
    assert role.assume_role_policy_document == account.TRUST
    assert role.role_policy_list[0].policy_document == account.INLINE
    documents = {policy.policy_name: policy.document for policy in snapshot.policies}
    assert documents == {"app": account.MANAGED, "Boundary": account.MANAGED}


def test_what_the_bulk_reading_of_iam_leaves_out_is_added(snapshot: Snapshot) -> None:
    (role,) = snapshot.roles
    assert (role.description, role.max_session_duration) == ("Runs the shop", 7200)
    assert [profile.instance_profile_name for profile in snapshot.instance_profiles] == ["nodes"]
    policy = next(policy for policy in snapshot.policies if policy.policy_name == "app")
    assert [version.version_id for version in policy.policy_version_list] == ["v2", "v1"]


def test_only_referenced_and_latest_task_definitions_are_read(snapshot: Snapshot) -> None:
    read = {definition.name: definition.latest for definition in snapshot.task_definitions}
    assert read == {"web:1": False, "web:2": True, "job:1": False, "job:2": True}


def test_a_service_has_its_task_sets_hooks_and_tags(snapshot: Snapshot) -> None:
    (service,) = snapshot.services
    assert service.tags == {"team": "shop"}
    assert service.task_sets[0].task_definition == account.arn("ecs", "task-definition/web:1")
    assert snapshot.functions[0].function_arn == account.HOOK
    assert snapshot.express_services[0].infrastructure_role_arn == account.ROLE


def test_launchers_know_their_roles_and_overrides(snapshot: Snapshot) -> None:
    (rule,) = snapshot.rules
    (target,) = rule.targets
    assert (target.role_arn, target.arn) == (account.ROLE, account.CLUSTER)
    assert target.overrides is not None
    assert target.overrides.task_role_arn == account.ROLE
    network = target.ecs_parameters.network_configuration
    assert network is not None
    assert network.awsvpc_configuration is not None
    assert network.awsvpc_configuration.assign_public_ip == "ENABLED"
    assert target.ecs_parameters.tags == {"team": "shop"}

    schedules = {schedule.name: schedule for schedule in snapshot.schedules}
    assert set(schedules) == {"hourly", "universal"}
    assert schedules["hourly"].target.ecs_parameters.tags == {"team": "shop"}
    universal = schedules["universal"].target
    assert (universal.arn, universal.role_arn) == (account.CLUSTER, account.ROLE)
    assert universal.ecs_parameters.task_definition_arn == "job:1"
    assert universal.overrides is not None
    assert universal.overrides.task_role_arn == account.ROLE
    assert universal.overrides.container_overrides[0].environment[0].looks_like_secret == "password"

    (machine,) = snapshot.state_machines
    assert machine.task_definitions == ("job",)
    assert machine.integrations == ("arn:aws:states:::ecs:runTask.sync",)
    assert snapshot.deployment_groups[0].ecs_services[0].cluster_name == "prod"
    assert snapshot.job_definitions[0].role_arns == (account.ROLE,)
    assert snapshot.scalable_targets[0].role_arn == account.ROLE


def test_resources_are_those_that_are_named(snapshot: Snapshot) -> None:
    (repository,) = snapshot.repositories
    assert repository.images == {account.IMAGE: True}
    assert repository.policy == account.MANAGED
    (secret,) = snapshot.secrets
    assert secret.policy is None  # read, and there is none
    assert {bucket.name for bucket in snapshot.buckets} == {"app-env", "exec-logs", "app-data"}
    assert {bucket.account_id for bucket in snapshot.buckets} == {account.ACCOUNT}
    assert [group.log_group_name for group in snapshot.log_groups] == ["/ecs/web"]
    assert account.arn("logs", "log-group:/ecs/exec") in snapshot.missing
    (parameter,) = snapshot.parameters
    assert parameter.arn == account.arn("ssm", "parameter/web/token")
    (key,) = snapshot.keys
    assert account.arn("kms", "alias/exec") in key.aliases
    (file_system,) = snapshot.file_systems
    assert file_system.access_points[0].access_point_id == "fsap-1"


def test_the_organization_goes_from_the_root_down(snapshot: Snapshot) -> None:
    assert snapshot.organization is not None
    assert [level.name for level in snapshot.organization.levels] == ["Root", "Workloads", "shop"]
    assert {policy.type for policy in snapshot.organization.policies} == {
        "SERVICE_CONTROL_POLICY",
        "RESOURCE_CONTROL_POLICY",
    }


def test_no_secret_value_is_in_the_file(snapshot: Snapshot, tmp_path: Path) -> None:
    path = tmp_path / "snapshot.json"
    save(snapshot, path)
    text = path.read_text()
    assert account.SECRET_VALUE not in text
    assert account.AWS_KEY not in text
    assert "looksLikeSecret" in text


def test_the_file_gives_the_same_snapshot(snapshot: Snapshot, tmp_path: Path) -> None:
    path = tmp_path / "snapshot.json.zst"
    save(snapshot, path)
    assert load(path) == snapshot


def test_values_are_kept_in_memory_when_asked_for(
    aws: FakeAws, session: AwsSession, watcher: Watching, redactor: Redactor
) -> None:
    loaded = collect(session, watcher, redactor, keep_environment=True)
    assert loaded.environment[account.DEFINITION, "app", "DB_PASSWORD"] == account.SECRET_VALUE
    assert account.SECRET_VALUE.encode() not in msgspec.json.encode(loaded.snapshot)
    assert collect(session, watcher, redactor).environment == {}


def test_progress_is_told_and_each_stage_gives_a_partial_snapshot(
    snapshot: Snapshot, watcher: Watching
) -> None:
    assert next(progress.stage for progress in watcher.told if progress.done == 0) == "Identity"
    assert {progress.stage for progress in watcher.told} == {stage.name for stage in STAGES}
    assert all(0 <= progress.done <= (progress.total or 0) for progress in watcher.told)
    assert len(watcher.partials) == len(STAGES) - 1
    first, last = watcher.partials[1], watcher.partials[-1]
    assert first.clusters
    assert not first.is_known("services")
    assert {gap.reason for gap in first.gaps} == {"cancelled"}
    assert all(gap.consequence for gap in first.gaps)
    assert last.is_known("services")


def test_requests_never_exceed_the_limits_of_a_call(
    aws: FakeAws, session: AwsSession, watcher: Watching, redactor: Redactor
) -> None:
    clusters = [account.arn("ecs", f"cluster/c{number}") for number in range(230)]
    services = [account.arn("ecs", f"service/c0/s{number:03}") for number in range(123)]
    tasks = [account.arn("ecs", f"task/c0/{number:032}") for number in range(340)]
    nodes = [account.arn("ecs", f"container-instance/c0/{number:032}") for number in range(150)]

    def only_first(handler: object, empty: dict[str, list[str]]) -> object:
        return lambda parameters: handler(parameters) if parameters["cluster"] == clusters[0] else empty  # type: ignore[operator]

    aws.handlers |= {
        "ecs:ListClusters": paged(clusters, "clusterArns", size=100),
        "ecs:DescribeClusters": lambda parameters: {
            "clusters": [
                {"clusterArn": arn, "clusterName": arn.rsplit("/", 1)[1]} for arn in parameters["clusters"]
            ]
        },
        "ecs:ListServices": only_first(paged(services, "serviceArns", size=100), {"serviceArns": []}),
        "ecs:DescribeServices": lambda parameters: {
            "services": [
                {"serviceArn": arn, "serviceName": arn.rsplit("/", 1)[1], "clusterArn": clusters[0]}
                for arn in parameters["services"]
            ]
        },
        "ecs:ListTasks": only_first(paged(tasks, "taskArns", size=100), {"taskArns": []}),
        "ecs:DescribeTasks": lambda parameters: {
            "tasks": [{"taskArn": arn, "clusterArn": clusters[0]} for arn in parameters["tasks"]]
        },
        "ecs:ListContainerInstances": only_first(
            paged(nodes, "containerInstanceArns", size=100), {"containerInstanceArns": []}
        ),
        "ecs:DescribeContainerInstances": lambda parameters: {
            "containerInstances": [{"containerInstanceArn": arn} for arn in parameters["containerInstances"]]
        },
    }  # type: ignore[dict-item]
    snapshot = collect(session, watcher, redactor).snapshot
    assert [len(snapshot.clusters), len(snapshot.services)] == [230, 123]
    assert [len(snapshot.tasks), len(snapshot.container_instances)] == [340, 150]
    limits = {
        "ecs:DescribeClusters": ("clusters", 100),
        "ecs:DescribeServices": ("services", 10),
        "ecs:DescribeTasks": ("tasks", 100),
        "ecs:DescribeContainerInstances": ("containerInstances", 100),
    }
    for name, parameters in aws.requests:
        if name in limits:
            member, limit = limits[name]
            assert 1 <= len(parameters[member]) <= limit
    assert aws.asked["ecs:DescribeServices"] == 13


def test_two_thousand_roles_are_read_page_by_page(
    aws: FakeAws, session: AwsSession, watcher: Watching, redactor: Redactor
) -> None:
    plain = aws.handlers["iam:GetAccountAuthorizationDetails"]
    (role,) = plain({"Filter": ["Role"]})["RoleDetailList"]
    roles = [{**role, "RoleName": f"r{n}", "Arn": f"{account.ROLE}{n}"} for n in range(2300)]
    page = paged(roles, "RoleDetailList", size=1000, limit="MaxItems", token=("Marker", "Marker"))

    def details(parameters: dict[str, object]) -> dict[str, object]:
        if parameters["Filter"] != ["Role"]:
            return plain(parameters)
        answer = page(parameters)
        return {**answer, "IsTruncated": "Marker" in answer}

    aws.handlers["iam:GetAccountAuthorizationDetails"] = details
    snapshot = collect(session, watcher, redactor).snapshot
    assert len(snapshot.roles) == 2300
    assert aws.asked["iam:GetAccountAuthorizationDetails"] == 4 + 3


def test_several_regions_are_read(aws: FakeAws, watcher: Watching, redactor: Redactor) -> None:
    session = make_session(Target(regions=(account.REGION, "us-east-1")), paced=False)
    snapshot = collect(session, watcher, redactor).snapshot
    assert snapshot.regions == (account.REGION, "us-east-1")
    assert aws.asked["ecs:ListClusters"] == 2
    assert aws.asked["iam:ListRoles"] == 1
    assert {node.region for node in snapshot.managed_nodes} == {account.REGION, "us-east-1"}


def test_parameters_that_systems_manager_lists_nowhere(
    aws: FakeAws, session: AwsSession, watcher: Watching, redactor: Redactor
) -> None:
    definition = account.task_definition(2)
    definition["containerDefinitions"][0]["secrets"] = [
        {"name": "A", "valueFrom": "/aws/reference/secretsmanager/shop/db"},
        {"name": "B", "valueFrom": "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended"},
        {"name": "C", "valueFrom": f"{account.SECRET}:refused"},
    ]
    aws.handlers["ecs:DescribeTaskDefinition"] = lambda _: {"taskDefinition": definition}
    snapshot = collect(session, watcher, redactor).snapshot
    assert aws.asked["ssm:DescribeParameters"] == 0
    assert [parameter.type for parameter in snapshot.parameters] == ["SecureString", "String"]
    asked = {parameters["SecretId"] for name, parameters in aws.requests if name.endswith("DescribeSecret")}
    assert asked == {account.SECRET, account.arn("secretsmanager", "secret:shop/db")}
    assert f"{account.SECRET}:refused" in snapshot.missing


@pytest.mark.parametrize("count", [3, 101])
def test_log_groups_one_by_one_or_all_at_once(
    count: int, aws: FakeAws, session: AwsSession, watcher: Watching, redactor: Redactor
) -> None:
    definition = account.task_definition(2)
    (container,) = definition["containerDefinitions"]
    definition["containerDefinitions"] = [
        {
            **container,
            "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": f"/g/{n}"}},
        }
        for n in range(count)
    ]
    aws.handlers["ecs:DescribeTaskDefinition"] = lambda _: {"taskDefinition": definition}
    groups = [{"logGroupName": f"/g/{n}"} for n in range(200)]
    listing = paged(groups, "logGroups", size=50, limit="limit")

    def describe(parameters: dict[str, Any]) -> dict[str, Any]:
        prefix = parameters.get("logGroupNamePrefix")
        if prefix is None:
            return listing(parameters)
        return {"logGroups": [group for group in groups if group["logGroupName"].startswith(prefix)]}

    aws.handlers["logs:DescribeLogGroups"] = describe
    snapshot = collect(session, watcher, redactor).snapshot
    assert {group.log_group_name for group in snapshot.log_groups} >= {f"/g/{n}" for n in range(count)}
    assert aws.asked["logs:DescribeLogGroups"] <= count + 2  # with those of the agent and of ECS Exec
