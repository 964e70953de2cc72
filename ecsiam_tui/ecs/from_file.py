"""Workloads of a task-definition file: what would run, if it were registered."""

import re

import msgspec

from ecsiam_tui.account.arns import partition_of_region
from ecsiam_tui.account.ecs import Cluster, Service
from ecsiam_tui.account.references import Home
from ecsiam_tui.account.tasks import TaskDefinition
from ecsiam_tui.ecs.definition_file import DefinitionFile
from ecsiam_tui.ecs.surroundings import Surroundings
from ecsiam_tui.ecs.workloads import LAUNCH_TYPES, LaunchType, Workload, of_definition

UNKNOWN = Home("aws", "*", "*")
"""Where nothing says in which account and region: `*` is what a policy would say."""

_ARN = re.compile(r"arn:(aws[a-z-]*):[a-z0-9-]+:([a-z]{2}(?:-[a-z]+)+-\d)?:(\d{12})?:")
_IMAGE = re.compile(r"(\d{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.")
_REGION = re.compile(r"""awslogs-region["']?\s*[:=]\s*["']?([a-z]{2}(?:-[a-z]+)+-\d)""")
_OF_OTHERS = frozenset(
    {"840364872350", "906394416424", "763104351884", "602401143452", "709825985650", "533243300146"}
    | {"593207742271", "733349766148", "694911143906", "005257825471", "914738172881"}
)
"""Accounts whose images many use, where no task definition is at home: App Mesh, AWS for Fluent Bit, Deep
Learning Containers, EKS, AWS Marketplace, New Relic, GuardDuty."""


def guess_home(text: str) -> Home:
    """The account and region that a text names: of its roles, log options, other ARNs and images; `*` where
    it names none."""
    arns = _ARN.findall(text)
    images = _IMAGE.findall(text)
    roles = re.findall(r"arn:aws[a-z-]*:iam::(\d{12}):role/", text)
    accounts = [*roles, *(found[2] for found in arns if found[2]), *(found[0] for found in images)]
    regions = [
        *_REGION.findall(text),
        *(found[1] for found in images),
        *(found[1] for found in arns if found[1]),
    ]
    region = regions[0] if regions else "*"
    partition = next((found[0] for found in arns), partition_of_region(region))
    return Home(partition, region, next((one for one in accounts if one not in _OF_OTHERS), "*"))


def workloads(
    found: DefinitionFile,
    around: Surroundings,
    *,
    cluster: Cluster | None = None,
    launch_type: str | None = None,
    exec_enabled: bool = False,
) -> list[Workload]:
    """What a file would run: its services, and its definitions with what the caller says of them."""
    made = []
    for definition in found.definitions:
        service = _service_of(definition, found.services)
        workload = of_definition(definition, around)
        launches = _launches(definition, found, workload.launches)
        chosen = launch_type or (service.launch_type if service else None)
        if chosen:
            launches = frozenset(kind for kind in LAUNCH_TYPES if kind == chosen) or launches
        uses_hosts = cluster is not None and "EC2" in launches
        made.append(
            msgspec.structs.replace(
                workload,
                launches=launches,
                from_file=True,
                cluster=cluster,
                service=service,
                deployments=service.deployments if service else (),
                exec_enabled=exec_enabled or bool(service and service.enable_execute_command),
                instance_roles=around.instance_roles(cluster.cluster_arn) if cluster and uses_hosts else (),
            )
        )
    return made


def _launches(
    definition: TaskDefinition, found: DefinitionFile, possible: frozenset[LaunchType]
) -> frozenset[LaunchType]:
    """Where a definition of a file may run.

    Fargate takes no network mode but `awsvpc`, and the default is `bridge` (API reference,
    RegisterTaskDefinition): what says neither is for EC2. So is what AWS found to fit EC2 and external
    instances alike, unless it was asked for the latter.
    """
    if definition.requires_compatibilities:
        return possible
    if definition.compatibilities:
        return possible - {"EXTERNAL"} or possible
    open_paths = [path for path, _ in found.placeholders]
    left_open = any(path.endswith(("networkMode", "requiresCompatibilities")) for path in open_paths)
    if left_open or definition.task_definition_arn in found.fragments or definition.network_mode == "awsvpc":
        return possible
    return frozenset({"EC2"})


def _service_of(definition: TaskDefinition, services: tuple[Service, ...]) -> Service | None:
    """The service of a file that runs a definition of it; the only one runs the only one."""
    names = (definition.family, definition.name, definition.task_definition_arn)
    named = next((service for service in services if service.task_definition in names), None)
    return named or (services[0] if len(services) == 1 else None)


def looks_like_exec(definition: TaskDefinition) -> bool:
    """Whether a container runs an init process, which AWS advises for ECS Exec."""
    return any(
        (container.linux_parameters or {}).get("initProcessEnabled") is True
        for container in definition.container_definitions
    )
