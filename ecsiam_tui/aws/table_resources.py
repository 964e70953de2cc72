"""The table of calls, continued: the resources that task definitions and policies name."""

from typing import Final

from ecsiam_tui.aws.calls import Call

DESCRIBE_REPOSITORIES: Final = Call(
    "ecr",
    "DescribeRepositories",
    "ecr:DescribeRepositories",
    "ecr read",
    ("repositories",),
    "Whether the image repositories in use exist is unknown.",
    items="repositories",
    absent=("RepositoryNotFoundException",),
)
GET_REPOSITORY_POLICY: Final = Call(
    "ecr",
    "GetRepositoryPolicy",
    "ecr:GetRepositoryPolicy",
    "ecr read",
    ("repositories.policy",),
    "The policy of an image repository is unknown: whether other accounts may pull is not seen.",
    absent=("RepositoryPolicyNotFoundException", "RepositoryNotFoundException"),
    resource="arn:aws:ecr:*:*:repository/*",
)
DESCRIBE_IMAGES: Final = Call(
    "ecr",
    "DescribeImages",
    "ecr:DescribeImages",
    "ecr read",
    ("repositories.images",),
    "Whether an image in use still exists is unknown.",
    absent=("ImageNotFoundException", "RepositoryNotFoundException"),
    resource="arn:aws:ecr:*:*:repository/*",
)
DESCRIBE_PULL_THROUGH_CACHE_RULES: Final = Call(
    "ecr",
    "DescribePullThroughCacheRules",
    "ecr:DescribePullThroughCacheRules",
    "ecr read",
    ("pull_through_cache_rules",),
    "Pull through cache rules are unknown: a first pull may need permissions that are not named.",
    items="pullThroughCacheRules",
)
DESCRIBE_SECRET: Final = Call(
    "secretsmanager",
    "DescribeSecret",
    "secretsmanager:DescribeSecret",
    "secretsmanager read",
    ("secrets", "keys"),
    "Whether a secret in use exists, and which key encrypts it, is unknown.",
    absent=("ResourceNotFoundException",),
    resource="arn:aws:secretsmanager:*:*:secret:*",
)
GET_SECRET_POLICY: Final = Call(
    "secretsmanager",
    "GetResourcePolicy",
    "secretsmanager:GetResourcePolicy",
    "secretsmanager read",
    ("secrets.policy",),
    "The resource policy of a secret is unknown: it may deny, or let other accounts in.",
    absent=("ResourceNotFoundException",),
    resource="arn:aws:secretsmanager:*:*:secret:*",
)
DESCRIBE_PARAMETERS: Final = Call(
    "ssm",
    "DescribeParameters",
    "ssm:DescribeParameters",
    "ssm read",
    ("parameters", "keys"),
    "Whether the parameters in use exist, and which keys encrypt them, is unknown.",
    items="Parameters",
    batch=50,
    paging=(("MaxResults", 50),),
)
DESCRIBE_LOG_GROUPS: Final = Call(
    "logs",
    "DescribeLogGroups",
    "logs:DescribeLogGroups",
    "logs read",
    ("log_groups",),
    "Whether a log group in use exists is unknown.",
    items="logGroups",
    paging=(("limit", 50),),
)
DESCRIBE_KEY: Final = Call(
    "kms",
    "DescribeKey",
    "kms:DescribeKey",
    "kms read",
    ("keys",),
    "A key in use is unknown: whether reading needs kms:Decrypt cannot be told.",
    absent=("NotFoundException",),
    resource="arn:aws:kms:*:*:key/*",
)
GET_KEY_POLICY: Final = Call(
    "kms",
    "GetKeyPolicy",
    "kms:GetKeyPolicy",
    "kms read",
    ("keys.policy",),
    "The policy of a key is unknown, and a key policy decides alone whether IAM counts for the key.",
    absent=("NotFoundException",),
    resource="arn:aws:kms:*:*:key/*",
)
DESCRIBE_FILE_SYSTEMS: Final = Call(
    "efs",
    "DescribeFileSystems",
    "elasticfilesystem:DescribeFileSystems",
    "efs read",
    ("file_systems", "keys"),
    "Whether a file system in use exists is unknown.",
    items="FileSystems",
    absent=("FileSystemNotFound",),
    resource="arn:aws:elasticfilesystem:*:*:file-system/*",
)
DESCRIBE_ACCESS_POINTS: Final = Call(
    "efs",
    "DescribeAccessPoints",
    "elasticfilesystem:DescribeAccessPoints",
    "efs read",
    ("file_systems.access_points",),
    "Access points of a file system are unknown.",
    items="AccessPoints",
    absent=("FileSystemNotFound", "AccessPointNotFound"),
    resource="arn:aws:elasticfilesystem:*:*:file-system/*",
)
DESCRIBE_FILE_SYSTEM_POLICY: Final = Call(
    "efs",
    "DescribeFileSystemPolicy",
    "elasticfilesystem:DescribeFileSystemPolicy",
    "efs read",
    ("file_systems.policy",),
    "The policy of a file system is unknown: whether mounting needs IAM cannot be told.",
    absent=("PolicyNotFound", "FileSystemNotFound"),
    resource="arn:aws:elasticfilesystem:*:*:file-system/*",
)
LIST_BUCKETS: Final = Call(
    "s3",
    "ListBuckets",
    "s3:ListAllMyBuckets",
    "s3 read",
    ("buckets.account_id",),
    "Whether the buckets in use belong to this account is unknown.",
    items="Buckets",
)
GET_BUCKET_LOCATION: Final = Call(
    "s3",
    "GetBucketLocation",
    "s3:GetBucketLocation",
    "s3 read",
    ("buckets",),
    "Whether a bucket in use exists, and where, is unknown.",
    absent=("NoSuchBucket",),
    resource="arn:aws:s3:::*",
)
GET_BUCKET_POLICY: Final = Call(
    "s3",
    "GetBucketPolicy",
    "s3:GetBucketPolicy",
    "s3 read",
    ("buckets.policy",),
    "The policy of a bucket is unknown: it may deny, or let other accounts in.",
    absent=("NoSuchBucketPolicy", "NoSuchBucket"),
    resource="arn:aws:s3:::*",
)
GET_BUCKET_ENCRYPTION: Final = Call(
    "s3",
    "GetBucketEncryption",
    "s3:GetEncryptionConfiguration",
    "s3 read",
    ("buckets.encryption", "keys"),
    "How a bucket is encrypted is unknown: whether reading needs kms:Decrypt cannot be told.",
    absent=("ServerSideEncryptionConfigurationNotFoundError", "NoSuchBucket"),
    resource="arn:aws:s3:::*",
)
GET_FUNCTION_CONFIGURATION: Final = Call(
    "lambda",
    "GetFunctionConfiguration",
    "lambda:GetFunctionConfiguration",
    "lambda read",
    ("functions",),
    "Whether the function of a deployment lifecycle hook exists is unknown.",
    absent=("ResourceNotFoundException",),
    resource="arn:aws:lambda:*:*:function:*",
)
GET_FUNCTION_POLICY: Final = Call(
    "lambda",
    "GetPolicy",
    "lambda:GetPolicy",
    "lambda read",
    ("functions.policy",),
    "The policy of a lifecycle hook's function is unknown.",
    absent=("ResourceNotFoundException",),
    resource="arn:aws:lambda:*:*:function:*",
)
