"""One connection to the target with its books: writes, zeroes and flushes."""

from __future__ import annotations

from collections.abc import Callable

import nbd

from appliance.replication.extents import Extent
from appliance.replication.mover.ledger import Batch, Ledger, Tally
from appliance.replication.mover.links import Completion, Link


class Lane:
    """Writes to the target over one connection. After a flush that failed it can prove nothing any more and is not `sound`."""

    def __init__(self, link: Link, flush_bytes: int, on_done: Callable[[Batch], None], on_error: Completion) -> None:
        self.link, self.ledger = link, Ledger(flush_bytes)
        self._on_done, self._on_error = on_done, on_error
        self._flush_failed = False

    @property
    def sound(self) -> bool:
        """Whether what is written here can still be flushed."""
        return self.link.alive and not self._flush_failed

    @property
    def settled(self) -> bool:
        """Whether nothing is left to wait for."""
        return not self.sound or (not self.link.busy and self.ledger.clean)

    def write(self, buffer: nbd.Buffer, offset: int, then: Completion) -> None:
        """Writes the buffer; `then` gets an errno."""
        self.link.pwrite(buffer, offset, then)

    def zero(self, extent: Extent, then: Completion) -> None:
        """Zeroes the extent without payload."""
        self.link.zero(extent.length, extent.offset, then)

    def wrote(self, extent: Extent, tally: Tally, now: float) -> None:
        """Enters a range of which every request was answered."""
        self.ledger.wrote(extent, tally, now)

    def flush_if_due(self, now: float, last: bool) -> None:
        """Begins a flush when it is time; `last` when no more work will come."""
        if self.sound and self.ledger.due(now, last and not self.link.busy):
            self.ledger.begin()
            self.link.flush(self._flushed)

    def _flushed(self, errno: int) -> None:
        if errno:
            self._flush_failed = True
            self._on_error(errno)
        else:
            self._on_done(self.ledger.finish())
