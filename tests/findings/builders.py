"""Small accounts for tests of rules: records with what a test does not care about filled in."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ecsiam_tui.account.ecs import Cluster, LogConfiguration, Secret, Service
from ecsiam_tui.account.iam import AttachedPolicy, InlinePolicy, ManagedPolicy, PermissionsBoundary, Role
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.tasks import ContainerDefinition, TaskDefinition
from ecsiam_tui.findings.facts import Facts, Options
from ecsiam_tui.findings.finding import Finding
from ecsiam_tui.findings.registry import run_rule
from ecsiam_tui.findings.suppressions import Settings
from ecsiam_tui.workspace import Workspace

ACCOUNT = "123456789012"
OTHER = "210987654321"
REGION = "eu-west-1"
NOW = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)


def arn(service: str, resource: str, *, region: str = REGION, account: str = ACCOUNT) -> str:
    """An ARN of the account."""
    return f"arn:aws:{service}:{region}:{account}:{resource}"


def role_arn(name: str, account: str = ACCOUNT) -> str:
    return f"arn:aws:iam::{account}:role/{name}"


def policy_arn(name: str, account: str = ACCOUNT) -> str:
    return f"arn:aws:iam::{account}:policy/{name}"


def definition_arn(name: str) -> str:
    """Of `family:revision`."""
    return arn("ecs", f"task-definition/{name}")


def service_arn(name: str, cluster: str = "prod") -> str:
    return arn("ecs", f"service/{cluster}/{name}")


def cluster_arn(name: str = "prod") -> str:
    return arn("ecs", f"cluster/{name}")


def document(*statements: Mapping[str, Any], version: str = "2012-10-17") -> str:
    """A policy document as AWS stores it."""
    return json.dumps({"Version": version, "Statement": list(statements)}, indent=2)


def allow(actions: str | list[str], resources: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    """An Allow statement; `more` are further elements (Sid, Condition, …)."""
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


def trust_policy(*services: str, **more: Any) -> str:
    """A trust policy for some services, tasks if none is named; guarded by aws:SourceAccount unless `more`
    says otherwise."""
    guard = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    named = list(services or ("ecs-tasks.amazonaws.com",))
    statement = {"Effect": "Allow", "Principal": {"Service": named}, "Action": "sts:AssumeRole"}
    return document({**statement, "Condition": guard, **more})


def role(
    name: str,
    *,
    trust: str | None = None,
    inline: Mapping[str, str] | None = None,
    attached: tuple[str, ...] = (),
    boundary: str | None = None,
    **fields: Any,
) -> Role:
    """A role; `trust` and the values of `inline` are documents, `attached` and `boundary` ARNs."""
    limit = PermissionsBoundary(permissions_boundary_arn=boundary) if boundary else None
    return Role(
        role_name=name,
        arn=role_arn(name),
        assume_role_policy_document=trust_policy() if trust is None else trust,
        role_policy_list=tuple(
            InlinePolicy(policy_name=key, policy_document=text) for key, text in (inline or {}).items()
        ),
        attached_managed_policies=tuple(
            AttachedPolicy(policy_name=item.rsplit("/", 1)[-1], policy_arn=item) for item in attached
        ),
        permissions_boundary=limit,
        **fields,
    )


def policy(name: str, text: str, **fields: Any) -> ManagedPolicy:
    """A customer managed policy, or one of AWS where `arn` says so."""
    known = {"arn": policy_arn(name), "default_version_id": "v1", **fields}
    return ManagedPolicy(policy_name=name, document=text, **known)


def container(
    name: str = "app",
    *,
    secrets: Mapping[str, str] | None = None,
    logs: str | Mapping[str, str] | None = None,
    **fields: Any,
) -> ContainerDefinition:
    """A container; `secrets` maps names to valueFrom, `logs` is a log group or the options of `awslogs`."""
    options = {"awslogs-group": logs, "awslogs-region": REGION} if isinstance(logs, str) else dict(logs or {})
    known: dict[str, Any] = {
        "image": "public.ecr.aws/nginx/nginx:1.29",
        "user": "1000",
        "readonly_root_filesystem": True,
        "log_configuration": LogConfiguration(log_driver="awslogs", options=options) if options else None,
        **fields,
    }
    return ContainerDefinition(
        name=name,
        secrets=tuple(Secret(name=key, value_from=value) for key, value in (secrets or {}).items()),
        **known,
    )


def definition(
    family: str = "web",
    *containers: ContainerDefinition,
    revision: int = 1,
    task_role: str | None = None,
    execution_role: str | None = None,
    **fields: Any,
) -> TaskDefinition:
    """A task definition for Fargate, the latest of its family unless `latest` says otherwise; roles are given
    by name."""
    known: dict[str, Any] = {
        "status": "ACTIVE",
        "network_mode": "awsvpc",
        "requires_compatibilities": ("FARGATE",),
        "latest": True,
        **fields,
    }
    return TaskDefinition(
        task_definition_arn=definition_arn(f"{family}:{revision}"),
        family=family,
        revision=revision,
        task_role_arn=task_role and role_arn(task_role),
        execution_role_arn=execution_role and role_arn(execution_role),
        container_definitions=containers or (container(),),
        **known,
    )


def service(name: str = "web", runs: str = "web:1", *, cluster: str = "prod", **fields: Any) -> Service:
    """A service on Fargate that runs `family:revision`."""
    known: dict[str, Any] = {
        "status": "ACTIVE",
        "launch_type": "FARGATE",
        "desired_count": 1,
        "running_count": 1,
        **fields,
    }
    return Service(
        service_arn=service_arn(name, cluster),
        service_name=name,
        cluster_arn=cluster_arn(cluster),
        task_definition=definition_arn(runs),
        **known,
    )


def cluster(name: str = "prod", **fields: Any) -> Cluster:
    return Cluster(cluster_arn=cluster_arn(name), cluster_name=name, **fields)


def snapshot(**fields: Any) -> Snapshot:
    """An account with nothing but what is given; lists do for tuples. The cluster `prod` is there."""
    known = {key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()}
    return Snapshot(
        **{
            "account_id": ACCOUNT,
            "taken_at": NOW,
            "regions": (REGION,),
            "clusters": (cluster(),),
            **known,
        }
    )


def facts(account: Snapshot, options: Options | None = None) -> Facts:
    """What rules look at."""
    settings = Settings(options=options) if options else None
    return Workspace(account, settings=settings).facts


def found(rule_id: str, account: Snapshot, options: Options | None = None) -> tuple[Finding, ...]:
    """What one rule finds in an account."""
    return run_rule(rule_id, facts(account, options))
