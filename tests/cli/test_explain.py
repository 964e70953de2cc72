"""`explain` on the command line."""

from pathlib import Path
from typing import Any

import boto3
import msgspec
import pytest
from botocore.stub import Stubber

from ecsiam_tui.aws.authorization_message import decoder
from ecsiam_tui.cli.errors import CommandError
from tests.cli.asking import answer, ask

SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:payments/stripe-AbCdEf"
DENIED = (
    "ResourceInitializationError: unable to pull secrets or registry auth: AccessDeniedException: User:"
    " arn:aws:sts::123456789012:assumed-role/payments-exec/0123456789abcdef0123456789abcdef"
    f" is not authorized to perform: secretsmanager:GetSecretValue on resource: {SECRET}"
    " because no identity-based policy allows the secretsmanager:GetSecretValue action"
)
TIMEOUT = "CannotPullContainerError: dial tcp 10.0.0.1:443: i/o timeout"


def found(*arguments: str, text: str) -> list[dict[str, Any]]:
    data: list[dict[str, Any]] = msgspec.json.decode(ask("explain", *arguments, "--json", text=text))
    return data


def test_standard_input() -> None:
    (one,) = found(text=DENIED)
    assert set(one) >= {"category", "role", "action", "resource", "layer", "summary", "fixes"}
    assert (one["category"], one["layer"]) == ("permission", "identity")
    assert one["role"] == "arn:aws:iam::123456789012:role/payments-exec"
    assert one["action"] == "secretsmanager:GetSecretValue"
    assert one["resource"] == SECRET
    assert one["decision"] is None
    assert all(isinstance(fix, str) for fix in one["fixes"])
    assert found("-", text=DENIED) == [one]


def test_a_file(tmp_path: Path) -> None:
    file = tmp_path / "error.log"
    file.write_text(f"{DENIED}\n\n{TIMEOUT}\n", encoding="utf-8")
    categories = [one["category"] for one in found(str(file), text="")]
    assert categories == ["permission", "network"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_other_encodings(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "error.log"
    file.write_text(DENIED, encoding=encoding)
    assert found(str(file), text="")[0]["action"] == "secretsmanager:GetSecretValue"


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    file = tmp_path / "error.log"
    file.write_bytes(b"\xff\xfa\x00 " + TIMEOUT.encode())
    assert found(str(file), text="")[0]["category"] == "network"


def test_with_an_account(file: str) -> None:
    (one,) = found("--snapshot", file, text=DENIED)
    assert one["decision"]["result"] == "ImplicitlyDenied"
    assert "task execution role" in one["fixes"][0]


def test_words(file: str) -> None:
    out = ask("explain", "--snapshot", file, text=DENIED)
    assert out.startswith("permission")
    assert "still deny" in out
    assert "allow secretsmanager:GetSecretValue" in " ".join(out.split())
    assert max(len(line) for line in out.splitlines() if "arn:" not in line) <= 80


def test_hostile_characters_are_written_out() -> None:
    out = ask("explain", text=TIMEOUT + " \x1b]0;title\x07 role \x1b[31mred")
    assert "\x1b" not in out
    out = ask("explain", "--json", text="AccessDenied \u202e \x9b31m")
    assert "\u202e" not in out
    assert "\x9b" not in out


def test_no_text() -> None:
    with pytest.raises(CommandError, match="standard input: there is no text in it"):
        ask("explain", text=" \n")


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"gone\.log: cannot be read: No such file"):
        ask("explain", str(tmp_path / "gone.log"))


def test_two_sources(file: str) -> None:
    with pytest.raises(CommandError, match="--live"):
        ask("explain", "--live", "--snapshot", file, text=TIMEOUT)


class Session:
    """An AwsSession as far as it is asked here."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def client(self, service: str, region: str | None = None) -> Any:
        assert service == "sts"
        return self._client


def test_decoding() -> None:
    client = boto3.client("sts", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
    told: list[str] = []
    with Stubber(client) as stubber:
        stubber.add_response(
            "decode_authorization_message", {"DecodedMessage": "{}"}, {"EncodedMessage": "abc"}
        )
        stubber.add_client_error("decode_authorization_message", "AccessDenied", "you may not")
        decode = decoder(Session(client), told.append)  # type: ignore[arg-type]
        assert decode("abc") == "{}"
        assert decode("abc") is None
        assert decode("abc") is None, "AWS is not asked again"
        stubber.assert_no_pending_responses()
    assert len(told) == 1
    assert "could not be decoded" in told[0]


def test_help() -> None:
    assert "--live" in answer("explain", "--help").out
