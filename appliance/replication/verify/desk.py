"""The OMA's half of a comparison: hashes the disk itself, tells a VMA which of its blocks differ, and records that first."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from appliance.contract.errors import NOT_FOUND, Fault
from appliance.contract.peer import Compare, Compared, Examined
from appliance.core.jobs import Job, JobStatus, StepStatus, log
from appliance.core.jobs.lifecycle import ENDED
from appliance.core.store import Store
from appliance.replication.extents import Extents
from appliance.replication.verify import device, records
from appliance.replication.verify.faults import COPY_UNREADABLE, NOT_WANTED
from appliance.replication.verify.steps import Comparison

THREADS = 2
"""Disks that are hashed at once, of all jobs together; others wait, and the agent's own threads stay free."""


class Desk:
    """Answers the VMAs. `end_sessions` ends whatever could still write to a volume."""

    def __init__(self, store: Store, end_sessions: Callable[[str], Awaitable[None]]) -> None:
        self._store, self._end_sessions = store, end_sessions
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="verify")
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def compare(self, job: Job, page: Compare) -> Compared:
        """Which blocks of the page differ from the copy. Raises NOT_WANTED, COPY_UNREADABLE."""
        self._require(job, page.disk_id)
        _check(job, page)
        volume = job.state["volumes"][page.disk_id]
        # A page that is asked again, because its answer was lost, waits for the first asking.
        async with self._turns[volume]:
            async with self._store.session() as session:
                await self._still(session, job, page.disk_id)
            await self._end_sessions(volume)
            different = await self._different(job, page)
            async with self._store.begin() as session:
                # The job may have ended while the disk was read, and another one may be at work on it.
                await self._still(session, job, page.disk_id)
                await records.note(session, job.id, page, different)
        return Compared(different=[(one.offset, one.length) for one in different])

    async def examined(self, job: Job, told: Examined) -> None:
        """The comparison of a disk has ended. Raises NOT_WANTED."""
        async with self._store.begin() as session:
            await self._still(session, job, told.disk_id)
            await records.finish_disk(session, job.id, told)

    async def may_repair(self, job: Job, disk_id: str) -> bool:
        """Whether a disk may be written to now: only what is on record to differ, and so is marked."""
        if not is_comparing(job):
            return False
        try:
            async with self._store.session() as session:
                return bool((await records.disk_of(session, job.id, disk_id)).unrepaired)
        except Fault as error:
            if error.key != NOT_FOUND.key:
                raise
            return False

    def close(self) -> None:
        """Hash nothing more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _still(self, session: AsyncSession, job: Job, disk_id: str) -> None:
        """Raise NOT_WANTED unless the job, as it is on record now, waits for a comparison of this disk."""
        self._require(await log.load(session, job.id), disk_id)

    def _require(self, job: Job, disk_id: str) -> None:
        if not is_comparing(job) or disk_id not in job.state.get("devices", {}):
            raise NOT_WANTED(cause=f"{job.id} is {job.status}, disk {disk_id}")

    async def _different(self, job: Job, page: Compare) -> Extents:
        path, blocks = Path(job.state["devices"][page.disk_id]), [(one.offset, one.length) for one in page.blocks]
        try:
            here = await asyncio.get_running_loop().run_in_executor(self._threads, device.digests, path, blocks)
        except OSError as error:
            raise COPY_UNREADABLE(disk=page.disk_id, cause=str(error)) from error
        return Extents.of(block for block, ours, one in zip(blocks, here, page.blocks, strict=True) if ours != one.digest)


def is_comparing(job: Job) -> bool:
    """Whether the job waits for a comparison: it is at that step, or about to be (after a crash, say)."""
    status = {step.name: step.status for step in job.steps}
    at_it = status.get(Comparison.name) in (StepStatus.PENDING, StepStatus.RUNNING) and status.get("commit") in COMMITTING
    return at_it and job.status not in (*ENDED, JobStatus.UNDOING) and not job.cancel_requested


COMMITTING = (StepStatus.RUNNING, StepStatus.COMPLETED)


def _check(job: Job, page: Compare) -> None:
    """Nothing beyond the disk is looked at, and nothing that can't be read."""
    capacity = next(task["capacity_bytes"] for task in job.state["tasks"] if task["disk_id"] == page.disk_id)
    for one in page.blocks:
        if one.offset + one.length > capacity or one.offset % device.ALIGNMENT:
            raise NOT_WANTED(cause=f"{one.length} bytes at {one.offset} of a disk of {capacity}")
