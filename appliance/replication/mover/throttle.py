"""A limit on payload per second. Pure: the time comes in as an argument."""

from __future__ import annotations


class Throttle:
    """Lets payload through at a rate in bytes per second; 0 is no limit."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._free_at = 0.0

    def spend(self, payload: int, now: float) -> None:
        """This much was sent."""
        if self.rate:
            self._free_at = max(self._free_at, now) + payload / self.rate

    def change(self, rate: int) -> None:
        """Another rate from now on; a debt made at the old one is forgiven."""
        self.rate, self._free_at = rate, 0.0

    def wait(self, now: float) -> float:
        """Seconds until more may be begun."""
        return max(0.0, self._free_at - now)
