"""The ways to other principals that lead through Amazon ECS: tasks with a role of one's choice, shells in
tasks, and the machines below them."""

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property, partial
from typing import NamedTuple

from ecsiam_tui.account.tasks import Task, TaskDefinition
from ecsiam_tui.ecs.surroundings import Surroundings
from ecsiam_tui.findings.escalation_asking import Asking
from ecsiam_tui.findings.escalation_doubt import CERTAIN, Doubt, best, both
from ecsiam_tui.findings.escalation_ways import PASS, Roles, Way

TASKS = "ecs-tasks.amazonaws.com"
REGISTER, RUN, START = "ecs:RegisterTaskDefinition", "ecs:RunTask", "ecs:StartTask"
CREATE_SERVICE, UPDATE_SERVICE = "ecs:CreateService", "ecs:UpdateService"
HOST, NEW_CLUSTER, EXEC = "ecs:RegisterContainerInstance", "ecs:CreateCluster", "ecs:ExecuteCommand"
SESSION, SEND = "ssm:StartSession", "ssm:SendCommand"
CHANNELS = tuple(
    f"ssmmessages:{name}"
    for name in ("CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel")
)
LAUNCHING = (REGISTER, RUN, START, CREATE_SERVICE, UPDATE_SERVICE, HOST, NEW_CLUSTER)
ACTIONS = (*LAUNCHING, EXEC, SESSION, SEND)
"""All that has a part in these ways, iam:PassRole and the CHANNELS of the other side aside."""

DEFINITION = "ecs:{region}:{account}:task-definition/{name}:1"
SERVICE = "ecs:{region}:{account}:service/{name}/{name}"
NOT_VERIFIED = "whether ecs:UpdateService asks for iam:PassRole on the roles of a revision that is there"
"""Nothing of AWS's own says so; until somebody tries it, the way is possible, not certain."""

_MOST_TRIED = 20


class Shell(NamedTuple):
    """A task that ECS Exec can reach."""

    task: str
    cluster: str
    containers: tuple[str, ...]


class Machine(NamedTuple):
    """A machine under Systems Manager on which tasks run. `tags` is None where they were not read."""

    arn: str
    region: str
    role: str
    tags: dict[str, str] | None


class EcsWays:
    """The ways of each principal that lead through ECS."""

    def __init__(self, asking: Asking, roles: Roles) -> None:
        self.asking, self.roles, self.snapshot = asking, roles, asking.snapshot
        self.around = Surroundings(asking.snapshot)

    def of(self, principal: str, mask: int) -> Iterator[Way]:
        """Those of one principal; `mask` is what its Allows cover."""
        yield from self._tasks(principal, mask)
        yield from self._shells(principal, mask)
        yield from self._machines(principal, mask)
        yield from self._redeploys(principal, mask)

    # Tasks with a role of one's choice

    def _tasks(self, principal: str, mask: int) -> Iterator[Way]:
        among = self.roles.trusting.services.get(TASKS)
        if not among:
            return
        found: tuple[tuple[str, ...], str, Doubt] | None = None
        for actions, how, doubt in self._launches(principal, mask):
            if doubt is not None and (found is None or doubt.certain):
                found = actions, how, doubt
            if found is not None and found[2].certain:
                break
        if found is not None:
            yield self.roles.passing(principal, TASKS, *found, among=among)

    def _launches(self, principal: str, mask: int) -> Iterator[tuple[tuple[str, ...], str, Doubt | None]]:
        """How a principal gets code of its own into a task with a role of its choice: the actions, in words,
        and whether it may."""
        asking, has = self.asking, partial(self.asking.has, mask)
        ends = (
            ((RUN,), "runs it", self._runs),
            ((CREATE_SERVICE,), "makes a service of it", self._creates),
            ((UPDATE_SERVICE,), "has a service run it", self._updates),
            ((START,), "starts it", self._starts),
            ((START, HOST), "starts it on a machine of its own", self._starts_at_home),
        )
        for actions, words, check in ends:
            if has(PASS, REGISTER, *actions):
                wanted = (REGISTER, actions[0]) if actions[0] in (RUN, START) else (REGISTER,)
                doubt = best(
                    both(asking.may(principal, REGISTER, example), check(principal, example))
                    for example in asking.examples(principal, wanted, DEFINITION)
                )
                how = f"registers a task definition with the role and {words}"
                yield (REGISTER, *actions), how, doubt
        for actions, _, check in (ends[0], *ends[3:]):
            if has(PASS, *actions):
                doubt = best(check(principal, arn) for arn in self._existing(principal, actions[0]))
                yield actions, "runs a task definition with the role in place of its own", doubt

    def _existing(self, principal: str, action: str) -> list[str]:
        could = self.asking.could(principal, action)
        found = (
            definition.task_definition_arn
            for definition in self.snapshot.task_definitions
            if definition.status in (None, "ACTIVE") and could(definition.task_definition_arn)
        )
        return [arn for arn, _ in zip(found, range(_MOST_TRIED), strict=False)]

    @cached_property
    def _clusters(self) -> dict[str, list[str]]:
        """The clusters of each region."""
        found: dict[str, list[str]] = defaultdict(list)
        for cluster in self.snapshot.clusters:
            if cluster.status in (None, "ACTIVE"):
                found[_region(cluster.cluster_arn)].append(cluster.cluster_arn)
        return found

    def _somewhere(self, principal: str, action: str, definition: str) -> Doubt | None:
        """An action in whatever cluster of the region: those that are there, or one that it makes."""
        asking, region = self.asking, _region(definition)
        found = asking.may(principal, action, definition)
        if found is None:
            return None
        if not self._clusters.get(region):
            cluster = f"{asking.head}:ecs:{region}:{self.snapshot.account_id}:cluster/default"
            return both(asking.may(principal, NEW_CLUSTER, cluster), found)
        if not any(key.lower() == "ecs:cluster" for key in found.keys):
            return found
        return best(
            asking.may(principal, action, definition, {"ecs:cluster": cluster})
            for cluster in self._clusters[region]
        )

    def _runs(self, principal: str, definition: str) -> Doubt | None:
        return self._somewhere(principal, RUN, definition)

    def _starts(self, principal: str, definition: str) -> Doubt | None:
        return self._somewhere(principal, START, definition) if self.snapshot.container_instances else None

    def _starts_at_home(self, principal: str, definition: str) -> Doubt | None:
        clusters = self._clusters.get(_region(definition), ())
        return best(
            both(
                self.asking.may(principal, HOST, cluster),
                self.asking.may(principal, START, definition, {"ecs:cluster": cluster}),
            )
            for cluster in clusters
        )

    def _creates(self, principal: str, definition: str) -> Doubt | None:
        """A service in one of the clusters: of a name that the policies suggest, or of any."""
        examples = self.asking.examples(principal, (CREATE_SERVICE,), SERVICE)
        names = dict.fromkeys(example.rsplit("/", 1)[-1] for example in examples)
        return best(
            self.asking.may(
                principal,
                CREATE_SERVICE,
                f"{cluster.replace(':cluster/', ':service/')}/{name}",
                {"ecs:task-definition": definition},
            )
            for cluster in self._clusters.get(_region(definition), ())
            for name in names
        )

    def _updates(self, principal: str, definition: str) -> Doubt | None:
        return best(
            self.asking.may(principal, UPDATE_SERVICE, arn, {"ecs:task-definition": definition})
            for arn in self._services(principal)
            if _region(arn) == _region(definition)
        )

    def _services(self, principal: str) -> list[str]:
        could = self.asking.could(principal, UPDATE_SERVICE)
        found = (found.service_arn for found in self.snapshot.services if could(found.service_arn))
        return [arn for arn, _ in zip(found, range(_MOST_TRIED), strict=False)]

    # Shells in tasks

    def _task_role(self, task: Task, definition: TaskDefinition | None) -> str:
        own = task.overrides.task_role_arn if task.overrides else None
        return self.around.role(own or (definition.task_role_arn if definition else None))

    @cached_property
    def _shells_by_role(self) -> dict[str, list[Shell]]:
        """Running tasks with ECS Exec by the role that one has in them. The agent of ECS Exec works with the
        task role: without its channels there is no shell."""
        found: dict[str, list[Shell]] = defaultdict(list)
        machines = {
            host.container_instance_arn: self.around.instance_role(host)
            for host in self.snapshot.container_instances
        }
        for task in self.snapshot.tasks:
            if not task.enable_execute_command or task.last_status == "STOPPED":
                continue
            definition = self.around.definitions.get(task.task_definition_arn or "")
            # Without a task role, a task on EC2 works with the role of its machine.
            role = self._task_role(task, definition) or machines.get(task.container_instance_arn or "", "")
            names = tuple(container.name for container in task.containers if container.name)
            if role in self.roles.by_arn:
                found[role].append(Shell(task.task_arn, task.cluster_arn, names))
        return {role: shells for role, shells in found.items() if self._has_channels(role)}

    def _has_channels(self, role: str) -> bool:
        """Whether the channels of ECS Exec may be allowed to a role, at a glance."""
        asking = self.asking
        return asking.has(asking.mask(role), *CHANNELS) or bool(asking.attachments(role)[1])

    def _channels(self, role: str) -> Doubt | None:
        return self.asking.all(role, CHANNELS, "*")

    def _shells(self, principal: str, mask: int) -> Iterator[Way]:
        asking = self.asking
        if asking.has(mask, EXEC):

            def check(role: str) -> Doubt | None:
                shells = self._shells_by_role[role][:_MOST_TRIED]
                opened = best(self._into(principal, shell) for shell in shells)
                return both(opened, self._channels(role) if opened is not None else None)

            yield Way(
                (EXEC,), "opens a shell in a task of the role with ECS Exec", self._shells_by_role, check
            )
        if asking.has(mask, SESSION):

            def session(role: str) -> Doubt | None:
                shells = self._shells_by_role[role][:_MOST_TRIED]
                opened = best(asking.may(principal, SESSION, shell.task) for shell in shells)
                return both(opened, self._channels(role) if opened is not None else None)

            how = "opens a session in a task of the role, past the controls of ECS Exec"
            yield Way((SESSION,), how, self._shells_by_role, session)

    def _into(self, principal: str, shell: Shell) -> Doubt | None:
        """Both the cluster and the task must be allowed (Service Authorization Reference); whoever gets into
        any of the containers has the task's role."""
        asking = self.asking
        context = {"ecs:cluster": shell.cluster, "ecs:task": shell.task}
        return best(
            both(
                asking.may(principal, EXEC, shell.task, context | {"ecs:container-name": name}),
                asking.may(principal, EXEC, shell.cluster, context | {"ecs:container-name": name}),
            )
            for name in shell.containers or ("app",)
        )

    # Shells on machines

    @cached_property
    def _machines_by_role(self) -> dict[str, list[Machine]]:
        """Machines by the roles whose credentials root finds there: the machine's own, and both roles of
        every task on it (there is no isolation between tasks on EC2)."""
        found: dict[str, list[Machine]] = defaultdict(list)
        hosts: dict[str, Machine] = {}
        for host in self.snapshot.container_instances:
            name, role = host.ec2_instance_id or "", self.around.instance_role(host)
            region = _region(host.container_instance_arn)
            external = name.startswith("mi-")
            if not name or role not in self.roles.by_arn:
                continue
            service, kind = ("ssm", "managed-instance") if external else ("ec2", "instance")
            arn = f"{self.asking.head}:{service}:{region}:{self.snapshot.account_id}:{kind}/{name}"
            known = self.around.instances.get(name)
            machine = Machine(arn, region, role, known.tags if known else None)
            if self._managed(machine) is not None:
                hosts[host.container_instance_arn] = machine
                found[role].append(machine)
        for task in self.snapshot.tasks:
            machine_of = hosts.get(task.container_instance_arn or "")
            if machine_of is None or task.last_status == "STOPPED":
                continue
            definition = self.around.definitions.get(task.task_definition_arn or "")
            own = task.overrides.execution_role_arn if task.overrides else None
            execution = self.around.role(own or (definition.execution_role_arn if definition else None))
            for used in (self._task_role(task, definition), execution):
                if used in self.roles.by_arn and machine_of not in found[used]:
                    found[used].append(machine_of)
        return {role: machines for role, machines in found.items() if machines}

    def _managed(self, machine: Machine) -> Doubt | None:
        """Whether the machine's role lets it be managed; an external one is, or it would not be there."""
        if ":ssm:" in machine.arn:
            return CERTAIN
        return self.asking.may(machine.role, "ssm:UpdateInstanceInformation", machine.arn)

    def _machines(self, principal: str, mask: int) -> Iterator[Way]:
        asking = self.asking
        for action in (SESSION, SEND):
            if not asking.has(mask, action):
                continue

            def check(role: str, action: str = action) -> Doubt | None:
                return best(
                    both(self._managed(machine), self._onto(principal, action, machine))
                    for machine in self._machines_by_role[role][:_MOST_TRIED]
                )

            words = "opens a session" if action == SESSION else "runs a command"
            how = f"{words} on a container instance, where root has the role's credentials"
            yield Way((action,), how, self._machines_by_role, check)

    def _onto(self, principal: str, action: str, machine: Machine) -> Doubt | None:
        tags = machine.tags or {}
        context = {
            f"{prefix}/{key}": value
            for key, value in tags.items()
            for prefix in ("aws:ResourceTag", "ssm:resourceTag")
        }
        found = self.asking.may(principal, action, machine.arn, context)
        if action == SEND and found is not None:
            document = f"{self.asking.head}:ssm:{machine.region}::document/AWS-RunShellScript"
            found = both(found, self.asking.may(principal, action, document))
        return found

    # Revisions that are there

    @cached_property
    def _revisions(self) -> dict[str, list[str]]:
        """The ACTIVE task definitions of each task role in whose tasks a shell can be opened."""
        found: dict[str, list[str]] = defaultdict(list)
        for definition in self.snapshot.task_definitions:
            role = self.around.role(definition.task_role_arn)
            if definition.status in (None, "ACTIVE") and role in self.roles.by_arn:
                found[role].append(definition.task_definition_arn)
        return {role: arns for role, arns in found.items() if self._has_channels(role)}

    def _redeploys(self, principal: str, mask: int) -> Iterator[Way]:
        """A service is moved to a revision with another role, with ECS Exec on, and a shell opened there."""
        if not self.asking.has(mask, UPDATE_SERVICE, EXEC):
            return
        services = self._services(principal)

        def check(role: str) -> Doubt | None:
            found = best(
                both(self._updates_to(principal, arn, definition), self._into(principal, _any_task(arn)))
                for definition in self._revisions[role][:_MOST_TRIED]
                for arn in services
                if _region(arn) == _region(definition)
            )
            found = both(found, self._channels(role) if found is not None else None)
            return both(found, Doubt((NOT_VERIFIED,)))

        how = "has a service run a revision with the role, and opens a shell there"
        yield Way((UPDATE_SERVICE, EXEC), how, self._revisions, check)

    def _updates_to(self, principal: str, service: str, definition: str) -> Doubt | None:
        context = {"ecs:task-definition": definition, "ecs:enable-execute-command": "true"}
        return self.asking.may(principal, UPDATE_SERVICE, service, context)


def _any_task(service: str) -> Shell:
    """A task of a service, once there is one."""
    head, _, rest = service.partition(":service/")
    cluster = rest.split("/", 1)[0]
    return Shell(f"{head}:task/{cluster}/{'0' * 32}", f"{head}:cluster/{cluster}", ())


def _region(arn: str) -> str:
    return arn.split(":", 4)[3]
