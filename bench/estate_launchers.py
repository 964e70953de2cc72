"""What starts tasks and scales services in the synthetic estate."""

from bench.estate_clusters import Plan
from bench.estate_names import ecs, iam, regional
from bench.estate_roles import EVENTS_ROLE, SCALING_ROLE
from bench.estate_services import ServiceMaker
from ecsiam_tui.account.launchers import EcsParameters, Rule, RunTaskTarget, ScalableTarget, Schedule


def schedule(maker: ServiceMaker, plan: Plan, number: int) -> Schedule:
    """A nightly run of a service's task definition."""
    name = f"{plan.name.service}-nightly-{number}"
    return Schedule(
        arn=regional("scheduler", f"schedule/nightly/{name}"),
        name=name,
        target=_target(maker, plan),
        group_name="nightly",
        state="ENABLED",
        schedule_expression=f"cron({number % 60} 3 * * ? *)",
    )


def rule(maker: ServiceMaker, plan: Plan, number: int) -> Rule:
    """A rule that runs a service's task definition every hour."""
    name = f"{plan.name.service}-hourly-{number}"
    return Rule(
        arn=regional("events", f"rule/{name}"),
        name=name,
        event_bus_name="default",
        state="ENABLED" if number % 5 else "DISABLED",
        schedule_expression="rate(1 hour)",
        targets=(_target(maker, plan),),
    )


def _target(maker: ServiceMaker, plan: Plan) -> RunTaskTarget:
    parameters = EcsParameters(
        task_definition_arn=plan.definition_arn,
        task_count=1,
        launch_type="FARGATE",
        network_configuration=maker.network(),
    )
    return RunTaskTarget(
        arn=ecs("cluster", plan.cluster.name, plan.region),
        ecs_parameters=parameters,
        id="run",
        role_arn=iam("role", EVENTS_ROLE),
    )


def scalable_target(plan: Plan) -> ScalableTarget:
    """What scales a service."""
    return ScalableTarget(
        resource_id=f"service/{plan.cluster.name}/{plan.name.service}",
        region=plan.region,
        role_arn=iam("role", f"aws-service-role/ecs.application-autoscaling.amazonaws.com/{SCALING_ROLE}"),
        min_capacity=2,
        max_capacity=20,
    )
