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

_INFRASTRUCTURE = (
    "ec2 ecs eks lambda autoscaling application-autoscaling autoscaling-plans "
    "elasticloadbalancing cloudformation elasticbeanstalk batch apprunner lightsail codedeploy "
    "codebuild codepipeline imagebuilder route53 route53domains route53resolver "
    "servicediscovery cloudfront apigateway appmesh vpc-lattice networkmanager network-firewall "
    "directconnect globalaccelerator wafv2 rds redshift elasticache memorydb es kafka fsx "
    "backup iam organizations cloudtrail config guardduty securityhub access-analyzer acm "
    "events scheduler states "
)
"""Services of which the whole is infrastructure."""


def _named(services: Mapping[str, str]) -> tuple[str, ...]:
    """Action patterns from names by service."""
    return tuple(f"{service}:{name}" for service, names in services.items() for name in names.split())


TABLE: tuple[RiskRow, ...] = (
    RiskRow(
        Risk.ESCALATION,
        _named(
            {
                "iam": "PutRolePolicy PutUserPolicy PutGroupPolicy AttachRolePolicy "
                "AttachUserPolicy AttachGroupPolicy CreatePolicyVersion "
                "SetDefaultPolicyVersion AddUserToGroup UpdateAssumeRolePolicy"
            }
        ),
        "give itself or another principal any permission",
        _REFERENCE + "IAM (Permissions management)",
    ),
    RiskRow(
        Risk.ESCALATION,
        _named(
            {
                "iam": "DeleteRolePermissionsBoundary DeleteUserPermissionsBoundary "
                "PutRolePermissionsBoundary PutUserPermissionsBoundary "
                "DeleteRolePolicy DeleteUserPolicy DeleteGroupPolicy DetachRolePolicy "
                "DetachUserPolicy DetachGroupPolicy RemoveUserFromGroup"
            }
        ),
        "take away the boundary or the Deny that limits a principal",
        'IAM User Guide, "Permissions boundaries for IAM entities"',
    ),
    RiskRow(
        Risk.ESCALATION,
        _named({"iam": "PassRole AddRoleToInstanceProfile"}),
        "hand a role to a service that then acts with it",
        _PASS_ROLE,
    ),
    RiskRow(
        Risk.ESCALATION,
        _named(
            {
                "ecs": "ExecuteCommand",
                "ssm": "StartSession SendCommand StartAutomationExecution",
                "ec2-instance-connect": "SendSSHPublicKey SendSerialConsoleSSHPublicKey",
                "lambda": "UpdateFunctionCode UpdateFunctionConfiguration",
                "ec2": "ReplaceIamInstanceProfileAssociation AssociateIamInstanceProfile",
                "codebuild": "StartBuild StartBuildBatch",
                "glue": "UpdateDevEndpoint",
                "sagemaker": "CreatePresignedNotebookInstanceUrl",
            }
        ),
        "run code of its own where another role's credentials are",
        'Amazon ECS Developer Guide, "Monitor Amazon ECS containers with ECS Exec"; '
        + _REFERENCE
        + "the service's actions (Write)",
    ),
    RiskRow(
        Risk.ESCALATION,
        _named(
            {
                "sso": "AttachManagedPolicyToPermissionSet "
                "AttachCustomerManagedPolicyReferenceToPermissionSet "
                "PutInlinePolicyToPermissionSet PutPermissionsPolicy "
                "CreateAccountAssignment",
                "identitystore": "CreateGroupMembership",
                "sso-directory": "AddMemberToGroup",
                "organizations": "AttachPolicy DetachPolicy UpdatePolicy DisablePolicyType LeaveOrganization",
                "cognito-identity": "SetIdentityPoolRoles",
                "lakeformation": "GrantPermissions BatchGrantPermissions PutDataLakeSettings",
            }
        ),
        "change what an organization, permission set or identity pool allows",
        _REFERENCE + "IAM Identity Center, Organizations, Cognito, Lake Formation (Permissions management)",
    ),
    RiskRow(
        Risk.CREDENTIALS,
        _named(
            {
                "secretsmanager": "GetSecretValue BatchGetSecretValue",
                "ssm": "GetParameter GetParameters GetParametersByPath GetParameterHistory",
            }
        ),
        "read secrets: passwords, tokens, keys",
        'Amazon ECS Developer Guide, "Pass sensitive data to an Amazon ECS container"',
    ),
    RiskRow(
        Risk.CREDENTIALS,
        _named(
            {
                "sts": "AssumeRole AssumeRoleWithSAML AssumeRoleWithWebIdentity AssumeRoot "
                "GetFederationToken GetSessionToken",
                "cognito-identity": "GetCredentialsForIdentity GetOpenIdToken "
                "GetOpenIdTokenForDeveloperIdentity",
            }
        ),
        "obtain temporary credentials of another principal",
        "AWS STS API Reference; " + _REFERENCE + "STS",
    ),
    RiskRow(
        Risk.CREDENTIALS,
        _named(
            {
                "iam": "CreateAccessKey UpdateAccessKey CreateLoginProfile "
                "UpdateLoginProfile CreateServiceSpecificCredential "
                "ResetServiceSpecificCredential UploadSSHPublicKey "
                "UploadSigningCertificate ChangePassword DeactivateMFADevice"
            }
        ),
        "make or replace long-term credentials of a user",
        _REFERENCE + "IAM (Permissions management)",
    ),
    RiskRow(
        Risk.CREDENTIALS,
        _named(
            {
                "rds-db": "connect",
                "redshift": "GetClusterCredentials GetClusterCredentialsWithIAM",
                "redshift-serverless": "GetCredentials",
                "dsql": "DbConnect DbConnectAdmin",
                "elasticache": "Connect",
                "memorydb": "Connect",
                "lightsail": "GetRelationalDatabaseMasterUserPassword GetInstanceAccessDetails "
                "DownloadDefaultKeyPair",
            }
        ),
        "log in to a database or host",
        'Amazon RDS User Guide, "IAM database authentication"; ' + _REFERENCE + "the service's actions",
    ),
    RiskRow(
        Risk.CREDENTIALS,
        _named(
            {
                "ecr": "GetAuthorizationToken",
                "ecr-public": "GetAuthorizationToken",
                "codeartifact": "GetAuthorizationToken",
                "ec2": "GetPasswordData CreateKeyPair ImportKeyPair",
                "eks-auth": "AssumeRoleForPodIdentity",
                "acm": "ExportCertificate",
                "acm-pca": "IssueCertificate",
                "lambda": "GetFunction GetFunctionConfiguration",
                "ecs": "RegisterContainerInstance",
                "appsync": "CreateApiKey ListApiKeys",
                "gamelift": "GetInstanceAccess RequestUploadCredentials",
                "connect": "GetFederationToken",
                "mediapackage": "RotateIngestEndpointCredentials",
                "storagegateway": "DescribeChapCredentials",
            }
        ),
        "obtain a token, key or configuration that holds one",
        _REFERENCE + "the service's actions",
    ),
    RiskRow(
        Risk.EXPOSURE,
        _named(
            {
                "s3": "PutBucketPolicy PutBucketAcl PutObjectAcl PutObjectVersionAcl "
                "PutBucketWebsite PutReplicationConfiguration",
                "kms": "PutKeyPolicy CreateGrant",
                "sqs": "SetQueueAttributes",
                "sns": "SetTopicAttributes",
                "lambda": "CreateFunctionUrlConfig UpdateFunctionUrlConfig",
                "ec2": "ModifyImageAttribute ModifySnapshotAttribute "
                "AuthorizeSecurityGroupIngress ModifySecurityGroupRules",
                "rds": "ModifyDBSnapshotAttribute ModifyDBClusterSnapshotAttribute",
                "logs": "PutSubscriptionFilter PutDestinationPolicy",
                "glue": "PutResourcePolicy",
                "ram": "CreateResourceShare AssociateResourceShare",
            }
        ),
        "let others at a resource",
        _LEVELS + '; IAM User Guide, "Identity-based policies and resource-based policies"',
    ),
    RiskRow(
        Risk.EXPOSURE,
        ("*",),
        "grant or modify permissions of a resource",
        _LEVELS + ": Permissions management",
        levels=("Permissions management",),
        # The reference puts these reads at the same level; what IAM does to itself has rows of its own.
        but=("*:Get*", "*:List*", "*:Describe*", "*:BatchGet*", "*:Test*", "glue:*", "iam:*", "rds-db:*"),
    ),
    RiskRow(
        Risk.EXFILTRATION,
        _named(
            {
                "s3": "GetObject GetObjectVersion GetObjectTorrent",
                "s3express": "CreateSession",
                "s3-object-lambda": "GetObject",
                "s3tables": "GetTableData",
                "dynamodb": "GetItem BatchGetItem Query Scan PartiQLSelect GetRecords "
                "ExportTableToPointInTime",
                "sqs": "ReceiveMessage",
                "kinesis": "GetRecords SubscribeToShard",
                "kafka-cluster": "ReadData",
                "kms": "Decrypt ReEncryptFrom",
            }
        ),
        "read stored data and messages",
        _REFERENCE + "the service's actions (Read)",
    ),
    RiskRow(
        Risk.EXFILTRATION,
        _named(
            {
                "rds-data": "ExecuteStatement BatchExecuteStatement",
                "redshift-data": "ExecuteStatement BatchExecuteStatement GetStatementResult",
                "athena": "GetQueryResults GetQueryResultsStream StartQueryExecution",
                "timestream": "Select",
                "es": "ESHttpGet ESHttpPost",
                "aoss": "APIAccessAll",
                "neptune-db": "ReadDataViaQuery",
                "cassandra": "Select",
                "qldb": "PartiQLSelect",
                "sdb": "Select",
                "glue": "GetTable*",
                "lakeformation": "GetDataAccess",
            }
        ),
        "ask databases for their data",
        _REFERENCE + "the service's actions",
    ),
    RiskRow(
        Risk.EXFILTRATION,
        _named(
            {
                "rds": "CreateDBSnapshot CreateDBClusterSnapshot CopyDBSnapshot "
                "CopyDBClusterSnapshot RestoreDBInstanceFromDBSnapshot "
                "RestoreDBClusterFromSnapshot StartExportTask "
                "DownloadCompleteDBLogFile DownloadDBLogFilePortion",
                "ec2": "CreateSnapshot CreateSnapshots CopySnapshot CreateImage CopyImage "
                "CreateStoreImageTask",
                "ebs": "GetSnapshotBlock ListSnapshotBlocks ListChangedBlocks",
                "elasticache": "CopySnapshot",
                "backup": "StartRestoreJob StartCopyJob",
            }
        ),
        "copy a whole volume, image or database",
        _REFERENCE + "the service's actions",
    ),
    RiskRow(
        Risk.EXFILTRATION,
        _named(
            {
                "logs": "GetLogEvents FilterLogEvents GetLogRecord GetQueryResults StartQuery "
                "StartLiveTail CreateExportTask Unmask",
                "ec2": "GetConsoleOutput GetConsoleScreenshot DescribeInstanceAttribute",
                "codecommit": "GitPull GetFile GetBlob",
                "ecr": "BatchGetImage GetDownloadUrlForLayer",
                "elasticfilesystem": "ClientMount ClientRootAccess",
                "glacier": "GetJobOutput",
            }
        ),
        "read logs, code, images and files",
        _REFERENCE + "the service's actions (Read)",
    ),
    RiskRow(
        Risk.INFRASTRUCTURE,
        tuple(f"{service}:*" for service in _INFRASTRUCTURE.split()),
        "change, break or delete what the account runs on",
        _LEVELS + ": Write and Tagging, in services that are infrastructure",
        levels=_WRITING,
        # What agents and applications do all day: reports of the agent, events, invocations.
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
        _named(
            {
                "s3": "CreateBucket DeleteBucket PutBucket* PutEncryptionConfiguration "
                "PutLifecycleConfiguration DeleteBucketWebsite",
                "dynamodb": "CreateTable DeleteTable UpdateTable DeleteBackup RestoreTable*",
                "kms": "ScheduleKeyDeletion DisableKey* DeleteImportedKeyMaterial",
                "sqs": "CreateQueue DeleteQueue",
                "sns": "CreateTopic DeleteTopic",
                "kinesis": "CreateStream DeleteStream",
                "logs": "DeleteLogGroup DeleteLogStream PutRetentionPolicy",
                "ecr": "CreateRepository DeleteRepository BatchDeleteImage PutImage*",
                "elasticfilesystem": "CreateFileSystem DeleteFileSystem CreateMountTarget DeleteMountTarget",
                "secretsmanager": "DeleteSecret",
                "ssm": "DeleteParameter* CreateActivation DeregisterManagedInstance",
            }
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
