"""Services, task definitions and tasks of the synthetic estate."""

from collections.abc import Sequence
from datetime import timedelta

from bench.estate_clusters import Plan
from bench.estate_names import NOW, Draw, ecs, iam, regional
from bench.estate_roles import DEPLOY_ROLE
from ecsiam_tui.account.ecs import (
    AwsVpcConfiguration,
    CapacityProviderStrategyItem,
    Deployment,
    DeploymentConfiguration,
    DeploymentController,
    LoadBalancer,
    LogConfiguration,
    NetworkConfiguration,
    Secret,
    Service,
    ServiceEvent,
)
from ecsiam_tui.account.resources import FileSystem, Repository, SecretResource
from ecsiam_tui.account.tasks import (
    Attribute,
    Container,
    ContainerDefinition,
    EnvironmentVariable,
    FileSystemVolume,
    MountPoint,
    Task,
    TaskDefinition,
    Volume,
    VolumeAuthorization,
)

_VARIABLES = [
    "LOG_LEVEL",
    "SERVICE_PORT",
    "DATABASE_HOST",
    "CACHE_URL",
    "FEATURE_FLAGS",
    "OTEL_ENDPOINT",
    "QUEUE_URL",
    "TABLE_NAME",
    "BUCKET",
    "REGION",
    "API_BASE",
    "TIMEOUT_MS",
    "POOL_SIZE",
]
_STOPPED = (
    ("EssentialContainerExited", "Essential container in task exited"),
    (
        "TaskFailedToStart",
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval"
        " failed: unable to retrieve secret from asm: AccessDeniedException",
    ),
    ("TaskFailedToStart", "CannotPullContainerError: pull image manifest has been retried 5 time(s)"),
    ("ServiceSchedulerInitiated", "Scaling activity initiated by deployment"),
)


class ServiceMaker:
    """Makes the records of ECS for a list of plans."""

    def __init__(
        self,
        draw: Draw,
        repositories: Sequence[Repository],
        secrets: Sequence[SecretResource],
        systems: Sequence[FileSystem],
    ) -> None:
        self._draw, self._systems = draw, systems
        self._images = {
            repository.repository_name: next(iter(repository.images)) for repository in repositories
        }
        self._secrets: dict[str, list[str]] = {}
        for secret in secrets:
            self._secrets.setdefault(secret.name.split("/")[1], []).append(secret.arn)
        self._subnets = tuple(f"subnet-{draw.hex(17)}" for _ in range(6))
        self._groups = tuple(f"sg-{draw.hex(17)}" for _ in range(40))

    def network(self) -> NetworkConfiguration:
        """Three subnets, one or two security groups."""
        groups = tuple(self._draw.random.sample(self._groups, self._draw.some(1, 2)))
        start = self._draw.random.choice((0, 3))
        configuration = AwsVpcConfiguration(
            subnets=self._subnets[start : start + 3], security_groups=groups, assign_public_ip="DISABLED"
        )
        return NetworkConfiguration(awsvpc_configuration=configuration)

    def service(self, plan: Plan, events: int) -> Service:
        """A service with one deployment (one in twelve: two) and some events."""
        draw, network = self._draw, self.network()
        count = draw.some(1, 6)
        strategy = (CapacityProviderStrategyItem(capacity_provider="FARGATE_SPOT", weight=1),)
        on_spot = not plan.cluster.on_instances and draw.chance(0.3)
        launch = None if on_spot else "EC2" if plan.cluster.on_instances else "FARGATE"
        deployments = [
            Deployment(
                id=f"ecs-svc/{draw.some(10**18, 10**19 - 1)}",
                status=status,
                task_definition=plan.definition_arn,
                desired_count=count,
                running_count=count,
                created_at=draw.before(30),
                updated_at=draw.before(2),
                launch_type=launch,
                network_configuration=network,
                platform_version="1.4.0",
                rollout_state=rollout,
                rollout_state_reason=f"ECS deployment {rollout.lower().replace('_', ' ')}.",
            )
            for status, rollout in (("PRIMARY", "COMPLETED"), ("ACTIVE", "IN_PROGRESS"))[
                : 2 if draw.chance(0.08) else 1
            ]
        ]
        balancer = LoadBalancer(
            target_group_arn=regional(
                "elasticloadbalancing", f"targetgroup/{plan.name.service[:32]}/{draw.hex(16)}", plan.region
            ),
            container_name="app",
            container_port=8080,
        )
        return Service(
            service_arn=ecs("service", f"{plan.cluster.name}/{plan.name.service}", plan.region),
            service_name=plan.name.service,
            cluster_arn=ecs("cluster", plan.cluster.name, plan.region),
            status="ACTIVE",
            desired_count=count,
            running_count=count,
            launch_type=launch,
            capacity_provider_strategy=strategy if on_spot else (),
            platform_version=None if plan.cluster.on_instances else "1.4.0",
            task_definition=plan.definition_arn,
            deployment_configuration=DeploymentConfiguration(
                strategy="ROLLING",
                maximum_percent=200,
                minimum_healthy_percent=100,
                deployment_circuit_breaker={"enable": True, "rollback": True},
            ),
            deployment_controller=DeploymentController(type="ECS"),
            deployments=tuple(deployments),
            load_balancers=(balancer,) if draw.chance(0.5) else (),
            network_configuration=network,
            events=tuple(self._event(plan.name.service, number) for number in range(events)),
            scheduling_strategy="REPLICA",
            enable_execute_command=draw.chance(0.3),
            enable_ecs_managed_tags=True,
            propagate_tags="SERVICE",
            created_at=draw.before(1000),
            created_by=iam("role", DEPLOY_ROLE),
            tags=draw.tags(plan.name.team),
        )

    def definitions(self, plan: Plan) -> list[TaskDefinition]:
        """The revision that runs and, for one service in eight, the newer one that does not."""
        newest = plan.revision + (1 if self._draw.chance(0.125) else 0)
        return [self._definition(plan, revision, newest) for revision in range(plan.revision, newest + 1)]

    def tasks(self, plan: Plan, host: str | None) -> list[Task]:
        """One or two running tasks, and of one service in six a stopped one with its reason."""
        draw = self._draw
        made = [self._task(plan, host) for _ in range(draw.some(1, 2))]
        if draw.chance(1 / 6):
            made.append(self._task(plan, host, stopped=True))
        return made

    def _event(self, service: str, number: int) -> ServiceEvent:
        message = (
            f"(service {service}) has reached a steady state.",
            f"(service {service}) registered 1 targets in (target-group arn:aws:elasticloadbalancing:…)",
            f"(service {service}) has started 1 tasks: (task {self._draw.hex(32)}).",
        )[number % 3]
        when = NOW - timedelta(minutes=17 * number)
        return ServiceEvent(id=self._draw.uuid(), created_at=when, message=message)

    def _definition(self, plan: Plan, revision: int, newest: int) -> TaskDefinition:
        draw, name, fargate = self._draw, plan.name.service, not plan.cluster.on_instances
        system = draw.random.choice(self._systems) if draw.chance(0.06) else None
        containers = [self._container(plan, "app", 12, mounts=system is not None)]
        if draw.chance(0.4):
            containers.append(self._container(plan, "otel-collector", 3))
        if draw.chance(0.15):
            containers.append(self._container(plan, "envoy", 5))
        volume = system and Volume(
            name="shared",
            efs_volume_configuration=FileSystemVolume(
                file_system_id=system.file_system_id,
                transit_encryption="ENABLED",
                authorization_config=VolumeAuthorization(iam="ENABLED"),
            ),
        )
        return TaskDefinition(
            task_definition_arn=ecs("task-definition", f"{name}:{revision}", plan.region),
            family=name,
            revision=revision,
            status="ACTIVE",
            task_role_arn=iam("role", plan.roles.task),
            execution_role_arn=iam("role", plan.roles.execution),
            network_mode="awsvpc",
            container_definitions=tuple(containers),
            volumes=(volume,) if volume else (),
            requires_attributes=tuple(
                Attribute(name=f"com.amazonaws.ecs.capability.{capability}")
                for capability in (
                    "task-iam-role",
                    "ecr-auth",
                    "logging-driver.awslogs",
                    "docker-remote-api.1.29",
                )
            ),
            compatibilities=("EC2", "FARGATE"),
            requires_compatibilities=("FARGATE",) if fargate else ("EC2",),
            runtime_platform={"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
            cpu=str(draw.random.choice((256, 512, 1024, 2048))),
            memory=str(draw.random.choice((512, 1024, 2048, 4096))),
            registered_at=draw.before(90),
            registered_by=iam("role", DEPLOY_ROLE),
            tags=draw.tags(plan.name.team),
            latest=revision == newest,
        )

    def _container(
        self, plan: Plan, name: str, variables: int, *, mounts: bool = False
    ) -> ContainerDefinition:
        draw, service, region = self._draw, plan.name.service, plan.region
        main = name == "app"
        secrets = [
            Secret(name=f"SECRET_{number}", value_from=f"{arn}:password::" if draw.chance(0.5) else arn)
            for number, arn in enumerate(self._secrets.get(service, ()) if main else ())
        ]
        if main and draw.chance(0.3):
            parameter = regional("ssm", f"parameter/{plan.name.team}/{service}/config", region)
            secrets.append(Secret(name="CONFIG", value_from=parameter))
        options = {
            "awslogs-group": f"/ecs/{service}",
            "awslogs-region": region,
            "awslogs-stream-prefix": name,
        }
        return ContainerDefinition(
            name=name,
            image=self._images[service]
            if main
            else f"public.ecr.aws/aws-observability/{name}:v0.4{draw.some(0, 9)}",
            cpu=0,
            port_mappings=({"containerPort": 8080, "hostPort": 8080, "protocol": "tcp"},) if main else (),
            essential=main,
            environment=tuple(
                EnvironmentVariable(name=variable, fingerprint=draw.hex(12), length=draw.some(2, 60))
                for variable in _VARIABLES[:variables]
            ),
            mount_points=(MountPoint(source_volume="shared", container_path="/data"),) if mounts else (),
            secrets=tuple(secrets),
            user="1000" if draw.chance(0.5) else None,
            readonly_root_filesystem=draw.chance(0.4),
            log_configuration=LogConfiguration(log_driver="awslogs", options=options),
            health_check={
                "command": ["CMD-SHELL", "curl -f http://localhost:8080/health"],
                "interval": 30,
                "retries": 3,
            }
            if main
            else None,
        )

    def _task(self, plan: Plan, host: str | None, *, stopped: bool = False) -> Task:
        draw = self._draw
        code, reason = draw.random.choice(_STOPPED) if stopped else (None, None)
        status = "STOPPED" if stopped else "RUNNING"
        started = draw.before(20)
        image = self._images[plan.name.service]
        return Task(
            task_arn=ecs("task", f"{plan.cluster.name}/{draw.hex(32)}", plan.region),
            cluster_arn=ecs("cluster", plan.cluster.name, plan.region),
            task_definition_arn=plan.definition_arn,
            group=f"service:{plan.name.service}",
            started_by=f"ecs-svc/{draw.some(10**18, 10**19 - 1)}",
            last_status=status,
            desired_status=status,
            health_status="UNKNOWN" if stopped else "HEALTHY",
            launch_type="EC2" if plan.cluster.on_instances else "FARGATE",
            container_instance_arn=host,
            platform_version=None if plan.cluster.on_instances else "1.4.0",
            stop_code=code,
            stopped_reason=reason,
            created_at=started,
            started_at=started + timedelta(seconds=40),
            stopped_at=started + timedelta(hours=1) if stopped else None,
            containers=(
                Container(
                    name="app",
                    image=image,
                    image_digest=f"sha256:{draw.hex(64)}",
                    last_status=status,
                    exit_code=1 if stopped else None,
                ),
            ),
            attachments=({"id": draw.uuid(), "type": "ElasticNetworkInterface", "status": "ATTACHED"},),
            tags={"team": plan.name.team},
        )
