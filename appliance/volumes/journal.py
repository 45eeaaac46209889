"""The journal of volume operations: each is stored before it is acted on, and settled after a crash."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.cloudstack.answers import Row, text
from appliance.cloudstack.faults import NO_ANSWER, UNREACHABLE
from appliance.cloudstack.tracking import Purpose
from appliance.contract.errors import NOT_FOUND, Fault
from appliance.core.store import Store, new_id, utcnow
from appliance.volumes.cloud import CloudVolumes
from appliance.volumes.models import VolumeOperationRow

_UNFINISHED = ("pending", "interrupted")
_LEFT = "left unfinished; what is so in CloudStack was looked at afterwards"


@dataclass(frozen=True)
class Entry:
    """An operation under way."""

    id: str
    purpose: Purpose
    journal: Journal

    async def accepted(self, answer: Row) -> None:
        """CloudStack took it: keep its job and what it works on, before anything else."""
        await self.journal.note(self.id, text(answer, "id"), cloudstack_job_id=text(answer, "jobid"))


class Journal:
    """Writes `volume_operations`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._running: dict[str, asyncio.Event] = {}

    @asynccontextmanager
    async def recorded(
        self, kind: str, volume_id: str = "", vm_id: str | None = None, job_id: str = "", **request: str | int | None
    ) -> AsyncIterator[Entry]:
        """The block is one operation: pending before it, then completed, failed or interrupted."""
        row = VolumeOperationRow(
            id=new_id("volop"), type=kind, volume_id=volume_id, vm_id=vm_id, request={"job_id": job_id, **request}, response={}
        )
        self._running[row.id] = asyncio.Event()
        try:
            async with self._store.begin() as session:
                session.add(row)
            yield Entry(row.id, Purpose(kind, row.id, job_id), self)
        except asyncio.CancelledError:
            await asyncio.shield(self._end(row.id, "interrupted", "the job was cancelled"))
            raise
        except Fault as error:
            # Without an answer the outcome is open, as after a crash.
            is_open = error.spec in (NO_ANSWER, UNREACHABLE)
            await self._end(row.id, "interrupted" if is_open else "failed", str(error))
            raise
        except Exception as error:
            await self._end(row.id, "failed", str(error))
            raise
        else:
            await self._end(row.id, "completed")
        finally:
            self._running.pop(row.id).set()

    async def note(self, operation_id: str, volume_id: str = "", **response: str) -> None:
        """Add to what is known of an operation."""
        async with self._store.begin() as session:
            row = await session.get_one(VolumeOperationRow, operation_id)
            row.response = {**row.response, **{key: value for key, value in response.items() if value}}
            row.volume_id = row.volume_id or volume_id

    async def wait(self, operation_id: str) -> VolumeOperationRow:
        """The operation once it has ended. Raises a Fault when there is none of this id."""
        running = self._running.get(operation_id)
        if running is not None:
            await running.wait()
        async with self._store.session() as session:
            row = await session.get(VolumeOperationRow, operation_id)
        if row is None:
            raise NOT_FOUND(noun="volume operation", id=operation_id)
        return row

    async def newest(self, limit: int = 200) -> list[VolumeOperationRow]:
        """The operations, newest first."""
        async with self._store.session() as session:
            return list(await session.scalars(select(VolumeOperationRow).order_by(VolumeOperationRow.id.desc()).limit(limit)))

    async def discarded_roots(self, vm_id: str) -> list[str]:
        """The roots of a machine that were being discarded."""
        async with self._store.session() as session:
            query = select(VolumeOperationRow.volume_id).where(
                VolumeOperationRow.vm_id == vm_id, VolumeOperationRow.type == "discard_root", VolumeOperationRow.volume_id != ""
            )
            return list(dict.fromkeys(await session.scalars(query)))

    async def unfinished(self, volume_id: str | None = None) -> list[VolumeOperationRow]:
        """Operations that an earlier run or a cancelled job left, of one volume or of all."""
        async with self._store.session() as session:
            query = select(VolumeOperationRow).where(VolumeOperationRow.status.in_(_UNFINISHED)).order_by(VolumeOperationRow.id)
            if volume_id is not None:
                query = query.where(VolumeOperationRow.volume_id == volume_id)
            return [row for row in await session.scalars(query) if row.id not in self._running]

    async def settle(self, volume_id: str, cloud: CloudVolumes) -> int:
        """Wait for what CloudStack still does for earlier operations of a volume; returns how many there were."""
        rows = await self.unfinished(volume_id)
        for row in rows:
            await self.settle_one(row, cloud)
        return len(rows)

    async def settle_one(self, row: VolumeOperationRow, cloud: CloudVolumes) -> None:
        """Wait for what CloudStack still does for one earlier operation. What it did is looked at, not remembered."""
        for job in await _jobs_of(row, cloud):
            await cloud.settle(job)
        await self._end(row.id, "failed", _LEFT)

    async def close_ended(self, volume_id: str, cloud: CloudVolumes) -> tuple[int, int]:
        """Close the earlier operations of a volume that CloudStack has ended, without waiting; returns how many were closed and left."""
        closed = left = 0
        for row in await self.unfinished(volume_id):
            if any([await cloud.is_under_way(job) for job in await _jobs_of(row, cloud)]):
                left += 1
            else:
                await self._end(row.id, "failed", _LEFT)
                closed += 1
        return closed, left

    async def close_unsent(self) -> int:
        """Close earlier operations of which nothing is known in CloudStack; returns how many there were."""
        rows = await self.unfinished("")
        for row in rows:
            await self._end(row.id, "failed", "left unfinished before CloudStack took it")
        return len(rows)

    async def _end(self, operation_id: str, status: str, error: str | None = None) -> None:
        async with self._store.begin() as session:
            await _close(session, operation_id, status, error)


async def _jobs_of(row: VolumeOperationRow, cloud: CloudVolumes) -> list[str]:
    job = row.response.get("cloudstack_job_id", "")
    if job:
        return [str(job)]
    # Taken there, perhaps, before its number was kept here.
    return await cloud.under_way(row.volume_id) if row.volume_id else []


async def _close(session: AsyncSession, operation_id: str, status: str, error: str | None) -> None:
    statement = update(VolumeOperationRow).where(VolumeOperationRow.id == operation_id)
    ended = None if status == "interrupted" else utcnow()
    await session.execute(statement.values(status=status, error=error, completed_at=ended, updated_at=utcnow()))
