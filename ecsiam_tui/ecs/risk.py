"""Which actions are risky, and how: a table over the access levels of the Service Authorization Reference.

An action has one risk, the first that names it in the order of `Risk`: who can change policies needs no other
way. What no row names has none, however unpleasant it may be in one application."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache

import msgspec

from ecsiam_tui.policy.catalogue import load
from ecsiam_tui.policy.patterns import action_matchers


class Risk(StrEnum):
    """What can come of an action, the worst first."""

    ESCALATION = "privilege escalation"
    CREDENTIALS = "credentials exposure"
    EXPOSURE = "resource exposure"
    EXFILTRATION = "data exfiltration"
    INFRASTRUCTURE = "infrastructure change"


class RiskRow(msgspec.Struct, frozen=True):
    """Action patterns that share a risk. With `levels` only their actions of those access levels; `but` are
    exceptions. `why` completes "with it one can …"; `source` says where AWS says so."""

    risk: Risk
    actions: tuple[str, ...]
    why: str
    source: str
    levels: tuple[str, ...] = ()
    but: tuple[str, ...] = ()


_REFERENCE = "Service Authorization Reference, "
_LEVELS = 'IAM User Guide, "Access levels in policy summaries"'
_PASS_ROLE = 'IAM User Guide, "Grant a user permissions to pass a role to an AWS service"'
_WRITING = ("Write", "Tagging", "Permissions management")

TABLE: tuple[RiskRow, ...] = (
    RiskRow(
        Risk.ESCALATION,
        (
            "iam:PutRolePolicy",
            "iam:PutUserPolicy",
            "iam:PutGroupPolicy",
            "iam:AttachRolePolicy",
            "iam:AttachUserPolicy",
            "iam:AttachGroupPolicy",
            "iam:CreatePolicyVersion",
            "iam:SetDefaultPolicyVersion",
            "iam:AddUserToGroup",
            "iam:UpdateAssumeRolePolicy",
        ),
        "give itself or another principal any permission",
        _REFERENCE + "IAM (Permissions management)",
    ),
    RiskRow(
        Risk.ESCALATION,
        (
            "iam:DeleteRolePermissionsBoundary",
            "iam:DeleteUserPermissionsBoundary",
            "iam:PutRolePermissionsBoundary",
            "iam:PutUserPermissionsBoundary",
            "iam:DeleteRolePolicy",
            "iam:DeleteUserPolicy",
            "iam:DeleteGroupPolicy",
            "iam:DetachRolePolicy",
            "iam:DetachUserPolicy",
            "iam:DetachGroupPolicy",
            "iam:RemoveUserFromGroup",
        ),
        "take away the boundary or the Deny that limits a principal",
        'IAM User Guide, "Permissions boundaries for IAM entities"',
    ),
    RiskRow(
        Risk.ESCALATION,
        ("iam:PassRole", "iam:AddRoleToInstanceProfile"),
        "hand a role to a service that then acts with it",
        _PASS_ROLE,
    ),
    RiskRow(
        Risk.ESCALATION,
        (
            "ecs:ExecuteCommand",
            "ssm:StartSession",
            "ssm:SendCommand",
            "ssm:StartAutomationExecution",
            "ec2-instance-connect:SendSSHPublicKey",
            "ec2-instance-connect:SendSerialConsoleSSHPublicKey",
            "lambda:UpdateFunctionCode",
            "lambda:UpdateFunctionConfiguration",
            "ec2:ReplaceIamInstanceProfileAssociation",
            "ec2:AssociateIamInstanceProfile",
            "codebuild:StartBuild",
            "codebuild:StartBuildBatch",
            "glue:UpdateDevEndpoint",
            "sagemaker:CreatePresignedNotebookInstanceUrl",
        ),
        "run code of its own where another role's credentials are",
        'Amazon ECS Developer Guide, "Monitor Amazon ECS containers with ECS Exec"; '
        + _REFERENCE
        + "the service's actions (Write)",
    ),
    RiskRow(
        Risk.ESCALATION,
        (
            "sso:AttachManagedPolicyToPermissionSet",
            "sso:AttachCustomerManagedPolicyReferenceToPermissionSet",
            "sso:PutInlinePolicyToPermissionSet",
            "sso:PutPermissionsPolicy",
            "sso:CreateAccountAssignment",
            "identitystore:CreateGroupMembership",
            "sso-directory:AddMemberToGroup",
            "organizations:AttachPolicy",
            "organizations:DetachPolicy",
            "organizations:UpdatePolicy",
            "organizations:DisablePolicyType",
            "organizations:LeaveOrganization",
            "cognito-identity:SetIdentityPoolRoles",
            "lakeformation:GrantPermissions",
            "lakeformation:BatchGrantPermissions",
            "lakeformation:PutDataLakeSettings",
        ),
        "change what an organization, permission set or identity pool allows",
        _REFERENCE + "IAM Identity Center, Organizations, Cognito, Lake Formation (Permissions management)",
    ),
    RiskRow(
        Risk.CREDENTIALS,
        (
            "secretsmanager:GetSecretValue",
            "secretsmanager:BatchGetSecretValue",
            "ssm:GetParameter",
            "ssm:GetParameters",
            "ssm:GetParametersByPath",
            "ssm:GetParameterHistory",
        ),
        "read secrets: passwords, tokens, keys",
        'Amazon ECS Developer Guide, "Pass sensitive data to an Amazon ECS container"',
    ),
    RiskRow(
        Risk.CREDENTIALS,
        (
            "sts:AssumeRole",
            "sts:AssumeRoleWithSAML",
            "sts:AssumeRoleWithWebIdentity",
            "sts:AssumeRoot",
            "sts:GetFederationToken",
            "sts:GetSessionToken",
            "cognito-identity:GetCredentialsForIdentity",
            "cognito-identity:GetOpenIdToken",
            "cognito-identity:GetOpenIdTokenForDeveloperIdentity",
        ),
        "obtain temporary credentials of another principal",
        "AWS STS API Reference; " + _REFERENCE + "STS",
    ),
    RiskRow(
        Risk.CREDENTIALS,
        (
            "iam:CreateAccessKey",
            "iam:UpdateAccessKey",
            "iam:CreateLoginProfile",
            "iam:UpdateLoginProfile",
            "iam:CreateServiceSpecificCredential",
            "iam:ResetServiceSpecificCredential",
            "iam:UploadSSHPublicKey",
            "iam:UploadSigningCertificate",
            "iam:ChangePassword",
            "iam:DeactivateMFADevice",
        ),
        "make or replace long-term credentials of a user",
        _REFERENCE + "IAM (Permissions management)",
    ),
    RiskRow(
        Risk.CREDENTIALS,
        (
            "rds-db:connect",
            "redshift:GetClusterCredentials",
            "redshift:GetClusterCredentialsWithIAM",
            "redshift-serverless:GetCredentials",
            "dsql:DbConnect",
            "dsql:DbConnectAdmin",
            "elasticache:Connect",
            "memorydb:Connect",
            "lightsail:GetRelationalDatabaseMasterUserPassword",
            "lightsail:GetInstanceAccessDetails",
            "lightsail:DownloadDefaultKeyPair",
        ),
        "log in to a database or host",
        'Amazon RDS User Guide, "IAM database authentication"; ' + _REFERENCE + "the service's actions",
    ),
    RiskRow(
        Risk.CREDENTIALS,
        (
            "ecr:GetAuthorizationToken",
            "ecr-public:GetAuthorizationToken",
            "codeartifact:GetAuthorizationToken",
            "ec2:GetPasswordData",
            "ec2:CreateKeyPair",
            "ec2:ImportKeyPair",
            "eks-auth:AssumeRoleForPodIdentity",
            "acm:ExportCertificate",
            "acm-pca:IssueCertificate",
            "lambda:GetFunction",
            "lambda:GetFunctionConfiguration",
            "ecs:RegisterContainerInstance",
            "appsync:CreateApiKey",
            "appsync:ListApiKeys",
            "gamelift:GetInstanceAccess",
            "gamelift:RequestUploadCredentials",
            "connect:GetFederationToken",
            "mediapackage:RotateIngestEndpointCredentials",
            "storagegateway:DescribeChapCredentials",
        ),
        "obtain a token, key or configuration that holds one",
        _REFERENCE + "the service's actions",
    ),
    RiskRow(
        Risk.EXPOSURE,
        (
            "s3:PutBucketPolicy",
            "s3:PutBucketAcl",
            "s3:PutObjectAcl",
            "s3:PutObjectVersionAcl",
            "s3:PutBucketWebsite",
            "s3:PutReplicationConfiguration",
            "kms:PutKeyPolicy",
            "kms:CreateGrant",
            "sqs:SetQueueAttributes",
            "sns:SetTopicAttributes",
            "lambda:CreateFunctionUrlConfig",
            "lambda:UpdateFunctionUrlConfig",
            "ec2:ModifyImageAttribute",
            "ec2:ModifySnapshotAttribute",
            "ec2:AuthorizeSecurityGroupIngress",
            "ec2:ModifySecurityGroupRules",
            "rds:ModifyDBSnapshotAttribute",
            "rds:ModifyDBClusterSnapshotAttribute",
            "logs:PutSubscriptionFilter",
            "logs:PutDestinationPolicy",
            "ram:CreateResourceShare",
            "ram:AssociateResourceShare",
        ),
        "let others at a resource",
        _LEVELS + "; IAM User Guide, " + '"Identity-based policies and resource-based policies"',
    ),
    RiskRow(
        Risk.EXPOSURE,
        ("*",),
        "grant or modify permissions of a resource",
        _LEVELS + ": Permissions management",
        levels=("Permissions management",),
        # The reference puts these reads, and what IAM does to itself, at the same level.
        but=("*:Get*", "*:List*", "*:Describe*", "*:BatchGet*", "*:Test*", "glue:*", "iam:*", "rds-db:*"),
    ),
    RiskRow(
        Risk.EXFILTRATION,
        (
            "s3:GetObject",
            "s3:GetObjectVersion",
            "s3:GetObjectTorrent",
            "s3express:CreateSession",
            "s3-object-lambda:GetObject",
            "s3tables:GetTableData",
            "dynamodb:GetItem",
            "dynamodb:BatchGetItem",
            "dynamodb:Query",
            "dynamodb:Scan",
            "dynamodb:PartiQLSelect",
            "dynamodb:GetRecords",
            "dynamodb:ExportTableToPointInTime",
            "sqs:ReceiveMessage",
            "kinesis:GetRecords",
            "kinesis:SubscribeToShard",
            "kafka-cluster:ReadData",
            "kms:Decrypt",
            "kms:ReEncryptFrom",
        ),
        "read stored data and messages",
        _REFERENCE + "the service's actions (Read)",
    ),
    RiskRow(
        Risk.EXFILTRATION,
        (
            "rds-data:ExecuteStatement",
            "rds-data:BatchExecuteStatement",
            "redshift-data:ExecuteStatement",
            "redshift-data:BatchExecuteStatement",
            "redshift-data:GetStatementResult",
            "athena:GetQueryResults",
            "athena:GetQueryResultsStream",
            "athena:StartQueryExecution",
            "timestream:Select",
            "es:ESHttpGet",
            "es:ESHttpPost",
            "aoss:APIAccessAll",
            "neptune-db:ReadDataViaQuery",
            "cassandra:Select",
            "qldb:PartiQLSelect",
            "sdb:Select",
            "glue:GetTable*",
            "lakeformation:GetDataAccess",
        ),
        "ask databases for their data",
        _REFERENCE + "the service's actions",
    ),
    RiskRow(
        Risk.EXFILTRATION,
        (
            "rds:CreateDBSnapshot",
            "rds:CreateDBClusterSnapshot",
            "rds:CopyDBSnapshot",
            "rds:CopyDBClusterSnapshot",
            "rds:RestoreDBInstanceFromDBSnapshot",
            "rds:RestoreDBClusterFromSnapshot",
            "rds:StartExportTask",
            "rds:DownloadCompleteDBLogFile",
            "rds:DownloadDBLogFilePortion",
            "ec2:CreateSnapshot",
            "ec2:CreateSnapshots",
            "ec2:CopySnapshot",
            "ec2:CreateImage",
            "ec2:CopyImage",
            "ec2:CreateStoreImageTask",
            "ebs:GetSnapshotBlock",
            "ebs:ListSnapshotBlocks",
            "ebs:ListChangedBlocks",
            "elasticache:CopySnapshot",
            "backup:StartRestoreJob",
            "backup:StartCopyJob",
        ),
        "copy a whole volume, image or database",
        _REFERENCE + "the service's actions",
    ),
    RiskRow(
        Risk.EXFILTRATION,
        (
            "logs:GetLogEvents",
            "logs:FilterLogEvents",
            "logs:GetLogRecord",
            "logs:GetQueryResults",
            "logs:StartQuery",
            "logs:StartLiveTail",
            "logs:CreateExportTask",
            "logs:Unmask",
            "ec2:GetConsoleOutput",
            "ec2:GetConsoleScreenshot",
            "ec2:DescribeInstanceAttribute",
            "codecommit:GitPull",
            "codecommit:GetFile",
            "codecommit:GetBlob",
            "ecr:BatchGetImage",
            "ecr:GetDownloadUrlForLayer",
            "elasticfilesystem:ClientMount",
            "elasticfilesystem:ClientRootAccess",
            "glacier:GetJobOutput",
        ),
        "read logs, code, images and files",
        _REFERENCE + "the service's actions (Read)",
    ),
    RiskRow(
        Risk.INFRASTRUCTURE,
        tuple(
            f"{service}:*"
            for service in (
                "ec2",
                "ecs",
                "eks",
                "lambda",
                "autoscaling",
                "application-autoscaling",
                "autoscaling-plans",
                "elasticloadbalancing",
                "cloudformation",
                "elasticbeanstalk",
                "batch",
                "apprunner",
                "lightsail",
                "codedeploy",
                "codebuild",
                "codepipeline",
                "imagebuilder",
                "route53",
                "route53domains",
                "route53resolver",
                "servicediscovery",
                "cloudfront",
                "apigateway",
                "appmesh",
                "vpc-lattice",
                "networkmanager",
                "network-firewall",
                "directconnect",
                "globalaccelerator",
                "wafv2",
                "rds",
                "redshift",
                "elasticache",
                "memorydb",
                "es",
                "kafka",
                "fsx",
                "backup",
                "iam",
                "organizations",
                "cloudtrail",
                "config",
                "guardduty",
                "securityhub",
                "access-analyzer",
                "acm",
                "events",
                "scheduler",
                "states",
            )
        ),
        "change, break or delete what the account runs on",
        _LEVELS + ": Write and Tagging, in services that are infrastructure",
        levels=_WRITING,
        # What agents and applications do all day: reports of the agent, events, visits.
        but=(
            "ecs:Submit*",
            "ecs:Poll",
            "ecs:StartTelemetrySession",
            "ecs:DiscoverPollEndpoint",
            "events:PutEvents",
            "states:SendTask*",
            "states:StartExecution",
            "states:StartSyncExecution",
            "lambda:InvokeFunction",
            "lambda:InvokeAsync",
            "lambda:InvokeFunctionUrl",
            "servicediscovery:DiscoverInstances*",
        ),
    ),
    RiskRow(
        Risk.INFRASTRUCTURE,
        (
            "s3:CreateBucket",
            "s3:DeleteBucket",
            "s3:PutBucket*",
            "s3:PutEncryptionConfiguration",
            "s3:PutLifecycleConfiguration",
            "s3:DeleteBucketWebsite",
            "dynamodb:CreateTable",
            "dynamodb:DeleteTable",
            "dynamodb:UpdateTable",
            "dynamodb:DeleteBackup",
            "dynamodb:RestoreTable*",
            "kms:ScheduleKeyDeletion",
            "kms:DisableKey*",
            "kms:DeleteImportedKeyMaterial",
            "sqs:CreateQueue",
            "sqs:DeleteQueue",
            "sns:CreateTopic",
            "sns:DeleteTopic",
            "kinesis:CreateStream",
            "kinesis:DeleteStream",
            "logs:DeleteLogGroup",
            "logs:DeleteLogStream",
            "logs:PutRetentionPolicy",
            "ecr:CreateRepository",
            "ecr:DeleteRepository",
            "ecr:BatchDeleteImage",
            "ecr:PutImage*",
            "elasticfilesystem:CreateFileSystem",
            "elasticfilesystem:DeleteFileSystem",
            "elasticfilesystem:CreateMountTarget",
            "elasticfilesystem:DeleteMountTarget",
            "secretsmanager:DeleteSecret",
            "ssm:DeleteParameter*",
            "ssm:CreateActivation",
            "ssm:DeregisterManagedInstance",
        ),
        "make or delete stores that the account keeps data in",
        _REFERENCE + "the service's actions (Write)",
    ),
)


@lru_cache(maxsize=1)
def risk_bits() -> Mapping[Risk, int]:
    """For each risk the set of actions of the catalogue; the sets have nothing in common."""
    catalogue = load()
    found = dict.fromkeys(Risk, 0)
    for row in TABLE:
        bits = without = 0
        for pattern in row.actions:
            bits |= catalogue.bits(pattern)
        for pattern in row.but:
            without |= catalogue.bits(pattern)
        bits &= ~without
        if row.levels:
            bits &= sum(catalogue.level_bits[level] for level in row.levels)
        found[row.risk] |= bits
    taken = 0
    for risk in Risk:
        found[risk] &= ~taken
        taken |= found[risk]
    return found


@lru_cache(maxsize=4096)
def risk_of(action: str) -> Risk | None:
    """The risk of an action by name. Of one that the catalogue lacks no access level is known: rows that
    look at it say nothing of it."""
    number = load().number(action)
    if number is not None:
        return next((risk for risk, bits in risk_bits().items() if bits >> number & 1), None)
    lowered = action.lower()
    named = (
        row.risk
        for row in TABLE
        if not row.levels and any(matches(lowered) for matches in action_matchers(row.actions))
    )
    return min(named, key=list(Risk).index, default=None)
