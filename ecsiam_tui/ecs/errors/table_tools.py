"""Recognisers: what pipelines, schedules, workflows and the container agent may not do."""

from ecsiam_tui.ecs.errors.recogniser import GUIDE, PRECISE, SPECIFIC, VAGUE, Recogniser

_PIPELINE = 'AWS CodePipeline User Guide, "Troubleshooting CodePipeline"'

TOOLS = (
    Recogniser(
        "managed-rule",
        "permission",
        PRECISE,
        ("not authorized to create managed-rule",),
        "Step Functions waits for tasks with a rule of its own in EventBridge, and the state machine's role"
        " may not make it.",
        (
            "allow events:PutRule, events:PutTargets and events:DescribeRule on"
            " rule/StepFunctionsGetEventsForECSTaskRule to {role}",
        ),
        kind="state-machine",
        action="events:PutRule",
        source='AWS Step Functions Developer Guide, "IAM policies for calling Amazon ECS"',
    ),
    Recogniser(
        "artifact",
        "permission",
        PRECISE + 1,
        ("unable to access the artifact with amazon s3 object key",),
        "The pipeline's role may not read the artifact that an earlier stage left in Amazon S3.",
        (
            "allow s3:GetObject and s3:GetObjectVersion on the artifact bucket to {role}, and kms:Decrypt on"
            " its key",
            "check that the earlier stage made the artifact",
        ),
        action="s3:GetObject",
        names="object",
        source=_PIPELINE,
    ),
    Recogniser(
        "connection",
        "permission",
        PRECISE + 1,
        ("unable to use connection * :codeconnections:",),
        "The pipeline's role may not use the connection to the source repository.",
        ("allow codeconnections:UseConnection on {resource} to {role}",),
        action="codeconnections:UseConnection",
        names="any",
        source=_PIPELINE,
    ),
    Recogniser(
        "connection-codestar",
        "permission",
        PRECISE + 1,
        ("unable to use connection * :codestar-connections:",),
        "The pipeline's role may not use the connection to the source repository.",
        ("allow codestar-connections:UseConnection on {resource} to {role}",),
        action="codestar-connections:UseConnection",
        names="any",
        source=_PIPELINE,
    ),
    Recogniser(
        "codepipeline",
        "permission",
        PRECISE,
        (
            "does not give * permission to perform operations",
            "the provided role does not have sufficient permissions",
            "role does not have sufficient permission",
            "does not have sufficient permissions to",
            "insufficient permissions",
            "insufficientpermissions",
            "the provided role doesnt have",
            "missing permissions",
        ),
        "The service's role lacks a permission, or may not pass the task's roles.",
        (
            "allow the service's role the actions that it needs on Amazon ECS, and iam:PassRole on the task"
            " definition's roles",
        ),
        names="role",
        source='AWS CodeDeploy User Guide, "Troubleshoot Amazon ECS deployment issues"',
    ),
    Recogniser(
        "events-failed",
        "permission",
        VAGUE,
        ("failedinvocations", "failed invocations"),
        "The rule could not start its task: mostly its role lacks ecs:RunTask on the task definition or"
        " iam:PassRole on the task's roles.",
        (
            "allow ecs:RunTask on the task definition to the rule's role",
            "allow iam:PassRole on the task's roles, with iam:PassedToService ecs-tasks.amazonaws.com",
        ),
        kind="events",
        action="ecs:RunTask",
        source=f'{GUIDE}, "Amazon ECS EventBridge IAM Role"',
    ),
    Recogniser(
        "agent-register",
        "permission",
        SPECIFIC,
        ("register as a container instance * accessdenied",),
        "The agent on the instance may not register it: the container instance role lacks a permission.",
        ("attach AmazonEC2ContainerServiceforEC2Role to {role}, or allow it ecs:RegisterContainerInstance",),
        kind="container-instance",
        action="ecs:RegisterContainerInstance",
        source=f'{GUIDE}, "Amazon ECS container instance IAM role"',
    ),
)
