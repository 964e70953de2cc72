"""What every part of the seed works with: the declaration, the clients, the references, the clock."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from moto.moto_api._internal import mock_random

from ecsiam_tui.demo.estate import Estate, References, Table, ago
from ecsiam_tui.demo.tuning import share_description

ACCOUNT = "123456789012"
PARTITION = "aws"


class Clients(Protocol):
    """Something that gives boto3 clients: `ecsiam_tui.aws.session.AwsSession` does."""

    def client(self, service: str, region: str | None = None) -> Any:
        """A client of one service; of the session's first region where none is named."""


@dataclass(frozen=True)
class Ground:
    """The account under construction."""

    estate: Estate
    clients: Clients
    references: References
    now: datetime
    home: str
    """The region of everything that names none."""

    def client(self, service: str, region: str | None = None) -> Any:
        """A client for `region`, the home region where it is None."""
        client = self.clients.client(service, region or self.home)
        share_description(client)
        return client

    def expand(self, value: Any) -> Any:
        """`value` with its `${kind:name}` references expanded and its `demo` tables left out."""
        return self.references.expand(value)

    def ago(self, demo: Mapping[str, Any], key: str, default: str) -> datetime:
        """The moment `demo[key]` (a span such as `12d`) before now."""
        return ago(self.now, str(demo.get(key, default)))


@contextmanager
def identity(kind: str, name: str) -> Iterator[None]:
    """Ids that moto makes inside follow from `kind` and `name` alone.

    So an id stays what it is when something else is added to the declaration, and two starts give the same.
    """
    mock_random.seed(f"{kind}:{name}")
    yield


def pascal_tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """`{key: value}` as IAM, EC2, KMS and others take it."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def camel_tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """`{key: value}` as ECS takes it."""
    return [{"key": key, "value": value} for key, value in tags.items()]


def demo_of(entry: Table) -> Table:
    """The sub-table `demo` of an entry."""
    demo: Table = entry.get("demo", {})
    return demo
