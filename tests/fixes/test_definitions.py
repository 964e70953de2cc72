"""Recipes that register revisions or mend what they name: on small accounts."""

import json
from datetime import timedelta
from typing import Any

import pytest

from ecsiam_tui.account.resources import (
    AccessPoint,
    FileSystem,
    Parameter,
    Repository,
    SecretResource,
)
from ecsiam_tui.account.tasks import (
    EnvironmentVariable,
    FileSystemVolume,
    Volume,
)
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.editing import edited
from ecsiam_tui.changes.looking import ChangeError
from ecsiam_tui.fixes.recipes.references import corrected_value
from tests.findings import builders as b
from tests.fixes.accounts import DB, GROUP, QUEUE, READ, account, fixes, kinds, newest


def test_edits_reach_into_what_a_snapshot_holds_as_tuples() -> None:
    data = {"secrets": ({"name": "A"}, {"name": "B"}), "tags": {}}
    made = edited(
        data,
        [
            c.Edit(path=("secrets", 1), remove=True),
            c.Edit(path=("secrets", 0, "valueFrom"), value="x"),
            c.Edit(path=("new", "inside"), value=1),
        ],
    )
    assert made == {"secrets": [{"name": "A", "valueFrom": "x"}], "tags": {}, "new": {"inside": 1}}
    assert data["secrets"] == ({"name": "A"}, {"name": "B"})


def test_another_variable_than_the_one_meant_is_not_taken_away() -> None:
    data = {"environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}
    edit = c.Edit(path=("environment", 1), remove=True, named="B")
    assert edited(data, [edit]) == {"environment": [{"name": "A", "value": "1"}]}
    turned = {"environment": data["environment"][::-1]}
    with pytest.raises(ChangeError, match=r"environment\.1 is not B; refresh"):
        edited(turned, [edit])


# valueFrom and what is named --------------------------------------------------------------------------------

SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (f"{SECRET}:password", f"{SECRET}:password::"),
        (f"{SECRET}:password:AWSCURRENT", f"{SECRET}:password:AWSCURRENT:"),
        (f"{SECRET}:", SECRET),
        (f"{SECRET}:password:::", f"{SECRET}:password::"),
        (f" {SECRET} ", SECRET),
        (f'"{SECRET}"', SECRET),
        (f"{SECRET}:a:b:c:d", ""),
        ("arn:aws:secretsmanager:eu-west-1:123456789012:db", ""),
        (" /web/token ", "/web/token"),
        ("arn:aws:s3:::bucket/key", ""),
    ],
)
def test_a_value_from_is_completed_where_it_is_clear(text: str, meant: str) -> None:
    assert corrected_value(text) == meant


def test_a_completed_value_from_brings_the_permission_with_it() -> None:
    there = account(
        b.container(secrets={"DB": f"{DB}:password", "OK": DB}), secrets=[SecretResource(arn=DB, name="db")]
    )
    (fix,) = fixes("ECS-IAM-037", there, "fix-value-from")
    assert [one.value_from for one in newest(there, fix).container_definitions[0].secrets] == [
        f"{DB}:password::",
        DB,
    ]
    # The other secret lacked it before: that is another finding's.
    assert kinds(fix) == ["RegisterTaskDefinition", "UpdateService"]
    alone = account(
        b.container(secrets={"DB": f"{DB}:password"}), secrets=[SecretResource(arn=DB, name="db")]
    )
    (fix,) = fixes("ECS-IAM-037", alone, "fix-value-from")
    assert kinds(fix) == ["PutRolePolicy", "RegisterTaskDefinition", "UpdateService"]


def test_a_value_from_that_could_be_anything_is_left_to_people() -> None:
    there = account(b.container(secrets={"DB": f"{DB}:a:b:c:d"}), secrets=[SecretResource(arn=DB, name="db")])
    (fix,) = fixes("ECS-IAM-037", there, "fix-value-from")
    assert fix.changes == ()
    assert fix.title.startswith("By hand")


def test_a_parameter_of_another_region_is_named_by_its_arn() -> None:
    missing = b.arn("ssm", "parameter/web/token")
    elsewhere = b.arn("ssm", "parameter/web/token", region="us-east-1")
    there = account(
        b.container(secrets={"TOKEN": "/web/token"}),
        inline={"read": b.document(b.allow("ssm:GetParameters"))},
        missing=[missing],
        parameters=[
            Parameter(arn=elsewhere, name="/web/token"),
            Parameter(arn=missing + "2", name="/web/token2"),
        ],
    )
    (fix,) = fixes("ECS-IAM-034", there, "fix-reference")
    assert newest(there, fix).container_definitions[0].secrets[0].value_from == elsewhere
    chosen = {"instead of TOKEN": (missing + "2",)}
    (fix,) = fixes("ECS-IAM-034", there, "fix-reference", chosen)
    assert newest(there, fix).container_definitions[0].secrets[0].value_from == missing + "2"


def test_a_secret_that_is_gone_is_asked_about() -> None:
    gone = b.arn("secretsmanager", "secret:gone-AbCdEf")
    there = account(
        b.container(secrets={"DB": f"{gone}:password::"}),
        inline={"read": b.document(b.allow(READ, DB))},
        missing=[gone],
        secrets=[SecretResource(arn=DB, name="db")],
    )
    (told,) = fixes("ECS-IAM-033", there, "fix-reference")
    assert told.changes == ()
    (question,) = told.questions
    (fix,) = fixes("ECS-IAM-033", there, "fix-reference", {question.name: (f"{DB}:password::",)})
    assert newest(there, fix).container_definitions[0].secrets[0].value_from == f"{DB}:password::"


def test_a_secret_that_is_being_deleted_is_restored_by_hand() -> None:
    secret = SecretResource(arn=DB, name="db", deleted_date=b.NOW + timedelta(days=7))
    there = account(b.container(secrets={"DB": DB}), secrets=[secret])
    (fix,) = fixes("ECS-IAM-033", there, "restore-secret")
    assert fix.title == f"By hand: aws secretsmanager restore-secret --secret-id {DB}"
    assert "2026-11-08" in fix.warnings[0]


def test_an_image_that_is_there_takes_the_place_of_one_that_is_not() -> None:
    old, new = (f"{b.ACCOUNT}.dkr.ecr.{b.REGION}.amazonaws.com/web:{tag}" for tag in ("1", "2"))
    pull = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:GetAuthorizationToken"]
    repository = Repository(
        repository_arn=b.arn("ecr", "repository/web"),
        repository_name="web",
        policy=None,
        images={old: True, new: False},
    )
    there = account(
        b.container(image=new), inline={"pull": b.document(b.allow(pull))}, repositories=[repository]
    )
    assert fixes("ECS-IAM-036", there, "fix-reference")[0].changes == ()
    (fix,) = fixes("ECS-IAM-036", there, "fix-reference", {"instead of app": (old,)})
    assert newest(there, fix).container_definitions[0].image == old


# Patterns ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "mended"),
    [
        (b.allow(READ, f"{DB}:password::"), b.allow(READ, DB)),
        (b.allow(READ, DB[:-7]), b.allow(READ, DB)),
        (
            b.allow([READ, "sqs:SendMessage"], [f"{DB}:password::", QUEUE]),
            b.allow([READ, "sqs:SendMessage"], [DB, QUEUE]),
        ),
        (
            b.allow("secretsmanager:DescribeSecret", DB),
            b.allow(["secretsmanager:DescribeSecret", READ], DB),
        ),
        (b.allow(READ, f"{DB[:-6]}*:password::"), b.allow(READ, f"{DB[:-6]}*")),
        (b.allow(READ, DB.replace(b.REGION, "us-east-1")), b.allow(READ, DB)),
    ],
)
def test_a_pattern_is_written_as_aws_compares(statement: Any, mended: Any) -> None:
    there = account(
        b.container(secrets={"DB": DB}),
        inline={"read": b.document(statement)},
        secrets=[SecretResource(arn=DB, name="db")],
    )
    (fix,) = fixes("ECS-IAM-038", there, "fix-resource-pattern")
    (change,) = fix.changes
    assert isinstance(change, c.PutRolePolicy)
    assert json.loads(change.document)["Statement"] == [mended]


def test_log_groups_are_compared_with_their_streams() -> None:
    statement = b.allow(["logs:CreateLogStream", "logs:PutLogEvents"], GROUP, Sid="Log")
    there = account(b.container(logs="/ecs/web"), inline={"log": b.document(statement)})
    (fix,) = fixes("ECS-IAM-038", there, "fix-resource-pattern")
    (change,) = fix.changes
    assert isinstance(change, c.PutRolePolicy)
    assert json.loads(change.document)["Statement"] == [{**statement, "Resource": f"{GROUP}:*"}]


# Containers, volumes, environments --------------------------------------------------------------------------


def test_containers_are_hardened_one_by_one() -> None:
    soft = b.container("soft", user=None, readonly_root_filesystem=False)
    there = account(b.container("hard"), soft)
    (fix,) = fixes("ECS-IAM-057", there, "harden-containers", {"user": ("1000",)})
    made = newest(there, fix).container_definitions
    assert [(one.name, one.user, one.readonly_root_filesystem) for one in made] == [
        ("hard", "1000", True),
        ("soft", "1000", True),
    ]
    (register, _) = fix.changes
    assert isinstance(register, c.RegisterTaskDefinition)
    assert {edit.path[1] for edit in register.edits} == {1}


def test_a_container_keeps_the_capabilities_that_do_not_free_it() -> None:
    capabilities = {"capabilities": {"add": ["SYS_ADMIN", "NET_BIND_SERVICE"]}, "initProcessEnabled": True}
    there = account(b.container(linux_parameters=capabilities, privileged=True))
    (fix,) = fixes("ECS-IAM-056", there, "harden-containers")
    (made,) = newest(there, fix).container_definitions
    assert made.privileged is False
    assert made.linux_parameters == {
        "capabilities": {"add": ["NET_BIND_SERVICE"]},
        "initProcessEnabled": True,
    }


def test_a_volume_goes_through_its_access_point_and_the_task_role_may_mount() -> None:
    system = FileSystem(
        file_system_id="fs-1",
        file_system_arn=b.arn("elasticfilesystem", "file-system/fs-1"),
        name="data",
        policy=b.document(
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{b.ACCOUNT}:root"},
                "Action": ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
                "Resource": "*",
            }
        ),
        access_points=(AccessPoint(access_point_id="fsap-1", root_directory={"Path": "/data"}),),
    )
    volume = Volume(
        name="data", efs_volume_configuration=FileSystemVolume(file_system_id="fs-1", root_directory="/data")
    )
    there = account(of_definition={"volumes": (volume,)}, file_systems=[system])
    (fix,) = fixes("ECS-IAM-059", there, "harden-volume")
    made = newest(there, fix).volumes[0].efs_volume_configuration
    assert made is not None
    assert made.authorization_config is not None
    assert (made.transit_encryption, made.root_directory) == ("ENABLED", "/")
    assert (made.authorization_config.iam, made.authorization_config.access_point_id) == ("ENABLED", "fsap-1")
    put = next(change for change in fix.changes if isinstance(change, c.PutRolePolicy))
    assert put.role == b.role_arn("web-task")
    assert "elasticfilesystem:ClientMount" in put.document


def variable(name: str, verdict: Any = "no") -> EnvironmentVariable:
    return EnvironmentVariable(name=name, length=20, looks_like_secret=verdict)


def test_variables_become_secrets_that_somebody_made() -> None:
    there = account(
        b.container(
            environment=(
                variable("A"),
                variable("PASSWORD", "password"),
                variable("B"),
                variable("TOKEN", "token"),
            )
        ),
        inline={},
        secrets=[SecretResource(arn=DB, name="db")],
    )
    (told,) = fixes("ECS-IAM-025", there, "move-secret-to-secrets-manager")
    assert told.changes == ()
    answers = {question.name: (DB,) for question in told.questions}
    (fix,) = fixes("ECS-IAM-025", there, "move-secret-to-secrets-manager", answers)
    (made,) = newest(there, fix).container_definitions
    assert [one.name for one in made.environment] == ["A", "B"]
    assert [(one.name, one.value_from) for one in made.secrets] == [("PASSWORD", DB), ("TOKEN", DB)]
    assert kinds(fix)[0] == "PutRolePolicy"
    assert any("Old revisions keep the value" in warning for warning in fix.warnings)


def test_static_keys_go_from_variables_and_secrets() -> None:
    there = account(
        b.container(
            environment=(variable("AWS_ACCESS_KEY_ID", "AWS key"), variable("A")),
            secrets={"AWS_SECRET_ACCESS_KEY": DB, "DB": DB},
        ),
        inline={"read": b.document(b.allow(READ, DB))},
        secrets=[SecretResource(arn=DB, name="db")],
    )
    (fix,) = fixes("ECS-IAM-026", there, "remove-static-keys")
    (made,) = newest(there, fix).container_definitions
    assert [one.name for one in made.environment] == ["A"]
    assert [one.name for one in made.secrets] == ["DB"]


def test_static_keys_stay_where_no_task_role_takes_their_place() -> None:
    there = account(
        b.container(environment=(variable("AWS_ACCESS_KEY_ID", "AWS key"),)),
        task_definitions=[
            b.definition("web", b.container(environment=(variable("AWS_ACCESS_KEY_ID", "AWS key"),)))
        ],
    )
    assert fixes("ECS-IAM-026", there, "remove-static-keys") == []
