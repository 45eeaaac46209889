"""The line of guests that wait for their preparation."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count


class Turns:
    """As many at once as there are places. Those in a hurry go first, each kind in the order in which they came."""

    def __init__(self, places: int) -> None:
        self._free, self._numbers = places, count()
        self._line: list[tuple[bool, int, asyncio.Future[None]]] = []

    def ahead(self, *, hurry: bool) -> int:
        """How many others have to end before one that comes now has its turn."""
        before = sum(not future.done() and (not patient or not hurry) for patient, _, future in self._line)
        return max(0, before + 1 - self._free)

    @asynccontextmanager
    async def turn(self, waits: Callable[[], Awaitable[None]], *, hurry: bool) -> AsyncIterator[None]:
        """A place for the block; `waits` is called when there is none yet."""
        if self._free:
            self._free -= 1
        else:
            await self._wait(waits, hurry)
        try:
            yield
        finally:
            self._give()

    async def _wait(self, waits: Callable[[], Awaitable[None]], hurry: bool) -> None:
        """Returns with the place of somebody who has left."""
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._line, (not hurry, next(self._numbers), future))
        got = False
        try:
            await waits()
            await future
            got = True
        finally:
            if not got and not future.cancel() and not future.cancelled():
                self._give()  # it was given a place after it had lost interest

    def _give(self) -> None:
        while self._line:
            _, _, future = heapq.heappop(self._line)
            if not future.done():
                future.set_result(None)
                return
        self._free += 1
