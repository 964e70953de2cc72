"""Roles that lack what is needed of them."""

from typing import Any

import pytest

from ecsiam_tui.account.ecs import (
    ClusterConfiguration,
    Deployment,
    ExecuteCommandConfiguration,
    ExecuteCommandLogConfiguration,
    LogConfiguration,
    ManagedEbsVolume,
    VolumeConfiguration,
)
from ecsiam_tui.account.resources import FileSystem, Key, PullThroughCacheRule, SecretResource
from ecsiam_tui.account.snapshot import Gap, Organization, OrganizationLevel, OrganizationPolicy, Snapshot
from ecsiam_tui.account.tasks import FileSystemVolume, Volume, VolumeAuthorization
from ecsiam_tui.findings.finding import Severity
from tests.findings import builders as b

SECRET = b.arn("secretsmanager", "secret:web/db-AbCdEf")
OTHER_SECRET = b.arn("secretsmanager", "secret:web/mail-GhIjKl")
KEY = b.arn("kms", "key/1b0c3e5a-7d2f-4c6b-9a8e-0f1d2c3b4a59")
IMAGE = f"{b.ACCOUNT}.dkr.ecr.{b.REGION}.amazonaws.com/web:1"
REPOSITORY = b.arn("ecr", "repository/web")
GROUP = b.arn("logs", "log-group:/ecs/web:*")
CHANNELS = [f"ssmmessages:{verb}{what}Channel" for verb in ("Create", "Open") for what in ("Control", "Data")]
PULL = [
    b.allow("ecr:GetAuthorizationToken"),
    b.allow(["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], REPOSITORY),
]
READ = b.allow("secretsmanager:GetSecretValue", SECRET)
STREAM = b.arn("firehose", "deliverystream/logs")
FIREHOSE = LogConfiguration(
    log_driver="awsfirelens", options={"Name": "firehose", "delivery_stream": "logs", "region": b.REGION}
)
SYSTEM = b.arn("elasticfilesystem", "file-system/fs-01")
VOLUME = Volume(
    name="data",
    efs_volume_configuration=FileSystemVolume(
        file_system_id="fs-01",
        transit_encryption="ENABLED",
        authorization_config=VolumeAuthorization(iam="ENABLED"),
    ),
)
EFS = FileSystem(
    file_system_id="fs-01",
    file_system_arn=SYSTEM,
    policy=b.document(
        b.allow("elasticfilesystem:*", Principal={"AWS": b.role_arn("nobody")}),
    ),
)


def role(name: str, *statements: dict[str, Any], **fields: Any) -> Any:
    """A role with one inline policy `app`, or none."""
    inline = {"app": b.document(*statements)} if statements else None
    return b.role(name, inline=inline, **fields)


def web(
    execution: Any,
    task: Any = None,
    *,
    container: dict[str, Any] | None = None,
    definition: dict[str, Any] | None = None,
    service: dict[str, Any] | None = None,
    **fields: Any,
) -> Snapshot:
    """A service `web` with an execution role and perhaps a task role."""
    found = b.definition(
        "web",
        b.container(**(container or {"secrets": {"DB": SECRET}})),
        execution_role=execution.role_name,
        task_role=task.role_name if task else None,
        **(definition or {}),
    )
    roles = (execution, *([task] if task else []))
    known = {"secrets": (SecretResource(name="web/db", arn=SECRET, policy=None),), **fields}
    return b.snapshot(
        roles=roles, task_definitions=(found,), services=(b.service(**(service or {})),), **known
    )


def on(rule: str, account: Snapshot) -> list[tuple[str, Severity]]:
    """Where a rule finds something, by the last part of the node, and how bad."""
    return [(finding.node.rsplit("/", 1)[-1], finding.severity) for finding in b.found(rule, account)]


HIGH, MEDIUM, LOW = Severity.HIGH, Severity.MEDIUM, Severity.LOW


@pytest.mark.parametrize(
    ("statements", "container", "expected"),
    [
        ((), {"secrets": {"DB": SECRET}}, [("web-exec", HIGH)]),
        ((READ,), {"secrets": {"DB": SECRET}}, []),
        ((READ,), {"secrets": {"DB": f"{SECRET}:password::"}}, []),
        ((b.allow("secretsmanager:*"),), {"secrets": {"DB": SECRET}}, []),
        ((b.allow("ssm:GetParameter"),), {"secrets": {"P": "/web/p"}}, [("web-exec", HIGH)]),
        ((b.allow("ssm:GetParameters"),), {"secrets": {"P": "/web/p"}}, []),
        (
            (b.allow("*"), {**b.allow("*", SECRET), "Effect": "Deny"}),
            {"secrets": {"DB": SECRET}},
            [("web-exec", HIGH)],
        ),
        # What AWS's managed policy has beyond what a pull needs is recommended.
        (PULL, {"image": IMAGE}, [("web-exec", LOW)]),
        ((*PULL, b.allow("ecr:BatchCheckLayerAvailability", REPOSITORY)), {"image": IMAGE}, []),
        ((b.allow("logs:CreateLogStream", GROUP),), {"logs": "/ecs/web"}, [("web-exec", HIGH)]),
        ((b.allow(["logs:CreateLogStream", "logs:PutLogEvents"], GROUP),), {"logs": "/ecs/web"}, []),
        # A condition that nobody knows beforehand is no finding.
        (
            (
                b.allow(
                    "secretsmanager:GetSecretValue",
                    SECRET,
                    Condition={"StringEquals": {"aws:SourceVpc": "vpc-1"}},
                ),
            ),
            {"secrets": {"DB": SECRET}},
            [],
        ),
    ],
)
def test_execution_role_lacks(
    statements: tuple[dict[str, Any], ...], container: dict[str, Any], expected: list[tuple[str, Severity]]
) -> None:
    account = web(role("web-exec", *statements), role("web-task"), container=container)
    assert on("ECS-IAM-002", account) == expected


def test_execution_role_lacks_says_what_for_whom_and_where() -> None:
    near = b.allow("secretsmanager:GetSecretValue", OTHER_SECRET, Sid="Mail")
    (finding,) = b.found("ECS-IAM-002", web(role("web-exec", near)))
    assert finding.summary == ("web-exec lacks secretsmanager:GetSecretValue on web/db, asked for by web:1.")
    assert finding.nodes == (b.role_arn("web-exec"), b.service_arn("web"), b.definition_arn("web:1"))
    assert finding.consequence == "New tasks of web cannot start. 1 service uses it: web."
    statement = next(one for one in finding.evidence if one.kind == "statement")
    assert statement.node == f"{b.role_arn('web-exec')}#app"
    assert statement.lines is not None
    assert OTHER_SECRET in statement.text


def test_one_finding_a_role_however_many_ask() -> None:
    execution = role("shared-exec")
    definitions = [
        b.definition(name, b.container(secrets={"DB": SECRET}), execution_role="shared-exec")
        for name in ("one", "two")
    ]
    services = [b.service(name, f"{name}:1") for name in ("one", "two")]
    account = b.snapshot(roles=[execution], task_definitions=definitions, services=services)
    (finding,) = b.found("ECS-IAM-002", account)
    assert {b.service_arn("one"), b.service_arn("two")} < set(finding.nodes)
    assert "2 services use it" in finding.consequence


def test_what_nothing_runs_is_at_most_medium() -> None:
    definition = b.definition("web", b.container(secrets={"DB": SECRET}), execution_role="web-exec")
    account = b.snapshot(roles=[role("web-exec")], task_definitions=[definition])
    assert on("ECS-IAM-002", account) == [("web-exec", MEDIUM)]


def test_nothing_is_said_of_policies_that_were_not_read() -> None:
    unread = b.policy_arn("not-read")
    gap = Gap(call="iam:GetPolicyVersion", reason="denied", unknown=("policies",))
    account = web(role("web-exec", attached=(unread,)), gaps=(gap,))
    assert on("ECS-IAM-002", account) == []


@pytest.mark.parametrize("is_missing", [True, False])
def test_first_pull_through_a_cache(is_missing: bool) -> None:
    """It is the first only where the repository was looked up and does not exist."""
    rule = PullThroughCacheRule(ecr_repository_prefix="hub", region=b.REGION)
    image = IMAGE.replace("/web:", "/hub/web:")
    pull = b.allow(["ecr:GetAuthorizationToken", "ecr:Batch*", "ecr:GetDownloadUrlForLayer"])
    deny = {**b.allow("ecr:BatchImportUpstreamImage"), "Effect": "Deny"}
    account = web(
        role("web-exec", pull, deny),
        container={"image": image},
        pull_through_cache_rules=(rule,),
        missing=(f"arn:aws:ecr:{b.REGION}:{b.ACCOUNT}:repository/hub/web",) if is_missing else (),
    )
    assert on("ECS-IAM-002", account) == [("web-exec", HIGH)] * is_missing


@pytest.mark.parametrize(
    ("actions", "expected"),
    [(CHANNELS[:3], [("web-task", MEDIUM)]), ([], [("web-task", MEDIUM)]), (CHANNELS, [])],
)
def test_exec_channels(actions: list[str], expected: list[tuple[str, Severity]]) -> None:
    statements = [b.allow(actions)] if actions else []
    account = web(
        role("web-exec", READ), role("web-task", *statements), service={"enable_execute_command": True}
    )
    assert on("ECS-IAM-004", account) == expected
    idle = web(role("web-exec", READ), role("web-task", *statements))
    assert on("ECS-IAM-004", idle) == []


SESSIONS = b.cluster(
    configuration=ClusterConfiguration(
        execute_command_configuration=ExecuteCommandConfiguration(
            logging="OVERRIDE",
            log_configuration=ExecuteCommandLogConfiguration(cloud_watch_log_group_name="/exec"),
        )
    )
)
SESSION_LOG = [
    b.allow(CHANNELS),
    b.allow("logs:DescribeLogGroups"),
    b.allow(
        ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
        b.arn("logs", "log-group:/exec:*"),
    ),
]


@pytest.mark.parametrize(
    ("statements", "expected"), [(SESSION_LOG[:1], [("web-task", MEDIUM)]), (SESSION_LOG, [])]
)
def test_exec_sessions(statements: list[dict[str, Any]], expected: list[tuple[str, Severity]]) -> None:
    account = web(
        role("web-exec", READ),
        role("web-task", *statements),
        service={"enable_execute_command": True},
        clusters=(SESSIONS,),
    )
    assert on("ECS-IAM-005", account) == expected


def delivers(task: Any, execution: Any) -> Snapshot:
    return web(execution, task, container={"log_configuration": FIREHOSE})


PUT = b.allow("firehose:PutRecordBatch", STREAM)


@pytest.mark.parametrize(
    ("task", "execution", "wrong", "lacks"),
    [
        ([], [PUT], [("web-exec", HIGH)], []),
        ([], [], [], [("web-task", HIGH)]),
        ([PUT], [], [], []),
        ([PUT], [PUT], [], []),
        # An execution role that may everything has it by accident.
        ([], [b.allow("*")], [], [("web-task", HIGH)]),
    ],
)
def test_delivery_is_the_task_roles(
    task: list[dict[str, Any]],
    execution: list[dict[str, Any]],
    wrong: list[tuple[str, Severity]],
    lacks: list[tuple[str, Severity]],
) -> None:
    account = delivers(role("web-task", *task), role("web-exec", *execution))
    assert on("ECS-IAM-006", account) == wrong
    assert on("ECS-IAM-067", account) == lacks


def test_the_secret_is_the_execution_roles() -> None:
    account = web(role("web-exec"), role("web-task", READ))
    (finding,) = b.found("ECS-IAM-006", account)
    assert finding.nodes[:2] == (b.role_arn("web-exec"), b.role_arn("web-task"))
    assert finding.summary == (
        "secretsmanager:GetSecretValue on web/db is on web-task; web-exec, the task execution role that needs"
        " it, lacks it."
    )
    assert any(
        one.kind == "statement" and one.node == f"{b.role_arn('web-task')}#app" for one in finding.evidence
    )
    assert on("ECS-IAM-002", account) == []


def test_what_aws_gives_to_every_execution_role_is_not_misplaced() -> None:
    """The managed policy allows logs everywhere; a session log that the task role lacks is no mix-up."""
    managed = b.policy(
        "AmazonECSTaskExecutionRolePolicy",
        b.document(b.allow(["logs:CreateLogStream", "logs:PutLogEvents"])),
        arn="arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
    )
    account = web(
        role("web-exec", READ, attached=(managed.arn,)),
        role("web-task", SESSION_LOG[0]),
        service={"enable_execute_command": True},
        clusters=(SESSIONS,),
        policies=(managed,),
    )
    assert on("ECS-IAM-006", account) == []
    assert on("ECS-IAM-005", account) == [("web-task", MEDIUM)]


def encrypted(*statements: dict[str, Any], delegates: bool = True) -> Snapshot:
    who = f"arn:aws:iam::{b.ACCOUNT}:root" if delegates else b.role_arn("somebody")
    key = Key(
        key_id=KEY.rsplit("/", 1)[-1],
        arn=KEY,
        key_manager="CUSTOMER",
        aliases=(b.arn("kms", "alias/web"),),
        policy=b.document(b.allow("kms:*", Principal={"AWS": who})),
    )
    secret = SecretResource(name="web/db", arn=SECRET, kms_key_id=KEY, policy=None)
    return web(role("web-exec", READ, *statements), secrets=(secret,), keys=(key,))


DECRYPT = b.allow("kms:Decrypt", KEY)
VIA = {"StringEquals": {"kms:ViaService": f"secretsmanager.{b.REGION}.amazonaws.com"}}


@pytest.mark.parametrize(
    ("account", "words"),
    [
        (encrypted(), "no policy of the role allows it"),
        (encrypted(DECRYPT, delegates=False), "the policy of web does not let it"),
        (encrypted(delegates=False), "neither a policy of the role nor the key's own policy"),
        (encrypted({**DECRYPT, "Condition": {"StringEquals": {"kms:ViaService": "s3"}}}), "no policy"),
    ],
)
def test_key_of_a_secret(account: Snapshot, words: str) -> None:
    (finding,) = b.found("ECS-IAM-039", account)
    assert finding.nodes[:2] == (b.role_arn("web-exec"), KEY)
    assert words in finding.summary
    assert on("ECS-IAM-002", account) == []


@pytest.mark.parametrize("statement", [DECRYPT, {**DECRYPT, "Condition": VIA}, b.allow("kms:*")])
def test_key_of_a_secret_may_be_used(statement: dict[str, Any]) -> None:
    assert on("ECS-IAM-039", encrypted(statement)) == []


BOUNDARY = b.policy("boundary", b.document(b.allow("dynamodb:*")))
WIDE = b.policy("boundary", b.document(b.allow("*")))


def test_boundary_blocks() -> None:
    account = web(role("web-exec", READ, boundary=BOUNDARY.arn), policies=(BOUNDARY,))
    (finding,) = b.found("ECS-IAM-046", account)
    assert finding.nodes[:2] == (b.role_arn("web-exec"), BOUNDARY.arn)
    assert "its permissions boundary boundary" in finding.summary
    assert on("ECS-IAM-002", account) == []


@pytest.mark.parametrize(
    ("statements", "boundary"),
    [((READ,), WIDE), ((), BOUNDARY)],
    ids=["lets it through", "not allowed at all"],
)
def test_boundary_does_not_block(statements: tuple[dict[str, Any], ...], boundary: Any) -> None:
    account = web(role("web-exec", *statements, boundary=boundary.arn), policies=(boundary,))
    assert on("ECS-IAM-046", account) == []
    assert bool(on("ECS-IAM-002", account)) == (not statements)


def test_service_control_policy_blocks() -> None:
    scp = OrganizationPolicy(
        id="p-1",
        arn="arn:aws:organizations::999988887777:policy/o-1/service_control_policy/p-1",
        name="no-secrets",
        type="SERVICE_CONTROL_POLICY",
        content=b.document(b.allow("*"), {"Effect": "Deny", "Action": "secretsmanager:*", "Resource": "*"}),
    )
    level = OrganizationLevel(id="r-1", name="Root", policy_ids=("p-1",))
    organization = Organization(
        id="o-1", management_account_id="999988887777", levels=(level,), policies=(scp,)
    )
    account = web(role("web-exec", READ), organization=organization)
    (finding,) = b.found("ECS-IAM-046", account)
    assert "an SCP does not let it through" in finding.summary
    assert on("ECS-IAM-002", account) == []


MOUNT = b.allow(["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"], SYSTEM)


@pytest.mark.parametrize(
    ("statements", "expected"), [((), [("web-task", HIGH)]), ((MOUNT,), [])], ids=["lacks", "has"]
)
def test_task_role_mounts(
    statements: tuple[dict[str, Any], ...], expected: list[tuple[str, Severity]]
) -> None:
    account = web(
        role("web-exec", READ),
        role("web-task", *statements),
        definition={"volumes": (VOLUME,)},
        file_systems=(EFS,),
    )
    assert on("ECS-IAM-067", account) == expected


def volumes(*statements: dict[str, Any]) -> Snapshot:
    infrastructure = role("infra", *statements, trust=b.trust_policy("ecs.amazonaws.com"))
    volume = VolumeConfiguration(
        name="work", managed_ebs_volume=ManagedEbsVolume(role_arn=infrastructure.arn)
    )
    deployment = Deployment(status="PRIMARY", volume_configurations=(volume,))
    account = web(role("web-exec", READ), service={"deployments": (deployment,)})
    return b.snapshot(
        roles=(*account.roles, infrastructure),
        task_definitions=account.task_definitions,
        services=account.services,
    )


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ((), [("infra", HIGH)]),
        ((b.allow("ec2:DescribeVolumes"),), [("infra", HIGH)]),
        ((b.allow("ec2:*"),), []),
    ],
)
def test_infrastructure_role_lacks(
    statements: tuple[dict[str, Any], ...], expected: list[tuple[str, Severity]]
) -> None:
    assert on("ECS-IAM-068", volumes(*statements)) == expected


def test_awss_policy_for_volumes_is_enough() -> None:
    """AmazonECSInfrastructureRolePolicyForVolumes asks for a task in the tag AmazonECSCreated."""
    tag = {"ArnLike": {"aws:RequestTag/AmazonECSCreated": "arn:aws:ecs:*:*:task/*"}}
    create = b.allow("ec2:CreateVolume", "arn:aws:ec2:*:*:volume/*", Condition=tag)
    tagging = {"StringEquals": {"ec2:CreateAction": "CreateVolume"}}
    label = b.allow("ec2:CreateTags", "arn:aws:ec2:*:*:volume/*", Condition=tagging)
    rest = b.allow(["ec2:DescribeVolumes", "ec2:AttachVolume", "ec2:DetachVolume", "ec2:DeleteVolume"])
    assert on("ECS-IAM-068", volumes(create, label, rest)) == []
