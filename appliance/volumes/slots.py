"""Attachment slots of this appliance, held like a cache: pure decisions, and the queue of those who wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from appliance.core.store import utcnow
from appliance.volumes.faults import TOO_MANY_DISKS

DEFAULT_LIMIT = 20


@dataclass(frozen=True)
class Plan:
    """What gives a VM all its slots: volumes to park first, and volumes to attach then."""

    park: tuple[str, ...]
    attach: tuple[str, ...]


@dataclass(eq=False)
class Place:
    """A job's place in the queue: how many volumes it wants, and since when; `is_held_up` once it had to wait."""

    job_id: str
    wanted: int
    since: datetime
    is_held_up: bool = False


def plan(
    wanted: Sequence[str], present: Collection[str], foreign: int, limit: int, pinned: Collection[str], last_used: dict[str, int]
) -> Plan | None:
    """How all of `wanted` come to be attached at once, parking the longest unused; None while pinned ones are in the way.

    `present` are our volumes that are attached now, `foreign` the number of other data volumes of this machine.
    """
    attach = tuple(one for one in wanted if one not in present)
    lacking = len(attach) - (limit - foreign - len(present))
    idle = sorted((one for one in present if one not in pinned and one not in wanted), key=lambda one: (last_used.get(one, 0), one))
    return None if lacking > len(idle) else Plan(tuple(idle[: max(0, lacking)]), attach)


def limit_of(chosen: int | None, discovered: int | None) -> int:
    """The limit: what was set; else the default, or less where CloudStack allows less."""
    return chosen or min(DEFAULT_LIMIT, discovered or DEFAULT_LIMIT)


@dataclass
class Slots:
    """Who uses which volume, when it was last used, and who waits."""

    limit: int = DEFAULT_LIMIT
    _pins: dict[str, set[str]] = field(default_factory=dict)
    _last_used: dict[str, int] = field(default_factory=dict)
    _clock: int = 0
    _queue: list[Place] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def waiting(self) -> list[Place]:
        """Who waits, the first in line first."""
        return [place for place in self._queue if place.is_held_up]

    def plan(self, wanted: Sequence[str], present: Collection[str], foreign: int) -> Plan | None:
        """How all of `wanted` come to be attached, or None. Raises a Fault when they can never be."""
        if len(wanted) > self.limit - foreign:
            raise TOO_MANY_DISKS(wanted=len(wanted), limit=max(0, self.limit - foreign))
        return plan(wanted, present, foreign, self.limit, self.pinned(), self._last_used)

    def pin(self, job_id: str, volume_ids: Sequence[str]) -> None:
        """Keep these attached until the job releases them."""
        self._clock += 1
        for volume_id in volume_ids:
            self._pins.setdefault(volume_id, set()).add(job_id)
            self._last_used[volume_id] = self._clock

    def unpin(self, job_id: str, volume_ids: Collection[str]) -> None:
        """The job no longer uses these; they stay attached until their slot is needed."""
        for volume_id in volume_ids:
            self._pins[volume_id].discard(job_id)
            if not self._pins[volume_id]:
                del self._pins[volume_id]
        self.wake()

    def of_job(self, job_id: str) -> list[str]:
        """The volumes a job uses."""
        return [volume_id for volume_id, jobs in self._pins.items() if job_id in jobs]

    def users(self, volume_id: str) -> set[str]:
        """The jobs that use a volume."""
        return set(self._pins.get(volume_id, ()))

    def pinned(self) -> set[str]:
        """The volumes in use."""
        return set(self._pins)

    def wake(self) -> None:
        """Something changed that may let the first in line go on."""
        self._changed.set()

    async def changed(self) -> None:
        """Wait for the next change."""
        self._changed.clear()
        await self._changed.wait()

    @asynccontextmanager
    async def in_line(self, job_id: str, wanted: int) -> AsyncIterator[Place]:
        """A place in the queue; leaving it lets the next one try."""
        place = Place(job_id, wanted, utcnow())
        self._queue.append(place)
        try:
            yield place
        finally:
            self._queue.remove(place)
            self.wake()

    def is_first(self, place: Place) -> bool:
        """Whether nobody came earlier: a VM with many disks is not overtaken forever by small ones."""
        return bool(self._queue) and self._queue[0] is place
