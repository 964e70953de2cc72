"""A source, a sender and an account for tests of applying: everything in memory, nothing sent."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from ecsiam_tui.account.ecs import Cluster, Service
from ecsiam_tui.account.iam import InlinePolicy, ManagedPolicy, PolicyVersion, Role
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.source import Loaded, SourceKind, Watcher
from ecsiam_tui.account.tasks import ContainerDefinition, TaskDefinition
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.applying import apply_to
from ecsiam_tui.changes.calling import Call
from ecsiam_tui.changes.looking import ChangeError
from ecsiam_tui.changes.plan import Plan, make
from ecsiam_tui.changes.sending import Rollout, Sent, Tell

ACCOUNT = "123456789012"
IAM = f"arn:aws:iam::{ACCOUNT}"
ECS = f"arn:aws:ecs:eu-west-1:{ACCOUNT}"
APP, NEW = f"{IAM}:role/app", f"{IAM}:role/app-execution"
POLICY = f"{IAM}:policy/shared"
WEB, WEB_NEXT, SERVICE = (
    f"{ECS}:task-definition/web:3",
    f"{ECS}:task-definition/web:4",
    f"{ECS}:service/prod/web",
)


def document(action: str) -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)


def account() -> Snapshot:
    """One role, one policy, one service."""
    inline = InlinePolicy(policy_name="own", policy_document=document("s3:*"))
    return Snapshot(
        account_id=ACCOUNT,
        taken_at=datetime(2026, 11, 1, tzinfo=UTC),
        regions=("eu-west-1",),
        roles=(
            Role(role_name="app", arn=APP, assume_role_policy_document=TRUST, role_policy_list=(inline,)),
        ),
        policies=(
            ManagedPolicy(
                policy_name="shared",
                arn=POLICY,
                default_version_id="v1",
                document=document("sqs:*"),
                policy_version_list=(PolicyVersion(version_id="v1", is_default_version=True),),
            ),
        ),
        clusters=(Cluster(cluster_arn=f"{ECS}:cluster/prod", cluster_name="prod"),),
        services=(
            Service(
                service_arn=SERVICE,
                service_name="web",
                cluster_arn=f"{ECS}:cluster/prod",
                task_definition=WEB,
            ),
        ),
        task_definitions=(
            TaskDefinition(
                task_definition_arn=WEB,
                family="web",
                revision=3,
                status="ACTIVE",
                latest=True,
                container_definitions=(ContainerDefinition(name="web", image="web:1"),),
            ),
        ),
    )


def changes() -> tuple[c.AnyChange, ...]:
    """A new execution role, rolled out; a policy made narrower."""
    return (
        c.CreateRole(role=NEW, trust=TRUST),
        c.PutRolePolicy(role=NEW, name="pull", document=document("ecr:*")),
        c.CreatePolicyVersion(policy=POLICY, document=document("sqs:SendMessage")),
        c.RegisterTaskDefinition(
            base=WEB, task_definition=WEB_NEXT, edits=(c.Edit(path=("executionRoleArn",), value=NEW),)
        ),
        c.UpdateService(service=SERVICE, task_definition=WEB_NEXT),
    )


def plan() -> Plan:
    return make(account(), changes(), "an execution role")


class Account:
    """A source and a sender in one. Every call makes the change that it stands for; `before` may raise before
    it is made (not sent), `after` behind it (sent, not answered)."""

    def __init__(self, snapshot: Snapshot | None = None) -> None:
        self.snapshot = snapshot or account()
        self.sent: list[str] = []
        self.before: Callable[[int, Call], None] = lambda number, call: None
        self.after: Callable[[int, Call], None] = lambda number, call: None
        self.waited = 0.0

    # Source

    @property
    def kind(self) -> SourceKind:
        return "live"

    @property
    def label(self) -> str:
        return "memory"

    def load(self, watcher: Watcher) -> Loaded:
        return Loaded(self.snapshot)

    def profiles(self) -> tuple[str, ...]:
        return ()

    def regions(self) -> tuple[str, ...]:
        return ()

    def switch(self, **_: Any) -> "Account":
        return self

    # Sender

    def note(self, call: Call, names: Mapping[str, str]) -> str:
        return "noted" if not call.harmless_twice else ""

    def took_effect(self, call: Call, names: Mapping[str, str], note: str) -> Sent | None:
        assert note == "noted" or call.harmless_twice
        if call.harmless_twice or call.operation not in self.sent:
            return None
        return Sent(call.guess or "v2")

    def send(self, call: Call, names: Mapping[str, str], note: str, tell: Tell) -> Sent:
        self.before(len(self.sent), call)
        self.sent.append(call.operation)
        try:
            self.make(call)
        except ChangeError:
            return Sent(already=True)  # it was sent before
        self.after(len(self.sent) - 1, call)
        return Sent(call.guess or ("v2" if call.operation == "CreatePolicyVersion" else ""))

    def make(self, call: Call) -> None:
        self.snapshot = apply_to(self._change(call), self.snapshot)

    def _change(self, call: Call) -> c.AnyChange:
        given = call.parameters
        role, policy = f"{IAM}:role/{given.get('RoleName')}", given.get("PolicyArn", "")
        match call.operation:
            case "CreateRole":
                return c.CreateRole(role=role, trust=given["AssumeRolePolicyDocument"])
            case "DeleteRole":
                return c.DeleteRole(role=role)
            case "PutRolePolicy":
                return c.PutRolePolicy(role=role, name=given["PolicyName"], document=given["PolicyDocument"])
            case "DeleteRolePolicy":
                return c.DeleteRolePolicy(role=role, name=given["PolicyName"])
            case "CreatePolicyVersion":
                return c.CreatePolicyVersion(policy=policy, document=given["PolicyDocument"])
            case "SetDefaultPolicyVersion":
                version = given["VersionId"]
                return c.SetDefaultPolicyVersion(
                    policy=policy, version_id=version, document=document("sqs:*")
                )
            case "DeletePolicyVersion":
                return c.DeletePolicyVersion(policy=policy, version_id=given["VersionId"])
            case "RegisterTaskDefinition":
                return c.RegisterTaskDefinition(base=WEB, task_definition=call.guess, edits=call.edits)
            case "DeregisterTaskDefinition":
                return c.DeregisterTaskDefinition(task_definition=given["taskDefinition"])
        assert call.operation == "UpdateService"
        return c.UpdateService(service=SERVICE, task_definition=given["taskDefinition"])

    def rollout(self, service: str, deployment: str, wanted: str) -> Rollout:
        return Rollout(service, "completed", deployment, 1, 1)

    def wait(self, seconds: float) -> None:
        self.waited += seconds
