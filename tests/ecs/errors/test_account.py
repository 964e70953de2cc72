"""What the account says of an error today."""

import json
from typing import Any

import msgspec
import pytest

from ecsiam_tui.account.iam import PermissionsBoundary, User
from ecsiam_tui.account.resources import Key, SecretResource
from ecsiam_tui.account.snapshot import Gap, Snapshot
from ecsiam_tui.ecs.errors import explain
from ecsiam_tui.policy.account import AccountPolicies
from tests.ecs.builders import ACCOUNT, NOW, allow, arn, definition, role, role_arn, trust

SECRET = arn("secretsmanager", "secret:prod/db-AbCdEf")
KEY = arn("kms", "key/1234abcd")
TASK = "0123456789abcdef0123456789abcdef"


def account(*roles: Any, **more: Any) -> AccountPolicies:
    return AccountPolicies(Snapshot(account_id=ACCOUNT, taken_at=NOW, roles=roles, **more))


def denied(
    name: str = "web-exec",
    action: str = "secretsmanager:GetSecretValue",
    resource: str = SECRET,
    owner: str = ACCOUNT,
    why: str = "",
) -> str:
    return (
        f"User: arn:aws:sts::{owner}:assumed-role/{name}/{TASK} is not authorized to perform: {action}"
        f" on resource: {resource}{why}"
    )


def assume(name: str) -> str:
    return (
        f"(service web) failed to launch a task with (error ECS was unable to assume the role"
        f" '{role_arn(name)}' that was provided for this task.)"
    )


def test_still_denied() -> None:
    web = definition({}, executionRoleArn=role_arn("web-exec"))
    (one,) = explain(denied(), account(role("web-exec"), task_definitions=(web,)))
    assert one.decision is not None
    assert one.decision.outcome == "ImplicitlyDenied"
    assert "still deny" in one.now
    assert one.role_kind == "task-execution"
    assert one.layer == "identity"
    assert one.fixes[0] == (
        f"allow secretsmanager:GetSecretValue on {SECRET} to role web-exec (task execution role)"
    )
    assert one.steps[0].statements == (
        {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": SECRET},
    )
    assert one.data()["decision"]["result"] == "ImplicitlyDenied"


def test_allowed_now() -> None:
    web = role("web-exec", allow("secretsmanager:GetSecretValue", on=SECRET))
    (one,) = explain(denied(), account(web))
    assert one.decision is not None
    assert one.decision.allowed
    assert "changed since" in one.now
    assert "start the task again" in one.fixes[0]


def test_the_boundary_is_named_though_the_text_is_silent() -> None:
    edge = f"arn:aws:iam::{ACCOUNT}:policy/edge"
    limited = msgspec.structs.replace(
        role("web-exec", allow("*")),
        permissions_boundary=PermissionsBoundary(permissions_boundary_arn=edge),
    )
    policies = AccountPolicies(
        Snapshot(account_id=ACCOUNT, taken_at=NOW, roles=(limited,)),
        managed={edge: allow("s3:*")}.get,
    )
    (one,) = explain(denied(), policies)
    assert one.layer == "boundary"
    assert "permissions boundary of role web-exec" in one.fixes[0]


def test_a_role_with_a_path_has_its_own_arn() -> None:
    found = msgspec.structs.replace(role("web-exec"), arn=f"arn:aws:iam::{ACCOUNT}:role/apps/web-exec")
    (one,) = explain(denied(), account(found))
    assert one.role == f"arn:aws:iam::{ACCOUNT}:role/apps/web-exec"


@pytest.mark.parametrize("owner", ["***", "xxxxxxxxxxxx", "<account>", "account_id", "REDACTED"])
def test_a_blacked_out_account_is_this_one(owner: str) -> None:
    text = denied(owner=owner, resource=SECRET.replace(ACCOUNT, owner))
    (one,) = explain(text, account(role("web-exec")))
    assert one.role == role_arn("web-exec")
    assert one.decision is not None
    assert one.decision.request.resource == SECRET


def test_another_account_is_not_this_one() -> None:
    (one,) = explain(denied(owner="999999999999"), account(role("web-exec")))
    assert one.decision is None
    assert "belongs to account 999999999999" in one.now


def test_a_cut_secret_is_found() -> None:
    text = denied(resource=SECRET[:-8] + "...")
    secrets = (SecretResource(arn=SECRET, name="prod/db"),)
    (one,) = explain(text, account(role("web-exec"), secrets=secrets))
    assert one.decision is not None
    assert one.decision.request.resource == SECRET


def test_a_user() -> None:
    text = (
        f"User: arn:aws:iam::{ACCOUNT}:user/ann is not authorized to perform: iam:PassRole on resource:"
        f" {role_arn('web-exec')}"
    )
    users = (User(user_name="ann", arn=f"arn:aws:iam::{ACCOUNT}:user/ann"),)
    (one,) = explain(text, account(role("web-exec"), users=users))
    assert one.role == ""
    assert one.principal == f"arn:aws:iam::{ACCOUNT}:user/ann"
    assert one.decision is not None
    assert one.fixes == (f"allow iam:PassRole on {role_arn('web-exec')} to user ann",)


def test_a_role_that_is_gone() -> None:
    (one,) = explain(assume("web-task"), account())
    assert one.category == "trust"
    assert one.now.startswith("there is no role web-task")
    assert "exists" in one.fixes[0]


def test_a_role_that_was_not_read() -> None:
    gap = Gap(call="iam:GetAccountAuthorizationDetails", reason="denied", unknown=("roles",))
    (one,) = explain(assume("web-task"), account(gaps=(gap,)))
    assert one.now == ""


@pytest.mark.parametrize(
    ("trusts", "outcome"),
    [
        (trust("ecs-tasks.amazonaws.com"), "Allowed"),
        (trust("ec2.amazonaws.com"), "ImplicitlyDenied"),
        (
            trust(
                "ecs-tasks.amazonaws.com",
                condition={"ArnLike": {"aws:SourceArn": arn("ecs", "cluster/prod")}},
            ),
            "ImplicitlyDenied",
        ),
        (
            trust(
                "ecs-tasks.amazonaws.com",
                condition={"ArnLike": {"aws:SourceArn": arn("ecs", "*")}},
            ),
            "Allowed",
        ),
    ],
)
def test_a_trust_policy_is_asked_as_ecs_asks(trusts: str, outcome: str) -> None:
    web = definition({}, taskRoleArn=role_arn("web-task"))
    policies = account(role("web-task", trusts=trusts), task_definitions=(web,))
    (one,) = explain(assume("web-task"), policies)
    assert one.role_kind == "task"
    assert one.decision is not None
    assert one.decision.outcome == outcome
    if outcome != "Allowed":
        assert (
            one.fixes[0] == "let ecs-tasks.amazonaws.com assume role web-task (task role) in its trust policy"
        )


def test_the_service_linked_role() -> None:
    text = "Unable to assume the service linked role. Please verify that the ECS service linked role exists."
    (missing,) = explain(text, account())
    assert "does not exist" in missing.now
    (there,) = explain(text, account(role("AWSServiceRoleForECS")))
    assert "exists now" in there.now


def test_the_key_behind_a_secret() -> None:
    text = (
        "ResourceInitializationError: unable to retrieve secret from asm: failed to fetch secret"
        f" {SECRET} from secrets manager: AccessDeniedException: Access to KMS is not allowed"
    )
    key_policy = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                "Action": "kms:*",
                "Resource": "*",
            },
        }
    )
    policies = account(
        role("web-exec", allow("secretsmanager:GetSecretValue")),
        secrets=(SecretResource(arn=SECRET, name="prod/db", kms_key_id=KEY),),
        keys=(Key(arn=KEY, key_id="1234abcd", key_manager="CUSTOMER", policy=key_policy),),
    )
    (one,) = explain(text, policies, roles={"task-execution": role_arn("web-exec")})
    assert one.resource == KEY
    assert one.decision is not None
    assert one.decision.outcome == "ImplicitlyDenied"
    assert one.fixes[0] == f"allow kms:Decrypt on {KEY} to role web-exec (task execution role)"


def test_what_is_not_iam_asks_nobody() -> None:
    (one,) = explain(
        "CannotPullContainerError: dial tcp 10.0.0.1:443: i/o timeout", account(role("web-exec"))
    )
    assert one.category == "network"
    assert one.decision is None
    assert one.now == ""


CIPHER = "4GIOHlTkIaWHQD0Q0m6XSnuUMCm-abcdefghijklmnopqrstuvwxyz"
ENCODED = f"You are not authorized to perform this operation. Encoded authorization failure message: {CIPHER}"


def test_a_decoded_message() -> None:
    decoded = {
        "allowed": False,
        "explicitDeny": False,
        "context": {
            "principal": {"id": "AROA:x", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/infra/x"},
            "action": "ec2:RunInstances",
            "resource": arn("ec2", "instance/*"),
        },
    }
    asked = []

    def decode(message: str) -> str | None:
        asked.append(message)
        return json.dumps(decoded)

    (one,) = explain(ENCODED, account(role("infra")), decode)
    assert asked == [CIPHER]
    assert (one.action, one.resource, one.role) == (
        "ec2:RunInstances",
        arn("ec2", "instance/*"),
        role_arn("infra"),
    )
    assert one.decision is not None


@pytest.mark.parametrize("answer", [None, "", "no JSON", "[]", '{"context": 1}'])
def test_a_message_that_cannot_be_decoded(answer: str | None) -> None:
    (one,) = explain(ENCODED, None, lambda message: answer)
    assert one.category == "permission"
    assert "decode" in one.fixes[0]
