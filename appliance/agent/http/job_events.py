"""What followers of jobs are told: what there is, then what changes, several changes of a job as one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from appliance.contract.errors import fault
from appliance.contract.jobs import FollowedJob, JobNews
from appliance.core.jobs import Runner

MOST = 64
"""Followers at once; each is a connection and a question to the database with every change."""
PAUSE = 0.2
"""Seconds between two events: what changes more often is told once."""
TOO_MANY = fault(
    "jobs.too_many_followers",
    503,
    "More followers than this appliance serves are connected already.",
    "Close some of them, or ask for the jobs every few seconds instead.",
)

Told = Callable[[Sequence[str] | None], Awaitable[list[FollowedJob]]]
"""The jobs of these ids as followers see them, or all that have not ended; only those that the follower asked for."""


@dataclass
class Followers:
    """All who follow jobs. Nothing is kept for one but the number of the last change that it was told of."""

    runner: Runner
    count: int = 0

    async def follow(self, told: Told, last_event_id: str) -> AsyncGenerator[JobNews, None]:
        """News from `last_event_id` on where that is still known, else from a snapshot. Raises a Fault when there are too many."""
        if self.count >= MOST:
            raise TOO_MANY()
        self.count += 1
        try:
            changes = self.runner.changes
            seen, missed = self._since(last_event_id)
            while True:
                at = changes.last
                jobs = await told(missed)
                if jobs or missed is None:
                    yield JobNews(id=f"{changes.start}-{at}", event="snapshot" if missed is None else "changes", jobs=jobs)
                    await asyncio.sleep(PAUSE)
                seen = at
                await changes.wait(seen)
                missed = changes.since(seen)
        finally:
            self.count -= 1

    def _since(self, last_event_id: str) -> tuple[int, list[str] | None]:
        """Where to go on, and what was missed; None for everything."""
        changes = self.runner.changes
        start, _, number = last_event_id.partition("-")
        if start != changes.start or not number.isdecimal():
            return changes.last, None
        return int(number), changes.since(int(number))
