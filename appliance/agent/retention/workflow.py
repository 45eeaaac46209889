"""The job that removes old records, a few at a time: nobody waits long for the records meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.agent.retention import selection
from appliance.agent.retention.limits import Limits
from appliance.cloudstack.models import CloudstackJobRow
from appliance.contract.errors import fault
from appliance.core.audit import AuditEvent
from appliance.core.jobs import Job, JobIdCorrelation, JobStep, LogEvent, Run, Runner, Step, Workflow, refuse_beside
from appliance.core.store import Base, Store, utcnow
from appliance.failover.models import FailoverJobRow
from appliance.replication.models import ReplicationJob, VmDisk
from appliance.replication.verify.models import Verification, VerifiedDisk
from appliance.schedules import scheduler
from appliance.volumes.models import VolumeOperationRow

KIND = "maintenance"
BATCH, FOUND = 100, 5000
"""Jobs, or other records, that go in one transaction, and that one search finds."""

RUNS_ALREADY = fault("maintenance.runs_already", 409, "Old records are being removed already.", "Wait until that has ended.")


@dataclass(frozen=True)
class Keeping:
    """The records, what is kept of them, and what time it is."""

    store: Store
    limits: Callable[[], Limits] = Limits
    clock: Callable[[], datetime] = utcnow

    async def removed(self, query: Select[Any], *tables: tuple[type[Base], Any]) -> int:
        """Remove what the query finds, each batch in a transaction of its own; `tables` name the columns that hold the ids.

        They are looked for without holding up who writes: what has ended, and nothing refers to, is not taken up again.
        """
        count = 0
        while True:
            async with self.store.session() as session:
                found = (await session.scalars(query.limit(FOUND))).all()
            for batch in batched(found, BATCH):
                async with self.store.begin() as session:
                    await _remove(session, batch, tables)
                await asyncio.sleep(0)
            count += len(found)
            if len(found) < FOUND:
                return count


class RemoveJobs(Step):
    """Ended jobs with their steps, logs, cycles, failovers and what CloudStack was given for them."""

    name, title = "old-jobs", "Removing old jobs"

    def __init__(self, keeping: Keeping) -> None:
        self._keeping = keeping

    async def do(self, run: Run) -> None:
        limits, now = self._keeping.limits(), self._keeping.clock()
        async with self._keeping.store.session() as session:
            surplus = await selection.surplus_from(session, limits.job_count)
            total = await session.scalar(select(func.count()).select_from(Job))
        count = await self._keeping.removed(
            selection.jobs(limits.jobs_before(now), surplus),
            (LogEvent, LogEvent.job_id),
            (JobStep, JobStep.job_id),
            (JobIdCorrelation, JobIdCorrelation.internal_job_id),
            (CloudstackJobRow, CloudstackJobRow.parent_job_id),
            (FailoverJobRow, FailoverJobRow.id),
            (VerifiedDisk, VerifiedDisk.verification_id),
            (Verification, Verification.id),
            (VmDisk, VmDisk.job_id),
            (ReplicationJob, ReplicationJob.id),
            (Job, Job.id),
        )
        await run.log(f"{count} of {total} jobs were old and are removed.")


class RemoveOperations(Step):
    """What was asked of CloudStack, where no job is left that it was for."""

    name, title = "old-operations", "Removing old records of volumes and of CloudStack"

    def __init__(self, keeping: Keeping) -> None:
        self._keeping = keeping

    async def do(self, run: Run) -> None:
        before = self._keeping.limits().jobs_before(self._keeping.clock())
        if before is None:
            return
        volumes = await self._keeping.removed(selection.operations(before), (VolumeOperationRow, VolumeOperationRow.id))
        given = await self._keeping.removed(selection.cloudstack_jobs(before), (CloudstackJobRow, CloudstackJobRow.id))
        known = await self._keeping.removed(selection.correlations(before), (JobIdCorrelation, JobIdCorrelation.id))
        await run.log(f"{volumes} volume operations, {given} records of CloudStack's jobs and {known} external ids are removed.")


class RemoveHistory(Step):
    """Entries of the audit log, and runs of schedules."""

    name, title = "old-history", "Removing old entries of the audit log and of schedules"

    def __init__(self, keeping: Keeping) -> None:
        self._keeping = keeping

    async def do(self, run: Run) -> None:
        limits, now = self._keeping.limits(), self._keeping.clock()
        if limits.audit_days:
            old = select(AuditEvent.id).where(AuditEvent.at < now - timedelta(days=limits.audit_days)).order_by(AuditEvent.id)
            count = await self._keeping.removed(old, (AuditEvent, AuditEvent.id))
            await run.log(f"{count} entries of the audit log are removed.")
        await scheduler.prune(self._keeping.store, now, timedelta(days=limits.schedule_days))


class Maintenance(Workflow):
    """Broken off anywhere, it goes on with what is left."""

    kind = KIND
    undoes = False

    def __init__(self, keeping: Keeping) -> None:
        super().__init__([RemoveJobs(keeping), RemoveOperations(keeping), RemoveHistory(keeping)])

    def title(self, job: Job) -> str:
        return "Removal of old records"

    async def claim(self, session: AsyncSession, job: Job) -> None:
        await refuse_beside(session, job, RUNS_ALREADY)


async def prune(runner: Runner) -> str:
    """Start it; returns the job's id. Raises a Fault (`maintenance.runs_already`)."""
    return await runner.submit(KIND, {})


def batched(ids: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """The ids in their order, so many at a time (pure)."""
    return (ids[start : start + size] for start in range(0, len(ids), size))


async def _remove(session: AsyncSession, ids: Sequence[Any], tables: Sequence[tuple[type[Base], Any]]) -> None:
    for table, column in tables:
        await session.execute(delete(table).where(column.in_(ids)).execution_options(synchronize_session=False))
