"""Edges to images, secrets, logs, keys, file systems and buckets."""

from typing import Any

import pytest

from ecsiam_tui.account.resources import (
    FileSystem,
    Key,
    LambdaFunction,
    LogGroup,
    Parameter,
    Repository,
    SecretResource,
)
from ecsiam_tui.graph import EdgeKind, NodeState
from tests.graph.builders import (
    ACCOUNT,
    CLUSTER,
    DEFINITION,
    OTHER,
    ROLE,
    arn,
    cluster,
    container,
    definition,
    estate,
    role,
    uses,
    via,
)

SECRET = arn("secretsmanager", "secret:prod/db-AbCdEf")
KEY = arn("kms", "key/1111-2222")
REPOSITORY = arn("ecr", "repository/shop/web")
HUB = f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com"


def _secret(**fields: Any) -> SecretResource:
    return SecretResource(arn=SECRET, name="prod/db", **fields)


@pytest.mark.parametrize(
    ("image", "node", "state"),
    [
        (f"{HUB}/shop/web:1", REPOSITORY, NodeState.PRESENT),
        (f"{HUB}/shop/gone:1", arn("ecr", "repository/shop/gone"), NodeState.UNKNOWN),
        (
            f"{OTHER}.dkr.ecr.eu-west-1.amazonaws.com/base",
            arn("ecr", "repository/base", account=OTHER),
            NodeState.EXTERNAL,
        ),
        ("nginx:1.27", "image:nginx", NodeState.EXTERNAL),
        ("public.ecr.aws/nginx/nginx", "image:public.ecr.aws/nginx/nginx", NodeState.EXTERNAL),
    ],
)
def test_images(image: str, node: str, state: NodeState) -> None:
    graph = estate(
        task_definitions=(definition(containerDefinitions=[{"name": "a", "image": image}]),),
        repositories=(Repository(repository_arn=REPOSITORY, repository_name="shop/web"),),
    )
    assert uses(graph, DEFINITION) == {("pulls-image", node)}
    assert graph.node(node).state is state


@pytest.mark.parametrize(
    ("value", "node", "state"),
    [
        (SECRET, SECRET, NodeState.PRESENT),
        (SECRET[:-7], SECRET, NodeState.PRESENT),  # the ARN without its random end
        (f"{SECRET}:password::", SECRET, NodeState.PRESENT),
        (f"{SECRET[:-7]}:password::", SECRET, NodeState.PRESENT),
        (f"{SECRET}:password", f"{SECRET}:password", NodeState.UNKNOWN),  # the agent refuses it
        (
            arn("secretsmanager", "secret:prod/other"),
            arn("secretsmanager", "secret:prod/other"),
            NodeState.UNKNOWN,
        ),
        (
            arn("secretsmanager", "secret:prod/db-AbCdEf", account=OTHER),
            arn("secretsmanager", "secret:prod/db-AbCdEf", account=OTHER),
            NodeState.EXTERNAL,
        ),
        ("/shop/url", arn("ssm", "parameter/shop/url"), NodeState.PRESENT),
        (
            arn("ssm", "parameter/shop/url", region="us-east-1"),
            arn("ssm", "parameter/shop/url", region="us-east-1"),
            NodeState.UNKNOWN,
        ),
    ],
)
def test_secrets_and_parameters(value: str, node: str, state: NodeState) -> None:
    graph = estate(
        task_definitions=(
            definition(containerDefinitions=container(secrets=[{"name": "DB", "valueFrom": value}])),
        ),
        secrets=(_secret(),),
        parameters=(Parameter(arn=arn("ssm", "parameter/shop/url"), name="/shop/url"),),
    )
    assert uses(graph, DEFINITION, EdgeKind.READS_SECRET) == {("reads-secret", node)}
    assert via(graph, DEFINITION, node, EdgeKind.READS_SECRET) == "container app secret DB"
    assert graph.node(node).state is state


def test_a_registrys_credentials_by_name_are_the_secret_of_that_name() -> None:
    login = container(repositoryCredentials={"credentialsParameter": "prod/db"})
    graph = estate(task_definitions=(definition(containerDefinitions=login),), secrets=(_secret(),))
    assert uses(graph, DEFINITION, EdgeKind.READS_SECRET) == {("reads-secret", SECRET)}


def test_logs_files_and_volumes() -> None:
    containers = container(
        logConfiguration={"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/web"}},
        environmentFiles=[{"type": "s3", "value": "arn:aws:s3:::env/web.env"}],
    )
    volumes = [{"name": "data", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}, {"name": "scratch"}]
    graph = estate(
        task_definitions=(definition(containerDefinitions=containers, volumes=volumes),),
        # The list of log groups gives ARNs that end in `:*`.
        log_groups=(LogGroup(arn=arn("logs", "log-group:/ecs/web:*"), log_group_name="/ecs/web"),),
    )
    assert uses(graph, DEFINITION) == {
        ("pulls-image", "image:nginx"),
        ("logs-to", arn("logs", "log-group:/ecs/web")),
        ("reads-file", "arn:aws:s3:::env"),
        ("mounts", arn("elasticfilesystem", "file-system/fs-1")),
    }
    assert graph.node(arn("logs", "log-group:/ecs/web")).state is NodeState.PRESENT
    assert graph.node("arn:aws:s3:::env").state is NodeState.UNKNOWN


ALIAS = arn("kms", "alias/app")


@pytest.mark.parametrize(
    ("name", "node"),
    [
        (KEY, KEY),
        ("1111-2222", KEY),
        ("alias/app", KEY),
        (ALIAS, KEY),
        ("alias/other", arn("kms", "alias/other")),
        ("9999", arn("kms", "key/9999")),
        (arn("kms", "key/1111-2222", account=OTHER), arn("kms", "key/1111-2222", account=OTHER)),
        (arn("kms", "key/1111-2222", region="us-east-1"), arn("kms", "key/1111-2222", region="us-east-1")),
    ],
)
def test_a_key_by_any_of_its_names(name: str, node: str) -> None:
    # A replica elsewhere has the same id, and its alias may have the same name.
    replica = Key(
        arn=arn("kms", "key/1111-2222", region="us-east-1"),
        key_id="1111-2222",
        aliases=(arn("kms", "alias/app", region="us-east-1"),),
    )
    graph = estate(
        secrets=(_secret(kms_key_id=name),),
        keys=(Key(arn=KEY, key_id="1111-2222", aliases=(ALIAS,)), replica),
        regions=("eu-west-1", "us-east-1"),
    )
    assert uses(graph, SECRET) == {("encrypts-with", node)}


def test_what_is_encrypted_with_a_key_and_what_is_not() -> None:
    group = arn("logs", "log-group:/ecs/web")
    system = arn("elasticfilesystem", "file-system/fs-1")
    parameter = arn("ssm", "parameter/p")
    for name in (KEY, None):
        graph = estate(
            log_groups=(LogGroup(arn=group, log_group_name="/ecs/web", kms_key_id=name),),
            file_systems=(FileSystem(file_system_arn=system, file_system_id="fs-1", kms_key_id=name),),
            parameters=(Parameter(arn=parameter, name="p", key_id=name),),
            repositories=(
                Repository(
                    repository_arn=REPOSITORY,
                    repository_name="shop/web",
                    encryption_configuration={"encryptionType": "KMS", "kmsKey": name} if name else None,
                ),
            ),
            keys=(Key(arn=KEY, key_id="1111-2222"),),
        )
        for node in (group, system, parameter, REPOSITORY):
            assert uses(graph, node) == ({("encrypts-with", KEY)} if name else set())


def test_a_clusters_own_keys_and_logs() -> None:
    configuration = {
        "executeCommandConfiguration": {
            "kmsKeyId": "1111-2222",
            "logConfiguration": {"cloudWatchLogGroupName": "/ecs/exec", "s3BucketName": "exec-logs"},
        },
        "managedStorageConfiguration": {
            "kmsKeyId": arn("kms", "key/ebs"),
            "fargateEphemeralStorageKmsKeyId": arn("kms", "key/fargate"),
        },
    }
    keys = (Key(arn=KEY, key_id="1111-2222"),)
    graph = estate(clusters=(cluster(configuration=configuration), cluster("plain")), keys=keys)
    assert uses(graph, CLUSTER) == {
        ("encrypts-with", KEY),
        ("encrypts-with", arn("kms", "key/ebs")),
        ("encrypts-with", arn("kms", "key/fargate")),
        ("logs-to", arn("logs", "log-group:/ecs/exec")),
        ("logs-to", "arn:aws:s3:::exec-logs"),
    }
    assert uses(graph, arn("ecs", "cluster/plain")) == set()


def test_a_function_runs_with_its_role() -> None:
    function = LambdaFunction(function_arn=arn("lambda", "function:check"), function_name="check", role=ROLE)
    assert uses(estate(functions=(function,), roles=(role(),)), function.function_arn) == {
        ("uses-function-role", ROLE)
    }
