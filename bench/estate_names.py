"""Names, ids and times of the synthetic estate, drawn from one generator: a seed gives one estate."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

ACCOUNT = "210987654321"
HOME = "eu-west-1"
AWAY = "us-east-1"
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
"""The moment at which the estate is read."""

TEAMS = (
    "checkout", "payments", "catalog", "search", "identity", "orders", "shipping", "returns", "pricing",
    "media", "growth", "partners", "data", "fraud", "support", "platform", "billing", "mobile", "content",
    "ads", "maps", "notify", "loyalty", "sellers",
)  # fmt: skip
PARTS = (
    "api", "worker", "web", "gateway", "sync", "indexer", "consumer", "scheduler", "proxy", "admin", "events",
    "export", "import", "webhook", "cache", "router", "session", "render", "report", "mailer", "cdc", "rules",
)  # fmt: skip
OBJECTS = (
    "cart", "invoice", "session", "price", "stock", "review", "address", "token", "ledger", "refund", "image",
    "profile", "campaign", "quote", "basket", "parcel", "ticket", "voucher", "feed", "segment", "slot",
)  # fmt: skip


class Draw:
    """Random choices in the forms that an estate needs."""

    def __init__(self, seed: int | str) -> None:
        self.random = Random(seed)

    def chance(self, share: float) -> bool:
        """True for about this share of the calls."""
        return self.random.random() < share

    def hex(self, digits: int) -> str:
        """A random number of that many hexadecimal digits."""
        return f"{self.random.getrandbits(4 * digits):0{digits}x}"

    def uuid(self) -> str:
        """An id in the form of a UUID."""
        return "-".join(self.hex(digits) for digits in (8, 4, 4, 4, 12))

    def unique(self, prefix: str) -> str:
        """An IAM unique id such as `AROA…`."""
        return prefix + "".join(self.random.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", k=17))

    def before(self, days: float) -> datetime:
        """A time within the last `days` days, in whole seconds."""
        return NOW - timedelta(seconds=int(self.random.random() * days * 86_400))

    def some(self, least: int, most: int) -> int:
        """A whole number, both ends included."""
        return self.random.randint(least, most)

    def tags(self, team: str, **more: str) -> dict[str, str]:
        """Tags as a company with a policy for tags has them."""
        return {
            "team": team,
            "environment": "production",
            "cost-centre": f"cc-{1000 + 7 * TEAMS.index(team)}",
            "managed-by": "terraform" if self.chance(0.8) else "cloudformation",
            **more,
        }


class Name(NamedTuple):
    """What a service is called, and who runs it."""

    service: str
    team: str


def service_names(count: int) -> list[Name]:
    """`count` distinct names, team by team: `checkout-cart-api`, …, `checkout-cart-api-2`."""
    names = []
    for number in range(count):
        team = TEAMS[number % len(TEAMS)]
        rest = number // len(TEAMS)
        part, rest = PARTS[rest % len(PARTS)], rest // len(PARTS)
        thing, again = OBJECTS[rest % len(OBJECTS)], rest // len(OBJECTS)
        names.append(Name(f"{team}-{thing}-{part}" + (f"-{again + 1}" if again else ""), team))
    return names


def ecs(kind: str, name: str, region: str = HOME) -> str:
    """An ECS ARN: `cluster/NAME`, `service/CLUSTER/NAME`, …"""
    return f"arn:aws:ecs:{region}:{ACCOUNT}:{kind}/{name}"


def iam(kind: str, name: str) -> str:
    """An IAM ARN of the account."""
    return f"arn:aws:iam::{ACCOUNT}:{kind}/{name}"


def regional(service: str, resource: str, region: str = HOME) -> str:
    """Another service's ARN."""
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{resource}"
