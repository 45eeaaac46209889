"""Starts the removal of old records once a day."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import func, select

from appliance.agent.retention.limits import is_due
from appliance.agent.retention.workflow import KIND, prune
from appliance.contract.errors import Fault
from appliance.core.jobs import Job, Runner
from appliance.core.store import utcnow

_log = logging.getLogger(__name__)

LOOK_EVERY = 600.0
"""Seconds between two looks whether it is time."""


async def daily(runner: Runner, clock: Callable[[], datetime] = utcnow) -> None:
    """Look now and then, until cancelled; whatever goes wrong is tried again with the next look."""
    while True:
        await asyncio.sleep(LOOK_EVERY)
        try:
            await look(runner, clock())
        except Fault as error:
            _log.warning("old records could not be removed: %s", error)


async def look(runner: Runner, now: datetime) -> str | None:
    """Start it if it is time; returns the job's id, or None."""
    async with runner.store.session() as session:
        newest = await session.scalar(select(Job.created_at).where(Job.kind == KIND).order_by(Job.id.desc()).limit(1))
        oldest = await session.scalar(select(func.min(Job.created_at)))
    return await prune(runner) if is_due(newest, oldest, now) else None
