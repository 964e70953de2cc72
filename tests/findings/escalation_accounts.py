"""Small accounts for tests of privilege escalation, and what is expected of them."""

from typing import Any, NamedTuple

from ecsiam_tui.account.compute import ContainerInstance, Instance
from ecsiam_tui.account.iam import Group, InstanceProfile, PermissionsBoundary, Role, User
from ecsiam_tui.account.snapshot import Organization, OrganizationLevel, OrganizationPolicy, Snapshot
from ecsiam_tui.findings.escalation import Escalation, Escalations
from ecsiam_tui.graph import build
from ecsiam_tui.policy.account import AccountPolicies
from tests.graph import builders as make
from tests.graph.builders import OTHER, arn, convert, document, inline, statement

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
                ContainerInstance,
                containerInstanceArn=host,
                clusterArn=make.CLUSTER,
                ec2InstanceId="i-1",
            ),
        ),
        "instances": (
            convert(
                Instance,
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


def start_of(snapshot: Snapshot) -> str:
    """The principal called `start`."""
    people: tuple[Role | User | Group, ...] = (*snapshot.roles, *snapshot.users, *snapshot.groups)
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
