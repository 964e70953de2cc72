"""All requirements of an account, answered, by who needs them and by which role has to have them."""

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

from ecsiam_tui.ecs.judge import Judge
from ecsiam_tui.ecs.requirement import Judged
from ecsiam_tui.ecs.requirements import of_account, of_workload
from ecsiam_tui.ecs.surroundings import Surroundings
from ecsiam_tui.ecs.workloads import Workload, workloads
from ecsiam_tui.policy.account import AccountPolicies


class Needs:
    """The requirements of every workload and launcher of a snapshot. Worked out when first asked for."""

    def __init__(self, account: AccountPolicies, around: Surroundings) -> None:
        self.account = account
        self.around = around
        self.judge = Judge(account, around)

    @cached_property
    def workloads(self) -> list[Workload]:
        """What runs, or is there to be run."""
        return workloads(self.around)

    @cached_property
    def by_workload(self) -> list[tuple[Workload, tuple[Judged, ...]]]:
        """Every workload with what it needs."""
        return [(workload, self.judge.all(of_workload(workload, self.around))) for workload in self.workloads]

    @cached_property
    def of_launchers(self) -> tuple[Judged, ...]:
        """What launchers, hosts and capacity providers need."""
        return self.judge.all(of_account(self.around))

    @cached_property
    def all(self) -> tuple[Judged, ...]:
        """Every requirement of the account."""
        own = (judged for _, found in self.by_workload for judged in found)
        return (*own, *self.of_launchers)

    @cached_property
    def _by_subject(self) -> dict[str, list[Judged]]:
        found: dict[str, list[Judged]] = defaultdict(list)
        for judged in self.all:
            found[judged.requirement.subject].append(judged)
        return found

    @cached_property
    def _by_definition(self) -> dict[str, list[Judged]]:
        found: dict[str, dict[tuple[str, str, str, str], Judged]] = defaultdict(dict)
        for workload, judged in self.by_workload:
            known = found[workload.definition.task_definition_arn]
            for one in judged:
                asked = one.requirement
                known.setdefault((asked.role_kind, asked.principal, asked.action, asked.resource), one)
        return {arn: list(judged.values()) for arn, judged in found.items()}

    def of(self, node: str) -> tuple[Judged, ...]:
        """What a node needs: a service, task, launcher, cluster or task definition by its id. A task
        definition needs what all its users need of it."""
        return tuple(self._by_definition.get(node, self._by_subject.get(node, ())))

    @cached_property
    def _by_role(self) -> dict[str, list[Judged]]:
        found: dict[str, list[Judged]] = defaultdict(list)
        for judged in self.all:
            asked = judged.requirement
            role = asked.resource if asked.id == "TRUST" else asked.principal
            if role:
                found[role].append(judged)
        return found

    def of_role(self, role: str) -> tuple[Judged, ...]:
        """What is asked of a role (ARN), to be assumable included."""
        return tuple(self._by_role.get(role, ()))

    def users_of(self, role: str) -> Iterator[Workload]:
        """The workloads that have a role as task role or execution role."""
        return iter(self._users.get(role, ()))

    @cached_property
    def _users(self) -> dict[str, list[Workload]]:
        found: dict[str, list[Workload]] = defaultdict(list)
        for workload in self.workloads:
            for role in dict.fromkeys((workload.task_role, workload.execution_role)):
                if role:
                    found[role].append(workload)
        return found
