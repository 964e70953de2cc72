"""The roots of the tree below the clusters, and what belongs to each."""

from ecsiam_tui.graph.kinds import NodeKind

GROUPS: dict[str, tuple[str, tuple[NodeKind, ...]]] = {
    "roles": ("Roles", (NodeKind.ROLE,)),
    "policies": ("Policies", (NodeKind.POLICY, NodeKind.ORGANIZATION_POLICY)),
    "task-definitions": ("Task definitions", (NodeKind.TASK_DEFINITION, NodeKind.DAEMON_TASK_DEFINITION)),
    "schedules": (
        "Schedules",
        (
            NodeKind.SCHEDULE,
            NodeKind.RULE,
            NodeKind.STATE_MACHINE,
            NodeKind.JOB_DEFINITION,
            NodeKind.DEPLOYMENT_GROUP,
            NodeKind.SCALABLE_TARGET,
        ),
    ),
    "instances": (
        "Instances",
        (
            NodeKind.CONTAINER_INSTANCE,
            NodeKind.INSTANCE,
            NodeKind.MANAGED_NODE,
            NodeKind.INSTANCE_PROFILE,
            NodeKind.ACTIVATION,
            NodeKind.CAPACITY_PROVIDER,
        ),
    ),
    "secrets": ("Secrets", (NodeKind.SECRET, NodeKind.PARAMETER)),
    "resources": (
        "Resources",
        (
            NodeKind.REPOSITORY,
            NodeKind.IMAGE,
            NodeKind.LOG_GROUP,
            NodeKind.BUCKET,
            NodeKind.FILE_SYSTEM,
            NodeKind.KEY,
            NodeKind.FUNCTION,
            NodeKind.GATEWAY,
        ),
    ),
    "principals": ("Principals", (NodeKind.USER, NodeKind.GROUP, NodeKind.PRINCIPAL)),
}
"""Roots below the clusters: id → title and the kinds listed there; all kinds that no cluster contains."""

GROUP_OF = {kind: name for name, (_, kinds) in GROUPS.items() for kind in kinds}
MIXED_LIMIT = 12
"""A group of several kinds with more members than this shows a row a kind first."""

USER_FIELDS = (
    "services",
    "task_definitions",
    "tasks",
    "rules",
    "schedules",
    "state_machines",
    "job_definitions",
    "deployment_groups",
    "scalable_targets",
    "instance_profiles",
    "activations",
    "managed_nodes",
    "gateways",
    "express_services",
    "daemon_task_definitions",
)
"""Fields that may hold users of a role: only if all are complete is a role known to be unused."""
