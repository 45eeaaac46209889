"""One page of blocks: reads many at a time, and takes the digest of each as it arrives."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import nbd

from appliance.replication.extents import Extent
from appliance.replication.mover.links import Link
from appliance.replication.verify.digest import digest

IN_FLIGHT = 8


@dataclass(slots=True, eq=False)
class Block:
    """A block on its way: its place in the page and its memory."""

    place: int
    extent: Extent
    memory: memoryview
    link: Link


class Page:
    """Reads between connections that are ready. `advance` begins what can be begun; completions arrive between calls of it."""

    def __init__(self, links: Sequence[Link], blocks: Sequence[Extent], memory: Sequence[bytearray]) -> None:
        self._links = links
        self._waiting = deque(enumerate(blocks))
        self._idle = [memoryview(one) for one in memory]
        self._arrived: deque[Block] = deque()
        self._troubles: deque[tuple[Link, int, int]] = deque()  # noted in completions, where libnbd may not be asked
        self.digests = [""] * len(blocks)

    @property
    def finished(self) -> bool:
        """Whether every digest is known."""
        return all(self.digests)

    def advance(self) -> None:
        """Takes digests of what has arrived, and begins more. Raises CopyError."""
        for link, errno, offset in self._troubles:
            raise link.error(errno, offset)
        for link in self._links:
            if not link.alive:
                raise link.error(0, None)
        while self._arrived:
            block = self._arrived.popleft()
            self.digests[block.place] = digest(block.memory[: block.extent.length])
            self._idle.append(block.memory)
        while self._idle and self._waiting:
            place, extent = self._waiting.popleft()
            self._read(Block(place, extent, self._idle.pop(), min(self._links, key=lambda link: link.busy)))

    def _read(self, block: Block) -> None:
        buffer = nbd.Buffer.from_buffer(block.memory[: block.extent.length])
        block.link.pread(buffer, block.extent.offset, partial(self._was_read, block))

    def _was_read(self, block: Block, errno: int) -> None:
        if errno:
            self._troubles.append((block.link, errno, block.extent.offset))
        else:
            self._arrived.append(block)
