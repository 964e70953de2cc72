"""Questions that cannot be meant: a warning or a usage error, never a silent answer."""

import pytest

from tests.cli.asking import answer

BUCKET = "arn:aws:s3:::acme-config/app.yml"
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:catalog/db-ucfXru"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/6f6cf27d-fb3c-4de0-89a1-3bc5ee95b084"
ROLE = "arn:aws:iam::123456789012:role/checkout-task"
ECS = "arn:aws:ecs:eu-west-1:123456789012"


def asked(command: str, action: str, resource: str) -> tuple[str, ...]:
    if command == "who-can":
        return (command, action, resource)
    return (command, "-p", "checkout-task", "-a", action, "-r", resource)


@pytest.mark.parametrize("command", ["simulate", "why-not", "who-can"])
@pytest.mark.parametrize(
    ("action", "hint"),
    [
        ("s3:GetObjct", "; did you mean s3:GetObject"),
        ("ecs:RunTasks", "; did you mean ecs:RunTask"),
        ("secretmanager:GetSecretValue", "; did you mean secretsmanager:GetSecretValue"),
        ("containers:RunTask", "; did you mean ecs:RunTask"),
        ("quux:Frobnicate", "; It is"),
    ],
)
def test_unknown_actions_are_warned_of(file: str, command: str, action: str, hint: str) -> None:
    said = answer(*asked(command, action, "*"), "--snapshot", file)
    assert f"{action} is not an action that is known{hint}" in said.err
    assert said.err.rstrip().endswith("It is evaluated as written.")
    assert action in said.out


@pytest.mark.parametrize("command", ["simulate", "why-not", "who-can"])
@pytest.mark.parametrize(
    ("action", "resource", "says"),
    [
        ("s3:GetObject", "acme-config", "'acme-config' is no resource: give its ARN"),
        ("s3:GetObject", "", "'' is no resource"),
        ("s3:GetObject", "arn:aws:s3", "is no resource"),
        ("GetObject", "*", "'GetObject' is no action"),
        ("s3:Get*", "*", "is a pattern"),
    ],
)
def test_what_is_no_question_at_all_ends_with_two(
    file: str, command: str, action: str, resource: str, says: str
) -> None:
    said = answer(*asked(command, action, resource), "--snapshot", file, code=2)
    assert says in said.err
    assert said.out == ""


@pytest.mark.parametrize(
    ("action", "resource", "says"),
    [
        ("kms:Decrypt", SECRET, f"kms:Decrypt is not for {SECRET}; it takes arn:aws:kms:"),
        ("ecs:RunTask", f"{ECS}:cluster/prod", "it takes arn:aws:ecs:Region:Account:task-definition/"),
        ("s3:GetObject", "arn:aws:s3:::acme-config", "is not for arn:aws:s3:::acme-config"),
        ("ecs:ListClusters", f"{ECS}:cluster/prod", "is about no single resource"),
        ("s3:GetObject", BUCKET, ""),
        ("s3:ListBucket", "arn:aws:s3:::acme-config", ""),
        ("secretsmanager:GetSecretValue", SECRET, ""),
        ("secretsmanager:GetSecretValue", SECRET[:-7], ""),
        ("kms:Decrypt", KEY, ""),
        ("kms:Decrypt", "arn:aws:kms:eu-west-1:123456789012:alias/aws/ssm", ""),
        ("iam:PassRole", ROLE, ""),
        ("sts:AssumeRole", ROLE, ""),
        ("ecs:UpdateService", f"{ECS}:service/prod/checkout", ""),
        ("ecs:ExecuteCommand", f"{ECS}:task/prod/0123456789abcdef0123456789abcdef", ""),
        ("ssm:GetParameters", "arn:aws:ssm:eu-west-1:123456789012:parameter/a/b", ""),
        ("logs:PutLogEvents", "arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/web:log-stream:x", ""),
        ("logs:CreateLogStream", "arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/web:*", ""),
        ("ecr:BatchGetImage", "arn:aws:ecr:eu-west-1:123456789012:repository/web", ""),
    ],
)
def test_resources_that_the_action_does_not_take(file: str, action: str, resource: str, says: str) -> None:
    said = answer("simulate", "-p", "PlatformAdmin", "-a", action, "-r", resource, "--snapshot", file)
    assert says in said.err
    assert bool(said.err) == bool(says)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("simulate", "-a", "s3:GetObject"), "--principal and --action are needed"),
        (("simulate", "-p", "checkout-task", "-a", "s3:GetObject", "-c", "x"), "key=value"),
        (("simulate", "-p", "x", "-a", "s3:GetObject", "--fail-unless", "maybe"), "allowed, denied, depends"),
        (("access",), "one PRINCIPAL"),
        (("access", "a", "--diff"), "two with --diff"),
    ],
)
def test_wrong_calls_end_with_two(file: str, arguments: tuple[str, ...], says: str) -> None:
    assert says in answer(*arguments, "--snapshot", file, code=2).err


def test_a_warning_does_not_disturb_json(file: str) -> None:
    said = answer(*asked("simulate", "s3:GetObjct", "*"), "--json", "--snapshot", file)
    assert said.out.startswith("[")
    assert "did you mean" in said.err


@pytest.mark.parametrize(("wanted", "code"), [("depends", 0), ("allowed", 1), ("denied", 1)])
def test_fail_unless_takes_depends(file: str, wanted: str, code: int) -> None:
    question = asked("simulate", "s3:GetObject", "arn:aws:s3:::elsewhere/a")
    answer(*question, "--fail-unless", wanted, "--snapshot", file, code=code)
