"""Privilege escalation on small accounts, each made for one way or for what bars it."""

import time
from typing import Any, NamedTuple

import pytest

from ecsiam_tui.account.ecs import Cluster
from ecsiam_tui.account.iam import (
    Group,
    InstanceProfile,
    PermissionsBoundary,
    PolicyVersion,
    Role,
    User,
)
from ecsiam_tui.account.resources import LambdaFunction
from ecsiam_tui.account.snapshot import Organization, OrganizationLevel, OrganizationPolicy, Snapshot
from ecsiam_tui.findings.escalation import Escalation, Escalations
from ecsiam_tui.graph import build
from ecsiam_tui.policy.account import AccountPolicies
from tests.graph import builders as make
from tests.graph.builders import ACCOUNT, OTHER, arn, attached, convert, document, inline, policy, statement

DENY = {"Effect": "Deny"}
TASKS = "ecs-tasks.amazonaws.com"
ADMIN = arn("iam", "role/admin")
DEFINITION = arn("ecs", "task-definition/web:3")
REGISTER, RUN = "ecs:RegisterTaskDefinition", "ecs:RunTask"
LAUNCH = statement([REGISTER, RUN])
CHANNELS = statement("ssmmessages:*")


def passes(roles: str | list[str] = "*", to: str | None = TASKS, **more: Any) -> dict[str, Any]:
    condition = {"Condition": {"StringEquals": {"iam:PassedToService": to}}} if to else {}
    return statement("iam:PassRole", roles, **condition, **more)


def when(operator: str, key: str, value: str) -> dict[str, Any]:
    return {"Condition": {operator: {key: value}}}


def role(name: str, *statements: dict[str, Any], trusts: Any = None, **fields: Any) -> Role:
    trust = make.trust(trusts or {"Service": TASKS})
    return make.role(name, *statements, **{"assume_role_policy_document": trust, **fields})


def admin(trusts: Any = None, name: str = "admin", **fields: Any) -> Role:
    """A role that may do everything."""
    return role(name, statement("*"), trusts=trusts, **fields)


def user(name: str, *statements: dict[str, Any], **fields: Any) -> User:
    own = {"user_policy_list": (inline("own", *statements),)} if statements else {}
    return User(**{"user_name": name, "arn": arn("iam", f"user/{name}"), **own, **fields})


def group(name: str, *statements: dict[str, Any], **fields: Any) -> Group:
    own = {"group_policy_list": (inline("own", *statements),)} if statements else {}
    return Group(**{"group_name": name, "arn": arn("iam", f"group/{name}"), **own, **fields})


def bounded(name: str = "edge") -> dict[str, Any]:
    return {
        "permissions_boundary": PermissionsBoundary(permissions_boundary_arn=arn("iam", f"policy/{name}"))
    }


def scp(*statements: dict[str, Any]) -> Organization:
    texts = (document(statement("*")), document(*statements))
    policies = tuple(
        OrganizationPolicy(
            id=f"p-{n}", arn=f"p-{n}", name=f"p-{n}", type="SERVICE_CONTROL_POLICY", content=text
        )
        for n, text in enumerate(texts)
    )
    level = OrganizationLevel(id="r-1", name="Root", policy_ids=tuple(found.id for found in policies))
    return Organization(id="o-1", management_account_id=OTHER, levels=(level,), policies=policies)


def machine(instance_role: Role, **fields: Any) -> dict[str, Any]:
    """A container instance with a role; the tasks on it are named in `fields`."""
    host = arn("ecs", "container-instance/prod/h1")
    profile = arn("iam", "instance-profile/hosts")
    return {
        "container_instances": (
            convert(
                make_type("ContainerInstance"),
                containerInstanceArn=host,
                clusterArn=make.CLUSTER,
                ec2InstanceId="i-1",
            ),
        ),
        "instances": (
            convert(
                make_type("Instance"),
                InstanceId="i-1",
                Region=make.REGION,
                IamInstanceProfile={"Arn": profile},
                Tags={"fleet": "blue"},
            ),
        ),
        "instance_profiles": (
            InstanceProfile(instance_profile_name="hosts", arn=profile, role_arns=(instance_role.arn,)),
        ),
        **fields,
    }


def make_type(name: str) -> type[Any]:
    from ecsiam_tui.account import compute

    found: type[Any] = getattr(compute, name)
    return found


HOSTS = role("hosts", statement("ssm:UpdateInstanceInformation"), trusts={"Service": "ec2.amazonaws.com"})
HOST = arn("ec2", "instance/i-1")


def account(*people: Role | User | Group, **fields: Any) -> Snapshot:
    """An account with one cluster and one task definition, web:3, without roles."""
    settings: dict[str, Any] = {"clusters": (make.cluster(),), "task_definitions": (make.definition(),)}
    for name, kind in (("roles", Role), ("users", User), ("groups", Group)):
        settings[name] = tuple(found for found in people if isinstance(found, kind))
    return make.snapshot(**{**settings, **fields})


def escalations(snapshot: Snapshot) -> Escalations:
    return Escalations(snapshot, AccountPolicies(snapshot), build(snapshot))


class Expected(NamedTuple):
    """Names of what is become, one after the other, and the actions of the first step."""

    names: str
    actions: str
    depends_on: tuple[str, ...] = ()
    unread: str = ""


def shell_of(task_role: str, **fields: Any) -> dict[str, Any]:
    """A running task with ECS Exec."""
    settings: dict[str, Any] = {
        "enableExecuteCommand": True,
        "taskDefinitionArn": DEFINITION,
        "overrides": {"taskRoleArn": task_role},
        "containers": [{"name": "app"}, {"name": "proxy"}],
    }
    return {"tasks": (make.task(**(settings | fields)),)}


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

OTHER_PATHS: dict[str, tuple[Snapshot, Expected | None]] = {
    "assume, both sides": (
        account(
            admin({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}), role("start", statement("sts:AssumeRole", ADMIN))
        ),
        Expected("admin", "sts:AssumeRole"),
    ),
    "assume, the trust leaves it to the account, which does not": (
        account(admin({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}), role("start", statement("s3:*"))),
        None,
    ),
    "assume, the trust names it": (
        account(admin({"AWS": arn("iam", "role/start")}), role("start")),
        Expected("admin", "sts:AssumeRole"),
    ),
    "assume, the trust names another": (
        account(admin({"AWS": arn("iam", "role/other")}), role("start", statement("sts:AssumeRole"))),
        None,
    ),
    "assume, the trust asks for an external id": (
        account(
            admin(
                assume_role_policy_document=make.trust(
                    {"AWS": ACCOUNT}, **when("StringEquals", "sts:ExternalId", "x")
                )
            ),
            role("start", statement("sts:AssumeRole")),
        ),
        Expected("admin", "sts:AssumeRole", ("sts:ExternalId",)),
    ),
    "a Lambda function": (
        account(
            admin({"Service": "lambda.amazonaws.com"}),
            role(
                "start",
                passes(to="lambda.amazonaws.com"),
                statement(
                    ["lambda:CreateFunction", "lambda:InvokeFunction"], arn("lambda", "function:tool-*")
                ),
            ),
        ),
        Expected("admin", "iam:PassRole lambda:CreateFunction lambda:InvokeFunction"),
    ),
    "a Lambda function that cannot be called": (
        account(
            admin({"Service": "lambda.amazonaws.com"}),
            role("start", passes(to=None), statement("lambda:CreateFunction")),
        ),
        None,
    ),
    "one function may be made, another called": (
        account(
            admin({"Service": "lambda.amazonaws.com"}),
            role(
                "start",
                passes(to=None),
                statement("lambda:CreateFunction", arn("lambda", "function:a")),
                statement("lambda:InvokeFunction", arn("lambda", "function:b")),
            ),
        ),
        None,
    ),
    "an EC2 instance": (
        account(
            admin({"Service": "ec2.amazonaws.com"}),
            role("start", passes(to="ec2.amazonaws.com"), statement("ec2:RunInstances")),
            instance_profiles=(InstanceProfile(instance_profile_name="a", arn="a", role_arns=(ADMIN,)),),
        ),
        Expected("admin", "iam:PassRole ec2:RunInstances"),
    ),
    "an EC2 instance takes no role without a profile": (
        account(
            admin({"Service": "ec2.amazonaws.com"}),
            role("start", passes(to=None), statement("ec2:RunInstances")),
        ),
        None,
    ),
    "a stack": (
        account(
            admin({"Service": "cloudformation.amazonaws.com"}),
            role("start", passes(to=None), statement("cloudformation:*")),
        ),
        Expected("admin", "iam:PassRole cloudformation:CreateStack"),
    ),
    "a schedule": (
        account(
            admin({"Service": "scheduler.amazonaws.com"}),
            role("start", passes(to=None), statement("scheduler:CreateSchedule")),
        ),
        Expected("admin", "iam:PassRole scheduler:CreateSchedule"),
    ),
    "the code of a function": (
        account(
            admin({"Service": "lambda.amazonaws.com"}),
            role("start", statement("lambda:UpdateFunctionCode", arn("lambda", "function:hook"))),
            functions=(
                LambdaFunction(
                    function_arn=arn("lambda", "function:hook"), function_name="hook", role=ADMIN, policy=None
                ),
            ),
        ),
        Expected("admin", "lambda:UpdateFunctionCode"),
    ),
    "an access key of an administrator": (
        account(
            user("boss", statement("*")),
            role("start", statement("iam:CreateAccessKey", arn("iam", "user/*"))),
        ),
        Expected("boss", "iam:CreateAccessKey"),
    ),
    "access keys of oneself alone": (
        account(
            user("boss", statement("*")),
            user("start", statement("iam:CreateAccessKey", f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}")),
        ),
        None,
    ),
    "joining a group": (
        account(group("admins", statement("*")), user("start", statement("iam:AddUserToGroup"))),
        Expected("admins", "iam:AddUserToGroup"),
    ),
    "changing the trust of an administrator": (
        account(
            admin({"Service": "ec2.amazonaws.com"}),
            role("start", statement("iam:UpdateAssumeRolePolicy", ADMIN)),
        ),
        Expected("admin", "iam:UpdateAssumeRolePolicy sts:AssumeRole"),
    ),
    "changing the trust without being able to assume": (
        account(
            admin({"Service": "ec2.amazonaws.com"}),
            role("start", statement("iam:UpdateAssumeRolePolicy", ADMIN), statement("sts:*", **DENY)),
        ),
        None,
    ),
    "changing what another role may and assuming it": (
        account(
            role("tool", trusts={"AWS": arn("iam", "role/start")}),
            role("start", statement("iam:PutRolePolicy", arn("iam", "role/tool"))),
        ),
        Expected("tool", "iam:PutRolePolicy sts:AssumeRole"),
    ),
    "changing what another role may that cannot be become": (
        account(role("tool"), role("start", statement("iam:PutRolePolicy", arn("iam", "role/tool")))),
        None,
    ),
    "changing what a bounded role may": (
        account(
            role("tool", trusts={"AWS": arn("iam", "role/start")}, **bounded()),
            role("start", statement("iam:PutRolePolicy", arn("iam", "role/tool"))),
            policies=(policy("edge", statement("s3:*")),),
        ),
        None,
    ),
    "attaching only a policy that is named": (
        account(
            role("tool", trusts={"AWS": arn("iam", "role/start")}),
            role(
                "start",
                statement(
                    "iam:AttachRolePolicy",
                    arn("iam", "role/tool"),
                    **when("ArnEquals", "iam:PolicyARN", arn("iam", "policy/small")),
                ),
            ),
        ),
        None,
    ),
    "an older version of its policy": (
        account(
            role(
                "start",
                statement("iam:SetDefaultPolicyVersion"),
                attached_managed_policies=attached("own"),
            ),
            policies=(
                policy(
                    "own",
                    statement("s3:*"),
                    policy_version_list=(PolicyVersion(version_id="v1"), PolicyVersion(version_id="v2")),
                ),
            ),
        ),
        Expected("start", "iam:SetDefaultPolicyVersion", ("whether another version of own allows more",)),
    ),
    "no older version of its policy": (
        account(
            role(
                "start", statement("iam:SetDefaultPolicyVersion"), attached_managed_policies=attached("own")
            ),
            policies=(policy("own", policy_version_list=(PolicyVersion(version_id="v1"),)),),
        ),
        None,
    ),
    "everything, with a second factor": (
        account(role("start", statement("*", **when("Bool", "aws:MultiFactorAuthPresent", "true")))),
        Expected("start", "*", ("aws:MultiFactorAuthPresent",)),
    ),
    "a policy that was not read": (
        account(admin(), role("start", LAUNCH, attached_managed_policies=attached("lost"))),
        Expected("admin", f"iam:PassRole {REGISTER} {RUN}", (), "policies that were not read"),
    ),
    "nothing but a policy that was not read": (
        account(admin(), role("start", attached_managed_policies=attached("lost"))),
        None,
    ),
    "a role of AWS is no start": (
        account(admin(), role("start", passes(), LAUNCH, path="/aws-service-role/ecs.amazonaws.com/")),
        None,
    ),
    "a reserved role is no start": (
        account(admin(), role("start", passes(), LAUNCH, path="/aws-reserved/sso.amazonaws.com/")),
        None,
    ),
}


def start_of(snapshot: Snapshot) -> str:
    people = (*snapshot.roles, *snapshot.users, *snapshot.groups)
    return next(found.arn for found in people if found.arn.endswith("/start"))


def check(found: Escalation | None, expected: Expected | None) -> None:
    if expected is None:
        assert found is None
        return
    assert found is not None
    assert " ".join(step.target.rsplit("/", 1)[-1] for step in found.steps) == expected.names
    assert " ".join(found.steps[0].actions) == expected.actions
    assert found.start == found.steps[0].source
    assert found.target == found.steps[-1].target
    assert len(found.depends_on) == len(expected.depends_on)
    assert all(text in key for text, key in zip(expected.depends_on, found.depends_on, strict=True))
    assert bool(found.rests_on) == bool(expected.unread)
    assert all(expected.unread in text for text in found.rests_on)
    assert found.is_certain == (not expected.depends_on and not expected.unread)


@pytest.mark.parametrize("name", ECS_PATHS)
def test_ways_through_ecs(name: str) -> None:
    snapshot, expected = ECS_PATHS[name]
    check(escalations(snapshot).path(start_of(snapshot)), expected)


@pytest.mark.parametrize("name", OTHER_PATHS)
def test_other_ways(name: str) -> None:
    snapshot, expected = OTHER_PATHS[name]
    check(escalations(snapshot).path(start_of(snapshot)), expected)


EDGE = (policy("edge", statement("s3:*")),)
ADMINS: dict[str, tuple[Snapshot, str]] = {
    "everything": (account(role("start", statement("*"))), "allows every action"),
    "everything but a trail": (
        account(role("start", statement("*"), statement("cloudtrail:StopLogging", **DENY))),
        "allows every action",
    ),
    "everything but IAM": (account(role("start", statement("*"), statement("iam:*", **DENY))), ""),
    "everything that NotAction does not name": (
        account(role("start", {"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"})),
        "",
    ),
    "everything within a boundary": (account(role("start", statement("*"), **bounded()), policies=EDGE), ""),
    "everything within a boundary of everything": (
        account(role("start", statement("*"), **bounded()), policies=(policy("edge", statement("*")),)),
        "allows every action",
    ),
    "every action on one bucket": (account(role("start", statement("*", "arn:aws:s3:::data/*"))), ""),
    "all of IAM": (account(role("start", statement("iam:*"))), "iam:PutRolePolicy"),
    "its own inline policies": (
        account(role("start", statement("iam:PutRolePolicy", arn("iam", "role/start")))),
        "iam:PutRolePolicy",
    ),
    "its own inline policies, which a boundary bounds": (
        account(
            role("start", statement("iam:PutRolePolicy", arn("iam", "role/start")), **bounded()),
            policies=EDGE,
        ),
        "",
    ),
    "its own inline policies and its boundary": (
        account(
            role("start", statement(["iam:PutRolePolicy", "iam:DeleteRolePermissionsBoundary"]), **bounded()),
            policies=(policy("edge", statement("iam:*")),),
        ),
        "iam:PutRolePolicy, iam:DeleteRolePermissionsBoundary",
    ),
    "its own policies, which an SCP forbids": (
        account(
            role("start", statement("iam:PutRolePolicy")), organization=scp(statement("iam:Put*", **DENY))
        ),
        "",
    ),
    "the policy that it has": (
        account(
            role(
                "start",
                statement("iam:CreatePolicyVersion", arn("iam", "policy/own")),
                attached_managed_policies=attached("own"),
            ),
            policies=(policy("own", statement("s3:*")),),
        ),
        "iam:CreatePolicyVersion",
    ),
    "a policy that another has": (
        account(
            role("start", statement("iam:CreatePolicyVersion", arn("iam", "policy/own"))),
            policies=(policy("own", statement("s3:*")),),
        ),
        "",
    ),
    "a user's group": (
        account(group("team"), user("start", statement("iam:AttachGroupPolicy", "*"), group_list=("team",))),
        "iam:AttachGroupPolicy",
    ),
    "a group whose members may change themselves": (
        account(
            group("start", statement("iam:PutUserPolicy", f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}"))
        ),
        "iam:PutUserPolicy",
    ),
    "a member of a group of administrators": (
        account(group("team", statement("*")), user("start", group_list=("team",))),
        "allows every action",
    ),
    "roles that it makes": (
        account(
            role("start", statement(["iam:CreateRole", "iam:AttachRolePolicy"], arn("iam", "role/ci-*")))
        ),
        "iam:CreateRole, iam:AttachRolePolicy",
    ),
    "roles that it makes within a boundary": (
        account(
            role(
                "start",
                statement(
                    ["iam:CreateRole", "iam:PutRolePolicy"],
                    arn("iam", "role/ci-*"),
                    **when("StringEquals", "iam:PermissionsBoundary", arn("iam", "policy/edge")),
                ),
            )
        ),
        "",
    ),
}


@pytest.mark.parametrize("name", ADMINS)
def test_who_is_an_administrator(name: str) -> None:
    snapshot, why = ADMINS[name]
    found, start = escalations(snapshot), start_of(snapshot)
    if not why:
        assert start not in found.admins()
    else:
        assert why in found.admins()[start]
        assert found.path(start) is None
        assert found.gains(start) == ()


def test_a_group_is_asked_even_if_nobody_is_in_it() -> None:
    found = escalations(account(admin(), group("start", passes(), LAUNCH))).path(arn("iam", "group/start"))
    check(found, Expected("admin", f"iam:PassRole {REGISTER} {RUN}"))


def test_a_certain_way_comes_before_a_shorter_possible_one() -> None:
    sure = {"AWS": arn("iam", "role/start")}
    middle = role("middle", trusts=sure)
    snapshot = account(
        admin({"AWS": [arn("iam", "role/middle"), arn("iam", "role/start")]}),
        middle,
        role(
            "start",
            statement("sts:AssumeRole", ADMIN, **DENY, **when("Bool", "aws:MultiFactorAuthPresent", "true")),
        ),
    )
    check(escalations(snapshot).path(arn("iam", "role/start")), Expected("middle admin", "sts:AssumeRole"))


def test_gains_name_the_strongest_role_and_count_the_others() -> None:
    shells = [
        make.task(
            f"t{number}",
            enableExecuteCommand=True,
            taskDefinitionArn=DEFINITION,
            overrides={"taskRoleArn": name},
            containers=[{"name": "app"}],
        )
        for number, name in enumerate(("small", "strong"))
    ]
    snapshot = account(
        role("small", statement("s3:GetObject"), CHANNELS),
        role("strong", statement("s3:*"), statement("dynamodb:*"), CHANNELS),
        role("start", statement("ecs:ExecuteCommand")),
        tasks=tuple(shells),
    )
    (gain,) = escalations(snapshot).gains(arn("iam", "role/start"))
    assert gain.target == arn("iam", "role/strong")
    assert "one of 2" in gain.steps[0].how
    assert gain.is_certain


def test_a_pipeline_gains_nothing_by_the_roles_that_it_names() -> None:
    web = role("web", statement("dynamodb:*"))
    named = role("start", passes(web.arn), LAUNCH)
    anything = role("start", passes(arn("iam", "role/*")), LAUNCH)
    assert escalations(account(web, named)).gains(named.arn) == ()
    assert [gain.target for gain in escalations(account(web, anything)).gains(anything.arn)] == [web.arn]


def test_nobody_gains_a_role_that_may_do_no_more() -> None:
    snapshot = account(role("small", statement("ecs:RunTask")), role("start", passes(), LAUNCH))
    assert escalations(snapshot).gains(arn("iam", "role/start")) == ()


def test_edges_put_administrators_first() -> None:
    snapshot = account(role("web", statement("s3:*")), admin(), role("start", passes(), LAUNCH))
    targets = [step.target for step in escalations(snapshot).edges(arn("iam", "role/start"))]
    assert targets == [ADMIN, arn("iam", "role/web")]


def test_circles_end() -> None:
    """Two roles that may become one another, and a third that is not reached."""
    one, two = arn("iam", "role/one"), arn("iam", "role/two")
    snapshot = account(role("one", trusts={"AWS": two}), role("two", trusts={"AWS": one}), admin())
    found = escalations(snapshot)
    assert found.path(one) is None
    assert [step.target for step in found.edges(one)] == [two]


@pytest.fixture(scope="module")
def demo(demo_snapshot: Snapshot) -> Escalations:
    return escalations(demo_snapshot)


def demo_arn(name: str) -> str:
    return f"arn:aws:iam::123456789012:{name}"


BUILDER = demo_arn("role/build-runner-task")


def test_demo_the_build_runner_is_an_administrator(demo: Escalations) -> None:
    assert "AdministratorAccess" in demo.admins()[BUILDER]
    assert demo.path(BUILDER) is None


def test_demo_deployers_run_the_build_runners_role(demo: Escalations) -> None:
    found = demo.path(demo_arn("group/deployers"))
    check(found, Expected("build-runner-task", f"iam:PassRole {REGISTER} {RUN}"))
    assert demo.path(demo_arn("group/developers")) is None


def test_demo_support_gets_into_tasks(demo: Escalations) -> None:
    support = demo_arn("role/support-oncall")
    found = demo.path(support)
    assert found is not None
    assert found.target == BUILDER
    assert found.is_certain
    steps = demo.edges(support)
    shells = {step.target.rsplit("/", 1)[-1] for step in steps if step.actions == ("ecs:ExecuteCommand",)}
    assert "identity-task" in shells
    assert "checkout-task" not in shells  # it lacks the channels of ECS Exec


@pytest.mark.parametrize("service", ["storefront", "search", "catalog", "queue-worker"])
@pytest.mark.parametrize("kind", ["task", "exec"])
def test_demo_healthy_roles_have_none(demo: Escalations, service: str, kind: str) -> None:
    role_arn = demo_arn(f"role/{service}-{kind}")
    assert role_arn in demo.account.principals
    assert demo.path(role_arn) is None
    assert demo.gains(role_arn) == ()
    assert role_arn not in demo.admins()


def test_many_roles_take_little_time() -> None:
    """Two thousand roles that could be passed by two hundred that may pass them; no pair is asked twice, and
    most are not asked at all."""
    several = [role(f"task-{number}", statement("s3:GetObject")) for number in range(2000)]
    several += [role(f"deploy-{number}", passes(arn("iam", "role/task-*")), LAUNCH) for number in range(200)]
    snapshot = account(admin({"Service": "ec2.amazonaws.com"}), *several)
    found = escalations(snapshot)
    start = time.process_time()
    assert not any(found.path(other.arn) for other in several)
    assert time.process_time() - start < 2
    assert [gain.target for gain in found.gains(arn("iam", "role/deploy-7"))] == [arn("iam", "role/task-0")]


def test_clusters_that_are_gone_run_nothing() -> None:
    gone = Cluster(cluster_arn=make.CLUSTER, cluster_name="prod", status="INACTIVE")
    snapshot = account(admin(), role("start", passes(), LAUNCH), clusters=(gone,))
    assert escalations(snapshot).path(arn("iam", "role/start")) is None
