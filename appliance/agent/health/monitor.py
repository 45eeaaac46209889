"""The health monitor: asks about what has not been heard of, frees what is held by nothing, and tells what does not move."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from appliance.agent.health.limits import HealthLimits
from appliance.agent.health.silent import SilentJobs
from appliance.agent.health.underway import under_way
from appliance.agent.health.watches import SeenPeer, other_versions, stuck, unheard
from appliance.agent.version import VERSION
from appliance.contexts.orphans import free_orphans
from appliance.contract.errors import as_fault
from appliance.contract.status import Part
from appliance.core.audit import Audit
from appliance.core.jobs import Runner
from appliance.core.store import Store, utcnow
from appliance.replication.source import Sources

logger = logging.getLogger(__name__)

MISSED = 3
"""Intervals without a look after which the monitor is no longer well."""


@dataclass(frozen=True)
class Outside:
    """Whom the monitor asks. `open_orders` asks CloudStack about what it has not said the end of, and returns how many are left."""

    source: Sources
    peers: Callable[[], Awaitable[Sequence[SeenPeer]]]
    open_orders: Callable[[], Awaitable[int]]


@dataclass(frozen=True)
class Look:
    """What one look found and did."""

    at: datetime
    under_way: int = 0
    asked: int = 0
    taken_up: int = 0
    freed: int = 0
    open_orders: int = 0
    stuck: tuple[str, ...] = ()
    told: tuple[str, ...] = ()

    def sentence(self) -> str:
        """What the operator reads."""
        counts = [f"{self.under_way} jobs under way", f"{self.asked} asked about at the source", f"{self.taken_up} taken up again"]
        counts += [f"{self.freed} VMs freed"] if self.freed else []
        counts += [f"{self.open_orders} orders open in CloudStack"] if self.open_orders else []
        return " ".join([f"Last look at {self.at:%Y-%m-%d %H:%M:%S} UTC: {', '.join(counts)}.", *self.stuck, *self.told])


class HealthMonitor:
    """Looks at once when it is run, then at every interval. `clock` is the wall clock."""

    def __init__(
        self,
        store: Store,
        runner: Runner,
        outside: Outside,
        limits: HealthLimits | None = None,
        clock: Callable[[], datetime] = utcnow,
    ) -> None:
        self.limits = limits or HealthLimits()
        self._store, self._runner, self._outside, self._clock = store, runner, outside, clock
        self._silent = SilentJobs(runner, outside.source, self.limits)
        self._last: Look | None = None
        self._looked_at = 0.0
        self._problem = ""

    def heed(self, limits: HealthLimits) -> None:
        """Look and ask by these limits from the next look on."""
        self.limits = limits
        self._silent.heed(limits)

    async def run(self) -> None:
        """Look until cancelled; what goes wrong in one look is tried again in the next."""
        while True:
            try:
                await self.look()
                self._problem = ""
            except Exception as error:
                logger.exception("the health monitor could not look")
                self._problem = as_fault(error).message
            await asyncio.sleep(self.limits.interval)

    async def look(self) -> Look:
        """Look once."""
        now = self._clock()
        jobs, peers = await under_way(self._store), await self._outside.peers()
        asked, taken_up = await self._silent.look(jobs, now)
        self._last = Look(
            at=now,
            under_way=len(jobs),
            asked=asked,
            taken_up=taken_up,
            freed=await free_what_nothing_holds(self._store),
            open_orders=await self._outside.open_orders(),
            stuck=tuple(stuck(jobs, now, self.limits)),
            told=(*unheard(peers, now, self.limits), *other_versions(peers, VERSION)),
        )
        self._looked_at = asyncio.get_running_loop().time()
        return self._last

    async def health(self) -> Part:
        """How the monitor is, and what its last look found."""
        if self._problem:
            return Part(state="failed", detail=self._problem)
        if self._last is None:
            return Part(state="degraded", detail="The first look comes once unfinished jobs have been taken up.")
        if asyncio.get_running_loop().time() - self._looked_at > MISSED * self.limits.interval:
            return Part(state="failed", detail=f"Nothing was looked at for a while. {self._last.sentence()}")
        return Part(state="degraded" if self._last.stuck else "ok", detail=self._last.sentence())


async def free_what_nothing_holds(store: Store) -> int:
    """Free every VM that is held by nothing; each is told in the log and the audit log. Returns how many there were."""
    async with store.begin() as session:
        freed = await free_orphans(session)
    for one in freed:
        logger.warning("VM %s: %s", one.context_id, one.sentence)
        await Audit(store).record("appliance", "vm.freed", "done", one.sentence)
    return len(freed)
