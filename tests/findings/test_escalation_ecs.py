"""Privilege escalation through Amazon ECS, each account made for one way or for what bars it."""

import pytest

from ecsiam_tui.account.snapshot import Snapshot
from tests.findings.escalation_accounts import (
    ADMIN,
    DENY,
    HOST,
    HOSTS,
    LAUNCH,
    REGISTER,
    RUN,
    TASKS,
    Expected,
    account,
    admin,
    bounded,
    check,
    escalations,
    machine,
    passes,
    role,
    scp,
    shell_of,
    start_of,
    when,
)
from tests.graph import builders as make
from tests.graph.builders import ACCOUNT, arn, policy, statement

ECS_PATHS: dict[str, tuple[Snapshot, Expected | None]] = {
    "register and run": (
        account(admin(), role("start", passes(), LAUNCH)),
        Expected("admin", f"iam:PassRole {REGISTER} {RUN}"),
    ),
    "register alone runs nothing": (account(admin(), role("start", passes(), statement(REGISTER))), None),
    "run and register without PassRole": (account(admin(), role("start", LAUNCH)), None),
    "PassRole alone": (account(admin(), role("start", passes(to=None))), None),
    "PassRole is denied": (
        account(admin(), role("start", passes(), LAUNCH, passes("*", None, Effect="Deny"))),
        None,
    ),
    "PassRole of that role is denied": (
        account(admin(), role("start", passes(), LAUNCH, passes(ADMIN, None, Effect="Deny"))),
        None,
    ),
    "PassRole to another service": (
        account(admin(), role("start", passes(to="lambda.amazonaws.com"), LAUNCH)),
        None,
    ),
    "PassRole of other roles": (
        account(admin(), role("start", passes(arn("iam", "role/web-*")), LAUNCH)),
        None,
    ),
    "PassRole by a pattern that covers it": (
        account(admin(), role("start", passes(arn("iam", "role/ad*")), LAUNCH)),
        Expected("admin", f"iam:PassRole {REGISTER} {RUN}"),
    ),
    "the role trusts another service": (
        account(admin({"Service": "ec2.amazonaws.com"}), role("start", passes(to=None), LAUNCH)),
        None,
    ),
    "the trust asks for a cluster, which ECS does not send": (
        account(
            admin(
                assume_role_policy_document=make.trust(
                    {"Service": TASKS}, **when("ArnLike", "aws:SourceArn", make.CLUSTER)
                )
            ),
            role("start", passes(), LAUNCH),
        ),
        None,
    ),
    "the trust asks for the account": (
        account(
            admin(
                assume_role_policy_document=make.trust(
                    {"Service": TASKS}, **when("StringEquals", "aws:SourceAccount", ACCOUNT)
                )
            ),
            role("start", passes(), LAUNCH),
        ),
        Expected("admin", f"iam:PassRole {REGISTER} {RUN}"),
    ),
    "the boundary of the start bars it": (
        account(
            admin(),
            role("start", passes(), LAUNCH, **bounded()),
            policies=(policy("edge", statement(["ecs:*", "s3:*"])),),
        ),
        None,
    ),
    "the boundary of the start lets it": (
        account(
            admin(),
            role("start", passes(), LAUNCH, **bounded()),
            policies=(policy("edge", statement(["ecs:*", "iam:PassRole"])),),
        ),
        Expected("admin", f"iam:PassRole {REGISTER} {RUN}"),
    ),
    "a boundary that was not read": (
        account(admin(), role("start", passes(), LAUNCH, **bounded())),
        Expected("admin", f"iam:PassRole {REGISTER} {RUN}", (), "boundary"),
    ),
    "a boundary cuts the target down": (
        account(
            admin(**bounded()),
            role("start", passes(), LAUNCH),
            policies=(policy("edge", statement("s3:*")),),
        ),
        None,
    ),
    "an SCP bars it": (
        account(
            admin(), role("start", passes(), LAUNCH), organization=scp(statement("iam:PassRole", **DENY))
        ),
        None,
    ),
    "an SCP bars something else": (
        account(admin(), role("start", passes(), LAUNCH), organization=scp(statement("s3:*", **DENY))),
        Expected("admin", f"iam:PassRole {REGISTER} {RUN}"),
    ),
    "an open key": (
        account(
            admin(),
            role(
                "start",
                passes(),
                statement([REGISTER, RUN], **when("Bool", "aws:MultiFactorAuthPresent", "true")),
            ),
        ),
        Expected("admin", f"iam:PassRole {REGISTER} {RUN}", ("aws:MultiFactorAuthPresent",)),
    ),
    "another family than the one it may run": (
        account(
            admin(),
            role(
                "start",
                passes(),
                statement(REGISTER, arn("ecs", "task-definition/web:*")),
                statement(RUN, arn("ecs", "task-definition/api:*")),
            ),
        ),
        None,
    ),
    "the family that it may run": (
        account(
            admin(),
            role(
                "start",
                passes(),
                statement(REGISTER, arn("ecs", "task-definition/api-*:*")),
                statement(RUN, arn("ecs", "task-definition/api-v2:*")),
            ),
        ),
        Expected("admin", f"iam:PassRole {REGISTER} {RUN}"),
    ),
    "override of a task definition that is there": (
        account(admin(), role("start", passes(), statement(RUN))),
        Expected("admin", f"iam:PassRole {RUN}"),
    ),
    "no task definition to override": (
        account(admin(), role("start", passes(), statement(RUN)), task_definitions=()),
        None,
    ),
    "RunTask in a cluster that is there": (
        account(
            admin(), role("start", passes(), statement(RUN, **when("ArnEquals", "ecs:cluster", make.CLUSTER)))
        ),
        Expected("admin", f"iam:PassRole {RUN}"),
    ),
    "RunTask in a cluster that is not": (
        account(
            admin(),
            role(
                "start",
                passes(),
                statement(RUN, **when("ArnEquals", "ecs:cluster", arn("ecs", "cluster/gone"))),
            ),
        ),
        None,
    ),
    "no cluster, and none can be made": (
        account(admin(), role("start", passes(), LAUNCH), clusters=()),
        None,
    ),
    "no cluster, and one can be made": (
        account(admin(), role("start", passes(), LAUNCH, statement("ecs:CreateCluster")), clusters=()),
        Expected("admin", f"iam:PassRole {REGISTER} {RUN}"),
    ),
    "a service of its own": (
        account(
            admin(),
            role(
                "start",
                passes(),
                statement(REGISTER),
                statement("ecs:CreateService", arn("ecs", "service/prod/x*")),
            ),
        ),
        Expected("admin", f"iam:PassRole {REGISTER} ecs:CreateService"),
    ),
    "a service in a cluster that is not": (
        account(
            admin(),
            role(
                "start",
                passes(),
                statement(REGISTER),
                statement("ecs:CreateService", arn("ecs", "service/gone/*")),
            ),
        ),
        None,
    ),
    "a service that is there": (
        account(
            admin(),
            role("start", passes(), statement([REGISTER, "ecs:UpdateService"])),
            services=(make.service(),),
        ),
        Expected("admin", f"iam:PassRole {REGISTER} ecs:UpdateService"),
    ),
    "no service to update": (
        account(admin(), role("start", passes(), statement([REGISTER, "ecs:UpdateService"]))),
        None,
    ),
    "StartTask without a machine": (
        account(admin(), role("start", passes(), statement("ecs:StartTask"))),
        None,
    ),
    "StartTask on a machine that is there": (
        account(admin(), HOSTS, role("start", passes(), statement("ecs:StartTask")), **machine(HOSTS)),
        Expected("admin", "iam:PassRole ecs:StartTask"),
    ),
    "StartTask on a machine of one's own": (
        account(
            admin(), role("start", passes(), statement(["ecs:StartTask", "ecs:RegisterContainerInstance"]))
        ),
        Expected("admin", "iam:PassRole ecs:StartTask ecs:RegisterContainerInstance"),
    ),
    "a pipeline that passes the roles of its services": (
        account(
            admin(),
            role("web", statement("s3:GetObject", "arn:aws:s3:::data/*")),
            role("start", passes(arn("iam", "role/web")), statement([REGISTER, RUN, "ecs:UpdateService"])),
        ),
        None,
    ),
    "by way of a stronger role": (
        account(
            admin(),
            role("middle", statement("sts:AssumeRole", ADMIN)),
            admin({"AWS": arn("iam", "role/middle")}, name="root-like"),
            role("start", passes(arn("iam", "role/middle")), LAUNCH),
        ),
        Expected("middle root-like", f"iam:PassRole {REGISTER} {RUN}"),
    ),
    "a shell in a task": (
        account(
            role("task", statement("*")),
            role("start", statement(["ecs:ExecuteCommand", "ecs:DescribeTasks"])),
            **shell_of("task"),
        ),
        Expected("task", "ecs:ExecuteCommand"),
    ),
    "ECS Exec is off": (
        account(
            role("task", statement("*")),
            role("start", statement("ecs:ExecuteCommand")),
            **shell_of("task", enableExecuteCommand=False),
        ),
        None,
    ),
    "the task has stopped": (
        account(
            role("task", statement("*")),
            role("start", statement("ecs:ExecuteCommand")),
            **shell_of("task", lastStatus="STOPPED"),
        ),
        None,
    ),
    "the task role has no channels": (
        account(
            role("task", statement("*"), statement("ssmmessages:OpenDataChannel", **DENY)),
            role("start", statement("ecs:ExecuteCommand")),
            **shell_of("task"),
        ),
        None,
    ),
    "shells in another cluster": (
        account(
            role("task", statement("*")),
            role(
                "start",
                statement("ecs:ExecuteCommand", [arn("ecs", "task/dev/*"), arn("ecs", "cluster/dev")]),
            ),
            **shell_of("task"),
        ),
        None,
    ),
    "shells in the task without its cluster": (
        account(
            role("task", statement("*")),
            role("start", statement("ecs:ExecuteCommand", arn("ecs", "task/prod/*"))),
            **shell_of("task"),
        ),
        None,
    ),
    "shells in the task and its cluster": (
        account(
            role("task", statement("*")),
            role("start", statement("ecs:ExecuteCommand", [arn("ecs", "task/prod/*"), make.CLUSTER])),
            **shell_of("task"),
        ),
        Expected("task", "ecs:ExecuteCommand"),
    ),
    "shells in one container are enough": (
        account(
            role("task", statement("*")),
            role(
                "start",
                statement("ecs:ExecuteCommand", **when("StringEquals", "ecs:container-name", "proxy")),
            ),
            **shell_of("task"),
        ),
        Expected("task", "ecs:ExecuteCommand"),
    ),
    "shells in no container that is there": (
        account(
            role("task", statement("*")),
            role(
                "start", statement("ecs:ExecuteCommand", **when("StringEquals", "ecs:container-name", "db"))
            ),
            **shell_of("task"),
        ),
        None,
    ),
    "a session in a task": (
        account(
            role("task", statement("*")),
            role("start", statement("ssm:StartSession", arn("ecs", "task/*"))),
            **shell_of("task"),
        ),
        Expected("task", "ssm:StartSession"),
    ),
    "a session on a machine with a task of an administrator": (
        account(
            admin(),
            HOSTS,
            role("start", statement("ssm:StartSession", HOST)),
            **machine(HOSTS),
            **shell_of(
                "admin",
                enableExecuteCommand=False,
                containerInstanceArn=arn("ecs", "container-instance/prod/h1"),
            ),
        ),
        Expected("admin", "ssm:StartSession"),
    ),
    "a session on another machine": (
        account(
            admin(),
            HOSTS,
            role("start", statement("ssm:StartSession", arn("ec2", "instance/i-2"))),
            **machine(HOSTS),
            **shell_of(
                "admin",
                enableExecuteCommand=False,
                containerInstanceArn=arn("ecs", "container-instance/prod/h1"),
            ),
        ),
        None,
    ),
    "sessions on machines with a tag": (
        account(
            admin({"Service": "ec2.amazonaws.com"}),
            role(
                "start",
                statement("ssm:StartSession", **when("StringEquals", "ssm:resourceTag/fleet", "blue")),
            ),
            **machine(admin({"Service": "ec2.amazonaws.com"})),
        ),
        Expected("admin", "ssm:StartSession"),
    ),
    "sessions on machines with another tag": (
        account(
            admin({"Service": "ec2.amazonaws.com"}),
            role(
                "start",
                statement("ssm:StartSession", **when("StringEquals", "ssm:resourceTag/fleet", "green")),
            ),
            **machine(admin({"Service": "ec2.amazonaws.com"})),
        ),
        None,
    ),
    "a machine that is not managed": (
        account(
            admin(),
            make.role("hosts"),
            role("start", statement("ssm:StartSession")),
            **machine(make.role("hosts")),
            **shell_of(
                "admin",
                enableExecuteCommand=False,
                containerInstanceArn=arn("ecs", "container-instance/prod/h1"),
            ),
        ),
        None,
    ),
    "a command on a machine needs the document too": (
        account(
            admin({"Service": "ec2.amazonaws.com"}),
            role("start", statement("ssm:SendCommand", HOST)),
            **machine(admin({"Service": "ec2.amazonaws.com"})),
        ),
        None,
    ),
    "a command on a machine": (
        account(
            admin({"Service": "ec2.amazonaws.com"}),
            role("start", statement("ssm:SendCommand", [HOST, f"arn:aws:ssm:{make.REGION}::document/AWS-*"])),
            **machine(admin({"Service": "ec2.amazonaws.com"})),
        ),
        Expected("admin", "ssm:SendCommand"),
    ),
    "a service moved to a revision with a stronger role": (
        account(
            role("strong", statement("*")),
            role("start", statement(["ecs:UpdateService", "ecs:ExecuteCommand"])),
            services=(make.service(),),
            task_definitions=(make.definition(taskRoleArn="strong"),),
        ),
        Expected("strong", "ecs:UpdateService ecs:ExecuteCommand", ("whether",)),
    ),
}


@pytest.mark.parametrize("name", ECS_PATHS)
def test_ways_through_ecs(name: str) -> None:
    snapshot, expected = ECS_PATHS[name]
    check(escalations(snapshot).path(start_of(snapshot)), expected)
