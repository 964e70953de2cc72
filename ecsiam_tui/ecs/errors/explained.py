"""What an error text means."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec

from ecsiam_tui.ecs.requirement import RoleKind
from ecsiam_tui.policy.evaluation import Decision
from ecsiam_tui.policy.why_not import Step

Category = Literal[
    "permission", "trust", "network", "missing-resource", "configuration", "throttling", "unknown"
]
"""`permission`: a policy denies. `trust`: a role cannot be assumed. The others are not for IAM to mend."""

Layer = Literal["identity", "resource", "boundary", "session", "scp", "rcp", "vpce", ""]
"""The policies that the text says deny; empty where it does not say."""

Roles = Mapping[RoleKind, str]
"""The ARNs of the roles that can be meant, where the circumstances tell them and the text does not."""


class Explained(msgspec.Struct, frozen=True):
    """One error, explained.

    `role` is the ARN of the role that acts (for `trust`: that is to be assumed), its name where no more is
    told, empty where nothing is or where a user acts; `principal` the ARN of whoever acts, as told.
    `role_kind` is empty where it cannot be told. `action` is `service:Action`; `resource` an ARN or `*`,
    empty where none is told. `summary` says in a sentence or two what happened, `fixes` what to do, the
    smallest first. `rule` names the recogniser, `source` where AWS says so, `text` the error itself: on one
    line, without what looks like a secret.

    `decision` is the engine's on this very request in the account at hand (None without an account, without a
    known role, or where IAM has no part), `now` says it in words, `steps` the smallest change that would let
    the request through today.
    """

    category: Category
    role: str = ""
    action: str = ""
    resource: str = ""
    layer: Layer = ""
    summary: str = ""
    fixes: tuple[str, ...] = ()
    role_kind: RoleKind | Literal[""] = ""
    principal: str = ""
    rule: str = ""
    source: str = ""
    text: str = ""
    decision: Decision | None = None
    now: str = ""
    steps: tuple[Step, ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        """What makes two errors the same one."""
        return (self.category, self.rule, self.role, self.action, self.resource, self.layer)

    def data(self) -> dict[str, Any]:
        """As the command line's JSON."""
        decision = self.decision
        return {
            "category": self.category,
            "role": self.role,
            "role_kind": self.role_kind,
            "principal": self.principal,
            "action": self.action,
            "resource": self.resource,
            "layer": self.layer,
            "summary": self.summary,
            "fixes": list(self.fixes),
            "decision": None
            if decision is None
            else {"result": decision.outcome, "blocked_by": decision.blocked_by, "sentence": self.now},
            "statements": [statement for step in self.steps for statement in step.statements],
            "rule": self.rule,
            "source": self.source,
            "text": self.text,
        }


Where = Literal["service event", "stopped task", "container", "deployment"]


class Occurrence(msgspec.Struct, frozen=True):
    """An error that the account itself tells of.

    `node` is the id of the node where it was read the last time (a service's or a task's ARN), `subject` what
    it is about: the ARN of the service, or of the task definition of a task that no service started. `where`
    says in what, `container` in whose reason, `at` when the last time (UTC), `count` how often it was seen.
    """

    node: str
    subject: str
    where: Where
    explained: Explained
    at: datetime | None = None
    container: str = ""
    count: int = 1
