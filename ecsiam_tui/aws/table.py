"""The table of calls: identity, IAM, Amazon ECS and where tasks run, launchers, the organization."""

from typing import Final

from ecsiam_tui.aws.calls import Call

_TASK_ROLES = "a role that only they use may look unused"

GET_CALLER_IDENTITY: Final = Call(
    "sts",
    "GetCallerIdentity",
    "sts:GetCallerIdentity",
    "sts read",
    ("caller",),
    "Who reads the account is unknown, and its id is taken from other answers.",
)

GET_ACCOUNT_AUTHORIZATION_DETAILS: Final = Call(
    "iam",
    "GetAccountAuthorizationDetails",
    "iam:GetAccountAuthorizationDetails",
    "iam read",
    ("roles", "users", "groups", "policies"),
    "Roles and their policies are unknown, so nothing can be said about what any role may do.",
    paging=(("MaxItems", 1000),),
)
LIST_ROLES: Final = Call(
    "iam",
    "ListRoles",
    "iam:ListRoles",
    "iam read",
    ("roles.description", "roles.max_session_duration"),
    "Descriptions and longest sessions of roles are unknown.",
    items="Roles",
    paging=(("MaxItems", 1000),),
)
LIST_INSTANCE_PROFILES: Final = Call(
    "iam",
    "ListInstanceProfiles",
    "iam:ListInstanceProfiles",
    "iam read",
    ("instance_profiles",),
    "Instance profiles without a role are unknown, so one may look as if it did not exist.",
    items="InstanceProfiles",
    paging=(("MaxItems", 1000),),
)
GET_POLICY: Final = Call(
    "iam",
    "GetPolicy",
    "iam:GetPolicy",
    "iam read",
    ("policies",),
    "A managed policy in use is unknown, and with it what its roles may do.",
    absent=("NoSuchEntity",),
    resource="arn:aws:iam::*:policy/*",
)
GET_POLICY_VERSION: Final = Call(
    "iam",
    "GetPolicyVersion",
    "iam:GetPolicyVersion",
    "iam read",
    ("policies",),
    "The document of a managed policy in use is unknown, and with it what its roles may do.",
    absent=("NoSuchEntity",),
    resource="arn:aws:iam::*:policy/*",
)
GET_ACCOUNT_SUMMARY: Final = Call(
    "iam",
    "GetAccountSummary",
    "iam:GetAccountSummary",
    "iam read",
    ("account_summary",),
    "The account's IAM quotas are unknown; AWS's defaults are assumed.",
)
LIST_ACCOUNT_ALIASES: Final = Call(
    "iam",
    "ListAccountAliases",
    "iam:ListAccountAliases",
    "iam read",
    ("account_alias",),
    "The account's alias is unknown; its id is shown.",
    items="AccountAliases",
)

LIST_CLUSTERS: Final = Call(
    "ecs",
    "ListClusters",
    "ecs:ListClusters",
    "ecs cluster read",
    (
        "clusters",
        "capacity_providers",
        "services",
        "express_services",
        "tasks",
        "container_instances",
        "instances",
        "task_definitions",
    ),
    f"Clusters, and all services and tasks in them, are unknown; {_TASK_ROLES}.",
    items="clusterArns",
    paging=(("maxResults", 100),),
)
DESCRIBE_CLUSTERS: Final = Call(
    "ecs",
    "DescribeClusters",
    "ecs:DescribeClusters",
    "ecs cluster read",
    ("clusters", "capacity_providers"),
    "Settings of clusters (ECS Exec, keys, capacity providers) are unknown.",
    items="clusters",
    batch=100,
)
DESCRIBE_CAPACITY_PROVIDERS: Final = Call(
    "ecs",
    "DescribeCapacityProviders",
    "ecs:DescribeCapacityProviders",
    "ecs capacity provider read",
    ("capacity_providers",),
    "Infrastructure roles and instance profiles of capacity providers are unknown.",
    items="capacityProviders",
    batch=100,
)
LIST_SERVICES: Final = Call(
    "ecs",
    "ListServices",
    "ecs:ListServices",
    "ecs service read",
    ("services", "express_services", "task_definitions"),
    f"Services are unknown; {_TASK_ROLES}.",
    items="serviceArns",
    paging=(("maxResults", 100),),
)
DESCRIBE_SERVICES: Final = Call(
    "ecs",
    "DescribeServices",
    "ecs:DescribeServices",
    "ecs service read",
    ("services", "express_services", "task_definitions"),
    f"Services, their task definitions and their roles are unknown; {_TASK_ROLES}.",
    items="services",
    batch=10,
)
DESCRIBE_TASK_SETS: Final = Call(
    "ecs",
    "DescribeTaskSets",
    "ecs:DescribeTaskSets",
    "ecs service read",
    ("services.task_sets", "task_definitions"),
    f"Task sets of services with an external deployment controller are unknown; {_TASK_ROLES}.",
    items="taskSets",
    absent=("ServiceNotFoundException", "ServiceNotActiveException"),
)
DESCRIBE_EXPRESS_GATEWAY_SERVICE: Final = Call(
    "ecs",
    "DescribeExpressGatewayService",
    "ecs:DescribeExpressGatewayService",
    "ecs service read",
    ("express_services",),
    "The infrastructure role of an Express Mode service is unknown and may look unused.",
    absent=("ServiceNotFoundException", "ResourceNotFoundException"),
)
LIST_GATEWAYS: Final = Call(
    "ecs",
    "ListGateways",
    "ecs:ListGateways",
    "ecs service read",
    ("gateways",),
    "ECS gateways are unknown; their infrastructure roles may look unused.",
    items="gateways",
)
DESCRIBE_GATEWAY: Final = Call(
    "ecs",
    "DescribeGateway",
    "ecs:DescribeGateway",
    "ecs service read",
    ("gateways",),
    "The infrastructure role of an ECS gateway is unknown and may look unused.",
    absent=("ResourceNotFoundException", "GatewayNotFoundException"),
)
LIST_TASKS: Final = Call(
    "ecs",
    "ListTasks",
    "ecs:ListTasks",
    "ecs cluster resource read",
    ("tasks", "task_definitions"),
    "Tasks are unknown: neither failures nor roles given at run time are seen.",
    items="taskArns",
    paging=(("maxResults", 100),),
)
DESCRIBE_TASKS: Final = Call(
    "ecs",
    "DescribeTasks",
    "ecs:DescribeTasks",
    "ecs cluster resource read",
    ("tasks", "task_definitions"),
    "Tasks are unknown: neither failures nor roles given at run time are seen.",
    items="tasks",
    batch=100,
)
LIST_CONTAINER_INSTANCES: Final = Call(
    "ecs",
    "ListContainerInstances",
    "ecs:ListContainerInstances",
    "ecs cluster resource read",
    ("container_instances", "instances"),
    "Container instances and their roles are unknown.",
    items="containerInstanceArns",
    paging=(("maxResults", 100),),
)
DESCRIBE_CONTAINER_INSTANCES: Final = Call(
    "ecs",
    "DescribeContainerInstances",
    "ecs:DescribeContainerInstances",
    "ecs cluster resource read",
    ("container_instances", "instances"),
    "Container instances, what their agents can do, and their roles are unknown.",
    items="containerInstances",
    batch=100,
)
LIST_TASK_DEFINITION_FAMILIES: Final = Call(
    "ecs",
    "ListTaskDefinitionFamilies",
    "ecs:ListTaskDefinitionFamilies",
    "ecs task definition read",
    ("task_definitions",),
    f"Task definitions that nothing runs now are unknown; {_TASK_ROLES}.",
    items="families",
    paging=(("maxResults", 100),),
)
DESCRIBE_TASK_DEFINITION: Final = Call(
    "ecs",
    "DescribeTaskDefinition",
    "ecs:DescribeTaskDefinition",
    "ecs task definition read",
    ("task_definitions",),
    "A task definition is unknown: its roles, secrets and images are not seen.",
)
LIST_DAEMON_TASK_DEFINITIONS: Final = Call(
    "ecs",
    "ListDaemonTaskDefinitions",
    "ecs:ListDaemonTaskDefinitions",
    "ecs task definition read",
    ("daemon_task_definitions",),
    f"Daemon task definitions are unknown; {_TASK_ROLES}.",
    items="daemonTaskDefinitions",
)
DESCRIBE_DAEMON_TASK_DEFINITION: Final = Call(
    "ecs",
    "DescribeDaemonTaskDefinition",
    "ecs:DescribeDaemonTaskDefinition",
    "ecs task definition read",
    ("daemon_task_definitions",),
    f"The roles of a daemon task definition are unknown; {_TASK_ROLES}.",
)
LIST_ACCOUNT_SETTINGS: Final = Call(
    "ecs",
    "ListAccountSettings",
    "ecs:ListAccountSettings",
    "ecs setting read",
    ("account_settings",),
    "ECS account settings (such as GuardDuty's agent, which needs more permissions) are unknown.",
    items="settings",
    paging=(("maxResults", 100),),
)

DESCRIBE_INSTANCES: Final = Call(
    "ec2",
    "DescribeInstances",
    "ec2:DescribeInstances",
    "ec2 read",
    ("instances",),
    "Instance profiles and metadata options of container instances are unknown.",
    items="Reservations",
    batch=100,
)
DESCRIBE_ACTIVATIONS: Final = Call(
    "ssm",
    "DescribeActivations",
    "ssm:DescribeActivations",
    "ssm read",
    ("activations",),
    "Roles of ECS Anywhere activations are unknown and may look unused.",
    items="ActivationList",
    paging=(("MaxResults", 50),),
)
DESCRIBE_INSTANCE_INFORMATION: Final = Call(
    "ssm",
    "DescribeInstanceInformation",
    "ssm:DescribeInstanceInformation",
    "ssm read",
    ("managed_nodes",),
    "Roles of external instances (ECS Anywhere) are unknown and may look unused.",
    items="InstanceInformationList",
    paging=(("MaxResults", 50),),
)

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
    "The text of a service or resource control policy is unknown; an allowed action may still be denied by it.",
    absent=("PolicyNotFoundException",),
)
