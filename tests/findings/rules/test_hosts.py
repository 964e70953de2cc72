"""EC2 container instances: metadata, neighbours, tasks without a role."""

from typing import Any

import pytest

from ecsiam_tui.account.compute import ContainerInstance, IamInstanceProfile, Instance, MetadataOptions
from ecsiam_tui.account.ecs import LoadBalancer
from ecsiam_tui.account.iam import InstanceProfile
from ecsiam_tui.account.snapshot import Gap, Snapshot
from ecsiam_tui.account.tasks import Attribute, Task, TaskDefinition
from ecsiam_tui.findings.finding import Severity
from ecsiam_tui.findings.rules.hosts import BLOCKS_METADATA
from ecsiam_tui.findings.rules.machines import machines
from ecsiam_tui.findings.rules.strength import powers
from tests.findings import builders as b

HOST = b.arn("ecs", "container-instance/prod/1")
PROFILE = f"arn:aws:iam::{b.ACCOUNT}:instance-profile/hosts"
ADMIN = {"all": b.document(b.allow("*"))}


def task(number: int, name: str, host: str = HOST, status: str = "RUNNING") -> Task:
    return Task(
        task_arn=b.arn("ecs", f"task/prod/{number}"),
        cluster_arn=b.cluster_arn(),
        task_definition_arn=b.definition_arn(f"{name}:1"),
        group=f"service:{name}",
        last_status=status,
        launch_type="EC2",
        container_instance_arn=host,
    )


def account(
    *definitions: TaskDefinition,
    tokens: str = "required",
    hops: int = 1,
    endpoint: str = "enabled",
    blocks: bool = True,
    profile: bool = True,
    inline: dict[str, str] | None = None,
    **fields: Any,
) -> Snapshot:
    """One instance with a task of each definition; the definitions' task roles exist, `inline` is the policy
    of those whose name begins with `strong`."""
    options = MetadataOptions(http_tokens=tokens, http_put_response_hop_limit=hops, http_endpoint=endpoint)
    machine = Instance(
        instance_id="i-1",
        region=b.REGION,
        metadata_options=options,
        iam_instance_profile=IamInstanceProfile(arn=PROFILE) if profile else None,
    )
    host = ContainerInstance(
        container_instance_arn=HOST,
        cluster_arn=b.cluster_arn(),
        ec2_instance_id="i-1",
        attributes=(Attribute(name=BLOCKS_METADATA),) if blocks else (),
    )
    names = {(item.task_role_arn or "").rpartition("/")[2] for item in definitions} - {""}
    roles = [b.role(name, inline=inline if name.startswith("strong") else None) for name in sorted(names)]
    known: dict[str, Any] = {
        "roles": [*roles, b.role("hosts", trust=b.trust_policy("ec2.amazonaws.com"))],
        "instance_profiles": [
            InstanceProfile(instance_profile_name="hosts", arn=PROFILE, role_arns=(b.role_arn("hosts"),))
        ],
        "instances": [machine],
        "container_instances": [host],
        "task_definitions": list(definitions),
        "services": [b.service(item.family, item.name, launch_type="EC2") for item in definitions],
        "tasks": [task(number, item.family) for number, item in enumerate(definitions)],
        **fields,
    }
    return b.snapshot(**known)


def on_ec2(family: str, mode: str = "awsvpc", **fields: Any) -> TaskDefinition:
    fields = {"task_role": f"{family}-task", **fields}
    return b.definition(family, network_mode=mode, requires_compatibilities=("EC2",), **fields)


@pytest.mark.parametrize(
    ("mode", "settings", "severity"),
    [
        ("bridge", {"tokens": "optional"}, Severity.HIGH),
        ("bridge", {"hops": 2}, Severity.HIGH),
        ("awsvpc", {"blocks": False}, Severity.HIGH),
        ("host", {}, Severity.MEDIUM),
        ("bridge", {}, None),
        ("awsvpc", {"tokens": "optional", "hops": 2}, None),
        ("bridge", {"tokens": "optional", "endpoint": "disabled"}, None),
        ("bridge", {"tokens": "optional", "profile": False}, None),
        ("none", {"tokens": "optional", "blocks": False}, None),
    ],
)
def test_reaching_the_metadata(mode: str, settings: dict[str, Any], severity: Severity | None) -> None:
    found = b.found("ECS-IAM-029", account(on_ec2("web", mode), **settings))
    assert [finding.severity for finding in found] == ([] if severity is None else [severity])
    if found:
        assert found[0].node == HOST
        assert found[0].summary.startswith("web on i-1 can reach the instance metadata")
        assert "hosts" in found[0].consequence


def test_an_open_instance_without_tasks_is_low() -> None:
    (finding,) = b.found("ECS-IAM-029", account(tokens="optional"))
    assert finding.severity == Severity.LOW


def test_metadata_options_that_were_not_read_make_it_possible() -> None:
    gap = Gap(call="ec2:DescribeInstances", reason="denied", unknown=("instances",))
    open_ = account(on_ec2("web"), blocks=False, instances=[], gaps=[gap])
    (finding,) = b.found("ECS-IAM-029", open_)
    assert (finding.severity, finding.is_certain) == (Severity.MEDIUM, False)
    assert b.found("ECS-IAM-029", account(on_ec2("web", "bridge"), instances=[], gaps=[gap])) == ()


def test_machines_outside_aws_have_no_metadata() -> None:
    outside = ContainerInstance(
        container_instance_arn=HOST, cluster_arn=b.cluster_arn(), ec2_instance_id="mi-1"
    )
    assert b.found("ECS-IAM-029", account(on_ec2("web", "host"), container_instances=[outside])) == ()


def test_neighbours_of_a_task_that_gets_at_the_host() -> None:
    agent = on_ec2("agent", "bridge", pid_mode="host")
    (finding,) = b.found("ECS-IAM-030", account(on_ec2("web"), agent))
    assert finding.severity == Severity.HIGH
    assert "agent gets at the host" in finding.summary
    assert "3 roles" in finding.consequence


def test_neighbours_of_an_administrator() -> None:
    (finding,) = b.found("ECS-IAM-030", account(on_ec2("web"), on_ec2("strong"), inline=ADMIN))
    assert finding.severity == Severity.HIGH
    assert "it is an administrator" in finding.summary


def test_an_administrator_whom_a_deny_binds_is_none() -> None:
    bound = b.document(b.allow("*"), {"Effect": "Deny", "Action": "*", "Resource": "*"})
    (finding,) = b.found("ECS-IAM-030", account(on_ec2("web"), on_ec2("strong"), inline={"all": bound}))
    assert finding.severity == Severity.INFO


def test_ordinary_neighbours_are_for_information() -> None:
    (finding,) = b.found("ECS-IAM-030", account(on_ec2("web"), on_ec2("api")))
    assert finding.severity == Severity.INFO


def test_neighbours_behind_a_load_balancer_may_face_the_internet() -> None:
    web, api = on_ec2("web"), on_ec2("api")
    services = [b.service("web", load_balancers=(LoadBalancer(),)), b.service("api", "api:1")]
    (finding,) = b.found("ECS-IAM-030", account(web, api, services=services))
    assert (finding.severity, finding.is_certain) == (Severity.LOW, False)


@pytest.mark.parametrize(
    "definitions",
    [
        [on_ec2("strong")],
        [on_ec2("web", task_role="same"), on_ec2("api", task_role="same")],
    ],
    ids=["one service", "one role"],
)
def test_no_neighbours_to_speak_of(definitions: list[TaskDefinition]) -> None:
    assert b.found("ECS-IAM-030", account(*definitions, inline=ADMIN)) == ()


def test_a_stopped_task_is_no_neighbour() -> None:
    web, api = on_ec2("web"), on_ec2("api")
    tasks = [task(1, "web"), task(2, "api", status="STOPPED")]
    assert b.found("ECS-IAM-030", account(web, api, tasks=tasks)) == ()


def test_roles_of_an_instance_are_those_of_the_blast_radius() -> None:
    facts = b.facts(account(on_ec2("web"), on_ec2("api", execution_role="exec")))
    (machine,) = machines(facts)
    blast = facts.estate.blast(HOST)
    assert set(machine.roles) == {node.id for node in blast.neighbours} | {b.role_arn("hosts")}


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (b.allow("iam:Attach*", "arn:aws:iam::*:role/*"), "administrator"),
        (b.allow("iam:PassRole"), "pass any role"),
        (b.allow("secretsmanager:*", "arn:aws:secretsmanager:*:*:secret:*"), "every secret"),
        (b.allow("s3:GetObject", "arn:aws:s3:::*/*"), "every bucket"),
        (b.allow("ssm:*"), "run commands"),
        (b.allow("*", Condition={"StringEquals": {"aws:ResourceTag/team": "web"}}), ""),
        (b.allow("secretsmanager:GetSecretValue", b.arn("secretsmanager", "secret:web/*")), ""),
        (b.allow("s3:*", ["arn:aws:s3:::web", "arn:aws:s3:::web/*"]), ""),
        (b.allow("iam:PassRole", b.role_arn("web-*")), ""),
    ],
)
def test_what_makes_a_role_strong(statement: dict[str, Any], words: str) -> None:
    facts = b.facts(b.snapshot(roles=[b.role("web", inline={"own": b.document(statement)})]))
    told = powers(facts, b.role_arn("web"))
    assert words in told
    assert bool(words) == bool(told)


def test_a_boundary_takes_strength_away() -> None:
    limit = b.policy("limit", b.document(b.allow("s3:GetObject", "arn:aws:s3:::web/*")))
    role = b.role("web", inline={"all": b.document(b.allow("*"))}, boundary=limit.arn)
    assert powers(b.facts(b.snapshot(roles=[role], policies=[limit])), role.arn) == ""


@pytest.mark.parametrize(
    ("mode", "settings", "severity"),
    [
        ("bridge", {}, Severity.MEDIUM),
        ("awsvpc", {"blocks": False}, Severity.MEDIUM),
        ("awsvpc", {"blocks": True}, Severity.LOW),
        ("none", {}, None),
    ],
)
def test_no_task_role_on_ec2(mode: str, settings: dict[str, Any], severity: Severity | None) -> None:
    found = b.found("ECS-IAM-032", account(on_ec2("web", mode, task_role=None), **settings))
    assert [finding.severity for finding in found] == ([] if severity is None else [severity])
    if severity == Severity.MEDIUM:
        assert "hosts" in found[0].consequence


def test_a_task_role_or_fargate_is_enough() -> None:
    assert b.found("ECS-IAM-032", account(on_ec2("web"))) == ()
    fargate = b.snapshot(
        task_definitions=[b.definition("web")],
        services=[b.service("web")],
    )
    assert b.found("ECS-IAM-032", fargate) == ()
