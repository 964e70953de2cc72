"""Roles of the synthetic estate: which service runs with which, and everything else that an account holds."""

from collections.abc import Sequence
from typing import NamedTuple

from bench.estate_names import ACCOUNT, AWAY, HOME, NOW, OBJECTS, TEAMS, Draw, Name, iam
from bench.estate_policies import AWS_MANAGED, Documents, aws_policy_arn, trust
from ecsiam_tui.account.iam import (
    AttachedPolicy,
    Group,
    InlinePolicy,
    InstanceProfile,
    ManagedPolicy,
    PermissionsBoundary,
    Role,
    RoleLastUsed,
    User,
)

COMMON_EXECUTION_ROLE = "ecsTaskExecutionRole"
INSTANCE_ROLE = "ecsInstanceRole"
EVENTS_ROLE = "ecsEventsRole"
SCALING_ROLE = "AWSServiceRoleForApplicationAutoScaling_ECSService"
DEPLOY_ROLE = "deploy-pipeline"


class RoleUse(NamedTuple):
    """The names of the roles that a service's task definition gives."""

    task: str
    execution: str


def assign(draw: Draw, names: Sequence[Name], budget: int) -> list[RoleUse]:
    """Roles for each service: most have a task role of their own while there are `budget` roles to give.

    The rest share their team's; half of all share one execution role, as the console makes it.
    """
    uses = []
    left = budget - 3 * len(TEAMS) - 8
    for name in names:
        task, execution = f"{name.team}-shared-task", COMMON_EXECUTION_ROLE
        if left > 0 and draw.chance(0.6):
            task, left = f"{name.service}-task", left - 1
        if draw.chance(0.3):
            execution = f"{name.team}-execution"
        elif left > 0 and draw.chance(0.25):
            execution, left = f"{name.service}-execution", left - 1
        uses.append(RoleUse(task, execution))
    return uses


class RoleMaker:
    """Makes roles with their policies."""

    def __init__(
        self, draw: Draw, documents: Documents, policies: Sequence[ManagedPolicy], secrets: Sequence[str]
    ) -> None:
        self._draw, self._documents, self._secrets = draw, documents, secrets
        own = [policy for policy in policies if not policy.is_aws_managed and policy.path != "/boundaries/"]
        self._by_team: dict[str, list[ManagedPolicy]] = {team: [] for team in TEAMS}
        for policy in own:
            self._by_team[policy.path.strip("/")].append(policy)

    def task(self, name: str, team: str) -> Role:
        """A task role: one or two inline policies, up to three attached, sometimes a boundary."""
        inline = [self._inline("app", self._documents.application(team))]
        if self._draw.chance(0.3):
            inline.append(self._inline("exec", self._documents.application(team)))
        attached = self._attached(team, self._draw.some(0, 2))
        if self._draw.chance(0.25):
            attached += (_attach(self._draw.random.choice(AWS_MANAGED[3:])[0]),)
        return self._role(
            name,
            team,
            trust("ecs-tasks.amazonaws.com", confused_deputy=self._draw.chance(0.4)),
            inline,
            attached,
            bounded=self._draw.chance(0.15),
        )

    def execution(self, name: str, team: str) -> Role:
        """A task execution role: AWS's policy, and an inline one for the secrets."""
        secrets = self._documents.read_secrets(
            self._draw.random.sample(self._secrets, min(3, len(self._secrets)))
        )
        inline = [self._inline("secrets", self._documents.application(team, [secrets]))]
        attached = (_attach(AWS_MANAGED[0][0]),)
        return self._role(
            name, team, trust("ecs-tasks.amazonaws.com", confused_deputy=False), inline, attached
        )

    def other(self, number: int, passes: Sequence[str]) -> Role:
        """A role that no service runs with: of a function, a pipeline, a person, or forgotten."""
        draw = self._draw
        team = TEAMS[number % len(TEAMS)]
        thing = OBJECTS[number // len(TEAMS) % len(OBJECTS)]
        match number % 10:
            case 0:
                name, document = f"{team}-{thing}-deploy-{number:05}", trust(arns=[iam("role", DEPLOY_ROLE)])
                statement = self._documents.pass_roles([iam("role", role) for role in passes])
                inline = [self._inline("deploy", self._documents.application(team, [statement]))]
                return self._role(name, team, document, inline, self._attached(team, 1))
            case 1 | 2:
                name, document = f"{team}-{thing}-old-task-{number:05}", trust("ecs-tasks.amazonaws.com")
            case 3:
                name, document = (
                    f"{team}-partner-{number:05}",
                    trust(arns=[f"arn:aws:iam::{100000000000 + number}:root"]),
                )
            case 4:
                name, document = (
                    f"{team}-{thing}-node-{number:05}",
                    trust("ec2.amazonaws.com", confused_deputy=False),
                )
            case _:
                name = f"{team}-{thing}-function-{number:05}"
                document = trust("lambda.amazonaws.com", confused_deputy=False)
        inline = [self._inline("inline", self._documents.application(team))] if draw.chance(0.7) else []
        return self._role(name, team, document, inline, self._attached(team, draw.some(1, 3)))

    def common(self) -> list[Role]:
        """The roles that one account has one of."""
        everyone = self._documents.pass_roles([iam("role", "*-task"), iam("role", "*-execution")])
        roles = [
            self._role(
                INSTANCE_ROLE,
                "platform",
                trust("ec2.amazonaws.com", confused_deputy=False),
                [],
                (_attach(AWS_MANAGED[1][0]), _attach(AWS_MANAGED[3][0])),
            ),
            self._role(
                EVENTS_ROLE,
                "platform",
                trust("events.amazonaws.com", "scheduler.amazonaws.com"),
                [self._inline("pass", self._documents.application("platform", [everyone]))],
                (_attach(AWS_MANAGED[2][0]),),
            ),
            self._role(
                DEPLOY_ROLE,
                "platform",
                trust(arns=[f"arn:aws:iam::{ACCOUNT}:root"]),
                [self._inline("deploy", self._documents.application("platform", [everyone]))],
                (),
            ),
            self._role(
                "PlatformAdmin",
                "platform",
                trust(arns=[f"arn:aws:iam::{ACCOUNT}:root"]),
                [],
                (_attach("AdministratorAccess"),),
            ),
            self._role(
                "Auditor",
                "platform",
                trust(arns=["arn:aws:iam::999988887777:root"]),
                [],
                (_attach("ReadOnlyAccess"),),
            ),
        ]
        for name, service in (
            ("AWSServiceRoleForECS", "ecs.amazonaws.com"),
            (SCALING_ROLE, "ecs.application-autoscaling.amazonaws.com"),
        ):
            path = f"/aws-service-role/{service}/"
            roles.append(
                Role(
                    role_name=name,
                    arn=iam("role", f"{path[1:]}{name}"),
                    path=path,
                    role_id=self._draw.unique("AROA"),
                    assume_role_policy_document=trust(service, confused_deputy=False),
                )
            )
        return roles

    def _attached(self, team: str, count: int) -> tuple[AttachedPolicy, ...]:
        own = self._by_team[team]
        return tuple(
            AttachedPolicy(policy_name=policy.policy_name, policy_arn=policy.arn)
            for policy in self._draw.random.sample(own, min(count, len(own)))
        )

    def _inline(self, name: str, document: str) -> InlinePolicy:
        return InlinePolicy(policy_name=name, policy_document=document)

    def _role(
        self,
        name: str,
        team: str,
        trusted: str,
        inline: Sequence[InlinePolicy],
        attached: tuple[AttachedPolicy, ...],
        *,
        bounded: bool = False,
    ) -> Role:
        draw = self._draw
        used = RoleLastUsed(last_used_date=draw.before(200), region=HOME if draw.chance(0.95) else AWAY)
        boundary = PermissionsBoundary(
            permissions_boundary_arn=iam("policy", "boundaries/team-boundary"),
            permissions_boundary_type="Policy",
        )
        return Role(
            role_name=name,
            arn=iam("role", name),
            role_id=draw.unique("AROA"),
            create_date=draw.before(1500),
            description=f"Owned by {team}",
            max_session_duration=3600,
            assume_role_policy_document=trusted,
            role_policy_list=tuple(inline),
            attached_managed_policies=attached,
            permissions_boundary=boundary if bounded else None,
            role_last_used=used if draw.chance(0.9) else None,
            tags=draw.tags(team),
        )


def make_roles(
    maker: RoleMaker, names: Sequence[Name], uses: Sequence[RoleUse], count: int
) -> tuple[Role, ...]:
    """All roles that the services use, the common ones, and others up to `count`."""
    roles = {role.role_name: role for role in maker.common()}
    by_team: dict[str, list[str]] = {team: [] for team in TEAMS}
    for name, use in zip(names, uses, strict=True):
        if use.task not in roles:
            roles[use.task] = maker.task(use.task, name.team)
        if use.execution not in roles:
            roles[use.execution] = maker.execution(use.execution, name.team)
        by_team[name.team] += [use.task, use.execution]
    for number in range(max(0, count - len(roles))):
        passes = by_team[TEAMS[number % len(TEAMS)]][:12]
        role = maker.other(number, passes or [COMMON_EXECUTION_ROLE])
        roles[role.role_name] = role
    return tuple(roles.values())


def people(draw: Draw) -> tuple[tuple[User, ...], tuple[Group, ...]]:
    """A group and user a team."""
    groups = tuple(
        Group(
            group_name=team,
            arn=iam("group", team),
            group_id=draw.unique("AGPA"),
            attached_managed_policies=(_attach("ReadOnlyAccess"),),
        )
        for team in TEAMS
    )
    users = tuple(
        User(
            user_name=f"ci-{team}",
            arn=iam("user", f"ci-{team}"),
            user_id=draw.unique("AIDA"),
            create_date=NOW,
            group_list=(team,),
        )
        for team in TEAMS
    )
    return users, groups


def instance_profile() -> InstanceProfile:
    """The profile of the container instances."""
    return InstanceProfile(
        instance_profile_name=INSTANCE_ROLE,
        arn=iam("instance-profile", INSTANCE_ROLE),
        role_arns=(iam("role", INSTANCE_ROLE),),
    )


def _attach(path: str) -> AttachedPolicy:
    return AttachedPolicy(policy_name=path.rpartition("/")[2], policy_arn=aws_policy_arn(path))
