"""Recognisers: ECS Exec."""

from ecsiam_tui.ecs.errors.recogniser import EXEC, PRECISE, Recogniser

ECS_EXEC = (
    Recogniser(
        "exec-disabled",
        "configuration",
        PRECISE + 1,
        (
            "execute command was not enabled",
            "execute command agent isnt running",
            "execute-command * not enabled",
        ),
        "ECS Exec was off when the task was started, or its agent does not run yet.",
        (
            "turn it on and start new tasks: aws ecs update-service --enable-execute-command"
            " --force-new-deployment",
            "give the task a task role that may use the four ssmmessages actions",
        ),
        kind="task",
        source=EXEC,
    ),
    Recogniser(
        "exec-not-connected",
        "permission",
        PRECISE,
        (
            "targetnotconnected",
            "the execute command failed due to an internal error",
            "is not connected",
            "startmanagedagenterror",
            "executecommandagent * stopped",
        ),
        "The agent of ECS Exec in the task has no connection to Session Manager: mostly the task role"
        " lacks the"
        " ssmmessages permissions, or the task has no way to the ssmmessages endpoint.",
        (
            "allow ssmmessages:CreateControlChannel, CreateDataChannel, OpenControlChannel and"
            " OpenDataChannel on *"
            " to {role}, and start a new task",
            "give the task a way to com.amazonaws.REGION.ssmmessages",
            "take AWS_ACCESS_KEY_ID and the like out of the container's environment: they replace the"
            " task role",
        ),
        kind="task",
        action="ssmmessages:CreateControlChannel",
        source=EXEC,
    ),
    Recogniser(
        "exec-logging",
        "permission",
        PRECISE + 1,
        ("unable to validate encryption on",),
        "ECS Exec logs its sessions to a bucket whose encryption the task role may not look at.",
        ("allow s3:GetEncryptionConfiguration on the bucket to {role}",),
        kind="task",
        action="s3:GetEncryptionConfiguration",
        names="object",
        source=EXEC,
    ),
    Recogniser(
        "exec-plugin",
        "configuration",
        PRECISE,
        (
            "sessionmanagerplugin is not found",
            "session manager plugin * not found",
            "session-manager-plugin * not found",
            "interactive is the only mode",
            "while initiating handshake",
            "unknown session type",
            "interactive mode must be enabled",
            "ecs exec * readonlyrootfilesystem",
            "execute command * readonlyrootfilesystem",
            "readonlyrootfilesystem * ecs exec",
            "readonlyrootfilesystem * execute command",
        ),
        "ECS Exec cannot be used so from this machine or with this task definition. IAM has no part in it.",
        ("install the Session Manager plugin for the AWS CLI, and call with --interactive",),
        source=EXEC,
        unless=("was installed successfully",),
    ),
)
