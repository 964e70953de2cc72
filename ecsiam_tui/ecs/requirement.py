"""A permission that something needs, and whether it has it."""

from typing import Literal

import msgspec

from ecsiam_tui.policy.evaluation import Decision

RoleKind = Literal[
    "task-execution",
    "task",
    "container-instance",
    "infrastructure",
    "lifecycle-hook",
    "events",
    "scheduler",
    "state-machine",
    "code-deploy",
    "anywhere",
    "service",
    "deployer",
]
"""In which part a role acts; the words are those of the Amazon ECS Developer Guide."""

Necessity = Literal["required", "recommended", "optional"]
"""`required`: without it something fails. `recommended`: AWS's own policies have it, nothing fails at once.
`optional`: guessed from what a container looks like, or needed in some cases alone."""

Status = Literal["met", "missing", "depends", "unknown"]
"""`depends`: on condition keys that nobody knows beforehand. `unknown`: on something that was not read."""

STATUSES: tuple[Status, ...] = ("missing", "unknown", "depends", "met")


class Requirement(msgspec.Struct, frozen=True):
    """One permission that a workload needs of one of its roles.

    `subject` is the node that needs it (a service, a task definition, a schedule, …), `principal` the ARN of
    the role that acts; empty where the workload names none. For `sts:AssumeRole` the principal is the AWS
    service and `resource` the role: being assumable is a requirement like any other. `others` are roles that
    may act in its stead (EC2: the container instance role where there is no task execution role). `context`
    are the condition keys that the call is known to carry. `id` names the row of the table it comes from
    (`SEC1`), `why` the field that asks for it, `source` where AWS says so. `open` is a placeholder that it
    rests on and that its resource does not show.
    """

    id: str
    subject: str
    role_kind: RoleKind
    principal: str
    action: str
    resource: str
    why: str
    source: str
    context: dict[str, str] = {}
    necessity: Necessity = "required"
    others: tuple[str, ...] = ()
    open: str = ""


class Judged(msgspec.Struct, frozen=True):
    """A requirement and whether the account meets it.

    `decision` is the engine's, None where there is no role to ask about; `note` says in a few words what is
    missing, what it depends on, or what was not read.
    """

    requirement: Requirement
    status: Status
    note: str = ""
    decision: Decision | None = None
