"""What AWS would refuse of a plan, and what in it would not do what it seems to: told before the first call.

Limits are those of "IAM and AWS STS quotas" and of the API references; where an account may have other quotas
than the common ones, its own (GetAccountSummary) count.
"""

from collections.abc import Iterator

import msgspec

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes import limits_ecs, limits_iam
from ecsiam_tui.changes.applying import apply_to
from ecsiam_tui.changes.limits_documents import Found, Severity
from ecsiam_tui.changes.looking import ChangeError
from ecsiam_tui.changes.plan import Plan


class Problem(msgspec.Struct, frozen=True):
    """Something wrong with a change. `index` is its place in the plan, from 0; an `error` is refused by AWS
    or cannot work, a `warning` is taken; `source` says where AWS says so."""

    index: int
    severity: Severity
    message: str
    source: str


def check(what: Plan | c.AnyChange, snapshot: Snapshot) -> tuple[Problem, ...]:
    """Every problem of a plan, or of one change, in order: each change is looked at in the account as those
    before it leave it."""
    found: list[Problem] = []
    for index, change in enumerate(what.changes if isinstance(what, Plan) else (what,)):
        after = snapshot
        try:
            after = apply_to(change, snapshot)
        except ChangeError as refused:
            found.append(Problem(index, "error", str(refused), "the account as it was read"))
        found += [Problem(index, *one) for one in dict.fromkeys(_of(change, snapshot, after))]
        snapshot = after
    return tuple(found)


def errors(what: Plan | c.AnyChange, snapshot: Snapshot) -> tuple[Problem, ...]:
    """The problems for which nothing should be sent."""
    return tuple(one for one in check(what, snapshot) if one.severity == "error")


def _of(change: c.AnyChange, before: Snapshot, after: Snapshot) -> Iterator[Found]:
    match change:
        case (
            c.CreatePolicy()
            | c.DeletePolicy()
            | c.CreatePolicyVersion()
            | c.SetDefaultPolicyVersion()
            | c.DeletePolicyVersion()
        ):
            return limits_iam.of_policy(change, before, after)
        case (
            c.RegisterTaskDefinition()
            | c.DeregisterTaskDefinition()
            | c.UpdateService()
            | c.UpdateClusterExec()
        ):
            return limits_ecs.of_ecs(change, before, after)
        case c.PutRuleTarget() | c.UpdateSchedule():
            return limits_ecs.of_launcher(change, before)
        case c.SetResourcePolicy() | c.CreateLogGroup() | c.DeleteLogGroup():
            return limits_ecs.of_resource(change, before, after)
        case _:
            return limits_iam.of_role(change, before, after)
