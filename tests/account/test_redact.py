"""No secret value survives redaction, and what is no secret stays readable."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecsiam_tui.account.files import encode
from ecsiam_tui.account.redact import MASK, Redactor, scrub_text, verdict
from ecsiam_tui.account.redaction_key import KEY_BYTES, load_redaction_key
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.tasks import TaskDefinition

REDACTOR = Redactor(b"key")
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA7\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE", "AWS key"),
        ("X", "ASIAIOSFODNN7EXAMPLE", "AWS key"),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "AWS key"),
        ("X", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "AWS key"),
        ("CERT", PEM, "private key"),
        ("CERT", "-----BEGIN PRIVATE KEY-----\ncut", "private key"),
        ("X", "ghp_" + "a1B2" * 9, "token"),
        ("X", "xoxb-123456789012-abc", "token"),
        ("X", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl", "token"),
        ("DATABASE_URL", "postgres://shop:hunter2@db/shop", "password"),
        ("DB_PASSWORD", "hunter2", "password"),
        ("apiKey", "abcd", "password"),
        ("ECS_ENGINE_AUTH_DATA", '{"x":"y"}', "password"),
        ("SALT", "Zx9!kQ2#vB7@pL4$mN8%", "high entropy"),
        ("MODE", "fast", "no"),
        ("DB_PASSWORD", "", "no"),
        ("USE_TOKEN", "true", "no"),
        ("DB_SECRET_ARN", "arn:aws:secretsmanager:eu-west-1:1:secret:db", "no"),
        ("SECRET_NAME", "prod/db", "no"),
        ("TOKEN_TTL", "3600", "no"),
        ("URL", "https://shop.example.com/path/with/many/parts?and=query", "no"),
        ("CLASS", "com.example.shop.checkout.payment.handler", "no"),
        ("DB_HOST", "shop-db.cluster-abcdefghijkl.eu-west-1.rds.amazonaws.com", "no"),
    ],
)
def test_verdicts(name: str, value: str, expected: str) -> None:
    assert verdict(name, value) == expected


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("connect to postgres://u:hunter2@db failed", "hunter2"),
        ("connect to postgres://u:hun/ter2@db failed", "hun/ter2"),
        ("connect to postgres://u:hunt@er2@db failed", "hunt@er2"),
        ("--password=hunter22", "hunter22"),
        ("--password hunter22 --x", "hunter22"),
        ("DB_PASSWORD=hunter22 ./run", "hunter22"),
        ('{"token": "hunter22"}', "hunter22"),
        ('{"token": "hun,ter; 22"}', "ter; 22"),
        ("curl --token 'hun ter22' x", "ter22"),
        ("Authorization: Bearer abcdef123456", "abcdef123456"),
        ("used AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
        (f"key {PEM} end", "MIIEowIBAAKCAQEA7"),
    ],
)
def test_free_text_loses_its_secrets(text: str, secret: str) -> None:
    assert secret not in scrub_text(text)
    assert MASK in scrub_text(text)


@pytest.mark.parametrize("part", ["a.", "password", "-", "token ", '"', "x://a:", "password=", "x:y@"])
def test_no_text_takes_long(part: str) -> None:
    started = time.perf_counter()
    scrub_text(part * (64 * 1024 // len(part)))
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize(
    "text",
    [
        "ECS was unable to assume the role 'arn:aws:iam::1:role/x' that was provided for this task.",
        "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref"
        " 111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1",
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval"
        " failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to"
        " fetch secret arn:aws:secretsmanager:eu-west-1:1:secret:db-AbCdEf from secrets manager:"
        " AccessDeniedException: User: arn:aws:sts::1:assumed-role/x/y is not authorized to perform:"
        " secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager:eu-west-1:1:secret:db-AbCdEf",
        "retrieved secret from Secrets Manager did not contain json key password",
        "The security token included in the request is expired",
        "Invalid secret: arn:aws:secretsmanager:eu-west-1:1:secret:db",
        "(service web) has reached a steady state.",
        "Essential container in task exited",
    ],
)
def test_messages_of_ecs_keep_their_words(text: str) -> None:
    assert scrub_text(text) == text


def test_equal_values_have_equal_fingerprints_under_one_key_alone() -> None:
    assert REDACTOR.fingerprint("x") == Redactor(b"key").fingerprint("x")
    assert REDACTOR.fingerprint("x") != REDACTOR.fingerprint("y")
    assert REDACTOR.fingerprint("x") != Redactor(b"other").fingerprint("x")


secrets = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=6, max_size=40).map(
    lambda text: f"Zq9{text}"
)
values = st.text(min_size=1, max_size=60).map(lambda text: f"Zq9{text}")
flags = st.sampled_from(["--password", "--db-password", "-token", "--api-key", "--client-secret"])


def encoded(definition: dict[str, Any]) -> str:
    record = msgspec.convert(REDACTOR.task_definition(definition), TaskDefinition)
    snapshot = Snapshot(account_id="1", taken_at=datetime.now(UTC), task_definitions=(record,))
    return encode(snapshot).decode()


def around(container: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "taskDefinitionArn": "arn",
        "family": "f",
        "containerDefinitions": [{"name": "c", "image": "i", **container}],
        **more,
    }


def assert_gone(secret: str, text: str) -> None:
    # Not even what is left of it after the mark that no other text here has.
    assert "Zq9" not in text
    assert json.dumps(secret)[1:-1] not in text


@given(name=st.text(max_size=20).filter(lambda text: "Zq9" not in text), value=values)
def test_no_value_of_a_variable_survives(name: str, value: str) -> None:
    pair = {"name": name, "value": value}
    assert_gone(value, encoded(around({"environment": [pair]})))


@given(flag=flags, secret=secrets)
def test_no_option_of_a_command_survives(flag: str, secret: str) -> None:
    for command in ([flag, secret], [f"{flag}={secret}"], ["run", f"{flag}={secret}", "x"]):
        for field in ("command", "entryPoint"):
            assert_gone(secret, encoded(around({field: command})))
        assert_gone(secret, encoded(around({"healthCheck": {"command": command}})))


@given(name=st.sampled_from(["DB_PASSWORD", "TOKEN", "api-key", "clientSecret"]), secret=secrets)
def test_no_named_secret_survives_in_options(name: str, secret: str) -> None:
    log = {"logDriver": "splunk", "options": {name: secret, f"splunk-{name}": secret}}
    volume = {
        "name": "v",
        "dockerVolumeConfiguration": {"driverOpts": {name: secret}, "labels": {name: secret}},
    }
    text = encoded(
        around(
            {
                "logConfiguration": log,
                "dockerLabels": {name: secret},
                "firelensConfiguration": {"type": "fluentbit", "options": {name: secret}},
            },
            volumes=[volume],
        )
    )
    assert_gone(secret, text)
    assert name in text


def test_a_mount_with_a_password_in_its_options() -> None:
    options = {"type": "cifs", "o": "ro,user=aaa,password=Zq9hunter22"}
    volume = {"name": "v", "dockerVolumeConfiguration": {"driverOpts": options}}
    text = encoded(around({}, volumes=[volume]))
    assert_gone("Zq9hunter22", text)
    assert "user=aaa" in text


@given(secret=secrets.filter(lambda text: "@" not in text[3:]))
def test_no_password_of_a_url_survives(secret: str) -> None:
    url = f"postgres://shop:{secret}@db.example.com/shop"
    assert_gone(secret, encoded(around({"command": ["run", url], "dockerLabels": {"x": url}})))


def test_overrides_and_events_are_redacted() -> None:
    overrides = {"containerOverrides": [{"name": "c", "environment": [{"name": "X", "value": "Zq9hunter2"}]}]}
    task = {
        "overrides": overrides,
        "stoppedReason": "failed: token=Zq9hunter2",
        "containers": [{"name": "c", "reason": "password: Zq9hunter2"}, {"name": "d"}],
    }
    assert "Zq9" not in json.dumps(REDACTOR.task(task))
    connect = {"logConfiguration": {"logDriver": "splunk", "options": {"splunk-token": "Zq9hunter2"}}}
    service = {
        "events": [{"message": "failed: token=Zq9hunter2"}],
        "deployments": [{"serviceConnectConfiguration": connect}],
    }
    assert "Zq9" not in json.dumps(REDACTOR.service(service))


def test_the_answer_itself_is_not_changed() -> None:
    definition = around({"environment": [{"name": "A", "value": "b"}]})
    before = json.dumps(definition)
    REDACTOR.task_definition(definition)
    assert json.dumps(definition) == before


def test_the_key_is_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "state" / "redaction.key"
    key = load_redaction_key(path)
    assert len(key) == KEY_BYTES
    assert load_redaction_key(path) == key
    assert path.stat().st_mode & 0o777 == 0o600
    assert [item.name for item in path.parent.iterdir()] == ["redaction.key"]


def test_without_a_place_to_keep_it_the_key_is_of_this_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    path = tmp_path / "file" / "redaction.key"
    assert len(load_redaction_key(path)) == KEY_BYTES
    assert load_redaction_key(path) != load_redaction_key(path)


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 99])
def test_what_is_no_key_is_not_used(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "redaction.key"
    path.write_bytes(content)
    key = load_redaction_key(path)
    assert len(key) == KEY_BYTES
    assert key != content
    assert path.read_bytes() == content
