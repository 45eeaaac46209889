"""A limit on payload per second. Pure: the time comes in as an argument."""

from __future__ import annotations

BURST = 0.1
"""Seconds of the rate that may be made up for after a pause: whoever is woken a little late loses nothing."""


class Throttle:
    """Lets payload through at a rate in bytes per second; 0 is no limit.

    What is begun is spent in advance; from any moment on, at most `rate * (seconds + BURST)` bytes and one request more are begun.
    """

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._free_at = 0.0

    def spend(self, payload: int, now: float) -> None:
        """So much is begun."""
        if self.rate:
            self._free_at = max(self._free_at, now - BURST) + payload / self.rate

    def refund(self, payload: int) -> None:
        """So much of it turned out to be no payload."""
        if self.rate:
            self._free_at -= payload / self.rate

    def change(self, rate: int, now: float) -> None:
        """Another rate from now on; the bytes that are owed at the old one are owed at the new one."""
        owed = self.wait(now) * self.rate
        self.rate = rate
        self._free_at = now + owed / rate if rate else 0.0

    def wait(self, now: float) -> float:
        """Seconds until more may be begun."""
        return max(0.0, self._free_at - now)
