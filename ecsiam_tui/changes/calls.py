"""The calls that make a change, in order, and those of a whole plan."""

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes import calls_ecs, calls_iam
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.applying import apply_to
from ecsiam_tui.changes.calling import Call
from ecsiam_tui.changes.plan import Plan


def calls(change: c.AnyChange, before: Snapshot) -> tuple[Call, ...]:
    """The calls that make a change in the account as it is before it. None where it is so already. Raises
    ChangeError where the change does not fit."""
    match change:
        case (
            c.CreatePolicy()
            | c.DeletePolicy()
            | c.CreatePolicyVersion()
            | c.SetDefaultPolicyVersion()
            | c.DeletePolicyVersion()
        ):
            return calls_iam.of_policies(change, before)
        case (
            c.RegisterTaskDefinition()
            | c.DeregisterTaskDefinition()
            | c.UpdateService()
            | c.UpdateClusterExec()
        ):
            return calls_ecs.of_ecs(change, before)
        case c.PutRuleTarget() | c.UpdateSchedule():
            return calls_ecs.of_launchers(change)
        case c.SetResourcePolicy() | c.CreateLogGroup() | c.DeleteLogGroup():
            return calls_ecs.of_resources(change)
        case _:
            return calls_iam.of_roles(change, before)


def plan_calls(plan: Plan, snapshot: Snapshot) -> tuple[tuple[c.AnyChange, tuple[Call, ...]], ...]:
    """Every change of a plan with its calls, each as the account is when its turn comes. Raises
    ChangeError."""
    found: list[tuple[c.AnyChange, tuple[Call, ...]]] = []
    for change in plan.changes:
        found.append((change, calls(change, snapshot)))
        snapshot = apply_to(change, snapshot)
    return tuple(found)
