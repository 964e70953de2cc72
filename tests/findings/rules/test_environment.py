"""Secrets in environment variables. Values never reach a record, so none is written here."""

import pytest

from ecsiam_tui.account.launchers import EcsParameters, RunTaskTarget, Schedule
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.tasks import ContainerOverride, EnvironmentVariable, SecretVerdict, Task, TaskOverride
from ecsiam_tui.findings.finding import Severity
from tests.findings import builders as b


def variable(name: str, verdict: SecretVerdict = "no", length: int = 20) -> EnvironmentVariable:
    return EnvironmentVariable(name=name, fingerprint="0" * 12, length=length, looks_like_secret=verdict)


def account(*variables: EnvironmentVariable, **secrets: str) -> Snapshot:
    made = b.container("app", environment=variables, secrets=secrets)
    return b.snapshot(
        roles=[b.role("web-task")],
        task_definitions=[b.definition("web", made, task_role="web-task")],
        services=[b.service("web", "web:1")],
    )


@pytest.mark.parametrize(
    ("found", "severity", "possible"),
    [
        (variable("DB_PASSWORD", "password"), Severity.CRITICAL, False),
        (variable("CERT", "private key", 1700), Severity.CRITICAL, False),
        (variable("GITHUB", "token", 40), Severity.CRITICAL, False),
        (variable("BACKUP_KEY_ID", "AWS key"), Severity.CRITICAL, False),
        (variable("MAX_TOKENS", "password", 4), Severity.MEDIUM, True),
        (variable("SALT", "high entropy", 44), Severity.MEDIUM, True),
    ],
    ids=lambda value: value.name if isinstance(value, EnvironmentVariable) else None,
)
def test_a_suspicious_variable(found: EnvironmentVariable, severity: Severity, possible: bool) -> None:
    (finding,) = b.found("ECS-IAM-025", account(found))
    assert finding.severity == severity
    assert finding.node == b.definition_arn("web:1")
    assert finding.is_certain is not possible
    assert found.name in finding.summary
    assert finding.evidence[0].where == f"containerDefinitions.app.environment.{found.name}"


@pytest.mark.parametrize("name", ["LOG_LEVEL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_plain_settings_and_what_another_rule_tells_of_are_silent(name: str) -> None:
    verdict: SecretVerdict = "no" if name == "LOG_LEVEL" else "AWS key"
    assert b.found("ECS-IAM-025", account(variable(name, verdict))) == ()


def test_all_variables_of_a_definition_make_one_finding() -> None:
    (finding,) = b.found(
        "ECS-IAM-025", account(variable("DB_PASSWORD", "password"), variable("MAIL_TOKEN", "token"))
    )
    assert "DB_PASSWORD and MAIL_TOKEN hold secrets" in finding.summary
    assert len(finding.evidence) == 2


def test_what_tasks_and_schedules_override_is_looked_at_too() -> None:
    own = TaskOverride(
        container_overrides=(ContainerOverride(name="app", environment=(variable("TOKEN", "token"),)),)
    )
    schedule = Schedule(
        arn=b.arn("scheduler", "schedule/default/nightly"),
        name="nightly",
        target=RunTaskTarget(
            arn=b.cluster_arn(), ecs_parameters=EcsParameters(task_definition_arn="web:1"), overrides=own
        ),
    )
    task = Task(task_arn=b.arn("ecs", "task/prod/1"), cluster_arn=b.cluster_arn(), overrides=own)
    found = b.found("ECS-IAM-025", b.snapshot(tasks=[task], schedules=[schedule]))
    assert [finding.node for finding in found] == [task.task_arn, schedule.arn]


@pytest.mark.parametrize(
    ("name", "verdict", "severity"),
    [
        ("AWS_ACCESS_KEY_ID", "AWS key", Severity.CRITICAL),
        ("AWS_SECRET_ACCESS_KEY", "AWS key", Severity.CRITICAL),
        ("AWS_ACCESS_KEY_ID", "no", Severity.MEDIUM),
    ],
)
def test_static_keys_win_over_the_task_role(name: str, verdict: SecretVerdict, severity: Severity) -> None:
    (finding,) = b.found("ECS-IAM-026", account(variable(name, verdict)))
    assert finding.severity == severity
    assert "its task role web-task is not used" in finding.summary


def test_static_keys_from_a_secret_win_too() -> None:
    secret = b.arn("secretsmanager", "secret:keys-AbCdEf")
    (finding,) = b.found("ECS-IAM-026", account(AWS_ACCESS_KEY_ID=secret))
    assert finding.severity == Severity.MEDIUM


@pytest.mark.parametrize("found", [variable("AWS_REGION"), variable("AWS_ACCESS_KEY_ID", length=0)])
def test_other_variables_and_empty_keys_are_silent(found: EnvironmentVariable) -> None:
    assert b.found("ECS-IAM-026", account(found)) == ()
