"""Calls keep to AWS's rates."""

import pytest

from ecsiam_tui.account.redact import Redactor
from ecsiam_tui.aws import reader as reader_module
from ecsiam_tui.aws.calls import RATES
from ecsiam_tui.aws.collect import collect
from ecsiam_tui.aws.pacing import Pacer
from ecsiam_tui.aws.session import Target, make_session
from tests.aws import account
from tests.aws.conftest import Watching
from tests.aws.fake import FakeAws


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_a_burst_is_free_and_then_the_rate_holds() -> None:
    clock = Clock()
    pacer = Pacer(clock.sleep, clock)
    rate = RATES["ecs task definition read"]
    for _ in range(rate.burst):
        pacer.wait("ecs task definition read", "eu-west-1")
    assert clock.now == 0
    for _ in range(100):
        pacer.wait("ecs task definition read", "eu-west-1")
    assert clock.now == pytest.approx(100 / rate.per_second)


def test_time_fills_the_bucket_up_to_its_burst() -> None:
    clock = Clock()
    pacer = Pacer(clock.sleep, clock)
    rate = RATES["ecs task definition read"]
    for _ in range(rate.burst):
        pacer.wait("ecs task definition read", "eu-west-1")
    clock.now += 3600
    before = clock.now
    for _ in range(rate.burst + 1):
        pacer.wait("ecs task definition read", "eu-west-1")
    assert clock.now - before == pytest.approx(1 / rate.per_second)


def test_regions_and_families_have_their_own_buckets() -> None:
    clock = Clock()
    pacer = Pacer(clock.sleep, clock)
    for region in ("eu-west-1", "us-east-1"):
        for rate in ("ecs service read", "ecs cluster read"):
            for _ in range(RATES[rate].burst):
                pacer.wait(rate, region)
    assert clock.now == 0


def test_the_published_rates_of_ecs() -> None:
    published = {
        "ecs cluster read": (50, 20),
        "ecs task definition read": (50, 20),
        "ecs capacity provider read": (50, 20),
        "ecs setting read": (50, 20),
        "ecs cluster resource read": (100, 20),
        "ecs service read": (100, 20),
    }
    assert {name: tuple(rate) for name, rate in RATES.items() if name.startswith("ecs ")} == published


@pytest.mark.parametrize("paced", [True, False])
def test_collecting_is_paced_unless_told_otherwise(
    paced: bool, aws: FakeAws, redactor: Redactor, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[str] = []
    wait = Pacer.wait

    def counted(self: Pacer, rate: str, region: str) -> None:
        if self._enabled:
            taken.append(rate)
        wait(self, rate, region)

    monkeypatch.setattr(reader_module.Pacer, "wait", counted)
    session = make_session(Target(regions=(account.REGION,)), paced=paced)
    collect(session, Watching(), redactor)
    if paced:
        assert len(taken) == sum(aws.asked.values()) - aws.asked["sts:GetCallerIdentity"]
    else:
        assert taken == []
