"""What was given at deployment, looked for while the set-up asks for it, from one source after the other."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from appliance.agent.provided.discs import Discs, from_user_data
from appliance.agent.provided.leases import Lease, host_name, read_leases
from appliance.agent.provided.router import user_data
from appliance.agent.provided.values import says_something
from appliance.contract.provided import Giver, Provided

AGAIN, LATEST = 5.0, 60.0
"""Seconds after which it is looked again for what is missing still: each time twice as many."""

_log = logging.getLogger(__name__)


class Proposals:
    """Answers at once with what is known; looks meanwhile. Once the set-up is done (`is_open` says no) there is nothing to propose.

    `devices` is where drives are, `leases` where systemd-networkd keeps what DHCP gave; None is a source that is not asked.
    `ask` asks a server for user data where there may be a virtual router, and is None elsewhere.
    """

    def __init__(
        self,
        is_open: Callable[[], Awaitable[bool]],
        devices: Path | None,
        leases: Path | None,
        ask: Callable[[str], Awaitable[bytes | None]] | None = user_data,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._is_open, self._leases, self._ask, self._clock = is_open, leases, ask, clock
        self._discs = None if devices is None else Discs(devices)
        self._answered = set[str]()
        self._given: Provided | None = None
        self._found = Provided()
        self._looking: asyncio.Task[None] | None = None
        self._next = -math.inf
        self._pause = AGAIN

    async def current(self) -> Provided:
        """What is known now. The first one who asks starts the search."""
        if not await self._is_open():
            return Provided()
        settled = self._given is not None and bool(self._found.host_name)
        idle = self._looking is None or self._looking.done()
        if not settled and idle and self._clock() >= self._next:
            self._looking = asyncio.create_task(self._look())
        return self._found

    async def close(self) -> None:
        """Give up looking."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])

    async def _look(self) -> None:
        leases = [] if self._leases is None else await asyncio.to_thread(read_leases, self._leases)
        self._given = self._given or await self._search(leases)
        found = _named(self._given, host_name(leases))
        if found.giver not in (Giver.NOBODY, self._found.giver):
            _log.info("values for the set-up were given by %s; %d could not be used", found.giver.value, len(found.flaws))
        self._found, self._next = found, self._clock() + self._pause
        self._pause = min(2 * self._pause, LATEST)

    async def _search(self, leases: Sequence[Lease]) -> Provided | None:
        """What was given on purpose, from the first source that has anything."""
        if self._discs is not None and (found := await self._discs.provided()) is not None:
            return found
        for server in dict.fromkeys(one.server for one in leases if one.server and one.server not in self._answered):
            if (found := await self._served(server)) is not None:
                return found
        return None

    async def _served(self, server: str) -> Provided | None:
        """What a server says; one that has answered is not asked again."""
        content = None if self._ask is None else await self._ask(server)
        if content is None:
            return None
        self._answered.add(server)
        found = from_user_data(content)
        return found if found is not None and says_something(found) else None


def _named(given: Provided | None, name: str) -> Provided:
    """What was given; with the name that DHCP gave, where there is no other (pure)."""
    if given is None:
        return Provided(giver=Giver.DHCP, host_name=name) if name else Provided()
    return given if given.host_name else given.model_copy(update={"host_name": name})
