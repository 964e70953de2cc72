"""Small accounts made by hand, record by record, and short ways to look at their graphs."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

from ecsiam_tui.account.ecs import Cluster, Service
from ecsiam_tui.account.iam import AttachedPolicy, InlinePolicy, ManagedPolicy, Role
from ecsiam_tui.account.snapshot import Gap, Snapshot
from ecsiam_tui.account.tasks import Task, TaskDefinition
from ecsiam_tui.graph import EdgeKind, Estate, build

ACCOUNT = "111122223333"
OTHER = "444455556666"
REGION = "eu-west-1"
NOW = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)


def arn(service: str, resource: str, *, region: str = REGION, account: str = ACCOUNT) -> str:
    """An ARN in the account; IAM has no region, S3 has no account either."""
    region = "" if service in ("iam", "s3") else region
    return f"arn:aws:{service}:{region}:{'' if service == 's3' else account}:{resource}"


CLUSTER = arn("ecs", "cluster/prod")
SERVICE = arn("ecs", "service/prod/web")
DEFINITION = arn("ecs", "task-definition/web:3")
ROLE = arn("iam", "role/web-task")


def snapshot(**fields: Any) -> Snapshot:
    """A snapshot of the account with what is given in it."""
    return Snapshot(**{"account_id": ACCOUNT, "taken_at": NOW, "regions": (REGION,), **fields})


def gap(*unknown: str, region: str | None = None) -> Gap:
    return Gap(call="x:Y", reason="denied", unknown=unknown, region=region)


def cluster(name: str = "prod", **fields: Any) -> Cluster:
    return convert(Cluster, clusterArn=arn("ecs", f"cluster/{name}"), clusterName=name, **fields)


def service(name: str = "web", in_cluster: str = "prod", **fields: Any) -> Service:
    """A service from the fields of AWS's own response."""
    return convert(
        Service,
        serviceArn=arn("ecs", f"service/{in_cluster}/{name}"),
        serviceName=name,
        clusterArn=arn("ecs", f"cluster/{in_cluster}"),
        **fields,
    )


def definition(name: str = "web:3", **fields: Any) -> TaskDefinition:
    """A task definition from the fields of AWS's own response."""
    family, _, revision = name.partition(":")
    return convert(
        TaskDefinition,
        taskDefinitionArn=arn("ecs", f"task-definition/{name}"),
        family=family,
        revision=int(revision),
        status="ACTIVE",
        **fields,
    )


def container(**fields: Any) -> list[dict[str, Any]]:
    return [{"name": "app", "image": "nginx", **fields}]


def task(name: str = "t1", in_cluster: str = "prod", **fields: Any) -> Task:
    return convert(
        Task,
        **{
            "taskArn": arn("ecs", f"task/{in_cluster}/{name}"),
            "clusterArn": arn("ecs", f"cluster/{in_cluster}"),
            "lastStatus": "RUNNING",
            **fields,
        },
    )


def statement(
    actions: str | list[str] = "s3:GetObject", resources: str | list[str] = "*", **more: Any
) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


def document(*statements: dict[str, Any]) -> str:
    """A policy document in one line, as AWS stores them."""
    return msgspec.json.encode({"Version": "2012-10-17", "Statement": list(statements)}).decode()


def trust(principal: Any, **more: Any) -> str:
    """A trust policy of one statement."""
    return document({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more})


def inline(name: str, *statements: dict[str, Any]) -> InlinePolicy:
    return InlinePolicy(policy_name=name, policy_document=document(*statements))


def role(name: str = "web-task", *statements: dict[str, Any], **fields: Any) -> Role:
    """A role; statements go into one inline policy called `own`."""
    path = fields.get("path", "/")
    own = {"role_policy_list": (inline("own", *statements),)} if statements else {}
    return Role(**{"role_name": name, "arn": arn("iam", f"role{path}{name}"), **own, **fields})


def policy(name: str, *statements: dict[str, Any], **fields: Any) -> ManagedPolicy:
    return ManagedPolicy(
        **{
            "policy_name": name,
            "arn": arn("iam", f"policy/{name}"),
            "document": document(*statements),
            **fields,
        }
    )


def attached(*names: str) -> tuple[AttachedPolicy, ...]:
    return tuple(AttachedPolicy(policy_name=name, policy_arn=arn("iam", f"policy/{name}")) for name in names)


def convert(kind: type[Any], **fields: Any) -> Any:
    """A record from a response as botocore gives it."""
    return msgspec.convert(fields, kind)


def estate(**fields: Any) -> Estate:
    return build(snapshot(**fields))


def uses(graph: Estate, node_id: str, *kinds: EdgeKind) -> set[tuple[str, str]]:
    """The edges of a node: (kind, id of the other end)."""
    return {(link.kind.value, link.node.id) for link in graph.uses(node_id, *kinds)}


def via(graph: Estate, user: str, used: str, kind: EdgeKind) -> str:
    """Which field or statement makes an edge."""
    text: str = graph.nx.edges[user, used, kind]["via"]
    return text


def ids(nodes: Iterable[Any]) -> set[str]:
    return {node.id for node in nodes}
