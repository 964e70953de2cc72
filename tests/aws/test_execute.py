"""Sending calls: what is sent again, what counts as done, what is looked up, and every kind against moto."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from botocore import exceptions as boto

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.aws.execute import Executor
from ecsiam_tui.aws.session import AwsSession
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.applying_plan import Applying
from ecsiam_tui.changes.calling import Call, Read
from ecsiam_tui.changes.journal import Journals
from ecsiam_tui.changes.plan import make
from ecsiam_tui.changes.sending import SendError, Sent
from ecsiam_tui.changes.targets import drift, states
from ecsiam_tui.demo.source import DemoSource
from tests.aws.conftest import Watching
from tests.aws.fake import FakeAws, client_error
from tests.changes.test_core import cases

DONE = {"_nonsense": True}
"""An answer that says nothing."""
URL = "https://example.com"
DOCUMENT = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}'
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
DEFINITION = "arn:aws:ecs:eu-west-1:111122223333:task-definition/web"
PUT = Call("iam", "PutRolePolicy", {"RoleName": "r", "PolicyName": "p", "PolicyDocument": DOCUMENT})
CREATE = Call("iam", "CreateRole", {"RoleName": "r", "Path": "/", "AssumeRolePolicyDocument": TRUST})
POLICY = "arn:aws:iam::111122223333:policy/p"
VERSION = Call(
    "iam",
    "CreatePolicyVersion",
    {"PolicyArn": POLICY, "PolicyDocument": DOCUMENT, "SetAsDefault": True},
    harmless_twice=False,
)
REGISTER = Call(
    "ecs",
    "RegisterTaskDefinition",
    region="eu-west-1",
    base=Read("ecs", "DescribeTaskDefinition", {"taskDefinition": f"{DEFINITION}:3", "include": ["TAGS"]}),
    prepare="task-definition",
    edits=(c.Edit(path=("executionRoleArn",), value="arn:aws:iam::111122223333:role/new"),),
    guess=f"{DEFINITION}:4",
    answer=("taskDefinition", "taskDefinitionArn"),
    harmless_twice=False,
)
DEPLOY = Call(
    "ecs",
    "UpdateService",
    {"cluster": "prod", "service": "web", "taskDefinition": f"{DEFINITION}:4", "forceNewDeployment": True},
    "eu-west-1",
    harmless_twice=False,
)


class Clock:
    """Time that passes where somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def fake() -> Iterator[FakeAws]:
    with FakeAws({"iam:PutRolePolicy": lambda _: dict(DONE)}).installed() as aws:
        yield aws


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def executor(session: AwsSession, clock: Clock) -> Executor:
    return Executor(session, sleep=clock.sleep, clock=clock)


def one_after_the_other(*results: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A handler that raises or answers these in turn; the last one for ever."""
    left = list(results)

    def handler(_: dict[str, Any]) -> dict[str, Any]:
        result = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(result, Exception):
            raise result
        return dict(result)

    return handler


def send(executor: Executor, call: Call, note: str = "") -> Sent:
    return executor.send(call, {}, note, lambda _: None)


LOST = boto.ReadTimeoutError(endpoint_url=URL)
BROKEN = client_error("ServiceFailure", "internal", 500)


@pytest.mark.parametrize(
    ("errors", "times"),
    [
        ([client_error("Throttling", "Rate exceeded")], 2),
        ([client_error("ThrottlingException", "Rate exceeded")] * 3, 4),
        ([client_error("ServiceUnavailable", "busy", 503)], 2),
        ([client_error("ConcurrentModification", "busy", 409)], 2),
        ([client_error("MalformedPolicyDocument", "Invalid principal in policy: x")], 2),
        ([boto.EndpointConnectionError(endpoint_url=URL)], 2),
        ([boto.ConnectTimeoutError(endpoint_url=URL)], 2),
        ([LOST], 2),
        ([boto.ConnectionClosedError(endpoint_url=URL)], 2),
        ([BROKEN, LOST, BROKEN], 4),
    ],
)
def test_what_passes_is_waited_for(
    executor: Executor, fake: FakeAws, clock: Clock, errors: list[Exception], times: int
) -> None:
    fake.handlers["iam:PutRolePolicy"] = one_after_the_other(*errors, DONE)
    assert send(executor, PUT) == Sent()
    assert fake.asked["iam:PutRolePolicy"] == times
    assert 0 < clock.now < 30


@pytest.mark.parametrize(
    ("error", "said", "seconds"),
    [
        (client_error("AccessDenied", "User x is not authorized"), "AccessDenied: User x is not author", 0),
        (client_error("MalformedPolicyDocument", "Syntax errors"), "MalformedPolicyDocument: Syntax err", 0),
        (client_error("NoSuchEntity", "no role r"), "NoSuchEntity: no role r", 0),
        (client_error("LimitExceeded", "too large", 409), "LimitExceeded: too large", 0),
        (client_error("DeleteConflict", "attached", 409), "DeleteConflict: attached", 15),
        (client_error("Throttling", "Rate exceeded"), "Throttling: Rate exceeded", 60),
    ],
)
def test_what_does_not_pass_is_said(
    executor: Executor, fake: FakeAws, clock: Clock, error: Exception, said: str, seconds: int
) -> None:
    fake.handlers["iam:PutRolePolicy"] = one_after_the_other(error)
    with pytest.raises(SendError, match=said) as caught:
        send(executor, PUT)
    assert not caught.value.unsure
    assert seconds <= clock.now <= seconds + 15


@pytest.mark.parametrize("error", [client_error("ExpiredToken", "x"), boto.NoCredentialsError()])
def test_an_expired_session_is_said(executor: Executor, fake: FakeAws, error: Exception) -> None:
    fake.handlers["iam:PutRolePolicy"] = one_after_the_other(error)
    with pytest.raises(SendError, match="sign in again, then resume") as caught:
        send(executor, PUT)
    assert (caught.value.expired, fake.asked["iam:PutRolePolicy"]) == (True, 1)


def test_no_answer_at_all_is_left_open(executor: Executor, fake: FakeAws) -> None:
    fake.handlers["iam:PutRolePolicy"] = one_after_the_other(LOST)
    with pytest.raises(SendError, match="no answer after 4 attempts") as caught:
        send(executor, PUT)
    assert caught.value.unsure


def test_a_role_that_was_just_made_is_waited_for(executor: Executor, fake: FakeAws) -> None:
    role = {
        "Path": "/",
        "RoleName": "r",
        "RoleId": "AROA0123456789ABCDEFG",
        "Arn": "arn:aws:iam::111122223333:role/r",
        "CreateDate": "2026-01-01",
    }
    fake.handlers["iam:CreateRole"] = lambda _: {"Role": role, "_nonsense": True}
    fake.handlers["iam:PutRolePolicy"] = one_after_the_other(client_error("NoSuchEntity", "no role"), DONE)
    send(executor, CREATE)
    assert send(executor, PUT) == Sent()


def test_values_are_not_said(executor: Executor, fake: FakeAws) -> None:
    error = boto.ParamValidationError(
        report="Invalid type for parameter containerDefinitions[0].environment, value: hunter2, type: x"
    )
    fake.handlers["iam:PutRolePolicy"] = one_after_the_other(error)
    with pytest.raises(SendError, match=r"parameter containerDefinitions\[0\]") as caught:
        send(executor, PUT)
    assert "hunter2" not in str(caught.value)


# What is so already


def there(**fields: Any) -> dict[str, Any]:
    role = {"RoleName": "r", "Path": "/", "AssumeRolePolicyDocument": quote(TRUST.replace(" ", "")), **fields}
    return {"Role": role, "_nonsense": True}


@pytest.mark.parametrize(
    ("fields", "other"),
    [
        ({}, ""),
        ({"MaxSessionDuration": 7200}, "maximum session"),
        ({"AssumeRolePolicyDocument": quote(DOCUMENT), "Description": "x"}, "trust policy, description"),
        ({"Tags": [{"Key": "a", "Value": "b"}]}, "tags"),
    ],
)
def test_a_role_that_is_there(executor: Executor, fake: FakeAws, fields: dict[str, Any], other: str) -> None:
    fake.handlers["iam:CreateRole"] = one_after_the_other(client_error("EntityAlreadyExists", "x", 409))
    fake.handlers["iam:GetRole"] = lambda _: there(**fields)
    if other:
        with pytest.raises(SendError, match=f"there is a role r already, with another {other}: choose"):
            send(executor, CREATE)
    else:
        assert send(executor, CREATE) == Sent(already=True)


@pytest.mark.parametrize(
    ("service", "operation", "given", "code", "message"),
    [
        ("iam", "DeleteRole", {"RoleName": "r"}, "NoSuchEntity", ""),
        ("iam", "DeleteRolePolicy", {"RoleName": "r", "PolicyName": "p"}, "NoSuchEntity", ""),
        ("iam", "DetachRolePolicy", {"RoleName": "r", "PolicyArn": POLICY}, "NoSuchEntity", ""),
        ("iam", "DeletePolicyVersion", {"PolicyArn": POLICY, "VersionId": "v1"}, "NoSuchEntity", ""),
        ("logs", "CreateLogGroup", {"logGroupName": "x"}, "ResourceAlreadyExistsException", ""),
        ("logs", "DeleteLogGroup", {"logGroupName": "x"}, "ResourceNotFoundException", ""),
        ("ecs", "DeregisterTaskDefinition", {"taskDefinition": "w:1"}, "ClientException", "is INACTIVE"),
        (
            "iam",
            "CreateServiceLinkedRole",
            {"AWSServiceName": "ecs.amazonaws.com"},
            "InvalidInput",
            "Service role name x has been taken in this account",
        ),
    ],
)
def test_what_is_so_already_is_done(
    executor: Executor, fake: FakeAws, service: str, operation: str, given: Any, code: str, message: str
) -> None:
    fake.handlers[f"{service}:{operation}"] = one_after_the_other(client_error(code, message))
    region = "" if service == "iam" else "eu-west-1"
    assert send(executor, Call(service, operation, given, region)) == Sent(already=True)


# What must not be sent twice


def described(revision: int, **fields: Any) -> dict[str, Any]:
    container = {"name": "app", "image": "x", "environment": [{"name": "TOKEN", "value": "hunter2"}]}
    definition = {
        "taskDefinitionArn": f"{DEFINITION}:{revision}",
        "family": "web",
        "revision": revision,
        "status": "ACTIVE",
        "containerDefinitions": [{**container, "cpu": 0, "mountPoints": []}],
        **fields,
    }
    return {"taskDefinition": definition, "tags": []}


NEW = {"executionRoleArn": "arn:aws:iam::111122223333:role/new"}


def family(fake: FakeAws, revisions: dict[int, dict[str, Any]]) -> None:
    fake.handlers["ecs:ListTaskDefinitions"] = lambda _: {
        "taskDefinitionArns": [f"{DEFINITION}:{number}" for number in sorted(revisions, reverse=True)]
    }
    fake.handlers["ecs:DescribeTaskDefinition"] = lambda given: revisions[
        int(given["taskDefinition"].rpartition(":")[2])
    ]


@pytest.mark.parametrize("took", [True, False])
def test_a_registration_that_was_not_answered_is_looked_up(
    executor: Executor, fake: FakeAws, took: bool
) -> None:
    revisions = {3: described(3)}
    family(fake, revisions)
    sent: list[dict[str, Any]] = []

    def register(given: dict[str, Any]) -> dict[str, Any]:
        sent.append(given)
        if len(sent) == 1:
            revisions[4] = described(4, **NEW) if took else described(4)  # or somebody else's
            raise LOST
        revisions[5] = described(5, **NEW)
        return {"taskDefinition": revisions[5]["taskDefinition"]}

    fake.handlers["ecs:RegisterTaskDefinition"] = register
    note = executor.note(REGISTER, {})
    assert note == "3"
    assert send(executor, REGISTER, note) == Sent(f"{DEFINITION}:{4 if took else 5}")
    assert len(sent) == (1 if took else 2)
    assert sent[0]["containerDefinitions"][0]["environment"] == [{"name": "TOKEN", "value": "hunter2"}]
    assert executor.took_effect(REGISTER, {}, note) == Sent(f"{DEFINITION}:{4 if took else 5}")
    assert executor.took_effect(REGISTER, {}, "5") is None


def test_a_policy_version_that_was_not_answered_is_looked_up(executor: Executor, fake: FakeAws) -> None:
    version = {"id": "v3", "text": "{}"}
    fake.handlers["iam:GetPolicy"] = lambda _: {"Policy": {"DefaultVersionId": version["id"]}}
    fake.handlers["iam:GetPolicyVersion"] = lambda _: {"PolicyVersion": {"Document": quote(version["text"])}}

    def make_it(given: dict[str, Any]) -> dict[str, Any]:
        version.update(id="v4", text=given["PolicyDocument"])
        raise BROKEN

    fake.handlers["iam:CreatePolicyVersion"] = make_it
    note = executor.note(VERSION, {})
    assert executor.took_effect(VERSION, {}, note) is None
    assert send(executor, VERSION, note) == Sent("v4")
    assert fake.asked["iam:CreatePolicyVersion"] == 1


def test_a_deployment_that_was_not_answered_is_looked_up(executor: Executor, fake: FakeAws) -> None:
    service = {"taskDefinition": f"{DEFINITION}:3", "deployments": [{"id": "ecs-svc/1", "status": "PRIMARY"}]}
    fake.handlers["ecs:DescribeServices"] = lambda _: {"services": [service]}

    def deploy(_: dict[str, Any]) -> dict[str, Any]:
        service.update(
            taskDefinition=f"{DEFINITION}:4", deployments=[{"id": "ecs-svc/2", "status": "PRIMARY"}]
        )
        raise LOST

    fake.handlers["ecs:UpdateService"] = deploy
    note = executor.note(DEPLOY, {})
    assert note == "ecs-svc/1"
    assert send(executor, DEPLOY, note) == Sent("ecs-svc/2")
    assert fake.asked["ecs:UpdateService"] == 1


def test_guesses_are_replaced_in_later_calls(executor: Executor, fake: FakeAws) -> None:
    fake.handlers["ecs:UpdateService"] = lambda given: {
        "service": {"taskDefinition": given["taskDefinition"], "deployments": []}
    }
    executor.send(DEPLOY, {f"{DEFINITION}:4": f"{DEFINITION}:17"}, "", lambda _: None)
    assert fake.requests[-1][1]["taskDefinition"] == f"{DEFINITION}:17"


def test_a_role_that_ecs_cannot_assume_yet_is_waited_for(
    executor: Executor, fake: FakeAws, clock: Clock
) -> None:
    late = client_error("ClientException", "ECS was unable to assume the role 'x' that was provided")
    fake.handlers["ecs:UpdateService"] = one_after_the_other(late, late, {"service": {"deployments": []}})
    send(executor, DEPLOY)
    assert clock.now > 1


def test_an_answer_that_refuses(executor: Executor, fake: FakeAws) -> None:
    call = Call(
        "events",
        "PutTargets",
        {"Rule": "x", "Targets": [{"Id": "1"}]},
        "eu-west-1",
        Read("events", "ListTargetsByRule", {"Rule": "x"}),
        "rule-target",
    )
    fake.handlers["events:ListTargetsByRule"] = lambda _: {
        "Targets": [{"Id": "1", "Arn": "a", "Input": "{}"}]
    }
    failed = [{"TargetId": "1", "ErrorCode": "Nope", "ErrorMessage": "not this"}]
    fake.handlers["events:PutTargets"] = lambda _: {"FailedEntryCount": 1, "FailedEntries": failed}
    with pytest.raises(SendError, match="Nope: not this"):
        send(executor, call)
    fake.handlers["events:ListTargetsByRule"] = lambda _: {}
    with pytest.raises(SendError, match="the rule x has no target 1 any more"):
        send(executor, call)


def test_calls_that_change_something_are_sent_once(session: AwsSession) -> None:
    client = session.client("iam", once=True)
    assert client.meta.config.retries["total_max_attempts"] == 1
    assert client is not session.client("iam")


def test_what_botocore_does_not_know_would_be_lost(session: AwsSession) -> None:
    from ecsiam_tui.aws.unknown_members import noticed

    client = session.client("ecs", "eu-west-1")
    model = client.meta.service_model.operation_model("DescribeTaskDefinition")
    definition = {"family": "web", "newMember": {"a": 1}, "containerDefinitions": [{"name": "x", "newer": 1}]}

    def answer(body: Any) -> None:
        data = {"status_code": 200, "body": json.dumps(body).encode()}
        client.meta.events.emit(
            "before-parse.ecs.DescribeTaskDefinition",
            operation_model=model,
            response_dict=data,
            customized_response_dict={},
        )

    with noticed(client, "DescribeTaskDefinition") as lost:
        answer({"taskDefinition": definition, "tags": [{"key": "a", "value": "b"}]})
        assert lost == {"newMember", "newer"}
    answer({"taskDefinition": {"newest": 1}})
    assert lost == {"newMember", "newer"}


# How a deployment is going


def deployment(number: int, state: str, **fields: Any) -> dict[str, Any]:
    status = fields.pop("status", "PRIMARY")
    counts = {"runningCount": 1, "desiredCount": 1, "failedTasks": 0}
    return {"id": f"ecs-svc/{number}", "status": status, "rolloutState": state, **counts, **fields}


@pytest.mark.parametrize(
    ("deployments", "revision", "state", "reason"),
    [
        ([deployment(2, "COMPLETED", rolloutStateReason="done")], 4, "completed", "done"),
        ([deployment(2, "IN_PROGRESS"), deployment(1, "COMPLETED", status="ACTIVE")], 4, "in progress", ""),
        ([deployment(2, "IN_PROGRESS", failedTasks=2)], 4, "failing", "CannotPullContainerError: x"),
        ([deployment(2, "FAILED")], 4, "failed", "CannotPullContainerError: x"),
        (
            [deployment(3, "IN_PROGRESS"), deployment(2, "FAILED", status="ACTIVE")],
            3,
            "rolled back",
            "CannotPullContainerError: x",
        ),
        (
            [deployment(3, "COMPLETED")],
            3,
            "rolled back",
            f"the newest deployment is ecs-svc/3 of {DEFINITION}:3",
        ),
        (
            [deployment(3, "COMPLETED")],
            4,
            "replaced",
            f"the newest deployment is ecs-svc/3 of {DEFINITION}:4",
        ),
    ],
)
def test_how_a_deployment_is_going(
    executor: Executor, fake: FakeAws, deployments: Any, revision: int, state: str, reason: str
) -> None:
    service = {"taskDefinition": f"{DEFINITION}:{revision}", "deployments": deployments}
    fake.handlers["ecs:DescribeServices"] = lambda _: {"services": [service]}
    fake.handlers["ecs:ListTasks"] = lambda _: {"taskArns": ["x"]}
    fake.handlers["ecs:DescribeTasks"] = lambda _: {
        "tasks": [{"startedBy": "ecs-svc/2", "stoppedReason": "CannotPullContainerError: x"}]
    }
    service_arn = "arn:aws:ecs:eu-west-1:111122223333:service/prod/web"
    found = executor.rollout(service_arn, "ecs-svc/2", f"{DEFINITION}:4")
    assert (found.state, found.reason) == (state, reason)
    assert found.is_proven == (state == "completed")


@pytest.mark.parametrize(
    ("answer", "state", "said"),
    [
        ({"services": []}, "unknown", "not there any more"),
        ({"services": [{"deploymentController": {"type": "CODE_DEPLOY"}}]}, "unknown", "by CODE_DEPLOY"),
        (
            {"services": [{"deployments": [deployment(2, "COMPLETED", desiredCount=0, runningCount=0)]}]},
            "completed",
            "",
        ),
    ],
)
def test_what_proves_nothing(executor: Executor, fake: FakeAws, answer: Any, state: str, said: str) -> None:
    fake.handlers["ecs:DescribeServices"] = lambda _: answer
    found = executor.rollout("arn:aws:ecs:eu-west-1:111122223333:service/prod/web", "ecs-svc/2", "")
    assert found.state == state
    assert said in found.reason
    assert not found.is_proven


# Every kind, against moto


@pytest.fixture(scope="module")
def demo() -> Iterator[DemoSource]:
    source = DemoSource()
    yield source
    source.close()


def every_kind(snapshot: Snapshot) -> list[c.AnyChange]:
    """Changes of all kinds that moto takes, with documents that it takes."""
    repository = DOCUMENT.replace('"Resource":"*"', '"Principal":"*"').replace("s3:GetObject", "ecr:*")
    documents = {"trust": TRUST, "repository": repository}
    found = []
    for kind, change in cases(snapshot).items():
        fields = {
            name: documents.get(kind, DOCUMENT if name == "document" else TRUST)
            for name in ("document", "trust")
            if hasattr(change, name)
        }
        found.append(msgspec.structs.replace(change, **fields))
    return [change for change in found if not isinstance(change, c.SetDefaultPolicyVersion)]


def test_every_kind_is_made_and_taken_back(demo: DemoSource) -> None:
    watcher, clock = Watching(), Clock()
    before = demo.load(watcher).snapshot
    sender = demo.sender()
    sender._sleep = clock.sleep
    journals = Journals(demo.journal_folder, before.account_id)
    applying = Applying(demo, sender, journals, watcher, watch_for=60, clock=clock)
    plan = make(before, every_kind(before))
    assert len({type(change) for change in plan.changes}) >= 18
    outcome = applying.start(plan)
    assert (outcome.state, outcome.message, outcome.unlike) == ("done", "", ())
    there = demo.load(watcher).snapshot
    assert set(drift(plan.before, states(plan.before, there))) >= {
        change.target for change in plan.changes if not isinstance(change, c.CreateLogGroup)
    }
    undo = applying.plan_undo(outcome.journal, there)
    outcome = applying.start(undo, "undo", outcome.journal)
    assert (outcome.state, outcome.message, outcome.unlike) == ("done", "", ())
    back = demo.load(watcher).snapshot
    left = drift(plan.before, states(plan.before, back))
    # What stays: another id, a version that is gone, a revision that is INACTIVE.
    allowed = {"RoleId", "CreateDate", "DefaultVersionId", "PolicyVersionList"}
    for was, now in left.values():
        if was is None:
            assert now["status"] == "INACTIVE"
        else:
            assert {key for key in was | now if (was.get(key) or {}) != (now.get(key) or {})} <= allowed
