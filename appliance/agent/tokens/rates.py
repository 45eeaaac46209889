"""How often somebody may ask: buckets that fill evenly, and waits for those who try wrong tokens. Pure but for their memory."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from appliance.agent.tokens.faults import TOO_FAST

MINUTE = 60.0
MOST_KNOWN = 10_000
"""Callers that are remembered; the one not seen longest is forgotten first."""
FREE_TRIES, LONGEST_WAIT = 10, 60.0
"""Wrong tokens of one address without a wait, and the longest one (seconds)."""
FORGIVEN_AFTER = 900.0


@dataclass
class _Bucket:
    """What is left for a caller, and when that was so."""

    left: float
    at: float


class Rate:
    """At most `limit()` requests a minute for each caller, all at once if they like; then they go on at that pace."""

    def __init__(self, limit: Callable[[], int], clock: Callable[[], float] = time.monotonic) -> None:
        self._limit, self._clock = limit, clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, caller: str) -> None:
        """Count a request. Raises a Fault (`rate.exceeded`) when there is nothing left for this caller."""
        limit, now = self._limit(), self._clock()
        bucket = self._buckets.pop(caller, None) or _Bucket(float(limit), now)
        bucket.left = min(float(limit), bucket.left + (now - bucket.at) * limit / MINUTE)
        bucket.at = now
        self._buckets[caller] = bucket
        if len(self._buckets) > MOST_KNOWN:
            self._buckets.popitem(last=False)
        if bucket.left < 1:
            raise TOO_FAST(seconds=max(1, math.ceil((1 - bucket.left) * MINUTE / limit)))
        bucket.left -= 1


@dataclass
class _Wrong:
    """Wrong tokens of an address: how many, the last one when, and until when the next is not even answered as wrong."""

    count: int
    at: float
    until: float


class WrongTokens:
    """Slows down who tries tokens. A right one is always taken: whoever shares an address with a guesser is not shut out."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: OrderedDict[str, _Wrong] = OrderedDict()

    def count(self, address: str) -> None:
        """Count a wrong one. Raises a Fault (`rate.exceeded`) while this address has to wait."""
        now = self._clock()
        wrong = self._known.pop(address, None) or _Wrong(0, now, now)
        if now - wrong.at > FORGIVEN_AFTER:
            wrong = _Wrong(0, now, now)
        self._known[address] = wrong
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        if now < wrong.until:
            raise TOO_FAST(seconds=math.ceil(wrong.until - now))
        wrong.count, wrong.at = wrong.count + 1, now
        wrong.until = now + wait_after(wrong.count)


def wait_after(wrong: int) -> float:
    """Seconds of wait after so many wrong tokens: none for the first ten, then 1, 2, 4 … 60 (pure)."""
    return 0.0 if wrong < FREE_TRIES else min(2.0 ** min(wrong - FREE_TRIES, 20), LONGEST_WAIT)
