"""What a node is, as sections of facts: the overview of the explorer and of `ecsiam-tui show`."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Literal, NamedTuple

from msgspec import UNSET

from ecsiam_tui.account.compute import ContainerInstance, Instance
from ecsiam_tui.account.ecs import CapacityProvider, Cluster, Service
from ecsiam_tui.account.iam import InlinePolicy, ManagedPolicy, Role
from ecsiam_tui.account.launchers import Rule, RunTaskTarget, Schedule
from ecsiam_tui.account.resources import FileSystem, Key, LogGroup, Parameter, Repository, SecretResource
from ecsiam_tui.account.tasks import ContainerDefinition, Task, TaskDefinition
from ecsiam_tui.graph.documents import document_text
from ecsiam_tui.graph.estate import Estate, Node, NodeState
from ecsiam_tui.graph.kinds import EdgeKind, NodeKind, relation, words
from ecsiam_tui.policy.document import parse_document

Tone = Literal["plain", "dim", "warn", "bad", "good"]


class Fact(NamedTuple):
    """One line: a label, its text, and perhaps the node it speaks of."""

    label: str
    text: str
    tone: Tone = "plain"
    node_id: str | None = None


class Section(NamedTuple):
    """Facts that belong together; the first section of a description has no title."""

    title: str
    facts: tuple[Fact, ...]


def describe(estate: Estate, node: Node) -> tuple[Section, ...]:
    """The sections for one node; never empty."""
    sections = [Section("", tuple(_identity(estate, node)))]
    if node.record is not None:
        for kind, describer in _DESCRIBERS:
            if isinstance(node.record, kind):
                sections += [section for section in describer(estate, node, node.record) if section.facts]
    return tuple(sections)


def _identity(estate: Estate, node: Node) -> Iterator[Fact]:
    if node.kind == NodeKind.IMAGE:
        yield Fact("image", node.title)
        yield Fact("registry", "not private Amazon ECR: pulling it needs no IAM permission", "dim")
    else:
        yield Fact("arn" if node.id.startswith("arn:") else "id", node.id, "dim")
    state = {
        NodeState.MISSING: ("does not exist: it was looked up and is not there", "bad"),
        NodeState.EXTERNAL: (
            f"outside this account{f' (in {node.account})' if node.account.isdigit() else ''}",
            "dim",
        ),
        NodeState.UNKNOWN: ("not known: it could not be read (see the gaps)", "warn"),
    }
    if node.state in state and node.kind != NodeKind.IMAGE:
        text, tone = state[node.state]
        yield Fact("state", text, tone)  # type: ignore[arg-type]
    if node.kind == NodeKind.ROLE:
        yield from _role_use(estate, node)


def _role_use(estate: Estate, node: Node) -> Iterator[Fact]:
    kinds = sorted({relation(link.kind) for link in estate.role_users(node.id)})
    services = estate.services_of(node.id)
    yield Fact("used as", ", ".join(kinds) or "nothing that was read uses it", "plain" if kinds else "dim")
    if len(services) == 1:
        yield Fact("service", services[0].title, node_id=services[0].id)
    elif services:
        names = ", ".join(service.title for service in services[:6])
        more = f" and {len(services) - 6} more" if len(services) > 6 else ""
        yield Fact("shared by", f"{len(services)} services: {names}{more}", "warn")


def _cluster(estate: Estate, node: Node, cluster: Cluster) -> Iterator[Section]:
    yield Section(
        "",
        (
            Fact("status", (cluster.status or "").lower()),
            Fact("services", str(sum(1 for _ in _contained(estate, node, NodeKind.SERVICE)))),
            Fact("tasks", f"{cluster.running_tasks_count} running, {cluster.pending_tasks_count} pending"),
            Fact("capacity", ", ".join(cluster.capacity_providers) or "no capacity providers", "plain"),
        ),
    )
    execute = cluster.configuration.execute_command_configuration if cluster.configuration else None
    facts = [Fact("role", "none: roles belong to task definitions, a cluster has no role of its own", "dim")]
    if execute:
        log = execute.log_configuration
        facts.append(
            Fact(
                "ECS Exec logging",
                execute.logging or "DEFAULT",
                "warn" if execute.logging == "NONE" else "plain",
            )
        )
        facts += _optional("ECS Exec key", execute.kms_key_id)
        facts += _optional("ECS Exec log group", log.cloud_watch_log_group_name if log else None)
        facts += _optional("ECS Exec bucket", log.s3_bucket_name if log else None)
    yield Section("permissions", tuple(facts))


def _service(estate: Estate, node: Node, service: Service) -> Iterator[Section]:
    launch = service.launch_type or ", ".join(
        item.capacity_provider for item in service.capacity_provider_strategy
    )
    counts = f"{service.running_count} running of {service.desired_count} desired"
    rollout = [d for d in service.deployments if d.rollout_state == "FAILED" or d.failed_tasks]
    tone: Tone = "plain" if service.running_count >= service.desired_count else "warn"
    facts = [
        Fact("status", (service.status or "").lower()),
        Fact("tasks", counts, tone),
        Fact("launch type", launch or "not set: the cluster's default"),
        Fact("ECS Exec", "on" if service.enable_execute_command else "off"),
        *(Fact("deployment", f"{d.failed_tasks} failed tasks, {d.rollout_state}", "bad") for d in rollout),
    ]
    yield Section("", tuple(facts))
    yield _roles(estate, node)
    yield Section(
        "events", tuple(Fact(_when(event.created_at), event.message) for event in service.events[:5])
    )


def _roles(estate: Estate, node: Node) -> Section:
    facts = []
    running = list(estate.uses(node.id, EdgeKind.RUNS))
    wanted = (EdgeKind.USES_TASK_ROLE, EdgeKind.USES_EXECUTION_ROLE)
    for link in running:
        facts.append(Fact("runs", link.node.title, node_id=link.node.id))
        for kind in wanted:
            found = next(estate.uses(link.node.id, kind), None)
            facts.append(_role_fact(relation(kind), found.node if found else None))
    for link in estate.uses(node.id):
        if link.kind.startswith("uses-"):
            facts.append(_role_fact(relation(link.kind), link.node))
    return Section("roles", tuple(facts))


def _role_fact(label: str, role: Node | None) -> Fact:
    if role is None:
        return Fact(label, "none", "dim")
    if role.state == NodeState.MISSING:
        return Fact(label, f"{role.title}  does not exist", "bad", role.id)
    return Fact(label, role.title, node_id=role.id)


def _task_definition(estate: Estate, node: Node, definition: TaskDefinition) -> Iterator[Section]:
    launch = definition.requires_compatibilities or definition.compatibilities
    status = (definition.status or "").lower()
    yield Section(
        "",
        (
            Fact("status", f"{status}, the latest revision" if definition.latest else status),
            Fact("for", ", ".join(launch) or "EC2"),
            Fact("network mode", definition.network_mode or "default"),
            *(
                _role_fact(relation(kind), next((link.node for link in estate.uses(node.id, kind)), None))
                for kind in (EdgeKind.USES_TASK_ROLE, EdgeKind.USES_EXECUTION_ROLE)
            ),
        ),
    )
    for container in definition.container_definitions:
        yield Section(f"container {container.name}", tuple(_container(container)))
    yield Section("volumes", tuple(Fact(volume.name, _volume_text(volume)) for volume in definition.volumes))


def _container(container: ContainerDefinition) -> Iterator[Fact]:
    yield Fact("image", container.image)
    for secret in container.secrets:
        yield Fact("secret", f"{secret.name}  from {secret.value_from}")
    for variable in container.environment:
        if variable.looks_like_secret != "no":
            text = f"{variable.name}  looks like a secret ({variable.looks_like_secret}), in plain text"
            yield Fact("environment", text, "bad")
    plain = [variable.name for variable in container.environment if variable.looks_like_secret == "no"]
    if plain:
        yield Fact("environment", ", ".join(plain))
    for file in container.environment_files:
        yield Fact("environment file", file.value)
    if log := container.log_configuration:
        target = log.options.get("awslogs-group") or log.options.get("Name") or ""
        yield Fact("logs", f"{log.log_driver} {target}".strip())
    if container.privileged:
        yield Fact("privileged", "yes: the container has root's rights on its instance", "warn")


def _volume_text(volume: Any) -> str:
    if volume.efs_volume_configuration:
        auth = volume.efs_volume_configuration.authorization_config
        return f"EFS {volume.efs_volume_configuration.file_system_id}, IAM {auth.iam if auth and auth.iam else 'off'}"
    if volume.s3files_volume_configuration:
        return f"S3 Files {volume.s3files_volume_configuration.file_system_arn}"
    if volume.fsx_windows_file_server_volume_configuration:
        return f"FSx {volume.fsx_windows_file_server_volume_configuration.file_system_id}"
    if volume.configured_at_launch:
        return "EBS, configured at launch"
    return f"host {volume.host.source_path}" if volume.host and volume.host.source_path else "of the task"


def _task(_estate: Estate, _node: Node, task: Task) -> Iterator[Section]:
    stopped = task.stopped_reason or task.stop_code
    yield Section(
        "",
        (
            Fact("status", (task.last_status or "").lower(), "bad" if stopped else "plain"),
            *_optional("stop code", task.stop_code),
            *_optional("stopped", task.stopped_reason, "bad"),
            *_optional("group", task.group),
            *_optional("started by", task.started_by),
            *_optional("launch type", task.launch_type),
            Fact("started", _when(task.started_at)),
        ),
    )
    reasons = ((item.name, item.reason, item.exit_code) for item in task.containers)
    yield Section(
        "containers",
        tuple(
            Fact(
                name,
                reason or (f"exit code {code}" if code is not None else "running"),
                "bad" if reason else "plain",
            )
            for name, reason, code in reasons
        ),
    )
    if task.overrides and (task.overrides.task_role_arn or task.overrides.execution_role_arn):
        yield Section(
            "overrides",
            (
                *_optional("task role", task.overrides.task_role_arn, "warn"),
                *_optional("execution role", task.overrides.execution_role_arn, "warn"),
            ),
        )


def _role(estate: Estate, node: Node, role: Role) -> Iterator[Section]:
    last = role.role_last_used
    used = (
        f"{_when(last.last_used_date)} in {last.region}"
        if last and last.last_used_date
        else "never, in 400 days"
    )
    boundary = next((link.node for link in estate.uses(node.id, EdgeKind.BOUNDED_BY)), None)
    trusted = [link.node.title for link in estate.used_by(node.id, EdgeKind.ASSUMES)]
    passes = list(estate.uses(node.id, EdgeKind.PASSES))
    yield Section(
        "",
        (
            Fact("trusts", ", ".join(trusted) or "nobody", "plain" if trusted else "warn"),
            Fact("last used", used, "plain" if last and last.last_used_date else "dim"),
            Fact(
                "boundary", boundary.title if boundary else "none", node_id=boundary.id if boundary else None
            ),
            Fact("path", role.path, "dim"),
            *_optional("description", role.description),
            *(
                [Fact("may pass", ", ".join(sorted({link.node.title for link in passes})), "warn")]
                if passes
                else []
            ),
        ),
    )
    policies = [
        Fact(
            "inline" if link.kind == EdgeKind.INLINE else (link.node.note or "attached"),
            f"{link.node.title}  {_size_text(link.node)}",
            "plain" if link.node.record is not None else "warn",
            link.node.id,
        )
        for link in estate.uses(node.id, EdgeKind.INLINE, EdgeKind.ATTACHED)
    ]
    yield Section("policies", tuple(policies))


def _size_text(node: Node) -> str:
    text = document_text(node)
    if not text:
        return "not read"
    count = len(parse_document(text).statements)
    return f"{count} statement{'' if count == 1 else 's'}"


def _policy(estate: Estate, node: Node, record: ManagedPolicy | InlinePolicy) -> Iterator[Section]:
    facts = [Fact("holds", _size_text(node))]
    if isinstance(record, ManagedPolicy):
        versions = ", ".join(version.version_id for version in record.policy_version_list)
        facts = [
            Fact("owner", "AWS" if record.is_aws_managed else "this account"),
            Fact(
                "version",
                f"{record.default_version_id} (of {versions})" if versions else record.default_version_id,
            ),
            *facts,
            *_optional("description", record.description),
        ]
    holders = list(estate.used_by(node.id, EdgeKind.ATTACHED, EdgeKind.INLINE, EdgeKind.BOUNDED_BY))
    facts += [
        Fact(relation(link.kind, backwards=True), link.node.title, node_id=link.node.id)
        for link in holders[:8]
    ]
    if len(holders) > 8:
        facts.append(Fact("", f"and {len(holders) - 8} more (see used by)", "dim"))
    yield Section("", tuple(facts))
    document = parse_document(document_text(node))
    yield Section(
        "not valid", tuple(Fact(f"line {item.line}", str(item), "bad") for item in document.problems)
    )
    yield Section(
        "statements",
        tuple(
            Fact(
                statement.label,
                f"{statement.effect}  {', '.join(statement.actions or statement.not_actions)[:200]}",
                "plain" if statement.effect == "Allow" else "warn",
            )
            for statement in document.statements
        ),
    )


def _launcher(_estate: Estate, _node: Node, record: Rule | Schedule) -> Iterator[Section]:
    targets: tuple[RunTaskTarget, ...] = record.targets if isinstance(record, Rule) else (record.target,)
    yield Section(
        "",
        (
            Fact("state", (record.state or "").lower()),
            *_optional("when", record.schedule_expression),
            *(
                Fact("event pattern", record.event_pattern)
                for _ in (1,)
                if isinstance(record, Rule) and record.event_pattern
            ),
            *_optional("description", record.description),
            *(
                Fact(
                    "runs",
                    f"{target.ecs_parameters.task_definition_arn}  with {target.role_arn or 'no role'}",
                )
                for target in targets
            ),
        ),
    )


def _host(_estate: Estate, _node: Node, host: ContainerInstance) -> Iterator[Section]:
    yield Section(
        "",
        (
            Fact("status", (host.status or "").lower()),
            Fact("agent", "connected" if host.agent_connected else "not connected"),
            Fact("tasks", f"{host.running_tasks_count} running"),
        ),
    )
    yield Section(
        "capabilities",
        tuple(Fact("", item.name, "dim") for item in host.attributes if "capability" in item.name),
    )


def _instance(_estate: Estate, _node: Node, machine: Instance) -> Iterator[Section]:
    options = machine.metadata_options
    yield Section(
        "",
        (
            *_optional("type", machine.instance_type),
            *_optional(
                "instance profile", machine.iam_instance_profile.arn if machine.iam_instance_profile else None
            ),
            *_optional("IMDS tokens", options.http_tokens if options else None),
            *_optional("IMDS hop limit", str(options.http_put_response_hop_limit) if options else None),
        ),
    )


def _capacity_provider(_estate: Estate, _node: Node, provider: CapacityProvider) -> Iterator[Section]:
    kind = "Managed Instances" if provider.managed_instances_provider else "Auto Scaling group"
    group = (provider.auto_scaling_group_provider or {}).get("autoScalingGroupArn")
    yield Section("", (Fact("kind", kind), *_optional("group", group)))


def _resource(_estate: Estate, _node: Node, record: Any) -> Iterator[Section]:
    facts: list[Fact] = []
    if isinstance(record, SecretResource):
        deleted = (
            f"pending deletion since {_when(record.deleted_date)}" if record.deleted_date else "available"
        )
        facts.append(Fact("state", deleted, "bad" if record.deleted_date else "plain"))
        facts.append(Fact("value", "never read", "dim"))
    if isinstance(record, Parameter):
        facts.append(Fact("type", record.type or ""))
        facts.append(Fact("value", "never read", "dim"))
    if isinstance(record, Key):
        facts += [Fact("managed by", record.key_manager or ""), Fact("state", record.key_state or "")]
        facts += [Fact("alias", alias) for alias in record.aliases]
    if isinstance(record, LogGroup):
        kept = f"{record.retention_in_days} days" if record.retention_in_days else "for ever"
        facts.append(Fact("kept", kept))
    if isinstance(record, Repository):
        facts += [
            Fact("image", f"{tag}{'' if found else '  does not exist'}", "plain" if found else "bad")
            for tag, found in record.images.items()
        ]
    if isinstance(record, FileSystem):
        facts += [Fact("access point", point.access_point_id) for point in record.access_points]
    policy = getattr(record, "policy", None)
    if hasattr(record, "policy"):
        text = "not read" if policy is UNSET else "none" if policy is None else "set (see JSON)"
        facts.append(Fact("resource policy", text, "warn" if policy is UNSET else "plain"))
    yield Section("", tuple(facts))


def _contained(estate: Estate, node: Node, kind: NodeKind) -> Iterator[Node]:
    return (link.node for link in estate.uses(node.id, EdgeKind.CONTAINS) if link.node.kind == kind)


def _optional(label: str, text: str | None, tone: Tone = "plain") -> tuple[Fact, ...]:
    return (Fact(label, text, tone),) if text else ()


def _when(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%d %H:%M") if moment else "-"


_DESCRIBERS: tuple[tuple[type | tuple[type, ...], Callable[[Estate, Node, Any], Iterator[Section]]], ...] = (
    (Cluster, _cluster),
    (Service, _service),
    (TaskDefinition, _task_definition),
    (Task, _task),
    (Role, _role),
    ((ManagedPolicy, InlinePolicy), _policy),
    ((Rule, Schedule), _launcher),
    (ContainerInstance, _host),
    (Instance, _instance),
    (CapacityProvider, _capacity_provider),
    ((SecretResource, Parameter, Key, LogGroup, Repository, FileSystem), _resource),
)


def kind_words(node: Node) -> str:
    """The kind of a node in words, with its note: `policy, AWS managed`."""
    return ", ".join(filter(None, (words(node.kind).word, node.note)))
