"""Truth with three values, as plain ints so that AND is min, OR is max and NOT is `YES - x`.

MAYBE is the answer where a request leaves a condition key open: a person asks "could it", and the key may or
may not be there. A concrete request never gives it."""

from __future__ import annotations

NO = 0
MAYBE = 1
YES = 2

Truth = int
