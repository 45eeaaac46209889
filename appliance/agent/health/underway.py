"""The jobs under way as the health monitor sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import load_only

from appliance.core.jobs import Job, JobStatus, StepStatus
from appliance.core.jobs.lifecycle import ENDED
from appliance.core.store import Store
from appliance.replication.cycle import DataTransfer, SnapshotRemoval
from appliance.replication.kinds import CYCLES
from appliance.replication.verify.steps import Comparison

_COLUMNS = (Job.id, Job.kind, Job.title, Job.status, Job.peer_id, Job.revision, Job.updated_at, Job.current_operation)


@dataclass(frozen=True)
class UnderWay:
    """One job that has not ended. `far` is the peer that works for it now, None where none does."""

    job_id: str
    title: str
    status: str
    operation: str
    revision: int
    heard_at: datetime
    far: str | None

    @property
    def is_waiting(self) -> bool:
        """Whether it is shown as waiting for something."""
        return self.status == JobStatus.WAITING


async def under_way(store: Store) -> list[UnderWay]:
    """Every job that has not ended, oldest first."""
    async with store.session() as session:
        query = select(Job).where(Job.status.not_in(ENDED)).order_by(Job.created_at).options(load_only(*_COLUMNS))
        return [_seen(job) for job in await session.scalars(query)]


def _seen(job: Job) -> UnderWay:
    far = job.peer_id if _is_at_the_source(job) else None
    return UnderWay(job.id, job.title, job.status, job.current_operation, job.revision, job.updated_at, far)


def _is_at_the_source(job: Job) -> bool:
    """Whether its VMA has, or may still have, a job of the same id that works for it."""
    if job.kind not in CYCLES:
        return False
    steps = {one.name: one.status for one in job.steps}
    follows = any(steps.get(one.name) == StepStatus.RUNNING for one in (DataTransfer, Comparison, SnapshotRemoval))
    return follows or (job.status == JobStatus.UNDOING and steps.get(DataTransfer.name) == StepStatus.FAILED)
