"""How long to wait before dialling again (pure)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Backoff:
    """Waits in seconds: `first` doubles with every failure up to `longest`; half of each is left to chance."""

    first: float = 0.5
    longest: float = 10.0

    def delay(self, failures: int, chance: float) -> float:
        """The wait after this many failures in a row (at least 1); `chance` from 0 to 1."""
        full = min(self.longest, self.first * 2.0 ** min(failures - 1, 16))
        return full * (0.5 + chance / 2)
