"""Changes in words: one line for each, the same wherever a plan is shown."""

from typing import Literal, NamedTuple

from ecsiam_tui.account.arns import short_name
from ecsiam_tui.changes import change as c

Mark = Literal["+", "~", "-"]
"""What becomes of the target: it is made, changed, deleted."""


class Told(NamedTuple):
    """A change in words: `what` is done ("put inline policy app") to `target`, a thing of kind `kind`."""

    mark: Mark
    kind: str
    target: str
    what: str

    @property
    def line(self) -> str:
        """In one line: `~ checkout-task  put inline policy app`."""
        return f"{self.mark} {self.target}  {self.what}"


def tell(change: c.AnyChange) -> Told:
    """A change in words. Names are as AWS has them: whoever shows them makes them visible."""
    mark, kind, what = _words(change)
    name = change.target if isinstance(change, c.CreateServiceLinkedRole) else short_name(change.target)
    return Told(mark, kind, name, what)


def _words(change: c.AnyChange) -> tuple[Mark, str, str]:
    match change:
        case c.CreateRole():
            return "+", "role", "create role"
        case c.DeleteRole():
            return "-", "role", "delete role"
        case c.PutRolePolicy():
            return "~", "role", f"put inline policy {change.name}"
        case c.DeleteRolePolicy():
            return "~", "role", f"delete inline policy {change.name}"
        case c.AttachRolePolicy():
            return "~", "role", f"attach policy {short_name(change.policy)}"
        case c.DetachRolePolicy():
            return "~", "role", f"detach policy {short_name(change.policy)}"
        case c.UpdateTrust():
            return "~", "role", "update trust policy"
        case c.PutBoundary():
            bounds = f"set permissions boundary {short_name(change.boundary)}"
            return "~", "role", bounds if change.boundary else "delete permissions boundary"
        case c.TagRole():
            tags = [*(f"{key}={value}" for key, value in change.tags.items())]
            parts = [f"set tags {', '.join(tags)}"] if tags else []
            parts += [f"remove tags {', '.join(change.remove)}"] if change.remove else []
            return "~", "role", " and ".join(parts)
        case c.SetInstanceProfileRole():
            return "~", "instance profile", f"put in role {short_name(change.role) or 'none'}"
        case c.CreateServiceLinkedRole():
            return "+", "role", "create service-linked role"
        case c.CreatePolicy():
            return "+", "policy", "create policy"
        case c.DeletePolicy():
            return "-", "policy", "delete policy"
        case c.CreatePolicyVersion():
            return "~", "policy", "create default version"
        case c.SetDefaultPolicyVersion():
            return "~", "policy", f"make {change.version_id} the default version"
        case c.DeletePolicyVersion():
            return "~", "policy", f"delete version {change.version_id}"
        case _:
            return _ecs_words(change)


def _ecs_words(change: c.AnyChange) -> tuple[Mark, str, str]:
    match change:
        case c.RegisterTaskDefinition():
            edits = "; ".join(map(edit_words, change.edits))
            return "+", "task definition", f"register from {short_name(change.base)}: {edits or 'as it is'}"
        case c.DeregisterTaskDefinition():
            return "-", "task definition", "deregister"
        case c.UpdateService():
            return "~", "service", _rollout_words(change)
        case c.UpdateClusterExec():
            return "~", "cluster", "set the configuration of ECS Exec"
        case c.PutRuleTarget():
            return "~", "rule", _launcher_words(change, f"target {change.target_id}: ")
        case c.UpdateSchedule():
            return "~", "schedule", _launcher_words(change, "")
        case c.SetResourcePolicy():
            return "~", change.kind, "set its policy" if change.document is not None else "delete its policy"
        case c.CreateLogGroup():
            return "+", "log group", "create log group"
        case c.DeleteLogGroup():
            return "-", "log group", "delete log group"
        case _:
            return "~", "", type(change).__name__


def _rollout_words(change: c.UpdateService) -> str:
    parts = []
    if change.task_definition is not None:
        parts.append(f"roll out {short_name(change.task_definition)}")
    if change.enable_execute_command is not None:
        parts.append(f"ECS Exec {'on' if change.enable_execute_command else 'off'}")
    if change.force_new_deployment:
        parts.append("new deployment")
    return ", ".join(parts) or "nothing"


def _launcher_words(change: c.PutRuleTarget | c.UpdateSchedule, head: str) -> str:
    parts = [f"role {short_name(change.role)}"] if change.role is not None else []
    if change.task_definition is not None:
        parts.append(f"start {short_name(change.task_definition)}")
    return head + ", ".join(parts)


def edit_words(edit: c.Edit) -> str:
    """An edit in words: `executionRoleArn checkout-exec`."""
    where = ".".join(map(str, edit.path))
    if edit.remove:
        return f"without {where}"
    return f"{where} {short_name(edit.value)}" if isinstance(edit.value, str) else f"other {where}"
