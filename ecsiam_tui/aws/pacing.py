"""Token buckets: calls keep to the rates that AWS publishes, so that they are seldom refused."""

import threading
import time
from collections.abc import Callable

from ecsiam_tui.aws.calls import RATES, Rate


class Bucket:
    """A token bucket. `take` says how long to wait, in seconds, until the taken token is there."""

    def __init__(self, rate: Rate, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._clock = clock
        self._tokens = float(rate.burst)
        self._at = clock()

    def take(self) -> float:
        now = self._clock()
        self._tokens = min(self._rate.burst, self._tokens + (now - self._at) * self._rate.per_second)
        self._at = now
        self._tokens -= 1
        return max(0.0, -self._tokens / self._rate.per_second)


class Pacer:
    """One bucket for each rate and region. `wait` sleeps through `sleep`, which may end early."""

    def __init__(
        self,
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        *,
        enabled: bool = True,
    ) -> None:
        self._sleep = sleep
        self._clock = clock
        self._enabled = enabled
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, str], Bucket] = {}

    def wait(self, rate: str, region: str) -> None:
        """Take a token of the rate's bucket in the region; sleep until it is there."""
        if not self._enabled:
            return
        with self._lock:
            bucket = self._buckets.get((rate, region))
            if bucket is None:
                bucket = self._buckets[rate, region] = Bucket(RATES[rate], self._clock)
            seconds = bucket.take()
        if seconds > 0:
            self._sleep(seconds)
