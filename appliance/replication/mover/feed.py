"""The work that lies ahead of a copying process, and when to ask for more. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from appliance.replication.extents import Extent, Extents
from appliance.replication.mover.protocol import MIB, Work

ZERO_PIECE = 1 << 30
"""The longest range zeroed by one request."""
LOW_READ, LOW_ZERO = 16 * MIB, ZERO_PIECE


class Feed:
    """Work in the order of its coming, cut into requests one at a time."""

    def __init__(self, work: Work, more: bool, chunk_bytes: int) -> None:
        self.chunk_bytes, self.more = chunk_bytes, more
        self._asked = False
        self._reads, self._zeros = _Queue(chunk_bytes), _Queue(ZERO_PIECE)
        self._put(work)

    def add(self, work: Work) -> None:
        """The answer to hunger."""
        self._asked = False
        self._put(work)

    def end(self) -> None:
        """No more will come."""
        self.more = False

    def _put(self, work: Work) -> None:
        self._reads.put(work.read)
        self._zeros.put(work.zero)

    def hungry(self) -> bool:
        """True once each time that little is left and more may come."""
        ask = self.more and not self._asked and self._reads.left < LOW_READ and self._zeros.left < LOW_ZERO
        self._asked = self._asked or ask
        return ask

    def read(self) -> Extent | None:
        """The next range to read."""
        return self._reads.take()

    def zero(self) -> Extent | None:
        """The next range to zero without reading."""
        return self._zeros.take()

    @property
    def empty(self) -> bool:
        """Whether nothing is left to begin and nothing more will come."""
        return not self.more and not self._reads.left and not self._zeros.left


class _Queue:
    def __init__(self, size: int) -> None:
        self.size, self.left = size, 0
        self._waiting: deque[Iterator[Extent]] = deque()

    def put(self, extents: Extents) -> None:
        if extents:
            self._waiting.append(extents.chunks(self.size))
            self.left += extents.total

    def take(self) -> Extent | None:
        while self._waiting:
            for extent in self._waiting[0]:
                self.left -= extent.length
                return extent
            self._waiting.popleft()
        return None
