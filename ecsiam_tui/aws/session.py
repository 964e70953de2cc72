"""Sessions: whose credentials, which regions, and the one place where clients are made."""

import os
import re
import threading
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    Credentials,
    DeferredRefreshableCredentials,
)
from botocore.exceptions import BotoCoreError, ClientError
from botocore.handlers import json_decode_policies

from ecsiam_tui import __version__
from ecsiam_tui.account.arns import parse_arn, partition_of_region
from ecsiam_tui.account.source import SourceError
from ecsiam_tui.aws import errors

THREADS = 12
"""Calls that are under way at once; the pool of connections is as large."""

_REGION = re.compile(r"^[a-z]{2,4}(-[a-z]+)+-\d{1,2}$")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Target(NamedTuple):
    """What a person asked to explore. Nothing given means what the environment says."""

    profile: str | None = None
    regions: tuple[str, ...] = ()
    role_arn: str | None = None
    endpoint_url: str | None = None

    @property
    def is_loopback(self) -> bool:
        """Whether the endpoint is a stand-in on this machine (moto, LocalStack)."""
        return self.endpoint_url is not None and urlsplit(self.endpoint_url).hostname in _LOOPBACK


class AwsSession:
    """Credentials, regions, and clients made on demand and kept. Safe to use from several threads."""

    def __init__(self, target: Target, session: Any, regions: tuple[str, ...], *, paced: bool = True) -> None:
        self.target = target
        self.regions = regions
        self.paced = paced
        self.write_timeout = 30.0
        """Seconds after which a call that changes something counts as unanswered."""
        self._boto3 = boto3.Session(botocore_session=session)
        self._clients: dict[tuple[str, str, bool], Any] = {}
        self._lock = threading.Lock()

    @property
    def partition(self) -> str:
        """The partition of the regions."""
        return partition_of_region(self.regions[0])

    def client(self, service: str, region: str | None = None, *, once: bool = False) -> Any:
        """The client of a service (botocore's name: `ecs`, `stepfunctions`) in a region, or in the first.
        With `once` it never sends a call a second time by itself.

        IAM's clients give policy documents as the text that AWS stores, still URL-encoded.
        """
        key = (service, region or self.regions[0], once)
        with self._lock:  # making a client is not safe in several threads; using one is
            client = self._clients.get(key)
            if client is None:
                client = self._boto3.client(
                    service,
                    region_name=key[1],
                    endpoint_url=self.target.endpoint_url,
                    config=self._once(service) if once else _config(self.target, service),
                )
                self._clients[key] = client
            return client

    def _once(self, service: str) -> Config:
        own = Config(retries={"mode": "standard", "total_max_attempts": 1}, read_timeout=self.write_timeout)
        merged: Config = _config(self.target, service).merge(own)
        return merged

    def available_regions(self) -> tuple[str, ...]:
        """Every region of the partition that has ECS, as botocore knows them; asks nobody."""
        return tuple(sorted(self._boto3.get_available_regions("ecs", partition_name=self.partition)))


def make_session(target: Target, *, paced: bool = True) -> AwsSession:
    """A session for `target`, from the ambient credential chain.

    Asks AWS nothing yet; only a stand-in on this machine is asked in which regions it has clusters, where
    no region is set. `paced` keeps calls to AWS's rates; a stand-in in this process or on this machine needs
    no pacing.
    Raises SourceError where the profile, a region, the role ARN, the endpoint or credentials are missing
    or malformed.
    """
    _check_endpoint(target.endpoint_url)
    try:
        session = botocore.session.Session(profile=target.profile)
        session.get_scoped_config()  # raises where the profile, perhaps that of AWS_PROFILE, does not exist
        regions = target.regions or _ambient_region(session)
        if not regions and not target.is_loopback:
            raise errors.no_region()
        _check_regions(regions)
        # Without this handler policy documents keep the bytes that their authors wrote.
        session.unregister("after-call.iam", json_decode_policies)
        if target.is_loopback and session.get_credentials() is None:
            session.set_credentials("loopback", "loopback")  # a stand-in signs nobody in
        if session.get_credentials() is None:
            raise errors.no_credentials(target.profile or session.profile)
        regions = regions or _regions_in_use(session, target)
        if target.role_arn:
            _assume(session, target, regions[0])
    except SourceError:
        raise
    except Exception as error:  # whatever a credential provider may raise
        raise errors.explain(error, profile=target.profile or os.environ.get("AWS_PROFILE")) from error
    return AwsSession(target, session, tuple(dict.fromkeys(regions)), paced=paced and not target.is_loopback)


def profiles() -> tuple[str, ...]:
    """The names of all profiles in the AWS configuration; none where it cannot be read."""
    try:
        return tuple(sorted(botocore.session.Session().available_profiles))
    except BotoCoreError:
        return ()


def _config(target: Target, service: str = "") -> Config:
    # A stand-in on this machine has no passing troubles: what it refuses once it refuses always. The first
    # call is to STS: where nothing can be reached, a person should not wait long to be told.
    attempts = 1 if target.is_loopback else 2 if service == "sts" else 5
    return Config(
        connect_timeout=5,
        read_timeout=30,
        max_pool_connections=THREADS,
        retries={"mode": "adaptive", "total_max_attempts": attempts},
        user_agent_extra=f"ecsiam-tui/{__version__}",
        inject_host_prefix=target.endpoint_url is None,
        s3={"addressing_style": "path"} if target.endpoint_url else None,
    )


def _ambient_region(session: Any) -> tuple[str, ...]:
    # AWS_REGION is what the other SDKs and the containers of ECS itself use; botocore reads only the other.
    region = os.environ.get("AWS_REGION") or session.get_config_variable("region")
    return (region,) if region else ()


def _regions_in_use(session: Any, target: Target) -> tuple[str, ...]:
    """The regions where a stand-in on this machine has clusters; asking all of them takes it no time."""
    found = []
    for region in session.get_available_regions("ecs"):
        client = session.create_client(
            "ecs", region_name=region, endpoint_url=target.endpoint_url, config=_config(target)
        )
        try:
            if client.list_clusters(maxResults=1).get("clusterArns"):
                found.append(region)
        except (BotoCoreError, ClientError):
            break  # it is told why when it is read
    return tuple(found) or ("us-east-1",)


def _check_regions(regions: tuple[str, ...]) -> None:
    for region in regions:
        if not _REGION.match(region):
            raise SourceError(f'"{region}" is not the name of an AWS region: it should look like eu-west-1.')
    partitions = {partition_of_region(region) for region in regions}
    if len(partitions) > 1:
        raise SourceError(
            f"The regions {', '.join(regions)} belong to different partitions, which no account spans:"
            " explore them one by one."
        )


def _check_endpoint(url: str | None) -> None:
    if url is None:
        return
    try:
        parts = urlsplit(url)
        well_formed = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        well_formed = False
    if not well_formed:
        raise SourceError(f'"{url}" is not an endpoint: it should look like http://127.0.0.1:5000.')


def _assume(session: Any, target: Target, region: str) -> None:
    """Let the session act as the role; AWS is asked at the first call, and again before an hour is over."""
    role = parse_arn(target.role_arn or "")
    if role is None or role.service != "iam" or not role.resource.startswith("role/"):
        raise SourceError(
            f'"{target.role_arn}" is not the ARN of a role: it should look like'
            " arn:aws:iam::123456789012:role/NAME."
        )
    source: Credentials = session.get_credentials()

    def make_client(service: str, **options: Any) -> Any:
        return session.create_client(
            service, region_name=region, endpoint_url=target.endpoint_url, config=_config(target), **options
        )

    fetcher = AssumeRoleCredentialFetcher(
        client_creator=make_client,
        source_credentials=source,
        role_arn=target.role_arn,
        extra_args={"RoleSessionName": "ecsiam-tui"},
    )
    # botocore has no public way to give a session credentials that renew themselves.
    session._credentials = DeferredRefreshableCredentials(
        refresh_using=fetcher.fetch_credentials, method="assume-role"
    )
