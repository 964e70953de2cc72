"""The table of calls, continued: what starts tasks besides ECS, and the organization."""

from typing import Final

from ecsiam_tui.aws.calls import Call

LIST_EVENT_BUSES: Final = Call(
    "events",
    "ListEventBuses",
    "events:ListEventBuses",
    "events read",
    ("rules",),
    "Event buses other than the default one are unknown, and so are their rules that run tasks.",
    items="EventBuses",
    paging=(("Limit", 100),),
)
LIST_RULES: Final = Call(
    "events",
    "ListRules",
    "events:ListRules",
    "events read",
    ("rules",),
    "EventBridge rules that run tasks are unknown, so a role that only a rule uses may look unused.",
    items="Rules",
    paging=(("Limit", 100),),
    absent=("ResourceNotFoundException",),
)
LIST_TARGETS_BY_RULE: Final = Call(
    "events",
    "ListTargetsByRule",
    "events:ListTargetsByRule",
    "events read",
    ("rules",),
    "What an EventBridge rule starts is unknown, so a role that only it uses may look unused.",
    items="Targets",
    paging=(("Limit", 100),),
    absent=("ResourceNotFoundException",),
)
LIST_SCHEDULES: Final = Call(
    "scheduler",
    "ListSchedules",
    "scheduler:ListSchedules",
    "scheduler read",
    ("schedules",),
    "Schedules that run tasks are unknown, so a role that only a schedule uses may look unused.",
    items="Schedules",
    paging=(("MaxResults", 100),),
)
GET_SCHEDULE: Final = Call(
    "scheduler",
    "GetSchedule",
    "scheduler:GetSchedule",
    "scheduler read",
    ("schedules",),
    "The role of an EventBridge schedule is unknown, so a role that only it uses may look unused.",
    absent=("ResourceNotFoundException",),
)
LIST_STATE_MACHINES: Final = Call(
    "stepfunctions",
    "ListStateMachines",
    "states:ListStateMachines",
    "states list",
    ("state_machines",),
    "State machines that run tasks are unknown, so a role that only one of them uses may look unused.",
    items="stateMachines",
    paging=(("maxResults", 1000),),
)
DESCRIBE_STATE_MACHINE: Final = Call(
    "stepfunctions",
    "DescribeStateMachine",
    "states:DescribeStateMachine",
    "states describe",
    ("state_machines",),
    "Whether a state machine runs tasks, and with which role, is unknown.",
    absent=("StateMachineDoesNotExist",),
)
LIST_APPLICATIONS: Final = Call(
    "codedeploy",
    "ListApplications",
    "codedeploy:ListApplications",
    "codedeploy read",
    ("deployment_groups",),
    "Roles of CodeDeploy for ECS are unknown and may look unused.",
    items="applications",
    of=str,
)
BATCH_GET_APPLICATIONS: Final = Call(
    "codedeploy",
    "BatchGetApplications",
    "codedeploy:BatchGetApplications",
    "codedeploy read",
    ("deployment_groups",),
    "Which CodeDeploy applications deploy to ECS is unknown; their roles may look unused.",
    items="applicationsInfo",
    batch=100,
)
LIST_DEPLOYMENT_GROUPS: Final = Call(
    "codedeploy",
    "ListDeploymentGroups",
    "codedeploy:ListDeploymentGroups",
    "codedeploy read",
    ("deployment_groups",),
    "Deployment groups of a CodeDeploy application are unknown; their roles may look unused.",
    items="deploymentGroups",
    of=str,
    absent=("ApplicationDoesNotExistException",),
)
BATCH_GET_DEPLOYMENT_GROUPS: Final = Call(
    "codedeploy",
    "BatchGetDeploymentGroups",
    "codedeploy:BatchGetDeploymentGroups",
    "codedeploy read",
    ("deployment_groups",),
    "Roles of a CodeDeploy application's deployment groups are unknown and may look unused.",
    items="deploymentGroupsInfo",
    batch=100,
    absent=("ApplicationDoesNotExistException",),
)
DESCRIBE_SCALABLE_TARGETS: Final = Call(
    "application-autoscaling",
    "DescribeScalableTargets",
    "application-autoscaling:DescribeScalableTargets",
    "application-autoscaling read",
    ("scalable_targets",),
    "Which services scale by themselves, and with which role, is unknown.",
    items="ScalableTargets",
)
DESCRIBE_JOB_DEFINITIONS: Final = Call(
    "batch",
    "DescribeJobDefinitions",
    "batch:DescribeJobDefinitions",
    "batch read",
    ("job_definitions",),
    "AWS Batch job definitions are unknown, so a role that only a job uses may look unused.",
    items="jobDefinitions",
)

DESCRIBE_ORGANIZATION: Final = Call(
    "organizations",
    "DescribeOrganization",
    "organizations:DescribeOrganization",
    "organizations read",
    ("organization",),
    "Whether service control policies bind this account is unknown; an allowed action may still be denied.",
    absent=("AWSOrganizationsNotInUseException",),
)
LIST_PARENTS: Final = Call(
    "organizations",
    "ListParents",
    "organizations:ListParents",
    "organizations read",
    ("organization.levels",),
    "The account's place in the organization is unknown; an allowed action may still be denied by a"
    " service control policy.",
    items="Parents",
)
DESCRIBE_ORGANIZATIONAL_UNIT: Final = Call(
    "organizations",
    "DescribeOrganizationalUnit",
    "organizations:DescribeOrganizationalUnit",
    "organizations read",
    ("organization.names",),
    "The name of an organizational unit is unknown; its id is shown.",
)
LIST_POLICIES_FOR_TARGET: Final = Call(
    "organizations",
    "ListPoliciesForTarget",
    "organizations:ListPoliciesForTarget",
    "organizations read",
    ("organization.levels",),
    "Service and resource control policies of a level of the organization are unknown; an allowed action"
    " may still be denied by them.",
    items="Policies",
)
DESCRIBE_ORGANIZATION_POLICY: Final = Call(
    "organizations",
    "DescribePolicy",
    "organizations:DescribePolicy",
    "organizations read",
    ("organization.policies",),
    "The text of a service or resource control policy is unknown; an allowed action may still be denied.",
    absent=("PolicyNotFoundException",),
)
