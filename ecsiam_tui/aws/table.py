"""The table of calls: identity, IAM, Amazon ECS and where tasks run."""

from typing import Final

from ecsiam_tui.aws.calls import Call

_TASK_ROLES = "a role that only they use may look unused"
_LAST_USE = "Which services roles used last is unknown: permissions that nobody uses are not found."

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
    of=str,
)
GENERATE_SERVICE_LAST_ACCESSED_DETAILS: Final = Call(
    "iam",
    "GenerateServiceLastAccessedDetails",
    "iam:GenerateServiceLastAccessedDetails",
    "iam last accessed",
    ("last_accessed",),
    _LAST_USE,
    absent=("NoSuchEntity",),
)
GET_SERVICE_LAST_ACCESSED_DETAILS: Final = Call(
    "iam",
    "GetServiceLastAccessedDetails",
    "iam:GetServiceLastAccessedDetails",
    "iam last accessed",
    ("last_accessed",),
    _LAST_USE,
    items="ServicesLastAccessed",
    paging=(("MaxItems", 1000),),
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
    of=str,
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
    of=str,
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
    of=str,
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
    of=str,
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
    of=str,
    paging=(("maxResults", 100),),
)
DESCRIBE_TASK_DEFINITION: Final = Call(
    "ecs",
    "DescribeTaskDefinition",
    "ecs:DescribeTaskDefinition",
    "ecs task definition read",
    ("task_definitions",),
    "A task definition is unknown: its roles, secrets and images are not seen.",
    absent=("ClientException",),  # "Unable to describe task definition."
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
