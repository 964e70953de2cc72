"""What ECS has replaced."""

from collections.abc import Iterator

from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Severity
from ecsiam_tui.findings.registry import Draft, rule
from ecsiam_tui.findings.rules.definitions import field


@rule(
    "ECS-IAM-049",
    "Service with the legacy load balancer role",
    Severity.LOW,
    fires="A service was created with a role for its load balancer other than the service-linked role.",
    why="The service-linked role has replaced it. It gives the application nothing, and one role more has to"
    " be kept right for the service to register its tasks.",
    source="Amazon ECS API Reference, CreateService: role is only permitted with a load balancer and without"
    " the awsvpc network mode; the service-linked role is used otherwise",
    fix="Create the service anew without a role: no update can change it.",
    fixes=("export-patch",),
)
def legacy_role(facts: Facts) -> Iterator[Draft]:
    for service in facts.snapshot.services:
        role = facts.around.role(service.role_arn)
        known = facts.around.roles.get(role)
        is_linked = known.is_service_linked if known else "/aws-service-role/" in role
        if not role or is_linked or service.status == "INACTIVE":
            continue
        gone = known is None and facts.snapshot.is_known("roles")
        name = facts.title(role)
        yield Draft(
            nodes=(service.service_arn,),
            summary=f"{service.service_name} still has the load balancer role {name}"
            f"{', which does not exist' if gone else ''}; the service-linked role has replaced it.",
            evidence=(field(service.service_arn, "roleArn", role),),
            consequence="Without that role it cannot register tasks with its load balancer."
            if gone
            else f"Whoever takes {name} away stops it from registering tasks with its load balancer.",
            severity=Severity.HIGH if gone else None,
        )
