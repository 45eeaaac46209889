"""Ids that sort by the time of their making and never collide."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable

_RANDOM_BITS = 48
_STEPS = 1 << 24
"""How far, at most, the next id of one instant is from the last one: the next is hard to guess, and there are millions to an instant."""


class Ids:
    """Makes ids of 24 hexadecimal digits: milliseconds since 1970, then a random part that only grows within one instant.

    Each id of one maker is greater than the one before it, however many are made at once and wherever the clock is set to:
    while the clock is behind the last id, its time is used on. Ids of two makers differ by their random parts.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock, self._lock, self._last = clock, threading.Lock(), 0

    def next(self) -> str:
        """The next id. Any thread may ask."""
        with self._lock:
            fresh = (int(self._clock() * 1000) << _RANDOM_BITS) | secrets.randbits(_RANDOM_BITS)
            at_least = self._last + 1 + secrets.randbelow(_STEPS)
            is_later = fresh >> _RANDOM_BITS > self._last >> _RANDOM_BITS
            self._last = fresh if is_later else at_least
            return f"{self._last:024x}"


_IDS = Ids()


def new_id(noun: str) -> str:
    """A new id such as `job-0199…`: sorts by time of making, and no two are the same."""
    return f"{noun}-{_IDS.next()}"
