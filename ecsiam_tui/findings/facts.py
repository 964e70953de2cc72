"""What rules look at: a snapshot with its graph, its policies and its requirements, each made once."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from ecsiam_tui.account.iam import Role
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.tasks import TaskDefinition
from ecsiam_tui.ecs.last_use import LastUse, last_uses
from ecsiam_tui.ecs.needs import Needs
from ecsiam_tui.ecs.surroundings import Surroundings
from ecsiam_tui.findings.finding import Evidence
from ecsiam_tui.graph import Estate
from ecsiam_tui.graph.build_iam import inline_id
from ecsiam_tui.graph.kinds import EdgeKind
from ecsiam_tui.policy.account import AccountPolicies
from ecsiam_tui.policy.statements import Statement

if TYPE_CHECKING:
    from ecsiam_tui.findings.escalation import Escalations


class Options(msgspec.Struct, frozen=True):
    """What an organization may set. `boundary_required` makes a role without permissions boundary a finding;
    `unused_days` is how long a role must have been idle; `shared_families` how many families may share an
    execution role with access to secrets."""

    boundary_required: bool = False
    unused_days: int = 90
    shared_families: int = 3


class Placed(NamedTuple):
    """A statement of a policy with the node that one opens to see it."""

    statement: Statement
    policy: str
    node: str

    @property
    def label(self) -> str:
        """`app ReadOrders` or `app statement 2`."""
        return f"{self.policy} {self.statement.sid or f'statement {self.statement.index + 1}'}"

    def evidence(self, text: str = "") -> Evidence:
        """The statement as evidence."""
        return Evidence("statement", self.node, self.label, text, self.statement.lines)


class Facts:
    """Everything that rules ask about one snapshot. `now` is when it was taken."""

    def __init__(
        self,
        snapshot: Snapshot,
        estate: Estate,
        account: AccountPolicies,
        needs: Needs,
        options: Options | None = None,
    ) -> None:
        self.snapshot = snapshot
        self.estate = estate
        self.account = account
        self.needs = needs
        self.around: Surroundings = needs.around
        self.options = options or Options()
        self.now: datetime = snapshot.taken_at

    @cached_property
    def escalations(self) -> "Escalations":
        """Who can become whom."""
        from ecsiam_tui.findings.escalation import Escalations

        return Escalations(self.snapshot, self.account, self.estate)

    @cached_property
    def last_uses(self) -> dict[str, LastUse]:
        """What is known of what roles (ARNs) used last."""
        return last_uses(self.snapshot)

    # Names

    def title(self, node_id: str) -> str:
        """What people call a node: its title, else the end of its id."""
        node = self.estate.get(node_id)
        return node.title if node else node_id.rsplit("/", 1)[-1].rsplit(":", 1)[-1]

    def titles(self, ids: Iterable[str], most: int = 4) -> str:
        """Some names in a sentence: `a, b and 3 more`."""
        names = list(dict.fromkeys(self.title(node_id) for node_id in ids))
        if len(names) > most:
            return f"{', '.join(names[:most])} and {len(names) - most} more"
        return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))

    # Roles

    @cached_property
    def roles_in_use(self) -> dict[str, Role]:
        """The roles that ECS, its launchers or its hosts use, by ARN."""
        kinds = [kind for kind in EdgeKind if kind.value.startswith("uses-") and kind.value.endswith("-role")]
        return {
            arn: role
            for arn, role in self.around.roles.items()
            if arn in self.estate and next(self.estate.used_by(arn, *kinds), None) is not None
        }

    @cached_property
    def task_roles(self) -> dict[str, Role]:
        """The roles that are the task role of something."""
        return self._roles_used_as(EdgeKind.USES_TASK_ROLE)

    @cached_property
    def execution_roles(self) -> dict[str, Role]:
        """The roles that are the task execution role of something."""
        return self._roles_used_as(EdgeKind.USES_EXECUTION_ROLE)

    def _roles_used_as(self, kind: EdgeKind) -> dict[str, Role]:
        return {
            arn: role
            for arn, role in self.roles_in_use.items()
            if next(self.estate.used_by(arn, kind), None) is not None
        }

    @cached_property
    def ecs_roles(self) -> dict[str, Role]:
        """The roles that matter for ECS: those in use, and those that ECS tasks could be given."""
        takes_tasks = {
            arn: role
            for arn, role in self.around.roles.items()
            if not role.is_service_linked and "ecs-tasks.amazonaws.com" in role.assume_role_policy_document
        }
        return self.roles_in_use | takes_tasks

    @cached_property
    def _services_by_role(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, dict[str, None]] = defaultdict(dict)
        for workload in self.needs.workloads:
            if workload.kind in ("service", "express-service"):
                for role in (workload.task_role, workload.execution_role):
                    if role:
                        found[role][workload.id] = None
        return {role: tuple(ids) for role, ids in found.items()}

    def services_of(self, role: str) -> tuple[str, ...]:
        """The ids of the services whose tasks have a role."""
        return self._services_by_role.get(role, ())

    def shared_by(self, role: str) -> str:
        """What a mistake in a role touches, in a sentence; empty where no service uses it."""
        services = self.services_of(role)
        if not services:
            return ""
        if len(services) == 1:
            return f"1 service uses it: {self.title(services[0])}."
        return f"{len(services)} services use it: {self.titles(services)}."

    # Policies

    def statements(self, principal: str) -> Iterator[Placed]:
        """Every statement of a principal's identity-based policies, inline ones first."""
        for attached in self.account.attachments(principal)[0]:
            node = attached.arn or inline_id(principal, attached.name)
            for statement in self.account.document(attached.text).statements:
                yield Placed(statement, attached.name, node)

    def trust(self, role: Role) -> Iterator[Placed]:
        """Every statement of a role's trust policy."""
        for statement in self.account.document(role.assume_role_policy_document).statements:
            yield Placed(statement, "trust policy", role.arn)

    # Task definitions

    @cached_property
    def definitions_in_use(self) -> list[TaskDefinition]:
        """The task definitions that something runs or would run, each once."""
        found = {
            workload.definition.task_definition_arn: workload.definition for workload in self.needs.workloads
        }
        return list(found.values())

    @cached_property
    def _users_of_definitions(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for workload in self.needs.workloads:
            if workload.kind != "task-definition":
                found[workload.definition.task_definition_arn].append(workload.id)
        return found

    def users_of(self, definition: TaskDefinition) -> tuple[str, ...]:
        """The services, tasks and launchers that run a task definition."""
        return tuple(self._users_of_definitions.get(definition.task_definition_arn, ()))
