"""A small account behind an endpoint, and plans for it."""

import json
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from ecsiam_tui.account import files
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.aws.stages import ecs, iam, launchers, resources, task_definitions
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.applying_ecs import next_revision
from ecsiam_tui.changes.plan import Plan, make

REGION = "eu-west-1"
ACCOUNT = "123456789012"
IAM = f"arn:aws:iam::{ACCOUNT}"
ECS = f"arn:aws:ecs:{REGION}:{ACCOUNT}"
SECRET_VALUE = "hunter2-Tr0ub4dor&3"


KEY = b"the same in every run"
SNAPSHOT, WHOLE = "/snapshot", "/whole"
"""The paths at which the stand-in answers the demo account, collected, as a snapshot file has it: what plans
can change, and all of it."""
STAGES = (
    iam.IDENTITY,
    ecs.CLUSTERS,
    iam.IAM,
    iam.POLICIES,
    ecs.SERVICES,
    task_definitions.TASK_DEFINITIONS,
)
"""What reads all that the account has; the rest would be read in vain, several times a run."""
CHANGEABLE = (
    *STAGES,
    launchers.RULES,
    launchers.SCHEDULES,
    resources.REPOSITORIES,
    resources.SECRETS,
    resources.LOG_GROUPS,
    resources.KEYS,
)
"""What reads all that a plan can change."""


def collected(url: str, what: str = SNAPSHOT) -> Snapshot:
    """The demo account behind a stand-in as a fresh collect has it."""
    with urlopen(url + what, timeout=60) as answer:
        return files.decode(answer.read(), Path("the demo account"))


def document(action: str) -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=1)


def trust(service: str = "ecs-tasks") -> str:
    principal = {"Service": f"{service}.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=1)


def seed(client: Any) -> None:
    """Two roles, a managed policy with five versions, an instance profile, a service with a secret in its
    environment. `client` gives boto3's clients by the name of the service."""
    iam_, ecs_ = client("iam"), client("ecs")
    for name in ("app", "old"):
        iam_.create_role(
            RoleName=name, AssumeRolePolicyDocument=trust(), Tags=[{"Key": "team", "Value": "web"}]
        )
        iam_.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document("s3:*"))
    policy = iam_.create_policy(PolicyName="shared", PolicyDocument=document("sqs:*"))["Policy"]["Arn"]
    for number in range(4):
        iam_.create_policy_version(
            PolicyArn=policy, PolicyDocument=document(f"sqs:Get{number}*"), SetAsDefault=True
        )
    iam_.attach_role_policy(RoleName="app", PolicyArn=policy)
    iam_.attach_role_policy(RoleName="old", PolicyArn=policy)
    iam_.create_instance_profile(InstanceProfileName="hosts")
    iam_.add_role_to_instance_profile(InstanceProfileName="hosts", RoleName="old")
    ecs_.create_cluster(clusterName="prod")
    container = {
        "name": "web",
        "image": "public.ecr.aws/nginx/nginx:1",
        "environment": [{"name": "DB_PASSWORD", "value": SECRET_VALUE}],
    }
    for _ in range(2):
        made = ecs_.register_task_definition(
            family="web",
            taskRoleArn=f"{IAM}:role/app",
            networkMode="bridge",
            containerDefinitions=[{**container, "memory": 128}],
            tags=[{"key": "team", "value": "web"}],
        )["taskDefinition"]["taskDefinitionArn"]
    ecs_.create_service(
        cluster="prod", serviceName="web", taskDefinition=made, desiredCount=1, launchType="EC2"
    )


def giving(snapshot: Snapshot) -> Plan:
    """A new execution role, with policies old and new, rolled out."""
    role, policy = f"{IAM}:role/team/web-exec", f"{IAM}:policy/pull"
    base = snapshot.services[0].task_definition or ""
    revision = next_revision(base, snapshot)
    return make(
        snapshot,
        (
            c.CreatePolicy(policy=policy, document=document("ecr:*")),
            c.CreateRole(role=role, trust=trust(), tags={"team": "web"}, description="pulls"),
            c.AttachRolePolicy(role=role, policy=policy),
            c.PutRolePolicy(role=role, name="logs", document=document("logs:*")),
            c.CreatePolicyVersion(policy=f"{IAM}:policy/shared", document=document("sqs:SendMessage")),
            c.UpdateTrust(role=f"{IAM}:role/app", trust=trust("lambda")),
            c.TagRole(role=f"{IAM}:role/app", tags={"team": "shop", "new": "1"}),
            c.RegisterTaskDefinition(
                base=base,
                task_definition=revision,
                edits=(c.Edit(path=("executionRoleArn",), value=role),),
            ),
            c.UpdateService(
                service=snapshot.services[0].service_arn, task_definition=revision, force_new_deployment=True
            ),
        ),
        "giving",
    )


def taking(snapshot: Snapshot) -> Plan:
    """A role goes, with all that it has; another gets less."""
    app, old = f"{IAM}:role/app", f"{IAM}:role/old"
    return make(
        snapshot,
        (
            c.DeleteRole(role=old),
            c.DetachRolePolicy(role=app, policy=f"{IAM}:policy/shared"),
            c.PutRolePolicy(role=app, name="own", document=document("s3:GetObject")),
            c.PutBoundary(role=app, boundary=f"{IAM}:policy/shared"),
        ),
        "taking",
    )


PLANS = {"giving": giving, "taking": taking}
