"""Sessions: who, where, and what is wrong with it, in one line."""

import os
import threading
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from ecsiam_tui.account.redact import Redactor
from ecsiam_tui.account.source import Source, SourceError
from ecsiam_tui.aws.collect import collect
from ecsiam_tui.aws.live import LiveSource
from ecsiam_tui.aws.session import Target, make_session, profiles
from tests.aws import account
from tests.aws.conftest import Watching
from tests.aws.fake import FakeAws, client_error

HERE = ("eu-west-1",)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An AWS configuration file to write to, and no credentials in the environment."""
    path = tmp_path / "config"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(path))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    return path


def one_line(caught: pytest.ExceptionInfo[SourceError]) -> str:
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (Target(profile="nobody", regions=HERE), 'no AWS profile "nobody"'),
        (Target(), "No AWS region is set: name one with --region"),
        (Target(regions=("europe",)), '"europe" is not the name of an AWS region'),
        (Target(regions=("eu-west-1", "cn-north-1")), "different partitions"),
        (Target(regions=HERE, role_arn="admin"), '"admin" is not the ARN of a role'),
        (Target(regions=HERE, role_arn="arn:aws:iam::1:user/x"), "is not the ARN of a role"),
        (Target(regions=HERE, endpoint_url="localhost:5000"), "is not an endpoint"),
        (Target(regions=HERE, endpoint_url="http://x:port"), "is not an endpoint"),
        (Target(regions=HERE, endpoint_url=""), "is not an endpoint"),
    ],
)
def test_what_is_asked_for_may_be_wrong(target: Target, words: str) -> None:
    with pytest.raises(SourceError) as caught:
        make_session(target)
    assert words in one_line(caught)


def test_an_unknown_profile_of_the_environment_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "ghost")
    with pytest.raises(SourceError) as caught:
        make_session(Target(regions=HERE))
    assert 'no AWS profile "ghost"' in one_line(caught)


def test_no_credentials(config: Path) -> None:
    with pytest.raises(SourceError) as caught:
        make_session(Target(regions=HERE))
    assert "No AWS credentials were found" in one_line(caught)
    assert "ecsiam-tui demo" in str(caught.value)


def test_no_credentials_of_a_profile(config: Path) -> None:
    config.write_text("[profile empty]\nregion = eu-west-1\n")
    with pytest.raises(SourceError) as caught:
        make_session(Target(profile="empty"))
    assert 'found for profile "empty"' in one_line(caught)
    assert "aws sso login --profile empty" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("this is no configuration\n", "AWS configuration cannot be used"),
        ("[profile p]\naws_access_key_id = x\n", "cannot be used"),
        ("[profile p]\ncredential_process = /bin/false\n", "cannot be had"),
        (
            "[profile p]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = q\n",
            "AWS configuration cannot be used",
        ),
        (
            "[profile p]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = q\n"
            "[profile q]\nrole_arn = arn:aws:iam::1:role/y\nsource_profile = p\n",
            "AWS configuration cannot be used",
        ),
    ],
)
def test_a_configuration_that_cannot_be_used(config: Path, text: str, words: str) -> None:
    config.write_text(text)
    with pytest.raises(SourceError) as caught:
        make_session(Target(profile="p", regions=HERE))
    assert words in one_line(caught)


def test_a_profile_that_is_not_signed_in(config: Path, watcher: Watching, redactor: Redactor) -> None:
    config.write_text(
        "[profile dev]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = reader\n"
        "region = eu-west-1\n"
        "[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp.awsapps.com/start\n"
        "sso_registration_scopes = sso:account:access\n"
    )
    with pytest.raises(SourceError) as caught:
        collect(make_session(Target(profile="dev")), watcher, redactor)
    assert "sign in again with `aws sso login --profile dev`" in one_line(caught)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"AWS_REGION": "eu-north-1"}, "eu-north-1"),
        ({"AWS_DEFAULT_REGION": "eu-south-1"}, "eu-south-1"),
        ({"AWS_REGION": "eu-north-1", "AWS_DEFAULT_REGION": "eu-south-1"}, "eu-north-1"),
        ({"AWS_PROFILE": "p"}, "sa-east-1"),
    ],
)
def test_the_region_of_the_environment(
    environment: dict[str, str], expected: str, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text("[profile p]\nregion = sa-east-1\naws_access_key_id = a\naws_secret_access_key = b\n")
    for name, value in {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", **environment}.items():
        monkeypatch.setenv(name, value)
    assert make_session(Target()).regions == (expected,)


def test_regions_asked_for_come_first_and_once() -> None:
    session = make_session(Target(regions=("us-gov-west-1", "us-gov-east-1", "us-gov-west-1")))
    assert session.regions == ("us-gov-west-1", "us-gov-east-1")
    assert session.partition == "aws-us-gov"
    assert session.client("ecs").meta.region_name == "us-gov-west-1"
    assert set(session.available_regions()) == {"us-gov-west-1", "us-gov-east-1"}


def test_a_stand_in_on_this_machine_needs_no_credentials(config: Path) -> None:
    session = make_session(Target(regions=HERE, endpoint_url="http://localhost:5000"))
    assert session.client("ecs").meta.endpoint_url == "http://localhost:5000"
    assert not session.paced
    with pytest.raises(SourceError, match="No AWS credentials"):
        make_session(Target(regions=HERE, endpoint_url="https://vpce.example.com"))


def test_without_a_region_a_stand_in_is_asked_where_it_has_clusters(
    aws: FakeAws, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = Target(endpoint_url="http://127.0.0.1:5000")
    answers = iter([{"clusterArns": []}, {"clusterArns": [account.CLUSTER]}] * 50)
    aws.handlers["ecs:ListClusters"] = lambda _: next(answers)
    regions = make_session(target).regions
    assert len(regions) == aws.asked["ecs:ListClusters"] // 2 > 10
    assert "ap-east-1" in regions
    aws.handlers["ecs:ListClusters"] = lambda _: {"clusterArns": []}
    assert make_session(target).regions == ("us-east-1",)
    aws.failures["ecs:ListClusters"] = client_error("500", status=500)
    assert make_session(target).regions == ("us-east-1",)
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    assert make_session(target).regions == ("eu-north-1",)


def test_clients_are_kept_and_may_be_asked_for_by_many_threads() -> None:
    session = make_session(Target(regions=HERE))
    found: set[int] = set()
    threads = [threading.Thread(target=lambda: found.add(id(session.client("kms")))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 1
    assert session.client("kms", "us-east-1") is not session.client("kms")


def test_calls_are_tried_again_but_not_for_ever() -> None:
    session = make_session(Target(regions=HERE))
    retries = session.client("ecs").meta.config.retries
    assert (retries["mode"], retries["total_max_attempts"]) == ("adaptive", 5)
    assert session.client("sts").meta.config.retries["total_max_attempts"] == 2
    local = make_session(Target(regions=HERE, endpoint_url="http://127.0.0.1:1"))
    assert local.client("ecs").meta.config.retries["total_max_attempts"] == 1


def test_a_role_is_assumed() -> None:
    role = f"arn:aws:iam::{account.ACCOUNT}:role/reader"
    with mock_aws():
        session = make_session(Target(regions=HERE, role_arn=role))
        identity = session.client("sts").get_caller_identity()
    assert identity["Account"] == account.ACCOUNT
    assert identity["Arn"].endswith("assumed-role/reader/ecsiam-tui")


def test_policy_documents_arrive_as_they_were_written() -> None:
    document = (
        '{"Version":"2012-10-17",\n  "Statement": [ {"Resource":"arn:aws:s3:::a%2Fb+c d",\t'
        '"Action":"s3:*","Effect":"Allow"}]}'
    )
    with mock_aws():
        iam = boto3.client("iam", region_name="eu-west-1")
        iam.create_role(RoleName="r", AssumeRolePolicyDocument=account.TRUST)
        iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=document)
        arn = iam.create_policy(PolicyName="m", PolicyDocument=document)["Policy"]["Arn"]
        iam.attach_role_policy(RoleName="r", PolicyArn=arn)
        snapshot = collect(
            make_session(Target(regions=HERE), paced=False), Watching(), Redactor(b"k")
        ).snapshot
    (role,) = snapshot.roles
    assert role.assume_role_policy_document == account.TRUST
    assert role.role_policy_list[0].policy_document == document
    assert [policy.document for policy in snapshot.policies] == [document]


def test_profiles_are_listed(config: Path) -> None:
    config.write_text("[default]\nregion = x\n[profile b]\n[profile a]\n")
    assert profiles() == ("a", "b", "default")
    config.write_text("no configuration")
    assert profiles() == ()


def test_the_live_source(aws: FakeAws, watcher: Watching, redactor: Redactor) -> None:
    source: Source = LiveSource(Target(regions=HERE), redactor)
    assert (source.kind, source.label) == ("live", "default credentials")
    assert "us-east-1" in source.regions()
    assert source.load(watcher).snapshot.account_id == account.ACCOUNT
    there = source.switch(regions=("us-east-1",))
    assert there.load(watcher).snapshot.regions == ("us-east-1",)
    assert there.switch(profile="other").label == "other"


def test_a_source_without_region_or_credentials_says_so_when_loaded(
    config: Path, watcher: Watching, redactor: Redactor
) -> None:
    with pytest.raises(SourceError, match="No AWS region"):
        LiveSource(Target(), redactor).load(watcher)
    assert LiveSource(Target(), redactor).profiles() == ()
    assert os.environ["AWS_CONFIG_FILE"] == str(config)
