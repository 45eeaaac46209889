"""The scheduler: looks once a second what is due, and starts what has its turn."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from appliance.contract.errors import as_fault
from appliance.contract.schedules import ExecutionStatus
from appliance.contract.status import Part
from appliance.core.store import Store, utcnow
from appliance.schedules import facts
from appliance.schedules.fleet import Fleet
from appliance.schedules.launching import AT_ONCE, Chosen, Start, begin, choose
from appliance.schedules.models import ReplicationSchedule, ScheduleExecution
from appliance.schedules.planning import plan

logger = logging.getLogger(__name__)

TICK = 1.0
"""Seconds: cron lines have seconds."""
SILENT = 60.0
"""Seconds without a look after which the scheduler is no longer well."""
KEPT = timedelta(days=90)
KEPT_ROWS = 100_000
"""How long, and how many, runs are kept in the records."""
PRUNED_EVERY = 3600.0


@dataclass
class Scheduler:
    """Runs schedules. `start` starts a cycle; `reachable` tells whether a peer is connected; `clock` is the wall clock.

    Runs are `kept` so long, and `at_once` are started in one tick at most.
    """

    store: Store
    start: Start
    reachable: facts.Reachable
    clock: Callable[[], datetime] = utcnow
    kept: timedelta = KEPT
    at_once: int = AT_ONCE
    _starting: asyncio.Task[int] | None = field(default=None, init=False)
    _looked_at: float | None = field(default=None, init=False)
    _problem: str = field(default="", init=False)

    async def run(self) -> None:
        """Tick until cancelled; what goes wrong in one tick is tried again in the next."""
        try:
            await self._run()
        finally:
            if self._starting is not None:
                self._starting.cancel()
                await asyncio.gather(self._starting, return_exceptions=True)

    async def _run(self) -> None:
        pruned_at = -PRUNED_EVERY
        while True:
            try:
                await self.tick()
                if _now() - pruned_at >= PRUNED_EVERY:
                    pruned_at = _now()
                    await prune(self.store, self.clock(), self.kept)
                if self._starting is None:
                    self._problem = ""
            except Exception as error:
                if not self._problem:
                    logger.exception("the scheduler's tick failed")
                self._problem = as_fault(error).message
            self._looked_at = _now()
            await asyncio.sleep(TICK - self.clock().microsecond / 1e6 % TICK)

    async def tick(self) -> None:
        """Look once, and have begun what is to start now: starting takes a few transactions for each, and no look waits for it.

        Raises what went wrong with the starts of an earlier look.
        """
        fleet, now = await Fleet(self.store).get(), self.clock()
        await plan(self.store, now, fleet, self.reachable)
        if self._starting is not None and not self._starting.done():
            return
        await self.started()
        chosen = await choose(self.store, now, fleet, self.reachable, self.at_once)
        if chosen:
            self._starting = asyncio.create_task(self._begin(now, chosen))

    async def started(self) -> int:
        """Wait for the starts that the last look has begun; returns how many there were. Raises what went wrong with them."""
        starting, self._starting = self._starting, None
        return await starting if starting is not None else 0

    async def _begin(self, now: datetime, chosen: list[Chosen]) -> int:
        return await begin(self.store, now, chosen, self.start)

    async def health(self) -> Part:
        """How the scheduler is, and when it has to do something next."""
        if self._looked_at is None:
            return Part(state="degraded", detail="Schedules start once unfinished jobs have been taken up.")
        if self._problem:
            return Part(state="failed", detail=self._problem)
        if _now() - self._looked_at > SILENT:
            return Part(state="failed", detail="Schedules have not been looked at for a while.")
        async with self.store.session() as session:
            query = select(ReplicationSchedule.next_run_at).where(ReplicationSchedule.enabled, ReplicationSchedule.next_run_at.is_not(None))
            first = await session.scalar(query.order_by(ReplicationSchedule.next_run_at).limit(1))
        return Part(state="ok", detail=f"Next run at {first.isoformat()}." if first else "No schedule is enabled.")


async def prune(store: Store, now: datetime, kept: timedelta = KEPT) -> None:
    """Forget decided runs that are old, or more than are kept."""
    row = ScheduleExecution
    async with store.begin() as session:
        beyond = await session.scalar(select(row.created_at).order_by(row.created_at.desc()).offset(KEPT_ROWS).limit(1))
        limit = now - kept if beyond is None else max(now - kept, beyond)
        decided = row.status.in_((ExecutionStatus.STARTED, ExecutionStatus.SKIPPED))
        await session.execute(delete(row).where(decided, row.created_at <= limit))


def _now() -> float:
    return asyncio.get_running_loop().time()
