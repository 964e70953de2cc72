"""The service-linked role, and sessions of people."""

from collections.abc import Iterator

from ecsiam_tui.account.ecs import Service
from ecsiam_tui.account.iam import Role
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Severity
from ecsiam_tui.findings.registry import Draft, rule
from ecsiam_tui.findings.rules.definitions import DEVELOPER_GUIDE, field
from ecsiam_tui.findings.trusting import ASSUME
from ecsiam_tui.policy.patterns import action_matchers
from ecsiam_tui.policy.statements import Statement

SERVICE_LINKED = "AWSServiceRoleForECS"
_HOUR = 3600


@rule(
    "ECS-IAM-050",
    "Service-linked role of ECS is missing",
    Severity.HIGH,
    fires=f"services use the awsvpc network mode, service discovery or an external deployment controller, and"
    f" the account has no {SERVICE_LINKED}.",
    why="ECS makes network interfaces, registers targets and names with this role; without it such services"
    " cannot start tasks.",
    source=f'{DEVELOPER_GUIDE}, "Using service-linked roles for Amazon ECS"',
    fix="Create the service-linked role for ecs.amazonaws.com.",
    fixes=("create-service-linked-role",),
)
def no_service_linked_role(facts: Facts) -> Iterator[Draft]:
    """Told once, at the first cluster that needs it."""
    if not facts.snapshot.is_known("roles") or any(_is_own(role) for role in facts.snapshot.roles):
        return
    needing = {
        service.service_arn: service for service in facts.snapshot.services if _needs_it(facts, service)
    }
    if needing:
        clusters = dict.fromkeys(service.cluster_arn for service in needing.values())
        yield Draft(
            nodes=(*clusters, *needing),
            summary=f"The account has no {SERVICE_LINKED}; {facts.titles(needing)} cannot do without it.",
            evidence=tuple(
                field(arn, "networkConfiguration.awsvpcConfiguration", "needs it")
                for arn in list(needing)[:3]
            ),
            consequence=f"New tasks fail in {facts.titles(clusters)}.",
        )


def _is_own(role: Role) -> bool:
    return role.is_service_linked and role.role_name.lower() == SERVICE_LINKED.lower()


def _needs_it(facts: Facts, service: Service) -> bool:
    if service.status not in (None, "ACTIVE"):
        return False
    network = service.network_configuration
    if service.service_registries or (network is not None and network.awsvpc_configuration is not None):
        return True
    controller = service.deployment_controller
    if controller is not None and controller.type == "EXTERNAL":
        return True
    definition = facts.around.definitions.get(service.task_definition or "")
    return definition is not None and definition.network_mode == "awsvpc"


_ON_TASKS = ("ecs:ExecuteCommand", "ssm:StartSession", "ecs:RunTask", "ecs:UpdateService")
_PEOPLE = frozenset({"AWS", "Federated"})


@rule(
    "ECS-IAM-066",
    "Sessions on tasks may last for hours",
    Severity.INFO,
    fires="people or programs may assume a role that opens shells in tasks or runs them, for longer than an"
    " hour.",
    why="Credentials that leak are good for as long as the session. Sessions that a service assumes, such as"
    " those of tasks, do not depend on this setting.",
    source='IAM User Guide, "Update the maximum session duration for a role": it "doesn\'t limit sessions'
    ' assumed by AWS services"; that longer ones are odd is experience',
    fix="Set MaxSessionDuration to what the work needs.",
    verified=False,
)
def long_sessions(facts: Facts) -> Iterator[Draft]:
    """Not for the roles of IAM Identity Center, whose durations are set with their permission sets."""
    for role in facts.snapshot.roles:
        seconds = role.max_session_duration or 0
        if seconds <= _HOUR or role.is_service_linked or role.path.startswith("/aws-reserved/"):
            continue
        statements = facts.account.document(role.assume_role_policy_document).statements
        if not any(_lets_people_in(statement) for statement in statements):
            continue
        able = next((action for action in _ON_TASKS if _may(facts, role, action)), "")
        if able:
            yield Draft(
                nodes=(role.arn,),
                summary=f"Sessions of {role.role_name} may do {able}, and last {seconds / _HOUR:g} hours.",
                evidence=(field(role.arn, "MaxSessionDuration", f"{seconds} seconds"),),
            )


def _may(facts: Facts, role: Role, action: str) -> bool:
    """Whether a role surely may do something in the first of the account's regions."""
    context = {"aws:RequestedRegion": region} if (region := next(iter(facts.snapshot.regions), "")) else {}
    return facts.needs.judge.ask(role.arn, action, "*", context).status == "met"


def _lets_people_in(statement: Statement) -> bool:
    if statement.effect != "Allow" or not any(one.type in _PEOPLE for one in statement.principals):
        return False
    asked = (ASSUME.lower(), "sts:assumerolewithsaml", "sts:assumerolewithwebidentity")
    return any(matches(action) for matches in action_matchers(statement.actions) for action in asked)
