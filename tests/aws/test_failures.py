"""Any call may fail in any way: the rest is read, and a gap says what is now unknown."""

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import botocore.exceptions as boto
import msgspec
import pytest
from botocore.parsers import ResponseParserError

from ecsiam_tui.account.redact import Redactor
from ecsiam_tui.account.snapshot import GapReason, Snapshot
from ecsiam_tui.account.source import SourceError
from ecsiam_tui.aws import table, table_launchers, table_resources
from ecsiam_tui.aws.calls import Call
from ecsiam_tui.aws.collect import CALLS, STAGES, collect
from ecsiam_tui.aws.errors import classify
from ecsiam_tui.aws.reading import _order
from ecsiam_tui.aws.session import AwsSession, Target, make_session
from tests.aws import account
from tests.aws.conftest import Watching
from tests.aws.fake import FakeAws, client_error, denied

RESOURCES = {
    "repositories",
    "pull_through_cache_rules",
    "secrets",
    "parameters",
    "log_groups",
    "keys",
    "file_systems",
    "buckets",
    "functions",
    "missing",
    "last_accessed",
}
NAMING = {
    "clusters",
    "services",
    "tasks",
    "task_definitions",
    "daemon_task_definitions",
    "roles",
    "policies",
    "rules",
    "schedules",
    "state_machines",
    "secrets",
    "parameters",
    "log_groups",
    "file_systems",
    "repositories",
    "buckets",
}
"""Fields that name things: where one is incomplete, fewer resources and revisions are worth reading."""

by_name = pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)


@pytest.fixture(scope="module")
def whole(session: AwsSession) -> Snapshot:
    """The snapshot with everything allowed."""
    with FakeAws(account.handlers()).installed():
        return collect(session, Watching(), Redactor(b"a key for tests")).snapshot


def assert_nothing_else_is_lost(call: Call, whole: Snapshot, part: Snapshot) -> None:
    unknown = {name.split(".")[0] for name in call.unknown}
    may_shrink = RESOURCES | {"task_definitions"} if unknown & NAMING else set()
    for name, expected in msgspec.structs.asdict(whole).items():
        found = getattr(part, name)
        if name in unknown | {"gaps", "taken_at"}:
            continue
        if name in may_shrink:
            assert {_order(item) for item in found} <= {_order(item) for item in expected}, name
        elif name == "organization" and call is table.LIST_ACCOUNT_ALIASES:
            continue  # the account's level is then called by its id
        else:
            assert found == expected, name


@by_name
def test_each_call_denied_in_turn(
    call: Call, whole: Snapshot, aws: FakeAws, session: AwsSession, watcher: Watching, redactor: Redactor
) -> None:
    aws.failures[call.name] = denied(call.operation)
    snapshot = collect(session, watcher, redactor).snapshot
    assert {gap.call for gap in snapshot.gaps} == {call.name}
    gap = snapshot.gaps[0]
    assert (gap.reason, gap.error_code) == ("denied", "AccessDeniedException")
    assert (gap.permission, gap.consequence) == (call.action, call.consequence)
    assert gap.unknown == call.unknown
    for name in call.unknown:
        assert not snapshot.is_known(name)
    assert_nothing_else_is_lost(call, whole, snapshot)


NONSENSE: tuple[Callable[[Call], Any], ...] = (
    lambda call: {"_nonsense": True},
    lambda call: {"_nonsense": True, (call.items or "x"): [None, 3, {}, {"x": 1}, "text", []]},
    lambda call: ["not", "a", "structure"],
    lambda call: {"_nonsense": True, (call.items or "Policy"): {"Version": 5}},
)


@by_name
def test_nonsense_from_each_call_in_turn(
    call: Call, whole: Snapshot, aws: FakeAws, session: AwsSession, redactor: Redactor
) -> None:
    for nonsense in NONSENSE:
        aws.handlers[call.name] = lambda _, nonsense=nonsense: nonsense(call)
        snapshot = collect(session, Watching(), redactor).snapshot
        assert snapshot.account_id == account.ACCOUNT
        assert {gap.reason for gap in snapshot.gaps} <= {"invalid", "failed"}
        for gap in snapshot.gaps:  # of this call, or of the one that was asked about what it named
            assert set(gap.unknown) & set(call.unknown), gap.call
        assert_nothing_else_is_lost(call, whole, snapshot)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (denied(), "denied"),
        (client_error("AccessDenied"), "denied"),
        (client_error("UnauthorizedOperation", status=403), "denied"),
        (client_error("UnrecognizedClientException"), "denied"),  # a region that is not enabled
        (client_error("ThrottlingException"), "throttled"),
        (client_error("Throttling"), "throttled"),
        (client_error("RequestLimitExceeded", status=503), "throttled"),
        (client_error("Whatever", status=429), "throttled"),
        (client_error("500", status=500), "unsupported"),
        (client_error("501", status=501), "unsupported"),
        (client_error("UnknownOperationException"), "unsupported"),
        (NotImplementedError("no"), "unsupported"),
        (ResponseParserError("html"), "unsupported"),
        (client_error("InternalFailure", status=500), "failed"),
        (client_error("ValidationException"), "failed"),
        (RuntimeError("x\ny"), "failed"),
        (boto.EndpointConnectionError(endpoint_url="https://ecs"), "unreachable"),
        (boto.ReadTimeoutError(endpoint_url="https://ecs"), "unreachable"),
        (boto.ConnectTimeoutError(endpoint_url="https://ecs"), "unreachable"),
        (boto.SSLError(endpoint_url="https://ecs", error="x"), "unreachable"),
        (boto.ProxyConnectionError(proxy_url="http://p"), "unreachable"),
        (boto.ParamValidationError(report="x"), "invalid"),
        (KeyError("x"), "invalid"),
    ],
)
def test_failures_have_their_reason(
    error: Exception,
    reason: GapReason,
    aws: FakeAws,
    session: AwsSession,
    watcher: Watching,
    redactor: Redactor,
) -> None:
    aws.failures["ecs:ListGateways"] = error
    snapshot = collect(session, watcher, redactor).snapshot
    (gap,) = snapshot.gaps
    assert gap.reason == reason
    assert "\n" not in gap.message
    assert snapshot.gateways == ()
    assert not snapshot.is_known("gateways")
    assert snapshot.is_known("services")


@pytest.mark.parametrize(
    "error",
    [
        client_error("ExpiredTokenException"),
        client_error("ExpiredToken"),
        client_error("AccessDenied", operation="AssumeRole"),
        boto.UnauthorizedSSOTokenError(),
        boto.CredentialRetrievalError(provider="x", error_msg="y"),
        boto.NoCredentialsError(),
    ],
)
def test_an_expired_session_ends_the_reading_and_keeps_what_there_is(
    error: Exception, aws: FakeAws, session: AwsSession, watcher: Watching, redactor: Redactor
) -> None:
    aws.failures["ecs:DescribeServices"] = error
    snapshot = collect(session, watcher, redactor).snapshot
    assert snapshot.clusters
    assert snapshot.roles
    assert {gap.reason for gap in snapshot.gaps} == {"expired"}
    for name in ("services", "tasks", "schedules", "secrets", "organization.levels"):
        assert not snapshot.is_known(name), name
    assert snapshot.is_known("roles")
    assert aws.asked["scheduler:ListSchedules"] == 0


@pytest.mark.parametrize("stage", STAGES[1:], ids=lambda stage: stage.name)
def test_cancelling_in_any_stage_keeps_what_there_is(
    stage: Any, whole: Snapshot, aws: FakeAws, session: AwsSession, watcher: Watching, redactor: Redactor
) -> None:
    number = STAGES.index(stage)
    first = stage.calls[0].name

    def cancel(name: str) -> None:
        if name == first:
            watcher.stop = True
            time.sleep(0.15)  # longer than the collector looks away

    aws.before = cancel
    snapshot = collect(session, watcher, redactor).snapshot
    assert watcher.stop
    unread = {gap.call for gap in snapshot.gaps}
    assert unread == {call.name for later in STAGES[number:] for call in later.calls}
    assert {gap.reason for gap in snapshot.gaps} == {"cancelled"}
    assert snapshot.caller == whole.caller


def test_cancelling_does_not_wait_for_a_call_that_hangs(
    aws: FakeAws, session: AwsSession, watcher: Watching, redactor: Redactor
) -> None:
    release = threading.Event()

    def hang(name: str) -> None:
        if name == "ecs:DescribeServices":
            watcher.stop = True
            release.wait(20)

    aws.before = hang
    started = time.monotonic()
    snapshot = collect(session, watcher, redactor).snapshot
    assert time.monotonic() - started < 20
    assert snapshot.clusters
    release.set()


def test_what_does_not_exist_is_missing_and_no_gap(
    aws: FakeAws, session: AwsSession, watcher: Watching, redactor: Redactor
) -> None:
    aws.failures |= {
        "secretsmanager:DescribeSecret": client_error("ResourceNotFoundException"),
        "ecr:DescribeRepositories": client_error("RepositoryNotFoundException"),
        "s3:GetBucketLocation": client_error("NoSuchBucket", status=404),
        "kms:DescribeKey": client_error("NotFoundException"),
        "efs:DescribeFileSystems": client_error("FileSystemNotFound", status=404),
        "lambda:GetFunctionConfiguration": client_error("ResourceNotFoundException", status=404),
        "iam:GetPolicy": client_error("NoSuchEntity", status=404),
        "organizations:DescribeOrganization": client_error("AWSOrganizationsNotInUseException"),
    }
    aws.handlers["ssm:DescribeParameters"] = lambda _: {"Parameters": []}
    aws.handlers["ecs:ListTaskDefinitionFamilies"] = lambda _: {"families": ["web"]}
    aws.handlers["ecs:DescribeTaskDefinition"] = lambda parameters: _only_web(parameters)
    snapshot = collect(session, watcher, redactor).snapshot
    assert snapshot.gaps == ()
    assert {
        account.SECRET,
        account.REPOSITORY,
        "arn:aws:s3:::app-env",
        account.arn("kms", "alias/exec"),
        account.FILE_SYSTEM,
        account.HOOK,
        account.BOUNDARY,
        account.arn("ssm", "parameter/web/token"),
        account.arn("ecs", "task-definition/job:1"),
    } <= set(snapshot.missing)
    assert snapshot.organization is None


def _only_web(parameters: dict[str, Any]) -> dict[str, Any]:
    if "job" in parameters["taskDefinition"]:
        raise client_error("ClientException", "Unable to describe task definition.")
    return {"taskDefinition": account.task_definition(2)}


def test_a_policy_that_is_not_there_is_none_and_one_not_read_is_unset(
    aws: FakeAws, session: AwsSession, watcher: Watching, redactor: Redactor
) -> None:
    aws.failures["s3:GetBucketPolicy"] = client_error("NoSuchBucketPolicy", status=404)
    aws.failures["kms:GetKeyPolicy"] = denied()
    snapshot = collect(session, watcher, redactor).snapshot
    assert {bucket.policy for bucket in snapshot.buckets} == {None}
    assert {key.policy for key in snapshot.keys} == {msgspec.UNSET}
    assert [gap.call for gap in snapshot.gaps] == ["kms:GetKeyPolicy"]


def test_one_failing_page_keeps_the_pages_before(
    aws: FakeAws, session: AwsSession, watcher: Watching, redactor: Redactor
) -> None:
    def rules(parameters: dict[str, Any]) -> dict[str, Any]:
        if parameters.get("NextToken"):
            raise client_error("ThrottlingException")
        return {**account.handlers()["events:ListRules"](parameters), "NextToken": "2"}

    aws.handlers["events:ListRules"] = rules
    snapshot = collect(session, watcher, redactor).snapshot
    assert [rule.name for rule in snapshot.rules] == ["nightly"]
    assert not snapshot.is_known("rules")


def test_a_page_token_that_comes_twice_does_not_loop(
    aws: FakeAws, session: AwsSession, watcher: Watching, redactor: Redactor
) -> None:
    aws.handlers["events:ListRules"] = lambda _: {"Rules": [], "NextToken": "again"}
    snapshot = collect(session, watcher, redactor).snapshot
    assert aws.asked["events:ListRules"] == 2
    assert not snapshot.is_known("rules")


def _two_keys(aws: FakeAws) -> str:
    other = account.arn("kms", "key/other")
    aws.handlers["secretsmanager:DescribeSecret"] = lambda _: {
        "ARN": account.SECRET,
        "Name": "db",
        "KmsKeyId": other,
    }
    aws.handlers["kms:DescribeKey"] = lambda parameters: {
        "KeyMetadata": {"KeyId": "k", "Arn": other if parameters["KeyId"] == other else account.KEY}
    }
    return other


def test_a_call_denied_for_one_target_names_it(
    aws: FakeAws, session: AwsSession, watcher: Watching, redactor: Redactor
) -> None:
    other = _two_keys(aws)
    aws.failures["kms:GetKeyPolicy"] = lambda parameters: denied() if parameters["KeyId"] == other else None
    snapshot = collect(session, watcher, redactor).snapshot
    assert [gap.target for gap in snapshot.gaps] == [other]
    assert snapshot.is_known("keys.policy", target=account.KEY)
    assert not snapshot.is_known("keys.policy", target=other)


def test_a_call_denied_for_every_target_is_one_gap(
    aws: FakeAws, session: AwsSession, watcher: Watching, redactor: Redactor
) -> None:
    other = _two_keys(aws)
    aws.failures["kms:GetKeyPolicy"] = denied()
    snapshot = collect(session, watcher, redactor).snapshot
    assert [gap.target for gap in snapshot.gaps] == [None]
    assert not snapshot.is_known("keys.policy", target=other)


def test_without_identity_the_account_is_taken_from_elsewhere(
    aws: FakeAws, session: AwsSession, watcher: Watching, redactor: Redactor
) -> None:
    aws.failures["sts:GetCallerIdentity"] = denied()
    snapshot = collect(session, watcher, redactor).snapshot
    assert (snapshot.account_id, snapshot.caller) == (account.ACCOUNT, None)


def test_clusters_that_cannot_be_described_still_hold_their_services(
    aws: FakeAws, session: AwsSession, watcher: Watching, redactor: Redactor
) -> None:
    aws.failures["ecs:DescribeClusters"] = denied()
    snapshot = collect(session, watcher, redactor).snapshot
    assert [cluster.cluster_name for cluster in snapshot.clusters] == ["prod"]
    assert snapshot.services


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (client_error("ExpiredToken"), "has expired"),
        (client_error("InvalidClientTokenId", status=403), "does not accept"),
        (client_error("SignatureDoesNotMatch", status=403), "clock"),
        (client_error("AccessDenied", operation="AssumeRole"), "role cannot be assumed"),
        (boto.EndpointConnectionError(endpoint_url="https://sts"), "cannot be reached"),
        (boto.UnauthorizedSSOTokenError(), "aws sso login"),
        (boto.SSOTokenLoadError(error_msg="x"), "aws sso login"),
        (boto.TokenRetrievalError(provider="sso", error_msg="x"), "aws sso login"),
        (boto.CredentialRetrievalError(provider="process", error_msg="x\ny"), "cannot be had"),
    ],
)
def test_what_makes_reading_hopeless_is_said_in_one_line(
    error: Exception,
    words: str,
    aws: FakeAws,
    session: AwsSession,
    watcher: Watching,
    redactor: Redactor,
) -> None:
    aws.failures["sts:GetCallerIdentity"] = error
    with pytest.raises(SourceError, match=words) as caught:
        collect(session, watcher, redactor)
    assert "\n" not in str(caught.value)
    assert set(aws.asked) == {"sts:GetCallerIdentity"}


class _Html(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = b"<html><body>Internal Server Error</body></html>"
        self.send_response(500)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def web_server() -> Iterator[str]:
    """A server that is no AWS and answers every request with a page."""
    server = HTTPServer(("127.0.0.1", 0), _Html)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


def test_a_server_that_is_not_aws_is_said_to_be_none(
    web_server: str, watcher: Watching, redactor: Redactor
) -> None:
    session = make_session(Target(regions=(account.REGION,), endpoint_url=web_server))
    with pytest.raises(SourceError, match="told nothing about an account"):
        collect(session, watcher, redactor)
    for service, method in (("ecs", "list_clusters"), ("iam", "list_roles"), ("s3", "list_buckets")):
        with pytest.raises(Exception) as caught:
            getattr(session.client(service), method)()
        assert classify(caught.value).reason == "unsupported", service


def test_an_endpoint_where_nobody_listens(watcher: Watching, redactor: Redactor) -> None:
    session = make_session(Target(regions=(account.REGION,), endpoint_url="http://127.0.0.1:9"))
    with pytest.raises(SourceError, match=r"http://127\.0\.0\.1:9 cannot be reached"):
        collect(session, watcher, redactor)


def test_a_stage_that_breaks_leaves_only_its_own_calls_unknown(
    whole: Snapshot,
    aws: FakeAws,
    session: AwsSession,
    watcher: Watching,
    redactor: Redactor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("a mistake of ours")

    stages = [stage._replace(run=broken) if stage.name == "Gateways" else stage for stage in STAGES]
    monkeypatch.setattr("ecsiam_tui.aws.collect.STAGES", stages)
    snapshot = collect(session, watcher, redactor).snapshot
    assert {gap.call for gap in snapshot.gaps} == {"ecs:ListGateways", "ecs:DescribeGateway"}
    assert snapshot.services == whole.services


def test_the_table_is_complete() -> None:
    rows = {
        row
        for module in (table, table_launchers, table_resources)
        for row in vars(module).values()
        if isinstance(row, Call)
    }
    assert rows == set(CALLS)
