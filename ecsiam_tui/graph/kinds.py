"""The kinds of nodes and edges of the estate, each with the words and the glyph that a person sees.

Edges point from the user to the used, so that "who uses this" is always upstream and "what can be reached
from here" always downstream.
"""

from enum import StrEnum
from typing import NamedTuple


class NodeKind(StrEnum):
    """What a node is. The value is the word that filters and files use."""

    CLUSTER = "cluster"
    CAPACITY_PROVIDER = "capacity-provider"
    SERVICE = "service"
    EXPRESS_SERVICE = "express-service"
    GATEWAY = "gateway"
    TASK_SET = "task-set"
    TASK_DEFINITION = "task-definition"
    DAEMON_TASK_DEFINITION = "daemon-task-definition"
    TASK = "task"
    CONTAINER_INSTANCE = "container-instance"
    INSTANCE = "instance"
    INSTANCE_PROFILE = "instance-profile"
    ACTIVATION = "activation"
    MANAGED_NODE = "managed-node"
    ROLE = "role"
    USER = "user"
    GROUP = "group"
    POLICY = "policy"
    INLINE_POLICY = "inline-policy"
    ORGANIZATION_POLICY = "organization-policy"
    PRINCIPAL = "principal"
    RULE = "rule"
    SCHEDULE = "schedule"
    STATE_MACHINE = "state-machine"
    DEPLOYMENT_GROUP = "deployment-group"
    SCALABLE_TARGET = "scalable-target"
    JOB_DEFINITION = "job-definition"
    FUNCTION = "function"
    REPOSITORY = "repository"
    IMAGE = "image"
    SECRET = "secret"
    PARAMETER = "parameter"
    LOG_GROUP = "log-group"
    KEY = "key"
    FILE_SYSTEM = "file-system"
    BUCKET = "bucket"


class EdgeKind(StrEnum):
    """What one node is to another."""

    CONTAINS = "contains"
    RUNS = "runs"
    STARTED_FROM = "started-from"
    PLACED_ON = "placed-on"
    USES_TASK_ROLE = "uses-task-role"
    USES_EXECUTION_ROLE = "uses-execution-role"
    USES_INSTANCE_PROFILE = "uses-instance-profile"
    USES_INSTANCE_ROLE = "uses-instance-role"
    USES_INFRASTRUCTURE_ROLE = "uses-infrastructure-role"
    USES_HOOK_ROLE = "uses-hook-role"
    USES_SERVICE_ROLE = "uses-service-role"
    USES_LAUNCHER_ROLE = "uses-launcher-role"
    USES_FUNCTION_ROLE = "uses-function-role"
    PASSES = "passes"
    ASSUMES = "assumes"
    ATTACHED = "attached"
    INLINE = "inline"
    MEMBER_OF = "member-of"
    BOUNDED_BY = "bounded-by"
    NAMES = "names"
    PULLS_IMAGE = "pulls-image"
    READS_SECRET = "reads-secret"
    READS_FILE = "reads-file"
    LOGS_TO = "logs-to"
    ENCRYPTS_WITH = "encrypts-with"
    MOUNTS = "mounts"
    INVOKES = "invokes"
    SCHEDULES = "schedules"
    DEPLOYS = "deploys"
    SCALES = "scales"


class Words(NamedTuple):
    """How a kind is shown."""

    glyph: str
    word: str
    plural: str


_WORDS = {
    NodeKind.CLUSTER: Words("▣", "cluster", "clusters"),
    NodeKind.CAPACITY_PROVIDER: Words("▥", "capacity provider", "capacity providers"),
    NodeKind.SERVICE: Words("◆", "service", "services"),
    NodeKind.EXPRESS_SERVICE: Words("◆", "Express service", "Express services"),
    NodeKind.GATEWAY: Words("◇", "gateway", "gateways"),
    NodeKind.TASK_SET: Words("▤", "task set", "task sets"),
    NodeKind.TASK_DEFINITION: Words("▤", "task definition", "task definitions"),
    NodeKind.DAEMON_TASK_DEFINITION: Words("▤", "daemon task definition", "daemon task definitions"),
    NodeKind.TASK: Words("•", "task", "tasks"),
    NodeKind.CONTAINER_INSTANCE: Words("▦", "container instance", "container instances"),
    NodeKind.INSTANCE: Words("▦", "EC2 instance", "EC2 instances"),
    NodeKind.INSTANCE_PROFILE: Words("▧", "instance profile", "instance profiles"),
    NodeKind.ACTIVATION: Words("▧", "activation", "activations"),
    NodeKind.MANAGED_NODE: Words("▦", "external instance", "external instances"),
    NodeKind.ROLE: Words("◉", "role", "roles"),
    NodeKind.USER: Words("○", "user", "users"),
    NodeKind.GROUP: Words("◎", "group", "groups"),
    NodeKind.POLICY: Words("§", "policy", "policies"),
    NodeKind.INLINE_POLICY: Words("§", "inline policy", "inline policies"),
    NodeKind.ORGANIZATION_POLICY: Words("§", "organization policy", "organization policies"),
    NodeKind.PRINCIPAL: Words("◌", "principal", "principals"),
    NodeKind.RULE: Words("◷", "rule", "rules"),
    NodeKind.SCHEDULE: Words("◷", "schedule", "schedules"),
    NodeKind.STATE_MACHINE: Words("◈", "state machine", "state machines"),
    NodeKind.DEPLOYMENT_GROUP: Words("◈", "deployment group", "deployment groups"),
    NodeKind.SCALABLE_TARGET: Words("◈", "scalable target", "scalable targets"),
    NodeKind.JOB_DEFINITION: Words("◈", "job definition", "job definitions"),
    NodeKind.FUNCTION: Words("λ", "function", "functions"),
    NodeKind.REPOSITORY: Words("▢", "repository", "repositories"),
    NodeKind.IMAGE: Words("▢", "image", "images"),
    NodeKind.SECRET: Words("✱", "secret", "secrets"),
    NodeKind.PARAMETER: Words("✱", "parameter", "parameters"),
    NodeKind.LOG_GROUP: Words("≡", "log group", "log groups"),
    NodeKind.KEY: Words("◐", "KMS key", "KMS keys"),
    NodeKind.FILE_SYSTEM: Words("▱", "file system", "file systems"),
    NodeKind.BUCKET: Words("∪", "bucket", "buckets"),
}

_RELATIONS = {
    EdgeKind.CONTAINS: ("contains", "in"),
    EdgeKind.RUNS: ("runs", "run by"),
    EdgeKind.STARTED_FROM: ("started from", "started as"),
    EdgeKind.PLACED_ON: ("placed on", "hosts"),
    EdgeKind.USES_TASK_ROLE: ("task role", "task role of"),
    EdgeKind.USES_EXECUTION_ROLE: ("execution role", "execution role of"),
    EdgeKind.USES_INSTANCE_PROFILE: ("instance profile", "instance profile of"),
    EdgeKind.USES_INSTANCE_ROLE: ("instance role", "instance role of"),
    EdgeKind.USES_INFRASTRUCTURE_ROLE: ("infrastructure role", "infrastructure role of"),
    EdgeKind.USES_HOOK_ROLE: ("lifecycle hook role", "lifecycle hook role of"),
    EdgeKind.USES_SERVICE_ROLE: ("service role", "service role of"),
    EdgeKind.USES_LAUNCHER_ROLE: ("launcher role", "launcher role of"),
    EdgeKind.USES_FUNCTION_ROLE: ("function role", "function role of"),
    EdgeKind.PASSES: ("may pass", "may be passed by"),
    EdgeKind.ASSUMES: ("may assume", "trusts"),
    EdgeKind.ATTACHED: ("attached policy", "attached to"),
    EdgeKind.INLINE: ("inline policy", "inline in"),
    EdgeKind.MEMBER_OF: ("member of", "members"),
    EdgeKind.BOUNDED_BY: ("permissions boundary", "bounds"),
    EdgeKind.NAMES: ("names", "named by"),
    EdgeKind.PULLS_IMAGE: ("pulls image", "pulled by"),
    EdgeKind.READS_SECRET: ("reads secret", "read by"),
    EdgeKind.READS_FILE: ("reads file in", "file read by"),
    EdgeKind.LOGS_TO: ("logs to", "log of"),
    EdgeKind.ENCRYPTS_WITH: ("encrypted with", "encrypts"),
    EdgeKind.MOUNTS: ("mounts", "mounted by"),
    EdgeKind.INVOKES: ("invokes", "invoked by"),
    EdgeKind.SCHEDULES: ("schedules", "scheduled by"),
    EdgeKind.DEPLOYS: ("deploys", "deployed by"),
    EdgeKind.SCALES: ("scales", "scaled by"),
}

ROLE_USES = frozenset(kind for kind in EdgeKind if kind.startswith("uses-") and kind.endswith("-role"))
"""Edges that say whose role a role is."""

PERMISSIONS = frozenset({EdgeKind.NAMES, EdgeKind.PASSES, EdgeKind.ASSUMES})
"""Edges that come from what a policy says, not from what a thing is made of."""


def words(kind: NodeKind) -> Words:
    """Glyph, word and plural of a kind; every glyph is one cell wide."""
    return _WORDS[kind]


def relation(kind: EdgeKind, *, backwards: bool = False) -> str:
    """The words of an edge, read along it or against it."""
    return _RELATIONS[kind][backwards]
