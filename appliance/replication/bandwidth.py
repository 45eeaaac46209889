"""How the copies of one VMA share the bandwidth that the OMA allows it: fairly by VM, then by the disks of each."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

_log = logging.getLogger(__name__)
Slow = Callable[[int], None]
"""Tells a copy its rate in bytes per second; 0 is no limit."""
Copy = TypeVar("Copy")


def shares(limit: int | None, copies: Mapping[Copy, str]) -> dict[Copy, int]:
    """The rate of each copy, which is named with its job, in bytes per second; 0 without a limit (pure)."""
    disks = Counter(copies.values())
    return {copy: 0 if limit is None else max(1, limit // len(disks) // disks[job]) for copy, job in copies.items()}


class Bandwidth:
    """The limit in bytes per second as it was told last, None for none, and the copies under way that keep to it."""

    def __init__(self) -> None:
        self.limit: int | None = None
        self._copies: dict[int, str] = {}
        self._slow: dict[int, Slow] = {}
        self._rates: dict[int, int] = {}
        self._number = 0

    def tell(self, limit: int | None) -> None:
        """Another limit from now on, also for the copies under way."""
        if limit != self.limit:
            _log.info("copies share %s", "as much as there is" if limit is None else f"{limit} bytes a second")
        self.limit = limit
        self._divide()

    @contextmanager
    def shared(self, job: str, slow: Slow) -> Iterator[None]:
        """A copy takes part for the time of the block; `slow` is called with its first rate and with every other one."""
        self._number += 1
        number = self._number
        self._copies[number], self._slow[number] = job, slow
        self._divide()
        try:
            yield
        finally:
            for known in (self._copies, self._slow, self._rates):
                known.pop(number, None)
            self._divide()

    def _divide(self) -> None:
        """Only what changes is told."""
        for number, rate in shares(self.limit, self._copies).items():
            if self._rates.get(number, -1) != rate:
                self._rates[number] = rate
                self._slow[number](rate)
