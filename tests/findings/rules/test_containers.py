"""What containers may do to their host, and as which user they run."""

from typing import Any

import pytest

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.tasks import ContainerDefinition, HostVolume, MountPoint, TaskDefinition, Volume
from ecsiam_tui.findings.finding import Severity
from tests.findings import builders as b


def account(definition: TaskDefinition, *, runs: bool = True, launch: str = "EC2", **fields: Any) -> Snapshot:
    services = [b.service("web", "web:1", launch_type=launch)] if runs else []
    return b.snapshot(task_definitions=[definition], services=services, **fields)


def on_ec2(container: ContainerDefinition, **fields: Any) -> TaskDefinition:
    known = {"network_mode": "bridge", "requires_compatibilities": ("EC2",), **fields}
    return b.definition("web", container, **known)


def mounting(path: str, *, mounted: bool = True) -> TaskDefinition:
    points = (MountPoint(source_volume="it", container_path="/it"),) if mounted else ()
    volume = Volume(name="it", host=HostVolume(source_path=path))
    return on_ec2(b.container(mount_points=points), volumes=(volume,))


def adding(*capabilities: str) -> TaskDefinition:
    return on_ec2(b.container(linux_parameters={"capabilities": {"add": list(capabilities)}}))


@pytest.mark.parametrize(
    ("definition", "severity", "words"),
    [
        (on_ec2(b.container(privileged=True)), Severity.HIGH, "privileged"),
        (on_ec2(b.container(), pid_mode="host"), Severity.HIGH, "host's processes"),
        (adding("SYS_ADMIN"), Severity.HIGH, "SYS_ADMIN"),
        (adding("ALL"), Severity.HIGH, "ALL"),
        (mounting("/var/run/docker.sock"), Severity.HIGH, "the Docker socket"),
        (mounting("/"), Severity.HIGH, "/ of the host"),
        (mounting("/etc/"), Severity.HIGH, "/etc of the host"),
        (on_ec2(b.container(), network_mode="host"), Severity.MEDIUM, "host's network"),
        (on_ec2(b.container(), ipc_mode="host"), Severity.MEDIUM, "memory segments"),
    ],
)
def test_ways_to_the_host(definition: TaskDefinition, severity: Severity, words: str) -> None:
    (finding,) = b.found("ECS-IAM-056", account(definition))
    assert (finding.severity, finding.node) == (severity, definition.task_definition_arn)
    assert words in finding.summary
    assert finding.consequence.startswith("web runs it.")


def test_a_strong_task_role_makes_the_host_network_high() -> None:
    definition = on_ec2(b.container(), network_mode="host", task_role="boss")
    strong = b.role("boss", inline={"all": b.document(b.allow("iam:*"))})
    (finding,) = b.found("ECS-IAM-056", account(definition, roles=[strong]))
    assert finding.severity == Severity.HIGH
    assert "boss may give any role any policy" in finding.consequence


def test_what_nothing_runs_is_medium() -> None:
    (finding,) = b.found("ECS-IAM-056", account(on_ec2(b.container(privileged=True)), runs=False))
    assert (finding.severity, finding.consequence) == (Severity.MEDIUM, "Nothing runs it now.")


@pytest.mark.parametrize(
    "definition",
    [
        adding("NET_BIND_SERVICE"),
        mounting("/var/log/app"),
        mounting("/var/run/docker.sock", mounted=False),
        on_ec2(b.container(), network_mode="awsvpc", pid_mode="task"),
    ],
)
def test_containers_that_stay_inside(definition: TaskDefinition) -> None:
    assert b.found("ECS-IAM-056", account(definition)) == ()


@pytest.mark.parametrize(
    ("container", "launch", "severity", "possible"),
    [
        (b.container(user="0", readonly_root_filesystem=False), "EC2", Severity.MEDIUM, False),
        (b.container(user="root:root", readonly_root_filesystem=False), "FARGATE", Severity.LOW, False),
        (b.container(user=None, readonly_root_filesystem=False), "EC2", Severity.MEDIUM, True),
        (b.container(user=None, readonly_root_filesystem=False), "FARGATE", Severity.LOW, True),
        (b.container(user="root"), "EC2", Severity.LOW, False),
        (b.container(user=None), "FARGATE", Severity.INFO, True),
        (b.container(readonly_root_filesystem=False), "EC2", Severity.INFO, False),
    ],
)
def test_users_and_file_systems(
    container: ContainerDefinition, launch: str, severity: Severity, possible: bool
) -> None:
    definition = b.definition("web", container, requires_compatibilities=(launch,))
    (finding,) = b.found("ECS-IAM-057", account(definition, launch=launch))
    assert finding.severity == severity
    assert finding.is_certain is not possible


@pytest.mark.parametrize(
    "definition",
    [
        b.definition("web", b.container(user="10001:10001")),
        b.definition(
            "web",
            b.container(user=None, readonly_root_filesystem=False),
            runtime_platform={"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"},
        ),
    ],
    ids=["hardened", "Windows"],
)
def test_nothing_to_harden(definition: TaskDefinition) -> None:
    assert b.found("ECS-IAM-057", account(definition, launch="FARGATE")) == ()
