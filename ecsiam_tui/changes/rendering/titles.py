"""How renderings name a plan and its changes."""

from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.looking import name_of
from ecsiam_tui.changes.plan import Plan
from ecsiam_tui.changes.rendering.quoting import one_line


def title(plan: Plan) -> str:
    """A plan's title, on one line."""
    return one_line(plan.title) or "Changes of permissions"


def origin(plan: Plan) -> str:
    """For which account a plan is and what it was made from."""
    when = plan.made_from.isoformat()
    return f"For the account {one_line(plan.account)}, planned from what was read {when}."


def step(change: c.AnyChange) -> str:
    """What a change does, in few words: `put-role-policy checkout-task`."""
    return one_line(f"{type(change).__struct_config__.tag} {name_of(change.target)}")
