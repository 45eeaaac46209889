"""What each VMA may move now: the limit of the windows, shared by how many copies run at each, and told again and again."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.contexts import VmContext
from appliance.contract.errors import Fault
from appliance.core.jobs import Job
from appliance.core.jobs.lifecycle import ENDED
from appliance.core.store import Store, utcnow
from appliance.replication.kinds import CYCLES
from appliance.schedules.fleet import Fleet
from appliance.schedules.windows import limit_at

EVERY = 5.0
"""Seconds: so soon a window that begins or ends is felt by copies that run, and a VMA that has restarted knows the limit again."""
ANSWER_WITHIN = 5.0

logger = logging.getLogger(__name__)
Tell = Callable[[str, int | None], Awaitable[None]]
"""Tells a peer how many bytes a second it may move, None for as many as it can. Raises a Fault."""


def allowances(limit: int | None, peers: Collection[str], running: Mapping[str, int]) -> dict[str, int | None]:
    """What each peer may move: its part of the copies that run. One without a copy gets what its first would (pure)."""
    if limit is None:
        return dict.fromkeys(peers)
    total = sum(running.get(peer, 0) for peer in peers)
    return {peer: max(1, limit * running[peer] // total if running.get(peer) else limit // (total + 1)) for peer in peers}


async def running(session: AsyncSession) -> Counter[str]:
    """How many copies run for each peer."""
    query = select(VmContext.peer_id, func.count()).join(Job, Job.vm_context_id == VmContext.context_id)
    found = await session.execute(query.where(Job.kind.in_(CYCLES), Job.status.not_in(ENDED)).group_by(VmContext.peer_id))
    return Counter({peer: count for peer, count in found})


@dataclass
class Allowance:
    """Tells the peers that are connected. `peers` answers their ids, `clock` is the wall clock."""

    store: Store
    peers: Callable[[], Awaitable[Collection[str]]]
    tell: Tell
    clock: Callable[[], datetime] = utcnow
    _silent: set[str] = field(default_factory=set, init=False)

    async def run(self) -> None:
        """Tell until cancelled."""
        while True:
            try:
                await self.once()
            except Exception:
                logger.exception("the limit of bandwidth could not be told")
            await asyncio.sleep(EVERY)

    async def once(self) -> None:
        """Tell every connected peer what it may move now."""
        limit = limit_at((await Fleet(self.store).get()).bandwidth, self.clock())
        async with self.store.session() as session:
            counted = await running(session)
        found = allowances(limit, await self.peers(), counted)
        await asyncio.gather(*(self._tell(peer, allowed) for peer, allowed in found.items()))

    async def _tell(self, peer: str, allowed: int | None) -> None:
        """A peer that does not take it is noted once; copies there are not slowed until it does."""
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                await self.tell(peer, allowed)
            self._silent.discard(peer)
        except (Fault, TimeoutError) as error:
            if peer not in self._silent:
                logger.warning("peer %s was not told the limit of bandwidth: %r", peer, error)
            self._silent.add(peer)
